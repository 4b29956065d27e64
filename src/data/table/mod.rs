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
use crate::evidence::Units;
pub(crate) use reader::Texts;
use reader::{Reader, is_missing};

/// The level of a categorical feature for cells that are empty or say "missing".
const MISSING: &str = "missing";

/// Reads all files of a CSV data set.
pub(crate) fn read(found: &Found, folder: &std::path::Path) -> Result<Raw> {
    let manifest = &found.manifest;
    let Gathering { reader, identity, test_from } = gather(found, folder)?;
    let own = reader.rows;
    finish(manifest, reader, own, identity, test_from)
        .map_err(|error| error.context(format!("cannot read data set `{}`", manifest.name)))
}

/// Reads all files of a CSV data set and, below their rows, those of another file with the same columns: with how many rows the data set
/// itself has left, and had. Classes are those of its own rows; the sensitive attributes of all are left out.
///
/// # Errors
///
/// As [`read`]; where the other file is not written as the manifest says, has a label that means no class, or has no rows left.
pub(crate) fn read_with(
    found: &Found,
    folder: &std::path::Path,
    bytes: &[u8],
) -> Result<(Raw, usize, usize)> {
    let manifest = Manifest { sensitive: Vec::new(), ..found.manifest.clone() };
    let Gathering { mut reader, identity, test_from } = gather(found, folder)?;
    let own = reader.rows;
    reader.lines = Some(Vec::new());
    // With its sensitive columns: a file that lacks them is not of this data set.
    reader.add(&found.manifest, bytes)?;
    if reader.rows == own {
        return Err(Error::input("there are no rows"));
    }
    let raw = finish(&manifest, reader, own, identity, test_from)?;
    let left = raw.rows.partition_point(|row| (*row as usize) < own);
    if left == raw.rows.len() {
        return Err(Error::input("no row passes the filters of the data set's manifest")
            .help("they hold for shifted rows too: the same rows of the world are asked about"));
    }
    Ok((raw, left, own))
}

/// What the files of a data set hold.
struct Gathering {
    reader: Reader,
    identity: String,
    /// The first row of the authors' test part, where they made one.
    test_from: Option<usize>,
}

fn gather(found: &Found, folder: &std::path::Path) -> Result<Gathering> {
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
    Ok(Gathering { reader, identity, test_from })
}

/// The first `own` rows are those of the data set's files.
fn finish(
    manifest: &Manifest,
    mut reader: Reader,
    own: usize,
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
    let left = rows.partition_point(|row| (*row as usize) < own);
    let meaning = classes(&manifest.label, &texts.levels, &texts.codes[..left])?;
    let class = |(code, row): (&u32, &u32)| {
        let level = &texts.levels[*code as usize];
        // A class may be declared that the data set's own rows do not have.
        let declared = || manifest.label.classes.iter().position(|class| class.values().contains(level));
        meaning.of_level[*code as usize].or_else(|| declared().map(|class| class as u16)).ok_or_else(|| {
            let line = reader.lines.as_ref().and_then(|lines| lines.get(*row as usize - own).copied());
            let what = if level.is_empty() { "is empty" } else { "means no class" };
            Error::input(format!("line {}, column `{label}`: the label `{level}` {what}", line.unwrap_or(0)))
                .help(format!("the classes are `{}`", meaning.names.join("`, `")))
        })
    };
    let labels = texts.codes.iter().zip(&rows).map(class).collect::<Result<_>>()?;
    let attributes = manifest
        .sensitive
        .iter()
        .map(|sensitive| {
            let texts = reader.texts(sensitive.column.as_deref().expect("checked with the manifest"));
            attribute(sensitive, &manifest.missing.values, &texts.levels, &texts.codes)
        })
        .collect::<Result<_>>()?;
    let units = manifest
        .unit
        .as_deref()
        .map(|unit| Units { name: unit.to_owned(), codes: reader.texts(unit).codes.clone() });
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
