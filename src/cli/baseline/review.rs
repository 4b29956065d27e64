//! `baseline review`: what awaits acceptance.

use std::path::PathBuf;

use clap::Args;

use super::beside;
use crate::cli::{exit, terminal};
use crate::error::Result;
use crate::files;
use crate::measure::Value;
use crate::report::gate as telling;
use crate::run::baseline::{self as store, Baseline};
use crate::stats;
use crate::words::count;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The baseline's folder.
    baseline: PathBuf,
    /// Print the verdict as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn execute(arguments: &Arguments) -> Result<u8> {
    let new = store::proposed(&arguments.baseline)?;
    let pending = store::pending(&arguments.baseline);
    let folder = arguments.baseline.display().to_string();
    let text = match beside::existing(&arguments.baseline)? {
        Some(old) => {
            let judged = beside::beside(old, &new)?;
            let story = judged.story(&folder);
            if arguments.json { telling::json(&story)? } else { telling::review(&story) }
        }
        None if arguments.json => files::read_text(&pending.join("verdict.json"))?,
        None => first(&new, &folder)?,
    };
    terminal::product(&text)?;
    if let Some(warning) = beside::blind(&new) {
        terminal::talk(&warning);
    }
    Ok(exit::FINE)
}

/// The numbers of a first baseline.
fn first(new: &Baseline, folder: &str) -> Result<String> {
    let side = &new.side;
    let mut rows = Vec::new();
    for point in &side.points {
        for gated in &side.gated {
            let Some(values) = point.values.get(&gated.key) else { continue };
            let numbers: Option<Vec<f64>> = values.iter().map(Value::get).collect();
            let (mean, spread) = if let Some(numbers) = &numbers {
                let number = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{x:.4}"));
                (number(stats::mean(numbers)), number(spread(numbers)))
            } else {
                let reason = values.iter().find_map(Value::reason).unwrap_or("undefined");
                (format!("undefined: {reason}"), "–".to_owned())
            };
            let margin = format!("{}", gated.margin);
            rows.push(vec![
                point.label(&side.front_model),
                crate::metrics::describe(&gated.key),
                mean,
                spread,
                margin,
            ]);
        }
    }
    let table = terminal::table(&["point", "number", "mean", "SD over seeds", "margin"], &rows, &[2, 3, 4]);
    let gate = &new.manifest.gate;
    let mut text = format!(
        "{}: a first baseline: {} at {}, {} gated; policy {}, level {}\n\n{table}\n",
        side.name,
        count(side.points.len(), "point"),
        count(side.seeds.len(), "seed"),
        count(side.gated.len(), "number"),
        gate.policy.word(),
        gate.alpha
    );
    for held in beside::requirements(new)? {
        let mean = held.mean.map_or_else(|| "undefined".to_owned(), |mean| format!("mean {mean:.4}"));
        text.push_str(&format!(
            "requirement {} at {}: {} ({mean})\n",
            held.requirement,
            held.point,
            held.holds.word()
        ));
    }
    text.push_str(&format!(
        "To accept: `equipoise baseline accept {folder} --by NAME --reason TEXT`; to drop it: `equipoise baseline reject {folder}`.\n"
    ));
    Ok(text)
}

/// The standard deviation of a sample; none of a single number.
fn spread(numbers: &[f64]) -> Option<f64> {
    let mean = stats::mean(numbers)?;
    let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
    (numbers.len() > 1).then(|| (squares / (numbers.len() - 1) as f64).sqrt())
}
