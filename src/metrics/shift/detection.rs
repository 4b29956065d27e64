//! Whether a score tells the test rows, which have a class, from rows that have none.
//!
//! Rows that tie in a score count together, so that no value depends on the order of rows.

use crate::evidence::{Evidence, OodFacts};

/// The scores, higher where a row looks more like one with a class: key part of the metric's id, and what it is.
pub const SCORES: [(&str, &str); 4] = [
    ("msp", "the largest softmax probability"),
    ("entropy", "the negative entropy of the softmax probabilities"),
    ("energy", "the logarithm of the sum of the exponentials of the logits (temperature 1)"),
    ("max_logit", "the largest logit"),
];

/// Every score of one row; summed from the smallest logit up, so that rows with the same logits in another order tie.
fn scores(logits: &[f32]) -> [f64; SCORES.len()] {
    let mut logits = logits.to_vec();
    logits.sort_by(f32::total_cmp);
    let largest = logits.last().map_or(f64::NEG_INFINITY, |logit| f64::from(*logit));
    let powers = logits.iter().map(|logit| libm::exp(f64::from(*logit) - largest));
    let total: f64 = powers.clone().sum();
    // Σ p ln p = Σ p (z − max) − ln Σ e^(z − max).
    let mean: f64 =
        powers.zip(&logits).map(|(power, z)| power * (f64::from(*z) - largest)).sum::<f64>() / total;
    let rest = libm::log(total);
    // −0 is 0: both are one score.
    [1.0 / total, mean - rest, largest + rest, largest].map(|score| score + 0.0)
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    score: f64,
    row: u32,
    has_class: bool,
    /// The next entry has another score.
    ends_tie: bool,
}

/// The rows of both sides in the order of one score.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    /// The highest score first; nothing where the model states no scores.
    entries: Vec<Entry>,
}

/// One per score.
pub(super) fn detectors(facts: &OodFacts, evidence: &Evidence) -> [Detector; SCORES.len()] {
    let classes = evidence.facts.classes.len();
    let known = &evidence.clean.logits;
    let stated = classes > 0 && known.len() == evidence.facts.len() * classes && !known.is_empty();
    let of = |logits: &[f32]| -> Vec<[f64; SCORES.len()]> {
        if stated { logits.chunks_exact(classes).map(scores).collect() } else { Vec::new() }
    };
    let (inside, outside) = (of(known), of(&facts.logits));
    std::array::from_fn(|score| {
        let side = |rows: &[[f64; SCORES.len()]], has_class: bool| -> Vec<Entry> {
            let entry = |(row, scores): (usize, &[f64; SCORES.len()])| Entry {
                score: scores[score],
                row: row as u32,
                has_class,
                ends_tie: true,
            };
            rows.iter().enumerate().map(entry).collect()
        };
        let mut entries = side(&inside, true);
        entries.extend(side(&outside, false));
        entries.sort_by(|a, b| b.score.total_cmp(&a.score));
        for i in 1..entries.len() {
            entries[i - 1].ends_tie = entries[i - 1].score.to_bits() != entries[i].score.to_bits();
        }
        Detector { entries }
    })
}

/// How well one score tells rows with a class from rows without.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Detection {
    /// The share of pairs in which the row with a class has the higher score; a tie counts one half.
    pub auroc: f64,
    /// Average precision, rows with a class positive.
    pub aupr_id: f64,
    /// Average precision, rows without a class positive.
    pub aupr_ood: f64,
    /// The share of rows without a class that pass where at least 95 % of those with a class do.
    pub fpr95_id: f64,
    /// The share of rows with a class that are refused where at least 95 % of those without are.
    pub fpr95_ood: f64,
}

impl Detection {
    /// The mean; nothing where any is missing.
    pub(super) fn mean(all: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let all = all.collect::<Option<Vec<Self>>>()?;
        let mean = |part: fn(&Self) -> f64| all.iter().map(part).sum::<f64>() / all.len() as f64;
        (!all.is_empty()).then(|| Self {
            auroc: mean(|one| one.auroc),
            aupr_id: mean(|one| one.aupr_id),
            aupr_ood: mean(|one| one.aupr_ood),
            fpr95_id: mean(|one| one.fpr95_id),
            fpr95_ood: mean(|one| one.fpr95_ood),
        })
    }
}

/// 95 % as 19 of 20: weights are whole numbers, and so is what is compared.
const KEPT: f64 = 19.0;
/// See [`KEPT`].
const OF: f64 = 20.0;

impl Detector {
    /// When row `i` of either side counts `weights[i]` times; nothing where a side is empty.
    pub(super) fn fold<W: Copy + Into<f64>>(&self, weights: &[W]) -> Option<Detection> {
        let weight = |entry: &Entry| -> f64 { weights[entry.row as usize].into() };
        let (mut inside, mut outside) = (0.0, 0.0);
        for entry in &self.entries {
            *if entry.has_class { &mut inside } else { &mut outside } += weight(entry);
        }
        if inside <= 0.0 || outside <= 0.0 {
            return None;
        }
        let mut found = Detection::default();
        // Of the entries passed (with higher scores), and of the current tie.
        let (mut with, mut without, mut block) = (0.0, 0.0, (0.0, 0.0));
        let mut passed = false;
        for entry in &self.entries {
            *if entry.has_class { &mut block.0 } else { &mut block.1 } += weight(entry);
            if !entry.ends_tie {
                continue;
            }
            let tie = std::mem::take(&mut block);
            if tie == (0.0, 0.0) {
                continue;
            }
            // At or below the tie, and at or above it.
            let (with_left, without_left) = (inside - with, outside - without);
            if OF * without_left >= KEPT * outside {
                found.fpr95_ood = with_left / inside;
            }
            found.auroc += tie.0 * (without_left - 0.5 * tie.1);
            found.aupr_ood += tie.1 * without_left / (without_left + with_left);
            with += tie.0;
            without += tie.1;
            found.aupr_id += tie.0 * with / (with + without);
            if !passed && OF * with >= KEPT * inside {
                found.fpr95_id = without / outside;
                passed = true;
            }
        }
        found.auroc /= inside * outside;
        found.aupr_id /= inside;
        found.aupr_ood /= outside;
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Softmax of (0, ln 3) is (1/4, 3/4); its entropy is 2 ln 2 − (3/4) ln 3; Σ e^z = 4.
    #[test]
    fn scores_by_hand() {
        let ln = libm::log;
        let found = scores(&[0.0, ln(3.0) as f32]);
        let entropy = 2.0 * ln(2.0) - 0.75 * ln(3.0);
        for (found, expected) in found.iter().zip([0.75, -entropy, ln(4.0), ln(3.0)]) {
            assert!((found - expected).abs() < 1e-7, "{found} {expected}");
        }
        // A logit far above the others: certain, without overflow.
        assert_eq!(scores(&[1000.0, 0.0]).map(f64::to_bits), [1.0, 0.0, 1000.0, 1000.0].map(f64::to_bits));
    }
}
