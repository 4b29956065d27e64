//! What the page's explorer works on: the view's numbers column by column, as one JSON block for `assets/explorer.js`.
//!
//! Values are exact, so that a front computed in the page is the one computed here; ends of intervals have six decimals. Where there are very many
//! numbers, those that no figure shows are left out, and the block says how many.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::error::{Error, Result};
use crate::evidence::Status;
use crate::measure::{MetricKey, Value};

use super::figure;
use super::inputs::CheckRow;
use super::remarks;
use super::table;
use super::terminal;
use super::uncertain;
use super::view::View;

/// So many numbers (points × metrics) are carried at most, beside those shown in tables and figures.
const MOST: usize = 24_000;

/// The metrics of the block in its order: objectives, then what tables show, then what stands behind figures, then all others.
pub(super) fn keys(view: &View, behind: impl IntoIterator<Item = MetricKey>) -> Vec<MetricKey> {
    let all = view.keys();
    let known: BTreeSet<&MetricKey> = all.iter().collect();
    let mut seen = BTreeSet::new();
    let mut keys: Vec<MetricKey> = view.shown.iter().cloned().chain(behind).collect();
    keys.retain(|key| known.contains(key) && seen.insert(key.clone()));
    let room = (MOST / view.given.points.len().max(1)).saturating_sub(keys.len());
    keys.extend(all.iter().filter(|key| !seen.contains(*key)).take(room).cloned());
    keys
}

/// The block: JSON in which no `<` occurs, so that nothing in it ends the element around it. `keys` as from [`keys`].
///
/// # Errors
///
/// Only on a defect of this program.
pub(super) fn block(view: &View, keys: &[MetricKey]) -> Result<String> {
    let given = &view.given;
    let place = |key: &MetricKey| keys.iter().position(|other| other == key);
    let objectives: Vec<usize> = given.front.objectives.iter().filter_map(|o| place(&o.key)).collect();
    let axes = view.planes.first().and_then(|plane| Some([place(&plane.x)?, place(&plane.y)?]));
    let colors = figure::defense_colors();
    let means = format!("Means over {}.", remarks::seeds(view));
    let about: Vec<String> = [Some(means), Some(terminal::data_line(view)), terminal::threat_line(view)]
        .into_iter()
        .flatten()
        .collect();
    let about = about.join(" ");
    let whole = json!({
        "about": about,
        "objectives": objectives,
        "axes": axes,
        "metrics": metrics(view, keys),
        "left_out": view.keys().len() - keys.len(),
        "points": points(view),
        "defenses": view.defenses.iter().enumerate().map(|(i, name)| {
            let (light, dark) = &colors[i % colors.len()];
            json!({ "name": name, "light": light, "dark": dark, "shape": figure::defense_shape(i) })
        }).collect::<Vec<_>>(),
        "attacks": attacks(view),
        "checks": checks(view),
        "anchors": given.anchors.iter().map(|anchor| json!({
            "label": anchor.label,
            "values": keys.iter().enumerate().filter_map(|(i, key)| {
                Some((i.to_string(), json!(anchor.values.get(key)?.get()?)))
            }).collect::<Map<_, _>>(),
        })).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string(&whole)
        .map_err(|error| Error::internal(error.to_string()).context("cannot write the page's data"))?;
    Ok(text.replace('<', "\\u003c"))
}

fn metrics(view: &View, keys: &[MetricKey]) -> Vec<Json> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for key in keys {
        *times.entry(view.title(key)).or_default() += 1;
    }
    let objectives = view.given.front.objectives.len();
    let count = view.given.points.len();
    keys.iter()
        .enumerate()
        .map(|(i, key)| {
            let title = view.title(key);
            // Two protocols or methods may share a name: then the key tells them apart.
            let title = if times[&title] > 1 { format!("{title} ({key})") } else { title };
            let described = view.described(&key.id);
            let values: Vec<Option<f64>> = (0..count).map(|point| view.value(point, key)).collect();
            let intervals: Vec<Option<(f64, f64)>> = (0..count).map(|point| view.interval(point, key)).collect();
            let reasons: Map<String, Json> = (0..count)
                .filter_map(|point| match &view.measured(point, key)?.estimate.value {
                    Value::Undefined(reason) => Some((point.to_string(), json!(reason))),
                    Value::Defined(_) => None,
                })
                .collect();
            let mut metric = json!({
                "key": key.to_string(),
                "title": title,
                "group": if i < objectives { "objective" } else if i < view.shown.len() { "shown" } else { "further" },
                "direction": view.direction(key),
                "bound": described.map(|metric| metric.bound),
                "range": described.map(|metric| [metric.range.0, metric.range.1].map(|x| x.is_finite().then_some(x))),
                "values": values,
            });
            if intervals.iter().any(Option::is_some) {
                metric["low"] = intervals.iter().map(|it| json!(it.map(|(low, _)| six(low)))).collect();
                metric["high"] = intervals.iter().map(|it| json!(it.map(|(_, high)| six(high)))).collect();
            }
            if !reasons.is_empty() {
                metric["reasons"] = Json::Object(reasons);
            }
            metric
        })
        .collect()
}

/// Six decimals: more than anyone reads of an interval.
fn six(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

fn points(view: &View) -> Json {
    let given = &view.given;
    let all = 0..given.points.len();
    let defense = |point: usize| view.defenses.iter().position(|name| *name == given.points[point].defense);
    let names: BTreeSet<&String> = given.points.iter().flat_map(|point| point.coordinates.keys()).collect();
    let mut columns: Vec<Json> = names
        .into_iter()
        .map(|name| {
            let values =
                given.points.iter().map(|point| point.coordinates.get(name).cloned().unwrap_or_default());
            json!({ "name": name, "values": values.collect::<Vec<_>>() })
        })
        .collect();
    if given.points.iter().any(|point| point.model != "last") {
        let models: Vec<&str> = given.points.iter().map(|point| point.model.as_str()).collect();
        columns.push(json!({ "name": "model", "values": models }));
    }
    let seeds = given.points.iter().map(|point| {
        let listed: Vec<String> = point.seeds.iter().map(u64::to_string).collect();
        listed.join(" ")
    });
    columns.push(json!({ "name": "seeds", "values": seeds.collect::<Vec<_>>() }));
    json!({
        "label": all.clone().map(|point| view.long_label(point).replace('`', "")).collect::<Vec<_>>(),
        "defense": all.clone().map(defense).collect::<Vec<_>>(),
        "strength": given.points.iter().map(|point| point.strength).collect::<Vec<_>>(),
        "columns": columns,
        "place": all.clone().map(|point| table::place(view, point)).collect::<Vec<_>>(),
        "verdict": uncertain::has_verdicts(view).then(|| all.clone().map(|point| uncertain::verdict(view, point)).collect::<Vec<_>>()),
        "degenerate": all.clone().filter(|&point| given.points[point].degenerate.is_some()).collect::<Vec<_>>(),
        "off": all.filter_map(|point| Some((point.to_string(), json!(off(view, point)?)))).collect::<Map<_, _>>(),
    })
}

/// Why a point can be on no front, whatever the axes.
fn off(view: &View, point: usize) -> Option<String> {
    let given = &view.given;
    let own = &given.points[point];
    let stated = |excluded: &[(usize, String)]| {
        excluded.iter().find(|(other, _)| *other == point).map(|(_, reason)| reason.clone())
    };
    let has_objectives =
        given.front.objectives.iter().all(|objective| view.value(point, &objective.key).is_some());
    if let Some(reason) = &own.degenerate {
        return Some(format!("degenerate: {reason}"));
    }
    if let Some(reason) = own.failure() {
        return Some(reason);
    }
    if view.was_passed_over(point) {
        return Some("not chosen on validation rows".to_owned());
    }
    if let Some(reason) = given.choice.as_ref().and_then(|choice| stated(&choice.excluded)) {
        return Some(reason);
    }
    match stated(&given.front.excluded) {
        // An objective of its own that is undefined does not matter on other axes.
        Some(_) if !has_objectives => None,
        Some(reason) => Some(reason),
        None if view.competes(point) => None,
        None => Some("it did not compete for the front".to_owned()),
    }
}

/// The share of rows that stand, attack by attack at the threat's radius: a list of points for every attack.
fn attacks(view: &View) -> Json {
    let Some(threat) = &view.given.threat else { return Json::Null };
    let rows = view
        .given
        .attacks
        .iter()
        .filter(|row| row.norm == threat.norm && row.epsilon.to_bits() == threat.epsilon.to_bits());
    let mut names: Vec<(&str, bool)> = Vec::new();
    let mut standing: Vec<Vec<Option<f64>>> = Vec::new();
    for row in rows {
        let at = names.iter().position(|(name, _)| *name == row.attack).unwrap_or_else(|| {
            names.push((&row.attack, row.exact));
            standing.push(vec![None; view.given.points.len()]);
            names.len() - 1
        });
        if let Some(cell) = standing[at].get_mut(row.point) {
            *cell = Some(row.standing);
        }
    }
    if names.is_empty() {
        return Json::Null;
    }
    json!({
        "threat": format!("{} ε = {}", threat.norm.sign(), threat.epsilon),
        "names": names.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "exact": names.iter().map(|(_, exact)| exact).collect::<Vec<_>>(),
        "standing": standing,
    })
}

/// For every point and check: `[check, passed, warned, failed, not applicable, overridden, what the worst says]`.
fn checks(view: &View) -> Json {
    let mut by_point: Vec<BTreeMap<(u32, &str), Vec<&CheckRow>>> =
        vec![BTreeMap::new(); view.given.points.len()];
    for row in &view.given.checks {
        if let Some(own) = by_point.get_mut(row.point) {
            own.entry((row.finding.number, &row.finding.check)).or_default().push(row);
        }
    }
    let names: BTreeSet<(u32, &str)> = by_point.iter().flat_map(|own| own.keys().copied()).collect();
    let names: Vec<(u32, &str)> = names.into_iter().collect();
    let row = |(name, rows): (&(u32, &str), &Vec<&CheckRow>)| {
        let count = |status| rows.iter().filter(|row| row.finding.status == status).count();
        let (warned, failed) = (count(Status::Warn), count(Status::Fail));
        let worst = if failed > 0 { Status::Fail } else { Status::Warn };
        let says =
            rows.iter().find(|row| row.finding.status == worst).map_or("", |row| row.finding.says.as_str());
        json!([
            names.iter().position(|other| other == name),
            count(Status::Pass),
            warned,
            failed,
            count(Status::NotApplicable),
            rows.iter().filter(|row| row.finding.released).count(),
            says,
        ])
    };
    json!({
        "names": names.iter().map(|(number, name)| format!("{number} {name}")).collect::<Vec<_>>(),
        "points": by_point.iter().map(|own| own.iter().map(row).collect::<Vec<_>>()).collect::<Vec<_>>(),
    })
}
