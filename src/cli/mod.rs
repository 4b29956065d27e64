//! The command line: one file per sub-command.
//!
//! stdout is the product, stderr is talk. A closed pipe ends the program quietly.

mod attack;
mod choose;
mod exit;
mod fetch;
mod import;
mod baseline;
mod gate;
mod front;
mod history;
mod ls;
mod plan;
mod progress;
mod report;
mod run;
mod score;
mod selftest;
mod sheet;
mod stale;
mod telling;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::error::Result;
use crate::experiment::{self, Loaded, Override};
use crate::simd;

/// Measures what security costs in safety, and the other way round.
///
/// Trains small models at varying adversarial-training strength, attacks them, measures safety and
/// security on the same rows, and computes the Pareto front between them with its uncertainty.
#[derive(Debug, Parser)]
#[command(
    name = "equipoise",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Command {
    #[command(subcommand)]
    what: What,
    /// Say nothing on stderr but errors.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Run an experiment: train, attack, measure, report. Running again resumes.
    Run(run::Arguments),
    /// List the cells of an experiment, which are done and which are to run; trains nothing.
    Plan(plan::Arguments),
    /// Judge and draw again what a results folder holds, also an unfinished one.
    Report(report::Arguments),
    /// Choose a configuration: the best at one number among those whose other numbers are as required; chosen on validation rows, stated on test
    /// rows.
    Choose(choose::Arguments),
    /// Take in models that were made and attacked elsewhere, as evidence in a results folder: `report` and all else then treats them like its own.
    Import(import::Arguments),
    /// Attack one model, trained here or elsewhere, with a suite; or verify somebody's adversarial rows.
    ///
    /// The architecture (logistic regression, MLP or CNN) is told from the tensors' names and shapes, which are PyTorch's:
    /// `linear1.weight`, `linear1.bias`, …, after `conv1.weight`, `conv1.bias`, … of convolutions.
    Attack(Box<attack::Arguments>),
    /// The Pareto front of anyone's numbers in a CSV file: members, hypervolume, knees. Trains nothing.
    Front(Box<front::Arguments>),
    /// Measure the safety side of anyone's predictions in a CSV file: fairness, calibration, abstention. Trains nothing.
    Score(Box<score::Arguments>),
    /// Hold a results folder to a baseline: did the trade-off curve get worse? Or to escalation rules over its history. Trains nothing, but with
    /// --confirm.
    Gate(Box<gate::Arguments>),
    /// Make, look at and accept the baselines that `gate` holds runs to.
    Baseline(baseline::Arguments),
    /// Download data sets and verify them.
    Fetch(fetch::Arguments),
    /// List what there is: metrics, data sets, attacks, defenses, certificates, explanations, corruptions, models, checks.
    Ls(ls::Arguments),
    /// Train and attack on problems with known answers; print measured against exact.
    Selftest(selftest::Arguments),
}

/// What `run` and `plan` share.
#[derive(Debug, Args)]
struct ExperimentArguments {
    /// The experiment, a TOML file.
    config: PathBuf,
    /// Settings in place of the file's, such as `training.epochs=20` or `defense.0.strengths=[0,0.1]`.
    #[arg(value_name = "path.to.key=value")]
    overrides: Vec<Override>,
    /// The results folder [default: results/<experiment>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    datasets: DatasetsFolder,
}

impl ExperimentArguments {
    /// The experiment, and the folder that holds or will hold its results.
    fn load(&self) -> Result<(Loaded, PathBuf)> {
        let loaded = experiment::load(&self.config, &self.overrides)?;
        let named = || PathBuf::from("results").join(&loaded.experiment.name);
        let out = self.out.clone().unwrap_or_else(named);
        Ok((loaded, out))
    }
}

/// Where fetched data sets lie.
#[derive(Debug, Args)]
struct DatasetsFolder {
    /// The folder that `fetch` fills.
    #[arg(long, value_name = "DIR", env = "EQUIPOISE_DATASETS", default_value = "datasets")]
    datasets: PathBuf,
}

/// Parses the command line, does what it says, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    use clap::{CommandFactory, FromArgMatches};
    // A misspelled EQUIPOISE_SIMD is an error of any command, `--version` included, not a silent fallback.
    if let Err(error) = simd::InstructionSet::chosen() {
        terminal::complain(&error);
        return exit::code(error.kind());
    }
    let command = Command::command().long_version(long_version()).get_matches();
    let command = match Command::from_arg_matches(&command) {
        Ok(command) => command,
        Err(error) => error.exit(),
    };
    match execute(&command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal::complain(&error);
            exit::code(error.kind())
        }
    }
}

fn execute(command: &Command) -> Result<u8> {
    match &command.what {
        What::Run(arguments) => run::execute(arguments, command.quiet),
        What::Plan(arguments) => plan::execute(arguments),
        What::Report(arguments) => report::execute(arguments, command.quiet),
        What::Choose(arguments) => choose::execute(arguments, command.quiet),
        What::Import(arguments) => import::execute(arguments, command.quiet),
        What::Attack(arguments) => attack::execute(arguments, command.quiet),
        What::Front(arguments) => front::execute(arguments),
        What::Score(arguments) => score::execute(arguments, command.quiet),
        What::Gate(arguments) => gate::execute(arguments, command.quiet),
        What::Baseline(arguments) => baseline::execute(arguments, command.quiet),
        What::Fetch(arguments) => fetch::execute(arguments, command.quiet),
        What::Ls(arguments) => ls::execute(arguments),
        What::Selftest(arguments) => selftest::execute(arguments, command.quiet),
    }
}

fn long_version() -> String {
    format!("{}\ninstruction set: {}", env!("CARGO_PKG_VERSION"), simd::instruction_set())
}
