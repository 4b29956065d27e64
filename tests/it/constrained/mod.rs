//! Attacks on tables: what counts is valid, all that can be found in a small table is found, and company does not matter.

mod shipped;
mod small;

use std::fmt::Write;
use std::path::Path;

use equipoise::attacks::{Arena, Constraints, Spec, Suite};
use equipoise::data::{self, Dataset, Feature, Rows, Source, UNCONSTRAINED};
use equipoise::evidence::{EvasionFacts, Explanations, UNION};
use equipoise::files;
use equipoise::measure::Norm;
use equipoise::models::{Architecture, Network};
use equipoise::probes::{clean, explanation};
use equipoise::seed::Seed;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::problems::{pick, random_network};

/// Every kind of column and relation. `total` follows from `a` and `b`; on one row in ten `a · b` is larger than it should be.
const MANIFEST: &str = r#"
name = "orders"
format = "csv"
files = [{ name = "orders.csv" }]
[[columns]]
name = "a"
kind = "integer"
mutable = true
[[columns]]
name = "b"
kind = "integer"
mutable = true
direction = "up"
[[columns]]
name = "total"
kind = "integer"
mutable = true
[[columns]]
name = "weight"
kind = "continuous"
mutable = true
budget = 0.75
[[columns]]
name = "price"
kind = "continuous"
mutable = true
[[columns]]
name = "age"
kind = "integer"
[[columns]]
name = "job"
kind = "categorical"
mutable = true
[[columns]]
name = "city"
kind = "categorical"
[[columns]]
name = "kind"
kind = "categorical"
mutable = true
to = ["w", "x", "z"]
[[relations]]
rule = "total = a + b"
[[relations]]
rule = "a * b <= 30"
[[relations]]
rule = "job != 'poet' or a <= 5 and kind in ('x', 'y')"
[[relations]]
rule = "price / (weight + 10) <= 1"
[[relations]]
rule = "kind != 'w' or age >= 40"
[[threats]]
name = "numeric"
[[threats]]
name = "all"
categories = 1
[[threats]]
name = "two"
categories = 2
columns = ["a", "b", "total", "job", "kind"]
[label]
column = "y"
classes = ["0", "1"]
"#;

const JOBS: [&str; 3] = ["chef", "cook", "poet"];
const CITIES: [&str; 2] = ["here", "there"];
const KINDS: [&str; 4] = ["w", "x", "y", "z"];

fn load(manifest: &str, table: &str, split: &str) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders/dataset.toml");
    files::write_atomic(&path, manifest.as_bytes(), None).unwrap();
    files::write_atomic(&folder.path().join("orders/orders.csv"), table.as_bytes(), None).unwrap();
    let source = Source::Dataset { name: "orders".to_owned(), manifest: Some(path) };
    data::load(&source, &toml::from_str(split).unwrap(), Path::new("elsewhere")).unwrap()
}

fn orders(rows: usize, seed: u64) -> Dataset {
    let mut stream = Seed(seed).stream("orders");
    let mut text = "a,b,total,weight,price,age,job,city,kind,y\n".to_owned();
    for row in 0..rows {
        let mut below = |n: u64| stream.below(n);
        let (a, b) = (below(8), below(4));
        let b = if row % 10 == 7 { 31 / a.max(4) + 1 } else { b };
        let age = 20 + below(50);
        let (weight, price) = (below(500) as f64 / 100.0, below(900) as f64 / 100.0);
        let mut kind = KINDS[below(4) as usize];
        if kind == "w" && age < 40 {
            kind = "z";
        }
        let poet = a <= 5 && (kind == "x" || kind == "y");
        let job = if poet && row % 2 == 0 { "poet" } else { JOBS[below(2) as usize] };
        let (city, y) = (CITIES[below(2) as usize], below(2));
        writeln!(text, "{a},{b},{},{weight},{price},{age},{job},{city},{kind},{y}", a + b).unwrap();
    }
    load(MANIFEST, &text, "test = 0.5\nvalidation = 0")
}

/// A row in native units, read off the encoding without any help of the program's own.
#[derive(Debug, Clone, PartialEq)]
struct Order {
    a: f64,
    b: f64,
    total: f64,
    weight: f64,
    price: f64,
    job: Option<usize>,
    kind: Option<usize>,
}

fn order(features: &[Feature], x: &[f32]) -> Order {
    let at = |name: &str| features.iter().position(|feature| feature.name == name).unwrap();
    let number = |name: &str| f64::from(x[at(name)]) * features[at(name)].scale + features[at(name)].offset;
    let level = |column: &str, levels: &[&str]| {
        let bits: Vec<f32> = levels.iter().map(|level| x[at(&format!("{column}={level}"))]).collect();
        let ones = bits.iter().filter(|bit| bit.to_bits() == 1.0_f32.to_bits()).count();
        let zeros = bits.iter().filter(|bit| bit.to_bits() == 0).count();
        (ones == 1 && zeros == levels.len() - 1).then(|| bits.iter().position(|bit| *bit > 0.5).unwrap())
    };
    Order {
        a: number("a"),
        b: number("b"),
        total: number("total"),
        weight: number("weight"),
        price: number("price"),
        job: level("job", &JOBS),
        kind: level("kind", &KINDS),
    }
}

/// Everything that `two`, `all` or `numeric` forbids, in `f64`; panics with what is broken.
fn assert_valid(data: &Dataset, model: &str, norm: Norm, epsilon: f64, clean: &[f32], point: &[f32]) {
    let from = order(&data.features, clean);
    let to = order(&data.features, point);
    let at = |name: &str| data.features.iter().position(|feature| feature.name == name).unwrap();
    let mut may_change = vec![at("a"), at("b"), at("total")];
    if model != "two" {
        may_change.extend([at("weight"), at("price")]);
    }
    let blocks = |column: &str| {
        let is = |(i, f): (usize, &Feature)| f.name.starts_with(&format!("{column}=")).then_some(i);
        data.features.iter().enumerate().filter_map(is).collect::<Vec<_>>()
    };
    if model != "numeric" {
        may_change.extend(blocks("job"));
        may_change.extend(blocks("kind"));
    }
    for (i, (x, p)) in clean.iter().zip(point).enumerate() {
        let feature = &data.features[i];
        assert!(may_change.contains(&i) || x.to_bits() == p.to_bits(), "{} is immutable", feature.name);
        assert!(
            *p >= feature.lower.min(*x) && *p <= feature.upper.max(*x),
            "{} leaves its box",
            feature.name
        );
    }
    for (name, value) in [("a", to.a), ("b", to.b), ("total", to.total)] {
        assert!((value - value.round()).abs() < 1e-5, "{name} = {value} is not whole");
    }
    assert!(to.b > from.b - 1e-5, "b goes down");
    assert!((to.weight - from.weight).abs() <= 0.75 + 1e-6, "the weight's budget");
    let steps = ["a", "b", "total", "price"]
        .map(|name| (f64::from(point[at(name)]) - f64::from(clean[at(name)])).abs());
    let distance = if norm == Norm::Linf {
        steps.iter().copied().fold(0.0, f64::max)
    } else {
        steps.iter().map(|step| step * step).sum::<f64>().sqrt()
    };
    assert!(distance <= epsilon + 1e-9, "{distance} is outside the ball of {epsilon}");
    let (job, kind) = (to.job.expect("one job"), to.kind.expect("one kind"));
    assert!(from.kind == to.kind || KINDS[kind] != "y", "nothing becomes y");
    let changed = usize::from(from.job != to.job) + usize::from(from.kind != to.kind);
    assert!(changed <= ["numeric", "all", "two"].iter().position(|name| *name == model).unwrap());
    let (a, b) = (to.a.round(), to.b.round());
    assert!((to.total.round() - a - b).abs() < 0.5, "{} is not {a} + {b}", to.total);
    let product = from.a.round() * from.b.round();
    assert!(a * b <= product.max(30.0), "{a} · {b} is too large, and {product} was");
    assert!(JOBS[job] != "poet" || a <= 5.0 && ["x", "y"].contains(&KINDS[kind]), "a poet with {a}, {kind}");
    assert!(to.price <= (to.weight + 10.0) * (1.0 + 1e-6), "{} per {}", to.price, to.weight);
    let age = f64::from(point[at("age")]) * data.features[at("age")].scale + data.features[at("age")].offset;
    assert!(KINDS[kind] != "w" || age > 39.5, "kind w at {age}");
}

fn suite(texts: &[&str]) -> Suite {
    Suite::of(&texts.iter().map(|text| toml::from_str::<Spec>(text).unwrap()).collect::<Vec<_>>())
}

/// Rows labeled by the network itself.
fn labeled(network: &mut dyn Network, rows: &Rows) -> Rows {
    let mut rows = rows.clone();
    let said = clean(network, &rows).unwrap().predictions;
    std::sync::Arc::make_mut(&mut rows.facts).labels = said;
    rows
}

/// What a bout leaves behind: its facts, and for every row the first success (where there is one) and the point of the largest loss.
type Kept = (EvasionFacts, Vec<(Option<Vec<f32>>, Vec<f32>)>);

fn attack(
    network: &mut dyn Network,
    rows: &Rows,
    data: &Dataset,
    model: &str,
    norm: Norm,
    epsilons: &[f64],
    suite: &Suite,
) -> Vec<Kept> {
    let constraints = Constraints::named(model, &data.features, &data.rules).unwrap();
    let outputs = clean(network, rows).unwrap();
    let mut arena = Arena {
        network,
        rows,
        clean: &outputs,
        features: &data.features,
        constraints: constraints.as_ref(),
        norm,
        epsilons,
        seed: Seed(3),
        stop: &|| false,
    };
    let mut kept = Vec::new();
    suite
        .run(&mut arena, true, &mut |bout| {
            let point = |row| {
                let first = bout.found.first_success(row).map(<[f32]>::to_vec);
                (first, bout.found.max_loss(row).to_vec())
            };
            kept.push((bout.facts.clone(), (0..rows.len()).map(point).collect()));
            Ok(())
        })
        .unwrap();
    kept
}

/// Whatever an attack keeps, blind or not, is valid by the test's own account, and the model says of it what the attack says.
#[test]
fn what_counts_is_valid_and_misclassified() {
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let fallen = std::cell::Cell::new(0);
    let cases = (0_u64..1000, 0.05_f64..2.0, any::<bool>(), 0_usize..3);
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(&cases, |(seed, epsilon, l2, which)| {
            let norm = if l2 { Norm::L2 } else { Norm::Linf };
            fallen.set(fallen.get() + check_case(seed, epsilon, norm, ["numeric", "all", "two"][which])?);
            Ok(())
        })
        .unwrap();
    assert!(fallen.get() > 500, "only {} rows fell in all cases", fallen.get());
}

/// Returns how many rows fell, over attacks and radii.
fn check_case(seed: u64, epsilon: f64, norm: Norm, model: &str) -> Result<usize, TestCaseError> {
    let data = orders(160, seed);
    let mut network = random_network(&Architecture::mlp(data.shape, 2, &[12]), seed);
    let rows = labeled(network.as_mut(), &data.test);
    let suite = suite(&[
        "kind = \"caa\"\nqueries = 60",
        "kind = \"block-search\"\nqueries = 40\nloss = \"margin\"",
        "kind = \"pgd\"\nsteps = 5\nstep = 0.5",
        "kind = \"square\"\nqueries = 50",
    ]);
    let mut fallen = 0;
    let radii = [epsilon / 2.0, epsilon];
    for (facts, points) in attack(network.as_mut(), &rows, &data, model, norm, &radii, &suite) {
        for (row, (first, worst)) in points.iter().enumerate() {
            prop_assert_eq!(first.is_none(), facts.standing[row]);
            prop_assert_eq!(facts.standing[row], facts.distance[row].is_infinite());
            prop_assert!(facts.standing[row] || facts.distance[row] > 0.0);
            for point in first.iter().chain([worst]) {
                assert_valid(&data, model, norm, facts.epsilon, rows.row(row), point);
            }
            if let Some(point) = first {
                fallen += 1;
                let alone = Rows { x: point.clone(), ..pick(&rows, &[row]) };
                let said = clean(network.as_mut(), &alone).unwrap();
                prop_assert_ne!(said.predictions[0], rows.facts.labels[row]);
            }
        }
    }
    Ok(fallen)
}

#[test]
fn results_do_not_depend_on_which_rows_are_attacked_together() {
    let data = orders(300, 1);
    let mut network = random_network(&Architecture::mlp(data.shape, 2, &[12]), 5);
    let rows = labeled(network.as_mut(), &data.test);
    let members: Vec<usize> = (0..rows.len()).rev().filter(|row| row % 3 != 1).collect();
    let suite = suite(&["kind = \"caa\"\nqueries = 80", "kind = \"pgd\"\nsteps = 5\nstep = 0.5"]);
    for (model, norm) in [("all", Norm::Linf), ("two", Norm::L2), (UNCONSTRAINED, Norm::L2)] {
        let together = attack(network.as_mut(), &rows, &data, model, norm, &[0.3, 0.8], &suite);
        let apart = attack(network.as_mut(), &pick(&rows, &members), &data, model, norm, &[0.3, 0.8], &suite);
        assert_eq!(together.len(), apart.len());
        for ((a, points), (b, others)) in together.iter().zip(&apart) {
            for (index, &row) in members.iter().enumerate() {
                assert_eq!(a.standing[row], b.standing[index], "{model} {} row {row}", a.attack);
                assert_eq!(a.distance[row].to_bits(), b.distance[index].to_bits());
                assert_eq!(points[row], others[index], "{model} {} row {row}", a.attack);
            }
        }
    }
}

#[test]
fn a_number_under_constraints_is_lowered_by_valid_rows_only_and_is_named_apart() {
    let data = orders(400, 2);
    let mut network = random_network(&Architecture::mlp(data.shape, 2, &[12]), 1);
    let rows = labeled(network.as_mut(), &data.test);
    let pgd = suite(&["kind = \"pgd\"\nsteps = 10\nstep = 0.3"]);
    let both = suite(&["kind = \"pgd\"\nsteps = 10\nstep = 0.3", "kind = \"caa\"\nqueries = 200"]);
    let mut attack =
        |model: &str, suite: &Suite| attack(network.as_mut(), &rows, &data, model, Norm::Linf, &[0.6], suite);
    let standing = |facts: &EvasionFacts| facts.standing.iter().filter(|standing| **standing).count();
    let (free, blind) = (attack(UNCONSTRAINED, &pgd), attack("numeric", &pgd));
    let (numeric, all) = (attack("numeric", &both), attack("all", &both));
    let union = |kept: &[Kept]| kept.iter().find(|(facts, _)| facts.attack == UNION).unwrap().0.clone();
    assert!(standing(&union(&free)) < standing(&union(&blind)), "what is not valid does not count");
    assert!(standing(&union(&numeric)) <= standing(&union(&blind)));
    assert!(standing(&union(&all)) < standing(&union(&numeric)), "categories help");
    let protocols = [&free, &blind, &numeric, &all].map(|kept| union(kept).protocol);
    for (index, protocol) in protocols.iter().enumerate() {
        assert!(!protocols[..index].contains(protocol), "{protocols:?}");
    }
    assert_eq!(protocols[0], pgd.protocol(), "without constraints nothing changes");
}

#[test]
fn explanations_are_compared_at_points_of_the_threat_model() {
    let data = orders(300, 3);
    let mut network = random_network(&Architecture::mlp(data.shape, 2, &[12]), 4);
    let settings = explanation::Settings::default();
    let mut explained = |model: &str, rows: &Rows| {
        let constraints = Constraints::named(model, &data.features, &data.rules).unwrap();
        let outputs = clean(network.as_mut(), rows).unwrap();
        explanation::explain(explanation::Inquiry {
            network: network.as_mut(),
            rows,
            training: &data.train,
            clean: &outputs,
            features: &data.features,
            constraints: constraints.as_ref(),
            norm: Norm::Linf,
            epsilon: 0.8,
            settings: &settings,
            seed: Seed(0),
            stop: &|| false,
        })
        .unwrap()
    };
    let gradient = |all: &Explanations| all.entries[0].attribution.clone().unwrap();
    let (free, valid) = (explained(UNCONSTRAINED, &data.test), explained("all", &data.test));
    let (one, other) = (gradient(&free), gradient(&valid));
    assert_eq!(one.values, other.values, "what is said of the rows themselves is the same");
    let mean = |shares: &[f32]| shares.iter().sum::<f32>() / shares.len() as f32;
    assert!(mean(&one.stability) < mean(&other.stability), "valid rows are nearer at hand");
    assert_ne!(free.attack.unwrap().protocol, valid.attack.unwrap().protocol);

    let members = [5, 2];
    let alone = gradient(&explained("all", &pick(&data.test, &members)));
    let rows = valid.rows.iter().map(|row| *row as usize).zip(&other.stability);
    let expected: Vec<(usize, f32)> =
        rows.filter(|(row, _)| members.contains(row)).map(|(row, share)| (row, *share)).collect();
    for (row, share) in expected {
        let place = members.iter().position(|member| *member == row).unwrap();
        assert_eq!(alone.stability[place].to_bits(), share.to_bits(), "row {row}");
    }
}
