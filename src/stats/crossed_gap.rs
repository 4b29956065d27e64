//! How far apart groups are over seeds and rows, crossed.
//!
//! What the interval is about is the distance between the groups' mean rates over the seeds.

use super::crossed::Known;
use super::disparity::{Joined, Rate, Scale, folded, moments, of_pairs, pairs, quotient};
use super::{Components, components, mean, quantile, variance};
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

/// How much the seeds move the rates of a family apart, all pairs of its groups taken together, in multiples of what the groups' rows alone would.
///
/// The variance over seeds of a pair of rates has `seeds − 1` degrees of freedom, too few to tell it; that of all pairs has about as many times more as there are groups.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Alike {
    /// Variance over seeds per binomial variance (Agresti and Caffo's) of the two rates.
    ratio: f64,
    degrees: f64,
}

impl Alike {
    /// `None` with fewer than three groups: a single pair is all there is.
    fn of(family: &[SeededRate]) -> Option<Self> {
        if family.len() < 3 {
            return None;
        }
        let binomial: Vec<f64> = family.iter().map(|one| moments(one.rate()).1).collect();
        let (mut moved, mut expected) = (0.0, 0.0);
        for (i, a) in family.iter().enumerate() {
            for (j, b) in family.iter().enumerate().skip(i + 1) {
                let apart: Vec<f64> = a.plain.iter().zip(&b.plain).map(|(x, y)| x - y).collect();
                moved += variance(&apart)?;
                expected += binomial[i] + binomial[j];
            }
        }
        // Groups of very different variance count as fewer.
        let (sum, squares) = binomial.iter().fold((0.0, 0.0), |(sum, squares), v| (sum + v, squares + v * v));
        let groups = (sum * sum / squares - 1.0).max(1.0);
        Some(Self { ratio: moved / expected, degrees: groups * (family[0].plain.len() - 1) as f64 })
    }
}

/// Two groups, and the resamples in which both have rows.
struct Pair<'a> {
    a: &'a SeededRate,
    b: &'a SeededRate,
    kept: Vec<usize>,
    alike: Option<Alike>,
}

impl<'a> Pair<'a> {
    fn new(a: &'a SeededRate, b: &'a SeededRate, alike: Option<Alike>) -> Self {
        let resamples = a.draws.first().map_or(0, Vec::len);
        let is_there = |b_: &usize| {
            a.draws.iter().chain(&b.draws).all(|draws| draws.get(*b_).is_some_and(|draw| draw.is_finite()))
        };
        let kept = (0..resamples).filter(is_there).collect();
        Self { a, b, kept, alike }
    }

    fn turned(&self) -> Self {
        Self { a: self.b, b: self.a, kept: self.kept.clone(), alike: self.alike }
    }

    /// The variance of the first minus `times` the second as rates of one predictor, after Agresti and Caffo.
    fn binomial(&self, times: f64) -> f64 {
        moments(self.a.rate()).1 + times * times * moments(self.b.rate()).1
    }

    /// The least that the rows' part of that variance can be; 0 where resamples tell it.
    fn least(&self, times: f64) -> f64 {
        if self.is_of_few() { self.binomial(times) } else { 0.0 }
    }

    /// Whether the rates are too close to their ends for resamples to tell how they vary.
    fn is_of_few(&self) -> bool {
        self.a.is_of_few() || self.b.is_of_few()
    }

    /// The first minus `times` the second, with its components; where a rate rests on few hits the rates are Agresti and Caffo's, and the variance over rows at
    /// least theirs. That over seeds is never below what all pairs together say.
    fn spread(&self, times: f64, rows: usize) -> Option<(f64, Components)> {
        let plain: Vec<f64> = self.a.plain.iter().zip(&self.b.plain).map(|(x, y)| x - times * y).collect();
        let draw = |seed: usize, b: usize| self.a.draws[seed][b] - times * self.b.draws[seed][b];
        let spread = of_kept(&plain, draw, &self.kept, rows)?;
        let alike = self
            .alike
            .map(|alike| Known { variance: alike.ratio * self.binomial(times), degrees: alike.degrees });
        let spread = match (self.least(times), alike) {
            (least, None) if least <= spread.row => spread,
            (least, alike) => spread.at_least(least, alike, plain.len(), rows),
        };
        let center = if self.is_of_few() {
            moments(self.a.rate()).0 - times * moments(self.b.rate()).0
        } else {
            mean(&plain)?
        };
        Some((center, spread))
    }

    /// The first minus `times` the second, and the half-width of its interval at `level`.
    fn test(&self, times: f64, rows: usize, level: f64) -> (f64, f64) {
        let Some((center, spread)) = self.spread(times, rows) else { return (0.0, f64::INFINITY) };
        let (low, high) = spread.interval(0.0, level);
        (center, 0.5 * (high - low))
    }
}

/// The interval of the distance between groups over seeds and rows, crossed, at `level`: for every pair of groups the signed difference of their mean rates with its
/// variance components and Student's t, simultaneous over the pairs through the resamples (never wider than Bonferroni's), folded at the end; of quotients what the same
/// tests do not reject.
///
/// Where there are three groups or more, a pair's variance over the seeds is at least what all pairs together say, with the degrees of freedom of all, as Tukey's comparisons pool
/// theirs (Tukey 1953, The problem of multiple comparisons); here the pooled variance goes with each pair's binomial one, and is a floor.
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
    let alike: Vec<Option<Alike>> = families.iter().map(|family| Alike::of(family)).collect();
    let pairs: Vec<Pair<'_>> =
        places.iter().map(|(f, i, j)| Pair::new(&families[*f][*i], &families[*f][*j], alike[*f])).collect();
    let single = normal_quantile(0.5 + 0.5 * level);
    let bonferroni = normal_quantile(1.0 - 0.5 * (1.0 - level) / pairs.len() as f64);
    let critical =
        if pairs.len() == 1 { single } else { largest_deviation(&pairs, level)?.clamp(single, bonferroni) };
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

/// The quantile over resamples of the largest studentized deviation of any pair's difference, mean over seeds. A pair of few errors deviates by its floor: resamples of a handful of
/// errors are skewed, and would decide the quantile for all.
fn largest_deviation(pairs: &[Pair<'_>], level: f64) -> Option<f64> {
    let resamples = pairs.first()?.a.draws.first()?.len();
    let mut deviations = vec![0.0_f64; resamples];
    for pair in pairs {
        let Pair { a, b, kept, .. } = pair;
        let seeds = a.draws.len() as f64;
        let over_seeds: Vec<f64> = kept
            .iter()
            .map(|at| a.draws.iter().zip(&b.draws).map(|(a, b)| a[*at] - b[*at]).sum::<f64>() / seeds)
            .collect();
        let (Some(center), Some(found)) = (mean(&over_seeds), variance(&over_seeds)) else { continue };
        let sd = found.max(pair.least(1.0)).sqrt();
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
    let (center, half) = Pair::new(first, second, None).test(1.0, rows, of_one);
    Some((center - half, center + half))
}
