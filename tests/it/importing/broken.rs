//! What `equipoise import` says of folders that it cannot use: which file, array and row, and what to do.

use serde_json::{Value as Json, json};

use super::folder::{Array, Folder, Named};
use crate::program::{Program, TINY};

/// Changes the folder, and expects every part in the message.
fn refused(change: impl FnOnce(&mut Folder), parts: &[&str]) {
    let program = Program::new();
    let mut folder = Folder::of_two_classes();
    change(&mut folder);
    folder.write(&program.path("mine"));
    for arguments in [&["import", "mine", "--check"][..], &["import", "mine"]] {
        let said = program.refused(arguments);
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing in:\n{said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
    assert!(!program.path("results").exists(), "nothing is made before everything is checked");
}

/// Puts an array in the place of the one of its name.
fn array(array: Named, parts: &[&str]) {
    let name = array.0;
    let file = if name == "labels" { "facts.safetensors" } else { "a.safetensors" };
    refused(|folder| folder.replace(file, name, array), parts);
}

/// Adds an array to the model's file.
fn more(array: Named, parts: &[&str]) {
    refused(|folder| folder.put_into("a.safetensors", array), parts);
}

/// Sets `value` at `path` of the description.
fn stated(path: &str, value: Json, parts: &[&str]) {
    refused(|folder| *folder.description.pointer_mut(path).unwrap() = value, parts);
}

#[test]
fn arrays_are_named_with_file_row_and_way_out() {
    let singles = |values: &[f32]| Array::Singles(values.to_vec());
    let integers = |values: &[i64]| Array::Integers(values.to_vec());
    let flags = |values: &[bool]| Array::Flags(values.to_vec());
    array(
        ("logits", vec![4, 2], singles(&[1.0, 0.0, 0.0, 2.0, f32::NAN, 0.0, 0.0, 4.0])),
        &["defense=mine,strength=0,seed=0", "a.safetensors", "array `logits`, row 2", "NaN", "\"failed\""],
    );
    array(
        ("logits", vec![4, 2], singles(&[1.0, 0.0, 0.0, f32::INFINITY, 3.0, 0.0, 0.0, 4.0])),
        &["row 1", "inf"],
    );
    array(("logits", vec![2, 4], singles(&[0.0; 8])), &["array `logits`", "shape [2, 4]", "expected [4, 2]"]);
    array(
        ("logits", vec![4, 2], integers(&[0; 8])),
        &["`logits` holds integers", "floating-point", ".astype"],
    );
    array(
        ("labels", vec![4], integers(&[0, 1, 2, 1])),
        &["facts.safetensors", "`labels`, row 2", "no class 2", "0 to 1"],
    );
    array(("labels", vec![4], integers(&[0, -1, 0, 1])), &["`labels`, row 1", "no class -1"]);
    array(
        ("labels", vec![4], singles(&[0.0; 4])),
        &["`labels` holds floating-point numbers, expected integers"],
    );
    array(("labels", vec![0], integers(&[])), &["`labels`", "one row at least"]);
    array(
        ("pgd/standing", vec![4], Array::Integers(vec![1, 0, 2, 1])),
        &["`pgd/standing`, row 2", "2 is no flag", "1 and 0"],
    );
    array(
        ("pgd/standing", vec![4], singles(&[1.0; 4])),
        &["floating-point numbers, expected true or false", ".astype(bool)"],
    );
    array(("pgd/standing", vec![3], flags(&[true; 3])), &["`pgd/standing`", "shape [3]", "expected [1, 4]"]);
    more(
        ("pdg/standing", vec![4], flags(&[true; 4])),
        &["array `pdg/standing` means nothing here, did you mean `pgd/standing`?"],
    );
    more(("probabilities", vec![4, 2], Array::Floats(vec![0.5; 8])), &["both `logits` and `probabilities`"]);
    more(
        ("predictions", vec![4], integers(&[0, 1, 1, 1])),
        &["`predictions`, row 2", "class 1", "that of class 0"],
    );
    more(
        ("labels", vec![4], integers(&[0, 1, 1, 1])),
        &["array `labels`, row 2", "the facts of the test rows have 0"],
    );
    more(("rows", vec![4], integers(&[1, 0, 2, 3])), &["array `rows`, row 0", "same order"]);
    more(
        ("pgd/first_success/predictions", vec![4], integers(&[0, 1, 1, 1])),
        &["`pgd/first_success/predictions`, row 2", "stands, and is taken for something else"],
    );
    refused(
        |folder| {
            folder.replace("a.safetensors", "logits", ("predictions", vec![4], integers(&[0, 1, 1, 1])));
        },
        &[
            "`pgd/standing`, row 2",
            "stands at radius 0.5",
            "wrong already",
            "standing & (predictions == labels)",
        ],
    );
    refused(
        |folder| {
            folder.replace(
                "a.safetensors",
                "pgd/standing",
                ("pgd/standing", vec![4], flags(&[true, false, true, true])),
            );
            folder.put_into(
                "a.safetensors",
                ("pgd/distance", vec![4], Array::Floats(vec![9.0, 0.6, 9.0, 9.0])),
            );
        },
        &["`pgd/distance`, row 1", "fell at radius 0.5 at the distance 0.6"],
    );
    refused(|folder| folder.remove("a.safetensors", "logits"), &["neither `predictions` nor `logits` nor"]);
    refused(
        |folder| folder.remove("a.safetensors", "pgd/standing"),
        &["no array `pgd/standing`", "which rows still stand"],
    );
    for (values, said) in [([0.5, 0.4], "they sum to 0.9"), ([1.5, -0.5], "1.5 is outside 0 to 1")] {
        refused(
            |folder| {
                let stated = [[1.0, 0.0], values, [1.0, 0.0], [0.0, 1.0]].concat();
                folder.replace(
                    "a.safetensors",
                    "logits",
                    ("probabilities", vec![4, 2], Array::Floats(stated)),
                );
            },
            &["array `probabilities`, row 1", said],
        );
    }
}

#[test]
fn files_that_are_none_are_named() {
    stated("/cells/0/test", json!("b.npz"), &["b.npz", "No such file"]);
    stated("/cells/0/test", json!("import.json"), &["import.json", "`.npz` and `.safetensors`"]);
    let program = Program::new();
    let said = program.refused(&["import", "nowhere"]);
    assert!(said.contains("nowhere") && said.contains("--schema"), "{said}");
    program.file("half.npz", "PK");
    program.file("mine/import.json", "{");
    assert!(program.refused(&["import", "mine"]).contains("line 1 column 1"));
    assert!(program.refused(&["import"]).contains("FOLDER"));
    assert!(program.refused(&["import", "mine", "--check", "--out", "x"]).contains("cannot be used with"));
    let mut folder = Folder::of_two_classes();
    folder.description["cells"][0]["test"] = json!("../half.npz");
    folder.write(&program.path("mine"));
    let said = program.refused(&["import", "mine"]);
    assert!(
        said.contains("half.npz") && said.contains("no whole `.npz` file") && said.contains("numpy.savez"),
        "{said}"
    );
}

#[test]
fn descriptions_are_held_to_their_rules() {
    stated("/schema", json!(2), &["`schema` is 2", "reads 1"]);
    stated("/name", json!("a/b"), &["`a/b` cannot name a results folder"]);
    stated("/data/classes", json!(["no"]), &["`classes` has 1 names"]);
    stated("/data/classes", json!(["yes", "yes"]), &["class `yes` is listed twice"]);
    stated("/data/positive", json!("yess"), &["`positive` is `yess`", "did you mean `yes`?"]);
    stated("/data", json!({ "name": "rows", "clases": [], "test": "x" }), &["clases", "import --schema"]);
    stated("/attacks/0/epsilons", json!([]), &["`attacks`, number 1", "no `epsilons`"]);
    stated("/attacks/0/epsilons", json!([0.5, 0.25]), &["do not ascend: 0.5 stands before 0.25"]);
    stated("/attacks/0/epsilons", json!([-0.5]), &["the radius -0.5", "at least 0"]);
    stated("/attacks/0/epsilons", json!([0.25, 0.5]), &["`threat` is missing", "l2 0.25, l2 0.5"]);
    stated("/attacks/0/name", json!("union"), &["`union` is what all attacks together are called"]);
    stated("/attacks/0/norm", json!("l3"), &["l3", "linf"]);
    refused(
        |folder| folder.description["attacks"][0]["words"] = json!("fast\u{1} attack"),
        &["`attacks.0.words`", "control character U+0001"],
    );
    refused(|folder| folder.description["question"] = json!("red \u{1b}[31m"), &["`question`", "U+001B"]);
    stated("/front", json!({ "objectives": ["accuracy"] }), &["`front`", "at least 2 objectives, got 1"]);
    stated(
        "/front",
        json!({ "objectives": ["accuracy", "robust_acuracy"] }),
        &["did you mean `robust_accuracy`?"],
    );
    stated("/front", json!({ "resamples": 10 }), &["`resamples` must be at least 100, got 10"]);
    stated("/cells", json!([]), &["`cells` is empty"]);
    stated("/cells/0/seed", json!(-1), &["-1"]);
    stated("/cells/0/coordinates", json!({ "seed": 1 }), &["`cells`, number 1", "`seed` is no coordinate"]);
    stated("/cells/0/coordinates", json!({ "strength": "high" }), &["`strength` is `high`, not a number"]);
    stated("/cells/0/coordinates", json!({ "a,b": "x" }), &["`a,b` cannot be the name of a coordinate"]);
    for odd in [json!({ "tool": "@SUM(A1)" }), json!({ "@tool": "x" })] {
        stated("/cells/0/coordinates", odd, &["cannot stand in `coordinates`", "take it for a formula"]);
    }
    stated("/cells/0", json!({ "coordinates": {}, "seed": 0 }), &["neither `test` nor `failed`"]);
    stated(
        "/cells/0",
        json!({ "coordinates": {}, "seed": 0, "failed": "it did not converge" }),
        &["every model failed"],
    );
    let cell = |seed: u64, strength: f64| json!({ "coordinates": { "strength": strength }, "seed": seed, "test": "a.safetensors" });
    stated(
        "/cells",
        json!([cell(0, 1.0), cell(0, 1.0)]),
        &["numbers 1 and 2", "both defense=imported,strength=1,seed=0"],
    );
    stated(
        "/cells",
        json!([cell(0, 1.0), cell(1, 1.0), cell(0, 2.0)]),
        &["no defense=imported,strength=2,seed=1", "other configurations have seed 1", "\"failed\""],
    );
    refused(
        |folder| folder.description["cells"][0]["validation"] = json!("a.safetensors"),
        &["`validation` is given, while `data` has no validation rows"],
    );
    refused(
        |folder| folder.description["data"]["validation"] = json!("facts.safetensors"),
        &["`validation` is missing, while `data` has validation rows"],
    );
    refused(
        |folder| folder.description["threat"] = json!({ "norm": "linf", "epsilon": 0.5 }),
        &["no attack has the `threat` linf 0.5", "name one of l2 0.5"],
    );
    refused(
        |folder| folder.description["data"]["attributes"] = json!([{ "name": "sex", "groups": ["f", "m"] }]),
        &["facts.safetensors", "no array `groups/sex`"],
    );
}

#[test]
fn groups_rows_and_stated_attacks_are_held_against_each_other() {
    let sex = |codes: Vec<i64>| {
        move |folder: &mut Folder| {
            folder.description["data"]["attributes"] = json!([{ "name": "sex", "groups": ["f", "m"] }]);
            folder.put_into("facts.safetensors", ("groups/sex", vec![4], Array::Integers(codes)));
        }
    };
    refused(
        sex(vec![0, 1, 2, -1]),
        &["array `groups/sex`, row 2: there is no group 2", "−1 where it is missing"],
    );
    refused(
        |folder| folder.put_into("facts.safetensors", ("rows", vec![4], Array::Integers(vec![7, 8, 7, 9]))),
        &["array `rows`, row 2: number 7 stands there twice"],
    );
    // Two attacks, the first said to be exact, and the second one fells what it left.
    refused(
        |folder| {
            folder.description["attacks"] = json!([
                { "name": "pgd", "norm": "l2", "epsilons": [0.5], "exact": true },
                { "name": "square", "norm": "l2", "epsilons": [0.5] },
            ]);
            let flags = vec![true, true, false, true];
            folder.put_into("a.safetensors", ("square/standing", vec![4], Array::Flags(flags)));
        },
        &["array `pgd/standing`, row 2", "`square` felled it", "said to be exact"],
    );
    // Of three classes one is positive, and nobody says what row 1 was taken for.
    refused(
        |folder| {
            folder.description["data"]["classes"] = json!(["no", "yes", "perhaps"]);
            let logits = vec![1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 3.0, 0.0, 0.0, 0.0, 4.0, 0.0];
            folder.replace("a.safetensors", "logits", ("logits", vec![4, 3], Array::Singles(logits)));
        },
        &["neither `pgd/first_success/predictions` nor `pgd/first_success/logits`", "drop `positive`"],
    );
}

#[test]
fn of_several_models_each_is_told_its_first_problem() {
    let program = Program::new();
    let mut folder = Folder::of_two_classes();
    let cell = |seed: u64, file: &str| json!({ "coordinates": {}, "seed": seed, "test": file });
    folder.description["cells"] =
        json!([cell(0, "a.safetensors"), cell(1, "b.safetensors"), cell(2, "c.safetensors")]);
    folder.put("b.safetensors", vec![("logits", vec![4, 2], Array::Singles(vec![f32::NAN; 8]))]);
    folder.put("c.safetensors", vec![("logits", vec![4], Array::Singles(vec![0.0; 4]))]);
    folder.write(&program.path("mine"));
    let said = program.refused(&["import", "mine"]);
    assert_eq!(said.matches("error:").count(), 2, "{said}");
    assert!(
        said.contains("seed=1")
            && said.contains("NaN")
            && said.contains("seed=2")
            && said.contains("shape [4]"),
        "{said}"
    );
}

#[test]
fn of_several_files_each_is_told_its_first_problem() {
    let program = Program::new();
    let mut folder = Folder::of_two_classes();
    folder.description["data"]["validation"] = json!("facts-2.safetensors");
    folder.put("facts-2.safetensors", vec![("labels", vec![4], Array::Integers(vec![0, 1, 0, 7]))]);
    let cell =
        |seed: u64, file: &str| json!({ "coordinates": {}, "seed": seed, "test": file, "validation": file });
    folder.description["cells"] = json!([cell(0, "a.safetensors"), cell(1, "b.safetensors")]);
    folder.put("b.safetensors", vec![("logits", vec![4, 2], Array::Singles(vec![f32::NAN; 8]))]);
    folder.write(&program.path("mine"));
    let said = program.refused(&["import", "mine"]);
    // Nothing can be said of models on validation rows whose facts are wrong.
    assert_eq!(said.matches("error:").count(), 2, "{said}");
    assert!(said.contains("no class 7") && said.contains("seed=1") && said.contains("NaN"), "{said}");
    folder.put("facts-2.safetensors", vec![("labels", vec![4], Array::Integers(vec![0, 1, 0, 1]))]);
    folder.description["cells"][1]["validation"] = json!("c.safetensors");
    folder.put("c.safetensors", vec![("logits", vec![4], Array::Singles(vec![0.0; 4]))]);
    folder.write(&program.path("mine"));
    let said = program.refused(&["import", "mine"]);
    assert_eq!(said.matches("error:").count(), 2, "{said}");
    assert!(said.contains("b.safetensors") && said.contains("c.safetensors"), "{said}");
}

#[test]
fn what_was_imported_cannot_be_run() {
    let imported = "\n[imported]\nattacks = []\n";
    for (from, to, parts) in [
        (
            "kind = \"dataset\"",
            "kind = \"imported\"",
            &["tiny.toml", "rows that only their owner has", "name a data set"][..],
        ),
        ("kind = \"mlp\"\nhidden = [32]", "kind = \"imported\"", &["a model that is not here", "weights ="]),
        ("\n[front]", &format!("{imported}\n[front]"), &["`imported` is no setting", "`equipoise import`"]),
    ] {
        let program = Program::new();
        assert!(TINY.contains(from), "the test's own config has no `{from}`");
        program.file("tiny.toml", &TINY.replace(from, to));
        let said = program.refused(&["run", "tiny.toml"]);
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing in:\n{said}");
        }
        assert!(!program.path("results").exists());
    }
}
