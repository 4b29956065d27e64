//! The volume that a set of points dominates.

use super::dominance::nondominated;

/// The volume dominated by `costs` up to `reference`: of the union of the boxes between each point and
/// the reference. Points not better than the reference on every axis add nothing; nor does an empty set.
///
/// One and two axes by a sorted sweep; more by the exclusive volumes of the points one by one (While, Bradstreet
/// and Barone 2012), exact, exponential in the number of axes and meant for tens of points.
#[must_use]
pub fn hypervolume(costs: &[Vec<f64>], reference: &[f64]) -> f64 {
    let inside: Vec<Vec<f64>> = costs
        .iter()
        .filter(|point| {
            assert_eq!(point.len(), reference.len(), "costs on the axes of the reference");
            point.iter().zip(reference).all(|(cost, end)| cost < end)
        })
        .cloned()
        .collect();
    let mut kept: Vec<Vec<f64>> = nondominated(&inside).into_iter().map(|i| inside[i].clone()).collect();
    // A fixed order of summation, whatever the order of the points.
    kept.sort_by(|a, b| {
        a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    kept.dedup();
    volume(&kept, reference)
}

/// Of sorted, distinct, mutually nondominated points inside the reference.
fn volume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    match (points, reference) {
        ([], _) => 0.0,
        (_, []) => 1.0,
        ([first, ..], [end]) => end - first[0],
        (_, [end_x, end_y]) => {
            let mut bottom = *end_y;
            let mut sum = 0.0;
            for point in points {
                sum += (end_x - point[0]) * (bottom - point[1]);
                bottom = point[1];
            }
            sum
        }
        _ => points
            .iter()
            .enumerate()
            .map(|(i, point)| {
                let own: f64 = point.iter().zip(reference).map(|(cost, end)| end - cost).product();
                // What the later points dominate of this point's box is not its own.
                let limited: Vec<Vec<f64>> = points[i + 1..]
                    .iter()
                    .map(|other| other.iter().zip(point).map(|(a, b)| a.max(*b)).collect())
                    .collect();
                own - hypervolume(&limited, reference)
            })
            .sum(),
    }
}
