//! Mean, spread and quantiles, summed in the order given.

use super::{SEEDS_FOR_VARIANCE, student_quantile};

/// The arithmetic mean; `None` without numbers.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The unbiased sample variance (divisor n − 1); `None` with fewer than two numbers.
#[must_use]
pub fn variance(values: &[f64]) -> Option<f64> {
    covariance(values, values)
}

/// The unbiased sample covariance (divisor n − 1) of paired numbers; `None` with fewer than two pairs.
#[must_use]
pub fn covariance(x: &[f64], y: &[f64]) -> Option<f64> {
    assert_eq!(x.len(), y.len(), "a covariance is of pairs");
    if x.len() < 2 {
        return None;
    }
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    let sum: f64 = x.iter().zip(y).map(|(a, b)| (a - mean_x) * (b - mean_y)).sum();
    Some(sum / (x.len() - 1) as f64)
}

/// The sample standard deviation (divisor n − 1); `None` with fewer than two numbers.
#[must_use]
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    variance(values).map(f64::sqrt)
}

/// The mean with its t interval at `level`, where there are at least [`SEEDS_FOR_VARIANCE`] numbers; `None` without numbers.
#[must_use]
pub fn mean_interval(values: &[f64], level: f64) -> Option<(f64, Option<(f64, f64)>)> {
    let mean = mean(values)?;
    let n = values.len();
    let interval = (n >= SEEDS_FOR_VARIANCE).then(|| {
        let error = (variance(values).unwrap_or(0.0) / n as f64).sqrt();
        let half = student_quantile(0.5 + 0.5 * level, (n - 1) as f64) * error;
        (mean - half, mean + half)
    });
    Some((mean, interval))
}

/// The quantile of ascending `sorted` numbers at `p` in `[0, 1]`: linear interpolation between the
/// order statistics around `(n − 1)p` (type 7 of Hyndman and Fan 1996, R's and NumPy's default).
/// `None` without numbers.
#[must_use]
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = p.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (position - below as f64) * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: mean 5, squared deviations 9 1 1 1 0 0 4 16, sum 32, over 7.
    #[test]
    fn mean_and_variance_match_the_hand_worked_case() {
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(mean(&values), Some(5.0));
        assert!((variance(&values).unwrap() - 32.0 / 7.0).abs() < 1e-15);
        assert_eq!(variance(&values[..1]), None);
        assert_eq!(mean(&[]), None);
    }

    /// Differences 0.01, 0.03, −0.01 have mean 0.01 and standard deviation 0.02; t(0.975; 2) = 4.303 (any table), so ± 4.303 · 0.02 / √3 = 0.0497.
    #[test]
    fn the_t_interval_matches_the_hand_worked_case() {
        let (mean, interval) = mean_interval(&[0.01, 0.03, -0.01], 0.95).unwrap();
        let (low, high) = interval.unwrap();
        assert!((mean - 0.01).abs() < 1e-15 && (low + 0.0397).abs() < 1e-4 && (high - 0.0597).abs() < 1e-4);
        assert_eq!(mean_interval(&[0.5, 0.7], 0.95), Some((0.6, None)));
        assert_eq!(mean_interval(&[], 0.95), None);
    }

    /// R: `quantile(c(1, 2, 4, 8), c(0, .1, .5, .9, 1), type = 7)` gives 1.0 1.3 3.0 6.8 8.0.
    #[test]
    fn quantiles_are_of_type_seven() {
        for (p, expected) in [(0.0, 1.0), (0.1, 1.3), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&[1.0, 2.0, 4.0, 8.0], p).unwrap() - expected).abs() < 1e-14, "{p}");
        }
        assert_eq!(quantile(&[], 0.5), None);
    }
}
