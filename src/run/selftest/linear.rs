//! A fixed linear rule on isotropic Gaussians: which rows fall is known in f64, row by row, and the shares in closed form.
//!
//! x | y ~ N(y·μ, σ²I), rule sign(w·x + b), ball of radius ε in the norm p, q its dual:
//! the row falls where y(w·x + b) ≤ ε‖w‖_q; robust accuracy is
//! π Φ((w·μ + b − ε‖w‖_q)/(σ‖w‖₂)) + (1 − π) Φ((w·μ − b − ε‖w‖_q)/(σ‖w‖₂)).

use super::{Check, Tolerance, sampling};
use crate::attacks;
use crate::data::{self, Amount, Dataset, Source, SplitSpec};
use crate::error::{Error, Result};
use crate::evidence::EvasionFacts;
use crate::losses::Loss;
use crate::measure::Norm;
use crate::models::{self, Architecture, EngineKind, Network, Parameters};
use crate::numeric::normal_cdf;
use crate::probes;
use crate::seed::Seed;

const PART: &str = "linear";
const ROWS: usize = 20_000;
const MU: [f64; 4] = [1.0, 0.5, 0.25, 0.1];
const W: [f64; 4] = [1.0, 1.0, 0.0, -0.5];
const B: f64 = 0.2;
const POSITIVE: f64 = 0.4;
const EPSILONS: [f64; 3] = [0.1, 0.2, 0.4];
/// Rows whose margin is this near to zero may go either way in f32.
const UNDECIDED: f64 = 1e-5;

/// Rows of `source`, nearly all of them test rows.
pub(super) fn test_rows(source: &Source) -> Result<Dataset> {
    let split =
        SplitSpec { test: Some(Amount::Rows(ROWS)), validation: Amount::Rows(0), ..SplitSpec::default() };
    data::load(source, &split, std::path::Path::new(""))
}

/// The number of rows that [`test_rows`] makes test rows.
pub(super) const TEST_ROWS: usize = ROWS;

/// A two-class logistic regression whose logit difference is `w·x + b`.
pub(super) fn rule(dataset: &Dataset, w: &[f64], b: f64) -> Result<Box<dyn Network>> {
    let architecture = Architecture::logistic(dataset.shape, 2);
    let mut parameters = Parameters::zeros(&architecture);
    for (feature, w) in w.iter().enumerate() {
        parameters.tensor_mut(0)[w_index(0, feature, dataset)] = (-0.5 * w) as f32;
        parameters.tensor_mut(0)[w_index(1, feature, dataset)] = (0.5 * w) as f32;
    }
    parameters.tensor_mut(1)[0] = (-0.5 * b) as f32;
    parameters.tensor_mut(1)[1] = (0.5 * b) as f32;
    models::build(EngineKind::Fused, &architecture, &parameters)
}

fn w_index(class: usize, feature: usize, dataset: &Dataset) -> usize {
    class * dataset.features.len() + feature
}

/// What `attack` does to the test rows, per radius.
pub(super) fn attacked(
    network: &mut dyn Network,
    dataset: &Dataset,
    attack: &attacks::Spec,
    norm: Norm,
    epsilons: &[f64],
) -> Result<Vec<EvasionFacts>> {
    let suite = attacks::Suite::of(std::slice::from_ref(attack));
    let recipe = probes::Recipe { norm, epsilons: epsilons.to_vec(), suite };
    let clean = probes::clean(network, &dataset.test)?;
    let all =
        probes::evasion(network, &dataset.test, &clean, &dataset.features, &recipe, Seed(0), &|| false)?;
    Ok(all.into_iter().filter(|facts| facts.attack == attack.name()).collect())
}

/// An attack as a config would write it.
fn written(text: &str) -> Result<attacks::Spec> {
    toml::from_str(text).map_err(|error| Error::internal(error.to_string()))
}

pub(super) fn checks() -> Result<Vec<Check>> {
    let source =
        Source::Gaussian { rows: ROWS + 100, mu: MU.to_vec(), sigma: 1.0, positive_share: POSITIVE, seed: 0 };
    let dataset = test_rows(&source)?;
    let mut network = rule(&dataset, &W, B)?;
    // From the clean row the gradient points straight at the nearest point; a random start only comes near it under L2.
    let pgd = written(&format!("kind = \"pgd\"\nloss = \"{}\"\nrandom_start = false", Loss::Margin.word()))?;
    let exact = written("kind = \"exact\"")?;
    let mut checks = Vec::new();
    for norm in [Norm::Linf, Norm::L2] {
        for attack in [&exact, &pgd] {
            for facts in attacked(network.as_mut(), &dataset, attack, norm, &EPSILONS)? {
                let epsilon = facts.epsilon;
                let at = |what: &str| format!("{what}, {} at {} {epsilon}", attack.name(), norm.sign());
                checks.push(Check {
                    part: PART,
                    what: at("rows that fall or stand against the closed form"),
                    measured: disagreeing(&dataset, &facts) as f64,
                    exact: 0.0,
                    tolerance: Tolerance::Within(0.0),
                });
                let standing = facts.standing.iter().filter(|stands| **stands).count();
                let truth = robust(norm, epsilon);
                checks.push(Check {
                    part: PART,
                    what: at("robust accuracy"),
                    measured: standing as f64 / ROWS as f64,
                    exact: truth,
                    tolerance: sampling(truth, ROWS),
                });
            }
        }
    }
    Ok(checks)
}

fn dual(norm: Norm) -> f64 {
    match norm {
        Norm::Linf => W.iter().map(|w| w.abs()).sum(),
        Norm::L2 => W.iter().map(|w| w * w).sum::<f64>().sqrt(),
        Norm::L1 => W.iter().fold(0.0, |most, w| most.max(w.abs())),
    }
}

fn robust(norm: Norm, epsilon: f64) -> f64 {
    let length = dual(Norm::L2);
    let along: f64 = W.iter().zip(MU).map(|(w, m)| w * m).sum();
    let share = |b: f64| normal_cdf((along + b - epsilon * dual(norm)) / length);
    POSITIVE * share(B) + (1.0 - POSITIVE) * share(-B)
}

/// Rows where the attack and f64 arithmetic differ.
fn disagreeing(dataset: &Dataset, facts: &EvasionFacts) -> usize {
    let rows = &dataset.test;
    (0..rows.len())
        .filter(|&row| {
            let score: f64 = rows.row(row).iter().zip(W).map(|(x, w)| f64::from(*x) * w).sum::<f64>() + B;
            let sign = if rows.facts.labels[row] == 1 { 1.0 } else { -1.0 };
            let margin = sign * score - facts.epsilon * dual(facts.norm);
            margin.abs() > UNDECIDED && (margin > 0.0) != facts.standing[row]
        })
        .count()
}
