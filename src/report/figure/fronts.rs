//! The fronts of several results folders, plane by plane.

use crate::measure::{MetricKey, Unit};
use crate::pareto::exchange::Course;
use crate::report::compare::{Member, paired};
use crate::report::format;
use crate::report::view::Plane;

use super::axis::{Axis, Panel, up};
use super::canvas::{Canvas, Fill, Marker, SMALL, Side, Type};
use super::fitting::{shortened, width};
use super::front::staircase;
use super::labels::{APART, Block, Wish, leader, placed};
use super::legend::{self, Legend, Part};
use super::look::Look;
use super::shapes::bar;
use super::theme::{self, Color, INK, QUIET};
use super::{Figure, axis_lines, axis_title, basis, bounds, framed, is_reversed};

const RADIUS: f64 = 5.0;
const LABEL: Type = Type { size: 10.0, bold: true, ..SMALL };
/// More points than this on the fronts have no labels.
const LABELED: usize = 40;

/// The figures `fronts`, `fronts-2`, …: one per pair of objectives, which the folders share.
#[must_use]
pub fn fronts(members: &[Member], look: Look) -> Vec<Figure> {
    let planes = members[0].view.planes.iter().map(Some);
    let planes: Vec<Option<&Plane>> = if planes.len() == 0 { vec![None] } else { planes.collect() };
    let named = |i: usize| if i == 0 { "fronts".to_owned() } else { format!("fronts-{}", i + 1) };
    planes.into_iter().enumerate().map(|(i, plane)| one(members, look, plane, &named(i))).collect()
}

fn one(members: &[Member], look: Look, plane: Option<&Plane>, name: &str) -> Figure {
    let first = &members[0].view;
    let title = fronts_title(members);
    let mut parts = vec![Part::Heading("results".to_owned())];
    parts.extend(members.iter().enumerate().map(|(i, member)| legend::of_defense(i, &member.name)));
    let legend = Legend::new(parts);
    let place = legend.place(look, if look.is_narrow() { 330.0 } else { 470.0 });
    let Some(plane) = plane else {
        let words = (title, "There is one objective, so there is no plane.".to_owned());
        return framed(look, name, place.height, words, |canvas, top| legend.draw(canvas, &place, top));
    };
    let axis = |key: &MetricKey| {
        let mut values = Vec::new();
        for member in members {
            for &point in &member.view.given.front.members {
                values.extend(member.view.value(point, key));
                values
                    .extend(member.view.interval(point, key).into_iter().flat_map(|(low, high)| [low, high]));
            }
        }
        Axis::around(&values, bounds(first, key), is_reversed(first, key), 6)
    };
    let (above, below) = (10.0, place.drawing - 56.0);
    let name_up = axis_lines(first, &plane.y, up(above, below));
    let panel = Panel {
        left: look.left(name_up.len()),
        top: above,
        right: place.right,
        bottom: below,
        x: axis(&plane.x),
        y: axis(&plane.y),
    };
    let objectives = first.given.front.objectives.len();
    let stairs = if objectives == 2 {
        "Stairs: what the points of each front attain."
    } else {
        "More objectives than these two decide who is on a front, so there are no stairs."
    };
    let seeds: Vec<String> =
        members.iter().map(|member| crate::report::remarks::seeds(&member.view)).collect();
    let alike = seeds.iter().all(|text| *text == seeds[0]);
    let each = if alike { String::new() } else { format!(" Seeds: {}.", seeds.join(", ")) };
    let has_several = members.iter().any(|member| member.view.defenses.len() > 1);
    let named = if has_several { "strength, of several defenses behind its name" } else { "strength" };
    let caption = format!(
        "The points on the front of each folder's seed means, bars: 95 % intervals of each by itself. Label: {named}, in the color of its front. {stairs} Points that are not on the front of their folder are left out.{each} {}",
        basis(first, "")
    );
    framed(look, name, place.height, (title, caption), |canvas, top| {
        let panel = Panel { top: panel.top + top, bottom: panel.bottom + top, ..panel };
        panel.draw(canvas, None, false);
        panel.names(canvas, &axis_title(first, &plane.x, panel.room().0), &name_up);
        scene(canvas, members, plane, &panel);
        legend.draw(canvas, &place, top);
    })
}

fn scene(canvas: &mut Canvas<'_>, members: &[Member], plane: &Plane, panel: &Panel) {
    let mut lines: Vec<Block> = Vec::new();
    let mut marks: Vec<((f64, f64), String, Color)> = Vec::new();
    for (i, member) in members.iter().enumerate() {
        let view = &member.view;
        let color = theme::defense(i);
        let front = &view.given.front;
        if front.objectives.len() == 2 {
            let path: Vec<(f64, f64)> = staircase(view, plane, panel, &front.members)
                .into_iter()
                .map(|at| panel.clamped(at))
                .collect();
            legend::stroke(canvas, &path, color, 1.8, i);
            lines.extend(path.windows(2).map(|pair| Block::line(pair[0], pair[1])));
        }
        for &point in &front.members {
            let (Some(x), Some(y)) = (view.value(point, &plane.x), view.value(point, &plane.y)) else {
                continue;
            };
            let at = panel.at(x, y);
            let across = view.interval(point, &plane.x).map(|(low, high)| [(low, y), (high, y)]);
            let up = view.interval(point, &plane.y).map(|(low, high)| [(x, low), (x, high)]);
            for interval in [across, up].into_iter().flatten() {
                let ends = interval.map(|(x, y)| {
                    let at = panel.at(x, y);
                    let shown = panel.clamped(at);
                    (shown, libm::hypot(shown.0 - at.0, shown.1 - at.1) > 0.5)
                });
                bar(canvas, ends, color);
                lines.push(Block::line(ends[0].0, ends[1].0));
            }
            // Where a folder has several defenses, strengths alone are names of several of its marks.
            let name =
                if view.defenses.len() > 1 { view.labels[point].clone() } else { view.strength_label(point) };
            marks.push((at, shortened(&name, LABEL, 120.0), color));
            canvas.filled(Marker::of(i), at, RADIUS, Fill::Whole, (color, INK));
        }
    }
    if marks.len() > LABELED {
        return;
    }
    let blocks: Vec<Block> = marks.iter().map(|(at, ..)| Block::around(*at, RADIUS + 1.0)).collect();
    let wishes: Vec<Wish> = marks
        .iter()
        .map(|(at, text, _)| Wish { at: *at, radius: RADIUS, width: width(text, LABEL) + 2.0, height: 11.0 })
        .collect();
    let sheet = Block {
        left: panel.left + 1.0,
        top: panel.top - 8.0,
        right: panel.right + 14.0,
        bottom: panel.bottom - 1.0,
    };
    for ((found, wish), (_, text, color)) in
        placed(&wishes, &blocks, &lines, sheet, &APART).into_iter().zip(&wishes).zip(&marks)
    {
        let Some(at) = found else { continue };
        if let Some(leader) = leader(wish, at, &blocks) {
            canvas.line(&leader, QUIET, 0.8, 0.8);
        }
        // In the color of its front: of neighbors of several fronts position alone does not tell whose it is.
        canvas.text(text, at, Type { color: *color, ..LABEL }, Side::Middle);
    }
}

/// Whose front dominates most, and whether its interval tells it from the next.
#[must_use]
pub fn fronts_title(members: &[Member]) -> String {
    let mut order: Vec<&Member> = members.iter().collect();
    order.sort_by(|a, b| b.view.given.front.hypervolume.total_cmp(&a.view.given.front.hypervolume));
    let said = |member: &Member| {
        format!("{} (`{}`)", format::number(member.view.given.front.hypervolume), member.name)
    };
    let [best, next, ..] = order.as_slice() else { return "Fronts".to_owned() };
    let own = format::number(best.view.given.front.hypervolume);
    if best.view.given.front.hypervolume <= next.view.given.front.hypervolume {
        return format!("`{}` and `{}` dominate as much: hypervolume {own}", best.name, next.name);
    }
    let against = format!("hypervolume {own} against {}", said(next));
    let alike = paired::are_alike(&best.view, &next.view);
    let pairs = paired::hypervolume(&best.view, &next.view).filter(|found| alike && found.change.1.is_some());
    // Pairs say what overlapping intervals cannot, and have the last word.
    if let Some(found) = pairs {
        let by = format!(
            "paired over {} by {}",
            format::count(found.seeds, "seed"),
            format::change_interval(found.change, Unit::Ratio)
        );
        return match Course::of(found.change) {
            Course::Better => format!("`{}` dominates most: {against}; {by}", best.name),
            Course::Worse => format!(
                "`{}` dominates more where both have the same seeds, `{}` by the means of all: {against}; {by}",
                next.name, best.name
            ),
            Course::Unclear => {
                format!("`{}` and `{}` cannot be told apart: {against}; {by}", best.name, next.name)
            }
        };
    }
    let front = |member: &Member| member.view.given.front.hypervolume_interval;
    let overlap = match (front(best), front(next)) {
        (Some((low, _)), Some((_, high))) if low <= high => "; their intervals overlap",
        (Some(_), Some(_)) => "; their intervals do not overlap",
        _ => "",
    };
    if alike {
        format!("`{}` dominates most: {against}{overlap}", best.name)
    } else {
        // More points dominate more by chance alone.
        format!("`{}` dominates most by the means, of other configurations: {against}{overlap}", best.name)
    }
}
