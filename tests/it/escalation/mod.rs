//! Escalation rules over the history of a results folder: logic, messages, and the commands.

mod course;
mod files;
mod messages;
mod program;

use std::path::{Path, PathBuf};

use equipoise::rules::{self, Course, History, RuleBook};

pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rules").join(name)
}

pub(super) fn text(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}

/// The course of a rule file over a table.
pub(super) fn course(book: &str, table: &str) -> Course {
    let book = RuleBook::parse(book).unwrap_or_else(|error| panic!("{error}\n{book}"));
    let history = History::parse(table.as_bytes()).unwrap();
    rules::evaluate(&book, &history, None, None).unwrap_or_else(|error| panic!("{error}"))
}

/// A table of windows `w1`, `w2`, … with the values of each signal by its name; `None` leaves a row out.
pub(super) fn table(signals: &[(&str, &[Option<f64>])]) -> String {
    let mut text = "window,metric,value\n".to_owned();
    let count = signals.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    for now in 0..count {
        for (metric, values) in signals {
            let value = values.get(now).copied().flatten().map_or_else(String::new, |x| x.to_string());
            text.push_str(&format!("w{},{metric},{value}\n", now + 1));
        }
    }
    text
}

/// Rules over the signals `a` (safety) and `b` (security).
pub(super) fn book(rest: &str) -> String {
    format!(
        "[escalation]\nschema = 1\nlevels = [\"info\", \"watch\", \"alert\"]\n\n\
         [[signal]]\nid = \"a\"\nmetric = \"a\"\ndomain = \"safety\"\n\n\
         [[signal]]\nid = \"b\"\nmetric = \"b\"\ndomain = \"security\"\n\n{rest}"
    )
}

/// `1` where the rule is active, `?` where that is unknown, else `0`; window by window.
pub(super) fn strip(course: &Course, id: &str) -> String {
    let at = course.book.rules.iter().position(|rule| rule.id == id).unwrap();
    let states = course.rules[at].iter();
    states
        .map(|state| match (state.active, state.fires) {
            (true, _) => '1',
            (false, rules::Truth::Unknown) => '?',
            (false, _) => '0',
        })
        .collect()
}
