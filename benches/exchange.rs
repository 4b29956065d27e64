//! How often the interval of an exchange rate holds the exact rate, on the one problem whose whole front is known: balanced isotropic Gaussians under L∞ attack.
//!
//! `cargo bench --bench exchange [-- REPLICATIONS] [beyond]` (400 where none are given) prints the tables of BENCHMARKS.md; `beyond` the one beyond the kink alone. Every replication is a sweep as `equipoise run` would make it: 10 seeds, each with
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
/// Beyond the kink the front barely moves: on as few test rows as these, of the same models, hardly a change of robust accuracy can be told from none, and no rate is the answer. At the kink
/// itself models of finite samples keep some of the coordinates that the limit drops; from 0.17 on, three standard errors of a coordinate's mean farther, none.
const BEYOND: [f64; 4] = [0.17, 0.2, 0.25, 0.3];
const FEW_ROWS: usize = 1_000;

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

/// Shares of the first `n` of `rows` that are right, and that stand against the worst case in the ball, which has a closed form here.
fn shares(rows: &Rows, n: usize, (w, b): &(Vec<f64>, f64)) -> (f64, f64) {
    let reach = EPSILON * w.iter().map(|w| w.abs()).sum::<f64>();
    let (mut right, mut standing) = (0, 0);
    for (at, label) in rows.facts.labels.iter().enumerate().take(n) {
        let x = &rows.x[at * w.len()..][..w.len()];
        let score: f64 = x.iter().zip(w).map(|(x, w)| f64::from(*x) * w).sum::<f64>() + b;
        let margin = if *label == 1 { score } else { -score };
        right += usize::from(margin > 0.0);
        standing += usize::from(margin > reach);
    }
    (right as f64 / n as f64, standing as f64 / n as f64)
}

fn measured(per_seed: Vec<f64>, n: usize) -> Measured {
    Measured {
        estimate: Estimate {
            value: Value::finite(per_seed.iter().sum::<f64>() / per_seed.len() as f64),
            interval: None,
            level: 0.95,
            method: "mean over seeds".to_owned(),
            n,
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

/// What one sweep over `strengths`, tested on so many rows at each seed, says of the probit rate of each step: from, to, rate.
fn replicate(replication: u64, strengths: &[f64], test_rows: usize, axes: &[Objective; 2]) -> Sweep {
    let mut values = vec![(Vec::new(), Vec::new()); strengths.len()];
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
        for (strength, (clean, robust)) in strengths.iter().zip(&mut values) {
            let (right, standing) = shares(&dataset.test, test_rows, &fit(&dataset, *strength, seed));
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
            (axes[0].key.clone(), measured(clean, test_rows)),
            (axes[1].key.clone(), measured(robust, test_rows)),
        ]),
        degenerate: None,
    };
    let points: Vec<Point> = strengths.iter().zip(values).map(point).collect();
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
    if !std::env::args().any(|argument| argument == "beyond") {
        up_to_the_kink(replications, &axes);
    }
    beyond_the_kink(replications, &axes);
}

fn sweeps(replications: u64, strengths: &[f64], test_rows: usize, axes: &[Objective; 2]) -> Vec<Sweep> {
    println!(
        "\n{replications} sweeps of {SEEDS} seeds, {ROWS} rows to train on and {test_rows} to test on at each; robust accuracy at L∞ {EPSILON}.\n"
    );
    println!("| t | clean | robust |\n|---|---:|---:|");
    for t in strengths {
        let (u, v) = exact(*t);
        println!("| {t} | {:.4} | {:.4} |", normal_cdf(u), normal_cdf(v));
    }
    (0..replications).into_par_iter().map(|at| replicate(at, strengths, test_rows, axes)).collect()
}

/// What a sweep says of each step: from, to, rate.
type Sweep = Vec<(f64, f64, Rate)>;

/// Of one step in all sweeps: how often an interval holds the exact rate, how many are intervals, half-lines, not measurable; and the median rate.
struct Tally {
    truth: f64,
    held: usize,
    half: usize,
    none: usize,
    rates: Vec<f64>,
}

impl Tally {
    fn of(found: &[Sweep], step: usize) -> Self {
        let (from, to, _) = found[0][step];
        let ((u0, v0), (u1, v1)) = (exact(from), exact(to));
        let mut tally = Self { truth: (u1 - u0) / (v1 - v0), held: 0, half: 0, none: 0, rates: Vec::new() };
        for sweep in found {
            match &sweep[step].2 {
                Rate::Bounded { rate, low, high } => {
                    tally.held += usize::from((*low..=*high).contains(&tally.truth));
                    tally.rates.push(*rate);
                }
                Rate::HalfLine { rate, .. } => {
                    tally.half += 1;
                    tally.rates.push(*rate);
                }
                Rate::NotMeasurable { .. } => tally.none += 1,
            }
        }
        tally.rates.sort_by(f64::total_cmp);
        tally
    }

    fn median(&self) -> String {
        let middle = self.rates.get(self.rates.len() / 2);
        middle.map_or_else(|| "—".to_owned(), |rate| format!("{rate:.3}"))
    }
}

fn up_to_the_kink(replications: u64, axes: &[Objective; 2]) {
    let found = sweeps(replications, &STRENGTHS, ROWS, axes);
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
        let tally = Tally::of(&found, step);
        let bounded = found.len() - tally.half - tally.none;
        let line = format!(
            "| {from} → {to} | {:.3} | {} | {} of {bounded} | {} | {} |",
            tally.truth,
            tally.median(),
            tally.held,
            tally.half,
            tally.none
        );
        println!("{}", line.replace('-', "−"));
    }
}

fn beyond_the_kink(replications: u64, axes: &[Objective; 2]) {
    let found = sweeps(replications, &BEYOND, FEW_ROWS, axes);
    println!("\n| from → to | exact probit rate | not measurable | half-line | interval | of these held |");
    println!("|---|---:|---:|---:|---:|---:|");
    for step in 0..found[0].len() {
        let (from, to, _) = found[0][step];
        let tally = Tally::of(&found, step);
        let bounded = found.len() - tally.half - tally.none;
        let line = format!(
            "| {from} → {to} | {:.3} | {} | {} | {bounded} | {} |",
            tally.truth, tally.none, tally.half, tally.held
        );
        println!("{}", line.replace('-', "−"));
    }
}
