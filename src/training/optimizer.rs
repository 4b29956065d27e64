//! Optimizers with PyTorch's formulas, in `f32`, in one fixed order of operations.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use serde::{Deserialize, Serialize};

use crate::bounded::{BelowOne, NonNegative, Positive, Stabilizer, constant};
use crate::simd::{Aligned, vectorized};

/// An optimizer as a config names it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Spec {
    /// Gradient descent with momentum (`torch.optim.SGD`).
    Sgd {
        /// Learning rate.
        lr: Positive,
        /// Share of the former direction that is kept.
        #[serde(default = "none")]
        momentum: BelowOne,
        /// L2 penalty, added to the gradient.
        #[serde(default = "zero")]
        weight_decay: NonNegative,
        /// Nesterov's variant; needs momentum.
        #[serde(default)]
        nesterov: bool,
    },
    /// Kingma and Ba 2015 (`torch.optim.Adam`).
    Adam {
        /// Learning rate.
        #[serde(default = "thousandth")]
        lr: Positive,
        /// Decay of the averages of the gradient and of its square.
        #[serde(default = "betas")]
        betas: [BelowOne; 2],
        /// Added to the root of the average square.
        #[serde(default = "tiny")]
        eps: Stabilizer,
        /// L2 penalty, added to the gradient.
        #[serde(default = "zero")]
        weight_decay: NonNegative,
    },
}

fn none() -> BelowOne {
    constant!(BelowOne, 0.0)
}

fn zero() -> NonNegative {
    constant!(NonNegative, 0.0)
}

fn thousandth() -> Positive {
    constant!(Positive, 1e-3)
}

fn betas() -> [BelowOne; 2] {
    [constant!(BelowOne, 0.9), constant!(BelowOne, 0.999)]
}

fn tiny() -> Stabilizer {
    constant!(Stabilizer, 1e-8)
}

impl Default for Spec {
    /// Adam with its authors' constants.
    fn default() -> Self {
        Self::Adam { lr: thousandth(), betas: betas(), eps: tiny(), weight_decay: zero() }
    }
}

/// An optimizer at work: its settings and its memory of former gradients.
#[derive(Debug, Clone)]
pub struct Optimizer {
    spec: Spec,
    steps: u32,
    /// Momentum, or the average gradient.
    first: Aligned,
    /// The average squared gradient.
    second: Aligned,
}

impl Optimizer {
    /// For `parameters` numbers.
    #[must_use]
    pub fn new(spec: Spec, parameters: usize) -> Self {
        let second = if matches!(spec, Spec::Adam { .. }) { parameters } else { 0 };
        Self { spec, steps: 0, first: Aligned::zeros(parameters), second: Aligned::zeros(second) }
    }

    /// One update of `values` by the mean gradient of a batch of `count` rows; `gradient` holds their sum (same length as
    /// `values`) and zeros afterwards, ready for the next batch. `share` multiplies the learning rate (the schedule).
    pub fn step(&mut self, values: &mut [f32], gradient: &mut [f32], count: usize, share: f64) {
        assert_eq!(values.len(), gradient.len(), "a gradient has one number per parameter");
        self.steps += 1;
        let mean = 1.0 / count as f32;
        match self.spec {
            Spec::Sgd { lr, momentum, weight_decay, nesterov } => {
                let rate = (lr.get() * share) as f32;
                let (momentum, decay) = (momentum.get() as f32, weight_decay.get() as f32);
                let first_step = self.steps == 1;
                let numbers = values.iter_mut().zip(gradient).zip(self.first.iter_mut());
                vectorized(
                    #[inline(always)]
                    || {
                        for ((p, g), buffer) in numbers {
                            let g = flush(std::mem::take(g) * mean + decay * *p, 1e-17);
                            *buffer = if first_step { g } else { flush(momentum * *buffer + g, 1e-25) };
                            let direction = if nesterov { g + momentum * *buffer } else { *buffer };
                            *p -= rate * direction;
                        }
                    },
                );
            }
            Spec::Adam { lr, betas, eps, weight_decay } => {
                let betas = betas.map(BelowOne::get);
                let correction = betas.map(|beta| 1.0 - libm::pow(beta, f64::from(self.steps)));
                // PyTorch divides the root of the average square by this root first; multiplied through, one division is left.
                let root = correction[1].sqrt();
                let size = (lr.get() * share / correction[0] * root) as f32;
                let (eps, decay) = ((eps.get() * root) as f32, weight_decay.get() as f32);
                let fresh = (1.0 - betas[0]) as f32;
                let (kept, fresh_square) = (betas[1] as f32, (1.0 - betas[1]) as f32);
                let memory = self.first.iter_mut().zip(self.second.iter_mut());
                let numbers = values.iter_mut().zip(gradient).zip(memory);
                vectorized(
                    #[inline(always)]
                    || {
                        for ((p, g), (first, second)) in numbers {
                            let g = flush(std::mem::take(g) * mean + decay * *p, 1e-17);
                            *first = flush(*first + fresh * (g - *first), 1e-25);
                            *second = flush(kept * *second + fresh_square * g * g, 1e-35);
                            *p -= size * *first / (second.sqrt() + eps);
                        }
                    },
                );
            }
        }
    }
}

/// Zero where the number is smaller than `limit`.
///
/// Weights of units that are off have no gradient, and their averages shrink step by step into the numbers below the
/// smallest normal one, whose arithmetic takes a hundred times as long: after some 900 steps this was a sixth of training.
/// A gradient of 10⁻¹⁷ moves a weight by at most that over `eps`, 10⁻⁹ of the learning rate by default and 10⁻⁵ at
/// the smallest `eps` allowed; so does an average square left out at 10⁻³⁵, whose root is 3 · 10⁻¹⁸.
#[inline(always)]
fn flush(x: f32, limit: f32) -> f32 {
    if x.abs() < limit { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(spec: Spec, start: f32, gradients: &[f32]) -> f32 {
        let mut values = [start];
        let mut optimizer = Optimizer::new(spec, 1);
        for gradient in gradients {
            optimizer.step(&mut values, &mut [*gradient], 1, 1.0);
        }
        values[0]
    }

    fn parse(text: &str) -> Spec {
        toml::from_str(text).unwrap()
    }

    /// By hand, p = 1, gradients 1, 2, 3, lr 0.1, momentum 0.9: buffers 1, 2.9, 5.61, sum 9.51.
    #[test]
    fn momentum_adds_up_by_hand() {
        let spec = parse("kind = \"sgd\"\nlr = 0.1\nmomentum = 0.9");
        assert!((run(spec, 1.0, &[1.0, 2.0, 3.0]) - (1.0 - 0.951)).abs() < 1e-6);
    }

    /// By hand: weight decay 0.5 turns gradient 1 at p = 1 into 1.5; Nesterov's first step goes 1.5 · 1.9.
    #[test]
    fn nesterov_and_weight_decay_follow_their_formulas() {
        let spec = parse("kind = \"sgd\"\nlr = 0.1\nmomentum = 0.9\nweight_decay = 0.5\nnesterov = true");
        assert!((run(spec, 1.0, &[1.0]) - (1.0 - 0.285)).abs() < 1e-6);
    }

    /// By hand: the first Adam step is lr · sign(g); after gradients 1 and −0.5 the averages are 0.04 / 0.19 and 0.00124 9750 / 0.001999.
    #[test]
    fn adam_follows_its_formula() {
        let spec = parse("kind = \"adam\"\nlr = 0.01");
        assert!((run(spec, 1.0, &[1.0]) - 0.99).abs() < 1e-7);
        let second = 0.01 * (0.04 / 0.19) / ((0.999 * 0.001 + 0.001 * 0.25_f64) / 0.001_999).sqrt();
        assert!((f64::from(run(spec, 1.0, &[1.0, -0.5])) - (0.99 - second)).abs() < 1e-6);
    }

    /// By Adam's formula in double precision, for gradients around the limits: an update is off by at most 10⁻⁵ learning rates.
    #[test]
    fn what_counts_as_zero_hardly_moves_a_weight() {
        for gradient in [1e-18, 5e-17, 1e-16, 1e-14, 1e-10_f32] {
            let found = f64::from(run(parse("kind = \"adam\"\nlr = 1.0\neps = 1e-12"), 0.0, &[gradient; 50]));
            let (mut value, mut first, mut second) = (0.0, 0.0, 0.0);
            for step in 1..=50 {
                let g = f64::from(gradient);
                first = 0.9 * first + 0.1 * g;
                second = 0.999 * second + 0.001 * g * g;
                let [a, b] = [0.9, 0.999].map(|beta: f64| 1.0 - libm::pow(beta, f64::from(step)));
                value -= first / a / ((second / b).sqrt() + 1e-12);
            }
            assert!(
                (found - value).abs() < 50.0 * 1e-5 * value.abs().max(1.0),
                "{gradient:e}: {found} {value}"
            );
        }
    }

    /// Slow numbers never stay: after the last gradient, averages shrink to zero, not to the smallest number there is.
    #[test]
    fn averages_do_not_linger_below_the_normal_numbers() {
        let texts = [
            "kind = \"adam\"",
            "kind = \"adam\"\nbetas = [0.9, 0.5]",
            "kind = \"sgd\"\nlr = 0.1\nmomentum = 0.9",
        ];
        for text in texts {
            let mut optimizer = Optimizer::new(parse(text), 2);
            let mut values = [0.5, 0.5];
            for step in 0..3000 {
                let mut gradient = if step == 0 { [1.0, 1e-20] } else { [0.0, 1e-20] };
                optimizer.step(&mut values, &mut gradient, 1, 1.0);
                let averages = optimizer.first.iter().chain(optimizer.second.iter());
                assert!(!averages.copied().any(f32::is_subnormal), "{text}, step {step}");
            }
            assert!(optimizer.first.iter().all(|x| x.abs() <= 0.0));
        }
    }

    #[test]
    fn wrong_settings_are_refused() {
        for text in [
            "kind = \"sgd\"",
            "kind = \"adam\"\nlr = 0.0",
            "kind = \"adam\"\nbetas = [0.9, 1.0]",
            "kind = \"adam\"\neps = 1e-13",
        ] {
            assert!(toml::from_str::<Spec>(text).is_err(), "{text}");
        }
    }
}
