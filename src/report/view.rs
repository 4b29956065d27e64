//! The one view that every format writes out: shaped once, from plain values.

use std::collections::BTreeSet;

use crate::experiment::INTERPOLATED;
use crate::measure::{AttackKey, Direction, MetricKey, Pillar, Unit};
use crate::pareto::Stretch;
use crate::points::{Measured, Point};

use super::format;
use super::headline;
use super::inputs::{Described, Inputs, Smoothing};

/// Two objectives seen against each other; better is up and right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plane {
    /// The horizontal axis: security where there is one.
    pub x: MetricKey,
    /// The vertical axis.
    pub y: MetricKey,
}

/// What every format writes out.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The values it was shaped from.
    pub given: Inputs,
    /// The answer, sentence by sentence.
    pub headlines: Vec<String>,
    /// Keys shown in tables and small multiples: the objectives first.
    pub shown: Vec<MetricKey>,
    /// One short name per point: `0.1`, or `trades 0.1` where defenses differ.
    pub labels: Vec<String>,
    /// Coordinates that differ between points, and how each point stands there (for table columns).
    pub varying: Vec<(String, Vec<String>)>,
    /// Defenses in order of appearance.
    pub defenses: Vec<String>,
    /// Distinct strengths, ascending.
    pub strengths: Vec<f64>,
    /// Pairs of objectives to draw.
    pub planes: Vec<Plane>,
}

impl View {
    /// Shapes the view.
    #[must_use]
    pub fn new(given: Inputs) -> Self {
        let objectives: Vec<MetricKey> = given.front.objectives.iter().map(|o| o.key.clone()).collect();
        let mut shown = objectives.clone();
        let wanted: Vec<MetricKey> =
            if given.shown.is_empty() { default_keys(&given) } else { given.shown.clone() };
        let balanced = MetricKey::plain("balanced_accuracy");
        let knows_balanced = given.points.iter().any(|p| p.measures.contains_key(&balanced));
        // A collapsing model improves these differences; balanced accuracy tells (metrics sheet, 3.1), and stands beside them.
        if objectives.iter().any(is_group_difference) {
            shown.extend(knows_balanced.then(|| balanced.clone()));
        }
        shown.extend(wanted);
        if shown.iter().any(is_group_difference) {
            shown.extend(knows_balanced.then_some(balanced));
        }
        let mut seen = BTreeSet::new();
        shown.retain(|key| seen.insert(key.clone()));

        let mut defenses: Vec<String> = Vec::new();
        for point in &given.points {
            if !defenses.contains(&point.defense) {
                defenses.push(point.defense.clone());
            }
        }
        let mut strengths: Vec<f64> = given.points.iter().map(|p| p.strength).collect();
        strengths.sort_by(f64::total_cmp);
        strengths.dedup_by(|a, b| a.to_bits() == b.to_bits());

        let varying = varying_coordinates(&given.points, defenses.len() > 1);
        let planes = planes(&objectives, &given.metrics);
        let labels = Vec::new();
        let mut view =
            Self { given, headlines: Vec::new(), shown, labels, varying, defenses, strengths, planes };
        view.labels = view.short_names();
        view.headlines = headline::sentences(&view);
        view
    }

    /// What tells each point from the others. Where all that compete are of one model, they need not name it.
    fn short_names(&self) -> Vec<String> {
        let points = &self.given.points;
        let mut models: Vec<&str> =
            (0..points.len()).filter(|&i| self.competes(i)).map(|i| points[i].model.as_str()).collect();
        models.dedup();
        let needless = |i: usize, name: &str| name == "model" && models.len() == 1 && self.competes(i);
        (0..points.len())
            .map(|i| {
                let columns = self.varying.iter().filter(|(name, _)| !needless(i, name));
                let is_mixed = points[i].coordinates.contains_key(INTERPOLATED);
                let parts = columns.filter(|(name, _)| name != INTERPOLATED).map(|(name, values)| {
                    if name == "strength" && is_mixed { format!("~{}", values[i]) } else { values[i].clone() }
                });
                parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    /// What beside defense and strength tells the point from others: `epochs 20`, `epoch 10`.
    #[must_use]
    pub fn rest(&self, point: usize) -> Vec<String> {
        let own = &self.given.points[point];
        let competing = (0..self.given.points.len()).filter(|&i| self.competes(i));
        let mut models: BTreeSet<&str> = competing.map(|i| self.given.points[i].model.as_str()).collect();
        models.insert(&own.model);
        let told = |name: &str| match name {
            "defense" | "strength" | INTERPOLATED => false,
            // Where all that compete are of one model, they need not name it.
            "model" => models.len() > 1,
            _ => true,
        };
        self.varying
            .iter()
            .filter(|(name, values)| told(name) && !values[point].is_empty())
            .map(|(name, values)| match (name.as_str(), own.model.strip_prefix("epoch-")) {
                ("model", Some(epoch)) => format!("epoch {epoch}"),
                ("model", None) if own.model == "last" => "last epoch".to_owned(),
                ("model", None) => own.model.clone(),
                _ => format!("{} {}", self.column(name), values[point]),
            })
            .collect()
    }

    /// The head of a column of [`varying`](Self::varying): a setting's last word where that is enough to know it by.
    #[must_use]
    pub fn column<'a>(&self, name: &'a str) -> &'a str {
        let last = |name: &'a str| name.rsplit('.').next().unwrap_or(name);
        let alike = self.varying.iter().filter(|(other, _)| other.rsplit('.').next() == Some(last(name)));
        if alike.count() > 1 { name } else { last(name) }
    }

    /// The columns that tell points apart, as heads of a table.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        self.varying.iter().map(|(name, _)| self.column(name)).collect()
    }

    /// The defense in a sentence: `` `at` ``.
    #[must_use]
    pub fn quoted(defense: &str) -> String {
        format!("`{defense}`")
    }

    /// What the points of one sweep of strengths share, in a sentence: `` `at` ``, or `` `at` (epochs 20) ``, or `epochs 20` of a single
    /// defense; empty where there is one sweep.
    #[must_use]
    pub fn sweep(&self, point: usize) -> String {
        let rest = self.rest(point).join(", ");
        let defense = Self::quoted(&self.given.points[point].defense);
        match (self.defenses.len() > 1, rest.is_empty()) {
            (true, true) => defense,
            (true, false) => format!("{defense} ({rest})"),
            (false, _) => rest,
        }
    }

    /// The glossary line of `id`, where it is known.
    #[must_use]
    pub fn described(&self, id: &str) -> Option<&Described> {
        self.given.metrics.iter().find(|metric| metric.id == id)
    }

    /// The metric's short name; its id where the glossary has none.
    #[must_use]
    pub fn metric_title(&self, key: &MetricKey) -> String {
        let name = self.described(&key.id).map_or_else(|| key.id.clone(), |metric| metric.title.clone());
        let several = self.given.certified.as_ref().is_some_and(|certified| certified.smoothed.len() > 1);
        match (&key.group, self.smoothing(key)) {
            (Some(group), _) => format!("{name} ({group})"),
            (None, Some(smoothing)) if several => format!("{name} (σ = {})", smoothing.sigma),
            (None, None) if self.is_about_votes() => format!("{name} (base model)"),
            (None, _) => name,
        }
    }

    /// Whether the front is about votes under noise: then numbers of the model itself are those of another predictor, and say so.
    #[must_use]
    pub fn is_about_votes(&self) -> bool {
        self.given.front.objectives.iter().any(|objective| self.smoothing(&objective.key).is_some())
    }

    /// The short name with the threat it holds under: `robust accuracy at L∞ ε = 0.2`.
    #[must_use]
    pub fn title(&self, key: &MetricKey) -> String {
        let name = self.metric_title(key);
        match self.adversary(key) {
            Some(attack) => format!("{name} at {} ε = {}", attack.norm.sign(), attack.epsilon),
            None => name,
        }
    }

    /// The norm and radius within which the number holds, where it is not about rows as they are (votes have the radius 0 there).
    #[must_use]
    pub fn adversary<'a>(&self, key: &'a MetricKey) -> Option<&'a AttackKey> {
        key.attack.as_ref().filter(|attack| attack.epsilon() > 0.0 || self.smoothing(key).is_none())
    }

    /// The majority vote that the number is about, where it is about one.
    fn smoothing(&self, key: &MetricKey) -> Option<&Smoothing> {
        let protocol = &key.attack.as_ref()?.protocol;
        self.given.certified.as_ref()?.smoothed.iter().find(|smoothing| smoothing.protocol == *protocol)
    }

    /// Which way is better: as declared for an objective, else as the glossary says.
    #[must_use]
    pub fn direction(&self, key: &MetricKey) -> Option<Direction> {
        let objective = self.given.front.objectives.iter().find(|objective| objective.key == *key);
        objective.map(|o| o.direction).or_else(|| self.described(&key.id).and_then(|m| m.direction))
    }

    /// Unit of the stored value; a ratio where the glossary has none.
    #[must_use]
    pub fn unit(&self, key: &MetricKey) -> Unit {
        self.described(&key.id).map_or(Unit::Ratio, |metric| metric.unit)
    }

    /// The pillar, where the glossary knows the metric.
    #[must_use]
    pub fn pillar(&self, key: &MetricKey) -> Option<Pillar> {
        self.described(&key.id).map(|metric| metric.pillar)
    }

    /// What was measured of a point.
    #[must_use]
    pub fn measured(&self, point: usize, key: &MetricKey) -> Option<&Measured> {
        self.given.points[point].measures.get(key)
    }

    /// The defined mean of a point at `key`.
    #[must_use]
    pub fn value(&self, point: usize, key: &MetricKey) -> Option<f64> {
        self.measured(point, key).and_then(|measured| measured.estimate.value.get())
    }

    /// The interval of a point at `key`.
    #[must_use]
    pub fn interval(&self, point: usize, key: &MetricKey) -> Option<(f64, f64)> {
        self.measured(point, key).and_then(|measured| measured.estimate.interval)
    }

    /// Whether the point is on the front.
    #[must_use]
    pub fn on_front(&self, point: usize) -> bool {
        self.given.front.members.contains(&point)
    }

    /// `key` of the primary threat at `epsilon`.
    #[must_use]
    pub fn attacked(&self, id: &str, group: Option<&str>, epsilon: f64) -> Option<MetricKey> {
        let threat = self.given.threat.as_ref()?;
        Some(MetricKey {
            id: id.to_owned(),
            group: group.map(str::to_owned),
            attack: Some(AttackKey::new(&threat.protocol, threat.norm, epsilon)),
        })
    }

    /// The point in a sentence: `strength 0.1`, or `` `trades` 0.1 `` where there are several defenses; behind it in parentheses what else
    /// tells it from others.
    #[must_use]
    pub fn long_label(&self, point: usize) -> String {
        let strength = self.plain_strength(point);
        let who = if self.defenses.len() > 1 {
            format!("{} {strength}", Self::quoted(&self.given.points[point].defense))
        } else {
            format!("strength {strength}")
        };
        let rest = self.rest(point);
        if rest.is_empty() { who } else { format!("{who} ({})", rest.join(", ")) }
    }

    /// The same after a preposition: `at strength 0.1`, or `` with `trades` 0.1 ``.
    #[must_use]
    pub fn place(&self, point: usize) -> String {
        let preposition = if self.defenses.len() > 1 { "with" } else { "at" };
        format!("{preposition} {}", self.long_label(point))
    }

    /// Whether validation rows were asked and did not choose the point, though it could have been chosen.
    #[must_use]
    pub fn was_passed_over(&self, point: usize) -> bool {
        let choice = self.given.choice.as_ref();
        choice.is_some_and(|choice| choice.candidates.contains(&point) && !choice.chosen.contains(&point))
    }

    /// The axes that stretches of the front are about: security and safety.
    #[must_use]
    pub fn owned_axes(&self) -> Option<(&MetricKey, &MetricKey)> {
        let keys = || self.given.front.objectives.iter().map(|objective| &objective.key);
        let is_security = |key: &&MetricKey| is_security(&self.given.metrics, key);
        Some((keys().find(is_security)?, keys().find(|key| !is_security(key))?))
    }

    /// Who owns a stretch, in words, each as `written`; models that many defenses share are not listed one by one.
    #[must_use]
    pub fn owners(stretch: &Stretch, written: fn(&str) -> String) -> String {
        const LISTED: usize = 3;
        let owners = &stretch.owners;
        if owners.len() > LISTED {
            return format!("{} defenses alike", owners.len());
        }
        format::list(&owners.iter().map(|owner| written(owner)).collect::<Vec<_>>())
    }

    /// The point's strength as text, marked where its model was interpolated.
    #[must_use]
    pub fn plain_strength(&self, point: usize) -> String {
        let given = &self.given.points[point];
        let mixed = if given.coordinates.contains_key(INTERPOLATED) { "~" } else { "" };
        format!("{mixed}{}", strength_text(given))
    }

    /// The same with its model where that varies.
    #[must_use]
    pub fn strength_label(&self, point: usize) -> String {
        let given = &self.given.points[point];
        let strength = self.plain_strength(point);
        if self.varying.iter().any(|(name, _)| name == "model") && given.model != "last" {
            format!("{} {strength}", given.model)
        } else {
            strength
        }
    }

    /// Every key that any point has, in key order.
    #[must_use]
    pub fn keys(&self) -> Vec<MetricKey> {
        let keys: BTreeSet<&MetricKey> = self.given.points.iter().flat_map(|p| p.measures.keys()).collect();
        keys.into_iter().cloned().collect()
    }

    /// Whether the point is the model that its training ended with; other candidates stand in tables and on the front only.
    #[must_use]
    pub fn is_final(&self, point: usize) -> bool {
        let model = &self.given.points[point].model;
        model == "last" || self.given.points.iter().all(|other| other.model != "last")
    }

    /// Whether the point was judged for the front at all.
    #[must_use]
    pub fn competes(&self, point: usize) -> bool {
        let front = &self.given.front;
        self.on_front(point)
            || front.dominated.iter().any(|(other, _)| *other == point)
            || front.excluded.iter().any(|(other, _)| *other == point)
    }

    /// Fewest and most seeds behind any point.
    #[must_use]
    pub fn seed_range(&self) -> (usize, usize) {
        let counts = || self.given.points.iter().map(|point| point.seeds.len());
        (counts().min().unwrap_or(0), counts().max().unwrap_or(0))
    }
}

/// Whether the number is a gap in decisions between groups, which must never be shown alone.
pub(super) fn is_group_difference(key: &MetricKey) -> bool {
    let distances = ["demographic_parity_", "equal_opportunity_difference", "equalized_odds_difference"];
    distances.iter().any(|id| key.id.starts_with(id))
}

/// Clean metrics and those under the primary threat, of the whole model.
fn default_keys(given: &Inputs) -> Vec<MetricKey> {
    let primary = given.threat.as_ref().map(|t| AttackKey::new(&t.protocol, t.norm, t.epsilon));
    let keys: BTreeSet<&MetricKey> = given.points.iter().flat_map(|point| point.measures.keys()).collect();
    keys.into_iter()
        .filter(|key| key.group.is_none() && (key.attack.is_none() || key.attack == primary))
        .cloned()
        .collect()
}

/// The columns that tell points apart: coordinates in name order with the strength last, then the model.
fn varying_coordinates(points: &[Point], many_defenses: bool) -> Vec<(String, Vec<String>)> {
    let mut columns = Vec::new();
    if many_defenses {
        columns.push(("defense".to_owned(), points.iter().map(|p| p.defense.clone()).collect()));
    }
    let names: BTreeSet<&String> = points.iter().flat_map(|point| point.coordinates.keys()).collect();
    for name in names {
        if name == "defense" || name == "strength" {
            continue;
        }
        let values: Vec<String> =
            points.iter().map(|p| p.coordinates.get(name).cloned().unwrap_or_default()).collect();
        if values.iter().any(|value| *value != values[0]) {
            columns.push((name.clone(), values));
        }
    }
    if points.iter().any(|point| point.model != points[0].model) {
        columns.push(("model".to_owned(), points.iter().map(|p| p.model.clone()).collect()));
    }
    columns.push(("strength".to_owned(), points.iter().map(strength_text).collect()));
    columns
}

fn strength_text(point: &Point) -> String {
    point.coordinates.get("strength").cloned().unwrap_or_else(|| point.strength.to_string())
}

/// Whether the glossary calls the metric one of security.
fn is_security(metrics: &[Described], key: &MetricKey) -> bool {
    metrics.iter().any(|metric| metric.id == key.id && metric.pillar == Pillar::Security)
}

/// Every pair of objectives, the security one across.
fn planes(objectives: &[MetricKey], metrics: &[Described]) -> Vec<Plane> {
    let is_security = |key: &MetricKey| is_security(metrics, key);
    let mut planes = Vec::new();
    for (i, a) in objectives.iter().enumerate() {
        for b in &objectives[i + 1..] {
            let (x, y) = if is_security(a) && !is_security(b) { (a, b) } else { (b, a) };
            planes.push(Plane { x: x.clone(), y: y.clone() });
        }
    }
    // Security against safety first: that is the question.
    planes.sort_by_key(|plane| !is_security(&plane.x) || is_security(&plane.y));
    planes
}
