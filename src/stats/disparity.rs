//! How far apart groups are: intervals that are honest at 0, and what chance alone would show.
//!
//! A largest-minus-smallest rate is above 0 by chance alone, and the more so the more groups there are and the smaller they
//! are. So the interval is that of the signed differences of all pairs of groups, simultaneous over the pairs, folded at the end
//! (metrics sheet, 3.1); and what groups without any disparity would show stands beside it.

use super::discrete::{binomial, hypergeometric};
use super::{Components, components, mean, quantile, standard_deviation};
use crate::numeric::{normal_cdf, normal_quantile};
use crate::seed::Stream;

/// A share of a group's rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Rows that count; 0 to `rows`.
    pub hits: f64,
    /// All rows.
    pub rows: f64,
}

/// How the gaps of several rates become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// The largest of them.
    Largest,
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
}

/// What is compared between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The difference of their rates.
    Difference,
    /// The quotient of their rates, as the difference of logarithms.
    Quotient,
}

impl Joined {
    fn join(self, gaps: impl Iterator<Item = f64> + Clone) -> f64 {
        match self {
            Self::Largest => gaps.fold(0.0, f64::max),
            Self::Sum => gaps.sum(),
            Self::Mean => gaps.clone().sum::<f64>() / gaps.count().max(1) as f64,
        }
    }
}

impl Scale {
    /// What is compared, and its variance: for differences after Agresti and Caffo 2000 (one success and one failure more in each
    /// group), for quotients after Walter 1975 (one half more).
    fn moments(self, rate: Rate) -> (f64, f64) {
        let Rate { hits, rows } = rate;
        match self {
            Self::Difference => {
                let share = (hits + 1.0) / (rows + 2.0);
                (share, share * (1.0 - share) / (rows + 2.0))
            }
            Self::Quotient => {
                let (hits, rows) = (hits + 0.5, rows + 0.5);
                (libm::log(hits / rows), 1.0 / hits - 1.0 / rows)
            }
        }
    }

    /// From a gap on this scale to what is reported: a difference as it is, a quotient smaller over larger.
    fn reported(self, (low, high): (f64, f64)) -> (f64, f64) {
        match self {
            Self::Difference => (low, high),
            Self::Quotient => (libm::exp(-high), libm::exp(-low)),
        }
    }
}

/// The gaps between the largest and the smallest rate of each family, joined; `None` where a family has fewer than two groups with rows.
#[must_use]
pub fn gap(families: &[Vec<Rate>], joined: Joined) -> Option<f64> {
    let mut gaps = Vec::with_capacity(families.len());
    for family in families {
        let shares = family.iter().filter(|rate| rate.rows > 0.0).map(|rate| rate.hits / rate.rows);
        let (low, high, n) = shares.fold((f64::INFINITY, f64::NEG_INFINITY, 0), |(low, high, n), x| {
            (low.min(x), high.max(x), n + 1)
        });
        if n < 2 {
            return None;
        }
        gaps.push(high - low);
    }
    Some(joined.join(gaps.into_iter()))
}

/// All pairs of groups of each family that have rows.
fn pairs(families: &[Vec<Rate>]) -> Vec<(usize, usize, usize)> {
    let mut all = Vec::new();
    for (f, family) in families.iter().enumerate() {
        let there: Vec<usize> = (0..family.len()).filter(|g| family[*g].rows > 0.0).collect();
        for (place, i) in there.iter().enumerate() {
            all.extend(there[place + 1..].iter().map(|j| (f, *i, *j)));
        }
    }
    all
}

/// `bounds` of the pairs' absolute differences to those of the joined gaps.
fn of_pairs(
    families: usize,
    pairs: &[(usize, usize, usize)],
    bounds: &[(f64, f64)],
    joined: Joined,
) -> (f64, f64) {
    let of_family = |f: usize, side: fn(&(f64, f64)) -> f64| {
        let own = pairs.iter().zip(bounds).filter(|((of, ..), _)| *of == f);
        own.map(|(_, bound)| side(bound)).fold(0.0, f64::max)
    };
    let low = joined.join((0..families).map(|f| of_family(f, |bound| bound.0)));
    let high = joined.join((0..families).map(|f| of_family(f, |bound| bound.1)));
    (low, high)
}

/// A signed interval `center ± half` folded: it starts at 0 where it contains 0.
fn folded(center: f64, half: f64) -> (f64, f64) {
    ((center.abs() - half).max(0.0), center.abs() + half)
}

/// The interval of a [`gap`] of one predictor at `level`, the rows of each group drawn on their own.
///
/// One pair of groups has the interval of Agresti and Caffo 2000 (Walter 1975 for a quotient). Several pairs have simultaneous intervals: half-widths are
/// the quantile, over `resamples` parametric draws within the groups, of the largest studentized deviation of any pair. `None` where
/// no family has two groups with rows.
#[must_use]
pub fn stratified_interval(
    families: &[Vec<Rate>],
    (joined, scale): (Joined, Scale),
    level: f64,
    resamples: usize,
    stream: &mut Stream,
) -> Option<(f64, f64)> {
    let pairs = pairs(families);
    let moments = |drawn: &[Vec<Rate>]| -> Vec<Vec<(f64, f64)>> {
        drawn.iter().map(|family| family.iter().map(|rate| scale.moments(*rate)).collect()).collect()
    };
    let differ = |moments: &[Vec<(f64, f64)>], (f, i, j): (usize, usize, usize)| {
        let (a, b) = (moments[f][i], moments[f][j]);
        (a.0 - b.0, (a.1 + b.1).sqrt())
    };
    let found = moments(families);
    let critical = match pairs.len() {
        0 => return None,
        1 => normal_quantile(0.5 + 0.5 * level),
        _ => {
            let mut drawn = families.to_vec();
            let mut largest: Vec<f64> = (0..resamples)
                .map(|_| {
                    for (drawn, family) in drawn.iter_mut().zip(families) {
                        for (drawn, rate) in drawn.iter_mut().zip(family) {
                            drawn.hits = binomial(stream, rate.rows, rate.hits / rate.rows.max(1.0));
                        }
                    }
                    let drawn = moments(&drawn);
                    let deviation = |pair: &(usize, usize, usize)| {
                        let (center, _) = differ(&found, *pair);
                        let (there, sd) = differ(&drawn, *pair);
                        (there - center).abs() / sd
                    };
                    pairs.iter().map(deviation).fold(0.0, f64::max)
                })
                .collect();
            largest.sort_by(f64::total_cmp);
            quantile(&largest, level)?.max(normal_quantile(0.5 + 0.5 * level))
        }
    };
    let bounds: Vec<(f64, f64)> = pairs
        .iter()
        .map(|pair| {
            let (center, sd) = differ(&found, *pair);
            folded(center, critical * sd)
        })
        .collect();
    Some(scale.reported(of_pairs(families.len(), &pairs, &bounds, joined)))
}

/// One group's rate at several seeds.
#[derive(Debug, Clone)]
pub struct SeededRate {
    /// Its value at each seed, on the rows as they are.
    pub plain: Vec<f64>,
    /// Its value at each seed on each resample of the rows; as many everywhere, all finite.
    pub draws: Vec<Vec<f64>>,
    /// Rows that it rests on.
    pub rows: f64,
}

/// The interval of a [`gap`] over seeds and rows, crossed, at `level`: for every pair of groups the signed difference with its variance
/// components and Student's t, simultaneous over the pairs through the resamples, folded at the end.
///
/// `rows` is the number of rows of the split. Where a rate rests on few hits the variance over rows is at least that of Agresti and Caffo.
/// `None` with fewer than two groups or seeds.
#[must_use]
pub fn crossed_gap_interval(
    families: &[Vec<SeededRate>],
    joined: Joined,
    rows: usize,
    level: f64,
) -> Option<(f64, f64)> {
    let there: Vec<Vec<Rate>> = families
        .iter()
        .map(|family| {
            let rate =
                |one: &SeededRate| Rate { hits: mean(&one.plain).unwrap_or(0.0) * one.rows, rows: one.rows };
            family.iter().map(rate).collect()
        })
        .collect();
    let pairs = pairs(&there);
    let mut spreads: Vec<(f64, Components)> = Vec::with_capacity(pairs.len());
    let mut deviations: Vec<f64> = Vec::new();
    for (f, i, j) in &pairs {
        let (a, b) = (&families[*f][*i], &families[*f][*j]);
        let minus = |x: &[f64], y: &[f64]| -> Vec<f64> { x.iter().zip(y).map(|(x, y)| x - y).collect() };
        let plain = minus(&a.plain, &b.plain);
        let draws: Vec<Vec<f64>> = a.draws.iter().zip(&b.draws).map(|(x, y)| minus(x, y)).collect();
        let mut spread = components(&plain, &draws, rows)?;
        let few = [there[*f][*i], there[*f][*j]];
        let is_few = |rate: &Rate| rate.hits * (1.0 - rate.hits / rate.rows) < 5.0;
        if few.iter().any(is_few) {
            let least: f64 = few.iter().map(|rate| Scale::Difference.moments(*rate).1).sum();
            let missing = (least - spread.row).max(0.0);
            spread.row += missing;
            spread.total += missing;
        }
        let seeds = draws.len() as f64;
        let over_seeds: Vec<f64> = (0..draws[0].len())
            .map(|b| draws.iter().map(|of_seed| of_seed[b]).sum::<f64>() / seeds)
            .collect();
        let (center, sd) = (mean(&over_seeds)?, standard_deviation(&over_seeds)?);
        if deviations.is_empty() {
            deviations = vec![0.0; over_seeds.len()];
        }
        for (largest, x) in deviations.iter_mut().zip(&over_seeds) {
            if sd > 0.0 {
                *largest = largest.max((x - center).abs() / sd);
            }
        }
        spreads.push((mean(&plain)?, spread));
    }
    let single = normal_quantile(0.5 + 0.5 * level);
    let critical = if pairs.len() == 1 {
        single
    } else {
        deviations.sort_by(f64::total_cmp);
        quantile(&deviations, level)?.max(single)
    };
    // As wide as Student's t at the level that one pair would need.
    let of_one = 2.0 * normal_cdf(critical) - 1.0;
    let bounds: Vec<(f64, f64)> = spreads
        .iter()
        .map(|(center, spread)| {
            let (low, high) = spread.interval(*center, of_one);
            folded(*center, 0.5 * (high - low))
        })
        .collect();
    (!pairs.is_empty()).then(|| of_pairs(families.len(), &pairs, &bounds, joined))
}

/// What groups without any disparity show: the gaps when the hits of each family fall on its rows at random, whichever their group.
#[derive(Debug, Clone, PartialEq)]
pub struct Chance {
    /// The mean gap.
    pub expected: f64,
    /// The gap that 95 % stay below.
    pub quantile_95: f64,
    /// How often at least the gap that was found came about: (1 + such draws) / (1 + draws).
    pub p_value: f64,
}

/// Permutes the groups of the rows `draws` times (within the rows of each family: of the positives for true positive rates) and looks at the [`gap`].
///
/// Only the counts matter, so the permutations are drawn as hypergeometric splits. `None` where the gap is undefined.
#[must_use]
pub fn chance(families: &[Vec<Rate>], joined: Joined, draws: usize, stream: &mut Stream) -> Option<Chance> {
    let found = gap(families, joined)?;
    let mut permuted = families.to_vec();
    let mut gaps: Vec<f64> = (0..draws)
        .map(|_| {
            for family in &mut permuted {
                let mut all: f64 = family.iter().map(|rate| rate.rows).sum();
                let mut marked: f64 = family.iter().map(|rate| rate.hits).sum();
                for rate in family.iter_mut() {
                    rate.hits = hypergeometric(stream, all, marked, rate.rows);
                    all -= rate.rows;
                    marked -= rate.hits;
                }
            }
            gap(&permuted, joined).unwrap_or(0.0)
        })
        .collect();
    // Equal gaps of other counts may differ by rounding.
    let reached = gaps.iter().filter(|gap| **gap >= found - 1e-12).count();
    gaps.sort_by(f64::total_cmp);
    Some(Chance {
        expected: mean(&gaps)?,
        quantile_95: quantile(&gaps, 0.95)?,
        p_value: (1 + reached) as f64 / (1 + draws) as f64,
    })
}

/// Rows that each of two groups needs so that rates `a` and `b` are told apart at a two-sided 5 % level in 4 of 5 samples; infinite where they are equal.
///
/// The normal approximation with pooled variance under the null (Fleiss, Levin and Paik 2003, 4.14).
#[must_use]
pub fn rows_to_see(a: f64, b: f64) -> f64 {
    let pooled = 0.5 * (a + b);
    let null = normal_quantile(0.975) * (2.0 * pooled * (1.0 - pooled)).sqrt();
    let other = normal_quantile(0.8) * (a * (1.0 - a) + b * (1.0 - b)).sqrt();
    let rows = (null + other) / (a - b);
    (rows * rows).ceil()
}
