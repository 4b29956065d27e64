//! What an attack found, row by row.

use crate::evidence::{EvasionFacts, Outputs};
use crate::losses::log_odds_against;
use crate::measure::Norm;
use crate::models::{Block, LANES};

/// What one attack has found on `n` rows so far, in balls up to the current radius.
///
/// Two points are kept per row and never the last iterate: the first that was misclassified, and the one
/// with the largest cross-entropy. Rows that were wrong already keep the clean row at both.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub(crate) features: usize,
    pub(crate) classes: usize,
    /// `n` flags: classified correctly on the clean row.
    pub(crate) correct: Vec<bool>,
    /// `n` flags: still classified correctly at every point tried.
    pub(crate) standing: Vec<bool>,
    /// `n` distances of the first success; 0 where wrong already, infinite where standing.
    pub(crate) distance: Vec<f32>,
    /// `n × features`: the first success; the clean row where there is none.
    pub(crate) first_point: Vec<f32>,
    pub(crate) first: Outputs,
    /// `n × features`: the point of the largest cross-entropy; the clean row where nothing larger was found.
    pub(crate) worst_point: Vec<f32>,
    pub(crate) worst: Outputs,
    /// `n` log-odds against the true class at `worst_point`.
    pub(crate) worst_odds: Vec<f32>,
}

impl Found {
    /// Nothing tried yet: the clean rows (`x`: `n × features`) with their clean outputs.
    ///
    /// With an empty `x`, points are not kept: for the union of attacks, where only outputs matter.
    #[must_use]
    pub fn new(x: &[f32], labels: &[u16], clean: &Outputs) -> Self {
        let n = labels.len();
        let (features, classes) = (x.len() / n.max(1), clean.logits.len() / n.max(1));
        let correct: Vec<bool> = labels.iter().zip(&clean.predictions).map(|(y, p)| y == p).collect();
        let distance = correct.iter().map(|correct| if *correct { f32::INFINITY } else { 0.0 }).collect();
        Self {
            features,
            classes,
            standing: correct.clone(),
            correct,
            distance,
            first_point: x.to_vec(),
            first: clean.clone(),
            worst_point: x.to_vec(),
            worst: clean.clone(),
            worst_odds: odds(labels, clean, classes),
        }
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.standing.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }

    /// `n` flags: still classified correctly at every point tried.
    #[must_use]
    pub fn standing(&self) -> &[bool] {
        &self.standing
    }

    /// The first misclassified point found for `row` (the clean row where it was wrong already), where there is one.
    #[must_use]
    pub fn first_success(&self, row: usize) -> Option<&[f32]> {
        (!self.standing[row]).then(|| &self.first_point[row * self.features..(row + 1) * self.features])
    }

    /// The point of the largest cross-entropy found for `row`, the clean row included.
    #[must_use]
    pub fn max_loss(&self, row: usize) -> &[f32] {
        &self.worst_point[row * self.features..(row + 1) * self.features]
    }

    /// Rows that the attack is to work on: those still standing, or all that were right on the clean row.
    pub(crate) fn queue(&self, also_fallen: bool) -> Vec<u32> {
        let flags = if also_fallen { &self.correct } else { &self.standing };
        (0..self.len() as u32).filter(|row| flags[*row as usize]).collect()
    }

    /// `row` was misclassified at `point`; keeps the first such point only.
    pub(crate) fn falls(
        &mut self,
        row: usize,
        distance: f64,
        point: &[f32],
        logits: &[f32],
        prediction: u16,
    ) {
        if self.standing[row] {
            self.standing[row] = false;
            self.distance[row] = distance as f32;
            self.first_point[row * self.features..(row + 1) * self.features].copy_from_slice(point);
            self.first.logits[row * self.classes..(row + 1) * self.classes].copy_from_slice(logits);
            self.first.predictions[row] = prediction;
        }
    }

    /// `row` has log-odds `odds` at `point`; kept where larger than before.
    pub(crate) fn climbs(&mut self, row: usize, odds: f32, point: &[f32], logits: &[f32]) {
        if odds > self.worst_odds[row] {
            self.worst_odds[row] = odds;
            self.worst_point[row * self.features..(row + 1) * self.features].copy_from_slice(point);
            self.worst.logits[row * self.classes..(row + 1) * self.classes].copy_from_slice(logits);
            self.worst.predictions[row] = largest(logits);
        }
    }

    /// As evidence.
    #[must_use]
    pub fn facts(&self, attack: &str, protocol: &str, norm: Norm, epsilon: f64, exact: bool) -> EvasionFacts {
        let mut first_success = self.first.clone();
        for row in (0..self.len()).filter(|row| self.standing[*row]) {
            copy_row(&self.worst, row, &mut first_success, self.classes);
        }
        EvasionFacts {
            attack: attack.to_owned(),
            protocol: protocol.to_owned(),
            norm,
            epsilon,
            exact,
            standing: self.standing.clone(),
            distance: self.distance.clone(),
            first_success,
            max_loss: self.worst.clone(),
        }
    }

    /// Merges what another attack found on the same rows: a row stands if it stands under both; the nearer success and
    /// the larger cross-entropy are kept (this one's on ties). Points are taken over unless this keeps none.
    pub fn unite(&mut self, other: &Self) {
        let (d, k) = (self.features, self.classes);
        for row in 0..self.len() {
            if other.distance[row] < self.distance[row] {
                self.standing[row] = false;
                self.distance[row] = other.distance[row];
                self.first_point[row * d..(row + 1) * d]
                    .copy_from_slice(&other.first_point[row * d..(row + 1) * d]);
                copy_row(&other.first, row, &mut self.first, k);
            }
            if other.worst_odds[row] > self.worst_odds[row] {
                self.worst_odds[row] = other.worst_odds[row];
                self.worst_point[row * d..(row + 1) * d]
                    .copy_from_slice(&other.worst_point[row * d..(row + 1) * d]);
                copy_row(&other.worst, row, &mut self.worst, k);
            }
        }
    }
}

fn copy_row(from: &Outputs, row: usize, to: &mut Outputs, classes: usize) {
    let span = row * classes..(row + 1) * classes;
    to.logits[span.clone()].copy_from_slice(&from.logits[span]);
    to.predictions[row] = from.predictions[row];
}

/// The class of the largest logit; the lowest on ties.
pub(crate) fn largest(logits: &[f32]) -> u16 {
    let mut best = 0;
    for class in 1..logits.len() {
        if logits[class] > logits[best] {
            best = class;
        }
    }
    best as u16
}

/// Log-odds against the true class at the given outputs.
fn odds(labels: &[u16], outputs: &Outputs, classes: usize) -> Vec<f32> {
    let (mut block, mut scratch, mut values) = (Block::new(classes), Block::new(classes), [0.0; LANES]);
    let mut odds = Vec::with_capacity(labels.len());
    for (labels, logits) in labels.chunks(LANES).zip(outputs.logits.chunks(LANES * classes.max(1))) {
        block.gather(logits.chunks_exact(classes));
        log_odds_against(&block, labels, &mut values, &mut scratch);
        odds.extend_from_slice(&values[..labels.len()]);
    }
    odds
}
