//! The formulas behind the share-type metrics, written once for clean and attacked outputs.
//!
//! A class or group without rows has no share: it is left out of a smallest, a largest or a mean (the
//! reading then carries a note), and its own value is undefined with a reason that names it.

use super::counts::{Context, View};
use crate::measure::Value;
use crate::words;

fn share(part: f64, whole: f64, undefined: impl FnOnce() -> String) -> Value {
    if whole > 0.0 { Value::Defined(part / whole) } else { Value::Undefined(undefined()) }
}

/// Smallest and largest of the defined shares, and how many there are.
fn extremes(shares: impl Iterator<Item = (f64, f64)>) -> (f64, f64, usize) {
    let defined = shares.filter(|(_, whole)| *whole > 0.0).map(|(part, whole)| part / whole);
    defined.fold((f64::INFINITY, f64::NEG_INFINITY, 0), |(low, high, n), x| (low.min(x), high.max(x), n + 1))
}

fn smallest(shares: impl Iterator<Item = (f64, f64)>, undefined: impl FnOnce() -> String) -> Value {
    let (low, _, n) = extremes(shares);
    if n > 0 { Value::Defined(low) } else { Value::Undefined(undefined()) }
}

fn gap(shares: impl Iterator<Item = (f64, f64)>, undefined: impl FnOnce() -> String) -> Value {
    let (low, high, n) = extremes(shares);
    if n > 1 { Value::Defined(high - low) } else { Value::Undefined(undefined()) }
}

fn classes<'a>(c: &'a Context<'_>, view: View) -> impl Iterator<Item = (f64, f64)> + 'a {
    (0..c.classes()).map(move |class| (c.class_good(view, class), c.class_rows(class)))
}

fn groups<'a>(c: &'a Context<'_>, view: View) -> impl Iterator<Item = (f64, f64)> + 'a {
    (0..c.groups()).map(move |group| (c.group_good(view, group), c.group_rows(group)))
}

fn member(c: &Context<'_>) -> usize {
    c.member.expect("a metric about one class or group is given it")
}

fn attribute_name<'a>(c: &Context<'a>) -> &'a str {
    &c.facts.attributes[c.attribute.expect("a group metric is given an attribute")].name
}

/// Share of good rows.
pub(super) fn accuracy(c: &Context<'_>, view: View) -> Value {
    share(c.good(view), c.rows(), || "there are no rows".to_owned())
}

/// Mean over classes of the share of good rows.
pub(super) fn balanced_accuracy(c: &Context<'_>, view: View) -> Value {
    let (mut sum, mut n) = (0.0, 0.0);
    for (part, whole) in classes(c, view).filter(|(_, whole)| *whole > 0.0) {
        sum += part / whole;
        n += 1.0;
    }
    share(sum, n, || "there are no rows".to_owned())
}

/// Smallest share of good rows of any class.
pub(super) fn worst_class(c: &Context<'_>, view: View) -> Value {
    smallest(classes(c, view), || "there are no rows".to_owned())
}

/// Largest minus smallest share of good rows of any class.
pub(super) fn class_gap(c: &Context<'_>, view: View) -> Value {
    gap(classes(c, view), || "fewer than two classes have rows".to_owned())
}

/// Share of good rows of one class.
pub(super) fn one_class(c: &Context<'_>, view: View) -> Value {
    let class = member(c);
    share(c.class_good(view, class), c.class_rows(class), || format!("{} has no rows", c.class_name(class)))
}

/// Smallest share of good rows of any group.
pub(super) fn worst_group(c: &Context<'_>, view: View) -> Value {
    smallest(groups(c, view), || format!("no group of `{}` has rows", attribute_name(c)))
}

/// Largest minus smallest share of good rows of any group.
pub(super) fn group_gap(c: &Context<'_>, view: View) -> Value {
    gap(groups(c, view), || format!("fewer than two groups of `{}` have rows", attribute_name(c)))
}

/// Share of good rows of one group.
pub(super) fn one_group(c: &Context<'_>, view: View) -> Value {
    let group = member(c);
    share(c.group_good(view, group), c.group_rows(group), || format!("{} has no rows", c.group_name(group)))
}

fn selected(c: &Context<'_>, view: View, group: usize) -> f64 {
    c.hits(view, group) + c.false_alarms(view, group)
}

/// Share of a group's rows that are predicted positive.
pub(super) fn selection(c: &Context<'_>, view: View) -> Value {
    let group = member(c);
    share(selected(c, view, group), c.group_rows(group), || format!("{} has no rows", c.group_name(group)))
}

/// Share of a group's positives that are predicted positive.
pub(super) fn true_positives(c: &Context<'_>, view: View) -> Value {
    let group = member(c);
    share(c.hits(view, group), c.positives(group), || {
        format!("{} has no rows of the positive class", c.group_name(group))
    })
}

/// Share of a group's negatives that are predicted positive.
pub(super) fn false_positives(c: &Context<'_>, view: View) -> Value {
    let group = member(c);
    share(c.false_alarms(view, group), c.negatives(group), || {
        format!("{} has no rows outside the positive class", c.group_name(group))
    })
}

/// Largest minus smallest selection rate of any group.
pub(super) fn parity(c: &Context<'_>, view: View) -> Value {
    gap(selections(c, view), || format!("fewer than two groups of `{}` have rows", attribute_name(c)))
}

fn selections<'a>(c: &'a Context<'_>, view: View) -> impl Iterator<Item = (f64, f64)> + 'a {
    (0..c.groups()).map(move |group| (selected(c, view, group), c.group_rows(group)))
}

/// Smallest over largest selection rate of any group.
pub(super) fn parity_ratio(c: &Context<'_>, view: View) -> Value {
    match extremes(selections(c, view)) {
        (_, _, 0 | 1) => {
            Value::Undefined(format!("fewer than two groups of `{}` have rows", attribute_name(c)))
        }
        (_, high, _) if high <= 0.0 => Value::undefined("no positive predictions in any group"),
        (low, high, _) => Value::Defined(low / high),
    }
}

/// Largest minus smallest true positive rate of any group.
pub(super) fn opportunity(c: &Context<'_>, view: View) -> Value {
    gap((0..c.groups()).map(|g| (c.hits(view, g), c.positives(g))), || without(c, "of", |g| c.positives(g)))
}

fn without(c: &Context<'_>, which: &str, count: impl Fn(usize) -> f64) -> String {
    let missing: Vec<String> =
        (0..c.groups()).filter(|g| count(*g) <= 0.0).map(|g| c.group_name(g)).collect();
    let none = if missing.is_empty() { String::new() } else { format!("; none in {}", missing.join(", ")) };
    match c.groups() {
        groups @ (0 | 1) => {
            format!("`{}` has {}, and a gap is between two", attribute_name(c), words::count(groups, "group"))
        }
        _ => format!("fewer than two groups have rows {which} the positive class{none}"),
    }
}

/// The gaps in true and in false positive rates, joined.
pub(super) fn odds(c: &Context<'_>, view: View, join: fn(f64, f64) -> f64) -> Value {
    let false_gap = gap((0..c.groups()).map(|g| (c.false_alarms(view, g), c.negatives(g))), || {
        without(c, "outside", |g| c.negatives(g))
    });
    match (opportunity(c, view), false_gap) {
        (Value::Defined(t), Value::Defined(f)) => Value::Defined(join(t, f)),
        (Value::Undefined(reason), _) | (_, Value::Undefined(reason)) => Value::Undefined(reason),
    }
}

/// The first of two groups' rate minus the second's.
pub(super) fn signed(c: &Context<'_>, rate: fn(&Context<'_>) -> Value) -> Value {
    let of = |group: usize| rate(&Context { member: Some(group), ..*c });
    match (of(0), of(1)) {
        (Value::Defined(a), Value::Defined(b)) => Value::Defined(a - b),
        (Value::Undefined(reason), _) | (_, Value::Undefined(reason)) => Value::Undefined(reason),
    }
}

/// Share of a group's rows that are right without attack and fall under it.
pub(super) fn group_fallen(c: &Context<'_>) -> Value {
    let group = member(c);
    let lost = c.group_good(View::Clean, group) - c.group_good(View::FirstSuccess, group);
    share(lost, c.group_rows(group), || format!("{} has no rows", c.group_name(group)))
}

/// Largest minus smallest share of any group's rows that are right without attack and fall under it.
pub(super) fn fallen_gap(c: &Context<'_>) -> Value {
    let lost = |g: usize| c.group_good(View::Clean, g) - c.group_good(View::FirstSuccess, g);
    let rates = (0..c.groups()).map(|g| (lost(g), c.group_rows(g)));
    gap(rates, || format!("fewer than two groups of `{}` have rows", attribute_name(c)))
}

/// Share of rows that are correct without attack and fall under it.
pub(super) fn fallen(c: &Context<'_>) -> Value {
    let lost = c.good(View::Clean) - c.good(View::FirstSuccess);
    share(lost, c.rows(), || "there are no rows".to_owned())
}

/// Share of the correctly classified rows that still stand under attack.
pub(super) fn kept(c: &Context<'_>) -> Value {
    share(c.good(View::FirstSuccess), c.good(View::Clean), || "no row is classified correctly".to_owned())
}
