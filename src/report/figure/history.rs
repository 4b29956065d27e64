//! The timeline of escalation rules: signals over windows with their thresholds, and below them when each rule was active.

use super::axis::{Axis, Panel};
use super::canvas::{BODY, Canvas, HEADING, Marker, SMALL, Side, Type};
use super::fitting::{cut, width, wrapped};
use super::look::Look;
use super::theme::{ALARM, Color, GRID, HYBRID, INK, QUIET, SAFETY, SECURITY, SURFACE};
use super::{Figure, framed};
use crate::measure::{Direction, MetricKey};
use crate::metrics;
use crate::report::format;
use crate::report::history::{self, Span};
use crate::rules::{Against, Course, Domain, End, Expression, Question, Signal, Term, Truth};

const WIDTH: f64 = 900.0;
const MARGIN: f64 = 18.0;
/// Where panels begin and end; names stand before, thresholds behind.
const LEFT: f64 = 232.0;
const RIGHT: f64 = 778.0;
const PANEL: f64 = 104.0;
const ROW: f64 = 27.0;
/// The longest window label, in pixels, where labels are turned.
const TURNED: f64 = 96.0;
/// Reasons under the drawing.
const REASONS: usize = 8;
/// Times in a reason, the newest first.
const PLACES: usize = 4;
/// With more signals than this the first ones are drawn.
const SIGNALS: usize = 8;
/// With more windows than this the newest ones are drawn: more than one a pixel nobody sees.
const WINDOWS: usize = 400;
const FINE: Type = Type { size: 10.0, ..SMALL };

/// A line that a signal is compared with.
struct Threshold {
    at: f64,
    text: String,
}

/// The figure.
#[must_use]
pub fn draw(course: &Course, name: &str) -> Figure {
    let course =
        &Course { windows: course.windows.iter().map(|label| short(label)).collect(), ..course.clone() };
    let (whole, course) = (course, &newest(course));
    let book = &course.book;
    let shown = book.signals.len().min(SIGNALS);
    let count = course.windows.len();
    let column = (RIGHT - LEFT) / count as f64;
    let widest = course.windows.iter().map(|label| width(label, FINE)).fold(0.0, f64::max);
    let is_turned = widest > column - 6.0;
    let foot = if is_turned { widest.min(TURNED) + 16.0 } else { 24.0 };
    let rows = book.rules.len() + book.combines.len();
    let reasons = reasons(whole);
    let height = PANEL * shown as f64 + 30.0 + ROW * rows as f64 + foot + 15.0 * reasons.len() as f64 + 10.0;
    let title = format!("{name}: {}", history::headline(whole));
    let more = book.signals.len() - shown;
    let left_out = if more > 0 {
        format!(" {} in history.md.", format::count(more, "more signal"))
    } else {
        String::new()
    };
    let all = whole.windows.len();
    let span = match course.windows.as_slice() {
        [.., last] if all > count => {
            format!("{all} windows to {last}, of which the newest {count} are drawn")
        }
        [first, .., last] => format!("{count} windows from {first} to {last}"),
        _ => "1 window".to_owned(),
    };
    let origin = if (0..shown).any(|at| asks_baseline(course, at)) {
        " Open dot: the window that changes are seen from."
    } else {
        ""
    };
    let caption = format!(
        "Above: signals with their intervals; dashed: thresholds of the rules named beside them; shaded: windows in which such a rule is active. \
         Below: filled where a rule is active, the stronger the higher its level ({}); a dot where its condition holds, hatched where it cannot be told, \
         framed where it is blind. Blue: safety; orange: security; purple: safety under attack. {span}.{origin}{left_out}",
        book.levels.join(", "),
    );
    let middle = |now: usize| LEFT + column * (now as f64 + 0.5);
    framed(Look::SCREEN, "history", height, (title, caption), |canvas, top| {
        for at in 0..shown {
            signal(canvas, course, at, (top + PANEL * at as f64, &middle));
        }
        let start = top + PANEL * shown as f64 + 30.0;
        let mut y = start;
        for (at, rule) in book.rules.iter().enumerate() {
            let level = (rule.level, rule.domain.map_or("", |domain| domain.word()));
            let states = &course.rules[at];
            heading(canvas, course, &rule.id, level, y);
            for (now, state) in states.iter().enumerate() {
                let cell = Cell {
                    active: state.active,
                    unknown: !state.active && state.fires == Truth::Unknown,
                    blind: state.blind,
                    holds: state.condition == Truth::True,
                };
                cell.draw(canvas, (middle(now), y), column, alpha(course, rule.level));
            }
            y += ROW;
        }
        for (at, combine) in book.combines.iter().enumerate() {
            heading(canvas, course, &combine.id, (combine.to, "combined"), y);
            for (now, state) in course.combines[at].iter().enumerate() {
                let active = state.holds == Truth::True;
                let unknown = state.holds == Truth::Unknown;
                let cell = Cell { active, unknown, blind: false, holds: active };
                cell.draw(canvas, (middle(now), y), column, alpha(course, combine.to));
            }
            y += ROW;
        }
        labels(canvas, course, (y - 2.0, column, is_turned), FINE);
        for (at, line) in reasons.iter().enumerate() {
            canvas.text(line, (MARGIN, y + foot + 15.0 * at as f64 + 4.0), SMALL, Side::Start);
        }
    })
}

/// The newest windows, and before them the one that changes are seen from.
fn newest(course: &Course) -> Course {
    fn of<T: Clone>(kept: &[usize], all: &[T]) -> Vec<T> {
        kept.iter().filter_map(|now| all.get(*now).cloned()).collect()
    }
    let first = course.windows.len().saturating_sub(WINDOWS);
    let mut kept: Vec<usize> = (first..course.windows.len()).collect();
    if course.baseline < first {
        kept[0] = course.baseline;
    }
    let baseline = kept.iter().position(|now| *now == course.baseline).unwrap_or(0);
    Course {
        windows: of(&kept, &course.windows),
        baseline,
        signals: course.signals.iter().map(|seen| of(&kept, seen)).collect(),
        rules: course.rules.iter().map(|states| of(&kept, states)).collect(),
        combines: course.combines.iter().map(|states| of(&kept, states)).collect(),
        levels: of(&kept, &course.levels),
        ..course.clone()
    }
}

/// A label as it fits: hashes and the like are told by how they begin.
fn short(label: &str) -> String {
    let is_hash = label.len() >= 32 && label.chars().all(|c| c.is_ascii_hexdigit());
    let most = if is_hash { 8 } else { 20 };
    if label.chars().count() <= most {
        return label.to_owned();
    }
    let begin: String = label.chars().take(most).collect();
    if is_hash { begin } else { format!("{}…", begin.trim_end()) }
}

/// How strongly a level is painted.
fn alpha(course: &Course, level: usize) -> f64 {
    0.25 + 0.75 * (level + 1) as f64 / course.book.levels.len() as f64
}

fn heading(canvas: &mut Canvas<'_>, course: &Course, id: &str, (level, domain): (usize, &str), y: f64) {
    let room = LEFT - MARGIN - 14.0;
    let id = cut(id, HEADING, 0.5 * room);
    canvas.text(&id, (MARGIN, y), HEADING, Side::Start);
    let used = width(&id, HEADING) + 8.0;
    let level = &course.book.levels[level];
    let rest = if domain.is_empty() { level.clone() } else { format!("{level}, {domain}") };
    canvas.text(&cut(&rest, SMALL, room - used), (MARGIN + used, y), SMALL, Side::Start);
}

/// A rule in a window.
struct Cell {
    active: bool,
    unknown: bool,
    blind: bool,
    holds: bool,
}

impl Cell {
    fn draw(&self, canvas: &mut Canvas<'_>, (x, y): (f64, f64), column: f64, alpha: f64) {
        // A gap between cells, where there is room for one.
        let half = 0.5 * column - if column > 6.0 { 1.5 } else { 0.0 };
        let (left, right, top, bottom) = (x - half, x + half, y - 9.0, y + 9.0);
        if self.active {
            canvas.rectangle((left, top), (right, bottom), SURFACE, 1.0);
            canvas.rectangle((left, top), (right, bottom), ALARM, alpha);
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
        if self.holds && column > 8.0 {
            let color = if self.active { SURFACE } else { ALARM };
            canvas.marker(Marker::Circle, (x, y), 2.4, color, color, 1.0);
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

fn labels(canvas: &mut Canvas<'_>, course: &Course, (y, column, is_turned): (f64, f64, bool), look: Type) {
    // Turned texts need the height of a line each.
    let every = if is_turned { (12.0 / column).ceil().max(1.0) as usize } else { 1 };
    let newest = course.newest();
    for (now, label) in course.windows.iter().enumerate() {
        // The newest is always named, and those that would touch it are not.
        if now != newest && (now % every != 0 || newest - now < every) {
            continue;
        }
        let x = LEFT + column * (now as f64 + 0.5);
        if is_turned {
            canvas.turned_text(&cut(label, look, TURNED), (x, y), look, Side::End);
        } else {
            canvas.text(label, (x, y + 8.0), look, Side::Middle);
        }
    }
}

fn color(signal: &Signal) -> Color {
    match signal.domain {
        Some(Domain::Safety) => SAFETY,
        Some(Domain::Security) => SECURITY,
        Some(Domain::Hybrid) => HYBRID,
        Some(Domain::Cross) | None => INK,
    }
}

fn signal(canvas: &mut Canvas<'_>, course: &Course, at: usize, (top, middle): (f64, &dyn Fn(usize) -> f64)) {
    let signal = &course.book.signals[at];
    let seen = &course.signals[at];
    let thresholds = thresholds(course, at);
    let known = signal.metric.parse::<MetricKey>().ok().and_then(|key| metrics::find(&key.id));
    let mut values: Vec<f64> = thresholds.iter().map(|threshold| threshold.at).collect();
    for one in seen {
        values.extend([one.quantity.value, one.quantity.low, one.quantity.high].into_iter().flatten());
    }
    let range = known.map_or((f64::NEG_INFINITY, f64::INFINITY), |metric| metric.range);
    let reversed = known.is_some_and(|metric| metric.direction == Some(Direction::Lower));
    let panel = Panel {
        left: LEFT,
        top: top + 10.0,
        right: RIGHT,
        bottom: top + PANEL - 8.0,
        x: Axis::exactly(0.0, course.windows.len() as f64, 2),
        y: Axis::around(&values, range, reversed, 4),
    };
    let column = (RIGHT - LEFT) / course.windows.len() as f64;
    let concerned = |now: usize| {
        let rules = course.book.rules.iter().zip(&course.rules);
        rules.into_iter().any(|(rule, states)| states[now].active && rule.signals.contains(&at))
    };
    for now in (0..course.windows.len()).filter(|now| concerned(*now)) {
        let x = middle(now);
        canvas.rectangle((x - 0.5 * column, panel.top), (x + 0.5 * column, panel.bottom), ALARM, 0.09);
    }
    panel.draw(canvas, Some(&[]), true);
    let room = LEFT - MARGIN - 52.0;
    let mut y = panel.top + 6.0;
    let color = color(signal);
    canvas.text(&cut(&signal.id, HEADING, room), (MARGIN, y), Type { color, ..HEADING }, Side::Start);
    let title = known.map_or_else(|| signal.metric.clone(), |metric| metric.title.to_owned());
    let place = seen.iter().rev().find(|one| !one.point.is_empty());
    let place = signal.at.clone().or_else(|| place.map(|one| one.point.clone()));
    let direction = match known.and_then(|metric| metric.direction) {
        Some(_) if reversed => Some("less is better: axis reversed".to_owned()),
        Some(_) => Some("more is better".to_owned()),
        None => None,
    };
    let mut lines = wrapped(&title, FINE, room);
    lines.truncate(2);
    lines.extend(place.map(|place| format!("at {place}")));
    lines.extend(direction);
    lines.extend(match signal.side {
        End::Point => None,
        End::Low => Some("lower end compared".to_owned()),
        End::High => Some("upper end compared".to_owned()),
    });
    for line in lines {
        y += 14.0;
        canvas.text(&cut(&line, FINE, room), (MARGIN, y), FINE, Side::Start);
    }
    let mut texts: Vec<(f64, String)> = Vec::new();
    for threshold in &thresholds {
        let y = panel.y(threshold.at);
        canvas.dashed(&[(LEFT, y), (RIGHT, y)], QUIET, 1.0, 1.2, (5.0, 4.0));
        texts.push((y, threshold.text.clone()));
    }
    // Texts of near thresholds make room for one another, downwards.
    texts.sort_by(|a, b| a.0.total_cmp(&b.0));
    texts.dedup_by(|later, earlier| later.1 == earlier.1 && later.0 - earlier.0 < 6.0);
    let mut last = f64::NEG_INFINITY;
    for (y, text) in texts {
        let y = y.max(last + 12.0);
        canvas.text(&cut(&text, FINE, WIDTH - RIGHT - 14.0), (RIGHT + 6.0, y), FINE, Side::Start);
        last = y;
    }
    let mut path: Vec<(f64, f64)> = Vec::new();
    for (now, one) in seen.iter().enumerate() {
        let Some(value) = one.quantity.value else {
            canvas.line(&path, color, 1.0, 1.6);
            path.clear();
            canvas.text("?", (middle(now), panel.bottom - 8.0), BODY, Side::Middle);
            continue;
        };
        path.push((middle(now), panel.y(value)));
    }
    canvas.line(&path, color, 1.0, 1.6);
    let dots = column > 7.0;
    for (now, one) in seen.iter().enumerate() {
        let x = middle(now);
        if let (Some(low), Some(high)) = (one.quantity.low, one.quantity.high) {
            canvas.line(&[(x, panel.y(low)), (x, panel.y(high))], color, 0.55, 1.6);
        }
        if let Some(value) = one.quantity.value.filter(|_| dots) {
            canvas.marker(Marker::Circle, (x, panel.y(value)), 3.4, color, color, 1.0);
        }
    }
    let baseline = course.baseline;
    if asks_baseline(course, at)
        && dots
        && let Some(value) = seen[baseline].quantity.value
    {
        canvas.marker(Marker::Circle, (middle(baseline), panel.y(value)), 4.4, SURFACE, color, 1.8);
    }
    if seen.iter().all(|one| one.quantity.value.is_none()) {
        let at = (0.5 * (LEFT + RIGHT), panel.top + 10.0);
        canvas.text("no number in any window", at, SMALL, Side::Middle);
    }
}

/// Every comparison of the conditions with one constant, turned so that the constant stands right.
fn comparisons(course: &Course) -> Vec<(Term, f64, &str, bool)> {
    let of = |expression: &'_ Expression| {
        let questions = expression.questions().into_iter().map(|(question, _)| question.clone());
        questions.collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    for rule in &course.book.rules {
        let clear = rule.clear.iter().flat_map(|(clear, _)| of(clear)).map(|question| (question, true));
        for (question, clears) in of(&rule.when).into_iter().map(|question| (question, false)).chain(clear) {
            match question {
                Question::Compare(Term::Number(x), _, term) | Question::Compare(term, _, Term::Number(x)) => {
                    found.push((term, x, rule.id.as_str(), clears));
                }
                _ => {}
            }
        }
    }
    found
}

/// What the signal is compared with, in its own unit: constants, and changes against the baseline.
fn thresholds(course: &Course, signal: usize) -> Vec<Threshold> {
    let base = course.signals[signal][course.baseline].quantity.value;
    let mut found: Vec<Threshold> = Vec::new();
    for (term, x, rule, clears) in comparisons(course) {
        let at = match term {
            Term::Signal(own) if own == signal => Some(x),
            Term::Delta(own, Against::Baseline) if own == signal => base.map(|base| base + x),
            Term::Ratio(own, Against::Baseline) if own == signal => base.map(|base| base * x),
            _ => None,
        };
        let end = if clears { " until" } else { "" };
        let room = WIDTH - RIGHT - 14.0 - width(end, FINE);
        let text = format!("{}{end}", cut(rule, FINE, room));
        let Some(at) = at else { continue };
        match found.iter_mut().find(|other| (other.at - at).abs() < 1e-12) {
            Some(other) if other.text != text => other.text = format!("{}, {text}", other.text),
            Some(_) => {}
            None => found.push(Threshold { at, text }),
        }
    }
    found
}

fn asks_baseline(course: &Course, signal: usize) -> bool {
    comparisons(course).iter().any(|(term, ..)| {
        matches!(term, Term::Delta(own, Against::Baseline) | Term::Ratio(own, Against::Baseline) if *own == signal)
    })
}

/// Why, one line each, the highest level first and the rest in history.md.
fn reasons(course: &Course) -> Vec<String> {
    let mut spans: Vec<Span> = history::spans(course);
    let rank = |span: &Span| {
        let book = &course.book;
        match span.what {
            history::What::Rule(at) => book.rules[at].level,
            history::What::Blind(_) => book.blind,
            history::What::Combine(at) => book.combines[at].to,
        }
    };
    spans.sort_by_key(|span| (std::cmp::Reverse(rank(span)), std::cmp::Reverse(span.last), span.first));
    // One line per cause: a rule that came and went says the same each time.
    let mut causes: Vec<(Span, Vec<String>)> = Vec::new();
    for span in spans {
        let place = span.place(course);
        match causes.iter_mut().find(|(first, _)| first.what == span.what) {
            Some((_, places)) => places.push(place),
            None => causes.push((span, vec![place])),
        }
    }
    let line = |(span, places): &(Span, Vec<String>)| {
        let more = if places.len() > PLACES { ", …" } else { "" };
        let places = places[..places.len().min(PLACES)].join(", ");
        let (name, level) = (span.name(course), span.level(course));
        let whole = format!("{name} ({level}), {places}{more}: {}", span.because(course));
        cut(&whole, SMALL, WIDTH - 2.0 * MARGIN)
    };
    let more = causes.len().saturating_sub(REASONS);
    let mut lines: Vec<String> = causes.iter().take(REASONS).map(line).collect();
    if more > 0 {
        lines.push(format!("and {more} more in history.md"));
    }
    lines
}
