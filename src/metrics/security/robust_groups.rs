//! How evenly robustness falls on the groups of a sensitive attribute.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};
use crate::stats::{Joined, Scale};

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
    undefined: "where no group has rows; groups without rows are left out and named",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.under_attack(),
    form: Form::Smallest(&["robust_group_accuracy"]),
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
    undefined: "where fewer than two groups have rows; groups without rows are left out and named",
    bound: Bound::Neither,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.under_attack(),
    form: Form::Gap(&["robust_group_accuracy"], Joined::Largest, Scale::Difference),
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
    undefined: "where the group has no rows",
    bound: Bound::Upper,
    bound_when_exact: Bound::Exact,
    needs: Needs::GROUP.under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Nanda et al. 2021, Fairness through robustness, FAccT",
    compute: |c| shares::one_group(c, View::FirstSuccess),
};

/// Largest minus smallest share of any group's rows that are right without attack and fall under it: 0 exposes all groups alike, 1 one always and another never.
pub(crate) static VULNERABILITY_GAP: Metric = Metric {
    id: "vulnerability_gap",
    title: "vulnerability gap",
    meaning: "Largest minus smallest share of any group's rows that are right without attack and fall under it: 0 exposes all groups alike, 1 one always and another never.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor cannot be moved",
    undefined: "where fewer than two groups have rows; groups without rows are left out and named",
    bound: Bound::Neither,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.under_attack(),
    form: Form::Gap(&["group_vulnerability"], Joined::Largest, Scale::Difference),
    support: Support::Rows,
    source: "Nanda et al. 2021, Fairness through robustness, FAccT",
    compute: shares::fallen_gap,
};

/// Share of one group's rows that are right without attack and fall under it: 0 is none; the worst case is at least this.
pub(crate) static GROUP_VULNERABILITY: Metric = Metric {
    id: "group_vulnerability",
    title: "group vulnerability",
    meaning: "Share of one group's rows that are right without attack and fall under it: 0 is none; the worst case is at least this.",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor cannot be moved",
    undefined: "where the group has no rows",
    bound: Bound::Lower,
    bound_when_exact: Bound::Exact,
    needs: Needs::GROUP.under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Nanda et al. 2021, Fairness through robustness, FAccT",
    compute: shares::group_fallen,
};
