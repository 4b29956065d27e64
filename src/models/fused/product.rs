//! Matrix products with register tiles: the dense layers' forward pass, input gradient and weight gradient.
//!
//! Vectors run over columns of `c`, factors are broadcast, and every element is
//! summed over `depth` in order with fused multiply-add; cutting the depth into
//! blocks stores and reloads the running sum and so changes nothing.

use std::ops::Range;

use crate::models::LANES;
use crate::simd::{InstructionSet, Numbers, Simd, Task, Vectors, VectorsMut};

/// Rows of a register tile.
const TILE_ROWS: usize = 6;

/// Terms summed before the running sums go to memory: this much of `b` (64 columns) fits in the first-level cache.
const DEPTH: usize = 128;

/// Terms per round of the innermost loop: counting and branching take turns that multiply-adds need where two
/// threads share a core.
const UNROLL: usize = 4;

/// Numbers in a cache line.
const LINE: usize = 16;

/// `c[i][j] = finish(start + Σ_k a[i][k] · b[k][j])`
pub(super) struct Product<'a> {
    pub(super) rows: usize,
    pub(super) depth: usize,
    pub(super) columns: usize,
    pub(super) a: Factors<'a>,
    /// Row-major; rows are readable up to the next multiple of 16 columns.
    pub(super) b: &'a [f32],
    pub(super) b_stride: usize,
    /// Row-major; the columns must be a multiple of 16 unless `finish` is [`Finish::Add`].
    pub(super) c: &'a mut [f32],
    pub(super) c_stride: usize,
    /// What the sums begin with: one number per row, or zero.
    pub(super) start: Option<&'a [f32]>,
    pub(super) finish: Finish<'a>,
}

/// The left factor.
#[derive(Clone, Copy)]
pub(super) enum Factors<'a> {
    /// A block: row-major, [`LANES`] numbers from row to row.
    Block(&'a [f32]),
    /// What [`pack`] or [`pack_transposed`] made.
    Panels(&'a [f32]),
}

/// What becomes of the sums.
#[derive(Clone, Copy)]
pub(super) enum Finish<'a> {
    /// `c = sum`
    Store,
    /// `c = max(sum, 0)`
    Relu,
    /// `c = sum` where the activation (laid out like `c`) is positive, else 0
    Mask(&'a [f32]),
    /// `c = c + sum`
    Add,
}

/// Cuts `rows` into register tiles: as few as possible, and evenly filled.
pub(super) fn tiles(rows: usize, largest: usize) -> impl Iterator<Item = Range<usize>> {
    let count = rows.div_ceil(largest);
    (0..count).map(move |tile| tile * rows / count..(tile + 1) * rows / count)
}

/// Packs `weights` (`rows × depth`, row-major) as the left factor of a product.
pub(super) fn pack(set: InstructionSet, weights: &[f32], depth: usize, panels: &mut [f32]) {
    set.vectorized(
        #[inline(always)]
        || {
            for tile in tiles(weights.len() / depth, TILE_ROWS) {
                let span = tile.start * depth..tile.end * depth;
                let (panel, from) = (&mut panels[span.clone()], &weights[span]);
                match tile.len() {
                    6 => interleave::<6>(panel, from),
                    5 => interleave::<5>(panel, from),
                    4 => interleave::<4>(panel, from),
                    3 => interleave::<3>(panel, from),
                    2 => interleave::<2>(panel, from),
                    _ => interleave::<1>(panel, from),
                }
            }
        },
    );
}

/// From `M` rows one after the other to `M` columns.
#[inline(always)]
fn interleave<const M: usize>(panel: &mut [f32], from: &[f32]) {
    let depth = from.len() / M;
    let rows: [&[f32]; M] = std::array::from_fn(|row| &from[row * depth..][..depth]);
    for (k, to) in panel.as_chunks_mut::<M>().0[..depth].iter_mut().enumerate() {
        for (to, row) in to.iter_mut().zip(&rows) {
            *to = row[k];
        }
    }
}

/// Packs the transpose of `weights` (`depth × rows`, row-major) as the left factor of a product of `rows` rows.
pub(super) fn pack_transposed(weights: &[f32], rows: usize, panels: &mut [f32]) {
    let depth = weights.len() / rows;
    for tile in tiles(rows, TILE_ROWS) {
        let panel = &mut panels[tile.start * depth..tile.end * depth];
        let from = weights.chunks_exact(rows).map(|row| &row[tile.start..tile.end]);
        match tile.len() {
            6 => copy_rows::<6>(panel, from),
            5 => copy_rows::<5>(panel, from),
            4 => copy_rows::<4>(panel, from),
            3 => copy_rows::<3>(panel, from),
            2 => copy_rows::<2>(panel, from),
            _ => copy_rows::<1>(panel, from),
        }
    }
}

/// Copies rows of a length known to the compiler: a call to copy six numbers takes longer than copying them.
fn copy_rows<'a, const M: usize>(panel: &mut [f32], rows: impl Iterator<Item = &'a [f32]>) {
    for (to, from) in panel.as_chunks_mut::<M>().0.iter_mut().zip(rows) {
        to.copy_from_slice(&from[..M]);
    }
}

/// Which part of the product a tile computes, and from which part of the depth.
struct Part {
    row: usize,
    column: usize,
    /// Columns of the last vector that exist.
    tail: usize,
    depth: Range<usize>,
}

impl Task for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let adds = matches!(self.finish, Finish::Add);
        assert!(
            adds || self.columns.is_multiple_of(LINE),
            "only sums that are added may end inside a vector"
        );
        // Between blocks of the depth the running sums stand in `c`.
        assert!(!adds || self.depth <= DEPTH, "sums that are added have one block of terms");
        let blocks = self.depth.div_ceil(DEPTH);
        for block in 0..blocks {
            let depth = block * self.depth / blocks..(block + 1) * self.depth / blocks;
            let mut column = 0;
            while column < self.columns {
                // Four 512-bit vectors, or what is left of them; two vectors where there are 16 registers.
                let left = self.columns - column;
                let vectors = left.div_ceil(S::LANES).min(if S::REGISTERS > 16 { 4 } else { 2 });
                let tail = (left - (vectors - 1) * S::LANES).min(S::LANES);
                for tile in tiles(self.rows, TILE_ROWS) {
                    let part = Part { row: tile.start, column, tail, depth: depth.clone() };
                    match vectors {
                        4 => self.rows_of_tile::<S, 4>(s, &part, tile.len()),
                        3 => self.rows_of_tile::<S, 3>(s, &part, tile.len()),
                        2 => self.rows_of_tile::<S, 2>(s, &part, tile.len()),
                        _ => self.rows_of_tile::<S, 1>(s, &part, tile.len()),
                    }
                }
                column += vectors * S::LANES;
            }
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn rows_of_tile<S: Simd, const N: usize>(&mut self, s: S, part: &Part, rows: usize) {
        match rows {
            6 => self.tile::<S, 6, N>(s, part),
            5 => self.tile::<S, 5, N>(s, part),
            4 => self.tile::<S, 4, N>(s, part),
            3 => self.tile::<S, 3, N>(s, part),
            2 => self.tile::<S, 2, N>(s, part),
            _ => self.tile::<S, 1, N>(s, part),
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const M: usize, const N: usize>(&mut self, s: S, part: &Part) {
        let mut sums = self.begin::<S, M, N>(s, part);
        let depth = part.depth.len();
        let b = &self.b[part.depth.start * self.b_stride + part.column..];
        let b = Vectors::new(s, b, depth, N, (self.b_stride, S::LANES));
        match self.a {
            Factors::Block(a) => {
                let a = Numbers::new(&a[part.row * LANES + part.depth.start..], M, depth, LANES);
                let mut k = 0;
                while k + UNROLL <= depth {
                    for k in k..k + UNROLL {
                        add_products(s, &mut sums, &b, k, |i| a.at(i, k));
                    }
                    k += UNROLL;
                }
                for k in k..depth {
                    add_products(s, &mut sums, &b, k, |i| a.at(i, k));
                }
            }
            Factors::Panels(panels) => {
                let panel = &panels[part.row * self.depth + part.depth.start * M..];
                let next = M * self.depth;
                let a = Numbers::new(panel, depth, M, M);
                let mut k = 0;
                while k + UNROLL <= depth {
                    if k % LINE == 0 {
                        for i in 0..M {
                            s.prefetch(panel, next + k * M + i * LINE);
                        }
                        self.prefetch_next::<S, M, N>(s, part, k / LINE);
                    }
                    for k in k..k + UNROLL {
                        add_products(s, &mut sums, &b, k, |i| a.at(k, i));
                    }
                    k += UNROLL;
                }
                for k in k..depth {
                    add_products(s, &mut sums, &b, k, |i| a.at(k, i));
                }
            }
        }
        self.end(s, part, &sums);
    }

    /// Brings closer what the tile below this one reads or writes of `c` and reads of the activation: line `line` of its rows.
    #[inline(always)]
    fn prefetch_next<S: Simd, const M: usize, const N: usize>(&self, s: S, part: &Part, line: usize) {
        if line * LINE >= N * S::LANES {
            return;
        }
        for i in 0..M {
            let at = (part.row + M + i) * self.c_stride + part.column + line * LINE;
            s.prefetch(self.c, at);
            if let Finish::Mask(activation) = self.finish {
                s.prefetch(activation, at);
            }
        }
    }

    #[inline(always)]
    fn begin<S: Simd, const M: usize, const N: usize>(&self, s: S, part: &Part) -> [[S::V; N]; M] {
        let mut sums = [[s.splat(0.0); N]; M];
        if part.depth.start > 0 {
            let c = &self.c[part.row * self.c_stride + part.column..];
            let c = Vectors::new(s, c, M, N, (self.c_stride, S::LANES));
            for i in 0..M {
                sums[i] = row::<S, N>(s, &c, i);
            }
        } else if let Some(start) = self.start {
            for i in 0..M {
                sums[i] = [s.splat(start[part.row + i]); N];
            }
        }
        sums
    }

    #[inline(always)]
    fn end<S: Simd, const M: usize, const N: usize>(&mut self, s: S, part: &Part, sums: &[[S::V; N]; M]) {
        let finish = if part.depth.end < self.depth { Finish::Store } else { self.finish };
        let at = part.row * self.c_stride + part.column;
        if part.tail < S::LANES {
            self.add_tail(s, part, sums);
            return;
        }
        // One loop for each finish: short enough to be unrolled, which keeps the sums in registers.
        let mut c = VectorsMut::new(s, &mut self.c[at..], M, N, self.c_stride);
        match finish {
            Finish::Store => {
                for i in 0..M {
                    for j in 0..N {
                        c.put(i, j, sums[i][j]);
                    }
                }
            }
            Finish::Relu => {
                for i in 0..M {
                    for j in 0..N {
                        c.put(i, j, s.where_positive(sums[i][j], sums[i][j]));
                    }
                }
            }
            Finish::Mask(activation) => {
                let activation = Vectors::new(s, &activation[at..], M, N, (self.c_stride, S::LANES));
                for i in 0..M {
                    for j in 0..N {
                        c.put(i, j, s.where_positive(activation.at(i, j), sums[i][j]));
                    }
                }
            }
            Finish::Add => {
                for i in 0..M {
                    for j in 0..N {
                        c.put(i, j, s.add(c.at(i, j), sums[i][j]));
                    }
                }
            }
        }
    }

    /// [`Finish::Add`] where only the first `part.tail` columns of the last vector exist.
    #[inline(always)]
    fn add_tail<S: Simd, const M: usize, const N: usize>(
        &mut self,
        s: S,
        part: &Part,
        sums: &[[S::V; N]; M],
    ) {
        let mut spill = [[0.0; 16]; M];
        for i in 0..M {
            s.store(sums[i][N - 1], &mut spill[i]);
        }
        let at = part.row * self.c_stride + part.column;
        let mut c = VectorsMut::new(s, &mut self.c[at..], M, N - 1, self.c_stride);
        for i in 0..M {
            for j in 0..N - 1 {
                c.put(i, j, s.add(c.at(i, j), sums[i][j]));
            }
        }
        for (i, sums) in spill.iter().enumerate() {
            let last = at + i * self.c_stride + (N - 1) * S::LANES;
            for (c, sum) in self.c[last..][..part.tail].iter_mut().zip(sums) {
                *c += sum;
            }
        }
    }
}

/// Adds `factor(i) · b[k]` to row `i` of the sums, for every row.
#[inline(always)]
fn add_products<S: Simd, const M: usize, const N: usize>(
    s: S,
    sums: &mut [[S::V; N]; M],
    b: &Vectors<'_, S>,
    k: usize,
    factor: impl Fn(usize) -> f32,
) {
    let b = row::<S, N>(s, b, k);
    for i in 0..M {
        let factor = s.splat(factor(i));
        for j in 0..N {
            sums[i][j] = s.fma(factor, b[j], sums[i][j]);
        }
    }
}

/// Row `k`.
#[inline(always)]
fn row<S: Simd, const N: usize>(s: S, from: &Vectors<'_, S>, k: usize) -> [S::V; N] {
    let mut row = [s.splat(0.0); N];
    for j in 0..N {
        row[j] = from.at(k, j);
    }
    row
}
