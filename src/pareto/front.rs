//! The front of seed means, and how stable it is under crossed resampling.

use super::volume::Fronts;
use super::{Front, Objective, dominates, hypervolume, nondominated};
use crate::points::{Draws, Point, Study};
use crate::stats::{self, SEEDS_FOR_PERCENTILES, SEEDS_FOR_VARIANCE};

/// The front of the study's points (only those for which `candidate` holds) on `objectives`.
///
/// Points with an undefined objective, with failed or missing seeds, and degenerate points are excluded, with the reason.
/// The members are those of the seed means; `stability` and the interval come from the study's resamples, where rows and seeds
/// are redrawn together, the same for all points.
#[must_use]
pub fn front(study: &Study, objectives: &[Objective], candidate: impl Fn(&Point) -> bool) -> Front {
    let points = &study.points;
    let seeds: Vec<u64> = points
        .iter()
        .filter(|point| candidate(point))
        .map(|point| &point.seeds)
        .max_by_key(|seeds| seeds.len())
        .cloned()
        .unwrap_or_default();
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
    let keys: Vec<_> = objectives.iter().map(|objective| objective.key.clone()).collect();
    let resampled = Resampled { draws: study.draws(&kept, &keys), objectives, kept: kept.len(), reference };
    let mut stability = vec![None; points.len()];
    for (index, share) in kept.iter().zip(resampled.stability()) {
        stability[*index] = Some(share);
    }
    let hypervolume_interval =
        if kept.is_empty() { None } else { resampled.interval(volume, seeds.len(), study.options().level) };
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
    if let Some((seed, reason)) = point.failed.first() {
        let all = point.failed.len() + point.seeds.len();
        return Err(format!("{} of {all} seeds failed (seed {seed}: {reason})", point.failed.len()));
    }
    if point.seeds != seeds {
        let listed = |seeds: &[u64]| seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        return Err(format!("only seeds {} of {} finished", listed(&point.seeds), listed(seeds)));
    }
    let undefined = |objective: &Objective| match point.measures.get(&objective.key) {
        None => Some(format!("`{}` is not measured", objective.key)),
        Some(measured) => {
            let reason = measured.estimate.value.reason()?;
            Some(format!("`{}` is undefined: {reason}", objective.key))
        }
    };
    if let Some(reason) = objectives.iter().find_map(undefined) {
        return Err(reason);
    }
    if let Some(reason) = &point.degenerate {
        return Err(format!("degenerate: {reason}"));
    }
    let value = |objective: &Objective| point.value(&objective.key).expect("checked to be defined");
    Ok(objectives.iter().map(|objective| objective.cost(value(objective))).collect())
}

struct Resampled<'a> {
    draws: Draws,
    objectives: &'a [Objective],
    /// Points that compete; the draws are in their order.
    kept: usize,
    reference: Vec<f64>,
}

/// One resample after another, in the same memory.
struct Drawn {
    fronts: Fronts,
    /// Which of the kept points each one is.
    positions: Vec<usize>,
    costs: Vec<f64>,
}

impl Drawn {
    fn new(axes: usize) -> Self {
        Self { fronts: Fronts::new(axes), positions: Vec::new(), costs: Vec::new() }
    }
}

impl Resampled<'_> {
    /// Fills `drawn` with the competing points that are defined.
    fn draw(&self, drawn: &mut Drawn, value: impl Fn(usize, usize) -> Option<f64>) {
        drawn.fronts.clear();
        drawn.positions.clear();
        for point in 0..self.kept {
            let costs = self.objectives.iter().enumerate();
            drawn.costs.clear();
            drawn.costs.extend(costs.map_while(|(k, o)| value(point, k).map(|x| o.cost(x))));
            if drawn.costs.len() == self.objectives.len() {
                drawn.fronts.push(&drawn.costs);
                drawn.positions.push(point);
            }
        }
    }

    /// For each kept point, the share of resamples with it on the front; empty without resamples.
    fn stability(&self) -> Vec<f64> {
        if self.draws.resamples == 0 {
            return Vec::new();
        }
        let mut counts = vec![0_usize; self.kept];
        let mut drawn = Drawn::new(self.objectives.len());
        for b in 0..self.draws.resamples {
            self.draw(&mut drawn, |point, key| self.draws.crossed(point, key, b));
            for on in drawn.fronts.members() {
                counts[drawn.positions[*on]] += 1;
            }
        }
        counts.into_iter().map(|count| count as f64 / self.draws.resamples as f64).collect()
    }

    fn volume(&self, drawn: &mut Drawn, value: impl Fn(usize, usize) -> Option<f64>) -> f64 {
        self.draw(drawn, value);
        drawn.fronts.hypervolume(&self.reference)
    }

    /// Below 10 seeds: variance components of the jackknife pseudo-values over seeds; from 10, percentiles.
    fn interval(&self, volume: f64, seeds: usize, level: f64) -> Option<(f64, f64)> {
        let resamples = self.draws.resamples;
        if seeds < SEEDS_FOR_VARIANCE || resamples == 0 {
            return None;
        }
        let mut drawn = Drawn::new(self.objectives.len());
        let mut volume_of = |value: &dyn Fn(usize, usize) -> Option<f64>| self.volume(&mut drawn, value);
        let (low, high) = if seeds >= SEEDS_FOR_PERCENTILES {
            let volumes: Vec<f64> =
                (0..resamples).map(|b| volume_of(&|point, key| self.draws.crossed(point, key, b))).collect();
            stats::crossed_interval(&volumes, level)?
        } else {
            let s = seeds as f64;
            let pseudo = |whole: f64, without: f64| s * whole - (s - 1.0) * without;
            let wholes: Vec<f64> = (0..resamples)
                .map(|b| volume_of(&|point, key| self.draws.over_seeds(point, key, Some(b), None)))
                .collect();
            let mut plain = Vec::new();
            let mut resampled = Vec::new();
            for omitted in 0..seeds {
                let without: Vec<f64> = (0..resamples)
                    .map(|b| {
                        volume_of(&|point, key| self.draws.over_seeds(point, key, Some(b), Some(omitted)))
                    })
                    .collect();
                plain.push(pseudo(
                    volume,
                    volume_of(&|point, key| self.draws.over_seeds(point, key, None, Some(omitted))),
                ));
                resampled.push(
                    wholes.iter().zip(&without).map(|(whole, without)| pseudo(*whole, *without)).collect(),
                );
            }
            stats::components(&plain, &resampled, self.draws.rows)?.interval(volume, level)
        };
        Some((low.clamp(0.0, 1.0), high.clamp(0.0, 1.0)))
    }
}
