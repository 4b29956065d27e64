//! Explanations: closed forms on linear models, captum's figures on a small network, and what is promised of every row.

mod judging;
mod runs;

use std::path::Path;

use equipoise::data::{Feature, Rows, Shape};
use equipoise::evidence::{AttributionFacts, ExplanationFacts, Explanations, Split};
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Network, Parameters, build};
use equipoise::probes;
use equipoise::probes::explanation::{Inquiry, Method, Settings, explain};
use equipoise::seed::Seed;

use crate::problems::{feature, free, pick, rows};

const SEED: Seed = Seed(3);

fn settings(text: &str) -> Settings {
    toml::from_str(text).unwrap()
}

/// Explains `rows` in L∞ at `epsilon`.
fn explained(
    network: &mut dyn Network,
    training: &Rows,
    rows: &Rows,
    features: &[Feature],
    (norm, epsilon): (Norm, f64),
    settings: &Settings,
) -> Explanations {
    let clean = probes::clean(network, rows).unwrap();
    explain(Inquiry {
        network,
        rows,
        training,
        clean: &clean,
        features,
        constraints: None,
        norm,
        epsilon,
        settings,
        seed: SEED,
        stop: &|| false,
    })
    .unwrap()
}

fn entry<'a>(all: &'a Explanations, method: &str, baseline: &str) -> &'a ExplanationFacts {
    all.entries.iter().find(|entry| entry.method == method && entry.baseline == baseline).unwrap()
}

fn facts<'a>(all: &'a Explanations, method: &str, baseline: &str) -> &'a AttributionFacts {
    entry(all, method, baseline).attribution.as_ref().unwrap()
}

fn close(found: f32, expected: f64, tolerance: f64, what: &str) {
    let error = (f64::from(found) - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1.0), "{what}: {found}, not {expected}");
}

/// Two classes, `z_1 = w · x + b` and `z_0 = 0`.
fn linear(w: &[f32], b: f32, kind: EngineKind) -> Box<dyn Network> {
    let architecture = Architecture::logistic(Shape::Flat(w.len()), 2);
    let mut parameters = Parameters::zeros(&architecture);
    parameters.tensor_mut(0)[w.len()..].copy_from_slice(w);
    parameters.tensor_mut(1)[1] = b;
    build(kind, &architecture, &parameters).unwrap()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-z))
}

/// Trapezoids of three equal steps.
fn area_of_sigmoids(z: [f64; 4]) -> f64 {
    let [a, b, c, d] = z.map(sigmoid);
    (0.5 * a + b + c + 0.5 * d) / 3.0
}

/// `w = (2, 1, −1.5)`, `x = (1, 1, 1)`, so `z = 1.5`. Training rows have the mean `(0.5, 2, 0)`.
fn worked() -> (Box<dyn Network>, Rows, Rows) {
    let training = rows(Split::Train, 0, vec![0.0, 1.0, 0.5, 1.0, 3.0, -0.5], vec![0, 1], 2);
    let test = rows(Split::Test, 10, vec![1.0, 1.0, 1.0], vec![0], 2);
    (linear(&[2.0, 1.0, -1.5], 0.0, EngineKind::Fused), training, test)
}

#[test]
fn attributions_of_a_linear_model_are_its_closed_forms() {
    let (mut network, training, test) = worked();
    let all =
        explained(network.as_mut(), &training, &test, &free(3), (Norm::Linf, 0.1), &Settings::default());
    assert_eq!(all.rows, [0]);
    assert_eq!(all.entries.len(), 6);
    assert_eq!(facts(&all, "gradient", "mean").values, [2.0, 1.0, -1.5]);
    assert_eq!(facts(&all, "gradient-x-input", "mean").values, [2.0, 1.0, -1.5]);
    // (x − mean) · w, and their sum is z(x) − z(mean) = 1.5 − 3.
    assert_eq!(facts(&all, "integrated-gradients", "mean").values, [1.0, -1.0, -1.5]);
    assert_eq!(facts(&all, "integrated-gradients", "zero").values, [2.0, 1.0, -1.5]);
    for entry in &all.entries {
        let of_first = entry.method == "integrated-gradients" || entry.baseline == "mean";
        assert_eq!(entry.attribution.is_some(), of_first, "{} {}", entry.method, entry.baseline);
        let Some(facts) = &entry.attribution else { continue };
        close(facts.infidelity[0], 0.0, 1e-10, "infidelity");
        close(facts.infidelity_scaled[0], 0.0, 1e-10, "scaled infidelity");
        assert!(facts.gap.iter().all(|gap| *gap < 1e-6));
        assert!((facts.stability[0] - 1.0).abs() < f32::EPSILON, "the gradient is the same everywhere");
    }
    close(facts(&all, "gradient", "mean").sensitivity[0], 0.0, 0.0, "sensitivity of a constant gradient");
    // Of w ∘ x it is at most the radius, as all x are 1: each of 3 coordinates moves by w times at most 0.02.
    let moved = facts(&all, "gradient-x-input", "mean").sensitivity[0];
    assert!(moved > 0.0 && moved <= 0.02, "{moved}");
}

/// By hand, from `w` and the rows above: which logits are met on the way.
#[test]
fn curves_of_a_linear_model_are_those_worked_by_hand() {
    let (mut network, training, test) = worked();
    let all =
        explained(network.as_mut(), &training, &test, &free(3), (Norm::Linf, 0.1), &Settings::default());
    for (method, baseline, most, least) in [
        // By size: features 0, 2, 1. Removed by zeros: 1.5 → −0.5 → 1 → 0, and backwards 1.5 → 0.5 → 2 → 0.
        ("gradient", "zero", [1.5, -0.5, 1.0, 0.0], [1.5, 0.5, 2.0, 0.0]),
        // By means: 1.5 → 0.5 → 2 → 3, and backwards 1.5 → 2.5 → 4 → 3.
        ("gradient", "mean", [1.5, 0.5, 2.0, 3.0], [1.5, 2.5, 4.0, 3.0]),
        // By sign and size: features 0, 1, 2.
        ("gradient-x-input", "zero", [1.5, -0.5, -1.5, 0.0], [1.5, 3.0, 2.0, 0.0]),
        ("gradient-x-input", "mean", [1.5, 0.5, 1.5, 3.0], [1.5, 3.0, 4.0, 3.0]),
        ("integrated-gradients", "zero", [1.5, -0.5, -1.5, 0.0], [1.5, 3.0, 2.0, 0.0]),
        // (1, −1, −1.5): features 0, 1, 2 again.
        ("integrated-gradients", "mean", [1.5, 0.5, 1.5, 3.0], [1.5, 3.0, 4.0, 3.0]),
    ] {
        let found = entry(&all, method, baseline);
        let (deletion, insertion) = (area_of_sigmoids(most), area_of_sigmoids(least));
        close(found.deletion[0], deletion, 1e-6, &format!("deletion {method} {baseline}"));
        close(found.insertion[0], insertion, 1e-6, &format!("insertion {method} {baseline}"));
        close(found.relevance_gain()[0], insertion - deletion, 1e-6, "gain");
    }
}

/// The class that is explained is the predicted one, whatever the label: of the other side of the same model the attribution is 0, as `z_0` is.
#[test]
fn the_predicted_class_is_explained_and_a_constant_attribution_is_undefined() {
    let (mut network, training, _) = worked();
    let test = rows(Split::Test, 10, vec![-1.0, 0.0, 0.0, 1.0, 1.0, 1.0], vec![1, 1], 2);
    let all =
        explained(network.as_mut(), &training, &test, &free(3), (Norm::Linf, 0.1), &Settings::default());
    for entry in &all.entries {
        assert!(
            entry.deletion[0].is_nan() && entry.insertion[0].is_nan() && entry.relevance_gain()[0].is_nan()
        );
        assert!(!entry.deletion[1].is_nan());
        let Some(facts) = &entry.attribution else { continue };
        assert!(facts.values[..3].iter().all(|value| *value == 0.0) && facts.values[3] != 0.0);
        assert!(facts.sensitivity[0].is_nan() && facts.stability[0].is_nan());
        assert!(!facts.sensitivity[1].is_nan() && !facts.stability[1].is_nan());
        assert!(facts.infidelity[0].abs() < f32::EPSILON, "nothing is foretold, and nothing happens");
    }
}

fn json() -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/explanations/reference.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Captum 0.9 in double precision: `tests/fixtures/explanations/make.py`. Ours in single precision, so that 1e-5 of the logits' size is what can be asked for.
#[test]
fn captum_finds_the_same() {
    let reference = json();
    assert_eq!(reference["made_by"]["captum"], "0.9.0");
    let list = |value: &serde_json::Value| numbers(value).into_iter().map(|x| x as f32).collect::<Vec<_>>();
    let features = 6;
    let hidden = reference["weights"][1].as_array().unwrap().len();
    let architecture = Architecture::mlp(Shape::Flat(features), 3, &[hidden]);
    let mut parameters = Parameters::zeros(&architecture);
    for index in 0..4 {
        parameters.tensor_mut(index).copy_from_slice(&list(&reference["weights"][index]));
    }
    let training = list(&reference["training"]);
    let training = rows(Split::Train, 0, training.clone(), vec![0; training.len() / features], 3);
    let first = reference["first_row"].as_u64().unwrap() as u32;
    let x = list(&reference["rows"]);
    let test = rows(Split::Test, first, x.clone(), vec![0; x.len() / features], 3);
    assert_eq!(reference["seed"], SEED.0);
    let settings: Settings = serde_json::from_value(reference["settings"].clone()).unwrap();
    for kind in [EngineKind::Fused, EngineKind::Candle] {
        let mut network = build(kind, &architecture, &parameters).unwrap();
        let predicted = probes::clean(network.as_mut(), &test).unwrap().predictions;
        let classes: Vec<u16> = numbers(&reference["classes"]).iter().map(|class| *class as u16).collect();
        assert_eq!(predicted, classes);
        let place = (Norm::Linf, 0.1);
        let all = explained(network.as_mut(), &training, &test, &free(features), place, &settings);
        let mut compared = 0;
        for (name, expected) in reference["explanations"].as_object().unwrap() {
            let (method, baseline) = name.split_once('/').unwrap();
            let found = facts(&all, method, baseline);
            for (measure, found) in [
                ("values", &found.values),
                ("infidelity", &found.infidelity),
                ("infidelity_scaled", &found.infidelity_scaled),
                ("sensitivity", &found.sensitivity),
            ] {
                let expected = numbers(&expected[measure]);
                assert_eq!(found.len(), expected.len());
                for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    close(*found, *expected, 1e-5, &format!("{kind:?} {name} {measure} {row}"));
                    compared += usize::from(expected.abs() > 1e-3);
                }
            }
        }
        assert!(compared > 200, "only {compared} numbers were not 0");
    }
}

fn network() -> (Architecture, Parameters) {
    let architecture = Architecture::mlp(Shape::Flat(7), 4, &[40, 30]);
    // Weights that make the probabilities vary.
    let mut parameters = Parameters::init(&architecture, Seed(8));
    parameters.values_mut().iter_mut().for_each(|value| *value *= 3.0);
    (architecture, parameters)
}

fn uniform(split: Split, first: u32, n: usize) -> Rows {
    let mut stream = Seed(4).stream(split.word());
    rows(split, first, (0..n * 7).map(|_| stream.uniform()).collect(), vec![0; n], 4)
}

#[test]
fn integrated_gradients_are_complete_and_more_so_with_more_steps() {
    let (architecture, parameters) = network();
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let (training, test) = (uniform(Split::Train, 0, 30), uniform(Split::Test, 30, 20));
    let logits = |network: &mut dyn Network, x: Vec<f32>| {
        let n = x.len() / 7;
        probes::clean(network, &rows(Split::Test, 0, x, vec![0; n], 4)).unwrap().logits
    };
    let mut worst = Vec::new();
    for steps in [10, 100, 1000] {
        let settings = settings(&format!(
            "methods = [\"integrated-gradients\"]\nsteps = {steps}\nbaselines = [\"zero\"]"
        ));
        let all = explained(network.as_mut(), &training, &test, &free(7), (Norm::Linf, 0.1), &settings);
        let facts = facts(&all, "integrated-gradients", "zero");
        let (ends, origin) =
            (logits(network.as_mut(), test.x.clone()), logits(network.as_mut(), vec![0.0; 7]));
        for row in 0..test.len() {
            let class = (0..4).max_by(|a, b| ends[row * 4 + a].total_cmp(&ends[row * 4 + b])).unwrap();
            let change = f64::from(ends[row * 4 + class]) - f64::from(origin[class]);
            let sum: f64 = facts.values[row * 7..(row + 1) * 7].iter().map(|value| f64::from(*value)).sum();
            close(facts.gap[row], (sum - change).abs(), 1e-5, "the gap is that of sum and change");
        }
        worst.push(facts.gap.iter().copied().fold(0.0, f32::max));
    }
    assert!(worst[0] > worst[1] && worst[1] > worst[2] && worst[2] < 2e-3, "{worst:?}");
}

#[test]
fn both_engines_find_the_same() {
    let (architecture, parameters) = network();
    let (training, test) = (uniform(Split::Train, 0, 30), uniform(Split::Test, 30, 20));
    let box_ = vec![feature(0.0, 1.0, true); 7];
    let of = |kind| {
        let mut network = build(kind, &architecture, &parameters).unwrap();
        explained(network.as_mut(), &training, &test, &box_, (Norm::L2, 0.3), &Settings::default())
    };
    let (fused, candle) = (of(EngineKind::Fused), of(EngineKind::Candle));
    let same = |fused: &[f32], candle: &[f32], what: &str| {
        assert!(!fused.is_empty() && fused.len() == candle.len());
        fused.iter().zip(candle).for_each(|(a, b)| close(*a, f64::from(*b), 1e-4, what));
    };
    for (fused, candle) in fused.entries.iter().zip(&candle.entries) {
        same(&fused.deletion, &candle.deletion, "deletion");
        same(&fused.insertion, &candle.insertion, "insertion");
        if let (Some(fused), Some(candle)) = (&fused.attribution, &candle.attribution) {
            same(&fused.values, &candle.values, "values");
            same(&fused.infidelity, &candle.infidelity, "infidelity");
            same(&fused.infidelity_scaled, &candle.infidelity_scaled, "scaled infidelity");
            same(&fused.sensitivity, &candle.sensitivity, "sensitivity");
            same(&fused.stability, &candle.stability, "stability");
        }
    }
}

/// All numbers of one row, as bits.
fn of_row(all: &Explanations, row: usize) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in &all.entries {
        found.extend([entry.deletion[row], entry.insertion[row]]);
        if let Some(facts) = &entry.attribution {
            let own = [&facts.infidelity, &facts.infidelity_scaled, &facts.sensitivity, &facts.stability];
            found.extend(own.iter().map(|values| values[row]).chain(facts.gap.get(row).copied()));
            found.extend(&facts.values[row * all.features..(row + 1) * all.features]);
        }
    }
    found.into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_row_is_explained_the_same_in_any_company() {
    let (architecture, parameters) = network();
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let (training, test) = (uniform(Split::Train, 0, 30), uniform(Split::Test, 30, 90));
    let mut of = |test: &Rows, settings: &Settings| {
        explained(network.as_mut(), &training, test, &free(7), (Norm::Linf, 0.1), settings)
    };
    let all = of(&test, &Settings::default());
    assert_eq!(all.rows.len(), 90, "all rows where there are no 100");
    let again = of(&test, &Settings::default());
    assert!((0..90).all(|row| of_row(&all, row) == of_row(&again, row)), "the same in every run");

    let some = of(&test, &settings("rows = 12"));
    assert_eq!(some.rows.len(), 12);
    for (place, row) in some.rows.iter().enumerate() {
        assert_eq!(of_row(&some, place), of_row(&all, *row as usize), "row {row} among 12");
        let alone = of(&pick(&test, &[*row as usize]), &Settings::default());
        assert_eq!(of_row(&alone, 0), of_row(&all, *row as usize), "row {row} alone");
    }
    // Nor does it matter what else is asked of it.
    let one = of(&test, &settings("methods = [\"gradient\"]\nbaselines = [\"mean\"]"));
    for row in 0..90 {
        let first = of_row(&one, row);
        assert_eq!(first, of_row(&all, row)[..first.len()]);
    }
}

#[test]
fn there_is_no_stability_where_nothing_can_be_attacked() {
    let (architecture, parameters) = network();
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let (training, test) = (uniform(Split::Train, 0, 30), uniform(Split::Test, 30, 5));
    let fixed = vec![feature(0.0, 1.0, false); 7];
    let cases = [(Norm::L1, 0.5, free(7)), (Norm::Linf, 0.0, free(7)), (Norm::Linf, 0.5, fixed)];
    for (norm, epsilon, features) in cases {
        let all = explained(
            network.as_mut(),
            &training,
            &test,
            &features,
            (norm, epsilon),
            &Settings { methods: vec![Method::Gradient], ..Settings::default() },
        );
        assert_eq!(all.attack, None, "{norm:?} {epsilon}");
        assert!(facts(&all, "gradient", "mean").stability.iter().all(|share| share.is_nan()));
    }
    let all =
        explained(network.as_mut(), &training, &test, &free(7), (Norm::Linf, 0.5), &Settings::default());
    assert_eq!(all.attack.unwrap().epsilon, "0.5");
}

#[test]
fn work_can_be_interrupted() {
    let (mut network, training, test) = worked();
    let clean = probes::clean(network.as_mut(), &test).unwrap();
    let error = explain(Inquiry {
        network: network.as_mut(),
        rows: &test,
        training: &training,
        clean: &clean,
        features: &free(3),
        constraints: None,
        norm: Norm::Linf,
        epsilon: 0.0,
        settings: &Settings::default(),
        seed: SEED,
        stop: &|| true,
    });
    assert_eq!(error.unwrap_err().kind(), equipoise::error::Kind::Incomplete);
}
