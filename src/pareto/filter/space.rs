//! Three axes: a sweep along the third over the staircase of the others.

use super::champion::sifted;
use super::{Ties, places};
use crate::pareto::sorting::{same, sort};
use crate::pareto::staircase::Staircase;

type Record = ([f64; 3], u32);

/// Indices of the non-dominated, ascending.
pub(super) fn nondominated(costs: &[[f64; 3]], ties: Ties) -> Vec<usize> {
    let mut records: Vec<Record> = match sifted(costs) {
        Some(left) => left.into_iter().map(|at| (costs[at as usize], at)).collect(),
        None => costs.iter().copied().zip(0..).collect(),
    };
    sort(&mut records, |record| record.0[2], less);
    let mut is_member = vec![false; costs.len()];
    let mut members = 0;
    let mut staircase = Staircase::new([f64::INFINITY; 2]);
    let mut last: Option<([f64; 3], bool)> = None;
    for (point, at) in records {
        // Equal points are neighbors, and stand or fall together.
        let stands = match last {
            Some((last, stood)) if same(&last, &point) => stood && ties == Ties::Keep,
            _ => staircase.insert(point[0], point[1]).is_some(),
        };
        is_member[at as usize] = stands;
        members += usize::from(stands);
        last = Some((point, stands));
    }
    places(&is_member, members)
}

fn less((a, i): &Record, (b, j): &Record) -> bool {
    for axis in [2, 0, 1] {
        if a[axis] < b[axis] {
            return true;
        }
        if a[axis] > b[axis] {
            return false;
        }
    }
    i < j
}
