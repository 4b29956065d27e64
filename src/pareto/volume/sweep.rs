//! Four axes and more: a sweep along the last axis over what each point alone dominates on the others.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use super::exclusive::{Boxes, Rivals, Scratch, Volume, Work, exclusive};
use super::space;
use crate::pareto::filter::without_dominated;
use crate::pareto::sorting::{less, sort};
use crate::pareto::sum::Sum;
use crate::pareto::tree::{Row, Tree};
use crate::simd::vectorized;

/// From this many points on a tree is worth its making.
const MANY: usize = 128;

macro_rules! volumes {
    ($($outer:ident $within:ident $d:literal $k:literal $inner:expr;)*) => {$(
        /// The volume that the points dominate up to `reference`; `None` when the work is too much.
        pub(super) fn $outer(costs: &[[f64; $d]], reference: &[f64; $d], work: &mut Work) -> Option<f64> {
            let inside = |point: &[f64; $d]| point.iter().zip(reference).all(|(x, end)| x < end);
            let mut points: Vec<[f64; $d]> = without_dominated(costs).iter().copied().filter(inside).collect();
            $within(&mut points, reference, work)
        }

        /// The same of points that are all better than the reference.
        pub(super) fn $within(points: &mut [[f64; $d]], reference: &[f64; $d], work: &mut Work) -> Option<f64> {
            sweep::<$d, $k>(points, reference, $inner, work)
        }
    )*};
}

volumes! {
    volume_4 within_4 4 3 space::within;
    volume_5 within_5 5 4 within_4;
    volume_6 within_6 6 5 within_5;
    volume_7 within_7 7 6 within_6;
    volume_8 within_8 8 7 within_7;
}

fn sweep<const D: usize, const K: usize>(
    points: &mut [[f64; D]],
    reference: &[f64; D],
    inner: Volume<K>,
    work: &mut Work,
) -> Option<f64> {
    if let [point] = points {
        let sides = point.iter().zip(reference).map(|(x, end)| end - x);
        return Some(sides.product());
    }
    // Lexicographic from the last axis on: equal points are neighbors, and the sum does not depend on the order of the rows.
    sort(points, |point| point[D - 1], less);
    let base = |point: &[f64; D]| -> [f64; K] { std::array::from_fn(|axis| point[axis]) };
    if points.len() < MANY {
        along(points, reference, Row::default(), inner, work)
    } else {
        let tree = Tree::new(points.iter().map(base), false);
        along(points, reference, Boxes::new(tree), inner, work)
    }
}

fn along<const D: usize, const K: usize>(
    points: &[[f64; D]],
    reference: &[f64; D],
    mut rivals: impl Rivals<K>,
    inner: Volume<K>,
    work: &mut Work,
) -> Option<f64> {
    vectorized(
        #[inline(always)]
        || {
            let base = |point: &[f64; D]| -> [f64; K] { std::array::from_fn(|axis| point[axis]) };
            let end = base(reference);
            let mut scratch = Scratch::default();
            let mut sum = Sum::default();
            for (at, point) in points.iter().enumerate() {
                let flat = base(point);
                let own = exclusive(&mut rivals, at as u32, &flat, &end, inner, &mut scratch, work)?;
                if work.done > work.most {
                    return None;
                }
                if work.depth == 0 {
                    work.progress = at as f64 / points.len() as f64;
                }
                if own > 0.0 {
                    sum.add(own * (reference[D - 1] - point[D - 1]));
                    if !scratch.dominated.is_empty() {
                        rivals.leave(&scratch.dominated);
                    }
                    rivals.enter(at as u32, &flat);
                }
            }
            Some(sum.total())
        },
    )
}
