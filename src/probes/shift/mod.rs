//! Distribution shift: corruptions of the rows, and rows that belong to no class ([`ood`]).
//!
//! Every corruption has five severities and is a pure function of (row, kind, severity): its draws are keyed by these three
//! and by nothing else, so that all models, seeds and strengths see the same corrupted rows, and a row's corruption does not depend on
//! which rows are corrupted with it. To add one: a [`Corruption`] in a family file (or a new file, and its line in `FAMILIES`).
//!
//! Pictures follow Hendrycks and Dietterich 2019 (Benchmarking neural network robustness to common corruptions and perturbations, ICLR) in
//! kind; everything is implemented anew. Their pictures have 224 pixels a side and much texture, ours 8 or 28 and one glyph that fills the frame. So
//! strengths of noise and light are theirs for ImageNet-C, and lengths are shares of the shorter side, chosen by us: theirs (a blur of at most 0.03 of
//! the side) would be a fifth of a pixel here. Each constant says which it is. Pixels stay between 0 and 1.
//!
//! Tables have corruptions of their own, after Schelter, Rukat and Biessmann 2021 (JENGA, EDBT), on numeric columns; one-hot blocks stay as they are, and
//! whole numbers stay whole.

mod blur;
mod columns;
mod cover;
mod geometry;
mod labels;
mod light;
mod noise;
pub mod ood;
mod picture;

use std::sync::Arc;

use crate::data::{Dataset, Rows, Shape};
use crate::error::{Error, Result};
use crate::evidence::{LabelShift, Shift, ShiftFacts};
use crate::models::Network;
use crate::numeric::clip;
use crate::seed::{Seed, Stream};
use columns::Columns;
use picture::Picture;

/// The version of the code that makes shifted rows; part of their evidence's identity, beside all constants.
pub const VERSION: u32 = 1;

/// Severities that every corruption has: 1 to this.
pub const SEVERITIES: usize = 5;

/// A seed of its own: shifted rows are the same for every replicate.
const SEED: Seed = Seed(0);

/// One way in which rows, or the shares of classes, can be other than in training.
#[derive(Debug)]
pub struct Corruption {
    /// The word used in configs and keys.
    pub word: &'static str,
    /// What it does: one fragment.
    pub what: &'static str,
    /// Its constants: name, and value at severities 1 to 5.
    pub constants: &'static [(&'static str, [f64; SEVERITIES])],
    change: Change,
}

/// What a corruption works on; a function is given the constants of one severity, in the order listed.
#[derive(Debug)]
enum Change {
    /// Pictures with pixels from 0 to 1.
    Picture(fn(&mut Picture<'_>, &[f64], &mut Stream)),
    /// The numeric columns of a table row.
    Columns(fn(&mut [f32], &Columns, &[f64], &mut Stream)),
    /// How much weight classes have; the rows stay as they are.
    Labels,
}

/// Families, in the order of reports.
const FAMILIES: &[&[Corruption]] =
    &[noise::ALL, blur::ALL, light::ALL, cover::ALL, geometry::ALL, columns::ALL, labels::ALL];

/// Every corruption, in the order of reports.
pub fn all() -> impl Iterator<Item = &'static Corruption> {
    FAMILIES.iter().copied().flatten()
}

/// The corruption called `word`.
#[must_use]
pub fn find(word: &str) -> Option<&'static Corruption> {
    all().find(|corruption| corruption.word == word)
}

impl Corruption {
    /// What it is about, in words.
    #[must_use]
    pub fn about(&self) -> &'static str {
        match self.change {
            Change::Picture(_) => "pictures",
            Change::Columns(_) => "tables",
            Change::Labels => "pictures and tables",
        }
    }

    /// Whether it is about classes' shares: rows and outputs stay as they are.
    #[must_use]
    pub fn is_label_shift(&self) -> bool {
        matches!(self.change, Change::Labels)
    }

    /// Whether rows of this shape can be so corrupted.
    #[must_use]
    pub fn suits(&self, shape: Shape) -> bool {
        match self.change {
            Change::Picture(_) => matches!(shape, Shape::Image { .. }),
            Change::Columns(_) => matches!(shape, Shape::Flat(_)),
            Change::Labels => true,
        }
    }

    /// Whether the rows of `dataset` can be so corrupted.
    ///
    /// # Errors
    ///
    /// Where they cannot.
    pub fn check(&self, dataset: &Dataset) -> Result<()> {
        let word = self.word;
        if !self.suits(dataset.shape) {
            let rows = if self.about() == "tables" { "pictures" } else { "rows of a table" };
            return Err(Error::input(format!(
                "the corruption `{word}` is about {}, and the rows of `{}` are {rows}",
                self.about(),
                dataset.name
            ))
            .help(
                "`equipoise ls corruptions` lists them all; `corruptions = \"all\"` takes those that fit",
            ));
        }
        let boxed = |lower: f32, upper: f32| lower.to_bits() == 0 && upper.to_bits() == 1.0_f32.to_bits();
        if matches!(self.change, Change::Picture(_))
            && !dataset.features.iter().all(|feature| boxed(feature.lower, feature.upper))
        {
            return Err(Error::input(format!(
                "the corruption `{word}` is about pictures with pixels from 0 to 1, and those of `{}` have other bounds",
                dataset.name
            ))
            .help("set `bounds = [0, 1]` where the rows are in that range"));
        }
        Ok(())
    }

    /// Its constants at `severity` (1 to 5).
    ///
    /// # Panics
    ///
    /// Where there is no such severity.
    #[must_use]
    pub fn at(&self, severity: u8) -> Vec<f64> {
        assert!((1..=SEVERITIES).contains(&usize::from(severity)), "severities are 1 to 5");
        self.constants.iter().map(|(_, values)| values[usize::from(severity) - 1]).collect()
    }

    /// `rows` of `dataset` as this corruption of `severity` (1 to 5) leaves them; labels, groups and row numbers stay. A label shift leaves the rows
    /// as they are.
    #[must_use]
    pub fn corrupt(&self, severity: u8, dataset: &Dataset, rows: &Rows) -> Rows {
        let constants = self.at(severity);
        let streams = SEED.streams(&format!("shift/{}/{severity}", self.word));
        let mut x = rows.x.clone();
        let columns = matches!(self.change, Change::Columns(_)).then(|| Columns::of(dataset));
        let each = x.chunks_exact_mut(dataset.shape.features()).zip(&rows.facts.rows);
        for (row, number) in each {
            let mut stream = streams.stream(*number, 0);
            match (&self.change, &columns) {
                (Change::Picture(change), _) => {
                    change(&mut Picture::new(row, dataset.shape), &constants, &mut stream);
                    for pixel in row.iter_mut() {
                        *pixel = clip(*pixel, 0.0, 1.0);
                    }
                }
                (Change::Columns(change), Some(columns)) => change(row, columns, &constants, &mut stream),
                (Change::Columns(_), None) | (Change::Labels, _) => {}
            }
        }
        Rows { x, facts: Arc::clone(&rows.facts) }
    }

    /// What the model says, severity by severity, on the corrupted rows that `rows` gives; of a label shift, how it weighs the classes.
    ///
    /// # Errors
    ///
    /// Where a logit is not finite.
    pub fn ask(
        &self,
        severities: &[u8],
        network: &mut dyn Network,
        rows: impl Fn(u8) -> Arc<Rows>,
    ) -> Result<Shift> {
        let mut shift = Shift::default();
        for &severity in severities {
            if self.is_label_shift() {
                shift.reweighted.extend(LabelShift::of(severity));
                continue;
            }
            let outputs = super::clean(network, &rows(severity))?;
            shift.corrupted.push(ShiftFacts {
                shift: self.word.to_owned(),
                severity,
                predictions: outputs.predictions,
            });
        }
        Ok(shift)
    }
}

#[cfg(test)]
mod tests;
