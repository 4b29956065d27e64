//! Attacks against closed forms, their budgets and their independence of company.

use equipoise::attacks::{Found, Member, Spec, Suite, Target, ThreatModel};
use equipoise::data::{Feature, Rows, Shape};
use equipoise::error::Kind;
use equipoise::evidence::{EvasionFacts, UNION};
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Network, Parameters, build};
use equipoise::probes::{Recipe, clean, evasion};
use equipoise::seed::Seed;

use crate::allocations;
use crate::problems::{feature, free, labeled_by, pick, random_network};

pub(crate) fn spec(text: &str) -> Spec {
    toml::from_str(text).unwrap()
}

fn suite() -> Suite {
    let members = [
        ("apgd-ce", "kind = \"apgd\"\nsteps = 20\nrestarts = 2"),
        ("apgd-dlr", "kind = \"apgd\"\nsteps = 20\nloss = \"dlr\""),
        ("apgd-t", "kind = \"apgd-t\"\nsteps = 20"),
        ("fab", "kind = \"fab\"\nsteps = 20\nrestarts = 2"),
        ("fab-t", "kind = \"fab-t\"\nsteps = 20"),
        ("fgsm", "kind = \"fgsm\""),
        ("margin", "kind = \"pgd\"\nloss = \"margin\"\nsteps = 10\nstep = 0.25"),
        ("pgd", "kind = \"pgd\"\nsteps = 10\nstep = 0.25\nrestarts = 2"),
        ("square", "kind = \"square\"\nqueries = 300\nrestarts = 2"),
    ]
    .map(|(name, text)| Member { name: name.to_owned(), spec: spec(text), sample: None });
    Suite { members: members.into(), cascade: false }
}

/// Runs one attack at one radius on its own.
pub(crate) fn attack(network: &mut dyn Network, rows: &Rows, threat: &ThreatModel, spec: &Spec) -> Found {
    let outputs = clean(network, rows).unwrap();
    let mut found = Found::new(&rows.x, &rows.facts.labels, &outputs);
    let mut target = Target {
        network,
        rows,
        threat,
        constraints: None,
        warm: false,
        only: None,
        seed: Seed(5),
        name: "test",
        stop: &|| false,
    };
    spec.build().run(&mut target, &mut found).unwrap();
    found
}

fn curve(network: &mut dyn Network, rows: &Rows, features: &[Feature], recipe: &Recipe) -> Vec<EvasionFacts> {
    let outputs = clean(network, rows).unwrap();
    evasion(network, rows, &outputs, features, recipe, Seed(5), &|| false).unwrap()
}

/// The smallest radius at which the linear model's margin between label and rival can reach 0, in f64 by bisection on λ;
/// written independently of the attack: the change is `clip(−λ w)` (L2) or `clip(−r sign w)` (L∞).
fn radius_by_bisection(
    parameters: &Parameters,
    features: &[Feature],
    x: &[f32],
    label: usize,
    norm: Norm,
) -> f64 {
    let d = features.len();
    let (weights, biases) = (parameters.tensor(0), parameters.tensor(1));
    let mut nearest = f64::INFINITY;
    for rival in (0..biases.len()).filter(|class| *class != label) {
        let w: Vec<f64> =
            (0..d).map(|i| f64::from(weights[label * d + i]) - f64::from(weights[rival * d + i])).collect();
        let at = |lambda: f64| {
            let mut margin = f64::from(biases[label]) - f64::from(biases[rival]);
            let (mut squares, mut largest) = (0.0, 0.0_f64);
            for i in 0..d {
                let wish = if norm == Norm::L2 { lambda * w[i] } else { lambda * w[i].signum() };
                let clean = f64::from(x[i]);
                let change = if features[i].mutable {
                    (clean - wish).clamp(f64::from(features[i].lower), f64::from(features[i].upper)) - clean
                } else {
                    0.0
                };
                margin += w[i] * (clean + change);
                squares += change * change;
                largest = largest.max(change.abs());
            }
            (margin, if norm == Norm::L2 { squares.sqrt() } else { largest })
        };
        if at(1e6).0 > 0.0 {
            continue;
        }
        let (mut low, mut high) = (0.0, 1e6);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if at(middle).0 > 0.0 { low = middle } else { high = middle }
        }
        nearest = nearest.min(at(high).1);
    }
    nearest
}

#[test]
fn pgd_and_exact_make_exactly_the_rows_of_a_linear_model_fall_that_the_closed_form_says() {
    let architecture = Architecture::logistic(Shape::Flat(12), 2);
    let parameters = Parameters::init(&architecture, Seed(3));
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let rows = labeled_by(network.as_mut(), 500, 8);
    let boxed: Vec<Feature> = (0..12).map(|i| feature(0.0, 1.0, i % 4 != 3)).collect();
    for (features, l2_box) in [(free(12), false), (boxed, true)] {
        for (norm, epsilons) in [(Norm::Linf, [0.03, 0.1, 0.2]), (Norm::L2, [0.1, 0.3, 0.6])] {
            for epsilon in epsilons {
                let threat = ThreatModel::new(norm, epsilon, &features);
                let exact = attack(network.as_mut(), &rows, &threat, &spec("kind = \"exact\""));
                let pgd = attack(network.as_mut(), &rows, &threat, &spec("kind = \"pgd\"\nsteps = 60"));
                let mut fallen = 0;
                for row in 0..rows.len() {
                    let label = usize::from(rows.facts.labels[row]);
                    let radius = radius_by_bisection(&parameters, &features, rows.row(row), label, norm);
                    // The weights' scale turns a margin of 1e-5 into a distance of about as much.
                    if (radius - epsilon).abs() < 2e-5 {
                        continue;
                    }
                    let falls = radius < epsilon;
                    fallen += usize::from(falls);
                    assert_eq!(
                        exact.standing()[row],
                        !falls,
                        "exact, {norm:?} {epsilon} row {row}: {radius}"
                    );
                    // Against L2 with a box, gradient steps only come close.
                    if !(l2_box && norm == Norm::L2) {
                        assert_eq!(
                            pgd.standing()[row],
                            !falls,
                            "pgd, {norm:?} {epsilon} row {row}: {radius}"
                        );
                    } else if pgd.standing()[row] == falls {
                        assert!(falls && radius > 0.97 * epsilon, "pgd, L2 in a box, row {row}: {radius}");
                    }
                }
                assert!(fallen > 5 && fallen < 500, "{norm:?} {epsilon}: {fallen} rows fall");
            }
        }
    }
}

#[test]
fn exact_knows_the_nearest_of_many_rivals_and_no_attack_beats_it() {
    let architecture = Architecture::logistic(Shape::Flat(9), 4);
    let parameters = Parameters::init(&architecture, Seed(4));
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let rows = labeled_by(network.as_mut(), 300, 9);
    let features: Vec<Feature> = (0..9).map(|i| feature(0.0, 1.0, i != 2)).collect();
    for (norm, epsilon) in [(Norm::Linf, 0.05), (Norm::L2, 0.15)] {
        let threat = ThreatModel::new(norm, epsilon, &features);
        let exact = attack(network.as_mut(), &rows, &threat, &spec("kind = \"exact\""));
        let facts = exact.facts("exact", "", norm, epsilon, true);
        let pgd = attack(
            network.as_mut(),
            &rows,
            &threat,
            &spec("kind = \"pgd\"\nloss = \"margin\"\nrestarts = 3"),
        );
        for row in 0..rows.len() {
            let label = usize::from(rows.facts.labels[row]);
            let radius = radius_by_bisection(&parameters, &features, rows.row(row), label, norm);
            if (radius - epsilon).abs() < 2e-5 {
                continue;
            }
            assert_eq!(facts.standing[row], radius > epsilon, "{norm:?} row {row}: {radius}");
            if radius < epsilon {
                assert!((f64::from(facts.distance[row]) - radius).abs() < 1e-5 * radius.max(0.1));
                assert_ne!(usize::from(facts.first_success.predictions[row]), label);
            }
            assert!(pgd.standing()[row] || !facts.standing[row], "PGD found what cannot be, row {row}");
        }
    }
}

#[test]
fn an_exact_attack_on_a_network_that_is_not_linear_is_an_error() {
    let architecture = Architecture::mlp(Shape::Flat(3), 2, &[4]);
    let error = spec("kind = \"exact\"").check(&architecture, Norm::Linf).unwrap_err();
    assert!(error.to_string().contains("linear models only"), "{error}");
    assert!(error.help_text().is_some());
    let mut network = random_network(&architecture, 1);
    let rows = labeled_by(network.as_mut(), 3, 1);
    let outputs = clean(network.as_mut(), &rows).unwrap();
    let recipe =
        Recipe { norm: Norm::Linf, epsilons: vec![0.1], suite: Suite::of(&[spec("kind = \"exact\"")]) };
    assert!(evasion(network.as_mut(), &rows, &outputs, &free(3), &recipe, Seed(0), &|| false).is_err());
}

#[test]
fn every_attack_stays_in_ball_box_and_mask_and_its_points_do_what_is_said() {
    let architecture = Architecture::mlp(Shape::Flat(20), 3, &[16]);
    let mut network = random_network(&architecture, 2);
    let rows = labeled_by(network.as_mut(), 150, 3);
    let features: Vec<Feature> = (0..20).map(|i| feature(0.0, 1.0, i % 5 != 0)).collect();
    for (norm, epsilon) in [(Norm::Linf, 0.1), (Norm::Linf, 0.5), (Norm::L2, 0.4), (Norm::L2, 2.0)] {
        let threat = ThreatModel::new(norm, epsilon, &features);
        for Member { name, spec, .. } in suite().members {
            let found = attack(network.as_mut(), &rows, &threat, &spec);
            let mut fallen = 0;
            for row in 0..rows.len() {
                let success = found.first_success(row);
                fallen += usize::from(success.is_some());
                for point in success.into_iter().chain([found.max_loss(row)]) {
                    assert!(
                        threat.distance(rows.row(row), point) <= epsilon + 1e-6,
                        "{name} {norm:?} {epsilon}"
                    );
                    for (i, (x, p)) in rows.row(row).iter().zip(point).enumerate() {
                        assert!((0.0..=1.0).contains(p), "{name} leaves the box");
                        assert!(features[i].mutable || x.to_bits() == p.to_bits(), "{name} ignores the mask");
                    }
                }
                if let Some(point) = success {
                    let alone = pick(&rows, &[row]);
                    let moved = Rows { x: point.to_vec(), ..alone };
                    let said = clean(network.as_mut(), &moved).unwrap();
                    assert_ne!(said.predictions[0], rows.facts.labels[row], "{name}: no success after all");
                }
            }
            assert!(fallen > 0, "{name} {norm:?} {epsilon} finds nothing");
        }
    }
}

#[test]
fn results_do_not_depend_on_which_rows_are_attacked_together_or_in_which_order() {
    let architecture = Architecture::mlp(Shape::Flat(20), 3, &[16]);
    let mut network = random_network(&architecture, 2);
    let rows = labeled_by(network.as_mut(), 150, 4);
    let features = vec![feature(0.0, 1.0, true); 20];
    for norm in [Norm::Linf, Norm::L2] {
        let recipe = Recipe { norm, epsilons: vec![0.05, 0.15], suite: suite() };
        let together = curve(network.as_mut(), &rows, &features, &recipe);
        let members: Vec<usize> = (0..150).rev().filter(|row| row % 3 != 1).collect();
        let apart = curve(network.as_mut(), &pick(&rows, &members), &features, &recipe);
        assert_eq!(together.len(), apart.len());
        for (a, b) in together.iter().zip(&apart) {
            for (index, &row) in members.iter().enumerate() {
                assert_eq!(a.standing[row], b.standing[index]);
                assert_eq!(a.distance[row].to_bits(), b.distance[index].to_bits());
                for (a, b) in [(&a.first_success, &b.first_success), (&a.max_loss, &b.max_loss)] {
                    assert_eq!(a.predictions[row], b.predictions[index]);
                    for class in 0..3 {
                        assert_eq!(
                            a.logits[row * 3 + class].to_bits(),
                            b.logits[index * 3 + class].to_bits()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_security_curve_is_monotone_per_row_and_starts_at_the_clean_rows() {
    let architecture = Architecture::mlp(Shape::Flat(20), 3, &[16]);
    let mut network = random_network(&architecture, 6);
    let mut rows = labeled_by(network.as_mut(), 150, 5);
    // A third of the rows is wrong from the start.
    let facts = std::sync::Arc::make_mut(&mut rows.facts);
    facts.labels.iter_mut().step_by(3).for_each(|label| *label = (*label + 1) % 3);
    let features = vec![feature(0.0, 1.0, true); 20];
    let recipe = Recipe { norm: Norm::Linf, epsilons: vec![0.0, 0.02, 0.05, 0.1, 0.3], suite: suite() };
    let outputs = clean(network.as_mut(), &rows).unwrap();
    let facts = curve(network.as_mut(), &rows, &features, &recipe);
    let attacks = suite().members.len();
    assert_eq!(facts.len(), 5 * (attacks + 1));
    for name in suite().members.iter().map(|member| member.name.as_str()).chain([UNION]) {
        let own: Vec<&EvasionFacts> = facts.iter().filter(|facts| facts.attack == name).collect();
        assert_eq!(own[0].max_loss, outputs, "radius 0 is the clean row");
        for row in 0..150 {
            let right = outputs.predictions[row] == rows.facts.labels[row];
            assert_eq!(own[0].standing[row], right);
            assert!(own.is_sorted_by(|a, b| a.standing[row] >= b.standing[row]), "{name} row {row}");
            for facts in &own {
                assert_eq!(facts.protocol.len(), 8);
                let distance = facts.distance[row];
                assert_eq!(facts.standing[row], distance.is_infinite());
                assert!(facts.standing[row] || f64::from(distance) <= facts.epsilon + 1e-9);
                if !right {
                    assert!(distance <= 0.0, "wrong already");
                    assert_eq!(facts.first_success.predictions[row], outputs.predictions[row]);
                    assert_eq!(facts.max_loss.predictions[row], outputs.predictions[row]);
                }
            }
        }
        let standing = |facts: &EvasionFacts| facts.standing.iter().filter(|standing| **standing).count();
        assert!(standing(own[4]) < standing(own[1]), "{name} finds more at a larger radius");
    }
    for at in facts.chunks(attacks + 1) {
        for row in 0..150 {
            assert_eq!(
                at[attacks].standing[row],
                at[..attacks].iter().all(|facts| facts.standing[row]),
                "the union"
            );
        }
    }
}

#[test]
fn numbers_that_are_none_are_an_error_and_never_robustness() {
    let architecture = Architecture::mlp(Shape::Flat(5), 2, &[4]);
    let mut network = random_network(&architecture, 1);
    let rows = labeled_by(network.as_mut(), 10, 1);
    let outputs = clean(network.as_mut(), &rows).unwrap();
    let mut broken = Parameters::init(&architecture, Seed(1));
    broken.tensor_mut(2)[0] = f32::NAN;
    network.load(&broken);
    assert!(clean(network.as_mut(), &rows).is_err());
    let recipe = Recipe { norm: Norm::Linf, epsilons: vec![0.1], suite: suite() };
    let error =
        evasion(network.as_mut(), &rows, &outputs, &free(5), &recipe, Seed(0), &|| false).unwrap_err();
    assert_eq!(error.kind(), Kind::Diverged);
    assert!(error.to_string().contains("not finite near data-set row 100"), "{error}");
}

/// Also where the gradient is zero everywhere and L2 attacks go on from random points.
#[test]
fn more_steps_cost_no_more_allocations() {
    let architecture = Architecture::mlp(Shape::Flat(20), 3, &[16]);
    let mut flat = random_network(&architecture, 2);
    flat.load(&Parameters::zeros(&architecture));
    let features = vec![feature(0.0, 1.0, true); 20];
    for mut network in [random_network(&architecture, 2), flat] {
        let rows = labeled_by(network.as_mut(), 200, 3);
        for norm in [Norm::Linf, Norm::L2] {
            let threat = ThreatModel::new(norm, 0.1, &features);
            let mut count = |steps: u32| {
                let spec = spec(&format!("kind = \"pgd\"\nsteps = {steps}"));
                let before = allocations::on_this_thread();
                attack(network.as_mut(), &rows, &threat, &spec);
                allocations::on_this_thread() - before
            };
            let (few, many) = (count(2), count(50));
            assert!(few > 0, "the counter counts");
            assert_eq!(few, many, "{norm:?}");
        }
    }
}

#[test]
fn both_engines_let_the_same_rows_fall() {
    let architecture = Architecture::mlp(Shape::Flat(20), 3, &[16]);
    let parameters = Parameters::init(&architecture, Seed(6));
    let mut fused = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let mut candle = build(EngineKind::Candle, &architecture, &parameters).unwrap();
    let rows = labeled_by(fused.as_mut(), 100, 5);
    let features = vec![feature(0.0, 1.0, true); 20];
    for (norm, epsilon) in [(Norm::Linf, 0.05), (Norm::L2, 0.2)] {
        let recipe = Recipe { norm, epsilons: vec![epsilon], suite: suite() };
        let one = curve(fused.as_mut(), &rows, &features, &recipe);
        let other = curve(candle.as_mut(), &rows, &features, &recipe);
        for (one, other) in one.iter().zip(&other) {
            let standing = one.standing.iter().filter(|standing| **standing).count();
            assert!((10..=90).contains(&standing), "{}: {standing} rows stand", one.attack);
            // Rounding may tip a row that is on the verge.
            let differing = one.standing.iter().zip(&other.standing).filter(|(a, b)| a != b).count();
            assert!(differing <= 1, "{} {norm:?}: {differing} rows differ", one.attack);
        }
    }
}

#[test]
fn an_attack_stops_when_asked() {
    let architecture = Architecture::mlp(Shape::Flat(5), 2, &[4]);
    let mut network = random_network(&architecture, 1);
    let rows = labeled_by(network.as_mut(), 10, 1);
    let outputs = clean(network.as_mut(), &rows).unwrap();
    let recipe = Recipe { norm: Norm::Linf, epsilons: vec![0.1], suite: suite() };
    let error = evasion(network.as_mut(), &rows, &outputs, &free(5), &recipe, Seed(0), &|| true).unwrap_err();
    assert_eq!(error.kind(), Kind::Incomplete);
}
