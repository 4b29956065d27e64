//! How much an attribution changes near the row (Yeh, Hsieh, Suggala, Inouye and Ravikumar 2019, arXiv 1901.09392).
//!
//! ```text
//! max-sensitivity = max over δ of ‖φ(x + δ) − φ(x)‖ / ‖φ(x)‖
//! ```
//!
//! over neighbors that are uniform within `radius` in every feature, Euclidean lengths. The largest of some draws is a lower bound of the
//! largest of all. The class is the one predicted at the row, at every neighbor.

use crate::seed::Stream;

/// `draws × features` neighbors of `row`; not held in the box of the data.
pub(super) fn neighbors(row: &[f32], draws: u32, radius: f64, stream: &mut Stream) -> Vec<f32> {
    let radius = radius as f32;
    let mut points = Vec::with_capacity(draws as usize * row.len());
    for _ in 0..draws {
        points.extend(row.iter().map(|x| x + stream.uniform_in(-radius, radius)));
    }
    points
}

/// The largest relative change from the attribution `at` the row to those `near` it (`draws × features`); none where the former is 0.
pub(super) fn largest(at: &[f32], near: &[f32]) -> Option<f64> {
    let squares = |of: &mut dyn Iterator<Item = f64>| of.map(|x| x * x).sum::<f64>();
    let length = squares(&mut at.iter().map(|x| f64::from(*x)));
    let moved = near
        .chunks_exact(at.len())
        .map(|near| squares(&mut near.iter().zip(at).map(|(near, at)| f64::from(*near) - f64::from(*at))));
    (length > 0.0).then(|| (moved.fold(0.0, f64::max) / length).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_change_is_relative_to_the_length() {
        // By hand: (3, 4) has length 5; (3, 5) is 1 away, (0, 0) is 5 away.
        assert!((largest(&[3.0, 4.0], &[3.0, 5.0]).unwrap() - 0.2).abs() < 1e-15);
        assert!((largest(&[3.0, 4.0], &[3.0, 5.0, 0.0, 0.0, 3.0, 4.0]).unwrap() - 1.0).abs() < 1e-15);
        assert_eq!(largest(&[0.0, 0.0], &[1.0, 1.0]), None);
    }
}
