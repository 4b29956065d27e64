//! The `[gate]` section: what a baseline of this experiment holds future runs to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, did_you_mean};
use crate::gate::{DEFAULT_ALPHA, DEFAULT_MARGIN, Policy, Requirement};
use crate::measure::{MetricKey, Unit};
use crate::metrics::{self, CATALOG, Metric};

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

    /// What can be checked without the data.
    pub(super) fn check(&self) -> Result<()> {
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
        for text in &self.require {
            known(&text.parse::<Requirement>()?.metric)?;
        }
        Ok(())
    }
}

/// The metric that `name` begins with.
fn known(name: &str) -> Result<()> {
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
    Ok(())
}
