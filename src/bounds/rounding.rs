//! How far computed sums are from exact ones.
//!
//! A sum of `n` rounded products and numbers, added in any order, with or without fused multiply-add, is off by at most
//! `γₙ Σ|terms|`, `γₙ = n u / (1 − n u)` (Higham 2002, 3.1), where `u` is half the distance of neighboring numbers near 1.

/// Single precision, in which the model is evaluated.
const SINGLE: f64 = 1.0 / 16_777_216.0;
/// Double precision, in which bounds are computed.
const DOUBLE: f64 = 1.0 / 9_007_199_254_740_992.0;
/// For the rounding of bounds on rounding.
const SPARE: f64 = 1.0 + 1.0 / 1_048_576.0;
/// Beyond this size a sum in single precision may overflow.
pub(super) const LARGEST: f64 = 1e38;

/// `γₙ`, infinite where it is not defined.
fn gamma(n: usize, unit: f64) -> f64 {
    let share = n as f64 * unit;
    if share < 0.5 { share / (1.0 - share) } else { f64::INFINITY }
}

/// `γₙ` of our own arithmetic.
pub(super) fn double(n: usize) -> f64 {
    gamma(n, DOUBLE) * SPARE
}

/// What rounding may add to a number, at most: `relative · Σ|terms| + absolute`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounding {
    relative: f64,
    absolute: f64,
}

impl Rounding {
    /// Of an affine layer whose outputs are sums of `terms` products and a bias, and whose inputs each enter `uses` outputs: of the
    /// model's evaluation and of ours, forward and backward.
    pub(super) fn of(terms: usize, uses: usize) -> Self {
        let relative = gamma(terms + 2, SINGLE) + gamma(4 * (terms.max(uses) + 16), DOUBLE);
        // Products and sums below the smallest normal number, even where they are flushed to zero.
        let absolute = 2.0 * (terms + 2) as f64 * f64::from(f32::MIN_POSITIVE);
        Self { relative: relative * SPARE, absolute }
    }

    /// For an output whose terms' absolute values sum up to `size`.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    pub(super) fn at(self, size: f64) -> f64 {
        self.relative * size + self.absolute
    }
}

/// Center and radius of an interval that contains `[low, high]`, whatever is lost in computing them.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
pub(super) fn around(low: f64, high: f64) -> (f64, f64) {
    let center = 0.5 * (low + high);
    let (above, below) = (high - center, center - low);
    let radius = if above > below { above } else { below };
    (center, radius * (1.0 + 4.0 * DOUBLE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// Sums of single-precision products in both orders, with and without fused multiply-add, against double precision; the error of
    /// the latter is 10⁻⁹ of the bound.
    #[test]
    fn sums_in_single_precision_stay_within_the_bound() {
        let mut stream = Seed(1).stream("test");
        for terms in [1, 7, 64, 500] {
            let rounding = Rounding::of(terms, 1);
            for _ in 0..200 {
                let draw = |stream: &mut crate::seed::Stream| stream.uniform_in(-2.0, 2.0);
                let pairs: Vec<(f32, f32)> =
                    (0..terms).map(|_| (draw(&mut stream), draw(&mut stream))).collect();
                let bias = draw(&mut stream);
                let product = |(a, b): &(f32, f32)| f64::from(*a) * f64::from(*b);
                let exact = f64::from(bias) + pairs.iter().map(product).sum::<f64>();
                let size = f64::from(bias.abs()) + pairs.iter().map(|pair| product(pair).abs()).sum::<f64>();
                let plain = pairs.iter().fold(bias, |sum, (a, b)| sum + a * b);
                let fused = pairs.iter().rev().fold(bias, |sum, (a, b)| a.mul_add(*b, sum));
                for sum in [plain, fused] {
                    assert!((f64::from(sum) - exact).abs() <= rounding.at(size), "{terms} terms");
                }
            }
        }
    }

    #[test]
    fn an_interval_lies_within_its_center_and_radius() {
        let mut stream = Seed(2).stream("test");
        for _ in 0..10_000 {
            let low = stream.normal() * 1e3;
            let high = low + stream.uniform_f64() * 1e-9;
            let (center, radius) = around(low, high);
            // Exact by Sterbenz's lemma, or up to what the factor covers.
            assert!(high - center <= radius && center - low <= radius);
        }
    }
}
