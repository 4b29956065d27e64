//! Which metrics have a panel of their own, and in which order: near-duplicates must not crowd out what differs.

use crate::measure::MetricKey;
use crate::report::certificates;
use crate::report::view::View;

/// Metrics that say nearly the same of a model. Of each of these families the first that was measured keeps its place, the others come after all else.
const ALIKE: [&[&str]; 12] = [
    &["robust_accuracy", "robust_balanced_accuracy", "robust_given_correct"],
    &["ece_15", "ece_15_equal_mass", "ece_15_classwise", "maximum_calibration_error_15", "ece_15_null"],
    &["ece_15_first_success", "ece_15_max_loss"],
    &["brier_multi", "brier_binary", "nll"],
    &["brier_multi_first_success", "brier_multi_max_loss", "nll_first_success", "nll_max_loss"],
    &["overconfidence_first_success", "overconfidence_max_loss"],
    &["aurc", "excess_aurc", "augrc"],
    &["confident_evasion_80", "confident_evasion_95"],
    &["forced_abstention_80", "forced_abstention_95"],
    &["demographic_parity_difference", "demographic_parity_ratio", "selection_rate_signed"],
    &["equalized_odds_difference_max", "equalized_odds_difference_mean", "equalized_odds_difference_sum"],
    &["deletion_auc", "insertion_auc"],
];

/// The metrics that any point has: the objectives first, then what is certified at the same radius, then what is
/// measured on clean rows and under attack by turns, near-duplicates last.
pub(super) fn selected(view: &View) -> Vec<MetricKey> {
    let measured =
        |key: &MetricKey| (0..view.given.points.len()).any(|point| view.value(point, key).is_some());
    let keys: Vec<MetricKey> = view.shown.iter().filter(|key| measured(key)).cloned().collect();
    let threat = view.given.threat.as_ref();
    let certified = threat.and_then(|threat| certificates::key(view, "certified_accuracy", threat.epsilon));
    let objectives = &view.given.front.objectives;
    let is_objective = |key: &MetricKey| objectives.iter().any(|objective| objective.key == *key);
    // What is asked about comes first, then what is certified of it.
    let (mut all, mut rest): (Vec<MetricKey>, Vec<MetricKey>) = keys.iter().cloned().partition(is_objective);
    if let Some(certified) = certified.filter(|key| measured(key) && !is_objective(key)) {
        rest.retain(|key| *key != certified);
        all.push(certified);
    }
    let family = |key: &MetricKey| ALIKE.iter().position(|family| family.contains(&key.id.as_str()));
    let is_spare = |key: &MetricKey| {
        family(key).is_some_and(|own| {
            let rank = |key: &MetricKey| ALIKE[own].iter().position(|id| *id == key.id);
            let rival = |other: &&MetricKey| {
                other.id != key.id && family(other) == Some(own) && other.group == key.group
            };
            keys.iter().filter(rival).any(|other| is_objective(other) || rank(other) < rank(key))
        })
    };
    let (later, first): (Vec<MetricKey>, Vec<MetricKey>) = rest.into_iter().partition(is_spare);
    // Clean rows and rows under attack by turns: of either there are more than there is room for.
    let (clean, attacked): (Vec<MetricKey>, Vec<MetricKey>) =
        first.into_iter().partition(|key| key.attack.is_none());
    let turns = clean.len().max(attacked.len());
    for turn in 0..turns {
        all.extend(clean.get(turn).cloned());
        all.extend(attacked.get(turn).cloned());
    }
    all.extend(later);
    all
}
