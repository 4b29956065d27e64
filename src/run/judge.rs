//! From stored evidence to a judgement: everything here follows from `sweep.json`, `cells/` and `evidence/` alone.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::certification::{self, CertifiedShare};
use super::checked::{Checked, checked};
use super::pipeline::{self, CellRecord, EvidenceFiles};
use super::sweep::{DataRecord, Sweep, facts_file};
use super::twins;
use super::{Store, encoding, shifting};
use crate::error::{Error, Kind, Result};
use crate::evidence::{Evidence, Observation, Seen, Split, SplitFacts};
use crate::experiment::{Candidate, Cell, Experiment, INTERPOLATED, Origin};
use crate::measure::{AttackKey, Direction, MetricKey, Norm, Pillar};
use crate::metrics;
use crate::pareto::exchange::{self, ArcRate};
use crate::pareto::{self, Choice, Front, Objective, Stretch};
use crate::points::{self, Anchor, CellEvidence, Point, Study};
use crate::probes::checks;
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
    /// What validation rows chose, where they were asked to: with checkpoints the front is over these points alone.
    pub choice: Option<Choice>,
    /// Which defense owns which stretch of the front; empty where fewer than two compete.
    pub ownership: Vec<Stretch>,
    /// Exchange rates within each defense.
    pub rates: Vec<ArcRate>,
    /// Trivial predictors.
    pub anchors: Vec<Anchor>,
    /// Attack by attack.
    pub standing: Vec<Standing>,
    /// Certificate by certificate.
    pub certified: Vec<CertifiedShare>,
    /// (point, one that dominates it) where that is proven; `None` where nothing deterministic is certified.
    pub proven: Option<Vec<(usize, usize)>>,
    /// How training ended, cell by cell.
    pub endings: Vec<Ending>,
    /// What the sanity checks came to: by point, seed and number.
    pub checks: Vec<Checked>,
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
    /// Why its certificates and the attacks on it cannot both be right, where that is so. It follows from the evidence that is there now, and is recorded nowhere.
    contradiction: Option<String>,
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
    candidate: Candidate,
    pub(super) files: EvidenceFiles,
    /// The same on validation rows, where these choose between checkpoints.
    pub(super) validation: Option<EvidenceFiles>,
    /// What the transfer check saw, where there is an undefended twin; it may be missing still.
    pub(super) transfer: Option<String>,
    /// The outputs on validation rows, where a temperature is fitted on them.
    fitted_on: Option<String>,
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
        let Some(record) = pipeline::record(store.root(), &cell.run)? else { continue };
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
                    Entry::Vacant(entry) => entry.insert(self::facts(store, sweep, split)?),
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

/// Judges the cells that are there.
pub(super) fn judge(store: &Store, sweep: &Sweep, cells: &[Present<'_>]) -> Result<Judgement> {
    let present = cells.len();
    if cells.iter().all(|present| present.failure().is_some()) {
        return Err(nothing_left(cells));
    }
    let (cells, unfinished) = whole_seeds(sweep, cells);
    let cells = cells.as_slice();
    let facts = facts(store, sweep, Split::Test)?;
    let evidence = evidence(store, sweep, cells, (Split::Test, &facts))?;
    let front_spec = &sweep.experiment.front;
    let options = points::Options { resamples: front_spec.resamples, ..points::Options::default() };
    let mut study = Study::new(&evidence, options)?;
    let threat = &sweep.experiment.threat;
    let keys = study.keys();
    let objectives = objectives(&sweep.experiment, &keys)?;
    points::mark_degenerate(&mut study, &directed(&objectives));
    let first = front_spec.models[0].word();
    let first = first.as_ref();
    let choice = choice(store, sweep, cells, &study, &objectives)?;
    let front = match &choice {
        Some(choice) => {
            let chosen: BTreeSet<_> = choice.chosen.iter().map(|&index| name(&study.points[index])).collect();
            pareto::front(&study, &objectives, |point| chosen.contains(&name(point)))
        }
        None => pareto::front(&study, &objectives, |point| point.model == first),
    };
    let axes = (objectives.iter().find(is_security), objectives.iter().find(|o| !is_security(o)));
    let proves = sweep.experiment.certificates_protocol().is_some();
    Ok(Judgement {
        certified: certification::shares(&study, &evidence),
        proven: proves.then(|| pareto::proven(&study.points, &front)),
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
        ownership: match axes {
            (Some(security), Some(safety)) => pareto::ownership(&study, &front, security, safety),
            _ => Vec::new(),
        },
        choice,
        front,
        rates: rates(&study, &objectives, first),
        anchors: points::anchors(&facts, &keys),
        standing: standing(&study, &evidence),
        endings: endings(&study, cells, first),
        checks: checked(&study, &evidence, cells, sweep),
        keys,
        points: study.points,
    })
}

/// Why no cell is left to judge, and what to do about it.
fn nothing_left(cells: &[Present<'_>]) -> Error {
    let mut contradicted = cells.iter().filter(|present| present.record.failure.is_none());
    if let Some(reason) = contradicted.find_map(|present| present.contradiction.as_ref()) {
        return Error::new(Kind::Incomplete, format!("no cell is left to judge: {reason}"))
            .help("training went well; this is a defect of a certificate or of an attack: report it. Without that `[[certificate]]` the cells are judged by the attacks alone");
    }
    let reason =
        cells.iter().find_map(|present| present.record.failure.as_deref()).unwrap_or("there is none");
    Error::new(Kind::Incomplete, format!("no cell could be trained and evaluated: {reason}"))
        .help("change the training settings; every cell's reason is in its `cells/*/cell.json`")
}

/// Coordinates and model tell a point from all others.
fn name(point: &Point) -> (&BTreeMap<String, String>, &str) {
    (&point.coordinates, &point.model)
}

fn facts(store: &Store, sweep: &Sweep, split: Split) -> Result<Arc<SplitFacts>> {
    let file = facts_file(&sweep.data.fingerprint, split);
    Ok(Arc::new(pipeline::read(store, &file, encoding::decode_facts)?.with_intersections()))
}

/// The axes of the front, among the `keys` that were measured.
fn objectives(experiment: &Experiment, keys: &[MetricKey]) -> Result<Vec<Objective>> {
    let threat = &experiment.threat;
    let names = experiment.front.objectives.iter();
    names
        .map(|name| Objective::of(&metrics::resolve(name, keys, Some((threat.norm, threat.epsilon)))?))
        .collect()
}

fn directed(objectives: &[Objective]) -> Vec<(MetricKey, Direction)> {
    objectives.iter().map(|objective| (objective.key.clone(), objective.direction)).collect()
}

/// With checkpoints: the configurations that are non-dominated on validation rows, attacked at the threat's radius.
fn choice(
    store: &Store,
    sweep: &Sweep,
    cells: &[&Present<'_>],
    study: &Study,
    on_test: &[Objective],
) -> Result<Option<Choice>> {
    let words = |experiment: &Experiment| {
        experiment.competing().into_iter().map(|candidate| candidate.word().into_owned()).collect::<Vec<_>>()
    };
    if !sweep.chooses() {
        return Ok(None);
    }
    let facts = facts(store, sweep, Split::Validation)?;
    let evidence = evidence(store, sweep, cells, (Split::Validation, &facts))?;
    // Means choose; intervals are stated on test rows.
    let mut validation = Study::new(&evidence, points::Options { resamples: 0, ..study.options() })?;
    let objectives = objectives(&sweep.experiment, &validation.keys())?;
    points::mark_degenerate(&mut validation, &directed(&objectives));
    let competing: BTreeSet<String> = sweep.variants.iter().flat_map(words).collect();
    let candidate = |point: &Point| competing.contains(&point.model);
    Ok(Some(pareto::choose(&validation, &objectives, &study.points, on_test, candidate)))
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
    (split, facts): (Split, &Arc<SplitFacts>),
) -> Result<Vec<CellEvidence>> {
    let (mut all, mut standings) = (Vec::new(), Vec::new());
    for present in cells {
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
            standings.extend(candidates.iter().copied().map(stands));
            all.extend(candidates.into_iter().map(|candidate| row(candidate, Err(reason.to_owned()))));
            continue;
        }
        let settings = &sweep.variants[cell.variant].checks;
        for PresentModel { candidate, files, validation, transfer, fitted_on } in &present.models {
            let (files, transfer) = match (split, validation) {
                (Split::Test, _) => (files, transfer.as_ref()),
                (_, Some(validation)) => (validation, None),
                (_, None) => continue,
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
            let checks = checks::judge(&observations, settings);
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
                temperature,
                evasion,
                certificates,
                explanations,
                shift,
                checks,
                ..Evidence::of(facts, clean)
            };
            standings.push(stands(*candidate));
            all.push(row(*candidate, Ok(Arc::new(evidence))));
        }
    }
    shifting::introduce(&mut all, &standings, sweep.experiment.front.models[0]);
    Ok(all)
}

/// Whether the axis is one of security.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "what iterators hand to a filter")]
fn is_security(objective: &&Objective) -> bool {
    metrics::find(&objective.key.id).is_some_and(|metric| metric.pillar() == Pillar::Security)
}

/// What each security objective costs in each of the others, within one defense.
fn rates(study: &Study, objectives: &[Objective], model: &str) -> Vec<ArcRate> {
    let mut rates = Vec::new();
    for security in objectives.iter().filter(is_security) {
        for safety in objectives.iter().filter(|objective| !is_security(objective)) {
            // Models in between were mixed, not trained: no step of strength led to them.
            let candidate =
                |point: &Point| point.model == model && !point.coordinates.contains_key(INTERPOLATED);
            rates.extend(exchange::arcs(&study.points, candidate, safety, security));
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
