//! TRADES (Zhang et al. 2019): `CE(p, y) + β KL(p ‖ q)`, with `p` the class probabilities at the clean row and `q` those at a point near it
//! that was found by climbing the divergence; strength is `β`.
//!
//! As in the authors' code, the ascent starts at the row plus Gaussian noise of 0.001 (the divergence has no gradient at the row itself), and both
//! `p` and `q` are differentiated.

use super::ascent::{Ascent, Climb};
use super::outer::{Both, ONCE};
use super::{Batch, Defense, Tally};
use crate::error::Result;
use crate::models::{Block, LANES, Network, Parameters};

/// Standard deviation of the noise that the ascent starts with.
pub(super) const START: f64 = 1e-3;

/// TRADES.
pub(super) struct Trades {
    ascent: Ascent,
    radius: f64,
    /// Where it is not the strength.
    beta: Option<f64>,
    both: Both,
}

impl Trades {
    pub(super) fn new(
        ascent: Ascent,
        radius: f64,
        beta: Option<f64>,
        features: usize,
        classes: usize,
    ) -> Self {
        Self { ascent, radius, beta, both: Both::new(features, classes) }
    }

    /// Fills `x` with the points of largest divergence found.
    pub(super) fn climb(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &mut Block,
    ) -> Result<()> {
        let climb = Climb::Divergence(self.both.log_probabilities(network, batch));
        self.ascent.run(network, batch, self.radius, &[], climb, x)
    }

    /// The outer step, each row's two terms multiplied by its weights.
    pub(super) fn weighted(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        [natural, boundary]: [&[f32; LANES]; 2],
        gradient: &mut Parameters,
    ) -> Tally {
        let beta = self.beta.unwrap_or(batch.strength) as f32;
        let boundary = boundary.map(|weight| beta * weight);
        self.both.learn(network, x, batch, gradient, |pair, values| {
            pair.trades(natural, &boundary, values);
        })
    }
}

impl Defense for Trades {
    fn place(&mut self, network: &mut dyn Network, batch: &Batch<'_>, x: &mut Block) -> Result<()> {
        self.climb(network, batch, x)
    }

    fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally {
        self.weighted(network, batch, x, [&ONCE, &ONCE], gradient)
    }
}
