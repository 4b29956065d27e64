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
