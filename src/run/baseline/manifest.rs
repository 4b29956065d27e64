//! `manifest.toml`: the terms of a baseline.

use serde::{Deserialize, Serialize};

use super::origin::{Part, Refreshed};
use super::samples::Read;
use crate::error::{Error, Result};
use crate::experiment::{Experiment, GateSpec};
use crate::files;
use crate::gate::{Assessed, Gated, Side};
use crate::measure::{Bound, Direction, MetricKey, Pillar, Unit};
use crate::metrics;
use crate::pareto::Objective;
use crate::run::side;
use crate::simd;

/// Bumped when the layout changes.
const SCHEMA: u32 = 1;

/// The terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    schema: u32,
    /// The experiment's name.
    pub name: String,
    /// The version that measured it.
    pub version: String,
    /// SHA-256 of `samples.csv`.
    pub samples: String,
    /// SHA-256 of the experiment's settings.
    pub config: String,
    /// Version of the metrics' definitions.
    pub definitions: u32,
    /// Replicates, ascending.
    pub seeds: Vec<u64>,
    /// The model that the front is about.
    pub front_model: String,
    /// The data, for people.
    pub data: String,
    /// Hash over content, encoding and split of the data.
    pub fingerprint: String,
    /// Where it was measured; compared with nothing, since results do not depend on it.
    pub environment: Environment,
    /// Who approved it, and why; none while it awaits acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The proof by which it took the place of a baseline at other seeds, where `baseline refresh` made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshed: Option<Refreshed>,
    /// How future runs are judged.
    pub gate: GateSpec,
    /// The axes of the front.
    #[serde(rename = "objective")]
    objectives: Vec<Axis>,
    /// What is gated.
    #[serde(rename = "gated")]
    gated: Vec<Term>,
    /// What a run of the same code at the same seeds differed by, where `baseline refresh` looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noise: Vec<Noise>,
    /// Points that were taken over alone, from other runs than the rest.
    #[serde(default, rename = "part", skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The experiment, to be run again; without its gate section, which stands above.
    pub experiment: toml::Table,
}

/// Who approved a baseline, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// When, UTC.
    pub when: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// SHA-256 of the samples that it replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Instruction set of the kernels.
    pub instruction_set: String,
    /// Operating system.
    pub operating_system: String,
    /// Processor architecture.
    pub architecture: String,
}

/// An A/A comparison of one endpoint: the same code at the same seeds, twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// The number, `hypervolume` or `epsilon`.
    pub metric: String,
    /// The point, or `front`.
    pub point: String,
    /// Mean difference, positive is worse.
    pub mean: f64,
    /// Standard deviation of the differences over seeds.
    pub spread: Option<f64>,
    /// Correlation over seeds.
    pub correlation: Option<f64>,
}

impl Noise {
    /// Of an endpoint of an A/A comparison.
    #[must_use]
    pub fn of(one: &Assessed) -> Self {
        let subject = &one.endpoint.subject;
        Self {
            metric: subject.metric(),
            point: subject.place().to_owned(),
            mean: one.mean,
            spread: one.spread,
            correlation: one.correlation,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Axis {
    metric: String,
    direction: Direction,
    reference: f64,
    ideal: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    metric: String,
    direction: Direction,
    pillar: Pillar,
    unit: Unit,
    bound: Bound,
    margin: f64,
}

impl Manifest {
    pub(super) fn of(side: &Side, experiment: &Experiment, samples: String) -> Result<Self> {
        let mut table = experiment.table()?;
        table.remove("gate");
        let settings: Vec<String> =
            side::flat(&table).into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
        Ok(Self {
            schema: SCHEMA,
            name: side.name.clone(),
            version: format!("equipoise {}", env!("CARGO_PKG_VERSION")),
            samples,
            config: files::sha256(settings.join("\n").as_bytes()),
            definitions: side.definitions,
            seeds: side.seeds.clone(),
            front_model: side.front_model.clone(),
            data: side.data.clone(),
            fingerprint: side.fingerprint.clone(),
            environment: Environment {
                instruction_set: simd::instruction_set().to_string(),
                operating_system: std::env::consts::OS.to_owned(),
                architecture: std::env::consts::ARCH.to_owned(),
            },
            approval: None,
            refreshed: None,
            gate: experiment.gate.clone(),
            objectives: side.objectives.iter().map(Axis::of).collect(),
            gated: side.gated.iter().map(Term::of).collect(),
            noise: Vec::new(),
            parts: Vec::new(),
            experiment: table,
        })
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text).map_err(|error| {
            Error::input(error.to_string().trim_end().to_owned()).context("manifest.toml is damaged")
        })?;
        if manifest.schema != SCHEMA {
            return Err(Error::input(format!(
                "manifest.toml has schema {}, this version reads {SCHEMA}",
                manifest.schema
            )));
        }
        manifest.gate.check().map_err(|error| error.context("[gate] in manifest.toml"))?;
        Ok(manifest)
    }

    pub(super) fn text(&self) -> Result<String> {
        let text = toml::to_string_pretty(self).map_err(|error| Error::internal(error.to_string()))?;
        Ok(format!("# Written by `equipoise baseline`; reviewed as a diff, not edited by hand.\n{text}"))
    }

    /// The experiment, to be run again, with the gate section that counts.
    ///
    /// # Errors
    ///
    /// Where this version cannot read it.
    pub fn experiment(&self) -> Result<Experiment> {
        let experiment: Experiment =
            self.experiment.clone().try_into().map_err(|error: toml::de::Error| {
                Error::input(error.message().trim().to_owned())
                    .context("this version cannot run the baseline's experiment")
            })?;
        Ok(Experiment { gate: self.gate.clone(), ..experiment })
    }

    /// Whether its models were made elsewhere, and cannot be made again here.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        self.experiment.contains_key("imported")
    }

    /// The numbers under these terms.
    pub(super) fn side(&self, (points, seeds): Read) -> Result<Side> {
        if seeds != self.seeds {
            return Err(Error::input("samples.csv and manifest.toml have other seeds"));
        }
        Ok(Side {
            name: self.name.clone(),
            fingerprint: self.fingerprint.clone(),
            data: self.data.clone(),
            definitions: self.definitions,
            objectives: self.objectives.iter().map(Axis::objective).collect::<Result<_>>()?,
            front_model: self.front_model.clone(),
            seeds,
            gated: self.gated.iter().map(|term| term.gated(&self.gate)).collect::<Result<_>>()?,
            points,
            settings: side::flat(&self.experiment),
            missing: Vec::new(),
        })
    }
}

impl Axis {
    fn of(objective: &Objective) -> Self {
        Self {
            metric: objective.key.to_string(),
            direction: objective.direction,
            reference: objective.reference,
            ideal: objective.ideal,
        }
    }

    fn objective(&self) -> Result<Objective> {
        let key: MetricKey = self.metric.parse()?;
        if !(self.reference.is_finite()
            && self.ideal.is_finite()
            && (self.reference - self.ideal).abs() > 0.0)
        {
            return Err(Error::input(format!("the axis `{}` has no extent", self.metric)));
        }
        Ok(Objective { key, direction: self.direction, reference: self.reference, ideal: self.ideal })
    }
}

impl Term {
    fn of(gated: &Gated) -> Self {
        Self {
            metric: gated.key.to_string(),
            direction: gated.direction,
            pillar: gated.pillar,
            unit: gated.unit,
            bound: gated.bound,
            margin: gated.margin,
        }
    }

    fn gated(&self, gate: &GateSpec) -> Result<Gated> {
        if !(self.margin.is_finite() && self.margin >= 0.0) {
            return Err(Error::input(format!(
                "the margin of `{}` must be finite and at least 0",
                self.metric
            )));
        }
        let key: MetricKey = self.metric.parse()?;
        let metric = metrics::find(&key.id)
            .ok_or_else(|| Error::input(format!("this version has no metric `{}`", key.id)))?;
        let said = gate.margin_of(metric, &key)?;
        if said.to_bits() != self.margin.to_bits() {
            return Err(Error::input(format!(
                "the margin of `{}` is {} in its [[gated]], and {said} by [gate]",
                self.metric, self.margin
            )));
        }
        Ok(Gated {
            key,
            direction: self.direction,
            pillar: self.pillar,
            unit: self.unit,
            bound: self.bound,
            margin: self.margin,
        })
    }
}
