//! Figures: each drawn once, as SVG; the PNG is the same drawing at twice the size.
//!
//! Conventions (metrics sheet, 3.10): better is always up and right; an axis where less is better is reversed
//! in native units and says so; bars are 95 % intervals; trivial models are grey; no dual axes; rows, seeds and
//! attack protocol stand in the caption; the title states a finding computed from the numbers.
//!
//! To add one: write `<figure>.rs` with `draw(&View) -> Option<Figure>` and list it in [`all`].

mod axis;
mod canvas;
mod classes;
mod curve;
mod front;
mod history;
mod labels;
mod legend;
mod png;
mod strength;
mod theme;

use crate::measure::{Bound, Direction, MetricKey};

use super::remarks;
use super::view::View;

pub use history::draw as history;
pub use png::png;

/// A finished figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// File name without ending.
    pub name: String,
    /// What it shows, as a sentence.
    pub title: String,
    /// How to read it: rows, seeds, intervals, attack.
    pub caption: String,
    /// The drawing.
    pub svg: String,
}

/// Every figure that the view has numbers for.
#[must_use]
pub fn all(view: &View) -> Vec<Figure> {
    let mut figures = front::draw(view);
    figures.extend(curve::draw(view));
    figures.extend(strength::draw(view));
    figures.extend(classes::draw(view));
    figures
}

/// Style rules that turn inlined drawings dark.
#[must_use]
pub(super) fn dark_rules(view: &View) -> String {
    theme::dark_rules(view.strengths.len(), view.defenses.len())
}

/// The colors of defenses on a light and on a dark page, in order of appearance; they repeat after the last.
pub(super) fn defense_colors() -> Vec<(String, String)> {
    theme::twins().collect()
}

/// A sheet with a title above and a caption below `height` pixels of drawing; `draw` gets the top of its part.
fn framed(
    name: impl Into<String>,
    (width, height): (f64, f64),
    title: String,
    caption: String,
    draw: impl FnOnce(&mut canvas::Canvas<'_>, f64),
) -> Figure {
    const MARGIN: f64 = 18.0;
    let titles = canvas::wrapped(&title, canvas::TITLE, width - 2.0 * MARGIN);
    let captions = canvas::wrapped(&caption, canvas::SMALL, width - 2.0 * MARGIN);
    let top = 18.0 + 23.0 * titles.len() as f64;
    let total = top + height + 15.0 * captions.len() as f64 + 12.0;
    let svg = canvas::sheet(width, total, &title, |canvas| {
        for (i, line) in titles.iter().enumerate() {
            canvas.text(line, (MARGIN, 24.0 + 23.0 * i as f64), canvas::TITLE, canvas::Side::Start);
        }
        draw(canvas, top);
        for (i, line) in captions.iter().enumerate() {
            let y = top + height + 8.0 + 15.0 * i as f64;
            canvas.text(line, (MARGIN, y), canvas::SMALL, canvas::Side::Start);
        }
    });
    Figure { name: name.into(), title, caption, svg }
}

/// `digits: n = 360 test rows, 3 seeds; bars: …; attack: …`, with the intervals of the objectives.
fn facts(view: &View, bars: &str) -> String {
    let axes: Vec<MetricKey> =
        view.given.front.objectives.iter().map(|objective| objective.key.clone()).collect();
    let interval = remarks::intervals_of(view, &axes, bars);
    let attack = view.given.threat.as_ref().map_or_else(String::new, |threat| {
        format!("; attack: {} ε = {}, {}", threat.norm.sign(), threat.epsilon, threat.words)
    });
    format!(
        "{}: n = {} test rows, {}; {interval}{attack}.",
        view.given.data.name,
        view.given.data.test,
        remarks::seeds(view)
    )
}

/// The metric, whether it is a bound, and which way is better.
fn axis_title(view: &View, key: &MetricKey) -> String {
    let bound = match view.described(&key.id).map(|metric| metric.bound) {
        Some(Bound::Upper) => ", upper bound",
        Some(Bound::Lower) => ", lower bound",
        _ => "",
    };
    let direction = match view.direction(key) {
        Some(Direction::Higher) => " (higher is better →)",
        Some(Direction::Lower) => " (lower is better →, axis reversed)",
        None => "",
    };
    format!("{}{bound}{direction}", view.title(key))
}

/// The same, or where that is longer than `room` pixels the bare name with the arrow.
fn short_axis_title(view: &View, key: &MetricKey, room: f64) -> String {
    let whole = axis_title(view, key);
    if canvas::width(&whole, canvas::BODY) <= room {
        whole
    } else {
        format!("{} →", view.metric_title(key))
    }
}

/// The metric's range, for axes; unknown metrics are unbounded.
fn bounds(view: &View, key: &MetricKey) -> (f64, f64) {
    view.described(&key.id).map_or((f64::NEG_INFINITY, f64::INFINITY), |metric| metric.range)
}

fn is_reversed(view: &View, key: &MetricKey) -> bool {
    view.direction(key) == Some(Direction::Lower)
}
