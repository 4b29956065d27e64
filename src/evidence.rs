//! What was observed, as plain arrays: per-row facts of one model on one split.
//!
//! Evidence is all that judging ever sees. It holds no tensors and no file
//! handles; metrics are pure functions of it and of row weights.

mod explanations;
mod facts;
mod shift;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::files;
use crate::measure::Norm;

pub use explanations::{AttributionFacts, ExplanationFacts, Explanations, importance};
pub use facts::{Attribute, Split, SplitFacts, Units};
pub use shift::{Company, LabelShift, OodFacts, Peer, Shift, ShiftFacts, TableFacts};

/// A class that nobody stated, in the place of a prediction; equal to no class. Imported attacks may say that a row fell and not what it was
/// taken for.
pub const UNSTATED: u16 = u16::MAX;

/// What a model said at one input per row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outputs {
    /// `n` predicted classes: the largest logit, the lowest class on ties.
    pub predictions: Vec<u16>,
    /// `n × classes` logits, row-major.
    pub logits: Vec<f32>,
}

/// What one attack (or the union of all) did to a model at one radius.
///
/// Rows that were wrong already keep the clean output at both iterates.
#[derive(Debug, Clone, PartialEq)]
pub struct EvasionFacts {
    /// The attack's name in the experiment, or [`UNION`].
    pub attack: String,
    /// The protocol: hash of the attack's settings (of all, for the union); epsilon, seed and rows are no part of it.
    pub protocol: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Radius of the threat model.
    pub epsilon: f64,
    /// Whether the attack computes the exact worst case (linear models), so that the robust accuracy is no mere upper bound.
    pub exact: bool,
    /// `n` flags: this attack took the row on, at this radius.
    pub tried: Vec<bool>,
    /// What this attack asked of the model, at this radius.
    pub effort: Effort,
    /// `n` flags: still classified correctly at every point tried (false where wrong already). In a cascade the attacks before count as well.
    pub standing: Vec<bool>,
    /// `n` distances (in the norm) of the first success; 0 where wrong already, infinite where still standing; NaN where it fell and nobody
    /// stated the distance.
    pub distance: Vec<f32>,
    /// Outputs at the first success (where still standing: at the largest loss).
    pub first_success: Outputs,
    /// Outputs at the largest cross-entropy found.
    pub max_loss: Outputs,
}

/// What an attack asked of a model, in rows: a pass over 64 rows counts 64. Unlike its results, FAB's counts depend on company: a pass that
/// one row needs takes its neighbors along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Forward passes.
    pub forwards: u64,
    /// Backward passes, to the input.
    pub backwards: u64,
}

/// The name of the worst case over all attacks tried.
pub const UNION: &str = "union";

/// What one deterministic certificate (or the union of all) proves of a model at one radius.
#[derive(Debug, Clone, PartialEq)]
pub struct CertificateFacts {
    /// The certificate's kind, or [`UNION`].
    pub certificate: String,
    /// The protocol: hash of the certificate's settings (of all, for the union); epsilon and rows are no part of it.
    pub protocol: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Radius of the threat model.
    pub epsilon: f64,
    /// `n` flags: right as it is, and proven to be right at every point that the threat model allows.
    pub certified: Vec<bool>,
}

/// What is known of a model's majority vote under Gaussian noise: another predictor than the model itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothedFacts {
    /// The protocol: hash of the certificate's settings.
    pub protocol: String,
    /// Standard deviation of the noise.
    pub sigma: f64,
    /// The probability with which a row's prediction or radius may be wrong.
    pub alpha: f64,
    /// `n` predicted classes; none where the vote is too close to call.
    pub predictions: Vec<Option<u16>>,
    /// `n` radii in L2: at every distance below it the vote is the same; 0 where it abstains.
    pub radius: Vec<f64>,
    /// What an attack on the vote left, radii ascending.
    pub attacked: Vec<SmoothedAttack>,
}

/// What an attack on the majority vote left at one radius, in L2.
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothedAttack {
    /// Radius of the threat model.
    pub epsilon: f64,
    /// `n` flags: the vote is right as it is and at every point tried.
    pub standing: Vec<bool>,
}

impl SmoothedFacts {
    /// Whether the vote on `row` is right (`label`) and proven to stay so within `epsilon`, that distance included.
    #[must_use]
    pub fn certifies(&self, row: usize, label: u16, epsilon: f64) -> bool {
        self.predictions[row] == Some(label) && self.radius[row] > epsilon
    }
}

/// All that certificates say of one model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Certificates {
    /// One entry per (deterministic certificate, radius), then their union at every radius; radii ascending.
    pub proven: Vec<CertificateFacts>,
    /// One entry per smoothing.
    pub smoothed: Vec<SmoothedFacts>,
}

impl Certificates {
    /// The same and, behind what single certificates prove, what they prove together: a row is certified where any of them certifies it.
    #[must_use]
    pub fn of(mut proven: Vec<CertificateFacts>, smoothed: Vec<SmoothedFacts>) -> Self {
        let protocol = union_protocol(proven.iter().map(|facts| facts.protocol.clone()));
        let mut unions: Vec<CertificateFacts> = Vec::new();
        for facts in &proven {
            let same = |union: &&mut CertificateFacts| {
                union.norm == facts.norm && union.epsilon.to_bits() == facts.epsilon.to_bits()
            };
            if let Some(union) = unions.iter_mut().find(same) {
                union.certified.iter_mut().zip(&facts.certified).for_each(|(any, one)| *any |= *one);
            } else {
                let (certificate, protocol) = (UNION.to_owned(), protocol.clone());
                unions.push(CertificateFacts { certificate, protocol, ..facts.clone() });
            }
        }
        unions.sort_by(|a, b| a.epsilon.total_cmp(&b.epsilon));
        proven.extend(unions);
        Self { proven, smoothed }
    }

    /// What all deterministic certificates prove together, radius by radius.
    pub fn unions(&self) -> impl Iterator<Item = &CertificateFacts> {
        self.proven.iter().filter(|facts| facts.certificate == UNION)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.proven.is_empty() && self.smoothed.is_empty()
    }
}

/// 8 hexadecimal digits that name several certificates together; their order does not matter.
#[must_use]
pub fn union_protocol(protocols: impl IntoIterator<Item = String>) -> String {
    let all: BTreeSet<String> = protocols.into_iter().collect();
    files::sha256(serde_json::json!({ "certificates": all }).to_string().as_bytes())[..8].to_owned()
}

/// 8 hexadecimal digits that name several stated attacks together; their order does not matter.
#[must_use]
pub fn union_of_attacks(protocols: impl IntoIterator<Item = String>) -> String {
    let all: BTreeSet<String> = protocols.into_iter().collect();
    files::sha256(serde_json::json!({ "stated": all }).to_string().as_bytes())[..8].to_owned()
}

/// What one sanity check of an evaluation saw: numbers and words, no verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The check's id, such as `black-box`.
    pub check: String,
    /// The numbers.
    pub seen: Seen,
    /// What was seen, or why there was nothing to see: a lower-case fragment for people.
    pub words: String,
}

/// The numbers that a sanity check saw.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Seen {
    /// So many of so many were not as they should be.
    Count {
        /// Not as they should be.
        hits: u64,
        /// All that were looked at.
        of: u64,
        /// The share that is to be expected, where the data decide it.
        #[serde(default)]
        chance: Option<f64>,
    },
    /// A finite number.
    Number(f64),
    /// The check does not apply.
    NotApplicable,
    /// The check could not be carried out: the model's outputs or gradients are not finite.
    Broken,
}

/// The id of the check whether attacks on the majority vote and its certificates agree.
pub const SMOOTHED_SANDWICH: &str = "smoothed-sandwich";

/// What a sanity check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// As it should be.
    Pass,
    /// The number stands, and a reader should know.
    Warn,
    /// The number is withheld.
    Fail,
    /// Nothing to check.
    NotApplicable,
}

impl Status {
    /// The word used in files and shown to people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// The verdict of one sanity check on one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The check's id, such as `black-box`.
    pub check: String,
    /// The check's number.
    pub number: u32,
    /// What it came to.
    pub status: Status,
    /// What was measured, in the threshold's unit.
    pub measured: Option<f64>,
    /// Where it fails; of a check that only warns, where it warns.
    pub threshold: Option<f64>,
    /// What was seen and, where not all is well, what to do: one sentence.
    pub says: String,
    /// Whether the user has released the number by name although the check failed.
    pub released: bool,
}

impl Finding {
    /// Whether the numbers under attack may not be shown.
    #[must_use]
    pub fn withholds(&self) -> bool {
        self.status == Status::Fail && !self.released
    }

    /// Whether it is about the model's majority vote under noise, not about the model.
    #[must_use]
    pub fn is_of_the_vote(&self) -> bool {
        self.check == SMOOTHED_SANDWICH
    }
}

/// All that is known of one model on one split.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Facts shared by all models.
    pub facts: Arc<SplitFacts>,
    /// Outputs on the unchanged rows.
    pub clean: Outputs,
    /// `n × classes` probabilities on the unchanged rows, row-major, where someone stated them in place of logits; each row sums to 1.
    pub probabilities: Option<Vec<f64>>,
    /// What logits are divided by before they become probabilities, where it was fitted; above 0.
    pub temperature: Option<f64>,
    /// One entry per (attack, norm, epsilon), the unions included.
    pub evasion: Vec<EvasionFacts>,
    /// What is proven.
    pub certificates: Certificates,
    /// What explanations came to, where they were asked for.
    pub explanations: Option<Explanations>,
    /// What is said under distribution shift.
    pub shift: Shift,
    /// The verdicts of the sanity checks on how the model was attacked.
    pub checks: Vec<Finding>,
}

impl Evidence {
    /// What a model says on the unchanged rows, and nothing more.
    #[must_use]
    pub fn of(facts: Arc<SplitFacts>, clean: Outputs) -> Self {
        Self {
            facts,
            clean,
            probabilities: None,
            temperature: None,
            evasion: Vec::new(),
            certificates: Certificates::default(),
            explanations: None,
            shift: Shift::default(),
            checks: Vec::new(),
        }
    }

    /// Why no number under attack may be stated, where that is so. What is proven stands all the same.
    #[must_use]
    pub fn withheld(&self) -> Option<String> {
        self.withheld_by(|finding| !finding.is_of_the_vote())
    }

    /// Why nothing may be stated of the majority vote under noise, where that is so.
    #[must_use]
    pub fn withheld_vote(&self) -> Option<String> {
        self.withheld_by(Finding::is_of_the_vote)
    }

    fn withheld_by(&self, concerns: impl Fn(&Finding) -> bool) -> Option<String> {
        let failed = self.checks.iter().filter(|finding| finding.withholds() && concerns(finding));
        let failed: Vec<String> = failed.map(|finding| format!("`{}`", finding.check)).collect();
        match failed.as_slice() {
            [] => None,
            [one] => Some(format!("withheld: check {one} failed")),
            many => Some(format!("withheld: checks {} failed", many.join(", "))),
        }
    }
}
