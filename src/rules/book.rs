//! What a rule file says, checked: signals, rules in an order in which each stands behind those that it rests on, combinations.

use serde::Deserialize;

use super::expression::{Expression, Question};
use crate::measure::Pillar;

/// The side of the trade-off that a signal or a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Unintended harm.
    Safety,
    /// Intended harm.
    Security,
    /// An intended cause with a safety harm.
    Hybrid,
    /// Several of them at once.
    Cross,
}

impl Domain {
    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Security => "security",
            Self::Hybrid => "hybrid",
            Self::Cross => "cross",
        }
    }
}

impl From<Pillar> for Domain {
    fn from(pillar: Pillar) -> Self {
        match pillar {
            Pillar::Safety => Self::Safety,
            Pillar::Security => Self::Security,
            Pillar::Hybrid => Self::Hybrid,
        }
    }
}

/// Which end of a signal's interval is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum End {
    /// The estimate itself.
    #[default]
    #[serde(rename = "point")]
    Point,
    /// The lower end.
    #[serde(rename = "ci_lo")]
    Low,
    /// The upper end.
    #[serde(rename = "ci_hi")]
    High,
}

impl End {
    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Low => "ci_lo",
            Self::High => "ci_hi",
        }
    }
}

/// A number that rules speak of.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Its name in conditions.
    pub id: String,
    /// A metric key, an id where that says enough, or any name of the history.
    pub metric: String,
    /// The point that it is about; none for numbers about the whole, or of the only point.
    pub at: Option<String>,
    /// The side of the trade-off, where it is known.
    pub domain: Option<Domain>,
    /// The end of its interval that is compared.
    pub side: End,
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// Its level, by its place in [`RuleBook::levels`].
    pub level: usize,
    /// The side of the trade-off, where it is known.
    pub domain: Option<Domain>,
    /// When it fires.
    pub when: Expression,
    /// The same as written.
    pub when_text: String,
    /// In how many of the last so many windows the condition must hold.
    pub lasting: (usize, usize),
    /// What must hold for it to end, and the same as written; where there is none it ends when it no longer fires.
    pub clear: Option<(Expression, String)>,
    /// Why it matters, in its author's words.
    pub because: Option<String>,
    /// Signals that it asks for.
    pub signals: Vec<usize>,
    /// Rules that it asks for.
    pub rests_on: Vec<usize>,
}

/// Rules of several domains at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Combine {
    /// Its name.
    pub id: String,
    /// In each of these a rule must be active.
    pub domains: Vec<Domain>,
    /// At this level at least.
    pub from: usize,
    /// The level that this amounts to.
    pub to: usize,
    /// Why it matters, in its author's words.
    pub because: Option<String>,
}

/// A rule file that holds together.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleBook {
    /// Levels, the mildest first.
    pub levels: Vec<String>,
    /// The level from which on an active rule fails.
    pub fail: usize,
    /// The level of a blind rule.
    pub blind: usize,
    /// Windows in a row that a rule may be unknown, before it is blind; at least 1.
    pub blind_after: usize,
    /// The window that changes are seen from; the first where none is named.
    pub baseline: Option<String>,
    /// Signals, as written.
    pub signals: Vec<Signal>,
    /// Rules, as written.
    pub rules: Vec<Rule>,
    /// Places of rules, each behind those that it rests on.
    pub order: Vec<usize>,
    /// Combinations, as written.
    pub combines: Vec<Combine>,
}

impl RuleBook {
    /// The first rule that asks what the gate found against a baseline.
    #[must_use]
    pub fn asks_of_baseline(&self) -> Option<&Rule> {
        let asks = |rule: &&Rule| {
            let clear = rule.clear.iter().flat_map(|(clear, _)| clear.questions());
            let mut questions = rule.when.questions().into_iter().chain(clear);
            questions.any(|(question, _)| matches!(question, Question::Regressed(_)))
        };
        self.rules.iter().find(asks)
    }
}
