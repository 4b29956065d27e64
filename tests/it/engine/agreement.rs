//! Both engines against a plain forward pass, its finite differences, and each other.

use equipoise::data::Shape;
use equipoise::models::{Architecture, Block, EngineKind, LANES, Layer, Parameters, build};
use equipoise::seed::Seed;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::reference::{logits, objective, widened};
use super::{passes, random_block, relative_error, rows_of, small_architectures};

/// The same cases in every run.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// A central difference of a piecewise linear function, or nothing where a kink lies between the points.
fn slope(mut f: impl FnMut(f64) -> f64) -> Option<f64> {
    const STEP: f64 = 1e-4;
    let (below, here, above) = (f(-STEP), f(0.0), f(STEP));
    let (left, right) = ((here - below) / STEP, (above - here) / STEP);
    ((left - right).abs() < 1e-8).then_some(0.5 * (left + right))
}

#[test]
fn logits_and_gradients_match_a_plain_forward_pass_and_its_finite_differences() {
    for kind in [EngineKind::Fused, EngineKind::Candle] {
        for architecture in small_architectures() {
            let parameters = Parameters::init(&architecture, Seed(2));
            let rows = 3;
            let x = random_block(architecture.inputs(), rows, "x");
            let d_logits = random_block(architecture.classes(), rows, "d");
            let mut network = build(kind, &architecture, &parameters).unwrap();
            let found = passes(network.as_mut(), &x, &d_logits);

            let weights = widened(&parameters);
            let wide = |block: &Block| -> Vec<Vec<f64>> {
                let rows = rows_of(block);
                rows.chunks(block.features()).map(|r| r.iter().map(|v| f64::from(*v)).collect()).collect()
            };
            let (xs, ds) = (wide(&x), wide(&d_logits));
            let (mut checked, mut kinks) = (0, 0);
            for row in 0..rows {
                for (class, expected) in logits(&architecture, &weights, &xs[row]).iter().enumerate() {
                    let found = f64::from(found.logits.get(class, row));
                    assert!((found - expected).abs() < 2e-6, "{architecture:?}: {found} {expected}");
                }
                for feature in 0..architecture.inputs() {
                    let slope = slope(|step| {
                        let mut x = xs[row].clone();
                        x[feature] += step;
                        objective(&architecture, &weights, &x, &ds[row])
                    });
                    let Some(expected) = slope else {
                        kinks += 1;
                        continue;
                    };
                    checked += 1;
                    let found = f64::from(found.d_x.get(feature, row));
                    assert!((found - expected).abs() < 2e-6, "{architecture:?}: {found} {expected}");
                }
            }
            for index in 0..weights.len() {
                let slope = slope(|step| {
                    let mut weights = weights.clone();
                    weights[index] += step;
                    xs.iter().zip(&ds).map(|(x, d)| objective(&architecture, &weights, x, d)).sum()
                });
                let Some(expected) = slope else {
                    kinks += 1;
                    continue;
                };
                checked += 1;
                let found = f64::from(found.d_weights.values()[index]);
                assert!((found - expected).abs() < 5e-6, "{architecture:?} {index}: {found} {expected}");
            }
            assert!(kinks * 10 <= checked, "{kinks} kinks, {checked} checked");
        }
    }
}

fn architectures() -> impl Strategy<Value = Architecture> {
    let width = || prop_oneof![1_usize..20, 1_usize..=300];
    let mlp = (width(), 2_usize..12, prop::collection::vec(width(), 0..4))
        .prop_map(|(features, classes, hidden)| Architecture::mlp(Shape::Flat(features), classes, &hidden));
    let size = || 4_usize..15;
    let cnn = (1_usize..4, size(), size(), prop::collection::vec(1_usize..10, 1..3), 2_usize..12, width())
        .prop_map(|(inputs, height, width, channels, classes, hidden)| {
            let shape = Shape::Image { channels: inputs, height, width };
            Architecture::cnn(shape, classes, &channels, &[hidden])
        });
    prop_oneof![2 => mlp, 1 => cnn]
}

#[test]
fn the_engines_agree_on_shapes_of_every_kind() {
    let cases = (architectures(), 1..=LANES, any::<u64>());
    runner(48)
        .run(&cases, |(architecture, rows, seed)| {
            let parameters = Parameters::init(&architecture, Seed(seed));
            let x = random_block(architecture.inputs(), rows, "x");
            let d_logits = random_block(architecture.classes(), rows, "d");
            let mut fused = build(EngineKind::Fused, &architecture, &parameters).unwrap();
            let mut candle = build(EngineKind::Candle, &architecture, &parameters).unwrap();
            let found = passes(fused.as_mut(), &x, &d_logits);
            let expected = passes(candle.as_mut(), &x, &d_logits);
            let error = relative_error(&rows_of(&found.logits), &rows_of(&expected.logits));
            prop_assert!(error < 2e-6, "logits: {error:e}");
            let error = relative_error(&rows_of(&found.d_x), &rows_of(&expected.d_x));
            prop_assert!(error < 4e-6, "input gradient: {error:e}");
            let error = relative_error(found.d_weights.values(), expected.d_weights.values());
            prop_assert!(error < 4e-6, "weight gradient: {error:e}");
            Ok(())
        })
        .unwrap();
}

/// With small whole numbers every sum is exact, so ties in the pool and zeros before a ReLU are frequent and both engines must agree to the bit.
#[test]
fn the_engines_break_ties_alike() {
    let shape = Shape::Image { channels: 2, height: 7, width: 6 };
    let architecture = Architecture::cnn(shape, 3, &[5, 3], &[9]);
    let mut stream = Seed(1).stream("small whole numbers");
    let mut whole = |values: &mut [f32]| values.iter_mut().for_each(|v| *v = stream.below(3) as f32 - 1.0);
    let mut parameters = Parameters::zeros(&architecture);
    whole(parameters.values_mut());
    let (mut x, mut d_logits) = (Block::new(shape.features()), Block::new(3));
    x.set_rows(40);
    d_logits.set_rows(40);
    whole(x.data_mut());
    whole(d_logits.data_mut());
    let mut fused = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let mut candle = build(EngineKind::Candle, &architecture, &parameters).unwrap();
    let found = passes(fused.as_mut(), &x, &d_logits);
    let expected = passes(candle.as_mut(), &x, &d_logits);
    assert_eq!(rows_of(&found.logits), rows_of(&expected.logits));
    assert_eq!(rows_of(&found.d_x), rows_of(&expected.d_x));
    assert_eq!(found.d_weights, expected.d_weights);
    assert!(rows_of(&found.d_x).iter().any(|d| *d != 0.0));
    assert!(matches!(architecture.layers()[0], Layer::ConvPool { .. }));
}
