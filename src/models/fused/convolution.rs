//! Convolution stages: memory and order of work; the arithmetic is in `kernels`.
//!
//! Rows are worked on in chunks of 16 lanes, each through all stages while it sits in cache.
//! Activations of a chunk lie as (channel, row, column, lane) with a border of zeros one pixel wide.

use super::CHUNK;
use super::kernels::{Forward, InputGradient, Spread, WeightGradient};
use crate::models::{Architecture, LANES, Layer, Parameters};
use crate::simd::{Aligned, InstructionSet};

/// Chunks in a block.
const CHUNKS: usize = LANES / CHUNK;

/// Where a chunk's pixels stand in an array: what to add per channel, row and column (in numbers), and where the first stands.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) origin: usize,
    pub(super) channel: usize,
    pub(super) row: usize,
    pub(super) column: usize,
}

impl Layout {
    #[inline(always)]
    pub(super) fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        self.origin + channel * self.channel + row * self.row + column * self.column
    }

    /// One chunk of a block's features, laid out (channel, row, column).
    fn block(height: usize, width: usize, chunk: usize) -> Self {
        Self { origin: chunk * CHUNK, channel: height * width * LANES, row: width * LANES, column: LANES }
    }

    /// A chunk of its own with a border of one pixel; the origin is the first pixel inside.
    fn bordered(height: usize, width: usize) -> Self {
        let row = (width + 2) * CHUNK;
        Self { origin: row + CHUNK, channel: plane(height, width), row, column: CHUNK }
    }
}

/// Numbers from one bordered plane to the next.
///
/// Pixels (64 bytes: one cache line) are padded to 4 more than a multiple of 16, so that the same place in many channels falls into many sets of the cache.
fn plane(height: usize, width: usize) -> usize {
    let pixels = (height + 2) * (width + 2);
    ((pixels + 12).next_multiple_of(16) - 12) * CHUNK
}

/// Sizes of one stage: in, and after pooling.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Size {
    pub(super) fn pooled_height(&self) -> usize {
        self.height / 2
    }

    pub(super) fn pooled_width(&self) -> usize {
        self.width / 2
    }

    /// Numbers from row to row and from channel to channel of a bordered chunk.
    pub(super) fn strides(&self) -> (usize, usize) {
        ((self.width + 2) * CHUNK, plane(self.height, self.width))
    }

    /// Numbers in one chunk of `channels` planes with their borders.
    fn bordered(&self, channels: usize) -> usize {
        channels * plane(self.height, self.width)
    }

    /// Pixels after pooling, over all channels.
    fn pooled(&self) -> usize {
        self.outputs * self.pooled_height() * self.pooled_width()
    }
}

/// For each lane, which of a window's four pixels passed its value on; none where the ReLU cut it.
pub(super) type Winners = [u16; 4];

struct Stage {
    size: Size,
    /// (out, in, 3, 3)
    weight: Aligned,
    bias: Aligned,
    /// (in, out, 3, 3), each kernel turned by 180°; made when first needed after a load.
    turned: Aligned,
    turned_fresh: bool,
    /// The input of every chunk, bordered.
    x: [Aligned; CHUNKS],
    winners: [Vec<Winners>; CHUNKS],
    /// d loss / d (convolution's output), bordered, one chunk.
    d_output: Aligned,
    /// d loss / d (pooled output), one chunk without border; empty in the last stage, whose gradient comes from the dense head.
    d_pooled: Aligned,
    /// Sums over the rows of one block.
    d_weight: Aligned,
    d_bias: Aligned,
}

/// All convolution stages of a model, first to last.
pub(super) struct Convolutions(Vec<Stage>);

impl Convolutions {
    pub(super) fn new(architecture: &Architecture) -> Self {
        let mut sizes = Vec::new();
        for layer in architecture.layers() {
            if let Layer::ConvPool { inputs, outputs, height, width } = *layer {
                sizes.push(Size { inputs, outputs, height, width });
            }
        }
        let last = sizes.len().saturating_sub(1);
        let stages = sizes.iter().enumerate().map(|(index, &size)| Stage {
            size,
            weight: Aligned::zeros(size.outputs * size.inputs * 9),
            bias: Aligned::zeros(size.outputs),
            turned: Aligned::zeros(size.outputs * size.inputs * 9),
            turned_fresh: false,
            x: std::array::from_fn(|_| Aligned::zeros(size.bordered(size.inputs))),
            winners: std::array::from_fn(|_| vec![[0; 4]; size.pooled()]),
            d_output: Aligned::zeros(size.bordered(size.outputs)),
            d_pooled: Aligned::zeros(if index == last { 0 } else { size.pooled() * CHUNK }),
            d_weight: Aligned::zeros(size.outputs * size.inputs * 9),
            d_bias: Aligned::zeros(size.outputs),
        });
        Self(stages.collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn load(&mut self, parameters: &Parameters) {
        for (index, stage) in self.0.iter_mut().enumerate() {
            stage.weight.copy_from_slice(parameters.tensor(2 * index));
            stage.bias.copy_from_slice(parameters.tensor(2 * index + 1));
            stage.turned_fresh = false;
        }
    }

    /// From the block `x` (features × [`LANES`]) to `features`, the last stage's output as a block.
    pub(super) fn forward(&mut self, set: InstructionSet, columns: usize, x: &[f32], features: &mut [f32]) {
        let Some(first) = self.0.first() else { return };
        let size = first.size;
        for chunk in 0..columns / CHUNK {
            let from = Layout::block(size.height, size.width, chunk);
            copy_in(x, from, size, &mut self.0[0].x[chunk]);
            for index in 0..self.0.len() {
                let (stage, next) = self.0[index..].split_first_mut().expect("the stage itself");
                let Size { height, width, .. } = stage.size;
                let (y, y_layout) = match next.first_mut() {
                    Some(next) => (&mut next.x[chunk][..], Layout::bordered(height / 2, width / 2)),
                    None => (&mut features[..], Layout::block(height / 2, width / 2, chunk)),
                };
                set.run(Forward {
                    size: stage.size,
                    weight: &stage.weight,
                    bias: &stage.bias,
                    x: &stage.x[chunk],
                    y,
                    y_layout,
                    winners: &mut stage.winners[chunk],
                });
            }
        }
    }

    /// From the gradient at the last stage's output to those at the input and (added to `into`) of the weights.
    pub(super) fn backward(
        &mut self,
        set: InstructionSet,
        rows: usize,
        d_features: &[f32],
        mut d_x: Option<&mut [f32]>,
        into: Option<&mut Parameters>,
    ) {
        self.turn();
        for stage in &mut self.0 {
            stage.d_weight.fill(0.0);
            stage.d_bias.fill(0.0);
        }
        for chunk in 0..rows.div_ceil(CHUNK) {
            for index in (0..self.0.len()).rev() {
                let (below, stage) = self.0.split_at_mut(index);
                let stage = &mut stage[0];
                let size = stage.size;
                let (height, width) = (size.pooled_height(), size.pooled_width());
                let d_pooled = std::mem::take(&mut stage.d_pooled);
                let (d_y, d_y_layout) = if d_pooled.is_empty() {
                    (d_features, Layout::block(height, width, chunk))
                } else {
                    (&d_pooled[..], unbordered(height, width))
                };
                let d_output = &mut stage.d_output;
                set.run(Spread { size, d_y, d_y_layout, winners: &stage.winners[chunk], d_output });
                stage.d_pooled = d_pooled;
                if into.is_some() {
                    set.run(WeightGradient {
                        size,
                        rows: CHUNK.min(rows - chunk * CHUNK),
                        x: &stage.x[chunk],
                        d_output: &stage.d_output,
                        d_weight: &mut stage.d_weight,
                        d_bias: &mut stage.d_bias,
                    });
                }
                let (d_input, d_input_layout) = match (below.last_mut(), &mut d_x) {
                    (Some(below), _) => (&mut below.d_pooled[..], unbordered(size.height, size.width)),
                    (None, Some(d_x)) => (&mut **d_x, Layout::block(size.height, size.width, chunk)),
                    (None, None) => continue,
                };
                let (turned, d_output) = (&stage.turned, &stage.d_output);
                set.run(InputGradient { size, turned, d_output, d_input, d_input_layout });
            }
        }
        if let Some(into) = into {
            for (index, stage) in self.0.iter().enumerate() {
                let (d_weight, d_bias) = into.pair_mut(2 * index);
                add(d_weight, &stage.d_weight);
                add(d_bias, &stage.d_bias);
            }
        }
    }

    /// Brings the turned kernels up to date.
    fn turn(&mut self) {
        for stage in self.0.iter_mut().filter(|stage| !stage.turned_fresh) {
            let Size { inputs, outputs, .. } = stage.size;
            for output in 0..outputs {
                for input in 0..inputs {
                    let from = &stage.weight[(output * inputs + input) * 9..][..9];
                    let to = &mut stage.turned[(input * outputs + output) * 9..][..9];
                    for (to, from) in to.iter_mut().zip(from.iter().rev()) {
                        *to = *from;
                    }
                }
            }
            stage.turned_fresh = true;
        }
    }
}

/// A chunk of its own without border.
fn unbordered(height: usize, width: usize) -> Layout {
    Layout { origin: 0, channel: height * width * CHUNK, row: width * CHUNK, column: CHUNK }
}

/// Copies one chunk of a block into bordered planes.
fn copy_in(x: &[f32], from: Layout, size: Size, to: &mut [f32]) {
    let layout = Layout::bordered(size.height, size.width);
    for channel in 0..size.inputs {
        for row in 0..size.height {
            for column in 0..size.width {
                let from = &x[from.at(channel, row, column)..][..CHUNK];
                to[layout.at(channel, row, column)..][..CHUNK].copy_from_slice(from);
            }
        }
    }
}

fn add(into: &mut [f32], sums: &[f32]) {
    for (into, sum) in into.iter_mut().zip(sums) {
        *into += sum;
    }
}
