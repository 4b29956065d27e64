//! Makes a report of what a results folder holds, and says it; shared by `run` and `report`.

use super::{exit, stale, terminal};
use crate::error::{Error, Result};
use crate::report::{self, Inputs, View, Wanted};
use crate::run::{Found, Judgement, Results};

/// The two files of a report that the terminal can show.
const SUMMARY: &str = "summary.txt";
const JSON: &str = "report.json";
/// The page.
pub(super) const PAGE: &str = "report.html";

/// What the terminal can show.
pub(super) struct Told {
    summary: String,
    json: String,
    /// Files of an earlier report that this one does not have.
    removed: Vec<String>,
}

/// Makes the report as `run` does; an unchanged one is found made.
pub(super) fn make(found: &Found<'_>) -> Result<Told> {
    let digest = found.digest()?;
    if let Some(files) = found.made_before(&digest, &[SUMMARY, JSON])? {
        let [summary, json] = <[Vec<u8>; 2]>::try_from(files).expect("as many files as were asked for");
        return Ok(Told { summary: text(summary)?, json: text(json)?, removed: Vec::new() });
    }
    made(found, None, digest, &Wanted::default())
}

/// Makes the report anew, of what is `wanted`; of what was `judged`, where it was.
pub(super) fn make_again(found: &Found<'_>, judged: Option<Judgement>, wanted: &Wanted) -> Result<Told> {
    let digest = found.digest()?;
    made(found, judged, format!("{digest}{}", wanted.difference()), wanted)
}

fn made(found: &Found<'_>, judged: Option<Judgement>, digest: String, wanted: &Wanted) -> Result<Told> {
    let judgement = judged.map_or_else(|| found.judge(), Ok)?;
    let view = View::new(Inputs::of(judgement)?);
    let outputs: Vec<(String, Vec<u8>)> =
        report::rendered(&view, wanted)?.into_iter().map(|output| (output.path, output.bytes)).collect();
    let removed = found.publish(digest, &outputs)?;
    let of = |name: &str| {
        let output = outputs.iter().find(|(path, _)| path == name);
        text(output.expect("a report has a summary and JSON").1.clone())
    };
    Ok(Told { summary: of(SUMMARY)?, json: of(JSON)?, removed })
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| Error::internal("a report is not UTF-8 text"))
}

/// Prints the report and says what is missing; returns the exit code.
pub(super) fn tell(results: &Results, found: &Found<'_>, told: &Told, json: bool, quiet: bool) -> Result<u8> {
    terminal::product(if json { &told.json } else { &told.summary })?;
    if !quiet {
        let page = results.folder().join(PAGE);
        let told_of = if page.is_file() { page } else { results.folder().to_path_buf() };
        terminal::talk(&format!("\nreport: {}", told_of.display()));
        if let Some(words) = stale::words(&told.removed, "report") {
            terminal::talk(&words);
        }
    }
    let failed = found.failed();
    if failed.is_empty() && found.count() == results.planned() {
        return Ok(exit::FINE);
    }
    for (cell, reason) in &failed {
        terminal::talk(&format!("failed: {cell}: {reason}"));
    }
    let missing = results.planned() - found.count();
    terminal::talk(&format!(
        "incomplete: {} of {} cells failed, {missing} {} missing",
        failed.len(),
        results.planned(),
        if missing == 1 { "is" } else { "are" },
    ));
    Ok(exit::INCOMPLETE)
}
