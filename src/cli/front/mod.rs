//! `equipoise front`: the Pareto front of anyone's numbers, without any training.

mod asked;
mod numbers;
mod read;
mod telling;
#[cfg(test)]
mod tests;
mod work;

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use self::asked::Asked;
use super::{exit, sheet, terminal};
use crate::error::Result;
use crate::pareto::filter;
use crate::seed::Seed;

const EXAMPLES: &str = "\
Examples:
  equipoise front sweep.csv --max acc --max robust --min gap
      who is on the front, who dominates the others, where it bends
  equipoise front sweep.csv --max acc,robust --min gap --ref acc=0,robust=0,gap=1 --bounds acc=0:1,robust=0:1,gap=0:1
      the hypervolume up to a reference of your own, also as a share of the box
  equipoise front new.csv --max acc --max robust --against old.csv
      what the new set lacks to cover the old one
  equipoise front runs.csv --max acc --max robust --by model,eps
      the front of means over the rows that agree on model and eps, such as seeds
  cat sweep.csv | equipoise front - --max acc --min gap --json | jq .members
      for scripts; rows count from 0, the header is none";

/// Arguments of `front`.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    group = ArgGroup::new("objectives").required(true).multiple(true).args(["max", "min"]),
    group = ArgGroup::new("shown").args(["json", "csv", "format"])
)]
pub(super) struct Arguments {
    /// A CSV file whose first line names the columns, one row per candidate; `-` is standard input.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// A column of which more is better; several with commas, or one by one. A name that holds a comma stands in double quotes: --max '"accuracy, clean",robust'.
    #[arg(long, value_name = "COLUMN")]
    max: Vec<String>,
    /// A column of which less is better.
    #[arg(long, value_name = "COLUMN")]
    min: Vec<String>,
    /// The reference of the hypervolume, a value for each objective: only rows better than it on all of them count [default: the worst ends of --bounds; without these a tenth
    /// of the front's extent beyond its worst, and printed so that it can be kept].
    #[arg(long = "ref", value_name = "COLUMN=VALUE,…")]
    reference: Vec<String>,
    /// The ends of an objective's scale, of all or of none, beyond which no value lies: they state the hypervolume as a share of the box, and knees and differences on them.
    #[arg(long, value_name = "COLUMN=LOW:HIGH,…")]
    bounds: Vec<String>,
    /// The columns that name a configuration: rows that agree on them are its replicates, such as seeds, and their means compete.
    #[arg(long, value_name = "COLUMN")]
    by: Vec<String>,
    /// Another file with the same columns: every indicator of the one set against the other, both ways.
    #[arg(long, value_name = "FILE.csv")]
    against: Option<PathBuf>,
    /// Of several equal rows on the front, keep all or the first.
    #[arg(long, value_enum, value_name = "WHICH", default_value = "keep")]
    ties: Ties,
    /// Where the exact hypervolume would take too long, an approximate one with its error.
    #[arg(long)]
    approx: bool,
    /// Seed of the approximate hypervolume.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "approx")]
    approx_seed: u64,
    /// What separates fields, one character; `\t` is a tab.
    #[arg(long, value_name = "CHARACTER", value_parser = sheet::separator, default_value = ",")]
    separator: u8,
    /// Print one JSON object, numbers with all their digits.
    #[arg(long)]
    json: bool,
    /// Print the members as CSV, with their row numbers and all their columns.
    #[arg(long)]
    csv: bool,
    /// What to print.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Ties {
    /// All of them.
    Keep,
    /// The first one.
    First,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For the terminal.
    Table,
    /// For scripts.
    Json,
    /// For spreadsheets.
    Csv,
}

/// Reads, works out and tells.
pub(super) fn execute(arguments: &Arguments) -> Result<u8> {
    let asked = arguments.asked()?;
    let (bytes, origin, name) = sheet::bytes(&arguments.file)?;
    let of_file = |error: crate::Error, origin: &str| error.context(format!("no front of {origin}"));
    let rows = read::rows(&bytes, &asked, arguments.separator).map_err(|error| of_file(error, &origin))?;
    let other = match &arguments.against {
        None => None,
        Some(path) => {
            let (bytes, origin, name) = sheet::bytes(path)?;
            let rows = read::rows(&bytes, &asked, arguments.separator);
            Some((name, rows.map_err(|error| of_file(error, &origin))?))
        }
    };
    let seed = arguments.approx.then_some(Seed(arguments.approx_seed));
    let found = work::found(&rows, other.as_ref(), &asked, seed).map_err(|error| of_file(error, &origin))?;
    let shown = |number: fn(f64) -> String| {
        let records = read::records(&bytes, arguments.separator, &found.members)?;
        Ok::<_, crate::Error>(if asked.by.is_empty() {
            records
        } else {
            read::means(&records, &asked, &found.values, &found.counts, number)
        })
    };
    let format = arguments.format();
    terminal::product(&match format {
        Format::Table => telling::table(&name, &found, &asked, &shown(telling::number)?),
        Format::Json => format!("{}\n", numbers::json(&found, &asked)),
        Format::Csv => numbers::csv(&found, &shown(|x| x.to_string())?)?,
    })?;
    if let (Some(unreached), Format::Json | Format::Csv) = (&found.unreached, format) {
        terminal::talk(&format!("warning: {unreached}"));
    }
    if let (Err(reason), Format::Csv) = (&found.contributions, format) {
        terminal::talk(&format!("warning: the column `contribution` is empty: {reason}"));
    }
    Ok(exit::FINE)
}

impl Arguments {
    fn asked(&self) -> Result<Asked> {
        let ties = match self.ties {
            Ties::Keep => filter::Ties::Keep,
            Ties::First => filter::Ties::First,
        };
        let parts = |texts: &[String]| -> Result<Vec<String>> {
            let parts = texts.iter().map(|text| sheet::listed(text));
            Ok(parts.collect::<Result<Vec<_>>>()?.concat())
        };
        let [max, min, reference, bounds, by] =
            [&self.max, &self.min, &self.reference, &self.bounds, &self.by].map(|texts| parts(texts));
        Asked::of(&max?, &min?, &reference?, &bounds?, ties, &by?)
    }

    fn format(&self) -> Format {
        match (self.format, self.json, self.csv) {
            (Some(format), ..) => format,
            (None, true, _) => Format::Json,
            (None, _, true) => Format::Csv,
            (None, false, false) => Format::Table,
        }
    }
}
