//! The program with explanations: what is made when, and what is refused.

use std::collections::BTreeMap;

use crate::program::{Program, TINY, fingerprint};

const EXPLANATIONS: &str = "\n[explanations]\nrows = 5\nsteps = 4\n";

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
fn explanations_added_later_train_and_attack_nothing_again() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let before = program.must(&["run", "tiny.toml"]).stdout;
    let plain = fingerprint(&program.path("results/tiny"));
    let (cells, evidence) = (times(&program, "results/tiny/cells"), times(&program, "results/tiny/evidence"));

    program.file("tiny.toml", &format!("{TINY}{EXPLANATIONS}"));
    let plan = json(&program.must(&["plan", "tiny.toml", "--json"]).stdout);
    assert!(plan["cells"].as_array().unwrap().iter().all(|cell| cell["state"] == "to run"), "{plan}");
    program.must(&["run", "tiny.toml"]);
    let one = times(&program, "results/tiny/evidence");
    assert_eq!(times(&program, "results/tiny/cells"), cells, "nothing is trained again");
    assert!(
        evidence.iter().all(|(file, time)| one.get(file) == Some(time)),
        "no other evidence is made again"
    );
    assert_eq!(one.len(), evidence.len() + 6, "one file per model, of test rows");
    let plan = json(&program.must(&["plan", "tiny.toml", "--json"]).stdout);
    assert!(plan["cells"].as_array().unwrap().iter().all(|cell| cell["state"] == "cached"), "{plan}");

    // Other settings are other evidence; and without the section the report is what it was.
    program.must(&["run", "tiny.toml", "explanations.steps=5"]);
    assert_eq!(times(&program, "results/tiny/evidence").len(), one.len() + 6);
    program.file("tiny.toml", TINY);
    assert_eq!(program.must(&["run", "tiny.toml"]).stdout, before);
    let now = fingerprint(&program.path("results/tiny"));
    assert!(plain.iter().all(|(file, hash)| now.get(file) == Some(hash)));
}

#[test]
fn any_number_of_threads_explains_the_same() {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{EXPLANATIONS}"));
    for (jobs, folder) in [("1", "one"), ("2", "two")] {
        program.must(&["run", "tiny.toml", "-j", jobs, "--out", folder]);
    }
    assert_eq!(fingerprint(&program.path("one")), fingerprint(&program.path("two")));
}

#[test]
fn settings_that_cannot_be_are_refused_with_their_place() {
    let lines = TINY.lines().count() + 2;
    for (setting, parts) in [
        ("methods = [\"lime\"]", ["`lime`", "`integrated-gradients`"]),
        ("methods = []", ["`methods` is empty", "tiny.toml:LINE:11"]),
        ("methods = [\"gradient\", \"gradient\"]", ["`gradient` is listed twice", "tiny.toml:LINE:24"]),
        ("baselines = [\"mean\", \"mean\"]", ["`mean` is listed twice", "tiny.toml:LINE:22"]),
        ("rows = 0", ["line LINE, column 8", "at least 1, got `0`"]),
        ("noise = -1.0", ["line LINE, column 9", "a finite number above 0, got `-1`"]),
        ("top = 1.5", ["tiny.toml:LINE:7", "a share of the features, at most 1, got `1.5`"]),
        ("draw = 3", ["line LINE, column 1", "unknown key `draw`, did you mean `draws`?"]),
    ] {
        let program = Program::new();
        program.file("tiny.toml", &format!("{TINY}\n[explanations]\n{setting}\n"));
        let said = program.refused(&["run", "tiny.toml"]);
        for part in parts {
            let part = part.replace("LINE", &(lines + 1).to_string());
            assert!(said.contains(&part), "`{part}` is missing in:\n{said}");
        }
        assert!(!program.path("results").exists(), "nothing is made before everything is checked");
    }
}

#[test]
fn the_report_shows_explanations_where_there_are_any() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml"]);
    let text = |file: &str| equipoise::files::read_text(&program.path("results/tiny").join(file)).unwrap();
    for file in ["summary.txt", "summary.md", "report.html", "report.json", "points.csv"] {
        assert!(!text(file).to_lowercase().contains("relevance"), "{file} speaks of what was not asked for");
    }
    program.file("tiny.toml", &format!("{TINY}{EXPLANATIONS}"));
    program.must(&["run", "tiny.toml"]);

    let page = text("summary.md");
    for part in ["## Explanations\n", "## Explanations with another baseline\n", "| relevance gain\u{a0}↑ |"]
    {
        assert!(page.contains(part), "`{part}` is missing");
    }
    assert!(text("report.html").contains("id=\"explanations-section\""));
    assert!(text("summary.txt").contains("integrated-gradients"));

    let report = json(&text("report.json"));
    // One row per point and method in each of the two tables.
    let rows = |method: &str| page.lines().filter(|line| line.contains(&format!("| {method} |"))).count();
    let twice = 2 * report["points"].as_array().unwrap().len();
    assert_eq!(["gradient", "gradient-x-input", "integrated-gradients"].map(rows), [twice; 3]);
    assert_eq!(report["explanations"]["rows"], 5);
    assert_eq!(report["explanations"]["by"].as_array().unwrap().len(), 6);
    let protocol = report["explanations"]["attack"]["protocol"].as_str().unwrap();
    let measures = report["points"][0]["measures"].as_object().unwrap();
    let number = |key: &str| {
        let measure = measures.get(key).unwrap_or_else(|| panic!("`{key}` is missing"));
        measure["value"].as_f64().unwrap_or_else(|| panic!("`{key}` is {measure}"))
    };
    for baseline in ["gradient/mean", "gradient/zero", "integrated-gradients/zero"] {
        let gain = number(&format!("relevance_gain@{baseline}"));
        let areas =
            number(&format!("insertion_auc@{baseline}")) - number(&format!("deletion_auc@{baseline}"));
        assert!((gain - areas).abs() < 1e-6, "{baseline}: {gain} {areas}");
    }
    assert!(number("relevance_gain@integrated-gradients/mean") > 0.1, "better than chance on digits");
    let stable = number(&format!("explanation_stability@gradient!{protocol}:linf:0.1"));
    assert!((0.0..=1.0).contains(&stable));
    assert!(number("explanation_agreement@gradient-x-input") > 0.0);
    assert!(number("completeness_gap@integrated-gradients/mean") < 2.0);

    // As an objective, too: the worst of each axis is known.
    let front = ["front.objectives=[\"robust_accuracy\", \"relevance_gain@gradient/mean\"]"];
    program.must(&["run", "tiny.toml", front[0]]);
    assert!(text("summary.txt").contains("symmetric relevance gain"));
}

#[test]
fn objectives_that_a_front_cannot_have_are_refused() {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{EXPLANATIONS}"));
    let refused = |objective: &str, set: &[&str]| {
        let front = format!("front.objectives=[\"robust_accuracy\", \"{objective}\"]");
        let arguments: Vec<&str> =
            ["run", "tiny.toml", &front].into_iter().chain(set.iter().copied()).collect();
        program.refused(&arguments)
    };
    let checkpoints = ["training.checkpoints=[2, 4]"];
    for (objective, set, part) in [
        ("explanation_agreement@gradient", &[][..], "it compares seeds"),
        ("infidelity@gradient", &[], "its range has no end"),
        ("completeness_gap@integrated-gradients/mean", &[], "neither more nor less of it is better"),
        ("relevance_gain@gradient/mean", &checkpoints, "not measured on validation rows"),
        ("relevance_gain", &[], "write one of `relevance_gain@gradient-x-input/mean`"),
        ("relevance_gain@gradient/men", &[], "did you mean `gradient/mean`?"),
    ] {
        let said = refused(objective, set);
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    program.file("tiny.toml", TINY);
    assert!(refused("relevance_gain@gradient/mean", &[]).contains("add `[explanations]`"));
}
