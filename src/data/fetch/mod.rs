//! Getting a data set's files: from their canonical address, a mirror, or a folder. Nothing is kept whose content is
//! not the expected one.

mod http;

use std::path::{Path, PathBuf};
use std::time::Duration;

use self::http::Failure;
use super::catalog::{self, Found};
use super::content;
use super::manifest::File;
use crate::error::{Error, Result};
use crate::files;

/// What happens while fetching; for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// The program carries this file: nothing to do.
    Carried {
        /// The file.
        file: &'a str,
    },
    /// The file lies here already, and its content is the expected one.
    Present {
        /// The file.
        file: &'a str,
        /// Where it lies.
        path: &'a Path,
    },
    /// A source is asked.
    Trying {
        /// The file.
        file: &'a str,
        /// Address or path.
        from: &'a str,
    },
    /// Bytes arrived.
    Advanced {
        /// The file.
        file: &'a str,
        /// Bytes there are by now.
        done: u64,
        /// Bytes there will be, where the server says.
        total: Option<u64>,
    },
    /// A source failed; the next one is asked.
    Failed {
        /// The file.
        file: &'a str,
        /// Address or path.
        from: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// The file is complete, checked and kept.
    Kept {
        /// The file.
        file: &'a str,
        /// Where it lies.
        path: &'a Path,
        /// Whether there was a checksum to compare with.
        verified: bool,
    },
}

/// How patient to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A source from which nothing arrives for this long is given up.
    pub stall: Duration,
    /// How often one source is tried, as long as every try brings new bytes.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { stall: Duration::from_secs(20), tries: 5 }
    }
}

/// Gets every file of the data set that is not there yet, into `<folder>/<name>` (for a user's own manifest: beside it).
///
/// `from` is a folder (holding `<name>/<file>`, `<file>`, each also as `.gz`, or zip archives with them), one such
/// archive or file, or an address to be asked instead of the manifest's. A partial download is kept as `.part` and
/// resumed. Proxies are taken from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
///
/// # Errors
///
/// When no source has the file with the expected content (the message says what was wrong with each), or when the
/// folder cannot be written.
pub fn fetch(
    found: &Found,
    folder: &Path,
    from: Option<&str>,
    patience: Patience,
    progress: &mut dyn FnMut(Event),
) -> Result<()> {
    let name = &found.manifest.name;
    let target = found.beside.clone().unwrap_or_else(|| folder.join(name));
    for file in &found.manifest.files {
        if found.beside.is_none() && catalog::embedded(name, &file.name).is_some() {
            progress(Event::Carried { file: &file.name });
            continue;
        }
        let mut job = Job { name, file, target: &target, patience, progress, failures: Vec::new() };
        if let Some(path) = job.present() {
            (job.progress)(Event::Present { file: &file.name, path: &path });
            continue;
        }
        job.get(from).map_err(|error| {
            let error = error.context(format!("cannot fetch `{}` of data set `{name}`", file.name));
            if error.help_text().is_some() {
                return error;
            }
            let page = &found.manifest.source;
            let page = if page.is_empty() { String::new() } else { format!(" (see {page})") };
            error.help(format!(
                "check the network and the proxy (HTTPS_PROXY), or download it by hand{page} \
                 and run `equipoise fetch {name} --from FOLDER`"
            ))
        })?;
    }
    Ok(())
}

/// Whether every file of the data set is carried by the program or lies where [`fetch`] puts it; contents are not read.
#[must_use]
pub fn is_here(found: &Found, folder: &Path) -> bool {
    let name = &found.manifest.name;
    let target = found.beside.clone().unwrap_or_else(|| folder.join(name));
    found.manifest.files.iter().all(|file| {
        let carried = found.beside.is_none() && catalog::embedded(name, &file.name).is_some();
        carried || content::stored(&target, file).is_some()
    })
}

/// Getting one file.
struct Job<'a> {
    name: &'a str,
    file: &'a File,
    target: &'a Path,
    patience: Patience,
    progress: &'a mut dyn FnMut(Event),
    /// What was wrong with each source.
    failures: Vec<String>,
}

impl Job<'_> {
    /// Where the file lies already with the expected content.
    fn present(&self) -> Option<PathBuf> {
        let path = content::stored(self.target, self.file)?;
        let bytes = files::read(&path).ok()?;
        self.expected(&bytes).ok().map(|()| path)
    }

    /// Refuses packed `bytes` that do not hold the expected content.
    fn expected(&self, bytes: &[u8]) -> Result<()> {
        content::unpack(bytes.to_vec(), &self.file.name)
            .and_then(|content| content::check(content, self.file, "its content is not the expected one"))
            .map(|_| ())
    }

    fn get(&mut self, from: Option<&str>) -> Result<()> {
        match from {
            None => {
                if self.file.urls.is_empty() {
                    return Err(Error::input("its manifest has no address to download it from")
                        .help(format!("put it into `{}`", self.target.display())));
                }
                self.download(&self.file.urls)
            }
            Some(from) if from.starts_with("http://") || from.starts_with("https://") => {
                self.download(&addresses(from, self.name, &self.file.name))
            }
            Some(from) => self.copy(Path::new(from)),
        }
    }

    /// Asks one address after the other.
    fn download(&mut self, urls: &[String]) -> Result<()> {
        for url in urls {
            let part = self.part(url);
            if self.try_address(url, &part)? {
                for url in urls {
                    files::remove(&self.part(url))?;
                }
                return Ok(());
            }
        }
        Err(Error::input(self.failures.join("; ")))
    }

    /// Partial downloads of different addresses do not mix: one may be an archive, another the plain file.
    fn part(&self, url: &str) -> PathBuf {
        let digest = files::sha256(url.as_bytes());
        self.target.join(format!("{}.{}.part", self.file.name, &digest[..8]))
    }

    fn try_address(&mut self, url: &str, part: &Path) -> Result<bool> {
        let file = &self.file.name;
        (self.progress)(Event::Trying { file, from: url });
        let mut tries = 0;
        let reason = loop {
            tries += 1;
            let progress = &mut *self.progress;
            let mut advance = |done, total| progress(Event::Advanced { file, done, total });
            match http::download(url, part, self.patience.stall, &mut advance) {
                Ok(finished) => {
                    let bytes = files::read(part)?;
                    match self.expected(&bytes) {
                        Ok(()) => {
                            self.keep(bytes)?;
                            return Ok(true);
                        }
                        Err(error) => {
                            files::remove(part)?;
                            // The file may have changed between two halves: once more, from the start.
                            if !finished.resumed || tries >= self.patience.tries {
                                break error.to_string();
                            }
                        }
                    }
                }
                Err(Failure::Refused(reason)) => break reason,
                Err(Failure::Broken { reason, gained }) => {
                    if gained == 0 || tries >= self.patience.tries {
                        break reason;
                    }
                }
                Err(Failure::Here(error)) => return Err(error),
            }
        };
        // An empty part is of no use to a later run.
        if files::read(part).is_ok_and(|bytes| bytes.is_empty()) {
            files::remove(part)?;
        }
        self.fail(url, &reason);
        Ok(false)
    }

    fn fail(&mut self, from: &str, reason: &str) {
        (self.progress)(Event::Failed { file: &self.file.name, from, reason });
        self.failures.push(format!("{from}: {reason}"));
    }

    /// Takes the file from a folder (or an archive) on this machine.
    fn copy(&mut self, from: &Path) -> Result<()> {
        if !from.exists() {
            return Err(Error::input(format!("there is no `{}`", from.display()))
                .help("name a folder, an archive, or an address that begins with http:// or https://"));
        }
        for path in self.candidates(from)? {
            let place = path.display().to_string();
            (self.progress)(Event::Trying { file: &self.file.name, from: &place });
            let bytes = files::read(&path)?;
            match self.expected(&bytes) {
                Ok(()) => return self.keep(bytes),
                Err(error) => self.fail(&place, &error.to_string()),
            }
        }
        if self.failures.is_empty() {
            let names = content::stored_names(self.file).join("`, `");
            return Err(Error::input(format!(
                "`{}` holds none of `{names}`, neither directly nor in `{}`",
                from.display(),
                self.name
            ))
            .help("name the folder that holds the file, plain, as .gz or in a .zip"));
        }
        Err(Error::input(self.failures.join("; ")))
    }

    /// Files in which the wanted one may be, likely ones first.
    fn candidates(&self, from: &Path) -> Result<Vec<PathBuf>> {
        if from.is_file() {
            return Ok(vec![from.to_owned()]);
        }
        let folders = [from.join(self.name), from.to_owned()];
        let mut paths: Vec<PathBuf> = Vec::new();
        for folder in &folders {
            let named = content::stored_names(self.file).into_iter().map(|name| folder.join(name));
            paths.extend(named.filter(|path| path.is_file()));
        }
        for folder in &folders {
            let names = files::names(folder)?;
            let archives = names.iter().map(|name| folder.join(name)).filter(|path| {
                path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
            });
            paths.extend(archives.filter(|path| !paths.contains(path)).collect::<Vec<_>>());
        }
        Ok(paths)
    }

    /// Writes checked bytes: gzip stays as it is, archives are unpacked.
    fn keep(&mut self, bytes: Vec<u8>) -> Result<()> {
        let [plain, gz, zip] = content::stored_names(self.file).map(|name| self.target.join(name));
        let (path, others) =
            if bytes.starts_with(&[0x1f, 0x8b]) { (gz, [plain, zip]) } else { (plain, [gz, zip]) };
        let bytes =
            if bytes.starts_with(b"PK\x03\x04") { content::unpack(bytes, &self.file.name)? } else { bytes };
        files::write_atomic(&path, &bytes, None)?;
        // Damaged copies under another name would be read first.
        others.iter().try_for_each(|other| files::remove(other))?;
        let verified = self.file.sha256.is_some();
        (self.progress)(Event::Kept { file: &self.file.name, path: &path, verified });
        Ok(())
    }
}

/// Where below an address the file may lie; the address itself when it names a file.
fn addresses(from: &str, name: &str, file: &str) -> Vec<String> {
    let base = from.trim_end_matches('/');
    let last = base.rsplit('/').next().unwrap_or_default();
    if [file.to_owned(), format!("{file}.gz")].contains(&last.to_owned())
        || Path::new(last).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
    {
        return vec![base.to_owned()];
    }
    let places = [format!("{base}/{name}/{file}"), format!("{base}/{file}")];
    places.into_iter().flat_map(|place| [format!("{place}.gz"), place]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_folder_unless_it_names_the_file_or_an_archive() {
        assert_eq!(addresses("http://h/a.zip", "adult", "adult.data"), ["http://h/a.zip"]);
        assert_eq!(addresses("http://h/adult.data.gz", "adult", "adult.data"), ["http://h/adult.data.gz"]);
        assert_eq!(addresses("http://h/", "adult", "adult.data")[1], "http://h/adult/adult.data");
    }
}
