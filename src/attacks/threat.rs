//! What an evasion adversary may do to a row: a ball around it, cut by a box and by a mask of mutable features.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use super::apgd::l1;
use super::step::{Field, confine};
use crate::data::Feature;
use crate::measure::Norm;
use crate::models::Block;
use crate::numeric::clip;
use crate::seed::{Stream, Streams};
use crate::simd::vectorized;

/// What can be added to any number, −0 included, without changing it.
const NO_CHANGE: f32 = -0.0;

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

    /// The same adversary with the box as the only limit: for attacks that look for the nearest success rather than one in the ball.
    #[must_use]
    pub fn without_ball(&self) -> Self {
        // Far beyond any input, and far from overflow.
        Self { epsilon: 1e30, ..self.clone() }
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

    /// Whether the adversary may change feature number `feature`.
    #[must_use]
    #[inline]
    pub fn mutable(&self, feature: usize) -> bool {
        self.mutable[feature]
    }

    /// The values feature number `feature` may take when it is `x` on the clean row: box and mask, and for L∞ the ball.
    ///
    /// Always contains `x`; `hi − x` and `x − lo` never exceed the radius in exact arithmetic.
    #[must_use]
    pub fn window(&self, feature: usize, x: f32) -> (f32, f32) {
        if !self.mutable[feature] {
            return (x, x);
        }
        window(self.norm, x, self.epsilon as f32, self.lower[feature], self.upper[feature])
    }

    /// The values the box and the mask alone allow feature number `feature` when it is `x` on the clean row; contains `x`.
    #[must_use]
    pub fn bounds(&self, feature: usize, x: f32) -> (f32, f32) {
        if self.mutable[feature] { (self.lower[feature].min(x), self.upper[feature].max(x)) } else { (x, x) }
    }

    /// The box of feature number `feature`, whatever the clean row.
    pub(super) fn edges(&self, feature: usize) -> (f32, f32) {
        (self.lower[feature], self.upper[feature])
    }

    /// [`window`](Self::window) for every number of a block of clean rows.
    pub fn windows(&self, clean: &Block, lo: &mut Block, hi: &mut Block) {
        lo.set_rows(clean.rows());
        hi.set_rows(clean.rows());
        vectorized(
            #[inline(always)]
            || {
                let epsilon = self.epsilon as f32;
                for feature in 0..self.features() {
                    let (lower, upper) = (self.lower[feature], self.upper[feature]);
                    let x = clean.feature(feature);
                    let (lo, hi) = (lo.feature_mut(feature), hi.feature_mut(feature));
                    if !self.mutable[feature] {
                        lo.copy_from_slice(x);
                        hi.copy_from_slice(x);
                        continue;
                    }
                    for (x, (lo, hi)) in x.iter().zip(lo.iter_mut().zip(hi)) {
                        (*lo, *hi) = window(self.norm, *x, epsilon, lower, upper);
                    }
                }
            },
        );
    }

    /// Draws a start for one row: uniform in the ball over the mutable features, then clipped to the box.
    ///
    /// `clean` and `start` have one number per feature. The number of draws depends on the threat model alone.
    pub fn draw_start(&self, clean: &[f32], stream: &mut Stream, start: &mut [f32]) {
        self.draw_change(stream, start);
        // Features that are not mutable have not changed, and every window contains the clean value.
        vectorized(
            #[inline(always)]
            || {
                let epsilon = self.epsilon as f32;
                let bounds = self.lower.iter().zip(&self.upper);
                for ((start, clean), (lower, upper)) in start.iter_mut().zip(clean).zip(bounds) {
                    let (lo, hi) = window(self.norm, *clean, epsilon, *lower, *upper);
                    *start = clip(*start + clean, lo, hi);
                }
            },
        );
    }

    /// How [`draw_start`](Self::draw_start) changes the row, before the box.
    fn draw_change(&self, stream: &mut Stream, change: &mut [f32]) {
        let epsilon = self.epsilon as f32;
        match self.norm {
            Norm::Linf => {
                for (change, mutable) in change.iter_mut().zip(&self.mutable) {
                    *change = if *mutable { stream.uniform_in(-epsilon, epsilon) } else { NO_CHANGE };
                }
            }
            Norm::L2 => {
                let (mut dimensions, mut length) = (0_u32, 0.0_f64);
                for (change, mutable) in change.iter_mut().zip(&self.mutable) {
                    let draw = if *mutable { stream.normal() } else { 0.0 };
                    *change = draw as f32;
                    length += draw * draw;
                    dimensions += u32::from(*mutable);
                }
                let share = libm::pow(stream.uniform_f64(), 1.0 / f64::from(dimensions.max(1)));
                let radius = self.safe_radius() * share / length.sqrt().max(f64::MIN_POSITIVE);
                for (change, mutable) in change.iter_mut().zip(&self.mutable) {
                    *change = if *mutable { (f64::from(*change) * radius) as f32 } else { NO_CHANGE };
                }
            }
            Norm::L1 => {
                // Exponential lengths, scaled by their sum and one length more: uniform in the ball.
                let mut length = -libm::log(1.0 - stream.uniform_f64());
                for (change, mutable) in change.iter_mut().zip(&self.mutable) {
                    let draw = if *mutable { -libm::log(1.0 - stream.uniform_f64()) } else { 0.0 };
                    length += draw;
                    *change = (draw * f64::from(stream.sign())) as f32;
                }
                let scale = self.safe_radius() / length.max(f64::MIN_POSITIVE);
                for (change, mutable) in change.iter_mut().zip(&self.mutable) {
                    *change = if *mutable { (f64::from(*change) * scale) as f32 } else { NO_CHANGE };
                }
            }
        }
    }

    /// Draws a start for one row on the ball's surface, then clipped to the box: a random direction (for L∞ one with a
    /// coordinate at the radius), as APGD starts.
    ///
    /// `clean` and `start` have one number per feature.
    pub(super) fn draw_edge(&self, clean: &[f32], stream: &mut Stream, start: &mut [f32]) {
        let mut longest = 0.0_f64;
        for (start, mutable) in start.iter_mut().zip(&self.mutable) {
            let draw = match self.norm {
                _ if !mutable => 0.0,
                Norm::Linf => f64::from(stream.uniform_in(-1.0, 1.0)),
                Norm::L2 | Norm::L1 => stream.normal(),
            };
            *start = draw as f32;
            longest = match self.norm {
                Norm::Linf => longest.max(draw.abs()),
                Norm::L2 => longest + draw * draw,
                Norm::L1 => longest + draw.abs(),
            };
        }
        if self.norm == Norm::L1 {
            // Not scaled but projected, as the authors do: a sparse start.
            let mut change: Vec<f64> = start.iter().map(|draw| f64::from(*draw)).collect();
            let rooms: Vec<(f64, f64)> = clean
                .iter()
                .enumerate()
                .map(|(feature, clean)| {
                    let (lo, hi) = self.bounds(feature, *clean);
                    (f64::from(lo) - f64::from(*clean), f64::from(hi) - f64::from(*clean))
                })
                .collect();
            l1::project(&mut change, &rooms, self.inner_radius());
            for (start, (clean, change)) in start.iter_mut().zip(clean.iter().zip(&change)) {
                *start = (f64::from(*clean) + change) as f32;
            }
            return;
        }
        let length = if self.norm == Norm::L2 { longest.sqrt() } else { longest };
        let radius = if self.norm == Norm::L2 { self.inner_radius() } else { self.safe_radius() };
        let scale = radius / length.max(f64::MIN_POSITIVE);
        for (feature, (start, clean)) in start.iter_mut().zip(clean).enumerate() {
            let (lo, hi) = self.window(feature, *clean);
            *start = clip(clean + (f64::from(*start) * scale) as f32, lo, hi);
        }
    }

    /// Starts for the rows in `field`, what [`draw_start`](Self::draw_start) draws from its own stream.
    ///
    /// `numbers` are the rows' numbers in the data set. `change` is scratch of one row.
    pub(crate) fn random_starts(
        &self,
        streams: &Streams,
        numbers: &[u32],
        field: &Field,
        x: &mut Block,
        change: &mut [f32],
    ) {
        x.set_rows(numbers.len());
        match self.norm {
            Norm::Linf => self.linf_starts(streams, numbers, field, x),
            Norm::L2 | Norm::L1 => {
                for (lane, number) in numbers.iter().enumerate() {
                    self.draw_change(&mut streams.stream(*number, 0), change);
                    x.set_lane(lane, change);
                }
                x.data_mut().iter_mut().zip(field.clean.data()).for_each(|(x, clean)| *x += clean);
            }
        }
        confine(field, x);
    }

    fn linf_starts(&self, streams: &Streams, numbers: &[u32], field: &Field, x: &mut Block) {
        let count = self.mutable.iter().filter(|mutable| **mutable).count();
        streams.uniforms(numbers, 0, &mut x.by_feature_mut()[..count]);
        vectorized(
            #[inline(always)]
            || {
                let epsilon = self.epsilon as f32;
                let mut left = count;
                // Backward, so that no draw is overwritten before it has gone where it belongs.
                for feature in (0..self.features()).rev() {
                    let clean = field.clean.feature(feature);
                    if self.mutable[feature] {
                        left -= 1;
                        let draws = x.by_feature_mut()[left];
                        for ((x, draw), clean) in x.feature_mut(feature).iter_mut().zip(&draws).zip(clean) {
                            *x = clean + (2.0 * epsilon * draw - epsilon);
                        }
                    } else {
                        x.feature_mut(feature).copy_from_slice(clean);
                    }
                }
            },
        );
    }

    /// The L2 radius that points are scaled to: a millionth below the true one, so that rounding to `f32` does not lead outside.
    pub(crate) fn safe_radius(&self) -> f64 {
        self.epsilon * (1.0 - 1e-6)
    }

    /// The radius that L2 and L1 points of newer attacks are scaled to: as much below the true one as rounding to `f32` may add, where every
    /// number of a row (of about 1, or as large as its bounds) is off by half a unit in its last place.
    pub(crate) fn inner_radius(&self) -> f64 {
        let size = self
            .lower
            .iter()
            .chain(&self.upper)
            .map(|bound| f64::from(bound.abs()))
            .filter(|bound| bound.is_finite())
            .fold(1.0, f64::max);
        let count = self.mutable.iter().filter(|mutable| **mutable).count() as f64;
        let numbers = if self.norm == Norm::L1 { count } else { count.sqrt() };
        let rounding = numbers * size * f64::from(f32::EPSILON) / 2.0;
        (self.safe_radius() - rounding).max(0.5 * self.epsilon)
    }

    /// Distance between two rows in the norm, in `f64`.
    #[must_use]
    pub fn distance(&self, clean: &[f32], point: &[f32]) -> f64 {
        let steps = clean.iter().zip(point).map(|(x, p)| (f64::from(*p) - f64::from(*x)).abs());
        match self.norm {
            Norm::Linf => steps.fold(0.0, f64::max),
            Norm::L2 => steps.map(|step| step * step).sum::<f64>().sqrt(),
            Norm::L1 => steps.sum::<f64>(),
        }
    }
}

/// What a mutable feature that is `x` on the clean row may become, as far as each feature alone decides.
#[inline(always)]
fn window(norm: Norm, x: f32, epsilon: f32, lower: f32, upper: f32) -> (f32, f32) {
    // The bounds may exclude x itself: then the window ends at x on that side.
    let (lower, upper) = (if lower < x { lower } else { x }, if upper > x { upper } else { x });
    match norm {
        Norm::Linf => linf_window(x, epsilon, lower, upper),
        Norm::L2 | Norm::L1 => (lower, upper),
    }
}

/// `x ± epsilon` within the bounds, one rounding step inward, but never excluding `x`.
#[inline(always)]
fn linf_window(x: f32, epsilon: f32, lower: f32, upper: f32) -> (f32, f32) {
    let (low, high) = (x - epsilon, x + epsilon);
    let lo = low + (low.abs() + epsilon) * f32::EPSILON;
    let hi = high - (high.abs() + epsilon) * f32::EPSILON;
    let (lo, hi) = (if lo < lower { lower } else { lo }, if hi > upper { upper } else { hi });
    let (lo, hi) = (if lo > x { x } else { lo }, if hi < x { x } else { hi });
    (lo, hi)
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

    #[test]
    fn starts_of_a_whole_block_are_those_of_each_row() {
        let features: Vec<Feature> = (0..19).map(|i| feature(-0.2, 1.0, i % 3 != 1)).collect();
        let streams = Seed(1).streams("starts");
        let mut stream = Seed(2).stream("rows");
        for (norm, rows) in [(Norm::Linf, 1), (Norm::Linf, 17), (Norm::Linf, 64), (Norm::L2, 17)] {
            let threat = ThreatModel::new(norm, 0.3, &features);
            let draw = |stream: &mut Stream, i: usize| if i == 4 { -0.0 } else { stream.uniform() };
            let clean: Vec<f32> = (0..rows * 19).map(|i| draw(&mut stream, i % 19)).collect();
            let numbers: Vec<u32> = (0..rows as u32).map(|row| row * 31 + 7).collect();
            let (mut field, mut x) = (Field::new(19), Block::new(19));
            field.clean.gather(clean.chunks_exact(19));
            let Field { clean: block, lo, hi } = &mut field;
            threat.windows(block, lo, hi);
            let mut scratch = vec![0.0; 19];
            threat.random_starts(&streams, &numbers, &field, &mut x, &mut scratch);
            for (lane, row) in clean.chunks_exact(19).enumerate() {
                threat.draw_start(row, &mut streams.stream(numbers[lane], 0), &mut scratch);
                let same = |i: usize| scratch[i].to_bits() == x.get(i, lane).to_bits();
                assert!((0..19).all(same), "{norm:?}, {rows} rows, lane {lane}");
            }
        }
    }
}
