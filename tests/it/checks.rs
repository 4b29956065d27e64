//! The sanity checks: healthy models pass, and what is counted is what is said.

use std::path::Path;

use equipoise::attacks::Suite;
use equipoise::data::{Feature, Rows, Shape};
use equipoise::evidence::{EvasionFacts, Finding, Outputs, Seen, Status};
use equipoise::files;
use equipoise::measure::Norm;
use equipoise::models::{Architecture, EngineKind, Network, Parameters, build, weights};
use equipoise::probes::checks::{self, Settings, Subject};
use equipoise::probes::{Points, Question, Recipe, clean, evasion};
use equipoise::seed::Seed;

use crate::conformance::load_rows;
use crate::problems::{feature, labeled_by, random_network};
use crate::program::{Program, TINY};
use crate::shared;

/// PGD with both losses: what `configs/quick.toml` attacks with.
pub(crate) fn suite() -> Suite {
    Suite::of(
        &["ce", "margin"]
            .map(|loss| toml::from_str(&format!("kind = \"pgd\"\nloss = \"{loss}\"\n")).unwrap()),
    )
}

/// Attacks at `epsilon` and below, and examines.
pub(crate) fn examined(
    network: &mut dyn Network,
    rows: &Rows,
    features: &[Feature],
    suite: &Suite,
    (norm, epsilon): (Norm, f64),
    settings: &Settings,
) -> (f64, Vec<Finding>) {
    let outputs = clean(network, rows).unwrap();
    let recipe = Recipe { norm, epsilons: vec![0.5 * epsilon, epsilon], suite: suite.clone() };
    let never = || false;
    let question = Question {
        network: &mut *network,
        rows,
        clean: &outputs,
        features,
        constraints: None,
        recipe: &recipe,
        seed: Seed(0),
        stop: &never,
    };
    let (facts, points) = question.ask(Some(epsilon)).unwrap();
    let robust =
        facts.last().unwrap().standing.iter().filter(|stands| **stands).count() as f64 / rows.len() as f64;
    let subject = Subject {
        constraints: None,
        network,
        rows,
        features,
        clean: &outputs,
        suite,
        norm,
        epsilon,
        facts: &facts,
        points: points.as_ref(),
        seed: Seed(0),
        settings,
        stop: &never,
    };
    (robust, checks::judge(&checks::examine(subject).unwrap(), settings))
}

pub(crate) fn status(findings: &[Finding], check: &str) -> Status {
    findings
        .iter()
        .find(|finding| finding.check == check)
        .unwrap_or_else(|| panic!("{check} is missing"))
        .status
}

/// A conformance case.
pub(crate) struct Case {
    pub(crate) architecture: Architecture,
    pub(crate) parameters: Parameters,
    pub(crate) rows: Rows,
    pub(crate) features: Vec<Feature>,
}

impl Case {
    pub(crate) fn read(folder: &Path) -> Self {
        let (rows, shape) = load_rows(&files::read(&folder.join("rows.safetensors")).unwrap());
        let model = files::read(&folder.join("model.safetensors")).unwrap();
        let architecture = weights::infer(&model, shape).unwrap();
        let parameters = weights::from_safetensors(&model, &architecture).unwrap();
        Self { architecture, parameters, rows, features: vec![feature(0.0, 1.0, true); shape.features()] }
    }

    pub(crate) fn network(&self) -> Box<dyn Network> {
        build(EngineKind::Fused, &self.architecture, &self.parameters).unwrap()
    }
}

#[test]
fn no_check_fails_on_a_conformance_case() {
    let Some(shared) = shared::folder() else { return };
    for (case, radii) in [
        ("digits-at0", [(Norm::Linf, 0.05), (Norm::Linf, 0.1), (Norm::L2, 0.5)]),
        ("digits-at0.1", [(Norm::Linf, 0.1), (Norm::Linf, 0.2), (Norm::L2, 0.5)]),
        ("fashion-mnist-mlp-at0.05", [(Norm::Linf, 0.025), (Norm::Linf, 0.05), (Norm::L2, 1.0)]),
        ("fashion-mnist-cnn-at0.05", [(Norm::Linf, 0.025), (Norm::Linf, 0.05), (Norm::L2, 1.0)]),
    ] {
        let folder = shared.join("conformance").join(case);
        let case_ = Case::read(&folder);
        let mut network = case_.network();
        for threat in radii {
            let settings = Settings::default();
            let (_, findings) =
                examined(network.as_mut(), &case_.rows, &case_.features, &suite(), threat, &settings);
            let failed: Vec<&Finding> = findings.iter().filter(|f| f.status == Status::Fail).collect();
            assert!(failed.is_empty(), "{case} {threat:?}: {failed:#?}");
        }
    }
}

/// The exact tails, from Python's rational arithmetic: `sum(comb(n, i) * p**i * (1 - p)**(n - i) for i in range(k, n + 1))`.
#[test]
fn binomial_tails_are_exact() {
    for (hits, of, share, expected) in [
        (6, 100, 0.01, 0.000_534_534_463_993_033_3),
        (1, 100, 0.01, 0.633_967_658_726_770_5),
        (4, 100, 0.002, 5.382_634_588_194_846e-5),
        (3, 500, 0.002, 0.080_117_119_606_029_12),
        (60, 100, 0.5, 0.028_443_966_820_490_395),
        (100, 100, 0.9, 2.656_139_888_758_747_6e-5),
        (20, 100, 0.3, 0.991_112_791_683_857_7),
        (500, 10_000, 0.05, 0.506_406_635_689_191_6),
        (0, 10, 0.5, 1.0),
        (1, 10, 0.0, 0.0),
    ] {
        let found = checks::tail(hits, of, share);
        assert!(
            (found - expected).abs() <= 1e-9 * expected,
            "{hits} of {of} at {share}: {found}, not {expected}"
        );
    }
}

/// With 9 tests at 0.001 in all, each is made at 1/9000: of 100 rows at 0.2 %, 4 are too many and 3 are not; at 1 %, 7 are and 6 are not.
#[test]
fn a_share_fails_where_chance_does_not_explain_it() {
    let settings = Settings::default();
    let verdict = |check: &str, hits: u64, of: u64| {
        let check = checks::find(check).unwrap();
        checks::finding(check, &Seen::Count { hits, of, chance: None }, "seen", &settings)
    };
    for (check, hits, expected) in [
        ("noise", 0, Status::Pass),
        ("noise", 1, Status::Warn),
        ("noise", 3, Status::Warn),
        ("noise", 4, Status::Fail),
        ("one-step", 1, Status::Pass),
        ("one-step", 6, Status::Warn),
        ("one-step", 7, Status::Fail),
        ("convergence", 1, Status::Warn),
        ("restarts", 90, Status::Warn),
        ("monotone", 1, Status::Fail),
    ] {
        let found = verdict(check, hits, 100);
        assert_eq!(found.status, expected, "{check} {hits}: {found:?}");
        assert_eq!(found.says.contains(';'), expected != Status::Pass, "what to do is said: {found:?}");
    }
    assert_eq!(verdict("noise", 0, 0).status, Status::NotApplicable);
    let broken = checks::finding(checks::find("noise").unwrap(), &Seen::Broken, "no numbers", &settings);
    assert_eq!(broken.status, Status::Fail);
    let released = Settings { overrides: vec!["noise".to_owned()], ..Settings::default() };
    let found = checks::finding(checks::find("noise").unwrap(), &Seen::Broken, "no numbers", &released);
    assert!(found.status == Status::Fail && found.released && !found.withholds());
}

#[test]
fn the_catalog_is_in_order_and_every_check_has_a_name_of_its_own() {
    let numbers: Vec<u32> = checks::CATALOG.iter().map(|check| check.number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let wanted = (1..=6).chain(8..=16).chain(18..=24).chain(26..=28);
    assert!(wanted.into_iter().all(|number| numbers.contains(&number)), "{numbers:?}");
    for check in checks::CATALOG {
        assert!(checks::CATALOG.iter().filter(|other| other.id == check.id).count() == 1, "{}", check.id);
        assert!(check.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", check.id);
    }
}

/// A healthy model and its evaluation, to be tampered with.
struct Evaluation {
    network: Box<dyn Network>,
    rows: Rows,
    features: Vec<Feature>,
    outputs: Outputs,
    facts: Vec<EvasionFacts>,
    points: Points,
}

impl Evaluation {
    fn new() -> Self {
        let architecture = Architecture::mlp(Shape::Flat(64), 10, &[32, 32]);
        let mut network = random_network(&architecture, 2);
        let rows = labeled_by(network.as_mut(), 90, 4);
        let features = vec![feature(0.0, 1.0, true); 64];
        let outputs = clean(network.as_mut(), &rows).unwrap();
        let recipe = Recipe { norm: Norm::Linf, epsilons: vec![0.04, 0.08], suite: suite() };
        let question = Question {
            network: network.as_mut(),
            rows: &rows,
            clean: &outputs,
            features: &features,
            constraints: None,
            recipe: &recipe,
            seed: Seed(0),
            stop: &|| false,
        };
        let (facts, points) = question.ask(Some(0.08)).unwrap();
        let points = points.unwrap();
        let stand = facts.last().unwrap().standing.iter().filter(|stands| **stands).count();
        assert!((10..80).contains(&stand), "the problem has rows that fall and rows that stand: {stand}");
        Self { network, rows, features, outputs, facts, points }
    }

    fn findings(&mut self) -> Vec<Finding> {
        let settings = Settings { rows: 40, ..Settings::default() };
        let subject = Subject {
            constraints: None,
            network: self.network.as_mut(),
            rows: &self.rows,
            features: &self.features,
            clean: &self.outputs,
            suite: &suite(),
            norm: Norm::Linf,
            epsilon: 0.08,
            facts: &self.facts,
            points: Some(&self.points),
            seed: Seed(0),
            settings: &settings,
            stop: &|| false,
        };
        checks::judge(&checks::examine(subject).unwrap(), &settings)
    }

    fn fallen(&self) -> usize {
        self.points.fell.iter().position(|fell| *fell).unwrap()
    }
}

#[test]
fn tampered_evidence_is_noticed_and_untouched_evidence_is_not() {
    type Tamper = fn(&mut Evaluation);
    let cases: [(&str, Tamper); 8] = [
        ("", |_| {}),
        ("monotone", |e| {
            let row = e.facts[0].standing.iter().position(|stands| !stands).unwrap();
            e.facts[3].standing[row] = true;
            e.facts[3].max_loss.predictions[row] = e.rows.facts.labels[row];
        }),
        ("silent-success", |e| {
            let row = e.fallen();
            e.facts[3].standing[row] = true;
            e.facts[0].standing[row] = true;
            e.facts[3].max_loss.predictions[row] = (e.rows.facts.labels[row] + 1) % 10;
        }),
        ("verification", |e| {
            let row = e.fallen();
            let clean = e.rows.row(row).to_vec();
            e.points.x[row * 64..(row + 1) * 64].copy_from_slice(&clean);
        }),
        ("verification", |e| {
            let row = e.points.fell.iter().position(|fell| !fell).unwrap();
            e.facts[5].standing[row] = false;
        }),
        ("constraints", |e| {
            let at = e.fallen() * 64;
            e.points.x[at] = e.rows.x[at] + 0.081;
        }),
        ("constraints", |e| {
            let at = e.fallen() * 64;
            e.features[0].mutable = false;
            e.points.x[at] = e.rows.x[at] + 0.01;
        }),
        ("idle-attack", |e| e.facts[3].effort.backwards = 0),
    ];
    for (expected, tamper) in cases {
        let mut evaluation = Evaluation::new();
        tamper(&mut evaluation);
        let findings = evaluation.findings();
        let failed: Vec<&str> = findings.iter().filter(|f| f.withholds()).map(|f| f.check.as_str()).collect();
        if expected.is_empty() {
            assert!(failed.is_empty(), "{findings:#?}");
        } else {
            assert!(failed.contains(&expected), "{expected} is not among {failed:?}");
        }
    }
}

/// On a linear model the exact worst case bounds what attacks may break.
#[test]
fn attacks_and_proofs_are_held_against_each_other() {
    let architecture = Architecture::logistic(Shape::Flat(12), 3);
    let mut network = random_network(&architecture, 2);
    let rows = labeled_by(network.as_mut(), 200, 4);
    let features = vec![feature(0.0, 1.0, true); 12];
    let settings = Settings::default();
    let (robust, findings) =
        examined(network.as_mut(), &rows, &features, &suite(), (Norm::Linf, 0.05), &settings);
    assert!((0.1..0.9).contains(&robust), "{robust}");
    assert_eq!(status(&findings, "sandwich"), Status::Pass, "{findings:#?}");
    assert!(findings.iter().all(|finding| !finding.withholds()), "{findings:#?}");

    let outputs = clean(network.as_mut(), &rows).unwrap();
    let recipe = Recipe { norm: Norm::Linf, epsilons: vec![0.05], suite: suite() };
    let mut facts =
        evasion(network.as_mut(), &rows, &outputs, &features, &recipe, Seed(0), &|| false).unwrap();
    facts[2].standing.fill(false);
    let subject = Subject {
        constraints: None,
        network: network.as_mut(),
        rows: &rows,
        features: &features,
        clean: &outputs,
        suite: &recipe.suite,
        norm: Norm::Linf,
        epsilon: 0.05,
        facts: &facts,
        points: None,
        seed: Seed(0),
        settings: &settings,
        stop: &|| false,
    };
    let findings = checks::judge(&checks::examine(subject).unwrap(), &settings);
    assert_eq!(status(&findings, "sandwich"), Status::Fail, "{findings:#?}");
}

/// A constant model stands rightly, and is told of as degenerate: nothing is withheld for want of a gradient.
#[test]
fn a_constant_model_is_not_taken_for_one_with_masked_gradients() {
    let architecture = Architecture::mlp(Shape::Flat(12), 3, &[16]);
    let mut parameters = Parameters::zeros(&architecture);
    parameters.tensor_mut(3)[1] = 2.0;
    let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
    let rows = labeled_by(random_network(&architecture, 2).as_mut(), 90, 4);
    let features = vec![feature(0.0, 1.0, true); 12];
    let (_, findings) =
        examined(network.as_mut(), &rows, &features, &suite(), (Norm::Linf, 0.05), &Settings::default());
    let failed: Vec<&Finding> = findings.iter().filter(|finding| finding.withholds()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(status(&findings, "zero-gradient"), Status::NotApplicable);
}

/// A failed check withholds every number under attack, an override by name releases them, and nothing is computed again for it.
#[test]
fn a_failed_check_withholds_numbers_and_an_override_releases_them() {
    let program = Program::new();
    let sound = "rows = 40\n\n[[attack]]\nkind = \"pgd\"\nloss = \"margin\"\nsteps = 20\nrestarts = 3\n";
    program.file("tiny.toml", &TINY.replace("rows = 0", sound));
    let report = |arguments: &[&str]| -> (String, serde_json::Value) {
        let mut all = vec!["run", "tiny.toml"];
        all.extend_from_slice(arguments);
        let text = program.must(&all).stdout;
        let json = std::fs::read_to_string(program.path("results/tiny/report.json")).unwrap();
        (text, serde_json::from_str(&json).unwrap())
    };
    let robust = |report: &serde_json::Value| -> Vec<serde_json::Value> {
        let of = |point: &serde_json::Value| {
            let measures = point["measures"].as_object().unwrap();
            let all = measures.iter().filter(|(key, _)| key.contains('!'));
            all.map(|(_, measured)| measured.clone()).collect::<Vec<_>>()
        };
        report["points"].as_array().unwrap().iter().flat_map(of).collect()
    };
    let (_, plain) = report(&[]);
    assert!(robust(&plain).iter().all(|measured| measured["value"].is_number()), "{plain:#}");
    let listed = plain["checks"].as_array().unwrap();
    assert!(checks::CATALOG.iter().all(|check| listed.iter().any(|row| row["check"] == check.id)));
    let transfer = listed.iter().find(|row| row["check"] == "transfer" && row["measured"].is_number());
    assert!(transfer.is_some(), "strength 0 is the others' twin");

    // No model's loss changes by nothing at all.
    let (text, withheld) = report(&["checks.landscape=0"]);
    for measured in robust(&withheld) {
        assert!(measured["value"].is_null(), "{measured}");
        assert_eq!(measured["reason"], "withheld: check `landscape` failed");
    }
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("Withheld at all points: every number under attack"), "{text}");
    assert!(flat.contains("Check 13 `landscape` failed at all points"), "{text}");
    assert!(flat.contains("No point is on the front"), "{text}");
    let accuracy = &withheld["points"][0]["measures"]["accuracy"]["value"];
    assert!(accuracy.is_number(), "clean numbers stay");

    let (text, released) = report(&["checks.landscape=0", "checks.override=[\"landscape\"]"]);
    assert_eq!(robust(&released), robust(&plain));
    assert!(text.contains("by override"), "{text}");
    let shown = released["checks"].as_array().unwrap().iter().filter(|row| row["overridden"] == true).count();
    assert!(shown > 0);
    let events = std::fs::read_to_string(program.path("results/tiny/events.jsonl")).unwrap();
    assert_eq!(events.lines().filter(|line| line.contains("\"finished\"")).count(), 6, "{events}");

    let message = program.refused(&["run", "tiny.toml", "checks.override=[\"landscpae\"]"]);
    assert!(message.contains("did you mean `landscape`?"), "{message}");
    let message = program.refused(&["run", "tiny.toml", "checks.noise=2"]);
    assert!(message.contains("`noise` must lie between 0 and 1"), "{message}");
}
