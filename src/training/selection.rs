//! Candidates chosen on validation rows: best by clean and best by robust accuracy.
//!
//! Clean accuracy is measured after every epoch. Robust accuracy costs an attack, so it is measured every
//! `validate_every` epochs and after the last: PGD with 10 steps of a quarter of the radius on the margin loss, which
//! lets a row go at its first success. With the default of 5 and a validation split of a fifth of the training rows this is
//! at most 4 % of what PGD-10 training costs.

use super::Job;
use crate::attacks::{Attack, Found, Pgd, Stop, Target, ThreatModel, outputs};
use crate::data::Rows;
use crate::error::Result;
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
}

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
    best_clean: Option<Best>,
    best_robust: Option<Best>,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(job: &Job<'a>) -> Self {
        let threat = job
            .selection
            .filter(|selection| selection.epsilon > 0.0)
            .map(|selection| ThreatModel::new(selection.norm, selection.epsilon, &job.data.features));
        Self { rows: &job.data.validation, seed: job.seed, threat, best_clean: None, best_robust: None }
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
        let mut robust = None;
        if let Some(threat) = self.threat.as_ref().filter(|_| due) {
            let mut found = Found::new(&self.rows.x, &self.rows.facts.labels, &outputs);
            let attack = Pgd { steps: 10, step: 0.25, restarts: 1, loss: Loss::Margin, random_start: true };
            let mut target = Target {
                network,
                rows: self.rows,
                threat,
                constraints: None,
                warm: false,
                only: None,
                seed: self.seed,
                name: "validation",
                stop,
            };
            attack.run(&mut target, &mut found).map_err(|error| error.context("validation"))?;
            let standing = found.standing().iter().filter(|standing| **standing).count();
            let accuracy = standing as f64 / self.rows.len() as f64;
            keep(&mut self.best_robust, accuracy, epoch, parameters);
            robust = Some(accuracy);
        }
        Ok(Validation { clean: Some(clean), robust })
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
