//! Kneedle.

use super::{Knee, STRAIGHT, in_order, largest};
use crate::pareto::costs::Costs;

/// How far the curve must come back towards the chord for a knee to count, in mean steps of the first axis: the authors' choice for data that is complete.
const SENSITIVITY: f64 = 1.0;

/// The member at which the front, put into the unit square, lies farthest below the diagonal, among those places where it comes back to it by more than a mean step before it leaves again
/// (Satopää, Albrecht, Irwin and Raghavan, ICDCS Workshops 2011, without smoothing: a front is monotone). On two axes. `None` where there is none, or none farther than 0.01.
#[must_use]
pub fn kneedle(front: &Costs<'_>) -> Option<Knee> {
    let points = in_order(front)?;
    let ([left, top], [right, bottom]) = (points[0].1, points[points.len() - 1].1);
    if right <= left || top <= bottom {
        return None;
    }
    let below: Vec<f64> = points
        .iter()
        .map(|(_, [x, y])| 1.0 - (x - left) / (right - left) - (y - bottom) / (top - bottom))
        .collect();
    let step = SENSITIVITY / (points.len() - 1) as f64;
    let inner = 1..points.len() - 1;
    let is_peak = |at: usize| below[at] >= below[at - 1] && below[at] > below[at + 1];
    let comes_back = |at: usize| {
        let after = &below[at + 1..];
        let until = after.iter().position(|depth| *depth > below[at]).unwrap_or(after.len());
        after[..until].iter().any(|depth| *depth < below[at] - step)
    };
    let peaks = inner.filter(|at| is_peak(*at) && comes_back(*at));
    largest(peaks.map(|at| (points[at].0, below[at]))).filter(|knee| knee.size > STRAIGHT)
}
