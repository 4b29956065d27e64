//! Whether explanations stay the same under an attack.

use crate::measure::{Bound, Cause, Direction, Harm, Unit};
use crate::metrics::safety::explanations::mean;
use crate::metrics::{Form, Measure, Metric, Needs, Support, Under};

/// Share of the most important features that are so at the adversarial point, too.
pub(crate) static EXPLANATION_STABILITY: Metric = Metric {
    id: "explanation_stability",
    title: "stability of explanations under attack",
    meaning: "Share of the most important features of a row that are among the most important at a point made by PGD away from the predicted class, mean over the explained rows: 1 is all of them; an attack on the explanation itself would leave fewer.",
    cause: Cause::Intended,
    harm: Harm::Unreliability,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the share of the features that count as most important, for unrelated rankings; 1 for a linear model's gradient",
    undefined: "where no row is explained, or no explained row has an attribution that tells one feature from another, or an adversarial point",
    bound: Bound::Upper,
    bound_when_exact: Bound::Upper,
    needs: Needs::of_explanations(Under::AttributedAt, Measure::Stability),
    form: Form::Other,
    support: Support::Explained,
    source: "top-k intersection of Ghorbani, Abid and Zou 2019, Interpretation of neural networks is fragile, AAAI; the attack aims at the prediction",
    compute: |c| mean(c, Measure::Stability),
};
