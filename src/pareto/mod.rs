//! Fronts: exchange rates along a strength sweep, choice on validation rows, who owns which stretch; and below them the engine, which knows of nothing but costs.
//!
//! The engine is a library of its own: [`Costs`] checks and turns what comes in, [`filter`], [`volume`], [`indicators`], [`attainment`] and [`knees`] take nothing else and answer with
//! indices, never with copies.

pub mod attainment;
mod choice;
mod costs;
mod curve;
pub mod exchange;
pub mod filter;
mod front;
pub mod indicators;
pub mod knees;
pub mod mixing;
mod ownership;
mod pick;
mod proven;
mod recheck;
mod resampled;
mod rows;
mod sorting;
mod staircase;
mod sum;
mod ties;
mod tree;
pub mod uncertain;
pub mod volume;
mod words;

pub use choice::{Choice, Optimism, choose};
pub use costs::Costs;
pub use curve::{Slope, StrengthCurve, WrongWay, curves};
pub use filter::dominates;
pub use front::front;
pub use ownership::{Piece, Stretch, ownership, staircase};
pub use pick::{Aim, Pick, Rated, holding, pick};
pub use proven::proven;
pub use recheck::{Recheck, recheck};
pub use rows::{epsilon, hypervolume, nondominated};
pub use ties::beats;
pub use uncertain::{Uncertainty, Verdict, uncertainty};

use crate::error::{Error, Result};
use crate::measure::{Direction, MetricKey};
use crate::metrics;

/// One axis of a front.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// The number on this axis.
    pub key: MetricKey,
    /// Which way is better.
    pub direction: Direction,
    /// Reference value for the hypervolume: the worst end of the metric's range.
    pub reference: f64,
    /// Best end of the metric's range.
    pub ideal: f64,
}

impl Objective {
    /// The axis of `key`, with the direction and range of its metric.
    ///
    /// # Errors
    ///
    /// An unknown metric, or one that describes and has no better side (selection rate).
    pub fn of(key: &MetricKey) -> Result<Self> {
        let metric =
            metrics::find(&key.id).ok_or_else(|| Error::input(format!("unknown metric `{}`", key.id)))?;
        let (least, most) = metric.range;
        let direction = metric.direction.ok_or_else(|| {
            Error::input(format!(
                "metric `{}` describes and has no better side, so it is no objective",
                key.id
            ))
            .help("take a metric with a direction; `equipoise ls metrics` shows it")
        })?;
        let (reference, ideal) = match direction {
            Direction::Higher => (least, most),
            Direction::Lower => (most, least),
        };
        Ok(Self { key: key.clone(), direction, reference, ideal })
    }

    /// `value` on this axis as a share of the way from the ideal (0) to the reference (1).
    #[must_use]
    pub fn cost(&self, value: f64) -> f64 {
        let cost = |x| self.direction.as_cost(x);
        (cost(value) - cost(self.ideal)) / (cost(self.reference) - cost(self.ideal))
    }
}

/// The non-dominated points among `n` candidates, by their seed means. Means that differ by rounding alone are equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Front {
    /// The axes.
    pub objectives: Vec<Objective>,
    /// Indices of the points on the front, ascending; duplicates of a member are members.
    pub members: Vec<usize>,
    /// (point, a member that dominates it), ascending by point.
    pub dominated: Vec<(usize, usize)>,
    /// Points left out, with the reason: an undefined objective, a degenerate model, failed seeds.
    pub excluded: Vec<(usize, String)>,
    /// Volume dominated by the front up to the reference, as a share of the box between reference and ideal; 0 for an empty front.
    pub hypervolume: f64,
    /// 95 % interval of the hypervolume from the crossed bootstrap, where there are at least 3 seeds.
    pub hypervolume_interval: Option<(f64, f64)>,
    /// For each of the `n` points, the share of crossed bootstrap resamples in which it is on the front: a stability score.
    /// `None` for points that did not compete, and where nothing was resampled.
    pub stability: Vec<Option<f64>>,
    /// Seeds behind the statement.
    pub seeds: usize,
}
