//! The only code that opens files: reading with the path in every error,
//! atomic writing, and SHA-256.

use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The whole file.
///
/// # Errors
///
/// When the file cannot be read; the message names it.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    if path.is_dir() {
        return Err(Error::input(format!("cannot read `{}`: it is a directory", path.display()))
            .help("name a file inside it"));
    }
    std::fs::read(path).map_err(|source| Error::io("read", path, &source))
}

/// The whole file as UTF-8 text.
///
/// # Errors
///
/// When the file cannot be read or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| Error::input(format!("cannot read `{}`: it is not UTF-8 text", path.display())))
}

/// Writes `bytes` so that a reader (or a crash) sees the old content or the new, never a part:
/// to a temporary file in `scratch` (on the same file system; the target's folder when `None`), flushed to disk, then renamed.
///
/// # Errors
///
/// When the folder or the file cannot be written, for instance on a full disk; nothing is left behind.
pub fn write_atomic(path: &Path, bytes: &[u8], scratch: Option<&Path>) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_folder(folder)?;
    let fail = |source: &std::io::Error| Error::io("write", path, source);
    let mut file = tempfile::NamedTempFile::new_in(scratch.unwrap_or(folder)).map_err(|e| fail(&e))?;
    file.write_all(bytes).map_err(|e| fail(&e))?;
    file.as_file().sync_all().map_err(|e| fail(&e))?;
    make_readable(&file).map_err(|e| fail(&e))?;
    file.persist(path).map_err(|e| fail(&e.error))?;
    Ok(())
}

/// Temporary files are made for their owner alone; a result is for everybody whom the folder lets in.
#[cfg(unix)]
fn make_readable(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

/// Opens `path` to go on writing at its end, making it where there is none, and locks it against other processes
/// until it is dropped: for downloads, which become results only after they are complete and checked.
///
/// # Errors
///
/// When the system refuses, or another process is writing it.
pub fn append(path: &Path) -> Result<std::fs::File> {
    create_folder(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|source| Error::io("write", path, &source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Error::input(format!("another process is writing `{}`", path.display()))
                .help("wait until it has finished"))
        }
        Err(std::fs::TryLockError::Error(source)) => Err(Error::io("lock", path, &source)),
    }
}

/// Removes the file where there is one.
///
/// # Errors
///
/// When the system refuses.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, &source))
        }
        _ => Ok(()),
    }
}

/// Removes the folder where there is one and nothing is in it.
///
/// # Errors
///
/// When the system refuses for another reason than that something is in it.
pub fn remove_empty_folder(path: &Path) -> Result<()> {
    match std::fs::remove_dir(path) {
        Err(source)
            if !matches!(
                source.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Err(Error::io("remove", path, &source))
        }
        _ => Ok(()),
    }
}

/// The names in the folder, sorted; none where there is no such folder.
///
/// # Errors
///
/// When the system refuses to read it.
pub fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|source| Error::io("list", folder, &source))?,
    };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    let names: std::io::Result<Vec<String>> = entries.map(name).collect();
    let mut names = names.map_err(|source| Error::io("list", folder, &source))?;
    names.sort_unstable();
    Ok(names)
}

/// Makes the folder and those above it.
///
/// # Errors
///
/// When the system refuses.
pub fn create_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path)
        .map_err(|source| Error::io("create folder", path, &source).help("choose a folder you can write to"))
}

/// The SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    #[test]
    fn sha256_matches_the_standards_example() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn an_atomic_write_replaces_the_old_content_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file.txt");
        write_atomic(&path, b"old", None).unwrap();
        write_atomic(&path, b"new", None).unwrap();
        assert_eq!(read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_appended_to_by_one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file.part");
        append(&path).unwrap().write_all(b"one ").unwrap();
        let mut first = append(&path).unwrap();
        let message = append(&path).unwrap_err().to_string();
        assert!(message.contains("another process is writing"), "{message}");
        first.write_all(b"two").unwrap();
        drop(first);
        assert_eq!(read(&path).unwrap(), b"one two");
        assert_eq!(names(path.parent().unwrap()).unwrap(), ["file.part"]);
        remove(&path).and_then(|()| remove(&path)).unwrap();
        assert!(names(path.parent().unwrap()).unwrap().is_empty());
        assert!(names(&folder.path().join("none")).unwrap().is_empty());
    }

    #[test]
    fn a_directory_is_named_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let message = read(folder.path()).unwrap_err().to_string();
        assert!(message.contains("it is a directory"), "{message}");
    }
}
