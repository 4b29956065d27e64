//! What the sanity checks came to, over models, seeds and epochs.

use super::present::Present;
use super::sweep::Sweep;
use crate::evidence::{Finding, Seen};
use crate::points::{CellEvidence, Study};
use crate::probes::checks::{self, DEGENERATE, OVERFITTING};
use crate::training::{self, EpochRecord, Overfitting};

/// What one sanity check came to on one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Index of the point.
    pub point: usize,
    /// The replicate; none for what is judged over all seeds.
    pub seed: Option<u64>,
    /// The verdict.
    pub finding: Finding,
}

/// What the checks came to, model by model, and what they come to over seeds and epochs.
pub(super) fn checked(
    study: &Study,
    evidence: &[CellEvidence],
    cells: &[&Present<'_>],
    sweep: &Sweep,
) -> Vec<Checked> {
    let mut all = Vec::new();
    for (index, point) in study.points.iter().enumerate() {
        let own =
            evidence.iter().filter(|cell| cell.coordinates == point.coordinates && cell.model == point.model);
        let mut own: Vec<_> =
            own.filter_map(|cell| Some((cell.seed, cell.outcome.as_deref().ok()?))).collect();
        own.sort_by_key(|(seed, _)| *seed);
        for (seed, evidence) in own {
            let record = cells
                .iter()
                .find(|present| present.cell.seed == seed && present.cell.coordinates == point.coordinates);
            for finding in &evidence.checks {
                let finding = match record {
                    // The best-robust model was chosen before it fell.
                    Some(present) if finding.check == OVERFITTING.id && point.model == "last" => {
                        overfitting(&present.record.convergence, &sweep.variants[present.cell.variant].checks)
                            .unwrap_or_else(|| finding.clone())
                    }
                    _ if finding.check == DEGENERATE.id => continue,
                    _ => finding.clone(),
                };
                all.push(Checked { point: index, seed: Some(seed), finding });
            }
        }
        let (hits, words) = match &point.degenerate {
            Some(reason) => (1, reason.as_str()),
            None => (0, "no constant predictor is as good"),
        };
        let seen = Seen::Count { hits, of: 1, chance: None };
        let finding = checks::finding(&DEGENERATE, &seen, words, &sweep.experiment.checks);
        all.push(Checked { point: index, seed: None, finding });
    }
    all
}

/// A fall by more than this from one epoch to the next is catastrophic (Wong et al. 2020).
const CATASTROPHIC: f64 = 0.2;

/// Check 27 on the record of one cell's training.
fn overfitting(records: &[EpochRecord], settings: &checks::Settings) -> Option<Finding> {
    let Overfitting { gap, steepest } = training::overfitting(records)?;
    let ended = gap.map_or_else(String::new, |gap| format!("ended {gap:.3} below its best and "));
    let words = format!(
        "validation accuracy under attack {ended}fell by at most {steepest:.3} from one epoch to the next"
    );
    let gap = gap.unwrap_or(0.0);
    let worst = if steepest > CATASTROPHIC { gap.max(steepest) } else { gap };
    Some(checks::finding(&OVERFITTING, &Seen::Number(worst), &words, settings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Status;

    /// (validation accuracy under attack, the same where the defense is watched), epoch by epoch.
    fn judged(epochs: &[(Option<f64>, Option<f64>)]) -> Status {
        let record = |(epoch, (robust, watched)): (usize, &(Option<f64>, Option<f64>))| EpochRecord {
            epoch: epoch as u32,
            loss: 1.0,
            accuracy: 0.5,
            validation_accuracy: None,
            validation_robust: *robust,
            watched: *watched,
        };
        let records: Vec<EpochRecord> = epochs.iter().enumerate().map(record).collect();
        overfitting(&records, &checks::Settings::default()).unwrap().status
    }

    #[test]
    fn a_fall_of_a_fifth_is_catastrophic_and_a_few_watched_rows_are_not() {
        let watched = |accuracies: &[f64]| {
            judged(&accuracies.iter().map(|accuracy| (None, Some(*accuracy))).collect::<Vec<_>>())
        };
        // Recovered at the end, but it fell.
        assert_eq!(watched(&[0.5, 0.29, 0.5]), Status::Warn);
        assert_eq!(watched(&[0.5, 0.31, 0.5]), Status::Pass);
        // 7 of 128 rows fewer in the end: two standard errors of the best of many epochs.
        assert_eq!(watched(&[0.500, 0.555, 0.500]), Status::Pass);
        let robust = |accuracies: &[f64]| {
            judged(&accuracies.iter().map(|accuracy| (Some(*accuracy), None)).collect::<Vec<_>>())
        };
        assert_eq!(robust(&[0.500, 0.555, 0.500]), Status::Warn);
        assert_eq!(robust(&[0.500, 0.520, 0.500]), Status::Pass);
        assert_eq!(judged(&[(Some(0.6), Some(0.5)), (Some(0.5), Some(0.5))]), Status::Warn);
    }
}
