//! Attack by attack: the share of rows that each leaves standing.

use crate::measure::MetricKey;
use crate::report::format;
use crate::report::inputs::AttackRow;
use crate::report::view::View;

use super::axis::{Axis, Panel};
use super::canvas::{Canvas, HEADING, SMALL, Side, Type};
use super::chosen::{chosen, most_secure};
use super::fitting::cut;
use super::look::Look;
use super::theme::{CLEAN, Color, INK, SECURITY};
use super::{Figure, basis, corner, framed, spoken};

const ROW: f64 = 19.0;
/// The worst case over all attacks, as the rows call it.
const ALL: &str = "all attacks";

/// The figure, where several attacks were tried at the threat's radius.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let points: Vec<usize> = chosen(view).into_iter().filter(|point| rows(view, *point).len() > 1).collect();
    let most = points.iter().map(|&point| rows(view, point).len() + 1).max()?;
    let columns = if look.is_narrow() { 1 } else { points.len().min(2) };
    let height = 40.0 + ROW * most as f64 + 18.0;
    let lines = points.len().div_ceil(columns);
    let caption = format!(
        "Share of test rows still classified correctly, mean over seeds: right is better for the model. Pale blue: no attack; pale orange: single attacks, in the order of the suite; where it is a cascade a bar counts what the attacks before broke as well; orange: the worst case over all, row by row. An attack tried on some rows only leaves the others standing. {}",
        basis(view, "")
    );
    let words = (title(view, &points), caption);
    Some(framed(look, "attacks-standing", height * lines as f64, words, |canvas, top| {
        let whole = look.width / columns as f64;
        for (i, &point) in points.iter().enumerate() {
            let place = corner(i, columns, (whole, height), top);
            panel(canvas, view, point, place, (whole, height));
        }
    }))
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

fn panel(
    canvas: &mut Canvas<'_>,
    view: &View,
    point: usize,
    (left, top): (f64, f64),
    (whole, height): (f64, f64),
) {
    const NAME: Type = Type { size: 11.0, bold: false, color: INK };
    let panel = Panel {
        left: left + 124.0,
        top: top + 30.0,
        right: left + whole - 54.0,
        bottom: top + height - 26.0,
        x: Axis::exactly(0.0, 1.0, 4),
        y: Axis::exactly(0.0, 1.0, 1).with_ticks(1),
    };
    let name = cut(&spoken(&format::capitalized(&view.long_label(point))), HEADING, whole - 40.0);
    canvas.text(&name, (left + 18.0, top + 14.0), HEADING, Side::Start);
    panel.across(canvas);
    let mut bars: Vec<(String, f64, Color, f64)> = Vec::new();
    if let Some(clean) = view.value(point, &MetricKey::plain("accuracy")) {
        bars.push(("no attack".to_owned(), clean, CLEAN, 1.0));
    }
    for row in rows(view, point) {
        let name = if row.exact { format!("{} (exact)", row.attack) } else { row.attack.clone() };
        bars.push((name, row.standing, SECURITY, if row.attack == ALL { 1.0 } else { 0.5 }));
    }
    for (i, (name, share, color, alpha)) in bars.iter().enumerate() {
        let y = panel.top + 4.0 + ROW * i as f64;
        let end = panel.x(*share);
        canvas.rectangle((panel.left, y), (end, y + ROW - 5.0), *color, *alpha);
        let middle = y + 0.5 * (ROW - 5.0);
        canvas.text(&cut(name, NAME, 100.0), (panel.left - 7.0, middle), NAME, Side::End);
        let look = Type { size: 10.5, ..SMALL };
        canvas.text(&format::number(*share), (end + 5.0, middle), look, Side::Start);
    }
}

/// What the first attack leaves and what all do, at the most secure of the chosen points.
fn title(view: &View, points: &[usize]) -> String {
    let fallback = || "What every attack leaves standing".to_owned();
    let Some(point) = most_secure(view, points) else { return fallback() };
    let rows = rows(view, point);
    let all = rows.iter().find(|row| row.attack == ALL).map(|row| row.standing);
    let single: Vec<&&AttackRow> = rows.iter().filter(|row| row.attack != ALL).collect();
    // In a cascade the shares behind the first are not of one attack.
    let Some(first) = single.first() else { return fallback() };
    let together =
        all.map_or_else(String::new, |all| format!(", all attacks together leave {}", format::number(all)));
    format!(
        "{}, `{}` leaves {} of the rows standing{together}",
        format::capitalized(&view.place(point)),
        first.attack,
        format::number(first.standing)
    )
}
