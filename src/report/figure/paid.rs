//! What security cost over the widest step of every sweep, as the title of a figure.

use crate::measure::{Direction, MetricKey};
use crate::pareto::exchange::{ArcRate, Course, Outcome, Rate};
use crate::report::format;
use crate::report::prices::in_own_units;
use crate::report::view::View;
use crate::words::{decimal, telling_decimals};

/// More than these are counted.
const NAMED: usize = 3;

/// A price that can be stated: the cost in what people count, and the same in words with its interval.
struct Price<'a> {
    arc: &'a ArcRate,
    cost: f64,
    words: String,
}

/// The prices among `arcs`, as costs: positive where security was paid for.
fn prices<'a>(view: &View, arcs: &[&'a ArcRate]) -> Vec<Price<'a>> {
    let one = |arc: &'a ArcRate| {
        let scale = view.unit(&arc.safety).per(view.unit(&arc.security));
        match (arc.rate.cost(), arc.outcome) {
            (Rate::Bounded { rate, low, high }, Outcome::Price) => {
                let [cost, low, high] = [rate, low, high].map(|x| scale * x);
                Some(Price { arc, cost, words: interval(cost, low, high) })
            }
            _ => None,
        }
    };
    arcs.iter().filter_map(|arc| one(arc)).collect()
}

/// `0.08 [0.05, 0.12]`, with decimals enough to tell its ends from 0.
pub(super) fn interval(cost: f64, low: f64, high: f64) -> String {
    let digits = telling_decimals(&[cost, low, high]);
    let [cost, low, high] = [cost, low, high].map(|x| decimal(x, digits));
    format!("{cost} [{low}, {high}]")
}

/// `a point of robust accuracy`: what was bought.
fn bought(view: &View, security: &MetricKey) -> String {
    let (_, one, _) = view.unit(security).counted();
    let less = if view.direction(security) == Some(Direction::Lower) { " less" } else { "" };
    format!("a {one}{less} of {}", view.metric_title(security))
}

/// `cost 0.08 points of clean accuracy`, or `raised the gap by 0.08 points`.
fn cost(view: &View, safety: &MetricKey, amount: &str) -> String {
    let (_, _, several) = view.unit(safety).counted();
    let name = view.metric_title(safety);
    match view.direction(safety) {
        Some(Direction::Lower) => format!("raised {name} by {amount} {several}"),
        _ => format!("cost {amount} {several} of {name}"),
    }
}

/// `from strength 0 to 0.2`, or ``from `ibp` 0.05 to 0.1``.
fn step(view: &View, arc: &ArcRate) -> String {
    format!("from {} to {}", view.long_label(arc.from), view.plain_strength(arc.to))
}

/// What the widest steps came to: prices with their intervals where any can be stated, else what happened.
pub(super) fn title(view: &View, widest: &[&ArcRate]) -> String {
    let prices = prices(view, widest);
    let text = match (prices.as_slice(), widest) {
        (_, []) => "no step between strengths is quoted".to_owned(),
        ([], [arc]) if Course::of(arc.security_change) != Course::Worse => {
            format!("{}: {}", step(view, arc), arc.happened())
        }
        ([], _) => unpaid(view, widest),
        ([one], _) => {
            let what =
                format!("{} {}", bought(view, &one.arc.security), cost(view, &one.arc.safety, &one.words));
            format!("{}, {what}{}", step(view, one.arc), rest(view, widest, &prices))
        }
        (all, _) => several(view, widest, all),
    };
    format::capitalized(&text)
}

/// The same of these steps where any has a price.
pub(super) fn priced<'a>(view: &View, steps: impl Iterator<Item = &'a ArcRate>) -> Option<String> {
    let steps: Vec<&ArcRate> = steps.collect();
    (!prices(view, &steps).is_empty()).then(|| title(view, &steps))
}

fn several(view: &View, widest: &[&ArcRate], prices: &[Price<'_>]) -> String {
    let first = prices[0].arc;
    let share_axes = |arc: &ArcRate| arc.security == first.security && arc.safety == first.safety;
    let share_step =
        |arc: &ArcRate| (arc.from, arc.to) == (first.from, first.to) && arc.security == first.security;
    let sweep = |arc: &ArcRate| view.sweep(arc.from);
    let by_cost = |a: &&Price<'_>, b: &&Price<'_>| a.cost.total_cmp(&b.cost);
    let is_raised = view.direction(&first.safety) == Some(Direction::Lower);
    let bought = bought(view, &first.security);
    if prices.iter().all(|price| share_axes(price.arc)) {
        if let [a, b] = prices {
            let more = if is_raised { format!("by {}", b.words) } else { b.words.clone() };
            let paid = cost(view, &first.safety, &a.words);
            let (one, other) = (sweep(a.arc), sweep(b.arc));
            return format!(
                "{bought} {paid} with {one} and {more} with {other}{}",
                rest(view, widest, prices)
            );
        }
        if let (Some(least), Some(most)) = (prices.iter().min_by(by_cost), prices.iter().max_by(by_cost)) {
            let amount =
                format!("{} ({}) to {} ({})", least.words, sweep(least.arc), most.words, sweep(most.arc));
            let amount = if is_raised { amount } else { format!("from {amount}") };
            return format!("{bought} {}, where a price can be stated", cost(view, &first.safety, &amount));
        }
    }
    if prices.len() <= NAMED && prices.iter().all(|price| share_step(price.arc)) {
        let parts: Vec<String> =
            prices.iter().map(|price| cost(view, &price.arc.safety, &price.words)).collect();
        let parts = format::list(&parts);
        return format!("{}, {bought} {parts}{}", step(view, first), rest(view, widest, prices));
    }
    format!(
        "security had a measurable price in {} of {}",
        prices.len(),
        format::count(widest.len(), "widest step")
    )
}

/// What the widest steps without a price came to, behind a sentence about those that have one.
fn rest(view: &View, widest: &[&ArcRate], prices: &[Price<'_>]) -> String {
    let others: Vec<&ArcRate> = widest
        .iter()
        .copied()
        .filter(|arc| !prices.iter().any(|price| std::ptr::eq(price.arc, *arc)))
        .collect();
    let Some(first) = others.first() else { return String::new() };
    let differ_in_sweep = widest.iter().any(|arc| view.sweep(arc.from) != view.sweep(widest[0].from));
    let differ_in_axes =
        widest.iter().any(|arc| arc.safety != first.safety || arc.security != first.security);
    let alike = others.iter().all(|arc| arc.happened() == first.happened());
    let whose = |arc: &&ArcRate| match (differ_in_sweep, differ_in_axes) {
        (true, false) => Some(view.sweep(arc.from)),
        (false, true) if arc.security == first.security => Some(view.metric_title(&arc.safety)),
        _ => None,
    };
    let names: Option<Vec<String>> = others.iter().map(whose).collect();
    match names {
        Some(names) if alike && names.len() <= NAMED => {
            let preposition = if differ_in_sweep { "with" } else { "in" };
            format!("; {preposition} {} {}", format::list(&names), first.happened())
        }
        _ => format!("; the {} other widest steps have no measurable price", others.len()),
    }
}

/// What happened where no price can be stated.
fn unpaid(view: &View, widest: &[&ArcRate]) -> String {
    let first = widest[0];
    let is_one_step = widest
        .iter()
        .all(|arc| (arc.from, arc.to) == (first.from, first.to) && arc.security == first.security);
    if is_one_step && Course::of(first.security_change) == Course::Worse {
        let change = in_own_units(first.security_change, view.direction(&first.security));
        let change = format::change_interval(change, view.unit(&first.security));
        let name = view.metric_title(&first.security);
        return format!("{}, no security was gained: {name} {change}", step(view, first));
    }
    let mut groups: Vec<(String, usize)> = Vec::new();
    for arc in widest {
        let happened = arc.happened();
        match groups.iter_mut().find(|(other, _)| *other == happened) {
            Some((_, count)) => *count += 1,
            None => groups.push((happened, 1)),
        }
    }
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    match groups.as_slice() {
        [(happened, _)] if is_one_step => format!("{}: {happened}", step(view, first)),
        [(happened, all)] => format!("in all {all} widest steps {happened}"),
        several => {
            let parts: Vec<String> =
                several.iter().map(|(happened, count)| format!("in {count} {happened}")).collect();
            format!(
                "no price can be stated in any of {} widest steps: {}",
                widest.len(),
                format::list(&parts)
            )
        }
    }
}
