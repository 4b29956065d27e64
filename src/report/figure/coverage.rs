//! Risk against coverage: how often models are wrong where they answer the rows they are most sure of, clean and under attack.

use crate::report::format;
use crate::report::view::View;
use crate::run::Confidence;

use super::axis::{Axis, Panel, beside, up};
use super::canvas::{BODY, Canvas, HEADING, Side};
use super::chosen::chosen;
use super::legend::{self, Legend, Part};
use super::look::Look;
use super::reliability::of;
use super::theme::{self, Color};
use super::{Figure, basis, framed, spoken, stacked};

/// With more lines than this some are picked.
const MOST: usize = 8;

/// Room from one panel to the next: the texts of its vertical axis.
const GAP: f64 = 44.0;

/// A line with its look.
struct Line {
    point: usize,
    color: Color,
    dash: usize,
}

/// The figure, where models state probabilities.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let known = |point: &usize| of(view, *point, false).is_some();
    let working = |point: &usize| view.is_final(*point) && view.given.points[*point].degenerate.is_none();
    let all: Vec<usize> = (0..view.given.points.len()).filter(working).filter(known).collect();
    let is_single = view.defenses.len() < 2;
    let picked =
        if all.len() <= MOST && is_single { all } else { chosen(view).into_iter().filter(known).collect() };
    if picked.is_empty() {
        return None;
    }
    let lines: Vec<Line> = picked
        .iter()
        .enumerate()
        .map(|(i, &point)| {
            let (color, dash) =
                if is_single { (legend::color(view, point), i) } else { (theme::defense(i), i) };
            Line { point, color, dash }
        })
        .collect();
    let entry = |line: &Line| {
        let (color, dash) = (line.color, line.dash);
        Part::entry(&spoken(&view.labels[line.point]), move |canvas, (x, y)| {
            legend::stroke(canvas, &[(x - 9.0, y), (x + 9.0, y)], color, 2.0, dash);
        })
    };
    let are_strengths = is_single && lines.len() == view.strengths.len();
    let heading = Part::Heading(if are_strengths { "strength" } else { "point" }.to_owned());
    let legend = Legend::new(std::iter::once(heading).chain(lines.iter().map(entry)).collect());
    let sides: Vec<bool> = [false, true]
        .into_iter()
        .filter(|attacked| lines.iter().any(|line| of(view, line.point, *attacked).is_some()))
        .collect();
    let place = legend.place(look, if look.is_narrow() { 230.0 } else { 360.0 });
    let banded = lines.len() <= MOST;
    let which =
        if is_single { "" } else { " Shown: the lowest strength and the best point of every objective." };
    let under = if sides.len() > 1 {
        " Under attack: each row where an attack first broke it, or else at the point of largest loss."
    } else {
        ""
    };
    let bands = if banded { " Bands: from the best to the worst seed." } else { "" };
    let caption = format!(
        "Share wrong among the rows that are answered, the most confident first; up is better: the axis is reversed.{under}{bands}{which} {}",
        basis(view, "")
    );
    // One scale: the panels are there to be compared.
    let all =
        lines.iter().flat_map(|line| sides.iter().filter_map(|&attacked| of(view, line.point, attacked)));
    let mut values: Vec<f64> = all
        .flat_map(|one| &one.risks)
        .flat_map(|risk| if banded { [risk.seeds.0, risk.seeds.1] } else { [risk.risk; 2] })
        .collect();
    values.push(0.0);
    let y = Axis::around(&values, (0.0, 1.0), true, 5);
    let names =
        ["(lower is better →, axis reversed)", "(less is better →)"].map(|way| format!("share wrong {way}"));
    let name_up = stacked(&names, up(30.0, place.drawing - 56.0)).unwrap_or_else(|| vec![names[1].clone()]);
    let words = (title(view, &picked), caption);
    Some(framed(look, "risk-coverage", place.height, words, |canvas, top| {
        let edges = beside((look.left(name_up.len()), place.right - 10.0), GAP, sides.len());
        for (i, &attacked) in sides.iter().enumerate() {
            let panel = Panel {
                left: edges[i].0,
                top: top + 30.0,
                right: edges[i].1,
                bottom: top + place.drawing - 56.0,
                x: Axis::exactly(0.0, 1.0, if look.is_narrow() { 2 } else { 4 }),
                y: y.clone(),
            };
            panel.draw(canvas, None, true);
            let name = if attacked { "under attack" } else { "clean" };
            canvas.text(name, (panel.left, top + 16.0), HEADING, Side::Start);
            let across =
                if look.is_narrow() { "share answered →" } else { "share answered, surest first →" };
            let middle = f64::midpoint(panel.left, panel.right);
            canvas.text(across, (middle, panel.bottom + 36.0), BODY, Side::Middle);
            if i == 0 {
                panel.name_up(canvas, &name_up);
            }
            for line in &lines {
                if let Some(confidence) = of(view, line.point, attacked) {
                    curve(canvas, &panel, confidence, line, banded);
                }
            }
        }
        legend.draw(canvas, &place, top);
    }))
}

fn curve(canvas: &mut Canvas<'_>, panel: &Panel, confidence: &Confidence, line: &Line, banded: bool) {
    if banded {
        let low = confidence.risks.iter().map(|risk| panel.at(risk.coverage, risk.seeds.0));
        let high = confidence.risks.iter().rev().map(|risk| panel.at(risk.coverage, risk.seeds.1));
        canvas.polygon(&low.chain(high).collect::<Vec<_>>(), line.color, 0.12);
    }
    let path: Vec<(f64, f64)> =
        confidence.risks.iter().map(|risk| panel.at(risk.coverage, risk.risk)).collect();
    legend::stroke(canvas, &path, line.color, 1.8, line.dash);
}

/// Whose surest half is right most often, under attack where that is known.
fn title(view: &View, points: &[usize]) -> String {
    let attacked = points.iter().any(|&point| of(view, point, true).is_some());
    let risk = |point: usize| {
        let risks = &of(view, point, attacked)?.risks;
        risks.iter().find(|risk| risk.coverage >= 0.5).map(|risk| risk.risk)
    };
    let known: Vec<(usize, f64)> = points.iter().filter_map(|&point| Some((point, risk(point)?))).collect();
    let best = known.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let worst = known.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let when = if attacked { "Under attack" } else { "On clean rows" };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    match (best, worst) {
        (Some(best), Some(worst)) if known.len() > 1 && best.1 >= worst.1 => {
            format!("{when}, of the surest half of rows {} are wrong at every point shown", percent(best.1))
        }
        (Some(best), Some(worst)) if best.0 != worst.0 => format!(
            "{when}, of the surest half of rows {} are wrong {}, {} {}",
            percent(best.1),
            view.place(best.0),
            percent(worst.1),
            view.place(worst.0)
        ),
        (Some(best), _) => {
            format!("{when}, of the surest half of rows {} are wrong {}", percent(best.1), view.place(best.0))
        }
        _ => format::capitalized("how often models are wrong where they are sure"),
    }
}
