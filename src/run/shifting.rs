//! Distribution shift: what one model says on corrupted rows and on rows without a class, stored question by question, read together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::evidence_files::EvidenceFiles;
use super::pipeline::{self, Work};
use super::{Store, encoding};
use crate::data::{self, Dataset, Rows};
use crate::error::{Error, Kind, Result};
use crate::evidence::{Company, Peer, Shift, Split, TableFacts};
use crate::experiment::{Candidate, Cell, Experiment, Loaded, Origin, ShiftQuestion};
use crate::models::Network;
use crate::points::CellEvidence;
use crate::probes;
use crate::probes::shift::Corruption;
use crate::training::defenses;

/// The rows of every set without classes that `experiment` names, by name.
pub(super) fn unfamiliar(
    experiment: &Experiment,
    dataset: &Dataset,
    folder: &Path,
) -> Result<BTreeMap<String, Rows>> {
    let mut sets = BTreeMap::new();
    for question in experiment.shift_questions()? {
        if let ShiftQuestion::Ood(set) = question {
            sets.insert(set.word().to_owned(), set.rows(dataset, folder)?);
        }
    }
    Ok(sets)
}

/// The rows of every other table that `loaded` names, by name, with the SHA-256 of its content.
pub(super) fn tables(loaded: &Loaded, folder: &Path) -> Result<BTreeMap<String, (Rows, String)>> {
    let mut tables = BTreeMap::new();
    let Some(spec) = &loaded.experiment.shift else { return Ok(tables) };
    for (index, table) in spec.tables.iter().enumerate() {
        let at = |error: Error| error.context(loaded.place(&["shift", "tables", &index.to_string()]));
        let (rows, hash) =
            data::beside(&loaded.experiment.data, &loaded.experiment.split, folder, &table.file)
                .map_err(at)?;
        if table.sha256.as_ref().is_some_and(|expected| *expected != hash) {
            let message =
                format!("`{}` has another content than `sha256` says: {hash}", table.file.display());
            return Err(at(Error::input(message).help("get the right file, or mend `sha256`")));
        }
        tables.insert(table.name.clone(), (rows, hash));
    }
    Ok(tables)
}

/// Corrupted test rows, made when first needed and kept for the other models, as long as they are not too many.
#[derive(Default)]
pub(super) struct Shifted {
    kept: Mutex<Kept>,
}

/// (corruption, severity) to rows, and how many numbers they hold together.
#[derive(Default)]
struct Kept {
    rows: BTreeMap<(&'static str, u8), Arc<Rows>>,
    numbers: usize,
}

impl Shifted {
    /// Numbers kept at most: 256 MiB.
    const MOST: usize = 1 << 26;

    fn rows(&self, corruption: &'static Corruption, severity: u8, dataset: &Dataset) -> Arc<Rows> {
        let kept = || self.kept.lock().expect("nobody panics with the lock");
        let key = (corruption.word, severity);
        if let Some(rows) = kept().rows.get(&key) {
            return Arc::clone(rows);
        }
        // Not under the lock: two workers may both make them, and get the same.
        let rows = Arc::new(corruption.corrupt(severity, dataset, dataset.rows(Split::Test)));
        let mut kept = kept();
        if kept.numbers + rows.x.len() <= Self::MOST && kept.rows.insert(key, Arc::clone(&rows)).is_none() {
            kept.numbers += rows.x.len();
        }
        rows
    }
}

/// Asks `network` what is missing, on test rows.
pub(super) fn ask(
    work: &Work<'_>,
    experiment: &Experiment,
    files: &EvidenceFiles,
    network: &mut dyn Network,
) -> Result<()> {
    let Some(spec) = &experiment.shift else { return Ok(()) };
    let dataset = &work.prepared.dataset;
    for (question, file) in spec.questions()?.into_iter().zip(&files.shift) {
        if work.store.has(file) {
            continue;
        }
        if work.is_cancelled() {
            return Err(Error::new(Kind::Incomplete, "interrupted"));
        }
        let (shift, rows) = match question {
            ShiftQuestion::Corruption(corruption) => {
                let rows = |severity| work.prepared.shifted.rows(corruption, severity, dataset);
                (corruption.ask(&spec.severities, network, rows)?, 0)
            }
            ShiftQuestion::Ood(set) => {
                let rows = &work.prepared.unfamiliar[set.word()];
                let facts = set.ask(network, rows)?;
                (Shift { ood: vec![facts], ..Shift::default() }, rows.len())
            }
            ShiftQuestion::Table(table) => {
                let rows = &work.prepared.tables[&table.name];
                let facts = TableFacts {
                    name: table.name.clone(),
                    labels: rows.facts.labels.clone(),
                    predictions: probes::clean(network, rows)?.predictions,
                };
                (Shift { tables: vec![facts], ..Shift::default() }, 0)
            }
        };
        work.store.write(file, &encoding::encode_shift(&shift, rows)?)?;
    }
    Ok(())
}

/// Where a model stands in its sweep.
pub(super) struct Standing<'a> {
    pub(super) cell: &'a Cell,
    pub(super) candidate: Candidate,
}

/// Makes the models of each seed known to one another: `standings` has one entry per entry of `evidence`.
///
/// A model's reference is the undefended one of its seed and of its combination of the sweep, after the last epoch. Its peers are the trained models of its
/// seed that the front is about.
pub(super) fn introduce(evidence: &mut [CellEvidence], standings: &[Standing<'_>], first: Candidate) {
    let peers: Vec<Option<Arc<Peer>>> = evidence
        .iter()
        .map(|cell| {
            let evidence = cell.outcome.as_ref().ok()?;
            let Shift { corrupted, tables, .. } = &evidence.shift;
            evidence.shift.has_company().then(|| {
                Arc::new(Peer {
                    clean: evidence.clean.predictions.clone(),
                    corrupted: corrupted.iter().map(|facts| facts.predictions.clone()).collect(),
                    tables: tables.iter().map(|facts| facts.predictions.clone()).collect(),
                })
            })
        })
        .collect();
    let mut companies: BTreeMap<(u64, usize), Arc<Company>> = BTreeMap::new();
    for (cell, Standing { cell: of, .. }) in evidence.iter_mut().zip(standings) {
        let Ok(evidence) = &mut cell.outcome else { continue };
        if !evidence.shift.has_company() {
            continue;
        }
        let company = companies.entry((of.seed, of.variant)).or_insert_with(|| {
            let of_seed = || standings.iter().zip(&peers).filter(|(other, _)| other.cell.seed == of.seed);
            let is_reference = |other: &Standing<'_>| {
                other.cell.variant == of.variant
                    && other.candidate == Candidate::Last
                    && other.cell.method == defenses::Spec::None {}
                    && !matches!(other.cell.origin, Origin::Between { .. })
            };
            let is_peer = |other: &Standing<'_>| {
                other.candidate == first && !matches!(other.cell.origin, Origin::Between { .. })
            };
            // Plain training is one model, however many defenses begin with it.
            let mut runs = BTreeSet::new();
            let mut references = of_seed().filter(|(other, _)| is_reference(other));
            Arc::new(Company {
                reference: references.find_map(|(_, peer)| peer.clone()),
                peers: of_seed()
                    .filter(|(other, _)| is_peer(other) && runs.insert(&other.cell.run))
                    .filter_map(|(_, peer)| peer.clone())
                    .collect(),
            })
        });
        Arc::make_mut(evidence).shift.company = Some(Arc::clone(company));
    }
}

/// All that is known of one model under distribution shift.
pub(super) fn read(store: &Store, files: &EvidenceFiles) -> Result<Shift> {
    let mut all = Shift::default();
    for file in &files.shift {
        all.extend(pipeline::read(store, file, encoding::decode_shift)?);
    }
    Ok(all)
}
