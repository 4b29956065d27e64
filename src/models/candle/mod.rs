//! The reference engine: any architecture as candle tensors with automatic differentiation.
//!
//! Readable and independent of the fused engine, whose oracle it is in tests; slower, and it allocates on every
//! call. Where candle's own operations are wrong they are composed from others: its max-pool has a quarter of
//! the gradient, and its ReLU has derivative 1 at zero (PyTorch: 0).

use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::{Conv2d, Conv2dConfig, Linear, Module};

use crate::models::{Architecture, Block, LANES, Layer, Network, Parameters};

/// Shapes follow from the architecture and memory is the only resource: a failure here is a defect.
const SOUND: &str = "operations on the CPU with the architecture's shapes succeed";

/// A model in the reference engine.
pub struct Candle {
    architecture: Architecture,
    /// One per tensor of [`Parameters`].
    weights: Vec<Var>,
    /// The last forward pass: its input as a leaf, and its logits (n, classes).
    last: Option<(Var, Tensor)>,
}

impl Candle {
    /// The model with these weights.
    #[must_use]
    pub fn new(architecture: &Architecture, parameters: &Parameters) -> Self {
        let mut network = Self { architecture: architecture.clone(), weights: Vec::new(), last: None };
        network.load(parameters);
        network
    }

    /// The rows in use as (n, features), or (n, C, H, W) before a convolution.
    fn input(&self, x: &Block) -> Result<Tensor> {
        let rows = to_tensor(x)?;
        match self.architecture.layers()[0] {
            Layer::ConvPool { inputs, height, width, .. } => rows.reshape((x.rows(), inputs, height, width)),
            Layer::Linear { .. } => Ok(rows),
        }
    }

    /// Logits (n, classes).
    fn logits(&self, x: &Tensor, weights: &[Tensor]) -> Result<Tensor> {
        let mut x = x.clone();
        for (layer, weights) in self.architecture.layers().iter().zip(weights.chunks_exact(2)) {
            let (weight, bias) = (weights[0].clone(), Some(weights[1].clone()));
            x = match *layer {
                Layer::Linear { relu: followed, .. } => {
                    let y = Linear::new(weight, bias).forward(&x.flatten_from(1)?)?;
                    if followed { relu(&y)? } else { y }
                }
                Layer::ConvPool { .. } => {
                    let same = Conv2dConfig { padding: 1, ..Conv2dConfig::default() };
                    max_pool(&relu(&Conv2d::new(weight, bias, same).forward(&x)?)?)?
                }
            };
        }
        Ok(x)
    }

    fn try_input_gradient(&self, d_logits: &Block, d_x: &mut Block) -> Result<()> {
        let (x, logits) = self.last.as_ref().expect("a backward pass follows a forward pass");
        let gradients = (logits * to_tensor(d_logits)?)?.sum_all()?.backward()?;
        let gradient = gradients.get(x.as_tensor()).expect("the logits depend on the input");
        write(&gradient.flatten_from(1)?, d_x)
    }

    fn try_weight_gradient(&self, x: &Block, d_logits: &Block, into: &mut Parameters) -> Result<()> {
        let weights: Vec<Tensor> = self.weights.iter().map(|weight| weight.as_tensor().clone()).collect();
        let logits = self.logits(&self.input(x)?, &weights)?;
        let gradients = (logits * to_tensor(d_logits)?)?.sum_all()?.backward()?;
        for (index, weight) in weights.iter().enumerate() {
            let gradient = gradients.get(weight).expect("the logits depend on every weight");
            let gradient = gradient.flatten_all()?.to_vec1::<f32>()?;
            for (into, value) in into.tensor_mut(index).iter_mut().zip(gradient) {
                *into += value;
            }
        }
        Ok(())
    }
}

impl Network for Candle {
    fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    fn load(&mut self, parameters: &Parameters) {
        self.last = None;
        let tensors = parameters.specs().iter().enumerate().map(|(index, spec)| {
            Var::from_slice(parameters.tensor(index), spec.shape.as_slice(), &Device::Cpu)
        });
        self.weights = tensors.collect::<Result<_>>().expect(SOUND);
    }

    fn forward(&mut self, x: &Block, logits: &mut Block) {
        logits.set_rows(x.rows());
        if x.rows() == 0 {
            return;
        }
        // Detached, so that an attack's backward passes stop at the input.
        let weights: Vec<Tensor> = self.weights.iter().map(Var::as_detached_tensor).collect();
        let input = self.input(x).and_then(|x| Var::from_tensor(&x)).expect(SOUND);
        let output = self.logits(input.as_tensor(), &weights).expect(SOUND);
        write(&output, logits).expect(SOUND);
        self.last = Some((input, output));
    }

    fn input_gradient(&mut self, d_logits: &Block, d_x: &mut Block) {
        d_x.set_rows(d_logits.rows());
        if d_logits.rows() > 0 {
            self.try_input_gradient(d_logits, d_x).expect(SOUND);
        }
    }

    fn weight_gradient(&mut self, x: &Block, d_logits: &Block, into: &mut Parameters) {
        if d_logits.rows() > 0 {
            self.try_weight_gradient(x, d_logits, into).expect(SOUND);
        }
    }
}

/// max(x, 0) with derivative 0 at zero; NaN stays NaN.
fn relu(x: &Tensor) -> Result<Tensor> {
    x * x.detach().gt(0.0)?.to_dtype(DType::F32)?
}

/// 2×2 max-pool with stride 2 of (n, C, H, W); the gradient goes to the first maximum of a window.
fn max_pool(x: &Tensor) -> Result<Tensor> {
    let (n, channels, height, width) = x.dims4()?;
    let (height, width) = (height / 2, width / 2);
    let windows = x
        .narrow(2, 0, 2 * height)?
        .narrow(3, 0, 2 * width)?
        .contiguous()?
        .reshape(&[n, channels, height, 2, width, 2][..])?
        .permute([0, 1, 2, 4, 3, 5])?
        .contiguous()?
        .reshape((n, channels, height, width, 4))?;
    let first_maximum = windows.detach().argmax_keepdim(D::Minus1)?;
    windows.gather(&first_maximum, D::Minus1)?.squeeze(D::Minus1)
}

/// The rows in use as (n, features).
fn to_tensor(block: &Block) -> Result<Tensor> {
    let (rows, features) = (block.rows(), block.features());
    let by_feature = Tensor::from_slice(block.data(), (features, LANES), &Device::Cpu)?;
    by_feature.narrow(1, 0, rows)?.t()?.contiguous()
}

/// Writes (n, features) to the block's first lanes.
fn write(rows: &Tensor, block: &mut Block) -> Result<()> {
    for (lane, row) in rows.to_vec2::<f32>()?.iter().enumerate() {
        for (feature, value) in row.iter().enumerate() {
            block.data_mut()[feature * LANES + lane] = *value;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: PyTorch sends each window's gradient to its first maximum, and none through a ReLU at zero.
    #[test]
    fn the_composed_operations_have_pytorchs_gradients() {
        let pixels = [1.0_f32, 3.0, 5.0, 5.0, 9.0, 2.0, 3.0, 5.0, 5.0, 9.0, 8.0, 8.0, 8.0, 8.0, 8.0];
        let x = Var::from_slice(&pixels, (1, 1, 3, 5), &Device::Cpu).unwrap();
        let y = max_pool(x.as_tensor()).unwrap();
        assert_eq!(y.flatten_all().unwrap().to_vec1::<f32>().unwrap(), [3.0, 5.0]);
        let gradients = (y * 2.0).unwrap().sum_all().unwrap().backward().unwrap();
        let gradient = gradients.get(x.as_tensor()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let expected = [0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(gradient, expected);

        let x = Var::from_slice(&[-1.0_f32, 0.0, 2.0], 3, &Device::Cpu).unwrap();
        let y = relu(x.as_tensor()).unwrap();
        let gradients = y.sum_all().unwrap().backward().unwrap();
        assert_eq!(gradients.get(x.as_tensor()).unwrap().to_vec1::<f32>().unwrap(), [0.0, 0.0, 1.0]);
    }
}
