//! Training on interval bounds: exact front, certified digits, what it refuses.

use equipoise::attacks::{Preset, ThreatModel};
use equipoise::bounds::{self, certify};
use equipoise::data::Shape;
use equipoise::evidence::{Split, UNION};
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Parameters, build};
use equipoise::probes::{Recipe, clean, evasion};
use equipoise::seed::Seed;
use equipoise::training::{Job, Spec, defenses, train};

use crate::problems::{gaussian, rows};
use crate::shared;
use crate::training::{digits, lands_on_the_exact_front, plain, trained};

fn ibp(text: &str) -> defenses::Spec {
    toml::from_str(&format!("kind = \"ibp\"\n{text}")).unwrap()
}

#[test]
fn strength_zero_and_the_time_before_the_start_are_plain_training_bit_for_bit() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let run = |defense: &defenses::Spec, strength: f64| {
        trained(&data, &architecture, "epochs = 4\nbatch = 32", defense, strength).unwrap()
    };
    let without = run(&plain(), 0.0);
    assert_eq!(ibp("").at_strength(0.0, 0.1), plain());
    assert_eq!(without, run(&ibp(""), 0.0));
    let late = run(&ibp("start = 0.75\nramp = 0.25"), 0.1);
    assert_eq!(without.convergence[..3], late.convergence[..3]);
    assert_ne!(without.last, late.last);
    assert_ne!(late.last, run(&ibp("start = 0.75\nramp = 0.25\nkappa = 0.0"), 0.1).last);
}

#[test]
fn what_it_cannot_do_is_refused() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let error =
        trained(&data, &architecture, "epochs = 1", &ibp("start = 0.5\nramp = 0.6"), 0.1).unwrap_err();
    assert!(error.to_string().contains("does not get to its strength"), "{error}");
    for norm in [Norm::L2, Norm::L1] {
        let error = ibp("").check_norm(0.1, norm).unwrap_err();
        assert!(error.to_string().contains(&format!("the threat's is {}", norm.sign())), "{error}");
        assert!(ibp("").check_norm(0.0, norm).is_ok());
        let initial = Parameters::init(&architecture, Seed(1));
        let mut network = build(EngineKind::Fused, &architecture, &initial).unwrap();
        let spec: Spec = toml::from_str("epochs = 1").unwrap();
        let (seed, selection, defense) = (Seed(1), None, &ibp(""));
        let job = Job { spec: &spec, defense, strength: 0.1, norm, data: &data, initial, seed, selection };
        assert!(train(&job, network.as_mut(), &|_| true).is_err());
    }
}

/// One row `x = 1` of class 1, two steps of gradient descent at rate 1 from zero weights, the first plain, the second at radius ½ and κ = ½: at the end of it the ramp
/// is, which takes all epochs that are left. By hand: with the
/// margin `m = w x + b` (differences of class 1 and class 0) the loss is `½ ln(1 + e⁻ᵐ) + ½ ln(1 + e^(½ |w| − m))`.
#[test]
fn two_steps_of_gradient_descent_are_those_worked_out_by_hand() {
    let architecture = Architecture::logistic(Shape::Flat(1), 2);
    let mut data = gaussian(&[0.0], 2, 1);
    data.train = rows(Split::Train, 0, vec![1.0], vec![1], 2);
    let initial = Parameters::zeros(&architecture);
    let mut network = build(EngineKind::Fused, &architecture, &initial).unwrap();
    let text = "epochs = 2\nbatch = 1\noptimizer = { kind = \"sgd\", lr = 1.0 }";
    let (spec, defense) = (toml::from_str::<Spec>(text).unwrap(), ibp("start = 0.5\nramp = 0.5"));
    let (seed, norm, strength) = (Seed(1), Norm::Linf, 0.5);
    let selection = None;
    let job = Job { spec: &spec, defense: &defense, strength, norm, data: &data, initial, seed, selection };
    let found = train(&job, network.as_mut(), &|_| true).unwrap();
    // The first step is plain: both weights and both biases move by ½.
    let (w, b) = (1.0_f64, 1.0_f64);
    let wrong = |margin: f64| 1.0 / (1.0 + libm::exp(margin));
    let (clean, worst) = (wrong(w + b), wrong(w + b - 0.5 * w));
    let (step_w, step_b) = (0.5 * clean + 0.5 * worst * (1.0 - 0.5), 0.5 * clean + 0.5 * worst);
    let expected = [-0.5 - step_w, 0.5 + step_w, -0.5 - step_b, 0.5 + step_b];
    for (value, expected) in found.last.values().iter().zip(expected) {
        assert!((f64::from(*value) - expected).abs() < 1e-6, "{:?}, not {expected:?}", found.last.values());
    }
    let loss = -0.5 * libm::log(1.0 - clean) - 0.5 * libm::log(1.0 - worst);
    assert!((found.convergence[1].loss - loss).abs() < 1e-6);
}

/// A linear model's worst logits within intervals are its exact adversarial ones, so with κ = 0 the closed form is that of adversarial training.
#[test]
fn a_linear_model_lands_on_the_exact_front() {
    lands_on_the_exact_front(&ibp("kappa = 0.0\nstart = 0.0\nramp = 0.1"), &[0.1, 0.2]);
}

/// A plain reference implementation, 120 epochs: 0.77 to 0.79 of the 500 rows certified at 0.96 to 0.97 clean.
#[test]
fn digits_are_certified_as_often_as_by_the_reference() {
    let Some(shared) = shared::folder() else { return };
    let data = digits(&shared);
    let architecture = Architecture::mlp(data.shape, 10, &[128, 128]);
    let result = trained(&data, &architecture, "epochs = 120", &ibp(""), 0.1).unwrap();
    let mut network = build(EngineKind::Fused, &architecture, &result.last).unwrap();
    let outputs = clean(network.as_mut(), &data.test).unwrap();
    let labels = &data.test.facts.labels;
    let right: Vec<bool> = labels.iter().zip(&outputs.predictions).map(|(y, p)| y == p).collect();
    let threat = ThreatModel::new(Norm::Linf, 0.1, &data.features);
    let certified = ["interval", "crown"].map(|kind| {
        let spec: bounds::Spec = toml::from_str(&format!("kind = \"{kind}\"")).unwrap();
        certify(&spec, &architecture, &result.last, &data.test, &threat, &right, &|| false).unwrap()
    });
    let recipe = Recipe { norm: Norm::Linf, epsilons: vec![0.1], suite: Preset::Quick.suite(Norm::Linf) };
    let facts =
        evasion(network.as_mut(), &data.test, &outputs, &data.features, &recipe, Seed(0), &|| false).unwrap();
    let union = facts.iter().find(|facts| facts.attack == UNION).unwrap();
    let share = |flags: &[bool]| flags.iter().filter(|flag| **flag).count() as f64 / 500.0;
    let figures = [share(&right), share(&certified[0]), share(&certified[1]), share(&union.standing)];
    let [interval, crown] = &certified;
    for (row, standing) in union.standing.iter().enumerate() {
        assert!(*standing || !crown[row], "row {row} is certified and fell");
        assert!(crown[row] || !interval[row]);
    }
    assert!(figures[0] >= 0.95 && figures[1] >= 0.74, "{figures:?}");
}
