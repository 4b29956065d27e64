//! What security cost within each sweep, picked from the exchange rates for the answer in words.

use super::format;
use super::headline::point_list;
use super::view::View;
use crate::experiment::INTERPOLATED;
use crate::measure::{Direction, MetricKey};
use crate::pareto::exchange::{ArcRate, Course, Outcome};
use crate::pareto::{Objective, beats};
use crate::points::Point;
use crate::words::{decimal, telling_decimals};

/// Where a cost may lie that cannot be told itself: `≤ −0.50 or ≥ 0.13`.
pub(super) fn half_line(parts: &[(f64, f64)]) -> String {
    let ends: Vec<f64> = parts.iter().map(|(from, to)| if from.is_finite() { *from } else { *to }).collect();
    let digits = telling_decimals(&ends);
    let end = |(from, to): &(f64, f64)| {
        if from.is_finite() {
            format!("≥ {}", decimal(*from, digits))
        } else {
            format!("≤ {}", decimal(*to, digits))
        }
    };
    parts.iter().map(end).collect::<Vec<_>>().join(" or ")
}

/// What the widest step within each defense came to, defenses with the same answer together.
pub(super) fn within_each(view: &View, arcs: &[&ArcRate]) -> Option<String> {
    let mut answers: Vec<(String, Vec<String>)> = Vec::new();
    for arc in arcs {
        let happened = arc.happened();
        let position = answers.iter().position(|(answer, _)| *answer == happened).unwrap_or_else(|| {
            answers.push((happened, Vec::new()));
            answers.len() - 1
        });
        let (sweeps, sweep) = (&mut answers[position].1, view.sweep(arc.from));
        if !sweeps.contains(&sweep) {
            sweeps.push(sweep);
        }
    }
    let parts: Vec<String> =
        answers.iter().map(|(answer, sweeps)| format!("{answer} with {}", format::list(sweeps))).collect();
    let stops = if stops(view, arcs).is_some() {
        ", as far as it goes without being beaten at every objective by a strength of its own (to its end where its lowest beats all others)"
    } else {
        ""
    };
    (!parts.is_empty()).then(|| {
        format!(
            "Within a defense, along its strengths{stops}: {}. The table of exchange rates has every step.",
            parts.join("; ")
        )
    })
}

/// What the points of one sweep share: all but the strength.
fn sweep(point: &Point) -> (&str, &str, Vec<(&String, &String)>) {
    let rest = point.coordinates.iter().filter(|(name, _)| *name != "strength").collect();
    (&point.defense, &point.model, rest)
}

/// Whether validation rows were asked, and did not choose one of the ends: no price worth quoting, whatever the others.
fn was_passed_over(view: &View, arc: &ArcRate) -> bool {
    [arc.from, arc.to].into_iter().any(|point| view.was_passed_over(point))
}

/// Said where there are steps, and validation rows passed all of them over.
pub(super) fn unquoted(view: &View) -> Option<String> {
    let rates = &view.given.rates;
    let all = !rates.is_empty() && rates.iter().all(|arc| was_passed_over(view, arc));
    all.then(|| {
        "No price is quoted: of every step between strengths, validation rows passed over one end. The table of exchange rates has the steps all the same.".to_owned()
    })
}

/// Whether another point of the same sweep is at least as good at every objective and better at one. Other defenses do not count: what a
/// defense costs is between its own strengths, whoever else is better.
fn is_beaten(view: &View, point: usize) -> bool {
    let points = &view.given.points;
    let costs = |point: usize| -> Option<Vec<f64>> {
        let cost = |objective: &Objective| Some(objective.cost(view.value(point, &objective.key)?));
        view.given.front.objectives.iter().map(cost).collect()
    };
    let Some(own) = costs(point) else { return false };
    let rest = |point: &Point| {
        let mut rest = point.coordinates.clone();
        rest.retain(|name, _| name != "strength" && name != INTERPOLATED);
        rest
    };
    let competes = |other: &usize| {
        points[*other].degenerate.is_none()
            && view.competes(*other)
            && view.given.front.excluded.iter().all(|(excluded, _)| excluded != other)
    };
    (0..points.len())
        .filter(|other| *other != point && rest(&points[*other]) == rest(&points[point]))
        .filter(competes)
        .any(|other| costs(other).is_some_and(|other| beats(&other, &own)))
}

/// Why the widest arcs end before the highest strength, where they do.
pub(super) fn stops(view: &View, arcs: &[&ArcRate]) -> Option<String> {
    let points = &view.given.points;
    let beyond = |to: usize, arc: &&ArcRate| {
        sweep(&points[to]) == sweep(&points[arc.from]) && points[to].strength > points[arc.to].strength
    };
    let mut beaten: Vec<usize> = view
        .given
        .rates
        .iter()
        .map(|arc| arc.to)
        .filter(|&to| points[to].degenerate.is_none() && arcs.iter().any(|arc| beyond(to, arc)))
        .filter(|&to| is_beaten(view, to))
        .collect();
    beaten.sort_unstable();
    beaten.dedup();
    let of = if view.defenses.len() > 1 { "strength of the same defense" } else { "strength" };
    (!beaten.is_empty()).then(|| {
        format!(
            "No step to {} is quoted outside the table: another {of} is at least as good at every objective and better at one.",
            point_list(view, &beaten)
        )
    })
}

/// Of each exchange rate, whether it may be quoted: both ends work, validation rows passed over neither, and no other strength beats the far end on
/// every axis. That is no price worth quoting, where there are others.
pub(super) fn quoted(view: &View) -> Vec<bool> {
    let points = &view.given.points;
    let beaten: Vec<bool> = (0..points.len()).map(|point| is_beaten(view, point)).collect();
    let is_quoted = |arc: &ArcRate| {
        if points[arc.from].degenerate.is_some()
            || points[arc.to].degenerate.is_some()
            || was_passed_over(view, arc)
        {
            return false;
        }
        let is_rival = |other: &&ArcRate| {
            sweep(&points[other.from]) == sweep(&points[arc.from])
                && points[other.to].degenerate.is_none()
                && !was_passed_over(view, other)
        };
        !beaten[arc.to] || !view.given.rates.iter().filter(is_rival).any(|other| !beaten[other.to])
    };
    view.given.rates.iter().map(is_quoted).collect()
}

/// One arc per sweep and pair of axes: the widest that is [quoted]. Declared by the sweep, not picked by its outcome.
pub(super) fn widest_arcs(view: &View) -> Vec<&ArcRate> {
    let points = &view.given.points;
    let mut widest: Vec<&ArcRate> = Vec::new();
    for (arc, _) in view.given.rates.iter().zip(quoted(view)).filter(|(_, is_quoted)| *is_quoted) {
        let width = |arc: &ArcRate| points[arc.to].strength - points[arc.from].strength;
        let twin = widest.iter_mut().find(|other| {
            sweep(&points[other.from]) == sweep(&points[arc.from])
                && other.security == arc.security
                && other.safety == arc.safety
        });
        match twin {
            Some(other) if width(arc) > width(other) => *other = arc,
            Some(_) => {}
            None => widest.push(arc),
        }
    }
    widest
}

/// How far each sweep went without a measurable price: the widest arc from its lowest strength up to which no arc lost
/// safety beyond noise, where something was gained. Said only where [`widest_arcs`] does not say it.
pub(super) fn free_stretch(view: &View) -> Vec<String> {
    let (points, rates) = (&view.given.points, &view.given.rates);
    let told = widest_arcs(view);
    let strength = |arc: &ArcRate| points[arc.to].strength;
    let alike =
        |a: &ArcRate, b: &ArcRate| a.from == b.from && a.security == b.security && a.safety == b.safety;
    let is_free = |arc: &ArcRate| {
        let from_lowest = rates.iter().all(|other| other.to != arc.from);
        let works = points[arc.from].degenerate.is_none() && points[arc.to].degenerate.is_none();
        let mut before = rates.iter().filter(|other| alike(other, arc) && strength(other) <= strength(arc));
        from_lowest
            && works
            && !was_passed_over(view, arc)
            && matches!(arc.outcome, Outcome::WinWin | Outcome::NoPrice)
            // Nothing was bought where security did not rise.
            && Course::of(arc.security_change) == Course::Better
            && before.all(|other| Course::of(other.safety_change) != Course::Worse)
    };
    let free: Vec<&ArcRate> = rates.iter().filter(|arc| is_free(arc)).collect();
    let gain = |change, key: &MetricKey| {
        format::change_interval(in_own_units(change, view.direction(key)), view.unit(key))
    };
    free.iter()
        .filter(|arc| !free.iter().any(|other| alike(other, arc) && strength(other) > strength(arc)))
        .filter(|arc| !told.iter().any(|other| std::ptr::eq(*other, **arc)))
        .map(|arc| {
            format!(
                "{} up to {}: {} {}, {} {}.",
                format::capitalized(&arc.happened()),
                view.long_label(arc.to),
                view.metric_title(&arc.security),
                gain(arc.security_change, &arc.security),
                view.metric_title(&arc.safety),
                gain(arc.safety_change, &arc.safety),
            )
        })
        .collect()
}

/// A change for the better as a change of the metric itself: of less is better, a gain is a fall.
pub(super) fn in_own_units(
    (gain, interval): (f64, Option<(f64, f64)>),
    direction: Option<Direction>,
) -> (f64, Option<(f64, f64)>) {
    match direction {
        Some(Direction::Lower) => (-gain, interval.map(|(low, high)| (-high, -low))),
        _ => (gain, interval),
    }
}
