//! `equipoise attack`: one model, its rows, a suite.

mod verifying;

use std::collections::BTreeMap;

use equipoise::data::Shape;
use equipoise::files;
use equipoise::models::{Architecture, Parameters, weights};
use equipoise::seed::Seed;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::program::{Program, TINY};
use crate::shared;

/// Type, shape, bytes.
type Tensor = (Dtype, Vec<usize>, Vec<u8>);
type Tensors = BTreeMap<String, Tensor>;

fn floats(shape: &[usize], values: &[f32]) -> Tensor {
    (Dtype::F32, shape.to_vec(), values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn whole(values: &[i64]) -> Tensor {
    (Dtype::I64, vec![values.len()], values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn put(program: &Program, file: &str, tensors: &Tensors) {
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    let bytes = safetensors::serialize(views, None).unwrap();
    files::write_atomic(&program.path(file), &bytes, None).unwrap();
}

fn get(program: &Program, file: &str) -> Tensors {
    let bytes = std::fs::read(program.path(file)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let one = |(name, view): (&str, TensorView<'_>)| {
        (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
    };
    tensors.iter().map(one).collect()
}

fn json(text: &str) -> serde_json::Value {
    assert_eq!(text.lines().count(), 1, "exactly one object on stdout: {text}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Class 1 where the first feature exceeds the second: the L∞ distance of a row to the boundary is |x₀ − x₁| / 2, and the L2 distance
/// |x₀ − x₁| / √2, since the weights' difference is (1, −1).
fn linear(program: &Program) {
    let model = [
        ("linear1.weight", floats(&[2, 2], &[0.0, 0.0, 1.0, -1.0])),
        ("linear1.bias", floats(&[2], &[0.0, 0.0])),
    ];
    put(program, "model.safetensors", &model.map(|(name, tensor)| (name.to_owned(), tensor)).into());
}

/// Margins 0.8, 0.4, 0.1 and −0.6; the last row is labeled 1 and wrong.
fn four_rows() -> Tensors {
    let x = [0.9, 0.1, 0.3, 0.7, 0.5, 0.4, 0.2, 0.8];
    [("x".to_owned(), floats(&[4, 2], &x)), ("y".to_owned(), whole(&[1, 0, 1, 1]))].into()
}

const LINEAR: [&str; 5] = ["attack", "--model", "model.safetensors", "--rows", "rows.safetensors"];

fn with<'a>(start: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [start, rest].concat()
}

fn prepared() -> Program {
    let program = Program::new();
    linear(&program);
    put(&program, "rows.safetensors", &four_rows());
    program
}

#[test]
fn a_linear_model_loses_exactly_the_rows_that_geometry_says() {
    let program = prepared();
    for attack in ["exact", "pgd"] {
        let arguments = ["--attack", attack, "--norm", "linf,l2", "--eps", "0.3,0,0.1", "--json"];
        let report = json(&program.must(&with(&LINEAR, &arguments)).stdout);
        assert_eq!(report["clean_accuracy"], 0.75);
        let cases = report["cases"].as_array().unwrap();
        // L∞ distances 0.4, 0.2 and 0.05; L2 distances 0.566, 0.283 and 0.071.
        let expected = [("linf", 0.0, 0.75), ("linf", 0.1, 0.5), ("linf", 0.3, 0.25)].into_iter().chain([
            ("l2", 0.0, 0.75),
            ("l2", 0.1, 0.5),
            ("l2", 0.3, 0.25),
        ]);
        assert_eq!(cases.len(), 6);
        for (case, (norm, epsilon, robust)) in cases.iter().zip(expected) {
            assert_eq!((case["norm"].as_str(), case["eps"].as_f64()), (Some(norm), Some(epsilon)));
            let accuracies = case["robust_accuracy"].as_object().unwrap();
            assert_eq!(accuracies.len(), 2, "{case}");
            assert!(accuracies.values().all(|value| *value == robust), "{attack}: {case}");
            assert!(case["seconds"].as_object().unwrap().keys().eq(accuracies.keys()), "{case}");
            assert!(case["checks"].is_object() && case["withheld"].is_array(), "{case}");
        }
    }
}

/// Class 1 where x₀ − x₁ + 0.9 > 0: from (0.5, 0.5), ±0.46 suffices to cross, unless the box ends at 0.1 and 0.9.
#[test]
fn the_box_limits_the_adversary_and_a_row_outside_is_refused() {
    let program = prepared();
    let mut model = get(&program, "model.safetensors");
    model.insert("linear1.bias".to_owned(), floats(&[2], &[0.0, 0.9]));
    put(&program, "model.safetensors", &model);
    let rows = [("x".to_owned(), floats(&[1, 2], &[0.5, 0.5])), ("y".to_owned(), whole(&[1]))];
    put(&program, "rows.safetensors", &rows.into());
    for (bounds, robust) in [
        (&[][..], 0.0),
        (&["--box", "none"], 0.0),
        (&["--box", "-inf,inf"], 0.0),
        (&["--box", "0.1,0.9"], 1.0),
    ] {
        for attack in ["exact", "pgd"] {
            let arguments = with(&["--attack", attack, "--eps", "0.46", "--json"], bounds);
            let report = json(&program.must(&with(&LINEAR, &arguments)).stdout);
            assert_eq!(report["cases"][0]["robust_accuracy"]["union"], robust, "{bounds:?} {attack}");
        }
    }
    let message = program.refused(&with(&LINEAR, &["--eps", "0.1", "--box", "0.6,1"]));
    assert!(message.contains("row 0 of `x` holds 0.5") && message.contains("--box"), "{message}");
}

#[test]
fn radii_in_any_order_and_twice_are_the_same_curve() {
    let program = prepared();
    let run = |eps: &str| {
        let mut report =
            json(&program.must(&with(&LINEAR, &["--attack", "pgd", "--eps", eps, "--json"])).stdout);
        for case in report["cases"].as_array_mut().unwrap() {
            case.as_object_mut().unwrap().remove("seconds").unwrap();
        }
        report
    };
    assert_eq!(run("0.3,0.1,0.3"), run("0.1,0.3"));
}

#[test]
fn the_table_says_what_was_attacked_and_that_it_is_a_bound() {
    let program = prepared();
    let each = program.must(&with(&LINEAR, &["--suite", "individual", "--eps", "0.1"]));
    assert!(each.stderr.is_empty(), "{}", each.stderr);
    for part in [
        "logistic regression 2-2",
        "4 rows of 2 features, box 0 to 1",
        "Clean accuracy: 0.750 [0.301, 0.954], 3 of 4 rows",
        "L∞ ε = 0.1: each attack on every row",
        "2 of 4",
        "upper bound",
        "non-adaptive",
        "by it alone",
        "Note: `apgd-t` climbs the plain margin",
    ] {
        assert!(each.stdout.contains(part), "`{part}` is missing in:\n{}", each.stdout);
    }
    let cascade = program.must(&with(&LINEAR, &["--suite", "standard", "--eps", "0.1,0.3"])).stdout;
    assert!(cascade.contains("each attack on the rows still standing"), "{cascade}");
    assert!(cascade.contains("(smaller ε)") && !cascade.contains("by it alone"), "{cascade}");
}

#[test]
fn bad_input_is_answered_with_one_clear_message() {
    let program = prepared();
    let said = |arguments: &[&str], part: &str| {
        let message = program.refused(&with(&LINEAR, arguments));
        assert!(message.contains(part), "`{part}` is missing in:\n{message}");
    };
    for eps in ["-0.1", "nan", "inf", "0.1,,0.2", ""] {
        said(&["--eps", eps], "finite number of at least 0");
    }
    said(&[], "--eps");
    said(&["--eps", "0.1", "--norm", "l7"], "`l7`, did you mean `l1`? Known here: `linf`, `l2`, `l1`");
    said(&["--eps", "0.1", "--suite", "strong"], "`standard`");
    said(&["--eps", "0.1", "--attack", "pgdd"], "`pgdd`");
    said(&["--eps", "0.1", "--box", "1,1"], "below the second");
    said(&["--eps", "0.1", "--data", "digits"], "cannot be used with");
    said(&["--eps", "0.1", "--save", "model.safetensors"], "it is read, too");
    said(&["--eps", "0.1", "--save", "."], "it is a directory");
    let rows = |tensors: &[(&str, Tensor)], part: &str| {
        let mut all = four_rows();
        all.extend(tensors.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.clone())));
        put(&program, "rows.safetensors", &all);
        let message = program.refused(&with(&LINEAR, &["--eps", "0.1"]));
        assert!(
            message.contains(part) && !message.contains("panicked"),
            "`{part}` is missing in:\n{message}"
        );
    };
    rows(&[("x", floats(&[4, 2], &[0.1, 0.2, f32::NAN, 0.1, 0.2, 0.3, 0.4, 0.5]))], "row 1 of `x` holds NaN");
    rows(&[("x", floats(&[4, 3], &[0.5; 12]))], "(2, 2), the model needs (2, 3)");
    rows(&[("x", floats(&[3, 2], &[0.5; 6]))], "expected [3]");
    rows(&[("x", floats(&[0, 2], &[])), ("y", whole(&[]))], "no rows");
    rows(
        &[("y", whole(&[1, 0, 2, 1]))],
        "row 2 of `y` in `rows.safetensors` is 2, but the model has 2 outputs: 0 to 1",
    );
    rows(&[("y", whole(&[1, 0, -1, 1]))], "-1");
    rows(&[("x", (Dtype::I64, vec![4, 2], vec![0; 64]))], "I64");
    rows(&[("y", floats(&[4], &[0.0; 4]))], "whole numbers");
    std::fs::remove_file(program.path("rows.safetensors")).unwrap();
    said(&["--eps", "0.1"], "rows.safetensors");
    put(&program, "rows.safetensors", &four_rows());
    let model = |tensors: &[(&str, Tensor)], part: &str| {
        let tensors = tensors.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.clone()));
        put(&program, "model.safetensors", &tensors.collect());
        said(&["--eps", "0.1"], part);
    };
    let bias = floats(&[2], &[0.0, 0.0]);
    model(
        &[("linear1.weight", floats(&[2, 2], &[f32::NAN; 4])), ("linear1.bias", bias.clone())],
        "holds NaN",
    );
    model(&[("linear1.weight", floats(&[2, 2], &[0.5; 4]))], "no tensor `linear1.bias`");
    model(&[("fc.weight", bias.clone())], "not a model this tool knows");
    let stray = [
        ("linear1.weight", floats(&[2, 2], &[0.5; 4])),
        ("linear1.bias", bias.clone()),
        ("running_mean", bias),
    ];
    model(&stray, "no tensor `running_mean`");
    let one = [("linear1.weight", floats(&[1, 2], &[0.5; 2])), ("linear1.bias", floats(&[1], &[0.0]))];
    model(&one, "at least 2 classes");
    program.file("model.safetensors", "words");
    said(&["--eps", "0.1"], "not a safetensors file");
}

/// Labels of other widths, rows of one class, numbers in double precision, images without a channel axis: all are rows.
#[test]
fn rows_come_in_many_forms() {
    let program = prepared();
    let image = Shape::Image { channels: 1, height: 4, width: 4 };
    let architecture = Architecture::cnn(image, 3, &[2], &[5]);
    let parameters = Parameters::init(&architecture, Seed(1));
    files::write_atomic(&program.path("model.safetensors"), &weights::to_safetensors(&parameters), None)
        .unwrap();
    let double = |shape: &[usize]| {
        let bytes = (0..48).flat_map(|i| (f64::from(i) / 48.0).to_le_bytes()).collect();
        (Dtype::F64, shape.to_vec(), bytes)
    };
    let mut reports = Vec::new();
    for (shape, dtype, bytes) in [
        (&[3, 1, 4, 4][..], Dtype::U8, vec![2; 3]),
        (&[3, 4, 4], Dtype::I32, [2_i32; 3].iter().flat_map(|y| y.to_le_bytes()).collect()),
        (&[3, 4, 4], Dtype::U32, [2_u32; 3].iter().flat_map(|y| y.to_le_bytes()).collect()),
    ] {
        let rows = [("x".to_owned(), double(shape)), ("y".to_owned(), (dtype, vec![3], bytes))];
        put(&program, "rows.safetensors", &rows.into());
        let answer =
            program.must(&with(&LINEAR, &["--attack", "pgd", "--eps", "0.1", "--save", "adv.safetensors"]));
        assert!(answer.stdout.contains("CNN conv 2, dense 8-5-3"), "{}", answer.stdout);
        assert_eq!(get(&program, "adv.safetensors")["adversarial/linf/0.1"].1, shape, "the shape is kept");
        reports.push(get(&program, "adv.safetensors")["adversarial/linf/0.1"].2.clone());
    }
    assert!(reports.windows(2).all(|pair| pair[0] == pair[1]));
    let flat = [("x".to_owned(), double(&[3, 16])), ("y".to_owned(), whole(&[0, 1, 2]))];
    put(&program, "rows.safetensors", &flat.into());
    let message = program.refused(&with(&LINEAR, &["--eps", "0.1"]));
    assert!(message.contains("a cnn needs images") && message.contains("model.safetensors"), "{message}");
}

/// The weights that a run stored, its rows, bounds, attacks and radii: the same numbers as the run's own.
#[test]
fn a_finished_cell_is_attacked_as_its_experiment_did() {
    let program = Program::new();
    let config = TINY.replace(", \"best-clean\", \"best-robust\"", "").replace("seeds = 2", "seeds = 1");
    program.file("tiny.toml", &config.replace("[0, 0.1, 0.2]", "[0.1]"));
    program.must(&["run", "tiny.toml", "--quiet"]);
    let cell = std::fs::read_dir(program.path("results/tiny/cells")).unwrap().next().unwrap().unwrap();
    let weights = cell.path().join("epoch-0004.safetensors");
    let weights = weights.to_str().unwrap();
    let report =
        json(&program.must(&["attack", "--model", weights, "--config", "tiny.toml", "--json"]).stdout);
    let text = std::fs::read_to_string(program.path("results/tiny/measurements.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap();
    let measured: BTreeMap<String, f64> = reader
        .records()
        .map(Result::unwrap)
        .filter_map(|row| Some((row[column("key")].to_owned(), row[column("value")].parse().ok()?)))
        .collect();
    assert_eq!(report["clean_accuracy"], measured["accuracy"]);
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    for case in cases {
        let (protocol, epsilon) = (case["protocol"].as_str().unwrap(), case["eps"].as_f64().unwrap());
        let key = format!("robust_accuracy!{protocol}:linf:{epsilon}");
        assert_eq!(case["robust_accuracy"]["union"], measured[&key], "{key}");
    }
    // By name, the data set is divided as nobody has said otherwise: a quarter of its 1797 rows.
    let named =
        program.must(&["attack", "--model", weights, "--data", "digits", "--attack", "fgsm", "--eps", "0.1"]);
    assert!(named.stdout.contains("449 test rows of digits"), "{}", named.stdout);
    let other = [
        "attack",
        "--model",
        weights,
        "--data",
        "digits",
        "--split-seed",
        "3",
        "--attack",
        "fgsm",
        "--eps",
        "0.1",
        "--json",
    ];
    assert_ne!(json(&program.must(&other).stdout)["clean_accuracy"], report["clean_accuracy"]);
}

#[test]
fn the_contract_holds_on_every_conformance_case() {
    let Some(shared) = shared::folder() else { return };
    let program = Program::new();
    for case in ["digits-at0", "digits-at0.1", "fashion-mnist-mlp-at0.05", "fashion-mnist-cnn-at0.05"] {
        let folder = shared.join("conformance").join(case);
        let path = |file: &str| folder.join(file).to_str().unwrap().to_owned();
        let (model, rows) = (path("model.safetensors"), path("rows.safetensors"));
        let reference: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("case.json")).unwrap()).unwrap();
        let answer = program.must(&[
            "attack", "--model", &model, "--rows", &rows, "--attack", "fgsm", "--norm", "linf", "--eps",
            "0.05,0.1", "--json",
        ]);
        assert!(answer.stderr.is_empty(), "{}", answer.stderr);
        let report = json(&answer.stdout);
        // The reference's shares are rounded to six digits.
        let (ours, theirs) = (report["clean_accuracy"].as_f64().unwrap(), &reference["clean_accuracy"]);
        assert!((ours - theirs.as_f64().unwrap()).abs() < 1e-6, "{case}: {ours}, {theirs}");
        assert_eq!(report["rows"], reference["rows"], "{case}");
        assert_eq!(report["cases"].as_array().unwrap().len(), 2);
    }
}

/// On a model with hidden layers, from the command line: strong attacks find what was planted, an attack of one tiny step does not.
#[test]
fn the_selftest_tells_attacks_that_find_from_attacks_that_do_not() {
    let Some(shared) = shared::folder() else { return };
    let case = shared.join("conformance/digits-at0.1");
    let program = Program::new();
    let (model, rows) = (case.join("model.safetensors"), case.join("rows.safetensors"));
    let asked = |more: &[&str]| {
        let mut arguments = vec!["attack", "--selftest", "--planted", "12", "--eps", "0.1", "--json"];
        arguments.extend(["--model", model.to_str().unwrap(), "--rows", rows.to_str().unwrap()]);
        arguments.extend(more);
        program.run(&arguments)
    };
    let strong = asked(&[]);
    assert_eq!(strong.code, Some(0), "{}", strong.stderr);
    let found = json(&strong.stdout);
    let case = &found["selftest"][0];
    assert!(case["planted"].as_u64().unwrap() >= 10 && case["found"] == case["planted"], "{found}");
    let weak = asked(&["--attack", "kind = \"pgd\", steps = 1, step = 1e-4, random_start = false"]);
    assert_eq!(weak.code, Some(1), "{}", weak.stdout);
}
