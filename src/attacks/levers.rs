//! The nearest point at which a linear model's margin falls, in closed form: for the exact attack and the exact certificate.
//!
//! A row falls iff some rival's margin `z_y − z_j`, an affine function of the input, reaches 0 inside ball, box and mask.
//! With `w = W_y − W_j` and `c_i` the room that feature `i` has in the direction that lowers the margin, the change
//! `min(λ, c_i)` (L∞) or `min(λ |w_i|, c_i)` (L2) along `−sign w_i` is optimal for every `λ`, and the margin is piecewise linear
//! in `λ` between the points where features meet their bounds. In L1 the heaviest feature goes first, as far as it has room.

use super::ThreatModel;
use crate::measure::Norm;

/// One feature's part in lowering a margin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lever {
    pub(super) feature: usize,
    /// `|w|`, above 0.
    pub(super) weight: f64,
    /// How far the feature can go, above 0; may be infinite.
    pub(super) room: f64,
    /// −1 or 1.
    pub(super) direction: f64,
    /// The λ at which the room is used up; in L1, where the heaviest levers go first, what sorts them so.
    pub(super) full: f64,
}

/// Fills `levers` with the features that can lower the margin `bias + weights · x`, sorted by the λ at which they are used up (L1: by falling
/// weight), and returns the margin at the clean row.
pub(crate) fn find_levers(
    weights: impl Iterator<Item = f64>,
    bias: f64,
    clean: &[f32],
    threat: &ThreatModel,
    levers: &mut Vec<Lever>,
) -> f64 {
    levers.clear();
    let mut margin = bias;
    for (feature, weight) in weights.enumerate() {
        let x = f64::from(clean[feature]);
        margin += weight * x;
        let direction = if weight > 0.0 { -1.0 } else { 1.0 };
        let (lower, upper) = threat.bounds(feature, clean[feature]);
        let room = if direction > 0.0 { f64::from(upper) - x } else { x - f64::from(lower) };
        let weight = weight.abs();
        if weight > 0.0 && room > 0.0 {
            let full = match threat.norm() {
                Norm::Linf => room,
                Norm::L2 => room / weight,
                Norm::L1 => -weight,
            };
            levers.push(Lever { feature, weight, room, direction, full });
        }
    }
    levers.sort_by(|a, b| a.full.total_cmp(&b.full));
    margin
}

/// The distance at which a margin reaches 0, infinite where it cannot.
pub(crate) fn critical_distance(margin: f64, norm: Norm, levers: &[Lever]) -> f64 {
    if margin <= 0.0 {
        return 0.0;
    }
    if norm == Norm::L1 {
        return sparse_distance(margin, levers);
    }
    // Beyond `passed` levers, all used up: what they lowered the margin by, and their squared length.
    let (mut lowered, mut squares) = (0.0, 0.0);
    let slope = |lever: &Lever| match norm {
        Norm::Linf => lever.weight,
        Norm::L2 | Norm::L1 => lever.weight * lever.weight,
    };
    let slopes = suffix_sums(levers, slope);
    for (passed, lever) in levers.iter().enumerate() {
        let lambda = (margin - lowered) / slopes[passed];
        if lambda <= lever.full {
            return match norm {
                Norm::Linf => lambda,
                Norm::L2 | Norm::L1 => (squares + lambda * lambda * slopes[passed]).sqrt(),
            };
        }
        lowered += lever.weight * lever.room;
        squares += lever.room * lever.room;
    }
    f64::INFINITY
}

/// In L1: every lever is used up before the next one is touched.
fn sparse_distance(margin: f64, levers: &[Lever]) -> f64 {
    let (mut left, mut moved) = (margin, 0.0);
    for lever in levers {
        if lever.weight * lever.room >= left {
            return moved + left / lever.weight;
        }
        left -= lever.weight * lever.room;
        moved += lever.room;
    }
    f64::INFINITY
}

/// `sums[i]` is the sum over levers `i..`, added from the far end so that no cancellation occurs.
pub(super) fn suffix_sums(levers: &[Lever], term: impl Fn(&Lever) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; levers.len()];
    let mut sum = 0.0;
    for (slot, lever) in sums.iter_mut().zip(levers).rev() {
        sum += term(lever);
        *slot = sum;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lever(feature: usize, weight: f64, room: f64, norm: Norm) -> Lever {
        let full = match norm {
            Norm::Linf => room,
            Norm::L2 => room / weight,
            Norm::L1 => -weight,
        };
        Lever { feature, weight, room, direction: 1.0, full }
    }

    /// By hand: weights 3 and 4. Free: margin 1 falls at 1/7 (L∞) and 1/5 (L2).
    /// With the first feature allowed 0.1 only: L∞ (1 − 0.3)/4 = 0.175; L2: λ = 0.7/16, length √(0.1² + 0.175²).
    #[test]
    fn critical_distances_match_the_closed_forms() {
        for (norm, free, bounded) in
            [(Norm::Linf, 1.0 / 7.0, 0.175), (Norm::L2, 0.2, (0.01_f64 + 0.030_625).sqrt())]
        {
            let levers = [lever(0, 3.0, f64::INFINITY, norm), lever(1, 4.0, f64::INFINITY, norm)];
            assert!((critical_distance(1.0, norm, &levers) - free).abs() < 1e-12);
            let levers = [lever(0, 3.0, 0.1, norm), lever(1, 4.0, f64::INFINITY, norm)];
            assert!((critical_distance(1.0, norm, &levers) - bounded).abs() < 1e-12);
            let levers = [lever(0, 3.0, 0.1, norm), lever(1, 4.0, 0.1, norm)];
            assert!(critical_distance(1.0, norm, &levers).is_infinite());
        }
    }

    /// By hand: weights 3 and 4, margin 1. Free, the second feature alone moves, by 1/4; with 0.1 of room it takes 0.4 off, and the first one 0.6.
    #[test]
    fn in_l1_the_heaviest_feature_goes_first() {
        let lever = |weight, room| lever(0, weight, room, Norm::L1);
        let free = [lever(4.0, f64::INFINITY), lever(3.0, f64::INFINITY)];
        assert!((critical_distance(1.0, Norm::L1, &free) - 0.25).abs() < 1e-12);
        let bounded = [lever(4.0, 0.1), lever(3.0, f64::INFINITY)];
        assert!((critical_distance(1.0, Norm::L1, &bounded) - 0.3).abs() < 1e-12);
        assert!(critical_distance(1.0, Norm::L1, &[lever(4.0, 0.1), lever(3.0, 0.1)]).is_infinite());
    }
}
