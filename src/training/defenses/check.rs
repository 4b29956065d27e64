//! What a defense can be asked to do, checked before any training.

use super::Spec;
use super::groups::{CLASSES, Groups};
use crate::data::Dataset;
use crate::error::{Error, Result, did_you_mean};
use crate::measure::Norm;

impl Spec {
    /// Whether it trains against adversaries of this norm at this strength; before any training.
    ///
    /// # Errors
    ///
    /// Where it does not.
    pub fn check_norm(&self, strength: f64, norm: Norm) -> Result<()> {
        let attacks = match self {
            Self::None {} | Self::Noise {} | Self::LabelSmoothing {} | Self::LogitSqueezing {} => false,
            Self::At { .. }
            | Self::FastAt { .. }
            | Self::Mixed { .. }
            | Self::Trades { .. }
            | Self::Ibp { .. } => strength > 0.0,
            Self::Mart { .. } | Self::Awp { .. } | Self::Frl { .. } => true,
            Self::GroupDro { epsilon, .. } | Self::WorstClass { epsilon, .. } => epsilon.get() > 0.0,
        };
        if attacks && matches!(self, Self::Ibp { .. }) && norm != Norm::Linf {
            return Err(Error::input(format!(
                "the defense `ibp` bounds a model in the norm L∞, and the threat's is {}",
                norm.sign()
            ))
            .help("use `norm = \"linf\"` in [threat], or the defense `at`"));
        }
        if attacks && norm == Norm::L1 {
            return Err(Error::input(format!(
                "nothing trains against L1 yet, got `{}` at strength {strength}",
                self.word()
            ))
            .help("models can be attacked in L1: use `strengths = [0]`, a defense that does not attack, or weights made elsewhere"));
        }
        Ok(())
    }

    /// Whether a strength is one, and the settings fit one another.
    ///
    /// # Errors
    ///
    /// Where the defense has no such strength.
    pub fn check(&self, strength: f64) -> Result<()> {
        if !(strength.is_finite() && strength >= 0.0) {
            return Err(Error::input(format!("a strength must be finite and at least 0, got `{strength}`")));
        }
        if matches!(self, Self::None {}) && strength > 0.0 {
            return Err(Error::input(format!("the defense `none` has no strength, got `{strength}`"))
                .help("use `strengths = [0.0]`, or the defense `at`"));
        }
        if let Self::Ibp { start, ramp, .. } = self
            && start.get() + ramp.get() > 1.0
        {
            let (start, ramp) = (start.get(), ramp.get());
            return Err(Error::input(format!(
                "the defense `ibp` does not get to its strength: `start` {start} and `ramp` {ramp} are more than all epochs"
            ))
            .help("give them a sum of at most 1"));
        }
        let (most, what) = match self {
            Self::Mixed { .. } => (1.0, "the share of the adversarial loss"),
            Self::LabelSmoothing {} => (1.0, "the share of the label that is spread over all classes"),
            Self::Frl { .. } => (1.0, "the limit on the sum of the class multipliers"),
            _ => return Ok(()),
        };
        if matches!(self, Self::LabelSmoothing {}) && strength >= most {
            return Err(Error::input(format!(
                "a strength of `label-smoothing` is {what} and lies below 1, where nothing of the label is left, got `{strength}`"
            )));
        }
        if strength > most {
            return Err(Error::input(format!(
                "a strength of `{}` is {what} and lies in 0 to {most}, got `{strength}`",
                self.word()
            )));
        }
        Ok(())
    }

    /// Whether the defense can train on these data against a threat of this radius.
    ///
    /// # Errors
    ///
    /// A group column that is not there, no validation rows where groups are measured on them, no radius to train against.
    pub fn check_data(&self, data: &Dataset, threat: f64) -> Result<()> {
        let needs_validation = matches!(self, Self::Frl { .. } | Self::WorstClass { .. });
        if needs_validation && data.validation.is_empty() {
            return Err(Error::input(format!(
                "the defense `{}` weighs classes by their errors on validation rows, and there are none",
                self.word()
            ))
            .help("give the split some, as in `validation = 150`"));
        }
        if let Self::GroupDro { by, .. } = self
            && Groups::new(by, data).is_none()
        {
            let names = data.train.facts.attributes.iter().map(|attribute| attribute.name.as_str());
            let hint = did_you_mean(by, names.clone().chain([CLASSES]));
            let listed: Vec<String> = names.chain([CLASSES]).map(|name| format!("`{name}`")).collect();
            return Err(Error::input(format!("the data have no groups by `{by}`{hint}"))
                .help(format!("`by` may be {}", listed.join(", "))));
        }
        let mut own = self.clone();
        if own.epsilon_mut().is_some_and(|epsilon| epsilon.is_none()) && threat <= 0.0 {
            return Err(Error::input(format!(
                "the defense `{}` trains against the threat's radius, which is 0",
                self.word()
            ))
            .help("give it a radius of its own: `epsilon = 0.1`"));
        }
        Ok(())
    }
}
