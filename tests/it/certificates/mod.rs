//! Certificates from evidence to numbers, on small cases worked by hand; the program's part is in `runs`.
//!
//! Twelve rows of a binary decision, two groups; every share below is counted in this table:
//!
//! ```text
//! row       0   1   2   3   4   5 |  6   7   8   9  10  11
//! group     F   F   F   F   F   F |  M   M   M   M   M   M
//! label     1   1   1   0   0   0 |  1   1   1   1   0   0
//! clean     1   1   0   1   0   0 |  1   1   1   1   1   0
//! stands    x   .   .   .   x   . |  x   x   x   .   .   x
//! interval  x   .   .   .   .   . |  x   .   .   .   .   .
//! crown     x   .   .   .   x   . |  .   x   .   .   .   x
//! vote      1   1   –   0   0   0 |  1   1   1   –   1   0    – abstains
//! radius   .3  .1   0  .2 .25 .05 | .4  .2 .15   0  .5 .21
//! attacked  x   .   .   x   x   . |  x   x   .   .   .   x    the vote stands at 0.2
//! ```

mod dominance;
mod runs;
mod sandwich;
mod telling;

use std::collections::BTreeMap;
use std::sync::Arc;

use equipoise::evidence::{
    Attribute, CertificateFacts, Certificates, Evidence, Finding, SMOOTHED_SANDWICH, Shift, SmoothedAttack,
    SmoothedFacts, Split, SplitFacts, Status, UNION,
};
use equipoise::measure::{AttackKey, Bound, MetricKey, Norm};
use equipoise::metrics::{self, Case, Reading};
use equipoise::points::{Anchor, anchors};

use crate::metrics::{outputs, union};

fn flags(rows: &[usize]) -> Vec<bool> {
    (0..12).map(|row| rows.contains(&row)).collect()
}

fn proof(certificate: &str, epsilon: f64, rows: &[usize]) -> CertificateFacts {
    CertificateFacts {
        certificate: certificate.to_owned(),
        protocol: format!("p-{certificate}"),
        norm: Norm::Linf,
        epsilon,
        certified: flags(rows),
    }
}

fn vote() -> SmoothedFacts {
    let (one, no) = (Some(1), Some(0));
    SmoothedFacts {
        protocol: "vote".to_owned(),
        sigma: 0.25,
        alpha: 0.001,
        predictions: vec![one, one, None, no, no, no, one, one, one, None, one, no],
        radius: vec![0.3, 0.1, 0.0, 0.2, 0.25, 0.05, 0.4, 0.2, 0.15, 0.0, 0.5, 0.21],
        attacked: vec![SmoothedAttack { epsilon: 0.2, standing: flags(&[0, 3, 4, 6, 7, 11]) }],
    }
}

fn table() -> Evidence {
    let facts = SplitFacts {
        split: Split::Test,
        rows: (100..112).collect(),
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
    let (interval, crown) = (proof("interval", 0.2, &[0, 6]), proof("crown", 0.2, &[0, 4, 7, 11]));
    Evidence {
        facts: Arc::new(facts),
        clean: outputs(&[1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0]),
        evasion: vec![union(
            &[1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1],
            &[1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0],
            &[1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 0],
        )],
        certificates: Certificates::of(vec![interval, crown], vec![vote()]),
        explanations: None,
        shift: Shift::default(),
        checks: Vec::new(),
        probabilities: None,
        temperature: None,
    }
}

/// The union's protocol: the first 8 digits of the SHA-256 of `{"certificates":["p-crown","p-interval"]}` (coreutils `sha256sum`).
const BOTH: &str = "e1a08566";

fn value(readings: &BTreeMap<MetricKey, Reading>, key: &str) -> f64 {
    let reading = readings.get(&key.parse().unwrap()).unwrap_or_else(|| panic!("`{key}` is not measured"));
    reading.value.get().unwrap_or_else(|| panic!("`{key}` is undefined: {:?}", reading.value))
}

fn numbers() -> Vec<(String, f64)> {
    let proven = |id: &str| format!("{id}!{BOTH}:linf:0.2");
    let voted = |id: &str, epsilon: &str| format!("{id}!vote:l2:{epsilon}");
    vec![
        // Certified by either: rows 0, 4, 6, 7 and 11. Of `no` 2 of 5, of `yes` 3 of 7; of F 2 of 6, of M 3 of 6.
        (proven("certified_accuracy"), 5.0 / 12.0),
        (proven("certified_worst_class_accuracy"), 2.0 / 5.0),
        (proven("certified_worst_group_accuracy@sex"), 2.0 / 6.0),
        // The vote is right on 0, 1, 3 to 8 and 11, and wrong or silent on 2, 9 and 10.
        (voted("smoothed_accuracy", "0"), 9.0 / 12.0),
        (voted("smoothed_abstention", "0"), 2.0 / 12.0),
        // Right, and a radius above 0.2: rows 0, 4, 6 and 11. A radius of 0.2 does not reach.
        (voted("smoothed_certified_accuracy", "0.2"), 4.0 / 12.0),
        (voted("smoothed_robust_accuracy", "0.2"), 6.0 / 12.0),
    ]
}

#[test]
fn certified_shares_match_the_hand_worked_table() {
    let readings = metrics::measure(&table(), None);
    for (key, expected) in numbers() {
        assert!((value(&readings, &key) - expected).abs() < 1e-15, "{key}");
    }
    let bound = |key: &str| readings[&key.parse().unwrap()].bound;
    assert_eq!(bound(&numbers()[0].0), Bound::Lower);
    assert_eq!(bound(&numbers()[5].0), Bound::Lower);
    // Where the counted vote abstains, the majority of endless votes may be right and stand.
    assert_eq!(bound(&numbers()[6].0), Bound::Neither);
    // The attack's own numbers are what they are without certificates.
    let mut bare = table();
    bare.certificates = Certificates::default();
    for (key, reading) in metrics::measure(&bare, None) {
        assert_eq!(readings[&key], reading, "{key}");
    }
}

/// Rows 0 and 6 three times, row 4 and row 2 not at all, the others once: 14 in all, of which 0, 6, 7 and 11 are certified.
#[test]
fn rows_count_as_often_as_their_weight() {
    let mut weights = [1.0; 12];
    (weights[0], weights[6], weights[4], weights[2]) = (3.0, 3.0, 0.0, 0.0);
    let readings = metrics::measure(&table(), Some(&weights));
    for (number, expected) in [
        (0, (3.0 + 3.0 + 1.0 + 1.0) / 14.0),
        // Of F only row 0 is certified and counts; F weighs 3 + 1 + 1 + 1. M: 3 + 1 + 1 of 8.
        (2, 3.0 / 6.0),
        // The vote abstains on row 9 alone, and its radius passes 0.2 at rows 0, 6 and 11.
        (4, 1.0 / 14.0),
        (5, (3.0 + 3.0 + 1.0) / 14.0),
    ] {
        let (key, found) = (&numbers()[number].0, value(&readings, &numbers()[number].0));
        assert!((found - expected).abs() < 1e-15, "{key} = {found}, not {expected}");
    }
}

fn failed(check: &str) -> Finding {
    Finding {
        check: check.to_owned(),
        number: 1,
        status: Status::Fail,
        measured: Some(0.5),
        threshold: Some(0.01),
        says: "seen".to_owned(),
        released: false,
    }
}

#[test]
fn a_withheld_attack_leaves_what_is_proven() {
    let (robust, certified) =
        ("robust_accuracy!suite:linf:0.2".parse().unwrap(), numbers()[0].0.parse().unwrap());
    let voted = numbers()[5].0.parse().unwrap();
    let mut evidence = table();
    evidence.checks = vec![failed("one-step")];
    let readings = metrics::measure(&evidence, None);
    assert_eq!(readings[&robust].value.reason(), Some("withheld: check `one-step` failed"));
    assert_eq!(readings[&certified].value.get(), Some(5.0 / 12.0));
    assert_eq!(readings[&voted].value.get(), Some(4.0 / 12.0));
    // What is wrong with the vote is no matter of the model.
    evidence.checks = vec![failed(SMOOTHED_SANDWICH)];
    let readings = metrics::measure(&evidence, None);
    assert_eq!(readings[&voted].value.reason(), Some("withheld: check `smoothed-sandwich` failed"));
    assert_eq!(readings[&certified].value.get(), Some(5.0 / 12.0));
    assert_eq!(readings[&robust].value.get(), Some(6.0 / 12.0));
}

#[test]
fn short_names_resolve_to_the_threats_radius() {
    let evidence = table();
    let mut cases: Vec<Case> = [0.1, 0.2]
        .iter()
        .flat_map(|epsilon| {
            let at = |protocol: &str| AttackKey::new(protocol, Norm::Linf, *epsilon);
            [Case::attack(at("suite")), Case::certificate(at("cert"))]
        })
        .collect();
    let keys = |cases: &Vec<Case>| -> Vec<MetricKey> {
        metrics::expected(&evidence.facts, cases).into_iter().map(|task| task.key).collect()
    };
    let resolve =
        |text: &str, cases: &Vec<Case>, norm| metrics::resolve(text, &keys(cases), Some((norm, 0.2)));
    for (text, expected) in [
        ("certified_accuracy", "certified_accuracy!cert:linf:0.2"),
        ("certified_worst_group_accuracy", "certified_worst_group_accuracy@sex!cert:linf:0.2"),
        ("robust_accuracy", "robust_accuracy!suite:linf:0.2"),
        ("certified_accuracy!cert:linf:0.1", "certified_accuracy!cert:linf:0.1"),
    ] {
        assert_eq!(resolve(text, &cases, Norm::Linf).unwrap().to_string(), expected);
    }
    let refused = resolve("smoothed_accuracy", &cases, Norm::Linf).unwrap_err().to_string();
    assert!(refused.contains("nothing is smoothed") && refused.contains("kind = \"smoothing\""), "{refused}");
    let bare: Vec<Case> = cases
        .iter()
        .filter(|case| case.key.as_ref().is_some_and(|key| key.protocol == "suite"))
        .cloned()
        .collect();
    let refused = resolve("certified_accuracy", &bare, Norm::Linf).unwrap_err().to_string();
    assert!(refused.contains("needs a certificate") && refused.contains("[[certificate]]"), "{refused}");

    cases = vec![Case::vote("a"), Case::vote_at("a", 0.1), Case::vote_at("a", 0.2)];
    assert_eq!(
        resolve("smoothed_accuracy", &cases, Norm::L2).unwrap().to_string(),
        "smoothed_accuracy!a:l2:0"
    );
    assert_eq!(
        resolve("smoothed_certified_accuracy", &cases, Norm::L2).unwrap().to_string(),
        "smoothed_certified_accuracy!a:l2:0.2"
    );
    cases.push(Case::vote("b"));
    let refused = resolve("smoothed_accuracy", &cases, Norm::L2).unwrap_err().to_string();
    assert!(refused.contains("several") && refused.contains("smoothed_accuracy!b:l2:0"), "{refused}");
    let say = |key: &str| metrics::describe(&key.parse().unwrap());
    assert_eq!(say("certified_accuracy!c:linf:0.2"), "certified accuracy (L∞ 0.2)");
    assert_eq!(say("smoothed_accuracy!c:l2:0"), "smoothed accuracy");
}

/// A constant predictor cannot be moved: what it gets right is certified, and it never abstains.
#[test]
fn constant_predictors_are_certified_where_they_are_right() {
    let evidence = table();
    let keys: Vec<MetricKey> = metrics::measure(&evidence, None).into_keys().collect();
    let all: Vec<Anchor> = anchors(&evidence.facts, &keys);
    let of = |anchor: &Anchor, key: &str| anchor.values[&key.parse().unwrap()].get().unwrap();
    assert!(all[0].label.starts_with("always `yes`"), "{}", all[0].label);
    for (key, expected) in [
        (&numbers()[0].0, 7.0 / 12.0),
        (&numbers()[1].0, 0.0),
        (&numbers()[2].0, 3.0 / 6.0),
        (&numbers()[3].0, 7.0 / 12.0),
        (&numbers()[4].0, 0.0),
        (&numbers()[5].0, 7.0 / 12.0),
        (&numbers()[6].0, 7.0 / 12.0),
    ] {
        assert!((of(&all[0], key) - expected).abs() < 1e-15, "{key}");
    }
    // The keys of the attack alone are those of models: certificates make no attacks.
    assert_eq!(all[0].values.keys().cloned().collect::<Vec<_>>(), keys);
}

#[test]
fn the_union_is_every_row_that_any_certificate_certifies() {
    let proven = vec![
        proof("interval", 0.1, &[0, 1]),
        proof("interval", 0.2, &[1]),
        proof("crown", 0.1, &[2]),
        proof("crown", 0.2, &[]),
    ];
    let all = Certificates::of(proven, Vec::new());
    let unions: Vec<&CertificateFacts> = all.unions().collect();
    assert_eq!(unions.len(), 2);
    assert!(unions.iter().all(|union| union.certificate == UNION && union.protocol == BOTH));
    assert_eq!((unions[0].epsilon, &unions[0].certified), (0.1, &flags(&[0, 1, 2])));
    assert_eq!((unions[1].epsilon, &unions[1].certified), (0.2, &flags(&[1])));
}
