//! From stored evidence to a judgement: everything here follows from `sweep.json`, `cells/` and `evidence/` alone.

use std::collections::{BTreeMap, BTreeSet};

use super::Store;
use super::certification::{self, CertifiedShare};
use super::checked::{Checked, checked};
use super::confidence::{Confidence, confidences};
use super::details::{self, Abstention, Ending, Standing, Temperature, abstentions, endings, standing};
use super::gathering::{evidence, facts};
use super::present::{Present, whole_seeds};
use super::sensitivity::{self, Sensitivity};
use super::sweep::{DataRecord, Sweep};
use crate::error::{Error, Kind, Result};
use crate::evidence::Split;
use crate::experiment::{Experiment, INTERPOLATED};
use crate::measure::{AttackKey, Direction, MetricKey, Pillar};
use crate::metrics;
use crate::pareto::exchange::{self, ArcRate};
use crate::pareto::{self, Choice, Front, Objective, StrengthCurve, Stretch, Uncertainty};
use crate::points::{self, Anchor, Fared, Pair, Point, Study};

/// What an experiment found, as plain values.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The experiment, overrides applied.
    pub experiment: Experiment,
    /// The data.
    pub data: DataRecord,
    /// The class that counts as the positive decision, by name.
    pub positive: Option<String>,
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
    /// How sure one can be of the front.
    pub uncertainty: Uncertainty,
    /// Exchange rates within each defense.
    pub rates: Vec<ArcRate>,
    /// Every defense along its strengths.
    pub curves: Vec<StrengthCurve>,
    /// What the reruns at other budgets say of the rates.
    pub sensitivity: Vec<Sensitivity>,
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
    /// What logits are divided by, point by point; empty where no temperature is fitted.
    pub temperatures: Vec<Temperature>,
    /// What abstention does against the attacks, by point, seed and attack.
    pub abstentions: Vec<Abstention>,
    /// What confidences come to, by point: without attack, and under the primary one.
    pub confidences: Vec<Confidence>,
    /// Which differences to the lowest strength one seed can tell; empty with several.
    pub pairs: Vec<Pair>,
    /// The groups whose accuracy changed for the worst and for the best on each step that `rates` are about, for every attribute of an objective.
    pub fared: Vec<Fared>,
    /// What the sanity checks came to: by point, seed and number.
    pub checks: Vec<Checked>,
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
    let mut evidence = evidence(store, sweep, cells, (Split::Test, &facts))?;
    let reruns = sensitivity::take(&mut evidence);
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
    let rates = rates(&study, &objectives, first);
    let axes = (objectives.iter().find(is_security), objectives.iter().find(|o| !is_security(o)));
    let proves = sweep.experiment.certificates_protocol().is_some();
    let primary = AttackKey::new(&sweep.experiment.protocol(), threat.norm, threat.epsilon);
    Ok(Judgement {
        temperatures: details::temperatures(&study, &evidence),
        abstentions: abstentions(&study, &evidence),
        confidences: confidences(&study, &evidence, &primary),
        pairs: points::pairs(&study, &evidence, &primary),
        fared: points::fared(&study, &steps(&rates), &attributes(&objectives), &primary),
        certified: certification::shares(&study, &evidence),
        proven: proves.then(|| pareto::proven(&study.points, &front)),
        experiment: sweep.experiment.clone(),
        data: sweep.data.clone(),
        positive: facts.positive.and_then(|class| sweep.data.classes.get(usize::from(class)).cloned()),
        planned: sweep.cells.len(),
        present,
        unfinished,
        primary,
        ownership: match axes {
            (Some(security), Some(safety)) => pareto::ownership(&study, &front, security, safety),
            _ => Vec::new(),
        },
        choice,
        uncertainty: pareto::uncertainty(&study, &front)?,
        curves: curves(&study, &objectives, first, &rates),
        sensitivity: sensitivity::judge(reruns, options, &objectives, first, (&study.points, &rates))?,
        front,
        rates,
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

/// The axes of the front, among the `keys` that were measured.
pub(super) fn objectives(experiment: &Experiment, keys: &[MetricKey]) -> Result<Vec<Objective>> {
    let threat = &experiment.threat;
    let names = experiment.front.objectives.iter();
    names
        .map(|name| Objective::of(&metrics::resolve(name, keys, Some((threat.norm, threat.epsilon)))?))
        .collect()
}

pub(super) fn directed(objectives: &[Objective]) -> Vec<(MetricKey, Direction)> {
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
    let mut evidence = evidence(store, sweep, cells, (Split::Validation, &facts))?;
    // Reruns do not compete.
    sensitivity::take(&mut evidence);
    // Means choose; intervals are stated on test rows.
    let mut validation = Study::new(&evidence, points::Options { resamples: 0, ..study.options() })?;
    let objectives = objectives(&sweep.experiment, &validation.keys())?;
    points::mark_degenerate(&mut validation, &directed(&objectives));
    let competing: BTreeSet<String> = sweep.variants.iter().flat_map(words).collect();
    let candidate = |point: &Point| competing.contains(&point.model);
    let runs = |point: &Point| -> BTreeSet<(u64, &str)> {
        let own = cells.iter().filter(|present| present.cell.coordinates == point.coordinates);
        own.map(|present| (present.cell.seed, present.cell.run.as_str())).collect()
    };
    let same = |a: &Point, b: &Point| a.model == b.model && runs(a) == runs(b);
    Ok(Some(pareto::choose(&validation, &objectives, &study.points, on_test, candidate, same)))
}

/// Whether the axis is one of security.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "what iterators hand to a filter")]
fn is_security(objective: &&Objective) -> bool {
    metrics::find(&objective.key.id).is_some_and(|metric| metric.pillar() == Pillar::Security)
}

/// Pairs of a security axis and one that is not.
fn axis_pairs(objectives: &[Objective]) -> impl Iterator<Item = (&Objective, &Objective)> {
    let others =
        |security| objectives.iter().filter(|o| !is_security(o)).map(move |safety| (security, safety));
    objectives.iter().filter(is_security).flat_map(others)
}

/// Models in between were mixed, not trained: no step of strength led to them.
fn is_trained(point: &Point, model: &str) -> bool {
    point.model == model && !point.coordinates.contains_key(INTERPOLATED)
}

/// What each security objective costs in each of the others, within one defense.
pub(super) fn rates(study: &Study, objectives: &[Objective], model: &str) -> Vec<ArcRate> {
    let arcs = |(security, safety)| {
        exchange::arcs(&study.points, |point| is_trained(point, model), safety, security)
    };
    axis_pairs(objectives).flat_map(arcs).collect()
}

/// The ends of every step, each once.
fn steps(rates: &[ArcRate]) -> Vec<(usize, usize)> {
    let steps: BTreeSet<(usize, usize)> = rates.iter().map(|arc| (arc.from, arc.to)).collect();
    steps.into_iter().collect()
}

/// The sensitive attributes that objectives are about.
fn attributes(objectives: &[Objective]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for objective in objectives {
        let needs = metrics::find(&objective.key.id).map(|metric| metric.needs);
        let group = objective.key.group.as_deref().filter(|_| needs.is_some_and(|needs| needs.attribute));
        let attribute = group.and_then(|group| group.split('=').next());
        found.extend(attribute.filter(|it| !found.iter().any(|known| known == it)).map(str::to_owned));
    }
    found
}

/// Every defense along its strengths, on the same pairs of axes.
fn curves(study: &Study, objectives: &[Objective], model: &str, rates: &[ArcRate]) -> Vec<StrengthCurve> {
    let along =
        |(security, safety)| pareto::curves(study, |point| is_trained(point, model), rates, safety, security);
    axis_pairs(objectives).flat_map(along).collect()
}
