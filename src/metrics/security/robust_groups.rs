//! How evenly robustness falls on the groups of a sensitive attribute.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};

/// Smallest share of any group still correct under every attack tried: 1 is every row, 0 a group that always falls.
pub(crate) static ROBUST_WORST_GROUP_ACCURACY: Metric = Metric {
    id: "robust_worst_group_accuracy",
    title: "robust worst-group accuracy",
    meaning: "Smallest share of any group still correct under every attack tried: 1 is every row, 0 a group that always falls.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the smallest share of the predicted class in any group",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Sagawa et al. 2020, ICLR, applied to the worst case of Madry et al. 2018, ICLR",
    compute: |c| shares::worst_group(c, View::FirstSuccess),
};

/// Largest minus smallest share of any group still correct under every attack tried: 0 protects all groups alike, 1 one always and another never.
pub(crate) static ROBUST_ACCURACY_GAP: Metric = Metric {
    id: "robust_accuracy_gap",
    title: "robust accuracy gap",
    meaning: "Largest minus smallest share of any group still correct under every attack tried: 0 protects all groups alike, 1 one always and another never.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the gap in the groups' shares of the predicted class",
    bound: Bound::Neither,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.under_attack(),
    form: Form::Gap,
    support: Support::Rows,
    source: "Nanda et al. 2021, Fairness through robustness, FAccT",
    compute: |c| shares::group_gap(c, View::FirstSuccess),
};

/// Share of one group's rows still correct under every attack tried: 1 is every row, 0 none.
pub(crate) static ROBUST_GROUP_ACCURACY: Metric = Metric {
    id: "robust_group_accuracy",
    title: "robust group accuracy",
    meaning: "Share of one group's rows still correct under every attack tried: 1 is every row, 0 none.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the group's share of the predicted class",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::GROUP.under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Nanda et al. 2021, Fairness through robustness, FAccT",
    compute: |c| shares::one_group(c, View::FirstSuccess),
};
