//! `baseline show`: terms, approval, history.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::{exit, terminal};
use crate::error::Result;
use crate::run::baseline::{self as store, Baseline};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The baseline's folder.
    baseline: PathBuf,
    /// Print manifest and history as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn execute(arguments: &Arguments) -> Result<u8> {
    let baseline = Baseline::read(&arguments.baseline)?;
    let history = store::history(&arguments.baseline)?;
    let manifest = &baseline.manifest;
    if arguments.json {
        let value = json!({ "manifest": manifest, "history": history });
        terminal::product(&format!("{value:#}\n"))?;
        return Ok(exit::FINE);
    }
    let mut text = format!("{}: baseline in {}\n\n", manifest.name, arguments.baseline.display());
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:10} {value}\n"));
    line("measured", format!("{}, {}", manifest.version, manifest.data));
    line("seeds", manifest.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "));
    line("points", baseline.side.points.len().to_string());
    let gated = |gated: &crate::gate::Gated| format!("{} (margin {})", gated.key, gated.margin);
    line("gated", baseline.side.gated.iter().map(gated).collect::<Vec<_>>().join(", "));
    line("policy", format!("{}, alpha {}", manifest.gate.policy.word(), manifest.gate.alpha));
    if !manifest.gate.require.is_empty() {
        line("requires", manifest.gate.require.join(", "));
    }
    line("samples", manifest.samples.clone());
    if let Some(approval) = &manifest.approval {
        line("approved", format!("{} by {}: {}", approval.when, approval.by, approval.reason));
    }
    for part in &manifest.parts {
        line("part", part.words());
    }
    if let Some(proof) = &manifest.refreshed {
        line(
            "refreshed",
            format!(
                "from samples {}, whose {} seeds came out {} again",
                proof.samples,
                proof.seeds.len(),
                proof.found
            ),
        );
    }
    if !manifest.noise.is_empty() {
        let most = manifest.noise.iter().filter_map(|noise| noise.spread).fold(0.0, f64::max);
        line(
            "A/A",
            format!(
                "{} endpoints run twice at the same seeds, largest deviation {most:.4}",
                manifest.noise.len()
            ),
        );
    }
    text.push_str("\nHistory\n");
    for entry in &history {
        let shape = entry.shape.as_ref().map_or_else(String::new, |shape| format!(", {shape}"));
        text.push_str(&format!(
            "  {}  {}{shape}  {}: {}\n",
            entry.when, entry.verdict, entry.by, entry.reason
        ));
        let regressions: Vec<String> =
            entry.regressions.iter().map(|(what, p)| format!("{what} (p {p:.4})")).collect();
        for (what, list) in [
            ("only", &entry.only),
            ("worse", &regressions),
            ("terms", &entry.terms),
            ("dropped", &entry.dropped),
            ("undefined", &entry.undefined),
            ("broken", &entry.broken),
        ] {
            if !list.is_empty() {
                text.push_str(&format!("      {what}: {}\n", list.join("; ")));
            }
        }
    }
    terminal::product(&text)?;
    if store::awaits(&arguments.baseline) {
        terminal::talk("something awaits acceptance: `equipoise baseline review`");
    }
    Ok(exit::FINE)
}
