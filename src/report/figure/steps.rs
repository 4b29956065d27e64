//! The steps between strengths that are drawn as exchange rates: in order under their headings, with an axis for every pair of metrics.

use crate::measure::MetricKey;
use crate::pareto::exchange::{ArcRate, Outcome, Rate};
use crate::report::format;
use crate::report::prices::{half_line, quoted, widest_arcs};
use crate::report::table::is_price;
use crate::report::view::View;

use super::axis::Axis;
use super::paid;
use super::theme::{Color, INK, QUIET};

/// With more steps than this only the widest of each sweep is shown.
pub(super) const MOST: usize = 34;
/// Ends of intervals of widest steps farther out than so many spans of their costs are cut off, with an arrow.
const REACH: f64 = 1.5;
/// Other steps farther out than so many spans of what the widest ones show are.
const FARTHER: f64 = 5.0;

/// A step between two strengths.
pub(super) struct Step<'a> {
    /// Whose it is where that is not in the heading.
    pub(super) whose: String,
    /// From where to where.
    pub(super) change: String,
    pub(super) arc: &'a ArcRate,
    /// Whether it is the one that the title and the answer quote of its sweep.
    pub(super) is_widest: bool,
    /// Whether it may be quoted at all.
    pub(super) is_quoted: bool,
}

/// A heading with its steps.
pub(super) struct Block<'a> {
    pub(super) heading: String,
    pub(super) steps: Vec<Step<'a>>,
}

/// The steps between two metrics, on an axis of their own: costs in different metrics are of different units.
pub(super) struct Section<'a> {
    pub(super) blocks: Vec<Block<'a>>,
    /// What a cost in units of both metrics is multiplied by: shares are counted in points.
    pub(super) scale: f64,
    pub(super) axis: Axis,
}

impl Section<'_> {
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step<'_>> {
        self.blocks.iter().flat_map(|block| &block.steps)
    }
}

impl Step<'_> {
    pub(super) fn lines(&self, is_stacked: bool) -> Vec<String> {
        if is_stacked {
            vec![self.whose.clone(), self.change.clone()]
        } else {
            vec![format!("{} {}", self.whose, self.change).trim().to_owned()]
        }
    }

    /// The cost with its interval, or what happened where none is stated.
    pub(super) fn said(&self, scale: f64) -> String {
        match cost(self.arc, scale) {
            Rate::Bounded { rate, low, high } if is_price(self.arc) => paid::interval(rate, low, high),
            Rate::HalfLine { parts, .. } if is_price(self.arc) => half_line(&parts),
            Rate::NotMeasurable { words } if is_price(self.arc) => format!("not measurable: {words}"),
            _ => self.arc.happened(),
        }
    }

    /// Black where something was exchanged beyond noise, and may be quoted.
    pub(super) fn color(&self) -> Color {
        match self.arc.outcome {
            Outcome::Price | Outcome::Reverse if self.is_quoted => INK,
            _ => QUIET,
        }
    }
}

/// The cost of a step, in what the axis counts.
pub(super) fn cost(arc: &ArcRate, scale: f64) -> Rate {
    match arc.rate.cost() {
        Rate::Bounded { rate, low, high } => {
            Rate::Bounded { rate: scale * rate, low: scale * low, high: scale * high }
        }
        Rate::HalfLine { rate, parts, words } => {
            let parts = parts.into_iter().map(|(from, to)| (scale * from, scale * to)).collect();
            Rate::HalfLine { rate: scale * rate, parts, words }
        }
        Rate::NotMeasurable { words } => Rate::NotMeasurable { words },
    }
}

/// The least and the most, 0 among them.
fn ends(values: &[f64]) -> (f64, f64) {
    values.iter().fold((0.0, 0.0), |(low, high), x| (x.min(low), x.max(high)))
}

/// From the costs of the widest steps and from the ends of their intervals as far as they do not hide them; others join as far as they do not hide
/// these. The less a step cost the further right it lies.
fn axis(steps: &[&Step<'_>], scale: f64) -> Axis {
    let (mut rates, mut bounds, mut others, mut is_cut) = (vec![], vec![], vec![], false);
    let is_stated = |step: &&Step<'_>| is_price(step.arc) && matches!(step.arc.rate, Rate::Bounded { .. });
    let any_widest = steps.iter().any(|step| step.is_widest && is_stated(step));
    for step in steps.iter().filter(|step| is_price(step.arc)) {
        let counts = step.is_widest || !any_widest;
        match cost(step.arc, scale) {
            Rate::Bounded { rate, low, high } if counts => {
                rates.push(rate);
                bounds.extend([low, high]);
            }
            Rate::Bounded { rate, low, high } => others.extend([rate, low, high]),
            Rate::HalfLine { parts, .. } => {
                others.extend(parts.iter().flat_map(|(from, to)| [*from, *to]));
                is_cut = true;
            }
            Rate::NotMeasurable { .. } => {}
        }
    }
    // Where no cost is stated there is none to take a scale from: half a unit of safety for one of security is something.
    let least = if rates.is_empty() { 0.5 } else { 0.05 } * scale;
    let mut join = |values: &mut Vec<f64>, more: Vec<f64>, reach: f64| {
        let (low, high) = ends(values);
        let span = (high - low).max(least);
        let near = |x: &f64| (low - reach * span..=high + reach * span).contains(x);
        is_cut |= more.iter().any(|x| !near(x));
        values.extend(more.into_iter().filter(near));
    };
    join(&mut rates, bounds, REACH);
    join(&mut rates, others, FARTHER);
    let (low, high) = ends(&rates);
    if is_cut {
        // Room for arrows to lead somewhere.
        let room = 0.2 * (high - low).max(least);
        rates.extend([low - room, high + room]);
    }
    rates.push(0.0);
    Axis::around(&rates, (f64::NEG_INFINITY, f64::INFINITY), true, 6)
}

/// `0.1 → 0.2`
fn change(view: &View, arc: &ArcRate) -> String {
    format!("{} → {}", view.plain_strength(arc.from), view.plain_strength(arc.to))
}

/// The steps of every pair of metrics, each sweep by itself: one after the other, then from the lowest strength on.
pub(super) fn sections(view: &View) -> Vec<Section<'_>> {
    let widest = widest_arcs(view);
    let rates: Vec<(&ArcRate, bool)> = view.given.rates.iter().zip(quoted(view)).collect();
    let mut pairs: Vec<(&MetricKey, &MetricKey)> = Vec::new();
    for (arc, _) in &rates {
        if !pairs.contains(&(&arc.security, &arc.safety)) {
            pairs.push((&arc.security, &arc.safety));
        }
    }
    let many_axes = pairs.len() > 1;
    let one = |(security, safety): (&MetricKey, &MetricKey)| {
        let step = |arc: &&(&'_ ArcRate, bool)| arc.0.security == *security && arc.0.safety == *safety;
        let steps: Vec<Step<'_>> = rates
            .iter()
            .filter(step)
            .map(|(arc, is_quoted)| Step {
                whose: String::new(),
                change: change(view, arc),
                arc,
                is_widest: widest.iter().any(|other| std::ptr::eq(*other, *arc)),
                is_quoted: *is_quoted,
            })
            .collect();
        let axes =
            many_axes.then(|| format!("{} for {}", view.metric_title(safety), view.metric_title(security)));
        let scale = view.unit(safety).per(view.unit(security));
        let blocks = blocks(view, steps, axes.as_deref());
        let axis = axis(&blocks.iter().flat_map(|block| &block.steps).collect::<Vec<_>>(), scale);
        Section { blocks, scale, axis }
    };
    let sections = pairs.into_iter().map(one);
    sections.filter(|section| section.steps().next().is_some()).collect()
}

/// The steps between two metrics under headings; these name the `axes` where there are others.
fn blocks<'a>(view: &View, steps: Vec<Step<'a>>, axes: Option<&str>) -> Vec<Block<'a>> {
    let name = |point: usize| view.sweep(point).replace('`', "");
    if view.given.rates.len() > MOST {
        let widest = steps.into_iter().filter(|step| step.is_widest);
        let steps = widest.map(|step| Step { whose: name(step.arc.from), ..step }).collect();
        let each = "the widest step of each";
        let heading = axes.map_or_else(|| each.to_owned(), |axes| format!("{axes}, {each}"));
        return vec![Block { heading, steps }];
    }
    let mut groups: Vec<Vec<Step<'a>>> = Vec::new();
    for step in steps {
        let alike = |other: &Step<'_>| {
            view.sweep(other.arc.from) == view.sweep(step.arc.from)
                && view.given.points[other.arc.from].model == view.given.points[step.arc.from].model
        };
        match groups.iter_mut().find(|group| alike(&group[0])) {
            Some(group) => group.push(step),
            None => groups.push(vec![step]),
        }
    }
    let several = groups.len() > 1;
    let strength = |point: usize| view.given.points[point].strength;
    let mut blocks = Vec::new();
    for group in groups {
        let whose = if several { name(group[0].arc.from) } else { String::new() };
        let parts: Vec<&str> =
            [whose.as_str(), axes.unwrap_or_default()].into_iter().filter(|part| !part.is_empty()).collect();
        let whose = parts.join(": ");
        let named = |what: &str| {
            if whose.is_empty() { format::capitalized(what) } else { format!("{whose}, {what}") }
        };
        let lowest = group.iter().map(|step| strength(step.arc.from)).fold(f64::INFINITY, f64::min);
        let ends: Vec<f64> = group.iter().map(|step| strength(step.arc.to)).collect();
        let next = |step: &Step<'_>| {
            !ends.iter().any(|end| *end > strength(step.arc.from) && *end < strength(step.arc.to))
        };
        let (mut along, others): (Vec<Step<'a>>, Vec<Step<'a>>) = group.into_iter().partition(next);
        along.sort_by(|a, b| strength(a.arc.from).total_cmp(&strength(b.arc.from)));
        let mut from_lowest: Vec<Step<'a>> =
            others.into_iter().filter(|step| strength(step.arc.from) <= lowest).collect();
        from_lowest.sort_by(|a, b| strength(a.arc.to).total_cmp(&strength(b.arc.to)));
        for (what, steps) in [("step by step", along), ("from the lowest strength", from_lowest)] {
            if !steps.is_empty() {
                blocks.push(Block { heading: named(what), steps });
            }
        }
    }
    blocks
}
