//! Randomized smoothing (Cohen, Rosenfeld and Kolter 2019): the majority vote of a model under Gaussian noise, and the radius
//! around each row within which that vote is certified.
//!
//! The smoothed classifier's class at `x` is the one that the model gives most often to `x + N(0, σ² I)`. Noise goes to every feature, also
//! to those that no adversary may change, and is not clipped to the box: the theorem is about the whole space, and thus about every
//! threat inside it. With `p` the share of that class, it is the same within an L2 radius of `σ Φ⁻¹(p)`; `p` is bounded from below by
//! draws that had no part in picking the class.
//!
//! Draws are keyed by data-set row. They are rounded to single precision, which the theorem knows nothing of.

mod attack;

use crate::attacks::{Stop, first_not_finite, not_finite, predictions, stopped};
use crate::data::Rows;
use crate::error::Result;
use crate::models::{Block, LANES, Network};
use crate::numeric::{beta_quantile, normal_quantile};
use crate::seed::{Seed, Streams};
use crate::simd::vectorized;

pub use attack::{AttackSettings, attack};

/// How to smooth and how sure to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Standard deviation of the noise.
    pub sigma: f64,
    /// Draws that pick the class.
    pub selection: u32,
    /// Draws that estimate its share.
    pub samples: u32,
    /// The probability with which each row's answer may be wrong.
    pub alpha: f64,
}

impl Settings {
    /// The largest radius that any row can be certified at: that of a row all of whose draws agree, `σ Φ⁻¹(α^(1/n))`; 0 where the draws are
    /// too few to certify anything.
    #[must_use]
    pub fn reach(&self) -> f64 {
        let share = share_at_least(self.samples, self.samples, self.alpha);
        if share > 0.5 { self.sigma * normal_quantile(share) } else { 0.0 }
    }
}

/// What the smoothed classifier said.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// Per row the class, or none where it abstains.
    pub predictions: Vec<Option<u16>>,
    /// Per row the L2 radius within which the prediction is certified; 0 where it abstains.
    pub radius: Vec<f64>,
}

/// Certifies every row.
///
/// # Errors
///
/// Where a logit is not finite, or `stop` said so.
pub fn certify(
    network: &mut dyn Network,
    rows: &Rows,
    settings: Settings,
    seed: Seed,
    stop: Stop<'_>,
) -> Result<Smoothed> {
    let Settings { sigma, selection, samples, alpha } = settings;
    let mut poll = Poll::new(network, sigma);
    let mut smoothed = Smoothed { predictions: Vec::new(), radius: Vec::new() };
    for row in 0..rows.len() {
        let number = rows.facts.rows[row];
        let streams = seed.streams(&format!("smoothing/row{number}"));
        let picked = top(&poll.votes(rows.row(row), number, &streams, 0..selection, stop)?);
        let drawn = selection..selection.saturating_add(samples);
        let hits = poll.votes(rows.row(row), number, &streams, drawn, stop)?[usize::from(picked)];
        let share = share_at_least(hits, samples, alpha);
        let certain = share > 0.5;
        smoothed.predictions.push(certain.then_some(picked));
        smoothed.radius.push(if certain { sigma * normal_quantile(share) } else { 0.0 });
    }
    Ok(smoothed)
}

/// The largest share that a class with `hits` of `n` draws has with probability `1 − alpha` at least (Clopper and Pearson 1934, one-sided).
fn share_at_least(hits: u32, n: u32, alpha: f64) -> f64 {
    if hits == 0 { 0.0 } else { beta_quantile(alpha, f64::from(hits), f64::from(n - hits) + 1.0) }
}

/// The class with the most votes; the lowest on ties.
fn top(votes: &[u32]) -> u16 {
    let most = votes.iter().max();
    votes.iter().position(|votes| Some(votes) == most).unwrap_or(0) as u16
}

/// The model under noise: one point, many draws.
struct Poll<'a> {
    network: &'a mut dyn Network,
    sigma: f32,
    noise: Vec<[f32; LANES]>,
    x: Block,
    logits: Block,
}

impl<'a> Poll<'a> {
    fn new(network: &'a mut dyn Network, sigma: f64) -> Self {
        let (features, classes) = (network.architecture().inputs(), network.architecture().classes());
        Self {
            sigma: sigma as f32,
            noise: vec![[0.0; LANES]; features.next_multiple_of(2)],
            x: Block::new(features),
            logits: Block::new(classes),
            network,
        }
    }

    /// Logits of up to [`LANES`] noisy copies of `point`, from the streams numbered by `draws`.
    fn ask(&mut self, point: &[f32], number: u32, streams: &Streams, draws: &[u32]) -> Result<()> {
        streams.normals(draws, 0, &mut self.noise);
        self.x.set_rows(draws.len());
        vectorized(
            #[inline(always)]
            || {
                for ((x, noise), point) in self.x.by_feature_mut().iter_mut().zip(&self.noise).zip(point) {
                    for (x, noise) in x.iter_mut().zip(noise) {
                        *x = point + self.sigma * noise;
                    }
                }
            },
        );
        self.network.forward(&self.x, &mut self.logits);
        match first_not_finite(&self.logits, draws.len()) {
            Some(_) => Err(not_finite("logits", number)),
            None => Ok(()),
        }
    }

    /// How often each class was predicted.
    fn votes(
        &mut self,
        point: &[f32],
        number: u32,
        streams: &Streams,
        draws: std::ops::Range<u32>,
        stop: Stop<'_>,
    ) -> Result<Vec<u32>> {
        let mut votes = vec![0; self.logits.features()];
        let all: Vec<u32> = draws.collect();
        for draws in all.chunks(LANES) {
            if stop() {
                return Err(stopped());
            }
            self.ask(point, number, streams, draws)?;
            for class in &predictions(&self.logits)[..draws.len()] {
                votes[usize::from(*class)] += 1;
            }
        }
        Ok(votes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy 1.17: `beta.ppf(0.001, hits, n - hits + 1)`, what `proportion_confint(hits, n, alpha=0.002, method="beta")` has for its lower end.
    #[test]
    fn shares_match_scipy() {
        for (hits, n, expected) in SCIPY {
            let found = share_at_least(hits, n, 0.001);
            assert!((found - expected).abs() < 1e-12, "{hits} of {n}: {found}, not {expected}");
        }
        assert!(share_at_least(0, 10, 0.001) <= 0.0);
    }

    /// mpmath 1.3 with 30 digits, `0.25 * findroot(lambda x: ncdf(x) - 0.001 ** (1 / 2000), 2.7)`; with n = 9 and α = 0.001 the share is 0.464, below a half.
    #[test]
    fn no_row_is_certified_beyond_the_reach() {
        let settings = Settings { sigma: 0.25, selection: 100, samples: 2000, alpha: 0.001 };
        assert!((settings.reach() - REACH).abs() < 1e-12, "{}", settings.reach());
        assert!(Settings { samples: 9, ..settings }.reach() <= 0.0);
    }

    const REACH: f64 = 0.675_458_239_509_313_7;

    const SCIPY: [(u32, u32, f64); 4] = [
        (60, 100, 0.440_984_265_221_299_4),
        (100, 100, 0.933_254_300_796_991),
        (9990, 10_000, 0.997_588_308_032_568_3),
        (5200, 10_000, 0.504_501_848_879_179_9),
    ];
}
