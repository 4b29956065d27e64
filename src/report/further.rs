//! Which metrics are columns of the table of points, and the others: one row each, so that no table is as wide as the catalog is long.

use crate::measure::MetricKey;

use super::chance;
use super::format;
use super::remarks::{intervals_of, seeds};
use super::table::{Column, Table, numeric, words};
use super::view::View;

/// Metrics beside the objectives that the table of points holds at most.
const COLUMNS: usize = 6;
/// Points that can be columns.
const MOST: usize = 12;
/// Cells that the table of points holds at most where there are more points than that.
const CELLS: usize = 5_000;

/// The metrics of the table of points: the objectives and what stands first after them; where there are too many points to be columns as many as a page bears.
pub(super) fn leading(view: &View) -> &[MetricKey] {
    let (most, points) = (view.given.front.objectives.len() + COLUMNS, view.given.points.len());
    let most = if points > MOST { most.max(CELLS / points) } else { most };
    &view.shown[..view.shown.len().min(most)]
}

/// Where the numbers stand that are neither columns nor rows of a table of their own.
pub(super) fn elsewhere(view: &View, shown: usize) -> Option<String> {
    let more = view.shown.len().saturating_sub(shown);
    (view.given.points.len() > MOST && more > 0)
        .then(|| format!("{} of every point in points.csv.", format::count(more, "more number")))
}

/// One row per metric that is no column of the table of points, one column per point.
pub(super) fn table(view: &View) -> Option<Table> {
    let rest = &view.shown[leading(view).len()..];
    if rest.is_empty() || view.given.points.len() > MOST {
        return None;
    }
    let points = 0..view.given.points.len();
    let mut head: Vec<Column> = vec![words("metric")];
    head.extend(points.clone().map(|point| numeric(view.long_label(point))));
    let row = |key: &MetricKey| {
        let mut row = vec![format!("{}{}", view.title(key), format::arrow(view.direction(key)))];
        row.extend(points.clone().map(|point| format::estimate(view.measured(point, key))));
        row
    };
    let by_chance = |key: &MetricKey| {
        chance::is_known(view, key).then(|| {
            let mut row = vec![format!("{}, by chance alone", view.title(key))];
            row.extend(points.clone().map(|point| chance::cell(view, point, key)));
            row
        })
    };
    let meaning = if rest.iter().any(|key| chance::is_known(view, key)) {
        format!(" {}", chance::MEANING)
    } else {
        String::new()
    };
    Some(Table {
        title: "Further metrics",
        caption: format!(
            "The other numbers about all rows or all groups, one row each. Means over {}; {}. ↑ higher is better, ↓ lower is better.{meaning}",
            seeds(view),
            intervals_of(view, rest, "in brackets")
        ),
        head,
        rows: rest.iter().flat_map(|key| std::iter::once(row(key)).chain(by_chance(key))).collect(),
    })
}
