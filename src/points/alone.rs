//! One predictor on its own: what the rows alone say of it.

use std::collections::BTreeMap;

use super::aggregate::FEW_UNDEFINED;
use super::sampled::Sampled;
use super::{Measured, Options, disparities, unvaried};
use crate::evidence::Evidence;
use crate::measure::{Estimate, MetricKey};
use crate::metrics::{self, Folded, Form, Metric, Reading, Table, Task};
use crate::numeric::normal_quantile;
use crate::stats::{self, Rate, RowWeights};
use crate::words::count;

/// Every number of one predictor, with its interval over rows drawn anew; nothing is said of other seeds.
///
/// - A share: Wilson's interval.
/// - A distance between groups: the signed differences of all pairs of groups, rows drawn within the groups, simultaneous over the pairs,
///   folded at 0 ([`stats::stratified_interval`]); beside it what chance alone would show. The signed difference of two groups has the same interval unfolded.
/// - The smallest share of several: exact intervals of all, simultaneous ([`stats::smallest_interval`]).
/// - Anything else: its value ± the normal quantile times its standard deviation over `options.resamples` resamples of the rows.
///
/// Where rows belong together as units, these are resampled; intervals in closed form and permutations count the rows as if those of a unit all said the same, which is the least that they say.
///
/// Without resamples only what has its interval in closed form has one (shares, the smallest of several, and what compares two groups), and nothing is said of chance. Deterministic for given options.
#[must_use]
pub fn alone(evidence: &Evidence, options: Options) -> BTreeMap<MetricKey, Measured> {
    let facts = &*evidence.facts;
    let table = Table::new(evidence);
    let tasks = metrics::tasks_and_behind(evidence);
    let parts = table.parts(&tasks);
    let folded = table.fold(&vec![1_u8; facts.len()], &parts);
    let readings: Vec<Reading> =
        tasks.iter().map(|task| task.read(&task.context(facts, &table, &folded))).collect();
    let sampled = Sampled::of(Some(facts));
    let spreads = spreads(evidence, &table, &tasks, &sampled, options);
    let mut all = BTreeMap::new();
    for (place, (task, reading)) in tasks.iter().zip(&readings).enumerate() {
        if !task.metric.is_reported() {
            continue;
        }
        let mut measured = Measured {
            estimate: Estimate {
                value: reading.value.clone(),
                interval: None,
                level: options.level,
                method: "no interval of an undefined value".to_owned(),
                n: reading.n,
                bound: reading.bound,
            },
            per_seed: vec![reading.value.clone()],
            sd_seed: None,
            sd_row: spreads[place].map(|(sd, _)| sd),
            by_chance: None,
            sizable: None,
            notes: reading.notes.clone(),
        };
        if let Some(value) = reading.value.get() {
            let families = families(task, &tasks, &readings, &sampled);
            interval(&mut measured, task, value, &families, (&sampled, options));
            let undefined = spreads[place].map_or(0, |(_, undefined)| undefined);
            if FEW_UNDEFINED * undefined > options.resamples {
                measured.notes.push(metrics::resamples_note(undefined, options.resamples));
            }
        }
        all.insert(task.key.clone(), measured);
    }
    all
}

/// The standard deviation of every task over resampled rows, and in how many it is undefined; none where that is most of them.
fn spreads(
    evidence: &Evidence,
    table: &Table,
    tasks: &[Task],
    sampled: &Sampled,
    options: Options,
) -> Vec<Option<(f64, usize)>> {
    let facts = &*evidence.facts;
    let wanted = |task: &&Task| {
        task.metric.is_reported()
            && task.metric.form != Form::Share
            && !disparities::compares(task.metric.form)
    };
    let drawn: Vec<&Task> = tasks.iter().filter(wanted).collect();
    let parts = table.parts(drawn.iter().copied());
    let draws = RowWeights::each(options.seed, &sampled.units, options.resamples, |weights, resamples| {
        let values = |folded: &Folded| -> Vec<Option<f64>> {
            drawn.iter().map(|task| task.value(&task.context(facts, table, folded)).get()).collect()
        };
        table.fold_lanes(weights, &parts)[..resamples].iter().map(values).collect()
    });
    let mut spreads = drawn.iter().enumerate().map(|(place, _)| {
        let defined: Vec<f64> = draws.iter().filter_map(|values| values[place]).collect();
        let undefined = draws.len() - defined.len();
        let sd = stats::standard_deviation(&defined).filter(|_| 2 * defined.len() >= draws.len());
        sd.map(|sd| (sd, undefined))
    });
    tasks.iter().map(|task| if wanted(&task) { spreads.next().flatten() } else { None }).collect()
}

/// The rates that a number compares; where rows belong together, over as many rows as say at least as much on their own.
fn families(task: &Task, tasks: &[Task], readings: &[Reading], sampled: &Sampled) -> Vec<Vec<Rate>> {
    let rates = |family: &Vec<(usize, &Task)>| {
        let own = family.iter().filter_map(|(place, _)| disparities::rate(&readings[*place]));
        own.map(|rate| match sampled.independent(rate.rows) {
            rows if rows < rate.rows && rate.rows > 0.0 => {
                let rows = rows.floor().max(1.0);
                Rate { hits: rate.hits / rate.rows * rows, rows }
            }
            _ => rate,
        })
        .collect()
    };
    disparities::members(task, tasks).iter().map(rates).collect()
}

fn interval(
    measured: &mut Measured,
    task: &Task,
    value: f64,
    families: &[Vec<Rate>],
    (sampled, options): (&Sampled, Options),
) {
    let metric: &Metric = task.metric;
    let (level, n) = (options.level, measured.estimate.n);
    // Rows on their own that say at least as much.
    let own = sampled.independent(n as f64);
    let unasked = || (None, "no interval: no resamples were asked for".to_owned());
    let (interval, method) = match (metric.form, families) {
        (Form::Gap(_, joined, scale), families) => {
            let mut stream = disparities::stream(task, options.seed);
            let how = (joined, scale);
            let interval = stats::stratified_interval(families, how, level, options.resamples, &mut stream);
            if scale == stats::Scale::Difference && options.resamples > 0 {
                measured.by_chance = disparities::by_chance(families, joined, true, &mut stream);
            }
            match interval {
                None if options.resamples == 0 => unasked(),
                _ => (
                    interval,
                    format!(
                        "simultaneous over pairs of groups, rows drawn within groups{}",
                        sampled.together()
                    ),
                ),
            }
        }
        (Form::Smallest(_), [family]) => {
            let method = format!(
                "exact binomial, simultaneous over all that the smallest is of{}",
                sampled.together()
            );
            (stats::smallest_interval(family, level), method)
        }
        (Form::Signed(_), [family]) => match family.as_slice() {
            [first, second] => {
                let method = format!("Agresti and Caffo's, rows drawn within groups{}", sampled.together());
                (Some(stats::signed_interval(*first, *second, level)), method)
            }
            _ => (None, "no interval: a group has no rows".to_owned()),
        },
        (Form::Bare(reason), _) => (None, reason.to_owned()),
        (Form::Share, _) => (
            Some(stats::wilson(value * own, own, level)),
            format!("Wilson's over {}{}", count(n, "row"), sampled.together()),
        ),
        _ => match measured.sd_row {
            Some(sd) if unvaried::is_rounding(sd, value) => {
                unvaried::interval(metric, value, own, level, "resampled rows")
            }
            Some(sd) => {
                let half = normal_quantile(0.5 + 0.5 * level) * sd;
                let method =
                    format!("normal, from {} resamples of the rows{}", options.resamples, sampled.together());
                (Some((value - half, value + half)), method)
            }
            None if options.resamples == 0 => unasked(),
            None => (None, "no interval: undefined in most resamples".to_owned()),
        },
    };
    let (least, most) = metric.range;
    measured.estimate.interval =
        interval.map(|(low, high)| (low.clamp(least, most).min(value), high.clamp(least, most).max(value)));
    measured.estimate.method = method;
}
