//! Resamples as multiplicities: rows and seeds are crossed factors, so one row-weight vector and
//! one seed-weight vector per resample are shared by all models (metrics sheet, 3.8).

use rayon::prelude::*;

use crate::seed::Seed;

/// For each resample, how often each test row was drawn.
#[derive(Debug, Clone)]
pub struct RowWeights {
    rows: usize,
    /// `resamples × rows`. A multiplicity above 255 has no measurable probability beyond 255 rows and cannot occur below.
    weights: Vec<u8>,
}

impl RowWeights {
    /// Draws `resamples` resamples of `rows` rows with replacement; resample `b` has a stream of its own.
    #[must_use]
    pub fn draw(seed: Seed, rows: usize, resamples: usize) -> Self {
        let mut weights = vec![0_u8; rows * resamples];
        if rows > 0 {
            let streams = seed.streams("bootstrap/rows");
            weights.par_chunks_mut(rows).enumerate().for_each(|(resample, weights)| {
                let mut stream = streams.stream(resample as u32, 0);
                for _ in 0..rows {
                    let row = stream.below(rows as u64) as usize;
                    weights[row] = weights[row].saturating_add(1);
                }
            });
        }
        Self { rows, weights }
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of resamples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weights.len().checked_div(self.rows).unwrap_or(0)
    }

    /// Whether there are no resamples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// The multiplicities of resample `resample`.
    #[must_use]
    pub fn of(&self, resample: usize) -> &[u8] {
        &self.weights[resample * self.rows..(resample + 1) * self.rows]
    }
}

/// For each resample, how often each seed was drawn.
#[derive(Debug, Clone)]
pub struct SeedWeights {
    seeds: usize,
    weights: Vec<u16>,
}

impl SeedWeights {
    /// Draws `resamples` resamples of `seeds` seeds with replacement, beside the rows of the same resample.
    #[must_use]
    pub fn draw(seed: Seed, seeds: usize, resamples: usize) -> Self {
        let streams = seed.streams("bootstrap/seeds");
        let mut weights = vec![0_u16; seeds * resamples];
        if seeds > 0 {
            for (resample, weights) in weights.chunks_mut(seeds).enumerate() {
                let mut stream = streams.stream(resample as u32, 0);
                for _ in 0..seeds {
                    weights[stream.below(seeds as u64) as usize] += 1;
                }
            }
        }
        Self { seeds, weights }
    }

    /// The multiplicities of resample `resample`.
    #[must_use]
    pub fn of(&self, resample: usize) -> &[u16] {
        &self.weights[resample * self.seeds..(resample + 1) * self.seeds]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resample_holds_as_many_rows_as_there_are() {
        let drawn = RowWeights::draw(Seed(1), 37, 50);
        assert_eq!(drawn.len(), 50);
        for resample in 0..50 {
            assert_eq!(drawn.of(resample).iter().map(|w| usize::from(*w)).sum::<usize>(), 37);
        }
        assert_ne!(drawn.of(0), drawn.of(1));
    }

    #[test]
    fn more_resamples_do_not_change_the_first_ones() {
        let (few, many) = (RowWeights::draw(Seed(1), 20, 5), RowWeights::draw(Seed(1), 20, 9));
        assert_eq!(few.of(4), many.of(4));
        let (few, many) = (SeedWeights::draw(Seed(1), 3, 5), SeedWeights::draw(Seed(1), 3, 9));
        assert_eq!(few.of(4), many.of(4));
    }
}
