//! `[model]` of a configuration file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::data::Shape;
use crate::error::{Error, Result};
use crate::models::{Architecture, Layer};

/// The widest layer that is accepted: beyond it a typing error is likelier than a wish.
const WIDEST: usize = 65_536;

/// The most weights that are accepted: 1 GiB of them.
const MOST_WEIGHTS: usize = 1 << 28;

/// Kinds of models: name, settings, what it is.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("logistic", "weights", "multinomial logistic regression; exact worst cases exist"),
    ("mlp", "hidden, weights", "fully connected ReLU network of these widths"),
    (
        "cnn",
        "channels = [16, 32], hidden = [128], weights",
        "3×3 convolution, ReLU and 2×2 max-pool per stage, then a fully connected ReLU head",
    ),
];

/// `kind = "logistic" | "mlp" | "cnn"` and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Spec {
    /// Multinomial logistic regression.
    Logistic {
        /// A safetensors file to take the weights from, instead of drawing them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weights: Option<PathBuf>,
    },
    /// Fully connected ReLU network.
    Mlp {
        /// Widths of the hidden layers, at least one.
        hidden: Vec<usize>,
        /// A safetensors file to take the weights from, instead of drawing them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weights: Option<PathBuf>,
    },
    /// Stages of 3×3 convolution, ReLU and 2×2 max-pool, then a fully connected ReLU head.
    Cnn {
        /// Channels after each stage, at least one stage.
        #[serde(default = "default_channels")]
        channels: Vec<usize>,
        /// Widths of the head's hidden layers; may be empty.
        #[serde(default = "default_head")]
        hidden: Vec<usize>,
        /// A safetensors file to take the weights from, instead of drawing them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weights: Option<PathBuf>,
    },
    /// Somebody's model that is not here: only what it said was imported.
    Imported {},
}

fn default_channels() -> Vec<usize> {
    vec![16, 32]
}

fn default_head() -> Vec<usize> {
    vec![128]
}

impl Spec {
    /// The file to take the weights from, as written.
    #[must_use]
    pub fn weights(&self) -> Option<&Path> {
        match self {
            Self::Logistic { weights } | Self::Mlp { weights, .. } | Self::Cnn { weights, .. } => {
                weights.as_deref()
            }
            Self::Imported {} => None,
        }
    }

    /// The same, to be changed.
    pub fn weights_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Logistic { weights } | Self::Mlp { weights, .. } | Self::Cnn { weights, .. } => {
                weights.as_mut()
            }
            Self::Imported {} => None,
        }
    }

    /// The architecture for rows of this shape and this many classes.
    ///
    /// # Errors
    ///
    /// When the rows have no features, there are fewer than two classes, a width is 0 or absurd, or the images are too small for the stages.
    pub fn architecture(&self, shape: Shape, classes: usize) -> Result<Architecture> {
        if shape.features() == 0 {
            return Err(Error::input("a model needs rows with at least one feature"));
        }
        if classes < 2 {
            return Err(Error::input(format!(
                "a classifier needs at least 2 classes, the data have {classes}"
            )));
        }
        let architecture = match self {
            Self::Imported {} => {
                return Err(Error::input("`kind = \"imported\"` stands for a model that is not here: it cannot be run")
                    .help("for weights that you have, write the architecture's kind and `weights = \"model.safetensors\"`"));
            }
            Self::Logistic { .. } => Architecture::logistic(shape, classes),
            Self::Mlp { hidden, .. } => {
                if hidden.is_empty() {
                    return Err(Error::input("model.hidden is empty")
                        .help("give widths such as [128, 128], or write kind = \"logistic\""));
                }
                check_widths("hidden", hidden)?;
                Architecture::mlp(shape, classes, hidden)
            }
            Self::Cnn { channels, hidden, .. } => {
                if channels.is_empty() {
                    return Err(Error::input("model.channels is empty")
                        .help("give channels such as [16, 32], or write kind = \"mlp\""));
                }
                check_widths("channels", channels)?;
                check_widths("hidden", hidden)?;
                check_image(shape, channels.len())?;
                Architecture::cnn(shape, classes, channels, hidden)
            }
        };
        let weights = architecture.layers().iter().try_fold(0_usize, |sum, layer| {
            let (inputs, outputs) = match *layer {
                Layer::Linear { inputs, outputs, .. } => (inputs, outputs),
                Layer::ConvPool { inputs, outputs, .. } => (inputs * 9, outputs),
            };
            inputs.checked_mul(outputs)?.checked_add(sum)
        });
        if weights.is_none_or(|weights| weights > MOST_WEIGHTS) {
            return Err(Error::input(format!("the model has more than {MOST_WEIGHTS} weights"))
                .help("use smaller widths"));
        }
        Ok(architecture)
    }
}

fn check_widths(key: &str, widths: &[usize]) -> Result<()> {
    match widths.iter().find(|width| !(1..=WIDEST).contains(*width)) {
        Some(width) => {
            Err(Error::input(format!("model.{key}: a width must lie in 1..={WIDEST}, got {width}")))
        }
        None => Ok(()),
    }
}

/// Every stage halves height and width and must leave a pixel.
fn check_image(shape: Shape, stages: usize) -> Result<()> {
    let (height, width) = match shape {
        Shape::Flat(features) => {
            return Err(Error::input(format!(
                "a cnn needs images, the data are table rows of {features} features"
            ))
            .help("write kind = \"mlp\""));
        }
        Shape::Image { height, width, .. } => (height, width),
    };
    let fitting = height.min(width).checked_ilog2().unwrap_or(0) as usize;
    if stages > fitting {
        return Err(Error::input(format!(
            "model.channels: {stages} stages leave nothing of images of {height}×{width} pixels: each halves height and width"
        ))
        .help(if fitting == 0 { "write kind = \"mlp\"".into() } else { format!("use at most {fitting}") }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: Shape = Shape::Image { channels: 1, height: 8, width: 8 };

    fn refusal(toml: &str, shape: Shape) -> String {
        toml::from_str::<Spec>(toml).unwrap().architecture(shape, 10).unwrap_err().to_string()
    }

    #[test]
    fn a_table_becomes_an_architecture() {
        let spec: Spec = toml::from_str("kind = \"mlp\"\nhidden = [128, 64]").unwrap();
        assert_eq!(spec.architecture(DIGITS, 10).unwrap(), Architecture::mlp(DIGITS, 10, &[128, 64]));
        let spec: Spec = toml::from_str("kind = \"cnn\"\nweights = \"a.safetensors\"").unwrap();
        assert_eq!(spec.architecture(DIGITS, 10).unwrap(), Architecture::cnn(DIGITS, 10, &[16, 32], &[128]));
        assert_eq!(spec.weights(), Some(Path::new("a.safetensors")));
    }

    #[test]
    fn stray_keys_and_unknown_kinds_are_refused() {
        let message = toml::from_str::<Spec>("kind = \"logistic\"\nhidden = [3]").unwrap_err().to_string();
        assert!(message.contains("unknown field `hidden`, expected `weights`"), "{message}");
        let message = toml::from_str::<Spec>("kind = \"mpl\"").unwrap_err().to_string();
        assert!(message.contains("expected one of `logistic`, `mlp`, `cnn`"), "{message}");
    }

    #[test]
    fn impossible_models_are_refused_with_the_way_out() {
        let message = refusal("kind = \"cnn\"\nchannels = [4, 4, 4, 4]", DIGITS);
        assert!(message.contains("4 stages") && message.contains("use at most 3"), "{message}");
        assert!(refusal("kind = \"cnn\"", Shape::Flat(9)).contains("needs images"));
        assert!(refusal("kind = \"mlp\"\nhidden = [8, 0]", DIGITS).contains("1..=65536, got 0"));
        assert!(refusal("kind = \"mlp\"\nhidden = []", DIGITS).contains("logistic"));
        assert!(refusal("kind = \"mlp\"\nhidden = [65536, 65536]", DIGITS).contains("weights"));
    }
}
