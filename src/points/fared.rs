//! How differently the accuracy of groups changed on a step between two points. That one changed for the worse says nothing about which is the lower.

use super::{Point, Study};
use crate::measure::{AttackKey, MetricKey};
use crate::metrics::HEADLINE_ROWS;
use crate::stats::{self, SEEDS_FOR_VARIANCE};

/// Two groups on one step: how accuracy changed in the one against the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Fared {
    /// Index of the point that the step starts at.
    pub from: usize,
    /// Index of the point that it ends at.
    pub to: usize,
    /// The sensitive attribute.
    pub attribute: String,
    /// Under which attack; `None` for the rows as they are.
    pub attack: Option<AttackKey>,
    /// The group whose accuracy changed for the worst, as in keys (`race=Other`).
    pub worse: String,
    /// The group whose accuracy changed for the best.
    pub better: String,
    /// By how much the change of the worse is below that of the better, mean over the seeds that both points have; at least 0.
    pub difference: f64,
    /// Its interval over seeds and rows, crossed, simultaneous over all pairs of groups (Bonferroni); `None` with fewer than three seeds or without resamples.
    pub interval: Option<(f64, f64)>,
}

/// For each step (points by index) and attribute, without attack and under `primary`: the groups whose accuracy changed for the worst and for the best. Groups of fewer than [`HEADLINE_ROWS`] rows are left out;
/// where fewer than two are left there is nothing to compare.
#[must_use]
pub fn fared(
    study: &Study,
    steps: &[(usize, usize)],
    attributes: &[String],
    primary: &AttackKey,
) -> Vec<Fared> {
    let mut ends: Vec<usize> = steps.iter().flat_map(|(from, to)| [*from, *to]).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut all = Vec::new();
    for attribute in attributes {
        for attack in [None, Some(primary)] {
            let keys = keys(study, &ends, attribute, attack);
            if keys.len() < 2 {
                continue;
            }
            let draws = study.draws(&ends, &keys);
            for (from, to) in steps {
                let at = |point: usize| ends.binary_search(&point).ok();
                let (Some(a), Some(b)) = (at(*from), at(*to)) else { continue };
                let seeds: Vec<usize> = (0..draws.seeds.len())
                    .filter(|seed| {
                        let known = |point, key| draws.at_seed(point, key, *seed, None).is_some();
                        (0..keys.len()).all(|key| known(a, key) && known(b, key))
                    })
                    .collect();
                // `None` where a group has no rows in resample `b_`.
                let change = |key: usize, seed: usize, resample: Option<usize>| {
                    Some(draws.at_seed(b, key, seed, resample)? - draws.at_seed(a, key, seed, resample)?)
                };
                let mean = |key: usize| {
                    let changes: Option<Vec<f64>> =
                        seeds.iter().map(|seed| change(key, *seed, None)).collect();
                    stats::mean(&changes?)
                };
                let means: Option<Vec<f64>> = (0..keys.len()).map(mean).collect();
                let Some(means) = means else { continue };
                let (worse, better) = ends_of(&means);
                let apart = |seed: usize, resample| {
                    Some(change(better, seed, resample)? - change(worse, seed, resample)?)
                };
                let plain: Vec<f64> = seeds.iter().filter_map(|seed| apart(*seed, None)).collect();
                let difference = means[better] - means[worse];
                let pairs = keys.len() * (keys.len() - 1) / 2;
                let level = 1.0 - (1.0 - study.options().level) / pairs as f64;
                let kept: Vec<usize> = (0..draws.resamples)
                    .filter(|resample| seeds.iter().all(|seed| apart(*seed, Some(*resample)).is_some()))
                    .collect();
                let resampled: Vec<Vec<f64>> = seeds
                    .iter()
                    .map(|seed| kept.iter().filter_map(|resample| apart(*seed, Some(*resample))).collect())
                    .collect();
                let interval = (seeds.len() >= SEEDS_FOR_VARIANCE)
                    .then(|| stats::components(&plain, &resampled, draws.units))
                    .flatten()
                    .map(|components| components.interval(difference, level));
                let name = |key: usize| keys[key].group.clone().unwrap_or_default();
                all.push(Fared {
                    from: *from,
                    to: *to,
                    attribute: attribute.clone(),
                    attack: attack.cloned(),
                    worse: name(worse),
                    better: name(better),
                    difference,
                    interval,
                });
            }
        }
    }
    all
}

/// The accuracy of every group with enough rows at all of `points`.
fn keys(study: &Study, points: &[usize], attribute: &str, attack: Option<&AttackKey>) -> Vec<MetricKey> {
    let id = if attack.is_some() { "robust_group_accuracy" } else { "group_accuracy" };
    let start = format!("{attribute}=");
    let has_rows = |point: &Point, key: &MetricKey| {
        point.measures.get(key).is_some_and(|measured| measured.estimate.n >= HEADLINE_ROWS)
    };
    let is_wanted = |key: &MetricKey| {
        key.id == id
            && key.attack.as_ref() == attack
            && key.group.as_deref().is_some_and(|group| group.starts_with(&start))
            && points.iter().all(|point| has_rows(&study.points[*point], key))
    };
    study.keys().into_iter().filter(is_wanted).collect()
}

/// Where the lowest and the highest stand; the first of equals, and two places in any case.
fn ends_of(values: &[f64]) -> (usize, usize) {
    let mut low = 0;
    for (at, value) in values.iter().enumerate() {
        if *value < values[low] {
            low = at;
        }
    }
    let mut high = usize::from(low == 0);
    for (at, value) in values.iter().enumerate() {
        if at != low && *value > values[high] {
            high = at;
        }
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_two_places_even_where_all_are_equal() {
        assert_eq!(ends_of(&[0.0, 0.0, 0.0]), (0, 1));
        assert_eq!(ends_of(&[0.3, -0.1, 0.2]), (1, 0));
        assert_eq!(ends_of(&[-0.1, 0.2, 0.3, 0.3]), (0, 2));
    }
}
