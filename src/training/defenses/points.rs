//! Where defenses train: the clean rows, or the points that an ascent of a loss of the true class ends at.

use super::ascent::{Ascent, Climb};
use super::{Batch, gather};
use crate::error::Result;
use crate::losses::Loss;
use crate::models::{Block, LANES, Network};

/// How far the inner attack may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Radius {
    /// As far as the strength.
    Strength,
    /// So far whatever the strength; 0 stays at the clean rows.
    Fixed(f64),
}

/// The points of a defense.
pub(super) struct Points {
    ascent: Ascent,
    loss: Loss,
    radius: Radius,
    labels: [u16; LANES],
}

impl Points {
    pub(super) fn new(ascent: Ascent, loss: Loss, radius: Radius) -> Self {
        Self { ascent, loss, radius, labels: [0; LANES] }
    }

    /// Fills `x` with the points of the rows of a block.
    ///
    /// # Errors
    ///
    /// Where a gradient is not finite.
    pub(super) fn place(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &mut Block,
    ) -> Result<()> {
        let radius = match self.radius {
            Radius::Strength => batch.strength,
            Radius::Fixed(radius) => radius,
        };
        if radius <= 0.0 {
            gather(batch, x);
            return Ok(());
        }
        for (label, row) in self.labels.iter_mut().zip(batch.members) {
            *label = batch.rows.facts.labels[*row as usize];
        }
        let climb = Climb::Away(self.loss);
        self.ascent.run(network, batch, radius, &self.labels, climb, x)
    }
}
