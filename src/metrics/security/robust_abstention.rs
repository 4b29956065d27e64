//! A model that abstains below a confidence, under attack: the adversary wants wrong answers that are accepted, or right ones that are not.
//!
//! The threshold is chosen on the unchanged rows, by the share of them that it accepts. What the attack kept are two points of each row, so the worst
//! case is at least what is stated.

use crate::measure::{Bound, Cause, Direction, Harm, Unit, Value};
use crate::metrics::counts::Context;
use crate::metrics::{Evaded, Form, Material, Metric, Needs, Support};

/// What all of the family share.
const OF_ABSTENTION: Metric = Metric {
    id: "",
    title: "",
    meaning: "",
    cause: Cause::Intended,
    harm: Harm::Integrity,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "as without attack: a constant predictor cannot be moved",
    undefined: "where the model states no probabilities, or there are no rows",
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs { material: Material::Evasions, ..Needs::NOTHING.under_attack() },
    form: Form::Other,
    support: Support::Rows,
    source: "Balcan et al. 2023, An analysis of robustness of non-Lipschitz networks, JMLR (abstention); Chow 1970 for the threshold",
    compute: |_| Value::Undefined(String::new()),
};

fn share(c: &Context<'_>, part: fn(&Evaded) -> f64) -> Value {
    match c.evaded() {
        None => Value::undefined(
            "no probabilities are stated of unchanged rows, or no logits at the points of the attack",
        ),
        Some(evaded) if evaded.weight <= 0.0 => Value::undefined("there are no rows"),
        Some(evaded) => Value::finite(part(evaded) / evaded.weight),
    }
}

/// Share of rows that the attack makes wrong and accepted, at the threshold that accepts 80 % of the unchanged rows.
pub(crate) static CONFIDENT_EVASION_80: Metric = Metric {
    id: "confident_evasion_80",
    title: "confident evasion (accepting 80 %)",
    meaning: "Share of rows answered wrongly above the confidence that 80 % of the unchanged rows reach, without attack or at a point that the attack kept: 0 is never.",
    harm: Harm::Integrity,
    compute: |c| share(c, |evaded| evaded.confident[0]),
    ..OF_ABSTENTION
};

/// Share of rows that the attack makes wrong and accepted, at the threshold that accepts 95 % of the unchanged rows.
pub(crate) static CONFIDENT_EVASION_95: Metric = Metric {
    id: "confident_evasion_95",
    title: "confident evasion (accepting 95 %)",
    meaning: "Share of rows answered wrongly above the confidence that 95 % of the unchanged rows reach, without attack or at a point that the attack kept: 0 is never.",
    harm: Harm::Integrity,
    compute: |c| share(c, |evaded| evaded.confident[1]),
    ..OF_ABSTENTION
};

/// Share of rows that the attack brings to be refused, at the threshold that accepts 80 % of the unchanged rows.
pub(crate) static FORCED_ABSTENTION_80: Metric = Metric {
    id: "forced_abstention_80",
    title: "forced abstention (accepting 80 %)",
    meaning: "Share of rows below the confidence that 80 % of the unchanged rows reach, without attack or at a point that the attack kept; these attacks aim at wrong answers, not at low confidence: 0 is never.",
    harm: Harm::Availability,
    compute: |c| share(c, |evaded| evaded.refused[0]),
    ..OF_ABSTENTION
};

/// Share of rows that the attack brings to be refused, at the threshold that accepts 95 % of the unchanged rows.
pub(crate) static FORCED_ABSTENTION_95: Metric = Metric {
    id: "forced_abstention_95",
    title: "forced abstention (accepting 95 %)",
    meaning: "Share of rows below the confidence that 95 % of the unchanged rows reach, without attack or at a point that the attack kept; these attacks aim at wrong answers, not at low confidence: 0 is never.",
    harm: Harm::Availability,
    compute: |c| share(c, |evaded| evaded.refused[1]),
    ..OF_ABSTENTION
};
