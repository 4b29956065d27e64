//! What a model that abstains below a threshold does against the attacks, at every threshold: `abstention.csv` and an entry of `report.json`.
//!
//! Means and ranges over seeds; intervals stand with the metrics `confident_evasion_80`, `forced_abstention_95` and so on, which are two steps of the
//! same curves.

use serde_json::{Value as Json, json};

use crate::error::Result;
use crate::measure::AttackKey;
use crate::metrics::AbstentionStep;
use crate::run::Abstention;

use super::csv;
use super::view::View;

/// One row per point, seed, attack and threshold; where a curve is withheld, one row with the reason. Empty bytes where there is no curve.
pub(super) fn file(view: &View) -> Result<Vec<u8>> {
    let given = &view.given;
    let coordinates = csv::coordinates(view);
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = coordinates.iter().map(|name| (*name).clone()).collect();
    let columns = [
        "norm",
        "epsilon",
        "protocol",
        "coverage",
        "threshold",
        "confident_evasion",
        "forced_abstention",
        "reason",
    ];
    head.extend(["model", "seed"].into_iter().chain(columns).map(str::to_owned));
    csv::record(&mut writer, &head)?;
    for row in &given.abstentions {
        let point = &given.points[row.point];
        let mut who: Vec<String> = coordinates
            .iter()
            .map(|name| point.coordinates.get(*name).cloned().unwrap_or_default())
            .collect();
        let AttackKey { protocol, norm, epsilon } = &row.curve.attack;
        who.extend([point.model.clone(), row.seed.to_string()]);
        who.extend([norm.word().to_owned(), epsilon.clone(), protocol.clone()]);
        if let Some(reason) = &row.curve.withheld {
            let nothing = std::iter::repeat_n(String::new(), 4);
            csv::record(
                &mut writer,
                &who.into_iter().chain(nothing).chain([reason.clone()]).collect::<Vec<_>>(),
            )?;
            continue;
        }
        for step in &row.curve.steps {
            let numbers = [step.coverage, step.threshold, step.confident_evasion, step.forced_abstention];
            let cells = numbers.map(|number| number.to_string()).into_iter().chain([String::new()]);
            csv::record(&mut writer, &who.iter().cloned().chain(cells).collect::<Vec<_>>())?;
        }
    }
    csv::finished(writer)
}

/// One entry per point under the threat's own attack: over seeds the mean, the lowest and the highest, threshold by threshold. Withheld at a seed, withheld altogether.
pub(super) fn json(view: &View) -> Json {
    let given = &view.given;
    let is_primary =
        |row: &&Abstention| given.threat.as_ref().is_some_and(|threat| threat.holds_at(&row.curve.attack));
    let entry = |point: usize| -> Option<Json> {
        let rows: Vec<&Abstention> =
            given.abstentions.iter().filter(|row| row.point == point).filter(is_primary).collect();
        let first = rows.first()?;
        let seeds: Vec<u64> = rows.iter().map(|row| row.seed).collect();
        let AttackKey { protocol, norm, .. } = &first.curve.attack;
        let mut entry = json!({
            "point": point,
            "seeds": seeds,
            "norm": norm,
            "epsilon": first.curve.attack.epsilon(),
            "protocol": protocol,
        });
        if let Some(reason) = rows.iter().find_map(|row| row.curve.withheld.as_ref()) {
            entry["reason"] = json!(reason);
            return Some(entry);
        }
        let over = |of: fn(&AbstentionStep) -> f64| {
            let at = |place: usize| rows.iter().map(move |row| of(&row.curve.steps[place]));
            let steps = 0..first.curve.steps.len();
            let mean: Vec<f64> =
                steps.clone().map(|place| at(place).sum::<f64>() / rows.len() as f64).collect();
            let low: Vec<f64> = steps.clone().map(|place| at(place).fold(f64::INFINITY, f64::min)).collect();
            let high: Vec<f64> = steps.map(|place| at(place).fold(f64::NEG_INFINITY, f64::max)).collect();
            json!({ "mean": mean, "lowest": low, "highest": high })
        };
        entry["coverage"] = first.curve.steps.iter().map(|step| step.coverage).collect();
        entry["threshold"] = over(|step| step.threshold);
        entry["confident_evasion"] = over(|step| step.confident_evasion);
        entry["forced_abstention"] = over(|step| step.forced_abstention);
        Some(entry)
    };
    (0..given.points.len()).filter_map(entry).collect()
}
