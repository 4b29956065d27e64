//! Two models on the same rows: which is right more often, and how many such questions were asked.

use crate::numeric::incomplete_beta;

/// The two-sided exact probability, where two models are equally accurate, of rows that only one of them is right on being split as unequally as `gained` against
/// `lost` (`McNemar` 1947, by the binomial distribution with probability 1/2); 1 where there are no such rows.
#[must_use]
pub fn mcnemar(gained: u64, lost: u64) -> f64 {
    let (fewer, n) = (gained.min(lost) as f64, (gained + lost) as f64);
    if 2.0 * fewer >= n {
        return 1.0;
    }
    // P(X ≤ k) of a binomial is the incomplete beta function at (n − k, k + 1).
    (2.0 * incomplete_beta(n - fewer, fewer + 1.0, 0.5)).min(1.0)
}

/// `p_values`, each made larger so that any of those below a level is wrong with that probability at most (Holm 1979): the smallest times their number, the next times one
/// less, and none below the one before. In the order given.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        least = least.max(p_values[place] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: of six rows none against six is 2 / 2⁶; one against five 2 · (1 + 6) / 2⁶; one against one, or none at all, is as equal as can be.
    #[test]
    fn unequal_splits_by_hand() {
        for (gained, lost, expected) in
            [(0, 6, 2.0 / 64.0), (5, 1, 14.0 / 64.0), (1, 1, 1.0), (0, 0, 1.0), (0, 1, 1.0)]
        {
            let found = mcnemar(gained, lost);
            assert!((found - expected).abs() < 1e-12, "{gained} against {lost}: {found}");
        }
    }

    /// By hand: 0.01 · 3; 0.02 · 2; 0.03 would fall below the one before it, and stays there. A product above 1 is 1.
    #[test]
    fn corrected_by_hand() {
        let close = |found: Vec<f64>, expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        };
        close(holm(&[0.03, 0.01, 0.02]), &[0.04, 0.03, 0.04]);
        close(holm(&[0.9, 0.6]), &[1.0, 1.0]);
        close(holm(&[]), &[]);
    }
}
