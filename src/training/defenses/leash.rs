//! Label smoothing (Szegedy et al. 2016) and logit squeezing (Kannan, Kurakin and Goodfellow 2018): plain training with a leash on the logits.
//!
//! Controls: they shrink the gradients that weak attacks follow and must not look robust to strong ones (Mosbach et al. 2018).

use super::outer::Outer;
use super::{Batch, Defense, Tally, gather};
use crate::error::Result;
use crate::losses::{Loss, add_squeeze, smoothed_cross_entropy};
use crate::models::{Block, Network, Parameters};

/// Which leash; its length is the strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leash {
    /// The share of the label that is spread over all classes, below 1.
    Smoothing,
    /// `λ` of the penalty `λ / 2 ‖z‖₂²`.
    Squeezing,
}

/// Plain training with a leash.
pub(super) struct Leashed {
    leash: Leash,
    outer: Outer,
}

impl Leashed {
    pub(super) fn new(leash: Leash, classes: usize) -> Self {
        Self { leash, outer: Outer::new(classes) }
    }
}

impl Defense for Leashed {
    fn place(&mut self, _: &mut dyn Network, batch: &Batch<'_>, x: &mut Block) -> Result<()> {
        gather(batch, x);
        Ok(())
    }

    fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally {
        self.outer.label(batch);
        let strength = batch.strength as f32;
        let Outer { labels, logits, d_logits, values } = &mut self.outer;
        network.forward(x, logits);
        match self.leash {
            Leash::Smoothing => smoothed_cross_entropy(logits, labels, strength, values, d_logits),
            Leash::Squeezing => {
                Loss::CrossEntropy.evaluate(logits, labels, values, d_logits);
                add_squeeze(logits, strength, values, d_logits);
            }
        }
        network.weight_gradient(x, d_logits, gradient);
        self.outer.tally(batch.members.len())
    }
}
