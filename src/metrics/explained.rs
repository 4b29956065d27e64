//! What explanations came to, row by row, and the means that metrics of explanations are.

use super::cases::Basis;
use crate::evidence::{AttributionFacts, Evidence, Explanations, importance};
use crate::stats::Ranks;

/// What is measured of the explanation of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Area under the probability as the most important features are taken away first.
    Deletion,
    /// The same with the least important first.
    Insertion,
    /// The second area minus the first.
    RelevanceGain,
    /// Squared error of what the attribution foretells of small changes.
    Infidelity,
    /// The same after the best scaling.
    ScaledInfidelity,
    /// Largest relative change of the attribution nearby.
    Sensitivity,
    /// Distance between the attributions' sum and what it should be.
    Gap,
    /// Share of the most important features that are so at the adversarial point, too.
    Stability,
    /// Mean rank correlation with the attributions at other seeds.
    Agreement,
}

/// One thing that is explained: scores of some rows.
#[derive(Debug, Clone)]
pub(super) struct Explained {
    /// Row numbers.
    rows: Vec<u32>,
    /// One number per row; NaN where it is undefined.
    scores: Vec<(Measure, Vec<f32>)>,
}

/// The mean of one measure.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mean {
    /// Weighted sum over the rows of which it is defined.
    pub sum: f64,
    /// Weight of these rows.
    pub weight: f64,
    /// Weight of all explained rows.
    pub rows: f64,
    /// Whether the measure was taken at all.
    pub measured: bool,
}

/// The means of every measure.
#[derive(Debug, Clone, Default)]
pub(super) struct Means {
    rows: f64,
    /// Sum and weight.
    of: Vec<(Measure, f64, f64)>,
}

impl Explained {
    /// The measures of a case; none where it is not about explanations.
    pub(super) fn of(basis: &Basis<'_>) -> Option<Self> {
        let (all, scores) = match basis {
            Basis::Explained(all, entry) => (
                all,
                vec![
                    (Measure::Deletion, entry.deletion.clone()),
                    (Measure::Insertion, entry.insertion.clone()),
                    (Measure::RelevanceGain, entry.relevance_gain()),
                ],
            ),
            Basis::Attributed(all, facts) => (
                all,
                vec![
                    (Measure::Infidelity, facts.infidelity.clone()),
                    (Measure::ScaledInfidelity, facts.infidelity_scaled.clone()),
                    (Measure::Sensitivity, facts.sensitivity.clone()),
                ],
            ),
            Basis::AttributedAt(all, facts, _) => (all, vec![(Measure::Stability, facts.stability.clone())]),
            Basis::Additive(all, facts) => (all, vec![(Measure::Gap, facts.gap.clone())]),
            _ => return None,
        };
        Some(Self { rows: all.rows.clone(), scores })
    }

    /// Takes one more measure in.
    pub(super) fn add(&mut self, measure: Measure, scores: Vec<f32>) {
        assert_eq!(scores.len(), self.rows.len(), "one score per explained row");
        self.scores.push((measure, scores));
    }

    /// The means when row `i` counts `weight(i)` times.
    pub(super) fn fold(&self, weight: impl Fn(u32) -> f64) -> Means {
        let of = self.scores.iter().map(|(measure, scores)| {
            let (mut sum, mut defined) = (0.0, 0.0);
            for (row, score) in self.rows.iter().zip(scores).filter(|(_, score)| !score.is_nan()) {
                sum += weight(*row) * f64::from(*score);
                defined += weight(*row);
            }
            (*measure, sum, defined)
        });
        Means { of: of.collect(), rows: self.rows.iter().map(|row| weight(*row)).sum() }
    }
}

impl Means {
    /// The mean of `measure`.
    pub(super) fn of(&self, measure: Measure) -> Mean {
        let found = self.of.iter().find(|(which, ..)| *which == measure);
        let (sum, weight) = found.map_or((0.0, 0.0), |(_, sum, weight)| (*sum, *weight));
        Mean { sum, weight, rows: self.rows, measured: found.is_some() }
    }
}

/// How one model's explanations agree with those of the same point's other models: per attribution, one number per explained row.
pub type Agreement = Vec<Vec<f32>>;

/// The ranks of one attribution by [importance], row by row; none where it does not vary.
type Ranked = Vec<Option<Ranks>>;

/// For each model of a point (one per seed): how its attributions agree with those of the others.
///
/// A row's number is the mean of Spearman's rank correlation (of [importance], as wherever features are ranked) over the other models that predict the same class there and whose attribution
/// varies; NaN where there is none. Nothing is stated where fewer than two models are explained.
#[must_use]
pub fn agreement(models: &[&Evidence]) -> Vec<Agreement> {
    let explained: Vec<&Explanations> =
        models.iter().filter_map(|evidence| evidence.explanations.as_ref()).collect();
    let comparable = |other: &&Explanations| {
        other.rows == explained[0].rows && attributions(other).eq(attributions(explained[0]))
    };
    if explained.len() < 2 || explained.len() < models.len() || !explained.iter().all(comparable) {
        return vec![Vec::new(); models.len()];
    }
    let ranked: Vec<Vec<Ranked>> = explained.iter().map(|one| ranks(one)).collect();
    let said = |model: usize, row: usize| models[model].clean.predictions[explained[0].rows[row] as usize];
    let agrees = |model: usize, place: usize, row: usize| {
        let own = ranked[model][place][row].as_ref()?;
        let others =
            (0..models.len()).filter(|other| *other != model && said(*other, row) == said(model, row));
        let found: Vec<f64> =
            others.filter_map(|other| Some(own.correlation(ranked[other][place][row].as_ref()?))).collect();
        (!found.is_empty()).then(|| (found.iter().sum::<f64>() / found.len() as f64) as f32)
    };
    let rows = explained[0].rows.len();
    let of_model = |model: usize| -> Agreement {
        let of_place = |place| (0..rows).map(|row| agrees(model, place, row).unwrap_or(f32::NAN)).collect();
        (0..ranked[model].len()).map(of_place).collect()
    };
    (0..models.len()).map(of_model).collect()
}

fn own(explanations: &Explanations) -> impl Iterator<Item = &AttributionFacts> {
    explanations.entries.iter().filter_map(|entry| entry.attribution.as_ref())
}

fn attributions(explanations: &Explanations) -> impl Iterator<Item = &str> {
    own(explanations).map(|facts| facts.name.as_str())
}

fn ranks(explanations: &Explanations) -> Vec<Ranked> {
    let of = |facts: &AttributionFacts| {
        let important: Vec<f32> =
            facts.values.iter().map(|value| importance(facts.method(), *value)).collect();
        important.chunks_exact(explanations.features).map(Ranks::of).collect()
    };
    own(explanations).map(of).collect()
}
