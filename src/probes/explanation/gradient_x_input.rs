//! The gradient times the input (Shrikumar, Greenside, Shcherbina and Kundaje 2016, arXiv 1605.01713): the logit's change
//! from 0 to the row, were the model linear.

use super::attribution::Attributions;
use super::model::{Asked, Model};
use crate::error::Result;

/// Every feature's share of the change from 0.
pub(super) fn attribute(model: &mut Model<'_>, points: &[f32], asked: Asked) -> Result<Attributions> {
    let gradients = model.gradients(points, asked)?;
    let origin = vec![0.0; model.features()];
    Ok(Attributions::along(&gradients, points, &origin))
}
