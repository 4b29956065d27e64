//! The steps for L1 (Croce and Hein 2021, arXiv 2103.01208, section 3.3): sparse signed steps, as sparse as the best point so
//! far suggests, in a ball of three radii, then of two, then the true one.

use crate::attacks::rule::{Rule, Seen};
use crate::attacks::{ThreatModel, first_not_finite};
use crate::losses::PerLane;
use crate::models::{Block, LANES};

/// Radii of the balls, and the share of the steps (in tenths) in each.
const LEGS: [(f64, u32); 3] = [(3.0, 3), (2.0, 3), (1.0, 4)];

/// How much sparser than the best point the steps are.
const SPARSER: f64 = 1.5;

/// What a step is divided by where sparsity did not change, and the most it is divided by in all.
const SHORTER: (f64, f64) = (1.5, 10.0);

/// Sparsity has changed where the best point has less than this share of the features it had.
const SPARSITY_CHANGED: f64 = 0.95;

/// Steps of one ball, its radius and the steps between two checks.
#[derive(Debug, Clone, Copy)]
struct Leg {
    steps: u32,
    radius: f64,
    window: u32,
}

/// One row's way.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    leg: usize,
    /// Steps taken in this leg.
    taken: u32,
    since_check: u32,
    step: f64,
    /// The share of features that a step moves.
    share: f64,
    /// Features that the best point had changed at the last check.
    changed: f64,
    best: f32,
    fresh: bool,
}

pub(super) struct Sparse {
    legs: Vec<Leg>,
    ways: [Way; LANES],
    best_x: Block,
    best_gradient: Block,
    gradient: Vec<f32>,
    sorted: Vec<f32>,
    change: Vec<f64>,
    rooms: Vec<(f64, f64)>,
}

impl Sparse {
    pub(super) fn new(features: usize, steps: u32, threat: &ThreatModel) -> Self {
        let mut legs = Vec::new();
        let mut left = steps;
        for (index, (radii, tenths)) in LEGS.into_iter().enumerate() {
            let own = if index + 1 == LEGS.len() { left } else { steps * tenths / 10 };
            left -= own;
            if own > 0 {
                legs.push(Leg {
                    steps: own,
                    radius: radii * threat.inner_radius(),
                    window: (own * 4 / 100).max(1),
                });
            }
        }
        Self {
            legs,
            ways: [Way::default(); LANES],
            best_x: Block::new(features),
            best_gradient: Block::new(features),
            gradient: vec![0.0; features],
            sorted: vec![0.0; features],
            change: vec![0.0; features],
            rooms: vec![(0.0, 0.0); features],
        }
    }

    /// Looks that a row needs: one per step, and one at the start of every ball after the first.
    pub(super) fn steps(&self) -> u32 {
        self.legs.iter().map(|leg| leg.steps).sum::<u32>() + self.legs.len() as u32 - 1
    }

    /// Notes what the point in `lane` is worth.
    fn note(&mut self, lane: usize, values: &PerLane, seen: &Seen<'_>, x: &Block) {
        let way = &mut self.ways[lane];
        if !way.fresh && values[lane] <= way.best {
            return;
        }
        way.best = values[lane];
        for feature in 0..x.features() {
            self.best_x.feature_mut(feature)[lane] = x.get(feature, lane);
            self.best_gradient.feature_mut(feature)[lane] = seen.gradient.get(feature, lane);
        }
    }

    /// Features in which the best point differs from the clean row.
    fn changed(&self, lane: usize, clean: &Block) -> f64 {
        let differs = |feature: &usize| {
            self.best_x.get(*feature, lane).to_bits() != clean.get(*feature, lane).to_bits()
        };
        (0..clean.features()).filter(differs).count() as f64
    }

    /// One step of the row in `lane` from `x`, or from the best point; writes `change`, and returns whether anything moved.
    fn step(&mut self, lane: usize, from_best: bool, seen: &Seen<'_>, x: &Block) -> bool {
        let (from, gradient) =
            if from_best { (&self.best_x, &self.best_gradient) } else { (x, seen.gradient) };
        let way = self.ways[lane];
        let features = x.features();
        gradient.scatter(lane, &mut self.gradient);
        for (feature, g) in self.gradient.iter_mut().enumerate() {
            *g = if seen.threat.mutable(feature) { *g } else { 0.0 };
        }
        self.sorted.iter_mut().zip(&self.gradient).for_each(|(sorted, g)| *sorted = g.abs());
        let rank = ((1.0 - way.share) * features as f64).clamp(0.0, features as f64 - 1.0) as usize;
        let (_, threshold, _) = self.sorted.select_nth_unstable_by(rank, f32::total_cmp);
        let threshold = *threshold;
        let moves = |g: f32| g != 0.0 && g.abs() >= threshold;
        let count = self.gradient.iter().filter(|g| moves(**g)).count().max(1) as f64;
        for (feature, (change, g)) in self.change.iter_mut().zip(&self.gradient).enumerate() {
            let step = if moves(*g) { f64::from(g.signum()) * way.step / count } else { 0.0 };
            *change =
                f64::from(from.get(feature, lane)) - f64::from(seen.field.clean.get(feature, lane)) + step;
        }
        self.gradient.iter().any(|g| *g != 0.0)
    }

    /// Projects `change` into the leg's ball and the box, and puts the point into its lane.
    fn place(&mut self, lane: usize, seen: &Seen<'_>, x: &mut Block) {
        let radius = self.legs[self.ways[lane].leg].radius;
        for (feature, room) in self.rooms.iter_mut().enumerate() {
            let clean = seen.field.clean.get(feature, lane);
            let of = |bound: f32| f64::from(bound) - f64::from(clean);
            *room = (of(seen.field.lo.get(feature, lane)), of(seen.field.hi.get(feature, lane)));
        }
        project(&mut self.change, &self.rooms, radius);
        for (feature, change) in self.change.iter().enumerate() {
            let clean = seen.field.clean.get(feature, lane);
            // Rounding toward the clean row would change unmoved features' bits; an addition of 0 does not.
            let to = if *change == 0.0 { clean } else { (f64::from(clean) + change) as f32 };
            x.feature_mut(feature)[lane] =
                to.clamp(seen.field.lo.get(feature, lane), seen.field.hi.get(feature, lane));
        }
    }

    /// The next ball: the best point, projected into it.
    fn next_leg(&mut self, lane: usize, seen: &Seen<'_>, x: &mut Block) {
        for (feature, change) in self.change.iter_mut().enumerate() {
            *change =
                f64::from(self.best_x.get(feature, lane)) - f64::from(seen.field.clean.get(feature, lane));
        }
        let leg = self.ways[lane].leg + 1;
        self.ways[lane] = Way { leg, fresh: true, ..Way::default() };
        self.place(lane, seen, x);
    }
}

/// The ball that a row's way begins in.
pub(super) fn first_ball(threat: &ThreatModel) -> ThreatModel {
    let mut ball = threat.clone();
    ball.set_epsilon(LEGS[0].0 * threat.epsilon());
    ball
}

impl Rule for Sparse {
    fn enter(&mut self, lane: usize, _: u32, _: u32) {
        self.ways[lane] = Way { fresh: true, ..Way::default() };
    }

    fn move_lane(&mut self, from: usize, to: usize) {
        self.ways[to] = self.ways[from];
        self.best_x.move_lane(from, to);
        self.best_gradient.move_lane(from, to);
    }

    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        flat: &mut [bool; LANES],
        _: &mut [u32; LANES],
    ) -> bool {
        let features = x.features() as f64;
        for (lane, flat) in flat.iter_mut().enumerate().take(x.rows()) {
            self.note(lane, seen.values, seen, x);
            let leg = self.legs[self.ways[lane].leg];
            let mut restart = false;
            if self.ways[lane].fresh {
                let changed = self.changed(lane, &seen.field.clean);
                let way = &mut self.ways[lane];
                way.fresh = false;
                way.step = leg.radius;
                way.share = changed / features / SPARSER;
                way.changed = changed;
            } else {
                self.ways[lane].since_check += 1;
                if self.ways[lane].since_check == leg.window {
                    let changed = self.changed(lane, &seen.field.clean);
                    let way = &mut self.ways[lane];
                    way.since_check = 0;
                    restart = changed < SPARSITY_CHANGED * way.changed;
                    way.share = changed / features / SPARSER;
                    way.step = if restart { leg.radius } else { way.step / SHORTER.0 };
                    way.step = way.step.clamp(leg.radius / SHORTER.1, leg.radius);
                    way.changed = changed;
                }
            }
            if self.ways[lane].taken == leg.steps {
                if self.ways[lane].leg + 1 < self.legs.len() {
                    self.next_leg(lane, seen, x);
                }
                continue;
            }
            self.ways[lane].taken += 1;
            *flat = !self.step(lane, restart, seen, x);
            self.place(lane, seen, x);
        }
        first_not_finite(seen.gradient, x.rows()).is_none()
    }
}

/// Projects `change` into the L1 ball of `radius` and the rooms (each contains 0), in place: the nearest point in the Euclidean sense.
///
/// The solution is `clip(soft(u, λ))` with one threshold `λ` for all features; its length falls with `λ`, which is found by bisection
/// to the last bits, from the side inside the ball.
pub(in crate::attacks) fn project(change: &mut [f64], rooms: &[(f64, f64)], radius: f64) {
    let soft = |u: f64, threshold: f64, (lo, hi): (f64, f64)| {
        let length = (u.abs() - threshold).max(0.0);
        (if u < 0.0 { -length } else { length }).clamp(lo, hi)
    };
    let length = |threshold: f64, change: &[f64]| {
        change.iter().zip(rooms).map(|(u, room)| soft(*u, threshold, *room).abs()).sum::<f64>()
    };
    let (mut outside, mut inside) = (0.0, change.iter().fold(0.0_f64, |most, u| most.max(u.abs())));
    if length(0.0, change) <= radius {
        inside = 0.0;
    }
    while inside - outside > 1e-12 * inside {
        let middle = f64::midpoint(outside, inside);
        if length(middle, change) > radius {
            outside = middle;
        } else {
            inside = middle;
        }
    }
    for (change, room) in change.iter_mut().zip(rooms) {
        *change = soft(*change, inside, *room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: (3, 1) to radius 2: threshold 1, (2, 0). With the first feature's room at 1: (1, 1) of length 2 exactly.
    #[test]
    fn projections_match_the_hand_worked_cases() {
        let wide = (-10.0, 10.0);
        for (u, rooms, radius, expected) in [
            ([3.0, 1.0], [wide, wide], 2.0, [2.0, 0.0]),
            ([-3.0, 2.0], [wide, wide], 3.0, [-2.0, 1.0]),
            ([3.0, 1.0], [(-10.0, 1.0), wide], 2.0, [1.0, 1.0]),
            ([0.5, -0.25], [wide, wide], 2.0, [0.5, -0.25]),
            ([3.0, 1.0], [(0.0, 0.0), wide], 2.0, [0.0, 1.0]),
        ] {
            let mut change = u;
            project(&mut change, &rooms, radius);
            for (got, expected) in change.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-9, "{u:?} {radius}: {change:?}");
            }
        }
    }

    /// No point of a fine grid in ball and box is nearer than the projection.
    #[test]
    fn nothing_feasible_is_nearer_than_the_projection() {
        let mut stream = crate::seed::Seed(3).stream("grid");
        for _ in 0..50 {
            let mut draw = |low: f32, high: f32| f64::from(stream.uniform_in(low, high));
            let u = [draw(-2.0, 2.0), draw(-2.0, 2.0)];
            let rooms = [(draw(-1.0, 0.0), draw(0.0, 1.0)), (draw(-1.0, 0.0), draw(0.0, 1.0))];
            let mut change = u;
            project(&mut change, &rooms, 0.7);
            assert!(change[0].abs() + change[1].abs() <= 0.7 + 1e-12);
            let distance = |p: [f64; 2]| (p[0] - u[0]).powi(2) + (p[1] - u[1]).powi(2);
            for i in -100_i32..=100 {
                for j in -100_i32..=100 {
                    let p = [f64::from(i) * 0.01, f64::from(j) * 0.01];
                    let inside = p[0].abs() + p[1].abs() <= 0.7
                        && (0..2).all(|k| rooms[k].0 <= p[k] && p[k] <= rooms[k].1);
                    assert!(!inside || distance(p) >= distance(change) - 1e-9);
                }
            }
        }
    }
}
