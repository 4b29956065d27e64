//! What the formats make of a verdict.

use equipoise::gate::{self, Later, Policy, Rules, Side, Verdict};
use equipoise::report::gate as telling;
use equipoise::report::gate::Story;
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

use super::schema;
use super::simulation::side;

/// Twelve points, of which `worse` lose 3 points of both numbers; everything else is as it was, but for noise that hides nothing.
fn judged(worse: usize, policy: Policy) -> Verdict {
    let values = |loss: &dyn Fn(usize, usize) -> f64| {
        let value = |point: usize, metric: usize, seed: usize| {
            0.9 - 0.05 * point as f64 - 0.1 * metric as f64 - loss(point, seed)
        };
        (0..12)
            .map(|point| {
                (0..2).map(|metric| (0..7).map(|seed| value(point, metric, seed)).collect()).collect()
            })
            .collect::<Vec<_>>()
    };
    let noise = |seed: usize| if seed.is_multiple_of(2) { 0.0005 } else { -0.0005 };
    let mut before: Side = side(values(&|_, _| 0.0), 7);
    let now = side(
        values(&|point, seed| noise(seed) + if point < worse { 0.03 + 0.001 * point as f64 } else { 0.0 }),
        7,
    );
    for gated in &mut before.gated {
        gated.margin = 0.005;
    }
    let rules = Rules { alpha: 0.05, policy, hypervolume_margin: 0.005, epsilon_margin: 0.005, claim: None };
    let comparison = gate::compare(&before, &now);
    let examination = gate::examine(&before, &now, &comparison, &rules);
    gate::conclude(&before, &comparison, Some(examination), Later::default(), &rules)
}

fn story(verdict: &Verdict, code: u8) -> Story<'_> {
    Story {
        name: "curve",
        baseline: Some("results/baselines/curve"),
        rules: None,
        samples: Some("abc"),
        alpha: 0.05,
        policy: "detect",
        code,
        verdict,
    }
}

#[test]
fn annotations_are_ten_at_most_worst_first_and_say_how_many_more_there_are() {
    let verdict = judged(8, Policy::Detect);
    let text = telling::annotations(&story(&verdict, 1), Some(("configs/a,b.toml", Some(12))));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), telling::MOST_ANNOTATIONS);
    let start = "::error file=configs/a%2Cb.toml,line=12,title=Equipoise gate%3A regressed::";
    assert!(lines.iter().all(|line| line.starts_with(start)), "{text}");
    // Alike in p; the largest loss first: that of the front as a whole, then the eighth point's.
    assert!(lines[0].contains("hypervolume at front: worse by +5.0 points"), "{text}");
    assert!(lines[1].contains("strength=7: worse by +3.7 points"), "{text}");
    // 8 points, 2 numbers, hypervolume and epsilon are 18, of which 9 are named.
    assert!(lines[9].ends_with("::and 9 more in verdict.json"), "{text}");
    assert!(!text.contains('\r') && text.lines().all(|line| !line[2..].contains(" % ")), "{text}");
}

#[test]
fn few_findings_are_all_annotated_and_good_news_is_a_notice() {
    let verdict = judged(1, Policy::Detect);
    let text = telling::annotations(&story(&verdict, 1), None);
    assert!(
        text.lines().all(|line| line.starts_with("::error title=")) && !text.contains("more in verdict.json")
    );
    let verdict = judged(0, Policy::Detect);
    assert!(
        telling::annotations(&story(&verdict, 0), None)
            .starts_with("::notice title=Equipoise gate%3A no-change::")
    );
}

#[test]
fn junit_reads_back_with_a_case_per_endpoint() {
    let verdict = judged(8, Policy::Detect);
    let xml = telling::junit(&story(&verdict, 1)).unwrap();
    let report = Report::deserialize_from_str(&xml).unwrap();
    let suite = &report.test_suites[0];
    assert_eq!(suite.test_cases.len(), 1 + 24 + 2, "the verdict, 12 points with 2 numbers, the front twice");
    let failures = suite
        .test_cases
        .iter()
        .filter(|case| {
            matches!(&case.status, TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. })
        })
        .count();
    assert_eq!(failures, 1 + 16 + 2);
    let case = suite.test_cases.iter().find(|case| case.name.as_str() == "strength=0").unwrap();
    assert_eq!(case.classname.as_ref().unwrap().as_str(), "accuracy");
}

/// Alarms that did not come back on fresh seeds are no failures.
#[test]
fn junit_and_annotations_leave_out_what_was_not_confirmed() {
    let mut verdict = judged(1, Policy::Detect);
    let alarms = verdict.examination.as_ref().unwrap().alarms();
    let cleared = |endpoint: &usize| gate::Confirmed {
        endpoint: *endpoint,
        mean: Some(0.0),
        p: Some(0.4),
        stands: *endpoint == alarms[0],
    };
    verdict.confirmation = Some(gate::Confirmation {
        seeds: vec![7],
        paired: true,
        alarms: alarms.iter().map(cleared).collect(),
    });
    assert!(alarms.len() > 1);
    let xml = telling::junit(&story(&verdict, 1)).unwrap();
    let suite = &Report::deserialize_from_str(&xml).unwrap().test_suites[0];
    assert_eq!(suite.failures, 2, "the verdict, and the alarm that stands: {xml}");
    let text = telling::annotations(&story(&verdict, 1), None);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(telling::terminal(&story(&verdict, 1), None).contains("worse, not confirmed"));
}

#[test]
fn a_gate_that_compared_nothing_is_an_error_in_junit() {
    let verdict = gate::not_comparable(vec!["there is no baseline in `a<b>&c`".to_owned()]);
    let xml = telling::junit(&story(&verdict, 3)).unwrap();
    let report = Report::deserialize_from_str(&xml).unwrap();
    let TestCaseStatus::NonSuccess { kind, message, .. } = &report.test_suites[0].test_cases[0].status else {
        panic!("{xml}")
    };
    assert_eq!(*kind, NonSuccessKind::Error);
    assert!(message.as_ref().unwrap().as_str().contains("`a<b>&c`"));
    assert_eq!(report.errors, 1);
}

#[test]
fn markdown_has_ten_endpoints_and_a_line_to_be_found_by() {
    let verdict = judged(8, Policy::Detect);
    let text = telling::markdown(&story(&verdict, 1), Some("results/curve"));
    assert!(text.starts_with(&format!("{}\n## ❌ curve: regressed\n", telling::MARKER)));
    let rows =
        text.lines().filter(|line| line.starts_with("| strength") || line.starts_with("| front")).count();
    assert_eq!(rows, 10);
    assert!(text.contains("and 16 more in `verdict.json`"));
    for expected in
        ["level 0.05", "correlation of the two sides", "alarms with 80 % probability", "baseline accept"]
    {
        assert!(text.to_lowercase().contains(expected), "{expected}: {text}");
    }
    assert!(text.len() < 65_536);
}

#[test]
fn the_terminal_has_lines_of_a_hundred_characters() {
    let verdict = judged(8, Policy::Detect);
    let text = telling::terminal(&story(&verdict, 1), Some("results/curve"));
    assert!(text.starts_with("curve: regressed against results/baselines/curve\n"));
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    assert!(text.contains("and 16 more in verdict.json"));
}

#[test]
fn verdict_json_is_as_its_schema_says() {
    for (worse, code) in [(8, 1), (0, 0)] {
        let verdict = judged(worse, Policy::Detect);
        let value = schema::verdict(&telling::json(&story(&verdict, code)).unwrap());
        assert_eq!(value["endpoints"].as_array().unwrap().len(), 26);
        assert_eq!(value["code"], code);
    }
    schema::verdict(&telling::json(&story(&gate::error(vec!["x".to_owned()]), 2)).unwrap());
    schema::verdict(&telling::json(&story(&gate::not_comparable(vec!["x".to_owned()]), 3)).unwrap());
    let missing = vec![("a".to_owned(), "b".to_owned())];
    let verdict = Verdict { missing, ..gate::incomplete(vec!["x".to_owned()]) };
    schema::verdict(&telling::json(&story(&verdict, 5)).unwrap());
}
