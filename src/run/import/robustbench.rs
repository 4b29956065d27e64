//! The leaderboard's model files (`model_info/<data set>/<threat>/<model>.json` of RobustBench, Croce et al. 2021): points without evidence,
//! for `equipoise front`.
//!
//! A file states percentages of one model on one set of test rows. Nothing is known of rows and seeds, so there is no interval, and such a point
//! stands in no results folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::files;

/// One model's file.
#[derive(Debug, Deserialize)]
struct Model {
    #[serde(default)]
    dataset: Option<String>,
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    venue: Option<String>,
    #[serde(default)]
    eps: Option<Json>,
    #[serde(default, deserialize_with = "percent")]
    clean_acc: Option<f64>,
    #[serde(default, deserialize_with = "percent")]
    autoattack_acc: Option<f64>,
    #[serde(default, deserialize_with = "percent")]
    external: Option<f64>,
    #[serde(default, deserialize_with = "percent")]
    corruptions_acc: Option<f64>,
    #[serde(default)]
    additional_data: Option<bool>,
    /// The leaderboard does not trust AutoAttack's figure.
    #[serde(default)]
    unreliable: Option<bool>,
}

/// Percentages are written as text or as numbers; nothing is an empty text or null.
fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<f64>, D::Error> {
    use serde::de::Error as _;
    let bad =
        |what: &dyn std::fmt::Display| D::Error::custom(format!("`{what}` is no percentage from 0 to 100"));
    let number = match Json::deserialize(deserializer)? {
        Json::Null => return Ok(None),
        Json::String(text) if text.trim().is_empty() => return Ok(None),
        Json::String(text) => text.trim().trim_end_matches('%').parse().map_err(|_| bad(&text))?,
        Json::Number(number) => number.as_f64().ok_or_else(|| bad(&number))?,
        other => return Err(bad(&other)),
    };
    if (0.0..=100.0).contains(&number) { Ok(Some(number)) } else { Err(bad(&number)) }
}

/// The columns, in order.
const COLUMNS: [&str; 11] = [
    "model",
    "data",
    "threat",
    "epsilon",
    "accuracy",
    "robust_accuracy",
    "autoattack_accuracy",
    "corruption_accuracy",
    "architecture",
    "venue",
    "additional_data",
];

/// A CSV with one line per model of the file, or of the folder and those in it, at `path`: shares from 0 to 1, empty where nothing is stated.
/// `robust_accuracy` is the lower of AutoAttack and the better attack that the leaderboard names as `external`: both are upper bounds.
///
/// Beside it remarks: which files are left out, as they state nothing but clean accuracy; which are marked as unreliable; and where the models are about several data sets or threats, which no front should mix.
///
/// # Errors
///
/// When there is no such file, one is no model file, or none states more than clean accuracy.
pub fn csv(path: &Path) -> Result<(String, Vec<String>)> {
    let mut found = Vec::new();
    gather(path, &mut found)?;
    if found.is_empty() {
        return Err(Error::input(format!("`{}` holds no `.json` file", path.display()))
            .help("name a model file of RobustBench, or a folder such as model_info/cifar10/Linf"));
    }
    let mut text = format!("{}\n", COLUMNS.join(","));
    let mut kinds = BTreeSet::new();
    let mut remarks = Vec::new();
    for file in found {
        let read = line(&file).map_err(|error| error.context(format!("cannot use `{}`", file.display())));
        match read? {
            Some((line, kind, is_doubted)) => {
                text.push_str(&line);
                kinds.insert(kind);
                if is_doubted {
                    remarks.push(format!(
                        "`{}` is marked as unreliable: its robust accuracy is likely lower than stated",
                        file.display()
                    ));
                }
            }
            None => remarks.push(format!(
                "`{}` states neither `autoattack_acc` nor `corruptions_acc`, and is left out",
                file.display()
            )),
        }
    }
    if kinds.is_empty() {
        let all = if path.is_dir() { "every model file in it" } else { "it" };
        return Err(Error::input(format!("{all} states neither `autoattack_acc` nor `corruptions_acc`"))
            .help("nothing is known of a model but its clean accuracy: there is no front to be on")
            .context(format!("cannot use `{}`", path.display())));
    }
    if kinds.len() > 1 {
        remarks.push(format!(
            "these models are about {} different combinations of data, threat and epsilon: a front is about one ({})",
            kinds.len(),
            kinds.into_iter().collect::<Vec<_>>().join("; ")
        ));
    }
    Ok((text, remarks))
}

fn gather(path: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for name in files::names(path)? {
        let inner = path.join(&name);
        let is_json = inner.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if inner.is_dir() || is_json {
            gather(&inner, found)?;
        }
    }
    Ok(())
}

/// The line of one model, what it is about, and whether it is marked as unreliable; none where only clean accuracy is stated.
fn line(file: &Path) -> Result<Option<(String, String, bool)>> {
    let model: Model = serde_json::from_str(&files::read_text(file)?).map_err(|error| {
        Error::input(error.to_string())
            .help("this reads the model files of RobustBench, one JSON object each")
    })?;
    let Some(clean) = model.clean_acc else {
        return Err(Error::input("it states no `clean_acc`")
            .help("this reads the model files of RobustBench: `clean_acc` and `autoattack_acc` or `corruptions_acc`, in percent"));
    };
    if model.autoattack_acc.is_none() && model.corruptions_acc.is_none() {
        return Ok(None);
    }
    let name =
        |path: &Path| path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    // The share as somebody would write it: 69.71 is 0.6971, not a neighbor of it.
    let share = |percent: Option<f64>| {
        percent.map_or_else(String::new, |percent| ((percent * 1e10).round() / 1e12).to_string())
    };
    let robust = match (model.autoattack_acc, model.external) {
        (Some(attack), Some(external)) => Some(attack.min(external)),
        (attack, _) => attack,
    };
    let epsilon = match model.eps {
        Some(Json::String(text)) => radius(&text)?,
        Some(Json::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let cells = [
        name(file),
        model.dataset.unwrap_or_default(),
        file.parent().map_or_else(String::new, name),
        epsilon,
        share(Some(clean)),
        share(robust),
        share(model.autoattack_acc),
        share(model.corruptions_acc),
        model.architecture.unwrap_or_default(),
        model.venue.unwrap_or_default(),
        model.additional_data.map_or_else(String::new, |flag| flag.to_string()),
    ];
    let kind = cells[1..4].iter().filter(|cell| !cell.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    let mut writer = csv::Writer::from_writer(Vec::new());
    let internal = |error: &dyn std::fmt::Display| Error::internal(format!("cannot write CSV: {error}"));
    writer.write_record(cells).map_err(|error| internal(&error))?;
    let bytes = writer.into_inner().map_err(|error| internal(&error))?;
    let line = String::from_utf8(bytes).map_err(|error| internal(&error))?;
    Ok(Some((line, kind, model.unreliable == Some(true))))
}

/// `8/255`, `0.5` or nothing.
fn radius(text: &str) -> Result<String> {
    let bad = || Error::input(format!("`eps` is `{text}`, neither a number nor a fraction such as 8/255"));
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| bad());
    if text.trim().is_empty() || text.trim() == "None" {
        return Ok(String::new());
    }
    let value = match text.split_once('/') {
        Some((above, below)) => number(above)? / number(below)?,
        None => number(text)?,
    };
    if value.is_finite() && value >= 0.0 { Ok(value.to_string()) } else { Err(bad()) }
}
