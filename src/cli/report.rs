//! `equipoise report`: judge and draw again what a results folder holds.

use std::path::PathBuf;

use clap::Args;

use super::{history, telling};
use crate::error::Result;
use crate::run::Results;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A results folder, also an unfinished one; with --history also a table of windows.
    results: PathBuf,
    /// Record the present results as a window of history.csv, under a label of yours: a commit, a release, a date.
    #[arg(long, value_name = "LABEL")]
    record: Option<String>,
    /// Judge escalation rules over all windows instead: history.md, history.json and figures/history.
    #[arg(long, requires = "rules")]
    history: bool,
    /// The escalation rules (TOML).
    #[arg(long, value_name = "FILE", requires = "history")]
    rules: Option<PathBuf>,
    /// Print the report as JSON instead of the summary.
    #[arg(long)]
    json: bool,
    /// Say in the page on which machine and when the folder was run; its bytes are then no longer the same for the same numbers.
    #[arg(long, conflicts_with = "history")]
    with_run_info: bool,
}

/// Makes the report from the evidence in the folder; trains nothing.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let timeline = arguments.rules.as_deref().filter(|_| arguments.history);
    if let (Some(rules), None) = (timeline, &arguments.record) {
        return history::tell(&arguments.results, rules, arguments.json, quiet);
    }
    let results = Results::open(&arguments.results)?;
    let found = results.look()?;
    if let Some(label) = &arguments.record {
        history::record(&results, &found, label, quiet)?;
    }
    if let Some(rules) = timeline {
        drop(found);
        return history::tell(&arguments.results, rules, arguments.json, quiet);
    }
    let run_info = if arguments.with_run_info { results.machine_and_time()? } else { Vec::new() };
    let told = telling::make_anew(&found, &run_info)?;
    telling::tell(&results, &found, &told, arguments.json, quiet)
}
