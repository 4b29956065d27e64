//! A user's own data, right and wrong: what is read, and what each mistake is answered with.

use std::fmt::Write;
use std::path::Path;

use equipoise::data::{self, Dataset, Domain, Shape, Source, SplitSpec};
use equipoise::files;
use safetensors::tensor::{Dtype, TensorView};

const MANIFEST: &str = r#"
name = "loans"
format = "csv"
files = [{ name = "loans.csv" }]
[missing]
values = ["?"]
[[columns]]
name = "income"
kind = "continuous"
mutable = true
why = "Self-declared."
[[columns]]
name = "job"
kind = "categorical"
[label]
column = "paid"
positive = "yes"
classes = ["no", "yes"]
[[sensitive]]
name = "sex"
column = "sex"
"#;

/// Twelve good rows; a repeated header name, quotes, a missing number and a missing category among them.
fn table() -> String {
    let mut text = "income,job,income,sex,paid\n".to_owned();
    for row in 0..12 {
        let income = if row == 3 { "?".to_owned() } else { format!("{}.5", 10 + row) };
        let job = ["\"clerk, senior\"", "?", "", "driver"][row % 4];
        let (sex, paid) = (["f", "m"][row % 2], ["no", "yes"][row / 3 % 2]);
        let second = 100 + row;
        writeln!(text, "{income},{job},{second},{sex},{paid}\r").unwrap();
    }
    text
}

fn load(manifest: &str, table: &str, split: &str) -> equipoise::Result<Dataset> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loans/dataset.toml");
    files::write_atomic(&path, manifest.as_bytes(), None).unwrap();
    files::write_atomic(&folder.path().join("loans/loans.csv"), table.as_bytes(), None).unwrap();
    let source = Source::Dataset { name: "loans".to_owned(), manifest: Some(path) };
    data::load(&source, &toml::from_str(split).unwrap(), Path::new("elsewhere"))
}

/// The error of loading, and that it says all of `words`.
fn fails(manifest: &str, table: &str, split: &str, words: &[&str]) {
    let error = load(manifest, table, split).unwrap_err().to_string();
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

#[test]
fn a_users_own_table_is_read_without_a_checksum() {
    let data = load(MANIFEST, &table(), "test = 4\nvalidation = 0").unwrap();
    assert_eq!((data.train.len(), data.test.len()), (8, 4));
    assert_eq!(data.classes, ["no", "yes"]);
    assert_eq!(data.train.facts.positive, Some(1));
    assert_eq!(data.train.facts.attributes[0].groups, ["f", "m"]);
    let names: Vec<&str> = data.features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["income", "job=clerk, senior", "job=driver", "job=missing"]);
    assert_eq!(data.features[0].domain, Domain::Continuous);
    assert_eq!(data.shape, Shape::Flat(4));
}

#[test]
fn a_data_set_that_lies_in_the_data_folder_needs_no_path() {
    let folder = tempfile::tempdir().unwrap();
    files::write_atomic(&folder.path().join("loans/dataset.toml"), MANIFEST.as_bytes(), None).unwrap();
    files::write_atomic(&folder.path().join("loans/loans.csv"), table().as_bytes(), None).unwrap();
    let source = Source::Dataset { name: "loans".to_owned(), manifest: None };
    assert!(data::load(&source, &SplitSpec::default(), folder.path()).is_ok());
}

#[test]
fn the_second_of_two_equal_names_is_addressed_by_its_number() {
    let second = MANIFEST.replace("name = \"income\"", "name = \"income#2\"");
    let data = load(&second, &table(), "test = 4\nvalidation = 0").unwrap();
    let native = f64::from(data.train.row(0)[0]) * data.features[0].scale + data.features[0].offset;
    assert!((native - f64::from(100 + data.train.facts.rows[0])).abs() < 1e-4, "{native}");
}

#[test]
fn the_fingerprint_follows_content_reading_and_split_but_not_explanations() {
    let of = |manifest: &str, table: &str, split: &str| load(manifest, table, split).unwrap().fingerprint;
    let base = of(MANIFEST, &table(), "");
    assert_eq!(base, of(&MANIFEST.replace("Self-declared.", "Said by the applicant."), &table(), ""));
    assert_ne!(base, of(&MANIFEST.replace("mutable = true", "mutable = false"), &table(), ""));
    assert_ne!(base, of(MANIFEST, &table().replace("10.5", "10.6"), ""));
    assert_ne!(base, of(MANIFEST, &table(), "seed = 1"));
    assert_ne!(base, of(MANIFEST, &table(), "validation = 0.2"));
}

#[test]
fn an_unknown_and_an_unfetched_data_set_are_answered_with_the_way_out() {
    let load = |name: &str| {
        let source = Source::Dataset { name: name.to_owned(), manifest: None };
        data::load(&source, &SplitSpec::default(), Path::new("no-such-folder")).unwrap_err().to_string()
    };
    let error = load("compass");
    assert!(error.contains("unknown data set `compass`, did you mean `compas`?"), "{error}");
    let error = load("adult");
    assert!(
        error.contains("data set `adult` is not here") && error.contains("equipoise fetch adult"),
        "{error}"
    );
    assert!(load("../../etc").contains("unknown data set"));
}

#[test]
fn missing_columns_are_named_with_those_there_are() {
    let list = "the file has the columns income, job, income#2, sex, paid";
    let edit = |from: &str, to: &str| MANIFEST.replace(from, to);
    fails(
        &edit("column = \"paid\"", "column = \"payed\""),
        &table(),
        "",
        &["there is no label column `payed`, did you mean `paid`?", list],
    );
    fails(
        &edit("column = \"sex\"", "column = \"gender\""),
        &table(),
        "",
        &["there is no sensitive column `gender`", list],
    );
    fails(&edit("name = \"job\"", "name = \"jobs\""), &table(), "", &["no feature column `jobs`", list]);
}

#[test]
fn a_cell_that_is_no_number_is_named_by_line_column_and_value() {
    for (cell, words) in
        [("abc", "is not a number"), ("NaN", "is not a finite number"), ("inf", "not a finite")]
    {
        let table = table().replace("14.5,", &format!("{cell},"));
        fails(MANIFEST, &table, "", &["line 6, column `income`", cell, words, "categorical"]);
    }
    let whole = MANIFEST.replace("kind = \"continuous\"", "kind = \"integer\"");
    fails(&whole, &table(), "", &["`10.5` is not a whole number"]);
}

#[test]
fn labels_without_a_class_and_a_single_class_are_refused() {
    let table = table();
    fails(
        MANIFEST,
        &table.replacen("yes", "maybe", 1),
        "",
        &["label column `paid` holds `maybe`, which means no class", "the manifest knows `no`, `yes`"],
    );
    fails(MANIFEST, &table.replacen(",no", ",", 1), "", &["label column `paid` holds ``"]);
    fails(MANIFEST, &table.replace("yes", "no"), "", &["one class only: all 12 rows are `no`"]);
    let filter = "\n[[filters]]\ncolumn = \"paid\"\nis = [\"yes\"]\n";
    fails(&format!("{MANIFEST}{filter}"), &table, "", &["one class only"]);
    let none = "\n[[filters]]\ncolumn = \"sex\"\nis = [\"x\"]\n";
    fails(&format!("{MANIFEST}{none}"), &table, "", &["has no rows left"]);
}

#[test]
fn a_ragged_row_is_named_by_its_line_and_shows_nothing_of_it() {
    let table = table().replace("14.5,", "14.5,secret,");
    fails(MANIFEST, &table, "", &["line 6 has 6 fields, expected 5", "check separator"]);
    assert!(!load(MANIFEST, &table, "").unwrap_err().to_string().contains("secret"));
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let manifest = MANIFEST.replace("[missing]", "[csv]\ncomment = \"#\"\n[missing]");
    for (end, extra) in [("\n", ""), ("\r\n", ""), ("\n", "\n# a remark\n\n"), ("\r\n", "# a remark\r\n\r\n")]
    {
        let plain = table().replace("\r\n", "\n").replace("14.5,", &format!("{extra}oops,"));
        let table = plain.replace("\r\n", "\n").replace('\n', end);
        let at = table.lines().position(|line| line.starts_with("oops")).unwrap() + 1;
        fails(&manifest, &table, "", &[&format!("line {at}, column `income`: `oops`")]);
    }
}

#[test]
fn splits_that_ask_for_too_much_are_refused() {
    fails(
        MANIFEST,
        &table(),
        "test = 12",
        &["data set `loans`", "12 test rows leave nothing", "there are 12 rows"],
    );
    fails(MANIFEST, &table(), "validation = 50", &["50 validation rows leave nothing to train on"]);
    fails(MANIFEST, &table(), "train_rows = 50", &["`split.train_rows` is 50, but there are only 8"]);
}

#[test]
fn a_stored_file_that_changed_is_refused() {
    let sum = files::sha256(b"something else");
    let manifest = MANIFEST.replace("\"loans.csv\" }", &format!("\"loans.csv\", sha256 = \"{sum}\" }}"));
    fails(&manifest, &table(), "", &["its content is not the expected one: checksum", &sum, "loans.csv"]);
}

#[test]
fn a_value_in_no_group_is_refused() {
    let manifest = format!("{MANIFEST}groups = [{{ name = \"woman\", values = [\"f\"] }}]\n");
    fails(&manifest, &table(), "", &["`m` is in no group of sensitive attribute `sex`"]);
}

#[test]
fn another_name_than_the_manifests_and_a_broken_manifest_are_refused() {
    fails(&MANIFEST.replace("\"loans\"", "\"credits\""), &table(), "", &["describes `credits`, not `loans`"]);
    fails(
        &MANIFEST.replace("kind = \"categorical\"", "kind = \"category\""),
        &table(),
        "",
        &["cannot read the manifest", "unknown word `category`"],
    );
}

/// Six rows of two features, labels and two columns of groups.
fn tensors(x: &[f32], y: &[i64], groups: Option<&[i64]>, folder: &Path) -> std::path::PathBuf {
    fn bytes<const N: usize, T: Copy>(values: &[T], le: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|value| le(*value)).collect()
    }
    let x_bytes = bytes(x, f32::to_le_bytes);
    let y_bytes = bytes(y, i64::to_le_bytes);
    let g_bytes = bytes(groups.unwrap_or_default(), i64::to_le_bytes);
    let mut views = vec![
        ("x", TensorView::new(Dtype::F32, vec![x.len() / 2, 2], &x_bytes).unwrap()),
        ("y", TensorView::new(Dtype::I64, vec![y.len()], &y_bytes).unwrap()),
    ];
    if let Some(groups) = groups {
        views.push(("groups", TensorView::new(Dtype::I64, vec![groups.len() / 2, 2], &g_bytes).unwrap()));
    }
    let path = folder.join("rows.safetensors");
    files::write_atomic(&path, &safetensors::serialize(views, None).unwrap(), None).unwrap();
    path
}

fn load_tensors(
    path: std::path::PathBuf,
    bounds: Option<[f32; 2]>,
    split: &str,
) -> equipoise::Result<Dataset> {
    let source = Source::Safetensors { path, shape: None, bounds, classes: None };
    data::load(&source, &toml::from_str(split).unwrap(), Path::new("x"))
}

const X: [f32; 12] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 0.5];
const Y: [i64; 6] = [0, 1, 2, 0, 1, 2];

#[test]
fn rows_with_groups_are_read_and_are_all_test_rows_unless_the_split_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let groups = [0, 1, 1, 0, -1, 1, 0, 2, 1, 1, 0, 0];
    let path = tensors(&X, &Y, Some(&groups), folder.path());
    let data = load_tensors(path.clone(), Some([0.0, 1.0]), "").unwrap();
    assert_eq!((data.train.len(), data.validation.len()), (0, 0));
    assert_eq!(data.test.x, X);
    assert_eq!(data.test.facts.labels, [0, 1, 2, 0, 1, 2]);
    assert_eq!(data.test.facts.attributes[0].codes, [0, 1, -1, 0, 1, 0]);
    assert_eq!(data.test.facts.attributes[1].groups, ["0", "1", "2"]);
    assert!(data.features.iter().all(|f| f.mutable && f.upper.to_bits() == 1.0_f32.to_bits()));
    let data = load_tensors(path, None, "test = 2\nvalidation = 1").unwrap();
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (3, 1, 2));
    assert!(data.features.iter().all(|f| f.upper == f32::INFINITY));
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |path: std::path::PathBuf, bounds, words: &str| {
        let error = load_tensors(path, bounds, "").unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    fails(tensors(&X, &Y[..5], None, folder.path()), None, "`y` has shape [5], expected [6]");
    let mut bad = X;
    bad[7] = f32::NAN;
    fails(tensors(&bad, &Y, None, folder.path()), None, "row 3 of `x` holds NaN");
    fails(tensors(&X, &Y, None, folder.path()), Some([0.0, 0.9]), "row 5 of `x` holds 1, outside 0 to 0.9");
    fails(tensors(&X, &[0, 1, -2, 0, 1, 2], None, folder.path()), None, "row 2 of `y` is -2");
    let path = folder.path().join("text");
    files::write_atomic(&path, b"hello world, this is text", None).unwrap();
    fails(path, None, "it is no safetensors file");
    fails(folder.path().join("nothing"), None, "cannot read `");
}
