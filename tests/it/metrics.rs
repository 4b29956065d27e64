//! Metrics on small cases worked by hand.
//!
//! Twelve rows of a binary decision, two groups; every share below is counted in this table:
//!
//! ```text
//! row    0  1  2  3  4  5 | 6  7  8  9 10 11
//! group  F  F  F  F  F  F | M  M  M  M  M  M
//! label  1  1  1  0  0  0 | 1  1  1  1  0  0
//! clean  1  1  0  1  0  0 | 1  1  1  1  1  0
//! right  x  x  .  .  x  x | x  x  x  x  .  x
//! stands x  .  .  .  x  . | x  x  x  .  .  x
//! first  1  0  0  1  0  1 | 1  1  1  0  1  0
//! worst  1  0  0  1  0  1 | 1  1  0  0  1  0   (prediction at the largest loss)
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use equipoise::evidence::{
    Attribute, CertificateFacts, Certificates, Effort, EvasionFacts, Evidence, Outputs, Shift,
    SmoothedAttack, SmoothedFacts, Split, SplitFacts, UNION,
};
use equipoise::measure::{Bound, MetricKey, Norm};
use equipoise::metrics::{self, Reading};
use proptest::prelude::*;

pub(crate) fn outputs(predictions: &[u16]) -> Outputs {
    Outputs { predictions: predictions.to_vec(), logits: Vec::new() }
}

pub(crate) fn union(standing: &[u8], first: &[u16], worst: &[u16]) -> EvasionFacts {
    EvasionFacts {
        attack: UNION.to_owned(),
        protocol: "suite".to_owned(),
        norm: Norm::Linf,
        epsilon: 0.2,
        exact: false,
        tried: vec![true; standing.len()],
        effort: Effort::default(),
        standing: standing.iter().map(|s| *s == 1).collect(),
        distance: standing.iter().map(|s| if *s == 1 { f32::INFINITY } else { 0.1 }).collect(),
        first_success: outputs(first),
        max_loss: outputs(worst),
    }
}

fn table() -> Evidence {
    let facts = SplitFacts {
        split: Split::Test,
        rows: (0..12).collect(),
        labels: vec![1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0],
        classes: vec!["no".into(), "yes".into()],
        positive: Some(1),
        attributes: vec![Attribute {
            name: "sex".into(),
            groups: vec!["F".into(), "M".into()],
            codes: vec![0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
        }],
        units: None,
    };
    Evidence {
        facts: Arc::new(facts),
        clean: outputs(&[1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0]),
        evasion: vec![union(
            &[1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1],
            &[1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0],
            &[1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 0],
        )],
        certificates: Certificates::default(),
        explanations: None,
        shift: Shift::default(),
        checks: Vec::new(),
        probabilities: None,
        temperature: None,
    }
}

fn value(readings: &BTreeMap<MetricKey, Reading>, key: &str) -> f64 {
    let reading = readings.get(&key.parse().unwrap()).unwrap_or_else(|| panic!("`{key}` is not measured"));
    reading.value.get().unwrap_or_else(|| panic!("`{key}` is undefined: {:?}", reading.value))
}

fn check(readings: &BTreeMap<MetricKey, Reading>, expected: &[(&str, f64)]) {
    for (key, expected) in expected {
        let found = value(readings, key);
        assert!((found - expected).abs() < 1e-15, "{key} = {found}, not {expected}");
    }
}

/// Right: 9 of 12; of class `no` 3 of 5, of `yes` 6 of 7.
#[test]
fn accuracies_match_the_hand_worked_table() {
    check(
        &metrics::measure(&table(), None),
        &[
            ("accuracy", 9.0 / 12.0),
            ("class_accuracy@no", 3.0 / 5.0),
            ("class_accuracy@yes", 6.0 / 7.0),
            ("balanced_accuracy", f64::midpoint(3.0 / 5.0, 6.0 / 7.0)),
            ("worst_class_accuracy", 3.0 / 5.0),
            ("class_disparity", 6.0 / 7.0 - 3.0 / 5.0),
        ],
    );
}

/// Right: F 4 of 6, M 5 of 6.
#[test]
fn group_accuracies_match_the_hand_worked_table() {
    check(
        &metrics::measure(&table(), None),
        &[
            ("group_accuracy@sex=F", 4.0 / 6.0),
            ("group_accuracy@sex=M", 5.0 / 6.0),
            ("worst_group_accuracy@sex", 4.0 / 6.0),
            ("accuracy_gap@sex", 5.0 / 6.0 - 4.0 / 6.0),
        ],
    );
}

/// Predicted 1: F 3 of 6 (2 of 3 positives, 1 of 3 negatives), M 5 of 6 (4 of 4, 1 of 2).
#[test]
fn group_rates_match_the_hand_worked_table() {
    check(
        &metrics::measure(&table(), None),
        &[
            ("selection_rate@sex=F", 3.0 / 6.0),
            ("selection_rate@sex=M", 5.0 / 6.0),
            ("true_positive_rate@sex=F", 2.0 / 3.0),
            ("true_positive_rate@sex=M", 1.0),
            ("false_positive_rate@sex=F", 1.0 / 3.0),
            ("false_positive_rate@sex=M", 1.0 / 2.0),
            ("demographic_parity_difference@sex", 5.0 / 6.0 - 3.0 / 6.0),
            ("equalized_odds_difference_max@sex", 1.0 - 2.0 / 3.0),
        ],
    );
}

/// Standing: 6 of 12, of 9 right; class `no` 2 of 5, `yes` 4 of 7; F 2 of 6, M 4 of 6.
#[test]
fn robust_accuracies_match_the_hand_worked_table() {
    check(
        &metrics::measure(&table(), None),
        &[
            ("robust_accuracy!suite:linf:0.2", 6.0 / 12.0),
            ("robust_given_correct!suite:linf:0.2", 6.0 / 9.0),
            ("boundary_error!suite:linf:0.2", 3.0 / 12.0),
            ("robust_balanced_accuracy!suite:linf:0.2", f64::midpoint(2.0 / 5.0, 4.0 / 7.0)),
            ("robust_worst_class_accuracy!suite:linf:0.2", 2.0 / 5.0),
            ("robust_class_disparity!suite:linf:0.2", 4.0 / 7.0 - 2.0 / 5.0),
            ("robust_class_accuracy@yes!suite:linf:0.2", 4.0 / 7.0),
            ("robust_worst_group_accuracy@sex!suite:linf:0.2", 2.0 / 6.0),
            ("robust_accuracy_gap@sex!suite:linf:0.2", 2.0 / 6.0),
            ("robust_group_accuracy@sex=M!suite:linf:0.2", 4.0 / 6.0),
        ],
    );
}

/// At first success, predicted 1: F 3 of 6 (1 of 3 positives, 2 of 3 negatives), M 4 of 6 (3 of 4, 1 of 2).
/// At the largest loss: M 3 of 6 (2 of 4, 1 of 2).
#[test]
fn attacked_group_rates_match_the_hand_worked_table_at_both_iterates() {
    check(
        &metrics::measure(&table(), None),
        &[
            ("selection_rate_first_success@sex=M!suite:linf:0.2", 4.0 / 6.0),
            ("true_positive_rate_first_success@sex=F!suite:linf:0.2", 1.0 / 3.0),
            ("false_positive_rate_first_success@sex=F!suite:linf:0.2", 2.0 / 3.0),
            ("demographic_parity_difference_first_success@sex!suite:linf:0.2", 4.0 / 6.0 - 3.0 / 6.0),
            ("equalized_odds_difference_max_first_success@sex!suite:linf:0.2", 3.0 / 4.0 - 1.0 / 3.0),
            ("selection_rate_max_loss@sex=M!suite:linf:0.2", 3.0 / 6.0),
            ("true_positive_rate_max_loss@sex=M!suite:linf:0.2", 2.0 / 4.0),
            ("false_positive_rate_max_loss@sex=M!suite:linf:0.2", 1.0 / 2.0),
            ("demographic_parity_difference_max_loss@sex!suite:linf:0.2", 0.0),
            ("equalized_odds_difference_max_max_loss@sex!suite:linf:0.2", 2.0 / 4.0 - 1.0 / 3.0),
        ],
    );
}

#[test]
fn a_bound_says_which_side_the_truth_is_on() {
    let mut evidence = table();
    let bound =
        |evidence: &Evidence, key: &str| metrics::measure(evidence, None)[&key.parse().unwrap()].bound;
    assert_eq!(bound(&evidence, "accuracy"), Bound::Exact);
    assert_eq!(bound(&evidence, "robust_accuracy!suite:linf:0.2"), Bound::Upper);
    assert_eq!(bound(&evidence, "boundary_error!suite:linf:0.2"), Bound::Lower);
    assert_eq!(bound(&evidence, "robust_accuracy_gap@sex!suite:linf:0.2"), Bound::Neither);
    evidence.evasion[0].exact = true;
    assert_eq!(bound(&evidence, "robust_accuracy!suite:linf:0.2"), Bound::Exact);
    assert_eq!(bound(&evidence, "robust_accuracy_gap@sex!suite:linf:0.2"), Bound::Exact);
    // An attack on accuracy is not the worst case for parity, however exact.
    let parity = "demographic_parity_difference_max_loss@sex!suite:linf:0.2";
    assert_eq!(bound(&evidence, parity), Bound::Neither);
}

#[test]
fn a_missing_group_is_a_reason_and_never_a_perfect_score() {
    let mut evidence = table();
    let facts = Arc::make_mut(&mut evidence.facts);
    facts.attributes[0].groups.push("X".into());
    let readings = metrics::measure(&evidence, None);
    let of = |key: &str| &readings[&key.parse::<MetricKey>().unwrap()];
    assert_eq!(of("group_accuracy@sex=X").value.reason(), Some("`sex=X` has no rows"));
    assert_eq!(of("accuracy_gap@sex").value.get(), Some(5.0 / 6.0 - 4.0 / 6.0));
    assert!(
        of("accuracy_gap@sex").notes.contains(&"partial: `sex=X` has no rows and is left out".to_owned())
    );

    let facts = Arc::make_mut(&mut evidence.facts);
    facts.attributes[0].codes = vec![0; 12];
    let readings = metrics::measure(&evidence, None);
    for id in ["accuracy_gap", "demographic_parity_difference", "equalized_odds_difference_max"] {
        let reason = readings[&format!("{id}@sex").parse().unwrap()].value.reason().unwrap();
        assert!(reason.contains("fewer than two groups"), "{id}: {reason}");
    }
}

#[test]
fn a_group_without_positives_has_no_true_positive_rate() {
    let mut evidence = table();
    Arc::make_mut(&mut evidence.facts).labels[..3].fill(0);
    let readings = metrics::measure(&evidence, None);
    let reason = |key: &str| readings[&key.parse().unwrap()].value.reason().unwrap().to_owned();
    assert_eq!(reason("true_positive_rate@sex=F"), "`sex=F` has no rows of the positive class");
    assert!(reason("equalized_odds_difference_max@sex").contains("none in `sex=F`"));
}

#[test]
fn few_rows_and_missing_group_codes_are_said() {
    let mut evidence = table();
    Arc::make_mut(&mut evidence.facts).attributes[0].codes[0] = -1;
    let readings = metrics::measure(&evidence, None);
    let reading = &readings[&"group_accuracy@sex=F".parse().unwrap()];
    assert_eq!(reading.value.get(), Some(3.0 / 5.0));
    assert_eq!(reading.n, 5);
    assert_eq!(reading.notes, ["`sex=F` has only 5 rows", "1 row without `sex` is left out"]);
}

#[test]
fn without_a_positive_class_only_accuracy_type_group_metrics_are_measured() {
    let mut evidence = table();
    Arc::make_mut(&mut evidence.facts).positive = None;
    let readings = metrics::measure(&evidence, None);
    assert!(readings.keys().any(|key| key.id == "accuracy_gap"));
    assert!(!readings.keys().any(|key| metrics::find(&key.id).unwrap().needs.positive));
}

/// Rows of three classes and two attributes (some codes missing), with an attack.
fn arbitrary() -> impl Strategy<Value = Evidence> {
    let row = (0_u16..3, 0_u16..3, any::<bool>(), 0_u16..3, 0_u16..3, -1_i16..3, 0_i16..2);
    proptest::collection::vec(row, 1..40).prop_map(|rows| {
        let facts = SplitFacts {
            split: Split::Test,
            rows: (0..rows.len() as u32).collect(),
            labels: rows.iter().map(|r| r.0).collect(),
            classes: vec!["a".into(), "b".into(), "c".into()],
            positive: Some(2),
            attributes: vec![
                Attribute {
                    name: "race".into(),
                    groups: vec!["p".into(), "q".into(), "r".into()],
                    codes: rows.iter().map(|r| r.5).collect(),
                },
                Attribute {
                    name: "sex".into(),
                    groups: vec!["F".into(), "M".into()],
                    codes: rows.iter().map(|r| r.6).collect(),
                },
            ],
            units: None,
        };
        let standing: Vec<u8> = rows.iter().map(|r| u8::from(r.0 == r.1 && r.2)).collect();
        let first: Vec<u16> = rows.iter().map(|r| r.3).collect();
        let worst: Vec<u16> = rows.iter().map(|r| r.4).collect();
        let clean: Vec<u16> = rows.iter().map(|r| r.1).collect();
        // What is certified stands; the vote is what the model says at the largest loss, and abstains on a class of its own.
        let proof = CertificateFacts {
            certificate: "crown".to_owned(),
            protocol: "proof".to_owned(),
            norm: Norm::Linf,
            epsilon: 0.2,
            certified: rows.iter().zip(&standing).map(|(r, stands)| *stands == 1 && r.3 == 0).collect(),
        };
        let vote = SmoothedFacts {
            protocol: "vote".to_owned(),
            sigma: 0.5,
            alpha: 0.01,
            predictions: rows.iter().map(|r| (r.3 > 0).then_some(r.4)).collect(),
            radius: rows.iter().map(|r| f64::from(r.3) * 0.15).collect(),
            attacked: vec![SmoothedAttack {
                epsilon: 0.2,
                standing: rows.iter().map(|r| r.3 > 0 && r.4 == r.0 && r.2).collect(),
            }],
        };
        Evidence {
            facts: Arc::new(facts),
            clean: outputs(&clean),
            evasion: vec![union(&standing, &first, &worst)],
            certificates: Certificates::of(vec![proof], vec![vote]),
            explanations: None,
            shift: Shift::default(),
            checks: Vec::new(),
            probabilities: None,
            temperature: None,
        }
    })
}

/// Row `i` of the result is row `order[i]` of `evidence`.
fn picked(evidence: &Evidence, order: &[usize]) -> Evidence {
    let mut facts = (*evidence.facts).clone();
    facts.rows = order.iter().map(|i| evidence.facts.rows[*i]).collect();
    facts.labels = order.iter().map(|i| evidence.facts.labels[*i]).collect();
    for attribute in &mut facts.attributes {
        attribute.codes = order.iter().map(|i| attribute.codes[*i]).collect();
    }
    let pick = |from: &Outputs| outputs(&order.iter().map(|i| from.predictions[*i]).collect::<Vec<_>>());
    let attacked = &evidence.evasion[0];
    let mut evasion = attacked.clone();
    evasion.standing = order.iter().map(|i| attacked.standing[*i]).collect();
    evasion.distance = order.iter().map(|i| attacked.distance[*i]).collect();
    evasion.first_success = pick(&attacked.first_success);
    evasion.max_loss = pick(&attacked.max_loss);
    let flags = |from: &[bool]| -> Vec<bool> { order.iter().map(|i| from[*i]).collect() };
    let mut certificates = evidence.certificates.clone();
    for proof in &mut certificates.proven {
        proof.certified = flags(&proof.certified);
    }
    for vote in &mut certificates.smoothed {
        vote.predictions = order.iter().map(|i| vote.predictions[*i]).collect();
        vote.radius = order.iter().map(|i| vote.radius[*i]).collect();
        for attacked in &mut vote.attacked {
            attacked.standing = flags(&attacked.standing);
        }
    }
    Evidence {
        facts: Arc::new(facts),
        clean: pick(&evidence.clean),
        evasion: vec![evasion],
        certificates,
        explanations: None,
        shift: Shift::default(),
        checks: Vec::new(),
        probabilities: None,
        temperature: None,
    }
}

proptest! {
    #[test]
    fn permuting_rows_changes_nothing(evidence in arbitrary(), seed in any::<u64>()) {
        let order = equipoise::seed::Seed(seed).stream("test").permutation(evidence.facts.len());
        let order: Vec<usize> = order.into_iter().map(|i| i as usize).collect();
        prop_assert_eq!(metrics::measure(&evidence, None), metrics::measure(&picked(&evidence, &order), None));
    }

    #[test]
    fn renaming_and_reordering_groups_changes_no_value(evidence in arbitrary()) {
        let mut renamed = evidence.clone();
        let attribute = &mut Arc::make_mut(&mut renamed.facts).attributes[1];
        attribute.groups = vec!["man".into(), "woman".into()];
        attribute.codes.iter_mut().for_each(|code| *code = 1 - *code);
        let (before, after) = (metrics::measure(&evidence, None), metrics::measure(&renamed, None));
        // A signed difference is about the first group, by name.
        for (key, reading) in before.iter().filter(|(key, _)| !key.id.ends_with("_signed")) {
            let group = match key.group.as_deref() {
                Some("sex=F") => Some("sex=woman".to_owned()),
                Some("sex=M") => Some("sex=man".to_owned()),
                other => other.map(str::to_owned),
            };
            let other = &after[&MetricKey { group, ..key.clone() }];
            prop_assert_eq!(reading.value.get(), other.value.get(), "{}", key);
        }
    }

    #[test]
    fn a_weight_is_the_same_as_repeating_the_row(
        evidence in arbitrary(),
        multiplicities in proptest::collection::vec(0_usize..4, 40),
    ) {
        let n = evidence.facts.len();
        let weights: Vec<f64> = multiplicities[..n].iter().map(|w| *w as f64).collect();
        let order: Vec<usize> = (0..n).flat_map(|i| vec![i; multiplicities[i]]).collect();
        let weighted = metrics::measure(&evidence, Some(&weights));
        let repeated = metrics::measure(&picked(&evidence, &order), None);
        for (key, reading) in &weighted {
            prop_assert_eq!(&reading.value, &repeated[key].value, "{}", key);
        }
    }

    #[test]
    fn every_value_lies_in_its_metrics_range(evidence in arbitrary()) {
        for (key, reading) in metrics::measure(&evidence, None) {
            let (least, most) = metrics::find(&key.id).unwrap().range;
            if let Some(value) = reading.value.get() {
                prop_assert!((least..=most).contains(&value), "{} = {}", key, value);
            }
        }
    }

    /// Zhang et al. 2019: robust error = clean error + boundary error.
    #[test]
    fn robust_error_is_clean_error_plus_boundary_error(evidence in arbitrary()) {
        let readings = metrics::measure(&evidence, None);
        let clean = value(&readings, "accuracy");
        let robust = value(&readings, "robust_accuracy!suite:linf:0.2");
        let boundary = value(&readings, "boundary_error!suite:linf:0.2");
        prop_assert!((clean - robust - boundary).abs() < 1e-12);
    }
}
