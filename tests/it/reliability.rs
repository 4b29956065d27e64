//! What a report says of models beside their metrics: temperatures, abstention at every threshold, and what one seed can tell.

use crate::program::{Program, TINY};

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn measured(report: &serde_json::Value, point: u64, id: &str) -> f64 {
    let measures = report["points"][point as usize]["measures"].as_object().unwrap();
    let key =
        measures.keys().find(|key| *key == id || key.starts_with(&format!("{id}!")) && key.ends_with(":0.1"));
    measures[key.unwrap_or_else(|| panic!("{id} is not measured"))]["value"].as_f64().unwrap()
}

/// The numbers are counted again from shares of 200 rows, and their probability from the binomial distribution, term by term.
#[test]
fn one_seed_tells_models_apart_on_the_same_rows() {
    let program = Program::new();
    program.file("tiny.toml", &TINY.replace("seeds = 2", "seeds = 1"));
    let report = json(&program.must(&["run", "tiny.toml", "--json"]).stdout);
    let pairs = report["pairs"].as_array().unwrap();
    // Strengths 0.1 and 0.2 against 0, in two accuracies.
    assert_eq!(pairs.len(), 4);
    for pair in pairs {
        let of = |name: &str| pair[name].as_u64().unwrap();
        let id = pair["key"].as_str().unwrap().split('!').next().unwrap();
        let difference = measured(&report, of("point"), id) - measured(&report, of("reference"), id);
        let (gained, lost) = (of("only_point_right"), of("only_reference_right"));
        assert!((200.0 * difference - (gained as f64 - lost as f64)).abs() < 1e-9, "{pair}");
        assert_eq!(report["points"][of("reference") as usize]["strength"].as_f64(), Some(0.0));
        let n = gained + lost;
        let mut term = 0.5_f64.powi(n as i32);
        let mut tail = 0.0;
        for k in 0..=gained.min(lost) {
            tail += term;
            term *= (n - k) as f64 / (k + 1) as f64;
        }
        let p = if gained == lost { 1.0 } else { (2.0 * tail).min(1.0) };
        assert!((pair["p"].as_f64().unwrap() - p).abs() < 1e-9, "{pair}: {p}");
        assert!(pair["p_holm"].as_f64().unwrap() >= p - 1e-12);
    }
    let summary = program.must(&["report", "results/tiny"]).stdout;
    let words = summary.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("(McNemar's exact test, two-sided; Holm's correction"), "{summary}");
    let page = std::fs::read_to_string(program.path("results/tiny/summary.md")).unwrap();
    assert!(page.contains("## Told apart by one seed") && page.contains("| p after Holm |"), "{page}");

    program.file("tiny.toml", TINY);
    let report = json(&program.must(&["run", "tiny.toml", "--json", "--out", "two"]).stdout);
    assert_eq!(report["pairs"], serde_json::Value::Null, "several seeds have intervals");
}

#[test]
fn temperatures_are_shown_with_what_they_change() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let plain = json(&program.must(&["run", "tiny.toml", "--json"]).stdout);
    assert_eq!(plain["temperatures"], serde_json::Value::Null);
    assert!(!program.must(&["report", "results/tiny"]).stdout.contains("temperature"));

    program.file("tiny.toml", &format!("{TINY}\n[calibration]\ntemperature = true\n"));
    let scaled = json(&program.must(&["run", "tiny.toml", "--json"]).stdout);
    let points = scaled["points"].as_array().unwrap().len();
    let all = scaled["temperatures"].as_array().unwrap();
    assert_eq!(all.len(), points);
    for (place, entry) in all.iter().enumerate() {
        assert_eq!(entry["point"].as_u64(), Some(place as u64));
        let values: Vec<f64> =
            entry["per_seed"].as_array().unwrap().iter().map(|one| one["value"].as_f64().unwrap()).collect();
        assert_eq!(values.len(), 2);
        let of = |name: &str| entry[name].as_f64().unwrap();
        assert!((of("mean") - 0.5 * (values[0] + values[1])).abs() < 1e-12);
        assert!((of("lowest") - values[0].min(values[1])).abs() < 1e-15 && of("lowest") > 0.0);
        assert!((of("highest") - values[0].max(values[1])).abs() < 1e-15);
        let same = |id: &str| {
            let at = |report| measured(report, place as u64, id).to_bits();
            at(&plain) == at(&scaled)
        };
        // Both ends are what the report measures of the same models with and without the division.
        for change in entry["changes"].as_array().unwrap() {
            let id = change["metric"].as_str().unwrap();
            for (end, report) in [("before", &plain), ("after", &scaled)] {
                let stated = change[end].as_f64().unwrap();
                assert!((stated - measured(report, place as u64, id)).abs() < 1e-12, "{id} {end}");
            }
        }
        assert_eq!(entry["changes"].as_array().unwrap().len(), 2);
        assert!(same("accuracy") && same("robust_accuracy") && !same("nll"));
    }
    let summary = program.must(&["report", "results/tiny"]).stdout;
    let words = summary.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("Logits are divided by a temperature fitted for each model on 100 validation rows"),
        "{summary}"
    );
    assert!(words.contains("not of the model as trained"), "{summary}");
    let page = std::fs::read_to_string(program.path("results/tiny/summary.md")).unwrap();
    assert!(page.contains("## Temperatures") && page.contains("before → after"));
    let page = std::fs::read_to_string(program.path("results/tiny/report.html")).unwrap();
    assert!(page.contains("id=\"temperatures-section\""));
}

/// More coverage, lower thresholds: more wrong answers pass and fewer rows are refused. Two steps are metrics.
#[test]
fn abstention_is_told_at_every_threshold() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let report = json(&program.must(&["run", "tiny.toml", "--json"]).stdout);
    let text = std::fs::read_to_string(program.path("results/tiny/abstention.csv")).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(
        head[head.len() - 5..],
        ["coverage", "threshold", "confident_evasion", "forced_abstention", "reason"]
    );
    let points = report["points"].as_array().unwrap().len();
    // Two radii, two seeds, twenty thresholds.
    assert_eq!(lines.count(), points * 2 * 2 * 20);
    let curves = report["abstention"].as_array().unwrap();
    assert_eq!(curves.len(), points);
    for curve in curves {
        assert_eq!((curve["epsilon"].as_f64(), curve["norm"].as_str()), (Some(0.1), Some("linf")));
        let list = |of: &serde_json::Value| -> Vec<f64> {
            of.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
        };
        let mean = |name: &str| list(&curve[name]["mean"]);
        assert_eq!(list(&curve["coverage"]).len(), 20);
        assert!(mean("threshold").is_sorted_by(|a, b| a >= b));
        assert!(
            mean("confident_evasion").is_sorted() && mean("forced_abstention").is_sorted_by(|a, b| a >= b)
        );
        assert!(
            list(&curve["threshold"]["lowest"]).iter().zip(mean("threshold")).all(|(low, mean)| *low <= mean)
        );
        let point = curve["point"].as_u64().unwrap();
        for (place, word) in [(15, "80"), (18, "95")] {
            for id in ["confident_evasion", "forced_abstention"] {
                let metric = measured(&report, point, &format!("{id}_{word}"));
                assert!((mean(id)[place] - metric).abs() < 1e-12, "{id}_{word}");
            }
        }
    }
}

/// What is right where the attacks first broke each row is what stands; the bins and the whole curve say the same of all rows.
#[test]
fn confidences_under_attack_agree_with_robust_accuracy() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let report = json(&program.must(&["run", "tiny.toml", "--json"]).stdout);
    let confidences = report["confidences"].as_array().unwrap();
    assert!(confidences.len() > 6, "three strengths and several models, clean and under attack");
    for one in confidences {
        let point = one["point"].as_u64().unwrap();
        let id = if one["attack"].is_null() { "accuracy" } else { "robust_accuracy" };
        let right = measured(&report, point, id);
        let near = |found: f64| assert!((found - right).abs() < 1e-9, "{found}, not {right}: {one}");
        near(one["accuracy"].as_f64().unwrap());
        let list = |of: &serde_json::Value| -> Vec<f64> {
            of.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
        };
        let (shares, accuracy) = (list(&one["bins"]["share"]), list(&one["bins"]["accuracy"]));
        near(shares.iter().zip(accuracy).map(|(share, right)| share * right).sum());
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        near(1.0 - list(&one["risk_coverage"]["risk"]).last().unwrap());
        if id == "accuracy" {
            // The calibration error of each seed by itself, and not of all rows together, is `ece_15`; no error of the mixture is larger than their mean.
            let confidence = list(&one["bins"]["confidence"]);
            let accuracy = list(&one["bins"]["accuracy"]);
            let error: f64 = (0..shares.len()).map(|i| shares[i] * (confidence[i] - accuracy[i]).abs()).sum();
            assert!(error <= measured(&report, point, "ece_15") + 1e-9, "{error}: {one}");
        }
    }
}
