//! Defenses: what a training step does with a batch. Each has one swept value, its strength.
//!
//! To add one: a file with a type that implements `Defense`, and a variant of
//! [`Spec`] with its arms and its line in [`KINDS`].

mod adversarial;
mod ascent;
mod awp;
mod check;
mod frl;
mod group_dro;
mod groups;
mod ibp;
mod kinds;
mod leash;
mod mart;
mod mixed;
mod noise;
mod outer;
mod plain;
mod points;
mod spec;
mod stepper;
#[cfg(test)]
mod tests;
mod trades;
mod worst_class;

use crate::attacks::Stop;
use crate::data::{Dataset, Rows};
use crate::error::Result;
use crate::measure::Norm;
use crate::models::{Architecture, Block, LANES, Network, Parameters};
use crate::seed::Seed;

pub use ascent::Inner;
pub use kinds::KINDS;
use points::Points;
pub use spec::{Base, Spec};
pub(super) use stepper::Stepper;

/// What a defense is to work on.
pub(super) struct Ground<'a> {
    /// The norm of the adversary.
    pub(super) norm: Norm,
    /// The data, with training and validation rows.
    pub(super) data: &'a Dataset,
    /// The model.
    pub(super) architecture: &'a Architecture,
}

/// One batch (or a block of it, at most [`LANES`] rows) and what it is part of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch<'a> {
    /// The training rows.
    pub(super) rows: &'a Rows,
    /// Which of them are in the batch, in order.
    pub(super) members: &'a [u32],
    /// The epoch, from 0.
    pub(super) epoch: u32,
    /// Epochs in all.
    pub(super) epochs: u32,
    /// The batch's number within the epoch, from 0.
    pub(super) number: u32,
    /// Batches per epoch.
    pub(super) batches: u32,
    /// The current weights, which the network holds.
    pub(super) parameters: &'a Parameters,
    /// The strength in this epoch, after its warm-up.
    pub(super) strength: f64,
    /// The replicate's seed.
    pub(super) seed: Seed,
}

impl<'a> Batch<'a> {
    /// The same batch block by block, each with the members of its block.
    fn blocks(&self) -> impl Iterator<Item = Batch<'a>> {
        self.members.chunks(LANES).map(|members| Self { members, ..*self })
    }

    /// The data-set numbers of a block's members: the keys of their draws.
    fn numbers(&self) -> [u32; LANES] {
        let mut numbers = [0; LANES];
        for (number, row) in numbers.iter_mut().zip(self.members) {
            *number = self.rows.facts.rows[*row as usize];
        }
        numbers
    }
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    /// Sum of the rows' losses.
    pub(super) loss: f64,
    /// Rows classified correctly at the points trained on.
    pub(super) correct: u32,
    /// Rows.
    pub(super) rows: u32,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.loss += other.loss;
        self.correct += other.correct;
        self.rows += other.rows;
    }
}

/// What a training step does with the rows of a batch, block by block: where it trains, and on which loss.
///
/// The two are apart so that a batch can be weighed before it is learned from, and learned from twice at the same points (AWP).
/// Draws come from streams of its own (purpose `defense`, keyed by epoch and data-set row), so that a
/// defense that draws nothing leaves all others' draws as they are.
pub(super) trait Defense: Send {
    /// Fills `x` with the points at which the rows of `block` are trained on.
    ///
    /// # Errors
    ///
    /// Where a gradient is not finite.
    fn place(&mut self, network: &mut dyn Network, batch: &Batch<'_>, x: &mut Block) -> Result<()>;

    /// Sees the points of the whole batch, one block after the other, before any is learned from.
    fn weigh(&mut self, _network: &mut dyn Network, _batch: &Batch<'_>, _points: &[Block]) {}

    /// Adds the gradient of the loss at `x`, the points of `block`, summed over rows, to `gradient`.
    fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally;

    /// Told after every epoch, for defenses that learn from how it went.
    ///
    /// # Errors
    ///
    /// Where the model's outputs are not finite, or an attack was stopped.
    fn after_epoch(&mut self, _network: &mut dyn Network, _end: &EpochEnd<'_>) -> Result<()> {
        Ok(())
    }
}

/// An epoch that has just ended.
#[derive(Clone, Copy)]
pub(super) struct EpochEnd<'a> {
    /// The epoch, from 0.
    pub(super) epoch: u32,
    /// Epochs in all.
    pub(super) epochs: u32,
    /// The validation rows; may be empty.
    pub(super) validation: &'a Rows,
    /// The replicate's seed.
    pub(super) seed: Seed,
    /// Whether to stop early.
    pub(super) stop: Stop<'a>,
}

/// Fills `x` with the rows of a block as they are.
fn gather(batch: &Batch<'_>, x: &mut Block) {
    x.gather(batch.members.iter().map(|row| batch.rows.row(*row as usize)));
}
