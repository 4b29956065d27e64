//! `equipoise plan`: what `run` would do.

use clap::Args;

use super::{ExperimentArguments, exit, terminal};
use crate::error::Result;
use crate::run::{self, State};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    experiment: ExperimentArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Lists the cells and says which are done.
pub(super) fn execute(arguments: &Arguments) -> Result<u8> {
    let (loaded, out) = arguments.experiment.load()?;
    let cells = run::survey(&loaded, &arguments.experiment.datasets.datasets, &out)?;
    if arguments.json {
        let list: Vec<_> = cells
            .iter()
            .map(|(cell, state)| {
                serde_json::json!({
                    "run": cell.run, "coordinates": cell.coordinates, "seed": cell.seed, "state": state.word(),
                })
            })
            .collect();
        terminal::product(&format!("{}\n", serde_json::json!({ "cells": list })))?;
        return Ok(exit::FINE);
    }
    let rows: Vec<Vec<String>> = cells
        .iter()
        .map(|(cell, state)| {
            let coordinates: Vec<String> =
                cell.coordinates.iter().map(|(key, value)| format!("{key}={value}")).collect();
            vec![state.word().to_owned(), cell.seed.to_string(), coordinates.join(", "), cell.run.clone()]
        })
        .collect();
    let text = terminal::table(&["state", "seed", "cell", "run id"], &rows, &[1]);
    let count = |wanted: State| cells.iter().filter(|(_, state)| *state == wanted).count();
    terminal::product(&format!(
        "{text}\n{} cells: {} cached, {} failed before, {} to run\n",
        cells.len(),
        count(State::Cached),
        count(State::Failed),
        count(State::ToRun)
    ))?;
    Ok(exit::FINE)
}
