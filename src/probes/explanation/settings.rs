//! What explanations a config asks for, and how they are measured.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::bounded::{Positive, constant};

/// How a prediction is explained: a number per feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The gradient of the predicted class's logit (Simonyan et al. 2014).
    Gradient,
    /// The gradient times the input (Shrikumar et al. 2016).
    GradientXInput,
    /// Integrated gradients from a baseline (Sundararajan et al. 2017).
    IntegratedGradients,
}

/// Kinds of explanations: word, what it is.
pub const METHODS: &[(Method, &str, &str)] = &[
    (
        Method::Gradient,
        "gradient",
        "the gradient of the predicted class's logit, ranked by size (Simonyan et al. 2014)",
    ),
    (
        Method::GradientXInput,
        "gradient-x-input",
        "that gradient times the input, ranked by sign and size (Shrikumar et al. 2016)",
    ),
    (
        Method::IntegratedGradients,
        "integrated-gradients",
        "the mean gradient on the way from a baseline times the way, ranked by sign and size (Sundararajan et al. 2017)",
    ),
];

impl Method {
    /// The word used in configs and keys.
    #[must_use]
    pub fn word(self) -> &'static str {
        METHODS.iter().find(|(method, ..)| *method == self).map_or("", |(_, word, _)| word)
    }

    /// Whether what it says of a row depends on the baseline; otherwise only what is measured by removing features does.
    #[must_use]
    pub fn knows_baseline(self) -> bool {
        self == Self::IntegratedGradients
    }

    /// Whether its attributions should add up to the change of the logit from the baseline to the row.
    #[must_use]
    pub fn adds_up(self) -> bool {
        self == Self::IntegratedGradients
    }

    /// What its attributions are called in keys: the word, with the baseline where they depend on it.
    #[must_use]
    pub fn attribution(self, baseline: Baseline) -> String {
        if self.knows_baseline() {
            format!("{}/{}", self.word(), baseline.word())
        } else {
            self.word().to_owned()
        }
    }
}

/// What stands in the place of a feature that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// Its mean over training rows.
    Mean,
    /// 0 in model input space: black for an image, the training mean for a standardized column.
    Zero,
}

impl Baseline {
    /// The word used in configs and keys.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Zero => "zero",
        }
    }
}

/// Steps, changes and neighbors at most: beyond it nothing becomes more exact.
const MOST_EFFORT: u32 = 10_000;

/// The section `[explanations]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How predictions are explained.
    #[serde(default = "methods")]
    pub methods: Vec<Method>,
    /// What stands in the place of a feature that is taken away.
    #[serde(default = "baselines")]
    pub baselines: Vec<Baseline>,
    /// So many test rows are explained, the same for every model; all where there are fewer.
    #[serde(default = "hundred")]
    pub rows: NonZeroU32,
    /// Points on the way of integrated gradients.
    #[serde(default = "fifty")]
    pub steps: NonZeroU32,
    /// Steps in which features are taken away; as many as there are features where these are fewer.
    #[serde(default = "twenty")]
    pub chunks: NonZeroU32,
    /// Changes per row for the infidelity.
    #[serde(default = "fifty")]
    pub samples: NonZeroU32,
    /// Their standard deviation, in model input space.
    #[serde(default = "noise")]
    pub noise: Positive,
    /// Neighbors per row for the sensitivity.
    #[serde(default = "ten")]
    pub draws: NonZeroU32,
    /// How far each feature of a neighbor is from the row's at most, in model input space.
    #[serde(default = "radius")]
    pub radius: Positive,
    /// The share of the features that count as the most important ones, at most 1.
    #[serde(default = "top")]
    pub top: Positive,
    /// Gradient steps of the attack under which explanations are compared.
    #[serde(default = "twenty")]
    pub attack_steps: NonZeroU32,
}

fn methods() -> Vec<Method> {
    METHODS.iter().map(|(method, ..)| *method).collect()
}

fn baselines() -> Vec<Baseline> {
    vec![Baseline::Mean, Baseline::Zero]
}

fn ten() -> NonZeroU32 {
    NonZeroU32::new(10).expect("10 is not 0")
}

fn twenty() -> NonZeroU32 {
    NonZeroU32::new(20).expect("20 is not 0")
}

fn fifty() -> NonZeroU32 {
    NonZeroU32::new(50).expect("50 is not 0")
}

fn hundred() -> NonZeroU32 {
    NonZeroU32::new(100).expect("100 is not 0")
}

fn noise() -> Positive {
    constant!(Positive, 0.1)
}

fn radius() -> Positive {
    constant!(Positive, 0.02)
}

fn top() -> Positive {
    constant!(Positive, 0.1)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            methods: methods(),
            baselines: baselines(),
            rows: hundred(),
            steps: fifty(),
            chunks: twenty(),
            samples: fifty(),
            noise: noise(),
            draws: ten(),
            radius: radius(),
            top: top(),
            attack_steps: twenty(),
        }
    }
}

impl Settings {
    /// What is wrong with them, and with which: the key, with the place in a list behind it, and why.
    ///
    /// # Errors
    ///
    /// An empty list, a method or baseline listed twice, a share above 1, more points, changes or neighbors per row than memory has room for.
    pub fn check(&self) -> Result<(), (Vec<String>, String)> {
        let twice = |key: &str, words: &[&str]| {
            let again = (0..words.len()).find(|index| words[..*index].contains(&words[*index]));
            match again {
                Some(index) => Err((
                    vec![key.to_owned(), index.to_string()],
                    format!("`{}` is listed twice", words[index]),
                )),
                None if words.is_empty() => Err((vec![key.to_owned()], format!("`{key}` is empty"))),
                None => Ok(()),
            }
        };
        twice("methods", &self.methods.iter().map(|method| method.word()).collect::<Vec<_>>())?;
        twice("baselines", &self.baselines.iter().map(|baseline| baseline.word()).collect::<Vec<_>>())?;
        let efforts = [
            ("steps", self.steps),
            ("chunks", self.chunks),
            ("samples", self.samples),
            ("draws", self.draws),
            ("attack_steps", self.attack_steps),
        ];
        if let Some((key, effort)) = efforts.iter().find(|(_, effort)| effort.get() > MOST_EFFORT) {
            return Err((
                vec![(*key).to_owned()],
                format!("`{key}` is at most {MOST_EFFORT}, got `{effort}`"),
            ));
        }
        let top = self.top.get();
        if top > 1.0 {
            return Err((
                vec!["top".to_owned()],
                format!("`top` is a share of the features, at most 1, got `{top}`"),
            ));
        }
        Ok(())
    }

    /// Method by method, baseline by baseline; with each, whether it has attributions of its own: what does not depend on the baseline is
    /// measured with a method's first one alone.
    pub fn pairs(&self) -> impl Iterator<Item = (Method, Baseline, bool)> + '_ {
        self.methods.iter().flat_map(|method| {
            let own = |(index, baseline): (usize, &Baseline)| {
                (*method, *baseline, index == 0 || method.knows_baseline())
            };
            self.baselines.iter().enumerate().map(own)
        })
    }

    /// How many of `features` count as the most important ones: the share rounded, at least 1.
    #[must_use]
    pub fn top_of(&self, features: usize) -> usize {
        ((self.top.get() * features as f64).round() as usize).clamp(1, features.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_has_the_defaults() {
        let written: Settings = toml::from_str("").unwrap();
        assert_eq!(written, Settings::default());
        assert!(written.check().is_ok());
        assert_eq!(
            toml::from_str::<Settings>("methods = [\"gradient-x-input\"]").unwrap().methods[0].word(),
            "gradient-x-input"
        );
        assert!(METHODS.iter().all(|(method, word, _)| serde_json::to_value(method).unwrap() == *word));
    }

    #[test]
    fn what_cannot_be_measured_is_refused_with_its_place() {
        for (text, place, part) in [
            ("methods = []", vec!["methods"], "`methods` is empty"),
            ("baselines = []", vec!["baselines"], "`baselines` is empty"),
            ("methods = [\"gradient\", \"gradient\"]", vec!["methods", "1"], "`gradient` is listed twice"),
            ("baselines = [\"zero\", \"mean\", \"zero\"]", vec!["baselines", "2"], "`zero` is listed twice"),
            ("steps = 4000000000", vec!["steps"], "`steps` is at most 10000, got `4000000000`"),
            ("samples = 10001", vec!["samples"], "`samples` is at most 10000"),
            ("draws = 10001", vec!["draws"], "`draws` is at most 10000"),
            ("top = 1.5", vec!["top"], "at most 1, got `1.5`"),
        ] {
            let (path, message) = toml::from_str::<Settings>(text).unwrap().check().unwrap_err();
            assert_eq!(path, place, "{text}");
            assert!(message.contains(part), "{message}");
        }
        for text in ["rows = 0", "noise = 0.0", "method = [\"gradient\"]", "methods = [\"lime\"]"] {
            assert!(toml::from_str::<Settings>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_most_important_are_a_share_and_at_least_one() {
        let settings = Settings::default();
        assert_eq!([64, 784, 10, 3, 1].map(|d| settings.top_of(d)), [6, 78, 1, 1, 1]);
    }
}
