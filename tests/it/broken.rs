//! Models that are known to be broken: the evaluation comes to their true robust accuracy, which is 0, or is withheld.

use equipoise::attacks::{Arena, Bout, Suite};
use equipoise::data::{Rows, Shape};
use equipoise::error::Kind;
use equipoise::evidence::{Finding, Status};
use equipoise::measure::Norm;
use equipoise::models::{Architecture, Block, Network, Parameters};
use equipoise::probes::checks::Settings;
use equipoise::probes::{Recipe, clean, evasion};
use equipoise::seed::{Seed, Stream};

use crate::checks::{examined, status, suite};
use crate::problems::{feature, labeled_by, random_network};

const EPSILON: f64 = 0.4;

/// What is wrong with a model.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// Nothing: the control.
    None,
    /// Inputs are rounded to multiples of this; the true gradient of that is 0.
    Quantized(f32),
    /// Logits are multiplied by this.
    Scaled(f32),
    /// Normal noise of this size is added to every logit.
    Noisy(f32),
    /// The input wobbles by `amplitude · sin(frequency · x)`; the gradient is that of the wobble.
    Shattered { amplitude: f32, frequency: f32 },
    /// Probabilities instead of logits.
    Softmax,
    /// The mean logits of the block are taken off.
    Mixed,
    /// Logits are rounded to multiples of this; the true gradient of that is 0.
    Plateau(f32),
    /// Logits off the clean rows, which lie on a grid of 1/64, are no numbers.
    NotANumber,
}

struct Broken {
    inner: Box<dyn Network>,
    fault: Fault,
    draws: Stream,
    x: Block,
    inside: Block,
    out: Block,
}

impl Broken {
    fn new(inner: Box<dyn Network>, fault: Fault) -> Self {
        let (d, k) = (inner.architecture().inputs(), inner.architecture().classes());
        let (x, inside, out) = (Block::new(d), Block::new(d), Block::new(k));
        Self { inner, fault, draws: Seed(1).stream("broken"), x, inside, out }
    }
}

impl Network for Broken {
    fn architecture(&self) -> &Architecture {
        self.inner.architecture()
    }

    fn load(&mut self, parameters: &Parameters) {
        self.inner.load(parameters);
    }

    fn forward(&mut self, x: &Block, logits: &mut Block) {
        self.x.clone_from(x);
        self.inside.clone_from(x);
        for value in self.inside.data_mut() {
            match self.fault {
                Fault::Quantized(step) => *value = (*value / step).round() * step,
                Fault::Shattered { amplitude, frequency } => {
                    *value += amplitude * libm::sinf(frequency * *value);
                }
                _ => {}
            }
        }
        self.inner.forward(&self.inside, logits);
        let (rows, classes) = (x.rows(), logits.features());
        match self.fault {
            Fault::Scaled(factor) => logits.data_mut().iter_mut().for_each(|z| *z *= factor),
            Fault::Noisy(size) => {
                logits.data_mut().iter_mut().for_each(|z| *z += size * self.draws.normal() as f32);
            }
            Fault::Plateau(step) => {
                logits.data_mut().iter_mut().for_each(|z| *z = (*z / step).round() * step);
            }
            Fault::Softmax => {
                for lane in 0..rows {
                    let most = (0..classes).map(|c| logits.get(c, lane)).fold(f32::NEG_INFINITY, f32::max);
                    let sum: f32 = (0..classes).map(|c| libm::expf(logits.get(c, lane) - most)).sum();
                    for class in 0..classes {
                        let z = &mut logits.feature_mut(class)[lane];
                        *z = libm::expf(*z - most) / sum;
                    }
                }
            }
            Fault::Mixed => {
                for class in 0..classes {
                    let mean = logits.feature(class)[..rows].iter().sum::<f32>() / rows as f32;
                    logits.feature_mut(class)[..rows].iter_mut().for_each(|z| *z -= mean);
                }
            }
            Fault::NotANumber => {
                for lane in 0..rows {
                    let off = (0..x.features()).any(|feature| (x.get(feature, lane) * 64.0).fract() != 0.0);
                    if off {
                        logits.feature_mut(0)[lane] = f32::NAN;
                    }
                }
            }
            _ => {}
        }
        self.out.clone_from(logits);
    }

    fn input_gradient(&mut self, d_logits: &Block, d_x: &mut Block) {
        let mut inner = d_logits.clone();
        match self.fault {
            Fault::Scaled(factor) => inner.data_mut().iter_mut().for_each(|g| *g *= factor),
            Fault::Softmax => {
                for lane in 0..d_logits.rows() {
                    let (p, g): (Vec<f32>, Vec<f32>) = (0..d_logits.features())
                        .map(|c| (self.out.get(c, lane), d_logits.get(c, lane)))
                        .unzip();
                    let mean: f32 = p.iter().zip(&g).map(|(p, g)| p * g).sum();
                    for class in 0..p.len() {
                        inner.feature_mut(class)[lane] = p[class] * (g[class] - mean);
                    }
                }
            }
            Fault::Quantized(_) | Fault::Plateau(_) => inner.data_mut().fill(0.0),
            _ => {}
        }
        self.inner.input_gradient(&inner, d_x);
        if let Fault::Shattered { amplitude, frequency } = self.fault {
            for (g, x) in d_x.data_mut().iter_mut().zip(self.x.data()) {
                *g *= 1.0 + amplitude * frequency * libm::cosf(frequency * x);
            }
        }
    }

    fn weight_gradient(&mut self, _: &Block, _: &Block, _: &mut Parameters) {
        unreachable!("nothing is trained here");
    }
}

fn architecture() -> Architecture {
    Architecture::mlp(Shape::Flat(64), 10, &[32, 32])
}

/// 128 rows on a grid of 1/64, labeled by the model itself.
fn rows(network: &mut dyn Network) -> Rows {
    let mut rows = labeled_by(network, 128, 5);
    rows.x.iter_mut().for_each(|x| *x = (*x * 64.0).round() / 64.0);
    let labels = clean(network, &rows).unwrap().predictions;
    crate::problems::rows(rows.facts.split, 100, rows.x, labels, 10)
}

/// Robust accuracy as evaluated, and what the checks say.
fn evaluated(fault: Fault) -> (f64, Vec<Finding>) {
    let mut plain = random_network(&architecture(), 3);
    let rows = rows(plain.as_mut());
    let mut network = Broken::new(plain, fault);
    let features = vec![feature(0.0, 1.0, true); 64];
    examined(&mut network, &rows, &features, &suite(), (Norm::Linf, EPSILON), &Settings::default())
}

fn failed(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter(|finding| finding.withholds()).map(|finding| finding.check.as_str()).collect()
}

#[test]
fn the_model_below_is_healthy_and_not_robust() {
    let (robust, findings) = evaluated(Fault::None);
    assert!(robust <= 0.0, "{robust}");
    assert!(failed(&findings).is_empty(), "{findings:#?}");
}

/// Points that fool the model below fool the broken one: its true robust accuracy is 0 as well.
#[test]
fn known_broken_models_come_out_at_zero_or_withheld() {
    for (fault, trips) in [
        (Fault::Quantized(0.0625), &["zero-gradient", "finite-difference"][..]),
        (Fault::Scaled(1e4), &[]),
        (Fault::Noisy(0.02), &["randomized"]),
        (Fault::Shattered { amplitude: 0.02, frequency: 400.0 }, &["finite-difference"]),
    ] {
        let mut plain = random_network(&architecture(), 3);
        let rows = rows(plain.as_mut());
        let truth = smooth_attack(plain.as_mut(), &rows, fault);
        let (robust, findings) = evaluated(fault);
        let failed = failed(&findings);
        assert!(truth <= 0.0, "{fault:?}: points made on the smooth model leave {truth}");
        assert!(robust <= 0.0 || !failed.is_empty(), "{fault:?} came out at {robust}: {findings:#?}");
        for check in trips {
            assert_eq!(status(&findings, check), Status::Fail, "{fault:?}: {findings:#?}");
        }
        if trips.is_empty() {
            assert!(robust <= 0.0 && failed.is_empty(), "{fault:?} came out at {robust}: {failed:?}");
        }
    }
}

/// The share of rows that stand on the broken model at what PGD finds on the smooth one below it (first success and largest loss),
/// asked 20 times: an adversary may.
fn smooth_attack(plain: &mut dyn Network, rows: &Rows, fault: Fault) -> f64 {
    let features = vec![feature(0.0, 1.0, true); 64];
    let outputs = clean(plain, rows).unwrap();
    let mut found = [Vec::new(), Vec::new()];
    let mut arena = Arena {
        network: plain,
        rows,
        clean: &outputs,
        constraints: None,
        features: &features,
        norm: Norm::Linf,
        epsilons: &[EPSILON],
        seed: Seed(0),
        stop: &|| false,
    };
    let mut keep = |bout: &Bout<'_>| {
        let first = |row| bout.found.first_success(row).unwrap_or(rows.row(row)).to_vec();
        found = [
            (0..rows.len()).flat_map(first).collect(),
            (0..rows.len()).flat_map(|row| bout.found.max_loss(row).to_vec()).collect(),
        ];
        Ok(())
    };
    suite().run(&mut arena, true, &mut keep).unwrap();
    let mut broken = Broken::new(random_network(&architecture(), 3), fault);
    let mut stands = vec![true; rows.len()];
    for x in found {
        let moved = crate::problems::rows(rows.facts.split, 100, x, rows.facts.labels.clone(), 10);
        for _ in 0..20 {
            let said = clean(&mut broken, &moved).unwrap().predictions;
            for ((stands, said), label) in stands.iter_mut().zip(said).zip(&rows.facts.labels) {
                *stands &= said == *label;
            }
        }
    }
    stands.iter().filter(|stands| **stands).count() as f64 / rows.len() as f64
}

#[test]
fn outputs_that_are_no_logits_of_a_row_are_noticed() {
    for (fault, check) in
        [(Fault::Softmax, "softmax"), (Fault::Mixed, "batch"), (Fault::Plateau(0.01), "zero-gradient")]
    {
        let (_, findings) = evaluated(fault);
        assert_eq!(status(&findings, check), Status::Fail, "{fault:?}: {findings:#?}");
    }
}

#[test]
fn outputs_that_are_no_numbers_are_an_error_and_never_robustness() {
    let mut plain = random_network(&architecture(), 3);
    let rows = rows(plain.as_mut());
    let mut network = Broken::new(plain, Fault::NotANumber);
    let features = vec![feature(0.0, 1.0, true); 64];
    let outputs = clean(&mut network, &rows).unwrap();
    let recipe = Recipe { norm: Norm::Linf, epsilons: vec![EPSILON], suite: suite() };
    let error = evasion(&mut network, &rows, &outputs, &features, &recipe, Seed(0), &|| false).unwrap_err();
    assert_eq!(error.kind(), Kind::Diverged, "{error}");
    assert!(error.to_string().contains("attack `pgd-ce`"), "{error}");
}

/// A model that is sound, attacked with next to nothing: the checks find what the attack did not.
#[test]
fn a_crippled_attack_is_noticed() {
    let mut network = random_network(&architecture(), 3);
    let rows = rows(network.as_mut());
    let features = vec![feature(0.0, 1.0, true); 64];
    let crippled = Suite::of(&[toml::from_str(
        "kind = \"pgd\"\nsteps = 1\nstep = 0.001\nrandom_start = false",
    )
    .unwrap()]);
    let (robust, findings) =
        examined(network.as_mut(), &rows, &features, &crippled, (Norm::Linf, EPSILON), &Settings::default());
    assert!(robust > 0.9, "{robust}");
    for check in ["one-step", "unbounded", "black-box"] {
        assert_eq!(status(&findings, check), Status::Fail, "{check}: {findings:#?}");
    }
}
