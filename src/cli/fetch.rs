//! `equipoise fetch`: download data sets and verify them.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{DatasetsFolder, exit, terminal};
use crate::data;
use crate::data::fetch::{Event, Patience, fetch};
use crate::error::Result;

/// Arguments of `fetch`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Data sets by name (`equipoise ls datasets`).
    #[arg(required = true)]
    names: Vec<String>,
    /// A folder, archive or address to get the files from, in place of the manifest's addresses.
    #[arg(long, value_name = "DIR-or-URL")]
    from: Option<String>,
    /// A manifest of your own that describes the data set.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    datasets: DatasetsFolder,
}

/// Fetches every named data set.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let folder: &Path = &arguments.datasets.datasets;
    for name in &arguments.names {
        let found = data::find(name, arguments.manifest.as_deref(), folder)?;
        let mut talk = Talk::new(quiet);
        fetch(&found, folder, arguments.from.as_deref(), Patience::default(), &mut |event| {
            talk.notice(&event);
        })?;
        drop(talk);
        if !quiet {
            let manifest = &found.manifest;
            terminal::talk(&format!(
                "{name} is ready: {}\n  license: {}\n  cite: {}",
                manifest.title, manifest.license, manifest.citation
            ));
        }
    }
    Ok(exit::FINE)
}

/// Says what happens and draws a bar while bytes arrive.
struct Talk {
    bar: ProgressBar,
    quiet: bool,
}

impl Talk {
    fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style =
            ProgressStyle::with_template("  {bar:30} {bytes}/{total_bytes} · {bytes_per_sec} · {eta} left")
                .expect("the template is well formed")
                .progress_chars("━━╌");
        Self { bar: ProgressBar::with_draw_target(None, target).with_style(style), quiet }
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| terminal::talk(line));
        }
    }

    fn notice(&mut self, event: &Event<'_>) {
        match event {
            Event::Carried { file } => self.say(&format!("{file}: embedded in the program")),
            Event::Present { file, path } => self.say(&format!("{file}: there already ({})", path.display())),
            Event::Trying { file, from } => self.say(&format!("{file}: from {from}")),
            Event::Advanced { done, total, .. } => {
                if let Some(total) = total {
                    self.bar.set_length(*total);
                }
                self.bar.set_position(*done);
            }
            Event::Failed { from, reason, .. } => self.say(&format!("  {from}: {reason}")),
            Event::Kept { file, path, verified } => {
                let how = if *verified { "checksum verified" } else { "no checksum to compare with" };
                self.say(&format!("{file}: kept as {} ({how})", path.display()));
            }
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
