//! The security curve: what is left at every radius, one line per strength, one panel per defense.

use crate::measure::MetricKey;
use crate::points::Anchor;
use crate::report::certificates;
use crate::report::format;
use crate::report::inputs::Curve;
use crate::report::leading;
use crate::report::view::View;

use super::axis::{Axis, Panel, up};
use super::canvas::{BODY, HEADING, Marker, Side};
use super::fitting::shortened;
use super::legend::{self, Key, Legend, Part, Style};
use super::look::Look;
use super::theme::{ANCHOR, QUIET};
use super::{Figure, axis_lines, basis, bounds, facts, framed, is_reversed};

/// With more lines than this the bands would hide each other.
const BANDED: usize = 8;
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
    let banded = panels.iter().all(|(_, points)| points.len() <= BANDED);
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
    let basis = if banded { facts(view, &drawn, "bands") } else { basis(view, "; intervals: in points.csv") };
    let sandwiched = panels
        .iter()
        .any(|(_, points)| points.iter().any(|&point| !certified(view, curve, point).is_empty()));
    let proven = if sandwiched {
        "Thin dashes: the certified share; the truth lies between it and the line of the same color. "
    } else {
        ""
    };
    let trivial = trivial(view, &stops);
    let range = bounds(view, key);
    let y_axis = Axis::around(&height(values, range, &trivial), range, is_reversed(view, key), 6);
    let is_broken = range.0 == 0.0 && y_axis.low > 0.0;
    let from = if is_broken {
        format!("The vertical axis begins at {}, not at 0. ", format::number(y_axis.low))
    } else {
        String::new()
    };
    let caption =
        format!("{zero}Dotted: the radius of the front, ε = {}. {proven}{from}{basis}", threat.epsilon);
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
        let margin = look.left(name_up.len());
        let column = (place.right - margin + 6.0) / columns as f64;
        for (i, (name, points)) in panels.iter().enumerate() {
            let left = margin + column * (i % columns) as f64;
            let start = top + panel_height * (i / columns) as f64;
            let gap = if i % columns == 0 { 0.0 } else { 46.0 };
            let panel = Panel {
                left: left + gap,
                top: start + 10.0 + heading,
                right: left + column - 6.0,
                bottom: start + panel_height - 56.0,
                x: x_axis.clone(),
                y: y_axis.clone(),
            };
            panel.draw(canvas, None, panels.len() > 1);
            if panels.len() > 1 {
                let name = shortened(name, HEADING, column - gap);
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
            for &point in points {
                let degenerate = view.given.points[point].degenerate.is_some();
                let color = if degenerate { ANCHOR } else { legend::color(view, point) };
                let known: Vec<(f64, &MetricKey, f64)> = stops
                    .iter()
                    .filter_map(|(epsilon, key)| Some((*epsilon, key, view.value(point, key)?)))
                    .collect();
                let band: Vec<(f64, f64, f64)> = known
                    .iter()
                    .filter_map(|(epsilon, key, _)| {
                        view.interval(point, key).map(|(low, high)| (*epsilon, low, high))
                    })
                    .collect();
                if banded && band.len() == known.len() {
                    let lower = band.iter().map(|(epsilon, low, _)| panel.at(*epsilon, *low));
                    let upper = band.iter().rev().map(|(epsilon, _, high)| panel.at(*epsilon, *high));
                    let clipped = |(x, y): (f64, f64)| (x, y.clamp(panel.top, panel.bottom));
                    canvas.polygon(&lower.chain(upper).map(clipped).collect::<Vec<_>>(), color, 0.13);
                }
                let proven = certified(view, curve, point);
                let proven: Vec<(f64, f64)> = proven.iter().map(|(e, value)| panel.at(*e, *value)).collect();
                legend::certified(canvas, &proven, color);
                let path: Vec<(f64, f64)> =
                    known.iter().map(|(epsilon, _, value)| panel.at(*epsilon, *value)).collect();
                if degenerate {
                    canvas.dashed(&path, color, 1.0, 1.6, (4.0, 3.0));
                } else {
                    canvas.line(&path, color, 1.0, 2.0);
                    let shape = Marker::of(legend::defense(view, point));
                    for at in path {
                        canvas.marker(shape, at, 3.2, color, color, 1.0);
                    }
                }
            }
        }
        legend.draw(canvas, &place, top);
    }))
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

/// Who keeps most at the radius of the front, against the lowest strength.
fn title(view: &View, curve: &Curve) -> String {
    let fallback = || "What is left at every radius of the attack".to_owned();
    let Some(key) = view.given.threat.as_ref().and_then(|t| view.attacked(&curve.metric, None, t.epsilon))
    else {
        return fallback();
    };
    let known: Vec<usize> = (0..view.given.points.len())
        .filter(|&point| view.given.points[point].degenerate.is_none() && view.is_final(point))
        .filter(|&point| view.value(point, &key).is_some())
        .collect();
    let weakest = known
        .iter()
        .copied()
        .min_by(|a, b| view.given.points[*a].strength.total_cmp(&view.given.points[*b].strength));
    let (Some(best), Some(weakest)) = (leading::among(view, &key, &known), weakest) else {
        return fallback();
    };
    let left = |point: usize| view.value(point, &key).map_or_else(String::new, format::number);
    let name = format::capitalized(&view.title(&key));
    let told = format!("{name} is best {}: {}", best.place(view), left(best.point));
    if best.point == weakest {
        return told;
    }
    format!("{told}, against {} {}", left(weakest), view.place(weakest))
}
