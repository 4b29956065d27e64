//! Mean, spread and quantiles, summed in the order given.

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

    /// R: `quantile(c(1, 2, 4, 8), c(0, .1, .5, .9, 1), type = 7)` gives 1.0 1.3 3.0 6.8 8.0.
    #[test]
    fn quantiles_are_of_type_seven() {
        for (p, expected) in [(0.0, 1.0), (0.1, 1.3), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&[1.0, 2.0, 4.0, 8.0], p).unwrap() - expected).abs() < 1e-14, "{p}");
        }
        assert_eq!(quantile(&[], 0.5), None);
    }
}
