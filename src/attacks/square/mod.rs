//! Square (Andriushchenko et al. 2020, arXiv 1912.00049): random search with square-shaped changes, by scores alone.
//!
//! A row starts with vertical stripes (L2: a tiling of bumps); every query changes one square and is kept where the margin falls. The squares
//! shrink with the queries. Every row has draws of its own.
//!
//! Rows of a table have no squares: there a window is a run of neighboring columns.
//!
//! Two differences from the authors' code, both in favor of the attack: windows reach the last pixel row and column, and
//! under L∞ a query whose answer is known already (it changes nothing, or was refused since the last success) is
//! charged but not asked.

mod bumps;
mod linf;

use super::lanes::{Keep, Lanes, Run};
use super::rule::Rule;
use super::{Attack, Found, Target};
use crate::data::Shape;
use crate::error::Result;
use crate::losses::{Goal, Loss};
use crate::measure::Norm;
use crate::models::Access;

/// Square with its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Square {
    /// Queries per run.
    pub queries: u32,
    /// Runs per row.
    pub restarts: u32,
    /// The share of the pixels that the first squares cover.
    pub share: f64,
}

impl Attack for Square {
    fn access(&self) -> Access {
        Access::Scores
    }

    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        let norm = target.threat.norm();
        if norm == Norm::L1 {
            return Err(super::spec::not_in_l1("square"));
        }
        let canvas = Canvas::of(target.network.architecture().shape());
        let streams = target.seed.streams(&format!("attack/{}", target.name));
        let flat = target.seed.streams(&format!("attack/{}/flat", target.name));
        let (ids, threat) = (target.rows.facts.clone(), target.threat);
        let schedule = Schedule { share: self.share, canvas };
        let draws = target.seed.streams(&format!("attack/{}/squares", target.name));
        let mut rule: Box<dyn Rule> = match norm {
            Norm::Linf => Box::new(linf::Squares::new(schedule, draws)),
            _ => Box::new(bumps::Bumps::new(schedule, draws)),
        };
        let queue = found.queue(false, target);
        let run = Run {
            queue: &queue,
            rounds: self.restarts,
            // The start is the first query.
            steps: self.queries.saturating_sub(1),
            goal: Goal::Away(Loss::Margin),
            targets: &[],
            room: threat,
            leave: true,
            keep: Keep::First,
            restart: 0,
            flat: &flat,
        };
        let mut lanes = Lanes::new(found.features, found.classes);
        lanes.run(&run, rule.as_mut(), target, found, &mut |row, round, clean, _, start| {
            let mut stream = streams.stream(ids.rows[row], round);
            match norm {
                Norm::Linf => linf::stripes(threat, canvas, clean, &mut stream, start),
                _ => bumps::tiling(threat, canvas, clean, &mut stream, start),
            }
        })
    }
}

/// A row as a picture; a table row is one pixel high.
#[derive(Debug, Clone, Copy)]
struct Canvas {
    channels: usize,
    height: usize,
    width: usize,
}

impl Canvas {
    fn of(shape: Shape) -> Self {
        match shape {
            Shape::Flat(width) => Self { channels: 1, height: 1, width },
            Shape::Image { channels, height, width } => Self { channels, height, width },
        }
    }

    fn features(self) -> usize {
        self.channels * self.height * self.width
    }

    /// The number of a pixel in one channel.
    fn pixel(self, channel: usize, row: usize, column: usize) -> usize {
        (channel * self.height + row) * self.width + column
    }
}

/// How large the squares are.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    share: f64,
    canvas: Canvas,
}

impl Schedule {
    /// Height and width of the window of query number `query` (1 is the first after the start), for squares of at least `least`.
    fn window(&self, query: u32, least: usize, odd: bool) -> (usize, usize) {
        /// Queries up to which the share is halved so often, as if there were 10,000 queries whatever the budget.
        const HALVINGS: [u32; 9] = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];
        let halvings = HALVINGS.iter().filter(|last| query > **last).count() as i32;
        let share = self.share * 0.5_f64.powi(halvings);
        let Canvas { height, width, .. } = self.canvas;
        if height == 1 {
            let length = (share * width as f64).round().max(least as f64) as usize;
            return (1, length.min(width));
        }
        let mut side = ((share * (height * width) as f64).sqrt().round() as usize).max(least);
        side += usize::from(odd && side.is_multiple_of(2));
        let side = side.min(height).min(width);
        (side, side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sides on 28 × 28 pixels that follow from the paper's schedule with p = 0.8.
    #[test]
    fn squares_shrink_as_in_the_paper() {
        let canvas = Canvas { channels: 1, height: 28, width: 28 };
        let schedule = Schedule { share: 0.8, canvas };
        let sides = [1, 11, 51, 201, 501, 1001, 2001, 4001].map(|query| schedule.window(query, 1, false).0);
        assert_eq!(sides, [25, 18, 13, 9, 6, 4, 3, 2]);
        assert_eq!(schedule.window(4001, 3, true), (3, 3));
        let table = Schedule { share: 0.8, canvas: Canvas { channels: 1, height: 1, width: 10 } };
        assert_eq!(
            [1, 11, 51, 8001].map(|query| table.window(query, 1, false)),
            [(1, 8), (1, 4), (1, 2), (1, 1)]
        );
    }
}
