//! Class by class, or group by group: clean and under attack, for a few strengths.

use crate::measure::MetricKey;
use crate::metrics::HEADLINE_ROWS;
use crate::report::format;
use crate::report::inputs::Breakdown;
use crate::report::view::View;

use super::axis::{Axis, Panel};
use super::bars;
use super::canvas::{Canvas, HEADING, SMALL, Side, Type};
use super::chosen::{chosen, most_secure};
use super::fitting::{cut, shortened, width, wrapped};
use super::look::Look;
use super::theme::{CLEAN, INK, SECURITY, SURFACE};
use super::{Figure, bounds, corner, facts, framed, spoken};

/// With more members than this only the worst ones are shown.
const MOST: usize = 20;
const PANEL: f64 = 184.0;

/// One figure per breakdown.
pub(super) fn draw(view: &View, look: Look) -> Vec<Figure> {
    let all = view.given.breakdowns.iter().zip(names(&view.given.breakdowns));
    all.filter_map(|(breakdown, name)| one(view, look, breakdown, name)).collect()
}

/// What the figure of each breakdown is called: `classes`, or `groups-` and the attribute.
pub(in crate::report) fn names(breakdowns: &[Breakdown]) -> Vec<String> {
    let parts = format::file_parts(breakdowns.iter().map(|breakdown| breakdown.title.as_str()));
    let name = |(breakdown, part): (&Breakdown, String)| {
        if breakdown.is_by_class() { "classes".to_owned() } else { format!("groups-{part}") }
    };
    breakdowns.iter().zip(parts).map(name).collect()
}

fn keys(view: &View, breakdown: &Breakdown, member: &str) -> (MetricKey, Option<MetricKey>) {
    let clean = MetricKey { id: breakdown.clean.clone(), group: Some(member.to_owned()), attack: None };
    let attacked = breakdown
        .attacked
        .as_ref()
        .and_then(|id| view.attacked(id, Some(member), view.given.threat.as_ref()?.epsilon));
    (clean, attacked)
}

/// Rows that a member's clean number rests on.
fn rows_of(view: &View, breakdown: &Breakdown, point: usize, member: &str) -> Option<usize> {
    Some(view.measured(point, &keys(view, breakdown, member).0)?.estimate.n)
}

fn one(view: &View, look: Look, breakdown: &Breakdown, name: String) -> Option<Figure> {
    let points = chosen(view);
    let known = |(_, member): &&(String, String)| {
        let (clean, _) = keys(view, breakdown, member);
        points.iter().any(|&point| view.value(point, &clean).is_some())
    };
    let mut members: Vec<&(String, String)> = breakdown.members.iter().filter(known).collect();
    if members.is_empty() {
        return None;
    }
    let all = members.len();
    if all > MOST {
        let first = points[0];
        let value =
            |member: &str| view.value(first, &keys(view, breakdown, member).0).unwrap_or(f64::INFINITY);
        members.sort_by(|a, b| value(&a.1).total_cmp(&value(&b.1)));
        members.truncate(MOST);
    }
    let mut values = vec![0.0];
    for (&point, (_, member)) in points.iter().flat_map(|p| members.iter().map(move |m| (p, *m))) {
        let (clean, attacked) = keys(view, breakdown, member);
        for key in [Some(clean), attacked].into_iter().flatten() {
            values.extend(view.value(point, &key));
            values.extend(view.interval(point, &key).into_iter().flat_map(|(low, high)| [low, high]));
        }
    }
    let (sample, attacked) = keys(view, breakdown, &members[0].1);
    let axis = Axis::around(&values, bounds(view, &sample), false, 4);
    // Bars stand on 0.
    let axis = if axis.low < 0.0 { Axis::exactly(0.0, axis.high, 4) } else { axis };
    let worst = if all > MOST { format!(" The {MOST} worst of {all} are shown.") } else { String::new() };
    let bars =
        if attacked.is_some() { "Blue: clean; orange: the same rows under attack." } else { "Clean rows." };
    let metric = format::capitalized(&view.metric_title(&MetricKey::plain(&breakdown.clean)));
    let member =
        if breakdown.is_by_class() { "class".to_owned() } else { format!("group of {}", breakdown.title) };
    let drawn: Vec<MetricKey> = members
        .iter()
        .flat_map(|(_, member)| {
            let (clean, attacked) = keys(view, breakdown, member);
            std::iter::once(clean).chain(attacked)
        })
        .collect();
    let basis = facts(view, &drawn, "whiskers");
    let counts: Vec<Option<usize>> =
        members.iter().map(|member| most_rows(view, breakdown, member)).collect();
    let is_few = |rows: &Option<usize>| rows.is_some_and(|rows| rows < HEADLINE_ROWS);
    let hollow = if counts.iter().any(is_few) {
        format!(" Hollow: fewer than {HEADLINE_ROWS} rows.")
    } else {
        String::new()
    };
    let rows = rows(&counts, &members);
    let caption =
        format!("{metric} of each {member}. {bars} Higher is better.{hollow}{worst} {rows} {basis}");
    // A few bars do not need a whole row.
    let columns = ((look.width / (110.0 * members.len() as f64)) as usize).clamp(1, points.len());
    let layout = Layout::of(look, columns, &members, counts);
    let height = layout.height * points.len().div_ceil(columns) as f64;
    let words = (title(view, breakdown, &members, &points), caption);
    Some(framed(look, name, height, words, |canvas, top| {
        for (i, &point) in points.iter().enumerate() {
            let place = corner(i, columns, (layout.whole, layout.height), top);
            panel(canvas, view, breakdown, &members, point, &axis, (place, &layout));
        }
    }))
}

/// A name below its bars: lines across, or one that is read from below.
struct Name {
    look: Type,
    lines: Vec<String>,
    is_turned: bool,
}

impl Name {
    /// Below `at`.
    fn draw(&self, canvas: &mut Canvas<'_>, (x, y): (f64, f64)) {
        for (i, line) in self.lines.iter().enumerate() {
            if self.is_turned {
                canvas.turned_text(line, (x, y + 6.0), self.look, Side::End);
            } else {
                canvas.text(line, (x, y + 14.0 + LINE * i as f64), self.look, Side::Middle);
            }
        }
    }
}

/// How the panels of a breakdown are laid out: all alike.
struct Layout {
    /// Width of a panel with its margins, and these.
    whole: f64,
    left: f64,
    right: f64,
    /// Height of a panel with its heading and names.
    height: f64,
    names: Vec<Name>,
    /// Rows of each member, and how far below the panel these are written; turned names have them at their end.
    counts: Vec<Option<usize>>,
    below: Option<f64>,
}

/// From one line of a name to the next.
const LINE: f64 = 12.0;
/// Longest name that is read from below.
const TURNED: f64 = 150.0;

impl Layout {
    /// Names stand across where all fit on two lines, smaller where they must; otherwise all are turned.
    fn of(look: Look, columns: usize, members: &[&(String, String)], counts: Vec<Option<usize>>) -> Self {
        let whole = look.width / columns as f64;
        let (left, right) = if look.is_narrow() { (46.0, 10.0) } else { (64.0, 20.0) };
        let slot = (whole - left - right) / members.len() as f64;
        let across = [11.0, 10.0, 9.5].into_iter().find_map(|size| {
            let look = Type { size, ..SMALL };
            let all: Vec<Vec<String>> =
                members.iter().map(|(label, _)| broken(label, look, slot - 4.0)).collect();
            let fits = |lines: &Vec<String>| {
                lines.len() <= 2 && lines.iter().all(|line| width(line, look) <= slot - 3.0)
            };
            all.iter().all(fits).then_some((look, all))
        });
        let Some((look, all)) = across else {
            let look = Type { size: 10.0, ..SMALL };
            let counted = |((label, _), rows): (&&(String, String), &Option<usize>)| {
                let rows = rows.map_or_else(String::new, |rows| format!(" ({rows})"));
                format!("{}{rows}", shortened(label, look, TURNED - width(&rows, look)))
            };
            let names: Vec<String> = members.iter().zip(&counts).map(counted).collect();
            let longest = names.iter().map(|name| width(name, look)).fold(0.0, f64::max);
            let turned = |name| Name { look, lines: vec![name], is_turned: true };
            let names = names.into_iter().map(turned).collect();
            return Self { whole, left, right, height: PANEL - 24.0 + longest, names, counts, below: None };
        };
        let most = all.iter().map(Vec::len).max().unwrap_or(1);
        let names = all.into_iter().map(|lines| Name { look, lines, is_turned: false }).collect();
        let below = 14.0 + LINE * most as f64;
        Self { whole, left, right, height: PANEL + LINE * most as f64, names, counts, below: Some(below) }
    }
}

/// Lines of at most `room` units, broken at spaces and behind hyphens.
fn broken(label: &str, look: Type, room: f64) -> Vec<String> {
    if width(label, look) <= room {
        return vec![label.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    for line in wrapped(label, look, room) {
        if width(&line, look) <= room {
            lines.push(line);
            continue;
        }
        let mut rest = String::new();
        for part in line.split_inclusive('-') {
            if !rest.is_empty() && width(&format!("{rest}{part}"), look) > room {
                lines.push(std::mem::take(&mut rest));
            }
            rest.push_str(part);
        }
        lines.push(rest);
    }
    lines
}

/// Rows that the numbers of a member rest on, at the point that has most of them.
fn most_rows(view: &View, breakdown: &Breakdown, (_, member): &(String, String)) -> Option<usize> {
    (0..view.given.points.len()).filter_map(|point| rows_of(view, breakdown, point, member)).max()
}

/// `Rows: Asian (8), Other (81).`
fn rows(counts: &[Option<usize>], members: &[&(String, String)]) -> String {
    let of =
        |((label, _), rows): (&&(String, String), &Option<usize>)| Some(format!("{label} ({})", (*rows)?));
    let all: Vec<String> = members.iter().zip(counts).filter_map(of).collect();
    format!("Rows: {}.", all.join(", "))
}

fn panel(
    canvas: &mut Canvas<'_>,
    view: &View,
    breakdown: &Breakdown,
    members: &[&(String, String)],
    point: usize,
    axis: &Axis,
    ((left, top), layout): ((f64, f64), &Layout),
) {
    let count = members.len() as f64;
    let whole = layout.whole;
    let panel = Panel {
        left: left + layout.left,
        top: top + 36.0,
        right: left + whole - layout.right,
        bottom: top + PANEL - 34.0,
        x: Axis::exactly(0.0, count, 5),
        y: axis.clone(),
    };
    panel.draw(canvas, Some(&[]), true);
    let who = spoken(&format::capitalized(&view.long_label(point)));
    let whose = format!("{who}: {}", view.metric_title(&MetricKey::plain(&breakdown.clean)));
    let heading = if width(&whose, HEADING) <= whole - 30.0 { whose } else { who };
    canvas.text(&cut(&heading, HEADING, whole - 30.0), (left + 18.0, top + 12.0), HEADING, Side::Start);
    let slot = (panel.right - panel.left) / count;
    let half = (0.34 * slot).min(46.0);
    let fine = Type { size: 9.5, ..SMALL };
    if let Some(below) = layout.below {
        canvas.text("rows", (panel.left - 7.0, panel.bottom + below), fine, Side::End);
    }
    for (i, ((_, member), name)) in members.iter().zip(&layout.names).enumerate() {
        let middle = panel.left + slot * (i as f64 + 0.5);
        let rows = layout.counts[i];
        // What rests on a handful of rows must not weigh as much as what rests on hundreds.
        let is_few = rows.is_some_and(|rows| rows < HEADLINE_ROWS);
        if let (Some(below), Some(rows)) = (layout.below, rows) {
            canvas.text(&rows.to_string(), (middle, panel.bottom + below), fine, Side::Middle);
        }
        let (clean, attacked) = keys(view, breakdown, member);
        let mut bar = |key: &MetricKey, from: f64, to: f64, color| {
            let Some(value) = view.value(point, key) else { return };
            let y = panel.y(value);
            let fill = if is_few { SURFACE } else { color };
            bars::edged(canvas, (middle + from, y), (middle + to, panel.bottom), (fill, color));
            if let Some((low, high)) = view.interval(point, key) {
                let x = middle + f64::midpoint(from, to);
                let clip = |value: f64| panel.y(value).clamp(panel.top, panel.bottom);
                canvas.line(&[(x, clip(low)), (x, clip(high))], INK, 0.6, 1.3);
            }
            let text = format!("{value:.2}");
            if width(&text, fine) < to - from + 1.0 {
                let x = middle + f64::midpoint(from, to);
                let above = view.interval(point, key).map_or(y, |(_, high)| panel.y(high).min(y));
                canvas.text(&text, (x, (above - 7.0).max(panel.top - 5.0)), fine, Side::Middle);
            }
        };
        if let Some(attacked) = attacked {
            bar(&clean, -half, -1.0, CLEAN);
            bar(&attacked, 1.0, half, SECURITY);
        } else {
            bar(&clean, -half, half, CLEAN);
        }
        name.draw(canvas, (middle, panel.bottom));
    }
}

/// The member that fares worst at a point.
struct Worst<'a> {
    label: &'a str,
    member: &'a str,
    value: f64,
    /// The first of the others that cannot be told from it, the lowest first: then nobody clearly fares worst. Its name where it is not the next one, and its value.
    level: Option<(Option<&'a str>, f64)>,
}

/// Who fares worst at `point`, under attack where that is known; none where too few have rows enough to tell.
fn worst<'a>(
    view: &View,
    breakdown: &Breakdown,
    members: &[&'a (String, String)],
    point: usize,
) -> Option<Worst<'a>> {
    let key = |member: &str| {
        let (clean, attacked) = keys(view, breakdown, member);
        attacked.unwrap_or(clean)
    };
    // Who is worst off among a handful of rows is chance.
    let has_rows = |(_, member): &&&(String, String)| {
        rows_of(view, breakdown, point, member).is_some_and(|rows| rows >= HEADLINE_ROWS)
    };
    let known = members.iter().filter(has_rows);
    let mut known: Vec<(&(String, String), f64)> =
        known.filter_map(|member| Some((*member, view.value(point, &key(&member.1))?))).collect();
    known.sort_by(|a, b| a.1.total_cmp(&b.1));
    // Of one that is left nobody can say that it is the worst.
    if known.len() < 2 && members.len() > 1 {
        return None;
    }
    let &((label, member), value) = known.first()?;
    let own = view.interval(point, &key(member));
    // Of few rows one further up may be as bad.
    let level = known.iter().enumerate().skip(1).find_map(|(at, ((label, other), above))| {
        let is_told = are_told_apart((value, own), (*above, view.interval(point, &key(other))));
        (!is_told).then_some(((at > 1).then_some(label.as_str()), *above))
    });
    Some(Worst { label, member, value, level })
}

/// A number with its interval.
type Known = (f64, Option<(f64, f64)>);

/// Whether two numbers about other rows, the first the lower, are further apart than the interval of their difference is wide: of independent numbers the half-widths add
/// as squares (Newcombe 1998, method 10). Without intervals nothing is told.
fn are_told_apart((lower, below): Known, (higher, above): Known) -> bool {
    let (Some((_, high)), Some((low, _))) = (below, above) else { return false };
    higher - lower > (high - lower).hypot(higher - low)
}

/// Which member is worst, at the most secure of the chosen points, as far as its interval tells; and at the others, where it is another one.
fn title(view: &View, breakdown: &Breakdown, members: &[&(String, String)], points: &[usize]) -> String {
    let found =
        most_secure(view, points).and_then(|point| Some((point, worst(view, breakdown, members, point)?)));
    let Some((point, first)) = found else {
        return format!("By {}", breakdown.title);
    };
    let (clean, attacked) = keys(view, breakdown, first.member);
    let named = |label: &str| {
        if breakdown.is_by_class() {
            // Several words would run into the sentence.
            let label = label.strip_prefix("class ").unwrap_or(label);
            format!("class {}", if label.contains(' ') { View::quoted(label) } else { label.to_owned() })
        } else {
            format!("{} = {label}", breakdown.title)
        }
    };
    let kind =
        if breakdown.is_by_class() { "class".to_owned() } else { format!("group of {}", breakdown.title) };
    let elsewhere = |other: &usize| {
        let found = worst(view, breakdown, members, *other).filter(|_| *other != point)?;
        // Only who clearly fares worst is worth a word.
        let is_news = found.level.is_none() && (first.level.is_some() || found.member != first.member);
        let who = named(found.label);
        is_news.then(|| format!("; {} {who} does: {}", view.place(*other), format::number(found.value)))
    };
    let elsewhere: String = points.iter().filter_map(elsewhere).collect();
    let who = named(first.label);
    let place = if attacked.is_some() {
        format!("Under attack {}", view.place(point))
    } else {
        format::capitalized(&view.place(point))
    };
    let value = format::number(first.value);
    if let Some((other, level)) = first.level {
        let other = other.map_or_else(|| "the next".to_owned(), named);
        let level = format::number(level);
        return format!(
            "{place}, no {kind} clearly fares worst: {who} has {value}, {other} {level}{elsewhere}"
        );
    }
    let before = view.value(point, &clean).map(format::number);
    let rows = format::count(rows_of(view, breakdown, point, first.member).unwrap_or(0), "row");
    match (attacked, before) {
        (Some(_), Some(before)) => {
            format!("{place}, {who} ({rows}) fares worst: {value} (clean {before}){elsewhere}")
        }
        _ => format!("{place}, {who} ({rows}) fares worst: {value}{elsewhere}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: half-widths of 0.10 and 0.08 add up to √(0.01 + 0.0064) ≈ 0.128.
    #[test]
    fn two_numbers_are_apart_where_the_interval_of_their_difference_is() {
        let below = (0.6, Some((0.5, 0.7)));
        assert!(!are_told_apart(below, (0.72, Some((0.64, 0.8)))));
        assert!(are_told_apart(below, (0.74, Some((0.66, 0.82)))));
        assert!(!are_told_apart((0.6, None), (0.9, Some((0.8, 1.0)))), "nothing is known of the one");
    }
}
