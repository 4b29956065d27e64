//! How sure one can be of the front: verdicts, knees, attainment bands.

use serde_json::{Value as Json, json};

use super::format;
use super::headline::{self, these_seeds};
use super::table::{Table, numeric, words};
use super::view::View;
use crate::error::Result;
use crate::pareto::Verdict;
use crate::pareto::uncertain::{Bend, Depth};
use crate::words::percent;

/// Whether there are enough seeds for verdicts.
pub(super) fn has_verdicts(view: &View) -> bool {
    view.given.uncertainty.verdicts.iter().any(Option::is_some)
}

/// `on the front`, `dominated by 0.2`, `undecided`, or `—` where it did not compete.
pub(super) fn verdict(view: &View, point: usize) -> String {
    match view.given.uncertainty.verdicts.get(point).copied().flatten() {
        Some(Verdict::OnFront) => "on the front".to_owned(),
        Some(Verdict::DominatedBy(by)) => format!("dominated by {}", view.labels[by]),
        Some(Verdict::Undecided) => "undecided".to_owned(),
        None => "—".to_owned(),
    }
}

/// Which points have no verdict either way, in one sentence; none where there are no verdicts or all are known.
pub(super) fn undecided(view: &View) -> Option<String> {
    let open = |verdict: &Option<Verdict>| *verdict == Some(Verdict::Undecided);
    let verdicts = &view.given.uncertainty.verdicts;
    let points: Vec<usize> = (0..verdicts.len()).filter(|&point| open(&verdicts[point])).collect();
    let judged = verdicts.iter().flatten().count();
    if points.is_empty() {
        return None;
    }
    let open = if points.len() == judged {
        "whether any point is on the front".to_owned()
    } else {
        format!("whether {} {} on the front", headline::point_list(view, &points), format::are(points.len()))
    };
    Some(format!("Undecided over seeds and rows in general, at 95 % for all points together: {open}."))
}

/// What the column says, for the caption of the points.
pub(super) fn caption(view: &View) -> &'static str {
    if has_verdicts(view) {
        " Verdict: over seeds and rows in general, all points together at 95 %: on the front (every other point is worse at some objective), dominated (the named one is better at every objective), or undecided."
    } else {
        ""
    }
}

/// The largest shares: `0.1 in 71 % of resamples, 0.15 in 22 %`.
fn frequencies(view: &View, bend: &Bend) -> Option<String> {
    const LISTED: usize = 2;
    let none = bend.none.filter(|none| *none > 0.0).map(|none| ("none".to_owned(), none));
    let mut all: Vec<(String, f64)> = bend
        .frequency
        .iter()
        .map(|(point, share)| (view.labels[*point].clone(), *share))
        .chain(none)
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let told = all.iter().take(LISTED).enumerate().map(|(i, (name, share))| {
        format!("{name} in {}{}", percent(*share), if i == 0 { " of resamples" } else { "" })
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// The largest shares, and what all others come to: `0.1 (71 %), 0.15 (22 %), others 4 %`.
fn shares(view: &View, bend: &Bend) -> String {
    const LISTED: usize = 3;
    let mut all: Vec<(&str, f64)> =
        bend.frequency.iter().map(|(point, share)| (view.labels[*point].as_str(), *share)).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    // One more takes no more room than `others`.
    let shown = if all.len() == LISTED + 1 { all.len() } else { all.len().min(LISTED) };
    // A number and its sign stand on one line.
    let whole = |share: f64| percent(share).replace(' ', "\u{a0}");
    let mut told: Vec<String> =
        all[..shown].iter().map(|(name, share)| format!("{name} ({})", whole(*share))).collect();
    let others: f64 = all[shown..].iter().map(|(_, share)| share).sum();
    told.extend((others > 0.0).then(|| format!("others {}", whole(others))));
    if told.is_empty() { "—".to_owned() } else { told.join(", ") }
}

/// `The front dominates 0.512 [0.490, 0.531] of the box …`; none without a front.
pub(super) fn hypervolume(view: &View) -> Option<String> {
    let front = &view.given.front;
    (!front.members.is_empty()).then(|| {
        format!(
            "The front dominates {} of the box between the worst and the best possible values of its objectives (hypervolume).",
            format::with_interval(front.hypervolume, front.hypervolume_interval)
        )
    })
}

/// Where the front bends, in one sentence.
pub(super) fn knee(view: &View) -> Option<String> {
    let found = &view.given.uncertainty;
    let depth = found.depth?;
    let chord = found.knees.iter().find(|bend| bend.definition == "chord")?;
    let seeds =
        these_seeds(view.given.front.seeds).map_or_else(String::new, |these| format!(", for {these}"));
    let far = distance(&depth);
    let Some(point) = chord.point.filter(|_| depth.is_shown() != Some(false)) else {
        return Some(format!(
            "The front has no knee that could be told from a straight line between its ends{seeds}: it bends by {far} of the axes."
        ));
    };
    let agreeing = found.knees.iter().filter(|bend| bend.point == Some(point)).count();
    let often = frequencies(view, chord).map_or_else(String::new, |often| format!(" ({often})"));
    Some(format!(
        "The front has its knee {}{seeds}, by {agreeing} of {} definitions: it is farthest there from the straight line between its ends{often}, by {far} of the axes.",
        view.place(point),
        found.knees.len(),
    ))
}

/// The knee that the report speaks of: of the chord, where it can be told from a straight line.
pub(super) fn shown_knee(view: &View) -> Option<usize> {
    let found = &view.given.uncertainty;
    let is_shown = found.depth.and_then(|depth| depth.is_shown()) != Some(false);
    let chord = found.knees.iter().find(|bend| bend.definition == "chord")?;
    chord.point.filter(|_| is_shown)
}

fn distance(depth: &Depth) -> String {
    format::beside_zero(depth.distance, depth.interval)
}

/// The knees by every definition; none where the front has fewer than three members.
pub(super) fn knees(view: &View) -> Option<Table> {
    let found = &view.given.uncertainty;
    if view.given.front.members.len() < 3 || found.knees.is_empty() {
        return None;
    }
    let head = vec![words("definition"), words("knee"), words("in resamples"), numeric("none")];
    let rows = found
        .knees
        .iter()
        .map(|bend| {
            vec![
                bend.title.to_owned(),
                bend.point.map_or_else(|| "none".to_owned(), |point| view.labels[point].clone()),
                shares(view, bend),
                bend.none.map_or_else(|| "—".to_owned(), percent),
            ]
        })
        .collect();
    let depth = found.depth.map_or_else(String::new, |depth| {
        let verdict = match depth.is_shown() {
            Some(true) => ", so that there is a knee",
            Some(false) => ", so that a straight front cannot be told from this one: no knee",
            None => "",
        };
        format!(
            " The farthest member lies {} of the axes before the line between the ends{verdict}.",
            distance(&depth)
        )
    });
    Some(Table {
        title: "Knees",
        caption: format!(
            "Where the front of seed means bends, by {} on axes scaled by the possible values, and how often it does when seeds and rows are resampled together.{depth}",
            format::count(found.knees.len(), "definition")
        ),
        head,
        rows,
    })
}

/// What stands with the front in `report.json`.
pub(super) fn json(view: &View) -> Json {
    let found = &view.given.uncertainty;
    let verdict = |verdict: &Option<Verdict>| match verdict {
        Some(Verdict::OnFront) => json!({ "verdict": "on-front" }),
        Some(Verdict::DominatedBy(by)) => json!({ "verdict": "dominated", "by": by }),
        Some(Verdict::Undecided) => json!({ "verdict": "undecided" }),
        None => Json::Null,
    };
    json!({
        "verdicts": found.verdicts.iter().map(verdict).collect::<Vec<_>>(),
        "knees": found.knees.iter().map(|bend| json!({
            "definition": bend.definition,
            "source": bend.source,
            "point": bend.point,
            "frequency": bend.frequency.iter().map(|(point, share)| json!({ "point": point, "share": share })).collect::<Vec<_>>(),
            "none": bend.none,
        })).collect::<Vec<_>>(),
        "bend": found.depth.map(|depth| json!({
            "distance": depth.distance,
            "interval": depth.interval.map(|(low, high)| [low, high]),
            "is_knee": depth.is_shown(),
        })),
        "attainment": found.bands.iter().map(|band| json!({
            "band": band.name,
            "seeds": band.seeds,
            "of": view.given.front.seeds,
            "corners": band.corners,
        })).collect::<Vec<_>>(),
        "attained": found.attained,
    })
}

/// `attainment.csv`: one row per corner of a band; none without bands.
pub(super) fn csv(view: &View) -> Result<Option<Vec<u8>>> {
    let found = &view.given.uncertainty;
    if found.bands.is_empty() {
        return Ok(None);
    }
    let mut head = ["band", "seeds", "of"].map(str::to_owned).to_vec();
    head.extend(view.given.front.objectives.iter().map(|objective| objective.key.to_string()));
    let mut rows = vec![head];
    for band in &found.bands {
        for corner in &band.corners {
            let mut row =
                vec![band.name.to_owned(), band.seeds.to_string(), view.given.front.seeds.to_string()];
            row.extend(corner.iter().map(f64::to_string));
            rows.push(row);
        }
    }
    super::csv::written(&rows).map(Some)
}
