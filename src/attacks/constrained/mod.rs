//! Evasion of models of tables: an adversary must hand in a row that is a row.
//!
//! [`Constraints`] say what that is and list what a row breaks. [`Caa`] attacks under them: gradient steps on relaxed points first (`capgd`), then a
//! search over valid rows (`search`). Attacks that know nothing of constraints go through `blind`. Whatever attacks, a row counts as fallen only
//! where [`Constraints::violations`] of the very numbers that the model misclassifies is empty.

mod bench;
pub(super) mod blind;
mod capgd;
mod constraints;
mod mend;
mod penalty;
mod room;
mod search;
#[cfg(test)]
mod tests;

use super::spec::short_hash;
use super::{Attack, Found, Target, ThreatModel};
use crate::data::UNCONSTRAINED;
use crate::error::Result;
use crate::losses::Loss;
use crate::models::{Access, LANES};

pub use constraints::{Constraint, Constraints, Violation};

/// The name of a number under a threat model with constraints: a hash of the attacks' `protocol` and the model's name, so that numbers
/// under different threat models are never taken for one. Without constraints it is `protocol` itself.
#[must_use]
pub fn under(threat: Option<&str>, protocol: String) -> String {
    match threat {
        None | Some(UNCONSTRAINED) => protocol,
        Some(name) => {
            short_hash(&serde_json::json!({ "protocol": protocol, "threat": name, "rules": RULES }))
        }
    }
}

impl Constraints {
    /// The valid row near `wish` (one number per feature, model input space) that is handed in in its place: whole numbers rounded towards the
    /// clean value, at most as many categories changed as may be, relations mended; none where that failed.
    #[must_use]
    pub fn valid_near(&self, threat: &ThreatModel, clean: &[f32], wish: &[f32]) -> Option<Vec<f32>> {
        let (mut room, mut point) = (room::Room::default(), room::Point::default());
        room.enter(self, threat, clean);
        let settled = room.finish(self, threat, wish, &mut point);
        (settled && self.violations(threat, clean, &point.x).is_empty()).then_some(point.x)
    }
}

/// The version of the rules by which rows are judged under constraints; part of every protocol under them.
const RULES: u32 = 1;

/// Gradient steps, then a search, in the spirit of CAA (Simonetto et al. 2024, arXiv 2406.00775); the search is a block random search and
/// not MOEVA. Without steps it is the search alone, and needs scores only.
///
/// Without constraints it works in ball, box and mutable features, every feature a column that may be any number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caa {
    /// Gradient steps per run; 0 for the search alone.
    pub steps: u32,
    /// Runs of gradient steps per row, the first from the clean row.
    pub restarts: u32,
    /// Queries of the search per row.
    pub queries: u32,
    /// What to climb.
    pub loss: Loss,
}

impl Attack for Caa {
    fn access(&self) -> Access {
        if self.steps > 0 { Access::Gradients } else { Access::Scores }
    }

    fn knows_constraints(&self) -> bool {
        true
    }

    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        let free;
        let constraints = if let Some(constraints) = target.constraints {
            constraints
        } else {
            free = Constraints::none(target.threat);
            &free
        };
        let queue = found.queue(true, target);
        let mut room = room::Room::default();
        let mut few = vec![false; found.len()];
        for row in queue.iter().map(|row| *row as usize) {
            room.enter(constraints, target.threat, target.rows.row(row));
            few[row] = search::Enumeration::count(&room, constraints, u64::from(self.queries)).is_some();
        }
        // Where all rows can be tried, steps have nothing to add.
        let many: Vec<usize> = queue.iter().map(|row| *row as usize).filter(|row| !few[*row]).collect();
        let mut capgd = capgd::Capgd::new(found.features, found.classes);
        if self.steps > 0 {
            for restart in 0..self.restarts {
                // The first run takes all its steps on fallen rows too, so that the largest cross-entropy means the same for all.
                let rows: Vec<usize> =
                    many.iter().copied().filter(|row| restart == 0 || found.standing[*row]).collect();
                for rows in rows.chunks(LANES) {
                    capgd.run(self, restart, rows, constraints, target, found)?;
                }
            }
        }
        let left: Vec<(usize, bool)> = queue
            .iter()
            .map(|row| (*row as usize, few[*row as usize]))
            .filter(|(row, few)| *few || found.standing[*row])
            .collect();
        search::search(self, &left, constraints, target, found)
    }
}
