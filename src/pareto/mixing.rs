//! What drawing one of two models by lot attains.

/// A point that a mixture of two others beats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    /// The point.
    pub point: usize,
    /// The two that are drawn from: the one with less security, the one with more.
    pub of: (usize, usize),
    /// How often the second is drawn, between 0 and 1, so that the mixture has as much security as the point.
    pub share: f64,
    /// How much safer the mixture is, above 0.
    pub gain: f64,
}

/// The corners of the upper convex hull of `(security, safety)`, more is better on both: from the safest point (of equals the most secure) to the most secure
/// (of equals the safest), security rising and safety falling. Indices into `points`; points on a side are no corners. By Andrew's monotone chain,
/// `O(n log n)`.
///
/// Accuracy and robust accuracy of a model drawn by lot are the means of those of the models, so that every place on the hull is attained. Of means that were estimated the
/// hull is biased outward: it is a maximum of noise (pareto sheet, 2.7).
#[must_use]
pub fn hull(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    // From the right, of equals the safest first.
    order.sort_by(|a, b| {
        let ((x, y), (u, v)) = (points[*a], points[*b]);
        u.total_cmp(&x).then(v.total_cmp(&y)).then(a.cmp(b))
    });
    let mut corners: Vec<usize> = Vec::new();
    for at in order {
        let (x, y) = points[at];
        // Only what is safer than everything to its right.
        if corners.last().is_some_and(|last| y <= points[*last].1) {
            continue;
        }
        while let [.., a, b] = corners[..] {
            let ((ax, ay), (bx, by)) = (points[a], points[b]);
            // The middle one stays where the way to the new one turns to the left behind it.
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0.0 {
                break;
            }
            corners.pop();
        }
        corners.push(at);
    }
    corners.reverse();
    corners
}

/// Those of `points` that no other is at least as good as on both axes and yet lie below the hull, with the mixture of its corners that is as secure.
#[must_use]
pub fn beaten(points: &[(f64, f64)], corners: &[usize]) -> Vec<Mixture> {
    let is_dominated =
        |(x, y): (f64, f64)| points.iter().any(|(u, v)| *u >= x && *v >= y && (*u > x || *v > y));
    let mixture = |(at, (x, y)): (usize, &(f64, f64))| {
        let side = corners.windows(2).find(|side| points[side[0]].0 <= *x && *x <= points[side[1]].0)?;
        let ((low, upper), (high, lower)) = (points[side[0]], points[side[1]]);
        let share = (x - low) / (high - low);
        let gain = upper + share * (lower - upper) - y;
        let is_below = !corners.contains(&at) && gain > 0.0 && share > 0.0 && share < 1.0;
        is_below.then_some(Mixture { point: at, of: (side[0], side[1]), share, gain })
    };
    points.iter().enumerate().filter(|(_, place)| !is_dominated(**place)).filter_map(mixture).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: between (0, 1) and (1, 0.5) the line has 0.75 at 0.5; 0.7 is below it. (0.8, 0.9) lies above all.
    #[test]
    fn the_hull_of_four_points_by_hand() {
        let bent = [(0.0, 1.0), (0.5, 0.7), (0.8, 0.9), (1.0, 0.5)];
        assert_eq!(hull(&bent), [0, 2, 3]);
        let sagging = [(0.0, 1.0), (0.5, 0.7), (1.0, 0.5), (0.4, 0.6)];
        assert_eq!(hull(&sagging), [0, 2]);
        // The fourth is dominated by the second, so that it is beaten without any mixing.
        let found = beaten(&sagging, &[0, 2]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].point, found[0].of), (1, (0, 2)));
        assert!((found[0].share - 0.5).abs() < 1e-15 && (found[0].gain - 0.05).abs() < 1e-15, "{found:?}");
    }

    #[test]
    fn ends_are_the_best_on_each_axis_and_equal_points_count_once() {
        // (0.1, 0.9) is as safe as (0.3, 0.9) and less secure; (0.9, 0.1) likewise against (0.9, 0.2).
        let points = [(0.1, 0.9), (0.3, 0.9), (0.9, 0.1), (0.9, 0.2), (0.3, 0.9)];
        assert_eq!(hull(&points), [1, 3]);
        assert!(beaten(&points, &[1, 3]).is_empty());
        assert_eq!(hull(&[(0.5, 0.5)]), [0]);
        assert!(hull(&[]).is_empty());
    }

    #[test]
    fn points_on_a_side_are_no_corners() {
        assert_eq!(hull(&[(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)]), [0, 2]);
        assert!(beaten(&[(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)], &[0, 2]).is_empty());
    }
}
