//! The competing points of a front, resampled over seeds and rows together.

use super::volume::Fronts;
use super::{Objective, ties};
use crate::points::{Draws, Study};
use crate::stats::{self, SEEDS_FOR_PERCENTILES, SEEDS_FOR_VARIANCE};

/// The mean of an objective (second) of a point (first, its position), as one resample or all seeds have it.
pub(super) type Means<'a> = &'a dyn Fn(usize, usize) -> Option<f64>;

/// Resamples of the points that compete.
pub(super) struct Resampled<'a> {
    /// Indices of the points that compete, ascending.
    pub(super) kept: Vec<usize>,
    pub(super) objectives: &'a [Objective],
    /// In the order of `kept`.
    pub(super) draws: Draws,
}

/// One resample after another, in the same memory.
pub(super) struct Drawn {
    pub(super) fronts: Fronts,
    /// Which of the kept points each one is.
    pub(super) positions: Vec<usize>,
    costs: Vec<f64>,
}

impl Drawn {
    pub(super) fn new(axes: usize) -> Self {
        Self { fronts: Fronts::new(axes), positions: Vec::new(), costs: Vec::new() }
    }
}

impl<'a> Resampled<'a> {
    pub(super) fn new(study: &Study, objectives: &'a [Objective], kept: Vec<usize>) -> Self {
        let keys: Vec<_> = objectives.iter().map(|objective| objective.key.clone()).collect();
        Self { draws: study.draws(&kept, &keys), objectives, kept }
    }

    /// Costs of the point at position `point`, as shares of the way from the ideal to the reference.
    pub(super) fn costs(&self, point: usize, means: Means<'_>) -> Option<Vec<f64>> {
        let axes = self.objectives.iter().enumerate();
        axes.map(|(axis, objective)| Some(objective.cost(means(point, axis)?))).collect()
    }

    /// Fills `drawn` with the points that are defined; what differs by rounding alone is made equal.
    pub(super) fn draw(&self, drawn: &mut Drawn, means: Means<'_>) {
        let axes = self.objectives.len();
        drawn.fronts.clear();
        drawn.positions.clear();
        drawn.costs.clear();
        for point in 0..self.kept.len() {
            let costs = self.objectives.iter().enumerate();
            drawn.costs.extend(costs.map_while(|(axis, o)| means(point, axis).map(|x| o.cost(x))));
            let whole = axes * (drawn.positions.len() + 1);
            if drawn.costs.len() == whole {
                drawn.positions.push(point);
            } else {
                drawn.costs.truncate(whole - axes);
            }
        }
        ties::level(&mut drawn.costs.chunks_exact_mut(axes).collect::<Vec<_>>());
        drawn.costs.chunks_exact(axes).for_each(|costs| drawn.fronts.push(costs));
    }

    /// Costs of all points, where all are defined; what differs by rounding alone is made equal.
    pub(super) fn all(&self, means: Means<'_>) -> Option<Vec<Vec<f64>>> {
        let mut all: Vec<Vec<f64>> =
            (0..self.kept.len()).map(|point| self.costs(point, means)).collect::<Option<_>>()?;
        ties::level(&mut all.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
        Some(all)
    }

    /// The means over seeds, on the rows as they are.
    pub(super) fn plain(&self) -> impl Fn(usize, usize) -> Option<f64> {
        |point, axis| self.draws.over_seeds(point, axis, None, None)
    }

    /// The means in resample `b` of seeds and rows.
    pub(super) fn crossed(&self, b: usize) -> impl Fn(usize, usize) -> Option<f64> {
        move |point, axis| self.draws.crossed(point, axis, b)
    }

    /// The interval of a smooth statistic of the means: below 30 seeds from variance components of its jackknife pseudo-values over seeds, from 30 on percentiles of
    /// crossed resamples (at 10 seeds that dominate, percentiles cover 90 % where 95 are nominal: `cargo bench --bench coverage`). `None` below 3 seeds, without resamples, or where it is undefined somewhere.
    pub(super) fn interval(
        &self,
        level: f64,
        mut statistic: impl FnMut(Means<'_>) -> Option<f64>,
    ) -> Option<(f64, f64)> {
        let (seeds, resamples) = (self.draws.seeds.len(), self.draws.resamples);
        if seeds < SEEDS_FOR_VARIANCE || resamples == 0 {
            return None;
        }
        if seeds >= SEEDS_FOR_PERCENTILES {
            let drawn: Option<Vec<f64>> = (0..resamples).map(|b| statistic(&self.crossed(b))).collect();
            return stats::crossed_interval(&drawn?, level);
        }
        let mut of = |b: Option<usize>, omitted: Option<usize>| {
            statistic(&|point, axis| self.draws.over_seeds(point, axis, b, omitted))
        };
        let s = seeds as f64;
        let pseudo = |whole: f64, without: f64| s * whole - (s - 1.0) * without;
        let whole = of(None, None)?;
        let wholes: Vec<f64> = (0..resamples).map(|b| of(Some(b), None)).collect::<Option<_>>()?;
        let (mut plain, mut resampled) = (Vec::new(), Vec::new());
        for omitted in 0..seeds {
            plain.push(pseudo(whole, of(None, Some(omitted))?));
            let drawn = wholes.iter().enumerate();
            let drawn: Option<Vec<f64>> =
                drawn.map(|(b, whole)| Some(pseudo(*whole, of(Some(b), Some(omitted))?))).collect();
            resampled.push(drawn?);
        }
        Some(stats::components(&plain, &resampled, self.draws.units)?.interval(whole, level))
    }
}
