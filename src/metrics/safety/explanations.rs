//! Whether what is said of a prediction's grounds can be trusted.
//!
//! Means over the explained rows; a row of which a measure is undefined is left out and counted. What is explained is the logit of the predicted class.

use crate::measure::{Bound, Cause, Direction, Harm, Unit, Value};
use crate::metrics::counts::Context;
use crate::metrics::{Form, Measure, Metric, Needs, Support, Under};

/// What all of the family share.
const OF_EXPLANATIONS: Metric = Metric {
    id: "",
    title: "",
    meaning: "",
    cause: Cause::Unintended,
    harm: Harm::Unreliability,
    direction: None,
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "",
    undefined: "where no row is explained, or no explained row has an attribution that tells one feature from another",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING,
    form: Form::Other,
    support: Support::Explained,
    source: "",
    compute: |_| Value::Undefined(String::new()),
};

/// The mean of `measure` over the explained rows of which it is defined.
pub(in crate::metrics) fn mean(c: &Context<'_>, measure: Measure) -> Value {
    let mean = c.explained(measure);
    if mean.weight > 0.0 {
        return Value::finite(mean.sum / mean.weight);
    }
    Value::undefined(match measure {
        Measure::Agreement if !mean.measured => "it compares seeds, and there are no two",
        _ if mean.rows <= 0.0 => "there are no explained rows",
        Measure::Agreement => "no two seeds that predict the same class have attributions that vary",
        Measure::Sensitivity => "every attribution is 0",
        _ => "no attribution tells one feature from another",
    })
}

/// Area under the probability as the least important features are taken away first, minus that with the most important first.
pub(crate) static RELEVANCE_GAIN: Metric = Metric {
    id: "relevance_gain",
    title: "symmetric relevance gain",
    meaning: "Area under the predicted class's probability as the least important features are replaced by the baseline first, minus that with the most important first, mean over the explained rows: 1 separates perfectly, below 0 is worse than chance; a less confident model has less to gain.",
    direction: Some(Direction::Higher),
    range: (-1.0, 1.0),
    chance: "0 on average for a random ranking",
    needs: Needs::of_explanations(Under::Explained, Measure::RelevanceGain),
    source: "Blücher, Vielhaben and Strodthoff 2024, Decoupling pixel flipping and occlusion strategy for consistent XAI benchmarks, TMLR",
    compute: |c| mean(c, Measure::RelevanceGain),
    ..OF_EXPLANATIONS
};

/// Area under the probability as the most important features are taken away first.
pub(crate) static DELETION: Metric = Metric {
    id: "deletion_auc",
    title: "deletion area",
    meaning: "Area under the predicted class's probability as the most important features are replaced by the baseline first, over the share replaced (trapezoids), mean over the explained rows: 0 finds at once what the prediction rests on; it also falls with the model's confidence, so read the relevance gain first.",
    direction: Some(Direction::Lower),
    chance: "the area for a random ranking, which depends on the model",
    needs: Needs::of_explanations(Under::Explained, Measure::Deletion),
    source: "Petsiuk, Das and Saenko 2018, RISE, BMVC; nothing is normalized",
    compute: |c| mean(c, Measure::Deletion),
    ..OF_EXPLANATIONS
};

/// Area under the probability as the most important features are put back first.
pub(crate) static INSERTION: Metric = Metric {
    id: "insertion_auc",
    title: "insertion area",
    meaning: "Area under the predicted class's probability as the most important features are put into the baseline first (the same curve as taking the least important away first, read backwards), mean over the explained rows: 1 needs hardly any feature.",
    direction: Some(Direction::Higher),
    chance: "the area for a random ranking, which depends on the model",
    needs: Needs::of_explanations(Under::Explained, Measure::Insertion),
    source: "Petsiuk, Das and Saenko 2018, RISE, BMVC; nothing is normalized",
    compute: |c| mean(c, Measure::Insertion),
    ..OF_EXPLANATIONS
};

const YEH: &str = "Yeh, Hsieh, Suggala, Inouye and Ravikumar 2019, On the (in)fidelity and sensitivity of explanations, NeurIPS; as in captum";

/// Squared error of what the attribution foretells of small changes.
pub(crate) static INFIDELITY: Metric = Metric {
    id: "infidelity",
    title: "infidelity",
    meaning: "Mean squared difference between what an attribution foretells of the logit under Gaussian changes and what happens, over the explained rows, in squared logits: 0 foretells all; a model of small logits has little of it, whatever the explanation.",
    direction: Some(Direction::Lower),
    unit: Unit::SquaredNats,
    range: (0.0, f64::INFINITY),
    chance: "0 for a constant predictor, of which nothing is to be foretold",
    undefined: "where no row is explained",
    needs: Needs::of_explanations(Under::Attributed, Measure::Infidelity),
    source: YEH,
    compute: |c| mean(c, Measure::Infidelity),
    ..OF_EXPLANATIONS
};

/// The same after the scaling of each row's attribution that makes it smallest.
pub(crate) static SCALED_INFIDELITY: Metric = Metric {
    id: "infidelity_scaled",
    title: "infidelity after optimal scaling",
    meaning: "Infidelity after multiplying each row's attribution with the number that makes it smallest, in squared logits: 0 foretells all up to its size; a model of small logits has little of it, whatever the explanation.",
    compute: |c| mean(c, Measure::ScaledInfidelity),
    needs: Needs::of_explanations(Under::Attributed, Measure::ScaledInfidelity),
    ..INFIDELITY
};

/// Largest relative change of the attribution nearby.
pub(crate) static MAX_SENSITIVITY: Metric = Metric {
    id: "max_sensitivity",
    title: "max-sensitivity of explanations",
    meaning: "Largest distance between the attributions of a row and of its drawn neighbors, relative to the former's length, mean over the explained rows: 0 never changes; of all neighbors it may be larger.",
    direction: Some(Direction::Lower),
    unit: Unit::Ratio,
    range: (0.0, f64::INFINITY),
    chance: "0 for the gradient of a linear model, undefined for a constant predictor",
    undefined: "where no row is explained, or every attribution is 0",
    bound: Bound::Lower,
    bound_when_exact: Bound::Lower,
    needs: Needs::of_explanations(Under::Attributed, Measure::Sensitivity),
    source: YEH,
    compute: |c| mean(c, Measure::Sensitivity),
    ..OF_EXPLANATIONS
};

/// Rank correlation of the attributions of the same row at two seeds.
pub(crate) static AGREEMENT: Metric = Metric {
    id: "explanation_agreement",
    title: "agreement of explanations between seeds",
    meaning: "Rank correlation (Spearman) between the importances of the features of a row (of a gradient the sizes, else the attributions) by models of two seeds that predict the same class there, mean over the explained rows and the pairs: 1 is the same order, 0 none in common.",
    direction: Some(Direction::Higher),
    unit: Unit::Ratio,
    range: (-1.0, 1.0),
    chance: "0 for unrelated rankings",
    undefined: "where there are no two seeds, no row is explained, or no two seeds that predict the same class have attributions that vary",
    needs: Needs::of_explanations(Under::Attributed, Measure::Agreement),
    form: Form::Pairs,
    source: "Spearman 1904; Krishna et al. 2024, The disagreement problem in explainable machine learning, TMLR (rank correlation)",
    compute: |c| mean(c, Measure::Agreement),
    ..OF_EXPLANATIONS
};

/// Distance between the attributions' sum and the change of the logit.
pub(crate) static COMPLETENESS_GAP: Metric = Metric {
    id: "completeness_gap",
    title: "completeness gap",
    meaning: "Distance between the sum of the attributions and the change of the logit from the baseline to the row, mean over the explained rows: 0 for infinitely many steps of integrated gradients; a large one asks for more steps, and says nothing of the model.",
    unit: Unit::Nats,
    range: (0.0, f64::INFINITY),
    chance: "0 for a linear model",
    undefined: "where no row is explained",
    needs: Needs::of_explanations(Under::Additive, Measure::Gap),
    source: "Sundararajan, Taly and Yan 2017, Axiomatic attribution for deep networks, ICML",
    compute: |c| mean(c, Measure::Gap),
    ..OF_EXPLANATIONS
};
