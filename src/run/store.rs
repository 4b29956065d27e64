//! The results folder: a content-addressed store that several processes may share.
//!
//! ```text
//! results/quick/
//! ├── cells/<run id>/      cell.json (written last: its presence means done), the weights
//! ├── evidence/<id>.safetensors
//! ├── report.html, points.csv, figures/ …   the report, with outputs.json listing all hashes
//! ├── run.json, events.jsonl                the only files that speak of machine and time
//! ├── store.lock                            empty; held while a process works here
//! └── .equipoise-scratch/                   only while a process works here
//! ```
//!
//! Every file appears whole, by renaming a temporary file from the scratch folder. A process holds a shared lock on
//! `store.lock` for as long as it lives; whoever gets the lock exclusively is alone, and what the scratch folder then holds
//! was left by the dead. A cell is claimed by locking a file in its `claims`; locks die with their process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files;

/// Where files are written before they appear; a name that nobody else uses, since it is removed whole.
const SCRATCH: &str = ".equipoise-scratch";

/// What makes a folder a results folder.
const LOCK: &str = "store.lock";

/// An open results folder.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// None where the folder is read and its lock cannot be had, as on a disk that cannot be written to.
    lock: Option<File>,
}

/// The right to work on one cell; given back when dropped.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
}

impl Store {
    /// Opens the folder, making it where it is missing, and clears what killed processes left.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or written to.
    pub fn open(root: &Path) -> Result<Self> {
        if root.is_file() {
            return Err(Error::input(format!(
                "cannot use `{}` as results folder: it is a file",
                root.display()
            ))
            .help("choose another folder with --out"));
        }
        let unwritable = |source: &std::io::Error, path: &Path| {
            Error::io("write to", path, source).help("choose a folder you can write to with --out")
        };
        files::create_folder(root)?;
        let path = root.join(LOCK);
        if !path.exists() && !files::names(root)?.is_empty() {
            return Err(Error::input(format!("`{}` is not empty and no results folder", root.display()))
                .help("choose an empty or new folder with --out"));
        }
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|source| unwritable(&source, &path))?;
        let mut store = Self::unlocked(root);
        if lock.try_lock().is_ok() {
            store.clear_scratch();
            lock.unlock().map_err(|source| unwritable(&source, &path))?;
        }
        lock.lock_shared().map_err(|source| unwritable(&source, &path))?;
        store.lock = Some(lock);
        files::create_folder(&store.claims())?;
        Ok(store)
    }

    /// Opens a folder that is there, to read what it holds and perhaps publish something in it. What cannot be written to can be read all the same.
    #[must_use]
    pub fn open_to_read(root: &Path) -> Self {
        let path = root.join(LOCK);
        let lock = OpenOptions::new().append(true).open(&path).or_else(|_| File::open(&path)).ok();
        Self { root: root.to_owned(), lock: lock.filter(|lock| lock.lock_shared().is_ok()) }
    }

    fn unlocked(root: &Path) -> Self {
        Self { root: root.to_owned(), lock: None }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn scratch(&self) -> PathBuf {
        self.root.join(SCRATCH)
    }

    fn claims(&self) -> PathBuf {
        self.scratch().join("claims")
    }

    fn clear_scratch(&self) {
        // What cannot be removed now is removed by a later run: not worth failing for.
        let _ = std::fs::remove_dir_all(self.scratch());
    }

    /// Claims a cell; `None` while another process works on it.
    ///
    /// # Errors
    ///
    /// When the claim's file cannot be made.
    pub fn claim(&self, id: &str) -> Result<Option<Claim>> {
        // A folder that was opened to be read has none yet.
        files::create_folder(&self.claims())?;
        let path = self.claims().join(id);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|source| Error::io("write to", &path, &source))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Claim { _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(Error::io("lock", &path, &source)),
        }
    }

    /// Whether `relative` is there.
    #[must_use]
    pub fn has(&self, relative: &str) -> bool {
        self.root.join(relative).is_file()
    }

    /// The content of `relative`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(&self, relative: &str) -> Result<Vec<u8>> {
        files::read(&self.root.join(relative))
    }

    /// Publishes `relative` whole.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, relative: &str, bytes: &[u8]) -> Result<()> {
        files::create_folder(&self.scratch())
            .map_err(|error| error.help("copy the folder to a place that can be written to; what only reads (`choose`, `baseline check`, `gate --verdict FILE`) takes it as it is"))?;
        files::write_atomic(&self.root.join(relative), bytes, Some(&self.scratch()))
    }

    /// Removes `relative`, where it is there.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be removed.
    pub fn remove(&self, relative: &str) -> Result<()> {
        files::remove(&self.root.join(relative))
    }

    /// Removes the folder where it is there and empty.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(super) fn remove_empty_folder(&self, relative: &str) -> Result<()> {
        files::remove_empty_folder(&self.root.join(relative))
    }

    /// Appends one line to a log file (`events.jsonl`, `run.log`); lines of several processes do not mix.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn append_line(&self, relative: &str, line: &str) -> Result<()> {
        let path = self.root.join(relative);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|source| Error::io("write to", &path, &source))?;
        file.write_all(format!("{line}\n").as_bytes()).map_err(|source| Error::io("write to", &path, &source))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The last process out clears the scratch folder, so that a finished folder holds results alone.
        let Some(lock) = &self.lock else { return };
        if lock.unlock().is_ok() && lock.try_lock().is_ok() {
            self.clear_scratch();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_excludes_others_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (Store::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap());
        let claim = one.claim("a").unwrap();
        assert!(claim.is_some());
        assert!(two.claim("a").unwrap().is_none());
        assert!(two.claim("b").unwrap().is_some());
        drop(claim);
        assert!(two.claim("a").unwrap().is_some());
    }

    #[test]
    fn what_the_dead_left_is_removed_and_what_the_living_write_is_spared() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        let scratch = folder.path().join(SCRATCH);
        std::fs::create_dir_all(&scratch).unwrap();
        let leftover = scratch.join(".tmpDEAD");
        files::write_atomic(&leftover, b"half", None).unwrap();
        let living = Store::open(folder.path()).unwrap();
        assert!(!leftover.exists());
        let mine = scratch.join(".tmpALIVE");
        files::write_atomic(&mine, b"half", None).unwrap();
        drop(Store::open(folder.path()).unwrap());
        assert!(mine.exists(), "a second process must not clear what a living one writes");
        drop(living);
        assert!(!scratch.exists(), "the last process out leaves no scratch folder");
    }

    #[test]
    fn a_reader_without_a_lock_reads_and_a_reader_with_one_is_spared() {
        let folder = tempfile::tempdir().unwrap();
        // As a folder that was copied without its lock.
        files::write_atomic(&folder.path().join("sweep.json"), b"{}", None).unwrap();
        assert_eq!(Store::open_to_read(folder.path()).read("sweep.json").unwrap(), b"{}");
        assert_eq!(files::names(folder.path()).unwrap(), ["sweep.json"], "reading writes nothing");
        files::write_atomic(&folder.path().join(LOCK), b"", None).unwrap();
        let reader = Store::open_to_read(folder.path());
        reader.write("verdict.json", b"{}").unwrap();
        let mine = folder.path().join(SCRATCH).join(".tmpALIVE");
        files::write_atomic(&mine, b"half", None).unwrap();
        drop(Store::open(folder.path()).unwrap());
        assert!(mine.exists(), "a writer must not clear what a reader publishes");
        drop(reader);
        assert!(!folder.path().join(SCRATCH).exists());
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_no_results_folder() {
        let folder = tempfile::tempdir().unwrap();
        files::write_atomic(&folder.path().join("thesis.tex"), b"", None).unwrap();
        assert!(Store::open(folder.path()).unwrap_err().to_string().contains("no results folder"));
    }

    #[test]
    fn a_file_is_no_results_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results");
        files::write_atomic(&path, b"", None).unwrap();
        assert!(Store::open(&path).unwrap_err().to_string().contains("it is a file"));
    }
}
