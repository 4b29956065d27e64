//! The front of seed means, and how stable it is under crossed resampling.

use super::resampled::{Drawn, Means, Resampled};
use super::{Front, Objective, dominates, hypervolume, nondominated, ties};
use crate::points::{Point, Study, fullest_seeds};

/// The front of the study's points (only those for which `candidate` holds) on `objectives`.
///
/// Points with an undefined objective, with failed or missing seeds, and degenerate points are excluded, with the reason.
/// The members are those of the seed means; `stability` and the interval come from the study's resamples, where rows and seeds
/// are redrawn together, the same for all points.
#[must_use]
pub fn front(study: &Study, objectives: &[Objective], candidate: impl Fn(&Point) -> bool) -> Front {
    let points = &study.points;
    let seeds = fullest_seeds(points.iter().filter(|point| candidate(point)));
    let mut excluded = Vec::new();
    let mut kept: Vec<usize> = Vec::new();
    let mut costs: Vec<Vec<f64>> = Vec::new();
    for (index, point) in points.iter().enumerate().filter(|(_, point)| candidate(point)) {
        match costs_of(point, objectives, &seeds) {
            Ok(cost) => {
                kept.push(index);
                costs.push(cost);
            }
            Err(reason) => excluded.push((index, reason)),
        }
    }
    ties::level(&mut costs.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
    let on = nondominated(&costs);
    let members: Vec<usize> = on.iter().map(|i| kept[*i]).collect();
    let dominated = (0..kept.len())
        .filter(|i| !on.contains(i))
        .map(|i| {
            let by = on.iter().find(|j| dominates(&costs[**j], &costs[i]));
            (kept[i], kept[*by.expect("what is off the front is dominated from it")])
        })
        .collect();
    let reference = vec![1.0; objectives.len()];
    let volume = hypervolume(&costs, &reference);
    let resampled = Resampled::new(study, objectives, kept);
    let mut stability = vec![None; points.len()];
    for (index, share) in resampled.kept.iter().zip(self::stability(&resampled)) {
        stability[*index] = Some(share);
    }
    let mut drawn = Drawn::new(objectives.len());
    let statistic = |means: Means<'_>| {
        resampled.draw(&mut drawn, means);
        Some(drawn.fronts.hypervolume(&reference))
    };
    let interval =
        if resampled.kept.is_empty() { None } else { resampled.interval(study.options().level, statistic) };
    let hypervolume_interval = interval.map(|(low, high)| (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0)));
    Front {
        objectives: objectives.to_vec(),
        members,
        dominated,
        excluded,
        hypervolume: volume,
        hypervolume_interval,
        stability,
        seeds: seeds.len(),
    }
}

fn costs_of(point: &Point, objectives: &[Objective], seeds: &[u64]) -> Result<Vec<f64>, String> {
    if let Some(reason) = point.failure() {
        return Err(reason);
    }
    if point.seeds != seeds {
        let listed = |seeds: &[u64]| seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        return Err(format!("only seeds {} of {} finished", listed(&point.seeds), listed(seeds)));
    }
    let cost = |objective: &Objective| Ok(objective.cost(point.defined(&objective.key)?));
    let costs = objectives.iter().map(cost).collect::<Result<_, String>>()?;
    match &point.degenerate {
        Some(reason) => Err(format!("degenerate: {reason}")),
        None => Ok(costs),
    }
}

/// For each kept point, the share of resamples with it on the front; empty without resamples.
fn stability(resampled: &Resampled<'_>) -> Vec<f64> {
    let resamples = resampled.draws.resamples;
    if resamples == 0 {
        return Vec::new();
    }
    let mut counts = vec![0_usize; resampled.kept.len()];
    let mut drawn = Drawn::new(resampled.objectives.len());
    for b in 0..resamples {
        resampled.draw(&mut drawn, &resampled.crossed(b));
        for on in drawn.fronts.members() {
            counts[drawn.positions[*on]] += 1;
        }
    }
    counts.into_iter().map(|count| count as f64 / resamples as f64).collect()
}
