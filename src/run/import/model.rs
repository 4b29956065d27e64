//! What one model said of the rows of one split, as somebody states it.

use std::path::Path;

use super::arrays::{Array, Arrays, Values};
use super::attacks;
use super::facts::{classes, integers, shaped};
use crate::error::{Error, Result};
use crate::evidence::{EvasionFacts, Outputs, SplitFacts};
use crate::experiment::Imported;
use crate::files;
use crate::run::encoding;

/// A sum of probabilities may be so far from 1: a thousand float32 roundings.
const SLACK: f64 = 1e-4;

/// One model on one split.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stated {
    pub(super) clean: Outputs,
    /// `n × classes`, where probabilities stand in the place of logits.
    pub(super) probabilities: Option<Vec<f64>>,
    /// As in evidence: every attack and the union at every radius.
    pub(super) evasion: Vec<EvasionFacts>,
    /// What is odd and still possible.
    pub(super) remarks: Vec<String>,
}

impl Stated {
    /// Reads what a model says of the rows in `facts` from the file at `path`.
    ///
    /// # Errors
    ///
    /// Which array and row is wrong, and what to do.
    pub(super) fn read(path: &Path, facts: &SplitFacts, imported: &Imported) -> Result<Self> {
        let bytes = files::read(path)?;
        Self::of(path, &bytes, facts, imported)
            .map_err(|error| error.context(format!("`{}`", path.display())))
    }

    fn of(path: &Path, bytes: &[u8], facts: &SplitFacts, imported: &Imported) -> Result<Self> {
        let mut arrays = Arrays::read(path, bytes)?;
        same_rows(&mut arrays, facts)?;
        let (clean, probabilities) = clean(&mut arrays, facts)?;
        let read = attacks::read(&mut arrays, facts, &clean, imported)?;
        arrays.done()?;
        Ok(Self { clean, probabilities, evasion: read.facts, remarks: read.remarks })
    }

    /// The two files that are kept of it: clean outputs, and what attacks did.
    ///
    /// # Errors
    ///
    /// Only on a defect of this program.
    pub(super) fn encode(&self) -> Result<[Vec<u8>; 2]> {
        Ok([
            encoding::encode_stated(&self.clean, self.probabilities.as_deref())?,
            encoding::encode_evasion(&self.evasion)?,
        ])
    }
}

/// Whoever wrote the file may say again which rows it is about.
fn same_rows(arrays: &mut Arrays, facts: &SplitFacts) -> Result<()> {
    let rows: Vec<i64> = facts.rows.iter().map(|row| i64::from(*row)).collect();
    let labels: Vec<i64> = facts.labels.iter().map(|label| i64::from(*label)).collect();
    for (name, expected) in [("rows", rows), ("labels", labels)] {
        let Some(array) = arrays.take(name) else { continue };
        let found = integers(name, array, &[facts.len()])?;
        if let Some(row) = (0..found.len()).find(|row| found[*row] != expected[*row]) {
            return Err(Error::input(format!(
                "array `{name}`, row {row}: {} stands there, and the facts of the {} rows have {}",
                found[row],
                facts.split.word(),
                expected[row]
            ))
            .help("every model is judged on the same rows in the same order: bring them in the order of the facts"));
        }
    }
    Ok(())
}

/// Floating-point numbers.
pub(super) fn floats(name: &str, array: Array) -> Result<Vec<f64>> {
    match array.values {
        Values::Floats(values) => Ok(values),
        other => Err(Error::input(format!(
            "array `{name}` holds {}, expected floating-point numbers",
            other.words()
        ))
        .help("convert it, such as with `.astype(\"f4\")`")),
    }
}

/// Floating-point numbers of this shape, none of them NaN or infinite.
fn finite(name: &str, array: Array, shape: &[usize], rows: usize) -> Result<Vec<f64>> {
    shaped(name, &array, shape)?;
    let values = floats(name, array)?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            let width = shape.last().copied().unwrap_or(1).max(1);
            Err(Error::input(format!("array `{name}`, row {}: it holds {}", at / width % rows, values[at])).help(
                "a model whose outputs are not finite has failed: say so with \"failed\" in the place of its files",
            ))
        }
        None => Ok(values),
    }
}

/// Logits as they are kept, in single precision.
pub(super) fn logits(name: &str, array: Array, shape: &[usize], rows: usize) -> Result<Vec<f32>> {
    let values = finite(name, array, shape, rows)?;
    let width = shape.last().copied().unwrap_or(1).max(1);
    let single = |(at, value): (usize, &f64)| {
        let single = *value as f32;
        if single.is_finite() {
            Ok(single)
        } else {
            Err(Error::input(format!(
                "array `{name}`, row {}: {value} does not fit single precision",
                at / width % rows
            )))
        }
    };
    values.iter().enumerate().map(single).collect()
}

/// The largest of each row's numbers, the first where several are.
pub(super) fn largest<T: PartialOrd + Copy>(values: &[T], classes: usize) -> Vec<u16> {
    let class = |row: &[T]| {
        let mut best = 0;
        for class in 1..row.len() {
            if row[class] > row[best] {
                best = class;
            }
        }
        best as u16
    };
    values.chunks_exact(classes).map(class).collect()
}

fn clean(arrays: &mut Arrays, facts: &SplitFacts) -> Result<(Outputs, Option<Vec<f64>>)> {
    let (n, k) = (facts.len(), facts.classes.len());
    let stated = match arrays.take("predictions") {
        Some(array) => {
            shaped("predictions", &array, &[n])?;
            Some(classes("predictions", array, n, &facts.classes)?)
        }
        None => None,
    };
    let logits = arrays.take("logits").map(|array| logits("logits", array, &[n, k], n)).transpose()?;
    let probabilities = match arrays.take("probabilities") {
        Some(_) if logits.is_some() => {
            return Err(Error::input("there are both `logits` and `probabilities`").help("write one of them"));
        }
        Some(array) => Some(probable(array, n, k)?),
        None => None,
    };
    let predictions = match (stated, &logits, &probabilities) {
        (Some(stated), Some(logits), _) => {
            decided("predictions", "logits", &stated, logits, k)?;
            stated
        }
        // A threshold may have decided otherwise.
        (Some(stated), None, _) => stated,
        (None, Some(logits), _) => largest(logits, k),
        (None, None, Some(probabilities)) => largest(probabilities, k),
        (None, None, None) => {
            return Err(Error::input("there is neither `predictions` nor `logits` nor `probabilities`")
                .help("write what the model says of every row"));
        }
    };
    Ok((Outputs { predictions, logits: logits.unwrap_or_default() }, probabilities))
}

/// # Errors
///
/// Where a prediction is not the class of the largest logit.
pub(super) fn decided(name: &str, by: &str, stated: &[u16], logits: &[f32], classes: usize) -> Result<()> {
    for (at, (class, row)) in stated.iter().zip(logits.chunks_exact(classes)).enumerate() {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if row[usize::from(*class)] < most {
            return Err(Error::input(format!(
                "array `{name}`, row {at}: class {class}, but the largest of `{by}` is that of class {}",
                largest(row, classes)[0]
            ))
            .help(format!("leave `{name}` out where the largest logit decides")));
        }
    }
    Ok(())
}

fn probable(array: Array, n: usize, k: usize) -> Result<Vec<f64>> {
    let mut values = finite("probabilities", array, &[n, k], n)?;
    for (row, values) in values.chunks_exact_mut(k).enumerate() {
        if let Some(value) = values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return Err(Error::input(format!("array `probabilities`, row {row}: {value} is outside 0 to 1"))
                .help("logits and log-probabilities belong in an array `logits`"));
        }
        let sum: f64 = values.iter().sum();
        if (sum - 1.0).abs() > SLACK {
            return Err(Error::input(format!(
                "array `probabilities`, row {row}: they sum to {sum}, not to 1"
            ))
            .help("write one probability per class"));
        }
        for value in values {
            *value /= sum;
        }
    }
    Ok(values)
}
