//! Strengths that start from one another, models in between, and checkpoints: what is trained, and what it is called.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use equipoise::experiment::{self, Loaded};
use equipoise::measure::Norm;
use equipoise::models::{self, EngineKind, Parameters};
use equipoise::seed::Seed;
use equipoise::training::{self, Job, defenses};
use equipoise::{data, files};

use crate::program::{Program, TINY, answer, fingerprint};

/// Two defenses that share plain training, each a chain of three strengths with a model between neighbors.
fn chained(more: &str) -> String {
    TINY.replace("epochs = 4", &format!("epochs = 2\ncontinuation = true\ninterpolate = 1\n{more}"))
        .replace("models = [\"last\", \"best-clean\", \"best-robust\"]", "models = [\"last\"]")
        .replace(
            "[threat]",
            "[[defense]]\nname = \"one step\"\nmethod = { kind = \"at\", steps = 1, step = 1.0 }\nstrengths = [0.2, 0, 0.1]\n\n[threat]",
        )
}

struct Planned {
    run: String,
    seed: u64,
    coordinates: BTreeMap<String, String>,
}

impl Planned {
    fn is(&self, defense: &str, strength: &str) -> bool {
        self.coordinates["defense"] == defense && self.coordinates["strength"] == strength
    }
}

fn plan(program: &Program, config: &str) -> Vec<Planned> {
    let text = program.must(&["plan", config, "--json"]).stdout;
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cells = plan["cells"].as_array().unwrap().iter();
    cells
        .map(|cell| Planned {
            run: cell["run"].as_str().unwrap().to_owned(),
            seed: cell["seed"].as_u64().unwrap(),
            coordinates: serde_json::from_value(cell["coordinates"].clone()).unwrap(),
        })
        .collect()
}

fn find<'a>(cells: &'a [Planned], defense: &str, strength: &str, seed: u64) -> &'a str {
    let found = cells.iter().find(|cell| cell.is(defense, strength) && cell.seed == seed);
    &found.unwrap_or_else(|| panic!("no {defense} at {strength}")).run
}

fn weights(folder: &Path, loaded: &Loaded, dataset: &data::Dataset, run: &str, epoch: u32) -> Parameters {
    let bytes = files::read(&folder.join(format!("cells/{run}/epoch-{epoch:04}.safetensors"))).unwrap();
    let architecture = loaded.experiment.model.architecture(dataset.shape, dataset.classes.len()).unwrap();
    models::weights::from_safetensors(&bytes, &architecture).unwrap()
}

fn read(program: &Program, config: &str) -> (Loaded, data::Dataset) {
    let loaded = experiment::load(&program.path(config), &[]).unwrap();
    let dataset =
        data::load(&loaded.experiment.data, &loaded.experiment.split, Path::new("nowhere")).unwrap();
    (loaded, dataset)
}

#[test]
fn chains_give_the_same_bytes_for_any_number_of_threads_shards_and_interruptions() {
    let program = Program::new();
    program.file("tiny.toml", &chained(""));
    program.must(&["run", "tiny.toml", "--out", "one", "-j", "1"]);
    let one = fingerprint(&program.path("one"));
    program.must(&["run", "tiny.toml", "--out", "three", "-j", "3"]);
    assert_eq!(one, fingerprint(&program.path("three")));
    // No part waits for another: each ends by itself, in any order.
    for shard in ["3/3", "1/3", "2/3"] {
        program.must(&["run", "tiny.toml", "--out", "sharded", "--shard", shard]);
    }
    assert_eq!(one, fingerprint(&program.path("sharded")));
    // Killed as soon as something is there, again and again.
    for seen in [1, 4, 9] {
        let mut child = program.command(&["run", "tiny.toml", "--out", "killed"]).spawn().unwrap();
        let cells = program.path("killed/cells");
        while child.try_wait().unwrap().is_none()
            && std::fs::read_dir(&cells).map_or(0, Iterator::count) < seen
        {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let _ = child.kill();
        child.wait().unwrap();
    }
    program.must(&["run", "tiny.toml", "--out", "killed"]);
    assert_eq!(one, fingerprint(&program.path("killed")));
}

#[test]
fn two_processes_share_a_chain() {
    let program = Program::new();
    program.file("tiny.toml", &chained(""));
    program.must(&["run", "tiny.toml", "--out", "alone"]);
    let start = || {
        let mut command = program.command(&["run", "tiny.toml", "--out", "shared", "-j", "2"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let (one, two) = (start(), start());
    for child in [one, two] {
        let answer = answer(child.wait_with_output().unwrap());
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    }
    assert_eq!(fingerprint(&program.path("alone")), fingerprint(&program.path("shared")));
}

/// Against the training loop itself, begun from the parent's weights by hand; and mixtures against their formula.
#[test]
fn each_strength_starts_from_the_last_weights_below_it_and_mixtures_are_exact() {
    let program = Program::new();
    program.file("tiny.toml", &chained(""));
    program.must(&["run", "tiny.toml", "--out", "results"]);
    let cells = plan(&program, "tiny.toml");
    let (loaded, dataset) = read(&program, "tiny.toml");
    let folder = program.path("results");
    let last = |run: &str| weights(&folder, &loaded, &dataset, run, 2);

    // Plain training is one cell for both defenses, and both chains begin with it.
    let plain = find(&cells, "at", "0", 1);
    assert_eq!(plain, find(&cells, "one step", "0", 1));
    let (one_step, mut parent) = (["0.1", "0.2"], last(plain));
    let method: defenses::Spec = toml::from_str("kind = \"at\"\nsteps = 1\nstep = 1.0").unwrap();
    for strength in one_step {
        let architecture = loaded.experiment.model.architecture(dataset.shape, 10).unwrap();
        let mut network = models::build(EngineKind::Fused, &architecture, &parent).unwrap();
        let job = Job {
            spec: &loaded.experiment.training,
            defense: &method,
            strength: strength.parse().unwrap(),
            norm: Norm::Linf,
            data: &dataset,
            initial: parent,
            seed: Seed(1),
            selection: None,
        };
        let expected = training::train(&job, network.as_mut(), &|_| true).unwrap().last;
        assert_eq!(expected, last(find(&cells, "one step", strength, 1)), "{strength}");
        parent = expected;
    }

    for (low, high, between) in [("0", "0.1", "0.05"), ("0.1", "0.2", "0.15")] {
        for defense in ["at", "one step"] {
            let (a, b) = (last(find(&cells, defense, low, 0)), last(find(&cells, defense, high, 0)));
            let mixed = weights(&folder, &loaded, &dataset, find(&cells, defense, between, 0), 0);
            assert_ne!(a, b);
            for ((a, b), mixed) in a.values().iter().zip(b.values()).zip(mixed.values()) {
                let average = 0.5 * (f64::from(*a) + f64::from(*b));
                assert_eq!(mixed.to_bits(), (average as f32).to_bits());
            }
        }
    }
}

#[test]
fn a_mixture_at_t_is_the_weighted_average() {
    let architecture = models::Architecture::mlp(data::Shape::Flat(2), 2, &[3]);
    let (mut a, mut b) = (Parameters::zeros(&architecture), Parameters::zeros(&architecture));
    a.values_mut().fill(1.0);
    b.values_mut().fill(-3.0);
    // By hand: 0.75 · 1 + 0.25 · (−3) = 0, and 0.25 · 1 + 0.75 · (−3) = −2.
    assert!(Parameters::between(&a, &b, 0.25).values().iter().all(|value| *value == 0.0));
    assert!(Parameters::between(&a, &b, 0.75).values().iter().all(|value| (*value + 2.0).abs() < 1e-7));
}

#[test]
fn only_what_starts_elsewhere_has_another_id() {
    let program = Program::new();
    let quiet = chained("").replace("continuation = true\ninterpolate = 1\n", "");
    program.file("plain.toml", &quiet);
    program.file("continued.toml", &quiet.replace("epochs = 2", "epochs = 2\ncontinuation = true"));
    program.file("mixed.toml", &quiet.replace("epochs = 2", "epochs = 2\ninterpolate = 3"));
    let plain = plan(&program, "plain.toml");
    let continued = plan(&program, "continued.toml");
    let mixed = plan(&program, "mixed.toml");
    let runs = |cells: &[Planned]| cells.iter().map(|cell| cell.run.clone()).collect::<BTreeSet<_>>();
    for seed in [0, 1] {
        for (defense, strength, same) in [("at", "0", true), ("at", "0.1", false), ("one step", "0.2", false)]
        {
            let alike = find(&plain, defense, strength, seed) == find(&continued, defense, strength, seed);
            assert_eq!(alike, same, "{defense} {strength}");
        }
    }
    assert!(runs(&plain).is_subset(&runs(&mixed)), "interpolation trains nothing");
    // 2 seeds × 2 defenses × 2 steps × 3 models in between.
    assert_eq!(mixed.len(), plain.len() + 24);
    let between: Vec<&Planned> =
        mixed.iter().filter(|cell| cell.coordinates.contains_key("interpolated")).collect();
    assert_eq!(between.len(), 24);
    let strengths: BTreeSet<(&str, &str)> = between
        .iter()
        .map(|cell| (cell.coordinates["interpolated"].as_str(), cell.coordinates["strength"].as_str()))
        .collect();
    let expected = [
        ("0~0.1", "0.025"),
        ("0~0.1", "0.05"),
        ("0~0.1", "0.075"),
        ("0.1~0.2", "0.125"),
        ("0.1~0.2", "0.15"),
        ("0.1~0.2", "0.175"),
    ];
    assert_eq!(strengths, BTreeSet::from(expected));
}

#[test]
fn what_starts_from_a_failed_training_fails_with_the_first_reason() {
    let program = Program::new();
    // Plain training diverges; whatever would start from it cannot.
    let config = chained("optimizer = { kind = \"sgd\", lr = 1e30 }");
    program.file("tiny.toml", &config);
    let answer = program.run(&["run", "tiny.toml"]);
    assert_eq!(answer.code, Some(5), "{}", answer.stderr);
    let cells = plan(&program, "tiny.toml");
    let root = find(&cells, "at", "0", 0);
    for strength in ["0.1", "0.2", "0.05", "0.15"] {
        let run = find(&cells, "at", strength, 0);
        let record = files::read_text(&program.path(&format!("results/tiny/cells/{run}/cell.json"))).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        let reason = record["failure"].as_str().unwrap();
        assert!(reason.starts_with(&format!("it starts from run {root}, which failed: ")), "{reason}");
        assert!(
            reason.contains("the loss is NaN") && reason.matches("it starts from").count() == 1,
            "{reason}"
        );
    }
    assert!(program.run(&["plan", "tiny.toml"]).stdout.contains("20 failed before"));
}

/// With a constant schedule the weights after epoch 2 of 4 are those of a training of 2 epochs.
#[test]
fn a_checkpoint_holds_the_weights_of_its_epoch_and_competes_under_its_own_name() {
    let program = Program::new();
    let config = TINY.replace("models = [\"last\", \"best-clean\", \"best-robust\"]", "");
    program.file("long.toml", &config.replace("epochs = 4", "epochs = 4\ncheckpoints = [4, 2, 1]"));
    program.file("short.toml", &config.replace("epochs = 4", "epochs = 2"));
    program.must(&["run", "long.toml", "--out", "long"]);
    program.must(&["run", "short.toml", "--out", "short"]);
    let (long, short) = (plan(&program, "long.toml"), plan(&program, "short.toml"));
    let (loaded, dataset) = read(&program, "long.toml");
    for strength in ["0", "0.1", "0.2"] {
        let run = |cells: &[Planned]| find(cells, "at", strength, 1).to_owned();
        let kept = weights(&program.path("long"), &loaded, &dataset, &run(&long), 2);
        assert_eq!(kept, weights(&program.path("short"), &loaded, &dataset, &run(&short), 2));
    }
    let text = files::read_text(&program.path("long/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names: Vec<(&str, &str)> = report["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| (point["model"].as_str().unwrap(), point["coordinates"]["strength"].as_str().unwrap()))
        .collect();
    let words = ["last", "epoch-1", "epoch-2"];
    let expected: Vec<(&str, &str)> =
        words.iter().flat_map(|word| ["0", "0.1", "0.2"].map(|strength| (*word, strength))).collect();
    assert_eq!(names, expected);

    // The front is over what validation rows chose, and the optimism is a difference of means.
    let indices = |list: &serde_json::Value| -> BTreeSet<u64> {
        list.as_array().unwrap().iter().map(|index| index.as_u64().unwrap()).collect()
    };
    let chosen = indices(&report["choice"]["chosen"]);
    let judged: BTreeSet<u64> = indices(&report["front"]["members"])
        .into_iter()
        .chain(report["front"]["dominated"].as_array().unwrap().iter().map(|d| d["point"].as_u64().unwrap()))
        .collect();
    assert!(!chosen.is_empty() && judged == chosen, "{chosen:?} {judged:?}");
    assert!(chosen.is_subset(&indices(&report["choice"]["candidates"])));
    for row in report["choice"]["optimism"].as_array().unwrap() {
        let key = row["key"].as_str().unwrap();
        let on_test: f64 = chosen
            .iter()
            .map(|index| report["points"][*index as usize]["measures"][key]["value"].as_f64().unwrap())
            .sum();
        assert!((row["test"].as_f64().unwrap() - on_test / chosen.len() as f64).abs() < 1e-12, "{row}");
    }
    let summary = files::read_text(&program.path("long/summary.txt")).unwrap();
    assert!(summary.contains("Validation rows chose"), "{summary}");
    assert!(summary.contains("dominated on test rows"), "{summary}");
    assert!(summary.contains("not chosen"), "{summary}");

    // The checkpoints of one folder are there whatever the number of threads.
    program.must(&["run", "long.toml", "--out", "again", "-j", "3"]);
    assert_eq!(fingerprint(&program.path("long")), fingerprint(&program.path("again")));
}

/// A combination without checkpoints competes with its last epoch wherever another combination has some.
#[test]
fn combinations_without_checkpoints_compete_with_those_that_have_some() {
    let program = Program::new();
    let config = TINY.replace("models = [\"last\", \"best-clean\", \"best-robust\"]", "");
    program.file(
        "tiny.toml",
        &format!("{config}\n[sweep]\ngrid = {{ \"training.checkpoints\" = [[], [1]] }}\n"),
    );
    program.must(&["run", "tiny.toml", "--out", "swept"]);
    let text = files::read_text(&program.path("swept/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    // Three strengths: the last epoch of either combination, and epoch 1 of the second.
    assert_eq!(report["points"].as_array().unwrap().len(), 9);
    let judged = report["choice"]["candidates"].as_array().unwrap().len()
        + report["choice"]["excluded"].as_array().unwrap().len();
    assert_eq!(judged, 9, "{}", report["choice"]);
}

/// Two defenses that share plain training are two chains, so that parts of a run can divide them; each has its root with it.
#[test]
fn defenses_with_the_same_plain_training_are_chains_of_their_own() {
    let program = Program::new();
    program.file("tiny.toml", &chained(""));
    let (loaded, dataset) = read(&program, "tiny.toml");
    let plan = experiment::plan(&loaded, &dataset.fingerprint, &[None]).unwrap();
    let mut chains: BTreeMap<(&str, u64), BTreeSet<&str>> = BTreeMap::new();
    for cell in &plan.cells {
        chains.entry((&cell.defense, cell.seed)).or_default().insert(cell.chain.as_deref().unwrap());
    }
    assert!(chains.len() == 4 && chains.values().all(|names| names.len() == 1), "{chains:?}");
    let names: BTreeSet<&str> = chains.into_values().flatten().collect();
    assert_eq!(names.len(), 4, "two defenses at two seeds");
}

/// A step of strength is then one of training time as well.
#[test]
fn continuation_is_told_where_prices_are() {
    let program = Program::new();
    program.file("tiny.toml", &chained("").replace("interpolate = 1\n", ""));
    let said = program.must(&["run", "tiny.toml", "--out", "continued"]).stdout;
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(&said).contains("has been trained for k times the epochs of the first"), "{said}");
    let said = program.must(&["run", "tiny.toml", "--out", "scratch", "training.continuation=false"]).stdout;
    assert!(!flat(&said).contains("k times the epochs"), "{said}");
}

fn refused(from: &str, to: &str, parts: &[&str]) {
    let program = Program::new();
    assert!(TINY.contains(from), "the test's own config has no `{from}`");
    program.file("tiny.toml", &TINY.replace(from, to));
    let said = program.refused(&["run", "tiny.toml"]);
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
}

#[test]
fn epochs_and_names_that_cannot_be_are_refused_where_they_stand() {
    let with = |list: &str| format!("epochs = 4\ncheckpoints = {list}");
    refused("epochs = 4", &with("[0]"), &["tiny.toml:19:16", "there is no epoch 0", "1 to 4", "help:"]);
    refused("epochs = 4", &with("[2, 5]"), &["tiny.toml:19:19", "there is no epoch 5"]);
    refused("epochs = 4", &with("[2, 2]"), &["tiny.toml:19:19", "epoch 2 is listed twice"]);
    refused("epochs = 4", &with("[-1]"), &["line 19, column 16"]);
    refused("epochs = 4", "epochs = 4\ninterpolate = 0", &["expected a whole number of at least 1, got `0`"]);
    refused(
        "models = [\"last\",",
        "models = [\"epoch-2\", \"last\",",
        &["tiny.toml:39:11", "`checkpoints` in [training]"],
    );
    let no_validation = TINY
        .replace("validation = 100", "validation = 0")
        .replace("models =", "# models =")
        .replace("epochs = 4", &with("[2]"));
    let program = Program::new();
    program.file("tiny.toml", &no_validation);
    let said = program.refused(&["run", "tiny.toml"]);
    assert!(said.contains("tiny.toml:19:15") && said.contains("chosen on validation rows"), "{said}");
    let with_objective = |key: &str| {
        let objectives = format!("resamples = 100\nobjectives = [\"accuracy\", \"{key}\"]");
        TINY.replace("epochs = 4", &with("[2]")).replace("resamples = 100", &objectives)
    };
    // The protocol is a hash: the program lists what is measured.
    program.file("tiny.toml", &with_objective("robust_accuracy!00000000:linf:0.05"));
    let said = program.refused(&["run", "tiny.toml"]);
    let key =
        said.split('`').find(|part| part.ends_with(":linf:0.05") && !part.contains("00000000")).unwrap();
    program.file("tiny.toml", &with_objective(key));
    let said = program.refused(&["run", "tiny.toml"]);
    assert!(said.contains("tiny.toml:40:27") && said.contains("not measured on validation rows"), "{said}");

    let named = |name: &str| format!("[[defense]]\nname = \"{name}\"\nmethod");
    refused("[[defense]]\nmethod", &named(""), &["tiny.toml:21:8", "cannot name a defense", "help:"]);
    refused("[[defense]]\nmethod", &named("a=b"), &["tiny.toml:21:8", "`a=b` cannot name a defense"]);
    refused("[[defense]]\nmethod", &named("@at"), &["tiny.toml:21:8", "`@at`", "take it for a formula"]);
    let twice =
        "[[defense]]\nname = \"at\"\nmethod = { kind = \"at\", steps = 2 }\nstrengths = [0]\n\n[threat]";
    refused("[threat]", twice, &["tiny.toml:25:8", "two defenses are called `at`: number 1 and number 2"]);
}

#[test]
fn imported_weights_are_neither_continued_nor_mixed() {
    for key in ["continuation = true", "interpolate = 2", "checkpoints = [1]"] {
        refused(
            "epochs = 4",
            &format!("kind = \"none\"\n{key}"),
            &[key.split(' ').next().unwrap(), "nothing is trained"],
        );
    }
}

#[test]
fn a_name_is_the_coordinate_and_changes_no_id() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.file("named.toml", &TINY.replace("[[defense]]", "[[defense]]\nname = \"Madry et al.\""));
    let (plain, named) = (plan(&program, "tiny.toml"), plan(&program, "named.toml"));
    for (one, other) in plain.iter().zip(&named) {
        assert_eq!(one.run, other.run);
        assert_eq!(other.coordinates["defense"], "Madry et al.");
    }
}

/// Numbered among their own kind, wherever they stand in the file; one with a name takes no number.
#[test]
fn unnamed_defenses_of_one_kind_are_numbered_in_the_order_written() {
    let program = Program::new();
    let more = "[[defense]]\nmethod = { kind = \"noise\" }\nstrengths = [0.1]\n\n[[defense]]\nname = \"mine\"\nmethod = { kind = \"at\", steps = 1 }\nstrengths = [0.1]\n\n[[defense]]\nmethod = { kind = \"at\", steps = 2 }\nstrengths = [0.1]\n\n[threat]";
    program.file("tiny.toml", &TINY.replace("[threat]", more));
    let plan: serde_json::Value =
        serde_json::from_str(&program.must(&["plan", "tiny.toml", "--json"]).stdout).unwrap();
    let names: BTreeSet<&str> = plan["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["coordinates"]["defense"].as_str().unwrap())
        .collect();
    assert_eq!(names, BTreeSet::from(["at-1", "at-2", "mine", "noise"]));
}
