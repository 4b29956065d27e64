//! How to make a point again: the experiment as a file, and what to put in its place for one point alone.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::experiment::{DefenseSweep, Experiment, INTERPOLATED, Override};
use crate::points::Point;
use crate::report::inputs::Recipe;

/// What makes `points` again; none of models that were made elsewhere.
///
/// # Errors
///
/// Only on a defect of this program: a setting that cannot be written down.
pub(in crate::report) fn recipe(experiment: &Experiment, points: &[Point]) -> Result<Option<Recipe>> {
    if experiment.is_imported() {
        return Ok(None);
    }
    let configuration = toml::to_string(&experiment.table()?).map_err(|error| defect(&error))?;
    let alone = points.iter().map(|point| alone(experiment, point)).collect::<Result<_>>()?;
    Ok(Some(Recipe { configuration, alone }))
}

/// Settings in place of the experiment's that leave `point`, and the undefended model that checks and shifts compare with where its defense has
/// one; empty where it is not made by itself: mixed of two others, continued from another, or of a setting that the experiment does not list.
fn alone(experiment: &Experiment, point: &Point) -> Result<Vec<String>> {
    let continued = experiment.training.supervised().is_some_and(|training| training.continuation);
    let swept = point.coordinates.get("training.continuation").is_some_and(|value| value == "true");
    if continued || swept || point.coordinates.contains_key(INTERPOLATED) {
        return Ok(Vec::new());
    }
    let names = experiment.defense_names();
    let Some(index) = names.iter().position(|name| *name == point.defense) else { return Ok(Vec::new()) };
    let given = &experiment.defenses[index];
    let is_kept = |strength: &f64| *strength == 0.0 || strength.to_bits() == point.strength.to_bits();
    let strengths: Vec<f64> = given.strengths.iter().copied().filter(is_kept).collect();
    let mut settings = Vec::new();
    if names.len() == 1 {
        settings.push(format!("defense.0.strengths={}", inline(&strengths)?));
    } else {
        let sweep = DefenseSweep { name: Some(names[index].clone()), strengths, ..given.clone() };
        settings.push(format!("defense=[{}]", inline(&sweep)?));
    }
    let mut chosen: BTreeMap<String, Vec<toml::Value>> = BTreeMap::new();
    for (setting, text) in &point.coordinates {
        if matches!(setting.as_str(), "defense" | "strength") {
            continue;
        }
        let listed = experiment.sweep.grid.get(setting).or_else(|| experiment.sweep.zip.get(setting));
        let is_meant = |value: &&toml::Value| Override::new(setting, (*value).clone()).value_text() == *text;
        let Some(value) = listed.into_iter().flatten().find(is_meant) else { return Ok(Vec::new()) };
        chosen.insert(setting.clone(), vec![value.clone()]);
    }
    if !chosen.is_empty() {
        settings.push(format!("sweep={}", inline(&BTreeMap::from([("grid", chosen)]))?));
    }
    Ok(settings)
}

/// As TOML on one line.
fn inline(value: &impl serde::Serialize) -> Result<String> {
    toml::Value::try_from(value).map(|value| value.to_string()).map_err(|error| defect(&error))
}

fn defect(error: &toml::ser::Error) -> Error {
    Error::internal(error.to_string()).context("cannot write the configuration down")
}
