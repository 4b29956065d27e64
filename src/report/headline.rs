//! The answer in words. Every sentence is computed from the numbers; none presumes a direction.

use crate::measure::{Direction, MetricKey};
use crate::pareto::exchange::{ArcRate, Change, Course};
use crate::points::Point;
use crate::stats::SEEDS_FOR_A_VERDICT;

use super::certificates;
use super::chance;
use super::checks;
use super::contest;
use super::curves;
use super::format;
use super::leading;
use super::moved;
use super::prices::{free_stretch, stops, unquoted, widest_arcs, within_each};
use super::sizable;
use super::trivial;
use super::uncertain;
use super::view::View;
use super::worst_off;

/// The sentences, the most important first.
pub(super) fn sentences(view: &View) -> Vec<String> {
    let mut all = view.given.warnings.clone();
    all.extend(checks::headlines(view));
    all.extend(certificates::answers(view));
    let arcs = widest_arcs(view);
    if view.defenses.len() > FEW_DEFENSES {
        // Of many defenses, who is best where comes first; what each costs within itself stands in a table.
        all.push(front(view));
        all.extend(chance::on_front(view));
        all.extend(uncertain::knee(view));
        all.extend(contest::chosen(view));
        all.extend(contest::owned(view));
        all.extend(certificates::dominance(view));
        all.extend(best(view));
        all.extend(trivial::answers(view).iter().map(|sentence| with_stop(sentence)));
        all.extend(within_each(view, &arcs));
        all.extend(worst_off::who_pays(view, &arcs));
        all.extend(moved::sentences(view, &arcs));
        all.extend(chance::conclusions(view));
        all.extend(curves::surprises(view));
        all.extend(curves::sensitivity(view));
        all.extend(unquoted(view));
        all.extend(continued(view));
        all.push(collapse(view));
        all.extend(failures(view));
        return all;
    }
    let several = arcs.iter().any(|arc| view.sweep(arc.from) != view.sweep(arcs[0].from));
    let told = arcs.iter().map(|arc| match view.sweep(arc.from) {
        sweep if several || view.defenses.len() > 1 => {
            format!("{}: {}", format::capitalized(&sweep), arc.sentence.trim())
        }
        _ => arc.sentence.clone(),
    });
    all.extend(told.map(|sentence| with_stop(&sentence)));
    all.extend(free_stretch(view));
    all.extend(stops(view, &arcs));
    all.extend(unquoted(view));
    all.extend(curves::surprises(view));
    all.extend(curves::sensitivity(view));
    all.extend(continued(view));
    all.extend(worst_off::sentence(view, &arcs));
    all.extend(worst_off::who_pays(view, &arcs));
    all.extend(moved::sentences(view, &arcs));
    all.extend(chance::conclusions(view));
    all.push(front(view));
    all.extend(chance::on_front(view));
    all.extend(uncertain::knee(view));
    all.extend(contest::chosen(view));
    all.extend(contest::owned(view));
    all.extend(certificates::dominance(view));
    all.extend(best(view));
    all.extend(trivial::answers(view).iter().map(|sentence| with_stop(sentence)));
    all.push(collapse(view));
    all.extend(failures(view));
    all
}

/// With continuation a step of strength is one of training time, too.
fn continued(view: &View) -> Option<String> {
    view.given.continued.then(|| {
        "With continuation each strength was trained on from the one below it: the k-th of a defense has been trained for k times the epochs of the first, and a difference between strengths is one of training time as well.".to_owned()
    })
}

fn with_stop(sentence: &str) -> String {
    let sentence = format::capitalized(sentence.trim());
    if sentence.ends_with(['.', '!', '?']) { sentence } else { format!("{sentence}.") }
}

/// With more defenses than this they share a sentence on what security cost within them.
const FEW_DEFENSES: usize = 3;

fn front(view: &View) -> String {
    let front = &view.given.front;
    let axes: Vec<String> = front.objectives.iter().map(|o| view.title(&o.key)).collect();
    let axes = format::list(&axes);
    let all = competing(view);
    let seeds = these_seeds(front.seeds).map_or_else(String::new, |these| {
        format!(" That is a statement about {these}, not about seeds in general.")
    });
    match front.members.as_slice() {
        [] => format!("No point is on the front of {axes}: all {all} were left out."),
        [only] if all == 1 => {
            format!("Only {} was judged, so there is nothing to trade.", view.long_label(*only))
        }
        [only] => {
            let who = view.long_label(*only);
            let better = format!("is at least as good as every other point at {axes} all at once");
            match leading::surely_dominated(view) {
                (sure, others) if sure == others => {
                    let who = format::capitalized(&who);
                    format!("{who} {better}: among these points nothing has to be given up.")
                }
                _ if !uncertain::has_verdicts(view) => format!("By the seed means {who} {better}.{seeds}"),
                (sure, others) => format!(
                    "By the seed means {who} {better}; over seeds and rows in general that is shown against {} of the {others} others.",
                    if sure == 0 { "none".to_owned() } else { sure.to_string() }
                ),
            }
        }
        members => format!(
            "On the front of {axes} are {} of {}{}: {}.{seeds}",
            counted(view, members.iter().copied()),
            format::count(all, "point"),
            if view.given.choice.is_some() { " that validation rows chose" } else { "" },
            point_list(view, members),
        ),
    }
}

/// `these 3 seeds`, where there are too few to speak of seeds in general.
pub(super) fn these_seeds(seeds: usize) -> Option<String> {
    match seeds {
        1 => Some("this one seed".to_owned()),
        few if few > 0 && few < SEEDS_FOR_A_VERDICT => Some(format!("these {few} seeds")),
        _ => None,
    }
}

/// How many points were judged for the front.
fn competing(view: &View) -> usize {
    counted(view, (0..view.given.points.len()).filter(|&point| view.competes(point)))
}

/// How many `points` there are; where validation rows chose, each configuration counts once, as in what is said of the choice.
pub(super) fn counted(view: &View, points: impl Iterator<Item = usize>) -> usize {
    match &view.given.choice {
        Some(choice) => choice.distinct(points),
        None => points.count(),
    }
}

/// `strengths 0.05, 0.1 and 0.2`; with several sweeps `` `trades` (0.1, 0.2), `ibp` 0.1 and `at` epochs 20 (0.3) ``; long lists are cut.
pub(super) fn point_list(view: &View, points: &[usize]) -> String {
    const LONGEST: usize = 8;
    let mut sweeps: Vec<(String, Vec<String>)> = Vec::new();
    for &point in points {
        let mut name = view.rest(point);
        if view.defenses.len() > 1 {
            name.insert(0, View::quoted(&view.given.points[point].defense));
        }
        let (name, strength) = (name.join(" "), view.plain_strength(point));
        match sweeps.iter_mut().find(|(other, _)| *other == name) {
            Some((_, strengths)) => strengths.push(strength),
            None => sweeps.push((name, vec![strength])),
        }
    }
    let cut = |mut list: Vec<String>| {
        if list.len() > LONGEST {
            let more = list.len() - LONGEST + 1;
            list.truncate(LONGEST - 1);
            list.push(format!("{more} more"));
        }
        list
    };
    match sweeps.as_slice() {
        [(name, strengths)] if name.is_empty() => {
            let plural = if strengths.len() == 1 { "" } else { "s" };
            format!("strength{plural} {}", format::list(&cut(strengths.clone())))
        }
        _ => {
            // Defenses are few and worth naming all; combinations of a sweep may be many.
            let named = |(name, strengths): (String, Vec<String>)| {
                let is_bare = strengths.len() == 1 && !name.contains(' ');
                let strengths = cut(strengths).join(", ");
                if name.is_empty() {
                    format!("strength {strengths}")
                } else if is_bare {
                    format!("{name} {strengths}")
                } else {
                    format!("{name} ({strengths})")
                }
            };
            let all: Vec<String> = sweeps.into_iter().map(named).collect();
            format::list(&if view.columns().len() > 2 { cut(all) } else { all })
        }
    }
}

/// The working point with the best mean at `key`; the first of equals.
pub(super) fn best_point(view: &View, key: &MetricKey) -> Option<usize> {
    best_of(view, key, |_| true)
}

/// The same among the points that are wanted.
pub(super) fn best_of(view: &View, key: &MetricKey, wanted: impl Fn(&Point) -> bool) -> Option<usize> {
    let direction = view.direction(key)?;
    let cost = |point: usize| Some(direction.as_cost(view.value(point, key)?));
    let points = &view.given.points;
    let works = |&point: &usize| {
        points[point].degenerate.is_none()
            && view.competes(point)
            && wanted(&points[point])
            && cost(point).is_some()
    };
    let all: Vec<usize> = (0..points.len()).filter(works).collect();
    let costs = leading::whole(view, &all).into_iter().filter_map(|point| Some((cost(point)?, point)));
    costs.reduce(|best, other| if other.0 < best.0 { other } else { best }).map(|(_, point)| point)
}

fn best(view: &View) -> Option<String> {
    let mut are_level = false;
    let parts: Vec<String> = view
        .given
        .front
        .objectives
        .iter()
        .filter_map(|objective| {
            let found = leading::of(view, &objective.key)?;
            let measured = view.measured(found.point, &objective.key);
            let by_chance =
                if measured.is_some_and(sizable::is_chance) { sizable::chance_words(measured) } else { "" };
            let not_told = found.not_told(view);
            are_level |= not_told.is_some();
            Some(format!(
                "{} is best {} ({}{by_chance}){}",
                view.title(&objective.key),
                view.place(found.point),
                format::estimate(measured),
                not_told.map_or_else(String::new, |level| format!(", {level}")),
            ))
        })
        .collect();
    let list = if are_level { parts.join("; ") } else { format::list(&parts) };
    (!parts.is_empty()).then(|| format!("{}.", format::capitalized(&list)))
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

/// More defenses than this are counted in a title, not named.
const NAMED: usize = 4;

/// What the front figure says in its title: the widest arc where there is one, else who is on the front.
pub(super) fn front_title(view: &View, x: &MetricKey, y: &MetricKey) -> String {
    let arcs: Vec<&ArcRate> =
        widest_arcs(view).into_iter().filter(|arc| arc.security == *x && arc.safety == *y).collect();
    if let ([arc], true) = (arcs.as_slice(), view.defenses.len() == 1) {
        return format!(
            "From {} to {}: {} {}, {} {}",
            view.long_label(arc.from),
            view.plain_strength(arc.to),
            view.metric_title(x),
            moved(view, x, arc.security_change),
            view.metric_title(y),
            moved(view, y, arc.safety_change),
        );
    }
    let members = &view.given.front.members;
    let (all, on) = (competing(view), counted(view, members.iter().copied()));
    match members.as_slice() {
        [] => "No point is on the front".to_owned(),
        [one] if all == 1 => format!("Only {} was judged", view.long_label(*one)),
        [one] => match leading::surely_dominated(view) {
            (sure, others) if sure == others => {
                format!("{} is best at every objective", format::capitalized(&view.long_label(*one)))
            }
            _ => format!("By the seed means, only {} is on the front", view.long_label(*one)),
        },
        _ if view.defenses.len() > 1 => {
            let used: Vec<String> = view
                .defenses
                .iter()
                .filter(|defense| members.iter().any(|&i| view.given.points[i].defense == **defense))
                .map(|defense| View::quoted(defense))
                .collect();
            let from = match (used.len(), view.defenses.len()) {
                (used, all) if used > NAMED && used == all => format!("all {all} defenses"),
                (used, all) if used > NAMED => format!("{used} of {all} defenses"),
                _ => format::list(&used),
            };
            format!("{on} of {all} points are on the front, from {from}")
        }
        _ => format!("{on} of {all} points are on the front: {}", point_list(view, members)),
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
