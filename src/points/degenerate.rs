//! Models that are no better than a constant answer.

use std::collections::BTreeMap;

use super::Study;
use super::anchors::constant;
use crate::evidence::SplitFacts;
use crate::measure::{Direction, MetricKey, Value};

/// Predictions outside the most frequent one, as a share of what the base rate has outside its most frequent
/// class: below this they count as constant. A model that answers by the base rate has 1.
const NEARLY_CONSTANT: f64 = 0.05;

/// Marks the points that are degenerate, judged against `objectives` (attacks sheet, check 26):
///
/// - the clean predictions are nearly constant, judged against the base rate; or
/// - one constant predictor is at least as good in clean accuracy and in every objective.
///
/// Clean accuracy always counts, so that an undefended model with low robust accuracy is not degenerate.
pub fn mark_degenerate(study: &mut Study, objectives: &[(MetricKey, Direction)]) {
    let Some(facts) = study.facts.clone() else { return };
    let keys = study.keys();
    let accuracy = (MetricKey::plain("accuracy"), Direction::Higher);
    let mut judged = objectives.to_vec();
    if !judged.contains(&accuracy) {
        judged.push(accuracy);
    }
    let constants: Vec<BTreeMap<MetricKey, Value>> =
        (0..facts.classes.len()).map(|class| constant(&facts, class, &keys)).collect();
    let outside_base = outside_mode(&facts.labels, facts.classes.len());
    for (point, group) in study.points.iter_mut().zip(&study.groups) {
        if group.cells.is_empty() {
            continue;
        }
        let outside =
            group.cells.iter().map(|cell| cell.outside_mode).sum::<f64>() / group.cells.len() as f64;
        point.degenerate = if outside <= NEARLY_CONSTANT * outside_base {
            Some(format!(
                "nearly constant: {:.1} % of predictions differ from the most frequent one, where the labels have {:.1} %",
                100.0 * outside,
                100.0 * outside_base
            ))
        } else {
            beaten(&facts, &constants, &judged, |key| point.value(key))
        };
    }
}

/// The constant predictor that is at least as good everywhere, in words.
fn beaten(
    facts: &SplitFacts,
    constants: &[BTreeMap<MetricKey, Value>],
    judged: &[(MetricKey, Direction)],
    value: impl Fn(&MetricKey) -> Option<f64>,
) -> Option<String> {
    let class = constants.iter().position(|constant| {
        judged.iter().all(|(key, direction)| match (constant.get(key).and_then(Value::get), value(key)) {
            (Some(constant), Some(own)) => direction.as_cost(constant) <= direction.as_cost(own),
            _ => false,
        })
    })?;
    let against: Vec<&str> = judged.iter().map(|(key, _)| key.id.as_str()).collect();
    Some(format!("always answering `{}` is at least as good in {}", facts.classes[class], against.join(", ")))
}

/// Share of `answers` other than the most frequent one; 0 without any.
pub(super) fn outside_mode(answers: &[u16], classes: usize) -> f64 {
    let mut counts = vec![0_usize; classes];
    for answer in answers {
        counts[usize::from(*answer)] += 1;
    }
    let mode = counts.into_iter().max().unwrap_or(0);
    if answers.is_empty() { 0.0 } else { (answers.len() - mode) as f64 / answers.len() as f64 }
}
