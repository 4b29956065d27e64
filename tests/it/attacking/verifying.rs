//! Adversarial rows on file: written, and verified whoever made them.

use safetensors::tensor::Dtype;

use super::{LINEAR, Tensor, Tensors, floats, four_rows, get, json, linear, prepared, put, whole, with};
use crate::program::Program;

#[test]
fn what_is_saved_holds_when_verified_and_is_the_same_each_time() {
    let program = prepared();
    let save = |file: &str| {
        program.must(&with(
            &LINEAR,
            &["--suite", "individual", "--norm", "linf,l2", "--eps", "0.1,0.3", "--save", file],
        ));
        std::fs::read(program.path(file)).unwrap()
    };
    assert_eq!(save("one.safetensors"), save("deep/two.safetensors"));
    let saved = get(&program, "one.safetensors");
    let rows = four_rows();
    assert_eq!((&saved["x"], &saved["y"]), (&rows["x"], &rows["y"]));
    assert_eq!(saved["prediction"], whole(&[1, 0, 1, 0]));
    assert_eq!(saved["prediction/linf/0.3"], whole(&[1, 1, 0, 0]));
    assert_eq!(saved["standing/linf/0.3/union"].2, [1, 0, 0, 0]);
    assert_eq!(saved["standing/l2/0.1/union"].2, [1, 1, 0, 0]);
    // The row itself, where it stands or was wrong already.
    let (clean, points) = (&rows["x"].2, &saved["adversarial/linf/0.3"].2);
    assert_eq!((&points[..8], &points[24..]), (&clean[..8], &clean[24..]));
    assert_ne!(points[8..24], clean[8..24]);
    let verified = json(
        &program.must(&with(&LINEAR, &["--norm", "linf,l2", "--verify", "one.safetensors", "--json"])).stdout,
    );
    assert_eq!(verified["holds"], true);
    let cases = verified["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for (case, robust) in cases.iter().zip([0.5, 0.25, 0.5, 0.25]) {
        assert_eq!((&case["robust_accuracy"], &case["claimed"]), (&robust.into(), &robust.into()), "{case}");
    }
    let text = program.must(&with(&LINEAR, &["--verify", "one.safetensors", "--eps", "0.1"])).stdout;
    assert!(text.contains("verified robust accuracy 0.500") && text.contains("Every row holds"), "{text}");
}

/// Verifies `x_adv` = `points` at L∞ 0.1 in the box from 0 to 1; exit code and report.
fn verified(program: &Program, tensors: &Tensors) -> (Option<i32>, serde_json::Value) {
    put(program, "theirs.safetensors", tensors);
    let answer = program.run(&with(&LINEAR, &["--verify", "theirs.safetensors", "--eps", "0.1", "--json"]));
    (answer.code, json(&answer.stdout)["cases"][0].clone())
}

#[test]
fn somebody_elses_rows_are_checked_one_by_one() {
    let program = prepared();
    let (x, third) = ([0.9, 0.1, 0.3, 0.7, 0.5, 0.4, 0.2, 0.8], 4);
    let x_adv = |change: &dyn Fn(&mut [f32])| {
        let mut points = x;
        change(&mut points);
        Tensors::from([("x_adv".to_owned(), floats(&[4, 2], &points))])
    };
    // Nothing claimed, nothing wrong: the rows as they are.
    let (code, case) = verified(&program, &x_adv(&|_| {}));
    assert_eq!((code, &case["robust_accuracy"]), (Some(0), &0.75.into()));
    // 0.5 > 0.4 becomes 0.42 < 0.48: inside, and misclassified.
    let (code, case) = verified(&program, &x_adv(&|p| p[third..third + 2].copy_from_slice(&[0.42, 0.48])));
    assert_eq!((code, &case["robust_accuracy"], &case["holds"]), (Some(0), &0.5.into(), &true.into()));
    // 1e-6 of slack, and no more.
    for (first, holds) in [(0.400_000_1, true), (0.399_99, false)] {
        let (code, case) =
            verified(&program, &x_adv(&|p| p[third..third + 2].copy_from_slice(&[first, 0.45])));
        assert_eq!((code, case["holds"].as_bool()), (Some(i32::from(!holds)), Some(holds)), "{case}");
        let robust = if holds { 0.5 } else { 0.75 };
        assert_eq!(case["robust_accuracy"], robust, "a row that breaks a rule counts as standing");
    }
    let (code, case) = verified(&program, &x_adv(&|p| p[third] = f32::NAN));
    assert_eq!((code, &case["violations"]["not finite"]["rows"]), (Some(1), &1.into()), "{case}");
    // Outside the box, inside the ball.
    let mut rows = four_rows();
    rows.insert("x".to_owned(), floats(&[4, 2], &[0.95, 0.1, 0.3, 0.7, 0.5, 0.4, 0.2, 0.8]));
    put(&program, "rows.safetensors", &rows);
    let (code, case) = verified(&program, &x_adv(&|p| p[0] = 1.02));
    assert_eq!((code, &case["violations"]["box"]["first"][0]["row"]), (Some(1), &0.into()), "{case}");
    put(&program, "rows.safetensors", &four_rows());
    // A claim that is not true: the flags say that row 1 has fallen.
    let mut claim = Tensors::from([("adversarial/linf/0.1".to_owned(), floats(&[4, 2], &x))]);
    claim.insert("standing/linf/0.1/union".to_owned(), (Dtype::U8, vec![4], vec![1, 0, 1, 0]));
    let (code, case) = verified(&program, &claim);
    assert_eq!((code, &case["claimed"]), (Some(1), &0.5.into()));
    assert_eq!(case["violations"]["not misclassified"]["first"][0]["row"], 1, "{case}");
    put(&program, "theirs.safetensors", &claim);
    let said = program.run(&with(&LINEAR, &["--verify", "theirs.safetensors"]));
    assert_eq!(said.code, Some(1));
    assert!(said.stdout.contains("row 1: said to be misclassified"), "{}", said.stdout);
}

#[test]
fn adversarial_rows_that_do_not_fit_are_refused() {
    let program = prepared();
    let refused = |tensors: Tensors, part: &str| {
        put(&program, "theirs.safetensors", &tensors);
        let message = program.refused(&with(&LINEAR, &["--verify", "theirs.safetensors", "--eps", "0.1"]));
        assert!(message.contains(part), "`{part}` is missing in:\n{message}");
    };
    let x = |n: usize| floats(&[n, 2], &vec![0.5; 2 * n]);
    refused([("x".to_owned(), four_rows()["x"].clone())].into(), "it has no adversarial rows");
    refused([("x_adv".to_owned(), x(3))].into(), "has shape [3, 2], the rows have [4, 2]");
    refused([("x_adv".to_owned(), x(4)), ("x".to_owned(), x(4))].into(), "other rows: row 0 of its `x`");
    refused([("x_adv".to_owned(), x(4)), ("y".to_owned(), whole(&[1, 0, 1, 0]))].into(), "row 3 of its `y`");
    refused([("x_adv".to_owned(), whole(&[1, 2, 3, 4]))].into(), "`x_adv` has shape [4]");
    refused([("adversarial/linf/0.2".to_owned(), x(4))].into(), "no tensor `adversarial/linf/0.1`");
    program.file("theirs.safetensors", "words");
    let message = program.refused(&with(&LINEAR, &["--verify", "theirs.safetensors", "--eps", "0.1"]));
    assert!(message.contains("not a safetensors file"), "{message}");
    put(&program, "theirs.safetensors", &[("x_adv".to_owned(), x(4))].into());
    let message = program.refused(&with(&LINEAR, &["--verify", "theirs.safetensors"]));
    assert!(message.contains("--eps"), "{message}");
}

/// A table whose second column nobody may change: attacks leave it alone, and a row in which it was changed does not count.
#[test]
fn what_the_manifest_says_is_immutable_stays() {
    let program = Program::new();
    let column = |name: &str, mutable: bool| {
        format!(
            "[[columns]]\nname = \"{name}\"\nkind = \"continuous\"\nmutable = {mutable}\nwhy = \"A test.\"\n\n"
        )
    };
    let manifest = format!(
        "name = \"loans\"\nformat = \"csv\"\n\n[[files]]\nname = \"loans.csv\"\n\n{}{}[label]\ncolumn = \"paid\"\n",
        column("income", true),
        column("age", false)
    );
    program.file("datasets/loans/dataset.toml", &manifest);
    let rows: String =
        (0..80).map(|i| format!("{},{},{}\n", i * 7 % 80, i * 31 % 80, u8::from(i * 7 % 80 > 40))).collect();
    program.file("datasets/loans/loans.csv", &format!("income,age,paid\n{rows}"));
    linear(&program);
    let data = ["attack", "--model", "model.safetensors", "--data", "loans", "--norm", "l2", "--eps", "0.5"];
    let text = program.must(&with(&data, &["--attack", "exact", "--save", "adv.safetensors"])).stdout;
    assert!(text.contains("20 test rows of loans, 2 features, 1 of 2 features mutable"), "{text}");
    let mut saved = get(&program, "adv.safetensors");
    let numbers = |tensor: &Tensor| -> Vec<f32> {
        tensor.2.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    let (x, mut points) = (numbers(&saved["x"]), numbers(&saved["adversarial/l2/0.5"]));
    assert_ne!(x, points);
    assert!(x.iter().skip(1).step_by(2).eq(points.iter().skip(1).step_by(2)));
    let verify = with(&data, &["--verify", "adv.safetensors", "--json"]);
    assert_eq!(json(&program.must(&verify).stdout)["holds"], true);
    // Row 3 as it was, but a little older.
    points[6..8].copy_from_slice(&[x[6], x[7] + 0.01]);
    saved.insert("adversarial/l2/0.5".to_owned(), floats(&[20, 2], &points));
    put(&program, "adv.safetensors", &saved);
    let answer = program.run(&verify);
    let violations = &json(&answer.stdout)["cases"][0]["violations"];
    assert_eq!(
        (answer.code, &violations["immutable"]["first"][0]["row"]),
        (Some(1), &3.into()),
        "{violations}"
    );
    linear(&program);
    let mut model = get(&program, "model.safetensors");
    model.insert("linear1.weight".to_owned(), floats(&[3, 2], &[0.5; 6]));
    model.insert("linear1.bias".to_owned(), floats(&[3], &[0.5; 3]));
    put(&program, "model.safetensors", &model);
    let message = program.refused(&data);
    assert!(message.contains("the model has 3 outputs, the data set 2 classes"), "{message}");
}
