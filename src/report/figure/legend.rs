//! The column beside a drawing: strengths, defenses, marks.

use crate::report::view::View;

use super::canvas::{BODY, Canvas, Fill, HEADING, Marker, Side};
use super::fitting::{lines, shortened, spoken, width as width_of};
use super::look::Look;
use super::theme::{self, ANCHOR, Color, INK, PALE, SURFACE};

/// Width of a column beside a drawing.
const WIDTH: f64 = 168.0;
/// Stroke of the joint front, wider than that of any defense.
pub(super) const JOINT: f64 = 2.6;
/// More strengths than this are shown as a band.
const CHIPS: usize = 12;

/// Dash patterns, one per defense; the first is a whole line. Where colors repeat the patterns move on by one, so that no two defenses
/// share both.
pub(super) fn dash(defense: usize) -> Option<(f64, f64)> {
    const ALL: [Option<(f64, f64)>; 6] =
        [None, Some((7.0, 4.0)), Some((2.0, 3.0)), Some((12.0, 4.0)), Some((4.0, 2.0)), Some((9.0, 6.0))];
    ALL[(defense % theme::COLORS + defense / theme::COLORS) % ALL.len()]
}

/// The color of a point's strength.
pub(super) fn color(view: &View, point: usize) -> Color {
    let strength = view.given.points[point].strength;
    let rank = view.strengths.iter().position(|s| s.to_bits() == strength.to_bits()).unwrap_or(0);
    theme::scale(theme::position(rank, view.strengths.len()))
}

/// The shape of a point's mark where lines are of one defense each: neighbors on a scale of colors look alike.
pub(super) fn shape(view: &View, point: usize) -> Marker {
    let strength = view.given.points[point].strength;
    let rank = view.strengths.iter().position(|s| s.to_bits() == strength.to_bits()).unwrap_or(0);
    // A scale too long to list has no shapes beside it.
    if view.strengths.len() > CHIPS { Marker::Circle } else { Marker::of(rank) }
}

/// The color of a point's mark: of its defense where several are compared, else of its strength.
pub(super) fn mark_color(view: &View, point: usize) -> Color {
    if view.defenses.len() > 1 { theme::defense(defense(view, point)) } else { color(view, point) }
}

/// Least and largest radius of marks where several defenses are compared: strengths of different defenses share no scale, so size
/// tells the rank within the own defense.
const RADII: (f64, f64) = (3.6, 7.0);

/// The radius of a point's mark; `usual` where one defense stands alone.
pub(super) fn radius(view: &View, point: usize, usual: f64) -> f64 {
    if view.defenses.len() < 2 {
        return usual;
    }
    let given = &view.given.points;
    let own = || given.iter().filter(|other| other.defense == given[point].defense);
    let mut strengths: Vec<f64> = own().map(|other| other.strength).collect();
    strengths.sort_by(f64::total_cmp);
    strengths.dedup_by(|a, b| a.to_bits() == b.to_bits());
    let rank = strengths.iter().filter(|strength| **strength < given[point].strength).count();
    RADII.0 + (RADII.1 - RADII.0) * theme::position(rank, strengths.len())
}

/// The number of a point's defense.
pub(super) fn defense(view: &View, point: usize) -> usize {
    let name = &view.given.points[point].defense;
    view.defenses.iter().position(|defense| defense == name).unwrap_or(0)
}

/// What the marks mean, drawn when they occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    OnFront,
    Undecided,
    Dominated,
    /// The same, drawn pale.
    Pale,
    PassedOver,
    Joint,
    Degenerate,
    DegenerateLine,
    CertifiedLine,
    Trivial,
}

impl Key {
    /// Its sign and what it means.
    fn entry(self) -> Part {
        const DOT: f64 = 5.0;
        let dot = |fill: Fill, color: Color, word: &str| {
            Part::entry(word, move |canvas, at| {
                canvas.filled(Marker::Circle, at, DOT, fill, (color, color));
            })
        };
        match self {
            Self::OnFront => dot(Fill::Whole, INK, "on the front"),
            Self::Undecided => dot(Fill::Half, INK, "undecided"),
            Self::Dominated => dot(Fill::Hollow, INK, "dominated"),
            Self::Pale => Part::entry("dominated", |canvas, at| canvas.faint(Marker::Circle, at, DOT, INK)),
            Self::PassedOver => dot(Fill::Hollow, PALE, "not chosen"),
            Self::Joint => Part::entry("joint front", |canvas, (x, y)| {
                canvas.line(&[(x - 10.5, y), (x + 10.5, y)], INK, 1.0, JOINT);
            }),
            Self::Degenerate => Part::entry("degenerate", |canvas, at| {
                canvas.marker(Marker::Circle, at, DOT, SURFACE, ANCHOR, 1.6);
                cross(canvas, at, 7.0, ANCHOR);
            }),
            Self::DegenerateLine => Part::entry("degenerate", |canvas, (x, y)| {
                canvas.dashed(&[(x - 7.5, y), (x + 7.5, y)], ANCHOR, 1.0, 1.6, (4.0, 3.0));
            }),
            Self::CertifiedLine => Part::entry("certified", |canvas, (x, y)| {
                certified(canvas, &[(x - 9.5, y), (x + 9.5, y)], INK);
                canvas.marker(Marker::Circle, (x, y), 2.6, SURFACE, INK, 1.3);
            }),
            Self::Trivial => Part::entry("trivial model", |canvas, at| {
                canvas.marker(Marker::Diamond, at, DOT, ANCHOR, ANCHOR, 1.6);
            }),
        }
    }
}

/// What the column explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Marks: one shape per defense.
    Marks,
    /// Lines in panels that name their defense.
    Lines,
}

/// Draws a sign around its middle.
type Sign = Box<dyn Fn(&mut Canvas<'_>, (f64, f64))>;

/// One line of a legend.
pub(super) enum Part {
    Heading(String),
    Entry(Sign, String),
    /// Colors of a scale too long to list, with the texts of its lowest, middle and highest value.
    Ramp(Vec<Color>, [String; 3]),
}

impl Part {
    pub(super) fn entry(text: &str, sign: impl Fn(&mut Canvas<'_>, (f64, f64)) + 'static) -> Self {
        Self::Entry(Box::new(sign), text.to_owned())
    }
}

/// What explains a drawing: a column beside it, or on narrow sheets rows under it.
pub(super) struct Legend {
    parts: Vec<Part>,
}

/// Where a drawing and its legend lie.
pub(super) struct Place {
    /// Right edge of the drawing's panels.
    pub(super) right: f64,
    /// Height of the drawing.
    pub(super) drawing: f64,
    /// Height of both.
    pub(super) height: f64,
    /// Left and top edge of the legend, and its width.
    at: (f64, f64, f64),
    is_beside: bool,
}

/// Takes a part, its place and the room for its text.
type Visit<'a> = &'a mut dyn FnMut(&Part, (f64, f64), f64);

/// Height of a line.
const LINE: f64 = 17.0;
/// Lines that a name beside a drawing may take, and the step from one to the next.
const LINES: usize = 3;
const NEXT: f64 = 14.0;
/// Left margin of rows.
const MARGIN: f64 = 18.0;
/// Length of a scale.
const RAMP: f64 = 120.0;

impl Legend {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    /// Defenses, strengths, and what `keys` mean; `more` stands between them.
    pub(super) fn of(view: &View, keys: &[Key], more: Vec<Part>, style: Style) -> Self {
        let mut parts = Vec::new();
        let several = view.defenses.len() > 1 && style == Style::Marks;
        if several {
            parts.push(Part::Heading("defense".to_owned()));
            parts.extend(view.defenses.iter().enumerate().map(|(i, name)| of_defense(i, name)));
            parts.push(Part::Heading("strength".to_owned()));
            for (radius, word) in [(RADII.0, "its lowest"), (RADII.1, "its highest")] {
                parts.push(Part::entry(word, move |canvas, at| {
                    canvas.marker(Marker::Circle, at, radius, SURFACE, INK, 1.6);
                }));
            }
        } else {
            // A scale of strengths of one defense, or of all where the colors of a drawing tell them.
            parts.extend(strengths(view, style));
        }
        parts.extend(more);
        if !keys.is_empty() {
            parts.push(Part::Heading("marks".to_owned()));
            parts.extend(keys.iter().map(|key| key.entry()));
        }
        Self { parts }
    }

    /// The same with `parts` behind.
    pub(super) fn with(mut self, parts: Vec<Part>) -> Self {
        self.parts.extend(parts);
        self
    }

    /// The place for it beside, or under, a drawing of `height` at least.
    pub(super) fn place(&self, look: Look, height: f64) -> Place {
        if look.is_narrow() {
            let width = look.width - 2.0 * MARGIN;
            let rows = self.rows(&mut |_, _, _| {}, width);
            return Place {
                right: look.width - 14.0,
                drawing: height,
                height: height + rows + 8.0,
                at: (MARGIN, height, width),
                is_beside: false,
            };
        }
        let height = height.max(self.column(&mut |_, _, _| {}) + 28.0);
        let right = look.width - WIDTH - 40.0;
        Place { right, drawing: height, height, at: (right + 26.0, 10.0, WIDTH), is_beside: true }
    }

    /// Draws it where [`place`](Self::place) wants it, on a sheet whose drawing begins at `top`.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, place: &Place, top: f64) {
        let (left, above, width) = place.at;
        let mut one = |part: &Part, (x, y): (f64, f64), room: f64| {
            let at = (left + x, top + above + y);
            match part {
                Part::Heading(text) => canvas.text(text, at, HEADING, Side::Start),
                Part::Entry(sign, text) => {
                    sign(canvas, (at.0 + 7.5, at.1));
                    let most = if place.is_beside { LINES } else { 1 };
                    for (i, line) in lines(text, BODY, room, most).iter().enumerate() {
                        canvas.text(line, (at.0 + 22.0, at.1 + NEXT * i as f64), BODY, Side::Start);
                    }
                }
                Part::Ramp(colors, texts) if place.is_beside => {
                    let edge = |rank: usize| at.1 - 8.0 + RAMP * rank as f64 / colors.len() as f64;
                    for (rank, color) in colors.iter().enumerate() {
                        let to = (at.0 + 15.0, edge(rank + 1) + 0.5);
                        canvas.rectangle((at.0, edge(rank)), to, *color, 1.0);
                    }
                    for (share, text) in [0.0, 0.5, 1.0].into_iter().zip(texts) {
                        let y = at.1 - 3.0 + (RAMP - 10.0) * share;
                        canvas.text(text, (at.0 + 22.0, y), BODY, Side::Start);
                    }
                }
                Part::Ramp(colors, texts) => {
                    let start = at.0 + width_of(&texts[0], BODY) + 6.0;
                    let edge = |rank: usize| start + RAMP * rank as f64 / colors.len() as f64;
                    for (rank, color) in colors.iter().enumerate() {
                        let to = (edge(rank + 1) + 0.5, at.1 + 5.0);
                        canvas.rectangle((edge(rank), at.1 - 5.0), to, *color, 1.0);
                    }
                    canvas.text(&texts[0], at, BODY, Side::Start);
                    canvas.text(&texts[2], (start + RAMP + 6.0, at.1), BODY, Side::Start);
                }
            }
        };
        if place.is_beside {
            self.column(&mut one);
        } else {
            self.rows(&mut one, width);
        }
    }

    /// Hands each part its place in a column, and returns the column's height.
    fn column(&self, one: Visit<'_>) -> f64 {
        let mut y = 8.0;
        for (i, part) in self.parts.iter().enumerate() {
            if matches!(part, Part::Heading(_)) && i > 0 {
                y += 10.0;
            }
            one(part, (0.0, y), WIDTH - 26.0);
            y += match part {
                Part::Heading(_) => 19.0,
                Part::Entry(_, text) => {
                    LINE + NEXT * lines(text, BODY, WIDTH - 26.0, LINES).len().saturating_sub(1) as f64
                }
                Part::Ramp(..) => RAMP + 12.0,
            };
        }
        y
    }

    /// Hands each part its place in rows of `width`, and returns their height.
    fn rows(&self, one: Visit<'_>, width: f64) -> f64 {
        const GAP: f64 = 14.0;
        let (mut x, mut y) = (0.0, 6.0);
        for (i, part) in self.parts.iter().enumerate() {
            let room = width - 22.0;
            let wide = match part {
                Part::Heading(text) => width_of(text, HEADING),
                Part::Entry(_, text) => 22.0 + width_of(&shortened(text, BODY, room), BODY),
                Part::Ramp(_, texts) => RAMP + 12.0 + width_of(&texts[0], BODY) + width_of(&texts[2], BODY),
            };
            let is_heading = matches!(part, Part::Heading(_));
            if i > 0 && (is_heading || x + wide > width) {
                (x, y) = (0.0, y + LINE + if is_heading { 4.0 } else { 0.0 });
            }
            one(part, (x, y), room);
            x += wide + GAP;
        }
        y + LINE
    }
}

/// The line, mark and name of defense number `i`.
pub(super) fn of_defense(i: usize, name: &str) -> Part {
    Part::entry(name, move |canvas, (x, y)| {
        let color = theme::defense(i);
        stroke(canvas, &[(x - 10.5, y), (x + 10.5, y)], color, 1.4, i);
        canvas.marker(Marker::of(i), (x, y), 5.0, SURFACE, color, 1.8);
    })
}

/// The colors of strengths.
fn strengths(view: &View, style: Style) -> Vec<Part> {
    let steps = view.strengths.len();
    if steps == 0 {
        return Vec::new();
    }
    let shade = move |rank: usize| theme::scale(theme::position(rank, steps));
    let mut parts = vec![Part::Heading("strength".to_owned())];
    if steps > CHIPS {
        let text = |rank: usize| view.strengths[rank].to_string();
        parts.push(Part::Ramp((0..steps).map(shade).collect(), [text(0), text(steps / 2), text(steps - 1)]));
        return parts;
    }
    parts.extend(view.strengths.iter().enumerate().map(|(rank, strength)| {
        let color = if has_collapsed(view, *strength) { ANCHOR } else { shade(rank) };
        Part::entry(&strength.to_string(), move |canvas, (x, y)| {
            if style == Style::Lines {
                canvas.line(&[(x - 9.5, y), (x + 9.5, y)], color, 1.0, 2.0);
                canvas.marker(Marker::of(rank), (x, y), 4.0, color, color, 1.0);
            } else {
                canvas.marker(Marker::Circle, (x, y), 4.5, color, color, 1.0);
            }
        })
    }));
    parts
}

/// Whether every point at this strength is degenerate.
fn has_collapsed(view: &View, strength: f64) -> bool {
    let mut points = view.given.points.iter().filter(|point| point.strength.to_bits() == strength.to_bits());
    points.all(|point| point.degenerate.is_some())
}

/// Two strokes through a mark.
pub(super) fn cross(canvas: &mut Canvas<'_>, (x, y): (f64, f64), radius: f64, color: Color) {
    canvas.line(&[(x - radius, y - radius), (x + radius, y + radius)], color, 1.0, 1.6);
    canvas.line(&[(x - radius, y + radius), (x + radius, y - radius)], color, 1.0, 1.6);
}

/// The lower edge of what is known: what is certified.
pub(super) fn certified(canvas: &mut Canvas<'_>, points: &[(f64, f64)], color: Color) {
    canvas.dashed(points, color, 1.0, 1.8, (4.5, 2.5));
}

/// A line in the dash pattern of a defense.
pub(super) fn stroke(
    canvas: &mut Canvas<'_>,
    points: &[(f64, f64)],
    color: Color,
    width: f64,
    defense: usize,
) {
    match dash(defense) {
        None => canvas.line(points, color, 1.0, width),
        Some(pattern) => canvas.dashed(points, color, 1.0, width, pattern),
    }
}

/// The name of a trivial model, without what explains it.
pub(super) fn trivial(label: &str) -> String {
    let name = label.find("` (").map_or(label, |end| &label[..=end]);
    spoken(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_defenses_have_the_same_line_or_the_same_mark() {
        // As many as there are pairs of a color and a dash.
        let all = || 0..6 * theme::COLORS;
        for a in all() {
            for b in all().skip(a + 1) {
                let color = theme::defense(a) == theme::defense(b);
                assert!(!(color && dash(a) == dash(b)), "the lines of {a} and {b}");
                assert!(!(color && Marker::of(a) == Marker::of(b)), "the marks of {a} and {b}");
            }
        }
    }
}
