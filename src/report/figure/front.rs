//! The front: security across, safety up; better is up and right.

use std::collections::BTreeSet;

use crate::experiment::INTERPOLATED;
use crate::measure::MetricKey;
use crate::pareto::Verdict;
use crate::report::contest;
use crate::report::headline;
use crate::report::prices::widest_arcs;
use crate::report::view::{Plane, View};

use super::axis::{Axis, NEXT, Panel, up};
use super::bands;
use super::canvas::{Canvas, Fill, Marker};
use super::legend::{self, Key, Legend, Style};
use super::look::Look;
use super::naming::{self, Names};
use super::paid;
use super::shapes::{Shapes, bar};
use super::theme::{self, ANCHOR, INK, PALE, SURFACE};
use super::{Figure, axis_lines, bounds, facts, framed, is_reversed};

/// Least height; a long legend makes it more.
const HEIGHT: f64 = 500.0;
/// The same on a narrow sheet.
const NARROW: f64 = 340.0;
pub(super) const RADIUS: f64 = 6.0;
/// With more points, or more defenses, than this only those on the front have bars.
const BARRED: usize = 45;
const BARRED_DEFENSES: usize = 4;

/// Room beyond the fronts of many defenses, as a share of what is drawn.
const ASIDE: f64 = 0.12;

/// One mark on the plane.
pub(super) struct Mark {
    /// Index of the point; anchors have none.
    pub(super) point: Option<usize>,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) label: String,
}

/// One figure per pair of objectives, the security-against-safety pair first.
pub(super) fn draw(view: &View, look: Look) -> Vec<Figure> {
    view.planes
        .iter()
        .enumerate()
        .map(|(i, plane)| {
            let name = if i == 0 { "front".to_owned() } else { format!("front-{}", i + 1) };
            one(view, look, plane, name)
        })
        .collect()
}

fn one(view: &View, look: Look, plane: &Plane, name: String) -> Figure {
    let marks = marks(view, plane);
    let (x, y) = axes(view, plane, &marks);
    let height = if look.is_narrow() { NARROW } else { HEIGHT };
    let laid = |legend: &Legend| {
        let place = legend.place(look, height);
        let above = 10.0;
        let name_up = axis_lines(view, &plane.y, up(above, place.drawing - 56.0));
        let left = look.left(name_up.len());
        let name_across = axis_lines(view, &plane.x, place.right - left + 30.0);
        let below = place.drawing - 56.0 - NEXT * (name_across.len() - 1) as f64;
        let panel = Panel { left, top: above, right: place.right, bottom: below, x: x.clone(), y: y.clone() };
        (place, panel, (name_across, name_up))
    };
    let mut legend = Legend::of(view, &keys(view, &marks, false), bands::legend(view), Style::Marks);
    let (mut place, mut panel, mut names) = laid(&legend);
    let lines = Shapes::of(view, plane, &panel, &marks).lines();
    let letters = !Names::of(view, &panel, &marks, &lines, false).tell_trivial();
    if letters {
        let keys = keys(view, &marks, true);
        legend =
            Legend::of(view, &keys, bands::legend(view), Style::Marks).with(naming::legend(&panel, &marks));
        (place, panel, names) = laid(&legend);
    }
    let title = title(view, plane);
    let stairs = if view.planes.len() == 1 {
        " Stairs, not straight lines: mixtures of models were not measured."
    } else {
        ""
    };
    let labels = if are_named(view) { "defense and strength" } else { "strength" };
    let beside = if are_named(view) { "" } else { ", at the values (across, up) beside it or its name" };
    let chosen = if view.given.choice.is_some() {
        " Small and without color: not chosen on validation rows."
    } else {
        ""
    };
    let mixed = if view.given.points.iter().any(|point| point.coordinates.contains_key(INTERPOLATED)) {
        " With ~: weights interpolated between neighbors."
    } else {
        ""
    };
    let caption = format!(
        "{}{}{chosen}{mixed} Label: {labels}; a mark on the frame lies off scale{beside}.{stairs} {}",
        filling(view),
        bands::caption(view),
        facts(
            view,
            &[plane.x.clone(), plane.y.clone()],
            if are_barred(view) { "bars" } else { "bars, on the front only" }
        )
    );
    framed(look, name, place.height, (title, caption), |canvas, top| {
        let panel = Panel { top: panel.top + top, bottom: panel.bottom + top, ..panel };
        panel.draw(canvas, None, false);
        panel.name_across(canvas, &names.0);
        panel.name_up(canvas, &names.1);
        scene(canvas, view, plane, &panel, &marks);
        let lines = Shapes::of(view, plane, &panel, &marks).lines();
        Names::of(view, &panel, &marks, &lines, letters).draw(canvas);
        legend.draw(canvas, &place, top);
    })
}

/// Who gives most safety where, or what security cost, where several defenses are compared and that can be said; else what moved, or who is on the front.
fn title(view: &View, plane: &Plane) -> String {
    let several = view.defenses.len() > 1;
    let found = several.then(|| {
        contest::leader(view, plane).or_else(|| {
            let arcs = widest_arcs(view);
            paid::priced(
                view,
                arcs.into_iter().filter(|arc| arc.security == plane.x && arc.safety == plane.y),
            )
        })
    });
    found.flatten().unwrap_or_else(|| headline::front_title(view, &plane.x, &plane.y))
}

/// What the filling of marks says.
pub(super) fn filling(view: &View) -> String {
    let objectives = view.given.front.objectives.len();
    let all = if objectives > 2 {
        format!(" of all {objectives} objectives, so a filled point may look dominated in this pair")
    } else {
        String::new()
    };
    if !has_verdicts(view) {
        return format!("Filled: on the front of the seed means{all}.");
    }
    let line = if view.planes.len() == 1 { " Line: the front of the seed means." } else { "" };
    format!(
        "Filled: shown to be on the front{all}; half filled: undecided; hollow: shown to be dominated (over seeds and rows in general, all points together at 95 %).{line}"
    )
}

/// Whether there are seeds enough to say more of points than where their means lie.
pub(super) fn has_verdicts(view: &View) -> bool {
    view.given.uncertainty.verdicts.iter().any(Option::is_some)
}

/// How a point's mark is filled: by its verdict where there are any, else by whether its mean is on the front.
pub(super) fn fill(view: &View, point: usize) -> Fill {
    match view.given.uncertainty.verdicts.get(point).copied().flatten() {
        Some(Verdict::OnFront) => Fill::Whole,
        Some(Verdict::Undecided) => Fill::Half,
        None if view.on_front(point) => Fill::Whole,
        Some(Verdict::DominatedBy(_)) | None => Fill::Hollow,
    }
}

/// Whether every point has its bars.
pub(super) fn are_barred(view: &View) -> bool {
    view.given.points.len() <= BARRED && view.defenses.len() <= BARRED_DEFENSES
}

/// Whether labels name the defense as well: where there are too many to know them by shape and color alone.
pub(super) fn are_named(view: &View) -> bool {
    view.defenses.len() > BARRED_DEFENSES
}

pub(super) fn marks(view: &View, plane: &Plane) -> Vec<Mark> {
    let plain = view
        .varying
        .iter()
        .all(|(name, _)| matches!(name.as_str(), "defense" | "strength" | "model" | INTERPOLATED));
    let alike = |point: usize| -> usize {
        let at = |i: usize| Some((view.value(i, &plane.x)?.to_bits(), view.value(i, &plane.y)?.to_bits()));
        (0..view.given.points.len()).filter(|&other| at(other).is_some() && at(other) == at(point)).count()
    };
    let points = (0..view.given.points.len()).filter_map(|point| {
        let (x, y) = (view.value(point, &plane.x)?, view.value(point, &plane.y)?);
        let label = if are_named(view) && plain && alike(point) > 2 {
            format!("{} defenses {}", alike(point), view.strength_label(point))
        } else if are_named(view) && plain {
            format!("{} {}", view.given.points[point].defense, view.strength_label(point))
        } else if plain {
            view.strength_label(point)
        } else {
            view.labels[point].clone()
        };
        Some(Mark { point: Some(point), x, y, label })
    });
    let anchors = view.given.anchors.iter().filter_map(|anchor| {
        let (x, y) = (anchor.values.get(&plane.x)?.get()?, anchor.values.get(&plane.y)?.get()?);
        Some(Mark { point: None, x, y, label: legend::trivial(&anchor.label) })
    });
    points.chain(anchors).collect()
}

pub(super) fn is_degenerate(view: &View, mark: &Mark) -> bool {
    mark.point.is_some_and(|point| view.given.points[point].degenerate.is_some())
}

/// Working points with their intervals set the range; trivial and degenerate ones join when they are near.
pub(super) fn axes(view: &View, plane: &Plane, marks: &[Mark]) -> (Axis, Axis) {
    let works = |mark: &&Mark| mark.point.is_some() && !is_degenerate(view, mark);
    let any_works = marks.iter().any(|mark| works(&mark));
    // Of many defenses the fronts are what is compared: the rest would squeeze them into a corner.
    let core: Option<BTreeSet<usize>> = are_named(view)
        .then(|| view.given.defense_fronts.iter().flat_map(|(_, members)| members.iter().copied()).collect());
    let core = core.filter(|core| !core.is_empty());
    let counts = |mark: &&Mark| match (&core, mark.point) {
        (Some(core), Some(point)) => core.contains(&point),
        (Some(_), None) => false,
        (None, _) => !any_works || works(mark),
    };
    let axis = |key: &MetricKey, of: fn(&Mark) -> f64| {
        let mut values: Vec<f64> = Vec::new();
        for mark in marks.iter().filter(counts) {
            values.push(of(mark));
            let barred = |point: &usize| core.is_none() || view.on_front(*point);
            if let Some((low, high)) = mark.point.filter(barred).and_then(|point| view.interval(point, key)) {
                values.extend([low, high]);
            }
        }
        let span = |values: &[f64]| {
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                - values.iter().copied().fold(f64::INFINITY, f64::min)
        };
        // All that lies near: trivial and degenerate ones too, or else those that work.
        let all: Vec<f64> = marks.iter().map(of).collect();
        let working: Vec<f64> = marks.iter().filter(works).map(of).collect();
        for more in [all, working] {
            let joined: Vec<f64> = values.iter().copied().chain(more).collect();
            if span(&joined) <= 1.6 * span(&values) {
                values = joined;
                break;
            }
        }
        let reversed = is_reversed(view, key);
        if core.is_some() && *key == plane.x {
            // Beyond the front there is room for names.
            let (low, high) = values
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (x.min(low), x.max(high)));
            let more = ASIDE * (high - low);
            let (least, most) = bounds(view, key);
            values.push(if reversed { (low - more).max(least) } else { (high + more).min(most) });
        }
        Axis::around(&values, bounds(view, key), reversed, 6)
    };
    (axis(&plane.x, |mark| mark.x), axis(&plane.y, |mark| mark.y))
}

/// What is drawn; trivial models have their own entries where they are told by letters.
fn keys(view: &View, marks: &[Mark], letters: bool) -> Vec<Key> {
    let points = || marks.iter().filter_map(|mark| mark.point);
    let works = |p: &usize| view.given.points[*p].degenerate.is_none();
    let passed = |p: &usize| !view.on_front(*p) && view.was_passed_over(*p);
    let has = |wanted: Fill| points().any(|p| works(&p) && !passed(&p) && fill(view, p) == wanted);
    let mut keys = Vec::new();
    keys.extend(has(Fill::Whole).then_some(Key::OnFront));
    keys.extend(has(Fill::Half).then_some(Key::Undecided));
    keys.extend(has(Fill::Hollow).then_some(if are_barred(view) { Key::Dominated } else { Key::Pale }));
    keys.extend(points().any(|p| works(&p) && passed(&p)).then_some(Key::PassedOver));
    if has_joint(view) {
        keys.push(Key::Joint);
    }
    if points().any(|p| view.given.points[p].degenerate.is_some()) {
        keys.push(Key::Degenerate);
    }
    if !letters && marks.iter().any(|mark| mark.point.is_none()) {
        keys.push(Key::Trivial);
    }
    keys
}

/// Where a mark is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) at: (f64, f64),
    /// Whether it lies beyond the axes, and is drawn on the frame.
    pub(super) is_outside: bool,
}

/// A mark beyond the axes is drawn on the frame, with its values in the label.
pub(super) fn place(panel: &Panel, mark: &Mark) -> Place {
    const INSET: f64 = 7.0;
    let (x, y) = panel.at(mark.x, mark.y);
    let inside = panel.clamped((x, y));
    if (inside.0 - x).abs() < 0.5 && (inside.1 - y).abs() < 0.5 {
        return Place { at: inside, is_outside: false };
    }
    let x = x.clamp(panel.left + INSET, panel.right - INSET);
    Place { at: (x, y.clamp(panel.top + INSET, panel.bottom - INSET)), is_outside: true }
}

/// Whether a point is only there for orientation: dominated, where there are too many for bars.
pub(super) fn is_pale(view: &View, mark: &Mark) -> bool {
    let is_dominated = |point: usize| fill(view, point) == Fill::Hollow && !view.was_passed_over(point);
    !are_barred(view) && !is_degenerate(view, mark) && mark.point.is_some_and(is_dominated)
}

fn scene(canvas: &mut Canvas<'_>, view: &View, plane: &Plane, panel: &Panel, marks: &[Mark]) {
    bands::draw(canvas, view, plane, panel);
    let shapes = Shapes::of(view, plane, panel, marks);
    for (defense, path) in &shapes.stairs {
        let color = if shapes.joint.is_some() { theme::defense(*defense) } else { ANCHOR };
        legend::stroke(canvas, path, color, 1.3, *defense);
    }
    if let Some(path) = &shapes.joint {
        canvas.line(path, SURFACE, 1.0, legend::JOINT + 4.0);
        canvas.line(path, INK, 1.0, legend::JOINT);
    }
    for one in &shapes.bars {
        bar(canvas, one.ends, one.color);
    }
    // What is on the front is drawn last, over all others.
    let mut order: Vec<&Mark> = marks.iter().collect();
    order.sort_by_key(|mark| mark.point.is_some_and(|point| view.on_front(point)));
    for mark in order {
        let at = place(panel, mark).at;
        let Some(point) = mark.point else {
            canvas.marker(Marker::Diamond, at, 5.0, ANCHOR, ANCHOR, 1.0);
            continue;
        };
        let shape = Marker::of(legend::defense(view, point));
        let color = legend::mark_color(view, point);
        let radius = legend::radius(view, point, RADIUS);
        if is_degenerate(view, mark) {
            canvas.marker(shape, at, radius, SURFACE, ANCHOR, 1.6);
            legend::cross(canvas, at, radius + 2.0, ANCHOR);
        } else if view.was_passed_over(point) && !view.on_front(point) {
            canvas.marker(shape, at, 0.7 * radius, SURFACE, PALE, 1.4);
        } else if is_pale(view, mark) {
            canvas.faint(shape, at, 0.75 * radius, color);
        } else {
            canvas.filled(shape, at, radius, fill(view, point), (color, INK));
        }
    }
}

/// Whether there is a joint front beside those of single defenses.
pub(super) fn has_joint(view: &View) -> bool {
    view.planes.len() == 1 && view.given.defense_fronts.len() > 1
}

/// The border of what the members attain.
pub(super) fn staircase(view: &View, plane: &Plane, panel: &Panel, members: &[usize]) -> Vec<(f64, f64)> {
    let corners = members
        .iter()
        .filter_map(|&point| Some(panel.at(view.value(point, &plane.x)?, view.value(point, &plane.y)?)))
        .collect();
    steps(panel, corners)
}

/// Stairs over `corners`: flat to the left of the first, steps down, straight down from the last.
pub(super) fn steps(panel: &Panel, mut corners: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    corners.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let (Some(first), Some(last)) = (corners.first().copied(), corners.last().copied()) else {
        return Vec::new();
    };
    let mut path = vec![(panel.left, first.1)];
    for pair in corners.windows(2) {
        path.extend([pair[0], (pair[0].0, pair[1].1)]);
    }
    path.extend([last, (last.0, panel.bottom)]);
    path
}
