//! `equipoise choose`: one configuration under requirements, chosen on validation rows and stated on test rows.

mod telling;

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::{exit, terminal};
use crate::error::{Error, Result};
use crate::evidence::Split;
use crate::experiment;
use crate::files;
use crate::measure::Direction;
use crate::points::Point;
use crate::report::card::{self, Chosen};
use crate::report::{Inputs, View};
use crate::requirement::Requirement;
use crate::run::{Asked, Found, Recommendation, Results};

const EXAMPLES: &str = "\
Examples:
  equipoise choose results/adult --require 'worst_group_accuracy>=0.6' --max robust_accuracy
      the most robust configuration whose worst-off group has at least 0.6
  equipoise choose results/quick --require 'robust_accuracy>=0.3' --require 'ece_15<=0.05' --max accuracy
      several requirements; all must hold
  equipoise choose results/quick --max robust_accuracy --card card.md
      with a model card of what is chosen
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
    /// Write a model card of what is chosen (Markdown): data, numbers, groups, attacks and checks, limits, and how to make it again. What only its
    /// author can say is left open.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
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

/// Chooses and tells; nothing is trained, and no file is written but a card.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
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
    let found = results.look()?;
    let recommendation = found.choose(&asked)?;
    terminal::product(&if arguments.json {
        format!("{}\n", telling::json(&recommendation))
    } else {
        telling::words(&recommendation)
    })?;
    if let Some(file) = &arguments.card {
        let said = match card(&found, &recommendation, arguments)? {
            Some(text) => {
                files::write_atomic(file, text.as_bytes(), None)?;
                format!("card: {}", file.display())
            }
            None => format!("nothing is chosen, so {} is not written", file.display()),
        };
        if !quiet {
            terminal::talk(&format!("\n{said}"));
        }
    }
    // What is chosen among a part may be another than the whole's: a script must not take it for that.
    Ok(match (recommendation.cells.is_whole(), recommendation.pick.chosen()) {
        (false, _) => exit::INCOMPLETE,
        (true, Some(_)) => exit::FINE,
        (true, None) => exit::CHECK_FAILED,
    })
}

/// The model card of what is chosen; none where nothing is.
fn card(found: &Found<'_>, recommendation: &Recommendation, arguments: &Arguments) -> Result<Option<String>> {
    let Some(chosen) = recommendation.pick.chosen() else { return Ok(None) };
    let own = &recommendation.choosing[chosen.point];
    let view = View::new(Inputs::of(found.judge()?)?);
    let same = |other: &Point| other.coordinates == own.coordinates && other.model == own.model;
    let point = view.given.points.iter().position(same);
    let point = point.ok_or_else(|| Error::internal("what is chosen is no point of the report"))?;
    let command = asked_as(&recommendation.name, arguments);
    let answer = telling::words(recommendation);
    Ok(Some(card::of_chosen(&view, point, Chosen { command: &command, answer: &answer })))
}

/// The command, about the folder that the experiment `name` has by itself: a card must not tell where it was made.
fn asked_as(name: &str, arguments: &Arguments) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut command = format!("equipoise choose results/{name}");
    for one in &arguments.require {
        command.push_str(&format!(" --require {}", quoted(&one.to_string())));
    }
    for (word, key) in [("max", &arguments.max), ("min", &arguments.min)] {
        command.push_str(
            &key.as_ref().map_or_else(String::new, |key| format!(" --{word} {}", quoted(key.trim()))),
        );
    }
    if arguments.on == On::Test {
        command.push_str(" --on test");
    }
    command
}
