//! Who is nowhere worse than others.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use crate::pareto::costs::Costs;
use crate::pareto::tree::{LANES, Tree, covering as covering_lanes, each, filled, lanes};
use crate::simd::vectorized;

/// For each of `rows` the first of `of` that is nowhere worse, by its place; none where there is none. Where `of` are the members of a front, that member dominates the row or equals it.
///
/// Each row asks a k-d tree whose nodes know the first point below them: near the front few nodes can hold anybody, and far behind it nearly all do, so that an early point is found soon. Beyond eight
/// axes all pairs are compared.
///
/// # Panics
///
/// Where the two are on different axes.
#[must_use]
pub fn covering(of: &Costs<'_>, rows: &Costs<'_>) -> Vec<Option<usize>> {
    assert_eq!(of.axes(), rows.axes(), "points on the same axes");
    if of.is_empty() {
        return vec![None; rows.len()];
    }
    match of.axes() {
        1 => by_tree::<1>(of, rows),
        2 => by_tree::<2>(of, rows),
        3 => by_tree::<3>(of, rows),
        4 => by_tree::<4>(of, rows),
        5 => by_tree::<5>(of, rows),
        6 => by_tree::<6>(of, rows),
        7 => by_tree::<7>(of, rows),
        8 => by_tree::<8>(of, rows),
        _ => {
            let covers = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a <= b);
            rows.rows().map(|row| of.rows().position(|point| covers(point, row))).collect()
        }
    }
}

fn by_tree<const D: usize>(of: &Costs<'_>, rows: &Costs<'_>) -> Vec<Option<usize>> {
    let tree = Tree::new(of.arrays::<D>().iter().copied(), true);
    // The first point at each place of each level; the places of a level are those that the one above divides.
    let mut firsts: Vec<Vec<u32>> = vec![tree.points.clone()];
    for level in 1..tree.levels.len() {
        let first = |below: &[u32]| below.iter().copied().min().unwrap_or(u32::MAX);
        firsts.push(firsts[level - 1].chunks(LANES).map(first).collect());
    }
    let mut pending = Vec::with_capacity(64);
    vectorized(
        #[inline(always)]
        || rows.arrays::<D>().iter().map(|row| first(&tree, &firsts, row, &mut pending)).collect(),
    )
}

#[inline(always)]
fn first<const D: usize>(
    tree: &Tree<D>,
    firsts: &[Vec<u32>],
    row: &[f64; D],
    pending: &mut Vec<(usize, usize)>,
) -> Option<usize> {
    let mut best = u32::MAX;
    pending.clear();
    pending.push((tree.top(), 0));
    while let Some((level, block)) = pending.pop() {
        let filled = if level == 0 { filled(tree.points.len(), block) } else { u32::MAX };
        let covering = covering_lanes(&tree.levels[level][block], row) & filled;
        let from = block * LANES;
        let firsts = &firsts[level][from..firsts[level].len().min(from + LANES)];
        let earlier = lanes(|lane| firsts.get(lane).is_some_and(|first| *first < best));
        if level == 0 {
            best = each(covering & earlier).map(|lane| firsts[lane]).fold(best, u32::min);
            continue;
        }
        // The one with the earliest point is looked into first, so that others need not be.
        let earliest = each(covering & earlier).min_by_key(|lane| firsts[*lane]);
        for lane in each(covering & earlier).filter(|lane| Some(*lane) != earliest).chain(earliest) {
            pending.push((level - 1, from + lane));
        }
    }
    (best < u32::MAX).then_some(best as usize)
}
