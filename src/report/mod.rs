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
mod contest;
mod csv;
mod curves;
mod explanations;
mod explorer;
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
mod markdown;
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

/// Every file of the report, in a fixed order: the same bytes for the same values.
///
/// # Errors
///
/// Only on a defect of this program: a figure that cannot be drawn or a template that does not hold.
pub fn render(view: &View) -> Result<Vec<Output>> {
    render_with(view, &[])
}

/// The same with what `run_info` says of machine and time in the page, which is then no longer the same for the same values.
///
/// # Errors
///
/// As [`render`].
pub fn render_with(view: &View, run_info: &RunInfo) -> Result<Vec<Output>> {
    let figures = figure::all(view);
    let mut outputs = vec![
        Output::new("summary.txt", terminal(view)),
        Output::new("summary.md", markdown::page(view, &figures)),
        Output::new("points.csv", csv::points(view)?),
        Output::new("measurements.csv", csv::measurements(view)?),
        Output::new("report.json", json::file(view)?),
        Output::new("report.html", html::page(view, &figures, run_info)?),
    ];
    if !view.given.abstentions.is_empty() {
        outputs.push(Output::new("abstention.csv", abstention::file(view)?));
    }
    outputs.extend(uncertain::csv(view)?.map(|bytes| Output::new("attainment.csv", bytes)));
    let pictures: Vec<Vec<u8>> =
        figures.par_iter().map(|figure| figure::png(&figure.svg)).collect::<Result<_>>()?;
    for (figure, picture) in figures.iter().zip(pictures) {
        outputs.push(Output::new(format!("figures/{}.png", figure.name), picture));
        outputs.push(Output::new(format!("figures/{}.svg", figure.name), figure.svg.as_str()));
    }
    Ok(outputs)
}
