//! What at least so many of several runs attain: the empirical attainment function (Grunert da Fonseca, Fonseca and Hall, EMO 2001).
//!
//! A place is attained by a run when one of its points is nowhere worse. With S runs only the levels k / S exist: 1 / S is the best ever attained, 1 what every run
//! attains.

mod plane;
mod space;

use super::costs::Costs;
use crate::error::{Error, Result};

/// For each level k = 1 … S the non-dominated points of the region that at least k of the `runs` attain; entry k − 1. Exact, on two or three axes.
///
/// Two axes: a sweep over the runs' staircases, `O(m log m + S m)` for m points in all. Three: a sweep along the third axis in which each point moves the staircases of the levels
/// (both: Fonseca, Guerreiro, López-Ibáñez and Paquete, EMO 2011).
///
/// # Errors
///
/// No runs, runs on different axes, other than two or three axes ([`counts`] answers for any).
pub fn surfaces(runs: &[Costs<'_>]) -> Result<Vec<Costs<'static>>> {
    match axes(runs)? {
        2 => plane::surfaces(runs).into_iter().map(|level| Costs::new(level.into_flattened(), 2)).collect(),
        3 => space::surfaces(runs).into_iter().map(|level| Costs::new(level.into_flattened(), 3)).collect(),
        axes => {
            Err(Error::input(format!("attainment surfaces on {axes} axes are not computed; 2 and 3 are"))
                .help("count how many runs attain the places that matter"))
        }
    }
}

/// How many of the `runs` attain each of `places`, on any number of axes.
///
/// # Errors
///
/// No runs, or runs or places on different axes.
pub fn counts(runs: &[Costs<'_>], places: &Costs<'_>) -> Result<Vec<usize>> {
    let axes = axes(runs)?;
    if places.axes() != axes {
        return Err(Error::input(format!("places on {} axes, runs on {axes}", places.axes())));
    }
    let attains = |run: &Costs<'_>, place: &[f64]| {
        run.rows().any(|row| row.iter().zip(place).all(|(cost, end)| cost <= end))
    };
    Ok(places.rows().map(|place| runs.iter().filter(|run| attains(run, place)).count()).collect())
}

fn axes(runs: &[Costs<'_>]) -> Result<usize> {
    let Some(first) = runs.first() else { return Err(Error::input("no runs, so nothing is attained")) };
    match runs.iter().position(|run| run.axes() != first.axes()) {
        Some(at) => Err(Error::input(format!(
            "run {at} has {} axes, the first one {}",
            runs[at].axes(),
            first.axes()
        ))),
        None => Ok(first.axes()),
    }
}
