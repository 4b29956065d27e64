//! Reruns at another budget: run with the rest, kept off the front, and held against the rates.

use serde_json::Value as Json;

use crate::program::{Program, TINY};

fn read(program: &Program, file: &str) -> String {
    equipoise::files::read_text(&program.path(file)).unwrap()
}

#[test]
fn a_rerun_doubles_the_budget_and_checks_every_rate() {
    let program = Program::new();
    let plain = TINY.replace("models = [\"last\", \"best-clean\", \"best-robust\"]", "");
    let asked = plain.replace("resamples = 100", "resamples = 100\nsensitivity = [\"training.epochs*2\"]");
    program.file("plain.toml", &plain);
    program.file("asked.toml", &asked);
    program.must(&["run", "plain.toml", "--out", "plain"]);
    program.must(&["run", "asked.toml", "--out", "asked"]);
    let report = |folder: &str| -> Json {
        serde_json::from_str(&read(&program, &format!("{folder}/report.json"))).unwrap()
    };
    let (before, after) = (report("plain"), report("asked"));
    for same in ["points", "front", "rates", "curves", "uncertainty", "convergence", "checks"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert!(before.get("sensitivity").is_none());
    // The reruns are the models that twice as many epochs train.
    let runs = |arguments: &[&str]| -> Vec<(Json, String)> {
        let plan: Json = serde_json::from_str(&program.must(arguments).stdout).unwrap();
        let cell = |cell: &Json| (cell["coordinates"].clone(), cell["run"].as_str().unwrap().to_owned());
        plan["cells"].as_array().unwrap().iter().map(cell).collect()
    };
    let planned = runs(&["plan", "asked.toml", "--out", "asked", "--json"]);
    assert_eq!(planned.len(), 12);
    let reruns: Vec<&String> = planned
        .iter()
        .filter(|(coordinates, _)| coordinates["sensitivity"] == "training.epochs*2")
        .map(|(_, run)| run)
        .collect();
    let longer = runs(&["plan", "plain.toml", "training.epochs=8", "--json"]);
    assert_eq!(reruns, longer.iter().map(|(_, run)| run).collect::<Vec<_>>());

    let found = &after["sensitivity"][0];
    assert_eq!(found["setting"], "training.epochs*2");
    let key = |axis: &str| {
        let objectives = after["front"]["objectives"].as_array().unwrap();
        objectives
            .iter()
            .map(|o| o["key"].as_str().unwrap())
            .find(|key| key.starts_with(axis))
            .unwrap()
            .to_owned()
    };
    let (robust, clean) = (key("robust_accuracy"), key("accuracy"));
    let rates = found["rates"].as_array().unwrap();
    assert_eq!(rates.len(), after["rates"].as_array().unwrap().len());
    for rate in rates {
        let checked = &after["rates"][rate["checks"].as_u64().unwrap() as usize];
        let again = &rate["again"];
        assert_eq!((&checked["from"], &checked["to"]), (&again["from"], &again["to"]));
        // From the means of the reruns themselves.
        let mean = |end: &str, key: &str| {
            found["points"][again[end].as_u64().unwrap() as usize]["values"][key].as_f64().unwrap()
        };
        let gain = |key: &str| mean("to", key) - mean("from", key);
        assert!((again["security_change"]["mean"].as_f64().unwrap() - gain(&robust)).abs() < 1e-9);
        assert!((again["safety_change"]["mean"].as_f64().unwrap() - gain(&clean)).abs() < 1e-9);
        let sign = |rate: &Json| {
            let of = |axis: &str| rate[axis]["mean"].as_f64().unwrap();
            of("safety_change") * of("security_change")
        };
        assert_eq!(rate["sign_changes"], Json::Bool(sign(checked) * sign(again) < 0.0));
        assert_eq!(rate["clear"], Json::Bool(false), "two seeds tell nothing from none");
    }
    let said = read(&program, "asked/summary.txt").replace("\n ", "");
    assert!(said.contains("With `training.epochs*2`"), "{said}");
    assert!(read(&program, "asked/summary.md").contains("with training.epochs\\*2"));
    assert!(program.path("asked/attainment.csv").exists());
}
