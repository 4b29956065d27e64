//! What the benches work on: six workloads of adversarial training and evaluation, on synthetic rows.
//!
//! Rows are uniform in `[0, 1]`; a random linear map labels them. Training does the same work whatever the values.
//! In the evaluations no row falls (the radius is tiny, the labels are the model's own predictions, and rows next to a
//! boundary are left out), so that every step of every restart is taken.

#![allow(dead_code, reason = "every bench uses a part of this module")]

use std::hint::black_box;
use std::sync::Arc;

use equipoise::attacks::{Attack, Found, Pgd, Target, ThreatModel, outputs};
use equipoise::data::{Dataset, Domain, Feature, Rows, Rules, Shape};
use equipoise::evidence::{Outputs, Split, SplitFacts};
use equipoise::losses::Loss;
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Layer, Network, Parameters, build};
use equipoise::seed::Seed;
use equipoise::training::{Job, Spec, defenses, train};

/// One workload, with its data.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) architecture: Architecture,
    pub(crate) rows: usize,
    /// Gradient steps of the attack.
    pub(crate) steps: usize,
    pub(crate) kind: Kind,
    pub(crate) data: Dataset,
}

/// What is done.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Adversarial training.
    Training { epochs: usize, batch: usize },
    /// An attack with restarts on a model as it was initialized.
    Evaluation { restarts: usize },
}

/// Names and what they are.
pub(crate) const NAMES: [&str; 7] = ["a64", "a128", "b", "c", "d", "ea", "eb"];

const EPSILON: f64 = 0.1;
/// Of the evaluations: no row falls.
const TINY: f64 = 1e-4;

impl Workload {
    /// The workload of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let image = Shape::Image { channels: 1, height: 28, width: 28 };
        let digits = Architecture::mlp(Shape::Flat(64), 10, &[128, 128]);
        let wide = Architecture::mlp(image, 10, &[256, 256]);
        let training = |epochs, batch| Kind::Training { epochs, batch };
        let evaluation = Kind::Evaluation { restarts: 5 };
        let made = match name {
            "a64" => ("a64", "MLP 64-128-128-10, PGD-10", digits, 1437, 10, training(30, 64)),
            "a128" => ("a128", "the same, batch 128", digits, 1437, 10, training(30, 128)),
            "b" => ("b", "MLP 784-256-256-10, PGD-7", wide, 10_000, 7, training(1, 128)),
            "c" => {
                let cnn = Architecture::cnn(image, 10, &[16, 32], &[128]);
                ("c", "CNN 16-32-128-10 on 28x28, PGD-7", cnn, 2_000, 7, training(1, 128))
            }
            "d" => {
                let table = Architecture::mlp(Shape::Flat(100), 2, &[64, 64]);
                ("d", "MLP 100-64-64-2, PGD-7", table, 45_000, 7, training(1, 256))
            }
            "ea" => ("ea", "PGD-50 x 5 on a64's model", digits, 360, 50, evaluation),
            "eb" => ("eb", "PGD-50 x 5 on b's model", wide, 1_000, 50, evaluation),
            _ => return None,
        };
        let (name, what, architecture, rows, steps, kind) = made;
        Some(Self::new(name, what, architecture, rows, steps, kind))
    }

    /// A workload of any size.
    pub(crate) fn new(
        name: &'static str,
        what: &'static str,
        architecture: Architecture,
        rows: usize,
        steps: usize,
        kind: Kind,
    ) -> Self {
        let mut made = Self { name, what, data: data(&architecture, rows), architecture, rows, steps, kind };
        if matches!(kind, Kind::Evaluation { .. }) {
            let twice = data(&made.architecture, 2 * rows).train;
            let clean = outputs(made.network(EVALUATED).as_mut(), &twice).expect("outputs are finite");
            made.data.train = far_from_boundaries(&twice, &clean, rows);
        }
        made
    }

    /// Necessary floating-point operations, a multiply-add being two: an attack step is a forward pass and an input
    /// gradient, a training step a forward pass, the gradients of the hidden layers and the weight gradients.
    pub(crate) fn operations(&self) -> f64 {
        let (all, first) = multiply_adds(&self.architecture);
        let attack = 4 * all * self.steps;
        let per_row = match self.kind {
            Kind::Training { epochs, .. } => epochs * (attack + 2 * (3 * all - first)),
            Kind::Evaluation { restarts } => restarts * attack,
        };
        (per_row * self.rows) as f64
    }

    fn network(&self, seed: u64) -> Box<dyn Network> {
        let initial = Parameters::init(&self.architecture, Seed(seed));
        build(EngineKind::Fused, &self.architecture, &initial).expect("the instruction set is there")
    }

    /// Does all of it once, as one cell does; `seed` is the replicate.
    pub(crate) fn run(&self, seed: u64) {
        match self.kind {
            Kind::Training { epochs, batch } => {
                let mut network = self.network(seed);
                let spec: Spec =
                    toml::from_str(&format!("epochs = {epochs}\nbatch = {batch}")).expect("valid");
                let defense: defenses::Spec =
                    toml::from_str(&format!("kind = \"at\"\nsteps = {}", self.steps)).expect("valid");
                let job = Job {
                    spec: &spec,
                    defense: &defense,
                    strength: EPSILON,
                    norm: Norm::Linf,
                    data: &self.data,
                    initial: Parameters::init(&self.architecture, Seed(seed)),
                    seed: Seed(seed),
                    selection: None,
                };
                black_box(train(&job, network.as_mut(), &|_| true).expect("training ends well"));
            }
            Kind::Evaluation { restarts } => {
                let (mut network, rows) = (self.network(EVALUATED), &self.data.train);
                let clean = outputs(network.as_mut(), rows).expect("outputs are finite");
                let mut found = Found::new(&rows.x, &rows.facts.labels, &clean);
                let (steps, restarts) = (self.steps as u32, restarts as u32);
                let attack = Pgd { steps, step: 0.1, restarts, loss: Loss::CrossEntropy, random_start: true };
                let mut target = Target {
                    network: network.as_mut(),
                    rows,
                    threat: &ThreatModel::new(Norm::Linf, TINY, &self.data.features),
                    constraints: None,
                    warm: false,
                    only: None,
                    seed: Seed(seed),
                    name: "pgd",
                    stop: &|| false,
                };
                attack.run(&mut target, &mut found).expect("the attack ends well");
                assert!(found.standing().iter().all(|standing| *standing), "no row falls");
                black_box(found);
            }
        }
    }
}

/// The replicate whose initial weights are evaluated.
const EVALUATED: u64 = 0;

/// The `n` rows with the largest margins, labeled as the model sees them.
fn far_from_boundaries(rows: &Rows, clean: &Outputs, n: usize) -> Rows {
    let classes = clean.logits.len() / rows.len();
    let margin = |row: &usize| {
        let mut logits = clean.logits[row * classes..(row + 1) * classes].to_vec();
        logits.sort_by(|a, b| b.total_cmp(a));
        logits[0] - logits[1]
    };
    let mut members: Vec<usize> = (0..rows.len()).collect();
    members.sort_by(|a, b| margin(b).total_cmp(&margin(a)));
    members.truncate(n);
    members.sort_unstable();
    let mut facts = (*rows.facts).clone();
    facts.rows = members.iter().map(|row| rows.facts.rows[*row]).collect();
    facts.labels = members.iter().map(|row| clean.predictions[*row]).collect();
    Rows { x: members.iter().flat_map(|row| rows.row(*row).to_vec()).collect(), facts: Arc::new(facts) }
}

/// Multiply-adds per row of a forward pass, and those of the first layer.
pub(crate) fn multiply_adds(architecture: &Architecture) -> (usize, usize) {
    let each = |layer: &Layer| match *layer {
        Layer::Linear { inputs, outputs, .. } => inputs * outputs,
        Layer::ConvPool { inputs, outputs, height, width } => inputs * outputs * 9 * height * width,
    };
    (architecture.layers().iter().map(each).sum(), each(&architecture.layers()[0]))
}

pub(crate) fn data(architecture: &Architecture, n: usize) -> Dataset {
    let (d, classes) = (architecture.inputs(), architecture.classes());
    let mut stream = Seed(0).stream("bench/rows");
    let x: Vec<f32> = (0..n * d).map(|_| stream.uniform()).collect();
    let map: Vec<f32> = (0..d * classes).map(|_| stream.uniform_in(-1.0, 1.0)).collect();
    let score = |row: &[f32], class: usize| -> f32 {
        row.iter().zip(&map[class * d..]).map(|(x, w)| (x - 0.5) * w).sum()
    };
    let label = |row: &[f32]| {
        let best = (0..classes).max_by(|a, b| score(row, *a).total_cmp(&score(row, *b)));
        best.expect("at least one class") as u16
    };
    let train = rows(Split::Train, x.chunks_exact(d).map(label).collect(), x, classes);
    let feature = |number: usize| Feature {
        name: format!("x{number}"),
        domain: Domain::Continuous,
        mutable: true,
        lower: 0.0,
        upper: 1.0,
        offset: 0.0,
        scale: 1.0,
    };
    Dataset {
        name: String::from("synthetic"),
        fingerprint: String::new(),
        shape: architecture.shape(),
        features: (0..d).map(feature).collect(),
        rules: Rules::default(),
        classes: (0..classes).map(|class| class.to_string()).collect(),
        train,
        validation: rows(Split::Validation, Vec::new(), Vec::new(), classes),
        test: rows(Split::Test, Vec::new(), Vec::new(), classes),
    }
}

pub(crate) fn rows(split: Split, labels: Vec<u16>, x: Vec<f32>, classes: usize) -> Rows {
    let facts = SplitFacts {
        split,
        rows: (0..labels.len() as u32).collect(),
        labels,
        classes: (0..classes).map(|class| class.to_string()).collect(),
        positive: None,
        attributes: Vec::new(),
        units: None,
    };
    Rows { x, facts: Arc::new(facts) }
}
