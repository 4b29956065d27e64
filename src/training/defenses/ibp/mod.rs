//! Interval bound propagation (Gowal et al. 2018): training on the worst logits that interval bounds allow, strength being the L∞ radius.
//!
//! The loss is `κ CE(z) + (1 − κ) CE(worst z)`, the worst logits those of [`Intervals`], whose last layer is merged with the
//! margins. For the first share of the training (`start`) it is plain; then the radius rises linearly from 0 and `κ` falls linearly
//! from 1 (over the share `ramp`), batch by batch, to the strength and the final `κ`, at which both stay. The last schedule and its
//! defaults are those of the MNIST models of Zhang et al. 2020.
//!
//! An epoch costs about three times (MLP) or five times (CNN) as much as a plain one: bounds have a center and a radius beside the model's own pass.

mod affine;
mod intervals;
#[cfg(test)]
mod tests;

use super::outer::{ONCE, Outer, scale};
use super::{Batch, Defense, Tally, gather};
use crate::attacks::ThreatModel;
use crate::error::Result;
use crate::losses::{Loss, PerLane};
use crate::models::{Architecture, Block, LANES, Network, Parameters};
use crate::simd::InstructionSet;
use intervals::Intervals;

/// How the bounds enter the loss.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// The final weight of the cross-entropy on the clean row.
    pub(super) kappa: f64,
    /// The share of the training before the bounds enter.
    pub(super) start: f64,
    /// The share of the training over which they do.
    pub(super) ramp: f64,
}

impl Settings {
    /// How far the bounds have entered at the share `done` of the training, 0 to 1.
    fn share(&self, done: f64) -> f64 {
        ((done - self.start) / self.ramp).clamp(0.0, 1.0)
    }
}

/// Training on interval bounds.
pub(super) struct Ibp {
    settings: Settings,
    threat: ThreatModel,
    outer: Outer,
    lo: Block,
    hi: Block,
    intervals: Intervals,
    /// How far the bounds have entered in the batch at hand.
    share: f64,
    values: PerLane,
    worst: Block,
    d_worst: Block,
}

impl Ibp {
    pub(super) fn new(settings: Settings, threat: ThreatModel, architecture: &Architecture) -> Self {
        let (features, classes) = (threat.features(), architecture.classes());
        Self {
            settings,
            outer: Outer::new(classes),
            lo: Block::new(features),
            hi: Block::new(features),
            intervals: Intervals::new(architecture, InstructionSet::chosen_or_portable()),
            share: 0.0,
            values: [0.0; LANES],
            worst: Block::new(classes),
            d_worst: Block::new(classes),
            threat,
        }
    }
}

impl Defense for Ibp {
    fn place(&mut self, _: &mut dyn Network, block: &Batch<'_>, x: &mut Block) -> Result<()> {
        gather(block, x);
        Ok(())
    }

    fn weigh(&mut self, _: &mut dyn Network, batch: &Batch<'_>, _: &[Block]) {
        // At the batch's end: so the last batch is at the strength, even where the ramp takes all epochs.
        let done = f64::from(batch.epoch) + f64::from(batch.number + 1) / f64::from(batch.batches);
        self.share = self.settings.share(done / f64::from(batch.epochs));
        self.threat.set_epsilon(self.share * batch.strength);
        if self.threat.epsilon() > 0.0 {
            self.intervals.load(batch.parameters);
        }
    }

    fn learn(
        &mut self,
        network: &mut dyn Network,
        block: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally {
        if self.threat.epsilon() <= 0.0 {
            return self.outer.cross_entropy(network, x, block, &ONCE, gradient);
        }
        let kappa = (1.0 - self.share * (1.0 - self.settings.kappa)) as f32;
        let mut tally = self.outer.cross_entropy(network, x, block, &[kappa; LANES], gradient);
        let labels = &self.outer.labels;
        self.threat.windows(x, &mut self.lo, &mut self.hi);
        self.intervals.forward(&self.lo, &self.hi, labels, &mut self.worst);
        Loss::CrossEntropy.evaluate(&self.worst, labels, &mut self.values, &mut self.d_worst);
        scale(&[1.0 - kappa; LANES], &mut self.values, &mut self.d_worst);
        self.intervals.backward(&self.d_worst, labels, gradient);
        tally.loss += self.values[..x.rows()].iter().map(|value| f64::from(*value)).sum::<f64>();
        tally
    }
}
