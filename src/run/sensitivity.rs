//! What the reruns of the front section's `sensitivity` say of the exchange rates.

use super::judge;
use crate::error::Result;
use crate::experiment::SENSITIVITY;
use crate::pareto::exchange::ArcRate;
use crate::pareto::{self, Objective, Recheck};
use crate::points::{self, CellEvidence, Point, Study};

/// Every configuration once more with one setting scaled.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// The setting with its factor: `training.epochs*2`.
    pub setting: String,
    /// What was found; coordinates are those of the points that are checked.
    pub points: Vec<Point>,
    /// The exchange rates, found again.
    pub rates: Vec<Recheck>,
}

/// Takes the reruns out of `evidence`, by setting, with the coordinates of what they check.
pub(super) fn take(evidence: &mut Vec<CellEvidence>) -> Vec<(String, Vec<CellEvidence>)> {
    let mut taken: Vec<(String, Vec<CellEvidence>)> = Vec::new();
    evidence.retain(|cell| {
        let Some(setting) = cell.coordinates.get(SENSITIVITY) else { return true };
        let mut bare = cell.clone();
        bare.coordinates.remove(SENSITIVITY);
        match taken.iter_mut().find(|(other, _)| other == setting) {
            Some((_, cells)) => cells.push(bare),
            None => taken.push((setting.clone(), vec![bare])),
        }
        false
    });
    taken
}

/// Judges the reruns against `rates`, which are about `points`.
pub(super) fn judge(
    taken: Vec<(String, Vec<CellEvidence>)>,
    options: points::Options,
    objectives: &[Objective],
    model: &str,
    (points, rates): (&[Point], &[ArcRate]),
) -> Result<Vec<Sensitivity>> {
    taken
        .into_iter()
        .map(|(setting, cells)| {
            // Rates rest on the seeds' own values.
            let mut study = Study::new(&cells, points::Options { resamples: 0, ..options })?;
            points::mark_degenerate(&mut study, &judge::directed(objectives));
            let again = judge::rates(&study, objectives, model);
            let rates = pareto::recheck(rates, points, &again, &study.points);
            Ok(Sensitivity { setting, points: study.points, rates })
        })
        .collect()
}
