//! What a report says of models beside their metrics: attack by attack, how training ended, at which temperature probabilities are, what abstention does at
//! every threshold, and which differences one seed can tell.

use super::present::Present;
use crate::evidence::{Evidence, UNION};
use crate::experiment::Candidate;
use crate::measure::{AttackKey, MetricKey, Norm};
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

/// Two models of one seed on the same rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Index of the point.
    pub point: usize,
    /// The point that it is compared with: the lowest strength of its defense.
    pub reference: usize,
    /// Which accuracy.
    pub key: MetricKey,
    /// Rows of which only the point's model is right.
    pub gained: u64,
    /// Rows of which only the reference is right.
    pub lost: u64,
    /// `McNemar`'s exact probability of so unequal numbers where the models are equally accurate.
    pub p: f64,
    /// The same after Holm's correction over all pairs in this accuracy.
    pub adjusted: f64,
}

/// Row by row whether a model is right; nothing where that may not be stated.
type Right<'a> = &'a dyn Fn(&Evidence) -> Option<Vec<bool>>;

/// The models of one point that can be judged, by seed.
fn models<'a>(study: &Study, evidence: &'a [CellEvidence], point: usize) -> Vec<(u64, &'a Evidence)> {
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

/// With one seed alone there are no intervals; but of two models on the same rows it can be told whether one is right on more of them (`McNemar` 1947). Every model that its training ended with beside
/// that of the lowest strength of its defense, in accuracy and in what stands under the `primary` attack; empty with several seeds.
pub(super) fn pairs(study: &Study, evidence: &[CellEvidence], primary: &AttackKey) -> Vec<Pair> {
    let points = &study.points;
    if points.iter().any(|point| point.seeds.len() > 1) {
        return Vec::new();
    }
    let last = Candidate::Last.word();
    let compared: Vec<(usize, usize)> = (0..points.len())
        .filter(|point| points[*point].model == last && points[*point].degenerate.is_none())
        .filter_map(|point| {
            let alike = |other: &usize| {
                points[*other].model == last && points[*other].defense == points[point].defense
            };
            let first = (0..points.len())
                .filter(alike)
                .min_by(|a, b| points[*a].strength.total_cmp(&points[*b].strength));
            first.filter(|first| *first != point).map(|first| (point, first))
        })
        .collect();
    let clean = |model: &Evidence| -> Option<Vec<bool>> {
        let pairs = model.clean.predictions.iter().zip(&model.facts.labels);
        Some(pairs.map(|(said, label)| said == label).collect())
    };
    let attacked = |model: &Evidence| -> Option<Vec<bool>> {
        let is_primary = |facts: &&crate::evidence::EvasionFacts| {
            facts.attack == UNION && AttackKey::new(&facts.protocol, facts.norm, facts.epsilon) == *primary
        };
        let facts = model.evasion.iter().find(is_primary).filter(|_| model.withheld().is_none())?;
        Some(facts.standing.clone())
    };
    let robust = MetricKey { attack: Some(primary.clone()), ..MetricKey::plain("robust_accuracy") };
    let mut all = Vec::new();
    let questions: [(MetricKey, Right<'_>); 2] =
        [(MetricKey::plain("accuracy"), &clean), (robust, &attacked)];
    for (key, right) in questions {
        let mut family = Vec::new();
        for &(point, reference) in &compared {
            let of = |point| models(study, evidence, point).first().and_then(|(_, model)| right(model));
            let (Some(own), Some(other)) = (of(point), of(reference)) else { continue };
            let only = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && !**b).count() as u64;
            let (gained, lost) = (only(&own, &other), only(&other, &own));
            let p = stats::mcnemar(gained, lost);
            family.push(Pair { point, reference, key: key.clone(), gained, lost, p, adjusted: p });
        }
        let adjusted = stats::holm(&family.iter().map(|pair| pair.p).collect::<Vec<_>>());
        for (pair, adjusted) in family.iter_mut().zip(adjusted) {
            pair.adjusted = adjusted;
        }
        all.extend(family);
    }
    all
}
