//! `baseline check`: a results folder beside a baseline; what differs is put up for acceptance.

use std::path::{Path, PathBuf};

use clap::Args;

use super::beside;
use crate::cli::gate::{self, Question};
use crate::cli::{exit, terminal};
use crate::error::Result;
use crate::gate::Word;
use crate::report::gate as telling;
use crate::run::baseline::{self as store, Baseline};
use crate::words::count;

/// So many missing cells are named at most.
const NAMED: usize = 10;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A results folder that `run` or `import` made.
    results: PathBuf,
    /// The baseline's folder; it need not exist yet.
    #[arg(long, value_name = "DIR")]
    baseline: PathBuf,
}

pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let judged = gate::judge(&Question {
        results: &arguments.results,
        baseline: &arguments.baseline,
        policy: None,
        alpha: None,
        claim: None,
        require: &[],
        base_results: None,
        datasets: Path::new("datasets"),
        confirm: None,
    })?;
    let code = gate::code(&judged.verdict, &[], judged.rules.policy);
    let (results, baseline) =
        (arguments.results.display().to_string(), arguments.baseline.display().to_string());
    let story = judged.story(&baseline, code);
    let found = judged.results.look()?;
    let missing = found.absent();
    if !missing.is_empty() {
        if judged.baseline.is_some() {
            terminal::product(&telling::terminal(&story, Some(&results)))?;
            return Ok(code);
        }
        terminal::product(&incomplete(&judged.name, &baseline, &missing))?;
        return Ok(exit::INCOMPLETE);
    }
    // Everything is there, so there is a side.
    let side = match judged.side.clone() {
        Some(side) => side,
        None => found.side()?,
    };
    let new = Baseline::of(side, found.experiment())?;
    let broken = beside::broken(&beside::requirements(&new)?);
    let terms = judged
        .baseline
        .as_ref()
        .map_or_else(Vec::new, |old| old.manifest.gate.differences(&new.manifest.gate));
    let is_mixed = judged.baseline.as_ref().is_some_and(|old| !old.manifest.parts.is_empty());
    match &judged.baseline {
        Some(_) => terminal::product(&telling::terminal(&story, Some(&results)))?,
        None => terminal::product(&format!("{}: no baseline in {baseline} yet\n", judged.name))?,
    }
    if judged.verdict.word == Word::Identical && terms.is_empty() && !is_mixed {
        if store::awaits(&arguments.baseline) {
            store::withdraw(&arguments.baseline)?;
            if !quiet {
                terminal::talk("what awaited acceptance is dropped: these results are those of the baseline");
            }
        }
        return Ok(code);
    }
    store::propose(&arguments.baseline, &new, &telling::json(&story)?)?;
    if !quiet {
        if judged.baseline.is_none() || !terms.is_empty() {
            for one in broken {
                terminal::talk(&format!("warning: this requirement is broken: {one}"));
            }
        }
        if !terms.is_empty() {
            terminal::talk(&format!("the terms of the gate would change: {}", beside::said(&terms)));
        }
        if let Some(warning) = beside::blind(&new) {
            terminal::talk(&warning);
        }
        terminal::talk(&format!(
            "\nput up for acceptance in {}: `equipoise baseline review {baseline}`, then `accept {baseline} --reason TEXT` or `reject {baseline}`",
            store::pending(&arguments.baseline).display()
        ));
    }
    // A first baseline has nothing to differ from.
    Ok(if judged.baseline.is_none() { exit::FINE } else { code })
}

fn incomplete(name: &str, baseline: &str, missing: &[(String, String)]) -> String {
    let mut text = format!(
        "{name}: incomplete, so no baseline can be made of it (there is none in {baseline} yet)\n\n  {} failed or missing:\n",
        count(missing.len(), "cell")
    );
    for (cell, why) in missing.iter().take(NAMED) {
        text.push_str(&format!("  {cell}: {why}\n"));
    }
    if missing.len() > NAMED {
        text.push_str(&format!("  and {} more\n", missing.len() - NAMED));
    }
    text
}
