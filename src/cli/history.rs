//! `report --record` and `report --history`: windows of a results folder, and rules over them.

use std::path::{Path, PathBuf};

use super::gate::escalation;
use super::{exit, terminal};
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::report::{Output, history};
use crate::run::history::FILE;
use crate::run::{Found, Results};

/// Records what is there as the window `label`.
pub(super) fn record(results: &Results, found: &Found<'_>, label: &str, quiet: bool) -> Result<()> {
    if let Some((cell, why)) = found.absent().first() {
        return Err(Error::new(Kind::Incomplete, format!("{cell}: {why}"))
            .context(format!("cannot record `{label}`: cells are missing"))
            .help("a window is one whole state: run the experiment again first"));
    }
    let new = results.record(label, &found.judge()?.numbers())?;
    if !quiet {
        let file = results.folder().join(FILE);
        terminal::talk(&match new {
            0 => format!("window `{label}` is recorded already, with the same numbers: {}", file.display()),
            _ => format!("recorded {new} numbers as window `{label}` in {}", file.display()),
        });
    }
    Ok(())
}

/// Judges the rules over all windows of a results folder or a table, writes the files and prints the course.
pub(super) fn tell(place: &Path, rules: &Path, json: bool, quiet: bool) -> Result<u8> {
    let book = escalation::read(rules)?;
    let shown = escalation::name(rules);
    let (course, name, outputs) = if place.is_file() {
        let course = escalation::over_table(&book, place)?;
        let name = place.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let outputs = history::render(&course, &name, &shown)?;
        let folder = place.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        for output in &outputs {
            files::write_atomic(&folder.join(&output.path), &output.bytes, None)?;
        }
        (course, name, outputs)
    } else {
        let results = Results::open(place)?;
        let found = results.look()?;
        let course = escalation::over_folder(&book, (&results, &found), None, None)?;
        let name = found.experiment().name.clone();
        let outputs = history::render(&course, &name, &shown)?;
        for output in &outputs {
            results.write(&output.path, &output.bytes)?;
        }
        (course, name, outputs)
    };
    let file = |name: &str| outputs.iter().find(|output: &&Output| output.path == name);
    match file("history.json").filter(|_| json) {
        Some(output) => terminal::product(&String::from_utf8_lossy(&output.bytes))?,
        None => terminal::product(&history::terminal(&course, &name))?,
    }
    if !quiet {
        let folder = if place.is_file() { place.parent().unwrap_or(Path::new("")) } else { place };
        terminal::talk(&format!(
            "\nhistory: {} and {}",
            folder.join("history.md").display(),
            folder.join("figures/history.svg").display()
        ));
    }
    Ok(exit::FINE)
}
