//! Auto-PGD (Croce and Hein 2020, arXiv 2003.01690, algorithm 1; for L1 Croce and Hein 2021, arXiv 2103.01208): projected
//! gradient ascent with momentum that halves its step, row by row, when the loss stops rising, and then goes on from the best point.
//!
//! Which rows run how long is as in [`Pgd`](super::Pgd): the first run of a cross-entropy attack takes all its steps on
//! every row that was right on the clean input; every other run lets a row go at its first success. A targeted attack
//! aims at the classes that come after the true one on the clean row, one after the other while the row stands.
//!
//! Under L1 points outside the ball are on the way, so that only successes are kept and no largest cross-entropy.
//!
//! A cross-entropy attack that has been at a smaller radius starts from the largest-loss point found there.

pub(super) mod l1;
mod schedule;
mod smooth;

use super::lanes::{Keep, Lanes, Run};
use super::rule::Rule;
use super::{Attack, Found, Target, ThreatModel};
use crate::error::Result;
use crate::losses::{Goal, Loss};
use crate::measure::Norm;

/// Auto-PGD on one loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Apgd {
    /// Gradient steps per run.
    pub steps: u32,
    /// Runs per row.
    pub restarts: u32,
    /// What to climb.
    pub loss: Loss,
}

/// Auto-PGD toward target classes, one run for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ApgdTargeted {
    /// Gradient steps per run.
    pub steps: u32,
    /// Target classes per row, at most all but the true one.
    pub targets: u32,
}

impl Attack for Apgd {
    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        // Under L1 no largest cross-entropy is kept: nothing to run on for, nothing to start from.
        let full = self.loss == Loss::CrossEntropy && target.threat.norm() != Norm::L1;
        let mut ascent = Ascent::new(target.threat, self.steps, found);
        let warm = target.warm;
        if full {
            let queue = found.queue(true, target);
            let run = Queue { rows: &queue, first: 0, rounds: 1, targets: &[], leave: false };
            ascent.run(&run, Goal::Away(self.loss), target, found, warm)?;
        }
        let first = u32::from(full);
        if first < self.restarts {
            let queue = found.queue(false, target);
            let run = Queue { rows: &queue, first, rounds: self.restarts - first, targets: &[], leave: true };
            ascent.run(&run, Goal::Away(self.loss), target, found, false)?;
        }
        Ok(())
    }
}

impl Attack for ApgdTargeted {
    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        let (targets, rounds) = found.rivals(&target.rows.facts.labels, self.targets);
        let queue = found.queue(false, target);
        let run = Queue { rows: &queue, first: 0, rounds, targets: &targets, leave: true };
        Ascent::new(target.threat, self.steps, found).run(&run, Goal::RatioTo, target, found, false)
    }
}

/// Rows, and the rounds they go through.
struct Queue<'a> {
    rows: &'a [u32],
    first: u32,
    rounds: u32,
    targets: &'a [u16],
    leave: bool,
}

/// The workbench with its rule, where points may be, and the ball on whose surface they start.
struct Ascent {
    lanes: Lanes,
    rule: Box<dyn Rule>,
    room: ThreatModel,
    ball: ThreatModel,
    steps: u32,
}

impl Ascent {
    fn new(threat: &ThreatModel, steps: u32, found: &Found) -> Self {
        let lanes = Lanes::new(found.features, found.classes);
        if threat.norm() == Norm::L1 {
            let rule = l1::Sparse::new(found.features, steps, threat);
            let (steps, ball) = (rule.steps(), l1::first_ball(threat));
            return Self { lanes, rule: Box::new(rule), room: threat.without_ball(), ball, steps };
        }
        let rule = smooth::Momentum::new(found.features, steps, threat);
        Self { lanes, rule: Box::new(rule), room: threat.clone(), ball: threat.clone(), steps }
    }

    fn run(
        &mut self,
        run: &Queue<'_>,
        goal: Goal,
        target: &mut Target<'_>,
        found: &mut Found,
        warm: bool,
    ) -> Result<()> {
        let purpose = format!("attack/{}", target.name);
        let streams = target.seed.streams(&purpose);
        let flat = target.seed.streams(&format!("{purpose}/flat"));
        let (ids, ball) = (target.rows.facts.clone(), &self.ball);
        let work = Run {
            queue: run.rows,
            rounds: run.rounds,
            steps: self.steps,
            goal,
            targets: run.targets,
            room: &self.room,
            leave: run.leave,
            keep: if run.leave || ball.norm() == Norm::L1 { Keep::First } else { Keep::Worst },
            restart: run.first,
            flat: &flat,
        };
        self.lanes.run(&work, self.rule.as_mut(), target, found, &mut |row, round, clean, found, start| {
            if warm && round == 0 {
                start.copy_from_slice(found.max_loss(row));
            } else {
                ball.draw_edge(clean, &mut streams.stream(ids.rows[row], run.first + round), start);
            }
        })
    }
}
