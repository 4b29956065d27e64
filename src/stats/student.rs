//! Student's t distribution, through the regularized incomplete beta function.

use crate::numeric::incomplete_beta;

/// P(T ≤ `t`) for Student's t with `degrees` > 0 degrees of freedom (not necessarily whole).
#[must_use]
pub fn student_cdf(t: f64, degrees: f64) -> f64 {
    let upper_tail = 0.5 * incomplete_beta(0.5 * degrees, 0.5, degrees / (degrees + t * t));
    if t > 0.0 { 1.0 - upper_tail } else { upper_tail }
}

/// The quantile of Student's t at `p` in (0, 1), by bisection on the tail probability; ±∞ at the ends.
#[must_use]
pub fn student_quantile(p: f64, degrees: f64) -> f64 {
    if p < 0.5 {
        return -student_quantile(1.0 - p, degrees);
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let tail = 1.0 - p;
    // Of the upper tail, so that p near 1 loses nothing.
    let beyond = |t: f64| student_cdf(-t, degrees);
    let (mut low, mut high) = (0.0, 1.0);
    while beyond(high) > tail && high < 1e300 {
        low = high;
        high *= 2.0;
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if beyond(middle) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCIPY_T: [(f64, f64, f64); 9] = [
        (0.975, 2.0, 4.302_652_729_749_462),
        (0.975, 2.7, 3.392_148_383_173_750_7),
        (0.975, 3.0, 3.182_446_305_283_707_8),
        (0.975, 9.0, 2.262_157_162_798_205),
        (0.995, 4.0, 4.604_094_871_349_992),
        (0.9, 1.3, 2.425_947_410_787_918),
        (0.975, 30.0, 2.042_272_456_301_237_8),
        (0.975, 499.0, 1.964_729_390_987_688_6),
        (0.9999, 5.0, 9.677_566_300_882_814),
    ];

    const SCIPY_BETA: [(f64, f64, f64, f64); 6] = [
        (1.0, 0.5, 0.3, 0.163_339_973_465_924_44),
        (2.5, 7.0, 0.2, 0.367_496_519_904_023_16),
        (50.0, 450.0, 0.12, 0.926_525_178_732_000_4),
        (450.0, 50.0, 0.88, 0.073_474_821_267_999_67),
        (8000.0, 8000.0, 0.505, 0.897_050_520_612_199_1),
        (0.5, 0.5, 0.9, 0.795_167_235_300_866_5),
    ];

    /// Closed forms: with 1 degree of freedom t(p) = tan(π(p − ½)); with 2, t(p) = (2p − 1)/√(2p(1 − p)).
    #[test]
    fn quantiles_match_the_closed_forms() {
        for p in [0.51, 0.6, 0.9, 0.975, 0.995, 0.9995] {
            let cauchy = libm::tan(std::f64::consts::PI * (p - 0.5));
            assert!((student_quantile(p, 1.0) / cauchy - 1.0).abs() < 1e-10, "{p}");
            let two = (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt();
            assert!((student_quantile(p, 2.0) / two - 1.0).abs() < 1e-10, "{p}");
            assert!((student_quantile(1.0 - p, 2.0) / two + 1.0).abs() < 1e-10, "{p}");
        }
    }

    /// SciPy 1.17, `scipy.stats.t.ppf(p, df)`.
    #[test]
    fn quantiles_match_scipy() {
        for (p, degrees, expected) in SCIPY_T {
            let found = student_quantile(p, degrees);
            assert!((found / expected - 1.0).abs() < 1e-10, "t({p}, {degrees}) = {found}, not {expected}");
            assert!((student_cdf(expected, degrees) - p).abs() < 1e-12);
        }
    }

    /// SciPy 1.17, `scipy.special.betainc(a, b, x)`.
    #[test]
    fn the_incomplete_beta_function_matches_scipy() {
        for (a, b, x, expected) in SCIPY_BETA {
            let found = incomplete_beta(a, b, x);
            assert!((found / expected - 1.0).abs() < 1e-10, "I_{x}({a}, {b}) = {found}, not {expected}");
        }
    }
}
