//! The commands beside `run`, and what `run` can be told.

use crate::program::{Program, TINY};
use crate::shared;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn version_names_the_instruction_set_and_a_misspelled_one_is_refused() {
    let program = Program::new();
    assert_eq!(program.must(&["-V"]).stdout.trim(), concat!("equipoise ", env!("CARGO_PKG_VERSION")));
    assert!(program.must(&["--version"]).stdout.contains("instruction set: "));
    for arguments in [&["ls", "models"][..], &["--version"]] {
        let answer = program.command(arguments).env("EQUIPOISE_SIMD", "avx3").output().unwrap();
        assert_eq!(answer.status.code(), Some(2));
        assert!(String::from_utf8(answer.stderr).unwrap().contains("avx3"));
    }
}

#[test]
fn help_names_every_command_and_nothing_goes_to_stderr() {
    let program = Program::new();
    let help = program.must(&["--help"]);
    for command in [
        "run", "plan", "report", "choose", "import", "attack", "front", "score", "gate", "baseline", "fetch",
        "ls", "selftest",
    ] {
        assert!(help.stdout.contains(command), "{command}");
        assert!(program.must(&[command, "--help"]).stdout.contains("Usage: equipoise"), "{command}");
    }
    assert!(help.stderr.is_empty());
    assert_eq!(program.run(&[]).code, Some(2));
    assert_eq!(program.run(&["rum"]).code, Some(2));
}

#[test]
fn every_shelf_is_listed_for_people_and_machines() {
    let program = Program::new();
    for (shelf, expected) in [
        ("metrics", "equalized_odds_difference_max"),
        ("datasets", "fashion-mnist"),
        ("attacks", "pgd"),
        ("defenses", "at"),
        ("models", "cnn"),
        ("checks", "finite-difference"),
    ] {
        let text = program.must(&["ls", shelf]).stdout;
        assert!(text.contains(expected), "{text}");
        let list = json(&program.must(&["ls", shelf, "--json"]).stdout);
        assert!(list.as_array().unwrap().len() >= 2, "{list}");
    }
}

#[test]
fn a_data_set_is_fetched_from_a_folder_and_checked() {
    let Some(shared) = shared::folder() else { return };
    let program = Program::new();
    let from = shared.join("datasets");
    let said = program.must(&["fetch", "german", "--from", from.to_str().unwrap()]).stderr;
    assert!(said.contains("checksum verified") && said.contains("CC BY 4.0"), "{said}");
    assert!(program.must(&["fetch", "german"]).stderr.contains("there already"));
    let message = program.refused(&["fetch", "germany", "--from", from.to_str().unwrap()]);
    assert!(message.contains("did you mean `german`?"), "{message}");
    let message = program.refused(&["fetch", "adult", "--from", "nowhere"]);
    assert!(message.contains("nowhere"), "{message}");
}

#[test]
fn json_is_the_whole_product_and_quiet_says_nothing_else() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let answer = program.must(&["run", "tiny.toml", "--json", "--quiet"]);
    let report = json(&answer.stdout);
    assert!(answer.stderr.is_empty(), "{}", answer.stderr);
    assert_eq!(report, json(&std::fs::read_to_string(program.path("results/tiny/report.json")).unwrap()));
    assert!(report["schema"].is_u64(), "{report}");
}

#[test]
fn weights_that_a_run_stored_are_evaluated_the_same_when_imported() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "defense.0.strengths=[0.1]", "seeds=1", "--out", "trained"]);
    let cell = std::fs::read_dir(program.path("trained/cells")).unwrap().next().unwrap().unwrap().path();
    std::fs::copy(cell.join("epoch-0004.safetensors"), program.path("model.safetensors")).unwrap();
    let start = TINY.find("[training]").unwrap();
    let end = TINY.find("[threat]").unwrap();
    let imported = format!("{}[training]\nkind = \"none\"\n\n{}", &TINY[..start], &TINY[end..])
        .replace("hidden = [32]", "hidden = [32]\nweights = \"model.safetensors\"")
        .replace(", \"best-clean\", \"best-robust\"", "");
    program.file("imported.toml", &imported);
    program.must(&["run", "imported.toml", "seeds=1", "--out", "imported"]);
    let numbers = |folder: &str| {
        let text = std::fs::read_to_string(program.path(folder).join("measurements.csv")).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let column = |name: &str| header.iter().position(|h| h == name).unwrap();
        let (key, value, model) = (column("key"), column("value"), column("model"));
        let rows: Vec<(String, String)> = reader
            .records()
            .map(Result::unwrap)
            .filter(|row| &row[model] == "last")
            .map(|row| (row[key].to_owned(), row[value].to_owned()))
            .collect();
        assert!(rows.len() > 10, "{text}");
        rows
    };
    assert_eq!(numbers("trained"), numbers("imported"));
    let message = program.refused(&["run", "imported.toml", "model.hidden=[33]"]);
    assert!(message.contains("linear1.weight"), "{message}");
    let message = program.refused(&["run", "imported.toml", "model.weights=absent.safetensors"]);
    assert!(message.contains("absent.safetensors"), "{message}");
}

#[test]
fn grids_and_zipped_lists_multiply_and_advance_together() {
    let program = Program::new();
    let sweep = "\n[sweep]\ngrid = { \"training.batch\" = [32, 64] }\nzip = { \"training.epochs\" = [1, 2, 3], \"model.hidden\" = [[4], [8], [16]] }\n";
    program.file("tiny.toml", &format!("{TINY}{sweep}"));
    let plan = json(&program.must(&["plan", "tiny.toml", "--json"]).stdout);
    let cells = plan["cells"].as_array().unwrap();
    // 3 zipped rows × 2 batches × 3 strengths × 2 seeds.
    assert_eq!(cells.len(), 36);
    let mut runs: Vec<&str> = cells.iter().map(|cell| cell["run"].as_str().unwrap()).collect();
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len(), 36, "different settings have different ids");
    let one = &cells[0]["coordinates"];
    assert_eq!((one["training.epochs"].as_str(), one["model.hidden"].as_str()), (Some("1"), Some("[4]")));
    for (sweep, part) in [
        ("\n[sweep]\nzip = { \"training.epochs\" = [1, 2], \"training.batch\" = [32] }\n", "same length"),
        ("\n[sweep]\ngrid = { \"seeds\" = [1, 2] }\n", "replicate axis"),
        ("\n[sweep]\ngrid = { \"threat.epsilon\" = [0.1, 0.2] }\n", "cannot be swept"),
        (
            "\n[sweep]\ngrid = { \"training.epocs\" = [1, 2] }\n",
            "unknown key `epocs`, did you mean `epochs`?",
        ),
    ] {
        program.file("bad.toml", &format!("{TINY}{sweep}"));
        let message = program.refused(&["plan", "bad.toml"]);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn both_engines_tell_the_same_story() {
    let program = Program::new();
    let config = TINY.replace(
        "kind = \"dataset\"\nname = \"digits\"",
        "kind = \"gaussian\"\nrows = 1200\nmu = [1.0, 0.5, 0.25]",
    );
    program.file("tiny.toml", &config);
    let accuracies = |engine: &str| {
        let out = format!("out-{engine}");
        program.must(&["run", "tiny.toml", &format!("engine.kind={engine}"), "--out", &out]);
        let text = std::fs::read_to_string(program.path(&out).join("points.csv")).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let column = reader.headers().unwrap().iter().position(|h| h == "accuracy").unwrap();
        let values: Vec<f64> = reader.records().map(|row| row.unwrap()[column].parse().unwrap()).collect();
        values
    };
    let (fused, candle) = (accuracies("fused"), accuracies("candle"));
    assert!(fused.len() >= 3 && fused.iter().all(|a| *a > 0.7), "{fused:?}");
    // The engines round differently; after a few epochs a row at the boundary may differ.
    for (a, b) in fused.iter().zip(&candle) {
        assert!((a - b).abs() <= 0.01, "{fused:?} {candle:?}");
    }
}

#[test]
fn the_self_test_passes() {
    let program = Program::new();
    let answer = program.must(&["selftest", "--json", "--quiet"]);
    let report = json(&answer.stdout);
    assert_eq!(report["off"], 0, "{report}");
    assert!(report["checks"].as_array().unwrap().len() > 40);
}

#[test]
fn metrics_are_found_by_id_and_title() {
    let program = Program::new();
    let ids = |pattern: &str| -> Vec<String> {
        let text = program.must(&["ls", "metrics", pattern, "--json"]).stdout;
        let all: serde_json::Value = serde_json::from_str(&text).unwrap();
        all.as_array().unwrap().iter().map(|metric| metric["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(ids("ece_15").starts_with(&["ece_15".to_owned(), "ece_15_null".to_owned()]));
    assert!(ids("Risk-Coverage").contains(&"excess_aurc".to_owned()));
    // A key of a report is looked up by its metric.
    assert_eq!(ids("selection_rate@sex=F"), ["selection_rate"]);
    assert!(program.refused(&["ls", "metrics", "nothing-like-it"]).contains("nothing-like-it"));
}
