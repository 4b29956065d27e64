//! The groups of sensitive attributes, one by one: a gap is never read without the rates behind it.

use std::collections::BTreeSet;

use crate::measure::{AttackKey, MetricKey};
use crate::metrics::FEW_ROWS;

use super::format;
use super::inputs::Breakdown;
use super::table::{Column, Table, numeric, words};
use super::view::View;
use super::worst_off::{self, Group};

const TITLE: &str = "Group by group";
/// Rows that a table holds where points can be left out.
const MOST: usize = 240;

/// One row per point and group: every number that is known of single groups, behind the rows that these rest on. `brief`: clean rows and means only. `remark` ends the caption.
fn groups(view: &View, breakdown: &Breakdown, brief: bool, remark: &str) -> Option<Table> {
    let primary = view.given.threat.as_ref().map(|t| AttackKey::new(&t.protocol, t.norm, t.epsilon));
    let parts: Vec<&String> = breakdown.members.iter().map(|(_, part)| part).collect();
    let mut columns: Vec<(String, Option<AttackKey>)> = Vec::new();
    for metric in &view.given.metrics {
        for attack in [None, primary.clone()] {
            let is_known = view.given.points.iter().flat_map(|point| point.measures.keys()).any(|key| {
                key.id == metric.id
                    && key.attack == attack
                    && key.group.as_ref().is_some_and(|g| parts.contains(&g))
            });
            let column = (metric.id.clone(), attack);
            if is_known && !(brief && column.1.is_some()) && !columns.contains(&column) {
                columns.push(column);
            }
        }
    }
    if columns.is_empty() || view.given.points.is_empty() {
        return None;
    }
    let mut head: Vec<Column> = view.columns().into_iter().map(words).collect();
    head.push(words(&breakdown.title));
    head.push(numeric("rows"));
    let rows: Vec<Option<usize>> = parts.iter().map(|part| most_rows(view, "group_accuracy", part)).collect();
    let positives: Vec<Option<usize>> =
        parts.iter().map(|part| most_rows(view, "true_positive_rate", part)).collect();
    let has_positives = !brief && positives.iter().any(Option::is_some);
    head.extend(has_positives.then(|| numeric("of them positive")));
    let key = |(id, attack): &(String, Option<AttackKey>), part: &str| MetricKey {
        id: id.clone(),
        group: Some(part.to_owned()),
        attack: attack.clone(),
    };
    // Balanced accuracy stands first: what follows is read beside it, on any screen.
    let balanced = MetricKey::plain("balanced_accuracy");
    let has_balanced = view.given.points.iter().any(|point| point.measures.contains_key(&balanced));
    if has_balanced {
        head.push(numeric(format!(
            "{} of all{}",
            view.title(&balanced),
            format::arrow(view.direction(&balanced))
        )));
    }
    head.extend(columns.iter().map(|column| {
        let whole = MetricKey { group: None, ..key(column, "") };
        numeric(format!("{}{}", view.title(&whole), format::arrow(view.direction(&whole))))
    }));
    let count = |n: Option<usize>| n.map_or_else(|| "—".to_owned(), |n| n.to_string());
    let mut lines = Vec::new();
    let (points, chosen) = told_of(view, parts.len());
    for point in points {
        for (member, (name, part)) in breakdown.members.iter().enumerate() {
            let mut row: Vec<String> = view.varying.iter().map(|(_, values)| values[point].clone()).collect();
            row.push(name.clone());
            row.push(count(rows[member]));
            row.extend(has_positives.then(|| count(positives[member])));
            let cell = |key: &MetricKey| match view.value(point, key) {
                Some(value) if brief => format::number(value),
                _ => format::estimate(view.measured(point, key)),
            };
            if has_balanced {
                row.push(cell(&balanced));
            }
            row.extend(columns.iter().map(|column| cell(&key(column, part))));
            lines.push(row);
        }
    }
    let caption = format!(
        "By {}: a gap between groups is never read alone, since a model that collapses closes it too. Arrows as above; numbers without one describe.{chosen}{remark}",
        breakdown.title,
    );
    Some(Table { title: TITLE, caption, head, rows: lines })
}

/// The points of a table with `members` rows each, and how they were chosen where they are not all.
fn told_of(view: &View, members: usize) -> (Vec<usize>, String) {
    let all: Vec<usize> = (0..view.given.points.len()).collect();
    let room = (MOST / members.max(1)).max(2);
    if all.len() <= room {
        return (all, String::new());
    }
    let points = &view.given.points;
    let is_lowest = |point: &usize| {
        let own = &points[*point];
        let rivals = points.iter().filter(|other| other.defense == own.defense && other.model == own.model);
        rivals.min_by(|a, b| a.strength.total_cmp(&b.strength)).is_some_and(|least| std::ptr::eq(least, own))
    };
    let front = &view.given.front.members;
    let lowest = all.iter().copied().filter(|point| is_lowest(point) && !front.contains(point));
    let mut told: Vec<usize> = front.iter().copied().chain(lowest).collect();
    let others: Vec<usize> = all.iter().copied().filter(|point| !told.contains(point)).collect();
    told.extend(others);
    told.truncate(room);
    told.sort_unstable();
    let words = format!(
        " Shown: {} of {}, those on the front first, then the lowest strength of each defense; in CSV are all.",
        told.len(),
        format::count(all.len(), "point"),
    );
    (told, words)
}

/// What stands over a table: its title, and of groups whose, so that no two headings are alike.
pub(super) fn heading(view: &View, table: &Table) -> String {
    match table.head.get(view.columns().len()) {
        Some(attribute) if table.title == TITLE => format!("{TITLE}: {}", attribute.text),
        _ => table.title.to_owned(),
    }
}

/// The rows that the number `id` of one group rests on: of the point where they are most.
fn most_rows(view: &View, id: &str, part: &str) -> Option<usize> {
    let key = MetricKey { group: Some(part.to_owned()), ..MetricKey::plain(id) };
    (0..view.given.points.len()).filter_map(|point| Some(view.measured(point, &key)?.estimate.n)).max()
}

/// The groups of every sensitive attribute that is `wanted`; classes have their figure.
pub(super) fn all(view: &View, brief: bool, wanted: impl Fn(&str) -> bool) -> Vec<Table> {
    let is_wanted = |breakdown: &&Breakdown| !breakdown.is_by_class() && wanted(&breakdown.title);
    let attributes = view.given.breakdowns.iter().filter(is_wanted);
    let remark = if brief { " Means; intervals are in summary.md." } else { "" };
    attributes.filter_map(|breakdown| groups(view, breakdown, brief, remark)).collect()
}

/// The groups of every combination of two attributes that is `wanted`, in brief. Those of few rows are named with their rows, and left out: what stands there is about single persons.
pub(super) fn intersections(view: &View, wanted: impl Fn(&str) -> bool) -> Vec<Table> {
    let keys = view.keys();
    let parts = keys.iter().filter(|key| key.id == "group_accuracy").filter_map(worst_off::attribute_of);
    let names: BTreeSet<&str> = parts.filter(|name| name.contains('*') && wanted(name)).collect();
    let table = |name: &str| {
        // An attribute may itself be called so; it has its own table.
        if view.given.breakdowns.iter().any(|breakdown| breakdown.title == name) {
            return None;
        }
        let (members, few): (Vec<Group>, Vec<Group>) =
            worst_off::groups(view, name).into_iter().partition(|group| group.rows as f64 >= FEW_ROWS);
        let remark = format!(" Means without attack; intervals are in points.csv.{}", left_out(few));
        let breakdown = Breakdown {
            title: name.to_owned(),
            clean: "group_accuracy".to_owned(),
            attacked: Some("robust_group_accuracy".to_owned()),
            members: members.into_iter().map(|group| (group.name, group.part)).collect(),
        };
        groups(view, &breakdown, true, &remark)
    };
    names.into_iter().filter_map(table).collect()
}

/// `` Left out, with fewer than 10 rows: `Asian*Female` (1), …; points.csv has them.``
fn left_out(mut few: Vec<Group>) -> String {
    few.sort_by_key(|group| group.rows);
    let named: Vec<String> = few.iter().map(|group| format!("`{}` ({})", group.name, group.rows)).collect();
    if named.is_empty() {
        return String::new();
    }
    format!(" Left out, with fewer than {FEW_ROWS} rows: {}; points.csv has them.", format::list(&named))
}
