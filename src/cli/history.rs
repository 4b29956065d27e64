//! `report --record` and `report --history`: windows of a results folder, and rules over them.

use std::path::Path;

use super::gate::escalation;
use super::{exit, stale, terminal};
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::report::{Format, History, Output, Wanted, history};
use crate::run::history::FILE;
use crate::run::{Found, Judgement, Results};
use crate::words::count;

/// Records what is there as the window `label`, and returns what it was judged to be.
pub(super) fn record(results: &Results, found: &Found<'_>, label: &str, quiet: bool) -> Result<Judgement> {
    if let Some(cell) = found.missing().first() {
        return Err(Error::new(Kind::Incomplete, format!("{cell}: not run yet"))
            .context(format!("cannot record `{label}`: cells are missing"))
            .help("a window is one whole state: run the experiment again first"));
    }
    let judgement = found.judge()?;
    let numbers = judgement.numbers();
    let new = results.record(label, &numbers)?;
    if !quiet {
        let file = results.folder().join(FILE);
        terminal::talk(&match new {
            0 => format!("window `{label}` is recorded already, with the same numbers: {}", file.display()),
            _ => format!("recorded {new} numbers as window `{label}` in {}", file.display()),
        });
        // That training diverges is a result, and no number.
        let failed = found.failed();
        if let Some((cell, why)) = failed.first() {
            let withheld = numbers.values().filter(|number| number.value.is_none()).count();
            terminal::talk(&format!(
                "{withheld} of them are withheld, since {} failed: {cell}: {why}",
                count(failed.len(), "cell")
            ));
        }
    }
    Ok(judgement)
}

/// What the rules come to over the windows of a folder, for its page.
pub(super) fn judged(results: &Results, found: &Found<'_>, rules: &Path) -> Result<History> {
    let course = escalation::over_folder(&escalation::read(rules)?, (results, found), None, None)?;
    Ok(History { course, rules: escalation::name(rules) })
}

/// Judges the rules over all windows of a results folder or a table, writes the files and prints the course.
pub(super) fn tell(place: &Path, rules: &Path, wanted: &Wanted, json: bool, quiet: bool) -> Result<u8> {
    let mut wanted = wanted.clone();
    if json {
        wanted.formats.insert(Format::Json);
    }
    let told = [Format::Md, Format::Json, Format::Svg, Format::Png, Format::Pdf];
    if let Some(other) = wanted.formats.iter().find(|format| matches!(format, Format::Card | Format::Latex)) {
        return Err(Error::input(format!("a history is not told as {other}"))
            .help("--history writes md, json, svg, png and pdf, as far as --format asks for them"));
    }
    if !told.iter().any(|format| wanted.formats.contains(format)) {
        return Err(Error::input("of the formats asked for a history has none")
            .help("--history writes md, json, svg, png and pdf"));
    }
    let book = escalation::read(rules)?;
    let shown = escalation::name(rules);
    let results = if place.is_file() { None } else { Some(Results::open(place)?) };
    let (course, name) = match &results {
        None => (escalation::over_table(&book, place)?, escalation::table_name(place)),
        Some(results) => {
            let found = results.look()?;
            let course = escalation::over_folder(&book, (results, &found), None, None)?;
            (course, found.experiment().name.clone())
        }
    };
    let outputs = history::render(&course, &name, &shown, &wanted)?;
    // What is said of a table stands beside it.
    let folder = if results.is_some() { place } else { place.parent().unwrap_or(Path::new("")) };
    for output in &outputs {
        match &results {
            Some(results) => results.write(&output.path, &output.bytes)?,
            None => files::write_atomic(&folder.join(&output.path), &output.bytes, None)?,
        }
    }
    // Beside a table lies what may be anybody's.
    let earlier = if results.is_some() { history::files() } else { Vec::new() };
    let removed = stale::removed(folder, earlier, &outputs)?;
    let file = |name: &str| outputs.iter().find(|output: &&Output| output.path == name);
    match file("history.json").filter(|_| json) {
        Some(output) => terminal::product(&String::from_utf8_lossy(&output.bytes))?,
        None => terminal::product(&history::terminal(&course, &name))?,
    }
    if !quiet {
        let written: Vec<String> =
            outputs.iter().map(|output| folder.join(&output.path).display().to_string()).collect();
        terminal::talk(&format!("\nhistory: {}", written.join(", ")));
        if let Some(words) = stale::words(&removed, "history") {
            terminal::talk(&words);
        }
    }
    Ok(exit::FINE)
}
