//! `equipoise choose`: one configuration under requirements, chosen on validation rows and stated on test rows.

mod telling;

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::{exit, terminal};
use crate::error::Result;
use crate::evidence::Split;
use crate::measure::Direction;
use crate::pareto::Relation;
use crate::run::{Asked, Results};

const EXAMPLES: &str = "\
Examples:
  equipoise choose results/adult --require 'worst_group_accuracy>=0.6' --max robust_accuracy
      the most robust configuration whose worst-off group has at least 0.6
  equipoise choose results/quick --require 'robust_accuracy>=0.3' --require 'ece_15<=0.05' --max accuracy
      several requirements; all must hold
  equipoise choose results/quick --max robust_accuracy --json | jq .chosen.coordinates
      for scripts; exit code 1 where nothing satisfies

Quote requirements: `>` means something to the shell.";

/// Arguments of `choose`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("aim").required(true).args(["max", "min"]))]
pub(super) struct Arguments {
    /// A results folder.
    results: PathBuf,
    /// What must hold, quoted: a metric key, one of >=, >, <=, < and a number, such as `worst_group_accuracy@sex>=0.6`. Repeat it for more.
    #[arg(long, value_name = "REQUIREMENT", value_parser = requirement, allow_hyphen_values = true)]
    require: Vec<(String, Relation, f64)>,
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
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let results = Results::open(&arguments.results)?;
    let aim = match (&arguments.max, &arguments.min) {
        (Some(key), _) => (key.trim().to_owned(), Direction::Higher),
        (_, key) => (key.as_deref().unwrap_or_default().trim().to_owned(), Direction::Lower),
    };
    let on = match arguments.on {
        On::Validation => Split::Validation,
        On::Test => Split::Test,
    };
    let found = results.look()?;
    let recommendation = found.choose(&Asked { aim, requirements: arguments.require.clone(), on })?;
    if !quiet && found.count() < results.planned() {
        terminal::talk(&format!(
            "incomplete: {} of {} cells are there, and only these are chosen among",
            found.count(),
            results.planned()
        ));
    }
    terminal::product(&if arguments.json {
        format!("{}\n", telling::json(&recommendation))
    } else {
        telling::words(&recommendation)
    })?;
    Ok(if recommendation.pick.chosen().is_some() { exit::FINE } else { exit::CHECK_FAILED })
}

/// `key>=number`. A key may hold `=`, and `!protocol:norm:epsilon`.
fn requirement(text: &str) -> Result<(String, Relation, f64), String> {
    let bad = "write a metric key, one of >=, >, <=, < and a number, such as 'worst_group_accuracy>=0.6'";
    let place = text.rfind(['>', '<', '≥', '≤']).ok_or_else(|| bad.to_owned())?;
    let (key, rest) = text.split_at(place);
    let mut letters = rest.chars();
    let sign = letters.next().unwrap_or_default();
    let rest = letters.as_str();
    let (relation, number) = match (sign, rest.strip_prefix('=')) {
        ('>', Some(number)) => (Relation::AtLeast, number),
        ('<', Some(number)) => (Relation::AtMost, number),
        ('>', None) => (Relation::Above, rest),
        ('<', None) => (Relation::Below, rest),
        ('≥', _) => (Relation::AtLeast, rest),
        _ => (Relation::AtMost, rest),
    };
    if key.trim().is_empty() {
        return Err(bad.to_owned());
    }
    match number.trim().parse::<f64>() {
        Ok(limit) if limit.is_finite() => Ok((key.trim().to_owned(), relation, limit + 0.0)),
        _ if number.trim().ends_with('%') => {
            Err(format!("`{}` is no number: shares are written from 0 to 1, such as 0.6", number.trim()))
        }
        _ => Err(format!("`{}` is no number; {bad}", number.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_a_key_a_relation_and_a_number() {
        let read = |text: &str| requirement(text).unwrap();
        assert_eq!(read("accuracy>=0.6"), ("accuracy".to_owned(), Relation::AtLeast, 0.6));
        assert_eq!(read("ece_15 < 5e-2"), ("ece_15".to_owned(), Relation::Below, 0.05));
        assert_eq!(read("accuracy ≥ 0.6"), ("accuracy".to_owned(), Relation::AtLeast, 0.6));
        assert_eq!(
            read("true_positive_rate@age=>50<=0.9"),
            ("true_positive_rate@age=>50".to_owned(), Relation::AtMost, 0.9)
        );
        assert_eq!(
            read("robust_accuracy!ab:linf:0.1>0.3"),
            ("robust_accuracy!ab:linf:0.1".to_owned(), Relation::Above, 0.3)
        );
        for text in ["accuracy", "accuracy=0.6", ">=0.6", "accuracy>=", "accuracy>=60%", "accuracy>=nan"] {
            assert!(requirement(text).is_err(), "{text}");
        }
    }
}
