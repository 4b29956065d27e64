//! Distribution shift: how right the model stays, and whether it knows rows without a class.

use std::collections::BTreeSet;

use crate::measure::MetricKey;
use crate::metrics::SCORES;

use super::format;
use super::remarks::{intervals, seeds};
use super::table::{Column, Table, numeric, words};
use super::view::View;

/// The tables; none where nothing was asked under shift. `brief`: the summary of corruptions and the scores' AUROC, means only where there is no room.
pub(super) fn tables(view: &View, brief: bool) -> Vec<Table> {
    let keys = view.keys();
    let mut tables: Vec<Table> = summary(view, &keys, brief).into_iter().collect();
    if !brief {
        tables.extend(by_corruption(view, &keys));
    }
    tables.extend(others(view, &keys, brief));
    tables.extend(unfamiliar(view, &keys, brief));
    tables
}

/// The key parts of `id`, in the order of `keys`.
fn parts<'a>(keys: &'a [MetricKey], id: &str) -> Vec<&'a str> {
    keys.iter().filter(|key| key.id == id).filter_map(|key| key.group.as_deref()).collect()
}

fn part(id: &str, part: &str) -> MetricKey {
    MetricKey { group: Some(part.to_owned()), ..MetricKey::plain(id) }
}

/// Who a point is.
fn who(view: &View) -> Vec<Column> {
    view.columns().into_iter().map(words).collect()
}

fn named(view: &View, point: usize) -> Vec<String> {
    view.varying.iter().map(|(_, values)| values[point].clone()).collect()
}

fn headed(view: &View, name: &str, key: &MetricKey) -> Column {
    numeric(format!("{name}{}", format::arrow(view.direction(key))))
}

/// One row per point: all corruptions together, label shift at its worst severity.
fn summary(view: &View, keys: &[MetricKey], brief: bool) -> Option<Table> {
    let worst_shift = parts(keys, "label_shift_accuracy").into_iter().max_by_key(|name| severity(name));
    let labels = worst_shift.map(|name| part("label_shift_accuracy", name));
    let mut columns: Vec<(&str, MetricKey)> = vec![
        ("clean", MetricKey::plain("accuracy")),
        ("corrupted", MetricKey::plain("mean_corruption_accuracy")),
        ("worst corruption", MetricKey::plain("worst_corruption_accuracy")),
        ("worst class", MetricKey::plain("worst_class_corruption_accuracy")),
        ("mCE", MetricKey::plain("mean_corruption_error")),
        ("relative mCE", MetricKey::plain("relative_mean_corruption_error")),
        ("effective robustness, points", MetricKey::plain("effective_robustness")),
    ];
    columns.extend(labels.map(|key| ("label shift", key)));
    if brief {
        columns.retain(|(name, _)| !matches!(*name, "clean" | "relative mCE" | "worst class"));
    }
    columns.retain(|(_, key)| keys.contains(key));
    // Clean accuracy alone says nothing of shift.
    if columns.iter().all(|(name, _)| *name == "clean") {
        return None;
    }
    let mut head = who(view);
    head.extend(columns.iter().map(|(name, key)| headed(view, name, key)));
    let cell = |point: usize, name: &str, key: &MetricKey| match view.value(point, key) {
        Some(value) if key.id == "effective_robustness" => {
            in_points(value, view.interval(point, key).filter(|_| !brief))
        }
        Some(value) if brief && name != "corrupted" => format::number(value),
        _ => format::estimate(view.measured(point, key)),
    };
    let rows = (0..view.given.points.len()).map(|point| {
        let mut row = named(view, point);
        row.extend(columns.iter().map(|(name, key)| cell(point, name, key)));
        row
    });
    let pairs = parts(keys, "corruption_accuracy");
    let corruptions = corruptions(&pairs);
    let what = if pairs.is_empty() {
        String::new()
    } else {
        let severities = match pairs.len() / corruptions.len().max(1) {
            1 => "1 severity".to_owned(),
            n => format!("{n} severities"),
        };
        format!(
            " Corrupted: share classified correctly under {} at {severities}, mean over all of them. mCE, mean corruption error: error against that of the undefended model of the same seed (1 is as good, less is better). Effective robustness: accuracy under corruption above what the sweep makes expect at this clean accuracy.",
            format::count(corruptions.len(), "corruption"),
        )
    };
    let shifted = worst_shift.map_or_else(String::new, |name| {
        format!(
            " Label shift: accuracy when the class that suffers most from it gets more weight (severity {}).",
            severity(name)
        )
    });
    Some(Table {
        title: "Distribution shift",
        caption: format!(
            "Rows that are not as in training, with nobody meaning harm.{what}{shifted} Means over {}; {}.{}",
            seeds(view),
            intervals(view, "in brackets"),
            if brief { " Intervals of the others are in summary.md." } else { "" }
        ),
        head,
        rows: rows.collect(),
    })
}

/// In points with two decimals: what the sweep leaves unexplained is small. `0.04 [−0.12, 0.20]`.
fn in_points(value: f64, interval: Option<(f64, f64)>) -> String {
    let text = |x: f64| {
        let text = format!("{:.2}", 100.0 * x);
        if text == "-0.00" { "0.00".to_owned() } else { text.replace('-', "−") }
    };
    match interval {
        Some((low, high)) => format!("{} [{}, {}]", text(value), text(low), text(high)),
        None => text(value),
    }
}

fn severity(part: &str) -> u8 {
    part.rsplit_once(':').and_then(|(_, severity)| severity.parse().ok()).unwrap_or(0)
}

/// The corruptions of some pairs, each once.
fn corruptions<'a>(pairs: &[&'a str]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let names = pairs.iter().filter_map(|pair| Some(pair.rsplit_once(':')?.0));
    names.filter(|name| seen.insert(*name)).collect()
}

/// One row per corruption, one column per point: means over severities.
fn by_corruption(view: &View, keys: &[MetricKey]) -> Option<Table> {
    const ID: &str = "kind_of_corruption_accuracy";
    let corruptions = parts(keys, ID);
    if corruptions.is_empty() {
        return None;
    }
    let points = || 0..view.given.points.len();
    let mut head = vec![words("corruption")];
    head.extend(points().map(|point| numeric(view.long_label(point))));
    let rows = corruptions.iter().map(|name| {
        let key = part(ID, name);
        let of = |point| view.value(point, &key).map_or_else(|| "undefined".to_owned(), format::number);
        std::iter::once((*name).to_owned()).chain(points().map(of)).collect()
    });
    Some(Table {
        title: "Accuracy by corruption",
        caption: format!(
            "Share classified correctly, mean over severities and {}; intervals, and single severities with theirs, are in points.csv.",
            seeds(view)
        ),
        head,
        rows: rows.collect(),
    })
}

/// One row per point and other table: how right is the model there, and how much less than on test rows?
fn others(view: &View, keys: &[MetricKey], brief: bool) -> Option<Table> {
    let names = parts(keys, "shifted_accuracy");
    if names.is_empty() {
        return None;
    }
    let clean = MetricKey::plain("accuracy");
    let columns = [
        ("accuracy there", "shifted_accuracy"),
        ("lost", "shifted_accuracy_drop"),
        ("effective robustness, points", "shifted_effective_robustness"),
    ];
    let mut head = who(view);
    head.extend([words("table"), numeric("rows")]);
    if !brief {
        head.push(headed(view, "test rows", &clean));
    }
    head.extend(columns.iter().map(|(name, id)| headed(view, name, &MetricKey::plain(id))));
    let mut rows = Vec::new();
    for point in 0..view.given.points.len() {
        for name in &names {
            let of = |id: &str| view.measured(point, &part(id, name));
            let mut row = named(view, point);
            row.push((*name).to_owned());
            row.push(of("shifted_accuracy").map_or_else(String::new, |m| m.estimate.n.to_string()));
            if !brief {
                row.push(format::estimate(view.measured(point, &clean)));
            }
            row.extend(columns.iter().map(|(_, id)| match view.value(point, &part(id, name)) {
                Some(value) if *id == "shifted_effective_robustness" => {
                    in_points(value, view.interval(point, &part(id, name)).filter(|_| !brief))
                }
                _ => format::estimate(of(id)),
            }));
            rows.push(row);
        }
    }
    let measured = |point: usize| view.measured(point, &part("shifted_accuracy", names[0]));
    let level = (0..view.given.points.len())
        .filter_map(measured)
        .find_map(|measured| measured.estimate.interval.map(|_| measured.estimate.level));
    let uncertainty = level.map_or_else(
        || intervals(view, "in brackets"),
        |level| {
            format!(
                "in brackets: {:.0} % intervals over seeds and over the rows of each table",
                100.0 * level
            )
        },
    );
    Some(Table {
        title: "Another table",
        caption: format!(
            "Labeled rows of another file, encoded as training rows are: share classified correctly there. Lost: accuracy on test rows minus accuracy there. Effective robustness: accuracy there above what the sweep makes expect at this accuracy on test rows. Means over {}; {}.",
            seeds(view),
            uncertainty
        ),
        head,
        rows,
    })
}

/// One row per point and set: does a score tell the set's rows from test rows?
fn unfamiliar(view: &View, keys: &[MetricKey], brief: bool) -> Option<Table> {
    let auroc = |score: &str| format!("ood_auroc_{score}");
    let refused = "ood_fpr95_id_energy";
    let mut sets = parts(keys, &auroc(SCORES[0].0));
    if sets.is_empty() {
        return None;
    }
    // Means stand last, and only where some are over more than one set.
    let is_mean = |set: &&str| matches!(*set, "near" | "far");
    sets.sort_by_key(is_mean);
    let means = sets.iter().filter(|set| is_mean(set)).count();
    if sets.len() == 2 * means {
        sets.truncate(means);
    }
    let mut head = who(view);
    head.push(words("rows"));
    head.extend(SCORES.iter().map(|(score, _)| {
        let key = MetricKey::plain(&auroc(score));
        headed(view, &format!("AUROC {}", score.replace('_', " ")), &key)
    }));
    head.push(headed(view, "passing at 95 %, energy", &MetricKey::plain(refused)));
    let cell = |point: usize, key: &MetricKey| match view.value(point, key) {
        Some(value) if brief => format::number(value),
        _ => format::estimate(view.measured(point, key)),
    };
    let mut rows = Vec::new();
    for point in 0..view.given.points.len() {
        for set in &sets {
            let mut row = named(view, point);
            row.push(if is_mean(set) { format!("all {set}") } else { (*set).to_owned() });
            row.extend(SCORES.iter().map(|(score, _)| cell(point, &part(&auroc(score), set))));
            row.push(cell(point, &part(refused, set)));
            rows.push(row);
        }
    }
    let scores: Vec<String> =
        SCORES.iter().map(|(score, what)| format!("{} ({what})", score.replace('_', " "))).collect();
    Some(Table {
        title: "Rows without a class",
        caption: format!(
            "Does the model know rows that belong to no class? AUROC: share of pairs in which the test row has the higher score, 0.5 says nothing; by {}. Passing: share of the rows without a class that pass where 95 % of the test rows do. Means over {}{}.",
            format::list(&scores),
            seeds(view),
            if brief { "; intervals are in summary.md" } else { "" }
        ),
        head,
        rows,
    })
}
