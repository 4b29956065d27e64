//! Our PGD against the reference suite's, on trained models and real rows.

use std::path::Path;

use equipoise::attacks::Suite;
use equipoise::data::{Rows, Shape};
use equipoise::evidence::{EvasionFacts, Split};
use equipoise::files;
use equipoise::measure::Norm;
use equipoise::models::{EngineKind, build, weights};
use equipoise::probes::{Recipe, clean, evasion};
use equipoise::seed::Seed;
use safetensors::SafeTensors;

use crate::problems::{feature, rows};
use crate::shared;

pub(crate) fn load_rows(bytes: &[u8]) -> (Rows, Shape) {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let (x, y) = (file.tensor("x").unwrap(), file.tensor("y").unwrap());
    let shape = Shape::Image { channels: x.shape()[1], height: x.shape()[2], width: x.shape()[3] };
    let x = x.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let y = y.data().as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b) as u16).collect();
    (rows(Split::Test, 0, x, y, 10), shape)
}

/// Robust accuracy of each case of the reference's `pgd40` (one random start, step ε/10, last iterate) against ours (the same steps, first success kept).
fn conforms(case: &Path) {
    let (rows, shape) = load_rows(&files::read(&case.join("rows.safetensors")).unwrap());
    let model = files::read(&case.join("model.safetensors")).unwrap();
    let architecture = weights::infer(&model, shape).unwrap();
    let parameters = weights::from_safetensors(&model, &architecture).unwrap();
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let features = vec![feature(0.0, 1.0, true); shape.features()];
    let outputs = clean(network.as_mut(), &rows).unwrap();
    let reference: serde_json::Value =
        serde_json::from_str(&files::read_text(&case.join("case.json")).unwrap()).unwrap();
    let cases = reference["cases"].as_array().unwrap();
    for norm in [Norm::Linf, Norm::L2] {
        let expected: Vec<(f64, f64)> = cases
            .iter()
            .filter(|case| (case["norm"] == "Linf") == (norm == Norm::Linf))
            .map(|case| (case["eps"].as_f64().unwrap(), case["robust_accuracy"]["pgd40"].as_f64().unwrap()))
            .collect();
        let suite = Suite::of(&[toml::from_str("kind = \"pgd\"").unwrap()]);
        let robust = |facts: &EvasionFacts| {
            facts.standing.iter().filter(|standing| **standing).count() as f64 / rows.len() as f64
        };
        let mut run = |epsilons: Vec<f64>, seed: u64| -> Vec<f64> {
            let recipe = Recipe { norm, epsilons, suite: suite.clone() };
            let facts = evasion(network.as_mut(), &rows, &outputs, &features, &recipe, Seed(seed), &|| false)
                .unwrap();
            facts.iter().step_by(2).map(robust).collect()
        };
        // Each radius on its own, as the reference did, over four seeds (one seed is off by up to three rows), and the
        // warm-started curve: neither may be weaker.
        let apart: Vec<f64> = expected
            .iter()
            .map(|(epsilon, _)| (0..4).map(|seed| run(vec![*epsilon], seed)[0]).sum::<f64>() / 4.0)
            .collect();
        let curve = run(expected.iter().map(|(epsilon, _)| *epsilon).collect(), 0);
        for (index, (epsilon, expected)) in expected.iter().enumerate() {
            let (apart, curve) = (apart[index], curve[index]);
            let name = format!("{} {} {epsilon}", case.display(), norm.word());
            assert!(apart <= expected + 0.01, "{name}: {apart}, reference {expected}");
            assert!(curve <= expected + 0.01, "{name}, on the curve: {curve}, reference {expected}");
        }
    }
}

#[test]
fn pgd_is_as_strong_as_the_references_on_every_case() {
    let Some(shared) = shared::folder() else { return };
    for case in ["digits-at0", "digits-at0.1", "fashion-mnist-mlp-at0.05", "fashion-mnist-cnn-at0.05"] {
        conforms(&shared.join("conformance").join(case));
    }
}
