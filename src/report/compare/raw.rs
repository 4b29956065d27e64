//! The comparison for machines: `comparison.csv`, `comparison-steps.csv`, `comparison-paired.csv` and `comparison.json`. Every cell is one number or one word;
//! numbers are the shortest that read back.

use serde_json::{Value as Json, json};

use super::{Member, paired};
use crate::error::{Error, Result};
use crate::pareto::exchange::{Change, Rate};
use crate::report::headline::best_point;
use crate::report::prices::widest_arcs;
use crate::report::{csv, format, json, uncertain};

/// Version of [`SCHEMA_FILE`].
const SCHEMA: u32 = 1;

/// The JSON Schema of `comparison.json`.
pub const SCHEMA_FILE: &str = include_str!("comparison.schema.json");

fn optional(x: Option<f64>) -> String {
    x.map_or_else(String::new, |x| x.to_string())
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A number and the ends of its interval.
fn three((x, interval): Change) -> [String; 3] {
    [x.to_string(), optional(interval.map(|ends| ends.0)), optional(interval.map(|ends| ends.1))]
}

/// `comparison.csv`: a row per folder; the best of every objective under its key, as in `points.csv`, with the point that has it.
pub(super) fn folders(members: &[Member]) -> Result<Vec<u8>> {
    let objectives = &members[0].view.given.front.objectives;
    let mut head = words(&[
        "results",
        "seeds_fewest",
        "seeds_most",
        "points",
        "on_front",
        "hypervolume",
        "hypervolume:low",
        "hypervolume:high",
        "knee",
    ]);
    for objective in objectives {
        let key = &objective.key;
        head.extend([key.to_string(), format!("{key}:low"), format!("{key}:high"), format!("{key}:at")]);
    }
    let mut rows = vec![head];
    for Member { name, view } in members {
        let front = &view.given.front;
        let (fewest, most) = view.seed_range();
        let mut row = vec![name.clone(), fewest.to_string(), most.to_string()];
        row.extend([view.given.points.len().to_string(), front.members.len().to_string()]);
        row.extend(three((front.hypervolume, front.hypervolume_interval)));
        row.push(uncertain::shown_knee(view).map_or_else(String::new, |point| view.labels[point].clone()));
        for objective in objectives {
            let best = best_point(view, &objective.key);
            let ends = best.and_then(|point| view.interval(point, &objective.key));
            row.extend([
                optional(best.and_then(|point| view.value(point, &objective.key))),
                optional(ends.map(|ends| ends.0)),
                optional(ends.map(|ends| ends.1)),
                best.map_or_else(String::new, |point| view.labels[point].clone()),
            ]);
        }
        rows.push(row);
    }
    csv::written(&rows)
}

/// `comparison-steps.csv`: a row per folder and sweep, the widest step that is quoted; `rate` is safety gained per security gained, as in `report.json`.
/// None where no step is quoted.
pub(super) fn steps(members: &[Member]) -> Result<Option<Vec<u8>>> {
    let mut rows = vec![words(&[
        "results",
        "from",
        "to",
        "security",
        "safety",
        "outcome",
        "security_change",
        "security_change:low",
        "security_change:high",
        "safety_change",
        "safety_change:low",
        "safety_change:high",
        "rate",
        "rate:low",
        "rate:high",
    ])];
    for Member { name, view } in members {
        for arc in widest_arcs(view) {
            let mut row = vec![name.clone(), view.labels[arc.from].clone(), view.labels[arc.to].clone()];
            row.extend([arc.security.to_string(), arc.safety.to_string()]);
            row.push(format::outcome(arc.outcome).to_owned());
            row.extend(three(arc.security_change));
            row.extend(three(arc.safety_change));
            row.extend(match &arc.rate {
                Rate::Bounded { rate, low, high } => three((*rate, Some((*low, *high)))),
                Rate::HalfLine { rate, .. } => three((*rate, None)),
                Rate::NotMeasurable { .. } => [const { String::new() }; 3],
            });
            rows.push(row);
        }
    }
    if rows.len() == 1 { Ok(None) } else { csv::written(&rows).map(Some) }
}

/// `comparison-paired.csv`: a row per paired difference; none where nothing is paired.
pub(super) fn paired(members: &[Member]) -> Result<Option<Vec<u8>>> {
    let head = [
        "results",
        "configuration",
        "number",
        "difference",
        "difference:low",
        "difference:high",
        "seeds",
        "it_is",
    ];
    let mut rows = vec![words(&head)];
    for row in paired::rows(members) {
        let key = row.key.map_or_else(|| "hypervolume".to_owned(), ToString::to_string);
        let mut cells = words(&[row.results, row.configuration.unwrap_or_default()]);
        cells.push(key);
        cells.extend(three(row.paired.change));
        cells.extend([row.paired.seeds.to_string(), row.verdict().to_owned()]);
        rows.push(cells);
    }
    if rows.len() == 1 { Ok(None) } else { csv::written(&rows).map(Some) }
}

/// `comparison.json`: all of it; `comparison.schema.json` beside this file says what is in it.
pub(super) fn json(members: &[Member], sentences: &[String]) -> Result<Vec<u8>> {
    let folder = |Member { name, view }: &Member| {
        let front = &view.given.front;
        let (fewest, most) = view.seed_range();
        let best = front.objectives.iter().map(|objective| {
            let best = best_point(view, &objective.key);
            json!({
                "key": objective.key.to_string(),
                "value": best.and_then(|point| view.value(point, &objective.key)),
                "interval": best.and_then(|point| view.interval(point, &objective.key)).map(|(low, high)| [low, high]),
                "at": best.map(|point| view.labels[point].as_str()),
            })
        });
        let steps = widest_arcs(view).into_iter().map(|arc| {
            let mut step = json::rate(arc);
            step["from"] = view.labels[arc.from].as_str().into();
            step["to"] = view.labels[arc.to].as_str().into();
            step
        });
        json!({
            "results": name,
            "seeds": [fewest, most],
            "points": view.given.points.len(),
            "on_front": front.members.len(),
            "hypervolume": front.hypervolume,
            "hypervolume_interval": front.hypervolume_interval.map(|(low, high)| [low, high]),
            "knee": uncertain::shown_knee(view).map(|point| view.labels[point].as_str()),
            "best": best.collect::<Vec<Json>>(),
            "steps": steps.collect::<Vec<Json>>(),
            "settings": view.given.settings.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<Json>>(),
        })
    };
    let pair = |row: paired::Row<'_>| {
        json!({
            "results": row.results,
            "configuration": row.configuration,
            "number": row.key.map_or_else(|| "hypervolume".to_owned(), ToString::to_string),
            "difference": row.paired.change.0,
            "interval": row.paired.change.1.map(|(low, high)| [low, high]),
            "seeds": row.paired.seeds,
            "it_is": row.verdict(),
        })
    };
    let all = json!({
        "schema": SCHEMA,
        "sentences": sentences,
        "folders": members.iter().map(folder).collect::<Vec<Json>>(),
        "against_the_first": paired::rows(members).into_iter().map(pair).collect::<Vec<Json>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&all)
        .map_err(|error| Error::internal(error.to_string()).context("cannot write comparison.json"))?;
    bytes.push(b'\n');
    Ok(bytes)
}
