//! One epoch of training against PyTorch's: the same draws, then the same weights.
//!
//! `tests/fixtures/training/one_epoch.py` wrote the files, and each says with what.

use std::path::Path;

use equipoise::attacks::ThreatModel;
use equipoise::data::{Dataset, Feature, Rules, Shape};
use equipoise::evidence::Split;
use equipoise::files;
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Parameters, build};
use equipoise::seed::Seed;
use equipoise::training::{Job, Spec, Trained, defenses, train};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use serde::Deserialize;

use crate::problems::{feature, rows};

const CASES: [&str; 11] = [
    "logistic-adam",
    "logistic-sgd-linf",
    "mlp-adam-decay",
    "mlp-nesterov",
    "mlp-adam-linf",
    "mlp-nesterov-linf-random",
    "mlp-adam-l2-random",
    "cnn-adam",
    "cnn-nesterov-linf",
    "cnn-adam-decay-linf-random",
    "cnn-nesterov-l2",
];

/// The largest difference allowed, relative to the largest change of the tensor. The reference computes in `f64`; PyTorch's own
/// `f32` is up to 3e-6 away from it in these cases (each file says how far) by rounding alone, and another order of sums may
/// be a few times that. One sign of an input gradient that falls the other way moves weights by 5e-5 to 4e-2: the rows are
/// drawn so that no such decision (nor a ReLU's or a pool's) is close, and each file says how close the closest was.
const TOLERANCE: f64 = 1e-5;

/// What a file says of its case, beside the settings in TOML.
#[derive(Deserialize)]
struct About {
    seed: Seed,
    first_row: u32,
    channels: Vec<usize>,
    hidden: Vec<usize>,
    classes: usize,
    norm: Norm,
    strength: f64,
    /// Mean over the epoch's rows.
    loss: f64,
}

/// One file.
struct Case {
    bytes: Vec<u8>,
    about: About,
    spec: Spec,
    defense: defenses::Spec,
    architecture: Architecture,
    data: Dataset,
}

impl Case {
    fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/training");
        let bytes = files::read(&folder.join(format!("{name}.safetensors"))).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let said = header.metadata().as_ref().unwrap();
        let about: About = serde_json::from_str(&said["case"]).unwrap();
        let shape = match *header.info("x").unwrap().shape {
            [_, features] => Shape::Flat(features),
            [_, channels, height, width] => Shape::Image { channels, height, width },
            ref other => panic!("rows of shape {other:?}"),
        };
        Self {
            spec: toml::from_str(&said["training"]).unwrap(),
            defense: toml::from_str(&said["defense"]).unwrap(),
            data: dataset(&bytes, shape, &about),
            // Without channels this is the MLP, and without hidden layers the logistic regression.
            architecture: Architecture::cnn(shape, about.classes, &about.channels, &about.hidden),
            about,
            bytes,
        }
    }

    /// The `initial` or `final` numbers of every weight, in the order of [`Parameters`].
    fn weights(&self, which: &str) -> Vec<Vec<f64>> {
        let specs = self.architecture.parameter_specs();
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let weights = specs.iter().map(|spec| {
            let name = format!("{which}.{}", spec.name);
            assert_eq!(file.tensor(&name).unwrap().shape(), spec.shape, "{name}");
            numbers(&self.bytes, &name)
        });
        weights.collect()
    }

    /// Trains from the weights in the file.
    fn trained(&self, engine: EngineKind) -> Trained {
        let mut initial = Parameters::zeros(&self.architecture);
        let given = self.weights("initial").concat();
        initial.values_mut().iter_mut().zip(given).for_each(|(value, given)| *value = given as f32);
        let mut network = build(engine, &self.architecture, &initial).unwrap();
        let job = Job {
            spec: &self.spec,
            defense: &self.defense,
            strength: self.about.strength,
            norm: self.about.norm,
            data: &self.data,
            initial,
            seed: self.about.seed,
            selection: None,
        };
        train(&job, network.as_mut(), &|_| true).unwrap()
    }
}

fn dataset(bytes: &[u8], shape: Shape, about: &About) -> Dataset {
    let bounds = numbers(bytes, "lower").into_iter().zip(numbers(bytes, "upper"));
    let features: Vec<Feature> = bounds
        .zip(numbers(bytes, "mutable"))
        .map(|((lower, upper), mutable)| feature(lower as f32, upper as f32, mutable > 0.0))
        .collect();
    let x = numbers(bytes, "x").into_iter().map(|x| x as f32).collect();
    let labels = numbers(bytes, "y").into_iter().map(|y| y as u16).collect();
    let train = rows(Split::Train, about.first_row, x, labels, about.classes);
    let none = |split| rows(split, 0, Vec::new(), Vec::new(), about.classes);
    Dataset {
        name: String::from("one epoch"),
        fingerprint: String::new(),
        shape,
        features,
        rules: Rules::default(),
        classes: train.facts.classes.clone(),
        train,
        validation: none(Split::Validation),
        test: none(Split::Test),
    }
}

/// A tensor of any type that the files use.
fn numbers(bytes: &[u8], name: &str) -> Vec<f64> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let tensor = file.tensor(name).unwrap();
    let data = tensor.data();
    match tensor.dtype() {
        Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        Dtype::F32 => data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b).into()).collect(),
        Dtype::I64 => data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
        Dtype::U8 => data.iter().map(|byte| f64::from(*byte)).collect(),
        other => panic!("{name} holds {other:?}"),
    }
}

/// Before any weight is compared: the script's ChaCha8 and ours open the same streams. When this fails, streams changed, not training.
#[test]
fn the_reference_draws_what_the_streams_give() {
    for name in CASES {
        let case = Case::read(name);
        let (seed, train) = (case.about.seed, &case.data.train);
        let order: Vec<f64> =
            seed.stream("order/epoch0").permutation(train.len()).into_iter().map(f64::from).collect();
        assert_eq!(order, numbers(&case.bytes, "order"), "{name}: the order of the rows");
        let initial = Parameters::init(&case.architecture, seed);
        let initial: Vec<f64> = initial.values().iter().map(|value| f64::from(*value)).collect();
        assert_eq!(initial, case.weights("initial").concat(), "{name}: the initial weights");
        let defenses::Spec::At { random_start: true, .. } = case.defense else { continue };
        let threat = ThreatModel::new(case.about.norm, case.about.strength, &case.data.features);
        let streams = seed.streams("defense/epoch0");
        let mut start = vec![0.0; threat.features()];
        for (row, expected) in numbers(&case.bytes, "starts").chunks(start.len()).enumerate() {
            let mut stream = streams.stream(train.facts.rows[row], 0);
            threat.draw_start(train.row(row), &mut stream, &mut start);
            // Ours stays a few rounding steps, for L2 a millionth, inside the ball.
            let off = start.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            assert!(off < 1e-6, "{name}: the start of row {row} is {off:e} away");
        }
    }
}

#[test]
fn one_epoch_gives_pytorchs_weights() {
    for name in CASES {
        let case = Case::read(name);
        let (before, after) = (case.weights("initial"), case.weights("final"));
        for engine in [EngineKind::Fused, EngineKind::Candle] {
            let trained = case.trained(engine);
            for (index, spec) in trained.last.specs().iter().enumerate() {
                let (before, expected) = (&before[index], &after[index]);
                let change = before.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                let found = trained.last.tensor(index).iter().map(|value| f64::from(*value));
                let off = found.zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                let relative = off / change;
                assert!(relative < TOLERANCE, "{name}, {engine:?}, {}: off by {relative:e}", spec.name);
            }
            let loss = trained.convergence[0].loss;
            assert!((loss - case.about.loss).abs() < 1e-6, "{name}, {engine:?}: loss {loss}");
        }
    }
}
