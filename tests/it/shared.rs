//! The shelf of reference data that lies beside a checkout, where there is one.

use std::path::{Path, PathBuf};

/// The shelf's folder: `$EQUIPOISE_SHARED`, else `../shared`. Says so on stderr when there is none.
#[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("EQUIPOISE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there is no `{}`; set EQUIPOISE_SHARED to the reference data", folder.display());
    None
}
