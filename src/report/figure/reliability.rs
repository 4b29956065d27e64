//! Reliability diagrams, clean and under attack: how often a model is right at every confidence.

use crate::measure::MetricKey;
use crate::report::format;
use crate::report::view::View;
use crate::run::{Confidence, ConfidenceBin};

use super::axis::{Axis, Panel, beside};
use super::canvas::{Canvas, HEADING, Marker, SMALL, Side, Type};
use super::chosen::{chosen, most_secure};
use super::fitting::{cut, width};
use super::look::Look;
use super::theme::{ANCHOR, Color, SAFETY, SECURITY};
use super::{Figure, basis, framed, spoken};

/// Height of the bars below a panel.
const SHARES: f64 = 34.0;
/// Largest side of a panel: both of its axes are shares, so it is square, and where confidence is right lies on its diagonal.
const SIDE: f64 = 340.0;
/// Panels narrower than this have fewer ticks and the words above them on two lines.
const NARROW: f64 = 220.0;
/// Left margin of the first panel, and room from one to the next.
const LEFT: f64 = 58.0;
const GAP: f64 = 44.0;
/// Room below a panel's bars.
const BELOW: f64 = 46.0;
/// Bins with fewer rows a seed than this are marks beside the line: a few rows are right or wrong by chance.
const FEW: f64 = 10.0;

/// The figure, where models state probabilities.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let points: Vec<usize> =
        chosen(view).into_iter().filter(|point| of(view, *point, false).is_some()).collect();
    if points.is_empty() {
        return None;
    }
    let attacked = points.iter().any(|&point| of(view, point, true).is_some());
    let columns = points.len().min(look.columns(4));
    let edges = beside((LEFT, look.width - 18.0), GAP, columns);
    let side = (edges[0].1 - edges[0].0).min(SIDE);
    let above = if side < NARROW { 56.0 } else { 44.0 };
    let height = above + side + SHARES + BELOW;
    let rows = points.len().div_ceil(columns);
    let colors = if attacked {
        "Blue circles: clean rows; orange squares: each row where an attack first broke it, or else at the point of largest loss."
    } else {
        "Clean rows."
    };
    let few = points.iter().any(|&point| {
        [false, true]
            .into_iter()
            .filter_map(|attacked| of(view, point, attacked))
            .any(|one| one.bins.iter().any(|bin| is_few(view, bin)))
    });
    let few = if few {
        format!(" Small, beside the line: bins of fewer than {FEW} rows a seed.")
    } else {
        String::new()
    };
    let caption = format!(
        "Share classified correctly against confidence, in 15 bins of equal width. On the dashed line confidence is right; below it the model is too sure. {colors}{few} Whiskers: worst and best seed. Bars below: the share of rows at each confidence. Beside the words: mean confidence, share right. {}",
        basis(view, "")
    );
    let words = (title(view, &points), caption);
    Some(framed(look, "reliability", height * rows as f64, words, |canvas, top| {
        for (i, &point) in points.iter().enumerate() {
            let top = top + height * (i / columns) as f64 + above;
            let left = edges[i % columns].0;
            let panel = Panel {
                left,
                top,
                right: left + side,
                bottom: top + side,
                x: Axis::exactly(0.0, 1.0, if side < NARROW { 2 } else { 4 }),
                y: Axis::exactly(0.0, 1.0, 4),
            };
            let room = edges[i % columns].1 - left + GAP - 6.0;
            one(canvas, view, point, &panel, (above, room), i % columns == 0);
        }
    }))
}

/// Whether a bin rests on too few rows to tell anything.
fn is_few(view: &View, bin: &ConfidenceBin) -> bool {
    bin.share * (view.given.data.test as f64) < FEW
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

fn one(
    canvas: &mut Canvas<'_>,
    view: &View,
    point: usize,
    panel: &Panel,
    (above, room): (f64, f64),
    is_first: bool,
) {
    let narrow = panel.right - panel.left < NARROW;
    let (start, top) = (panel.left, panel.top - above);
    let below = Panel { top: panel.bottom + 4.0, bottom: panel.bottom + SHARES, ..panel.clone() };
    panel.draw(canvas, Some(&[]), true);
    let name = spoken(&format::capitalized(&view.long_label(point)));
    // A long name begins left of its panel.
    let (at, room) = if width(&name, HEADING) <= room { (start, room) } else { (start - 36.0, room + 36.0) };
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
            curve(canvas, view, panel, confidence, (color, shape));
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
        canvas.turned_text(
            "share right",
            (panel.left - 44.0, up),
            Type { size: 11.0, ..SMALL },
            Side::Middle,
        );
    }
}

fn curve(
    canvas: &mut Canvas<'_>,
    view: &View,
    panel: &Panel,
    confidence: &Confidence,
    (color, shape): (Color, Marker),
) {
    let (few, many): (Vec<&ConfidenceBin>, Vec<&ConfidenceBin>) =
        confidence.bins.iter().partition(|bin| is_few(view, bin));
    let at = |bin: &ConfidenceBin| panel.at(bin.confidence, bin.accuracy);
    for bin in few {
        canvas.marker(shape, at(bin), 1.4, color, color, 0.5);
    }
    for bin in &many {
        let seed = |accuracy: f64| panel.at(bin.confidence, accuracy);
        canvas.line(&[seed(bin.seeds.0), seed(bin.seeds.1)], color, 0.45, 1.2);
    }
    let path: Vec<(f64, f64)> = many.into_iter().map(at).collect();
    if path.len() > 1 {
        canvas.line(&path, color, 1.0, 1.5);
    }
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
    let fallback = || "How often models are right at every confidence".to_owned();
    let Some(point) = most_secure(view, points) else { return fallback() };
    let Some(clean) = of(view, point, false) else { return fallback() };
    let right = MetricKey::plain("accuracy");
    let said = format!(
        "{} the model says {} and is right {}{}",
        format::capitalized(&view.place(point)),
        format::number(clean.confidence),
        format::number(clean.accuracy),
        verdict(view, point, clean, Some(&right))
    );
    let Some(attacked) = of(view, point, true) else { return said };
    let threat = view.given.threat.as_ref();
    let right = threat.and_then(|threat| view.attacked("robust_accuracy", None, threat.epsilon));
    format!(
        "{said}; under attack it says {} and is right {}{}",
        format::number(attacked.confidence),
        format::number(attacked.accuracy),
        verdict(view, point, attacked, right.as_ref())
    )
}

/// `: too sure`, as far as the interval of the share that is right, `key`, tells; nothing where there is none.
fn verdict(view: &View, point: usize, said: &Confidence, key: Option<&MetricKey>) -> &'static str {
    // Of another share than that of the figure the interval would be another's.
    let is_same =
        |key: &&MetricKey| view.value(point, key).is_some_and(|value| (value - said.accuracy).abs() < 1e-6);
    match key.filter(is_same).and_then(|key| view.interval(point, key)) {
        Some((_, high)) if said.confidence > high => ": too sure",
        Some((low, _)) if said.confidence < low => ": too little sure",
        Some(_) => ": not told apart",
        None => "",
    }
}
