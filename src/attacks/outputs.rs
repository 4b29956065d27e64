//! What a model says on rows, block by block.

use super::not_finite;
use crate::data::Rows;
use crate::error::Result;
use crate::evidence::Outputs;
use crate::models::{Block, LANES, Network};
use crate::simd::vectorized;

/// Predictions and logits on all rows as they are.
///
/// # Errors
///
/// Where a logit is not finite: such a model predicts nothing.
pub fn outputs(network: &mut dyn Network, rows: &Rows) -> Result<Outputs> {
    let classes = network.architecture().classes();
    let (mut x, mut logits) = (Block::new(network.architecture().inputs()), Block::new(classes));
    let mut outputs = Outputs {
        predictions: Vec::with_capacity(rows.len()),
        logits: Vec::with_capacity(rows.len() * classes),
    };
    for first in (0..rows.len()).step_by(LANES) {
        let members = first..rows.len().min(first + LANES);
        x.gather(members.clone().map(|row| rows.row(row)));
        network.forward(&x, &mut logits);
        if let Some(lane) = first_not_finite(&logits, members.len()) {
            return Err(not_finite("logits", rows.facts.rows[first + lane]));
        }
        outputs.predictions.extend_from_slice(&predictions(&logits)[..members.len()]);
        for lane in 0..members.len() {
            outputs.logits.extend((0..classes).map(|class| logits.get(class, lane)));
        }
    }
    Ok(outputs)
}

/// The first lane with a row that holds a number that is not finite.
pub(crate) fn first_not_finite(block: &Block, rows: usize) -> Option<usize> {
    let broken = vectorized(
        #[inline(always)]
        || {
            let mut broken = [0_u32; LANES];
            for feature in block.data().chunks_exact(LANES) {
                for (broken, value) in broken.iter_mut().zip(feature) {
                    *broken |= u32::from(value.to_bits() & 0x7f80_0000 == 0x7f80_0000);
                }
            }
            broken
        },
    );
    broken[..rows].iter().position(|broken| *broken != 0)
}

/// The class of the largest logit in every lane; the lowest on ties.
pub(crate) fn predictions(logits: &Block) -> [u16; LANES] {
    vectorized(
        #[inline(always)]
        || {
            // As wide as the values, so that both fit the same vectors.
            let (mut best, mut classes) = ([f32::NEG_INFINITY; LANES], [0_u32; LANES]);
            for (class, values) in logits.data().chunks_exact(LANES).enumerate() {
                for ((best, chosen), value) in best.iter_mut().zip(&mut classes).zip(values) {
                    let larger = *value > *best;
                    *best = if larger { *value } else { *best };
                    *chosen = if larger { class as u32 } else { *chosen };
                }
            }
            classes.map(|class| class as u16)
        },
    )
}
