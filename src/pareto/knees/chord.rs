//! The farthest from the line between the ends.

use super::{Knee, STRAIGHT, largest};
use crate::pareto::costs::Costs;

/// The member farthest from the plane through the front's ends, on the better side of it (Das 1999): for two axes, the line between them. The end along an axis is the member
/// whose worst cost on the other axes is the least. `None` where none is farther than 0.01, where there is no such plane, or fewer than three members.
#[must_use]
pub fn chord(front: &Costs<'_>) -> Option<Knee> {
    if front.axes() < 2 || front.len() < 3 || front.rows().flatten().any(|x| !x.is_finite()) {
        return None;
    }
    let ends = ends(front);
    let depths: Option<Vec<f64>> = if let [last, first] = ends[..] {
        let line = [front.row(first), front.row(last)];
        front.rows().map(|row| before_line(line, row)).collect()
    } else {
        before_plane(front, &ends)
    };
    largest(depths?.into_iter().enumerate()).filter(|knee| knee.size > STRAIGHT)
}

/// The ends of a front, one along each axis: the row whose worst cost on the other axes is the least; of such rows the one with the least sum of costs.
pub(in crate::pareto) fn ends(front: &Costs<'_>) -> Vec<usize> {
    let best = best(front);
    let end = |axis: usize| {
        let excess = |at: usize| front.row(at).iter().zip(&best).map(|(x, best)| x - best);
        let others = |at: usize| {
            let others = excess(at).enumerate().filter(|(other, _)| *other != axis);
            others.map(|(_, x)| x).fold(0.0, f64::max)
        };
        let sum = |at: usize| excess(at).sum::<f64>();
        (0..front.len()).min_by(|a, b| others(*a).total_cmp(&others(*b)).then(sum(*a).total_cmp(&sum(*b))))
    };
    (0..front.axes()).filter_map(end).collect()
}

/// The signed distance of a place from the line through two ends of a front on two axes, first the one that is best on the first axis; positive on the better side. `None` where
/// the ends are one place.
pub(in crate::pareto) fn before_line([first, last]: [&[f64]; 2], place: &[f64]) -> Option<f64> {
    let (dx, dy) = (last[0] - first[0], last[1] - first[1]);
    let length = (dx * dx + dy * dy).sqrt();
    let cross = dx * (place[1] - first[1]) - dy * (place[0] - first[0]);
    (length > 0.0).then(|| -cross / length)
}

/// How far each row lies before the plane through the ends.
fn before_plane(front: &Costs<'_>, ends: &[usize]) -> Option<Vec<f64>> {
    let best = best(front);
    let from_best =
        |at: usize| front.row(at).iter().zip(&best).map(|(x, best)| x - best).collect::<Vec<f64>>();
    let normal = normal(ends.iter().map(|end| from_best(*end)).collect())?;
    let length = normal.iter().map(|x| x * x).sum::<f64>().sqrt();
    let depth = |at: usize| {
        let along: f64 = from_best(at).iter().zip(&normal).map(|(x, n)| x * n).sum();
        (1.0 - along) / length
    };
    Some((0..front.len()).map(depth).collect())
}

/// The least cost on each axis.
fn best(front: &Costs<'_>) -> Vec<f64> {
    (0..front.axes()).map(|axis| front.rows().map(|row| row[axis]).fold(f64::INFINITY, f64::min)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the line from (0, 1) to (1, 0) is x + y = 1; (0.2, 0.2) lies 0.6 / √2 before it.
    #[test]
    fn the_distance_is_positive_on_the_better_side() {
        let ends: [&[f64]; 2] = [&[0.0, 1.0], &[1.0, 0.0]];
        assert!((before_line(ends, &[0.2, 0.2]).unwrap() - 0.6 / 2.0_f64.sqrt()).abs() < 1e-15);
        assert!((before_line(ends, &[0.7, 0.7]).unwrap() + 0.4 / 2.0_f64.sqrt()).abs() < 1e-15);
        assert_eq!(before_line([&[0.5, 0.5], &[0.5, 0.5]], &[0.2, 0.2]), None);
    }
}
