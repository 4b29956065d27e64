//! Escalation rules in a verdict: where each stands in the newest window.

use super::{Story, format};
use crate::rules::{Course, Truth};

/// What [`rows`] has.
pub(super) const HEAD: [&str; 5] = ["rule", "level", "domain", "state", "since"];

/// Every rule and combination: name, level, domain, state, and the window since which it is so.
pub(super) fn rows(course: &Course) -> Vec<[String; 5]> {
    let now = course.newest();
    let label = |since: Option<usize>| since.map_or_else(String::new, |at| course.windows[at].clone());
    let book = &course.book;
    let mut rows: Vec<[String; 5]> = Vec::new();
    for (rule, states) in book.rules.iter().zip(&course.rules) {
        let state = &states[now];
        rows.push([
            rule.id.clone(),
            book.levels[rule.level].clone(),
            rule.domain.map_or("", |domain| domain.word()).to_owned(),
            crate::report::history::told(state).to_owned(),
            label(state.since),
        ]);
    }
    for (combine, states) in book.combines.iter().zip(&course.combines) {
        let state = &states[now];
        let domains: Vec<&str> = combine.domains.iter().map(|domain| domain.word()).collect();
        rows.push([
            combine.id.clone(),
            book.levels[combine.to].clone(),
            domains.join("+"),
            crate::report::history::combined(state.holds).to_owned(),
            label(state.since),
        ]);
    }
    rows
}

/// The same as lines of text.
pub(super) fn table(course: &Course) -> Vec<String> {
    let rows = rows(course);
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0).max(HEAD[column].chars().count())
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    let line = |cells: [&str; 5]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let head = std::iter::once(line(HEAD));
    head.chain(rows.iter().map(|row| line(row.each_ref().map(String::as_str)))).collect()
}

/// Which rules, over which windows, and what they amount to.
pub(super) fn remark(story: &Story<'_>, course: &Course) -> String {
    let (first, last) = (&course.windows[0], &course.windows[course.newest()]);
    let span =
        if course.windows.len() == 1 { format!("`{first}`") } else { format!("`{first}` to `{last}`") };
    format!(
        "rules of `{}` over {} ({span}): {}; it fails from the level `{}` on",
        story.rules.unwrap_or_default(),
        format::count(course.windows.len(), "window"),
        course.word(),
        course.book.levels[course.book.fail]
    )
}

/// How a case of a test report ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Passed,
    Failed,
    Skipped,
}

/// A rule as a case of a test report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) state: State,
    pub(super) word: &'static str,
    pub(super) says: String,
}

/// Every rule and combination. What is active below the level that fails passes, with its reason; what cannot be told is skipped.
pub(super) fn cases(course: &Course) -> Vec<Case> {
    let (now, book) = (course.newest(), &course.book);
    let mut cases = Vec::new();
    for (at, states) in course.rules.iter().enumerate() {
        let (rule, state) = (&book.rules[at], &states[now]);
        let (how, word, says) = if state.active && rule.level >= book.fail {
            (State::Failed, "active", course.firing(at, now))
        } else if state.blind && book.blind >= book.fail {
            (State::Failed, "blind", course.blindness(at, now))
        } else if state.blind {
            (State::Skipped, "unknown", course.blindness(at, now))
        } else if !state.active && state.fires == Truth::Unknown {
            (State::Skipped, "unknown", course.doubt(at, now))
        } else {
            (State::Passed, "quiet", String::new())
        };
        cases.push(Case { id: rule.id.clone(), state: how, word, says });
    }
    for (at, states) in course.combines.iter().enumerate() {
        let (state, word, says) = match states[now].holds {
            Truth::True if book.combines[at].to >= book.fail => {
                (State::Failed, "active", course.combination(at, now))
            }
            Truth::Unknown => (State::Skipped, "unknown", String::new()),
            Truth::True | Truth::False => (State::Passed, "quiet", String::new()),
        };
        cases.push(Case { id: book.combines[at].id.clone(), state, word, says });
    }
    cases
}
