//! Telling: one [`View`] of a finished experiment, and one file per format that writes it out.
//!
//! It reads values only: no tensors, no files (the caller writes the [`Output`]s), no time, no machine, so
//! that the same values give the same bytes. To add a format, write `<format>.rs` and list it in [`render`];
//! to add a figure, see [`figure`].

mod abstention;
mod behind;
mod by_group;
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
mod markdown;
mod optima;
mod pairs;
mod prices;
mod remarks;
mod shift;
mod small_groups;
mod table;
mod temperatures;
mod terminal;
mod uncertain;
mod verdicts;
mod view;
mod worst_off;

use rayon::prelude::*;

use crate::error::Result;

pub use formats::{Format, Wanted};
pub use html::RunInfo;
pub use inputs::{
    AttackRow, Breakdown, CertificateRow, Certified, CheckRow, Convergence, Curve, DataSummary, Described,
    ExplainedBy, Explanations, Inputs, Smoothing, Threat,
};
pub use json::SCHEMA;
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
    let has = |format| wanted.formats.contains(&format);
    // The pages carry, or link to, what is made for a screen.
    let screen = figure::all(view);
    let mut outputs = vec![Output::new("summary.txt", terminal(view))];
    if has(Format::Md) {
        let (figures, ending) = wanted.linked().map_or((&[][..], ""), |ending| (&screen[..], ending));
        outputs.push(Output::new("summary.md", markdown::page(view, figures, ending)));
    }
    if has(Format::Latex) {
        let tables = latex::tables(view).into_iter();
        outputs.extend(tables.map(|(name, text)| Output::new(format!("tables/{name}.tex"), text)));
    }
    if has(Format::Csv) {
        outputs.push(Output::new("points.csv", csv::points(view)?));
        outputs.push(Output::new("measurements.csv", csv::measurements(view)?));
    }
    outputs.push(Output::new("report.json", json::file(view)?));
    if has(Format::Html) {
        outputs.push(Output::new("report.html", html::page(view, &screen, &wanted.run_info)?));
    }
    if has(Format::Csv) {
        if !view.given.abstentions.is_empty() {
            outputs.push(Output::new("abstention.csv", abstention::file(view)?));
        }
        outputs.extend(uncertain::csv(view)?.map(|bytes| Output::new("attainment.csv", bytes)));
    }
    let mut figures =
        if wanted.look == figure::Look::SCREEN { screen } else { figure::drawn(view, wanted.look) };
    if wanted.dark {
        let dark: Vec<figure::Figure> = figures.iter().map(|figure| figure.darkened(view)).collect();
        figures.extend(dark);
    }
    outputs.extend(pictures(&figures, wanted, "figures")?);
    Ok(outputs)
}

/// The files of `figures` in `folder`, in every format of pictures that is wanted.
fn pictures(figures: &[figure::Figure], wanted: &Wanted, folder: &str) -> Result<Vec<Output>> {
    type Writer = fn(&str) -> Result<Vec<u8>>;
    const WRITERS: [(Format, &str, Writer); 3] = [
        (Format::Pdf, "pdf", figure::pdf),
        (Format::Png, "png", figure::png),
        (Format::Svg, "svg", |svg| Ok(svg.as_bytes().to_vec())),
    ];
    let writers: Vec<_> =
        WRITERS.into_iter().filter(|(format, ..)| wanted.formats.contains(format)).collect();
    let jobs: Vec<_> =
        figures.iter().flat_map(|figure| writers.iter().map(move |writer| (figure, writer))).collect();
    let mut outputs: Vec<Output> = jobs
        .par_iter()
        .map(|(figure, (_, ending, write))| {
            Ok(Output::new(format!("{folder}/{}.{ending}", figure.name), write(&figure.svg)?))
        })
        .collect::<Result<_>>()?;
    // What a publication sets itself is not in the drawings.
    if !writers.is_empty() && !wanted.look.carries_words() {
        outputs.push(Output::new(format!("{folder}/captions.md"), markdown::captions(figures)));
    }
    Ok(outputs)
}
