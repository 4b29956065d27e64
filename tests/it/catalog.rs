//! Walks the catalog: what every entry owes its reader, and values of other implementations.

use std::collections::BTreeSet;
use std::sync::Arc;

use equipoise::evidence::{Attribute, Certificates, Evidence, Shift, Split, SplitFacts};
use equipoise::measure::{AttackKey, Bound, MetricKey, Norm, Pillar};
use equipoise::metrics::{self, CATALOG, Case, Form, Under};

use crate::metrics::outputs;

#[test]
fn ids_are_unique_and_fit_for_keys() {
    let ids: BTreeSet<&str> = CATALOG.iter().map(|metric| metric.id).collect();
    assert_eq!(ids.len(), CATALOG.len());
    for id in ids {
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{id}");
        assert!(std::ptr::eq(metrics::find(id).unwrap(), *CATALOG.iter().find(|m| m.id == id).unwrap()));
    }
}

#[test]
fn every_metric_says_what_it_is_and_where_it_comes_from() {
    let mut titles = BTreeSet::new();
    for metric in CATALOG {
        assert!(titles.insert(metric.title), "two metrics are called `{}`", metric.title);
        assert!(metric.meaning.ends_with('.') && metric.meaning.len() > 30, "{}", metric.id);
        assert!(metric.source.len() > 10 && !metric.chance.is_empty(), "{}", metric.id);
        assert!(metric.range.0 < metric.range.1, "{}", metric.id);
        let undefined = metric.when_undefined();
        assert!(undefined.starts_with("where ") && !undefined.ends_with('.'), "{}: {undefined}", metric.id);
        let attacked =
            matches!(metric.needs.under, Under::Attack | Under::AttributedAt | Under::Vote | Under::VoteAt);
        assert_eq!(undefined.contains("withheld where a sanity check"), attacked, "{}", metric.id);
    }
}

#[test]
fn what_is_attacked_is_never_stated_as_exact_without_proof() {
    for metric in CATALOG {
        let under = metric.needs.under;
        if under == Under::Vote {
            // A majority of draws is known with some probability only; whether it abstained is known.
            let bound = if metric.id == "smoothed_abstention" { Bound::Exact } else { Bound::Lower };
            assert_eq!((metric.bound, metric.pillar()), (bound, Pillar::Safety), "{}", metric.id);
            continue;
        }
        if matches!(under, Under::Explained | Under::Attributed | Under::Additive) {
            // Of the neighbors of a row some are drawn: the largest change among all may be larger.
            let bound = if metric.id == "max_sensitivity" { Bound::Lower } else { Bound::Exact };
            assert_eq!((metric.bound, metric.pillar()), (bound, Pillar::Safety), "{}", metric.id);
            continue;
        }
        let attacked = under != Under::Nothing;
        assert_eq!(attacked, metric.bound != Bound::Exact, "{}", metric.id);
        assert_eq!(attacked, metric.pillar() != Pillar::Safety, "{}", metric.id);
        if under == Under::Certificate {
            assert_eq!(
                (metric.bound, metric.bound_when_exact),
                (Bound::Lower, Bound::Lower),
                "{}",
                metric.id
            );
        }
        if matches!(metric.form, Form::Gap(..)) && attacked {
            assert_eq!(metric.bound, Bound::Neither, "a gap between bounds is no bound: {}", metric.id);
        }
    }
}

/// The sheet's rule: a difference between groups is never shown without the rates behind it.
#[test]
fn differences_come_with_the_rates_they_compare() {
    for suffix in ["", "_first_success", "_max_loss"] {
        for id in ["demographic_parity_difference", "equalized_odds_difference_max", "selection_rate"] {
            assert!(metrics::find(&format!("{id}{suffix}")).is_some(), "{id}{suffix}");
        }
        for id in ["selection_rate", "true_positive_rate", "false_positive_rate"] {
            let metric = metrics::find(&format!("{id}{suffix}")).unwrap();
            assert!(metric.direction.is_none() && metric.needs.group, "{id}{suffix} describes");
        }
    }
}

/// tests/fixtures/metrics/make.py.
#[test]
fn values_equal_those_of_fairlearn_and_scikit_learn() {
    let text = include_str!("../fixtures/metrics/reference.json");
    let document: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut compared = 0;
    for case in document["cases"].as_array().unwrap() {
        let list = |name: &str| -> Vec<u64> {
            case[name].as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect()
        };
        let labels: Vec<u16> = list("labels").into_iter().map(|x| x as u16).collect();
        let groups = case["group_count"].as_u64().unwrap();
        let classes = case["class_count"].as_u64().unwrap();
        let facts = SplitFacts {
            split: Split::Test,
            rows: (0..labels.len() as u32).collect(),
            labels,
            classes: (0..classes).map(|k| k.to_string()).collect(),
            positive: (classes == 2).then_some(1),
            attributes: vec![Attribute {
                name: "g".into(),
                groups: (0..groups.max(1)).map(|g| g.to_string()).collect(),
                codes: list("groups").into_iter().map(|x| x as i16).collect(),
            }],
            units: None,
        };
        let predictions: Vec<u16> = list("predictions").into_iter().map(|x| x as u16).collect();
        let evidence = Evidence {
            facts: Arc::new(facts),
            clean: outputs(&predictions),
            evasion: Vec::new(),
            certificates: Certificates::default(),
            explanations: None,
            shift: Shift::default(),
            checks: Vec::new(),
            probabilities: None,
            temperature: None,
        };
        let weights: Vec<f64> = list("weights").into_iter().map(|x| x as f64).collect();
        let readings = metrics::measure(&evidence, Some(&weights));
        for (key, expected) in case["values"].as_object().unwrap() {
            let found = readings[&key.parse().unwrap()].value.get().unwrap();
            let expected = expected.as_f64().unwrap();
            assert!((found - expected).abs() < 1e-12, "{key} = {found}, not {expected}");
            compared += 1;
        }
    }
    assert_eq!(compared, 14 + 26 + 18 + 14);
}

fn keys(attributes: &[&str], positive: bool, attacks: &[(&str, f64)]) -> Vec<MetricKey> {
    let facts = SplitFacts {
        split: Split::Test,
        rows: vec![0],
        labels: vec![0],
        classes: vec!["no".into(), "yes".into()],
        positive: positive.then_some(1),
        attributes: attributes
            .iter()
            .map(|name| Attribute {
                name: (*name).into(),
                groups: vec!["F".into(), "M".into()],
                codes: vec![0],
            })
            .collect(),
        units: None,
    };
    let cases = attacks.iter().map(|(p, epsilon)| Case::attack(AttackKey::new(p, Norm::Linf, *epsilon)));
    metrics::expected(&facts, &cases.collect()).into_iter().map(|task| task.key).collect()
}

#[test]
fn short_names_resolve_at_the_primary_threat_and_the_only_attribute() {
    let available = keys(&["sex"], true, &[("suite", 0.1), ("suite", 0.2)]);
    let primary = Some((Norm::Linf, 0.2));
    for (text, expected) in [
        ("accuracy", "accuracy"),
        ("robust_accuracy", "robust_accuracy!suite:linf:0.2"),
        ("robust_accuracy!suite:linf:0.1", "robust_accuracy!suite:linf:0.1"),
        ("accuracy_gap", "accuracy_gap@sex"),
        ("robust_accuracy_gap@sex", "robust_accuracy_gap@sex!suite:linf:0.2"),
        ("selection_rate@sex=F", "selection_rate@sex=F"),
        ("class_accuracy@yes", "class_accuracy@yes"),
    ] {
        assert_eq!(metrics::resolve(text, &available, primary).unwrap().to_string(), expected);
    }
}

#[test]
fn a_name_that_cannot_be_resolved_says_why_and_what_to_do() {
    let refuse = |text: &str, available: &[MetricKey], primary| {
        metrics::resolve(text, available, primary).unwrap_err().to_string()
    };
    let primary = Some((Norm::Linf, 0.2));
    let attacked = keys(&["sex", "race"], true, &[("suite", 0.1), ("suite", 0.2)]);
    insta::assert_snapshot!(refuse("robust_acuracy", &attacked, primary), @r"
    unknown metric `robust_acuracy`, did you mean `robust_accuracy`?
    help: `equipoise ls metrics` lists them all
    ");
    insta::assert_snapshot!(refuse("accuracy_gap", &attacked, primary), @r"
    metric `accuracy_gap` needs to know of what
    help: write one of `accuracy_gap@race`, `accuracy_gap@sex`
    ");
    insta::assert_snapshot!(refuse("accuracy_gap@rase", &attacked, primary), @r"
    metric `accuracy_gap` has no `rase`, did you mean `race`?
    help: write one of `accuracy_gap@race`, `accuracy_gap@sex`
    ");
    insta::assert_snapshot!(refuse("robust_accuracy", &attacked, None), @r"
    `robust_accuracy` could mean several numbers
    help: write one of `robust_accuracy!suite:linf:0.1`, `robust_accuracy!suite:linf:0.2`
    ");
    insta::assert_snapshot!(refuse("robust_accuracy", &attacked, Some((Norm::L2, 0.2))), @r"
    `robust_accuracy` is not measured
    help: measured are `robust_accuracy!suite:linf:0.1`, `robust_accuracy!suite:linf:0.2`
    ");
    insta::assert_snapshot!(refuse("accuracy_gap", &keys(&[], false, &[]), primary), @r"
    metric `accuracy_gap` needs a sensitive attribute, but the data set declares none
    help: declare sensitive columns in the data set's manifest, or drop the metric
    ");
    insta::assert_snapshot!(refuse("selection_rate", &keys(&["sex"], false, &[]), primary), @r"
    metric `selection_rate` needs a positive class, but the data set declares none
    help: declare the positive class in the data set's manifest, or use an accuracy-type metric
    ");
    insta::assert_snapshot!(refuse("robust_accuracy", &keys(&[], false, &[]), primary), @r"
    metric `robust_accuracy` holds under attack, but no attack is run
    help: add an attack and an epsilon to the experiment, or drop the metric
    ");
}

#[test]
fn keys_are_said_in_words() {
    let say = |key: &str| metrics::describe(&key.parse().unwrap());
    assert_eq!(say("accuracy"), "clean accuracy");
    assert_eq!(say("robust_accuracy!suite:linf:0.2"), "robust accuracy (L∞ 0.2)");
    assert_eq!(say("robust_accuracy_gap@sex!suite:l2:0.5"), "robust accuracy gap (sex, L2 0.5)");
}
