//! Evidence about two cells at once: whether points made on the undefended twin fool a defended model.
//!
//! A cell's twin is the cell of the same seed and settings that was trained without defense. It may be trained after the cell, by
//! another process, or never; so this evidence is made when both are there, after the cells, by whoever finishes last.

use std::sync::atomic::Ordering;

use super::evidence_files::{EvidenceFiles, evidence_file};
use super::pipeline::{self, Work};
use super::record;
use super::{Store, encoding};
use crate::error::{Kind, Result};
use crate::evidence::{Observation, Seen, Split};
use crate::experiment::{self, Candidate, Cell, Experiment};
use crate::probes::checks;
use crate::seed::Seed;
use crate::training::defenses;

/// The undefended cell of the same seed and settings, where it is another one.
pub(super) fn twin<'a>(cell: &Cell, cells: &'a [Cell]) -> Option<&'a Cell> {
    if cell.origin.is_imported() {
        return None;
    }
    cells.iter().find(|other| {
        other.variant == cell.variant
            && other.seed == cell.seed
            && other.run != cell.run
            && other.method == defenses::Spec::None {}
    })
}

/// The file with what the transfer check saw of the model of `cell` after `epoch`.
pub(super) fn file(experiment: &Experiment, cell: &Cell, epoch: usize, twin: &Cell) -> Result<String> {
    let mut settings = experiment::checks_settings(experiment, Split::Test)?;
    settings["kind"] = serde_json::json!("transfer");
    settings["twin"] = serde_json::json!(twin.run);
    settings["seed"] = serde_json::json!(cell.seed);
    Ok(evidence_file(&experiment::evidence_id(&cell.run, epoch, Split::Test, &settings)))
}

/// Makes what is missing for every pair of cells that are both there.
pub(super) fn all(work: &Work<'_>) -> Result<()> {
    let cells = &work.prepared.plan.cells;
    for cell in cells {
        if work.options.cancel.load(Ordering::SeqCst) {
            return Ok(());
        }
        if let Some(twin) = twin(cell, cells) {
            pair(work, cell, twin)?;
        }
    }
    Ok(())
}

fn pair(work: &Work<'_>, cell: &Cell, twin: &Cell) -> Result<()> {
    let experiment = &work.loaded.variants[cell.variant].experiment;
    let store: &Store = work.store;
    let (Some(record), Some(other)) =
        (record::of(store.root(), &cell.run)?, record::of(store.root(), &twin.run)?)
    else {
        return Ok(());
    };
    let Some(twin_epoch) = other.epoch(Candidate::Last) else { return Ok(()) };
    for candidate in experiment.models() {
        let Some(epoch) = record.epoch(candidate) else { continue };
        let file = file(experiment, cell, epoch, twin)?;
        let files = EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, Split::Test, false)?;
        if store.has(&file) || record.failure.is_some() || !files.all().all(|file| store.has(file)) {
            continue;
        }
        let clean = pipeline::read_clean(store, &files.clean)?;
        let facts = pipeline::read(store, &files.evasion, encoding::decode_evasion)?;
        let recipe = pipeline::recipe(experiment, Split::Test);
        let mut own = pipeline::network(work, experiment, &cell.run, epoch)?;
        let mut undefended = pipeline::network(work, experiment, &twin.run, twin_epoch)?;
        let dataset = &work.prepared.dataset;
        let constraints = experiment.threat.constraints(dataset)?;
        let subject = checks::Subject {
            network: own.as_mut(),
            rows: dataset.rows(Split::Test),
            features: &dataset.features,
            constraints: constraints.as_ref(),
            clean: &clean,
            suite: &recipe.suite,
            norm: recipe.norm,
            epsilon: experiment.threat.epsilon,
            facts: &facts,
            points: None,
            seed: Seed(cell.seed),
            settings: &experiment.checks,
            stop: &|| work.options.cancel.load(Ordering::SeqCst),
        };
        let seen = match checks::transfer(subject, undefended.as_mut()) {
            Ok(seen) => seen,
            // Of a twin whose outputs are not finite there is nothing to learn.
            Err(error) if error.kind() == Kind::Diverged => Observation {
                check: "transfer".to_owned(),
                seen: Seen::NotApplicable,
                words: format!("the undefended twin cannot be attacked: {}", error.chain().join(": ")),
            },
            Err(error) if error.kind() == Kind::Incomplete => return Ok(()),
            Err(error) => return Err(error),
        };
        store.write(&file, &encoding::encode_checks(&[seen])?)?;
    }
    Ok(())
}
