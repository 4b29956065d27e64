//! The front of each defense by itself, in small multiples on the same axes.

use crate::report::format;
use crate::report::headline;
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

/// Most and least height of a panel with its name.
const HEIGHT: f64 = 230.0;
const LEAST: f64 = 110.0;
/// Left edge of the first panel: the name of the axis and its numbers.
const LEFT: f64 = 62.0;
/// Below the last line of panels: their numbers, and the name of the axis.
const TICKS: f64 = 24.0;
const NAME: f64 = 28.0;
/// Most height on paper, in inches.
const PAGE: f64 = 8.8;
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
    let layout = Layout::of(own.len(), look);
    let caption = format!(
        "One panel per defense, on the same axes. Its points in color, their strengths beside those on its front; all others as small dots; thin line: the joint front. {} What lies beyond the axes is left out. {}",
        front::filling(view),
        basis(view, "; intervals: in the figure of the front")
    );
    let tall = layout.pitch * layout.rows as f64 + TICKS;
    let title = title(view);
    Some(framed(look, "front-defenses", tall + NAME, (title, caption), |canvas, top| {
        for (i, (defense, members)) in own.iter().enumerate() {
            let (panel, texts) = layout.panel(i, top, (x.clone(), y.clone()));
            one(canvas, view, plane, &marks, (*defense, members), (&panel, texts));
        }
        let across = axis_title(view, &plane.x, look.width - 60.0);
        canvas.text(&across, (f64::midpoint(24.0, look.width), top + tall + 14.0), BODY, Side::Middle);
        let up = axis_title(view, &plane.y, tall - 20.0);
        canvas.turned_text(&up, (14.0, top + 0.5 * tall), BODY, Side::Middle);
    }))
}

/// Where the panels stand. All have the same axes, so that numbers stand left of the first of a line and below the last of a column.
struct Layout {
    /// Panels, in so many columns and lines.
    panels: usize,
    columns: usize,
    rows: usize,
    /// From one panel to the next, across and down.
    whole: f64,
    pitch: f64,
}

impl Layout {
    fn of(panels: usize, look: Look) -> Self {
        // A page has no room for more lines.
        let most = match (look.is_narrow(), panels) {
            (true, ..=6) => 2,
            (true, _) | (false, ..=9) => 3,
            (false, _) => 4,
        };
        let columns = most.min(panels);
        let rows = panels.div_ceil(columns);
        let whole = (look.width - LEFT) / columns as f64;
        let pitch = ((look.units(PAGE) - NAME - TICKS) / rows as f64).clamp(LEAST, HEIGHT);
        Self { panels, columns, rows, whole, pitch }
    }

    /// Panel number `i`, and whether numbers stand below and left of it.
    fn panel(&self, i: usize, top: f64, (x, y): (Axis, Axis)) -> (Panel, (bool, bool)) {
        let (left, top) = corner(i, self.columns, (self.whole, self.pitch), top);
        let panel = Panel {
            left: LEFT + left,
            top: top + 28.0,
            right: LEFT + left + self.whole - 12.0,
            bottom: top + self.pitch - 4.0,
            x,
            y,
        };
        (panel, (i + self.columns >= self.panels, i.is_multiple_of(self.columns)))
    }
}

fn one(
    canvas: &mut Canvas<'_>,
    view: &View,
    plane: &Plane,
    marks: &[Mark],
    (defense, members): (usize, &[usize]),
    (panel, texts): (&Panel, (bool, bool)),
) {
    panel.inner(canvas, None, true, texts);
    let color = theme::defense(defense);
    let room = panel.right - panel.left + 8.0;
    // A name stands whole, if smaller letters will do.
    let sizes = [HEADING.size, 10.5, 9.5].map(|size| Type { size, color, ..HEADING });
    let whole = &view.defenses[defense];
    let look = sizes.into_iter().find(|look| width(whole, *look) <= room).unwrap_or(sizes[2]);
    let name = shortened(whole, look, room);
    canvas.text(&name, (panel.left, panel.top - 14.0), look, Side::Start);
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
    let joint = clamped(front::staircase(view, plane, panel, &view.given.front.members));
    canvas.line(&joint, INK, 0.75, 1.2);
    let stairs = clamped(front::staircase(view, plane, panel, members));
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

/// More defenses than this are counted.
const NAMED: usize = 4;

/// Of whom the points of the joint front are. By points alone: how long a stretch is theirs the drawing shows.
fn title(view: &View) -> String {
    let members = &view.given.front.members;
    let of = |name: &String| {
        let own = members.iter().copied().filter(|&i| view.given.points[i].defense == *name);
        headline::counted(view, own)
    };
    let mut counts: Vec<(usize, String)> = view
        .defenses
        .iter()
        .map(|name| (of(name), View::quoted(name)))
        .filter(|(count, _)| *count > 0)
        .collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let all: usize = counts.iter().map(|(count, _)| count).sum();
    let (used, defenses) = (counts.len(), view.defenses.len());
    let of_the = format!("Of the {all} points of the joint front");
    let are = |count: usize| format!("{count} {}", format::are(count));
    match counts.as_slice() {
        [] => "No defense has a point on the joint front".to_owned(),
        [(1, one)] => format!("The one point of the joint front is of {one}"),
        [(2, one)] => format!("Both points of the joint front are of {one}"),
        [(_, one)] => format!("All {all} points of the joint front are of {one}"),
        [(most, first), others @ ..] if used <= NAMED => {
            let mut parts = vec![format!("{} of {first}", are(*most))];
            parts.extend(others.iter().map(|(count, name)| format!("{count} of {name}")));
            format!("{of_the} {}", format::list(&parts))
        }
        [(most, _), ..] => {
            let leading: Vec<String> =
                counts.iter().filter(|(count, _)| count == most).map(|(_, name)| name.clone()).collect();
            let others = format::count(used - leading.len().min(used), "other defense");
            match leading.as_slice() {
                [one] => format!("{of_the} {} of {one}, the rest of {others}", are(*most)),
                few if few.len() <= NAMED => {
                    format!("{of_the} {most} each are of {}, the rest of {others}", format::list(few))
                }
                _ => {
                    let who = if used == defenses {
                        format!("all {defenses} defenses")
                    } else {
                        format!("{used} of {defenses} defenses")
                    };
                    format!("The {all} points of the joint front are of {who}, at most {most} of each")
                }
            }
        }
    }
}
