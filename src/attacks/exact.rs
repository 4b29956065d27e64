//! The exact worst case of a linear model.
//!
//! A row falls iff some rival's margin reaches 0 at a distance within the radius; `levers` has the closed form.

use super::found::largest;
use super::levers::{Lever, critical_distance, find_levers, suffix_sums};
use super::spec::{exact_needs_linear, not_in_l1};
use super::{Attack, Found, Target, not_finite, stopped};
use crate::error::Result;
use crate::measure::Norm;
use crate::models::{Access, Block, LANES, Network};

/// The worst case over ball, box and mask; linear models only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exact;

/// A linear model read off its network: the input gradient of a single logit is its weight row, the logits at the origin are its biases.
struct Linear {
    /// `classes × features`.
    weights: Vec<f64>,
    biases: Vec<f64>,
    features: usize,
}

impl Linear {
    fn of(network: &mut dyn Network) -> Self {
        let (features, classes) = (network.architecture().inputs(), network.architecture().classes());
        let (mut x, mut logits) = (Block::new(features), Block::new(classes));
        let (mut pick, mut gradient) = (Block::new(classes), Block::new(features));
        x.set_rows(1);
        pick.set_rows(1);
        network.forward(&x, &mut logits);
        let biases = (0..classes).map(|class| f64::from(logits.get(class, 0))).collect();
        let mut weights = Vec::with_capacity(classes * features);
        for class in 0..classes {
            pick.data_mut().fill(0.0);
            pick.data_mut()[class * LANES] = 1.0;
            network.input_gradient(&pick, &mut gradient);
            weights.extend((0..features).map(|feature| f64::from(gradient.get(feature, 0))));
        }
        Self { weights, biases, features }
    }

    fn row(&self, class: usize) -> &[f64] {
        &self.weights[class * self.features..(class + 1) * self.features]
    }
}

impl Attack for Exact {
    fn access(&self) -> Access {
        Access::Gradients
    }

    fn exact(&self) -> bool {
        true
    }

    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        if target.threat.norm() == Norm::L1 {
            return Err(not_in_l1("exact"));
        }
        if !target.network.architecture().is_linear() {
            return Err(exact_needs_linear());
        }
        let linear = Linear::of(target.network);
        if !linear.weights.iter().chain(&linear.biases).all(|w| w.is_finite()) {
            return Err(not_finite("weights", target.rows.facts.rows.first().copied().unwrap_or(0)));
        }
        let (norm, epsilon) = (target.threat.norm(), target.threat.epsilon());
        let mut levers = Vec::with_capacity(found.features);
        let mut point = vec![0.0; found.features];
        let (mut block, mut outputs) = (Block::new(found.features), Block::new(found.classes));
        let mut logits = vec![0.0; found.classes];
        for row in found.queue(true, target) {
            if (target.stop)() {
                return Err(stopped());
            }
            let row = row as usize;
            let (clean, label) = (target.rows.row(row), usize::from(target.rows.facts.labels[row]));
            let mut nearest = f64::INFINITY;
            for rival in (0..found.classes).filter(|class| *class != label) {
                let (own, other) = (linear.row(label), linear.row(rival));
                let weights = own.iter().zip(other).map(|(own, other)| own - other);
                let bias = linear.biases[label] - linear.biases[rival];
                let margin = find_levers(weights, bias, clean, target.threat, &mut levers);
                let distance = critical_distance(margin, norm, &levers);
                let lambda = largest_lambda(epsilon, norm, &levers);
                place(clean, lambda, norm, &levers, target, &mut point);
                block.gather([point.as_slice()]);
                target.network.forward(&block, &mut outputs);
                found.effort.forwards += 1;
                outputs.scatter(0, &mut logits);
                if !logits.iter().all(|z| z.is_finite()) {
                    return Err(not_finite("logits", target.rows.facts.rows[row]));
                }
                let odds = odds_against(&logits, label);
                found.climbs(row, odds, &point, &logits);
                if distance <= epsilon && distance < nearest && found.distance[row] > 0.0 {
                    nearest = distance;
                    // Exact arithmetic decides that the row falls, also where f32 outputs at a margin of 0 disagree.
                    let said = largest(&logits);
                    let prediction = if usize::from(said) == label { rival as u16 } else { said };
                    if found.standing[row] || distance < f64::from(found.distance[row]) {
                        found.standing[row] = true;
                        found.falls(row, distance, &point, &logits, prediction);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The λ that uses up the radius, infinite where the box ends first.
fn largest_lambda(epsilon: f64, norm: Norm, levers: &[Lever]) -> f64 {
    if norm == Norm::Linf {
        return epsilon;
    }
    let mut squares = 0.0;
    let slopes = suffix_sums(levers, |lever| lever.weight * lever.weight);
    for (passed, lever) in levers.iter().enumerate() {
        let lambda = ((epsilon * epsilon - squares).max(0.0) / slopes[passed]).sqrt();
        if lambda <= lever.full {
            return lambda;
        }
        squares += lever.room * lever.room;
    }
    f64::INFINITY
}

/// The point with every lever at `min(λ, room)` or `min(λ |w|, room)`, inside the window.
fn place(clean: &[f32], lambda: f64, norm: Norm, levers: &[Lever], target: &Target<'_>, point: &mut [f32]) {
    point.copy_from_slice(clean);
    for lever in levers {
        let reach = match norm {
            Norm::Linf => lambda,
            Norm::L2 | Norm::L1 => lambda * lever.weight * (1.0 - 1e-6),
        };
        let x = clean[lever.feature];
        let (lo, hi) = target.threat.window(lever.feature, x);
        let moved = f64::from(x) + lever.direction * reach.min(lever.room);
        point[lever.feature] = (moved as f32).clamp(lo, hi);
    }
}

/// Log-odds against `label`, in `f64`.
fn odds_against(logits: &[f32], label: usize) -> f32 {
    let others =
        || logits.iter().enumerate().filter(|(class, _)| *class != label).map(|(_, z)| f64::from(*z));
    let top = others().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = others().map(|z| libm::exp(z - top)).sum();
    (top + libm::log(sum) - f64::from(logits[label])) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lever(feature: usize, weight: f64, room: f64, norm: Norm) -> Lever {
        let full = if norm == Norm::Linf { room } else { room / weight };
        Lever { feature, weight, room, direction: 1.0, full }
    }

    /// By hand: with rooms 0.1 and ∞ and radius 0.5 the second feature takes √(0.25 − 0.01), so λ = that / 4.
    #[test]
    fn the_radius_is_used_up_around_a_bound() {
        let levers = [lever(0, 3.0, 0.1, Norm::L2), lever(1, 4.0, f64::INFINITY, Norm::L2)];
        assert!((largest_lambda(0.5, Norm::L2, &levers) - 0.24_f64.sqrt() / 4.0).abs() < 1e-12);
    }
}
