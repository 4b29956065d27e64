//! What is tested: every gated number of every point, and what the front as a whole comes to, seed by seed.

use super::Rules;
use super::compare::Comparison;
use super::side::Side;
use crate::measure::{Bound, Direction, MetricKey, Pillar, Unit};
use crate::pareto;

/// What an endpoint is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A number of a point.
    Number {
        /// The point's label.
        point: String,
        /// The number.
        key: MetricKey,
    },
    /// The volume that the front dominates.
    Hypervolume,
    /// Half of how far the candidate's front must be moved to cover the baseline's, less half of the same the other way round.
    Epsilon,
}

impl Subject {
    /// The number's key, `hypervolume` or `epsilon`.
    #[must_use]
    pub fn metric(&self) -> String {
        match self {
            Self::Number { key, .. } => key.to_string(),
            Self::Hypervolume => "hypervolume".to_owned(),
            Self::Epsilon => "epsilon".to_owned(),
        }
    }

    /// The point, or `front`.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Number { point, .. } => point,
            Self::Hypervolume | Self::Epsilon => "front",
        }
    }
}

/// One tested number on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// What it is about.
    pub subject: Subject,
    /// The pillar of a number of a point; none of the front as a whole.
    pub pillar: Option<Pillar>,
    /// Which way the values are better.
    pub direction: Direction,
    /// The unit of values, margin and differences.
    pub unit: Unit,
    /// How the values relate to the truth.
    pub bound: Bound,
    /// Whether it is an objective of the front.
    pub is_axis: bool,
    /// A change for the worse up to here is no regression.
    pub margin: f64,
    /// The baseline's value at each seed.
    pub baseline: Vec<f64>,
    /// The candidate's value at each seed.
    pub candidate: Vec<f64>,
    /// By how much the candidate is worse, at each seed: positive is worse.
    pub differences: Vec<f64>,
}

impl Endpoint {
    fn new(subject: Subject, direction: Direction, margin: f64, sides: (Vec<f64>, Vec<f64>)) -> Self {
        let (baseline, candidate) = sides;
        let differences = baseline
            .iter()
            .zip(&candidate)
            .map(|(before, now)| direction.as_cost(*now) - direction.as_cost(*before))
            .collect();
        Self {
            subject,
            pillar: None,
            direction,
            unit: Unit::Fraction,
            bound: Bound::Exact,
            is_axis: false,
            margin,
            baseline,
            candidate,
            differences,
        }
    }

    /// Differences up to here are rounding: the values come from sums of a few hundred terms.
    #[must_use]
    pub fn floor(&self) -> f64 {
        let values = self.baseline.iter().chain(&self.candidate);
        64.0 * f64::EPSILON * values.fold(self.margin, |most, x| most.max(x.abs()))
    }

    /// The same endpoint in two lists.
    #[must_use]
    pub fn is_about(&self, subject: &Subject) -> bool {
        self.subject == *subject
    }
}

/// The endpoints of two comparable sides, and remarks on what could not be one.
pub(super) fn endpoints(
    baseline: &Side,
    candidate: &Side,
    comparison: &Comparison,
    rules: &Rules,
) -> (Vec<Endpoint>, Vec<String>) {
    let (mut found, mut remarks) = (Vec::new(), Vec::new());
    for (before, now) in &comparison.pairs {
        let (before, now) = (&baseline.points[*before], &candidate.points[*now]);
        for gated in &baseline.gated {
            if !before.values.contains_key(&gated.key) {
                continue;
            }
            let point = before.label(&baseline.front_model);
            // What is undefined is told of by the comparison.
            let (Some(old), Some(new)) = (before.defined(&gated.key), now.defined(&gated.key)) else {
                continue;
            };
            let subject = Subject::Number { point, key: gated.key.clone() };
            let endpoint = Endpoint::new(subject, gated.direction, gated.margin, (old, new));
            found.push(Endpoint {
                pillar: Some(gated.pillar),
                unit: gated.unit,
                bound: gated.bound,
                is_axis: baseline.objectives.iter().any(|axis| axis.key == gated.key),
                ..endpoint
            });
        }
    }
    match fronts(baseline, candidate, comparison) {
        Some((before, now)) => found.extend(front_endpoints(&before, &now, rules)),
        None => remarks.push(
            "no point has all axes of the front on both sides: the front as a whole is not tested".to_owned(),
        ),
    }
    (found, remarks)
}

/// `[seed][point][axis]`: costs, 0 at the ideal and 1 at the reference.
type BySeed = Vec<Vec<Vec<f64>>>;

/// The points that have every axis at every seed on both sides, of the model that the front is about. All of them, not only the
/// non-dominated: which points are on a front differs from seed to seed, and a choice made by looking would not be exchangeable.
fn fronts(baseline: &Side, candidate: &Side, comparison: &Comparison) -> Option<(BySeed, BySeed)> {
    let axes = &baseline.objectives;
    let seeds = baseline.seeds.len();
    let (mut before, mut now) = (vec![Vec::new(); seeds], vec![Vec::new(); seeds]);
    for (old, new) in &comparison.pairs {
        let (old, new) = (&baseline.points[*old], &candidate.points[*new]);
        if old.model != baseline.front_model {
            continue;
        }
        let columns = |point: &super::Sampled| {
            axes.iter().map(|axis| point.defined(&axis.key)).collect::<Option<Vec<Vec<f64>>>>()
        };
        let (Some(old), Some(new)) = (columns(old), columns(new)) else { continue };
        let row = |columns: &[Vec<f64>], seed: usize| {
            axes.iter().zip(columns).map(|(axis, column)| axis.cost(column[seed])).collect::<Vec<f64>>()
        };
        for seed in 0..seeds {
            before[seed].push(row(&old, seed));
            now[seed].push(row(&new, seed));
        }
    }
    before.first().is_some_and(|points| !points.is_empty()).then_some((before, now))
}

fn front_endpoints(before: &BySeed, now: &BySeed, rules: &Rules) -> [Endpoint; 2] {
    let axes = before[0][0].len();
    let reference = vec![1.0; axes];
    let volumes =
        |costs: &BySeed| costs.iter().map(|points| pareto::hypervolume(points, &reference)).collect();
    let epsilons = |of: &BySeed, to: &BySeed| {
        of.iter().zip(to).map(|(of, to)| pareto::epsilon(of, to)).collect::<Vec<f64>>()
    };
    let volume = (volumes(before), volumes(now));
    // ε(C, B) − ε(B, C) changes its sign where the sides are exchanged; ε(C, B) alone does not, and a sign-flip test of it raises
    // false alarms nearly always (reference sheet, 3.3). Halved, so that a curve that falls by δ everywhere is worse by δ.
    let halved = |values: Vec<f64>| values.into_iter().map(|x| 0.5 * x).collect();
    let cover = (halved(epsilons(before, now)), halved(epsilons(now, before)));
    [
        Endpoint::new(Subject::Hypervolume, Direction::Higher, rules.hypervolume_margin, volume),
        Endpoint::new(Subject::Epsilon, Direction::Lower, rules.epsilon_margin, cover),
    ]
}
