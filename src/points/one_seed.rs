//! Which differences between models one seed can tell: the same rows, and no intervals.

use super::{CellEvidence, LAST, Study};
use crate::evidence::{EvasionFacts, Evidence, UNION};
use crate::measure::{AttackKey, MetricKey};
use crate::stats;

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

/// The model of a point that can be judged.
fn model<'a>(study: &Study, evidence: &'a [CellEvidence], point: usize) -> Option<&'a Evidence> {
    let point = &study.points[point];
    let own = |cell: &&CellEvidence| cell.coordinates == point.coordinates && cell.model == point.model;
    evidence.iter().filter(own).find_map(|cell| cell.outcome.as_deref().ok())
}

/// With one seed alone there are no intervals; but of two models on the same rows it can be told whether one is right on more of them (`McNemar` 1947). Every model that its training ended with beside
/// that of the lowest strength of its defense, in accuracy and in what stands under the `primary` attack; empty with several seeds, and where rows belong to units: the test takes them as
/// independent.
#[must_use]
pub fn pairs(study: &Study, evidence: &[CellEvidence], primary: &AttackKey) -> Vec<Pair> {
    let points = &study.points;
    let is_of_units = study.facts().is_some_and(|facts| facts.units.is_some());
    if is_of_units || points.iter().any(|point| point.seeds.len() > 1) {
        return Vec::new();
    }
    let compared: Vec<(usize, usize)> = (0..points.len())
        .filter(|point| points[*point].model == LAST && points[*point].degenerate.is_none())
        .filter_map(|point| {
            let alike = |other: &usize| {
                points[*other].model == LAST && points[*other].defense == points[point].defense
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
        let is_primary = |facts: &&EvasionFacts| {
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
            let of = |point| model(study, evidence, point).and_then(right);
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
