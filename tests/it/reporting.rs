//! `equipoise report`: what is written, and several folders side by side.

use std::path::Path;

use crate::json_schema::{must_hold, violations};
use crate::program::{Program, TINY};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_report_consists_of_the_formats_asked_for_and_run_makes_the_usual_one_again() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--quiet"]);
    let usual = crate::program::fingerprint(&program.path("results/tiny"));
    assert!(usual.contains_key("report.html") && usual.contains_key("figures/reliability.svg"), "{usual:?}");
    let print =
        ["report", "results/tiny", "--format", "pdf,md", "--theme", "paper", "--width", "column", "--dark"];
    let said = program.must(&print);
    // What goes is told.
    let (_, removed) = said.stderr.split_once("removed, since the report has no such files now: ").unwrap();
    for gone in ["figures/*.png (", "figures/*.svg (", "points.csv", "report.html"] {
        assert!(removed.contains(gone), "{gone}: {removed}");
    }
    let folder = program.path("results/tiny");
    assert!(!folder.join("report.html").exists() && folder.join("summary.md").exists());
    let figures = names(&folder.join("figures"));
    assert!(
        figures.contains(&"captions.md".to_owned()) && figures.contains(&"front-dark.pdf".to_owned()),
        "{figures:?}"
    );
    assert!(
        figures.iter().all(|name| name.split('.').next_back() == Some("pdf") || name == "captions.md"),
        "{figures:?}"
    );
    // The same bytes every time.
    let first = crate::program::fingerprint(&folder);
    assert!(!program.must(&print).stderr.contains("removed"), "nothing is left to remove");
    assert_eq!(first, crate::program::fingerprint(&folder));
    program.must(&["run", "tiny.toml", "--quiet"]);
    assert_eq!(
        usual,
        crate::program::fingerprint(&folder),
        "a report for print is not taken for the usual one"
    );
}

#[test]
fn several_folders_are_compared_where_that_means_something() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--quiet", "--out", "a"]);
    program.must(&["run", "tiny.toml", "training.epochs=6", "--quiet", "--out", "b"]);
    let said = program.must(&["report", "a", "b", "--out", "both"]);
    assert!(said.stdout.contains("hypervolume"), "{}", said.stdout);
    let text = std::fs::read_to_string(program.path("both/comparison.md")).unwrap();
    assert!(text.contains("| training.epochs | 4 | 6 |"), "{text}");
    assert_eq!(names(&program.path("both/figures")), ["fronts.png", "fronts.svg"]);
    let said = program.must(&["report", "a", "b", "--out", "both", "--json", "--format", "csv"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["folders"][1]["results"], "b");
    assert_eq!(said.stdout, std::fs::read_to_string(program.path("both/comparison.json")).unwrap());
    // What is not of this comparison does not stay beside it; what is not of comparisons does.
    program.file("both/mine.md", "mine");
    program.must(&["report", "a", "b", "--out", "both", "--format", "csv"]);
    let there = names(&program.path("both"));
    assert!(
        there.contains(&"mine.md".to_owned()) && there.contains(&"comparison.csv".to_owned()),
        "{there:?}"
    );
    for stale in ["comparison.md", "comparison.html", "comparison.json", "figures"] {
        assert!(!there.contains(&stale.to_owned()), "{stale} in {there:?}");
    }
    // Nor is anything taken from a folder that no comparison was in, or written among results.
    program.file("paper/figures/fronts.svg", "mine");
    program.must(&["report", "a", "b", "--out", "paper", "--format", "md"]);
    assert_eq!(std::fs::read_to_string(program.path("paper/figures/fronts.svg")).unwrap(), "mine");
    let refused = program.run(&["report", "a", "b", "--out", "a/figures"]);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("lies in a results folder"),
        "{}",
        refused.stderr
    );
    let refused = program.run(&["report", "a", "b", "--format", "latex"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("no LaTeX tables"), "{}", refused.stderr);
    let refused = program.run(&["report", "--schema", "a"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    let refused = program.run(&["report", "a", "b", "--out", "a"]);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("--out a is a results folder"),
        "{}",
        refused.stderr
    );
    // The same attacks at another radius: the numbers are others.
    program.must(&["run", "tiny.toml", "threat.epsilon=0.2", "--quiet", "--out", "c"]);
    let refused = program.run(&["report", "a", "b", "c", "--out", "three"]);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`c` cannot be compared with `a`: their fronts were attacked otherwise"),
        "{}",
        refused.stderr
    );
    assert!(!program.path("three").exists());
}

#[test]
fn what_a_report_cannot_be_is_refused() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--quiet"]);
    for (arguments, told) in [
        (
            &["report", "results/tiny", "--format", "gif"][..],
            "unknown format; there are html, md, card, latex, csv, json, svg, png, pdf",
        ),
        (
            &["report", "results/tiny", "--format", "pdf", "--open"],
            "--open opens the page, and the page is not written",
        ),
        (&["report", "results/tiny", "--out", "x"], "says where a comparison goes"),
        (
            &["report", "results/tiny", "results/../results/tiny/"],
            "`results/tiny` and `results/../results/tiny/` are the same results folder",
        ),
        (&["report", "results/tiny", "nowhere"], "`nowhere` is no results folder"),
        (&["report", "results/tiny", "--history"], "name their file with --rules"),
        (
            &["report", "results/tiny", "results/tiny", "--format", "card"],
            "cards are about one results folder",
        ),
    ] {
        let said = program.refused(arguments);
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}

/// What is asked for beside the usual sections.
const FURTHER: &str = r#"
[shift]
severities = [1]
ood = ["uniform-noise"]

[explanations]
rows = 10

[calibration]
temperature = true

[[certificate]]
kind = "interval"
"#;

/// Real outputs, of as many sections as there are, are what the schema says.
#[test]
fn report_json_is_as_its_schema_says() {
    let program = Program::new();
    let schema = program.must(&["report", "--schema"]).stdout;
    assert_eq!(schema, equipoise::report::SCHEMA_FILE);
    let plain = TINY.replace("models = [\"last\", \"best-clean\", \"best-robust\"]", "");
    let several =
        format!("{plain}\n[[defense]]\nmethod = {{ kind = \"label-smoothing\" }}\nstrengths = [0.1, 0.2]\n");
    let asked = plain.replace("resamples = 100", "resamples = 100\nsensitivity = [\"training.epochs*2\"]");
    let cases = [
        (
            "further",
            format!("{TINY}{FURTHER}"),
            &["certificates", "explanations", "temperatures", "abstention", "confidences"][..],
        ),
        ("several", several, &["ownership"]),
        ("rerun", asked, &["sensitivity"]),
        ("chosen", plain.replace("epochs = 4", "epochs = 4\ncheckpoints = [2, 4]"), &["choice"]),
        ("single", plain.replace("seeds = 2", "seeds = 1"), &["pairs"]),
    ];
    for (name, config, parts) in cases {
        program.file(&format!("{name}.toml"), &config);
        program.must(&["run", &format!("{name}.toml"), "--out", name, "--quiet"]);
        let text = std::fs::read_to_string(program.path(&format!("{name}/report.json"))).unwrap();
        let report = must_hold(&text, &schema);
        for part in parts {
            assert!(!report[part].is_null() && report[part] != serde_json::json!([]), "{name} has no {part}");
        }
    }
    // And what is not so is seen.
    let text = std::fs::read_to_string(program.path("single/report.json")).unwrap();
    let mut wrong: serde_json::Value = serde_json::from_str(&text).unwrap();
    wrong["front"]["members"] = serde_json::json!([-1]);
    wrong["points"][0]["measures"]["accuracy"]["value"] = serde_json::json!("0.9");
    wrong["more"] = serde_json::json!(1);
    let found = violations(&wrong, &serde_json::from_str(&schema).unwrap(), "r");
    assert_eq!(found.len(), 3, "{found:#?}");
}

/// A stand-in for what the system opens pages with: it writes down what it was asked to open.
#[cfg(target_os = "linux")]
#[test]
fn open_hands_the_page_to_what_the_system_opens_pages_with() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--quiet"]);
    program.must(&["run", "tiny.toml", "--quiet", "--out", "other"]);
    let stub = program.file(
        "bin/xdg-open",
        "#!/bin/sh\nprintf '%s' \"$1\" > \"$OPENED.part\" && /bin/mv \"$OPENED.part\" \"$OPENED\"\n",
    );
    std::fs::set_permissions(&stub, std::fs::Permissions::from_mode(0o755)).unwrap();
    let opened = |arguments: &[&str], into: &str| {
        let mut command = program.command(arguments);
        command.env("PATH", program.path("bin")).env("OPENED", program.path(into));
        let answer = crate::program::answer(command.output().unwrap());
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        // It is started, and not waited for.
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            if let Ok(page) = std::fs::read_to_string(program.path(into)) {
                return page;
            }
            assert!(std::time::Instant::now() < end, "nothing was opened");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    assert_eq!(opened(&["report", "results/tiny", "--open"], "one"), "results/tiny/report.html");
    let both = ["report", "results/tiny", "other", "--out", "both", "--open"];
    assert_eq!(opened(&both, "two"), "both/comparison.html");
    // Nothing to open with: the page is there, and it is said.
    let mut command = program.command(&["report", "results/tiny", "--open"]);
    command.env("PATH", program.path("nowhere"));
    let answer = crate::program::answer(command.output().unwrap());
    assert_eq!(answer.code, Some(2), "{}", answer.stderr);
    assert!(answer.stderr.contains("the page is there all the same"), "{}", answer.stderr);
}
