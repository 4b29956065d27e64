//! Every file in `configs/` loads, fits its data, and plans.

use std::path::Path;

use equipoise::experiment;
use equipoise::run::{self, State};

use crate::shared;

#[test]
fn every_shipped_config_loads_and_plans() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut planned = 0;
    for entry in std::fs::read_dir(root.join("configs")).unwrap() {
        let path = entry.unwrap().path();
        // Rules are no experiments.
        if path.is_dir() {
            continue;
        }
        let loaded =
            experiment::load(&path, &[]).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(
            Some(loaded.experiment.name.as_str()),
            path.file_stem().unwrap().to_str(),
            "a config is named as its file"
        );
        let embedded = format!("{:?}", loaded.experiment.data).contains("digits");
        let Some(folder) = shared::folder()
            .map(|folder| folder.join("datasets"))
            .or(embedded.then(|| root.join("datasets")))
        else {
            continue;
        };
        let out = root.join("results/none-such");
        let cells =
            run::survey(&loaded, &folder, &out).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            cells.len() >= 10 && cells.iter().all(|(_, state)| *state == State::ToRun),
            "{}",
            path.display()
        );
        planned += 1;
    }
    assert!(planned >= 2, "only {planned} configs could be planned");
}
