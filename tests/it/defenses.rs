//! Defenses: what strength 0 is, where each lands on a problem whose optimum is known, and what is refused.

use equipoise::data::{Dataset, Shape};
use equipoise::measure::Norm;
use equipoise::models::fused::Fused;
use equipoise::models::{Architecture, EngineKind, Parameters, build};
use equipoise::numeric::normal_cdf;
use equipoise::seed::Seed;
use equipoise::simd::InstructionSet;
use equipoise::training::{Job, Spec, Trained, defenses, train};

use crate::problems::gaussian;

fn defense(text: &str) -> defenses::Spec {
    toml::from_str(&text.replace("; ", "\n")).unwrap()
}

fn trained(
    data: &Dataset,
    architecture: &Architecture,
    spec: &str,
    text: &str,
    strength: f64,
) -> equipoise::Result<Trained> {
    let initial = Parameters::init(architecture, Seed(1));
    let mut network = build(EngineKind::Fused, architecture, &initial).unwrap();
    let job = Job {
        spec: &toml::from_str::<Spec>(spec).unwrap(),
        defense: &defense(text),
        strength,
        norm: Norm::Linf,
        data,
        initial,
        seed: Seed(1),
        selection: None,
    };
    train(&job, network.as_mut(), &|_| true)
}

#[test]
fn strength_zero_is_what_the_formula_says_bit_for_bit() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let run = |text: &str, strength: f64| {
        trained(&data, &architecture, "epochs = 3\nbatch = 100", text, strength).unwrap().last
    };
    let plain = run("kind = \"none\"", 0.0);
    for text in ["kind = \"at\"", "kind = \"fast-at\"", "kind = \"noise\"", "kind = \"worst-class\""] {
        assert_eq!(run(text, 0.0), plain, "{text}");
    }
    let adversarial = run("kind = \"at\"", 0.1);
    assert_ne!(adversarial, plain);
    assert_eq!(run("kind = \"awp\"; epsilon = 0.1", 0.0), adversarial);
    assert_eq!(run("kind = \"mixed\"; epsilon = 0.1", 1.0), adversarial);
    assert_eq!(run("kind = \"worst-class\"; epsilon = 0.1", 0.0), adversarial);
    let trades = run("kind = \"trades\"; epsilon = 0.1", 3.0);
    assert_eq!(run("kind = \"frl\"; epsilon = 0.1; beta = 3", 0.0), trades);
    assert_eq!(run("kind = \"awp\"; epsilon = 0.1; base = \"trades\"; beta = 3", 0.0), trades);
    // Where strength 0 is plain training, the plan says so, and nothing is trained twice.
    for kind in
        ["at", "fast-at", "mixed", "trades", "noise", "label-smoothing", "logit-squeezing", "worst-class"]
    {
        let spec = defense(&format!("kind = \"{kind}\""));
        assert_eq!(spec.at_strength(0.0, 0.1), defenses::Spec::None {}, "{kind}");
        assert_ne!(spec.at_strength(0.5, 0.1), defenses::Spec::None {}, "{kind}");
    }
    for kind in ["mart", "awp", "frl", "group-dro"] {
        assert_ne!(defense(&format!("kind = \"{kind}\"")).at_strength(0.0, 0.1), defenses::Spec::None {});
    }
}

#[test]
fn a_radius_that_is_not_written_is_the_threats() {
    let resolved = defense("kind = \"trades\"").at_strength(1.0, 0.25);
    assert_eq!(resolved, defense("kind = \"trades\"; epsilon = 0.25"));
    let own = defense("kind = \"trades\"; epsilon = 0.1");
    assert_eq!(own.at_strength(1.0, 0.25), own);
}

#[test]
fn every_instruction_set_trains_the_same_weights() {
    let data = gaussian(&[0.5, -0.3, 0.2], 150, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[9]);
    for (text, strength) in LANDING.iter().map(|case| (case.0, case.1)) {
        let weights: Vec<Parameters> = InstructionSet::available()
            .into_iter()
            .map(|set| {
                let initial = Parameters::init(&architecture, Seed(1));
                let mut network = Fused::new(&architecture, &initial, set);
                let job = Job {
                    spec: &toml::from_str::<Spec>("epochs = 2\nbatch = 70").unwrap(),
                    defense: &defense(text),
                    strength,
                    norm: Norm::Linf,
                    data: &data,
                    initial,
                    seed: Seed(1),
                    selection: None,
                };
                train(&job, &mut network, &|_| true).unwrap().last
            })
            .collect();
        assert!(weights.iter().all(|one| *one == weights[0]), "{text}");
    }
}

/// The radius of the attack in the problem below.
const RADIUS: f64 = 0.3;

fn mean() -> Vec<f64> {
    [1.0, 0.8].into_iter().chain(std::iter::repeat_n(0.15, 20)).chain([0.4]).collect()
}

/// A direction `w` of unit length in the eyes of the problem: `w · μ` and `‖w‖₁`.
#[derive(Clone, Copy)]
struct Direction {
    dot: f64,
    reach: f64,
}

/// `soft(μ, t)`, scaled to unit length: the best direction against an adversary of mean radius `t`.
fn optimum(t: f64) -> Direction {
    let soft: Vec<f64> = mean().iter().map(|m| (m - t).max(0.0)).collect();
    let length = soft.iter().map(|w| w * w).sum::<f64>().sqrt();
    Direction {
        dot: soft.iter().zip(mean()).map(|(w, m)| w * m).sum::<f64>() / length,
        reach: soft.iter().sum::<f64>() / length,
    }
}

/// `ln(1 + exp −m)`, the cross-entropy at margin `m`.
fn softplus(m: f64) -> f64 {
    (-m).max(0.0) + libm::log1p(libm::exp(-m.abs()))
}

fn sigmoid(m: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-m))
}

/// Divergence of the two class probabilities at margin `at` from those at margin `m`.
fn divergence(m: f64, at: f64) -> f64 {
    sigmoid(m) * (softplus(at) - softplus(m)) + sigmoid(-m) * (softplus(-at) - softplus(-m))
}

/// The expectation of `loss(margin)` over margins that are normal with mean `scale · dot` and deviation `scale`.
fn expected(scale: f64, dot: f64, loss: impl Fn(f64) -> f64) -> f64 {
    (-160..=160)
        .map(|step| {
            let z = f64::from(step) * 0.05;
            let density = libm::exp(-0.5 * z * z) * 0.05 / (2.0 * std::f64::consts::PI).sqrt();
            density * loss(scale * (dot + z))
        })
        .sum()
}

/// The radius `t` whose optimum minimizes the expected loss of (margin, how far the attack moves it), over the scale of the weights too: any loss
/// that depends on margin, `‖w‖₁` and `‖w‖₂` alone has its minimum at some `soft(μ, t)`.
fn effective_radius(radius: f64, loss: impl Fn(f64, f64) -> f64) -> f64 {
    let value = |t: f64, scale: f64| {
        let direction = optimum(t);
        expected(scale, direction.dot, |m| loss(m, radius * scale * direction.reach))
    };
    let best_scale = |t: f64| golden(0.05, 6.0, |scale| value(t, scale)).1;
    golden(0.0, 0.39, best_scale).0
}

/// The minimum of a function with one valley: where, and its value.
fn golden(mut low: f64, mut high: f64, of: impl Fn(f64) -> f64) -> (f64, f64) {
    let share = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..30 {
        let (a, b) = (high - share * (high - low), low + share * (high - low));
        if of(a) < of(b) { high = b } else { low = a }
    }
    let middle = f64::midpoint(low, high);
    (middle, of(middle))
}

/// Defense, strength, and where theory says that it lands: the `t` of `soft(μ, t)`.
type Landing = (&'static str, f64, fn() -> f64);

/// All at radius 0.1 where they have one.
const LANDING: &[Landing] = &[
    ("kind = \"at\"", 0.1, || 0.1),
    ("kind = \"awp\"; epsilon = 0.1", 0.01, || 0.1),
    ("kind = \"group-dro\"; epsilon = 0.1", 0.01, || 0.1),
    ("kind = \"worst-class\"; epsilon = 0.1", 0.1, || 0.1),
    // Starting at u, uniform on ±ε, the single step of 1.25 ε ends at min(u + 1.25 ε, ε): 55/64 ε on average (0.375 · 0.625 + 0.625), and how it
    // varies is independent over features, like more noise in the data.
    ("kind = \"fast-at\"", 0.1, || 0.1 * 55.0 / 64.0),
    // Noise, smoothed labels and short logits know no direction: the best one is the mean's.
    ("kind = \"noise\"", 0.5, || 0.0),
    ("kind = \"label-smoothing\"", 0.3, || 0.0),
    ("kind = \"logit-squeezing\"", 0.3, || 0.0),
    ("kind = \"mixed\"; epsilon = 0.1", 0.5, || {
        effective_radius(0.1, |m, reach| 0.5 * softplus(m) + 0.5 * softplus(m - reach))
    }),
    // The divergence grows both ways from the row, and the start's noise decides which.
    ("kind = \"trades\"; epsilon = 0.1", 3.0, trades),
    ("kind = \"frl\"; epsilon = 0.1; beta = 3", 0.5, trades),
    ("kind = \"mart\"; epsilon = 0.1", 3.0, || {
        effective_radius(0.1, |m, reach| {
            let at = m - reach;
            softplus(at) - libm::log(1.0001 - sigmoid(-at)) + 3.0 * sigmoid(-m) * divergence(m, at)
        })
    }),
];

fn trades() -> f64 {
    effective_radius(0.1, |m, reach| {
        softplus(m) + 1.5 * (divergence(m, m + reach) + divergence(m, m - reach))
    })
}

/// Balanced isotropic Gaussians at ±μ, 20,000 rows: clean accuracy Φ(w·μ) and robust accuracy Φ(w·μ − 0.3 ‖w‖₁) of the trained
/// direction are those of `soft(μ, t)`, within what that many rows allow.
#[test]
fn every_defense_lands_where_theory_says() {
    let mean: Vec<f32> = mean().into_iter().map(|m| m as f32).collect();
    let data = gaussian(&mean, 20_000, 11);
    let architecture = Architecture::logistic(Shape::Flat(mean.len()), 2);
    let spec = "epochs = 12\nbatch = 500\noptimizer = { kind = \"sgd\", lr = 0.5, momentum = 0.9 }\n\
                schedule = { kind = \"cosine\" }";
    for (text, strength, theory) in LANDING {
        let result = trained(&data, &architecture, spec, text, *strength).unwrap();
        let (weights, biases) = (result.last.tensor(0), result.last.tensor(1));
        let d = mean.len();
        let w: Vec<f64> = (0..d).map(|i| f64::from(weights[d + i]) - f64::from(weights[i])).collect();
        let b = f64::from(biases[1]) - f64::from(biases[0]);
        let dot: f64 = w.iter().zip(&mean).map(|(w, m)| w * f64::from(*m)).sum();
        let length = w.iter().map(|w| w * w).sum::<f64>().sqrt();
        let reach = RADIUS * w.iter().map(|w| w.abs()).sum::<f64>();
        let accuracy =
            |margin: f64| 0.5 * (normal_cdf((margin + b) / length) + normal_cdf((margin - b) / length));
        let t = theory();
        let exact = optimum(t);
        let expected = [normal_cdf(exact.dot), normal_cdf(exact.dot - RADIUS * exact.reach)];
        let found = [accuracy(dot), accuracy(dot - reach)];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 0.006, "{text}, t = {t:.4}: {found:.4} {expected:.4}");
        }
    }
}

/// The sheet's own values of the optimum at t = 0, 0.1 and 0.2.
#[test]
fn the_theory_of_these_tests_has_the_known_values() {
    for (t, clean, robust) in
        [(0.0, 0.933_193, 0.677_242), (0.1, 0.925_302, 0.763_210), (0.2, 0.908_831, 0.805_907)]
    {
        let direction = optimum(t);
        assert!((normal_cdf(direction.dot) - clean).abs() < 1e-6);
        assert!((normal_cdf(direction.dot - RADIUS * direction.reach) - robust).abs() < 1e-6);
        // Adversarial training's own loss leads there.
        let found = effective_radius(t, |m, reach| softplus(m - reach));
        assert!((found - t).abs() < 2e-3, "{found} {t}");
    }
}

#[test]
fn what_a_defense_cannot_do_is_refused_with_the_way_out() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::logistic(Shape::Flat(3), 2);
    let refused = |data: &Dataset, text: &str, strength: f64| {
        trained(data, &architecture, "epochs = 1", text, strength).unwrap_err().to_string()
    };
    for (text, strength, part) in [
        ("kind = \"mixed\"; epsilon = 0.1", 1.5, "lies in 0 to 1, got `1.5`"),
        ("kind = \"label-smoothing\"", 1.1, "lies below 1"),
        ("kind = \"label-smoothing\"", 1.0, "lies below 1, where nothing of the label is left, got `1`"),
        ("kind = \"frl\"; epsilon = 0.1", 2.0, "lies in 0 to 1"),
        ("kind = \"trades\"; epsilon = 0.1", -1.0, "at least 0"),
        ("kind = \"trades\"", 1.0, "trains against the threat's radius, which is 0"),
        ("kind = \"group-dro\"; by = \"sex\"", 0.1, "the data have no groups by `sex`"),
    ] {
        let message = refused(&data, text, strength);
        assert!(message.contains(part), "{text}: {message}");
    }
    let mut without = data.clone();
    without.validation = crate::problems::rows(equipoise::evidence::Split::Validation, 0, vec![], vec![], 2);
    for text in ["kind = \"frl\"; epsilon = 0.1", "kind = \"worst-class\""] {
        let message = refused(&without, text, 0.1);
        assert!(message.contains("on validation rows, and there are none"), "{message}");
    }
    for text in [
        "kind = \"trades\"\nbeta = 3",
        "kind = \"trades\"\ninner = { step = 0 }",
        "kind = \"awp\"\nbase = \"mart\"",
    ] {
        assert!(toml::from_str::<defenses::Spec>(text).is_err(), "{text}");
    }
}

/// The landing problem is symmetric, and its weights stay even. Here the classes' errors differ by chance.
#[test]
fn class_weights_change_training_from_their_first_epoch_on() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let run = |text: &str, strength: f64| {
        trained(&data, &architecture, "epochs = 6\nbatch = 50", text, strength).unwrap()
    };
    let cases = [
        (
            "kind = \"frl\"; epsilon = 0.1; tolerance = 0; start = 0.5",
            "kind = \"trades\"; epsilon = 0.1",
            6.0,
            3,
        ),
        ("kind = \"worst-class\"; epsilon = 0.1", "kind = \"at\"", 0.1, 1),
        ("kind = \"worst-class\"", "kind = \"none\"", 0.0, 1),
    ];
    for (text, base, strength, first) in cases {
        let (weighted, base) = (run(text, 0.8), run(base, strength));
        assert_eq!(weighted.convergence[..first], base.convergence[..first], "{text}");
        for (a, b) in weighted.convergence.iter().zip(&base.convergence).skip(first) {
            assert!((a.loss - b.loss).abs() > 1e-6, "{text}, epoch {}: {} {}", a.epoch, a.loss, b.loss);
        }
    }
}

/// With a step size of 500 the weights leave the range of numbers within a batch.
#[test]
fn no_step_size_makes_group_weights_overflow() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    for text in ["kind = \"group-dro\"", "kind = \"worst-class\""] {
        let run = trained(&data, &architecture, "epochs = 3\nbatch = 50", text, 500.0).unwrap();
        assert!(run.convergence.iter().all(|record| record.loss.is_finite()), "{text}");
    }
}

#[test]
fn catastrophic_overfitting_is_watched_for_after_every_epoch() {
    let data = gaussian(&[0.5, -0.3, 0.2], 300, 1);
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[8]);
    let run = |text: &str, strength: f64| {
        trained(&data, &architecture, "epochs = 3", text, strength).unwrap().convergence
    };
    for record in run("kind = \"fast-at\"", 0.1) {
        let watched = record.watched.unwrap();
        assert!((0.0..=1.0).contains(&watched) && record.validation_robust.is_none());
        // 128 rows at most: a multiple of 1/128.
        assert!((watched * 128.0 - (watched * 128.0).round()).abs() < 1e-9);
    }
    assert!(run("kind = \"fast-at\"", 0.0).iter().all(|record| record.watched.is_none()));
    assert!(run("kind = \"at\"", 0.1).iter().all(|record| record.watched.is_none()));
}
