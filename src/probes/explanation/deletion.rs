//! What becomes of the class's probability as features are taken away (Petsiuk, Das and Saenko 2018, arXiv 1806.07421, and Blücher, Vielhaben and
//! Strodthoff 2024, arXiv 2401.06654).
//!
//! Features are replaced by the baseline in chunks. *Deletion* takes the most important first: the lower the area under the curve, the
//! better the attribution. *Insertion* begins with the baseline and puts the most important back first: the higher the better. It is the
//! curve of taking the least important first, read backwards, so the two areas' difference is the symmetric relevance gain of Blücher et al.,
//! area(least first) − area(most first): 0 on average for a random ranking.

use super::model::{Asked, Model};
use crate::error::Result;

/// Areas under the two curves, each over the share of features taken away, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Areas {
    /// The most important first.
    pub(super) deletion: f64,
    /// The least important first.
    pub(super) insertion: f64,
}

/// Takes the features of `row` away in the `order` given (most important first) and in the reverse one.
pub(super) fn areas(
    model: &mut Model<'_>,
    row: &[f32],
    baseline: &[f32],
    order: &[u32],
    chunks: u32,
    asked: Asked,
) -> Result<Areas> {
    let counts = counts(row.len(), chunks as usize);
    let mut points = Vec::with_capacity(2 * counts.len() * row.len());
    for backwards in [false, true] {
        let mut point = row.to_vec();
        let mut taken = 0;
        for count in &counts {
            for place in taken..*count {
                let feature = order[if backwards { row.len() - 1 - place } else { place }] as usize;
                point[feature] = baseline[feature];
            }
            taken = *count;
            points.extend_from_slice(&point);
        }
    }
    let probabilities = model.probabilities(&points, asked)?;
    let (deletion, insertion) = probabilities.split_at(counts.len());
    Ok(Areas { deletion: area(&counts, deletion), insertion: area(&counts, insertion) })
}

/// How many features are gone after each step: from 0 to all, in at most `chunks` steps as equal as whole numbers can be.
fn counts(features: usize, chunks: usize) -> Vec<usize> {
    let chunks = chunks.min(features);
    (0..=chunks).map(|step| step * features / chunks).collect()
}

/// The trapezoids between the steps.
fn area(counts: &[usize], values: &[f64]) -> f64 {
    let all = counts[counts.len() - 1] as f64;
    let trapezoid = |(counts, values): (&[usize], &[f64])| {
        (counts[1] - counts[0]) as f64 / all * 0.5 * (values[0] + values[1])
    };
    counts.windows(2).zip(values.windows(2)).map(trapezoid).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 0, 3 and 7 of 7 features gone; values 1, 0.5, 0 give 3/7 · 0.75 + 4/7 · 0.25.
    #[test]
    fn areas_are_those_worked_by_hand() {
        assert_eq!(counts(7, 2), [0, 3, 7]);
        assert_eq!(counts(3, 20), [0, 1, 2, 3]);
        let found = area(&counts(7, 2), &[1.0, 0.5, 0.0]);
        assert!((found - (3.0 * 0.75 + 4.0 * 0.25) / 7.0).abs() < 1e-15, "{found}");
        assert!((area(&counts(3, 3), &[0.7; 4]) - 0.7).abs() < 1e-15, "a constant is its own area");
    }
}
