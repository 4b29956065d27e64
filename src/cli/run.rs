//! `equipoise run`: the main job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::progress::Progress;
use super::{ExperimentArguments, exit, telling, terminal};
use crate::error::{Error, Result};
use crate::run::{self, Event, Observer, Options, Shard};

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    experiment: ExperimentArguments,
    /// Cells at once [default: cores]. The results do not depend on it.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Run only part i of N of the cells (counted from 1; cells that start from one another stay together); once every part has run on the folder, the report is made.
    #[arg(long, value_name = "i/N")]
    shard: Option<Shard>,
    /// Print the report as JSON instead of the summary.
    #[arg(long)]
    json: bool,
}

/// Runs the experiment and prints its summary.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let (loaded, out) = arguments.experiment.load()?;
    let cancel = interruptible()?;
    let progress = Progress::new(quiet);
    let results = run::run(
        &loaded,
        &Options {
            out: &out,
            datasets: &arguments.experiment.datasets.datasets,
            jobs: arguments.jobs.map(usize::from),
            shard: arguments.shard,
            observer: &progress,
            cancel: &cancel,
        },
    )?;
    progress.notice(&Event::Reporting);
    let found = results.look()?;
    if found.count() < results.planned() {
        drop(progress);
        if !quiet {
            terminal::talk(&format!(
                "this part is done; {} of {} cells of the whole are there, so the report is still to be made",
                found.count(),
                results.planned()
            ));
        }
        let failed = found.failed();
        for (cell, reason) in &failed {
            terminal::talk(&format!("failed: {cell}: {reason}"));
        }
        return Ok(if failed.is_empty() { exit::FINE } else { exit::INCOMPLETE });
    }
    let told = telling::make(&found)?;
    drop(progress);
    telling::tell(&results, &found, &told, arguments.json, quiet)
}

/// A flag that Ctrl-C (or a termination signal) sets; a second one ends the program at once.
pub(super) fn interruptible() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let handle = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if handle.swap(true, Ordering::SeqCst) {
            std::process::abort();
        }
        terminal::talk("interrupted: finishing nothing new, keeping what is done (once more ends at once)");
    })
    .map_err(|error| Error::internal(format!("cannot watch for Ctrl-C: {error}")))?;
    Ok(flag)
}
