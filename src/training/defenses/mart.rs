//! MART (Wang et al. 2020): a boosted cross-entropy at the adversarial point, and the divergence weighted by how wrong the clean row is;
//! strength is `β`.
//!
//! `−ln q_y − ln(1.0001 − max_{k≠y} q_k) + β (1 − p_y) KL(p ‖ q)`; the points climb the cross-entropy. At strength 0 the boosted cross-entropy
//! is left, which is adversarial training with a margin term, not plain training.

use super::outer::Both;
use super::{Batch, Defense, Points, Tally};
use crate::error::Result;
use crate::models::{Block, Network, Parameters};

/// MART.
pub(super) struct Mart {
    points: Points,
    both: Both,
}

impl Mart {
    pub(super) fn new(points: Points, features: usize, classes: usize) -> Self {
        Self { points, both: Both::new(features, classes) }
    }
}

impl Defense for Mart {
    fn place(&mut self, network: &mut dyn Network, batch: &Batch<'_>, x: &mut Block) -> Result<()> {
        self.points.place(network, batch, x)
    }

    fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally {
        let beta = batch.strength as f32;
        self.both.learn(network, x, batch, gradient, |pair, values| pair.mart(beta, values))
    }
}
