//! Ranks, and correlation by them (Spearman 1904).

/// The ranks of some numbers, centered; numbers that tie share the mean of their ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    centered: Vec<f64>,
    squares: f64,
}

impl Ranks {
    /// The ranks of finite numbers; none where all are one number, 0 and −0 being one.
    #[must_use]
    pub fn of(values: &[f32]) -> Option<Self> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        let value = |index: usize| values[index] + 0.0;
        order.sort_by(|a, b| value(*a).total_cmp(&value(*b)));
        let middle = (values.len() as f64 - 1.0) / 2.0;
        let mut centered = vec![0.0; values.len()];
        let mut first = 0;
        for tied in order.chunk_by(|a, b| value(*a).to_bits() == value(*b).to_bits()) {
            let rank = first as f64 + (tied.len() as f64 - 1.0) / 2.0 - middle;
            for index in tied {
                centered[*index] = rank;
            }
            first += tied.len();
        }
        let squares: f64 = centered.iter().map(|rank| rank * rank).sum();
        (squares > 0.0).then_some(Self { centered, squares })
    }

    /// Spearman's rank correlation of as many numbers, −1 to 1.
    #[must_use]
    pub fn correlation(&self, other: &Self) -> f64 {
        assert_eq!(self.centered.len(), other.centered.len(), "ranks of as many numbers");
        let products: f64 = self.centered.iter().zip(&other.centered).map(|(a, b)| a * b).sum();
        products / (self.squares * other.squares).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn correlation(a: &[f32], b: &[f32]) -> f64 {
        Ranks::of(a).unwrap().correlation(&Ranks::of(b).unwrap())
    }

    /// The first by hand, 1 − 6 Σ d² / (n (n² − 1)) with d = (1, −1, 0, 0); the last two by SciPy 1.17.1, `scipy.stats.spearmanr`.
    #[test]
    fn correlations_are_those_of_the_formula_and_of_scipy() {
        assert!((correlation(&[1.0, 2.0, 3.0, 4.0], &[20.0, 10.0, 30.0, 40.0]) - 0.8).abs() < 1e-15);
        assert!((correlation(&[0.5, -1.0, 2.0], &[5.0, 0.0, 9.0]) - 1.0).abs() < 1e-15);
        assert!((correlation(&[0.5, -1.0, 2.0], &[-5.0, 0.0, -9.0]) + 1.0).abs() < 1e-15);
        for (a, b, expected) in SCIPY {
            let found = correlation(&a, &b);
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
    }

    const SCIPY: [([f32; 6], [f32; 6], f64); 2] = [
        ([1.0, 1.0, 2.0, 3.0, 3.0, 3.0], [2.0, 1.0, 1.0, 5.0, 4.0, 4.0], 0.810_443_200_858_753_4),
        ([0.0, -0.0, 1.0, -1.0, 0.25, 0.25], [0.0, 0.0, -3.0, 2.0, 1.0, 1.0], -0.515_151_515_151_515_1),
    ];

    #[test]
    fn what_does_not_vary_has_no_ranks() {
        assert_eq!(Ranks::of(&[2.0, 2.0]), None);
        assert_eq!(Ranks::of(&[0.0, -0.0, 0.0]), None);
        assert_eq!(Ranks::of(&[]), None);
    }
}
