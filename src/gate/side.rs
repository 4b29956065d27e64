//! One side of a comparison: the numbers of every point at every seed, and the terms under which they were measured.

use std::collections::BTreeMap;

use crate::measure::{Bound, Direction, MetricKey, Pillar, Unit, Value};
use crate::pareto::Objective;

/// A number that is gated.
#[derive(Debug, Clone, PartialEq)]
pub struct Gated {
    /// Which number.
    pub key: MetricKey,
    /// Which way is better.
    pub direction: Direction,
    /// The side of the trade-off that it belongs to.
    pub pillar: Pillar,
    /// Its unit.
    pub unit: Unit,
    /// How it relates to the truth.
    pub bound: Bound,
    /// A change for the worse up to here is no regression; at least 0, in the number's unit.
    pub margin: f64,
}

/// A point with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Coordinates as text, `defense=at,strength=0.1`: what it is matched by, together with the model.
    pub name: String,
    /// The same one by one.
    pub coordinates: BTreeMap<String, String>,
    /// Which of a run's models.
    pub model: String,
    /// Test rows behind each value.
    pub rows: usize,
    /// For every key, one value per seed, in the order of [`Side::seeds`].
    pub values: BTreeMap<MetricKey, Vec<Value>>,
}

impl Sampled {
    /// The name, and the model where it is not that of the front.
    #[must_use]
    pub fn label(&self, front_model: &str) -> String {
        if self.model == front_model { self.name.clone() } else { format!("{} ({})", self.name, self.model) }
    }

    /// The values of `key`, where every one of them is defined.
    #[must_use]
    pub fn defined(&self, key: &MetricKey) -> Option<Vec<f64>> {
        self.values.get(key)?.iter().map(Value::get).collect()
    }
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// The experiment's name.
    pub name: String,
    /// Hash over content, encoding and split of the data.
    pub fingerprint: String,
    /// The data, for people: name and rows.
    pub data: String,
    /// Version of the metrics' definitions.
    pub definitions: u32,
    /// The axes of the front.
    pub objectives: Vec<Objective>,
    /// The model that the front is about.
    pub front_model: String,
    /// Replicates, ascending.
    pub seeds: Vec<u64>,
    /// What is gated; that of the baseline counts.
    pub gated: Vec<Gated>,
    /// The points.
    pub points: Vec<Sampled>,
    /// Every setting of the experiment, flat: `training.epochs` to `40`.
    pub settings: BTreeMap<String, String>,
    /// Cells that failed or are missing, with the reason; none in a baseline.
    pub missing: Vec<(String, String)>,
}

impl Side {
    /// Every number that any point has.
    #[must_use]
    pub fn has(&self, key: &MetricKey) -> bool {
        self.points.iter().any(|point| point.values.contains_key(key))
    }
}
