//! The front: security across, safety up; better is up and right.

use crate::measure::MetricKey;
use crate::report::format;
use crate::report::headline;
use crate::report::view::{Plane, View};

use super::axis::{Axis, Panel};
use super::canvas::{Canvas, Marker, SMALL, Side, Type, cut, width};
use super::labels::{Block, Wish, placed};
use super::legend::{self, Key, Style};
use super::theme::{ANCHOR, INK, SURFACE};
use super::{Figure, axis_title, bounds, facts, framed, is_reversed};

const SIZE: (f64, f64) = (900.0, 500.0);
const RADIUS: f64 = 6.0;
/// With more points than this only those on the front are labeled.
const LABELED: usize = 16;
/// With more points than this only those on the front have bars.
const BARRED: usize = 45;
const LABEL: Type = Type { size: 11.0, bold: true, color: INK };

/// One mark on the plane.
struct Mark {
    /// Index of the point; anchors have none.
    point: Option<usize>,
    x: f64,
    y: f64,
    label: String,
}

/// One figure per pair of objectives, the security-against-safety pair first.
pub(super) fn draw(view: &View) -> Vec<Figure> {
    view.planes
        .iter()
        .enumerate()
        .map(|(i, plane)| {
            let name = if i == 0 { "front".to_owned() } else { format!("front-{}", i + 1) };
            one(view, plane, name)
        })
        .collect()
}

fn one(view: &View, plane: &Plane, name: String) -> Figure {
    let marks = marks(view, plane);
    let panel = panel(view, plane, &marks);
    let title = headline::front_title(view, &plane.x, &plane.y);
    let objectives = view.given.front.objectives.len();
    let all = if objectives > 2 {
        format!(" of all {objectives} objectives, so a filled point may look dominated in this pair")
    } else {
        String::new()
    };
    let stairs = if view.planes.len() == 1 {
        "Stairs, not straight lines: mixtures of models were not measured. "
    } else {
        ""
    };
    let caption = format!(
        "Filled: on the front of the seed means{all}. Label: strength; a mark on the frame lies off scale, at the values (across, up) beside it. {stairs}{}",
        facts(view, if view.given.points.len() <= BARRED { "bars" } else { "bars, on the front only" })
    );
    framed(name, SIZE, title, caption, |canvas, top| {
        let panel = Panel { top: panel.top + top, bottom: panel.bottom + top, ..panel };
        scene(canvas, view, plane, &panel, &marks);
        legend::draw(canvas, view, (panel.right + 26.0, panel.top), &keys(view, &marks), Style::Marks);
    })
}

fn marks(view: &View, plane: &Plane) -> Vec<Mark> {
    let plain = view.varying.iter().all(|(name, _)| name == "defense" || name == "strength");
    let points = (0..view.given.points.len()).filter_map(|point| {
        let (x, y) = (view.value(point, &plane.x)?, view.value(point, &plane.y)?);
        let label = if plain {
            view.varying.last().map_or_else(String::new, |(_, values)| values[point].clone())
        } else {
            view.labels[point].clone()
        };
        Some(Mark { point: Some(point), x, y, label })
    });
    let anchors = view.given.anchors.iter().filter_map(|anchor| {
        let (x, y) = (anchor.values.get(&plane.x)?.get()?, anchor.values.get(&plane.y)?.get()?);
        Some(Mark { point: None, x, y, label: anchor.label.clone() })
    });
    points.chain(anchors).collect()
}

fn is_degenerate(view: &View, mark: &Mark) -> bool {
    mark.point.is_some_and(|point| view.given.points[point].degenerate.is_some())
}

/// Working points with their intervals set the range; trivial and degenerate ones join when they are near.
fn panel(view: &View, plane: &Plane, marks: &[Mark]) -> Panel {
    let works = |mark: &&Mark| mark.point.is_some() && !is_degenerate(view, mark);
    let any_works = marks.iter().any(|mark| works(&mark));
    let axis = |key: &MetricKey, of: fn(&Mark) -> f64| {
        let mut values: Vec<f64> = Vec::new();
        for mark in marks.iter().filter(|mark| !any_works || works(mark)) {
            values.push(of(mark));
            if let Some((low, high)) = mark.point.and_then(|point| view.interval(point, key)) {
                values.extend([low, high]);
            }
        }
        let span = |values: &[f64]| {
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                - values.iter().copied().fold(f64::INFINITY, f64::min)
        };
        let mut with_all = values.clone();
        with_all.extend(marks.iter().map(of));
        if span(&with_all) <= 1.6 * span(&values) {
            values = with_all;
        }
        Axis::around(&values, bounds(view, key), is_reversed(view, key), 6)
    };
    Panel {
        left: 84.0,
        top: 10.0,
        right: SIZE.0 - legend::WIDTH - 40.0,
        bottom: SIZE.1 - 56.0,
        x: axis(&plane.x, |mark| mark.x),
        y: axis(&plane.y, |mark| mark.y),
    }
}

fn keys(view: &View, marks: &[Mark]) -> Vec<Key> {
    let mut keys = Vec::new();
    let points = || marks.iter().filter_map(|mark| mark.point);
    if points().any(|point| view.on_front(point)) {
        keys.push(Key::OnFront);
    }
    if points().any(|p| !view.on_front(p) && view.given.points[p].degenerate.is_none()) {
        keys.push(Key::Dominated);
    }
    if points().any(|p| view.given.points[p].degenerate.is_some()) {
        keys.push(Key::Degenerate);
    }
    if marks.iter().any(|mark| mark.point.is_none()) {
        keys.push(Key::Trivial);
    }
    keys
}

fn scene(canvas: &mut Canvas<'_>, view: &View, plane: &Plane, panel: &Panel, marks: &[Mark]) {
    panel.draw(canvas, None, false);
    panel.names(canvas, &axis_title(view, &plane.x), &axis_title(view, &plane.y));
    let mut lines: Vec<Block> = Vec::new();
    for (defense, members) in stairs(view) {
        let path = staircase(view, plane, panel, &members);
        lines.extend(path.windows(2).map(|pair| Block::line(pair[0], pair[1])));
        legend::stroke(canvas, &path, ANCHOR, 1.3, defense);
    }
    // A mark beyond the axes is drawn on the frame, with its values in the label.
    let place = |mark: &Mark| {
        let (x, y) = panel.at(mark.x, mark.y);
        let inset = 7.0;
        let inside = (x.clamp(panel.left, panel.right), y.clamp(panel.top, panel.bottom));
        if (inside.0 - x).abs() < 0.5 && (inside.1 - y).abs() < 0.5 {
            (inside, false)
        } else {
            let x = x.clamp(panel.left + inset, panel.right - inset);
            ((x, y.clamp(panel.top + inset, panel.bottom - inset)), true)
        }
    };
    for mark in marks {
        let ((x, y), outside) = place(mark);
        let barred = |point: &usize| view.given.points.len() <= BARRED || view.on_front(*point);
        let Some(point) = mark.point.filter(|_| !outside).filter(barred) else { continue };
        let color = if is_degenerate(view, mark) { ANCHOR } else { legend::color(view, point) };
        let clip_x = |value: f64| panel.x(value).clamp(panel.left, panel.right);
        let clip_y = |value: f64| panel.y(value).clamp(panel.top, panel.bottom);
        if let Some((low, high)) = view.interval(point, &plane.x) {
            let bar = [(clip_x(low), y), (clip_x(high), y)];
            canvas.line(&bar, color, 0.55, 1.6);
            lines.push(Block::line(bar[0], bar[1]));
        }
        if let Some((low, high)) = view.interval(point, &plane.y) {
            let bar = [(x, clip_y(low)), (x, clip_y(high))];
            canvas.line(&bar, color, 0.55, 1.6);
            lines.push(Block::line(bar[0], bar[1]));
        }
    }
    for mark in marks {
        let (at, _) = place(mark);
        match mark.point {
            None => canvas.marker(Marker::Diamond, at, 5.0, ANCHOR, ANCHOR, 1.0),
            Some(point) => {
                let shape = Marker::of(legend::defense(view, point));
                let color = legend::color(view, point);
                if is_degenerate(view, mark) {
                    canvas.marker(shape, at, RADIUS, SURFACE, ANCHOR, 1.6);
                    legend::cross(canvas, at, RADIUS + 2.0, ANCHOR);
                } else if view.on_front(point) {
                    canvas.marker(shape, at, RADIUS, color, INK, 1.0);
                } else {
                    canvas.marker(shape, at, RADIUS, SURFACE, color, 2.0);
                }
            }
        }
    }
    write_labels(canvas, view, panel, marks, &lines, place);
}

fn write_labels(
    canvas: &mut Canvas<'_>,
    view: &View,
    panel: &Panel,
    marks: &[Mark],
    lines: &[Block],
    place: impl Fn(&Mark) -> ((f64, f64), bool),
) {
    let many = view.given.points.len() > LABELED;
    let mut wishes = Vec::new();
    let mut texts = Vec::new();
    // The front is served first, then the others, then what is only there for orientation.
    let rank = |mark: &Mark| match mark.point {
        Some(point) if view.on_front(point) => 0,
        Some(_) if !is_degenerate(view, mark) => 1,
        Some(_) => 2,
        None => 3,
    };
    let mut order: Vec<usize> = (0..marks.len()).collect();
    order.sort_by_key(|&i| rank(&marks[i]));
    for i in order {
        let mark = &marks[i];
        if many && rank(mark) == 1 {
            continue;
        }
        let (at, outside) = place(mark);
        let look = if rank(mark) < 2 { LABEL } else { SMALL };
        let text = if outside {
            let name = cut(&mark.label, look, 260.0);
            format!("{name}: {}, {}", format::number(mark.x), format::number(mark.y))
        } else {
            cut(&mark.label, look, 260.0)
        };
        wishes.push(Wish { at, radius: RADIUS, width: width(&text, look) + 2.0, height: look.size + 1.0 });
        texts.push((text, look));
    }
    let blocks: Vec<Block> = marks.iter().map(|mark| Block::around(place(mark).0, RADIUS + 1.0)).collect();
    let sheet = Block {
        left: panel.left + 1.0,
        top: panel.top - 8.0,
        right: panel.right + 18.0,
        bottom: panel.bottom - 1.0,
    };
    for (found, (text, look)) in placed(&wishes, &blocks, lines, sheet).into_iter().zip(&texts) {
        if let Some(at) = found {
            canvas.text(text, at, *look, Side::Middle);
        }
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

/// The border of what the members attain: flat to the left of the first, steps down, straight down from the last.
fn staircase(view: &View, plane: &Plane, panel: &Panel, members: &[usize]) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = members
        .iter()
        .filter_map(|&point| Some(panel.at(view.value(point, &plane.x)?, view.value(point, &plane.y)?)))
        .collect();
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
