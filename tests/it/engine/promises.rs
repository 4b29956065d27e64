//! Same bytes on every instruction set and in any company; no allocation.

use equipoise::models::fused::Fused;
use equipoise::models::{Architecture, Block, LANES, Network, Parameters};
use equipoise::seed::Seed;
use equipoise::simd::InstructionSet;

use super::{passes, random_block, rows_of, small_architectures};
use crate::allocations;

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

fn all_bits(network: &mut Fused, x: &Block, d_logits: &Block) -> Vec<u32> {
    let found = passes(network, x, d_logits);
    [rows_of(&found.logits), rows_of(&found.d_x), found.d_weights.values().to_vec()]
        .iter()
        .flat_map(|numbers| bits(numbers))
        .collect()
}

#[test]
fn every_instruction_set_gives_the_same_bytes() {
    let portable = InstructionSet::named("portable").unwrap();
    for architecture in small_architectures() {
        for rows in [1, 16, 43] {
            let parameters = Parameters::init(&architecture, Seed(3));
            let x = random_block(architecture.inputs(), rows, "x");
            let d_logits = random_block(architecture.classes(), rows, "d");
            let expected = all_bits(&mut Fused::new(&architecture, &parameters, portable), &x, &d_logits);
            for set in InstructionSet::available() {
                let found = all_bits(&mut Fused::new(&architecture, &parameters, set), &x, &d_logits);
                assert!(found == expected, "{}: {architecture:?}, {rows} rows", set.name());
            }
        }
    }
}

#[test]
fn a_row_gives_the_same_bytes_alone_and_in_company() {
    for architecture in small_architectures() {
        let parameters = Parameters::init(&architecture, Seed(4));
        let set = InstructionSet::chosen().unwrap();
        let mut network = Fused::new(&architecture, &parameters, set);
        let x = random_block(architecture.inputs(), LANES, "x");
        let d_logits = random_block(architecture.classes(), LANES, "d");
        let together = passes(&mut network, &x, &d_logits);
        for lane in [0, 5, 63] {
            let alone = |block: &Block| {
                let mut row = vec![0.0; block.features()];
                block.scatter(lane, &mut row);
                let mut alone = Block::new(block.features());
                alone.gather([row.as_slice()]);
                alone
            };
            let found = passes(&mut network, &alone(&x), &alone(&d_logits));
            assert_eq!(bits(&rows_of(&found.logits)), bits(&rows_of(&alone(&together.logits))));
            assert_eq!(bits(&rows_of(&found.d_x)), bits(&rows_of(&alone(&together.d_x))));
        }
    }
}

#[test]
fn what_stands_in_unused_lanes_does_not_reach_any_result() {
    for architecture in small_architectures() {
        let parameters = Parameters::init(&architecture, Seed(4));
        let set = InstructionSet::chosen().unwrap();
        let mut network = Fused::new(&architecture, &parameters, set);
        let (mut x, mut d_logits) =
            (random_block(architecture.inputs(), 21, "x"), random_block(architecture.classes(), 21, "d"));
        let clean = all_bits(&mut network, &x, &d_logits);
        for block in [&mut x, &mut d_logits] {
            for feature in 0..block.features() {
                block.feature_mut(feature)[21..].fill(7.5);
            }
        }
        assert!(all_bits(&mut network, &x, &d_logits) == clean, "{architecture:?}");
    }
}

/// Weight gradients are added to what is there: the block's own sum first, then one addition.
#[test]
fn weight_gradients_accumulate_block_by_block() {
    for architecture in small_architectures() {
        let parameters = Parameters::init(&architecture, Seed(4));
        let mut network = Fused::new(&architecture, &parameters, InstructionSet::chosen().unwrap());
        let x = random_block(architecture.inputs(), 50, "x");
        let d_logits = random_block(architecture.classes(), 50, "d");
        let once = passes(&mut network, &x, &d_logits).d_weights;
        let mut sum = Parameters::zeros(&architecture);
        sum.values_mut().fill(0.3);
        network.weight_gradient(&x, &d_logits, &mut sum);
        let expected: Vec<f32> = once.values().iter().map(|d| 0.3 + d).collect();
        assert_eq!(bits(sum.values()), bits(&expected));
    }
}

#[test]
fn no_call_allocates_after_construction() {
    for architecture in small_architectures() {
        let parameters = Parameters::init(&architecture, Seed(4));
        let mut network: Box<dyn Network> =
            Box::new(Fused::new(&architecture, &parameters, InstructionSet::chosen().unwrap()));
        let (inputs, classes) = (architecture.inputs(), architecture.classes());
        let (x, d_logits) = (random_block(inputs, 64, "x"), random_block(classes, 64, "d"));
        let (mut logits, mut d_x) = (Block::new(classes), Block::new(inputs));
        let mut into = Parameters::zeros(&architecture);
        let before = allocations::on_this_thread();
        for _ in 0..3 {
            network.load(&parameters);
            network.forward(&x, &mut logits);
            network.input_gradient(&d_logits, &mut d_x);
            network.weight_gradient(&x, &d_logits, &mut into);
        }
        assert_eq!(allocations::on_this_thread() - before, 0, "{architecture:?}");
        drop(vec![architecture]);
        assert!(allocations::on_this_thread() > before, "the counter counts");
    }
}

#[test]
fn loaded_weights_take_effect_in_every_pass() {
    for architecture in small_architectures() {
        let (old, new) = (Parameters::init(&architecture, Seed(1)), Parameters::init(&architecture, Seed(2)));
        let set = InstructionSet::chosen().unwrap();
        let x = random_block(architecture.inputs(), 9, "x");
        let d_logits = random_block(architecture.classes(), 9, "d");
        let expected = all_bits(&mut Fused::new(&architecture, &new, set), &x, &d_logits);
        let mut network = Fused::new(&architecture, &old, set);
        let before = all_bits(&mut network, &x, &d_logits);
        network.load(&new);
        assert!(all_bits(&mut network, &x, &d_logits) == expected && before != expected, "{architecture:?}");
    }
}

/// Shapes and labels only matter to the caller; a block without rows is no special case.
#[test]
fn a_block_without_rows_changes_nothing() {
    let architecture =
        Architecture::cnn(equipoise::data::Shape::Image { channels: 1, height: 4, width: 4 }, 2, &[3], &[4]);
    let parameters = Parameters::init(&architecture, Seed(4));
    for kind in [equipoise::models::EngineKind::Fused, equipoise::models::EngineKind::Candle] {
        let mut network = equipoise::models::build(kind, &architecture, &parameters).unwrap();
        let found = passes(network.as_mut(), &Block::new(16), &Block::new(2));
        assert_eq!((found.logits.rows(), found.d_x.rows()), (0, 0));
        assert!(found.d_weights.values().iter().all(|d| *d == 0.0));
    }
}
