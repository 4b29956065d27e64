//! From an experiment to cells: what to train, in which order, under which id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::chain::{self, Origin};
use crate::bounds;
use crate::error::Result;
use crate::evidence::Split;
use crate::experiment::{Experiment, Loaded};
use crate::files;
use crate::probes;
use crate::training::{self, defenses};

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
    /// Where its weights come from.
    #[serde(default, skip_serializing_if = "Origin::is_own")]
    pub origin: Origin,
    /// The chain it belongs to, where cells depend on one another: those of one defense at one seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
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
            for configuration in configurations(&variant.experiment) {
                let weights = weights[index].as_deref();
                let settings = |method: &defenses::Spec, strength: f64| {
                    settings(&variant.experiment, fingerprint, weights, method, strength, seed)
                };
                let row = Row { variant: index, coordinates: &variant.coordinates, seed };
                cells.extend(row.cells(&variant.experiment, &configuration, settings)?);
            }
        }
    }
    Ok(Plan { cells })
}

/// One defense with its strengths.
struct Configuration {
    /// As in coordinates.
    name: String,
    method: defenses::Spec,
    strengths: Vec<f64>,
}

/// Every defense with its strengths.
fn configurations(experiment: &Experiment) -> Vec<Configuration> {
    if experiment.defenses.is_empty() {
        let name = if experiment.is_imported() { "imported" } else { "none" };
        let method = defenses::Spec::None {};
        return vec![Configuration { name: name.to_owned(), method, strengths: vec![0.0] }];
    }
    let sweeps = experiment.defenses.iter().zip(experiment.defense_names());
    sweeps
        .map(|(sweep, name)| Configuration {
            name,
            method: sweep.method.clone(),
            strengths: sweep.strengths.clone(),
        })
        .collect()
}

/// What the cells of one combination of the sweep at one seed share.
struct Row<'a> {
    variant: usize,
    coordinates: &'a BTreeMap<String, String>,
    seed: u64,
}

impl Row<'_> {
    /// The cells of one defense: trained ones by strength, then those in between.
    fn cells(
        &self,
        experiment: &Experiment,
        configuration: &Configuration,
        settings: impl Fn(&defenses::Spec, f64) -> Result<Json>,
    ) -> Result<Vec<Cell>> {
        let training = experiment.training.supervised();
        let continues = training.is_some_and(|it| it.continuation);
        let chained = continues || training.is_some_and(|it| it.interpolate.is_some());
        let mut strengths = configuration.strengths.clone();
        if chained {
            strengths.sort_by(f64::total_cmp);
        }
        let mut cells: Vec<Cell> = Vec::new();
        for strength in strengths {
            let method = configuration.method.at_strength(strength, experiment.threat.epsilon);
            let mut settings = settings(&method, strength)?;
            let mut run = id(&settings);
            let mut origin = Origin::Own;
            if let Some(parent) = cells.last().filter(|_| continues) {
                (settings, run) = chain::continued(settings, &parent.run);
                origin = Origin::Continued { parent: parent.run.clone() };
            }
            cells.push(self.cell(configuration, method, strength, (origin, settings, run)));
        }
        let mut between = Vec::new();
        for pair in cells.windows(2) {
            let (low, high) =
                ((pair[0].strength, pair[0].run.as_str()), (pair[1].strength, pair[1].run.as_str()));
            for model in chain::between(training, low, high) {
                let run = id(&model.settings);
                let method = configuration.method.at_strength(model.strength, experiment.threat.epsilon);
                let made = (model.origin, model.settings, run);
                let mut cell = self.cell(configuration, method, model.strength, made);
                cell.coordinates.insert(chain::INTERPOLATED.to_owned(), model.neighbors);
                between.push(cell);
            }
        }
        cells.extend(between);
        if chained {
            // Many defenses share their lowest strength, plain training: named by it alone, all would be one chain.
            let chain = id(&json!({ "first": cells[0].run, "defense": to_json(&configuration.method)? }));
            for cell in &mut cells {
                cell.chain = Some(chain.clone());
            }
        }
        Ok(cells)
    }

    fn cell(
        &self,
        configuration: &Configuration,
        method: defenses::Spec,
        strength: f64,
        (origin, settings, run): (Origin, Json, String),
    ) -> Cell {
        let mut coordinates = self.coordinates.clone();
        coordinates.insert("defense".to_owned(), configuration.name.clone());
        coordinates.insert("strength".to_owned(), strength.to_string());
        Cell {
            variant: self.variant,
            defense: configuration.name.clone(),
            method,
            strength,
            seed: self.seed,
            coordinates,
            settings,
            run,
            origin,
            chain: None,
        }
    }
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
    let mut training = to_json(&experiment.training)?;
    if let Some(keys) = training.as_object_mut() {
        // How cells hang together is in their parents: the first of a chain is trained as always.
        keys.remove("continuation");
        keys.remove("interpolate");
    }
    Ok(json!({
        "version": training::VERSION,
        "data": fingerprint,
        "model": model,
        "training": training,
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

/// The settings of what one certificate proves, as part of an id: each has an evidence of its own, so that adding one changes no other.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn certificate_settings(
    experiment: &Experiment,
    split: Split,
    certificate: &bounds::Spec,
) -> Result<Json> {
    Ok(json!({
        "kind": "certificate",
        "version": probes::CERTIFICATES_VERSION,
        "certificate": to_json(certificate)?,
        "protocol": certificate.protocol(),
        "norm": experiment.threat.norm,
        "epsilons": experiment.threat.epsilons_on(split),
    }))
}

/// The settings of explanations, as part of an id; none where none are asked for.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn explanation_settings(experiment: &Experiment) -> Result<Option<Json>> {
    let Some(settings) = &experiment.explanations else { return Ok(None) };
    Ok(Some(json!({
        "kind": "explanations",
        "version": probes::explanation::VERSION,
        "settings": to_json(settings)?,
        "norm": experiment.threat.norm,
        "epsilon": experiment.threat.epsilon,
        "protocol": experiment.threat.protocol(probes::explanation::stability_protocol(settings)?),
    })))
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Json> {
    serde_json::to_value(value)
        .map_err(|error| crate::Error::internal(format!("cannot describe a setting: {error}")))
}

/// 16 hexadecimal digits of the SHA-256 of the canonical JSON: keys sorted (as `serde_json`'s own maps are), shortest floats.
pub(crate) fn id(value: &Json) -> String {
    files::sha256(value.to_string().as_bytes())[..16].to_owned()
}
