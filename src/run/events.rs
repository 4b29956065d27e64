//! What happens during a run, for progress bars and for `events.jsonl`.

use std::path::Path;
use std::time::Duration;

use crate::experiment::Cell;

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The plan is known.
    Planned {
        /// All cells.
        cells: usize,
        /// Cells whose results are there already.
        cached: usize,
    },
    /// The folder held the results of other settings; cells that both have in common are kept, the report is replaced.
    OtherSettings(&'a Path),
    /// So many test rows, of how many, break this relation by themselves: it is not asked of them.
    Broken(&'a str, usize, usize),
    /// A file of evidence is there and cannot be read: what is wrong with it. It is removed, and what it held is made anew.
    Damaged(&'a Path, &'a str),
    /// A cell's work began.
    Started(&'a Cell),
    /// A cell's results are stored.
    Finished(&'a Cell, Duration),
    /// A cell failed and the failure is stored.
    Failed(&'a Cell, &'a str),
    /// Another process on the same folder did the cell.
    DoneElsewhere(&'a Cell),
    /// Judging and drawing began.
    Reporting,
}

/// Whoever wants to know; called from several threads.
pub trait Observer: Sync {
    /// Takes notice.
    fn notice(&self, event: &Event<'_>);
}

/// Nobody.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _: &Event<'_>) {}
}
