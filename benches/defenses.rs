//! What an epoch of each defense costs, against plain training and against adversarial training with 10 steps.
//!
//! Every defense trains in turn, round after round, and the medians are compared: on synthetic rows of the shape of digits
//! (MLP 64-128-128-10, 1,150 rows, 147 for validation, batch 64) and of Fashion-MNIST (MLP 784-256-256-10, 2,000 rows, 300 for validation, batch 128).
//! `cargo bench --bench defenses [-- ROUNDS]`, 9 rounds where no number is given.

#![allow(clippy::print_stdout, reason = "its product is what it prints")]

mod workloads;

use std::time::Instant;

use equipoise::data::Shape;
use equipoise::evidence::Split;
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Parameters, build};
use equipoise::seed::Seed;
use equipoise::training::{Job, Spec, defenses, train};
use workloads::data;

/// Name, settings, strength.
const DEFENSES: &[(&str, &str, f64)] = &[
    ("none", "kind = \"none\"", 0.0),
    ("at, 10 steps", "kind = \"at\"", 0.1),
    ("fast-at", "kind = \"fast-at\"", 0.1),
    ("mixed", "kind = \"mixed\"\nepsilon = 0.1", 0.5),
    ("trades", "kind = \"trades\"\nepsilon = 0.1", 6.0),
    ("mart", "kind = \"mart\"\nepsilon = 0.1", 5.0),
    ("awp on at", "kind = \"awp\"\nepsilon = 0.1", 0.01),
    ("awp on trades", "kind = \"awp\"\nepsilon = 0.1\nbase = \"trades\"", 0.005),
    ("noise", "kind = \"noise\"", 0.25),
    ("ibp", "kind = \"ibp\"", 0.1),
    ("label-smoothing", "kind = \"label-smoothing\"", 0.1),
    ("logit-squeezing", "kind = \"logit-squeezing\"", 0.1),
    ("frl", "kind = \"frl\"\nepsilon = 0.1", 0.5),
    ("group-dro, clean", "kind = \"group-dro\"", 0.01),
    ("group-dro", "kind = \"group-dro\"\nepsilon = 0.1", 0.01),
    ("worst-class, clean", "kind = \"worst-class\"", 0.1),
    ("worst-class", "kind = \"worst-class\"\nepsilon = 0.1", 0.1),
];

/// Epochs per measurement; shares of the epochs (of FRL and IBP) count as they would in a longer training.
const EPOCHS: u32 = 4;

fn main() {
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(9_usize).max(1);
    let image = Shape::Image { channels: 1, height: 28, width: 28 };
    let shapes = [
        ("digits", Architecture::mlp(Shape::Flat(64), 10, &[128, 128]), 1_150, 147, 64),
        ("Fashion-MNIST", Architecture::mlp(image, 10, &[256, 256]), 2_000, 300, 128),
    ];
    for (name, architecture, rows, validation, batch) in shapes {
        println!("{name}: milliseconds per epoch, median of {rounds} rounds; times plain, share of AT-10");
        let mut times = vec![Vec::new(); DEFENSES.len()];
        let mut dataset = data(&architecture, rows + validation);
        let (mut labels, x) = (dataset.train.facts.labels.clone(), dataset.train.x.clone());
        let (first, rest) = x.split_at(rows * architecture.inputs());
        let held_out = labels.split_off(rows);
        dataset.train = workloads::rows(Split::Train, labels, first.to_vec(), architecture.classes());
        dataset.validation =
            workloads::rows(Split::Validation, held_out, rest.to_vec(), architecture.classes());
        let spec: Spec = toml::from_str(&format!("epochs = {EPOCHS}\nbatch = {batch}")).expect("valid");
        for _ in 0..rounds {
            for ((_, text, strength), times) in DEFENSES.iter().zip(&mut times) {
                let defense: defenses::Spec = toml::from_str(text).expect("valid");
                let initial = Parameters::init(&architecture, Seed(0));
                let mut network =
                    build(EngineKind::Fused, &architecture, &initial).expect("the instruction set is there");
                let job = Job {
                    spec: &spec,
                    defense: &defense,
                    strength: *strength,
                    norm: Norm::Linf,
                    data: &dataset,
                    initial,
                    seed: Seed(0),
                    selection: None,
                };
                let start = Instant::now();
                train(&job, network.as_mut(), &|_| true).expect("training ends well");
                times.push(start.elapsed().as_secs_f64() * 1e3 / f64::from(EPOCHS));
            }
        }
        let medians: Vec<f64> = times
            .iter_mut()
            .map(|times| {
                times.sort_by(f64::total_cmp);
                times[times.len() / 2]
            })
            .collect();
        for ((name, _, _), median) in DEFENSES.iter().zip(&medians) {
            let (plain, adversarial) = (median / medians[0], median / medians[1]);
            println!("  {name:<19} {median:>8.2}   {plain:>6.2} x   {adversarial:>5.2}");
        }
    }
}
