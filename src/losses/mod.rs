//! Losses: functions from logits to (loss, d loss / d logits), lane by lane.
//!
//! They see no model and no input, so that every attack and defense can use
//! every loss. To add one: a file with its `value and gradient` function, a
//! variant of [`Loss`], and its arms below.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

mod cross_entropy;
mod divergence;
mod dlr;
mod margin;
mod regularized;

use serde::{Deserialize, Serialize};

use crate::models::{Block, LANES};
use crate::simd::vectorized;

pub use cross_entropy::log_odds_against;
pub use divergence::{Pair, climb_divergence, log_softmax};
pub use regularized::{add_squeeze, smoothed_cross_entropy};

/// One number per lane of a block.
pub type PerLane = [f32; LANES];

/// A loss that a config can name. All grow as the true class loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// Cross-entropy, `−ln p_y`.
    #[serde(rename = "ce")]
    CrossEntropy,
    /// The margin of Carlini and Wagner 2017 without its clamp, `max_{j≠y} z_j − z_y`.
    #[serde(rename = "margin")]
    Margin,
    /// The difference-of-logits ratio of Croce and Hein 2020; needs 3 classes, with 2 it is the margin.
    #[serde(rename = "dlr")]
    Dlr,
}

/// What an attack climbs: a loss of the true class, or the way to a target class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Away from the true class.
    Away(Loss),
    /// To a target class by the targeted difference-of-logits ratio; with fewer than 4 classes by the margin.
    RatioTo,
    /// To a target class by the margin `z_t − z_y`.
    MarginTo,
}

impl Goal {
    /// As [`Loss::climb`]; `targets` has one class per row and is not read without a target.
    pub fn climb(
        self,
        logits: &Block,
        labels: &[u16],
        targets: &[u16],
        values: &mut PerLane,
        d_logits: &mut Block,
    ) {
        match self {
            Self::Away(loss) => loss.climb(logits, labels, values, d_logits),
            Self::RatioTo if logits.features() >= Self::CLASSES_FOR_RATIO => vectorized(
                #[inline(always)]
                || dlr::climb_targeted(logits, labels, targets, values, d_logits),
            ),
            Self::RatioTo | Self::MarginTo => vectorized(
                #[inline(always)]
                || dlr::margin_to(logits, labels, targets, values, d_logits),
            ),
        }
    }

    /// The fewest classes for which the targeted ratio is defined.
    pub const CLASSES_FOR_RATIO: usize = 4;
}

impl Loss {
    /// The word used in configs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::CrossEntropy => "ce",
            Self::Margin => "margin",
            Self::Dlr => "dlr",
        }
    }

    /// The fewest classes for which the difference-of-logits ratio is defined.
    pub const CLASSES_FOR_DLR: usize = 3;

    /// The loss of each row and its gradient (of [`Dlr`](Self::Dlr) as [`climb`](Self::climb) has it).
    ///
    /// * `logits`: (classes, rows), at least 2 classes.
    /// * `labels`: one true class per row.
    /// * `values`: the loss per row; unspecified in lanes without a row.
    /// * `d_logits`: d loss / d logits, same shape as `logits`; 0 in lanes without a row.
    pub fn evaluate(self, logits: &Block, labels: &[u16], values: &mut PerLane, d_logits: &mut Block) {
        vectorized(
            #[inline(always)]
            || match self {
                Self::CrossEntropy => cross_entropy::evaluate(logits, labels, values, d_logits),
                Self::Dlr if logits.features() >= Self::CLASSES_FOR_DLR => {
                    dlr::climb(logits, labels, values, d_logits);
                }
                Self::Margin | Self::Dlr => margin::evaluate(logits, labels, values, d_logits),
            },
        );
        clear_unused(d_logits);
    }

    /// What an attack climbs: `values` is an increasing function of the loss and `d_logits` a positive multiple
    /// (per row) of its gradient, both chosen so that they do not vanish where the loss saturates in `f32`.
    ///
    /// Shapes as in [`evaluate`](Self::evaluate). Sign steps and normalized steps, which know only the gradient's
    /// direction, thus go on where `1 − p_y` has underflowed.
    pub fn climb(self, logits: &Block, labels: &[u16], values: &mut PerLane, d_logits: &mut Block) {
        vectorized(
            #[inline(always)]
            || match self {
                Self::CrossEntropy => cross_entropy::climb(logits, labels, values, d_logits),
                Self::Dlr if logits.features() >= Self::CLASSES_FOR_DLR => {
                    dlr::climb(logits, labels, values, d_logits);
                }
                Self::Margin | Self::Dlr => margin::evaluate(logits, labels, values, d_logits),
            },
        );
        clear_unused(d_logits);
    }
}

/// Zeroes the lanes without a row: whatever the network left there must not reach a sum over lanes.
fn clear_unused(block: &mut Block) {
    let rows = block.rows();
    if rows < LANES {
        for feature in 0..block.features() {
            block.feature_mut(feature)[rows..].fill(0.0);
        }
    }
}

/// Copies `logits` to `scratch` with the true class's logit replaced by −∞, and returns the true class's logits and the largest others.
#[inline(always)]
fn set_label_apart(logits: &Block, labels: &[u16], scratch: &mut Block) -> (PerLane, PerLane) {
    assert!(logits.features() >= 2, "a loss needs at least two classes");
    assert!(labels.len() >= logits.rows(), "every row has a label");
    scratch.set_rows(logits.rows());
    scratch.data_mut().copy_from_slice(logits.data());
    let mut own = [0.0; LANES];
    for (lane, &label) in labels.iter().enumerate().take(logits.rows()) {
        let entry = &mut scratch.data_mut()[usize::from(label) * LANES + lane];
        own[lane] = std::mem::replace(entry, f32::NEG_INFINITY);
    }
    let mut largest = [f32::NEG_INFINITY; LANES];
    for class in scratch.data().chunks_exact(LANES) {
        for (best, &z) in largest.iter_mut().zip(class) {
            *best = if z > *best { z } else { *best };
        }
    }
    (own, largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(rows: &[&[f32]]) -> Block {
        let mut block = Block::new(rows[0].len());
        block.gather(rows.iter().copied());
        block
    }

    fn value(loss: Loss, logits: &[f32], label: u16) -> f32 {
        let (mut values, mut gradient) = ([0.0; LANES], Block::new(logits.len()));
        loss.evaluate(&block(&[logits]), &[label], &mut values, &mut gradient);
        values[0]
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let cases: [(&[f32], u16); 4] =
            [(&[0.3, -1.2, 0.7], 0), (&[2.0, 1.0, -1.0, 0.5], 2), (&[-0.4, 0.9], 1), (&[5.0, -3.0, 4.0], 0)];
        for loss in [Loss::CrossEntropy, Loss::Margin] {
            for (logits, label) in cases {
                let (mut values, mut gradient) = ([0.0; LANES], Block::new(logits.len()));
                loss.evaluate(&block(&[logits]), &[label], &mut values, &mut gradient);
                for class in 0..logits.len() {
                    let shifted = |h: f32| {
                        let mut moved = logits.to_vec();
                        moved[class] += h;
                        value(loss, &moved, label)
                    };
                    let slope = (shifted(0.01) - shifted(-0.01)) / 0.02;
                    let error = (slope - gradient.get(class, 0)).abs();
                    assert!(
                        error < 2e-4,
                        "{loss:?} {logits:?} class {class}: {slope} {}",
                        gradient.get(class, 0)
                    );
                }
            }
        }
    }

    #[test]
    fn climbing_has_the_gradients_direction() {
        let logits = block(&[&[0.3, -1.2, 0.7], &[2.0, 5.0, 1.0]]);
        let labels = [2, 1];
        for loss in [Loss::CrossEntropy, Loss::Margin] {
            let (mut values, mut gradient, mut climb) = ([0.0; LANES], Block::new(3), Block::new(3));
            loss.evaluate(&logits, &labels, &mut values, &mut gradient);
            loss.climb(&logits, &labels, &mut values, &mut climb);
            for (lane, &label) in labels.iter().enumerate() {
                let own = usize::from(label);
                let factor = gradient.get(own, lane) / climb.get(own, lane);
                assert!(factor > 0.0);
                for class in 0..3 {
                    assert!((gradient.get(class, lane) - factor * climb.get(class, lane)).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn lanes_without_a_row_have_no_gradient() {
        let mut logits = block(&[&[0.3, -1.2], &[1.0, 2.0]]);
        logits.set_rows(1);
        let (mut values, mut gradient) = ([0.0; LANES], Block::new(2));
        for loss in [Loss::CrossEntropy, Loss::Margin] {
            loss.evaluate(&logits, &[0], &mut values, &mut gradient);
            assert!((0..2).all(|class| gradient.feature(class)[1..].iter().all(|g| g.to_bits() == 0)));
        }
    }
}
