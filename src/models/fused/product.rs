//! Matrix products with register tiles: the dense layers' forward pass, input gradient and weight gradient.
//!
//! Vectors run over columns of `c`, factors are broadcast, and every element is
//! summed over `depth` in order with fused multiply-add; cutting the depth into
//! blocks stores and reloads the running sum and so changes nothing.

use std::ops::Range;

use crate::simd::{Numbers, Simd, Task, Vectors, VectorsMut};

/// Rows of a register tile.
const TILE_ROWS: usize = 6;

/// Terms summed before the running sums go to memory: this much of `b` (64 columns) fits in the first-level cache.
const DEPTH: usize = 128;

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
    /// Row-major, with this distance from row to row.
    Rows(&'a [f32], usize),
    /// What [`pack_transposed`] made.
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

/// Packs the transpose of `weights` (`depth × rows`, row-major) as the left factor of a product of `rows` rows.
pub(super) fn pack_transposed(weights: &[f32], rows: usize, depth: usize, panels: &mut [f32]) {
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
        let blocks = self.depth.div_ceil(DEPTH);
        for block in 0..blocks {
            let depth = block * self.depth / blocks..(block + 1) * self.depth / blocks;
            let mut column = 0;
            while column < self.columns {
                let left = self.columns - column;
                // Four 512-bit vectors, or what is left of them; two vectors where there are 16 registers.
                let vectors = if left < S::LANES {
                    1
                } else {
                    (left / S::LANES).min(if S::REGISTERS > 16 { 4 } else { 2 })
                };
                let tail = left.min(S::LANES);
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
            Factors::Rows(a, stride) => {
                let a = Numbers::new(&a[part.row * stride + part.depth.start..], M, depth, stride);
                for k in 0..depth {
                    let b = row::<S, N>(s, &b, k);
                    for i in 0..M {
                        let factor = s.splat(a.at(i, k));
                        for j in 0..N {
                            sums[i][j] = s.fma(factor, b[j], sums[i][j]);
                        }
                    }
                }
            }
            Factors::Panels(panels) => {
                let panel = &panels[part.row * self.depth + part.depth.start * M..];
                let a = Numbers::new(panel, depth, M, M);
                for k in 0..depth {
                    let b = row::<S, N>(s, &b, k);
                    for i in 0..M {
                        let factor = s.splat(a.at(k, i));
                        for j in 0..N {
                            sums[i][j] = s.fma(factor, b[j], sums[i][j]);
                        }
                    }
                }
            }
        }
        self.end(s, part, &sums);
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

    /// [`Finish::Add`] of vectors of which only the first `part.tail` columns exist.
    #[inline(always)]
    fn add_tail<S: Simd, const M: usize, const N: usize>(
        &mut self,
        s: S,
        part: &Part,
        sums: &[[S::V; N]; M],
    ) {
        let mut spill = [[0.0; 16]; M];
        for i in 0..M {
            s.store(sums[i][0], &mut spill[i]);
        }
        for (i, sums) in spill.iter().enumerate() {
            let c = &mut self.c[(part.row + i) * self.c_stride + part.column..][..part.tail];
            for (c, sum) in c.iter_mut().zip(sums) {
                *c += sum;
            }
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
