//! The largest contribution to the hypervolume.

use super::{Knee, STRAIGHT, largest};
use crate::pareto::costs::Costs;
use crate::pareto::filter::{Ties, nondominated};
use crate::pareto::volume::{BUDGET, contributions};

/// The member without which most volume would be lost, among those that are not the best on any axis: what an end contributes depends on where the reference lies (Emmerich and Fonseca,
/// EMO 2011). The reference is the worst of the members on each axis; equal members count as one. `None` where that volume is below 0.01² of the axes, or for more axes than contributions are computed on.
#[must_use]
pub fn contribution(front: &Costs<'_>) -> Option<Knee> {
    if front.rows().flatten().any(|x| !x.is_finite()) {
        return None;
    }
    let extreme =
        |axis: usize, of: fn(f64, f64) -> f64, from: f64| front.rows().map(|row| row[axis]).fold(from, of);
    let worst: Vec<f64> = (0..front.axes()).map(|axis| extreme(axis, f64::max, f64::NEG_INFINITY)).collect();
    let best: Vec<f64> = (0..front.axes()).map(|axis| extreme(axis, f64::min, f64::INFINITY)).collect();
    if front.is_empty() {
        return None;
    }
    // Of equal rows each stands for the others, and alone adds nothing: they count as one, the first.
    let distinct = nondominated(front, Ties::First);
    let rows = front.select(&distinct);
    let own = contributions(&rows, &worst, BUDGET).ok()?;
    let is_inner = |row: &[f64]| row.iter().zip(&best).all(|(x, best)| x > best);
    let inner = rows.rows().zip(own).zip(distinct).filter(|((row, _), _)| is_inner(row));
    let least = (0..front.axes()).fold(1.0, |least, _| least * STRAIGHT);
    largest(inner.map(|((_, own), at)| (at, own))).filter(|knee| knee.size > least)
}
