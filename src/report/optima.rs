//! What the best at one thing gives up in the others.

use crate::measure::{Direction, MetricKey};
use crate::points;

use super::format;
use super::headline::best_point;
use super::table::{Table, numeric, words};
use super::view::View;

const LEVEL: f64 = 0.95;

/// One row per objective: the point that is best at it, and what that gives up at every other objective against the best there.
pub(super) fn table(view: &View) -> Option<Table> {
    let objectives: Vec<&MetricKey> =
        view.given.front.objectives.iter().map(|objective| &objective.key).collect();
    if objectives.len() < 2 {
        return None;
    }
    let best: Vec<usize> = objectives.iter().map(|key| best_point(view, key)).collect::<Option<_>>()?;
    let mut head = vec![words("best at"), words("point")];
    head.extend(objectives.iter().map(|key| numeric(format!("{} given up", view.title(key)))));
    let rows = objectives
        .iter()
        .zip(&best)
        .map(|(own, point)| {
            let mut row = vec![view.title(own), view.long_label(*point)];
            row.extend(objectives.iter().zip(&best).map(|(key, ideal)| {
                if point == ideal { "—".to_owned() } else { change(view, *ideal, *point, key) }
            }));
            row
        })
        .collect();
    Some(Table {
        title: "What the best at one thing gives up",
        caption: "Against the point that is best at that objective, by the seed means; positive is given up. In brackets: 95 % t interval of the paired difference over seeds, on these test rows. Both points were picked by these very numbers, so that a small loss is a little understated.".to_owned(),
        head,
        rows,
    })
}

/// How much better `a` is than `b`.
pub(super) fn change(view: &View, a: usize, b: usize, key: &MetricKey) -> String {
    let points = &view.given.points;
    let Some((mean, interval)) = points::paired(&points[a], &points[b], key, LEVEL) else {
        return "undefined".to_owned();
    };
    let better = match view.direction(key) {
        Some(Direction::Lower) => (-mean, interval.map(|(low, high)| (-high, -low))),
        _ => (mean, interval),
    };
    format::change_interval(better, view.unit(key))
}
