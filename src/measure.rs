//! The words of a measurement: what caused the harm, what was harmed, in which
//! unit, which way is better, how sure we are.
//!
//! A number is right, or marked as a bound, or withheld with a reason:
//! [`Value::Undefined`] is a value, never 0 and never NaN.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What caused the harm that a metric states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Nobody intended it: error, shift, bias.
    Unintended,
    /// An adversary intended it.
    Intended,
}

/// What was harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harm {
    /// The task is done less well.
    Performance,
    /// Some people or classes bear more of it.
    Unfairness,
    /// The system misjudges its own reliability.
    Unreliability,
    /// Something secret is learned.
    Confidentiality,
    /// The output is made wrong.
    Integrity,
    /// The service is denied.
    Availability,
}

impl Harm {
    fn is_security(self) -> bool {
        matches!(self, Self::Confidentiality | Self::Integrity | Self::Availability)
    }
}

/// The side of the trade-off that a metric belongs to; it follows from cause and harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pillar {
    /// Unintended harm.
    Safety,
    /// Intended harm to confidentiality, integrity or availability.
    Security,
    /// An intended cause with a safety harm, such as unfairness under attack.
    Hybrid,
}

impl Pillar {
    /// The pillar of a metric that states `harm` from `cause`.
    #[must_use]
    pub fn of(cause: Cause, harm: Harm) -> Self {
        match (cause, harm.is_security()) {
            (Cause::Unintended, _) => Self::Safety,
            (Cause::Intended, true) => Self::Security,
            (Cause::Intended, false) => Self::Hybrid,
        }
    }

    /// The word shown to people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Security => "security",
            Self::Hybrid => "hybrid",
        }
    }
}

/// Which way is better. There is deliberately no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

impl Direction {
    /// `value` turned so that less is always better; −0 becomes 0. The only place that knows about signs.
    #[must_use]
    pub fn as_cost(self, value: f64) -> f64 {
        match self {
            Self::Higher => -value + 0.0,
            Self::Lower => value + 0.0,
        }
    }

    /// The words shown beside an axis.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Higher => "higher is better",
            Self::Lower => "lower is better",
        }
    }
}

/// The unit of a value as stored; formatting is the report's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A share, 0 to 1; differences are said in percentage points.
    Fraction,
    /// A quotient without a unit.
    Ratio,
    /// Natural logarithm units.
    Nats,
    /// Squared natural logarithm units: of differences of logits.
    SquaredNats,
    /// A distance in the threat model's feature space.
    Distance,
}

impl Unit {
    /// The words shown to people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fraction => "fraction",
            Self::Ratio => "ratio",
            Self::Nats => "nats",
            Self::SquaredNats => "squared nats",
            Self::Distance => "distance",
        }
    }

    /// What a difference is multiplied by for people, and what they count it in: one, and several.
    #[must_use]
    pub fn counted(self) -> (f64, &'static str, &'static str) {
        match self {
            Self::Fraction => (100.0, "point", "points"),
            Self::Ratio | Self::Distance => (1.0, "unit", "units"),
            Self::Nats => (1.0, "nat", "nats"),
            Self::SquaredNats => (1.0, "nat²", "nats²"),
        }
    }

    /// What a quotient of `self` by `other`, both as stored, is multiplied by so that it is of what people count.
    #[must_use]
    pub fn per(self, other: Self) -> f64 {
        self.counted().0 / other.counted().0
    }
}

/// How a value relates to the truth it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The quantity itself (up to sampling).
    Exact,
    /// The truth is at most this (robust accuracy under a tried attack).
    Upper,
    /// The truth is at least this (a certificate).
    Lower,
    /// Neither: for instance a gap between two upper bounds.
    Neither,
}

/// The norm of a threat model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// Largest absolute change of a feature.
    Linf,
    /// Euclidean length of the change.
    L2,
    /// Sum of the absolute changes.
    L1,
}

impl Norm {
    /// The word used in keys and configs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Linf => "linf",
            Self::L2 => "l2",
            Self::L1 => "l1",
        }
    }

    /// The sign shown to people.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Linf => "L∞",
            Self::L2 => "L2",
            Self::L1 => "L1",
        }
    }
}

/// A finite number, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A finite number.
    Defined(f64),
    /// Why there is no number.
    Undefined(String),
}

impl Value {
    /// `x` where it is finite, else undefined with a reason that says so.
    #[must_use]
    pub fn finite(x: f64) -> Self {
        if x.is_finite() { Self::Defined(x) } else { Self::Undefined(format!("the result is {x}")) }
    }

    /// Undefined for this reason.
    pub fn undefined(reason: impl Into<String>) -> Self {
        Self::Undefined(reason.into())
    }

    /// The number, where there is one.
    #[must_use]
    pub fn get(&self) -> Option<f64> {
        match self {
            Self::Defined(x) => Some(*x),
            Self::Undefined(_) => None,
        }
    }

    /// The reason, where there is no number.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Defined(_) => None,
            Self::Undefined(reason) => Some(reason),
        }
    }
}

/// A value with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The point estimate, in the metric's unit.
    pub value: Value,
    /// The interval `(low, high)` at `level`, where one could be computed.
    pub interval: Option<(f64, f64)>,
    /// Nominal coverage of the interval, such as 0.95.
    pub level: f64,
    /// How the interval was made, or why there is none; shown to people.
    pub method: String,
    /// Rows (or other units) that the value rests on.
    pub n: usize,
    /// How the value relates to the truth it stands for.
    pub bound: Bound,
}

/// Names one measured number: `id[@group][!protocol:norm:epsilon]`.
///
/// The same text is used in TOML, CSV columns, `--max`, gates and reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricKey {
    /// The metric's id in the catalog.
    pub id: String,
    /// The sensitive attribute, group or class that the number is about.
    pub group: Option<String>,
    /// The attack that the number holds under.
    pub attack: Option<AttackKey>,
}

/// The part of a [`MetricKey`] behind the `!`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttackKey {
    /// The attack protocol: a name or a hash of all its settings.
    pub protocol: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Radius, as the shortest decimal text that reads back to the same number.
    pub epsilon: String,
}

impl AttackKey {
    /// A key part for `protocol` at radius `epsilon`.
    #[must_use]
    pub fn new(protocol: &str, norm: Norm, epsilon: f64) -> Self {
        Self { protocol: protocol.to_owned(), norm, epsilon: epsilon.to_string() }
    }

    /// The radius as a number.
    #[must_use]
    pub fn epsilon(&self) -> f64 {
        self.epsilon.parse().expect("an attack key holds a number")
    }
}

impl MetricKey {
    /// A key without group and attack.
    #[must_use]
    pub fn plain(id: &str) -> Self {
        Self { id: id.to_owned(), group: None, attack: None }
    }

    /// The group alone, of `attribute=group`; of a class, or of a whole attribute, all of it.
    #[must_use]
    pub fn member(part: &str) -> &str {
        part.split_once('=').map_or(part, |(_, name)| name)
    }
}

impl fmt::Display for MetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        if let Some(group) = &self.group {
            write!(f, "@{group}")?;
        }
        if let Some(attack) = &self.attack {
            write!(f, "!{}:{}:{}", attack.protocol, attack.norm.word(), attack.epsilon)?;
        }
        Ok(())
    }
}

impl FromStr for MetricKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |what: &str| {
            Error::input(format!("`{text}` is not a metric key: {what}"))
                .help("write `id`, `id@group`, or `id!protocol:norm:epsilon`")
        };
        let (head, attack) = match text.split_once('!') {
            None => (text, None),
            Some((head, tail)) => {
                let mut parts = tail.rsplitn(3, ':');
                let epsilon = parts.next().unwrap_or_default();
                let norm = parts.next().ok_or_else(|| bad("the part after `!` needs a norm"))?;
                let protocol = parts.next().ok_or_else(|| bad("the part after `!` needs a protocol"))?;
                let norm = match norm {
                    "linf" => Norm::Linf,
                    "l2" => Norm::L2,
                    "l1" => Norm::L1,
                    other => return Err(bad(&format!("unknown norm `{other}`"))),
                };
                let number: f64 = epsilon.parse().map_err(|_| bad("epsilon is not a number"))?;
                if !(number.is_finite() && number >= 0.0) {
                    return Err(bad("epsilon must be finite and at least 0"));
                }
                (head, Some(AttackKey::new(protocol, norm, number)))
            }
        };
        let (id, group) = match head.split_once('@') {
            None => (head, None),
            Some((id, group)) => (id, Some(group.to_owned())),
        };
        if id.is_empty() {
            return Err(bad("the id is empty"));
        }
        Ok(Self { id: id.to_owned(), group, attack })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pillar_follows_from_cause_and_harm() {
        assert_eq!(Pillar::of(Cause::Unintended, Harm::Performance), Pillar::Safety);
        assert_eq!(Pillar::of(Cause::Intended, Harm::Integrity), Pillar::Security);
        assert_eq!(Pillar::of(Cause::Intended, Harm::Unfairness), Pillar::Hybrid);
    }

    #[test]
    fn keys_read_back_as_written() {
        for text in
            ["accuracy", "true_positive_rate@sex=Female", "robust_accuracy!pgd-1f2e:linf:0.2", "a@b!c:l2:0.5"]
        {
            assert_eq!(text.parse::<MetricKey>().unwrap().to_string(), text);
        }
        for text in ["", "a!b", "a!b:linf", "a!b:l7:0.1", "a!b:linf:-1", "@x"] {
            assert!(text.parse::<MetricKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn minus_zero_costs_the_same_as_zero() {
        assert_eq!(Direction::Higher.as_cost(0.0).to_bits(), Direction::Lower.as_cost(-0.0).to_bits());
    }

    #[test]
    fn a_value_is_never_nan() {
        assert_eq!(Value::finite(f64::NAN).get(), None);
        assert_eq!(Value::finite(0.5).get(), Some(0.5));
    }
}
