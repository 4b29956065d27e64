//! What `run.json` says of machine and time, for a page that is asked to say it.

use serde_json::Value as Json;

use super::Results;
use super::baseline::iso;
use crate::error::{Error, Result};

/// Names in `run.json` and what they are called, in the order to show them; paths of this machine are left out.
const SHOWN: [(&str, &str); 8] = [
    ("finished", "finished"),
    ("seconds", "seconds"),
    ("cells_run", "cells run then"),
    ("jobs", "cells at once"),
    ("instruction_set", "instruction set"),
    ("architecture", "architecture"),
    ("operating_system", "operating system"),
    ("version", "equipoise"),
];

impl Results {
    /// What is known of the machine and the time of the last run in the folder: names and values, as they are shown.
    ///
    /// # Errors
    ///
    /// When there is no `run.json`, or it is damaged.
    pub fn machine_and_time(&self) -> Result<Vec<(String, String)>> {
        const FILE: &str = "run.json";
        if !self.store.has(FILE) {
            return Err(Error::input(format!(
                "`{}` has no {FILE}, so nothing is known of machine and time",
                self.folder().display()
            ))
            .help("leave out `--with-run-info`"));
        }
        let known: Json = serde_json::from_slice(&self.store.read(FILE)?).map_err(|error| {
            Error::input(error.to_string())
                .context(format!("cannot read `{}`", self.folder().join(FILE).display()))
        })?;
        Ok(SHOWN
            .iter()
            .filter_map(|(name, title)| Some(((*title).to_owned(), shown(name, known.get(name)?)?)))
            .collect())
    }
}

fn shown(name: &str, value: &Json) -> Option<String> {
    match (name, value) {
        (_, Json::String(text)) => Some(text.clone()),
        ("finished", value) => Some(iso(value.as_f64()? as u64)),
        ("seconds", value) => Some(format!("{:.1}", value.as_f64()?)),
        (_, Json::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}
