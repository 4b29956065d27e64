//! What each seed alone attains: attainment bands.

use crate::error::Result;
use crate::pareto::Costs;
use crate::pareto::attainment;
use crate::pareto::resampled::{Means, Resampled};

/// The place that at least so many seeds attain.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// `best`, `25 %`, `50 %`, `75 %` or `worst`.
    pub name: &'static str,
    /// How many seeds attain it at least: with S seeds only the levels k / S exist.
    pub seeds: usize,
    /// Its corners, one value per objective in the metrics' own units, by the first objective from its best to its worst. A place is attained where it is no better than some corner on any objective.
    pub corners: Vec<Vec<f64>>,
}

/// The bands that are named, with the share of seeds.
const NAMED: [(&str, f64); 5] =
    [("best", 0.0), ("25 %", 0.25), ("50 %", 0.5), ("75 %", 0.75), ("worst", 1.0)];

/// The named bands of the competing points, and for each of these (in their order) how many seeds' own points attain its mean. Bands on two or three objectives alone; nothing below 2 seeds.
pub(super) fn of(resampled: &Resampled<'_>) -> Result<(Vec<Band>, Vec<usize>)> {
    let draws = &resampled.draws;
    let (axes, seeds) = (resampled.objectives.len(), draws.seeds.len());
    if seeds < 2 || resampled.kept.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    // Signs alone are turned, so that corners have the very values that were measured.
    let costs = |value: Means<'_>| -> Result<Costs<'static>> {
        let mut all = Vec::new();
        for point in 0..resampled.kept.len() {
            let axes = resampled.objectives.iter().enumerate();
            let own: Option<Vec<f64>> =
                axes.map(|(axis, o)| Some(o.direction.as_cost(value(point, axis)?))).collect();
            all.extend(own.into_iter().flatten());
        }
        Costs::new(all, axes)
    };
    let runs: Vec<Costs<'_>> = (0..seeds)
        .map(|seed| costs(&|point, axis| draws.at_seed(point, axis, seed, None)))
        .collect::<Result<_>>()?;
    let means = costs(&resampled.plain())?;
    let attained = attainment::counts(&runs, &means)?;
    if !(2..=3).contains(&axes) {
        return Ok((Vec::new(), attained));
    }
    let levels = attainment::surfaces(&runs)?;
    let band = |(name, share): (&'static str, f64)| {
        let k = (libm::ceil(share * seeds as f64) as usize).clamp(1, seeds);
        let native = |row: &[f64]| {
            row.iter().zip(resampled.objectives).map(|(cost, o)| o.direction.as_cost(*cost) + 0.0).collect()
        };
        let mut corners: Vec<Vec<f64>> = levels[k - 1].rows().map(native).collect();
        corners.sort_by(|a, b| {
            let cost = |corner: &[f64]| resampled.objectives[0].direction.as_cost(corner[0]);
            cost(a).total_cmp(&cost(b))
        });
        Band { name, seeds: k, corners }
    };
    Ok((NAMED.into_iter().map(band).collect(), attained))
}
