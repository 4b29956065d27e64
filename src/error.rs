//! The one error type: what went wrong, where, and what to do about it.
//!
//! A message is a lower-case fragment without a full stop. Context is added
//! from the inside out ([`Error::context`]); the command line prints the chain
//! from the outside in, one cause per line, and then the help.

use std::fmt;
use std::path::Path;

/// `Result` with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure this is; the command line maps it to an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bad usage, configuration or input: the user can mend it.
    Input,
    /// Training did not stay finite: recorded for that cell, the sweep goes on.
    Diverged,
    /// Two results cannot be compared, or there is nothing to compare with.
    NotComparable,
    /// Some cells are missing: failed, or interrupted.
    Incomplete,
    /// A check found a value off (the self-test).
    CheckFailed,
    /// A defect of this program.
    Internal,
}

/// A failure with its context and, where there is one, the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    kind: Kind,
    /// Outermost first.
    chain: Vec<String>,
    help: Option<String>,
}

impl Error {
    /// An error of `kind` with one message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, chain: vec![message.into()], help: None }
    }

    /// Bad usage, configuration or input.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// A defect of this program.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// A file operation that the system refused: ``cannot {action} `{path}` ``, then the system's reason.
    #[must_use]
    pub fn io(action: &str, path: &Path, source: &std::io::Error) -> Self {
        Self::input(source.to_string()).context(format!("cannot {action} `{}`", path.display()))
    }

    /// What to do about it; replaces an earlier help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Puts an outer message before the chain: where, or during what.
    #[must_use]
    pub fn context(mut self, outer: impl Into<String>) -> Self {
        self.chain.insert(0, outer.into());
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The messages, outermost first; never empty.
    #[must_use]
    pub fn chain(&self) -> &[String] {
        &self.chain
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain.join(": "))?;
        if let Some(help) = &self.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

/// `", did you mean `x`?"` when a known name is near, else an empty string; for messages about unknown names.
#[must_use]
pub fn did_you_mean<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|name| (edit_distance(unknown, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min()
        .map_or_else(String::new, |(_, name)| format!(", did you mean `{name}`?"))
}

/// The `most` names that are nearest to an unknown one, the nearest first, however far; of several as near those that begin alike.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let alike = |name: &str| unknown.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    let mut all: Vec<&str> = known.into_iter().collect();
    all.sort_by_cached_key(|name| (edit_distance(unknown, name), std::cmp::Reverse(alike(name))));
    all.truncate(most);
    all
}

/// Levenshtein distance in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_where_what_and_the_way_out() {
        let error = Error::input("unknown key `epz`").help("remove it").context("cannot load `a.toml`");
        assert_eq!(error.to_string(), "cannot load `a.toml`: unknown key `epz`\nhelp: remove it");
        assert_eq!(error.chain().len(), 2);
    }

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        assert_eq!(did_you_mean("acuracy", ["accuracy", "gap"]), ", did you mean `accuracy`?");
        assert_eq!(did_you_mean("zzzz", ["accuracy", "gap"]), "");
        assert_eq!(nearest("gab", ["accuracy", "gamma", "gap"], 2), ["gap", "gamma"]);
        assert_eq!(nearest("loss_12", ["loss_1_mean", "loss_12_mean"], 1), ["loss_12_mean"]);
    }
}
