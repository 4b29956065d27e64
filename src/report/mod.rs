//! Telling: one [`View`] of a finished experiment, and one file per format that writes it out.
//!
//! It reads values only: no tensors, no files (the caller writes the [`Output`]s), no time, no machine, so
//! that the same values give the same bytes. To add a format, write `<format>.rs`, name it in [`Format`] and
//! make it in [`rendered`]; to add a figure, see [`figure`].

mod abstention;
mod behind;
mod by_group;
pub mod card;
mod causes;
mod certificates;
mod chance;
mod checks;
pub mod compare;
mod confidence;
mod contest;
mod csv;
mod curves;
mod explanations;
mod explorer;
mod formats;
pub mod figure;
mod format;
mod further;
pub mod gate;
mod gather;
mod headline;
pub mod history;
mod html;
mod inputs;
mod json;
mod latex;
mod leading;
mod markdown;
mod moved;
mod optima;
mod pairs;
mod prices;
mod remarks;
mod sections;
mod shift;
mod sizable;
mod small_groups;
mod table;
mod temperatures;
mod terminal;
mod trivial;
mod uncertain;
mod verdicts;
mod view;
mod worst_off;

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::error::{Error, Result};

pub use formats::{Format, History, Wanted};
pub use html::RunInfo;
pub use inputs::{
    AttackRow, Breakdown, CertificateRow, Certified, CheckRow, Convergence, Curve, DataSummary, Described,
    ExplainedBy, Explanations, Inputs, Recipe, Smoothing, Threat,
};
pub use json::{SCHEMA, SCHEMA_FILE};
pub use terminal::terminal;
pub use view::{Plane, View};

/// One file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Path inside the results folder, with `/`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Output {
    fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }
}

/// Every file of the report as `run` writes it, in a fixed order.
///
/// # Errors
///
/// Only on a defect of this program: a figure that cannot be drawn or a template that does not hold.
pub fn render(view: &View) -> Result<Vec<Output>> {
    rendered(view, &Wanted::default())
}

/// The files of the report that are wanted, in a fixed order. `summary.txt` and `report.json` are always among them.
///
/// # Errors
///
/// As [`render`].
pub fn rendered(view: &View, wanted: &Wanted) -> Result<Vec<Output>> {
    type Part<'a> = Box<dyn Fn() -> Result<Vec<Output>> + Send + Sync + 'a>;
    let has = |format| wanted.formats.contains(&format);
    let is_pictured = [Format::Svg, Format::Png, Format::Pdf].into_iter().any(has);
    let is_for_screens = wanted.look == figure::Look::SCREEN;
    // The text links to what is made for a screen; the page has drawings without words.
    let linked = wanted.linked().filter(|_| has(Format::Md));
    let screen =
        if linked.is_some() || (is_pictured && is_for_screens) { figure::all(view) } else { Vec::new() };
    let one = |path: &str, bytes: Vec<u8>| Ok(vec![Output::new(path, bytes)]);
    // Each by itself, in the order of the files, on as many threads as there are.
    let mut parts: Vec<Part<'_>> = vec![Box::new(|| one("summary.txt", terminal(view).into_bytes()))];
    if has(Format::Md) {
        let (figures, ending) = linked.map_or((&[][..], ""), |ending| (&screen[..], ending));
        parts.push(Box::new(move || one("summary.md", markdown::page(view, figures, ending).into_bytes())));
    }
    if has(Format::Latex) {
        let file = |(name, text)| Output::new(format!("tables/{name}.tex"), text);
        parts.push(Box::new(move || Ok(latex::tables(view).into_iter().map(file).collect())));
    }
    if has(Format::Csv) {
        parts.push(Box::new(|| one("points.csv", csv::points(view)?)));
        parts.push(Box::new(|| one("measurements.csv", csv::measurements(view)?)));
    }
    if has(Format::Card) {
        parts.push(Box::new(|| Ok(card::files(view))));
    }
    parts.push(Box::new(|| one("report.json", json::file(view)?)));
    if has(Format::Html) {
        parts.push(Box::new(|| {
            let figures = figure::drawn(view, figure::Look::PAGE);
            one("report.html", html::page(view, &figures, wanted)?.into_bytes())
        }));
    }
    if has(Format::Csv) {
        if !view.given.abstentions.is_empty() {
            parts.push(Box::new(|| one("abstention.csv", abstention::file(view)?)));
        }
        parts.push(Box::new(|| {
            Ok(uncertain::csv(view)?.map(|bytes| Output::new("attainment.csv", bytes)).into_iter().collect())
        }));
    }
    if is_pictured {
        parts.push(Box::new(|| {
            let mut figures = if is_for_screens { screen.clone() } else { figure::drawn(view, wanted.look) };
            if wanted.dark {
                let dark: Vec<figure::Figure> = figures.iter().map(|figure| figure.darkened(view)).collect();
                figures.extend(dark);
            }
            pictures(&figures, wanted, "figures")
        }));
    }
    let outputs: Vec<Vec<Output>> = parts.par_iter().map(|part| part()).collect::<Result<_>>()?;
    let outputs: Vec<Output> = outputs.into_iter().flatten().collect();
    // Of two files of one name the second would be all that is left.
    let mut paths = BTreeSet::new();
    match outputs.iter().find(|output| !paths.insert(output.path.to_lowercase())) {
        Some(twin) => Err(Error::internal(format!("the report has two files named `{}`", twin.path))),
        None => Ok(outputs),
    }
}

/// The files of `figures` in `folder`, in every format of pictures that is wanted.
fn pictures(figures: &[figure::Figure], wanted: &Wanted, folder: &str) -> Result<Vec<Output>> {
    type Writer = fn(&str, figure::Look) -> Result<Vec<u8>>;
    const WRITERS: [(Format, &str, Writer); 3] = [
        (Format::Pdf, "pdf", |svg, _| figure::pdf(svg)),
        (Format::Png, "png", |svg, look| figure::png_of(svg, look.dots())),
        (Format::Svg, "svg", |svg, _| Ok(svg.as_bytes().to_vec())),
    ];
    let writers: Vec<_> =
        WRITERS.into_iter().filter(|(format, ..)| wanted.formats.contains(format)).collect();
    let jobs: Vec<_> =
        figures.iter().flat_map(|figure| writers.iter().map(move |writer| (figure, writer))).collect();
    let mut outputs: Vec<Output> = jobs
        .par_iter()
        .map(|(figure, (_, ending, write))| {
            Ok(Output::new(format!("{folder}/{}.{ending}", figure.name), write(&figure.svg, wanted.look)?))
        })
        .collect::<Result<_>>()?;
    // What a publication sets itself is not in the drawings.
    if !writers.is_empty() && !wanted.look.carries_words() {
        outputs.push(Output::new(format!("{folder}/captions.md"), markdown::captions(figures)));
    }
    Ok(outputs)
}
