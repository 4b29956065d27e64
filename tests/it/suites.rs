//! The suites against the reference suite, against closed forms, and against themselves.

use std::path::Path;

use equipoise::attacks::{Preset, Suite, ThreatModel, sample};
use equipoise::data::{Feature, Rows, Shape};
use equipoise::evidence::{EvasionFacts, UNION};
use equipoise::files;
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Network, Parameters, build, weights};
use equipoise::probes::{Recipe, clean, evasion};
use equipoise::seed::Seed;
use safetensors::SafeTensors;

use crate::attacks::{attack, spec};
use crate::conformance::load_rows;
use crate::problems::{feature, free, labeled_by, pick, random_network};
use crate::shared;

fn run(
    network: &mut dyn Network,
    rows: &Rows,
    features: &[Feature],
    norm: Norm,
    epsilons: &[f64],
    suite: Suite,
) -> Vec<EvasionFacts> {
    let outputs = clean(network, rows).unwrap();
    let recipe = Recipe { norm, epsilons: epsilons.to_vec(), suite };
    evasion(network, rows, &outputs, features, &recipe, Seed(0), &|| false).unwrap()
}

fn standing(facts: &EvasionFacts) -> usize {
    facts.standing.iter().filter(|stands| **stands).count()
}

/// The first `count` rows of a case, every attack on each: the union breaks at least as many rows as the reference suite's less one row
/// (or .004), and each attack as its counterpart less .01 (Square .02) or one row.
fn conforms(case: &Path, count: usize) {
    let (rows, shape) = load_rows(&files::read(&case.join("rows.safetensors")).unwrap());
    let rows = pick(&rows, &(0..count.min(rows.len())).collect::<Vec<_>>());
    let model = files::read(&case.join("model.safetensors")).unwrap();
    let architecture = weights::infer(&model, shape).unwrap();
    let parameters = weights::from_safetensors(&model, &architecture).unwrap();
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let features = vec![feature(0.0, 1.0, true); shape.features()];
    let bytes = files::read(&case.join("reference.safetensors")).unwrap();
    let reference = SafeTensors::deserialize(&bytes).unwrap();
    for norm in [Norm::Linf, Norm::L2] {
        let mut epsilons: Vec<f64> = reference
            .names()
            .iter()
            .filter_map(|name| {
                let mut parts = name.strip_prefix("standing/")?.split('/');
                (parts.next()?.eq_ignore_ascii_case(norm.word()))
                    .then(|| parts.next().unwrap().parse().unwrap())
            })
            .collect();
        epsilons.sort_by(f64::total_cmp);
        epsilons.dedup();
        assert!(!epsilons.is_empty(), "{}: no {norm:?}", case.display());
        let suite = Preset::Individual.suite(norm);
        for facts in run(network.as_mut(), &rows, &features, norm, &epsilons, suite) {
            let name = reference
                .names()
                .into_iter()
                .find(|name| {
                    let parts: Vec<&str> = name.split('/').collect();
                    parts.len() == 4
                        && parts[1].eq_ignore_ascii_case(norm.word())
                        && parts[2].parse() == Ok(facts.epsilon)
                        && parts[3] == facts.attack
                })
                .unwrap_or_else(|| panic!("{} has no {} at {}", case.display(), facts.attack, facts.epsilon));
            let theirs = reference.tensor(name).unwrap().data()[..rows.len()]
                .iter()
                .map(|stands| usize::from(*stands))
                .sum::<usize>();
            let slack = match facts.attack.as_str() {
                UNION => 0.004,
                "square" => 0.02,
                _ => 0.01,
            };
            let allowed = theirs as f64 + f64::max(slack * rows.len() as f64, 1.0);
            assert!(
                standing(&facts) as f64 <= allowed,
                "{} {name}: {} rows stand, {theirs} in the reference",
                case.display(),
                standing(&facts)
            );
        }
    }
}

#[test]
fn the_suite_is_as_strong_as_the_reference_on_digits() {
    let Some(shared) = shared::folder() else { return };
    for case in ["digits-at0", "digits-at0.1"] {
        conforms(&shared.join("conformance").join(case), 500);
    }
}

/// A part of the rows, for time's sake: a row's result depends on that row alone.
#[test]
fn the_suite_is_as_strong_as_the_reference_on_garments() {
    let Some(shared) = shared::folder() else { return };
    conforms(&shared.join("conformance/fashion-mnist-mlp-at0.05"), 128);
    conforms(&shared.join("conformance/fashion-mnist-cnn-at0.05"), 64);
}

/// Against the exact worst case, whose own test is a bisection in f64: with two classes every attack, with four those that aim at every class.
#[test]
fn on_linear_models_exactly_the_rows_fall_that_the_closed_form_says() {
    let every = [
        "pgd\"\nsteps = 100\nstep = 0.05\nloss = \"margin",
        "apgd",
        "apgd\"\nloss = \"dlr",
        "apgd-t",
        "fab",
        "fab-t",
    ];
    for (classes, attacks) in [(2, &every[..]), (4, &every[3..])] {
        let architecture = Architecture::logistic(Shape::Flat(12), classes);
        let parameters = Parameters::init(&architecture, Seed(3));
        let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
        let rows = labeled_by(network.as_mut(), 300, 8);
        let boxed: Vec<Feature> = (0..12).map(|i| feature(0.0, 1.0, i % 4 != 3)).collect();
        for (features, is_boxed) in [(free(12), false), (boxed, true)] {
            for (norm, epsilons) in [(Norm::Linf, [0.03, 0.1]), (Norm::L2, [0.1, 0.4])] {
                for epsilon in epsilons {
                    let threat = ThreatModel::new(norm, epsilon, &features);
                    let exact = attack(network.as_mut(), &rows, &threat, &spec("kind = \"exact\""));
                    let wider = ThreatModel::new(norm, epsilon + 2e-5, &features);
                    let narrower = ThreatModel::new(norm, epsilon - 2e-5, &features);
                    let wide = attack(network.as_mut(), &rows, &wider, &spec("kind = \"exact\""));
                    let narrow = attack(network.as_mut(), &rows, &narrower, &spec("kind = \"exact\""));
                    let fallen = (0..300).filter(|row| !exact.standing()[*row]).count();
                    assert!((1..300).contains(&fallen), "{classes} {norm:?} {epsilon}: {fallen} rows fall");
                    for name in attacks {
                        // PGD scales into the ball before it clips to the box, and only comes close there.
                        if is_boxed && norm == Norm::L2 && name.starts_with("pgd") {
                            continue;
                        }
                        let found =
                            attack(network.as_mut(), &rows, &threat, &spec(&format!("kind = \"{name}\"")));
                        for row in 0..300 {
                            let on_the_edge = wide.standing()[row] != narrow.standing()[row];
                            assert!(
                                on_the_edge || found.standing()[row] == exact.standing()[row],
                                "{name}, {classes} classes, {norm:?} {epsilon}, box: {is_boxed}, row {row}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// From a tiny radius every distance is searched for to the end; the closed form's is what `exact` says at a huge one.
#[test]
fn distances_of_fab_are_the_closed_forms_on_linear_models() {
    let architecture = Architecture::logistic(Shape::Flat(12), 3);
    let parameters = Parameters::init(&architecture, Seed(3));
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let rows = labeled_by(network.as_mut(), 200, 8);
    let features: Vec<Feature> = (0..12).map(|i| feature(0.0, 1.0, i % 4 != 3)).collect();
    for norm in [Norm::Linf, Norm::L2] {
        let huge = ThreatModel::new(norm, 100.0, &features);
        let exact = attack(network.as_mut(), &rows, &huge, &spec("kind = \"exact\""))
            .facts("exact", "", norm, 100.0, true);
        for kind in ["fab", "fab-t"] {
            let tiny = ThreatModel::new(norm, 1e-7, &features);
            let found = attack(network.as_mut(), &rows, &tiny, &spec(&format!("kind = \"{kind}\"")));
            let mut compared = 0;
            for row in 0..200 {
                let expected = f64::from(exact.distance[row]);
                if found.standing()[row] && expected.is_finite() && expected > 1e-3 {
                    let got = found.nearest(row);
                    assert!(
                        (got - expected).abs() <= 1e-4 * expected,
                        "{kind} {norm:?} {row}: {got} {expected}"
                    );
                    compared += 1;
                }
            }
            assert!(compared > 150, "{compared} rows compared");
        }
    }
}

fn problem() -> (Box<dyn Network>, Rows, Vec<Feature>) {
    let mut network = random_network(&Architecture::mlp(Shape::Flat(20), 5, &[16]), 2);
    let rows = labeled_by(network.as_mut(), 150, 4);
    (network, rows, vec![feature(0.0, 1.0, true); 20])
}

#[test]
fn the_union_does_not_depend_on_the_order_of_attacks() {
    let (mut network, rows, features) = problem();
    let mut forward = Preset::Individual.suite(Norm::Linf);
    let mut partly = false;
    for epsilon in [0.1, 0.15, 0.2, 0.3] {
        let mut union = |suite: &Suite| {
            let facts = run(network.as_mut(), &rows, &features, Norm::Linf, &[epsilon], suite.clone());
            facts.into_iter().find(|facts| facts.attack == UNION).unwrap()
        };
        forward.cascade = false;
        let expected = union(&forward);
        partly |= (5..145).contains(&standing(&expected));
        for cascade in [false, true] {
            forward.cascade = cascade;
            forward.members.reverse();
            assert_eq!(union(&forward).standing, expected.standing, "cascade: {cascade}");
        }
    }
    assert!(partly, "at some radius some rows fall and some stand");
}

#[test]
fn a_cascade_works_on_standing_rows_only_and_counts_what_it_asks() {
    let (mut network, rows, features) = problem();
    let suite = Preset::Standard.suite(Norm::Linf);
    let facts = run(network.as_mut(), &rows, &features, Norm::Linf, &[0.02, 0.05], suite);
    assert_eq!(facts.len(), 10);
    for at in facts.chunks(5) {
        for pair in at[..4].windows(2) {
            for row in 0..150 {
                assert!(pair[1].standing[row] <= pair[0].standing[row]);
                assert!(pair[1].tried[row] <= pair[0].standing[row], "only rows that stood are tried");
            }
        }
        assert_eq!(at[3].standing, at[4].standing, "the union is what is left");
    }
    let [ce, targeted, fab, square] = &facts[..4] else { unreachable!("four attacks") };
    assert_eq!(ce.effort.backwards, 150 * 100, "a hundred gradients for every row");
    assert_eq!(ce.effort.forwards, 150 * 101);
    assert!(targeted.effort.forwards > targeted.effort.backwards && targeted.effort.backwards > 0);
    assert!(fab.effort.backwards > 0 && square.effort.backwards == 0 && square.effort.forwards > 0);
}

#[test]
fn the_quick_suites_checks_work_on_a_sample_that_depends_on_row_numbers_alone() {
    let (mut network, rows, features) = problem();
    let facts = run(network.as_mut(), &rows, &features, Norm::Linf, &[0.02], Preset::Quick.suite(Norm::Linf));
    let chosen = sample(&rows.facts.rows, 100);
    assert_eq!(chosen.iter().filter(|flag| **flag).count(), 100);
    for facts in &facts[2..4] {
        assert!(facts.tried.iter().zip(&chosen).all(|(tried, chosen)| tried <= chosen), "{}", facts.attack);
        assert!(facts.tried.contains(&true));
    }
    let reversed: Vec<u32> = rows.facts.rows.iter().rev().copied().collect();
    let again: Vec<bool> = sample(&reversed, 100).into_iter().rev().collect();
    assert_eq!(chosen, again);
}

#[test]
fn l1_is_attacked_by_apgd_alone_and_inside_the_ball() {
    let (mut network, rows, features) = problem();
    for kind in ["apgd", "apgd\"\nloss = \"dlr", "apgd-t"] {
        let mut fallen = 0;
        for epsilon in [1.0, 2.0, 4.0] {
            let threat = ThreatModel::new(Norm::L1, epsilon, &features);
            let found = attack(network.as_mut(), &rows, &threat, &spec(&format!("kind = \"{kind}\"")));
            for (row, point) in (0..150).filter_map(|row| Some((row, found.first_success(row)?))) {
                let change = point.iter().zip(rows.row(row)).map(|(p, x)| f64::from(*p) - f64::from(*x));
                assert!(change.map(f64::abs).sum::<f64>() <= epsilon);
                assert!(point.iter().all(|p| (0.0..=1.0).contains(p)));
                fallen += 1;
            }
        }
        assert!((10..3 * 150).contains(&fallen), "{kind}: {fallen} points");
    }
    let architecture = Architecture::mlp(Shape::Flat(20), 5, &[16]);
    for kind in ["pgd", "fgsm", "fab", "fab-t", "square", "exact"] {
        let error = spec(&format!("kind = \"{kind}\"")).check(&architecture, Norm::L1).unwrap_err();
        assert!(error.to_string().contains("does not know the norm L1"), "{error}");
    }
    assert_eq!(Preset::Standard.suite(Norm::L1).members.len(), 2);
}

#[test]
fn with_few_classes_the_ratio_is_the_margin_and_the_suite_says_so() {
    let ratio = spec("kind = \"apgd\"\nloss = \"dlr\"");
    assert!(ratio.remark(2).unwrap().contains("needs 3 classes, here are 2"));
    assert_eq!(ratio.remark(3), None);
    assert!(spec("kind = \"apgd-t\"").remark(3).unwrap().contains("needs 4 classes"));
    for classes in [2, 3] {
        let mut network = random_network(&Architecture::mlp(Shape::Flat(20), classes, &[16]), 2);
        let rows = labeled_by(network.as_mut(), 100, 4);
        let features = vec![feature(0.0, 1.0, true); 20];
        let suite = Preset::Individual.suite(Norm::Linf);
        let facts = run(network.as_mut(), &rows, &features, Norm::Linf, &[0.02, 0.1, 0.4], suite);
        for name in ["apgd-ce", "apgd-t", "fab-t", "square"] {
            let own: Vec<usize> = facts.iter().filter(|facts| facts.attack == name).map(standing).collect();
            assert!(own[0] > own[2] && own[2] < 100, "{classes} classes, {name}: {own:?} stand");
        }
    }
}
