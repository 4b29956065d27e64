//! `points.csv` (one row per point) and `measurements.csv` (one row per seed and number): raw, shortest round trip.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::measure::{Bound, Value};

use super::chance;
use super::uncertain;
use super::view::View;

/// One row per point: coordinates, place, and for every key its mean, interval and seed deviation; for gaps between groups also what chance alone would show. Empty where there is no number.
pub(super) fn points(view: &View) -> Result<Vec<u8>> {
    let coordinates = coordinates(view);
    let keys = view.keys();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = coordinates.iter().map(|name| (*name).clone()).collect();
    head.extend(["model", "seeds", "failed", "degenerate", "on_front", "stability"].map(str::to_owned));
    let verdicts = uncertain::has_verdicts(view);
    head.extend(verdicts.then(|| "verdict".to_owned()));
    // Whether validation rows chose the point, where they were asked.
    let choice = view.given.choice.as_ref();
    head.extend(choice.map(|_| "chosen".to_owned()));
    for key in &keys {
        head.extend([key.to_string(), format!("{key}:low"), format!("{key}:high"), format!("{key}:sd_seed")]);
        if chance::is_known(view, key) {
            head.extend(
                ["chance_expected", "chance_quantile_95", "rows_to_see"].map(|what| format!("{key}:{what}")),
            );
        }
    }
    record(&mut writer, &head)?;
    for (i, point) in view.given.points.iter().enumerate() {
        let mut row: Vec<String> = coordinates
            .iter()
            .map(|name| point.coordinates.get(*name).cloned().unwrap_or_default())
            .collect();
        row.extend([
            point.model.clone(),
            point.seeds.len().to_string(),
            point.failed.len().to_string(),
            point.degenerate.is_some().to_string(),
            view.on_front(i).to_string(),
            optional(view.given.front.stability.get(i).copied().flatten()),
        ]);
        row.extend(verdicts.then(|| uncertain::verdict(view, i)));
        row.extend(choice.map(|choice| choice.chosen.contains(&i).to_string()));
        for key in &keys {
            let interval = view.interval(i, key);
            row.extend([
                optional(view.value(i, key)),
                optional(interval.map(|(low, _)| low)),
                optional(interval.map(|(_, high)| high)),
                optional(view.measured(i, key).and_then(|measured| measured.sd_seed)),
            ]);
            if chance::is_known(view, key) {
                let chance = chance::of(view, i, key);
                row.extend([
                    optional(chance.map(|chance| chance.expected)),
                    optional(chance.map(|chance| chance.quantile_95)),
                    optional(chance.and_then(|chance| chance.rows_to_see)),
                ]);
            }
        }
        record(&mut writer, &row)?;
    }
    finished(writer)
}

/// Rows as they are, the head first.
pub(super) fn written(rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        record(&mut writer, row)?;
    }
    finished(writer)
}

/// One row per point, seed and key.
pub(super) fn measurements(view: &View) -> Result<Vec<u8>> {
    let coordinates = coordinates(view);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = coordinates.iter().map(|name| (*name).clone()).collect();
    head.extend(["model", "seed", "key", "pillar", "value", "reason", "bound"].map(str::to_owned));
    record(&mut writer, &head)?;
    for point in &view.given.points {
        let mut who: Vec<String> = coordinates
            .iter()
            .map(|name| point.coordinates.get(*name).cloned().unwrap_or_default())
            .collect();
        who.push(point.model.clone());
        for (key, measured) in &point.measures {
            for (seed, value) in point.seeds.iter().zip(&measured.per_seed) {
                let mut row = who.clone();
                row.extend([
                    seed.to_string(),
                    key.to_string(),
                    view.pillar(key).map_or("", |pillar| pillar.word()).to_owned(),
                    optional(value.get()),
                    match value {
                        Value::Defined(_) => String::new(),
                        Value::Undefined(reason) => reason.clone(),
                    },
                    bound(measured.estimate.bound).to_owned(),
                ]);
                record(&mut writer, &row)?;
            }
        }
    }
    finished(writer)
}

/// Every coordinate that any point has, in name order.
pub(super) fn coordinates(view: &View) -> Vec<&String> {
    let names: BTreeSet<&String> = view.given.points.iter().flat_map(|p| p.coordinates.keys()).collect();
    names.into_iter().collect()
}

pub(super) fn bound(bound: Bound) -> &'static str {
    match bound {
        Bound::Exact => "exact",
        Bound::Upper => "upper",
        Bound::Lower => "lower",
        Bound::Neither => "neither",
    }
}

fn optional(x: Option<f64>) -> String {
    x.map_or_else(String::new, |x| x.to_string())
}

pub(super) fn record(writer: &mut csv::Writer<Vec<u8>>, row: &[String]) -> Result<()> {
    writer.write_record(row).map_err(|error| Error::internal(error.to_string()).context("cannot write CSV"))
}

pub(super) fn finished(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>> {
    writer.into_inner().map_err(|error| Error::internal(error.to_string()).context("cannot write CSV"))
}
