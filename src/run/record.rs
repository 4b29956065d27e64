//! `cell.json`: what is known of a cell's training, and the files with its weights.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Store;
use crate::error::{Error, Result};
use crate::experiment::Candidate;
use crate::files;
use crate::training::EpochRecord;

/// Bumped when the layout of `cell.json` changes.
pub(super) const SCHEMA: u32 = 1;

/// `cell.json`: what was trained and how it went. Written last: its presence means that training is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CellRecord {
    pub(super) schema: u32,
    /// Everything that decided the weights, for readers; the id is in the folder's name.
    pub(super) settings: serde_json::Value,
    /// Why training failed, where it did.
    pub(super) failure: Option<String>,
    /// Candidate to the number of epochs its weights were trained for.
    pub(super) candidates: Vec<(Candidate, usize)>,
    /// One entry per epoch.
    pub(super) convergence: Vec<EpochRecord>,
}

impl CellRecord {
    /// Of a model that was made elsewhere, or why there is none.
    pub(super) fn imported(settings: serde_json::Value, failure: Option<String>) -> Self {
        let candidates = if failure.is_none() { vec![(Candidate::Last, 0)] } else { Vec::new() };
        Self { schema: SCHEMA, settings, failure, candidates, convergence: Vec::new() }
    }

    /// Epochs after which the candidate's weights were taken.
    pub(super) fn epoch(&self, candidate: Candidate) -> Option<usize> {
        self.candidates.iter().find(|(which, _)| *which == candidate).map(|(_, epoch)| *epoch)
    }
}

pub(super) fn file(run: &str) -> String {
    format!("cells/{run}/cell.json")
}

pub(super) fn weights_file(run: &str, epoch: usize) -> String {
    format!("cells/{run}/epoch-{epoch:04}.safetensors")
}

/// The record of a run's training, where it is over.
pub(super) fn of(root: &Path, run: &str) -> Result<Option<CellRecord>> {
    let path = root.join(file(run));
    if !path.is_file() {
        return Ok(None);
    }
    let damaged = |what: String| {
        Error::input(format!("the file is damaged: {what}"))
            .context(format!("cannot read `{}`", path.display()))
            .help("remove the file and run the experiment again: only this cell is made anew")
    };
    let record: CellRecord =
        serde_json::from_slice(&files::read(&path)?).map_err(|error| damaged(error.to_string()))?;
    if record.schema != SCHEMA {
        return Err(damaged(format!("it has schema {}, this version reads {SCHEMA}", record.schema)));
    }
    Ok(Some(record))
}

pub(super) fn write(store: &Store, run: &str, record: &CellRecord) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(record)
        .map_err(|error| Error::internal(format!("cannot write a cell's record: {error}")))?;
    bytes.push(b'\n');
    store.write(&file(run), &bytes)
}
