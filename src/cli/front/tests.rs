//! What files and options become.

use super::asked::Asked;
use super::read::{records, rows};
use super::work::{Found, NoKnee, Origin, found};
use crate::pareto::filter::Ties;
use crate::pareto::indicators::TABLE;

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn asked(max: &[&str], min: &[&str], reference: &[&str], bounds: &[&str]) -> crate::Result<Asked> {
    Asked::of(&texts(max), &texts(min), &texts(reference), &texts(bounds), Ties::Keep, &[])
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

/// The extent of the front is 0.1 and 0.2: the reference lies a tenth of it beyond 0.8 and 0.3.
#[test]
fn without_a_reference_there_is_one_beyond_the_front() {
    let asked = asked(&["acc"], &["gap"], &[], &[]).unwrap();
    let costs = rows(SHEET.as_bytes(), &asked, b',').unwrap();
    let found = found(&costs, None, &asked, None).unwrap();
    assert_eq!(format!("{:?}", found.reference), "[0.79, 0.32]", "without 15 more digits");
    assert_eq!((found.outside.as_slice(), found.origin), (&[4][..], Origin::Front(10)));
    // By hand: 0.11 · 0.02 and 0.01 · 0.2 more.
    assert!((found.hypervolume - (0.11 * 0.02 + 0.01 * 0.2)).abs() < 1e-12, "{}", found.hypervolume);
}

/// 21 evenly spread points on two axes are 20 divisions: 1 / 20 of the extent, as Ishibuchi and others have it.
#[test]
fn of_many_members_the_reference_is_nearer() {
    let asked = asked(&[], &["a", "b"], &[], &[]).unwrap();
    let lines: Vec<String> = (0..=20).map(|at| format!("{at},{}\n", 20 - at)).collect();
    let costs = rows(format!("a,b\n{}", lines.concat()).as_bytes(), &asked, b',').unwrap();
    let found = found(&costs, None, &asked, None).unwrap();
    assert_eq!((found.reference.as_slice(), found.origin), (&[21.0, 21.0][..], Origin::Front(20)));
}

/// The ends of the scales are worse than anything: they are the reference. By hand 0.79, as in the example above.
#[test]
fn bounds_are_the_reference_where_none_is_given() {
    let asked = asked(&["acc"], &["gap"], &[], &["acc=0:1", "gap=0:1"]).unwrap();
    let costs = rows(SHEET.as_bytes(), &asked, b',').unwrap();
    let found = found(&costs, None, &asked, None).unwrap();
    assert_eq!((found.reference.as_slice(), found.origin), (&[0.0, 1.0][..], Origin::Bounds));
    assert!((found.hypervolume - 0.79).abs() < 1e-12 && (found.share.unwrap() - 0.79).abs() < 1e-12);
}

/// By hand, up to the worst of the members, (1, 0.7): (0.2, 0.3) alone adds 0.4 · 0.4, (0.6, 0.1) alone 0.4 · 0.2. That the first stands twice changes nothing.
#[test]
fn a_row_that_stands_twice_is_a_knee_all_the_same() {
    let asked = asked(&[], &["a", "b"], &[], &["a=0:1", "b=0:1"]).unwrap();
    let once = "a,b\n0,0.7\n0.2,0.3\n0.6,0.1\n1,0\n";
    let twice = format!("{once}0.2,0.3\n");
    for text in [once, &twice] {
        let costs = rows(text.as_bytes(), &asked, b',').unwrap();
        let found = found(&costs, None, &asked, None).unwrap();
        let (_, knee) = found.knees.iter().find(|(definition, _)| definition.id == "contribution").unwrap();
        let knee = knee.as_ref().unwrap();
        assert!(knee.member == 1 && (knee.size - 0.16).abs() < 1e-12, "{text}: {knee:?}");
    }
}

#[test]
fn why_there_is_no_knee_is_said() {
    let of = |text: &str, min: &[&str], id: &str| -> NoKnee {
        let asked = asked(&[], min, &[], &[]).unwrap();
        let found = found(&rows(text.as_bytes(), &asked, b',').unwrap(), None, &asked, None).unwrap();
        let (_, knee) = found.knees.into_iter().find(|(definition, _)| definition.id == id).unwrap();
        knee.unwrap_err()
    };
    let straight = "a,b\n0,2\n1,1\n2,0\n";
    assert_eq!(
        of(straight, &["a", "b"], "chord"),
        NoKnee { defined: true, reason: "none stands out".into() }
    );
    for (text, min, id, part) in [
        ("a,b,c\n0,2,1\n1,1,1\n2,0,0\n", &["a", "b", "c"][..], "angle", "two objectives only"),
        ("a,b\n0,2\n1,1\n1,1\n", &["a", "b"], "chord", "three members that differ"),
        ("a,b\n0,2\n0,2\n", &["a", "b"], "kneedle", "the same `a`"),
        ("a,b\n0,inf\n1,1\n2,0\n", &["a", "b"], "contribution", "infinite"),
    ] {
        let said = of(text, min, id);
        assert!(!said.defined && said.reason.contains(part), "`{part}` is missing in: {said:?}");
    }
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
    let by = |by: &str| Asked::of(&texts(&["acc"]), &texts(&["gap"]), &[], &[], Ties::Keep, &texts(&[by]));
    says(&by("gap"), &["`gap` is an objective", "--by"]);
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
fn values_beyond_the_ends_of_a_scale_are_refused() {
    let asked = asked(&["acc"], &["gap"], &[], &["acc=0:1", "gap=0:1"]).unwrap();
    let of = |text: &str| rows(text.as_bytes(), &asked, b',');
    says(&of("acc,gap\n1,1\n1,2\n"), &["line 3, column `gap`: `2` lies outside --bounds gap=0:1"]);
    says(&of("acc,gap\n-0.1,1\n"), &["line 2, column `acc`: `-0.1` lies outside --bounds acc=0:1"]);
    assert!(of("acc,gap\n0,1\n1,0\n-inf,1\n").is_ok(), "the ends belong to it, and a failure is no value");
}

#[test]
fn a_reference_that_nothing_beats_leaves_the_members() {
    let asked = asked(&["acc"], &["gap"], &["acc=0.95", "gap=1"], &["acc=0:1", "gap=0:1"]).unwrap();
    let costs = rows(SHEET.as_bytes(), &asked, b',').unwrap();
    let found = found(&costs, None, &asked, None).unwrap();
    assert_eq!((found.members.as_slice(), found.outside.as_slice()), (&[0, 1, 3][..], &[0, 1, 2, 3, 4][..]));
    assert_eq!((found.hypervolume, found.share), (0.0, Some(0.0)));
    let said = found.unreached.unwrap();
    for part in ["no row is better than the reference acc=0.95, gap=1", "the best `acc` is 0.9", "below"] {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
}

/// Means by hand: a is (0.9, 0.2), b (0.7, 0.1) by rows in another order, c the same as b; d has a single row, which a dominates. The mean of 0.8, 0.7 and 0.6 comes out as
/// 0.7000000000000001, and c's gap is worse.
#[test]
fn replicates_compete_by_their_means() {
    let sheet = "name,seed,acc,gap\na,0,0.8,0.3\nb,0,0.7,0.1\nb,1,0.7,0.1\na,1,1.0,0.1\nb,2,0.7,0.1\nc,0,0.8,0.15\nc,1,0.7,0.15\nc,2,0.6,0.15\nd,0,0.9,0.4\n";
    let mut asked = asked(&["acc"], &["gap"], &["acc=0", "gap=1"], &[]).unwrap();
    asked.by = texts(&["name"]);
    let read = rows(sheet.as_bytes(), &asked, b',').unwrap();
    assert_eq!((read.first.as_slice(), read.counts.as_slice()), (&[0, 1, 5, 8][..], &[2, 3, 3, 1][..]));
    let found = found(&read, None, &asked, None).unwrap();
    assert_eq!((found.rows, found.configurations), (9, 4));
    assert_eq!((found.members.as_slice(), found.counts.as_slice()), (&[0, 1][..], &[2, 3][..]));
    // c equals b but for its gap: rounding does not make it a member.
    assert_eq!(found.dominated, [(5, 1), (8, 0)]);
    assert_eq!(found.replicates, (1, 3));
    for (own, expected) in found.values.iter().flatten().zip([0.9, 0.2, 0.7, 0.1]) {
        assert!((own - expected).abs() < 1e-12, "{:?}", found.values);
    }
    // 0.9 · 0.8 + 0.7 · 0.1.
    assert!((found.hypervolume - 0.79).abs() < 1e-12, "{}", found.hypervolume);
}

#[test]
fn another_set_is_measured_against() {
    let asked = asked(&["acc"], &["gap"], &[], &[]).unwrap();
    let of = |text: &str| rows(text.as_bytes(), &asked, b',').unwrap();
    let (new, old) = (of("acc,gap\n0.9,0.3\n"), of("acc,gap\n0.8,0.1\n0.9,0.4\n"));
    let old = ("old.csv".to_owned(), old);
    let near = |found: &Found, expected: &[(&str, f64, f64)]| {
        let against = &found.against.as_ref().unwrap().indicators;
        assert_eq!(against.len(), TABLE.len());
        for (id, this, other) in expected {
            let (_, a, b) = against.iter().find(|(indicator, ..)| indicator.id == *id).unwrap();
            for (found, expected) in [(a, this), (b, other)] {
                assert!(
                    (found.as_ref().unwrap() - expected).abs() < 1e-12,
                    "{id}: {found:?}, not {expected}"
                );
            }
        }
    };
    // The gap of the one row must fall by 0.2 to cover the first of the old; the second is covered. The other way round the accuracy of the first must rise by 0.1, or the gap of the second fall
    // by 0.1. As factors: of 0.3 / 0.1, and of 0.9 / 0.8 or 0.4 / 0.3.
    let said = found(&new, Some(&old), &asked, None).unwrap();
    near(
        &said,
        &[
            ("additive_epsilon", 0.2, 0.1),
            ("multiplicative_epsilon", 3.0, 1.125),
            ("igd_plus", 0.1, 0.1),
            ("coverage", 0.5, 0.0),
        ],
    );
    // Gap in halves of the scale: 0.2 is 0.4 of it. R2 from (1, 0): the row costs max(0.1 w, 0.6 (1 − w)), whose mean is
    // 0.6 (6/7 − (6/7)² / 2) + 0.05 (1 − (6/7)²) = 0.3 (48/49) + 0.05 (13/49) = 15.05 / 49.
    let asked = self::asked(&["acc"], &["gap"], &["acc=0", "gap=0.5"], &["acc=0:1", "gap=0:0.5"]).unwrap();
    let said = found(&new, Some(&old), &asked, None).unwrap();
    near(
        &said,
        &[
            ("additive_epsilon", 0.4, 0.1),
            ("igd_plus", 0.2, 0.1),
            ("multiplicative_epsilon", 3.0, 1.125),
            ("hypervolume", 0.9 * 0.2, 0.9 * 0.1 + 0.8 * 0.3),
        ],
    );
    let r2 = said.against.as_ref().unwrap().indicators.iter().find(|(indicator, ..)| indicator.id == "r2");
    assert!((r2.unwrap().1.as_ref().unwrap() - 15.05 / 49.0).abs() < 1e-12, "{r2:?}");
    // A factor of what is not above 0 there is none, and it is said why.
    let none = ("none.csv".to_owned(), of("acc,gap\n0,0.1\n"));
    let said = found(&new, Some(&none), &asked, None).unwrap();
    let factor = &said.against.as_ref().unwrap().indicators;
    let (_, this, _) =
        factor.iter().find(|(indicator, ..)| indicator.id == "multiplicative_epsilon").unwrap();
    assert!(this.as_ref().unwrap_err().contains("a value of 0 has no factor"), "{this:?}");
}

/// The reference is short even where powers of ten are no numbers, and no volume is stated that is none.
#[test]
fn numbers_at_the_end_of_their_range() {
    let asked = asked(&["a", "b"], &[], &[], &[]).unwrap();
    let of = |text: &str| rows(text.as_bytes(), &asked, b',').unwrap();
    says(
        &found(&of("a,b\n1e200,1e200\n1e199,2e200\n"), None, &asked, None),
        &["hypervolume is beyond the range of numbers", "other units"],
    );
    let large = found(&of("a,b\n1e100,1e100\n1e99,2e100\n"), None, &asked, None).unwrap();
    // A tenth of the extents 9e99 and 1e100 beyond 1e99 and 1e100.
    assert_eq!(large.reference, [1e98, 9e99]);
    assert!(large.hypervolume.is_finite());
    let far = "a,b\n1e308,-1e308\n-1e308,1e308\n";
    says(&found(&of(far), None, &asked, None), &["reference", "number", "other units"]);
    let mut given = asked.clone();
    given.reference = Some(vec![-1.5e308, -1.5e308]);
    says(&found(&of(far), None, &given, None), &["hypervolume is beyond the range of numbers"]);
}
