//! `equipoise score`: rows that belong together, too few resamples, p-values at their floor, and which class and group a number is about.

use std::fmt::Write as _;

use crate::program::Program;
use crate::scoring::scored;

/// 60 rows of two groups, each written `times` times with a unit of its own.
fn rows(times: usize) -> String {
    let mut text = "y,p,sex,person\n".to_owned();
    for row in 0..60 {
        let (label, group) = (usize::from(row % 3 > 0), if row % 2 == 0 { "F" } else { "M" });
        let p = ((row * 37) % 60) as f64 / 60.0;
        for _ in 0..times {
            let _ = writeln!(text, "{label},{p},{group},{row}");
        }
    }
    text
}

const COMMON: [&str; 7] = ["rows.csv", "--label", "y", "--score", "p", "--group", "sex"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&COMMON[..], more].concat()
}

/// Three copies of every row say nothing more: with the rows of a person drawn together every interval in closed form is that of the rows once.
#[test]
fn copies_of_rows_say_nothing_new_where_units_are_named() {
    let program = Program::new();
    program.file("rows.csv", &rows(1));
    let once = scored(&program, &COMMON);
    program.file("rows.csv", &rows(3));
    let (naive, together) = (scored(&program, &COMMON), scored(&program, &with(&["--unit", "person"])));
    let ends = |found: &serde_json::Value, key: &str| {
        ["low", "high"].map(|end| found["metrics"][key][end].as_f64().unwrap())
    };
    let mut closed = 0;
    for key in [
        "accuracy",
        "selection_rate@sex=F",
        "true_positive_rate@sex=M",
        "worst_group_accuracy",
        "accuracy_gap",
        "demographic_parity_difference",
        "equal_opportunity_difference",
        "selection_rate_signed",
    ] {
        let (once, naive, together) = (ends(&once, key), ends(&naive, key), ends(&together, key));
        assert!((0..2).all(|end| (once[end] - together[end]).abs() < 1e-9), "{key}: {once:?} {together:?}");
        assert!(naive[1] - naive[0] < 0.75 * (once[1] - once[0]), "{key}: {naive:?}");
        closed += 1;
    }
    assert_eq!(closed, 8);
    // What is resampled is as wide, up to the resamples.
    let width = |found: &serde_json::Value, key: &str| ends(found, key)[1] - ends(found, key)[0];
    for key in ["brier_binary", "nll", "aurc"] {
        let ratio = width(&together, key) / width(&once, key);
        assert!((ratio - 1.0).abs() < 0.15, "{key}: {ratio}");
    }
    assert_eq!(together["metrics"]["accuracy"]["n"], 180);
    let told = together["metrics"]["accuracy"]["interval"].as_str().unwrap();
    assert_eq!(told, "Wilson's over 180 rows, those of each of 60 `person` drawn together");
    let table = program.must(&[&["score"], &with(&["--unit", "person"])[..]].concat()).stdout;
    assert!(table.contains("Rows of one person are drawn together: 60 in all"), "{table}");
    program.file("rows.csv", "y,p,sex,person\n1,0.5,F,\n");
    let refused = program.run(&[&["score"], &with(&["--unit", "person"])[..]].concat());
    assert!(refused.stderr.contains("line 2, column `person`: the cell is empty"), "{}", refused.stderr);
}

#[test]
fn too_few_resamples_are_told_of_with_how_many_it_takes() {
    let program = Program::new();
    program.file("rows.csv", &rows(1));
    let notes = |more: &[&str]| scored(&program, &with(more))["notes"].to_string();
    let few = notes(&["--bootstrap", "20"]);
    assert!(few.contains("Too few resamples: the ends of intervals made of 20 move"), "{few}");
    assert!(few.contains("a 95 % interval is not one; ask for --bootstrap 1000."), "{few}");
    // Five draws beyond each end of a 99.9 % interval take 10,000.
    let high = notes(&["--level", "0.999"]);
    assert!(high.contains("ask for --bootstrap 10000."), "{high}");
    for fine in [&[][..], &["--bootstrap", "200"], &["--bootstrap", "0"], &["--level", "0.99"]] {
        assert_eq!(notes(fine), "[]", "{fine:?}");
    }
    let table = program.must(&[&["score"], &with(&["--bootstrap", "20"])[..]].concat()).stdout;
    assert!(table.contains("Too few resamples"), "{table}");
}

/// 100 of 100 against 0 of 100: no permutation comes close, and the p-value is the least that 1,000 can give.
#[test]
fn a_p_value_at_its_floor_is_a_bound() {
    let program = Program::new();
    let mut text = "y,p,sex\n".to_owned();
    for row in 0..200 {
        let _ = writeln!(
            text,
            "{},{},{}",
            row % 2,
            if row < 100 { 0.9 } else { 0.1 },
            if row < 100 { "F" } else { "M" }
        );
    }
    program.file("rows.csv", &text);
    let table = program.must(&[&["score"], &COMMON[..]].concat()).stdout;
    assert!(table.contains("p\u{a0}≤\u{a0}0.001"), "{table}");
    assert!(!table.contains("p\u{a0}=\u{a0}0.001"), "{table}");
    // Accuracy is one half in both: no gap.
    assert!(table.contains("p\u{a0}=\u{a0}1.000"), "{table}");
    assert!(table.contains("selection rate difference (F − M)"), "{table}");
    assert!(table.contains("power of 80 %"), "{table}");
    assert!(table.contains("confidence when wrong (over-confidence)"), "{table}");
}

#[test]
fn of_several_classes_it_is_said_which_one_rates_are_about() {
    let program = Program::new();
    program.file("rows.csv", "y,yhat,sex\na,a,F\nb,b,M\nc,c,F\na,b,M\nb,b,F\n");
    let common = ["score", "rows.csv", "--label", "y", "--prediction", "yhat", "--group", "sex"];
    let plain = |more: &[&str]| {
        let text = program.must(&[&common[..], more].concat()).stdout;
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let said = "gaps made of them, are about b against the other classes: ask for those with --positive.";
    assert!(plain(&["--positive", "b"]).contains(said));
    assert!(!plain(&[]).contains("against the other classes"));
}
