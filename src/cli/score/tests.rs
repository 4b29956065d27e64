//! What files become: classes, decisions, probabilities, groups.

use super::read::{Asked, Read, evidence};
use crate::evidence::Evidence;

fn asked() -> Asked {
    Asked {
        label: "y".to_owned(),
        score: None,
        scores: Vec::new(),
        prediction: None,
        groups: Vec::new(),
        unit: None,
        classes: Vec::new(),
        positive: None,
        threshold: 0.5,
        separator: b',',
    }
}

fn by_score() -> Asked {
    Asked { score: Some("p".to_owned()), ..asked() }
}

fn by_prediction() -> Asked {
    Asked { prediction: Some("yhat".to_owned()), ..asked() }
}

fn by_scores(columns: &str) -> Asked {
    Asked { scores: columns.split(',').map(str::to_owned).collect(), ..asked() }
}

fn read(text: &str, asked: &Asked) -> Evidence {
    whole(text, asked).evidence
}

fn whole(text: &str, asked: &Asked) -> Read {
    evidence(text.as_bytes(), asked).unwrap()
}

fn refused(text: &str, asked: &Asked, parts: &[&str]) {
    let said = evidence(text.as_bytes(), asked).unwrap_err().to_string();
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
}

fn classes(evidence: &Evidence) -> Vec<&str> {
    evidence.facts.classes.iter().map(String::as_str).collect()
}

fn positive(evidence: &Evidence) -> Option<&str> {
    evidence.facts.positive.map(|class| evidence.facts.classes[usize::from(class)].as_str())
}

#[test]
fn classes_are_sorted_as_numbers_where_all_are_numbers() {
    let numbers = read("y,yhat\n10,9\n9,2\n2,2.0\n-1,9\n", &by_prediction());
    assert_eq!(classes(&numbers), ["-1", "2", "9", "10"]);
    assert_eq!(numbers.facts.labels, [3, 2, 1, 0]);
    assert_eq!(numbers.clean.predictions, [2, 1, 1, 2]);
    let texts = read("y,yhat\n10,9\n9,b\nb,b\n", &by_prediction());
    assert_eq!(classes(&texts), ["10", "9", "b"]);
    assert_eq!(positive(&texts), None);
}

#[test]
fn the_positive_class_is_one_true_or_yes_or_the_larger() {
    for (a, b, expected) in [
        ("0", "1", "1"),
        ("1", "2", "1"),
        ("-1", "1", "1"),
        ("0.0", "1.0", "1.0"),
        ("false", "true", "true"),
        ("True", "False", "True"),
        ("yes", "no", "yes"),
        ("9", "10", "10"),
        ("No", "Y", "Y"),
        ("neg", "pos", "pos"),
    ] {
        let found = read(&format!("y,p\n{a},0.25\n{b},0.75\n"), &by_score());
        assert_eq!(positive(&found), Some(expected), "{a}, {b}");
    }
    let chosen = Asked { positive: Some("bad".to_owned()), ..by_score() };
    let found = read("y,p\nbad,0.75\ngood,0.25\n", &chosen);
    assert_eq!((positive(&found), classes(&found)), (Some("bad"), vec!["bad", "good"]));
    // The score is about `bad`, class 0.
    assert_eq!(found.clean.predictions, [0, 1]);
    assert_eq!(found.probabilities, Some(vec![0.75, 0.25, 0.25, 0.75]));
    // The larger word may be the worse one.
    refused(
        "y,p\napproved,0.75\ndenied,0.25\n",
        &by_score(),
        &["`approved` and `denied`", "column `p`", "--positive 'approved'", "--positive 'denied'"],
    );
    // Decisions name their classes, and no probability can be taken for another's.
    let decided = read("y,yhat\napproved,denied\ndenied,denied\n", &by_prediction());
    assert_eq!(positive(&decided), Some("denied"));
    let wrong = Asked { positive: Some("goood".to_owned()), ..by_score() };
    refused("y,p\nbad,0.75\ngood,0.25\n", &wrong, &["--positive", "`goood`", "did you mean `good`?"]);
}

#[test]
fn a_single_class_gets_its_opposite_where_that_is_known() {
    for (only, expected) in [("1", ["0", "1"]), ("0", ["0", "1"]), ("-1", ["-1", "1"]), ("no", ["no", "yes"])]
    {
        assert_eq!(classes(&read(&format!("y,p\n{only},0.25\n"), &by_score())), expected);
    }
    refused("y,p\ngood,0.25\n", &by_score(), &["holds only `good`", "--positive VALUE"]);
    let chosen = Asked { positive: Some("bad".to_owned()), ..by_score() };
    assert_eq!(classes(&read("y,p\ngood,0.25\n", &chosen)), ["bad", "good"]);
    // Without a score there is nothing that would need the other class.
    let alone = read("y,yhat\ngood,good\n", &by_prediction());
    assert_eq!((classes(&alone), positive(&alone)), (vec!["good"], None));
}

#[test]
fn the_decision_is_positive_from_the_threshold_on() {
    let at = |threshold| Asked { threshold, ..by_score() };
    let text = "y,p\n0,0.5\n1,0.4999999999999999\n1,1\n0,-0\n";
    assert_eq!(read(text, &at(0.5)).clean.predictions, [1, 0, 1, 0]);
    assert_eq!(read(text, &at(0.0)).clean.predictions, [1, 1, 1, 1]);
    assert_eq!(read(text, &at(1.0)).clean.predictions, [0, 0, 1, 0]);
}

#[test]
fn a_stated_decision_counts_before_the_probabilities() {
    let both = Asked { score: Some("p".to_owned()), ..by_prediction() };
    let found = read("y,p,yhat\n0,0.75,0\n1,0.75,1\n", &both);
    assert_eq!(found.clean.predictions, [0, 1]);
    assert_eq!(found.probabilities, Some(vec![0.25, 0.75, 0.25, 0.75]));
}

#[test]
fn score_columns_find_their_classes() {
    let of = |text: &str, columns: &str| {
        let found = read(text, &by_scores(columns));
        let said = found.clean.predictions[0];
        found.facts.classes[usize::from(said)].clone()
    };
    // The second column is the most probable one. Called as the class, with something before it, counted from 0, from 1, by value.
    assert_eq!(of("y,dog,cat\ndog,0.25,0.75\ncat,1,0\n", "dog,cat"), "cat");
    assert_eq!(of("y,p_dog,p_cat\ndog,0.25,0.75\n", "p_dog,p_cat"), "cat");
    assert_eq!(of("y,p0,p1,p2\n2,0.25,0.75,0\n", "p0,p1,p2"), "1");
    assert_eq!(of("y,p10,p11\n10,0.25,0.75\n", "p10,p11"), "11");
    assert_eq!(of("y,p1,p2,p3\n0,0.25,0.75,0\n2,1,0,0\n", "p1,p2,p3"), "1");
    assert_eq!(of("y,p0,p1\n1,0.25,0.75\n2,1,0\n", "p0,p1"), "2");
    assert_eq!(of("y,p0,p1\ndog,0.25,0.75\ncat,1,0\n", "p0,p1"), "dog");
    let given = Asked { classes: vec!["dog".to_owned(), "cat".to_owned()], ..by_scores("p0,p1") };
    assert_eq!(classes(&read("y,p0,p1\ndog,0.25,0.75\n", &given)), ["dog", "cat"]);
}

#[test]
fn score_columns_that_do_not_tell_their_classes_are_refused() {
    let three = "y,p0,p1\na,0.25,0.75\nb,1,0\nc,1,0\n";
    refused(
        three,
        &by_scores("p0,p1"),
        &["`y` has 3 classes (`a`, `b`, `c`)", "--scores 2 columns", "--classes"],
    );
    // By value `cat` would be the first column, which is called after the dog.
    let crossed = "y,dog_p,cat_p\ndog,0.25,0.75\ncat,1,0\n";
    refused(
        crossed,
        &by_scores("dog_p,cat_p"),
        &["`dog_p`", "class `cat`", "called after another", "--classes"],
    );
    // One is called after a class: the other is not taken for what is left.
    let half = "y,p_cat,p_dog\ncat,0.25,0.75\nfox,1,0\n";
    refused(half, &by_scores("p_cat,p_dog"), &["called after `cat`, but none after `fox`", "--classes"]);
    refused("y,p0\n1,1\n", &by_scores("p0"), &["--scores names one column, `p0`", "--score"]);
    let given = |names: &[&str]| Asked {
        classes: names.iter().map(|name| (*name).to_owned()).collect(),
        ..by_scores("p0,p1")
    };
    refused(three, &given(&["a"]), &["1 classes for 2 score columns"]);
    refused(three, &given(&["a", "a"]), &["names a class twice"]);
    refused(three, &given(&["a", "b"]), &["line 4, column `y`", "`c` is none of the classes", "`a`, `b`"]);
}

#[test]
fn columns_that_are_matched_by_place_say_which_is_about_which_class() {
    let found = whole("y,p0,p1,p2\ncat,0.25,0.75,0\nbird,1,0,0\ndog,0,0,1\n", &by_scores("p0,p1,p2"));
    assert_eq!(found.notes.len(), 1);
    assert!(found.notes[0].contains("p0 bird, p1 cat, p2 dog; --classes"), "{}", found.notes[0]);
    let pairs = [("p0", "bird"), ("p1", "cat"), ("p2", "dog")];
    assert_eq!(found.about, pairs.map(|(column, class)| (column.to_owned(), class.to_owned())));
    let named = whole("y,p_cat,p_dog\ncat,0.25,0.75\ndog,1,0\n", &by_scores("p_cat,p_dog"));
    assert!(named.notes.is_empty() && named.about.len() == 2);
}

#[test]
fn where_decisions_are_not_the_most_probable_class_it_is_said_of_how_many_rows() {
    let told = |text: &str, asked: &Asked| {
        whole(text, asked).notes.into_iter().find(|note| note.contains("most probable class"))
    };
    let text = "y,yhat,p\n0,1,0.25\n1,1,0.75\n1,0,0.5\n0,1,0.1\n";
    let both = Asked { prediction: Some("yhat".to_owned()), ..by_score() };
    let said = told(text, &both).expect("two decisions are others");
    assert!(said.ends_with("is not the decision in 2 of 4 rows."), "{said}");
    let low = Asked { threshold: 0.2, ..by_score() };
    let said = told(text, &low).expect("a low threshold");
    assert!(said.ends_with("in 1 of 4 rows."), "{said}");
    assert_eq!(told(text, &by_score()), None);
}

#[test]
fn rounded_probabilities_are_divided_by_their_sum() {
    // Half a unit of the second decimal for each of three classes is 0.015, and no more than 0.01 is taken for rounding.
    let found = whole("y,a,b,c\na,0.33,0.33,0.33\nb,0.5,0.25,0.25\n", &by_scores("a,b,c"));
    assert_eq!(found.evidence.probabilities.unwrap()[3..], [0.5, 0.25, 0.25]);
    assert!(
        found.notes[0].contains("rounded to 2 decimals: those of 1 row do not sum to 1"),
        "{:?}",
        found.notes
    );
    let found = read("y,a,b,c\na,0.33,0.33,0.33\nb,1,0,0\nc,0,0,1\n", &by_scores("a,b,c"));
    for p in &found.probabilities.unwrap()[..3] {
        assert!((p - 1.0 / 3.0).abs() < 1e-15, "{p}");
    }
    // Three significant digits: the largest has three decimals, whatever the smallest has.
    let significant = "y,a,b,c\na,0.999,0.00234,0.000123\nb,1,0,0\nc,0,0,1\n";
    assert_eq!(whole(significant, &by_scores("a,b,c")).notes.len(), 1);
    let off = ["line 2, columns `a` to `c`", "sum to 0.995", "3 decimals"];
    refused("y,a,b,c\na,0.331,0.332,0.332\nb,1,0,0\nc,0,0,1\n", &by_scores("a,b,c"), &off);
    refused("y,a,b\na,0.5,0.3\nb,1,0\n", &by_scores("a,b"), &["sum to 0.8", "1 decimal "]);
    // Within 10⁻⁶ they stay as they are.
    let exact = whole("y,a,b\na,0.3333333,0.6666666\nb,1,0\n", &by_scores("a,b"));
    assert_eq!(
        (exact.notes.len(), &exact.evidence.probabilities.unwrap()[..2]),
        (0, &[0.333_333_3, 0.666_666_6][..])
    );
}

#[test]
fn words_for_nothing_known_are_missing_groups() {
    let wanted = Asked { groups: vec!["g".to_owned()], ..by_score() };
    let text = "y,p,g\n0,0.5,a\n1,0.5,NA\n0,0.5,nan\n1,0.5,NaN\n0,0.5,None\n1,0.5,null\n0,0.5,?\n1,0.5,\n1,0.5,NA\n1,0.5,none\n";
    let found = whole(text, &wanted);
    let group = &found.evidence.facts.attributes[0];
    assert_eq!(
        (&group.groups[..], &group.codes[..]),
        (&["a".to_owned(), "none".to_owned()][..], &[0, -1, -1, -1, -1, -1, -1, -1, -1, 1][..])
    );
    assert_eq!(found.notes.len(), 1);
    for part in ["Column g: 8 rows without a group", "empty 1", "`NA` 2", "`?` 1"] {
        assert!(found.notes[0].contains(part), "{}", found.notes[0]);
    }
}

#[test]
fn the_first_of_several_most_probable_classes_is_the_decision() {
    assert_eq!(read("y,p0,p1,p2\n2,0.25,0.375,0.375\n", &by_scores("p0,p1,p2")).clean.predictions, [1]);
}

#[test]
fn groups_are_sorted_and_empty_cells_are_missing() {
    let wanted = Asked { groups: vec!["age".to_owned(), "sex".to_owned()], ..by_score() };
    let found = read("y,p,age,sex\n0,0.1,10,F\n1,0.9,9,\n1,0.2,,M\n0,0.3, 9 ,F\n", &wanted);
    let [age, sex, both] = &found.facts.attributes[..] else {
        panic!("two attributes and their intersection")
    };
    assert_eq!((both.name.as_str(), both.codes.as_slice()), ("age*sex", &[1, -1, -1, 0][..]));
    assert_eq!(
        (&age.groups[..], &age.codes[..]),
        (&["9".to_owned(), "10".to_owned()][..], &[1, 0, -1, 0][..])
    );
    assert_eq!(
        (&sex.groups[..], &sex.codes[..]),
        (&["F".to_owned(), "M".to_owned()][..], &[0, -1, 1, 0][..])
    );
    // Postal codes stay apart.
    let zip = Asked { groups: vec!["zip".to_owned()], ..by_score() };
    assert_eq!(read("y,p,zip\n0,0.1,01\n1,0.9,1\n", &zip).facts.attributes[0].groups, ["1", "01"]);
}

#[test]
fn quotes_line_ends_and_byte_order_marks_are_understood() {
    let wanted = Asked { groups: vec!["city, old".to_owned()], ..by_score() };
    let text = "\u{feff}\"city, old\",y,p\r\n\"Zürich\",0,0.25\r\n\r\n\"a \"\"b\"\"\nc\",1,0.75\r\n東京,1,.5";
    let found = read(text, &wanted);
    // By code point, capitals first.
    assert_eq!(found.facts.attributes[0].groups, ["Zürich", "a \"b\"\nc", "東京"]);
    assert_eq!(found.probabilities.unwrap(), [0.75, 0.25, 0.25, 0.75, 0.5, 0.5]);
    let semicolons = Asked { separator: b';', ..by_score() };
    assert_eq!(read("y;p\n0;0.25\n", &semicolons).clean.predictions, [0]);
}

/// Lines as an editor counts them: quoted line breaks and empty lines count.
#[test]
fn errors_name_the_line() {
    let text = "y,p,note\n0,0.25,\"a\nb\"\n\n\n1,1.5,c\n";
    refused(text, &by_score(), &["line 6, column `p`", "`1.5` is outside 0 to 1"]);
    refused(&text.replace('\n', "\r\n"), &by_score(), &["line 6, column `p`"]);
}

#[test]
fn too_many_classes_or_groups_are_refused() {
    let rows = |n: usize| (0..n).map(|i| format!("{i},{i}\n")).collect::<String>();
    let largest = read(&format!("y,yhat\n{}", rows(1000)), &by_prediction());
    assert_eq!(largest.facts.labels.last(), Some(&999));
    let many = ["1001 classes, more than 1000", "--label", "an id?"];
    refused(&format!("y,yhat\n{}", rows(1001)), &by_prediction(), &many);
    let wanted = Asked { groups: vec!["id".to_owned()], ..by_score() };
    let many = |n: usize| (0..n).map(|i| format!("{},0.5,{i}\n", i % 2)).collect::<String>();
    let notes = |n: usize| {
        let found = whole(&format!("y,p,id\n{}", many(n)), &wanted);
        assert_eq!(found.evidence.facts.attributes[0].groups.len(), n);
        found.notes
    };
    assert!(notes(50).is_empty());
    assert!(notes(51)[0].contains("id has 51 groups"));
    assert!(notes(200)[0].contains("id has 200 groups"));
    let parts = ["column `id` has 201 groups, more than 200", "is this an id?", "bins"];
    refused(&format!("y,p,id\n{}", many(201)), &wanted, &parts);
    // Each column alone has few groups, both together one per row.
    let both = Asked { groups: vec!["a".to_owned(), "b".to_owned()], ..by_score() };
    let crossed =
        |n: usize| (0..n).map(|i| format!("{},0.5,{},{}\n", i % 2, i / 200, i % 200)).collect::<String>();
    // 150 rows are one group of `a` and 150 combinations; 201 are two groups and 201.
    let fits = whole(&format!("y,p,a,b\n{}", crossed(150)), &both);
    assert_eq!(fits.evidence.facts.attributes.len(), 3);
    let found = whole(&format!("y,p,a,b\n{}", crossed(201)), &both);
    assert_eq!(found.evidence.facts.attributes.len(), 2);
    assert!(
        found.notes.iter().any(|note| note.contains("a*b is left out: 201 combinations")),
        "{:?}",
        found.notes
    );
    let parts = ["attributes `a` and `b` have 32768 combinations", "fewer groups"];
    refused(&format!("y,p,a,b\n{}", crossed(32_768)), &both, &parts);
}

/// Otherwise it would swallow the rows below it, and nobody would miss them.
#[test]
fn a_quote_that_is_never_closed_is_refused() {
    let wanted = Asked { groups: vec!["g".to_owned()], ..by_score() };
    for text in ["y,p,g\n1,0.5,a\n1,0.5,\"b\n0,0.5,a\n", "y,p,g\n1,0.5,\"\"\"\n0,0.5,b\n"] {
        refused(text, &wanted, &["a quote is opened and never closed", "line "]);
    }
    refused("y,p,g\n1,0.5,a\n1,0.5,\"b\n0,0.5,a\n", &wanted, &["line 3:"]);
    for fine in ["5\" pipe", "\"a \"\"b\"\"\"", "\"\"", "\"a\nb\"", "a\"\""] {
        assert_eq!(read(&format!("y,p,g\n0,0.5,c\n1,0.5,{fine}\n"), &wanted).facts.len(), 2, "{fine}");
    }
}

#[test]
fn a_column_spelled_in_other_letters_is_suggested() {
    refused("Y,q\n1,0.5\n", &by_score(), &["no column `y`, did you mean `Y`?"]);
}
