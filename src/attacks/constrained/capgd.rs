//! The gradient part: CAPGD (Simonetto et al. 2024, arXiv 2406.00775, section 4), APGD with penalties in scaled space.
//!
//! The points that climb are relaxed: whole numbers may be any, and the members of a mutable one-hot block are numbers from 0 to 1. At every step the
//! valid row nearest at hand (rounded, settled) is put before the model too, and it alone can count.
//!
//! Other than in the paper:
//!
//! - Windows are exact and whole numbers are rounded inward, so no margin is taken off the radius.
//! - A penalty is (about) a distance in scaled space, and weighs twice the loss's gradient at the clean row, so that it wins where a
//!   relation is broken, whatever the units of the relation.
//! - Categories have no part in the ball: their members move along the gradient over its largest entry.

use super::bench::Bench;
use super::penalty::penalize;
use super::room::{Point, Room};
use super::{Caa, Constraints};
use crate::attacks::outputs::first_not_finite;
use crate::attacks::{Found, Target, not_finite, stopped};
use crate::error::Result;
use crate::measure::Norm;
use crate::models::{Block, LANES};
use crate::seed::Stream;

/// The share of a step that is new; the rest repeats the last move (Croce and Hein 2020, eq. 5).
const FRESH: f32 = 0.75;

/// A step is halved where fewer of a window's steps than this share went up.
const ENOUGH: f64 = 0.75;

/// How a row is doing.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// Step, as a multiple of each column's reach.
    step: f32,
    /// What the penalties weigh.
    weight: f64,
    last: f32,
    best: f32,
    /// Steps of the present window that went up.
    ups: usize,
    /// At the last checkpoint: the best value, and whether the step was halved.
    best_before: f32,
    halved: bool,
}

pub(super) struct Capgd {
    relaxed: Bench,
    finished: Bench,
    gradient: Block,
    last: Block,
    rooms: Vec<Room>,
    point: Point,
    row: Vec<f32>,
    slope: Vec<f32>,
    before: Vec<f32>,
}

impl Capgd {
    pub(super) fn new(features: usize, classes: usize) -> Self {
        Self {
            relaxed: Bench::new(features, classes),
            finished: Bench::new(features, classes),
            gradient: Block::new(features),
            last: Block::new(features),
            rooms: vec![Room::default(); LANES],
            point: Point::default(),
            row: vec![0.0; features],
            slope: vec![0.0; features],
            before: vec![0.0; features],
        }
    }

    /// Run number `restart` over at most [`LANES`] rows.
    pub(super) fn run(
        &mut self,
        settings: &Caa,
        restart: u32,
        rows: &[usize],
        constraints: &Constraints,
        target: &mut Target<'_>,
        found: &mut Found,
    ) -> Result<()> {
        let streams = target.seed.streams(&format!("attack/{}", target.name));
        for (lane, row) in rows.iter().enumerate() {
            self.rooms[lane].enter(constraints, target.threat, target.rows.row(*row));
        }
        // What the loss's gradient weighs, at the clean rows.
        self.relaxed.x.gather(rows.iter().map(|row| target.rows.row(*row)));
        self.look(settings, rows, constraints, None, target, found)?;
        let mut progress = [Progress {
            step: 2.0,
            weight: 1.0,
            last: 0.0,
            best: 0.0,
            ups: 0,
            best_before: 0.0,
            halved: true,
        }; LANES];
        for (lane, progress) in progress.iter_mut().enumerate().take(rows.len()) {
            self.gradient.scatter(lane, &mut self.slope);
            let length = self.slope.iter().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>().sqrt();
            progress.weight = if length > 0.0 { 2.0 * length } else { 1.0 };
        }
        for (lane, &row) in rows.iter().enumerate() {
            if restart > 0 {
                let mut stream = streams.stream(target.rows.facts.rows[row], restart);
                self.rooms[lane].draw(constraints, target, &mut stream, &mut self.point);
                self.relaxed.x.set_lane(lane, &self.point.x);
            } else if target.warm {
                self.relaxed.x.set_lane(lane, found.max_loss(row));
            }
        }
        self.last.data_mut().copy_from_slice(self.relaxed.x.data());
        self.look(settings, rows, constraints, Some(&progress), target, found)?;
        for (lane, progress) in progress.iter_mut().enumerate().take(rows.len()) {
            let value = self.relaxed.values[lane];
            (progress.last, progress.best, progress.best_before) = (value, value, value);
        }
        let steps = settings.steps as usize;
        let (mut window, mut in_window) = ((22 * steps / 100).max(1), 0);
        for step in 0..steps {
            if (target.stop)() {
                return Err(stopped());
            }
            for (lane, progress) in progress.iter().enumerate().take(rows.len()) {
                self.advance(lane, progress.step, step == 0, constraints, target);
            }
            self.look(settings, rows, constraints, Some(&progress), target, found)?;
            in_window += 1;
            let at_checkpoint = in_window == window;
            for (lane, progress) in progress.iter_mut().enumerate().take(rows.len()) {
                let value = self.relaxed.values[lane];
                progress.ups += usize::from(value > progress.last);
                progress.best = progress.best.max(value);
                progress.last = value;
                if at_checkpoint {
                    let few = progress.ups as f64 <= ENOUGH * window as f64;
                    let stuck = !progress.halved && progress.best <= progress.best_before;
                    progress.halved = few || stuck;
                    progress.step *= if progress.halved { 0.5 } else { 1.0 };
                    (progress.best_before, progress.ups) = (progress.best, 0);
                }
            }
            if at_checkpoint {
                in_window = 0;
                window = (window.saturating_sub((3 * steps / 100).max(1))).max((6 * steps / 100).max(1));
            }
        }
        Ok(())
    }

    /// Evaluates the relaxed points with penalties (where they have a weight already), and judges the finished ones.
    fn look(
        &mut self,
        settings: &Caa,
        rows: &[usize],
        constraints: &Constraints,
        progress: Option<&[Progress; LANES]>,
        target: &mut Target<'_>,
        found: &mut Found,
    ) -> Result<()> {
        self.relaxed.ask(settings.loss, rows, target, found)?;
        target.network.input_gradient(&self.relaxed.d_logits, &mut self.gradient);
        found.effort.backwards += rows.len() as u64;
        if let Some(lane) = first_not_finite(&self.gradient, rows.len()) {
            return Err(not_finite("gradients", target.rows.facts.rows[rows[lane]]));
        }
        for lane in 0..rows.len() {
            self.gradient.scatter(lane, &mut self.slope);
            let room = &self.rooms[lane];
            room.mask(constraints, &mut self.slope);
            if let Some(progress) = progress {
                self.relaxed.x.scatter(lane, &mut self.row);
                self.point.relax(constraints, &self.row);
                let weight = progress[lane].weight;
                let penalty = penalize(room, constraints, &self.point, weight, &mut self.slope);
                self.relaxed.values[lane] -= (weight * penalty) as f32;
            }
            self.gradient.set_lane(lane, &self.slope);
        }
        if progress.is_none() {
            return Ok(());
        }
        let (mut lanes, mut members) = (0, [0; LANES]);
        for (lane, &row) in rows.iter().enumerate() {
            self.relaxed.x.scatter(lane, &mut self.row);
            if self.rooms[lane].finish(constraints, target.threat, &self.row, &mut self.point) {
                self.finished.x.set_lane(lanes, &self.point.x);
                members[lanes] = row;
                lanes += 1;
            }
        }
        if lanes > 0 {
            self.finished.ask(settings.loss, &members[..lanes], target, found)?;
            self.finished.judge(&members[..lanes], constraints, target, found);
        }
        Ok(())
    }

    /// One step of one row, with momentum after the first.
    fn advance(
        &mut self,
        lane: usize,
        step: f32,
        first: bool,
        constraints: &Constraints,
        target: &Target<'_>,
    ) {
        let room = &self.rooms[lane];
        self.relaxed.x.scatter(lane, &mut self.row);
        self.last.scatter(lane, &mut self.before);
        self.gradient.scatter(lane, &mut self.slope);
        self.last.set_lane(lane, &self.row);
        let mut next = self.row.clone();
        room.climb(constraints, target, &self.slope, step, &mut next);
        room.project(constraints, target, &mut next);
        if !first {
            for ((next, x), before) in next.iter_mut().zip(&self.row).zip(&self.before) {
                *next = x + FRESH * (*next - x) + (1.0 - FRESH) * (x - before);
            }
            room.project(constraints, target, &mut next);
        }
        if !constraints.live.is_empty() {
            self.point.relax(constraints, &next);
            room.mend_equations(constraints, &mut self.point);
            next.copy_from_slice(&self.point.x);
        }
        self.relaxed.x.set_lane(lane, &next);
    }
}

impl Room {
    /// Zeroes the entries of what cannot change.
    fn mask(&self, constraints: &Constraints, slope: &mut [f32]) {
        let mut free = self.free.iter().peekable();
        for (number, column) in constraints.columns.iter().enumerate() {
            if free.next_if(|next| **next == number).is_none() {
                slope[column.first..column.first + column.count].fill(0.0);
            }
        }
    }

    /// A step along the (masked) gradient, in units of each column's reach: by sign in L∞ and for numbers with a budget of their own, normalized in
    /// other balls; members of blocks by the gradient over its largest entry there.
    fn climb(&self, constraints: &Constraints, target: &Target<'_>, slope: &[f32], step: f32, x: &mut [f32]) {
        let (mut squares, mut largest) = (0.0_f64, 0.0_f32);
        for &number in &self.free {
            let column = &constraints.columns[number];
            for g in &slope[column.first..column.first + column.count] {
                if column.category {
                    largest = largest.max(g.abs());
                } else if column.budget.is_none() {
                    squares += f64::from(*g) * f64::from(*g);
                }
            }
        }
        let epsilon = target.threat.epsilon();
        for &number in &self.free {
            let column = &constraints.columns[number];
            for feature in column.first..column.first + column.count {
                let g = slope[feature];
                let direction = if g > 0.0 {
                    1.0
                } else if g < 0.0 {
                    -1.0
                } else {
                    0.0
                };
                x[feature] += if column.category {
                    if largest > 0.0 { 0.5 * step * g / largest } else { 0.0 }
                } else if column.budget.is_some() {
                    step * direction * 0.5 * (self.hi[number] - self.lo[number])
                } else if target.threat.norm() == Norm::Linf {
                    step * direction * epsilon as f32
                } else if squares > 0.0 {
                    step * (f64::from(g) * epsilon / squares.sqrt()) as f32
                } else {
                    0.0
                };
            }
        }
    }

    /// Back into windows, blocks and ball; what cannot change is the clean row's.
    fn project(&self, constraints: &Constraints, target: &Target<'_>, x: &mut [f32]) {
        for &number in &self.free {
            let column = &constraints.columns[number];
            for x in &mut x[column.first..column.first + column.count] {
                let (lo, hi) = if column.category { (0.0, 1.0) } else { (self.lo[number], self.hi[number]) };
                *x = x.clamp(lo, hi);
            }
        }
        if target.threat.norm() == Norm::Linf {
            return;
        }
        let distance = constraints.distance(target.threat, &self.clean.x, x);
        if distance > target.threat.epsilon() {
            let share = (target.threat.epsilon() * (1.0 - 1e-6) / distance) as f32;
            for &number in &self.free {
                let column = &constraints.columns[number];
                if !column.category && column.budget.is_none() {
                    let clean = self.clean.x[column.first];
                    x[column.first] = clean + (x[column.first] - clean) * share;
                }
            }
        }
    }

    /// A random start: numbers uniform in their windows, then in the ball; blocks as on the clean row, but for one draw in two that goes to a
    /// random member.
    fn draw(&self, constraints: &Constraints, target: &Target<'_>, stream: &mut Stream, point: &mut Point) {
        self.start(point);
        for &number in &self.free {
            let column = &constraints.columns[number];
            if column.category {
                let flips = stream.uniform() < 0.5;
                let others: Vec<usize> = self.others(constraints, number).collect();
                let member = others[stream.below(others.len() as u64) as usize];
                if flips {
                    self.set_member(constraints, point, number, member);
                }
            } else {
                point.x[column.first] = stream.uniform_in(self.lo[number], self.hi[number]);
            }
        }
        let mut x = std::mem::take(&mut point.x);
        self.project(constraints, target, &mut x);
        point.x = x;
    }
}
