//! Adversarial weight perturbation (Wu, Xia and Wang 2020) on top of another defense; strength is `γ`.
//!
//! Before every update the weights move up the loss, each tensor with more than one dimension by `γ` times its own length along its gradient,
//! `w + γ ‖w‖ g / ‖g‖`; the gradient taken there updates the weights as they were. The published code takes the direction from one step of
//! gradient descent on a copy, which is the gradient.

use crate::models::Parameters;

/// Moves `parameters` by `gamma` times their length along `gradient`, tensor by tensor; biases stay.
pub(super) fn perturb(parameters: &mut Parameters, gradient: &Parameters, gamma: f64) {
    /// Keeps the division finite where a gradient is 0 (published code).
    const TINY: f64 = 1e-20;
    for index in 0..gradient.specs().len() {
        if gradient.specs()[index].shape.len() < 2 {
            continue;
        }
        let direction = gradient.tensor(index);
        let weights = parameters.tensor_mut(index);
        let factor = (gamma * length(weights) / (length(direction) + TINY)) as f32;
        for (weight, direction) in weights.iter_mut().zip(direction) {
            *weight += factor * direction;
        }
    }
}

/// The Euclidean length, summed in order.
fn length(numbers: &[f32]) -> f64 {
    numbers.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;
    use crate::models::Architecture;

    /// By hand: weights (3, 4 | 0, 0) of length 5, gradient (0, 2 | 0, 0) of length 2: γ = 0.1 moves the second weight by 0.5, the biases by nothing.
    #[test]
    fn weights_move_by_their_own_length() {
        let architecture = Architecture::logistic(Shape::Flat(2), 2);
        let (mut weights, mut gradient) =
            (Parameters::zeros(&architecture), Parameters::zeros(&architecture));
        weights.tensor_mut(0).copy_from_slice(&[3.0, 4.0, 0.0, 0.0]);
        gradient.tensor_mut(0).copy_from_slice(&[0.0, 2.0, 0.0, 0.0]);
        gradient.tensor_mut(1).copy_from_slice(&[1.0, 1.0]);
        perturb(&mut weights, &gradient, 0.1);
        for (found, expected) in weights.values().iter().zip([3.0, 4.5, 0.0, 0.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        gradient.values_mut().fill(0.0);
        let before = weights.clone();
        perturb(&mut weights, &gradient, 0.1);
        assert_eq!(weights, before, "without a gradient there is nowhere to go");
    }
}
