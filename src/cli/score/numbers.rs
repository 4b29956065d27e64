//! What was measured, and what could not be, under the names that scripts rely on: JSON and CSV.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::Scored;
use crate::error::{Error, Result};
use crate::evidence::{Attribute, SplitFacts};
use crate::measure::{Cause, Direction, MetricKey};
use crate::metrics::{CATALOG, Material, Metric, Under};
use crate::points::Measured;

/// One number under its name; `Err` is the reason why it could not be measured.
pub(super) type Named<'a> = (String, &'static Metric, std::result::Result<&'a Measured, String>);

/// The name of a number: where there is one sensitive attribute, numbers about all its groups go without its name.
pub(super) fn name(key: &MetricKey, metric: &Metric, facts: &SplitFacts) -> String {
    let sole = facts.attributes.len() == 1 && metric.needs.attribute && !metric.needs.group;
    if sole { key.id.clone() } else { key.to_string() }
}

/// All numbers in catalog order, then those that these predictions do not allow.
pub(super) fn all<'a>(scored: &'a Scored) -> Vec<Named<'a>> {
    let facts = &*scored.evidence.facts;
    let mut by_id: BTreeMap<&str, Vec<(&MetricKey, &'a Measured)>> = BTreeMap::new();
    for (key, measured) in &scored.measures {
        by_id.entry(&key.id).or_default().push((key, measured));
    }
    let mut named: Vec<Named<'a>> = Vec::new();
    for metric in CATALOG {
        for (key, measured) in by_id.get(metric.id).into_iter().flatten() {
            named.push((name(key, metric, facts), metric, Ok(measured)));
        }
    }
    for metric in CATALOG.iter().filter(|metric| measurable(metric)) {
        let known = by_id.get(metric.id).map_or(&[][..], Vec::as_slice);
        let attributes: Vec<Option<&Attribute>> = match (metric.needs.attribute, facts.attributes.as_slice())
        {
            (true, [_, ..]) => facts.attributes.iter().map(Some).collect(),
            _ => vec![None],
        };
        for attribute in attributes {
            let group = attribute.map(|attribute| attribute.name.replace('!', "_"));
            let key = MetricKey { group, ..MetricKey::plain(metric.id) };
            if !known.iter().any(|(known, _)| **known == key) {
                named.push((name(&key, metric, facts), metric, Err(missing(metric, facts, attribute))));
            }
        }
    }
    named
}

/// Whether predictions can allow it, and it is about all rows or all groups.
fn measurable(metric: &Metric) -> bool {
    let needs = metric.needs;
    needs.under == Under::Nothing
        && metric.cause == Cause::Unintended
        && matches!(needs.material, Material::Counts | Material::Scores(_) | Material::Ranks)
        && !needs.group
        && !needs.class
}

/// Why a number could not be measured.
fn missing(metric: &Metric, facts: &SplitFacts, attribute: Option<&Attribute>) -> String {
    let (needs, classes) = (metric.needs, facts.classes.len());
    match attribute {
        None if needs.attribute => "no group column was named".to_owned(),
        _ if needs.binary && classes != 2 => format!("it is about two classes, and there are {classes}"),
        _ if needs.positive && facts.positive.is_none() => {
            format!("no class of {classes} was named the positive one")
        }
        Some(attribute) if needs.two_groups => {
            format!("it is about two groups, and `{}` has {}", attribute.name, attribute.groups.len())
        }
        _ => "it is not measured on predictions".to_owned(),
    }
}

fn better(metric: &Metric) -> Option<&'static str> {
    metric.direction.map(|direction| match direction {
        Direction::Higher => "higher",
        Direction::Lower => "lower",
    })
}

/// One object on one line; numbers with all their digits, `null` where there is none.
pub(super) fn json(scored: &Scored) -> Json {
    let number = |(name, metric, measured): Named<'_>| {
        let object = match measured {
            Ok(measured) => {
                let estimate = &measured.estimate;
                json!({
                    "value": estimate.value.get(),
                    "reason": estimate.value.reason(),
                    "low": estimate.interval.map(|(low, _)| low),
                    "high": estimate.interval.map(|(_, high)| high),
                    "n": estimate.n,
                    "better": better(metric),
                    "interval": estimate.method,
                    "notes": measured.notes,
                    "by_chance": measured.by_chance.map(|chance| json!({
                        "expected": chance.expected,
                        "quantile_95": chance.quantile_95,
                        "p_value": chance.p_value,
                        "rows_to_see": chance.rows_to_see,
                    })),
                })
            }
            Err(reason) => json!({
                "value": null,
                "reason": reason,
                "low": null,
                "high": null,
                "n": 0,
                "better": better(metric),
                "interval": "no interval of an undefined value",
                "notes": [],
                "by_chance": null,
            }),
        };
        (name, object)
    };
    let facts = &*scored.evidence.facts;
    json!({
        "rows": facts.len(),
        "classes": facts.classes,
        "positive": facts.positive.map(|class| &facts.classes[usize::from(class)]),
        "threshold": scored.threshold,
        "level": scored.options.level,
        "resamples": scored.options.resamples,
        "columns": scored.about.iter().map(|(column, class)| json!({ "column": column, "class": class })).collect::<Vec<_>>(),
        "notes": scored.notes,
        "metrics": all(scored).into_iter().map(number).collect::<BTreeMap<String, Json>>(),
    })
}

/// The columns of [`csv`].
const COLUMNS: [&str; 13] = [
    "metric",
    "value",
    "reason",
    "low",
    "high",
    "n",
    "better",
    "interval",
    "notes",
    "chance_expected",
    "chance_quantile_95",
    "p_value",
    "rows_to_see",
];

/// One line per number, under [`COLUMNS`]: the last four say what chance alone would show of a distance between groups; an empty cell where there is nothing.
pub(super) fn csv(scored: &Scored) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write =
        |record: &[String]| writer.write_record(record).map_err(|source| Error::internal(source.to_string()));
    write(&COLUMNS.map(str::to_owned))?;
    let text = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
    for (name, metric, measured) in all(scored) {
        let better = better(metric).unwrap_or_default().to_owned();
        let record = match measured {
            Ok(Measured { estimate, notes, by_chance, .. }) => [
                name,
                text(estimate.value.get()),
                estimate.value.reason().unwrap_or_default().to_owned(),
                text(estimate.interval.map(|(low, _)| low)),
                text(estimate.interval.map(|(_, high)| high)),
                estimate.n.to_string(),
                better,
                estimate.method.clone(),
                notes.join("; "),
                text(by_chance.map(|chance| chance.expected)),
                text(by_chance.map(|chance| chance.quantile_95)),
                text(by_chance.and_then(|chance| chance.p_value)),
                text(by_chance.and_then(|chance| chance.rows_to_see)),
            ],
            Err(reason) => {
                let mut record: [String; COLUMNS.len()] = std::array::from_fn(|_| String::new());
                (record[0], record[2], record[5], record[6]) = (name, reason, "0".to_owned(), better);
                record
            }
        };
        write(&record)?;
    }
    let bytes = writer.into_inner().map_err(|source| Error::internal(source.to_string()))?;
    String::from_utf8(bytes).map_err(|_| Error::internal("a table of numbers is not UTF-8 text"))
}
