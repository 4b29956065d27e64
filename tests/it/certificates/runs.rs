//! The program with certificates: what is made when, what is refused, and that attacks and proofs agree on real models.

use std::collections::BTreeMap;

use crate::program::{Program, TINY, fingerprint};

const INTERVAL: &str = "\n[[certificate]]\nkind = \"interval\"\n";
const CROWN: &str = "\n[[certificate]]\nkind = \"crown\"\n";
const SMOOTHING: &str =
    "\n[[certificate]]\nkind = \"smoothing\"\nsigma = 0.2\nselection = 10\nsamples = 60\nalpha = 0.05\n";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn part(all: &BTreeMap<String, String>, folder: &str) -> BTreeMap<String, String> {
    all.iter().filter(|(path, _)| path.starts_with(folder)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// When each file under `folder` was written.
fn times(program: &Program, folder: &str) -> BTreeMap<String, std::time::SystemTime> {
    let mut found = BTreeMap::new();
    for path in fingerprint(&program.path(folder)).into_keys() {
        let file = program.path(folder).join(&path);
        found.insert(path, file.metadata().unwrap().modified().unwrap());
    }
    found
}

#[test]
fn a_certificate_added_later_trains_and_attacks_nothing_again() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let before = program.must(&["run", "tiny.toml"]).stdout;
    let plain = fingerprint(&program.path("results/tiny"));
    let (cells, evidence) = (times(&program, "results/tiny/cells"), times(&program, "results/tiny/evidence"));

    program.file("tiny.toml", &format!("{TINY}{INTERVAL}"));
    let plan = json(&program.must(&["plan", "tiny.toml", "--json"]).stdout);
    assert!(plan["cells"].as_array().unwrap().iter().all(|cell| cell["state"] == "to run"), "{plan}");
    program.must(&["run", "tiny.toml"]);
    let one = times(&program, "results/tiny/evidence");
    assert_eq!(times(&program, "results/tiny/cells"), cells, "nothing is trained again");
    assert!(
        evidence.iter().all(|(file, time)| one.get(file) == Some(time)),
        "no other evidence is made again"
    );
    // Six cells, test rows; models of the same epoch are one.
    assert!(one.len() >= evidence.len() + 6, "{} after {}", one.len(), evidence.len());

    program.file("tiny.toml", &format!("{TINY}{INTERVAL}{CROWN}"));
    program.must(&["run", "tiny.toml"]);
    let two = times(&program, "results/tiny/evidence");
    assert!(
        one.iter().all(|(file, time)| two.get(file) == Some(time)),
        "each certificate has its own evidence"
    );
    assert_eq!(two.len() - one.len(), one.len() - evidence.len());
    let plan = json(&program.must(&["plan", "tiny.toml", "--json"]).stdout);
    assert!(plan["cells"].as_array().unwrap().iter().all(|cell| cell["state"] == "cached"), "{plan}");

    // And without them the report is what it was.
    program.file("tiny.toml", TINY);
    assert_eq!(program.must(&["run", "tiny.toml"]).stdout, before);
    let now = fingerprint(&program.path("results/tiny"));
    assert!(plain.iter().all(|(file, hash)| now.get(file) == Some(hash)));
}

#[test]
fn any_number_of_threads_certifies_the_same() {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{CROWN}{SMOOTHING}"));
    let set = ["threat.norm=\"l2\"", "threat.epsilon=0.3", "threat.curve=[0.1]"];
    for (jobs, folder) in [("1", "one"), ("2", "two")] {
        let mut arguments = vec!["run", "tiny.toml", "-j", jobs, "--out", folder];
        arguments.extend(set);
        program.must(&arguments);
    }
    let one = fingerprint(&program.path("one"));
    assert_eq!(one, fingerprint(&program.path("two")));
    assert!(!part(&one, "evidence").is_empty());
}

/// (point, seed) to the values of `id`, by radius.
fn values(report: &serde_json::Value, id: &str) -> BTreeMap<(usize, usize, String), f64> {
    let mut found = BTreeMap::new();
    for (index, point) in report["points"].as_array().unwrap().iter().enumerate() {
        for (key, measure) in point["measures"].as_object().unwrap() {
            if key.split(['@', '!']).next() != Some(id) {
                continue;
            }
            let radius = key.rsplit(':').next().unwrap().to_owned();
            for (seed, value) in measure["per_seed"].as_array().unwrap().iter().enumerate() {
                found.insert((index, seed, radius.clone()), value["value"].as_f64().unwrap());
            }
        }
    }
    assert!(!found.is_empty(), "{id} was not measured");
    found
}

/// On a linear model the certificate is exact, and so is the attack: every row is certified or broken, but for those whose margin
/// closes so near the radius that rounding decides. The certificate allows the model's 64 products an error of about 4e-6 of their
/// absolute sum, which is far less than a thousandth in distance.
#[test]
fn on_linear_models_certified_is_what_the_exact_attack_leaves() {
    let program = Program::new();
    let config = TINY.replace("kind = \"pgd\"\nsteps = 5\nstep = 0.25", "kind = \"exact\"");
    program.file("tiny.toml", &format!("{config}\n[[certificate]]\nkind = \"exact\"\n"));
    let radii = [0.02, 0.05, 0.1, 0.2, 0.4];
    let beyond = [0.021, 0.051, 0.101, 0.201, 0.401];
    let curve: Vec<f64> = radii.iter().chain(&beyond).copied().collect();
    for norm in ["threat.norm=\"linf\"", "threat.norm=\"l2\""] {
        let set = ["model={ kind = \"logistic\" }", &format!("threat.curve={curve:?}"), norm];
        let mut arguments = vec!["run", "tiny.toml", "--json"];
        arguments.extend(set);
        let report = json(&program.must(&arguments).stdout);
        let (certified, robust) = (values(&report, "certified_accuracy"), values(&report, "robust_accuracy"));
        let (mut equal, mut all) = (0, 0);
        for ((point, seed, radius), share) in &certified {
            let Some(index) = radii.iter().position(|one| one.to_string() == *radius) else { continue };
            let left = |radius: f64| robust[&(*point, *seed, radius.to_string())];
            assert!(*share <= left(radii[index]), "{norm} {radius}: more is certified than stands");
            assert!(
                *share >= left(beyond[index]),
                "{norm} {radius}: {share} is certified, and more stands beyond"
            );
            all += 1;
            equal += usize::from(share.to_bits() == left(radii[index]).to_bits());
        }
        assert!(all >= 30 && 10 * equal >= 9 * all, "{norm}: equal at {equal} of {all}");
        assert!(certified.values().any(|share| *share > 0.5) && certified.values().any(|share| *share < 0.5));
    }
}

/// What is proven never exceeds what is left standing, for every model at every radius, and the check says that it looked.
#[test]
fn what_is_certified_stands_under_attack() {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{INTERVAL}{CROWN}"));
    let set = ["threat.curve=[0.01, 0.02, 0.05]", "front.objectives=[\"certified_accuracy\", \"accuracy\"]"];
    let answer = program.must(&["run", "tiny.toml", "--json", set[0], set[1]]);
    let report = json(&answer.stdout);
    let (certified, robust) = (values(&report, "certified_accuracy"), values(&report, "robust_accuracy"));
    assert_eq!(certified.keys().collect::<Vec<_>>(), robust.keys().collect::<Vec<_>>());
    assert!(certified.iter().all(|(place, share)| *share <= robust[place]));
    assert!(certified.values().any(|share| *share > 0.5), "something is certified at small radii");
    let sandwiches: Vec<&serde_json::Value> =
        report["checks"].as_array().unwrap().iter().filter(|row| row["check"] == "sandwich").collect();
    assert!(!sandwiches.is_empty());
    for finding in sandwiches {
        assert_eq!(finding["status"], "pass", "{finding}");
        assert!(finding["says"].as_str().unwrap().contains("certified rows"), "{finding}");
    }
    assert_eq!(report["certificates"]["names"], serde_json::json!(["interval", "crown"]));
    assert!(report["front"]["objectives"][0]["key"].as_str().unwrap().starts_with("certified_accuracy!"));
}

#[test]
fn the_vote_has_a_sandwich_of_its_own() {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{SMOOTHING}"));
    let objectives = "front.objectives=[\"smoothed_certified_accuracy\", \"smoothed_accuracy\"]";
    let set = ["threat.norm=\"l2\"", "threat.epsilon=0.2", "threat.curve=[0.1]", objectives];
    let mut arguments = vec!["run", "tiny.toml", "--json"];
    arguments.extend(set);
    let report = json(&program.must(&arguments).stdout);
    let (certified, robust) =
        (values(&report, "smoothed_certified_accuracy"), values(&report, "smoothed_robust_accuracy"));
    // Draws may be unlucky at a row in twenty; 200 rows each.
    assert!(certified.iter().all(|(place, share)| *share <= robust[place] + 0.1));
    let accuracy = values(&report, "smoothed_accuracy");
    for ((point, seed, radius), share) in &robust {
        assert!(*share <= accuracy[&(*point, *seed, "0".to_owned())], "{radius}");
    }
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.iter().any(|row| row["check"] == "smoothed-sandwich" && row["status"] == "pass"));
    assert!(report["certificates"]["proven_dominance"].is_null(), "a vote proves with some probability only");
}

/// With checkpoints validation rows choose by the vote on rows as they are, whose key has radius 0; without, nothing is certified on them.
#[test]
fn certificates_are_made_on_validation_rows_where_these_choose() {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{SMOOTHING}"));
    let set = [
        "threat.norm=\"l2\"",
        "threat.epsilon=0.2",
        "threat.curve=[]",
        "seeds=1",
        "training.epochs=2",
        "defense.0.strengths=[0, 0.2]",
        "front.models=[\"last\"]",
    ];
    let evidence = |folder: &str, more: &[&str]| {
        let mut arguments = vec!["run", "tiny.toml", "--out", folder];
        arguments.extend(set.iter().chain(more));
        program.must(&arguments);
        let files = std::fs::read_dir(program.path(&format!("{folder}/evidence"))).unwrap();
        files.count()
    };
    let plain = evidence("plain", &["certificate=[]"]);
    // One per model, on test rows.
    assert_eq!(evidence("certified", &[]), plain + 2);
    let chosen = [
        "training.checkpoints=[1, 2]",
        "front.objectives=[\"smoothed_accuracy\", \"smoothed_certified_accuracy\"]",
    ];
    evidence("chosen", &chosen);
    let report = equipoise::files::read_text(&program.path("chosen/report.json")).unwrap();
    let report = json(&report);
    assert_eq!(report["choice"]["candidates"].as_array().unwrap().len(), 4);
    assert_eq!(report["choice"]["optimism"].as_array().unwrap().len(), 2);
}

/// Refuses TINY with `more` at its end (and `set`), and expects every part in the message.
fn refused(more: &str, set: &[&str], parts: &[&str]) {
    let program = Program::new();
    program.file("tiny.toml", &format!("{TINY}{more}"));
    let mut arguments = vec!["run", "tiny.toml"];
    arguments.extend(set);
    let said = program.refused(&arguments);
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    assert!(!program.path("results").exists(), "nothing is made before everything is checked");
}

#[test]
fn certificates_that_cannot_be_had_are_refused_with_their_place() {
    let last = TINY.lines().count();
    let place = |line: usize| format!("tiny.toml:{}:1", last + line);
    refused("\n[[certificate]]\nkind = \"exact\"\n", &[], &[&place(2), "`exact`", "linear", "help:"]);
    refused(SMOOTHING, &[], &[&place(2), "`smoothing`", "L2", "L∞"]);
    // Φ⁻¹(0.05^(1/60)) = 1.658 (Python's statistics.NormalDist): 0.3315 at σ = 0.2; at 0.4 = 2 σ, ln 0.05 / ln Φ(2) = 130.2 draws are needed.
    refused(
        SMOOTHING,
        &["threat.norm=\"l2\"", "threat.epsilon=0.4", "threat.curve=[]"],
        &[
            &place(2),
            "can certify no row at epsilon = 0.4",
            "largest radius is 0.332",
            "`samples` to 131 at least",
        ],
    );
    refused(&format!("{CROWN}{CROWN}"), &[], &[&place(5), "listed twice"]);
    refused(CROWN, &["threat.model=\"numeric\""], &[&place(2), "`crown`", "valid", "drop [[certificate]]"]);
    refused("\n[[certificate]]\nkind = \"crwon\"\n", &[], &["crwon", "`crown`"]);
    refused("\n[[certificate]]\nkind = \"interval\"\nsigma = 1\n", &[], &["sigma"]);
    refused("\n[[certificate]]\nkind = \"smoothing\"\nsigma = -1.0\n", &[], &["above 0, got `-1`"]);
    let objectives = "front.objectives=[\"certified_accuracy\", \"accuracy\"]";
    refused("", &[objectives], &["certified_accuracy", "needs a certificate", "[[certificate]]"]);
    refused(SMOOTHING, &["threat.norm=\"l2\"", objectives], &["certified_accuracy", "needs a certificate"]);
}

#[test]
fn kinds_and_metrics_are_listed() {
    let program = Program::new();
    let kinds = program.must(&["ls", "certificates"]).stdout;
    for kind in ["exact", "interval", "crown", "smoothing"] {
        assert!(kinds.lines().any(|line| line == kind), "{kind} is missing in:\n{kinds}");
    }
    let metrics = program.must(&["ls", "metrics"]).stdout;
    let checks = program.must(&["ls", "checks"]).stdout;
    assert!(metrics.contains("smoothed_certified_accuracy") && metrics.contains("certified_accuracy"));
    assert!(checks.contains("28  sandwich") && checks.contains("28  smoothed-sandwich"), "{checks}");
}
