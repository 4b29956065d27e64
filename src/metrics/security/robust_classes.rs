//! How evenly robustness falls on the classes.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};
use crate::stats::{Joined, Scale};

/// Smallest share of any class still correct under every attack tried: 1 is every row, 0 a class that always falls.
pub(crate) static ROBUST_WORST_CLASS_ACCURACY: Metric = Metric {
    id: "robust_worst_class_accuracy",
    title: "robust worst-class accuracy",
    meaning: "Smallest share of any class still correct under every attack tried: 1 is every row, 0 a class that always falls.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor never recognizes the other classes",
    undefined: "where there are no rows; classes without rows are left out and named",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.under_attack(),
    form: Form::Smallest(&["robust_class_accuracy"]),
    support: Support::Classes,
    source: "Xu et al. 2021, To be robust or to be fair, ICML",
    compute: |c| shares::worst_class(c, View::FirstSuccess),
};

/// Largest minus smallest share of any class still correct under every attack tried: 0 protects all classes alike, 1 one always and another never.
pub(crate) static ROBUST_CLASS_DISPARITY: Metric = Metric {
    id: "robust_class_disparity",
    title: "robust class disparity",
    meaning: "Largest minus smallest share of any class still correct under every attack tried: 0 protects all classes alike, 1 one always and another never.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "1: a constant predictor is always right on one class and never on another",
    undefined: "where fewer than two classes have rows; classes without rows are left out and named",
    bound: Bound::Neither,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.under_attack(),
    form: Form::Gap(&["robust_class_accuracy"], Joined::Largest, Scale::Difference),
    support: Support::Classes,
    source: "Xu et al. 2021, To be robust or to be fair, ICML; Benz et al. 2021, NeurIPS workshop",
    compute: |c| shares::class_gap(c, View::FirstSuccess),
};

/// Share of one class's rows still correct under every attack tried: 1 is every row, 0 none.
pub(crate) static ROBUST_CLASS_ACCURACY: Metric = Metric {
    id: "robust_class_accuracy",
    title: "robust class accuracy",
    meaning: "Share of one class's rows still correct under every attack tried: 1 is every row, 0 none.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "1 for the predicted class of a constant predictor, else 0",
    undefined: "where the class has no rows",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::CLASS.under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Xu et al. 2021, To be robust or to be fair, ICML",
    compute: |c| shares::one_class(c, View::FirstSuccess),
};
