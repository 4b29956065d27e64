//! Which cells are there, and what is known of their models.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::certification;
use super::evidence_files::EvidenceFiles;
use super::pipeline;
use super::record::{self, CellRecord};
use super::sweep::Sweep;
use super::twins;
use super::{Store, encoding, gathering};
use crate::error::Result;
use crate::evidence::{Split, SplitFacts};
use crate::experiment::{Candidate, Cell};

/// A cell whose training is over, with the evidence files of its models on the test rows.
pub(super) struct Present<'a> {
    pub(super) cell: &'a Cell,
    pub(super) record: CellRecord,
    /// Why its certificates and the attacks on it cannot both be right, where that is so. It follows from the evidence that is there now, and is recorded nowhere.
    pub(super) contradiction: Option<String>,
    /// Per candidate of the front section, where the training has one.
    pub(super) models: Vec<PresentModel>,
}

impl Present<'_> {
    /// Why the cell does not count: its training or evaluation failed, or its evidence contradicts itself.
    pub(super) fn failure(&self) -> Option<&str> {
        self.record.failure.as_deref().or(self.contradiction.as_deref())
    }
}

/// One of a cell's models.
pub(super) struct PresentModel {
    pub(super) candidate: Candidate,
    pub(super) files: EvidenceFiles,
    /// The same on validation rows, where these choose between checkpoints.
    pub(super) validation: Option<EvidenceFiles>,
    /// What the transfer check saw, where there is an undefended twin; it may be missing still.
    pub(super) transfer: Option<String>,
    /// The outputs on validation rows, where a temperature is fitted on them.
    pub(super) fitted_on: Option<String>,
}

impl PresentModel {
    /// Every file that must be there.
    pub(super) fn evidence(&self) -> impl Iterator<Item = &String> {
        let validation = self.validation.iter().flat_map(EvidenceFiles::all);
        self.files.all().chain(validation).chain(&self.fitted_on)
    }
}

/// The cells whose results are all there, in plan order.
pub(super) fn present<'a>(store: &Store, sweep: &'a Sweep) -> Result<Vec<Present<'a>>> {
    let mut found = Vec::new();
    let mut facts = BTreeMap::new();
    // One combination of the sweep with checkpoints is enough: its models are chosen among all.
    let chooses = sweep.chooses();
    for cell in &sweep.cells {
        let Some(record) = record::of(store.root(), &cell.run)? else { continue };
        let experiment = &sweep.variants[cell.variant];
        let mut models = Vec::new();
        for candidate in experiment.models() {
            if let Some(epoch) = record.epoch(candidate) {
                let twin = twins::twin(cell, &sweep.cells);
                let files =
                    |split| EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, split, chooses);
                models.push(PresentModel {
                    candidate,
                    files: files(Split::Test)?,
                    validation: chooses.then(|| files(Split::Validation)).transpose()?,
                    transfer: twin.map(|twin| twins::file(experiment, cell, epoch, twin)).transpose()?,
                    fitted_on: if experiment.calibration.temperature {
                        Some(files(Split::Validation)?.clean)
                    } else {
                        None
                    },
                });
            }
        }
        // Of a failed cell no more is to come.
        let whole = record.failure.is_some()
            || models.iter().all(|model| model.evidence().all(|file| store.has(file)));
        if whole {
            let mut contradiction = None;
            let on_validation =
                models.iter().filter_map(|model| Some((Split::Validation, model.validation.as_ref()?)));
            let on_test = models.iter().map(|model| (Split::Test, &model.files));
            let certified = on_validation.chain(on_test).filter(|(_, files)| !files.certificates.is_empty());
            for (split, files) in certified.filter(|_| record.failure.is_none()) {
                if contradiction.is_some() {
                    break;
                }
                let facts = match facts.entry(split.word()) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => entry.insert(gathering::facts(store, sweep, split)?),
                };
                contradiction = self::contradiction(store, facts, files)?;
            }
            found.push(Present { cell, record, contradiction, models });
        }
    }
    Ok(found)
}

/// Why a model's certificates and the attacks on it cannot both be right. Asked again whenever evidence is read: either may have been made anew.
fn contradiction(store: &Store, facts: &SplitFacts, files: &EvidenceFiles) -> Result<Option<String>> {
    let clean = pipeline::read_clean(store, &files.clean)?;
    let evasion = pipeline::read(store, &files.evasion, encoding::decode_evasion)?;
    Ok(certification::contradiction(facts, &clean, &evasion, &certification::read(store, files)?))
}

/// The cells of seeds at which every configuration is there, and the seeds left out: an interrupted sweep is a complete
/// smaller one. Where no seed is whole, all that is there.
pub(super) fn whole_seeds<'a, 'b>(
    sweep: &Sweep,
    cells: &'b [Present<'a>],
) -> (Vec<&'b Present<'a>>, Vec<u64>) {
    let is_there = |cell: &Cell| cells.iter().any(|present| present.cell == cell);
    let unfinished: BTreeSet<u64> =
        sweep.cells.iter().filter(|cell| !is_there(cell)).map(|cell| cell.seed).collect();
    let whole: Vec<&Present<'_>> =
        cells.iter().filter(|present| !unfinished.contains(&present.cell.seed)).collect();
    if whole.is_empty() {
        return (cells.iter().collect(), Vec::new());
    }
    (whole, unfinished.into_iter().collect())
}
