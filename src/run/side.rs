//! A results folder as one side of a comparison: every number at every seed, without intervals.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Results};
use super::{gathering, judge};
use crate::error::{Error, Kind, Result};
use crate::evidence::Split;
use crate::experiment::{Cell, Experiment};
use crate::gate::{Gated, Sampled, Side};
use crate::measure::{Bound, MetricKey, Norm, Value};
use crate::metrics;
use crate::points::{self, Point, Study};

impl Results {
    /// The norm and radius that the folder's front is about.
    #[must_use]
    pub fn threat(&self) -> (Norm, f64) {
        let threat = &self.sweep.experiment.threat;
        (threat.norm, threat.epsilon)
    }
}

impl Found<'_> {
    /// The experiment of the folder.
    #[must_use]
    pub fn experiment(&self) -> &Experiment {
        &self.results.sweep.experiment
    }

    /// Cells that failed or are missing, with the reason.
    #[must_use]
    pub fn absent(&self) -> Vec<(String, String)> {
        let mut absent = self.failed();
        absent.extend(self.missing().into_iter().map(|name| (name, "not run yet".to_owned())));
        absent
    }

    /// Cells that are planned and were not run yet.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let there: BTreeSet<String> = self.cells.iter().map(|present| present.cell.name()).collect();
        self.results.sweep.cells.iter().map(Cell::name).filter(|name| !there.contains(name)).collect()
    }

    /// What the folder holds, to be compared. Faster than [`judge`](Self::judge): nothing is resampled.
    ///
    /// # Errors
    ///
    /// [`Kind::Incomplete`] where no cell is left; a damaged file; a gated number that is not measured.
    pub fn side(&self) -> Result<Side> {
        let (store, sweep) = (&self.results.store, &self.results.sweep);
        let absent = self.absent();
        let experiment = &sweep.experiment;
        let whole: Vec<_> = self.cells.iter().filter(|present| present.failure().is_none()).collect();
        if whole.is_empty() {
            return Err(nothing_left(&self.failed(), &absent));
        }
        let facts = gathering::facts(store, sweep, Split::Test)?;
        let evidence = gathering::evidence(store, sweep, &whole, (Split::Test, &facts))?;
        let study = Study::new(&evidence, points::Options { resamples: 0, ..points::Options::default() })?;
        let keys = study.keys();
        let mut seeds = experiment.seeds.list().to_vec();
        seeds.sort_unstable();
        Ok(Side {
            name: experiment.name.clone(),
            fingerprint: sweep.data.fingerprint.clone(),
            data: format!(
                "{}, {} training, {} validation and {} test rows",
                sweep.data.name, sweep.data.train, sweep.data.validation, sweep.data.test
            ),
            definitions: metrics::VERSION,
            objectives: judge::objectives(experiment, &keys)?,
            front_model: experiment.front.models[0].word().into_owned(),
            gated: gated(experiment, &keys, &study.points)?,
            points: study.points.iter().map(|point| sampled(point, &seeds, facts.len())).collect(),
            seeds,
            settings: settings(experiment)?,
            missing: absent,
        })
    }
}

/// Why there is nothing to look at: cells that failed are no reason to run the same once more.
fn nothing_left(failed: &[(String, String)], absent: &[(String, String)]) -> Error {
    let first = |some: &[(String, String)]| {
        some.first().map_or_else(String::new, |(cell, why)| format!(": {cell}: {why}"))
    };
    let error = |said: String| Error::new(Kind::Incomplete, said);
    let missing = absent.len() - failed.len();
    match (failed.len(), missing) {
        (0, _) => error(format!("no cell is finished{}", first(absent)))
            .help("run the experiment first: `equipoise run`"),
        (count, 0) => error(format!("all {count} cells failed{}", first(failed))).help(
            "the same settings fail again: change what made them fail, such as a learning rate at which training diverges",
        ),
        (count, missing) => error(format!(
            "no cell is left: {count} failed and {missing} were not run yet{}",
            first(failed)
        ))
        .help("`equipoise run` makes those that are missing; what failed fails again with the same settings"),
    }
}

fn sampled(point: &Point, seeds: &[u64], rows: usize) -> Sampled {
    let values = point.measures.iter().map(|(key, measured)| {
        let of = |seed: &u64| {
            let at = point.seeds.iter().position(|own| own == seed);
            at.map_or_else(|| Value::undefined("the cell is missing"), |at| measured.per_seed[at].clone())
        };
        (key.clone(), seeds.iter().map(of).collect())
    });
    Sampled {
        name: point.name(),
        coordinates: point.coordinates.clone(),
        model: point.model.clone(),
        rows,
        values: values.collect(),
    }
}

/// The front's objectives, then what the gate section adds.
fn gated(experiment: &Experiment, keys: &[MetricKey], points: &[Point]) -> Result<Vec<Gated>> {
    let mut found: Vec<Gated> = Vec::new();
    for name in experiment.front.objectives.iter().chain(&experiment.gate.metrics) {
        let key = resolve(experiment, name, keys)?;
        if found.iter().any(|gated| gated.key == key) {
            continue;
        }
        let metric = metrics::find(&key.id).expect("resolved keys are in the catalog");
        let direction = metric.direction.ok_or_else(|| {
            Error::input(format!(
                "metric `{}` describes and has no better side, so it cannot be gated",
                key.id
            ))
        })?;
        let bounds = points.iter().filter_map(|point| Some(point.measures.get(&key)?.estimate.bound));
        found.push(Gated {
            direction,
            pillar: metric.pillar(),
            unit: metric.unit,
            // The weakest of all points.
            bound: bounds.clone().find(|bound| *bound != Bound::Exact).unwrap_or(Bound::Exact),
            margin: experiment.gate.margin_of(metric, &key)?,
            key,
        });
    }
    Ok(found)
}

/// The key that `name` means in this experiment, at its own threat.
///
/// # Errors
///
/// As [`metrics::resolve`].
pub fn resolve(experiment: &Experiment, name: &str, keys: &[MetricKey]) -> Result<MetricKey> {
    let threat = &experiment.threat;
    metrics::resolve(name, keys, Some((threat.norm, threat.epsilon)))
}

/// Every setting, flat, but those that are compared on their own or decide no number.
fn settings(experiment: &Experiment) -> Result<BTreeMap<String, String>> {
    Ok(flat(&experiment.table()?))
}

/// `training.epochs` to `40`; without what is compared on its own or decides no number.
pub(super) fn flat(table: &toml::Table) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (key, value) in table {
        if !["name", "question", "seeds", "gate"].contains(&key.as_str()) {
            flatten(key, value, &mut found);
        }
    }
    // Remarks are about numbers, not settings.
    found.remove("imported.remarks");
    found
}

fn flatten(path: &str, value: &toml::Value, found: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) if !table.is_empty() => {
            for (key, value) in table {
                flatten(&format!("{path}.{key}"), value, found);
            }
        }
        // A list of tables, such as `[[defense]]`; other lists are one value.
        toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
            for (index, value) in list.iter().enumerate() {
                flatten(&format!("{path}.{index}"), value, found);
            }
        }
        other => {
            found.insert(path.to_owned(), other.to_string());
        }
    }
}
