//! The engine for few points whose costs are in vectors of their own, as those of a sweep are.

use super::indicators::additive_epsilon;
use super::volume::Fronts;
use super::{Costs, ties};

/// Indices of the points that no other dominates, ascending. Equal points stand or fall together, and costs that differ by rounding alone (by no more than 10⁻¹²) are equal. Costs must be finite.
#[must_use]
pub fn nondominated(costs: &[Vec<f64>]) -> Vec<usize> {
    let mut costs = costs.to_vec();
    ties::level(&mut costs.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
    filled(&costs).map_or_else(Vec::new, |mut fronts| fronts.members().to_vec())
}

/// The volume dominated by `costs` up to `reference`: of the union of the boxes between each point and
/// the reference. Points not better than the reference on every axis add nothing; nor does an empty set.
#[must_use]
pub fn hypervolume(costs: &[Vec<f64>], reference: &[f64]) -> f64 {
    filled(costs).map_or(0.0, |mut fronts| fronts.hypervolume(reference))
}

/// By how much every cost of `of` must fall so that each point of `to` is weakly dominated: the additive epsilon indicator of two sets of finite costs, neither of them empty.
#[must_use]
pub fn epsilon(of: &[Vec<f64>], to: &[Vec<f64>]) -> f64 {
    let costs =
        |rows: &[Vec<f64>]| Costs::new(rows.concat(), rows[0].len()).expect("finite costs on the same axes");
    additive_epsilon(&costs(of), &costs(to)).expect("two sets that are not empty")
}

fn filled(costs: &[Vec<f64>]) -> Option<Fronts> {
    let mut fronts = Fronts::new(costs.first()?.len());
    for row in costs {
        fronts.push(row);
    }
    Some(fronts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_differ_by_rounding_are_equal() {
        let costs = |first: f64| [vec![first, 0.5], vec![0.299_999_999_999_999_9, 0.6]];
        assert_eq!(nondominated(&costs(0.300_000_000_000_000_2)), [0]);
        assert_eq!(nondominated(&costs(0.300_000_1)), [0, 1]);
    }

    /// Of {(0, 1), (1, 0)} to {(0.5, 0.5)}: either point must move by 0.5; the other way round (0.5, 0.5) must move by 0.5 for each.
    /// Of {(0.2, 0.2)} to {(0, 0.5)}: 0.2; back: 0.3.
    #[test]
    fn epsilon_by_hand() {
        let corner = [vec![0.0, 1.0], vec![1.0, 0.0]];
        let middle = [vec![0.5, 0.5]];
        assert_eq!((epsilon(&corner, &middle), epsilon(&middle, &corner)), (0.5, 0.5));
        let (a, b) = ([vec![0.2, 0.2]], [vec![0.0, 0.5]]);
        assert_eq!((epsilon(&a, &b), epsilon(&b, &a)), (0.2, 0.3));
    }
}
