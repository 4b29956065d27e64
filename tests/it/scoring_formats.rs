//! What `equipoise score` prints in each of its formats.

use crate::program::Program;
use crate::scoring::{ROWS, scored};

/// A gap between groups is small for a model that says the same of everybody, so it never stands alone.
#[test]
fn no_format_shows_a_fairness_gap_without_rates_and_balanced_accuracy() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    let common = ["score", "rows.csv", "--label", "y", "--score", "p", "--bootstrap", "20", "--group"];
    let told = |groups: &str, format: &str| program.must(&[&common[..], &[groups, format]].concat()).stdout;
    for groups in ["sex", "sex,race"] {
        for format in ["--json", "--csv"] {
            let text = told(groups, format);
            for attribute in groups.split(',') {
                let members: &[&str] = if attribute == "sex" { &["F", "M"] } else { &["a", "b"] };
                for member in members {
                    for rate in ["selection_rate", "true_positive_rate", "false_positive_rate"] {
                        assert!(text.contains(&format!("{rate}@{attribute}={member}")), "{rate} {member}");
                    }
                }
            }
            assert!(text.contains("demographic_parity_difference") && text.contains("balanced_accuracy"));
        }
        for format in ["--markdown", "--format=table"] {
            let text = told(groups, format);
            assert!(text.contains("balanced accuracy"), "{text}");
            for attribute in groups.split(',') {
                let start = text.find(&format!("Fairness by {attribute}")).unwrap();
                let section = &text[start..];
                let section = &section[..section[1..].find("\n\n#").map_or(section.len(), |end| end + 1)];
                assert!(section.contains("demographic parity difference"), "{section}");
                let members: &[&str] = if attribute == "sex" { &["F", "M"] } else { &["a", "b"] };
                for rate in ["selection rate", "true positive rate", "false positive rate"] {
                    let heading =
                        if format == "--markdown" { format!("**{rate}**") } else { format!("  {rate}\n") };
                    let from = section.find(&heading).unwrap_or_else(|| panic!("no {rate} in {section}"));
                    let mut lines = section[from..].lines().skip(1);
                    for member in members {
                        let line = lines.next().unwrap();
                        let name = line.trim_start_matches(['|', ' ']).trim_start_matches("&emsp;");
                        assert!(name.starts_with(member), "{rate}: {line}");
                        assert!(line.contains('.') || line.contains("undefined"), "{rate}: {line}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_table_fits_eighty_columns_and_says_what_is_undefined() {
    let program = Program::new();
    let long = "a name of a group that is far longer than any column of a table could ever be made";
    program.file("rows.csv", &format!("{ROWS}9,1,0.5,{long},\n"));
    for more in [&[][..], &["--bootstrap", "0"]] {
        let arguments = ["score", "rows.csv", "--label", "y", "--score", "p", "--group", "sex,race"];
        let told = program.must(&[&arguments[..], more].concat()).stdout;
        for line in told.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        for part in ["Performance", "Fairness by sex", "Fairness by race", "Calibration", "Abstention"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(told.contains("undefined: `sex=a name"), "{told}");
        assert_eq!(told.contains(" % intervals"), more.is_empty(), "{told}");
    }
}

/// 50 groups of 2 rows each have 100 notes: the first are told, and all are in JSON.
#[test]
fn many_notes_do_not_drown_the_numbers() {
    let program = Program::new();
    let rows: String = (0..100).map(|i| format!("{},0.{:02},g{}\n", i % 3 % 2, i, i % 50)).collect();
    program.file("rows.csv", &format!("y,p,g\n{rows}"));
    let arguments = ["rows.csv", "--label", "y", "--score", "p", "--group", "g", "--bootstrap", "0"];
    let told = program.must(&[&["score"], &arguments[..]].concat()).stdout;
    let notes = told.lines().filter(|line| line.contains("rows") && line.contains("`g=")).count();
    assert!((10..=26).contains(&notes) && told.contains("more notes: --json and --csv"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    for group in 0..50 {
        assert!(told.matches(&format!("    g{group} ")).count() >= 4, "every group keeps its rates");
    }
    let found = scored(&program, &arguments);
    assert!(found["metrics"]["worst_group_accuracy"]["notes"].as_array().unwrap().len() >= 50);
}

#[test]
fn csv_holds_the_numbers_of_json() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    let arguments = ["rows.csv", "--label", "y", "--score", "p", "--group", "sex,race"];
    let found = scored(&program, &arguments);
    let text = program.must(&[&["score"], &arguments[..], &["--format", "csv"]].concat()).stdout;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut seen = 0;
    for row in reader.records().map(Result::unwrap) {
        let number = &found["metrics"][&row[0]];
        for (cell, part) in [(1, "value"), (3, "low"), (4, "high")] {
            assert_eq!(row[cell].parse::<f64>().ok(), number[part].as_f64(), "{} {part}", &row[0]);
        }
        assert_eq!(&row[2], number["reason"].as_str().unwrap_or_default());
        seen += 1;
    }
    assert_eq!(seen, found["metrics"].as_object().unwrap().len());
}

#[test]
fn ids_and_the_rows_that_a_gap_takes_stand_beside_the_numbers() {
    let program = Program::new();
    program.file("rows.csv", ROWS);
    let common = ["rows.csv", "--label", "y", "--score", "p", "--group", "sex"];
    let found = scored(&program, &common);
    let gap = &found["metrics"]["equal_opportunity_difference"]["by_chance"]["rows_to_see"];
    let rows = format!("to see it takes {} positives", gap.as_f64().unwrap().ceil());
    let columns = serde_json::json!([{ "column": "p", "class": "1" }]);
    assert_eq!((&found["columns"], &found["notes"]), (&columns, &serde_json::json!([])));
    for format in ["table", "markdown"] {
        let plain = program.must(&[&["score"], &common[..], &["--format", format]].concat()).stdout;
        assert!(plain.contains(&rows), "{rows} is missing in {plain}");
        assert!(!plain.contains("equal_opportunity"), "{plain}");
        let told = program.must(&[&["score"], &common[..], &["--format", format, "--ids"]].concat()).stdout;
        let told = told.replace('\\', "");
        let line = told.lines().find(|line| line.contains("equal-opportunity difference")).unwrap();
        assert!(line.trim_end_matches(" |").ends_with(" equal_opportunity_difference"), "{line}");
        assert!(told.lines().any(|line| line.contains(" selection_rate@sex=F")), "{told}");
    }
}

#[test]
fn what_was_made_of_the_file_is_said_in_every_format_for_people() {
    let program = Program::new();
    let text = "y,p0,p1,p2,g\ncat,0.33,0.33,0.33,NA\ndog,1,0,0,a\nbird,0,0,1,b\n";
    program.file("rows.csv", text);
    let common = ["rows.csv", "--label", "y", "--scores", "p0,p1,p2", "--group", "g", "--bootstrap", "0"];
    let notes = scored(&program, &common)["notes"].as_array().unwrap().clone();
    assert_eq!(notes.len(), 3, "{notes:?}");
    for format in ["table", "markdown"] {
        let told = program.must(&[&["score"], &common[..], &["--format", format]].concat()).stdout;
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "p0 bird, p1 cat, p2 dog",
            "`NA` 1",
            "rounded to 2 decimals",
            "No resamples: intervals only where",
        ] {
            assert!(told.contains(part), "`{part}` is missing in {told}");
        }
    }
}
