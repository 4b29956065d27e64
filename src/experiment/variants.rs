//! The combinations of a sweep.

use super::{Experiment, Override, Sweep, Variant};
use crate::error::{Error, Result};
use crate::toml_errors;

/// The sections whose settings may be swept.
const SWEPT: [&str; 4] = ["model", "training", "defense", "engine"];

/// All combinations of the sweep: `zip` outermost, then the grid's paths in alphabetical order, the last fastest.
pub(super) fn expand(experiment: &Experiment) -> Result<Vec<Variant>> {
    let mut base = experiment.clone();
    let sweep = std::mem::take(&mut base.sweep);
    let mut combinations: Vec<Vec<Override>> = vec![Vec::new()];
    if let Some(rows) = zip_length(&sweep)? {
        combinations = (0..rows)
            .map(|row| {
                sweep.zip.iter().map(|(path, values)| Override::new(path, values[row].clone())).collect()
            })
            .collect();
    }
    for (path, values) in &sweep.grid {
        if values.is_empty() {
            return Err(Error::input(format!("sweep.grid.\"{path}\" has no values"))
                .help("list at least one value, or drop it"));
        }
        if sweep.zip.contains_key(path) {
            return Err(Error::input(format!("`{path}` is swept twice: in sweep.grid and in sweep.zip")));
        }
        combinations = combinations
            .into_iter()
            .flat_map(|row| {
                values.iter().map(move |value| {
                    let mut row = row.clone();
                    row.push(Override::new(path, value.clone()));
                    row
                })
            })
            .collect();
    }
    combinations.into_iter().map(|row| variant(&base, &row)).collect()
}

fn zip_length(sweep: &Sweep) -> Result<Option<usize>> {
    let mut lengths = sweep.zip.iter().map(|(path, values)| (path, values.len()));
    let Some((first, length)) = lengths.next() else { return Ok(None) };
    if length == 0 {
        return Err(Error::input(format!("sweep.zip.\"{first}\" has no values")));
    }
    for (path, other) in lengths {
        if other != length {
            return Err(Error::input(format!(
                "the lists of sweep.zip must have the same length: `{first}` has {length} values, `{path}` {other}"
            ))
            .help("use sweep.grid for all combinations"));
        }
    }
    Ok(Some(length))
}

/// Whether the setting at `path` may differ between the points of a front: they are measured on the same rows, with the same attacks, and replicates are not points.
pub(super) fn may_vary(path: &str) -> Result<()> {
    let section = path.split('.').next().unwrap_or_default();
    if SWEPT.contains(&section) {
        return Ok(());
    }
    Err(Error::input(format!("`{path}` cannot be swept")).help(match section {
        "seeds" => "seeds are the replicate axis: every configuration runs at each of them".to_owned(),
        _ => format!(
            "what can be swept lies in {}; write one experiment per {section} otherwise",
            SWEPT.join(", ")
        ),
    }))
}

/// `base` with `settings` put in place.
pub(super) fn variant(base: &Experiment, settings: &[Override]) -> Result<Variant> {
    let coordinates = settings.iter().map(|one| (one.path().to_owned(), one.value_text())).collect();
    if settings.is_empty() {
        return Ok(Variant { coordinates, experiment: base.clone() });
    }
    for one in settings {
        may_vary(one.path())?;
    }
    let mut table = toml::Table::try_from(base).map_err(|error| Error::internal(error.to_string()))?;
    for one in settings {
        one.apply(&mut table)?;
    }
    let experiment = table.try_into().map_err(|error: toml::de::Error| {
        let list = settings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        Error::input(toml_errors::plain(error.message())).context(format!("in the sweep, at `{list}`"))
    })?;
    Ok(Variant { coordinates, experiment })
}
