//! The engine for few points whose costs are in vectors of their own, as those of a sweep are.

use super::volume::Fronts;

/// Indices of the points that no other dominates, ascending. Equal points stand or fall together. Costs must be finite.
#[must_use]
pub fn nondominated(costs: &[Vec<f64>]) -> Vec<usize> {
    filled(costs).map_or_else(Vec::new, |mut fronts| fronts.members().to_vec())
}

/// The volume dominated by `costs` up to `reference`: of the union of the boxes between each point and
/// the reference. Points not better than the reference on every axis add nothing; nor does an empty set.
#[must_use]
pub fn hypervolume(costs: &[Vec<f64>], reference: &[f64]) -> f64 {
    filled(costs).map_or(0.0, |mut fronts| fronts.hypervolume(reference))
}

fn filled(costs: &[Vec<f64>]) -> Option<Fronts> {
    let mut fronts = Fronts::new(costs.first()?.len());
    for row in costs {
        fronts.push(row);
    }
    Some(fronts)
}
