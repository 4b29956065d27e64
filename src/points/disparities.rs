//! From the rates of groups or classes to the number that says how far apart they are, or how low the lowest is.

use super::ByChance;
use super::sampled::Sampled;
use super::study::{Cell, Options};
use crate::measure::MetricKey;
use crate::metrics::{Form, Reading, Task};
use crate::seed::{Seed, Stream};
use crate::stats::{self, Joined, Rate, Scale, SeededRate};

/// Permutations behind what chance alone would show.
const PERMUTATIONS: usize = 1000;

/// The rates that a number of this form compares.
fn compared(form: Form) -> &'static [&'static str] {
    match form {
        Form::Gap(of, ..) | Form::Smallest(of) | Form::Signed(of) => of,
        Form::Share | Form::Shares | Form::Bare(_) | Form::Other | Form::Pairs => &[],
    }
}

/// Whether a number compares rates of groups, classes or corruptions.
pub(super) fn compares(form: Form) -> bool {
    !compared(form).is_empty()
}

/// The tasks about one group, class or corruption that `task` compares, by family: place among all tasks, and the task.
pub(super) fn members<'a>(task: &Task, tasks: &'a [Task]) -> Vec<Vec<(usize, &'a Task)>> {
    // What is about a part of what is shifted compares that part's own parts.
    let part = task.metric.needs.is_of_parts().then(|| task.key.group.clone().unwrap_or_default());
    let is_of_part = |other: &Task| match (&part, &other.key.group) {
        (Some(part), Some(own)) => own.strip_prefix(part.as_str()).is_some_and(|rest| rest.starts_with(':')),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let family = |id: &&'static str| {
        let own = |other: &&'a Task| {
            other.metric.id == *id
                && other.attribute == task.attribute
                && other.case == task.case
                && is_of_part(other)
        };
        tasks.iter().enumerate().filter(|(_, other)| own(other)).collect()
    };
    compared(task.metric.form).iter().map(family).collect()
}

/// The draws behind a number's interval: the same for all numbers that compare the same rates, so that they agree with each other.
pub(super) fn stream(task: &Task, seed: Seed) -> Stream {
    let key = MetricKey { id: compared(task.metric.form).join("+"), ..task.key.clone() };
    seed.stream(&format!("disparity/{key}"))
}

/// A rate as hits and rows; nothing where it is undefined.
pub(super) fn rate(reading: &Reading) -> Option<Rate> {
    let rows = reading.n as f64;
    Some(Rate { hits: reading.value.get()? * rows, rows })
}

/// What chance alone would show, by permutation at these counts.
pub(super) fn by_chance(
    families: &[Vec<Rate>],
    joined: Joined,
    is_alone: bool,
    stream: &mut Stream,
) -> Option<ByChance> {
    let whole: Vec<Vec<Rate>> = families
        .iter()
        .map(|family| family.iter().map(|rate| Rate { hits: rate.hits.round(), ..*rate }).collect())
        .collect();
    let chance = stats::chance(&whole, joined, PERMUTATIONS, stream)?;
    let furthest = families.iter().filter_map(|family| {
        let shares = || family.iter().filter(|rate| rate.rows > 0.0).map(|rate| rate.hits / rate.rows);
        let low = shares().reduce(f64::min)?;
        Some((low, shares().fold(low, f64::max)))
    });
    let (low, high) = furthest.max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))?;
    Some(ByChance {
        expected: chance.expected,
        quantile_95: chance.quantile_95,
        p_value: is_alone.then_some(chance.p_value),
        rows_to_see: (high > low).then(|| stats::rows_to_see(low, high)),
    })
}

/// The interval over seeds and rows of a number that compares rates, and what chance alone would show of a distance; `task` is the first cell's.
///
/// `draws` is `[cell][task][resample]`. Groups without rows at some seed are left out.
pub(super) fn crossed(
    task: &Task,
    cells: &[Cell],
    draws: &[Vec<Vec<f64>>],
    sampled: &Sampled,
    options: &Options,
) -> (Option<(f64, f64)>, Option<ByChance>) {
    let member = |(_, member): &(usize, &Task)| {
        let at: Option<Vec<usize>> =
            cells.iter().map(|cell| cell.tasks.iter().position(|other| other.key == member.key)).collect();
        let at = at?;
        let rates: Option<Vec<Rate>> =
            cells.iter().zip(&at).map(|(cell, at)| rate(&cell.readings[*at])).collect();
        let rates = rates.filter(|rates| rates.iter().all(|rate| rate.rows > 0.0))?;
        Some(SeededRate {
            rows: sampled.independent(rates.iter().map(|rate| rate.rows).fold(f64::INFINITY, f64::min)),
            plain: rates.iter().map(|rate| rate.hits / rate.rows).collect(),
            draws: draws.iter().zip(&at).map(|(draws, at)| draws[*at].clone()).collect(),
        })
    };
    let seeded: Vec<Vec<SeededRate>> = members(task, &cells[0].tasks)
        .iter()
        .map(|family| family.iter().filter_map(member).collect())
        .collect();
    let (rows, level) = (sampled.units.units(), options.level);
    match (task.metric.form, seeded.as_slice()) {
        (Form::Gap(_, joined, scale), families) => {
            let mean = |one: &SeededRate| Rate {
                hits: stats::mean(&one.plain).unwrap_or(0.0) * one.rows,
                rows: one.rows,
            };
            let counts: Vec<Vec<Rate>> =
                families.iter().map(|family| family.iter().map(mean).collect()).collect();
            let by_chance = match scale {
                Scale::Difference => by_chance(&counts, joined, false, &mut stream(task, options.seed)),
                Scale::Quotient => None,
            };
            (stats::crossed_gap_interval(families, (joined, scale), rows, level), by_chance)
        }
        (Form::Smallest(_), [family]) => (stats::crossed_smallest_interval(family, rows, level), None),
        (Form::Signed(_), [family]) => match family.as_slice() {
            [first, second] => (stats::crossed_signed_interval(first, second, rows, level), None),
            _ => (None, None),
        },
        _ => (None, None),
    }
}
