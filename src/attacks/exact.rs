//! The exact worst case of a linear model.
//!
//! A row falls iff some rival's margin `z_y − z_j`, an affine function of the input, reaches 0 inside ball, box and mask.
//! The nearest such point is found in closed form: with `w = W_y − W_j` and `c_i` the room that feature `i` has
//! in the direction that lowers the margin, the change `min(λ, c_i)` (L∞) or `min(λ |w_i|, c_i)` (L2) along `−sign w_i` is
//! optimal for every `λ`, and the margin is piecewise linear in `λ` between the points where features meet their bounds.

use super::found::largest;
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

/// One feature's part in lowering a margin.
#[derive(Debug, Clone, Copy)]
struct Lever {
    feature: usize,
    /// `|w|`, above 0.
    weight: f64,
    /// How far the feature can go, above 0; may be infinite.
    room: f64,
    /// −1 or 1.
    direction: f64,
    /// The λ at which the room is used up.
    full: f64,
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
                let margin = find_levers(&linear, label, rival, clean, target, &mut levers);
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

/// Fills `levers`, sorted by the λ at which they are used up, and returns the clean margin `z_label − z_rival`.
fn find_levers(
    linear: &Linear,
    label: usize,
    rival: usize,
    clean: &[f32],
    target: &Target<'_>,
    levers: &mut Vec<Lever>,
) -> f64 {
    levers.clear();
    let mut margin = linear.biases[label] - linear.biases[rival];
    let threat = target.threat;
    for (feature, (own, other)) in linear.row(label).iter().zip(linear.row(rival)).enumerate() {
        let weight = own - other;
        let x = f64::from(clean[feature]);
        margin += weight * x;
        let direction = if weight > 0.0 { -1.0 } else { 1.0 };
        let (lower, upper) = threat.bounds(feature, clean[feature]);
        let room = if direction > 0.0 { f64::from(upper) - x } else { x - f64::from(lower) };
        let weight = weight.abs();
        if weight > 0.0 && room > 0.0 {
            let full = match threat.norm() {
                Norm::Linf => room,
                Norm::L2 | Norm::L1 => room / weight,
            };
            levers.push(Lever { feature, weight, room, direction, full });
        }
    }
    levers.sort_by(|a, b| a.full.total_cmp(&b.full));
    margin
}

/// The distance at which a margin reaches 0, infinite where it cannot.
fn critical_distance(margin: f64, norm: Norm, levers: &[Lever]) -> f64 {
    if margin <= 0.0 {
        return 0.0;
    }
    // Beyond `passed` levers, all used up: what they lowered the margin by, and their squared length.
    let (mut lowered, mut squares) = (0.0, 0.0);
    let slope = |lever: &Lever| match norm {
        Norm::Linf => lever.weight,
        Norm::L2 | Norm::L1 => lever.weight * lever.weight,
    };
    let slopes = suffix_sums(levers, slope);
    for (passed, lever) in levers.iter().enumerate() {
        let lambda = (margin - lowered) / slopes[passed];
        if lambda <= lever.full {
            return match norm {
                Norm::Linf => lambda,
                Norm::L2 | Norm::L1 => (squares + lambda * lambda * slopes[passed]).sqrt(),
            };
        }
        lowered += lever.weight * lever.room;
        squares += lever.room * lever.room;
    }
    f64::INFINITY
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

/// `sums[i]` is the sum over levers `i..`, added from the far end so that no cancellation occurs.
fn suffix_sums(levers: &[Lever], term: impl Fn(&Lever) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; levers.len()];
    let mut sum = 0.0;
    for (slot, lever) in sums.iter_mut().zip(levers).rev() {
        sum += term(lever);
        *slot = sum;
    }
    sums
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

    /// By hand: weights 3 and 4. Free: margin 1 falls at 1/7 (L∞) and 1/5 (L2).
    /// With the first feature allowed 0.1 only: L∞ (1 − 0.3)/4 = 0.175; L2: λ = 0.7/16, length √(0.1² + 0.175²).
    #[test]
    fn critical_distances_match_the_closed_forms() {
        for (norm, free, bounded) in
            [(Norm::Linf, 1.0 / 7.0, 0.175), (Norm::L2, 0.2, (0.01_f64 + 0.030_625).sqrt())]
        {
            let levers = [lever(0, 3.0, f64::INFINITY, norm), lever(1, 4.0, f64::INFINITY, norm)];
            assert!((critical_distance(1.0, norm, &levers) - free).abs() < 1e-12);
            let levers = [lever(0, 3.0, 0.1, norm), lever(1, 4.0, f64::INFINITY, norm)];
            assert!((critical_distance(1.0, norm, &levers) - bounded).abs() < 1e-12);
            let levers = [lever(0, 3.0, 0.1, norm), lever(1, 4.0, 0.1, norm)];
            assert!(critical_distance(1.0, norm, &levers).is_infinite());
        }
    }

    /// By hand: with rooms 0.1 and ∞ and radius 0.5 the second feature takes √(0.25 − 0.01), so λ = that / 4.
    #[test]
    fn the_radius_is_used_up_around_a_bound() {
        let levers = [lever(0, 3.0, 0.1, Norm::L2), lever(1, 4.0, f64::INFINITY, Norm::L2)];
        assert!((largest_lambda(0.5, Norm::L2, &levers) - 0.24_f64.sqrt() / 4.0).abs() < 1e-12);
    }
}
