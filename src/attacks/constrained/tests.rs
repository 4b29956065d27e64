//! Every kind of constraint by hand: what is broken, what mending does, where penalties push.

use super::penalty::penalize;
use super::room::{Point, Room};
use super::{Constraint, Constraints};
use crate::attacks::ThreatModel;
use crate::data::{
    Bound, Direction, Domain, Feature, Formula, Members, Rule, Rules, Term, Threat, UNCONSTRAINED,
};
use crate::measure::Norm;

/// Columns `a`, `b`, `c`: whole numbers of offset 10 and scale 4; `r`: any number; `job`: one of three; `home`: one of two, immutable.
const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const R: usize = 3;
const JOB: usize = 4;

fn number(name: &str, domain: Domain, mutable: bool) -> Feature {
    let (offset, scale) = if domain == Domain::Integer { (10.0, 4.0) } else { (0.0, 1.0) };
    Feature { name: name.to_owned(), domain, mutable, lower: -2.5, upper: 5.0, offset, scale }
}

fn member(name: &str, block: usize) -> Feature {
    let name = name.to_owned();
    let domain = Domain::OneHot(block);
    Feature { name, domain, mutable: false, lower: 0.0, upper: 1.0, offset: 0.0, scale: 1.0 }
}

fn features() -> Vec<Feature> {
    vec![
        number("a", Domain::Integer, true),
        number("b", Domain::Integer, true),
        number("c", Domain::Integer, true),
        number("r", Domain::Continuous, true),
        member("job=chef", 0),
        member("job=cook", 0),
        member("job=poet", 0),
        member("home=flat", 1),
        member("home=tent", 1),
    ]
}

fn bound(name: &str, first: usize, count: usize, mutable: bool) -> Bound {
    let name = name.to_owned();
    Bound { name, first, count, category: count > 1, mutable, direction: None, budget: None, to: None }
}

fn columns() -> Vec<Bound> {
    vec![
        bound("a", 0, 1, true),
        bound("b", 1, 1, true),
        bound("c", 2, 1, true),
        bound("r", 3, 1, true),
        bound("job", 4, 3, true),
        bound("home", 7, 2, false),
    ]
}

fn constraints(relations: Vec<Formula>, change: impl FnOnce(&mut Vec<Bound>)) -> Constraints {
    let mut columns = columns();
    change(&mut columns);
    let relations =
        relations.into_iter().map(|formula| Rule { text: format!("{formula:?}"), formula }).collect();
    let threat = Threat { name: "test".to_owned(), why: String::new(), categories: 1, columns: None };
    let rules = Rules { columns, relations, threats: vec![threat] };
    Constraints::named("test", &features(), &rules).unwrap().unwrap()
}

fn plain() -> Constraints {
    constraints(Vec::new(), |_| ())
}

#[expect(clippy::unnecessary_box_returns, reason = "terms are made of boxes")]
fn column(number: usize) -> Box<Term> {
    Box::new(Term::Column(number))
}

#[expect(clippy::unnecessary_box_returns, reason = "terms are made of boxes")]
fn constant(number: f64) -> Box<Term> {
    Box::new(Term::Number(number))
}

fn sum_is_c() -> Formula {
    Formula::Equal(Term::Difference(column(C), Box::new(Term::Sum(column(A), column(B)))))
}

/// a · b ≤ `most`.
fn product_at_most(most: f64) -> Formula {
    Formula::AtMost(Term::Difference(Box::new(Term::Product(column(A), column(B))), constant(most)))
}

/// A ratio: c / a ≥ 2.
fn ratio_at_least_two() -> Formula {
    Formula::AtMost(Term::Difference(constant(2.0), Box::new(Term::Ratio(column(C), column(A)))))
}

fn not_poet() -> Formula {
    Formula::Is(JOB, Members { allowed: vec![true, true, false], none: true })
}

fn row(a: f64, b: f64, c: f64, r: f32, job: usize) -> Vec<f32> {
    let whole = |native: f64| ((native - 10.0) / 4.0) as f32;
    let mut row = vec![whole(a), whole(b), whole(c), r, 0.0, 0.0, 0.0, 1.0, 0.0];
    row[4 + job] = 1.0;
    row
}

fn threat(epsilon: f64, constraints: &Constraints) -> ThreatModel {
    ThreatModel::new(Norm::Linf, epsilon, constraints.features())
}

fn broken(constraints: &Constraints, epsilon: f64, clean: &[f32], point: &[f32]) -> Vec<(Constraint, f64)> {
    let threat = threat(epsilon, constraints);
    let violations = constraints.violations(&threat, clean, point);
    violations.into_iter().map(|violation| (violation.constraint, violation.by)).collect()
}

#[test]
fn every_constraint_is_told_by_name_and_amount() {
    let clean = row(4.0, 5.0, 9.0, 0.5, 0);
    let limited = || {
        constraints(vec![sum_is_c()], |columns| {
            columns[A].direction = Some(Direction::Up);
            columns[B].budget = Some(2.0);
        })
    };
    let change = |edit: &dyn Fn(&mut Vec<f32>)| {
        let mut point = clean.clone();
        edit(&mut point);
        point
    };
    let expect = |point: Vec<f32>, expected: &[(Constraint, f64)]| {
        let found = broken(&limited(), 0.5, &clean, &point);
        assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
        for ((constraint, by), (expected, amount)) in found.iter().zip(expected) {
            assert_eq!(constraint, expected);
            assert!(
                (by - amount).abs() < 1e-6 || by.is_infinite() && amount.is_infinite(),
                "{constraint:?}: {by} {amount}"
            );
        }
    };
    let name = |name: &str| name.to_owned();
    let sum = || Constraint::Relation(format!("{:?}", sum_is_c()));
    expect(clean.clone(), &[]);
    expect(row(5.0, 5.0, 10.0, 0.9, 1), &[]);
    expect(row(6.0, 7.0, 11.0, 0.5, 0), &[(sum(), 2.0)]);
    expect(row(3.0, 6.0, 9.0, 0.5, 0), &[(Constraint::Direction(name("a")), 1.0)]);
    expect(row(4.0, 8.0, 11.0, 0.5, 0), &[(Constraint::Budget(name("b")), 1.0), (sum(), 1.0)]);
    // c may move by 0.5 · 4 = 2.
    expect(row(6.0, 6.0, 12.0, 0.5, 0), &[(Constraint::Ball, 0.25)]);
    expect(change(&|x| x[3] = 1.25), &[(Constraint::Ball, 0.25)]);
    expect(change(&|x| x[0] = 4.4_f32.mul_add(0.25, -2.5)), &[(Constraint::Whole(name("a")), 0.4)]);
    expect(change(&|x| x[4] = 0.75), &[(Constraint::OneHot(name("job")), 0.25)]);
    expect(change(&|x| x[4] = 0.0), &[(Constraint::OneHot(name("job")), 1.0)]);
    expect(change(&|x| x[6] = 1.0), &[(Constraint::OneHot(name("job")), 1.0)]);
    expect(change(&|x| (x[7], x[8]) = (0.0, 1.0)), &[(Constraint::Immutable(name("home")), 1.0)]);
    expect(change(&|x| x[3] = f32::NAN), &[(Constraint::Finite(name("r")), f64::INFINITY)]);
    // Bounds: 5 in model input space, beyond the ball as well.
    let wide = constraints(Vec::new(), |_| ());
    let found = broken(&wide, 10.0, &clean, &change(&|x| x[3] = 5.5));
    assert_eq!(found, [(Constraint::Bounds(name("r")), 0.5)]);
    // Two categories where one may change.
    let two = constraints(Vec::new(), |columns| columns[5].mutable = true);
    let both = change(&|x| x[4..].copy_from_slice(&[0.0, 1.0, 0.0, 0.0, 1.0]));
    assert_eq!(broken(&two, 0.5, &clean, &both), [(Constraint::Categories, 1.0)]);
    // A job that nobody can change to, and a room without it.
    let cook_only = constraints(Vec::new(), |columns| {
        columns[JOB].to = Some(Members { allowed: vec![false, true, false], none: false });
    });
    let poet = row(4.0, 5.0, 9.0, 0.5, 2);
    assert_eq!(broken(&cook_only, 0.5, &clean, &poet), [(Constraint::Direction(name("job")), 1.0)]);
    assert_eq!(broken(&cook_only, 0.5, &clean, &row(4.0, 5.0, 9.0, 0.5, 1)), []);
    assert_eq!(enter(&cook_only, 0.5, &clean).others(&cook_only, JOB).collect::<Vec<_>>(), [1]);
    assert!(!enter(&cook_only, 0.5, &row(4.0, 5.0, 9.0, 0.5, 1)).free.contains(&JOB), "a cook stays one");
    // One that the clean row breaks by 3 must not be broken by more.
    let strict = constraints(vec![product_at_most(17.0)], |_| ());
    assert_eq!(broken(&strict, 1.0, &clean, &row(5.0, 4.0, 9.0, 0.5, 0)), []);
    let worse = broken(&strict, 1.0, &clean, &row(5.0, 5.0, 9.0, 0.5, 0));
    assert!(
        matches!(worse.as_slice(), [(Constraint::Relation(_), by)] if (by - 5.0).abs() < 1e-9),
        "{worse:?}"
    );
}

#[test]
fn what_f32_rounds_off_a_whole_number_is_no_violation_and_more_is() {
    let constraints = plain();
    let clean = row(4.0, 5.0, 9.0, 0.5, 0);
    for native in 0..30 {
        let point = row(f64::from(native), 5.0, 9.0, 0.5, 0);
        assert_eq!(broken(&constraints, 10.0, &clean, &point), [], "{native}");
        let mut off = point.clone();
        off[0] += 1e-3;
        let found = broken(&constraints, 10.0, &clean, &off);
        assert!(matches!(found.as_slice(), [(Constraint::Whole(_), _)]), "{native}: {found:?}");
    }
}

fn enter(constraints: &Constraints, epsilon: f64, clean: &[f32]) -> Room {
    let mut room = Room::default();
    room.enter(constraints, &threat(epsilon, constraints), clean);
    room
}

#[test]
fn a_room_has_the_whole_numbers_inside_ball_box_direction_and_budget() {
    let constraints = constraints(Vec::new(), |columns| {
        columns[A].direction = Some(Direction::Down);
        columns[B].budget = Some(1.5);
    });
    // The ball allows ±2 (0.55 · 4 = 2.2); the box begins at 10 − 2.5 · 4 = 0.
    let room = enter(&constraints, 0.55, &row(1.0, 5.0, 9.0, 0.5, 0));
    assert_eq!((room.low[A], room.high[A]), (0.0, 1.0));
    assert_eq!((room.low[B], room.high[B]), (4.0, 6.0));
    assert_eq!((room.low[C], room.high[C]), (7.0, 11.0));
    assert_eq!(room.free, [A, B, C, R, JOB]);
    // Exactly on the edge counts as inside: 0.5 · 4 = 2.
    let room = enter(&constraints, 0.5, &row(10.0, 5.0, 10.0, 0.5, 0));
    assert_eq!((room.low[C], room.high[C]), (8.0, 12.0));
    // Too small a ball for a whole step: nothing to move.
    let room = enter(&constraints, 0.2, &row(10.0, 5.0, 10.0, 0.5, 0));
    assert_eq!(room.free, [B, R, JOB]);
}

#[test]
fn finishing_rounds_towards_the_clean_value_and_keeps_the_leading_category() {
    let constraints = constraints(Vec::new(), |columns| columns[5].mutable = true);
    let room = enter(&constraints, 2.0, &row(10.0, 10.0, 10.0, 0.5, 0));
    // 12.9 → 12, 7.1 → 8, and job leads by 0.4, home by 0.3.
    let relaxed = [0.725, -0.725, 0.1, 0.7, 0.3, 0.7, 0.2, 0.4, 0.7];
    let mut point = Point::default();
    assert!(room.finish(&constraints, &threat(2.0, &constraints), &relaxed, &mut point));
    assert_eq!(point.native[..3], [12.0, 8.0, 10.0]);
    assert_eq!(point.x[3..], [0.7, 0.0, 1.0, 0.0, 1.0, 0.0]);
    let clean = row(10.0, 10.0, 10.0, 0.5, 0);
    assert!(room.finish(&constraints, &threat(2.0, &constraints), &clean, &mut point));
    assert_eq!(point.x, clean);
}

/// The relation, the clean row, the row asked for, and what mending makes of it.
#[test]
fn mending_changes_as_little_as_it_takes() {
    let any = |parts| Formula::Any(parts);
    let at_most = |number, most| Formula::AtMost(Term::Difference(column(number), constant(most)));
    for (formula, clean, asked, expected) in [
        // An equation: any column makes up for the other two by as much; the first one mentioned does.
        (sum_is_c(), [4.0, 5.0, 9.0, 0.0], [6.0, 5.0, 9.0, 0.0], [6.0, 5.0, 11.0, 0.0]),
        // A product: 6 · 4 = 24 > 20; 5 · 4 = 20 is nearest.
        (product_at_most(20.0), [4.0, 4.0, 9.0, 0.0], [6.0, 4.0, 9.0, 0.0], [5.0, 4.0, 9.0, 0.0]),
        // A ratio: 9 / 6 < 2; 9 / 4 is two steps away, 12 / 6 three.
        (ratio_at_least_two(), [4.0, 4.0, 9.0, 0.0], [6.0, 4.0, 9.0, 0.0], [4.0, 4.0, 9.0, 0.0]),
        // Or: b is two steps from 5, a four from 3.
        (
            any(vec![at_most(A, 3.0), at_most(B, 5.0)]),
            [3.0, 5.0, 9.0, 0.0],
            [7.0, 7.0, 9.0, 0.0],
            [7.0, 5.0, 9.0, 0.0],
        ),
        // And: both.
        (
            Formula::All(vec![at_most(A, 3.0), at_most(B, 5.0)]),
            [3.0, 5.0, 9.0, 0.0],
            [7.0, 7.0, 9.0, 0.0],
            [3.0, 5.0, 9.0, 0.0],
        ),
        // A category that must not be goes back.
        (not_poet(), [4.0, 4.0, 9.0, 1.0], [4.0, 4.0, 9.0, 2.0], [4.0, 4.0, 9.0, 1.0]),
        // Poets have a ≤ 4, else they are something else: undoing the job costs more than two steps of a quarter.
        (
            any(vec![not_poet(), at_most(A, 4.0)]),
            [4.0, 4.0, 9.0, 1.0],
            [6.0, 4.0, 9.0, 2.0],
            [4.0, 4.0, 9.0, 2.0],
        ),
    ] {
        let constraints = constraints(vec![formula.clone()], |_| ());
        let make = |[a, b, c, job]: [f64; 4]| row(a, b, c, 0.5, job as usize);
        let room = enter(&constraints, 2.0, &make(clean));
        let mut point = Point::default();
        point.decode(&constraints, &make(asked));
        assert!(!room.obeys(&constraints, &point), "{formula:?}");
        room.mend(&constraints, &mut point);
        assert!(room.obeys(&constraints, &point), "{formula:?}");
        assert_eq!(point.x, make(expected), "{formula:?}: {:?}", point.native);
    }
}

#[test]
fn what_cannot_be_mended_goes_back_to_the_clean_values() {
    // c is immutable and a · b = c² has no other whole solution in the ball.
    let square = Formula::Equal(Term::Difference(
        Box::new(Term::Product(column(A), column(B))),
        Box::new(Term::Product(column(C), column(C))),
    ));
    let constraints = constraints(vec![square], |columns| columns[C].mutable = false);
    let clean = row(7.0, 7.0, 7.0, 0.5, 0);
    let room = enter(&constraints, 0.5, &clean);
    let mut point = Point::default();
    point.decode(&constraints, &row(8.0, 7.0, 7.0, 0.9, 0));
    room.mend(&constraints, &mut point);
    assert_eq!(point.native[..3], [7.0, 7.0, 7.0]);
    assert!((point.x[R] - 0.9).abs() < 1e-7, "what the relation does not bind stays");
}

/// Penalties are distances: 2 off, at slopes of 4 (a native step is a quarter in model space) along two axes, is 2 / √32.
#[test]
fn penalties_are_distances_and_push_back_along_their_gradient() {
    let constraints = constraints(
        vec![Formula::AtMost(Term::Difference(Box::new(Term::Sum(column(A), column(B))), constant(10.0)))],
        |_| (),
    );
    let room = enter(&constraints, 2.0, &row(5.0, 5.0, 9.0, 0.5, 0));
    let mut point = Point::default();
    point.relax(&constraints, &row(6.5, 5.5, 9.0, 0.5, 0));
    let mut gradient = vec![0.0; 9];
    let size = penalize(&room, &constraints, &point, 3.0, &mut gradient);
    assert!((size - 2.0 / 32.0_f64.sqrt()).abs() < 1e-6, "{size}");
    let expected = -3.0 / 2.0_f32.sqrt();
    assert!((gradient[A] - expected).abs() < 1e-5 && (gradient[B] - expected).abs() < 1e-5, "{gradient:?}");
    assert!(gradient[2..].iter().all(|g| *g == 0.0));
    // Where it holds there is none.
    point.relax(&constraints, &row(4.0, 5.5, 9.0, 0.5, 0));
    let mut gradient = vec![0.0; 9];
    assert!(penalize(&room, &constraints, &point, 3.0, &mut gradient) <= 0.0);
    assert!(gradient.iter().all(|g| *g == 0.0));
}

#[test]
fn penalties_of_equations_alternatives_and_categories_push_to_the_nearest_way_out() {
    let push = |formula: Formula, point: Vec<f32>| {
        let constraints = constraints(vec![formula], |_| ());
        let room = enter(&constraints, 2.0, &row(4.0, 5.0, 9.0, 0.5, 0));
        let mut relaxed = Point::default();
        relaxed.relax(&constraints, &point);
        let mut gradient = vec![0.0; 9];
        let size = penalize(&room, &constraints, &relaxed, 1.0, &mut gradient);
        (size, gradient)
    };
    // c = a + b, one too small: up with c, down with a and b.
    let (size, gradient) = push(sum_is_c(), row(4.0, 5.0, 8.0, 0.5, 0));
    assert!((size - 1.0 / 48.0_f64.sqrt()).abs() < 1e-6);
    assert!(gradient[C] > 0.0 && gradient[A] < 0.0 && gradient[B] < 0.0);
    // a ≤ 4 or b ≤ 5 at (7, 6): b is nearer.
    let at_most = |number, most| Formula::AtMost(Term::Difference(column(number), constant(most)));
    let (size, gradient) =
        push(Formula::Any(vec![at_most(A, 4.0), at_most(B, 5.0)]), row(7.0, 6.0, 9.0, 0.5, 0));
    assert!((size - 0.25).abs() < 1e-6 && gradient[A] == 0.0 && gradient[B] < 0.0);
    // A poet by 0.6 over a cook by 0.3.
    let mut point = row(4.0, 5.0, 9.0, 0.5, 0);
    point[4..7].copy_from_slice(&[0.1, 0.3, 0.6]);
    let (size, gradient) = push(not_poet(), point);
    assert!((size - 0.3).abs() < 1e-6);
    assert_eq!(gradient[4..7], [0.0, 1.0, -1.0]);
}

#[test]
fn an_unknown_threat_model_is_answered_with_those_there_are() {
    let threat =
        |name: &str| Threat { name: name.to_owned(), why: String::new(), categories: 0, columns: None };
    let rules =
        Rules { columns: columns(), relations: Vec::new(), threats: vec![threat("numeric"), threat("all")] };
    let error = Constraints::named("numerics", &features(), &rules).unwrap_err();
    assert!(error.to_string().contains("did you mean `numeric`?"), "{error}");
    assert!(error.help_text().unwrap().contains("`numeric`, `all`, `unconstrained`"), "{error}");
    assert_eq!(Constraints::named(UNCONSTRAINED, &features(), &rules).unwrap(), None);
    let numeric = Constraints::named("numeric", &features(), &rules).unwrap().unwrap();
    assert_eq!(numeric.mutable().collect::<Vec<_>>(), ["a", "b", "c", "r"]);
}
