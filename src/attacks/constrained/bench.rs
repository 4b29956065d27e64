//! Where points are put before the model and judged: what is not valid neither counts as a success nor as a loss.

use super::Constraints;
use crate::attacks::outputs::{first_not_finite, predictions};
use crate::attacks::{Found, Target, not_finite};
use crate::error::Result;
use crate::losses::{Loss, PerLane, log_odds_against};
use crate::models::{Block, LANES};

/// A block of points and what the model says of them.
pub(super) struct Bench {
    pub(super) x: Block,
    pub(super) logits: Block,
    /// What is climbed, per lane.
    pub(super) values: PerLane,
    pub(super) d_logits: Block,
    odds: PerLane,
    scratch: Block,
    row: Vec<f32>,
    row_logits: Vec<f32>,
}

impl Bench {
    pub(super) fn new(features: usize, classes: usize) -> Self {
        Self {
            x: Block::new(features),
            logits: Block::new(classes),
            values: [0.0; LANES],
            d_logits: Block::new(classes),
            odds: [0.0; LANES],
            scratch: Block::new(classes),
            row: vec![0.0; features],
            row_logits: vec![0.0; classes],
        }
    }

    /// Asks the model; `rows` are the indices of the rows in the lanes.
    pub(super) fn ask(
        &mut self,
        loss: Loss,
        rows: &[usize],
        target: &mut Target<'_>,
        found: &mut Found,
    ) -> Result<()> {
        self.x.set_rows(rows.len());
        target.network.forward(&self.x, &mut self.logits);
        found.effort.forwards += rows.len() as u64;
        if let Some(lane) = first_not_finite(&self.logits, rows.len()) {
            return Err(not_finite("logits", target.rows.facts.rows[rows[lane]]));
        }
        let mut labels = [0; LANES];
        for (label, row) in labels.iter_mut().zip(rows) {
            *label = target.rows.facts.labels[*row];
        }
        loss.climb(&self.logits, &labels, &mut self.values, &mut self.d_logits);
        Ok(())
    }

    /// After [`ask`](Self::ask): records the points that are valid in full, checked in `f64`, and worth recording.
    pub(super) fn judge(
        &mut self,
        rows: &[usize],
        constraints: &Constraints,
        target: &Target<'_>,
        found: &mut Found,
    ) {
        let mut labels = [0; LANES];
        for (label, row) in labels.iter_mut().zip(rows) {
            *label = target.rows.facts.labels[*row];
        }
        log_odds_against(&self.logits, &labels, &mut self.odds, &mut self.scratch);
        let said = predictions(&self.logits);
        for (lane, &row) in rows.iter().enumerate() {
            let falls = found.standing[row] && said[lane] != labels[lane];
            if !(falls || self.odds[lane] > found.worst_odds[row]) {
                continue;
            }
            self.x.scatter(lane, &mut self.row);
            let clean = target.rows.row(row);
            if !constraints.violations(target.threat, clean, &self.row).is_empty() {
                continue;
            }
            self.logits.scatter(lane, &mut self.row_logits);
            if falls {
                // A change of categories alone has no length; 0 would say that the clean row was wrong.
                let distance = constraints.distance(target.threat, clean, &self.row);
                let distance = distance.max(f64::from(f32::MIN_POSITIVE));
                found.falls(row, distance, &self.row, &self.row_logits, said[lane]);
            }
            found.climbs(row, self.odds[lane], &self.row, &self.row_logits);
        }
    }
}
