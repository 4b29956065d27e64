//! What files and options become.

use super::asked::Asked;
use super::read::{records, rows};
use super::work::found;
use crate::pareto::filter::Ties;

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn asked(max: &[&str], min: &[&str], reference: &[&str], bounds: &[&str]) -> crate::Result<Asked> {
    Asked::of(&texts(max), &texts(min), &texts(reference), &texts(bounds), Ties::Keep)
}

fn says(result: &crate::Result<impl Sized>, parts: &[&str]) {
    let said = result.as_ref().err().unwrap().to_string();
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
}

const SHEET: &str = "name,acc,gap\na,0.9,0.3\nb,0.8,0.1\nc,0.8,0.2\nd,0.9,0.3\n\"e\nf\",0.2,0.5\n";

/// By hand: a and d are the same, b has the least gap, c is dominated by b, e by a. Up to acc 0 and gap 1 the volume is
/// 0.9 · 0.7 + 0.8 · (0.9 − 0.7) = 0.79, b alone adding 0.8 · 0.2, a and d nothing, as each stands for the other.
#[test]
fn a_front_by_hand() {
    let asked = asked(&["acc"], &["gap"], &["acc=0", "gap=1"], &["acc=0:1", "gap=0:1"]).unwrap();
    let costs = rows(SHEET.as_bytes(), &asked, b',').unwrap();
    let found = found(&costs, None, &asked, None).unwrap();
    assert_eq!(
        (found.members.as_slice(), found.dominated.as_slice()),
        (&[0, 1, 3][..], &[(2, 1), (4, 0)][..])
    );
    assert!((found.hypervolume - 0.79).abs() < 1e-12 && (found.share.unwrap() - 0.79).abs() < 1e-12);
    let own = found.contributions.unwrap();
    assert!(own[0].abs() < 1e-15 && (own[1] - 0.16).abs() < 1e-12 && own[2].abs() < 1e-15, "{own:?}");
    let (names, records) = records(SHEET.as_bytes(), b',', &[1, 4]).unwrap();
    assert_eq!((names.len(), records[0][0].as_str(), records[1][0].as_str()), (3, "b", "e\nf"));
}

/// Two points make one division: the extent of the front, 0.1 and 0.2, once more beyond its worst.
#[test]
fn without_a_reference_there_is_one_beyond_the_front() {
    let asked = asked(&["acc"], &["gap"], &[], &[]).unwrap();
    let costs = rows(SHEET.as_bytes(), &asked, b',').unwrap();
    let found = found(&costs, None, &asked, None).unwrap();
    assert_eq!(format!("{:?}", found.reference), "[0.7, 0.5]", "without 15 more digits");
    assert_eq!(found.outside, [4]);
}

#[test]
fn what_options_get_wrong_is_said() {
    let of = |max: &[&str], min: &[&str], reference: &[&str]| asked(max, min, reference, &[]);
    says(&of(&["acc"], &[], &[]), &["two objectives at least", "`acc` is one"]);
    says(&of(&["acc"], &["acc"], &[]), &["`acc` is named twice"]);
    says(&of(&["acc"], &["gap"], &["acc=0"]), &["--ref says nothing of `gap`"]);
    says(&of(&["acc"], &["gap"], &["acc=0", "gab=1"]), &["`gab` is no objective", "did you mean `gap`?"]);
    says(&of(&["acc"], &["gap"], &["acc=0", "gap=x"]), &["--ref gap=x", "`x` is no finite number"]);
    says(&of(&["acc"], &["gap"], &["acc=0", "gap"]), &["there is no `=`"]);
    says(&of(&["acc"], &["gap"], &["acc=0", "acc=1"]), &["`acc` is named twice"]);
    says(&asked(&["acc"], &["gap"], &[], &["acc=1:0", "gap=0:1"]), &["no two numbers, the lower first"]);
    says(
        &asked(&["acc"], &["gap"], &["acc=1", "gap=1"], &["acc=0:1", "gap=0:1"]),
        &["--ref acc=1", "not worse than the best end"],
    );
}

#[test]
fn what_files_get_wrong_is_said_with_the_line() {
    let asked = asked(&["acc"], &["gap"], &[], &[]).unwrap();
    let of = |text: &str| rows(text.as_bytes(), &asked, b',');
    says(&of(""), &["the file is empty"]);
    says(&of("acc,gap\n"), &["no rows"]);
    says(&of("Acc,gap\n1,1\n"), &["no column `acc`", "did you mean `Acc`?"]);
    says(&of("acc;gap\n1;1\n"), &["--separator ';'"]);
    says(&of("acc,gap\n1,1\n1,good\n"), &["line 3, column `gap`", "`good` is not a number"]);
    says(
        &of("acc,gap\n1,1\n\nNaN,1\n"),
        &["line 4, column `acc`", "`NaN` is not a number", "leave the row out"],
    );
    says(&of("acc,gap\n1,\n"), &["line 2, column `gap`", "empty"]);
    says(&of("acc,gap\ninf,1\n"), &["infinitely good"]);
    says(&of("acc,gap\n1\n"), &["line 2 has 1 fields", "2 columns"]);
    assert!(of("acc,gap\n-inf,1\n0.5,2\n").is_ok(), "infinitely bad is worse than any reference");
}

#[test]
fn a_reference_that_nothing_beats_is_refused() {
    let asked = asked(&["acc"], &["gap"], &["acc=0.95", "gap=1"], &[]).unwrap();
    let costs = rows(SHEET.as_bytes(), &asked, b',').unwrap();
    says(
        &found(&costs, None, &asked, None),
        &["no row is better than the reference acc=0.95, gap=1", "the best `acc` is 0.9", "below"],
    );
}

#[test]
fn another_set_is_measured_against() {
    let asked = asked(&["acc"], &["gap"], &[], &[]).unwrap();
    let of = |text: &str| rows(text.as_bytes(), &asked, b',').unwrap();
    let (new, old) = (of("acc,gap\n0.9,0.3\n"), of("acc,gap\n0.8,0.1\n0.9,0.4\n"));
    let found = found(&new, Some(&("old.csv".to_owned(), old)), &asked, None).unwrap();
    let against = found.against.unwrap();
    // The gap of the one row must fall by 0.2 to cover the first of the old; the second is covered.
    assert!((against.additive_epsilon - 0.2).abs() < 1e-12 && (against.igd_plus - 0.1).abs() < 1e-12);
    assert!((against.coverage.0 - 0.5).abs() < 1e-12 && against.coverage.1.abs() < 1e-12);
    assert_eq!(against.multiplicative_epsilon, None, "a cost of −0.9 has no factor");
}
