//! The class weights of FRL and of worst-class training, learned from unequal errors on validation rows and then put to work: what the formulas
//! make of those errors, worked out in double precision.

use super::{Batch, Bench, CLASSES, FEATURES, Seen, Spec, Stepper, batch, ce, expect, kl};
use crate::data::{Dataset, Rows};
use crate::models::{Block, LANES, Parameters};
use crate::seed::Seed;
use crate::training::defenses::EpochEnd;

const RADIUS: f64 = 0.3;

/// Per class and over all: the share of validation rows that are wrong, and the share that are right and fall within the radius. The model is
/// linear and features are unbounded, so the closest boundary is exact: row `x` falls where `z_y − z_k < ε ‖w_y − w_k‖₁` for some `k`.
struct Errors {
    clean: [f64; CLASSES],
    boundary: [f64; CLASSES],
    all: [f64; 2],
}

fn errors(bench: &mut Bench, rows: &Rows) -> Errors {
    let mut x = Block::new(FEATURES);
    x.gather((0..rows.facts.len()).map(|row| rows.row(row)));
    let logits = bench.logits(&[x]);
    let w = bench.parameters.tensor(0);
    let distance = |a: usize, b: usize| -> f64 {
        (0..FEATURES).map(|i| (f64::from(w[a * FEATURES + i]) - f64::from(w[b * FEATURES + i])).abs()).sum()
    };
    let mut counts = [[0.0; 3]; CLASSES];
    for (label, z) in rows.facts.labels.iter().map(|label| usize::from(*label)).zip(&logits) {
        let rivals = || (0..CLASSES).filter(|k| *k != label);
        let right = rivals().all(|k| z[label] > z[k]);
        let falls = right && rivals().any(|k| z[label] - z[k] < RADIUS * distance(label, k));
        counts[label][0] += 1.0;
        counts[label][1] += f64::from(u8::from(!right));
        counts[label][2] += f64::from(u8::from(falls));
    }
    let total = |which: usize| counts.iter().map(|counts| counts[which]).sum::<f64>();
    Errors {
        clean: counts.map(|counts| counts[1] / counts[0]),
        boundary: counts.map(|counts| counts[2] / counts[0]),
        all: [total(1) / total(0), total(2) / total(0)],
    }
}

fn end_epoch(bench: &mut Bench, stepper: &mut Stepper, data: &Dataset, epoch: u32, epochs: u32) {
    let end = EpochEnd { epoch, epochs, validation: &data.validation, seed: Seed(6), stop: &|| false };
    stepper.after_epoch(bench.network.as_mut(), &end).unwrap();
}

/// The multipliers after one step from 0 that exceed nothing, and the weights that the paper's code makes of them: the class's own share up, all
/// others' down.
fn frl_weights(rate: f64, errors: &[f64; CLASSES], allowed: f64, limit: f64) -> [f64; CLASSES] {
    let mut multipliers = errors.map(|error| f64::max(0.0, rate * (error - allowed)));
    let sum: f64 = multipliers.iter().sum();
    if sum > limit {
        multipliers = multipliers.map(|multiplier| multiplier * limit / sum);
    }
    let k = CLASSES as f64;
    std::array::from_fn(|c| {
        let others: f64 = (0..CLASSES).filter(|j| *j != c).map(|j| multipliers[j]).sum();
        1.0 / k + (k - 1.0) / k * multipliers[c] - others / k
    })
}

/// `n (Σ w0 CE / Σ w0 + β Σ w1 KL / Σ w1)`.
fn frl(seen: &Seen, weights: &[[f64; CLASSES]; 2], beta: f64) -> f64 {
    let rows = seen.labels.len() as f64;
    let sum = |which: usize| seen.sum(|y, _, _| weights[which][y]);
    let natural = seen.sum(|y, z, _| weights[0][y] * ce(y, z)) / sum(0);
    let boundary = seen.sum(|y, z, at| weights[1][y] * kl(z, at)) / sum(1);
    rows * (natural + beta * boundary)
}

#[test]
fn frl_weighs_each_term_by_the_errors_of_the_epochs_since_its_start() {
    let mut bench = Bench::new();
    let Bench { data, parameters, members, .. } = &bench;
    let (data, parameters, members) = (data.clone(), parameters.clone(), members.clone());
    let errors = errors(&mut bench, &data.validation);
    let (rate, limit, beta) = (0.5, 0.2, 2.0);
    let text = format!(
        "kind = \"frl\"\nepsilon = {RADIUS}\nbeta = {beta}\nrate = {rate}\ntolerance = 0.01\nstart = 0.5"
    );
    let mut stepper = bench.stepper(&text, &data);
    let batch = batch(&data, &members, &parameters, limit);
    let trades = [[1.0; CLASSES]; 2];
    let weighted = [
        frl_weights(rate, &errors.clean, errors.all[0] + 0.01, limit),
        frl_weights(2.0 * rate, &errors.boundary, errors.all[1] + 0.01, limit),
    ];
    // A test in which the terms were weighted alike could not tell one from the other.
    assert!((0..CLASSES).any(|c| (weighted[0][c] - weighted[1][c]).abs() > 0.02), "{weighted:?}");
    assert!(weighted.iter().all(|of| (0..CLASSES).any(|c| (of[c] - 1.0 / 3.0).abs() > 0.02)), "{weighted:?}");
    expect("before any epoch", &mut bench, &mut stepper, &batch, |seen, _| frl(seen, &trades, beta));
    end_epoch(&mut bench, &mut stepper, &data, 0, 4);
    expect("a quarter", &mut bench, &mut stepper, &batch, |seen, _| frl(seen, &trades, beta));
    end_epoch(&mut bench, &mut stepper, &data, 1, 4);
    expect("half", &mut bench, &mut stepper, &batch, |seen, _| frl(seen, &weighted, beta));
}

/// At the limit 1 one class can hold all the weight; a batch without it teaches nothing by that term, and its loss is a number.
#[test]
fn a_batch_without_the_one_class_that_has_weight_is_no_division_by_zero() {
    let mut bench = Bench::new();
    let Bench { data, parameters, members, .. } = &bench;
    let (data, parameters, members) = (data.clone(), parameters.clone(), members.clone());
    let errors = errors(&mut bench, &data.validation);
    // Between the largest and the second largest boundary error: one multiplier is left, and the rate takes it to the limit.
    let mut order: Vec<usize> = (0..CLASSES).collect();
    order.sort_by(|a, b| errors.boundary[*b].total_cmp(&errors.boundary[*a]));
    let between = f64::midpoint(errors.boundary[order[0]], errors.boundary[order[1]]);
    let tolerance = between - errors.all[1];
    assert!(tolerance > 0.0 && errors.boundary[order[0]] - between > 1e-3, "{:?}", errors.boundary);
    let text = format!(
        "kind = \"frl\"\nepsilon = {RADIUS}\nbeta = 2\nrate = 1000\ntolerance = {tolerance}\nstart = 0.0"
    );
    let mut stepper = bench.stepper(&text, &data);
    let whole = batch(&data, &members, &parameters, 1.0);
    let mut gradient = Parameters::zeros(bench.network.architecture());
    stepper.step(bench.network.as_mut(), &whole, &mut gradient).unwrap();
    end_epoch(&mut bench, &mut stepper, &data, 0, 2);
    let others: Vec<u32> = members
        .iter()
        .copied()
        .filter(|row| usize::from(data.train.facts.labels[*row as usize]) != order[0])
        .collect();
    assert!(others.len() > 1 && others.len() < LANES);
    let without = Batch { members: &others, ..whole };
    let weights = frl_weights(1000.0, &errors.clean, errors.all[0] + tolerance, 1.0);
    expect("without the class", &mut bench, &mut stepper, &without, |seen, _| {
        let sum = seen.sum(|y, _, _| weights[y]);
        let rows = seen.labels.len() as f64;
        if sum > 1e-9 { rows * seen.sum(|y, z, _| weights[y] * ce(y, z)) / sum } else { 0.0 }
    });
}

#[test]
fn worst_class_weighs_classes_by_the_errors_of_all_epochs_so_far() {
    let mut bench = Bench::new();
    let Bench { data, parameters, members, .. } = &bench;
    let (data, parameters, members) = (data.clone(), parameters.clone(), members.clone());
    let errors = errors(&mut bench, &data.validation);
    let frequency = |class: usize| {
        let labels = &data.train.facts.labels;
        labels.iter().filter(|label| usize::from(**label) == class).count() as f64 / labels.len() as f64
    };
    for (radius, rate) in [(RADIUS, 0.8), (0.0, 1.5)] {
        let text = format!("kind = \"worst-class\"\nepsilon = {radius}");
        let mut stepper = bench.stepper(&text, &data);
        let batch = batch(&data, &members, &parameters, rate);
        let weights = |epochs: f64| -> [f64; CLASSES] {
            let raw: [f64; CLASSES] = std::array::from_fn(|c| {
                let error = errors.clean[c] + if radius > 0.0 { errors.boundary[c] } else { 0.0 };
                libm::exp(rate * epochs * error)
            });
            let mean: f64 = (0..CLASSES).map(|c| raw[c] * frequency(c)).sum();
            raw.map(|raw| raw / mean)
        };
        let spread = weights(1.0);
        assert!((0..CLASSES).any(|c| (spread[c] - 1.0).abs() > 0.05), "{spread:?}");
        for epochs in 0..3_u32 {
            let w = weights(f64::from(epochs));
            let name = format!("radius {radius}, {epochs} epochs");
            expect(&name, &mut bench, &mut stepper, &batch, |seen, _| seen.sum(|y, _, at| w[y] * ce(y, at)));
            end_epoch(&mut bench, &mut stepper, &data, epochs, 9);
        }
    }
}

#[test]
fn nothing_is_accepted_under_which_the_weights_never_move() {
    for start in ["1.0", "1.5", "-0.1"] {
        let text = format!("kind = \"frl\"\nstart = {start}");
        let error = toml::from_str::<Spec>(&text).unwrap_err().to_string();
        assert!(error.contains("at least 0 and below 1"), "{error}");
    }
}
