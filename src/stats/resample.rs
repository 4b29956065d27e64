//! Resamples as multiplicities: rows and seeds are crossed factors, so one row-weight vector and
//! one seed-weight vector per resample are shared by all models (metrics sheet, 3.8).

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::seed::{Seed, Stream};

/// Resamples that are worked on together: for every row, the multiplicities of so many stand side by side, so that vectors run over resamples.
pub const LANES: usize = 8;

/// What is drawn at random: rows, or units of several rows that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowUnits {
    rows: usize,
    units: usize,
    /// The unit of every row, 0 to `units`; nothing where every row is its own.
    of: Option<Vec<u32>>,
}

impl RowUnits {
    /// So many rows, each on its own.
    #[must_use]
    pub fn single(rows: usize) -> Self {
        Self { rows, units: rows, of: None }
    }

    /// Rows of one code are drawn together.
    #[must_use]
    pub fn together(codes: &[u32]) -> Self {
        let mut places = BTreeMap::new();
        let of = codes.iter().map(|code| {
            let next = places.len() as u32;
            *places.entry(*code).or_insert(next)
        });
        let of: Vec<u32> = of.collect();
        Self { rows: codes.len(), units: places.len(), of: Some(of) }
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many are drawn independently of each other.
    #[must_use]
    pub fn units(&self) -> usize {
        self.units
    }

    /// Adds as many draws with replacement as there are units to one lane.
    fn fill(&self, stream: &mut Stream, batch: &mut [[u8; LANES]], lane: usize) {
        let Some(of) = &self.of else {
            for _ in 0..batch.len() {
                let row = stream.below(batch.len() as u64) as usize;
                batch[row][lane] = batch[row][lane].saturating_add(1);
            }
            return;
        };
        let mut times = vec![0_u8; self.units];
        for _ in 0..self.units {
            let unit = stream.below(self.units as u64) as usize;
            times[unit] = times[unit].saturating_add(1);
        }
        for (row, unit) in batch.iter_mut().zip(of) {
            row[lane] = times[*unit as usize];
        }
    }
}

/// For each resample, how often each test row was drawn.
#[derive(Debug, Clone)]
pub struct RowWeights {
    rows: usize,
    resamples: usize,
    /// Batches of [`LANES`] resamples, `rows` entries each; 0 in lanes beyond the last resample. A multiplicity above 255 has no measurable
    /// probability beyond 255 rows and cannot occur below.
    weights: Vec<[u8; LANES]>,
}

/// The resamples of batch `batch`, of `resamples` in all.
fn lanes(batch: usize, resamples: usize) -> std::ops::Range<usize> {
    batch * LANES..resamples.min((batch + 1) * LANES)
}

impl RowWeights {
    /// Draws `resamples` resamples with replacement; resample `b` has a stream of its own.
    #[must_use]
    pub fn draw(seed: Seed, draws: &RowUnits, resamples: usize) -> Self {
        let rows = draws.rows;
        let mut weights = vec![[0_u8; LANES]; rows * resamples.div_ceil(LANES)];
        if rows > 0 {
            let streams = seed.streams("bootstrap/rows");
            weights.par_chunks_mut(rows).enumerate().for_each(|(batch, weights)| {
                for (lane, resample) in lanes(batch, resamples).enumerate() {
                    draws.fill(&mut streams.stream(resample as u32, 0), weights, lane);
                }
            });
        }
        Self { rows, resamples: if rows > 0 { resamples } else { 0 }, weights }
    }

    /// What `f` makes of every batch that [`draw`](Self::draw) would hold, without holding them: `f` is given the multiplicities and the number
    /// of resamples among them, and returns one value per resample. In order.
    pub fn each<T: Send>(
        seed: Seed,
        draws: &RowUnits,
        resamples: usize,
        f: impl Fn(&[[u8; LANES]], usize) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let streams = seed.streams("bootstrap/rows");
        let one = |weights: &mut Vec<[u8; LANES]>, batch: usize| {
            weights.clear();
            weights.resize(draws.rows, [0; LANES]);
            let resamples = lanes(batch, resamples);
            for (lane, resample) in resamples.clone().enumerate() {
                draws.fill(&mut streams.stream(resample as u32, 0), weights, lane);
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
        let drawn = RowWeights::draw(Seed(1), &RowUnits::single(37), 50);
        assert_eq!(drawn.len(), 50);
        for resample in 0..50 {
            assert_eq!(drawn.of(resample).into_iter().map(usize::from).sum::<usize>(), 37);
        }
        assert_ne!(drawn.of(0), drawn.of(1));
    }

    #[test]
    fn rows_of_one_unit_are_drawn_together() {
        let codes = [9, 4, 9, 9, 4, 1];
        let units = RowUnits::together(&codes);
        assert_eq!((units.rows(), units.units()), (6, 3));
        let drawn = RowWeights::draw(Seed(1), &units, 50);
        let mut sizes = std::collections::BTreeSet::new();
        for resample in 0..50 {
            let times = drawn.of(resample);
            assert!(times[0] == times[2] && times[2] == times[3] && times[1] == times[4], "{times:?}");
            assert_eq!(times[0] + times[1] + times[5], 3, "as many units as there are");
            sizes.insert(times.iter().sum::<u8>());
        }
        assert!(sizes.len() > 1, "units differ in rows");
        // Each a unit of its own: as if there were none.
        let alone = RowWeights::draw(Seed(1), &RowUnits::together(&[5, 3, 8]), 20);
        assert_eq!(alone.of(7), RowWeights::draw(Seed(1), &RowUnits::single(3), 20).of(7));
    }

    #[test]
    fn more_resamples_do_not_change_the_first_ones() {
        let (few, many) = {
            let rows = RowUnits::single(20);
            (RowWeights::draw(Seed(1), &rows, 5), RowWeights::draw(Seed(1), &rows, 9))
        };
        assert_eq!(few.of(4), many.of(4));
        let (few, many) = (SeedWeights::draw(Seed(1), 3, 5), SeedWeights::draw(Seed(1), 3, 9));
        assert_eq!(few.of(4), many.of(4));
    }
}
