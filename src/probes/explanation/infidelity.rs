//! How well an attribution foretells what small changes do to the logit (Yeh, Hsieh, Suggala, Inouye and Ravikumar 2019, arXiv 1901.09392).
//!
//! ```text
//! infidelity = mean over changes I of (I · φ − (f(x) − f(x − I)))²,   I ~ N(0, σ²)
//! ```
//!
//! `φ` is per unit of change: what a method multiplied with the way from a baseline is divided by it again (the convention of captum's
//! `multiply_by_inputs`). With optimal scaling `φ` is first multiplied with the number that makes the row's infidelity smallest,
//! `β = mean of (I · φ) Δ / mean of (I · φ)²`. For a linear model and its gradient it is 0.

use super::model::{Asked, Model};
use crate::error::Result;
use crate::seed::Stream;

/// Changes of one row and what they do.
pub(super) struct Changes {
    features: usize,
    /// `samples × features` numbers `I`.
    made: Vec<f64>,
    /// `samples` numbers `f(x) − f(x − I)`.
    effects: Vec<f64>,
}

/// What an attribution came to on one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Infidelity {
    /// As it is.
    pub(super) plain: f64,
    /// After optimal scaling.
    pub(super) scaled: f64,
}

impl Changes {
    /// Draws `samples` changes and asks the model what they do.
    pub(super) fn new(
        model: &mut Model<'_>,
        row: &[f32],
        samples: u32,
        sigma: f64,
        stream: &mut Stream,
        asked: Asked,
    ) -> Result<Self> {
        let mut points = row.to_vec();
        let mut made = Vec::with_capacity(samples as usize * row.len());
        for _ in 0..samples {
            for x in row {
                let point = (f64::from(*x) - sigma * stream.normal()) as f32;
                points.push(point);
                // The change as the model sees it, after rounding.
                made.push(f64::from(*x) - f64::from(point));
            }
        }
        let logits = model.logits(&points, asked)?;
        let effects = logits[1..].iter().map(|logit| f64::from(logits[0]) - f64::from(*logit)).collect();
        Ok(Self { features: row.len(), made, effects })
    }

    /// How far `slopes` (one number per feature) are from foretelling the effects.
    pub(super) fn infidelity(&self, slopes: &[f32]) -> Infidelity {
        let foretold: Vec<f64> = self
            .made
            .chunks_exact(self.features)
            .map(|change| change.iter().zip(slopes).map(|(i, slope)| i * f64::from(*slope)).sum())
            .collect();
        let mean = |of: &dyn Fn(f64, f64) -> f64| {
            foretold.iter().zip(&self.effects).map(|(f, e)| of(*f, *e)).sum::<f64>() / foretold.len() as f64
        };
        let squares = mean(&|f, _| f * f);
        // An attribution that foretells nothing is scaled by nothing.
        let beta = if squares > 0.0 { mean(&|f, e| f * e) / squares } else { 0.0 };
        Infidelity {
            plain: mean(&|f, e| (f - e) * (f - e)),
            scaled: mean(&|f, e| (beta * f - e) * (beta * f - e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: changes (1, 0) and (0, 2) with effects 3 and 2. Slopes (1, 2) foretell 1 and 4: ((1 − 3)² + (4 − 2)²) / 2 = 4;
    /// β = (1 · 3 + 4 · 2) / (1 + 16) = 11/17, and the rest is (9 + 4 − 11²/17) / 2.
    #[test]
    fn infidelity_is_that_worked_by_hand() {
        let changes = Changes { features: 2, made: vec![1.0, 0.0, 0.0, 2.0], effects: vec![3.0, 2.0] };
        let found = changes.infidelity(&[1.0, 2.0]);
        assert!(
            (found.plain - 4.0).abs() < 1e-12 && (found.scaled - (13.0 - 121.0 / 17.0) / 2.0).abs() < 1e-12
        );
        let exact = changes.infidelity(&[3.0, 1.0]);
        assert!(exact.plain.abs() < 1e-15 && exact.scaled.abs() < 1e-15);
        let nothing = changes.infidelity(&[0.0, 0.0]);
        assert!((nothing.plain - 6.5).abs() < 1e-15 && (nothing.scaled - 6.5).abs() < 1e-15);
    }
}
