//! Runs the program itself, in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A temporary folder with configs, in which the program runs.
pub(crate) struct Program {
    folder: tempfile::TempDir,
}

/// What the program answered.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Puts a file in place.
    pub(crate) fn file(&self, relative: &str, content: &str) -> PathBuf {
        let path = self.path(relative);
        equipoise::files::write_atomic(&path, content.as_bytes(), None).unwrap();
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_equipoise"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("EQUIPOISE_SIMD")
            .env_remove("EQUIPOISE_DATASETS")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        answer(self.command(arguments).output().unwrap())
    }

    /// Runs and insists on success.
    pub(crate) fn must(&self, arguments: &[&str]) -> Answer {
        let answer = self.run(arguments);
        assert_eq!(answer.code, Some(0), "{arguments:?}\n{}\n{}", answer.stdout, answer.stderr);
        answer
    }

    /// Runs, insists on exit code 2, and returns what was said.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let answer = self.run(arguments);
        assert_eq!(answer.code, Some(2), "{arguments:?}\n{}\n{}", answer.stdout, answer.stderr);
        assert!(answer.stdout.is_empty(), "nothing goes to stdout: {}", answer.stdout);
        answer.stderr
    }
}

pub(crate) fn answer(output: Output) -> Answer {
    Answer {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every file under `folder` but those that may speak of machine and time: relative path to SHA-256.
pub(crate) fn fingerprint(folder: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let extension = path.extension().unwrap_or_default();
            if name == "run.json"
                || (name.starts_with("events") && extension == "jsonl")
                || extension == "log"
            {
                continue;
            }
            let relative = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            found.insert(relative, equipoise::files::sha256(&std::fs::read(&path).unwrap()));
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    assert!(!found.is_empty(), "{} is empty", folder.display());
    found
}

/// A sweep that takes about a second: digits, a small network, few epochs, weak attacks.
pub(crate) const TINY: &str = r#"
name = "tiny"
seeds = 2

[data]
kind = "dataset"
name = "digits"

[split]
test = 200
validation = 100

[model]
kind = "mlp"
hidden = [32]

[training]
epochs = 4

[[defense]]
method = { kind = "at", steps = 3 }
strengths = [0, 0.1, 0.2]

[threat]
norm = "linf"
epsilon = 0.1
curve = [0.05]

[[attack]]
kind = "pgd"
steps = 5
step = 0.25

[checks]
rows = 0      # so weak an attack would not pass them

[front]
resamples = 100
models = ["last", "best-clean", "best-robust"]
"#;
