//! An attack on the smoothed classifier, so that its certificate stands beside an attack on the same predictor.

use super::{Poll, Settings, Smoothed, top};
use crate::attacks::{Field, Stop, ThreatModel, first_not_finite, not_finite, step, stopped};
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::losses::{Loss, PerLane};
use crate::measure::Norm;
use crate::models::Network;
use crate::models::{Block, LANES};
use crate::numeric::incomplete_beta;
use crate::seed::{Seed, Streams};

/// How to attack the smoothed classifier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttackSettings {
    /// The classifier under attack, and how sure its vote at the attacked point has to be.
    pub smoothing: Settings,
    /// Gradient steps.
    pub steps: u32,
    /// Step size as a fraction of the radius.
    pub step: f64,
    /// Draws per step.
    pub draws: u32,
}

impl AttackSettings {
    /// 20 steps of a tenth of the radius, 64 draws each.
    #[must_use]
    pub fn new(smoothing: Settings) -> Self {
        Self { smoothing, steps: 20, step: 0.1, draws: 64 }
    }
}

/// Attacks the smoothed classifier (`SmoothAdv`, Salman et al. 2019), and returns which rows stand: those that it got right (`answers`) and
/// whose vote at the attacked point, taken with fresh draws, is not shown to be another's.
///
/// Every step climbs the cross-entropy of the mean of the softmax outputs over draws of its own, from the row as it is; the last point counts. There, the
/// first draws name a rival; the row is broken where further ones show that the rival has more votes than the row's class, by the one-sided
/// binomial test at level `alpha` on the votes for either. A row whose vote is a tie or too close to call stands.
///
/// # Errors
///
/// Where a logit or a gradient is not finite, the norm of `threat` is not L2, or `stop` said so.
pub fn attack(
    network: &mut dyn Network,
    rows: &Rows,
    threat: &ThreatModel,
    settings: AttackSettings,
    answers: &Smoothed,
    seed: Seed,
    stop: Stop<'_>,
) -> Result<Vec<bool>> {
    if threat.norm() != Norm::L2 {
        return Err(Error::input(format!(
            "the smoothed classifier is attacked in L2 only, and the threat's norm is {}",
            threat.norm().sign()
        )));
    }
    let Settings { sigma, selection, samples, alpha } = settings.smoothing;
    let mut climber = Climber::new(network, threat, sigma);
    let mut standing = vec![false; rows.len()];
    for (row, (standing, answer)) in standing.iter_mut().zip(&answers.predictions).enumerate() {
        let label = rows.facts.labels[row];
        if *answer != Some(label) {
            continue;
        }
        let number = rows.facts.rows[row];
        climber.climb(rows.row(row), label, number, settings, seed, stop)?;
        let mut point = vec![0.0; threat.features()];
        climber.x.scatter(0, &mut point);
        let streams = seed.streams(&format!("smoothing-attack/votes/row{number}"));
        let poll = &mut climber.poll;
        let rival = top(&poll.votes(&point, number, &streams, 0..selection, stop)?);
        *standing = rival == label || {
            let drawn = selection..selection.saturating_add(samples);
            let votes = poll.votes(&point, number, &streams, drawn, stop)?;
            !has_more(votes[usize::from(rival)], votes[usize::from(label)], alpha)
        };
    }
    Ok(standing)
}

/// Whether `more` votes against `fewer` would come with probability `alpha` at most, were both equally likely.
fn has_more(more: u32, fewer: u32, alpha: f64) -> bool {
    // P(at least `more` of n) for the binomial distribution with share 1/2.
    more > fewer && incomplete_beta(f64::from(more), f64::from(fewer) + 1.0, 0.5) <= alpha
}

struct Climber<'a> {
    poll: Poll<'a>,
    threat: &'a ThreatModel,
    field: Field,
    /// The point under attack, in the first lane.
    x: Block,
    odds: PerLane,
    d_logits: Block,
    d_x: Block,
    /// Sums over draws.
    sums: Vec<f64>,
    gradient: Block,
}

impl<'a> Climber<'a> {
    fn new(network: &'a mut dyn Network, threat: &'a ThreatModel, sigma: f64) -> Self {
        let (features, classes) = (network.architecture().inputs(), network.architecture().classes());
        Self {
            poll: Poll::new(network, sigma),
            threat,
            field: Field::new(features),
            x: Block::new(features),
            odds: [0.0; LANES],
            d_logits: Block::new(classes),
            d_x: Block::new(features),
            sums: vec![0.0; features],
            gradient: Block::new(features),
        }
    }

    /// Leaves the attacked point in `x`.
    fn climb(
        &mut self,
        row: &[f32],
        label: u16,
        number: u32,
        settings: AttackSettings,
        seed: Seed,
        stop: Stop<'_>,
    ) -> Result<()> {
        self.field.clean.gather([row]);
        let Field { clean, lo, hi } = &mut self.field;
        self.threat.windows(clean, lo, hi);
        self.x.gather([row]);
        let streams = seed.streams(&format!("smoothing-attack/steps/row{number}"));
        let size = (settings.step * self.threat.epsilon()) as f32;
        let mut point = row.to_vec();
        for round in 0..settings.steps {
            if stop() {
                return Err(stopped());
            }
            self.x.scatter(0, &mut point);
            self.slope(&point, label, number, settings, round, &streams)?;
            let mut flat = [false; LANES];
            if !step(self.threat, size, &self.gradient, &self.field, &mut self.x, &mut flat) {
                return Err(not_finite("gradients", number));
            }
        }
        Ok(())
    }

    /// A positive multiple of the gradient of `−ln (mean p_y)` over the round's draws.
    ///
    /// With the log-odds `o` against the label and the rivals' shares `s` of one draw, the gradient of its `−p_y` is `p_y (1 − p_y)` times `s` at the rivals
    /// and −1 at the label. Draws are weighed against the one of the largest `p_y (1 − p_y)`, so that nothing vanishes where all are certain.
    fn slope(
        &mut self,
        point: &[f32],
        label: u16,
        number: u32,
        settings: AttackSettings,
        round: u32,
        streams: &Streams,
    ) -> Result<()> {
        let first = round * settings.draws;
        let all: Vec<u32> = (first..first + settings.draws).collect();
        self.sums.fill(0.0);
        let mut heaviest = f64::NEG_INFINITY;
        for draws in all.chunks(LANES) {
            self.poll.ask(point, number, streams, draws)?;
            let labels = [label; LANES];
            Loss::CrossEntropy.climb(&self.poll.logits, &labels, &mut self.odds, &mut self.d_logits);
            let weights = self.odds.map(|odds| {
                let distance = f64::from(odds).abs();
                -distance - 2.0 * libm::log1p(libm::exp(-distance))
            });
            let top = weights[..draws.len()].iter().fold(heaviest, |top, weight| weight.max(top));
            let before = libm::exp(heaviest - top);
            heaviest = top;
            let factors = weights.map(|weight| libm::exp(weight - top) as f32);
            for class in self.d_logits.by_feature_mut() {
                for (entry, factor) in class.iter_mut().zip(&factors) {
                    *entry *= factor;
                }
            }
            self.poll.network.input_gradient(&self.d_logits, &mut self.d_x);
            if first_not_finite(&self.d_x, draws.len()).is_some() {
                return Err(not_finite("gradients", number));
            }
            for (feature, sum) in self.sums.iter_mut().enumerate() {
                let draws = &self.d_x.feature(feature)[..draws.len()];
                *sum = *sum * before + draws.iter().map(|g| f64::from(*g)).sum::<f64>();
            }
        }
        let sums: Vec<f32> = self.sums.iter().map(|sum| *sum as f32).collect();
        self.gradient.gather([sums.as_slice()]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: of 10 votes, 10, 9 and 8 for one side come with probability 1/1024, 11/1024 and 56/1024.
    #[test]
    fn votes_are_weighed_by_the_binomial_test() {
        assert!(has_more(10, 0, 1.0 / 1023.0) && !has_more(10, 0, 1.0 / 1025.0));
        assert!(has_more(9, 1, 11.0 / 1023.0) && !has_more(9, 1, 11.0 / 1025.0));
        assert!(has_more(8, 2, 56.0 / 1023.0) && !has_more(8, 2, 56.0 / 1025.0));
        assert!(!has_more(5, 5, 0.9) && !has_more(0, 0, 0.9));
    }
}
