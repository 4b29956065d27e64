//! Metrics under distribution shift, from evidence to numbers: small cases worked by hand, and scikit-learn's values.

use std::sync::Arc;

use equipoise::evidence::{
    Attribute, Company, Evidence, LabelShift, OodFacts, Outputs, Peer, Shift, ShiftFacts, Split, SplitFacts,
};
use equipoise::measure::{MetricKey, Value};
use equipoise::metrics::{self, CATALOG, Material};
use equipoise::numeric::{normal_cdf, normal_quantile};
use equipoise::points::{Options, alone, anchors};
use equipoise::seed::Seed;
use equipoise::stats;

/// Six rows of two classes in two groups. Right (x) and wrong (.):
///
/// ```text
/// row        0  1  2  3  4  5
/// class      0  0  0  0  1  1
/// group      F  F  M  M  M  M
/// clean      x  x  x  x  x  .   5
/// noise 1    x  x  x  .  x  .   4
/// noise 5    x  .  x  .  .  .   2
/// haze 1     x  x  x  x  .  .   4
/// haze 5     x  x  .  .  .  .   2
/// ```
const LABELS: [u16; 6] = [0, 0, 0, 0, 1, 1];
const CLEAN: &str = "xxxxx.";
const PAIRS: [(&str, u8, &str); 4] =
    [("noise", 1, "xxx.x."), ("noise", 5, "x.x..."), ("haze", 1, "xxxx.."), ("haze", 5, "xx....")];

fn said(right: &str) -> Vec<u16> {
    right.chars().zip(LABELS).map(|(mark, label)| if mark == 'x' { label } else { 1 - label }).collect()
}

fn facts() -> Arc<SplitFacts> {
    Arc::new(SplitFacts {
        split: Split::Test,
        rows: (0..6).collect(),
        labels: LABELS.to_vec(),
        classes: vec!["no".into(), "yes".into()],
        positive: None,
        attributes: vec![Attribute {
            name: "sex".into(),
            groups: vec!["F".into(), "M".into()],
            codes: vec![0, 0, 1, 1, 1, 1],
        }],
        units: None,
    })
}

fn peer(clean: &str, pairs: [&str; 4]) -> Arc<Peer> {
    Arc::new(Peer { clean: said(clean), corrupted: pairs.map(said).to_vec(), tables: Vec::new() })
}

fn evidence() -> Evidence {
    let corrupted = PAIRS.map(|(shift, severity, right)| ShiftFacts {
        shift: shift.into(),
        severity,
        predictions: said(right),
    });
    let reference = peer("xxxxxx", ["xxxxx.", "xxx...", "xxxxx.", "xxxx.."]);
    let peers = vec![
        Arc::clone(&reference),
        peer(CLEAN, PAIRS.map(|pair| pair.2)),
        peer("xxx...", ["xx....", "x.....", "xx....", "x....."]),
    ];
    let shift = Shift {
        corrupted: corrupted.to_vec(),
        reweighted: [1, 3].into_iter().filter_map(LabelShift::of).collect(),
        ood: Vec::new(),
        tables: Vec::new(),
        company: Some(Arc::new(Company { reference: Some(reference), peers })),
    };
    let clean = Outputs { predictions: said(CLEAN), logits: Vec::new() };
    Evidence { shift, ..Evidence::of(facts(), clean) }
}

fn value(evidence: &Evidence, weights: Option<&[f64]>, key: &str) -> Value {
    metrics::measure(evidence, weights)[&key.parse().unwrap()].value.clone()
}

fn expect(evidence: &Evidence, weights: Option<&[f64]>, expected: &[(&str, f64)]) {
    for (key, expected) in expected {
        let found = value(evidence, weights, key).get().unwrap();
        assert!((found - expected).abs() < 1e-12, "{key} = {found}, not {expected}");
    }
}

#[test]
fn shares_of_corrupted_rows_by_hand() {
    expect(
        &evidence(),
        None,
        &[
            ("corruption_accuracy@noise:1", 4.0 / 6.0),
            ("corruption_accuracy@haze:5", 2.0 / 6.0),
            ("mean_corruption_accuracy", 12.0 / 24.0),
            // Noise 4 + 2, haze 4 + 2.
            ("worst_corruption_accuracy", 6.0 / 12.0),
            // Class 0: 11 of 4 · 4; class 1: 1 of 2 · 4.
            ("worst_class_corruption_accuracy", 1.0 / 8.0),
            // F: 7 of 2 · 4; M: 3, 1, 1 and 0 of 4 · 4.
            ("worst_group_corruption_accuracy@sex", 5.0 / 16.0),
        ],
    );
    // Row 5 never, row 3 three times: 7 rows.
    let weights = [1.0, 1.0, 1.0, 3.0, 1.0, 0.0];
    expect(
        &evidence(),
        Some(&weights),
        &[
            ("corruption_accuracy@noise:1", 4.0 / 7.0),
            ("corruption_accuracy@haze:1", 6.0 / 7.0),
            ("mean_corruption_accuracy", (4.0 + 2.0 + 6.0 + 2.0) / 28.0),
            // Noise 6 of 14, haze 8 of 14.
            ("worst_corruption_accuracy", 6.0 / 14.0),
            ("worst_class_corruption_accuracy", 1.0 / 4.0),
        ],
    );
}

/// Errors of the model: noise 2 + 4, haze 2 + 4; of the reference: noise 1 + 3, haze 1 + 2. Clean errors are 1 and 0, at both severities.
#[test]
fn corruption_errors_are_ratios_of_sums() {
    expect(
        &evidence(),
        None,
        &[
            ("mean_corruption_error", 0.5 * (6.0 / 4.0) + 0.5 * (6.0 / 3.0)),
            ("relative_mean_corruption_error", 0.5 * (4.0 / 4.0) + 0.5 * (4.0 / 3.0)),
        ],
    );
    let mut own = evidence();
    let company = own.shift.company.clone().unwrap();
    let reference = company.reference.clone().unwrap();
    own.clean.predictions.clone_from(&reference.clean);
    for (facts, predictions) in own.shift.corrupted.iter_mut().zip(&reference.corrupted) {
        facts.predictions.clone_from(predictions);
    }
    expect(&own, None, &[("mean_corruption_error", 1.0), ("relative_mean_corruption_error", 1.0)]);

    let mut alone = evidence();
    alone.shift.company = Some(Arc::new(Company { reference: None, peers: company.peers.clone() }));
    for key in ["mean_corruption_error", "relative_mean_corruption_error"] {
        let found = value(&alone, None, key);
        assert!(found.reason().unwrap().contains("no undefended model of the same seed"), "{key}");
    }
    // A reference that noise costs nothing: relative errors have no denominator, and errors none either where there are no errors.
    let untouched = peer("xxxxxx", ["xxxxxx", "xxxxxx", "xxxxx.", "xxxx.."]);
    alone.shift.company = Some(Arc::new(Company { reference: Some(untouched), peers: Vec::new() }));
    for key in ["mean_corruption_error", "relative_mean_corruption_error"] {
        let found = value(&alone, None, key);
        assert_eq!(found.reason(), Some("`noise` costs the undefended model nothing"), "{key}");
    }
    assert!(value(&alone, None, "effective_robustness").reason().unwrap().contains("at least 3 models"));
}

/// Three models at (clean, corrupted): (1 − 1/12, 17/24), (5/6, 12/24), (3/6, 6/24); the first clean accuracy is 1, taken as half a row less.
/// The line is computed here from the definition of least squares, by the normal equations.
#[test]
fn effective_robustness_is_the_distance_from_a_line_of_probits() {
    let places = [(11.0 / 12.0, 17.0 / 24.0), (5.0 / 6.0, 0.5), (0.5, 0.25)];
    let scaled = places.map(|(x, y)| (normal_quantile(x), normal_quantile(y)));
    let sum = |f: fn(&(f64, f64)) -> f64| scaled.iter().map(f).sum::<f64>();
    let (x, y, xx, xy) = (sum(|p| p.0), sum(|p| p.1), sum(|p| p.0 * p.0), sum(|p| p.0 * p.1));
    let slope = (3.0 * xy - x * y) / (3.0 * xx - x * x);
    let line = |at: f64| normal_cdf((y - slope * x) / 3.0 + slope * normal_quantile(at));
    let found = value(&evidence(), None, "effective_robustness").get().unwrap();
    assert!((found - (0.5 - line(5.0 / 6.0))).abs() < 1e-9, "{found}");
    assert!(found.abs() > 0.005, "the middle model is not on the line: {found}");
}

/// Class 0: 4 of 4 right, class 1: 1 of 2. With factor 2: (5 + 4) / (6 + 4) and (5 + 1) / (6 + 2); with 8: (5 + 7) / (6 + 14).
#[test]
fn label_shift_reweights_the_class_that_suffers_most() {
    let expected =
        [("label_shift_accuracy@label-shift:1", 6.0 / 8.0), ("label_shift_accuracy@label-shift:3", 0.6)];
    expect(&evidence(), None, &expected);
}

/// The smallest of weighted shares: exact intervals of all, at as many rows of equal weight as tell as much (Kish 1965). With factor 8: class 0 33/34 at 34² / (6 + 63 · 4) = 4.5 rows, class 1
/// .6 at 20² / (6 + 63 · 2) = 3.03, of which whole rows count.
#[test]
fn label_shift_has_an_interval_of_rows_that_weigh_alike() {
    let found = &alone(&evidence(), Options { resamples: 0, ..Options::default() })
        [&"label_shift_accuracy@label-shift:3".parse().unwrap()];
    let each = 0.95_f64.sqrt();
    let of = |share: f64, rows: f64| stats::clopper_pearson(share * rows, rows, each);
    let (first, second) = (of(33.0 / 34.0, 4.0), of(0.6, 3.0));
    let (low, high) = found.estimate.interval.unwrap();
    assert!((low - first.0.min(second.0)).abs() < 1e-12, "{low}");
    assert!((high - first.1.min(second.1)).abs() < 1e-12, "{high}");
}

/// Four classes that are all right with probability .8, so that the smallest is so by chance alone: the interval holds .8 at the mildest and at the strongest shift.
#[test]
fn intervals_under_label_shift_hold_the_truth() {
    let replications = 300;
    let mut held = [0; 2];
    for replication in 0..replications {
        let mut stream = Seed(replication).stream("test/label-shift");
        let labels: Vec<u16> = (0..200).map(|row| row % 4).collect();
        let said = |label: &u16, stream: &mut equipoise::seed::Stream| {
            if stream.uniform_f64() < 0.8 { *label } else { (label + 1) % 4 }
        };
        let predictions = labels.iter().map(|label| said(label, &mut stream)).collect();
        let facts = SplitFacts {
            rows: (0..200).collect(),
            labels,
            classes: ["a", "b", "c", "d"].map(String::from).to_vec(),
            attributes: Vec::new(),
            ..(*facts()).clone()
        };
        let reweighted = [1, 5].into_iter().filter_map(LabelShift::of).collect();
        let evidence = Evidence {
            shift: Shift { reweighted, ..Shift::default() },
            ..Evidence::of(Arc::new(facts), Outputs { predictions, logits: Vec::new() })
        };
        let all = alone(&evidence, Options { resamples: 0, ..Options::default() });
        for (held, severity) in held.iter_mut().zip([1, 5]) {
            let key = format!("label_shift_accuracy@label-shift:{severity}").parse().unwrap();
            let (low, high) = all[&key].estimate.interval.unwrap();
            *held += u64::from(low <= 0.8 && 0.8 <= high);
        }
    }
    // Three binomial standard errors of 300 replications are 3.8 points.
    assert!(
        held.iter().all(|held| *held as f64 >= 0.912 * replications as f64),
        "{held:?} of {replications}"
    );
}

/// Rows with a class at logit differences 4, 2, 2, 0; rows without at 2 and 0 (four and two rows; the second of each tie).
///
/// ```text
/// score    4   2      0
/// with     1   2      1
/// without  0   1      1
/// ```
#[test]
fn detection_by_hand() {
    let mut evidence = evidence();
    let facts = SplitFacts {
        rows: (0..4).collect(),
        labels: vec![0; 4],
        attributes: Vec::new(),
        ..(*evidence.facts).clone()
    };
    evidence.facts = Arc::new(facts);
    evidence.clean =
        Outputs { predictions: vec![0; 4], logits: vec![4.0, 0.0, 2.0, 0.0, 2.0, 0.0, 0.0, 0.0] };
    let set =
        |name: &str, near: bool, logits: &[f32]| OodFacts { set: name.into(), near, logits: logits.to_vec() };
    evidence.shift = Shift {
        ood: vec![
            set("one", true, &[2.0, 0.0, 0.0, 0.0]),
            set("two", false, &[9.0, 0.0]),
            set("three", false, &[-9.0, -9.0]),
        ],
        ..Shift::default()
    };
    expect(
        &evidence,
        None,
        &[
            // Pairs won: 4 beats both; each 2 ties and wins; 0 loses and ties: 2 + 1.5 · 2 + 0.5 of 8.
            ("ood_auroc_max_logit@one", 5.5 / 8.0),
            // Precision at each step: 1 of 1, 3 of 4, 4 of 6, weighted by what each adds.
            ("ood_aupr_id_max_logit@one", (1.0 + 2.0 * 0.75 + 4.0 / 6.0) / 4.0),
            // From below: 1 of 2 at 0, 2 of 5 at 2.
            ("ood_aupr_ood_max_logit@one", 0.5 * 0.5 + 0.5 * 0.4),
            // 95 % of four rows are all four; of two, both.
            ("ood_fpr95_id_max_logit@one", 1.0),
            ("ood_fpr95_ood_max_logit@one", 3.0 / 4.0),
            ("ood_auroc_max_logit@two", 0.0),
            ("ood_auroc_max_logit@three", 1.0),
            ("ood_fpr95_ood_max_logit@three", 0.0),
            ("ood_auroc_max_logit@near", 5.5 / 8.0),
            ("ood_auroc_max_logit@far", 0.5),
            // The softmax of (−9, −9) is that of (0, 0): three beats none of them, and ties one.
            ("ood_auroc_msp@three", 3.5 / 4.0),
        ],
    );
    // Row 0 twice, row 1 never: the second row without a class is row 1 too.
    expect(
        &evidence,
        Some(&[2.0, 0.0, 1.0, 1.0]),
        &[("ood_auroc_max_logit@one", (2.0 * 2.0 + 0.5 * 2.0) / 8.0)],
    );
    let nobody = value(&evidence, Some(&[0.0, 1.0, 1.0, 1.0]), "ood_auroc_max_logit@two");
    assert!(nobody.reason().unwrap().contains("one side has no rows"));
    let far = value(&evidence, Some(&[0.0, 1.0, 1.0, 1.0]), "ood_auroc_max_logit@far");
    assert!(far.reason().is_some(), "a mean over sets of which one has no value has none");
}

/// tests/fixtures/metrics/ood.py.
#[test]
fn detection_equals_scikit_learn() {
    let document: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/metrics/ood.json")).unwrap();
    let mut compared = 0;
    for case in document["cases"].as_array().unwrap() {
        let numbers = |name: &str| -> Vec<f64> {
            case[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
        };
        let logits = |name: &str| -> Vec<f32> { numbers(name).into_iter().map(|x| x as f32).collect() };
        let classes = case["class_count"].as_u64().unwrap() as usize;
        let weights = numbers("weights");
        let n = weights.len();
        let facts = SplitFacts {
            split: Split::Test,
            rows: (0..n as u32).collect(),
            labels: vec![0; n],
            classes: (0..classes).map(|k| k.to_string()).collect(),
            positive: None,
            attributes: Vec::new(),
            units: None,
        };
        let clean = Outputs { predictions: vec![0; n], logits: logits("inside") };
        let set = OodFacts { set: "set".into(), near: true, logits: logits("outside") };
        let shift = Shift { ood: vec![set], ..Shift::default() };
        let evidence = Evidence { shift, ..Evidence::of(Arc::new(facts), clean) };
        let readings = metrics::measure(&evidence, Some(&weights));
        for (id, expected) in case["values"].as_object().unwrap() {
            for part in ["set", "near"] {
                let found = readings[&format!("{id}@{part}").parse().unwrap()].value.get().unwrap();
                let expected = expected.as_f64().unwrap();
                assert!((found - expected).abs() < 1e-12, "{}: {id} = {found}, not {expected}", case["name"]);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 4 * 20 * 2);
}

/// Who always says the same, or guesses, does so under any corruption.
#[test]
fn anchors_do_not_see_the_shift() {
    let keys: Vec<MetricKey> = metrics::measure(&evidence(), None).into_keys().collect();
    let anchors = anchors(&facts(), &keys);
    let of = |anchor: usize, key: &str| anchors[anchor].values[&key.parse().unwrap()].get().unwrap();
    assert!((of(0, "mean_corruption_accuracy") - 4.0 / 6.0).abs() < 1e-12);
    assert!((of(0, "label_shift_accuracy@label-shift:1") - 4.0 / 8.0).abs() < 1e-12);
    assert!((of(2, "corruption_accuracy@haze:5") - 0.5).abs() < 1e-12);
}

#[test]
fn without_shift_nothing_is_said_of_it() {
    let mut bare = evidence();
    bare.shift = Shift::default();
    let is_shifted =
        |key: &&MetricKey| matches!(metrics::find(&key.id).unwrap().needs.material, Material::Shift(_));
    assert_eq!(metrics::measure(&bare, None).keys().filter(is_shifted).count(), 0);
    assert_eq!(CATALOG.iter().filter(|m| matches!(m.needs.material, Material::Shift(_))).count(), 13 + 20);
}
