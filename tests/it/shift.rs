//! The program with `[shift]`: what is made when, what is refused, and that nothing depends on threads.

use std::collections::BTreeMap;

use crate::program::{Program, TINY, fingerprint};

const SHIFT: &str = "\n[shift]\ncorruptions = [\"gaussian-noise\", \"pixelate\", \"label-shift\"]\nseverities = [1, 5]\nood = [\"shuffled-pixels\"]\n";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// When each file under `folder` was written.
fn times(program: &Program, folder: &str) -> BTreeMap<String, std::time::SystemTime> {
    let mut found = BTreeMap::new();
    for path in fingerprint(&program.path(folder)).into_keys() {
        let file = program.path(folder).join(&path);
        found.insert(path, file.metadata().unwrap().modified().unwrap());
    }
    found
}

#[test]
fn a_shift_added_later_trains_and_attacks_nothing_again() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let before = program.must(&["run", "tiny.toml"]).stdout;
    let plain = fingerprint(&program.path("results/tiny"));
    let (cells, evidence) = (times(&program, "results/tiny/cells"), times(&program, "results/tiny/evidence"));

    program.file("tiny.toml", &format!("{TINY}{SHIFT}"));
    let plan = json(&program.must(&["plan", "tiny.toml", "--json"]).stdout);
    assert!(plan["cells"].as_array().unwrap().iter().all(|cell| cell["state"] == "to run"), "{plan}");
    program.must(&["run", "tiny.toml"]);
    let one = times(&program, "results/tiny/evidence");
    assert_eq!(times(&program, "results/tiny/cells"), cells, "nothing is trained again");
    assert!(
        evidence.iter().all(|(file, time)| one.get(file) == Some(time)),
        "no other evidence is made again"
    );
    // Six cells, test rows only, four questions; models of the same epoch are one.
    assert!(one.len() >= evidence.len() + 6 * 4, "{} after {}", one.len(), evidence.len());

    let more = SHIFT.replace("\"pixelate\"", "\"pixelate\", \"haze\"");
    program.file("tiny.toml", &format!("{TINY}{more}"));
    program.must(&["run", "tiny.toml"]);
    let two = times(&program, "results/tiny/evidence");
    assert!(one.iter().all(|(file, time)| two.get(file) == Some(time)), "each question has its own evidence");
    assert_eq!(4 * (two.len() - one.len()), one.len() - evidence.len());
    let plan = json(&program.must(&["plan", "tiny.toml", "--json"]).stdout);
    assert!(plan["cells"].as_array().unwrap().iter().all(|cell| cell["state"] == "cached"), "{plan}");

    // And without it the report is what it was.
    program.file("tiny.toml", TINY);
    assert_eq!(program.must(&["run", "tiny.toml"]).stdout, before);
    let now = fingerprint(&program.path("results/tiny"));
    assert!(plain.iter().all(|(file, hash)| now.get(file) == Some(hash)));
}

#[test]
fn any_number_of_threads_sees_the_same_shift() {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}\n[shift]\nood = [\"uniform-noise\"]\n"));
    for (jobs, folder) in [("1", "one"), ("2", "two")] {
        program.must(&["run", "tiny.toml", "-j", jobs, "--out", folder]);
    }
    assert_eq!(fingerprint(&program.path("one")), fingerprint(&program.path("two")));
}

/// The value of `key` at (point, seed).
fn value<'a>(report: &'a serde_json::Value, point: usize, key: &str, seed: usize) -> &'a serde_json::Value {
    &report["points"][point]["measures"][key]["per_seed"][seed]["value"]
}

#[test]
fn the_report_compares_with_the_undefended_model_of_the_same_seed() {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{SHIFT}"));
    let report = json(&program.must(&["run", "tiny.toml", "--json"]).stdout);
    let points = report["points"].as_array().unwrap();
    let mut compared = 0;
    for (point, given) in points.iter().enumerate() {
        for seed in 0..2 {
            let of = |key: &str| value(&report, point, key, seed).as_f64().unwrap();
            let pairs = ["gaussian-noise:1", "gaussian-noise:5", "pixelate:1", "pixelate:5"]
                .map(|pair| of(&format!("corruption_accuracy@{pair}")));
            let mean = pairs.iter().sum::<f64>() / 4.0;
            assert!((of("mean_corruption_accuracy") - mean).abs() < 1e-12);
            assert!(of("label_shift_accuracy@label-shift:5") <= of("label_shift_accuracy@label-shift:1"));
            assert!((0.0..=1.0).contains(&of("ood_auroc_energy@shuffled-pixels")));
            // Recomputed from the report's own shares: errors over those of the undefended model after its last epoch.
            let undefended = points
                .iter()
                .position(|other| other["strength"].as_f64() == Some(0.0) && other["model"] == "last")
                .unwrap();
            let reference = |pair: &str| {
                value(&report, undefended, &format!("corruption_accuracy@{pair}"), seed).as_f64().unwrap()
            };
            let ratio = |name: &str, own: &[f64]| {
                let whole = 2.0 - reference(&format!("{name}:1")) - reference(&format!("{name}:5"));
                (2.0 - own[0] - own[1]) / whole
            };
            let expected = 0.5 * (ratio("gaussian-noise", &pairs[..2]) + ratio("pixelate", &pairs[2..]));
            assert!((of("mean_corruption_error") - expected).abs() < 1e-9, "{given}");
            if point == undefended {
                assert!((of("mean_corruption_error") - 1.0).abs() < 1e-12);
            }
            compared += 1;
        }
    }
    assert!(compared >= 6, "{compared}");
    let summary = program.must(&["report", "results/tiny"]).stdout;
    assert!(
        summary.contains("Rows that are not as in training")
            && summary.contains("rows that belong to no class")
    );
    let page = std::fs::read_to_string(program.path("results/tiny/report.html")).unwrap();
    assert!(page.contains("id=\"shift-section\""));
    program.file("tiny.toml", TINY);
    let bare = program.must(&["run", "tiny.toml"]).stdout;
    assert!(!bare.contains("Rows that are not as in training"));
    let page = std::fs::read_to_string(program.path("results/tiny/report.html")).unwrap();
    assert!(!page.contains("shift-section"));
}

/// The cross table of causes, worked out anew from the report's own numbers; epochs are swept, so that a strength 0 of other epochs would be another comparison.
#[test]
fn a_tool_against_one_cause_of_harm_is_held_against_the_other() {
    let program = Program::new();
    let swept = TINY.replace("seeds = 2", "seeds = 3")
        + "\n[sweep]\ngrid = { \"training.epochs\" = [1, 4] }\n"
        + SHIFT;
    program.file("tiny.toml", &swept);
    let report = json(&program.must(&["run", "tiny.toml", "--json"]).stdout);
    let points: Vec<&serde_json::Value> =
        report["points"].as_array().unwrap().iter().filter(|point| point["model"] == "last").collect();
    let values = |point: &serde_json::Value, id: &str| -> Vec<f64> {
        let measures = point["measures"].as_object().unwrap();
        let is_meant =
            |key: &&String| *key == id || (key.starts_with(&format!("{id}!")) && key.ends_with(":linf:0.1"));
        let key = measures.keys().find(is_meant).unwrap();
        measures[key]["per_seed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["value"].as_f64().unwrap())
            .collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let ids = ["mean_corruption_accuracy", "robust_accuracy"];
    let text = std::fs::read_to_string(program.path("results/tiny/summary.md")).unwrap();
    let (_, table) = text.split_once("## One cause of harm, and the other").unwrap();
    for (cause, best_at) in ["corruptions", "attacks"].iter().zip(ids) {
        let best = points
            .iter()
            .filter(|point| point["degenerate"].is_null())
            .max_by(|a, b| mean(&values(a, best_at)).total_cmp(&mean(&values(b, best_at))))
            .unwrap();
        let epochs = &best["coordinates"]["training.epochs"];
        let plain = points
            .iter()
            .find(|other| other["strength"] == 0.0 && other["coordinates"]["training.epochs"] == *epochs)
            .unwrap();
        let row = table.lines().find(|line| line.contains(&format!("| {cause} |"))).unwrap();
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let strength = best["coordinates"]["strength"].as_str().unwrap();
        let place = format!("{strength} (epochs {})", epochs.as_str().unwrap());
        assert_eq!(cells[3], place, "{row}");
        for (cell, id) in cells[4..].iter().zip(ids) {
            let gained = 100.0 * (mean(&values(best, id)) - mean(&values(plain, id)));
            if best["strength"] == 0.0 {
                assert_eq!(*cell, "—", "{row}");
            } else {
                let shown = cell.replace('−', "-").replace('±', "");
                let said: f64 = shown.split(' ').next().unwrap().parse().unwrap();
                assert!((said - gained).abs() < 0.051, "{said} and {gained}: {row}");
                assert!(cell.ends_with(']'), "three seeds have an interval: {row}");
            }
        }
    }
    let page = std::fs::read_to_string(program.path("results/tiny/report.html")).unwrap();
    assert!(page.contains("One cause of harm, and the other"));
}

/// Generated rows are a table of numbers.
#[test]
fn tables_are_shifted_too() {
    let program = Program::new();
    let config = TINY
        .replace(
            "kind = \"dataset\"\nname = \"digits\"",
            "kind = \"gaussian\"\nrows = 1500\nmu = [0.7, 0.4, 0.2]",
        )
        .replace("hidden = [32]", "hidden = [8]");
    program
        .file("tiny.toml", &format!("{config}\n[shift]\nood = [\"permuted-columns\", \"uniform-noise\"]\n"));
    let objectives = "front.objectives=[\"robust_accuracy\", \"mean_corruption_accuracy\"]";
    let report = json(&program.must(&["run", "tiny.toml", "--json", objectives]).stdout);
    let of = |key: &str| value(&report, 0, key, 0).as_f64().unwrap();
    for name in ["column-noise", "column-missing", "column-scaling"] {
        assert!(of(&format!("corruption_accuracy@{name}:5")) < of("accuracy"), "{name}");
    }
    for part in ["permuted-columns", "uniform-noise", "near", "far"] {
        assert!((0.0..=1.0).contains(&of(&format!("ood_fpr95_id_msp@{part}"))), "{part}");
    }
    assert_eq!(report["front"]["objectives"][1]["key"], "mean_corruption_accuracy");
}

/// Refuses TINY with `more` at its end, and expects every part in the message.
fn refused(more: &str, parts: &[&str]) {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{more}"));
    let said = program.refused(&["run", "tiny.toml"]);
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    assert!(!program.path("results").exists(), "nothing is made before everything is checked");
}

#[test]
fn shifts_that_cannot_be_had_are_refused_with_their_place() {
    let line = TINY.lines().count() + 3;
    let shift = |text: &str| format!("\n[shift]\n{text}\n");
    let place = |column: usize| format!("tiny.toml:{line}:{column}");
    refused(
        &shift("corruptions = [\"haze\", \"gausian-noise\"]"),
        &[&place(24), "did you mean `gaussian-noise`?", "ls corruptions"],
    );
    refused(&shift("corruptions = [\"haze\", \"haze\"]"), &[&place(24), "listed twice"]);
    refused(
        &shift("corruptions = [\"column-noise\"]"),
        &[&place(16), "about tables", "`digits` are pictures"],
    );
    refused(&shift("corruptions = []"), &["`corruptions` is empty"]);
    refused(&shift("corruptions = \"some\""), &["\"some\"", "`\"all\"`, or a list"]);
    refused(&shift("severities = [1, 6]"), &[&place(18), "no severity 6", "1 to 5"]);
    refused(&shift("severities = []"), &["`severities` is empty"]);
    refused(&shift("severity = 3"), &["unknown key `severity`"]);
    refused(&shift("ood = [\"shufled-pixels\"]"), &[&place(8), "did you mean `shuffled-pixels`?"]);
    refused(&shift("ood = [\"fashion-mnist\"]"), &[&place(8), "1 × 28 × 28", "1 × 8 × 8"]);
    refused(&shift("ood = [\"permuted-columns\"]"), &[&place(8), "about tables"]);
    let objectives = |key: &str| {
        TINY.replace("resamples = 100", &format!("resamples = 100\nobjectives = [\"accuracy\", \"{key}\"]"))
    };
    for (text, parts) in [
        (objectives("mean_corruption_accuracy"), ["about shifted rows", "add `[shift]`"]),
        (objectives("ood_auroc_msp"), ["rows without a class", "ood = "]),
        (
            format!("{}\n[shift]\n", objectives("mean_corruption_error")),
            ["`mean_corruption_error` cannot be an objective", "mean_corruption_accuracy"],
        ),
        (
            format!(
                "{}\n[shift]\n",
                objectives("mean_corruption_accuracy")
                    .replace("epochs = 4", "epochs = 4\ncheckpoints = [2, 4]")
            ),
            ["not measured on validation rows", "drop `checkpoints`"],
        ),
    ] {
        let program = Program::new();
        program.file("tiny.toml", &text);
        let said = program.refused(&["run", "tiny.toml"]);
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
}

#[test]
fn corruptions_and_sets_are_listed() {
    let program = Program::new();
    let listed = program.must(&["ls", "corruptions"]).stdout;
    for name in ["gaussian-noise", "rotation", "column-missing", "label-shift", "shuffled-pixels"] {
        assert!(listed.lines().any(|line| line == name), "{name} is missing in:\n{listed}");
    }
    let all = json(&program.must(&["ls", "corruptions", "--json"]).stdout);
    assert_eq!(all.as_array().unwrap().len(), 22 + 3);
}
