//! How far apart groups are: intervals, what chance would show, intersections, and the same at a matched selection rate.

use std::sync::Arc;

use equipoise::evidence::{Attribute, Evidence, Outputs, Split, SplitFacts};
use equipoise::measure::{MetricKey, Value};
use equipoise::metrics::{self, Form};
use equipoise::points::{Measured, Options, alone};
use equipoise::seed::Seed;
use equipoise::stats::{self, Joined, Rate, Scale};
use serde_json::Value as Json;

fn fixture() -> Json {
    serde_json::from_str(include_str!("../fixtures/metrics/scores.json")).unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn rates(json: &Json) -> Vec<Rate> {
    let pairs = numbers(&json["hits"]).into_iter().zip(numbers(&json["sizes"]));
    pairs.map(|(hits, rows)| Rate { hits, rows }).collect()
}

/// tests/fixtures/metrics/inference.py: statsmodels' interval of Agresti and Caffo, folded at 0 here.
#[test]
fn one_pair_has_the_interval_of_agresti_and_caffo() {
    for case in fixture()["agresti_caffo"].as_array().unwrap() {
        let (low, high) = (case["low"].as_f64().unwrap(), case["high"].as_f64().unwrap());
        let how = (Joined::Largest, Scale::Difference);
        let level = case["level"].as_f64().unwrap();
        let mut stream = Seed(0).stream("test");
        let found = stats::stratified_interval(&[rates(case)], how, level, 0, &mut stream).unwrap();
        let (low, high) = if low + high < 0.0 { (-high, -low) } else { (low, high) };
        assert!((found.0 - low.max(0.0)).abs() < 1e-9, "{case}: {found:?}");
        assert!((found.1 - high).abs() < 1e-9, "{case}: {found:?}");
    }
}

/// tests/fixtures/metrics/inference.py: exact sums over the hypergeometric distribution.
#[test]
fn permutations_match_the_exact_distribution() {
    let draws = 20_000;
    let cases = fixture();
    let cases = cases["permutation"].as_array().unwrap();
    for case in cases {
        let families = if case["positives"].is_object() {
            vec![rates(&case["positives"]), rates(&case["negatives"])]
        } else {
            vec![rates(case)]
        };
        let found = stats::gap(&families, Joined::Largest).unwrap();
        assert!((found - case["observed"].as_f64().unwrap()).abs() < 1e-12, "{case}");
        let mut stream = Seed(1).stream("test");
        let chance = stats::chance(&families, Joined::Largest, draws, &mut stream).unwrap();
        let p = case["p_value"].as_f64().unwrap();
        // Five standard errors of the draws.
        let error = 5.0 * (p * (1.0 - p) / f64::from(draws as u32)).sqrt() + 1e-4;
        assert!((chance.p_value - p).abs() < error, "{case}: {chance:?}");
        let expected = case["expected_gap"].as_f64().unwrap();
        assert!((chance.expected / expected - 1.0).abs() < 0.02, "{case}: {chance:?}");
    }
    assert_eq!(cases.len(), 9);
}

/// The table of the metrics sheet, 3.1: accuracy 0.8 in every group. Permutation knows the pooled rate, the table a fixed one.
#[test]
fn the_bias_of_small_samples_is_that_of_the_table() {
    for (groups, rows, expected) in
        [(2, 30.0, 0.082), (5, 30.0, 0.168), (10, 30.0, 0.222), (2, 500.0, 0.020), (10, 1000.0, 0.039)]
    {
        let family = vec![Rate { hits: 0.8 * rows, rows }; groups];
        let mut stream = Seed(2).stream("test");
        let chance = stats::chance(&[family], Joined::Largest, 20_000, &mut stream).unwrap();
        let found = chance.expected;
        assert!((found / expected - 1.0).abs() < 0.04, "{groups} groups of {rows}: {found}, not {expected}");
        assert!((chance.p_value - 1.0).abs() < 1e-12, "equal groups are never far apart");
    }
    // SciPy 1.17: E|2X − 48| / 30 for X = hypergeom(60, 48, 30).
    let pair = vec![Rate { hits: 24.0, rows: 30.0 }; 2];
    let mut stream = Seed(3).stream("test");
    let found = stats::chance(&[pair], Joined::Largest, 200_000, &mut stream).unwrap().expected;
    assert!((found / 0.080_624_066 - 1.0).abs() < 0.01, "{found}");
}

/// The formula with SciPy 1.17's `norm.ppf`: 293.1513 rows in each group for .8 against .7, 1564.672 for .5 against .55.
#[test]
fn rows_to_see_a_gap_match_the_power_of_two_proportions() {
    assert!((stats::rows_to_see(0.8, 0.7) - 294.0).abs() < 0.5, "{}", stats::rows_to_see(0.8, 0.7));
    assert!((stats::rows_to_see(0.5, 0.55) - 1565.0).abs() < 0.5, "{}", stats::rows_to_see(0.5, 0.55));
}

fn attribute(name: &str, codes: &[i16]) -> Attribute {
    let groups = codes.iter().max().unwrap() + 1;
    Attribute {
        name: name.into(),
        groups: (0..groups).map(|g| format!("{name}{g}")).collect(),
        codes: codes.to_vec(),
    }
}

/// Rows of (label, probability of class 1, group), decided at one half.
fn binary(rows: &[(u16, f64, i16)], attributes: Vec<Attribute>) -> Evidence {
    let facts = SplitFacts {
        split: Split::Test,
        rows: (0..rows.len() as u32).collect(),
        labels: rows.iter().map(|row| row.0).collect(),
        classes: vec!["no".into(), "yes".into()],
        positive: Some(1),
        attributes,
        units: None,
    };
    let clean =
        Outputs { predictions: rows.iter().map(|row| u16::from(row.1 >= 0.5)).collect(), logits: Vec::new() };
    let probabilities = Some(rows.iter().flat_map(|row| [1.0 - row.1, row.1]).collect());
    Evidence { probabilities, ..Evidence::of(Arc::new(facts), clean) }
}

fn grouped(rows: &[(u16, f64, i16)]) -> Evidence {
    let codes: Vec<i16> = rows.iter().map(|row| row.2).collect();
    binary(rows, vec![attribute("g", &codes)])
}

fn value(evidence: &Evidence, key: &str) -> Value {
    metrics::measure(evidence, None)[&key.parse().unwrap()].value.clone()
}

/// Eight rows, four positive: the model itself selects one row; matched, it selects the four most probable.
const COLLAPSING: [(u16, f64, i16); 8] = [
    (1, 0.9, 0),
    (1, 0.4, 0),
    (0, 0.35, 0),
    (0, 0.1, 0),
    (1, 0.3, 1),
    (1, 0.2, 1),
    (0, 0.15, 1),
    (0, 0.05, 1),
];

#[test]
fn at_the_base_rate_a_collapsing_model_is_seen() {
    let evidence = grouped(&COLLAPSING);
    let at = |key: &str| value(&evidence, key).get().unwrap();
    assert!((at("demographic_parity_difference@g") - 0.25).abs() < 1e-12);
    // Selected: .9, .4, .35 of the first group and .3 of the second.
    assert!((at("demographic_parity_difference_matched@g") - 0.5).abs() < 1e-12);
    assert!((at("equal_opportunity_difference_matched@g") - 0.5).abs() < 1e-12);
    assert!((at("equalized_odds_difference_max_matched@g") - 0.5).abs() < 1e-12);
    // The second group's curve lies above; area = difference of means.
    let area = (0.9 + 0.4 + 0.35 + 0.1 - 0.3 - 0.2 - 0.15 - 0.05) / 4.0;
    assert!((at("abcc@g") - area).abs() < 1e-12);
    // Ties are selected in equal shares: all at one half of the probability.
    let tied: Vec<(u16, f64, i16)> = COLLAPSING.iter().map(|row| (row.0, 0.5, row.2)).collect();
    let at = |key: &str| value(&grouped(&tied), key).get().unwrap();
    assert!(at("demographic_parity_difference_matched@g").abs() < 1e-12);
    assert!(at("abcc@g").abs() < 1e-12);
}

#[test]
fn signed_differences_name_the_first_group_and_need_two() {
    let evidence = grouped(&[(1, 0.9, 0), (0, 0.1, 0), (1, 0.2, 1), (1, 0.7, 1), (0, 0.1, 1)]);
    let at = |key: &str| value(&evidence, key).get().unwrap();
    assert!((at("selection_rate_signed@g") - (0.5 - 1.0 / 3.0)).abs() < 1e-12);
    assert!((at("true_positive_rate_signed@g") - 0.5).abs() < 1e-12);
    assert!((at("group_accuracy_signed@g") - (1.0 - 2.0 / 3.0)).abs() < 1e-12);
    let three = grouped(&[(1, 0.9, 0), (0, 0.1, 1), (1, 0.2, 2)]);
    let readings = metrics::measure(&three, None);
    assert!(!readings.contains_key(&"selection_rate_signed@g".parse::<MetricKey>().unwrap()));
}

#[test]
fn intersections_are_the_combinations_that_have_rows() {
    let rows = [(1, 0.9, 0), (0, 0.1, 0), (1, 0.2, 0), (1, 0.7, 0)];
    let mut evidence = binary(&rows, vec![attribute("a", &[0, 0, 1, 1]), attribute("b", &[0, 1, 0, -1])]);
    let facts = (*evidence.facts).clone().with_intersections().unwrap();
    assert_eq!(facts.attributes.len(), 3);
    assert_eq!(facts.attributes[2].name, "a*b");
    assert_eq!(facts.attributes[2].groups, ["a0*b0", "a0*b1", "a1*b0"]);
    assert_eq!(facts.attributes[2].codes, [0, 1, 2, -1]);
    evidence.facts = Arc::new(facts);
    assert_eq!(value(&evidence, "worst_group_accuracy@a*b"), Value::Defined(0.0));
    assert_eq!(value(&evidence, "group_accuracy@a*b=a0*b1"), Value::Defined(1.0));
}

fn scored(evidence: &Evidence, key: &str) -> Measured {
    alone(evidence, Options::default())[&key.parse().unwrap()].clone()
}

/// Accuracy .75 of 40 rows in group 0, .55 of 40 in group 1.
fn uneven() -> Evidence {
    let row = |g: i16, i: i16, hits: i16| {
        let label = u16::from(i % 2 == 0);
        let right = if label == 1 { 0.8 } else { 0.3 };
        (label, if i < hits { right } else { 1.0 - right }, g)
    };
    let rows: Vec<_> = (0..40).map(|i| row(0, i, 30)).chain((0..40).map(|i| row(1, i, 22))).collect();
    grouped(&rows)
}

#[test]
fn one_predictor_has_intervals_over_its_rows() {
    let evidence = uneven();
    let accuracy = scored(&evidence, "accuracy").estimate;
    let (low, high) = accuracy.interval.unwrap();
    assert_eq!((low, high), stats::wilson(52.0, 80.0, 0.95));
    assert_eq!(accuracy.n, 80);
    let gap = scored(&evidence, "accuracy_gap@g");
    let p = |hits: f64| (hits + 1.0) / 42.0;
    let sd = ((p(30.0) * (1.0 - p(30.0)) + p(22.0) * (1.0 - p(22.0))) / 42.0).sqrt();
    let (low, high) = gap.estimate.interval.unwrap();
    assert!((low - (p(30.0) - p(22.0) - 1.959_964 * sd).max(0.0)).abs() < 1e-6, "{low}");
    assert!((high - (p(30.0) - p(22.0) + 1.959_964 * sd)).abs() < 1e-6, "{high}");
    let chance = gap.by_chance.unwrap();
    // Two binomials of 40 at .65: the mean distance is √(2/π) · √(2 · .65 · .35 / 40), up to the grid.
    assert!((chance.expected - 0.085).abs() < 0.01, "{chance:?}");
    // Fisher's exact test, two-sided: 0.10003 (SciPy 1.17, fisher_exact([[30, 10], [22, 18]])).
    assert!((chance.p_value.unwrap() - 0.100_03).abs() < 0.03, "{chance:?}");
    assert!((chance.rows_to_see.unwrap() - stats::rows_to_see(0.55, 0.75)).abs() < 1e-9);
    let calibration = scored(&evidence, "ece_15").estimate;
    let (low, high) = calibration.interval.unwrap();
    let center = calibration.value.get().unwrap();
    assert!(low < center && center < high && high < center + 0.15, "{calibration:?}");
}

#[test]
fn without_resamples_only_closed_forms_are_left() {
    let (none, with) = (Options { resamples: 0, ..Options::default() }, Options::default());
    let bootstrapped = alone(&uneven(), with);
    let mut left = 0;
    for (key, measured) in alone(&uneven(), none) {
        assert_eq!(measured.by_chance, None, "{key}");
        match metrics::find(&key.id).unwrap().form {
            // Two groups and two classes: every gap is that of one pair.
            Form::Share | Form::Smallest(_) | Form::Signed(_) | Form::Gap(_, Joined::Largest, _)
                if measured.estimate.value.get().is_some() && !key.id.starts_with("equalized_odds") =>
            {
                assert_eq!(measured.estimate.interval, bootstrapped[&key].estimate.interval, "{key}");
                assert!(measured.estimate.interval.is_some(), "{key}");
                left += 1;
            }
            _ => {
                assert_eq!(measured.estimate.interval, None, "{key}");
                assert!(measured.estimate.method.starts_with("no interval"), "{key}");
            }
        }
    }
    assert!(left > 15, "{left}");
    let accuracy = &alone(&uneven(), none)[&"accuracy".parse().unwrap()].estimate;
    let (hits, rows) = (accuracy.value.get().unwrap() * accuracy.n as f64, accuracy.n as f64);
    assert_eq!(accuracy.interval, Some(stats::wilson(hits, rows, 0.95)));
}

#[test]
fn without_values_there_is_no_interval() {
    let one_group = grouped(&[(1, 0.9, 0), (0, 0.2, 0)]);
    let gap = scored(&one_group, "accuracy_gap@g");
    assert_eq!(gap.estimate.value.reason(), Some("fewer than two groups of `g` have rows"));
    assert!(gap.estimate.interval.is_none() && gap.by_chance.is_none());
}

#[test]
fn the_ratio_and_its_interval_stay_below_one() {
    let evidence = uneven();
    let ratio = scored(&evidence, "demographic_parity_ratio@g").estimate;
    let (low, high) = ratio.interval.unwrap();
    let value = ratio.value.get().unwrap();
    assert!(0.0 < low && low < value && value <= high && high <= 1.0, "{ratio:?}");
    let nobody = grouped(&[(1, 0.1, 0), (0, 0.2, 1)]);
    let reason = scored(&nobody, "demographic_parity_ratio@g").estimate.value;
    assert_eq!(reason.reason(), Some("no positive predictions in any group"));
}

pub(crate) fn near(found: Option<(f64, f64)>, expected: (f64, f64)) {
    let (low, high) = found.expect("an interval");
    assert!(
        (low - expected.0).abs() < 2e-6 && (high - expected.1).abs() < 2e-6,
        "{:?}, not {expected:?}",
        (low, high)
    );
}

fn pair(first: (f64, f64), second: (f64, f64), scale: Scale) -> Option<(f64, f64)> {
    let family = vec![Rate { hits: first.0, rows: first.1 }, Rate { hits: second.0, rows: second.1 }];
    stats::stratified_interval(&[family], (Joined::Largest, scale), 0.95, 0, &mut Seed(0).stream("test"))
}

/// Worked by hand. 2 of 8 and 7 of 8, one more of each: .3 and .8, variances .021 and .016. Difference .5 ± 1.959964 · √.037. The quotient solves
/// (.8² − z² · .016) ρ² − 2 · .3 · .8 ρ + (.3² − z² · .021) = 0 with z² = 3.841459: .5785367 ρ² − .48 ρ + .0093294 = 0.
#[test]
fn the_ratio_holds_what_the_test_of_the_difference_does_not_reject() {
    near(pair((2.0, 8.0), (7.0, 8.0), Scale::Difference), (0.122_994, 0.877_006));
    near(pair((2.0, 8.0), (7.0, 8.0), Scale::Quotient), (0.019_914, 0.809_765));
    near(pair((7.0, 8.0), (2.0, 8.0), Scale::Quotient), (0.019_914, 0.809_765));
    // One row of one: 2/3 with variance 2/27. The difference reaches 0, so the ratio reaches 1: .5785367 ρ² − 1.0666667 ρ + .1598919 = 0.
    assert!(pair((1.0, 1.0), (7.0, 8.0), Scale::Difference).unwrap().0 <= 0.0);
    near(pair((1.0, 1.0), (7.0, 8.0), Scale::Quotient), (0.164_592, 1.0));
}

/// The same draws of the same tests: the difference starts at 0 exactly where the ratio ends at 1.
#[test]
fn the_ratio_and_the_difference_agree_on_no_gap() {
    let mut apart = 0;
    for hits in 0..=20 {
        let family = vec![
            Rate { hits: f64::from(hits), rows: 20.0 },
            Rate { hits: 12.0, rows: 20.0 },
            Rate { hits: 1.0, rows: 1.0 },
            Rate { hits: 90.0, rows: 150.0 },
        ];
        let [difference, quotient] = [Scale::Difference, Scale::Quotient].map(|scale| {
            let how = (Joined::Largest, scale);
            let mut stream = Seed(4).stream("test");
            stats::stratified_interval(std::slice::from_ref(&family), how, 0.95, 500, &mut stream).unwrap()
        });
        assert_eq!(difference.0 <= 0.0, quotient.1 >= 1.0, "{hits}: {difference:?} {quotient:?}");
        apart += usize::from(difference.0 > 0.0);
    }
    assert!(apart > 3 && apart < 18, "{apart}");
}

/// 2 of 8 selected against 7 of 8, as above; the first minus the second is the gap with its sign.
#[test]
fn a_signed_difference_has_the_interval_of_the_gap() {
    let rows: Vec<(u16, f64, i16)> = (0..16)
        .map(|row| (row % 2, if row < 2 || (8..15).contains(&row) { 0.9 } else { 0.2 }, i16::from(row >= 8)))
        .collect();
    let evidence = grouped(&rows);
    let gap = scored(&evidence, "demographic_parity_difference@g").estimate;
    let signed = scored(&evidence, "selection_rate_signed@g").estimate;
    near(gap.interval, (0.122_994, 0.877_006));
    near(signed.interval, (-0.877_006, -0.122_994));
    let (low, high) = gap.interval.unwrap();
    assert_eq!(signed.interval, Some((-high, -low)));
    near(scored(&evidence, "demographic_parity_ratio@g").estimate.interval, (0.019_914, 0.809_765));
}

/// Three groups, so that critical values are drawn.
fn three_groups() -> Evidence {
    let row = |i: i16| {
        let (label, group) = (u16::from(i % 3 == 0), i16::from(i % 7 > 2) + i16::from(i % 7 > 4));
        let p = f64::from((i * 37 + 11 * group) % 100) / 100.0 + 0.004;
        (label, p, group)
    };
    let rows: Vec<(u16, f64, i16)> = (0..150).map(row).collect();
    grouped(&rows)
}

#[test]
fn the_sum_of_equalized_odds_is_twice_the_mean_in_everything() {
    let evidence = three_groups();
    let mean = scored(&evidence, "equalized_odds_difference_mean@g");
    let sum = scored(&evidence, "equalized_odds_difference_sum@g");
    let (low, high) = mean.estimate.interval.unwrap();
    assert_eq!(sum.estimate.interval, Some((2.0 * low, 2.0 * high)));
    let (mean, sum) = (mean.by_chance.unwrap(), sum.by_chance.unwrap());
    assert_eq!(mean.p_value, sum.p_value);
    assert!((2.0 * mean.expected - sum.expected).abs() < 1e-12);
}

/// At the base rate the interval is that of the groups' rates there: the first group has 3 of 4 selected, the second 1 of 4: 4/6 − 2/6 ± 1.959964 · √(2 · (2/9)/6).
#[test]
fn differences_at_the_base_rate_have_intervals_of_pairs() {
    let evidence = grouped(&COLLAPSING);
    let found = scored(&evidence, "demographic_parity_difference_matched@g");
    near(found.estimate.interval, (0.0, 0.866_768));
    assert!(found.by_chance.is_some());
    // The rates themselves are no numbers of a report.
    assert!(alone(&evidence, Options::default()).keys().all(|key| !key.to_string().contains("rate_matched")));
    let area = scored(&evidence, "abcc@g").estimate;
    assert_eq!(area.interval, None);
    assert!(area.method.contains("above 0 by chance alone"), "{}", area.method);
}

/// 20 rows right in one group and a single one, also right, in the other: the single one leaves the smallest share open down to α/2 of √.95, (1 − √.95)/2 = .012660.
#[test]
fn the_worst_group_is_as_unsure_as_its_smallest() {
    let rows: Vec<(u16, f64, i16)> = (0..21).map(|row| (1, 0.9, i16::from(row == 20))).collect();
    let worst = scored(&grouped(&rows), "worst_group_accuracy@g").estimate;
    assert_eq!(worst.value, Value::Defined(1.0));
    near(worst.interval, (0.012_660, 1.0));
}

/// One row of confidence .7, right: its calibration error .3 varies by rounding alone, and its excess area is 0, not below.
#[test]
fn what_varies_by_rounding_alone_has_no_interval() {
    let one = grouped(&[(1, 0.7, 0)]);
    let found = scored(&one, "ece_15").estimate;
    assert!((found.value.get().unwrap() - 0.3).abs() < 1e-12);
    assert_eq!((found.interval, &*found.method), (None, "no interval: nothing varied over resampled rows"));
    assert!(scored(&three_groups(), "excess_aurc").estimate.value.get().unwrap() >= 0.0);
    // A mean of shares at its end has the exact interval over its fewest rows: (.025)^(1/5) from all of 5.
    let rows: Vec<(u16, f64, i16)> =
        (0..10).map(|i| (i % 2, if i % 2 == 1 { 0.8 } else { 0.1 }, 0)).collect();
    let balanced = scored(&grouped(&rows), "balanced_accuracy").estimate;
    near(balanced.interval, (0.478_176, 1.0));
}
