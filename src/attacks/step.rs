//! One step up a loss for a block of rows, and the way back into ball and window.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use super::{ThreatModel, first_not_finite};
use crate::measure::Norm;
use crate::models::{Block, LANES};
use crate::numeric::clip;
use crate::simd::vectorized;

/// One step up a loss whose gradient is `gradient`, in place, back into the ball and the window.
///
/// `L∞`: `x + step · sign(gradient)`, clipped. `L2`: `x + step · gradient / ‖gradient‖` over the mutable features,
/// scaled back to the ball, then clipped to the box (which only shortens a change, as the clean row lies inside).
/// Returns whether every gradient is finite in lanes with a row; rows with a zero gradient are flagged in `flat` (L2 only: they do not move).
pub(crate) fn step(
    threat: &ThreatModel,
    size: f32,
    gradient: &Block,
    field: &Field,
    x: &mut Block,
    flat: &mut [bool; LANES],
) -> bool {
    *flat = [false; LANES];
    let finite = vectorized(
        #[inline(always)]
        || match threat.norm() {
            Norm::Linf => step_linf(size, gradient, field, x),
            // No attack or defense that steps this way is let loose in L1 (see `Spec::check` and `Method::check`).
            Norm::L2 | Norm::L1 => step_l2(threat, size, gradient, field, x, flat),
        },
    );
    // What lanes without a row hold does not matter.
    finite || first_not_finite(gradient, x.rows()).is_none()
}

/// Clips the points to the windows.
pub(crate) fn confine(field: &Field, x: &mut Block) {
    vectorized(
        #[inline(always)]
        || {
            let windows = field.lo.data().iter().zip(field.hi.data());
            for (x, (lo, hi)) in x.data_mut().iter_mut().zip(windows) {
                *x = clip(*x, *lo, *hi);
            }
        },
    );
}

/// The clean rows of a block and the windows around them.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Clean rows.
    pub(crate) clean: Block,
    /// Smallest values allowed.
    pub(crate) lo: Block,
    /// Largest values allowed.
    pub(crate) hi: Block,
}

impl Field {
    pub(crate) fn new(features: usize) -> Self {
        Self { clean: Block::new(features), lo: Block::new(features), hi: Block::new(features) }
    }
}

/// Returns whether the whole gradient is finite.
#[inline(always)]
fn step_linf(size: f32, gradient: &Block, field: &Field, x: &mut Block) -> bool {
    let mut broken = 0;
    let windows = field.lo.data().iter().zip(field.hi.data());
    for ((x, g), (lo, hi)) in x.data_mut().iter_mut().zip(gradient.data()).zip(windows) {
        let bits = g.to_bits();
        broken |= u32::from(bits & 0x7f80_0000 == 0x7f80_0000);
        // sign(g) · size without a branch; 0 stays 0.
        let move_by = if *g == 0.0 { 0.0 } else { f32::from_bits(size.to_bits() | (bits & 0x8000_0000)) };
        *x = clip(*x + move_by, *lo, *hi);
    }
    broken == 0
}

#[inline(always)]
fn step_l2(
    threat: &ThreatModel,
    size: f32,
    gradient: &Block,
    field: &Field,
    x: &mut Block,
    flat: &mut [bool; LANES],
) -> bool {
    let rows = x.rows();
    let mut squares = [0.0_f64; LANES];
    for feature in (0..x.features()).filter(|feature| threat.mutable(*feature)) {
        for (sum, g) in squares.iter_mut().zip(gradient.feature(feature)) {
            *sum += f64::from(*g) * f64::from(*g);
        }
    }
    let mut factors = [0.0_f64; LANES];
    for lane in 0..rows {
        flat[lane] = squares[lane] <= 0.0;
        if !flat[lane] {
            factors[lane] = f64::from(size) / squares[lane].sqrt();
        }
    }
    let mut lengths = [0.0_f64; LANES];
    for feature in (0..x.features()).filter(|feature| threat.mutable(*feature)) {
        let clean = field.clean.feature(feature);
        let lanes = x.feature_mut(feature).iter_mut().zip(gradient.feature(feature)).zip(clean);
        for (((x, g), clean), (factor, length)) in lanes.zip(factors.iter().zip(&mut lengths)) {
            *x += (f64::from(*g) * factor) as f32;
            let change = f64::from(*x) - f64::from(*clean);
            *length += change * change;
        }
    }
    let radius = threat.safe_radius();
    let scales = lengths.map(|length| {
        let length = length.sqrt();
        if length > radius { (radius / length) as f32 } else { 1.0 }
    });
    for feature in 0..x.features() {
        let windows = field.lo.feature(feature).iter().zip(field.hi.feature(feature));
        let lanes = x.feature_mut(feature).iter_mut().zip(field.clean.feature(feature));
        for (((x, clean), (lo, hi)), scale) in lanes.zip(windows).zip(&scales) {
            let scaled = *clean + (*x - *clean) * scale;
            *x = clip(scaled, *lo, *hi);
        }
    }
    squares.iter().all(|sum| sum.is_finite())
}

/// The multipliers `μ ≤ 1` per row with which `clip(μ · change)` is the nearest point of the L2 ball of `radius` within the windows, in
/// the Euclidean sense.
///
/// The squared length grows with `μ` and is `S + μ² U`, with `S` of the features at their bounds and `U` of the others. From
/// the multiplier that ignores the bounds, solving for the length again and again rises to the root in finitely many passes and
/// never beyond it.
#[inline(always)]
pub(super) fn ball_multipliers(change: &Block, field: &Field, radius: f64) -> [f32; LANES] {
    /// Passes after which a multiplier that still moves in its last bits is taken as it is.
    const PASSES: u32 = 50;
    let mut multiplier = [0.0_f32; LANES];
    for pass in 0..PASSES {
        let (mut bound, mut free) = ([0.0_f64; LANES], [0.0_f64; LANES]);
        for feature in 0..change.features() {
            let (change, clean) = (change.lanes(feature), field.clean.lanes(feature));
            let (lo, hi) = (field.lo.lanes(feature), field.hi.lanes(feature));
            for lane in 0..LANES {
                let room = if change[lane] > 0.0 { hi[lane] - clean[lane] } else { clean[lane] - lo[lane] };
                let reach = if pass == 0 { 0.0 } else { multiplier[lane] * change[lane].abs() };
                let (room, whole) = (f64::from(room), f64::from(change[lane]));
                let open = f64::from(reach) < room;
                bound[lane] += if open { 0.0 } else { room * room };
                free[lane] += if open { whole * whole } else { 0.0 };
            }
        }
        let mut moved = false;
        for lane in 0..LANES {
            let left = radius * radius - bound[lane];
            let next = if free[lane] > 0.0 && left > 0.0 { (left / free[lane]).sqrt() } else { 1.0 };
            let next = if next < 1.0 { next as f32 } else { 1.0 };
            let rises = next > multiplier[lane];
            multiplier[lane] = if rises { next } else { multiplier[lane] };
            moved |= rises;
        }
        if !moved {
            break;
        }
    }
    multiplier
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Domain, Feature};

    fn feature(lower: f32, upper: f32, mutable: bool) -> Feature {
        let name = String::from("f");
        Feature { name, domain: Domain::Continuous, mutable, lower, upper, offset: 0.0, scale: 1.0 }
    }

    /// By hand: gradient (3, 4), step 1, radius 0.5 from the origin gives (0.3, 0.4); the box then caps the second at 0.25.
    #[test]
    fn an_l2_step_is_normalized_projected_and_clipped() {
        let features = [feature(-1.0, 1.0, true), feature(-1.0, 0.25, true), feature(-1.0, 1.0, false)];
        let threat = ThreatModel::new(Norm::L2, 0.5, &features);
        let mut field = Field::new(3);
        field.clean.gather([[0.0_f32; 3].as_slice(), [0.0; 3].as_slice()]);
        let Field { clean, lo, hi } = &mut field;
        threat.windows(clean, lo, hi);
        let (mut x, mut gradient, mut flat) = (field.clean.clone(), Block::new(3), [false; LANES]);
        gradient.gather([[3.0_f32, 4.0, 9.0].as_slice(), [0.0, 0.0, 1.0].as_slice()]);
        assert!(step(&threat, 1.0, &gradient, &field, &mut x, &mut flat));
        assert!(
            (x.get(0, 0) - 0.3).abs() < 1e-6 && (x.get(1, 0) - 0.25).abs() < 1e-7 && x.get(2, 0).abs() < 1e-9
        );
        assert!(!flat[0] && flat[1], "a gradient on immutable features alone is flat");
    }

    /// By hand: (3, 4) to radius 1 is (0.6, 0.8). With the second feature's room at 0.5 the first one gets √(1 − 0.25), a
    /// multiplier of √0.75 / 3. Inside the ball nothing is scaled.
    #[test]
    fn projections_into_ball_and_box_match_the_hand_worked_cases() {
        for (change, room, radius, expected) in [
            ([3.0_f32, 4.0], 9.0, 1.0, 0.2),
            ([3.0, 4.0], 0.5, 1.0, 0.75_f32.sqrt() / 3.0),
            ([0.3, -0.4], 9.0, 1.0, 1.0),
            ([3.0, 4.0], 0.5, 9.0, 1.0),
        ] {
            let (mut field, mut block) = (Field::new(2), Block::new(2));
            block.gather([change.as_slice()]);
            field.clean.gather([[0.0_f32; 2].as_slice()]);
            field.lo.gather([[-9.0_f32, -9.0].as_slice()]);
            field.hi.gather([[9.0, room].as_slice()]);
            let multiplier = ball_multipliers(&block, &field, radius)[0];
            assert!((multiplier - expected).abs() < 1e-6, "{change:?} {room}: {multiplier}");
        }
    }

    #[test]
    fn a_gradient_that_is_no_number_is_noticed() {
        for norm in [Norm::Linf, Norm::L2] {
            let threat = ThreatModel::new(norm, 0.5, &[feature(-1.0, 1.0, true)]);
            let (mut field, mut gradient) = (Field::new(1), Block::new(1));
            field.clean.gather([[0.0_f32].as_slice()]);
            let Field { clean, lo, hi } = &mut field;
            threat.windows(clean, lo, hi);
            let mut x = field.clean.clone();
            gradient.gather([[f32::NAN].as_slice()]);
            assert!(!step(&threat, 0.1, &gradient, &field, &mut x, &mut [false; LANES]));
        }
    }
}
