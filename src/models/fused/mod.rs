//! The default engine: plain arrays, vectors over rows, no allocation after construction.
//!
//! Activations lie feature-major over blocks of rows, so weights are broadcast and every row is computed on its
//! own; each output is summed in a fixed order with fused multiply-add. Weight gradients sum the block's
//! rows in order. So all instruction sets give the same bytes.
#![allow(clippy::inline_always, reason = "a kernel is compiled for an instruction set by being inlined")]
#![allow(clippy::needless_range_loop, reason = "register tiles are indexed in lockstep")]

mod convolution;
mod dense;
mod kernels;
mod product;

use self::convolution::Convolutions;
pub(crate) use self::dense::{Dense, weight_gradient};
use crate::models::{Architecture, Block, LANES, Layer, Network, Parameters};
use crate::simd::{Aligned, InstructionSet};

/// Lanes per vector of the widest instruction set: work is done in multiples of this many rows.
const CHUNK: usize = 16;

/// A model in the fused engine.
pub struct Fused {
    architecture: Architecture,
    set: InstructionSet,
    convolutions: Convolutions,
    dense: Vec<Dense>,
    /// Input of the first dense layer when convolutions come before it, and the gradient there.
    features: Aligned,
    d_features: Aligned,
    /// Scratch of the weight gradient: the input of one layer, row by row.
    transposed: Aligned,
}

impl Fused {
    /// The model, computed with the given instructions.
    #[must_use]
    pub fn new(architecture: &Architecture, parameters: &Parameters, set: InstructionSet) -> Self {
        let mut dense = Vec::new();
        for layer in architecture.layers() {
            if let Layer::Linear { inputs, outputs, relu } = *layer {
                dense.push(Dense::new(inputs, outputs, relu));
            }
        }
        let widest = dense.iter().map(|layer| layer.inputs).max().expect("the last layer is dense");
        let convolutions = Convolutions::new(architecture);
        let features = if convolutions.is_empty() { 0 } else { dense[0].inputs * LANES };
        let mut network = Self {
            architecture: architecture.clone(),
            set,
            convolutions,
            dense,
            features: Aligned::zeros(features),
            d_features: Aligned::zeros(features),
            transposed: Aligned::zeros(LANES * widest.next_multiple_of(CHUNK)),
        };
        network.load(parameters);
        network
    }

    /// Fills every dense layer's `delta` but the last one's, which is `d_logits`.
    fn hidden_gradients(&mut self, columns: usize, d_logits: &[f32]) {
        for layer in (1..self.dense.len()).rev() {
            let (below, this) = self.dense.split_at_mut(layer);
            let (below, this) = (&mut below[layer - 1], &mut this[0]);
            let Dense { activation, delta: d_input, .. } = below;
            let delta = std::mem::take(&mut this.delta);
            let from_above = if delta.is_empty() { d_logits } else { &delta };
            this.input_gradient(self.set, columns, from_above, Some(activation), d_input);
            this.delta = delta;
        }
    }

    /// From the first dense layer's delta to the gradient at its input.
    fn first_gradient(&mut self, columns: usize, d_logits: &[f32], d_input: &mut [f32]) {
        let first = &mut self.dense[0];
        let delta = std::mem::take(&mut first.delta);
        let from_above = if delta.is_empty() { d_logits } else { &delta };
        first.input_gradient(self.set, columns, from_above, None, d_input);
        first.delta = delta;
    }
}

impl Network for Fused {
    fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    fn load(&mut self, parameters: &Parameters) {
        self.convolutions.load(parameters);
        let first = 2 * self.convolutions.len();
        for (index, layer) in self.dense.iter_mut().enumerate() {
            let tensor = first + 2 * index;
            layer.load(self.set, parameters.tensor(tensor), parameters.tensor(tensor + 1));
        }
    }

    fn forward(&mut self, x: &Block, logits: &mut Block) {
        assert_eq!(x.features(), self.architecture.inputs(), "rows have the model's number of features");
        let (rows, set) = (x.rows(), self.set);
        let columns = rows.next_multiple_of(CHUNK);
        logits.set_rows(rows);
        self.convolutions.forward(set, columns, x.data(), &mut self.features);
        let mut input = if self.convolutions.is_empty() { x.data() } else { &self.features };
        let (last, hidden) = self.dense.split_last_mut().expect("the last layer is dense");
        for layer in hidden {
            layer.forward(set, columns, input, None);
            input = &layer.activation;
        }
        last.forward(set, columns, input, Some(logits.data_mut()));
    }

    fn input_gradient(&mut self, d_logits: &Block, d_x: &mut Block) {
        let columns = d_logits.rows().next_multiple_of(CHUNK);
        d_x.set_rows(d_logits.rows());
        self.hidden_gradients(columns, d_logits.data());
        if self.convolutions.is_empty() {
            self.first_gradient(columns, d_logits.data(), d_x.data_mut());
        } else {
            let mut d_features = std::mem::take(&mut self.d_features);
            self.first_gradient(columns, d_logits.data(), &mut d_features);
            self.convolutions.backward(self.set, d_logits.rows(), &d_features, Some(d_x.data_mut()), None);
            self.d_features = d_features;
        }
    }

    fn weight_gradient(&mut self, x: &Block, d_logits: &Block, into: &mut Parameters) {
        let rows = d_logits.rows();
        let columns = rows.next_multiple_of(CHUNK);
        self.hidden_gradients(columns, d_logits.data());
        if !self.convolutions.is_empty() {
            let mut d_features = std::mem::take(&mut self.d_features);
            self.first_gradient(columns, d_logits.data(), &mut d_features);
            self.convolutions.backward(self.set, rows, &d_features, None, Some(into));
            self.d_features = d_features;
        }
        let mut input = if self.convolutions.is_empty() { x.data() } else { &self.features };
        for (index, layer) in self.dense.iter().enumerate() {
            let delta = if layer.delta.is_empty() { d_logits.data() } else { &layer.delta };
            let tensor = 2 * (self.convolutions.len() + index);
            let (d_weight, d_bias) = into.pair_mut(tensor);
            weight_gradient(self.set, rows, input, delta, &mut self.transposed, d_weight, d_bias);
            input = &layer.activation;
        }
    }
}
