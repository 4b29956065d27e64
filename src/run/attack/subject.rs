//! The model and the rows that `equipoise attack` is about.

use std::path::Path;

use safetensors::SafeTensors;

use super::Bounds;
use crate::attacks::Constraints;
use crate::data::{self, Dataset, Feature, Rows, Shape, Source, SplitSpec};
use crate::error::{Error, Result};
use crate::evidence::{Outputs, SplitFacts};
use crate::files;
use crate::models::{self, Architecture, EngineKind, Layer, Network, Parameters};
use crate::probes;

/// Where the rows come from.
#[derive(Debug, Clone, Copy)]
pub enum RowsFrom<'a> {
    /// A safetensors file: `x` (n, …) in model input space and `y` (n).
    File {
        /// The file.
        path: &'a Path,
        /// What the adversary may use; every row lies inside.
        bounds: Bounds,
    },
    /// The test rows of a data set, with its own bounds and mutable features.
    Data {
        /// Which one.
        source: &'a Source,
        /// Which of its rows are test rows.
        split: &'a SplitSpec,
        /// The threat model of its manifest, by name; none means ball, box and mutable numbers.
        threat: Option<&'a str>,
        /// Where fetched data sets lie.
        folder: &'a Path,
    },
}

/// A model, the rows it is asked about, and what an adversary may change.
pub struct Subject {
    /// The model.
    pub network: Box<dyn Network>,
    /// The rows.
    pub rows: Rows,
    /// As many as numbers in a row.
    pub features: Vec<Feature>,
    /// What a row must obey beside, where the threat model says more.
    pub constraints: Option<Constraints>,
    /// The weights.
    pub parameters: Parameters,
    /// What the model says on the rows as they are.
    pub clean: Outputs,
    /// The model's architecture, for people.
    pub model: String,
    /// What the rows are, for people.
    pub origin: String,
    /// The size of one row as it was stored.
    pub(super) sizes: Vec<usize>,
    /// SHA-256 of the weights' file.
    pub(super) weights: String,
    /// Names the rows by their content.
    pub(super) fingerprint: String,
}

impl Subject {
    /// Loads rows and weights, tells the architecture from the tensors' names and shapes, and asks for the clean predictions.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, holds something else, or the two do not fit each other; when a row lies outside the box.
    pub fn load(weights: &Path, rows: RowsFrom<'_>, engine: EngineKind) -> Result<Self> {
        let bytes = files::read(weights)?;
        let (dataset, sizes, origin) = match rows {
            RowsFrom::File { path, bounds } => from_file(path, bounds)?,
            RowsFrom::Data { source, split, folder, .. } => from_data(source, split, folder)?,
        };
        let constraints = match rows {
            RowsFrom::Data { threat: Some(name), .. } => {
                Constraints::named(name, &dataset.features, &dataset.rules)?
            }
            _ => None,
        };
        let place = || format!("cannot use the weights in `{}`", weights.display());
        let architecture = models::weights::infer(&bytes, dataset.shape).map_err(|error| {
            error.context(format!("{} for rows of {}", place(), shape_words(dataset.shape)))
        })?;
        let Dataset { features, test, classes, fingerprint, .. } = dataset;
        let facts = relabeled(&test.facts, &classes, architecture.classes(), rows)
            .map_err(|error| error.context(place()))?;
        let rows = Rows { x: test.x, facts: facts.into() };
        let parameters = models::weights::from_safetensors(&bytes, &architecture)?;
        let mut network = models::build(engine, &architecture, &parameters)?;
        let clean = probes::clean(network.as_mut(), &rows)?;
        let model = words(&architecture);
        let origin = match &constraints {
            Some(constraints) => format!("{origin}, threat model {}: valid rows only", constraints.name()),
            None => origin,
        };
        let weights = files::sha256(&bytes);
        Ok(Self {
            network,
            rows,
            features,
            constraints,
            parameters,
            clean,
            model,
            origin,
            sizes,
            weights,
            fingerprint,
        })
    }

    /// What the adversary may change, as the threat model has it.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        self.constraints.as_ref().map_or(&self.features, Constraints::features)
    }

    /// `n` flags: classified correctly as they are.
    #[must_use]
    pub fn correct(&self) -> Vec<bool> {
        let pairs = self.rows.facts.labels.iter().zip(&self.clean.predictions);
        pairs.map(|(label, prediction)| label == prediction).collect()
    }
}

fn from_file(path: &Path, bounds: Bounds) -> Result<(Dataset, Vec<usize>, String)> {
    // The bounds are put in below: a source's own must be finite.
    let source = Source::Safetensors { path: path.to_owned(), shape: None, bounds: None, classes: None };
    let mut dataset = data::load(&source, &SplitSpec::default(), Path::new("."))?;
    let d = dataset.shape.features();
    if let Some(at) = dataset.test.x.iter().position(|x| !bounds.contain(*x)) {
        return Err(Error::input(format!(
            "row {} of `x` holds {}, outside the {bounds}",
            at / d,
            dataset.test.x[at]
        ))
        .context(format!("cannot attack the rows of `{}`", path.display()))
        .help("name the range of your features with `--box LOW,HIGH`, or `--box none` where there is none"));
    }
    for feature in &mut dataset.features {
        (feature.lower, feature.upper) = (bounds.lower(), bounds.upper());
    }
    let bytes = files::read(path)?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| Error::input(error.to_string()))?;
    let x = file.tensor("x").map_err(|error| Error::input(error.to_string()))?;
    let sizes = x.shape()[1..].to_vec();
    let origin = format!(
        "{} rows of {}, {bounds}, from {}",
        dataset.test.len(),
        shape_words(dataset.shape),
        path.display()
    );
    Ok((dataset, sizes, origin))
}

fn from_data(source: &Source, split: &SplitSpec, folder: &Path) -> Result<(Dataset, Vec<usize>, String)> {
    let dataset = data::load(source, split, folder)?;
    if dataset.test.is_empty() {
        return Err(Error::input(format!("the split leaves no test rows of `{}`", dataset.name)));
    }
    let sizes = match dataset.shape {
        Shape::Flat(features) => vec![features],
        Shape::Image { channels, height, width } => vec![channels, height, width],
    };
    let mutable = dataset.features.iter().filter(|feature| feature.mutable).count();
    let origin = format!(
        "{} test rows of {}, {}, {mutable} of {} features mutable",
        dataset.test.len(),
        dataset.name,
        shape_words(dataset.shape),
        dataset.features.len()
    );
    Ok((dataset, sizes, origin))
}

/// The facts of the rows with the model's classes; a data set's own must be as many.
fn relabeled(facts: &SplitFacts, names: &[String], classes: usize, rows: RowsFrom<'_>) -> Result<SplitFacts> {
    let mut facts = facts.clone();
    match rows {
        RowsFrom::Data { .. } if names.len() != classes => {
            return Err(Error::input(format!(
                "the model has {classes} outputs, the data set {} classes",
                names.len()
            )));
        }
        RowsFrom::Data { .. } => {}
        RowsFrom::File { path, .. } => {
            if let Some(row) = facts.labels.iter().position(|label| usize::from(*label) >= classes) {
                return Err(Error::input(format!(
                    "row {row} of `y` in `{}` is {}, but the model has {classes} outputs: 0 to {}",
                    path.display(),
                    facts.labels[row],
                    classes - 1
                )));
            }
            facts.classes = (0..classes).map(|class| class.to_string()).collect();
        }
    }
    Ok(facts)
}

/// `1×8×8` or `20 features`.
fn shape_words(shape: Shape) -> String {
    match shape {
        Shape::Flat(features) => format!("{features} features"),
        Shape::Image { channels, height, width } => format!("{channels}×{height}×{width}"),
    }
}

/// `MLP 64-128-128-10`, `CNN conv 16-32, dense 1568-128-10`, `logistic regression 20-2`.
fn words(architecture: &Architecture) -> String {
    let (mut channels, mut widths) = (Vec::new(), Vec::new());
    for layer in architecture.layers() {
        match layer {
            Layer::ConvPool { outputs, .. } => channels.push(outputs.to_string()),
            Layer::Linear { inputs, .. } => widths.push(inputs.to_string()),
        }
    }
    widths.push(architecture.classes().to_string());
    let widths = widths.join("-");
    if !channels.is_empty() {
        return format!("CNN conv {}, dense {widths}", channels.join("-"));
    }
    let kind = if architecture.is_linear() { "logistic regression" } else { "MLP" };
    format!("{kind} {widths}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_named_by_their_widths() {
        let image = Shape::Image { channels: 1, height: 28, width: 28 };
        assert_eq!(
            words(&Architecture::cnn(image, 10, &[16, 32], &[128])),
            "CNN conv 16-32, dense 1568-128-10"
        );
        assert_eq!(words(&Architecture::mlp(Shape::Flat(64), 10, &[128, 128])), "MLP 64-128-128-10");
        assert_eq!(words(&Architecture::logistic(Shape::Flat(20), 2)), "logistic regression 20-2");
    }
}
