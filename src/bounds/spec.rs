//! Certificates as a config names them.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::smoothing;
use crate::bounded::{BelowOne, Positive, constant};
use crate::error::{Error, Result};
use crate::files;
use crate::measure::Norm;
use crate::models::Architecture;

/// One `[[certificate]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Spec {
    /// The exact worst case of a linear model.
    Exact {},
    /// Interval bounds, the last layer merged with the margins (Gowal et al. 2018).
    Interval {},
    /// Linear relaxation: interval bounds of the hidden layers, then one backward linear bound of the margins (Zhang et al. 2018, 2020); margin by
    /// margin, the better of it and the interval bound counts.
    Crown {},
    /// Randomized smoothing in L2 (Cohen et al. 2019): about the majority vote under noise, not about the model itself.
    Smoothing {
        /// Standard deviation of the noise, in model input space.
        sigma: Positive,
        /// Draws that pick the class.
        #[serde(default = "selection")]
        selection: NonZeroU32,
        /// Draws that estimate its share.
        #[serde(default = "samples")]
        samples: NonZeroU32,
        /// The probability with which a row's certificate may be wrong.
        #[serde(default = "alpha")]
        alpha: BelowOne,
    },
}

fn selection() -> NonZeroU32 {
    NonZeroU32::new(100).expect("100 is not 0")
}

fn samples() -> NonZeroU32 {
    NonZeroU32::new(10_000).expect("10000 is not 0")
}

fn alpha() -> BelowOne {
    constant!(BelowOne, 0.001)
}

/// Kinds of certificates: name, settings, what it proves.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("exact", "", "the exact worst case of a linear model"),
    ("interval", "", "interval bounds, the last layer merged with the margins (Gowal et al. 2018)"),
    (
        "crown",
        "",
        "linear relaxation on interval bounds of the hidden layers, or interval bounds where those are better (Zhang et al. 2018, 2020)",
    ),
    (
        "smoothing",
        "sigma, selection = 100, samples = 10000, alpha = 0.001",
        "the majority vote under Gaussian noise, in L2; about that vote, not about the model itself (Cohen et al. 2019)",
    ),
];

impl Spec {
    /// The word used in configs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Exact {} => "exact",
            Self::Interval {} => "interval",
            Self::Crown {} => "crown",
            Self::Smoothing { .. } => "smoothing",
        }
    }

    /// The settings of randomized smoothing, where that is what it is.
    #[must_use]
    pub fn smoothing(&self) -> Option<smoothing::Settings> {
        match *self {
            Self::Smoothing { sigma, selection, samples, alpha } => Some(smoothing::Settings {
                sigma: sigma.get(),
                selection: selection.get(),
                samples: samples.get(),
                alpha: alpha.get(),
            }),
            Self::Exact {} | Self::Interval {} | Self::Crown {} => None,
        }
    }

    /// 8 hexadecimal digits that name the certificate, its version and every setting, as attacks' protocols do; radius, seed and rows are no part
    /// of it.
    #[must_use]
    pub fn protocol(&self) -> String {
        let version = match self {
            Self::Exact {} | Self::Interval {} | Self::Crown {} | Self::Smoothing { .. } => 1,
        };
        let named = serde_json::json!({ "version": version, "certificate": self });
        files::sha256(named.to_string().as_bytes())[..8].to_owned()
    }

    /// Whether it can certify such a model in this norm; before any training.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub fn check(&self, architecture: &Architecture, norm: Norm) -> Result<()> {
        match self {
            Self::Exact {} if !architecture.is_linear() => Err(Error::input(
                "the certificate `exact` knows the worst case of linear models only, and this model is not linear",
            )
            .help("use `kind = \"crown\"`, or a logistic regression as the model")),
            Self::Smoothing { .. } if norm != Norm::L2 => Err(Error::input(format!(
                "the certificate `smoothing` is about the norm L2, and the threat's is {}",
                norm.sign()
            ))
            .help("use `norm = \"l2\"` in [threat], or `kind = \"crown\"`")),
            Self::Smoothing { alpha, .. } if alpha.get() <= 0.0 => Err(Error::input(
                "`alpha` of the certificate `smoothing` must be above 0: no number of draws is certain",
            )
            .help("0.001 is usual")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;

    fn parse(text: &str) -> Spec {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_certificate_that_cannot_be_given_is_refused() {
        let (linear, deep) =
            (Architecture::logistic(Shape::Flat(2), 2), Architecture::mlp(Shape::Flat(2), 2, &[3]));
        let smoothing = parse("kind = \"smoothing\"\nsigma = 0.5");
        assert!(parse("kind = \"exact\"").check(&linear, Norm::L1).is_ok());
        assert!(parse("kind = \"crown\"").check(&deep, Norm::L1).is_ok());
        assert!(smoothing.check(&deep, Norm::L2).is_ok());
        let certain = parse("kind = \"smoothing\"\nsigma = 0.5\nalpha = 0.0");
        for (spec, norm, part) in [
            (parse("kind = \"exact\""), Norm::L2, "not linear"),
            (smoothing, Norm::Linf, "the threat's is L∞"),
            (certain, Norm::L2, "above 0"),
        ] {
            let message = spec.check(&deep, norm).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn every_setting_is_in_the_protocol() {
        let texts = [
            "kind = \"exact\"",
            "kind = \"interval\"",
            "kind = \"crown\"",
            "kind = \"smoothing\"\nsigma = 0.5",
            "kind = \"smoothing\"\nsigma = 0.25",
            "kind = \"smoothing\"\nsigma = 0.5\nselection = 10",
            "kind = \"smoothing\"\nsigma = 0.5\nsamples = 10",
            "kind = \"smoothing\"\nsigma = 0.5\nalpha = 0.01",
        ];
        let protocols: std::collections::BTreeSet<String> =
            texts.iter().map(|text| parse(text).protocol()).collect();
        assert_eq!(protocols.len(), texts.len());
        assert!(KINDS.iter().map(|kind| kind.0).eq(["exact", "interval", "crown", "smoothing"]));
    }
}
