//! The lines on a plane: the stairs of every front, and the intervals of its points.

use crate::report::view::{Plane, View};

use super::axis::Panel;
use super::canvas::Canvas;
use super::front::{Mark, Place, are_barred, has_joint, is_degenerate, place, staircase};
use super::labels::Block;
use super::legend;
use super::theme::{ANCHOR, Color};

/// Half the length of the strokes that end a bar.
const END: f64 = 3.5;

/// An interval: its ends, whether the axes cut it there, and its color.
pub(super) struct Bar {
    pub(super) ends: [((f64, f64), bool); 2],
    pub(super) color: Color,
}

/// The lines on a plane, which names keep clear of.
pub(super) struct Shapes {
    /// Of each defense by number.
    pub(super) stairs: Vec<(usize, Vec<(f64, f64)>)>,
    pub(super) joint: Option<Vec<(f64, f64)>>,
    pub(super) bars: Vec<Bar>,
}

impl Shapes {
    pub(super) fn of(view: &View, plane: &Plane, panel: &Panel, marks: &[Mark]) -> Self {
        let joint = has_joint(view).then(|| staircase(view, plane, panel, &view.given.front.members));
        let stairs = stairs(view).into_iter().map(|(defense, members)| {
            let mut path = staircase(view, plane, panel, &members);
            if joint.is_some() && path.len() > 2 {
                // The way to the axes would be the same for all: only the joint front goes there.
                path.pop();
                path.remove(0);
            }
            (defense, path)
        });
        let stairs = stairs.collect();
        let barred =
            |point: &usize| view.on_front(*point) || (are_barred(view) && !view.was_passed_over(*point));
        let mut bars = Vec::new();
        for mark in marks {
            let Place { at: (x, y), is_outside } = place(panel, mark);
            let Some(point) = mark.point.filter(|_| !is_outside).filter(barred) else { continue };
            let color = if is_degenerate(view, mark) { ANCHOR } else { legend::mark_color(view, point) };
            let end = |at: (f64, f64)| {
                let shown = panel.clamped(at);
                (shown, libm::hypot(shown.0 - at.0, shown.1 - at.1) > 0.5)
            };
            if let Some((low, high)) = view.interval(point, &plane.x) {
                bars.push(Bar { ends: [low, high].map(|value| end((panel.x(value), y))), color });
            }
            if let Some((low, high)) = view.interval(point, &plane.y) {
                bars.push(Bar { ends: [low, high].map(|value| end((x, panel.y(value)))), color });
            }
        }
        Self { stairs, joint, bars }
    }

    pub(super) fn lines(&self) -> Vec<Block> {
        let paths = self.stairs.iter().map(|(_, path)| path).chain(&self.joint);
        let stairs = paths.flat_map(|path| path.windows(2).map(|pair| Block::line(pair[0], pair[1])));
        stairs.chain(self.bars.iter().map(|bar| Block::line(bar.ends[0].0, bar.ends[1].0))).collect()
    }
}

/// A bar with strokes where it ends: half of it may lie under stairs, and would look one-sided without.
pub(super) fn bar(canvas: &mut Canvas<'_>, ends: [((f64, f64), bool); 2], color: Color) {
    let [(from, _), (to, _)] = ends;
    canvas.line(&[from, to], color, 0.65, 1.6);
    let is_level = (from.1 - to.1).abs() < (from.0 - to.0).abs();
    let (dx, dy) = if is_level { (0.0, END) } else { (END, 0.0) };
    for ((x, y), _) in ends.into_iter().filter(|(_, is_cut)| !is_cut) {
        canvas.line(&[(x - dx, y - dy), (x + dx, y + dy)], color, 0.8, 1.4);
    }
}

/// (number of the defense, its front); only a pair of objectives has stairs to draw.
fn stairs(view: &View) -> Vec<(usize, Vec<usize>)> {
    if view.planes.len() != 1 {
        return Vec::new();
    }
    if view.given.defense_fronts.is_empty() {
        return vec![(0, view.given.front.members.clone())];
    }
    view.given
        .defense_fronts
        .iter()
        .filter_map(|(name, members)| {
            let number = view.defenses.iter().position(|defense| defense == name)?;
            Some((number, members.clone()))
        })
        .collect()
}
