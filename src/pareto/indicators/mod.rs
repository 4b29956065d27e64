//! One number for a whole front, against a reference point or another set. Each in a file of its own, all in one table.

mod coverage;
mod epsilon;
mod igd_plus;
mod nearest;
mod pair;
mod r2;

pub use coverage::coverage;
pub use epsilon::{additive_epsilon, multiplicative_epsilon, ratios};
pub use igd_plus::igd_plus;
pub use pair::Pair;
pub use r2::{r2, r2_discrete, r2_exact};

use super::costs::Costs;
use super::volume::hypervolume;
use crate::error::{Error, Result};
use crate::measure::Direction;

/// What a front is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// A point that all members are better than.
    ReferencePoint,
    /// A point that no member is better than on any axis.
    UtopianPoint,
    /// Another set of points.
    Set,
}

/// Whether a set that is better in the sense of dominance gets a better number (Zitzler et al., *TEVC* 7(2), 2003).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compliance {
    /// Always: a gate may rest on it.
    Strict,
    /// Never a worse one.
    Weak,
}

/// An indicator: every field is mandatory, so that no direction is ever assumed.
#[derive(Debug, Clone, Copy)]
pub struct Indicator {
    /// The name in files.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// Which way is better.
    pub direction: Direction,
    /// What it needs beside the front.
    pub against: Against,
    /// What a better number means.
    pub compliance: Compliance,
    /// Who defined it.
    pub source: &'static str,
    /// Its value for the first of two sets; [`Against`] says whether the second has a part in it.
    pub measure: fn(&Pair<'_>) -> Result<f64>,
}

/// All indicators.
pub const TABLE: [Indicator; 6] = [
    Indicator {
        id: "hypervolume",
        title: "hypervolume",
        direction: Direction::Higher,
        against: Against::ReferencePoint,
        compliance: Compliance::Strict,
        source: "Zitzler and Thiele, PPSN 1998",
        measure: |pair| hypervolume(pair.of, pair.reference, pair.budget),
    },
    Indicator {
        id: "additive_epsilon",
        title: "additive epsilon",
        direction: Direction::Lower,
        against: Against::Set,
        compliance: Compliance::Weak,
        source: "Zitzler, Thiele, Laumanns, Fonseca and Grunert da Fonseca, TEVC 7(2), 2003",
        measure: |pair| additive_epsilon(&pair.scaled(pair.of)?, &pair.scaled(pair.against)?),
    },
    Indicator {
        id: "multiplicative_epsilon",
        title: "multiplicative epsilon",
        direction: Direction::Lower,
        against: Against::Set,
        compliance: Compliance::Weak,
        source: "Zitzler, Thiele, Laumanns, Fonseca and Grunert da Fonseca, TEVC 7(2), 2003",
        measure: |pair| {
            let ratios = |costs| ratios(costs, pair.directions);
            multiplicative_epsilon(&ratios(pair.of)?, &ratios(pair.against)?)
        },
    },
    Indicator {
        id: "igd_plus",
        title: "IGD+",
        direction: Direction::Lower,
        against: Against::Set,
        compliance: Compliance::Weak,
        source: "Ishibuchi, Masuda, Tanigaki and Nojima, EMO 2015",
        measure: |pair| igd_plus(&pair.scaled(pair.of)?, &pair.scaled(pair.against)?),
    },
    Indicator {
        id: "r2",
        title: "R2",
        direction: Direction::Lower,
        against: Against::UtopianPoint,
        compliance: Compliance::Weak,
        source: "Hansen and Jaszkiewicz 1998; exact in the plane, where it is strictly compliant: Schäpermeier and Kerschke, PPSN 2024",
        measure: |pair| r2(&pair.scaled(pair.of)?, &pair.utopian()),
    },
    Indicator {
        id: "coverage",
        title: "set coverage",
        direction: Direction::Higher,
        against: Against::Set,
        compliance: Compliance::Weak,
        source: "Zitzler and Thiele, TEVC 3(4), 1999",
        measure: |pair| coverage(pair.of, pair.against),
    },
];

/// Two sets on the same axes, neither of them empty, all costs finite.
fn check_pair(of: &Costs<'_>, against: &Costs<'_>) -> Result<()> {
    if of.axes() != against.axes() {
        return Err(Error::input(format!(
            "points on {} axes against points on {}",
            of.axes(),
            against.axes()
        )));
    }
    check_finite(of, "set")?;
    check_finite(against, "reference set")
}

fn check_finite(costs: &Costs<'_>, which: &str) -> Result<()> {
    if costs.is_empty() {
        return Err(Error::input(format!("the {which} is empty")).help("there is nothing to compare"));
    }
    match costs.rows().position(|row| row.iter().any(|x| !x.is_finite())) {
        Some(at) => Err(Error::input(format!("row {at} of the {which} is infinite"))
            .help("leave rows without a finite value out, and say how many they are")),
        None => Ok(()),
    }
}
