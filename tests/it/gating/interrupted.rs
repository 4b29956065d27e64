//! Acceptances that a crash cut short, damaged proposals, and proposals that went stale.

use std::path::Path;

use super::program::{accept, copy, gated, prepared, rewrite};

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

fn put(path: &Path, bytes: &[u8]) {
    equipoise::files::write_atomic(path, bytes, None).unwrap();
}

/// Every state between two acceptances is one of the two.
#[test]
fn after_a_crash_the_old_baseline_counts_or_the_new_one() {
    let program = prepared();
    rewrite(&program.path("base"), |_, _, _, x| x - 0.02);
    let (old, new, base) = (program.path("old"), program.path("new"), program.path("base"));
    copy(&base, &old);
    program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    assert_eq!(accept(&program, &["--reason", "longer training"]).code, Some(0));
    copy(&base, &new);
    assert!(!new.join("samples.next.csv").exists());
    let shown = || program.must(&["baseline", "show", "base"]).stdout;
    let from = |folders: [&Path; 3], next: bool| {
        for (folder, name) in folders.into_iter().zip(["samples.csv", "history.jsonl", "manifest.toml"]) {
            put(&base.join(name), &read(&folder.join(name)));
        }
        equipoise::files::remove(&base.join("samples.next.csv")).unwrap();
        if next {
            put(&base.join("samples.next.csv"), &read(&new.join("samples.csv")));
        }
    };
    // Before the manifest is in place nothing has happened.
    for history in [&old, &new] {
        from([&old, history, &old], true);
        assert_eq!(gated(&program, &[], 0)["verdict"], "improved");
        assert!(!shown().contains("longer training"), "{}", shown());
    }
    // From then on all of it has.
    for samples in [&old, &new] {
        from([samples, &new, &new], true);
        assert_eq!(gated(&program, &[], 0)["verdict"], "identical");
        assert!(shown().contains("longer training"), "{}", shown());
    }
    // The next acceptance clears up, after either.
    for (manifest, lines) in [(&old, 2), (&new, 3)] {
        from([&old, &new, manifest], true);
        program.run(&["run", "small.toml", "gate.alpha=0.04", "--quiet"]);
        program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
        assert_eq!(accept(&program, &["--reason", "again"]).code, Some(0));
        assert!(!base.join("samples.next.csv").exists());
        assert_eq!(gated(&program, &[], 0)["verdict"], "identical");
        let history = String::from_utf8(read(&base.join("history.jsonl"))).unwrap();
        assert_eq!(history.lines().count(), lines, "{history}");
        assert_eq!(read(&base.join("samples.csv")), read(&new.join("samples.csv")));
    }
}

#[test]
fn a_damaged_proposal_can_be_thrown_away_and_a_stale_one_goes() {
    let program = prepared();
    let saved = program.path("saved");
    copy(&program.path("base"), &saved);
    rewrite(&program.path("base"), |_, _, _, x| x - 0.02);
    let check = || program.run(&["baseline", "check", "results/small", "--baseline", "base"]);
    check();
    let pending = program.path("base.pending");
    put(&pending.join("samples.csv"), b"damaged");
    let refused = accept(&program, &["--reason", "x"]);
    assert!(refused.stderr.contains("equipoise baseline reject"), "{}", refused.stderr);
    program.must(&["baseline", "reject", "base"]);
    assert!(!pending.exists());
    check();
    std::fs::remove_file(pending.join("manifest.toml")).unwrap();
    assert!(accept(&program, &["--reason", "x"]).stderr.contains("has no manifest.toml"));
    program.must(&["baseline", "reject", "base"]);
    assert!(!pending.exists());
    // What was put up once, and is the baseline now.
    check();
    assert!(pending.exists());
    copy(&saved, &program.path("base"));
    let told = check();
    assert!(told.stderr.contains("what awaited acceptance is dropped"), "{}", told.stderr);
    assert!(!pending.exists());
}
