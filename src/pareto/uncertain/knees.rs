//! Knees of a front with how often resamples have them there.

use crate::pareto::Costs;
use crate::pareto::knees::{DEFINITIONS, Definition, before_line, ends};
use crate::pareto::nondominated;
use crate::pareto::resampled::{Means, Resampled};

/// What one definition says of the front of seed means, and of resamples.
#[derive(Debug, Clone, PartialEq)]
pub struct Bend {
    /// The definition's name: `chord`, `angle`, `kneedle`, `contribution`.
    pub definition: &'static str,
    /// What it looks for, for people.
    pub title: &'static str,
    /// Who proposed it.
    pub source: &'static str,
    /// The knee of the front of seed means; `None` where it has none.
    pub point: Option<usize>,
    /// How often a resample's front has its knee at which point, most frequent first; empty without resamples.
    pub frequency: Vec<(usize, f64)>,
    /// How often it has none.
    pub none: Option<f64>,
}

/// How far the bend lies before the straight line between the front's ends, as a share of the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Depth {
    /// By seed means, above 0.
    pub distance: f64,
    /// Simultaneous for the members between the ends, since the farthest was picked; `None` below 3 seeds or without resamples.
    pub interval: Option<(f64, f64)>,
}

impl Depth {
    /// Whether the distance can be told from none; `None` without an interval.
    #[must_use]
    pub fn is_shown(&self) -> Option<bool> {
        self.interval.map(|(low, _)| low > 0.0)
    }
}

/// The knees by all definitions, and the depth of the one farthest from the chord, on two objectives.
pub(super) fn of(resampled: &Resampled<'_>, level: f64) -> (Vec<Bend>, Option<Depth>) {
    let Some(means) = resampled.all(&resampled.plain()).filter(|means| !means.is_empty()) else {
        return (Vec::new(), None);
    };
    let members = nondominated(&means);
    let definitions: Vec<&Definition> = DEFINITIONS
        .iter()
        .filter(|definition| !definition.planar || resampled.objectives.len() == 2)
        .collect();
    let mut counts = vec![vec![0_usize; resampled.kept.len() + 1]; definitions.len()];
    let mut drawn = 0;
    for b in 0..resampled.draws.resamples {
        let Some(costs) = resampled.all(&resampled.crossed(b)) else { continue };
        drawn += 1;
        let members = nondominated(&costs);
        for (definition, counts) in definitions.iter().zip(&mut counts) {
            counts[found(definition, &costs, &members).unwrap_or(resampled.kept.len())] += 1;
        }
    }
    let share = |count: usize| count as f64 / f64::from(drawn.max(1));
    let bend = |(definition, counts): (&&Definition, &Vec<usize>)| {
        let (at, none) = counts.split_at(resampled.kept.len());
        let mut frequency: Vec<(usize, f64)> = at
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(position, count)| (resampled.kept[position], share(*count)))
            .collect();
        frequency.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Bend {
            definition: definition.id,
            title: definition.title,
            source: definition.source,
            point: found(definition, &means, &members).map(|position| resampled.kept[position]),
            frequency,
            none: (drawn > 0).then(|| share(none[0])),
        }
    };
    let bends = definitions.iter().zip(&counts).map(bend).collect();
    (bends, depth(resampled, &means, &members, level))
}

/// The position of the knee among `costs`.
fn found(definition: &Definition, costs: &[Vec<f64>], members: &[usize]) -> Option<usize> {
    let axes = costs.first()?.len();
    let rows: Vec<f64> = members.iter().flat_map(|member| costs[*member].iter().copied()).collect();
    (definition.find)(&Costs::new(rows, axes).ok()?).map(|knee| members[knee.member])
}

fn depth(resampled: &Resampled<'_>, means: &[Vec<f64>], members: &[usize], level: f64) -> Option<Depth> {
    if resampled.objectives.len() != 2 || members.len() < 3 {
        return None;
    }
    let front: Vec<f64> = members.iter().flat_map(|member| means[*member].iter().copied()).collect();
    let [last, first] = ends(&Costs::new(front, 2).ok()?)[..] else { return None };
    let (first, last) = (members[first], members[last]);
    let inner: Vec<usize> =
        members.iter().copied().filter(|member| *member != first && *member != last).collect();
    let deep = |member: usize| before_line([&means[first], &means[last]], &means[member]);
    let depths: Option<Vec<(f64, usize)>> =
        inner.iter().map(|member| Some((deep(*member)?, *member))).collect();
    let (distance, knee) = depths?.into_iter().reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    if distance <= 0.0 {
        return None;
    }
    // Bonferroni over the members that could have been the farthest.
    let level = 1.0 - (1.0 - level) / inner.len() as f64;
    let statistic = |means: Means<'_>| {
        let [a, b, knee] = [first, last, knee].map(|member| resampled.costs(member, means));
        before_line([&a?, &b?], &knee?)
    };
    Some(Depth { distance, interval: resampled.interval(level, statistic) })
}
