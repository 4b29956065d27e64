//! The mean of one number over the seeds of a point, and how sure of it we are.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::disparities::Compared;
use super::sampled::Sampled;
use super::study::{Cell, Group, Options};
use super::{CellEvidence, Measured, Point, disparities, unvaried};
use crate::measure::{Estimate, MetricKey, Value};
use crate::metrics::{self, Form, Metric, Reading};
use crate::stats::{self, SEEDS_FOR_PERCENTILES, SEEDS_FOR_VARIANCE, SeedWeights};

/// One point: every number that any of its cells has. `draws` is `[cell][task][resample]`.
pub(super) fn point(
    cell: &CellEvidence,
    group: &Group,
    draws: &[Vec<Vec<f64>>],
    sampled: &Sampled,
    options: &Options,
) -> Point {
    let reported = |cell: &'_ Cell| -> Vec<MetricKey> {
        cell.tasks.iter().filter(|task| task.metric.is_reported()).map(|task| task.key.clone()).collect()
    };
    let keys: BTreeSet<MetricKey> = group.cells.iter().flat_map(reported).collect();
    let seed_weights = (group.cells.len() >= SEEDS_FOR_PERCENTILES)
        .then(|| SeedWeights::draw(options.seed, group.cells.len(), options.resamples));
    let places: Vec<BTreeMap<&MetricKey, usize>> = group.cells.iter().map(places).collect();
    let keys: Vec<MetricKey> = keys.into_iter().collect();
    let shared = disparities::Shared::default();
    let measures = keys
        .into_par_iter()
        .map(|key| {
            let positions: Vec<Option<usize>> =
                places.iter().map(|places| places.get(&key).copied()).collect();
            let found = positions.iter().zip(&group.cells).find_map(|(p, cell)| Some(&cell.tasks[(*p)?]));
            let task = found.expect("a key comes from some cell's task");
            let readings: Vec<(u64, Option<&Reading>)> = positions
                .iter()
                .zip(&group.cells)
                .map(|(p, cell)| (cell.seed, p.map(|p| &cell.readings[p])))
                .collect();
            let resampled: Option<Vec<&[f64]>> =
                positions.iter().zip(draws).map(|(p, draws)| Some(draws[(*p)?].as_slice())).collect();
            let mut measured = number(
                task.metric,
                &readings,
                &resampled.unwrap_or_default(),
                seed_weights.as_ref(),
                sampled,
                options.level,
            );
            measured.estimate.bound = task.bound;
            if let (true, Some(value)) =
                (disparities::compares(task.metric.form), measured.estimate.value.get())
            {
                let Compared { interval, by_chance, sizable } =
                    disparities::crossed(task, (&group.cells, &places, &shared), draws, sampled, options);
                measured.by_chance = by_chance;
                measured.sizable = sizable.map(Box::new);
                if group.cells.len() >= SEEDS_FOR_VARIANCE && options.resamples > 0 {
                    let (interval, method) =
                        compared(task.metric, value, interval, (group.cells.len(), sampled));
                    measured.estimate.interval = interval;
                    measured.estimate.method = method;
                }
            }
            (key, measured)
        })
        .collect();
    Point {
        coordinates: cell.coordinates.clone(),
        defense: cell.defense.clone(),
        strength: cell.strength,
        model: cell.model.clone(),
        seeds: group.cells.iter().map(|cell| cell.seed).collect(),
        failed: group.failed.clone(),
        measures,
        degenerate: None,
    }
}

/// Where the task of every number stands among a cell's.
fn places(cell: &Cell) -> BTreeMap<&MetricKey, usize> {
    let mut places = BTreeMap::new();
    for (place, task) in cell.tasks.iter().enumerate() {
        places.entry(&task.key).or_insert(place);
    }
    places
}

fn number(
    metric: &Metric,
    readings: &[(u64, Option<&Reading>)],
    resampled: &[&[f64]],
    seed_weights: Option<&SeedWeights>,
    sampled: &Sampled,
    level: f64,
) -> Measured {
    let per_seed: Vec<Value> = readings
        .iter()
        .map(|(_, reading)| reading.map_or_else(|| Value::undefined("not measured"), |r| r.value.clone()))
        .collect();
    let n = readings.iter().filter_map(|(_, reading)| reading.map(|r| r.n)).min().unwrap_or(0);
    let mut notes: Vec<String> = Vec::new();
    for note in readings.iter().filter_map(|(_, reading)| *reading).flat_map(|reading| &reading.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    let undefined = per_seed.iter().zip(readings).find_map(|(value, (seed, _))| {
        let reason = value.reason()?;
        let everywhere = per_seed.iter().all(|value| value.reason() == Some(reason));
        Some(if everywhere { reason.to_owned() } else { format!("at seed {seed}: {reason}") })
    });
    let mut measured = Measured {
        estimate: Estimate {
            value: Value::undefined("no seed finished"),
            interval: None,
            level,
            method: "no interval of an undefined value".to_owned(),
            n,
            bound: metric.bound,
        },
        per_seed,
        sd_seed: None,
        sd_row: None,
        by_chance: None,
        sizable: None,
        notes,
    };
    if let Some(reason) = undefined {
        measured.estimate.value = Value::Undefined(reason);
        return measured;
    }
    let plain: Vec<f64> = measured.per_seed.iter().filter_map(Value::get).collect();
    let Some(center) = stats::mean(&plain) else { return measured };
    measured.estimate.value = Value::finite(center);
    if plain.len() >= SEEDS_FOR_VARIANCE {
        measured.sd_seed = stats::standard_deviation(&plain);
    }
    let spread = spread(metric, &plain, center, resampled, seed_weights, (sampled, n), level);
    measured.sd_row = spread.sd_row;
    measured.estimate.interval = spread.interval.map(|interval| within(metric, interval));
    measured.estimate.method = spread.method;
    measured.notes.extend(spread.note);
    measured
}

/// The interval of a number that compares rates, and its method: it is about the seeds' mean rates, and widened to the mean over the seeds, which can be further out as each
/// seed has its own largest or smallest.
fn compared(
    metric: &Metric,
    value: f64,
    interval: Option<(f64, f64)>,
    (seeds, sampled): (usize, &Sampled),
) -> (Option<(f64, f64)>, String) {
    let Some(interval) = interval else {
        return (None, "no interval: too few groups have rows at every seed".to_owned());
    };
    let (low, high) = within(metric, interval);
    let about = match metric.form {
        Form::Smallest(_) => "smallest of the mean rates, simultaneous over them",
        Form::Signed(_) => "difference of the mean rates",
        _ => "furthest apart of the mean rates, simultaneous over pairs",
    };
    let method = format!(
        "{about}; crossed variance components of {seeds} seeds and {}, widened to the mean of the seeds",
        sampled.words()
    );
    (Some((low.min(value), high.max(value))), method)
}

fn within(metric: &Metric, (low, high): (f64, f64)) -> (f64, f64) {
    let (least, most) = metric.range;
    (low.clamp(least, most), high.clamp(least, most))
}

/// Of a mean over pairs of seeds, the jackknife's pseudo-values in the place of each seed's mean over its pairs, at which they have the same
/// mean: with S seeds, `(2 (S − 1) a − S U) / (S − 2)`, where `a` is the seed's mean and `U` the mean of all. Every pair stands in two seeds'
/// means, so that these vary half as much as they would have to (Arvesen 1969, Jackknifing U-statistics).
fn pseudo_values(plain: &[f64], mut kept: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let s = plain.len() as f64;
    let pseudo = |own: f64, all: f64| (2.0 * (s - 1.0) * own - s * all) / (s - 2.0);
    let all = plain.iter().sum::<f64>() / s;
    let plain = plain.iter().map(|own| pseudo(*own, all)).collect();
    for resample in 0..kept.first().map_or(0, Vec::len) {
        let all = kept.iter().map(|draws| draws[resample]).sum::<f64>() / s;
        for draws in &mut kept {
            draws[resample] = pseudo(draws[resample], all);
        }
    }
    (plain, kept)
}

/// A reader is told of undefined resamples where they are more than one in so many.
pub(super) const FEW_UNDEFINED: usize = 100;

struct Spread {
    sd_row: Option<f64>,
    interval: Option<(f64, f64)>,
    method: String,
    note: Option<String>,
}

fn spread(
    metric: &Metric,
    plain: &[f64],
    center: f64,
    resampled: &[&[f64]],
    seed_weights: Option<&SeedWeights>,
    (sampled, n): (&Sampled, usize),
    level: f64,
) -> Spread {
    let without =
        |method: &str| Spread { sd_row: None, interval: None, method: method.to_owned(), note: None };
    let all = resampled.first().map_or(0, |draws| draws.len());
    let defined: Vec<usize> =
        (0..all).filter(|b| resampled.iter().all(|draws| draws[*b].is_finite())).collect();
    if defined.len() < 2 || 2 * defined.len() < all {
        return without(if all == 0 {
            "no interval: no resamples were asked for"
        } else {
            "no interval: undefined in most resamples"
        });
    }
    // A few undefined resamples change no interval that anybody could see.
    let note = (FEW_UNDEFINED * (all - defined.len()) > all)
        .then(|| metrics::resamples_note(all - defined.len(), all));
    let seeds = plain.len();
    let kept: Vec<Vec<f64>> =
        resampled.iter().map(|draws| defined.iter().map(|b| draws[*b]).collect()).collect();
    let (plain, kept) = match metric.form {
        Form::Pairs if seeds >= SEEDS_FOR_VARIANCE => pseudo_values(plain, kept),
        _ => (plain.to_vec(), kept),
    };
    let Some(components) = stats::components(&plain, &kept, sampled.units.units()) else {
        let sd_row = stats::standard_deviation(&kept[0]);
        return Spread { sd_row, note, ..without("no interval: 1 seed, seed variance unknown") };
    };
    let sd_row = Some(components.row.sqrt());
    if seeds < SEEDS_FOR_VARIANCE {
        return Spread { sd_row, note, ..without("no interval: 2 seeds, seed variance unknown") };
    }
    if let Form::Bare(reason) = metric.form {
        return Spread { sd_row, note, ..without(reason) };
    }
    if unvaried::is_rounding(components.total.sqrt(), center) {
        let over = format!("{seeds} seeds and resampled rows");
        let (interval, method) =
            unvaried::interval(metric, center, sampled.independent(n as f64), level, &over);
        return Spread { sd_row, interval, method, note };
    }
    if let Some(weights) = seed_weights {
        let crossed: Vec<f64> = defined
            .iter()
            .enumerate()
            .map(|(kept_index, b)| {
                let weights = weights.of(*b);
                let sum: f64 =
                    kept.iter().zip(weights).map(|(draws, w)| draws[kept_index] * f64::from(*w)).sum();
                sum / seeds as f64
            })
            .collect();
        let interval = stats::crossed_interval(&crossed, level);
        let method = format!(
            "percentiles of {} crossed resamples of {seeds} seeds and {}",
            defined.len(),
            sampled.words()
        );
        return Spread { sd_row, interval, method, note };
    }
    let method = format!(
        "crossed variance components of {seeds} seeds and {}, t with {:.1} degrees of freedom",
        sampled.words(),
        components.degrees
    );
    Spread { sd_row, interval: Some(components.interval(center, level)), method, note }
}
