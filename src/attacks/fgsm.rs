//! FGSM (Goodfellow et al. 2015, eq. 1; for L2 the normalized gradient): one step of the whole radius from the clean row.

use super::{Attack, Found, Pgd, Target};
use crate::error::Result;
use crate::losses::Loss;

/// The fast gradient (sign) method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fgsm {
    /// What to climb.
    pub loss: Loss,
}

impl Attack for Fgsm {
    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        // One-step by definition: it may not start from a point found at a smaller radius.
        let mut cold = Target { network: &mut *target.network, warm: false, ..*target };
        let one_step = Pgd { steps: 1, step: 1.0, restarts: 1, loss: self.loss, random_start: false };
        one_step.run(&mut cold, found)
    }
}
