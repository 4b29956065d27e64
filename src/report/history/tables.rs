//! The course of escalation rules as tables of the page: what was raised, and every window.

use super::{Span, combined, spans, state};
use crate::report::format;
use crate::report::table::{Table, numeric, words};
use crate::rules::{self, Course, Observation};

/// What was raised, where anything was; then the windows, the oldest first.
pub(in crate::report) fn tables(course: &Course) -> Vec<Table> {
    let spans = spans(course);
    let raised = (!spans.is_empty()).then(|| raised(course, &spans));
    raised.into_iter().chain([windows(course), book(course)]).collect()
}

fn raised(course: &Course, spans: &[Span]) -> Table {
    let row = |span: &Span| {
        vec![
            span.name(course).to_owned(),
            span.place(course),
            span.level(course),
            format::capitalized(&span.why(course)),
        ]
    };
    Table {
        title: "What was raised, and why",
        caption: "As it was seen in the first window of each.".to_owned(),
        head: ["rule", "windows", "level", "why"].map(words).into(),
        rows: spans.iter().map(row).collect(),
    }
}

fn windows(course: &Course) -> Table {
    let book = &course.book;
    let mut head = vec![words("window")];
    head.extend(book.signals.iter().map(|signal| numeric(&signal.id)));
    head.extend(book.rules.iter().map(|rule| words(&rule.id)));
    head.extend(book.combines.iter().map(|combine| words(&combine.id)));
    head.push(words("level"));
    let row = |(now, label): (usize, &String)| {
        let mut row = vec![label.clone()];
        row.extend(course.signals.iter().map(|seen| number(&seen[now])));
        row.extend(course.rules.iter().map(|states| state(&states[now]).to_owned()));
        row.extend(course.combines.iter().map(|states| combined(states[now].holds).to_owned()));
        row.push(course.levels[now].map_or_else(String::new, |level| book.levels[level].clone()));
        row
    };
    Table {
        title: "Windows",
        caption: format!(
            "Signals with their intervals in brackets, and where each rule stood; changes against the baseline are seen from window {}.",
            course.windows[course.baseline]
        ),
        head,
        rows: course.windows.iter().enumerate().map(row).collect(),
    }
}

fn book(course: &Course) -> Table {
    let book = &course.book;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for rule in &book.rules {
        let (needed, of) = rule.lasting;
        rows.push(vec![
            rule.id.clone(),
            book.levels[rule.level].clone(),
            rule.when_text.clone(),
            if of == 1 { "this window".to_owned() } else { format!("{needed} of {of} windows") },
            rule.clear.as_ref().map_or_else(String::new, |(_, clear)| clear.clone()),
            rule.because.clone().unwrap_or_default(),
        ]);
    }
    for combine in &book.combines {
        let domains: Vec<String> = combine.domains.iter().map(|domain| domain.word().to_owned()).collect();
        rows.push(vec![
            combine.id.clone(),
            book.levels[combine.to].clone(),
            format!(
                "rules of {} active at once, at {} or above",
                format::list(&domains),
                book.levels[combine.from]
            ),
            "this window".to_owned(),
            String::new(),
            combine.because.clone().unwrap_or_default(),
        ]);
    }
    Table {
        title: "Rules",
        caption: format!(
            "The gate fails from the level {} on. A rule whose condition is unknown for {} is blind ({}): a missing number is never taken for a good one.",
            book.levels[book.fail],
            format::count(book.blind_after, "window"),
            book.levels[book.blind]
        ),
        head: ["rule", "level", "when", "in", "until", "because"].map(words).into(),
        rows,
    }
}

/// A signal in a window: `0.9674 [0.9529, 0.9819]`.
pub(super) fn number(seen: &Observation) -> String {
    let quantity = &seen.quantity;
    let Some(value) = quantity.value else { return "unknown".to_owned() };
    match (quantity.low, quantity.high) {
        (Some(low), Some(high)) => {
            format!("{} [{}, {}]", rules::number(value), rules::number(low), rules::number(high))
        }
        _ => rules::number(value),
    }
}
