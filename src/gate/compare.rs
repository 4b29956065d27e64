//! Whether two sides can be compared, and whether they differ at all.

use std::collections::BTreeSet;

use super::side::{Sampled, Side};
use crate::measure::{MetricKey, Value};

/// A setting that the two sides do not share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Dotted path, `training.epochs`.
    pub setting: String,
    /// The baseline's value; `None` where it has none.
    pub baseline: Option<String>,
    /// The candidate's value.
    pub candidate: Option<String>,
}

/// What two sides have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Why they cannot be compared, in few words; empty where they can.
    pub obstacles: Vec<String>,
    /// The same with every number spelled out.
    pub obstacles_in_full: Vec<String>,
    /// What the candidate lacks: failed and missing cells, points, values that are undefined only there, and numbers that no point has.
    pub missing: Vec<(String, String)>,
    /// Gated numbers of matched points that cannot be tested, each with the reason: undefined at some seed, but not only in the candidate.
    pub untested: Vec<(String, String)>,
    /// Matched points: positions in the baseline and in the candidate.
    pub pairs: Vec<(usize, usize)>,
    /// Points of the baseline that the candidate does not have.
    pub only_baseline: Vec<String>,
    /// Points of the candidate that the baseline does not have.
    pub only_candidate: Vec<String>,
    /// Settings that differ.
    pub settings: Vec<Difference>,
    /// The first value that is not bit for bit the same, in words; `None` where all are.
    pub first_difference: Option<String>,
}

impl Comparison {
    /// Whether every gated value of every point is the same, bit for bit.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.obstacles.is_empty()
            && self.missing.is_empty()
            && self.first_difference.is_none()
            && self.only_baseline.is_empty()
            && self.only_candidate.is_empty()
    }
}

/// Sets the two sides beside each other.
#[must_use]
pub fn compare(baseline: &Side, candidate: &Side) -> Comparison {
    let matches = |a: &Sampled, b: &Sampled| a.name == b.name && a.model == b.model;
    let mut pairs = Vec::new();
    let mut only_baseline = Vec::new();
    for (at, point) in baseline.points.iter().enumerate() {
        match candidate.points.iter().position(|other| matches(point, other)) {
            Some(other) => pairs.push((at, other)),
            None => only_baseline.push(point.label(&baseline.front_model)),
        }
    }
    let is_new = |point: &&Sampled| !baseline.points.iter().any(|other| matches(point, other));
    let only_candidate =
        candidate.points.iter().filter(is_new).map(|point| point.label(&candidate.front_model)).collect();
    let (obstacles, obstacles_in_full) = obstacles(baseline, candidate, pairs.is_empty()).into_iter().unzip();
    let mut comparison = Comparison {
        missing: candidate.missing.clone(),
        untested: Vec::new(),
        pairs,
        only_baseline,
        only_candidate,
        settings: settings(baseline, candidate),
        first_difference: None,
        obstacles,
        obstacles_in_full,
    };
    // Of a side that lacks whole cells, their values need not be listed one by one.
    if comparison.obstacles.is_empty() && comparison.missing.is_empty() {
        values(baseline, candidate, &mut comparison);
        let gone = |point: &String| (format!("point {point}"), "only the baseline has it".to_owned());
        comparison.missing.extend(comparison.only_baseline.iter().map(gone));
    }
    comparison
}

/// Each obstacle in few words, and in full.
fn obstacles(baseline: &Side, candidate: &Side, nothing_matches: bool) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let alike = |text: String| (text.clone(), text);
    if baseline.fingerprint != candidate.fingerprint {
        let short = |side: &Side| side.fingerprint.chars().take(16).collect::<String>();
        found.push(alike(format!(
            "the data or their split differ: {} (fingerprint {}) in the baseline, {} ({}) here",
            baseline.data,
            short(baseline),
            candidate.data,
            short(candidate)
        )));
    }
    if baseline.definitions != candidate.definitions {
        found.push(alike(format!(
            "metrics are defined differently: version {} in the baseline, {} here (the CHANGELOG says which)",
            baseline.definitions, candidate.definitions
        )));
    }
    found.extend(unmeasured(baseline, candidate));
    // An axis with another attack is told of above.
    let same_axis = |(a, b): (&crate::pareto::Objective, &crate::pareto::Objective)| {
        (a.key == b.key || baseline.gated.iter().any(|gated| gated.key == a.key && !candidate.has(&a.key)))
            && a.direction == b.direction
            && a.reference.to_bits() == b.reference.to_bits()
            && a.ideal.to_bits() == b.ideal.to_bits()
    };
    let axes = |side: &Side| {
        let axis = |o: &crate::pareto::Objective| format!("`{}` from {} to {}", o.key, o.reference, o.ideal);
        side.objectives.iter().map(axis).collect::<Vec<_>>().join(", ")
    };
    if baseline.objectives.len() != candidate.objectives.len()
        || !baseline.objectives.iter().zip(&candidate.objectives).all(same_axis)
    {
        found.push(alike(format!(
            "the front has other axes: {} in the baseline, {} here",
            axes(baseline),
            axes(candidate)
        )));
    }
    if baseline.front_model != candidate.front_model {
        found.push(alike(format!(
            "the front is about another model: `{}` in the baseline, `{}` here",
            baseline.front_model, candidate.front_model
        )));
    }
    if baseline.seeds != candidate.seeds {
        let said = |most: usize| {
            let list = |seeds: &[u64]| few(&seeds.iter().map(u64::to_string).collect::<Vec<_>>(), most);
            let (before, now) = (list(&baseline.seeds), list(&candidate.seeds));
            format!("the seeds differ: {before} in the baseline, {now} here")
        };
        found.push((said(SEEDS), said(usize::MAX)));
    }
    if nothing_matches {
        found.push(alike("no point of the baseline is here: their sweep coordinates all differ".to_owned()));
    }
    found
}

/// Keys that a reason in few words names at most.
const KEYS: usize = 3;
/// Seeds that it names at most.
const SEEDS: usize = 10;

/// `a, b and 3 more`.
fn few(all: &[String], most: usize) -> String {
    let more = all.len().saturating_sub(most);
    let shown = all[..all.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Gated numbers that the candidate does not have: those without any like it, and those that it has under another attack or threat, together each.
fn unmeasured(baseline: &Side, candidate: &Side) -> Vec<(String, String)> {
    let keys: BTreeSet<&MetricKey> = candidate.points.iter().flat_map(|point| point.values.keys()).collect();
    let (mut absent, mut other) = (Vec::new(), Vec::new());
    for gated in baseline.gated.iter().filter(|gated| !candidate.has(&gated.key)) {
        let key = &gated.key;
        let near = |other: &&&MetricKey| other.id == key.id && other.group == key.group;
        let others: Vec<String> = keys.iter().filter(near).map(|other| format!("`{other}`")).collect();
        if others.is_empty() { absent.push(format!("`{key}`")) } else { other.push((key, others)) }
    }
    let mut found = Vec::new();
    if !absent.is_empty() {
        let said = |most: usize| {
            let verb = if absent.len() == 1 { "is" } else { "are" };
            format!("{} {verb} not measured here", few(&absent, most))
        };
        found.push((said(KEYS), said(usize::MAX)));
    }
    if let Some((first, here)) = other.first() {
        let one = |key: &MetricKey, here: &[String], most: usize| {
            format!("`{key}` in the baseline, {} here", few(here, most))
        };
        let more = match other.len() - 1 {
            0 => String::new(),
            1 => "; so it is of 1 more number".to_owned(),
            more => format!("; so it is of {more} more numbers"),
        };
        let every: Vec<String> = other.iter().map(|(key, here)| one(key, here, usize::MAX)).collect();
        let start = "the attack or the threat differs";
        found.push((
            format!("{start}: {}{more}", one(first, here, KEYS)),
            format!("{start}: {}", every.join("; ")),
        ));
    }
    found
}

/// Finds the first value that differs, those that only the candidate lacks, and numbers that cannot be tested.
fn values(baseline: &Side, candidate: &Side, comparison: &mut Comparison) {
    for gated in &baseline.gated {
        let mut testable = false;
        for (before, now) in &comparison.pairs {
            let (before, now) = (&baseline.points[*before], &candidate.points[*now]);
            let Some(old) = before.values.get(&gated.key) else { continue };
            let new = now.values.get(&gated.key).map(Vec::as_slice).unwrap_or_default();
            let place = format!("`{}` at {}", gated.key, before.label(&baseline.front_model));
            let mut undefined: Option<String> = None;
            for (at, seed) in baseline.seeds.iter().enumerate() {
                let none = || Value::undefined("not measured");
                let a = old.get(at).cloned().unwrap_or_else(none);
                let b = new.get(at).cloned().unwrap_or_else(none);
                let mut differs = |what: String| {
                    let text = || format!("{place}, seed {seed}: {what}");
                    comparison.first_difference.get_or_insert_with(text);
                };
                match (&a, &b) {
                    (Value::Defined(a), Value::Defined(b)) if a.to_bits() == b.to_bits() => {}
                    (Value::Defined(a), Value::Defined(b)) => {
                        differs(format!("{a} in the baseline, {b} here"));
                    }
                    (Value::Defined(_), Value::Undefined(reason)) => {
                        comparison.missing.push((format!("{place}, seed {seed}"), reason.clone()));
                    }
                    (Value::Undefined(reason), Value::Undefined(_)) => {
                        undefined.get_or_insert_with(|| reason.clone());
                    }
                    (Value::Undefined(reason), Value::Defined(b)) => {
                        differs(format!("undefined in the baseline, {b} here"));
                        undefined.get_or_insert_with(|| format!("in the baseline {reason}"));
                    }
                }
            }
            match undefined {
                Some(reason) => comparison.untested.push((place, reason)),
                None => testable = true,
            }
        }
        // What no point has is not held to anything.
        if !testable && !comparison.pairs.is_empty() {
            let of_it = |(place, _): &&(String, String)| place.starts_with(&format!("`{}` at ", gated.key));
            let why =
                comparison.untested.iter().find(of_it).map_or("not in the baseline", |(_, why)| why.as_str());
            comparison.missing.push((format!("`{}`", gated.key), format!("undefined at every point: {why}")));
        }
    }
}

/// Settings that differ. Seeds and what is gated are compared on their own.
fn settings(baseline: &Side, candidate: &Side) -> Vec<Difference> {
    let names: BTreeSet<&String> = baseline.settings.keys().chain(candidate.settings.keys()).collect();
    let of = |side: &Side, name: &String| side.settings.get(name).cloned();
    let pair = |name: &String| Difference {
        setting: name.clone(),
        baseline: of(baseline, name),
        candidate: of(candidate, name),
    };
    // A table that is empty on one side is told of by its keys on the other.
    let is_empty_only = |pair: &Difference| {
        let emptied = |value: &Option<String>, side: &Side| {
            let inside = format!("{}.", pair.setting);
            value.as_deref() == Some("{}") && side.settings.keys().any(|name| name.starts_with(&inside))
        };
        emptied(&pair.baseline, candidate) || emptied(&pair.candidate, baseline)
    };
    let differ = names.into_iter().map(pair).filter(|pair| pair.baseline != pair.candidate);
    differ.filter(|pair| !is_empty_only(pair)).collect()
}
