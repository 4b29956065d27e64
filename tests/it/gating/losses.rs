//! What `baseline accept` does not let through in passing.

use std::path::Path;

use super::program::{EVERY_LOSS, accept, gated, prepared, rewrite};
use crate::program::Program;

fn last_entry(program: &Program) -> serde_json::Value {
    let history = std::fs::read_to_string(program.path("base/history.jsonl")).unwrap();
    serde_json::from_str(history.lines().last().unwrap()).unwrap()
}

#[test]
fn points_that_are_gone_are_accepted_by_name_only() {
    let program = prepared();
    program.must(&["run", "small.toml", "defense.0.strengths=[0, 0.1]", "--out", "fewer", "--quiet"]);
    // To the gate the run is incomplete; as a new baseline it may be meant.
    let check = program.run(&["baseline", "check", "fewer", "--baseline", "base"]);
    assert_eq!(check.code, Some(5), "{}", check.stdout);
    let refused = accept(&program, &["--reason", "x"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("--allow-dropped 'defense=at,strength=0.2'"), "{}", refused.stderr);
    let given = accept(&program, &["--reason", "x", "--allow-dropped", "defense=at,strength=0.2"]);
    assert_eq!(given.code, Some(0), "{}", given.stderr);
    assert_eq!(last_entry(&program)["dropped"][0], "defense=at,strength=0.2");
}

/// Makes the first value of `metric` in the baseline's folder undefined.
fn undefine(folder: &Path, metric: &str) {
    let samples = folder.join("samples.csv");
    let text = std::fs::read_to_string(&samples).unwrap();
    let mut done = false;
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let is_it = !done && line.contains(&format!(",{metric},"));
            done |= is_it;
            let fields: Vec<&str> = line.rsplitn(4, ',').collect();
            if is_it { format!("{},,undefined,it went wrong", fields[3]) } else { line.to_owned() }
        })
        .collect();
    assert!(done);
    let new = format!("{}\n", lines.join("\n"));
    let manifest = folder.join("manifest.toml");
    let terms = std::fs::read_to_string(&manifest).unwrap();
    let terms =
        terms.replace(&equipoise::files::sha256(text.as_bytes()), &equipoise::files::sha256(new.as_bytes()));
    equipoise::files::write_atomic(&samples, new.as_bytes(), None).unwrap();
    equipoise::files::write_atomic(&manifest, terms.as_bytes(), None).unwrap();
}

#[test]
fn undefined_values_are_accepted_by_name_only_and_hide_no_regression() {
    let program = prepared();
    // The run is worse than the baseline, and does not know everything.
    rewrite(&program.path("base"), |_, _, _, x| x + 0.02);
    program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    undefine(&program.path("base.pending"), "accuracy");
    let refused = accept(&program, &["--reason", "x"]);
    assert!(
        refused.stderr.contains("incomplete") && refused.stderr.contains("--allow-incomplete"),
        "{}",
        refused.stderr
    );
    let refused = accept(&program, &["--reason", "x", "--allow-incomplete"]);
    assert!(refused.stderr.contains("--allow-regression robust_accuracy"), "{}", refused.stderr);
    let given = accept(&program, &[&["--reason", "x", "--allow-incomplete"][..], &EVERY_LOSS].concat());
    assert_eq!(given.code, Some(0), "{}", given.stderr);
    let entry = last_entry(&program);
    assert!(entry["undefined"][0].as_str().unwrap().contains("it went wrong"), "{entry}");
    assert_eq!(entry["verdict"], "incomplete");
}

#[test]
fn broken_requirements_are_accepted_by_name_only() {
    let program = prepared();
    let require = "gate.require=[\"accuracy>=0.999 at strength=0.2\"]";
    program.must(&["run", "small.toml", require, "--quiet"]);
    for base in ["base", "first"] {
        let check = program.must(&["baseline", "check", "results/small", "--baseline", base]);
        assert!(check.stderr.contains("warning: this requirement is broken: accuracy>=0.999 at strength=0.2 at defense=at,strength=0.2 (mean 0."), "{}", check.stderr);
        let ask = |more: &[&str]| {
            let mut command = super::program::accepting(&program, base);
            crate::program::answer(command.args(["--reason", "x"]).args(more).output().unwrap())
        };
        let review = program.must(&["baseline", "review", base]).stdout;
        let review = review.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(review.contains("accuracy>=0.999 at strength=0.2"), "{review}");
        let refused = ask(&[]);
        assert_eq!(refused.code, Some(2));
        assert!(
            refused.stderr.contains("break a requirement") && refused.stderr.contains("--allow-broken"),
            "{}",
            refused.stderr
        );
        let wrong = ask(&["--allow-broken", "accuracy>=0.99 at strength=0.2"]);
        assert!(wrong.stderr.contains("did you mean `accuracy>=0.999 at strength=0.2`?"), "{}", wrong.stderr);
        assert_eq!(ask(&["--allow-broken", "accuracy>=0.999 at strength=0.2"]).code, Some(0));
    }
    assert!(last_entry(&program)["broken"][0].as_str().unwrap().starts_with("accuracy>=0.999"));
    assert_eq!(gated(&program, &[], 1)["verdict"], "violated");
}

#[test]
fn a_misspelled_permission_is_named_and_somebody_has_to_approve() {
    let program = prepared();
    rewrite(&program.path("base"), |_, _, _, x| x + 0.02);
    program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    let wrong = accept(&program, &["--reason", "x", "--allow-regression", "robust_acuracy"]);
    assert!(wrong.stderr.contains("did you mean `robust_accuracy`?"), "{}", wrong.stderr);
    let permitted = [&["--reason", "x"][..], &EVERY_LOSS].concat();
    for name in ["GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "JENKINS_URL", "TF_BUILD", "CIRCLECI"] {
        let mut command = super::program::accepting(&program, "base");
        let answer = crate::program::answer(command.args(&permitted).env(name, "true").output().unwrap());
        assert_eq!(answer.code, Some(2));
        assert!(answer.stderr.contains(&format!("refused where {name} is set")), "{}", answer.stderr);
    }
    let mut command = super::program::accepting(&program, "base");
    let answer = crate::program::answer(command.args(&permitted).env("USER", "").output().unwrap());
    assert!(answer.stderr.contains("--by NAME"), "{}", answer.stderr);
    assert_eq!(accept(&program, &permitted).code, Some(0));
    assert_eq!(last_entry(&program)["by"], "somebody");
}

#[test]
fn a_baseline_that_can_never_alarm_is_warned_of() {
    let program = prepared();
    program.must(&["run", "small.toml", "seeds=3", "--out", "three", "--quiet"]);
    let warning = "with 3 seeds nothing can ever be shown at level 0.05, so that the gate never alarms: at least 5 are needed";
    let check = program.must(&["baseline", "check", "three", "--baseline", "base3"]);
    assert!(check.stderr.contains(warning), "{}", check.stderr);
    assert!(program.must(&["baseline", "review", "base3"]).stderr.contains(warning));
    let mut command = super::program::accepting(&program, "base3");
    let answer = crate::program::answer(command.args(["--reason", "x"]).output().unwrap());
    assert_eq!(answer.code, Some(0));
    assert!(answer.stderr.contains(warning), "{}", answer.stderr);
    // Seven seeds are enough.
    assert!(
        !program
            .must(&["baseline", "check", "results/small", "--baseline", "other"])
            .stderr
            .contains("warning")
    );
}

#[test]
fn a_first_baseline_is_reviewed_with_its_numbers_and_none_is_made_of_a_part() {
    let program = prepared();
    program.must(&["baseline", "check", "results/small", "--baseline", "other"]);
    let review = program.must(&["baseline", "review", "other"]).stdout;
    let samples = std::fs::read_to_string(program.path("base/samples.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(samples.as_bytes());
    let values: Vec<f64> = reader
        .records()
        .map(Result::unwrap)
        .filter(|row| &row[0] == "defense=at,strength=0.1" && &row[3] == "accuracy")
        .map(|row| row[5].parse().unwrap())
        .collect();
    assert_eq!(values.len(), 7);
    let mean = values.iter().sum::<f64>() / 7.0;
    let spread = (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 6.0).sqrt();
    let row =
        review.lines().find(|line| line.contains("strength=0.1") && line.contains("clean accuracy")).unwrap();
    assert!(row.contains(&format!("{mean:.4}")) && row.contains(&format!("{spread:.4}")), "{row}");
    let json = program.must(&["baseline", "review", "other", "--json"]).stdout;
    assert_eq!(super::schema::verdict(&json)["verdict"], "not-comparable");

    let cells = program.path("results/small/cells");
    let first = std::fs::read_dir(&cells).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_dir_all(first).unwrap();
    let check = program.run(&["baseline", "check", "results/small", "--baseline", "third"]);
    assert_eq!(check.code, Some(5), "{}", check.stdout);
    assert!(
        check.stdout.contains("incomplete")
            && check.stdout.contains("1 cell failed or missing")
            && check.stdout.contains("seed="),
        "{}",
        check.stdout
    );
    assert!(!program.path("third.pending").exists());
}

#[test]
fn a_review_advises_what_can_be_done() {
    let program = prepared();
    rewrite(&program.path("base"), |_, _, _, x| x - 0.02);
    program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    let review = program.must(&["baseline", "review", "base"]).stdout;
    let review = review.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        review.contains(
            "`equipoise baseline accept base --by NAME --reason TEXT`; to drop them: `equipoise baseline reject base`"
        ),
        "{review}"
    );
    assert!(!review.contains("baseline check"), "{review}");
    assert!(review.contains("and 1 more in `equipoise baseline review base --json`"), "{review}");
}
