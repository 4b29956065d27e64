//! What a reader sees: performance, fairness with the rates of every group, calibration, abstention.
//!
//! A gap between groups never stands alone: it is also small for a model that says the same of everybody. So a section on an
//! attribute always holds the rates of all groups, and balanced accuracy is in the first one.

use std::collections::BTreeMap;

use super::{Scored, numbers};
use crate::evidence::Attribute;
use crate::measure::{Direction, Harm, MetricKey};
use crate::metrics::{CATALOG, Metric};
use crate::points::{ByChance, Measured};
use crate::words::{decimal, whole_of};

/// Classes whose accuracies are listed at most; of more, those with the lowest.
const CLASSES: usize = 20;

/// Notes that a number refers to at most.
const LETTERS: usize = 6;

/// In place of a value.
pub(super) const UNDEFINED: &str = "undefined";

/// Metrics of holding back; whatever else is about reliability is calibration.
const ABSTENTION: [&str; 6] =
    ["aurc", "excess_aurc", "augrc", "coverage_at_risk_5", "risk_at_coverage_80", "failure_auroc"];

/// Numbers that belong together.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) lines: Vec<Line>,
    /// About every number.
    pub(super) remarks: Vec<String>,
    /// About some; said once below the numbers, which refer to them by letter.
    pub(super) notes: Vec<String>,
    places: BTreeMap<String, usize>,
}

/// One line of a section.
#[derive(Debug)]
pub(super) struct Line {
    /// What it is; a group's or class's name where it is about one of them.
    pub(super) label: String,
    /// It belongs to the heading above it.
    pub(super) inner: bool,
    /// Nothing in a heading or a remark on the line above.
    pub(super) figures: Option<Figures>,
}

/// A number as people read it.
#[derive(Debug)]
pub(super) struct Figures {
    /// Three decimals, or `undefined`.
    pub(super) value: String,
    /// `[low, high]`, or nothing.
    pub(super) interval: String,
    /// Rows that it rests on.
    pub(super) n: usize,
    /// Its notes, by place.
    pub(super) marks: Vec<usize>,
    /// Its name in JSON and CSV.
    pub(super) id: String,
}

impl Figures {
    /// Letters of its notes, the first ones.
    pub(super) fn letters(&self) -> String {
        let shown = self.marks.iter().take(LETTERS).map(|at| letter(*at));
        let more = (self.marks.len() > LETTERS).then(|| "…".to_owned());
        shown.chain(more).collect::<Vec<_>>().join(" ")
    }
}

/// Everything measured.
pub(super) fn sections(scored: &Scored) -> Vec<Section> {
    let attributes = &scored.evidence.facts.attributes;
    let mut sections = vec![performance(scored)];
    sections.extend(attributes.iter().map(|attribute| fairness(scored, attribute)));
    if scored.evidence.probabilities.is_some() {
        let reliability = |title: &str, held: bool| {
            let mut section = Section::new(title.to_owned());
            let ours = |metric: &&&Metric| {
                plain(metric) && metric.harm == Harm::Unreliability && ABSTENTION.contains(&metric.id) == held
            };
            for metric in CATALOG.iter().filter(ours) {
                section.number(scored, metric, &MetricKey::plain(metric.id));
            }
            section
        };
        let mut calibration = reliability("Calibration", false);
        calibration.remarks.push(
            "calibration errors are above 0 by chance alone, also of a calibrated model (`if calibrated`); their intervals are about the error as estimated from so many rows"
                .to_owned(),
        );
        sections.push(calibration);
        sections.push(reliability("Abstention", true));
    }
    sections.retain(|section| !section.lines.is_empty());
    sections.iter_mut().for_each(Section::gather);
    sections
}

/// About all rows at once.
fn plain(metric: &Metric) -> bool {
    !metric.needs.attribute && !metric.needs.class
}

fn performance(scored: &Scored) -> Section {
    let mut section = Section::new("Performance".to_owned());
    for metric in CATALOG.iter().filter(|metric| plain(metric) && metric.harm != Harm::Unreliability) {
        section.number(scored, metric, &MetricKey::plain(metric.id));
    }
    let classes = &scored.evidence.facts.classes;
    for metric in CATALOG.iter().filter(|metric| metric.needs.class) {
        let mut found: Vec<(&str, &Measured)> = classes
            .iter()
            .filter_map(|class| Some((class.as_str(), scored.measures.get(&about(metric, class))?)))
            .collect();
        let all = found.len();
        if all == 0 {
            continue;
        }
        let mut heading = title(metric);
        if all > CLASSES {
            let value = |measured: &Measured| measured.estimate.value.get().unwrap_or(f64::INFINITY);
            found.sort_by(|a, b| value(a.1).total_cmp(&value(b.1)));
            found.truncate(CLASSES);
            heading = format!("{heading}, the lowest {CLASSES} of {all}");
        }
        section.heading(heading);
        for (class, measured) in found {
            let id = numbers::name(&about(metric, class), metric, &scored.evidence.facts);
            section.figures(class.to_owned(), true, measured, id);
        }
    }
    section
}

fn fairness(scored: &Scored, attribute: &Attribute) -> Section {
    let mut section = Section::new(format!("Fairness by {}", attribute.name));
    for metric in CATALOG.iter().filter(|metric| metric.needs.attribute && !metric.needs.group) {
        section.number(scored, metric, &about(metric, &attribute.name));
        // Which group is the one that the other is taken from.
        if let (true, [first, second], Some(line)) =
            (metric.needs.two_groups, attribute.groups.as_slice(), section.lines.last_mut())
        {
            line.label = line.label.replace("(signed)", &format!("({first} − {second})"));
        }
    }
    for metric in CATALOG.iter().filter(|metric| metric.needs.group) {
        let key = |group: &String| about(metric, &format!("{}={group}", attribute.name));
        let found: Vec<(&String, &Measured)> = attribute
            .groups
            .iter()
            .filter_map(|group| Some((group, scored.measures.get(&key(group))?)))
            .collect();
        if !found.is_empty() {
            section.heading(title(metric));
        }
        for (group, measured) in found {
            let id = numbers::name(&key(group), metric, &scored.evidence.facts);
            section.figures(group.clone(), true, measured, id);
        }
    }
    section
}

/// The key of `metric` about one attribute, group or class, in which `!` stands for an attack.
fn about(metric: &Metric, what: &str) -> MetricKey {
    MetricKey { group: Some(what.replace('!', "_")), ..MetricKey::plain(metric.id) }
}

/// Without attack everything is clean.
fn title(metric: &Metric) -> String {
    let arrow = match metric.direction {
        Some(Direction::Higher) => "\u{a0}↑",
        Some(Direction::Lower) => "\u{a0}↓",
        None => "",
    };
    format!("{}{arrow}", metric.title.trim_start_matches("clean "))
}

impl Section {
    fn new(title: String) -> Self {
        Self { title, lines: Vec::new(), remarks: Vec::new(), notes: Vec::new(), places: BTreeMap::new() }
    }

    fn heading(&mut self, label: String) {
        self.lines.push(Line { label, inner: false, figures: None });
    }

    fn number(&mut self, scored: &Scored, metric: &Metric, key: &MetricKey) {
        let Some(measured) = scored.measures.get(key) else { return };
        let id = numbers::name(key, metric, &scored.evidence.facts);
        self.figures(title(metric), false, measured, id);
        if let Some(chance) = measured.by_chance {
            let ByChance { expected, quantile_95, p_value, rows_to_see } = chance;
            let (expected, most) = (decimals(expected), decimals(quantile_95));
            let sign = if chance.is_at_floor() { '≤' } else { '=' };
            let p = p_value.map_or_else(String::new, |p| format!("; p\u{a0}{sign}\u{a0}{}", decimals(p)));
            let label = format!("by chance alone {expected} on average, below {most} in 95 %{p}");
            self.lines.push(Line { label, inner: true, figures: None });
            if let Some(rows) = rows_to_see {
                let (rows, two) = (whole_of(rows, metric.support.kind()), metric.compared());
                let label = format!("to see it takes {rows} in each of the two {two}");
                self.lines.push(Line { label, inner: true, figures: None });
            }
        }
    }

    fn figures(&mut self, label: String, inner: bool, measured: &Measured, id: String) {
        let estimate = &measured.estimate;
        let reason = estimate.value.reason().map(|reason| format!("undefined: {reason}"));
        let marks =
            reason.into_iter().chain(measured.notes.iter().cloned()).map(|note| self.mark(note)).collect();
        let figures = Figures {
            value: estimate.value.get().map_or_else(|| UNDEFINED.to_owned(), decimals),
            interval: estimate
                .interval
                .map_or_else(String::new, |(low, high)| format!("[{}, {}]", decimals(low), decimals(high))),
            n: estimate.n,
            marks,
            id,
        };
        self.lines.push(Line { label, inner, figures: Some(figures) });
    }

    /// The place of a note, the same for the same note.
    fn mark(&mut self, note: String) -> usize {
        *self.places.entry(note).or_insert_with_key(|note| {
            self.notes.push(note.clone());
            self.notes.len() - 1
        })
    }

    /// Makes notes of all defined numbers remarks, and letters the others anew.
    fn gather(&mut self) {
        let mut defined = 0;
        let mut uses = vec![0; self.notes.len()];
        let figures = || self.lines.iter().filter_map(|line| line.figures.as_ref());
        for figures in figures().filter(|figures| figures.value != UNDEFINED) {
            defined += 1;
            figures.marks.iter().for_each(|at| uses[*at] += 1);
        }
        if defined < 2 {
            return;
        }
        let common: Vec<bool> = uses.into_iter().map(|uses| uses == defined).collect();
        let mut places = Vec::new();
        for (note, common) in std::mem::take(&mut self.notes).into_iter().zip(&common) {
            places.push(self.notes.len());
            (if *common { &mut self.remarks } else { &mut self.notes }).push(note);
        }
        for figures in self.lines.iter_mut().filter_map(|line| line.figures.as_mut()) {
            figures.marks.retain(|at| !common[*at]);
            figures.marks.iter_mut().for_each(|at| *at = places[*at]);
        }
    }
}

/// a to z, then aa, ab and so on.
pub(super) fn letter(mut at: usize) -> String {
    let mut letters = String::new();
    loop {
        letters.insert(0, char::from(b'a' + (at % 26) as u8));
        match (at / 26).checked_sub(1) {
            None => return letters,
            Some(rest) => at = rest,
        }
    }
}

/// Three decimals, with a real minus sign and none before zero.
fn decimals(x: f64) -> String {
    decimal(x, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_lettered_like_columns_of_a_sheet() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letter), ["a", "z", "aa", "az", "ba", "zz", "aaa"]);
    }

    #[test]
    fn abstention_is_made_of_metrics_that_there_are() {
        for id in ABSTENTION {
            assert!(CATALOG.iter().any(|metric| metric.id == id), "{id}");
        }
    }

    #[test]
    fn numbers_have_three_decimals() {
        assert_eq!(
            [0.4567, -0.25, -0.0, -0.0001, 27.631].map(decimals),
            ["0.457", "−0.250", "0.000", "0.000", "27.631"]
        );
    }
}
