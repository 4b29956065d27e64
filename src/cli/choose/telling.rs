//! The choice in words and a table, and as JSON.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::cli::terminal;
use crate::evidence::Split;
use crate::measure::{Direction, MetricKey, Unit};
use crate::metrics;
use crate::pareto::Rated;
use crate::points::{Measured, Point};
use crate::run::{Cells, Recommendation};
use crate::stats::SEEDS_FOR_A_VERDICT;
use crate::words::{count, decimal, percent};

/// So many configurations are told of at most, where none satisfies; JSON has all.
const MISSES: usize = 5;
/// So many missing configurations are named at most; JSON has all.
const MISSING: usize = 8;

/// For the terminal.
pub(super) fn words(recommendation: &Recommendation) -> String {
    let mut text = format!("{}: {}\n\n", recommendation.name, question(recommendation));
    match recommendation.pick.chosen() {
        Some(chosen) => text.push_str(&chosen_words(recommendation, chosen)),
        None => text.push_str(&misses(recommendation)),
    }
    for line in remarks(recommendation) {
        text.push_str(&format!("{line}\n"));
    }
    text
}

fn question(recommendation: &Recommendation) -> String {
    let aim = &recommendation.aim;
    let most = if aim.direction == Direction::Higher { "largest" } else { "smallest" };
    let asked: Vec<String> = recommendation
        .requirements
        .iter()
        .map(|(key, one)| format!("{} {} {}", metrics::describe(key), one.relation.symbol(), one.limit))
        .collect();
    let asked = if asked.is_empty() { String::new() } else { format!(" with {}", asked.join(" and ")) };
    format!("{most} {}{asked}, chosen on {} rows", metrics::describe(&aim.key), recommendation.on.word())
}

/// `defense=at,strength=0.1`, with the model where it is not the last.
fn name(point: &Point) -> String {
    if point.model == "last" { point.name() } else { format!("{} ({})", point.name(), point.model) }
}

/// Whole percents; what is rare is not said to be never.
fn often(share: f64) -> String {
    if share > 0.0 && share < 0.005 { "under 1 %".to_owned() } else { percent(share) }
}

fn number(x: f64) -> String {
    decimal(x, 3)
}

fn estimate(measured: Option<&Measured>) -> String {
    let Some(value) = measured.and_then(|measured| measured.estimate.value.get()) else {
        return "undefined".to_owned();
    };
    match measured.and_then(|measured| measured.estimate.interval) {
        Some((low, high)) => format!("{} [{}, {}]", number(value), number(low), number(high)),
        None => number(value),
    }
}

/// The numbers that were asked about, of one configuration.
fn figures(recommendation: &Recommendation, place: usize, rated: &Rated) -> String {
    let aim = &recommendation.aim;
    let most = if aim.direction == Direction::Higher { "largest" } else { "smallest" };
    let choosing = &recommendation.choosing[rated.point];
    let stated = &recommendation.stated[place];
    let both = recommendation.on != Split::Test;
    let row = |key: &MetricKey, asked: String| {
        let mut cells = vec![metrics::describe(key), asked];
        if both {
            cells.push(choosing.value(key).map_or_else(|| "undefined".to_owned(), number));
        }
        cells.push(estimate(stated.measures.get(key)));
        cells
    };
    let mut rows = vec![row(&aim.key, most.to_owned())];
    for (key, one) in &recommendation.requirements {
        rows.push(row(key, format!("{} {}", one.relation.symbol(), one.limit)));
    }
    let head: &[&str] =
        if both { &["", "asked", "validation rows", "test rows"] } else { &["", "asked", "test rows"] };
    let right: Vec<usize> = (2..head.len()).collect();
    terminal::table(head, &rows, &right)
}

fn chosen_words(recommendation: &Recommendation, chosen: &Rated) -> String {
    let pick = &recommendation.pick;
    let mut text = format!(
        "{}\n\n{}\n",
        name(&recommendation.choosing[chosen.point]),
        figures(recommendation, 0, chosen)
    );
    if let Some(share) = chosen.chosen {
        text.push_str(&format!(
            "Chosen again in {} of {}{}.\n",
            often(share),
            resamples(recommendation),
            pick.none
                .filter(|none| *none > 0.0)
                .map_or_else(String::new, |none| format!("; in {} of them nothing satisfies", often(none))),
        ));
    }
    if !recommendation.requirements.is_empty() {
        let what = if recommendation.requirements.len() == 1 {
            "The requirement holds"
        } else {
            "All requirements hold"
        };
        if let Some(share) = recommendation.holds.first().copied().flatten() {
            text.push_str(&format!(
                "{what} in {} of the resamples of {} and {} test rows.\n",
                often(share),
                count(pick.seeds, "seed"),
                recommendation.test_rows,
            ));
        }
        if recommendation.holds_on_test() == Some(false) {
            text.push_str(
                "On test rows not everything required holds: what validation rows promised is not kept.\n",
            );
        }
    }
    text.push_str(&others(recommendation, chosen));
    text
}

/// Who else might have been chosen: most often in resamples, and next by the means.
fn others(recommendation: &Recommendation, chosen: &Rated) -> String {
    let pick = &recommendation.pick;
    let of = |place: usize| {
        let rated = &pick.rated[place];
        let often = rated.chosen.map_or_else(String::new, |share| format!(", chosen in {}", often(share)));
        let value = format!("{} {}", metrics::describe(&recommendation.aim.key), number(rated.value));
        let name = name(&recommendation.choosing[rated.point]);
        format!("{name}, {value} on {} rows{often}", recommendation.on.word())
    };
    let Some(second) = pick.runner_up() else {
        return "Runner-up: none, nothing else satisfies.\n".to_owned();
    };
    let rated = &pick.rated[second];
    let more = if rated.chosen > chosen.chosen { ", more often than the above" } else { "" };
    let short = shortfalls(recommendation, rated);
    let missing =
        if short.is_empty() { String::new() } else { format!(" By its means, {}.", short.join("; ")) };
    let mut text = format!("Runner-up: {}{more}.{missing}\n", of(second));
    if let Some(next) = pick.next_best().filter(|next| *next != second) {
        text.push_str(&format!("Next by the means: {}.\n", of(next)));
    }
    text
}

/// What it lacks by its means, requirement by requirement.
fn shortfalls(recommendation: &Recommendation, rated: &Rated) -> Vec<String> {
    let required = recommendation.requirements.iter().zip(&rated.required);
    let missed = required.filter(|((_, one), value)| !one.holds(**value));
    let told = missed.map(|((key, one), value)| {
        let unit = match metrics::find(&key.id).map(|metric| metric.unit) {
            Some(Unit::Fraction) => format!("{:.1} points", 100.0 * one.spare(*value).abs()),
            _ => number(one.spare(*value).abs()),
        };
        format!(
            "{} is {}, which misses {} {} by {unit}",
            metrics::describe(key),
            number(*value),
            one.relation.symbol(),
            one.limit,
        )
    });
    told.collect()
}

/// The nearest misses, each with what it lacks.
fn misses(recommendation: &Recommendation) -> String {
    let pick = &recommendation.pick;
    if pick.rated.is_empty() {
        return "No configuration can be chosen.\n".to_owned();
    }
    let mut text = format!("None of {} satisfies. The nearest:\n", count(pick.rated.len(), "configuration"));
    for rated in pick.rated.iter().take(MISSES) {
        let again = rated.chosen.filter(|share| *share > 0.0);
        let again = again.map_or_else(String::new, |share| format!(" (chosen in {})", often(share)));
        text.push_str(&format!(
            "  {}: {}{again}\n",
            name(&recommendation.choosing[rated.point]),
            shortfalls(recommendation, rated).join("; ")
        ));
    }
    let more = pick.rated.len().saturating_sub(MISSES);
    if more > 0 {
        text.push_str(&format!("  and {more} more (--json)\n"));
    }
    if let Some(share) = pick.none {
        text.push_str(&format!("In {} of {} none satisfies.\n", often(share), resamples(recommendation)));
    }
    text
}

/// `1000 resamples of 7 seeds and 147 validation rows`.
fn resamples(recommendation: &Recommendation) -> String {
    let pick = &recommendation.pick;
    let seeds = count(pick.seeds, "seed");
    format!("{} resamples of {seeds} and {} {} rows", pick.resamples, pick.rows, recommendation.on.word())
}

/// What is not known: configurations that nothing was chosen among.
fn incomplete(cells: &Cells) -> Vec<String> {
    let mut said = Vec::new();
    if cells.there < cells.planned {
        let name = |(coordinates, seeds): &(BTreeMap<String, String>, Vec<u64>)| {
            let pairs: Vec<String> =
                coordinates.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{} at {}", pairs.join(","), count(seeds.len(), "seed"))
        };
        let more = cells.missing.len().saturating_sub(MISSING);
        let mut names: Vec<String> = cells.missing.iter().take(MISSING).map(name).collect();
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        said.push(format!(
            "Incomplete: {} of {} cells are there, and only these are chosen among. Missing: {}.",
            cells.there,
            cells.planned,
            names.join("; ")
        ));
    }
    if cells.failed > 0 {
        said.push(format!("Incomplete: {} of {} cells failed.", cells.failed, cells.planned));
    }
    said
}

fn remarks(recommendation: &Recommendation) -> Vec<String> {
    let pick = &recommendation.pick;
    let mut said = Vec::new();
    let satisfying = pick.rated.iter().filter(|rated| rated.satisfies).count();
    if satisfying > 0 && !recommendation.requirements.is_empty() {
        let verb = if satisfying == 1 { "satisfies" } else { "satisfy" };
        said.push(format!("{satisfying} of {} {verb}.", count(pick.rated.len(), "configuration")));
    }
    for (index, reason) in &pick.excluded {
        said.push(format!("Left out: {}: {reason}.", name(&recommendation.choosing[*index])));
    }
    if pick.seeds > 0 && pick.seeds < SEEDS_FOR_A_VERDICT {
        said.push(format!(
            "That holds for {}, not for seeds in general: that takes {SEEDS_FOR_A_VERDICT}.",
            if pick.seeds == 1 { "this seed".to_owned() } else { format!("these {} seeds", pick.seeds) }
        ));
    }
    said.extend(incomplete(&recommendation.cells));
    if !recommendation.unfinished.is_empty() {
        let seeds: Vec<String> = recommendation.unfinished.iter().map(ToString::to_string).collect();
        said.push(format!("Seeds with missing cells are left out: {}.", seeds.join(", ")));
    }
    if recommendation.on == Split::Test {
        said.push(format!(
            "Chosen and stated on the same rows: the best of {} looks better here than it will on new rows.",
            count(pick.rated.len(), "configuration")
        ));
    }
    said
}

/// For scripts.
pub(super) fn json(recommendation: &Recommendation) -> Json {
    let pick = &recommendation.pick;
    let candidates: Vec<Json> = (0..pick.rated.len()).map(|place| candidate(recommendation, place)).collect();
    let at = |place: Option<usize>| place.map_or(Json::Null, |place| candidates[place].clone());
    let excluded: Vec<Json> = pick
        .excluded
        .iter()
        .map(|(index, reason)| {
            let point = &recommendation.choosing[*index];
            json!({ "coordinates": point.coordinates, "model": point.model, "reason": reason })
        })
        .collect();
    let cells = &recommendation.cells;
    json!({
        "name": recommendation.name,
        "on": recommendation.on.word(),
        "objective": {
            "key": recommendation.aim.key.to_string(),
            "direction": recommendation.aim.direction,
        },
        "requirements": recommendation.requirements.iter().map(|(key, one)| json!({
            "key": key.to_string(), "relation": one.relation.sign(), "limit": one.limit,
        })).collect::<Vec<_>>(),
        "chosen": at(pick.chosen().map(|_| 0)),
        "holds_on_test": recommendation.holds_on_test(),
        "runner_up": at(pick.runner_up()),
        "next_best": at(pick.next_best()),
        "candidates": candidates,
        "excluded": excluded,
        "cells": { "planned": cells.planned, "there": cells.there, "failed": cells.failed },
        "missing": cells.missing.iter().map(|(coordinates, seeds)| json!({
            "coordinates": coordinates, "seeds": seeds,
        })).collect::<Vec<_>>(),
        "none_satisfies_share": pick.none,
        "seeds": pick.seeds,
        "seeds_left_out": recommendation.unfinished,
        "resamples": pick.resamples,
        "rows": { "chose": pick.rows, "test": recommendation.test_rows },
    })
}

fn candidate(recommendation: &Recommendation, place: usize) -> Json {
    let rated = &recommendation.pick.rated[place];
    let point = &recommendation.choosing[rated.point];
    let stated = &recommendation.stated[place];
    let mut choosing = serde_json::Map::new();
    let mut test = serde_json::Map::new();
    let mut short = serde_json::Map::new();
    let keys = recommendation.requirements.iter().map(|(key, _)| key);
    for (key, value) in std::iter::once(&recommendation.aim.key)
        .chain(keys)
        .zip(std::iter::once(rated.value).chain(rated.required.iter().copied()))
    {
        choosing.insert(key.to_string(), json!(value));
        let measured = stated.measures.get(key).map(|measured| &measured.estimate);
        test.insert(
            key.to_string(),
            json!({
                "value": measured.and_then(|one| one.value.get()),
                "low": measured.and_then(|one| one.interval).map(|(low, _)| low),
                "high": measured.and_then(|one| one.interval).map(|(_, high)| high),
            }),
        );
    }
    for ((key, one), value) in recommendation.requirements.iter().zip(&rated.required) {
        if !one.holds(*value) {
            short
                .insert(format!("{key}{}{}", one.relation.sign(), one.limit), json!(one.spare(*value).abs()));
        }
    }
    json!({
        "coordinates": point.coordinates,
        "model": point.model,
        "values": choosing,
        "test": test,
        "satisfies": rated.satisfies,
        "short_by": short,
        "chosen_share": rated.chosen,
        "holds_share_on_test": recommendation.holds[place],
    })
}
