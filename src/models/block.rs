//! A block of rows, feature-major: vectors run over rows.

use crate::simd::Aligned;

/// Rows per block. Weight gradients sum whole blocks in order, so this number is part of every result.
pub const LANES: usize = 64;

/// Up to [`LANES`] rows: element (feature, lane) stands at `feature * LANES + lane`.
///
/// Lanes at and beyond [`rows`](Self::rows) are zero after [`Block::gather`], and unspecified (but finite input gives finite output) after a network call.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    features: usize,
    rows: usize,
    data: Aligned,
}

impl Block {
    /// An empty block for rows of `features` numbers.
    #[must_use]
    pub fn new(features: usize) -> Self {
        Self { features, rows: 0, data: Aligned::zeros(features * LANES) }
    }

    /// Numbers per row.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// Rows in use.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Sets the number of rows in use, at most [`LANES`]; the data stays as it is.
    pub fn set_rows(&mut self, rows: usize) {
        assert!(rows <= LANES, "a block holds at most {LANES} rows, got {rows}");
        self.rows = rows;
    }

    /// All `features × LANES` numbers.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The [`LANES`] values of one feature, as an array.
    #[must_use]
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "kernels become vectors only with the array in them")]
    pub fn lanes(&self, feature: usize) -> &[f32; LANES] {
        &self.data.as_chunks().0[feature]
    }

    /// The [`LANES`] values of each feature.
    pub fn by_feature_mut(&mut self) -> &mut [[f32; LANES]] {
        self.data.as_chunks_mut().0
    }

    /// All `features × LANES` numbers.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The [`LANES`] values of one feature.
    #[must_use]
    pub fn feature(&self, feature: usize) -> &[f32] {
        &self.data[feature * LANES..(feature + 1) * LANES]
    }

    /// The [`LANES`] values of one feature.
    pub fn feature_mut(&mut self, feature: usize) -> &mut [f32] {
        &mut self.data[feature * LANES..(feature + 1) * LANES]
    }

    /// One number.
    #[must_use]
    pub fn get(&self, feature: usize, lane: usize) -> f32 {
        self.data[feature * LANES + lane]
    }

    /// Takes over rows: `rows` yields one slice of `features` numbers each. Unused lanes become zero.
    pub fn gather<'a>(&mut self, rows: impl IntoIterator<Item = &'a [f32]>) {
        let mut taken: [&[f32]; LANES] = [&[]; LANES];
        self.rows = 0;
        for row in rows {
            assert!(self.rows < LANES, "a block holds at most {LANES} rows");
            assert_eq!(row.len(), self.features, "a row has the block's number of features");
            taken[self.rows] = row;
            self.rows += 1;
        }
        if self.rows < LANES {
            for lanes in self.data.chunks_exact_mut(LANES) {
                lanes[self.rows..].fill(0.0);
            }
        }
        // Tiles of four by four numbers are exchanged in registers.
        let whole = self.rows / 4 * 4;
        for (tile, lanes) in self.data.chunks_mut(4 * LANES).enumerate() {
            let feature = tile * 4;
            if lanes.len() == 4 * LANES {
                for lane in (0..whole).step_by(4) {
                    let from: [[f32; 4]; 4] = std::array::from_fn(|row| {
                        *taken[lane + row][feature..].first_chunk().expect("four features are left")
                    });
                    for (place, lanes) in lanes.chunks_exact_mut(LANES).enumerate() {
                        lanes[lane..lane + 4].copy_from_slice(&from.map(|row| row[place]));
                    }
                }
            }
            let done = if lanes.len() == 4 * LANES { whole } else { 0 };
            for lane in done..self.rows {
                for (lanes, value) in lanes.chunks_exact_mut(LANES).zip(&taken[lane][feature..]) {
                    lanes[lane] = *value;
                }
            }
        }
    }

    /// Takes over one row (`features` numbers) into `lane`.
    pub fn set_lane(&mut self, lane: usize, row: &[f32]) {
        assert_eq!(row.len(), self.features, "a row has the block's number of features");
        for (lanes, value) in self.data.chunks_exact_mut(LANES).zip(row) {
            lanes[lane] = *value;
        }
    }

    /// Writes the row in `lane` to `row` (`features` numbers).
    pub fn scatter(&self, lane: usize, row: &mut [f32]) {
        for (feature, value) in row.iter_mut().enumerate() {
            *value = self.data[feature * LANES + lane];
        }
    }

    /// Copies the row in lane `from` to lane `to`.
    pub fn move_lane(&mut self, from: usize, to: usize) {
        for feature in 0..self.features {
            self.data[feature * LANES + to] = self.data[feature * LANES + from];
        }
    }

    /// The feature with the largest value in `lane`; the first on ties.
    #[must_use]
    pub fn argmax(&self, lane: usize) -> usize {
        let mut best = 0;
        for feature in 1..self.features {
            if self.get(feature, lane) > self.get(best, lane) {
                best = feature;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathering_puts_every_number_in_its_place_and_zeros_elsewhere() {
        for features in [0, 1, 3, 4, 7, 20] {
            for rows in [0, 1, 5, 63, 64] {
                let numbers: Vec<f32> = (0..rows * features).map(|i| i as f32 + 1.0).collect();
                let mut block = Block::new(features);
                block.data_mut().fill(-1.0);
                block.gather((0..rows).map(|row| &numbers[row * features..(row + 1) * features]));
                for feature in 0..features {
                    for lane in 0..LANES {
                        let expected =
                            if lane < rows { (lane * features + feature) as f32 + 1.0 } else { 0.0 };
                        assert_eq!(block.get(feature, lane).to_bits(), expected.to_bits());
                    }
                }
                assert_eq!(block.rows(), rows);
            }
        }
    }
}
