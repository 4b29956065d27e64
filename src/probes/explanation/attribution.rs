//! What methods give, and how features are ranked by it.

use std::cmp::Ordering;

use super::model::{Asked, Model};
use super::settings::{Method, Settings};
use super::{gradient, gradient_x_input, integrated_gradients};
use crate::error::Result;
use crate::evidence::importance;

/// Attributions at several points, `n × features` each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attributions {
    /// What the method says of every feature.
    pub(super) values: Vec<f32>,
    /// The same per unit of the feature's change: what a small change of the row is multiplied with.
    pub(super) slopes: Vec<f32>,
}

impl Attributions {
    /// Slopes times the way from `origin`. A feature that has no way to go has no attribution, and thus no slope either: its method says nothing
    /// of it.
    pub(super) fn along(slopes: &[f32], points: &[f32], origin: &[f32]) -> Self {
        let mut all =
            Self { values: Vec::with_capacity(points.len()), slopes: Vec::with_capacity(points.len()) };
        for (slopes, point) in slopes.chunks_exact(origin.len()).zip(points.chunks_exact(origin.len())) {
            for (slope, (x, b)) in slopes.iter().zip(point.iter().zip(origin)) {
                let way = x - b;
                all.values.push(slope * way);
                all.slopes.push(if way == 0.0 { 0.0 } else { *slope });
            }
        }
        all
    }
}

/// One method with one baseline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Explainer<'a> {
    pub(super) method: Method,
    /// One number per feature.
    pub(super) baseline: &'a [f32],
    pub(super) settings: &'a Settings,
}

impl Explainer<'_> {
    /// Explains the class's logit at all points.
    pub(super) fn attribute(
        &self,
        model: &mut Model<'_>,
        points: &[f32],
        asked: Asked,
    ) -> Result<Attributions> {
        match self.method {
            Method::Gradient => gradient::attribute(model, points, asked),
            Method::GradientXInput => gradient_x_input::attribute(model, points, asked),
            Method::IntegratedGradients => {
                let steps = self.settings.steps.get();
                integrated_gradients::attribute(model, points, self.baseline, steps, asked)
            }
        }
    }

    /// The features of one attribution, the most important first; none where all are equally important.
    ///
    /// By [importance]. `ties` is the order of features that are equally important.
    pub(super) fn ranking(&self, values: &[f32], ties: &[u32]) -> Option<Vec<u32>> {
        let importance = |feature: u32| importance(self.method.word(), values[feature as usize]);
        let mut order = ties.to_vec();
        // Stable, so that ties stay in their order; 0 and −0 are one.
        order.sort_by(|a, b| importance(*b).partial_cmp(&importance(*a)).unwrap_or(Ordering::Equal));
        let ends = (importance(*order.first()?), importance(*order.last()?));
        (ends.0 > ends.1).then_some(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_ranked_by_size_or_by_sign_and_size() {
        let settings = Settings::default();
        let explainer = |method| Explainer { method, baseline: &[0.0; 4], settings: &settings };
        let values = [0.5, -2.0, 0.0, 1.0];
        let ties = [3, 2, 1, 0];
        assert_eq!(explainer(Method::Gradient).ranking(&values, &ties).unwrap(), [1, 3, 0, 2]);
        assert_eq!(explainer(Method::GradientXInput).ranking(&values, &ties).unwrap(), [3, 0, 2, 1]);
        assert_eq!(
            explainer(Method::GradientXInput).ranking(&[0.0, -0.0, 1.0, 0.0], &ties).unwrap(),
            [2, 3, 1, 0]
        );
        assert_eq!(
            explainer(Method::Gradient).ranking(&[-2.0, 2.0, 2.0, 2.0], &ties),
            None,
            "all are of one size"
        );
        assert_eq!(explainer(Method::IntegratedGradients).ranking(&[0.0; 4], &ties), None);
    }

    #[test]
    fn a_feature_without_a_way_has_no_slope() {
        let along = Attributions::along(&[2.0, 3.0], &[0.5, 1.0], &[0.5, 0.0]);
        assert_eq!(along, Attributions { values: vec![0.0, 3.0], slopes: vec![0.0, 3.0] });
    }
}
