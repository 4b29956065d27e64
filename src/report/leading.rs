//! Who is best at a number, and what paired seeds cannot tell from it: means alone make nobody best.

use super::format;
use super::headline::point_list;
use super::view::View;
use crate::measure::MetricKey;
use crate::pareto::Verdict;
use crate::points::leaders;
use crate::stats::SEEDS_FOR_VARIANCE;

/// How it is said.
const NOT_TOLD: &str = "not told from";

/// More than these are counted.
const NAMED: usize = 3;

/// The point with the best mean at a number, and those that cannot be told from it.
pub(super) struct Leading {
    /// Its position.
    pub(super) point: usize,
    /// The others, ascending.
    pub(super) level: Vec<usize>,
    /// Seeds of the point: with fewer than three nothing is tested, and equal means alone are level.
    seeds: usize,
}

/// Who leads at `key` among the working points that compete; none where nobody has the number.
pub(super) fn of(view: &View, key: &MetricKey) -> Option<Leading> {
    let points = &view.given.points;
    let works = |&point: &usize| {
        view.competes(point) && points[point].degenerate.is_none() && view.value(point, key).is_some()
    };
    among(view, key, &(0..points.len()).filter(works).collect::<Vec<_>>())
}

/// Those of `points` that the front was judged from, since one that lacks a seed is compared with none; all where none was.
pub(super) fn whole(view: &View, points: &[usize]) -> Vec<usize> {
    let is_whole = |point: &usize| view.given.front.excluded.iter().all(|(excluded, _)| excluded != point);
    let whole: Vec<usize> = points.iter().copied().filter(is_whole).collect();
    if whole.is_empty() { points.to_vec() } else { whole }
}

/// The same among these points, which work and have the number.
pub(super) fn among(view: &View, key: &MetricKey, points: &[usize]) -> Option<Leading> {
    let whole = whole(view, points);
    let points = &whole;
    let direction = view.direction(key)?;
    let cost = |point: usize| view.value(point, key).map_or(f64::INFINITY, |value| direction.as_cost(value));
    let point = points.iter().copied().min_by(|a, b| cost(*a).total_cmp(&cost(*b)))?;
    level_with(view, key, point, points)
}

/// What of `points` cannot be told from the best of them, `point`.
fn level_with(view: &View, key: &MetricKey, point: usize, points: &[usize]) -> Option<Leading> {
    let found = leaders(points.iter().map(|&i| &view.given.points[i]), key, view.direction(key)?);
    let level = found.into_iter().map(|at| points[at]).filter(|other| *other != point).collect();
    Some(Leading { point, level, seeds: view.given.points[point].seeds.len() })
}

impl Leading {
    /// Whether it was tested which others are as good.
    fn is_tested(&self) -> bool {
        self.seeds >= SEEDS_FOR_VARIANCE
    }

    /// `not told from 0 and 0.1`, or from so many others; none where the best is told from all. Where nothing can be tested, what it is best by.
    pub(super) fn not_told(&self, view: &View) -> Option<String> {
        if !self.is_tested() {
            let by = match self.seeds {
                1 => "at this one seed".to_owned(),
                seeds => format!("by the mean of {seeds} seeds"),
            };
            return Some(match self.level.len() {
                0 => by,
                1 => format!("{by}, like another"),
                others => format!("{by}, like {others} others"),
            });
        }
        match self.level.as_slice() {
            [] => None,
            few if few.len() <= NAMED => {
                let list = point_list(view, few);
                let bare = list.strip_prefix("strengths ").or_else(|| list.strip_prefix("strength "));
                Some(format!("{NOT_TOLD} {}", bare.unwrap_or(&list)))
            }
            many => Some(format!("{NOT_TOLD} {} others", many.len())),
        }
    }

    /// `at strength 0.2`, or `at strength 0.2 (not told from 0.25)`.
    pub(super) fn place(&self, view: &View) -> String {
        let place = view.place(self.point);
        self.not_told(view).map_or_else(|| place.clone(), |level| format!("{place} ({level})"))
    }
}

/// Title and caption of a figure; the caption says what `not told from` means where the title says it.
pub(super) fn explained(title: String, caption: String) -> (String, String) {
    if !title.contains(NOT_TOLD) {
        return (title, caption);
    }
    let more = "Not told from: paired differences over these seeds do not say which is better (t intervals, all at 95 % together).";
    (title, format!("{caption} {more}"))
}

/// What `not told from` means, where it is said of an objective.
pub(super) fn meaning(view: &View) -> Option<&'static str> {
    let is_said = view
        .given
        .front
        .objectives
        .iter()
        .filter_map(|objective| of(view, &objective.key))
        .any(|found| found.is_tested() && !found.level.is_empty());
    is_said.then_some(
        "the paired differences over these seeds do not say which of them is better (t intervals, all at 95 % together)",
    )
}

/// How many of the points that the means call dominated are so over seeds and rows in general, and how many the means call that.
pub(super) fn surely_dominated(view: &View) -> (usize, usize) {
    let verdicts = &view.given.uncertainty.verdicts;
    let sure = |point: &usize| matches!(verdicts.get(*point), Some(Some(Verdict::DominatedBy(_))));
    let beaten = &view.given.front.dominated;
    (beaten.iter().filter(|(point, _)| sure(point)).count(), beaten.len())
}

/// The objectives, each with who is best at it: `accuracy is best at strength 0.05 (not told from 0)`.
pub(super) fn title(view: &View) -> Option<String> {
    let best: Vec<(String, Leading)> = view
        .given
        .front
        .objectives
        .iter()
        .filter_map(|o| Some((view.metric_title(&o.key), of(view, &o.key)?)))
        .collect();
    let is_alone = |found: &Leading| found.is_tested() && found.level.is_empty();
    match best.as_slice() {
        [] => None,
        [(_, first), rest @ ..]
            if !rest.is_empty()
                && best.iter().all(|(_, found)| found.point == first.point && is_alone(found)) =>
        {
            Some(format!("Every objective is best {}", view.place(first.point)))
        }
        several => {
            let parts: Vec<String> =
                several.iter().map(|(name, found)| format!("{name} is best {}", found.place(view))).collect();
            Some(format::capitalized(&format::list(&parts)))
        }
    }
}
