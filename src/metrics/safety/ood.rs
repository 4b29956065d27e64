//! Whether a model knows that a row belongs to none of its classes: rows of the test split (ID) against rows of sets without a class (OOD), by a score of
//! their logits that is higher where the row looks more familiar.
//!
//! Every metric is there once per score ([`SCORES`]), and has one value per set and one per mean over near and over far sets, each set counting alike.

use crate::measure::{Bound, Cause, Direction, Harm, Unit, Value};
use crate::metrics::counts::Context;
use crate::metrics::{About, Detection, Form, Metric, Needs, SCORES, Support};

/// What all of the family share.
const OF_SETS: Metric = Metric {
    id: "",
    title: "",
    meaning: "",
    cause: Cause::Unintended,
    harm: Harm::Unreliability,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0.5, if the score says nothing",
    undefined: "where either side has no rows, or the model states no scores",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.shifted(About::Sets),
    form: Form::Other,
    support: Support::Rows,
    source: "",
    compute: |_| Value::Undefined(String::new()),
};

fn detected(c: &Context<'_>, score: usize, part: fn(&Detection) -> f64) -> Value {
    let member = c.member.expect("a metric about one set is given it");
    match c.shift().sets.get(member).and_then(|set| set[score].as_ref()) {
        Some(detection) => Value::finite(part(detection)),
        None => Value::undefined("one side has no rows, or the model states no scores"),
    }
}

/// One metric per score.
macro_rules! per_score {
    ($id:literal, $title:literal, $meaning:literal, $part:expr, $($field:ident: $value:expr),*) => {
        [
            per_score!(@one 0, $id, "msp", $title, "largest softmax probability", $meaning, $part, $($field: $value),*),
            per_score!(@one 1, $id, "entropy", $title, "negative entropy", $meaning, $part, $($field: $value),*),
            per_score!(@one 2, $id, "energy", $title, "energy", $meaning, $part, $($field: $value),*),
            per_score!(@one 3, $id, "max_logit", $title, "largest logit", $meaning, $part, $($field: $value),*),
        ]
    };
    (@one $score:literal, $id:literal, $word:literal, $title:literal, $name:literal, $meaning:literal, $part:expr, $($field:ident: $value:expr),*) => {
        Metric {
            id: concat!("ood_", $id, "_", $word),
            title: concat!($title, " by ", $name),
            meaning: concat!($meaning, " Score: ", $name, "."),
            compute: |c| detected(c, $score, $part),
            $($field: $value,)*
            ..OF_SETS
        }
    };
}

const SCORED: &str = "Hendrycks and Gimpel 2017, A baseline for detecting misclassified and out-of-distribution examples, ICLR; energy: Liu et al. 2020, NeurIPS; largest logit: Hendrycks et al. 2022, ICML";

/// The share of pairs in which the row with a class has the higher score.
pub(crate) static AUROC: [Metric; SCORES.len()] = per_score!(
    "auroc",
    "AUROC of rows without a class",
    "Share of pairs of a test row and a row without a class in which the test row has the higher score, a tie counting one half: 1 tells them apart, 0.5 says nothing.",
    |found| found.auroc,
    source: SCORED
);

/// Average precision with the test rows as the positive side.
pub(crate) static AUPR_ID: [Metric; SCORES.len()] = per_score!(
    "aupr_id",
    "average precision of test rows",
    "Average precision (steps, no trapezoids) with the test rows as the positive side: 1 tells them apart.",
    |found| found.aupr_id,
    chance: "the share of test rows among the rows of both sides",
    source: SCORED
);

/// Average precision with the rows without a class as the positive side.
pub(crate) static AUPR_OOD: [Metric; SCORES.len()] = per_score!(
    "aupr_ood",
    "average precision of rows without a class",
    "Average precision (steps, no trapezoids) with the rows without a class as the positive side: 1 tells them apart.",
    |found| found.aupr_ood,
    chance: "the share of rows without a class among the rows of both sides",
    source: SCORED
);

/// Rows without a class that pass where 95 % of the test rows do.
pub(crate) static FPR95_ID: [Metric; SCORES.len()] = per_score!(
    "fpr95_id",
    "rows without a class that pass",
    "Share of rows without a class that pass the highest threshold that at least 95 % of the test rows pass: 0 refuses them all, 1 none.",
    |found| found.fpr95_id,
    direction: Some(Direction::Lower),
    chance: "about 0.95, if the score says nothing",
    source: "Liang, Li and Srikant 2018, Enhancing the reliability of out-of-distribution image detection in neural networks, ICLR; test rows positive"
);

/// Test rows that are refused where 95 % of the rows without a class are.
pub(crate) static FPR95_OOD: [Metric; SCORES.len()] = per_score!(
    "fpr95_ood",
    "test rows that are refused",
    "Share of test rows that are refused at the lowest threshold that refuses at least 95 % of the rows without a class: 0 refuses none, 1 all.",
    |found| found.fpr95_ood,
    direction: Some(Direction::Lower),
    chance: "about 0.95, if the score says nothing",
    source: "Zhang et al. 2023, OpenOOD v1.5, arXiv 2306.09301; rows without a class positive"
);
