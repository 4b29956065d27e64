//! When a row's step is halved.

use crate::losses::PerLane;
use crate::models::LANES;

/// The steps after which progress is checked: windows of .22 of all steps, each next one shorter by .03, never below .06 (section 3 of the paper).
pub(super) fn checkpoints(steps: u32) -> Vec<u32> {
    // Whole hundredths, so that no rounding decides.
    let share = |hundredths: u32| (steps * hundredths / 100).max(1);
    let (mut window, shorter, least) = (share(22), share(3), share(6));
    let (mut points, mut at) = (Vec::new(), 0);
    while at + window <= steps {
        at += window;
        points.push(at);
        window = window.saturating_sub(shorter).max(least);
    }
    points
}

/// What a row must show at a checkpoint: the share of rising steps below which it is said to oscillate.
const RISING: f32 = 0.75;

/// What every lane has seen of its loss.
///
/// A window of `w` steps compares the loss after each with the loss before, the first one with the loss at the start, as
/// the paper's condition 1 has it. (The authors' code compares the very first step with an unfilled 0, so that it
/// counts as rising whenever the loss is positive; we follow the paper.)
pub(super) struct Progress {
    checkpoints: Vec<u32>,
    /// Points seen: 1 at the start.
    seen: [u32; LANES],
    next: [u32; LANES],
    rising: [u32; LANES],
    last: PerLane,
    best: PerLane,
    best_at_check: PerLane,
    halved: [bool; LANES],
}

/// What the newest points of a block are worth, as masks of all ones.
pub(super) struct News {
    /// Lanes whose point is the best so far.
    pub(super) best: [u32; LANES],
    /// Lanes that are to go on from their best point with half the step.
    pub(super) restart: [u32; LANES],
    /// Lanes at their start.
    pub(super) first: [u32; LANES],
}

impl Progress {
    pub(super) fn new(steps: u32) -> Self {
        Self {
            checkpoints: checkpoints(steps),
            seen: [0; LANES],
            next: [0; LANES],
            rising: [0; LANES],
            last: [0.0; LANES],
            best: [0.0; LANES],
            best_at_check: [0.0; LANES],
            halved: [true; LANES],
        }
    }

    pub(super) fn enter(&mut self, lane: usize) {
        (self.seen[lane], self.next[lane], self.rising[lane]) = (0, 0, 0);
        // So that condition 2 cannot hold at the first checkpoint.
        self.halved[lane] = true;
    }

    pub(super) fn move_lane(&mut self, from: usize, to: usize) {
        (self.seen[to], self.next[to], self.rising[to]) =
            (self.seen[from], self.next[from], self.rising[from]);
        (self.last[to], self.best[to]) = (self.last[from], self.best[from]);
        (self.best_at_check[to], self.halved[to]) = (self.best_at_check[from], self.halved[from]);
    }

    /// Takes note of the loss at the newest points.
    pub(super) fn note(&mut self, values: &PerLane, rows: usize) -> News {
        let mut news = News { best: [0; LANES], restart: [0; LANES], first: [0; LANES] };
        for (lane, &value) in values.iter().enumerate().take(rows) {
            if self.seen[lane] == 0 {
                (self.best[lane], self.best_at_check[lane]) = (value, value);
                (news.first[lane], news.best[lane]) = (u32::MAX, u32::MAX);
            } else {
                self.rising[lane] += u32::from(value > self.last[lane]);
                if value > self.best[lane] {
                    self.best[lane] = value;
                    news.best[lane] = u32::MAX;
                }
                let due = self.checkpoints.get(self.next[lane] as usize) == Some(&self.seen[lane]);
                if due && self.oscillates(lane) {
                    news.restart[lane] = u32::MAX;
                }
            }
            self.last[lane] = value;
            self.seen[lane] += 1;
        }
        news
    }

    /// Conditions 1 and 2 of the paper, at a checkpoint.
    fn oscillates(&mut self, lane: usize) -> bool {
        let next = self.next[lane] as usize;
        let window =
            self.checkpoints[next] - next.checked_sub(1).map_or(0, |before| self.checkpoints[before]);
        let few = self.rising[lane] as f32 <= RISING * window as f32;
        let stuck = !self.halved[lane] && self.best_at_check[lane] >= self.best[lane];
        self.halved[lane] = few || stuck;
        self.best_at_check[lane] = self.best[lane];
        self.rising[lane] = 0;
        self.next[lane] += 1;
        few || stuck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's table for 100 steps, and the ones its rounding gives for fewer.
    #[test]
    fn checkpoints_are_the_papers() {
        assert_eq!(checkpoints(100), [22, 41, 57, 70, 80, 87, 93, 99]);
        assert_eq!(checkpoints(50)[..5], [11, 21, 30, 38, 45]);
        assert_eq!(checkpoints(20)[..4], [4, 7, 9, 10]);
        assert_eq!(checkpoints(10)[..3], [2, 3, 4]);
        assert_eq!(checkpoints(1), [1]);
    }

    /// By hand, 10 steps (checkpoints 2, 3, …): two rising steps of two are enough; then a falling one halves, and a
    /// step right after a halving does not halve again for want of a better best.
    #[test]
    fn a_row_that_stops_rising_is_halved() {
        let mut progress = Progress::new(10);
        progress.enter(0);
        let mut note = |value: f32| progress.note(&[value; LANES], 1).restart[0] != 0;
        assert!(!note(0.0) && !note(1.0));
        assert!(!note(2.0), "two of two steps rose");
        assert!(note(1.5), "none of one step rose");
        assert!(!note(1.8), "it rose, and halving just now excuses that the best stays");
        assert!(note(1.9), "it rose, but the best has not changed and the step was not halved");
    }
}
