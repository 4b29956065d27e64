//! The sanity checks in words and as a table: what failed and what warned; the rest stands in `report.json`.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{Finding, Status};

use super::format;
use super::headline;
use super::inputs::CheckRow;
use super::table::{Column, Table, numeric, words};
use super::view::View;

/// The degenerate points are told of in the headlines, over all seeds.
const TOLD_ELSEWHERE: &str = "degenerate";

/// Where numbers are withheld, and where they were released: the first thing to know.
pub(super) fn headlines(view: &View) -> Vec<String> {
    let mut all = Vec::new();
    let mut tell = |is_meant: fn(&Finding) -> bool, sentence: &dyn Fn(&str, &str) -> String| {
        let meant: Vec<&CheckRow> = view.given.checks.iter().filter(|row| is_meant(&row.finding)).collect();
        if !meant.is_empty() {
            let names: BTreeSet<String> =
                meant.iter().map(|row| format!("`{}`", row.finding.check)).collect();
            let names: Vec<String> = names.into_iter().collect();
            all.push(sentence(&format::list(&names), &places(view, &meant)));
        }
    };
    tell(|finding| finding.withholds() && !finding.is_of_the_vote(), &|names, places| {
        format!("Withheld at {places}: every number under attack, because sanity checks failed ({names}).")
    });
    tell(|finding| finding.withholds() && finding.is_of_the_vote(), &|names, places| {
        format!(
            "Withheld at {places}: every number of the smoothed classifier, because a sanity check failed ({names})."
        )
    });
    tell(|finding| finding.released, &|names, places| {
        format!(
            "Numbers under attack at {places} are shown by override although sanity checks failed ({names})."
        )
    });
    all
}

/// One line in all, then one per check that failed or warned.
pub(super) fn remarks(view: &View) -> Vec<String> {
    let rows = || view.given.checks.iter().filter(|row| row.finding.check != TOLD_ELSEWHERE);
    if rows().next().is_none() {
        return Vec::new();
    }
    let models = models(view);
    let mut by_check: BTreeMap<(u32, &str, Status, bool), Vec<&CheckRow>> = BTreeMap::new();
    for row in rows() {
        let Finding { number, check, status, released, .. } = &row.finding;
        by_check.entry((*number, check, *status, *released)).or_default().push(row);
    }
    let applied = rows().filter(|row| row.finding.status != Status::NotApplicable);
    let checks: BTreeSet<&str> = applied.map(|row| row.finding.check.as_str()).collect();
    let count = |status| {
        let with = by_check.keys().filter(|(_, _, other, _)| *other == status);
        with.map(|(_, check, _, _)| *check).collect::<BTreeSet<_>>().len()
    };
    let some = |n: usize| if n == 0 { "none".to_owned() } else { n.to_string() };
    let mut lines = vec![format!(
        "sanity checks: of {} on {}, {} failed and {} warned",
        checks.len(),
        format::count(models, "model"),
        some(count(Status::Fail)),
        some(count(Status::Warn)),
    )];
    for ((number, check, status, released), rows) in by_check {
        let verb = match (status, released) {
            (Status::Warn, _) => "warns",
            (Status::Fail, false) => "failed",
            (Status::Fail, true) => "failed (overridden)",
            (Status::Pass | Status::NotApplicable, _) => continue,
        };
        // What to do about a warning stands in the table: the summary is for what changes a number.
        let says = &rows[0].finding.says;
        let says = match status {
            Status::Warn => says.split_once("; ").map_or(says.as_str(), |(seen, _)| seen),
            _ => says,
        };
        lines.push(format!(
            "check {number} `{check}` {verb} at {} ({} of {}), first: {}",
            places(view, &rows),
            rows.len(),
            format::count(models, "model"),
            says,
        ));
    }
    lines
}

/// Models that were looked at.
fn models(view: &View) -> usize {
    let rows = view.given.checks.iter();
    rows.filter_map(|row| Some((row.point, row.seed?))).collect::<BTreeSet<_>>().len()
}

/// The points that `rows` are about.
fn places(view: &View, rows: &[&CheckRow]) -> String {
    let points: BTreeSet<usize> = rows.iter().map(|row| row.point).collect();
    if points.len() > 1 && points.len() == view.given.points.len() {
        return "all points".to_owned();
    }
    headline::point_list(view, &points.into_iter().collect::<Vec<_>>())
}

/// One row per check: on how many models it came to what.
pub(super) fn table(view: &View) -> Option<Table> {
    let mut by_check: BTreeMap<(u32, &str), Vec<&Finding>> = BTreeMap::new();
    for row in &view.given.checks {
        by_check.entry((row.finding.number, &row.finding.check)).or_default().push(&row.finding);
    }
    if by_check.is_empty() {
        return None;
    }
    let head: Vec<Column> = vec![
        numeric("number"),
        words("check"),
        numeric("pass"),
        numeric("warn"),
        numeric("fail"),
        numeric("of these overridden"),
        numeric("not applicable"),
        words("for example"),
    ];
    let rows = by_check
        .into_iter()
        .map(|((number, _), findings)| {
            let count =
                |status| findings.iter().filter(|finding| finding.status == status).count().to_string();
            let released = findings.iter().filter(|finding| finding.released).count();
            // The worst: failures before warnings before the rest.
            let rank = |finding: &&&Finding| match finding.status {
                Status::Fail => 0,
                Status::Warn => 1,
                Status::Pass => 2,
                Status::NotApplicable => 3,
            };
            let worst = findings.iter().min_by_key(rank).expect("a check has a finding");
            vec![
                number.to_string(),
                worst.check.clone(),
                count(Status::Pass),
                count(Status::Warn),
                count(Status::Fail),
                released.to_string(),
                count(Status::NotApplicable),
                worst.says.clone(),
            ]
        })
        .collect();
    Some(Table {
        title: "Sanity checks",
        caption: "Whether the attacks can be believed, model by model (`degenerate`: point by point). A failed check withholds every number under attack unless it is overridden by name; report.json has every finding.".to_owned(),
        head,
        rows,
    })
}
