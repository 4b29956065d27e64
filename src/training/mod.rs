//! The one training loop; what a step does with a batch is the defense's.
//!
//! Initial weights, batch order and a defense's draws come from separate
//! streams of the replicate's seed, none of them keyed by strength: so every
//! strength sees the same batches, and strength 0 is plain training bit for bit.

mod convergence;
pub mod defenses;
mod optimizer;
mod schedule;
mod selection;
mod spec;

use crate::attacks::stopped;
use crate::data::Dataset;
use crate::error::{Error, Kind, Result};
use crate::measure::Norm;
use crate::models::{Network, Parameters};
use crate::seed::Seed;
use defenses::{Batch, EpochEnd, Ground, Tally};

pub use convergence::{EpochRecord, Overfitting, Trend, overfitting, trend};
pub use optimizer::{Optimizer, Spec as OptimizerSpec};
pub use schedule::Schedule;
pub use selection::{Chosen, Selection};
pub use spec::{Spec, Supervised};

/// The version of what is trained from given settings; part of a run's identity. Raise it when the same settings give other weights.
pub const VERSION: u32 = 3;

/// One model to train.
pub struct Job<'a> {
    /// How.
    pub spec: &'a Spec,
    /// Under which defense.
    pub defense: &'a defenses::Spec,
    /// How strongly.
    pub strength: f64,
    /// The norm of the adversary that the defense trains against.
    pub norm: Norm,
    /// On what.
    pub data: &'a Dataset,
    /// From where.
    pub initial: Parameters,
    /// The replicate.
    pub seed: Seed,
    /// The radius (and norm) at which the best-robust candidate is chosen on validation rows; none is chosen without.
    pub selection: Option<Selection>,
}

/// How far training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Batches done.
    pub done: u64,
    /// Batches in all.
    pub all: u64,
}

/// Told after every batch, and asked while validation rows are attacked; returns whether to go on.
pub type Watch<'a> = &'a (dyn Fn(Progress) -> bool + Sync);

/// What training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Weights after the last epoch: the result of a fixed budget, which fronts use.
    pub last: Parameters,
    /// The epoch (from 0) with the best clean validation accuracy, the earliest on ties, and its weights.
    pub best_clean: Option<Chosen>,
    /// The epoch (from 0) with the best robust validation accuracy, the earliest on ties, and its weights.
    pub best_robust: Option<Chosen>,
    /// The epochs (from 0) that the settings list as checkpoints, ascending, and their weights.
    pub checkpoints: Vec<Chosen>,
    /// One record per epoch.
    pub convergence: Vec<EpochRecord>,
}

/// Trains `network` (which must have the architecture of `job.initial`); it holds the last weights afterwards.
///
/// # Errors
///
/// [`Kind::Diverged`] with epoch and batch where the loss or the weights are not finite, [`Kind::Incomplete`] where
/// `watch` said to stop, [`Kind::Input`] where the settings do not fit the data.
pub fn train(job: &Job<'_>, network: &mut dyn Network, watch: Watch<'_>) -> Result<Trained> {
    network.load(&job.initial);
    let Spec::Supervised(spec) = job.spec else {
        let last = job.initial.clone();
        return Ok(Trained {
            last,
            best_clean: None,
            best_robust: None,
            checkpoints: Vec::new(),
            convergence: Vec::new(),
        });
    };
    job.spec.check(job.data.train.len())?;
    job.defense.check(job.strength)?;
    job.defense.check_norm(job.strength, job.norm)?;
    let rows = &job.data.train;
    let mut parameters = job.initial.clone();
    let mut gradient = Parameters::zeros(network.architecture());
    let mut optimizer = Optimizer::new(spec.optimizer, parameters.values().len());
    let ground = Ground { norm: job.norm, data: job.data, architecture: network.architecture() };
    let mut defense = job.defense.build(&ground)?;
    let mut candidates = selection::Candidates::new(job);
    let mut checkpoints = Vec::new();
    let mut convergence = Vec::with_capacity(spec.epochs.get() as usize);
    let batch_size = spec.batch.get() as usize;
    let per_epoch = rows.len().div_ceil(batch_size) as u64;
    let epochs = spec.epochs.get();
    let mut progress = Progress { done: 0, all: u64::from(epochs) * per_epoch };
    for epoch in 0..epochs {
        let order = job.seed.stream(&format!("order/epoch{epoch}")).permutation(rows.len());
        let strength = job.strength * schedule::ramp(epoch, spec.warmup_epochs);
        let share = spec.schedule.share(epoch, epochs) * schedule::ramp(epoch, spec.lr_warmup_epochs);
        let mut tally = Tally::default();
        for (number, members) in order.chunks(batch_size).enumerate() {
            let batch = Batch {
                rows,
                members,
                epoch,
                epochs,
                number: number as u32,
                batches: per_epoch as u32,
                strength,
                seed: job.seed,
                parameters: &parameters,
            };
            let done = defense.step(network, &batch, &mut gradient);
            let done = done.map_err(|error| at(error, epoch, number))?;
            if !done.loss.is_finite() {
                let message = format!("the loss is {}", done.loss / f64::from(done.rows));
                return Err(at(Error::new(Kind::Diverged, message), epoch, number));
            }
            optimizer.step(parameters.values_mut(), gradient.values_mut(), members.len(), share);
            network.load(&parameters);
            tally.add(done);
            progress.done += 1;
            if !watch(progress) {
                return Err(stopped());
            }
        }
        if !parameters.values().iter().all(|value| value.is_finite()) {
            let message = "the weights are not finite";
            return Err(at(Error::new(Kind::Diverged, message), epoch, per_epoch as usize - 1));
        }
        let end = EpochEnd {
            epoch,
            epochs,
            validation: &job.data.validation,
            seed: job.seed,
            stop: &|| !watch(progress),
        };
        defense.after_epoch(network, &end)?;
        if spec.checkpoints.contains(&(epoch + 1)) {
            checkpoints.push((epoch, parameters.clone()));
        }
        let due = (epoch + 1) % spec.validate_every == 0 || epoch + 1 == epochs;
        let validation = candidates.look(network, &parameters, epoch, due, &|| !watch(progress))?;
        convergence.push(EpochRecord {
            epoch,
            loss: tally.loss / f64::from(tally.rows),
            accuracy: f64::from(tally.correct) / f64::from(tally.rows),
            validation_accuracy: validation.clean,
            validation_robust: validation.robust,
            watched: validation.watched,
        });
    }
    let [best_clean, best_robust] = candidates.into_best();
    Ok(Trained { last: parameters, best_clean, best_robust, checkpoints, convergence })
}

/// Where training went wrong, and the way out.
fn at(error: Error, epoch: u32, batch: usize) -> Error {
    error
        .context(format!("training diverged in epoch {} at batch {}", epoch + 1, batch + 1))
        .help("lower the learning rate or ramp it up with `lr_warmup_epochs`, or scale the inputs")
}
