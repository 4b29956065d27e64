//! Defenses as a config names them.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::adversarial::Adversarial;
use super::ascent::{Ascent, Inner, Start, quarter, ten};
use super::frl::{self, Frl};
use super::group_dro::GroupDro;
use super::groups::{CLASSES, Groups};
use super::ibp::{self, Ibp};
use super::leash::{Leash, Leashed};
use super::mart::Mart;
use super::mixed::Mixed;
use super::noise::Noise;
use super::plain::Plain;
use super::points::{Points, Radius};
use super::trades::{self, Trades};
use super::worst_class::WorstClass;
use super::{Defense, Ground, Stepper};
use crate::attacks::ThreatModel;
use crate::bounded::{BelowOne, NonNegative, Positive, constant};
use crate::error::Result;
use crate::losses::Loss;

/// A defense as a config names it.
///
/// Where `epsilon` is the radius of an inner attack and is not given, it is the threat's own (see [`Spec::at_strength`]).
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
    /// Adversarial training with a single step from a random start (Wong, Rice and Kolter 2020); strength is the training epsilon.
    FastAt {
        /// Step size as a fraction of the strength.
        #[serde(default = "five_quarters")]
        step: Positive,
    },
    /// A mixture of clean and adversarial cross-entropy; strength is the share of the adversarial part, 0 to 1.
    Mixed {
        /// Radius of the inner attack.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epsilon: Option<Positive>,
        /// The inner attack.
        #[serde(default)]
        inner: Inner,
    },
    /// TRADES (Zhang et al. 2019); strength is β, the weight of the divergence.
    Trades {
        /// Radius of the inner attack.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epsilon: Option<Positive>,
        /// The inner attack.
        #[serde(default)]
        inner: Inner,
    },
    /// MART (Wang et al. 2020); strength is β, the weight of the divergence.
    Mart {
        /// Radius of the inner attack.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epsilon: Option<Positive>,
        /// The inner attack.
        #[serde(default)]
        inner: Inner,
    },
    /// Adversarial weight perturbation (Wu, Xia and Wang 2020) on top of adversarial training or TRADES; strength is γ.
    Awp {
        /// What is trained at the perturbed weights.
        #[serde(default)]
        base: Base,
        /// β, where the base is TRADES.
        #[serde(default = "six")]
        beta: Positive,
        /// Radius of the inner attack.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epsilon: Option<Positive>,
        /// The inner attack.
        #[serde(default)]
        inner: Inner,
    },
    /// Gaussian-noise training (Cohen, Rosenfeld and Kolter 2019); strength is the standard deviation.
    Noise {},
    /// Training on interval bounds (Gowal et al. 2018), L∞ only; strength is the training epsilon.
    Ibp {
        /// The final weight of the cross-entropy on the clean row; the rest goes to that of the worst logits.
        #[serde(default = "half")]
        kappa: BelowOne,
        /// The share of the epochs before the bounds enter.
        #[serde(default = "hundredth")]
        start: BelowOne,
        /// The share of the epochs over which they do: the radius rises linearly from 0, and kappa falls from 1.
        #[serde(default = "three_fifths")]
        ramp: Positive,
    },
    /// Label smoothing (Szegedy et al. 2016), a control; strength is the share of the label spread over all classes, below 1.
    LabelSmoothing {},
    /// Logit squeezing (Kannan, Kurakin and Goodfellow 2018), a control; strength is the weight of half the squared length of the logits.
    LogitSqueezing {},
    /// Fair robust learning by reweighting (Xu et al. 2021), on TRADES; strength is the limit on the sum of the multipliers, 0 to 1.
    Frl {
        /// β of TRADES.
        #[serde(default = "six")]
        beta: Positive,
        /// Step size of the multipliers per epoch.
        #[serde(default = "twentieth")]
        rate: Positive,
        /// By how much a class's error may exceed the average.
        #[serde(default = "tenth")]
        tolerance: NonNegative,
        /// Share of the epochs that are TRADES alone, below 1.
        #[serde(default = "half")]
        start: BelowOne,
        /// Radius of the inner attack.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epsilon: Option<Positive>,
        /// The inner attack.
        #[serde(default)]
        inner: Inner,
    },
    /// Group distributionally robust optimization (Sagawa et al. 2020); strength is the step size of the group weights.
    GroupDro {
        /// A sensitive attribute, or `class` for the classes themselves.
        #[serde(default = "classes")]
        by: String,
        /// Radius of the inner attack; 0 trains on clean rows.
        #[serde(default = "zero")]
        epsilon: NonNegative,
        /// The inner attack.
        #[serde(default)]
        inner: Inner,
    },
    /// Worst-class training by no-regret class weights (Li and Liu 2023); strength is their step size.
    WorstClass {
        /// Radius of the inner attack; 0 trains on clean rows.
        #[serde(default = "zero")]
        epsilon: NonNegative,
        /// The inner attack.
        #[serde(default)]
        inner: Inner,
    },
}

/// What adversarial weight perturbation is put on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// Adversarial training.
    #[default]
    At,
    /// TRADES.
    Trades,
}

fn yes() -> bool {
    true
}

fn cross_entropy() -> Loss {
    Loss::CrossEntropy
}

fn five_quarters() -> Positive {
    constant!(Positive, 1.25)
}

fn six() -> Positive {
    constant!(Positive, 6.0)
}

fn twentieth() -> Positive {
    constant!(Positive, 0.05)
}

fn tenth() -> NonNegative {
    constant!(NonNegative, 0.1)
}

fn half() -> BelowOne {
    constant!(BelowOne, 0.5)
}

fn hundredth() -> BelowOne {
    constant!(BelowOne, 0.01)
}

fn three_fifths() -> Positive {
    constant!(Positive, 0.6)
}

fn zero() -> NonNegative {
    constant!(NonNegative, 0.0)
}

fn classes() -> String {
    CLASSES.to_owned()
}

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
            Self::FastAt { .. } => "fast-at",
            Self::Mixed { .. } => "mixed",
            Self::Trades { .. } => "trades",
            Self::Mart { .. } => "mart",
            Self::Awp { .. } => "awp",
            Self::Noise {} => "noise",
            Self::Ibp { .. } => "ibp",
            Self::LabelSmoothing {} => "label-smoothing",
            Self::LogitSqueezing {} => "logit-squeezing",
            Self::Frl { .. } => "frl",
            Self::GroupDro { .. } => "group-dro",
            Self::WorstClass { .. } => "worst-class",
        }
    }

    /// The defense at this strength against a threat of radius `epsilon`: plain training where that is what strength 0 means, so that no
    /// model is trained twice, and with the threat's radius where none is written.
    #[must_use]
    pub fn at_strength(&self, strength: f64, epsilon: f64) -> Self {
        let is_plain = match self {
            Self::None {} => true,
            Self::At { .. }
            | Self::FastAt { .. }
            | Self::Mixed { .. }
            | Self::Trades { .. }
            | Self::Noise {}
            | Self::Ibp { .. }
            | Self::LabelSmoothing {}
            | Self::LogitSqueezing {} => strength <= 0.0,
            Self::WorstClass { epsilon, .. } => strength <= 0.0 && epsilon.get() <= 0.0,
            Self::Mart { .. } | Self::Awp { .. } | Self::Frl { .. } | Self::GroupDro { .. } => false,
        };
        if is_plain {
            return Self::None {};
        }
        let mut resolved = self.clone();
        if let Some(own) = resolved.epsilon_mut() {
            *own = own.or_else(|| Positive::try_from(epsilon).ok());
        }
        resolved
    }

    /// The radius of the inner attack, where it is a setting that may be left to the threat.
    pub(super) fn epsilon_mut(&mut self) -> Option<&mut Option<Positive>> {
        match self {
            Self::Mixed { epsilon, .. }
            | Self::Trades { epsilon, .. }
            | Self::Mart { epsilon, .. }
            | Self::Awp { epsilon, .. }
            | Self::Frl { epsilon, .. } => Some(epsilon),
            _ => None,
        }
    }

    /// The radius at which validation rows are attacked after every epoch, where the defense is known to fail from one epoch to the next.
    pub(crate) fn watched(&self, strength: f64) -> Option<f64> {
        matches!(self, Self::FastAt { .. }).then_some(strength).filter(|radius| *radius > 0.0)
    }

    /// The defense, ready to train on `ground`.
    ///
    /// # Errors
    ///
    /// Those of [`check_data`](Self::check_data).
    pub(in crate::training) fn build(&self, ground: &Ground<'_>) -> Result<Stepper> {
        self.check_data(ground.data, 0.0)?;
        let (features, classes) = (ground.architecture.inputs(), ground.architecture.classes());
        let threat = |radius: f64| ThreatModel::new(ground.norm, radius, &ground.data.features);
        let ascent = |inner: &Inner, start: Start| Ascent::new(*inner, start, threat(0.0), classes);
        let uniform = |inner: &Inner, radius: Radius| {
            Points::new(ascent(inner, Start::Uniform), Loss::CrossEntropy, radius)
        };
        let near = |inner: &Inner| ascent(inner, Start::Near(trades::START));
        let fixed = |epsilon: &Option<Positive>| epsilon.expect("the radius was resolved").get();
        let defense: Box<dyn Defense> = match self {
            Self::None {} => Box::new(Plain::new(classes)),
            Self::At { steps, step, random_start, loss } => {
                let start = if *random_start { Start::Uniform } else { Start::Clean };
                let ascent = ascent(&Inner { steps: *steps, step: *step }, start);
                Box::new(Adversarial::new(Points::new(ascent, *loss, Radius::Strength), classes))
            }
            Self::FastAt { step } => {
                let inner = Inner { steps: NonZeroU32::MIN, step: *step };
                Box::new(Adversarial::new(uniform(&inner, Radius::Strength), classes))
            }
            Self::Mixed { epsilon, inner } => {
                Box::new(Mixed::new(uniform(inner, Radius::Fixed(fixed(epsilon))), features, classes))
            }
            Self::Trades { epsilon, inner } => {
                Box::new(Trades::new(near(inner), fixed(epsilon), None, features, classes))
            }
            Self::Mart { epsilon, inner } => {
                Box::new(Mart::new(uniform(inner, Radius::Fixed(fixed(epsilon))), features, classes))
            }
            Self::Awp { base: Base::At, epsilon, inner, .. } => {
                Box::new(Adversarial::new(uniform(inner, Radius::Fixed(fixed(epsilon))), classes))
            }
            Self::Awp { base: Base::Trades, beta, epsilon, inner } => {
                Box::new(Trades::new(near(inner), fixed(epsilon), Some(beta.get()), features, classes))
            }
            Self::Noise {} => Box::new(Noise::new(features, classes)),
            Self::Ibp { kappa, start, ramp } => {
                let settings = ibp::Settings { kappa: kappa.get(), start: start.get(), ramp: ramp.get() };
                Box::new(Ibp::new(settings, threat(0.0), ground.architecture))
            }
            Self::LabelSmoothing {} => Box::new(Leashed::new(Leash::Smoothing, classes)),
            Self::LogitSqueezing {} => Box::new(Leashed::new(Leash::Squeezing, classes)),
            Self::Frl { beta, rate, tolerance, start, epsilon, inner } => {
                let radius = fixed(epsilon);
                let trades = Trades::new(near(inner), radius, Some(beta.get()), features, classes);
                let settings =
                    frl::Settings { rate: rate.get(), tolerance: tolerance.get(), start: start.get() };
                Box::new(Frl::new(settings, trades, threat(radius), ground.data))
            }
            Self::GroupDro { by, epsilon, inner } => {
                let groups = Groups::new(by, ground.data).expect("the groups were checked");
                Box::new(GroupDro::new(uniform(inner, Radius::Fixed(epsilon.get())), groups, classes))
            }
            Self::WorstClass { epsilon, inner } => Box::new(WorstClass::new(
                uniform(inner, Radius::Fixed(epsilon.get())),
                threat(epsilon.get()),
                ground.data,
            )),
        };
        Ok(Stepper::new(defense, matches!(self, Self::Awp { .. }), features))
    }
}
