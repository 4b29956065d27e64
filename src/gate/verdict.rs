//! The verdict and its parts.

use super::assess::Examination;
use super::compare::Difference;
use super::confirm::Confirmation;
use super::require::Held;
use crate::rules::Course;

/// The verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Every gated value is the same, bit for bit.
    Identical,
    /// Values or points differ; no change is shown, and every number is shown to be no worse than its margin.
    NoChange,
    /// Better beyond a margin somewhere, worse nowhere, and no worse in the other pillar.
    Improved,
    /// Changes are shown, all within their margins.
    ChangedWithinMargin,
    /// Worse beyond a margin somewhere.
    Regressed,
    /// A gain in an upper bound that the attack explains better than the model.
    Suspect,
    /// A required limit is broken.
    Violated,
    /// Under `certify`: some endpoint is not shown to be no worse than its margin.
    NotCertified,
    /// Too few seeds for so much noise, or a claim that is not shown.
    Inconclusive,
    /// The two sides were not measured alike, or there is no baseline.
    NotComparable,
    /// Cells failed or are missing, points or values that the baseline has, or nothing could be tested.
    Incomplete,
    /// Nothing was judged: bad usage, a damaged file, or a defect of the program.
    Error,
    /// An escalation rule is active (or blind) at the level that fails.
    Escalated,
    /// Without a baseline: no escalation rule is at the level that fails.
    Quiet,
    /// Without a baseline: nothing is at the level that fails, and a rule cannot be told.
    Unknown,
}

impl Word {
    /// Every word.
    pub const ALL: [Self; 15] = [
        Self::Identical,
        Self::NoChange,
        Self::Improved,
        Self::ChangedWithinMargin,
        Self::Regressed,
        Self::Suspect,
        Self::Violated,
        Self::NotCertified,
        Self::Inconclusive,
        Self::NotComparable,
        Self::Incomplete,
        Self::Error,
        Self::Escalated,
        Self::Quiet,
        Self::Unknown,
    ];

    /// The word used in files and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::NoChange => "no-change",
            Self::Improved => "improved",
            Self::ChangedWithinMargin => "changed-within-margin",
            Self::Regressed => "regressed",
            Self::Suspect => "suspect",
            Self::Violated => "violated",
            Self::NotCertified => "not-certified",
            Self::Inconclusive => "inconclusive",
            Self::NotComparable => "not-comparable",
            Self::Incomplete => "incomplete",
            Self::Error => "error",
            Self::Escalated => "escalated",
            Self::Quiet => "quiet",
            Self::Unknown => "unknown",
        }
    }
}

/// How the curve moved, for reviewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Worse somewhere, better nowhere.
    Regressed,
    /// Better somewhere, worse nowhere.
    Improved,
    /// Some worse, some better, the hypervolume within its margin: moved along the curve.
    Slide,
    /// Worse somewhere, better nowhere, the hypervolume within its margin: a local loss.
    Bent,
    /// Some worse, some better, the hypervolume beyond its margin.
    Mixed,
}

impl Shape {
    /// The word used in files and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Regressed => "regressed",
            Self::Improved => "improved",
            Self::Slide => "slide",
            Self::Bent => "bent",
            Self::Mixed => "mixed",
        }
    }
}

/// What looking behind a gain in an upper bound found. Shares of test rows, means over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossCheck {
    /// Position in [`Examination::endpoints`].
    pub endpoint: usize,
    /// How many more rows of the baseline's models stand against the attack of today than against that of the baseline.
    pub weaker: f64,
    /// How many rows that the candidate's own attack left standing fall to the adversarial rows of the baseline's models.
    pub transferred: f64,
    /// How many rows of the baseline's models fall to the same adversarial rows; those that were made for them.
    pub fallen: f64,
}

impl CrossCheck {
    /// Why the gain is no gain, where either finding is larger than `margin`.
    #[must_use]
    pub fn suspicion(&self, margin: f64) -> Option<String> {
        let points = |share: f64| format!("{:.1} points", 100.0 * share);
        let mut reasons = Vec::new();
        if self.weaker > margin {
            reasons.push(format!(
                "the attack of today leaves {} more of the baseline's own rows standing than the baseline recorded",
                points(self.weaker)
            ));
        }
        if self.transferred > margin {
            reasons.push(format!(
                "adversarial rows of the baseline's models break {} that the candidate's own attack left standing",
                points(self.transferred)
            ));
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

/// What the gate says, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The verdict.
    pub word: Word,
    /// How the curve moved, where it did.
    pub shape: Option<Shape>,
    /// Why this word, most important first.
    pub reasons: Vec<String>,
    /// The same with every number spelled out, where there are many; else empty.
    pub reasons_in_full: Vec<String>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// The tests; `None` where none were needed or possible.
    pub examination: Option<Examination>,
    /// Requirements, point by point.
    pub held: Vec<Held>,
    /// Gains in an upper bound, looked behind; `None` where the baseline's results were not at hand.
    pub cross_checks: Option<Vec<CrossCheck>>,
    /// The alarms on fresh seeds, where they were asked again.
    pub confirmation: Option<Confirmation>,
    /// The escalation rules over the history, where they were asked for.
    pub rules: Option<Course>,
    /// The seeds that both sides have.
    pub seeds: Vec<u64>,
    /// Points on both sides.
    pub points: usize,
    /// Points of the baseline alone.
    pub only_baseline: Vec<String>,
    /// Points of the candidate alone.
    pub only_candidate: Vec<String>,
    /// Settings that differ.
    pub settings: Vec<Difference>,
    /// What failed or is missing.
    pub missing: Vec<(String, String)>,
}

impl Verdict {
    /// A verdict without findings.
    pub(super) fn of(word: Word) -> Self {
        Self {
            word,
            shape: None,
            reasons: Vec::new(),
            reasons_in_full: Vec::new(),
            notes: Vec::new(),
            examination: None,
            held: Vec::new(),
            cross_checks: None,
            confirmation: None,
            rules: None,
            seeds: Vec::new(),
            points: 0,
            only_baseline: Vec::new(),
            only_candidate: Vec::new(),
            settings: Vec::new(),
            missing: Vec::new(),
        }
    }
}
