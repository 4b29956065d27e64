//! One training step: points for every block of the batch, then the loss there.

use super::{Batch, Defense, EpochEnd, Tally, awp};
use crate::error::Result;
use crate::models::{Block, LANES, Network, Parameters};

/// A defense at work on batches.
pub(crate) struct Stepper {
    defense: Box<dyn Defense>,
    /// Whether the weights are perturbed before every update, by the strength.
    perturbs: bool,
    /// The points of every block of a batch.
    points: Vec<Block>,
    /// The weights moved, and the gradient that moves them.
    moved: Option<(Parameters, Parameters)>,
    features: usize,
}

impl Stepper {
    pub(super) fn new(defense: Box<dyn Defense>, perturbs: bool, features: usize) -> Self {
        Self { defense, perturbs, points: Vec::new(), moved: None, features }
    }

    /// Adds the gradient of the loss, summed over the rows of the batch, to `gradient`, which is zero.
    ///
    /// `network` holds the current weights, before and after. Rows go through it in blocks, in order: block sums are added in that order.
    pub(crate) fn step(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        gradient: &mut Parameters,
    ) -> Result<Tally> {
        let blocks = batch.members.len().div_ceil(LANES);
        while self.points.len() < blocks {
            self.points.push(Block::new(self.features));
        }
        for (block, x) in batch.blocks().zip(&mut self.points) {
            self.defense.place(network, &block, x)?;
        }
        self.defense.weigh(network, batch, &self.points[..blocks]);
        let tally = self.learn(network, batch, gradient);
        if !self.perturbs || batch.strength <= 0.0 {
            return Ok(tally);
        }
        let (mut weights, mut direction) = match self.moved.take() {
            Some((mut weights, mut direction)) => {
                weights.values_mut().copy_from_slice(batch.parameters.values());
                direction.values_mut().fill(0.0);
                (weights, direction)
            }
            None => (batch.parameters.clone(), Parameters::zeros(network.architecture())),
        };
        std::mem::swap(gradient, &mut direction);
        awp::perturb(&mut weights, &direction, batch.strength);
        network.load(&weights);
        let tally = self.learn(network, batch, gradient);
        network.load(batch.parameters);
        self.moved = Some((weights, direction));
        Ok(tally)
    }

    /// The points of the last batch, block by block.
    #[cfg(test)]
    pub(super) fn points(&self) -> &[Block] {
        &self.points
    }

    /// Adds the gradient at the points placed last.
    pub(super) fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        gradient: &mut Parameters,
    ) -> Tally {
        let mut tally = Tally::default();
        for (block, x) in batch.blocks().zip(&self.points) {
            tally.add(self.defense.learn(network, &block, x, gradient));
        }
        tally
    }

    /// As [`Defense::after_epoch`].
    pub(crate) fn after_epoch(&mut self, network: &mut dyn Network, end: &EpochEnd<'_>) -> Result<()> {
        self.defense.after_epoch(network, end)
    }
}
