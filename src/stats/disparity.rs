//! How far apart groups are: intervals that are honest at 0, and what chance alone would show.
//!
//! A largest-minus-smallest rate is above 0 by chance alone, and the more so the more groups there are and the smaller they
//! are. So the interval is that of the signed differences of all pairs of groups, simultaneous over the pairs, folded at the end
//! (metrics sheet, 3.1); and what groups without any disparity would show stands beside it.

use super::discrete::{Hypergeometric, binomial};
use super::{mean, quantile};
use crate::numeric::normal_quantile;
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
    /// The smaller of their rates over the larger.
    Quotient,
}

impl Joined {
    pub(super) fn join(self, gaps: impl Iterator<Item = f64> + Clone) -> f64 {
        match self {
            Self::Largest => gaps.fold(0.0, f64::max),
            Self::Sum => gaps.sum(),
            Self::Mean => gaps.clone().sum::<f64>() / gaps.count().max(1) as f64,
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

/// A share and its variance after Agresti and Caffo 2000: one success and one failure more.
pub(super) fn moments(rate: Rate) -> (f64, f64) {
    let rows = rate.rows + 2.0;
    let share = (rate.hits + 1.0) / rows;
    (share, share * (1.0 - share) / rows)
}

/// All pairs of groups of each family that have rows.
pub(super) fn pairs(families: &[Vec<Rate>]) -> Vec<(usize, usize, usize)> {
    let mut all = Vec::new();
    for (f, family) in families.iter().enumerate() {
        let there: Vec<usize> = (0..family.len()).filter(|g| family[*g].rows > 0.0).collect();
        for (place, i) in there.iter().enumerate() {
            all.extend(there[place + 1..].iter().map(|j| (f, *i, *j)));
        }
    }
    all
}

/// `bounds` of the pairs' distances to those of the joined gaps; of quotients, whose smallest counts, to the smallest.
pub(super) fn of_pairs(
    families: usize,
    pairs: &[(usize, usize, usize)],
    bounds: &[(f64, f64)],
    (joined, scale): (Joined, Scale),
) -> (f64, f64) {
    if scale == Scale::Quotient {
        return bounds.iter().fold((1.0, 1.0), |(low, high), bound| (bound.0.min(low), bound.1.min(high)));
    }
    let of_family = |f: usize, side: fn(&(f64, f64)) -> f64| {
        let own = pairs.iter().zip(bounds).filter(|((of, ..), _)| *of == f);
        own.map(|(_, bound)| side(bound)).fold(0.0, f64::max)
    };
    let low = joined.join((0..families).map(|f| of_family(f, |bound| bound.0)));
    let high = joined.join((0..families).map(|f| of_family(f, |bound| bound.1)));
    (low, high)
}

/// A signed interval `center ± half` folded: it starts at 0 where it contains 0.
pub(super) fn folded((center, half): (f64, f64)) -> (f64, f64) {
    ((center.abs() - half).max(0.0), center.abs() + half)
}

/// One rate minus ρ times the other.
pub(super) struct Less<'a> {
    /// The difference at ρ.
    pub(super) center: &'a dyn Fn(f64) -> f64,
    /// Whether the test at ρ does not reject that it is 0: it lies within half the width of its interval.
    pub(super) accepts: &'a dyn Fn(f64) -> bool,
}

/// Which quotients, smaller over larger, the tests of a pair do not reject (Fieller 1954): `forward` is the first rate minus ρ times the second, `backward` the other way
/// round. At ρ = 1 it is the test of the difference, so that both agree on whether there is any.
pub(super) fn quotient(forward: &Less<'_>, backward: &Less<'_>) -> (f64, f64) {
    // From a quotient that is rejected to one that is not: the end between them.
    let end = |less: &Less<'_>, mut out: f64, mut inside: f64| {
        if (less.accepts)(out) {
            return out;
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (out + inside);
            if (less.accepts)(middle) { inside = middle } else { out = middle }
        }
        inside
    };
    let (smaller, larger) =
        if (forward.center)(1.0) <= 0.0 { (forward, backward) } else { (backward, forward) };
    if (smaller.accepts)(1.0) {
        return (end(smaller, 0.0, 1.0).min(end(larger, 0.0, 1.0)), 1.0);
    }
    let (at_0, at_1) = ((smaller.center)(0.0), (smaller.center)(1.0));
    let found = at_0 / (at_0 - at_1);
    (end(smaller, 0.0, found), end(smaller, 1.0, found))
}

/// As exact as a quotient between 0 and 1 is searched for: 2⁻⁴⁰.
const HALVINGS: usize = 40;

/// The interval of the first group's rate minus the second's, of one predictor (Agresti and Caffo 2000); the interval of the pair's [`gap`] is this one folded.
#[must_use]
pub fn signed_interval(first: Rate, second: Rate, level: f64) -> (f64, f64) {
    let (a, b) = (moments(first), moments(second));
    let half = normal_quantile(0.5 + 0.5 * level) * (a.1 + b.1).sqrt();
    (a.0 - b.0 - half, a.0 - b.0 + half)
}

/// The interval of a [`gap`] of one predictor at `level`, the rows of each group drawn on their own.
///
/// One pair of groups has the interval of Agresti and Caffo 2000. Several pairs have simultaneous intervals: half-widths are
/// the quantile, over `resamples` parametric draws within the groups, of the largest studentized deviation of any pair. A quotient's interval holds what the
/// same tests do not reject. `None` where no family has two groups with rows.
#[must_use]
pub fn stratified_interval(
    families: &[Vec<Rate>],
    (joined, scale): (Joined, Scale),
    level: f64,
    resamples: usize,
    stream: &mut Stream,
) -> Option<(f64, f64)> {
    let pairs = pairs(families);
    let all = |drawn: &[Vec<Rate>]| -> Vec<Vec<(f64, f64)>> {
        drawn.iter().map(|family| family.iter().map(|rate| moments(*rate)).collect()).collect()
    };
    // The first minus `times` the second, and its standard deviation.
    let differ =
        |a: (f64, f64), b: (f64, f64), times: f64| (a.0 - times * b.0, (a.1 + times * times * b.1).sqrt());
    let found = all(families);
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
                    let drawn = all(&drawn);
                    let deviation = |(f, i, j): &(usize, usize, usize)| {
                        let (center, _) = differ(found[*f][*i], found[*f][*j], 1.0);
                        let (there, sd) = differ(drawn[*f][*i], drawn[*f][*j], 1.0);
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
        .map(|(f, i, j)| {
            let (a, b) = (found[*f][*i], found[*f][*j]);
            let test = |a, b, times| {
                let (center, sd) = differ(a, b, times);
                (center, critical * sd)
            };
            match scale {
                Scale::Difference => folded(test(a, b, 1.0)),
                Scale::Quotient => {
                    let accepts = |(center, half): (f64, f64)| center.abs() <= half;
                    quotient(
                        &Less {
                            center: &|times| test(a, b, times).0,
                            accepts: &|times| accepts(test(a, b, times)),
                        },
                        &Less {
                            center: &|times| test(b, a, times).0,
                            accepts: &|times| accepts(test(b, a, times)),
                        },
                    )
                }
            }
        })
        .collect();
    Some(of_pairs(families.len(), &pairs, &bounds, (joined, scale)))
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
    Permuted::draw(families, draws, stream)?.joined(joined)
}

/// The gaps of permuted groups, before those of several families become one number.
#[derive(Debug, Clone, PartialEq)]
pub struct Permuted {
    /// The gap of each family as it is.
    found: Vec<f64>,
    /// The same of every permutation, one after the other.
    drawn: Vec<f64>,
}

impl Permuted {
    /// `draws` permutations within the rows of each family; `None` where the gap of one is undefined.
    #[must_use]
    pub fn draw(families: &[Vec<Rate>], draws: usize, stream: &mut Stream) -> Option<Self> {
        let each = |families: &[Vec<Rate>]| -> Option<Vec<f64>> {
            families.iter().map(|family| gap(std::slice::from_ref(family), Joined::Largest)).collect()
        };
        let found = each(families)?;
        let mut permuted = families.to_vec();
        // Each group is drawn from what those before it leave.
        let splits = |family: &Vec<Rate>| -> Vec<Hypergeometric> {
            let mut all: f64 = family.iter().map(|rate| rate.rows).sum();
            let one = |rate: &Rate| {
                let from = Hypergeometric::new(all, rate.rows);
                all -= rate.rows;
                from
            };
            family.iter().map(one).collect()
        };
        let mut splits: Vec<Vec<Hypergeometric>> = families.iter().map(splits).collect();
        let mut drawn = Vec::with_capacity(draws * families.len());
        for _ in 0..draws {
            for (family, splits) in permuted.iter_mut().zip(&mut splits) {
                let mut marked: f64 = family.iter().map(|rate| rate.hits).sum();
                for (rate, split) in family.iter_mut().zip(splits) {
                    rate.hits = split.draw(stream, marked);
                    marked -= rate.hits;
                }
            }
            drawn.extend(each(&permuted)?);
        }
        Some(Self { found, drawn })
    }

    /// What the families' gaps, `joined`, show by chance alone.
    #[must_use]
    pub fn joined(&self, joined: Joined) -> Option<Chance> {
        let found = joined.join(self.found.iter().copied());
        let families = self.found.len().max(1);
        let mut gaps: Vec<f64> =
            self.drawn.chunks(families).map(|gaps| joined.join(gaps.iter().copied())).collect();
        // Equal gaps of other counts may differ by rounding.
        let reached = gaps.iter().filter(|gap| **gap >= found - 1e-12).count();
        let draws = gaps.len();
        gaps.sort_by(f64::total_cmp);
        Some(Chance {
            expected: mean(&gaps)?,
            quantile_95: quantile(&gaps, 0.95)?,
            p_value: (1 + reached) as f64 / (1 + draws) as f64,
        })
    }
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
