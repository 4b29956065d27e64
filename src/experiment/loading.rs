//! From a file to an experiment with its combinations.

use std::path::{Path, PathBuf};

use super::{Experiment, Override, Variant, check, locate, sensitivity, variants};
use crate::error::{Error, Result};
use crate::files;
use crate::toml_errors::{self, toml_error};
use crate::words::{WITHOUT_CONTROL, control_character};

/// A loaded experiment: the text it came from, so that errors can point into it, and its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What was put in place of its settings, in order.
    pub overrides: Vec<Override>,
    /// The experiment with overrides applied.
    pub experiment: Experiment,
    /// Its combinations; one where nothing beside strengths is swept. Behind them those with a setting scaled for the front section's `sensitivity`.
    pub variants: Vec<Variant>,
}

impl Loaded {
    /// Whether validation rows choose between checkpoints: where any combination of the sweep lists some.
    #[must_use]
    pub fn chooses(&self) -> bool {
        self.variants.iter().any(|variant| !variant.experiment.checkpoints().is_empty())
    }

    /// `file:line:column` of the setting at `path`; the override that set it, where one did; the file alone where it is
    /// written in neither.
    #[must_use]
    pub fn place(&self, path: &[&str]) -> String {
        let dotted = path.join(".");
        let touches = |one: &&Override| {
            let within = |inner: &str, outer: &str| inner == outer || inner.starts_with(&format!("{outer}."));
            within(&dotted, one.path()) || within(one.path(), &dotted)
        };
        if let Some(one) = self.overrides.iter().rev().find(touches) {
            return format!("override `{one}`");
        }
        match locate::position(&self.text, path) {
            Some((line, column)) => format!("{}:{line}:{column}", self.path.display()),
            None => self.path.display().to_string(),
        }
    }
}

/// Reads an experiment, applies `overrides` in order, expands its sweep, and checks what can be checked without the data.
///
/// # Errors
///
/// With file, line and column: not readable, not TOML, unknown keys or kinds, values out of range, contradictions.
pub fn load(path: &Path, overrides: &[Override]) -> Result<Loaded> {
    let context = |error: Error| error.context(format!("cannot load `{}`", path.display()));
    let text = files::read_text(path)
        .map_err(|error| if path.exists() { error } else { error.help("see configs/ for examples") })?;
    let loaded = parse(path, text, overrides).map_err(context)?;
    check::experiment(&loaded).map_err(context)?;
    Ok(loaded)
}

fn parse(path: &Path, text: String, overrides: &[Override]) -> Result<Loaded> {
    if text.trim_start().starts_with('{') {
        return Err(Error::input("this is JSON, and experiments are written in TOML").help(
            "see configs/ for examples; `equipoise import FOLDER` takes in a folder with an import.json",
        ));
    }
    let plain = || toml::from_str::<Experiment>(&text).map_err(|error| toml_error(&error));
    let mut experiment = if overrides.is_empty() { plain()? } else { overridden(&text, overrides, plain)? };
    toml_errors::check_texts(&text)?;
    let odd = overrides.iter().find_map(|one| Some((one, control_character(&one.value_text())?)));
    if let Some((one, why)) = odd {
        return Err(Error::input(why).context(format!("override `{}`", one.path())).help(WITHOUT_CONTROL));
    }
    experiment.normalize();
    let variants = variants::expand(&experiment)?;
    let mut loaded =
        Loaded { path: path.to_owned(), text, overrides: overrides.to_vec(), experiment, variants };
    let reruns = sensitivity::reruns(&loaded.experiment, &loaded.variants).map_err(|(index, error)| {
        error.context(loaded.place(&["front", "sensitivity", &index.to_string()]))
    })?;
    loaded.variants.extend(reruns);
    Ok(loaded)
}

fn overridden(
    text: &str,
    overrides: &[Override],
    plain: impl Fn() -> Result<Experiment>,
) -> Result<Experiment> {
    let mut table: toml::Table = toml::from_str(text).map_err(|error| toml_error(&error))?;
    for one in overrides {
        one.apply(&mut table)?;
    }
    table.try_into().or_else(|error: toml::de::Error| {
        // Where the file alone is wrong too, its own error has line and column.
        plain()?;
        let list = overrides.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        Err(Error::input(toml_errors::plain(error.message())).context(format!("with the overrides `{list}`")))
    })
}
