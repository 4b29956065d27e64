//! Three axes: a sweep along the third; what each point adds to the area of the other two goes up to the reference.

use super::exclusive::Work;
use crate::pareto::filter::without_dominated;
use crate::pareto::sorting::{by_insertion, sort};
use crate::pareto::staircase::Staircase;
use crate::pareto::sum::Sum;

/// Up to this many points a plain list is the fastest staircase.
const FEW: usize = 96;

/// The volume that the points dominate up to `reference`.
pub(super) fn volume(costs: &[[f64; 3]], reference: [f64; 3]) -> f64 {
    let inside = |point: &[f64; 3]| point.iter().zip(&reference).all(|(x, end)| x < end);
    let mut points: Vec<[f64; 3]> = without_dominated(costs).iter().copied().filter(inside).collect();
    sweep(&mut points, &reference)
}

/// The same of points that are all better than the reference, which are put in another order.
#[allow(clippy::unnecessary_wraps, reason = "other dimensions may take too long")]
pub(super) fn within(points: &mut [[f64; 3]], reference: &[f64; 3], work: &mut Work) -> Option<f64> {
    work.done += points.len() as u64;
    Some(if points.len() <= FEW { few(points, reference) } else { sweep(points, reference) })
}

fn sweep(points: &mut [[f64; 3]], reference: &[f64; 3]) -> f64 {
    sort(points, |point| point[2], less);
    let mut staircase = Staircase::new([reference[0], reference[1]]);
    let mut sum = Sum::default();
    for [x, y, z] in points {
        if let Some(area) = staircase.insert(*x, *y) {
            sum.add(area * (reference[2] - *z));
        }
    }
    sum.total()
}

/// The same with the steps in a list.
fn few(points: &mut [[f64; 3]], reference: &[f64; 3]) -> f64 {
    by_insertion(points, less);
    let mut steps = [[0.0; 2]; FEW];
    let mut len = 0;
    let mut sum = 0.0;
    for [x, y, z] in points {
        let (x, y) = (*x, *y);
        let mut at = 0;
        while at < len && steps[at][0] < x {
            at += 1;
        }
        let before = if at > 0 { steps[at - 1][1] } else { reference[1] };
        if before <= y && at > 0 || at < len && steps[at][0] <= x && steps[at][1] <= y {
            continue;
        }
        let (mut left, mut top, mut area, mut to) = (x, before, 0.0, at);
        while to < len && steps[to][1] >= y {
            area += (steps[to][0] - left) * (top - y);
            [left, top] = steps[to];
            to += 1;
        }
        let end = if to < len { steps[to][0] } else { reference[0] };
        area += (end - left) * (top - y);
        if to == at {
            steps.copy_within(at..len, at + 1);
            len += 1;
        } else if to > at + 1 {
            steps.copy_within(to..len, at + 1);
            len -= to - at - 1;
        }
        steps[at] = [x, y];
        sum += area * (reference[2] - *z);
    }
    sum
}

/// In the order of the third axis; which of equals there comes first decides the last bit of the sum.
fn less(a: &[f64; 3], b: &[f64; 3]) -> bool {
    a[2] < b[2] || a[2] <= b[2] && (a[0] < b[0] || a[0] <= b[0] && a[1] < b[1])
}
