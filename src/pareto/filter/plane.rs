//! Two axes: a sweep along the first.

use super::champion::{sifted, without_dominated};
use super::{Ties, places};
use crate::pareto::sorting::sort;

type Record = (f64, f64, u32);

/// Indices of the non-dominated, ascending.
pub(super) fn nondominated(costs: &[[f64; 2]], ties: Ties) -> Vec<usize> {
    let record = |at: u32| {
        let [x, y] = costs[at as usize];
        (x, y, at)
    };
    let mut records: Vec<Record> = match sifted(costs) {
        Some(left) => left.into_iter().map(record).collect(),
        None => costs.iter().zip(0..).map(|([x, y], at)| (*x, *y, at)).collect(),
    };
    sort(&mut records, |record| record.0, less);
    let mut is_member = vec![false; costs.len()];
    let mut members = 0;
    let mut lowest = (f64::NAN, f64::INFINITY);
    for (x, y, at) in records {
        let same = x <= lowest.0 && y <= lowest.1;
        if y < lowest.1 || (same && ties == Ties::Keep) || lowest.0.is_nan() {
            is_member[at as usize] = true;
            members += 1;
            lowest = (x, y);
        }
    }
    places(&is_member, members)
}

fn less(a: &Record, b: &Record) -> bool {
    a.0 < b.0 || a.0 <= b.0 && (a.1 < b.1 || a.1 <= b.1 && a.2 < b.2)
}

/// The distinct non-dominated points, the first axis rising and the second falling.
pub(in crate::pareto) fn steps(costs: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = without_dominated(costs).into_owned();
    sort(&mut points, |point| point[0], |a, b| a[0] < b[0] || a[0] <= b[0] && a[1] < b[1]);
    let mut kept = 0;
    for at in 0..points.len() {
        if kept == 0 || points[at][1] < points[kept - 1][1] {
            points[kept] = points[at];
            kept += 1;
        }
    }
    points.truncate(kept);
    points
}
