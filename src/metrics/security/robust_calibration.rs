//! Whether a model's confidence means what it says under attack, at both iterates that attacks keep.
//!
//! The attacks aim at accuracy, not at confidence, so a distance between the two bounds nothing, even when the attack is exact for accuracy.

use crate::measure::{Bound, Cause, Direction, Harm, Unit, Value};
use crate::metrics::counts::View;
use crate::metrics::safety::calibration::{of_sums, overconfidence};
use crate::metrics::{Form, Metric, Needs, Support};

/// What all of the family share.
const UNDER_ATTACK: Metric = Metric {
    id: "",
    title: "",
    meaning: "",
    cause: Cause::Intended,
    harm: Harm::Unreliability,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "as without attack: a constant predictor cannot be moved",
    undefined: "where the model states no probabilities, or there are no rows",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::NOTHING,
    form: Form::Other,
    support: Support::Rows,
    source: "",
    compute: |_| Value::Undefined(String::new()),
};

/// `ece_15` at each row's first successful attack point.
pub(crate) static ECE_FIRST_SUCCESS: Metric = Metric {
    id: "ece_15_first_success",
    title: "calibration error under attack, at first success",
    meaning: "Distance between accuracy and mean confidence in 15 bins of equal width, averaged over the rows, at each row's first successful attack point: 0 is as often right as confident.",
    needs: Needs::probabilities_at(View::FirstSuccess),
    source: "Guo et al. 2017, ICML, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| of_sums(c, View::FirstSuccess, |sums| sums.calibration_error(&sums.bins)),
    ..UNDER_ATTACK
};

/// `brier_multi` at each row's first successful attack point.
pub(crate) static BRIER_FIRST_SUCCESS: Metric = Metric {
    id: "brier_multi_first_success",
    title: "Brier score under attack, at first success",
    meaning: "Mean squared distance between the probabilities and the truth, summed over classes, at each row's first successful attack point: 0 is certain and right, 2 certain and wrong.",
    range: (0.0, 2.0),
    needs: Needs::probabilities_at(View::FirstSuccess),
    source: "Brier 1950, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| of_sums(c, View::FirstSuccess, |sums| sums.brier / sums.weight),
    ..UNDER_ATTACK
};

/// `nll` at each row's first successful attack point.
pub(crate) static NLL_FIRST_SUCCESS: Metric = Metric {
    id: "nll_first_success",
    title: "negative log-likelihood under attack, at first success",
    meaning: "Mean of −ln of the true class's probability, clipped at 10⁻¹², at each row's first successful attack point: 0 is certain and right; the worst case is at least this.",
    unit: Unit::Nats,
    range: (0.0, 27.631_021_115_928_547),
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs::probabilities_at(View::FirstSuccess),
    source: "Good 1952, Rational decisions, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| of_sums(c, View::FirstSuccess, |sums| sums.nll / sums.weight),
    ..UNDER_ATTACK
};

/// `overconfidence` at each row's first successful attack point.
pub(crate) static OVERCONFIDENCE_FIRST_SUCCESS: Metric = Metric {
    id: "overconfidence_first_success",
    title: "confidence when wrong (over-confidence) under attack, at first success",
    meaning: "Mean confidence of the wrong answers at each row's first successful attack point: 1 is always certain when wrong.",
    undefined: "where the model states no probabilities, or no row is classified wrongly",
    needs: Needs::probabilities_at(View::FirstSuccess),
    source: "Grabinski et al. 2022, Robust models are less over-confident, NeurIPS",
    compute: |c| overconfidence(c, View::FirstSuccess),
    ..UNDER_ATTACK
};

/// `ece_15` at each row's largest loss.
pub(crate) static ECE_MAX_LOSS: Metric = Metric {
    id: "ece_15_max_loss",
    title: "calibration error under attack, at the largest loss",
    meaning: "Distance between accuracy and mean confidence in 15 bins of equal width, averaged over the rows, at each row's largest loss: 0 is as often right as confident.",
    needs: Needs::probabilities_at(View::MaxLoss),
    source: "Guo et al. 2017, ICML, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| of_sums(c, View::MaxLoss, |sums| sums.calibration_error(&sums.bins)),
    ..UNDER_ATTACK
};

/// `brier_multi` at each row's largest loss.
pub(crate) static BRIER_MAX_LOSS: Metric = Metric {
    id: "brier_multi_max_loss",
    title: "Brier score under attack, at the largest loss",
    meaning: "Mean squared distance between the probabilities and the truth, summed over classes, at each row's largest loss: 0 is certain and right, 2 certain and wrong.",
    range: (0.0, 2.0),
    needs: Needs::probabilities_at(View::MaxLoss),
    source: "Brier 1950, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| of_sums(c, View::MaxLoss, |sums| sums.brier / sums.weight),
    ..UNDER_ATTACK
};

/// `nll` at each row's largest loss.
pub(crate) static NLL_MAX_LOSS: Metric = Metric {
    id: "nll_max_loss",
    title: "negative log-likelihood under attack, at the largest loss",
    meaning: "Mean of −ln of the true class's probability, clipped at 10⁻¹², at each row's largest loss: 0 is certain and right; the worst case is at least this.",
    unit: Unit::Nats,
    range: (0.0, 27.631_021_115_928_547),
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs::probabilities_at(View::MaxLoss),
    source: "Good 1952, Rational decisions, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| of_sums(c, View::MaxLoss, |sums| sums.nll / sums.weight),
    ..UNDER_ATTACK
};

/// `overconfidence` at each row's largest loss.
pub(crate) static OVERCONFIDENCE_MAX_LOSS: Metric = Metric {
    id: "overconfidence_max_loss",
    title: "confidence when wrong (over-confidence) under attack, at the largest loss",
    meaning: "Mean confidence of the wrong answers at each row's largest loss: 1 is always certain when wrong.",
    undefined: "where the model states no probabilities, or no row is classified wrongly",
    needs: Needs::probabilities_at(View::MaxLoss),
    source: "Grabinski et al. 2022, Robust models are less over-confident, NeurIPS",
    compute: |c| overconfidence(c, View::MaxLoss),
    ..UNDER_ATTACK
};
