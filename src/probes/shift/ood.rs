//! Rows that belong to none of the classes: does the model know that it does not know?
//!
//! A set has at most as many rows as the test split, and its row `i` stands beside test row `i`: it has that row's weight in every resample. *Near* sets
//! keep much of what the model was trained on, *far* ones little; each set says what stays.

use std::sync::Arc;

use super::SEED;
use super::columns::{held, known};
use crate::data::{self, Amount, Dataset, Domain, Manifest, Rows, Shape, Source, SplitSpec};
use crate::error::{Error, Result, did_you_mean};
use crate::evidence::{OodFacts, SplitFacts};
use crate::models::Network;
use crate::seed::Stream;

/// A set that is made of the experiment's own rows or of nothing.
#[derive(Debug)]
pub struct Made {
    /// The word used in configs and keys.
    pub word: &'static str,
    /// What it is, and what stays: one fragment.
    pub what: &'static str,
    /// Whether it is near.
    pub near: bool,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Shuffled,
    Permuted,
    Uniform,
}

/// The sets that need no other data.
pub const MADE: &[Made] = &[
    Made {
        word: "shuffled-pixels",
        what: "pictures with their pixels in another order, drawn for each row: the values of a row stay, their places do not",
        near: false,
        kind: Kind::Shuffled,
    },
    Made {
        word: "permuted-columns",
        what: "table rows whose columns each come from another training row: every column alone is as in training (whole numbers, categories), what binds them is gone",
        near: true,
        kind: Kind::Permuted,
    },
    Made {
        word: "uniform-noise",
        what: "every number uniform between the smallest and largest of training rows (pixels: 0 to 1), every category as likely as any other: nothing stays but the ranges",
        near: false,
        kind: Kind::Uniform,
    },
];

impl Made {
    /// Which rows it can be made for, in words.
    #[must_use]
    pub fn about(&self) -> &'static str {
        match self.kind {
            Kind::Shuffled => "pictures",
            Kind::Permuted => "tables",
            Kind::Uniform => "pictures and tables",
        }
    }
}

/// A set that an experiment names.
#[derive(Debug, Clone, Copy)]
pub enum Set {
    /// Made here.
    Made(&'static Made),
    /// The test part of another data set of pictures; near.
    Other(&'static Manifest),
}

/// The set called `word`.
///
/// # Errors
///
/// Where there is none.
pub fn find(word: &str) -> Result<Set> {
    if let Some(made) = MADE.iter().find(|made| made.word == word) {
        return Ok(Set::Made(made));
    }
    if let Some(manifest) = pictures().find(|manifest| manifest.name == word) {
        return Ok(Set::Other(manifest));
    }
    let known: Vec<&str> =
        MADE.iter().map(|made| made.word).chain(pictures().map(|m| m.name.as_str())).collect();
    let hint = did_you_mean(word, known.iter().copied());
    Err(Error::input(format!("unknown set of rows without a class `{word}`{hint}"))
        .help(format!("known are {}", known.join(", "))))
}

/// Data sets of pictures that the program knows by their content.
fn pictures() -> impl Iterator<Item = &'static Manifest> {
    data::catalog().iter().filter(|manifest| manifest.image.is_some())
}

impl Set {
    /// The word used in configs and keys.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Made(made) => made.word,
            Self::Other(manifest) => &manifest.name,
        }
    }

    /// Whether it is near. Another data set of pictures of the same size is, as in `OpenOOD` (Yang et al. 2022: Fashion-MNIST beside MNIST).
    #[must_use]
    pub fn is_near(self) -> bool {
        match self {
            Self::Made(made) => made.near,
            Self::Other(_) => true,
        }
    }

    /// What decides its rows beside the experiment's own data.
    #[must_use]
    pub fn content(self) -> String {
        match self {
            Self::Made(made) => made.word.to_owned(),
            Self::Other(manifest) => crate::files::sha256(manifest.decisive_text().as_bytes()),
        }
    }

    /// Whether it can stand beside the rows of `dataset`.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub fn check(self, dataset: &Dataset) -> Result<()> {
        let (word, name) = (self.word(), &dataset.name);
        let manifest = match self {
            Self::Made(made) => {
                let is_picture = matches!(dataset.shape, Shape::Image { .. });
                let wrong = match made.kind {
                    Kind::Shuffled => !is_picture,
                    Kind::Permuted => is_picture,
                    Kind::Uniform => false,
                };
                if wrong {
                    let rows = if is_picture { "pictures" } else { "rows of a table" };
                    let about = made.about();
                    return Err(Error::input(format!(
                        "`{word}` is about {about}, and the rows of `{name}` are {rows}"
                    ))
                    .help("use `shuffled-pixels` for pictures, `permuted-columns` for tables, `uniform-noise` for both"));
                }
                return Ok(());
            }
            Self::Other(manifest) => manifest,
        };
        if manifest.name == *name {
            return Err(Error::input(format!("`{word}` is the data set that the experiment is about"))
                .help("rows without a class must come from elsewhere"));
        }
        let size = |shape: Shape| match shape {
            Shape::Image { channels, height, width } => {
                format!("pictures of {channels} × {height} × {width}")
            }
            Shape::Flat(features) => format!("table rows of {features} numbers"),
        };
        let other = manifest.image.map(|image| Shape::Image {
            channels: image.channels,
            height: image.height,
            width: image.width,
        });
        match other {
            Some(other) if other == dataset.shape => Ok(()),
            other => Err(Error::input(format!(
                "`{word}` holds {}, and `{name}` {}: the model cannot look at both",
                other.map_or_else(String::new, size),
                size(dataset.shape)
            ))
            .help("name a data set of the same size, or `uniform-noise`")),
        }
    }

    /// Its rows, at most as many as `dataset` has test rows; `folder` is where fetched data sets lie.
    ///
    /// # Errors
    ///
    /// Where another data set is not there or damaged.
    pub fn rows(self, dataset: &Dataset, folder: &std::path::Path) -> Result<Rows> {
        match self {
            Self::Made(made) => Ok(made.rows(dataset)),
            Self::Other(manifest) => other(manifest, dataset, folder),
        }
    }

    /// What the model says on its `rows`.
    ///
    /// # Errors
    ///
    /// Where a logit is not finite.
    pub fn ask(self, network: &mut dyn Network, rows: &Rows) -> Result<OodFacts> {
        let outputs = crate::probes::clean(network, rows)?;
        Ok(OodFacts { set: self.word().to_owned(), near: self.is_near(), logits: outputs.logits })
    }
}

impl Made {
    fn rows(&self, dataset: &Dataset) -> Rows {
        let test = &dataset.test;
        let streams = SEED.streams(&format!("ood/{}", self.word));
        let mut x = test.x.clone();
        let ranges = Ranges::of(dataset);
        for (row, number) in x.chunks_exact_mut(dataset.shape.features()).zip(&test.facts.rows) {
            let mut stream = streams.stream(*number, 0);
            match self.kind {
                Kind::Shuffled => shuffle(row, dataset.shape, &mut stream),
                Kind::Permuted => permute(row, dataset, &mut stream),
                Kind::Uniform => ranges.fill(row, dataset, &mut stream),
            }
        }
        Rows { x, facts: Arc::clone(&test.facts) }
    }
}

/// All channels of a pixel move together.
fn shuffle(row: &mut [f32], shape: Shape, stream: &mut Stream) {
    let Shape::Image { height, width, .. } = shape else { return };
    let order = stream.permutation(height * width);
    for plane in row.chunks_exact_mut(height * width) {
        let old = plane.to_vec();
        for (pixel, from) in plane.iter_mut().zip(&order) {
            *pixel = old[*from as usize];
        }
    }
}

/// Every number and every one-hot block is that of a training row drawn for it.
fn permute(row: &mut [f32], dataset: &Dataset, stream: &mut Stream) {
    let donors = known(dataset);
    for block in blocks(dataset) {
        let donor = donors.row(stream.below(donors.len() as u64) as usize);
        row[block.clone()].copy_from_slice(&donor[block]);
    }
}

/// The places of every number, and of every one-hot block as a whole, in order.
fn blocks(dataset: &Dataset) -> Vec<std::ops::Range<usize>> {
    let domain = |at: usize| dataset.features[at].domain;
    let mut blocks: Vec<std::ops::Range<usize>> = Vec::new();
    for at in 0..dataset.features.len() {
        match blocks.last_mut() {
            Some(last) if matches!(domain(at), Domain::OneHot(_)) && domain(last.start) == domain(at) => {
                last.end = at + 1;
            }
            _ => blocks.push(at..at + 1),
        }
    }
    blocks
}

/// Between what every number lies.
struct Ranges(Vec<(f64, f64)>);

impl Ranges {
    fn of(dataset: &Dataset) -> Self {
        let rows = known(dataset);
        let range = |at: usize| {
            if matches!(dataset.shape, Shape::Image { .. }) {
                return (0.0, 1.0);
            }
            let values = (0..rows.len()).map(|row| f64::from(rows.row(row)[at]));
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), value| (value.min(l), value.max(m)))
        };
        Self((0..dataset.features.len()).map(range).collect())
    }

    fn fill(&self, row: &mut [f32], dataset: &Dataset, stream: &mut Stream) {
        for block in blocks(dataset) {
            let feature = &dataset.features[block.start];
            if matches!(feature.domain, Domain::OneHot(_)) {
                let member = block.start + stream.below(block.len() as u64) as usize;
                row[block].fill(0.0);
                row[member] = 1.0;
            } else {
                let (lower, upper) = self.0[block.start];
                row[block.start] = held(feature, lower + (upper - lower) * stream.uniform_f64());
            }
        }
    }
}

/// Test rows of another data set, in an order drawn once.
fn other(manifest: &'static Manifest, dataset: &Dataset, folder: &std::path::Path) -> Result<Rows> {
    let source = Source::Dataset { name: manifest.name.clone(), manifest: None };
    // Its training rows are of no use here: one is kept, since a split must leave some.
    let split = SplitSpec { validation: Amount::Rows(0), train_rows: Some(1), ..SplitSpec::default() };
    let other = data::load(&source, &split, folder)
        .map_err(|error| error.context(format!("cannot load `{}`, rows without a class", manifest.name)))?;
    let order = SEED.stream(&format!("ood/{}", manifest.name)).permutation(other.test.len());
    let n = dataset.test.len().min(order.len());
    let x = order[..n].iter().flat_map(|row| other.test.row(*row as usize)).copied().collect();
    Ok(Rows { x, facts: Arc::new(first(&dataset.test.facts, n)) })
}

/// The facts of the first `n` rows.
fn first(facts: &SplitFacts, n: usize) -> SplitFacts {
    let mut facts = facts.clone();
    facts.rows.truncate(n);
    facts.labels.truncate(n);
    facts.attributes.iter_mut().for_each(|attribute| attribute.codes.truncate(n));
    facts.units.iter_mut().for_each(|units| units.codes.truncate(n));
    facts
}

#[cfg(test)]
mod tests;
