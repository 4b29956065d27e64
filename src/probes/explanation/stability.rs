//! Whether the most important features stay the same when the row is attacked (after Ghorbani, Abid and Zou 2019, arXiv 1710.10547).
//!
//! The point is made by one run of PGD on the cross-entropy of the class predicted at the row, from a random start, with steps of 2.5 radii divided by
//! their number; the point of the largest cross-entropy counts, whether or not it changes the prediction. The attack aims at the prediction, not at
//! the explanation, so the share that stays is an upper bound of what an adversary of explanations would leave. The class explained is
//! the one predicted at the row, at both places.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::Inquiry;
use crate::attacks::{Constraints, Found, Spec, Target, ThreatModel, attempt};
use crate::bounded::Positive;
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::evidence::{Outputs, SplitFacts};
use crate::losses::Loss;

/// The attack with so many steps.
///
/// # Errors
///
/// Only on a defect of this program.
pub(super) fn attack(steps: NonZeroU32) -> Result<Spec> {
    let step = Positive::try_from(2.5 / f64::from(steps.get())).map_err(Error::internal)?;
    Ok(Spec::Pgd { steps, step, restarts: NonZeroU32::MIN, loss: Loss::CrossEntropy, random_start: true })
}

/// `members.len() × features` adversarial points of those rows; where the attack applies.
pub(super) fn points(inquiry: &mut Inquiry<'_>, members: &[usize]) -> Result<Vec<f32>> {
    let (rows, clean) = asked_as_predicted(inquiry, members);
    let features = inquiry.constraints.map_or(inquiry.features, Constraints::features);
    let threat = ThreatModel::new(inquiry.norm, inquiry.epsilon, features);
    let mut found = Found::new(&rows.x, &rows.facts.labels, &clean);
    let mut target = Target {
        network: &mut *inquiry.network,
        rows: &rows,
        threat: &threat,
        constraints: inquiry.constraints,
        warm: false,
        only: None,
        seed: inquiry.seed,
        name: "explanation/stability",
        stop: inquiry.stop,
    };
    let spec = attack(inquiry.settings.attack_steps)?;
    attempt(spec.build().as_ref(), &clean, &mut target, &mut found)?;
    Ok((0..members.len()).flat_map(|row| found.max_loss(row).to_vec()).collect())
}

/// The rows with what the model predicts as their labels, and what it says of them.
fn asked_as_predicted(inquiry: &Inquiry<'_>, members: &[usize]) -> (Rows, Outputs) {
    let (facts, classes) = (&*inquiry.rows.facts, inquiry.network.architecture().classes());
    let predictions: Vec<u16> = members.iter().map(|row| inquiry.clean.predictions[*row]).collect();
    let logits = &inquiry.clean.logits;
    let logits = members.iter().flat_map(|row| logits[row * classes..(row + 1) * classes].to_vec()).collect();
    let rows = Rows {
        x: members.iter().flat_map(|row| inquiry.rows.row(*row).to_vec()).collect(),
        facts: Arc::new(SplitFacts {
            split: facts.split,
            rows: members.iter().map(|row| facts.rows[*row]).collect(),
            labels: predictions.clone(),
            classes: facts.classes.clone(),
            positive: facts.positive,
            attributes: Vec::new(),
            units: None,
        }),
    };
    (rows, Outputs { predictions, logits })
}

/// The share of the first `top` of one ranking that are among the first `top` of the other.
pub(super) fn shared(one: &[u32], other: &[u32], top: usize) -> f64 {
    let (one, other) = (&one[..top], &other[..top]);
    one.iter().filter(|feature| other.contains(feature)).count() as f64 / top as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rankings_share_what_is_first_in_both() {
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        close(shared(&[4, 2, 0, 1, 3], &[2, 4, 3, 0, 1], 2), 1.0);
        close(shared(&[4, 2, 0, 1, 3], &[2, 4, 3, 0, 1], 3), 2.0 / 3.0);
        close(shared(&[0, 1], &[1, 0], 1), 0.0);
    }
}
