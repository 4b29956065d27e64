//! Conditions: `ood_auroc < 0.80 and not S1.active`.
//!
//! ```text
//! expression := all ("or" all)*
//! all        := one ("and" one)*
//! one        := "not" one | "(" expression ")" | term RELATION term | SIGNAL | RULE ".active" | "regressed" "(" TEXT ")"
//! term       := NUMBER | SIGNAL | "delta" "(" SIGNAL "," against ")" | "ratio" "(" SIGNAL "," against ")" | "slope" "(" SIGNAL "," COUNT ")"
//! against    := "baseline" | "prev"
//! RELATION   := "<" | "<=" | ">" | ">="
//! ```

mod lex;
mod parse;

use std::collections::BTreeSet;
use std::ops::Range;

pub use parse::parse;

/// Words that no signal and no rule may be called.
pub(super) const RESERVED: [&str; 10] =
    ["and", "or", "not", "delta", "ratio", "slope", "regressed", "active", "baseline", "prev"];

/// What is wrong with a text, and at which of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// What is wrong, a fragment.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Fault {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// How two terms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Relation {
    /// Whether it holds.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// The window that a change is seen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The window that the rule file names, or the first.
    Baseline,
    /// The window before.
    Previous,
}

/// A number of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Term {
    /// A constant.
    Number(f64),
    /// A signal, by its place in the rule file.
    Signal(usize),
    /// How much larger a signal is than in another window.
    Delta(usize, Against),
    /// How many times as large.
    Ratio(usize, Against),
    /// Change per window of the least-squares line through the last so many windows.
    Slope(usize, usize),
}

impl Term {
    /// The signal that it is made of.
    #[must_use]
    pub fn signal(&self) -> Option<usize> {
        match self {
            Self::Number(_) => None,
            Self::Signal(signal)
            | Self::Delta(signal, _)
            | Self::Ratio(signal, _)
            | Self::Slope(signal, _) => Some(*signal),
        }
    }
}

/// What is asked without `and`, `or` and `not`.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Two terms compared.
    Compare(Term, Relation, Term),
    /// Whether a signal is another number than 0.
    Holds(usize),
    /// Whether a rule, by its place in the rule file, is active in the same window.
    Active(usize),
    /// Whether the gate found worse what the pattern is about.
    Regressed(String),
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A question, with the text it was read from.
    Ask(Question, String),
    /// It does not hold.
    Not(Box<Expression>),
    /// All hold.
    All(Vec<Expression>),
    /// One holds at least.
    Any(Vec<Expression>),
}

impl Expression {
    /// The questions, in the order in which they are written.
    #[must_use]
    pub fn questions(&self) -> Vec<(&Question, &str)> {
        match self {
            Self::Ask(question, text) => vec![(question, text)],
            Self::Not(inner) => inner.questions(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::questions).collect(),
        }
    }

    /// Signals that it asks for, ascending.
    #[must_use]
    pub fn signals(&self) -> BTreeSet<usize> {
        let of = |question: &Question| match question {
            Question::Compare(left, _, right) => [left.signal(), right.signal()],
            Question::Holds(signal) => [Some(*signal), None],
            Question::Active(_) | Question::Regressed(_) => [None, None],
        };
        self.questions().into_iter().flat_map(|(question, _)| of(question)).flatten().collect()
    }

    /// Rules that it rests on, ascending.
    #[must_use]
    pub fn rules(&self) -> BTreeSet<usize> {
        let of = |question: &Question| match question {
            Question::Active(rule) => Some(*rule),
            _ => None,
        };
        self.questions().into_iter().filter_map(|(question, _)| of(question)).collect()
    }
}
