//! `equipoise baseline`: from a first run to a history.

use super::program::{EVERY_LOSS, accept, accepting, gated, prepared, rewrite};
use super::schema;

#[test]
fn a_baseline_is_proposed_looked_at_and_accepted_with_a_reason() {
    let program = prepared();
    let history = || std::fs::read_to_string(program.path("base/history.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(history().trim()).unwrap();
    assert_eq!(
        (&first["verdict"], &first["reason"], &first["by"]),
        (&"new".into(), &"the first".into(), &"somebody".into())
    );
    assert!(!program.path("base.pending").exists());
    let samples = std::fs::read_to_string(program.path("base/samples.csv")).unwrap();
    assert!(
        samples.starts_with("point,model,seed,metric,n,value,status,reason\n") && !samples.contains('\r')
    );
    assert_eq!(samples.lines().count(), 1 + 3 * 7 * 3, "3 points, 7 seeds, 3 numbers");
    let mut reader = csv::Reader::from_reader(samples.as_bytes());
    let places: Vec<(String, String, u64)> = reader
        .records()
        .map(|row| row.unwrap())
        .map(|row| (row[0].to_owned(), row[3].to_owned(), row[2].parse().unwrap()))
        .collect();
    assert!(places.is_sorted(), "by point, number and seed");

    // Nothing changed: nothing is proposed.
    program.must(&["baseline", "check", "results/small", "--baseline", "base"]);
    assert!(!program.path("base.pending").exists());
    assert!(program.refused(&["baseline", "review", "base"]).contains("nothing awaits acceptance"));
    assert!(program.refused(&["baseline", "reject", "base"]).contains("nothing awaits acceptance"));

    // Everything got better.
    rewrite(&program.path("base"), |_, _, _, x| x - 0.02);
    let check = program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    assert_eq!(check.code, Some(0), "{}", check.stdout);
    assert!(check.stdout.contains("improved"));
    let review = program.must(&["baseline", "review", "base"]).stdout;
    assert!(review.contains("improved against base") && review.contains("hypervolume"), "{review}");
    program.must(&["baseline", "reject", "base"]);
    assert!(!program.path("base.pending").exists());
    assert_eq!(gated(&program, &[], 0)["verdict"], "improved");

    program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    let in_ci = accepting(&program, "base").args(["--reason", "x"]).env("CI", "1").output().unwrap();
    assert_eq!(in_ci.status.code(), Some(2));
    assert!(String::from_utf8(in_ci.stderr).unwrap().contains("refused where CI is set"));
    assert!(accept(&program, &["--reason", " "]).stderr.contains("the reason is empty"));
    assert_eq!(accept(&program, &["--reason", "longer training"]).code, Some(0));
    assert_eq!(gated(&program, &[], 0)["verdict"], "identical");
    assert_eq!(history().lines().count(), 2);
    let last: serde_json::Value = serde_json::from_str(history().lines().last().unwrap()).unwrap();
    assert_eq!((&last["verdict"], &last["reason"]), (&"improved".into(), &"longer training".into()));
    assert!(last["previous"].is_string() && last["previous"] != last["samples"]);
    let shown = program.must(&["baseline", "show", "base"]).stdout;
    assert!(
        shown.contains("longer training") && shown.contains("the first") && shown.contains("alpha 0.05"),
        "{shown}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&program.must(&["baseline", "show", "base", "--json"]).stdout).unwrap();
    assert_eq!(json["manifest"]["seeds"].as_array().unwrap().len(), 7);
    assert_eq!(json["history"].as_array().unwrap().len(), 2);
}

#[test]
fn a_loss_in_either_pillar_is_not_taken_over_in_passing() {
    let program = prepared();
    rewrite(&program.path("base"), |_, _, _, x| x + 0.02);
    let check = program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    assert_eq!(check.code, Some(1));
    let refused = accept(&program, &["--reason", "faster"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("--allow-regression robust_accuracy"), "{}", refused.stderr);
    // Each loss has a name: one does not help another.
    for name in ["accuracy", "worst_class_accuracy", "robust_accuracy"] {
        assert_eq!(accept(&program, &["--reason", "faster", "--allow-regression", name]).code, Some(2));
    }
    let all = [&["--reason", "faster"][..], &EVERY_LOSS].concat();
    assert_eq!(accept(&program, &all).code, Some(0));
    let history = std::fs::read_to_string(program.path("base/history.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(history.lines().last().unwrap()).unwrap();
    assert!(last["regressions"].to_string().contains("robust_accuracy"), "{last}");
    assert_eq!(gated(&program, &[], 0)["verdict"], "identical");
}

#[test]
fn single_points_can_be_accepted_and_the_baseline_says_where_they_come_from() {
    let program = prepared();
    program.must(&[
        "run",
        "small.toml",
        "training.epochs=9",
        "gate.alpha=0.01",
        "--out",
        "longer",
        "--quiet",
    ]);
    let strongest = "defense=at,strength=0.2";
    // Everything else got worse there, as far as the baseline goes.
    rewrite(&program.path("base"), |point, _, _, x| if point == strongest { x - 0.05 } else { x + 0.05 });
    program.run(&["baseline", "check", "longer", "--baseline", "base"]);
    let wrong = accept(&program, &["--reason", "x", "--only", "defense=at,strength=0.3"]);
    assert!(
        wrong.stderr.contains("no point is called") && wrong.stderr.contains("did you mean"),
        "{}",
        wrong.stderr
    );
    let before = std::fs::read_to_string(program.path("base/samples.csv")).unwrap();
    let run = std::fs::read_to_string(program.path("base.pending/samples.csv")).unwrap();
    let accepted = accept(&program, &["--reason", "x", "--only", strongest]);
    assert_eq!(accepted.code, Some(0), "{}", accepted.stderr);
    // Every row is that of the old baseline or that of the run.
    let after = std::fs::read_to_string(program.path("base/samples.csv")).unwrap();
    for (row, (old, new)) in after.lines().zip(before.lines().zip(run.lines())) {
        assert_eq!(row, if row.contains(strongest) { new } else { old });
    }
    // Settings and terms are those of the rest; where the point comes from stands beside them.
    let shown: serde_json::Value =
        serde_json::from_str(&program.must(&["baseline", "show", "base", "--json"]).stdout).unwrap();
    let manifest = &shown["manifest"];
    assert_eq!(manifest["experiment"]["training"]["epochs"], 8);
    assert_eq!(manifest["gate"]["alpha"], 0.05);
    let part = &manifest["part"][0];
    assert_eq!(part["points"], serde_json::json!([strongest]));
    assert_eq!(part["samples"], equipoise::files::sha256(run.as_bytes()));
    assert_eq!(part["settings"], serde_json::json!(["training.epochs: 8, for these points 9"]));
    let entry = &shown["history"][1];
    assert_eq!((&entry["only"], &entry["run"]), (&part["points"], &part["samples"]));
    assert!(entry["terms"].is_null(), "{entry}");
    let text = program.must(&["baseline", "show", "base"]).stdout;
    assert!(
        text.contains("training.epochs: 8, for these points 9")
            && text.contains("only: defense=at,strength=0.2"),
        "{text}"
    );
    let value = gated(&program, &[], 1);
    assert!(
        value["notes"].to_string().contains("the baseline is of several runs: defense=at,strength=0.2"),
        "{}",
        value["notes"]
    );
    let said = program.refused(&["baseline", "refresh", "base"]);
    assert!(said.contains("of several runs"), "{said}");
    // A whole run makes it one again.
    program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    let all = [&["--reason", "y"][..], &EVERY_LOSS].concat();
    assert_eq!(accept(&program, &all).code, Some(0));
    assert!(!gated(&program, &[], 0)["notes"].to_string().contains("several runs"));
}

#[test]
fn other_seeds_are_accepted_only_by_name_and_refreshed_with_proof() {
    let program = prepared();
    program.must(&["run", "small.toml", "seeds=[20,21,22,23,24,25,26]", "--out", "other", "--quiet"]);
    assert_eq!(program.run(&["baseline", "check", "other", "--baseline", "base"]).code, Some(3));
    let refused = accept(&program, &["--reason", "x"]);
    assert!(refused.stderr.contains("--allow-incomparable"), "{}", refused.stderr);
    program.must(&["baseline", "reject", "base"]);
    // This program repeats its own baseline bit for bit.
    let refreshed = program.must(&["baseline", "refresh", "base", "--seeds", "8", "--quiet"]);
    assert!(
        refreshed.stdout.contains("at the old seeds identical; 8 new seeds await acceptance"),
        "{}",
        refreshed.stdout
    );
    let pending = std::fs::read_to_string(program.path("base.pending/verdict.json")).unwrap();
    assert!(schema::verdict(&pending)["notes"].to_string().contains("refreshed"), "{pending}");
    assert!(program.must(&["baseline", "review", "base"]).stdout.contains("Refreshed: the same experiment"));
    let accepted = accept(&program, &["--reason", "fresh seeds"]);
    assert_eq!(accepted.code, Some(0), "{}", accepted.stderr);
    let history = std::fs::read_to_string(program.path("base/history.jsonl")).unwrap();
    let entry: serde_json::Value = serde_json::from_str(history.lines().last().unwrap()).unwrap();
    assert_eq!(entry["verdict"], "refreshed");
    let proof = serde_json::json!({ "samples": entry["previous"], "seeds": [0, 1, 2, 3, 4, 5, 6], "found": "identical" });
    assert_eq!(entry["proof"], proof);
    program.must(&["run", "small.toml", "seeds=[7,8,9,10,11,12,13,14]", "--out", "new", "--quiet"]);
    assert_eq!(program.run(&["gate", "new", "--baseline", "base"]).code, Some(0));
    // A baseline that cannot be repeated is not refreshed.
    rewrite(&program.path("base"), |_, _, _, x| x + 0.02);
    let answer = program.run(&["baseline", "refresh", "base", "--out", "again", "--quiet"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("this is no repetition"), "{}", answer.stderr);
}
