//! Worst-class training by no-regret weights (Li and Liu 2023): classes that are often wrong on validation rows gain weight from epoch
//! to epoch; strength is the step size `η`.
//!
//! `w_c ∝ exp(η Σ_epochs e_c)`, with `e_c` the class's error after an epoch (under PGD-20 where the defense has a radius), scaled so that
//! training rows weigh 1 on average. At strength 0 all weights are 1: plain or adversarial training, bit for bit.

use super::groups::{CLASSES, Groups};
use super::outer::Outer;
use super::{Batch, Defense, EpochEnd, Points, Tally};
use crate::attacks::ThreatModel;
use crate::data::Dataset;
use crate::error::Result;
use crate::models::{Block, LANES, Network, Parameters};

/// Worst-class training.
pub(super) struct WorstClass {
    points: Points,
    groups: Groups,
    threat: ThreatModel,
    /// Share of each class among the training rows.
    frequencies: Vec<f64>,
    /// Sums of errors over the epochs.
    errors: Vec<f64>,
    weights: Vec<f32>,
    strength: f64,
    outer: Outer,
}

impl WorstClass {
    pub(super) fn new(points: Points, threat: ThreatModel, data: &Dataset) -> Self {
        let groups = Groups::new(CLASSES, data).expect("classes are there always");
        let classes = groups.count();
        let mut frequencies = vec![0.0; classes];
        for label in &data.train.facts.labels {
            frequencies[usize::from(*label)] += 1.0 / data.train.len() as f64;
        }
        Self {
            points,
            groups,
            threat,
            frequencies,
            errors: vec![0.0; classes],
            weights: vec![1.0; classes],
            strength: 0.0,
            outer: Outer::new(classes),
        }
    }
}

impl Defense for WorstClass {
    fn place(&mut self, network: &mut dyn Network, batch: &Batch<'_>, x: &mut Block) -> Result<()> {
        self.strength = batch.strength;
        self.points.place(network, batch, x)
    }

    fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally {
        let mut weights = [1.0; LANES];
        for (weight, row) in weights.iter_mut().zip(batch.members) {
            *weight = self.weights[usize::from(batch.rows.facts.labels[*row as usize])];
        }
        self.outer.cross_entropy(network, x, batch, &weights, gradient)
    }

    fn after_epoch(&mut self, network: &mut dyn Network, end: &EpochEnd<'_>) -> Result<()> {
        // After the last epoch nothing is trained that could be weighted.
        if self.strength <= 0.0 || end.epoch + 1 == end.epochs {
            return Ok(());
        }
        let errors = self.groups.errors(network, end, &self.threat)?;
        for (sum, error) in self.errors.iter_mut().zip(errors.robust()) {
            *sum += error.unwrap_or(0.0);
        }
        self.weights = weights(self.strength, &self.errors, &self.frequencies);
        Ok(())
    }
}

/// Weights proportional to the exponential of the errors, 1 on average over rows with these frequencies.
fn weights(rate: f64, errors: &[f64], frequencies: &[f64]) -> Vec<f32> {
    // Relative to the largest, so that nothing overflows.
    let largest = errors.iter().copied().fold(0.0, f64::max);
    let raw: Vec<f64> = errors.iter().map(|error| libm::exp(rate * (error - largest))).collect();
    let mean: f64 = raw.iter().zip(frequencies).map(|(weight, frequency)| weight * frequency).sum();
    raw.iter().map(|weight| (weight / mean) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: errors ln 2 and 0 at η = 1 give weights 2 : 1; with frequencies 1/4 and 3/4 their mean is 5/4.
    #[test]
    fn weights_average_one_over_the_rows() {
        let found = weights(1.0, &[std::f64::consts::LN_2, 0.0], &[0.25, 0.75]);
        assert!((found[0] - 1.6).abs() < 1e-6 && (found[1] - 0.8).abs() < 1e-6, "{found:?}");
    }
}
