//! Affine maps of centers and radii: `W c + b` and `|W| r`, and their gradients.

#![allow(clippy::inline_always, reason = "a kernel is compiled for an instruction set by being inlined")]
#![allow(clippy::needless_range_loop, reason = "register tiles are indexed in lockstep")]

use crate::models::fused::{Dense, weight_gradient};
use crate::models::{LANES, Parameters};
use crate::simd::{Aligned, InstructionSet, Simd, Task};

/// Lanes of the weight gradient's vectors.
const CHUNK: usize = 16;

/// Numbers of a block, feature by feature.
pub(super) type Lanes = [f32; LANES];

/// Features of [`LANES`] numbers.
#[inline(always)]
pub(super) fn lanes(numbers: &[f32]) -> &[Lanes] {
    numbers.as_chunks().0
}

/// Features of [`LANES`] numbers.
#[inline(always)]
pub(super) fn lanes_mut(numbers: &mut [f32]) -> &mut [Lanes] {
    numbers.as_chunks_mut().0
}

/// Sizes of a 3×3 convolution with padding 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Size {
    pub(super) fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Inputs and outputs exchanged.
    fn turned(self) -> Self {
        Self { inputs: self.outputs, outputs: self.inputs, ..self }
    }

    /// Where the weights of output tile `tile` stand among the tiles.
    #[inline(always)]
    fn tile(&self, tile: usize, tap: usize, input: usize) -> usize {
        (tile * 9 + tap) * self.inputs + input
    }

    /// The pixel that lies at place `tap` of the kernel around `pixel`, if it is one.
    #[inline(always)]
    fn tap(&self, pixel: usize, tap: usize) -> Option<usize> {
        let (y, x) = (pixel / self.width + tap / 3, pixel % self.width + tap % 3);
        let inside = (1..=self.height).contains(&y) && (1..=self.width).contains(&x);
        inside.then(|| (y - 1) * self.width + x - 1)
    }
}

/// A linear map of blocks, forward and backward.
pub(super) enum Map {
    Dense {
        dense: Dense,
        /// Scratch of the weight gradient: the input row by row.
        transposed: Aligned,
    },
    Convolution {
        size: Size,
        kernels: Vec<Tile>,
        /// For the way back: inputs and outputs exchanged, each kernel turned by 180°.
        turned: Vec<Tile>,
        bias: Vec<f32>,
    },
}

impl Map {
    pub(super) fn dense(inputs: usize, outputs: usize) -> Self {
        let transposed = Aligned::zeros(LANES * inputs.next_multiple_of(CHUNK));
        Self::Dense { dense: Dense::new(inputs, outputs, false), transposed }
    }

    pub(super) fn convolution(size: Size) -> Self {
        let tiles = |size: Size| vec![[0.0; TILE]; size.outputs.div_ceil(TILE) * 9 * size.inputs];
        let bias = vec![0.0; size.outputs];
        Self::Convolution { size, kernels: tiles(size), turned: tiles(size.turned()), bias }
    }

    pub(super) fn load(&mut self, set: InstructionSet, from: &[f32], offsets: &[f32]) {
        match self {
            Self::Dense { dense, .. } => dense.load(set, from, offsets),
            Self::Convolution { size, kernels, turned, bias } => {
                bias.copy_from_slice(offsets);
                for (index, weight) in from.iter().enumerate() {
                    let (kernel, tap) = (index / 9, index % 9);
                    let (output, input) = (kernel / size.inputs, kernel % size.inputs);
                    kernels[size.tile(output / TILE, tap, input)][output % TILE] = *weight;
                    let place = size.turned().tile(input / TILE, 8 - tap, output);
                    turned[place][input % TILE] = *weight;
                }
            }
        }
    }

    /// `rows`: lanes in use.
    pub(super) fn forward(&mut self, set: InstructionSet, rows: usize, x: &[f32], out: &mut [f32]) {
        match self {
            Self::Dense { dense, .. } => dense.forward(set, rows.next_multiple_of(CHUNK), x, Some(out)),
            Self::Convolution { size, kernels, bias, .. } => {
                let (x, out) = (lanes(x), lanes_mut(out));
                set.run(Convolve { size: *size, kernels, bias: Some(bias), x, out });
            }
        }
    }

    /// From the gradient at the outputs to that at the inputs.
    pub(super) fn input_gradient(
        &mut self,
        set: InstructionSet,
        rows: usize,
        delta: &[f32],
        d_x: &mut [f32],
    ) {
        match self {
            Self::Dense { dense, .. } => {
                dense.input_gradient(set, rows.next_multiple_of(CHUNK), delta, None, d_x);
            }
            Self::Convolution { size, turned, .. } => {
                let (x, out) = (lanes(delta), lanes_mut(d_x));
                set.run(Convolve { size: size.turned(), kernels: turned, bias: None, x, out });
            }
        }
    }

    /// Adds the gradients of weights and biases; `delta` must be 0 in lanes that are not in use.
    pub(super) fn weight_gradient(
        &mut self,
        set: InstructionSet,
        rows: usize,
        x: &[f32],
        delta: &[f32],
        d_weight: &mut [f32],
        d_bias: &mut [f32],
    ) {
        match self {
            Self::Dense { transposed, .. } => {
                weight_gradient(set, rows, x, delta, transposed, d_weight, d_bias);
            }
            Self::Convolution { size, .. } => {
                let (x, delta) = (lanes(x), lanes(delta));
                set.run(KernelGradient { size: *size, x, delta, d_weight, d_bias });
            }
        }
    }
}

/// A center's map and a radius's: `W c + b` and `|W| r`.
pub(super) struct Pair {
    center: Map,
    radius: Map,
    /// The weights, and scratch of their size.
    weight: Vec<f32>,
    absolute: Vec<f32>,
    /// Zeros as biases of the radius, and scratch of their gradient.
    none: Vec<f32>,
}

impl Pair {
    /// `map` makes an empty map.
    pub(super) fn new(map: impl Fn() -> Map, weights: usize, biases: usize) -> Self {
        Self {
            center: map(),
            radius: map(),
            weight: vec![0.0; weights],
            absolute: vec![0.0; weights],
            none: vec![0.0; biases],
        }
    }

    pub(super) fn load(&mut self, set: InstructionSet, weight: &[f32], bias: &[f32]) {
        self.weight.copy_from_slice(weight);
        for (absolute, weight) in self.absolute.iter_mut().zip(weight) {
            *absolute = weight.abs();
        }
        self.none.fill(0.0);
        self.center.load(set, weight, bias);
        self.radius.load(set, &self.absolute, &self.none);
    }

    pub(super) fn forward(
        &mut self,
        set: InstructionSet,
        rows: usize,
        from: [&[f32]; 2],
        to: [&mut [f32]; 2],
    ) {
        let [center, radius] = to;
        self.center.forward(set, rows, from[0], center);
        self.radius.forward(set, rows, from[1], radius);
    }

    pub(super) fn input_gradient(
        &mut self,
        set: InstructionSet,
        rows: usize,
        delta: [&[f32]; 2],
        to: [&mut [f32]; 2],
    ) {
        let [center, radius] = to;
        self.center.input_gradient(set, rows, delta[0], center);
        self.radius.input_gradient(set, rows, delta[1], radius);
    }

    /// Adds the gradients of tensor `tensor` (weights) and the next (biases).
    pub(super) fn weight_gradient(
        &mut self,
        set: InstructionSet,
        rows: usize,
        x: [&[f32]; 2],
        delta: [&[f32]; 2],
        tensor: usize,
        into: &mut Parameters,
    ) {
        let (d_weight, d_bias) = into.pair_mut(tensor);
        self.center.weight_gradient(set, rows, x[0], delta[0], d_weight, d_bias);
        self.absolute.fill(0.0);
        self.radius.weight_gradient(set, rows, x[1], delta[1], &mut self.absolute, &mut self.none);
        for ((d_weight, weight), slope) in d_weight.iter_mut().zip(&self.weight).zip(&self.absolute) {
            *d_weight += signed(*slope, *weight);
        }
    }
}

/// `slope · sign(weight)`, 0 at 0.
#[inline(always)]
pub(super) fn signed(slope: f32, weight: f32) -> f32 {
    if weight > 0.0 {
        slope
    } else if weight < 0.0 {
        -slope
    } else {
        0.0
    }
}

/// Output channels of a register tile.
const TILE: usize = 4;

/// The weights of one input channel and place of the kernel, for [`TILE`] output channels; 0 beyond the last.
type Tile = [f32; TILE];

/// `out = kernels * x + bias`, summed over kernel and input channels in order.
struct Convolve<'a> {
    size: Size,
    kernels: &'a [Tile],
    bias: Option<&'a [f32]>,
    x: &'a [Lanes],
    out: &'a mut [Lanes],
}

impl Task for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        for pixel in 0..self.size.pixels() {
            for tile in 0..self.size.outputs.div_ceil(TILE) {
                if S::REGISTERS > 16 {
                    self.tile::<S, 4>(s, tile, pixel);
                } else {
                    self.tile::<S, 2>(s, tile, pixel);
                }
            }
        }
    }
}

impl Convolve<'_> {
    /// `N` vectors of lanes at a time.
    #[inline(always)]
    fn tile<S: Simd, const N: usize>(&mut self, s: S, tile: usize, pixel: usize) {
        let outputs = TILE.min(self.size.outputs - tile * TILE);
        let mut start = [0.0; TILE];
        if let Some(bias) = self.bias {
            start[..outputs].copy_from_slice(&bias[tile * TILE..][..outputs]);
        }
        for lane in (0..LANES).step_by(N * S::LANES) {
            let mut sums = start.map(|start| [s.splat(start); N]);
            for tap in 0..9 {
                let Some(from) = self.size.tap(pixel, tap) else { continue };
                let kernels = &self.kernels[self.size.tile(tile, tap, 0)..][..self.size.inputs];
                let x = self.x[from..].iter().step_by(self.size.pixels());
                for (weights, x) in kernels.iter().zip(x) {
                    for n in 0..N {
                        let x = s.load(&x[lane + n * S::LANES..]);
                        for m in 0..TILE {
                            sums[m][n] = s.fma(s.splat(weights[m]), x, sums[m][n]);
                        }
                    }
                }
            }
            for m in 0..outputs {
                let out = &mut self.out[(tile * TILE + m) * self.size.pixels() + pixel];
                for n in 0..N {
                    s.store(sums[m][n], &mut out[lane + n * S::LANES..]);
                }
            }
        }
    }
}

/// Adds the gradients of a convolution's weights and biases: over pixels in order, lane by lane, then over lanes in order.
struct KernelGradient<'a> {
    size: Size,
    x: &'a [Lanes],
    delta: &'a [Lanes],
    d_weight: &'a mut [f32],
    d_bias: &'a mut [f32],
}

impl Task for KernelGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let pixels = self.size.pixels();
        for (delta, d_bias) in self.delta.chunks_exact(pixels).zip(self.d_bias.iter_mut()) {
            let mut sums = [0.0_f32; LANES];
            for delta in delta {
                for lane in 0..LANES {
                    sums[lane] += delta[lane];
                }
            }
            *d_bias += sums.iter().sum::<f32>();
        }
        for output in (0..self.size.outputs).step_by(TILE) {
            let whole = output + TILE <= self.size.outputs;
            for (input, tap) in (0..self.size.inputs).flat_map(|input| (0..9).map(move |tap| (input, tap))) {
                if whole && S::REGISTERS > 16 {
                    self.tile::<S, TILE, 4>(s, output, input, tap);
                } else if whole {
                    self.tile::<S, TILE, 2>(s, output, input, tap);
                } else {
                    for output in output..self.size.outputs {
                        self.tile::<S, 1, 2>(s, output, input, tap);
                    }
                }
            }
        }
    }
}

impl KernelGradient<'_> {
    /// `M` output channels from `output` on, `N` vectors of lanes at a time.
    #[inline(always)]
    fn tile<S: Simd, const M: usize, const N: usize>(
        &mut self,
        s: S,
        output: usize,
        input: usize,
        tap: usize,
    ) {
        let Size { inputs, height, width, .. } = self.size;
        let pixels = self.size.pixels();
        // The outputs whose pixel at this place of the kernel exists.
        let within = |place: usize, length: usize| (1 - place.min(1))..(length + 1 - place).min(length);
        let (rows, columns) = (within(tap / 3, height), within(tap % 3, width));
        let x = &self.x[input * pixels..][..pixels];
        let delta: [&[Lanes]; M] = std::array::from_fn(|m| &self.delta[(output + m) * pixels..][..pixels]);
        let mut lane_sums = [[0.0_f32; LANES]; M];
        for lane in (0..LANES).step_by(N * S::LANES) {
            let mut sums = [[s.splat(0.0); N]; M];
            for row in rows.clone() {
                for column in columns.clone() {
                    let x = &x[(row + tap / 3 - 1) * width + column + tap % 3 - 1];
                    let x: [S::V; N] = std::array::from_fn(|n| s.load(&x[lane + n * S::LANES..]));
                    for m in 0..M {
                        let delta = &delta[m][row * width + column];
                        for n in 0..N {
                            sums[m][n] = s.fma(s.load(&delta[lane + n * S::LANES..]), x[n], sums[m][n]);
                        }
                    }
                }
            }
            for m in 0..M {
                for n in 0..N {
                    s.store(sums[m][n], &mut lane_sums[m][lane + n * S::LANES..]);
                }
            }
        }
        for (m, sums) in lane_sums.iter().enumerate() {
            self.d_weight[((output + m) * inputs + input) * 9 + tap] += sums.iter().sum::<f32>();
        }
    }
}
