//! From the rates of groups or classes to the number that says how far apart they are, or how low the lowest is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::ByChance;
use super::sampled::Sampled;
use super::study::{Cell, Options};
use crate::measure::MetricKey;
use crate::metrics::{Form, Reading, Task};
use crate::seed::{Seed, Stream};
use crate::stats::{self, CrossedGaps, Joined, Permuted, Rate, Scale, SeededRate};

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
    seed.stream(&format!("disparity/{}", rates_key(task)))
}

/// The key of the rates that a number compares, which other numbers may compare too.
fn rates_key(task: &Task) -> MetricKey {
    MetricKey { id: compared(task.metric.form).join("+"), ..task.key.clone() }
}

/// A rate as hits and rows; nothing where it is undefined.
pub(super) fn rate(reading: &Reading) -> Option<Rate> {
    let rows = reading.n as f64;
    Some(Rate { hits: reading.value.get()? * rows, rows })
}

/// The permutations behind what chance alone would show, at these counts.
fn permuted(families: &[Vec<Rate>], stream: &mut Stream) -> Option<Permuted> {
    let whole: Vec<Vec<Rate>> = families
        .iter()
        .map(|family| family.iter().map(|rate| Rate { hits: rate.hits.round(), ..*rate }).collect())
        .collect();
    Permuted::draw(&whole, PERMUTATIONS, stream)
}

/// What chance alone would show, by permutation at these counts.
pub(super) fn by_chance(
    families: &[Vec<Rate>],
    joined: Joined,
    is_alone: bool,
    stream: &mut Stream,
) -> Option<ByChance> {
    told(families, &permuted(families, stream)?, joined, is_alone)
}

fn told(families: &[Vec<Rate>], permuted: &Permuted, joined: Joined, is_alone: bool) -> Option<ByChance> {
    let chance = permuted.joined(joined)?;
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

/// What numbers of one point share that compare the same rates, such as the largest, the mean and the sum of equalized odds: worked out once, by whoever comes first.
#[derive(Default)]
pub(super) struct Shared {
    known: Mutex<BTreeMap<MetricKey, Arc<OnceLock<Apart>>>>,
}

/// How far the groups of families are apart, before the families become one number.
struct Apart {
    counts: Vec<Vec<Rate>>,
    gaps: Option<CrossedGaps>,
    permuted: Option<Permuted>,
}

impl Shared {
    fn of(&self, key: MetricKey) -> Arc<OnceLock<Apart>> {
        // A map that another thread left in the middle of an insertion is still a map.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_default())
    }
}

/// The interval over seeds and rows of a number that compares rates, and what chance alone would show of a distance; `task` is the first cell's.
///
/// `places` says of each cell where the task of a number stands, `shared` is for all numbers of the point; `draws` is `[cell][task][resample]`. Groups without rows at some seed are left out.
pub(super) fn crossed(
    task: &Task,
    (cells, places, shared): (&[Cell], &[BTreeMap<&MetricKey, usize>], &Shared),
    draws: &[Vec<Vec<f64>>],
    sampled: &Sampled,
    options: &Options,
) -> (Option<(f64, f64)>, Option<ByChance>) {
    let member = |(_, member): &(usize, &Task)| {
        let at: Option<Vec<usize>> = places.iter().map(|places| places.get(&member.key).copied()).collect();
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
    let seeded = || -> Vec<Vec<SeededRate>> {
        let families = members(task, &cells[0].tasks);
        families.iter().map(|family| family.iter().filter_map(member).collect()).collect()
    };
    let (rows, level) = (sampled.units.units(), options.level);
    match task.metric.form {
        Form::Gap(_, joined, Scale::Quotient) => {
            (stats::crossed_gap_interval(&seeded(), (joined, Scale::Quotient), rows, level), None)
        }
        Form::Gap(_, joined, Scale::Difference) => {
            let apart = shared.of(rates_key(task));
            let apart = apart.get_or_init(|| {
                let families = seeded();
                let mean = |one: &SeededRate| Rate {
                    hits: stats::mean(&one.plain).unwrap_or(0.0) * one.rows,
                    rows: one.rows,
                };
                let counts: Vec<Vec<Rate>> =
                    families.iter().map(|family| family.iter().map(mean).collect()).collect();
                Apart {
                    gaps: CrossedGaps::of(&families, Scale::Difference, rows, level),
                    permuted: permuted(&counts, &mut stream(task, options.seed)),
                    counts,
                }
            });
            let by_chance =
                apart.permuted.as_ref().and_then(|permuted| told(&apart.counts, permuted, joined, false));
            (apart.gaps.as_ref().map(|gaps| gaps.joined(joined)), by_chance)
        }
        Form::Smallest(_) => match seeded().as_slice() {
            [family] => (stats::crossed_smallest_interval(family, rows, level), None),
            _ => (None, None),
        },
        Form::Signed(_) => match seeded().as_slice() {
            [family] => match family.as_slice() {
                [first, second] => (stats::crossed_signed_interval(first, second, rows, level), None),
                _ => (None, None),
            },
            _ => (None, None),
        },
        _ => (None, None),
    }
}
