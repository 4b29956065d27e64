//! A data set as read, before splitting and encoding.

use super::split::Given;
use super::{Feature, Shape};
use crate::error::{Error, Result};
use crate::evidence::{Attribute, Units};

/// All rows of a data set.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) name: String,
    /// Content and everything that decides how it is read, as text to be hashed.
    pub(crate) identity: String,
    pub(crate) values: Values,
    /// Number of each row in the files, filtered rows counted.
    pub(crate) rows: Vec<u32>,
    pub(crate) labels: Vec<u16>,
    pub(crate) classes: Vec<String>,
    pub(crate) positive: Option<u16>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) given: Given,
    pub(crate) units: Option<Units>,
}

/// The numbers of all rows, in the form in which they take least memory.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    /// Images: whole numbers from 0 to `maximum`.
    Pixels { bytes: Vec<u8>, shape: Shape, maximum: u8 },
    /// Numbers that need no scaling.
    Dense { x: Vec<f32>, shape: Shape, features: Vec<Feature> },
    /// Columns of a table.
    Table(Vec<TableColumn>),
}

/// A feature column of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableColumn {
    pub(crate) name: String,
    pub(crate) mutable: bool,
    pub(crate) cells: Cells,
}

/// The cells of a column.
#[derive(Debug, Clone)]
pub(crate) enum Cells {
    /// Numbers; NaN where missing.
    Numbers { values: Vec<f64>, integer: bool },
    /// Codes into `levels` (in order of appearance).
    Levels { codes: Vec<u32>, levels: Vec<String>, keep: Option<usize> },
}

impl Raw {
    /// Refuses data on which nothing can be learned.
    pub(crate) fn check(self) -> Result<Self> {
        if self.labels.is_empty() {
            return Err(Error::input(format!("data set `{}` has no rows left", self.name))
                .help("loosen its filters, or check its files"));
        }
        let first = self.labels[0];
        if self.given != Given::AllTest && self.labels.iter().all(|label| *label == first) {
            return Err(Error::input(format!(
                "data set `{}` has one class only: all {} rows are `{}`",
                self.name,
                self.labels.len(),
                self.classes[first as usize]
            ))
            .help("check the label column and the filters of its manifest"));
        }
        Ok(self)
    }
}
