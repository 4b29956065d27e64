//! A second file of labeled rows as a shift (`[shift] tables`): how it is encoded, what is measured, what is refused.

use std::path::Path;

use equipoise::data::{self, Amount, Dataset, Source, SplitSpec};
use equipoise::error::Error;

use crate::program::{Program, TINY, fingerprint};

const MANIFEST: &str = include_str!("../fixtures/later/dataset.toml");
const ROWS: &str = include_str!("../fixtures/later/rows.csv");
const LATER: &str = include_str!("../fixtures/later/later.csv");

/// The loans in a folder of their own, with a later file of this content.
fn loans(later: &str) -> Program {
    let program = Program::new();
    for (name, content) in [("dataset.toml", MANIFEST), ("rows.csv", ROWS), ("later.csv", later)] {
        program.file(name, content);
    }
    program
}

fn source(program: &Program) -> Source {
    Source::Dataset { name: "loans".to_owned(), manifest: Some(program.path("dataset.toml")) }
}

fn split() -> SplitSpec {
    SplitSpec { test: Some(Amount::Rows(100)), validation: Amount::Rows(50), ..SplitSpec::default() }
}

fn loaded(program: &Program) -> Dataset {
    data::load(&source(program), &split(), Path::new("/nonexistent")).unwrap()
}

fn beside(program: &Program, file: &str) -> Result<(data::Rows, String), Error> {
    data::beside(&source(program), &split(), Path::new("/nonexistent"), &program.path(file))
}

/// Every row of the data set, read as if it were of another file, is what it is in its own part.
#[test]
fn rows_are_encoded_as_those_of_the_data_set() {
    let program = loans(LATER);
    let data = loaded(&program);
    let (again, hash) = beside(&program, "rows.csv").unwrap();
    assert_eq!(hash, equipoise::files::sha256(ROWS.as_bytes()));
    assert_eq!(again.facts.rows, (0..1000).collect::<Vec<u32>>());
    let mut compared = 0;
    for part in [&data.train, &data.validation, &data.test] {
        for (at, row) in part.facts.rows.iter().enumerate() {
            let row = *row as usize;
            assert_eq!(again.row(row), part.row(at), "row {row}");
            assert_eq!(again.facts.labels[row], part.facts.labels[at]);
            compared += 1;
        }
    }
    assert_eq!(compared, 1000);
}

/// Columns are found by name; a missing number is the training mean, which is 0; a region that training rows do not have is none of them; the offset and one scale
/// above it are 0 and 1.
#[test]
fn cells_that_training_rows_do_not_have_are_encoded_as_always() {
    let program = loans(LATER);
    let data = loaded(&program);
    let names: Vec<&str> = data.features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["income", "age", "region=north", "region=south", "region=west"]);
    let one_above = data.features[0].offset + data.features[0].scale;
    program.file(
        "few.csv",
        &format!("repaid,region,sex,age,income\nyes,east,F,30,\nno,south,M,40,{one_above}\n"),
    );
    let (rows, _) = beside(&program, "few.csv").unwrap();
    assert_eq!(rows.facts.labels, [1, 0]);
    assert_eq!(rows.facts.classes, ["no", "yes"]);
    let age = |age: f64| ((age - data.features[1].offset) / data.features[1].scale) as f32;
    assert_eq!(rows.row(0), [0.0, age(30.0), 0.0, 0.0, 0.0]);
    assert_eq!(rows.row(1), [1.0, age(40.0), 0.0, 1.0, 0.0]);
}

/// A filter says which rows of the world the data set is about: it holds for the other file too. A class may be declared and yet have no row.
#[test]
fn the_manifest_holds_for_the_other_file() {
    let program =
        loans("income,age,region,sex,repaid\n30,30,north,F,late\n30,80,north,F,yes\n20,25,west,M,no\n");
    let declared =
        MANIFEST.replace("column = \"repaid\"", "column = \"repaid\"\nclasses = [\"no\", \"yes\", \"late\"]");
    let filtered = format!("{declared}\n[[filters]]\ncolumn = \"age\"\nat_most = 70\n");
    program.file("dataset.toml", &filtered);
    let (rows, _) = beside(&program, "later.csv").unwrap();
    assert_eq!((&rows.facts.rows[..], &rows.facts.labels[..]), (&[0, 2][..], &[2, 0][..]));
    program.file("later.csv", "income,age,region,sex,repaid\n30,80,north,F,yes\n");
    let error = beside(&program, "later.csv").unwrap_err().chain().join(": ");
    assert!(error.contains("no row passes the filters"), "{error}");
}

#[test]
fn files_that_do_not_fit_are_refused_with_line_and_column() {
    let program = loans(LATER);
    let head = "income,age,region,sex,repaid\n30,30,north,F,yes\n";
    for (content, parts) in [
        (head.replace("age", "years"), &["no feature column `age`", "income, years"][..]),
        (head.replace(",repaid", ",paid"), &["no label column `repaid`", "did you mean `paid`?"]),
        (head.replace(",sex", ",gender"), &["no sensitive column `sex`"]),
        (
            format!("{head}31,31,south,M,maybe\n"),
            &["line 3, column `repaid`", "`maybe` means no class", "`no`, `yes`"],
        ),
        (format!("{head}\n31,31,south,M,\n"), &["line 4, column `repaid`", "is empty"]),
        (format!("{head}31,old,south,M,no\n"), &["line 3, column `age`", "`old` is not a number"]),
        (format!("{head}31,31.5,south,M,no\n"), &["line 3, column `age`", "not a whole number"]),
        (format!("{head}31,31,south\n"), &["line 3 has 3 fields, expected 5"]),
        ("income,age,region,sex,repaid\n".to_owned(), &["there are no rows"]),
        (String::new(), &["the file is empty"]),
    ] {
        program.file("later.csv", &content);
        let error = beside(&program, "later.csv").unwrap_err();
        let said = format!("{} {}", error.chain().join(": "), error.help_text().unwrap_or_default());
        assert!(said.contains("later.csv"), "{said}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing in: {said}");
        }
    }
}

/// TINY about the loans, with this in `[shift]`.
fn config(shift: &str) -> String {
    let data = "kind = \"dataset\"\nname = \"loans\"\nmanifest = \"dataset.toml\"";
    let text = TINY
        .replace("kind = \"dataset\"\nname = \"digits\"", data)
        .replace("test = 200\nvalidation = 100", "test = 100\nvalidation = 50")
        .replace("hidden = [32]", "hidden = [8]");
    format!("{text}\n[shift]\n{shift}\n")
}

const TABLES: &str = "corruptions = []\ntables = [{ name = \"2019\", file = \"later.csv\" }]";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// (value, rows) of `key` at a point and a seed.
fn value(report: &serde_json::Value, point: usize, key: &str, seed: usize) -> f64 {
    report["points"][point]["measures"][key]["per_seed"][seed]["value"].as_f64().unwrap()
}

/// The lines of the test rows, in the order of the file, as a file of their own.
fn test_rows(program: &Program) -> String {
    let data = loaded(program);
    let lines: Vec<&str> = ROWS.lines().collect();
    let of = |row: &u32| lines[*row as usize + 1].to_owned() + "\n";
    format!("{}\n{}", lines[0], data.test.facts.rows.iter().map(of).collect::<String>())
}

#[test]
fn accuracy_on_the_test_rows_in_another_file_is_accuracy() {
    let program = loans(LATER);
    program.file("same.csv", &test_rows(&program));
    let both = "corruptions = []\ntables = [{ name = \"same\", file = \"same.csv\" }, { name = \"2019\", file = \"later.csv\" }]";
    program.file("tiny.toml", &config(both));
    let report = json(&program.must(&["run", "tiny.toml", "--json"]).stdout);
    let points = report["points"].as_array().unwrap().len();
    assert!(points >= 3);
    for point in 0..points {
        let n = |key: &str| report["points"][point]["measures"][key]["n"].as_u64().unwrap();
        assert_eq!((n("shifted_accuracy@same"), n("shifted_accuracy@2019")), (100, 700));
        for seed in 0..2 {
            let of = |key: &str| value(&report, point, key, seed);
            assert_eq!(of("shifted_accuracy@same").to_bits(), of("accuracy").to_bits());
            assert!(of("shifted_accuracy_drop@same").abs() < 1e-15);
            let lost = of("accuracy") - of("shifted_accuracy@2019");
            assert!((of("shifted_accuracy_drop@2019") - lost).abs() < 1e-12);
            // What a share of 700 rows is made of.
            let right = 700.0 * of("shifted_accuracy@2019");
            assert!((right - right.round()).abs() < 1e-9 && (350.0..700.0).contains(&right), "{right}");
        }
    }
    // At one seed all uncertainty is that of rows: of 700, not of the 100 test rows that lend them their weights.
    let report = json(&program.must(&["run", "tiny.toml", "seeds=1", "--json", "--out", "one"]).stdout);
    let measured = &report["points"][0]["measures"]["shifted_accuracy@2019"];
    let share = measured["value"].as_f64().unwrap();
    let spread = measured["sd_row"].as_f64().unwrap() / (share * (1.0 - share) / 700.0).sqrt();
    assert!((0.75..1.25).contains(&spread), "{spread}");
    let summary = program.must(&["report", "results/tiny"]).stdout;
    assert!(summary.contains("Labeled rows of another file") && summary.contains("2019"), "{summary}");
    assert!(!summary.contains("under 0 corruptions"), "{summary}");
}

/// Its content is part of the evidence's identity; where it lies is not, and the report needs it no more.
#[test]
fn another_content_is_another_evidence() {
    let program = loans(LATER);
    program.file("tiny.toml", &config(TABLES));
    program.must(&["run", "tiny.toml", "-j", "1"]);
    let before = fingerprint(&program.path("results/tiny/evidence"));
    let report = program.must(&["report", "results/tiny"]).stdout;
    let states = |program: &Program| -> Vec<String> {
        let plan = json(&program.must(&["plan", "tiny.toml", "--json"]).stdout);
        let cells = plan["cells"].as_array().unwrap().iter();
        cells.map(|cell| cell["state"].as_str().unwrap().to_owned()).collect()
    };
    assert!(states(&program).iter().all(|state| state == "cached"));

    program.file("elsewhere/other-name.csv", LATER);
    program.file("tiny.toml", &config(&TABLES.replace("later.csv", "elsewhere/other-name.csv")));
    assert!(states(&program).iter().all(|state| state == "cached"), "the content decides");
    let sweep = std::fs::read_to_string(program.path("results/tiny/sweep.json")).unwrap();
    assert!(!sweep.contains("elsewhere"));

    let (first, rest) = LATER.split_at(LATER.len() - 100);
    program.file("later.csv", &format!("{first}{}", rest.replace(",yes\n", ",no\n")));
    program.file("tiny.toml", &config(TABLES));
    assert!(states(&program).iter().all(|state| state == "to run"));
    program.must(&["run", "tiny.toml", "-j", "2", "--out", "fresh"]);
    program.must(&["run", "tiny.toml", "-j", "2"]);
    let after = fingerprint(&program.path("results/tiny/evidence"));
    let new: Vec<&String> = after.keys().filter(|file| !before.contains_key(*file)).collect();
    assert!(before.iter().all(|(file, hash)| after.get(file) == Some(hash)));
    assert!((6..=18).contains(&new.len()), "one per model: {new:?}");
    std::fs::remove_file(program.path("later.csv")).unwrap();
    assert_ne!(program.must(&["report", "results/tiny"]).stdout, report);
}

#[test]
fn tables_that_cannot_be_had_are_refused_with_their_place() {
    let refused = |text: &str, parts: &[&str]| {
        let program = loans("income,age,region,sex,repaid\n30,x,north,F,yes\n");
        program.file("tiny.toml", text);
        let said = program.refused(&["run", "tiny.toml"]);
        assert!(!program.path("results").exists(), "nothing is made before everything is checked");
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing in:\n{said}");
        }
    };
    let line = config("").trim_end().lines().count() + 1;
    let place = format!("tiny.toml:{line}:11");
    let tables = |list: &str| config(&format!("tables = [{list}]"));
    let one = "{ name = \"2019\", file = \"later.csv\" }";
    refused(&tables(one), &[&place, "later.csv", "line 2, column `age`", "`x` is not a number"]);
    refused(&tables(&one.replace("later", "gone")), &[&place, "gone.csv"]);
    refused(&tables(&format!("{one}, {one}")), &["two tables are called `2019`"]);
    refused(&tables(&one.replace("2019", "a b")), &[&place, "cannot be called `a b`"]);
    refused(&tables(&one.replace('}', ", sha256 = \"12\" }")), &[&place, "64 lower-case hexadecimal digits"]);
    refused(&tables("{ name = \"2019\" }"), &["the key `file` is missing"]);
    refused(&tables("{ name = \"2019\", path = \"x\" }"), &["unknown key `path`"]);

    let program = loans(LATER);
    let wrong = one.replace('}', &format!(", sha256 = \"{}\" }}", "0".repeat(64)));
    program.file("tiny.toml", &tables(&wrong));
    assert!(program.refused(&["plan", "tiny.toml"]).contains("another content than `sha256` says"));
    let right = wrong.replace(&"0".repeat(64), &equipoise::files::sha256(LATER.as_bytes()));
    program.file("tiny.toml", &tables(&right));
    program.must(&["plan", "tiny.toml"]);
    let gaussian = config(TABLES).replace(
        "kind = \"dataset\"\nname = \"loans\"\nmanifest = \"dataset.toml\"",
        "kind = \"gaussian\"\nrows = 500\nmu = [0.7, 0.4]",
    );
    program.file("tiny.toml", &gaussian);
    assert!(program.refused(&["plan", "tiny.toml"]).contains("needs a data set that is read from CSV files"));
}

/// The example in the repository.
#[test]
fn the_example_loads_and_plans() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("tests/fixtures/later/later.toml")).unwrap();
    let program = loans(LATER);
    let here: String = text.replace("tests/fixtures/later/", "");
    program.file("later.toml", &here);
    let plan = json(&program.must(&["plan", "later.toml", "--json"]).stdout);
    assert_eq!(plan["cells"].as_array().unwrap().len(), 12);
}
