//! Strength against every metric, in small multiples; better is up in each.

use crate::experiment::INTERPOLATED;
use crate::measure::{MetricKey, Pillar};
use crate::report::format;
use crate::report::leading;
use crate::report::view::View;

use super::axis::{Axis, Panel};
use super::canvas::{BODY, HEADING, Marker, SMALL, Side, Type};
use super::fitting::{lines, shortened};
use super::legend;
use super::look::Look;
use super::selected::selected;
use super::theme::{self, ANCHOR, Color, HYBRID, INK, SAFETY, SECURITY, SURFACE};
use super::{Figure, basis, bounds, facts, framed, is_reversed};

const COLUMNS: usize = 3;
const MOST: usize = 12;
const HEIGHT: f64 = 216.0;
/// How far to the right of their strength points of different defenses may stand, so that they do not hide one another.
const ASIDE: f64 = 10.0;
/// With more defenses than this the bars would hide the lines.
const BARRED: usize = 4;
/// Panels narrower than this have smaller headings.
const NARROW: f64 = 250.0;
/// From one line of a heading to the next.
const LINE: f64 = 13.0;
/// Size of the line below a heading, and the step to a second one.
const BELOW: Type = Type { size: 10.0, ..SMALL };
const NEXT: f64 = 12.0;
/// Height of the name of the axis across, below the last panels.
const ACROSS: f64 = 22.0;
/// Most inches that the panels take on paper, so that a caption fits below them on any page.
const TALLEST: f64 = 9.0;

/// The figure, where there are two strengths or more.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    if view.strengths.len() < 2 {
        return None;
    }
    let mut keys: Vec<MetricKey> = selected(view);
    if keys.is_empty() {
        return None;
    }
    let measured = keys.len();
    keys.truncate(MOST);
    let columns = look.columns(COLUMNS);
    let many = view.defenses.len() > 1;
    let names = if many { names(view, look.width) } else { Vec::new() };
    let bar = names.last().map_or(0.0, |(_, (_, y))| y + 18.0);
    let (width, height) = (look.width / columns as f64, if look.is_narrow() { 0.8 * HEIGHT } else { HEIGHT });
    let headings: Vec<Heading> = keys.iter().map(|key| Heading::of(view, key, width)).collect();
    // Panels of one row begin at the same height.
    let mut taller: Vec<f64> =
        headings.chunks(columns).map(|row| row.iter().map(Heading::more).fold(0.0, f64::max)).collect();
    let tall = |rows: &[f64]| height * rows.len() as f64 + rows.iter().sum::<f64>() + bar + ACROSS;
    while look.inches(tall(&taller)).is_some_and(|inches| inches > TALLEST) && taller.len() > 1 {
        taller.pop();
    }
    let all = tall(&taller);
    keys.truncate(columns * taller.len());
    let left_out = measured - keys.len();
    let more = if left_out > 0 {
        format!(" {} are in the tables.", format::count(left_out, "more metric"))
    } else {
        String::new()
    };
    let colors = if many {
        "Color of a panel's name: blue for safety, orange for security, purple for safety under attack."
    } else {
        "Blue: safety; orange: security; purple: safety under attack."
    };
    let across = if shares_strengths(view) { "" } else { " The scales of strength differ between defenses." };
    let aside = if many {
        " At one strength defenses stand side by side, the first on the strength itself, the others to its right."
    } else {
        ""
    };
    let caption = format!(
        "{colors}{across}{aside} Crossed: degenerate (on the frame where off scale). Up is better in every panel: where lower is better the axis is reversed.{more} {}",
        if view.defenses.len() <= BARRED {
            facts(view, &keys, "bars")
        } else {
            basis(view, "; intervals: in points.csv")
        }
    );
    Some(framed(look, "strength", all, leading::explained(title(view), caption), |canvas, top| {
        if many {
            for (i, (name, (left, y))) in names.iter().enumerate() {
                let (color, y) = (theme::defense(i), top + y);
                legend::stroke(canvas, &[(*left, y), (left + 26.0, y)], color, 1.6, i);
                canvas.marker(Marker::of(i), (left + 13.0, y), 4.5, SURFACE, color, 1.6);
                canvas.text(name, (left + 34.0, y), HEADING, Side::Start);
            }
        }
        for (i, (key, heading)) in keys.iter().zip(&headings).enumerate() {
            let row = i / columns;
            let left = width * (i % columns) as f64;
            let start = top + bar + height * row as f64 + taller[..row].iter().sum::<f64>();
            one(canvas, view, key, heading, (left, start), (width, height, taller[row]));
        }
        let across = if shares_strengths(view) {
            "strength"
        } else {
            "strength, as a share of each defense’s largest"
        };
        canvas.text(across, (0.5 * look.width, top + all - 0.5 * ACROSS), BODY, Side::Middle);
    }))
}

/// Where the name of each defense stands above the panels, in lines.
fn names(view: &View, sheet: f64) -> Vec<(String, (f64, f64))> {
    const MARGIN: f64 = 24.0;
    let (mut left, mut y) = (MARGIN, 10.0);
    let mut all = Vec::new();
    for name in &view.defenses {
        let name = shortened(name, HEADING, 180.0);
        let width = 60.0 + super::fitting::width(&name, HEADING);
        if left > MARGIN && left + width > sheet {
            (left, y) = (MARGIN, y + 18.0);
        }
        all.push((name, (left, y)));
        left += width;
    }
    all
}

/// Whether all defenses are swept over the same strengths, so that one axis fits them all.
fn shares_strengths(view: &View) -> bool {
    view.defenses.iter().all(|defense| {
        let own = |strength: f64| {
            let mut points = view.given.points.iter().filter(|point| point.defense == *defense);
            points.any(|point| point.strength.to_bits() == strength.to_bits())
        };
        view.strengths.iter().all(|strength| own(*strength))
    })
}

/// Where a point lies across: at its strength, or at its share of its defense's largest.
fn across(view: &View, point: usize, shared: bool) -> f64 {
    let given = &view.given.points[point];
    if shared {
        return given.strength;
    }
    let own = view.given.points.iter().filter(|other| other.defense == given.defense);
    let largest = own.map(|other| other.strength.abs()).fold(0.0, f64::max);
    if largest > 0.0 { given.strength / largest } else { 0.0 }
}

fn pillar_color(view: &View, key: &MetricKey) -> Color {
    match view.pillar(key) {
        Some(Pillar::Safety) => SAFETY,
        Some(Pillar::Security) => SECURITY,
        Some(Pillar::Hybrid) => HYBRID,
        None => INK,
    }
}

/// Where the heading of a panel of `width` begins, the room for it, and its look. Narrow panels have no margin to lose.
fn headed(width: f64) -> (f64, f64, Type) {
    let (start, size) = if width < NARROW { (8.0, 10.5) } else { (18.0, HEADING.size) };
    (start, width - start - 4.0, Type { size, ..HEADING })
}

/// What stands above a panel.
struct Heading {
    /// The metric's name, on two lines where it is long.
    name: Vec<String>,
    /// The threat and which way is better, likewise.
    below: Vec<String>,
}

impl Heading {
    fn of(view: &View, key: &MetricKey, width: f64) -> Self {
        let (_, room, look) = headed(width);
        let threat = view.adversary(key).map_or_else(
            || "clean rows".to_owned(),
            |attack| format!("{} ε = {}", attack.norm.sign(), attack.epsilon),
        );
        let direction = match view.direction(key) {
            None => "descriptive",
            Some(_) if is_reversed(view, key) => "lower is better: axis reversed",
            Some(_) => "higher is better",
        };
        let whole = format!("{threat}; {direction}");
        let below = if super::fitting::width(&whole, BELOW) <= room {
            vec![whole]
        } else {
            [format!("{threat};"), direction.to_owned()]
                .iter()
                .flat_map(|line| lines(line, BELOW, room, 1))
                .collect()
        };
        Self { name: lines(&view.metric_title(key), look, room, 2), below }
    }

    /// What it is higher than one of two lines.
    fn more(&self) -> f64 {
        let next = |lines: &[String]| lines.len().saturating_sub(1) as f64;
        LINE * next(&self.name) + NEXT * next(&self.below)
    }
}

fn one(
    canvas: &mut super::canvas::Canvas<'_>,
    view: &View,
    key: &MetricKey,
    heading: &Heading,
    (left, top): (f64, f64),
    (width, height, more): (f64, f64, f64),
) {
    let points: Vec<usize> = (0..view.given.points.len())
        .filter(|&point| view.is_final(point) && view.value(point, key).is_some())
        .collect();
    let works = |point: &usize| view.given.points[*point].degenerate.is_none();
    let values = range(view, key, &points, works);
    let shared = shares_strengths(view);
    let low = (0..view.given.points.len()).map(|point| across(view, point, shared)).fold(0.0, f64::min);
    let (low, high) =
        if shared { (view.strengths[0], view.strengths[view.strengths.len() - 1]) } else { (low, 1.0) };
    let reversed = is_reversed(view, key);
    let panel = Panel {
        left: left + if width < NARROW { 42.0 } else { 54.0 },
        top: top + 44.0 + more,
        right: left + width - if width < NARROW { 10.0 } else { 18.0 },
        bottom: top + height + more - 30.0,
        // Few have strengths below 0; the margin is room for marks.
        x: Axis::around(&[low, high], (low.min(0.0), f64::INFINITY), false, 5),
        y: Axis::around(&values, bounds(view, key), reversed, 4),
    };
    let many = view.defenses.len() > 1;
    let pillar = pillar_color(view, key);
    let (start, _, look) = headed(width);
    let start = left + start;
    let look = Type { color: if many { pillar } else { look.color }, ..look };
    for (i, line) in heading.name.iter().enumerate() {
        canvas.text(line, (start, top + 14.0 + LINE * i as f64), look, Side::Start);
    }
    let below = top + 14.0 + LINE * heading.name.len().saturating_sub(1) as f64;
    for (i, line) in heading.below.iter().enumerate() {
        canvas.text(line, (start, below + 16.0 + NEXT * i as f64), BELOW, Side::Start);
    }
    let ticks: Vec<(f64, String)> = view.strengths.iter().map(|s| (*s, s.to_string())).collect();
    panel.draw(canvas, shared.then_some(ticks.as_slice()), true);
    // Side by side from the strength to its right: to its left would be other strengths, below 0 none that there is.
    let apart = (ASIDE / view.defenses.len() as f64).min(3.0);
    let shift = |defense: usize| defense as f64 * apart;
    for number in 0..view.defenses.len() {
        let color = if many { theme::defense(number) } else { pillar };
        let mut own: Vec<usize> =
            points.iter().copied().filter(|&point| legend::defense(view, point) == number).collect();
        own.sort_by(|&a, &b| view.given.points[a].strength.total_cmp(&view.given.points[b].strength));
        let place = |point: usize| {
            let (x, y) = panel.at(across(view, point, shared), view.value(point, key).unwrap_or(f64::NAN));
            (x + shift(number), y.clamp(panel.top + 3.0, panel.bottom - 3.0))
        };
        // A line joins what one more step of strength does; other coordinates would make it zigzag.
        let single = own.windows(2).all(|p| {
            view.given.points[p[0]].strength.to_bits() != view.given.points[p[1]].strength.to_bits()
        });
        if single {
            let trained = |point: &usize| !view.given.points[*point].coordinates.contains_key(INTERPOLATED);
            let path: Vec<(f64, f64)> =
                own.iter().copied().filter(works).filter(trained).map(place).collect();
            legend::stroke(canvas, &path, color, 1.6, number);
        }
        for &point in &own {
            let at = place(point);
            let shade = if works(&point) { color } else { ANCHOR };
            if let Some((low, high)) = view.interval(point, key).filter(|_| view.defenses.len() <= BARRED) {
                let clip = |value: f64| panel.y(value).clamp(panel.top, panel.bottom);
                canvas.line(&[(at.0, clip(low)), (at.0, clip(high))], shade, 0.55, 1.6);
            }
            // Hollow, all of them, as beside the names: filled would say that they are on the front.
            canvas.marker(Marker::of(number), at, 3.6, SURFACE, shade, 1.4);
            if !works(&point) {
                legend::cross(canvas, at, 5.0, ANCHOR);
            }
        }
    }
}

/// What the axis must show: working points with their intervals, degenerate ones where they do not squeeze the others.
fn range(view: &View, key: &MetricKey, points: &[usize], works: impl Fn(&usize) -> bool) -> Vec<f64> {
    let collect = |points: &mut dyn Iterator<Item = &usize>| {
        let mut values = Vec::new();
        for &point in points {
            values.extend(view.value(point, key));
            // Bars that are not drawn need no room.
            let interval = view.interval(point, key).filter(|_| view.defenses.len() <= BARRED);
            values.extend(interval.into_iter().flat_map(|(low, high)| [low, high]));
        }
        values
    };
    let span = |values: &[f64]| {
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        high - values.iter().copied().fold(f64::INFINITY, f64::min)
    };
    let all = collect(&mut points.iter());
    let working = collect(&mut points.iter().filter(|point| works(point)));
    if working.is_empty() || span(&all) <= 2.5 * span(&working) { all } else { working }
}

/// Where each objective is at its best.
fn title(view: &View) -> String {
    leading::title(view).unwrap_or_else(|| "Every metric against strength".to_owned())
}
