//! What the sanity checks came to, over models, seeds and epochs.

use super::judge::Present;
use super::sweep::Sweep;
use crate::evidence::{Finding, Seen};
use crate::points::{CellEvidence, Study};
use crate::probes::checks::{self, DEGENERATE, OVERFITTING};
use crate::training;
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
                        overfitting(present, &sweep.variants[present.cell.variant].checks)
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

/// Check 27 on the record of one cell's training.
fn overfitting(present: &Present<'_>, settings: &checks::Settings) -> Option<Finding> {
    /// A fall by more than this from one epoch to the next is catastrophic (Wong et al. 2020).
    const CATASTROPHIC: f64 = 0.2;
    let found = training::overfitting(&present.record.convergence)?;
    let words = format!(
        "validation accuracy under attack ended {:.3} below its best and fell by at most {:.3} from one epoch to the next",
        found.gap, found.steepest
    );
    let worst = if found.steepest > CATASTROPHIC { found.gap.max(found.steepest) } else { found.gap };
    Some(checks::finding(&OVERFITTING, &Seen::Number(worst), &words, settings))
}
