//! Mixed adversarial training: `(1 − λ) CE(clean row) + λ CE(adversarial point)` at a fixed radius; strength is `λ`, 0 to 1.
//!
//! Goodfellow, Shlens and Szegedy (2015) trained with λ = 1/2 on one-step points; here the points are those of adversarial training.

use super::outer::Outer;
use super::{Batch, Defense, Points, Tally, gather};
use crate::error::Result;
use crate::models::{Block, LANES, Network, Parameters};

/// Mixed adversarial training.
pub(super) struct Mixed {
    points: Points,
    clean: Block,
    outer: Outer,
}

impl Mixed {
    pub(super) fn new(points: Points, features: usize, classes: usize) -> Self {
        Self { points, clean: Block::new(features), outer: Outer::new(classes) }
    }
}

impl Defense for Mixed {
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
        let mut loss = 0.0;
        let clean_share = (1.0 - batch.strength) as f32;
        if clean_share > 0.0 {
            gather(batch, &mut self.clean);
            let weights = [clean_share; LANES];
            let tally = self.outer.cross_entropy(network, &self.clean, batch, &weights, gradient);
            loss = tally.loss;
        }
        let weights = [batch.strength as f32; LANES];
        let mut tally = self.outer.cross_entropy(network, x, batch, &weights, gradient);
        tally.loss += loss;
        tally
    }
}
