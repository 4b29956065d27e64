//! The engines against each other, finite differences, PyTorch's figures, and their own promises.

mod agreement;
mod conformance;
mod promises;
mod reference;

use equipoise::data::Shape;
use equipoise::models::{Architecture, Block, LANES, Network, Parameters};
use equipoise::seed::Seed;

/// What the three calls give for one block.
struct Passes {
    logits: Block,
    d_x: Block,
    d_weights: Parameters,
}

/// One forward pass and both backward passes.
fn passes(network: &mut dyn Network, x: &Block, d_logits: &Block) -> Passes {
    let architecture = network.architecture().clone();
    let mut passes = Passes {
        logits: Block::new(architecture.classes()),
        d_x: Block::new(architecture.inputs()),
        d_weights: Parameters::zeros(&architecture),
    };
    network.forward(x, &mut passes.logits);
    network.input_gradient(d_logits, &mut passes.d_x);
    network.weight_gradient(x, d_logits, &mut passes.d_weights);
    passes
}

/// The numbers of the rows in use, row by row.
fn rows_of(block: &Block) -> Vec<f32> {
    let mut rows = vec![0.0; block.rows() * block.features()];
    for (lane, row) in rows.chunks_exact_mut(block.features()).enumerate() {
        block.scatter(lane, row);
    }
    rows
}

/// A block of `rows` rows uniform on ±1.
fn random_block(features: usize, rows: usize, purpose: &str) -> Block {
    let mut stream = Seed(5).stream(purpose);
    let mut block = Block::new(features);
    for feature in 0..features {
        for lane in 0..rows {
            block.data_mut()[feature * LANES + lane] = stream.uniform_in(-1.0, 1.0);
        }
    }
    block.set_rows(rows);
    block
}

/// ‖found − expected‖ / ‖expected‖, or the numerator where nothing is expected.
fn relative_error(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let difference: f64 = found.iter().zip(expected).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let norm: f64 = expected.iter().map(|b| f64::from(*b).powi(2)).sum();
    if norm > 0.0 { (difference / norm).sqrt() } else { difference.sqrt() }
}

/// Small models of every kind, with sizes that leave remainders everywhere.
fn small_architectures() -> Vec<Architecture> {
    let image = |channels, height, width| Shape::Image { channels, height, width };
    vec![
        Architecture::logistic(Shape::Flat(1), 2),
        Architecture::logistic(Shape::Flat(35), 7),
        Architecture::mlp(Shape::Flat(13), 2, &[1]),
        Architecture::mlp(Shape::Flat(17), 10, &[33, 8, 19]),
        Architecture::mlp(image(1, 3, 3), 3, &[150, 5]),
        Architecture::cnn(image(1, 2, 2), 2, &[1], &[]),
        Architecture::cnn(image(2, 5, 7), 3, &[5], &[6]),
        Architecture::cnn(image(3, 9, 4), 4, &[7, 2], &[3]),
        Architecture::cnn(image(1, 8, 18), 3, &[4, 6, 3], &[]),
    ]
}
