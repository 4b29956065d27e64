//! The gate: baseline and candidate on one plane, and every difference with its interval.

use crate::gate::{Assessed, Overlay, Place, State, Word};
use crate::measure::{Direction, Unit};
use crate::metrics;
use crate::pareto::Objective;
use crate::report::format;
use crate::report::gate::{Story, shared_parts, short, title};

use super::axis::{Axis, Panel, up};
use super::canvas::{BODY, Canvas, Fill, HEADING, Marker, SMALL, Side, Type};
use super::fitting::{cut, width};
use super::front::steps;
use super::labels::{Block, NEAR, Wish, placed};
use super::look::Look;
use super::theme::{ANCHOR, Color, INK, QUIET, SAFETY, SECURITY};
use super::{Figure, framed, stacked};

const ROW: f64 = 21.0;
const HEIGHT: f64 = 380.0;
/// Rows of differences at most.
const MOST: usize = 14;
const RADIUS: f64 = 5.0;

/// The figure `gate`: what the verdict is about. `overlay` are both sides.
#[must_use]
pub fn gate(story: &Story<'_>, overlay: &Overlay, look: Look) -> Figure {
    let ranked: Vec<&Assessed> = story
        .ranked()
        .into_iter()
        .filter(|one| matches!(one.endpoint.unit, Unit::Fraction | Unit::Ratio))
        .collect();
    let left_out = ranked.len().saturating_sub(MOST);
    let ranked = &ranked[..ranked.len().min(MOST)];
    let rows = 40.0 + ROW * ranked.len() as f64 + 56.0;
    let (plane, height, at) = match (look.is_narrow(), ranked.is_empty()) {
        (_, true) => (look.width, HEIGHT, (0.0, 0.0)),
        (false, false) => (0.5 * look.width, HEIGHT.max(rows), (0.5 * look.width, 0.0)),
        (true, false) => (look.width, 300.0 + rows, (0.0, 300.0)),
    };
    let drawing = if look.is_narrow() { 300.0_f64.min(height) } else { height };
    let reason = story
        .reasons()
        .first()
        .map_or_else(String::new, |reason| format!(". {}", reason.trim_end_matches('.')));
    let heading = format!("{}{reason}", story.word());
    let words = (format!("{}: {heading}", story.name), caption(story, left_out, !ranked.is_empty()));
    framed(look, "gate", height, words, |canvas, top| {
        fronts(canvas, overlay, look, (top, plane, drawing));
        if !ranked.is_empty() {
            differences(canvas, ranked, (at.0, top + at.1), look.width - at.0);
        }
    })
}

fn caption(story: &Story<'_>, left_out: usize, tested: bool) -> String {
    let seeds = format::count(story.verdict.seeds.len(), "seed");
    let mut text = format!(
        "Hollow and dashed: the baseline; filled: this run; a line joins the same point. Means over {seeds}; stairs: the points that no other of their side dominates on these axes."
    );
    if tested {
        let more = if left_out > 0 {
            format!(" {} are in verdict.json.", format::count(left_out, "more difference"))
        } else {
            String::new()
        };
        text += &format!(
            " Differences, right of the line is better: mean over paired seeds with its {:.0} % interval, by inverting the sign-flip test; grey tick: the margin. Orange: shown to be worse; blue: shown to be better; all tested together.{more}",
            100.0 * (1.0 - story.alpha)
        );
    } else if story.verdict.word == Word::Identical {
        text += " No gated number differs.";
    }
    text
}

/// `robust accuracy at L∞ ε = 0.2 (higher is better →)`, on one line or two.
fn axis_name(objective: &Objective, room: f64, most: usize) -> Vec<String> {
    let way = match objective.direction {
        Direction::Higher => "(higher is better →)",
        Direction::Lower => "(lower is better →, axis reversed)",
    };
    let name = metrics::describe(&objective.key);
    let whole = format!("{name} {way}");
    let short = format!("{name} →");
    let tries = [whole, short];
    if let Some(found) = stacked(&tries, room).filter(|found| found.len() <= most) {
        return found;
    }
    vec![cut(&tries[1], BODY, room)]
}

fn fronts(canvas: &mut Canvas<'_>, overlay: &Overlay, look: Look, (top, wide, height): (f64, f64, f64)) {
    let places = || overlay.points.iter().flat_map(|point| [point.baseline, point.candidate]).flatten();
    let axis = |objective: &Objective, of: fn(Place) -> f64| {
        let range = metrics::find(&objective.key.id)
            .map_or((f64::NEG_INFINITY, f64::INFINITY), |metric| metric.range);
        let values: Vec<f64> = places().map(of).collect();
        Axis::around(&values, range, objective.direction == Direction::Lower, 5)
    };
    let (above, below) = (top + 10.0, top + height - 56.0);
    let name_up = axis_name(&overlay.y, up(above, below), 2);
    let panel = Panel {
        left: look.left(name_up.len()),
        top: above,
        right: wide - 16.0,
        bottom: below,
        x: axis(&overlay.x, |place| place.0),
        y: axis(&overlay.y, |place| place.1),
    };
    panel.draw(canvas, None, true);
    panel.names(canvas, &axis_name(&overlay.x, panel.room().0, 1)[0], &name_up);
    let at = |place: Place| panel.at(place.0, place.1);
    let stairs = |members: &[usize], of: &dyn Fn(usize) -> Option<Place>| {
        let corners = members.iter().filter_map(|&i| of(i)).map(at).collect();
        let path: Vec<(f64, f64)> = steps(&panel, corners).into_iter().map(|at| panel.clamped(at)).collect();
        path
    };
    let before = stairs(&overlay.fronts[0], &|i| overlay.points[i].baseline);
    let now = stairs(&overlay.fronts[1], &|i| overlay.points[i].candidate);
    canvas.dashed(&before, ANCHOR, 1.0, 1.6, (6.0, 4.0));
    canvas.line(&now, INK, 1.0, 1.6);
    for point in &overlay.points {
        if let (Some(before), Some(now)) = (point.baseline, point.candidate) {
            canvas.line(&[at(before), at(now)], QUIET, 0.8, 1.0);
        }
    }
    for point in &overlay.points {
        if let Some(before) = point.baseline {
            canvas.filled(Marker::Circle, at(before), RADIUS + 1.0, Fill::Hollow, (ANCHOR, ANCHOR));
        }
    }
    for point in &overlay.points {
        if let Some(now) = point.candidate {
            canvas.filled(Marker::Circle, at(now), RADIUS - 1.0, Fill::Whole, (INK, INK));
        }
    }
    label(canvas, overlay, &panel, &[before, now].concat());
}

fn label(canvas: &mut Canvas<'_>, overlay: &Overlay, panel: &Panel, stairs: &[(f64, f64)]) {
    const LOOK: Type = Type { size: 10.5, bold: true, color: INK };
    let shared = shared_parts(overlay.points.iter().map(|point| point.label.as_str()));
    let named: Vec<((f64, f64), String)> = overlay
        .points
        .iter()
        .filter_map(|point| {
            let place = point.candidate.or(point.baseline)?;
            let name = short(&point.label, &shared);
            let name = name.strip_prefix("strength=").map_or(name.clone(), str::to_owned);
            Some((panel.at(place.0, place.1), cut(&name, LOOK, 130.0)))
        })
        .collect();
    let wishes: Vec<Wish> = named
        .iter()
        .map(|(at, name)| Wish { at: *at, radius: RADIUS, width: width(name, LOOK) + 2.0, height: 11.5 })
        .collect();
    let places = overlay.points.iter().flat_map(|point| [point.baseline, point.candidate]).flatten();
    let marks: Vec<Block> = places.map(|p| Block::around(panel.at(p.0, p.1), RADIUS + 1.0)).collect();
    let lines: Vec<Block> = stairs.windows(2).map(|pair| Block::line(pair[0], pair[1])).collect();
    let sheet =
        Block { left: panel.left, top: panel.top - 8.0, right: panel.right + 12.0, bottom: panel.bottom };
    for (found, (_, name)) in placed(&wishes, &marks, &lines, sheet, &NEAR).into_iter().zip(&named) {
        if let Some(at) = found {
            canvas.text(name, at, LOOK, Side::Middle);
        }
    }
}

/// One row per difference, better to the right.
fn differences(canvas: &mut Canvas<'_>, ranked: &[&Assessed], (left, top): (f64, f64), room: f64) {
    let ends = |one: &Assessed| {
        let (low, high) = one.interval.unwrap_or((one.mean, one.mean));
        [-low, -high, -one.mean, -one.endpoint.margin, 0.0]
    };
    let values: Vec<f64> =
        ranked.iter().flat_map(|one| ends(one)).filter(|value| value.is_finite()).collect();
    let numbers = ranked.iter().map(|one| said(one)).collect::<Vec<_>>();
    let look = Type { size: 10.0, ..SMALL };
    let widest = numbers.iter().map(|text| width(text, look)).fold(0.0, f64::max);
    let names = (0.36 * room).min(190.0);
    let panel = Panel {
        left: left + names,
        top: top + 30.0,
        right: left + room - widest - 16.0,
        bottom: top + 40.0 + ROW * ranked.len() as f64,
        x: Axis::around(&values, (f64::NEG_INFINITY, f64::INFINITY), false, 3),
        y: Axis::exactly(0.0, 1.0, 1),
    };
    canvas.text("better than the baseline →", (panel.left, top + 14.0), HEADING, Side::Start);
    panel.across(canvas);
    let zero = panel.x(0.0);
    canvas.line(&[(zero, panel.top), (zero, panel.bottom)], QUIET, 1.0, 1.2);
    let places = ranked.iter().map(|one| one.endpoint.subject.place());
    let shared = shared_parts(places.filter(|place| *place != "front"));
    for (i, (one, number)) in ranked.iter().zip(&numbers).enumerate() {
        let y = panel.top + ROW * (i as f64 + 0.6);
        let place = short(one.endpoint.subject.place(), &shared);
        let place = place.strip_prefix("strength=").map_or(place.clone(), str::to_owned);
        let name = cut(&format!("{place} {}", title(one)), look, names - 24.0);
        canvas.text(&name, (panel.left - 8.0, y), look, Side::End);
        let color = match one.state {
            State::Worse | State::WorseWithin => SECURITY,
            State::Better | State::BetterWithin => SAFETY,
            State::NoWorse | State::Undecided => INK,
        };
        difference(canvas, one, &panel, y, color);
        canvas.text(number, (panel.right + 8.0, y), look, Side::Start);
    }
}

fn difference(canvas: &mut Canvas<'_>, one: &Assessed, panel: &Panel, y: f64, color: Color) {
    let x = |value: f64| panel.x(value.clamp(panel.x.low, panel.x.high));
    let margin = x(-one.endpoint.margin);
    canvas.line(&[(margin, y - 6.0), (margin, y + 6.0)], ANCHOR, 1.0, 1.6);
    if let Some((low, high)) = one.interval {
        canvas.line(&[(x(-high), y), (x(-low), y)], color, 0.7, 2.0);
    }
    canvas.marker(Marker::Circle, (x(-one.mean), y), 3.8, color, color, 1.0);
}

/// `−1.2 points [−2.0, −0.4]`, positive for the better.
fn said(one: &Assessed) -> String {
    let turned = one.interval.map(|(low, high)| (-high, -low));
    format::change_interval((-one.mean, turned), one.endpoint.unit)
}
