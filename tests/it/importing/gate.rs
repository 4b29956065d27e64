//! Imported results behind the gate: a baseline, a change for the worse, a gain, and what cannot be looked behind.

use serde_json::{Value as Json, json};

use super::folder::{Array, Folder, Named};
use super::theirs;
use crate::gating::accepting;
use crate::program::{Program, answer};

/// Seven models of one configuration on four rows, under one attack whose settings say null here and there.
fn seven(model: Vec<Named>) -> Folder {
    let mut folder = Folder::of_two_classes();
    folder.description["attacks"][0]["settings"] =
        json!({ "steps": 10, "restarts": null, "ladder": [1, null], "seed": 18_446_744_073_709_551_615_u64 });
    let cell =
        |seed: u64| json!({ "coordinates": { "defense": "mine" }, "seed": seed, "test": "a.safetensors" });
    folder.description["cells"] = (0..7).map(cell).collect();
    folder.put("a.safetensors", model);
    folder
}

fn logits(last: f32) -> Named {
    ("logits", vec![4, 2], Array::Singles(vec![1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, last]))
}

fn standing(last: bool) -> Named {
    ("pgd/standing", vec![4], Array::Flags(vec![true, true, true, last]))
}

fn verdict(program: &Program, results: &str) -> Json {
    serde_json::from_str(&std::fs::read_to_string(program.path(results).join("verdict.json")).unwrap())
        .unwrap()
}

fn accepted(program: &Program) {
    let answer = answer(accepting(program, "base").args(["--reason", "theirs"]).output().unwrap());
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
}

#[test]
fn the_example_is_a_baseline_like_any_other() {
    let program = Program::new();
    program.must(&["import", theirs().to_str().unwrap(), "--out", "out"]);
    let check = program.must(&["baseline", "check", "out", "--baseline", "base"]);
    assert!(check.stdout.contains("no baseline in base yet"), "{}", check.stdout);
    accepted(&program);
    assert_eq!(program.run(&["gate", "out", "--baseline", "base"]).code, Some(0));
    assert_eq!(verdict(&program, "out")["verdict"], "identical");
    let chosen = program.must(&["choose", "out", "--max", "robust_accuracy", "--json"]).stdout;
    let chosen: Json = serde_json::from_str(&chosen).unwrap();
    // 0.8 at every seed.
    assert_eq!(chosen["chosen"]["coordinates"]["strength"], "1", "{chosen}");
    let said = program.refused(&["baseline", "refresh", "base"]);
    assert!(said.contains("imported models, which cannot be run again"), "{said}");
}

#[test]
fn imported_models_that_got_worse_regress_and_nothing_of_them_is_run_again() {
    let program = Program::new();
    seven(vec![logits(4.0), standing(true)]).write(&program.path("before"));
    // The last row is taken for the other class: a quarter of the rows, at every seed.
    seven(vec![logits(-4.0), standing(false)]).write(&program.path("after"));
    program.must(&["import", "before", "--out", "old"]);
    program.must(&["import", "after", "--out", "new"]);
    program.must(&["baseline", "check", "old", "--baseline", "base"]);
    accepted(&program);
    assert_eq!(program.run(&["gate", "old", "--baseline", "base"]).code, Some(0));
    assert_eq!(verdict(&program, "old")["verdict"], "identical");
    let answer = program.run(&["gate", "new", "--baseline", "base", "--confirm", "--base-results", "old"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    let found = verdict(&program, "new");
    assert_eq!(found["verdict"], "regressed");
    for endpoint in found["endpoints"].as_array().unwrap().iter().filter(|one| one["point"] != "front") {
        assert!((endpoint["mean"].as_f64().unwrap() - 0.25).abs() < 1e-12, "{endpoint}");
    }
    assert!(found["notes"].to_string().contains("imported models cannot be run again"), "{}", found["notes"]);
    assert!(!program.path("new.confirm").exists());
    assert_eq!(program.run(&["baseline", "check", "new", "--baseline", "base"]).code, Some(1));
    let review = program.must(&["baseline", "review", "base"]).stdout;
    assert!(review.contains("regressed against base"), "{review}");
}

#[test]
fn a_gain_of_imported_models_is_a_verdict_with_a_note() {
    let program = Program::new();
    seven(vec![logits(4.0), standing(false)]).write(&program.path("before"));
    seven(vec![logits(4.0), standing(true)]).write(&program.path("after"));
    program.must(&["import", "before", "--out", "old"]);
    program.must(&["import", "after", "--out", "new"]);
    program.must(&["baseline", "check", "old", "--baseline", "base"]);
    accepted(&program);
    for more in [&["--base-results", "old"][..], &[]] {
        let mut arguments = vec!["gate", "new", "--baseline", "base"];
        arguments.extend(more);
        let answer = program.run(&arguments);
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        let found = verdict(&program, "new");
        assert_eq!(found["verdict"], "improved");
        let notes = found["notes"].to_string();
        assert!(notes.contains("not cross-checked: imported models cannot be attacked here"), "{notes}");
        assert!(!notes.contains("--base-results"), "{notes}");
    }
}
