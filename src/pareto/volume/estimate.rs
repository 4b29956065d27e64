//! An approximate volume with its error, for those that are too much work.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use super::{array_of_gaps, beyond_numbers};
use crate::error::Result;
use crate::numeric::probit;
use crate::pareto::costs::Costs;
use crate::pareto::filter::{self, Ties};
use crate::seed::Seed;
use crate::simd::vectorized;

/// Independent repetitions behind the error.
const REPETITIONS: usize = 16;
/// The quantile of Student's t that 99 % of 16 − 1 degrees of freedom lie within.
const T_99: f64 = 2.946_713;

/// An approximate volume.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimated {
    /// The estimate; unbiased.
    pub volume: f64,
    /// Half the width of its 99 % interval.
    pub error: f64,
    /// Directions looked into, over all repetitions.
    pub directions: usize,
}

/// The volume that the points dominate up to `reference`, approximately: the mean over directions from the reference of how far the points reach, to the power of
/// the dimension (Deng and Zhang, *TEVC* 23(5), 2019). The directions are 16 randomly shifted copies of one sequence that fills space evenly
/// (Cranley and Patterson, *SIAM J. Numer. Anal.* 13(6), 1976), and the error comes from how much the copies differ.
///
/// `O(n d)` per direction; `directions` is rounded up to a multiple of 16.
///
/// # Errors
///
/// A reference of other axes, or not finite; a volume beyond the range of numbers.
pub fn estimate(costs: &Costs<'_>, reference: &[f64], seed: Seed, directions: usize) -> Result<Estimated> {
    costs.check_reference(reference)?;
    let axes = costs.axes();
    let members = filter::nondominated(costs, Ties::First);
    let (gaps, scale) = array_of_gaps(&costs.select(&members), reference);
    let points = gaps.first().map_or(0, Vec::len);
    let each = directions.div_ceil(REPETITIONS).max(1);
    if points == 0 {
        return Ok(Estimated { volume: 0.0, error: 0.0, directions: 0 });
    }
    let steps = steps(axes);
    let mut stream = seed.stream("pareto/volume");
    // The part of the ball of radius 1 in which all coordinates are positive.
    let mut ball = if axes.is_multiple_of(2) { 1.0 } else { 2.0 };
    for dimension in (1..=axes).filter(|dimension| (axes - dimension).is_multiple_of(2) && *dimension > 1) {
        ball *= std::f64::consts::TAU / dimension as f64;
    }
    let part = (0..axes).fold(ball, |part, _| part / 2.0) * scale.iter().product::<f64>();
    let mut means = [0.0; REPETITIONS];
    let mut reach = vec![0.0; points];
    for mean in &mut means {
        let mut at: Vec<f64> = (0..axes).map(|_| stream.uniform_f64()).collect();
        let mut sum = 0.0;
        for _ in 0..each {
            let direction: Vec<f64> =
                at.iter().map(|u| probit(0.5 + 0.5 * u.clamp(1e-12, 1.0 - 1e-12))).collect();
            let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
            let far = farthest(&gaps, &direction, length, &mut reach);
            sum += (0..axes).fold(1.0, |power, _| power * far);
            for (u, step) in at.iter_mut().zip(&steps) {
                *u += step;
                *u -= u.floor();
            }
        }
        *mean = part * sum / each as f64;
    }
    let volume = means.iter().sum::<f64>() / REPETITIONS as f64;
    let squares: f64 = means.iter().map(|mean| (mean - volume) * (mean - volume)).sum();
    let error = T_99 * (squares / (REPETITIONS * (REPETITIONS - 1)) as f64).sqrt();
    if !volume.is_finite() {
        return Err(beyond_numbers());
    }
    Ok(Estimated { volume, error, directions: each * REPETITIONS })
}

/// How far along a direction the farthest-reaching point's box goes.
fn farthest(gaps: &[Vec<f64>], direction: &[f64], length: f64, reach: &mut [f64]) -> f64 {
    vectorized(
        #[inline(always)]
        || {
            reach.fill(f64::INFINITY);
            for (gaps, x) in gaps.iter().zip(direction) {
                let inverse = length / x;
                for (reach, gap) in reach.iter_mut().zip(gaps) {
                    let along = gap * inverse;
                    *reach = if along < *reach { along } else { *reach };
                }
            }
            reach.iter().fold(0.0, |far, reach| if *reach > far { *reach } else { far })
        },
    )
}

/// The steps of an additive recurrence in so many dimensions: powers of the root of xᵈ⁺¹ = x + 1, the golden ratio for one (Roberts 2018).
fn steps(axes: usize) -> Vec<f64> {
    let mut root = 2.0;
    for _ in 0..64 {
        root = libm::pow(1.0 + root, 1.0 / (axes as f64 + 1.0));
    }
    (1..=axes)
        .scan(1.0, |power, _| {
            *power /= root;
            Some(*power)
        })
        .collect()
}
