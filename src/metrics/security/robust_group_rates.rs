//! How an attacked binary decision falls on the groups, at both iterates that attacks keep.
//!
//! The attacks aim at accuracy, so a difference here is not the worst case for fairness: it bounds nothing,
//! even when the attack is exact for accuracy.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};
use crate::stats::{Joined, Scale};

/// Largest minus smallest selection rate of any group at each row's first successful attack point: 0 selects all groups equally often, 1 one always and another never.
pub(crate) static PARITY_FIRST_SUCCESS: Metric = Metric {
    id: "demographic_parity_difference_first_success",
    title: "demographic parity difference under attack, at first success",
    meaning: "Largest minus smallest selection rate of any group at each row's first successful attack point: 0 selects all groups equally often, 1 one always and another never.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor selects all or none",
    undefined: "where fewer than two groups have rows; groups without rows are left out and named",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::ATTRIBUTE.with_positive().under_attack(),
    form: Form::Gap(&["selection_rate_first_success"], Joined::Largest, Scale::Difference),
    support: Support::Rows,
    source: "Dwork et al. 2012, ITCS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::parity(c, View::FirstSuccess),
};

/// The larger of the groups' gaps in true positive rate and in false positive rate at each row's first successful attack point: 0 errs alike in all groups, 1 errs always in one and never in another.
pub(crate) static ODDS_FIRST_SUCCESS: Metric = Metric {
    id: "equalized_odds_difference_max_first_success",
    title: "equalized-odds difference (larger gap) under attack, at first success",
    meaning: "The larger of the groups' gaps in true positive rate and in false positive rate at each row's first successful attack point: 0 errs alike in all groups, 1 errs always in one and never in another.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor errs alike everywhere",
    undefined: "where fewer than two groups have rows of the positive class, or fewer than two have others; groups without are left out and named",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::ATTRIBUTE.with_positive().under_attack(),
    form: Form::Gap(
        &["true_positive_rate_first_success", "false_positive_rate_first_success"],
        Joined::Largest,
        Scale::Difference,
    ),
    support: Support::BothOutcomes,
    source: "Hardt, Price and Srebro 2016, NeurIPS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::odds(c, View::FirstSuccess, f64::max),
};

/// Share of one group's rows predicted positive at each row's first successful attack point; it describes and is neither good nor bad.
pub(crate) static SELECTION_FIRST_SUCCESS: Metric = Metric {
    id: "selection_rate_first_success",
    title: "selection rate under attack, at first success",
    meaning: "Share of one group's rows predicted positive at each row's first successful attack point; it describes and is neither good nor bad.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::GROUP.with_positive().under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Dwork et al. 2012, ITCS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::selection(c, View::FirstSuccess),
};

/// Share of one group's positives predicted positive at each row's first successful attack point; it describes what the equalized-odds difference compares.
pub(crate) static TRUE_POSITIVE_FIRST_SUCCESS: Metric = Metric {
    id: "true_positive_rate_first_success",
    title: "true positive rate under attack, at first success",
    meaning: "Share of one group's positives predicted positive at each row's first successful attack point; it describes what the equalized-odds difference compares.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows of the positive class",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::GROUP.with_positive().under_attack(),
    form: Form::Share,
    support: Support::Positives,
    source: "Hardt, Price and Srebro 2016, NeurIPS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::true_positives(c, View::FirstSuccess),
};

/// Share of one group's negatives predicted positive at each row's first successful attack point; it describes what the equalized-odds difference compares.
pub(crate) static FALSE_POSITIVE_FIRST_SUCCESS: Metric = Metric {
    id: "false_positive_rate_first_success",
    title: "false positive rate under attack, at first success",
    meaning: "Share of one group's negatives predicted positive at each row's first successful attack point; it describes what the equalized-odds difference compares.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows outside the positive class",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::GROUP.with_positive().under_attack(),
    form: Form::Share,
    support: Support::Negatives,
    source: "Hardt, Price and Srebro 2016, NeurIPS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::false_positives(c, View::FirstSuccess),
};

/// Largest minus smallest selection rate of any group at each row's attack point of largest loss: 0 selects all groups equally often, 1 one always and another never.
pub(crate) static PARITY_MAX_LOSS: Metric = Metric {
    id: "demographic_parity_difference_max_loss",
    title: "demographic parity difference under attack, at largest loss",
    meaning: "Largest minus smallest selection rate of any group at each row's attack point of largest loss: 0 selects all groups equally often, 1 one always and another never.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor selects all or none",
    undefined: "where fewer than two groups have rows; groups without rows are left out and named",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::ATTRIBUTE.with_positive().under_attack(),
    form: Form::Gap(&["selection_rate_max_loss"], Joined::Largest, Scale::Difference),
    support: Support::Rows,
    source: "Dwork et al. 2012, ITCS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::parity(c, View::MaxLoss),
};

/// The larger of the groups' gaps in true positive rate and in false positive rate at each row's attack point of largest loss: 0 errs alike in all groups, 1 errs always in one and never in another.
pub(crate) static ODDS_MAX_LOSS: Metric = Metric {
    id: "equalized_odds_difference_max_max_loss",
    title: "equalized-odds difference (larger gap) under attack, at largest loss",
    meaning: "The larger of the groups' gaps in true positive rate and in false positive rate at each row's attack point of largest loss: 0 errs alike in all groups, 1 errs always in one and never in another.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor errs alike everywhere",
    undefined: "where fewer than two groups have rows of the positive class, or fewer than two have others; groups without are left out and named",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::ATTRIBUTE.with_positive().under_attack(),
    form: Form::Gap(
        &["true_positive_rate_max_loss", "false_positive_rate_max_loss"],
        Joined::Largest,
        Scale::Difference,
    ),
    support: Support::BothOutcomes,
    source: "Hardt, Price and Srebro 2016, NeurIPS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::odds(c, View::MaxLoss, f64::max),
};

/// Share of one group's rows predicted positive at each row's attack point of largest loss; it describes and is neither good nor bad.
pub(crate) static SELECTION_MAX_LOSS: Metric = Metric {
    id: "selection_rate_max_loss",
    title: "selection rate under attack, at largest loss",
    meaning: "Share of one group's rows predicted positive at each row's attack point of largest loss; it describes and is neither good nor bad.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::GROUP.with_positive().under_attack(),
    form: Form::Share,
    support: Support::Rows,
    source: "Dwork et al. 2012, ITCS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::selection(c, View::MaxLoss),
};

/// Share of one group's positives predicted positive at each row's attack point of largest loss; it describes what the equalized-odds difference compares.
pub(crate) static TRUE_POSITIVE_MAX_LOSS: Metric = Metric {
    id: "true_positive_rate_max_loss",
    title: "true positive rate under attack, at largest loss",
    meaning: "Share of one group's positives predicted positive at each row's attack point of largest loss; it describes what the equalized-odds difference compares.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows of the positive class",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::GROUP.with_positive().under_attack(),
    form: Form::Share,
    support: Support::Positives,
    source: "Hardt, Price and Srebro 2016, NeurIPS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::true_positives(c, View::MaxLoss),
};

/// Share of one group's negatives predicted positive at each row's attack point of largest loss; it describes what the equalized-odds difference compares.
pub(crate) static FALSE_POSITIVE_MAX_LOSS: Metric = Metric {
    id: "false_positive_rate_max_loss",
    title: "false positive rate under attack, at largest loss",
    meaning: "Share of one group's negatives predicted positive at each row's attack point of largest loss; it describes what the equalized-odds difference compares.",
    cause: Cause::Intended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows outside the positive class",
    bound: Bound::Neither,
    bound_when_exact: Bound::Neither,
    needs: Needs::GROUP.with_positive().under_attack(),
    form: Form::Share,
    support: Support::Negatives,
    source: "Hardt, Price and Srebro 2016, NeurIPS, on the attacked rows of Madry et al. 2018, ICLR",
    compute: |c| shares::false_positives(c, View::MaxLoss),
};
