//! The timeline of escalation rules: signals over windows with their thresholds, and below them when each rule was active.

use super::axis::{Axis, Panel};
use super::canvas::{BODY, Canvas, HEADING, Marker, SMALL, Side, Type};
use super::fitting::{cut, width, wrapped};
use super::look::Look;
use super::raised::{self, Place};
use super::theme::{ALARM, Color, HYBRID, INK, QUIET, SAFETY, SECURITY, SURFACE};
use super::{Figure, framed};
use crate::measure::{Direction, MetricKey};
use crate::metrics;
use crate::report::format;
use crate::report::history::{self, Span};
use crate::rules::{self, Against, Course, Domain, End, Expression, Question, Signal, Term};

const MARGIN: f64 = 18.0;
/// Height of a signal's panel, with its names beside it or without.
const PANEL: f64 = 104.0;
/// Height of names above a panel.
const NAMES: f64 = 30.0;
/// The longest window label, in pixels, where labels are turned.
const TURNED: f64 = 96.0;
/// Reasons under the drawing.
const REASONS: usize = 8;
/// The newest times that a reason names.
const PLACES: usize = 4;
/// With more signals than this the first ones are drawn.
const SIGNALS: usize = 8;
/// With more windows than this the newest ones are drawn: more than one a pixel nobody sees.
const WINDOWS: usize = 400;
const FINE: Type = Type { size: 10.0, ..SMALL };

/// What a signal is compared with.
struct Threshold {
    at: f64,
    /// Rules that it raises, or that are over beyond it.
    rules: Vec<String>,
    clears: bool,
}

/// Where panels begin and end; names stand before or above them, thresholds behind.
struct Sheet {
    width: f64,
    left: f64,
    right: f64,
    is_narrow: bool,
}

impl Sheet {
    fn of(look: Look) -> Self {
        let (left, behind) = if look.is_narrow() { (44.0, 84.0) } else { (232.0, 134.0) };
        Self { width: look.width, left, right: look.width - behind, is_narrow: look.is_narrow() }
    }

    /// The height of a panel with its names.
    fn panel(&self) -> f64 {
        PANEL + if self.is_narrow { NAMES } else { 0.0 }
    }

    /// Room for names.
    fn room(&self) -> f64 {
        if self.is_narrow { self.width - 2.0 * MARGIN } else { self.left - MARGIN - 52.0 }
    }
}

/// The figure.
#[must_use]
pub fn draw(course: &Course, name: &str, look: Look) -> Figure {
    let course =
        &Course { windows: course.windows.iter().map(|label| short(label)).collect(), ..course.clone() };
    let (whole, course) = (course, &newest(course));
    let book = &course.book;
    let sheet = Sheet::of(look);
    let shown = book.signals.len().min(SIGNALS);
    let column = (sheet.right - sheet.left) / course.windows.len() as f64;
    let place = Place {
        margin: MARGIN,
        left: sheet.left,
        column,
        above: sheet.is_narrow.then_some(look.width - 2.0 * MARGIN),
    };
    let widest = course.windows.iter().map(|label| width(label, FINE)).fold(0.0, f64::max);
    let is_turned = widest > column - 6.0;
    let foot = if is_turned { widest.min(TURNED) + 16.0 } else { 24.0 };
    let rows = (book.rules.len() + book.combines.len()) as f64;
    let reasons = reasons(whole, look.width);
    let signals = sheet.panel() * shown as f64 + 30.0;
    let height = signals + place.row() * rows + foot + 15.0 * reasons.len() as f64 + 10.0;
    let title = format!("{name}: {}", history::finding(whole));
    let words = (title, caption(whole, course, shown));
    framed(look, "history", height, words, |canvas, top| {
        for at in 0..shown {
            signal(canvas, course, at, top + sheet.panel() * at as f64, (&sheet, &place));
        }
        let end = raised::rows(canvas, course, &place, top + signals);
        // Where the last row's cells end.
        let y = end - 0.5 * (place.row() - place.above.map_or(0.0, |_| 15.0)) + 12.0;
        labels(canvas, course, (y, &place, is_turned), FINE);
        for (at, line) in reasons.iter().enumerate() {
            canvas.text(line, (MARGIN, y + foot + 15.0 * at as f64 + 6.0), SMALL, Side::Start);
        }
    })
}

fn caption(whole: &Course, course: &Course, shown: usize) -> String {
    let book = &course.book;
    let more = book.signals.len() - shown;
    let left_out = if more > 0 {
        format!(" {} in history.md.", format::count(more, "more signal"))
    } else {
        String::new()
    };
    let (all, count) = (whole.windows.len(), course.windows.len());
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
    format!(
        "Above: signals with their intervals; dashed: from where on the rules named beside it are raised, dotted: until where they stay so; shaded: windows in which such a rule is active. Below: filled where a rule is active, with its level ({}); a dot where its condition holds, hatched where it cannot be told, framed where it is blind. Blue: safety; orange: security; purple: safety under attack. {span}. The gate fails from {} on.{origin}{left_out}",
        raised::meaning(course),
        book.levels[book.fail],
    )
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

fn labels(canvas: &mut Canvas<'_>, course: &Course, (y, place, is_turned): (f64, &Place, bool), look: Type) {
    // Turned texts need the height of a line each.
    let every = if is_turned { (12.0 / place.column).ceil().max(1.0) as usize } else { 1 };
    let newest = course.newest();
    for (now, label) in course.windows.iter().enumerate() {
        // The newest is always named, and those that would touch it are not.
        if now != newest && (now % every != 0 || newest - now < every) {
            continue;
        }
        let x = place.middle(now);
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

fn signal(canvas: &mut Canvas<'_>, course: &Course, at: usize, top: f64, (sheet, place): (&Sheet, &Place)) {
    let (left, right, column) = (sheet.left, sheet.right, place.column);
    let middle = |now: usize| place.middle(now);
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
        left,
        top: top + sheet.panel() - PANEL + 10.0,
        right,
        bottom: top + sheet.panel() - 8.0,
        x: Axis::exactly(0.0, course.windows.len() as f64, 2),
        y: Axis::around(&values, range, reversed, 4),
    };
    let concerned = |now: usize| {
        let rules = course.book.rules.iter().zip(&course.rules);
        rules.into_iter().any(|(rule, states)| states[now].active && rule.signals.contains(&at))
    };
    for now in (0..course.windows.len()).filter(|now| concerned(*now)) {
        let x = middle(now);
        canvas.rectangle((x - 0.5 * column, panel.top), (x + 0.5 * column, panel.bottom), ALARM, 0.09);
    }
    panel.draw(canvas, Some(&[]), true);
    let color = color(signal);
    names(canvas, course, at, (top, sheet), (reversed, color));
    for threshold in &thresholds {
        let y = panel.y(threshold.at);
        let dashes = if threshold.clears { (1.5, 3.0) } else { (5.0, 4.0) };
        canvas.dashed(&[(left, y), (right, y)], QUIET, 1.0, 1.2, dashes);
    }
    // Texts of near thresholds make room for one another, downwards.
    let mut last = f64::NEG_INFINITY;
    for (y, text) in beside(&thresholds, |x| panel.y(x)) {
        let mut y = y.max(last + 12.0);
        let room = sheet.width - right - 10.0;
        for line in wrapped(&text, FINE, room) {
            canvas.text(&cut(&line, FINE, room), (right + 6.0, y), FINE, Side::Start);
            last = y;
            y += 12.0;
        }
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
        let at = (0.5 * (left + right), panel.top + 10.0);
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
        let Some(at) = at else { continue };
        let same = |other: &&mut Threshold| other.clears == clears && (other.at - at).abs() < 1e-12;
        match found.iter_mut().find(same) {
            Some(other) if other.rules.iter().any(|own| own == rule) => {}
            Some(other) => other.rules.push(rule.to_owned()),
            None => found.push(Threshold { at, rules: vec![rule.to_owned()], clears }),
        }
    }
    found
}

/// What stands beside the lines, the uppermost first: `S1 0.95`, `S1 until 0.96`, and both in one where the lines lie too close for two.
fn beside(thresholds: &[Threshold], place: impl Fn(f64) -> f64) -> Vec<(f64, String)> {
    const CLOSE: f64 = 12.0;
    let mut texts: Vec<(f64, String)> = Vec::new();
    for raising in thresholds.iter().filter(|one| !one.clears) {
        let twin = thresholds.iter().find(|one| {
            one.clears && one.rules == raising.rules && (place(one.at) - place(raising.at)).abs() < CLOSE
        });
        let until = twin.map_or_else(String::new, |twin| format!(", until {}", rules::number(twin.at)));
        texts.push((
            place(raising.at),
            format!("{} {}{until}", raising.rules.join(", "), rules::number(raising.at)),
        ));
    }
    for clearing in thresholds.iter().filter(|one| one.clears) {
        let is_told = thresholds.iter().any(|one| {
            !one.clears && one.rules == clearing.rules && (place(one.at) - place(clearing.at)).abs() < CLOSE
        });
        if !is_told {
            let text = format!("{} until {}", clearing.rules.join(", "), rules::number(clearing.at));
            texts.push((place(clearing.at), text));
        }
    }
    texts.sort_by(|a, b| a.0.total_cmp(&b.0));
    texts
}

/// What a signal is called, before its panel or above it.
fn names(
    canvas: &mut Canvas<'_>,
    course: &Course,
    at: usize,
    (top, sheet): (f64, &Sheet),
    (reversed, color): (bool, Color),
) {
    let signal = &course.book.signals[at];
    let known = signal.metric.parse::<MetricKey>().ok().and_then(|key| metrics::find(&key.id));
    let room = sheet.room();
    let title = known.map_or_else(|| signal.metric.clone(), |metric| metric.title.to_owned());
    let seen = course.signals[at].iter().rev().find(|one| !one.point.is_empty());
    let point = signal.at.clone().or_else(|| seen.map(|one| one.point.clone()));
    let direction = match known.and_then(|metric| metric.direction) {
        Some(_) if reversed => Some("less is better: axis reversed".to_owned()),
        Some(_) => Some("more is better".to_owned()),
        None => None,
    };
    let compared = match signal.side {
        End::Point => None,
        End::Low => Some("lower end compared".to_owned()),
        End::High => Some("upper end compared".to_owned()),
    };
    let further = point.map(|point| format!("at {point}")).into_iter().chain(direction).chain(compared);
    let lines = if sheet.is_narrow {
        vec![std::iter::once(title).chain(further).collect::<Vec<_>>().join("; ")]
    } else {
        let mut lines = wrapped(&title, FINE, room);
        lines.truncate(2);
        lines.extend(further);
        lines
    };
    let mut y = top + if sheet.is_narrow { 8.0 } else { 16.0 };
    canvas.text(&cut(&signal.id, HEADING, room), (MARGIN, y), Type { color, ..HEADING }, Side::Start);
    for line in lines {
        y += 14.0;
        canvas.text(&cut(&line, FINE, room), (MARGIN, y), FINE, Side::Start);
    }
}

fn asks_baseline(course: &Course, signal: usize) -> bool {
    comparisons(course).iter().any(|(term, ..)| {
        matches!(term, Term::Delta(own, Against::Baseline) | Term::Ratio(own, Against::Baseline) if *own == signal)
    })
}

/// Why, one line of at most `width` units each, the highest level first and the rest in history.md.
fn reasons(course: &Course, width: f64) -> Vec<String> {
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
        let more = if places.len() > PLACES { "…, " } else { "" };
        let mut newest: Vec<&str> = places.iter().take(PLACES).map(String::as_str).collect();
        newest.reverse();
        let places = newest.join(", ");
        let (name, level) = (span.name(course), span.level(course));
        let whole = format!("{name} ({level}), {more}{places}: {}", span.because(course));
        cut(&whole, SMALL, width - 2.0 * MARGIN)
    };
    let more = causes.len().saturating_sub(REASONS);
    let mut lines: Vec<String> = causes.iter().take(REASONS).map(line).collect();
    if more > 0 {
        lines.push(format!("and {more} more in history.md"));
    }
    lines
}
