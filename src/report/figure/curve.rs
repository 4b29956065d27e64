//! The security curve: what is left at every radius, one line per strength, one panel per defense.

use crate::measure::MetricKey;
use crate::points::Anchor;
use crate::report::certificates;
use crate::report::format;
use crate::report::inputs::Curve;
use crate::report::leading;
use crate::report::view::View;

use super::axis::{Axis, Panel, beside, up};
use super::canvas::{BODY, Canvas, HEADING, Marker, Side};
use super::ends;
use super::fitting::shortened;
use super::legend::{self, Key, Legend, Part, Style};
use super::look::Look;
use super::standing::title;
use super::theme::{ANCHOR, Color, QUIET, SURFACE};
use super::{Figure, axis_lines, basis, bounds, facts, framed, is_reversed};

/// With more lines than this in a panel bands would hide each other: whiskers at the radii that were measured take their place.
const BANDED: usize = 3;
/// With more lines than this whiskers would, too.
const WHISKERED: usize = 8;
/// How far apart the marks of one radius may stand, and all of them together, so that whiskers do not hide one another.
const APART: (f64, f64) = (2.6, 12.0);
/// Room from one panel to the next: the texts of its vertical axis.
const GAP: f64 = 46.0;
/// Curves that fall to this share of their height or lower are shown from 0 on.
const NEAR_ZERO: f64 = 0.4;
/// Trivial models may widen what is shown by so many times the height of the curves, at either end.
const SQUEEZE: f64 = 0.4;

/// The figure, where a curve was measured at two radii or more.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let curve = view.given.curve.as_ref()?;
    let threat = view.given.threat.as_ref()?;
    let stops = stops(view, curve);
    if stops.len() < 2 {
        return None;
    }
    let shown = |point: &usize| {
        view.is_final(*point)
            && stops.iter().filter(|(_, key)| view.value(*point, key).is_some()).count() >= 2
    };
    let panels: Vec<(&String, Vec<usize>)> = view
        .defenses
        .iter()
        .map(|name| {
            let points = 0..view.given.points.len();
            (
                name,
                points.filter(|&p| view.given.points[p].defense == *name).filter(shown).collect::<Vec<_>>(),
            )
        })
        .filter(|(_, points)| !points.is_empty())
        .collect();
    if panels.is_empty() {
        return None;
    }
    let key = &stops.last()?.1;
    let mut values = Vec::new();
    for (_, points) in &panels {
        for (&point, (_, key)) in points.iter().flat_map(|p| stops.iter().map(move |s| (p, s))) {
            values.extend(view.value(point, key));
            values.extend(view.interval(point, key).into_iter().flat_map(|(low, high)| [low, high]));
        }
    }
    for (_, points) in &panels {
        values.extend(points.iter().flat_map(|&point| certified(view, curve, point)).map(|(_, value)| value));
    }
    let most = panels.iter().map(|(_, points)| points.len()).max().unwrap_or(0);
    let columns = panels.len().min(look.columns(3));
    let rows = panels.len().div_ceil(columns);
    let panel_height = match (panels.len(), look.is_narrow()) {
        (1, false) => 430.0,
        (_, false) => 310.0,
        (1, true) => 320.0,
        (_, true) => 210.0,
    };
    let zero =
        curve.clean.as_ref().map_or_else(String::new, |key| format!("At ε = 0: {}. ", view.title(key)));
    let drawn: Vec<MetricKey> = stops.iter().map(|(_, key)| key.clone()).chain(curve.clean.clone()).collect();
    let sandwiched = panels
        .iter()
        .any(|(_, points)| points.iter().any(|&point| !certified(view, curve, point).is_empty()));
    let shown = match most {
        // Between what is certified and what is left lies a shade of its own.
        0..=BANDED if !sandwiched => Shown::Bands,
        0..=WHISKERED => Shown::Whiskers,
        _ => Shown::Nothing,
    };
    let basis = match shown {
        Shown::Bands => facts(view, &drawn, "bands"),
        Shown::Whiskers => facts(view, &drawn, "whiskers"),
        Shown::Nothing => basis(view, "; intervals: in points.csv"),
    };
    let proven = if sandwiched {
        "Dashed, hollow marks: the certified share; shaded: the truth lies between it and the line of the same color. "
    } else {
        ""
    };
    let aside =
        if shown == Shown::Whiskers && most > 1 { "Marks of one radius stand side by side. " } else { "" };
    let trivial = trivial(view, &stops);
    let range = bounds(view, key);
    let y_axis = Axis::around(&height(values, range, &trivial), range, is_reversed(view, key), 6);
    let is_broken = range.0 == 0.0 && y_axis.low > 0.0;
    let from = if is_broken {
        format!("The vertical axis begins at {}, not at 0. ", format::number(y_axis.low))
    } else {
        String::new()
    };
    let caption = format!(
        "{zero}Dotted: the radius of the front, ε = {}. {proven}{aside}{from}{basis}",
        threat.epsilon
    );
    let last = stops.last()?.0;
    let x_axis = Axis::around(&[stops[0].0, last], (0.0, last), false, if columns > 1 { 4 } else { 6 });
    let fallen = panels.iter().flat_map(|(_, points)| points);
    let fallen = fallen.into_iter().any(|&point| view.given.points[point].degenerate.is_some());
    let mut keys = Vec::new();
    keys.extend(fallen.then_some(Key::DegenerateLine));
    keys.extend(sandwiched.then_some(Key::CertifiedLine));
    let legend = Legend::of(view, &keys, entries(&trivial, &y_axis), Style::Lines);
    let place = legend.place(look, panel_height * rows as f64);
    let unnamed = MetricKey { attack: None, ..key.clone() };
    let heading = if panels.len() > 1 { 22.0 } else { 0.0 };
    let name_up = axis_lines(view, &unnamed, up(10.0 + heading, panel_height - 56.0));
    let words = leading::explained(title(view, curve), caption);
    Some(framed(look, "security-curve", place.height, words, |canvas, top| {
        let drawn: Vec<Vec<Line>> = panels
            .iter()
            .map(|(_, points)| points.iter().map(|&point| Line::of(view, curve, &stops, point)).collect())
            .collect();
        let whole = Panel {
            left: look.left(name_up.len()),
            top: top + 10.0 + heading,
            right: place.right,
            bottom: top + panel_height - 56.0,
            x: x_axis.clone(),
            y: y_axis.clone(),
        };
        // The names of lines stand right of a single panel; between several there is no room for them.
        let named: Vec<&Line> = match drawn.as_slice() {
            [lines] if lines.len() <= WHISKERED => lines.iter().filter(|line| !line.is_degenerate).collect(),
            _ => Vec::new(),
        };
        let heights: Vec<f64> = named.iter().filter_map(|line| Some(whole.y(line.known.last()?.1))).collect();
        let names = ends::places(&heights, (whole.top, whole.bottom));
        let outer = names.as_ref().filter(|names| !names.is_empty());
        let outer = outer.map_or(0.0, |_| ends::room(named.iter().map(|line| line.name.as_str())));
        let edges = beside((whole.left, place.right - outer), GAP, columns);
        for (i, (name, _)) in panels.iter().enumerate() {
            let (left, right) = edges[i % columns];
            let start = top + panel_height * (i / columns) as f64;
            let (upper, lower) = (start + 10.0 + heading, start + panel_height - 56.0);
            let panel = Panel { left, top: upper, right, bottom: lower, ..whole.clone() };
            panel.draw(canvas, None, panels.len() > 1);
            if panels.len() > 1 {
                let name = shortened(name, HEADING, right - left + 0.5 * GAP);
                canvas.text(&name, (panel.left, start + 16.0), HEADING, Side::Start);
            }
            let middle = f64::midpoint(panel.left, panel.right);
            let sign = threat.norm.sign();
            let radius = [format!("radius of the attack, ε ({sign})"), format!("ε ({sign})")];
            canvas.text(&radius[usize::from(columns > 1)], (middle, panel.bottom + 36.0), BODY, Side::Middle);
            if i % columns == 0 {
                panel.name_up(canvas, &name_up);
            }
            let mark = panel.x(threat.epsilon);
            if (panel.left..=panel.right).contains(&mark) {
                canvas.dashed(&[(mark, panel.top), (mark, panel.bottom)], QUIET, 1.0, 1.2, (2.0, 3.0));
            }
            if is_broken {
                panel.broken(canvas);
            }
            for (i, model) in trivial.iter().enumerate() {
                let path = model.path.iter().map(|(epsilon, value)| panel.at(*epsilon, *value));
                let inside = |(_, y): &(f64, f64)| (panel.top..=panel.bottom).contains(y);
                canvas.dashed(&path.filter(inside).collect::<Vec<_>>(), ANCHOR, 1.0, 1.4, dash(i));
            }
            let ends = each(canvas, &panel, &drawn[i], shown);
            for ((line, end), y) in named.iter().zip(ends).zip(names.iter().flatten()) {
                ends::write(canvas, &panel, &line.name, end, *y);
            }
        }
        legend.draw(canvas, &place, top);
    }))
}

/// How intervals are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Bands,
    Whiskers,
    Nothing,
}

/// Lower and upper end, where they are known.
type Interval = Option<(f64, f64)>;

/// The curve of one point.
struct Line {
    name: String,
    color: Color,
    shape: Marker,
    is_degenerate: bool,
    /// (radius, value, interval)
    known: Vec<(f64, f64, Interval)>,
    /// (radius, share)
    certified: Vec<(f64, f64)>,
}

impl Line {
    fn of(view: &View, curve: &Curve, stops: &[(f64, MetricKey)], point: usize) -> Self {
        let is_degenerate = view.given.points[point].degenerate.is_some();
        let at = |(epsilon, key): &(f64, MetricKey)| {
            Some((*epsilon, view.value(point, key)?, view.interval(point, key)))
        };
        Self {
            name: view.strength_label(point),
            color: if is_degenerate { ANCHOR } else { legend::color(view, point) },
            shape: legend::shape(view, point),
            is_degenerate,
            known: stops.iter().filter_map(at).collect(),
            certified: certified(view, curve, point),
        }
    }
}

/// Draws the lines of a panel, and returns where those that are not degenerate end.
fn each(canvas: &mut Canvas<'_>, panel: &Panel, lines: &[Line], shown: Shown) -> Vec<(f64, f64)> {
    let more = lines.len().saturating_sub(1) as f64;
    let apart = if shown == Shown::Whiskers { APART.0.min(APART.1 / more.max(1.0)) } else { 0.0 };
    let shades = lines.iter().filter(|line| !line.certified.is_empty());
    for line in shades {
        // Up to the last radius that has both ends.
        let last = line.certified.last().map_or(0.0, |(epsilon, _)| *epsilon);
        let above = line.known.iter().rev().filter(|(epsilon, ..)| *epsilon <= last);
        let above = above.map(|(epsilon, value, _)| panel.at(*epsilon, *value));
        let below = line.certified.iter().map(|(epsilon, value)| panel.at(*epsilon, *value));
        canvas.polygon(&below.chain(above).collect::<Vec<_>>(), line.color, 0.11);
    }
    let mut ends = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let aside = apart * (i as f64 - 0.5 * more);
        let at = |epsilon: f64, value: f64| {
            let (x, y) = panel.at(epsilon, value);
            (x + aside, y.clamp(panel.top, panel.bottom))
        };
        let bars = line.known.iter().filter_map(|(epsilon, _, interval)| Some((*epsilon, (*interval)?)));
        let bars: Vec<(f64, (f64, f64))> = bars.collect();
        match shown {
            Shown::Bands if bars.len() == line.known.len() => {
                let lower = bars.iter().map(|(epsilon, (low, _))| at(*epsilon, *low));
                let upper = bars.iter().rev().map(|(epsilon, (_, high))| at(*epsilon, *high));
                canvas.polygon(&lower.chain(upper).collect::<Vec<_>>(), line.color, 0.13);
            }
            Shown::Whiskers => {
                for (epsilon, (low, high)) in bars {
                    canvas.line(&[at(epsilon, low), at(epsilon, high)], line.color, 0.55, 1.5);
                }
            }
            Shown::Bands | Shown::Nothing => {}
        }
        let proven: Vec<(f64, f64)> = line.certified.iter().map(|(e, value)| at(*e, *value)).collect();
        legend::certified(canvas, &proven, line.color);
        for &place in proven.iter().skip(1) {
            canvas.marker(line.shape, place, 2.6, SURFACE, line.color, 1.3);
        }
        let path: Vec<(f64, f64)> =
            line.known.iter().map(|(epsilon, value, _)| at(*epsilon, *value)).collect();
        if line.is_degenerate {
            canvas.dashed(&path, line.color, 1.0, 1.6, (4.0, 3.0));
            continue;
        }
        canvas.line(&path, line.color, 1.0, 2.0);
        for &place in &path {
            canvas.marker(line.shape, place, 3.2, line.color, line.color, 1.0);
        }
        ends.extend(path.last());
    }
    ends
}

/// What is certified of a point, (radius, share) from radius 0 on, where the curve is of what certificates bound from below.
fn certified(view: &View, curve: &Curve, point: usize) -> Vec<(f64, f64)> {
    if curve.metric != "robust_accuracy" {
        return Vec::new();
    }
    let at = |epsilon: &f64| {
        let key = certificates::key(view, "certified_accuracy", *epsilon)?;
        Some((*epsilon, view.value(point, &key)?))
    };
    let mut path: Vec<(f64, f64)> = curve.epsilons.iter().filter_map(at).collect();
    if !path.is_empty() {
        let clean = curve.clean.as_ref().and_then(|key| view.value(point, key));
        path.splice(0..0, clean.map(|value| (0.0, value)));
    }
    path
}

/// A model that learned nothing.
struct Trivial {
    name: String,
    /// (radius, value)
    path: Vec<(f64, f64)>,
}

/// The trivial models, as far as their values are known.
fn trivial(view: &View, stops: &[(f64, MetricKey)]) -> Vec<Trivial> {
    let path = |anchor: &Anchor| -> Vec<(f64, f64)> {
        stops.iter().filter_map(|(epsilon, key)| Some((*epsilon, anchor.values.get(key)?.get()?))).collect()
    };
    view.given
        .anchors
        .iter()
        .map(|anchor| Trivial { name: legend::trivial(&anchor.label), path: path(anchor) })
        .filter(|model| !model.path.is_empty())
        .collect()
}

/// What the vertical axis shows: the curves; 0 where they come near it, since areas and ratios are then read rightly; trivial models that lie near
/// enough not to squeeze the curves.
fn height(mut values: Vec<f64>, (least, _): (f64, f64), trivial: &[Trivial]) -> Vec<f64> {
    let ends = |values: &[f64]| {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let (low, high) = ends(&values);
    if least == 0.0 && low <= NEAR_ZERO * high {
        values.push(0.0);
    }
    let (low, high) = ends(&values);
    let room = SQUEEZE * (high - low);
    let near =
        |model: &&Trivial| model.path.iter().all(|(_, value)| *value >= low - room && *value <= high + room);
    let more: Vec<f64> =
        trivial.iter().filter(near).flat_map(|model| model.path.iter().map(|at| at.1)).collect();
    values.extend(more);
    values
}

/// The dashes of trivial model number `i`.
fn dash(i: usize) -> (f64, f64) {
    const ALL: [(f64, f64); 4] = [(6.0, 4.0), (2.0, 3.0), (10.0, 3.0), (4.0, 8.0)];
    ALL[i % ALL.len()]
}

/// The names of trivial models with their values where these are the same at every radius, and where they lie if they are not in sight.
fn entries(trivial: &[Trivial], axis: &Axis) -> Vec<Part> {
    let entry = |(i, model): (usize, &Trivial)| {
        let values = || model.path.iter().map(|(_, value)| *value);
        let first = model.path[0].1;
        let value = if values().all(|value| format::number(value) == format::number(first)) {
            format!(": {}", format::number(first))
        } else {
            String::new()
        };
        let beyond = match (values().all(|value| value < axis.low), values().all(|value| value > axis.high)) {
            (true, _) | (_, true) => ", beyond the axis",
            _ => "",
        };
        Part::entry(&format!("{}{value}{beyond}", model.name), move |canvas, (x, y)| {
            canvas.dashed(&[(x - 9.0, y), (x + 9.0, y)], ANCHOR, 1.0, 1.4, dash(i));
        })
    };
    let heading = (!trivial.is_empty()).then(|| Part::Heading("trivial models".to_owned()));
    heading.into_iter().chain(trivial.iter().enumerate().map(entry)).collect()
}

/// (radius, key), ascending; the clean metric stands at 0.
fn stops(view: &View, curve: &Curve) -> Vec<(f64, MetricKey)> {
    let clean = curve.clean.iter().map(|key| (0.0, key.clone()));
    let attacked = curve
        .epsilons
        .iter()
        .filter_map(|&epsilon| Some((epsilon, view.attacked(&curve.metric, None, epsilon)?)));
    clean.chain(attacked).collect()
}
