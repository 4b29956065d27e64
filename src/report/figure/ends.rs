//! The names of lines at their right ends.

use crate::stats::{Order, isotonic, spread};

use super::axis::Panel;
use super::canvas::{Canvas, Side, Type};
use super::fitting::width;
use super::theme::{INK, QUIET};

/// Room between a panel and the names.
const OUT: f64 = 14.0;
const NAME: Type = Type { size: 10.5, bold: false, color: INK };
/// From one name to the next.
const NEXT: f64 = 12.0;
/// How far a name may stand above or below the end of its line: of longer ways nobody knows which is whose.
const FAR: f64 = 18.0;

/// Room that the longest of `names` takes right of a panel.
pub(super) fn room<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    OUT + names.map(|name| width(name, NAME)).fold(0.0, f64::max)
}

/// Heights of names beside lines that end at these `heights`, in the same order; none where they would have to stand too far away.
pub(super) fn places(heights: &[f64], room: (f64, f64)) -> Option<Vec<f64>> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|&a, &b| heights[a].total_cmp(&heights[b]));
    let sorted: Vec<f64> = order.iter().map(|&i| heights[i]).collect();
    let found = apart(&sorted, NEXT, room)?;
    if found.iter().zip(&sorted).any(|(place, wanted)| (place - wanted).abs() > FAR) {
        return None;
    }
    let mut places = vec![0.0; heights.len()];
    for (i, place) in order.into_iter().zip(found) {
        places[i] = place;
    }
    Some(places)
}

/// Writes a name right of the panel, joined to the end of its line where it had to make room for others.
pub(super) fn write(canvas: &mut Canvas<'_>, panel: &Panel, name: &str, end: (f64, f64), y: f64) {
    let x = panel.right + OUT;
    if (y - end.1).abs() > 2.0 {
        canvas.line(&[(end.0 + 5.0, end.1), (x - 3.0, y)], QUIET, 0.8, 0.8);
    }
    canvas.text(name, (x, y), NAME, Side::Start);
}

/// Heights at least `step` apart and inside `room`, as near to the ascending `wanted` ones as can be, in their order; none where there is no room.
fn apart(wanted: &[f64], step: f64, (top, bottom): (f64, f64)) -> Option<Vec<f64>> {
    let span = step * wanted.len().saturating_sub(1) as f64;
    if top + span > bottom {
        return None;
    }
    // Less the steps that they must lie apart, heights only have to ascend.
    let bare: Vec<f64> = wanted.iter().enumerate().map(|(i, y)| y - step * i as f64).collect();
    let fitted = spread(&isotonic(&bare, &vec![1.0; bare.len()], Order::Rising));
    Some(fitted.iter().enumerate().map(|(i, y)| y.clamp(top, bottom - span) + step * i as f64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: two at 50 share the way, 5 each; the one at 80 has room.
    #[test]
    fn names_make_room_for_one_another() {
        assert_eq!(apart(&[50.0, 50.0, 80.0], 10.0, (0.0, 100.0)), Some(vec![45.0, 55.0, 80.0]));
        assert_eq!(apart(&[98.0, 99.0], 10.0, (0.0, 100.0)), Some(vec![90.0, 100.0]));
        assert_eq!(apart(&[1.0, 2.0, 3.0], 10.0, (0.0, 19.0)), None);
        assert_eq!(apart(&[], 10.0, (0.0, 19.0)), Some(vec![]));
        // In the order of the lines, whichever ends higher.
        assert_eq!(places(&[80.0, 20.0], (0.0, 100.0)), Some(vec![80.0, 20.0]));
        // Five that end at one height take 48: the outer ones would stand 24 away.
        assert_eq!(places(&[50.0; 5], (0.0, 100.0)), None);
        assert_eq!(places(&[50.0; 4], (0.0, 100.0)), Some(vec![32.0, 44.0, 56.0, 68.0]));
    }
}
