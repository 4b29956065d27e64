//! What the step of the first headline meant for those who are worst off, and for each group: with names and rows, since a worst case over small groups
//! is mostly chance.

use crate::measure::{AttackKey, MetricKey, Unit, Value};
use crate::metrics::HEADLINE_ROWS;
use crate::pareto::exchange::ArcRate;
use crate::points::Fared;
use crate::stats;

use super::format;
use super::view::View;

/// Groups that a sentence lists at most.
const LISTED: usize = 6;

/// A group of an attribute with its test rows.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Its name.
    pub(super) name: String,
    /// What stands behind the `@` of its keys.
    pub(super) part: String,
    /// Its test rows.
    pub(super) rows: usize,
}

/// The groups of `attribute` that have an accuracy, in key order.
pub(super) fn groups(view: &View, attribute: &str) -> Vec<Group> {
    let start = format!("{attribute}=");
    let keys = view.keys().into_iter().filter(|key| key.id == "group_accuracy" && key.attack.is_none());
    keys.filter_map(|key| {
        let name = key.group.as_deref()?.strip_prefix(&start)?.to_owned();
        let n = |point| Some(view.measured(point, &key)?.estimate.n);
        let rows = (0..view.given.points.len()).filter_map(n).max()?;
        Some(Group { name, part: key.group.clone()?, rows })
    })
    .collect()
}

/// Those with enough rows to speak of, and how many have fewer.
fn sizable(groups: Vec<Group>) -> (Vec<Group>, usize) {
    let all = groups.len();
    let kept: Vec<Group> = groups.into_iter().filter(|group| group.rows >= HEADLINE_ROWS).collect();
    let left_out = all - kept.len();
    (kept, left_out)
}

/// `2 groups of fewer than 30 rows are left out`.
fn left_out(number: usize) -> String {
    format!(
        "{} of fewer than {HEADLINE_ROWS} rows {} left out",
        format::count(number, "group"),
        format::are(number)
    )
}

/// What the step meant for the worst-off class and group. Intersections are told of only where an objective is about them.
pub(super) fn sentence(view: &View, arcs: &[&ArcRate]) -> Option<String> {
    let arc = arcs.first()?;
    let parts: Vec<String> = view
        .keys()
        .iter()
        .filter(|key| key.attack.is_none())
        .filter_map(|key| match (key.id.as_str(), key.group.as_deref()) {
            ("worst_class_accuracy", _) => {
                let at = |point| {
                    let value = view.value(point, key)?;
                    Some(format!("{}{}", format::number(value), lowest_class(view, point, value)?))
                };
                let (before, after) = (at(arc.from)?, at(arc.to)?);
                let by = |point| of_seeds(view, point, |measured| measured(key));
                let change = changed(&by(arc.from)?, &by(arc.to)?);
                Some(format!("{} went from {before} to {after}{change}", view.metric_title(key)))
            }
            ("worst_group_accuracy", Some(attribute)) => of_groups(view, arc, key, attribute),
            _ => None,
        })
        .collect();
    let step = format!("From {} to {}", view.long_label(arc.from), view.plain_strength(arc.to));
    let has_intervals = parts.iter().any(|part| part.contains(" ["));
    let basis = if has_intervals {
        "; in brackets 95 % t intervals over paired seeds, for these test rows"
    } else {
        ""
    };
    (!parts.is_empty()).then(|| format!("{step}, {}{basis}.", format::list(&parts)))
}

/// A number at each seed of a point.
type Seeds = Vec<(u64, f64)>;

/// The same number of every seed of `point`; `of` makes it of what was measured at that seed.
fn of_seeds(
    view: &View,
    point: usize,
    of: impl Fn(&dyn Fn(&MetricKey) -> Option<f64>) -> Option<f64>,
) -> Option<Seeds> {
    let seeds = view.given.points[point].seeds.iter().enumerate();
    let one = |(at, seed): (usize, &u64)| {
        let measured = |key: &MetricKey| view.measured(point, key)?.per_seed.get(at).and_then(Value::get);
        Some((*seed, of(&measured)?))
    };
    seeds.map(one).collect()
}

/// ` (−18.0 points [−22.2, −13.8])`: by how much the seeds that both have differ, and whether that can be told from none. Pairs say what two intervals that overlap cannot.
fn changed(before: &Seeds, after: &Seeds) -> String {
    let paired = after.iter().filter_map(|(seed, value)| {
        let (_, other) = before.iter().find(|(other, _)| other == seed)?;
        Some(value - other)
    });
    let Some(change) = stats::mean_interval(&paired.collect::<Vec<f64>>(), 0.95) else {
        return String::new();
    };
    let none = match change.1 {
        Some((low, high)) if low <= 0.0 && high >= 0.0 => ", not told from none",
        _ => "",
    };
    format!(" ({}{none})", format::change_interval(change, Unit::Fraction))
}

/// `` (`Shirt`, 98 rows)``: the class that is right least often on average; nothing where classes are not looked at. Where the lowest of each seed are not all this one, their mean is
/// not its accuracy: `` (on average `Shirt`: 0.612, 98 rows)``.
fn lowest_class(view: &View, point: usize, stated: f64) -> Option<String> {
    let keys = view.keys().into_iter();
    let classes = keys.filter(|key| key.id == "class_accuracy" && key.attack.is_none());
    let known = classes.filter_map(|key| Some((view.value(point, &key)?, key)));
    let lowest = known.reduce(|least, other| if other.0 < least.0 { other } else { least });
    let Some((accuracy, class)) = lowest else { return Some(String::new()) };
    let rows = view.measured(point, &class)?.estimate.n;
    Some(named(class.group.as_deref()?, rows, (stated, accuracy)))
}

/// Who has the lowest accuracy on average, beside the mean of the lowest of each seed.
fn named(who: &str, rows: usize, (stated, own): (f64, f64)) -> String {
    let rows = format::count(rows, "row");
    if format::number(stated) == format::number(own) {
        format!(" (`{who}`, {rows})")
    } else {
        format!(" (on average `{who}`: {}, {rows})", format::number(own))
    }
}

fn of_groups(view: &View, arc: &ArcRate, key: &MetricKey, attribute: &str) -> Option<String> {
    let objectives = || view.given.front.objectives.iter().map(|objective| &objective.key);
    if attribute.contains('*') && !objectives().any(|asked| attribute_of(asked) == Some(attribute)) {
        return None;
    }
    let (kept, small) = sizable(groups(view, attribute));
    let lowest = |point: usize| {
        let value = |group: &Group| view.value(point, &accuracy(&group.part, None));
        let known = kept.iter().filter_map(|group| Some((group, value(group)?)));
        known.reduce(|least, other| if other.1 < least.1 { other } else { least })
    };
    // As the metric: the mean over seeds of the lowest accuracy at each, here of the groups that are told of.
    let seeds = |point: usize| {
        of_seeds(view, point, |measured| {
            if small == 0 {
                return measured(key);
            }
            let own = kept.iter().filter_map(|group| measured(&accuracy(&group.part, None)));
            own.reduce(f64::min)
        })
    };
    let at = |point: usize| {
        let (group, own) = lowest(point)?;
        let values: Vec<f64> = seeds(point)?.into_iter().map(|(_, value)| value).collect();
        let value = stats::mean(&values)?;
        Some(format!("{}{}", format::number(value), named(&group.name, group.rows, (value, own))))
    };
    let change = changed(&seeds(arc.from)?, &seeds(arc.to)?);
    let note = if small == 0 {
        String::new()
    } else {
        let all = view.value(arc.from, key).zip(view.value(arc.to, key));
        let all = all.map_or_else(String::new, |(before, after)| {
            format!("; over all groups from {} to {}", format::number(before), format::number(after))
        });
        format!(" ({}{all})", left_out(small))
    };
    Some(format!("{} went from {} to {}{change}{note}", view.metric_title(key), at(arc.from)?, at(arc.to)?))
}

/// The attribute that a number is about.
pub(super) fn attribute_of(key: &MetricKey) -> Option<&str> {
    key.group.as_deref()?.split('=').next()
}

fn accuracy(part: &str, attack: Option<&AttackKey>) -> MetricKey {
    let id = if attack.is_some() { "robust_group_accuracy" } else { "group_accuracy" };
    MetricKey { id: id.to_owned(), group: Some(part.to_owned()), attack: attack.cloned() }
}

/// Whether one group pays more: for every attribute that an objective is about, what the step of the first headline did to each group.
pub(super) fn who_pays(view: &View, arcs: &[&ArcRate]) -> Vec<String> {
    let Some(arc) = arcs.first() else { return Vec::new() };
    let mut attributes: Vec<&str> = Vec::new();
    for objective in &view.given.front.objectives {
        let grouped = attribute_of(&objective.key).filter(|attribute| !groups(view, attribute).is_empty());
        attributes.extend(grouped.filter(|attribute| !attributes.contains(attribute)));
    }
    attributes.into_iter().filter_map(|attribute| pays(view, arc, attribute)).collect()
}

fn pays(view: &View, arc: &ArcRate, attribute: &str) -> Option<String> {
    let primary = view.given.threat.as_ref().map(|t| AttackKey::new(&t.protocol, t.norm, t.epsilon));
    let (groups, small) = sizable(groups(view, attribute));
    let change = |group: &Group, attack: Option<&AttackKey>| {
        let at = |point| view.value(point, &accuracy(&group.part, attack));
        Some((at(arc.from)?, at(arc.to)?))
    };
    let moved =
        |(before, after): (f64, f64)| format!("{} → {}", format::number(before), format::number(after));
    let mut known: Vec<(&Group, (f64, f64))> =
        groups.iter().filter_map(|group| Some((group, change(group, None)?))).collect();
    if known.len() < 2 {
        return None;
    }
    // Who lost most stands first.
    known.sort_by(|a, b| (a.1.1 - a.1.0).total_cmp(&(b.1.1 - b.1.0)));
    let one = |(group, clean): &(&Group, (f64, f64))| {
        let attacked = primary.as_ref().and_then(|attack| change(group, Some(attack)));
        let attacked =
            attacked.map_or_else(String::new, |attacked| format!(", attacked {}", moved(attacked)));
        let rows = format::count(group.rows, "row");
        format!("`{}` ({rows}) {}{attacked}", group.name, moved(*clean))
    };
    let mut told: Vec<String> = known.iter().map(one).collect();
    if told.len() > LISTED {
        // Those between the ends say least.
        let between = told.len() - LISTED;
        told.splice(LISTED / 2..LISTED / 2 + between, [format!("{between} more between them")]);
    }
    let note = if small == 0 { String::new() } else { format!("; {}", left_out(small)) };
    let compared: Vec<String> = view
        .given
        .fared
        .iter()
        .filter(|fared| (fared.from, fared.to) == (arc.from, arc.to) && fared.attribute == attribute)
        .map(|fared| compared(view, fared, &groups))
        .collect();
    let compared = if compared.is_empty() {
        String::new()
    } else {
        let several = if known.len() > 2 { ", simultaneous over pairs of groups" } else { "" };
        let intervals = if view.given.fared.iter().any(|fared| fared.interval.is_some()) {
            format!(" (95 % intervals over seeds and rows{several})")
        } else {
            String::new()
        };
        format!(". {}{intervals}", compared.join(". "))
    };
    Some(format!(
        "By {attribute}, from {} to {}, accuracy went: {}{note}{compared}.",
        view.long_label(arc.from),
        view.plain_strength(arc.to),
        told.join("; "),
    ))
}

/// ``Under attack `White` gained 3.0 points [0.8, 5.3] less than `Non-White` (0.918 → 0.922 against 0.745 → 0.779), which is still the lower``: what is
/// tested is the difference between changes, and who is lower is another question.
fn compared(view: &View, fared: &Fared, groups: &[Group]) -> String {
    let (worse, better) = (MetricKey::member(&fared.worse), MetricKey::member(&fared.better));
    let under = if fared.attack.is_some() { "Under attack" } else { "Without attack" };
    let difference = format::change_interval((fared.difference, fared.interval), Unit::Fraction);
    let difference = difference.trim_start_matches(['+', '±']);
    let at = |point: usize, part: &str| view.value(point, &accuracy(part, fared.attack.as_ref()));
    if fared.interval.is_some_and(|(low, _)| low <= 0.0) {
        let known = groups.iter().filter_map(|group| Some((group, at(fared.to, &group.part)?)));
        let lowest = known.reduce(|least, other| if other.1 < least.1 { other } else { least });
        let lowest = lowest.map_or_else(String::new, |(group, value)| {
            let word = if groups.len() == 2 { "lower" } else { "lowest" };
            let place = view.place(fared.to);
            format!("; {word} {place} is `{}`, {}", group.name, format::number(value))
        });
        return format!(
            "{under} it cannot be told whether one changed otherwise than another (`{worse}` against `{better}`: {difference}){lowest}"
        );
    }
    let course = |part: &str| Some((at(fared.from, part)?, at(fared.to, part)?));
    let (Some(a), Some(b)) = (course(&fared.worse), course(&fared.better)) else {
        return format!("{under} `{worse}` changed for the worse against `{better}`, by {difference}");
    };
    let said = if a.1 >= a.0 {
        format!("`{worse}` gained {difference} less than `{better}`")
    } else if b.1 <= b.0 {
        format!("`{worse}` lost {difference} more than `{better}`")
    } else {
        format!("`{worse}` lost and `{better}` gained, {difference} between them")
    };
    let moved =
        |(before, after): (f64, f64)| format!("{} → {}", format::number(before), format::number(after));
    let seeds = if fared.interval.is_none() { " at these seeds" } else { "" };
    // The one whose change was the better was lower before as well.
    let still = if a.1 > b.1 { format!("; `{better}` is still the lower") } else { String::new() };
    format!("{under} {said}{seeds} ({} against {}){still}", moved(a), moved(b))
}
