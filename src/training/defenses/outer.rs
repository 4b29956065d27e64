//! The outer step that defenses share: a loss at given points, and its weight gradient.

use super::{Batch, Tally, gather};
use crate::attacks::predictions;
use crate::losses::{Loss, Pair, PerLane, log_softmax};
use crate::models::{Block, LANES, Network, Parameters};

/// Every row counts once.
pub(super) const ONCE: PerLane = [1.0; LANES];

/// Labels, logits and gradients of a block on its way through the outer step.
pub(super) struct Outer {
    pub(super) labels: [u16; LANES],
    pub(super) logits: Block,
    pub(super) d_logits: Block,
    pub(super) values: PerLane,
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
    pub(super) fn label(&mut self, batch: &Batch<'_>) {
        for (label, row) in self.labels.iter_mut().zip(batch.members) {
            *label = batch.rows.facts.labels[*row as usize];
        }
    }

    /// Adds the weight gradient of the cross-entropy at `x`, each row's multiplied by its weight, to `gradient`.
    pub(super) fn cross_entropy(
        &mut self,
        network: &mut dyn Network,
        x: &Block,
        batch: &Batch<'_>,
        weights: &PerLane,
        gradient: &mut Parameters,
    ) -> Tally {
        self.label(batch);
        network.forward(x, &mut self.logits);
        Loss::CrossEntropy.evaluate(&self.logits, &self.labels, &mut self.values, &mut self.d_logits);
        scale(weights, &mut self.values, &mut self.d_logits);
        network.weight_gradient(x, &self.d_logits, gradient);
        self.tally(batch.members.len())
    }

    /// The losses in `values`, and how many of the logits say the label.
    pub(super) fn tally(&self, rows: usize) -> Tally {
        let predicted = predictions(&self.logits);
        let correct = (0..rows).filter(|lane| predicted[*lane] == self.labels[*lane]).count();
        let loss = self.values[..rows].iter().map(|value| f64::from(*value)).sum();
        Tally { loss, correct: correct as u32, rows: rows as u32 }
    }
}

/// Multiplies each row's loss and gradient by its weight. A weight of 1 changes no bit.
pub(super) fn scale(weights: &PerLane, values: &mut PerLane, d_logits: &mut Block) {
    if *weights == ONCE {
        return;
    }
    for (value, weight) in values.iter_mut().zip(weights) {
        *value *= weight;
    }
    for class in d_logits.data_mut().chunks_exact_mut(LANES) {
        for (entry, weight) in class.iter_mut().zip(weights) {
            *entry *= weight;
        }
    }
}

/// The outer step of defenses whose loss looks at the clean rows and at the points together.
pub(super) struct Both {
    /// At the points.
    pub(super) outer: Outer,
    clean: Block,
    clean_logits: Block,
    d_clean: Block,
    log_probabilities: Block,
}

impl Both {
    pub(super) fn new(features: usize, classes: usize) -> Self {
        Self {
            outer: Outer::new(classes),
            clean: Block::new(features),
            clean_logits: Block::new(classes),
            d_clean: Block::new(classes),
            log_probabilities: Block::new(classes),
        }
    }

    /// Logarithms of the class probabilities at the clean rows.
    pub(super) fn log_probabilities(&mut self, network: &mut dyn Network, batch: &Batch<'_>) -> &Block {
        gather(batch, &mut self.clean);
        network.forward(&self.clean, &mut self.clean_logits);
        log_softmax(&self.clean_logits, &mut self.log_probabilities);
        &self.log_probabilities
    }

    /// Adds the weight gradient of `loss`, which fills both gradients and the values, through the points `x` and through the clean rows.
    pub(super) fn learn(
        &mut self,
        network: &mut dyn Network,
        x: &Block,
        batch: &Batch<'_>,
        gradient: &mut Parameters,
        loss: impl FnOnce(Pair<'_>, &mut PerLane),
    ) -> Tally {
        self.outer.label(batch);
        gather(batch, &mut self.clean);
        network.forward(&self.clean, &mut self.clean_logits);
        network.forward(x, &mut self.outer.logits);
        let Outer { labels, logits, d_logits, values } = &mut self.outer;
        let pair = Pair {
            clean: &self.clean_logits,
            point: logits,
            labels,
            d_clean: &mut self.d_clean,
            d_point: d_logits,
        };
        loss(pair, values);
        network.weight_gradient(x, &self.outer.d_logits, gradient);
        // The network remembers its last forward pass alone.
        network.forward(&self.clean, &mut self.clean_logits);
        network.weight_gradient(&self.clean, &self.d_clean, gradient);
        self.outer.tally(batch.members.len())
    }
}
