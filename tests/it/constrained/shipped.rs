//! The tables that the program knows: their relations, their threat models, and what an attack on them hands in.

use std::path::Path;

use equipoise::attacks::{Constraints, ThreatModel};
use equipoise::data::{self, Domain, Rows, Source, SplitSpec, UNCONSTRAINED, catalog};
use equipoise::experiment::{self, Override};
use equipoise::files;
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Parameters, build, weights};
use equipoise::probes::checks::Settings;
use equipoise::probes::clean;
use equipoise::run;
use equipoise::run::attack::{Arsenal, Recipe, RowsFrom, Subject, evaluate, verify};
use equipoise::seed::Seed;

use super::{attack, labeled, suite};
use crate::shared;

#[test]
fn the_shipped_relations_hold_on_every_row_and_every_table_has_two_threat_models() {
    for manifest in catalog().iter().filter(|manifest| manifest.image.is_none() && manifest.name != "digits")
    {
        let names: Vec<&str> = manifest.threats.iter().map(|threat| threat.name.as_str()).collect();
        assert_eq!(names, ["numeric", "all"], "{}", manifest.name);
        assert!(manifest.threats.iter().all(|threat| !threat.why.is_empty()));
        assert!(manifest.relations.iter().all(|relation| !relation.why.is_empty()));
        for column in manifest.feature_columns() {
            assert!(!column.why.is_empty(), "{} {}: changed or not, and why?", manifest.name, column.name);
        }
        let Some(folder) = shared::folder().map(|folder| folder.join("datasets")) else { continue };
        let data = data::load_manifest(manifest, &SplitSpec::default(), &folder).unwrap();
        for rows in [&data.train, &data.validation, &data.test] {
            let broken = data.rules.broken(&data.features, (0..rows.len()).map(|row| rows.row(row)));
            let relations = data.rules.relations.iter().map(|rule| rule.text.as_str());
            for (count, rule) in broken.iter().zip(relations) {
                assert_eq!(*count, 0, "{}: {rule}", manifest.name);
            }
        }
        for name in names {
            let constraints = Constraints::named(name, &data.features, &data.rules).unwrap().unwrap();
            let threat = ThreatModel::new(Norm::Linf, 0.3, constraints.features());
            for row in 0..data.test.len().min(500) {
                let x = data.test.row(row);
                assert!(
                    constraints.violations(&threat, x, x).is_empty(),
                    "{} {name}: a clean row",
                    manifest.name
                );
            }
            let categories = constraints.mutable().filter(|column| {
                manifest.column(column).is_some_and(|column| column.kind == data::ColumnKind::Categorical)
            });
            assert_eq!(categories.count() > 0, name == "all", "{} {name}", manifest.name);
        }
    }
}

/// Random weights of a model with two classes, the last bias such that half of the rows are of either: rows near the boundary fall.
fn balanced(architecture: &Architecture, seed: u64, rows: &Rows) -> Parameters {
    let mut parameters = Parameters::init(architecture, Seed(seed));
    let mut network = build(EngineKind::Fused, architecture, &parameters).unwrap();
    let logits = clean(network.as_mut(), rows).unwrap().logits;
    let mut margins: Vec<f32> = logits.chunks_exact(2).map(|z| z[0] - z[1]).collect();
    margins.sort_by(f32::total_cmp);
    let last = 2 * architecture.layers().len() - 1;
    parameters.tensor_mut(last)[1] += margins[margins.len() / 2];
    parameters
}

/// On real tables, by the raw features alone: whole numbers are whole, blocks one-hot, and no more of them change than may.
#[test]
fn what_falls_on_real_tables_is_a_row_of_such_a_table() {
    let Some(folder) = shared::folder().map(|folder| folder.join("datasets")) else { return };
    let split: SplitSpec = toml::from_str("test_rows = 150").unwrap();
    for (name, most) in [("adult", 1), ("compas", 1), ("german", 2)] {
        let source = Source::Dataset { name: name.to_owned(), manifest: None };
        let data = data::load(&source, &split, &folder).unwrap();
        let parameters = balanced(&Architecture::mlp(data.shape, 2, &[16]), 4, &data.test);
        let architecture = Architecture::mlp(data.shape, 2, &[16]);
        let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
        let rows = labeled(network.as_mut(), &data.test);
        let suite = suite(&["kind = \"caa\"\nqueries = 100", "kind = \"pgd\"\nsteps = 10\nstep = 0.3"]);
        let mut fallen = 0;
        for (facts, points) in attack(network.as_mut(), &rows, &data, "all", Norm::Linf, &[0.5, 1.0], &suite)
        {
            for (row, (first, worst)) in points.iter().enumerate() {
                fallen += usize::from(first.is_some());
                for point in first.iter().chain([worst]) {
                    let (mut ones, mut changed) = (std::collections::BTreeMap::new(), Vec::new());
                    for (i, feature) in data.features.iter().enumerate() {
                        let (x, p) = (f64::from(rows.row(row)[i]), f64::from(point[i]));
                        match feature.domain {
                            Domain::OneHot(block) => {
                                *ones.entry(block).or_insert(0.0) += p;
                                if x < p {
                                    changed.push(block);
                                }
                                assert!(point[i].to_bits() == 0 || point[i].to_bits() == 1.0_f32.to_bits());
                            }
                            Domain::Integer => {
                                let native = p * feature.scale + feature.offset;
                                assert!(
                                    (native - native.round()).abs() < 0.02,
                                    "{} = {native}",
                                    feature.name
                                );
                                assert!(
                                    (x - p).abs() <= facts.epsilon,
                                    "{} at {}",
                                    feature.name,
                                    facts.epsilon
                                );
                                assert!(feature.mutable || point[i].to_bits() == rows.row(row)[i].to_bits());
                            }
                            Domain::Continuous => panic!("{name} has none"),
                        }
                    }
                    // A level that training rows do not have is a block of zeros.
                    assert!(
                        ones.values().all(|sum| *sum <= 1.0) && changed.len() <= most,
                        "{name}: {changed:?}"
                    );
                }
            }
        }
        assert!(fallen > 20, "{name}: {fallen} rows fell");
    }
}

#[test]
fn a_threat_model_that_the_data_set_does_not_know_is_refused_before_training() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let overrides: Vec<Override> = vec!["threat.model=numeric".parse().unwrap()];
    let loaded = experiment::load(&root.join("configs/quick.toml"), &overrides).unwrap();
    let error = run::survey(&loaded, &root.join("datasets"), &root.join("results/none-such")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("knows no threat model `numeric`") && text.contains("threat.model=numeric"),
        "{text}"
    );
    assert!(error.help_text().unwrap().contains("there is `unconstrained`"), "{text}");
}

/// Rows that a blind attack hands in are verified as what they are: inside the ball, and no applicants.
#[test]
fn verifying_under_a_threat_model_knows_rows_from_points() {
    let Some(folder) = shared::folder().map(|folder| folder.join("datasets")) else { return };
    let place = tempfile::tempdir().unwrap();
    let (weights, saved) = (place.path().join("model.safetensors"), place.path().join("rows.safetensors"));
    let source = Source::Dataset { name: "german".to_owned(), manifest: None };
    let split = SplitSpec::default();
    let data = data::load(&source, &split, &folder).unwrap();
    let parameters = balanced(&Architecture::logistic(data.shape, 2), 2, &data.test);
    files::write_atomic(&weights, &weights::to_safetensors(&parameters), None).unwrap();
    let subject = |threat: &'static str| {
        let rows = RowsFrom::Data { source: &source, split: &split, folder: &folder, threat: Some(threat) };
        Subject::load(&weights, rows, EngineKind::Fused).unwrap()
    };
    let attack_and_verify = |made_under: &'static str, held_against: &'static str| {
        let recipe = Recipe {
            arsenal: Arsenal::Suite(suite(&[
                "kind = \"pgd\"\nloss = \"margin\"",
                "kind = \"caa\"\nqueries = 50",
            ])),
            norms: vec![Norm::Linf],
            epsilons: vec![0.5],
            seed: Seed(0),
            points: true,
            checks: Settings::default(),
        };
        let mut attacked = subject(made_under);
        let evaluation = evaluate(&mut attacked, &recipe, &|| false, &mut |_, _, _| ()).unwrap();
        files::write_atomic(&saved, &evaluation.to_safetensors(&attacked, 0).unwrap(), None).unwrap();
        verify(&mut subject(held_against), &saved, &[Norm::Linf], &[0.5]).unwrap().swap_remove(0)
    };
    for name in ["numeric", "all", UNCONSTRAINED] {
        let verified = attack_and_verify(name, name);
        assert!(
            verified.holds() && verified.claimed.unwrap() > 0,
            "{name}: {:?}",
            verified.verification.violations
        );
    }
    let verified = attack_and_verify(UNCONSTRAINED, "numeric");
    let violations = &verified.verification.violations;
    assert!(
        violations.len() > 5 && violations.iter().all(|(_, why)| why.kind() == "constraint"),
        "{violations:?}"
    );
    assert!(violations[0].1.to_string().contains("off a whole number"), "{}", violations[0].1);
}
