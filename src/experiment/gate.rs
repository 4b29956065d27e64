//! The `[gate]` section: what a baseline of this experiment holds future runs to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Loaded, check, plan};
use crate::data::Dataset;
use crate::error::{Error, Result, did_you_mean};
use crate::gate::{DEFAULT_ALPHA, DEFAULT_MARGIN, Difference, Policy};
use crate::measure::{MetricKey, Unit};
use crate::metrics::{self, CATALOG, Metric};
use crate::requirement::{self, Requirement};

/// What is gated, and how strictly. The baseline keeps it: what a later run writes here counts once it is accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GateSpec {
    /// Metric keys beside the front's objectives.
    pub metrics: Vec<String>,
    /// Probability of a false alarm, over everything together; above 0, at most 0.5.
    pub alpha: f64,
    /// What must be shown.
    pub policy: Policy,
    /// How much worse is no regression, in the metric's unit: by metric id, by `hypervolume` and `epsilon`, or by `default`.
    pub margin: BTreeMap<String, f64>,
    /// Limits that must be kept: `worst_group_accuracy>=0.6 at strength=0.1`.
    pub require: Vec<String>,
}

impl Default for GateSpec {
    fn default() -> Self {
        Self {
            metrics: Vec::new(),
            alpha: DEFAULT_ALPHA,
            policy: Policy::Detect,
            margin: BTreeMap::new(),
            require: Vec::new(),
        }
    }
}

/// The margins of the front as a whole, and that of everything not named.
const NAMES: [&str; 3] = ["default", "hypervolume", "epsilon"];

impl GateSpec {
    pub(super) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The margin of what is called `name`, where it is set for it or for all; half a percentage point where it is not.
    #[must_use]
    pub fn margin(&self, name: &str) -> f64 {
        let set = self.margin.get(name).or_else(|| self.margin.get("default"));
        set.copied().unwrap_or(DEFAULT_MARGIN)
    }

    /// The margin of a metric: the default is half a point of a share, and half a percent of another metric's range.
    ///
    /// # Errors
    ///
    /// A metric without a finite range, whose margin nobody set.
    pub fn margin_of(&self, metric: &Metric, key: &MetricKey) -> Result<f64> {
        let set = self.margin.get(&key.to_string()).or_else(|| self.margin.get(metric.id));
        if let Some(margin) = set {
            return Ok(*margin);
        }
        let (least, most) = metric.range;
        if metric.unit == Unit::Fraction {
            Ok(self.margin("default"))
        } else if (most - least).is_finite() {
            Ok(self.margin("default") * (most - least))
        } else {
            Err(Error::input(format!("metric `{}` has no natural margin: its range has no end", metric.id))
                .help(format!("set one: `margin = {{ {} = 0.05 }}` in `[gate]`", metric.id)))
        }
    }

    /// The requirements, read.
    ///
    /// # Errors
    ///
    /// Where one is none.
    pub fn requirements(&self) -> Result<Vec<Requirement>> {
        self.require.iter().map(|text| text.parse()).collect()
    }

    /// What `new` says otherwise, term by term: `gate.alpha` from `0.05` to `0.01`. Terms that come to the same (a margin that is the default anyway)
    /// are told of all the same: they are as somebody wrote them.
    #[must_use]
    pub fn differences(&self, new: &Self) -> Vec<Difference> {
        let list = |list: &[String]| if list.is_empty() { None } else { Some(list.join(", ")) };
        let terms = |spec: &Self| {
            let mut terms = BTreeMap::from([
                ("alpha".to_owned(), Some(spec.alpha.to_string())),
                ("metrics".to_owned(), list(&spec.metrics)),
                ("policy".to_owned(), Some(spec.policy.word().to_owned())),
                ("require".to_owned(), list(&spec.require)),
            ]);
            let margins = spec.margin.iter();
            terms.extend(margins.map(|(name, margin)| (format!("margin.{name}"), Some(margin.to_string()))));
            terms
        };
        let (before, now) = (terms(self), terms(new));
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let of = |terms: &BTreeMap<String, Option<String>>, name: &String| terms.get(name).cloned().flatten();
        let pair = |name: &String| Difference {
            setting: format!("gate.{name}"),
            baseline: of(&before, name),
            candidate: of(&now, name),
        };
        names.into_iter().map(pair).filter(|pair| pair.baseline != pair.candidate).collect()
    }

    /// What can be checked without the data.
    ///
    /// # Errors
    ///
    /// A level or margin out of range, a metric that is none or has no better side, a requirement that is none or can never hold.
    pub fn check(&self) -> Result<()> {
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Err(Error::input(format!(
                "`alpha` must lie above 0 and at most at 0.5, got {}",
                self.alpha
            )));
        }
        for (name, margin) in &self.margin {
            if !(margin.is_finite() && *margin >= 0.0) {
                return Err(Error::input(format!(
                    "the margin of `{name}` must be finite and at least 0, got {margin}"
                )));
            }
            if !NAMES.contains(&name.as_str()) {
                known(name)?;
            }
        }
        for name in &self.metrics {
            known(name)?;
        }
        let requirements = self.requirements()?;
        for requirement in &requirements {
            attainable(requirement, known(&requirement.metric)?)?;
        }
        possible(&requirements)
    }
}

/// # Errors
///
/// Where no value of the metric can be as required: a percentage in the place of a share, most likely.
pub fn attainable(requirement: &Requirement, metric: &Metric) -> Result<()> {
    let (least, most) = metric.range;
    if requirement.holds(least) || requirement.holds(most) {
        return Ok(());
    }
    let error = Error::input(format!(
        "`{requirement}` can never hold: `{}` lies between {least} and {most}",
        requirement.metric
    ));
    let as_share = Requirement { limit: requirement.limit / 100.0, ..requirement.clone() };
    // Nobody who writes 1.5 means percent.
    let is_percent = requirement.limit >= 2.0 && (as_share.holds(least) || as_share.holds(most));
    Err(if is_percent {
        error.help(format!("shares are written from 0 to 1: `{as_share}`"))
    } else {
        error.help("`equipoise ls metrics` shows every metric's range")
    })
}

/// What can be said of requirements before anything is read.
///
/// # Errors
///
/// Where no value can be as one of them says, or as two of them say of the same number.
pub fn possible(requirements: &[Requirement]) -> Result<()> {
    for one in requirements {
        // What is no key, or of no metric, is told of where keys are resolved.
        let metric = one.metric.parse().ok().and_then(|key: MetricKey| metrics::find(&key.id));
        metric.map_or(Ok(()), |metric| attainable(one, metric))?;
    }
    match requirement::contradiction(requirements) {
        None => Ok(()),
        Some((a, b)) => Err(Error::input(format!("`{a}` and `{b}` can never both hold"))
            .help("all requirements must hold at once: drop or change one of the two")),
    }
}

/// # Errors
///
/// Where the requirement is about none of the points with these coordinates: a name or a value that none of them has.
pub fn concerned<'a>(
    requirement: &Requirement,
    points: impl Iterator<Item = &'a BTreeMap<String, String>> + Clone,
) -> Result<()> {
    if points.clone().any(|point| requirement.concerns(point)) {
        return Ok(());
    }
    let names: BTreeSet<&str> = points.clone().flat_map(BTreeMap::keys).map(String::as_str).collect();
    if let Some((name, _)) = requirement.at.iter().find(|(name, _)| !names.contains(name.as_str())) {
        let hint = did_you_mean(name, names.iter().copied());
        return Err(Error::input(format!("it is about no point: no coordinate is called `{name}`{hint}"))
            .help(format!("points have {}", names.into_iter().collect::<Vec<_>>().join(", "))));
    }
    let mut all: Vec<String> = Vec::new();
    for point in points {
        let name = point.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
        if !all.contains(&name) {
            all.push(name);
        }
    }
    Err(Error::input("it is about no point").help(format!("there are {}", all.join("; "))))
}

/// Requirements are about points that the plan has.
pub(super) fn points(loaded: &Loaded) -> Result<()> {
    let required = loaded.experiment.gate.requirements()?;
    if required.iter().all(|requirement| requirement.at.is_empty()) {
        return Ok(());
    }
    let cells = plan(loaded, "", &vec![None; loaded.variants.len()])?.cells;
    for (index, requirement) in required.iter().enumerate() {
        concerned(requirement, cells.iter().map(|cell| &cell.coordinates)).map_err(|error| {
            error.context(format!("cannot hold anything to `{requirement}`")).context(loaded.place(&[
                "gate",
                "require",
                &index.to_string(),
            ]))
        })?;
    }
    Ok(())
}

/// What is gated and required, a run on these data will measure, in some combination of the sweep.
///
/// # Errors
///
/// A metric that no combination gives.
pub fn with_data(loaded: &Loaded, dataset: &Dataset) -> Result<()> {
    let whole = &loaded.experiment;
    let gate = &whole.gate;
    if gate.metrics.is_empty() && gate.require.is_empty() {
        return Ok(());
    }
    let mut keys: Vec<MetricKey> = Vec::new();
    for variant in &loaded.variants {
        keys.extend(check::available(&variant.experiment, dataset)?);
    }
    keys.sort_unstable();
    keys.dedup();
    let required: Vec<String> = gate.requirements()?.into_iter().map(|one| one.metric).collect();
    for (section, names) in [("metrics", &gate.metrics), ("require", &required)] {
        for (index, name) in names.iter().enumerate() {
            metrics::resolve(name, &keys, Some((whole.threat.norm, whole.threat.epsilon)))
                .map_err(|error| error.context(loaded.place(&["gate", section, &index.to_string()])))?;
        }
    }
    Ok(())
}

/// The metric that `name` begins with.
fn known(name: &str) -> Result<&'static Metric> {
    let key: MetricKey = name.parse()?;
    let metric = metrics::find(&key.id).ok_or_else(|| {
        let ids = CATALOG.iter().map(|metric| metric.id).chain(NAMES);
        Error::input(format!("unknown metric `{}`{}", key.id, did_you_mean(&key.id, ids)))
            .help("`equipoise ls metrics` lists them all")
    })?;
    if metric.direction.is_none() {
        return Err(Error::input(format!(
            "metric `{}` describes and has no better side, so it cannot be gated",
            metric.id
        )));
    }
    Ok(metric)
}
