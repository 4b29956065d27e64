//! Cells that start from others: which must be there first, and what becomes of a cell whose parent failed.

use super::Store;
use super::pipeline::{self, Work};
use super::record;
use crate::error::{Error, Result};
use crate::experiment::{Candidate, Cell, Experiment};
use crate::models::Parameters;

/// What a cell starts from.
pub(super) enum Ancestor {
    /// The last weights of the parent.
    Weights(Parameters),
    /// The parent has none; why.
    Failed(String),
}

/// How the failure of a cell without a parent begins.
const WITHOUT_PARENT: &str = "it starts from run ";

/// The last weights of `parent`, whose training must be over.
///
/// Whether they are there depends on the parent's training alone: an evaluation that failed later would otherwise decide by
/// timing.
pub(super) fn last_weights(work: &Work<'_>, experiment: &Experiment, parent: &str) -> Result<Ancestor> {
    let Some(record) = record::of(work.store.root(), parent)? else {
        return Err(Error::input(format!("run {parent}, which this cell starts from, is gone"))
            .help("run the experiment again: what is missing is made anew"));
    };
    if let Some(epoch) = record.epoch(Candidate::Last) {
        let (_, parameters) = pipeline::stored(work, experiment, parent, epoch)?;
        return Ok(Ancestor::Weights(parameters));
    }
    let reason = record.failure.unwrap_or_else(|| "no weights were kept".to_owned());
    // All along a chain the first failure is named, not the chain.
    Ok(Ancestor::Failed(if reason.starts_with(WITHOUT_PARENT) {
        reason
    } else {
        format!("{WITHOUT_PARENT}{parent}, which failed: {reason}")
    }))
}

/// Whether a cell must wait: a parent's training is not over, and one of `expected` will bring it.
pub(super) fn waits(store: &Store, cell: &Cell, expected: &[&Cell]) -> bool {
    cell.origin
        .parents()
        .any(|parent| !store.has(&record::file(parent)) && expected.iter().any(|other| other.run == parent))
}
