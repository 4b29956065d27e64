//! Small problems that several tests work on.

use std::sync::Arc;

use equipoise::data::{Dataset, Domain, Feature, Rows, Rules, Shape};
use equipoise::evidence::{Split, SplitFacts};
use equipoise::models::{Architecture, EngineKind, Network, Parameters, build};
use equipoise::seed::Seed;

/// A feature that may take any value in the bounds.
pub(crate) fn feature(lower: f32, upper: f32, mutable: bool) -> Feature {
    let name = String::from("x");
    Feature { name, domain: Domain::Continuous, mutable, lower, upper, offset: 0.0, scale: 1.0 }
}

/// `d` features without bounds.
pub(crate) fn free(d: usize) -> Vec<Feature> {
    vec![feature(f32::NEG_INFINITY, f32::INFINITY, true); d]
}

/// Rows numbered from `first` on; `x` is `n × d`.
pub(crate) fn rows(split: Split, first: u32, x: Vec<f32>, labels: Vec<u16>, classes: usize) -> Rows {
    let facts = SplitFacts {
        split,
        rows: (first..).take(labels.len()).collect(),
        labels,
        classes: (0..classes).map(|class| class.to_string()).collect(),
        positive: None,
        attributes: Vec::new(),
        units: None,
    };
    Rows { x, facts: Arc::new(facts) }
}

/// The rows `members` of `rows`, with their numbers in the data set.
pub(crate) fn pick(rows: &Rows, members: &[usize]) -> Rows {
    let mut facts = (*rows.facts).clone();
    facts.rows = members.iter().map(|row| rows.facts.rows[*row]).collect();
    facts.labels = members.iter().map(|row| rows.facts.labels[*row]).collect();
    Rows { x: members.iter().flat_map(|row| rows.row(*row).to_vec()).collect(), facts: Arc::new(facts) }
}

/// Two classes at ±`mean` with unit variance, no bounds: `n` training rows, 400 for validation and 400 for testing.
pub(crate) fn gaussian(mean: &[f32], n: usize, seed: u64) -> Dataset {
    let mut stream = Seed(seed).stream("gaussian");
    let mut draw = |split, first: u32, n: usize| {
        let labels: Vec<u16> = (0..n).map(|_| stream.below(2) as u16).collect();
        let mut x = Vec::with_capacity(n * mean.len());
        for label in &labels {
            let sign = f32::from(*label) * 2.0 - 1.0;
            x.extend(mean.iter().map(|m| sign * m + stream.normal() as f32));
        }
        rows(split, first, x, labels, 2)
    };
    Dataset {
        name: String::from("gaussian"),
        fingerprint: String::new(),
        shape: Shape::Flat(mean.len()),
        features: free(mean.len()),
        rules: Rules::default(),
        classes: vec![String::from("0"), String::from("1")],
        train: draw(Split::Train, 0, n),
        validation: draw(Split::Validation, n as u32, 400),
        test: draw(Split::Test, n as u32 + 400, 400),
    }
}

/// Rows uniform in `[0, 1]`, labeled by the network itself so that all are right.
pub(crate) fn labeled_by(network: &mut dyn Network, n: usize, seed: u64) -> Rows {
    let mut stream = Seed(seed).stream("rows");
    let d = network.architecture().inputs();
    let x: Vec<f32> = (0..n * d).map(|_| stream.uniform()).collect();
    let classes = network.architecture().classes();
    let unlabeled = rows(Split::Test, 100, x.clone(), vec![0; n], classes);
    let labels = equipoise::probes::clean(network, &unlabeled).unwrap().predictions;
    rows(Split::Test, 100, x, labels, classes)
}

/// A network with random weights.
pub(crate) fn random_network(architecture: &Architecture, seed: u64) -> Box<dyn Network> {
    build(EngineKind::Fused, architecture, &Parameters::init(architecture, Seed(seed))).unwrap()
}
