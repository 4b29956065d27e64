//! Logits and gradients of trained models against PyTorch's.

use std::path::Path;

use equipoise::data::Shape;
use equipoise::files;
use equipoise::models::{Block, EngineKind, LANES, build, weights};
use safetensors::SafeTensors;

use super::relative_error;
use crate::shared;

/// A tensor of a safetensors file as numbers, with its shape.
fn floats(bytes: &[u8], name: &str) -> (Vec<usize>, Vec<f32>) {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let tensor = file.tensor(name).unwrap();
    let numbers = tensor.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    (tensor.shape().to_vec(), numbers)
}

fn labels(bytes: &[u8]) -> Vec<usize> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let tensor = file.tensor("y").unwrap();
    tensor.data().as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b) as usize).collect()
}

/// softmax − one-hot, in double precision.
fn cross_entropy_gradient(logits: &Block, labels: &[usize], into: &mut Block) {
    into.set_rows(logits.rows());
    for (lane, &label) in labels.iter().enumerate() {
        let row: Vec<f64> = (0..logits.features()).map(|c| f64::from(logits.get(c, lane))).collect();
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|z| libm::exp(z - top)).sum();
        for (class, z) in row.iter().enumerate() {
            let hit = if class == label { 1.0 } else { 0.0 };
            into.data_mut()[class * LANES + lane] = (libm::exp(z - top) / sum - hit) as f32;
        }
    }
}

/// Logits and input gradients of PyTorch 2 on trained models (float32, CPU).
fn conforms(kind: EngineKind, case: &Path) {
    let model = files::read(&case.join("model.safetensors")).unwrap();
    let rows = files::read(&case.join("rows.safetensors")).unwrap();
    let reference = files::read(&case.join("reference.safetensors")).unwrap();
    let (shape, x) = floats(&rows, "x");
    let y = labels(&rows);
    let (_, expected_logits) = floats(&reference, "logits");
    let (_, expected_gradient) = floats(&reference, "grad_ce");
    let shape = Shape::Image { channels: shape[1], height: shape[2], width: shape[3] };
    let architecture = weights::infer(&model, shape).unwrap();
    let parameters = weights::from_safetensors(&model, &architecture).unwrap();
    let mut network = build(kind, &architecture, &parameters).unwrap();
    let (features, classes) = (architecture.inputs(), architecture.classes());
    let mut block = Block::new(features);
    let mut logits = Block::new(classes);
    let mut d_logits = Block::new(classes);
    let mut d_x = Block::new(features);
    let mut gradient = vec![0.0; x.len()];
    for (number, labels) in y.chunks(LANES).enumerate() {
        let first = number * LANES;
        block.gather(x[first * features..].chunks(features).take(labels.len()));
        network.forward(&block, &mut logits);
        cross_entropy_gradient(&logits, labels, &mut d_logits);
        network.input_gradient(&d_logits, &mut d_x);
        for lane in 0..labels.len() {
            let expected = &expected_logits[(first + lane) * classes..][..classes];
            let mut found = vec![0.0; classes];
            logits.scatter(lane, &mut found);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-4, "row {}: {found} {expected}", first + lane);
            }
            let expected = (0..classes).rev().max_by(|a, b| expected[*a].total_cmp(&expected[*b]));
            assert_eq!(Some(logits.argmax(lane)), expected, "row {}", first + lane);
            d_x.scatter(lane, &mut gradient[(first + lane) * features..][..features]);
        }
    }
    let error = relative_error(&gradient, &expected_gradient);
    assert!(error < 1e-5, "{}: relative error {error:e}", case.display());
}

#[test]
fn logits_and_input_gradients_match_pytorch_on_trained_models() {
    let Some(folder) = shared::folder() else { return };
    for case in ["digits-at0", "digits-at0.1", "fashion-mnist-mlp-at0.05", "fashion-mnist-cnn-at0.05"] {
        conforms(EngineKind::Fused, &folder.join("conformance").join(case));
        conforms(EngineKind::Candle, &folder.join("conformance").join(case));
    }
}
