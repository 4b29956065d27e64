//! Sifting out, in one pass, what a few good points dominate.

use std::borrow::Cow;

/// Points looked at to choose champions from.
const SAMPLE: usize = 1024;
/// Champions that all points are compared with.
const CHAMPIONS: usize = 8;
/// Fewer points are not worth it.
const FEW: usize = 128;

/// Places of the points that no champion dominates strictly on all axes, ascending, with one pass over all points and another over those left;
/// `None` where sifting would not pay. Never sifts out a point that nothing dominates, nor any of several equal ones.
pub(in crate::pareto) fn sifted<const D: usize>(costs: &[[f64; D]]) -> Option<Vec<u32>> {
    if costs.len() < FEW {
        return None;
    }
    let sample: Vec<[f64; D]> = costs.iter().step_by(costs.len().div_ceil(SAMPLE)).copied().collect();
    let champions = champions(&sample);
    let beaten = sample.iter().filter(|point| beats_any(&champions, point)).count();
    if beaten * 4 < sample.len() {
        return None;
    }
    let mut left: Vec<u32> = Vec::with_capacity(costs.len() / 4);
    left.extend((0_u32..).zip(costs).filter(|(_, point)| !beats_any(&champions, point)).map(|(at, _)| at));
    // Among those left are the best of all.
    let points: Vec<[f64; D]> = left.iter().map(|at| costs[*at as usize]).collect();
    let champions = self::champions(&points);
    left.retain(|at| !beats_any(&champions, &costs[*at as usize]));
    Some(left)
}

/// The points without those sifted out, where that pays.
pub(in crate::pareto) fn without_dominated<const D: usize>(costs: &[[f64; D]]) -> Cow<'_, [[f64; D]]> {
    match sifted(costs) {
        Some(left) => left.into_iter().map(|at| costs[at as usize]).collect(),
        None => Cow::Borrowed(costs),
    }
}

#[inline]
fn beats_any<const D: usize>(champions: &[[f64; D]], point: &[f64; D]) -> bool {
    champions.iter().any(|champion| {
        let mut beats = true;
        for (best, x) in champion.iter().zip(point) {
            beats &= best < x;
        }
        beats
    })
}

/// The points with the least sums of costs under several weightings of the axes, each axis measured by its extent; the even weighting first.
fn champions<const D: usize>(points: &[[f64; D]]) -> Vec<[f64; D]> {
    let (mut least, mut most) = ([f64::INFINITY; D], [f64::NEG_INFINITY; D]);
    for point in points.iter().filter(|point| point.iter().all(|x| x.is_finite())) {
        for axis in 0..D {
            least[axis] = least[axis].min(point[axis]);
            most[axis] = most[axis].max(point[axis]);
        }
    }
    let scale: [f64; D] = std::array::from_fn(|axis| {
        let scale = 1.0 / (most[axis] - least[axis]);
        if scale.is_finite() && scale > 0.0 { scale } else { 0.0 }
    });
    let count = if D == 2 { 3 } else { CHAMPIONS };
    let mut best = [(f64::INFINITY, [f64::INFINITY; D]); CHAMPIONS];
    for point in points {
        let shares: [f64; D] = std::array::from_fn(|axis| (point[axis] - least[axis]) * scale[axis]);
        for (weighting, best) in best.iter_mut().enumerate().take(count) {
            // Weighting 0 is even, the others lay stress on one axis.
            let stressed = if weighting == 0 { 0.0 } else { 2.0 * shares[(weighting - 1) % D] };
            let sum = shares.iter().sum::<f64>() + stressed;
            if sum < best.0 {
                *best = (sum, *point);
            }
        }
    }
    let mut champions: Vec<[f64; D]> = Vec::with_capacity(count);
    for (sum, point) in best {
        if sum < f64::INFINITY && !champions.contains(&point) {
            champions.push(point);
        }
    }
    champions
}
