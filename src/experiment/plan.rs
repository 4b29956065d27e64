//! From an experiment to cells: what to train, in which order, under which id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::error::Result;
use crate::evidence::Split;
use crate::experiment::{Experiment, Loaded};
use crate::files;
use crate::probes;
use crate::training::{self, defenses};

/// Which of a run's models is meant. Fronts use the last epoch of a fixed budget; the others are chosen on validation rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Candidate {
    /// After the last epoch.
    Last,
    /// The epoch with the best clean validation accuracy.
    BestClean,
    /// The epoch with the best robust validation accuracy.
    BestRobust,
}

impl Candidate {
    /// The word used in files and coordinates.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::BestClean => "best-clean",
            Self::BestRobust => "best-robust",
        }
    }
}

/// One configuration at one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Index of the sweep's combination in [`Loaded::variants`].
    pub variant: usize,
    /// The defense as written, for people.
    pub defense: String,
    /// How to train: the defense, or none where its strength 0 is plain training.
    pub method: defenses::Spec,
    /// The swept value.
    pub strength: f64,
    /// The replicate.
    pub seed: u64,
    /// What names the point that this cell is a replicate of.
    pub coordinates: BTreeMap<String, String>,
    /// Everything that decides the trained weights; for readers of the stored record.
    pub settings: Json,
    /// Hash of `settings`.
    pub run: String,
}

impl Cell {
    /// `defense=at,strength=0.1,seed=2`, for people.
    #[must_use]
    pub fn name(&self) -> String {
        let mut parts: Vec<String> =
            self.coordinates.iter().map(|(key, value)| format!("{key}={value}")).collect();
        parts.push(format!("seed={}", self.seed));
        parts.join(",")
    }
}

/// All cells, seed-major: an interrupted sweep is a complete smaller one.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// In the order in which they are run.
    pub cells: Vec<Cell>,
}

/// Lays out the cells of `loaded`; `fingerprint` is the data set's, `weights` the hash of each variant's imported weights.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn plan(loaded: &Loaded, fingerprint: &str, weights: &[Option<String>]) -> Result<Plan> {
    let mut cells = Vec::new();
    for &seed in loaded.experiment.seeds.list() {
        for (index, variant) in loaded.variants.iter().enumerate() {
            for (defense, method, strength) in configurations(&variant.experiment) {
                let mut coordinates = variant.coordinates.clone();
                coordinates.insert("defense".to_owned(), defense.clone());
                coordinates.insert("strength".to_owned(), strength.to_string());
                let settings = settings(
                    &variant.experiment,
                    fingerprint,
                    weights[index].as_deref(),
                    &method,
                    strength,
                    seed,
                )?;
                let run = id(&settings);
                cells.push(Cell {
                    variant: index,
                    defense,
                    method,
                    strength,
                    seed,
                    coordinates,
                    settings,
                    run,
                });
            }
        }
    }
    Ok(Plan { cells })
}

/// (name, method, strength) of every defense at every strength.
fn configurations(experiment: &Experiment) -> Vec<(String, defenses::Spec, f64)> {
    if experiment.defenses.is_empty() {
        let name = if experiment.is_imported() { "imported" } else { "none" };
        return vec![(name.to_owned(), defenses::Spec::None {}, 0.0)];
    }
    let mut all = Vec::new();
    for (index, sweep) in experiment.defenses.iter().enumerate() {
        let kind = sweep.method.word();
        let twins = experiment.defenses.iter().filter(|other| other.method.word() == kind).count();
        // Two defenses of one kind with different settings are told apart by their place in the file.
        let name = if twins > 1 { format!("{kind}-{}", index + 1) } else { kind.to_owned() };
        for &strength in &sweep.strengths {
            all.push((name.clone(), sweep.method.at_strength(strength), strength));
        }
    }
    all
}

/// Everything that decides the trained weights.
fn settings(
    experiment: &Experiment,
    fingerprint: &str,
    weights: Option<&str>,
    method: &defenses::Spec,
    strength: f64,
    seed: u64,
) -> Result<Json> {
    let mut model = to_json(&experiment.model)?;
    if let Some(hash) = weights {
        // The content decides, not where it lies.
        model["weights"] = json!(hash);
    }
    Ok(json!({
        "version": training::VERSION,
        "data": fingerprint,
        "model": model,
        "training": to_json(&experiment.training)?,
        "defense": to_json(method)?,
        "strength": strength,
        "norm": experiment.threat.norm,
        "selection": experiment.selection(),
        "engine": to_json(&experiment.engine)?,
        "seed": seed,
    }))
}

/// The id of one probe's evidence about the model of `run` after `epoch`.
#[must_use]
pub fn evidence_id(run: &str, epoch: usize, split: Split, probe: &Json) -> String {
    id(
        &json!({ "version": probes::VERSION, "run": run, "epoch": epoch, "split": split.word(), "probe": probe }),
    )
}

/// The settings of the evasion probe, as part of an id.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn evasion_settings(experiment: &Experiment, split: Split) -> Result<Json> {
    let suite = experiment.suite();
    Ok(json!({
        "kind": "evasion",
        "norm": experiment.threat.norm,
        "epsilons": experiment.threat.epsilons_on(split),
        // A protocol names every setting of an attack and the version of its code.
        "attacks": suite.members.iter().enumerate().map(|(index, member)| (member.name.clone(), experiment.threat.protocol(suite.member_protocol(index)))).collect::<Vec<_>>(),
    }))
}

/// The settings of the sanity checks, as part of an id: what decides what they see. Thresholds and overrides are judged by later.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn checks_settings(experiment: &Experiment, split: Split) -> Result<Json> {
    Ok(json!({
        "kind": "checks",
        "version": probes::checks::VERSION,
        "rows": experiment.checks.rows,
        "epsilon": experiment.threat.epsilon,
        "evasion": evasion_settings(experiment, split)?,
    }))
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Json> {
    serde_json::to_value(value)
        .map_err(|error| crate::Error::internal(format!("cannot describe a setting: {error}")))
}

/// 16 hexadecimal digits of the SHA-256 of the canonical JSON: keys sorted (as `serde_json`'s own maps are), shortest floats.
pub(crate) fn id(value: &Json) -> String {
    files::sha256(value.to_string().as_bytes())[..16].to_owned()
}
