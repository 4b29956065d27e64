//! The numbers of a card, as tables, and what they mean.

use std::fmt::Write as _;

use crate::measure::MetricKey;
use crate::metrics;
use crate::report::csv;
use crate::report::format;
use crate::report::markdown::{escaped, prose};
use crate::report::remarks;
use crate::report::table::{Table, numeric, words};
use crate::report::view::View;

/// Every number of the whole model and of whole attributes, without attack and under it at the radius of the threat.
pub(super) fn numbers(alone: &View) -> Table {
    let known = alone.shown.iter().filter_map(|key| Some((key, alone.measured(0, key)?)));
    let objectives = &alone.given.front.objectives;
    let rows = known.map(|(key, measured)| {
        let estimate = &measured.estimate;
        vec![
            format!("{}{}", alone.title(key), format::arrow(alone.direction(key))),
            format::estimate(Some(measured)),
            estimate.n.to_string(),
            alone.pillar(key).map_or("", |pillar| pillar.word()).to_owned(),
            if objectives.iter().any(|objective| objective.key == *key) { "yes" } else { "" }.to_owned(),
            csv::bound(estimate.bound).to_owned(),
            estimate.value.reason().map_or_else(|| estimate.method.clone(), str::to_owned),
            key.to_string(),
        ]
    });
    Table {
        title: "Numbers",
        caption: format!(
            "Means over {}, with intervals at the level of 95 % where there are any; n: rows that the number rests on, of classes and groups those of the smallest; bound: how it relates to the truth. ↑ higher is better, ↓ lower is better.",
            remarks::seeds(alone)
        ),
        head: vec![
            words("number"),
            numeric("value"),
            numeric("n"),
            words("pillar"),
            words("objective"),
            words("bound"),
            words("interval, or why there is no number"),
            words("key"),
        ],
        rows: rows.collect(),
    }
}

/// The security curve, where several radii were measured.
pub(super) fn radii(alone: &View) -> Option<Table> {
    let curve = alone.given.curve.as_ref()?;
    let attacked = |epsilon: &f64| alone.attacked(&curve.metric, None, *epsilon);
    let keys: Vec<MetricKey> =
        curve.clean.iter().cloned().chain(curve.epsilons.iter().filter_map(attacked)).collect();
    let row = |key: &MetricKey| {
        let measured = alone.measured(0, key)?;
        let radius = key.attack.as_ref().map_or("0", |attack| attack.epsilon.as_str());
        Some(vec![radius.to_owned(), format::estimate(Some(measured)), measured.estimate.n.to_string()])
    };
    let rows: Vec<Vec<String>> = keys.iter().filter_map(row).collect();
    (rows.len() > 1).then(|| Table {
        title: "Security curve",
        caption:
            "The share of rows that stay right within each radius of the threat's norm; at 0 without attack."
                .to_owned(),
        head: vec![numeric("radius"), numeric("share"), numeric("n")],
        rows,
    })
}

/// Class by class, without attack and under it.
pub(super) fn classes(alone: &View) -> Option<Table> {
    let breakdown = alone.given.breakdowns.iter().find(|breakdown| breakdown.is_by_class())?;
    let epsilon = alone.given.threat.as_ref().map(|threat| threat.epsilon);
    let attacked = |part: &str| alone.attacked(breakdown.attacked.as_deref()?, Some(part), epsilon?);
    let rows: Vec<Vec<String>> = breakdown
        .members
        .iter()
        .filter_map(|(name, part)| {
            let clean = MetricKey { group: Some(part.clone()), ..MetricKey::plain(&breakdown.clean) };
            let measured = alone.measured(0, &clean)?;
            let robust = attacked(part).and_then(|key| alone.measured(0, &key));
            let n = measured.estimate.n.to_string();
            Some(vec![name.clone(), n, format::estimate(Some(measured)), format::estimate(robust)])
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        title: "Class by class",
        caption: "The share of the rows of each class that is classified correctly, without attack and under it at the radius of the threat.".to_owned(),
        head: vec![words("class"), numeric("n"), numeric("without attack"), numeric("under attack")],
        rows,
    })
}

/// What the numbers above mean.
pub(super) fn meanings(alone: &View) -> String {
    let shown = alone.given.metrics.iter().filter(|metric| alone.shown.iter().any(|key| key.id == metric.id));
    let mut text = format!("### What they mean\n\nDefinitions of version {}.\n\n", metrics::VERSION);
    for metric in shown {
        let _ = writeln!(
            text,
            "- {} (`{}`): {} A trivial model: {}. Source: {}.",
            escaped(&format::capitalized(&metric.title)),
            metric.id,
            prose(&format!("{}.", format::capitalized(metric.meaning.trim_end_matches('.')))),
            prose(metric.chance.trim_end_matches('.')),
            escaped(metric.source.trim_end_matches('.'))
        );
    }
    text.push('\n');
    text
}
