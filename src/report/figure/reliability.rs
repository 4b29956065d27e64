//! Reliability diagrams, clean and under attack: how often a model is right at every confidence.

use crate::report::format;
use crate::report::view::View;
use crate::run::Confidence;

use super::axis::{Axis, Panel};
use super::canvas::{Canvas, HEADING, Marker, SMALL, Side, Type};
use super::chosen::{chosen, most_secure};
use super::fitting::{cut, width};
use super::look::Look;
use super::theme::{ANCHOR, Color, SAFETY, SECURITY};
use super::{Figure, basis, corner, framed, spoken};

const HEIGHT: f64 = 300.0;
/// Height of the bars below a panel.
const SHARES: f64 = 34.0;

/// The figure, where models state probabilities.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let points: Vec<usize> =
        chosen(view).into_iter().filter(|point| of(view, *point, false).is_some()).collect();
    if points.is_empty() {
        return None;
    }
    let attacked = points.iter().any(|&point| of(view, point, true).is_some());
    let columns = points.len().min(look.columns(4));
    let height = if look.is_narrow() { 0.85 * HEIGHT } else { HEIGHT };
    let rows = points.len().div_ceil(columns);
    let colors = if attacked {
        "Blue circles: clean rows; orange squares: each row where an attack first broke it, or else at the point of largest loss."
    } else {
        "Clean rows."
    };
    let caption = format!(
        "Share classified correctly against confidence, in 15 bins of equal width. On the dashed line confidence is right; below it the model is too sure. {colors} Whiskers: worst and best seed. Bars below: the share of rows at each confidence. Beside the words: mean confidence, share right. {}",
        basis(view, "")
    );
    let words = (title(view, &points), caption);
    Some(framed(look, "reliability", height * rows as f64, words, |canvas, top| {
        let whole = look.width / columns as f64;
        for (i, &point) in points.iter().enumerate() {
            let place = corner(i, columns, (whole, height), top);
            panel(canvas, view, point, (place, (whole, height)), i % columns == 0);
        }
    }))
}

/// What is known of a point's confidences, where it may be stated.
pub(super) fn of(view: &View, point: usize, attacked: bool) -> Option<&Confidence> {
    let wanted = |one: &&Confidence| {
        one.point == point
            && one.attack.is_some() == attacked
            && one.withheld.is_none()
            && !one.bins.is_empty()
    };
    view.given.confidences.iter().find(wanted)
}

fn panel(
    canvas: &mut Canvas<'_>,
    view: &View,
    point: usize,
    ((left, top), (whole, height)): ((f64, f64), (f64, f64)),
    is_first: bool,
) {
    let narrow = whole < 260.0;
    let start = left + if is_first { 56.0 } else { 40.0 };
    let panel = Panel {
        left: start,
        top: top + if narrow { 56.0 } else { 44.0 },
        right: left + whole - 18.0,
        bottom: top + height - 56.0 - SHARES,
        x: Axis::exactly(0.0, 1.0, if narrow { 2 } else { 4 }),
        y: Axis::exactly(0.0, 1.0, 4),
    };
    let below = Panel { top: panel.bottom + 4.0, bottom: panel.bottom + SHARES, ..panel.clone() };
    panel.draw(canvas, Some(&[]), true);
    let name = spoken(&format::capitalized(&view.long_label(point)));
    // A long name begins where the sheet does, not the panel.
    let room = whole - (start - left) - 4.0;
    let (at, room) = if width(&name, HEADING) <= room { (start, room) } else { (left + 8.0, whole - 12.0) };
    canvas.text(&cut(&name, HEADING, room), (at, top + 14.0), HEADING, Side::Start);
    canvas.dashed(&[panel.at(0.0, 0.0), panel.at(1.0, 1.0)], ANCHOR, 1.0, 1.2, (4.0, 3.0));
    let both = [
        (of(view, point, false), SAFETY, Marker::Circle, "clean"),
        (of(view, point, true), SECURITY, Marker::Square, "attacked"),
    ];
    let told = both.iter().filter_map(|(confidence, color, _, word)| Some(((*confidence)?, *color, *word)));
    let (mut x, mut y) = (start, top + 29.0);
    for (confidence, color, word) in told {
        let text = format!("{word} {:.2}, {:.2}", confidence.confidence, confidence.accuracy);
        let look = Type { size: 10.0, bold: false, color };
        canvas.text(&text, (x, y), look, Side::Start);
        if narrow {
            y += 13.0;
        } else {
            x += width(&text, look) + 14.0;
        }
    }
    for (confidence, color, shape, _) in both {
        if let Some(confidence) = confidence {
            curve(canvas, &panel, confidence, color, shape);
        }
    }
    shares(canvas, &below, both.map(|(confidence, color, ..)| (confidence, color)));
    let mut ticks = below.x.ticks();
    ticks.retain(|(value, _)| (0.0..=1.0).contains(value));
    for (value, text) in ticks {
        canvas.text(&text, (below.x(value), below.bottom + 12.0), Type { size: 10.0, ..SMALL }, Side::Middle);
    }
    canvas.line(&[(below.left, below.bottom), (below.right, below.bottom)], ANCHOR, 1.0, 1.0);
    let middle = f64::midpoint(below.left, below.right);
    canvas.text("confidence", (middle, below.bottom + 28.0), Type { size: 11.0, ..SMALL }, Side::Middle);
    if is_first {
        let up = f64::midpoint(panel.top, panel.bottom);
        canvas.turned_text("share right", (left + 14.0, up), Type { size: 11.0, ..SMALL }, Side::Middle);
    }
}

fn curve(canvas: &mut Canvas<'_>, panel: &Panel, confidence: &Confidence, color: Color, shape: Marker) {
    let at = |share: f64, value: f64| panel.at(share, value);
    let path: Vec<(f64, f64)> = confidence.bins.iter().map(|bin| at(bin.confidence, bin.accuracy)).collect();
    for bin in &confidence.bins {
        canvas.line(&[at(bin.confidence, bin.seeds.0), at(bin.confidence, bin.seeds.1)], color, 0.45, 1.2);
    }
    canvas.line(&path, color, 1.0, 1.5);
    for at in path {
        canvas.marker(shape, at, 2.8, color, color, 1.0);
    }
}

/// Bars of the share of rows at every confidence, side by side.
fn shares(canvas: &mut Canvas<'_>, panel: &Panel, both: [(Option<&Confidence>, Color); 2]) {
    let bins = || both.iter().filter_map(|(confidence, _)| *confidence).flat_map(|one| &one.bins);
    let most = bins().map(|bin| bin.share).fold(0.0, f64::max).max(1e-9);
    for (i, (confidence, color)) in both.iter().enumerate() {
        for bin in confidence.iter().flat_map(|one| &one.bins) {
            // The bin that the mean lies in; the last one holds 1 too.
            let number = ((bin.confidence * 15.0) as usize).min(14) as f64;
            let edge = |share: f64| panel.x((number + share) / 15.0);
            let (from, to) = (edge(0.08 + 0.42 * i as f64), edge(0.50 + 0.42 * i as f64));
            let height = (panel.bottom - panel.top) * bin.share / most;
            canvas.rectangle((from, panel.bottom - height), (to, panel.bottom), *color, 0.6);
        }
    }
}

/// What is said and what is right, at the most secure of the chosen points.
fn title(view: &View, points: &[usize]) -> String {
    let Some(point) = most_secure(view, points) else {
        return "How often models are right at every confidence".to_owned();
    };
    let said = |one: &Confidence| {
        format!("{} sure, {} right", format::number(one.confidence), format::number(one.accuracy))
    };
    match (of(view, point, true), of(view, point, false)) {
        (Some(attacked), Some(clean)) => {
            format!(
                "{}: {}; under attack {}",
                format::capitalized(&view.long_label(point)),
                said(clean),
                said(attacked)
            )
        }
        (_, Some(clean)) => format!("{}: {}", format::capitalized(&view.long_label(point)), said(clean)),
        _ => "How often models are right at every confidence".to_owned(),
    }
}
