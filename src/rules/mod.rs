//! Escalation rules over the history of a results folder: what is wrong now, since when, and why.
//!
//! Pure functions: a [`RuleBook`] (a TOML text) and a [`History`] (a table of windows) in, a [`Course`] out: of every rule in every window whether it holds, is
//! active, or cannot be told. Logic is three-valued ([`Truth`]): a number that is missing makes a condition unknown, never false, and a rule that is unknown for
//! too long is *blind*, which is told like a firing.

mod book;
mod course;
mod expression;
mod history;
mod kleene;
mod numbers;
mod questions;
mod reading;
mod sentences;
mod settings;

pub use book::{Combine, Domain, End, Rule, RuleBook, Signal};
pub use course::{CombineState, Course, Finding, RuleState, evaluate};
pub use expression::{Against, Expression, Fault, Question, Relation, Term, parse};
pub use history::{COLUMNS, History, Number, Numbers, PRESENT, Window, appended};
pub use kleene::{Truth, at_least};
pub use numbers::{Observation, Quantity};
pub use questions::Endpoint;
pub use sentences::number;
