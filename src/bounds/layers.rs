//! A model's layers in double precision, laid out for bounds.
//!
//! Images lie as (row, column, channel) here, so that inner loops run over channels; the weights of the first linear layer after
//! convolutions are put in that order, too.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use super::rounding::Rounding;
use crate::models::{Architecture, Layer, Parameters};
use crate::simd::vectorized;

/// Sizes of a convolution stage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Size {
    /// The numbers of the window of pooled pixel `(row, column)` and `channel`, before pooling.
    #[inline(always)]
    pub(super) fn window(&self, row: usize, column: usize, channel: usize) -> [usize; 4] {
        [(0, 0), (0, 1), (1, 0), (1, 1)]
            .map(|(y, x)| ((2 * row + y) * self.width + 2 * column + x) * self.outputs + channel)
    }

    /// Every pooled number with its window, in order.
    pub(super) fn windows(self) -> impl Iterator<Item = [usize; 4]> {
        let pixels =
            (0..self.height / 2).flat_map(move |row| (0..self.width / 2).map(move |column| (row, column)));
        pixels.flat_map(move |(row, column)| {
            (0..self.outputs).map(move |channel| self.window(row, column, channel))
        })
    }

    /// The pixels under the kernel at `(row, column)`: place in the kernel, and first number of the pixel's channels in the input.
    #[inline(always)]
    fn taps(&self, row: usize, column: usize, mut visit: impl FnMut(usize, usize)) {
        for tap in 0..9 {
            let (y, x) = (row + tap / 3, column + tap % 3);
            // The kernel begins one pixel before.
            if (1..=self.height).contains(&y) && (1..=self.width).contains(&x) {
                visit(tap, ((y - 1) * self.width + x - 1) * self.inputs);
            }
        }
    }
}

/// How the outputs hang together with the inputs.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Linear,
    /// Followed by ReLU and 2×2 max-pool.
    Convolution(Size),
}

/// One affine map.
#[derive(Debug, Clone)]
pub(super) struct Affine {
    pub(super) kind: Kind,
    /// Numbers in.
    pub(super) inputs: usize,
    /// Numbers out, before pooling.
    pub(super) outputs: usize,
    /// Linear: (in, out). Convolution: (tap, in, out).
    forward: Vec<f64>,
    /// Linear: (out, in). Convolution: (out, tap, in).
    backward: Vec<f64>,
    /// One per output, or per output channel.
    bias: Vec<f64>,
    pub(super) rounding: Rounding,
}

impl Affine {
    /// The bias of output number `output`.
    #[inline(always)]
    pub(super) fn bias(&self, output: usize) -> f64 {
        self.bias[output % self.bias.len()]
    }

    /// The weights of output number `output` of a linear layer.
    pub(super) fn row(&self, output: usize) -> &[f64] {
        &self.backward[output * self.inputs..][..self.inputs]
    }

    /// `out[i] = fold(out[i], w_ij, x_j)` for all weights.
    pub(super) fn fold(&self, x: &[f64], out: &mut [f64], fold: impl Fn(f64, f64, f64) -> f64 + Copy) {
        vectorized(
            #[inline(always)]
            || match &self.kind {
                Kind::Linear => {
                    for (weights, x) in self.forward.chunks_exact(self.outputs).zip(x) {
                        fold_into(out, weights, *x, fold);
                    }
                }
                Kind::Convolution(size) => {
                    let (ins, outs) = (size.inputs, size.outputs);
                    for (pixel, out) in out.chunks_exact_mut(outs).enumerate() {
                        size.taps(pixel / size.width, pixel % size.width, |tap, at| {
                            let weights = &self.forward[tap * ins * outs..][..ins * outs];
                            for (weights, x) in weights.chunks_exact(outs).zip(&x[at..at + ins]) {
                                fold_into(out, weights, *x, fold);
                            }
                        });
                    }
                }
            },
        );
    }

    /// `W x + b`.
    pub(super) fn apply(&self, x: &[f64]) -> Vec<f64> {
        let mut out: Vec<f64> = (0..self.outputs).map(|output| self.bias(output)).collect();
        self.fold(
            x,
            &mut out,
            #[inline(always)]
            |sum, w, x| sum + w * x,
        );
        out
    }

    /// `|W| x`.
    pub(super) fn apply_absolute(&self, x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.outputs];
        self.fold(
            x,
            &mut out,
            #[inline(always)]
            |sum, w, x| sum + w.abs() * x,
        );
        out
    }

    /// Adds `factor` times the weights of output number `output` to `into`, one number per input.
    #[inline(always)]
    pub(super) fn add_row(&self, output: usize, factor: f64, into: &mut [f64]) {
        match &self.kind {
            Kind::Linear => fold_into(into, self.row(output), factor, |sum, w, factor| sum + w * factor),
            Kind::Convolution(size) => {
                let (channel, pixel) = (output % size.outputs, output / size.outputs);
                let ins = size.inputs;
                let kernel = &self.backward[channel * 9 * ins..][..9 * ins];
                size.taps(pixel / size.width, pixel % size.width, |tap, at| {
                    let weights = &kernel[tap * ins..][..ins];
                    fold_into(&mut into[at..at + ins], weights, factor, |sum, w, factor| sum + w * factor);
                });
            }
        }
    }
}

#[inline(always)]
fn fold_into(out: &mut [f64], weights: &[f64], x: f64, fold: impl Fn(f64, f64, f64) -> f64) {
    for (out, weight) in out.iter_mut().zip(weights) {
        *out = fold(*out, *weight, x);
    }
}

/// A model, ready for bounds.
#[derive(Debug, Clone)]
pub(super) struct Layers {
    /// First to last; the last is linear and gives the logits.
    pub(super) affine: Vec<Affine>,
    /// The feature that stands at each place of the first layer's input.
    pub(super) order: Vec<usize>,
}

impl Layers {
    pub(super) fn new(architecture: &Architecture, parameters: &Parameters) -> Self {
        let mut affine = Vec::new();
        let mut order: Vec<usize> = (0..architecture.inputs()).collect();
        // How the numbers that come out of the last convolution are to be read.
        let mut permuted: Option<Vec<usize>> = None;
        for (index, layer) in architecture.layers().iter().enumerate() {
            let weight = parameters.tensor(2 * index);
            let bias = parameters.tensor(2 * index + 1).iter().map(|b| f64::from(*b)).collect();
            match *layer {
                Layer::Linear { inputs, outputs, .. } => {
                    let places = permuted.take().unwrap_or_else(|| (0..inputs).collect());
                    let at = |output: usize, input: usize| f64::from(weight[output * inputs + places[input]]);
                    let backward = (0..outputs).flat_map(|o| (0..inputs).map(move |i| (o, i)));
                    let forward = (0..inputs).flat_map(|i| (0..outputs).map(move |o| (o, i)));
                    affine.push(Affine {
                        kind: Kind::Linear,
                        inputs,
                        outputs,
                        forward: forward.map(|(o, i)| at(o, i)).collect(),
                        backward: backward.map(|(o, i)| at(o, i)).collect(),
                        bias,
                        rounding: Rounding::of(inputs, outputs),
                    });
                }
                Layer::ConvPool { inputs, outputs, height, width } => {
                    if index == 0 {
                        order = channels_last(inputs, height, width);
                    }
                    let at = |o: usize, tap: usize, i: usize| f64::from(weight[(o * inputs + i) * 9 + tap]);
                    let mut forward = Vec::with_capacity(weight.len());
                    for (tap, i) in (0..9).flat_map(|tap| (0..inputs).map(move |i| (tap, i))) {
                        forward.extend((0..outputs).map(|o| at(o, tap, i)));
                    }
                    let mut backward = Vec::with_capacity(weight.len());
                    for (o, tap) in (0..outputs).flat_map(|o| (0..9).map(move |tap| (o, tap))) {
                        backward.extend((0..inputs).map(|i| at(o, tap, i)));
                    }
                    affine.push(Affine {
                        kind: Kind::Convolution(Size { inputs, outputs, height, width }),
                        inputs: inputs * height * width,
                        outputs: outputs * height * width,
                        forward,
                        backward,
                        bias,
                        rounding: Rounding::of(9 * inputs, 9 * outputs),
                    });
                    permuted = Some(channels_last(outputs, height / 2, width / 2));
                }
            }
        }
        Self { affine, order }
    }

    /// Classes.
    pub(super) fn classes(&self) -> usize {
        self.last().outputs
    }

    /// The layer that gives the logits.
    pub(super) fn last(&self) -> &Affine {
        self.affine.last().expect("a model has a layer")
    }
}

/// At each (row, column, channel), the number that stands there when channels come first.
fn channels_last(channels: usize, height: usize, width: usize) -> Vec<usize> {
    let pixels = height * width;
    (0..pixels).flat_map(|pixel| (0..channels).map(move |channel| channel * pixels + pixel)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;
    use crate::models::{Block, EngineKind, build};
    use crate::seed::Seed;

    /// The same logits as the engine's, to single precision, and the same gradients: rows of `backward` are columns of `forward`.
    #[test]
    fn layers_are_the_models() {
        let shape = Shape::Image { channels: 2, height: 7, width: 5 };
        for architecture in [Architecture::mlp(shape, 3, &[6, 5]), Architecture::cnn(shape, 3, &[3, 4], &[5])]
        {
            let parameters = Parameters::init(&architecture, Seed(3));
            let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
            let layers = Layers::new(&architecture, &parameters);
            let mut stream = Seed(4).stream("row");
            let row: Vec<f32> = (0..70).map(|_| stream.uniform()).collect();
            let (mut x, mut logits) = (Block::new(70), Block::new(3));
            x.gather([row.as_slice()]);
            network.forward(&x, &mut logits);
            let mut h: Vec<f64> = layers.order.iter().map(|feature| f64::from(row[*feature])).collect();
            for layer in &layers.affine {
                let z = layer.apply(&h);
                let mut rows = vec![0.0; layer.inputs];
                for (output, z) in z.iter().enumerate() {
                    rows.fill(0.0);
                    layer.add_row(output, 1.0, &mut rows);
                    let sum: f64 = rows.iter().zip(&h).map(|(w, h)| w * h).sum();
                    assert!((sum + layer.bias(output) - z).abs() < 1e-12);
                }
                h = match &layer.kind {
                    Kind::Linear => z.iter().map(|z| z.max(0.0)).collect(),
                    Kind::Convolution(size) => size
                        .windows()
                        .map(|window| window.iter().fold(0.0, |top, at| z[*at].max(top)))
                        .collect(),
                };
                if layer.outputs == 3 {
                    for (class, z) in z.iter().enumerate() {
                        assert!((z - f64::from(logits.get(class, 0))).abs() < 1e-5);
                    }
                }
            }
        }
    }
}
