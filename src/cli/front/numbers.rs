//! The front under the names that scripts rely on: JSON and CSV.

use serde_json::{Map, Value as Json, json};

use super::asked::Asked;
use super::read::Records;
use super::work::{Against, Found};
use crate::error::{Error, Result};
use crate::measure::Direction;
use crate::pareto::filter::Ties;

/// One object on one line; numbers with all their digits, rows by number from 0, `null` where there is nothing.
pub(super) fn json(found: &Found, asked: &Asked) -> Json {
    let objectives = asked.objectives.iter().enumerate().map(|(axis, objective)| {
        json!({
            "name": objective.name,
            "direction": direction(objective.direction),
            "low": asked.bounds.as_ref().map(|bounds| bounds[axis].0),
            "high": asked.bounds.as_ref().map(|bounds| bounds[axis].1),
        })
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
            let knee = knee.map(|knee| json!({ "row": knee.member, "size": knee.size }));
            (definition.id.to_owned(), json!(knee))
        })
        .collect();
    let (dominated, by): (Vec<usize>, Vec<usize>) = found.dominated.iter().copied().unzip();
    let values = found.values.iter().map(|values| -> Map<String, Json> {
        let pairs = asked.objectives.iter().zip(values);
        pairs.map(|(objective, value)| (objective.name.clone(), json!(value))).collect()
    });
    json!({
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
        "outside_reference": found.outside,
        "contributions": found.contributions,
        "knees": knees,
        "against": found.against.as_ref().map(against),
    })
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
        let own = found.contributions.as_ref().map_or_else(String::new, |own| own[at].to_string());
        lines.push(around(row.to_string(), record, own));
    }
    for line in &lines {
        write(line.iter().map(String::as_str).collect())?;
    }
    let bytes = writer.into_inner().map_err(|source| Error::internal(source.to_string()))?;
    String::from_utf8(bytes).map_err(|_| Error::internal("a table of texts is not UTF-8"))
}
