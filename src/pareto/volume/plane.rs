//! Two axes: a sweep along the first.

use crate::pareto::filter::without_dominated;
use crate::pareto::sorting::sort;
use crate::pareto::sum::Sum;

/// The area that the points dominate up to `reference`.
pub(super) fn volume(costs: &[[f64; 2]], reference: [f64; 2]) -> f64 {
    let [end_x, end_y] = reference;
    let inside = |[x, y]: &[f64; 2]| *x < end_x && *y < end_y;
    let mut points: Vec<[f64; 2]> = without_dominated(costs).iter().copied().filter(inside).collect();
    sort(&mut points, |point| point[0], |a, b| a[0] < b[0] || a[0] <= b[0] && a[1] < b[1]);
    let mut bottom = end_y;
    let mut sum = Sum::default();
    for [x, y] in points {
        if y < bottom {
            sum.add((end_x - x) * (bottom - y));
            bottom = y;
        }
    }
    sum.total()
}
