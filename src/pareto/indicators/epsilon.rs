//! By how much a set must be improved to cover another.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use super::check_pair;
use super::nearest::{Distance, nearest};
use crate::error::{Error, Result};
use crate::measure::Direction;
use crate::pareto::costs::Costs;
use crate::pareto::filter::{steps, without_dominated};
use crate::pareto::tree::Tree;
use crate::simd::vectorized;

/// The least ε such that every point of `against` has one of `of` that is at most ε worse on any axis: max over r of min over a of max over j of aⱼ − rⱼ. By how much all costs of `of` must fall to cover
/// `against`; negative where they may rise (Zitzler et al., *TEVC* 7(2), 2003).
///
/// Two axes: both fronts side by side, `O((n + m) log (n + m))`. More: each point of `against` asks a k-d tree whether somebody is near enough not to
/// raise the maximum.
///
/// # Errors
///
/// Sets on different axes, an empty one, an infinite cost.
pub fn additive_epsilon(of: &Costs<'_>, against: &Costs<'_>) -> Result<f64> {
    check_pair(of, against)?;
    Ok(largest(of, against, |a, r| a - r, f64::NEG_INFINITY))
}

/// The least factor that all costs of `of` may be divided by so as to cover `against`: max over r of min over a of max over j of aⱼ / rⱼ (Zitzler et al., *TEVC* 7(2), 2003).
///
/// # Errors
///
/// As [`additive_epsilon`], and a cost that is not above 0.
pub fn multiplicative_epsilon(of: &Costs<'_>, against: &Costs<'_>) -> Result<f64> {
    check_pair(of, against)?;
    for (costs, which) in [(of, "set"), (against, "reference set")] {
        if let Some(at) = costs.rows().position(|row| row.iter().any(|x| *x <= 0.0)) {
            return Err(Error::input(format!("row {at} of the {which} has a cost that is not above 0"))
                .help("a factor needs positive costs: take the additive epsilon"));
        }
    }
    Ok(largest(of, against, |a, r| a / r, 0.0))
}

/// Costs whose ratios are those of the values that they stand for: where less is better the values, where more is better their inverses. So an axis on which more is better has a multiplicative
/// epsilon, too: the least factor by which all those values may be multiplied, and all others divided, so as to cover a set.
///
/// `costs` are values of which those to be maximized have their signs turned, as [`Costs::of`] does.
///
/// # Errors
///
/// Directions of other axes, a value that is not above 0, or whose inverse is beyond the range of numbers.
pub fn ratios(costs: &Costs<'_>, directions: &[Direction]) -> Result<Costs<'static>> {
    if directions.len() != costs.axes() {
        return Err(Error::input(format!("{} directions for {} axes", directions.len(), costs.axes())));
    }
    let mut found = Vec::with_capacity(costs.len() * costs.axes());
    for row in costs.rows() {
        for (cost, direction) in row.iter().zip(directions) {
            let value = direction.as_cost(*cost);
            let ratio = match direction {
                Direction::Lower => value,
                Direction::Higher => 1.0 / value,
            };
            if !(value > 0.0 && ratio > 0.0 && ratio.is_finite()) {
                return Err(Error::input(format!(
                    "a value of {value} has no factor: that takes values above 0"
                ))
                .help("take the additive epsilon"));
            }
            found.push(ratio);
        }
    }
    Costs::new(found, costs.axes())
}

/// `excess` rises with its first argument and falls with its second.
fn largest(of: &Costs<'_>, against: &Costs<'_>, excess: impl Fn(f64, f64) -> f64 + Copy, least: f64) -> f64 {
    match of.axes() {
        1 => {
            let least = |costs: &Costs<'_>| costs.rows().map(|row| row[0]).fold(f64::INFINITY, f64::min);
            excess(least(of), least(against))
        }
        2 => plane(&steps(of.arrays()), &steps(against.arrays()), excess),
        3 => space::<3>(of.arrays(), against.arrays(), excess, least),
        4 => space::<4>(of.arrays(), against.arrays(), excess, least),
        5 => space::<5>(of.arrays(), against.arrays(), excess, least),
        6 => space::<6>(of.arrays(), against.arrays(), excess, least),
        _ => {
            let worst = |a: &[f64], r: &[f64]| {
                a.iter().zip(r).map(|(a, r)| excess(*a, *r)).fold(f64::NEG_INFINITY, f64::max)
            };
            let nearest = |r| of.rows().map(|a| worst(a, r)).fold(f64::INFINITY, f64::min);
            against.rows().map(nearest).fold(least, f64::max)
        }
    }
}

/// Along a front the excess of the first axis rises and that of the second falls, so the best point is where they cross; the next point of the other front has it
/// nearby.
fn plane(of: &[[f64; 2]], against: &[[f64; 2]], excess: impl Fn(f64, f64) -> f64) -> f64 {
    let mut worst = f64::NEG_INFINITY;
    let mut at = 0;
    for r in against {
        let crossed = |a: &[f64; 2]| excess(a[0], r[0]) >= excess(a[1], r[1]);
        while at < of.len() && !crossed(&of[at]) {
            at += 1;
        }
        while at > 0 && crossed(&of[at - 1]) {
            at -= 1;
        }
        let of_first = of.get(at).map_or(f64::INFINITY, |a| excess(a[0], r[0]));
        let of_second = if at > 0 { excess(of[at - 1][1], r[1]) } else { f64::INFINITY };
        worst = worst.max(of_first.min(of_second));
    }
    worst
}

struct Excess<'a, const D: usize, F> {
    of: F,
    from: &'a [f64; D],
}

impl<const D: usize, F: Fn(f64, f64) -> f64> Distance<D> for Excess<'_, D, F> {
    #[inline(always)]
    fn part(&self, axis: usize, x: f64) -> f64 {
        (self.of)(x, self.from[axis])
    }

    #[inline(always)]
    fn with(a: f64, b: f64) -> f64 {
        if a > b { a } else { b }
    }
}

fn space<const D: usize>(
    of: &[[f64; D]],
    against: &[[f64; D]],
    excess: impl Fn(f64, f64) -> f64 + Copy,
    least: f64,
) -> f64 {
    // Dominated points are never the nearest, nor the farthest to come to.
    let (of, against) = (without_dominated(of), without_dominated(against));
    let tree = Tree::new(of.iter().copied(), true);
    let mut pending = Vec::with_capacity(64);
    vectorized(
        #[inline(always)]
        || {
            let far =
                |worst, from: &[f64; D]| nearest(&tree, &Excess { of: excess, from }, worst, &mut pending);
            against.iter().fold(least, far)
        },
    )
}
