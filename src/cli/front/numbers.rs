//! The front under the names that scripts rely on: JSON and CSV.

use serde_json::{Map, Value as Json, json};

use super::asked::Asked;
use super::read::Records;
use super::work::{Against, Found, NoKnee, Origin};
use crate::error::{Error, Result};
use crate::measure::Direction;
use crate::pareto::filter::Ties;

const NO_BOUNDS: &str = "--bounds is not given";

/// One object on one line; numbers with all their digits, rows by number from 0, `null` where there is nothing, with the reason beside it.
pub(super) fn json(found: &Found, asked: &Asked) -> Json {
    let objectives = asked.objectives.iter().enumerate().map(|(axis, objective)| {
        let (name, direction) = (&objective.name, direction(objective.direction));
        match &asked.bounds {
            Some(bounds) => {
                let (low, high) = bounds[axis];
                json!({ "name": name, "direction": direction, "low": low, "high": high })
            }
            None => json!({
                "name": name, "direction": direction, "low": null, "high": null, "bounds_reason": NO_BOUNDS,
            }),
        }
    });
    let reference: Map<String, Json> = asked
        .objectives
        .iter()
        .zip(&found.reference)
        .map(|(objective, value)| (objective.name.clone(), json!(value)))
        .collect();
    let knees: Map<String, Json> = found
        .knees
        .iter()
        .map(|(definition, knee)| {
            let said = match knee {
                Ok(knee) => json!({ "row": knee.member, "size": knee.size }),
                Err(NoKnee { defined, reason }) => {
                    json!({ "row": null, "size": null, "defined": defined, "reason": reason })
                }
            };
            (definition.id.to_owned(), said)
        })
        .collect();
    let (dominated, by): (Vec<usize>, Vec<usize>) = found.dominated.iter().copied().unzip();
    let values = found.values.iter().map(|values| -> Map<String, Json> {
        let pairs = asked.objectives.iter().zip(values);
        pairs.map(|(objective, value)| (objective.name.clone(), written(*value))).collect()
    });
    let mut all = json!({
        "objectives": objectives.collect::<Vec<Json>>(),
        "rows": found.rows,
        "by": asked.by,
        "configurations": found.configurations,
        "members": found.members,
        "values": values.collect::<Vec<_>>(),
        "replicates": found.counts,
        "dominated": dominated,
        "dominated_by": by,
        "repeated": found.repeated,
        "ties": match asked.ties { Ties::Keep => "keep", Ties::First => "first" },
        "hypervolume": found.hypervolume,
        "hypervolume_error": found.error,
        "hypervolume_share": found.share,
        "reference": reference,
        "reference_given": asked.reference.is_some(),
        "reference_from": match found.origin {
            Origin::Given => "ref",
            Origin::Bounds => "bounds",
            Origin::Front(_) => "front",
        },
        "outside_reference": found.outside,
        "contributions": found.contributions.as_ref().ok(),
        "knees": knees,
        "against": found.against.as_ref().map(against),
    });
    let why = [
        ("hypervolume_error", "it is exact"),
        ("hypervolume_share", NO_BOUNDS),
        ("contributions", found.contributions.as_ref().err().map_or("", String::as_str)),
        ("against", "--against names no file"),
    ];
    for (name, reason) in why {
        if all[name].is_null() {
            all[format!("{name}_reason")] = json!(reason);
        }
    }
    all
}

/// A number; JSON has none that is infinite, and `null` would read as missing.
fn written(value: f64) -> Json {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

/// Every indicator by its name, the other way round under `reverse`, and why there is none where that is so under `undefined`.
fn against(against: &Against) -> Json {
    let (mut all, mut reverse, mut undefined) = (Map::new(), Map::new(), Map::new());
    all.insert("file".to_owned(), json!(against.name));
    for (indicator, this, other) in &against.indicators {
        let id = indicator.id.to_owned();
        all.insert(id.clone(), json!(this.as_ref().ok()));
        reverse.insert(id.clone(), json!(other.as_ref().ok()));
        if let Some(reason) = this.as_ref().err().or(other.as_ref().err()) {
            undefined.insert(id, json!(reason));
        }
    }
    all.insert("reverse".to_owned(), Json::Object(reverse));
    all.insert("undefined".to_owned(), Json::Object(undefined));
    Json::Object(all)
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Higher => "max",
        Direction::Lower => "min",
    }
}

/// The members as they were written (or their means), each behind its row number and followed by what it alone adds to the hypervolume.
pub(super) fn csv(found: &Found, (names, records): &Records) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write =
        |record: Vec<&str>| writer.write_record(record).map_err(|source| Error::internal(source.to_string()));
    let around = |first, middle: &[String], last| -> Vec<String> {
        std::iter::once(first).chain(middle.iter().cloned()).chain(std::iter::once(last)).collect()
    };
    let mut lines = vec![around("row".to_owned(), names, "contribution".to_owned())];
    for (at, (row, record)) in found.members.iter().zip(records).enumerate() {
        let own = found.contributions.as_ref().map_or_else(|_| String::new(), |own| own[at].to_string());
        lines.push(around(row.to_string(), record, own));
    }
    for line in &lines {
        write(line.iter().map(String::as_str).collect())?;
    }
    let bytes = writer.into_inner().map_err(|source| Error::internal(source.to_string()))?;
    String::from_utf8(bytes).map_err(|_| Error::internal("a table of texts is not UTF-8"))
}
