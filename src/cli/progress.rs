//! The progress bar of a run: cells done, rate, time left. Hidden when stderr is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::{Event, Observer};

/// Draws what happens.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// A bar that appears with the plan; nothing at all when `quiet`.
    pub(super) fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style =
            ProgressStyle::with_template("{msg:12} {bar:30} {pos}/{len} cells · {per_sec:0} · {eta} left")
                .expect("the template is well formed")
                .progress_chars("━━╌");
        Self { bar: ProgressBar::with_draw_target(None, target).with_style(style), quiet }
    }

    fn say(&self, line: &str) {
        if self.quiet {
            return;
        }
        self.bar.suspend(|| super::terminal::talk(line));
    }
}

impl Observer for Progress {
    fn notice(&self, event: &Event<'_>) {
        match event {
            Event::Planned { cells, cached } => {
                if cells == cached {
                    self.say(&format!("all {cells} cells are there: nothing to train"));
                }
                self.bar.set_length(*cells as u64);
                self.bar.set_position(*cached as u64);
                // The rate and the time left are about the cells of this run, not about those found done.
                self.bar.reset_eta();
                self.bar.set_message("training");
                self.bar.enable_steady_tick(Duration::from_millis(200));
            }
            Event::OtherSettings(folder) => self.say(&format!(
                "`{}` holds the report of other settings: it is replaced (--out DIR keeps both)",
                folder.display()
            )),
            Event::Broken(rule, rows, of) => self.say(&format!(
                "{rows} of {of} test rows break `{rule}` by themselves: it is not asked of them, but they must not break it any further"
            )),
            Event::Damaged(path, what) => self.say(&format!(
                "`{}` is made anew: {what}",
                path.display()
            )),
            Event::Started(_) => {}
            Event::Finished(..) | Event::DoneElsewhere(_) => self.bar.inc(1),
            Event::Failed(cell, reason) => {
                self.say(&format!("failed: {}: {reason}", cell.name()));
                self.bar.inc(1);
            }
            Event::Reporting => self.bar.set_message("reporting"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
