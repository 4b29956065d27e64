//! Cross-entropy by way of the log-odds against the true class,
//!
//! ```text
//! o = ln Σ_{j≠y} exp z_j − z_y,   −ln p_y = ln(1 + exp o),   1 − p_y = 1 / (1 + exp −o)
//! ```
//!
//! `o` grows with the loss and keeps its precision where `p_y` rounds to 1, so attacks compare points by it.

use super::{PerLane, set_label_apart};
use crate::models::{Block, LANES};
use crate::numeric::{exp, ln};
use crate::simd::vectorized;

/// The log-odds against the true class, per row; `scratch` has the shape of `logits`.
pub fn log_odds_against(logits: &Block, labels: &[u16], odds: &mut PerLane, scratch: &mut Block) {
    vectorized(
        #[inline(always)]
        || rivals(logits, labels, odds, scratch),
    );
}

/// Log-odds as value; gradient divided by `1 − p_y`: the rivals' shares among themselves, −1 at the true class.
#[inline(always)]
pub(super) fn climb(logits: &Block, labels: &[u16], odds: &mut PerLane, d_logits: &mut Block) {
    let sums = rivals(logits, labels, odds, d_logits);
    let shares = sums.map(|sum| 1.0 / sum);
    for class in d_logits.data_mut().chunks_exact_mut(LANES) {
        for (entry, share) in class.iter_mut().zip(&shares) {
            *entry *= share;
        }
    }
    for (lane, &label) in labels.iter().enumerate().take(logits.rows()) {
        d_logits.data_mut()[usize::from(label) * LANES + lane] = -1.0;
    }
}

/// Value `−ln p_y` (never negative), gradient `p − e_y`.
#[inline(always)]
pub(super) fn evaluate(logits: &Block, labels: &[u16], values: &mut PerLane, d_logits: &mut Block) {
    climb(logits, labels, values, d_logits);
    let mut wrong = [0.0_f32; LANES];
    for lane in 0..logits.rows() {
        let odds = values[lane];
        let small = libm::expf(-odds.abs());
        values[lane] = odds.max(0.0) + libm::log1pf(small);
        wrong[lane] = if odds >= 0.0 { 1.0 } else { small } / (1.0 + small);
        if odds.is_nan() {
            (values[lane], wrong[lane]) = (f32::NAN, f32::NAN);
        }
    }
    for class in d_logits.data_mut().chunks_exact_mut(LANES) {
        for (entry, factor) in class.iter_mut().zip(&wrong) {
            *entry *= factor;
        }
    }
}

/// Fills `scratch` with `exp(z_j − max rival)` (0 at the true class) and `odds`; returns the sums of `scratch` over classes.
#[inline(always)]
fn rivals(logits: &Block, labels: &[u16], odds: &mut PerLane, scratch: &mut Block) -> PerLane {
    let (own, largest) = set_label_apart(logits, labels, scratch);
    let mut sums = [0.0; LANES];
    for class in scratch.data_mut().chunks_exact_mut(LANES) {
        let class: &mut PerLane = class.try_into().expect("chunks have one number per lane");
        for (entry, top) in class.iter_mut().zip(&largest) {
            *entry = exp(*entry - top);
        }
        for (sum, entry) in sums.iter_mut().zip(class.iter()) {
            *sum += entry;
        }
    }
    for lane in 0..LANES {
        odds[lane] = largest[lane] + ln(sums[lane]) - own[lane];
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated(logits: &[f32], label: u16) -> (f32, Vec<f32>) {
        let mut block = Block::new(logits.len());
        block.gather([logits]);
        let (mut values, mut gradient) = ([0.0; LANES], Block::new(logits.len()));
        evaluate(&block, &[label], &mut values, &mut gradient);
        (values[0], (0..logits.len()).map(|class| gradient.get(class, 0)).collect())
    }

    /// By hand: equal logits over 4 classes give ln 4, gradient 1/4 and −3/4.
    #[test]
    fn equal_logits_give_the_logarithm_of_the_number_of_classes() {
        let (value, gradient) = evaluated(&[7.0; 4], 1);
        assert!((value - 4.0_f32.log2() / std::f32::consts::LOG2_E).abs() < 1e-6);
        for (class, expected) in [0.25, -0.75, 0.25, 0.25].into_iter().enumerate() {
            assert!((gradient[class] - expected).abs() < 1e-6);
        }
    }

    /// `PyTorch` gives 2000 and [1, 0, −1] for logits ±1000 and the wrong label.
    #[test]
    fn huge_logits_neither_overflow_nor_lose_the_gradient() {
        let (value, gradient) = evaluated(&[1000.0, 0.0, -1000.0], 2);
        assert!((value - 2000.0).abs() < 1e-3);
        assert!(gradient.iter().zip([1.0, 0.0, -1.0]).all(|(g, expected)| (g - expected).abs() < 1e-7));
        let (value, _) = evaluated(&[1000.0, 0.0, -1000.0], 0);
        assert!((0.0..1e-30).contains(&value));
    }

    #[test]
    fn climbing_goes_on_where_the_probability_has_saturated() {
        let mut block = Block::new(3);
        block.gather([[500.0_f32, 1.0, 0.0].as_slice()]);
        let (mut odds, mut direction) = ([0.0; LANES], Block::new(3));
        climb(&block, &[0], &mut odds, &mut direction);
        // ln(e + 1) − 500, by hand.
        assert!((odds[0] + 498.686_74).abs() < 1e-3, "{}", odds[0]);
        assert!((direction.get(1, 0) - 0.731_058_6).abs() < 1e-6);
        assert!((direction.get(0, 0) + 1.0).abs() < 1e-7);
    }

    #[test]
    fn a_logit_that_is_no_number_gives_a_loss_that_is_none() {
        assert!(evaluated(&[f32::NAN, 0.0, 1.0], 2).0.is_nan());
        assert!(evaluated(&[0.0, f32::NAN, 1.0], 1).0.is_nan());
    }
}
