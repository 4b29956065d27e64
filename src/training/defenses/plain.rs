//! Plain training: cross-entropy on the rows as they are.

use super::{Batch, Defense, Tally};
use crate::attacks::predictions;
use crate::error::Result;
use crate::losses::Loss;
use crate::models::{Block, LANES, Network, Parameters};

/// No defense. Also what every defense does at strength 0.
pub(crate) struct Plain {
    x: Block,
    outer: Outer,
}

impl Plain {
    pub(crate) fn new(features: usize, classes: usize) -> Self {
        Self { x: Block::new(features), outer: Outer::new(classes) }
    }
}

impl Defense for Plain {
    fn batch(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        gradient: &mut Parameters,
    ) -> Result<Tally> {
        let mut tally = Tally::default();
        for members in batch.members.chunks(LANES) {
            self.x.gather(members.iter().map(|row| batch.rows.row(*row as usize)));
            tally.add(self.outer.learn(network, &self.x, batch, members, gradient));
        }
        Ok(tally)
    }
}

/// The outer step that plain and adversarial training share: cross-entropy and its weight gradient at given points.
pub(super) struct Outer {
    pub(super) labels: [u16; LANES],
    pub(super) logits: Block,
    pub(super) d_logits: Block,
    values: [f32; LANES],
}

impl Outer {
    pub(super) fn new(classes: usize) -> Self {
        Self {
            labels: [0; LANES],
            logits: Block::new(classes),
            d_logits: Block::new(classes),
            values: [0.0; LANES],
        }
    }

    /// Sets the labels of a block of members.
    pub(super) fn label(&mut self, batch: &Batch<'_>, members: &[u32]) {
        for (label, row) in self.labels.iter_mut().zip(members) {
            *label = batch.rows.facts.labels[*row as usize];
        }
    }

    /// Adds the weight gradient of the summed cross-entropy at `x` to `gradient`.
    pub(super) fn learn(
        &mut self,
        network: &mut dyn Network,
        x: &Block,
        batch: &Batch<'_>,
        members: &[u32],
        gradient: &mut Parameters,
    ) -> Tally {
        self.label(batch, members);
        network.forward(x, &mut self.logits);
        Loss::CrossEntropy.evaluate(&self.logits, &self.labels, &mut self.values, &mut self.d_logits);
        network.weight_gradient(x, &self.d_logits, gradient);
        let predicted = predictions(&self.logits);
        let rows = members.len();
        let correct = (0..rows).filter(|lane| predicted[*lane] == self.labels[*lane]).count();
        let loss = self.values[..rows].iter().map(|value| f64::from(*value)).sum();
        Tally { loss, correct: correct as u32, rows: rows as u32 }
    }
}
