//! `equipoise choose`: one configuration under requirements, chosen on validation rows and stated on test rows.

mod telling;

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::{exit, terminal};
use crate::error::Result;
use crate::evidence::Split;
use crate::experiment;
use crate::measure::Direction;
use crate::requirement::Requirement;
use crate::run::{Asked, Results};

const EXAMPLES: &str = "\
Examples:
  equipoise choose results/adult --require 'worst_group_accuracy>=0.6' --max robust_accuracy
      the most robust configuration whose worst-off group has at least 0.6
  equipoise choose results/quick --require 'robust_accuracy>=0.3' --require 'ece_15<=0.05' --max accuracy
      several requirements; all must hold
  equipoise choose results/quick --max robust_accuracy --json | jq .chosen.coordinates
      for scripts; exit code 1 where nothing satisfies, 5 where cells failed or are missing

Quote requirements: `>` means something to the shell.";

/// Arguments of `choose`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("aim").required(true).args(["max", "min"]))]
pub(super) struct Arguments {
    /// A results folder.
    results: PathBuf,
    /// What must hold, quoted: a metric key, one of >=, >, <=, < and a number, such as `worst_group_accuracy@sex>=0.6`. Repeat it for more.
    #[arg(long, value_name = "REQUIREMENT", allow_hyphen_values = true)]
    require: Vec<Requirement>,
    /// The metric key to be as large as possible, `id[@group][!protocol:norm:epsilon]`. Without a radius it is that of the threat.
    #[arg(long, value_name = "KEY")]
    max: Option<String>,
    /// The metric key to be as small as possible.
    #[arg(long, value_name = "KEY")]
    min: Option<String>,
    /// The rows that choose. Chosen on test rows, figures look better than they are.
    #[arg(long, value_enum, value_name = "ROWS", default_value_t = On::Validation)]
    on: On,
    /// Print one JSON object, numbers with all their digits.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum On {
    /// Rows that figures are not stated on.
    Validation,
    /// The same rows that figures are stated on.
    Test,
}

/// Chooses and tells; nothing is trained and no file is written.
pub(super) fn execute(arguments: &Arguments) -> Result<u8> {
    experiment::possible(&arguments.require)?;
    let results = Results::open(&arguments.results)?;
    let aim = match (&arguments.max, &arguments.min) {
        (Some(key), _) => (key.trim().to_owned(), Direction::Higher),
        (_, key) => (key.as_deref().unwrap_or_default().trim().to_owned(), Direction::Lower),
    };
    let on = match arguments.on {
        On::Validation => Split::Validation,
        On::Test => Split::Test,
    };
    let asked = Asked { aim, requirements: arguments.require.clone(), on };
    let recommendation = results.look()?.choose(&asked)?;
    terminal::product(&if arguments.json {
        format!("{}\n", telling::json(&recommendation))
    } else {
        telling::words(&recommendation)
    })?;
    // What is chosen among a part may be another than the whole's: a script must not take it for that.
    Ok(match (recommendation.cells.is_whole(), recommendation.pick.chosen()) {
        (false, _) => exit::INCOMPLETE,
        (true, Some(_)) => exit::FINE,
        (true, None) => exit::CHECK_FAILED,
    })
}
