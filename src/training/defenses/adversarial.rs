//! Adversarial training (Madry et al. 2018): every row is replaced by the last point of a projected gradient ascent around it.
//!
//! With one step of 1.25 radii it is Fast-AT (Wong, Rice and Kolter 2020): cheap, and known to overfit catastrophically, so that training watches
//! accuracy on validation rows under PGD after every epoch.

use super::outer::{ONCE, Outer};
use super::{Batch, Defense, Points, Tally};
use crate::error::Result;
use crate::models::{Block, Network, Parameters};

/// Adversarial training.
pub(super) struct Adversarial {
    points: Points,
    outer: Outer,
}

impl Adversarial {
    pub(super) fn new(points: Points, classes: usize) -> Self {
        Self { points, outer: Outer::new(classes) }
    }
}

impl Defense for Adversarial {
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
        self.outer.cross_entropy(network, x, batch, &ONCE, gradient)
    }
}
