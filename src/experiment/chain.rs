//! Strengths that depend on one another: what a cell's weights begin from.
//!
//! With `continuation` each strength of a defense starts from the last weights of the strength below it; with
//! `interpolate` models between two neighbors are mixed from both. Either way the cells of one defense at one seed hang
//! together: they are its *chain*, named by the defense and the run of its lowest strength. Where several defenses have that run in common, each
//! has it in its own chain.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::plan;
use crate::training::Supervised;

/// Raised when the same two models would be mixed to other weights.
const MIXING_VERSION: u32 = 1;

/// The coordinate that tells an interpolated point from trained ones.
pub const INTERPOLATED: &str = "interpolated";

/// Where a cell's weights come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// From the seed's own initial weights, or from a file.
    #[default]
    Own,
    /// Trained on from the last weights of another run.
    Continued {
        /// Run id.
        parent: String,
    },
    /// Not trained: (1 − t)·a + t·b of the last weights of two runs.
    Between {
        /// Run id of the lower strength.
        a: String,
        /// Run id of the higher strength.
        b: String,
        /// Strictly between 0 and 1.
        t: f64,
    },
    /// Not trained here: what the model said was imported.
    Imported {
        /// SHA-256 of all that was imported of it.
        sha256: String,
    },
}

impl Origin {
    pub(super) fn is_own(&self) -> bool {
        *self == Self::Own
    }

    /// Whether the model was made and attacked elsewhere.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        matches!(self, Self::Imported { .. })
    }

    /// The runs whose last weights are needed first.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Self::Own | Self::Imported { .. } => (None, None),
            Self::Continued { parent } => (Some(parent), None),
            Self::Between { a, b, .. } => (Some(a), Some(b)),
        };
        first.into_iter().chain(second).map(String::as_str)
    }
}

/// A model between two neighboring strengths: where it lies, and its own settings.
pub(super) struct Between {
    pub(super) strength: f64,
    /// `0.1~0.2`
    pub(super) neighbors: String,
    pub(super) origin: Origin,
    pub(super) settings: Json,
}

/// The models between the (strength, run) `low` and `high`, as many as the settings ask for.
pub(super) fn between(training: Option<&Supervised>, low: (f64, &str), high: (f64, &str)) -> Vec<Between> {
    let n = training.and_then(|it| it.interpolate).map_or(0, std::num::NonZeroU32::get);
    (1..=n)
        .map(|k| {
            let t = f64::from(k) / f64::from(n + 1);
            let (a, b) = (low.1.to_owned(), high.1.to_owned());
            let settings = json!({ "version": MIXING_VERSION, "interpolated": { "a": a, "b": b, "t": t } });
            Between {
                strength: tidy((1.0 - t) * low.0 + t * high.0),
                neighbors: format!("{}~{}", low.0, high.0),
                origin: Origin::Between { a, b, t },
                settings,
            }
        })
        .collect()
}

/// Without the rounding error of the sum: a strength is also a name.
fn tidy(strength: f64) -> f64 {
    const DIGITS: f64 = 1e12;
    let scaled = strength * DIGITS;
    if scaled.abs() < 9e15 { scaled.round() / DIGITS } else { strength }
}

/// `settings` of a run that starts from the last weights of `parent`.
pub(super) fn continued(mut settings: Json, parent: &str) -> (Json, String) {
    settings["parent"] = json!(parent);
    let run = plan::id(&settings);
    (settings, run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_between_divide_the_step_evenly() {
        let text = "epochs = 3\ninterpolate = 3";
        let spec: crate::training::Spec = toml::from_str(text).unwrap();
        let made = between(spec.supervised(), (0.1, "aa"), (0.2, "bb"));
        let strengths: Vec<f64> = made.iter().map(|model| model.strength).collect();
        assert_eq!(strengths, [0.125, 0.15, 0.175]);
        assert_eq!(made[0].neighbors, "0.1~0.2");
        assert_eq!(made[0].origin, Origin::Between { a: "aa".to_owned(), b: "bb".to_owned(), t: 0.25 });
        assert_eq!(made[1].origin.parents().collect::<Vec<_>>(), ["aa", "bb"]);
        let off: crate::training::Spec = toml::from_str("epochs = 3").unwrap();
        assert!(between(off.supervised(), (0.1, "aa"), (0.2, "bb")).is_empty());
    }
}
