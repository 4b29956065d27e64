//! What chance alone would show of a distance between groups, beside the distance: a small gap between small groups says nothing.

use crate::measure::MetricKey;
use crate::metrics::{self, Metric};
use crate::points::ByChance;
use crate::words::whole_of;

use super::format;
use super::headline::point_list;
use super::sizable::{self, Stated, stated};
use super::view::View;

/// What the words beside a gap mean.
pub(super) const MEANING: &str = "By chance alone: what groups or classes of these sizes without any disparity show on average (by permutation), the gap that 95 % of them stay below, and what it takes to see the gap found: of each of the two furthest apart so many rows of the kind that the rate is over, with a two-sided test of two proportions at 5 % and a power of 80 %.";

/// What is known of a point's gap.
pub(super) fn of<'a>(view: &'a View, point: usize, key: &MetricKey) -> Option<&'a ByChance> {
    view.measured(point, key)?.by_chance.as_ref()
}

/// Whether it is known of any point's.
pub(super) fn is_known(view: &View, key: &MetricKey) -> bool {
    (0..view.given.points.len()).any(|point| of(view, point, key).is_some())
}

/// `0.153, below 0.299; 1234 positives`.
pub(super) fn cell(view: &View, point: usize, key: &MetricKey) -> String {
    let Some(chance) = of(view, point, key) else { return "—".to_owned() };
    let (mean, most) = (format::number(chance.expected), format::number(chance.quantile_95));
    let rows = chance.rows_to_see.map_or_else(String::new, |rows| format!("; {}", needed(key, rows)));
    format!("{mean}, below {most}{rows}")
}

/// `432 rows`, `12 positives`: how many of what the rates are over.
fn needed(key: &MetricKey, rows: f64) -> String {
    whole_of(rows, metrics::kind_of(&key.id))
}

/// Whether gaps that are objectives can be told from what chance alone would show, where some cannot; and what is left of them without the groups of few rows.
pub(super) fn conclusions(view: &View) -> Vec<String> {
    let objectives = view.given.front.objectives.iter().map(|objective| &objective.key);
    objectives.filter_map(|key| conclusion(view, key)).collect()
}

fn conclusion(view: &View, key: &MetricKey) -> Option<String> {
    let known: Vec<usize> = (0..view.given.points.len())
        .filter(|point| view.competes(*point) && of(view, *point, key).is_some())
        .collect();
    let measured = |point: usize| view.measured(point, key);
    let (by_chance, beyond): (Vec<usize>, Vec<usize>) =
        known.iter().partition(|point| measured(**point).is_some_and(sizable::is_chance));
    let most = by_chance.iter().filter_map(|point| of(view, *point, key)).map(|it| it.quantile_95);
    let most = format::number(most.reduce(f64::max)?);
    let whom = if beyond.is_empty() { "any point".to_owned() } else { point_list(view, &by_chance) };
    let two = metrics::find(&key.id).map_or("groups", Metric::compared);
    let mut text = format!(
        "{} is not distinguishable from chance at {whom}: {two} of these sizes without any disparity are up to {most} apart in 95 % of samples.",
        format::capitalized(&view.title(key))
    );
    let again = |point: usize| {
        let stated = stated(view, point, key).filter(|stated| !stated.left_out.is_empty())?;
        Some((point, stated))
    };
    let again: Vec<_> = by_chance.iter().filter_map(|point| again(*point)).collect();
    match again.as_slice() {
        [] if by_chance.iter().any(|point| measured(*point).is_some_and(|it| it.sizable.is_some())) => {
            text.push_str(" Without the groups of few rows no two are left to compare.");
        }
        [] => {}
        [(first, stated), rest @ ..] => {
            let written = |(point, stated): &(usize, Stated<'_>)| {
                let most = stated.by_chance.map_or_else(String::new, |it| format::number(it.quantile_95));
                let word = if stated.is_chance() { "not beyond" } else { "beyond" };
                format!(
                    "{} ({word} the {most} of chance) {}",
                    format::with_interval(stated.value, stated.interval),
                    view.place(*point)
                )
            };
            let mut ends = vec![written(&(*first, *stated))];
            ends.extend(rest.last().map(written));
            text.push_str(&format!(
                " Without {} it is {}.",
                sizable::words(&key.id, stated.left_out),
                format::list(&ends)
            ));
        }
    }
    Some(text)
}

/// One sentence per objective that is a gap: for the terminal, which has no room for a column.
pub(super) fn sentences(view: &View) -> Vec<String> {
    let objectives = view.given.front.objectives.iter().map(|objective| &objective.key);
    objectives.filter_map(|key| sentence(view, key)).collect()
}

fn sentence(view: &View, key: &MetricKey) -> Option<String> {
    let known: Vec<&ByChance> =
        (0..view.given.points.len()).filter_map(|point| of(view, point, key)).collect();
    let range = |value: fn(&ByChance) -> Option<f64>, words: &dyn Fn(f64) -> String| {
        let values = || known.iter().filter_map(|chance| value(chance));
        let (low, high) = (words(values().reduce(f64::min)?), words(values().reduce(f64::max)?));
        // The unit is said once.
        let bare = match (low.split_once(' '), high.split_once(' ')) {
            (Some((number, unit)), Some((_, other))) if unit == other => number.to_owned(),
            _ => low.clone(),
        };
        Some(if low == high { low } else { format!("{bare} to {high}") })
    };
    let two = metrics::find(&key.id).map_or("groups", Metric::compared);
    let mean = range(|chance| Some(chance.expected), &format::number)?;
    let most = range(|chance| Some(chance.quantile_95), &format::number)?;
    let needed = |value: f64| needed(key, value);
    let rows = range(|chance| chance.rows_to_see, &needed).map_or_else(String::new, |rows| {
        format!("; to see the gaps found takes {rows} in each of the two {two} furthest apart (two-sided test of two proportions at 5 %, power 80 %)")
    });
    Some(format!(
        "By chance alone {} is {mean} on average and below {most} in 95 % of samples{rows}.",
        view.title(key)
    ))
}
