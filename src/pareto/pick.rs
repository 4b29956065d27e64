//! One configuration under requirements: the best at one number among those whose other numbers are as required.
//!
//! By the seed means on the study's rows. How sure the choice is, resamples tell: rows and seeds are redrawn together, the same for all
//! configurations, and the choice is made again.

use std::cmp::Ordering;

use super::ties;
use crate::measure::{Direction, MetricKey};
use crate::metrics;
use crate::points::{Draws, Point, Study, fullest_seeds};
use crate::requirement::Requirement;

/// The width of the metric's range, by which spare room of different metrics is compared; 1 where it has no end.
fn width(key: &MetricKey) -> f64 {
    let width = metrics::find(&key.id).map_or(1.0, |metric| metric.range.1 - metric.range.0);
    if width.is_finite() && width > 0.0 { width } else { 1.0 }
}

/// What is to be largest or smallest.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    /// The number.
    pub key: MetricKey,
    /// Which way is better.
    pub direction: Direction,
}

/// One configuration that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Rated {
    /// Index of the point in the study.
    pub point: usize,
    /// The number aimed at.
    pub value: f64,
    /// The numbers that something is required of, in the order of the requirements.
    pub required: Vec<f64>,
    /// Whether all are as required.
    pub satisfies: bool,
    /// The share of resamples in which it is chosen; none where nothing was resampled.
    pub chosen: Option<f64>,
}

/// What was chosen, and among what.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Those that satisfy, the best first; then the others, the nearest miss first. The first is chosen if it satisfies.
    pub rated: Vec<Rated>,
    /// Points that cannot be chosen, with the reason.
    pub excluded: Vec<(usize, String)>,
    /// The share of resamples in which none satisfies; none where nothing was resampled.
    pub none: Option<f64>,
    /// Seeds behind the choice.
    pub seeds: usize,
    /// Resamples.
    pub resamples: usize,
    /// Rows that chose.
    pub rows: usize,
}

impl Pick {
    /// The configuration that is best and satisfies, where one does.
    #[must_use]
    pub fn chosen(&self) -> Option<&Rated> {
        self.rated.first().filter(|rated| rated.satisfies)
    }

    /// Whoever else resamples choose most often, though its means miss what is required: its place in `rated`. Where they choose nobody else, or nothing
    /// was resampled, the next best that satisfies. None where nothing is chosen.
    #[must_use]
    pub fn runner_up(&self) -> Option<usize> {
        self.chosen()?;
        let often = |place: &usize| self.rated[*place].chosen.unwrap_or(0.0);
        // Of equals the better one, which stands first.
        let most = (1..self.rated.len()).rev().max_by(|a, b| often(a).total_cmp(&often(b)));
        most.filter(|place| often(place) > 0.0).or_else(|| self.next_best())
    }

    /// The place in `rated` of the next best by its means that satisfies, where one does.
    #[must_use]
    pub fn next_best(&self) -> Option<usize> {
        self.rated.get(1).filter(|rated| rated.satisfies).map(|_| 1)
    }
}

/// Chooses among the points of `study` for which `candidate` holds. A point is left out for the reason that `unfit` gives, where seeds
/// failed or are missing, where it is degenerate, and where one of the numbers is undefined.
///
/// Of several that are equally good, up to rounding, the one with most to spare is chosen, where it has least of it, each metric in widths of its range.
#[must_use]
pub fn pick(
    study: &Study,
    aim: &Aim,
    requirements: &[(MetricKey, Requirement)],
    candidate: impl Fn(&Point) -> bool,
    unfit: impl Fn(&Point) -> Option<String>,
) -> Pick {
    let points = &study.points;
    let mut keys = vec![aim.key.clone()];
    keys.extend(requirements.iter().map(|(key, _)| key.clone()));
    let seeds = fullest_seeds(points.iter().filter(|point| candidate(point)));
    let mut excluded = Vec::new();
    let mut kept: Vec<(usize, Vec<f64>)> = Vec::new();
    for (index, point) in points.iter().enumerate().filter(|(_, point)| candidate(point)) {
        match unfit(point).map_or_else(|| values(point, &keys, &seeds), Err) {
            Ok(values) => kept.push((index, values)),
            Err(reason) => excluded.push((index, reason)),
        }
    }
    let judge = Judge { aim, requirements };
    let places: Vec<usize> = kept.iter().map(|(index, _)| *index).collect();
    let drawn = Drawn::of(study, &places, &keys);
    let draws = &drawn.draws;
    let mut counts = vec![0_usize; kept.len()];
    let mut without = 0_usize;
    for b in 0..draws.resamples {
        let mut all: Vec<Option<Vec<f64>>> = (0..kept.len()).map(|point| drawn.values(point, b)).collect();
        ties::level(&mut all.iter_mut().flatten().map(Vec::as_mut_slice).collect::<Vec<_>>());
        match judge.best(&all) {
            Some(best) => counts[best] += 1,
            None => without += 1,
        }
    }
    let share = |count: usize| (draws.resamples > 0).then(|| count as f64 / draws.resamples as f64);
    let mut leveled: Vec<Vec<f64>> = kept.iter().map(|(_, values)| values.clone()).collect();
    ties::level(&mut leveled.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by(|a, b| judge.compare(&leveled[*a], &leveled[*b]));
    let rated = |place: usize| {
        let (point, values) = &kept[place];
        Rated {
            point: *point,
            value: values[0],
            required: values[1..].to_vec(),
            satisfies: judge.satisfies(&leveled[place]),
            chosen: share(counts[place]),
        }
    };
    Pick {
        rated: order.into_iter().map(rated).collect(),
        excluded,
        none: share(without),
        seeds: seeds.len(),
        resamples: draws.resamples,
        rows: draws.rows,
    }
}

/// The share of the study's resamples in which everything required holds of `point`; none where nothing was resampled.
#[must_use]
pub fn holding(study: &Study, point: usize, requirements: &[(MetricKey, Requirement)]) -> Option<f64> {
    let keys: Vec<MetricKey> = requirements.iter().map(|(key, _)| key.clone()).collect();
    let drawn = Drawn::of(study, &[point], &keys);
    let draws = &drawn.draws;
    let holds = |b: &usize| {
        drawn.values(0, *b).is_some_and(|values| {
            requirements.iter().zip(values).all(|((_, requirement), value)| requirement.holds(value))
        })
    };
    let count = (0..draws.resamples).filter(holds).count();
    (draws.resamples > 0).then(|| count as f64 / draws.resamples as f64)
}

/// The numbers `keys` of `point`, or why it cannot be chosen.
fn values(point: &Point, keys: &[MetricKey], seeds: &[u64]) -> Result<Vec<f64>, String> {
    if let Some(reason) = point.failure() {
        return Err(reason);
    }
    if point.seeds != seeds {
        return Err(format!("only {} of {} seeds finished", point.seeds.len(), seeds.len()));
    }
    if let Some(reason) = &point.degenerate {
        return Err(format!("degenerate: {reason}"));
    }
    keys.iter().map(|key| point.defined(key)).collect()
}

/// Crossed resamples of numbers among which one may stand twice: what is aimed at may be required, too.
struct Drawn {
    draws: Draws,
    /// By number asked for, its place among the distinct ones.
    places: Vec<usize>,
}

impl Drawn {
    fn of(study: &Study, points: &[usize], keys: &[MetricKey]) -> Self {
        let mut distinct: Vec<MetricKey> = Vec::new();
        let mut places = Vec::new();
        for key in keys {
            let place = distinct.iter().position(|other| other == key).unwrap_or(distinct.len());
            if place == distinct.len() {
                distinct.push(key.clone());
            }
            places.push(place);
        }
        Self { draws: study.draws(points, &distinct), places }
    }

    /// The numbers of a point in resample `b`; none where one is undefined.
    fn values(&self, point: usize, b: usize) -> Option<Vec<f64>> {
        self.places.iter().map(|key| self.draws.crossed(point, *key, b)).collect()
    }
}

/// What is better. Values are those of the aim, then of the requirements.
struct Judge<'a> {
    aim: &'a Aim,
    requirements: &'a [(MetricKey, Requirement)],
}

impl Judge<'_> {
    fn satisfies(&self, values: &[f64]) -> bool {
        self.requirements.iter().zip(&values[1..]).all(|((_, requirement), value)| requirement.holds(*value))
    }

    /// What the tightest requirement has to spare, in widths of its metric's range; without requirements all have the same.
    fn tightest(&self, values: &[f64]) -> f64 {
        let spares = self.requirements.iter().zip(&values[1..]);
        spares
            .map(|((key, requirement), value)| requirement.spare(*value) / width(key))
            .fold(f64::INFINITY, f64::min)
    }

    /// Less is better.
    fn compare(&self, a: &[f64], b: &[f64]) -> Ordering {
        let cost = |values: &[f64]| self.aim.direction.as_cost(values[0]);
        let by_aim = || cost(a).total_cmp(&cost(b));
        let by_spare = || self.tightest(b).total_cmp(&self.tightest(a));
        match (self.satisfies(a), self.satisfies(b)) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (true, true) => by_aim().then_with(by_spare),
            (false, false) => by_spare().then_with(by_aim),
        }
    }

    /// The best that satisfies, the first of equals.
    fn best(&self, all: &[Option<Vec<f64>>]) -> Option<usize> {
        let fit = |place: &usize| all[*place].as_ref().is_some_and(|values| self.satisfies(values));
        (0..all.len()).filter(fit).min_by(|a, b| match (&all[*a], &all[*b]) {
            (Some(a), Some(b)) => self.compare(a, b),
            _ => Ordering::Equal,
        })
    }
}
