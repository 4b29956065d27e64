//! Configurations chosen on validation rows, and how much better the choice looked there than on test rows.

use super::{Objective, front};
use crate::measure::{Direction, MetricKey};
use crate::points::{Point, Study};
use crate::stats;

/// What validation rows chose, in terms of the points measured on test rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Points that could be chosen, ascending.
    pub candidates: Vec<usize>,
    /// Those that no other dominates on validation rows, ascending.
    pub chosen: Vec<usize>,
    /// Those among the candidates that are the same models as earlier ones, ascending: plain training that several defenses begin with is
    /// one configuration, though a point of each of their fronts.
    pub copies: Vec<usize>,
    /// Points that could not compete on validation rows, with the reason.
    pub excluded: Vec<(usize, String)>,
    /// One per objective.
    pub optimism: Vec<Optimism>,
}

impl Choice {
    /// How many configurations `points` are, each counted once.
    #[must_use]
    pub fn distinct(&self, points: impl IntoIterator<Item = usize>) -> usize {
        points.into_iter().filter(|point| !self.copies.contains(point)).count()
    }
}

/// One objective of the chosen on both kinds of rows: means over the chosen that have it on both.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimism {
    /// The objective, as on test rows.
    pub key: MetricKey,
    /// Which way is better.
    pub direction: Direction,
    /// Mean on validation rows.
    pub validation: f64,
    /// Mean on test rows.
    pub test: f64,
    /// The same difference, validation − test, over everything that could be chosen: what the rows differ by without any choice.
    pub all: f64,
}

impl Optimism {
    /// Validation − test, mean over the chosen.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.validation - self.test
    }
}

/// Chooses, among the points for which `candidate` holds, those that are non-dominated on `validation`.
///
/// `on_validation` and `objectives` are the same axes as measured on either kind of rows; `points` are those on test rows. Points are
/// recognized by coordinates and model. Those for which `same` says so are the same models: they are candidates each, and counted once.
#[must_use]
pub fn choose(
    validation: &Study,
    on_validation: &[Objective],
    points: &[Point],
    objectives: &[Objective],
    candidate: impl Fn(&Point) -> bool,
    same: impl Fn(&Point, &Point) -> bool,
) -> Choice {
    let there = front(validation, on_validation, candidate);
    let on_test = |index: usize| {
        let point = &validation.points[index];
        points.iter().position(|other| other.coordinates == point.coordinates && other.model == point.model)
    };
    let found = |indices: &[usize]| {
        let mut pairs: Vec<(usize, usize)> =
            indices.iter().filter_map(|&index| Some((on_test(index)?, index))).collect();
        pairs.sort_unstable();
        pairs
    };
    let chosen = found(&there.members);
    let competing: Vec<usize> =
        there.members.iter().copied().chain(there.dominated.iter().map(|(point, _)| *point)).collect();
    let candidates = found(&competing);
    let is_copy = |at: usize| {
        candidates[..at].iter().any(|(other, _)| same(&points[*other], &points[candidates[at].0]))
    };
    let copies: Vec<usize> =
        (0..candidates.len()).filter(|at| is_copy(*at)).map(|at| candidates[at].0).collect();
    let mut excluded: Vec<(usize, String)> = there
        .excluded
        .iter()
        .filter_map(|(index, reason)| Some((on_test(*index)?, reason.clone())))
        .collect();
    excluded.sort_unstable();
    let optimism = objectives
        .iter()
        .zip(on_validation)
        .filter_map(|(objective, there)| {
            let means = |pairs: &[(usize, usize)]| {
                let once = pairs.iter().filter(|(test, _)| !copies.contains(test));
                let values = once.filter_map(|&(test, index)| {
                    Some((validation.points[index].value(&there.key)?, points[test].value(&objective.key)?))
                });
                let (on_validation, on_test): (Vec<f64>, Vec<f64>) = values.unzip();
                Some((stats::mean(&on_validation)?, stats::mean(&on_test)?))
            };
            let (validation, test) = means(&chosen)?;
            let all = means(&candidates)?;
            Some(Optimism {
                key: objective.key.clone(),
                direction: objective.direction,
                validation,
                test,
                all: all.0 - all.1,
            })
        })
        .collect();
    let firsts = |pairs: Vec<(usize, usize)>| pairs.into_iter().map(|(test, _)| test).collect();
    Choice { candidates: firsts(candidates), chosen: firsts(chosen), copies, excluded, optimism }
}
