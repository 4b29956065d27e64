//! Where a front bends: the members after which the one objective is bought dearly with the other. Four definitions, which need not agree.

mod angle;
mod chord;
mod contribution;
mod kneedle;

pub use angle::angle;
pub use chord::chord;
pub(super) use chord::{before_line, ends};
pub use contribution::contribution;
pub use kneedle::kneedle;

use super::costs::Costs;
use super::sorting::same;
use crate::error::{Error, Result};

/// A bend of less than this share of the axes is none: a front nearly straight has no knee.
pub const STRAIGHT: f64 = 0.01;

/// A member that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knee {
    /// Its row.
    pub member: usize,
    /// By how much, in the definition's own unit.
    pub size: f64,
}

/// A definition of a knee.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The name in files.
    pub id: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// Who proposed it.
    pub source: &'static str,
    /// Whether it is of two objectives only.
    pub planar: bool,
    /// The knee of a front on comparable axes (see [`on_bounds`]), all of whose rows are members; `None` where it has none.
    pub find: fn(&Costs<'_>) -> Option<Knee>,
}

/// All definitions.
pub const DEFINITIONS: [Definition; 4] = [
    Definition {
        id: "chord",
        title: "farthest from the line between the ends",
        source: "Das, Structural Optimization 18, 1999",
        planar: false,
        find: chord,
    },
    Definition {
        id: "angle",
        title: "sharpest bend between neighbors",
        source: "Branke, Deb, Dierolf and Osswald, PPSN 2004",
        planar: true,
        find: angle,
    },
    Definition {
        id: "kneedle",
        title: "Kneedle",
        source: "Satopää, Albrecht, Irwin and Raghavan, ICDCS Workshops 2011",
        planar: true,
        find: kneedle,
    },
    Definition {
        id: "contribution",
        title: "largest contribution to the hypervolume between its ends",
        source: "Emmerich and Fonseca, EMO 2011",
        planar: false,
        find: contribution,
    },
];

/// Costs as shares of the way between the ends of each axis, 0 the best: comparable axes. By stated ends, never by the points' own, where a comparison is meant: one extreme point would move
/// every other.
///
/// # Errors
///
/// Ends of other axes, not finite, farther apart than numbers reach, or in the wrong order.
pub fn on_bounds(costs: &Costs<'_>, best: &[f64], worst: &[f64]) -> Result<Costs<'static>> {
    costs.check_reference(best)?;
    costs.check_reference(worst)?;
    if let Some(axis) = (0..costs.axes()).find(|axis| best[*axis] >= worst[*axis]) {
        return Err(Error::input(format!("the ends of axis {axis} are the same or in the wrong order")));
    }
    if let Some(axis) = (0..costs.axes()).find(|axis| !(worst[*axis] - best[*axis]).is_finite()) {
        return Err(Error::input(format!("the ends of axis {axis} are farther apart than numbers reach"))
            .help("measure the objective in another unit"));
    }
    let share = |axis: usize, x: f64| (x - best[axis]) / (worst[axis] - best[axis]);
    let rows = costs.rows().flat_map(|row| row.iter().enumerate().map(|(axis, x)| share(axis, *x)));
    Costs::new(rows.collect::<Vec<f64>>(), costs.axes())
}

/// Rows of a front on two axes, the first rising; `None` where there are fewer than three different ones, other axes, or an infinite cost.
fn in_order(front: &Costs<'_>) -> Option<Vec<(usize, [f64; 2])>> {
    if front.axes() != 2 || front.rows().flatten().any(|x| !x.is_finite()) {
        return None;
    }
    let mut points: Vec<(usize, [f64; 2])> = front.arrays::<2>().iter().copied().enumerate().collect();
    points.sort_by(|(i, a), (j, b)| a[0].total_cmp(&b[0]).then(b[1].total_cmp(&a[1])).then(i.cmp(j)));
    points.dedup_by(|(_, a), (_, b)| same(a, b));
    (points.len() >= 3).then_some(points)
}

/// The first of the largest.
fn largest(candidates: impl Iterator<Item = (usize, f64)>) -> Option<Knee> {
    let mut best: Option<Knee> = None;
    for (member, size) in candidates {
        if best.is_none_or(|best| size > best.size) {
            best = Some(Knee { member, size });
        }
    }
    best
}
