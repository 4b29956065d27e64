//! `sweep.json`: what a results folder is about, so that it can be judged and drawn without config or data.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data::{self, Dataset};
use crate::error::{Error, Result};
use crate::evidence::Split;
use crate::experiment::{Cell, Experiment, Loaded, Plan};

use super::store::Store;

/// Bumped when the layout changes.
const SCHEMA: u32 = 1;

/// The file's name in the results folder.
pub(super) const FILE: &str = "sweep.json";

/// An experiment, resolved and planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sweep {
    schema: u32,
    /// As written, overrides applied.
    pub(super) experiment: Experiment,
    /// One per combination of the sweep, its settings applied.
    pub(super) variants: Vec<Experiment>,
    pub(super) data: DataRecord,
    /// Seed-major.
    pub(super) cells: Vec<Cell>,
}

/// What a reader should know of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Its name.
    pub name: String,
    /// SHA-256 over content, encoding and split.
    pub fingerprint: String,
    /// What the rows are, in one line; may be empty.
    pub description: String,
    /// How to cite it; may be empty.
    pub citation: String,
    /// Its license; may be empty.
    pub license: String,
    /// Class names.
    pub classes: Vec<String>,
    /// (attribute, its groups).
    pub attributes: Vec<(String, Vec<String>)>,
    /// Encoded features.
    pub features: usize,
    /// Features the adversary may change.
    pub mutable: usize,
    /// Rows for fitting.
    pub train: usize,
    /// Rows for choosing.
    pub validation: usize,
    /// Rows behind every number shown.
    pub test: usize,
}

impl DataRecord {
    fn new(experiment: &Experiment, dataset: &Dataset, folder: &Path) -> Result<Self> {
        let about = data::about(&experiment.data, folder)?;
        let attributes = &dataset.test.facts.attributes;
        Ok(Self {
            name: dataset.name.clone(),
            fingerprint: dataset.fingerprint.clone(),
            description: about.title,
            citation: about.citation,
            license: about.license,
            classes: dataset.classes.clone(),
            attributes: attributes.iter().map(|a| (a.name.clone(), a.groups.clone())).collect(),
            features: dataset.features.len(),
            mutable: dataset.features.iter().filter(|feature| feature.mutable).count(),
            train: dataset.train.len(),
            validation: dataset.validation.len(),
            test: dataset.test.len(),
        })
    }
}

/// The file with the facts of a split of the data with this fingerprint.
pub(super) fn facts_file(fingerprint: &str, split: Split) -> String {
    format!("evidence/facts-{}-{}.safetensors", &fingerprint[..16], split.word())
}

impl Sweep {
    /// Whether validation rows choose between checkpoints: where any combination lists some.
    pub(super) fn chooses(&self) -> bool {
        self.variants.iter().any(|variant| !variant.checkpoints().is_empty())
    }

    pub(super) fn new(loaded: &Loaded, dataset: &Dataset, folder: &Path, plan: &Plan) -> Result<Self> {
        Ok(Self {
            schema: SCHEMA,
            experiment: loaded.experiment.without_folders(),
            variants: loaded.variants.iter().map(|variant| variant.experiment.without_folders()).collect(),
            data: DataRecord::new(&loaded.experiment, dataset, folder)?,
            cells: plan.cells.clone(),
        })
    }

    /// Of models that were made elsewhere.
    pub(super) fn imported(experiment: Experiment, data: DataRecord, cells: Vec<Cell>) -> Self {
        Self { schema: SCHEMA, variants: vec![experiment.clone()], experiment, data, cells }
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::internal(format!("cannot write {FILE}: {error}")))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the folder's sweep.
    pub(super) fn read(store: &Store) -> Result<Self> {
        let place = store.root().join(FILE);
        let damaged = |what: String| {
            Error::input(what)
                .context(format!("cannot read `{}`", place.display()))
                .help("run the experiment again: it writes this file anew and keeps every finished cell")
        };
        let sweep: Self =
            serde_json::from_slice(&store.read(FILE)?).map_err(|error| damaged(error.to_string()))?;
        if sweep.schema != SCHEMA {
            return Err(damaged(format!("it has schema {}, this version reads {SCHEMA}", sweep.schema)));
        }
        Ok(sweep)
    }
}
