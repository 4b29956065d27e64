//! Differences between two folders, seed by seed on the same rows: what intervals that overlap cannot say, and what means alone cannot carry.

use super::Member;
use crate::measure::{Direction, MetricKey, Unit};
use crate::pareto;
use crate::pareto::exchange::Course;
use crate::points::{self, Point};
use crate::report::format;
use crate::report::table::{Table, numeric, words};
use crate::report::view::View;
use crate::stats;

/// Nominal coverage of every interval here, each by itself.
const LEVEL: f64 = 0.95;

/// A difference: its mean over paired seeds, its interval from 3 seeds on, the seeds, and how many configurations it is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Paired {
    /// The mean, and its 95 % interval.
    pub(in crate::report) change: (f64, Option<(f64, f64)>),
    /// Paired seeds.
    pub(in crate::report) seeds: usize,
    /// Configurations that both have.
    pub(in crate::report) configurations: usize,
}

/// The points that the front of `view` was judged from.
fn judged(view: &View) -> Vec<&Point> {
    let front = &view.given.front;
    let mut judged: Vec<usize> = front.members.clone();
    judged.extend(front.dominated.iter().map(|(point, _)| *point));
    judged.sort_unstable();
    judged.into_iter().map(|point| &view.given.points[point]).collect()
}

/// The configurations that both fronts were judged from: the points of either.
fn common<'a>(a: &'a View, b: &'a View) -> Vec<(&'a Point, &'a Point)> {
    let theirs = judged(b);
    let twin = |own: &'a Point| Some((own, *theirs.iter().find(|other| is_same(own, other))?));
    judged(a).into_iter().filter_map(twin).collect()
}

/// The hypervolume that `points` dominate at each of the `seeds`, between the worst and the best possible values; none where one lacks a number.
fn volumes(view: &View, points: &[&Point], seeds: &[u64]) -> Option<Vec<f64>> {
    let objectives = &view.given.front.objectives;
    let costs = |point: &Point, seed: u64| -> Option<Vec<f64>> {
        let position = point.seeds.iter().position(|own| *own == seed)?;
        let cost = |objective: &pareto::Objective| {
            Some(objective.cost(point.measures.get(&objective.key)?.per_seed.get(position)?.get()?))
        };
        objectives.iter().map(cost).collect()
    };
    let reference = vec![1.0; objectives.len()];
    let volume = |seed: &u64| {
        let own: Vec<Vec<f64>> = points.iter().map(|point| costs(point, *seed)).collect::<Option<_>>()?;
        Some(pareto::hypervolume(&own, &reference))
    };
    seeds.iter().map(volume).collect()
}

/// By how much the configurations that both have dominate more in `a` than in `b`, seed by seed; none where no configuration or no seed is in common.
///
/// Of points that only one has nothing is paired: the front of more points dominates more by noise alone, as a maximum of more draws does.
pub(in crate::report) fn hypervolume(a: &View, b: &View) -> Option<Paired> {
    let pairs = common(a, b);
    let (first, _) = pairs.first()?;
    let has_all = |seed: &u64| pairs.iter().all(|(a, b)| a.seeds.contains(seed) && b.seeds.contains(seed));
    let seeds: Vec<u64> = first.seeds.iter().copied().filter(has_all).collect();
    let (own, theirs): (Vec<&Point>, Vec<&Point>) = pairs.iter().copied().unzip();
    let (own, theirs) = (volumes(a, &own, &seeds)?, volumes(b, &theirs, &seeds)?);
    let differences: Vec<f64> = own.into_iter().zip(theirs).map(|(a, b)| a - b).collect();
    let change = stats::mean_interval(&differences, LEVEL)?;
    Some(Paired { change, seeds: seeds.len(), configurations: pairs.len() })
}

/// Whether both fronts were judged from the same configurations.
pub(in crate::report) fn are_alike(a: &View, b: &View) -> bool {
    let both = common(a, b).len();
    both == judged(a).len() && both == judged(b).len()
}

/// Whether two points are of one configuration: the same coordinates, and the same model of a training.
fn is_same(a: &Point, b: &Point) -> bool {
    a.coordinates == b.coordinates && a.model == b.model
}

/// The same configuration in `view`.
fn twin<'a>(view: &'a View, point: &Point) -> Option<&'a Point> {
    view.given.points.iter().find(|other| is_same(point, other))
}

/// A line per folder after the first: how its hypervolume differs from the first one's, or why that is not known.
pub(super) fn sentences(members: &[Member]) -> Vec<String> {
    let [first, others @ ..] = members else { return Vec::new() };
    let sentence = |other: &Member| {
        let rows = format::count(first.view.given.data.test, "test row");
        let (a, b) = (&other.name, &first.name);
        let Some(paired) = hypervolume(&other.view, &first.view) else {
            return if common(&other.view, &first.view).is_empty() {
                format!(
                    "`{a}` and `{b}` were judged from no configuration in common, so that nothing is paired: the fronts are told apart by their means and intervals alone."
                )
            } else {
                format!(
                    "`{a}` and `{b}` share no seed at every configuration that both have, so that they cannot be compared pair by pair: run both at the same seeds."
                )
            };
        };
        let told = match (Course::of(paired.change), paired.change.1) {
            (_, None) => ", an interval takes 3 seeds that both have",
            (Course::Better, _) => ", which is better",
            (Course::Worse, _) => ", which is worse",
            (Course::Unclear, Some((low, high))) if low == 0.0 && high == 0.0 => ", which is none",
            (Course::Unclear, _) => ", which cannot be told from none",
        };
        let of = if are_alike(&other.view, &first.view) {
            "its hypervolume".to_owned()
        } else {
            format!(
                "the hypervolume of the {} that both fronts were judged from",
                format::count(paired.configurations, "configuration")
            )
        };
        format!(
            "`{a}` against `{b}`, paired over {} on the same {rows}: {of} differs by {}{told}.",
            format::count(paired.seeds, "seed"),
            format::change_interval(paired.change, Unit::Ratio),
        )
    };
    others.iter().map(sentence).collect()
}

/// How a folder differs from the first one in one number.
pub(super) struct Row<'a> {
    /// The folder.
    pub(super) results: &'a str,
    /// The configuration; none of the front as a whole.
    pub(super) configuration: Option<&'a str>,
    /// The objective; none of the hypervolume, which is of the configurations that both have.
    pub(super) key: Option<&'a MetricKey>,
    /// The difference.
    pub(super) paired: Paired,
    direction: Direction,
}

impl Row<'_> {
    /// `better`, `worse`, `the same`, or why that cannot be told.
    pub(super) fn verdict(&self) -> &'static str {
        let (mean, interval) = self.paired.change;
        let gain = match self.direction {
            Direction::Higher => (mean, interval),
            Direction::Lower => (-mean, interval.map(|(low, high)| (-high, -low))),
        };
        match (Course::of(gain), interval) {
            (_, None) => "cannot tell: too few seeds",
            (_, Some((low, high))) if low == 0.0 && high == 0.0 => "the same",
            (Course::Better, _) => "better",
            (Course::Worse, _) => "worse",
            (Course::Unclear, _) => "cannot tell",
        }
    }
}

/// One per number, folder and configuration that the first folder has as well.
pub(super) fn rows(members: &[Member]) -> Vec<Row<'_>> {
    let [first, others @ ..] = members else { return Vec::new() };
    let mut rows = Vec::new();
    for other in others {
        let results = other.name.as_str();
        if let Some(paired) = hypervolume(&other.view, &first.view) {
            rows.push(Row { results, configuration: None, key: None, paired, direction: Direction::Higher });
        }
        for (i, point) in first.view.given.points.iter().enumerate() {
            let Some(theirs) = twin(&other.view, point) else { continue };
            for objective in &first.view.given.front.objectives {
                let key = &objective.key;
                let Some(change) = points::paired(theirs, point, key, LEVEL) else { continue };
                let seeds = point.seeds.iter().filter(|seed| theirs.seeds.contains(seed)).count();
                rows.push(Row {
                    results,
                    configuration: Some(&first.view.labels[i]),
                    key: Some(key),
                    paired: Paired { change, seeds, configurations: 1 },
                    direction: objective.direction,
                });
            }
        }
    }
    rows
}

/// The same of the configurations in words, one row each; none where there is none to pair.
pub(super) fn table(members: &[Member]) -> Option<Table> {
    let first = members.first()?;
    let view = &first.view;
    let objectives = &view.given.front.objectives;
    let is_single = members.len() == 2;
    let mut head = if is_single { Vec::new() } else { vec![words("results")] };
    head.extend([words("configuration"), numeric("seeds")]);
    for objective in objectives {
        let arrow = format::arrow(Some(objective.direction));
        head.extend([numeric(format!("{}{arrow}", view.title(&objective.key))), words("it is")]);
    }
    let all: Vec<Row<'_>> = rows(members).into_iter().filter(|row| row.key.is_some()).collect();
    // Those of one configuration stand beside one another.
    let of_one = |a: &Row<'_>, b: &Row<'_>| (a.results, a.configuration) == (b.results, b.configuration);
    let rows: Vec<Vec<String>> = all
        .chunk_by(of_one)
        .map(|group| {
            let seeds = group.iter().map(|row| row.paired.seeds).max().unwrap_or(0);
            let mut cells = if is_single { Vec::new() } else { vec![group[0].results.to_owned()] };
            cells.extend([group[0].configuration.unwrap_or_default().to_owned(), seeds.to_string()]);
            for objective in objectives {
                let found = group.iter().find(|row| row.key == Some(&objective.key));
                cells.extend(found.map_or_else(
                    || ["—".to_owned(), "—".to_owned()],
                    |row| {
                        let unit = view.unit(&objective.key);
                        [format::change_interval(row.paired.change, unit), row.verdict().to_owned()]
                    },
                ));
            }
            cells
        })
        .collect();
    let who = if is_single { format!("`{}`", members[1].name) } else { "each folder".to_owned() };
    (!rows.is_empty()).then(|| Table {
        title: "Paired differences",
        caption: format!(
            "How much more {who} has than `{}`, at the same configuration (defense, strength and whatever is swept; what else differs is below), the same seeds and the same {}: means of the differences seed by seed, with 95 % t intervals over the seeds, each by itself and for these rows. Better and worse: the interval does not contain 0.",
            first.name,
            format::count(view.given.data.test, "test row")
        ),
        head,
        rows,
    })
}
