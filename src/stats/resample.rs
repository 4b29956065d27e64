//! Resamples as multiplicities: rows and seeds are crossed factors, so one row-weight vector and
//! one seed-weight vector per resample are shared by all models (metrics sheet, 3.8).

use rayon::prelude::*;

use crate::seed::{Seed, Stream};

/// Resamples that are worked on together: for every row, the multiplicities of so many stand side by side, so that vectors run over resamples.
pub const LANES: usize = 8;

/// For each resample, how often each test row was drawn.
#[derive(Debug, Clone)]
pub struct RowWeights {
    rows: usize,
    resamples: usize,
    /// Batches of [`LANES`] resamples, `rows` entries each; 0 in lanes beyond the last resample. A multiplicity above 255 has no measurable
    /// probability beyond 255 rows and cannot occur below.
    weights: Vec<[u8; LANES]>,
}

/// Adds as many draws with replacement as there are rows to one lane.
fn fill(stream: &mut Stream, batch: &mut [[u8; LANES]], lane: usize) {
    for _ in 0..batch.len() {
        let row = stream.below(batch.len() as u64) as usize;
        batch[row][lane] = batch[row][lane].saturating_add(1);
    }
}

/// The resamples of batch `batch`, of `resamples` in all.
fn lanes(batch: usize, resamples: usize) -> std::ops::Range<usize> {
    batch * LANES..resamples.min((batch + 1) * LANES)
}

impl RowWeights {
    /// Draws `resamples` resamples of `rows` rows with replacement; resample `b` has a stream of its own.
    #[must_use]
    pub fn draw(seed: Seed, rows: usize, resamples: usize) -> Self {
        let mut weights = vec![[0_u8; LANES]; rows * resamples.div_ceil(LANES)];
        if rows > 0 {
            let streams = seed.streams("bootstrap/rows");
            weights.par_chunks_mut(rows).enumerate().for_each(|(batch, weights)| {
                for (lane, resample) in lanes(batch, resamples).enumerate() {
                    fill(&mut streams.stream(resample as u32, 0), weights, lane);
                }
            });
        }
        Self { rows, resamples: if rows > 0 { resamples } else { 0 }, weights }
    }

    /// What `f` makes of every batch that [`draw`](Self::draw) would hold, without holding them: `f` is given the multiplicities and the number
    /// of resamples among them, and returns one value per resample. In order.
    pub fn each<T: Send>(
        seed: Seed,
        rows: usize,
        resamples: usize,
        f: impl Fn(&[[u8; LANES]], usize) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let streams = seed.streams("bootstrap/rows");
        let one = |weights: &mut Vec<[u8; LANES]>, batch: usize| {
            weights.clear();
            weights.resize(rows, [0; LANES]);
            let resamples = lanes(batch, resamples);
            for (lane, resample) in resamples.clone().enumerate() {
                fill(&mut streams.stream(resample as u32, 0), weights, lane);
            }
            f(weights, resamples.len())
        };
        let batches: Vec<Vec<T>> =
            (0..resamples.div_ceil(LANES)).into_par_iter().map_init(Vec::new, one).collect();
        batches.into_iter().flatten().collect()
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of resamples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resamples
    }

    /// Whether there are no resamples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resamples == 0
    }

    /// Batch by batch: the multiplicities of every row, and the number of resamples among them.
    pub fn batches(&self) -> impl Iterator<Item = (&[[u8; LANES]], usize)> {
        let batches = self.weights.chunks_exact(self.rows.max(1)).enumerate();
        batches.map(|(batch, weights)| (weights, lanes(batch, self.resamples).len()))
    }

    /// The multiplicities of resample `resample`.
    #[must_use]
    pub fn of(&self, resample: usize) -> Vec<u8> {
        let (batch, lane) = (resample / LANES, resample % LANES);
        self.weights[batch * self.rows..(batch + 1) * self.rows].iter().map(|weights| weights[lane]).collect()
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
            assert_eq!(drawn.of(resample).into_iter().map(usize::from).sum::<usize>(), 37);
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
