//! What a report says of models beside their metrics: attack by attack, how training ended, at which temperature probabilities are, and what abstention does at
//! every threshold.

use super::present::Present;
use crate::evidence::Evidence;
use crate::measure::{MetricKey, Norm};
use crate::metrics::{self, AbstentionCurve};
use crate::points::{CellEvidence, Point, Study};
use crate::stats;
use crate::training::{self, Trend};

/// The share of test rows that still stand against one attack, mean over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Index of the point.
    pub point: usize,
    /// The attack's name; [`UNION`](crate::evidence::UNION) for the worst case over all.
    pub attack: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Radius of the threat model.
    pub epsilon: f64,
    /// 0 to 1.
    pub share: f64,
    /// Whether the attack finds the exact worst case.
    pub exact: bool,
}

/// How the training of one cell ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// Index of the point.
    pub point: usize,
    /// The replicate.
    pub seed: u64,
    /// The end and its trend.
    pub trend: Trend,
}

/// Attack by attack: the share of rows still standing, mean over seeds.
pub(super) fn standing(study: &Study, evidence: &[CellEvidence]) -> Vec<Standing> {
    let mut rows = Vec::new();
    for (index, point) in study.points.iter().enumerate() {
        let cells: Vec<&Evidence> = evidence
            .iter()
            .filter(|cell| cell.coordinates == point.coordinates && cell.model == point.model)
            .filter_map(|cell| cell.outcome.as_deref().ok())
            .collect();
        let Some(first) = cells.first() else { continue };
        for (position, facts) in first.evasion.iter().enumerate() {
            let shares = cells.iter().map(|evidence| {
                let standing = &evidence.evasion[position].standing;
                standing.iter().filter(|stands| **stands).count() as f64 / standing.len().max(1) as f64
            });
            rows.push(Standing {
                point: index,
                attack: facts.attack.clone(),
                norm: facts.norm,
                epsilon: facts.epsilon,
                share: shares.sum::<f64>() / cells.len() as f64,
                exact: facts.exact,
            });
        }
    }
    rows
}

/// Training is one per cell; its ending stands with the point of the `model` that the front is about.
pub(super) fn endings(study: &Study, cells: &[&Present<'_>], model: &str) -> Vec<Ending> {
    let mut endings = Vec::new();
    for present in cells {
        let Some(trend) = training::trend(&present.record.convergence) else { continue };
        let own = |point: &Point| point.model == model && point.coordinates == present.cell.coordinates;
        let point = study.points.iter().position(own);
        endings.extend(point.map(|point| Ending { point, seed: present.cell.seed, trend }));
    }
    endings.sort_by_key(|ending| (ending.point, ending.seed));
    endings
}

/// What the logits of one point's models are divided by.
#[derive(Debug, Clone, PartialEq)]
pub struct Temperature {
    /// Index of the point.
    pub point: usize,
    /// (replicate, temperature), ascending.
    pub per_seed: Vec<(u64, f64)>,
    /// What it changes on test rows, without attack: metric, mean over seeds of the undivided logits, and of the divided ones.
    pub changes: Vec<(&'static str, f64, f64)>,
}

/// Metrics that tell what a temperature changed.
const CHANGED: [&str; 2] = ["ece_15", "nll"];

/// What abstention does against the attacks at every threshold, at one seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Abstention {
    /// Index of the point.
    pub point: usize,
    /// The replicate.
    pub seed: u64,
    /// The curve under one attack.
    pub curve: AbstentionCurve,
}

/// The models of one point that can be judged, by seed.
pub(super) fn models<'a>(
    study: &Study,
    evidence: &'a [CellEvidence],
    point: usize,
) -> Vec<(u64, &'a Evidence)> {
    let point = &study.points[point];
    let own =
        evidence.iter().filter(|cell| cell.coordinates == point.coordinates && cell.model == point.model);
    let mut own: Vec<(u64, &Evidence)> =
        own.filter_map(|cell| Some((cell.seed, cell.outcome.as_deref().ok()?))).collect();
    own.sort_by_key(|(seed, _)| *seed);
    own
}

/// The temperatures that were fitted; empty where none was asked for.
pub(super) fn temperatures(study: &Study, evidence: &[CellEvidence]) -> Vec<Temperature> {
    let of = |point| {
        let own = models(study, evidence, point);
        let per_seed: Vec<(u64, f64)> =
            own.iter().filter_map(|(seed, model)| Some((*seed, model.temperature?))).collect();
        (!per_seed.is_empty()).then(|| Temperature { point, per_seed, changes: changes(&own) })
    };
    (0..study.points.len()).filter_map(of).collect()
}

/// Calibration and likelihood on test rows before and after the division; a metric that some model has not is left out.
fn changes(models: &[(u64, &Evidence)]) -> Vec<(&'static str, f64, f64)> {
    let both: Vec<[_; 2]> = models
        .iter()
        .map(|(_, model)| {
            [None, model.temperature].map(|temperature| {
                let plain = Evidence::of(model.facts.clone(), model.clean.clone());
                metrics::measure(&Evidence { temperature, ..plain }, None)
            })
        })
        .collect();
    let mean = |id: &str, at: usize| {
        let values: Option<Vec<f64>> =
            both.iter().map(|both| both[at].get(&MetricKey::plain(id))?.value.get()).collect();
        stats::mean(&values?)
    };
    CHANGED.iter().filter_map(|id| Some((*id, mean(id, 0)?, mean(id, 1)?))).collect()
}

/// The curves of every model under every attack.
pub(super) fn abstentions(study: &Study, evidence: &[CellEvidence]) -> Vec<Abstention> {
    let mut all = Vec::new();
    for point in 0..study.points.len() {
        for (seed, model) in models(study, evidence, point) {
            let curves = metrics::abstention_curves(model).into_iter();
            all.extend(curves.map(|curve| Abstention { point, seed, curve }));
        }
    }
    all
}
