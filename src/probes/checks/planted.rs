//! The planted-adversarial self-test (Zimmermann et al. 2022, the "binarization test"): can these attacks find, on this model, an
//! adversarial point that is known to be there?
//!
//! Row by row the model keeps all layers but the last. Points within 0.95 of the radius are labeled 0, one point on the sphere 1, and
//! a new last layer with two outputs is fitted that tells them apart, with the boundary close to the one. So an adversarial point
//! exists by construction, hidden behind the model's own features. The same attacks that evaluate the model must find one nearly always,
//! and random points of the ball much less often: else the test was too easy to say anything.
//!
//! The fit is Fisher's linear discriminant with a ridge, in `f64`: one point against a cloud needs no more. A row whose head does not
//! classify every inner point 0 and the planted one 1 is skipped and counted.

use super::bench::logits;
use super::{PLANTED, Settings, Sight, verdict};
use crate::attacks::{Arena, Stop, Suite, ThreatModel, outputs, sample};
use crate::data::{Feature, Rows};
use crate::error::{Error, Result};
use crate::evidence::{Finding, Observation, SplitFacts, UNION};
use crate::measure::Norm;
use crate::models::{Architecture, EngineKind, Layer, Network, Parameters, build};
use crate::seed::Seed;

/// Points labeled 0 per row, the row itself among them.
const INNER: usize = 1000;

/// How far out they lie, as a share of the radius.
const INNER_RADIUS: f64 = 0.95;

/// Where the boundary lies between the outermost inner point's score and the planted point's.
const CLOSENESS: f64 = 0.999;

/// Random points of the ball per row that the attacks are compared with.
const RANDOM: usize = 200;

/// The margin of a row's own score, so that no loss saturates.
const MARGIN: f64 = 10.0;

/// What to test.
pub struct Job<'a> {
    /// The engine that does the arithmetic.
    pub engine: EngineKind,
    /// The model's layers.
    pub architecture: &'a Architecture,
    /// Its weights.
    pub parameters: &'a Parameters,
    /// Rows to plant points around.
    pub rows: &'a Rows,
    /// What may be changed, and how far.
    pub features: &'a [Feature],
    /// How distance is measured.
    pub norm: Norm,
    /// The radius; above 0.
    pub epsilon: f64,
    /// The attacks to test.
    pub suite: &'a Suite,
    /// The replicate's seed.
    pub seed: Seed,
    /// How many of the rows to use.
    pub samples: usize,
    /// Whether to stop early.
    pub stop: Stop<'a>,
}

/// What the self-test found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Rows with a planted point.
    pub planted: usize,
    /// Rows without: no point on the sphere lies in the box, or no last layer tells it apart.
    pub skipped: usize,
    /// Planted rows that the attacks broke.
    pub found: usize,
    /// Planted rows that random points broke.
    pub random: usize,
}

impl Report {
    /// Share of planted rows that the attacks broke; 0 without any.
    #[must_use]
    pub fn success(&self) -> f64 {
        self.found as f64 / self.planted.max(1) as f64
    }

    /// Share of planted rows that random points broke; 0 without any.
    #[must_use]
    pub fn random_success(&self) -> f64 {
        self.random as f64 / self.planted.max(1) as f64
    }

    /// As evidence. It says nothing where nothing could be planted, or where random points find half as much as the attacks.
    #[must_use]
    pub fn observation(&self) -> Observation {
        let Self { planted, skipped, found, random } = self;
        let words = format!(
            "of {planted} planted points (and {skipped} rows skipped) the attacks found {found} and random points {random}"
        );
        let sight = if *planted == 0 {
            Sight::nothing("no point could be planted")
        } else if self.success() >= 0.5 && 2 * random > *found {
            Sight::nothing(format!("{words}: too easy to say anything"))
        } else {
            Sight::number(self.success(), words)
        };
        sight.of(&PLANTED)
    }

    /// The verdict.
    #[must_use]
    pub fn finding(&self, settings: &Settings) -> Finding {
        let observation = self.observation();
        verdict::finding(&PLANTED, &observation.seen, &observation.words, settings)
    }
}

/// Plants, attacks and counts.
///
/// # Errors
///
/// A radius that is not above 0; what the attacks return.
pub fn run(job: &Job<'_>) -> Result<Report> {
    if !(job.epsilon.is_finite() && job.epsilon > 0.0) {
        return Err(Error::input(format!("the self-test needs a radius above 0, got `{}`", job.epsilon)));
    }
    let flags = sample(&job.rows.facts.rows, job.samples);
    let mut garden = Garden::new(job)?;
    let mut report = Report { planted: 0, skipped: 0, found: 0, random: 0 };
    for row in (0..flags.len()).filter(|row| flags[*row]) {
        if (job.stop)() {
            return Err(crate::attacks::stopped());
        }
        if garden.plant(row)? {
            report.planted += 1;
            report.found += usize::from(garden.attacks_find(row)?);
            report.random += usize::from(garden.chance_finds(row));
        } else {
            report.skipped += 1;
        }
    }
    Ok(report)
}

/// The networks that all rows share: the last hidden activations, and the same layers with a head of two outputs.
struct Garden<'a> {
    job: &'a Job<'a>,
    threat: ThreatModel,
    inner: ThreatModel,
    /// Numbers that the last layer is given.
    width: usize,
    hidden: Box<dyn Network>,
    planted: Box<dyn Network>,
    parameters: Parameters,
}

impl<'a> Garden<'a> {
    fn new(job: &'a Job<'a>) -> Result<Self> {
        let width = match job.architecture.layers() {
            [.., Layer::Linear { inputs, .. }] => *inputs,
            _ => return Err(Error::internal("an architecture ends with a linear layer")),
        };
        // An identity as last layer shows what the last layer is given.
        let shown = job.architecture.with_outputs(width);
        let mut parameters = with_hidden_layers(&shown, job.parameters);
        let last = parameters.specs().len() - 2;
        let (weight, _) = parameters.pair_mut(last);
        for unit in 0..width {
            weight[unit * width + unit] = 1.0;
        }
        let hidden = build(job.engine, &shown, &parameters)?;
        let headed = job.architecture.with_outputs(2);
        let parameters = with_hidden_layers(&headed, job.parameters);
        Ok(Self {
            job,
            threat: ThreatModel::new(job.norm, job.epsilon, job.features),
            inner: ThreatModel::new(job.norm, INNER_RADIUS * job.epsilon, job.features),
            width,
            hidden,
            planted: build(job.engine, &headed, &parameters)?,
            parameters,
        })
    }

    /// Fits the head of one row; whether it tells the planted point from all others.
    fn plant(&mut self, row: usize) -> Result<bool> {
        let (clean, number) = (self.job.rows.row(row), self.job.rows.facts.rows[row]);
        let d = clean.len();
        let Some(planted) = self.planted_point(clean, number) else { return Ok(false) };
        let mut points = clean.to_vec();
        let streams = self.job.seed.streams("selftest/inner");
        let mut point = vec![0.0; d];
        for draw in 1..INNER as u32 {
            self.inner.draw_start(clean, &mut streams.stream(number, draw), &mut point);
            points.extend_from_slice(&point);
        }
        points.extend_from_slice(&planted);
        let hidden = logits(self.hidden.as_mut(), &points);
        if !hidden.iter().all(|value| value.is_finite()) {
            return Err(crate::attacks::not_finite("last hidden activations", number));
        }
        let Some(direction) = discriminant(&hidden, self.width) else { return Ok(false) };
        let scores: Vec<f64> = hidden
            .chunks_exact(self.width)
            .map(|hidden| hidden.iter().zip(&direction).map(|(h, w)| f64::from(*h) * w).sum())
            .collect();
        let outermost = scores[..INNER].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let threshold = outermost + CLOSENESS * (scores[INNER] - outermost);
        if !(scores[INNER] > outermost && threshold > scores[0]) {
            return Ok(false);
        }
        let scale = 0.5 * MARGIN / (threshold - scores[0]);
        let last = self.parameters.specs().len() - 2;
        let (weight, bias) = self.parameters.pair_mut(last);
        for (unit, w) in direction.iter().enumerate() {
            weight[unit] = (-scale * w) as f32;
            weight[self.width + unit] = (scale * w) as f32;
        }
        bias[0] = (scale * threshold) as f32;
        bias[1] = (-scale * threshold) as f32;
        self.planted.load(&self.parameters);
        let said = logits(self.planted.as_mut(), &points);
        Ok(said.chunks_exact(2).enumerate().all(|(place, z)| (z[1] > z[0]) == (place == INNER)))
    }

    /// A point at the radius, in box and mask: uniform in the ball, then moved out until it touches the sphere. None where the box
    /// leaves no room.
    fn planted_point(&self, clean: &[f32], number: u32) -> Option<Vec<f32>> {
        let mut stream = self.job.seed.streams("selftest/planted").stream(number, 0);
        let mut point = vec![0.0; clean.len()];
        self.threat.draw_start(clean, &mut stream, &mut point);
        let change: Vec<f64> = point.iter().zip(clean).map(|(p, x)| f64::from(*p) - f64::from(*x)).collect();
        let moved = |factor: f64| -> Vec<f32> {
            let features = clean.iter().zip(&change).enumerate();
            let moved = features.map(|(feature, (x, change))| {
                let (lo, hi) = self.threat.bounds(feature, *x);
                ((f64::from(*x) + factor * change) as f32).clamp(lo, hi)
            });
            moved.collect()
        };
        // The box cuts changes short, so the factor is searched for: the distance grows with it.
        let (mut low, mut high) = (0.0, 1024.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.threat.distance(clean, &moved(middle)) <= self.job.epsilon * (1.0 - 1e-6) {
                low = middle;
            } else {
                high = middle;
            }
        }
        let point = moved(low);
        (self.threat.distance(clean, &point) >= 0.99 * self.job.epsilon).then_some(point)
    }

    /// Whether the suite breaks the row under its planted head.
    fn attacks_find(&mut self, row: usize) -> Result<bool> {
        let facts = &self.job.rows.facts;
        let rows = Rows {
            x: self.job.rows.row(row).to_vec(),
            facts: std::sync::Arc::new(SplitFacts {
                split: facts.split,
                rows: vec![facts.rows[row]],
                labels: vec![0],
                classes: vec!["inner".to_owned(), "planted".to_owned()],
                positive: None,
                attributes: Vec::new(),
                units: None,
            }),
        };
        let clean = outputs(self.planted.as_mut(), &rows)?;
        let mut arena = Arena {
            network: self.planted.as_mut(),
            rows: &rows,
            clean: &clean,
            features: self.job.features,
            constraints: None,
            norm: self.job.norm,
            epsilons: &[self.job.epsilon],
            seed: self.job.seed,
            stop: self.job.stop,
        };
        let mut fell = false;
        self.job.suite.run(&mut arena, false, &mut |bout| {
            fell |= bout.facts.attack == UNION && !bout.facts.standing[0];
            Ok(())
        })?;
        Ok(fell)
    }

    /// Whether a random point of the ball does.
    fn chance_finds(&mut self, row: usize) -> bool {
        let (clean, number) = (self.job.rows.row(row), self.job.rows.facts.rows[row]);
        let streams = self.job.seed.streams("selftest/random");
        let (mut points, mut point) = (Vec::with_capacity(RANDOM * clean.len()), vec![0.0; clean.len()]);
        for draw in 0..RANDOM as u32 {
            self.threat.draw_start(clean, &mut streams.stream(number, draw), &mut point);
            points.extend_from_slice(&point);
        }
        logits(self.planted.as_mut(), &points).chunks_exact(2).any(|z| z[1] > z[0])
    }
}

/// Weights of `architecture`, which differs from that of `from` in its last layer alone: the last layer's are 0.
fn with_hidden_layers(architecture: &Architecture, from: &Parameters) -> Parameters {
    let mut parameters = Parameters::zeros(architecture);
    for index in 0..parameters.specs().len() - 2 {
        parameters.tensor_mut(index).copy_from_slice(from.tensor(index));
    }
    parameters
}

/// Fisher's discriminant between the cloud of all rows of `hidden` but the last, and the last: `(S + ridge)⁻¹ (last − mean)`.
///
/// `hidden` is `n × width`. None where the last row is the mean.
fn discriminant(hidden: &[f32], width: usize) -> Option<Vec<f64>> {
    /// Of the mean variance: features that never vary among the inner points must not decide alone.
    const RIDGE: f64 = 1e-3;
    let (cloud, last) = hidden.split_at(hidden.len() - width);
    let n = (cloud.len() / width) as f64;
    let mut mean = vec![0.0_f64; width];
    for row in cloud.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(mean, h)| *mean += f64::from(*h) / n);
    }
    let mut spread = vec![0.0_f64; width * width];
    let mut centered = vec![0.0_f64; width];
    for row in cloud.chunks_exact(width) {
        centered.iter_mut().zip(row.iter().zip(&mean)).for_each(|(c, (h, mean))| *c = f64::from(*h) - mean);
        for (i, a) in centered.iter().enumerate().filter(|(_, a)| **a != 0.0) {
            let line = &mut spread[i * width..=i * width + i];
            line.iter_mut().zip(&centered).for_each(|(s, b)| *s += a * b / n);
        }
    }
    let variance = (0..width).map(|i| spread[i * width + i]).sum::<f64>() / width as f64;
    if variance <= 0.0 {
        return None;
    }
    for i in 0..width {
        spread[i * width + i] += RIDGE * variance;
    }
    let difference: Vec<f64> = last.iter().zip(&mean).map(|(h, mean)| f64::from(*h) - mean).collect();
    difference.iter().any(|d| *d != 0.0).then(|| solve(spread, difference))
}

/// Solves `a x = b` for a symmetric positive definite `a` (its lower triangle, row-major) by Cholesky's factorization.
fn solve(mut a: Vec<f64>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let (head, tail) = a.split_at_mut(i * n);
            let (line_i, line_j) =
                if j == i { (&tail[..i], &tail[..i]) } else { (&tail[..j], &head[j * n..j * n + j]) };
            let dot: f64 = line_i.iter().zip(line_j).map(|(x, y)| x * y).sum();
            let rest = tail[j] - dot;
            tail[j] = if i == j { rest.sqrt() } else { rest / head[j * n + j] };
        }
    }
    for i in 0..n {
        let dot: f64 = a[i * n..i * n + i].iter().zip(&b).map(|(l, x)| l * x).sum();
        b[i] = (b[i] - dot) / a[i * n + i];
    }
    for i in (0..n).rev() {
        b[i] /= a[i * n + i];
        let solved = b[i];
        for (j, x) in b[..i].iter_mut().enumerate() {
            *x -= a[i * n + j] * solved;
        }
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: [[4, 2], [2, 3]] x = [10, 9] has x = [1.5, 2].
    #[test]
    fn a_small_system_is_solved() {
        let x = solve(vec![4.0, f64::NAN, 2.0, 3.0], vec![10.0, 9.0]);
        assert!((x[0] - 1.5).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12, "{x:?}");
    }

    /// By hand: the cloud (±2, 0), (0, ±1) has variances 2 and 0.5, ridge 0.001 · 1.25; the last row is (2, 2).
    #[test]
    fn the_discriminant_weighs_a_difference_by_its_rarity() {
        let hidden = [2.0, 0.0, -2.0, 0.0, 0.0, 1.0, 0.0, -1.0, 2.0, 2.0];
        let w = discriminant(&hidden, 2).unwrap();
        assert!((w[0] - 2.0 / 2.001_25).abs() < 1e-12 && (w[1] - 2.0 / 0.501_25).abs() < 1e-12, "{w:?}");
    }
}
