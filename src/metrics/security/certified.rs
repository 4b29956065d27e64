//! What is proven: shares of rows that no adversary of the ball can break, and what is known of the majority vote under noise.
//!
//! Deterministic certificates are about the model itself, and stand beside its robust accuracy; those of randomized smoothing are about
//! another predictor, and stand beside attacks on that one.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};

const MARGINS: &str = "Wong and Kolter 2018, Provable defenses against adversarial examples via the convex outer adversarial polytope, ICML; Gowal et al. 2018, arXiv 1810.12715";
const SMOOTHING: &str =
    "Cohen, Rosenfeld and Kolter 2019, Certified adversarial robustness via randomized smoothing, ICML";

/// Share of rows classified correctly and proven to stay so at every point that the adversary can reach: 1 is every row, 0 none.
pub(crate) static CERTIFIED_ACCURACY: Metric = Metric {
    id: "certified_accuracy",
    title: "certified accuracy",
    meaning: "Share of rows classified correctly and proven to stay so at every point that the adversary can reach: 1 is every row, 0 none.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the share of the most frequent class: a constant predictor cannot be attacked",
    undefined: "where there are no rows",
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs::NOTHING.proven(),
    form: Form::Share,
    support: Support::Rows,
    source: MARGINS,
    compute: |c| shares::accuracy(c, View::Certified),
};

/// Smallest share of any class proven to stay correct: 1 is every row, 0 a class of which nothing is proven.
pub(crate) static CERTIFIED_WORST_CLASS_ACCURACY: Metric = Metric {
    id: "certified_worst_class_accuracy",
    title: "certified worst-class accuracy",
    meaning: "Smallest share of any class proven to stay correct: 1 is every row, 0 a class of which nothing is proven.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor never recognizes the other classes",
    undefined: "where there are no rows; classes without rows are left out and named",
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs::NOTHING.proven(),
    form: Form::Smallest(&["certified_class_accuracy"]),
    support: Support::Classes,
    source: MARGINS,
    compute: |c| shares::worst_class(c, View::Certified),
};

/// Smallest share of any group proven to stay correct: 1 is every row, 0 a group of which nothing is proven.
pub(crate) static CERTIFIED_WORST_GROUP_ACCURACY: Metric = Metric {
    id: "certified_worst_group_accuracy",
    title: "certified worst-group accuracy",
    meaning: "Smallest share of any group proven to stay correct: 1 is every row, 0 a group of which nothing is proven.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the smallest share of the predicted class in any group",
    undefined: "where no group has rows; groups without rows are left out and named",
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs::ATTRIBUTE.proven(),
    form: Form::Smallest(&["certified_group_accuracy"]),
    support: Support::Rows,
    source: MARGINS,
    compute: |c| shares::worst_group(c, View::Certified),
};

/// Share of one class proven to stay correct; it stands behind the smallest.
pub(crate) static CERTIFIED_CLASS_ACCURACY: Metric = Metric {
    id: "certified_class_accuracy",
    title: "certified class accuracy",
    meaning: "Share of one class proven to stay correct: 1 is every row, 0 none.",
    needs: Needs::CLASS.proven(),
    form: Form::Share,
    compute: |c| shares::one_class(c, View::Certified),
    ..CERTIFIED_WORST_CLASS_ACCURACY
};

/// Share of one group proven to stay correct; it stands behind the smallest.
pub(crate) static CERTIFIED_GROUP_ACCURACY: Metric = Metric {
    id: "certified_group_accuracy",
    title: "certified group accuracy",
    meaning: "Share of one group proven to stay correct: 1 is every row, 0 none.",
    needs: Needs::GROUP.proven(),
    form: Form::Share,
    compute: |c| shares::one_group(c, View::Certified),
    ..CERTIFIED_WORST_GROUP_ACCURACY
};

/// Share of rows that the majority vote under noise classifies correctly, an abstention counting as wrong: 1 is every row, 0 none.
pub(crate) static SMOOTHED_ACCURACY: Metric = Metric {
    id: "smoothed_accuracy",
    title: "smoothed accuracy",
    meaning: "Share of rows that the majority vote under noise classifies correctly, an abstention counting as wrong: 1 is every row, 0 none.",
    cause: Cause::Unintended,
    harm: Harm::Performance,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the share of the most frequent class",
    undefined: "where there are no rows",
    // With probability 1 − alpha per row: the votes that were counted prove the majority, an abstention proves none.
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs::NOTHING.of_the_vote(),
    form: Form::Share,
    support: Support::Rows,
    source: SMOOTHING,
    compute: |c| shares::accuracy(c, View::Vote),
};

/// Share of rows at which the majority vote under noise is too close to call: 0 answers always, 1 never.
pub(crate) static SMOOTHED_ABSTENTION: Metric = Metric {
    id: "smoothed_abstention",
    title: "abstention of the smoothed classifier",
    meaning: "Share of rows at which the majority vote under noise is too close to call: 0 answers always, 1 never.",
    cause: Cause::Unintended,
    harm: Harm::Performance,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor always has its majority",
    undefined: "where there are no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.of_the_vote(),
    form: Form::Share,
    support: Support::Rows,
    source: SMOOTHING,
    compute: |c| shares::accuracy(c, View::Abstained),
};

/// Share of rows that the majority vote under noise classifies correctly, proven to stay so within the radius (each row with probability 1 − alpha): 1 is every row, 0 none.
pub(crate) static SMOOTHED_CERTIFIED_ACCURACY: Metric = Metric {
    id: "smoothed_certified_accuracy",
    title: "smoothed certified accuracy",
    meaning: "Share of rows that the majority vote under noise classifies correctly, proven to stay so within the radius (each row with probability 1 − alpha): 1 is every row, 0 none.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the share of the most frequent class: a constant predictor cannot be attacked",
    undefined: "where there are no rows",
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs::NOTHING.of_the_vote_at_a_radius(),
    form: Form::Share,
    support: Support::Rows,
    source: SMOOTHING,
    compute: |c| shares::accuracy(c, View::VoteCertified),
};

/// Share of rows that the majority vote under noise classifies correctly as they are and under an attack on that vote: 1 is every row, 0 none.
///
/// The predictor is the vote as it was counted, which abstains where it is too close to call: an abstention counts as wrong.
pub(crate) static SMOOTHED_ROBUST_ACCURACY: Metric = Metric {
    id: "smoothed_robust_accuracy",
    title: "smoothed robust accuracy",
    meaning: "Share of rows that the majority vote under noise, as it was counted, classifies correctly as they are and under an attack on that vote (an abstention counts as wrong): 1 is every row, 0 none.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the share of the most frequent class: a constant predictor cannot be attacked",
    undefined: "where there are no rows",
    // Of the majority of endless votes no upper bound: it may be right, and withstand the attack, where the counted vote abstains.
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::NOTHING.of_the_vote_at_a_radius(),
    form: Form::Share,
    support: Support::Rows,
    source: "Salman et al. 2019, Provably robust deep learning via adversarially trained smoothed classifiers, NeurIPS",
    compute: |c| shares::accuracy(c, View::VoteStanding),
};
