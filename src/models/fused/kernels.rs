//! The arithmetic of a convolution stage on one chunk of 16 lanes.
//!
//! Each lane is a row of data and is computed on its own, in the order channel, kernel row, kernel column.

use super::CHUNK;
use super::convolution::{Layout, Size, Winners};
use super::product::tiles;
use crate::simd::{Numbers, Simd, Task, Vectors};

/// Channels of a register tile: times four pixels, sixteen sums in 32 registers or eight in 16 (twelve were
/// tried: the compiler keeps pixels for the next tap and spills).
const fn channels<S: Simd>() -> usize {
    if S::REGISTERS > 16 { 4 } else { 2 }
}

/// 3×3 convolution, bias, ReLU and 2×2 max-pool, which of a window's pixels won on the way.
pub(super) struct Forward<'a> {
    pub(super) size: Size,
    /// (out, in, 3, 3)
    pub(super) weight: &'a [f32],
    pub(super) bias: &'a [f32],
    /// Bordered.
    pub(super) x: &'a [f32],
    pub(super) y: &'a mut [f32],
    pub(super) y_layout: Layout,
    /// (out, pooled row, pooled column)
    pub(super) winners: &'a mut [Winners],
}

impl Task for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        for tile in tiles(self.size.outputs, channels::<S>()) {
            match tile.len() {
                4 if channels::<S>() == 4 => self.channels::<S, 4>(s, tile.start),
                3 if channels::<S>() == 4 => self.channels::<S, 3>(s, tile.start),
                2 => self.channels::<S, 2>(s, tile.start),
                _ => self.channels::<S, 1>(s, tile.start),
            }
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn channels<S: Simd, const M: usize>(&mut self, s: S, channel: usize) {
        for row in 0..self.size.pooled_height() {
            for column in 0..self.size.pooled_width() {
                let mut lane = 0;
                while lane < CHUNK {
                    self.window::<S, M>(s, lane, channel, row, column);
                    lane += S::LANES;
                }
            }
        }
    }

    /// One pooled pixel of `M` channels: the four pixels of its window.
    #[inline(always)]
    fn window<S: Simd, const M: usize>(
        &mut self,
        s: S,
        lane: usize,
        channel: usize,
        row: usize,
        column: usize,
    ) {
        let inputs = self.size.inputs;
        let (row_stride, plane) = self.size.strides();
        let mut sums = [[s.splat(0.0); 4]; M];
        for i in 0..M {
            sums[i] = [s.splat(self.bias[channel + i]); 4];
        }
        for input in 0..inputs {
            let corner = input * plane + 2 * row * row_stride + 2 * column * CHUNK + lane;
            let patch = Vectors::new(s, &self.x[corner..], 4, 4, (row_stride, CHUNK));
            let taps = Numbers::new(&self.weight[(channel * inputs + input) * 9..], M, 9, inputs * 9);
            for ky in 0..3 {
                for kx in 0..3 {
                    let mut x = [s.splat(0.0); 4];
                    for pixel in 0..4 {
                        x[pixel] = patch.at(ky + pixel / 2, kx + pixel % 2);
                    }
                    for i in 0..M {
                        let tap = s.splat(taps.at(i, ky * 3 + kx));
                        for pixel in 0..4 {
                            sums[i][pixel] = s.fma(tap, x[pixel], sums[i][pixel]);
                        }
                    }
                }
            }
        }
        let (height, width) = (self.size.pooled_height(), self.size.pooled_width());
        for i in 0..M {
            let winners = &mut self.winners[((channel + i) * height + row) * width + column];
            let best = pool(s, lane, &sums[i], winners);
            s.store(best, &mut self.y[self.y_layout.at(channel + i, row, column) + lane..]);
        }
    }
}

/// The largest of four, cut at zero; sets the bits of these lanes for the first pixel that has it.
#[inline(always)]
fn pool<S: Simd>(s: S, lane: usize, pixels: &[S::V; 4], winners: &mut Winners) -> S::V {
    let over_first = s.exceeds(pixels[1], pixels[0]);
    let upper = s.select(over_first, pixels[1], pixels[0]);
    let over_third = s.exceeds(pixels[3], pixels[2]);
    let lower = s.select(over_third, pixels[3], pixels[2]);
    let over_upper = s.exceeds(lower, upper);
    let best = s.select(over_upper, lower, upper);
    let positive = s.exceeds(best, s.splat(0.0));
    let bits = [
        positive & !over_upper & !over_first,
        positive & !over_upper & over_first,
        positive & over_upper & !over_third,
        positive & over_upper & over_third,
    ];
    for (winner, bits) in winners.iter_mut().zip(bits) {
        *winner = if lane == 0 { bits } else { *winner | (bits << lane) };
    }
    s.keep(positive, best)
}

/// The gradient at the pooled output goes to the pixels that won; all others of the covered windows get zero.
pub(super) struct Spread<'a> {
    pub(super) size: Size,
    pub(super) d_y: &'a [f32],
    pub(super) d_y_layout: Layout,
    pub(super) winners: &'a [Winners],
    /// Bordered.
    pub(super) d_output: &'a mut [f32],
}

impl Task for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (height, width) = (self.size.pooled_height(), self.size.pooled_width());
        let (row_stride, plane) = self.size.strides();
        for channel in 0..self.size.outputs {
            for row in 0..height {
                for column in 0..width {
                    let winners = self.winners[(channel * height + row) * width + column];
                    let from = &self.d_y[self.d_y_layout.at(channel, row, column)..][..CHUNK];
                    let corner = channel * plane + (2 * row + 1) * row_stride + (2 * column + 1) * CHUNK;
                    for (pixel, winner) in winners.into_iter().enumerate() {
                        let at = corner + pixel / 2 * row_stride + pixel % 2 * CHUNK;
                        let to = &mut self.d_output[at..][..CHUNK];
                        let mut lane = 0;
                        while lane < CHUNK {
                            s.store(s.keep(winner >> lane, s.load(&from[lane..])), &mut to[lane..]);
                            lane += S::LANES;
                        }
                    }
                }
            }
        }
    }
}

/// The gradient at the convolution's input: a convolution of the gradient at its output with the turned kernels.
pub(super) struct InputGradient<'a> {
    pub(super) size: Size,
    /// (in, out, 3, 3), each kernel turned by 180°.
    pub(super) turned: &'a [f32],
    /// Bordered.
    pub(super) d_output: &'a [f32],
    pub(super) d_input: &'a mut [f32],
    pub(super) d_input_layout: Layout,
}

impl Task for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        for tile in tiles(self.size.inputs, channels::<S>()) {
            match tile.len() {
                4 if channels::<S>() == 4 => self.channels::<S, 4, 4>(s, tile.start),
                3 if channels::<S>() == 4 => self.channels::<S, 3, 4>(s, tile.start),
                2 => self.channels::<S, 2, 4>(s, tile.start),
                _ => self.channels::<S, 1, 8>(s, tile.start),
            }
        }
    }
}

impl InputGradient<'_> {
    /// `M` channels, at most `P` pixels of a row at a time.
    #[inline(always)]
    fn channels<S: Simd, const M: usize, const P: usize>(&mut self, s: S, channel: usize) {
        for row in 0..self.size.height {
            let mut column = 0;
            while column < self.size.width {
                let left = self.size.width - column;
                let pixels = if left >= P { P } else { 1 << left.min(4).ilog2() };
                let mut lane = 0;
                while lane < CHUNK {
                    match pixels {
                        1 => self.tile::<S, M, 1>(s, lane, channel, row, column),
                        2 => self.tile::<S, M, 2>(s, lane, channel, row, column),
                        4 => self.tile::<S, M, 4>(s, lane, channel, row, column),
                        _ => self.tile::<S, M, P>(s, lane, channel, row, column),
                    }
                    lane += S::LANES;
                }
                column += pixels;
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const M: usize, const P: usize>(
        &mut self,
        s: S,
        lane: usize,
        channel: usize,
        row: usize,
        column: usize,
    ) {
        let outputs = self.size.outputs;
        let (row_stride, plane) = self.size.strides();
        let mut sums = [[s.splat(0.0); P]; M];
        for output in 0..outputs {
            let corner = output * plane + row * row_stride + column * CHUNK + lane;
            let patch = Vectors::new(s, &self.d_output[corner..], 3, P + 2, (row_stride, CHUNK));
            let taps = &self.turned[(channel * outputs + output) * 9..];
            let taps = Numbers::new(taps, M, 9, outputs * 9);
            for ky in 0..3 {
                for kx in 0..3 {
                    let mut d = [s.splat(0.0); P];
                    for pixel in 0..P {
                        d[pixel] = patch.at(ky, kx + pixel);
                    }
                    for i in 0..M {
                        let tap = s.splat(taps.at(i, ky * 3 + kx));
                        for pixel in 0..P {
                            sums[i][pixel] = s.fma(tap, d[pixel], sums[i][pixel]);
                        }
                    }
                }
            }
        }
        for i in 0..M {
            for pixel in 0..P {
                let at = self.d_input_layout.at(channel + i, row, column + pixel) + lane;
                s.store(sums[i][pixel], &mut self.d_input[at..]);
            }
        }
    }
}

/// Adds the chunk's weight gradients: pixels in order within each row of data, then rows of data in order.
pub(super) struct WeightGradient<'a> {
    pub(super) size: Size,
    /// Lanes in use.
    pub(super) rows: usize,
    /// Bordered.
    pub(super) x: &'a [f32],
    /// Bordered.
    pub(super) d_output: &'a [f32],
    pub(super) d_weight: &'a mut [f32],
    pub(super) d_bias: &'a mut [f32],
}

impl Task for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let mut output = 0;
        while output < self.size.outputs {
            if self.size.outputs - output >= 2 && S::REGISTERS > 16 {
                self.channels::<S, 2>(s, output);
                output += 2;
            } else {
                self.channels::<S, 1>(s, output);
                output += 1;
            }
        }
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn channels<S: Simd, const M: usize>(&mut self, s: S, output: usize) {
        for input in 0..self.size.inputs {
            let mut lane = 0;
            while lane < self.rows {
                self.kernels::<S, M>(s, lane, output, input);
                lane += S::LANES;
            }
        }
        for output in output..output + M {
            let mut lane = 0;
            while lane < self.rows {
                self.bias(s, lane, output);
                lane += S::LANES;
            }
        }
    }

    /// The nine taps between `input` and `M` outputs.
    #[inline(always)]
    fn kernels<S: Simd, const M: usize>(&mut self, s: S, lane: usize, output: usize, input: usize) {
        let (height, width) = (2 * self.size.pooled_height(), 2 * self.size.pooled_width());
        let (row_stride, plane) = self.size.strides();
        let mut sums = [[s.splat(0.0); 9]; M];
        for row in 0..height {
            let d = &self.d_output[output * plane + (row + 1) * row_stride + CHUNK + lane..];
            let d = Vectors::new(s, d, M, width, (plane, CHUNK));
            let x = &self.x[input * plane + row * row_stride + lane..];
            let x = Vectors::new(s, x, 3, width + 2, (row_stride, CHUNK));
            for column in 0..width {
                for ky in 0..3 {
                    for kx in 0..3 {
                        let x = x.at(ky, column + kx);
                        for i in 0..M {
                            let sum = &mut sums[i][ky * 3 + kx];
                            *sum = s.fma(d.at(i, column), x, *sum);
                        }
                    }
                }
            }
        }
        let mut spill = [[[0.0; CHUNK]; 9]; M];
        for i in 0..M {
            for tap in 0..9 {
                s.store(sums[i][tap], &mut spill[i][tap]);
            }
        }
        let lanes = S::LANES.min(self.rows - lane);
        for (i, spill) in spill.iter().enumerate() {
            let d_weight = &mut self.d_weight[((output + i) * self.size.inputs + input) * 9..][..9];
            for row in 0..lanes {
                for (sum, values) in d_weight.iter_mut().zip(spill) {
                    *sum += values[row];
                }
            }
        }
    }

    #[inline(always)]
    fn bias<S: Simd>(&mut self, s: S, lane: usize, output: usize) {
        let (row_stride, plane) = self.size.strides();
        let (height, width) = (2 * self.size.pooled_height(), 2 * self.size.pooled_width());
        let d = &self.d_output[output * plane + row_stride + CHUNK + lane..];
        let d = Vectors::new(s, d, height, width, (row_stride, CHUNK));
        let mut sum = s.splat(0.0);
        for row in 0..height {
            for column in 0..width {
                sum = s.add(sum, d.at(row, column));
            }
        }
        let mut spill = [0.0; CHUNK];
        s.store(sum, &mut spill);
        for value in &spill[..S::LANES.min(self.rows - lane)] {
            self.d_bias[output] += value;
        }
    }
}
