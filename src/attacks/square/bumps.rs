//! Bumps that move: the L2 search. Every query moves the change inside one window to another and puts a bump there, at the full radius.

use super::{Canvas, Schedule};
use crate::attacks::ThreatModel;
use crate::attacks::rule::{Gradients, Rule, Seen};
use crate::models::{Block, LANES};
use crate::numeric::clip;
use crate::seed::{Stream, Streams};

/// Keeps a length above 0.
const TINY: f64 = 1e-12;

/// The bump of the paper (section 3.3): rings whose height falls with the square of their number, of length 1.
fn hill(height: usize, width: usize) -> Vec<f64> {
    let mut bump = vec![0.0; height * width];
    let (mut top, mut left) = ((height / 2) as isize, (width / 2) as isize);
    for ring in 0..(height / 2 + 1).max(width / 2 + 1) {
        let side = 2 * ring as isize + 1;
        for row in top.max(0)..(top + side).min(height as isize) {
            for column in left.max(0)..(left + side).min(width as isize) {
                bump[row as usize * width + column as usize] += 1.0 / ((ring + 1) * (ring + 1)) as f64;
            }
        }
        (top, left) = (top - 1, left - 1);
    }
    normalize(&mut bump);
    bump
}

/// Two hills of opposite sign, one above the other or side by side, of length 1.
fn bump(height: usize, width: usize, upright: bool) -> Vec<f64> {
    let (along, across) = if upright { (height, width) } else { (width, height) };
    let mut pair = Vec::with_capacity(height * width);
    if along == 1 {
        pair = hill(1, across);
    } else {
        pair.extend(hill(along / 2, across));
        pair.extend(hill(along - along / 2, across).iter().map(|z| -z));
    }
    normalize(&mut pair);
    if upright {
        return pair;
    }
    let mut turned = vec![0.0; height * width];
    for row in 0..height {
        for column in 0..width {
            turned[row * width + column] = pair[column * across + row];
        }
    }
    turned
}

fn normalize(numbers: &mut [f64]) {
    let length = numbers.iter().map(|z| z * z).sum::<f64>().sqrt() + TINY;
    for z in numbers {
        *z /= length;
    }
}

/// The start: bumps on a grid, five to a side, scaled to the radius.
pub(super) fn tiling(
    threat: &ThreatModel,
    canvas: Canvas,
    clean: &[f32],
    stream: &mut Stream,
    start: &mut [f32],
) {
    let side = (canvas.height.max(canvas.width) / 5).max(1);
    let (height, width) = (side.min(canvas.height), side.min(canvas.width));
    let mut change = vec![0.0; canvas.features()];
    for top in (0..=canvas.height - height).step_by(height) {
        for left in (0..=canvas.width - width).step_by(width) {
            let shape = bump(height, width, stream.sign() > 0.0);
            for channel in 0..canvas.channels {
                let sign = f64::from(stream.sign());
                for (index, z) in shape.iter().enumerate() {
                    let pixel = canvas.pixel(channel, top + index / width, left + index % width);
                    change[pixel] = if threat.mutable(pixel) { sign * z } else { 0.0 };
                }
            }
        }
    }
    let length = change.iter().map(|z| z * z).sum::<f64>().sqrt() + TINY;
    let scale = threat.inner_radius() / length;
    for (pixel, (start, change)) in start.iter_mut().zip(&change).enumerate() {
        let (lo, hi) = threat.bounds(pixel, clean[pixel]);
        *start = clip((f64::from(clean[pixel]) + change * scale) as f32, lo, hi);
    }
}

/// The bumps of one size: upright and lying.
struct Shapes {
    size: (usize, usize),
    both: [Vec<f64>; 2],
}

/// One row's search.
struct Search {
    stream: Stream,
    /// Queries; 0 before the start has been seen.
    query: u32,
    best: f32,
    /// The best change, its squared length, and the change being asked about.
    change: Vec<f64>,
    square: f64,
    asked: Vec<f64>,
    /// The clean row, its bounds, and the point being asked about: of one row, so that they lie together.
    clean: Vec<f32>,
    lo: Vec<f32>,
    hi: Vec<f32>,
    x: Vec<f32>,
}

pub(super) struct Bumps {
    schedule: Schedule,
    draws: Streams,
    searches: Vec<Search>,
    /// All sizes met so far, smallest last.
    shapes: Vec<Shapes>,
    new: Vec<f64>,
}

impl Bumps {
    pub(super) fn new(schedule: Schedule, draws: Streams) -> Self {
        let features = schedule.canvas.features();
        let search = || Search {
            stream: draws.stream(0, 0),
            query: 0,
            best: 0.0,
            change: vec![0.0; features],
            square: 0.0,
            asked: vec![0.0; features],
            clean: vec![0.0; features],
            lo: vec![0.0; features],
            hi: vec![0.0; features],
            x: vec![0.0; features],
        };
        let searches = (0..LANES).map(|_| search()).collect();
        Self { schedule, draws, searches, shapes: Vec::new(), new: Vec::new() }
    }

    /// The number of the bumps of this size.
    fn shapes(&mut self, size: (usize, usize)) -> usize {
        self.shapes.iter().position(|shapes| shapes.size == size).unwrap_or_else(|| {
            self.shapes
                .push(Shapes { size, both: [true, false].map(|upright| bump(size.0, size.1, upright)) });
            self.shapes.len() - 1
        })
    }
}

impl Rule for Bumps {
    fn gradients(&self) -> Gradients {
        Gradients::None
    }

    fn enter(&mut self, lane: usize, row: u32, round: u32) {
        let search = &mut self.searches[lane];
        search.stream = self.draws.stream(row, round);
        search.query = 0;
    }

    fn move_lane(&mut self, from: usize, to: usize) {
        self.searches.swap(from, to);
    }

    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        _: &mut [bool; LANES],
        _: &mut [u32; LANES],
    ) -> bool {
        let canvas = self.schedule.canvas;
        for lane in 0..x.rows() {
            let search = &mut self.searches[lane];
            if search.query == 0 {
                seen.field.clean.scatter(lane, &mut search.clean);
                seen.field.lo.scatter(lane, &mut search.lo);
                seen.field.hi.scatter(lane, &mut search.hi);
                x.scatter(lane, &mut search.x);
            }
            if search.query == 0 || seen.values[lane] > search.best {
                search.best = seen.values[lane];
                search.accept();
            }
            search.query += 1;
            let size = self.schedule.window(search.query, 3, true);
            let shapes = self.shapes(size);
            let Self { searches, shapes: all, new, .. } = self;
            let search = &mut searches[lane];
            search.propose(canvas, &all[shapes], seen.threat, new);
        }
        x.gather(self.searches[..x.rows()].iter().map(|search| search.x.as_slice()));
        true
    }
}

impl Search {
    /// The point asked about is the best so far.
    fn accept(&mut self) {
        for (change, (x, clean)) in self.change.iter_mut().zip(self.x.iter().zip(&self.clean)) {
            *change = f64::from(*x) - f64::from(*clean);
        }
        self.square = self.change.iter().map(|z| z * z).sum();
    }

    /// Takes the change out of one window and puts a bump with its mass, and whatever the radius has left, into another.
    fn propose(&mut self, canvas: Canvas, shapes: &Shapes, threat: &ThreatModel, new: &mut Vec<f64>) {
        let (height, width) = shapes.size;
        let mut place = || {
            let row = self.stream.below((canvas.height - height + 1) as u64) as usize;
            let column = self.stream.below((canvas.width - width + 1) as u64) as usize;
            (row, column)
        };
        let (to, from) = (place(), place());
        let in_to = |row: usize, column: usize| {
            (to.0..to.0 + height).contains(&row) && (to.1..to.1 + width).contains(&column)
        };
        self.asked.copy_from_slice(&self.change);
        let radius = threat.inner_radius();
        let left_over = (radius * radius - self.square).max(0.0) / canvas.channels as f64;
        let shape = &shapes.both[usize::from(self.stream.sign() > 0.0)];
        for channel in 0..canvas.channels {
            let (mut in_window, mut in_both) = (0.0, 0.0);
            for row in 0..height {
                for column in 0..width {
                    let z = self.change[canvas.pixel(channel, to.0 + row, to.1 + column)];
                    in_window += z * z;
                }
            }
            in_both += in_window;
            for row in from.0..from.0 + height {
                for column in from.1..from.1 + width {
                    let z = self.change[canvas.pixel(channel, row, column)];
                    in_both += if in_to(row, column) { 0.0 } else { z * z };
                    self.asked[canvas.pixel(channel, row, column)] = 0.0;
                }
            }
            let (sign, length) = (f64::from(self.stream.sign()), f64::sqrt(in_window) + TINY);
            new.clear();
            for (index, z) in shape.iter().enumerate() {
                let pixel = canvas.pixel(channel, to.0 + index / width, to.1 + index % width);
                let bump = sign * z + self.change[pixel] / length;
                new.push(if threat.mutable(pixel) { bump } else { 0.0 });
            }
            normalize(new);
            let mass = f64::sqrt(left_over + in_both);
            for (index, new) in new.iter().enumerate() {
                self.asked[canvas.pixel(channel, to.0 + index / width, to.1 + index % width)] = new * mass;
            }
        }
        let scale = radius / (self.asked.iter().map(|z| z * z).sum::<f64>().sqrt() + TINY);
        let bounds = self.lo.iter().zip(&self.hi);
        for ((x, change), (clean, (lo, hi))) in
            self.x.iter_mut().zip(&self.asked).zip(self.clean.iter().zip(bounds))
        {
            *x = clip((f64::from(*clean) + change * scale) as f32, *lo, *hi);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand for 3 × 3: the middle gets 1 + 1/4, the ring 1/4, over the length √(25/16 + 8/16) = √33/4.
    #[test]
    fn a_hill_is_the_papers() {
        let hill = hill(3, 3);
        let root = 33.0_f64.sqrt();
        assert!((hill[4] - 5.0 / root).abs() < 1e-9 && (hill[0] - 1.0 / root).abs() < 1e-9);
    }

    #[test]
    fn a_bump_has_length_one_and_two_opposite_halves() {
        for (side, upright) in [(1, true), (3, true), (3, false), (5, false), (9, true)] {
            let bump = bump(side, side, upright);
            assert!((bump.iter().map(|z| z * z).sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(side == 1 || (bump.iter().any(|z| *z > 0.0) && bump.iter().any(|z| *z < 0.0)));
        }
    }
}
