//! Interval bounds of a block of rows, forward and backward: a differentiable lower bound of every margin, in single precision.
//!
//! What is rounded here steers training only: certificates are computed anew, in `bounds`.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use super::affine::{Lanes, Map, Pair, Size, lanes, lanes_mut, signed};
use crate::models::{Architecture, Block, LANES, Layer, Parameters};
use crate::simd::{Aligned, InstructionSet};

/// No pixel of the window got past the ReLU.
const NONE: u8 = 4;

/// An affine layer, its ReLU, and the pooling where there is one.
struct Hidden {
    /// Number of the weight tensor.
    tensor: usize,
    affine: Pair,
    /// Of the convolution; none for a dense layer.
    size: Option<Size>,
    /// Center and radius before the ReLU, and the gradient there.
    z: [Aligned; 2],
    d_z: [Aligned; 2],
    /// Center and radius after ReLU and pooling, and the gradient there.
    out: [Aligned; 2],
    d_out: [Aligned; 2],
    /// Which pixel of a window passed on the lower bound, and which the upper one.
    winners: [Vec<[u8; LANES]>; 2],
}

impl Hidden {
    fn dense(tensor: usize, inputs: usize, outputs: usize) -> Self {
        let affine = Pair::new(|| Map::dense(inputs, outputs), inputs * outputs, outputs);
        Self::new(tensor, affine, None, outputs, outputs)
    }

    fn convolution(tensor: usize, size: Size) -> Self {
        let Size { inputs, outputs, height, width } = size;
        let affine = Pair::new(|| Map::convolution(size), outputs * inputs * 9, outputs);
        let pooled = outputs * (height / 2) * (width / 2);
        Self::new(tensor, affine, Some(size), outputs * size.pixels(), pooled)
    }

    fn new(tensor: usize, affine: Pair, size: Option<Size>, before: usize, after: usize) -> Self {
        let two = |numbers: usize| std::array::from_fn(|_| Aligned::zeros(numbers * LANES));
        let windows = if size.is_some() { after } else { 0 };
        let winners = std::array::from_fn(|_| vec![[NONE; LANES]; windows]);
        Self {
            tensor,
            affine,
            size,
            z: two(before),
            d_z: two(before),
            out: two(after),
            d_out: two(after),
            winners,
        }
    }

    fn forward(&mut self, set: InstructionSet, rows: usize, from: [&[f32]; 2]) {
        let [center, radius] = &mut self.z;
        self.affine.forward(set, rows, from, [center, radius]);
        let (center, radius) = (lanes(center), lanes(radius));
        let [out_center, out_radius] = &mut self.out;
        let (out_center, out_radius) = (lanes_mut(out_center), lanes_mut(out_radius));
        let [low_winners, high_winners] = &mut self.winners;
        set.vectorized(
            #[inline(always)]
            || {
                for (number, (out_center, out_radius)) in out_center.iter_mut().zip(out_radius).enumerate() {
                    let (low, high) = match self.size {
                        None => {
                            let (low, high) = ends(&center[number], &radius[number]);
                            (low.map(relu), high.map(relu))
                        }
                        Some(size) => {
                            let window = window(size, number).map(|at| ends(&center[at], &radius[at]));
                            (
                                largest(&window.map(|ends| ends.0), &mut low_winners[number]),
                                largest(&window.map(|ends| ends.1), &mut high_winners[number]),
                            )
                        }
                    };
                    for lane in 0..LANES {
                        out_center[lane] = 0.5 * (high[lane] + low[lane]);
                        out_radius[lane] = 0.5 * (high[lane] - low[lane]);
                    }
                }
            },
        );
    }

    /// From `d_out` to `d_z`.
    fn through(&mut self, set: InstructionSet, rows: usize) {
        for d_out in &mut self.d_out {
            // What earlier blocks left in lanes that this one does not use.
            for lanes in lanes_mut(d_out) {
                lanes[rows..].fill(0.0);
            }
        }
        let [center, radius] = &self.z;
        let (center, radius) = (lanes(center), lanes(radius));
        let [d_center, d_radius] = &mut self.d_z;
        let (d_center, d_radius) = (lanes_mut(d_center), lanes_mut(d_radius));
        let [d_out_center, d_out_radius] = &self.d_out;
        let d_out = lanes(d_out_center).iter().zip(lanes(d_out_radius));
        set.vectorized(
            #[inline(always)]
            || {
                if self.size.is_some() {
                    // Pixels in no window have no gradient.
                    d_center.as_flattened_mut().fill(0.0);
                    d_radius.as_flattened_mut().fill(0.0);
                }
                for (number, (d_out_center, d_out_radius)) in d_out.enumerate() {
                    let (mut d_low, mut d_high) = ([0.0; LANES], [0.0; LANES]);
                    for lane in 0..LANES {
                        d_low[lane] = 0.5 * (d_out_center[lane] - d_out_radius[lane]);
                        d_high[lane] = 0.5 * (d_out_center[lane] + d_out_radius[lane]);
                    }
                    match self.size {
                        None => {
                            let (low, high) = ends(&center[number], &radius[number]);
                            for lane in 0..LANES {
                                let d_low = if low[lane] > 0.0 { d_low[lane] } else { 0.0 };
                                let d_high = if high[lane] > 0.0 { d_high[lane] } else { 0.0 };
                                d_center[number][lane] = d_high + d_low;
                                d_radius[number][lane] = d_high - d_low;
                            }
                        }
                        Some(size) => {
                            let (lows, highs) = (&self.winners[0][number], &self.winners[1][number]);
                            for (place, at) in window(size, number).into_iter().enumerate() {
                                for lane in 0..LANES {
                                    let d_low = if lows[lane] == place as u8 { d_low[lane] } else { 0.0 };
                                    let d_high = if highs[lane] == place as u8 { d_high[lane] } else { 0.0 };
                                    d_center[at][lane] = d_high + d_low;
                                    d_radius[at][lane] = d_high - d_low;
                                }
                            }
                        }
                    }
                }
            },
        );
    }
}

/// The numbers of pooled number `number`'s window.
#[inline(always)]
fn window(size: Size, number: usize) -> [usize; 4] {
    let (height, width) = (size.height / 2, size.width / 2);
    let (channel, pixel) = (number / (height * width), number % (height * width));
    let (row, column) = (2 * (pixel / width), 2 * (pixel % width));
    [(0, 0), (0, 1), (1, 0), (1, 1)]
        .map(|(y, x)| channel * size.pixels() + (row + y) * size.width + column + x)
}

#[inline(always)]
fn ends(center: &Lanes, radius: &Lanes) -> (Lanes, Lanes) {
    let (mut low, mut high) = ([0.0; LANES], [0.0; LANES]);
    for lane in 0..LANES {
        low[lane] = center[lane] - radius[lane];
        high[lane] = center[lane] + radius[lane];
    }
    (low, high)
}

#[inline(always)]
fn relu(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.0 }
}

/// The largest of four numbers and 0, lane by lane, and which it is; the first on ties.
#[inline(always)]
fn largest(of: &[Lanes; 4], winners: &mut [u8; LANES]) -> Lanes {
    let mut top = [0.0; LANES];
    *winners = [NONE; LANES];
    for (place, of) in of.iter().enumerate() {
        for lane in 0..LANES {
            let larger = of[lane] > top[lane];
            top[lane] = if larger { of[lane] } else { top[lane] };
            winners[lane] = if larger { place as u8 } else { winners[lane] };
        }
    }
    top
}

/// The last layer, merged with the margins: `z_a − z_b` has the center `(W_a − W_b) c + b_a − b_b` and the radius `|W_a − W_b| r`.
struct Last {
    /// Number of the weight tensor.
    tensor: usize,
    classes: usize,
    inputs: usize,
    center: Map,
    /// `|W_a − W_b|` for all `a < b`, in order.
    spread: Map,
    differences: Vec<f32>,
    /// Scratch of the size of `differences`, and one number per pair.
    scratch: Vec<f32>,
    none: Vec<f32>,
    /// Centers of the logits; radii of the pairs, and the gradient there.
    z: Aligned,
    radii: Aligned,
    d_radii: Aligned,
}

/// All pairs of classes, the lower first.
fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |a| (a + 1..classes).map(move |b| (a, b)))
}

impl Last {
    fn new(tensor: usize, inputs: usize, classes: usize) -> Self {
        let pairs = classes * (classes - 1) / 2;
        Self {
            tensor,
            classes,
            inputs,
            center: Map::dense(inputs, classes),
            spread: Map::dense(inputs, pairs),
            differences: vec![0.0; pairs * inputs],
            scratch: vec![0.0; pairs * inputs],
            none: vec![0.0; pairs],
            z: Aligned::zeros(classes * LANES),
            radii: Aligned::zeros(pairs * LANES),
            d_radii: Aligned::zeros(pairs * LANES),
        }
    }

    fn load(&mut self, set: InstructionSet, weight: &[f32], bias: &[f32]) {
        let row = |class: usize| &weight[class * self.inputs..][..self.inputs];
        for ((a, b), to) in pairs(self.classes).zip(self.differences.chunks_exact_mut(self.inputs)) {
            for (to, (own, other)) in to.iter_mut().zip(row(a).iter().zip(row(b))) {
                *to = own - other;
            }
        }
        for (absolute, difference) in self.scratch.iter_mut().zip(&self.differences) {
            *absolute = difference.abs();
        }
        self.none.fill(0.0);
        self.center.load(set, weight, bias);
        self.spread.load(set, &self.scratch, &self.none);
    }

    /// `worst`: the largest `z_j − z_y`, 0 at the label `y`.
    fn forward(&mut self, set: InstructionSet, from: [&[f32]; 2], labels: &[u16; LANES], worst: &mut Block) {
        let rows = worst.rows();
        self.center.forward(set, rows, from[0], &mut self.z);
        self.spread.forward(set, rows, from[1], &mut self.radii);
        let (z, radii) = (lanes(&self.z), lanes(&self.radii));
        worst.data_mut().fill(0.0);
        for ((a, b), radii) in pairs(self.classes).zip(radii) {
            for lane in 0..rows {
                let label = usize::from(labels[lane]);
                if label == a {
                    worst.by_feature_mut()[b][lane] = z[b][lane] - z[a][lane] + radii[lane];
                } else if label == b {
                    worst.by_feature_mut()[a][lane] = z[a][lane] - z[b][lane] + radii[lane];
                }
            }
        }
    }

    /// Adds the gradients of the weights; those of the input go to `to`.
    fn backward(
        &mut self,
        set: InstructionSet,
        from: [&[f32]; 2],
        d_worst: &Block,
        labels: &[u16; LANES],
        to: Option<[&mut [f32]; 2]>,
        into: &mut Parameters,
    ) {
        let rows = d_worst.rows();
        self.d_radii.fill(0.0);
        for ((a, b), d_radii) in pairs(self.classes).zip(lanes_mut(&mut self.d_radii)) {
            for lane in 0..rows {
                let label = usize::from(labels[lane]);
                if label == a {
                    d_radii[lane] = d_worst.get(b, lane);
                } else if label == b {
                    d_radii[lane] = d_worst.get(a, lane);
                }
            }
        }
        // A loss's gradient sums up to 0 over the classes: what it says at the label is that of `z_y`.
        let (d_weight, d_bias) = into.pair_mut(self.tensor);
        self.center.weight_gradient(set, rows, from[0], d_worst.data(), d_weight, d_bias);
        self.scratch.fill(0.0);
        self.spread.weight_gradient(set, rows, from[1], &self.d_radii, &mut self.scratch, &mut self.none);
        let slopes = self.differences.chunks_exact(self.inputs).zip(self.scratch.chunks_exact(self.inputs));
        for ((a, b), (differences, slopes)) in pairs(self.classes).zip(slopes) {
            for (input, (difference, slope)) in differences.iter().zip(slopes).enumerate() {
                let slope = signed(*slope, *difference);
                d_weight[a * self.inputs + input] += slope;
                d_weight[b * self.inputs + input] -= slope;
            }
        }
        if let Some([center, radius]) = to {
            self.center.input_gradient(set, rows, d_worst.data(), center);
            self.spread.input_gradient(set, rows, &self.d_radii, radius);
        }
    }
}

/// A model as a map of intervals.
pub(super) struct Intervals {
    set: InstructionSet,
    hidden: Vec<Hidden>,
    last: Last,
    /// Center and radius of the input.
    input: [Block; 2],
}

impl Intervals {
    pub(super) fn new(architecture: &Architecture, set: InstructionSet) -> Self {
        let mut hidden = Vec::new();
        let mut last = None;
        for (index, layer) in architecture.layers().iter().enumerate() {
            match *layer {
                Layer::ConvPool { inputs, outputs, height, width } => {
                    hidden.push(Hidden::convolution(2 * index, Size { inputs, outputs, height, width }));
                }
                Layer::Linear { inputs, outputs, relu: true } => {
                    hidden.push(Hidden::dense(2 * index, inputs, outputs));
                }
                Layer::Linear { inputs, outputs, relu: false } => {
                    last = Some(Last::new(2 * index, inputs, outputs));
                }
            }
        }
        let input = std::array::from_fn(|_| Block::new(architecture.inputs()));
        Self { set, hidden, last: last.expect("the last layer is linear"), input }
    }

    /// Takes over weights.
    pub(super) fn load(&mut self, parameters: &Parameters) {
        for layer in &mut self.hidden {
            layer.affine.load(self.set, parameters.tensor(layer.tensor), parameters.tensor(layer.tensor + 1));
        }
        let tensor = self.last.tensor;
        self.last.load(self.set, parameters.tensor(tensor), parameters.tensor(tensor + 1));
    }

    /// Upper bounds of `z_j − z_y` per class `j` (0 at the label `y`) where every feature lies between `low` and `high`.
    pub(super) fn forward(&mut self, low: &Block, high: &Block, labels: &[u16; LANES], worst: &mut Block) {
        worst.set_rows(low.rows());
        let [center, radius] = &mut self.input;
        let inputs = center.data_mut().iter_mut().zip(radius.data_mut());
        for ((center, radius), (low, high)) in inputs.zip(low.data().iter().zip(high.data())) {
            (*center, *radius) = (0.5 * (high + low), 0.5 * (high - low));
        }
        let mut from: [&[f32]; 2] = [center.data(), radius.data()];
        for layer in &mut self.hidden {
            layer.forward(self.set, low.rows(), from);
            from = [&layer.out[0], &layer.out[1]];
        }
        self.last.forward(self.set, from, labels, worst);
    }

    /// For the last [`forward`](Self::forward): adds the gradient of the weights of a loss whose gradient is `d_worst`, which must sum up to 0 over
    /// the classes and be 0 in lanes without a row.
    pub(super) fn backward(&mut self, d_worst: &Block, labels: &[u16; LANES], into: &mut Parameters) {
        let (set, rows) = (self.set, d_worst.rows());
        let input: [&[f32]; 2] = [self.input[0].data(), self.input[1].data()];
        if let Some(top) = self.hidden.last_mut() {
            let [center, radius] = &mut top.d_out;
            let from: [&[f32]; 2] = [&top.out[0], &top.out[1]];
            self.last.backward(set, from, d_worst, labels, Some([center, radius]), into);
        } else {
            self.last.backward(set, input, d_worst, labels, None, into);
        }
        for index in (0..self.hidden.len()).rev() {
            let (below, layer) = self.hidden.split_at_mut(index);
            let layer = &mut layer[0];
            layer.through(set, rows);
            let delta: [&[f32]; 2] = [&layer.d_z[0], &layer.d_z[1]];
            let Some(below) = below.last_mut() else {
                layer.affine.weight_gradient(set, rows, input, delta, layer.tensor, into);
                break;
            };
            let from: [&[f32]; 2] = [&below.out[0], &below.out[1]];
            layer.affine.weight_gradient(set, rows, from, delta, layer.tensor, into);
            let [center, radius] = &mut below.d_out;
            layer.affine.input_gradient(set, rows, delta, [center, radius]);
        }
    }
}
