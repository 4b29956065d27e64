//! The exchange rate along the strengths: what a point of security cost or gained in safety, step by step, with its interval.

use crate::pareto::exchange::{ArcRate, Rate};
use crate::report::prices::widest_arcs;
use crate::report::table::is_price;
use crate::report::view::View;

use super::axis::{Axis, Panel};
use super::canvas::{BODY, Canvas, HEADING, Marker, SMALL, Side, Type};
use super::fitting::{cut, lines, width, wrapped};
use super::look::Look;
use super::paid;
use super::steps::{Block, MOST, Section, Step, cost, sections};
use super::theme::{Color, GRID, QUIET, SURFACE};
use super::{Figure, basis, framed};

const ROW: f64 = 19.0;
/// From one line of a text to the next.
const LINE: f64 = 15.0;
/// Between the panels and the numbers, and beside these.
const GUTTER: f64 = 18.0;
/// Length of what is drawn of a line that lies beyond the axis.
const STUB: f64 = 16.0;

/// How wide the columns beside the panels are, and how high a row is.
struct Layout {
    names: f64,
    numbers: f64,
    row: f64,
    /// The looks of names and of numbers.
    name: Type,
    number: Type,
    /// In a column whose step it is stands above from where to where.
    is_stacked: bool,
}

impl Layout {
    fn of(sections: &[Section<'_>], look: Look) -> Self {
        let steps =
            || sections.iter().flat_map(|section| section.steps().map(move |step| (step, section.scale)));
        let is_stacked = look.is_narrow() && steps().any(|(step, _)| !step.whose.is_empty());
        let size = match (look.is_narrow(), is_stacked) {
            (true, true) => 10.0,
            (true, false) => 11.0,
            (false, _) => BODY.size,
        };
        // As if all were bold, so that no name is cut for being the widest step.
        let name = Type { size, bold: true, ..BODY };
        let number = Type { size: if look.is_narrow() { 9.5 } else { 11.0 }, ..SMALL };
        let (most_names, most_numbers) = if look.is_narrow() { (110.0, 150.0) } else { (200.0, 170.0) };
        let labels = steps().flat_map(|(step, _)| step.lines(is_stacked));
        let names = labels.map(|text| width(&text, name)).fold(0.0, f64::max) + 28.0;
        let told = steps().map(|(step, scale)| width(&step.said(scale), number));
        let numbers = told.filter(|wide| *wide <= most_numbers - GUTTER).fold(60.0, f64::max) + GUTTER;
        Self {
            names: names.min(most_names),
            numbers,
            row: if is_stacked { ROW + 11.0 } else { ROW },
            name,
            number,
            is_stacked,
        }
    }
}

/// The figure, where there are steps between strengths.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let sections = sections(view);
    sections.first()?;
    let layout = Layout::of(&sections, look);
    let room = look.width - 30.0;
    let heading = |block: &Block<'_>| lines(&block.heading, HEADING, room, 3);
    let above = |block: &Block<'_>| 11.0 + LINE * heading(block).len() as f64;
    let across: Vec<Vec<String>> = sections
        .iter()
        .map(|section| {
            let arc = section.steps().next().map(|step| step.arc);
            let name = arc.map_or_else(String::new, |arc| across(view, arc));
            wrapped(&name, BODY, look.width - 24.0)
        })
        .collect();
    let below = |lines: &[String]| 30.0 + LINE * lines.len() as f64;
    let tall = |section: &Section<'_>| -> f64 {
        section.blocks.iter().map(|block| above(block) + layout.row * block.steps.len() as f64).sum()
    };
    let height: f64 =
        sections.iter().zip(&across).map(|(section, lines)| tall(section) + below(lines) + 12.0).sum();
    let steps = || sections.iter().flat_map(Section::steps);
    let are_all = view.given.rates.len() <= MOST;
    let mut more = String::new();
    if !are_all {
        more.push_str(" Of every sweep the widest step that is quoted; the table of exchange rates has all.");
    } else if steps().any(|step| step.is_widest) {
        more.push_str(" Bold: the widest step that is quoted.");
    }
    if steps().any(|step| !step.is_quoted && is_price(step.arc)) {
        more.push_str(" Hollow: not quoted outside the table, as another strength is at least as good at every objective and better at one, or an end collapsed or was not chosen.");
    }
    let caption = format!(
        "Cost: safety given up per unit of security gained between two strengths of one defense, as declared, with its Fieller interval over paired seeds, for these test rows (95 %, from 3 seeds on); above 0, left of the line, security was paid for, and below 0 safety rose with it. Strong: both pillars moved, against one another; faint: not both can be told from no change. An arrow leaves the axis; a line without a mark is a half-line: the cost itself cannot be told; in words where none can be stated, both pillars went the same way, or security fell.{more} {}",
        basis(view, "")
    );
    let words = (paid::title(view, &widest_arcs(view)), caption);
    let ticks = if look.is_narrow() { 3 } else { 6 };
    let (left, right) = (layout.names, look.width - layout.numbers);
    Some(framed(look, "exchange-rate", height, words, |canvas, top| {
        let mut y = top + 4.0;
        for (section, across) in sections.iter().zip(&across) {
            let bottom = y + tall(section);
            let x = section.axis.clone().with_ticks(ticks);
            let panel = Panel { left, top: bottom, right, bottom, x, y: Axis::exactly(0.0, 1.0, 1) };
            panel.across(canvas);
            for block in &section.blocks {
                for (i, line) in heading(block).iter().enumerate() {
                    canvas.text(line, (18.0, y + 14.0 + LINE * i as f64), HEADING, Side::Start);
                }
                y += above(block);
                // The lines of the axis stop at headings: a piece that a text leaves free would look like an interval.
                lined(canvas, &panel, (y, y + layout.row * block.steps.len() as f64));
                for step in &block.steps {
                    let middle = y + 0.5 * layout.row;
                    name(canvas, step, &layout, (left - 8.0, middle), !are_all);
                    drawn(canvas, (step, section.scale), &panel, middle, &layout);
                    y += layout.row;
                }
            }
            for (i, line) in across.iter().enumerate() {
                let at = (0.5 * look.width, bottom + 34.0 + LINE * i as f64);
                canvas.text(line, at, BODY, Side::Middle);
            }
            y = bottom + below(across) + 12.0;
        }
    }))
}

/// The grid and the line of no cost, as high as these rows.
fn lined(canvas: &mut Canvas<'_>, panel: &Panel, (from, to): (f64, f64)) {
    for (value, _) in panel.x.ticks() {
        let x = panel.x(value);
        canvas.line(&[(x, from), (x, to)], GRID, 1.0, 1.0);
    }
    if (panel.x.low..=panel.x.high).contains(&0.0) {
        let zero = panel.x(0.0);
        canvas.line(&[(zero, from), (zero, to)], QUIET, 1.0, 1.2);
    }
}

fn name(canvas: &mut Canvas<'_>, step: &Step<'_>, layout: &Layout, (x, y): (f64, f64), are_alike: bool) {
    let kind = Type { bold: step.is_widest && !are_alike, ..layout.name };
    let texts = step.lines(layout.is_stacked);
    let first = y - 6.0 * texts.len().saturating_sub(1) as f64;
    for (i, text) in texts.iter().enumerate() {
        canvas.text(&cut(text, kind, x - 2.0), (x, first + 12.0 * i as f64), kind, Side::End);
    }
}

fn drawn(canvas: &mut Canvas<'_>, (step, scale): (&Step<'_>, f64), panel: &Panel, y: f64, layout: &Layout) {
    let color = step.color();
    let alpha = if step.is_quoted { 0.7 } else { 0.45 };
    match &cost(step.arc, scale) {
        Rate::Bounded { rate, low, high } if is_price(step.arc) => {
            stretch(canvas, panel, y, (*low, *high), (color, alpha));
            if (panel.x.low..=panel.x.high).contains(rate) {
                let fill = if step.is_quoted { color } else { SURFACE };
                canvas.marker(Marker::Circle, (panel.x(*rate), y), 4.2, fill, color, 1.2);
            }
        }
        Rate::HalfLine { parts, .. } if is_price(step.arc) => {
            for part in parts {
                stretch(canvas, panel, y, *part, (color, alpha));
            }
        }
        _ => {}
    }
    let (text, kind) = (step.said(scale), layout.number);
    if width(&text, kind) <= layout.numbers - GUTTER {
        canvas.text(&text, (panel.right + 8.0, y), kind, Side::Start);
        return;
    }
    // A long text lies in the panel, on the side of the line of no cost that has more room.
    let zero = panel.x(0.0).clamp(panel.left, panel.right);
    let (start, end) = if zero - panel.left >= panel.right - zero {
        (panel.left + 4.0, zero - 4.0)
    } else {
        (zero + 6.0, panel.right)
    };
    let wide = width(&text, kind);
    let (start, end) = if wide > end - start {
        (panel.left + 4.0, panel.right + layout.numbers - 6.0)
    } else {
        (start, end)
    };
    let text = cut(&text, kind, end - start);
    let until = start + width(&text, kind) + 2.0;
    canvas.rectangle((start - 2.0, y - 0.6 * kind.size), (until, y + 0.65 * kind.size), SURFACE, 1.0);
    canvas.text(&text, (start, y), kind, Side::Start);
}

/// A line with ends where it ends, and arrows where it leaves the panel; of a line that lies beyond, its last piece.
fn stretch(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    y: f64,
    (from, to): (f64, f64),
    (color, alpha): (Color, f64),
) {
    // In shares of the way across, whichever way the axis runs.
    let (one, other) = (panel.x.share(from), panel.x.share(to));
    let (first, last) = (one.min(other), one.max(other));
    let inside = |share: f64| panel.left + share.clamp(0.0, 1.0) * (panel.right - panel.left);
    let outside = |share: f64| !(0.0..=1.0).contains(&share);
    let head = |canvas: &mut Canvas<'_>, at: f64, way: f64| {
        canvas.polygon(&[(at, y), (at + 7.0 * way, y - 4.0), (at + 7.0 * way, y + 4.0)], color, 0.9);
    };
    for (is_beyond, at, way) in [(last < 0.0, panel.left, 1.0), (first > 1.0, panel.right, -1.0)] {
        if is_beyond {
            canvas.line(&[(at + 6.0 * way, y), (at + STUB * way, y)], color, alpha, 2.0);
            head(canvas, at, way);
            return;
        }
    }
    canvas.line(&[(inside(first), y), (inside(last), y)], color, alpha, 2.0);
    for (share, way) in [(first, 1.0), (last, -1.0)] {
        let at = inside(share);
        if outside(share) {
            head(canvas, at, way);
        } else {
            canvas.line(&[(at, y - 4.0), (at, y + 4.0)], color, alpha, 1.4);
        }
    }
}

/// What the axis counts.
fn across(view: &View, arc: &ArcRate) -> String {
    let (_, _, of_safety) = view.unit(&arc.safety).counted();
    let (_, of_security, _) = view.unit(&arc.security).counted();
    format!(
        "cost in {of_safety} of {} per {of_security} of {} (less is better →, axis reversed; below 0: gained)",
        view.metric_title(&arc.safety),
        view.metric_title(&arc.security)
    )
}
