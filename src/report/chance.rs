//! What chance alone would show of a distance between groups, beside the distance: a small gap between small groups says nothing.

use crate::measure::MetricKey;
use crate::metrics::{self, Metric};
use crate::points::ByChance;
use crate::words::whole_of;

use super::format;
use super::headline::point_list;
use super::sizable::{self, Stated, stated};
use super::view::View;

/// What the words beside a gap mean.
pub(super) const MEANING: &str = "By chance alone: what groups or classes of these sizes without any disparity show on average (by permutation), the gap that 95 % of them stay below, and what it takes to see the gap found: of each of the two furthest apart so many rows of the kind that the rate is over, with a two-sided test of two proportions at 5 % and a power of 80 %.";

/// What is known of a point's gap.
pub(super) fn of<'a>(view: &'a View, point: usize, key: &MetricKey) -> Option<&'a ByChance> {
    view.measured(point, key)?.by_chance.as_ref()
}

/// Whether it is known of any point's.
pub(super) fn is_known(view: &View, key: &MetricKey) -> bool {
    (0..view.given.points.len()).any(|point| of(view, point, key).is_some())
}

/// `0.153, below 0.299; 1234 positives`.
pub(super) fn cell(view: &View, point: usize, key: &MetricKey) -> String {
    let Some(chance) = of(view, point, key) else { return "—".to_owned() };
    let (mean, most) = (format::number(chance.expected), format::number(chance.quantile_95));
    let rows = chance.rows_to_see.map_or_else(String::new, |rows| format!("; {}", needed(key, rows)));
    format!("{mean}, below {most}{rows}")
}

/// `432 rows`, `12 positives`: how many of what the rates are over.
fn needed(key: &MetricKey, rows: f64) -> String {
    whole_of(rows, metrics::kind_of(&key.id))
}

/// Whether gaps that are objectives can be told from what chance alone would show, where some cannot. Where groups of few rows are left out, what is left without
/// them is the conclusion.
pub(super) fn conclusions(view: &View) -> Vec<String> {
    let objectives = view.given.front.objectives.iter().map(|objective| &objective.key);
    objectives.flat_map(|key| [of_enough_rows(view, key), of_all(view, key)]).flatten().collect()
}

/// The points in question.
fn judged(view: &View, key: &MetricKey) -> Vec<usize> {
    let points = 0..view.given.points.len();
    points.filter(|point| view.competes(*point) && of(view, *point, key).is_some()).collect()
}

/// Whether the gap over all groups is one that chance shows as well.
fn is_by_chance(view: &View, point: usize, key: &MetricKey) -> bool {
    view.measured(point, key).is_some_and(sizable::is_chance)
}

/// `groups of these sizes without any disparity are up to 0.550 apart in 95 % of samples`.
fn without_disparity(view: &View, key: &MetricKey, points: &[usize]) -> Option<String> {
    let most = points.iter().filter_map(|point| of(view, *point, key)).map(|it| it.quantile_95);
    Some(format!(
        "{} of these sizes without any disparity are up to {} apart in 95 % of samples",
        metrics::find(&key.id).map_or("groups", Metric::compared),
        format::number(most.reduce(f64::max)?)
    ))
}

/// `any point`, or those that are meant.
fn whom(view: &View, points: &[usize], all: &[usize]) -> String {
    if points.len() == all.len() { "any point".to_owned() } else { point_list(view, points) }
}

/// The gap over all groups, where no groups of enough rows can be compared without the others.
fn of_all(view: &View, key: &MetricKey) -> Option<String> {
    let all = judged(view, key);
    let is_last_word =
        |point: usize| stated(view, point, key).is_none_or(|stated| stated.left_out.is_empty());
    let points: Vec<usize> =
        all.iter().copied().filter(|point| is_by_chance(view, *point, key) && is_last_word(*point)).collect();
    let has_small = |point: &usize| view.measured(*point, key).is_some_and(|it| it.sizable.is_some());
    let none_left = if points.iter().any(has_small) {
        " Without the groups of few rows no two are left to compare."
    } else {
        ""
    };
    Some(format!(
        "{} is not distinguishable from chance at {}: {}.{none_left}",
        format::capitalized(&view.title(key)),
        whom(view, &points, &all),
        without_disparity(view, key, &points)?,
    ))
}

/// The gap without the groups of few rows, where it or the one over all groups is one that chance shows as well.
fn of_enough_rows(view: &View, key: &MetricKey) -> Option<String> {
    let all = judged(view, key);
    let again = |point: usize| {
        let stated = stated(view, point, key).filter(|stated| !stated.left_out.is_empty())?;
        (stated.is_chance() || is_by_chance(view, point, key)).then_some((point, stated))
    };
    let told: Vec<(usize, Stated<'_>)> = all.iter().filter_map(|point| again(*point)).collect();
    let (first, rest) = told.split_first()?;
    let written = |(point, stated): &(usize, Stated<'_>)| {
        let most = stated.by_chance.map_or_else(String::new, |it| format::number(it.quantile_95));
        let word = if stated.is_chance() { "not beyond" } else { "beyond" };
        format!(
            "{} ({word} the {most} of chance) {}",
            format::with_interval(stated.value, stated.interval),
            view.place(*point)
        )
    };
    let mut ends = vec![written(first)];
    ends.extend(rest.last().map(written));
    let chance: Vec<usize> =
        told.iter().filter(|(_, stated)| stated.is_chance()).map(|(point, _)| *point).collect();
    let conclusion = match chance.len() {
        0 if told.len() == all.len() && told.len() > 2 => {
            "; beyond what chance shows at every point".to_owned()
        }
        0 => String::new(),
        _ => format!("; not distinguishable from chance at {}", whom(view, &chance, &all)),
    };
    let unclear: Vec<usize> =
        told.iter().map(|(point, _)| *point).filter(|point| is_by_chance(view, *point, key)).collect();
    let over_all = without_disparity(view, key, &unclear).map_or_else(String::new, |sizes| {
        let where_ = if unclear.len() == all.len() {
            String::new()
        } else {
            format!(" at {}", point_list(view, &unclear))
        };
        format!(
            " Over all {}, small ones included, it cannot be judged{where_}: {sizes}.",
            metrics::find(&key.id).map_or("groups", Metric::compared)
        )
    });
    Some(format!(
        "Without {}, {} is {}{conclusion}.{over_all}",
        sizable::words(&key.id, first.1.left_out),
        view.title(key),
        format::list(&ends),
    ))
}

/// Points that are on the front only for gaps that chance shows as well.
pub(super) fn on_front(view: &View) -> Option<String> {
    let front = &view.given.front;
    if front.members.len() < 2 {
        return None;
    }
    let rests = |member: usize| {
        let (chance, others): (Vec<_>, Vec<_>) =
            front.objectives.iter().partition(|objective| is_by_chance(view, member, &objective.key));
        if chance.is_empty() || others.is_empty() {
            return None;
        }
        let cost = |point: usize| -> Option<Vec<f64>> {
            let one = |key| Some(view.direction(key)?.as_cost(view.value(point, key)?));
            others.iter().map(|objective| one(&objective.key)).collect()
        };
        let own = cost(member)?;
        let is_better = |other: &usize| {
            cost(*other).is_some_and(|other| other.iter().zip(&own).all(|(a, b)| a <= b) && other != own)
        };
        front.members.iter().any(is_better).then(|| {
            let titles: Vec<String> = chance.iter().map(|objective| view.title(&objective.key)).collect();
            (member, format::list(&titles))
        })
    };
    let found: Vec<(usize, String)> = front.members.iter().filter_map(|member| rests(*member)).collect();
    let mut titles: Vec<&str> = Vec::new();
    for (_, title) in &found {
        if !titles.contains(&title.as_str()) {
            titles.push(title);
        }
    }
    let said: Vec<String> = titles
        .into_iter()
        .map(|title| {
            let points: Vec<usize> =
                found.iter().filter(|(_, own)| own == title).map(|(point, _)| *point).collect();
            let are = format::are(points.len());
            format!(
                "{} {are} on it only for {title}, which over all groups chance shows as well",
                point_list(view, &points)
            )
        })
        .collect();
    (!said.is_empty()).then(|| format!("{}.", format::capitalized(&said.join("; "))))
}

/// One sentence per objective that is a gap: for the terminal, which has no room for a column.
pub(super) fn sentences(view: &View) -> Vec<String> {
    let objectives = view.given.front.objectives.iter().map(|objective| &objective.key);
    objectives.filter_map(|key| sentence(view, key)).collect()
}

fn sentence(view: &View, key: &MetricKey) -> Option<String> {
    let known: Vec<&ByChance> =
        (0..view.given.points.len()).filter_map(|point| of(view, point, key)).collect();
    let range = |value: fn(&ByChance) -> Option<f64>, words: &dyn Fn(f64) -> String| {
        let values = || known.iter().filter_map(|chance| value(chance));
        let (low, high) = (words(values().reduce(f64::min)?), words(values().reduce(f64::max)?));
        // The unit is said once.
        let bare = match (low.split_once(' '), high.split_once(' ')) {
            (Some((number, unit)), Some((_, other))) if unit == other => number.to_owned(),
            _ => low.clone(),
        };
        Some(if low == high { low } else { format!("{bare} to {high}") })
    };
    let two = metrics::find(&key.id).map_or("groups", Metric::compared);
    let mean = range(|chance| Some(chance.expected), &format::number)?;
    let most = range(|chance| Some(chance.quantile_95), &format::number)?;
    let needed = |value: f64| needed(key, value);
    let rows = range(|chance| chance.rows_to_see, &needed).map_or_else(String::new, |rows| {
        format!("; to see the gaps found takes {rows} in each of the two {two} furthest apart (two-sided test of two proportions at 5 %, power 80 %)")
    });
    Some(format!(
        "By chance alone {} is {mean} on average and below {most} in 95 % of samples{rows}.",
        view.title(key)
    ))
}
