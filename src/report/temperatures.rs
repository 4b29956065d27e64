//! What logits are divided by before they are probabilities, where that was asked for: a table, a sentence, and an entry of `report.json`.

use serde_json::{Value as Json, json};

use crate::measure::MetricKey;
use crate::run::Temperature;
use crate::stats;

use super::format;
use super::headline::point_list;
use super::table::{Table, numeric, words};
use super::view::View;

/// Mean, lowest and highest over seeds.
fn summary(temperature: &Temperature) -> (f64, f64, f64) {
    let values: Vec<f64> = temperature.per_seed.iter().map(|(_, value)| *value).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (stats::mean(&values).unwrap_or(f64::NAN), low, high)
}

/// What the temperatures change, and what they do not.
const MEANING: &str = "Calibration, likelihood and abstention, without attack and under it, are of the probabilities after that division: of the model with one number fitted afterwards, not of the model as trained. Predictions do not change, attacks climb the undivided logits, and scores for rows without a class are of these too";

/// One row per point; none where nothing was fitted.
pub(super) fn table(view: &View) -> Option<Table> {
    let given = &view.given.temperatures;
    if given.is_empty() {
        return None;
    }
    let mut head: Vec<_> = view.varying.iter().map(|(name, _)| words(name)).collect();
    head.extend(["temperature", "lowest", "highest", "seeds"].map(numeric));
    let changed: Vec<&str> = given[0].changes.iter().map(|(id, ..)| *id).collect();
    head.extend(
        changed
            .iter()
            .map(|id| numeric(format!("{}, before → after", view.metric_title(&MetricKey::plain(id))))),
    );
    let row = |temperature: &Temperature| {
        let (mean, low, high) = summary(temperature);
        let mut row: Vec<String> =
            view.varying.iter().map(|(_, values)| values[temperature.point].clone()).collect();
        row.extend([mean, low, high].map(format::number));
        row.push(temperature.per_seed.len().to_string());
        row.extend(changed.iter().map(|id| {
            let change = temperature.changes.iter().find(|(other, ..)| other == id);
            change.map_or_else(
                || "—".to_owned(),
                |(_, before, after)| format!("{} → {}", format::number(*before), format::number(*after)),
            )
        }));
        row
    };
    Some(Table {
        title: "Temperatures",
        caption: format!(
            "What logits are divided by: fitted for each model on {}, mean, lowest and highest over seeds. Above 1 the model was too sure of itself, below 1 not sure enough. Before → after: on {}, without attack, means over seeds. {MEANING}.",
            format::count(view.given.data.validation, "validation row"),
            format::count(view.given.data.test, "test row")
        ),
        head,
        rows: given.iter().map(row).collect(),
    })
}

/// The same in a sentence; none where nothing was fitted.
pub(super) fn remark(view: &View) -> Option<String> {
    let given = &view.given.temperatures;
    let all = || given.iter().map(summary);
    let (first, last) = (given.first()?, given.last()?);
    let low = all().map(|(_, low, _)| low).fold(f64::INFINITY, f64::min);
    let high = all().map(|(_, _, high)| high).fold(f64::NEG_INFINITY, f64::max);
    let one = |temperature: &Temperature| {
        format!("{} {}", format::number(summary(temperature).0), view.place(temperature.point))
    };
    let means = match given.len() {
        1 => one(first),
        2 => format!("{} and {}", one(first), one(last)),
        _ => format!("from {} to {}", one(first), one(last)),
    };
    Some(format!(
        "logits are divided by a temperature fitted for each model on {} (on average {means}; of single models {} to {}). {MEANING}",
        format::count(view.given.data.validation, "validation row"),
        format::number(low),
        format::number(high)
    ))
}

/// Where the division made a number worse on test rows, though it was fitted to make it better: one sentence per number, before and after.
pub(super) fn worsened(view: &View) -> Vec<String> {
    let given = &view.given.temperatures;
    let Some(first) = given.first() else { return Vec::new() };
    let ids = first.changes.iter().map(|(id, ..)| *id);
    ids.filter_map(|id| {
        let key = MetricKey::plain(id);
        let direction = view.direction(&key)?;
        let change = |temperature: &Temperature| {
            let (_, before, after) = temperature.changes.iter().find(|(other, ..)| *other == id)?;
            Some((temperature.point, *before, *after))
        };
        let all: Vec<(usize, f64, f64)> = given.iter().filter_map(change).collect();
        let loss = |(_, before, after): &(usize, f64, f64)| {
            direction.as_cost(*after) - direction.as_cost(*before)
        };
        // As it is written: what three decimals do not show is no loss.
        let is_worse = |change: &&(usize, f64, f64)| {
            loss(change) > 0.0 && format::number(change.1) != format::number(change.2)
        };
        let worse: Vec<&(usize, f64, f64)> = all.iter().filter(is_worse).collect();
        let (point, before, after) = **worse.iter().max_by(|a, b| loss(a).total_cmp(&loss(b)))?;
        let at: Vec<usize> = worse.iter().map(|(point, ..)| *point).collect();
        let whom = match at.len() {
            n if n == all.len() && n > 1 => format!(" at all {n} points, most"),
            1 => String::new(),
            n => format!(" at {} of {} points ({}), most", n, all.len(), point_list(view, &at)),
        };
        Some(format!(
            "the temperature made {} worse on the test rows{whom} {}: {} → {} (means over seeds; fitted on validation rows, for likelihood)",
            view.metric_title(&key),
            view.place(point),
            format::number(before),
            format::number(after),
        ))
    })
    .collect()
}

/// One entry per point.
pub(super) fn json(given: &[Temperature]) -> Json {
    let entry = |temperature: &Temperature| {
        let (mean, low, high) = summary(temperature);
        json!({
            "point": temperature.point,
            "mean": mean,
            "lowest": low,
            "highest": high,
            "changes": temperature.changes.iter().map(|(id, before, after)| json!({ "metric": id, "before": before, "after": after })).collect::<Vec<_>>(),
            "per_seed": temperature.per_seed.iter().map(|(seed, value)| json!({ "seed": seed, "value": value })).collect::<Vec<_>>(),
        })
    };
    given.iter().map(entry).collect()
}
