//! The margin loss `max_{j≠y} z_j − z_y` (Carlini and Wagner 2017, objective f₆ without clamp): positive exactly where the row is misclassified.

use super::{PerLane, set_label_apart};
use crate::models::{Block, LANES};

/// Value, and gradient +1 at the strongest rival (the lowest class on ties), −1 at the true class.
#[inline(always)]
pub(super) fn evaluate(logits: &Block, labels: &[u16], values: &mut PerLane, d_logits: &mut Block) {
    let (own, largest) = set_label_apart(logits, labels, d_logits);
    for lane in 0..LANES {
        values[lane] = largest[lane] - own[lane];
    }
    // 1 until the lane's strongest rival has been met, then 0.
    let mut open = [1.0_f32; LANES];
    for class in d_logits.data_mut().chunks_exact_mut(LANES) {
        for ((entry, largest), open) in class.iter_mut().zip(&largest).zip(&mut open) {
            let rival = if *entry >= *largest { *open } else { 0.0 };
            *open -= rival;
            *entry = rival;
        }
    }
    for (lane, &label) in labels.iter().enumerate().take(logits.rows()) {
        d_logits.data_mut()[usize::from(label) * LANES + lane] = -1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: label 1 against the tie of classes 0 and 2.
    #[test]
    fn the_first_of_tied_rivals_is_pushed() {
        let mut logits = Block::new(3);
        logits.gather([[2.0_f32, -1.0, 2.0].as_slice()]);
        let (mut values, mut gradient) = ([0.0; LANES], Block::new(3));
        evaluate(&logits, &[1], &mut values, &mut gradient);
        assert!((values[0] - 3.0).abs() < 1e-7);
        let expected = [1.0_f32, -1.0, 0.0];
        assert!((0..3).all(|class| gradient.get(class, 0).to_bits() == expected[class].to_bits()));
    }
}
