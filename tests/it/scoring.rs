//! `equipoise score`, run as a user would.

use std::io::{Read, Write};
use std::process::Stdio;

use serde_json::Value as Json;

use crate::program::Program;
use crate::shared;

/// Eight rows. sex F: labels 1 1 0 0, said 1 0 1 0. sex M: labels 1 0 0 1, said 1 0 0 1. The 0.5 is positive.
pub(super) const ROWS: &str = "\
id,y,p,sex,race
1,1,0.75,F,a
2,1,0.25,F,b
3,0,0.5,F,a
4,0,0.125,F,b
5,1,0.875,M,a
6,0,0.25,M,
7,0,0.0,M,b
8,1,1.0,M,a
";

pub(super) fn scored(program: &Program, arguments: &[&str]) -> Json {
    let mut all = vec!["score"];
    all.extend(arguments);
    all.push("--json");
    let answer = program.must(&all);
    assert!(answer.stderr.is_empty(), "{}", answer.stderr);
    serde_json::from_str(&answer.stdout).unwrap()
}

fn value(scored: &Json, key: &str) -> f64 {
    let number = &scored["metrics"][key];
    number["value"].as_f64().unwrap_or_else(|| panic!("`{key}` is {number}"))
}

fn reason<'a>(scored: &'a Json, key: &str) -> &'a str {
    let number = &scored["metrics"][key];
    assert!(
        number["value"].is_null() && number["low"].is_null() && number["high"].is_null(),
        "{key}: {number}"
    );
    number["reason"].as_str().unwrap_or_else(|| panic!("`{key}` is {number}"))
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
}

#[test]
fn a_binary_score_by_hand() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    let found = scored(&program, &["rows.csv", "--label", "y", "--score", "p", "--group", "sex"]);
    for (key, expected) in [
        ("accuracy", 6.0 / 8.0),
        ("balanced_accuracy", 0.75),
        ("worst_group_accuracy", 0.5),
        ("accuracy_gap", 0.5),
        ("demographic_parity_difference", 0.0),
        ("equalized_odds_difference_max", 0.5),
        ("selection_rate@sex=F", 0.5),
        ("selection_rate@sex=M", 0.5),
        ("true_positive_rate@sex=F", 0.5),
        ("true_positive_rate@sex=M", 1.0),
        ("false_positive_rate@sex=F", 0.5),
        ("false_positive_rate@sex=M", 0.0),
        ("brier_binary", (4.0 + 36.0 + 16.0 + 1.0 + 1.0 + 4.0) / 64.0 / 8.0),
        ("nll", -libm::log(0.75 * 0.25 * 0.5 * 0.875 * 0.875 * 0.75) / 8.0),
    ] {
        near(value(&found, key), expected);
    }
    for (key, number) in found["metrics"].as_object().unwrap() {
        let parts: Vec<&str> = number.as_object().unwrap().keys().map(String::as_str).collect();
        for part in ["value", "reason", "low", "high", "n"] {
            assert!(parts.contains(&part), "`{key}` has no `{part}`");
        }
        assert_ne!(number["value"].is_null(), number["reason"].is_null(), "`{key}`: a value or a reason");
        if let (Some(low), Some(high)) = (number["low"].as_f64(), number["high"].as_f64()) {
            assert!(low <= high, "{key}");
        }
    }
    assert_eq!(found["metrics"]["selection_rate@sex=F"]["n"], 4);
    assert_eq!((&found["positive"], &found["rows"]), (&Json::from("1"), &Json::from(8)));
    let higher = scored(
        &program,
        &["rows.csv", "--label", "y", "--score", "p", "--group", "sex", "--threshold", "0.6"],
    );
    near(value(&higher, "accuracy"), 7.0 / 8.0);
    near(value(&higher, "demographic_parity_difference"), 0.25);
    // Confidence does not depend on where the decision is made.
    near(value(&higher, "ece_15"), value(&found, "ece_15"));
}

#[test]
fn one_group_column_needs_no_suffix_and_several_have_one() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    let common = ["rows.csv", "--label", "y", "--score", "p", "--bootstrap", "0", "--group"];
    let with = |groups: &str| scored(&program, &[&common[..], &[groups]].concat());
    let (sex, race, both) = (with("sex"), with("race"), with("sex,race"));
    for id in ["worst_group_accuracy", "accuracy_gap", "demographic_parity_difference"] {
        near(value(&both, &format!("{id}@sex")), value(&sex, id));
        near(value(&both, &format!("{id}@race")), value(&race, id));
        assert!(both["metrics"].get(id).is_none(), "{id} of what?");
    }
    for (key, alone) in [("selection_rate@sex=F", &sex), ("true_positive_rate@race=b", &race)] {
        near(value(&both, key), value(alone, key));
    }
    let notes = race["metrics"]["demographic_parity_difference"]["notes"].to_string();
    assert!(notes.contains("1 row without `race` is left out"), "{notes}");
    assert!(race["metrics"].get("selection_rate@race=").is_none());
}

#[test]
fn decisions_alone_have_no_calibration_and_say_why() {
    let program = Program::new();
    program.file("rows.csv", "y,yhat,g\nno,yes,a\nyes,yes,a\nno,no,b\nyes,no,b\nyes,yes,b\n");
    let found = scored(&program, &["rows.csv", "--label", "y", "--prediction", "yhat", "--group", "g"]);
    near(value(&found, "accuracy"), 0.6);
    near(value(&found, "demographic_parity_difference"), 1.0 - 1.0 / 3.0);
    for key in ["ece_15", "nll", "brier_binary", "aurc"] {
        assert!(reason(&found, key).contains("probabilities"), "{key}");
    }
    assert_eq!(found["positive"], "yes");
    let turned = scored(
        &program,
        &["rows.csv", "--label", "y", "--prediction", "yhat", "--group", "g", "--positive", "no"],
    );
    near(value(&turned, "selection_rate@g=b"), 2.0 / 3.0);
}

#[test]
fn several_classes_have_a_positive_one_only_if_it_is_named() {
    let program = Program::new();
    program.file(
        "rows.csv",
        "y,p_a,p_b,p_c,g\na,0.5,0.25,0.25,u\nb,0.5,0.25,0.25,u\nc,0.125,0.25,0.625,v\na,0.25,0.75,0,v\n",
    );
    let common = ["rows.csv", "--label", "y", "--scores", "p_a,p_b,p_c", "--group", "g"];
    let found = scored(&program, &common);
    near(value(&found, "accuracy"), 0.5);
    near(value(&found, "worst_group_accuracy"), 0.5);
    assert_eq!(reason(&found, "demographic_parity_difference"), "no class of 3 was named the positive one");
    assert_eq!(reason(&found, "brier_binary"), "it is about two classes, and there are 3");
    assert_eq!(found["classes"], serde_json::json!(["a", "b", "c"]));
    let named = scored(&program, &[&common[..], &["--positive", "a"]].concat());
    near(value(&named, "demographic_parity_difference"), 1.0);
    near(value(&named, "false_positive_rate@g=u"), 1.0);
    let told = program.must(&[&["score"], &common[..]].concat()).stdout;
    assert!(told.contains("No selection rates") && told.contains("--positive"), "{told}");
}

#[test]
fn without_group_columns_fairness_is_null_with_the_reason() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    let found = scored(&program, &["rows.csv", "--label", "y", "--score", "p"]);
    for key in ["worst_group_accuracy", "demographic_parity_difference", "equalized_odds_difference_max"] {
        assert_eq!(reason(&found, key), "no group column was named", "{key}");
    }
    // What needs more than predictions (shifted rows, explanations, attacks) is not even mentioned.
    for (key, number) in found["metrics"].as_object().unwrap() {
        let group = number["reason"] == "no group column was named";
        assert!(!number["value"].is_null() || group, "{key}: {number}");
        assert!(!key.contains("corruption") && !key.contains("ood") && !key.contains('!'), "{key}");
    }
    let told = program.must(&["score", "rows.csv", "--label", "y", "--score", "p"]).stdout;
    assert!(told.contains("--group") && !told.contains("demographic parity"), "{told}");
}

#[test]
fn standard_input_is_read_like_a_file() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    let arguments = ["--label", "y", "--score", "p", "--group", "sex", "--json"];
    let from_file = program.must(&[&["score", "rows.csv"], &arguments[..]].concat()).stdout;
    let feed = |text: &str| {
        let mut child = program
            .command(&[&["score", "-"], &arguments[..]].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        crate::program::answer(child.wait_with_output().unwrap())
    };
    let piped = feed(ROWS);
    assert_eq!((piped.code, piped.stdout), (Some(0), from_file));
    let bad = feed("y,p,sex\n0,2,F\n");
    assert_eq!(bad.code, Some(2));
    assert!(
        bad.stderr.contains("standard input") && bad.stderr.contains("line 2, column `p`"),
        "{}",
        bad.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_gone_away_ends_the_program_quietly() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    for format in ["--json", "--csv", "--markdown", "--format=table"] {
        let mut child = program
            .command(&["score", "-", "--label", "y", "--score", "p", format])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Nobody reads when the program, which waits for its rows, comes to write.
        drop(child.stdout.take());
        child.stdin.take().unwrap().write_all(ROWS.as_bytes()).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn the_bytes_depend_on_the_seed_and_not_on_threads_or_the_order_of_rows() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    let mut lines: Vec<&str> = ROWS.lines().collect();
    lines[1..].reverse();
    program.file("turned.csv", &lines.join("\n"));
    let arguments = ["--label", "y", "--score", "p", "--group", "sex", "--json"];
    let run = |file: &str, threads: &str, more: &[&str]| {
        let arguments = [&["score", file], &arguments[..], more].concat();
        let answer = program.command(&arguments).env("RAYON_NUM_THREADS", threads).output().unwrap();
        String::from_utf8(answer.stdout).unwrap()
    };
    let once = run("rows.csv", "1", &[]);
    assert_eq!(once, run("rows.csv", "2", &[]));
    assert_ne!(once, run("rows.csv", "2", &["--seed", "1"]));
    let none = ["--bootstrap", "0"];
    assert_eq!(run("rows.csv", "1", &none), run("turned.csv", "1", &none));
}

#[test]
fn one_class_or_no_group_at_all_is_undefined_and_no_error() {
    let program = Program::new();
    program.file("rows.csv", "y,p,g\n1,0.75,\n1,0.25,\n1,1,\n");
    let found = scored(&program, &["rows.csv", "--label", "y", "--score", "p", "--group", "g"]);
    near(value(&found, "accuracy"), 2.0 / 3.0);
    assert!(reason(&found, "class_disparity").contains("two classes"));
    assert!(reason(&found, "worst_group_accuracy").contains("`g`"));
    program.file("groups.csv", "y,p,g\n1,0.75,a\n1,0.25,b\n1,1,b\n");
    let found = scored(&program, &["groups.csv", "--label", "y", "--score", "p", "--group", "g"]);
    near(value(&found, "demographic_parity_difference"), 0.5);
    assert!(reason(&found, "equalized_odds_difference_max").contains("outside the positive class"));
    assert!(reason(&found, "false_positive_rate@g=a").contains("`g=a`"));
}

/// A column with an unused double name, or bytes that are no text in an unused column, harm nobody.
#[test]
fn columns_that_are_not_asked_for_may_be_anything() {
    let program = Program::new();
    let bytes = b"y,p,x,x,note\n1,0.75,nan,,\xff\n0,0.25,7,inf,\n";
    equipoise::files::write_atomic(&program.path("rows.csv"), bytes, None).unwrap();
    near(value(&scored(&program, &["rows.csv", "--label", "y", "--score", "p"]), "accuracy"), 1.0);
}

/// ProPublica's file as it is (two of its columns are called `decile_score`), with the decision of their analysis beside it:
/// a decile of 5 or more is high.
#[test]
fn the_published_error_rates_of_compas_are_reproduced() {
    let Some(shared) = shared::folder() else { return };
    let bytes = std::fs::read(shared.join("datasets/compas/compas-scores-two-years.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let decile = header.iter().position(|name| name == "decile_score").unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header.iter().chain(["high"])).unwrap();
    for row in reader.records().map(Result::unwrap) {
        let high = if row[decile].parse::<u8>().unwrap() >= 5 { "1" } else { "0" };
        writer.write_record(row.iter().chain([high])).unwrap();
    }
    let program = Program::new();
    program.file("compas.csv", &String::from_utf8(writer.into_inner().unwrap()).unwrap());
    let common =
        ["compas.csv", "--label", "two_year_recid", "--prediction", "high", "--bootstrap", "0", "--group"];
    let race = scored(&program, &[&common[..], &["race"]].concat());
    assert_eq!(race["rows"], 7214);
    for (group, false_positive, false_negative) in
        [("African-American", 44.85, 27.99), ("Caucasian", 23.45, 47.72)]
    {
        let percent = |id: &str| 100.0 * value(&race, &format!("{id}@race={group}"));
        assert!((percent("false_positive_rate") - false_positive).abs() < 0.005, "{group}");
        assert!((100.0 - percent("true_positive_rate") - false_negative).abs() < 0.005, "{group}");
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/metrics/scores.json");
    let expected: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let sex = scored(&program, &[&common[..], &["sex"]].concat());
    for (found, attribute) in [(&race, "race"), (&sex, "sex")] {
        let groups = expected["compas"][attribute].as_object().unwrap();
        for (group, rates) in groups {
            for (id, rate) in [
                ("selection_rate", rates["selection_rate"].as_f64().unwrap()),
                ("group_accuracy", rates["accuracy"].as_f64().unwrap()),
                ("false_positive_rate", rates["false_positive_rate"].as_f64().unwrap()),
                ("true_positive_rate", 1.0 - rates["false_negative_rate"].as_f64().unwrap()),
            ] {
                near(value(found, &format!("{id}@{attribute}={group}")), rate);
            }
        }
        let aggregates = expected["compas"][format!("{attribute}_aggregates")].as_object().unwrap();
        for (id, aggregate) in aggregates {
            if equipoise::metrics::find(id).is_some() {
                near(value(found, id), aggregate.as_f64().unwrap());
            }
        }
    }
    let message = program.refused(&[&["score"], &common[..], &["decile_score"]].concat());
    assert!(message.contains("column `decile_score`: columns 12 and 40"), "{message}");
}

#[test]
fn a_single_group_is_said_to_be_one() {
    let program = Program::new();
    program.file("rows.csv", "y,p,g\n1,0.75,a\n0,0.25,a\n1,0.5,a\n");
    let found = scored(&program, &["rows.csv", "--label", "y", "--score", "p", "--group", "g"]);
    let said = reason(&found, "equal_opportunity_difference");
    assert!(said.contains("`g` has 1 group") && !said.contains("none in"), "{said}");
}
