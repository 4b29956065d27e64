//! What explanations came to: one row per point and method, one table per baseline.

use serde_json::{Value as Json, json};

use crate::measure::{AttackKey, MetricKey};
use crate::metrics;

use super::format;
use super::inputs::{ExplainedBy, Explanations};
use super::remarks::seeds;
use super::table::{Column, Table, numeric, words};
use super::view::View;

/// A column: the metric, its short name, and whether it is about attributions (else about removing features).
const COLUMNS: [(&str, &str, bool); 8] = [
    ("relevance_gain", "relevance gain", false),
    ("deletion_auc", "deletion", false),
    ("insertion_auc", "insertion", false),
    ("max_sensitivity", "max-sensitivity", true),
    ("infidelity", "infidelity", true),
    ("infidelity_scaled", "infidelity, scaled", true),
    (STABILITY, "stable under attack", true),
    ("explanation_agreement", "seeds agree", true),
];

const STABILITY: &str = "explanation_stability";

/// What fits a terminal.
const BRIEF: [&str; 3] = ["relevance_gain", STABILITY, "explanation_agreement"];

/// The tables; none where nothing is explained. `brief`: the first baseline, few columns, one interval.
pub(super) fn tables(view: &View, brief: bool) -> Vec<Table> {
    let Some(explained) = &view.given.explanations else { return Vec::new() };
    let mut baselines: Vec<&str> = Vec::new();
    for by in &explained.by {
        if !baselines.contains(&by.baseline.as_str()) {
            baselines.push(&by.baseline);
        }
    }
    let first = baselines.first().copied();
    if brief {
        baselines.truncate(1);
    }
    baselines
        .into_iter()
        .map(|baseline| table(view, explained, baseline, Some(baseline) == first, brief))
        .collect()
}

fn table(view: &View, explained: &Explanations, baseline: &str, first: bool, brief: bool) -> Table {
    let rows_of: Vec<&ExplainedBy> = explained.by.iter().filter(|by| by.baseline == baseline).collect();
    let columns: Vec<&(&str, &str, bool)> =
        COLUMNS.iter().filter(|(id, ..)| !brief || BRIEF.contains(id)).collect();
    let mut head: Vec<Column> = view.columns().into_iter().map(words).collect();
    head.push(words("method"));
    head.extend(columns.iter().map(|(id, name, _)| {
        let direction = metrics::find(id).and_then(|metric| metric.direction);
        numeric(format!("{name}{}", format::arrow(direction)))
    }));
    let key = |(id, _, of_attribution): &(&str, &str, bool), by: &ExplainedBy| MetricKey {
        group: if *of_attribution {
            by.attribution.clone()
        } else {
            Some(format!("{}/{}", by.method, by.baseline))
        },
        attack: if *id == STABILITY { explained.attack.clone() } else { None },
        ..MetricKey::plain(id)
    };
    let mut rows = Vec::new();
    for point in 0..view.given.points.len() {
        for by in &rows_of {
            let mut row: Vec<String> = view.varying.iter().map(|(_, values)| values[point].clone()).collect();
            row.push(by.method.clone());
            row.extend(columns.iter().map(|column| {
                let key = key(column, by);
                match view.value(point, &key) {
                    Some(value) if brief && column.0 != BRIEF[0] => format::number(value),
                    _ => format::estimate(view.measured(point, &key)),
                }
            }));
            rows.push(row);
        }
    }
    let removed = match baseline {
        "mean" => "their means over training rows",
        "zero" => "0",
        other => other,
    };
    let settings = if first {
        format!(" {}", how(explained, brief))
    } else {
        " What does not depend on what features are replaced by stands in the table before.".to_owned()
    };
    Table {
        title: if first { "Explanations" } else { "Explanations with another baseline" },
        caption: format!(
            "What explanations of the predicted class are worth, features being replaced by {removed}. Relevance gain: area under its probability as the least important features go first, minus that with the most important first; 0 is chance, and a less confident model has less to gain.{settings} Means over {} and {} test rows.",
            seeds(view),
            explained.rows,
        ),
        head,
        rows,
    }
}

/// How it was measured, column by column.
fn how(explained: &Explanations, brief: bool) -> String {
    let mut parts = vec![format!(
        "Integrated gradients in {} steps, features replaced in {} steps.",
        explained.steps, explained.chunks
    )];
    if !brief {
        parts.push(format!(
            "Max-sensitivity over {} neighbors within {}, a lower bound; infidelity over {} changes of σ = {}, in squared logits: smaller logits have less of it.",
            explained.draws, explained.radius, explained.samples, explained.noise
        ));
    }
    parts.push(match &explained.attack {
        Some(attack) => format!(
            "Stable: the share of the {} most important features that still are after PGD-{} at {} ε = {} (protocol {}), an upper bound.",
            explained.top,
            explained.attack_steps,
            attack.norm.sign(),
            attack.epsilon,
            attack.protocol,
        ),
        None => "There is no attack to be stable under.".to_owned(),
    });
    parts.push("Seeds agree: rank correlation where two predict the same class.".to_owned());
    parts.join(" ")
}

/// For machines.
pub(super) fn json(explained: &Explanations) -> Json {
    let key = |attack: &AttackKey| json!({ "protocol": attack.protocol, "norm": attack.norm, "epsilon": attack.epsilon() });
    json!({
        "rows": explained.rows,
        "top": explained.top,
        "attack": explained.attack.as_ref().map(key),
        "by": explained.by.iter().map(|by| json!({
            "method": by.method,
            "baseline": by.baseline,
            "attribution": by.attribution,
        })).collect::<Vec<_>>(),
    })
}
