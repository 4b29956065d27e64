//! The inner attack of adversarial defenses: projected gradient ascent around every row, whose last point is trained on.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

use super::{Batch, gather};
use crate::attacks::{Field, ThreatModel, confine, first_not_finite, step};
use crate::bounded::{Positive, constant};
use crate::error::{Error, Kind, Result};
use crate::losses::{Loss, PerLane, climb_divergence};
use crate::models::{Block, LANES, Network};
use crate::seed::Streams;

/// `inner = { steps = 10, step = 0.25 }`: how hard the inner attack tries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inner {
    /// Gradient steps per row and visit.
    #[serde(default = "ten")]
    pub steps: NonZeroU32,
    /// Step size as a fraction of the radius.
    #[serde(default = "quarter")]
    pub step: Positive,
}

pub(super) fn ten() -> NonZeroU32 {
    NonZeroU32::new(10).expect("10 is not 0")
}

pub(super) fn quarter() -> Positive {
    constant!(Positive, 0.25)
}

impl Default for Inner {
    fn default() -> Self {
        Self { steps: ten(), step: quarter() }
    }
}

/// Where the ascent begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Start {
    /// At the clean row.
    Clean,
    /// Uniformly in the ball.
    Uniform,
    /// At the clean row plus Gaussian noise of this standard deviation, where the loss has no gradient at the row itself.
    Near(f64),
}

/// What the ascent climbs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Climb<'a> {
    /// A loss of the true class.
    Away(Loss),
    /// The divergence from the class probabilities at the clean rows, whose logarithms these are (Zhang et al. 2019).
    Divergence(&'a Block),
}

/// The inner attack and its scratch memory.
pub(super) struct Ascent {
    steps: u32,
    /// Fraction of the radius.
    step: f64,
    start: Start,
    threat: ThreatModel,
    field: Field,
    logits: Block,
    d_logits: Block,
    values: PerLane,
    gradient: Block,
    change: Vec<f32>,
    /// Streams of the epoch at hand.
    streams: Option<(u32, Streams)>,
}

impl Ascent {
    pub(super) fn new(inner: Inner, start: Start, threat: ThreatModel, classes: usize) -> Self {
        let features = threat.features();
        Self {
            steps: inner.steps.get(),
            step: inner.step.get(),
            start,
            field: Field::new(features),
            logits: Block::new(classes),
            d_logits: Block::new(classes),
            values: [0.0; LANES],
            gradient: Block::new(features),
            change: vec![0.0; features],
            streams: None,
            threat,
        }
    }

    /// Fills `x` with the last points of ascents of `radius` (above 0) around the rows of a block, whose labels are `labels`.
    ///
    /// # Errors
    ///
    /// Where a gradient is not finite.
    pub(super) fn run(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        radius: f64,
        labels: &[u16],
        climb: Climb<'_>,
        x: &mut Block,
    ) -> Result<()> {
        self.threat.set_epsilon(radius);
        let size = (self.step * radius) as f32;
        gather(batch, &mut self.field.clean);
        let Field { clean, lo, hi } = &mut self.field;
        self.threat.windows(clean, lo, hi);
        self.place_starts(batch, x);
        let mut flat = [false; LANES];
        for _ in 0..self.steps {
            network.forward(x, &mut self.logits);
            match climb {
                Climb::Away(loss) => loss.climb(&self.logits, labels, &mut self.values, &mut self.d_logits),
                Climb::Divergence(log_p) => {
                    climb_divergence(log_p, &self.logits, &mut self.values, &mut self.d_logits);
                }
            }
            network.input_gradient(&self.d_logits, &mut self.gradient);
            if !step(&self.threat, size, &self.gradient, &self.field, x, &mut flat) {
                return Err(broken(&self.gradient, batch));
            }
        }
        Ok(())
    }

    /// Fills `x` with starts around the clean rows in `field`.
    fn place_starts(&mut self, batch: &Batch<'_>, x: &mut Block) {
        x.set_rows(batch.members.len());
        if self.start == Start::Clean {
            x.data_mut().copy_from_slice(self.field.clean.data());
            return;
        }
        let streams = epoch_streams(&mut self.streams, batch);
        match self.start {
            Start::Uniform => {
                let numbers = batch.numbers();
                let numbers = &numbers[..batch.members.len()];
                self.threat.random_starts(streams, numbers, &self.field, x, &mut self.change);
            }
            Start::Near(deviation) => {
                scatter_noise(streams, batch, deviation, &self.field.clean, &mut self.change, x);
                confine(&self.field, x);
            }
            Start::Clean => {}
        }
    }
}

/// The streams of the epoch at hand, opened once per epoch.
pub(super) fn epoch_streams<'a>(kept: &'a mut Option<(u32, Streams)>, batch: &Batch<'_>) -> &'a Streams {
    if kept.as_ref().is_none_or(|(epoch, _)| *epoch != batch.epoch) {
        let purpose = format!("defense/epoch{}", batch.epoch);
        *kept = Some((batch.epoch, batch.seed.streams(&purpose)));
    }
    &kept.as_ref().expect("the streams were opened above").1
}

/// Fills `x` with the rows of `clean` plus Gaussian noise on every number; `change` is scratch of one row.
pub(super) fn scatter_noise(
    streams: &Streams,
    batch: &Batch<'_>,
    deviation: f64,
    clean: &Block,
    change: &mut [f32],
    x: &mut Block,
) {
    x.set_rows(batch.members.len());
    x.data_mut().fill(0.0);
    for (lane, number) in batch.numbers()[..batch.members.len()].iter().enumerate() {
        let mut stream = streams.stream(*number, 0);
        change.fill_with(|| (deviation * stream.normal()) as f32);
        x.set_lane(lane, change);
    }
    x.data_mut().iter_mut().zip(clean.data()).for_each(|(x, clean)| *x += clean);
}

fn broken(gradient: &Block, batch: &Batch<'_>) -> Error {
    let lane = first_not_finite(gradient, batch.members.len()).unwrap_or(0);
    let row = batch.rows.facts.rows[batch.members[lane] as usize];
    Error::new(Kind::Diverged, format!("the input gradient is not finite at data-set row {row}"))
}
