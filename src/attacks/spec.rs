//! Attacks as a config names them.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Apgd, ApgdTargeted, Attack, Caa, Exact, Fab, Fgsm, Pgd, Square, fab};
use crate::bounded::{Positive, constant};
use crate::error::{Error, Result};
use crate::files;
use crate::losses::{Goal, Loss};
use crate::measure::Norm;
use crate::models::Architecture;

/// The version of the rules that all attacks share (which rows go on, which points are kept, warm starts); part of every protocol.
pub(super) const RULES: u32 = 2;

/// One attack of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Spec {
    /// One signed (L2: normalized) gradient step of size epsilon from the clean row (Goodfellow et al. 2015).
    Fgsm {
        /// What to climb.
        #[serde(default = "cross_entropy")]
        loss: Loss,
    },
    /// Projected gradient ascent (Madry et al. 2018).
    Pgd {
        /// Gradient steps per restart.
        #[serde(default = "forty")]
        steps: NonZeroU32,
        /// Step size as a fraction of epsilon.
        #[serde(default = "tenth")]
        step: Positive,
        /// Starts per row.
        #[serde(default = "one")]
        restarts: NonZeroU32,
        /// What to climb.
        #[serde(default = "cross_entropy")]
        loss: Loss,
        /// Whether the first start is random (uniform in the ball) or the clean row; later ones always are random.
        #[serde(default = "yes")]
        random_start: bool,
    },
    /// Auto-PGD on one loss (Croce and Hein 2020).
    Apgd {
        /// Gradient steps per run.
        #[serde(default = "hundred")]
        steps: NonZeroU32,
        /// Runs per row.
        #[serde(default = "one")]
        restarts: NonZeroU32,
        /// What to climb; the ratio `dlr` is the margin where there are 2 classes.
        #[serde(default = "cross_entropy")]
        loss: Loss,
    },
    /// Auto-PGD toward target classes (Croce and Hein 2020); with fewer than 4 classes on the margin.
    ApgdT {
        /// Gradient steps per class.
        #[serde(default = "hundred")]
        steps: NonZeroU32,
        /// Target classes per row, in the order of the clean logits; at most all but the true one.
        #[serde(default = "nine")]
        targets: NonZeroU32,
    },
    /// The fast adaptive boundary attack toward the nearest class (Croce and Hein 2020).
    Fab {
        /// Steps per run.
        #[serde(default = "hundred")]
        steps: NonZeroU32,
        /// Runs per row.
        #[serde(default = "one")]
        restarts: NonZeroU32,
        /// The largest share of the clean row's projection in a step, 0 to 1.
        #[serde(default = "bias")]
        bias: f64,
        /// How far beyond the boundary a step goes, at least 1.
        #[serde(default = "overshoot")]
        overshoot: f64,
        /// What is kept of the way from the clean row after a success, between 0 and 1.
        #[serde(default = "retreat")]
        retreat: f64,
    },
    /// The same, toward target classes.
    FabT {
        /// Steps per run.
        #[serde(default = "hundred")]
        steps: NonZeroU32,
        /// Target classes per row, in the order of the clean logits; at most all but the true one.
        #[serde(default = "nine")]
        targets: NonZeroU32,
        /// Runs per row and class.
        #[serde(default = "one")]
        restarts: NonZeroU32,
        /// The largest share of the clean row's projection in a step, 0 to 1.
        #[serde(default = "bias")]
        bias: f64,
        /// How far beyond the boundary a step goes, at least 1.
        #[serde(default = "overshoot")]
        overshoot: f64,
        /// What is kept of the way from the clean row after a success, between 0 and 1.
        #[serde(default = "retreat")]
        retreat: f64,
    },
    /// Random search with squares (Andriushchenko et al. 2020).
    Square {
        /// Queries per run.
        #[serde(default = "five_thousand")]
        queries: NonZeroU32,
        /// Runs per row.
        #[serde(default = "one")]
        restarts: NonZeroU32,
        /// The share of the pixels that the first squares cover, above 0, at most 1.
        #[serde(default = "share")]
        share: f64,
    },
    /// Gradient steps with penalties for what a table's threat model forbids, then a search over valid rows (Simonetto et al. 2024).
    Caa {
        /// Gradient steps per run.
        #[serde(default = "ten")]
        steps: NonZeroU32,
        /// Runs of gradient steps per row.
        #[serde(default = "two")]
        restarts: NonZeroU32,
        /// Queries of the search per row.
        #[serde(default = "thousand")]
        queries: NonZeroU32,
        /// What to climb.
        #[serde(default = "cross_entropy")]
        loss: Loss,
    },
    /// The search of `caa` alone.
    BlockSearch {
        /// Queries per row.
        #[serde(default = "thousand")]
        queries: NonZeroU32,
        /// What to climb.
        #[serde(default = "cross_entropy")]
        loss: Loss,
    },
    /// The exact worst case of a linear model.
    Exact {},
}

fn two() -> NonZeroU32 {
    NonZeroU32::new(2).expect("2 is not 0")
}

fn ten() -> NonZeroU32 {
    NonZeroU32::new(10).expect("10 is not 0")
}

fn thousand() -> NonZeroU32 {
    NonZeroU32::new(1000).expect("1000 is not 0")
}

fn hundred() -> NonZeroU32 {
    NonZeroU32::new(100).expect("100 is not 0")
}

fn nine() -> NonZeroU32 {
    NonZeroU32::new(9).expect("9 is not 0")
}

fn five_thousand() -> NonZeroU32 {
    NonZeroU32::new(5000).expect("5000 is not 0")
}

fn bias() -> f64 {
    0.1
}

fn overshoot() -> f64 {
    1.05
}

fn retreat() -> f64 {
    0.9
}

fn share() -> f64 {
    0.8
}

fn cross_entropy() -> Loss {
    Loss::CrossEntropy
}

fn forty() -> NonZeroU32 {
    NonZeroU32::new(40).expect("40 is not 0")
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn tenth() -> Positive {
    constant!(Positive, 0.1)
}

fn yes() -> bool {
    true
}

impl Spec {
    /// The attack that this TOML describes; for settings known to be right.
    pub(super) fn written(text: &str) -> Self {
        toml::from_str(text).expect("a preset's attacks are valid")
    }

    /// The attack.
    #[must_use]
    pub fn build(&self) -> Box<dyn Attack> {
        match *self {
            Self::Fgsm { loss } => Box::new(Fgsm { loss }),
            Self::Pgd { steps, step, restarts, loss, random_start } => Box::new(Pgd {
                steps: steps.get(),
                step: step.get(),
                restarts: restarts.get(),
                loss,
                random_start,
            }),
            Self::Apgd { steps, restarts, loss } => {
                Box::new(Apgd { steps: steps.get(), restarts: restarts.get(), loss })
            }
            Self::ApgdT { steps, targets } => {
                Box::new(ApgdTargeted { steps: steps.get(), targets: targets.get() })
            }
            Self::Fab { steps, restarts, bias, overshoot, retreat } => Box::new(Fab {
                steps: steps.get(),
                targets: None,
                restarts: restarts.get(),
                bias,
                overshoot,
                retreat,
            }),
            Self::FabT { steps, targets, restarts, bias, overshoot, retreat } => Box::new(Fab {
                steps: steps.get(),
                targets: Some(targets.get()),
                restarts: restarts.get(),
                bias,
                overshoot,
                retreat,
            }),
            Self::Square { queries, restarts, share } => {
                Box::new(Square { queries: queries.get(), restarts: restarts.get(), share })
            }
            Self::Caa { steps, restarts, queries, loss } => {
                Box::new(Caa { steps: steps.get(), restarts: restarts.get(), queries: queries.get(), loss })
            }
            Self::BlockSearch { queries, loss } => {
                Box::new(Caa { steps: 0, restarts: 0, queries: queries.get(), loss })
            }
            Self::Exact {} => Box::new(Exact),
        }
    }

    /// Kind and loss, such as `pgd-ce`: names the attack in a suite.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Fgsm { loss } => format!("fgsm-{}", loss.word()),
            Self::Pgd { loss, .. } => format!("pgd-{}", loss.word()),
            Self::Apgd { loss, .. } => format!("apgd-{}", loss.word()),
            Self::ApgdT { .. } => "apgd-t".to_owned(),
            Self::Fab { .. } => "fab".to_owned(),
            Self::FabT { .. } => "fab-t".to_owned(),
            Self::Square { .. } => "square".to_owned(),
            Self::Caa { loss, .. } => format!("caa-{}", loss.word()),
            Self::BlockSearch { loss, .. } => format!("block-search-{}", loss.word()),
            Self::Exact {} => "exact".to_owned(),
        }
    }

    /// The attack with its effort, for people: `PGD-40 × 2 restarts (ce)`.
    #[must_use]
    pub fn words(&self) -> String {
        let again = |restarts: NonZeroU32| {
            if restarts.get() > 1 { format!(" × {restarts} restarts") } else { String::new() }
        };
        match self {
            Self::Fgsm { loss } => format!("FGSM ({})", loss.word()),
            Self::Pgd { steps, restarts, loss, .. } => {
                format!("PGD-{steps}{} ({})", again(*restarts), loss.word())
            }
            Self::Apgd { steps, restarts, loss } => {
                format!("APGD-{steps}{} ({})", again(*restarts), loss.word())
            }
            Self::ApgdT { steps, targets } => format!("APGD-T {targets} × {steps}"),
            Self::Fab { steps, restarts, .. } => format!("FAB-{steps}{}", again(*restarts)),
            Self::FabT { steps, targets, restarts, .. } => {
                format!("FAB-T {targets} × {steps}{}", again(*restarts))
            }
            Self::Square { queries, restarts, .. } => format!("Square-{queries}{}", again(*restarts)),
            Self::Caa { steps, restarts, queries, loss } => {
                format!("CAPGD-{steps}{} and search-{queries} ({})", again(*restarts), loss.word())
            }
            Self::BlockSearch { queries, loss } => format!("block search-{queries} ({})", loss.word()),
            Self::Exact {} => "exact worst case".to_owned(),
        }
    }

    /// Whether it can attack such a model; for checks before any training.
    ///
    /// # Errors
    ///
    /// Where it cannot, with what to do.
    pub fn check(&self, architecture: &Architecture, norm: Norm) -> Result<()> {
        if norm == Norm::L1 && !matches!(self, Self::Apgd { .. } | Self::ApgdT { .. }) {
            return Err(not_in_l1(&self.name()));
        }
        match self {
            Self::Exact {} if !architecture.is_linear() => Err(exact_needs_linear()),
            Self::Fab { bias, overshoot, retreat, .. } | Self::FabT { bias, overshoot, retreat, .. } => {
                fab::check(*bias, *overshoot, *retreat)
            }
            Self::Square { share, .. } if !(*share > 0.0 && *share <= 1.0) => Err(Error::input(format!(
                "`share` of the attack `square` must be above 0 and at most 1, got `{share}`"
            ))),
            _ => Ok(()),
        }
    }

    /// What a reader must know of the attack on a model of so many classes, where there is something.
    #[must_use]
    pub fn remark(&self, classes: usize) -> Option<String> {
        let needed = match self {
            Self::Apgd { loss: Loss::Dlr, .. }
            | Self::Pgd { loss: Loss::Dlr, .. }
            | Self::Fgsm { loss: Loss::Dlr }
            | Self::Caa { loss: Loss::Dlr, .. }
            | Self::BlockSearch { loss: Loss::Dlr, .. } => Loss::CLASSES_FOR_DLR,
            Self::ApgdT { .. } => Goal::CLASSES_FOR_RATIO,
            _ => return None,
        };
        (classes < needed).then(|| {
            format!(
                "`{}` climbs the plain margin: the difference-of-logits ratio needs {needed} classes, here are {classes}",
                self.name()
            )
        })
    }

    /// 8 hexadecimal digits that name the attack, its version and every setting; radius, seed and rows are no part of it.
    #[must_use]
    pub fn protocol(&self) -> String {
        let version = match self {
            Self::Fgsm { .. }
            | Self::Pgd { .. }
            | Self::Apgd { .. }
            | Self::ApgdT { .. }
            | Self::Fab { .. }
            | Self::FabT { .. }
            | Self::Square { .. }
            | Self::Caa { .. }
            | Self::BlockSearch { .. }
            | Self::Exact {} => 1,
        };
        short_hash(&serde_json::json!({ "rules": RULES, "version": version, "attack": self }))
    }
}

/// The error of an attack that knows no L1.
pub(super) fn not_in_l1(name: &str) -> Error {
    Error::input(format!("the attack `{name}` does not know the norm L1"))
        .help("`apgd` and `apgd-t` do; for the others use `norm = \"linf\"` or `norm = \"l2\"`")
}

/// The error of an exact attack on a model that is not linear.
pub(super) fn exact_needs_linear() -> Error {
    Error::input(
        "the attack `exact` knows the worst case of linear models only, and this model is not linear",
    )
    .help("use `kind = \"pgd\"`, or a logistic regression as the model")
}

/// Objects have sorted keys and numbers their shortest form, so equal settings have equal bytes.
pub(super) fn short_hash(value: &serde_json::Value) -> String {
    files::sha256(value.to_string().as_bytes())[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::Suite;

    fn parse(text: &str) -> Result<Spec, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn defaults_are_the_literatures() {
        let spec = parse("kind = \"pgd\"").unwrap();
        let full = "kind = \"pgd\"\nsteps = 40\nstep = 0.1\nrestarts = 1\nloss = \"ce\"\nrandom_start = true";
        assert_eq!(spec, parse(full).unwrap());
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        for (text, part) in [
            ("kind = \"pgdd\"", "unknown variant `pgdd`"),
            ("kind = \"pgd\"\nepz = 1", "unknown field `epz`"),
            ("kind = \"pgd\"\nsteps = 0", "nonzero"),
            ("kind = \"pgd\"\nstep = -0.1", "above 0, got `-0.1`"),
            ("kind = \"pgd\"\nloss = \"xent\"", "unknown variant `xent`"),
            ("kind = \"exact\"\nsteps = 3", "unknown field `steps`"),
            ("kind = \"apgd-t\"\ntargets = 0", "nonzero"),
            ("kind = \"square\"\nsteps = 3", "unknown field `steps`"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn protocols_name_every_setting_and_ignore_the_order_of_a_suite() {
        let texts = [
            "kind = \"fgsm\"",
            "kind = \"pgd\"",
            "kind = \"pgd\"\nsteps = 41",
            "kind = \"pgd\"\nstep = 0.2",
            "kind = \"pgd\"\nrestarts = 2",
            "kind = \"pgd\"\nloss = \"margin\"",
            "kind = \"pgd\"\nrandom_start = false",
            "kind = \"exact\"",
            "kind = \"apgd\"",
            "kind = \"apgd\"\nloss = \"dlr\"",
            "kind = \"apgd-t\"",
            "kind = \"apgd-t\"\ntargets = 3",
            "kind = \"fab\"",
            "kind = \"fab-t\"",
            "kind = \"fab-t\"\nbias = 0.2",
            "kind = \"square\"",
            "kind = \"square\"\nqueries = 10",
        ];
        let specs: Vec<Spec> = texts.iter().map(|text| parse(text).unwrap()).collect();
        let mut protocols: Vec<String> = specs.iter().map(Spec::protocol).collect();
        assert!(protocols.iter().all(|protocol| protocol.len() == 8));
        protocols.sort_unstable();
        protocols.dedup();
        assert_eq!(protocols.len(), specs.len());
        let union = |specs: &[Spec]| Suite::of(specs).protocol();
        let reversed: Vec<Spec> = specs.iter().rev().cloned().collect();
        assert_eq!(union(&specs), union(&reversed));
        assert_ne!(union(&specs), union(&specs[1..]));
    }
}
