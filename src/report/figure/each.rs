//! The front of each defense by itself, in small multiples on the same axes.

use crate::report::format;
use crate::report::view::{Plane, View};

use super::axis::{Axis, Panel};
use super::canvas::{BODY, Canvas, HEADING, Marker, SMALL, Side, Type};
use super::fitting::{cut, shortened, width};
use super::front::{self, Mark};
use super::labels::{Block, NEAR, Wish, placed};
use super::legend;
use super::look::Look;
use super::theme::{self, INK, PALE, SURFACE};
use super::{Figure, axis_title, basis, corner, framed};

const HEIGHT: f64 = 230.0;
const RADIUS: f64 = 4.6;
const LABEL: Type = Type { size: 9.5, bold: true, color: INK };

/// The figure, where several defenses compete for a front of two objectives.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let plane = view.planes.first().filter(|_| front::has_joint(view))?;
    let marks = front::marks(view, plane);
    let (x, y) = front::axes(view, plane, &marks);
    let (x, y) = (x.with_ticks(4), y.with_ticks(4));
    let own: Vec<(usize, &Vec<usize>)> = view
        .given
        .defense_fronts
        .iter()
        .filter_map(|(name, members)| {
            Some((view.defenses.iter().position(|defense| defense == name)?, members))
        })
        .filter(|(_, members)| !members.is_empty())
        .collect();
    let columns = look.columns(3).min(own.len());
    let rows = own.len().div_ceil(columns);
    let caption = format!(
        "One panel per defense, on the same axes. Its points in color, their strengths beside those on its front; all others as small dots; thin line: the joint front. {} What lies beyond the axes is left out. {}",
        front::filling(view),
        basis(view, "; intervals: in the figure of the front")
    );
    let height = HEIGHT * rows as f64 + 44.0;
    let title = title(view);
    Some(framed(look, "front-defenses", height, (title, caption), |canvas, top| {
        let whole = (look.width - 24.0) / columns as f64;
        for (i, (defense, members)) in own.iter().enumerate() {
            let (left, top) = corner(i, columns, (whole, HEIGHT), top);
            let place = (24.0 + left, top);
            one(canvas, view, plane, &marks, (*defense, members), (x.clone(), y.clone()), (place, whole));
        }
        let middle = f64::midpoint(24.0, look.width);
        let across = axis_title(view, &plane.x, look.width - 60.0);
        canvas.text(&across, (middle, top + HEIGHT * rows as f64 + 18.0), BODY, Side::Middle);
        let up = axis_title(view, &plane.y, HEIGHT * rows as f64 - 20.0);
        let half = top + 0.5 * HEIGHT * rows as f64;
        canvas.turned_text(&up, (14.0, half), BODY, Side::Middle);
    }))
}

fn one(
    canvas: &mut Canvas<'_>,
    view: &View,
    plane: &Plane,
    marks: &[Mark],
    (defense, members): (usize, &[usize]),
    (x, y): (Axis, Axis),
    ((left, top), whole): ((f64, f64), f64),
) {
    let panel = Panel {
        left: left + 38.0,
        top: top + 28.0,
        right: left + whole - 10.0,
        bottom: top + HEIGHT - 28.0,
        x,
        y,
    };
    panel.draw(canvas, None, true);
    let color = theme::defense(defense);
    let look = Type { color, ..HEADING };
    let name = shortened(&view.defenses[defense], look, whole - 50.0);
    canvas.text(&name, (panel.left, top + 14.0), look, Side::Start);
    let inside = |mark: &&Mark| {
        let at = panel.at(mark.x, mark.y);
        let near = panel.clamped(at);
        (near.0 - at.0).abs() < 0.5 && (near.1 - at.1).abs() < 0.5
    };
    let is_own = |mark: &&Mark| mark.point.is_some_and(|point| legend::defense(view, point) == defense);
    for mark in marks.iter().filter(inside).filter(|mark| mark.point.is_some() && !is_own(mark)) {
        canvas.marker(Marker::Circle, panel.at(mark.x, mark.y), 2.0, PALE, PALE, 1.0);
    }
    let clamped = |path: Vec<(f64, f64)>| path.into_iter().map(|at| panel.clamped(at)).collect::<Vec<_>>();
    let joint = clamped(front::staircase(view, plane, &panel, &view.given.front.members));
    canvas.line(&joint, INK, 0.75, 1.2);
    let stairs = clamped(front::staircase(view, plane, &panel, members));
    canvas.line(&stairs, color, 1.0, 1.8);
    let mut shown: Vec<&Mark> = marks.iter().filter(inside).filter(is_own).collect();
    shown.sort_by_key(|mark| mark.point.is_some_and(|point| members.contains(&point)));
    for mark in &shown {
        let Some(point) = mark.point else { continue };
        let at = panel.at(mark.x, mark.y);
        if front::is_degenerate(view, mark) {
            canvas.marker(Marker::of(defense), at, RADIUS, SURFACE, theme::ANCHOR, 1.4);
            legend::cross(canvas, at, RADIUS + 1.5, theme::ANCHOR);
        } else {
            canvas.filled(Marker::of(defense), at, RADIUS, front::fill(view, point), (color, INK));
        }
    }
    let named: Vec<(&&Mark, String)> = shown
        .iter()
        .filter_map(|mark| {
            let point = mark.point.filter(|point| members.contains(point))?;
            Some((mark, cut(&view.strength_label(point), LABEL, 90.0)))
        })
        .collect();
    let wish = |(mark, text): &(&&Mark, String)| Wish {
        at: panel.at(mark.x, mark.y),
        radius: RADIUS,
        width: width(text, LABEL) + 2.0,
        height: LABEL.size + 1.0,
    };
    let wishes: Vec<Wish> = named.iter().map(wish).collect();
    let blocks: Vec<Block> =
        shown.iter().map(|mark| Block::around(panel.at(mark.x, mark.y), RADIUS + 1.0)).collect();
    let lines: Vec<Block> = [&joint, &stairs]
        .into_iter()
        .flat_map(|path| path.windows(2))
        .map(|p| Block::line(p[0], p[1]))
        .collect();
    let sheet = Block {
        left: panel.left,
        top: panel.top - 8.0,
        right: panel.right + 8.0,
        bottom: panel.bottom - 1.0,
    };
    for (found, (_, text)) in placed(&wishes, &blocks, &lines, sheet, &NEAR).into_iter().zip(&named) {
        if let Some(at) = found {
            canvas.text(text, at, LABEL, Side::Middle);
        }
    }
    if members.iter().all(|point| !shown.iter().any(|mark| mark.point == Some(*point))) {
        let middle = (f64::midpoint(panel.left, panel.right), f64::midpoint(panel.top, panel.bottom));
        canvas.text("beyond the axes", middle, SMALL, Side::Middle);
    }
}

/// Who has how much of the joint front.
fn title(view: &View) -> String {
    let members = &view.given.front.members;
    let counts: Vec<(usize, &String)> = view
        .defenses
        .iter()
        .map(|name| (members.iter().filter(|&&i| view.given.points[i].defense == *name).count(), name))
        .collect();
    let most = counts.iter().map(|(count, _)| *count).max().unwrap_or(0);
    if most == 0 {
        return "No defense has a point on the joint front".to_owned();
    }
    let leading: Vec<String> =
        counts.iter().filter(|(count, _)| *count == most).map(|(_, name)| View::quoted(name)).collect();
    let of = format!("{most} of {}", format::count(members.len(), "point"));
    match leading.as_slice() {
        [one] => format!("{one} has most of the joint front: {of}"),
        several if several.len() == view.defenses.len() => {
            format!("Every defense has as much of the joint front: {of}")
        }
        several => format!("{} have most of the joint front: {of} each", format::list(several)),
    }
}
