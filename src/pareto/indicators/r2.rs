//! What a user with unknown weights has to expect.

use super::check_finite;
use crate::error::{Error, Result};
use crate::pareto::costs::Costs;
use crate::pareto::filter::{self, Ties, steps};
use crate::pareto::sum::Sum;

/// Weights of the discrete R2 where nobody says how many, at most.
const WEIGHTS: f64 = 1000.0;

/// R2 in any number of axes: exact on two, on more over at most 1,000 evenly spread weights.
///
/// # Errors
///
/// As [`r2_exact`] but for the axes.
pub fn r2(costs: &Costs<'_>, utopian: &[f64]) -> Result<f64> {
    if costs.axes() == 2 {
        return r2_exact(costs, utopian);
    }
    let mut divisions = 1;
    while weightings(costs.axes(), divisions + 1) <= WEIGHTS {
        divisions += 1;
    }
    r2_discrete(costs, utopian, divisions)
}

/// The number of weights that are multiples of 1 / `divisions` and sum to 1.
fn weightings(axes: usize, divisions: usize) -> f64 {
    (1..axes).fold(1.0, |count, axis| count * (divisions + axis) as f64 / axis as f64)
}

/// The mean over all weights w in [0, 1] of the least max(w (a₁ − u₁), (1 − w) (a₂ − u₂)), `utopian` being u: exact, as the least is made of pieces that are linear in w
/// (Schäpermeier and Kerschke, PPSN 2024). `O(n log n)`.
///
/// # Errors
///
/// Other than two axes, an empty set, an infinite cost, a point better than `utopian` on an axis.
pub fn r2_exact(costs: &Costs<'_>, utopian: &[f64]) -> Result<f64> {
    if costs.axes() != 2 {
        return Err(Error::input(format!("the exact R2 is of two axes, not {}", costs.axes()))
            .help("take the discrete one"));
    }
    check(costs, utopian)?;
    let front: Vec<[f64; 2]> =
        steps(costs.arrays()).into_iter().map(|[x, y]| [x - utopian[0], y - utopian[1]]).collect();
    let share = |y: f64, x: f64| if x + y > 0.0 { y / (x + y) } else { 0.5 };
    let mut sum = Sum::default();
    for (at, [x, y]) in front.iter().enumerate() {
        // Up to its own weight a point costs (1 − w) y, from there w x; it is the best between where it meets its neighbors.
        let own = share(*y, *x);
        let from = front.get(at + 1).map_or(0.0, |next| share(*y, next[0]));
        let to = if at > 0 { share(front[at - 1][1], *x) } else { 1.0 };
        sum.add(y * (own - from) * (1.0 - 0.5 * (own + from)));
        sum.add(x * 0.5 * (to - own) * (to + own));
    }
    Ok(sum.total())
}

/// The same as a mean over the weights that are multiples of 1 / `divisions` and sum to 1, in any number of axes (Hansen and Jaszkiewicz 1998; Brockhoff, Wagner and Trautmann, GECCO 2012).
///
/// # Errors
///
/// As [`r2_exact`] but for the axes; more than ten million weights.
pub fn r2_discrete(costs: &Costs<'_>, utopian: &[f64], divisions: usize) -> Result<f64> {
    check(costs, utopian)?;
    let axes = costs.axes();
    let divisions = divisions.max(1);
    let count = weightings(axes, divisions);
    if count > 1e7 {
        return Err(Error::input(format!("{divisions} divisions of {axes} weights make {count:.0} weights"))
            .help("take fewer divisions"));
    }
    let front = costs.select(&filter::nondominated(costs, Ties::First));
    let mut weights = vec![0; axes];
    let mut sum = Sum::default();
    let mut seen = 0;
    let mut visit = |weights: &[usize]| {
        let worst = |row: &[f64]| {
            let parts = row.iter().zip(utopian).zip(weights);
            parts.map(|((x, u), w)| (x - u) * *w as f64 / divisions as f64).fold(0.0, f64::max)
        };
        sum.add(front.rows().map(worst).fold(f64::INFINITY, f64::min));
        seen += 1;
    };
    each_weighting(&mut weights, 0, divisions, &mut visit);
    Ok(sum.total() / f64::from(seen))
}

/// All ways to distribute `left` over the weights from place `at` on.
fn each_weighting(weights: &mut [usize], at: usize, left: usize, visit: &mut impl FnMut(&[usize])) {
    if at + 1 == weights.len() {
        weights[at] = left;
        return visit(weights);
    }
    for own in 0..=left {
        weights[at] = own;
        each_weighting(weights, at + 1, left - own, visit);
    }
}

fn check(costs: &Costs<'_>, utopian: &[f64]) -> Result<()> {
    costs.check_reference(utopian)?;
    check_finite(costs, "set")?;
    let better = |row: &[f64]| row.iter().zip(utopian).any(|(x, u)| x < u);
    match costs.rows().position(better) {
        Some(at) => Err(Error::input(format!("row {at} is better than the utopian point on an axis"))
            .help("name a point that nothing is better than")),
        None => Ok(()),
    }
}
