//! Optimizers with PyTorch's formulas, in `f32`, in one fixed order of operations.

use serde::{Deserialize, Serialize};

use crate::bounded::{BelowOne, NonNegative, Positive, constant};

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
        eps: Positive,
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

fn tiny() -> Positive {
    constant!(Positive, 1e-8)
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
    first: Vec<f32>,
    /// The average squared gradient.
    second: Vec<f32>,
}

impl Optimizer {
    /// For `parameters` numbers.
    #[must_use]
    pub fn new(spec: Spec, parameters: usize) -> Self {
        let second = if matches!(spec, Spec::Adam { .. }) { parameters } else { 0 };
        Self { spec, steps: 0, first: vec![0.0; parameters], second: vec![0.0; second] }
    }

    /// One update of `values` (same length as `gradient`); `share` multiplies the learning rate (the schedule).
    pub fn step(&mut self, values: &mut [f32], gradient: &[f32], share: f64) {
        assert_eq!(values.len(), gradient.len(), "a gradient has one number per parameter");
        self.steps += 1;
        match self.spec {
            Spec::Sgd { lr, momentum, weight_decay, nesterov } => {
                let rate = (lr.get() * share) as f32;
                self.sgd(values, gradient, rate, momentum.get() as f32, weight_decay.get() as f32, nesterov);
            }
            Spec::Adam { lr, betas, eps, weight_decay } => {
                let betas = betas.map(BelowOne::get);
                let decay = weight_decay.get() as f32;
                self.adam(values, gradient, lr.get() * share, betas, eps.get() as f32, decay);
            }
        }
    }

    fn sgd(
        &mut self,
        values: &mut [f32],
        gradient: &[f32],
        rate: f32,
        momentum: f32,
        decay: f32,
        nesterov: bool,
    ) {
        let first_step = self.steps == 1;
        for ((p, g), buffer) in values.iter_mut().zip(gradient).zip(&mut self.first) {
            let g = g + decay * *p;
            *buffer = if first_step { g } else { momentum * *buffer + g };
            let direction = if nesterov { g + momentum * *buffer } else { *buffer };
            *p -= rate * direction;
        }
    }

    fn adam(
        &mut self,
        values: &mut [f32],
        gradient: &[f32],
        rate: f64,
        betas: [f64; 2],
        eps: f32,
        decay: f32,
    ) {
        let correction = betas.map(|beta| 1.0 - libm::pow(beta, f64::from(self.steps)));
        let size = (rate / correction[0]) as f32;
        let root = correction[1].sqrt() as f32;
        let (fresh, kept, fresh_square) = ((1.0 - betas[0]) as f32, betas[1] as f32, (1.0 - betas[1]) as f32);
        let memory = self.first.iter_mut().zip(&mut self.second);
        for ((p, g), (first, second)) in values.iter_mut().zip(gradient).zip(memory) {
            let g = g + decay * *p;
            *first += fresh * (g - *first);
            *second = kept * *second + fresh_square * g * g;
            *p -= size * (*first / (second.sqrt() / root + eps));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(spec: Spec, start: f32, gradients: &[f32]) -> f32 {
        let mut values = [start];
        let mut optimizer = Optimizer::new(spec, 1);
        for gradient in gradients {
            optimizer.step(&mut values, &[*gradient], 1.0);
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

    #[test]
    fn wrong_settings_are_refused() {
        for text in ["kind = \"sgd\"", "kind = \"adam\"\nlr = 0.0", "kind = \"adam\"\nbetas = [0.9, 1.0]"] {
            assert!(toml::from_str::<Spec>(text).is_err(), "{text}");
        }
    }
}
