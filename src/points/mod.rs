//! Seeds to points: aggregation over replicates, with intervals.
//!
//! A [`Study`] takes the evidence of all cells once, merges their rows, and can then give the points with
//! their intervals and, for fronts, the crossed resamples of chosen numbers.

mod aggregate;
mod alone;
mod anchors;
mod degenerate;
mod disparities;
mod fared;
mod leaders;
mod one_seed;
mod sampled;
mod study;
mod unvaried;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use alone::alone;
pub use anchors::{Anchor, anchors};
pub use degenerate::mark_degenerate;
pub use disparities::PERMUTATIONS;
pub use fared::{Fared, fared};
pub use leaders::{leaders, paired};
pub use one_seed::{Pair, pairs};
pub use study::{Draws, Options, Study};

use crate::evidence::Evidence;
use crate::measure::{Estimate, MetricKey, Value};

/// What the model that training ended with is called among a cell's models.
pub const LAST: &str = "last";

/// What became of one cell: the evidence of one of its models, or why there is none.
#[derive(Debug, Clone)]
pub struct CellEvidence {
    /// Sweep coordinates that name the point, such as `defense=at,strength=0.1`; without the seed.
    pub coordinates: BTreeMap<String, String>,
    /// The defense's name.
    pub defense: String,
    /// The defense's swept value; finite.
    pub strength: f64,
    /// Which of the cell's models: `last`, `epoch-10`, `best-clean` or `best-robust`.
    pub model: String,
    /// The replicate seed.
    pub seed: u64,
    /// The evidence, or the reason of the failure.
    pub outcome: std::result::Result<Arc<Evidence>, String>,
}

/// One measured number of one point: over its seeds, with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Mean over the seeds, with interval.
    pub estimate: Estimate,
    /// The value at each seed, in the point's seed order.
    pub per_seed: Vec<Value>,
    /// Standard deviation over seeds, where there are at least 3.
    pub sd_seed: Option<f64>,
    /// Standard deviation from drawing the test rows anew, shared by all seeds.
    pub sd_row: Option<f64>,
    /// What chance alone would show, for numbers that say how far apart groups are.
    pub by_chance: Option<ByChance>,
    /// A distance between groups, or the lowest of them, again without the groups of few rows; `None` where there are none.
    pub sizable: Option<Box<Sizable>>,
    /// What a reader should know: classes or groups left out, or resting on few rows.
    pub notes: Vec<String>,
}

/// What a distance between groups would be by chance alone, and how many rows it takes to see one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByChance {
    /// The mean distance between groups without disparity, at as many rows in each.
    pub expected: f64,
    /// The distance that 95 % of such groups stay below.
    pub quantile_95: f64,
    /// How often such groups are at least as far apart as these, at least 1 / ([`PERMUTATIONS`] + 1); of one predictor only, seeds are no independent samples.
    pub p_value: Option<f64>,
    /// Rows that each of the two groups or classes furthest apart needs so that their distance is seen in 4 of 5 samples; none where there is no distance.
    pub rows_to_see: Option<f64>,
}

/// A number that compares groups, over those with [`HEADLINE_ROWS`](crate::metrics::HEADLINE_ROWS) rows of what it is over (of the positive class for true positive rates): a gap to a handful of rows is
/// mostly chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Sizable {
    /// Mean over the seeds; undefined where too few groups are left.
    pub value: Value,
    /// Its interval, as that of the number over all groups.
    pub interval: Option<(f64, f64)>,
    /// What chance alone would show between these groups.
    pub by_chance: Option<ByChance>,
    /// The groups left out (`race=Asian`), each with the fewest rows of what it is over.
    pub left_out: Vec<(String, usize)>,
}

/// A configuration over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Sweep coordinates that name it, such as `defense=at,strength=0.1`; ordered.
    pub coordinates: BTreeMap<String, String>,
    /// The defense's name.
    pub defense: String,
    /// The defense's swept value.
    pub strength: f64,
    /// Which of the cell's models: `last`, `epoch-10`, `best-clean` or `best-robust`.
    pub model: String,
    /// Seeds that finished, ascending.
    pub seeds: Vec<u64>,
    /// Seeds that failed, with the reason.
    pub failed: Vec<(u64, String)>,
    /// Everything measured.
    pub measures: BTreeMap<MetricKey, Measured>,
    /// Why the point is degenerate (a constant predictor is at least as good), where it is.
    pub degenerate: Option<String>,
}

impl ByChance {
    /// Whether no permutation was as far apart: the p-value is as small as this many can make it, and the true one is at most that.
    #[must_use]
    pub fn is_at_floor(&self) -> bool {
        self.p_value.is_some_and(|p| p * (1 + PERMUTATIONS) as f64 <= 1.0 + 1e-9)
    }
}

impl Point {
    /// `defense=at,strength=0.1`.
    #[must_use]
    pub fn name(&self) -> String {
        self.coordinates.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    }

    /// That seeds failed, with the first one's reason, where some did: a fragment.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let (seed, reason) = self.failed.first()?;
        let all = self.failed.len() + self.seeds.len();
        Some(format!("{} of {all} seeds failed (seed {seed}: {reason})", self.failed.len()))
    }

    /// The mean of `key` over the seeds, or why there is none.
    ///
    /// # Errors
    ///
    /// The reason, as a fragment: it is not measured, or undefined.
    pub fn defined(&self, key: &MetricKey) -> std::result::Result<f64, String> {
        let measured = self.measures.get(key).ok_or_else(|| format!("`{key}` is not measured"))?;
        let value = &measured.estimate.value;
        value.get().ok_or_else(|| format!("`{key}` is undefined: {}", value.reason().unwrap_or_default()))
    }

    /// The mean of `key` over the seeds, where it is measured and defined.
    #[must_use]
    pub fn value(&self, key: &MetricKey) -> Option<f64> {
        self.measures.get(key)?.estimate.value.get()
    }
}

/// The seeds of the point that has most of them (of several the last): what others lack is missing there. Empty without points.
#[must_use]
pub fn fullest_seeds<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<u64> {
    points.map(|point| &point.seeds).max_by_key(|seeds| seeds.len()).cloned().unwrap_or_default()
}
