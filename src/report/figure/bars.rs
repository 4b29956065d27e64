//! Bars with an edge: the fill says how much they rest on.

use super::canvas::Canvas;
use super::theme::Color;

/// Width of an edge.
const EDGE: f64 = 1.4;

/// A bar from corner to corner in `fill`, edged in `edge`; one too thin to have both is all edge.
pub(super) fn edged(canvas: &mut Canvas<'_>, from: (f64, f64), to: (f64, f64), (fill, edge): (Color, Color)) {
    canvas.rectangle(from, to, edge, 1.0);
    let (left, right) = (from.0.min(to.0) + EDGE, from.0.max(to.0) - EDGE);
    let (top, bottom) = (from.1.min(to.1) + EDGE, from.1.max(to.1) - EDGE);
    if fill != edge && left < right && top < bottom {
        canvas.rectangle((left, top), (right, bottom), fill, 1.0);
    }
}
