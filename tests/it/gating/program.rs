//! `equipoise gate` through the program: verdicts, exit codes, files, bad input.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::program::{Answer, Program};

use super::schema;

/// A sweep of three strengths at seven seeds, about two seconds.
pub(super) const SMALL: &str = r#"
name = "small"
seeds = 7

[data]
kind = "dataset"
name = "digits"

[split]
test = 300
validation = 100

[model]
kind = "mlp"
hidden = [24]

[training]
epochs = 8
optimizer = { kind = "adam", lr = 3e-3 }

[[defense]]
method = { kind = "at", steps = 3 }
strengths = [0, 0.1, 0.2]

[threat]
norm = "linf"
epsilon = 0.1

[[attack]]
kind = "pgd"
steps = 5
step = 0.25

[checks]
rows = 0      # so weak an attack would not pass them

[front]
resamples = 100

[gate]
metrics = ["worst_class_accuracy"]
"#;

/// A folder with `small.toml`, its results and its accepted baseline; made once, and copied.
pub(crate) fn prepared() -> Program {
    static MADE: OnceLock<Program> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let program = Program::new();
        program.file("small.toml", SMALL);
        program.must(&["run", "small.toml", "--quiet"]);
        program.must(&["baseline", "check", "results/small", "--baseline", "base"]);
        let accepted = accept(&program, &["--reason", "the first", "--by", "somebody"]);
        assert_eq!(accepted.code, Some(0), "{}", accepted.stderr);
        program
    });
    let program = Program::new();
    copy(&made.path("."), &program.path("."));
    program
}

/// What the services set that the tests may themselves run in.
const SERVICES: [&str; 7] =
    ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "JENKINS_URL", "TF_BUILD", "CIRCLECI"];

/// `baseline accept` by somebody, on no service.
pub(crate) fn accepting(program: &Program, base: &str) -> Command {
    let mut command = program.command(&["baseline", "accept", base]);
    for name in SERVICES {
        command.env_remove(name);
    }
    command.env("USER", "somebody");
    command
}

/// Permits what is gated to have got worse.
pub(super) const EVERY_LOSS: [&str; 6] = [
    "--allow-regression",
    "robust_accuracy",
    "--allow-regression",
    "accuracy",
    "--allow-regression",
    "worst_class_accuracy",
];

/// Accepts what is pending.
pub(super) fn accept(program: &Program, more: &[&str]) -> Answer {
    crate::program::answer(accepting(program, "base").args(more).output().unwrap())
}

pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn write(path: &Path, content: impl AsRef<[u8]>) {
    equipoise::files::write_atomic(path, content.as_ref(), None).unwrap();
}

/// Changes the baseline's values, and its manifest with them: `change(point, metric, seed, value)`.
pub(crate) fn rewrite(folder: &Path, change: impl Fn(&str, &str, u64, f64) -> f64) {
    let samples = folder.join("samples.csv");
    let text = std::fs::read_to_string(&samples).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(reader.headers().unwrap()).unwrap();
    for record in reader.records() {
        let mut fields: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        let value = change(&fields[0], &fields[3], fields[2].parse().unwrap(), fields[5].parse().unwrap());
        fields[5] = value.to_string();
        writer.write_record(&fields).unwrap();
    }
    let new = writer.into_inner().unwrap();
    let manifest: PathBuf = folder.join("manifest.toml");
    let terms = std::fs::read_to_string(&manifest).unwrap();
    let terms = terms.replace(&equipoise::files::sha256(text.as_bytes()), &equipoise::files::sha256(&new));
    write(&samples, new);
    write(&manifest, terms);
}

/// Runs the gate, insists on the exit code, and returns the verdict file.
pub(super) fn gated(program: &Program, more: &[&str], code: i32) -> serde_json::Value {
    let mut arguments = vec!["gate", "results/small", "--baseline", "base"];
    arguments.extend(more);
    let answer = program.run(&arguments);
    assert_eq!(answer.code, Some(code), "{more:?}\n{}\n{}", answer.stdout, answer.stderr);
    let value =
        schema::verdict(&std::fs::read_to_string(program.path("results/small/verdict.json")).unwrap());
    assert_eq!(value["code"], code);
    value
}

#[test]
fn an_unchanged_run_is_identical_and_nothing_is_tested() {
    let program = prepared();
    let value = gated(&program, &[], 0);
    assert_eq!(value["verdict"], "identical");
    assert!(value["endpoints"].is_null());
    let text = program.must(&["gate", "results/small", "--baseline", "base"]).stdout;
    assert!(text.starts_with("small: identical against base\n"), "{text}");
    let json = program.must(&["gate", "results/small", "--baseline", "base", "--json"]).stdout;
    assert_eq!(json, std::fs::read_to_string(program.path("results/small/verdict.json")).unwrap());
}

/// What stands in the baseline decides what this run looks like beside it: every verdict from one run.
#[test]
fn every_verdict_has_its_exit_code() {
    let program = prepared();
    let base = program.path("base");
    let saved = program.path("saved");
    copy(&base, &saved);
    let change = |change: &dyn Fn(&str, &str, u64, f64) -> f64| {
        copy(&saved, &base);
        rewrite(&base, change);
    };
    // The run is 2 points worse than so good a baseline.
    change(&|_, _, _, x| x + 0.02);
    let value = gated(&program, &[], 1);
    assert_eq!((value["verdict"].as_str(), value["shape"].as_str()), (Some("regressed"), Some("regressed")));
    assert_eq!(value["endpoints"].as_array().unwrap().len(), 9 + 2);
    change(&|_, _, _, x| x - 0.02);
    let value = gated(&program, &[], 0);
    assert_eq!(value["verdict"], "improved");
    assert!(value["cross_checks"].is_null());
    assert!(value["notes"].to_string().contains("not cross-checked"));
    gated(&program, &["--fail-on", "improved"], 1);
    change(&|_, _, _, x| x + 0.002);
    assert_eq!(gated(&program, &[], 0)["verdict"], "changed-within-margin");
    let alternating = |by: f64| {
        move |_: &str, _: &str, seed: u64, x: f64| x + if seed.is_multiple_of(2) { by } else { -by }
    };
    change(&alternating(0.0005));
    assert_eq!(gated(&program, &[], 0)["verdict"], "no-change");
    change(&alternating(0.03));
    assert_eq!(gated(&program, &[], 0)["verdict"], "inconclusive");
    gated(&program, &["--fail-on", "inconclusive"], 4);
    assert_eq!(gated(&program, &["--policy", "certify"], 4)["verdict"], "inconclusive");
    // Robust accuracy lies just about its margin below the baseline's.
    change(&|_, metric, seed, x| {
        let noise = if seed.is_multiple_of(2) { 0.001 } else { -0.001 };
        if metric.starts_with("robust_accuracy") { x + 0.005 + noise } else { x }
    });
    assert_eq!(gated(&program, &["--policy", "certify"], 1)["verdict"], "not-certified");
    copy(&saved, &base);
    assert_eq!(gated(&program, &["--require", "accuracy>=0.999"], 1)["verdict"], "violated");
    let kept = gated(&program, &["--require", "accuracy>=0.5 at strength=0"], 0);
    assert_eq!(kept["requirements"][0]["holds"], "shown");
    assert_eq!(kept["requirements"].as_array().unwrap().len(), 1);
    let kept = gated(&program, &["--require", "accuracy > 0.5 at strength=0"], 0);
    assert_eq!(kept["requirements"][0]["holds"], "shown");
}

#[test]
fn a_run_with_other_settings_regresses_and_the_settings_are_named() {
    let program = prepared();
    program.must(&["run", "small.toml", "training.epochs=1", "--out", "worse", "--quiet"]);
    let answer = program.run(&["gate", "worse", "--baseline", "base"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stdout);
    assert!(answer.stdout.contains("small: regressed"), "{}", answer.stdout);
    assert!(
        answer.stdout.contains("Setting `training.epochs` differs: 8 in the baseline, 1 here."),
        "{}",
        answer.stdout
    );
    assert!(
        answer.stdout.contains("Shown to be worse beyond the margin: worst-class accuracy at"),
        "{}",
        answer.stdout
    );
}

#[test]
fn nothing_to_compare_with_is_three_and_missing_cells_are_five() {
    let program = prepared();
    let answer = program.run(&["gate", "results/small", "--baseline", "none"]);
    assert_eq!(answer.code, Some(3), "{}", answer.stderr);
    assert!(answer.stdout.contains("There is no baseline in `none`"), "{}", answer.stdout);
    let file = std::fs::read_to_string(program.path("results/small/verdict.json")).unwrap();
    assert_eq!(schema::verdict(&file)["verdict"], "not-comparable");
    // Other data: the same experiment with other test rows.
    program.must(&["run", "small.toml", "split.seed=1", "--out", "other", "--quiet"]);
    let answer = program.run(&["gate", "other", "--baseline", "base"]);
    assert_eq!(answer.code, Some(3));
    assert!(answer.stdout.contains("The data or their split differ"), "{}", answer.stdout);
    // A cell goes missing.
    let cells = program.path("results/small/cells");
    let first = std::fs::read_dir(&cells).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_dir_all(first).unwrap();
    let value = gated(&program, &[], 5);
    assert_eq!(value["verdict"], "incomplete");
    assert_eq!(value["missing"].as_array().unwrap().len(), 1);
    assert!(value["missing"][0]["what"].as_str().unwrap().contains("seed="));
    // Every cell goes missing.
    std::fs::remove_dir_all(&cells).unwrap();
    let value = gated(&program, &[], 5);
    assert_eq!(value["missing"].as_array().unwrap().len(), 21);
}

/// Nothing is to be run first where everything ran, and diverged.
#[test]
fn where_all_cells_diverged_that_is_said() {
    let program = prepared();
    let diverging = SMALL
        .replace("lr = 3e-3", "lr = 1e30")
        .replace("kind = \"adam\"", "kind = \"sgd\"")
        .replace("seeds = 7", "seeds = 2");
    program.file("diverging.toml", &diverging);
    assert_eq!(program.run(&["run", "diverging.toml", "--out", "diverged", "--quiet"]).code, Some(5));
    let answer = program.run(&["gate", "diverged", "--baseline", "base"]);
    assert_eq!(answer.code, Some(5), "{}", answer.stderr);
    let said = format!("{}{}", answer.stdout, answer.stderr);
    for part in ["ll 6 cells failed", "training diverged in epoch 1", "a learning rate"] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    assert!(!said.contains("un the experiment first"), "{said}");
    let verdict = std::fs::read_to_string(program.path("diverged/verdict.json")).unwrap();
    assert_eq!(schema::verdict(&verdict)["verdict"], "incomplete");
}

/// At most a handful of settings that differ is told of; the file has all.
#[test]
fn of_many_settings_that_differ_a_few_are_told() {
    let program = prepared();
    let other =
        SMALL.replace("epochs = 8", "epochs = 1\nbatch = 32").replace("hidden = [24]", "hidden = [25]");
    let other = other.replace("lr = 3e-3", "lr = 4e-3").replace("resamples = 100", "resamples = 110");
    program.file("other.toml", &other.replace("steps = 3", "steps = 2"));
    program.must(&["run", "other.toml", "--out", "other", "--quiet"]);
    let answer = program.run(&["gate", "other", "--baseline", "base"]);
    let file = schema::verdict(&std::fs::read_to_string(program.path("other/verdict.json")).unwrap());
    let all = file["settings"].as_array().unwrap().len();
    assert!(all > 5, "{}", file["settings"]);
    assert_eq!(answer.stdout.matches("etting `").count(), 5, "{}", answer.stdout);
    let more = format!("{} more setting", all - 5);
    let told = answer.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(&more) && told.contains("verdict.json has all"), "{}", answer.stdout);
}

#[test]
fn bad_input_is_said_in_one_message() {
    let program = prepared();
    let refused = |more: &[&str]| {
        let mut arguments = vec!["gate", "results/small", "--baseline", "base"];
        arguments.extend(more);
        program.refused(&arguments)
    };
    let said = refused(&["--require", "acuracy>=0.5"]);
    assert!(said.contains("unknown metric `acuracy`, did you mean `accuracy`?"), "{said}");
    assert!(refused(&["--require", "accuracy"]).contains("none of >=, >, <=, <"));
    let both = ["--require", "accuracy<0.5", "--require", "accuracy>0.6 at strength=0"];
    assert!(refused(&both).contains("can never both hold"));
    assert!(refused(&["--require", "accuracy>=0.5 at strength=7"]).contains("it is about no point"));
    assert!(refused(&["--require", "worst_group_accuracy>=0.5"]).contains("declares none"));
    assert!(refused(&["--fail-on", "regresed"]).contains("did you mean `regressed`?"));
    assert!(refused(&["--alpha", "0"]).contains("above 0 and at most 0.5"));
    assert!(refused(&["--base-binary", "x"]).contains("--confirm"));
    assert!(program.refused(&["gate", "results/small"]).contains("--baseline"));
    assert!(program.refused(&["gate", "none", "--baseline", "base"]).contains("no results folder"));
    // Damaged baselines.
    let samples = program.path("base/samples.csv");
    let good = std::fs::read_to_string(&samples).unwrap();
    write(&samples, good.replacen("0.9", "0.8", 1));
    assert!(refused(&[]).contains("samples.csv is not the file that manifest.toml was written for"));
    write(&samples, &good);
    let manifest = program.path("base/manifest.toml");
    let terms = std::fs::read_to_string(&manifest).unwrap();
    write(&manifest, terms.replacen("seeds", "sedes", 1));
    assert!(refused(&[]).contains("manifest.toml is damaged"));
    write(&manifest, &terms[..terms.len() / 2]);
    assert!(refused(&[]).contains("manifest.toml is damaged"));
    write(&manifest, &terms);
    gated(&program, &[], 0);
}

/// Whatever ends the gate, its file says what; never that of an earlier run.
#[test]
fn errors_leave_a_verdict_too() {
    let program = prepared();
    gated(&program, &[], 0);
    let path = program.path("results/small/verdict.json");
    let after = |more: &[&str]| {
        let mut arguments = vec!["gate", "results/small", "--baseline", "base"];
        arguments.extend(more);
        assert_eq!(program.run(&arguments).code, Some(2), "{more:?}");
        let value = schema::verdict(&std::fs::read_to_string(&path).unwrap());
        assert_eq!((value["verdict"].as_str(), value["code"].as_u64()), (Some("error"), Some(2)), "{more:?}");
        value["reasons"].to_string()
    };
    assert!(after(&["--require", "acuracy>=0.5"]).contains("unknown metric `acuracy`"));
    assert!(after(&["--base-results", "nowhere", "--junit", "gate.xml"]).contains("nowhere"));
    let xml = std::fs::read_to_string(program.path("gate.xml")).unwrap();
    assert_eq!(quick_junit::Report::deserialize_from_str(&xml).unwrap().errors, 1);
    write(&program.path("base/samples.csv"), "x");
    assert!(after(&[]).contains("samples.csv is not the file"));
}

/// What is known is not lost where asking again fails: the loss stands.
#[test]
fn a_confirmation_that_fails_takes_no_alarm_back() {
    let program = prepared();
    rewrite(&program.path("base"), |_, _, _, x| x + 0.02);
    let value = gated(&program, &["--confirm", "--base-binary", "no/such/program", "--quiet"], 1);
    assert_eq!(value["verdict"], "regressed");
    assert!(value["confirmation"].is_null());
    assert!(value["notes"].to_string().contains("could not be asked again"), "{}", value["notes"]);
}

#[test]
fn a_gate_section_with_a_mistake_is_refused_before_anything_is_trained() {
    let program = Program::new();
    for (from, to, expected) in [
        ("\"worst_class_accuracy\"", "\"worst_clas_accuracy\"", "did you mean `worst_class_accuracy`?"),
        ("metrics =", "alpha = 0.7\nmetrics =", "`alpha` must lie above 0"),
        ("metrics =", "margin = { accuracy = -1 }\nmetrics =", "the margin of `accuracy` must be finite"),
        ("metrics =", "require = [\"accuracy\"]\nmetrics =", "none of >=, >, <=, <"),
        ("metrics =", "require = [\"accuracy<0.1\", \"accuracy>0.2\"]\nmetrics =", "can never both hold"),
        ("metrics =", "polcy = \"detect\"\nmetrics =", "unknown key `polcy`, did you mean `policy`?"),
    ] {
        program.file("bad.toml", &SMALL.replacen(from, to, 1));
        let said = program.refused(&["run", "bad.toml"]);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn files_for_machines_are_written_where_asked() {
    let program = prepared();
    rewrite(&program.path("base"), |_, _, _, x| x + 0.02);
    let answer = program.run(&[
        "gate",
        "results/small",
        "--baseline",
        "base",
        "--summary",
        "summary.md",
        "--junit",
        "out/gate.xml",
        "--verdict",
        "out/verdict.json",
        "--github",
        "--config",
        "small.toml",
    ]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    let line = SMALL.lines().position(|line| line.starts_with("strengths")).unwrap() + 1;
    let start = format!("::error file=small.toml,line={line},title=Equipoise gate%3A regressed::");
    assert!(answer.stdout.starts_with(&start), "{}", answer.stdout);
    assert_eq!(answer.stdout.lines().filter(|line| line.starts_with("::")).count(), 10);
    let summary = std::fs::read_to_string(program.path("summary.md")).unwrap();
    assert!(summary.starts_with("<!-- equipoise-gate -->"));
    // A step summary is appended to.
    program.run(&["gate", "results/small", "--baseline", "base", "--summary", "summary.md"]);
    let twice = std::fs::read_to_string(program.path("summary.md")).unwrap();
    assert_eq!(twice.matches("<!-- equipoise-gate -->").count(), 2);
    let xml = std::fs::read_to_string(program.path("out/gate.xml")).unwrap();
    assert!(quick_junit::Report::deserialize_from_str(&xml).unwrap().failures > 0);
    schema::verdict(&std::fs::read_to_string(program.path("out/verdict.json")).unwrap());
    let schema = program.must(&["gate", "--schema"]).stdout;
    assert!(serde_json::from_str::<serde_json::Value>(&schema).unwrap()["title"] == "Equipoise verdict");
}

#[test]
fn the_gate_draws_both_sides_and_every_difference() {
    let program = prepared();
    gated(&program, &["--figures", "drawn"], 0);
    let drawing = || std::fs::read_to_string(program.path("drawn/gate.svg")).unwrap();
    let same = drawing();
    assert!(same.contains("small: identical") && same.contains("No gated number differs"), "{same}");
    assert!(std::fs::read(program.path("drawn/gate.png")).unwrap().starts_with(b"\x89PNG"));
    rewrite(&program.path("base"), |_, metric, seed, value| {
        if metric == "accuracy" { (value + 0.05 + 0.001 * seed as f64).min(1.0) } else { value }
    });
    gated(&program, &["--figures", "drawn"], 1);
    let worse = drawing();
    assert!(
        worse.contains("\ndifference from the baseline, points (better →)\n") && worse.contains("#C24E00"),
        "{worse}"
    );
    assert!(!program.path("results/small/gate.svg").exists());
}
