//! A configuration under requirements: chosen on validation rows, stated on test rows.

use std::collections::{BTreeMap, BTreeSet};

use super::Store;
use super::gathering;
use super::present::{self, Present};
use super::sweep::Sweep;
use crate::error::{Error, Kind, Result};
use crate::evidence::Split;
use crate::experiment::{Cell, Experiment, attainable, possible};
use crate::measure::{Direction, MetricKey};
use crate::metrics::{self, Material, Metric, Under};
use crate::pareto::{self, Aim, Pick};
use crate::points::{self, Point, Study};
use crate::requirement::Requirement;

/// What is asked for, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What is to be largest or smallest: a metric key.
    pub aim: (String, Direction),
    /// What is required, of every configuration.
    pub requirements: Vec<Requirement>,
    /// The rows that choose: validation or test.
    pub on: Split,
}

/// What was chosen and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// The experiment's name.
    pub name: String,
    /// The rows that chose.
    pub on: Split,
    /// What is to be largest or smallest.
    pub aim: Aim,
    /// What is required, and the number that each means.
    pub requirements: Vec<(MetricKey, Requirement)>,
    /// The choice; its points are indices into `choosing`.
    pub pick: Pick,
    /// All points as measured on the rows that chose.
    pub choosing: Vec<Point>,
    /// By place in `pick.rated`: the same on test rows.
    pub stated: Vec<Point>,
    /// By place in `pick.rated`: the share of resamples of seeds and test rows in which everything required holds; none without resamples.
    pub holds: Vec<Option<f64>>,
    /// Test rows.
    pub test_rows: usize,
    /// Seeds left out, since cells are missing at them.
    pub unfinished: Vec<u64>,
    /// Which of the planned cells are there.
    pub cells: Cells,
}

/// What of a plan is there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cells {
    /// Planned cells.
    pub planned: usize,
    /// Cells that are done, the failed ones included.
    pub there: usize,
    /// Those among them that failed.
    pub failed: usize,
    /// By configuration (its coordinates) the seeds at which it is missing, in the order of the plan.
    pub missing: Vec<(BTreeMap<String, String>, Vec<u64>)>,
}

impl Cells {
    fn of(sweep: &Sweep, cells: &[Present<'_>]) -> Self {
        let mut missing: Vec<(BTreeMap<String, String>, Vec<u64>)> = Vec::new();
        let is_there = |cell: &Cell| cells.iter().any(|present| present.cell == cell);
        for cell in sweep.cells.iter().filter(|cell| !is_there(cell)) {
            match missing.iter_mut().find(|(coordinates, _)| *coordinates == cell.coordinates) {
                Some((_, seeds)) => seeds.push(cell.seed),
                None => missing.push((cell.coordinates.clone(), vec![cell.seed])),
            }
        }
        Self {
            planned: sweep.cells.len(),
            there: cells.len(),
            failed: cells.iter().filter(|present| present.failure().is_some()).count(),
            missing,
        }
    }

    /// Whether every planned cell is there and none failed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.there == self.planned && self.failed == 0
    }
}

/// Chooses among the cells that are there.
pub(super) fn choose(
    store: &Store,
    sweep: &Sweep,
    cells: &[Present<'_>],
    asked: &Asked,
) -> Result<Recommendation> {
    let known = Cells::of(sweep, cells);
    if known.failed == known.there {
        return Err(Error::new(Kind::Incomplete, "no cell is left to choose from: all failed")
            .help("`equipoise report` says why"));
    }
    let (cells, unfinished) = present::whole_seeds(sweep, cells);
    let test = gathering::study(store, sweep, &cells, Split::Test)?;
    let threat = &sweep.experiment.threat;
    let resolve = |name: &str| metrics::resolve(name, &test.keys(), Some((threat.norm, threat.epsilon)));
    let (name, direction) = &asked.aim;
    let aim = Aim { key: resolve(name)?, direction: *direction };
    better_side(name, &aim)?;
    let requirement = |requirement: &Requirement| {
        if !requirement.at.is_empty() {
            return Err(Error::input(format!("`{requirement}` is about single points")).help(
                "what is chosen must keep every requirement: leave ` at …` out; `equipoise gate` takes it",
            ));
        }
        let key = resolve(&requirement.metric)?;
        if let Some(metric) = metrics::find(&key.id) {
            attainable(requirement, metric)?;
        }
        Ok((key, requirement.clone()))
    };
    let requirements: Vec<(MetricKey, Requirement)> =
        asked.requirements.iter().map(requirement).collect::<Result<_>>()?;
    // One number may have been written in two ways.
    let meant =
        |(key, one): &(MetricKey, Requirement)| Requirement { metric: key.to_string(), ..one.clone() };
    possible(&requirements.iter().map(meant).collect::<Vec<_>>())?;
    let keys: Vec<&MetricKey> =
        std::iter::once(&aim.key).chain(requirements.iter().map(|(key, _)| key)).collect();
    let chooser = match asked.on {
        Split::Test => None,
        _ => Some(on_validation(store, sweep, &cells, &keys)?),
    };
    let competing: BTreeSet<String> = sweep
        .variants
        .iter()
        .flat_map(Experiment::competing)
        .map(|candidate| candidate.word().into_owned())
        .collect();
    let candidate = |point: &Point| competing.contains(&point.model);
    let on_test = |point: &Point| {
        let same = |other: &Point| other.coordinates == point.coordinates && other.model == point.model;
        test.points.iter().position(same)
    };
    // A number that may not be stated cannot speak for a choice.
    let unfit = |point: &Point| match on_test(point) {
        None => Some("it is not there on test rows".to_owned()),
        Some(place) => keys.iter().find_map(|key| {
            test.points[place].defined(key).err().map(|reason| format!("on test rows, {reason}"))
        }),
    };
    let study = chooser.as_ref().unwrap_or(&test);
    let pick = pareto::pick(study, &aim, &requirements, candidate, unfit);
    let mut stated = Vec::new();
    let mut holds = Vec::new();
    // What is not there on test rows is not rated.
    for place in pick.rated.iter().filter_map(|rated| on_test(&study.points[rated.point])) {
        stated.push(test.points[place].clone());
        holds.push(pareto::holding(&test, place, &requirements));
    }
    Ok(Recommendation {
        name: sweep.experiment.name.clone(),
        on: asked.on,
        choosing: study.points.clone(),
        stated,
        holds,
        test_rows: test.facts().map_or(0, |facts| facts.len()),
        aim,
        requirements,
        pick,
        unfinished,
        cells: known,
    })
}

/// # Errors
///
/// Where the worst is asked for.
fn better_side(name: &str, aim: &Aim) -> Result<()> {
    let better = metrics::find(&aim.key.id).and_then(|metric| metric.direction);
    match (better, aim.direction) {
        (Some(Direction::Lower), Direction::Higher) => {
            Err(Error::input(format!("less of `{name}` is better")).help(format!("write `--min {name}`")))
        }
        (Some(Direction::Higher), Direction::Lower) => {
            Err(Error::input(format!("more of `{name}` is better")).help(format!("write `--max {name}`")))
        }
        _ => Ok(()),
    }
}

/// The study of validation rows, which has every one of `keys`.
///
/// # Errors
///
/// Where it has not: why, and what would have to be set.
fn on_validation(store: &Store, sweep: &Sweep, cells: &[&Present<'_>], keys: &[&MetricKey]) -> Result<Study> {
    let or = "or choose on test rows with `--on test`, which makes the figures look better than they are";
    let imported = sweep.experiment.imported.is_some();
    if sweep.data.validation == 0 {
        let set = if imported {
            "name validation rows and what models say of them as `validation` in import.json"
        } else {
            "set `validation` in [split] and run the experiment again"
        };
        return Err(Error::input("there are no validation rows to choose on").help(format!("{set}, {or}")));
    }
    let study = gathering::study(store, sweep, cells, Split::Validation)?;
    if study.points.iter().all(|point| point.seeds.is_empty()) {
        return Err(Error::input("the evidence on validation rows is missing")
            .help(format!("run the experiment again: it makes what is missing, {or}")));
    }
    let measured = study.keys();
    if let Some(key) = keys.iter().find(|key| !measured.contains(key)) {
        let metric = metrics::find(&key.id);
        return Err(Error::input(format!("`{key}` is not measured on validation rows, which choose"))
            .help(format!("{}, {or}", way_out(sweep, key, metric))));
    }
    Ok(study)
}

/// What would have to be set so that validation rows have the number `key`.
fn way_out(sweep: &Sweep, key: &MetricKey, metric: Option<&'static Metric>) -> String {
    let threat = &sweep.experiment.threat;
    let needs = metric.map(|metric| metric.needs);
    let proven = |under| matches!(under, Under::Certificate | Under::Vote | Under::VoteAt);
    match (needs, &key.attack) {
        (Some(needs), _) if matches!(needs.material, Material::Shift(_) | Material::Explanations(_)) => {
            "shifted rows and explanations are looked at on test rows alone: take another number".to_owned()
        }
        (Some(needs), _) if proven(needs.under) => {
            "list `checkpoints` in [training]: where validation rows choose between them, certificates are made on these rows too"
                .to_owned()
        }
        (_, Some(attack)) if attack.epsilon().to_bits() != threat.epsilon.to_bits() => format!(
            "validation rows are attacked at the threat's radius {} alone: make {} the `epsilon` of [threat] and run the experiment again",
            threat.epsilon, attack.epsilon
        ),
        _ => "run the experiment again".to_owned(),
    }
}

impl Recommendation {
    /// Whether everything required holds of the chosen on test rows, by its seed means; none where nothing is chosen.
    #[must_use]
    pub fn holds_on_test(&self) -> Option<bool> {
        self.pick.chosen()?;
        let point = self.stated.first()?;
        Some(
            self.requirements
                .iter()
                .all(|(key, requirement)| point.value(key).is_some_and(|value| requirement.holds(value))),
        )
    }
}

/// Points options of a sweep: as many resamples as its front has.
pub(super) fn options(sweep: &Sweep) -> points::Options {
    points::Options { resamples: sweep.experiment.front.resamples, ..points::Options::default() }
}
