//! The course of escalation rules for machines: `history.json`, and the part of `verdict.json` about the newest window.
//! `history.schema.json` beside this file says what is in it.

use serde_json::{Value as Json, json};

use crate::error::{Error, Result};
use crate::rules::{CombineState, Course, Domain, Finding, Observation, RuleState, Truth};

/// Bumped when the layout changes.
const SCHEMA: u32 = 1;

/// The JSON Schema (draft 2020-12) of the file.
pub const SCHEMA_FILE: &str = include_str!("history.schema.json");

/// The file: every window.
pub(super) fn file(course: &Course, rules: &str) -> Result<Vec<u8>> {
    let mut whole = body(course, Some(rules), Json::from, "windows");
    whole["schema"] = SCHEMA.into();
    whole["window_levels"] =
        course.levels.iter().map(|level| level.map(|at| course.book.levels[at].as_str())).collect();
    let mut bytes = serde_json::to_vec_pretty(&whole)
        .map_err(|error| Error::internal(error.to_string()).context("cannot write JSON"))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The newest window alone.
pub(in crate::report) fn newest(course: &Course, rules: Option<&str>) -> Json {
    body(course, rules, |windows| windows.into_iter().next_back().unwrap_or_default(), "state")
}

/// Everything, with the states of each part as `states` makes them of a list by window, under `name`.
fn body(course: &Course, rules: Option<&str>, states: impl Fn(Vec<Json>) -> Json, name: &str) -> Json {
    let book = &course.book;
    let level = |at: usize| book.levels[at].as_str();
    let windows = || 0..course.windows.len();
    let rule_names = |rules: &[usize]| rules.iter().map(|at| book.rules[*at].id.clone()).collect::<Vec<_>>();
    let signals = book.signals.iter().zip(&course.signals).map(|(signal, seen)| {
        let mut one = json!({
            "id": signal.id,
            "metric": signal.metric,
            "at": signal.at,
            "domain": signal.domain.map(Domain::word),
            "side": signal.side.word(),
        });
        one[name] = states(windows().map(|now| observation(course, &seen[now], now)).collect());
        one
    });
    let rules_of = book.rules.iter().enumerate().map(|(at, rule)| {
        let mut one = json!({
            "id": rule.id,
            "level": level(rule.level),
            "domain": rule.domain.map(Domain::word),
            "when": rule.when_text,
            "needed": rule.lasting.0,
            "of": rule.lasting.1,
            "clear": rule.clear.as_ref().map(|(_, text)| text),
            "because": rule.because,
            "signals": rule.signals.iter().map(|at| book.signals[*at].id.as_str()).collect::<Vec<_>>(),
            "rests_on": rule_names(&rule.rests_on),
        });
        one[name] = states(windows().map(|now| rule_state(course, at, now)).collect());
        one
    });
    let combines = book.combines.iter().enumerate().map(|(at, combine)| {
        let mut one = json!({
            "id": combine.id,
            "domains": combine.domains.iter().map(|domain| domain.word()).collect::<Vec<_>>(),
            "from": level(combine.from),
            "to": level(combine.to),
            "because": combine.because,
        });
        one[name] = states(windows().map(|now| combine_state(course, at, now)).collect());
        one
    });
    json!({
        "file": rules,
        "windows": course.windows,
        "baseline": course.windows[course.baseline],
        "levels": book.levels,
        "fail": level(book.fail),
        "blind": level(book.blind),
        "blind_after": book.blind_after,
        "word": course.word(),
        "level": course.level().map(level),
        "fails": course.fails(),
        "signals": signals.collect::<Vec<_>>(),
        "rules": rules_of.collect::<Vec<_>>(),
        "combines": combines.collect::<Vec<_>>(),
        "remarks": course.remarks,
    })
}

fn observation(course: &Course, seen: &Observation, now: usize) -> Json {
    json!({
        "window": course.windows[now],
        "metric": seen.metric,
        "point": seen.point,
        "value": seen.quantity.value,
        "low": seen.quantity.low,
        "high": seen.quantity.high,
        "reason": seen.quantity.reason,
    })
}

fn rule_state(course: &Course, at: usize, now: usize) -> Json {
    let state: &RuleState = &course.rules[at][now];
    let label = |window: usize| course.windows[window].as_str();
    json!({
        "window": label(now),
        "state": super::state(state),
        "condition": state.condition.word(),
        "fires": state.fires.word(),
        "clear": state.clear.map(Truth::word),
        "active": state.active,
        "since": state.since.map(label),
        "held": state.held.iter().map(|window| label(*window)).collect::<Vec<_>>(),
        "unknown_for": state.unknown_for,
        "blind": state.blind,
        "findings": state.findings.iter().map(finding).collect::<Vec<_>>(),
        "clearing": state.clearing.iter().map(finding).collect::<Vec<_>>(),
        "says": super::says(course, at, now),
    })
}

fn finding(finding: &Finding) -> Json {
    json!({ "question": finding.text, "answer": finding.truth.word(), "says": finding.says })
}

fn combine_state(course: &Course, at: usize, now: usize) -> Json {
    let state: &CombineState = &course.combines[at][now];
    json!({
        "window": course.windows[now],
        "holds": state.holds.word(),
        "since": state.since.map(|window| course.windows[window].as_str()),
        "made_of": state.made_of.iter().map(|rule| course.book.rules[*rule].id.as_str()).collect::<Vec<_>>(),
        "says": (state.holds == Truth::True).then(|| course.combination(at, now)),
    })
}
