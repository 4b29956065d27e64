//! Tables: what happens to numbers on their way. One-hot blocks stay as they are; whole numbers stay whole. Numbers may leave the range of training rows, as
//! they do in practice. All constants are ours.

use super::{Change, Corruption};
use crate::data::{Dataset, Domain, Feature, Rows};
use crate::seed::Stream;

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        word: "column-noise",
        what: "normal noise on every number, of σ training standard deviations of its column",
        constants: &[("σ", [0.1, 0.2, 0.4, 0.7, 1.0])],
        change: Change::Columns(noise),
    },
    Corruption {
        word: "column-missing",
        what: "a share of the numbers is missing, and the training mean of its column stands in for it",
        constants: &[("share", [0.05, 0.1, 0.2, 0.35, 0.5])],
        change: Change::Columns(missing),
    },
    Corruption {
        word: "column-scaling",
        what: "a share of the numbers is in the wrong unit: 10 times as large (Schelter et al. 2021)",
        constants: &[("share", [0.02, 0.05, 0.1, 0.2, 0.4])],
        change: Change::Columns(scaling),
    },
];

/// What is known of a table's columns.
pub(super) struct Columns {
    numeric: Vec<Column>,
}

/// One numeric column.
struct Column {
    /// Its place in the row.
    at: usize,
    feature: Feature,
    /// Over training rows, in model input space.
    mean: f64,
    /// Over training rows, in model input space.
    deviation: f64,
}

impl Columns {
    /// Means and deviations are those of training rows; of test rows where a data set has no others (rows that came with a model).
    pub(super) fn of(dataset: &Dataset) -> Self {
        let rows = known(dataset);
        let numeric = |feature: &Feature| !matches!(feature.domain, Domain::OneHot(_));
        let column = |(at, feature): (usize, &Feature)| {
            let values = || (0..rows.len()).map(|row| f64::from(rows.row(row)[at]));
            let n = rows.len().max(1) as f64;
            let mean = values().sum::<f64>() / n;
            let variance = values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n;
            Column { at, feature: feature.clone(), mean, deviation: libm::sqrt(variance) }
        };
        let features = dataset.features.iter().enumerate().filter(|(_, feature)| numeric(feature));
        Self { numeric: features.map(column).collect() }
    }
}

/// The rows that say what is usual: training rows, else test rows.
pub(super) fn known(dataset: &Dataset) -> &Rows {
    if dataset.train.is_empty() { &dataset.test } else { &dataset.train }
}

/// `value` in model input space as its column can hold it: whole native numbers stay whole.
pub(super) fn held(feature: &Feature, value: f64) -> f32 {
    if feature.domain != Domain::Integer {
        return value as f32;
    }
    let native = (value * feature.scale + feature.offset).round();
    ((native - feature.offset) / feature.scale) as f32
}

fn noise(row: &mut [f32], columns: &Columns, constants: &[f64], stream: &mut Stream) {
    for column in &columns.numeric {
        let moved = f64::from(row[column.at]) + constants[0] * column.deviation * stream.normal();
        row[column.at] = held(&column.feature, moved);
    }
}

fn missing(row: &mut [f32], columns: &Columns, constants: &[f64], stream: &mut Stream) {
    for column in &columns.numeric {
        if stream.uniform_f64() < constants[0] {
            row[column.at] = held(&column.feature, column.mean);
        }
    }
}

fn scaling(row: &mut [f32], columns: &Columns, constants: &[f64], stream: &mut Stream) {
    const FACTOR: f64 = 10.0;
    for Column { at, feature, .. } in &columns.numeric {
        if stream.uniform_f64() < constants[0] {
            let native = f64::from(row[*at]) * feature.scale + feature.offset;
            row[*at] = held(feature, (native * FACTOR - feature.offset) / feature.scale);
        }
    }
}
