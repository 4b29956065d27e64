//! What the confidences of each point's models come to over its seeds, for reliability diagrams and curves of risk against coverage.

use super::details::models;
use crate::measure::AttackKey;
use crate::metrics::{self, COVERAGES, Diagram};
use crate::points::{CellEvidence, Study};

/// The rows of all seeds whose confidence lies in one of 15 bins of equal width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceBin {
    /// Their share among all rows, 0 to 1.
    pub share: f64,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that is classified correctly.
    pub accuracy: f64,
    /// The same at the worst and at the best seed.
    pub seeds: (f64, f64),
}

/// The risk at one coverage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Risk {
    /// The share of rows that is answered, the most confident first.
    pub coverage: f64,
    /// The share wrong among them, mean over seeds.
    pub risk: f64,
    /// The same at the best and at the worst seed.
    pub seeds: (f64, f64),
}

/// The confidences of one point's models on test rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidence {
    /// Index of the point.
    pub point: usize,
    /// The attack at whose first success on each row they are, or where it had none at its point of largest loss; `None` for the unchanged rows.
    pub attack: Option<AttackKey>,
    /// Why they may not be stated, where that is so; then there are neither bins nor risks.
    pub withheld: Option<String>,
    /// Mean confidence over rows and seeds.
    pub confidence: f64,
    /// The share of rows that is classified correctly there, mean over seeds.
    pub accuracy: f64,
    /// Bins that have rows, ascending in confidence.
    pub bins: Vec<ConfidenceBin>,
    /// Ascending in coverage.
    pub risks: Vec<Risk>,
}

/// Every point's confidences, clean and under the `primary` attack; points with a seed that states no probabilities are left out.
pub(super) fn confidences(study: &Study, evidence: &[CellEvidence], primary: &AttackKey) -> Vec<Confidence> {
    let mut all = Vec::new();
    for point in 0..study.points.len() {
        let models = models(study, evidence, point);
        let each: Vec<Vec<Diagram>> =
            models.iter().map(|(_, model)| metrics::diagrams(model, primary)).collect();
        for attack in [None, Some(primary)] {
            let own: Option<Vec<&Diagram>> = each
                .iter()
                .map(|diagrams| diagrams.iter().find(|diagram| diagram.attack.as_ref() == attack))
                .collect();
            all.extend(own.filter(|own| !own.is_empty()).map(|own| of(point, attack, &own)));
        }
    }
    all
}

fn of(point: usize, attack: Option<&AttackKey>, diagrams: &[&Diagram]) -> Confidence {
    let mut all = Confidence {
        point,
        attack: attack.cloned(),
        withheld: diagrams.iter().find_map(|diagram| diagram.withheld.clone()),
        confidence: 0.0,
        accuracy: 0.0,
        bins: Vec::new(),
        risks: Vec::new(),
    };
    if all.withheld.is_some() {
        return all;
    }
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    };
    let bins = || diagrams.iter().flat_map(|diagram| &diagram.bins);
    let rows: f64 = bins().map(|bin| bin.weight).sum();
    all.confidence = bins().map(|bin| bin.confidence).sum::<f64>() / rows;
    all.accuracy = bins().map(|bin| bin.right).sum::<f64>() / rows;
    for i in 0..diagrams[0].bins.len() {
        let own = || diagrams.iter().map(|diagram| diagram.bins[i]).filter(|bin| bin.weight > 0.0);
        let weight: f64 = own().map(|bin| bin.weight).sum();
        if weight > 0.0 {
            all.bins.push(ConfidenceBin {
                share: weight / rows,
                confidence: own().map(|bin| bin.confidence).sum::<f64>() / weight,
                accuracy: own().map(|bin| bin.right).sum::<f64>() / weight,
                seeds: ends(&mut own().map(|bin| bin.right / bin.weight)),
            });
        }
    }
    for k in 0..COVERAGES as usize {
        let own = || diagrams.iter().map(|diagram| diagram.risks[k]);
        all.risks.push(Risk {
            coverage: (k + 1) as f64 / f64::from(COVERAGES),
            risk: own().sum::<f64>() / diagrams.len() as f64,
            seeds: ends(&mut own()),
        });
    }
    all
}
