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

mod runs;
mod telling;

use std::collections::BTreeMap;
use std::sync::Arc;

use equipoise::evidence::{
    Attribute, CertificateFacts, Certificates, Evidence, Finding, Observation, SMOOTHED_SANDWICH, Seen,
    Shift, SmoothedAttack, SmoothedFacts, Split, SplitFacts, Status, UNION,
};
use equipoise::measure::{AttackKey, Bound, Direction, Estimate, MetricKey, Norm, Value};
use equipoise::metrics::{self, Case, Reading};
use equipoise::pareto::{self, Front, Objective};
use equipoise::points::{Anchor, Measured, Point, anchors};
use equipoise::probes::checks::{self, Settings, contradiction, sandwiches};

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
fn a_certified_row_that_falls_is_named() {
    let evidence = table();
    let ask = |evidence: &Evidence| {
        contradiction(&evidence.facts, &evidence.clean, &evidence.evasion, &evidence.certificates)
    };
    assert_eq!(ask(&evidence), None);

    // Row 1, which the attack broke, is certified now.
    let mut planted = table();
    planted.certificates = Certificates::of(vec![proof("crown", 0.2, &[0, 1])], Vec::new());
    let said = ask(&planted).unwrap();
    for part in
        ["check 28 `sandwich`", "data-set row 101", "`crown`", "L∞ ε = 0.2", "`union`", "distance 0.1"]
    {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
    // At another radius, or in another norm, the two do not contradict each other.
    planted.certificates.proven[0].epsilon = 0.1;
    assert_eq!(ask(&planted), None);
    planted.certificates.proven[0].epsilon = 0.2;
    planted.certificates.proven[0].norm = Norm::L2;
    assert_eq!(ask(&planted), None);
    // Row 2 is wrong as it is: no attack is needed.
    planted.certificates = Certificates::of(vec![proof("exact", 0.05, &[2])], Vec::new());
    let said = ask(&planted).unwrap();
    assert!(said.contains("row 102") && said.contains("wrong on it as it is"), "{said}");
}

fn observed(evidence: &Evidence) -> Vec<Observation> {
    sandwiches(&evidence.facts, &evidence.clean, &evidence.evasion, &evidence.certificates)
}

#[test]
fn the_sandwich_counts_what_it_compared() {
    let seen = observed(&table());
    // Certified rows: 2 by intervals, 4 by relaxation. Of the vote: rows 0, 4, 6 and 11, all standing.
    assert_eq!(seen[0].seen, Seen::Count { hits: 0, of: 6, chance: None });
    assert_eq!(seen[1].seen, Seen::Count { hits: 0, of: 4, chance: Some(0.002) });
    let findings = checks::judge(&seen, &Settings::default());
    let status = |id: &str| findings.iter().find(|finding| finding.check == id).unwrap().status;
    assert_eq!((status("sandwich"), status(SMOOTHED_SANDWICH)), (Status::Pass, Status::Pass));
    assert!(observed(&Evidence { certificates: Certificates::default(), ..table() }).is_empty());
}

/// Of 1,000 certified rows each may be wrong with probability 0.002 (once as certified, once as attacked), so that 2 are to be expected. In exact
/// fractions (Python 3) 8 or more come with probability 1.1e-3, above what all checks together are allowed, and 11 or more with 8.0e-6, below
/// what each of a hundred would be.
#[test]
fn a_vote_may_be_miscounted_now_and_then() {
    let facts = crate::points::facts(1000, 2);
    let with = |hits: usize| {
        let mut smoothed = vote();
        smoothed.predictions = facts.labels.iter().map(|label| Some(*label)).collect();
        smoothed.radius = vec![0.3; 1000];
        smoothed.attacked[0].standing = (0..1000).map(|row| row >= hits).collect();
        let certificates = Certificates::of(Vec::new(), vec![smoothed]);
        let clean = outputs(&facts.labels);
        let seen = sandwiches(&facts, &clean, &[], &certificates);
        let finding = checks::judge(&seen, &Settings::default()).pop().unwrap();
        assert_eq!(finding.check, SMOOTHED_SANDWICH);
        finding.status
    };
    let expected = [Status::Pass, Status::Pass, Status::Warn, Status::Warn, Status::Fail];
    assert_eq!([0, 2, 3, 8, 11].map(with), expected);
}

/// Votes on 1,000 certified rows as above. In exact fractions (Python 3) 10 hits or more come with probability 4.5e-5, below the level of a single test (0.001
/// divided by the nine checks that are tested), and above a third of it; 11 or more with 8.0e-6.
#[test]
fn of_several_votes_the_worst_counts_and_each_is_tested_at_its_share_of_the_level() {
    let facts = crate::points::facts(1000, 2);
    let judged = |votes: &[(f64, usize)]| {
        let smoothed = votes.iter().map(|(sigma, hits)| {
            let mut smoothed = vote();
            smoothed.sigma = *sigma;
            smoothed.predictions = facts.labels.iter().map(|label| Some(*label)).collect();
            smoothed.radius = vec![0.3; 1000];
            smoothed.attacked[0].standing = (0..1000).map(|row| row >= *hits).collect();
            smoothed
        });
        let certificates = Certificates::of(Vec::new(), smoothed.collect());
        let seen = sandwiches(&facts, &outputs(&facts.labels), &[], &certificates);
        let findings = checks::judge(&seen, &Settings::default());
        let mut own = findings.into_iter().filter(|finding| finding.check == SMOOTHED_SANDWICH);
        let found = own.next().unwrap();
        assert!(own.next().is_none(), "one verdict per model");
        found
    };
    assert_eq!(judged(&[(0.25, 10)]).status, Status::Fail);
    assert_eq!(judged(&[(0.25, 0), (0.5, 10), (1.0, 0)]).status, Status::Warn);
    let failed = judged(&[(0.25, 0), (0.5, 11), (1.0, 3)]);
    assert_eq!(failed.status, Status::Fail);
    for part in ["σ = 0.5 broke 11 of 1000", "the worst of 3, each tested at 1/3 of the level"] {
        assert!(failed.says.contains(part), "{}", failed.says);
    }
}

fn measured(value: f64, bound: Bound) -> Measured {
    Measured {
        estimate: Estimate {
            value: Value::Defined(value),
            interval: None,
            level: 0.95,
            method: String::new(),
            n: 12,
            bound,
        },
        per_seed: Vec::new(),
        sd_seed: None,
        sd_row: None,
        by_chance: None,
        notes: Vec::new(),
    }
}

/// A point with this accuracy, under attack, and certified.
fn point(accuracy: f64, robust: f64, certified: f64) -> Point {
    let key = |text: &str| text.parse::<MetricKey>().unwrap();
    Point {
        coordinates: BTreeMap::new(),
        defense: "at".to_owned(),
        strength: accuracy,
        model: "last".to_owned(),
        seeds: vec![0],
        failed: Vec::new(),
        measures: BTreeMap::from([
            (key("accuracy"), measured(accuracy, Bound::Exact)),
            (key("robust_accuracy!suite:linf:0.2"), measured(robust, Bound::Upper)),
            (key("certified_accuracy!cert:linf:0.2"), measured(certified, Bound::Lower)),
            // At another radius: of no use.
            (key("certified_accuracy!cert:linf:0.1"), measured(0.9, Bound::Lower)),
        ]),
        degenerate: None,
    }
}

fn proven(points: &[Point], objectives: &[&str]) -> Vec<(usize, usize)> {
    let objectives: Vec<Objective> =
        objectives.iter().map(|key| Objective::of(&key.parse().unwrap()).unwrap()).collect();
    let costs: Vec<Vec<f64>> = points
        .iter()
        .map(|point| objectives.iter().map(|o| o.direction.as_cost(point.value(&o.key).unwrap())).collect())
        .collect();
    assert!(objectives.iter().all(|objective| objective.direction == Direction::Higher));
    let members = pareto::nondominated(&costs);
    let dominated = (0..points.len())
        .filter(|point| !members.contains(point))
        .map(|point| {
            let by = members.iter().find(|by| pareto::dominates(&costs[**by], &costs[point])).unwrap();
            (point, *by)
        })
        .collect();
    let front = Front {
        objectives,
        members,
        dominated,
        excluded: Vec::new(),
        hypervolume: 0.0,
        hypervolume_interval: None,
        stability: vec![None; points.len()],
        seeds: 1,
    };
    pareto::proven(points, &front)
}

#[test]
fn dominance_is_proven_where_the_certificate_reaches_the_attack() {
    let points = [
        point(0.95, 0.80, 0.60), // on the front
        point(0.95, 0.60, 0.00), // the certificate just reaches it, and accuracy is no better: not proven to be worse
        point(0.94, 0.60, 0.10), // worse in accuracy, and 0.60 reaches 0.60: proven
        point(0.90, 0.61, 0.10), // 0.60 does not reach 0.61
        point(0.90, 0.30, 0.10), // proven
        point(0.96, 0.10, 0.00), // on the front
    ];
    let at_attack = ["robust_accuracy!suite:linf:0.2", "accuracy"];
    assert_eq!(proven(&points, &at_attack), [(2, 0), (4, 0)]);
    // On the axis of what is certified the truth is the same.
    let certified = ["certified_accuracy!cert:linf:0.2", "accuracy"];
    assert_eq!(proven(&points, &certified), [(2, 0), (4, 0)]);
    // Without a certificate nothing is.
    let mut bare = points.to_vec();
    for point in &mut bare {
        point.measures.retain(|key, _| key.id != "certified_accuracy");
    }
    assert!(proven(&bare, &at_attack).is_empty());
    // The exact worst case of linear models needs none.
    let robust: MetricKey = at_attack[0].parse().unwrap();
    for point in &mut bare {
        point.measures.get_mut(&robust).unwrap().estimate.bound = Bound::Exact;
    }
    assert_eq!(proven(&bare, &at_attack).len(), 4);
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
