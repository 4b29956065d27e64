//! Where looking at the row is not worth it: objectives at which a trivial model is at least as good as trained ones.

use crate::measure::{Direction, MetricKey, Value};
use crate::metrics::{self, Form};
use crate::points::Anchor;

use super::format;
use super::headline::{best_point, point_list};
use super::view::View;

/// One sentence per objective where no trained point is surely better than a trivial model.
pub(super) fn answers(view: &View) -> Vec<String> {
    said(view, true)
}

/// One remark per objective where some trained points are not, and others are.
pub(super) fn remarks(view: &View) -> Vec<String> {
    said(view, false)
}

fn said(view: &View, everywhere: bool) -> Vec<String> {
    let objectives = view.given.front.objectives.iter();
    let found = objectives.filter_map(|objective| sentence(view, &objective.key));
    found.filter(|(_, all)| *all == everywhere).map(|(sentence, _)| sentence).collect()
}

/// The trivial model that is best at `key`, and its value.
fn best<'a>(view: &'a View, key: &MetricKey, direction: Direction) -> Option<(&'a Anchor, f64)> {
    let known = view
        .given
        .anchors
        .iter()
        .filter_map(|anchor| Some((anchor, anchor.values.get(key).and_then(Value::get)?)));
    known.reduce(
        |best, other| {
            if direction.as_cost(other.1) < direction.as_cost(best.1) { other } else { best }
        },
    )
}

/// Without a full stop, and whether it is about all trained points.
fn sentence(view: &View, key: &MetricKey) -> Option<(String, bool)> {
    // Who says the same of everybody has no gaps: that is what they are, and no remark.
    if metrics::find(&key.id).is_none_or(|metric| matches!(metric.form, Form::Gap(..) | Form::Signed(_))) {
        return None;
    }
    let direction = view.direction(key)?;
    let (anchor, value) = best(view, key, direction)?;
    let cost = |x: f64| direction.as_cost(x);
    let trained: Vec<usize> = (0..view.given.points.len())
        .filter(|point| view.competes(*point) && view.given.points[*point].degenerate.is_none())
        .filter(|point| view.value(*point, key).is_some())
        .collect();
    let (beaten, better): (Vec<usize>, Vec<usize>) = trained
        .iter()
        .partition(|point| view.value(**point, key).is_some_and(|own| cost(own) >= cost(value)));
    let unclear: Vec<usize> = better
        .iter()
        .copied()
        .filter(|point| view.interval(*point, key).is_some_and(|(low, high)| low <= value && value <= high))
        .collect();
    if beaten.is_empty() && unclear.is_empty() {
        return None;
    }
    let list = |points: &[usize]| {
        if points.len() == trained.len() && points.len() > 1 {
            format!("all {} points", points.len())
        } else {
            point_list(view, points)
        }
    };
    let mut said = Vec::new();
    if !beaten.is_empty() {
        said.push(format!("at least as good as {}", list(&beaten)));
    }
    if !unclear.is_empty() {
        said.push(format!("within the interval of {}", list(&unclear)));
    }
    let best = match best_point(view, key) {
        Some(point) if !beaten.contains(&point) => {
            format!(
                "; the best, {}, has {}",
                view.long_label(point),
                format::estimate(view.measured(point, key))
            )
        }
        _ => String::new(),
    };
    let sentence = format!(
        "In {}, {} has {}, {}{best}",
        view.title(key),
        anchor.label,
        format::number(value),
        format::list(&said)
    );
    Some((sentence, beaten.len() + unclear.len() == trained.len()))
}
