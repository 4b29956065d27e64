//! Projected gradient ascent (Madry et al. 2018, arXiv 1706.06083), with the first success and the largest loss kept instead of the last iterate.
//!
//! Which rows run how long, the same rule for every row:
//!
//! - In the first run a cross-entropy attack takes all its steps on every row that was right on the clean
//!   input, fallen or not, so that the largest cross-entropy means the same for all of them. An attack on
//!   another loss lets a row go at its first success.
//! - Further runs take only rows still standing, and let a row go at its first success.
//!
//! With a smaller radius before it, the first run starts at the largest-loss point found there.

use super::lanes::{Keep, Lanes, Run};
use super::rule::Constant;
use super::{Attack, Found, Target};
use crate::error::Result;
use crate::losses::{Goal, Loss};

/// PGD with a constant step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pgd {
    /// Gradient steps per run.
    pub steps: u32,
    /// Step size as a fraction of epsilon.
    pub step: f64,
    /// Runs per row.
    pub restarts: u32,
    /// What to climb.
    pub loss: Loss,
    /// Whether the first run starts uniformly in the ball rather than at the clean row; later ones always do.
    pub random_start: bool,
}

impl Attack for Pgd {
    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        let mut lanes = Lanes::new(found.features, found.classes);
        let streams = target.seed.streams(&format!("attack/{}", target.name));
        let flat = target.seed.streams(&format!("attack/{}/flat", target.name));
        let mut rule = Constant { size: (self.step * target.threat.epsilon()) as f32 };
        let (threat, warm, ids) = (target.threat, target.warm, target.rows.facts.clone());
        for restart in 0..self.restarts {
            let first = restart == 0;
            let leave = !first || self.loss != Loss::CrossEntropy;
            let run = Run {
                queue: &found.queue(!leave, target),
                rounds: 1,
                steps: self.steps,
                goal: Goal::Away(self.loss),
                targets: &[],
                room: threat,
                leave,
                keep: Keep::Worst,
                restart,
                flat: &flat,
            };
            lanes.run(&run, &mut rule, target, found, &mut |row, _, clean, found, start| {
                if first && warm {
                    start.copy_from_slice(found.max_loss(row));
                } else if first && !self.random_start {
                    start.copy_from_slice(clean);
                } else {
                    threat.draw_start(clean, &mut streams.stream(ids.rows[row], restart), start);
                }
            })?;
        }
        Ok(())
    }
}
