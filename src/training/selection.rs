//! Candidates chosen on validation rows: best by clean and best by robust accuracy.
//!
//! Clean accuracy is measured after every epoch. Robust accuracy costs an attack, so it is measured every
//! `validate_every` epochs and after the last: PGD with 10 steps of a quarter of the radius on the margin loss, which
//! lets a row go at its first success. A defense that is watched for catastrophic overfitting (Wong et al. 2020) is attacked after every
//! epoch, by PGD-5 at its training radius on at most 128 validation rows. With the default of 5 and a validation split of a fifth of the training rows this is
//! at most 4 % of what PGD-10 training costs.

use super::Job;
use crate::attacks::{Attack, Found, Pgd, Stop, Target, ThreatModel, outputs};
use crate::data::Rows;
use crate::error::Result;
use crate::evidence::Outputs;
use crate::losses::Loss;
use crate::measure::Norm;
use crate::models::{Network, Parameters};
use crate::seed::Seed;

/// At which radius the best-robust candidate is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selection {
    /// How distance is measured.
    pub norm: Norm,
    /// The radius; finite, above 0.
    pub epsilon: f64,
}

/// Validation accuracies after one epoch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Validation {
    pub(super) clean: Option<f64>,
    pub(super) robust: Option<f64>,
    pub(super) watched: Option<f64>,
}

/// Rows that a watched defense is attacked on: enough to see a fall by a fifth.
const WATCHED: usize = 128;

/// An epoch (from 0) and the weights after it.
pub type Chosen = (u32, Parameters);

/// The best epoch so far.
struct Best {
    accuracy: f64,
    epoch: u32,
    parameters: Parameters,
}

/// The candidates and what is needed to judge them.
pub(super) struct Candidates<'a> {
    rows: &'a Rows,
    seed: Seed,
    threat: Option<ThreatModel>,
    /// For a defense that is watched.
    watch: Option<ThreatModel>,
    best_clean: Option<Best>,
    best_robust: Option<Best>,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(job: &Job<'a>) -> Self {
        let threat = job
            .selection
            .filter(|selection| selection.epsilon > 0.0)
            .map(|selection| ThreatModel::new(selection.norm, selection.epsilon, &job.data.features));
        let watch = job.defense.watched(job.strength);
        Self {
            rows: &job.data.validation,
            seed: job.seed,
            threat,
            watch: watch.map(|radius| ThreatModel::new(job.norm, radius, &job.data.features)),
            best_clean: None,
            best_robust: None,
        }
    }

    /// Measures after `epoch`, the attack only where `due`, and keeps the weights where they are the best so far.
    pub(super) fn look(
        &mut self,
        network: &mut dyn Network,
        parameters: &Parameters,
        epoch: u32,
        due: bool,
        stop: Stop<'_>,
    ) -> Result<Validation> {
        if self.rows.is_empty() {
            return Ok(Validation::default());
        }
        let outputs = outputs(network, self.rows).map_err(|error| error.context("validation"))?;
        let hits = self.rows.facts.labels.iter().zip(&outputs.predictions).filter(|(y, p)| y == p).count();
        let clean = hits as f64 / self.rows.len() as f64;
        keep(&mut self.best_clean, clean, epoch, parameters);
        let robust = match self.threat.as_ref().filter(|_| due) {
            Some(threat) => Some(self.attacked(network, &outputs, threat, (10, 0.25), None, stop)?),
            None => None,
        };
        if let Some(robust) = robust {
            keep(&mut self.best_robust, robust, epoch, parameters);
        }
        let watched = match &self.watch {
            Some(threat) => Some(self.attacked(network, &outputs, threat, (5, 0.5), Some(WATCHED), stop)?),
            None => None,
        };
        Ok(Validation { clean: Some(clean), robust, watched })
    }

    /// Accuracy of the first rows (of all, where no number is given) under PGD with so many steps of such a share of the radius.
    fn attacked(
        &self,
        network: &mut dyn Network,
        outputs: &Outputs,
        threat: &ThreatModel,
        (steps, step): (u32, f64),
        first: Option<usize>,
        stop: Stop<'_>,
    ) -> Result<f64> {
        let rows = first.map_or(self.rows.len(), |first| first.min(self.rows.len()));
        let only: Vec<bool> = (0..self.rows.len()).map(|row| row < rows).collect();
        let mut found = Found::new(&self.rows.x, &self.rows.facts.labels, outputs);
        let attack = Pgd { steps, step, restarts: 1, loss: Loss::Margin, random_start: true };
        let mut target = Target {
            network,
            rows: self.rows,
            threat,
            constraints: None,
            warm: false,
            only: Some(&only),
            seed: self.seed,
            name: "validation",
            stop,
        };
        attack.run(&mut target, &mut found).map_err(|error| error.context("validation"))?;
        let standing = found.standing()[..rows].iter().filter(|standing| **standing).count();
        Ok(standing as f64 / rows as f64)
    }

    pub(super) fn into_best(self) -> [Option<Chosen>; 2] {
        let part = |best: Option<Best>| best.map(|best| (best.epoch, best.parameters));
        [part(self.best_clean), part(self.best_robust)]
    }
}

/// Keeps the weights if they are strictly better: the earliest epoch wins ties.
fn keep(best: &mut Option<Best>, accuracy: f64, epoch: u32, parameters: &Parameters) {
    match best {
        Some(best) if accuracy > best.accuracy => {
            (best.accuracy, best.epoch) = (accuracy, epoch);
            best.parameters.values_mut().copy_from_slice(parameters.values());
        }
        Some(_) => {}
        None => *best = Some(Best { accuracy, epoch, parameters: parameters.clone() }),
    }
}
