//! One number that makes logits mean what they say: temperature scaling (Guo et al. 2017, On calibration of modern neural networks, ICML).

use crate::evidence::Outputs;

/// Temperatures that a fit can end at, where the rows want less or more.
pub const TEMPERATURES: (f64, f64) = (0.01, 100.0);

/// The temperature that the logits of these rows are divided by so that the mean negative log-likelihood of `labels` is least.
///
/// Held within [`TEMPERATURES`]. `None` without rows or logits. The likelihood is convex in 1 / T, so that its slope is bisected.
#[must_use]
pub fn temperature(outputs: &Outputs, labels: &[u16]) -> Option<f64> {
    let classes = outputs.logits.len().checked_div(labels.len()).filter(|classes| *classes > 0)?;
    // Σ_rows (Σ_k p_k z_k − z_y): increasing in 1 / T.
    let slope = |inverse: f64| -> f64 {
        let rows = outputs.logits.chunks_exact(classes).zip(labels);
        rows.map(|(logits, label)| {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let (mut total, mut mean) = (0.0, 0.0);
            for logit in logits {
                let below = f64::from(*logit) - f64::from(largest);
                let weight = libm::exp(inverse * below);
                total += weight;
                mean += weight * below;
            }
            mean / total - (f64::from(logits[usize::from(*label)]) - f64::from(largest))
        })
        .sum()
    };
    let (mut low, mut high) = (1.0 / TEMPERATURES.1, 1.0 / TEMPERATURES.0);
    if slope(low) >= 0.0 {
        return Some(TEMPERATURES.1);
    }
    if slope(high) <= 0.0 {
        return Some(TEMPERATURES.0);
    }
    loop {
        let middle = (low * high).sqrt();
        if middle <= low || middle >= high || high / low < 1.0 + 1e-12 {
            return Some(1.0 / middle);
        }
        if slope(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// Labels drawn from softmax(z) and logits stated as 2.5 z: the fit finds 2.5, up to sampling.
    #[test]
    fn stated_logits_are_scaled_back() {
        let mut stream = Seed(4).stream("test");
        let (mut logits, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..20_000 {
            let z: [f64; 3] = std::array::from_fn(|_| 1.5 * stream.normal());
            let weights = z.map(libm::exp);
            let mut left = stream.uniform_f64() * weights.iter().sum::<f64>();
            let label = weights.iter().position(|weight| {
                left -= weight;
                left < 0.0
            });
            labels.push(label.unwrap_or(2) as u16);
            logits.extend(z.map(|z| (2.5 * z) as f32));
        }
        let outputs = Outputs { predictions: Vec::new(), logits };
        let found = temperature(&outputs, &labels).unwrap();
        assert!((found / 2.5 - 1.0).abs() < 0.03, "{found}");
    }

    /// Three of four rows right at logits (0, z): the likelihood is least where the confidence is 3/4, at z/T = ln 3.
    #[test]
    fn a_constant_margin_has_its_closed_form() {
        let outputs = Outputs { predictions: Vec::new(), logits: [0.0, 4.0].repeat(4) };
        let found = temperature(&outputs, &[1, 1, 1, 0]).unwrap();
        assert!((found - 4.0 / libm::log(3.0)).abs() < 1e-9, "{found}");
    }

    #[test]
    fn what_cannot_be_fitted_ends_at_the_limits() {
        let outputs = Outputs { predictions: Vec::new(), logits: [0.0, 4.0].repeat(2) };
        assert_eq!(temperature(&outputs, &[1, 1]), Some(TEMPERATURES.0));
        assert_eq!(temperature(&outputs, &[0, 0]), Some(TEMPERATURES.1));
        assert_eq!(temperature(&Outputs::default(), &[]), None);
    }
}
