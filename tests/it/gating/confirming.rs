//! Alarms asked again on fresh seeds, and gains looked behind.

use std::path::Path;

use safetensors::SafeTensors;

use super::program::{gated, prepared, rewrite};
use super::schema;

const BINARY: &str = env!("CARGO_BIN_EXE_equipoise");

#[test]
fn a_real_regression_comes_back_on_fresh_seeds_paired_and_unpaired() {
    let program = prepared();
    program.must(&["run", "small.toml", "training.epochs=1", "--out", "worse", "--quiet"]);
    for (more, paired) in [(&["--base-binary", BINARY][..], true), (&[], false)] {
        let mut arguments = vec!["gate", "worse", "--baseline", "base", "--confirm", "--quiet"];
        arguments.extend(more);
        let answer = program.run(&arguments);
        assert_eq!(answer.code, Some(1), "{}\n{}", answer.stdout, answer.stderr);
        let value = schema::verdict(&std::fs::read_to_string(program.path("worse/verdict.json")).unwrap());
        assert_eq!(value["verdict"], "regressed");
        let confirmation = &value["confirmation"];
        assert_eq!(confirmation["paired"], paired);
        assert_eq!(confirmation["seeds"], serde_json::json!([7, 8, 9, 10, 11, 12, 13]));
        assert!(
            confirmation["alarms"]
                .as_array()
                .unwrap()
                .iter()
                .any(|alarm| alarm["stands"] == true && alarm["p"].is_number())
        );
        assert_eq!(value["notes"].to_string().contains("unpaired"), !paired);
    }
    assert!(program.path("worse.confirm/candidate/sweep.json").is_file());
    assert!(program.path("worse.confirm/baseline/sweep.json").is_file());
}

/// The stored baseline is luckier than its own program is on fresh seeds.
#[test]
fn an_alarm_of_a_lucky_baseline_does_not_come_back() {
    let program = prepared();
    rewrite(&program.path("base"), |_, _, _, x| x + 0.02);
    let value = gated(&program, &["--confirm", "--base-binary", BINARY, "--quiet"], 0);
    assert_eq!(value["verdict"], "inconclusive");
    assert!(value["reasons"][0].as_str().unwrap().contains("did not come back on fresh seeds"));
    assert!(value["confirmation"]["alarms"].as_array().unwrap().iter().all(|alarm| alarm["stands"] == false));
    gated(&program, &["--confirm", "--base-binary", BINARY, "--quiet", "--fail-on", "inconclusive"], 4);
}

/// Edits what the attacks of all models left standing, of every third row that was right as it was: `flag` 1 lets it stand, as an attack that does
/// nothing would report, 0 lets it fall.
fn mark(evidence: &Path, flag: u8) -> usize {
    let mut changed = 0;
    for entry in std::fs::read_dir(evidence).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let (start, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let mut new = bytes.clone();
        for name in header.tensors().keys().filter(|name| name.ends_with("/standing")) {
            let range = |name: &str| {
                let (from, to) = header.info(name).unwrap().data_offsets;
                8 + start + from..8 + start + to
            };
            let distances = &bytes[range(&name.replace("standing", "distance"))];
            let right =
                |row: usize| f32::from_le_bytes(distances[4 * row..4 * row + 4].try_into().unwrap()) > 0.0;
            for (row, at) in range(name).enumerate().step_by(3) {
                if right(row) {
                    new[at] = flag;
                }
            }
        }
        if new != bytes {
            changed += 1;
            seal(&mut new);
        }
        equipoise::files::write_atomic(&path, &new, None).unwrap();
    }
    changed
}

/// Puts the checksum of what the file now holds in the place of the old one.
fn seal(bytes: &mut [u8]) {
    let tensors = SafeTensors::deserialize(bytes).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(bytes).unwrap();
    let header: serde_json::Value =
        serde_json::from_str(&metadata.metadata().as_ref().unwrap()["equipoise"]).unwrap();
    let mut content = header["description"].as_str().unwrap().as_bytes().to_vec();
    let mut arrays: Vec<_> = tensors.iter().collect();
    arrays.sort_by_key(|(name, _)| *name);
    for (name, array) in arrays {
        content.extend(name.as_bytes());
        content.extend(format!("{:?}", array.shape()).as_bytes());
        content.extend(array.data());
    }
    let (old, new) = (header["sha256"].as_str().unwrap(), equipoise::files::sha256(&content));
    let at = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
}

#[test]
fn a_gain_that_the_baselines_adversarial_rows_undo_is_suspect() {
    let program = prepared();
    super::program::copy(&program.path("results/small"), &program.path("before"));
    assert!(mark(&program.path("results/small/evidence"), 1) >= 14);
    // Without the baseline's folder the gain is believed, and the verdict says so.
    let value = gated(&program, &[], 0);
    assert_eq!(value["verdict"], "improved");
    assert!(value["notes"].to_string().contains("not cross-checked"));
    let value = gated(&program, &["--base-results", "before"], 1);
    assert_eq!(value["verdict"], "suspect");
    let check = &value["cross_checks"][0];
    assert!(check["transferred"].as_f64().unwrap() > 0.05, "{check}");
    assert_eq!(check["weaker"], 0.0, "the attack itself is as it was");
    assert!(value["reasons"][0].as_str().unwrap().contains("break"), "{}", value["reasons"]);
    // A folder that is not the baseline's is refused.
    program.must(&["run", "small.toml", "training.epochs=1", "--out", "other", "--quiet"]);
    let said = program.refused(&["gate", "results/small", "--baseline", "base", "--base-results", "other"]);
    assert!(said.contains("is not the folder that the baseline was made of"), "{said}");
}

/// The baseline recorded fewer rows standing than today's attack leaves on the very same weights.
#[test]
fn an_attack_that_got_weaker_on_the_same_weights_is_suspect() {
    let program = prepared();
    super::program::copy(&program.path("results/small"), &program.path("before"));
    // The baseline as a stronger attack would have recorded it.
    assert!(mark(&program.path("before/evidence"), 0) >= 14);
    program.must(&["baseline", "check", "before", "--baseline", "base2"]);
    let accepted = super::program::accepting(&program, "base2").args(["--reason", "x"]).output().unwrap();
    assert_eq!(accepted.status.code(), Some(0));
    let answer =
        program.run(&["gate", "results/small", "--baseline", "base2", "--base-results", "before", "--json"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    let value = schema::verdict(&answer.stdout);
    assert_eq!(value["verdict"], "suspect");
    assert!(value["cross_checks"][0]["weaker"].as_f64().unwrap() > 0.05);
}
