//! The layers of a model, as plain values.

use crate::data::Shape;
use crate::models::ParameterSpec;

/// One layer. Activations are channel-major (C, H, W).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// `y = W x + b`, followed by ReLU when `relu`.
    Linear {
        /// Numbers in.
        inputs: usize,
        /// Numbers out.
        outputs: usize,
        /// Whether a ReLU follows.
        relu: bool,
    },
    /// 3×3 convolution, stride 1, zero padding 1, then ReLU, then 2×2 max-pool with stride 2 (odd rows and columns at the end are dropped).
    ConvPool {
        /// Channels in.
        inputs: usize,
        /// Channels out.
        outputs: usize,
        /// Pixel rows in.
        height: usize,
        /// Pixel columns in.
        width: usize,
    },
}

/// The layers of a model, first to last; the last is linear without ReLU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Architecture {
    shape: Shape,
    classes: usize,
    layers: Vec<Layer>,
}

impl Architecture {
    /// Multinomial logistic regression.
    #[must_use]
    pub fn logistic(shape: Shape, classes: usize) -> Self {
        Self::mlp(shape, classes, &[])
    }

    /// Fully connected ReLU network; `hidden` are the widths of the hidden layers.
    #[must_use]
    pub fn mlp(shape: Shape, classes: usize, hidden: &[usize]) -> Self {
        let mut layers = Vec::new();
        dense(&mut layers, shape.features(), classes, hidden);
        Self { shape, classes, layers }
    }

    /// Convolution-ReLU-pool stages of these output `channels`, then a fully connected ReLU head.
    ///
    /// A table row counts as an image of one channel, height 1; stages must leave at least one pixel
    /// (the caller checks: every stage halves height and width).
    #[must_use]
    pub fn cnn(shape: Shape, classes: usize, channels: &[usize], hidden: &[usize]) -> Self {
        let (mut inputs, mut height, mut width) = match shape {
            Shape::Flat(features) => (1, 1, features),
            Shape::Image { channels, height, width } => (channels, height, width),
        };
        let mut layers = Vec::new();
        for &outputs in channels {
            layers.push(Layer::ConvPool { inputs, outputs, height, width });
            (inputs, height, width) = (outputs, height / 2, width / 2);
        }
        dense(&mut layers, inputs * height * width, classes, hidden);
        Self { shape, classes, layers }
    }

    /// The same layers up to the last, which has this many outputs.
    #[must_use]
    pub fn with_outputs(&self, outputs: usize) -> Self {
        let mut other = Self { classes: outputs, ..self.clone() };
        if let Some(Layer::Linear { outputs: last, .. }) = other.layers.last_mut() {
            *last = outputs;
        }
        other
    }

    /// How one input row is laid out.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Numbers in one input row.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.shape.features()
    }

    /// Logits per row.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The layers, first to last.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Whether the logits are affine in the input, so that exact worst cases exist.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        matches!(self.layers.as_slice(), [Layer::Linear { relu: false, .. }])
    }

    /// The weights' names and shapes, in order: `conv1.weight` (out, in, 3, 3), `conv1.bias` (out), …, `linear1.weight` (out, in), `linear1.bias` (out), …: PyTorch's.
    #[must_use]
    pub fn parameter_specs(&self) -> Vec<ParameterSpec> {
        let (mut convs, mut linears) = (0, 0);
        let mut specs = Vec::new();
        for layer in &self.layers {
            let (name, weight_shape, outputs) = match *layer {
                Layer::Linear { inputs, outputs, .. } => {
                    linears += 1;
                    (format!("linear{linears}"), vec![outputs, inputs], outputs)
                }
                Layer::ConvPool { inputs, outputs, .. } => {
                    convs += 1;
                    (format!("conv{convs}"), vec![outputs, inputs, 3, 3], outputs)
                }
            };
            specs.push(ParameterSpec { name: format!("{name}.weight"), shape: weight_shape });
            specs.push(ParameterSpec { name: format!("{name}.bias"), shape: vec![outputs] });
        }
        specs
    }
}

fn dense(layers: &mut Vec<Layer>, mut inputs: usize, classes: usize, hidden: &[usize]) {
    for &outputs in hidden {
        layers.push(Layer::Linear { inputs, outputs, relu: true });
        inputs = outputs;
    }
    layers.push(Layer::Linear { inputs, outputs: classes, relu: false });
}
