//! What chance alone would show of a distance between groups, beside the distance: a small gap between small groups says nothing.

use crate::measure::MetricKey;
use crate::metrics::{self, Metric};
use crate::points::ByChance;
use crate::words::whole_rows;

use super::format;
use super::view::View;

/// What the words beside a gap mean.
pub(super) const MEANING: &str = "By chance alone: what groups or classes of these sizes without any disparity show on average, the gap that 95 % of them stay below, and the rows that each of the two furthest apart needs for their gap to be seen in 4 of 5 samples.";

/// What is known of a point's gap.
pub(super) fn of<'a>(view: &'a View, point: usize, key: &MetricKey) -> Option<&'a ByChance> {
    view.measured(point, key)?.by_chance.as_ref()
}

/// Whether it is known of any point's.
pub(super) fn is_known(view: &View, key: &MetricKey) -> bool {
    (0..view.given.points.len()).any(|point| of(view, point, key).is_some())
}

/// `0.153, below 0.299; 1234 rows`.
pub(super) fn cell(view: &View, point: usize, key: &MetricKey) -> String {
    let Some(chance) = of(view, point, key) else { return "—".to_owned() };
    let (mean, most) = (format::number(chance.expected), format::number(chance.quantile_95));
    let rows = chance.rows_to_see.map_or_else(String::new, |rows| format!("; {}", whole_rows(rows)));
    format!("{mean}, below {most}{rows}")
}

/// One sentence per objective that is a gap: for the terminal, which has no room for a column.
pub(super) fn sentences(view: &View) -> Vec<String> {
    let objectives = view.given.front.objectives.iter().map(|objective| &objective.key);
    objectives.filter_map(|key| sentence(view, key)).collect()
}

fn sentence(view: &View, key: &MetricKey) -> Option<String> {
    let known: Vec<&ByChance> =
        (0..view.given.points.len()).filter_map(|point| of(view, point, key)).collect();
    let range = |value: fn(&ByChance) -> Option<f64>, words: fn(f64) -> String| {
        let values = || known.iter().filter_map(|chance| value(chance));
        let (low, high) = (words(values().reduce(f64::min)?), words(values().reduce(f64::max)?));
        Some(if low == high { low } else { format!("{low} to {high}") })
    };
    let two = metrics::find(&key.id).map_or("groups", Metric::compared);
    let mean = range(|chance| Some(chance.expected), format::number)?;
    let most = range(|chance| Some(chance.quantile_95), format::number)?;
    let rows = range(|chance| chance.rows_to_see, whole_rows).map_or_else(String::new, |rows| {
        format!("; the gaps found take {rows} in each of the two {two} furthest apart to be seen in 4 of 5 samples")
    });
    Some(format!(
        "By chance alone {} is {mean} on average and below {most} in 95 % of samples{rows}.",
        view.title(key)
    ))
}
