//! Integrated gradients (Sundararajan, Taly and Yan 2017, arXiv 1703.01365): with the straight way from the baseline `b` to the row `x`,
//!
//! ```text
//! φ_i = (x_i − b_i) · mean over t in [0, 1] of ∂f/∂x_i (b + t (x − b)),   Σ_i φ_i = f(x) − f(b)
//! ```
//!
//! The mean is over the midpoints of `steps` equal parts: exact for linear models, and off by the parts in which the gradient jumps for others.

use super::attribution::Attributions;
use super::model::{Asked, Model};
use crate::error::Result;

/// Every feature's share of the change from the baseline.
pub(super) fn attribute(
    model: &mut Model<'_>,
    points: &[f32],
    baseline: &[f32],
    steps: u32,
    asked: Asked,
) -> Result<Attributions> {
    let features = model.features();
    let mut way = Vec::with_capacity(points.len() * steps as usize);
    for point in points.chunks_exact(features) {
        for step in 0..steps {
            let t = (f64::from(step) + 0.5) / f64::from(steps);
            way.extend(point.iter().zip(baseline).map(|(x, b)| {
                let (x, b) = (f64::from(*x), f64::from(*b));
                (b + t * (x - b)) as f32
            }));
        }
    }
    let gradients = model.gradients(&way, asked)?;
    let mut means = Vec::with_capacity(points.len());
    for gradients in gradients.chunks_exact(features * steps as usize) {
        let mut sums = vec![0.0_f64; features];
        for gradient in gradients.chunks_exact(features) {
            sums.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += f64::from(*g));
        }
        means.extend(sums.iter().map(|sum| (sum / f64::from(steps)) as f32));
    }
    Ok(Attributions::along(&means, points, baseline))
}

/// How far the attribution is from explaining the whole change of the logit: `|Σ φ − (f(x) − f(b))|`.
pub(super) fn gap(
    model: &mut Model<'_>,
    row: &[f32],
    baseline: &[f32],
    values: &[f32],
    asked: Asked,
) -> Result<f64> {
    let ends = model.logits(&[row, baseline].concat(), asked)?;
    let explained: f64 = values.iter().map(|value| f64::from(*value)).sum();
    Ok((explained - (f64::from(ends[0]) - f64::from(ends[1]))).abs())
}
