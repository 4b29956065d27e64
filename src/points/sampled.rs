//! What is drawn anew beside the seeds: the rows of a split, or the units that several of them belong to.

use crate::evidence::SplitFacts;
use crate::stats::RowUnits;

/// The rows of a split, as they are drawn.
#[derive(Debug, Clone)]
pub(super) struct Sampled {
    pub(super) units: RowUnits,
    /// What binds rows together.
    name: Option<String>,
}

impl Sampled {
    pub(super) fn of(facts: Option<&SplitFacts>) -> Self {
        match facts.map(|facts| (facts, &facts.units)) {
            Some((_, Some(units))) => {
                Self { units: RowUnits::together(&units.codes), name: Some(units.name.clone()) }
            }
            Some((facts, None)) => Self { units: RowUnits::single(facts.len()), name: None },
            None => Self { units: RowUnits::single(0), name: None },
        }
    }

    /// `500 rows`, or how rows belong together.
    pub(super) fn words(&self) -> String {
        format!("{} rows{}", self.units.rows(), self.together())
    }

    /// What follows a method where rows belong together: `, those of each of 20 `person` drawn together`.
    pub(super) fn together(&self) -> String {
        self.name.as_ref().map_or_else(String::new, |name| {
            format!(", those of each of {} `{name}` drawn together", self.units.units())
        })
    }

    /// How many rows on their own tell at least as much as `rows` of these: as many as there would be if the rows of a unit all said the same.
    pub(super) fn independent(&self, rows: f64) -> f64 {
        if self.name.is_none() {
            rows
        } else {
            rows * self.units.units() as f64 / self.units.rows().max(1) as f64
        }
    }
}
