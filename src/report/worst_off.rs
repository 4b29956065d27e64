//! What the step of the first headline meant for those who are worst off, and for each group: with names and rows, since a worst case over small groups
//! is mostly chance.

use crate::measure::{AttackKey, MetricKey};
use crate::pareto::exchange::ArcRate;

use super::format;
use super::view::View;

/// Test rows that a group has at least to be told of in a headline.
const FEWEST: usize = 30;
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
    let kept: Vec<Group> = groups.into_iter().filter(|group| group.rows >= FEWEST).collect();
    let left_out = all - kept.len();
    (kept, left_out)
}

/// `2 groups of fewer than 30 rows are left out`.
fn left_out(number: usize) -> String {
    format!("{} of fewer than {FEWEST} rows {} left out", format::count(number, "group"), format::are(number))
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
                let (before, after) = (view.value(arc.from, key)?, view.value(arc.to, key)?);
                let (before, after) = (format::number(before), format::number(after));
                Some(format!("{} went from {before} to {after}", view.metric_title(key)))
            }
            ("worst_group_accuracy", Some(attribute)) => of_groups(view, arc, key, attribute),
            _ => None,
        })
        .collect();
    let step = format!("From {} to {}", view.long_label(arc.from), view.plain_strength(arc.to));
    (!parts.is_empty()).then(|| format!("{step}, {}.", format::list(&parts)))
}

fn of_groups(view: &View, arc: &ArcRate, key: &MetricKey, attribute: &str) -> Option<String> {
    let objectives = || view.given.front.objectives.iter().map(|objective| &objective.key);
    if attribute.contains('*') && !objectives().any(|asked| attribute_of(asked) == Some(attribute)) {
        return None;
    }
    let (groups, small) = sizable(groups(view, attribute));
    let lowest = |point: usize| {
        let value = |group: &Group| view.value(point, &accuracy(&group.part, None));
        let known = groups.iter().filter_map(|group| Some((group, value(group)?)));
        known.reduce(|least, other| if other.1 < least.1 { other } else { least })
    };
    let ((first, low_before), (last, low_after)) = (lowest(arc.from)?, lowest(arc.to)?);
    // Where no group is left out, the metric itself is stated: the mean over seeds of the lowest accuracy at each.
    let (before, after) = if small == 0 {
        (view.value(arc.from, key)?, view.value(arc.to, key)?)
    } else {
        (low_before, low_after)
    };
    let named = |value: f64, group: &Group| {
        format!("{} (`{}`, {})", format::number(value), group.name, format::count(group.rows, "row"))
    };
    let note = if small == 0 { String::new() } else { format!("; {}", left_out(small)) };
    Some(format!(
        "{} went from {} to {}{note}",
        view.metric_title(key),
        named(before, first),
        named(after, last)
    ))
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
    let spread = |changes: &[f64]| {
        let (low, high) = changes
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
        format!("{:.1}", 100.0 * (high - low))
    };
    let clean: Vec<f64> = known.iter().map(|(_, (before, after))| after - before).collect();
    let attacked: Option<Vec<f64>> = known
        .iter()
        .map(|(group, _)| change(group, Some(primary.as_ref()?)).map(|(before, after)| after - before))
        .collect();
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
    let under = attacked
        .map_or_else(String::new, |changes| format!(" and {} in attacked accuracy", spread(&changes)));
    Some(format!(
        "By {attribute}, from {} to {}, accuracy went: {}; the changes differ by up to {} points in clean accuracy{under}{note}.",
        view.long_label(arc.from),
        view.plain_strength(arc.to),
        told.join("; "),
        spread(&clean)
    ))
}
