//! The manifests and the small data set that the program carries, so that it works from anywhere.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::manifest::Manifest;
use crate::error::{Error, Result, did_you_mean};
use crate::files;

macro_rules! manifests {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../datasets/", $name, "/dataset.toml")))),*]
    };
}

/// Name and text of every carried manifest, sorted by name.
const TEXTS: &[(&str, &str)] = manifests![
    "adult",
    "bank-marketing",
    "compas",
    "diabetes130",
    "digits",
    "fashion-mnist",
    "german",
    "law-school",
    "mnist",
];

/// Files that the program carries: data set, file name, packed content.
const EMBEDDED: &[(&str, &str, &[u8])] =
    &[("digits", "digits.csv", include_bytes!("../../datasets/digits/digits.csv.gz"))];

static CATALOG: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
    let parse = |(name, text): &(&str, &str)| {
        Manifest::parse(text, name).unwrap_or_else(|error| panic!("the carried manifests are valid: {error}"))
    };
    TEXTS.iter().map(parse).collect()
});

/// The carried manifests, sorted by name.
#[must_use]
pub fn catalog() -> &'static [Manifest] {
    &CATALOG
}

/// The packed content of a file that the program carries.
#[must_use]
pub(crate) fn embedded(dataset: &str, file: &str) -> Option<&'static [u8]> {
    EMBEDDED.iter().find(|(d, f, _)| *d == dataset && *f == file).map(|(_, _, bytes)| *bytes)
}

/// Whether every file of `manifest` is carried by the program, so that nothing has to be fetched.
#[must_use]
pub fn is_embedded(manifest: &Manifest) -> bool {
    manifest.files.iter().all(|file| embedded(&manifest.name, &file.name).is_some())
}

/// A manifest and the folder that its own files may lie beside.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The manifest.
    pub manifest: Manifest,
    /// The folder of the manifest file; `None` for a carried one.
    pub beside: Option<PathBuf>,
}

/// The manifest called `name`: from the file `manifest` where one is given, else a carried one, else `<folder>/<name>/dataset.toml`.
///
/// # Errors
///
/// When there is none of that name, or the file cannot be read.
pub fn find(name: &str, manifest: Option<&Path>, folder: &Path) -> Result<Found> {
    if let Some(path) = manifest {
        let found = read(path)?;
        if found.manifest.name != name {
            return Err(Error::input(format!(
                "the manifest `{}` describes `{}`, not `{name}`",
                path.display(),
                found.manifest.name
            ))
            .help(format!("write `name = \"{}\"` in [data]", found.manifest.name)));
        }
        return Ok(found);
    }
    if let Some(manifest) = catalog().iter().find(|manifest| manifest.name == name) {
        return Ok(Found { manifest: manifest.clone(), beside: None });
    }
    let path = folder.join(name).join("dataset.toml");
    let is_plain = !name.is_empty() && !name.contains(['/', '\\', '.']);
    if is_plain && path.is_file() {
        return read(&path);
    }
    let known: Vec<&str> = catalog().iter().map(|manifest| manifest.name.as_str()).collect();
    let near = did_you_mean(name, known.iter().copied());
    Err(Error::input(format!("unknown data set `{name}`{near}")).help(format!(
        "known are {}; for your own, write {} and name it with `manifest = \"…\"`",
        known.join(", "),
        path.display()
    )))
}

fn read(path: &Path) -> Result<Found> {
    let manifest = Manifest::parse(&files::read_text(path)?, &path.display().to_string())?;
    let beside = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Found { manifest, beside: Some(beside.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_carried_manifest_is_complete() {
        for (manifest, (name, _)) in catalog().iter().zip(TEXTS) {
            assert_eq!(manifest.name, *name);
            for text in [&manifest.title, &manifest.source, &manifest.license, &manifest.citation] {
                assert!(!text.is_empty(), "{name}");
            }
            for file in &manifest.files {
                assert!(file.sha256.is_some() && !file.urls.is_empty(), "{name} {}", file.name);
            }
            for column in &manifest.columns {
                assert!(!column.mutable || !column.why.is_empty(), "{name} {}: no reason", column.name);
            }
        }
        let names: Vec<&str> = catalog().iter().map(|manifest| manifest.name.as_str()).collect();
        assert!(names.is_sorted());
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_and_the_list() {
        let error = find("adlut", None, Path::new("datasets")).unwrap_err();
        assert!(error.to_string().contains("did you mean `adult`?"), "{error}");
        assert!(error.help_text().unwrap().contains("fashion-mnist"));
    }
}
