//! From explanations to numbers: means by hand, agreement between seeds and its interval, and what is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use equipoise::evidence::{
    AttributionFacts, Evidence, ExplanationFacts, Explanations, Finding, Split, SplitFacts, Status,
};
use equipoise::measure::{AttackKey, Norm};
use equipoise::metrics::{self, Reading};
use equipoise::points::{CellEvidence, Options, Point, Study};

use crate::metrics::outputs;

const KEY: &str = "!p:linf:0.1";

/// Six rows of three features, of which rows 1, 2 and 4 are explained. `predictions` are of all rows; `values` of the explained ones.
fn evidence(facts: &Arc<SplitFacts>, predictions: &[u16], values: &[f32]) -> Evidence {
    let undefined = f32::NAN;
    let gradient = AttributionFacts {
        name: "gradient".into(),
        values: values.to_vec(),
        infidelity: vec![1.0, 2.0, 6.0],
        infidelity_scaled: vec![0.5, 1.0, 3.0],
        sensitivity: vec![0.25, undefined, 0.75],
        stability: vec![1.0, undefined, 0.5],
        gap: Vec::new(),
    };
    let integrated = AttributionFacts {
        name: "integrated-gradients/mean".into(),
        gap: vec![0.0, 0.125, 0.25],
        ..gradient.clone()
    };
    let entry = |method: &str, baseline: &str, attribution| ExplanationFacts {
        method: method.into(),
        baseline: baseline.into(),
        deletion: vec![0.25, undefined, 0.5],
        insertion: vec![0.75, undefined, 0.25],
        attribution,
    };
    let explanations = Explanations {
        rows: vec![1, 2, 4],
        features: 3,
        top: 1,
        attack: Some(AttackKey::new("p", Norm::Linf, 0.1)),
        entries: vec![
            entry("gradient", "mean", Some(gradient)),
            entry("gradient", "zero", None),
            entry("integrated-gradients", "mean", Some(integrated)),
        ],
    };
    Evidence { explanations: Some(explanations), ..Evidence::of(facts.clone(), outputs(predictions)) }
}

fn facts() -> Arc<SplitFacts> {
    Arc::new(SplitFacts {
        split: Split::Test,
        rows: (10..16).collect(),
        labels: vec![0, 1, 0, 1, 0, 1],
        classes: vec!["no".into(), "yes".into()],
        positive: None,
        attributes: Vec::new(),
        units: None,
    })
}

const PREDICTIONS: [u16; 6] = [0, 1, 0, 1, 1, 0];
const VALUES: [f32; 9] = [3.0, 2.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.5, 2.0];

fn reading<'a>(all: &'a BTreeMap<equipoise::measure::MetricKey, Reading>, key: &str) -> &'a Reading {
    all.get(&key.parse().unwrap()).unwrap_or_else(|| panic!("`{key}` is not measured"))
}

#[test]
fn means_are_over_the_explained_rows_of_which_a_measure_is_defined() {
    let evidence = evidence(&facts(), &PREDICTIONS, &VALUES);
    let plain = metrics::measure(&evidence, None);
    // Row 4 counts three times, row 2 not at all; rows that are not explained weigh nothing.
    let weighted = metrics::measure(&evidence, Some(&[5.0, 1.0, 0.0, 2.0, 3.0, 0.0]));
    for (key, once, thrice) in [
        ("deletion_auc@gradient/mean", 0.375, 0.4375),
        ("insertion_auc@gradient/zero", 0.5, 0.375),
        ("relevance_gain@integrated-gradients/mean", 0.125, -0.0625),
        ("infidelity@gradient", 3.0, 4.75),
        ("infidelity_scaled@integrated-gradients/mean", 1.5, 2.375),
        ("max_sensitivity@gradient", 0.5, 0.625),
        ("completeness_gap@integrated-gradients/mean", 0.125, 0.1875),
        (&format!("explanation_stability@gradient{KEY}"), 0.75, 0.625),
    ] {
        for (all, expected) in [(&plain, once), (&weighted, thrice)] {
            let found = reading(all, key).value.get().unwrap();
            assert!((found - expected).abs() < 1e-12, "{key}: {found}, not {expected}");
        }
    }
    let of = |key| reading(&plain, key);
    assert_eq!(of("infidelity@gradient").n, 3);
    assert_eq!(of("max_sensitivity@gradient").n, 2);
    let notes = &of("max_sensitivity@gradient").notes;
    assert!(
        notes.iter().any(|note| note == "undefined at some of 3 explained rows, which are left out"),
        "{notes:?}"
    );
    assert!(of("infidelity@gradient").notes.iter().all(|note| !note.contains("undefined")));
    for missing in ["infidelity@gradient/zero", "completeness_gap@gradient", "infidelity@gradient/mean"] {
        assert!(!plain.contains_key(&missing.parse().unwrap()), "{missing}");
    }
    // What it compares are seeds, and here is one model.
    let alone = of("explanation_agreement@gradient").value.reason().unwrap();
    assert!(alone.contains("there are no two"), "{alone}");
}

#[test]
fn what_cannot_be_said_has_its_reason() {
    let mut evidence = evidence(&facts(), &PREDICTIONS, &VALUES);
    let none = metrics::measure(&evidence, Some(&[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]));
    let constant = metrics::measure(&evidence, Some(&[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]));
    for (all, key, part) in [
        (&none, "infidelity@gradient", "no explained rows"),
        (&constant, "relevance_gain@gradient/mean", "tells one feature from another"),
        (&constant, "max_sensitivity@gradient", "every attribution is 0"),
        (&constant, &format!("explanation_stability@gradient{KEY}"), "tells one feature from another"),
    ] {
        let reason = reading(all, key).value.reason().unwrap();
        assert!(reason.contains(part), "{key}: {reason}");
    }
    // An attack that cannot be trusted withholds what holds under attack, and nothing else.
    evidence.checks.push(Finding {
        check: "landscape".into(),
        number: 20,
        status: Status::Fail,
        measured: None,
        threshold: None,
        says: String::new(),
        released: false,
    });
    let withheld = metrics::measure(&evidence, None);
    let reason = reading(&withheld, &format!("explanation_stability@gradient{KEY}")).value.reason().unwrap();
    assert!(reason.contains("`landscape` failed"), "{reason}");
    assert!(reading(&withheld, "relevance_gain@gradient/mean").value.get().is_some());
}

fn point(models: &[Evidence], resamples: usize) -> Point {
    let cells: Vec<CellEvidence> = models
        .iter()
        .enumerate()
        .map(|(seed, evidence)| CellEvidence {
            coordinates: BTreeMap::from([("defense".to_owned(), "at".to_owned())]),
            defense: "at".into(),
            strength: 0.0,
            model: "last".into(),
            seed: seed as u64,
            outcome: Ok(Arc::new(evidence.clone())),
        })
        .collect();
    Study::new(&cells, Options { resamples, ..Options::default() }).unwrap().points.remove(0)
}

/// By hand, with rank correlations of three numbers: equal orders 1, reversed −1, one neighboring swap 0.5.
#[test]
fn agreement_between_seeds_is_that_worked_by_hand() {
    let facts = facts();
    let models = [
        // Row 1; row 2 does not vary; row 4 is predicted as another class than by the rest.
        evidence(&facts, &[0, 1, 0, 1, 0, 0], &[3.0, 2.0, 1.0, 5.0, 5.0, 5.0, 1.0, 2.0, 3.0]),
        evidence(&facts, &PREDICTIONS, &[30.0, 20.0, -1.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0]),
        evidence(&facts, &PREDICTIONS, &[1.0, 2.0, 3.0, 1.0, 3.0, 2.0, 9.0, 8.0, 7.0]),
    ];
    let point = point(&models, 0);
    let found = &point.measures[&"explanation_agreement@gradient".parse().unwrap()];
    let per_seed: Vec<f64> = found.per_seed.iter().map(|value| value.get().unwrap()).collect();
    // Row 1: seeds 0 and 1 agree (1), 2 is reversed (−1, −1): means 0, 0, −1. Row 2: seeds 1 and 2, 0.5 each. Row 4: the same two, −1 each.
    let expected = [0.0, (0.0 + 0.5 - 1.0) / 3.0, (-1.0 + 0.5 - 1.0) / 3.0];
    for (found, expected) in per_seed.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{per_seed:?}, not {expected:?}");
    }
    let mean = expected.iter().sum::<f64>() / 3.0;
    assert!((found.estimate.value.get().unwrap() - mean).abs() < 1e-12);
    assert_eq!(found.estimate.n, 1, "of seed 0 it rests on one row");
    assert!(
        found.notes.iter().any(|note| note.contains("undefined at some of 3 explained rows")),
        "{:?}",
        found.notes
    );
}

/// Of a gradient the sizes are ranked, as for deletion and stability: (3, 2, 1) and (−3, 2, −1) agree. Of integrated gradients the sign counts: (3, 2, 1) against the ranks
/// (1, 3, 2) of (−3, 2, −1) differ by (2, −1, −1), so 1 − 6 · 6 / (3 · 8) = −.5.
#[test]
fn agreement_ranks_as_everything_else_ranks() {
    let facts = facts();
    let models = [
        evidence(&facts, &PREDICTIONS, &[3.0, 2.0, 1.0, 3.0, 2.0, 1.0, 3.0, 2.0, 1.0]),
        evidence(&facts, &PREDICTIONS, &[-3.0, 2.0, -1.0, -3.0, 2.0, -1.0, -3.0, 2.0, -1.0]),
    ];
    let point = point(&models, 0);
    for (key, expected) in [("gradient", 1.0), ("integrated-gradients/mean", -0.5)] {
        let key = format!("explanation_agreement@{key}").parse().unwrap();
        let found = point.measures[&key].estimate.value.get().unwrap();
        assert!((found - expected).abs() < 1e-12, "{key}: {found}, not {expected}");
    }
}

#[test]
fn agreement_needs_two_seeds_that_vary() {
    let facts = facts();
    let constant = evidence(&facts, &PREDICTIONS, &[1.0; 9]);
    let varying = evidence(&facts, &PREDICTIONS, &VALUES);
    let reason = |models: &[Evidence]| {
        let point = point(models, 0);
        let value = &point.measures[&"explanation_agreement@gradient".parse().unwrap()].estimate.value;
        value.reason().unwrap_or_else(|| panic!("{value:?}")).to_owned()
    };
    assert!(reason(std::slice::from_ref(&varying)).contains("there are no two"));
    assert!(reason(&[constant, varying.clone()]).contains("have attributions that vary"));
    let other: Vec<u16> = PREDICTIONS.iter().map(|class| 1 - class).collect();
    assert!(reason(&[varying, evidence(&facts, &other, &VALUES)]).contains("predict the same class"));
}

/// Every seed's mean over its pairs counts each pair twice; the interval must not. With attributions of one row that all seeds share the
/// rows add nothing, and the variance is the jackknife's, worked from its definition by leaving out one seed after the other.
#[test]
fn the_interval_of_a_mean_over_pairs_is_the_jackknifes() {
    let facts = Arc::new(SplitFacts { rows: vec![1], labels: vec![0], ..(*facts()).clone() });
    let orders = [[4.0, 3.0, 2.0, 1.0], [4.0, 3.0, 1.0, 2.0], [4.0, 2.0, 3.0, 1.0], [1.0, 2.0, 3.0, 4.0_f32]];
    let models: Vec<Evidence> = orders
        .iter()
        .map(|values| {
            let facts_of = AttributionFacts {
                name: "gradient".into(),
                values: values.to_vec(),
                infidelity: vec![0.0],
                infidelity_scaled: vec![0.0],
                sensitivity: vec![0.0],
                stability: vec![0.0],
                gap: Vec::new(),
            };
            let entry = ExplanationFacts {
                method: "gradient".into(),
                baseline: "mean".into(),
                deletion: vec![0.0],
                insertion: vec![0.0],
                attribution: Some(facts_of),
            };
            let explanations =
                Explanations { rows: vec![0], features: 4, top: 1, attack: None, entries: vec![entry] };
            Evidence { explanations: Some(explanations), ..Evidence::of(facts.clone(), outputs(&[0])) }
        })
        .collect();
    let found =
        point(&models, 50).measures.remove(&"explanation_agreement@gradient".parse().unwrap()).unwrap();
    // 1 − 6 Σ d² / (n (n² − 1)) for every pair.
    let correlation = |a: &[f32; 4], b: &[f32; 4]| {
        1.0 - a.iter().zip(b).map(|(a, b)| f64::from((a - b) * (a - b))).sum::<f64>() / 10.0
    };
    let mean_without = |left_out: Option<usize>| {
        let kept: Vec<usize> = (0..4).filter(|seed| Some(*seed) != left_out).collect();
        let pairs: Vec<f64> = kept
            .iter()
            .flat_map(|a| kept.iter().filter(move |b| *b > a).map(|b| correlation(&orders[*a], &orders[*b])))
            .collect();
        pairs.iter().sum::<f64>() / pairs.len() as f64
    };
    let all = mean_without(None);
    assert!((found.estimate.value.get().unwrap() - all).abs() < 1e-7);
    let without: Vec<f64> = (0..4).map(|seed| mean_without(Some(seed))).collect();
    let center = without.iter().sum::<f64>() / 4.0;
    let variance = 0.75 * without.iter().map(|x| (x - center) * (x - center)).sum::<f64>();
    // Student's t with 3 degrees of freedom at 97.5 %, of any table: 3.182446.
    let half = 3.182_446 * variance.sqrt();
    let (low, high) = found.estimate.interval.unwrap();
    let expected = ((all - half).max(-1.0), (all + half).min(1.0));
    assert!((low - expected.0).abs() < 1e-5 && (high - expected.1).abs() < 1e-5, "{low} {high} {expected:?}");
}
