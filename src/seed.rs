//! Randomness: a [`Seed`] opens named streams, and a stream is the same
//! whatever else was drawn, in whatever order, on however many threads.
//!
//! `ChaCha8` is keyed by hash(seed, purpose); the stream number is chosen by
//! (data-set row, restart). Strength is not part of the key: the same seed means
//! the same draws at every strength, so that strengths are compared pairwise.
//! Normal draws use `libm`, never the standard library, whose results differ between
//! platforms.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The seed of one replicate (or of a split); opens independent named streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The streams of one purpose, such as `"init"`, `"order/epoch3"` or `"attack/pgd"`.
    #[must_use]
    pub fn streams(self, purpose: &str) -> Streams {
        let mut hash = Sha256::new();
        hash.update(b"equipoise stream v1\0");
        hash.update(self.0.to_le_bytes());
        hash.update(purpose.as_bytes());
        Streams { key: hash.finalize().into() }
    }

    /// The only stream of a purpose that has just one.
    #[must_use]
    pub fn stream(self, purpose: &str) -> Stream {
        self.streams(purpose).stream(0, 0)
    }
}

/// All streams of one seed and purpose, one for each (row, restart).
#[derive(Debug, Clone)]
pub struct Streams {
    key: [u8; 32],
}

impl Streams {
    /// The stream of data-set row `row` (its number in the whole data set, not in a batch) and `restart`.
    #[must_use]
    pub fn stream(&self, row: u32, restart: u32) -> Stream {
        let mut rng = ChaCha8Rng::from_seed(self.key);
        rng.set_stream((u64::from(restart) << 32) | u64::from(row));
        Stream { rng, spare: None }
    }
}

/// One stream of draws.
#[derive(Debug, Clone)]
pub struct Stream {
    rng: ChaCha8Rng,
    spare: Option<f64>,
}

impl Stream {
    /// Uniform on `[0, 1)`, 24 bits.
    pub fn uniform(&mut self) -> f32 {
        (self.rng.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform on `[low, high)`.
    pub fn uniform_in(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Uniform on `[0, 1)`, 53 bits.
    pub fn uniform_f64(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Standard normal (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform_f64()));
        let angle = std::f64::consts::TAU * self.uniform_f64();
        self.spare = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// Uniform on `0..n` without bias (rejection). `n` must be at least 1.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "a range to draw from is not empty");
        let limit = u64::MAX - u64::MAX % n;
        loop {
            let draw = self.rng.next_u64();
            if draw < limit {
                return draw % n;
            }
        }
    }

    /// A uniformly drawn permutation of `0..n` (Fisher and Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        for last in (1..n).rev() {
            let other = self.below(last as u64 + 1) as usize;
            order.swap(last, other);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_purpose_row_and_restart() {
        let draw = |seed: u64, purpose: &str, row, restart| {
            Seed(seed).streams(purpose).stream(row, restart).uniform_f64()
        };
        let base = draw(0, "init", 0, 0);
        assert_eq!(base.to_bits(), draw(0, "init", 0, 0).to_bits());
        for other in
            [draw(1, "init", 0, 0), draw(0, "order", 0, 0), draw(0, "init", 1, 0), draw(0, "init", 0, 1)]
        {
            assert_ne!(base.to_bits(), other.to_bits());
        }
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let mut stream = Seed(7).stream("test");
        let draws: Vec<f64> = (0..40_000).map(|_| stream.normal()).collect();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|z| (z - mean) * (z - mean)).sum::<f64>() / n;
        assert!(mean.abs() < 4.0 / n.sqrt(), "mean {mean}");
        assert!((variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "variance {variance}");
    }

    #[test]
    fn a_permutation_holds_every_row_once() {
        let mut order = Seed(3).stream("test").permutation(1000);
        order.sort_unstable();
        assert!(order.iter().enumerate().all(|(i, row)| i as u32 == *row));
    }
}
