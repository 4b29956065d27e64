//! Rows from a safetensors file: `x` (n, …), `y` (n), and optionally `groups` (n) or (n, attributes).

use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::groups::MOST_CLASSES;
use super::raw::{Raw, Values};
use super::split::Given;
use super::{Domain, Feature, Shape};
use crate::error::{Error, Result};
use crate::evidence::Attribute;

/// How the tensors of one file are to be read.
#[derive(Debug, Default)]
pub(crate) struct Layout<'a> {
    /// `[features]`, `[height, width]` or `[channels, height, width]`.
    pub(crate) shape: Option<&'a [usize]>,
    /// Smallest and largest value an adversary may use.
    pub(crate) bounds: Option<[f32; 2]>,
    /// Number of classes.
    pub(crate) classes: Option<usize>,
    /// Names of the columns of `groups`.
    pub(crate) attributes: Vec<String>,
}

/// Reads the rows of the file's `bytes`; `place` names it in errors.
pub(crate) fn read(name: &str, bytes: &[u8], identity: String, layout: &Layout, place: &Path) -> Result<Raw> {
    parse(name, bytes, identity, layout)
        .map_err(|error| error.context(format!("cannot read the rows of `{}`", place.display())))
}

fn parse(name: &str, bytes: &[u8], identity: String, layout: &Layout) -> Result<Raw> {
    let tensors = SafeTensors::deserialize(bytes)
        .map_err(|source| Error::input(format!("it is no safetensors file: {source}")))?;
    let mut names: Vec<&str> = tensors.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let tensor = |name: &str| {
        tensors.tensor(name).map_err(|_| {
            Error::input(format!("it has no tensor `{name}`"))
                .help(format!("rows are tensors `x` and `y`; the file has {}", names.join(", ")))
        })
    };
    let (x, y) = (tensor("x")?, tensor("y")?);
    let n = *x.shape().first().unwrap_or(&0);
    if y.shape() != [n] {
        return Err(Error::input(format!(
            "`y` has shape {:?}, expected [{n}] as `x` has {n} rows",
            y.shape()
        )));
    }
    if n == 0 {
        return Err(Error::input("it has no rows"));
    }
    let shape = shape(layout.shape.unwrap_or(&x.shape()[1..]))?;
    let d = shape.features();
    if x.shape()[1..].iter().product::<usize>() != d {
        return Err(Error::input(format!("`x` has shape {:?}, which is not {d} numbers a row", x.shape())));
    }
    let values = floats("x", &x)?;
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        return Err(Error::input(format!("row {} of `x` holds {}", at / d, values[at])));
    }
    let [lower, upper] = layout.bounds.unwrap_or([f32::NEG_INFINITY, f32::INFINITY]);
    if let Some(at) = values.iter().position(|value| !(lower..=upper).contains(value)) {
        return Err(Error::input(format!(
            "row {} of `x` holds {}, outside {lower} to {upper}",
            at / d,
            values[at]
        ))
        .help("correct `bounds`"));
    }
    let y = integers("y", &y)?;
    let most = y.iter().max().copied().unwrap_or(0);
    let classes = layout.classes.unwrap_or(usize::try_from(most.saturating_add(1)).unwrap_or(0).max(2));
    if classes > MOST_CLASSES {
        return Err(Error::input(format!(
            "there would be {classes} classes, at most {MOST_CLASSES} are supported"
        ))
        .help("`y` holds class numbers, counted from 0"));
    }
    if let Some(row) = y.iter().position(|label| !(0..classes as i64).contains(label)) {
        return Err(Error::input(format!("row {row} of `y` is {}, expected 0 to {}", y[row], classes - 1)));
    }
    let feature = |number: usize| Feature {
        name: format!("x{number}"),
        domain: Domain::Continuous,
        mutable: true,
        lower,
        upper,
        offset: 0.0,
        scale: 1.0,
    };
    let attributes = match tensors.tensor("groups") {
        Ok(groups) => attributes(&groups, n, &layout.attributes)?,
        Err(_) if layout.attributes.is_empty() => Vec::new(),
        Err(_) => {
            return Err(Error::input("it has no tensor `groups`, but sensitive attributes are declared")
                .help("add the tensor, or remove [[sensitive]] from the manifest"));
        }
    };
    Raw {
        name: name.to_owned(),
        identity,
        values: Values::Dense { x: values, shape, features: (1..=d).map(feature).collect() },
        rows: (0..n as u32).collect(),
        labels: y.iter().map(|label| *label as u16).collect(),
        classes: (0..classes).map(|class| class.to_string()).collect(),
        positive: None,
        attributes,
        given: Given::AllTest,
        units: None,
    }
    .check()
}

fn shape(sizes: &[usize]) -> Result<Shape> {
    match *sizes {
        _ if sizes.contains(&0) => Err(Error::input(format!("a row of shape {sizes:?} is empty"))),
        [features] => Ok(Shape::Flat(features)),
        [height, width] => Ok(Shape::Image { channels: 1, height, width }),
        [channels, height, width] => Ok(Shape::Image { channels, height, width }),
        _ => Err(Error::input(format!("a row of shape {sizes:?} is neither a table row nor an image"))
            .help("shapes are [features], [height, width] or [channels, height, width]")),
    }
}

/// Columns of `groups`; negative codes mean missing.
fn attributes(groups: &TensorView, n: usize, names: &[String]) -> Result<Vec<Attribute>> {
    let columns = match *groups.shape() {
        [rows] if rows == n => 1,
        [rows, columns] if rows == n => columns,
        ref other => return Err(Error::input(format!("`groups` has shape {other:?}, expected [{n}, …]"))),
    };
    if !names.is_empty() && names.len() != columns {
        return Err(Error::input(format!(
            "`groups` has {columns} columns, but {} attributes are declared",
            names.len()
        )));
    }
    let codes = integers("groups", groups)?;
    let column = |at: usize| {
        let codes: Vec<i64> = codes.iter().skip(at).step_by(columns).copied().collect();
        let most = codes.iter().max().copied().unwrap_or(-1);
        if most >= i64::from(i16::MAX) {
            return Err(Error::input(format!("`groups` holds {most}: codes are small whole numbers from 0")));
        }
        let fallback = if columns == 1 { "group".to_owned() } else { format!("group{}", at + 1) };
        Ok(Attribute {
            name: names.get(at).cloned().unwrap_or(fallback),
            groups: (0..=most).map(|code| code.to_string()).collect(),
            codes: codes.iter().map(|code| (*code).max(-1) as i16).collect(),
        })
    };
    (0..columns).map(column).collect()
}

/// The numbers of a tensor of single or double precision, rounded to single.
pub(crate) fn floats(name: &str, tensor: &TensorView) -> Result<Vec<f32>> {
    let data = tensor.data();
    match tensor.dtype() {
        Dtype::F32 => Ok(data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        Dtype::F64 => Ok(data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect()),
        other => Err(Error::input(format!("`{name}` holds {other:?}, expected F32 or F64"))),
    }
}

/// The whole numbers of a tensor.
pub(crate) fn integers(name: &str, tensor: &TensorView) -> Result<Vec<i64>> {
    let data = tensor.data();
    match tensor.dtype() {
        Dtype::I64 => Ok(data.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect()),
        Dtype::I32 => Ok(data.as_chunks::<4>().0.iter().map(|b| i64::from(i32::from_le_bytes(*b))).collect()),
        Dtype::I16 => Ok(data.as_chunks::<2>().0.iter().map(|b| i64::from(i16::from_le_bytes(*b))).collect()),
        Dtype::I8 => Ok(data.iter().map(|b| i64::from(b.cast_signed())).collect()),
        Dtype::U8 | Dtype::BOOL => Ok(data.iter().map(|b| i64::from(*b)).collect()),
        Dtype::U16 => Ok(data.as_chunks::<2>().0.iter().map(|b| i64::from(u16::from_le_bytes(*b))).collect()),
        Dtype::U32 => Ok(data.as_chunks::<4>().0.iter().map(|b| i64::from(u32::from_le_bytes(*b))).collect()),
        other => Err(Error::input(format!(
            "`{name}` holds {other:?}, expected whole numbers (signed or unsigned, 8 to 32 bits, or I64)"
        ))),
    }
}
