//! Which points no other point dominates, and in which order the others follow.

mod champion;
mod covering;
mod many;
mod plane;
mod ranks;
mod space;

pub(super) use champion::without_dominated;
pub use covering::covering;
pub(super) use plane::steps;
pub use ranks::ranks;

use super::costs::Costs;

/// What becomes of several equal points that nothing dominates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// All of them are members: several configurations, the same numbers.
    #[default]
    Keep,
    /// The first one in the order of the rows is.
    First,
}

/// Indices of the points that no other dominates, ascending. A point dominates another where it is nowhere worse and somewhere better.
///
/// One axis: the minimum. Two: a sweep in the order of the first (Kung, Luccio and Preparata, *JACM* 22(4), 1975). Three: a sweep in the order
/// of the third over the staircase of the other two (the same). More: every leaf of a k-d tree against the leaves that may hold who
/// dominates it. Before all of them, what a few good points dominate is sifted out in one pass (Bentley, Clarkson and
/// Levine, SODA 1990; Godfrey, Shipley and Gryz, VLDB 2005), so that clouds cost hardly more than reading them.
#[must_use]
pub fn nondominated(costs: &Costs<'_>, ties: Ties) -> Vec<usize> {
    let members = match costs.axes() {
        1 => line(costs.arrays()),
        2 => return plane::nondominated(costs.arrays(), ties),
        3 => return space::nondominated(costs.arrays(), ties),
        4 => many::nondominated::<4>(costs.arrays()),
        5 => many::nondominated::<5>(costs.arrays()),
        6 => many::nondominated::<6>(costs.arrays()),
        7 => many::nondominated::<7>(costs.arrays()),
        8 => many::nondominated::<8>(costs.arrays()),
        _ => by_comparison(costs),
    };
    match ties {
        Ties::Keep => members,
        Ties::First => firsts(costs, members),
    }
}

fn line(costs: &[[f64; 1]]) -> Vec<usize> {
    let least = costs.iter().fold(f64::INFINITY, |least, [x]| least.min(*x));
    let is_least = |(at, [x]): (usize, &[f64; 1])| (*x <= least).then_some(at);
    costs.iter().enumerate().filter_map(is_least).collect()
}

/// Whether `a` is nowhere worse than `b` and somewhere better.
#[must_use]
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    assert_eq!(a.len(), b.len(), "costs on the same axes");
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// In the order of the sums of their costs only an earlier point can dominate a later one, up to rounding; so each is compared with the
/// members before it first.
fn by_comparison(costs: &Costs<'_>) -> Vec<usize> {
    let mut order: Vec<(f64, usize)> = costs.rows().map(|row| row.iter().sum()).zip(0..).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut members: Vec<usize> = Vec::new();
    for (_, at) in order {
        let row = costs.row(at);
        if !members.iter().any(|member| dominates(costs.row(*member), row)) {
            // Where sums round to the same, a later one may be the better.
            members.retain(|member| !dominates(row, costs.row(*member)));
            members.push(at);
        }
    }
    members.sort_unstable();
    members
}

/// The first of each set of equal members.
fn firsts(costs: &Costs<'_>, mut members: Vec<usize>) -> Vec<usize> {
    let compare = |a: &usize, b: &usize| {
        let pairs = costs.row(*a).iter().zip(costs.row(*b));
        let order = pairs.map(|(x, y)| (x + 0.0).total_cmp(&(y + 0.0))).find(|order| order.is_ne());
        order.unwrap_or(std::cmp::Ordering::Equal)
    };
    members.sort_by(|a, b| compare(a, b).then(a.cmp(b)));
    members.dedup_by(|a, b| compare(a, b).is_eq());
    members.sort_unstable();
    members
}

/// The places where `is_member` says so, ascending.
fn places(is_member: &[bool], members: usize) -> Vec<usize> {
    let mut found = Vec::with_capacity(members);
    found.extend(is_member.iter().enumerate().filter_map(|(at, yes)| yes.then_some(at)));
    found
}
