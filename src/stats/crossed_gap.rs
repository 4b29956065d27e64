//! How far apart groups are over seeds and rows, crossed.
//!
//! What the interval is about is the distance between the groups' mean rates over the seeds.

use super::disparity::{Joined, Rate, Scale, folded, moments, of_pairs, pairs, quotient};
use super::{Components, components, mean, quantile, standard_deviation};
use crate::numeric::{normal_cdf, normal_quantile};

/// One group's rate at several seeds.
#[derive(Debug, Clone)]
pub struct SeededRate {
    /// Its value at each seed, on the rows as they are.
    pub plain: Vec<f64>,
    /// Its value at each seed on each resample of the rows; as many everywhere, not finite where the group has no rows.
    pub draws: Vec<Vec<f64>>,
    /// Rows that it rests on.
    pub rows: f64,
}

impl SeededRate {
    /// The mean over the seeds, as hits and rows.
    pub(super) fn rate(&self) -> Rate {
        Rate { hits: mean(&self.plain).unwrap_or(0.0) * self.rows, rows: self.rows }
    }

    /// Whether so few rows hit, or so few do not, that resamples know little of its spread.
    pub(super) fn is_of_few(&self) -> bool {
        let Rate { hits, rows } = self.rate();
        hits * (1.0 - hits / rows) < 5.0
    }
}

/// The components of `plain` over the resamples `kept`; where there are too few, of the seeds alone.
pub(super) fn of_kept(
    plain: &[f64],
    draw: impl Fn(usize, usize) -> f64,
    kept: &[usize],
    rows: usize,
) -> Option<Components> {
    let draws: Vec<Vec<f64>> = if kept.len() < 2 {
        vec![vec![0.0; 2]; plain.len()]
    } else {
        (0..plain.len()).map(|seed| kept.iter().map(|b| draw(seed, *b)).collect()).collect()
    };
    components(plain, &draws, rows)
}

/// Two groups, and the resamples in which both have rows.
struct Pair<'a> {
    a: &'a SeededRate,
    b: &'a SeededRate,
    kept: Vec<usize>,
}

impl<'a> Pair<'a> {
    fn new(a: &'a SeededRate, b: &'a SeededRate) -> Self {
        let resamples = a.draws.first().map_or(0, Vec::len);
        let is_there = |b_: &usize| {
            a.draws.iter().chain(&b.draws).all(|draws| draws.get(*b_).is_some_and(|draw| draw.is_finite()))
        };
        let kept = (0..resamples).filter(is_there).collect();
        Self { a, b, kept }
    }

    fn turned(&self) -> Self {
        Self { a: self.b, b: self.a, kept: self.kept.clone() }
    }

    /// The first minus `times` the second, with its components; where a rate rests on few hits the variance over rows is at least that of Agresti and Caffo.
    fn spread(&self, times: f64, rows: usize) -> Option<(f64, Components)> {
        let plain: Vec<f64> = self.a.plain.iter().zip(&self.b.plain).map(|(x, y)| x - times * y).collect();
        let draw = |seed: usize, b: usize| self.a.draws[seed][b] - times * self.b.draws[seed][b];
        let mut spread = of_kept(&plain, draw, &self.kept, rows)?;
        if self.a.is_of_few() || self.b.is_of_few() {
            let least = moments(self.a.rate()).1 + times * times * moments(self.b.rate()).1;
            let missing = (least - spread.row).max(0.0);
            spread.row += missing;
            spread.total += missing;
        }
        Some((mean(&plain)?, spread))
    }

    /// The first minus `times` the second, and the half-width of its interval at `level`.
    fn test(&self, times: f64, rows: usize, level: f64) -> (f64, f64) {
        let Some((center, spread)) = self.spread(times, rows) else { return (0.0, f64::INFINITY) };
        let (low, high) = spread.interval(0.0, level);
        (center, 0.5 * (high - low))
    }
}

/// The interval of the distance between groups over seeds and rows, crossed, at `level`: for every pair of groups the signed difference of their mean rates with its
/// variance components and Student's t, simultaneous over the pairs through the resamples, folded at the end; of quotients what the same tests do not reject.
///
/// `rows` is the number of rows of the split. A pair is judged by the resamples in which both of its groups have rows.
/// `None` with fewer than two groups or seeds.
#[must_use]
pub fn crossed_gap_interval(
    families: &[Vec<SeededRate>],
    (joined, scale): (Joined, Scale),
    rows: usize,
    level: f64,
) -> Option<(f64, f64)> {
    let rates: Vec<Vec<Rate>> =
        families.iter().map(|family| family.iter().map(SeededRate::rate).collect()).collect();
    let places = pairs(&rates);
    let seeds = families.iter().flatten().next()?.plain.len();
    if places.is_empty() || seeds < 2 || families.iter().any(|family| family.len() < 2) {
        return None;
    }
    let pairs: Vec<Pair<'_>> =
        places.iter().map(|(f, i, j)| Pair::new(&families[*f][*i], &families[*f][*j])).collect();
    let single = normal_quantile(0.5 + 0.5 * level);
    let critical = if pairs.len() == 1 { single } else { largest_deviation(&pairs, level)?.max(single) };
    // As wide as Student's t at the level that one pair would need.
    let of_one = 2.0 * normal_cdf(critical) - 1.0;
    let bound = |pair: &Pair<'_>| match scale {
        Scale::Difference => folded(pair.test(1.0, rows, of_one)),
        Scale::Quotient => {
            let turned = pair.turned();
            quotient(&|times| pair.test(times, rows, of_one), &|times| turned.test(times, rows, of_one))
        }
    };
    let bounds: Vec<(f64, f64)> = pairs.iter().map(bound).collect();
    Some(of_pairs(families.len(), &places, &bounds, (joined, scale)))
}

/// The quantile over resamples of the largest studentized deviation of any pair's difference, mean over seeds.
fn largest_deviation(pairs: &[Pair<'_>], level: f64) -> Option<f64> {
    let resamples = pairs.first()?.a.draws.first()?.len();
    let mut deviations = vec![0.0_f64; resamples];
    for Pair { a, b, kept } in pairs {
        let seeds = a.draws.len() as f64;
        let over_seeds: Vec<f64> = kept
            .iter()
            .map(|at| a.draws.iter().zip(&b.draws).map(|(a, b)| a[*at] - b[*at]).sum::<f64>() / seeds)
            .collect();
        let (Some(center), Some(sd)) = (mean(&over_seeds), standard_deviation(&over_seeds)) else { continue };
        if sd > 0.0 {
            for (at, x) in kept.iter().zip(&over_seeds) {
                deviations[*at] = deviations[*at].max((x - center).abs() / sd);
            }
        }
    }
    deviations.sort_by(f64::total_cmp);
    quantile(&deviations, level)
}

/// The interval of the first group's mean rate minus the second's over seeds and rows; that of the pair's distance is this one folded. `None` with fewer than two seeds.
#[must_use]
pub fn crossed_signed_interval(
    first: &SeededRate,
    second: &SeededRate,
    rows: usize,
    level: f64,
) -> Option<(f64, f64)> {
    if first.plain.len() < 2 {
        return None;
    }
    // The level that a single pair has above, to the bit.
    let of_one = 2.0 * normal_cdf(normal_quantile(0.5 + 0.5 * level)) - 1.0;
    let (center, half) = Pair::new(first, second).test(1.0, rows, of_one);
    Some((center - half, center + half))
}
