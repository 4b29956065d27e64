//! Model cards (Mitchell et al. 2019, Model Cards for Model Reporting): all that is known of one point, in Markdown.
//!
//! What only its author can know (what the models are for, who answers for them) is left open and marked so; nothing of it is made up.

mod only;
mod recipe;
mod results;

use std::fmt::Write as _;

use super::Output;
use super::by_group;
use super::certificates;
use super::chance;
use super::checks;
use super::explanations;
use super::format;
use super::headline::{best_point, these_seeds};
use super::inputs::Recipe;
use super::markdown::{escaped, prose, write_table};
use super::pairs;
use super::remarks;
use super::shift;
use super::table::{self, Table};
use super::temperatures;
use super::trivial;
use super::uncertain;
use super::view::View;
use crate::measure::Bound;

use only::only;
pub(super) use recipe::recipe;

/// What only the author of the models can say.
const TO_FILL_IN: &str = "**To be filled in by the author:**";

/// How the point was chosen, where somebody asked for one.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    /// What was asked, as a command.
    pub command: &'a str,
    /// What was answered, lines of plain text.
    pub answer: &'a str,
}

/// The cards that a report has where nobody chose: `cards/*.md`, of the knee and of the best point at every objective.
pub(super) fn files(view: &View) -> Vec<Output> {
    let mut told: Vec<(usize, Vec<String>)> = Vec::new();
    let mut tell = |point: usize, why: String| match told.iter_mut().find(|(other, _)| *other == point) {
        Some((_, reasons)) => reasons.push(why),
        None => told.push((point, vec![why])),
    };
    if let Some(point) = uncertain::shown_knee(view) {
        tell(
            point,
            "it is the knee of the front, farthest from the straight line between its ends".to_owned(),
        );
    }
    for objective in &view.given.front.objectives {
        if let Some(point) = best_point(view, &objective.key) {
            tell(point, format!("it is the best at {} by seed means", view.title(&objective.key)));
        }
    }
    let mut names: Vec<String> = Vec::new();
    told.into_iter()
        .map(|(point, reasons)| {
            let mut name = file_name(view, point);
            // Two settings may differ in letters that a file's name cannot have, or that some file systems take for the same.
            if names.contains(&name.to_lowercase()) {
                name = format!("{name}-{point}");
            }
            names.push(name.to_lowercase());
            let why = format!("It has a card since {}. Nobody chose it.", format::list(&reasons));
            Output::new(format!("cards/{name}.md"), written(view, point, &why, None))
        })
        .collect()
}

/// The card of a point that was chosen; `point` is an index into the view's points.
#[must_use]
pub fn of_chosen(view: &View, point: usize, chosen: Chosen<'_>) -> String {
    written(view, point, "It was chosen: see below.", Some(chosen))
}

/// What tells the point from others, as a file's name: `at-0.15`.
fn file_name(view: &View, point: usize) -> String {
    let own = &view.given.points[point];
    let model = (own.model != "last").then_some(own.model.as_str());
    let parts: Vec<&str> = own.coordinates.values().map(String::as_str).chain(model).collect();
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "._+".contains(letter) { letter } else { '-' };
    let name: String = parts.join("-").chars().map(plain).collect();
    // No name begins with a dot, and none is longer than file systems take.
    name.trim_start_matches('.').chars().take(120).collect()
}

fn written(view: &View, point: usize, why: &str, chosen: Option<Chosen<'_>>) -> String {
    let given = &view.given;
    let own = &given.points[point];
    let alone = only(view, point);
    let mut text = format!("# Model card: {}, {}\n\n", escaped(&given.name), prose(&view.long_label(point)));
    let _ = writeln!(
        text,
        "Everything below but what is marked is computed from a results folder, by {}. The sections are those of Mitchell et al. 2019 (Model Cards for Model Reporting).\n",
        escaped(&given.version)
    );

    text.push_str("## Model details\n\n");
    let _ = writeln!(text, "- Experiment: {}. {}", escaped(&given.name), escaped(&given.question));
    let coordinates =
        own.coordinates.iter().map(|(name, value)| format!("{} = {}", escaped(name), escaped(value)));
    let _ = writeln!(text, "- Configuration: {}", coordinates.collect::<Vec<_>>().join(", "));
    let which = match own.model.as_str() {
        "last" => "as training ended".to_owned(),
        other => escaped(other),
    };
    let _ = writeln!(text, "- Weights: {which}");
    let seeds: Vec<String> = own.seeds.iter().map(ToString::to_string).collect();
    let _ = writeln!(
        text,
        "- Models: {} of this configuration, trained apart at the seeds {}; numbers are means over them, and a single one may be better or worse",
        own.seeds.len(),
        seeds.join(", ")
    );
    let _ = writeln!(
        text,
        "- Place: on the declared front: {}; verdict: {}",
        table::place(view, point),
        escaped(&uncertain::verdict(view, point))
    );
    let _ = writeln!(text, "- Why this point: {}", prose(why));
    let _ = writeln!(text, "- {TO_FILL_IN} who developed it, when, its license, whom to ask\n");
    if let Some(chosen) = chosen {
        let _ = writeln!(
            text,
            "### How it was chosen\n\n```sh\n{}\n```\n\n{}",
            fenced(chosen.command),
            block(chosen.answer)
        );
    }

    text.push_str("## Intended use\n\n");
    for what in ["what it is for", "who is to use it", "what it is not for"] {
        let _ = writeln!(text, "- {TO_FILL_IN} {what}");
    }

    text.push_str("\n## Factors\n\n");
    let named: Vec<String> = given.data.classes.iter().map(|class| format!("`{class}`")).collect();
    let _ = writeln!(text, "- Classes: {}", prose(&format::list(&named)));
    for (attribute, groups) in &given.data.attributes {
        let groups: Vec<String> = groups.iter().map(|group| format!("`{group}`")).collect();
        let _ = writeln!(text, "- Groups by {}: {}", escaped(attribute), prose(&format::list(&groups)));
    }
    if given.data.attributes.is_empty() {
        text.push_str("- Groups: the data names no sensitive attribute, so nothing is known of fairness between groups\n");
    }
    let _ = writeln!(text, "- {TO_FILL_IN} further groups, instruments and environments that matter\n");

    text.push_str("## Data\n\n");
    data(&mut text, view);

    text.push_str("## Metrics and results\n\n");
    write_table(&mut text, 3, "Numbers", &results::numbers(&alone));
    for table in results::radii(&alone)
        .iter()
        .chain(&results::classes(&alone))
        .chain(&by_group::all(&alone, false, |_| true))
        .chain(&by_group::intersections(&alone, |_| true))
    {
        write_table(&mut text, 3, &by_group::heading(&alone, table), table);
    }
    text.push_str(&results::meanings(&alone));

    text.push_str("## Robustness: attacks and their checks\n\n");
    robustness(&mut text, &alone);
    text.push_str("## Certificates\n\n");
    tables(&mut text, &certificates::tables(&alone, false), "Nothing is certified.");
    text.push_str("## Calibration\n\n");
    calibration(&mut text, &alone);
    text.push_str("## Distribution shift\n\n");
    tables(
        &mut text,
        &shift::tables(&alone, false),
        "Nothing was asked about rows that are not as in training.",
    );
    let explained = explanations::tables(&alone, false);
    if !explained.is_empty() {
        text.push_str("## Explanations\n\n");
        tables(&mut text, &explained, "");
    }

    text.push_str("## Limits found\n\n");
    for limit in limits(view, &alone) {
        let _ = writeln!(text, "- {}.", prose(&format::capitalized(limit.trim_end_matches('.'))));
    }
    let _ = writeln!(text, "- {TO_FILL_IN} what else a user must know\n");
    text.push_str("## Ethical considerations\n\n");
    for what in [
        "whom its errors harm, and how",
        "what was done about it",
        "data about people: consent, and what was left out",
    ] {
        let _ = writeln!(text, "- {TO_FILL_IN} {what}");
    }

    text.push_str("\n## How to make it again\n\n");
    again(&mut text, view, point);
    text
}

/// Text that stays inside its fence: a line of backticks would end it.
fn fenced(text: &str) -> String {
    text.replace("```", "'''")
}

fn block(text: &str) -> String {
    format!("```text\n{}\n```\n", fenced(text.trim_end()))
}

/// Each under a heading of its own, or that there is none.
fn tables(text: &mut String, all: &[Table], none: &str) {
    for table in all {
        write_table(text, 3, table.title, table);
    }
    if all.is_empty() {
        let _ = writeln!(text, "{none}\n");
    }
}

fn data(text: &mut String, view: &View) {
    let data = &view.given.data;
    let about =
        if data.description.is_empty() { String::new() } else { format!(": {}", escaped(&data.description)) };
    let _ = writeln!(text, "- Data: {}{about}", escaped(&data.name));
    let train = if data.train == 0 { "unknown".to_owned() } else { data.train.to_string() };
    let _ = writeln!(
        text,
        "- Split: {train} rows to train on, {} to choose on (validation), {} behind every number here (test)",
        data.validation, data.test
    );
    let _ = writeln!(text, "- SHA-256 over content, encoding and split: `{}`", data.fingerprint);
    if !data.citation.is_empty() {
        let _ = writeln!(text, "- Cite as: {}", escaped(&data.citation));
    }
    if !data.license.is_empty() {
        let _ = writeln!(text, "- License of the data: {}", escaped(&data.license));
    }
    let _ = writeln!(text, "- {TO_FILL_IN} whom the rows stand for, and whom they do not\n");
}

fn robustness(text: &mut String, alone: &View) {
    match &alone.given.threat {
        Some(threat) => {
            let _ = writeln!(
                text,
                "Adversary: {} ε = {}, {}; protocol `{}`. Numbers under attack are upper bounds unless the attack is exact: a stronger adversary may do more.\n",
                threat.norm.sign(),
                threat.epsilon,
                prose(&threat.words),
                threat.protocol
            );
        }
        None => text.push_str("Nothing was attacked: nothing is known of robustness.\n\n"),
    }
    let all: Vec<Table> = table::attacks(alone).into_iter().chain(checks::table(alone)).collect();
    for table in &all {
        write_table(text, 3, table.title, table);
    }
}

/// What confidences come to; the scores stand among the numbers.
fn calibration(text: &mut String, alone: &View) {
    let mut said = false;
    for confidence in &alone.given.confidences {
        let rows = match &confidence.attack {
            None => "On unchanged rows".to_owned(),
            Some(attack) => format!("Under attack at {} ε = {}", attack.norm.sign(), attack.epsilon),
        };
        let _ = match &confidence.withheld {
            Some(reason) => writeln!(text, "- {rows}: withheld, {}", prose(reason)),
            None => writeln!(
                text,
                "- {rows}: mean confidence {} at accuracy {}",
                format::number(confidence.confidence),
                format::number(confidence.accuracy)
            ),
        };
        said = true;
    }
    if said {
        text.push_str("\nErrors of calibration, with intervals, stand under Numbers.\n\n");
    } else {
        text.push_str("Nothing is known of confidences.\n\n");
    }
    if let Some(table) = temperatures::table(alone) {
        write_table(text, 3, table.title, &table);
    }
}

/// What was found that a user must not overlook, whole sentences or parts of ones.
fn limits(view: &View, alone: &View) -> Vec<String> {
    let own = &alone.given.points[0];
    let mut all: Vec<String> = view.given.warnings.clone();
    all.extend(own.degenerate.iter().map(|reason| format!("degenerate: {reason}")));
    for (seed, reason) in &own.failed {
        all.push(format!("partial: no model at seed {seed}: {reason}"));
    }
    if let Some(seeds) = these_seeds(own.seeds.len()) {
        all.push(format!("the numbers hold for {seeds}, not for seeds in general"));
    }
    all.extend(trivial::answers(alone));
    all.extend(chance::conclusions(alone));
    all.extend(remarks::withheld(alone));
    all.extend(checks::remarks(alone));
    let unsettled = alone.given.convergence.iter().filter(|row| !row.settled).count();
    if unsettled > 0 {
        all.push(format!(
            "the training of {unsettled} of {} had not settled at its end",
            format::count(alone.given.convergence.len(), "model")
        ));
    }
    if alone.given.threat.is_some()
        && own.measures.values().any(|measured| measured.estimate.bound == Bound::Upper)
    {
        all.push(
            "numbers under attack say what these attacks left standing, not what every adversary would"
                .to_owned(),
        );
    }
    all.extend(pairs::table(view).map(|_| {
        "with one seed, no difference between configurations can be told from the luck of training".to_owned()
    }));
    all.extend(view.given.notes.iter().cloned());
    all
}

fn again(text: &mut String, view: &View, point: usize) {
    let given = &view.given;
    let Some(Recipe { configuration, alone }) = &given.recipe else {
        text.push_str("The models were made elsewhere, and came in by `equipoise import FOLDER`; only who made them can make them again.\n\n");
        write_table(text, 3, "Settings", &table::settings(view));
        text.truncate(text.trim_end().len());
        text.push('\n');
        return;
    };
    let name = &given.name;
    let _ = writeln!(
        text,
        "With {}, the data of the checksum above, and the configuration below as `{name}.toml`:\n\n```sh\nequipoise run {name}.toml --out results/{name}",
        escaped(&given.version)
    );
    let settings = alone.get(point).map(Vec::as_slice).unwrap_or_default();
    if !settings.is_empty() {
        let quoted: Vec<String> =
            settings.iter().map(|setting| format!("'{}'", setting.replace('\'', r"'\''"))).collect();
        let _ = writeln!(
            text,
            "# or this point alone, beside the undefended model where its defense has one:\nequipoise run {name}.toml {} --out results/{name}-{}",
            fenced(&quoted.join(" ")),
            file_name(view, point)
        );
    }
    let _ = writeln!(
        text,
        "```\n\nThe same settings with the same data and version give the same bytes.\n\n### Configuration\n\n```toml\n{}\n```",
        fenced(configuration.trim_end())
    );
}
