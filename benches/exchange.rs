//! How often the interval of an exchange rate holds the exact rate, on the one problem whose whole front is known: balanced isotropic Gaussians under L∞ attack.
//!
//! `cargo bench --bench exchange [-- REPLICATIONS]` (400 where none are given) prints the tables of BENCHMARKS.md. Every replication is a sweep as `equipoise run` would make it: 10 seeds, each with
//! rows of its own to train on and to test on, and adversarial logistic regression at every strength. The exact rates follow from the closed form that
//! `equipoise selftest` states: clean accuracy Φ(u), robust accuracy Φ(v), and training at radius t has the direction soft(μ, t).

#![allow(clippy::print_stdout, reason = "its product is what it prints")]

use std::collections::BTreeMap;
use std::path::Path;

use equipoise::data::{self, Amount, Dataset, Rows, Source, SplitSpec};
use equipoise::measure::{AttackKey, Bound, Estimate, MetricKey, Norm, Value};
use equipoise::models::{self, Architecture, EngineKind, Parameters};
use equipoise::numeric::normal_cdf;
use equipoise::pareto::Objective;
use equipoise::pareto::exchange::{self, Rate};
use equipoise::points::{Measured, Point};
use equipoise::seed::Seed;
use equipoise::training;
use rayon::prelude::*;

/// The radius that robust accuracy is about.
const EPSILON: f64 = 0.3;
const SEEDS: u64 = 10;
/// For training, and as many for testing.
const ROWS: usize = 20_000;
/// The step of the front that ends at 0.15: there the 20 small coordinates drop out, and it hardly moves from there on.
const STRENGTHS: [f64; 7] = [0.0, 0.04, 0.08, 0.12, 0.15, 0.2, 0.3];
const KINK: f64 = 0.15;

fn mu() -> Vec<f64> {
    let mut mu = vec![1.0, 0.8];
    mu.extend([0.15; 20]);
    mu.push(0.4);
    mu
}

/// Exact probits of clean and robust accuracy after training at radius `t`.
fn exact(t: f64) -> (f64, f64) {
    let w: Vec<f64> = mu().iter().map(|m| (m - t).max(0.0)).collect();
    let length = w.iter().map(|w| w * w).sum::<f64>().sqrt();
    let along: f64 = w.iter().zip(mu()).map(|(w, m)| w * m).sum();
    let dual: f64 = w.iter().sum();
    (along / length, (along - EPSILON * dual) / length)
}

/// Direction and bias of adversarial logistic regression at radius `t`.
fn fit(dataset: &Dataset, t: f64, seed: u64) -> (Vec<f64>, f64) {
    let spec: training::Spec = toml::from_str(
        "epochs = 12\nbatch = 256\noptimizer = { kind = \"adam\", lr = 0.02 }\nschedule = { kind = \"cosine\" }",
    )
    .expect("a valid setting");
    // One full step from the clean row is the exact worst case of a linear model.
    let defense: training::defenses::Spec =
        toml::from_str("kind = \"at\"\nsteps = 1\nstep = 1.0\nrandom_start = false")
            .expect("a valid setting");
    let architecture = Architecture::logistic(dataset.shape, 2);
    let initial = Parameters::init(&architecture, Seed(seed));
    let mut network = models::build(EngineKind::Fused, &architecture, &initial).expect("logistic regression");
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
    let trained = training::train(&job, network.as_mut(), &|_| true).expect("it converges").last;
    let weights = trained.tensor(0);
    let (negative, positive) = weights.split_at(weights.len() / 2);
    let w = positive.iter().zip(negative).map(|(p, n)| f64::from(*p) - f64::from(*n)).collect();
    let bias = trained.tensor(1);
    (w, f64::from(bias[1]) - f64::from(bias[0]))
}

/// Shares of `rows` that are right, and that stand against the worst case in the ball, which has a closed form here.
fn shares(rows: &Rows, (w, b): &(Vec<f64>, f64)) -> (f64, f64) {
    let reach = EPSILON * w.iter().map(|w| w.abs()).sum::<f64>();
    let (mut right, mut standing) = (0, 0);
    for (at, label) in rows.facts.labels.iter().enumerate() {
        let x = &rows.x[at * w.len()..][..w.len()];
        let score: f64 = x.iter().zip(w).map(|(x, w)| f64::from(*x) * w).sum::<f64>() + b;
        let margin = if *label == 1 { score } else { -score };
        right += usize::from(margin > 0.0);
        standing += usize::from(margin > reach);
    }
    let n = rows.facts.len() as f64;
    (right as f64 / n, standing as f64 / n)
}

fn measured(per_seed: Vec<f64>) -> Measured {
    Measured {
        estimate: Estimate {
            value: Value::finite(per_seed.iter().sum::<f64>() / per_seed.len() as f64),
            interval: None,
            level: 0.95,
            method: "mean over seeds".to_owned(),
            n: ROWS,
            bound: Bound::Exact,
        },
        per_seed: per_seed.into_iter().map(Value::finite).collect(),
        sd_seed: None,
        sd_row: None,
        by_chance: None,
        notes: Vec::new(),
    }
}

/// What one sweep says of the probit rate of each step: from, to, rate.
fn replicate(replication: u64, axes: &[Objective; 2]) -> Vec<(f64, f64, Rate)> {
    let mut values = vec![(Vec::new(), Vec::new()); STRENGTHS.len()];
    for seed in 0..SEEDS {
        let source = Source::Gaussian {
            rows: 2 * ROWS,
            mu: mu(),
            sigma: 1.0,
            positive_share: 0.5,
            seed: replication * SEEDS + seed,
        };
        let split =
            SplitSpec { test: Some(Amount::Rows(ROWS)), validation: Amount::Rows(0), ..SplitSpec::default() };
        let dataset = data::load(&source, &split, Path::new("")).expect("a generator");
        for (strength, (clean, robust)) in STRENGTHS.iter().zip(&mut values) {
            let (right, standing) = shares(&dataset.test, &fit(&dataset, *strength, seed));
            clean.push(right);
            robust.push(standing);
        }
    }
    let point = |(strength, (clean, robust)): (&f64, (Vec<f64>, Vec<f64>))| Point {
        coordinates: BTreeMap::from([("strength".to_owned(), strength.to_string())]),
        defense: "at".to_owned(),
        strength: *strength,
        model: "last".to_owned(),
        seeds: (0..SEEDS).collect(),
        failed: Vec::new(),
        measures: BTreeMap::from([
            (axes[0].key.clone(), measured(clean)),
            (axes[1].key.clone(), measured(robust)),
        ]),
        degenerate: None,
    };
    let points: Vec<Point> = STRENGTHS.iter().zip(values).map(point).collect();
    let arcs = exchange::arcs(&points, |_| true, &axes[0], &axes[1]);
    arcs.into_iter()
        .map(|arc| (points[arc.from].strength, points[arc.to].strength, arc.probit_rate))
        .collect()
}

fn main() {
    // `cargo test --benches` only asks whether it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let asked = std::env::args().filter_map(|word| word.parse().ok()).next_back();
    let replications: u64 = asked.unwrap_or(400);
    let robust = MetricKey {
        attack: Some(AttackKey::new("exact", Norm::Linf, EPSILON)),
        ..MetricKey::plain("robust_accuracy")
    };
    let axes = [MetricKey::plain("accuracy"), robust].map(|key| Objective::of(&key).expect("an objective"));
    let found: Vec<_> = (0..replications).into_par_iter().map(|at| replicate(at, &axes)).collect();
    println!(
        "{replications} sweeps of {SEEDS} seeds, {ROWS} rows to train on and {ROWS} to test on at each; robust accuracy at L∞ {EPSILON}.\n"
    );
    println!("| t | clean | robust |\n|---|---:|---:|");
    for t in STRENGTHS {
        let (u, v) = exact(t);
        println!("| {t} | {:.4} | {:.4} |", normal_cdf(u), normal_cdf(v));
    }
    println!(
        "\n| from → to | exact probit rate | median rate | held by the interval | half-line | not measurable |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for step in 0..found[0].len() {
        let (from, to, _) = found[0][step];
        // Steps across the kink are neither here nor there.
        if from < KINK && to > KINK {
            continue;
        }
        let ((u0, v0), (u1, v1)) = (exact(from), exact(to));
        let truth = (u1 - u0) / (v1 - v0);
        let (mut held, mut half, mut none) = (0, 0, 0);
        let mut rates = Vec::new();
        for sweep in &found {
            match &sweep[step].2 {
                Rate::Bounded { rate, low, high } => {
                    held += u32::from((*low..=*high).contains(&truth));
                    rates.push(*rate);
                }
                Rate::HalfLine { rate, .. } => {
                    half += 1;
                    rates.push(*rate);
                }
                Rate::NotMeasurable { .. } => none += 1,
            }
        }
        rates.sort_by(f64::total_cmp);
        let middle = rates.get(rates.len() / 2).map_or_else(|| "—".to_owned(), |rate| format!("{rate:.3}"));
        let bounded = replications as u32 - half - none;
        let line =
            format!("| {from} → {to} | {truth:.3} | {middle} | {held} of {bounded} | {half} | {none} |");
        println!("{}", line.replace('-', "−"));
    }
}
