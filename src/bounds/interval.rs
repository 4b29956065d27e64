//! Interval bounds (Gowal et al. 2018): center and radius of every number, layer by layer, the last layer merged with the margins.

use super::layers::{Affine, Kind, Layers};
use super::region::{Region, dual};
use super::rounding::{LARGEST, around};
use crate::attacks::ThreatModel;

/// Bounds of one layer's outputs before the ReLU, as the model computes them.
pub(super) struct Bounds {
    pub(super) low: Vec<f64>,
    pub(super) high: Vec<f64>,
    /// What rounding may have added to each.
    pub(super) error: Vec<f64>,
}

/// What interval bounds know of a row.
pub(super) struct Trace {
    /// Of every layer but the last.
    pub(super) hidden: Vec<Bounds>,
    /// Per class, the sum of the absolute terms of its logit.
    sizes: Vec<f64>,
    /// Lower bounds of `z_label − z_j` per class `j`; infinite for the label itself.
    pub(super) margins: Vec<f64>,
}

impl Trace {
    /// What rounding may have added to the margin of `label` over `rival`.
    pub(super) fn margin_error(&self, last: &Affine, label: usize, rival: usize) -> f64 {
        last.rounding.at(self.sizes[label]) + last.rounding.at(self.sizes[rival])
    }
}

/// What the first layer's outputs can change by within a ball of radius 1, before [`Region::length`]; the same for all rows.
pub(super) fn first_reach(layers: &Layers, threat: &ThreatModel) -> Vec<f64> {
    let (first, norm) = (&layers.affine[0], threat.norm());
    let mutable: Vec<f64> =
        layers.order.iter().map(|feature| f64::from(u8::from(threat.mutable(*feature)))).collect();
    let mut reach = vec![0.0; first.outputs];
    first.fold(
        &mutable,
        &mut reach,
        #[inline(always)]
        |sum, w, mutable| dual(norm, sum, w * mutable),
    );
    reach
}

/// Bounds of all layers around one row; none where the model might overflow there.
pub(super) fn propagate(
    layers: &Layers,
    region: &Region<'_>,
    first_reach: &[f64],
    label: usize,
) -> Option<Trace> {
    let (mut center, mut radius) = (region.center.clone(), region.radius.clone());
    let (last, before) = layers.affine.split_last().expect("a model has a layer");
    let mut hidden = Vec::with_capacity(before.len());
    for (index, layer) in before.iter().enumerate() {
        let Sums { middle, spread, sizes } = Sums::of(layer, &center, &radius)?;
        let error: Vec<f64> = sizes.iter().map(|size| layer.rounding.at(*size)).collect();
        let outer = || spread.iter().zip(&error).map(|(spread, error)| spread + error);
        let mut low: Vec<f64> = middle.iter().zip(outer()).map(|(middle, outer)| middle - outer).collect();
        let mut high: Vec<f64> = middle.iter().zip(outer()).map(|(middle, outer)| middle + outer).collect();
        if index == 0 && region.has_ball() {
            let clean = layer.apply(&region.clean);
            for output in 0..layer.outputs {
                let reach = region.length(first_reach[output]) + error[output];
                low[output] = low[output].max(clean[output] - reach);
                high[output] = high[output].min(clean[output] + reach);
            }
        }
        (center, radius) = rectified(layer, &low, &high);
        hidden.push(Bounds { low, high, error });
    }
    let Sums { middle, sizes, .. } = Sums::of(last, &center, &radius)?;
    let clean = (before.is_empty() && region.has_ball()).then(|| last.apply(&region.clean));
    let mut trace = Trace { hidden, sizes, margins: vec![f64::INFINITY; last.outputs] };
    let mut weights = vec![0.0; last.inputs];
    for rival in (0..last.outputs).filter(|class| *class != label) {
        difference(last, label, rival, &mut weights);
        let spread: f64 = weights.iter().zip(&radius).map(|(w, radius)| w.abs() * radius).sum();
        let mut margin = middle[label] - middle[rival] - spread;
        if let Some(clean) = &clean {
            margin = margin.max(clean[label] - clean[rival] - region.reach(&weights));
        }
        trace.margins[rival] = margin - trace.margin_error(last, label, rival);
    }
    Some(trace)
}

/// `W_label − W_rival`.
pub(super) fn difference(last: &Affine, label: usize, rival: usize, weights: &mut [f64]) {
    for (weight, (own, other)) in weights.iter_mut().zip(last.row(label).iter().zip(last.row(rival))) {
        *weight = own - other;
    }
}

/// An affine map of intervals.
struct Sums {
    middle: Vec<f64>,
    spread: Vec<f64>,
    /// Of the absolute values of all terms, at their largest.
    sizes: Vec<f64>,
}

impl Sums {
    fn of(layer: &Affine, center: &[f64], radius: &[f64]) -> Option<Self> {
        let middle = layer.apply(center);
        let spread = layer.apply_absolute(radius);
        let absolute: Vec<f64> = center.iter().map(|center| center.abs()).collect();
        let mut sizes = layer.apply_absolute(&absolute);
        for (output, (size, spread)) in sizes.iter_mut().zip(&spread).enumerate() {
            *size += spread + layer.bias(output).abs();
        }
        // Written so that what is no number does not pass.
        sizes.iter().all(|size| *size < LARGEST).then_some(Self { middle, spread, sizes })
    }
}

/// Center and radius after the ReLU, and the pooling where there is one.
fn rectified(layer: &Affine, low: &[f64], high: &[f64]) -> (Vec<f64>, Vec<f64>) {
    match &layer.kind {
        Kind::Linear => low.iter().zip(high).map(|(low, high)| around(low.max(0.0), high.max(0.0))).unzip(),
        Kind::Convolution(size) => size
            .windows()
            .map(|window| {
                let largest = |of: &[f64]| window.iter().fold(0.0, |top: f64, at| top.max(of[*at]));
                around(largest(low), largest(high))
            })
            .unzip(),
    }
}
