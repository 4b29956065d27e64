//! Curves with known changes, drawn as the reference sheet (pareto.md, 3.4) has them; shared by the tests and `benches/gate.rs`.

use std::collections::BTreeMap;

use equipoise::gate::{self, Gated, Policy, Rules, Sampled, Side, State};
use equipoise::measure::{Bound, Direction, MetricKey, Pillar, Unit, Value};
use equipoise::pareto::Objective;
use equipoise::seed::{Seed, Stream};

/// What becomes of the candidate.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Every number falls by so much.
    Everywhere(f64),
    /// Robust accuracy of the fourth strength falls by so much.
    OnePoint(f64),
}

/// A simulated comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Simulation {
    pub(crate) seeds: usize,
    /// Correlation of baseline and candidate within a seed.
    pub(crate) correlation: f64,
    pub(crate) change: Change,
    /// What is no regression, of every number, of the hypervolume and of epsilon.
    pub(crate) margin: f64,
}

const STRENGTHS: usize = 8;
/// Standard deviation of a value over seeds; 64 % of its variance is the point's own, 36 % shared by the points of a seed.
const NOISE: f64 = 0.015;

impl Simulation {
    /// Whether any endpoint is shown to be worse at `alpha`, beyond the margin, in replication `number`.
    pub(crate) fn fails(&self, number: u64, alpha: f64) -> bool {
        let (mut baseline, mut candidate) = self.draw(&mut Seed(number).stream("gate/simulation"));
        for gated in baseline.gated.iter_mut().chain(&mut candidate.gated) {
            gated.margin = self.margin;
        }
        let rules = Rules {
            alpha,
            policy: Policy::Detect,
            hypervolume_margin: self.margin,
            epsilon_margin: self.margin,
            claim: None,
        };
        let comparison = gate::compare(&baseline, &candidate);
        assert!(comparison.obstacles.is_empty() && comparison.missing.is_empty(), "{comparison:?}");
        let examination = gate::examine(&baseline, &candidate, &comparison, &rules);
        assert_eq!(examination.endpoints.len(), 2 * STRENGTHS + 2);
        examination.endpoints.iter().any(|one| one.state == State::Worse)
    }

    /// The two sides.
    pub(crate) fn draw(&self, stream: &mut Stream) -> (Side, Side) {
        let empty = || vec![vec![Vec::new(); 2]; STRENGTHS];
        let (mut before, mut now) = (empty(), empty());
        for _ in 0..self.seeds {
            let shared: Vec<(f64, f64)> = (0..2).map(|_| self.pair(stream)).collect();
            for strength in 0..STRENGTHS {
                for metric in 0..2 {
                    let own = self.pair(stream);
                    let noise = |own: f64, shared: f64| NOISE * (0.8 * own + 0.6 * shared);
                    let truth = truth(strength, metric);
                    before[strength][metric].push(truth + noise(own.0, shared[metric].0));
                    let fall = match self.change {
                        Change::Everywhere(fall) => fall,
                        Change::OnePoint(fall) if strength == 3 && metric == 1 => fall,
                        _ => 0.0,
                    };
                    now[strength][metric].push(truth - fall + noise(own.1, shared[metric].1));
                }
            }
        }
        (side(before, self.seeds), side(now, self.seeds))
    }

    /// Two standard normal numbers with the correlation.
    fn pair(&self, stream: &mut Stream) -> (f64, f64) {
        let (a, b) = (stream.normal(), stream.normal());
        let r = self.correlation;
        (a, r * a + (1.0 - r * r).sqrt() * b)
    }
}

/// clean = 0.95 − 0.25 λ^1.5, robust = 0.10 + 0.50 λ^0.6, λ from 0 to 1.
fn truth(strength: usize, metric: usize) -> f64 {
    let lambda = strength as f64 / (STRENGTHS - 1) as f64;
    if metric == 0 { 0.95 - 0.25 * libm::pow(lambda, 1.5) } else { 0.10 + 0.50 * libm::pow(lambda, 0.6) }
}

pub(crate) fn keys() -> [MetricKey; 2] {
    [MetricKey::plain("accuracy"), "robust_accuracy!simulated:linf:0.1".parse().unwrap()]
}

/// A side with `values[strength][metric][seed]`.
pub(crate) fn side(values: Vec<Vec<Vec<f64>>>, seeds: usize) -> Side {
    let keys = keys();
    let gated = |key: &MetricKey, pillar, bound| Gated {
        key: key.clone(),
        direction: Direction::Higher,
        pillar,
        unit: Unit::Fraction,
        bound,
        margin: 0.0,
    };
    let point = |(strength, columns): (usize, Vec<Vec<f64>>)| Sampled {
        name: format!("strength={strength}"),
        coordinates: BTreeMap::from([("strength".to_owned(), strength.to_string())]),
        model: "last".to_owned(),
        rows: 500,
        values: keys
            .iter()
            .cloned()
            .zip(columns.into_iter().map(|column| column.into_iter().map(Value::Defined).collect()))
            .collect(),
    };
    Side {
        name: "simulated".to_owned(),
        fingerprint: "0".repeat(64),
        data: "simulated".to_owned(),
        definitions: 1,
        objectives: keys.iter().map(|key| Objective::of(key).unwrap()).collect(),
        front_model: "last".to_owned(),
        seeds: (0..seeds as u64).collect(),
        gated: vec![
            gated(&keys[0], Pillar::Safety, Bound::Exact),
            gated(&keys[1], Pillar::Security, Bound::Upper),
        ],
        points: values.into_iter().enumerate().map(point).collect(),
        settings: BTreeMap::new(),
        missing: Vec::new(),
    }
}
