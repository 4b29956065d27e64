//! Facts of a split that all models share: rows, labels, classes, sensitive attributes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The part of the data that evidence is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Rows for fitting.
    Train,
    /// Rows for choosing.
    Validation,
    /// Rows for the figures that are shown.
    Test,
}

impl Split {
    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// A sensitive attribute: the names of its groups and each row's group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Column name, such as `sex`.
    pub name: String,
    /// Group names; a code is an index into them.
    pub groups: Vec<String>,
    /// One code per row; −1 where the value is missing.
    pub codes: Vec<i16>,
}

impl Attribute {
    /// The combinations of two attributes.
    fn crossed(first: &Self, second: &Self) -> Result<Self> {
        let pair = |row: usize| {
            let (a, b) = (first.codes[row], second.codes[row]);
            (a >= 0 && b >= 0).then_some((a, b))
        };
        let present: BTreeSet<(i16, i16)> = (0..first.codes.len()).filter_map(pair).collect();
        let present: Vec<(i16, i16)> = present.into_iter().collect();
        if present.len() > i16::MAX as usize {
            return Err(Error::input(format!(
                "the attributes `{}` and `{}` have {} combinations, more than {} groups",
                first.name,
                second.name,
                present.len(),
                i16::MAX
            ))
            .help("name one of them alone, or put its values together into fewer groups"));
        }
        let name =
            |(a, b): &(i16, i16)| format!("{}*{}", first.groups[*a as usize], second.groups[*b as usize]);
        let code = |row: usize| {
            let place = pair(row).and_then(|pair| present.binary_search(&pair).ok());
            place.map_or(-1, |place| place as i16)
        };
        Ok(Self {
            name: format!("{}*{}", first.name, second.name),
            groups: present.iter().map(name).collect(),
            codes: (0..first.codes.len()).map(code).collect(),
        })
    }
}

/// Facts of a split that all models share: `n` rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitFacts {
    /// Which split.
    pub split: Split,
    /// `n` row numbers in the whole data set.
    pub rows: Vec<u32>,
    /// `n` true classes.
    pub labels: Vec<u16>,
    /// Class names; a label is an index into them.
    pub classes: Vec<String>,
    /// The class that counts as the positive decision, in binary tasks that declare one.
    pub positive: Option<u16>,
    /// Sensitive attributes; may be empty.
    pub attributes: Vec<Attribute>,
    /// Which rows belong together, where rows are no independent draws.
    pub units: Option<Units>,
}

/// Rows that belong together, such as the visits of one patient: what is drawn at random is the unit, with all of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    /// Column name, such as `patient_nbr`.
    pub name: String,
    /// One code per row; rows of one code are of one unit.
    pub codes: Vec<u32>,
}

impl Units {
    /// The units of some rows, by their places.
    #[must_use]
    pub fn of(&self, rows: &[u32]) -> Self {
        Self { name: self.name.clone(), codes: rows.iter().map(|row| self.codes[*row as usize]).collect() }
    }
}

impl SplitFacts {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The same and, where there are several attributes, one more for every pair of them, such as `sex*race`: its groups are the combinations
    /// that have rows, ordered like their parts; a row that lacks either value has none.
    ///
    /// # Errors
    ///
    /// Where two attributes have more combinations than codes can name.
    pub fn with_intersections(mut self) -> Result<Self> {
        let own = self.attributes.len();
        for a in 0..own {
            for b in a + 1..own {
                let crossed = Attribute::crossed(&self.attributes[a], &self.attributes[b])?;
                self.attributes.push(crossed);
            }
        }
        Ok(self)
    }
}
