//! The ratio of two means with an honest interval.

/// Fieller's confidence set for a ratio of two means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ratio {
    /// `[low, high]`: the denominator is distinguishable from 0.
    Between {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// `(−∞, high]`.
    AtMost {
        /// The end.
        high: f64,
    },
    /// `[low, ∞)`.
    AtLeast {
        /// The end.
        low: f64,
    },
    /// `(−∞, below] ∪ [above, ∞)`: the numerator is distinguishable from 0, the denominator is not.
    Outside {
        /// End of the lower ray.
        below: f64,
        /// Start of the upper ray.
        above: f64,
    },
    /// Every number: neither is distinguishable from 0.
    Anything,
}

/// The set of ratios `numerator / denominator` that a t test does not reject (Fieller 1954).
///
/// `covariance` is of the two *means*: `[var(numerator), cov, var(denominator)]`; `t` the two-sided
/// quantile. The set is `{ρ : (a − ρb)² ≤ t²(v₁₁ − 2ρv₁₂ + ρ²v₂₂)}`, a quadratic inequality in ρ.
#[must_use]
pub fn fieller(numerator: f64, denominator: f64, covariance: [f64; 3], t: f64) -> Ratio {
    let t2 = t * t;
    let [v11, v12, v22] = covariance;
    let square = denominator * denominator - t2 * v22;
    let middle = numerator * denominator - t2 * v12;
    let constant = numerator * numerator - t2 * v11;
    // square·ρ² − 2·middle·ρ + constant ≤ 0.
    if square == 0.0 {
        if middle == 0.0 {
            return Ratio::Anything;
        }
        let end = constant / (2.0 * middle);
        return if middle > 0.0 { Ratio::AtLeast { low: end } } else { Ratio::AtMost { high: end } };
    }
    let discriminant = middle * middle - square * constant;
    if square > 0.0 {
        // With square > 0 the ratio of the means itself satisfies the inequality; rounding may leave −0.
        let root = discriminant.max(0.0).sqrt();
        return Ratio::Between { low: (middle - root) / square, high: (middle + root) / square };
    }
    if discriminant <= 0.0 {
        return Ratio::Anything;
    }
    let root = discriminant.sqrt();
    Ratio::Outside { below: (middle + root) / square, above: (middle - root) / square }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: a = 2, b = 4, v₁₁ = 0.25, v₁₂ = 0, v₂₂ = 1, t = 2 give 12ρ² − 16ρ + 3 ≤ 0,
    /// so ρ = (16 ± √(256 − 144)) / 24 = (4 ± √7) / 6.
    #[test]
    fn a_clear_denominator_gives_the_hand_worked_interval() {
        let Ratio::Between { low, high } = fieller(2.0, 4.0, [0.25, 0.0, 1.0], 2.0) else {
            panic!("bounded")
        };
        assert!((low - (4.0 - 7.0_f64.sqrt()) / 6.0).abs() < 1e-14);
        assert!((high - (4.0 + 7.0_f64.sqrt()) / 6.0).abs() < 1e-14);
    }

    /// By hand: a = 4, b = 1, v₁₁ = v₂₂ = 1, t = 2 give −3ρ² − 8ρ + 12 ≤ 0, so outside (−4 ± 2√13) / 3.
    #[test]
    fn an_unclear_denominator_gives_the_outside_of_an_interval() {
        let Ratio::Outside { below, above } = fieller(4.0, 1.0, [1.0, 0.0, 1.0], 2.0) else {
            panic!("outside")
        };
        assert!((below - (-4.0 - 2.0 * 13.0_f64.sqrt()) / 3.0).abs() < 1e-14);
        assert!((above - (-4.0 + 2.0 * 13.0_f64.sqrt()) / 3.0).abs() < 1e-14);
    }

    #[test]
    fn two_unclear_means_say_nothing_and_the_edge_is_a_half_line() {
        assert_eq!(fieller(0.1, 0.1, [1.0, 0.0, 1.0], 2.0), Ratio::Anything);
        // b² = t²v₂₂: −2·(3·2)ρ + 9 − 4 ≤ 0.
        assert_eq!(fieller(3.0, 2.0, [1.0, 0.0, 1.0], 2.0), Ratio::AtLeast { low: 5.0 / 12.0 });
        assert_eq!(fieller(-3.0, 2.0, [1.0, 0.0, 1.0], 2.0), Ratio::AtMost { high: -5.0 / 12.0 });
    }
}
