//! Certificates: hand-worked bounds, attacks that find nothing, closed forms.

use equipoise::attacks::{Found, Spec as AttackSpec, Target, ThreatModel, outputs};
use equipoise::bounds::smoothing::{self, AttackSettings, Settings};
use equipoise::bounds::{Spec, certify};
use equipoise::data::{Feature, Rows, Shape};
use equipoise::evidence::Split;
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Parameters, build, weights};
use equipoise::numeric::{normal_cdf, normal_quantile};
use equipoise::seed::Seed;
use safetensors::SafeTensors;

use crate::conformance::load_rows;
use crate::problems::{feature, free, labeled_by, pick, rows};
use crate::shared;

fn spec(kind: &str) -> Spec {
    toml::from_str(&format!("kind = \"{kind}\"")).unwrap()
}

fn certified(
    kind: &str,
    architecture: &Architecture,
    parameters: &Parameters,
    rows: &Rows,
    threat: &ThreatModel,
) -> Vec<bool> {
    certify(&spec(kind), architecture, parameters, rows, threat, &vec![true; rows.len()], &|| false).unwrap()
}

fn count(flags: &[bool]) -> usize {
    flags.iter().filter(|flag| **flag).count()
}

fn with_weights(architecture: &Architecture, tensors: &[&[f32]]) -> Parameters {
    let mut parameters = Parameters::zeros(architecture);
    for (index, tensor) in tensors.iter().enumerate() {
        parameters.tensor_mut(index).copy_from_slice(tensor);
    }
    parameters
}

/// Whether one row is certified just below the radius and not just above it.
fn turns_at(
    kind: &str,
    model: (&Architecture, &Parameters),
    row: (&[f32], u16),
    norm: Norm,
    radius: f64,
    features: &[Feature],
) {
    let one = rows(Split::Test, 0, row.0.to_vec(), vec![row.1], 2);
    for (factor, expected) in [(1.0 - 1e-4, true), (1.0 + 1e-4, false)] {
        let threat = ThreatModel::new(norm, radius * factor, features);
        let found = certified(kind, model.0, model.1, &one, &threat);
        assert_eq!(found, [expected], "{kind}, {norm:?}, {factor} × {radius}");
    }
}

/// By hand: `h = max(0, (x₀ − x₁, x₀ + x₁))`, margin `h₀ − h₁`, at (2, −1), so `z = (3, 1)` and the margin is 2.
///
/// Intervals: `z` moves by 2ε (L∞), √2 ε (L2) or ε (L1), so the margin is `2 − 4ε`, `2 − 2√2 ε`, `2 − 2ε`.
/// Relaxation in L∞: while `z₁ ≥ 0` (ε ≤ ½) the margin is `−2 x₁ ≥ 2 − 2ε`; beyond, `h₁ ≤ a z₁ + a (2ε − 1)` with `a = (1 + 2ε)/(4ε)`, so
/// the margin is at least `3 − 2ε − a · 2ε = 2.5 − 3ε`. In L2 with `s = √2 ε > 1` in the same way `3 − (1 + s)/2 − ε √(2 + 2a²)`, `a = (1 + s)/(2s)`:
/// 0 at ε = 0.97034943.
#[test]
fn bounds_of_two_layers_are_those_worked_out_by_hand() {
    let architecture = Architecture::mlp(Shape::Flat(2), 2, &[2]);
    let identity = [1.0, 0.0, 0.0, 1.0];
    let parameters = with_weights(&architecture, &[&[1.0, -1.0, 1.0, 1.0], &[0.0; 2], &identity, &[0.0; 2]]);
    let model = (&architecture, &parameters);
    let row = ([2.0, -1.0].as_slice(), 0);
    turns_at("interval", model, row, Norm::Linf, 0.5, &free(2));
    turns_at("interval", model, row, Norm::L2, 0.5_f64.sqrt(), &free(2));
    turns_at("interval", model, row, Norm::L1, 1.0, &free(2));
    turns_at("crown", model, row, Norm::Linf, 2.5 / 3.0, &free(2));
    turns_at("crown", model, row, Norm::L2, 0.970_349_43, &free(2));
    // The second feature alone decides: where it may not change nothing can, and where the box ends at −0.9 it cannot go far enough.
    for last in [feature(f32::NEG_INFINITY, f32::INFINITY, false), feature(-1.0, -0.9, true)] {
        let threat = ThreatModel::new(Norm::Linf, 0.5, &[feature(1.9, 2.1, true), last]);
        let one = rows(Split::Test, 0, row.0.to_vec(), vec![0], 2);
        for kind in ["interval", "crown"] {
            assert_eq!(certified(kind, &architecture, &parameters, &one, &threat), [true]);
        }
    }
    // The wrong label is never certified.
    let wrong = rows(Split::Test, 0, row.0.to_vec(), vec![1], 2);
    let threat = ThreatModel::new(Norm::Linf, 0.0, &free(2));
    assert_eq!(certified("crown", &architecture, &parameters, &wrong, &threat), [false]);
}

/// By hand: a kernel that copies its pixel, so `h = max x`; the margin of class 0 over 1 is `h − 0.6`.
#[test]
fn bounds_of_a_max_pool_are_those_worked_out_by_hand() {
    let shape = Shape::Image { channels: 1, height: 2, width: 2 };
    let architecture = Architecture::cnn(shape, 2, &[1], &[]);
    let mut kernel = [0.0; 9];
    kernel[4] = 1.0;
    let parameters = with_weights(&architecture, &[&kernel, &[0.0], &[1.0, 0.0], &[0.0, 0.6]]);
    let model = (&architecture, &parameters);
    for kind in ["interval", "crown"] {
        turns_at(kind, model, (&[0.2, 0.1, 0.9, 0.85], 0), Norm::Linf, 0.3, &free(4));
        turns_at(kind, model, (&[0.2, 0.1, 0.5, 0.45], 1), Norm::Linf, 0.1, &free(4));
        turns_at(kind, model, (&[0.2, 0.1, 0.5, 0.0], 1), Norm::L2, 0.1, &free(4));
    }
}

/// How the rows fare under an attack: flags of those left standing.
fn standing(
    attack: &str,
    architecture: &Architecture,
    parameters: &Parameters,
    rows: &Rows,
    threat: &ThreatModel,
) -> Vec<bool> {
    let mut network = build(EngineKind::Fused, architecture, parameters).unwrap();
    let clean = outputs(network.as_mut(), rows).unwrap();
    let mut found = Found::new(&rows.x, &rows.facts.labels, &clean);
    let mut target = Target {
        network: network.as_mut(),
        rows,
        threat,
        constraints: None,
        warm: false,
        only: None,
        seed: Seed(1),
        name: "test",
        stop: &|| false,
    };
    toml::from_str::<AttackSpec>(attack).unwrap().build().run(&mut target, &mut found).unwrap();
    found.standing().to_vec()
}

/// Box, mask and every norm: attacks break no certified row, and the relaxation certifies what intervals certify and more.
#[test]
fn no_certified_row_ever_falls() {
    let image = Shape::Image { channels: 2, height: 6, width: 5 };
    let features: Vec<Feature> = (0..60).map(|i| feature(0.0, 1.0, i % 7 != 3)).collect();
    let models = [
        Architecture::mlp(image, 4, &[]),
        Architecture::mlp(image, 4, &[16]),
        Architecture::mlp(image, 3, &[20, 12]),
        Architecture::cnn(image, 3, &[4], &[]),
        Architecture::cnn(image, 4, &[4, 6], &[8]),
    ];
    let (mut more, mut fallen) = (0, 0);
    for (index, architecture) in models.iter().enumerate() {
        let mut parameters = Parameters::init(architecture, Seed(20 + index as u64));
        // Margins of untrained models are tiny.
        parameters.values_mut().iter_mut().for_each(|w| *w *= 2.0);
        let mut network = build(EngineKind::Fused, architecture, &parameters).unwrap();
        let all = labeled_by(network.as_mut(), 60, 7);
        for (norm, radii) in [
            (Norm::Linf, [0.002, 0.01, 0.03, 0.1]),
            (Norm::L2, [0.01, 0.05, 0.15, 0.5]),
            (Norm::L1, [0.03, 0.1, 0.5, 2.0]),
        ] {
            let mut smaller: Option<[Vec<bool>; 2]> = None;
            for epsilon in radii {
                let threat = ThreatModel::new(norm, epsilon, &features);
                let [interval, crown] = ["interval", "crown"]
                    .map(|kind| certified(kind, architecture, &parameters, &all, &threat));
                let left =
                    standing("kind = \"apgd-t\"\nsteps = 50", architecture, &parameters, &all, &threat);
                for row in 0..all.len() {
                    assert!(crown[row] || !interval[row], "{norm:?} {epsilon} model {index} row {row}");
                    assert!(left[row] || !crown[row], "{norm:?} {epsilon} model {index} row {row}");
                }
                if let Some(smaller) = &smaller {
                    for (small, large) in smaller.iter().zip([&interval, &crown]) {
                        assert!(small.iter().zip(large).all(|(small, large)| *small || !large));
                    }
                }
                more += count(&crown) - count(&interval);
                fallen += left.len() - count(&left);
                smaller = Some([interval, crown]);
            }
            let [interval, _] = ["interval", "crown"].map(|kind| {
                let threat = ThreatModel::new(norm, radii[0], &features);
                count(&certified(kind, architecture, &parameters, &all, &threat))
            });
            assert!(interval > 20, "{norm:?}, model {index}: {interval} rows at the smallest radius");
        }
    }
    assert!(more > 300 && fallen > 300, "{more} {fallen}");
}

#[test]
fn the_exact_certificate_is_the_exact_attack() {
    let architecture = Architecture::logistic(Shape::Flat(12), 5);
    let parameters = Parameters::init(&architecture, Seed(3));
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let all = labeled_by(network.as_mut(), 400, 5);
    let features: Vec<Feature> = (0..12).map(|i| feature(0.0, 1.0, i % 4 != 1)).collect();
    for (norm, radii) in
        [(Norm::Linf, [0.02, 0.1, 0.2]), (Norm::L2, [0.05, 0.2, 0.5]), (Norm::L1, [0.1, 0.4, 0.8])]
    {
        for epsilon in radii {
            let threat = ThreatModel::new(norm, epsilon, &features);
            let exact = certified("exact", &architecture, &parameters, &all, &threat);
            assert!((10..398).contains(&count(&exact)), "{norm:?} {epsilon}: {}", count(&exact));
            let bounded = certified("crown", &architecture, &parameters, &all, &threat);
            assert!((0..400).all(|row| exact[row] || !bounded[row]));
            // In L1 no attack is exact: what stands may not be certified, but what is certified stands.
            let attack = if norm == Norm::L1 { "kind = \"apgd-t\"" } else { "kind = \"exact\"" };
            let left = standing(attack, &architecture, &parameters, &all, &threat);
            if norm == Norm::L1 {
                assert!((0..400).all(|row| left[row] || !exact[row]));
                assert!(count(&left) - count(&exact) <= 8, "{} {}", count(&left), count(&exact));
            } else {
                assert_eq!(left, exact, "{norm:?} {epsilon}");
            }
            if norm == Norm::Linf {
                assert_eq!(exact, bounded, "intervals of a linear model are exact");
            }
        }
    }
}

/// At radius 0 rounding alone is left: rows are certified unless logits are as close as rounding errors are large.
#[test]
fn what_rounding_may_decide_is_not_certified() {
    let architecture = Architecture::mlp(Shape::Flat(2), 2, &[2]);
    let threat = ThreatModel::new(Norm::Linf, 0.0, &free(2));
    // The margin is the change of the first bias.
    for (gap, expected) in [(0.0, false), (1e-7, false), (1e-4, true)] {
        let tensors: [&[f32]; 4] = [&[1.0, 0.3, 1.0, 0.3], &[gap, 0.0], &[1.0, 0.0, 0.0, 1.0], &[0.0; 2]];
        let parameters = with_weights(&architecture, &tensors);
        let one = rows(Split::Test, 0, vec![0.7, 0.1], vec![0], 2);
        for kind in ["interval", "crown"] {
            assert_eq!(certified(kind, &architecture, &parameters, &one, &threat), [expected], "{gap}");
        }
    }
    // Sums that might overflow.
    let tensors: [&[f32]; 4] = [&[3e38, 3e38, 0.0, 0.0], &[0.0; 2], &[1.0, 0.0, 0.0, 1.0], &[0.0; 2]];
    let one = rows(Split::Test, 0, vec![1.0, 1.0], vec![0], 2);
    let parameters = with_weights(&architecture, &tensors);
    assert_eq!(certified("crown", &architecture, &parameters, &one, &threat), [false]);
}

/// Row by row: nothing that the authors' AutoAttack broke is certified.
#[test]
fn no_row_that_the_reference_broke_is_certified() {
    let Some(shared) = shared::folder() else { return };
    let mut largest = 0;
    for case in ["digits-at0", "digits-at0.1", "fashion-mnist-mlp-at0.05", "fashion-mnist-cnn-at0.05"] {
        let folder = shared.join("conformance").join(case);
        let read = |file: &str| equipoise::files::read(&folder.join(file)).unwrap();
        let (all, shape) = load_rows(&read("rows.safetensors"));
        let model = read("model.safetensors");
        let architecture = weights::infer(&model, shape).unwrap();
        let parameters = weights::from_safetensors(&model, &architecture).unwrap();
        let features = vec![feature(0.0, 1.0, true); shape.features()];
        let bytes = read("reference.safetensors");
        let reference = SafeTensors::deserialize(&bytes).unwrap();
        let mut compared = 0;
        for (name, union) in reference.iter().filter(|(name, _)| name.ends_with("/union")) {
            let parts: Vec<&str> = name.split('/').collect();
            let norm = if parts[1].eq_ignore_ascii_case("linf") { Norm::Linf } else { Norm::L2 };
            let threat = ThreatModel::new(norm, parts[2].parse().unwrap(), &features);
            let crown = certified("crown", &architecture, &parameters, &all, &threat);
            let broken = (0..all.len()).filter(|row| crown[*row] && union.data()[*row] == 0);
            assert_eq!(broken.collect::<Vec<_>>(), [0_usize; 0], "{case}, {name}");
            largest = largest.max(count(&crown));
            compared += 1;
        }
        assert!(compared > 1);
        // At the smallest radius that means something much is certified: a tenth of a gray level.
        let threat = ThreatModel::new(Norm::Linf, 1e-4, &features);
        let crown = count(&certified("crown", &architecture, &parameters, &all, &threat));
        let right = {
            let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
            let clean = outputs(network.as_mut(), &all).unwrap();
            clean.predictions.iter().zip(&all.facts.labels).filter(|(p, y)| p == y).count()
        };
        assert!(crown <= right && 100 * crown >= 97 * right, "{case}: {crown} of {right}");
    }
    assert!(largest > 0, "at the radii of the reference nothing is certified, so nothing was compared");
}

/// 1e19 · 1e20 is beyond single precision, in which the margin is then infinite, and 1e19 · 1e18 is not.
#[test]
fn a_linear_model_that_might_overflow_is_not_certified() {
    let architecture = Architecture::logistic(Shape::Flat(1), 2);
    let one = rows(Split::Test, 0, vec![1e19], vec![0], 2);
    for (weight, expected) in [(1e18, true), (1e20, false)] {
        let parameters = with_weights(&architecture, &[&[weight, 0.0], &[0.0; 2]]);
        for norm in [Norm::Linf, Norm::L2] {
            let threat = ThreatModel::new(norm, 0.1, &free(1));
            let found = certified("exact", &architecture, &parameters, &one, &threat);
            assert_eq!(found, [expected], "{weight}, {norm:?}");
        }
    }
}

/// A linear model of two classes: the smoothed classifier is the model itself, and Cohen's radius the distance to the boundary
/// (`σ Φ⁻¹(Φ(margin/σ))`), up to what the lower bound of the share costs. The second row has the margin of the ground truth's case.
#[test]
fn smoothing_certifies_a_linear_models_margin() {
    const MARGIN: f32 = 1.081_673_7;
    let architecture = Architecture::logistic(Shape::Flat(2), 2);
    let parameters = with_weights(&architecture, &[&[0.6, 0.8, -0.6, -0.8], &[0.0; 2]]);
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    // From 0.4 on a hundred draws do not pick the wrong class; on the boundary there is no majority.
    let further = (0..60).map(|row| 0.4 + 0.02 * row as f32);
    let margins: Vec<f32> = [0.0, MARGIN].into_iter().chain(further).collect();
    let x = margins.iter().flat_map(|margin| [0.6 * margin - 0.8, 0.8 * margin + 0.6]).collect();
    let all = rows(Split::Test, 0, x, vec![0; margins.len()], 2);
    for (sigma, samples) in [(1.0, 100_000), (0.5, 5000)] {
        let settings = Settings { sigma, selection: 100, samples, alpha: 0.001 };
        let smoothed = smoothing::certify(network.as_mut(), &all, settings, Seed(1), &|| false).unwrap();
        let mut above = 0;
        for (row, margin) in margins.iter().enumerate() {
            let margin = f64::from(*margin);
            let (radius, share) = (smoothed.radius[row], normal_cdf(margin / sigma));
            above += usize::from(radius > margin);
            // Four standard errors below the share, of which the lower bound takes 3.1, and what a count of 0 misses can show.
            let n = f64::from(samples);
            let low =
                (share - 7.5 * (share * (1.0 - share) / n).sqrt()).min(libm::pow(0.001, 1.0 / n)) - 20.0 / n;
            let least = if low > 0.5 { sigma * normal_quantile(low) } else { 0.0 };
            assert!(radius >= least, "margin {margin}: {radius}, expected at least {least}");
            assert_eq!(smoothed.predictions[row], (row > 0).then_some(0), "margin {margin}");
        }
        // One row in a thousand may be wrong.
        assert!(above <= 1, "{above} radii are too large");
        if samples == 100_000 {
            let radius = smoothed.radius[1];
            assert!((1.05..=1.081_673_7).contains(&radius), "{radius}");
        }
    }
}

/// Rows that stand are those whose margin is beyond the radius; those hardly broken stand for want of votes.
#[test]
fn attacks_on_a_smoothed_linear_model_break_what_lies_within_reach() {
    let architecture = Architecture::logistic(Shape::Flat(2), 2);
    // Steep enough that every softmax is saturated.
    let parameters = with_weights(&architecture, &[&[600.0, 800.0, -600.0, -800.0], &[0.0; 2]]);
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let margins: Vec<f32> = (0..20).map(|row| 0.05 + 0.1 * row as f32).collect();
    let x = margins.iter().flat_map(|margin| [0.6 * margin, 0.8 * margin]).collect();
    let all = rows(Split::Test, 0, x, vec![0; margins.len()], 2);
    let settings = Settings { sigma: 0.5, selection: 100, samples: 2000, alpha: 0.001 };
    let answers = smoothing::certify(network.as_mut(), &all, settings, Seed(1), &|| false).unwrap();
    let attack = AttackSettings::new(settings);
    let mut run = |features: &[Feature], epsilon: f64| {
        let threat = ThreatModel::new(Norm::L2, epsilon, features);
        smoothing::attack(network.as_mut(), &all, &threat, attack, &answers, Seed(1), &|| false).unwrap()
    };
    let left = run(&free(2), 1.0);
    for (row, margin) in margins.iter().enumerate() {
        if *margin < 0.85 {
            assert!(!left[row], "margin {margin}");
        } else if *margin > 1.0 {
            assert!(left[row], "margin {margin}");
        }
    }
    // With the second feature fixed the boundary is at margin / 0.6.
    let masked = run(&[feature(-9.0, 9.0, true), feature(-9.0, 9.0, false)], 1.0);
    for (row, margin) in margins.iter().enumerate() {
        if *margin > 0.2 && *margin < 0.5 {
            assert!(!masked[row], "margin {margin}");
        } else if *margin > 0.6 {
            assert!(masked[row], "margin {margin}");
        }
    }
    let linf = ThreatModel::new(Norm::Linf, 0.1, &free(2));
    let error = smoothing::attack(network.as_mut(), &all, &linf, attack, &answers, Seed(1), &|| false);
    assert!(error.unwrap_err().to_string().contains("in L2 only"));
}

/// One row in a hundred may be certified wrongly, and one broken by chance.
#[test]
fn smoothed_answers_depend_on_the_row_alone_and_stand_where_certified() {
    let architecture = Architecture::mlp(Shape::Flat(6), 3, &[16]);
    let mut parameters = Parameters::init(&architecture, Seed(5));
    parameters.values_mut().iter_mut().for_each(|w| *w *= 4.0);
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let all = labeled_by(network.as_mut(), 80, 3);
    let settings = Settings { sigma: 0.2, selection: 64, samples: 1000, alpha: 0.01 };
    let smoothed = smoothing::certify(network.as_mut(), &all, settings, Seed(1), &|| false).unwrap();
    let some = pick(&all, &[50, 7, 13]);
    let alone = smoothing::certify(network.as_mut(), &some, settings, Seed(1), &|| false).unwrap();
    for (place, row) in [50, 7, 13].into_iter().enumerate() {
        assert_eq!(alone.predictions[place], smoothed.predictions[row]);
        assert_eq!(alone.radius[place].to_bits(), smoothed.radius[row].to_bits());
    }
    let again = smoothing::certify(network.as_mut(), &some, settings, Seed(2), &|| false).unwrap();
    assert_ne!(alone.radius, again.radius);
    let (mut certified, mut broken, mut wrong) = (0, 0, 0);
    for epsilon in [0.05, 0.1, 0.2, 0.4] {
        let threat = ThreatModel::new(Norm::L2, epsilon, &free(6));
        let attack = AttackSettings::new(settings);
        let left = smoothing::attack(network.as_mut(), &all, &threat, attack, &smoothed, Seed(1), &|| false)
            .unwrap();
        for (row, left) in left.iter().enumerate() {
            let right = smoothed.predictions[row] == Some(all.facts.labels[row]);
            assert!(right || !left, "what was not right does not stand");
            let proven = right && smoothed.radius[row] >= epsilon;
            certified += usize::from(proven);
            broken += usize::from(right && !left);
            wrong += usize::from(proven && !left);
        }
    }
    assert!(certified > 60 && broken > 20, "{certified} {broken}");
    assert_eq!(wrong, 0);
}
