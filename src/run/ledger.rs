//! `outputs.json`: what a report was made from and what it made, so that an unchanged report is not made again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Store;
use super::present::Present;
use super::record;
use super::sweep::{Sweep, facts_file};
use crate::error::{Error, Result};
use crate::evidence::Split;
use crate::files;

/// Bumped when the same evidence would give another report.
const VERSION: u32 = 5;

const FILE: &str = "outputs.json";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Ledger {
    /// Hash of everything that decides the report.
    inputs: String,
    /// File to SHA-256.
    outputs: BTreeMap<String, String>,
}

/// Changes with anything that could change the report, a damaged evidence file included.
pub(super) fn inputs(store: &Store, sweep: &Sweep, cells: &[Present<'_>]) -> Result<String> {
    let mut list = vec![
        format!("version {VERSION} {}", env!("CARGO_PKG_VERSION")),
        files::sha256(&sweep.to_bytes()?),
        hashed(store, &facts_file(&sweep.data.fingerprint, Split::Test))?,
    ];
    if sweep.chooses() {
        list.push(hashed(store, &facts_file(&sweep.data.fingerprint, Split::Validation))?);
    }
    for present in cells {
        list.push(hashed(store, &record::file(&present.cell.run))?);
        for model in &present.models {
            for file in model.evidence().chain(&model.transfer) {
                list.push(hashed(store, file)?);
            }
        }
    }
    Ok(files::sha256(list.join("\n").as_bytes()))
}

fn hashed(store: &Store, file: &str) -> Result<String> {
    if !store.has(file) {
        return Ok(format!("{file} missing"));
    }
    Ok(format!("{file} {}", files::sha256(&store.read(file)?)))
}

/// Whether the report was made from the same inputs before, and every file of it is still as it was written.
pub(super) fn is_current(store: &Store, inputs: &str) -> bool {
    let Ok(bytes) = store.read(FILE) else { return false };
    let Ok(ledger) = serde_json::from_slice::<Ledger>(&bytes) else { return false };
    ledger.inputs == inputs
        && ledger
            .outputs
            .iter()
            .all(|(file, hash)| store.read(file).is_ok_and(|bytes| files::sha256(&bytes) == *hash))
}

/// Publishes the files of a report, the ledger last; files of an earlier report that this one does not have are removed, and returned.
pub(super) fn publish(store: &Store, inputs: String, outputs: &[(String, Vec<u8>)]) -> Result<Vec<String>> {
    let before: Option<Ledger> = store.read(FILE).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let mut ledger = Ledger { inputs, outputs: BTreeMap::new() };
    for (path, bytes) in outputs {
        store.write(path, bytes)?;
        ledger.outputs.insert(path.clone(), files::sha256(bytes));
    }
    let mut removed = Vec::new();
    for stale in before.into_iter().flat_map(|ledger| ledger.outputs.into_keys()) {
        if !ledger.outputs.contains_key(&stale) {
            if store.has(&stale) {
                removed.push(stale.clone());
            }
            store.remove(&stale)?;
            // Nor is there a folder of what is no more.
            if let Some((folder, _)) = stale.rsplit_once('/') {
                store.remove_empty_folder(folder)?;
            }
        }
    }
    let mut bytes = serde_json::to_vec_pretty(&ledger)
        .map_err(|error| Error::internal(format!("cannot write {FILE}: {error}")))?;
    bytes.push(b'\n');
    store.write(FILE, &bytes)?;
    Ok(removed)
}
