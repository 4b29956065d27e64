//! Fair robust learning by reweighting (Xu et al. 2021): TRADES whose two terms are weighted class by class, so that no class's clean
//! error and boundary error exceed the average by more than a tolerance; strength is the limit on the sum of the multipliers.
//!
//! After every epoch of the second part of training, with `E_c` and `B_c` the class's clean and boundary error on validation rows,
//!
//! ```text
//! λ0_c ← max(0, λ0_c + r (E_c − E − tolerance)),   λ1_c ← max(0, λ1_c + 2 r (B_c − B − tolerance)),   both scaled back to a sum of at most the limit,
//! w_c = 1/K + (K−1)/K λ_c − 1/K Σ_{j≠c} λ_j,   loss = Σ w0_y CE / Σ w0 + β Σ w1_y KL / Σ w1
//! ```
//!
//! as in the authors' code (reweighting; their remargin variant is not built). They start from a trained TRADES model; here the first part of training is TRADES.

use super::groups::{CLASSES, Groups};
use super::trades::Trades;
use super::{Batch, Defense, EpochEnd, Tally};
use crate::attacks::ThreatModel;
use crate::data::Dataset;
use crate::error::Result;
use crate::models::{Block, LANES, Network, Parameters};

/// How the multipliers move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// `r`.
    pub(super) rate: f64,
    /// By how much a class may exceed the average.
    pub(super) tolerance: f64,
    /// Share of the epochs that are TRADES alone.
    pub(super) start: f64,
}

/// Fair robust learning.
pub(super) struct Frl {
    settings: Settings,
    trades: Trades,
    threat: ThreatModel,
    groups: Groups,
    weights: [Weights; 2],
    /// What the weights of the batch at hand are multiplied by, so that they average 1.
    factors: [f64; 2],
    limit: f64,
}

impl Frl {
    pub(super) fn new(settings: Settings, trades: Trades, threat: ThreatModel, data: &Dataset) -> Self {
        let groups = Groups::new(CLASSES, data).expect("classes are there always");
        let weights = [Weights::even(groups.count()), Weights::even(groups.count())];
        Self { settings, trades, threat, groups, weights, factors: [1.0; 2], limit: 0.0 }
    }

    fn weight(&self, which: usize, batch: &Batch<'_>, row: u32) -> f64 {
        self.weights[which].of[usize::from(batch.rows.facts.labels[row as usize])]
    }
}

impl Defense for Frl {
    fn place(&mut self, network: &mut dyn Network, batch: &Batch<'_>, x: &mut Block) -> Result<()> {
        self.limit = batch.strength;
        self.trades.climb(network, batch, x)
    }

    fn weigh(&mut self, _: &mut dyn Network, batch: &Batch<'_>, _: &[Block]) {
        for which in 0..2 {
            let sum: f64 = batch.members.iter().map(|row| self.weight(which, batch, *row)).sum();
            // At the limit 1 a single class can hold all the weight: a batch without it has no term to scale.
            self.factors[which] = if sum > 0.0 { batch.members.len() as f64 / sum } else { 1.0 };
        }
    }

    fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally {
        let mut weights = [[1.0; LANES]; 2];
        // Without multipliers all weights are alike, and TRADES is not to be changed by rounding.
        for which in (0..2).filter(|which| self.weights[*which].multipliers.iter().any(|m| *m > 0.0)) {
            for (weight, row) in weights[which].iter_mut().zip(batch.members) {
                *weight = (self.factors[which] * self.weight(which, batch, *row)) as f32;
            }
        }
        self.trades.weighted(network, batch, x, [&weights[0], &weights[1]], gradient)
    }

    fn after_epoch(&mut self, network: &mut dyn Network, end: &EpochEnd<'_>) -> Result<()> {
        let begun = f64::from(end.epoch + 1) >= self.settings.start * f64::from(end.epochs);
        // After the last epoch nothing is trained that could be weighted.
        if !begun || end.epoch + 1 == end.epochs || self.limit <= 0.0 {
            return Ok(());
        }
        let errors = self.groups.errors(network, end, &self.threat)?;
        let Settings { rate, tolerance, .. } = self.settings;
        let [clean, boundary] = errors.all;
        self.weights[0].learn(rate, &errors.clean, clean + tolerance, self.limit);
        self.weights[1].learn(2.0 * rate, &errors.boundary, boundary + tolerance, self.limit);
        Ok(())
    }
}

/// The multipliers of one term and the class weights that follow from them.
#[derive(Debug, Clone, PartialEq)]
struct Weights {
    multipliers: Vec<f64>,
    of: Vec<f64>,
}

impl Weights {
    fn even(classes: usize) -> Self {
        Self { multipliers: vec![0.0; classes], of: vec![1.0 / classes as f64; classes] }
    }

    /// One step of the multipliers by how much each error exceeds what is allowed.
    fn learn(&mut self, rate: f64, errors: &[Option<f64>], allowed: f64, limit: f64) {
        for (multiplier, error) in self.multipliers.iter_mut().zip(errors) {
            // A class without validation rows stays as it is.
            *multiplier = (*multiplier + error.map_or(0.0, |error| rate * (error - allowed))).max(0.0);
        }
        let sum: f64 = self.multipliers.iter().sum();
        if sum > limit {
            self.multipliers.iter_mut().for_each(|multiplier| *multiplier *= limit / sum);
        }
        let sum: f64 = self.multipliers.iter().sum();
        let classes = self.of.len() as f64;
        for (weight, multiplier) in self.of.iter_mut().zip(&self.multipliers) {
            // At a sum of 1 rounding may lead below 0, where it ought to be 0.
            *weight = ((1.0 + (classes - 1.0) * multiplier - (sum - multiplier)) / classes).max(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, 4 classes, rate 0.5, errors 0.6, 0.2, 0.1 and none, allowed 0.3: multipliers 0.15, 0, 0, 0; weights (1 + 3 · 0.15)/4 and (1 − 0.15)/4.
    #[test]
    fn the_worse_class_gains_weight_by_hand() {
        let mut weights = Weights::even(4);
        weights.learn(0.5, &[Some(0.6), Some(0.2), Some(0.1), None], 0.3, 1.0);
        for (found, expected) in weights.of.iter().zip([0.3625, 0.2125, 0.2125, 0.2125]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        // The next step would lead to 0.3 and 0.2, a sum of 0.5; the limit of 0.25 halves both.
        weights.learn(0.5, &[Some(0.6), Some(0.7), Some(0.1), None], 0.3, 0.25);
        for (found, expected) in weights.multipliers.iter().zip([0.15, 0.1, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert!((weights.of.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
