//! The small print in words: seeds, intervals, what is withheld and why.

use std::collections::BTreeMap;

use crate::measure::{Estimate, MetricKey, Value};
use crate::metrics::{self, Form, NoteKind};

use super::checks;
use super::figure;
use super::format;
use super::headline::point_list;
use super::small_groups;
use super::temperatures;
use super::trivial;
use super::view::View;

/// What is said beneath the answer: what is withheld, what a check found, then the notes of whoever measured.
pub(super) fn all(view: &View) -> Vec<String> {
    let said = withheld(view).into_iter().chain(checks::remarks(view));
    said.map(|remark| format::capitalized(&remark)).chain(view.given.notes.iter().cloned()).collect()
}

/// The same of all numbers on show.
pub(super) fn intervals(view: &View, shown_as: &str) -> String {
    intervals_of(view, &view.shown, shown_as)
}

/// How the interval of one number came about, without what differs from number to number: degrees of freedom, and resamples that were kept.
fn kind(method: &str) -> String {
    let method = method.split([':', ';']).next().unwrap_or_default();
    let method = method.split(", t with").next().unwrap_or_default();
    match method.strip_prefix("percentiles of ").and_then(|rest| rest.split_once(' ')) {
        Some((_, what)) => format!("percentiles of {what}"),
        None => {
            method.split(" over ").next().filter(|_| method.starts_with("exact")).unwrap_or(method).to_owned()
        }
    }
}

/// `in brackets: 95 % intervals (crossed variance components of 3 seeds and 360 rows; gaps: simultaneous over pairs …)`, the commonest kind
/// first, or why there are none.
pub(super) fn intervals_of(view: &View, keys: &[MetricKey], shown_as: &str) -> String {
    let all = || {
        keys.iter().flat_map(|key| {
            let of = move |point| Some((key, &view.measured(point, key)?.estimate));
            (0..view.given.points.len()).filter_map(of)
        })
    };
    let estimates = || all().map(|(_, estimate)| estimate);
    let mut kinds: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    let mut total = 0;
    for (key, estimate) in all().filter(|(_, estimate)| estimate.interval.is_some()) {
        let is_gap = metrics::find(&key.id).is_some_and(|metric| matches!(metric.form, Form::Gap(..)));
        let (count, gaps) = kinds.entry(kind(&estimate.method)).or_insert((0, true));
        (*count, *gaps, total) = (*count + 1, *gaps && is_gap, total + 1);
    }
    let mut kinds: Vec<(String, (usize, bool))> = kinds.into_iter().collect();
    // Gaps are named as such wherever they stand, and so come after what is not named.
    kinds.sort_by_key(|(_, (count, gaps))| (*gaps, std::cmp::Reverse(*count)));
    let words: Vec<String> = kinds
        .iter()
        .enumerate()
        .map(|(at, (kind, (count, gaps)))| match (at, gaps) {
            (0, _) => kind.clone(),
            (_, true) => format!("gaps: {kind}"),
            _ => format!("{count} of {total} numbers: {kind}"),
        })
        .collect();
    let level = estimates().find(|estimate| estimate.interval.is_some()).map(|estimate| estimate.level);
    match level {
        Some(level) => {
            format!("{shown_as}: {:.0} % intervals ({})", 100.0 * level, words.join("; "))
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

/// Trivial models that do as well, what a temperature made worse, small groups, and why each withheld number is withheld, one line per reason.
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
    let first = trivial::remarks(view).into_iter().chain(temperatures::worsened(view));
    lines.splice(0..0, first.chain(small_groups::remarks(view)));
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
    lines.extend(figure::missing_letters(view));
    lines
}
