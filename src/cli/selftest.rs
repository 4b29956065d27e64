//! `equipoise selftest`: measured against exact.

use clap::Args;

use super::{exit, terminal};
use crate::error::Result;
use crate::run::selftest;

/// Arguments of `selftest`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs every check; exits 1 when a value is off.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let mut checks = Vec::new();
    for part in selftest::PARTS {
        if !quiet {
            terminal::talk(&format!("{} …", part.title));
        }
        checks.extend((part.run)()?);
    }
    let off = checks.iter().filter(|check| !check.holds()).count();
    if arguments.json {
        let list: Vec<_> = checks
            .iter()
            .map(|check| {
                serde_json::json!({
                    "part": check.part, "what": check.what, "measured": check.measured, "exact": check.exact,
                    "tolerance": check.tolerance.to_string(), "holds": check.holds(),
                })
            })
            .collect();
        terminal::product(&format!("{}\n", serde_json::json!({ "checks": list, "off": off })))?;
    } else {
        let rows: Vec<Vec<String>> = checks
            .iter()
            .map(|check| {
                vec![
                    check.part.to_owned(),
                    check.what.clone(),
                    format!("{:.6}", check.measured),
                    format!("{:.6}", check.exact),
                    check.tolerance.to_string(),
                    (if check.holds() { "ok" } else { "OFF" }).to_owned(),
                ]
            })
            .collect();
        let header = ["problem", "quantity", "measured", "exact", "tolerance", ""];
        let text = terminal::table(&header, &rows, &[2, 3, 4]);
        terminal::product(&format!("{text}\n{} checks, {off} off\n", checks.len()))?;
    }
    Ok(if off == 0 { exit::FINE } else { exit::CHECK_FAILED })
}
