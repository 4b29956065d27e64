//! How a model's probabilities fall on the groups of a sensitive attribute, apart from its own threshold.
//!
//! A model that selects ever fewer rows looks ever fairer. So the differences are also stated where overall as many rows are selected as are
//! positive, the most probable first (tied rows in equal shares), and over all thresholds at once.

use crate::measure::{Bound, Cause, Direction, Harm, Unit, Value};
use crate::metrics::counts::Context;
use crate::metrics::scores::MOST_GROUPS;
use crate::metrics::{Form, GroupScores, Matched, Material, Metric, Needs, Support};
use crate::stats::{Joined, Scale};

/// What all of the family share.
const OF_SCORES: Metric = Metric {
    id: "",
    title: "",
    meaning: "",
    cause: Cause::Unintended,
    harm: Harm::Unfairness,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "",
    undefined: "",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs { material: Material::Ranks, ..Needs::ATTRIBUTE.with_positive() },
    form: Form::Other,
    support: Support::Rows,
    source: "",
    compute: |_| Value::Undefined(String::new()),
};

const ABOVE_0: &str =
    "no interval: a largest area is above 0 by chance alone, and resamples only add to that";

fn scored(c: &Context<'_>, of: impl FnOnce(&GroupScores) -> Value) -> Value {
    c.group_scores().map_or_else(|| Value::undefined("the model states no probabilities"), of)
}

/// Largest minus smallest of the groups' shares.
fn gap(c: &Context<'_>, scores: &GroupScores, share: fn(&Matched) -> (f64, f64), of: &str) -> Value {
    let shares: Vec<f64> = scores
        .groups
        .iter()
        .map(share)
        .filter(|(_, whole)| *whole > 0.0)
        .map(|(part, whole)| part / whole)
        .collect();
    match shares.as_slice() {
        [] | [_] => {
            let name = &c.facts.attributes[c.its_attribute()].name;
            Value::Undefined(format!("fewer than two groups of `{name}` have {of}"))
        }
        shares => {
            let (low, high) =
                shares.iter().fold((1.0_f64, 0.0_f64), |(low, high), x| (low.min(*x), high.max(*x)));
            Value::finite(high - low)
        }
    }
}

/// A part of a group's rows and the whole, by which kind of rows.
type Part = fn(&Matched) -> (f64, f64);

const SELECTED: (Part, &str) = (|group| (group.selected, group.rows), "rows");
const HITS: (Part, &str) = (|group| (group.hits, group.positives), "rows of the positive class");
const FALSE_ALARMS: (Part, &str) =
    (|group| (group.selected - group.hits, group.rows - group.positives), "rows outside the positive class");

fn parity(c: &Context<'_>, scores: &GroupScores) -> Value {
    gap(c, scores, SELECTED.0, SELECTED.1)
}

fn opportunity(c: &Context<'_>, scores: &GroupScores) -> Value {
    gap(c, scores, HITS.0, HITS.1)
}

fn false_alarms(c: &Context<'_>, scores: &GroupScores) -> Value {
    gap(c, scores, FALSE_ALARMS.0, FALSE_ALARMS.1)
}

/// The share of one group.
fn one(c: &Context<'_>, (share, of): (Part, &str)) -> Value {
    let group = c.member.expect("a metric about one group is given it");
    scored(c, |scores| match share(&scores.groups[group]) {
        (part, whole) if whole > 0.0 => Value::finite((part / whole).clamp(0.0, 1.0)),
        _ => Value::Undefined(format!("{} has no {of}", c.group_name(group))),
    })
}

/// Largest minus smallest selection rate of any group, where overall as many rows are selected as are positive: 0 selects all groups equally often.
pub(crate) static PARITY_MATCHED: Metric = Metric {
    id: "demographic_parity_difference_matched",
    title: "demographic parity difference at the base rate",
    meaning: "Largest minus smallest selection rate of any group, where overall as many rows are selected as are positive: 0 selects all groups equally often.",
    chance: "0: constant probabilities select all groups alike",
    undefined: "where the model states no probabilities, or fewer than two groups have rows",
    form: Form::Gap(&["selection_rate_matched"], Joined::Largest, Scale::Difference),
    support: Support::Rows,
    source: "Dwork et al. 2012, Fairness through awareness, ITCS, at the base rate",
    compute: |c| scored(c, |scores| parity(c, scores)),
    ..OF_SCORES
};

/// Largest minus smallest true positive rate of any group, where overall as many rows are selected as are positive: 0 recognizes positives alike in all groups.
pub(crate) static OPPORTUNITY_MATCHED: Metric = Metric {
    id: "equal_opportunity_difference_matched",
    title: "equal-opportunity difference at the base rate",
    meaning: "Largest minus smallest true positive rate of any group, where overall as many rows are selected as are positive: 0 recognizes positives alike in all groups.",
    chance: "0: constant probabilities select all groups alike",
    undefined: "where the model states no probabilities, or fewer than two groups have rows of the positive class",
    form: Form::Gap(&["true_positive_rate_matched"], Joined::Largest, Scale::Difference),
    support: Support::Positives,
    source: "Hardt, Price and Srebro 2016, NeurIPS, at the base rate",
    compute: |c| scored(c, |scores| opportunity(c, scores)),
    ..OF_SCORES
};

/// The larger of the groups' gaps in true and in false positive rate, where overall as many rows are selected as are positive: 0 errs alike in all groups.
pub(crate) static ODDS_MATCHED: Metric = Metric {
    id: "equalized_odds_difference_max_matched",
    title: "equalized-odds difference (larger gap) at the base rate",
    meaning: "The larger of the groups' gaps in true and in false positive rate, where overall as many rows are selected as are positive: 0 errs alike in all groups.",
    chance: "0: constant probabilities select all groups alike",
    undefined: "where the model states no probabilities, or fewer than two groups have rows of the positive class, or fewer than two have others",
    form: Form::Gap(
        &["true_positive_rate_matched", "false_positive_rate_matched"],
        Joined::Largest,
        Scale::Difference,
    ),
    support: Support::BothOutcomes,
    source: "Hardt, Price and Srebro 2016, NeurIPS, at the base rate",
    compute: |c| {
        scored(c, |scores| match (opportunity(c, scores), false_alarms(c, scores)) {
            (Value::Defined(t), Value::Defined(f)) => Value::Defined(t.max(f)),
            (Value::Undefined(reason), _) | (_, Value::Undefined(reason)) => Value::Undefined(reason),
        })
    },
    ..OF_SCORES
};

/// Largest area between the distribution functions that two groups have of the positive class's probability, over all thresholds: 0 treats all groups alike at every one; for attributes of at most 8 groups.
pub(crate) static ABCC: Metric = Metric {
    id: "abcc",
    title: "area between probability curves",
    meaning: "Largest area between the distribution functions that two groups have of the positive class's probability, over all thresholds: 0 treats all groups alike at every one; for attributes of at most 8 groups.",
    chance: "0: constant probabilities are alike in all groups",
    undefined: "where the model states no probabilities, or fewer than two groups have rows, or the attribute has more than 8 groups",
    form: Form::Bare(ABOVE_0),
    support: Support::Rows,
    source: "Han et al. 2023, Retiring ΔDP, TMLR (ABCC)",
    compute: |c| {
        scored(c, |scores| {
            let attribute = &c.facts.attributes[c.its_attribute()];
            scores.area.map_or_else(
                || {
                    Value::Undefined(if attribute.groups.len() > MOST_GROUPS {
                        format!("`{}` has more than {MOST_GROUPS} groups", attribute.name)
                    } else {
                        format!("fewer than two groups of `{}` have rows", attribute.name)
                    })
                },
                Value::finite,
            )
        })
    },
    ..OF_SCORES
};

/// What all of the rates of one group share.
const OF_ONE_GROUP: Metric = Metric {
    direction: None,
    chance: "the base rate",
    needs: Needs { material: Material::Ranks, ..Needs::GROUP.with_positive() },
    form: Form::Share,
    ..OF_SCORES
};

/// Share of one group's rows that are selected at the base rate; it stands behind the difference.
pub(crate) static SELECTION_MATCHED: Metric = Metric {
    id: "selection_rate_matched",
    title: "selection rate at the base rate",
    meaning: "Share of one group's rows that are selected where overall as many rows are selected as are positive.",
    undefined: "where the model states no probabilities, or the group has no rows",
    support: Support::Rows,
    compute: |c| one(c, SELECTED),
    ..OF_ONE_GROUP
};

/// Share of one group's positives that are selected at the base rate; it stands behind the difference.
pub(crate) static TRUE_POSITIVES_MATCHED: Metric = Metric {
    id: "true_positive_rate_matched",
    title: "true positive rate at the base rate",
    meaning: "Share of one group's positives that are selected where overall as many rows are selected as are positive.",
    undefined: "where the model states no probabilities, or the group has no rows of the positive class",
    support: Support::Positives,
    compute: |c| one(c, HITS),
    ..OF_ONE_GROUP
};

/// Share of one group's negatives that are selected at the base rate; it stands behind the difference.
pub(crate) static FALSE_POSITIVES_MATCHED: Metric = Metric {
    id: "false_positive_rate_matched",
    title: "false positive rate at the base rate",
    meaning: "Share of one group's negatives that are selected where overall as many rows are selected as are positive.",
    undefined: "where the model states no probabilities, or the group has no rows outside the positive class",
    support: Support::Negatives,
    compute: |c| one(c, FALSE_ALARMS),
    ..OF_ONE_GROUP
};
