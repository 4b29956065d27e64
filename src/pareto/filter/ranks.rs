//! Non-dominated sorting: the front, the front of the rest, and so on.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use crate::pareto::costs::Costs;
use crate::pareto::sorting::{less, same, sort};
use crate::pareto::staircase::Staircase;
use crate::pareto::tree::{Row, Tree};
use crate::simd::vectorized;

/// For each point how many fronts must be taken away before it is on the front; 0 for members. Equal points have equal ranks.
///
/// In lexicographic order only an earlier point dominates a later one, and who is dominated by a front is dominated by all before it: so each point finds its front by a binary search
/// (Zhang, Tian, Cheng and Jin, *TEVC* 19(2), 2015). Whether a front dominates it is told by the front's least second cost on two axes (Jensen, *TEVC* 7(5), 2003), by its
/// staircase on three, and by k-d trees of doubling size (Bentley and Saxe, *J. Algorithms* 1(4), 1980) on more.
#[must_use]
pub fn ranks(costs: &Costs<'_>) -> Vec<usize> {
    match costs.axes() {
        2 => plane(costs.arrays()),
        3 => space(costs.arrays()),
        4 => many::<4, 3>(costs.arrays()),
        5 => many::<5, 4>(costs.arrays()),
        6 => many::<6, 5>(costs.arrays()),
        7 => many::<7, 6>(costs.arrays()),
        8 => many::<8, 7>(costs.arrays()),
        _ => general(costs),
    }
}

fn plane(costs: &[[f64; 2]]) -> Vec<usize> {
    type Record = (f64, f64, u32);
    let less = |a: &Record, b: &Record| a.0 < b.0 || a.0 <= b.0 && a.1 < b.1;
    let mut records: Vec<Record> = costs.iter().zip(0..).map(|([x, y], at)| (*x, *y, at)).collect();
    sort(&mut records, |record| record.0, less);
    let mut ranks = vec![0; costs.len()];
    // The least y of each front so far, rising with the rank: a front whose end is nowhere higher dominates.
    let mut ends: Vec<f64> = Vec::new();
    let mut last: Option<(f64, f64, usize)> = None;
    for (x, y, at) in records {
        let rank = match last {
            Some((same_x, same_y, rank)) if same_x >= x && same_y >= y && same_y <= y => rank,
            _ => ends.partition_point(|end| *end <= y),
        };
        if rank == ends.len() {
            ends.push(y);
        } else {
            ends[rank] = y;
        }
        ranks[at as usize] = rank;
        last = Some((x, y, rank));
    }
    ranks
}

/// The ranks of points in lexicographic order from the last axis on: `dominates` tells whether a front does, `joins` adds to it, a new one where there is none yet.
fn in_order<const D: usize, F>(
    costs: &[[f64; D]],
    fronts: &mut Vec<F>,
    new: impl Fn() -> F,
    mut dominates: impl FnMut(&F, &[f64; D]) -> bool,
    mut joins: impl FnMut(&mut F, &[f64; D]),
) -> Vec<usize> {
    let mut records: Vec<([f64; D], u32)> = costs.iter().copied().zip(0..).collect();
    sort(&mut records, |record| record.0[D - 1], |(a, _), (b, _)| less(a, b));
    let mut ranks = vec![0; costs.len()];
    let mut last: Option<([f64; D], usize)> = None;
    for (point, at) in records {
        let rank = match last {
            Some((last, rank)) if same(&last, &point) => rank,
            _ => {
                let rank = fronts.partition_point(|front| dominates(front, &point));
                if rank == fronts.len() {
                    fronts.push(new());
                }
                joins(&mut fronts[rank], &point);
                rank
            }
        };
        ranks[at as usize] = rank;
        last = Some((point, rank));
    }
    ranks
}

fn space(costs: &[[f64; 3]]) -> Vec<usize> {
    let new = || Staircase::new([f64::INFINITY; 2]);
    let joins = |front: &mut Staircase, [x, y, _]: &[f64; 3]| {
        front.insert(*x, *y);
    };
    in_order(costs, &mut Vec::new(), new, |front, [x, y, _]| front.covers(*x, *y), joins)
}

/// A front that grows, without its points' last costs: some loose ones, and trees of doubling size.
#[derive(Default)]
struct Front<const K: usize> {
    loose: Row<K>,
    trees: Vec<(Vec<[f64; K]>, Tree<K>)>,
}

impl<const K: usize> Front<K> {
    /// Loose points at most.
    const LOOSE: usize = 256;

    fn add(&mut self, point: &[f64; K]) {
        self.loose.add(point);
        if self.loose.len < Self::LOOSE {
            return;
        }
        let mut points: Vec<[f64; K]> = (0..self.loose.len).map(|place| self.loose.point(place)).collect();
        self.loose.clear();
        while let Some((smaller, _)) = self.trees.pop_if(|(smaller, _)| smaller.len() <= points.len()) {
            points.extend(smaller);
        }
        let tree = Tree::new(points.iter().copied(), true);
        self.trees.push((points, tree));
    }
}

fn many<const D: usize, const K: usize>(costs: &[[f64; D]]) -> Vec<usize> {
    let base = |point: &[f64; D]| -> [f64; K] { std::array::from_fn(|axis| point[axis]) };
    let mut pending = Vec::with_capacity(64);
    let dominates = |front: &Front<K>, point: &[f64; D]| {
        let point = base(point);
        vectorized(
            #[inline(always)]
            || {
                front.loose.covers(&point)
                    || front.trees.iter().any(|(_, tree)| tree.covers(&point, &mut pending))
            },
        )
    };
    in_order(costs, &mut Vec::new(), Front::default, dominates, |front, point| front.add(&base(point)))
}

fn general(costs: &Costs<'_>) -> Vec<usize> {
    let mut ranks = vec![0; costs.len()];
    let mut left: Vec<usize> = (0..costs.len()).collect();
    let mut rank = 0;
    while !left.is_empty() {
        let on = super::nondominated(&costs.select(&left), super::Ties::Keep);
        let mut on = on.into_iter().peekable();
        let mut rest = Vec::with_capacity(left.len());
        for (position, point) in left.iter().enumerate() {
            if on.next_if_eq(&position).is_some() {
                ranks[*point] = rank;
            } else {
                rest.push(*point);
            }
        }
        left = rest;
        rank += 1;
    }
    ranks
}
