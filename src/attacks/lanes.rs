//! The workbench of gradient attacks: rows stream through the lanes of one block.
//!
//! A lane works on one row at a time; when that row is done, the next one in the
//! queue takes its place, and when the queue is empty the last lane moves into the
//! gap. So blocks stay full however early rows leave. Nothing here allocates after
//! construction.

use super::outputs::{first_not_finite, predictions};
use super::{Field, Found, Target, not_finite, step, stopped};
use crate::error::Result;
use crate::losses::{Loss, PerLane, log_odds_against};
use crate::models::{Block, LANES};

/// Writes a row's first point, given the row's index, its clean numbers and what was found so far.
pub(super) type Start<'s> = dyn FnMut(usize, &[f32], &Found, &mut [f32]) + 's;

/// A row in a lane.
#[derive(Debug, Clone, Copy)]
struct Job {
    /// Index among the rows under attack.
    row: usize,
    /// Gradient steps taken.
    steps: u32,
    /// Whether a point of this row was misclassified, now or in an earlier run.
    fell: bool,
}

/// One run of a gradient attack over a queue of rows.
pub(super) struct Run<'a> {
    /// Indices of the rows to attack.
    pub(super) queue: &'a [u32],
    /// Gradient steps per row.
    pub(super) steps: u32,
    /// Length of a step.
    pub(super) size: f32,
    /// What to climb.
    pub(super) loss: Loss,
    /// Whether a row leaves at its first success.
    pub(super) leave: bool,
    /// Number of this run, for draws.
    pub(super) restart: u32,
}

pub(super) struct Lanes {
    field: Field,
    x: Block,
    logits: Block,
    d_logits: Block,
    scratch: Block,
    gradient: Block,
    odds: PerLane,
    best_x: Block,
    best_logits: Block,
    best_odds: PerLane,
    labels: [u16; LANES],
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
            odds: [0.0; LANES],
            best_x: Block::new(features),
            best_logits: Block::new(classes),
            best_odds: [0.0; LANES],
            labels: [0; LANES],
            jobs: Vec::with_capacity(LANES),
            row_x: vec![0.0; features],
            row_logits: vec![0.0; classes],
        }
    }

    /// Works the whole queue off.
    pub(super) fn run(
        &mut self,
        run: &Run<'_>,
        target: &mut Target<'_>,
        found: &mut Found,
        start: &mut Start<'_>,
    ) -> Result<()> {
        let mut queue = run.queue.iter().map(|row| *row as usize);
        self.jobs.clear();
        for row in queue.by_ref().take(LANES) {
            self.jobs.push(Job { row, steps: 0, fell: false });
            self.load(self.jobs.len() - 1, target, found, start);
        }
        while !self.jobs.is_empty() {
            if (target.stop)() {
                return Err(stopped());
            }
            self.set_rows();
            self.look(run, target, found)?;
            let done = |job: &Job| job.steps == run.steps || (run.leave && job.fell);
            if !self.jobs.iter().all(done) {
                self.advance(run, target)?;
            }
            for lane in (0..self.jobs.len()).rev() {
                if !done(&self.jobs[lane]) {
                    self.jobs[lane].steps += 1;
                    continue;
                }
                self.unload(lane, found);
                if let Some(row) = queue.next() {
                    self.jobs[lane] = Job { row, steps: 0, fell: false };
                    self.load(lane, target, found, start);
                } else {
                    let last = self.jobs.len() - 1;
                    if lane < last {
                        self.move_lane(last, lane);
                    }
                    self.jobs.swap_remove(lane);
                }
            }
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

    fn load(&mut self, lane: usize, target: &Target<'_>, found: &Found, start: &mut Start<'_>) {
        let job = &mut self.jobs[lane];
        job.fell = !found.standing[job.row];
        let clean = target.rows.row(job.row);
        start(job.row, clean, found, &mut self.row_x);
        for (feature, (x, point)) in clean.iter().zip(&self.row_x).enumerate() {
            let (lo, hi) = target.threat.window(feature, *x);
            self.field.clean.feature_mut(feature)[lane] = *x;
            self.field.lo.feature_mut(feature)[lane] = lo;
            self.field.hi.feature_mut(feature)[lane] = hi;
            self.x.feature_mut(feature)[lane] = point.clamp(lo, hi);
        }
        self.labels[lane] = target.rows.facts.labels[job.row];
        self.best_odds[lane] = f32::NEG_INFINITY;
    }

    fn unload(&mut self, lane: usize, found: &mut Found) {
        let row = self.jobs[lane].row;
        if self.best_odds[lane] > found.worst_odds[row] {
            self.best_x.scatter(lane, &mut self.row_x);
            self.best_logits.scatter(lane, &mut self.row_logits);
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
    }

    /// Evaluates the points, keeps the largest cross-entropy of each lane and records first successes.
    fn look(&mut self, run: &Run<'_>, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        let rows = self.jobs.len();
        target.network.forward(&self.x, &mut self.logits);
        if let Some(lane) = first_not_finite(&self.logits, rows) {
            return Err(not_finite("logits", target.rows.facts.rows[self.jobs[lane].row]));
        }
        run.loss.climb(&self.logits, &self.labels, &mut self.odds, &mut self.d_logits);
        if run.loss != Loss::CrossEntropy {
            log_odds_against(&self.logits, &self.labels, &mut self.odds, &mut self.scratch);
        }
        let mut better = [0_u32; LANES];
        let marks = better.iter_mut().zip(&mut self.best_odds).zip(&self.odds);
        for ((mark, best), odds) in marks.take(rows) {
            if odds > best {
                (*mark, *best) = (u32::MAX, *odds);
            }
        }
        keep(&better, &self.x, &mut self.best_x);
        keep(&better, &self.logits, &mut self.best_logits);
        let predictions = predictions(&self.logits);
        for (lane, &prediction) in predictions.iter().enumerate().take(rows) {
            let job = &mut self.jobs[lane];
            if job.fell || prediction == self.labels[lane] {
                continue;
            }
            self.x.scatter(lane, &mut self.row_x);
            let distance = target.threat.distance(target.rows.row(job.row), &self.row_x);
            // A point that rounding took out of the ball is no success.
            if distance <= target.threat.epsilon() {
                self.logits.scatter(lane, &mut self.row_logits);
                found.falls(job.row, distance, &self.row_x, &self.row_logits, prediction);
                job.fell = true;
            }
        }
        Ok(())
    }

    /// One step up the loss in every lane.
    fn advance(&mut self, run: &Run<'_>, target: &mut Target<'_>) -> Result<()> {
        target.network.input_gradient(&self.d_logits, &mut self.gradient);
        let mut flat = [false; LANES];
        if !step(target.threat, run.size, &self.gradient, &self.field, &mut self.x, &mut flat) {
            let lane = first_not_finite(&self.gradient, self.jobs.len()).unwrap_or(0);
            return Err(not_finite("gradients", target.rows.facts.rows[self.jobs[lane].row]));
        }
        if flat.contains(&true) {
            self.leave_flat_places(run, target, &flat);
        }
        Ok(())
    }

    /// L2 only: where the gradient is zero, the lane goes to a random point of the ball instead of standing still.
    fn leave_flat_places(&mut self, run: &Run<'_>, target: &Target<'_>, flat: &[bool; LANES]) {
        let streams = target.seed.streams(&format!("attack/{}/flat", target.name));
        for lane in (0..self.jobs.len()).filter(|lane| flat[*lane]) {
            let job = self.jobs[lane];
            let draw = (run.restart << 20) | job.steps;
            let mut stream = streams.stream(target.rows.facts.rows[job.row], draw);
            target.threat.draw_start(target.rows.row(job.row), &mut stream, &mut self.row_x);
            for (feature, value) in self.row_x.iter().enumerate() {
                self.x.feature_mut(feature)[lane] = *value;
            }
        }
    }
}

/// Copies the lanes whose mask is all ones.
fn keep(mask: &[u32; LANES], from: &Block, to: &mut Block) {
    if mask.iter().all(|mask| *mask == 0) {
        return;
    }
    for (from, to) in from.data().chunks_exact(LANES).zip(to.data_mut().chunks_exact_mut(LANES)) {
        for ((from, to), mask) in from.iter().zip(to).zip(mask) {
            *to = f32::from_bits((from.to_bits() & mask) | (to.to_bits() & !mask));
        }
    }
}
