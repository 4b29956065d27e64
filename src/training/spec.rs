//! `[training]` as a config writes it.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::optimizer;
use super::schedule::Schedule;
use crate::error::{Error, Result};

/// How a model comes by its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Spec {
    /// Not at all: they were trained elsewhere.
    None,
    /// By gradient descent on labeled rows.
    Supervised(Supervised),
}

/// Settings of supervised training.
#[derive(Debug, Clone, PartialEq)]
pub struct Supervised {
    /// Passes over the training rows.
    pub epochs: NonZeroU32,
    /// Rows per update; the last batch of an epoch may be smaller.
    pub batch: NonZeroU32,
    /// The optimizer.
    pub optimizer: optimizer::Spec,
    /// The learning rate's course.
    pub schedule: Schedule,
    /// Epochs over which the learning rate ramps up: 1/(w+1), 2/(w+1), …, 1.
    pub lr_warmup_epochs: u32,
    /// Epochs over which the defense's strength ramps up, in the same way.
    pub warmup_epochs: u32,
    /// Robust validation accuracy is measured every so many epochs, and after the last.
    pub validate_every: NonZeroU32,
    /// Epochs (from 1, at most `epochs`) whose weights are kept as configurations of their own; usually none.
    pub checkpoints: Vec<u32>,
    /// Whether each strength of a defense starts from the last weights of the strength before it.
    pub continuation: bool,
    /// How many models to interpolate between every two neighboring strengths of a defense.
    pub interpolate: Option<NonZeroU32>,
}

/// The two kinds of training, as written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TrainingKind {
    #[default]
    Supervised,
    None,
}

/// All keys as written, before they are checked together.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    kind: TrainingKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    epochs: Option<NonZeroU32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<NonZeroU32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    optimizer: Option<optimizer::Spec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lr_warmup_epochs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warmup_epochs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validate_every: Option<NonZeroU32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoints: Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interpolate: Option<NonZeroU32>,
}

impl TryFrom<Written> for Spec {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written {
            kind,
            epochs,
            batch,
            optimizer,
            schedule,
            lr_warmup_epochs,
            warmup_epochs,
            validate_every,
            checkpoints,
            continuation,
            interpolate,
        } = written;
        if kind == TrainingKind::None {
            let idle = [
                ("epochs", epochs.is_some()),
                ("batch", batch.is_some()),
                ("optimizer", optimizer.is_some()),
                ("schedule", schedule.is_some()),
                ("lr_warmup_epochs", lr_warmup_epochs.is_some()),
                ("warmup_epochs", warmup_epochs.is_some()),
                ("validate_every", validate_every.is_some()),
                ("checkpoints", checkpoints.is_some()),
                ("continuation", continuation.is_some()),
                ("interpolate", interpolate.is_some()),
            ];
            return match idle.iter().find(|(_, given)| *given) {
                Some((key, _)) => {
                    Err(format!("`{key}` has no meaning where `kind = \"none\"`: nothing is trained"))
                }
                None => Ok(Self::None),
            };
        }
        let epochs = epochs.ok_or("missing field `epochs`")?;
        let optimizer = optimizer.unwrap_or_default();
        if let optimizer::Spec::Sgd { momentum, nesterov: true, .. } = optimizer
            && momentum.get() <= 0.0
        {
            return Err(String::from("`nesterov = true` needs a `momentum` above 0"));
        }
        Ok(Self::Supervised(Supervised {
            epochs,
            batch: batch.unwrap_or(count(64)),
            optimizer,
            schedule: schedule.unwrap_or_default(),
            lr_warmup_epochs: lr_warmup_epochs.unwrap_or(0),
            warmup_epochs: warmup_epochs.unwrap_or(0),
            validate_every: validate_every.unwrap_or(count(5)),
            checkpoints: checkpoints.unwrap_or_default(),
            continuation: continuation.unwrap_or(false),
            interpolate,
        }))
    }
}

impl From<Spec> for Written {
    fn from(spec: Spec) -> Self {
        match spec {
            Spec::None => Self {
                kind: TrainingKind::None,
                epochs: None,
                batch: None,
                optimizer: None,
                schedule: None,
                lr_warmup_epochs: None,
                warmup_epochs: None,
                validate_every: None,
                checkpoints: None,
                continuation: None,
                interpolate: None,
            },
            Spec::Supervised(it) => Self {
                kind: TrainingKind::Supervised,
                epochs: Some(it.epochs),
                batch: Some(it.batch),
                optimizer: Some(it.optimizer),
                schedule: Some(it.schedule),
                lr_warmup_epochs: Some(it.lr_warmup_epochs),
                warmup_epochs: Some(it.warmup_epochs),
                validate_every: Some(it.validate_every),
                // What is off is not written: ids and files of experiments without it stay as they are.
                checkpoints: (!it.checkpoints.is_empty()).then_some(it.checkpoints),
                continuation: it.continuation.then_some(true),
                interpolate: it.interpolate,
            },
        }
    }
}

fn count(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("a default in the source is not 0")
}

impl Spec {
    /// The settings, where something is trained.
    #[must_use]
    pub fn supervised(&self) -> Option<&Supervised> {
        match self {
            Self::None => None,
            Self::Supervised(it) => Some(it),
        }
    }

    /// Whether it can train on so many rows; for checks before any training.
    ///
    /// # Errors
    ///
    /// Where a batch is larger than the data, or a warm-up longer than the training.
    pub fn check(&self, train_rows: usize) -> Result<()> {
        let Self::Supervised(it) = self else { return Ok(()) };
        if train_rows == 0 {
            return Err(Error::input("there are no training rows").help(
                "give the split fewer test rows, or evaluate given weights with `training.kind = \"none\"`",
            ));
        }
        if it.batch.get() as usize > train_rows {
            return Err(Error::input(format!(
                "a batch of {} rows is larger than the {train_rows} training rows",
                it.batch
            ))
            .help(format!("set `training.batch` to at most {train_rows}")));
        }
        for (key, warmup) in [("warmup_epochs", it.warmup_epochs), ("lr_warmup_epochs", it.lr_warmup_epochs)]
        {
            if warmup >= it.epochs.get() {
                return Err(Error::input(format!(
                    "a warm-up of {warmup} epochs does not end within the {} epochs of training",
                    it.epochs
                ))
                .help(format!("set `training.{key}` below {}", it.epochs)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_survives_being_written_and_read() {
        let text = "epochs = 3\noptimizer = { kind = \"sgd\", lr = 0.1 }\nschedule = { kind = \"cosine\" }";
        let spec: Spec = toml::from_str(text).unwrap();
        let again: Spec = toml::from_str(&toml::to_string(&spec).unwrap()).unwrap();
        assert_eq!(spec, again);
        let none: Spec = toml::from_str("kind = \"none\"").unwrap();
        assert_eq!(none, Spec::None);
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        for (text, part) in [
            ("", "missing field `epochs`"),
            ("epochs = 0", "nonzero"),
            ("epochs = 1\nbatch = 0", "nonzero"),
            ("epochs = 1\nepoch = 1", "unknown field `epoch`"),
            ("kind = \"none\"\nbatch = 3", "`batch` has no meaning"),
            ("epochs = 1\nschedule = { kind = \"constant\", factor = 2.0 }", "unknown field `factor`"),
            ("epochs = 1\noptimizer = { kind = \"sgd\", lr = 0.1, nesterov = true }", "needs a `momentum`"),
        ] {
            let message = toml::from_str::<Spec>(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn a_batch_larger_than_the_data_is_refused_before_training() {
        let spec: Spec = toml::from_str("epochs = 2\nbatch = 100").unwrap();
        assert!(spec.check(100).is_ok());
        let message = spec.check(99).unwrap_err().to_string();
        assert!(message.contains("a batch of 100 rows is larger than the 99 training rows"), "{message}");
        let spec: Spec = toml::from_str("epochs = 2\nbatch = 1\nwarmup_epochs = 2").unwrap();
        assert!(spec.check(99).is_err());
    }
}
