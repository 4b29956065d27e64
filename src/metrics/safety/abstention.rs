//! Whether a model knows when to hold back: the most confident answers should be the right ones.
//!
//! Rows of one confidence count as wrong in the share in which they are wrong together, so that no value depends on the order of rows.

use super::calibration::of_sums;
use crate::measure::{Bound, Cause, Direction, Harm, Unit, Value};
use crate::metrics::counts::View;
use crate::metrics::{Form, Metric, Needs, Sums, Support};

/// What all of the family share.
const OF_CONFIDENCE: Metric = Metric {
    id: "",
    title: "",
    meaning: "",
    cause: Cause::Unintended,
    harm: Harm::Unreliability,
    direction: Some(Direction::Lower),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the error rate, if confidence says nothing",
    undefined: "where the model states no probabilities, or there are no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::PROBABILITIES,
    form: Form::Other,
    support: Support::Rows,
    source: "",
    compute: |_| Value::Undefined(String::new()),
};

/// Mean over k of the share wrong among the k most confident rows.
pub(crate) static AURC: Metric = Metric {
    id: "aurc",
    title: "area under the risk-coverage curve",
    meaning: "Mean over k of the share wrong among the k most confident rows: 0 is never wrong; the error rate where confidence says nothing.",
    source: "Geifman, Uziel and El-Yaniv 2019, Bias-reduced uncertainty estimation for deep neural classifiers, ICLR; mean over k, no trapezoids",
    compute: |c| of_sums(c, View::Clean, |sums| sums.risks / sums.weight),
    ..OF_CONFIDENCE
};

/// The area under the risk-coverage curve above that of the best possible order.
pub(crate) static EXCESS_AURC: Metric = Metric {
    id: "excess_aurc",
    title: "excess area under the risk-coverage curve",
    meaning: "Area under the risk-coverage curve minus that with all wrong rows last: 0 is the best possible order of these rows.",
    chance: "the error rate minus the area of the best order, if confidence says nothing",
    source: "Geifman, Uziel and El-Yaniv 2019, ICLR (E-AURC), with the best order of the rows themselves in place of its limit r + (1 − r) ln(1 − r)",
    compute: |c| of_sums(c, View::Clean, |sums| ((sums.risks - sums.oracle_risks()) / sums.weight).max(0.0)),
    ..OF_CONFIDENCE
};

/// Mean over k of the share of all rows that are wrong and among the k most confident.
pub(crate) static AUGRC: Metric = Metric {
    id: "augrc",
    title: "area under the generalized risk-coverage curve",
    meaning: "Mean over k of the share of all rows that are among the k most confident and wrong: the chance that a wrong answer is not held back; 0 is never.",
    range: (0.0, 1.0),
    chance: "half the error rate, if confidence says nothing",
    source: "Traub et al. 2024, Overcoming common flaws in the evaluation of selective classification systems, NeurIPS; mean over k, no trapezoids",
    compute: |c| of_sums(c, View::Clean, |sums| sums.errors / (sums.weight * sums.weight)),
    ..OF_CONFIDENCE
};

/// Largest share of rows, the most confident first, of which at most 5 % are wrong.
pub(crate) static COVERAGE_AT_RISK_5: Metric = Metric {
    id: "coverage_at_risk_5",
    title: "coverage at a risk of 5 %",
    meaning: "Largest share of rows, the most confident first, of which at most 5 % are wrong: 1 answers all, 0 says that no threshold is safe enough.",
    direction: Some(Direction::Higher),
    chance: "0, or 1 where the error rate is at most 5 %",
    source: "Geifman and El-Yaniv 2017, Selective classification for deep neural networks, NeurIPS",
    compute: |c| of_sums(c, View::Clean, |sums| sums.within_risk / sums.weight),
    ..OF_CONFIDENCE
};

/// Share wrong among the most confident 80 % of the rows.
pub(crate) static RISK_AT_COVERAGE_80: Metric = Metric {
    id: "risk_at_coverage_80",
    title: "risk at a coverage of 80 %",
    meaning: "Share wrong among the most confident 80 % of the rows: 0 is never wrong there.",
    source: "Geifman and El-Yaniv 2017, Selective classification for deep neural networks, NeurIPS",
    compute: |c| of_sums(c, View::Clean, |sums| sums.risk_at_coverage),
    ..OF_CONFIDENCE
};

/// How often a right answer is more confident than a wrong one.
pub(crate) static FAILURE_AUROC: Metric = Metric {
    id: "failure_auroc",
    title: "failure detection (AUROC)",
    meaning: "How often a right answer is more confident than a wrong one, ties counting one half: 1 tells them apart always, 0.5 says nothing.",
    direction: Some(Direction::Higher),
    chance: "0.5",
    undefined: "where the model states no probabilities, or no row is classified wrongly, or none correctly",
    source: "Hendrycks and Gimpel 2017, A baseline for detecting misclassified and out-of-distribution examples, ICLR",
    compute: |c| match c.sums(View::Clean) {
        Some(sums) if sums.weight > 0.0 && sums.wrong <= 0.0 => {
            Value::undefined("no row is classified wrongly")
        }
        Some(sums) if sums.weight > 0.0 && sums.wrong >= sums.weight => {
            Value::undefined("no row is classified correctly")
        }
        _ => of_sums(c, View::Clean, |sums: &Sums| {
            1.0 - sums.misordered / (sums.wrong * (sums.weight - sums.wrong))
        }),
    },
    ..OF_CONFIDENCE
};
