//! The lower half of the timeline: a row per rule and combination, a cell per window.

use super::canvas::{Canvas, HEADING, Marker, SMALL, Side, Type};
use super::fitting::{cut, width};
use super::theme::{ALARM, Color, GRID, INK, QUIET, SURFACE};
use crate::rules::{Course, Truth};

/// Height of a row where its name stands before it.
const ROW: f64 = 27.0;
/// Height of a name where it stands above its row.
const NAME: f64 = 15.0;
/// Cells narrower than this have no letter, and their dot in the middle.
const LETTERED: f64 = 15.0;
const LETTER: Type = Type { size: 10.5, bold: true, color: INK };

/// Where rows stand.
pub(super) struct Place {
    /// Where names begin.
    pub(super) margin: f64,
    /// Where cells begin.
    pub(super) left: f64,
    /// Width of a cell.
    pub(super) column: f64,
    /// Whether names stand above their rows, and how far they may go on there.
    pub(super) above: Option<f64>,
}

impl Place {
    /// The height of a row with its name.
    pub(super) fn row(&self) -> f64 {
        ROW + self.above.map_or(0.0, |_| NAME)
    }

    /// The middle of window `now`.
    pub(super) fn middle(&self, now: usize) -> f64 {
        self.left + self.column * (now as f64 + 0.5)
    }
}

/// Draws every row from `top` on, and returns where the last one ends.
pub(super) fn rows(canvas: &mut Canvas<'_>, course: &Course, place: &Place, top: f64) -> f64 {
    let book = &course.book;
    let looks = looks(course);
    let mut y = top;
    for (at, rule) in book.rules.iter().enumerate() {
        let of = rule.domain.map_or("", |domain| domain.word());
        name(canvas, &rule.id, (&book.levels[rule.level], of), place, y);
        for (now, state) in course.rules[at].iter().enumerate() {
            let cell = Cell {
                active: state.active,
                unknown: !state.active && state.fires == Truth::Unknown,
                blind: state.blind,
                holds: state.condition == Truth::True,
            };
            cell.draw(canvas, (place.middle(now), middle(place, y)), place.column, &looks[rule.level]);
        }
        y += place.row();
    }
    for (at, combine) in book.combines.iter().enumerate() {
        name(canvas, &combine.id, (&book.levels[combine.to], "combined"), place, y);
        for (now, state) in course.combines[at].iter().enumerate() {
            let active = state.holds == Truth::True;
            let unknown = state.holds == Truth::Unknown;
            let cell = Cell { active, unknown, blind: false, holds: active };
            cell.draw(canvas, (place.middle(now), middle(place, y)), place.column, &looks[combine.to]);
        }
        y += place.row();
    }
    y
}

/// `W: watch, A: alert, I: incident`, of the levels that something has.
pub(super) fn meaning(course: &Course) -> String {
    let looks = looks(course);
    let named: Vec<String> = used(course)
        .into_iter()
        .map(|level| format!("{}: {}", looks[level].letter, course.book.levels[level]))
        .collect();
    named.join(", ")
}

/// The middle of the cells of a row.
fn middle(place: &Place, y: f64) -> f64 {
    y + place.above.map_or(0.0, |_| NAME)
}

/// The levels that a rule or a combination has, the mildest first.
fn used(course: &Course) -> Vec<usize> {
    let book = &course.book;
    let rules = book.rules.iter().map(|rule| rule.level);
    let mut levels: Vec<usize> = rules.chain(book.combines.iter().map(|combine| combine.to)).collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// How a level is told from the others, with colors and without.
#[derive(Debug, Clone, PartialEq)]
struct Look {
    letter: String,
    /// How strongly it is painted.
    alpha: f64,
}

/// By level: from pale to full over those that are used, with the first letter of its name, or its number where two begin alike.
fn looks(course: &Course) -> Vec<Look> {
    let used = used(course);
    let first = |level: usize| course.book.levels[level].chars().next().map(|c| c.to_uppercase().to_string());
    let are_told = used.iter().all(|&a| used.iter().all(|&b| a == b || first(a) != first(b)));
    (0..course.book.levels.len())
        .map(|level| {
            let rank = used.iter().filter(|other| **other < level).count();
            let share = if used.len() < 2 { 1.0 } else { rank as f64 / (used.len() - 1) as f64 };
            let letter = first(level).filter(|_| are_told).unwrap_or_else(|| (level + 1).to_string());
            let share = share.min(1.0);
            // Pale ones lie farther apart than full ones: the eye tells less there.
            Look { letter, alpha: 0.22 + 0.78 * share * (0.45 + 0.55 * share) }
        })
        .collect()
}

fn name(canvas: &mut Canvas<'_>, id: &str, (level, domain): (&str, &str), place: &Place, y: f64) {
    let room = place.above.unwrap_or(place.left - place.margin - 14.0);
    let id = cut(id, HEADING, 0.5 * room);
    canvas.text(&id, (place.margin, y), HEADING, Side::Start);
    let used = width(&id, HEADING) + 8.0;
    let rest = if domain.is_empty() { level.to_owned() } else { format!("{level}, {domain}") };
    canvas.text(&cut(&rest, SMALL, room - used), (place.margin + used, y), SMALL, Side::Start);
}

/// A rule in a window.
struct Cell {
    active: bool,
    unknown: bool,
    blind: bool,
    holds: bool,
}

impl Cell {
    fn draw(&self, canvas: &mut Canvas<'_>, (x, y): (f64, f64), column: f64, look: &Look) {
        // A gap between cells, where there is room for one.
        let half = 0.5 * column - if column > 6.0 { 1.5 } else { 0.0 };
        let (left, right, top, bottom) = (x - half, x + half, y - 9.0, y + 9.0);
        if self.active {
            canvas.rectangle((left, top), (right, bottom), SURFACE, 1.0);
            canvas.rectangle((left, top), (right, bottom), ALARM, look.alpha);
        } else {
            canvas.rectangle((left, top), (right, bottom), GRID, 1.0);
        }
        if self.unknown {
            hatch(canvas, (left, top), (right, bottom));
        }
        if self.blind {
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            canvas.line(&corners, INK, 1.0, 1.8);
        }
        let color = self.color(look);
        let is_lettered = self.active && column > LETTERED;
        if is_lettered {
            let lifted = if self.holds { 2.0 } else { 0.0 };
            canvas.text(&look.letter, (x, y - lifted), Type { color, ..LETTER }, Side::Middle);
        }
        if self.holds && column > 8.0 {
            let (at, radius) = if is_lettered { ((x, y + 6.2), 1.7) } else { ((x, y), 2.4) };
            canvas.marker(Marker::Circle, at, radius, color, color, 1.0);
        }
    }

    /// What stands in the cell: readable on pale ones and on full ones, on a light page and on a dark one.
    fn color(&self, look: &Look) -> Color {
        match self.active {
            true if look.alpha > 0.7 => SURFACE,
            true => INK,
            false => ALARM,
        }
    }
}

/// Strokes from below left to above right.
fn hatch(canvas: &mut Canvas<'_>, (left, top): (f64, f64), (right, bottom): (f64, f64)) {
    let height = bottom - top;
    let mut start = left - height;
    while start < right {
        // The stroke from (start, bottom) to (start + height, top), cut at the sides.
        let (from, to) = (start.max(left), (start + height).min(right));
        if to > from {
            let y = |x: f64| bottom - (x - start);
            canvas.line(&[(from, y(from)), (to, y(to))], QUIET, 0.7, 1.0);
        }
        start += 6.0;
    }
}
