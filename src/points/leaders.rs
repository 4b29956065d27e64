//! Points against each other, seed by seed: how much one is above another, and which are best as far as seeds can tell.

use super::{Point, fullest_seeds};
use crate::measure::{Direction, MetricKey};
use crate::stats;

/// By how much `key` is higher at `a` than at `b`: the mean over the seeds that both have, and its t interval at `level` where these are at least three;
/// `None` where a value is undefined or no seed is shared. Over seeds, on these test rows.
#[must_use]
pub fn paired(a: &Point, b: &Point, key: &MetricKey, level: f64) -> Option<(f64, Option<(f64, f64)>)> {
    let at = |point: &Point, seed: u64| -> Option<f64> {
        let position = point.seeds.iter().position(|own| *own == seed)?;
        point.measures.get(key)?.per_seed.get(position)?.get()
    };
    let shared = a.seeds.iter().filter(|seed| b.seeds.contains(seed));
    let differences: Vec<f64> =
        shared.map(|seed| Some(at(a, *seed)? - at(b, *seed)?)).collect::<Option<_>>()?;
    stats::mean_interval(&differences, level)
}

/// Positions of the points that are best at `key`: the best by the mean, and those whose paired difference to it over the seeds cannot be told from
/// none (t intervals, simultaneous at 95 % by Bonferroni over all that are compared with it). Points that lack a seed or whose number is undefined
/// are left out, as are degenerate ones. With fewer than three seeds equal means alone are ties.
#[must_use]
pub fn leaders<'a>(
    points: impl IntoIterator<Item = &'a Point>,
    key: &MetricKey,
    direction: Direction,
) -> Vec<usize> {
    let points: Vec<&Point> = points.into_iter().collect();
    let seeds = fullest_seeds(points.iter().copied());
    let is_whole =
        |point: &Point| point.degenerate.is_none() && point.seeds == seeds && point.value(key).is_some();
    let rows: Vec<(usize, &Point)> =
        points.iter().copied().enumerate().filter(|(_, point)| is_whole(point)).collect();
    let cost = |point: &Point| direction.as_cost(point.value(key).unwrap_or(f64::INFINITY));
    let Some((_, best)) = rows.iter().min_by(|a, b| cost(a.1).total_cmp(&cost(b.1))) else {
        return Vec::new();
    };
    let level = 1.0 - 0.05 / (rows.len() - 1).max(1) as f64;
    let is_tied = |point: &Point| {
        // What rounding leaves of equal means is no difference.
        cost(point) - cost(best) <= 1e-12
            || paired(point, best, key, level)
                .and_then(|(_, interval)| interval)
                .is_some_and(|(low, high)| low <= 0.0 && high >= 0.0)
    };
    rows.iter().filter(|(_, point)| is_tied(point)).map(|(at, _)| *at).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::measure::{Bound, Estimate, Value};
    use crate::points::Measured;

    fn point(values: &[f64]) -> Point {
        let measured = Measured {
            estimate: Estimate {
                value: Value::Defined(values.iter().sum::<f64>() / values.len() as f64),
                interval: None,
                level: 0.95,
                method: String::new(),
                n: 1,
                bound: Bound::Exact,
            },
            per_seed: values.iter().map(|x| Value::Defined(*x)).collect(),
            sd_seed: None,
            sd_row: None,
            by_chance: None,
            sizable: None,
            notes: Vec::new(),
        };
        Point {
            coordinates: BTreeMap::new(),
            defense: "at".to_owned(),
            strength: 0.0,
            model: "last".to_owned(),
            seeds: (0..values.len() as u64).collect(),
            failed: Vec::new(),
            measures: BTreeMap::from([(MetricKey::plain("accuracy"), measured)]),
            degenerate: None,
        }
    }

    fn led(points: &[Point], direction: Direction) -> Vec<usize> {
        leaders(points, &MetricKey::plain("accuracy"), direction)
    }

    /// By hand: differences 0.01, 0.03, −0.01 have mean 0.01 and sd 0.02; t(0.975; 2) = 4.303, so ± 4.303 · 0.02 / √3 = 0.0497.
    #[test]
    fn differences_are_paired_by_seed() {
        let (a, b) = (point(&[0.90, 0.92, 0.94]), point(&[0.89, 0.89, 0.95]));
        let (mean, interval) = paired(&a, &b, &MetricKey::plain("accuracy"), 0.95).unwrap();
        let (low, high) = interval.unwrap();
        assert!((mean - 0.01).abs() < 1e-12 && (high - 0.0597).abs() < 1e-4 && (low + 0.0397).abs() < 1e-4);
        assert_eq!(paired(&a, &b, &MetricKey::plain("nll"), 0.95), None);
    }

    /// By hand. Differences to the best (0.90, 0.92, 0.94): of the second 0.01, 0.03, −0.01: mean 0.01, sd 0.02, and with two rivals t(0.9875; 2) = 6.205
    /// gives 0.072, so it is tied; of the third 0.1 each time, which no noise explains.
    #[test]
    fn ties_are_those_that_paired_seeds_cannot_tell() {
        let points = [point(&[0.90, 0.92, 0.94]), point(&[0.89, 0.89, 0.95]), point(&[0.80, 0.82, 0.84])];
        assert_eq!(led(&points, Direction::Higher), [0, 1]);
        assert_eq!(led(&points, Direction::Lower), [2]);
    }

    #[test]
    fn what_failed_or_is_degenerate_leads_nothing_and_two_seeds_tell_no_ties() {
        let mut points = [point(&[0.9, 0.9, 0.9]), point(&[0.8, 0.8, 0.8]), point(&[0.7, 0.7, 0.7])];
        points[0].degenerate = Some("constant".to_owned());
        points[1].seeds.pop();
        points[1].measures.values_mut().for_each(|measured| measured.per_seed.truncate(2));
        assert_eq!(led(&points, Direction::Higher), [2]);
        let few = [point(&[0.9, 0.9]), point(&[0.89, 0.91]), point(&[0.89, 0.90])];
        assert_eq!(led(&few, Direction::Higher), [0, 1]);
        assert!(led(&[], Direction::Higher).is_empty());
    }
}
