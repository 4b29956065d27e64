//! Figures: each drawn once, as SVG; the PNG is the same drawing at twice the size.
//!
//! Conventions (metrics sheet, 3.10): better is always up and right; an axis where less is better is reversed
//! in native units and says so; bars are 95 % intervals; trivial models are grey; no dual axes; rows, seeds and
//! attack protocol stand in the caption; the title states a finding computed from the numbers.
//!
//! To add one: write `<figure>.rs` with `draw(&View, Look) -> Option<Figure>` and list it in [`drawn`].

mod attacks;
mod axis;
mod bands;
mod bars;
mod canvas;
mod chosen;
mod classes;
mod coverage;
mod curve;
mod each;
mod ends;
mod exchange;
mod fitting;
mod front;
mod fronts;
mod gate;
mod history;
mod labels;
mod lean;
mod letters;
mod legend;
mod look;
mod naming;
mod paid;
mod pdf;
mod png;
mod raised;
mod reliability;
mod selected;
mod shapes;
mod standing;
mod steps;
mod strength;
mod theme;

use rayon::prelude::*;

use crate::measure::{Bound, Direction, MetricKey};

use super::remarks;
use super::view::View;

use fitting::spoken;

pub(super) use classes::names;
pub use fronts::{fronts, fronts_title};
pub use gate::gate;
pub use history::draw as history;
pub(super) use letters::remark as missing_letters;
pub use look::{Look, Theme, Width};
pub use pdf::pdf;
pub use png::png;
pub(super) use png::png_of;

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

/// Every figure that the view has numbers for, for a screen.
#[must_use]
pub fn all(view: &View) -> Vec<Figure> {
    drawn(view, Look::SCREEN)
}

/// Every figure that the view has numbers for.
#[must_use]
pub fn drawn(view: &View, look: Look) -> Vec<Figure> {
    type Drawer = fn(&View, Look) -> Vec<Figure>;
    const DRAWERS: [Drawer; 9] = [
        front::draw,
        |view, look| each::draw(view, look).into_iter().collect(),
        |view, look| exchange::draw(view, look).into_iter().collect(),
        |view, look| curve::draw(view, look).into_iter().collect(),
        |view, look| attacks::draw(view, look).into_iter().collect(),
        |view, look| strength::draw(view, look).into_iter().collect(),
        classes::draw,
        |view, look| reliability::draw(view, look).into_iter().collect(),
        |view, look| coverage::draw(view, look).into_iter().collect(),
    ];
    let figures: Vec<Vec<Figure>> = DRAWERS.par_iter().map(|draw| draw(view, look)).collect();
    figures.into_iter().flatten().collect()
}

/// Style rules that turn inlined drawings dark.
#[must_use]
pub(super) fn dark_rules(view: &View) -> String {
    theme::dark_rules(view.strengths.len())
}

/// The colors of defenses on a light and on a dark page, in order of appearance; they repeat after the last.
pub(super) fn defense_colors() -> Vec<(String, String)> {
    theme::twins().collect()
}

/// The shape of the marks of defense number `index`: corners around a middle, in radii, to the right and down; none for a circle.
pub(super) fn defense_shape(index: usize) -> &'static [(f64, f64)] {
    canvas::Marker::of(index).corners()
}

impl Figure {
    /// The same drawing for a dark page.
    #[must_use]
    pub fn darkened(&self, view: &View) -> Self {
        let svg = theme::darkened(&self.svg, view.strengths.len());
        Self { name: format!("{}-dark", self.name), svg, ..self.clone() }
    }

    /// The same of a drawing that has no scale of strengths.
    #[must_use]
    pub(super) fn plainly_darkened(&self) -> Self {
        Self { name: format!("{}-dark", self.name), svg: theme::darkened(&self.svg, 0), ..self.clone() }
    }
}

/// The same for drawings that have no scale of strengths.
#[must_use]
pub(super) fn plain_dark_rules() -> String {
    theme::dark_rules(0)
}

/// A sheet with `height` units of drawing, and where the look asks for it a title above and a caption below; `draw` gets the top of its part.
fn framed(
    look: Look,
    name: impl Into<String>,
    height: f64,
    (title, caption): (String, String),
    draw: impl FnOnce(&mut canvas::Canvas<'_>, f64),
) -> Figure {
    const MARGIN: f64 = 18.0;
    const BARE: f64 = 6.0;
    let large = if look.is_narrow() { canvas::Type { size: 14.0, ..canvas::TITLE } } else { canvas::TITLE };
    let line = large.size + 6.0;
    let lines = |text: &str, kind| fitting::wrapped(&spoken(text), kind, look.width - 2.0 * MARGIN);
    let (titles, captions) = if look.is_framed {
        (lines(&title, large), lines(&caption, canvas::SMALL))
    } else {
        (Vec::new(), Vec::new())
    };
    let top = if look.is_framed { 18.0 + line * titles.len() as f64 } else { BARE };
    let below = if look.is_framed { 15.0 * captions.len() as f64 + 12.0 } else { BARE };
    let svg = canvas::sheet((look.width, top + height + below), look.scale, &spoken(&title), |canvas| {
        for (i, text) in titles.iter().enumerate() {
            canvas.text(text, (MARGIN, 24.0 + line * i as f64), large, canvas::Side::Start);
        }
        draw(canvas, top);
        for (i, line) in captions.iter().enumerate() {
            let y = top + height + 8.0 + 15.0 * i as f64;
            canvas.text(line, (MARGIN, y), canvas::SMALL, canvas::Side::Start);
        }
    });
    Figure { name: name.into(), title, caption, svg }
}

/// `digits: n = 360 test rows, 3 seeds; bars: …; attack: …`, with the kinds of intervals of the numbers that are drawn, and of no others.
fn facts(view: &View, drawn: &[MetricKey], bars: &str) -> String {
    basis(view, &format!("; {}", remarks::intervals_of(view, drawn, bars)))
}

/// The same, with `interval` in place of what is said of intervals.
fn basis(view: &View, interval: &str) -> String {
    let attack = view.given.threat.as_ref().map_or_else(String::new, |threat| {
        format!("; attack: {} ε = {}, {}", threat.norm.sign(), threat.epsilon, threat.words)
    });
    format!(
        "{}: n = {} test rows, {}{interval}{attack}.",
        view.given.data.name,
        view.given.data.test,
        remarks::seeds(view)
    )
}

/// The upper left corner of the `i`-th of panels of this size, of which `columns` stand in a line, the first lines below `top`.
fn corner(i: usize, columns: usize, (width, height): (f64, f64), top: f64) -> (f64, f64) {
    (width * (i % columns) as f64, top + height * (i / columns) as f64)
}

/// The metric, whether it is a bound, and which way is better, as far as there are `room` units for it: words are shortened first, then the threat is
/// left out, then the bound; a name that is longer still is cut.
fn axis_title(view: &View, key: &MetricKey, room: f64) -> String {
    let (tries, bare, short) = axis_titles(view, key);
    let fitting = tries.iter().position(|text| fitting::width(text, canvas::BODY) <= room);
    match fitting {
        Some(at) => tries[at].clone(),
        // Which way is better must not be what is cut off.
        None => {
            format!(
                "{}{short}",
                fitting::cut(&bare, canvas::BODY, room - fitting::width(short, canvas::BODY))
            )
        }
    }
}

/// The same for a vertical axis: before anything is left out, two lines are taken.
fn axis_lines(view: &View, key: &MetricKey, room: f64) -> Vec<String> {
    let (tries, ..) = axis_titles(view, key);
    stacked(&tries, room).unwrap_or_else(|| vec![axis_title(view, key, room)])
}

/// The first of `tries` that fits into `room` units on one line, of the two longest, or on two; the longest ones first. That an axis is reversed must not be
/// what is left out where it fits on a second line.
fn stacked(tries: &[String], room: f64) -> Option<Vec<String>> {
    let singles = if tries.iter().take(1).any(|text| text.contains("axis reversed")) { 1 } else { 2 };
    let one = tries.iter().take(singles).find(|text| fitting::width(text, canvas::BODY) <= room);
    let two = || {
        let fits = |lines: &Vec<String>| {
            lines.len() <= 2 && lines.iter().all(|line| fitting::width(line, canvas::BODY) <= room)
        };
        // What stands in parentheses at the end has a line of its own, if that does.
        let whole = |text: &String| {
            let (name, way) = text.split_at(text.rfind(" (")?);
            Some(vec![name.to_owned(), way.trim_start().to_owned()]).filter(fits)
        };
        let wrapped = |text: &String| Some(fitting::wrapped(text, canvas::BODY, room)).filter(fits);
        tries.iter().find_map(|text| whole(text).or_else(|| wrapped(text)))
    };
    one.map(|text| vec![text.clone()]).or_else(two)
}

/// What an axis may be called, the longest first; the bare name, and the sign of which way is better.
fn axis_titles(view: &View, key: &MetricKey) -> ([String; 5], String, &'static str) {
    let bound = match view.described(&key.id).map(|metric| metric.bound) {
        Some(Bound::Upper) => ", upper bound",
        Some(Bound::Lower) => ", lower bound",
        _ => "",
    };
    let (long, short) = match view.direction(key) {
        Some(Direction::Higher) => (" (higher is better →)", " →"),
        Some(Direction::Lower) => (" (lower is better →, axis reversed)", " (less is better →)"),
        None => ("", ""),
    };
    let (title, bare) = (view.title(key), view.metric_title(key));
    let tries = [
        format!("{title}{bound}{long}"),
        format!("{title}{bound}{short}"),
        format!("{bare}{bound}{short}"),
        format!("{title}{short}"),
        format!("{bare}{short}"),
    ];
    (tries, bare, short)
}

/// The metric's range, for axes; unknown metrics are unbounded.
fn bounds(view: &View, key: &MetricKey) -> (f64, f64) {
    view.described(&key.id).map_or((f64::NEG_INFINITY, f64::INFINITY), |metric| metric.range)
}

fn is_reversed(view: &View, key: &MetricKey) -> bool {
    view.direction(key) == Some(Direction::Lower)
}
