//! The exact certificate of a linear model: no rival's margin can be brought down to what rounding may hide.

use super::layers::Layers;
use super::region::Region;
use super::rounding::{LARGEST, double};
use crate::attacks::{ThreatModel, critical_distance, find_levers};

/// Whether the row, of class `label`, cannot be broken. Never where the model might overflow around it.
pub(super) fn certified(layers: &Layers, threat: &ThreatModel, row: &[f32], label: usize) -> bool {
    let last = layers.last();
    let region = Region::new(threat, &layers.order, row);
    let largest: Vec<f64> =
        region.center.iter().zip(&region.radius).map(|(center, radius)| center.abs() + radius).collect();
    let mut sizes = last.apply_absolute(&largest);
    for (class, size) in sizes.iter_mut().enumerate() {
        *size += last.bias(class).abs();
    }
    if !sizes.iter().all(|size| *size < LARGEST) {
        return false;
    }
    let mut levers = Vec::with_capacity(row.len());
    // Sums of positive numbers, a quotient and a root.
    let spare = 1.0 - double(4 * row.len() + 64);
    (0..layers.classes()).filter(|class| *class != label).all(|rival| {
        let weights = last.row(label).iter().zip(last.row(rival)).map(|(own, other)| own - other);
        let bias = last.bias(label) - last.bias(rival);
        let margin = find_levers(weights, bias, row, threat, &mut levers);
        let error = last.rounding.at(sizes[label]) + last.rounding.at(sizes[rival]);
        // What is left of the margin after some levers is a difference, which has lost some more.
        let certain = margin - error - double(4 * row.len() + 64) * margin.abs();
        critical_distance(certain, threat.norm(), &levers) * spare > threat.epsilon()
    })
}
