//! The self-test: train and attack on problems with closed forms, and hold measured against exact.
//!
//! Formulas and their sources are in the parts. Seeds are fixed, so a machine either
//! passes or has something wrong with it.

mod front;
mod linear;
mod published;

use std::fmt;

use crate::error::Result;

/// How far a measured value may be from the exact one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// At most this far.
    Within(f64),
    /// The exact value lies in this interval around the measured one.
    Interval(f64, f64),
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(most) if *most <= 0.0 => f.write_str("equal"),
            Self::Within(most) => write!(f, "±{most:.4}"),
            Self::Interval(low, high) => write!(f, "[{low:.3}, {high:.3}]"),
        }
    }
}

/// One value held against its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The problem.
    pub part: &'static str,
    /// The quantity.
    pub what: String,
    /// What was measured.
    pub measured: f64,
    /// What is exact.
    pub exact: f64,
    /// How far they may be apart.
    pub tolerance: Tolerance,
}

impl Check {
    /// Whether the measured value is close enough.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.tolerance {
            Tolerance::Within(most) => (self.measured - self.exact).abs() <= most,
            Tolerance::Interval(low, high) => (low..=high).contains(&self.exact),
        }
    }
}

/// A group of checks on one problem.
#[derive(Debug)]
pub struct Part {
    /// What is tested, for people.
    pub title: &'static str,
    /// Does it.
    pub run: fn() -> Result<Vec<Check>>,
}

/// All parts, quickest first.
pub const PARTS: &[Part] = &[
    Part { title: "attacks on a linear model against the closed form", run: linear::checks },
    Part { title: "unequal variances (Xu et al. 2021): class errors", run: published::xu },
    Part { title: "robust and weak features (Tsipras et al. 2019): the curve", run: published::tsipras },
    Part { title: "adversarial training against the exact front", run: front::points },
    Part { title: "exchange rates against the exact arcs", run: front::rates },
];

/// Five standard errors of a share of `n` rows around `p`: what sampling alone explains, with room for many checks.
fn sampling(p: f64, n: usize) -> Tolerance {
    Tolerance::Within(5.0 * (p * (1.0 - p) / n as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_off_is_noticed() {
        let check =
            |measured, tolerance| Check { part: "", what: String::new(), measured, exact: 1.0, tolerance };
        assert!(check(1.05, Tolerance::Within(0.1)).holds());
        assert!(!check(1.2, Tolerance::Within(0.1)).holds());
        assert!(!check(f64::NAN, Tolerance::Within(0.1)).holds());
        assert!(check(0.0, Tolerance::Interval(0.9, 1.1)).holds());
        assert!(!check(0.0, Tolerance::Interval(1.1, 1.2)).holds());
    }
}
