//! Whether a tool against one cause of harm helps against the other.

use crate::experiment::INTERPOLATED;
use crate::measure::MetricKey;
use crate::points::Point;

use super::headline::best_of;
use super::optima::change;
use super::table::{Table, numeric, words};
use super::view::View;

/// `defense × {corruption, evasion}`: what the strength of each defense that is best against one cause of harm does for accuracy under both, against
/// no defense and else the same settings; none where models were not looked at under both.
pub(super) fn table(view: &View) -> Option<Table> {
    let threat = view.given.threat.as_ref()?;
    let known = |wanted: &dyn Fn(&MetricKey) -> bool| {
        let all = view.given.points.iter().flat_map(|point| point.measures.keys());
        all.filter(|key| key.group.is_none()).find(|key| wanted(key)).cloned()
    };
    let is_primary = |key: &MetricKey| key.attack.as_ref().is_some_and(|attack| threat.holds_at(attack));
    let corruption = known(&|key| key.id == "mean_corruption_accuracy" && key.attack.is_none())?;
    let evasion = known(&|key| key.id == "robust_accuracy" && is_primary(key))?;
    let causes = [("corruptions", &corruption), ("attacks", &evasion)];
    let points = &view.given.points;
    let mut rows = Vec::new();
    for defense in &view.defenses {
        let own = |point: &Point| point.defense == *defense && undefended(points, point).is_some();
        for (cause, key) in causes {
            let Some(point) = best_of(view, key, own) else { continue };
            let Some(plain) = undefended(points, &points[point]) else { continue };
            let rest = view.rest(point).join(", ");
            let strength = view.plain_strength(point);
            let strength = if rest.is_empty() { strength } else { format!("{strength} ({rest})") };
            let mut row = vec![View::quoted(defense), cause.to_owned(), strength];
            row.extend(causes.iter().map(|(_, key)| {
                if point == plain { "—".to_owned() } else { change(view, point, plain, key) }
            }));
            rows.push(row);
        }
    }
    (!rows.is_empty()).then(|| Table {
        title: "One cause of harm, and the other",
        caption: "Of every defense the strength that is best against corruptions (harm that nobody intends) and the one that is best against attacks (harm that somebody does), and what each does for both against strength 0 of the same settings. In brackets: 95 % t interval of the paired difference over seeds, on these test rows; the strengths were picked by these very numbers.".to_owned(),
        head: vec![
            words("defense"),
            words("best against"),
            words("strength"),
            numeric(format!("{} gained", view.title(&corruption))),
            numeric(format!("{} gained", view.title(&evasion))),
        ],
        rows,
    })
}

/// The point of strength 0 that else has the settings and the model of `point`: with other epochs it would be another comparison.
fn undefended(points: &[Point], point: &Point) -> Option<usize> {
    let rest = |point: &Point| {
        let mut rest = point.coordinates.clone();
        rest.retain(|name, _| name != "strength" && name != INTERPOLATED);
        rest
    };
    let alike = |other: &Point| {
        other.strength == 0.0 && (&other.defense, &other.model) == (&point.defense, &point.model)
    };
    points.iter().position(|other| alike(other) && rest(other) == rest(point))
}
