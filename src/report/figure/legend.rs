//! The column beside a drawing: strengths, defenses, marks.

use crate::report::view::View;

use super::canvas::{BODY, Canvas, HEADING, Marker, SMALL, Side, Type, cut};
use super::theme::{self, ANCHOR, Color, INK, PALE, SURFACE};

/// Width of the column.
pub(super) const WIDTH: f64 = 168.0;
/// Stroke of the joint front, wider than that of any defense.
pub(super) const JOINT: f64 = 2.6;
/// More strengths than this are shown as a band.
const CHIPS: usize = 12;

/// Dash patterns, one per defense; the first is a whole line. Where colors repeat the patterns move on by one, so that no two defenses
/// share both.
pub(super) fn dash(defense: usize) -> Option<(f64, f64)> {
    const ALL: [Option<(f64, f64)>; 6] =
        [None, Some((7.0, 4.0)), Some((2.0, 3.0)), Some((12.0, 4.0)), Some((4.0, 2.0)), Some((9.0, 6.0))];
    ALL[(defense % theme::COLORS + defense / theme::COLORS) % ALL.len()]
}

/// The color of a point's strength.
pub(super) fn color(view: &View, point: usize) -> Color {
    let strength = view.given.points[point].strength;
    let rank = view.strengths.iter().position(|s| s.to_bits() == strength.to_bits()).unwrap_or(0);
    theme::scale(theme::position(rank, view.strengths.len()))
}

/// The color of a point's mark: of its defense where several are compared, else of its strength.
pub(super) fn mark_color(view: &View, point: usize) -> Color {
    if view.defenses.len() > 1 { theme::defense(defense(view, point)) } else { color(view, point) }
}

/// Least and largest radius of marks where several defenses are compared: strengths of different defenses share no scale, so size
/// tells the rank within the own defense.
const RADII: (f64, f64) = (3.6, 7.0);

/// The radius of a point's mark; `usual` where one defense stands alone.
pub(super) fn radius(view: &View, point: usize, usual: f64) -> f64 {
    if view.defenses.len() < 2 {
        return usual;
    }
    let given = &view.given.points;
    let own = || given.iter().filter(|other| other.defense == given[point].defense);
    let mut strengths: Vec<f64> = own().map(|other| other.strength).collect();
    strengths.sort_by(f64::total_cmp);
    strengths.dedup_by(|a, b| a.to_bits() == b.to_bits());
    let rank = strengths.iter().filter(|strength| **strength < given[point].strength).count();
    RADII.0 + (RADII.1 - RADII.0) * theme::position(rank, strengths.len())
}

/// The height of the column that [`draw`] makes of marks.
pub(super) fn height(view: &View, keys: usize) -> f64 {
    let several = if view.defenses.len() > 1 { 48.0 + 17.0 * view.defenses.len() as f64 } else { 0.0 };
    let strengths = if several > 0.0 { 2 } else { view.strengths.len().min(8) };
    80.0 + several + 17.0 * (strengths + keys) as f64
}

/// The number of a point's defense.
pub(super) fn defense(view: &View, point: usize) -> usize {
    let name = &view.given.points[point].defense;
    view.defenses.iter().position(|defense| defense == name).unwrap_or(0)
}

/// What the marks mean, drawn when they occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    OnFront,
    Dominated,
    PassedOver,
    Joint,
    Degenerate,
    DegenerateLine,
    CertifiedLine,
    Trivial,
}

/// What the column explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Marks: one shape per defense.
    Marks,
    /// Lines in panels that name their defense.
    Lines,
}

/// Draws the column with its left edge at `left` and returns where it ends.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    view: &View,
    (left, top): (f64, f64),
    keys: &[Key],
    style: Style,
) -> f64 {
    let mut y = top + 8.0;
    let text = |canvas: &mut Canvas<'_>, y: f64, text: &str| {
        canvas.text(&cut(text, BODY, WIDTH - 26.0), (left + 22.0, y), BODY, Side::Start);
    };
    let several = view.defenses.len() > 1 && style == Style::Marks;
    if several {
        canvas.text("defense", (left, y), HEADING, Side::Start);
        y += 19.0;
        for (i, name) in view.defenses.iter().enumerate() {
            let color = theme::defense(i);
            stroke(canvas, &[(left - 3.0, y), (left + 18.0, y)], color, 1.4, i);
            canvas.marker(Marker::of(i), (left + 7.5, y), 5.0, SURFACE, color, 1.8);
            text(canvas, y, name);
            y += 17.0;
        }
        y += 10.0;
        canvas.text("strength", (left, y), HEADING, Side::Start);
        y += 19.0;
        for (radius, word) in [(RADII.0, "its lowest"), (RADII.1, "its highest")] {
            canvas.marker(Marker::Circle, (left + 7.5, y), radius, SURFACE, INK, 1.6);
            text(canvas, y, word);
            y += 17.0;
        }
    }
    // A scale of strengths of one defense, or of all where the colors of a drawing tell them.
    let steps = if several { 0 } else { view.strengths.len() };
    let shade = |rank: usize| theme::scale(theme::position(rank, steps));
    if steps > 0 {
        canvas.text("strength", (left, y), HEADING, Side::Start);
        y += 19.0;
    }
    if steps <= CHIPS {
        for (rank, strength) in view.strengths.iter().take(steps).enumerate() {
            let color = if has_collapsed(view, *strength) { ANCHOR } else { shade(rank) };
            if style == Style::Lines {
                canvas.line(&[(left, y), (left + 15.0, y)], color, 1.0, 2.5);
            }
            canvas.marker(Marker::Circle, (left + 7.5, y), 4.5, color, color, 1.0);
            text(canvas, y, &strength.to_string());
            y += 17.0;
        }
    } else {
        let height = 120.0;
        for rank in 0..steps {
            let edge = |rank: usize| y + height * rank as f64 / steps as f64;
            canvas.rectangle((left, edge(rank)), (left + 15.0, edge(rank + 1) + 0.5), shade(rank), 1.0);
        }
        for (share, rank) in [(0.0, 0), (0.5, steps / 2), (1.0, steps - 1)] {
            text(canvas, y + 5.0 + (height - 10.0) * share, &view.strengths[rank].to_string());
        }
        y += height + 12.0;
    }
    if !keys.is_empty() {
        y += 10.0;
        canvas.text("marks", (left, y), HEADING, Side::Start);
        y += 19.0;
        for key in keys {
            let at = (left + 7.5, y);
            if *key == Key::Joint {
                canvas.line(&[(left - 3.0, y), (left + 18.0, y)], INK, 1.0, JOINT);
                text(canvas, y, "joint front");
                y += 17.0;
                continue;
            }
            if *key == Key::DegenerateLine {
                canvas.dashed(&[(left, y), (left + 15.0, y)], ANCHOR, 1.0, 1.6, (4.0, 3.0));
                text(canvas, y, "degenerate");
                y += 17.0;
                continue;
            }
            if *key == Key::CertifiedLine {
                certified(canvas, &[(left, y), (left + 15.0, y)], INK);
                text(canvas, y, "certified");
                y += 17.0;
                continue;
            }
            let (shape, fill, edge, word) = match key {
                Key::OnFront => (Marker::Circle, INK, INK, "on the front"),
                Key::Dominated => (Marker::Circle, SURFACE, INK, "dominated"),
                Key::PassedOver => (Marker::Circle, SURFACE, PALE, "not chosen"),
                Key::Degenerate | Key::DegenerateLine | Key::CertifiedLine | Key::Joint => {
                    (Marker::Circle, SURFACE, ANCHOR, "degenerate")
                }
                Key::Trivial => (Marker::Diamond, ANCHOR, ANCHOR, "trivial model"),
            };
            canvas.marker(shape, at, 5.0, fill, edge, 1.6);
            if *key == Key::Degenerate {
                cross(canvas, at, 7.0, ANCHOR);
            }
            text(canvas, y, word);
            y += 17.0;
        }
    }
    y
}

/// Whether every point at this strength is degenerate.
fn has_collapsed(view: &View, strength: f64) -> bool {
    let mut points = view.given.points.iter().filter(|point| point.strength.to_bits() == strength.to_bits());
    points.all(|point| point.degenerate.is_some())
}

/// Two strokes through a mark.
pub(super) fn cross(canvas: &mut Canvas<'_>, (x, y): (f64, f64), radius: f64, color: Color) {
    canvas.line(&[(x - radius, y - radius), (x + radius, y + radius)], color, 1.0, 1.6);
    canvas.line(&[(x - radius, y + radius), (x + radius, y - radius)], color, 1.0, 1.6);
}

/// The lower edge of what is known: what is certified.
pub(super) fn certified(canvas: &mut Canvas<'_>, points: &[(f64, f64)], color: Color) {
    canvas.dashed(points, color, 1.0, 1.3, (2.5, 2.0));
}

/// A line in the dash pattern of a defense.
pub(super) fn stroke(
    canvas: &mut Canvas<'_>,
    points: &[(f64, f64)],
    color: Color,
    width: f64,
    defense: usize,
) {
    match dash(defense) {
        None => canvas.line(points, color, 1.0, width),
        Some(pattern) => canvas.dashed(points, color, 1.0, width, pattern),
    }
}

/// A small grey remark.
pub(super) fn remark(canvas: &mut Canvas<'_>, text: &str, at: (f64, f64), side: Side) {
    canvas.text(text, at, Type { size: 10.0, ..SMALL }, side);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_defenses_have_the_same_line_or_the_same_mark() {
        // As many as there are pairs of a color and a dash.
        let all = || 0..6 * theme::COLORS;
        for a in all() {
            for b in all().skip(a + 1) {
                let color = theme::defense(a) == theme::defense(b);
                assert!(!(color && dash(a) == dash(b)), "the lines of {a} and {b}");
                assert!(!(color && Marker::of(a) == Marker::of(b)), "the marks of {a} and {b}");
            }
        }
    }
}
