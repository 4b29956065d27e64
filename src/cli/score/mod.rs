//! `equipoise score`: the safety side of anyone's predictions, without any training.

mod classes;
mod columns;
mod numbers;
mod read;
mod sections;
mod telling;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::read::Asked;
use super::{exit, sheet, terminal};
use crate::error::Result;
use crate::evidence::Evidence;
use crate::measure::MetricKey;
use crate::points::{self, Measured, Options};
use crate::seed::Seed;
use crate::words::count;

/// Resamples at most.
const MOST_RESAMPLES: usize = 100_000;

const EXAMPLES: &str = "\
Examples:
  equipoise score predictions.csv --label y --score p --group sex,race
      two classes; p is the probability of the positive one, and p >= 0.5 the decision
  equipoise score predictions.csv --label kind --scores p_cat,p_dog,p_bird
      several classes; the most probable one is the decision
  equipoise score predictions.csv --label y --prediction yhat --group sex --positive approved
      decisions without probabilities
  gunzip -c predictions.csv.gz | equipoise score - --label y --score p --json | jq .metrics.ece_15
      for scripts; a number that cannot be had is null, with the reason beside it";

/// Arguments of `score`.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    group = ArgGroup::new("said").required(true).multiple(true).args(["score", "scores", "prediction"]),
    group = ArgGroup::new("shown").args(["markdown", "json", "csv", "format"])
)]
pub(super) struct Arguments {
    /// A CSV file whose first line names the columns, one row per prediction; `-` is standard input.
    #[arg(value_name = "PREDICTIONS.csv")]
    predictions: PathBuf,
    /// The column with the true class. Classes are sorted by value, numerically where all are numbers.
    #[arg(long, value_name = "COLUMN")]
    label: String,
    /// The column with the probability of the positive class, where there are two classes.
    #[arg(long, value_name = "COLUMN", conflicts_with = "scores")]
    score: Option<String>,
    /// The columns with the probability of each class. Which class a column is about is told by its name (`p_cat` is about `cat`) or,
    /// where no column is called after a class, by its place.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    scores: Vec<String>,
    /// The column with the predicted class; with --score or --scores beside it, it decides; calibration and abstention
    /// are about the most probable class, and it is said where that is another.
    #[arg(long, value_name = "COLUMN")]
    prediction: Option<String>,
    /// Columns with sensitive attributes, of 200 groups at most; rows with an empty cell, or NA, NaN, None, null or ?, are left out of that
    /// attribute's numbers.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    group: Vec<String>,
    /// The column that says which rows belong together, such as the patient whose visits they are: rows of one value are drawn together, and count in intervals and p-values as if
    /// they said the same [default: rows are independent].
    #[arg(long, value_name = "COLUMN")]
    unit: Option<String>,
    /// With --score: from this probability on the decision is the positive class [default: 0.5].
    #[arg(
        long,
        value_name = "P",
        value_parser = threshold,
        requires = "score",
        conflicts_with = "prediction",
        allow_negative_numbers = true
    )]
    threshold: Option<f64>,
    /// The positive class [default: of two, the one called 1, true, yes or the like, else the larger number; of
    /// two other texts --score asks for it; of more classes, none].
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    positive: Option<String>,
    /// The class of each of --scores, in order, where their names and places do not tell.
    #[arg(long, value_name = "CLASSES", value_delimiter = ',', requires = "scores")]
    classes: Vec<String>,
    /// Resamples of the rows behind the intervals; 0 leaves those in closed form alone (shares, smallest shares, two groups), and no lines on what chance alone would show.
    #[arg(long, value_name = "N", value_parser = resamples, default_value_t = 1000)]
    bootstrap: usize,
    /// Nominal coverage of the intervals.
    #[arg(long, value_name = "SHARE", value_parser = level, default_value_t = 0.95)]
    level: f64,
    /// Show the id of every number, as in JSON, CSV and keys of experiments; `ls metrics ID` says what it is.
    #[arg(long)]
    ids: bool,
    /// Seed of the resamples.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// What separates fields, one character; `\t` is a tab.
    #[arg(long, value_name = "CHARACTER", value_parser = sheet::separator, default_value = ",")]
    separator: u8,
    /// Print Markdown.
    #[arg(long)]
    markdown: bool,
    /// Print one JSON object, numbers with all their digits.
    #[arg(long)]
    json: bool,
    /// Print CSV, numbers with all their digits.
    #[arg(long)]
    csv: bool,
    /// What to print.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For the terminal.
    Table,
    /// For a document.
    Markdown,
    /// For scripts.
    Json,
    /// For spreadsheets.
    Csv,
}

/// Predictions and what was measured of them.
struct Scored {
    /// File name, or `standard input`.
    origin: String,
    evidence: Evidence,
    measures: BTreeMap<MetricKey, Measured>,
    options: Options,
    /// Where it made the decisions.
    threshold: Option<f64>,
    /// Where decisions come from, in words.
    decisions: String,
    /// What was left out, made or assumed in reading: sentences.
    notes: Vec<String>,
    /// Score columns, each with the class it is about.
    about: Vec<(String, String)>,
}

/// Reads, measures and tells.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let (bytes, origin, name) = sheet::bytes(&arguments.predictions)?;
    let asked = arguments.asked();
    let read::Read { evidence, mut notes, about } =
        read::evidence(&bytes, &asked).map_err(|error| error.context(format!("cannot score {origin}")))?;
    drop(bytes);
    notes.extend(few_resamples(arguments.bootstrap, arguments.level));
    let options =
        Options { resamples: arguments.bootstrap, seed: Seed(arguments.seed), level: arguments.level };
    let by_threshold = asked.score.is_some() && asked.prediction.is_none();
    let scored = Scored {
        origin: name,
        measures: watched(&evidence, options, quiet),
        decisions: decisions(&asked, &evidence),
        evidence,
        options,
        threshold: by_threshold.then_some(asked.threshold),
        notes,
        about,
    };
    terminal::product(&match arguments.format() {
        Format::Table => telling::table(&scored, arguments.ids),
        Format::Markdown => telling::markdown(&scored, arguments.ids),
        Format::Json => format!("{}\n", numbers::json(&scored)),
        Format::Csv => numbers::csv(&scored)?,
    })?;
    Ok(exit::FINE)
}

impl Arguments {
    fn asked(&self) -> Asked {
        let trimmed = |names: &[String]| names.iter().map(|name| name.trim().to_owned()).collect();
        Asked {
            label: self.label.trim().to_owned(),
            score: self.score.as_deref().map(|name| name.trim().to_owned()),
            scores: trimmed(&self.scores),
            prediction: self.prediction.as_deref().map(|name| name.trim().to_owned()),
            groups: trimmed(&self.group),
            unit: self.unit.as_deref().map(|name| name.trim().to_owned()),
            classes: trimmed(&self.classes),
            positive: self.positive.as_deref().map(|value| value.trim().to_owned()),
            threshold: self.threshold.unwrap_or(0.5),
            separator: self.separator,
        }
    }

    fn format(&self) -> Format {
        match (self.format, self.markdown, self.json, self.csv) {
            (Some(format), ..) => format,
            (None, true, ..) => Format::Markdown,
            (None, _, true, _) => Format::Json,
            (None, _, _, true) => Format::Csv,
            (None, false, false, false) => Format::Table,
        }
    }
}

/// Measures; on a terminal a line says that it goes on.
fn watched(evidence: &Evidence, options: Options, quiet: bool) -> BTreeMap<MetricKey, Measured> {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{msg} · {elapsed}").expect("the template is well formed");
    let line = ProgressBar::with_draw_target(None, target).with_style(style);
    let rows = count(evidence.facts.len(), "row");
    line.set_message(format!("{} of {rows}", count(options.resamples, "resample")));
    line.enable_steady_tick(std::time::Duration::from_millis(200));
    let measures = points::alone(evidence, options);
    line.finish_and_clear();
    measures
}

fn decisions(asked: &Asked, evidence: &Evidence) -> String {
    let facts = &*evidence.facts;
    match (&asked.prediction, &asked.score, facts.positive) {
        (Some(prediction), ..) => format!("column {prediction}"),
        (None, Some(score), Some(positive)) => {
            format!("{} where {score} ≥ {}", facts.classes[usize::from(positive)], asked.threshold)
        }
        _ => "the most probable class".to_owned(),
    }
}

/// Draws that lie beyond each end of an interval at least, so that its ends do not hang on single ones.
const BEYOND: f64 = 5.0;
/// With fewer a standard deviation from resamples, 1 / √(2 (n − 1)) off, is off by more than 5 %.
const FEWEST: usize = 200;

/// That there are too few resamples for intervals at `level`, and how many it takes.
fn few_resamples(resamples: usize, level: f64) -> Option<String> {
    let needed = FEWEST.max((2.0 * BEYOND / (1.0 - level) - 1e-6).ceil() as usize);
    (1..needed).contains(&resamples).then(|| {
        format!(
            "Too few resamples: the ends of intervals made of {resamples} move from one --seed to the next, and a {} % interval is not one; ask for --bootstrap {}.",
            telling::percent(level),
            needed.clamp(1000, MOST_RESAMPLES)
        )
    })
}

fn threshold(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(threshold) if (0.0..=1.0).contains(&threshold) => Ok(threshold + 0.0),
        _ => Err("a threshold is a number from 0 to 1".to_owned()),
    }
}

fn resamples(text: &str) -> Result<usize, String> {
    match text.trim().parse::<usize>() {
        Ok(resamples) if resamples <= MOST_RESAMPLES => Ok(resamples),
        _ => Err(format!("resamples are a whole number from 0 to {MOST_RESAMPLES}")),
    }
}

fn level(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(level) if level > 0.0 && level < 1.0 => Ok(level),
        _ => Err("a level lies between 0 and 1, such as 0.95".to_owned()),
    }
}
