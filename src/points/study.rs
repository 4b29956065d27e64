//! All cells of a sweep on the same test rows, ready to be resampled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::sampled::Sampled;
use super::{CellEvidence, LAST, Point, aggregate};
use crate::error::{Error, Kind, Result};
use crate::evidence::{Evidence, SplitFacts};
use crate::measure::MetricKey;
use crate::metrics::{self, Agreement, Reading, Table, Task};
use crate::seed::Seed;
use crate::stats::{RowWeights, SeedWeights};

/// How uncertainty is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Crossed resamples; 0 gives no intervals.
    pub resamples: usize,
    /// Seed of the resamples.
    pub seed: Seed,
    /// Nominal coverage, between 0 and 1.
    pub level: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { resamples: 1000, seed: Seed(0), level: 0.95 }
    }
}

/// One model at one seed, its rows merged.
pub(super) struct Cell {
    pub(super) seed: u64,
    pub(super) tasks: Vec<Task>,
    /// One per task.
    pub(super) readings: Vec<Reading>,
    table: Table,
    /// How nearly constant its predictions are: share of rows outside the most frequent prediction.
    pub(super) outside_mode: f64,
}

/// One configuration: the cells that finished and those that failed, both by seed.
pub(super) struct Group {
    pub(super) cells: Vec<Cell>,
    pub(super) failed: Vec<(u64, String)>,
}

/// The cells of a sweep, grouped into points, with the resamples they share.
pub struct Study {
    /// The points: by model, defense, strength, then coordinates.
    pub points: Vec<Point>,
    pub(super) groups: Vec<Group>,
    pub(super) facts: Option<Arc<SplitFacts>>,
    rows: RowWeights,
    sampled: Sampled,
    options: Options,
}

impl std::fmt::Debug for Study {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Study")
            .field("points", &self.points.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Study {
    /// Measures every cell and aggregates them into points.
    ///
    /// Uses rayon's current thread pool; the result does not depend on the number of threads or the order of `cells`.
    ///
    /// # Errors
    ///
    /// Cells measured on different rows, or the same configuration and seed twice.
    pub fn new(cells: &[CellEvidence], options: Options) -> Result<Self> {
        let facts = shared_facts(cells)?;
        let mut groups: BTreeMap<_, Vec<&CellEvidence>> = BTreeMap::new();
        for cell in cells {
            // Ordered like the numbers, negatives first.
            let bits = (cell.strength + 0.0).to_bits();
            let strength = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
            // The last epoch, which fronts are about, stands before checkpoints (`epoch-5` before `epoch-10`) and models that
            // validation rows chose.
            let model = (cell.model != LAST, cell.model.len(), &cell.model);
            let key = (model, &cell.defense, strength, &cell.coordinates);
            groups.entry(key).or_default().push(cell);
        }
        let mut grouped: Vec<Vec<&CellEvidence>> = groups.into_values().collect();
        for cells in &mut grouped {
            cells.sort_by_key(|cell| cell.seed);
            if let Some(pair) = cells.windows(2).find(|pair| pair[0].seed == pair[1].seed) {
                let coordinates = &pair[0].coordinates;
                return Err(Error::internal(format!("seed {} of {coordinates:?} came twice", pair[0].seed)));
            }
        }
        let sampled = Sampled::of(facts.as_deref());
        let rows = RowWeights::draw(options.seed, &sampled.units, options.resamples);
        let judged: Vec<(Point, Group)> = grouped
            .par_iter()
            .map(|cells| {
                let group = Group::new(cells);
                let draws: Vec<Vec<Vec<f64>>> = group
                    .cells
                    .par_iter()
                    .map(|cell| cell.resample(&rows, facts.as_deref(), |_| true))
                    .collect();
                let point = aggregate::point(cells[0], &group, &draws, &sampled, &options);
                (point, group)
            })
            .collect();
        let (points, groups) = judged.into_iter().unzip();
        Ok(Self { points, groups, facts, rows, sampled, options })
    }

    /// How uncertainty is computed.
    #[must_use]
    pub fn options(&self) -> Options {
        self.options
    }

    /// What the cells were measured on; `None` when every cell failed.
    #[must_use]
    pub fn facts(&self) -> Option<&Arc<SplitFacts>> {
        self.facts.as_ref()
    }

    /// Every number that any point has, ascending.
    #[must_use]
    pub fn keys(&self) -> Vec<MetricKey> {
        let keys: BTreeSet<&MetricKey> = self.points.iter().flat_map(|point| point.measures.keys()).collect();
        keys.into_iter().cloned().collect()
    }

    /// The crossed resamples of numbers `keys` of `points` (indices): the same row and seed weights for every point.
    #[must_use]
    pub fn draws(&self, points: &[usize], keys: &[MetricKey]) -> Draws {
        let seeds: BTreeSet<u64> =
            points.iter().flat_map(|point| self.points[*point].seeds.iter().copied()).collect();
        let seeds: Vec<u64> = seeds.into_iter().collect();
        let samples = points
            .par_iter()
            .map(|point| {
                let cells = &self.groups[*point].cells;
                seeds
                    .par_iter()
                    .map(|seed| {
                        let cell = cells.iter().find(|cell| cell.seed == *seed)?;
                        Some(self.sample(cell, keys))
                    })
                    .collect()
            })
            .collect();
        let weights = SeedWeights::draw(self.options.seed, seeds.len(), self.rows.len());
        let (rows, units) = (self.rows.rows(), self.sampled.units.units());
        Draws { seeds, resamples: self.rows.len(), rows, units, samples, weights }
    }

    fn sample(&self, cell: &Cell, keys: &[MetricKey]) -> Sample {
        let mut draws = cell.resample(&self.rows, self.facts.as_deref(), |task| keys.contains(&task.key));
        keys.iter()
            .map(|key| {
                let task = cell.tasks.iter().position(|task| task.key == *key);
                let plain = task.and_then(|task| cell.readings[task].value.get()).unwrap_or(f64::NAN);
                let missing = || vec![f64::NAN; self.rows.len()];
                (plain, task.map_or_else(missing, |task| std::mem::take(&mut draws[task])))
            })
            .collect()
    }
}

/// The facts that all finished cells share.
fn shared_facts(cells: &[CellEvidence]) -> Result<Option<Arc<SplitFacts>>> {
    let mut shared: Option<&Arc<SplitFacts>> = None;
    for cell in cells {
        if !cell.strength.is_finite() {
            return Err(Error::internal(format!(
                "the strength of {:?} is {}",
                cell.coordinates, cell.strength
            )));
        }
        let Ok(evidence) = &cell.outcome else { continue };
        match shared {
            Some(facts) if !Arc::ptr_eq(facts, &evidence.facts) && **facts != *evidence.facts => {
                return Err(Error::new(
                    Kind::NotComparable,
                    format!(
                        "seed {} of {:?} was measured on other rows than the rest",
                        cell.seed, cell.coordinates
                    ),
                )
                .help("aggregate only cells of one data set, split and split seed"));
            }
            Some(_) => {}
            None => shared = Some(&evidence.facts),
        }
    }
    Ok(shared.cloned())
}

impl Group {
    fn new(cells: &[&CellEvidence]) -> Self {
        let finished = cells.iter().filter_map(|cell| Some((cell.seed, cell.outcome.as_ref().ok()?)));
        let failed = cells.iter().filter_map(|cell| Some((cell.seed, cell.outcome.as_ref().err()?.clone())));
        let finished: Vec<(u64, &Evidence)> = finished.map(|(seed, evidence)| (seed, &**evidence)).collect();
        let models: Vec<&Evidence> = finished.iter().map(|(_, evidence)| *evidence).collect();
        let with = finished.into_iter().zip(metrics::agreement(&models));
        let cells = with.map(|((seed, evidence), agreement)| Cell::new(seed, evidence, agreement)).collect();
        Self { cells, failed: failed.collect() }
    }
}

impl Cell {
    fn new(seed: u64, evidence: &Evidence, agreement: Agreement) -> Self {
        let facts = &*evidence.facts;
        let table = Table::among(evidence, agreement);
        let tasks = metrics::tasks_and_behind(evidence);
        let folded = table.fold(&vec![1_u8; facts.len()], &table.parts(&tasks));
        let readings = tasks.iter().map(|task| task.read(&task.context(facts, &table, &folded))).collect();
        let outside_mode = super::degenerate::outside_mode(&evidence.clean.predictions, facts.classes.len());
        Self { seed, tasks, readings, table, outside_mode }
    }

    /// The value of every wanted task on every resample, `[task][resample]`; NaN where it is undefined
    /// there (inside this module only: it never becomes a value). Tasks not wanted have no numbers.
    fn resample(
        &self,
        rows: &RowWeights,
        facts: Option<&SplitFacts>,
        wanted: impl Fn(&Task) -> bool,
    ) -> Vec<Vec<f64>> {
        let mut draws = vec![Vec::new(); self.tasks.len()];
        let Some(facts) = facts else { return draws };
        let tasks: Vec<usize> = (0..self.tasks.len()).filter(|t| wanted(&self.tasks[*t])).collect();
        for task in &tasks {
            draws[*task].reserve_exact(rows.len());
        }
        let parts = self.table.parts(tasks.iter().map(|index| &self.tasks[*index]));
        for (weights, resamples) in rows.batches() {
            for folded in &self.table.fold_lanes(weights, &parts)[..resamples] {
                for index in &tasks {
                    let task = &self.tasks[*index];
                    let value = task.value(&task.context(facts, &self.table, folded));
                    draws[*index].push(value.get().unwrap_or(f64::NAN));
                }
            }
        }
        draws
    }
}

/// Per number: its value on the rows as they are, and on every resample; NaN where undefined.
type Sample = Vec<(f64, Vec<f64>)>;

/// Crossed resamples of some numbers of some points.
#[derive(Debug, Clone)]
pub struct Draws {
    /// All seeds of any of the points, ascending.
    pub seeds: Vec<u64>,
    /// The number of resamples.
    pub resamples: usize,
    /// The number of test rows.
    pub rows: usize,
    /// How many units are drawn independently of each other: rows, or what several of them belong to.
    pub units: usize,
    /// `[point][seed]`; nothing for seeds that a point lacks.
    samples: Vec<Vec<Option<Sample>>>,
    weights: SeedWeights,
}

impl Draws {
    /// The mean of number `key` of point `point` (positions in what was asked for) in resample `b`: rows and seeds
    /// resampled together. `None` where the point has none of the drawn seeds, or the number is undefined there.
    #[must_use]
    pub fn crossed(&self, point: usize, key: usize, b: usize) -> Option<f64> {
        let weights = self.weights.of(b);
        self.weighted(point, |seed| f64::from(weights[seed]), |sample| sample[key].1[b])
    }

    /// The mean over all seeds, without the seed at position `omitted` where given; on the rows as they are, or on
    /// those of resample `b`.
    #[must_use]
    pub fn over_seeds(
        &self,
        point: usize,
        key: usize,
        b: Option<usize>,
        omitted: Option<usize>,
    ) -> Option<f64> {
        let weight = |seed| if Some(seed) == omitted { 0.0 } else { 1.0 };
        self.weighted(point, weight, |sample| b.map_or(sample[key].0, |b| sample[key].1[b]))
    }

    /// Number `key` of point `point` at the seed at position `seed`, on the rows as they are or on those of resample `b`. `None` where the point
    /// lacks the seed, or the number is undefined there.
    #[must_use]
    pub fn at_seed(&self, point: usize, key: usize, seed: usize, b: Option<usize>) -> Option<f64> {
        let (plain, drawn) = &self.samples[point][seed].as_ref()?[key];
        let value = b.map_or(*plain, |b| drawn[b]);
        value.is_finite().then_some(value)
    }

    fn weighted(
        &self,
        point: usize,
        weight: impl Fn(usize) -> f64,
        value: impl Fn(&Sample) -> f64,
    ) -> Option<f64> {
        let (mut sum, mut total) = (0.0, 0.0);
        for (seed, sample) in self.samples[point].iter().enumerate() {
            let w = weight(seed);
            if let Some(sample) = sample
                && w > 0.0
            {
                sum += w * value(sample);
                total += w;
            }
        }
        let mean = sum / total;
        mean.is_finite().then_some(mean)
    }
}
