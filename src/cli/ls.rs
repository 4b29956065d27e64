//! `equipoise ls`: what there is.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{exit, terminal};
use crate::data::{self, Manifest};
use crate::error::{Error, Result};
use crate::measure::Direction;
use crate::metrics::{self, CATALOG};
use crate::probes::{checks, explanation, shift};
use crate::{attacks, bounds, models, training};

/// Arguments of `ls`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What to list.
    #[arg(value_enum)]
    what: Shelf,
    /// Only what has this text in its name, and of metrics in their title, whatever the case.
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shelf {
    /// Every number that can be reported.
    Metrics,
    /// Data sets that have a manifest.
    Datasets,
    /// Kinds for `[[attack]]`.
    Attacks,
    /// Kinds for `method` in `[[defense]]`.
    Defenses,
    /// Kinds for `[[certificate]]`.
    Certificates,
    /// Methods for `[explanations]`.
    Explanations,
    /// Corruptions and sets of rows without a class, for `[shift]`.
    Corruptions,
    /// Kinds for `[model]`.
    Models,
    /// Sanity checks, which withhold numbers under attack where they fail.
    Checks,
}

/// Lists one shelf.
pub(super) fn execute(arguments: &Arguments) -> Result<u8> {
    let (header, mut rows): (Vec<&str>, Vec<Vec<String>>) = match arguments.what {
        Shelf::Metrics => (
            vec![
                "id",
                "pillar",
                "better",
                "unit",
                "range",
                "bound",
                "chance",
                "undefined",
                "meaning",
                "source",
            ],
            CATALOG
                .iter()
                .map(|metric| {
                    let better = match metric.direction {
                        Some(Direction::Higher) => "higher",
                        Some(Direction::Lower) => "lower",
                        None => "-",
                    };
                    vec![
                        metric.id.to_owned(),
                        metric.pillar().word().to_owned(),
                        better.to_owned(),
                        metric.unit.word().to_owned(),
                        format!("{} to {}", metric.range.0, metric.range.1),
                        format!("{:?}", metric.bound).to_lowercase(),
                        metric.chance.to_owned(),
                        metric.when_undefined(),
                        metric.meaning.to_owned(),
                        metric.source.to_owned(),
                    ]
                })
                .collect(),
        ),
        Shelf::Datasets => (
            vec!["name", "format", "classes", "sensitive", "license", "where", "what it is"],
            data::catalog().iter().map(dataset).collect(),
        ),
        Shelf::Attacks => (vec!["kind", "settings", "what it does"], pairs(attacks::KINDS)),
        Shelf::Defenses => (vec!["kind", "settings", "what it does"], pairs(training::defenses::KINDS)),
        Shelf::Certificates => (vec!["kind", "settings", "what it proves"], pairs(bounds::KINDS)),
        Shelf::Explanations => {
            let row = |(_, method, what): &(_, &str, &str)| {
                vec![(*method).to_owned(), String::new(), (*what).to_owned()]
            };
            (vec!["method", "settings", "what it is"], explanation::METHODS.iter().map(row).collect())
        }
        Shelf::Corruptions => (vec!["name", "severities", "what it does"], corruptions()),
        Shelf::Models => (vec!["kind", "settings", "what it is"], pairs(models::KINDS)),
        Shelf::Checks => {
            let settings = checks::Settings::default();
            let row = |check: &checks::Check| {
                vec![
                    check.id.to_owned(),
                    check.number.to_string(),
                    check.rule.to_owned(),
                    check.bar.words(&settings),
                    check.advice.to_owned(),
                    check.source.to_owned(),
                ]
            };
            let head = vec!["id", "number", "rule", "threshold", "what to do", "source"];
            (head, checks::all().map(row).collect())
        }
    };
    if let Some(pattern) = &arguments.pattern {
        let pattern = pattern.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&pattern);
        // A key of a report names the metric before its `@` or `!`.
        let id = pattern.split(['@', '!']).next().unwrap_or_default().to_owned();
        let metric = |id: &str| matches!(arguments.what, Shelf::Metrics).then(|| metrics::find(id)).flatten();
        rows.retain(|row| {
            has(&row[0]) || row[0] == id || metric(&row[0]).is_some_and(|found| has(found.title))
        });
        if rows.is_empty() {
            return Err(Error::input(format!("nothing listed has `{pattern}` in its name"))
                .help("leave the pattern out to see everything"));
        }
    }
    if arguments.json {
        let list: Vec<_> = rows
            .iter()
            .map(|row| {
                json!(
                    header
                        .iter()
                        .zip(row)
                        .map(|(k, v)| ((*k).to_owned(), json!(v)))
                        .collect::<serde_json::Map<_, _>>()
                )
            })
            .collect();
        terminal::product(&format!("{}\n", json!(list)))?;
        return Ok(exit::FINE);
    }
    // On the terminal long texts get lines of their own: the columns would not fit.
    if matches!(arguments.what, Shelf::Metrics) {
        let text: String = rows
            .iter()
            .map(|row| {
                format!(
                    "{}\n    {} · better: {} · {} ({}) · bound: {} · chance: {}\n    {}\n    undefined: {}\n    {}\n",
                    row[0], row[1], row[2], row[4], row[3], row[5], row[6], row[8], row[7], row[9]
                )
            })
            .collect();
        terminal::product(&text)?;
        return Ok(exit::FINE);
    }
    if matches!(
        arguments.what,
        Shelf::Attacks
            | Shelf::Defenses
            | Shelf::Certificates
            | Shelf::Explanations
            | Shelf::Corruptions
            | Shelf::Models
    ) {
        let text: String =
            rows.iter().map(|row| format!("{}\n    {}\n    {}\n", row[0], row[2], row[1])).collect();
        terminal::product(&text.replace("    \n", ""))?;
        return Ok(exit::FINE);
    }
    if matches!(arguments.what, Shelf::Checks) {
        let text: String = rows
            .iter()
            .map(|row| {
                format!(
                    "{}  {}\n    {}\n    threshold: {}\n    else: {}\n    {}\n",
                    row[1], row[0], row[2], row[3], row[4], row[5]
                )
            })
            .collect();
        terminal::product(&text)?;
        return Ok(exit::FINE);
    }
    terminal::product(&terminal::table(&header, &rows, &[]))?;
    Ok(exit::FINE)
}

fn dataset(manifest: &Manifest) -> Vec<String> {
    let names: Vec<&str> = manifest.sensitive.iter().map(|sensitive| sensitive.name.as_str()).collect();
    let place = if data::is_embedded(manifest) { "embedded" } else { "fetch" };
    vec![
        manifest.name.clone(),
        format!("{:?}", manifest.format).to_lowercase(),
        manifest.label.classes.len().to_string(),
        if names.is_empty() { "-".to_owned() } else { names.join(", ") },
        manifest.license.clone(),
        place.to_owned(),
        manifest.title.clone(),
    ]
}

/// Corruptions with their constants, then sets of rows without a class.
fn corruptions() -> Vec<Vec<String>> {
    let constants = |(name, values): &(&str, [f64; shift::SEVERITIES])| {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        format!("{name} {}", values.join(", "))
    };
    let corruption = |one: &shift::Corruption| {
        let settings: Vec<String> = one.constants.iter().map(constants).collect();
        vec![one.word.to_owned(), settings.join("; "), format!("{}: {}", one.about(), one.what)]
    };
    let set = |one: &shift::ood::Made| {
        let distance = if one.near { "near" } else { "far" };
        vec![
            one.word.to_owned(),
            format!("`ood`: rows without a class, {distance}"),
            format!("{}: {}", one.about(), one.what),
        ]
    };
    shift::all().map(corruption).chain(shift::ood::MADE.iter().map(set)).collect()
}

fn pairs(kinds: &[(&str, &str, &str)]) -> Vec<Vec<String>> {
    kinds
        .iter()
        .map(|(kind, settings, what)| vec![(*kind).to_owned(), (*settings).to_owned(), (*what).to_owned()])
        .collect()
}
