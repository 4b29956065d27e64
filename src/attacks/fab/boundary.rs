//! One step of FAB for a block of rows.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use super::Fab;
use super::plane::{Corner, change, multipliers};
use crate::attacks::rule::{Gradients, Rule, Seen};
use crate::attacks::{Field, first_not_finite};
use crate::losses::PerLane;
use crate::measure::Norm;
use crate::models::{Block, LANES};
use crate::numeric::clip;
use crate::simd::vectorized;

/// The shortest length that is divided by.
const TINY: f32 = 1e-8;

pub(super) struct Boundary {
    norm: Norm,
    bias: f32,
    overshoot: f32,
    retreat: f32,
    /// Without a target: the nearest rival's plane, and how near it is.
    nearest: Option<(Block, PerLane, PerLane)>,
}

impl Boundary {
    pub(super) fn new(settings: &Fab, norm: Norm, features: usize, untargeted: bool) -> Self {
        Self {
            norm,
            bias: settings.bias as f32,
            overshoot: settings.overshoot as f32,
            retreat: settings.retreat as f32,
            nearest: untargeted.then(|| (Block::new(features), [f32::INFINITY; LANES], [0.0; LANES])),
        }
    }
}

impl Rule for Boundary {
    fn gradients(&self) -> Gradients {
        if self.nearest.is_some() { Gradients::OfEveryRival } else { Gradients::OfTheGoal }
    }

    fn retreat(&mut self, fallen: &[bool; LANES], field: &Field, x: &mut Block) -> bool {
        let share = fallen.map(|fell| if fell { self.retreat } else { 1.0 });
        vectorized(
            #[inline(always)]
            || {
                let clean = field.clean.data().as_chunks::<LANES>().0;
                for (x, clean) in x.by_feature_mut().iter_mut().zip(clean) {
                    for lane in 0..LANES {
                        // A lane that stays keeps its bits.
                        let back = clean[lane] + (x[lane] - clean[lane]) * share[lane];
                        x[lane] = if share[lane] < 1.0 { back } else { x[lane] };
                    }
                }
            },
        );
        true
    }

    fn consider(&mut self, class: u16, seen: &Seen<'_>, x: &Block, labels: &[u16; LANES]) {
        let norm = self.norm;
        let Some((kept, distances, kept_values)) = &mut self.nearest else { return };
        if class == 0 {
            distances.fill(f32::INFINITY);
        }
        let distance = vectorized(
            #[inline(always)]
            || distance_to_plane(norm, seen, x),
        );
        for lane in 0..x.rows() {
            let nearer = distance[lane] < distances[lane] || distances[lane].is_infinite();
            if labels[lane] != class && nearer {
                (distances[lane], kept_values[lane]) = (distance[lane], seen.values[lane]);
                for feature in 0..x.features() {
                    kept.feature_mut(feature)[lane] = seen.gradient.get(feature, lane);
                }
            }
        }
    }

    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        _: &mut [bool; LANES],
        _: &mut [u32; LANES],
    ) -> bool {
        let rows = x.rows();
        let (w, values) = match &self.nearest {
            Some((plane, _, values)) => (plane, values),
            None => (seen.gradient, seen.values),
        };
        vectorized(
            #[inline(always)]
            || self.step(seen.field, w, values, x),
        );
        first_not_finite(w, rows).is_none()
    }
}

/// How far each row is from the plane on which the considered class draws level, on the shortest way that the box allows. (The paper
/// takes `|f| / ‖∇f‖_q`, the same without a box.) Infinite where the box ends first.
#[inline(always)]
fn distance_to_plane(norm: Norm, seen: &Seen<'_>, x: &Block) -> PerLane {
    let Field { lo, hi, .. } = seen.field;
    let w = seen.gradient;
    let gap = seen.values.map(|f| -f);
    let lambda = multipliers(&Corner { from: x, lo, hi, w }, norm, &gap);
    let mut length = [0.0_f32; LANES];
    for feature in 0..w.features() {
        let (w, x) = (w.lanes(feature), x.lanes(feature));
        let (lo, hi) = (lo.lanes(feature), hi.lanes(feature));
        for lane in 0..LANES {
            let d = change(norm, lambda[lane], gap[lane], w[lane], x[lane], lo[lane], hi[lane]);
            length[lane] += d * d;
        }
    }
    let mut distance = [0.0_f32; LANES];
    for lane in 0..LANES {
        let reached = if norm == Norm::Linf { lambda[lane] } else { length[lane].sqrt() };
        distance[lane] = if lambda[lane] < f32::MAX { reached } else { f32::INFINITY };
    }
    distance
}

impl Boundary {
    #[inline(always)]
    fn step(&self, field: &Field, w: &Block, values: &PerLane, x: &mut Block) {
        let Field { clean, lo, hi } = field;
        // f(x + δ) ≈ f + w·δ = 0 from the point; from the clean row the way to the point comes on top.
        let gap = values.map(|f| -f);
        let mut gap_of_clean = gap;
        for feature in 0..w.features() {
            let (w, x, clean) = (w.lanes(feature), x.lanes(feature), clean.lanes(feature));
            for lane in 0..LANES {
                gap_of_clean[lane] += w[lane] * (x[lane] - clean[lane]);
            }
        }
        let own = multipliers(&Corner { from: x, lo, hi, w }, self.norm, &gap);
        let origin = multipliers(&Corner { from: clean, lo, hi, w }, self.norm, &gap_of_clean);
        // How long both changes are decides between them.
        let (mut lengths, mut lengths_of_clean) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for feature in 0..w.features() {
            let (w, x, clean) = (w.lanes(feature), x.lanes(feature), clean.lanes(feature));
            let (lo, hi) = (lo.lanes(feature), hi.lanes(feature));
            for lane in 0..LANES {
                let d = change(self.norm, own[lane], gap[lane], w[lane], x[lane], lo[lane], hi[lane]);
                let d_clean = change(
                    self.norm,
                    origin[lane],
                    gap_of_clean[lane],
                    w[lane],
                    clean[lane],
                    lo[lane],
                    hi[lane],
                );
                if self.norm == Norm::Linf {
                    let (d, d_clean) = (d.abs(), d_clean.abs());
                    lengths[lane] = if d > lengths[lane] { d } else { lengths[lane] };
                    lengths_of_clean[lane] =
                        if d_clean > lengths_of_clean[lane] { d_clean } else { lengths_of_clean[lane] };
                } else {
                    lengths[lane] += d * d;
                    lengths_of_clean[lane] += d_clean * d_clean;
                }
            }
        }
        let mut share = [0.0_f32; LANES];
        for lane in 0..LANES {
            let long = |length: f32| {
                let length = if self.norm == Norm::Linf { length } else { length.sqrt() };
                if length > TINY { length } else { TINY }
            };
            let (a, b) = (long(lengths[lane]), long(lengths_of_clean[lane]));
            let alpha = a / (a + b);
            share[lane] = if alpha < self.bias { alpha } else { self.bias };
        }
        for feature in 0..w.features() {
            let (w, clean) = (w.lanes(feature), clean.lanes(feature));
            let (lo, hi) = (lo.lanes(feature), hi.lanes(feature));
            let x = &mut x.by_feature_mut()[feature];
            for lane in 0..LANES {
                let d = change(self.norm, own[lane], gap[lane], w[lane], x[lane], lo[lane], hi[lane]);
                let d_clean = change(
                    self.norm,
                    origin[lane],
                    gap_of_clean[lane],
                    w[lane],
                    clean[lane],
                    lo[lane],
                    hi[lane],
                );
                let from_x = x[lane] + self.overshoot * d;
                let from_clean = clean[lane] + self.overshoot * d_clean;
                x[lane] = clip(from_x + share[lane] * (from_clean - from_x), lo[lane], hi[lane]);
            }
        }
    }
}
