//! The nearest point of a plane within a box, for every row of a block at once.
//!
//! To reach `w · (x + δ) = w · x + gap` within rooms `c_i` (how far feature `i` can go in the direction that closes the gap) the shortest
//! change is `min(λ, c_i)` (L∞) or `min(λ |w_i|, c_i)` (L2) along that direction. What it closes,
//! `Σ |w_i| min(…)`, is concave and piecewise linear in `λ`, so Newton's method from 0 rises to the root in finitely many
//! passes and never beyond it: no sort, and vectors run over rows.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use crate::losses::PerLane;
use crate::measure::Norm;
use crate::models::{Block, LANES};

/// Passes after which a projection that still moves in its last bits is taken as it is.
const PASSES: u32 = 60;

/// Where a projection starts, and the box it ends in.
pub(super) struct Corner<'a> {
    pub(super) from: &'a Block,
    pub(super) lo: &'a Block,
    pub(super) hi: &'a Block,
    /// The plane's normal.
    pub(super) w: &'a Block,
}

/// The multiplier `λ` per row whose change closes `gap` (any sign); where the box ends first, one that uses up all rooms.
#[inline(always)]
pub(super) fn multipliers(corner: &Corner<'_>, norm: Norm, gap: &PerLane) -> PerLane {
    let need = gap.map(f32::abs);
    let mut lambda = [0.0_f32; LANES];
    for _ in 0..PASSES {
        // What λ closes already, and how fast a larger one would close more.
        let (mut closed, mut slope) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for feature in 0..corner.w.features() {
            let (w, from) = (corner.w.lanes(feature), corner.from.lanes(feature));
            let (lo, hi) = (corner.lo.lanes(feature), corner.hi.lanes(feature));
            for lane in 0..LANES {
                let (weight, room) = lever(w[lane], gap[lane], from[lane], lo[lane], hi[lane]);
                let reach = if norm == Norm::Linf { lambda[lane] } else { lambda[lane] * weight };
                let open = reach < room;
                let rate = if norm == Norm::Linf { weight } else { weight * weight };
                // Saturated features close a fixed part; the open ones' part grows with λ.
                closed[lane] += if open { 0.0 } else { weight * room };
                slope[lane] += if open { rate } else { 0.0 };
            }
        }
        let mut moved = false;
        for lane in 0..LANES {
            let next = if slope[lane] > 0.0 { (need[lane] - closed[lane]) / slope[lane] } else { f32::MAX };
            // Newton's steps rise up to rounding; one that does not has arrived.
            let rises = next > lambda[lane] && lambda[lane] < f32::MAX;
            lambda[lane] = if rises { next } else { lambda[lane] };
            moved |= rises;
        }
        if !moved {
            break;
        }
    }
    lambda
}

/// `|w|` and the room of one feature in the direction that closes the gap; nothing where the feature has no room.
#[inline(always)]
fn lever(w: f32, gap: f32, from: f32, lo: f32, hi: f32) -> (f32, f32) {
    let up = (w > 0.0) == (gap > 0.0);
    let room = if up { hi - from } else { from - lo };
    let room = if room > 0.0 { room } else { 0.0 };
    (w.abs(), room)
}

/// The change of one feature under multiplier `lambda`.
#[inline(always)]
pub(super) fn change(norm: Norm, lambda: f32, gap: f32, w: f32, from: f32, lo: f32, hi: f32) -> f32 {
    let (weight, room) = lever(w, gap, from, lo, hi);
    let reach = if norm == Norm::Linf { lambda } else { lambda * weight };
    let length = if weight == 0.0 {
        0.0
    } else if reach < room {
        reach
    } else {
        room
    };
    if (w > 0.0) == (gap > 0.0) { length } else { -length }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(numbers: &[f32]) -> Block {
        let mut block = Block::new(numbers.len());
        block.gather([numbers]);
        block
    }

    fn projected(norm: Norm, w: &[f32], from: &[f32], bounds: [&[f32]; 2], gap: f32) -> Vec<f32> {
        let (w_block, from_block) = (block(w), block(from));
        let (lo, hi) = (block(bounds[0]), block(bounds[1]));
        let corner = Corner { from: &from_block, lo: &lo, hi: &hi, w: &w_block };
        let lambda = multipliers(&corner, norm, &[gap; LANES])[0];
        (0..w.len()).map(|i| change(norm, lambda, gap, w[i], from[i], bounds[0][i], bounds[1][i])).collect()
    }

    /// By hand, from (0, 0) along w = (3, −4) with gap 7: L∞ 7/7 = 1 each; with the first feature held at 0.5 the other takes
    /// (7 − 1.5)/4. L2: λ = 7/25, so (0.84, −1.12); held at 0.5: λ = (7 − 1.5)/16, so −4 λ = −1.375. A negative gap turns the signs.
    #[test]
    fn projections_match_the_hand_worked_cases() {
        let (w, zero, wide) = ([3.0, -4.0], [0.0, 0.0], [[-9.0, -9.0], [9.0, 9.0]]);
        let tight = [[-9.0, -9.0], [0.5, 9.0]];
        for (norm, bounds, gap, expected) in [
            (Norm::Linf, wide, 7.0, [1.0, -1.0]),
            (Norm::Linf, wide, -7.0, [-1.0, 1.0]),
            (Norm::Linf, tight, 7.0, [0.5, -1.375]),
            (Norm::L2, wide, 7.0, [0.84, -1.12]),
            (Norm::L2, tight, 7.0, [0.5, -1.375]),
            (Norm::L2, wide, 0.0, [0.0, 0.0]),
            // Out of reach: everything is used up.
            (Norm::Linf, tight, 99.0, [0.5, -9.0]),
        ] {
            let got = projected(norm, &w, &zero, [&bounds[0], &bounds[1]], gap);
            assert!(
                got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-5),
                "{norm:?} {gap}: {got:?}"
            );
        }
    }

    /// Random planes in 40 dimensions: the gap is closed, and scaling the change down or the reach of any feature cannot be shorter, since
    /// every feature with room is at min(λ, c) or min(λ|w|, c): the closed form's condition of optimality.
    #[test]
    fn random_projections_close_their_gap_inside_the_box() {
        let mut stream = crate::seed::Seed(4).stream("planes");
        for norm in [Norm::Linf, Norm::L2] {
            for _ in 0..50 {
                let mut draw = |low: f32, high: f32| stream.uniform_in(low, high);
                let w: Vec<f32> = (0..40).map(|_| draw(-1.0, 1.0)).collect();
                let from: Vec<f32> = (0..40).map(|_| draw(0.0, 1.0)).collect();
                let gap = draw(-4.0, 4.0);
                let got = projected(norm, &w, &from, [&[0.0; 40], &[1.0; 40]], gap);
                let closed: f64 = w.iter().zip(&got).map(|(w, d)| f64::from(*w) * f64::from(*d)).sum();
                assert!((closed - f64::from(gap)).abs() < 1e-4, "{norm:?}: {closed} {gap}");
                assert!(from.iter().zip(&got).all(|(x, d)| (-1e-6..=1.0 + 1e-6).contains(&(x + d))));
            }
        }
    }
}
