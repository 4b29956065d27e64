//! From a TOML file to an [`Experiment`], and from there to a plan of cells.
//!
//! Everything that can be refused is refused here, before anything is trained:
//! unknown keys and kinds with line and column, contradictions between sections
//! by the checks of [`check`].

mod candidate;
mod certificates;
mod chain;
pub mod check;
mod explanations;
mod gate;
mod imported;
mod loading;
mod locate;
mod overrides;
mod plan;
mod seeds;
mod sensitivity;
mod shift;
mod variants;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::attacks;
use crate::bounds;
use crate::data;
use crate::error::{Error, Result};
use crate::evidence::Split;
use crate::measure::Norm;
use crate::models::{self, EngineKind};
use crate::probes::{checks, explanation};
use crate::training::{self, defenses};

pub use candidate::Candidate;
pub use chain::{INTERPOLATED, Origin};
pub use gate::{GateSpec, attainable, concerned, possible, with_data as gated_with_data};
pub use imported::{Imported, StatedAttack};
pub use loading::{Loaded, load};
pub use overrides::Override;
pub use plan::{
    Cell, Plan, certificate_settings, checks_settings, evasion_settings, evidence_id, explanation_settings,
    plan,
};
pub use seeds::Seeds;
pub use sensitivity::SENSITIVITY;
pub use shift::{Names, ShiftQuestion, ShiftSpec, TableSpec};

/// A whole experiment, as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Names the results folder.
    pub name: String,
    /// What the experiment asks, in one sentence; shown on top of the report.
    #[serde(default)]
    pub question: Option<String>,
    /// Replicates: a count (seeds 0, 1, …) or a list.
    pub seeds: Seeds,
    /// Where the rows come from.
    pub data: data::Source,
    /// How they are divided.
    #[serde(default)]
    pub split: data::SplitSpec,
    /// The architecture, or weights made elsewhere.
    pub model: models::Spec,
    /// How models are fitted.
    pub training: training::Spec,
    /// The defenses, each with the strengths it is swept over.
    #[serde(default, rename = "defense")]
    pub defenses: Vec<DefenseSweep>,
    /// What the adversary may do.
    pub threat: Threat,
    /// A suite by name, in place of single attacks.
    #[serde(default)]
    pub suite: Option<attacks::Preset>,
    /// The attacks that stand for the adversary, where no suite is named; the worst case over all counts.
    #[serde(default, rename = "attack")]
    pub attacks: Vec<attacks::Spec>,
    /// What is to be proven of every model.
    #[serde(default, rename = "certificate", skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<bounds::Spec>,
    /// How predictions are to be explained, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanations: Option<explanation::Settings>,
    /// What is to be asked of every model under distribution shift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<ShiftSpec>,
    /// Thresholds of the sanity checks, and which of them may not withhold numbers.
    #[serde(default)]
    pub checks: checks::Settings,
    /// How logits become probabilities.
    #[serde(default, skip_serializing_if = "Calibration::is_plain")]
    pub calibration: Calibration,
    /// What the front is drawn between.
    #[serde(default)]
    pub front: FrontSpec,
    /// What a baseline of it holds future runs to.
    #[serde(default, skip_serializing_if = "GateSpec::is_plain")]
    pub gate: GateSpec,
    /// Further settings to vary.
    #[serde(default)]
    pub sweep: Sweep,
    /// The engine that does the arithmetic.
    #[serde(default)]
    pub engine: EngineSpec,
    /// What was imported, where nothing was trained and attacked here; never in a configuration file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

/// One defense and its strengths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefenseSweep {
    /// How it trains.
    pub method: defenses::Spec,
    /// The swept values, each finite and at least 0; for adversarial training the training radius.
    pub strengths: Vec<f64>,
    /// What it is called in coordinates, tables and figures; the method's kind where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The adversary's room, in model input space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// How a change is measured.
    pub norm: Norm,
    /// The radius that the front is about.
    pub epsilon: f64,
    /// Further radii, for the security curve. Each radius starts from what the smaller ones found, and a row once fallen
    /// stays fallen: adding radii can only lower the robust accuracy at larger ones.
    #[serde(default)]
    pub curve: Vec<f64>,
    /// A threat model of the data set's manifest, whose rows must be valid; `unconstrained` (as when absent) is the ball alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Experiment {
    /// Whether weights made elsewhere are evaluated as they are.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        matches!(self.training, training::Spec::None)
    }

    /// The radius at which validation rows choose the best-robust model; none where no such model is asked for.
    #[must_use]
    pub fn selection(&self) -> Option<f64> {
        self.front.models.contains(&Candidate::BestRobust).then_some(self.threat.epsilon)
    }

    /// The epochs (from 1) that are configurations of their own, ascending, each once; usually none.
    #[must_use]
    pub fn checkpoints(&self) -> Vec<Candidate> {
        let Some(training) = self.training.supervised() else { return Vec::new() };
        let mut epochs = training.checkpoints.clone();
        epochs.sort_unstable();
        epochs.dedup();
        let last = training.epochs.get();
        let candidate = |epoch| if epoch == last { Candidate::Last } else { Candidate::Epoch(epoch) };
        epochs.into_iter().map(candidate).collect()
    }

    /// Which of a run's models are evaluated: those that the front section lists, and the checkpoints.
    #[must_use]
    pub fn models(&self) -> Vec<Candidate> {
        let mut models = self.front.models.clone();
        for candidate in self.checkpoints() {
            if !models.contains(&candidate) {
                models.push(candidate);
            }
        }
        models
    }

    /// Which of a run's models compete for the front: the first that the front section lists, and the checkpoints.
    #[must_use]
    pub fn competing(&self) -> Vec<Candidate> {
        let first = self.front.models.first().copied();
        let mut models: Vec<Candidate> = first.into_iter().collect();
        models.extend(self.checkpoints().into_iter().filter(|candidate| Some(*candidate) != first));
        models
    }

    /// What each defense is called, in the order written: its name, else its kind, numbered from 1 where several unnamed ones are of
    /// one kind.
    #[must_use]
    pub fn defense_names(&self) -> Vec<String> {
        let unnamed = |among: &[DefenseSweep], kind: &str| {
            among.iter().filter(|other| other.name.is_none() && other.method.word() == kind).count()
        };
        let name = |(index, sweep): (usize, &DefenseSweep)| {
            let kind = sweep.method.word();
            match &sweep.name {
                Some(name) => name.clone(),
                None if unnamed(&self.defenses, kind) > 1 => {
                    format!("{kind}-{}", unnamed(&self.defenses[..=index], kind))
                }
                None => kind.to_owned(),
            }
        };
        self.defenses.iter().enumerate().map(name).collect()
    }

    /// The same without folders: a results folder must not tell where it was made. What the files held is in the ids.
    #[must_use]
    pub fn without_folders(&self) -> Self {
        let name = |path: &mut PathBuf| {
            if let Some(name) = path.file_name() {
                *path = PathBuf::from(name);
            }
        };
        let mut bare = self.clone();
        match &mut bare.data {
            data::Source::Dataset { manifest: Some(path), .. } | data::Source::Safetensors { path, .. } => {
                name(path);
            }
            _ => {}
        }
        if let Some(path) = bare.model.weights_mut() {
            name(path);
        }
        bare.shift.iter_mut().flat_map(|spec| &mut spec.tables).for_each(|table| name(&mut table.file));
        bare
    }

    /// The settings as TOML can say them.
    ///
    /// # Errors
    ///
    /// Only on a defect of this program.
    pub fn table(&self) -> Result<toml::Table> {
        let mut plain = self.clone();
        plain.imported = plain.imported.map(Imported::without_nulls);
        toml::Table::try_from(&plain).map_err(|error| Error::internal(error.to_string()))
    }

    /// −0 is 0: one strength and one radius, not two.
    fn normalize(&mut self) {
        let radii = self.threat.curve.iter_mut().chain([&mut self.threat.epsilon]);
        for value in radii.chain(self.defenses.iter_mut().flat_map(|sweep| &mut sweep.strengths)) {
            *value += 0.0;
        }
    }

    /// The protocol that numbers under attack at the threat's radius have.
    #[must_use]
    pub fn protocol(&self) -> String {
        match &self.imported {
            Some(imported) => imported.protocol(self.threat.norm, self.threat.epsilon),
            None => self.threat.protocol(self.suite().protocol()),
        }
    }

    /// The attacks that stand for the adversary.
    #[must_use]
    pub fn suite(&self) -> attacks::Suite {
        match self.suite {
            Some(preset) if self.threat.is_constrained() => {
                preset.suite(self.threat.norm).for_tables(self.threat.norm)
            }
            Some(preset) => preset.suite(self.threat.norm),
            None => attacks::Suite::of(&self.attacks),
        }
    }
}

impl Threat {
    /// Whether a threat model of the data set's manifest says more than ball, box and mask.
    #[must_use]
    pub fn is_constrained(&self) -> bool {
        self.model.as_deref().is_some_and(|name| name != data::UNCONSTRAINED)
    }

    /// What a row of `dataset` must obey to be handed in, where that is more than ball, box and mask.
    ///
    /// # Errors
    ///
    /// When the data set's manifest has no such threat model.
    pub fn constraints(&self, dataset: &data::Dataset) -> Result<Option<attacks::Constraints>> {
        match &self.model {
            Some(name) => attacks::Constraints::named(name, &dataset.features, &dataset.rules),
            None => Ok(None),
        }
    }

    /// What `protocol` is called under this threat model.
    #[must_use]
    pub fn protocol(&self, protocol: String) -> String {
        attacks::under(self.model.as_deref(), protocol)
    }

    /// The radii to attack the rows of `split` at. Validation rows serve to choose, at the threat's own radius; the curve is
    /// drawn on test rows.
    #[must_use]
    pub fn epsilons_on(&self, split: Split) -> Vec<f64> {
        if split == Split::Test { self.epsilons() } else { vec![self.epsilon] }
    }

    /// All radii, ascending, each once.
    #[must_use]
    pub fn epsilons(&self) -> Vec<f64> {
        let mut all = self.curve.clone();
        all.push(self.epsilon);
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }
}

/// What the front is drawn between, and with how many resamples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontSpec {
    /// Metric keys: the first is drawn to the right (security), the second upward (safety).
    #[serde(default = "default_objectives")]
    pub objectives: Vec<String>,
    /// Which of a run's models are evaluated; the front is drawn over the first.
    #[serde(default = "default_models")]
    pub models: Vec<Candidate>,
    /// Bootstrap resamples over seeds and rows.
    #[serde(default = "default_resamples")]
    pub resamples: usize,
    /// Settings with a factor, such as `training.epochs*2`: every configuration is trained a second time with each of them scaled, does not
    /// compete, and tells which exchange rates change their sign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitivity: Vec<String>,
}

fn default_objectives() -> Vec<String> {
    vec!["robust_accuracy".to_owned(), "accuracy".to_owned()]
}

fn default_models() -> Vec<Candidate> {
    vec![Candidate::Last]
}

fn default_resamples() -> usize {
    1000
}

impl Default for FrontSpec {
    fn default() -> Self {
        Self {
            objectives: default_objectives(),
            models: default_models(),
            resamples: default_resamples(),
            sensitivity: Vec::new(),
        }
    }
}

/// How logits become probabilities; nothing is trained for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Divide every model's logits by a temperature of its own, fitted on validation rows, before probabilities are judged.
    #[serde(default)]
    pub temperature: bool,
}

impl Calibration {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Settings varied beside the strengths: every row of `zip` with every combination of `grid`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Setting path to values; all combinations are run.
    #[serde(default)]
    pub grid: BTreeMap<String, Vec<toml::Value>>,
    /// Setting paths whose lists advance together; all lists have the same length.
    #[serde(default)]
    pub zip: BTreeMap<String, Vec<toml::Value>>,
}

/// The engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSpec {
    /// Which one.
    #[serde(default)]
    pub kind: EngineKind,
}

/// One combination of the sweep: the experiment with its settings applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The settings that make it differ: path to value as text.
    pub coordinates: BTreeMap<String, String>,
    /// The experiment, its `sweep` spent.
    pub experiment: Experiment,
}
