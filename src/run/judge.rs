//! From stored evidence to a judgement: everything here follows from `sweep.json`, `cells/` and `evidence/` alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Store;
use super::encoding;
use super::pipeline::{self, CellRecord, EvidenceFiles};
use super::sweep::{DataRecord, Sweep, facts_file};
use super::twins;
use crate::error::{Error, Kind, Result};
use crate::evidence::{Evidence, Finding, Seen, Split, SplitFacts};
use crate::experiment::{Candidate, Cell, Experiment};
use crate::measure::{AttackKey, MetricKey, Norm, Pillar};
use crate::metrics;
use crate::pareto::exchange::{self, ArcRate};
use crate::pareto::{self, Front, Objective};
use crate::points::{self, Anchor, CellEvidence, Point, Study};
use crate::probes::checks::{self, DEGENERATE, OVERFITTING};
use crate::training::{self, Trend};

/// What an experiment found, as plain values.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The experiment, overrides applied.
    pub experiment: Experiment,
    /// The data.
    pub data: DataRecord,
    /// Cells of the whole plan.
    pub planned: usize,
    /// Cells that are done, the failed ones included.
    pub present: usize,
    /// Seeds with some cells missing, left out where other seeds are whole.
    pub unfinished: Vec<u64>,
    /// The worst case over all attacks at the threat's own radius, as in metric keys.
    pub primary: AttackKey,
    /// Everything measured, aggregated over seeds.
    pub points: Vec<Point>,
    /// Every number that any point has.
    pub keys: Vec<MetricKey>,
    /// The front over the points of the first model that the front section lists.
    pub front: Front,
    /// Exchange rates within each defense.
    pub rates: Vec<ArcRate>,
    /// Trivial predictors.
    pub anchors: Vec<Anchor>,
    /// Attack by attack.
    pub standing: Vec<Standing>,
    /// How training ended, cell by cell.
    pub endings: Vec<Ending>,
    /// What the sanity checks came to: by point, seed and number.
    pub checks: Vec<Checked>,
}

/// What one sanity check came to on one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Index of the point.
    pub point: usize,
    /// The replicate; none for what is judged over all seeds.
    pub seed: Option<u64>,
    /// The verdict.
    pub finding: Finding,
}

/// The share of test rows that still stand against one attack, mean over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Index of the point.
    pub point: usize,
    /// The attack's name; [`UNION`](crate::evidence::UNION) for the worst case over all.
    pub attack: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Radius of the threat model.
    pub epsilon: f64,
    /// 0 to 1.
    pub share: f64,
    /// Whether the attack finds the exact worst case.
    pub exact: bool,
}

/// How the training of one cell ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// Index of the point.
    pub point: usize,
    /// The replicate.
    pub seed: u64,
    /// The end and its trend.
    pub trend: Trend,
}

/// A cell whose training is over, with the evidence files of its models on the test rows.
pub(super) struct Present<'a> {
    pub(super) cell: &'a Cell,
    pub(super) record: CellRecord,
    /// Per candidate of the front section, where the training has one.
    pub(super) models: Vec<PresentModel>,
}

/// One of a cell's models.
pub(super) struct PresentModel {
    candidate: Candidate,
    pub(super) files: EvidenceFiles,
    /// What the transfer check saw, where there is an undefended twin; it may be missing still.
    pub(super) transfer: Option<String>,
}

/// The cells whose results are all there, in plan order.
pub(super) fn present<'a>(store: &Store, sweep: &'a Sweep) -> Result<Vec<Present<'a>>> {
    let mut found = Vec::new();
    for cell in &sweep.cells {
        let Some(record) = pipeline::record(store.root(), &cell.run)? else { continue };
        let experiment = &sweep.variants[cell.variant];
        let mut models = Vec::new();
        for &candidate in &experiment.front.models {
            if let Some(epoch) = record.epoch(candidate) {
                let twin = twins::twin(cell, &sweep.cells);
                models.push(PresentModel {
                    candidate,
                    files: EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, Split::Test)?,
                    transfer: twin.map(|twin| twins::file(experiment, cell, epoch, twin)).transpose()?,
                });
            }
        }
        let whole = models.iter().all(|model| model.files.all().all(|file| store.has(file)));
        if whole {
            found.push(Present { cell, record, models });
        }
    }
    Ok(found)
}

/// Judges the cells that are there.
pub(super) fn judge(store: &Store, sweep: &Sweep, cells: &[Present<'_>]) -> Result<Judgement> {
    let present = cells.len();
    if let Some(reason) = cells.iter().find_map(|present| present.record.failure.as_ref())
        && cells.iter().all(|present| present.record.failure.is_some())
    {
        return Err(Error::new(Kind::Incomplete, format!("no cell could be trained: {reason}"))
            .help("change the training settings; every cell's reason is in its `cells/*/cell.json`"));
    }
    let (cells, unfinished) = whole_seeds(sweep, cells);
    let cells = cells.as_slice();
    let facts = Arc::new(pipeline::read(
        store,
        &facts_file(&sweep.data.fingerprint, Split::Test),
        encoding::decode_facts,
    )?);
    let evidence = evidence(store, sweep, cells, &facts)?;
    let front_spec = &sweep.experiment.front;
    let options = points::Options { resamples: front_spec.resamples, ..points::Options::default() };
    let mut study = Study::new(&evidence, options)?;
    let threat = &sweep.experiment.threat;
    let keys = study.keys();
    let mut objectives = Vec::new();
    for name in &front_spec.objectives {
        let key = metrics::resolve(name, &keys, Some((threat.norm, threat.epsilon)))?;
        objectives.push(Objective::of(&key)?);
    }
    let directed: Vec<_> =
        objectives.iter().map(|objective| (objective.key.clone(), objective.direction)).collect();
    points::mark_degenerate(&mut study, &directed);
    let first = front_spec.models[0].word();
    Ok(Judgement {
        experiment: sweep.experiment.clone(),
        data: sweep.data.clone(),
        planned: sweep.cells.len(),
        present,
        unfinished,
        primary: AttackKey::new(
            &threat.protocol(sweep.experiment.suite().protocol()),
            threat.norm,
            threat.epsilon,
        ),
        front: pareto::front(&study, &objectives, |point| point.model == first),
        rates: rates(&study, &objectives, first),
        anchors: points::anchors(&facts, &keys),
        standing: standing(&study, &evidence),
        endings: endings(&study, cells, first),
        checks: checked(&study, &evidence, cells, sweep),
        keys,
        points: study.points,
    })
}

/// The cells of seeds at which every configuration is there, and the seeds left out: an interrupted sweep is a complete
/// smaller one. Where no seed is whole, all that is there.
fn whole_seeds<'a, 'b>(sweep: &Sweep, cells: &'b [Present<'a>]) -> (Vec<&'b Present<'a>>, Vec<u64>) {
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

/// The evidence of every model of every cell; failed cells with their reason.
fn evidence(
    store: &Store,
    sweep: &Sweep,
    cells: &[&Present<'_>],
    facts: &Arc<SplitFacts>,
) -> Result<Vec<CellEvidence>> {
    let mut all = Vec::new();
    for present in cells {
        let cell = present.cell;
        let row = |candidate: Candidate, outcome| CellEvidence {
            coordinates: cell.coordinates.clone(),
            defense: cell.defense.clone(),
            strength: cell.strength,
            model: candidate.word().to_owned(),
            seed: cell.seed,
            outcome,
        };
        if let Some(reason) = &present.record.failure {
            all.push(row(sweep.experiment.front.models[0], Err(reason.clone())));
            continue;
        }
        let settings = &sweep.variants[cell.variant].checks;
        for PresentModel { candidate, files, transfer } in &present.models {
            let clean = pipeline::read_clean(store, &files.clean)?;
            let evasion = pipeline::read(store, &files.evasion, encoding::decode_evasion)?;
            if clean.predictions.len() != facts.len() {
                return Err(Error::internal(format!("`{}` is about other rows than the sweep", files.clean)));
            }
            let mut observations = Vec::new();
            for file in files.checks.iter().chain(transfer.iter().filter(|file| store.has(file))) {
                observations.extend(pipeline::read(store, file, encoding::decode_checks)?);
            }
            let checks = checks::judge(&observations, settings);
            all.push(row(
                *candidate,
                Ok(Arc::new(Evidence { facts: Arc::clone(facts), clean, evasion, checks })),
            ));
        }
    }
    Ok(all)
}

/// What each security objective costs in each of the others, within one defense.
fn rates(study: &Study, objectives: &[Objective], model: &str) -> Vec<ArcRate> {
    let is_security = |objective: &&Objective| {
        metrics::find(&objective.key.id).is_some_and(|metric| metric.pillar() == Pillar::Security)
    };
    let mut rates = Vec::new();
    for security in objectives.iter().filter(is_security) {
        for safety in objectives.iter().filter(|objective| !is_security(objective)) {
            rates.extend(exchange::arcs(&study.points, |point| point.model == model, safety, security));
        }
    }
    rates
}

/// Attack by attack: the share of rows still standing, mean over seeds.
fn standing(study: &Study, evidence: &[CellEvidence]) -> Vec<Standing> {
    let mut rows = Vec::new();
    for (index, point) in study.points.iter().enumerate() {
        let cells: Vec<&Evidence> = evidence
            .iter()
            .filter(|cell| cell.coordinates == point.coordinates && cell.model == point.model)
            .filter_map(|cell| cell.outcome.as_deref().ok())
            .collect();
        let Some(first) = cells.first() else { continue };
        for (position, facts) in first.evasion.iter().enumerate() {
            let shares = cells.iter().map(|evidence| {
                let standing = &evidence.evasion[position].standing;
                standing.iter().filter(|stands| **stands).count() as f64 / standing.len().max(1) as f64
            });
            rows.push(Standing {
                point: index,
                attack: facts.attack.clone(),
                norm: facts.norm,
                epsilon: facts.epsilon,
                share: shares.sum::<f64>() / cells.len() as f64,
                exact: facts.exact,
            });
        }
    }
    rows
}

/// What the checks came to, model by model, and what they come to over seeds and epochs.
fn checked(study: &Study, evidence: &[CellEvidence], cells: &[&Present<'_>], sweep: &Sweep) -> Vec<Checked> {
    let mut all = Vec::new();
    for (index, point) in study.points.iter().enumerate() {
        let own =
            evidence.iter().filter(|cell| cell.coordinates == point.coordinates && cell.model == point.model);
        let mut own: Vec<_> =
            own.filter_map(|cell| Some((cell.seed, cell.outcome.as_deref().ok()?))).collect();
        own.sort_by_key(|(seed, _)| *seed);
        for (seed, evidence) in own {
            let record = cells
                .iter()
                .find(|present| present.cell.seed == seed && present.cell.coordinates == point.coordinates);
            for finding in &evidence.checks {
                let finding = match record {
                    // The best-robust model was chosen before it fell.
                    Some(present) if finding.check == OVERFITTING.id && point.model == "last" => {
                        overfitting(present, &sweep.variants[present.cell.variant].checks)
                            .unwrap_or_else(|| finding.clone())
                    }
                    _ if finding.check == DEGENERATE.id => continue,
                    _ => finding.clone(),
                };
                all.push(Checked { point: index, seed: Some(seed), finding });
            }
        }
        let (hits, words) = match &point.degenerate {
            Some(reason) => (1, reason.as_str()),
            None => (0, "no constant predictor is as good"),
        };
        let seen = Seen::Count { hits, of: 1, chance: None };
        let finding = checks::finding(&DEGENERATE, &seen, words, &sweep.experiment.checks);
        all.push(Checked { point: index, seed: None, finding });
    }
    all
}

/// Check 27 on the record of one cell's training.
fn overfitting(present: &Present<'_>, settings: &checks::Settings) -> Option<Finding> {
    /// A fall by more than this from one epoch to the next is catastrophic (Wong et al. 2020).
    const CATASTROPHIC: f64 = 0.2;
    let found = training::overfitting(&present.record.convergence)?;
    let words = format!(
        "validation accuracy under attack ended {:.3} below its best and fell by at most {:.3} from one epoch to the next",
        found.gap, found.steepest
    );
    let worst = if found.steepest > CATASTROPHIC { found.gap.max(found.steepest) } else { found.gap };
    Some(checks::finding(&OVERFITTING, &Seen::Number(worst), &words, settings))
}

/// Training is one per cell; its ending stands with the point of the `model` that the front is about.
fn endings(study: &Study, cells: &[&Present<'_>], model: &str) -> Vec<Ending> {
    let mut endings = Vec::new();
    for present in cells {
        let Some(trend) = training::trend(&present.record.convergence) else { continue };
        let own = |point: &Point| point.model == model && point.coordinates == present.cell.coordinates;
        let point = study.points.iter().position(own);
        endings.extend(point.map(|point| Ending { point, seed: present.cell.seed, trend }));
    }
    endings.sort_by_key(|ending| (ending.point, ending.seed));
    endings
}
