//! What an attack found, row by row.

use std::collections::BTreeMap;

use super::Target;
use crate::evidence::{Effort, EvasionFacts, Outputs};
use crate::losses::log_odds_against;
use crate::measure::Norm;
use crate::models::{Block, LANES};

/// The nearest misclassified points that a minimum-norm attack has found, inside the ball or outside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Near {
    /// `n` flags: searched for.
    searched: Vec<bool>,
    /// `n` distances; infinite where there is none.
    distance: Vec<f64>,
    /// `n × features`.
    point: Vec<f32>,
    outputs: Outputs,
}

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
    /// `n × classes`: what the model says on the clean rows.
    clean_logits: Vec<f32>,
    /// `n × features`: the point of the largest cross-entropy; the clean row where nothing larger was found.
    pub(crate) worst_point: Vec<f32>,
    pub(crate) worst: Outputs,
    /// `n` log-odds against the true class at `worst_point`.
    pub(crate) worst_odds: Vec<f32>,
    /// Whether an attack has been at work already, at this radius or a smaller one.
    pub(crate) attacked: bool,
    /// `n` flags: the attack at work took the row on, at this radius.
    pub(crate) tried: Vec<bool>,
    /// What the attack at work has asked of the model, at this radius.
    pub(crate) effort: Effort,
    /// For attacks that look for the nearest point rather than one in the ball.
    pub(crate) near: BTreeMap<String, Near>,
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
            clean_logits: clean.logits.clone(),
            worst_point: x.to_vec(),
            worst: clean.clone(),
            worst_odds: odds(labels, clean, classes),
            attacked: false,
            tried: vec![false; n],
            effort: Effort::default(),
            near: BTreeMap::new(),
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

    /// An attack begins its work at one radius.
    pub(crate) fn begin(&mut self) {
        self.tried.fill(false);
        self.effort = Effort::default();
    }

    /// Rows that the attack is to work on, marked as tried: those still standing, or all that were right on the clean row.
    pub(crate) fn queue(&mut self, also_fallen: bool, target: &Target<'_>) -> Vec<u32> {
        let flags = if also_fallen { &self.correct } else { &self.standing };
        let wanted = |row: &u32| flags[*row as usize] && target.only.is_none_or(|only| only[*row as usize]);
        let queue: Vec<u32> = (0..self.standing.len() as u32).filter(wanted).collect();
        for row in &queue {
            self.tried[*row as usize] = true;
        }
        queue
    }

    /// Of all rows, the attack at work takes on these alone.
    pub(crate) fn take_on(&mut self, rows: &[u32]) {
        self.tried.fill(false);
        for row in rows {
            self.tried[*row as usize] = true;
        }
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

    /// As [`falls`](Self::falls), where the largest cross-entropy on the way is not kept: the success itself counts as such.
    pub(crate) fn falls_only(
        &mut self,
        row: usize,
        label: u16,
        distance: f64,
        point: &[f32],
        logits: &[f32],
        prediction: u16,
    ) {
        let outputs = Outputs { predictions: vec![prediction], logits: logits.to_vec() };
        let odds = odds(&[label], &outputs, self.classes)[0];
        self.climbs(row, odds, point, logits);
        self.falls(row, distance, point, logits, prediction);
    }

    /// Classes to aim at, `rows × rounds`: those that follow the true class in the order of the clean logits, the lower class
    /// first on ties; and the number of rounds, `most` or what there is.
    pub(crate) fn rivals(&self, labels: &[u16], most: u32) -> (Vec<u16>, u32) {
        let rounds = most.min(self.classes.saturating_sub(1) as u32);
        let mut targets = Vec::with_capacity(self.len() * rounds as usize);
        let mut order: Vec<u16> = Vec::with_capacity(self.classes);
        for (row, label) in labels.iter().enumerate() {
            let logits = &self.clean_logits[row * self.classes..(row + 1) * self.classes];
            order.clear();
            order.extend((0..self.classes as u16).filter(|class| class != label));
            order.sort_by(|a, b| logits[usize::from(*b)].total_cmp(&logits[usize::from(*a)]));
            targets.extend_from_slice(&order[..rounds as usize]);
        }
        (targets, rounds)
    }

    /// A search of `attack` for the nearest success begins on these rows.
    pub(crate) fn search(&mut self, attack: &str, rows: &[u32]) {
        let n = self.len();
        let near = self.near.entry(attack.to_owned()).or_insert_with(|| Near {
            searched: vec![false; n],
            distance: vec![f64::INFINITY; n],
            point: vec![0.0; n * self.features],
            outputs: Outputs { predictions: vec![0; n], logits: vec![0.0; n * self.classes] },
        });
        for row in rows {
            near.searched[*row as usize] = true;
        }
    }

    /// Whether `attack` has searched for the nearest success of `row`.
    pub(crate) fn searched(&self, attack: &str, row: usize) -> bool {
        self.near.get(attack).is_some_and(|near| near.searched[row])
    }

    /// `row` was misclassified at `point`, in the ball or outside; keeps the nearest such point.
    pub(crate) fn nears(
        &mut self,
        attack: &str,
        row: usize,
        distance: f64,
        point: &[f32],
        logits: &[f32],
        prediction: u16,
    ) {
        let near = self.near.get_mut(attack).expect("a search for the nearest point says so first");
        if distance < near.distance[row] {
            near.distance[row] = distance;
            near.point[row * self.features..(row + 1) * self.features].copy_from_slice(point);
            near.outputs.logits[row * self.classes..(row + 1) * self.classes].copy_from_slice(logits);
            near.outputs.predictions[row] = prediction;
        }
    }

    /// Rows that stand although `attack` found a misclassified point within `epsilon`, when the radius was smaller, fall there.
    pub(crate) fn take_near(&mut self, attack: &str, labels: &[u16], epsilon: f64, only: Option<&[bool]>) {
        let Some(near) = self.near.remove(attack) else { return };
        for row in 0..self.len() {
            let asked = only.is_none_or(|only| only[row]);
            if asked && self.standing[row] && near.distance[row] <= epsilon {
                let point = &near.point[row * self.features..(row + 1) * self.features];
                let logits = &near.outputs.logits[row * self.classes..(row + 1) * self.classes];
                self.falls_only(
                    row,
                    labels[row],
                    near.distance[row],
                    point,
                    logits,
                    near.outputs.predictions[row],
                );
            }
        }
        self.near.insert(attack.to_owned(), near);
    }

    /// The distance of the nearest misclassified point that `attack` has found for `row`.
    pub(crate) fn nearest_of(&self, attack: &str, row: usize) -> f64 {
        self.near.get(attack).map_or(f64::INFINITY, |near| near.distance[row])
    }

    /// The nearest misclassified point that `attack` has found for `row`; it must have found one.
    pub(crate) fn nearest_point(&self, attack: &str, row: usize) -> &[f32] {
        &self.near[attack].point[row * self.features..(row + 1) * self.features]
    }

    /// The classes that the model says at the nearest points that `attack` has found, `n`; 0 where it found none.
    pub(crate) fn nearest_classes(&self, attack: &str) -> Vec<u16> {
        self.near[attack].outputs.predictions.clone()
    }

    /// The distance of the nearest misclassified point that a minimum-norm attack has found for `row`, infinite where it
    /// found none or did not try. In the ball of its first radius the search ends with the first such point.
    #[must_use]
    pub fn nearest(&self, row: usize) -> f64 {
        self.near.values().fold(f64::INFINITY, |least, near| least.min(near.distance[row]))
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
            tried: self.tried.clone(),
            effort: self.effort,
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
        self.effort.forwards += other.effort.forwards;
        self.effort.backwards += other.effort.backwards;
        for row in 0..self.len() {
            self.tried[row] |= other.tried[row];
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
