//! `equipoise report`: what is written, and several folders side by side.

use std::path::Path;

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
    program.must(&print);
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
    program.must(&print);
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
            "unknown format; there are html, md, latex, csv, json, svg, png, pdf",
        ),
        (
            &["report", "results/tiny", "--format", "pdf", "--open"],
            "--open opens the page, and the page is not written",
        ),
        (&["report", "results/tiny", "--out", "x"], "says where a comparison goes"),
        (
            &["report", "results/tiny", "results/tiny", "--json"],
            "--json prints the report of one results folder",
        ),
        (&["report", "results/tiny", "nowhere"], "`nowhere` is no results folder"),
    ] {
        let said = program.refused(arguments);
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}
