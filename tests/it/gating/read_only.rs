//! Results on a disk that cannot be written to, as artifacts of another job often are.

#![cfg(unix)]

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::program::prepared;
use super::schema;

/// Sets the mode of every folder at and under `folder`.
fn mode(folder: &Path, mode: u32) {
    let set = || std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    set();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            self::mode(&path, mode);
        }
    }
}

#[test]
fn what_only_reads_takes_a_folder_that_cannot_be_written_to() {
    const NOBODY: u32 = 65_534;
    let program = prepared();
    let root = std::fs::metadata(program.path(".")).unwrap().uid() == 0;
    // Whoever is root writes everywhere: somebody else has to ask, and to reach the program.
    let binary = program.path("equipoise");
    std::fs::copy(env!("CARGO_BIN_EXE_equipoise"), &binary).unwrap();
    std::fs::set_permissions(program.path("."), std::fs::Permissions::from_mode(0o777)).unwrap();
    mode(&program.path("results/small"), 0o555);
    std::fs::set_permissions(
        program.path("results/small/store.lock"),
        std::fs::Permissions::from_mode(0o444),
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&binary);
        command.args(arguments).current_dir(program.path(".")).env("HOME", program.path("."));
        // As every other test: whoever runs it may have set it, to nothing even.
        command.env_remove("EQUIPOISE_DATASETS");
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        crate::program::answer(command.output().unwrap())
    };
    let before = crate::program::fingerprint(&program.path("results/small"));
    let gate = run(&["gate", "results/small", "--baseline", "base", "--verdict", "out/verdict.json"]);
    assert_eq!(gate.code, Some(0), "{}", gate.stderr);
    assert_eq!(
        schema::verdict(&std::fs::read_to_string(program.path("out/verdict.json")).unwrap())["verdict"],
        "identical"
    );
    // Without --verdict the verdict is told, with its exit code, and where the file could have gone.
    for (more, code) in [(&[][..], 0), (&["--require", "accuracy>=0.999"][..], 1)] {
        let told = run(&[&["gate", "results/small", "--baseline", "base"], more].concat());
        assert_eq!(told.code, Some(code), "{}", told.stderr);
        assert!(told.stdout.starts_with("small: "), "{}", told.stdout);
        for part in
            ["warning: no `results/small/verdict.json` was written", "--verdict FILE", "exit code is that of"]
        {
            assert!(told.stderr.contains(part), "`{part}` is missing in:\n{}", told.stderr);
        }
    }
    let chosen = run(&["choose", "results/small", "--max", "robust_accuracy"]);
    assert_eq!(chosen.code, Some(0), "{}", chosen.stderr);
    for (base, code) in [("base", 0), ("other", 0)] {
        let check = run(&["baseline", "check", "results/small", "--baseline", base]);
        assert_eq!(check.code, Some(code), "{}", check.stderr);
    }
    assert!(program.path("other.pending/manifest.toml").is_file());
    assert_eq!(crate::program::fingerprint(&program.path("results/small")), before);
    // The same verdict that stands there already misleads nobody; another one does.
    let place = |verdict: &[u8]| {
        mode(&program.path("results/small"), 0o755);
        equipoise::files::write_atomic(&program.path("results/small/verdict.json"), verdict, None).unwrap();
        mode(&program.path("results/small"), 0o555);
    };
    place(&std::fs::read(program.path("out/verdict.json")).unwrap());
    let same = run(&["gate", "results/small", "--baseline", "base"]);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    let stale = run(&["gate", "results/small", "--baseline", "base", "--require", "accuracy>=0.999"]);
    assert_eq!(stale.code, Some(2), "{}", stale.stderr);
    assert!(stale.stdout.starts_with("small: violated"), "{}", stale.stdout);
    for part in
        ["`results/small/verdict.json` is another verdict", "the exit code is 2, not 1", "--verdict FILE"]
    {
        assert!(stale.stderr.contains(part), "`{part}` is missing in:\n{}", stale.stderr);
    }
    // What writes says what to do.
    let report = run(&["report", "results/small"]);
    assert_eq!(report.code, Some(2));
    assert!(
        report.stderr.contains("copy the folder") && !report.stderr.contains("--out"),
        "{}",
        report.stderr
    );
    mode(&program.path("results/small"), 0o755);
}
