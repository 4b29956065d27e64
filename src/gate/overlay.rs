//! Two fronts on one plane: what a picture of a comparison shows.

use super::{Sampled, Side};
use crate::measure::Pillar;
use crate::metrics;
use crate::pareto::{self, Objective};
use crate::stats;

/// Means over seeds at the two axes.
pub type Place = (f64, f64);

/// One point on both sides; a side has none where it lacks the point or a seed's value.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlaid {
    /// The point's label.
    pub label: String,
    /// Where the baseline has it.
    pub baseline: Option<Place>,
    /// Where the candidate has it.
    pub candidate: Option<Place>,
}

/// Both sides on the plane of two objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// The data of both, for people: name and rows.
    pub data: String,
    /// The horizontal axis: security where there is one.
    pub x: Objective,
    /// The vertical axis.
    pub y: Objective,
    /// Every point that either side has, the baseline's first.
    pub points: Vec<Overlaid>,
    /// Indices of the points that no other of their side dominates on these two axes: the baseline's, and the candidate's.
    pub fronts: [Vec<usize>; 2],
}

/// Lays the candidate over the baseline; nothing where there are fewer than two objectives.
#[must_use]
pub fn overlay(baseline: &Side, candidate: &Side) -> Option<Overlay> {
    let objectives = &baseline.objectives;
    let is_security = |objective: &&Objective| {
        metrics::find(&objective.key.id).is_some_and(|metric| metric.pillar() == Pillar::Security)
    };
    let x = objectives.iter().find(is_security).or(objectives.first())?;
    let y = objectives.iter().find(|other| !is_security(other) && other.key != x.key);
    let y = y.or_else(|| objectives.iter().find(|other| other.key != x.key))?;
    let place = |point: &Sampled| -> Option<Place> {
        Some((stats::mean(&point.defined(&x.key)?)?, stats::mean(&point.defined(&y.key)?)?))
    };
    let of = |side: &Side| -> Vec<(String, Option<Place>)> {
        let own = side.points.iter().filter(|point| point.model == side.front_model);
        own.map(|point| (point.label(&side.front_model), place(point))).collect()
    };
    let mut points: Vec<Overlaid> = of(baseline)
        .into_iter()
        .map(|(label, baseline)| Overlaid { label, baseline, candidate: None })
        .collect();
    for (label, candidate) in of(candidate) {
        match points.iter_mut().find(|point| point.label == label) {
            Some(point) => point.candidate = candidate,
            None => points.push(Overlaid { label, baseline: None, candidate }),
        }
    }
    points.retain(|point| point.baseline.is_some() || point.candidate.is_some());
    let front = |at: fn(&Overlaid) -> Option<Place>| -> Vec<usize> {
        let own: Vec<(usize, Vec<f64>)> = points
            .iter()
            .enumerate()
            .filter_map(|(i, point)| at(point).map(|(a, b)| (i, vec![x.cost(a), y.cost(b)])))
            .collect();
        let costs: Vec<Vec<f64>> = own.iter().map(|(_, costs)| costs.clone()).collect();
        pareto::nondominated(&costs).into_iter().map(|i| own[i].0).collect()
    };
    let fronts = [front(|point| point.baseline), front(|point| point.candidate)];
    Some(Overlay { data: baseline.data.clone(), x: x.clone(), y: y.clone(), points, fronts })
}
