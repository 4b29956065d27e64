//! Reading CSV files as a manifest says: columns, label, groups, filters, unit.
//!
//! Columns that serve no purpose are skipped while reading; no error shows anything of them.

mod reader;

use super::Shape;
use super::catalog::Found;
use super::content;
use super::groups::{attribute, classes, keeps};
use super::manifest::{Column, ColumnKind, Image, Manifest, MissingLevel, MissingNumber, Part};
use super::raw::{Cells, Raw, TableColumn, Values};
use super::split::Given;
use crate::error::{Error, Result};
pub(crate) use reader::Texts;
use reader::{Reader, is_missing};

/// The level of a categorical feature for cells that are empty or say "missing".
const MISSING: &str = "missing";

/// Reads all files of a CSV data set.
pub(crate) fn read(found: &Found, folder: &std::path::Path) -> Result<Raw> {
    let manifest = &found.manifest;
    let mut reader = Reader::default();
    let mut identity = String::new();
    let mut test_from = None;
    // Training files first, so that the authors' test rows are the last ones.
    let mut files: Vec<_> = manifest.files.iter().collect();
    files.sort_by_key(|file| file.part == Some(Part::Test));
    for file in files {
        let (bytes, sum) = content::read(found, file, folder)?;
        identity.push_str(&sum);
        if file.part == Some(Part::Test) && test_from.is_none() {
            test_from = Some(reader.rows);
        }
        reader.add(manifest, &bytes).map_err(|error| {
            error.context(format!("cannot read `{}` of data set `{}`", file.name, manifest.name))
        })?;
    }
    identity.push_str(&manifest.decisive_text());
    finish(manifest, reader, identity, test_from)
        .map_err(|error| error.context(format!("cannot read data set `{}`", manifest.name)))
}

fn finish(
    manifest: &Manifest,
    mut reader: Reader,
    identity: String,
    test_from: Option<usize>,
) -> Result<Raw> {
    let n = reader.rows;
    if n == 0 {
        return Err(Error::input("there are no rows"));
    }
    let keep = kept(manifest, &reader)?;
    let label = manifest.label.column.as_deref().expect("checked with the manifest");
    let rows: Vec<u32> = (0..n as u32).filter(|row| keep[*row as usize]).collect();
    let given = test_from
        .map_or(Given::Nothing, |first| Given::TestFrom(keep[..first].iter().filter(|keep| **keep).count()));
    for column in &mut reader.columns {
        if let Some(texts) = &mut column.texts {
            texts.retain(&keep);
        }
        if let Some(numbers) = &mut column.numbers {
            let mut flags = keep.iter();
            numbers.retain(|_| flags.next().is_some_and(|keep| *keep));
        }
    }
    let texts = reader.texts(label);
    let meaning = classes(&manifest.label, &texts.levels, &texts.codes)?;
    let labels =
        texts.codes.iter().map(|code| meaning.of_level[*code as usize].unwrap_or_default()).collect();
    let attributes = manifest
        .sensitive
        .iter()
        .map(|sensitive| {
            let texts = reader.texts(sensitive.column.as_deref().expect("checked with the manifest"));
            attribute(sensitive, &manifest.missing.values, &texts.levels, &texts.codes)
        })
        .collect::<Result<_>>()?;
    let units = manifest.unit.as_deref().map(|unit| reader.texts(unit).codes.clone());
    let values = if let Some(image) = manifest.image {
        let Image { channels, height, width, maximum } = image;
        let shape = Shape::Image { channels, height, width };
        let d = shape.features();
        let pixels = std::mem::take(&mut reader.pixels);
        let bytes = rows.iter().flat_map(|row| &pixels[*row as usize * d..][..d]).copied().collect();
        Values::Pixels { bytes, shape, maximum }
    } else {
        Values::Table(
            manifest.columns.iter().filter_map(|column| feature(manifest, column, &mut reader)).collect(),
        )
    };
    if matches!(&values, Values::Table(columns) if columns.is_empty()) {
        return Err(Error::input("no column is a feature")
            .help("give at least one column the kind continuous, integer or categorical"));
    }
    Raw {
        name: manifest.name.clone(),
        identity,
        values,
        rows,
        labels,
        classes: meaning.names,
        positive: meaning.positive,
        attributes,
        given,
        units,
    }
    .check()
}

/// Which rows pass all filters and miss nothing that must not be missing.
fn kept(manifest: &Manifest, reader: &Reader) -> Result<Vec<bool>> {
    let mut keep = vec![true; reader.rows];
    let mut demand = |texts: &Texts, passes: &[bool]| {
        for (keep, code) in keep.iter_mut().zip(&texts.codes) {
            *keep &= passes[*code as usize];
        }
    };
    for filter in &manifest.filters {
        let texts = reader.texts(&filter.column);
        demand(texts, &keeps(filter, &manifest.missing.values, &texts.levels)?);
    }
    if manifest.missing.categorical == MissingLevel::Drop {
        for column in manifest.columns.iter().filter(|column| column.kind == ColumnKind::Categorical) {
            let texts = reader.texts(&column.name);
            let present: Vec<bool> =
                texts.levels.iter().map(|level| !is_missing(&manifest.missing.values, level)).collect();
            demand(texts, &present);
        }
    }
    if manifest.missing.numeric == MissingNumber::Drop {
        for numbers in reader.columns.iter().filter_map(|column| column.numbers.as_ref()) {
            for (keep, value) in keep.iter_mut().zip(numbers) {
                *keep &= !value.is_nan();
            }
        }
    }
    Ok(keep)
}

/// The column as a feature, where it is one; takes its cells out of the reader.
fn feature(manifest: &Manifest, column: &Column, reader: &mut Reader) -> Option<TableColumn> {
    let gathered = reader.columns.iter_mut().find(|gathered| gathered.name == column.name)?;
    let cells = match column.kind {
        ColumnKind::Continuous | ColumnKind::Integer => {
            Cells::Numbers { values: gathered.numbers.take()?, integer: gathered.integer }
        }
        ColumnKind::Categorical => {
            let texts = gathered.texts.take()?;
            let missing = &manifest.missing.values;
            let mut levels: Vec<String> = Vec::new();
            // Several texts may mean "missing": they become one level.
            let codes: Vec<u32> = texts
                .levels
                .into_iter()
                .map(|level| if is_missing(missing, &level) { MISSING.to_owned() } else { level })
                .map(|level| {
                    let at = levels.iter().position(|known| *known == level).unwrap_or_else(|| {
                        levels.push(level);
                        levels.len() - 1
                    });
                    at as u32
                })
                .collect();
            let codes = texts.codes.iter().map(|code| codes[*code as usize]).collect();
            Cells::Levels { codes, levels, keep: column.keep }
        }
        ColumnKind::Ignore | ColumnKind::Personal => return None,
    };
    Some(TableColumn { name: column.name.clone(), mutable: column.mutable, cells })
}
