//! The facts of a split as somebody states them.

use std::collections::BTreeSet;
use std::path::Path;

use super::arrays::{Array, Arrays, Values};
use super::description::Data;
use crate::error::{Error, Result};
use crate::evidence::{Attribute, Split, SplitFacts};
use crate::files;

/// Reads the facts of `split` from the file at `path`.
///
/// # Errors
///
/// Which array and row is wrong, and what to do.
pub(super) fn read(data: &Data, split: Split, path: &Path) -> Result<SplitFacts> {
    let bytes = files::read(path)?;
    let read = || {
        let mut arrays = Arrays::read(path, &bytes)?;
        let facts = of(data, split, &mut arrays)?;
        arrays.done()?;
        Ok(facts)
    };
    read().map_err(|error: Error| error.context(format!("`{}`", path.display())))
}

fn of(data: &Data, split: Split, arrays: &mut Arrays) -> Result<SplitFacts> {
    let labels =
        arrays.need("labels", "facts need one label per row: integers, places in `classes`, from 0")?;
    let n = match labels.shape.as_slice() {
        [n] if *n > 0 => *n,
        shape => {
            return Err(Error::input(format!("array `labels` has shape {shape:?}"))
                .help("write one label per row, of one row at least"));
        }
    };
    let labels = classes("labels", labels, n, &data.classes)?;
    let rows = match arrays.take("rows") {
        Some(rows) => row_numbers(rows, n)?,
        None => (0..n as u32).collect(),
    };
    let mut attributes = Vec::new();
    for grouping in &data.attributes {
        let name = format!("groups/{}", grouping.name);
        let codes = arrays
            .need(&name, "every attribute in `data` needs the group of every row, −1 where it is missing")?;
        let codes = integers(&name, codes, &[n])?;
        let code = |(row, code): (usize, i64)| match i16::try_from(code) {
            Ok(code) if (-1..grouping.groups.len() as i64).contains(&i64::from(code)) => Ok(code),
            _ => Err(Error::input(format!("array `{name}`, row {row}: there is no group {code}")).help(
                format!(
                    "`{}` has {} groups, which are 0 to {}; −1 where it is missing",
                    grouping.name,
                    grouping.groups.len(),
                    grouping.groups.len() - 1
                ),
            )),
        };
        let codes: Result<Vec<i16>> = codes.into_iter().enumerate().map(code).collect();
        attributes.push(Attribute {
            name: grouping.name.clone(),
            groups: grouping.groups.clone(),
            codes: codes?,
        });
    }
    Ok(SplitFacts {
        split,
        rows,
        labels,
        classes: data.classes.clone(),
        positive: data.positive()?,
        attributes,
        units: None,
    })
}

fn row_numbers(array: Array, n: usize) -> Result<Vec<u32>> {
    let mut seen = BTreeSet::new();
    let number = |(row, number): (usize, i64)| {
        let number = u32::try_from(number).map_err(|_| {
            Error::input(format!("array `rows`, row {row}: {number} is no row number")).help("count from 0")
        })?;
        if seen.insert(number) {
            Ok(number)
        } else {
            Err(Error::input(format!("array `rows`, row {row}: number {number} stands there twice"))
                .help("each row is its own: the same number would be the same row"))
        }
    };
    integers("rows", array, &[n])?.into_iter().enumerate().map(number).collect()
}

/// The array has this shape.
pub(super) fn shaped(name: &str, array: &Array, shape: &[usize]) -> Result<()> {
    if array.shape == shape {
        return Ok(());
    }
    Err(Error::input(format!("array `{name}` has shape {:?}, expected {shape:?}", array.shape))
        .help("axes are (radii,) rows, classes, in this order; rows are those of the facts"))
}

/// Integers of this shape.
pub(super) fn integers(name: &str, array: Array, shape: &[usize]) -> Result<Vec<i64>> {
    shaped(name, &array, shape)?;
    match array.values {
        Values::Integers(values) => Ok(values),
        other => Err(Error::input(format!("array `{name}` holds {}, expected integers", other.words()))
            .help("convert it, such as with `.astype(\"i8\")`")),
    }
}

/// Classes of rows: `n` of them, or `n` for each of several radii.
pub(super) fn classes(name: &str, array: Array, n: usize, classes: &[String]) -> Result<Vec<u16>> {
    let shape = array.shape.clone();
    let class = |(at, class): (usize, i64)| match u16::try_from(class) {
        Ok(class) if usize::from(class) < classes.len() => Ok(class),
        _ => Err(Error::input(format!("array `{name}`, row {}: there is no class {class}", at % n))
            .help(format!("there are {} classes, which are 0 to {}", classes.len(), classes.len() - 1))),
    };
    integers(name, array, &shape)?.into_iter().enumerate().map(class).collect()
}
