//! `equipoise front` from the outside.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{Program, answer};

const SHEET: &str = "name,acc,robust,gap\n\
    plain,0.95,0.10,0.08\n\
    weak,0.93,0.40,0.06\n\
    worse,0.92,0.35,0.07\n\
    strong,0.80,0.60,0.05\n\
    twin,0.80,0.60,0.05\n\
    broken,0.50,0.05,0.30\n";

const OBJECTIVES: [&str; 6] = ["--max", "acc", "--max", "robust", "--min", "gap"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ["front", "sweep.csv"].iter().chain(&OBJECTIVES).chain(more).copied().collect()
}

/// By hand: `worse` is dominated by `weak`, `broken` by `plain`. Up to acc 0, robust 0 and gap 1 by inclusion and exclusion over plain, weak and strong:
/// .95·.10·.92 + .93·.40·.94 + .80·.60·.95 − .93·.10·.92 − .80·.10·.92 − .80·.40·.94 + .80·.10·.92 = .50672.
#[test]
fn scripts_get_one_object() {
    let program = Program::new();
    program.file("sweep.csv", SHEET);
    let found = program.must(&with(&[
        "--ref",
        "acc=0,robust=0,gap=1",
        "--bounds",
        "acc=0:1,robust=0:1,gap=0:1",
        "--json",
    ]));
    assert_eq!(found.stdout.lines().count(), 1);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    let named =
        |name: &str, direction: &str| json!({"name": name, "direction": direction, "low": 0.0, "high": 1.0});
    assert_eq!(
        found["objectives"],
        json!([named("acc", "max"), named("robust", "max"), named("gap", "min")])
    );
    assert_eq!(found["members"], json!([0, 1, 3, 4]));
    assert_eq!((&found["dominated"], &found["dominated_by"]), (&json!([2, 5]), &json!([1, 0])));
    assert_eq!(found["reference"], json!({"acc": 0.0, "robust": 0.0, "gap": 1.0}));
    assert!((found["hypervolume"].as_f64().unwrap() - 0.50672).abs() < 1e-12, "{found}");
    assert!((found["hypervolume_share"].as_f64().unwrap() - 0.50672).abs() < 1e-12);
    assert_eq!((&found["hypervolume_error"], &found["outside_reference"]), (&Value::Null, &json!([])));
    // plain alone has what weak lacks in accuracy: .02·.10·.92; the twins stand for each other.
    let own: Vec<f64> = serde_json::from_value(found["contributions"].clone()).unwrap();
    assert!((own[0] - 0.001_84).abs() < 1e-12 && own[2].abs() < 1e-15 && own[3].abs() < 1e-15, "{own:?}");

    let first = program.must(&with(&["--ties", "first", "--json"]));
    let first: Value = serde_json::from_str(&first.stdout).unwrap();
    assert_eq!((&first["members"], &first["repeated"]), (&json!([0, 1, 3]), &json!([4])));
    assert_eq!((&first["reference_given"], &first["hypervolume_share"]), (&json!(false), &Value::Null));
}

#[test]
fn standard_input_gives_the_same_and_the_printed_reference_can_be_kept() {
    let program = Program::new();
    program.file("sweep.csv", SHEET);
    let table = program.must(&with(&[])).stdout;
    let kept = table.lines().find_map(|line| line.trim().strip_prefix("--ref ")).unwrap();
    let hypervolume =
        |text: &str| text.lines().find(|line| line.starts_with("Hypervolume")).unwrap().to_owned();
    assert_eq!(hypervolume(&program.must(&with(&["--ref", kept])).stdout), hypervolume(&table));

    let piped: Vec<&str> =
        with(&["--json"]).into_iter().map(|word| if word == "sweep.csv" { "-" } else { word }).collect();
    let mut child = program
        .command(&piped)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(SHEET.as_bytes()).unwrap();
    let piped = answer(child.wait_with_output().unwrap());
    assert_eq!(piped.stdout, program.must(&with(&["--json"])).stdout);
}

#[test]
fn members_come_with_all_their_columns() {
    let program = Program::new();
    program.file("sweep.csv", SHEET);
    let csv = program.must(&with(&["--csv", "--ref", "acc=0,robust=0,gap=1"])).stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines.len(), lines[0]), (5, "row,name,acc,robust,gap,contribution"));
    assert!(lines[2].starts_with("1,weak,0.93,0.40,0.06,0."), "{csv}");
    let table = program.must(&with(&[])).stdout;
    for part in [
        "On the front are 4 of 6",
        "acc ↑, robust ↑, gap ↓",
        "weak",
        "Dominated are 2: 2 (by 1), 5 (by 0).",
        "Knees",
    ] {
        assert!(table.contains(part), "`{part}` is missing in:\n{table}");
    }
}

#[test]
fn bad_input_gets_one_clear_message() {
    let program = Program::new();
    program.file("sweep.csv", SHEET);
    let refused = |arguments: &[&str], parts: &[&str]| {
        let said = program.refused(arguments);
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing in:\n{said}");
        }
    };
    refused(&["front", "sweep.csv"], &["--max", "--min"]);
    refused(&["front", "nowhere.csv", "--max", "a,b"], &["nowhere.csv"]);
    refused(&["front", "sweep.csv", "--max", "acc"], &["two objectives at least"]);
    refused(&["front", "sweep.csv", "--max", "acc,robst"], &["no column `robst`", "did you mean `robust`?"]);
    refused(
        &["front", "sweep.csv", "--max", "acc,name"],
        &["line 2, column `name`", "`plain` is not a number"],
    );
    refused(&with(&["--ref", "acc=0"]), &["says nothing of `robust`"]);
    refused(&with(&["--ref", "acc=0,robust=0,gp=1"]), &["`gp` is no objective", "did you mean `gap`?"]);
    refused(
        &with(&["--bounds", "acc=0:0.9,robust=0:1,gap=0:1"]),
        &["line 2, column `acc`: `0.95` lies outside --bounds acc=0:0.9"],
    );
    refused(&with(&["--by", "nam"]), &["no column `nam`", "did you mean `name`?"]);
    for (content, part) in [
        ("", "the file is empty"),
        ("acc,gap\n", "no rows"),
        ("acc\n1\n", "no column `gap`"),
        ("acc,gap\n1,2\nnan,1\n", "line 3, column `acc`: `nan` is not a number"),
        ("acc,gap\n1,\n", "line 2, column `gap`"),
        ("acc;gap\n1;2\n", "--separator ';'"),
    ] {
        program.file("other.csv", content);
        refused(&["front", "other.csv", "--max", "acc", "--min", "gap"], &["`other.csv`", part]);
    }
}

/// Members are members, whatever the reference; that nothing is better than it is said.
#[test]
fn a_reference_out_of_reach_costs_no_members() {
    let program = Program::new();
    program.file("sweep.csv", SHEET);
    let asked = with(&["--ref", "acc=1,robust=0,gap=1"]);
    let answer = program.must(&[&asked[..], &["--json"]].concat());
    let found: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&found["members"], &found["hypervolume"]), (&json!([0, 1, 3, 4]), &json!(0.0)));
    assert_eq!(found["outside_reference"], json!([0, 1, 2, 3, 4, 5]));
    let part = "no row is better than the reference acc=1, robust=0, gap=1 on every objective; the best `acc` is 0.95";
    assert!(answer.stderr.contains(part), "{}", answer.stderr);
    assert!(program.must(&asked).stdout.contains(part));
}

/// Two seeds each; by hand `a` is (0.9, 0.2) and `b`, whose seeds trade places, (0.7, 0.3).
#[test]
fn replicates_become_one_configuration() {
    let program = Program::new();
    let runs = "model,seed,acc,robust\na,0,1.0,0.2\nb,0,0.6,0.4\na,1,0.8,0.2\nb,1,0.8,0.2\nc,0,0.65,0.25\n";
    program.file("runs.csv", runs);
    let asked = ["front", "runs.csv", "--max", "acc,robust", "--by", "model", "--ref", "acc=0,robust=0"];
    let found: Value =
        serde_json::from_str(&program.must(&[&asked[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(
        (&found["rows"], &found["configurations"], &found["by"]),
        (&json!(5), &json!(3), &json!(["model"]))
    );
    assert_eq!((&found["members"], &found["replicates"]), (&json!([0, 1]), &json!([2, 2])));
    assert_eq!((&found["dominated"], &found["dominated_by"]), (&json!([4]), &json!([1])));
    assert!((found["values"][1]["robust"].as_f64().unwrap() - 0.3).abs() < 1e-12, "{found}");
    assert!((found["hypervolume"].as_f64().unwrap() - (0.9 * 0.2 + 0.7 * 0.1)).abs() < 1e-12, "{found}");
    let table = program.must(&asked).stdout;
    for part in
        ["5 rows of 3 configurations by model", "On the front are 2 of 3", "have 1 to 2 rows", "0.9", "0.7"]
    {
        assert!(table.contains(part), "`{part}` is missing in:\n{table}");
    }
    let csv = program.must(&[&asked[..], &["--csv"]].concat()).stdout;
    assert!(csv.starts_with("row,model,acc,robust,rows,contribution\n0,a,0.9"), "{csv}");
}

/// Every indicator of the table, both ways; what has no value says why.
#[test]
fn another_file_is_told_of_by_every_indicator() {
    let program = Program::new();
    program.file("new.csv", "acc,gap\n0.9,0.3\n");
    program.file("old.csv", "acc,gap\n0.8,0.1\n0.9,0.4\n");
    program.file("zero.csv", "acc,gap\n0,0.1\n");
    let asked = ["front", "new.csv", "--max", "acc", "--min", "gap", "--against"];
    let found: Value =
        serde_json::from_str(&program.must(&[&asked[..], &["old.csv", "--json"]].concat()).stdout).unwrap();
    let against = &found["against"];
    for indicator in &equipoise::pareto::indicators::TABLE {
        for side in [against, &against["reverse"]] {
            assert!(side[indicator.id].is_f64(), "{}: {against}", indicator.id);
        }
    }
    assert!((against["multiplicative_epsilon"].as_f64().unwrap() - 3.0).abs() < 1e-12, "{against}");
    assert!((against["reverse"]["coverage"].as_f64().unwrap()).abs() < 1e-12, "{against}");
    let table = program.must(&[&asked[..], &["old.csv"]].concat()).stdout;
    for part in [
        "Against old.csv",
        "additive epsilon",
        "R2",
        "IGD+",
        "less is better",
        "--bounds makes them comparable",
    ] {
        assert!(table.contains(part), "`{part}` is missing in:\n{table}");
    }
    let table = program.must(&[&asked[..], &["zero.csv"]].concat()).stdout;
    assert!(table.contains("no multiplicative epsilon: a value of 0 has no factor"), "{table}");
}

/// A name may hold commas and quotes: it then stands in quotes, and the reference is printed as it is taken.
#[test]
fn names_that_hold_commas_are_reached() {
    let program = Program::new();
    program.file("comma.csv", "\"acc, clean\",\"the \"\"gap\"\"\",b\n0.9,0.3,1\n0.8,0.1,2\n0.7,0.2,0\n");
    let max = "\"acc, clean\",b";
    let min = "\"the \"\"gap\"\"\"";
    let table = program.must(&["front", "comma.csv", "--max", max, "--min", min]).stdout;
    assert!(table.contains("acc, clean ↑, b ↑, the \"gap\" ↓"), "{table}");
    let kept = table.lines().find_map(|line| line.trim().strip_prefix("--ref ")).unwrap();
    // As a shell takes it: in single quotes.
    let kept = kept.strip_prefix('\'').and_then(|kept| kept.strip_suffix('\'')).unwrap();
    let again = program.must(&["front", "comma.csv", "--max", max, "--min", min, "--ref", kept, "--json"]);
    let again: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again["members"], json!([0, 1]));
    let scaled = ["--bounds", "\"acc, clean\"=0:1,\"the \"\"gap\"\"=0:1\"", "--json"];
    let scaled = program
        .must(&[&["front", "comma.csv", "--max", "\"acc, clean\"", "--min", min], &scaled[..]].concat());
    let scaled: Value = serde_json::from_str(&scaled.stdout).unwrap();
    assert_eq!(
        (&scaled["reference_from"], &scaled["reference"]["acc, clean"]),
        (&json!("bounds"), &json!(0.0))
    );
    // 0.9 · 0.7 + 0.8 · 0.2.
    assert!((scaled["hypervolume"].as_f64().unwrap() - 0.79).abs() < 1e-12, "{scaled}");
    let said = program.refused(&["front", "comma.csv", "--max", "acc, clean,b"]);
    for part in ["no column `acc`", "stands in double quotes: '\"acc, clean\"'"] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    let said = program.refused(&["front", "comma.csv", "--max", "\"acc, clean,b"]);
    assert!(said.contains("opens a quote and does not close it"), "{said}");
}

#[test]
fn of_many_columns_the_nearest_are_named() {
    let program = Program::new();
    let header: Vec<String> = (0..40).map(|at| format!("metric_{at}_mean")).collect();
    let row = vec!["0.5"; 40].join(",");
    program.file("wide.csv", &format!("{}\n{row}\n", header.join(",")));
    let said = program.refused(&["front", "wide.csv", "--max", "metric_7_mean", "--min", "metric_12"]);
    for part in ["no column `metric_12`", "of 40 columns the nearest are `metric_12_mean`, "] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    assert!(said.matches('`').count() < 20, "{said}");
}

/// Every null has a reason beside it: its own, or that of what it is part of.
fn nulls(value: &Value, reasons: bool, path: &str) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let reasons = ["reason", "bounds_reason", &format!("{name}_reason")];
                let said = reasons.iter().any(|reason| fields.contains_key(*reason));
                nulls(field, said, &format!("{path}.{name}"));
            }
        }
        Value::Array(all) => all.iter().for_each(|value| nulls(value, false, path)),
        Value::Null => assert!(reasons, "{path} is null without a reason"),
        _ => {}
    }
}

/// Whoever reads JSON can tell what was not asked for from what is not defined.
#[test]
fn where_there_is_nothing_the_reason_stands_beside_it() {
    let program = Program::new();
    program.file("sweep.csv", SHEET);
    let found: Value = serde_json::from_str(&program.must(&with(&["--json"])).stdout).unwrap();
    assert_eq!(found["knees"]["angle"]["row"], Value::Null);
    assert_eq!(found["knees"]["angle"]["defined"], json!(false));
    assert_eq!(found["knees"]["angle"]["reason"], "it is of two objectives only");
    assert_eq!(found["hypervolume_error_reason"], "it is exact");
    assert_eq!(found["hypervolume_share_reason"], "--bounds is not given");
    assert_eq!(found["against_reason"], "--against names no file");
    assert_eq!(found["objectives"][0]["bounds_reason"], "--bounds is not given");
    assert!(found["contributions"].is_array() && found.get("contributions_reason").is_none());
    nulls(&found, false, "");
    // In eight dimensions the volume is exact, and what each alone adds is not told.
    let names: Vec<String> = (0..8).map(|axis| format!("x{axis}")).collect();
    let row =
        |at: usize| (0..8).map(|axis| if axis == at { "0.25" } else { "0.5" }).collect::<Vec<_>>().join(",");
    program.file("eight.csv", &format!("{}\n{}\n{}\n", names.join(","), row(0), row(1)));
    let names = names.join(",");
    let asked = ["front", "eight.csv", "--min", &names];
    let found = program.must(&[&asked[..], &["--json"]].concat()).stdout;
    let found: Value = serde_json::from_str(&found).unwrap();
    nulls(&found, false, "");
    let reason = "contributions to a hypervolume in 8 dimensions are beyond reach; 7 are the most";
    assert_eq!((&found["contributions"], &found["contributions_reason"]), (&Value::Null, &json!(reason)));
    let table = program.must(&asked).stdout;
    assert!(table.contains(&format!("What each adds to the hypervolume is not told: {reason}.")), "{table}");
    let csv = program.must(&[&asked[..], &["--csv"]].concat());
    assert!(csv.stderr.contains("the column `contribution` is empty"), "{}", csv.stderr);
}

/// In nine dimensions nothing is exact; asked for, the volume comes with its error.
#[test]
fn an_approximate_volume_has_to_be_asked_for() {
    let program = Program::new();
    let header: Vec<String> = (0..9).map(|axis| format!("x{axis}")).collect();
    let row =
        |at: usize| (0..9).map(|axis| if axis == at { "0.25" } else { "0.5" }).collect::<Vec<_>>().join(",");
    program.file("many.csv", &format!("{}\n{}\n{}\n", header.join(","), row(0), row(1)));
    let reference = header.iter().map(|name| format!("{name}=1")).collect::<Vec<_>>().join(",");
    let names = header.join(",");
    let asked = ["front", "many.csv", "--min", &names, "--ref", &reference];
    assert!(program.refused(&asked).contains("--approx"));
    let mut approximate = asked.to_vec();
    approximate.extend(["--approx", "--json"]);
    let found: Value = serde_json::from_str(&program.must(&approximate).stdout).unwrap();
    let (volume, error) =
        (found["hypervolume"].as_f64().unwrap(), found["hypervolume_error"].as_f64().unwrap());
    // Two boxes .75 · .5⁸ that share .5⁹.
    let exact = (2.0 * 0.75 - 0.5) * libm::pow(0.5, 8.0);
    assert!(error > 0.0 && (volume - exact).abs() < 2.0 * error, "{volume} ± {error}, not {exact}");
}
