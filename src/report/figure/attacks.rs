//! Attack by attack: the share of rows that each leaves standing.

use crate::measure::MetricKey;
use crate::report::format;
use crate::report::inputs::AttackRow;
use crate::report::view::View;

use super::axis::{Axis, Panel, beside};
use super::bars::edged;
use super::canvas::{Canvas, HEADING, SMALL, Side, Type};
use super::chosen::{chosen, most_secure};
use super::fitting::cut;
use super::look::Look;
use super::theme::{CLEAN, Color, INK, SECURITY, SINGLE};
use super::{Figure, basis, framed, spoken};

const ROW: f64 = 19.0;
/// The worst case over all attacks, as the rows call it.
const ALL: &str = "all attacks";
/// Room for the names of bars, and right of a panel for the number of the longest one.
const NAMES: f64 = 124.0;
const NUMBER: f64 = 50.0;
const LABEL: Type = Type { size: 11.0, bold: false, color: INK };

/// The figure, where several attacks were tried at the threat's radius.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let points: Vec<usize> = chosen(view).into_iter().filter(|point| rows(view, *point).len() > 1).collect();
    let all: Vec<Vec<Bar>> = points.iter().map(|&point| bars(view, point)).collect();
    let most = all.iter().map(Vec::len).max()?;
    let names = |bars: &Vec<Bar>| bars.iter().map(|bar| bar.name.clone()).collect::<Vec<_>>();
    // The same attacks in the same order need their names once a line, which leaves room for one panel more.
    let are_alike = all.iter().all(|bars| names(bars) == names(&all[0]));
    let columns = match points.len() {
        _ if look.is_narrow() => 1,
        3 if are_alike => 3,
        several => several.min(2),
    };
    let gap = NUMBER + if are_alike { 18.0 } else { NAMES };
    let edges = beside((NAMES, look.width - NUMBER), gap, columns);
    let height = 40.0 + ROW * most as f64 + 18.0;
    let lines = points.len().div_ceil(columns);
    let caption = format!(
        "Share of test rows still classified correctly, mean over seeds: right is better for the model. Blue: no attack; edged: single attacks, in the order of the suite; where it is a cascade a bar counts what the attacks before broke as well; orange: the worst case over all, row by row. An attack tried on some rows only leaves the others standing. {}",
        basis(view, "")
    );
    let words = (title(view, &points), caption);
    Some(framed(look, "attacks-standing", height * lines as f64, words, |canvas, top| {
        for (i, (&point, bars)) in points.iter().zip(&all).enumerate() {
            let (left, right) = edges[i % columns];
            let top = top + height * (i / columns) as f64;
            let panel = Panel {
                left,
                top: top + 30.0,
                right,
                bottom: top + height - 26.0,
                x: Axis::exactly(0.0, 1.0, if right - left < 160.0 { 2 } else { 4 }),
                y: Axis::exactly(0.0, 1.0, 1).with_ticks(1),
            };
            let is_named = i % columns == 0 || !are_alike;
            let (start, room) = if is_named {
                (left - NAMES + 18.0, right - left + NAMES)
            } else {
                (left, right - left + NUMBER)
            };
            let name = cut(&spoken(&format::capitalized(&view.long_label(point))), HEADING, room);
            canvas.text(&name, (start, top + 14.0), HEADING, Side::Start);
            one(canvas, &panel, bars, is_named);
        }
    }))
}

/// What is left of all rows, in its look.
struct Bar {
    name: String,
    share: f64,
    fill: Color,
    edge: Color,
}

/// The bars of a point from top to bottom.
fn bars(view: &View, point: usize) -> Vec<Bar> {
    let clean = view.value(point, &MetricKey::plain("accuracy"));
    let clean = clean.map(|share| Bar { name: "no attack".to_owned(), share, fill: CLEAN, edge: CLEAN });
    let attacked = rows(view, point).into_iter().map(|row| Bar {
        name: if row.exact { format!("{} (exact)", row.attack) } else { row.attack.clone() },
        share: row.standing,
        fill: if row.attack == ALL { SECURITY } else { SINGLE },
        edge: SECURITY,
    });
    clean.into_iter().chain(attacked).collect()
}

/// The rows of a point at the threat's radius, all attacks together last.
fn rows(view: &View, point: usize) -> Vec<&AttackRow> {
    let Some(threat) = &view.given.threat else { return Vec::new() };
    let here = |row: &&AttackRow| {
        row.point == point
            && row.norm == threat.norm
            && row.epsilon.to_bits() == threat.epsilon.to_bits()
            && !is_withheld(view, point)
    };
    let mut rows: Vec<&AttackRow> = view.given.attacks.iter().filter(here).collect();
    rows.sort_by_key(|row| row.attack == ALL);
    rows
}

/// Whether numbers under attack may not be stated of a point.
fn is_withheld(view: &View, point: usize) -> bool {
    view.given.checks.iter().any(|row| row.point == point && row.finding.withholds())
}

fn one(canvas: &mut Canvas<'_>, panel: &Panel, bars: &[Bar], is_named: bool) {
    panel.across(canvas);
    for (i, bar) in bars.iter().enumerate() {
        let y = panel.top + 4.0 + ROW * i as f64;
        let end = panel.x(bar.share);
        edged(canvas, (panel.left, y), (end, y + ROW - 5.0), (bar.fill, bar.edge));
        let middle = y + 0.5 * (ROW - 5.0);
        if is_named {
            canvas.text(&cut(&bar.name, LABEL, 100.0), (panel.left - 7.0, middle), LABEL, Side::End);
        }
        let look = Type { size: 10.5, ..SMALL };
        canvas.text(&format::number(bar.share), (end + 5.0, middle), look, Side::Start);
    }
}

/// How much of what all attacks break the first one breaks alone, at the most secure of the chosen points.
fn title(view: &View, points: &[usize]) -> String {
    let fallback = || "What every attack leaves standing".to_owned();
    let Some(point) = most_secure(view, points) else { return fallback() };
    let rows = rows(view, point);
    // In a cascade the shares behind the first are not of one attack.
    let Some(first) = rows.iter().find(|row| row.attack != ALL) else { return fallback() };
    let place = format::capitalized(&view.place(point));
    let all = rows.iter().find(|row| row.attack == ALL).map(|row| row.standing);
    let Some((all, clean)) = all.zip(view.value(point, &MetricKey::plain("accuracy"))) else {
        return format!(
            "{place}, `{}` leaves {} of the rows standing",
            first.attack,
            format::number(first.standing)
        );
    };
    let (alone, together) = (clean - first.standing, clean - all);
    let broken = format::number(together);
    if together <= 0.0 {
        return format!("{place}, no attack breaks any row");
    }
    if together - alone < 1e-9 {
        return format!(
            "{place}, `{}` alone breaks every row that any attack breaks: {broken} of all",
            first.attack
        );
    }
    format!(
        "{place}, `{}` alone breaks {} of all rows, all attacks together {broken}",
        first.attack,
        format::number(alone)
    )
}
