//! Several results folders side by side: their fronts on one plane, what each comes to, and what they were set to.

mod page;
pub(super) mod paired;
mod raw;

use std::collections::BTreeMap;

pub use raw::SCHEMA_FILE;

use super::figure::{self, Look};
use super::formats::{Format, Wanted};
use super::headline::best_point;
use super::markdown;
use super::prices::widest_arcs;
use super::table::{Column, Table, numeric, words};
use super::uncertain;
use super::view::View;
use super::{Output, format};
use crate::error::{Error, Kind, Result};
use crate::measure::{MetricKey, Unit};

/// The files of a comparison beside its figures.
pub const TABLES: [&str; 6] = [
    "comparison.md",
    "comparison.html",
    "comparison.csv",
    "comparison-steps.csv",
    "comparison-paired.csv",
    JSON,
];
/// All of a comparison for machines.
pub const JSON: &str = "comparison.json";

/// One of the folders.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// What it is called here; no two alike.
    pub name: String,
    /// What it holds.
    pub view: View,
}

/// The files of a comparison: `comparison.md`, `comparison.html`, `comparison.csv`, `comparison-steps.csv`, `comparison-paired.csv`, `comparison.json` and
/// `figures/fronts.*` (one per pair of objectives), as far as they are `wanted`.
///
/// # Errors
///
/// [`Kind::NotComparable`] where fewer than two are given, their fronts have other objectives (the attack's protocol is part of one), or their test
/// rows are others; a defect of this program.
pub fn compare(members: &[Member], wanted: &Wanted) -> Result<Vec<Output>> {
    comparable(members)?;
    let shown = figure::fronts(members, Look::SCREEN);
    let tables: Vec<(&str, Table)> = std::iter::once(("each", summary(members)))
        .chain(paired::table(members).map(|table| ("paired", table)))
        .chain([("differ", settings(members))])
        .collect();
    let title = format!(
        "Comparison of {}",
        format::list(&members.iter().map(|member| format!("`{}`", member.name)).collect::<Vec<_>>())
    );
    let has = |format| wanted.formats.contains(&format);
    let mut outputs = Vec::new();
    if has(Format::Md) {
        let drawn = wanted.linked().map_or((&[][..], ""), |ending| (&shown[..], ending));
        outputs.push(Output::new(
            "comparison.md",
            markdown::comparison(&title, &sentences(members), drawn, &tables),
        ));
    }
    if has(Format::Csv) {
        outputs.push(Output::new("comparison.csv", raw::folders(members)?));
        outputs.extend(raw::steps(members)?.map(|table| Output::new("comparison-steps.csv", table)));
        outputs.extend(raw::paired(members)?.map(|table| Output::new("comparison-paired.csv", table)));
    }
    if has(Format::Json) {
        outputs.push(Output::new(JSON, raw::json(members, &sentences(members))?));
    }
    if has(Format::Html) {
        let bare = figure::fronts(members, Look::PAGE);
        outputs
            .push(Output::new("comparison.html", page::page(&title, &sentences(members), &bare, &tables)?));
    }
    let mut drawn = if wanted.look == Look::SCREEN { shown } else { figure::fronts(members, wanted.look) };
    if wanted.dark {
        let dark: Vec<_> = drawn.iter().map(|figure| figure.darkened(&members[0].view)).collect();
        drawn.extend(dark);
    }
    outputs.extend(super::pictures(&drawn, wanted, "figures")?);
    Ok(outputs)
}

/// Every file that [`compare`] may write, but for captions on paper.
#[must_use]
pub fn files() -> Vec<String> {
    let figure = |plane: usize| {
        let name = if plane == 1 { "fronts".to_owned() } else { format!("fronts-{plane}") };
        ["", "-dark"]
            .into_iter()
            .flat_map(move |twin| {
                let name = format!("figures/{name}{twin}");
                ["svg", "png", "pdf"].map(|ending| format!("{name}.{ending}"))
            })
            .collect::<Vec<_>>()
    };
    // As many as there are pairs of eight objectives.
    let figures = (1..=28).flat_map(figure);
    TABLES.into_iter().map(str::to_owned).chain(figures).collect()
}

/// The same for a terminal: sentences, wrapped.
#[must_use]
pub fn terminal(members: &[Member]) -> String {
    let mut text = String::new();
    for sentence in sentences(members) {
        super::terminal::indented(&mut text, &sentence, "");
    }
    text
}

/// Refuses what cannot be laid over one another.
fn comparable(members: &[Member]) -> Result<()> {
    let [first, others @ ..] = members else { return Err(alone()) };
    if others.is_empty() {
        return Err(alone());
    }
    let refused = |other: &Member, what: String, help: &str| {
        let what = format!("`{}` cannot be compared with `{}`: {what}", other.name, first.name);
        Err(Error::new(Kind::NotComparable, what).help(help))
    };
    let objectives = |member: &Member| -> Vec<(MetricKey, _)> {
        let mut all: Vec<(MetricKey, _)> = member
            .view
            .given
            .front
            .objectives
            .iter()
            .map(|objective| (objective.key.clone(), objective.direction))
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    let own = objectives(first);
    for other in others {
        let theirs = objectives(other);
        if theirs != own {
            let bare = |all: &[(MetricKey, _)]| -> Vec<MetricKey> {
                all.iter().map(|(key, _)| MetricKey { attack: None, ..key.clone() }).collect()
            };
            let named = |all: &[(MetricKey, _)]| {
                format::list(&all.iter().map(|(key, _)| format!("`{key}`")).collect::<Vec<_>>())
            };
            let (what, help) = if bare(&theirs) == bare(&own) {
                ("were attacked otherwise", "run both with the same attacks, norm and radius")
            } else {
                ("are about other objectives", "give both the same `[front] objectives`")
            };
            return refused(
                other,
                format!("their fronts {what} ({} here, {} there)", named(&theirs), named(&own)),
                help,
            );
        }
        let (here, there) = (&other.view.given.data, &first.view.given.data);
        if here.fingerprint != there.fingerprint || here.test != there.test {
            let what = format!(
                "they are measured on other rows ({}, {} test rows here; {}, {} test rows there)",
                here.name, here.test, there.name, there.test
            );
            return refused(other, what, "compare runs on the same data with the same split");
        }
    }
    Ok(())
}

fn alone() -> Error {
    Error::new(Kind::NotComparable, "there is nothing to compare: name two results folders at least")
}

/// What each comes to, most dominated volume first.
fn sentences(members: &[Member]) -> Vec<String> {
    let mut order: Vec<&Member> = members.iter().collect();
    order.sort_by(|a, b| b.view.given.front.hypervolume.total_cmp(&a.view.given.front.hypervolume));
    let mut all = vec![format!("{}.", figure::fronts_title(members))];
    all.extend(paired::sentences(members));
    for member in order {
        for arc in widest_arcs(&member.view) {
            let sentence = format::capitalized(arc.sentence.trim().trim_end_matches('.'));
            let sweep = member.view.sweep(arc.from);
            let whose = if sweep.is_empty() { String::new() } else { format!(" ({sweep})") };
            all.push(format!("`{}`{whose}: {sentence}.", member.name));
        }
    }
    all
}

/// One row per folder.
fn summary(members: &[Member]) -> Table {
    let first = &members[0].view;
    let objectives = &first.given.front.objectives;
    let mut head: Vec<Column> = vec![
        words("results"),
        numeric("seeds"),
        numeric("points"),
        numeric("on front"),
        numeric("hypervolume ↑"),
    ];
    let paired: Vec<paired::Row<'_>> =
        paired::rows(members).into_iter().filter(|row| row.key.is_none()).collect();
    if !paired.is_empty() {
        head.push(numeric(format!("against `{}`, seed by seed", members[0].name)));
    }
    head.push(words("knee"));
    for objective in objectives {
        let arrow = format::arrow(Some(objective.direction));
        head.push(numeric(format!("best {}{arrow}", first.title(&objective.key))));
    }
    head.push(words("widest step: cost"));
    let rows = members
        .iter()
        .map(|member| {
            let view = &member.view;
            let front = &view.given.front;
            let (least, most) = view.seed_range();
            let knee = uncertain::shown_knee(view);
            let mut row = vec![
                member.name.clone(),
                if least == most { most.to_string() } else { format!("{least} to {most}") },
                view.given.points.len().to_string(),
                front.members.len().to_string(),
                format::with_interval(front.hypervolume, front.hypervolume_interval),
            ];
            if !paired.is_empty() {
                let own = paired.iter().find(|row| row.results == member.name);
                row.push(own.map_or_else(
                    || "—".to_owned(),
                    |own| {
                        let change = format::change_interval(own.paired.change, Unit::Ratio);
                        format!("{change}, {}", own.verdict())
                    },
                ));
            }
            row.push(knee.map_or_else(|| "none".to_owned(), |point| view.labels[point].clone()));
            for objective in objectives {
                let best = best_point(view, &objective.key);
                row.push(best.map_or_else(
                    || "—".to_owned(),
                    |point| {
                        let number = format::estimate(view.measured(point, &objective.key));
                        format!("{number} at {}", view.labels[point])
                    },
                ));
            }
            let rates: Vec<String> = widest_arcs(view)
                .into_iter()
                .map(|arc| {
                    format!(
                        "{} → {}: {}",
                        view.labels[arc.from],
                        view.plain_strength(arc.to),
                        super::table::cost(arc, &arc.rate)
                    )
                })
                .collect();
            row.push(if rates.is_empty() { "—".to_owned() } else { rates.join("; ") });
            row
        })
        .collect();
    Table {
        title: "What each comes to",
        caption: "Hypervolume: the share of the box between the worst and the best possible values of the objectives that the front dominates; against the first: between the hypervolumes of the points of each seed that both have, with a 95 % t interval. Best: among working points, seed means with 95 % intervals. Cost: safety given up per unit of security gained over the widest step of each sweep that is quoted, with its Fieller interval; negative: safety rose with it.".to_owned(),
        head,
        rows,
    }
}

/// Settings that are not the same everywhere.
fn settings(members: &[Member]) -> Table {
    let each: Vec<BTreeMap<&str, &str>> = members
        .iter()
        .map(|member| {
            let all = member.view.given.settings.iter();
            all.map(|(name, value)| (name.as_str(), value.as_str())).collect()
        })
        .collect();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in members.iter().flat_map(|member| &member.view.given.settings) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let rows = names
        .into_iter()
        .filter(|name| each.iter().any(|settings| settings.get(name) != each[0].get(name)))
        .map(|name| {
            let values =
                each.iter().map(|settings| settings.get(name).map_or("not set", |value| *value).to_owned());
            std::iter::once(name.to_owned()).chain(values).collect()
        })
        .collect::<Vec<Vec<String>>>();
    let mut head = vec![words("setting")];
    head.extend(members.iter().map(|member| words(&member.name)));
    let caption = if rows.is_empty() { "No setting differs." } else { "Everything else is set alike." };
    Table { title: "Settings that differ", caption: caption.to_owned(), head, rows }
}
