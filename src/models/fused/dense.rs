//! A dense layer: packed weights, activations, and the three products.

use super::product::{Factors, Finish, Product, pack, pack_transposed};
use crate::models::LANES;
use crate::simd::{Aligned, InstructionSet};

/// One affine map of blocks with its weights packed; interval training uses it as well.
pub(crate) struct Dense {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    relu: bool,
    /// The weights, packed for the forward pass and, transposed, for the input gradient.
    panels: Aligned,
    transposed_panels: Aligned,
    bias: Aligned,
    /// After the ReLU; empty in the last layer, whose output is the logits.
    pub(super) activation: Aligned,
    /// d loss / d (output before the ReLU); empty in the last layer.
    pub(super) delta: Aligned,
}

impl Dense {
    pub(crate) fn new(inputs: usize, outputs: usize, relu: bool) -> Self {
        let scratch = if relu { outputs * LANES } else { 0 };
        Self {
            inputs,
            outputs,
            relu,
            panels: Aligned::zeros(inputs * outputs),
            transposed_panels: Aligned::zeros(inputs * outputs),
            bias: Aligned::zeros(outputs),
            activation: Aligned::zeros(scratch),
            delta: Aligned::zeros(scratch),
        }
    }

    pub(crate) fn load(&mut self, set: InstructionSet, weight: &[f32], bias: &[f32]) {
        pack(set, weight, self.inputs, &mut self.panels);
        pack_transposed(weight, self.inputs, &mut self.transposed_panels);
        self.bias.copy_from_slice(bias);
    }

    /// `x` is `inputs × LANES`; the result goes to `out`, the logits, or else to `activation`.
    pub(crate) fn forward(
        &mut self,
        set: InstructionSet,
        columns: usize,
        x: &[f32],
        out: Option<&mut [f32]>,
    ) {
        set.run(Product {
            rows: self.outputs,
            depth: self.inputs,
            columns,
            a: Factors::Panels(&self.panels),
            b: x,
            b_stride: LANES,
            c: out.unwrap_or(&mut self.activation),
            c_stride: LANES,
            start: Some(&self.bias),
            finish: if self.relu { Finish::Relu } else { Finish::Store },
        });
    }

    /// From `delta` (`outputs × LANES`) to the gradient with respect to the layer's input, zero where `activation`, the input itself, was cut by a ReLU.
    pub(crate) fn input_gradient(
        &mut self,
        set: InstructionSet,
        columns: usize,
        delta: &[f32],
        activation: Option<&[f32]>,
        d_input: &mut [f32],
    ) {
        set.run(Product {
            rows: self.inputs,
            depth: self.outputs,
            columns,
            a: Factors::Panels(&self.transposed_panels),
            b: delta,
            b_stride: LANES,
            c: d_input,
            c_stride: LANES,
            start: None,
            finish: activation.map_or(Finish::Store, Finish::Mask),
        });
    }
}

/// Adds the gradients of a layer's weights and biases, summed over the first `rows` rows in order.
///
/// `transposed` is scratch for the input row by row.
pub(crate) fn weight_gradient(
    set: InstructionSet,
    rows: usize,
    x: &[f32],
    delta: &[f32],
    transposed: &mut [f32],
    d_weight: &mut [f32],
    d_bias: &mut [f32],
) {
    let (inputs, outputs) = (x.len() / LANES, delta.len() / LANES);
    let stride = inputs.next_multiple_of(16);
    set.vectorized(
        #[inline(always)]
        || transpose(x, rows, stride, transposed),
    );
    set.run(Product {
        rows: outputs,
        depth: rows,
        columns: inputs,
        a: Factors::Block(delta),
        b: transposed,
        b_stride: stride,
        c: d_weight,
        c_stride: inputs,
        start: None,
        finish: Finish::Add,
    });
    set.vectorized(
        #[inline(always)]
        || {
            for (d_bias, delta) in d_bias.chunks_mut(SIDE).zip(delta.chunks(SIDE * LANES)) {
                add_row_sums(rows, delta, d_bias);
            }
        },
    );
}

/// Outputs summed side by side: one after the other, each addition would wait for the one before.
const SIDE: usize = 8;

/// Adds, for up to [`SIDE`] outputs, the sum over the first `rows` lanes in order.
#[inline(always)]
fn add_row_sums(rows: usize, delta: &[f32], into: &mut [f32]) {
    let mut sums = [0.0; SIDE];
    if let Ok(delta) = <&[f32; SIDE * LANES]>::try_from(delta) {
        for lane in 0..rows.min(LANES) {
            for (output, sum) in sums.iter_mut().enumerate() {
                *sum += delta[output * LANES + lane];
            }
        }
    } else {
        for (sum, delta) in sums.iter_mut().zip(delta.chunks_exact(LANES)) {
            *sum = delta[..rows].iter().fold(0.0, |sum, delta| sum + delta);
        }
    }
    for (into, sum) in into.iter_mut().zip(sums) {
        *into += sum;
    }
}

/// From features × [`LANES`] to rows × `stride`; rows beyond `rows` are unspecified.
#[inline(always)]
fn transpose(x: &[f32], rows: usize, stride: usize, to: &mut [f32]) {
    /// Rows and columns of a tile: four of four numbers are exchanged in registers.
    const TILE: usize = 4;
    let whole = x.len() / LANES / TILE * TILE;
    for (tile, features) in x.chunks_exact(TILE * LANES).enumerate() {
        for lane in (0..rows).step_by(TILE) {
            let from: [[f32; TILE]; TILE] =
                std::array::from_fn(|f| *features[f * LANES + lane..].first_chunk().expect("inside a block"));
            for row in 0..TILE {
                let to = &mut to[(lane + row) * stride + tile * TILE..][..TILE];
                to.copy_from_slice(&[from[0][row], from[1][row], from[2][row], from[3][row]]);
            }
        }
    }
    for feature in whole..x.len() / LANES {
        for lane in 0..rows {
            to[lane * stride + feature] = x[feature * LANES + lane];
        }
    }
}
