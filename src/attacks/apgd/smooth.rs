//! The steps for L∞ and L2: momentum on projected gradient steps of a length that shrinks.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use super::schedule::{News, Progress};
use crate::attacks::rule::{Rule, Seen};
use crate::attacks::step::ball_multipliers;
use crate::attacks::{ThreatModel, first_not_finite};
use crate::measure::Norm;
use crate::models::{Block, LANES};
use crate::numeric::clip;
use crate::simd::vectorized;

/// The share of the newest step; the rest is the last move's (α in the paper).
const MOMENTUM: f32 = 0.75;

/// The bits of a number that are all ones where it is not finite.
const EXPONENT: u32 = 0x7f80_0000;

pub(super) struct Momentum {
    /// The first step: twice the radius.
    longest: f32,
    /// What L2 points are scaled to.
    radius: f64,
    step: [f32; LANES],
    progress: Progress,
    last_x: Block,
    best_x: Block,
    best_gradient: Block,
    /// For L2: where a step would lead, as a change of the clean row.
    change: Block,
}

impl Momentum {
    pub(super) fn new(features: usize, steps: u32, threat: &ThreatModel) -> Self {
        Self {
            longest: (2.0 * threat.epsilon()) as f32,
            radius: threat.inner_radius(),
            step: [0.0; LANES],
            progress: Progress::new(steps),
            last_x: Block::new(features),
            best_x: Block::new(features),
            best_gradient: Block::new(features),
            change: Block::new(features),
        }
    }
}

impl Rule for Momentum {
    fn enter(&mut self, lane: usize, _: u32, _: u32) {
        self.step[lane] = self.longest;
        self.progress.enter(lane);
    }

    fn move_lane(&mut self, from: usize, to: usize) {
        self.step[to] = self.step[from];
        self.progress.move_lane(from, to);
        for block in [&mut self.last_x, &mut self.best_x, &mut self.best_gradient] {
            block.move_lane(from, to);
        }
    }

    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        flat: &mut [bool; LANES],
        _: &mut [u32; LANES],
    ) -> bool {
        let news = self.progress.note(seen.values, x.rows());
        for lane in 0..x.rows() {
            if news.restart[lane] != 0 {
                self.step[lane] *= 0.5;
            }
        }
        let bits = vectorized(
            #[inline(always)]
            || match seen.threat.norm() {
                Norm::L2 => self.step_l2(&news, seen, x),
                _ => self.step_linf(&news, seen, x),
            },
        );
        for lane in 0..x.rows() {
            flat[lane] = bits[lane] == 0;
        }
        bits.iter().all(|bits| bits & EXPONENT != EXPONENT)
            || first_not_finite(seen.gradient, x.rows()).is_none()
    }
}

/// `yes` where the mask is all ones, `no` where it is 0.
#[inline(always)]
fn select(mask: u32, yes: f32, no: f32) -> f32 {
    f32::from_bits((yes.to_bits() & mask) | (no.to_bits() & !mask))
}

impl Momentum {
    /// Returns per lane the union of the gradient's bits without signs: 0 where it is zero. (Bits of several finite numbers may
    /// look like those of one that is not: the caller looks again.)
    #[inline(always)]
    fn step_linf(&mut self, news: &News, seen: &Seen<'_>, x: &mut Block) -> [u32; LANES] {
        let mut union = [0; LANES];
        let Self { step, last_x, best_x, best_gradient, .. } = self;
        let [share, rest] = shares(&news.first);
        let features = x.features();
        let per_feature = x.by_feature_mut().iter_mut().zip(last_x.by_feature_mut());
        let kept = best_x.by_feature_mut().iter_mut().zip(best_gradient.by_feature_mut());
        for (feature, ((x, last), (best_x, best_g))) in (0..features).zip(per_feature.zip(kept)) {
            let gradient = seen.gradient.lanes(feature);
            let (lo, hi) = (seen.field.lo.lanes(feature), seen.field.hi.lanes(feature));
            // A gradient on what cannot be changed moves nothing.
            let counted = if seen.threat.mutable(feature) { 0x7fff_ffff } else { 0 };
            for lane in 0..LANES {
                let g = gradient[lane];
                union[lane] |= g.to_bits() & counted;
                best_x[lane] = select(news.best[lane], x[lane], best_x[lane]);
                best_g[lane] = select(news.best[lane], g, best_g[lane]);
                let from = select(news.restart[lane], best_x[lane], x[lane]);
                let g = select(news.restart[lane], best_g[lane], g);
                let before = select(news.first[lane], x[lane], last[lane]);
                // sign(g) · step without a branch; 0 stays 0.
                let signed = f32::from_bits(step[lane].to_bits() | (g.to_bits() & 0x8000_0000));
                let aim = clip(from + if g == 0.0 { 0.0 } else { signed }, lo[lane], hi[lane]);
                let to = from + share[lane] * (aim - from) + rest[lane] * (from - before);
                last[lane] = from;
                x[lane] = clip(to, lo[lane], hi[lane]);
            }
        }
        union
    }

    #[inline(always)]
    fn step_l2(&mut self, news: &News, seen: &Seen<'_>, x: &mut Block) -> [u32; LANES] {
        let mut union = [0; LANES];
        let (features, radius) = (x.features(), self.radius);
        let Self { step, last_x, best_x, best_gradient, change, .. } = self;
        let [share, rest] = shares(&news.first);
        let field = seen.field;
        let mutable = |feature: &usize| seen.threat.mutable(*feature);
        let mut squares = [0.0_f64; LANES];
        for feature in (0..features).filter(mutable) {
            let (gradient, newest) = (seen.gradient.lanes(feature), x.lanes(feature));
            let best_g = &mut best_gradient.by_feature_mut()[feature];
            let best_x = &mut best_x.by_feature_mut()[feature];
            for lane in 0..LANES {
                union[lane] |= gradient[lane].to_bits() & 0x7fff_ffff;
                best_x[lane] = select(news.best[lane], newest[lane], best_x[lane]);
                best_g[lane] = select(news.best[lane], gradient[lane], best_g[lane]);
                let g = f64::from(select(news.restart[lane], best_g[lane], gradient[lane]));
                squares[lane] += g * g;
            }
        }
        let mut factor = [0.0_f32; LANES];
        for lane in 0..LANES {
            let length = squares[lane].sqrt();
            factor[lane] = if length > 0.0 { (f64::from(step[lane]) / length) as f32 } else { 0.0 };
        }
        // Features that do not move keep a change of 0.
        for feature in (0..features).filter(mutable) {
            let (gradient, best_g) = (seen.gradient.lanes(feature), best_gradient.lanes(feature));
            let (best_x, clean) = (best_x.lanes(feature), field.clean.lanes(feature));
            let x = &mut x.by_feature_mut()[feature];
            let change = &mut change.by_feature_mut()[feature];
            let last = &mut last_x.by_feature_mut()[feature];
            for lane in 0..LANES {
                let from = select(news.restart[lane], best_x[lane], x[lane]);
                let g = select(news.restart[lane], best_g[lane], gradient[lane]);
                let before = select(news.first[lane], x[lane], last[lane]);
                change[lane] = from + factor[lane] * g - clean[lane];
                // `x` holds what the last move adds until the step itself is projected.
                x[lane] = (1.0 - share[lane]) * from + rest[lane] * (from - before);
                last[lane] = from;
            }
        }
        let scale = ball_multipliers(change, field, radius);
        for feature in (0..features).filter(mutable) {
            let clean = field.clean.lanes(feature);
            let (lo, hi) = (field.lo.lanes(feature), field.hi.lanes(feature));
            let change = &mut change.by_feature_mut()[feature];
            let x = &mut x.by_feature_mut()[feature];
            for lane in 0..LANES {
                let aim = clip(clean[lane] + change[lane] * scale[lane], lo[lane], hi[lane]);
                change[lane] = x[lane] + share[lane] * aim - clean[lane];
            }
        }
        let scale = ball_multipliers(change, field, radius);
        for feature in (0..features).filter(mutable) {
            let (clean, change) = (field.clean.lanes(feature), change.lanes(feature));
            let (lo, hi) = (field.lo.lanes(feature), field.hi.lanes(feature));
            let x = &mut x.by_feature_mut()[feature];
            for lane in 0..LANES {
                x[lane] = clip(clean[lane] + change[lane] * scale[lane], lo[lane], hi[lane]);
            }
        }
        union
    }
}

/// The shares of the step and of the last move: all and nothing at the start.
#[inline(always)]
fn shares(first: &[u32; LANES]) -> [[f32; LANES]; 2] {
    [first.map(|first| select(first, 1.0, MOMENTUM)), first.map(|first| select(first, 0.0, 1.0 - MOMENTUM))]
}
