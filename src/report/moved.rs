//! Which gaps between groups the step of the first headline moved, objective or not: who is harmed does not depend on what somebody asked about.

use crate::measure::{AttackKey, MetricKey};
use crate::metrics::{self, Form};
use crate::pareto::exchange::ArcRate;
use crate::stats::Scale;

use super::format;
use super::sizable::{self, Stated, stated};
use super::view::View;
use super::worst_off;

/// Gaps that are told of at most.
const TOLD: usize = 5;

/// The gaps looked at beside objectives: others say the same again (means and sums of these, other radii, other iterates).
const GAPS: [&str; 8] = [
    "demographic_parity_difference",
    "equal_opportunity_difference",
    "equalized_odds_difference_max",
    "accuracy_gap",
    "demographic_parity_difference_first_success",
    "equalized_odds_difference_max_first_success",
    "robust_accuracy_gap",
    "vulnerability_gap",
];

/// One gap that moved.
struct Moved<'a> {
    key: MetricKey,
    before: Stated<'a>,
    after: Stated<'a>,
}

impl Moved<'_> {
    fn growth(&self) -> f64 {
        self.after.value - self.before.value
    }

    fn is_attacked(&self) -> bool {
        self.key.attack.is_some()
    }

    fn is_of_combinations(&self) -> bool {
        self.key.group.as_deref().is_some_and(|attribute| attribute.contains('*'))
    }
}

/// One sentence per gap, those on the rows as they are before those under attack, attributes before their combinations, of a kind the largest move first, whichever way; none where there
/// is no step, or no intervals.
pub(super) fn sentences(view: &View, arcs: &[&ArcRate]) -> Vec<String> {
    let Some(arc) = arcs.first() else { return Vec::new() };
    let mut all: Vec<Moved<'_>> = view
        .keys()
        .into_iter()
        .filter(|key| is_looked_at(view, key))
        .filter_map(|key| moved(view, arc, key))
        .collect();
    let attributes: Vec<(MetricKey, f64)> =
        all.iter().map(|moved| (moved.key.clone(), moved.after.value)).collect();
    all.retain(|moved| !is_said_again(view, arc, moved));
    all.retain(|moved| !moved.is_of_combinations() || says_more(moved, &attributes));
    all.sort_by(|a, b| {
        let place = |moved: &Moved<'_>| (moved.is_attacked(), moved.is_of_combinations());
        place(a).cmp(&place(b)).then(b.growth().abs().total_cmp(&a.growth().abs()))
    });
    if all.is_empty() {
        return Vec::new();
    }
    let step = format!("From {} to {}", view.long_label(arc.from), view.plain_strength(arc.to));
    let balanced = MetricKey::plain("balanced_accuracy");
    // What collapses is fair, too.
    let beside = match (view.value(arc.from, &balanced), view.value(arc.to, &balanced)) {
        (Some(before), Some(after)) if all.iter().any(|moved| moved.growth() < 0.0) => format!(
            " ({} went from {} to {}; a model that collapses closes gaps, too)",
            view.title(&balanced),
            format::number(before),
            format::number(after)
        ),
        _ => String::new(),
    };
    let mut sentences = vec![format!(
        "{step}, {} between groups moved beyond {}{beside}:",
        format::count(all.len(), "gap"),
        if all.len() == 1 {
            "its interval"
        } else {
            "their intervals (without attack and of single attributes first, then by size)"
        },
    )];
    sentences.extend(all.iter().take(TOLD).map(|moved| sentence(view, arc, moved)));
    if all.len() > TOLD {
        let rest = &all[TOLD..];
        let of = [
            (rest.iter().any(Moved::is_attacked), "under attack"),
            (rest.iter().any(Moved::is_of_combinations), "between combinations of attributes"),
        ];
        let of: Vec<&str> = of.iter().filter(|(there, _)| *there).map(|(_, words)| *words).collect();
        let of = if of.is_empty() { String::new() } else { format!(", {}", of.join(" or ")) };
        sentences.push(format!("And {} more{of}: see `points.csv`.", rest.len()));
    }
    sentences
}

/// Of a whole attribute, without attack or under the primary one.
fn is_looked_at(view: &View, key: &MetricKey) -> bool {
    let primary = view.given.threat.as_ref().map(|t| AttackKey::new(&t.protocol, t.norm, t.epsilon));
    let is_objective = || view.given.front.objectives.iter().any(|objective| objective.key == *key);
    let is_gap = metrics::find(&key.id).is_some_and(|metric| {
        metric.needs.attribute && matches!(metric.form, Form::Gap(_, _, Scale::Difference))
    });
    is_gap
        && (is_objective()
            || GAPS.contains(&key.id.as_str()) && (key.attack.is_none() || key.attack == primary))
}

/// Each end lies outside the interval of the other, and not both are what chance alone would show.
fn moved<'a>(view: &'a View, arc: &ArcRate, key: MetricKey) -> Option<Moved<'a>> {
    let (before, after) = (stated(view, arc.from, &key)?, stated(view, arc.to, &key)?);
    let outside = |value: f64, (low, high): (f64, f64)| value < low || value > high;
    let is_moved = outside(after.value, before.interval?) && outside(before.value, after.interval?);
    (is_moved && !(before.is_chance() && after.is_chance())).then_some(Moved { key, before, after })
}

/// An equalized-odds gap that is the gap in true positive rates, told of as that.
fn is_said_again(view: &View, arc: &ArcRate, moved: &Moved<'_>) -> bool {
    let other = MetricKey { id: "equal_opportunity_difference".to_owned(), ..moved.key.clone() };
    let is_same =
        |point, own: f64| stated(view, point, &other).is_some_and(|other| (other.value - own).abs() < 1e-9);
    moved.key.id == "equalized_odds_difference_max"
        && is_same(arc.from, moved.before.value)
        && is_same(arc.to, moved.after.value)
}

/// Whether combinations are further apart than the groups of either attribute, beyond the interval.
fn says_more(moved: &Moved<'_>, all: &[(MetricKey, f64)]) -> bool {
    let Some((one, other)) = moved.key.group.as_deref().and_then(|group| group.split_once('*')) else {
        return true;
    };
    let of = |attribute: &str| {
        let key = MetricKey { group: Some(attribute.to_owned()), ..moved.key.clone() };
        all.iter().find(|(known, _)| *known == key).map_or(0.0, |(_, value)| *value)
    };
    moved.after.interval.is_some_and(|(low, _)| low > of(one).max(of(other)))
}

fn sentence(view: &View, arc: &ArcRate, moved: &Moved<'_>) -> String {
    let written = |stated: &Stated<'_>| format::with_interval(stated.value, stated.interval);
    let verb = if moved.growth() > 0.0 { "grew" } else { "narrowed" };
    let without = match moved.after.left_out {
        [] => String::new(),
        left_out => format!("; without {}", sizable::words(&moved.key.id, left_out)),
    };
    format!(
        "{} {verb} from {} to {}{}{without}.",
        format::capitalized(&view.title(&moved.key)),
        written(&moved.before),
        written(&moved.after),
        rates(view, arc, moved).map_or_else(String::new, |rates| format!(": {rates}")),
    )
}

/// The two groups furthest apart, with their rates at both ends; where others decide at the other end (another rate, or other groups), those of either end.
fn rates(view: &View, arc: &ArcRate, moved: &Moved<'_>) -> Option<String> {
    let before = deciding(view, arc.from, &moved.key, &moved.before)?;
    let after = deciding(view, arc.to, &moved.key, &moved.after)?;
    let title = |key: &MetricKey| view.title(&MetricKey { group: None, attack: None, ..key.clone() });
    let named = |key: &MetricKey| {
        let name = MetricKey::member(key.group.as_deref()?);
        let n = view.measured(arc.to, key)?.estimate.n;
        Some(format!("`{name}` ({n} {})", metrics::kind_of(&key.id)))
    };
    let number = |point, key: &MetricKey| Some(format::number(view.value(point, key)?));
    let (high, low) = if moved.growth() > 0.0 { &after } else { &before };
    let is_same = before == after || (&before.0, &before.1) == (&after.1, &after.0);
    if is_same {
        let one =
            |key| Some(format!("{} {} → {}", named(key)?, number(arc.from, key)?, number(arc.to, key)?));
        return Some(format!("{} of {}, of {}", title(high), one(high)?, one(low)?));
    }
    let end = |point, (high, low): &(MetricKey, MetricKey)| {
        let one = |key| Some(format!("{} {}", named(key)?, number(point, key)?));
        Some(format!("{} {} of {}, of {}", view.place(point), title(high), one(high)?, one(low)?))
    };
    Some(format!("{}; {}", end(arc.from, &before)?, end(arc.to, &after)?))
}

/// The rate, and the two groups of enough rows furthest apart in it, that make the gap what it is at `point`: the higher first.
fn deciding(
    view: &View,
    point: usize,
    gap: &MetricKey,
    stated: &Stated<'_>,
) -> Option<(MetricKey, MetricKey)> {
    let Form::Gap(of, ..) = metrics::find(&gap.id)?.form else { return None };
    let start = format!("{}=", worst_off::attribute_of(gap)?);
    let is_kept =
        |key: &MetricKey| stated.left_out.iter().all(|(group, _)| key.group.as_ref() != Some(group));
    let furthest = |id: &&'static str| {
        let own = |key: &MetricKey| {
            key.id == **id
                && key.attack == gap.attack
                && key.group.as_deref().is_some_and(|group| group.starts_with(&start))
        };
        let mut found: Vec<(MetricKey, f64)> = view
            .keys()
            .into_iter()
            .filter(|key| own(key) && is_kept(key))
            .filter_map(|key| Some((key.clone(), view.value(point, &key)?)))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        let (low, high) = (found.pop()?, found.into_iter().next()?);
        Some((high.1 - low.1, high.0, low.0))
    };
    let (_, high, low) = of.iter().filter_map(furthest).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((high, low))
}
