//! Thresholds and effort of the checks, as an experiment's `[checks]` sets them.

use serde::{Deserialize, Serialize};

/// The section `[checks]`. Shares are of rows, 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Rows for the checks that attack or ask anew; 0 leaves the checks of what is recorded anyway.
    pub rows: u32,
    /// Checks whose failure does not withhold numbers; the report says so.
    #[serde(rename = "override")]
    pub overrides: Vec<String>,
    /// The probability that chance alone makes any check of one model fail: shares are held against their thresholds by
    /// exact one-sided binomial tests at this level divided by the number of such tests (Bonferroni).
    pub alpha: f64,
    /// Check 1: rows that one gradient step breaks and the suite does not.
    pub one_step: f64,
    /// Check 4: rows that an attack without bound does not break.
    pub unbounded: f64,
    /// Check 5: rows that random search breaks and the gradient attacks do not.
    pub black_box: f64,
    /// Check 6: rows that points made on the undefended twin break and the suite does not.
    pub transfer: f64,
    /// Check 7: rows that random points of the sphere break and the suite does not.
    pub noise: f64,
    /// Check 8, warning: rows that the lead attack breaks when given twice the steps.
    pub convergence: f64,
    /// Check 8, failure.
    pub convergence_fail: f64,
    /// Check 9, warning only: rows that five restarts of the lead attack break.
    pub restarts: f64,
    /// Check 10: rows whose gradient is zero at the start.
    pub zero_gradient: f64,
    /// Check 11: rows where the cross-entropy has no direction to climb and the margin has one.
    pub saturation: f64,
    /// Check 12: least median cosine between gradients and finite differences.
    pub finite_difference: f64,
    /// Check 13: largest mean change of the loss within ±4/255, as a share of the loss.
    pub landscape: f64,
    /// Check 14: largest difference of logits between passes over the same rows, as a share of the largest logit.
    pub randomized: f64,
    /// Check 16: the same between batches.
    pub batch: f64,
    /// Check 23: least share of planted points that are found.
    pub planted: f64,
    /// Check 27, warning only: how far validation accuracy under attack may end below its best.
    pub overfitting: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rows: 100,
            overrides: Vec::new(),
            alpha: 0.001,
            one_step: 0.01,
            unbounded: 0.01,
            black_box: 0.002,
            transfer: 0.002,
            noise: 0.002,
            convergence: 0.005,
            convergence_fail: 0.05,
            restarts: 0.01,
            zero_gradient: 0.01,
            saturation: 0.01,
            finite_difference: 0.9,
            landscape: 0.1,
            randomized: 1e-4,
            batch: 1e-4,
            planted: 0.95,
            overfitting: 0.03,
        }
    }
}

impl Settings {
    /// (key in the config, value) of every number.
    fn numbers(&self) -> [(&'static str, f64); 16] {
        [
            ("alpha", self.alpha),
            ("one_step", self.one_step),
            ("unbounded", self.unbounded),
            ("black_box", self.black_box),
            ("transfer", self.transfer),
            ("noise", self.noise),
            ("convergence", self.convergence),
            ("convergence_fail", self.convergence_fail),
            ("restarts", self.restarts),
            ("zero_gradient", self.zero_gradient),
            ("saturation", self.saturation),
            ("finite_difference", self.finite_difference),
            ("landscape", self.landscape),
            ("randomized", self.randomized),
            ("batch", self.batch),
            ("planted", self.planted),
        ]
    }

    /// What is wrong: (key, message).
    ///
    /// # Errors
    ///
    /// The first number outside 0 to 1.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let wrong = self.numbers().into_iter().chain([("overfitting", self.overfitting)]);
        match wrong.into_iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            Some((key, value)) => Err((key, format!("`{key}` must lie between 0 and 1, got `{value}`"))),
            None => Ok(()),
        }
    }
}
