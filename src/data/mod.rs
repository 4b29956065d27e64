//! Data sets: rows, labels, groups, feature domains, and where they come from.

mod beside;
mod catalog;
mod content;
mod encode;
pub mod fetch;
mod generators;
mod groups;
mod idx;
mod manifest;
mod raw;
mod relation;
mod rules;
mod source;
mod split;
mod table;
mod tensors;

use std::path::Path;
use std::sync::Arc;

pub use beside::beside;
pub use catalog::{Found, catalog, find, is_embedded};
pub use manifest::{
    Class, Column, ColumnKind, Csv, Direction, File, Filter, Format, Group, Holds, Image, Label, Manifest,
    Missing, MissingLevel, MissingNumber, Part, Relation, Sensitive, Threat,
};
pub use relation::{Formula, Levels, Members, Term};
pub use rules::{Bound, Rule, Rules, UNCONSTRAINED};
pub use source::Source;
pub use split::{Amount, SplitSpec};
pub(crate) use tensors::{floats, integers};

use crate::error::{Error, Result};
use crate::evidence::{Attribute, Split, SplitFacts};
use crate::files;
use raw::{Cells, Raw, Values};

/// How the numbers of one row are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A table row of this many encoded features.
    Flat(usize),
    /// An image, channel-major.
    Image {
        /// Channels.
        channels: usize,
        /// Pixel rows.
        height: usize,
        /// Pixel columns.
        width: usize,
    },
}

impl Shape {
    /// Numbers in one row.
    #[must_use]
    pub fn features(self) -> usize {
        match self {
            Self::Flat(features) => features,
            Self::Image { channels, height, width } => channels * height * width,
        }
    }
}

/// What values a feature can take, before scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// Any number in the bounds.
    Continuous,
    /// Whole numbers in the bounds.
    Integer,
    /// A member of one-hot block number `.0`: exactly one member is 1, the others 0.
    OneHot(usize),
}

/// One encoded feature: a column of the model's input.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// `age`, `workclass=Private`, `pixel 3,4`.
    pub name: String,
    /// What values it can take.
    pub domain: Domain,
    /// Whether an adversary of the shipped threat model may change it.
    pub mutable: bool,
    /// Smallest value (in model input space) an adversary may use; may be −∞.
    pub lower: f32,
    /// Largest value (in model input space) an adversary may use; may be +∞.
    pub upper: f32,
    /// Model input = (native − offset) / scale.
    pub offset: f64,
    /// See `offset`; never 0.
    pub scale: f64,
}

/// The rows of one split, encoded for the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// `n × features`, row-major, model input space.
    pub x: Vec<f32>,
    /// Labels, groups and row numbers.
    pub facts: Arc<SplitFacts>,
}

impl Rows {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Row `index` as `features` numbers.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        let features = self.x.len() / self.len();
        &self.x[index * features..(index + 1) * features]
    }
}

/// A data set, split and encoded: scaling and one-hot levels come from training rows only.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// SHA-256 over the content and everything that decided the encoding (manifest, split, generator settings).
    pub fingerprint: String,
    /// How one row is laid out.
    pub shape: Shape,
    /// One entry per number of a row.
    pub features: Vec<Feature>,
    /// What every row obeys, and named adversaries; tables only.
    pub rules: Rules,
    /// Class names.
    pub classes: Vec<String>,
    /// Rows for fitting.
    pub train: Rows,
    /// Rows for choosing; may be empty.
    pub validation: Rows,
    /// Rows for the figures that are shown; the same for every replicate.
    pub test: Rows,
}

impl Dataset {
    /// The rows of `split`.
    #[must_use]
    pub fn rows(&self, split: Split) -> &Rows {
        match split {
            Split::Train => &self.train,
            Split::Validation => &self.validation,
            Split::Test => &self.test,
        }
    }
}

/// Reads, splits and encodes the data. `folder` is where fetched data sets lie: `<folder>/<name>/<file>`.
///
/// # Errors
///
/// When a setting is out of range, the data set is unknown, not fetched or damaged, does not hold what its manifest
/// says, or cannot be split as asked.
pub fn load(source: &Source, split: &SplitSpec, folder: &Path) -> Result<Dataset> {
    source.check()?;
    let raw = match source {
        Source::Dataset { name, manifest } => {
            let found = find(name, manifest.as_deref(), folder)?;
            return assemble(read(&found, folder)?, split, Some(&found.manifest));
        }
        Source::Safetensors { path, shape, bounds, classes } => {
            let bytes = files::read(path)?;
            let identity = format!("{} {shape:?} {bounds:?} {classes:?}", files::sha256(&bytes));
            let layout = tensors::Layout {
                shape: shape.as_deref(),
                bounds: *bounds,
                classes: *classes,
                attributes: Vec::new(),
            };
            tensors::read(&source.name(), &bytes, identity, &layout, path)?
        }
        Source::Imported { .. } => return Err(Source::imported_elsewhere()),
        generator => generators::generate(generator).expect("every other source is a generator").check()?,
    };
    assemble(raw, split, None)
}

/// What a reader should know of where rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What the rows are, in one line.
    pub title: String,
    /// License; empty for generated rows.
    pub license: String,
    /// How to cite it; empty where there is nothing to cite.
    pub citation: String,
}

/// Title, license and citation of `source`.
///
/// # Errors
///
/// As [`load`], where the data set is unknown or its manifest cannot be read.
pub fn about(source: &Source, folder: &Path) -> Result<About> {
    if let Source::Dataset { name, manifest } = source {
        let Manifest { title, license, citation, .. } = find(name, manifest.as_deref(), folder)?.manifest;
        return Ok(About { title, license, citation });
    }
    let (title, citation) = match source {
        Source::Gaussian { .. } => ("two isotropic Gaussians (generated; the truth is known)", ""),
        Source::Xu { .. } => (
            "two Gaussians of unequal variance (generated; the truth is known)",
            "H. Xu et al., To be Robust or to be Fair: Towards Fairness in Adversarial Training, ICML 2021",
        ),
        Source::Tsipras { .. } => (
            "one robust and many weak features (generated; the truth is known)",
            "D. Tsipras et al., Robustness May Be at Odds with Accuracy, ICLR 2019",
        ),
        Source::TwoBlock { .. } => {
            ("two blocks of features, groups that differ in the first (generated; the truth is known)", "")
        }
        Source::Imported { .. } => ("imported predictions", ""),
        Source::Dataset { .. } | Source::Safetensors { .. } => ("rows from a safetensors file", ""),
    };
    Ok(About { title: title.to_owned(), license: String::new(), citation: citation.to_owned() })
}

/// Reads, splits and encodes the data set of a manifest that need not lie in a file.
///
/// # Errors
///
/// As [`load`].
pub fn load_manifest(manifest: &Manifest, split: &SplitSpec, folder: &Path) -> Result<Dataset> {
    let raw = read(&Found { manifest: manifest.clone(), beside: None }, folder)?;
    assemble(raw, split, Some(manifest))
}

fn read(found: &Found, folder: &Path) -> Result<Raw> {
    match found.manifest.format {
        Format::Csv => table::read(found, folder),
        Format::Idx => idx::read(found, folder),
        Format::Safetensors => {
            let manifest = &found.manifest;
            let [file] = manifest.files.as_slice() else {
                return Err(Error::input(format!(
                    "data set `{}` has several safetensors files",
                    manifest.name
                ))
                .help("put all rows into one file"));
            };
            let (bytes, sum) = content::read(found, file, folder)?;
            let layout = tensors::Layout {
                shape: None,
                bounds: manifest.bounds,
                classes: Some(manifest.label.classes.len()).filter(|classes| *classes > 0),
                attributes: manifest.sensitive.iter().map(|sensitive| sensitive.name.clone()).collect(),
            };
            let identity = format!("{sum}{}", manifest.decisive_text());
            let mut raw = tensors::read(&manifest.name, &bytes, identity, &layout, Path::new(&file.name))?;
            raw.given = split::Given::Nothing;
            if layout.classes.is_some() {
                raw.classes = manifest.label.classes.iter().map(|class| class.name().to_owned()).collect();
            }
            let positive = manifest.label.positive.as_ref();
            raw.positive = positive
                .and_then(|positive| raw.classes.iter().position(|class| class == positive))
                .map(|class| class as u16);
            raw.check()
        }
    }
}

fn assemble(raw: Raw, spec: &SplitSpec, manifest: Option<&Manifest>) -> Result<Dataset> {
    let place = || format!("cannot split data set `{}`", raw.name);
    let units = raw.units.as_ref().map(|units| units.codes.as_slice());
    let parts =
        split::partition(raw.labels.len(), units, raw.given, spec).map_err(|error| error.context(place()))?;
    let settings = serde_json::to_string(spec).expect("a split is plain data");
    let fingerprint = files::sha256(format!("{}\0{}\0{settings}", encode::VERSION, raw.identity).as_bytes());
    let encoded = encode::encode(&raw.values, &parts);
    let rules = match (&raw.values, manifest) {
        (Values::Table(columns), Some(manifest)) => {
            let levels = |column: usize| match &columns[column].cells {
                Cells::Levels { levels, .. } => levels.as_slice(),
                Cells::Numbers { .. } => &[],
            };
            Rules::new(manifest, &encoded.features, &levels).map_err(|error| {
                error.context(format!("the manifest of data set `{}` does not fit its rows", raw.name))
            })?
        }
        _ => Rules::default(),
    };
    let rows = |split: Split, chosen: &[u32], x: Vec<f32>| {
        let pick = |attribute: &Attribute| Attribute {
            name: attribute.name.clone(),
            groups: attribute.groups.clone(),
            codes: chosen.iter().map(|row| attribute.codes[*row as usize]).collect(),
        };
        let facts = SplitFacts {
            split,
            rows: chosen.iter().map(|row| raw.rows[*row as usize]).collect(),
            labels: chosen.iter().map(|row| raw.labels[*row as usize]).collect(),
            classes: raw.classes.clone(),
            positive: raw.positive,
            attributes: raw.attributes.iter().map(pick).collect(),
            units: raw.units.as_ref().map(|units| units.of(chosen)),
        };
        Rows { x, facts: Arc::new(facts) }
    };
    Ok(Dataset {
        fingerprint,
        shape: encoded.shape,
        features: encoded.features,
        rules,
        train: rows(Split::Train, &parts.train, encoded.train),
        validation: rows(Split::Validation, &parts.validation, encoded.validation),
        test: rows(Split::Test, &parts.test, encoded.test),
        classes: raw.classes,
        name: raw.name,
    })
}
