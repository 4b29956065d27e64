//! The answer in words. Every sentence is computed from the numbers; none presumes a direction.

use crate::measure::{Direction, MetricKey};
use crate::pareto::exchange::{ArcRate, Change, Course, Outcome};
use crate::points::Point;
use crate::stats::SEEDS_FOR_A_VERDICT;

use super::checks;
use super::format;
use super::view::View;

/// The sentences, the most important first.
pub(super) fn sentences(view: &View) -> Vec<String> {
    let mut all = view.given.warnings.clone();
    all.extend(checks::headlines(view));
    let arcs = widest_arcs(view);
    let told = arcs.iter().map(|arc| {
        if view.defenses.len() > 1 && !arc.sentence.contains(&arc.defense) {
            format!("{}: {}", arc.defense, with_stop(&arc.sentence))
        } else {
            with_stop(&arc.sentence)
        }
    });
    all.extend(told);
    all.extend(free_stretch(view));
    all.extend(worst_off(view, &arcs));
    all.push(front(view));
    all.extend(best(view));
    all.push(collapse(view));
    all.extend(failures(view));
    all
}

fn with_stop(sentence: &str) -> String {
    let sentence = format::capitalized(sentence.trim());
    if sentence.ends_with(['.', '!', '?']) { sentence } else { format!("{sentence}.") }
}

/// What the points of one sweep share: all but the strength.
fn sweep(point: &Point) -> (&str, &str, Vec<(&String, &String)>) {
    let rest = point.coordinates.iter().filter(|(name, _)| *name != "strength").collect();
    (&point.defense, &point.model, rest)
}

/// One arc per sweep and pair of axes: the widest whose ends both work. Declared by the sweep, not picked by its outcome.
pub(super) fn widest_arcs(view: &View) -> Vec<&ArcRate> {
    let points = &view.given.points;
    let mut widest: Vec<&ArcRate> = Vec::new();
    // A step to a point that another beats on every axis is no price worth quoting, where there are others.
    let is_beaten = |point: usize| view.given.front.dominated.iter().any(|(beaten, _)| *beaten == point);
    let ends_well = |arc: &&ArcRate| !is_beaten(arc.to);
    for arc in &view.given.rates {
        if points[arc.from].degenerate.is_some() || points[arc.to].degenerate.is_some() {
            continue;
        }
        let rivals = view.given.rates.iter().filter(|other| {
            sweep(&points[other.from]) == sweep(&points[arc.from]) && points[other.to].degenerate.is_none()
        });
        if is_beaten(arc.to) && rivals.clone().any(|other| ends_well(&other)) {
            continue;
        }
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
fn free_stretch(view: &View) -> Vec<String> {
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
            && matches!(arc.outcome, Outcome::WinWin | Outcome::NoPrice)
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
fn in_own_units(
    (gain, interval): (f64, Option<(f64, f64)>),
    direction: Option<Direction>,
) -> (f64, Option<(f64, f64)>) {
    match direction {
        Some(Direction::Lower) => (-gain, interval.map(|(low, high)| (-high, -low))),
        _ => (gain, interval),
    }
}

/// What the step of the first headline meant for the worst-off class and group.
fn worst_off(view: &View, arcs: &[&ArcRate]) -> Option<String> {
    let arc = arcs.first()?;
    let mut parts = Vec::new();
    for key in view.keys().iter().filter(|key| key.attack.is_none()) {
        if !matches!(key.id.as_str(), "worst_class_accuracy" | "worst_group_accuracy") {
            continue;
        }
        if let (Some(before), Some(after)) = (view.value(arc.from, key), view.value(arc.to, key)) {
            let (before, after) = (format::number(before), format::number(after));
            parts.push(format!("{} went from {before} to {after}", view.metric_title(key)));
        }
    }
    let step = format!("From {} to {}", view.long_label(arc.from), view.labels[arc.to]);
    (!parts.is_empty()).then(|| format!("{step}, {}.", format::list(&parts)))
}

fn front(view: &View) -> String {
    let front = &view.given.front;
    let axes: Vec<String> = front.objectives.iter().map(|o| view.title(&o.key)).collect();
    let axes = format::list(&axes);
    let all = competing(view);
    let seeds = if front.seeds > 0 && front.seeds < SEEDS_FOR_A_VERDICT {
        format!(
            " That is a statement about {}, not about seeds in general.",
            if front.seeds == 1 {
                "this one seed".to_owned()
            } else {
                format!("these {} seeds", front.seeds)
            }
        )
    } else {
        String::new()
    };
    match front.members.as_slice() {
        [] => format!("No point is on the front of {axes}: all {all} were left out."),
        [only] if all == 1 => {
            format!("Only {} was judged, so there is nothing to trade.", view.long_label(*only))
        }
        [only] => format!(
            "{} is at least as good as every other point at {axes} all at once: among these points nothing has to be given up.{seeds}",
            format::capitalized(&view.long_label(*only)),
        ),
        members => format!(
            "On the front of {axes} are {} of {}: {}.{seeds}",
            members.len(),
            format::count(all, "point"),
            point_list(view, members),
        ),
    }
}

/// Points that were judged for the front.
fn competing(view: &View) -> usize {
    (0..view.given.points.len()).filter(|&point| view.competes(point)).count()
}

/// `strengths 0.05, 0.1 and 0.2`, with several defenses `trades (0.1, 0.2)`; long lists are cut.
pub(super) fn point_list(view: &View, points: &[usize]) -> String {
    const LONGEST: usize = 8;
    let names: Vec<&str> = view.varying.iter().map(|(name, _)| name.as_str()).collect();
    if names == ["defense", "strength"] {
        let parts: Vec<String> = view
            .defenses
            .iter()
            .filter_map(|defense| {
                let own = points.iter().filter(|&&point| view.given.points[point].defense == *defense);
                let mut strengths: Vec<String> = own.map(|&p| view.varying[1].1[p].clone()).collect();
                if strengths.len() > LONGEST {
                    let more = strengths.len() - LONGEST + 1;
                    strengths.truncate(LONGEST - 1);
                    strengths.push(format!("{more} more"));
                }
                (!strengths.is_empty()).then(|| format!("{defense} ({})", strengths.join(", ")))
            })
            .collect();
        return format::list(&parts);
    }
    let simple = points.iter().all(|&point| view.is_named_by_strength(point));
    let mut names: Vec<String> =
        points.iter().take(LONGEST).map(|&point| view.labels[point].clone()).collect();
    if points.len() > LONGEST {
        names.push(format!("{} more", points.len() - LONGEST));
    }
    let names = format::list(&names);
    match (simple, points.len()) {
        (true, 1) => format!("strength {names}"),
        (true, _) => format!("strengths {names}"),
        (false, _) => names,
    }
}

/// The working point with the best mean at `key`; the first of equals.
pub(super) fn best_point(view: &View, key: &MetricKey) -> Option<usize> {
    let direction = view.direction(key)?;
    let mut best: Option<(f64, usize)> = None;
    for point in 0..view.given.points.len() {
        if view.given.points[point].degenerate.is_some() || !view.competes(point) {
            continue;
        }
        if let Some(value) = view.value(point, key) {
            let cost = direction.as_cost(value);
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, point));
            }
        }
    }
    best.map(|(_, point)| point)
}

fn best(view: &View) -> Option<String> {
    let parts: Vec<String> = view
        .given
        .front
        .objectives
        .iter()
        .filter_map(|objective| {
            let point = best_point(view, &objective.key)?;
            Some(format!(
                "{} is best at {} ({})",
                view.title(&objective.key),
                view.long_label(point),
                format::estimate(view.measured(point, &objective.key)),
            ))
        })
        .collect();
    (!parts.is_empty()).then(|| format!("{}.", format::capitalized(&format::list(&parts))))
}

fn collapse(view: &View) -> String {
    let points = &view.given.points;
    let fallen: Vec<usize> =
        (0..points.len()).filter(|&i| points[i].degenerate.is_some() && view.competes(i)).collect();
    match fallen.as_slice() {
        [] => "No point collapsed to a trivial model.".to_owned(),
        [one] => format!(
            "{} collapsed: {}.",
            format::capitalized(&view.long_label(*one)),
            points[*one].degenerate.as_deref().unwrap_or_default().trim_end_matches('.'),
        ),
        many if many.len() == points.len() => format!(
            "Every point collapsed: {}.",
            points[many[0]].degenerate.as_deref().unwrap_or_default().trim_end_matches('.'),
        ),
        many => format!(
            "Collapsed: {} ({}).",
            point_list(view, many),
            points[many[0]].degenerate.as_deref().unwrap_or_default().trim_end_matches('.'),
        ),
    }
}

fn failures(view: &View) -> Option<String> {
    let points = &view.given.points;
    let failed: usize = points.iter().map(|point| point.failed.len()).sum();
    let all = failed + points.iter().map(|point| point.seeds.len()).sum::<usize>();
    let first = (0..points.len()).find_map(|i| points[i].failed.first().map(|(seed, why)| (i, *seed, why)));
    first.map(|(point, seed, why)| {
        format!(
            "{failed} of {} failed; the first is {} at seed {seed}: {}.",
            format::count(all, "model"),
            view.long_label(point),
            why.trim_end_matches('.'),
        )
    })
}

/// What the front figure says in its title: the widest arc where there is one, else who is on the front.
pub(super) fn front_title(view: &View, x: &MetricKey, y: &MetricKey) -> String {
    let arcs: Vec<&ArcRate> =
        widest_arcs(view).into_iter().filter(|arc| arc.security == *x && arc.safety == *y).collect();
    if let ([arc], true) = (arcs.as_slice(), view.defenses.len() == 1) {
        return format!(
            "From {} to {}: {} {}, {} {}",
            view.long_label(arc.from),
            view.labels[arc.to],
            view.metric_title(x),
            moved(view, x, arc.security_change),
            view.metric_title(y),
            moved(view, y, arc.safety_change),
        );
    }
    let members = &view.given.front.members;
    let all = competing(view);
    match members.as_slice() {
        [] => "No point is on the front".to_owned(),
        [one] if all == 1 => format!("Only {} was judged", view.long_label(*one)),
        [one] => format!("{} is best at every objective", format::capitalized(&view.long_label(*one))),
        _ if view.defenses.len() > 1 => {
            let used: Vec<String> = view
                .defenses
                .iter()
                .filter(|defense| members.iter().any(|&i| view.given.points[i].defense == **defense))
                .cloned()
                .collect();
            format!("{} of {all} points are on the front, from {}", members.len(), format::list(&used))
        }
        _ => format!("{} of {all} points are on the front: {}", members.len(), point_list(view, members)),
    }
}

/// A stored improvement as the plain difference of the metric; one that its interval cannot tell from none is said to be just that.
fn moved(view: &View, key: &MetricKey, change: Change) -> String {
    let difference = if view.direction(key) == Some(Direction::Lower) { -change.0 } else { change.0 };
    let text = format::change(difference, view.unit(key));
    if change.1.is_some() && Course::of(change) == Course::Unclear {
        return format!("{text} (not distinguishable from 0)");
    }
    text
}
