//! How the learning rate changes over the epochs.

use serde::{Deserialize, Serialize};

use crate::bounded::{BelowOne, Positive, constant};

/// A schedule as a config names it; factors multiply the optimizer's learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// The same rate throughout.
    Constant {},
    /// The rate is multiplied by `factor` from each of the `milestones` (epochs, from 0) on.
    Step {
        /// Epochs.
        milestones: Vec<u32>,
        /// What to multiply by.
        #[serde(default = "tenth")]
        factor: Positive,
    },
    /// Half a cosine from 1 down to `floor` (Loshchilov and Hutter 2017, without restarts), reached after the last epoch.
    Cosine {
        /// Share of the rate at the end.
        #[serde(default = "none")]
        floor: BelowOne,
    },
}

fn tenth() -> Positive {
    constant!(Positive, 0.1)
}

fn none() -> BelowOne {
    constant!(BelowOne, 0.0)
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant {}
    }
}

impl Schedule {
    /// The factor in `epoch` (from 0) of `epochs`.
    #[must_use]
    pub fn share(&self, epoch: u32, epochs: u32) -> f64 {
        match self {
            Self::Constant {} => 1.0,
            Self::Step { milestones, factor } => {
                let passed = milestones.iter().filter(|milestone| epoch >= **milestone).count();
                (0..passed).fold(1.0, |share, _| share * factor.get())
            }
            Self::Cosine { floor } => {
                let phase = std::f64::consts::PI * f64::from(epoch) / f64::from(epochs);
                floor.get() + (1.0 - floor.get()) * 0.5 * (1.0 + libm::cos(phase))
            }
        }
    }
}

/// A linear ramp over the first `warmup` epochs: 1/(w+1), 2/(w+1), …, then 1.
#[must_use]
pub(super) fn ramp(epoch: u32, warmup: u32) -> f64 {
    (f64::from(epoch + 1) / f64::from(warmup + 1)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_take_their_known_values() {
        let step: Schedule = toml::from_str("kind = \"step\"\nmilestones = [2, 3]").unwrap();
        let shares: Vec<f64> = (0..4).map(|epoch| step.share(epoch, 4)).collect();
        for (share, expected) in shares.iter().zip([1.0, 1.0, 0.1, 0.01]) {
            assert!((share - expected).abs() < 1e-12);
        }
        let cosine: Schedule = toml::from_str("kind = \"cosine\"").unwrap();
        assert!((cosine.share(0, 10) - 1.0).abs() < 1e-12 && (cosine.share(5, 10) - 0.5).abs() < 1e-12);
        assert!((ramp(0, 0) - 1.0).abs() < 1e-12 && (ramp(0, 4) - 0.2).abs() < 1e-12);
        assert!((ramp(4, 4) - 1.0).abs() < 1e-12 && (ramp(9, 4) - 1.0).abs() < 1e-12);
    }
}
