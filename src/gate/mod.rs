//! The gate: whether a trade-off curve got worse than its baseline.
//!
//! Pure functions: two [`Side`]s in, a [`Verdict`] out. [`compare`] says whether the two can be compared, whether anything is missing and
//! whether anything differs at all; [`examine`] tests every number that is gated, the hypervolume and the epsilon indicator together;
//! [`conclude`] weighs in what was found out since (a confirmation on fresh seeds, cross-checks of gains) and says the word.

mod assess;
mod compare;
mod conclude;
mod confirm;
mod endpoints;
mod escalate;
mod overlay;
mod require;
mod side;
mod verdict;

pub use crate::requirement::Requirement;
pub use assess::{Assessed, Examination, State, examine};
pub use compare::{Comparison, Difference, compare};
pub use conclude::{Later, conclude, error, incomplete, not_comparable};
pub use confirm::{Confirmation, Confirmed, confirm};
pub use endpoints::{Endpoint, Subject};
pub use escalate::{looked_at, unjudged};
pub use overlay::{Overlaid, Overlay, Place, overlay};
pub use require::{Held, Holds, hold};
pub use side::{Gated, Sampled, Side};
pub use verdict::{CrossCheck, Shape, Verdict, Word};

use serde::{Deserialize, Serialize};

use crate::measure::Pillar;

/// What must be shown for the gate to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Fail where a regression beyond the margin is shown: for every change.
    Detect,
    /// Fail unless every endpoint is shown to be no worse than its margin: for releases and safety metrics.
    Certify,
}

impl Policy {
    /// The word used in files and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Certify => "certify",
        }
    }
}

/// How the two sides are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Probability of a false alarm, over all endpoints together; between 0 and 0.5.
    pub alpha: f64,
    /// What must be shown.
    pub policy: Policy,
    /// The hypervolume may fall so far, as a share of the box between reference and ideal.
    pub hypervolume_margin: f64,
    /// The epsilon indicator may rise so far, in shares of the axes.
    pub epsilon_margin: f64,
    /// The pillar that the change claims to improve, where it claims so.
    pub claim: Option<Pillar>,
}

/// Power at which the smallest detectable change is stated.
pub const POWER: f64 = 0.8;

/// The margin where none is set: half a percentage point.
pub const DEFAULT_MARGIN: f64 = 0.005;

/// The level where none is set.
pub const DEFAULT_ALPHA: f64 = 0.05;
