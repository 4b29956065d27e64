//! Weights as plain numbers under PyTorch's names and layouts.

use crate::models::Architecture;
use crate::seed::Seed;
use crate::simd::Aligned;

/// Name and shape of one weight tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSpec {
    /// `linear1.weight`, `conv2.bias`, …
    pub name: String,
    /// Row-major shape.
    pub shape: Vec<usize>,
}

impl ParameterSpec {
    /// Numbers in the tensor.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the tensor has no numbers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// All weights of one model (or a gradient of the same layout): one flat vector, tensors one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    specs: Vec<ParameterSpec>,
    offsets: Vec<usize>,
    values: Aligned,
}

impl Parameters {
    /// All zeros.
    #[must_use]
    pub fn zeros(architecture: &Architecture) -> Self {
        let specs = architecture.parameter_specs();
        let mut offsets = vec![0];
        for spec in &specs {
            offsets.push(offsets[offsets.len() - 1] + spec.len());
        }
        let values = Aligned::zeros(offsets[specs.len()]);
        Self { specs, offsets, values }
    }

    /// PyTorch's default for linear and convolution layers: weights and biases uniform on ±1/√fan-in (He et al. 2015 with a = √5), drawn from the seed's stream `init`.
    #[must_use]
    pub fn init(architecture: &Architecture, seed: Seed) -> Self {
        let mut parameters = Self::zeros(architecture);
        let mut stream = seed.stream("init");
        let mut bound = 1.0;
        for index in 0..parameters.specs.len() {
            let shape = &parameters.specs[index].shape;
            if shape.len() > 1 {
                let fan_in: usize = shape[1..].iter().product();
                bound = 1.0 / (fan_in as f32).sqrt();
            }
            for value in parameters.tensor_mut(index) {
                *value = stream.uniform_in(-bound, bound);
            }
        }
        parameters
    }

    /// The weights (1 − t)·a + t·b, computed in double precision; `t` between 0 and 1.
    #[must_use]
    pub fn between(a: &Self, b: &Self, t: f64) -> Self {
        assert_eq!(a.specs, b.specs, "weights of one architecture");
        let mut mixed = a.clone();
        for (value, other) in mixed.values.iter_mut().zip(b.values()) {
            *value = ((1.0 - t) * f64::from(*value) + t * f64::from(*other)) as f32;
        }
        mixed
    }

    /// Names and shapes, in order.
    #[must_use]
    pub fn specs(&self) -> &[ParameterSpec] {
        &self.specs
    }

    /// All numbers, tensors one after the other.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All numbers, tensors one after the other.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The numbers of tensor `index`.
    #[must_use]
    pub fn tensor(&self, index: usize) -> &[f32] {
        &self.values[self.offsets[index]..self.offsets[index + 1]]
    }

    /// The numbers of tensor `index`.
    pub fn tensor_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.values[self.offsets[index]..self.offsets[index + 1]]
    }

    /// The numbers of tensors `index` and `index + 1`: a layer's weight and bias.
    pub fn pair_mut(&mut self, index: usize) -> (&mut [f32], &mut [f32]) {
        let pair = &mut self.values[self.offsets[index]..self.offsets[index + 2]];
        pair.split_at_mut(self.offsets[index + 1] - self.offsets[index])
    }
}
