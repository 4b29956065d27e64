//! How often the model is right, group by group of a sensitive attribute.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};
use crate::stats::{Joined, Scale};

/// Smallest share classified correctly of any group: 1 is every row, 0 a group that is always failed.
pub(crate) static WORST_GROUP_ACCURACY: Metric = Metric {
    id: "worst_group_accuracy",
    title: "worst-group accuracy",
    meaning: "Smallest share classified correctly of any group: 1 is every row, 0 a group that is always failed.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the smallest share of the predicted class in any group",
    undefined: "where no group has rows; groups without rows are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE,
    form: Form::Smallest(&["group_accuracy"]),
    support: Support::Rows,
    source: "Sagawa et al. 2020, Distributionally robust neural networks for group shifts, ICLR",
    compute: |c| shares::worst_group(c, View::Clean),
};

/// Largest minus smallest share classified correctly of any group: 0 serves all groups alike, 1 one always and another never.
pub(crate) static ACCURACY_GAP: Metric = Metric {
    id: "accuracy_gap",
    title: "accuracy gap",
    meaning: "Largest minus smallest share classified correctly of any group: 0 serves all groups alike, 1 one always and another never.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the gap in the groups' shares of the predicted class",
    undefined: "where fewer than two groups have rows; groups without rows are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE,
    form: Form::Gap(&["group_accuracy"], Joined::Largest, Scale::Difference),
    support: Support::Rows,
    source: "Buolamwini and Gebru 2018, Gender shades, FAT*",
    compute: |c| shares::group_gap(c, View::Clean),
};

/// Share classified correctly of the first group minus that of the second, for attributes of two groups: 0 is equal; its sign tells which group has more.
pub(crate) static GROUP_ACCURACY_SIGNED: Metric = Metric {
    id: "group_accuracy_signed",
    title: "accuracy difference (signed)",
    meaning: "Share classified correctly of the first group minus that of the second, for attributes of two groups: 0 is equal; its sign tells which group has more.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (-1.0, 1.0),
    chance: "the difference of the groups' shares of the predicted class",
    undefined: "where either group has no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.of_two_groups(),
    form: Form::Signed(&["group_accuracy"]),
    support: Support::Rows,
    source: "Buolamwini and Gebru 2018, Gender shades, FAT*",
    compute: |c| shares::signed(c, |c| shares::one_group(c, View::Clean)),
};

/// Share of one group's rows classified correctly: 1 is every row, 0 none.
pub(crate) static GROUP_ACCURACY: Metric = Metric {
    id: "group_accuracy",
    title: "group accuracy",
    meaning: "Share of one group's rows classified correctly: 1 is every row, 0 none.",
    cause: Cause::Unintended,
    harm: Harm::Performance,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the group's share of the predicted class",
    undefined: "where the group has no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::GROUP,
    form: Form::Share,
    support: Support::Rows,
    source: "Buolamwini and Gebru 2018, Gender shades, FAT*",
    compute: |c| shares::one_group(c, View::Clean),
};
