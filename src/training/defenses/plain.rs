//! Plain training: cross-entropy on the rows as they are.

use super::outer::{ONCE, Outer};
use super::{Batch, Defense, Tally, gather};
use crate::error::Result;
use crate::models::{Block, Network, Parameters};

/// No defense. Also what most defenses are at strength 0.
pub(super) struct Plain {
    outer: Outer,
}

impl Plain {
    pub(super) fn new(classes: usize) -> Self {
        Self { outer: Outer::new(classes) }
    }
}

impl Defense for Plain {
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
        self.outer.cross_entropy(network, x, batch, &ONCE, gradient)
    }
}
