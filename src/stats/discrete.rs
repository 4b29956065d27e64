//! Draws from discrete distributions by inversion, the most probable values first.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::seed::Stream;

/// ln n! for whole `n ≥ 0`.
fn ln_factorial(n: f64) -> f64 {
    /// Counts of rows are mostly below, and asked for a thousand times each.
    const KNOWN: usize = 1 << 15;
    static ALL: OnceLock<Vec<f64>> = OnceLock::new();
    let of = |n: f64| libm::lgamma(n + 1.0);
    if n >= 0.0 && n < KNOWN as f64 && n.fract() == 0.0 {
        return ALL.get_or_init(|| (0..KNOWN).map(|n| of(n as f64)).collect())[n as usize];
    }
    of(n)
}

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// The value at which the probabilities, summed from the mode outward on both sides, pass a uniform draw.
///
/// `up(k)` is P(k + 1) / P(k). About one standard deviation of steps on average.
fn from_mode(
    stream: &mut Stream,
    (least, mode, most): (f64, f64, f64),
    at_mode: f64,
    up: impl Fn(f64) -> f64,
) -> f64 {
    let mut left = stream.uniform_f64() - at_mode;
    let (mut low, mut high) = (mode, mode);
    let (mut p_low, mut p_high) = (at_mode, at_mode);
    let mut last = mode;
    while left > 0.0 && (low > least || high < most) {
        if high < most {
            p_high *= up(high);
            high += 1.0;
            left -= p_high;
            last = high;
            if left <= 0.0 {
                return high;
            }
        }
        if low > least {
            low -= 1.0;
            p_low /= up(low);
            left -= p_low;
            last = low;
        }
        // Beyond rounding nothing is left to draw from.
        if p_low + p_high < 1e-300 {
            return mode;
        }
    }
    last
}

/// Successes among `n` independent trials of probability `p`; `n` whole and at least 0, `p` from 0 to 1.
pub(super) fn binomial(stream: &mut Stream, n: f64, p: f64) -> f64 {
    if p <= 0.0 || n <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return n;
    }
    let mode = ((n + 1.0) * p).floor().min(n);
    let at_mode = libm::exp(ln_choose(n, mode) + mode * libm::log(p) + (n - mode) * libm::log1p(-p));
    from_mode(stream, (0.0, mode, n), at_mode, |k| (n - k) / (k + 1.0) * p / (1.0 - p))
}

/// Draws of fixed size without replacement from a fixed number of rows, of which now more and now fewer are marked.
#[derive(Debug, Clone)]
pub(super) struct Hypergeometric {
    all: f64,
    draws: f64,
    /// The probability of the mode by how many are marked: what takes most of a draw, and comes again.
    at_mode: BTreeMap<u64, f64>,
}

impl Hypergeometric {
    /// `draws` drawn from `all`; both whole, none below 0.
    pub(super) fn new(all: f64, draws: f64) -> Self {
        Self { all, draws, at_mode: BTreeMap::new() }
    }

    /// How many of those drawn are marked, where `marked` of all are; whole, from 0 to all.
    pub(super) fn draw(&mut self, stream: &mut Stream, marked: f64) -> f64 {
        let (all, draws) = (self.all, self.draws);
        let (least, most) = ((draws + marked - all).max(0.0), draws.min(marked));
        if least >= most {
            return least;
        }
        let mode = ((draws + 1.0) * (marked + 1.0) / (all + 2.0)).floor().clamp(least, most);
        let others = all - marked;
        let at_mode = *self.at_mode.entry(marked.to_bits()).or_insert_with(|| {
            libm::exp(ln_choose(marked, mode) + ln_choose(others, draws - mode) - ln_choose(all, draws))
        });
        from_mode(stream, (least, mode, most), at_mode, |k| {
            (marked - k) * (draws - k) / ((k + 1.0) * (others - draws + k + 1.0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// Mean and variance of 40,000 draws within five standard errors of the textbook's.
    fn looks_like(mut draw: impl FnMut(&mut Stream) -> f64, mean: f64, variance: f64) {
        let mut stream = Seed(3).stream("test");
        let n = 40_000.0;
        let draws: Vec<f64> = (0..40_000).map(|_| draw(&mut stream)).collect();
        let found = draws.iter().sum::<f64>() / n;
        let spread = draws.iter().map(|x| (x - found) * (x - found)).sum::<f64>() / n;
        assert!((found - mean).abs() <= 5.0 * (variance / n).sqrt(), "{found}, not {mean}");
        assert!((spread / variance - 1.0).abs() < 0.06, "{spread}, not {variance}");
    }

    #[test]
    fn binomial_draws_have_the_mean_and_the_variance() {
        for (n, p) in [(1.0, 0.3), (30.0, 0.8), (500.0, 0.01), (16_281.0, 0.24)] {
            looks_like(|stream| binomial(stream, n, p), n * p, n * p * (1.0 - p));
        }
        let mut stream = Seed(3).stream("test");
        assert!(binomial(&mut stream, 9.0, 0.0) <= 0.0 && binomial(&mut stream, 9.0, 1.0) >= 9.0);
    }

    #[test]
    fn hypergeometric_draws_have_the_mean_and_the_variance() {
        for (all, marked, draws) in [(12.0, 5.0, 4.0), (100.0, 90.0, 50.0), (10_000.0, 2_400.0, 3_300.0)] {
            let p = marked / all;
            let variance = draws * p * (1.0 - p) * (all - draws) / (all - 1.0);
            let mut from = Hypergeometric::new(all, draws);
            looks_like(|stream| from.draw(stream, marked), draws * p, variance);
        }
        let mut stream = Seed(3).stream("test");
        let mut from = Hypergeometric::new(9.0, 4.0);
        assert!(from.draw(&mut stream, 9.0) >= 4.0);
        assert!(from.draw(&mut stream, 0.0) <= 0.0);
    }

    /// What was drawn before changes no draw.
    #[test]
    fn a_draw_is_the_same_whatever_was_drawn_before() {
        let (mut one, mut other) = (Seed(3).stream("test"), Seed(3).stream("test"));
        let mut from = Hypergeometric::new(500.0, 120.0);
        for i in 0..200 {
            let marked = f64::from(100 + i % 7);
            let fresh = Hypergeometric::new(500.0, 120.0).draw(&mut other, marked);
            assert_eq!(from.draw(&mut one, marked).to_bits(), fresh.to_bits());
        }
    }
}
