//! Whether the attacks find what was planted for them to find.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::super::run::interruptible;
use super::{exit, terminal};
use crate::error::Result;
use crate::evidence::Status;
use crate::models::EngineKind;
use crate::run::attack::{Recipe, Subject, selftest};

/// Plants and tells; exits 1 when the attacks miss too many.
pub(super) fn execute(
    subject: &Subject,
    recipe: &Recipe,
    engine: EngineKind,
    samples: usize,
    as_json: bool,
) -> Result<u8> {
    let cancel = interruptible()?;
    let reports = selftest(subject, recipe, engine, samples, &|| cancel.load(Ordering::SeqCst))?;
    let findings: Vec<_> = reports.iter().map(|(_, _, report)| report.finding(&recipe.checks)).collect();
    let failed = findings.iter().any(|finding| finding.status == Status::Fail);
    let text = if as_json {
        let case = |((norm, epsilon, report), finding): (&(_, f64, _), &crate::evidence::Finding)| {
            let norm: &crate::measure::Norm = norm;
            let report: &crate::probes::checks::planted::Report = report;
            json!({
                "norm": norm.word(),
                "eps": epsilon,
                "planted": report.planted,
                "skipped": report.skipped,
                "found": report.found,
                "random": report.random,
                "status": finding.status.word(),
            })
        };
        let cases: Vec<_> = reports.iter().zip(&findings).map(case).collect();
        format!("{}\n", json!({ "selftest": cases }))
    } else {
        let mut text = format!("Model: {}.\nRows: {}.\n\n", subject.model, subject.origin);
        let rows: Vec<Vec<String>> = reports
            .iter()
            .zip(&findings)
            .map(|((norm, epsilon, report), finding)| {
                vec![
                    format!("{} {epsilon}", norm.sign()),
                    report.planted.to_string(),
                    report.skipped.to_string(),
                    report.found.to_string(),
                    report.random.to_string(),
                    finding.status.word().to_owned(),
                ]
            })
            .collect();
        let header = ["threat", "planted", "skipped", "found", "by random points", "status"];
        text.push_str(&terminal::table(&header, &rows, &[1, 2, 3, 4]));
        for finding in findings.iter().filter(|finding| finding.status != Status::Pass) {
            text.push_str(&format!("{}.\n", finding.says));
        }
        text
    };
    terminal::product(&text)?;
    Ok(if failed { exit::CHECK_FAILED } else { exit::FINE })
}
