//! Rules whose errors the literature gives in closed form, measured on generated rows with the exact attack.

use super::linear::{TEST_ROWS, attacked, rule, test_rows};
use super::{Check, sampling};
use crate::attacks;
use crate::data::{Dataset, Source};
use crate::error::Result;
use crate::measure::Norm;
use crate::numeric::normal_cdf;

/// Xu et al. 2021, theorems 1 and 2: y uniform; `x | +1 ~ N(η1, K²σ²I)`, `x | −1 ~ N(−η1, σ²I)`. The linear rule that is best
/// at radius ε has w ∝ 1 and makes the class errors below; the class with the larger variance pays.
pub(super) fn xu() -> Result<Vec<Check>> {
    const PART: &str = "xu";
    const D: usize = 10;
    const ETA: f64 = 0.5;
    const K: f64 = 2.0;
    let root = (D as f64).sqrt();
    let source = Source::Xu { rows: TEST_ROWS + 100, d: D, eta: ETA, sigma: 1.0, k: K, seed: 0 };
    let dataset = test_rows(&source)?;
    let mut checks = Vec::new();
    for epsilon in [0.1, 0.2, 0.3] {
        let spread = K * K - 1.0;
        let m = root * (ETA - epsilon);
        let b = root * ((K * K + 1.0) * m - 2.0 * K * (m * m + spread * libm::log(K) / 2.0).sqrt()) / spread;
        let mut network = rule(&dataset, &[1.0; D], b)?;
        let distance = 2.0 * root * (ETA - epsilon) / spread;
        let q = 2.0 * libm::log(K) / spread;
        let reach = (distance * distance + q).sqrt();
        let robust = [normal_cdf(distance - K * reach), normal_cdf(-K * distance + reach)];
        let standard = [
            normal_cdf(distance - K * reach - root * epsilon),
            normal_cdf(-K * distance + reach - root * epsilon / K),
        ];
        let exact = attacks::Spec::Exact {};
        let facts = attacked(network.as_mut(), &dataset, &exact, Norm::Linf, &[0.0, epsilon])?;
        for (facts, truth, what) in
            [(&facts[0], standard, "clean error"), (&facts[1], robust, "robust error")]
        {
            for class in 0..2 {
                let (wrong, rows) = errors(&dataset, &facts.standing, class);
                checks.push(Check {
                    part: PART,
                    what: format!(
                        "{what} of class {}, trained for ε = {epsilon}",
                        if class == 1 { "+1" } else { "−1" }
                    ),
                    measured: wrong as f64 / rows as f64,
                    exact: truth[usize::from(class)],
                    tolerance: sampling(truth[usize::from(class)], rows),
                });
            }
        }
    }
    Ok(checks)
}

/// (rows that do not stand, rows) of a class.
fn errors(dataset: &Dataset, standing: &[bool], class: u16) -> (usize, usize) {
    let of_class = dataset.test.facts.labels.iter().zip(standing).filter(|(label, _)| **label == class);
    let rows = of_class.clone().count();
    (of_class.filter(|(_, stands)| !**stands).count(), rows)
}

/// Tsipras et al. 2019: x₁ = y with probability p, x₂ … x_{d+1} ~ N(ηy, 1). The rule a·x₁ + Σxⱼ/√d has, with m = η√d,
/// clean accuracy pΦ(m + a) + (1 − p)Φ(m − a); robust accuracy has −ε(a + √d) inside both.
pub(super) fn tsipras() -> Result<Vec<Check>> {
    const PART: &str = "tsipras";
    const D: usize = 100;
    const ETA: f64 = 0.15;
    const P: f64 = 0.95;
    const EPSILON: f64 = 2.0 * ETA;
    let root = (D as f64).sqrt();
    let m = ETA * root;
    let dataset = test_rows(&Source::Tsipras { rows: TEST_ROWS + 100, d: D, eta: ETA, p: P, seed: 0 })?;
    let mut checks = Vec::new();
    for a in [0.0, 0.5, 2.0, 4.0] {
        let mut w = vec![1.0 / root; D + 1];
        w[0] = a;
        let mut network = rule(&dataset, &w, 0.0)?;
        let facts =
            attacked(network.as_mut(), &dataset, &attacks::Spec::Exact {}, Norm::Linf, &[0.0, EPSILON])?;
        for (facts, loss, what) in [(&facts[0], 0.0, "clean"), (&facts[1], EPSILON * (a + root), "robust")] {
            let truth = P * normal_cdf(m + a - loss) + (1.0 - P) * normal_cdf(m - a - loss);
            let standing = facts.standing.iter().filter(|stands| **stands).count();
            checks.push(Check {
                part: PART,
                what: format!("{what} accuracy of the rule with a = {a}"),
                measured: standing as f64 / TEST_ROWS as f64,
                exact: truth,
                tolerance: sampling(truth, TEST_ROWS),
            });
        }
    }
    Ok(checks)
}
