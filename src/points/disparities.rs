//! From the rates of groups or classes to the number that says how far apart they are, or how low the lowest is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::sampled::Sampled;
use super::study::{Cell, Options};
use super::{ByChance, Sizable};
use crate::measure::{MetricKey, Value};
use crate::metrics::{Form, HEADLINE_ROWS, Reading, Task};
use crate::seed::{Seed, Stream};
use crate::stats::{self, CrossedGaps, Joined, Permuted, Rate, SEEDS_FOR_VARIANCE, Scale, SeededRate};

/// Permutations behind what chance alone would show: a p-value is at least 1 of as many and one.
pub const PERMUTATIONS: usize = 1000;

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

/// How far apart groups are, by the key of the rates that are compared and by whose.
type Known = BTreeMap<(MetricKey, Among), Arc<OnceLock<Apart>>>;

/// What numbers of one point share that compare the same rates, such as the largest, the mean and the sum of equalized odds: worked out once, by whoever comes first.
#[derive(Default)]
pub(super) struct Shared {
    known: Mutex<Known>,
}

/// Which groups a number is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Among {
    All,
    /// Those of enough rows for a headline.
    Sizable,
}

/// How far the groups of families are apart, before the families become one number.
struct Apart {
    counts: Vec<Vec<Rate>>,
    gaps: Option<CrossedGaps>,
    permuted: Option<Permuted>,
}

impl Shared {
    fn of(&self, rates: MetricKey, among: Among) -> Arc<OnceLock<Apart>> {
        // A map that another thread left in the middle of an insertion is still a map.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((rates, among)).or_default())
    }
}

/// What is known over seeds and rows of a number that compares rates.
pub(super) struct Compared {
    pub(super) interval: Option<(f64, f64)>,
    /// What chance alone would show of a distance.
    pub(super) by_chance: Option<ByChance>,
    /// The same number over the groups of enough rows for a headline; `None` where all have.
    pub(super) sizable: Option<Sizable>,
}

/// A group, class or corruption over the seeds.
struct Member {
    group: String,
    /// Its place among the tasks of every cell, and its rate there.
    at: Vec<usize>,
    rates: Vec<Rate>,
}

impl Member {
    /// The fewest rows at any seed.
    fn rows(&self) -> f64 {
        self.rates.iter().map(|rate| rate.rows).fold(f64::INFINITY, f64::min)
    }

    fn share(&self, seed: usize) -> f64 {
        self.rates[seed].hits / self.rates[seed].rows
    }

    fn seeded(&self, draws: &[Vec<Vec<f64>>], sampled: &Sampled) -> SeededRate {
        SeededRate {
            rows: sampled.independent(self.rows()),
            plain: (0..self.rates.len()).map(|seed| self.share(seed)).collect(),
            draws: draws.iter().zip(&self.at).map(|(draws, at)| draws[*at].clone()).collect(),
        }
    }
}

/// Compares over seeds and rows; `task` is the first cell's.
///
/// `places` says of each cell where the task of a number stands, `shared` is for all numbers of the point; `draws` is `[cell][task][resample]`. Groups without rows at some seed are left out.
pub(super) fn crossed(
    task: &Task,
    (cells, places, shared): (&[Cell], &[BTreeMap<&MetricKey, usize>], &Shared),
    draws: &[Vec<Vec<f64>>],
    sampled: &Sampled,
    options: &Options,
) -> Compared {
    let member = |(_, member): &(usize, &Task)| {
        let at: Option<Vec<usize>> = places.iter().map(|places| places.get(&member.key).copied()).collect();
        let at = at?;
        let rates: Option<Vec<Rate>> =
            cells.iter().zip(&at).map(|(cell, at)| rate(&cell.readings[*at])).collect();
        let rates = rates.filter(|rates| rates.iter().all(|rate| rate.rows > 0.0))?;
        Some(Member { group: member.key.group.clone().unwrap_or_default(), at, rates })
    };
    let mut families: Vec<Vec<Member>> = members(task, &cells[0].tasks)
        .iter()
        .map(|family| family.iter().filter_map(member).collect())
        .collect();
    let over = |families: &[Vec<Member>], among| {
        let seeded = || -> Vec<Vec<SeededRate>> {
            let of = |member: &Member| member.seeded(draws, sampled);
            families.iter().map(|family| family.iter().map(of).collect()).collect()
        };
        over(task, seeded, &shared.of(rates_key(task), among), sampled, options)
    };
    let (interval, by_chance) = over(&families, Among::All);
    let small = if task.metric.needs.attribute { small(&families) } else { Vec::new() };
    if small.is_empty() {
        return Compared { interval, by_chance, sizable: None };
    }
    for family in &mut families {
        family.retain(|member| small.iter().all(|(group, _)| *group != member.group));
    }
    let sizable = without(task, &families).map(|value| {
        let (interval, by_chance) =
            if value.get().is_some() { over(&families, Among::Sizable) } else { (None, None) };
        let (least, most) = task.metric.range;
        let interval = interval.zip(value.get()).map(|((low, high), value)| {
            (low.clamp(least, most).min(value), high.clamp(least, most).max(value))
        });
        let is_stated = cells.len() >= SEEDS_FOR_VARIANCE && options.resamples > 0;
        Sizable { value, interval: interval.filter(|_| is_stated), by_chance, left_out: small }
    });
    Compared { interval, by_chance, sizable }
}

/// Groups of too few rows for a headline, with these.
fn small(families: &[Vec<Member>]) -> Vec<(String, usize)> {
    let mut small: Vec<(String, usize)> = Vec::new();
    for member in families.iter().flatten().filter(|member| member.rows() < HEADLINE_ROWS as f64) {
        let fewest = member.rows() as usize;
        match small.iter_mut().find(|(group, _)| *group == member.group) {
            Some((_, rows)) => *rows = fewest.min(*rows),
            None => small.push((member.group.clone(), fewest)),
        }
    }
    small
}

/// The mean over seeds of a number where its small groups are left out of `families`; `None` for what no headline states.
fn without(task: &Task, families: &[Vec<Member>]) -> Option<Value> {
    let joined = match task.metric.form {
        Form::Gap(_, joined, Scale::Difference) => Some(joined),
        Form::Smallest(_) => None,
        _ => return None,
    };
    let seeds = families.iter().flatten().next().map_or(0, |member| member.rates.len());
    let at = |seed: usize| match joined {
        Some(joined) => {
            let rates = |family: &Vec<Member>| family.iter().map(|member| member.rates[seed]).collect();
            stats::gap(&families.iter().map(rates).collect::<Vec<Vec<Rate>>>(), joined)
        }
        None => families.iter().flatten().map(|member| member.share(seed)).reduce(f64::min),
    };
    let values: Option<Vec<f64>> = (0..seeds).map(at).collect();
    Some(values.as_deref().and_then(stats::mean).map_or_else(
        || {
            let few = if joined.is_some() { "fewer than two groups have" } else { "no group has" };
            Value::Undefined(format!("{few} {HEADLINE_ROWS} rows that it is over"))
        },
        Value::finite,
    ))
}

/// The interval of a number over families of groups, and what chance alone would show of a distance; `apart` is for all numbers over the same rates and groups.
fn over(
    task: &Task,
    seeded: impl Fn() -> Vec<Vec<SeededRate>>,
    apart: &OnceLock<Apart>,
    sampled: &Sampled,
    options: &Options,
) -> (Option<(f64, f64)>, Option<ByChance>) {
    let (rows, level) = (sampled.units.units(), options.level);
    match task.metric.form {
        Form::Gap(_, joined, Scale::Quotient) => {
            (stats::crossed_gap_interval(&seeded(), (joined, Scale::Quotient), rows, level), None)
        }
        Form::Gap(_, joined, Scale::Difference) => {
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
