//! Whether the model is what attacks take it for: a function of one row, with logits for outputs.

use super::bench::logits;
use super::{Bar, Bench, Check, Look, Sight};
use crate::error::Result;

/// Passes over the same rows.
const PASSES: usize = 5;

/// Rows that are asked alone.
const ALONE: usize = 8;

pub(super) static RANDOMIZED: Check = Check {
    id: "randomized",
    number: 14,
    rule: "the same rows give the same logits, as a share of the largest",
    advice: "attacks on a randomized model must follow the mean gradient over its draws (expectation over transformation), which the attacks here do not do yet: fix its draws, or evaluate its mean",
    source: "Croce and Hein 2020, arXiv 2003.01690, checks of AutoAttack; Athalye et al. 2018, arXiv 1802.00420",
    bar: Bar::AtMost(|settings| settings.randomized),
    look: Look::Model(randomized),
};

fn randomized(bench: &mut Bench<'_>) -> Result<Sight> {
    if bench.sample.len() == 0 {
        return Ok(Sight::nothing("no rows are set aside for it: `checks.rows` is 0"));
    }
    let x = &bench.sample.rows.x;
    let first = logits(bench.subject.network, x);
    // Beside other rows than these the model was asked before: check 16 compares with that.
    let mut most = 0.0;
    for _ in 1..PASSES {
        most = larger(most, differ(&first, &logits(bench.subject.network, x)));
    }
    let n = bench.sample.len();
    Ok(Sight::number(
        most,
        format!("{PASSES} passes over the same {n} rows differ by {} of the largest logit", small(most)),
    ))
}

pub(super) static SOFTMAX: Check = Check {
    id: "softmax",
    number: 15,
    rule: "the outputs are logits, not probabilities",
    advice: "probabilities saturate and hide gradients: give the model's logits, from before the softmax",
    source: "Croce and Hein 2020, arXiv 2003.01690, checks of AutoAttack",
    bar: Bar::Never,
    look: Look::Model(softmax),
};

fn softmax(bench: &mut Bench<'_>) -> Result<Sight> {
    let clean = bench.subject.clean;
    let classes = bench.subject.rows.facts.classes.len();
    let n = clean.predictions.len();
    let is_distribution = |z: &&[f32]| {
        let sum: f64 = z.iter().map(|z| f64::from(*z)).sum();
        (sum - 1.0).abs() < 1e-4 && z.iter().all(|z| (0.0..=1.0).contains(z))
    };
    let like = clean.logits.chunks_exact(classes).filter(is_distribution).count();
    // A single row of logits may look like probabilities; all of them do not.
    let hits = if like == n { n } else { 0 };
    Ok(Sight::count(hits, n, format!("outputs lie in [0, 1] and add up to 1 at {like} of {n} rows")))
}

pub(super) static BATCH: Check = Check {
    id: "batch",
    number: 16,
    rule: "a row's logits do not depend on the rows beside it, as a share of the largest",
    advice: "the model mixes rows, so that no number of a single row means anything: evaluate it with frozen statistics",
    source: "TRADES issue 3; Croce and Hein 2020, arXiv 2003.01690",
    bar: Bar::AtMost(|settings| settings.batch),
    look: Look::Model(batch),
};

fn batch(bench: &mut Bench<'_>) -> Result<Sight> {
    if bench.sample.len() == 0 {
        return Ok(Sight::nothing("no rows are set aside for it: `checks.rows` is 0"));
    }
    if bench.randomized {
        return Ok(Sight::nothing("the model is randomized, and batches cannot be told from draws"));
    }
    let (rows, clean) = (&bench.sample.rows, &bench.sample.clean.logits);
    let (d, classes, n) = (bench.subject.features.len(), rows.facts.classes.len(), rows.len());
    let together = logits(bench.subject.network, &rows.x);
    let turned: Vec<f32> = rows.x.chunks_exact(d).rev().flatten().copied().collect();
    let turned = logits(bench.subject.network, &turned);
    let turned: Vec<f32> = turned.chunks_exact(classes).rev().flatten().copied().collect();
    let mut most = larger(differ(&together, &turned), differ(&together, clean));
    for row in (0..n).step_by(n.div_ceil(ALONE)) {
        let alone = logits(bench.subject.network, rows.row(row));
        let scale = together.iter().fold(0.0_f64, |most, z| most.max(f64::from(*z).abs()));
        let own = &together[row * classes..(row + 1) * classes];
        most = larger(most, apart(&alone, own) / scale.max(f64::MIN_POSITIVE));
    }
    Ok(Sight::number(
        most,
        format!(
            "alone, together and in another order, {n} rows differ by {} of the largest logit",
            small(most)
        ),
    ))
}

/// For people: `nothing`, or `1.2e-3`.
fn small(share: f64) -> String {
    if share == 0.0 { "nothing".to_owned() } else { format!("{share:.1e}") }
}

/// Largest difference.
fn apart(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).fold(0.0, larger)
}

/// Largest difference, as a share of the largest logit of the first.
fn differ(a: &[f32], b: &[f32]) -> f64 {
    let scale = a.iter().fold(0.0_f64, |most, z| most.max(f64::from(*z).abs()));
    apart(a, b) / scale.max(f64::MIN_POSITIVE)
}

/// The larger; not a number, if either is none.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
