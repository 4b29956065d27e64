//! Every defense's loss is that of its formula, worked out in double precision from the logits, and its gradient that loss's slope.

use std::sync::Arc;

mod fairness;

use super::{Batch, Ground, Spec, Stepper};
use crate::data::{Dataset, Domain, Feature, Rows, Rules, Shape};
use crate::evidence::{Attribute, Split, SplitFacts};
use crate::measure::Norm;
use crate::models::{Architecture, Block, EngineKind, Network, Parameters, build};
use crate::seed::Seed;

const FEATURES: usize = 4;
const CLASSES: usize = 3;
/// More than one block.
const ROWS: usize = 70;

/// The group of row `row`: three of eight are left, three right, and of two it is not known.
fn side(row: usize) -> i16 {
    [0, 0, 0, 1, 1, 1, -1, -1][row % 8]
}

fn rows(split: Split, n: usize, seed: u64) -> Rows {
    let mut stream = Seed(seed).stream("rows");
    let facts = SplitFacts {
        split,
        rows: (0..n as u32).collect(),
        labels: (0..n).map(|row| (row % 7 % CLASSES) as u16).collect(),
        classes: (0..CLASSES).map(|class| class.to_string()).collect(),
        positive: None,
        attributes: vec![Attribute {
            name: String::from("side"),
            groups: vec![String::from("left"), String::from("right")],
            codes: (0..n).map(side).collect(),
        }],
        units: None,
    };
    Rows { x: (0..n * FEATURES).map(|_| stream.normal() as f32).collect(), facts: Arc::new(facts) }
}

fn data() -> Dataset {
    let feature = Feature {
        name: String::from("x"),
        domain: Domain::Continuous,
        mutable: true,
        lower: f32::NEG_INFINITY,
        upper: f32::INFINITY,
        offset: 0.0,
        scale: 1.0,
    };
    Dataset {
        name: String::from("test"),
        fingerprint: String::new(),
        shape: Shape::Flat(FEATURES),
        features: vec![feature; FEATURES],
        rules: Rules::default(),
        classes: (0..CLASSES).map(|class| class.to_string()).collect(),
        train: rows(Split::Train, ROWS, 1),
        validation: rows(Split::Validation, 30, 2),
        test: rows(Split::Test, 30, 3),
    }
}

/// What a formula may look at: for every row, its label, its group, and the logits at the clean row and at the point trained on.
struct Seen {
    labels: Vec<usize>,
    groups: Vec<Option<usize>>,
    clean: Vec<Vec<f64>>,
    point: Vec<Vec<f64>>,
}

impl Seen {
    /// The sum over rows of `loss(label, clean logits, logits at the point)`.
    fn sum(&self, loss: impl Fn(usize, &[f64], &[f64]) -> f64) -> f64 {
        let rows = self.labels.iter().zip(self.clean.iter().zip(&self.point));
        rows.map(|(label, (clean, point))| loss(*label, clean, point)).sum()
    }

    fn class_mean(&self, class: usize) -> f64 {
        let rows = self.labels.iter().filter(|label| **label == class).count() as f64;
        self.sum(|y, _, at| if y == class { ce(y, at) } else { 0.0 }) / rows
    }

    /// The sum of cross-entropies at the points of the rows of `group`, and how many they are.
    fn group(&self, group: Option<usize>) -> (f64, f64) {
        let rows = self.labels.iter().zip(&self.point).zip(&self.groups).filter(|(_, of)| **of == group);
        (rows.clone().map(|((label, at), _)| ce(*label, at)).sum(), rows.count() as f64)
    }
}

fn log_softmax(z: &[f64]) -> Vec<f64> {
    let total: f64 = z.iter().map(|z| libm::exp(*z)).sum();
    z.iter().map(|z| z - libm::log(total)).collect()
}

fn ce(label: usize, z: &[f64]) -> f64 {
    -log_softmax(z)[label]
}

fn kl(z: &[f64], at: &[f64]) -> f64 {
    log_softmax(z).iter().zip(log_softmax(at)).map(|(p, q)| libm::exp(*p) * (p - q)).sum()
}

fn mart(label: usize, z: &[f64], at: &[f64]) -> f64 {
    let q: Vec<f64> = log_softmax(at).into_iter().map(libm::exp).collect();
    let rival = (0..CLASSES).filter(|k| *k != label).map(|k| q[k]).fold(0.0, f64::max);
    ce(label, at) - libm::log(1.0001 - rival) + 5.0 * (1.0 - libm::exp(-ce(label, z))) * kl(z, at)
}

/// The batch's loss by the formula of group DRO, with even weights before the batch and step size 0.5; the weights follow from the losses
/// `before` and are then held fixed.
fn group_dro(seen: &Seen, before: &Seen) -> f64 {
    let grown: Vec<f64> = (0..CLASSES).map(|class| libm::exp(0.5 * before.class_mean(class))).collect();
    let total: f64 = grown.iter().sum();
    let parts = grown.iter().enumerate().map(|(class, weight)| weight / total * seen.class_mean(class));
    ROWS as f64 * parts.sum::<f64>()
}

/// The same by groups of which some are not known: the known rows as many as they are, the others with weight 1 beside them.
fn group_dro_by_side(seen: &Seen, before: &Seen) -> f64 {
    let mean = |seen: &Seen, group: usize| seen.group(Some(group)).0 / seen.group(Some(group)).1;
    let grown: Vec<f64> = (0..2).map(|group| libm::exp(0.5 * mean(before, group))).collect();
    let total: f64 = grown.iter().sum();
    let parts = (0..2).map(|group| grown[group] / total * mean(seen, group));
    let known = seen.group(Some(0)).1 + seen.group(Some(1)).1;
    known * parts.sum::<f64>() + seen.group(None).0
}

/// The loss of a batch as seen now, given how it was seen when it was weighed.
type Formula = fn(&Seen, &Seen) -> f64;

fn squares(z: &[f64]) -> f64 {
    z.iter().map(|z| z * z).sum()
}

fn cases() -> Vec<(&'static str, f64, Formula)> {
    vec![
        ("kind = \"none\"", 0.0, |s, _| s.sum(|y, z, _| ce(y, z))),
        ("kind = \"at\"", 0.2, |s, _| s.sum(|y, _, at| ce(y, at))),
        ("kind = \"fast-at\"", 0.2, |s, _| s.sum(|y, _, at| ce(y, at))),
        ("kind = \"noise\"", 0.5, |s, _| s.sum(|y, _, at| ce(y, at))),
        ("kind = \"mixed\"\nepsilon = 0.3", 0.75, |s, _| {
            s.sum(|y, z, at| 0.25 * ce(y, z) + 0.75 * ce(y, at))
        }),
        ("kind = \"trades\"\nepsilon = 0.3", 4.0, |s, _| s.sum(|y, z, at| ce(y, z) + 4.0 * kl(z, at))),
        ("kind = \"mart\"\nepsilon = 0.3", 5.0, |s, _| s.sum(mart)),
        ("kind = \"label-smoothing\"", 0.3, |s, _| {
            s.sum(|y, z, _| 0.7 * ce(y, z) + 0.1 * (0..CLASSES).map(|k| ce(k, z)).sum::<f64>())
        }),
        ("kind = \"logit-squeezing\"", 0.4, |s, _| s.sum(|y, z, _| ce(y, z) + 0.2 * squares(z))),
        // Before any epoch has ended there are no multipliers yet.
        ("kind = \"frl\"\nepsilon = 0.3\nbeta = 2", 0.5, |s, _| s.sum(|y, z, at| ce(y, z) + 2.0 * kl(z, at))),
        ("kind = \"group-dro\"\nepsilon = 0.3", 0.5, group_dro),
        ("kind = \"group-dro\"\nby = \"side\"", 0.5, group_dro_by_side),
        ("kind = \"worst-class\"\nepsilon = 0.3", 0.5, |s, _| s.sum(|y, _, at| ce(y, at))),
    ]
}

/// A defense between placing its points and learning from them.
struct Bench {
    data: Dataset,
    network: Box<dyn Network>,
    parameters: Parameters,
    members: Vec<u32>,
}

impl Bench {
    fn new() -> Self {
        let architecture = Architecture::logistic(Shape::Flat(FEATURES), CLASSES);
        let parameters = Parameters::init(&architecture, Seed(4));
        let network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
        Self { data: data(), network, parameters, members: (0..ROWS as u32).rev().collect() }
    }

    fn stepper(&self, text: &str, data: &Dataset) -> Stepper {
        let spec: Spec = toml::from_str(text).unwrap();
        let architecture = self.network.architecture();
        spec.build(&Ground { norm: Norm::Linf, data, architecture }).unwrap()
    }

    fn logits(&mut self, blocks: &[Block]) -> Vec<Vec<f64>> {
        let mut all = Vec::new();
        for x in blocks {
            let (mut logits, mut row) = (Block::new(CLASSES), vec![0.0; CLASSES]);
            self.network.forward(x, &mut logits);
            for lane in 0..x.rows() {
                logits.scatter(lane, &mut row);
                all.push(row.iter().map(|z| f64::from(*z)).collect());
            }
        }
        all
    }
}

/// The first batch of an epoch, all training rows.
fn batch<'a>(data: &'a Dataset, members: &'a [u32], parameters: &'a Parameters, strength: f64) -> Batch<'a> {
    Batch {
        rows: &data.train,
        members,
        epoch: 0,
        epochs: 1,
        number: 0,
        batches: 1,
        parameters,
        strength,
        seed: Seed(5),
    }
}

/// Takes one step and expects the loss of `formula`, and its slope in every weight as the gradient.
fn expect(
    name: &str,
    bench: &mut Bench,
    stepper: &mut Stepper,
    batch: &Batch<'_>,
    formula: impl Fn(&Seen, &Seen) -> f64,
) {
    let mut gradient = Parameters::zeros(bench.network.architecture());
    let tally = stepper.step(bench.network.as_mut(), batch, &mut gradient).unwrap();
    // The points stay where they are: the gradient does not go through the inner attack.
    let points = stepper.points().to_vec();
    let mut clean = vec![Block::new(FEATURES); points.len()];
    for (block, x) in batch.blocks().zip(&mut clean) {
        super::gather(&block, x);
    }
    let mut seen = |parameters: &Parameters| {
        bench.network.load(parameters);
        let rows = batch.members.iter().map(|row| *row as usize);
        Seen {
            labels: rows.clone().map(|row| usize::from(batch.rows.facts.labels[row])).collect(),
            groups: rows.map(|row| usize::try_from(side(row)).ok()).collect(),
            clean: bench.logits(&clean),
            point: bench.logits(&points),
        }
    };
    let before = seen(batch.parameters);
    let expected = formula(&before, &before);
    assert!((tally.loss - expected).abs() < 1e-4 * expected, "{name}: {} {expected}", tally.loss);
    for index in 0..batch.parameters.values().len() {
        let mut at = |h: f32| {
            let mut moved = batch.parameters.clone();
            moved.values_mut()[index] += h;
            formula(&seen(&moved), &before)
        };
        let slope = (at(1.0 / 256.0) - at(-1.0 / 256.0)) * 128.0;
        let found = f64::from(gradient.values()[index]);
        assert!(
            (slope - found).abs() < 5e-3 * slope.abs().max(1.0),
            "{name}, weight {index}: {found} {slope}"
        );
    }
    bench.network.load(batch.parameters);
}

#[test]
fn losses_are_those_of_the_formulas_and_gradients_are_their_slopes() {
    for (text, strength, formula) in cases() {
        let mut bench = Bench::new();
        let Bench { data, parameters, members, .. } = &bench;
        let (data, parameters, members) = (data.clone(), parameters.clone(), members.clone());
        let mut stepper = bench.stepper(text, &data);
        let batch = batch(&data, &members, &parameters, strength);
        expect(text, &mut bench, &mut stepper, &batch, formula);
    }
}

/// The gradient under weight perturbation is the base's at the weights moved, and the network holds the weights as they were.
#[test]
fn perturbed_weights_give_the_gradient_and_are_put_back() {
    let mut bench = Bench::new();
    let Bench { data, parameters, members, .. } = &bench;
    let (data, parameters, members) = (data.clone(), parameters.clone(), members.clone());
    let architecture = bench.network.architecture().clone();
    let batch = batch(&data, &members, &parameters, 0.05);
    for base in ["at", "trades"] {
        let text = format!("kind = \"awp\"\nepsilon = 0.3\nbase = \"{base}\"");
        let mut awp = bench.stepper(&text, &data);
        let mut found = Parameters::zeros(&architecture);
        awp.step(bench.network.as_mut(), &batch, &mut found).unwrap();
        let logits = bench.logits(awp.points());
        bench.network.load(&parameters);
        assert_eq!(logits, bench.logits(awp.points()), "the weights are back");
        let mut twice = Parameters::zeros(&architecture);
        awp.step(bench.network.as_mut(), &batch, &mut twice).unwrap();
        assert_eq!(found, twice, "nothing of one batch is left in the next");

        let mut plain = bench.stepper(&text, &data);
        let mut direction = Parameters::zeros(&architecture);
        let unmoved = Batch { strength: 0.0, ..batch };
        plain.step(bench.network.as_mut(), &unmoved, &mut direction).unwrap();
        let mut moved = parameters.clone();
        super::awp::perturb(&mut moved, &direction, 0.05);
        bench.network.load(&moved);
        let mut expected = Parameters::zeros(&architecture);
        plain.learn(bench.network.as_mut(), &unmoved, &mut expected);
        assert_eq!(found, expected, "{base}");
        assert_ne!(found, direction, "{base}");
        bench.network.load(&parameters);
    }
}
