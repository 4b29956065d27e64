//! The farthest from the line between the ends.

use super::{Knee, STRAIGHT, largest};
use crate::pareto::costs::Costs;

/// The member farthest from the plane through the front's ends, on the better side of it (Das 1999): for two axes, the line between them. The end along an axis is the member
/// whose worst cost on the other axes is the least. `None` where none is farther than 0.01, where there is no such plane, or fewer than three members.
#[must_use]
pub fn chord(front: &Costs<'_>) -> Option<Knee> {
    let axes = front.axes();
    if axes < 2 || front.len() < 3 || front.rows().flatten().any(|x| !x.is_finite()) {
        return None;
    }
    let best: Vec<f64> =
        (0..axes).map(|axis| front.rows().map(|row| row[axis]).fold(f64::INFINITY, f64::min)).collect();
    let from_best =
        |at: usize| front.row(at).iter().zip(&best).map(|(x, best)| x - best).collect::<Vec<f64>>();
    let end = |axis: usize| {
        let others = |row: &[f64]| {
            row.iter().enumerate().filter(|(other, _)| *other != axis).map(|(_, x)| *x).fold(0.0, f64::max)
        };
        let better = |a: &Vec<f64>, b: &Vec<f64>| {
            others(a).total_cmp(&others(b)).then(a.iter().sum::<f64>().total_cmp(&b.iter().sum::<f64>()))
        };
        (0..front.len()).map(from_best).min_by(better)
    };
    let ends: Vec<Vec<f64>> = (0..axes).filter_map(end).collect();
    let normal = normal(ends)?;
    let length = normal.iter().map(|x| x * x).sum::<f64>().sqrt();
    let depth = |at: usize| {
        let along: f64 = from_best(at).iter().zip(&normal).map(|(x, n)| x * n).sum();
        (1.0 - along) / length
    };
    largest((0..front.len()).map(|at| (at, depth(at)))).filter(|knee| knee.size > STRAIGHT)
}

/// The normal of the plane through points that gives 1 on it; `None` where there is none with positive parts.
fn normal(ends: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let axes = ends.len();
    let mut rows: Vec<Vec<f64>> =
        ends.into_iter().map(|end| end.into_iter().chain([1.0]).collect()).collect();
    for column in 0..axes {
        let pivot =
            (column..axes).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        if rows[pivot][column].abs() < 1e-12 {
            return None;
        }
        rows.swap(column, pivot);
        let own = rows[column].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            if at != column {
                let factor = row[column] / own[column];
                row.iter_mut().zip(&own).for_each(|(x, y)| *x -= factor * y);
            }
        }
    }
    let normal: Vec<f64> = (0..axes).map(|axis| rows[axis][axes] / rows[axis][axis]).collect();
    normal.iter().all(|x| *x > 0.0).then_some(normal)
}
