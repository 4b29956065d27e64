//! `equipoise report`: judge and draw again what a results folder holds.

use std::path::PathBuf;

use clap::Args;

use super::telling;
use crate::error::Result;
use crate::run::Results;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A results folder, also an unfinished one.
    results: PathBuf,
    /// Print the report as JSON instead of the summary.
    #[arg(long)]
    json: bool,
}

/// Makes the report from the evidence in the folder; trains nothing.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let results = Results::open(&arguments.results)?;
    let found = results.look()?;
    let told = telling::make(&found, true)?;
    telling::tell(&results, &found, &told, arguments.json, quiet)
}
