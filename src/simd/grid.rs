//! Rows of numbers or vectors at fixed distances, read without a bounds check each.
//!
//! Indices are asserted against the number of rows and columns, which a loop over them lets the compiler drop;
//! that these lie inside the slice is checked once, when the grid is made.
#![expect(unsafe_code, reason = "bounds checks in a register tile's inner loop halve its speed")]

use super::Simd;

/// Whether the last of `rows × columns` items of `width` numbers ends inside `len`.
#[inline(always)]
fn fits(len: usize, rows: usize, columns: usize, strides: (usize, usize), width: usize) -> bool {
    let end = || {
        let row = (rows - 1).checked_mul(strides.0)?;
        let column = (columns - 1).checked_mul(strides.1)?;
        row.checked_add(column)?.checked_add(width)
    };
    rows == 0 || columns == 0 || end().is_some_and(|end| end <= len)
}

/// `rows × columns` numbers; neighbors in a row are adjacent.
#[derive(Clone, Copy)]
pub struct Numbers<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a> Numbers<'a> {
    /// A view that begins at the first number of `data`; `stride` from row to row.
    #[inline(always)]
    #[must_use]
    pub fn new(data: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(fits(data.len(), rows, columns, (stride, 1), 1), "the numbers lie inside the slice");
        Self { data, rows, columns, stride }
    }

    /// One number.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, row: usize, column: usize) -> f32 {
        assert!(row < self.rows && column < self.columns, "inside the grid");
        // SAFETY: at most the place of the last number, which `new` found inside the slice.
        unsafe { *self.data.get_unchecked(row * self.stride + column) }
    }
}

/// `rows × columns` vectors.
#[derive(Clone, Copy)]
pub struct Vectors<'a, S> {
    simd: S,
    data: &'a [f32],
    rows: usize,
    columns: usize,
    /// From row to row, and from column to column, in numbers.
    strides: (usize, usize),
}

impl<'a, S: Simd> Vectors<'a, S> {
    /// A view that begins at the first number of `data`; `strides` in numbers from row to row and from column to column.
    #[inline(always)]
    #[must_use]
    pub fn new(simd: S, data: &'a [f32], rows: usize, columns: usize, strides: (usize, usize)) -> Self {
        assert!(fits(data.len(), rows, columns, strides, S::LANES), "the vectors lie inside the slice");
        Self { simd, data, rows, columns, strides }
    }

    /// One vector.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, row: usize, column: usize) -> S::V {
        assert!(row < self.rows && column < self.columns, "inside the grid");
        let at = row * self.strides.0 + column * self.strides.1;
        // SAFETY: ends at most where the last vector ends, which `new` found inside the slice.
        self.simd.load(unsafe { self.data.get_unchecked(at..at + S::LANES) })
    }
}

/// `rows × columns` vectors to write; vectors of a row are adjacent.
pub struct VectorsMut<'a, S> {
    simd: S,
    data: &'a mut [f32],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a, S: Simd> VectorsMut<'a, S> {
    /// A view that begins at the first number of `data`; `stride` in numbers from row to row.
    #[inline(always)]
    #[must_use]
    pub fn new(simd: S, data: &'a mut [f32], rows: usize, columns: usize, stride: usize) -> Self {
        let inside = fits(data.len(), rows, columns, (stride, S::LANES), S::LANES);
        assert!(inside, "the vectors lie inside the slice");
        Self { simd, data, rows, columns, stride }
    }

    /// One vector.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, row: usize, column: usize) -> S::V {
        assert!(row < self.rows && column < self.columns, "inside the grid");
        let at = row * self.stride + column * S::LANES;
        // SAFETY: ends at most where the last vector ends, which `new` found inside the slice.
        self.simd.load(unsafe { self.data.get_unchecked(at..at + S::LANES) })
    }

    /// Writes one vector.
    #[inline(always)]
    pub fn put(&mut self, row: usize, column: usize, vector: S::V) {
        assert!(row < self.rows && column < self.columns, "inside the grid");
        let at = row * self.stride + column * S::LANES;
        // SAFETY: ends at most where the last vector ends, which `new` found inside the slice.
        self.simd.store(vector, unsafe { self.data.get_unchecked_mut(at..at + S::LANES) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{InstructionSet, Task};

    struct Last(usize);

    impl Task for Last {
        type Output = f32;

        fn run<S: Simd>(self, s: S) -> f32 {
            let numbers: Vec<f32> = (0..self.0 + S::LANES).map(|i| i as f32).collect();
            let grid = Vectors::new(s, &numbers, 3, 2, (20, 3));
            let last = grid.at(2, 1);
            let mut copy = vec![0.0; numbers.len()];
            // Row 2 begins at number 40 and fits if the vector read from number 43 did.
            VectorsMut::new(s, &mut copy, 3, 1, 20).put(2, 0, last);
            copy[40]
        }
    }

    #[test]
    fn the_last_item_may_end_where_the_slice_ends_and_no_later() {
        for set in InstructionSet::available() {
            assert_eq!(set.run(Last(43)).to_bits(), 43.0_f32.to_bits());
            assert!(std::panic::catch_unwind(|| set.run(Last(42))).is_err());
        }
        let numbers = [0.0, 1.0, 2.0, 3.0, 4.0];
        assert_eq!(Numbers::new(&numbers, 2, 2, 3).at(1, 1).to_bits(), 4.0_f32.to_bits());
        assert!(std::panic::catch_unwind(|| Numbers::new(&numbers, 2, 3, 3)).is_err());
        assert!(std::panic::catch_unwind(|| Numbers::new(&numbers, 2, 2, usize::MAX)).is_err());
        assert!(std::panic::catch_unwind(|| Numbers::new(&numbers, 2, 2, 3).at(0, 2)).is_err());
    }
}
