//! Dominance that no stronger attack and no better certificate could undo.

use super::ties::ROUNDING;
use super::{Front, Objective};
use crate::measure::{Bound, Direction, MetricKey};
use crate::metrics;
use crate::points::Point;

/// (point, one that dominates it): the front's dominated points for which that is proven, ascending.
///
/// A number under attack is the most that a model can have, a certified one the least. So on every axis the worst that the one may
/// truly be has to reach the best that the other may be, and on one axis pass it. Of a number that bounds nothing, nothing follows.
#[must_use]
pub fn proven(points: &[Point], front: &Front) -> Vec<(usize, usize)> {
    let mut rivals: Vec<usize> =
        front.members.iter().copied().chain(front.dominated.iter().map(|(point, _)| *point)).collect();
    rivals.sort_unstable();
    let by = |point: usize| {
        let beats = |rival: &&usize| **rival != point && beats(&points[**rival], &points[point], front);
        rivals.iter().find(beats).copied()
    };
    front.dominated.iter().filter_map(|(point, _)| Some((*point, by(*point)?))).collect()
}

fn beats(one: &Point, other: &Point, front: &Front) -> bool {
    let mut passes = false;
    for objective in &front.objectives {
        let (Some(one), Some(other)) = (truth(one, objective), truth(other, objective)) else { return false };
        let (worst, best) = match objective.direction {
            Direction::Higher => (one.0, other.1),
            Direction::Lower => (-one.1, -other.0),
        };
        if best - worst > ROUNDING {
            return false;
        }
        passes |= worst - best > ROUNDING;
    }
    passes
}

/// Between which values the truth lies, on the rows that were looked at.
fn truth(point: &Point, objective: &Objective) -> Option<(f64, f64)> {
    let key = &objective.key;
    let known = |key: &MetricKey| Some((point.value(key)?, point.measures[key].estimate.bound));
    let (value, bound) = known(key)?;
    let opposite = || {
        let id = metrics::counterpart(&key.id)?;
        let radius = key.attack.as_ref().map(|attack| (attack.norm, &attack.epsilon));
        let is_opposite = |other: &&MetricKey| {
            other.id == id
                && other.group == key.group
                && other.attack.as_ref().map(|attack| (attack.norm, &attack.epsilon)) == radius
        };
        known(point.measures.keys().find(is_opposite)?)
    };
    let (least, most) = metrics::find(&key.id)?.range;
    match bound {
        Bound::Exact => Some((value, value)),
        Bound::Upper => {
            let low = opposite().filter(|(_, bound)| matches!(bound, Bound::Lower | Bound::Exact));
            Some((low.map_or(least, |(low, _)| low), value))
        }
        Bound::Lower => {
            let high = opposite().filter(|(_, bound)| matches!(bound, Bound::Upper | Bound::Exact));
            Some((value, high.map_or(most, |(high, _)| high)))
        }
        Bound::Neither => None,
    }
}
