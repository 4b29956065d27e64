//! Escalation rules over the history of a results folder, or over a table of windows; shared by `gate` and `report --history`.

use std::path::Path;

use crate::error::{Error, Result};
use crate::files;
use crate::gate;
use crate::rules::{self, Course, Endpoint, History, RuleBook};
use crate::run::history::FILE;
use crate::run::{Found, Results};

/// The rule file's name, as reports have it: without the folders of this machine.
pub(in crate::cli) fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a table of windows is called: its file's name without the ending.
pub(in crate::cli) fn table_name(table: &Path) -> String {
    table.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The rule file.
pub(in crate::cli) fn read(file: &Path) -> Result<RuleBook> {
    let context = |error: Error| error.context(format!("cannot use the rules in `{}`", file.display()));
    RuleBook::parse(&files::read_text(file)?).map_err(context)
}

/// Over what was recorded, and what is there now as the newest window: under the label `window`, where one is given. `endpoints`: what the gate found of it.
pub(in crate::cli) fn over_folder(
    book: &RuleBook,
    (results, found): (&Results, &Found<'_>),
    window: Option<&str>,
    endpoints: Option<&[Endpoint]>,
) -> Result<Course> {
    let mut history = results.history()?;
    let context = |error: Error| {
        error.context(format!("cannot judge the history in `{}`", results.folder().join(FILE).display()))
    };
    if found.count() > found.failed().len() {
        history.end_with(window, &found.judge()?.numbers()).map_err(context)?;
    }
    let threat = &found.experiment().threat;
    rules::evaluate(book, &history, Some((threat.norm, threat.epsilon)), endpoints).map_err(context)
}

/// Over a table of windows, whose last one is the newest. The history of a results folder knows the folder's threat; any other table knows none, so that
/// its numbers under attack are named by whole keys where there are several.
pub(in crate::cli) fn over_table(book: &RuleBook, table: &Path) -> Result<Course> {
    let context = |error: Error| error.context(format!("cannot judge the windows in `{}`", table.display()));
    let history = History::parse(&files::read(table)?).map_err(context)?;
    let is_history = table.file_name().is_some_and(|name| name == FILE);
    let folder = table.parent().filter(|_| is_history).and_then(|folder| Results::open(folder).ok());
    let threat = folder.map(|results| results.threat());
    rules::evaluate(book, &history, threat, None).map_err(context)
}

/// A verdict of rules alone: on a results folder whose cells may be missing.
pub(super) fn verdict(
    book: &RuleBook,
    (results, found): (&Results, &Found<'_>),
    window: Option<&str>,
) -> Result<gate::Verdict> {
    let absent = found.absent();
    if found.count() == found.failed().len() {
        let (cell, why) = absent.first().cloned().unwrap_or_default();
        let verdict = gate::incomplete(vec![format!("no cell is finished: {cell}: {why}")]);
        return Ok(gate::Verdict { missing: absent, ..verdict });
    }
    let base = match absent.first() {
        None => gate::unjudged(),
        Some((cell, why)) => {
            let more =
                if absent.len() > 1 { format!(", and {} more", absent.len() - 1) } else { String::new() };
            let verdict = gate::incomplete(vec![format!("{cell}: {why}{more}")]);
            gate::Verdict { missing: absent, ..verdict }
        }
    };
    Ok(base.escalated(over_folder(book, (results, found), window, None)?))
}
