//! The point of a set that is nearest to a place in some sense, found in a k-d tree.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use crate::pareto::tree::{LANES, Tree, each, lanes};

/// How far a point is, as the largest or the sum of what each axis says of it; each rises with the point's cost.
pub(super) trait Distance<const D: usize> {
    /// What axis `axis` says of cost `x`.
    fn part(&self, axis: usize, x: f64) -> f64;

    /// Two axes together.
    fn with(a: f64, b: f64) -> f64;
}

/// The least distance of the tree's points, or `enough` when one is not farther than that; `known` is one that some point has.
#[inline(always)]
pub(super) fn nearest<const D: usize>(
    tree: &Tree<D>,
    distance: &impl Distance<D>,
    enough: f64,
    pending: &mut Vec<(f64, usize, usize)>,
) -> f64 {
    let mut best = f64::INFINITY;
    pending.clear();
    pending.push((f64::NEG_INFINITY, tree.top(), 0));
    while let Some((bound, level, block)) = pending.pop() {
        if bound >= best {
            continue;
        }
        let columns = &tree.levels[level][block];
        let mut all: [f64; LANES] = std::array::from_fn(|lane| distance.part(0, columns[0][lane]));
        for (axis, column) in columns.iter().enumerate().skip(1) {
            for lane in 0..LANES {
                all[lane] = with(distance, all[lane], distance.part(axis, column[lane]));
            }
        }
        if level == 0 {
            for x in all {
                best = if x < best { x } else { best };
            }
            if best <= enough {
                return enough;
            }
            continue;
        }
        // The nearest box is looked into first, so that others need not be.
        let mut first = 0;
        for lane in 1..LANES {
            first = if all[lane] < all[first] { lane } else { first };
        }
        for lane in each(lanes(|lane| all[lane] < best) & !(1 << first)) {
            pending.push((all[lane], level - 1, block * LANES + lane));
        }
        if all[first] < best {
            pending.push((all[first], level - 1, block * LANES + first));
        }
    }
    best
}

#[inline(always)]
fn with<const D: usize, M: Distance<D>>(_: &M, a: f64, b: f64) -> f64 {
    M::with(a, b)
}
