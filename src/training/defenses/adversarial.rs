//! Adversarial training (Madry et al. 2018): every row is replaced by the last point of a projected gradient ascent around it, strength being the radius.

use super::plain::{Outer, Plain};
use super::{Batch, Defense, Tally};
use crate::attacks::{Field, ThreatModel, first_not_finite, step};
use crate::error::{Error, Kind, Result};
use crate::losses::{Loss, PerLane};
use crate::models::{Block, LANES, Network, Parameters};
use crate::seed::Streams;

/// The inner attack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) steps: u32,
    /// Fraction of the strength.
    pub(super) step: f64,
    pub(super) random_start: bool,
    pub(super) loss: Loss,
}

/// Adversarial training.
pub(crate) struct Adversarial {
    settings: Settings,
    threat: ThreatModel,
    plain: Plain,
    outer: Outer,
    values: PerLane,
    field: Field,
    x: Block,
    gradient: Block,
    change: Vec<f32>,
    /// Streams of the epoch at hand.
    streams: Option<(u32, Streams)>,
}

impl Adversarial {
    pub(super) fn new(settings: Settings, threat: ThreatModel, classes: usize) -> Self {
        let features = threat.features();
        Self {
            settings,
            plain: Plain::new(features, classes),
            outer: Outer::new(classes),
            values: [0.0; LANES],
            field: Field::new(features),
            x: Block::new(features),
            gradient: Block::new(features),
            change: vec![0.0; features],
            streams: None,
            threat,
        }
    }

    /// Fills `x` with starts around the clean rows in `field`.
    fn place_starts(&mut self, batch: &Batch<'_>, members: &[u32]) {
        if !self.settings.random_start {
            self.x.set_rows(members.len());
            self.x.data_mut().copy_from_slice(self.field.clean.data());
            return;
        }
        if self.streams.as_ref().is_none_or(|(epoch, _)| *epoch != batch.epoch) {
            let purpose = format!("defense/epoch{}", batch.epoch);
            self.streams = Some((batch.epoch, batch.seed.streams(&purpose)));
        }
        let (_, streams) = self.streams.as_ref().expect("the streams were opened above");
        let mut numbers = [0; LANES];
        for (number, row) in numbers.iter_mut().zip(members) {
            *number = batch.rows.facts.rows[*row as usize];
        }
        let numbers = &numbers[..members.len()];
        self.threat.random_starts(streams, numbers, &self.field, &mut self.x, &mut self.change);
    }
}

impl Defense for Adversarial {
    fn batch(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        gradient: &mut Parameters,
    ) -> Result<Tally> {
        if batch.strength <= 0.0 {
            return self.plain.batch(network, batch, gradient);
        }
        self.threat.set_epsilon(batch.strength);
        let size = (self.settings.step * batch.strength) as f32;
        let mut tally = Tally::default();
        for members in batch.members.chunks(LANES) {
            self.field.clean.gather(members.iter().map(|row| batch.rows.row(*row as usize)));
            let Field { clean, lo, hi } = &mut self.field;
            self.threat.windows(clean, lo, hi);
            self.place_starts(batch, members);
            self.outer.label(batch, members);
            let mut flat = [false; LANES];
            for _ in 0..self.settings.steps {
                let Outer { labels, logits, d_logits, .. } = &mut self.outer;
                network.forward(&self.x, logits);
                self.settings.loss.climb(logits, labels, &mut self.values, d_logits);
                network.input_gradient(d_logits, &mut self.gradient);
                if !step(&self.threat, size, &self.gradient, &self.field, &mut self.x, &mut flat) {
                    return Err(broken(&self.gradient, batch, members));
                }
            }
            tally.add(self.outer.learn(network, &self.x, batch, members, gradient));
        }
        Ok(tally)
    }
}

fn broken(gradient: &Block, batch: &Batch<'_>, members: &[u32]) -> Error {
    let lane = first_not_finite(gradient, members.len()).unwrap_or(0);
    let row = batch.rows.facts.rows[members[lane] as usize];
    Error::new(Kind::Diverged, format!("the input gradient is not finite at data-set row {row}"))
}
