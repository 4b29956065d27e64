//! The workbench of iterative attacks: rows stream through the lanes of one block, and a [`Rule`] moves them.
//!
//! A lane works on one row at a time; when that row is done, the next one in the
//! queue takes its place, and when the queue is empty the last lane moves into the
//! gap. So blocks stay full however early rows leave. Nothing here allocates after
//! construction.

use super::outputs::{first_not_finite, predictions};
use super::rule::{Rule, Seen};
use super::step::confine;
use super::{Field, Found, Target, ThreatModel, not_finite, stopped};
use crate::error::Result;
use crate::losses::{Loss, PerLane, log_odds_against};
use crate::models::{Block, LANES};
use crate::numeric::clip;
use crate::seed::Streams;
use crate::simd::vectorized;

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

/// One run of an attack over a queue of rows.
pub(super) struct Run<'a> {
    /// Indices of the rows to attack.
    pub(super) queue: &'a [u32],
    /// Steps per row.
    pub(super) steps: u32,
    /// What to climb.
    pub(super) loss: Loss,
    /// Whether a row leaves at its first success.
    pub(super) leave: bool,
    /// Number of this run, for draws.
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
        let mut queue = run.queue.iter().map(|row| *row as usize);
        self.jobs.clear();
        for row in queue.by_ref().take(LANES) {
            self.jobs.push(Job { row, steps: 0, fell: false });
            let lane = self.jobs.len() - 1;
            self.load(lane, target, found, start);
            rule.enter(lane);
        }
        self.settle(target.threat, u64::MAX);
        while !self.jobs.is_empty() {
            if (target.stop)() {
                return Err(stopped());
            }
            self.set_rows();
            self.look(run, target, found)?;
            let done = |job: &Job| job.steps == run.steps || (run.leave && job.fell);
            if !self.jobs.iter().all(done) {
                self.advance(run, rule, target)?;
            }
            let mut loaded = 0_u64;
            for lane in (0..self.jobs.len()).rev() {
                if !done(&self.jobs[lane]) {
                    self.jobs[lane].steps += 1;
                    continue;
                }
                self.unload(lane, found);
                if let Some(row) = queue.next() {
                    self.jobs[lane] = Job { row, steps: 0, fell: false };
                    self.load(lane, target, found, start);
                    rule.enter(lane);
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
            self.settle(target.threat, loaded);
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
    fn load(&mut self, lane: usize, target: &Target<'_>, found: &Found, start: &mut Start<'_>) {
        let job = &mut self.jobs[lane];
        job.fell = !found.standing[job.row];
        let clean = target.rows.row(job.row);
        start(job.row, clean, found, &mut self.row_x);
        self.field.clean.set_lane(lane, clean);
        self.x.set_lane(lane, &self.row_x);
        self.labels[lane] = target.rows.facts.labels[job.row];
        self.best_odds[lane] = f32::NEG_INFINITY;
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
        run.loss.climb(&self.logits, &self.labels, &mut self.values, &mut self.d_logits);
        if run.loss == Loss::CrossEntropy {
            self.odds = self.values;
        } else {
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

    /// One step in every lane.
    fn advance(&mut self, run: &Run<'_>, rule: &mut dyn Rule, target: &mut Target<'_>) -> Result<()> {
        if rule.needs_gradient() {
            target.network.input_gradient(&self.d_logits, &mut self.gradient);
        }
        let mut flat = [false; LANES];
        let Self { field, values, gradient, .. } = self;
        let seen = Seen { threat: target.threat, field, values, gradient };
        if !rule.advance(&seen, &mut self.x, &mut flat) {
            let lane = first_not_finite(&self.gradient, self.jobs.len()).unwrap_or(0);
            return Err(not_finite("gradients", target.rows.facts.rows[self.jobs[lane].row]));
        }
        // Where the gradient is zero, a lane goes to a random point of the ball instead of standing still.
        for lane in (0..self.jobs.len()).filter(|lane| flat[*lane]) {
            let job = self.jobs[lane];
            let draw = (run.restart << 20) | job.steps;
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
