//! `equipoise choose`: the rule and its shares against numbers worked out by hand, and what the program says.

use equipoise::evidence::Split;
use equipoise::measure::{Direction, MetricKey};
use equipoise::pareto::{Aim, Pick, holding, pick};
use equipoise::points::{CellEvidence, Options, Study};
use equipoise::requirement::Requirement;
use equipoise::seed::Seed;
use serde_json::{Value as Json, json};

use crate::choosing::{ROBUST, cell, exact, facts};
use crate::importing::theirs;
use crate::program::{Program, TINY};

const RESAMPLES: usize = 20_000;

/// Three seeds; every row of a model fares alike, so that only the multinomial weights (w0, w1, w2) of the seeds count. P is right everywhere
/// and stands at seed 0 alone: robust w0/3, right 1. Q is right and stands at seeds 0 and 1: both (w0 + w1)/3.
fn study() -> Study {
    let facts = facts(Split::Validation, 6);
    let all = |yes: bool| if yes { 6 } else { 0 };
    let mut cells: Vec<CellEvidence> = Vec::new();
    for seed in 0..3 {
        cells.push(cell("p", 0.1, "last", seed, exact(&facts, 6, all(seed == 0))));
        cells.push(cell("q", 0.1, "last", seed, exact(&facts, all(seed < 2), all(seed < 2))));
    }
    Study::new(&cells, Options { resamples: RESAMPLES, seed: Seed(5), level: 0.95 }).unwrap()
}

fn at_least(key: &str, limit: f64) -> (MetricKey, Requirement) {
    (key.parse().unwrap(), format!("{key}>={limit}").parse().unwrap())
}

fn most_robust(study: &Study, requirements: &[(MetricKey, Requirement)]) -> Pick {
    let aim = Aim { key: ROBUST.parse().unwrap(), direction: Direction::Higher };
    pick(study, &aim, requirements, |_| true, |_| None)
}

/// Four standard errors of a share of 20,000 draws.
fn near(found: Option<f64>, of_27: f64) {
    let found = found.unwrap();
    assert!((found - of_27 / 27.0).abs() < 4.0 * (0.25 / RESAMPLES as f64).sqrt(), "{found}, not {of_27}/27");
}

/// Q satisfies where w2 ≤ 1 (20 of the 27 equally likely draws) and is then more robust than P where w1 ≥ 1: (2,1,0) 3, (1,2,0) 3, (0,3,0) 1,
/// (1,1,1) 6 and (0,2,1) 3. Where both are equally robust P is chosen, which has more to spare or stands first.
#[test]
fn the_best_that_satisfies_is_chosen_as_often_as_the_multinomial_says() {
    let study = study();
    let required = [at_least("accuracy", 0.6)];
    let picked = most_robust(&study, &required);
    let [first, second] = picked.rated.as_slice() else { panic!("{picked:?}") };
    assert_eq!(picked.chosen(), Some(first));
    assert_eq!((picked.runner_up(), picked.next_best()), (Some(1), Some(1)));
    assert_eq!(study.points[first.point].defense, "q");
    assert!((first.value - 2.0 / 3.0).abs() < 1e-12 && (second.value - 1.0 / 3.0).abs() < 1e-12);
    near(first.chosen, 16.0);
    near(second.chosen, 11.0);
    assert_eq!(picked.none, Some(0.0));
    near(holding(&study, first.point, &required), 20.0);
    near(holding(&study, second.point, &required), 27.0);
}

/// By its means P misses 0.5 of robustness by 1/6; it satisfies where w0 ≥ 2, Q where w2 ≤ 1. Of the 27 draws Q alone satisfies in (0,3,0) 1, (1,2,0) 3,
/// (0,2,1) 3 and (1,1,1) 6; both in (2,1,0) 3, where Q is more robust, and in (2,0,1) 3 and (3,0,0) 1, where they are equally robust and P stands first; none in the other 7.
#[test]
fn the_runner_up_is_who_resamples_choose_though_its_means_miss() {
    let study = study();
    let picked = most_robust(&study, &[at_least(ROBUST, 0.5)]);
    let [first, second] = picked.rated.as_slice() else { panic!("{picked:?}") };
    assert_eq!(study.points[first.point].defense, "q");
    assert!(first.satisfies && !second.satisfies);
    near(first.chosen, 16.0);
    near(second.chosen, 4.0);
    near(picked.none, 7.0);
    assert_eq!((picked.runner_up(), picked.next_best()), (Some(1), None));
}

/// P has an accuracy of 0.7 at each of three seeds, Q of 0.8, 0.7 and 0.6, whose mean comes out as 0.7000000000000001 where P's is 0.6999999999999998. They are equal, and P has more to spare.
#[test]
fn rounding_neither_chooses_nor_misses() {
    let facts = facts(Split::Validation, 10);
    let mut cells: Vec<CellEvidence> = Vec::new();
    for (seed, right) in [8, 7, 6].into_iter().enumerate() {
        cells.push(cell("p", 0.1, "last", seed as u64, exact(&facts, 7, 5)));
        cells.push(cell("q", 0.1, "last", seed as u64, exact(&facts, right, 4)));
    }
    let study = Study::new(&cells, Options { resamples: 0, seed: Seed(5), level: 0.95 }).unwrap();
    let means: Vec<f64> =
        study.points.iter().map(|point| point.value(&"accuracy".parse().unwrap()).unwrap()).collect();
    assert!(means[0] < means[1] && means[1] - means[0] < 1e-12, "what this is about: {means:?}");
    let aim = Aim { key: "accuracy".parse().unwrap(), direction: Direction::Higher };
    let picked = pick(&study, &aim, &[at_least("accuracy", 0.7), at_least(ROBUST, 0.3)], |_| true, |_| None);
    assert!(picked.rated.iter().all(|rated| rated.satisfies), "{picked:?}");
    let names: Vec<&str> =
        picked.rated.iter().map(|rated| study.points[rated.point].defense.as_str()).collect();
    assert_eq!(names, ["p", "q"]);
}

/// P misses 0.5 of robustness by 1/6, Q 0.9 of accuracy by 7/30. P satisfies where w0 ≥ 2 (7), Q where w2 = 0 (8), both in (2,1,0) (3), where Q is
/// more robust, and in (3,0,0) (1), where they are equal and P stands first.
#[test]
fn where_none_satisfies_the_nearest_miss_comes_first() {
    let study = study();
    let picked = most_robust(&study, &[at_least("accuracy", 0.9), at_least(ROBUST, 0.5)]);
    assert_eq!(picked.chosen(), None);
    assert_eq!((picked.runner_up(), picked.next_best()), (None, None));
    let names: Vec<&str> =
        picked.rated.iter().map(|rated| study.points[rated.point].defense.as_str()).collect();
    assert_eq!(names, ["p", "q"]);
    near(picked.rated[0].chosen, 4.0);
    near(picked.rated[1].chosen, 7.0);
    near(picked.none, 16.0);
}

#[test]
fn who_cannot_be_stated_is_left_out_with_the_reason() {
    let study = study();
    let aim = Aim { key: "accuracy".parse().unwrap(), direction: Direction::Higher };
    let withheld = |point: &equipoise::points::Point| (point.defense == "p").then(|| "withheld".to_owned());
    let picked = pick(&study, &aim, &[], |_| true, withheld);
    assert_eq!(picked.rated.len(), 1);
    assert_eq!(picked.excluded.len(), 1);
    assert_eq!(picked.excluded[0].1, "withheld");
    let nothing = pick(&study, &aim, &[at_least("worst_group_accuracy@sex", 0.1)], |_| true, |_| None);
    assert!(nothing.rated.is_empty());
    assert!(nothing.excluded[0].1.contains("`worst_group_accuracy@sex` is not measured"), "{nothing:?}");
}

/// The nine imported models whose numbers `tests/fixtures/import/README.md` works out.
fn imported() -> Program {
    let program = Program::new();
    program.must(&["import", theirs().to_str().unwrap(), "--out", "results"]);
    program
}

fn json(program: &Program, arguments: &[&str]) -> (Option<i32>, Json) {
    let mut all = vec!["choose", "results", "--json"];
    all.extend(arguments);
    let answer = program.run(&all);
    let found =
        serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {}", answer.stderr));
    (answer.code, found)
}

#[test]
fn imported_models_are_chosen_on_validation_and_stated_on_test() {
    let program = imported();
    let (code, found) = json(&program, &["--require", "accuracy>=0.75", "--max", "robust_accuracy"]);
    assert_eq!(code, Some(0));
    assert_eq!(found["on"], "validation");
    assert_eq!(found["chosen"]["coordinates"], json!({ "defense": "shift", "strength": "1" }));
    // Strength 2 misses 0.75 by its means, and resamples choose it more often than strength 0, which does not.
    assert_eq!(found["runner_up"]["coordinates"]["strength"], "2");
    assert_eq!(found["next_best"]["coordinates"]["strength"], "0");
    let share = |name: &str| found[name]["chosen_share"].as_f64().unwrap();
    assert!(share("runner_up") > share("next_best"), "{found}");
    assert_eq!(found["holds_on_test"], true);
    assert_eq!(found["rows"], json!({ "chose": 10, "test": 20 }));
    let robust = |cell: &Json| {
        let values = cell["values"].as_object().unwrap();
        values.iter().find(|(key, _)| key.starts_with("robust_accuracy!")).unwrap().1.as_f64().unwrap()
    };
    let candidates = found["candidates"].as_array().unwrap();
    // Strengths 1, 0 and, which misses 0.75 of accuracy by 0.05, 2.
    for (cell, (strength, expected)) in candidates.iter().zip([("1", 0.8), ("0", 0.6), ("2", 0.7)]) {
        assert_eq!(cell["coordinates"]["strength"], strength, "{found}");
        assert!((robust(cell) - expected).abs() < 1e-9, "{cell}");
    }
    assert!((candidates[2]["short_by"]["accuracy>=0.75"].as_f64().unwrap() - 0.05).abs() < 1e-9);
    assert!((found["chosen"]["test"]["accuracy"]["value"].as_f64().unwrap() - 0.8).abs() < 1e-9);
    assert!(found["chosen"]["test"]["accuracy"]["low"].as_f64().unwrap() < 0.8);
    let shares: f64 = candidates.iter().map(|cell| cell["chosen_share"].as_f64().unwrap()).sum();
    assert!((shares + found["none_satisfies_share"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{found}");
    // Stricter, another one; without requirements, the most robust.
    let (_, stricter) = json(&program, &["--require", "accuracy>=0.9", "--max", "robust_accuracy"]);
    assert_eq!(stricter["chosen"]["coordinates"]["strength"], "0");
    // By its means strength 1 misses 0.9, and resamples choose it often: nobody is to overlook it.
    assert_eq!(stricter["runner_up"]["coordinates"]["strength"], "1");
    assert_eq!((&stricter["runner_up"]["satisfies"], &stricter["next_best"]), (&json!(false), &Json::Null));
    let (_, free) = json(&program, &["--max", "worst_group_accuracy"]);
    assert_eq!(free["chosen"]["coordinates"]["strength"], "0");
    // All must hold: strength 0 has 0.833 of the worst group.
    let (_, both) = json(
        &program,
        &["--require", "worst_group_accuracy<=0.6", "--require", "accuracy<0.75", "--max", "accuracy"],
    );
    assert_eq!(both["chosen"]["coordinates"]["strength"], "2");
}

#[test]
fn the_choice_is_told_in_words() {
    let program = imported();
    let said = program
        .must(&["choose", "results", "--require", "accuracy >= 0.75", "--max", "robust_accuracy"])
        .stdout;
    for part in [
        "theirs: largest robust accuracy (L∞ 0.1) with clean accuracy ≥ 0.75, chosen on validation rows",
        "\ndefense=shift,strength=1\n",
        "validation rows",
        "Chosen again in",
        "of 100 resamples of 3 seeds and 10 validation rows",
        "The requirement holds in",
        "Runner-up: defense=shift,strength=2, robust accuracy (L∞ 0.1) 0.700 on validation rows, chosen in",
        "By its means, clean accuracy is 0.700, which misses ≥ 0.75 by 5.0 points.",
        "Next by the means: defense=shift,strength=0, robust accuracy (L∞ 0.1) 0.600 on validation rows, chosen in",
        "2 of 3 configurations satisfy.",
        "That holds for these 3 seeds, not for seeds in general: that takes 7.",
    ] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    // The means choose strength 0, which is the only one to satisfy; resamples may choose another.
    let asked = ["--require", "accuracy>=0.9", "--max", "robust_accuracy"];
    let said = program.must(&[&["choose", "results"], &asked[..]].concat()).stdout;
    let (_, found) = json(&program, &asked);
    let share = |place: usize| found["candidates"][place]["chosen_share"].as_f64().unwrap();
    assert!(share(1) > share(0), "{found}");
    let rival = format!(
        "Runner-up: defense=shift,strength=1, robust accuracy (L∞ 0.1) 0.800 on validation rows, chosen in {:.0} %, more often than the above. By its means, clean accuracy is 0.800, which misses ≥ 0.9 by 10.0 points.",
        100.0 * share(1)
    );
    assert!(said.contains(&rival), "{said}");
    // Nothing is second where a requirement leaves one alone, in every resample.
    let (_, alone) = json(&program, &["--require", "accuracy>=0.9", "--max", "accuracy"]);
    let shares: Vec<f64> =
        (1..3).map(|at| alone["candidates"][at]["chosen_share"].as_f64().unwrap()).collect();
    assert_eq!(alone["runner_up"].is_null(), shares.iter().all(|share| *share == 0.0), "{alone}");
    let said = program.must(&["choose", "results", "--max", "robust_accuracy", "--on", "test"]).stdout;
    assert!(
        said.contains("the best of 3 configurations looks better here than it will on new rows"),
        "{said}"
    );
    let answer =
        program.run(&["choose", "results", "--require", "accuracy>=0.99", "--max", "robust_accuracy"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    for part in [
        "None of 3 configurations satisfies. The nearest:",
        "defense=shift,strength=0: clean accuracy is 0.933, which misses ≥ 0.99 by 5.7 points",
        "none satisfies.",
    ] {
        assert!(answer.stdout.contains(part), "`{part}` is missing in:\n{}", answer.stdout);
    }
    let (code, found) = json(&program, &["--require", "accuracy>=0.99", "--max", "robust_accuracy"]);
    assert_eq!((code, &found["chosen"]), (Some(1), &Json::Null));
}

/// Seven strengths miss by construction; five are told of, and how many more there are.
#[test]
fn misses_that_are_not_listed_are_counted() {
    let program = Program::new();
    let sweep =
        TINY.replace("strengths = [0, 0.1, 0.2]", "strengths = [0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06]");
    assert_ne!(sweep, TINY);
    program.file("tiny.toml", &sweep.replace("epochs = 4", "epochs = 1").replace("seeds = 2", "seeds = 1"));
    program.must(&["run", "tiny.toml", "--out", "results"]);
    let answer = program.run(&["choose", "results", "--require", "accuracy>=1", "--max", "robust_accuracy"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    let told = answer.stdout.matches("which misses").count();
    assert!(answer.stdout.contains("None of 7 configurations satisfies."), "{}", answer.stdout);
    assert!(told == 5 && answer.stdout.contains("\n  and 2 more (--json)\n"), "{}", answer.stdout);
}

/// Strength 2 has an accuracy of 0.7 at each seed, and its mean comes out a little off.
#[test]
fn a_limit_that_is_met_exactly_is_met() {
    let program = imported();
    let (code, found) =
        json(&program, &["--require", "accuracy>=0.7", "--require", "accuracy<=0.7", "--max", "accuracy"]);
    assert_eq!((code, &found["chosen"]["coordinates"]["strength"]), (Some(0), &json!("2")), "{found}");
    assert_eq!((&found["holds_on_test"], &found["chosen"]["short_by"]), (&json!(true), &json!({})));
    let (code, found) = json(&program, &["--require", "accuracy<0.7", "--max", "accuracy"]);
    assert_eq!((code, &found["chosen"]), (Some(1), &Json::Null), "{found}");
}

/// A part of a plan has a choice of its own: it is told, with what is missing, and the exit code says so.
#[test]
fn what_is_missing_is_told_and_no_success() {
    let program = imported();
    let whole = json(&program, &["--max", "robust_accuracy"]).1;
    assert_eq!(whole["cells"], json!({ "planned": 9, "there": 9, "failed": 0 }));
    assert_eq!((&whole["missing"], &whole["chosen"]["coordinates"]["strength"]), (&json!([]), &json!("1")));
    let sweep: Json =
        serde_json::from_str(&std::fs::read_to_string(program.path("results/sweep.json")).unwrap()).unwrap();
    let remove = |cells: &dyn Fn(&Json) -> bool| {
        for cell in sweep["cells"].as_array().unwrap().iter().filter(|cell| cells(&cell["coordinates"])) {
            let folder = program.path("results/cells").join(cell["run"].as_str().unwrap());
            std::fs::remove_dir_all(folder).unwrap();
        }
    };
    remove(&|coordinates| coordinates["strength"] == "1");
    let (code, part) = json(&program, &["--max", "robust_accuracy"]);
    assert_eq!((code, &part["chosen"]["coordinates"]["strength"]), (Some(5), &json!("2")), "{part}");
    assert_eq!(part["cells"], json!({ "planned": 9, "there": 6, "failed": 0 }));
    let missing = json!([{ "coordinates": { "defense": "shift", "strength": "1" }, "seeds": [0, 1, 2] }]);
    assert_eq!(part["missing"], missing);
    let said = program.run(&["choose", "results", "--max", "robust_accuracy", "--quiet"]);
    let expected = "Incomplete: 6 of 9 cells are there, and only these are chosen among. Missing: defense=shift,strength=1 at 3 seeds.";
    assert!(said.code == Some(5) && said.stdout.contains(expected), "{}", said.stdout);
    remove(&|coordinates| coordinates["strength"] != "1");
    let said = program.refused(&["choose", "results", "--max", "robust_accuracy"]);
    assert!(said.contains("holds no finished cell") && !said.contains("failed"), "{said}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let program = imported();
    let refused = |arguments: &[&str], parts: &[&str]| {
        let mut all = vec!["choose", "results"];
        all.extend(arguments);
        let said = program.refused(&all);
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing in:\n{said}");
        }
    };
    refused(&[], &["--max", "--min"]);
    refused(&["--max", "accuracy", "--min", "nll"], &["cannot be used with"]);
    refused(
        &["--max", "robust_acuracy"],
        &["unknown metric `robust_acuracy`, did you mean `robust_accuracy`?"],
    );
    refused(&["--max", "worst_group_accuracy@sexx"], &["no `sexx`, did you mean `sex`?"]);
    refused(&["--max", "nll"], &["less of `nll` is better", "--min nll"]);
    refused(&["--min", "accuracy"], &["more of `accuracy` is better", "--max accuracy"]);
    refused(
        &["--max", "accuracy", "--require", "accuracy>=75"],
        &["can never hold", "between 0 and 1", "`accuracy>=0.75`"],
    );
    refused(&["--max", "accuracy", "--require", "accuracy>=75%"], &["`75%` is no number", "from 0 to 1"]);
    refused(&["--max", "accuracy", "--require", "accuracy=0.5"], &["none of >=, >, <=, <"]);
    refused(
        &["--max", "accuracy", "--require", "accuracy>=0.5 at strength=1"],
        &["is about single points", "equipoise gate"],
    );
    refused(&["--max", "certified_accuracy"], &["needs a certificate"]);
    refused(&["--max", "accuracy", "--require", "accuracy=>0.5"], &["for `=>` write `>=`"]);
    refused(&["--max", "accuracy", "--require", "accuracy=<0.5"], &["for `=<` write `<=`"]);
    // A protocol is a hash: whoever leaves it out is told the key.
    let (_, found) = json(&program, &["--max", "robust_accuracy"]);
    let key = found["objective"]["key"].as_str().unwrap();
    let write = format!("write `{key}`");
    refused(&["--max", "robust_accuracy!linf:0.1"], &["needs a protocol", &write]);
    refused(&["--max", "robust_accuracy!0.1"], &["needs a norm", &write]);
    refused(&["--max", "robust_accuracy!linf:0.7"], &["needs a protocol", &format!("there are `{key}`")]);
    refused(&["--max", "robust_accuracy@linf-0.1"], &["not split by", &format!("or one of `{key}`")]);
    refused(&["--max", "robust_accuracy!1234:linf:0.1"], &["not measured", &format!("measured are `{key}`")]);
    // The same number, written in two ways.
    let both = ["--require", "robust_accuracy>=0.9", "--require", &format!("{key}<0.5")];
    refused(&[&["--max", "accuracy"], &both[..]].concat(), &["can never both hold"]);
    // What cannot be kept is said before a folder is looked for.
    let early = |requirements: [&str; 2]| {
        let [one, other] = requirements;
        program.refused(&["choose", "nowhere", "--max", "nll", "--require", one, "--require", other])
    };
    let said = early(["accuracy<0.5", "accuracy>0.6"]);
    assert!(said.contains("`accuracy<0.5` and `accuracy>0.6` can never both hold"), "{said}");
    let said = early(["accuracy<0.5", "ece_15>2"]);
    assert!(said.contains("`ece_15>2` can never hold"), "{said}");
    let said = program.refused(&["choose", "nowhere", "--max", "accuracy"]);
    assert!(said.contains("no results folder"), "{said}");
}

#[test]
fn trained_models_are_chosen_without_checkpoints_and_what_is_missing_is_named() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--out", "results"]);
    let before = crate::program::fingerprint(&program.path("results"));
    let (code, found) = json(&program, &["--require", "accuracy>=0.2", "--max", "robust_accuracy"]);
    assert_eq!(code, Some(0), "{found}");
    assert_eq!(found["rows"], json!({ "chose": 100, "test": 200 }));
    let candidates = found["candidates"].as_array().unwrap();
    // The front is about the last epoch; what it states on test rows is what the report states.
    assert!(candidates.len() <= 3 && candidates.iter().all(|cell| cell["model"] == "last"), "{found}");
    let report: Json =
        serde_json::from_str(&std::fs::read_to_string(program.path("results/report.json")).unwrap()).unwrap();
    for cell in candidates {
        let points = report["points"].as_array().unwrap();
        let same = |point: &&Json| point["coordinates"] == cell["coordinates"] && point["model"] == "last";
        let point = points.iter().find(same).unwrap();
        for (key, stated) in cell["test"].as_object().unwrap() {
            assert_eq!(stated["value"], point["measures"][key]["value"], "{key}");
        }
    }
    assert_eq!(crate::program::fingerprint(&program.path("results")), before, "choosing writes nothing");
    // The curve's radius is attacked on test rows alone.
    let curve = report["points"][0]["measures"]
        .as_object()
        .unwrap()
        .keys()
        .find(|key| key.starts_with("robust_accuracy!") && key.ends_with(":0.05"));
    let curve = curve.unwrap();
    let said = program.refused(&["choose", "results", "--max", curve]);
    for part in ["is not measured on validation rows", "the threat's radius 0.1 alone", "--on test"] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    program.must(&["choose", "results", "--max", curve, "--on", "test"]);
}

#[test]
fn without_validation_rows_it_says_what_to_set() {
    let program = Program::new();
    let description: Json =
        serde_json::from_str(&std::fs::read_to_string(theirs().join("import.json")).unwrap()).unwrap();
    let mut bare = description;
    bare["data"].as_object_mut().unwrap().remove("validation");
    for cell in bare["cells"].as_array_mut().unwrap() {
        cell.as_object_mut().unwrap().remove("validation");
    }
    for entry in std::fs::read_dir(theirs()).unwrap() {
        let path = entry.unwrap().path();
        let to = program.path("bare").join(path.file_name().unwrap());
        equipoise::files::write_atomic(&to, &std::fs::read(&path).unwrap(), None).unwrap();
    }
    program.file("bare/import.json", &bare.to_string());
    program.must(&["import", "bare", "--out", "results"]);
    let said = program.refused(&["choose", "results", "--max", "robust_accuracy"]);
    for part in ["no validation rows", "`validation` in import.json", "--on test"] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
    let (code, found) = json(&program, &["--max", "robust_accuracy", "--on", "test"]);
    assert_eq!((code, &found["chosen"]["coordinates"]["strength"]), (Some(0), &json!("1")));
}
