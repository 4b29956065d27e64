//! Defenses: what a training step does with a batch. Each has one swept value, its strength.
//!
//! To add one: a file with a type that implements [`Defense`], and a variant of
//! [`Spec`] with its arms.

mod adversarial;
mod plain;

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::attacks::ThreatModel;
use crate::bounded::{Positive, constant};
use crate::data::{Feature, Rows};
use crate::error::Result;
use crate::losses::Loss;
use crate::measure::Norm;
use crate::models::{Network, Parameters};
use crate::seed::Seed;

pub(super) use adversarial::Adversarial;
pub(super) use plain::Plain;

/// A defense as a config names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Spec {
    /// Plain training; strength has no meaning and must be 0.
    None {},
    /// Adversarial training with projected gradient ascent (Madry et al. 2018); strength is the training epsilon.
    At {
        /// Gradient steps per row and visit.
        #[serde(default = "ten")]
        steps: NonZeroU32,
        /// Step size as a fraction of the strength.
        #[serde(default = "quarter")]
        step: Positive,
        /// Whether to start uniformly in the ball rather than at the clean row.
        #[serde(default = "yes")]
        random_start: bool,
        /// What the inner attack climbs; the outer loss is cross-entropy.
        #[serde(default = "cross_entropy")]
        loss: Loss,
    },
}

fn ten() -> NonZeroU32 {
    NonZeroU32::new(10).expect("10 is not 0")
}

fn quarter() -> Positive {
    constant!(Positive, 0.25)
}

fn yes() -> bool {
    true
}

fn cross_entropy() -> Loss {
    Loss::CrossEntropy
}

/// Kinds of defenses: name, settings, what it does.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("none", "", "plain training; its only strength is 0"),
    (
        "at",
        "steps = 10, step = 0.25 (of the strength), random_start = true, loss = \"ce\" | \"margin\"",
        "adversarial training with projected gradient ascent (Madry et al. 2018); strength is the training epsilon",
    ),
];

impl Default for Spec {
    fn default() -> Self {
        Self::None {}
    }
}

impl Spec {
    /// The word used in configs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::None {} => "none",
            Self::At { .. } => "at",
        }
    }

    /// The defense at this strength: plain training where that is what strength 0 means, so that no model is trained twice.
    #[must_use]
    pub fn at_strength(&self, strength: f64) -> Self {
        match self {
            Self::At { .. } if strength <= 0.0 => Self::None {},
            other => other.clone(),
        }
    }

    /// # Errors
    ///
    /// Where the defense has no such strength.
    pub fn check(&self, strength: f64) -> Result<()> {
        use crate::error::Error;
        if !(strength.is_finite() && strength >= 0.0) {
            return Err(Error::input(format!("a strength must be finite and at least 0, got `{strength}`")));
        }
        if matches!(self, Self::None {}) && strength > 0.0 {
            return Err(Error::input(format!("the defense `none` has no strength, got `{strength}`"))
                .help("use `strengths = [0.0]`, or the defense `at`"));
        }
        Ok(())
    }

    /// The defense for models of `inputs` numbers per row and `classes` logits.
    pub(super) fn build(&self, norm: Norm, features: &[Feature], classes: usize) -> Box<dyn Defense> {
        match *self {
            Self::None {} => Box::new(Plain::new(features.len(), classes)),
            Self::At { steps, step, random_start, loss } => {
                let settings =
                    adversarial::Settings { steps: steps.get(), step: step.get(), random_start, loss };
                let threat = ThreatModel::new(norm, 0.0, features);
                Box::new(Adversarial::new(settings, threat, classes))
            }
        }
    }
}

/// One batch and what it is part of.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The training rows.
    pub rows: &'a Rows,
    /// Which of them are in the batch, in order.
    pub members: &'a [u32],
    /// The epoch, from 0.
    pub epoch: u32,
    /// The strength in this epoch, after its warm-up.
    pub strength: f64,
    /// The replicate's seed.
    pub seed: Seed,
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Sum of the rows' losses.
    pub loss: f64,
    /// Rows classified correctly at the points trained on.
    pub correct: u32,
    /// Rows.
    pub rows: u32,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.loss += other.loss;
        self.correct += other.correct;
        self.rows += other.rows;
    }
}

/// What a training step does with a batch.
///
/// Draws come from streams of its own (purpose `defense`, keyed by epoch and data-set row), so that a
/// defense that draws nothing leaves all others' draws as they are.
pub trait Defense: Send {
    /// Adds the gradient of the loss, summed over the rows of the batch, to `gradient`.
    ///
    /// `network` holds the current weights. Rows go through it in blocks, in order: block sums are added in that order.
    ///
    /// # Errors
    ///
    /// Where a gradient is not finite.
    fn batch(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        gradient: &mut Parameters,
    ) -> Result<Tally>;
}
