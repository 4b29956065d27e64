//! The training loop: bit-for-bit promises, exact fronts, and the figures of a reference implementation.

use std::path::Path;

use equipoise::attacks::Suite;
use equipoise::data::{Dataset, Shape};
use equipoise::error::Kind;
use equipoise::evidence::Split;
use equipoise::measure::Norm;
use equipoise::models::fused::Fused;
use equipoise::models::{Architecture, EngineKind, Parameters, build};
use equipoise::numeric::normal_cdf;
use equipoise::probes::{Recipe, clean, evasion, interrogate};
use equipoise::seed::Seed;
use equipoise::simd::InstructionSet;
use equipoise::training::{Job, Progress, Selection, Spec, Trained, defenses, train, trend};

use crate::allocations;
use crate::conformance::load_rows;
use crate::problems::{gaussian, rows};
use crate::shared;

pub(crate) fn plain() -> defenses::Spec {
    toml::from_str("kind = \"none\"").unwrap()
}

fn at(text: &str) -> defenses::Spec {
    toml::from_str(&format!("kind = \"at\"\n{text}")).unwrap()
}

pub(crate) fn trained(
    data: &Dataset,
    architecture: &Architecture,
    spec: &str,
    defense: &defenses::Spec,
    strength: f64,
) -> equipoise::Result<Trained> {
    let initial = Parameters::init(architecture, Seed(1));
    let mut network = build(EngineKind::Fused, architecture, &initial).unwrap();
    let job = Job {
        spec: &toml::from_str::<Spec>(spec).unwrap(),
        defense,
        strength,
        norm: Norm::Linf,
        data,
        initial,
        seed: Seed(1),
        selection: Some(Selection { norm: Norm::Linf, epsilon: 0.1 }),
    };
    train(&job, network.as_mut(), &|_| true)
}

#[test]
fn strength_zero_is_plain_training_bit_for_bit() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let spec = "epochs = 4\nbatch = 32\nschedule = { kind = \"cosine\" }";
    let without = trained(&data, &architecture, spec, &plain(), 0.0).unwrap();
    let zero = trained(&data, &architecture, spec, &at(""), 0.0).unwrap();
    let some = trained(&data, &architecture, spec, &at(""), 0.1).unwrap();
    assert_eq!(without, zero);
    assert_ne!(without.last, some.last);
    assert_eq!(without.convergence.len(), 4);
}

#[test]
fn every_instruction_set_gives_the_same_weights_and_the_same_evidence() {
    let data = gaussian(&[0.5, -0.3, 0.2], 150, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[9]);
    let recipe = Recipe {
        norm: Norm::L2,
        epsilons: vec![0.1, 0.3],
        suite: Suite::of(&[toml::from_str("kind = \"pgd\"\nrestarts = 2").unwrap()]),
    };
    let results: Vec<_> = InstructionSet::available()
        .into_iter()
        .map(|set| {
            let initial = Parameters::init(&architecture, Seed(1));
            let mut network = Fused::new(&architecture, &initial, set);
            let job = Job {
                spec: &toml::from_str::<Spec>("epochs = 2\nbatch = 40").unwrap(),
                defense: &at(""),
                strength: 0.2,
                norm: Norm::Linf,
                data: &data,
                initial,
                seed: Seed(1),
                selection: Some(Selection { norm: Norm::Linf, epsilon: 0.1 }),
            };
            let trained = train(&job, &mut network, &|_| true).unwrap();
            let evidence = interrogate(
                &mut network,
                &data.test,
                &data.features,
                std::slice::from_ref(&recipe),
                Seed(1),
                &|| false,
            );
            (trained, evidence.unwrap())
        })
        .collect();
    assert!(results.iter().all(|result| *result == results[0]));
}

#[test]
fn more_attack_steps_in_training_cost_no_more_allocations() {
    let data = gaussian(&[0.5, -0.3, 0.2], 150, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let count = |steps: u32| {
        let defense = at(&format!("steps = {steps}"));
        let before = allocations::on_this_thread();
        trained(&data, &architecture, "epochs = 2\nbatch = 40", &defense, 0.1).unwrap();
        allocations::on_this_thread() - before
    };
    assert_eq!(count(2), count(40));
}

#[test]
fn a_warm_up_that_has_not_begun_to_matter_and_one_that_has() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let run = |spec: &str| trained(&data, &architecture, spec, &at(""), 0.3).unwrap();
    let cold = run("epochs = 3");
    assert_eq!(cold, run("epochs = 3\nwarmup_epochs = 0"));
    assert_ne!(cold.last, run("epochs = 3\nwarmup_epochs = 2").last);
}

#[test]
fn candidates_are_chosen_on_validation_rows_and_convergence_is_recorded() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 2);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let result = trained(&data, &architecture, "epochs = 7\nvalidate_every = 3", &at(""), 0.1).unwrap();
    let measured: Vec<u32> =
        result.convergence.iter().filter(|r| r.validation_robust.is_some()).map(|r| r.epoch).collect();
    assert_eq!(measured, [2, 5, 6], "every third epoch and the last");
    let (epoch, parameters) = result.best_robust.unwrap();
    let best = result.convergence.iter().filter_map(|r| r.validation_robust).fold(0.0, f64::max);
    let chosen = result.convergence[epoch as usize];
    assert!(chosen.validation_robust.unwrap() >= best);
    assert!(chosen.validation_robust.unwrap() <= chosen.validation_accuracy.unwrap());
    if epoch == 6 {
        assert_eq!(parameters, result.last);
    }
    let (epoch, parameters) = result.best_clean.unwrap();
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let outputs = clean(network.as_mut(), &data.validation).unwrap();
    let labels = &data.validation.facts.labels;
    let right = labels.iter().zip(&outputs.predictions).filter(|(y, p)| y == p).count();
    let recorded = result.convergence[epoch as usize].validation_accuracy.unwrap();
    assert!((right as f64 / labels.len() as f64 - recorded).abs() < 1e-12, "the weights are that epoch's");
    assert_eq!(trend(&result.convergence).unwrap().quarter, 2);
}

#[test]
fn a_run_that_does_not_stay_finite_is_a_failure_that_says_where() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 2);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8, 8]);
    let spec = "epochs = 50\noptimizer = { kind = \"sgd\", lr = 1e20 }";
    for defense in [plain(), at("")] {
        let strength = if defense == plain() { 0.0 } else { 0.1 };
        let error = trained(&data, &architecture, spec, &defense, strength).unwrap_err();
        assert_eq!(error.kind(), Kind::Diverged);
        assert!(error.to_string().contains("diverged in epoch"), "{error}");
        assert!(error.help_text().unwrap().contains("learning rate"));
    }
}

#[test]
fn training_stops_when_asked_and_refuses_what_cannot_work() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 2);
    let architecture = Architecture::logistic(Shape::Flat(3), 2);
    let initial = Parameters::init(&architecture, Seed(1));
    let mut network = build(EngineKind::Fused, &architecture, &initial).unwrap();
    let spec: Spec = toml::from_str("epochs = 5\nbatch = 100").unwrap();
    let job = Job {
        spec: &spec,
        defense: &plain(),
        strength: 0.0,
        norm: Norm::Linf,
        data: &data,
        initial,
        seed: Seed(1),
        selection: None,
    };
    let watch = |progress: Progress| {
        assert_eq!(progress.all, 15);
        progress.done < 4
    };
    assert_eq!(train(&job, network.as_mut(), &watch).unwrap_err().kind(), Kind::Incomplete);
    assert!(trained(&data, &architecture, "epochs = 1\nbatch = 301", &plain(), 0.0).is_err());
    assert!(trained(&data, &architecture, "epochs = 1", &plain(), 0.1).is_err());
    assert!(trained(&data, &architecture, "epochs = 1", &at(""), -0.1).is_err());
    let kept = trained(&data, &architecture, "kind = \"none\"", &plain(), 0.0).unwrap();
    assert_eq!(kept.last, Parameters::init(&architecture, Seed(1)));
}

/// One full-batch step of gradient descent on one row of a logistic regression, by hand: at zero weights p = 1/2, so the
/// gradient of the cross-entropy is ±x/2, and that of a mean over two equal rows is the same.
#[test]
fn an_update_uses_the_mean_gradient_of_the_batch() {
    let architecture = Architecture::logistic(Shape::Flat(2), 2);
    let initial = Parameters::zeros(&architecture);
    for copies in [1, 2, 70] {
        let mut data = gaussian(&[0.0, 0.0], 2, 1);
        data.train = rows(Split::Train, 0, [0.6, -0.2].repeat(copies), vec![1; copies], 2);
        let mut network = build(EngineKind::Fused, &architecture, &initial).unwrap();
        let text = format!("epochs = 1\nbatch = {copies}\noptimizer = {{ kind = \"sgd\", lr = 1.0 }}");
        let job = Job {
            spec: &toml::from_str::<Spec>(&text).unwrap(),
            defense: &plain(),
            strength: 0.0,
            norm: Norm::Linf,
            data: &data,
            initial: initial.clone(),
            seed: Seed(1),
            selection: None,
        };
        let result = train(&job, network.as_mut(), &|_| true).unwrap();
        for (value, expected) in result.last.values().iter().zip([-0.3, 0.1, 0.3, -0.1, -0.5, 0.5]) {
            assert!((value - expected).abs() < 1e-6, "{copies}: {:?}", result.last.values());
        }
        assert!((result.convergence[0].loss - std::f64::consts::LN_2).abs() < 1e-6);
    }
}

/// Balanced isotropic Gaussians at ±μ: adversarial logistic training at radius t has direction soft(μ, t), and with it the
/// exact clean accuracy Φ(w·μ/‖w‖₂) and accuracy under an L∞ attack of radius 0.3, Φ((w·μ − 0.3 ‖w‖₁)/‖w‖₂).
#[test]
fn adversarial_logistic_regression_lands_on_the_exact_front() {
    lands_on_the_exact_front(&at(""), &[0.0, 0.1, 0.2]);
}

/// Trains a logistic regression under `defense` at radii `strengths`, of 0, 0.1 and 0.2, and compares with the closed form.
pub(crate) fn lands_on_the_exact_front(defense: &defenses::Spec, strengths: &[f64]) {
    let mean: Vec<f32> = [1.0, 0.8].into_iter().chain(std::iter::repeat_n(0.15, 20)).chain([0.4]).collect();
    let data = gaussian(&mean, 20_000, 11);
    let architecture = Architecture::logistic(Shape::Flat(mean.len()), 2);
    let spec = "epochs = 12\nbatch = 500\noptimizer = { kind = \"sgd\", lr = 0.5, momentum = 0.9 }\n\
                schedule = { kind = \"cosine\" }";
    let exact = [(0.0, 0.933_193, 0.677_242), (0.1, 0.925_302, 0.763_210), (0.2, 0.908_831, 0.805_907)];
    for (t, clean, robust) in exact.into_iter().filter(|(t, ..)| strengths.contains(t)) {
        let result = trained(&data, &architecture, spec, defense, t).unwrap();
        let (weights, biases) = (result.last.tensor(0), result.last.tensor(1));
        let d = mean.len();
        let w: Vec<f64> = (0..d).map(|i| f64::from(weights[d + i]) - f64::from(weights[i])).collect();
        let b = f64::from(biases[1]) - f64::from(biases[0]);
        let dot: f64 = w.iter().zip(&mean).map(|(w, m)| w * f64::from(*m)).sum();
        let length = w.iter().map(|w| w * w).sum::<f64>().sqrt();
        let reach = 0.3 * w.iter().map(|w| w.abs()).sum::<f64>();
        let accuracy =
            |margin: f64| 0.5 * (normal_cdf((margin + b) / length) + normal_cdf((margin - b) / length));
        let (found_clean, found_robust) = (accuracy(dot), accuracy(dot - reach));
        assert!((found_clean - clean).abs() < 0.006, "t {t}: clean {found_clean}, exact {clean}");
        assert!((found_robust - robust).abs() < 0.006, "t {t}: robust {found_robust}, exact {robust}");
    }
}

/// The digits that the repository carries, split as the reference's were: its 500 test rows are recognized by their pixels.
pub(crate) fn digits(shared: &Path) -> Dataset {
    let source = toml::from_str("kind = \"dataset\"\nname = \"digits\"").unwrap();
    let split = toml::from_str("test = 500\nvalidation = 0").unwrap();
    let mut data = equipoise::data::load(&source, &split, Path::new("data")).unwrap();
    let rows_file = shared.join("conformance/digits-at0/rows.safetensors");
    let (test, _) = load_rows(&equipoise::files::read(&rows_file).unwrap());
    let key = |row: &[f32]| row.iter().map(|x| (x * 16.0).round() as u8).collect::<Vec<u8>>();
    let mut held_out: Vec<Vec<u8>> = (0..test.len()).map(|row| key(test.row(row))).collect();
    let (mut x, mut labels) = (Vec::new(), Vec::new());
    for part in [&data.train, &data.test] {
        for row in 0..part.len() {
            if let Some(place) = held_out.iter().position(|other| *other == key(part.row(row))) {
                held_out.swap_remove(place);
            } else {
                x.extend_from_slice(part.row(row));
                labels.push(part.facts.labels[row]);
            }
        }
    }
    assert_eq!((held_out.len(), labels.len()), (0, 1297));
    data.train = rows(Split::Train, 0, x, labels, 10);
    data.test = test;
    data
}

/// Plain PyTorch on this split, the same model, budget and attack, 2 seeds: clean .977 and .958 at strengths .1 and .2, robust
/// at .1 .804 and .818, at .2 .266 and .479; at strength 0 clean .974 and .002 robust at .2.
#[test]
fn training_on_digits_gives_the_references_figures() {
    let Some(shared) = shared::folder() else { return };
    let data = digits(&shared);
    let architecture = Architecture::mlp(data.shape, 10, &[128, 128]);
    let recipe = Recipe {
        norm: Norm::Linf,
        epsilons: vec![0.1, 0.2],
        suite: Suite::of(&[toml::from_str("kind = \"pgd\"").unwrap()]),
    };
    // At radius .2 seeds differ by more than the sanity check's .03: by .062 over five seeds at strength .2. Robust accuracy
    // at .1 of plainly trained models differs as much and is left out.
    let cases = [(0.0, [0.974, f64::NAN, 0.002]), (0.1, [0.977, 0.804, 0.266]), (0.2, [0.958, 0.818, 0.479])];
    for (strength, expected) in cases {
        let result = trained(&data, &architecture, "epochs = 40\nbatch = 64", &at(""), strength).unwrap();
        let mut network = build(EngineKind::Fused, &architecture, &result.last).unwrap();
        let outputs = clean(network.as_mut(), &data.test).unwrap();
        let facts =
            evasion(network.as_mut(), &data.test, &outputs, &data.features, &recipe, Seed(0), &|| false)
                .unwrap();
        let labels = &data.test.facts.labels;
        let right = labels.iter().zip(&outputs.predictions).filter(|(y, p)| y == p).count();
        let standing = |index: usize| facts[index].standing.iter().filter(|standing| **standing).count();
        let found = [right, standing(0), standing(2)].map(|n| n as f64 / labels.len() as f64);
        for ((found_one, expected_one), slack) in found.iter().zip(expected).zip([0.03, 0.03, 0.06]) {
            let off = (found_one - expected_one).abs();
            assert!(expected_one.is_nan() || off <= slack, "strength {strength}: {found:?}, {expected:?}");
        }
    }
}
