//! How often the model stays right under attack, worst case per row over all attacks tried.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};

/// Share of rows classified correctly without attack and under every attack tried: 1 is every row, 0 none.
pub(crate) static ROBUST_ACCURACY: Metric = Metric {
    id: "robust_accuracy",
    title: "robust accuracy",
    meaning: "Share of rows classified correctly without attack and under every attack tried: 1 is every row, 0 none.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the share of the most frequent class: a constant predictor cannot be attacked",
    undefined: "where there are no rows",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Madry et al. 2018, Towards deep learning models resistant to adversarial attacks, ICLR; Croce and Hein 2020, AutoAttack, ICML",
    compute: |c| shares::accuracy(c, View::FirstSuccess),
};

/// Mean over classes of the share still correct under every attack tried, each class counting alike: 1 is every row, 0 none.
pub(crate) static ROBUST_BALANCED_ACCURACY: Metric = Metric {
    id: "robust_balanced_accuracy",
    title: "robust balanced accuracy",
    meaning: "Mean over classes of the share still correct under every attack tried, each class counting alike: 1 is every row, 0 none.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "one over the number of classes",
    undefined: "where there are no rows; classes without rows are left out and named",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.under_attack(),
    form: Form::Shares,
    support: Support::Classes,
    source: "Brodersen et al. 2010, ICPR, applied to the worst case of Madry et al. 2018, ICLR",
    compute: |c| shares::balanced_accuracy(c, View::FirstSuccess),
};

/// Share of rows that are correct without attack and fall under it, robust error minus clean error: 0 loses none, 1 all.
pub(crate) static BOUNDARY_ERROR: Metric = Metric {
    id: "boundary_error",
    title: "boundary error",
    meaning: "Share of rows that are correct without attack and fall under it, robust error minus clean error: 0 loses none, 1 all.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor loses nothing it had",
    undefined: "where there are no rows",
    bound: Bound::Lower,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Zhang et al. 2019, Theoretically principled trade-off between robustness and accuracy (TRADES), ICML",
    compute: shares::fallen,
};

/// Share of the correctly classified rows that stay correct under every attack tried, so that clean accuracy is not counted twice: 1 is every one, 0 none.
pub(crate) static ROBUST_GIVEN_CORRECT: Metric = Metric {
    id: "robust_given_correct",
    title: "robustness of correct rows",
    meaning: "Share of the correctly classified rows that stay correct under every attack tried, so that clean accuracy is not counted twice: 1 is every one, 0 none.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "1: a constant predictor loses nothing it had",
    undefined: "where no row is classified correctly",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.under_attack(),
    form: Form::Share,
    support: Support::Correct,
    source: "quotient of robust and clean accuracy; Zhang et al. 2019 (TRADES), ICML, for the split",
    compute: shares::kept,
};
