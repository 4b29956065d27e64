//! How often the model is right, overall and class by class.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};
use crate::stats::{Joined, Scale};

/// Share of rows classified correctly: 1 is every row, 0 none.
pub(crate) static ACCURACY: Metric = Metric {
    id: "accuracy",
    title: "clean accuracy",
    meaning: "Share of rows classified correctly: 1 is every row, 0 none.",
    cause: Cause::Unintended,
    harm: Harm::Performance,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the share of the most frequent class",
    undefined: "where there are no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING,
    form: Form::Share,
    support: Support::Rows,
    source: "Bishop 2006, Pattern Recognition and Machine Learning, 1.5.1",
    compute: |c| shares::accuracy(c, View::Clean),
};

/// Mean over classes of the share classified correctly, each class counting alike: 1 is every row, 0 none.
pub(crate) static BALANCED_ACCURACY: Metric = Metric {
    id: "balanced_accuracy",
    title: "balanced accuracy",
    meaning: "Mean over classes of the share classified correctly, each class counting alike: 1 is every row, 0 none.",
    cause: Cause::Unintended,
    harm: Harm::Performance,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "one over the number of classes",
    undefined: "where there are no rows; classes without rows are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING,
    form: Form::Shares,
    support: Support::Classes,
    source: "Brodersen et al. 2010, The balanced accuracy and its posterior distribution, ICPR",
    compute: |c| shares::balanced_accuracy(c, View::Clean),
};

/// Smallest share classified correctly of any class: 1 is every row, 0 a class that is never recognized.
pub(crate) static WORST_CLASS_ACCURACY: Metric = Metric {
    id: "worst_class_accuracy",
    title: "worst-class accuracy",
    meaning: "Smallest share classified correctly of any class: 1 is every row, 0 a class that is never recognized.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor never recognizes the other classes",
    undefined: "where there are no rows; classes without rows are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING,
    form: Form::Smallest(&["class_accuracy"]),
    support: Support::Classes,
    source: "Xu et al. 2021, To be robust or to be fair, ICML",
    compute: |c| shares::worst_class(c, View::Clean),
};

/// Largest minus smallest share classified correctly of any class: 0 treats all classes alike, 1 serves one always and another never.
pub(crate) static CLASS_DISPARITY: Metric = Metric {
    id: "class_disparity",
    title: "class disparity",
    meaning: "Largest minus smallest share classified correctly of any class: 0 treats all classes alike, 1 serves one always and another never.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "1: a constant predictor is always right on one class and never on another",
    undefined: "where fewer than two classes have rows; classes without rows are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING,
    form: Form::Gap(&["class_accuracy"], Joined::Largest, Scale::Difference),
    support: Support::Classes,
    source: "Benz et al. 2021, Robustness may be at odds with fairness, NeurIPS workshop",
    compute: |c| shares::class_gap(c, View::Clean),
};

/// Share of one class's rows classified correctly: 1 is every row, 0 none.
pub(crate) static CLASS_ACCURACY: Metric = Metric {
    id: "class_accuracy",
    title: "class accuracy",
    meaning: "Share of one class's rows classified correctly: 1 is every row, 0 none.",
    cause: Cause::Unintended,
    harm: Harm::Performance,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "1 for the predicted class of a constant predictor, else 0",
    undefined: "where the class has no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::CLASS,
    form: Form::Share,
    support: Support::Rows,
    source: "Xu et al. 2021, To be robust or to be fair, ICML",
    compute: |c| shares::one_class(c, View::Clean),
};
