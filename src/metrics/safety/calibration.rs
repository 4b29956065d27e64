//! Whether a model's confidence means what it says.
//!
//! Confidence is the largest probability; right and wrong are about the most probable class. All sums are over rows in the order of
//! confidence, so no value depends on the order of rows. A plug-in calibration error is above 0 even for a perfectly calibrated model, so
//! `ece_15_null` stands beside it.

use crate::measure::{Bound, Cause, Direction, Harm, Unit, Value};
use crate::metrics::counts::{Context, View};
use crate::metrics::{Form, Metric, Needs, Sums, Support};

/// What all of the family share.
const OF_PROBABILITIES: Metric = Metric {
    id: "",
    title: "",
    meaning: "",
    cause: Cause::Unintended,
    harm: Harm::Unreliability,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 for the base rates as constant probabilities",
    undefined: "where the model states no probabilities, or there are no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::PROBABILITIES,
    form: Form::Other,
    support: Support::Rows,
    source: "",
    compute: |_| Value::Undefined(String::new()),
};

/// `part / whole` of the sums at `view`.
pub(in crate::metrics) fn of_sums(c: &Context<'_>, view: View, formula: fn(&Sums) -> f64) -> Value {
    match c.sums(view) {
        None if view == View::Clean => Value::undefined("the model states no probabilities"),
        None => Value::undefined("no logits are stated at the points of the attack"),
        Some(sums) if sums.weight <= 0.0 => Value::undefined("there are no rows"),
        Some(sums) => Value::finite(formula(sums)),
    }
}

/// Mean confidence where wrong at `view`.
pub(in crate::metrics) fn overconfidence(c: &Context<'_>, view: View) -> Value {
    match c.sums(view) {
        Some(sums) if sums.weight > 0.0 && sums.wrong <= 0.0 => {
            Value::undefined("no row is classified wrongly")
        }
        _ => of_sums(c, view, |sums| sums.confidence_wrong / sums.wrong),
    }
}

/// Distance between accuracy and mean confidence over 15 bins of equal width, weighted by their rows.
pub(crate) static ECE: Metric = Metric {
    id: "ece_15",
    title: "expected calibration error (15 bins)",
    meaning: "Distance between accuracy and mean confidence in each of 15 bins of equal width, averaged over the rows: 0 says as often right as confident; above 0 by chance alone, see `ece_15_null`.",
    source: "Naeini, Cooper and Hauskrecht 2015, AAAI; Guo et al. 2017, On calibration of modern neural networks, ICML; bins closed at the left, the last also at 1",
    compute: |c| of_sums(c, View::Clean, |sums| sums.calibration_error(&sums.bins)),
    ..OF_PROBABILITIES
};

/// What `ece_15` would be on average if every confidence were right.
pub(crate) static ECE_NULL: Metric = Metric {
    id: "ece_15_null",
    title: "expected calibration error if calibrated",
    meaning: "What `ece_15` is on average if every confidence is right, at as many rows and these confidences; it describes how much of `ece_15` is chance.",
    direction: None,
    chance: "none: it describes what chance does to `ece_15`, and is 0 only where every confidence is 1",
    source: "normal approximation of each bin's mean absolute deviation, Σ (n_b/n) √(2 v_b / (π n_b)) with v_b the mean of c (1 − c)",
    compute: |c| of_sums(c, View::Clean, Sums::null_error),
    ..OF_PROBABILITIES
};

/// Distance between accuracy and mean confidence over 15 bins of equally many rows.
pub(crate) static ECE_EQUAL_MASS: Metric = Metric {
    id: "ece_15_equal_mass",
    title: "calibration error (15 bins of equal mass)",
    meaning: "Distance between accuracy and mean confidence in each of 15 bins of equally many rows, averaged over the rows; rows of one confidence stay in one bin: 0 says as often right as confident.",
    source: "Nixon et al. 2019, Measuring calibration in deep learning, CVPR workshops",
    compute: |c| of_sums(c, View::Clean, |sums| sums.calibration_error(&sums.mass)),
    ..OF_PROBABILITIES
};

/// The calibration error of each class's probability, averaged over classes.
pub(crate) static ECE_CLASSWISE: Metric = Metric {
    id: "ece_15_classwise",
    title: "class-wise calibration error (15 bins)",
    meaning: "Distance between the frequency of a class and the mean of its probability in each of 15 bins of equal width, averaged over the rows and over the classes: 0 is calibrated in every class.",
    source: "Kull et al. 2019, Beyond temperature scaling, NeurIPS",
    compute: |c| {
        of_sums(c, View::Clean, |sums| {
            sums.classes.iter().sum::<f64>() / (sums.weight * sums.classes.len() as f64)
        })
    },
    ..OF_PROBABILITIES
};

/// The largest distance between accuracy and mean confidence in any of 15 bins of equal width.
pub(crate) static MAXIMUM_ERROR: Metric = Metric {
    id: "maximum_calibration_error_15",
    title: "maximum calibration error (15 bins)",
    meaning: "Largest distance between accuracy and mean confidence in any of 15 bins of equal width that has rows; bins of few rows decide it easily: 0 is calibrated everywhere.",
    source: "Naeini, Cooper and Hauskrecht 2015, AAAI",
    compute: |c| of_sums(c, View::Clean, Sums::largest_error),
    ..OF_PROBABILITIES
};

/// Mean confidence of the wrong answers.
pub(crate) static OVERCONFIDENCE: Metric = Metric {
    id: "overconfidence",
    title: "confidence when wrong (over-confidence)",
    meaning: "Mean confidence of the wrong answers: 1 is always certain when wrong.",
    chance: "the share of the most frequent class for the base rates as constant probabilities",
    undefined: "where the model states no probabilities, or no row is classified wrongly",
    source: "Mund, Triebel and Cremers 2015, Active online confidence boosting, ICRA",
    compute: |c| overconfidence(c, View::Clean),
    ..OF_PROBABILITIES
};

/// One minus the mean confidence of the right answers.
pub(crate) static UNDERCONFIDENCE: Metric = Metric {
    id: "underconfidence",
    title: "doubt when right (under-confidence)",
    meaning: "One minus the mean confidence of the right answers: 0 is always certain when right.",
    chance: "one minus the share of the most frequent class for the base rates as constant probabilities",
    undefined: "where the model states no probabilities, or no row is classified correctly",
    source: "Mund, Triebel and Cremers 2015, Active online confidence boosting, ICRA",
    compute: |c| match c.sums(View::Clean) {
        Some(sums) if sums.weight > 0.0 && sums.wrong >= sums.weight => {
            Value::undefined("no row is classified correctly")
        }
        // A difference of sums, which rounding can put below 0.
        _ => of_sums(c, View::Clean, |sums| (sums.doubt_right / (sums.weight - sums.wrong)).max(0.0)),
    },
    ..OF_PROBABILITIES
};

/// Mean squared distance between a probability and the truth, for two classes.
pub(crate) static BRIER_BINARY: Metric = Metric {
    id: "brier_binary",
    title: "Brier score (binary)",
    meaning: "Mean squared distance between the probability of a class and whether it is the true one, for two classes; a proper score: 0 is certain and right, 1 certain and wrong.",
    chance: "p (1 − p) for the base rate p as constant probability",
    needs: Needs::PROBABILITIES.of_two_classes(),
    source: "Brier 1950, Verification of forecasts expressed in terms of probability; half of the multi-class score, as scikit-learn's brier_score_loss",
    compute: |c| of_sums(c, View::Clean, |sums| 0.5 * sums.brier / sums.weight),
    ..OF_PROBABILITIES
};

/// Mean squared distance between the probabilities and the truth, summed over classes.
pub(crate) static BRIER_MULTI: Metric = Metric {
    id: "brier_multi",
    title: "Brier score (sum over classes)",
    meaning: "Mean over rows of the squared distance between the probabilities and the truth, summed over classes; a proper score: 0 is certain and right, 2 certain and wrong.",
    range: (0.0, 2.0),
    chance: "one minus the sum of the squared base rates for these as constant probabilities",
    source: "Brier 1950, Verification of forecasts expressed in terms of probability",
    compute: |c| of_sums(c, View::Clean, |sums| sums.brier / sums.weight),
    ..OF_PROBABILITIES
};

/// Mean negative log-likelihood of the true class.
pub(crate) static NLL: Metric = Metric {
    id: "nll",
    title: "negative log-likelihood",
    meaning: "Mean of −ln of the true class's probability, clipped at 10⁻¹²; a proper score: 0 is certain and right.",
    unit: Unit::Nats,
    range: (0.0, 27.631_021_115_928_547),
    chance: "the entropy of the base rates for these as constant probabilities",
    source: "Good 1952, Rational decisions; clipped as in the metrics of Guo et al. 2017, ICML",
    compute: |c| of_sums(c, View::Clean, |sums| sums.nll / sums.weight),
    ..OF_PROBABILITIES
};
