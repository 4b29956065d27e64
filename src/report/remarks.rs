//! The small print in words: seeds, intervals, what is withheld and why.

use std::collections::BTreeMap;

use crate::measure::{Estimate, Value};
use crate::metrics::{self, NoteKind};

use super::format;
use super::headline::point_list;
use super::small_groups;
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

/// Small groups, and why each withheld number is withheld, one line per reason.
pub(super) fn withheld(view: &View) -> Vec<String> {
    let mut reasons: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for key in view.keys() {
        for point in 0..view.given.points.len() {
            let Some(Estimate { value: Value::Undefined(reason), n, .. }) =
                view.measured(point, &key).map(|measured| &measured.estimate)
            else {
                continue;
            };
            // Of groups without rows it is told attribute by attribute.
            let is_empty_group = *n == 0 && metrics::find(&key.id).is_some_and(|metric| metric.needs.group);
            if !is_empty_group {
                reasons.entry((view.title(&key), reason.clone())).or_default().push(point);
            }
        }
    }
    let whom = |points: &[usize]| {
        if points.len() == view.given.points.len() && points.len() > 1 {
            return "all points".to_owned();
        }
        point_list(view, points)
    };
    // What withholds one number often withholds many.
    let mut alike: BTreeMap<(String, Vec<usize>), Vec<String>> = BTreeMap::new();
    for ((title, reason), points) in reasons {
        alike.entry((reason, points)).or_default().push(title);
    }
    let mut lines: Vec<String> = alike
        .into_iter()
        .map(|((reason, points), titles)| {
            let what = match titles.as_slice() {
                [one] => format!("{one} is"),
                [one, other] => format!("{one} and {other} are"),
                [first, rest @ ..] => format!("{first} and {} are", format::count(rest.len(), "more number")),
                [] => String::new(),
            };
            format!("{what} undefined at {}: {reason}", whom(&points))
        })
        .collect();
    lines.sort();
    lines.splice(0..0, small_groups::remarks(view));
    let mut notes: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for key in &view.shown {
        for point in 0..view.given.points.len() {
            let noted = view.measured(point, key).map_or(&[][..], |measured| &measured.notes);
            for note in noted.iter().filter(|note| metrics::note_kind(note) == NoteKind::Other) {
                notes.entry((view.title(key), note.clone())).or_default().push(point);
            }
        }
    }
    let mut alike: BTreeMap<(String, Vec<usize>), Vec<String>> = BTreeMap::new();
    for ((title, note), points) in notes {
        alike.entry((note, points)).or_default().push(title);
    }
    let mut noted: Vec<String> = alike
        .into_iter()
        .map(|((note, points), titles)| format!("{} at {}: {note}", format::list(&titles), whom(&points)))
        .collect();
    noted.sort();
    lines.extend(noted);
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
