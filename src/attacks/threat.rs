//! What an evasion adversary may do to a row: a ball around it, cut by a box and by a mask of mutable features.

use crate::data::Feature;
use crate::measure::Norm;
use crate::models::{Block, LANES};
use crate::seed::Stream;

/// A ball of radius `epsilon` around every row, in model input space, cut by each feature's bounds and restricted to mutable features.
///
/// A row that lies outside the box already may stay where it is, but is never taken further out.
#[derive(Debug, Clone, PartialEq)]
pub struct ThreatModel {
    norm: Norm,
    epsilon: f64,
    lower: Vec<f32>,
    upper: Vec<f32>,
    mutable: Vec<bool>,
}

impl ThreatModel {
    /// The adversary of radius `epsilon` (finite, at least 0) whom the `features` allow.
    #[must_use]
    pub fn new(norm: Norm, epsilon: f64, features: &[Feature]) -> Self {
        assert!(epsilon.is_finite() && epsilon >= 0.0, "a radius is finite and at least 0, got {epsilon}");
        Self {
            norm,
            epsilon,
            lower: features.iter().map(|feature| feature.lower).collect(),
            upper: features.iter().map(|feature| feature.upper).collect(),
            mutable: features.iter().map(|feature| feature.mutable).collect(),
        }
    }

    /// Changes the radius (finite, at least 0) in place.
    pub fn set_epsilon(&mut self, epsilon: f64) {
        assert!(epsilon.is_finite() && epsilon >= 0.0, "a radius is finite and at least 0, got {epsilon}");
        self.epsilon = epsilon;
    }

    /// How distance is measured.
    #[must_use]
    pub fn norm(&self) -> Norm {
        self.norm
    }

    /// The radius.
    #[must_use]
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Numbers per row.
    #[must_use]
    pub fn features(&self) -> usize {
        self.mutable.len()
    }

    /// The values feature number `feature` may take when it is `x` on the clean row: box and mask, and for L∞ the ball.
    ///
    /// Always contains `x`; `hi − x` and `x − lo` never exceed the radius in exact arithmetic.
    #[must_use]
    pub fn window(&self, feature: usize, x: f32) -> (f32, f32) {
        if !self.mutable[feature] {
            return (x, x);
        }
        let (lower, upper) = (self.lower[feature], self.upper[feature]);
        match self.norm {
            Norm::Linf => linf_window(x, self.epsilon as f32, lower, upper),
            Norm::L2 => (lower.min(x), upper.max(x)),
        }
    }

    /// The values the box and the mask alone allow feature number `feature` when it is `x` on the clean row; contains `x`.
    #[must_use]
    pub fn bounds(&self, feature: usize, x: f32) -> (f32, f32) {
        if self.mutable[feature] { (self.lower[feature].min(x), self.upper[feature].max(x)) } else { (x, x) }
    }

    /// [`window`](Self::window) for every number of a block of clean rows.
    pub fn windows(&self, clean: &Block, lo: &mut Block, hi: &mut Block) {
        let epsilon = self.epsilon as f32;
        lo.set_rows(clean.rows());
        hi.set_rows(clean.rows());
        for feature in 0..self.features() {
            let (lower, upper) = (self.lower[feature], self.upper[feature]);
            let (x, lo, hi) = (clean.feature(feature), lo.feature_mut(feature), hi.feature_mut(feature));
            if !self.mutable[feature] {
                lo.copy_from_slice(x);
                hi.copy_from_slice(x);
                continue;
            }
            match self.norm {
                Norm::Linf => {
                    for ((x, lo), hi) in x.iter().zip(lo).zip(hi) {
                        (*lo, *hi) = linf_window(*x, epsilon, lower, upper);
                    }
                }
                Norm::L2 => {
                    for ((x, lo), hi) in x.iter().zip(lo).zip(hi) {
                        (*lo, *hi) = (lower.min(*x), upper.max(*x));
                    }
                }
            }
        }
    }

    /// Draws a start for one row: uniform in the ball over the mutable features, then clipped to the box.
    ///
    /// `clean` and `start` have one number per feature. The number of draws depends on the threat model alone.
    pub fn draw_start(&self, clean: &[f32], stream: &mut Stream, start: &mut [f32]) {
        let epsilon = self.epsilon as f32;
        match self.norm {
            Norm::Linf => {
                for (feature, (start, &x)) in start.iter_mut().zip(clean).enumerate() {
                    let (lo, hi) = self.window(feature, x);
                    let draw = if self.mutable[feature] { stream.uniform_in(-epsilon, epsilon) } else { 0.0 };
                    *start = (x + draw).clamp(lo, hi);
                }
            }
            Norm::L2 => {
                let (mut dimensions, mut length) = (0_u32, 0.0_f64);
                for (start, mutable) in start.iter_mut().zip(&self.mutable) {
                    let draw = if *mutable { stream.normal() } else { 0.0 };
                    *start = draw as f32;
                    length += draw * draw;
                    dimensions += u32::from(*mutable);
                }
                let share = libm::pow(stream.uniform_f64(), 1.0 / f64::from(dimensions.max(1)));
                let radius = self.safe_radius() * share / length.sqrt().max(f64::MIN_POSITIVE);
                for (feature, (start, &x)) in start.iter_mut().zip(clean).enumerate() {
                    let (lo, hi) = self.window(feature, x);
                    *start = (x + (f64::from(*start) * radius) as f32).clamp(lo, hi);
                }
            }
        }
    }

    /// The L2 radius that points are scaled to: a millionth below the true one, so that rounding to `f32` does not lead outside.
    pub(crate) fn safe_radius(&self) -> f64 {
        self.epsilon * (1.0 - 1e-6)
    }

    /// Distance between two rows in the norm, in `f64`.
    #[must_use]
    pub fn distance(&self, clean: &[f32], point: &[f32]) -> f64 {
        let steps = clean.iter().zip(point).map(|(x, p)| (f64::from(*p) - f64::from(*x)).abs());
        match self.norm {
            Norm::Linf => steps.fold(0.0, f64::max),
            Norm::L2 => steps.map(|step| step * step).sum::<f64>().sqrt(),
        }
    }
}

/// `x ± epsilon` within the bounds, one rounding step inward, but never excluding `x`.
#[inline]
fn linf_window(x: f32, epsilon: f32, lower: f32, upper: f32) -> (f32, f32) {
    let (low, high) = (x - epsilon, x + epsilon);
    // The bounds may exclude x itself: then the window ends at x on that side.
    let lo = (low + (low.abs() + epsilon) * f32::EPSILON).max(lower).min(x);
    let hi = (high - (high.abs() + epsilon) * f32::EPSILON).min(upper).max(x);
    (lo, hi)
}

/// One step up a loss whose gradient is `gradient`, in place, back into the ball and the window.
///
/// `L∞`: `x + step · sign(gradient)`, clipped. `L2`: `x + step · gradient / ‖gradient‖` over the mutable features,
/// scaled back to the ball, then clipped to the box (which only shortens a change, as the clean row lies inside).
/// Returns whether every gradient was finite in lanes with a row; rows with a zero gradient are flagged in `flat` (L2 only: they do not move).
pub(crate) fn step(
    threat: &ThreatModel,
    size: f32,
    gradient: &Block,
    field: &Field,
    x: &mut Block,
    flat: &mut [bool; LANES],
) -> bool {
    *flat = [false; LANES];
    match threat.norm {
        Norm::Linf => step_linf(size, gradient, field, x),
        Norm::L2 => step_l2(threat, size, gradient, field, x, flat),
    }
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

fn step_linf(size: f32, gradient: &Block, field: &Field, x: &mut Block) -> bool {
    let rows = x.rows();
    let mut broken = [0_u32; LANES];
    for feature in 0..x.features() {
        let lanes = x.feature_mut(feature).iter_mut().zip(gradient.feature(feature));
        let windows = field.lo.feature(feature).iter().zip(field.hi.feature(feature));
        for (((x, g), (lo, hi)), broken) in lanes.zip(windows).zip(&mut broken) {
            let bits = g.to_bits();
            *broken |= u32::from(bits & 0x7f80_0000 == 0x7f80_0000);
            // sign(g) · size without a branch; 0 stays 0.
            let move_by = if *g == 0.0 { 0.0 } else { f32::from_bits(size.to_bits() | (bits & 0x8000_0000)) };
            let moved = *x + move_by;
            let capped = if moved < *hi { moved } else { *hi };
            *x = if capped > *lo { capped } else { *lo };
        }
    }
    broken[..rows].iter().all(|broken| *broken == 0)
}

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
    for feature in (0..x.features()).filter(|feature| threat.mutable[*feature]) {
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
    for feature in (0..x.features()).filter(|feature| threat.mutable[*feature]) {
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
            let capped = if scaled < *hi { scaled } else { *hi };
            *x = if capped > *lo { capped } else { *lo };
        }
    }
    squares[..rows].iter().all(|sum| sum.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Domain;
    use crate::seed::Seed;

    fn feature(lower: f32, upper: f32, mutable: bool) -> Feature {
        let name = String::from("f");
        Feature { name, domain: Domain::Continuous, mutable, lower, upper, offset: 0.0, scale: 1.0 }
    }

    #[test]
    fn windows_never_leave_the_ball_in_exact_arithmetic() {
        let mut stream = Seed(1).stream("test");
        for epsilon in [0.0, 1e-3, 0.1, 0.3, 8.0 / 255.0] {
            let threat =
                ThreatModel::new(Norm::Linf, epsilon, &[feature(f32::NEG_INFINITY, f32::INFINITY, true)]);
            for magnitude in [1.0_f32, 30.0, 1e4] {
                for _ in 0..500 {
                    let x = stream.uniform_in(-magnitude, magnitude);
                    let (lo, hi) = threat.window(0, x);
                    assert!(lo <= x && x <= hi);
                    assert!(
                        f64::from(hi) - f64::from(x) <= epsilon && f64::from(x) - f64::from(lo) <= epsilon
                    );
                }
            }
        }
    }

    #[test]
    fn a_row_outside_the_box_may_stay_but_not_go_further_out() {
        let threat = ThreatModel::new(Norm::Linf, 0.5, &[feature(0.0, 1.0, true), feature(0.0, 1.0, false)]);
        let (lo, hi) = threat.window(0, 1.2);
        assert!((lo - 0.7).abs() < 1e-6 && (hi - 1.2).abs() < 1e-6, "{lo} {hi}");
        let (lo, hi) = threat.window(1, 0.4);
        assert!(lo.to_bits() == 0.4_f32.to_bits() && hi.to_bits() == 0.4_f32.to_bits());
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
