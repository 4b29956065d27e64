//! The small print in words: seeds, intervals, what is withheld and why.

use std::collections::BTreeMap;

use crate::measure::Value;

use super::format;
use super::view::View;

/// `in brackets: 95 % intervals (crossed variance components of 3 seeds and 360 rows)`, or why there are none.
pub(super) fn intervals(view: &View, shown_as: &str) -> String {
    let estimates = || {
        view.shown.iter().flat_map(|key| {
            (0..view.given.points.len()).filter_map(|point| Some(&view.measured(point, key)?.estimate))
        })
    };
    // What stands behind the comma of a method (degrees of freedom) differs from number to number.
    let kind = |method: &str| method.split(',').next().unwrap_or_default().to_owned();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for estimate in estimates().filter(|estimate| estimate.interval.is_some()) {
        *counts.entry(kind(&estimate.method)).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(_, count)| **count);
    let level = estimates().find(|estimate| estimate.interval.is_some()).map(|estimate| estimate.level);
    match (most, level) {
        (Some((method, _)), Some(level)) => {
            format!("{shown_as}: {:.0} % intervals ({method})", 100.0 * level)
        }
        _ => estimates()
            .find(|estimate| estimate.value.get().is_some())
            .map_or_else(|| "no intervals".to_owned(), |estimate| estimate.method.clone()),
    }
}

/// `3 seeds`, or `2 to 3 seeds`.
pub(super) fn seeds(view: &View) -> String {
    match view.seed_range() {
        (low, high) if low == high => format::count(high, "seed"),
        (low, high) => format!("{low} to {high} seeds"),
    }
}

/// Why each withheld number is withheld, one line per reason.
pub(super) fn withheld(view: &View) -> Vec<String> {
    let mut reasons: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for key in view.keys() {
        for point in 0..view.given.points.len() {
            if let Some(Value::Undefined(reason)) = view.measured(point, &key).map(|m| &m.estimate.value) {
                reasons
                    .entry((view.title(&key), reason.clone()))
                    .or_default()
                    .push(view.labels[point].clone());
            }
        }
    }
    let whom = |labels: &[String]| {
        if labels.len() == view.given.points.len() { "all points".to_owned() } else { format::list(labels) }
    };
    // What withholds one number often withholds many.
    let mut alike: BTreeMap<(String, Vec<String>), Vec<String>> = BTreeMap::new();
    for ((title, reason), labels) in reasons {
        alike.entry((reason, labels)).or_default().push(title);
    }
    let mut lines: Vec<String> = alike
        .into_iter()
        .map(|((reason, labels), titles)| {
            let what = match titles.as_slice() {
                [one] => format!("{one} is"),
                [one, other] => format!("{one} and {other} are"),
                [first, rest @ ..] => format!("{first} and {} more are", format::count(rest.len(), "number")),
                [] => String::new(),
            };
            format!("{what} undefined at {}: {reason}", whom(&labels))
        })
        .collect();
    lines.sort();
    let mut notes: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for key in &view.shown {
        for point in 0..view.given.points.len() {
            for note in view.measured(point, key).map_or(&[][..], |measured| &measured.notes) {
                notes.entry((view.title(key), note.clone())).or_default().push(view.labels[point].clone());
            }
        }
    }
    lines.extend(
        notes.into_iter().map(|((title, note), labels)| format!("{title} at {}: {note}", whom(&labels))),
    );
    lines.extend(
        view.given
            .front
            .excluded
            .iter()
            // The headlines tell of degenerate points.
            .filter(|(point, _)| view.given.points[*point].degenerate.is_none())
            .map(|(point, reason)| format!("{} is left out of the front: {reason}", view.long_label(*point))),
    );
    lines
}
