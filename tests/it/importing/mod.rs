//! Models made elsewhere, through the program: what comes out equals what was worked out by hand.

mod broken;
mod few;
mod folder;
mod gate;
mod leaderboard;

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use self::folder::{Array, Folder};
use crate::program::{Program, TINY, fingerprint};

/// Nine models with validation rows; its README works out the numbers.
pub(crate) fn theirs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import/theirs")
}

/// The report of an imported folder.
fn report(program: &Program, folder: &Path, out: &str) -> Json {
    program.must(&["import", folder.to_str().unwrap(), "--out", out]);
    serde_json::from_str(&program.must(&["report", out, "--json"]).stdout).unwrap()
}

/// The number whose key begins with `id` (and ends with `end`) of point number `point`.
fn number<'a>(report: &'a Json, point: usize, id: &str, end: &str) -> &'a Json {
    let measures = report["points"][point]["measures"].as_object().unwrap();
    let is_meant = |key: &str| key.split(['@', '!']).next() == Some(id) && key.ends_with(end);
    let found: Vec<&Json> =
        measures.iter().filter(|(key, _)| is_meant(key)).map(|(_, value)| value).collect();
    assert_eq!(found.len(), 1, "{id} … {end}: {:?}", measures.keys().collect::<Vec<_>>());
    found[0]
}

fn close(found: &Json, expected: f64) {
    let value = found["value"].as_f64().unwrap_or_else(|| panic!("{found}"));
    assert!((value - expected).abs() < 1e-9, "{value} instead of {expected}");
}

#[test]
fn what_is_imported_comes_out_as_worked_out_by_hand() {
    let program = Program::new();
    let report = report(&program, &theirs(), "results/theirs");
    // By strength: accuracy, robust at 0.1 and 0.15, worst class, worst group, by seed.
    let table = [
        [[1.0, 1.0, 0.8], [0.5, 0.5, 0.8], [0.5; 3], [1.0, 1.0, 0.6], [1.0, 1.0, 0.5]],
        [[0.8; 3], [0.8; 3], [0.8; 3], [0.6; 3], [0.5; 3]],
        [[0.7; 3], [0.7; 3], [0.7; 3], [0.4; 3], [0.5; 3]],
    ];
    let keys = [
        ("accuracy", ""),
        ("robust_accuracy", ":linf:0.1"),
        ("robust_accuracy", ":linf:0.15"),
        ("worst_class_accuracy", ""),
        ("worst_group_accuracy", "@sex"),
    ];
    for (point, row) in table.iter().enumerate() {
        for ((id, end), expected) in keys.iter().zip(row) {
            let found = number(&report, point, id, end);
            close(found, expected.iter().sum::<f64>() / 3.0);
            for (own, expected) in found["per_seed"].as_array().unwrap().iter().zip(expected) {
                close(own, *expected);
            }
        }
        // The attack is said to be exact.
        assert_eq!(number(&report, point, "robust_accuracy", ":linf:0.1")["bound"], "exact");
    }
    // Strength 2 is dominated; the staircase covers 0.6 × 14/15 and 0.2 × 0.8.
    assert_eq!(report["front"]["members"], json!([0, 1]));
    let volume = report["front"]["hypervolume"].as_f64().unwrap();
    assert!((volume - (0.6 * 14.0 / 15.0 + 0.2 * 0.8)).abs() < 1e-9, "{volume}");
    // The threat is named as in the keys.
    let protocol = report["threat"]["protocol"].as_str().unwrap();
    assert!(
        report["front"].to_string().contains(&format!("robust_accuracy!{protocol}:linf:0.1")),
        "{protocol}"
    );
    assert_eq!(report["data"]["rows"], json!({ "train": 100, "validation": 10, "test": 20 }));
    let said = report["headlines"].to_string();
    assert!(said.contains("taken as they were stated") && said.contains("no sanity check"), "{said}");
    // Nobody looked: no check is claimed but the one that needs no model.
    for row in report["checks"].as_array().unwrap() {
        assert!(row.to_string().contains("degenerate"), "{row}");
    }
}

#[test]
fn an_import_repeats_to_the_byte_and_keeps_to_its_folder() {
    let program = Program::new();
    let (theirs, out) = (theirs(), "results/theirs");
    let theirs = theirs.to_str().unwrap();
    let checked = program.must(&["import", theirs, "--check"]);
    assert!(
        checked.stderr.contains("in order: 9 models on 10 validation and 20 test rows"),
        "{}",
        checked.stderr
    );
    assert!(!program.path("results").exists(), "a check writes nothing");
    program.must(&["import", theirs]);
    let before = fingerprint(&program.path(out));
    program.must(&["import", &format!("{theirs}/import.json"), "--out", out]);
    assert_eq!(fingerprint(&program.path(out)), before);
    program.must(&["import", theirs, "--out", "results/again"]);
    assert_eq!(fingerprint(&program.path("results/again")), before);
    // Nothing is trained among imported results, and nothing imported among trained ones.
    program.file("tiny.toml", TINY);
    let said = program.refused(&["run", "tiny.toml", "--out", out]);
    assert!(said.contains("holds imported results") && said.contains("--out"), "{said}");
    assert_eq!(fingerprint(&program.path(out)), before);
    let mut other = Folder::of_two_classes();
    other.write(&program.path("other"));
    let said = program.refused(&["import", "other", "--out", out]);
    assert!(said.contains("holds other results"), "{said}");
}

#[test]
fn safetensors_say_the_same_as_npz() {
    let program = Program::new();
    // The fixture's first cell on test rows by hand: b = 0.5.
    let x: Vec<f64> =
        [(0.1, 6), (0.45, 4), (0.55, 6), (0.9, 4)].iter().flat_map(|(x, n)| vec![*x; *n]).collect();
    let mut folder = Folder::read(&theirs());
    let logits = x.iter().flat_map(|x| [0.0, (10.0 * (x - 0.5)) as f32]).collect();
    let standing = [0.1, 0.15].iter().flat_map(|eps| x.iter().map(move |x| (x - 0.5).abs() > *eps)).collect();
    let distance = [0, 1].iter().flat_map(|_| x.iter().map(|x| (x - 0.5).abs())).collect();
    folder.put(
        "first.safetensors",
        vec![
            ("predictions", vec![20], Array::Integers(x.iter().map(|x| i64::from(*x > 0.5)).collect())),
            ("logits", vec![20, 2], Array::Singles(logits)),
            ("line/standing", vec![2, 20], Array::Flags(standing)),
            ("line/distance", vec![2, 20], Array::Floats(distance)),
        ],
    );
    folder.description["cells"][0]["test"] = json!("first.safetensors");
    folder.write(&program.path("mixed"));
    program.must(&["import", "mixed", "--out", "a"]);
    program.must(&["import", theirs().to_str().unwrap(), "--out", "b"]);
    assert_eq!(fingerprint(&program.path("a")), fingerprint(&program.path("b")));
}

#[test]
fn probabilities_are_judged_as_they_are() {
    let program = Program::new();
    let mut folder = Folder::of_two_classes();
    // Labels are no, yes, no, yes; the third is wrong, the last by a threshold that decides otherwise than the larger probability.
    let stated = vec![0.9, 0.1, 0.25, 0.75, 0.4, 0.6, 0.5, 0.5];
    folder.replace("a.safetensors", "logits", ("probabilities", vec![4, 2], Array::Floats(stated)));
    folder.replace(
        "a.safetensors",
        "pgd/standing",
        ("pgd/standing", vec![4], Array::Flags(vec![true, false, false, true])),
    );
    folder.put_into("a.safetensors", ("predictions", vec![4], Array::Integers(vec![0, 1, 1, 1])));
    folder.write(&program.path("stated"));
    let report = report(&program, &program.path("stated"), "out");
    close(number(&report, 0, "accuracy", ""), 0.75);
    close(number(&report, 0, "robust_accuracy", ":l2:0.5"), 0.5);
    // Mean squared distance of the probability of `yes` from what was so.
    close(number(&report, 0, "brier_binary", ""), (0.01 + 0.0625 + 0.36 + 0.25) / 4.0);
    let logs: f64 = [0.9_f64, 0.75, 0.4, 0.5].iter().map(|p| -libm::log(*p)).sum();
    close(number(&report, 0, "nll", ""), logs / 4.0);
    // Under attack nothing is stated but what fell.
    let under = number(&report, 0, "nll_max_loss", ":l2:0.5");
    assert_eq!(under["value"], Json::Null);
    assert!(under["reason"].as_str().unwrap().contains("no logits are stated at the points"), "{under}");
}

#[test]
fn the_worst_case_over_attacks_counts_row_by_row() {
    let program = Program::new();
    let mut folder = Folder::of_two_classes();
    folder.description["attacks"] = json!([
        { "name": "pgd", "norm": "l2", "epsilons": [0.5], "settings": { "steps": 10 } },
        { "name": "square", "norm": "l2", "epsilons": [0.5] },
    ]);
    // The model is right on all four rows; the first attack fells row 1, the second one rows 1 and 3.
    let flags = |rows: [bool; 4]| Array::Flags(rows.to_vec());
    folder.replace(
        "a.safetensors",
        "pgd/standing",
        ("pgd/standing", vec![4], flags([true, false, true, true])),
    );
    folder.put_into("a.safetensors", ("square/standing", vec![1, 4], flags([true, false, true, false])));
    // Logits of (no, yes) at the largest loss: rows of no, yes, no, yes.
    let pgd = vec![1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 0.0, 1.0];
    let square = vec![2.0, 0.0, 1.0, 0.0, 1.0, 0.0, 4.0, 0.0];
    folder.put_into("a.safetensors", ("pgd/max_loss/logits", vec![4, 2], Array::Singles(pgd)));
    folder.put_into("a.safetensors", ("square/max_loss/logits", vec![4, 2], Array::Singles(square)));
    folder.write(&program.path("two"));
    let report = report(&program, &program.path("two"), "out");
    close(number(&report, 0, "robust_accuracy", ":l2:0.5"), 0.5);
    // The larger loss of each row: a margin m of the wrong class costs ln(1 + exp(m)).
    let loss = |margin: f64| libm::log1p(libm::exp(margin));
    let expected = (loss(-1.0) + loss(2.0) + loss(-1.0) + loss(4.0)) / 4.0;
    let found = number(&report, 0, "nll_max_loss", ":l2:0.5")["value"].as_f64().unwrap();
    assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
    // Attack by attack, and together.
    let shares: Vec<f64> =
        report["attacks"].as_array().unwrap().iter().map(|row| row["standing"].as_f64().unwrap()).collect();
    assert_eq!(shares, [0.75, 0.5, 0.5], "{}", report["attacks"]);
}

#[test]
fn a_model_that_failed_is_kept_off_the_front_with_its_reason() {
    let program = Program::new();
    let mut folder = Folder::read(&theirs());
    let cell = folder.description["cells"][4].as_object_mut().unwrap();
    assert_eq!(cell["coordinates"]["strength"], 1);
    cell.remove("test");
    cell.remove("validation");
    cell.insert("failed".to_owned(), json!("the loss became NaN"));
    folder.write(&program.path("failed"));
    program.must(&["import", "failed", "--out", "out"]);
    let answer = program.run(&["report", "out", "--json"]);
    assert_eq!(answer.code, Some(5), "{}", answer.stderr);
    let checked = program.must(&["import", "failed", "--check"]).stderr;
    assert!(checked.contains("9 models (1 of them failed)"), "{checked}");
    let report: Json = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(report["front"]["members"], json!([0, 2]));
    let excluded = report["front"]["excluded"].to_string();
    assert!(
        excluded.contains("1 of 3 seeds failed") && excluded.contains("the loss became NaN"),
        "{excluded}"
    );
}

/// That training diverges is a result: the window is recorded, without the numbers that the model would have had.
#[test]
fn a_window_with_a_failed_model_withholds_its_numbers() {
    let program = Program::new();
    let mut folder = Folder::read(&theirs());
    // One seed of strength 1 failed, and all of strength 2.
    for (cell, strength) in [(4, 1), (6, 2), (7, 2), (8, 2)] {
        let cell = folder.description["cells"][cell].as_object_mut().unwrap();
        assert_eq!(cell["coordinates"]["strength"], strength);
        cell.remove("test");
        cell.remove("validation");
        cell.insert("failed".to_owned(), json!("the loss became NaN"));
    }
    folder.write(&program.path("failed"));
    program.must(&["import", "failed", "--out", "out"]);
    let answer = program.run(&["report", "out", "--record", "v1"]);
    assert_eq!(answer.code, Some(5), "{}", answer.stderr);
    assert!(answer.stderr.contains("as window `v1`"), "{}", answer.stderr);
    assert!(answer.stderr.contains("are withheld, since 4 cells failed"), "{}", answer.stderr);
    let table = std::fs::read_to_string(program.path("out/history.csv")).unwrap();
    let mut found = std::collections::BTreeMap::new();
    for row in csv::Reader::from_reader(table.as_bytes()).records().map(Result::unwrap) {
        found.insert((row[1].to_owned(), row[2].to_owned()), row[3].to_owned());
    }
    let of = |point: &str, metric: &str| {
        let is_meant = |key: &(String, String)| key.0.contains(point) && key.1 == metric;
        let all: Vec<&String> =
            found.iter().filter(|(key, _)| is_meant(key)).map(|(_, value)| value).collect();
        assert_eq!(all.len(), 1, "{point} {metric}: {table}");
        all[0].clone()
    };
    // 1, 1 and 0.8 by hand, as above.
    assert!((of("strength=0", "accuracy").parse::<f64>().unwrap() - 2.8 / 3.0).abs() < 1e-9);
    assert_eq!(of("strength=1", "accuracy"), "");
    assert_eq!(of("strength=2", "accuracy"), "");
    assert_eq!(found[&(String::new(), "hypervolume".to_owned())], "");
    // Again: the same window.
    let answer = program.run(&["report", "out", "--record", "v1"]);
    assert!(answer.stderr.contains("recorded already"), "{}", answer.stderr);
    let rules = "[escalation]\nschema = 1\nlevels = [\"watch\"]\n[[signal]]\nid = \"a\"\nmetric = \"accuracy\"\nat = \"strength=1\"\n[[rule]]\nid = \"R\"\nlevel = \"watch\"\nwhen = \"a < 0.5\"\n";
    program.file("rules.toml", rules);
    program.must(&["report", "out", "--history", "--rules", "rules.toml"]);
    let page = std::fs::read_to_string(program.path("out/history.json")).unwrap();
    let page: Json = serde_json::from_str(&page).unwrap();
    assert_eq!(page["word"], "unknown", "{page}");
}

#[test]
fn what_is_odd_and_possible_is_remarked() {
    let program = Program::new();
    let mut folder = Folder::of_two_classes();
    folder.description["attacks"][0]["epsilons"] = json!([0.25, 0.5]);
    folder.description["threat"] = json!({ "norm": "l2", "epsilon": 0.5 });
    let flags = vec![true, false, true, true, true, true, false, true];
    folder.replace("a.safetensors", "pgd/standing", ("pgd/standing", vec![2, 4], Array::Flags(flags)));
    folder.write(&program.path("odd"));
    let said = program.must(&["import", "odd", "--out", "out"]).stderr;
    assert!(said.contains("1 rows that fell at one radius stand at the next one"), "{said}");
    let page = program.must(&["report", "out"]).stdout;
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("Note: Of defense=mine,strength=0,seed=0: under `pgd`, 1 rows"), "{page}");
    // As stated all the same.
    let report: Json = serde_json::from_str(&program.must(&["report", "out", "--json"]).stdout).unwrap();
    close(number(&report, 0, "robust_accuracy", ":l2:0.25"), 0.75);
    close(number(&report, 0, "robust_accuracy", ":l2:0.5"), 0.75);
}

#[test]
fn models_that_nobody_attacked_have_a_front_of_what_is_known() {
    let program = Program::new();
    let mut folder = Folder::of_two_classes();
    folder.description["attacks"] = json!([]);
    folder.remove("a.safetensors", "pgd/standing");
    folder.write(&program.path("calm"));
    let said = program.refused(&["import", "calm", "--out", "out"]);
    assert!(said.contains("robust_accuracy") && said.contains("nothing was attacked"), "{said}");
    folder.description["front"] =
        json!({ "objectives": ["worst_class_accuracy", "accuracy"], "resamples": 100 });
    folder.write(&program.path("calm"));
    let report = report(&program, &program.path("calm"), "out");
    close(number(&report, 0, "accuracy", ""), 1.0);
    assert_eq!(report["threat"], Json::Null);
    assert!(!program.must(&["report", "out"]).stdout.contains("Attack:"));
}

#[test]
fn the_schema_is_printed_and_is_what_the_fixture_keeps_to() {
    let program = Program::new();
    let schema: Json = serde_json::from_str(&program.must(&["import", "--schema"]).stdout).unwrap();
    let description: Json =
        serde_json::from_str(&std::fs::read_to_string(theirs().join("import.json")).unwrap()).unwrap();
    let known = |object: &Json, schema: &Json| {
        for key in object.as_object().unwrap().keys() {
            assert!(schema["properties"][key].is_object(), "{key} is not in the schema");
        }
        for key in schema["required"].as_array().unwrap() {
            assert!(object[key.as_str().unwrap()] != Json::Null, "{key} is missing");
        }
    };
    known(&description, &schema);
    known(&description["data"], &schema["properties"]["data"]);
    known(&description["attacks"][0], &schema["properties"]["attacks"]["items"]);
    known(&description["cells"][0], &schema["properties"]["cells"]["items"]);
}
