//! Bad input gets one clear message: what, where, what to do.

use crate::program::{Program, TINY};

/// Refuses `config` (TINY with `from` replaced by `to`) and expects every part in the message.
fn refused(from: &str, to: &str, parts: &[&str]) {
    let program = Program::new();
    assert!(TINY.contains(from), "the test's own config has no `{from}`");
    program.file("tiny.toml", &TINY.replace(from, to));
    let said = program.refused(&["run", "tiny.toml"]);
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    assert!(!program.path("results").exists(), "nothing is made before everything is checked");
}

#[test]
fn unknown_keys_and_kinds_are_named_with_line_and_column() {
    refused(
        "epochs = 4",
        "epocs = 4",
        &["tiny.toml", "line 18, column 1", "unknown key `epocs`, did you mean `epochs`?"],
    );
    refused(
        "kind = \"pgd\"",
        "kind = \"pgdd\"",
        &["line 30, column 8", "unknown word `pgdd`, did you mean `pgd`?"],
    );
    refused("kind = \"mlp\"", "kind = \"resnet\"", &["unknown word `resnet`", "`mlp`"]);
    refused("kind = \"at\"", "kind = \"att\"", &["unknown word `att`, did you mean `at`?"]);
    refused("seeds = 2", "seeds = 2\ncolour = 1", &["line 4, column 1", "colour"]);
}

/// Texts are shown to people: they would steer terminals, and no drawing can hold them.
#[test]
fn control_characters_in_texts_are_refused() {
    refused(
        "seeds = 2",
        "seeds = 2\nquestion = \"red \\u001b[31m\"",
        &["tiny.toml", "line 4, column 12", "control character U+001B", "help:"],
    );
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let said = program.refused(&["run", "tiny.toml", "question=\"red \\u001b[31m\""]);
    assert!(said.contains("override `question`") && said.contains("U+001B"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
}

#[test]
fn values_out_of_range_are_refused() {
    refused("seeds = 2", "seeds = 0", &["at line 3, column 9", "got 0"]);
    refused(
        "strengths = [0, 0.1, 0.2]",
        "strengths = []",
        &["tiny.toml:22:", "`strengths` is empty", "help:"],
    );
    refused(
        "strengths = [0, 0.1, 0.2]",
        "strengths = [0, -0.1]",
        &["tiny.toml:22:", "at least 0, got `-0.1`"],
    );
    refused("strengths = [0, 0.1, 0.2]", "strengths = [0, nan]", &["at least 0, got `NaN`"]);
    refused("strengths = [0, 0.1, 0.2]", "strengths = [0.1, 0.1]", &["strength 0.1 is listed twice"]);
    refused(
        "epsilon = 0.1",
        "epsilon = -0.1",
        &["tiny.toml:26:", "epsilon must be finite and at least 0, got `-0.1`"],
    );
    refused("epochs = 4", "epochs = 0", &["epochs", "at least 1, got `0`"]);
    refused(
        "epochs = 4",
        "epochs = 4\ninterpolate = 100000",
        &["tiny.toml:19:", "`interpolate` must be at most 50, got 100000", "help:"],
    );
    refused("resamples = 100", "resamples = 3", &["at least 100, got 3"]);
    refused("name = \"tiny\"", "name = \"../up\"", &["`../up` cannot name a results folder"]);
}

#[test]
fn a_batch_or_split_larger_than_the_data_is_refused() {
    refused("epochs = 4", "epochs = 4\nbatch = 5000", &["batch", "5000", "1497"]);
    refused("test = 200", "test = 2000", &["2000", "1797"]);
}

#[test]
fn objectives_that_cannot_be_measured_are_refused() {
    let with = |objectives: &str| format!("resamples = 100\nobjectives = {objectives}");
    refused(
        "resamples = 100",
        &with("[\"acuracy\", \"robust_accuracy\"]"),
        &["tiny.toml:", "acuracy", "did you mean `accuracy`"],
    );
    refused("resamples = 100", &with("[\"accuracy\"]"), &["at least 2 objectives"]);
    refused("resamples = 100", &with("[\"accuracy\", \"accuracy\"]"), &["listed twice"]);
    refused(
        "resamples = 100",
        &with("[\"robust_accuracy\", \"demographic_parity_difference\"]"),
        &["demographic_parity_difference", "sensitive"],
    );
    refused(
        "resamples = 100",
        &with("[\"accuracy\", \"robust_accuracy!00000000:linf:0.1\"]"),
        &["robust_accuracy!00000000:linf:0.1"],
    );
    refused("resamples = 100", &with("[\"accuracy\", \"class_accuracy\"]"), &["class_accuracy"]);
}

#[test]
fn data_that_are_not_there_are_refused_with_the_command_that_gets_them() {
    refused("name = \"digits\"", "name = \"adult\"", &["adult", "equipoise fetch adult"]);
    refused("name = \"digits\"", "name = \"digit\"", &["digit", "did you mean `digits`"]);
}

#[test]
fn an_attack_that_does_not_fit_the_model_is_refused() {
    refused(
        "kind = \"pgd\"\nsteps = 5\nstep = 0.25",
        "kind = \"exact\"",
        &["tiny.toml:29:", "exact", "linear"],
    );
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let program = Program::new();
    let config = program.file("tiny.toml", TINY);
    assert!(program.refused(&["run", "absent.toml"]).contains("`absent.toml`"));
    std::fs::create_dir(program.path("folder.toml")).unwrap();
    assert!(program.refused(&["run", "folder.toml"]).contains("it is a directory"));
    program.file("binary.toml", "name = \"\u{0}\"");
    program.refused(&["run", "binary.toml"]);
    assert!(
        program.refused(&["run", "tiny.toml", "--out", config.to_str().unwrap()]).contains("it is a file")
    );
    assert!(program.refused(&["report", "."]).contains("is no results folder"));
    assert!(program.refused(&["report", "nowhere"]).contains("is no results folder"));
}

#[cfg(unix)]
#[allow(clippy::print_stderr, reason = "a test that did nothing must say so")]
#[test]
fn an_unwritable_results_folder_is_named() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    // /proc refuses new folders to everybody, the superuser included.
    if !std::path::Path::new("/proc/self").exists() {
        eprintln!("skipped: there is no /proc here");
        return;
    }
    let said = program.refused(&["run", "tiny.toml", "--out", "/proc/equipoise"]);
    assert!(said.contains("/proc/equipoise") && said.contains("choose a folder you can write to"), "{said}");
}

#[test]
fn overrides_are_checked_like_the_file() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let said = program.refused(&["run", "tiny.toml", "training.epocs=3"]);
    assert!(
        said.contains("training.epocs=3") && said.contains("unknown key `epocs`, did you mean `epochs`?"),
        "{said}"
    );
    let said = program.refused(&["run", "tiny.toml", "defense.7.strengths=[0]"]);
    assert!(said.contains("no member of a list of 1"), "{said}");
    let said = program.refused(&["run", "tiny.toml", "nonsense"]);
    assert!(said.contains("path.to.key=value"), "{said}");
    let said = program.refused(&["run", "tiny.toml", "--shard", "3/2"]);
    assert!(said.contains("i/N"), "{said}");
    let said = program.refused(&["run", "tiny.toml", "-j", "0"]);
    assert!(said.contains('0'), "{said}");
}

#[test]
fn suites_and_norms_that_do_not_fit_are_refused() {
    refused("seeds = 2", "seeds = 2\nsuite = \"strong\"", &["line 4", "strong", "`standard`"]);
    refused(
        "seeds = 2",
        "seeds = 2\nsuite = \"quick\"",
        &["tiny.toml:4:", "attacks are listed beside a suite", "help:"],
    );
    refused("norm = \"linf\"", "norm = \"l1\"", &["tiny.toml:22:", "nothing trains against L1", "help:"]);
    let attack = "kind = \"pgd\"\nsteps = 5\nstep = 0.25";
    refused(attack, "kind = \"square\"\nshare = 0", &["`share`", "above 0 and at most 1, got `0`"]);
    refused(attack, "kind = \"fab\"\novershoot = 0.5", &["`overshoot`", "at least 1, got `0.5`"]);
}

#[test]
fn a_setting_that_cannot_be_scaled_is_refused() {
    let with = |setting: &str| format!("resamples = 100\nsensitivity = [\"{setting}\"]");
    let refused = |setting: &str, parts: &[&str]| {
        let all: Vec<&str> = ["tiny.toml:39:"].into_iter().chain(parts.iter().copied()).collect();
        refused("resamples = 100", &with(setting), &all);
    };
    refused("training.epochz*2", &["`epochz` is unknown, did you mean `epochs`?", "help:"]);
    refused("training.epochs", &["no setting with a factor", "`training.epochs*2`"]);
    refused("training.epochs*0.3", &["1.2", "whole number"]);
    refused("threat.epsilon*2", &["`threat.epsilon` cannot be swept"]);
    refused("training.epochs*1", &["changes nothing"]);
    refused("model.kind*2", &["is string, no number"]);
    refused("training.epochs*2\", \"training.epochs*2.0", &["listed twice"]);
}
