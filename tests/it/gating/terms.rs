//! The terms of a baseline: compared, taken over by name, and held to their rules wherever they stand.

use super::program::{SMALL, accept, gated, prepared};
use crate::program::Program;

fn last_entry(program: &Program, folder: &str) -> serde_json::Value {
    let history = std::fs::read_to_string(program.path(folder).join("history.jsonl")).unwrap();
    serde_json::from_str(history.lines().last().unwrap()).unwrap()
}

#[test]
fn terms_that_changed_alone_are_told_of_and_taken_over() {
    let program = prepared();
    assert!(!gated(&program, &[], 0)["notes"].to_string().contains("[gate]"));
    program.must(&["run", "small.toml", "gate.alpha=0.01", "gate.margin.accuracy=0.5", "--quiet"]);
    let value = gated(&program, &[], 0);
    assert_eq!((value["verdict"].as_str(), value["alpha"].as_f64()), (Some("identical"), Some(0.05)));
    let notes = value["notes"].to_string();
    for part in [
        "differs from the baseline's, which rules",
        "gate.alpha: 0.05 there, 0.01 here",
        "gate.margin.accuracy: not set there, 0.5 here",
    ] {
        assert!(notes.contains(part), "`{part}` is missing in {notes}");
    }
    let check = program.must(&["baseline", "check", "results/small", "--baseline", "base"]);
    assert!(
        check.stderr.contains("the terms of the gate would change: gate.alpha: 0.05, now 0.01"),
        "{}",
        check.stderr
    );
    let review = program.must(&["baseline", "review", "base"]).stdout;
    let review = review.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(review.contains("The terms of the gate change: gate.alpha: 0.05, now 0.01"), "{review}");
    assert_eq!(accept(&program, &["--reason", "stricter"]).code, Some(0));
    let entry = last_entry(&program, "base");
    assert_eq!(entry["verdict"], "identical");
    assert_eq!(entry["terms"][0], "gate.alpha: 0.05, now 0.01", "{entry}");
    let value = gated(&program, &[], 0);
    assert_eq!(value["alpha"], 0.01);
    assert!(!value["notes"].to_string().contains("[gate]"), "{}", value["notes"]);
    // Nothing is left to take over.
    program.must(&["baseline", "check", "results/small", "--baseline", "base"]);
    assert!(!program.path("base.pending").exists());
    let shown = program.must(&["baseline", "show", "base"]).stdout;
    assert!(shown.contains("terms: gate.alpha: 0.05, now 0.01"), "{shown}");
}

#[test]
fn a_number_or_requirement_is_let_go_by_name_only() {
    let program = prepared();
    program.must(&["run", "small.toml", "gate.metrics=[]", "--quiet"]);
    program.must(&["baseline", "check", "results/small", "--baseline", "base"]);
    let refused = accept(&program, &["--reason", "x"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("--allow-dropped 'worst_class_accuracy'"), "{}", refused.stderr);
    let wrong = accept(&program, &["--reason", "x", "--allow-dropped", "worst_clas_accuracy"]);
    assert!(wrong.stderr.contains("did you mean `worst_class_accuracy`?"), "{}", wrong.stderr);
    assert_eq!(accept(&program, &["--reason", "x", "--allow-dropped", "worst_class_accuracy"]).code, Some(0));
    assert_eq!(last_entry(&program, "base")["dropped"][0], "worst_class_accuracy");
    assert_eq!(gated(&program, &[], 0)["verdict"], "identical");

    // A requirement that is replaced by a stricter one is not let go, one by a weaker one is. Its number need not be gated.
    let require = |limit: &str| format!("gate.require=[\"worst_class_accuracy>={limit} at strength=0\"]");
    for (limit, code) in [("0.2", 0), ("0.3", 0), ("0.1", 2)] {
        program.must(&["run", "small.toml", "gate.metrics=[]", &require(limit), "--quiet"]);
        program.must(&["baseline", "check", "results/small", "--baseline", "base"]);
        let answer = accept(&program, &["--reason", "x"]);
        assert_eq!(answer.code, Some(code), "{limit}: {}", answer.stderr);
    }
    let name = "worst_class_accuracy>=0.3 at strength=0";
    assert_eq!(accept(&program, &["--reason", "x", "--allow-dropped", name]).code, Some(0));
    assert_eq!(gated(&program, &[], 0)["requirements"][0]["holds"], "shown");
}

#[test]
fn a_manifest_is_held_to_the_rules_of_an_experiment() {
    let program = prepared();
    let manifest = program.path("base/manifest.toml");
    let good = std::fs::read_to_string(&manifest).unwrap();
    let refused = |text: &str| {
        assert_ne!(text, good);
        equipoise::files::write_atomic(&manifest, text.as_bytes(), None).unwrap();
        program.refused(&["gate", "results/small", "--baseline", "base"])
    };
    for alpha in ["nan", "-1.0", "0.0", "7.0"] {
        let said = refused(&good.replacen("alpha = 0.05", &format!("alpha = {alpha}"), 1));
        assert!(said.contains("`alpha` must lie above 0"), "{said}");
    }
    for margin in ["nan", "-1.0"] {
        let said =
            refused(&good.replacen("[gate.margin]", &format!("[gate.margin]\naccuracy = {margin}"), 1));
        assert!(said.contains("the margin of `accuracy` must be finite"), "{said}");
    }
    // Of two margins that do not agree, neither counts in silence.
    for text in [
        good.replacen("margin = 0.005", "margin = 0.5", 1),
        good.replacen("[gate.margin]", "[gate.margin]\naccuracy = 0.5", 1),
    ] {
        let said = refused(&text);
        assert!(said.contains("in its [[gated]]") && said.contains("by [gate]"), "{said}");
    }
    assert_eq!(
        good.matches("worst_class_accuracy").count(),
        2,
        "what is gated stands in [gate] and in its [[gated]]: {good}"
    );
}

#[test]
fn a_requirement_about_nothing_is_refused_before_anything_is_trained() {
    let program = Program::new();
    for (requirement, parts) in [
        (
            "accuracy>=0.5 at stength=0",
            &["small.toml:", "no coordinate is called `stength`, did you mean `strength`?"][..],
        ),
        ("accuracy>=0.5 at strength=7", &["it is about no point", "defense=at,strength=0.1"]),
        ("accuracy>=60", &["`accuracy>=60` can never hold", "between 0 and 1", "`accuracy>=0.6`"]),
        ("worst_group_accuracy>=0.5", &["small.toml:", "worst_group_accuracy", "declares none"]),
    ] {
        program.file(
            "small.toml",
            &SMALL.replacen("metrics =", &format!("require = [\"{requirement}\"]\nmetrics ="), 1),
        );
        let said = program.refused(&["run", "small.toml"]);
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing in:\n{said}");
        }
        assert!(!program.path("results").exists());
    }
}
