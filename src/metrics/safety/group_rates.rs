//! How a binary decision falls on the groups of a sensitive attribute.
//!
//! The two differences also improve when a model collapses to one answer, so the rates per group
//! are measured with them always.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Support, shares};
use crate::stats::{Joined, Scale};

/// Largest minus smallest selection rate of any group: 0 selects all groups equally often, 1 one always and another never; labels are not used.
pub(crate) static DEMOGRAPHIC_PARITY_DIFFERENCE: Metric = Metric {
    id: "demographic_parity_difference",
    title: "demographic parity difference",
    meaning: "Largest minus smallest selection rate of any group: 0 selects all groups equally often, 1 one always and another never; labels are not used.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor selects all or none",
    undefined: "where fewer than two groups have rows; groups without rows are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.with_positive(),
    form: Form::Gap(&["selection_rate"], Joined::Largest, Scale::Difference),
    support: Support::Rows,
    source: "Dwork et al. 2012, Fairness through awareness, ITCS; convention of Fairlearn",
    compute: |c| shares::parity(c, View::Clean),
};

/// Smallest over largest selection rate of any group: 1 selects all groups equally often, 0 never selects one; labels are not used.
pub(crate) static DEMOGRAPHIC_PARITY_RATIO: Metric = Metric {
    id: "demographic_parity_ratio",
    title: "demographic parity ratio",
    meaning: "Smallest over largest selection rate of any group: 1 selects all groups equally often, 0 never selects one; labels are not used.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Higher),
    unit: Unit::Ratio,
    range: (0.0, 1.0),
    chance: "1: a constant predictor that selects all; undefined for one that selects none",
    undefined: "where fewer than two groups have rows, or no group has a positive prediction (0/0); groups without rows are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.with_positive(),
    form: Form::Gap(&["selection_rate"], Joined::Largest, Scale::Quotient),
    support: Support::Rows,
    source: "Feldman et al. 2015, Certifying and removing disparate impact, KDD; convention of Fairlearn",
    compute: |c| shares::parity_ratio(c, View::Clean),
};

/// Largest minus smallest true positive rate of any group: 0 recognizes positives alike in all groups, 1 always in one and never in another.
pub(crate) static EQUAL_OPPORTUNITY_DIFFERENCE: Metric = Metric {
    id: "equal_opportunity_difference",
    title: "equal-opportunity difference",
    meaning: "Largest minus smallest true positive rate of any group: 0 recognizes positives alike in all groups, 1 always in one and never in another.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor errs alike everywhere",
    undefined: "where fewer than two groups have rows of the positive class; groups without are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.with_positive(),
    form: Form::Gap(&["true_positive_rate"], Joined::Largest, Scale::Difference),
    support: Support::Positives,
    source: "Hardt, Price and Srebro 2016, Equality of opportunity in supervised learning, NeurIPS",
    compute: |c| shares::opportunity(c, View::Clean),
};

/// The larger of the groups' gaps (largest minus smallest) in true positive rate and in false positive rate: 0 errs alike in all groups, 1 errs always in one and never in another.
pub(crate) static EQUALIZED_ODDS_DIFFERENCE_MAX: Metric = Metric {
    id: "equalized_odds_difference_max",
    title: "equalized-odds difference (larger gap)",
    meaning: "The larger of the groups' gaps (largest minus smallest) in true positive rate and in false positive rate: 0 errs alike in all groups, 1 errs always in one and never in another.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor errs alike everywhere",
    undefined: "where fewer than two groups have rows of the positive class, or fewer than two have others; groups without are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.with_positive(),
    form: Form::Gap(&["true_positive_rate", "false_positive_rate"], Joined::Largest, Scale::Difference),
    support: Support::BothOutcomes,
    source: "Hardt, Price and Srebro 2016, Equality of opportunity in supervised learning, NeurIPS; aggregation of Fairlearn's worst_case",
    compute: |c| shares::odds(c, View::Clean, f64::max),
};

/// Mean of the groups' gaps (largest minus smallest) in true positive rate and in false positive rate: 0 errs alike in all groups, 1 errs always in one and never in another.
pub(crate) static EQUALIZED_ODDS_DIFFERENCE_MEAN: Metric = Metric {
    id: "equalized_odds_difference_mean",
    title: "equalized-odds difference (mean gap)",
    meaning: "Mean of the groups' gaps (largest minus smallest) in true positive rate and in false positive rate: 0 errs alike in all groups, 1 errs always in one and never in another.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0: a constant predictor errs alike everywhere",
    undefined: "where fewer than two groups have rows of the positive class, or fewer than two have others; groups without are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.with_positive(),
    form: Form::Gap(&["true_positive_rate", "false_positive_rate"], Joined::Mean, Scale::Difference),
    support: Support::BothOutcomes,
    source: "Hardt, Price and Srebro 2016, NeurIPS; aggregation of Fairlearn's mean",
    compute: |c| shares::odds(c, View::Clean, |t, f| 0.5 * (t + f)),
};

/// Sum of the groups' gaps (largest minus smallest) in true positive rate and in false positive rate: 0 errs alike in all groups, 2 errs always in one and never in another.
pub(crate) static EQUALIZED_ODDS_DIFFERENCE_SUM: Metric = Metric {
    id: "equalized_odds_difference_sum",
    title: "equalized-odds difference (sum of gaps)",
    meaning: "Sum of the groups' gaps (largest minus smallest) in true positive rate and in false positive rate: 0 errs alike in all groups, 2 errs always in one and never in another.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 2.0),
    chance: "0: a constant predictor errs alike everywhere",
    undefined: "where fewer than two groups have rows of the positive class, or fewer than two have others; groups without are left out and named",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.with_positive(),
    form: Form::Gap(&["true_positive_rate", "false_positive_rate"], Joined::Sum, Scale::Difference),
    support: Support::BothOutcomes,
    source: "Hardt, Price and Srebro 2016, NeurIPS; sum as in Zafar et al. 2017, WWW",
    compute: |c| shares::odds(c, View::Clean, |t, f| t + f),
};

/// Selection rate of the first group minus that of the second, for attributes of two groups: 0 is equal; its sign tells which group has more.
pub(crate) static SELECTION_RATE_SIGNED: Metric = Metric {
    id: "selection_rate_signed",
    title: "selection rate difference (signed)",
    meaning: "Selection rate of the first group minus that of the second, for attributes of two groups: 0 is equal; its sign tells which group has more.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (-1.0, 1.0),
    chance: "0: a constant predictor treats both alike",
    undefined: "where either group has no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.with_positive().of_two_groups(),
    form: Form::Signed(&["selection_rate"]),
    support: Support::Rows,
    source: "Calders and Verwer 2010, Three naive Bayes approaches for discrimination-free classification, DMKD",
    compute: |c| shares::signed(c, |c| shares::selection(c, View::Clean)),
};

/// True positive rate of the first group minus that of the second, for attributes of two groups: 0 is equal; its sign tells which group has more.
pub(crate) static TRUE_POSITIVE_RATE_SIGNED: Metric = Metric {
    id: "true_positive_rate_signed",
    title: "true positive rate difference (signed)",
    meaning: "True positive rate of the first group minus that of the second, for attributes of two groups: 0 is equal; its sign tells which group has more.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (-1.0, 1.0),
    chance: "0: a constant predictor treats both alike",
    undefined: "where either group has no rows of the positive class",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::ATTRIBUTE.with_positive().of_two_groups(),
    form: Form::Signed(&["true_positive_rate"]),
    support: Support::Positives,
    source: "Hardt, Price and Srebro 2016, NeurIPS",
    compute: |c| shares::signed(c, |c| shares::true_positives(c, View::Clean)),
};

/// Share of one group's rows predicted positive; it describes and is neither good nor bad.
pub(crate) static SELECTION_RATE: Metric = Metric {
    id: "selection_rate",
    title: "selection rate",
    meaning: "Share of one group's rows predicted positive; it describes and is neither good nor bad.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::GROUP.with_positive(),
    form: Form::Share,
    support: Support::Rows,
    source: "Dwork et al. 2012, Fairness through awareness, ITCS",
    compute: |c| shares::selection(c, View::Clean),
};

/// Share of one group's positives predicted positive; it describes what the equalized-odds difference compares.
pub(crate) static TRUE_POSITIVE_RATE: Metric = Metric {
    id: "true_positive_rate",
    title: "true positive rate",
    meaning: "Share of one group's positives predicted positive; it describes what the equalized-odds difference compares.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows of the positive class",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::GROUP.with_positive(),
    form: Form::Share,
    support: Support::Positives,
    source: "Hardt, Price and Srebro 2016, Equality of opportunity in supervised learning, NeurIPS",
    compute: |c| shares::true_positives(c, View::Clean),
};

/// Share of one group's negatives predicted positive; it describes what the equalized-odds difference compares.
pub(crate) static FALSE_POSITIVE_RATE: Metric = Metric {
    id: "false_positive_rate",
    title: "false positive rate",
    meaning: "Share of one group's negatives predicted positive; it describes what the equalized-odds difference compares.",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "0 or 1",
    undefined: "where the group has no rows outside the positive class",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::GROUP.with_positive(),
    form: Form::Share,
    support: Support::Negatives,
    source: "Hardt, Price and Srebro 2016, Equality of opportunity in supervised learning, NeurIPS",
    compute: |c| shares::false_positives(c, View::Clean),
};
