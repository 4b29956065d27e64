//! The gradient of the class's logit (Simonyan, Vedaldi and Zisserman 2014, arXiv 1312.6034).

use super::attribution::Attributions;
use super::model::{Asked, Model};
use crate::error::Result;

/// How the logit changes per unit of every feature.
pub(super) fn attribute(model: &mut Model<'_>, points: &[f32], asked: Asked) -> Result<Attributions> {
    let slopes = model.gradients(points, asked)?;
    Ok(Attributions { values: slopes.clone(), slopes })
}
