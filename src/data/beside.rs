//! Rows of another file than the data set's own, encoded as its training rows are.

use std::path::Path;
use std::sync::Arc;

use super::split::{self, Partition};
use super::{Format, Rows, Source, SplitSpec, content, encode, find, table};
use crate::error::{Error, Result};
use crate::evidence::{Split, SplitFacts};
use crate::files;

/// The labeled rows of the CSV file `path` (plain, gzip or zip), and the SHA-256 of its content. It is written as the data set's own files are: the same columns, the manifest's
/// filters and missing values. Scaling and levels are those of the training rows that `source` and `split` give; a category
/// that these lack becomes an empty block, or the rest where rare levels share one. `folder` is where fetched data sets lie.
///
/// Row numbers count from 0 in the file; sensitive attributes are left out.
///
/// # Errors
///
/// Where `source` is no data set of CSV files, the file cannot be read, has other columns, a cell that its column cannot hold or a label that means
/// no class, or where no row passes the filters.
pub fn beside(source: &Source, split: &SplitSpec, folder: &Path, path: &Path) -> Result<(Rows, String)> {
    let found = match source {
        Source::Dataset { name, manifest } => find(name, manifest.as_deref(), folder)?,
        other => return Err(no_table(&other.name())),
    };
    if found.manifest.format != Format::Csv {
        return Err(no_table(&found.manifest.name));
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let packed = files::read(path)?;
    let read = || {
        let bytes = content::unpack(packed, name.trim_end_matches(".gz").trim_end_matches(".zip"))?;
        let (raw, own, first) = table::read_with(&found, folder, &bytes)?;
        Ok((raw, own, first as u32, files::sha256(&bytes)))
    };
    let (raw, own, first, hash) =
        read().map_err(|error: Error| error.context(format!("cannot read `{}`", path.display())))?;
    // The data set's own rows, divided as always: the encoding rests on the same training rows.
    let units = raw.units.as_ref().map(|units| &units.codes[..own]);
    let Partition { train, .. } = split::partition(own, units, raw.given, split)?;
    let test = (own as u32..raw.labels.len() as u32).collect();
    let encoded = encode::encode(&raw.values, &Partition { train, validation: Vec::new(), test });
    let facts = SplitFacts {
        split: Split::Test,
        rows: raw.rows[own..].iter().map(|row| row - first).collect(),
        labels: raw.labels[own..].to_vec(),
        classes: raw.classes,
        positive: raw.positive,
        attributes: Vec::new(),
        units: None,
    };
    Ok((Rows { x: encoded.test, facts: Arc::new(facts) }, hash))
}

fn no_table(name: &str) -> Error {
    Error::input(format!("another table needs a data set that is read from CSV files, and `{name}` is none"))
        .help("describe your data by a manifest (datasets/README.md): then a second file of it can be shifted rows")
}
