//! A block of rows, feature-major: vectors run over rows.

/// Rows per block. Weight gradients sum whole blocks in order, so this number is part of every result.
pub const LANES: usize = 64;

/// Up to [`LANES`] rows: element (feature, lane) stands at `feature * LANES + lane`.
///
/// Lanes at and beyond [`rows`](Self::rows) are zero after [`Block::gather`], and unspecified (but finite input gives finite output) after a network call.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    features: usize,
    rows: usize,
    data: Vec<f32>,
}

impl Block {
    /// An empty block for rows of `features` numbers.
    #[must_use]
    pub fn new(features: usize) -> Self {
        Self { features, rows: 0, data: vec![0.0; features * LANES] }
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
        self.rows = 0;
        for row in rows {
            assert!(self.rows < LANES, "a block holds at most {LANES} rows");
            assert_eq!(row.len(), self.features, "a row has the block's number of features");
            for (feature, value) in row.iter().enumerate() {
                self.data[feature * LANES + self.rows] = *value;
            }
            self.rows += 1;
        }
        if self.rows < LANES {
            for feature in 0..self.features {
                self.data[feature * LANES + self.rows..(feature + 1) * LANES].fill(0.0);
            }
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
