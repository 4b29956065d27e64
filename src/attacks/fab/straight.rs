//! Straight from the clean row to the boundary: the model is taken for linear at the nearest success, the clean row is
//! projected onto the plane, and how far beyond the plane the point must go is found by halving.
//!
//! On a linear model this is the nearest point itself, also where the box cuts the way short; FAB's own steps overshoot it by half a percent.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use super::plane::{Corner, change, multipliers};
use crate::attacks::rule::{Gradients, Rule, Seen};
use crate::attacks::{Field, first_not_finite};
use crate::losses::PerLane;
use crate::measure::Norm;
use crate::models::{Block, LANES};
use crate::simd::vectorized;

/// Looks per row.
pub(super) const LOOKS: u32 = 12;

/// How far to go, in parts of the way to the plane: the first look, beyond the plane by more than rounding; the least and the most.
const FIRST: f32 = 1.000_03;
const RANGE: (f32, f32) = (0.9, 1.1);

pub(super) struct Straight {
    norm: Norm,
    plane: Block,
    gap: PerLane,
    lambda: PerLane,
    least: PerLane,
    most: PerLane,
    share: PerLane,
    fallen: [bool; LANES],
    fresh: [bool; LANES],
}

impl Straight {
    pub(super) fn new(norm: Norm, features: usize) -> Self {
        Self {
            norm,
            plane: Block::new(features),
            gap: [0.0; LANES],
            lambda: [0.0; LANES],
            least: [RANGE.0; LANES],
            most: [RANGE.1; LANES],
            share: [FIRST; LANES],
            fallen: [false; LANES],
            fresh: [true; LANES],
        }
    }
}

impl Rule for Straight {
    fn gradients(&self) -> Gradients {
        if self.fresh.contains(&true) { Gradients::OfTheGoal } else { Gradients::None }
    }

    fn enter(&mut self, lane: usize, _: u32, _: u32) {
        (self.least[lane], self.most[lane], self.share[lane]) = (RANGE.0, RANGE.1, FIRST);
        (self.fresh[lane], self.fallen[lane]) = (true, false);
    }

    fn move_lane(&mut self, from: usize, to: usize) {
        for numbers in [&mut self.gap, &mut self.lambda, &mut self.least, &mut self.most, &mut self.share] {
            numbers[to] = numbers[from];
        }
        self.fresh[to] = std::mem::replace(&mut self.fresh[from], false);
        self.fallen[to] = self.fallen[from];
        self.plane.move_lane(from, to);
    }

    fn retreat(&mut self, fallen: &[bool; LANES], _: &Field, _: &mut Block) -> bool {
        self.fallen = *fallen;
        false
    }

    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        _: &mut [bool; LANES],
        _: &mut [u32; LANES],
    ) -> bool {
        let rows = x.rows();
        let mut finite = true;
        if self.fresh[..rows].contains(&true) {
            finite = first_not_finite(seen.gradient, rows).is_none();
            self.meet_planes(seen, x);
        }
        for lane in 0..rows {
            if !self.fresh[lane] {
                let end = if self.fallen[lane] { &mut self.most } else { &mut self.least };
                end[lane] = self.share[lane];
                self.share[lane] = f32::midpoint(self.least[lane], self.most[lane]);
            }
        }
        (self.fallen, self.fresh) = ([false; LANES], [false; LANES]);
        vectorized(
            #[inline(always)]
            || {
                let Field { clean, lo, hi } = seen.field;
                for (feature, x) in x.by_feature_mut().iter_mut().enumerate() {
                    let (clean, lo, hi) = (clean.lanes(feature), lo.lanes(feature), hi.lanes(feature));
                    let w = self.plane.lanes(feature);
                    for lane in 0..LANES {
                        let lambda = self.lambda[lane] * self.share[lane];
                        let gap = self.gap[lane];
                        let change = change(self.norm, lambda, gap, w[lane], clean[lane], lo[lane], hi[lane]);
                        x[lane] = clean[lane] + change;
                    }
                }
            },
        );
        finite
    }
}

impl Straight {
    /// Takes the planes of the lanes that have just come in, and projects their clean rows.
    fn meet_planes(&mut self, seen: &Seen<'_>, x: &Block) {
        for lane in (0..x.rows()).filter(|lane| self.fresh[*lane]) {
            let mut gap = -seen.values[lane];
            for feature in 0..x.features() {
                let w = seen.gradient.get(feature, lane);
                self.plane.feature_mut(feature)[lane] = w;
                gap += w * (x.get(feature, lane) - seen.field.clean.get(feature, lane));
            }
            self.gap[lane] = gap;
        }
        let Field { clean, lo, hi } = seen.field;
        let lambda = vectorized(
            #[inline(always)]
            || multipliers(&Corner { from: clean, lo, hi, w: &self.plane }, self.norm, &self.gap),
        );
        for lane in (0..x.rows()).filter(|lane| self.fresh[*lane]) {
            self.lambda[lane] = lambda[lane];
        }
    }
}
