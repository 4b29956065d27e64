//! From the rates of groups or classes to the number that says how far apart they are.

use super::ByChance;
use super::study::Cell;
use crate::metrics::{Form, Reading, Task};
use crate::seed::Stream;
use crate::stats::{self, Joined, Rate, Scale, SeededRate};

/// Permutations behind what chance alone would show.
const PERMUTATIONS: usize = 1000;

/// The tasks about one group or class that a distance compares.
pub(super) struct Members<'a> {
    /// By family: place among all tasks, and the task.
    pub(super) families: Vec<Vec<(usize, &'a Task)>>,
    joined: Joined,
    scale: Scale,
}

/// What `task` compares; nothing where it is no distance.
pub(super) fn members<'a>(task: &Task, tasks: &'a [Task]) -> Option<Members<'a>> {
    let Form::Gap(of, joined, scale) = task.metric.form else { return None };
    let family = |id: &&'static str| {
        let own = |other: &&'a Task| {
            other.metric.id == *id && other.attribute == task.attribute && other.case == task.case
        };
        tasks.iter().enumerate().filter(|(_, other)| own(other)).collect()
    };
    Some(Members { families: of.iter().map(family).collect(), joined, scale })
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

/// The interval over seeds and rows, and what chance alone would show, of a distance that `task` (of the first cell) measures.
///
/// `draws` is `[cell][task][resample]`. Groups without rows at some seed are left out; resamples in which a group has none are, too.
pub(super) fn crossed(
    task: &Task,
    cells: &[Cell],
    draws: &[Vec<Vec<f64>>],
    rows: usize,
    level: f64,
    stream: &mut Stream,
) -> (Option<(f64, f64)>, Option<ByChance>) {
    let Some(Members { families, joined, scale }) = members(task, &cells[0].tasks) else {
        return (None, None);
    };
    let mut seeded: Vec<Vec<SeededRate>> = Vec::new();
    for family in &families {
        let member = |(_, member): &(usize, &Task)| {
            let at: Option<Vec<usize>> = cells
                .iter()
                .map(|cell| cell.tasks.iter().position(|other| other.key == member.key))
                .collect();
            let at = at?;
            let rates: Option<Vec<Rate>> =
                cells.iter().zip(&at).map(|(cell, at)| rate(&cell.readings[*at])).collect();
            let rates = rates?;
            Some(SeededRate {
                rows: rates.iter().map(|rate| rate.rows).fold(f64::INFINITY, f64::min),
                plain: rates.iter().map(|rate| rate.hits / rate.rows).collect(),
                draws: draws.iter().zip(&at).map(|(draws, at)| draws[*at].clone()).collect(),
            })
        };
        seeded.push(family.iter().filter_map(member).collect());
    }
    let all =
        |b: usize| seeded.iter().flatten().all(|one| one.draws.iter().all(|draws| draws[b].is_finite()));
    let resamples = seeded.iter().flatten().next().map_or(0, |one| one.draws[0].len());
    let kept: Vec<usize> = (0..resamples).filter(|b| all(*b)).collect();
    let counts: Vec<Vec<Rate>> = seeded
        .iter()
        .map(|family| {
            let mean = |one: &SeededRate| stats::mean(&one.plain).unwrap_or(0.0);
            family.iter().map(|one| Rate { hits: mean(one) * one.rows, rows: one.rows }).collect()
        })
        .collect();
    let by_chance = match scale {
        Scale::Difference => by_chance(&counts, joined, false, stream),
        Scale::Quotient => None,
    };
    if kept.len() < 2 || 2 * kept.len() < resamples || scale == Scale::Quotient {
        return (None, by_chance);
    }
    for draws in seeded.iter_mut().flatten().flat_map(|one| &mut one.draws) {
        *draws = kept.iter().map(|b| draws[*b]).collect();
    }
    (stats::crossed_gap_interval(&seeded, joined, rows, level), by_chance)
}
