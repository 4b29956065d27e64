//! Attacks as a config names them.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Attack, Exact, Fgsm, Pgd};
use crate::bounded::{Positive, constant};
use crate::error::{Error, Result};
use crate::files;
use crate::losses::Loss;
use crate::models::Architecture;

/// The version of the rules that all attacks share (which rows go on, which points are kept, warm starts); part of every protocol.
const RULES: u32 = 1;

/// Kinds of attacks: name, settings, what it does.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("fgsm", "loss = \"ce\" | \"margin\"", "one gradient step of size epsilon (Goodfellow et al. 2015)"),
    (
        "pgd",
        "steps = 40, step = 0.1 (of epsilon), restarts = 1, loss = \"ce\" | \"margin\", random_start = true",
        "projected gradient ascent (Madry et al. 2018)",
    ),
    ("exact", "", "the exact worst case of a linear model"),
];

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
    /// The exact worst case of a linear model.
    Exact {},
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
            Self::Exact {} => Box::new(Exact),
        }
    }

    /// Kind and loss, such as `pgd-ce`: names the attack in a suite.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Fgsm { loss } => format!("fgsm-{}", loss.word()),
            Self::Pgd { loss, .. } => format!("pgd-{}", loss.word()),
            Self::Exact {} => "exact".to_owned(),
        }
    }

    /// The attack with its effort, for people: `PGD-40 × 2 restarts (ce)`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Fgsm { loss } => format!("FGSM ({})", loss.word()),
            Self::Pgd { steps, restarts, loss, .. } => {
                let restarts =
                    if restarts.get() > 1 { format!(" × {restarts} restarts") } else { String::new() };
                format!("PGD-{steps}{restarts} ({})", loss.word())
            }
            Self::Exact {} => "exact worst case".to_owned(),
        }
    }

    /// Whether it can attack such a model; for checks before any training.
    ///
    /// # Errors
    ///
    /// Where it cannot, with what to do.
    pub fn check(&self, architecture: &Architecture) -> Result<()> {
        match self {
            Self::Exact {} if !architecture.is_linear() => Err(exact_needs_linear()),
            _ => Ok(()),
        }
    }

    /// 8 hexadecimal digits that name the attack, its version and every setting; radius, seed and rows are no part of it.
    #[must_use]
    pub fn protocol(&self) -> String {
        let version = match self {
            Self::Fgsm { .. } | Self::Pgd { .. } | Self::Exact {} => 1,
        };
        short_hash(&serde_json::json!({ "rules": RULES, "version": version, "attack": self }))
    }

    /// The protocol of the worst case over several attacks; their order does not matter.
    #[must_use]
    pub fn union_protocol<'a>(specs: impl IntoIterator<Item = &'a Self>) -> String {
        let mut protocols: Vec<String> = specs.into_iter().map(Self::protocol).collect();
        protocols.sort_unstable();
        protocols.dedup();
        short_hash(&serde_json::json!({ "rules": RULES, "union": protocols }))
    }
}

/// The error of an exact attack on a model that is not linear.
pub(super) fn exact_needs_linear() -> Error {
    Error::input(
        "the attack `exact` knows the worst case of linear models only, and this model is not linear",
    )
    .help("use `kind = \"pgd\"`, or a logistic regression as the model")
}

/// Objects have sorted keys and numbers their shortest form, so equal settings have equal bytes.
fn short_hash(value: &serde_json::Value) -> String {
    files::sha256(value.to_string().as_bytes())[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ];
        let specs: Vec<Spec> = texts.iter().map(|text| parse(text).unwrap()).collect();
        let mut protocols: Vec<String> = specs.iter().map(Spec::protocol).collect();
        assert!(protocols.iter().all(|protocol| protocol.len() == 8));
        protocols.sort_unstable();
        protocols.dedup();
        assert_eq!(protocols.len(), specs.len());
        assert_eq!(Spec::union_protocol(&specs), Spec::union_protocol(specs.iter().rev()));
        assert_ne!(Spec::union_protocol(&specs), Spec::union_protocol(&specs[1..]));
    }
}
