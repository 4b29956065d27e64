//! Cross-entropy with a leash on the logits: label smoothing and logit squeezing.
//!
//! Both lower the confidence of a model and with it the gradients that an attack sees, without moving the decision
//! boundary on purpose: controls that must not look robust to a good evaluation.

use super::divergence::log_softmax;
use super::{PerLane, clear_unused};
use crate::models::{Block, LANES};
use crate::numeric::exp;
use crate::simd::vectorized;

/// Cross-entropy against the label smoothed over the `K` classes (Szegedy et al. 2016), `−Σ_k t_k ln p_k` with
/// `t = (1 − smoothing) e_y + smoothing / K`; its gradient is `p − t`.
///
/// Shapes as in [`Loss::evaluate`](super::Loss::evaluate); `smoothing` from 0 to 1.
pub fn smoothed_cross_entropy(
    logits: &Block,
    labels: &[u16],
    smoothing: f32,
    values: &mut PerLane,
    d_logits: &mut Block,
) {
    log_softmax(logits, d_logits);
    let everywhere = smoothing / logits.features() as f32;
    vectorized(
        #[inline(always)]
        || {
            *values = [0.0; LANES];
            for (class, entries) in d_logits.data_mut().chunks_exact_mut(LANES).enumerate() {
                for (lane, (entry, value)) in entries.iter_mut().zip(values.iter_mut()).enumerate() {
                    let own = labels.get(lane).is_some_and(|label| usize::from(*label) == class);
                    let target = everywhere + if own { 1.0 - smoothing } else { 0.0 };
                    *value -= target * *entry;
                    *entry = exp(*entry) - target;
                }
            }
        },
    );
    clear_unused(d_logits);
}

/// Adds `weight / 2 · ‖z‖₂²` (logit squeezing, Kannan et al. 2018) to the values and `weight · z` to their gradient.
pub fn add_squeeze(logits: &Block, weight: f32, values: &mut PerLane, d_logits: &mut Block) {
    vectorized(
        #[inline(always)]
        || {
            for (z, d) in logits.data().chunks_exact(LANES).zip(d_logits.data_mut().chunks_exact_mut(LANES)) {
                for ((z, d), value) in z.iter().zip(d).zip(values.iter_mut()) {
                    *value += 0.5 * weight * z * z;
                    *d += weight * z;
                }
            }
        },
    );
    clear_unused(d_logits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::losses::Loss;

    fn block(row: &[f32]) -> Block {
        let mut block = Block::new(row.len());
        block.gather([row]);
        block
    }

    /// By hand: equal logits over 4 classes give ln 4 whatever the smoothing; the gradient is 1/4 − t, with t = 0.925 and 0.025 at 0.1.
    #[test]
    fn smoothing_by_hand() {
        let (mut values, mut d) = ([0.0; LANES], Block::new(4));
        smoothed_cross_entropy(&block(&[3.0; 4]), &[2], 0.1, &mut values, &mut d);
        assert!((values[0] - 1.386_294_4).abs() < 1e-6);
        for (class, expected) in [0.225, 0.225, -0.675, 0.225].into_iter().enumerate() {
            assert!((d.get(class, 0) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn without_smoothing_it_is_the_cross_entropy() {
        let logits = block(&[0.3, -1.2, 0.7]);
        let (mut values, mut d) = ([0.0; LANES], Block::new(3));
        let (mut plain, mut d_plain) = ([0.0; LANES], Block::new(3));
        smoothed_cross_entropy(&logits, &[0], 0.0, &mut values, &mut d);
        Loss::CrossEntropy.evaluate(&logits, &[0], &mut plain, &mut d_plain);
        assert!((values[0] - plain[0]).abs() < 1e-6);
        assert!((0..3).all(|class| (d.get(class, 0) - d_plain.get(class, 0)).abs() < 1e-6));
    }

    /// By hand: ‖(1, −2, 2)‖² = 9, so half of 0.2 · 9 is 0.9, and the gradient is 0.2 z.
    #[test]
    fn squeezing_by_hand() {
        let (mut values, mut d) = ([1.0; LANES], Block::new(3));
        d.set_rows(1);
        add_squeeze(&block(&[1.0, -2.0, 2.0]), 0.2, &mut values, &mut d);
        assert!((values[0] - 1.9).abs() < 1e-6);
        for (class, expected) in [0.2, -0.4, 0.4].into_iter().enumerate() {
            assert!((d.get(class, 0) - expected).abs() < 1e-6);
        }
    }
}
