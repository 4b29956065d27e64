//! The workbench of iterative attacks: rows stream through the lanes of one block, and a [`Rule`] moves them.
//!
//! A lane works on one row at a time; when that row is done, the next one in the
//! queue takes its place, and when the queue is empty the last lane moves into the
//! gap. So blocks stay full however early rows leave. A row that is to be attacked
//! several times (restarts, target classes) goes back to the end of the queue while
//! it stands, so it is never in two lanes, and its rounds follow each other in
//! whatever company.

use std::collections::VecDeque;

use super::outputs::{first_not_finite, predictions};
use super::rule::{Gradients, Rule, Seen};
use super::step::confine;
use super::{Field, Found, Target, ThreatModel, not_finite, stopped};
use crate::error::Result;
use crate::losses::{Goal, Loss, PerLane, log_odds_against};
use crate::models::{Block, LANES};
use crate::numeric::clip;
use crate::seed::Streams;
use crate::simd::vectorized;

/// Writes a row's first point, given the row's index, the round, its clean numbers and what was found so far.
pub(super) type Start<'s> = dyn FnMut(usize, u32, &[f32], &Found, &mut [f32]) + 's;

/// A row in a lane.
#[derive(Debug, Clone, Copy)]
struct Job {
    /// Index among the rows under attack.
    row: usize,
    /// Which of the row's rounds.
    round: u32,
    /// Steps taken, or queries charged.
    steps: u32,
    /// Whether a point of this row was misclassified, now or in an earlier run.
    fell: bool,
}

/// What becomes of misclassified points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The first success in the ball, and the largest cross-entropy on the way.
    Worst,
    /// The first success in the ball.
    First,
    /// The nearest one, in or outside the ball.
    Nearest,
}

/// One run of an attack over a queue of rows.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    /// Indices of the rows to attack.
    pub(super) queue: &'a [u32],
    /// Rounds per row, as long as it stands; at least 1.
    pub(super) rounds: u32,
    /// Steps per round.
    pub(super) steps: u32,
    /// What to climb.
    pub(super) goal: Goal,
    /// The class to aim at by row and round (`rows × rounds`); empty where no class is aimed at.
    pub(super) targets: &'a [u16],
    /// Where points may be: the threat itself, or the box alone.
    pub(super) room: &'a ThreatModel,
    /// Whether a row leaves at its first success in the ball.
    pub(super) leave: bool,
    /// What to keep.
    pub(super) keep: Keep,
    /// Number of the first round, for draws.
    pub(super) restart: u32,
    /// Draws for rows whose gradient is of no use.
    pub(super) flat: &'a Streams,
}

pub(super) struct Lanes {
    field: Field,
    x: Block,
    logits: Block,
    d_logits: Block,
    scratch: Block,
    gradient: Block,
    values: PerLane,
    odds: PerLane,
    best_x: Block,
    best_logits: Block,
    best_odds: PerLane,
    labels: [u16; LANES],
    targets: [u16; LANES],
    jobs: Vec<Job>,
    row_x: Vec<f32>,
    row_logits: Vec<f32>,
}

impl Lanes {
    pub(super) fn new(features: usize, classes: usize) -> Self {
        Self {
            field: Field::new(features),
            x: Block::new(features),
            logits: Block::new(classes),
            d_logits: Block::new(classes),
            scratch: Block::new(classes),
            gradient: Block::new(features),
            values: [0.0; LANES],
            odds: [0.0; LANES],
            best_x: Block::new(features),
            best_logits: Block::new(classes),
            best_odds: [0.0; LANES],
            labels: [0; LANES],
            targets: [0; LANES],
            jobs: Vec::with_capacity(LANES),
            row_x: vec![0.0; features],
            row_logits: vec![0.0; classes],
        }
    }

    /// Works the whole queue off.
    pub(super) fn run(
        &mut self,
        run: &Run<'_>,
        rule: &mut dyn Rule,
        target: &mut Target<'_>,
        found: &mut Found,
        start: &mut Start<'_>,
    ) -> Result<()> {
        let mut queue: VecDeque<(u32, u32)> = run.queue.iter().map(|row| (*row, 0)).collect();
        self.jobs.clear();
        while let Some((row, round)) = queue.pop_front() {
            self.jobs.push(Job { row: row as usize, round, steps: 0, fell: false });
            self.load(self.jobs.len() - 1, run, rule, target, found, start);
            if self.jobs.len() == LANES {
                break;
            }
        }
        self.settle(run.room, u64::MAX);
        while !self.jobs.is_empty() {
            if (target.stop)() {
                return Err(stopped());
            }
            self.set_rows();
            self.look(run, rule, target, found)?;
            let done = |job: &Job| job.steps >= run.steps || (run.leave && job.fell);
            let mut spent = [1_u32; LANES];
            if !self.jobs.iter().all(done) {
                self.advance(run, rule, target, found, &mut spent)?;
            }
            let mut loaded = 0_u64;
            for lane in (0..self.jobs.len()).rev() {
                if !done(&self.jobs[lane]) {
                    self.jobs[lane].steps += spent[lane];
                    continue;
                }
                self.unload(lane, run, target, found);
                let Job { row, round, fell, .. } = self.jobs[lane];
                if !fell && round + 1 < run.rounds {
                    queue.push_back((row as u32, round + 1));
                }
                if let Some((row, round)) = queue.pop_front() {
                    self.jobs[lane] = Job { row: row as usize, round, steps: 0, fell: false };
                    self.load(lane, run, rule, target, found, start);
                    loaded |= 1 << lane;
                } else {
                    let last = self.jobs.len() - 1;
                    if lane < last {
                        self.move_lane(last, lane);
                        rule.move_lane(last, lane);
                        loaded |= (loaded >> last & 1) << lane;
                    }
                    self.jobs.swap_remove(lane);
                }
            }
            self.settle(run.room, loaded);
        }
        Ok(())
    }

    fn set_rows(&mut self) {
        let rows = self.jobs.len();
        for block in [&mut self.x, &mut self.field.clean, &mut self.field.lo, &mut self.field.hi] {
            block.set_rows(rows);
        }
        self.best_x.set_rows(rows);
        self.best_logits.set_rows(rows);
    }

    /// Puts the lane's job into the lane; [`settle`](Self::settle) must follow.
    fn load(
        &mut self,
        lane: usize,
        run: &Run<'_>,
        rule: &mut dyn Rule,
        target: &Target<'_>,
        found: &Found,
        start: &mut Start<'_>,
    ) {
        let job = &mut self.jobs[lane];
        job.fell = !found.standing[job.row];
        let clean = target.rows.row(job.row);
        start(job.row, job.round, clean, found, &mut self.row_x);
        self.field.clean.set_lane(lane, clean);
        self.x.set_lane(lane, &self.row_x);
        self.labels[lane] = target.rows.facts.labels[job.row];
        if !run.targets.is_empty() {
            self.targets[lane] = run.targets[job.row * run.rounds as usize + job.round as usize];
        }
        self.best_odds[lane] = f32::NEG_INFINITY;
        rule.enter(lane, target.rows.facts.rows[job.row], run.restart + job.round);
    }

    /// Brings the windows of the loaded lanes up to date, and the points in them.
    fn settle(&mut self, threat: &ThreatModel, loaded: u64) {
        /// So many lanes one by one take as long as the whole block.
        const MANY: u32 = 8;
        if loaded.count_ones() >= MANY {
            let Field { clean, lo, hi } = &mut self.field;
            threat.windows(clean, lo, hi);
            confine(&self.field, &mut self.x);
            return;
        }
        for lane in (0..LANES).filter(|lane| loaded >> lane & 1 == 1) {
            for feature in 0..self.x.features() {
                let (lo, hi) = threat.window(feature, self.field.clean.get(feature, lane));
                self.field.lo.feature_mut(feature)[lane] = lo;
                self.field.hi.feature_mut(feature)[lane] = hi;
                let x = &mut self.x.feature_mut(feature)[lane];
                *x = clip(*x, lo, hi);
            }
        }
    }

    fn unload(&mut self, lane: usize, run: &Run<'_>, target: &Target<'_>, found: &mut Found) {
        let row = self.jobs[lane].row;
        if run.keep == Keep::Worst && self.best_odds[lane] > found.worst_odds[row] {
            self.best_x.scatter(lane, &mut self.row_x);
            self.best_logits.scatter(lane, &mut self.row_logits);
            // A point that rounding took out of the ball is none.
            if target.threat.distance(target.rows.row(row), &self.row_x) > target.threat.epsilon() {
                return;
            }
            found.climbs(row, self.best_odds[lane], &self.row_x, &self.row_logits);
        }
    }

    fn move_lane(&mut self, from: usize, to: usize) {
        let Field { clean, lo, hi } = &mut self.field;
        for block in [clean, lo, hi, &mut self.x, &mut self.best_x, &mut self.best_logits] {
            block.move_lane(from, to);
        }
        self.best_odds[to] = self.best_odds[from];
        self.labels[to] = self.labels[from];
        self.targets[to] = self.targets[from];
    }

    /// Evaluates the points and records what they are worth.
    fn look(
        &mut self,
        run: &Run<'_>,
        rule: &mut dyn Rule,
        target: &mut Target<'_>,
        found: &mut Found,
    ) -> Result<()> {
        let rows = self.jobs.len();
        self.forward(target, found)?;
        let Self { logits, labels, targets, values, d_logits, .. } = self;
        run.goal.climb(logits, labels, targets, values, d_logits);
        if run.keep == Keep::Worst {
            self.keep_worst(run.goal);
        }
        let mut fallen = [false; LANES];
        let predictions = predictions(&self.logits);
        for (lane, &prediction) in predictions.iter().enumerate().take(rows) {
            let job = self.jobs[lane];
            fallen[lane] = prediction != self.labels[lane];
            if !fallen[lane] || (job.fell && run.keep != Keep::Nearest) {
                continue;
            }
            self.x.scatter(lane, &mut self.row_x);
            self.logits.scatter(lane, &mut self.row_logits);
            let distance = target.threat.distance(target.rows.row(job.row), &self.row_x);
            if run.keep == Keep::Nearest {
                found.nears(target.name, job.row, distance, &self.row_x, &self.row_logits, prediction);
            }
            // A point outside the ball, be it by rounding, is no success.
            if !job.fell && distance <= target.threat.epsilon() {
                let (x, logits) = (&self.row_x, &self.row_logits);
                if run.keep == Keep::Worst {
                    found.falls(job.row, distance, x, logits, prediction);
                } else {
                    found.falls_only(job.row, self.labels[lane], distance, x, logits, prediction);
                }
                self.jobs[lane].fell = true;
            }
        }
        if fallen.contains(&true) && rule.retreat(&fallen, &self.field, &mut self.x) {
            self.forward(target, found)?;
            let Self { logits, labels, targets, values, d_logits, .. } = self;
            run.goal.climb(logits, labels, targets, values, d_logits);
        }
        Ok(())
    }

    fn forward(&mut self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        let rows = self.jobs.len();
        target.network.forward(&self.x, &mut self.logits);
        found.effort.forwards += rows as u64;
        match first_not_finite(&self.logits, rows) {
            Some(lane) => Err(not_finite("logits", target.rows.facts.rows[self.jobs[lane].row])),
            None => Ok(()),
        }
    }

    /// Keeps each lane's point of the largest cross-entropy.
    fn keep_worst(&mut self, goal: Goal) {
        if goal == Goal::Away(Loss::CrossEntropy) {
            self.odds = self.values;
        } else {
            log_odds_against(&self.logits, &self.labels, &mut self.odds, &mut self.scratch);
        }
        let mut better = [0_u32; LANES];
        let marks = better.iter_mut().zip(&mut self.best_odds).zip(&self.odds);
        for ((mark, best), odds) in marks.take(self.jobs.len()) {
            if odds > best {
                (*mark, *best) = (u32::MAX, *odds);
            }
        }
        keep(&better, &self.x, &mut self.best_x);
        keep(&better, &self.logits, &mut self.best_logits);
    }

    /// One step in every lane; a rule that skipped queries says in `spent` how many are to be charged.
    fn advance(
        &mut self,
        run: &Run<'_>,
        rule: &mut dyn Rule,
        target: &mut Target<'_>,
        found: &mut Found,
        spent: &mut [u32; LANES],
    ) -> Result<()> {
        let rows = self.jobs.len();
        let left = std::array::from_fn(|lane| {
            self.jobs.get(lane).map_or(0, |job| run.steps.saturating_sub(job.steps))
        });
        match rule.gradients() {
            Gradients::None => {}
            Gradients::OfTheGoal => {
                found.effort.backwards += rows as u64;
                target.network.input_gradient(&self.d_logits, &mut self.gradient);
            }
            Gradients::OfEveryRival => {
                for class in 0..self.logits.features() as u16 {
                    let rivals = [class; LANES];
                    let Self { logits, labels, values, d_logits, gradient, field, x, .. } = self;
                    Goal::MarginTo.climb(logits, labels, &rivals, values, d_logits);
                    found.effort.backwards += rows as u64;
                    target.network.input_gradient(d_logits, gradient);
                    let seen = Seen { threat: target.threat, field, values, gradient, left: &left };
                    rule.consider(class, &seen, x, labels);
                }
            }
        }
        let mut flat = [false; LANES];
        let Self { field, values, gradient, .. } = self;
        let seen = Seen { threat: target.threat, field, values, gradient, left: &left };
        if !rule.advance(&seen, &mut self.x, &mut flat, spent) {
            let lane = first_not_finite(&self.gradient, rows).unwrap_or(0);
            return Err(not_finite("gradients", target.rows.facts.rows[self.jobs[lane].row]));
        }
        // Where the gradient is zero, a lane goes to a random point of the ball instead of standing still.
        for lane in (0..rows).filter(|lane| flat[*lane]) {
            let job = self.jobs[lane];
            let draw = ((run.restart + job.round) << 20) | job.steps;
            let mut stream = run.flat.stream(target.rows.facts.rows[job.row], draw);
            target.threat.draw_start(target.rows.row(job.row), &mut stream, &mut self.row_x);
            self.x.set_lane(lane, &self.row_x);
        }
        Ok(())
    }
}

/// Copies the lanes whose mask is all ones.
fn keep(mask: &[u32; LANES], from: &Block, to: &mut Block) {
    if mask.iter().all(|mask| *mask == 0) {
        return;
    }
    vectorized(
        #[inline(always)]
        || {
            for (from, to) in from.data().chunks_exact(LANES).zip(to.data_mut().chunks_exact_mut(LANES)) {
                for ((from, to), mask) in from.iter().zip(to).zip(mask) {
                    *to = f32::from_bits((from.to_bits() & mask) | (to.to_bits() & !mask));
                }
            }
        },
    );
}
