//! A rule file as it is written, and where in it something is wrong.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::book::{Domain, End};
use super::expression::Fault;
use crate::error::Error;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) escalation: EscalationSettings,
    #[serde(default)]
    pub(super) signal: Vec<SignalSettings>,
    #[serde(default)]
    pub(super) rule: Vec<RuleSettings>,
    #[serde(default)]
    pub(super) combine: Vec<CombineSettings>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EscalationSettings {
    pub(super) schema: Spanned<u32>,
    pub(super) levels: Vec<Spanned<String>>,
    /// The level from which on an active rule fails; the lowest where none is named.
    pub(super) fail: Option<Spanned<String>>,
    #[serde(default)]
    #[expect(dead_code, reason = "there is one word for it, written so that readers see it")]
    pub(super) missing: Missing,
    pub(super) blind_after: Option<Spanned<u32>>,
    /// The level of a blind rule.
    pub(super) blind: Option<Spanned<String>>,
    /// The window that changes are seen from; the first where none is named.
    pub(super) baseline: Option<String>,
}

/// What a missing number makes of a condition.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Missing {
    #[default]
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignalSettings {
    pub(super) id: Spanned<String>,
    pub(super) metric: Spanned<String>,
    pub(super) at: Option<Spanned<String>>,
    pub(super) domain: Option<Spanned<Domain>>,
    #[serde(default)]
    pub(super) side: End,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSettings {
    pub(super) id: Spanned<String>,
    pub(super) level: Spanned<String>,
    pub(super) domain: Option<Domain>,
    pub(super) when: Spanned<String>,
    #[serde(rename = "for")]
    pub(super) lasting: Option<Spanned<String>>,
    pub(super) clear: Option<Spanned<String>>,
    pub(super) because: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CombineSettings {
    pub(super) id: Option<Spanned<String>>,
    pub(super) domains: Spanned<Vec<Domain>>,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    pub(super) because: Option<String>,
}

/// The text of a rule file, to point into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a>(pub(super) &'a str);

impl Source<'_> {
    /// An error about the bytes `at` of the file: line, column, and the line itself with a mark under it.
    pub(super) fn error(self, at: &Range<usize>, message: impl Into<String>) -> Error {
        let start = at.start.min(self.0.len());
        let before = &self.0[..start];
        let line = before.matches('\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.0[start..].find('\n').map_or(self.0.len(), |newline| start + newline);
        let column = self.0[begin..start].chars().count();
        let width = self.0[start..at.end.clamp(start, end)].chars().count().max(1);
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        let whole = self.0[begin..end].trim_end_matches('\r');
        Error::input(format!(
            "at line {line}, column {}\n{gutter} |\n{number} | {whole}\n{gutter} | {}{}\n{}",
            column + 1,
            " ".repeat(column),
            "^".repeat(width),
            message.into()
        ))
    }

    /// The same of a part of a condition. Where the text is written with escapes, its whole is pointed at.
    pub(super) fn fault(self, condition: &Spanned<String>, fault: Fault) -> Error {
        let span = condition.span();
        let text = condition.get_ref();
        let raw = self.0.get(span.clone()).unwrap_or_default();
        let at = match raw.find(text.as_str()).filter(|_| !text.is_empty()) {
            Some(offset) => span.start + offset + fault.at.start..span.start + offset + fault.at.end,
            None => span,
        };
        let error = self.error(&at, fault.message);
        match fault.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}
