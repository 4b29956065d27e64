//! Gaussian-noise training (Cohen, Rosenfeld and Kolter 2019): every row is replaced by itself plus fresh Gaussian noise; strength is the
//! standard deviation. It is how models to be smoothed are trained; the noise reaches every feature and is not clipped to the box.

use super::ascent::{epoch_streams, scatter_noise};
use super::outer::{ONCE, Outer};
use super::{Batch, Defense, Tally, gather};
use crate::error::Result;
use crate::models::{Block, Network, Parameters};
use crate::seed::Streams;

/// Gaussian-noise training.
pub(super) struct Noise {
    clean: Block,
    change: Vec<f32>,
    streams: Option<(u32, Streams)>,
    outer: Outer,
}

impl Noise {
    pub(super) fn new(features: usize, classes: usize) -> Self {
        Self {
            clean: Block::new(features),
            change: vec![0.0; features],
            streams: None,
            outer: Outer::new(classes),
        }
    }
}

impl Defense for Noise {
    fn place(&mut self, _: &mut dyn Network, batch: &Batch<'_>, x: &mut Block) -> Result<()> {
        gather(batch, &mut self.clean);
        let streams = epoch_streams(&mut self.streams, batch);
        scatter_noise(streams, batch, batch.strength, &self.clean, &mut self.change, x);
        Ok(())
    }

    fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally {
        self.outer.cross_entropy(network, x, batch, &ONCE, gradient)
    }
}
