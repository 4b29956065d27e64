//! One model of `import.json`, and where it stands among the others.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::description::word;
use crate::error::{Error, Result};
use crate::experiment::INTERPOLATED;
use crate::words::{FORMULA, is_formula};

/// One model: a configuration at one seed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    coordinates: BTreeMap<String, Coordinate>,
    pub(super) seed: u64,
    /// The file with what the model says on test rows.
    #[serde(default)]
    pub(super) test: Option<PathBuf>,
    /// The same on validation rows.
    #[serde(default)]
    pub(super) validation: Option<PathBuf>,
    /// Why there is no such model.
    #[serde(default)]
    pub(super) failed: Option<String>,
    /// SHA-256 of its weights, for readers.
    #[serde(default)]
    pub(super) model_sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Coordinate {
    Flag(bool),
    Number(f64),
    Text(String),
}

/// Where a model stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) coordinates: BTreeMap<String, String>,
    pub(super) defense: String,
    pub(super) strength: f64,
}

impl Stated {
    /// Where it stands.
    ///
    /// # Errors
    ///
    /// Coordinates that cannot be, and neither or both of a file and a failure.
    pub(super) fn place(&self) -> Result<Place> {
        let mut place = Place { coordinates: BTreeMap::new(), defense: "imported".to_owned(), strength: 0.0 };
        for (key, value) in &self.coordinates {
            word("the name of a coordinate", key, &[',', '='])?;
            if key == "seed" {
                return Err(Error::input("`seed` is no coordinate").help("write it beside `coordinates`"));
            }
            if key == INTERPOLATED {
                return Err(Error::input(format!(
                    "`{INTERPOLATED}` has a meaning of its own: name it otherwise"
                )));
            }
            let text = match value {
                Coordinate::Flag(flag) => flag.to_string(),
                Coordinate::Number(number) => (number + 0.0).to_string(),
                Coordinate::Text(text) => text.clone(),
            };
            word(&format!("the value of `{key}`"), &text, &[',', '='])?;
            if let Some(odd) = [key, &text].into_iter().find(|text| is_formula(text)) {
                let (why, help) = FORMULA;
                return Err(Error::input(format!("`{odd}` cannot stand in `coordinates`: {why}")).help(help));
            }
            match (key.as_str(), value) {
                ("strength", Coordinate::Number(number)) => place.strength = number + 0.0,
                ("strength", _) => {
                    return Err(Error::input(format!("`strength` is `{text}`, not a number"))
                        .help("defenses are ordered by it; words belong in another coordinate"));
                }
                ("defense", _) => place.defense.clone_from(&text),
                _ => {}
            }
            place.coordinates.insert(key.clone(), text);
        }
        place.coordinates.entry("defense".to_owned()).or_insert_with(|| place.defense.clone());
        place.coordinates.entry("strength".to_owned()).or_insert_with(|| place.strength.to_string());
        match (&self.failed, &self.test) {
            (None, None) => Err(Error::input("neither `test` nor `failed` is given")
                .help("name the file with what the model says on test rows, or say why there is none")),
            (Some(reason), _) if reason.trim().is_empty() => {
                Err(Error::input("`failed` is empty").help("say why"))
            }
            (Some(_), Some(_)) => {
                Err(Error::input("`test` is given although the model failed").help("drop one of them"))
            }
            _ => Ok(place),
        }
    }
}

impl Place {
    /// `defense=at,strength=0.1,seed=2`, for people.
    pub(super) fn name(&self, seed: u64) -> String {
        let parts: Vec<String> =
            self.coordinates.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{},seed={seed}", parts.join(","))
    }
}
