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

use crate::numeric::{cos_sin_of_turns, ln};
use crate::simd::vectorized;

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

impl Streams {
    /// The first draws of many streams at once, the same as [`Stream::uniform`]'s: number `i` of lane `l` is draw `i` of
    /// [`stream`](Self::stream)`(rows[l], restart)`. Lanes beyond `rows` are unspecified.
    ///
    /// `N` is a multiple of 16. Vectors run over streams, which is several times faster than one after the other.
    pub fn uniforms<const N: usize>(&self, rows: &[u32], restart: u32, draws: &mut [[f32; N]]) {
        assert!(rows.len() <= N && N.is_multiple_of(SIDE), "at most {N} streams, in vectors of {SIDE}");
        let mut key = [0_u32; 8];
        for (word, bytes) in key.iter_mut().zip(self.key.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        for (first, rows) in (0..N).step_by(SIDE).zip(rows.chunks(SIDE)) {
            let mut streams = [0; SIDE];
            streams[..rows.len()].copy_from_slice(rows);
            for (number, draws) in draws.chunks_mut(WORDS).enumerate() {
                vectorized(
                    #[inline(always)]
                    || {
                        let words = chacha8(&key, number as u64, &streams, restart);
                        for (draws, words) in draws.iter_mut().zip(&words) {
                            for (draw, word) in draws[first..first + SIDE].iter_mut().zip(words) {
                                *draw = (word >> 8) as f32 * (1.0 / 16_777_216.0);
                            }
                        }
                    },
                );
            }
        }
    }
}

impl Streams {
    /// Standard normal numbers from many streams at once (Box and Muller 1958), in single precision: numbers `2k` and `2k + 1` of lane `l` are made from
    /// draws `2k` and `2k + 1` of [`uniforms`](Self::uniforms).
    ///
    /// `normals` has an even length. No number is beyond 5.77, which a normal one is with probability 10⁻⁸: draws have 24 bits.
    pub fn normals<const N: usize>(&self, rows: &[u32], restart: u32, normals: &mut [[f32; N]]) {
        assert!(normals.len().is_multiple_of(2), "normal numbers are made in pairs");
        self.uniforms(rows, restart, normals);
        vectorized(
            #[inline(always)]
            || {
                for pair in normals.as_chunks_mut::<2>().0 {
                    let [first, second] = pair;
                    for (first, second) in first.iter_mut().zip(second) {
                        let radius = (-2.0 * ln(1.0 - *first)).sqrt();
                        let (cosine, sine) = cos_sin_of_turns(*second);
                        (*first, *second) = (radius * cosine, radius * sine);
                    }
                }
            },
        );
    }
}

/// Streams side by side in [`Streams::uniforms`].
const SIDE: usize = 16;

/// Words of a `ChaCha` block.
const WORDS: usize = 16;

/// Block `number` of [`SIDE`] streams: word by word, each for all streams (Bernstein 2008, with 8 rounds; counter and stream have 64 bits each, as in `rand_chacha`).
#[inline(always)]
#[allow(clippy::inline_always, reason = "compiled for an instruction set by being inlined")]
fn chacha8(key: &[u32; 8], number: u64, rows: &[u32; SIDE], restart: u32) -> [[u32; SIDE]; WORDS] {
    /// "expand 32-byte k"
    const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
    let mut start = [[0; SIDE]; WORDS];
    for (word, constant) in start.iter_mut().zip(CONSTANTS.iter().chain(key)) {
        *word = [*constant; SIDE];
    }
    start[12] = [number as u32; SIDE];
    start[13] = [(number >> 32) as u32; SIDE];
    start[14] = *rows;
    start[15] = [restart; SIDE];
    let mut state = start;
    // Written out, so that every word has its register.
    for _ in 0..4 {
        quarter_round::<0, 4, 8, 12>(&mut state);
        quarter_round::<1, 5, 9, 13>(&mut state);
        quarter_round::<2, 6, 10, 14>(&mut state);
        quarter_round::<3, 7, 11, 15>(&mut state);
        quarter_round::<0, 5, 10, 15>(&mut state);
        quarter_round::<1, 6, 11, 12>(&mut state);
        quarter_round::<2, 7, 8, 13>(&mut state);
        quarter_round::<3, 4, 9, 14>(&mut state);
    }
    for (word, start) in state.iter_mut().zip(&start) {
        for (word, start) in word.iter_mut().zip(start) {
            *word = word.wrapping_add(*start);
        }
    }
    state
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "compiled for an instruction set by being inlined")]
fn quarter_round<const A: usize, const B: usize, const C: usize, const D: usize>(
    state: &mut [[u32; SIDE]; WORDS],
) {
    add_and_turn::<A, B, D, 16>(state);
    add_and_turn::<C, D, B, 12>(state);
    add_and_turn::<A, B, D, 8>(state);
    add_and_turn::<C, D, B, 7>(state);
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "compiled for an instruction set by being inlined")]
fn add_and_turn<const A: usize, const B: usize, const D: usize, const BITS: u32>(
    state: &mut [[u32; SIDE]; WORDS],
) {
    #[allow(clippy::needless_range_loop, reason = "three words of the state in lockstep")]
    for lane in 0..SIDE {
        state[A][lane] = state[A][lane].wrapping_add(state[B][lane]);
        state[D][lane] = (state[D][lane] ^ state[A][lane]).rotate_left(BITS);
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

    /// −1 or 1, each half of the time.
    pub fn sign(&mut self) -> f32 {
        if self.rng.next_u32() & 1 == 0 { -1.0 } else { 1.0 }
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
    fn many_streams_at_once_draw_what_each_draws_alone() {
        let streams = Seed(5).streams("test");
        let rows: Vec<u32> = (0..37).map(|row| row * 1_000_003).collect();
        for (draws, restart) in [(1, 0), (16, 3), (100, 7)] {
            let mut together = vec![[0.0; 48]; draws];
            streams.uniforms(&rows, restart, &mut together);
            for (lane, row) in rows.iter().enumerate() {
                let mut stream = streams.stream(*row, restart);
                assert!(together.iter().all(|draw| draw[lane].to_bits() == stream.uniform().to_bits()));
            }
        }
    }

    #[test]
    fn many_normal_draws_at_once_are_those_of_the_formula() {
        let streams = Seed(5).streams("test");
        let rows: Vec<u32> = (0..64).collect();
        let (mut uniforms, mut normals) = (vec![[0.0; 64]; 400], vec![[0.0; 64]; 400]);
        streams.uniforms(&rows, 2, &mut uniforms);
        streams.normals(&rows, 2, &mut normals);
        let (mut sum, mut squares) = (0.0, 0.0);
        for (uniforms, normals) in uniforms.as_chunks::<2>().0.iter().zip(normals.as_chunks::<2>().0) {
            for lane in 0..64 {
                let radius = libm::sqrt(-2.0 * libm::log(1.0 - f64::from(uniforms[0][lane])));
                let angle = std::f64::consts::TAU * f64::from(uniforms[1][lane]);
                for (z, exact) in [radius * libm::cos(angle), radius * libm::sin(angle)].iter().enumerate() {
                    let found = f64::from(normals[z][lane]);
                    assert!((found - exact).abs() < 2e-6, "{found} {exact}");
                    sum += found;
                    squares += found * found;
                }
            }
        }
        let n = 400.0 * 64.0_f64;
        assert!((sum / n).abs() < 4.0 / n.sqrt() && (squares / n - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
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
