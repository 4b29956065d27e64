//! Values of public implementations and of plain loops (`tests/fixtures/metrics/README.md`), to 1e-9.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use equipoise::evidence::{Attribute, Evidence, Outputs, Split, SplitFacts};
use equipoise::measure::{MetricKey, Value};
use equipoise::metrics;
use equipoise::stats;

use crate::program::Program;
use crate::scores::stated;

/// In the fixture, but no metric of the catalog.
const ELSEWHERE: [&str; 8] = [
    "auroc",
    "average_precision",
    "nll_clipped",
    "equal_opportunity_ratio",
    "false_positive_rate_difference",
    "aurc_oracle_finite",
    "aurc_oracle_limit",
    "e_aurc_limit",
];

fn fixture() -> Json {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/metrics/scores.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(list: &Json) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn codes(list: &Json) -> Vec<u16> {
    list.as_array().unwrap().iter().map(|x| u16::try_from(x.as_u64().unwrap()).unwrap()).collect()
}

/// The key that the fixture's `key` has here; nothing where there is no such metric.
fn ours(key: &str) -> Option<String> {
    let (id, rest) = key.split_at(key.find('@').unwrap_or(key.len()));
    let id = match id {
        "ece_15_class_wise" => "ece_15_classwise",
        "e_aurc_finite" => "excess_aurc",
        "mce_15" => "maximum_calibration_error_15",
        id => id,
    };
    if ELSEWHERE.contains(&id) {
        return None;
    }
    metrics::find(id).map(|_| format!("{id}{rest}"))
}

/// Compares what is measured with what the fixture expects; returns how many numbers that were, the undefined ones among them.
fn compare(name: &str, expected: &Json, found: impl Fn(&str) -> Option<Option<f64>>) -> (usize, usize) {
    let (mut compared, mut undefined) = (0, 0);
    for (key, expected) in expected.as_object().unwrap() {
        let Some(key) = ours(key) else { continue };
        let Some(found) = found(&key) else { panic!("{name}: `{key}` is not measured") };
        match (expected.as_f64(), found) {
            (Some(expected), Some(found)) => {
                assert!((expected - found).abs() < 1e-9, "{name}: `{key}` is {found}, not {expected}");
            }
            (None, None) => undefined += 1,
            (expected, found) => panic!("{name}: `{key}` is {found:?}, not {expected:?}"),
        }
        compared += 1;
    }
    (compared, undefined)
}

fn measured(evidence: &Evidence, weights: &[f64]) -> impl Fn(&str) -> Option<Option<f64>> + use<> {
    let readings: BTreeMap<MetricKey, Value> = metrics::measure(evidence, Some(weights))
        .into_iter()
        .map(|(key, reading)| (key, reading.value))
        .collect();
    move |key| Some(readings.get(&key.parse().unwrap())?.get())
}

fn attributes(case: &Json) -> Vec<Attribute> {
    let column = |(name, column): (&String, &Json)| {
        let count = column["group_count"].as_u64().unwrap();
        let codes = column["codes"].as_array().unwrap().iter();
        Attribute {
            name: name.clone(),
            groups: (0..count).map(|group| group.to_string()).collect(),
            codes: codes.map(|code| i16::try_from(code.as_i64().unwrap()).unwrap()).collect(),
        }
    };
    case["columns"].as_object().unwrap().iter().map(column).collect()
}

#[test]
fn binary_metrics_equal_the_public_values() {
    let fixture = fixture();
    let (mut all, mut undefined) = (0, 0);
    for case in fixture["binary"].as_array().unwrap() {
        let labels = codes(&case["labels"]);
        let scores = numbers(&case["probabilities"]);
        let facts = SplitFacts {
            split: Split::Test,
            rows: (0..labels.len() as u32).collect(),
            classes: vec!["0".to_owned(), "1".to_owned()],
            positive: Some(1),
            attributes: attributes(case),
            labels,
            units: None,
        };
        let clean = Outputs { predictions: codes(&case["predictions"]), logits: Vec::new() };
        let probabilities = Some(scores.iter().flat_map(|p| [1.0 - p, *p]).collect());
        let evidence = Evidence { probabilities, ..Evidence::of(Arc::new(facts), clean) };
        let name = case["name"].as_str().unwrap();
        let of = measured(&evidence, &numbers(&case["weights"]));
        let counts = compare(name, &case["values"], of);
        all += counts.0;
        undefined += counts.1;
    }
    assert!(all >= 7 * 75, "{all}");
    assert!(undefined >= 10, "{undefined}");
}

#[test]
fn multiclass_metrics_equal_the_public_values() {
    let fixture = fixture();
    let mut all = 0;
    for case in fixture["multiclass"].as_array().unwrap() {
        let labels = codes(&case["labels"]);
        let rows: Vec<Vec<f64>> = case["probabilities"].as_array().unwrap().iter().map(numbers).collect();
        let pairs: Vec<(u16, &[f64])> = labels.iter().copied().zip(rows.iter().map(Vec::as_slice)).collect();
        let evidence = stated(&pairs);
        assert_eq!(evidence.clean.predictions, codes(&case["predictions"]));
        let name = case["name"].as_str().unwrap();
        all += compare(name, &case["values"], measured(&evidence, &numbers(&case["weights"]))).0;
    }
    assert!(all >= 4 * 16, "{all}");
}

#[test]
fn abstention_metrics_equal_the_reference_under_ties_and_weights() {
    let fixture = fixture();
    let (mut all, mut undefined) = (0, 0);
    for case in fixture["selective"].as_array().unwrap() {
        // Three classes: a confidence above 1/3 is the largest probability, and the first class its owner.
        let rows: Vec<[f64; 3]> = numbers(&case["confidences"])
            .into_iter()
            .map(|c| {
                assert!(c > 1.0 / 3.0);
                [c, 0.5 * (1.0 - c), 0.5 * (1.0 - c)]
            })
            .collect();
        let errors = codes(&case["errors"]);
        let pairs: Vec<(u16, &[f64])> =
            errors.iter().copied().zip(rows.iter().map(<[f64; 3]>::as_slice)).collect();
        let evidence = stated(&pairs);
        let of = measured(&evidence, &numbers(&case["weights"]));
        let name = case["name"].as_str().unwrap();
        let oracle = of("aurc").unwrap().unwrap() - of("excess_aurc").unwrap().unwrap();
        let expected = case["values"]["aurc_oracle_finite"].as_f64().unwrap();
        assert!((oracle - expected).abs() < 1e-9, "{name}: {oracle}, not {expected}");
        let counts = compare(name, &case["values"], of);
        all += counts.0;
        undefined += counts.1;
    }
    assert_eq!(all, 10 * 6);
    assert!(undefined >= 2, "{undefined}");
}

/// The bin of a confidence is seen in what it shares a bin with: a partner in the middle of the expected bin, right where
/// the confidence is wrong, so that a common bin has another error than two bins.
#[test]
fn confidences_at_the_edges_fall_into_the_reference_bins() {
    let fixture = fixture();
    let confidences = numbers(&fixture["bin_edges"]["confidences"]);
    let bins = codes(&fixture["bin_edges"]["bins"]);
    assert!(confidences.len() > 40);
    for (c, bin) in confidences.into_iter().zip(bins) {
        let partner = (f64::from(bin) + 0.5) / 15.0;
        let wrong = c > 0.5;
        // The largest probability may be as small as the edges are, so these rows do not sum to 1: only the first class counts.
        let rows: [(u16, &[f64]); 2] = [(u16::from(wrong), &[c, 0.0]), (u16::from(!wrong), &[partner, 0.0])];
        let mut evidence = stated(&rows);
        evidence.clean.predictions = vec![0, 0];
        let found = measured(&evidence, &[1.0, 1.0])("ece_15").unwrap().unwrap();
        let (right, expected) = (f64::from(u8::from(!wrong)), 0.5 * (1.0 - c - partner).abs());
        let apart = 0.5 * ((right - c).abs() + (1.0 - right - partner).abs());
        assert!((apart - expected).abs() > 1e-3, "the case tells nothing");
        assert!((found - expected).abs() < 1e-12, "{c} is not in bin {bin}: {found}, not {expected}");
    }
}

/// The same through the program: every row as often as it weighs.
#[test]
fn a_file_gives_the_values_of_its_rows() {
    let fixture = fixture();
    let program = Program::new();
    let score = |arguments: &[&str]| {
        let answer = program.must(
            &[&["score", "rows.csv", "--label", "y", "--bootstrap", "0", "--json"], arguments].concat(),
        );
        let found: Json = serde_json::from_str(&answer.stdout).unwrap();
        move |key: &str| found["metrics"].get(key).map(|number| number["value"].as_f64())
    };
    for case in fixture["binary"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let columns = case["columns"].as_object().unwrap();
        let mut text = "y,p,yhat,a,a_b,b\n".to_owned();
        for (row, weight) in numbers(&case["weights"]).into_iter().enumerate() {
            let of = |list: &Json| list[row].to_string();
            let cells: Vec<String> = ["labels", "probabilities", "predictions"]
                .into_iter()
                .map(|key| of(&case[key]))
                .chain(columns.values().map(|column| of(&column["codes"])))
                .collect();
            text.push_str(&format!("{}\n", cells.join(",")).repeat(weight as usize));
        }
        program.file("rows.csv", &text);
        let stated = case["threshold_rule"] != "p >= 0.5";
        let decided = if stated { &["--prediction", "yhat"][..] } else { &[] };
        let found = score(&[&["--score", "p", "--group", "a,b,a_b"], decided].concat());
        // A group of which no row is left is not in the file.
        let known = |key: &str| found(key).or_else(|| key.contains('=').then_some(None));
        assert!(compare(name, &case["values"], known).0 >= 75);
        for id in ["demographic_parity_difference", "worst_group_accuracy", "equal_opportunity_difference"] {
            let own =
                found(&format!("{id}@a*b")).unwrap_or_else(|| panic!("{name}: no {id} of the intersection"));
            assert_eq!(own, found(&format!("{id}@a_b")).unwrap(), "{name}: {id}");
        }
    }
    for case in fixture["multiclass"].as_array().unwrap() {
        let classes = case["class_count"].as_u64().unwrap();
        let names: Vec<String> = (0..classes).map(|class| format!("p{class}")).collect();
        let mut text = format!("y,{}\n", names.join(","));
        for (row, weight) in numbers(&case["weights"]).into_iter().enumerate() {
            let cells: Vec<String> =
                numbers(&case["probabilities"][row]).iter().map(ToString::to_string).collect();
            text.push_str(&format!("{},{}\n", case["labels"][row], cells.join(",")).repeat(weight as usize));
        }
        program.file("rows.csv", &text);
        let found = score(&["--scores", &names.join(",")]);
        assert!(compare(case["name"].as_str().unwrap(), &case["values"], found).0 >= 16);
    }
}

/// statsmodels, and for `McNemar`'s test scipy's binomial test beside it.
#[test]
fn paired_tests_and_their_correction_equal_the_public_values() {
    let fixture = fixture();
    let close =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    let pairs = fixture["mcnemar"].as_array().unwrap();
    for pair in pairs {
        let count = |name: &str| pair[name].as_u64().unwrap();
        close(stats::mcnemar(count("b"), count("c")), pair["p_value"].as_f64().unwrap());
    }
    let families = fixture["holm"].as_array().unwrap();
    for family in families {
        let found = stats::holm(&numbers(&family["p_values"]));
        let expected = numbers(&family["adjusted"]);
        assert_eq!(found.len(), expected.len());
        found.into_iter().zip(expected).for_each(|(found, expected)| close(found, expected));
    }
    assert!(pairs.len() >= 5 && families.len() >= 2);
}
