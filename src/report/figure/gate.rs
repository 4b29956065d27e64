//! The gate: baseline and candidate on one plane, and every difference with its interval.

use crate::gate::{Assessed, Overlay, Place, State, Subject, Word};
use crate::measure::{AttackKey, Bound, Direction, MetricKey, Unit};
use crate::metrics;
use crate::pareto::Objective;
use crate::report::format;
use crate::report::gate::{Story, shared_parts, short, title};

use super::axis::{Axis, Panel, up};
use super::canvas::{BODY, Canvas, Fill, Marker, SMALL, Side, Type};
use super::fitting::{cut, shortened, width};
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
    let ranked: Vec<&Assessed> = story.ranked().into_iter().filter(|one| is_drawn(one)).collect();
    let left_out = ranked.len().saturating_sub(MOST);
    // Those that show most are drawn; in which order is a matter of size.
    let mut ranked = ranked[..ranked.len().min(MOST)].to_vec();
    let is_gain = story.verdict.word == Word::Improved;
    ranked.sort_by(|a, b| if is_gain { a.mean.total_cmp(&b.mean) } else { b.mean.total_cmp(&a.mean) });
    let ranked = &ranked[..];
    let rows = 24.0 + ROW * ranked.len() as f64 + 56.0;
    let (plane, height, at) = match (look.is_narrow(), ranked.is_empty()) {
        (_, true) => (look.width, HEIGHT, (0.0, 0.0)),
        (false, false) => (0.46 * look.width, HEIGHT.max(rows), (0.46 * look.width, 0.0)),
        (true, false) => (look.width, 300.0 + rows, (0.0, 300.0)),
    };
    let drawing = if look.is_narrow() { 300.0_f64.min(height) } else { height };
    let labels = Labels::of(ranked);
    let words = (heading(story, &labels), caption(story, overlay, ranked, left_out));
    framed(look, "gate", height, words, |canvas, top| {
        fronts(canvas, (story, overlay), look, (top, plane, drawing));
        if !ranked.is_empty() {
            differences(canvas, (ranked, &labels), (at.0, top + at.1), look.width - at.0);
        }
    })
}

/// How endpoints are called in the figure: without what all have in common.
struct Labels {
    /// Coordinates that every point shares.
    shared: Vec<String>,
    /// The attack of every number under attack, where it is one.
    attack: Option<AttackKey>,
}

impl Labels {
    fn of(ranked: &[&Assessed]) -> Self {
        let places = ranked.iter().map(|one| one.endpoint.subject.place());
        let shared = shared_parts(places.filter(|place| *place != FRONT));
        let mut attacks = ranked.iter().filter_map(|one| attack(one));
        let first = attacks.next();
        Self { shared, attack: first.filter(|first| attacks.all(|other| other == *first)).cloned() }
    }

    /// `worst-class accuracy at 0.25`, `hypervolume of the front`.
    fn name(&self, one: &Assessed) -> String {
        let title = match &one.endpoint.subject {
            Subject::Number { key, .. } if key.attack.is_some() && key.attack == self.attack => {
                metrics::describe(&MetricKey { attack: None, ..key.clone() })
            }
            _ => title(one),
        };
        let place = one.endpoint.subject.place();
        if place == FRONT {
            return format!("{title} of the front");
        }
        let place = short(place, &self.shared);
        format!("{title} at {}", place.strip_prefix("strength=").unwrap_or(&place))
    }
}

/// What an endpoint of the front as a whole is at.
const FRONT: &str = "front";

fn attack(one: &Assessed) -> Option<&AttackKey> {
    match &one.endpoint.subject {
        Subject::Number { key, .. } => key.attack.as_ref(),
        Subject::Hypervolume | Subject::Epsilon => None,
    }
}

/// The verdict with how many numbers changed, and which one most; where it does not rest on that, with its first reason.
fn heading(story: &Story<'_>, labels: &Labels) -> String {
    let begin = format!("{}: {}", story.name, story.word());
    let all = story.verdict.examination.iter().flat_map(|examination| &examination.endpoints);
    let all: Vec<&Assessed> = all.collect();
    let told = match story.verdict.word {
        Word::Regressed => Some((State::Worse, "worse")),
        Word::Improved => Some((State::Better, "better")),
        _ => None,
    };
    let counted = told.and_then(|(state, word)| {
        let changed: Vec<&&Assessed> = all.iter().filter(|one| one.state == state).collect();
        let sized = changed.iter().filter(|one| is_drawn(one));
        let most = sized.max_by(|a, b| a.mean.abs().total_cmp(&b.mean.abs()))?;
        Some(format!(
            "; {} of {} {} {word} beyond {}, most {} ({})",
            changed.len(),
            format::count(all.len(), "number"),
            format::are(changed.len()),
            if changed.len() == 1 { "its margin" } else { "their margins" },
            labels.name(most),
            format::change(-most.mean, most.endpoint.unit)
        ))
    });
    let reason = || story.reasons().first().map(|reason| format!(". {}", reason.trim_end_matches('.')));
    format!("{begin}{}", counted.or_else(reason).unwrap_or_default())
}

/// Whether a difference has a place on the axis of shares.
fn is_drawn(one: &Assessed) -> bool {
    matches!(one.endpoint.unit, Unit::Fraction | Unit::Ratio)
}

fn caption(story: &Story<'_>, overlay: &Overlay, ranked: &[&Assessed], left_out: usize) -> String {
    let seeds = format::count(story.verdict.seeds.len(), "seed");
    let mut text = format!(
        "{}; means over {seeds}{}. Hollow and dashed: the baseline; filled: this run; a line joins the same point. Stairs: the points that no other of their side dominates on these axes.",
        overlay.data,
        attacked(overlay)
    );
    if !ranked.is_empty() {
        let way = if story.verdict.word == Word::Improved { "gain" } else { "loss" };
        let rows = if left_out > 0 {
            let left = format::count(left_out, "more difference");
            format!(
                "Rows: the {} that show most, the largest {way} first; {left} are in verdict.json.",
                ranked.len()
            )
        } else {
            format!("Rows: the largest {way} first.")
        };
        text += &format!(
            " Differences, right of the line is better: mean over paired seeds with its {:.0} % interval, by inverting the sign-flip test; grey tick: the margin, where it can be told from the line ({}). Orange: shown to be worse; blue: shown to be better; all tested together. {rows}",
            100.0 * (1.0 - story.alpha),
            margins(ranked)
        );
    } else if story.verdict.word == Word::Identical {
        text += " No gated number differs.";
    }
    text
}

/// `margins: 0.5 to 2.0 points`.
fn margins(ranked: &[&Assessed]) -> String {
    let said = |one: &Assessed| {
        format::change(one.endpoint.margin, one.endpoint.unit).trim_start_matches(['+', '±']).to_owned()
    };
    let order = |a: &&&Assessed, b: &&&Assessed| a.endpoint.margin.total_cmp(&b.endpoint.margin);
    match (ranked.iter().min_by(order), ranked.iter().max_by(order)) {
        (Some(least), Some(most)) if said(least) != said(most) => {
            format!("margins: {} to {}", said(least), said(most))
        }
        (Some(least), _) => format!("margin: {}", said(least)),
        _ => String::new(),
    }
}

/// `; attack: L∞ ε = 0.2, protocol d25a6083`, of the axes.
fn attacked(overlay: &Overlay) -> String {
    let axes = [&overlay.x, &overlay.y];
    let attack = axes.into_iter().find_map(|objective| objective.key.attack.as_ref());
    attack.map_or_else(String::new, |attack| {
        format!("; attack: {} ε = {}, protocol {}", attack.norm.sign(), attack.epsilon, attack.protocol)
    })
}

/// `robust accuracy (L∞ 0.2), upper bound (higher is better →)`, on one line or two.
fn axis_name(story: &Story<'_>, objective: &Objective, room: f64, most: usize) -> Vec<String> {
    let way = match objective.direction {
        Direction::Higher => "(higher is better →)",
        Direction::Lower => "(lower is better →, axis reversed)",
    };
    let endpoints = story.verdict.examination.iter().flat_map(|examination| &examination.endpoints);
    let mut same = endpoints.filter(|one| match &one.endpoint.subject {
        Subject::Number { key, .. } => *key == objective.key,
        Subject::Hypervolume | Subject::Epsilon => false,
    });
    let bound = same.next().map(|one| one.endpoint.bound);
    let bound = bound.or_else(|| metrics::find(&objective.key.id).map(|metric| metric.bound));
    let bound = match bound {
        Some(Bound::Upper) => ", upper bound",
        Some(Bound::Lower) => ", lower bound",
        _ => "",
    };
    let name = format!("{}{bound}", metrics::describe(&objective.key));
    let whole = format!("{name} {way}");
    let short = format!("{name} →");
    let tries = [whole, short];
    if let Some(found) = stacked(&tries, room).filter(|found| found.len() <= most) {
        return found;
    }
    vec![cut(&tries[1], BODY, room)]
}

fn fronts(
    canvas: &mut Canvas<'_>,
    (story, overlay): (&Story<'_>, &Overlay),
    look: Look,
    (top, wide, height): (f64, f64, f64),
) {
    let places = || overlay.points.iter().flat_map(|point| [point.baseline, point.candidate]).flatten();
    let axis = |objective: &Objective, of: fn(Place) -> f64| {
        let range = metrics::find(&objective.key.id)
            .map_or((f64::NEG_INFINITY, f64::INFINITY), |metric| metric.range);
        let values: Vec<f64> = places().map(of).collect();
        Axis::around(&values, range, objective.direction == Direction::Lower, 5)
    };
    let (above, below) = (top + 10.0, top + height - 56.0);
    let name_up = axis_name(story, &overlay.y, up(above, below), 2);
    let panel = Panel {
        left: look.left(name_up.len()),
        top: above,
        right: wide - 16.0,
        bottom: below,
        x: axis(&overlay.x, |place| place.0),
        y: axis(&overlay.y, |place| place.1),
    };
    panel.draw(canvas, None, true);
    panel.names(canvas, &axis_name(story, &overlay.x, panel.room().0, 1)[0], &name_up);
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
fn differences(
    canvas: &mut Canvas<'_>,
    (ranked, labels): (&[&Assessed], &Labels),
    (left, top): (f64, f64),
    room: f64,
) {
    let ends = |one: &Assessed| {
        let (low, high) = one.interval.unwrap_or((one.mean, one.mean));
        [-low, -high, -one.mean, -one.endpoint.margin, 0.0].map(|x| POINTS * x)
    };
    let values: Vec<f64> =
        ranked.iter().flat_map(|one| ends(one)).filter(|value| value.is_finite()).collect();
    let numbers = ranked.iter().map(|one| said(one)).collect::<Vec<_>>();
    let look = Type { size: 10.0, ..SMALL };
    let widest = numbers.iter().map(|text| width(text, look)).fold(0.0, f64::max);
    let names: Vec<String> = ranked.iter().map(|one| labels.name(one)).collect();
    let named = names.iter().map(|name| width(name, look)).fold(0.0, f64::max);
    let panel = Panel {
        left: left + (named + 24.0).min(0.44 * room),
        top: top + 14.0,
        right: left + room - widest - 16.0,
        bottom: top + 24.0 + ROW * ranked.len() as f64,
        x: Axis::around(&values, (f64::NEG_INFINITY, f64::INFINITY), false, 3),
        y: Axis::exactly(0.0, 1.0, 1),
    };
    panel.across(canvas);
    let unit = if ranked.iter().all(|one| one.endpoint.unit == Unit::Fraction) {
        "points"
    } else {
        "points, of ratios hundredths"
    };
    let title = format!("difference from the baseline, {unit} (better →)");
    // In the middle of the axis, as far as the sheet goes.
    let half = 0.5 * width(&title, BODY);
    let middle = f64::midpoint(panel.left, panel.right).min(left + room - half - 8.0).max(left + half);
    canvas.text(&title, (middle, panel.bottom + 34.0), BODY, Side::Middle);
    let zero = panel.x(0.0);
    canvas.line(&[(zero, panel.top), (zero, panel.bottom)], QUIET, 1.0, 1.2);
    for (i, ((one, number), name)) in ranked.iter().zip(&numbers).zip(&names).enumerate() {
        let y = panel.top + ROW * (i as f64 + 0.6);
        let name = shortened(name, look, panel.left - left - 16.0);
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

/// Points in 1.
const POINTS: f64 = 100.0;

fn difference(canvas: &mut Canvas<'_>, one: &Assessed, panel: &Panel, y: f64, color: Color) {
    /// A margin nearer to the line than this is no mark of its own.
    const APART: f64 = 3.0;
    let x = |value: f64| panel.x((POINTS * value).clamp(panel.x.low, panel.x.high));
    let margin = x(-one.endpoint.margin);
    if panel.x(0.0) - margin >= APART {
        canvas.line(&[(margin, y - 6.0), (margin, y + 6.0)], ANCHOR, 1.0, 1.6);
    }
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
