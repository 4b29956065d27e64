//! How far another set is from what a set dominates.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use super::check_pair;
use super::nearest::{Distance, nearest};
use crate::error::Result;
use crate::pareto::costs::Costs;
use crate::pareto::filter::without_dominated;
use crate::pareto::sum::Sum;
use crate::pareto::tree::Tree;
use crate::simd::vectorized;

/// The mean over the points of `against` of the distance to the nearest place that `of` dominates: √Σ max(aⱼ − rⱼ, 0)² (Ishibuchi, Masuda, Tanigaki and Nojima, EMO 2015). 0 where `of`
/// covers `against`.
///
/// Each point of `against` asks a k-d tree, which on spread-out fronts takes logarithmic time.
///
/// # Errors
///
/// Sets on different axes, an empty one, an infinite cost.
pub fn igd_plus(of: &Costs<'_>, against: &Costs<'_>) -> Result<f64> {
    check_pair(of, against)?;
    let sum = match of.axes() {
        1 => space::<1>(of.arrays(), against.arrays()),
        2 => space::<2>(of.arrays(), against.arrays()),
        3 => space::<3>(of.arrays(), against.arrays()),
        4 => space::<4>(of.arrays(), against.arrays()),
        5 => space::<5>(of.arrays(), against.arrays()),
        6 => space::<6>(of.arrays(), against.arrays()),
        _ => {
            let square = |a: &[f64], r: &[f64]| a.iter().zip(r).map(|(a, r)| beyond(*a, *r)).sum::<f64>();
            let mut sum = Sum::default();
            for r in against.rows() {
                sum.add(of.rows().map(|a| square(a, r)).fold(f64::INFINITY, f64::min).sqrt());
            }
            sum.total()
        }
    };
    Ok(sum / against.len() as f64)
}

#[inline(always)]
fn beyond(a: f64, r: f64) -> f64 {
    let x = a - r;
    if x > 0.0 { x * x } else { 0.0 }
}

struct Beyond<'a, const D: usize>(&'a [f64; D]);

impl<const D: usize> Distance<D> for Beyond<'_, D> {
    #[inline(always)]
    fn part(&self, axis: usize, x: f64) -> f64 {
        beyond(x, self.0[axis])
    }

    #[inline(always)]
    fn with(a: f64, b: f64) -> f64 {
        a + b
    }
}

fn space<const D: usize>(of: &[[f64; D]], against: &[[f64; D]]) -> f64 {
    // Dominated points are never the nearest.
    let of = without_dominated(of);
    let tree = Tree::new(of.iter().copied(), true);
    let mut pending = Vec::with_capacity(64);
    let mut sum = Sum::default();
    vectorized(
        #[inline(always)]
        || {
            for r in against {
                sum.add(nearest(&tree, &Beyond(r), 0.0, &mut pending).sqrt());
            }
        },
    );
    sum.total()
}
