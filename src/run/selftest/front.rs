//! The exact front of balanced isotropic Gaussians under L∞ attack, and adversarial training along it.
//!
//! x | y ~ N(y·μ, I), u = w·μ, v = w·μ − ε‖w‖₁ for ‖w‖₂ = 1; clean accuracy Φ(u), robust accuracy Φ(v). The front is
//! {w ∝ soft(μ, t): 0 ≤ t ≤ ε}, soft(μ, t) = sign(μ)(|μ| − t)₊ (robust optimum: Bhagoji et al. 2019, Dobriban et al. 2020),
//! and adversarial training of a linear model at radius t has population direction soft(μ, t).

use std::collections::BTreeMap;

use super::linear::attacked;
use super::{Check, Tolerance};
use crate::attacks;
use crate::data::{self, Amount, Dataset, Source, SplitSpec};
use crate::error::{Error, Result};
use crate::measure::{AttackKey, Bound, Estimate, MetricKey, Norm, Value};
use crate::models::{self, Architecture, EngineKind, Network, Parameters};
use crate::numeric::{normal_cdf, normal_quantile};
use crate::pareto::Objective;
use crate::pareto::exchange::{self, Rate};
use crate::points::{Measured, Point};
use crate::seed::Seed;
use crate::training;

const PART: &str = "front";
const EPSILON: f64 = 0.3;
const ROWS: usize = 20_000;

fn mu() -> Vec<f64> {
    let mut mu = vec![1.0, 0.8];
    mu.extend([0.15; 20]);
    mu.push(0.4);
    mu
}

/// (clean, robust) accuracy of the direction `w` with bias `b`, in the whole population.
fn population(w: &[f64], b: f64) -> (f64, f64) {
    let length = w.iter().map(|w| w * w).sum::<f64>().sqrt();
    let along: f64 = w.iter().zip(mu()).map(|(w, m)| w * m).sum();
    let dual: f64 = w.iter().map(|w| w.abs()).sum();
    let share = |reach: f64| 0.5 * (normal_cdf((reach + b) / length) + normal_cdf((reach - b) / length));
    (share(along), share(along - EPSILON * dual))
}

/// The point of the front for training radius `t`.
fn exact(t: f64) -> (f64, f64) {
    let w: Vec<f64> = mu().iter().map(|m| (m - t).max(0.0)).collect();
    population(&w, 0.0)
}

/// Training rows and test rows drawn from `seed`.
fn sample(seed: u64, test: usize) -> Result<Dataset> {
    let source = Source::Gaussian { rows: ROWS + test, mu: mu(), sigma: 1.0, positive_share: 0.5, seed };
    let split =
        SplitSpec { test: Some(Amount::Rows(test)), validation: Amount::Rows(0), ..SplitSpec::default() };
    data::load(&source, &split, std::path::Path::new(""))
}

/// Adversarial logistic regression at radius `t`.
fn fit(dataset: &Dataset, t: f64, seed: u64) -> Result<(Parameters, Box<dyn Network>)> {
    let read = |text: &str| toml::from_str(text).map_err(|error| Error::internal(error.to_string()));
    let spec: training::Spec = read(
        "epochs = 12\nbatch = 256\noptimizer = { kind = \"adam\", lr = 0.02 }\nschedule = { kind = \"cosine\" }",
    )?;
    // One full step from the clean row is the exact worst case of a linear model.
    let defense: training::defenses::Spec =
        toml::from_str("kind = \"at\"\nsteps = 1\nstep = 1.0\nrandom_start = false")
            .map_err(|error| Error::internal(error.to_string()))?;
    let architecture = Architecture::logistic(dataset.shape, 2);
    let initial = Parameters::init(&architecture, Seed(seed));
    let mut network = models::build(EngineKind::Fused, &architecture, &initial)?;
    let job = training::Job {
        spec: &spec,
        defense: &defense,
        strength: t,
        norm: Norm::Linf,
        data: dataset,
        initial,
        seed: Seed(seed),
        selection: None,
    };
    let trained = training::train(&job, network.as_mut(), &|_| true)?;
    Ok((trained.last, network))
}

/// Direction and bias of a two-class logistic regression.
fn direction(parameters: &Parameters) -> (Vec<f64>, f64) {
    let weights = parameters.tensor(0);
    let (negative, positive) = weights.split_at(weights.len() / 2);
    let w = positive.iter().zip(negative).map(|(p, n)| f64::from(*p) - f64::from(*n)).collect();
    let bias = parameters.tensor(1);
    (w, f64::from(bias[1]) - f64::from(bias[0]))
}

pub(super) fn points() -> Result<Vec<Check>> {
    let dataset = sample(0, 100)?;
    let mut checks = Vec::new();
    for t in [0.0, 0.1, 0.2, 0.3, 0.45] {
        let (parameters, _) = fit(&dataset, t, 0)?;
        let (w, b) = direction(&parameters);
        let (clean, robust) = population(&w, b);
        let (exact_clean, exact_robust) = exact(t);
        for (what, measured, exact) in [("clean", clean, exact_clean), ("robust", robust, exact_robust)] {
            checks.push(Check {
                part: PART,
                what: format!("{what} accuracy after training at t = {t}"),
                measured,
                exact,
                tolerance: Tolerance::Within(0.006),
            });
        }
    }
    Ok(checks)
}

/// Probit arc rates between predeclared strengths, with intervals over replicates that draw everything anew.
pub(super) fn rates() -> Result<Vec<Check>> {
    const STRENGTHS: [f64; 4] = [0.0, 0.04, 0.08, 0.12];
    const SEEDS: u64 = 10;
    const TEST: usize = 20_000;
    let clean_key = MetricKey::plain("accuracy");
    let attack = attacks::Spec::Exact {};
    let protocol = attack.protocol();
    let robust_key = MetricKey {
        attack: Some(AttackKey::new(&protocol, Norm::Linf, EPSILON)),
        ..MetricKey::plain("robust_accuracy")
    };
    let mut values = vec![vec![(0.0, 0.0); SEEDS as usize]; STRENGTHS.len()];
    for seed in 0..SEEDS {
        let dataset = sample(1000 + seed, TEST)?;
        for (strength, values) in STRENGTHS.iter().zip(&mut values) {
            let (_, mut network) = fit(&dataset, *strength, seed)?;
            let facts = attacked(network.as_mut(), &dataset, &attack, Norm::Linf, &[0.0, EPSILON])?;
            let share =
                |standing: &[bool]| standing.iter().filter(|stands| **stands).count() as f64 / TEST as f64;
            values[seed as usize] = (share(&facts[0].standing), share(&facts[1].standing));
        }
    }
    let points: Vec<Point> = STRENGTHS
        .iter()
        .zip(&values)
        .map(|(strength, values)| {
            let clean = values.iter().map(|(clean, _)| *clean).collect();
            let robust = values.iter().map(|(_, robust)| *robust).collect();
            Point {
                coordinates: BTreeMap::from([("strength".to_owned(), strength.to_string())]),
                defense: "at".to_owned(),
                strength: *strength,
                model: "last".to_owned(),
                seeds: (0..SEEDS).collect(),
                failed: Vec::new(),
                measures: BTreeMap::from([
                    (clean_key.clone(), measured(clean)),
                    (robust_key.clone(), measured(robust)),
                ]),
                degenerate: None,
            }
        })
        .collect();
    let arcs = exchange::arcs(&points, |_| true, &Objective::of(&clean_key)?, &Objective::of(&robust_key)?);
    let probits = |t: f64| {
        let (clean, robust) = exact(t);
        (normal_quantile(clean), normal_quantile(robust))
    };
    let mut checks = Vec::new();
    for arc in arcs {
        let (from, to) = (points[arc.from].strength, points[arc.to].strength);
        let ((u0, v0), (u1, v1)) = (probits(from), probits(to));
        // A rate that cannot be measured here is a failed check, not a missing line.
        let (rate, low, high) = match arc.probit_rate {
            Rate::Bounded { rate, low, high } => (rate, low, high),
            Rate::HalfLine { .. } | Rate::NotMeasurable { .. } => (f64::NAN, f64::NAN, f64::NAN),
        };
        checks.push(Check {
            part: "rates",
            what: format!("probit clean per probit robust, t = {from} to {to}"),
            measured: rate,
            exact: (u1 - u0) / (v1 - v0),
            tolerance: Tolerance::Interval(low, high),
        });
    }
    if checks.len() != 2 * STRENGTHS.len() - 3 {
        return Err(Error::internal(format!("the self-test has {} exchange rates", checks.len())));
    }
    Ok(checks)
}

/// A number of which only the seeds' values are known.
fn measured(per_seed: Vec<f64>) -> Measured {
    let mean = per_seed.iter().sum::<f64>() / per_seed.len() as f64;
    Measured {
        estimate: Estimate {
            value: Value::finite(mean),
            interval: None,
            level: 0.95,
            method: "mean over seeds".to_owned(),
            n: per_seed.len(),
            bound: Bound::Exact,
        },
        per_seed: per_seed.into_iter().map(Value::finite).collect(),
        sd_seed: None,
        sd_row: None,
        by_chance: None,
        sizable: None,
        notes: Vec::new(),
    }
}
