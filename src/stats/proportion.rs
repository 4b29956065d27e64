//! Intervals for a share of independent rows.

use crate::numeric::{beta_quantile, normal_quantile};

/// Wilson's score interval for `hits` of `n` at `level` (Wilson 1927); the whole `[0, 1]` without rows.
#[must_use]
pub fn wilson(hits: f64, n: f64, level: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let z = normal_quantile(0.5 + 0.5 * level);
    let share = hits / n;
    let center = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((center - half).max(0.0), (center + half).min(1.0))
}

/// The exact interval of Clopper and Pearson (1934) for `hits` of `n` at `level`; the whole `[0, 1]` without rows.
#[must_use]
pub fn clopper_pearson(hits: f64, n: f64, level: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let tail = 0.5 * (1.0 - level);
    let low = if hits <= 0.0 { 0.0 } else { beta_quantile(tail, hits, n - hits + 1.0) };
    let high = if hits >= n { 1.0 } else { beta_quantile(1.0 - tail, hits + 1.0, n - hits) };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hits, rows, the exact interval, the score interval.
    type Case = (f64, f64, (f64, f64), (f64, f64));

    const SCIPY_PROPORTIONS: [Case; 5] = [
        (0.0, 500.0, (0.0, 0.007_350_610_051_907_785), (0.0, 0.007_624_340_461_552_241)),
        (
            3.0,
            500.0,
            (0.001_239_057_543_535_021_7, 0.017_433_673_726_060_524),
            (0.002_042_596_271_960_237, 0.017_490_252_104_053_38),
        ),
        (
            37.0,
            50.0,
            (0.596_552_321_271_934_5, 0.853_699_415_603_445_5),
            (0.604_468_427_351_511_5, 0.841_284_725_064_476_2),
        ),
        (50.0, 50.0, (0.928_878_263_535_795_4, 1.0), (0.928_652_400_866_641_2, 1.0)),
        (
            12_345.0,
            16_281.0,
            (0.751_592_735_883_630_3, 0.764_806_502_887_261),
            (0.751_608_811_675_022, 0.764_760_968_237_404_5),
        ),
    ];

    /// SciPy 1.17: `binomtest(k, n).proportion_ci(0.95, method)` with `exact` and `wilson`.
    #[test]
    fn intervals_match_scipy() {
        for (hits, n, exact, score) in SCIPY_PROPORTIONS {
            for (found, expected) in [(clopper_pearson(hits, n, 0.95), exact), (wilson(hits, n, 0.95), score)]
            {
                assert!((found.0 - expected.0).abs() < 1e-10, "{hits} of {n}: {found:?}, not {expected:?}");
                assert!((found.1 - expected.1).abs() < 1e-10, "{hits} of {n}: {found:?}, not {expected:?}");
            }
        }
    }
}
