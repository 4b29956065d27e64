//! Four axes and more: the leaves of a k-d tree against each other.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use super::champion::sifted;
use super::places;
use crate::pareto::tree::{LANES, Tree, each, lanes};
use crate::simd::vectorized;

/// Indices of the non-dominated, ascending; of several equal points all.
pub(super) fn nondominated<const D: usize>(costs: &[[f64; D]]) -> Vec<usize> {
    let left = sifted(costs);
    let at = |position: usize| left.as_ref().map_or(position, |left| left[position] as usize);
    let n = left.as_ref().map_or(costs.len(), Vec::len);
    if n == 0 {
        return Vec::new();
    }
    let tree = Tree::new((0..n).map(|position| costs[at(position)]), true);
    let mut is_member = vec![false; costs.len()];
    let mut members = 0;
    vectorized(
        #[inline(always)]
        || {
            let mut pending = Vec::with_capacity(64);
            for leaf in 0..tree.levels[0].len() {
                let ids = &tree.points[leaf * LANES..n.min((leaf + 1) * LANES)];
                let beaten = beaten_in(&tree, leaf, ids.len(), &mut pending);
                for (lane, id) in ids.iter().enumerate() {
                    if beaten >> lane & 1 == 0 {
                        is_member[at(*id as usize)] = true;
                        members += 1;
                    }
                }
            }
        },
    );
    places(&is_member, members)
}

/// Which of the first `count` points of a leaf another point of the tree dominates, as bits.
#[inline(always)]
fn beaten_in<const D: usize>(
    tree: &Tree<D>,
    leaf: usize,
    count: usize,
    pending: &mut Vec<(usize, usize)>,
) -> u32 {
    let own = &tree.levels[0][leaf];
    // The farthest corner: who dominates a point of the leaf dominates it.
    let mut most = [f64::NEG_INFINITY; D];
    for axis in 0..D {
        for x in &own[axis][..count] {
            most[axis] = if *x > most[axis] { *x } else { most[axis] };
        }
    }
    let all = (1_u32 << count) - 1;
    let mut beaten = 0;
    pending.clear();
    pending.push((tree.top(), 0));
    while let Some((level, block)) = pending.pop() {
        let columns = &tree.levels[level][block];
        let mut may = [true; LANES];
        for axis in 0..D {
            for lane in 0..LANES {
                may[lane] &= columns[axis][lane] <= most[axis];
            }
        }
        let may = lanes(|lane| may[lane]);
        if level > 0 {
            pending.extend(tree.below(level, block, may));
            continue;
        }
        if may == 0 {
            continue;
        }
        for lane in each(all & !beaten) {
            let point: [f64; D] = std::array::from_fn(|axis| own[axis][lane]);
            let mut worse = [false; LANES];
            for axis in 0..D {
                for rival in 0..LANES {
                    worse[rival] |= columns[axis][rival] > point[axis];
                }
            }
            // Who is nowhere worse dominates, if it is not the same point.
            let nowhere = lanes(|rival| !worse[rival]);
            let mut better =
                each(nowhere).filter(|rival| (0..D).any(|axis| columns[axis][*rival] < point[axis]));
            if better.next().is_some() {
                beaten |= 1 << lane;
            }
        }
        if beaten == all {
            break;
        }
    }
    beaten
}
