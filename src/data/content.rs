//! Files of a data set: finding them, unpacking them (gzip, zip), checking them.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::catalog::{self, Found};
use super::manifest::File;
use crate::error::{Error, Result};
use crate::files;

/// The most that a file may unpack to; a larger one is taken for a decompression bomb.
const LIMIT: u64 = 4 << 30;

/// The names under which a file may lie, in the order in which they are tried.
pub(crate) fn stored_names(file: &File) -> [String; 3] {
    [file.name.clone(), format!("{}.gz", file.name), format!("{}.zip", file.name)]
}

/// The content of `file`, checked against its checksum, with its SHA-256.
pub(crate) fn read(found: &Found, file: &File, folder: &Path) -> Result<(Vec<u8>, String)> {
    let name = &found.manifest.name;
    if found.beside.is_none()
        && let Some(packed) = catalog::embedded(name, &file.name)
    {
        return unpack(packed.to_vec(), &file.name)
            .and_then(|bytes| check(bytes, file, "the carried copy is damaged"));
    }
    let folders = found.beside.iter().cloned().chain([folder.join(name)]);
    let Some(path) = folders.clone().find_map(|folder| stored(&folder, file)) else {
        let tried: Vec<String> =
            folders.map(|folder| format!("`{}`", folder.join(&file.name).display())).collect();
        let message =
            format!("data set `{name}` is not here: there is no {} (nor .gz, .zip)", tried.join(" and no "));
        return Err(Error::input(message).help(if file.urls.is_empty() {
            format!("put the file `{}` there", file.name)
        } else {
            format!("get it with `equipoise fetch {name}`")
        }));
    };
    let context = || format!("cannot read `{}`", path.display());
    unpack(files::read(&path)?, &file.name)
        .and_then(|bytes| check(bytes, file, "its content is not the expected one"))
        .map_err(|error| {
            error.context(context()).help(format!("remove it and run `equipoise fetch {name}` again"))
        })
}

/// The path under which `file` lies in `folder`, where it does.
pub(crate) fn stored(folder: &Path, file: &File) -> Option<PathBuf> {
    stored_names(file).into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

pub(crate) fn check(bytes: Vec<u8>, file: &File, otherwise: &str) -> Result<(Vec<u8>, String)> {
    let sum = files::sha256(&bytes);
    match &file.sha256 {
        Some(expected) if *expected != sum => {
            Err(Error::input(format!("{otherwise}: checksum {sum}, expected {expected}")))
        }
        _ => Ok((bytes, sum)),
    }
}

/// `bytes` as they are, or what they hold when they are gzip, or the member `name` when they are a zip archive
/// (also of an archive inside it, as some repositories pack them).
pub(crate) fn unpack(bytes: Vec<u8>, name: &str) -> Result<Vec<u8>> {
    match bytes.as_slice() {
        [0x1f, 0x8b, ..] => gunzip(&bytes),
        [b'P', b'K', 3, 4, ..] => unzip(&bytes, name, 1),
        _ => Ok(bytes),
    }
}

fn gunzip(bytes: &[u8]) -> Result<Vec<u8>> {
    // The last four bytes of a gzip file are its size, modulo 2^32; only a hint here.
    let hint = bytes.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let mut out = Vec::with_capacity(hint.min(1 << 28));
    read_limited(flate2::read::MultiGzDecoder::new(bytes), &mut out)
        .map_err(|source| Error::input(format!("the gzip content is damaged: {source}")))?;
    Ok(out)
}

fn unzip(bytes: &[u8], name: &str, nested: usize) -> Result<Vec<u8>> {
    let damaged =
        |source: &dyn std::fmt::Display| Error::input(format!("the zip archive is damaged: {source}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let members = archive.file_names().map(|name| name.map(std::borrow::Cow::into_owned));
    let members: Vec<String> = members.collect::<std::result::Result<_, _>>().map_err(|e| damaged(&e))?;
    let base = |member: &str| member.rsplit('/').next().unwrap_or_default().to_owned();
    let mut take = |member: &str| -> Result<Vec<u8>> {
        let entry = archive.by_name(member).map_err(|e| damaged(&e))?;
        let mut out = Vec::new();
        read_limited(entry, &mut out).map_err(|e| damaged(&e))?;
        Ok(out)
    };
    if let Some(member) = members.iter().find(|member| base(member) == name) {
        return take(member);
    }
    if let Some(member) = members.iter().find(|member| base(member) == format!("{name}.gz")) {
        return gunzip(&take(member)?);
    }
    let is_zip = |member: &&String| {
        Path::new(member.as_str()).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
    };
    for member in members.iter().filter(is_zip) {
        if nested > 0
            && let Ok(found) = take(member).and_then(|inner| unzip(&inner, name, nested - 1))
        {
            return Ok(found);
        }
    }
    Err(Error::input(format!("the zip archive holds no `{name}`, but {}", members.join(", "))))
}

fn read_limited(reader: impl Read, out: &mut Vec<u8>) -> std::io::Result<()> {
    reader.take(LIMIT).read_to_end(out)?;
    if out.len() as u64 == LIMIT {
        return Err(std::io::Error::other("it unpacks to more than 4 GiB"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn plain_gzip_zip_and_a_zip_in_a_zip_hold_the_same_content() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"a,b\n").unwrap();
        let inner = zipped(&[("folder/t.csv", b"a,b\n")]);
        let outer = zipped(&[("readme", b"x"), ("inner.zip", &inner)]);
        for packed in [b"a,b\n".to_vec(), gz.finish().unwrap(), inner, outer] {
            assert_eq!(unpack(packed, "t.csv").unwrap(), b"a,b\n");
        }
    }

    #[test]
    fn a_truncated_gzip_and_a_missing_member_are_said() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&[7; 5000]).unwrap();
        let mut bytes = gz.finish().unwrap();
        bytes.truncate(bytes.len() - 9);
        assert!(unpack(bytes, "x").unwrap_err().to_string().contains("gzip content is damaged"));
        let error = unpack(zipped(&[("a.csv", b"1")]), "b.csv").unwrap_err().to_string();
        assert!(error.contains("holds no `b.csv`, but a.csv"), "{error}");
    }
}
