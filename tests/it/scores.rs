//! Metrics of probabilities: calibration and abstention, without and under attack.

use std::sync::Arc;

use equipoise::evidence::{Evidence, Outputs, Split, SplitFacts};
use equipoise::measure::Value;
use equipoise::metrics;

use crate::metrics::union;

/// Rows of (label, probabilities), each with the most probable class as its prediction.
pub(crate) fn stated(rows: &[(u16, &[f64])]) -> Evidence {
    let classes = rows[0].1.len();
    let facts = SplitFacts {
        split: Split::Test,
        rows: (0..rows.len() as u32).collect(),
        labels: rows.iter().map(|row| row.0).collect(),
        classes: (0..classes).map(|k| k.to_string()).collect(),
        positive: (classes == 2).then_some(1),
        attributes: Vec::new(),
        units: None,
    };
    let most = |p: &[f64]| {
        let best = p.iter().copied().fold(0.0, f64::max);
        p.iter().position(|x| x.to_bits() == best.to_bits()).unwrap() as u16
    };
    let predictions = rows.iter().map(|row| most(row.1)).collect();
    let clean = Outputs { predictions, logits: Vec::new() };
    let probabilities = Some(rows.iter().flat_map(|row| row.1.iter().copied()).collect());
    Evidence { probabilities, ..Evidence::of(Arc::new(facts), clean) }
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

/// Five rows in two bins, by hand: confidences 1, .9, .9, .6, .5; the second .9 and the .5 are wrong.
#[test]
fn calibration_by_hand() {
    let rows: [(u16, &[f64]); 5] =
        [(1, &[0.0, 1.0]), (1, &[0.1, 0.9]), (0, &[0.1, 0.9]), (0, &[0.6, 0.4]), (1, &[0.5, 0.5])];
    let evidence = stated(&rows);
    // Bins of width 1/15: 1 → 14, .9 → 13, .6 → 9 (from .6 on), .5 → 7. Row errors: 0, |1 − 1.8|, .4, .5.
    let ln = libm::log;
    expect(
        &evidence,
        None,
        &[
            ("ece_15", (0.0 + 0.8 + 0.4 + 0.5) / 5.0),
            ("maximum_calibration_error_15", 0.5),
            // From the least: .5 → 0, .6 → 3, then both .9 together in 6, 1 in 12: as the equal-width bins.
            ("ece_15_equal_mass", (0.0 + 0.8 + 0.4 + 0.5) / 5.0),
            ("overconfidence", 0.7),
            ("underconfidence", (0.0 + 0.1 + 0.4) / 3.0),
            ("brier_binary", (0.0 + 0.01 + 0.81 + 0.16 + 0.25) / 5.0),
            ("brier_multi", 2.0 * (0.0 + 0.01 + 0.81 + 0.16 + 0.25) / 5.0),
            ("nll", -(ln(0.9) + ln(0.1) + ln(0.6) + ln(0.5)) / 5.0),
            // Class 1 has p 1, .9, .9, .4, .5 and truth 1, 1, 0, 0, 1; class 0 mirrors it.
            ("ece_15_classwise", (0.0 + 0.8 + 0.4 + 0.5) / 5.0),
        ],
    );
    let null = |c: f64, n: f64| (2.0 * n * c * (1.0 - c) / std::f64::consts::PI).sqrt();
    expect(&evidence, None, &[("ece_15_null", (null(0.9, 2.0) + null(0.6, 1.0) + null(0.5, 1.0)) / 5.0)]);
}

/// The same rows. Sorted: right at 1; one right and one wrong at .9; right at .6; wrong at .5.
#[test]
fn abstention_by_hand() {
    let rows: [(u16, &[f64]); 5] =
        [(1, &[0.0, 1.0]), (1, &[0.1, 0.9]), (0, &[0.1, 0.9]), (0, &[0.6, 0.4]), (1, &[0.5, 0.5])];
    let evidence = stated(&rows);
    // Wrong among the k most confident, the tie shared: 0, ½, 1, 1, 2.
    let risks = [0.0, 0.5 / 2.0, 1.0 / 3.0, 1.0 / 4.0, 2.0 / 5.0];
    let oracle: f64 = (1.0 / 4.0 + 2.0 / 5.0) / 5.0;
    let aurc = risks.iter().sum::<f64>() / 5.0;
    expect(
        &evidence,
        None,
        &[
            ("aurc", aurc),
            ("excess_aurc", aurc - oracle),
            ("augrc", (0.0 + 0.5 + 1.0 + 1.0 + 2.0) / 25.0),
            ("coverage_at_risk_5", 1.0 / 5.0),
            ("risk_at_coverage_80", 1.0 / 4.0),
            // Six pairs (right, wrong): right at 1 beats both, at .9 ties and beats, at .6 loses and beats.
            ("failure_auroc", (2.0 + 1.5 + 1.0) / 6.0),
        ],
    );
}

/// A row that counts three times is three rows.
#[test]
fn weights_are_multiplicities() {
    let rows: [(u16, &[f64]); 4] =
        [(0, &[0.7, 0.2, 0.1]), (1, &[0.5, 0.3, 0.2]), (2, &[0.25, 0.35, 0.4]), (2, &[0.34, 0.33, 0.33])];
    let repeated: Vec<(u16, &[f64])> = [0, 0, 0, 2, 3, 3].iter().map(|i: &usize| rows[*i]).collect();
    let once = metrics::measure(&stated(&repeated), None);
    let weighted = metrics::measure(&stated(&rows), Some(&[3.0, 0.0, 1.0, 2.0]));
    let mut compared = 0;
    for (key, reading) in &once {
        match (&reading.value, &weighted[key].value) {
            (Value::Defined(a), Value::Defined(b)) => {
                assert!((a - b).abs() < 1e-12, "{key}: {a} or {b}");
                compared += 1;
            }
            (a, b) => assert_eq!(a, b, "{key}"),
        }
    }
    assert!(compared > 15, "{compared}");
}

/// Ground truth 3.4: a margin score `s ~ N(1.2, 1)` with confidence |s|; here its quantiles in place of draws.
#[test]
fn the_binormal_case_has_the_known_areas() {
    let n = 100_000;
    let rows: Vec<(u16, [f64; 2])> = (0..n)
        .map(|i| {
            let p = (f64::from(i) + 0.5) / f64::from(n);
            let margin = 1.2 + equipoise::numeric::normal_quantile(p);
            let right = 1.0 / (1.0 + libm::exp(-2.0 * margin));
            (1, [1.0 - right, right])
        })
        .collect();
    let rows: Vec<(u16, &[f64])> = rows.iter().map(|(label, p)| (*label, p.as_slice())).collect();
    let evidence = stated(&rows);
    let readings = metrics::measure(&evidence, None);
    let of = |key: &str| readings[&key.parse().unwrap()].value.get().unwrap();
    for (key, expected) in [("aurc", 0.028_592_6), ("augrc", 0.022_421_5)] {
        assert!((of(key) - expected).abs() < 2e-6, "{key} = {}, not {expected}", of(key));
    }
    assert!((of("aurc") - of("excess_aurc") - 0.006_890_2).abs() < 2e-6);
    // The identity of Traub et al. 2024.
    let (accuracy, auroc) = (of("accuracy"), of("failure_auroc"));
    let error = 1.0 - accuracy;
    let identity = (1.0 - auroc) * accuracy * error + 0.5 * error * error;
    assert!((of("augrc") - identity).abs() < 1e-5);
}

/// Ground truth 5.7 with thresholds told by the coverage that they accept: margins `m = 1.2`, moved by `κ` to the adversary's side.
#[test]
fn evasion_and_abstention_match_the_closed_form() {
    let (n, m, shift) = (200_000, 1.2, 0.5);
    let cdf = equipoise::numeric::normal_cdf;
    let margins: Vec<f64> = (0..n)
        .map(|i| m + equipoise::numeric::normal_quantile((f64::from(i) + 0.5) / f64::from(n)))
        .collect();
    let logits = |moved: f64| margins.iter().flat_map(|s| [0.0, (s - moved) as f32]).collect::<Vec<f32>>();
    let said = |moved: f64| -> Vec<u16> { margins.iter().map(|s| u16::from(s - moved > 0.0)).collect() };
    let facts = SplitFacts {
        split: Split::Test,
        rows: (0..n as u32).collect(),
        labels: vec![1; n as usize],
        classes: vec!["0".into(), "1".into()],
        positive: Some(1),
        attributes: Vec::new(),
        units: None,
    };
    let standing: Vec<u8> = said(shift).iter().map(|p| *p as u8).collect();
    let mut attack = union(&standing, &said(shift), &said(shift));
    attack.first_success = Outputs { predictions: said(shift), logits: logits(shift) };
    attack.max_loss = attack.first_success.clone();
    let clean = Outputs { predictions: said(0.0), logits: logits(0.0) };
    let evidence = Evidence { evasion: vec![attack], ..Evidence::of(Arc::new(facts), clean) };
    let readings = metrics::measure(&evidence, None);
    for (coverage, word) in [(0.8, "80"), (0.95, "95")] {
        let accepted = |t: f64| cdf(m - t) + cdf(-m - t);
        let (mut low, mut high) = (0.0, 4.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if accepted(middle) > coverage { low = middle } else { high = middle }
        }
        let of = |id: &str| {
            let key = format!("{id}_{word}!suite:linf:0.2");
            readings[&key.parse().unwrap()].value.get().unwrap()
        };
        let evasion = cdf(shift - low - m);
        assert!((of("confident_evasion") - evasion).abs() < 1e-4, "{coverage}");
        // Refused without attack, or at the one point known: not everything in between.
        let band = |center: f64| (center - low - m, center + low - m);
        let (unmoved, moved) = (band(0.0), band(shift));
        let refused = cdf(unmoved.1.min(moved.0)) - cdf(unmoved.0) + cdf(moved.1) - cdf(moved.0);
        assert!((of("forced_abstention") - refused).abs() < 1e-4, "{coverage}: {refused}");
    }
    // The curve: the same formulas at every coverage, the same numbers where there are metrics.
    let curves = metrics::abstention_curves(&evidence);
    assert_eq!((curves.len(), &curves[0].withheld), (1, &None));
    let steps = &curves[0].steps;
    assert_eq!(steps.len(), 20);
    for step in steps {
        let accepted = |t: f64| cdf(m - t) + cdf(-m - t);
        let (mut low, mut high) = (0.0, 6.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if accepted(middle) > step.coverage { low = middle } else { high = middle }
        }
        let confidence = 1.0 / (1.0 + libm::exp(-low));
        assert!((step.threshold - confidence).abs() < 1e-4, "{step:?}: {confidence}");
        assert!((step.confident_evasion - cdf(shift - low - m)).abs() < 1e-4, "{step:?}");
        let band = |center: f64| (center - low - m, center + low - m);
        let (unmoved, moved) = (band(0.0), band(shift));
        let union = cdf(unmoved.1) - cdf(unmoved.0) + cdf(moved.1)
            - cdf(moved.0)
            - (cdf(unmoved.1) - cdf(moved.0)).max(0.0);
        assert!((step.forced_abstention - union).abs() < 1e-4, "{step:?}: {union}");
    }
    for (place, word) in [(15, "80"), (18, "95")] {
        let of = |id: &str| {
            let key = format!("{id}_{word}!suite:linf:0.2");
            readings[&key.parse().unwrap()].value.get().unwrap().to_bits()
        };
        assert_eq!(steps[place].confident_evasion.to_bits(), of("confident_evasion"));
        assert_eq!(steps[place].forced_abstention.to_bits(), of("forced_abstention"));
    }
    let bare = Evidence { evasion: Vec::new(), ..evidence };
    assert!(metrics::abstention_curves(&bare).is_empty());
}

#[test]
fn where_there_are_no_probabilities_the_values_say_so() {
    let mut evidence = stated(&[(0, &[0.9, 0.1]), (1, &[0.2, 0.8])]);
    let reason = value(&evidence, None, "failure_auroc");
    assert_eq!(reason.reason(), Some("no row is classified wrongly"));
    evidence.probabilities = None;
    for key in ["ece_15", "aurc", "nll", "overconfidence", "failure_auroc"] {
        let found = value(&evidence, None, key);
        assert_eq!(found.reason(), Some("the model states no probabilities"), "{key}");
    }
}

/// A likelihood of 0 is clipped at 10⁻¹², and the reading says how often.
#[test]
fn clipped_likelihoods_are_counted() {
    let rows: Vec<(u16, &[f64])> = (0..10).map(|i| (u16::from(i > 4), &[0.0, 1.0][..])).collect();
    let reading = &metrics::measure(&stated(&rows), None)[&"nll".parse().unwrap()];
    assert!((reading.value.get().unwrap() - 0.5 * 12.0 * libm::log(10.0)).abs() < 1e-12);
    assert_eq!(reading.notes, ["the likelihood of 5 rows is clipped at 1e-12"]);
}

/// Dividing logits by a temperature changes confidence, never an answer.
#[test]
fn a_temperature_divides_the_logits() {
    let facts = stated(&[(0, &[0.9, 0.1]), (1, &[0.2, 0.8])]).facts;
    let clean = Outputs { predictions: vec![0, 0], logits: vec![2.0, 0.0, 1.0, 0.0] };
    let plain = Evidence::of(facts, clean);
    let cooled = Evidence { temperature: Some(2.0), ..plain.clone() };
    let softmax = |z: f64| 1.0 / (1.0 + libm::exp(-z));
    expect(&plain, None, &[("overconfidence", softmax(1.0)), ("underconfidence", 1.0 - softmax(2.0))]);
    expect(&cooled, None, &[("overconfidence", softmax(0.5)), ("underconfidence", 1.0 - softmax(1.0))]);
    assert_eq!(value(&plain, None, "accuracy"), value(&cooled, None, "accuracy"));
}

/// The rows of `calibration_by_hand`: confidences 1, .9, .9, .6, .5; one of the two at .9 and the one at .5 are wrong.
#[test]
fn diagrams_by_hand() {
    let rows: [(u16, &[f64]); 5] =
        [(1, &[0.0, 1.0]), (1, &[0.1, 0.9]), (0, &[0.1, 0.9]), (0, &[0.6, 0.4]), (1, &[0.5, 0.5])];
    let evidence = stated(&rows);
    let attack = equipoise::measure::AttackKey::new("none", equipoise::measure::Norm::Linf, 0.1);
    let diagrams = metrics::diagrams(&evidence, &attack);
    let [diagram] = diagrams.as_slice() else { panic!("nobody attacked it: {diagrams:?}") };
    assert_eq!(diagram.attack, None);
    let near =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    // Bins of width 1/15: 1 is in the last, .9 in the one before, .6 in number 9, .5 in number 7.
    let filled: Vec<usize> = (0..15).filter(|i| diagram.bins[*i].weight > 0.0).collect();
    assert_eq!(filled, [7, 9, 13, 14]);
    let bin = diagram.bins[13];
    near(bin.weight, 2.0);
    near(bin.right, 1.0);
    near(bin.confidence, 1.8);
    // The calibration error is a function of the bins.
    let error: f64 = diagram.bins.iter().map(|bin| (bin.right - bin.confidence).abs()).sum::<f64>() / 5.0;
    near(error, value(&evidence, None, "ece_15").get().unwrap());
    // One, two, three, four and five rows: none wrong; half of one (the two at .9 are wrong together in one half); one; one; two.
    let coverage = |k: usize| diagram.risks[k - 1];
    assert_eq!(diagram.risks.len(), 50);
    near(coverage(10), 0.0);
    near(coverage(20), 0.5 / 2.0);
    near(coverage(30), 1.0 / 3.0);
    near(coverage(40), 1.0 / 4.0);
    near(coverage(50), 2.0 / 5.0);
    // Eleven fiftieths of five rows are more than one: two are answered.
    near(coverage(11), 0.25);
}
