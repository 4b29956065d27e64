//! From stored evidence to plain values: what every model of every cell says of the rows of a split.

use std::sync::Arc;

use rayon::prelude::*;

use super::evidence_files::EvidenceFiles;
use super::judge;
use super::pipeline;
use super::present::{Present, PresentModel};
use super::sweep::{Sweep, facts_file};
use super::{Store, certification, choosing, encoding, shifting};
use crate::error::{Error, Result};
use crate::evidence::{Evidence, Observation, Seen, Split, SplitFacts};
use crate::experiment::{Candidate, Origin};
use crate::metrics;
use crate::points::{self, CellEvidence, Study};
use crate::probes::checks;

/// The facts of `split`, attributes crossed.
pub(super) fn facts(store: &Store, sweep: &Sweep, split: Split) -> Result<Arc<SplitFacts>> {
    let file = facts_file(&sweep.data.fingerprint, split);
    Ok(Arc::new(pipeline::read(store, &file, encoding::decode_facts)?.with_intersections()?))
}

/// All models on the rows of `split`, with degenerate points marked; for validation rows also where these choose nothing by themselves.
pub(super) fn study(store: &Store, sweep: &Sweep, cells: &[&Present<'_>], split: Split) -> Result<Study> {
    let facts = facts(store, sweep, split)?;
    let evidence = evidence(store, sweep, cells, (split, &facts))?;
    let mut study = Study::new(&evidence, choosing::options(sweep))?;
    // Where the front is about what these rows do not have, accuracy alone tells.
    let objectives = judge::objectives(&sweep.experiment, &study.keys()).unwrap_or_default();
    points::mark_degenerate(&mut study, &judge::directed(&objectives));
    Ok(study)
}

/// The evidence files of a model on validation rows, where they are there; validation rows need not choose between checkpoints for that.
fn on_validation(
    store: &Store,
    sweep: &Sweep,
    present: &Present<'_>,
    candidate: Candidate,
) -> Result<Option<EvidenceFiles>> {
    let cell = present.cell;
    let Some(epoch) = present.record.epoch(candidate) else { return Ok(None) };
    let experiment = &sweep.variants[cell.variant];
    let files =
        EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, Split::Validation, sweep.chooses())?;
    let is_there = files.all().all(|file| store.has(file));
    Ok(is_there.then_some(files))
}

/// The evidence of every model of every cell; failed cells with their reason.
pub(super) fn evidence(
    store: &Store,
    sweep: &Sweep,
    cells: &[&Present<'_>],
    (split, facts): (Split, &Arc<SplitFacts>),
) -> Result<Vec<CellEvidence>> {
    // Reading and checking the files takes longer than most of what is asked of them.
    let by_cell = cells.par_iter().map(|present| {
        let mut found = Vec::new();
        let cell = present.cell;
        let stands = |candidate| shifting::Standing { cell, candidate };
        let row = |candidate: Candidate, outcome| CellEvidence {
            coordinates: cell.coordinates.clone(),
            defense: cell.defense.clone(),
            strength: cell.strength,
            model: candidate.word().into_owned(),
            seed: cell.seed,
            outcome,
        };
        if let Some(reason) = present.failure() {
            let mut candidates = sweep.variants[cell.variant].competing();
            if matches!(cell.origin, Origin::Between { .. }) {
                candidates.retain(|candidate| *candidate == Candidate::Last);
            }
            let failed = |candidate| (stands(candidate), row(candidate, Err(reason.to_owned())));
            return Ok(candidates.into_iter().map(failed).collect());
        }
        let settings = &sweep.variants[cell.variant].checks;
        for PresentModel { candidate, files, validation, transfer, fitted_on } in &present.models {
            let beside;
            let (files, transfer) = match (split, validation) {
                (Split::Test, _) => (files, transfer.as_ref()),
                (_, Some(validation)) => (validation, None),
                (_, None) => match on_validation(store, sweep, present, *candidate)? {
                    Some(found) => {
                        beside = found;
                        (&beside, None)
                    }
                    None => continue,
                },
            };
            let clean = pipeline::read_clean(store, &files.clean)?;
            let evasion = pipeline::read(store, &files.evasion, encoding::decode_evasion)?;
            if clean.predictions.len() != facts.len() {
                return Err(Error::internal(format!("`{}` is about other rows than the sweep", files.clean)));
            }
            let mut observations = Vec::new();
            for file in files.checks.iter().chain(transfer.filter(|file| store.has(file))) {
                observations.extend(pipeline::read(store, file, encoding::decode_checks)?);
            }
            let certificates = certification::read(store, files)?;
            // What certificates and attacks say of each other is worth more than what was seen before there were certificates.
            let stored = observations.len();
            for seen in checks::sandwiches(facts, &clean, &evasion, &certificates) {
                let before =
                    observations[..stored].iter_mut().find(|observation| observation.check == seen.check);
                match before {
                    Some(Observation { seen: Seen::Count { hits: 1.., .. }, .. }) => {}
                    Some(before) => *before = seen,
                    None => observations.push(seen),
                }
            }
            // Nobody looked at a model that is not here.
            let is_imported = cell.origin.is_imported();
            let checks = if is_imported { Vec::new() } else { checks::judge(&observations, settings) };
            let probabilities = if is_imported {
                pipeline::read(store, &files.clean, encoding::decode_probabilities)?
            } else {
                None
            };
            let facts = Arc::clone(facts);
            let temperature = match fitted_on {
                Some(file) => {
                    let outputs = pipeline::read_clean(store, file)?;
                    metrics::temperature(&outputs, &self::facts(store, sweep, Split::Validation)?.labels)
                }
                None => None,
            };
            let explanations = match &files.explanations {
                Some(file) => Some(pipeline::read(store, file, encoding::decode_explanations)?),
                None => None,
            };
            let shift = shifting::read(store, files)?;
            let evidence = Evidence {
                probabilities,
                temperature,
                evasion,
                certificates,
                explanations,
                shift,
                checks,
                ..Evidence::of(facts, clean)
            };
            found.push((stands(*candidate), row(*candidate, Ok(Arc::new(evidence)))));
        }
        Ok(found)
    });
    let by_cell: Vec<Result<Vec<_>>> = by_cell.collect();
    // In order, so that of several damaged files the first is told of.
    let by_cell: Vec<Vec<_>> = by_cell.into_iter().collect::<Result<_>>()?;
    let (standings, mut all): (Vec<_>, Vec<_>) = by_cell.into_iter().flatten().unzip();
    shifting::introduce(&mut all, &standings, sweep.experiment.front.models[0]);
    Ok(all)
}
