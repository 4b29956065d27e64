//! Who beats whom, on costs: less is better on every axis.

/// Whether `a` is nowhere worse than `b` and somewhere better.
#[must_use]
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    assert_eq!(a.len(), b.len(), "costs on the same axes");
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// Indices of the points that no other dominates, ascending. Equal points stand or fall together. Costs must be finite.
///
/// Compares all pairs: a sweep has tens of points, rarely thousands.
#[must_use]
pub fn nondominated(costs: &[Vec<f64>]) -> Vec<usize> {
    debug_assert!(
        costs.iter().flatten().all(|cost| cost.is_finite()),
        "undefined numbers are left out before"
    );
    (0..costs.len()).filter(|i| !costs.iter().any(|other| dominates(other, &costs[*i]))).collect()
}
