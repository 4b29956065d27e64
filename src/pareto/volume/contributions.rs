//! How much volume is lost without each point.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

use super::exclusive::{Boxes, Rivals, Scratch, Volume, Work, exclusive};
use super::sweep::{within_4, within_5, within_6, within_7};
use super::{array, beyond_numbers, space, too_long};
use crate::error::{Error, Result};
use crate::pareto::costs::Costs;
use crate::pareto::sorting::sort;
use crate::pareto::tree::Tree;
use crate::simd::vectorized;

/// For each point the volume up to `reference` that it alone dominates: what [`hypervolume`](super::hypervolume) would lose without it. 0 for dominated points, for equal ones, and for
/// those that are not better than the reference.
///
/// Two axes: from the neighbors on the front. More: as the volume itself, each point against those that reach into the box between it and its nearest rivals.
///
/// # Errors
///
/// As [`hypervolume`](super::hypervolume); up to 7 axes.
pub fn contributions(costs: &Costs<'_>, reference: &[f64], budget: u64) -> Result<Vec<f64>> {
    costs.check_reference(reference)?;
    let mut work = Work::new(budget);
    let found = match costs.axes() {
        1 => Some(line(costs.arrays(), reference[0])),
        2 => Some(plane(costs.arrays(), array(reference))),
        3 => each::<3>(costs.arrays(), &array(reference), space::within, &mut work),
        4 => each::<4>(costs.arrays(), &array(reference), within_4, &mut work),
        5 => each::<5>(costs.arrays(), &array(reference), within_5, &mut work),
        6 => each::<6>(costs.arrays(), &array(reference), within_6, &mut work),
        7 => each::<7>(costs.arrays(), &array(reference), within_7, &mut work),
        axes => {
            return Err(Error::input(format!(
                "contributions to a hypervolume in {axes} dimensions are beyond reach; 7 are the most"
            )));
        }
    };
    let found = found.ok_or_else(|| too_long(costs, &work))?;
    if found.iter().all(|own| own.is_finite()) { Ok(found) } else { Err(beyond_numbers()) }
}

fn line(costs: &[[f64; 1]], end: f64) -> Vec<f64> {
    let (mut least, mut second, mut best) = (end, end, None);
    for (at, [x]) in costs.iter().enumerate() {
        if *x < least {
            (second, least, best) = (least, *x, Some(at));
        } else if *x < second {
            second = *x;
        }
    }
    let mut found = vec![0.0; costs.len()];
    if let Some(at) = best {
        found[at] = second - least;
    }
    found
}

/// What a point of the front alone dominates ends at its neighbors, and at the dominated points between them.
fn plane(costs: &[[f64; 2]], [end_x, end_y]: [f64; 2]) -> Vec<f64> {
    type Record = (f64, f64, u32);
    let mut found = vec![0.0; costs.len()];
    let mut records: Vec<Record> = costs
        .iter()
        .zip(0..)
        .map(|([x, y], at)| (*x, *y, at))
        .filter(|(x, y, _)| *x < end_x && *y < end_y)
        .collect();
    sort(&mut records, |record| record.0, |a, b| a.0 < b.0 || a.0 <= b.0 && a.1 < b.1);
    // The least y before each record: above it nothing is the record's own.
    let mut before = end_y;
    let mut at = 0;
    while at < records.len() {
        let (x, y, id) = records[at];
        if y >= before {
            at += 1;
            continue;
        }
        // To the next record that is lower, what lies between takes its parts away from above.
        let (mut own, mut left, mut top, mut next) = (0.0, x, before, at + 1);
        while let Some(&(other_x, other_y, _)) = records.get(next) {
            own += (other_x - left) * (top - y);
            left = other_x;
            if other_y <= y {
                break;
            }
            top = if other_y < top { other_y } else { top };
            next += 1;
        }
        if next == records.len() {
            own += (end_x - left) * (top - y);
        }
        let shared = records.get(next).is_some_and(|other| other.0 <= x && other.1 <= y);
        found[id as usize] = if shared { 0.0 } else { own };
        before = y;
        at = next.max(at + 1);
    }
    found
}

fn each<const D: usize>(
    costs: &[[f64; D]],
    reference: &[f64; D],
    inner: Volume<D>,
    work: &mut Work,
) -> Option<Vec<f64>> {
    let inside: Vec<u32> = (0_u32..)
        .zip(costs)
        .filter(|(_, point)| point.iter().zip(reference).all(|(x, end)| x < end))
        .map(|(at, _)| at)
        .collect();
    let mut found = vec![0.0; costs.len()];
    if inside.is_empty() {
        return Some(found);
    }
    let mut rivals = Boxes::new(Tree::new(inside.iter().map(|at| costs[*at as usize]), true));
    vectorized(
        #[inline(always)]
        || {
            let mut scratch = Scratch::default();
            for (id, at) in (0..).zip(&inside) {
                let point = &costs[*at as usize];
                rivals.leave(&[rivals.place(id)]);
                found[*at as usize] =
                    exclusive(&mut rivals, id, point, reference, inner, &mut scratch, work)?;
                rivals.enter(id, point);
                work.progress = f64::from(id) / inside.len() as f64;
                if work.done > work.most {
                    return None;
                }
            }
            Some(())
        },
    )?;
    Some(found)
}
