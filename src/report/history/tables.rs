//! The course of escalation rules as tables of the page: what was raised, and every window.

use super::{Span, combined, spans, told};
use crate::report::format;
use crate::report::table::{Table, numeric, words};
use crate::rules::{self, Course, Observation};
use crate::words::decimal;

/// What was raised, where anything was; then the windows, the oldest first.
pub(in crate::report) fn tables(course: &Course) -> Vec<(&'static str, Table)> {
    let spans = spans(course);
    let raised = (!spans.is_empty()).then(|| ("history-raised", raised(course, &spans)));
    raised
        .into_iter()
        .chain([("history-windows", windows(course)), ("history-rules", book(course))])
        .collect()
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
    let signals: Vec<Vec<String>> = course.signals.iter().map(|seen| numbers(seen)).collect();
    let row = |(now, label): (usize, &String)| {
        let mut row = vec![label.clone()];
        row.extend(signals.iter().map(|cells| cells[now].clone()));
        row.extend(course.rules.iter().map(|states| told(&states[now]).to_owned()));
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

/// A signal window by window: `0.9674 [0.9529, 0.9819]`, all with as many decimals as any of them needs, four at most.
pub(super) fn numbers(seen: &[Observation]) -> Vec<String> {
    let parts = |one: &Observation| [one.quantity.value, one.quantity.low, one.quantity.high];
    let needed = |x: f64| {
        let text = rules::number(x);
        text.split_once('.').map_or(0, |(_, decimals)| if text.contains('e') { 0 } else { decimals.len() })
    };
    let decimals = seen.iter().flat_map(parts).flatten().map(needed).max().unwrap_or(0);
    let written = |x: f64| {
        let text = rules::number(x);
        if text.contains('e') { text } else { decimal(x, decimals) }
    };
    seen.iter()
        .map(|one| match parts(one) {
            [Some(value), Some(low), Some(high)] => {
                format!("{} [{}, {}]", written(value), written(low), written(high))
            }
            [Some(value), ..] => written(value),
            [None, ..] => "unknown".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Quantity;

    #[test]
    fn numbers_under_one_head_have_as_many_decimals() {
        let seen = |value: Option<f64>, ends: Option<(f64, f64)>| Observation {
            quantity: Quantity {
                value,
                low: ends.map(|it| it.0),
                high: ends.map(|it| it.1),
                ..Quantity::default()
            },
            metric: None,
            point: String::new(),
        };
        let all = [
            seen(Some(0.95), Some((0.9, 0.9529))),
            seen(None, None),
            seen(Some(-0.0), None),
            seen(Some(4e-6), None),
        ];
        assert_eq!(numbers(&all), ["0.9500 [0.9000, 0.9529]", "unknown", "0.0000", "4.000e−6"]);
        assert_eq!(numbers(&all[2..3]), ["0"]);
    }
}
