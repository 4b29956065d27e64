//! Baselines: what a future run is held to, as files that read well in a diff.
//!
//! ```text
//! results/baselines/quick/
//! ├── samples.csv       every gated value: one row per point, number and seed
//! ├── manifest.toml     terms, gate policy, the experiment, who approved it and why
//! └── history.jsonl     what was replaced, when and why; one line per acceptance
//! results/baselines/quick.pending/   what `baseline check` found, until it is accepted or rejected
//! ```

mod history;
mod manifest;
mod samples;

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::experiment::{Experiment, GateSpec};
use crate::files;
use crate::gate::{Policy, Rules, Side};
use crate::measure::Pillar;

pub(in crate::run) use history::iso;
pub use history::{Entry, now};
pub use manifest::{Approval, Environment, Manifest, Noise};

const SAMPLES: &str = "samples.csv";
const MANIFEST: &str = "manifest.toml";
const HISTORY: &str = "history.jsonl";
const VERDICT: &str = "verdict.json";

/// A baseline: its numbers, and the terms that they were measured and are judged under.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// The numbers.
    pub side: Side,
    /// The terms.
    pub manifest: Manifest,
}

impl Baseline {
    /// A baseline of `side`, measured by `experiment`; not approved yet.
    ///
    /// # Errors
    ///
    /// Only on a defect of this program.
    pub fn of(side: Side, experiment: &Experiment) -> Result<Self> {
        let samples = samples::write(&side)?;
        let manifest = Manifest::of(&side, experiment, files::sha256(&samples))?;
        Ok(Self { side, manifest })
    }

    /// Reads the baseline in `folder`.
    ///
    /// # Errors
    ///
    /// [`Kind::NotComparable`] where there is none; [`Kind::Input`] where it is damaged.
    pub fn read(folder: &Path) -> Result<Self> {
        let place = folder.join(MANIFEST);
        if !place.is_file() {
            return Err(Error::new(Kind::NotComparable, format!("there is no baseline in `{}`", folder.display()))
                .help("make one of a results folder: `equipoise baseline check RESULTS --baseline DIR`, then `equipoise baseline accept DIR --reason TEXT`"));
        }
        let damaged = |error: Error| {
            error.context(format!("cannot use the baseline in `{}`", folder.display())).help(
                "restore the files from version control, or make the baseline anew with `baseline check` and `baseline accept`",
            )
        };
        let manifest = Manifest::parse(&files::read_text(&place)?).map_err(damaged)?;
        let bytes = files::read(&folder.join(SAMPLES)).map_err(damaged)?;
        let hash = files::sha256(&bytes);
        if hash != manifest.samples {
            return Err(damaged(Error::input(format!(
                "{SAMPLES} is not the file that {MANIFEST} was written for: its SHA-256 is {hash}, not {}",
                manifest.samples
            ))));
        }
        let side = manifest.side(samples::read(&bytes).map_err(damaged)?).map_err(damaged)?;
        Ok(Self { side, manifest })
    }

    /// Writes samples and manifest into `folder`.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        files::write_atomic(&folder.join(SAMPLES), &samples::write(&self.side)?, None)?;
        files::write_atomic(&folder.join(MANIFEST), self.manifest.text()?.as_bytes(), None)
    }

    /// The rules that this baseline sets.
    #[must_use]
    pub fn rules(&self, policy: Option<Policy>, alpha: Option<f64>, claim: Option<Pillar>) -> Rules {
        let gate: &GateSpec = &self.manifest.gate;
        Rules {
            alpha: alpha.unwrap_or(gate.alpha),
            policy: policy.unwrap_or(gate.policy),
            hypervolume_margin: gate.margin("hypervolume"),
            epsilon_margin: gate.margin("epsilon"),
            claim,
        }
    }
}

/// Where what awaits acceptance lies: beside the baseline.
#[must_use]
pub fn pending(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(".pending");
    folder.with_file_name(name)
}

/// Puts `new` up for acceptance in the place of the baseline in `folder`, with the verdict on it.
///
/// # Errors
///
/// When a file cannot be written.
pub fn propose(folder: &Path, new: &Baseline, verdict: &str) -> Result<()> {
    let pending = pending(folder);
    new.write(&pending)?;
    files::write_atomic(&pending.join(VERDICT), verdict.as_bytes(), None)
}

/// What awaits acceptance.
///
/// # Errors
///
/// When there is nothing, or it is damaged.
pub fn proposed(folder: &Path) -> Result<Baseline> {
    let pending = pending(folder);
    if !pending.join(MANIFEST).is_file() {
        return Err(Error::input(format!("nothing awaits acceptance: there is no `{}`", pending.display()))
            .help("`equipoise baseline check RESULTS --baseline DIR` puts a run's numbers there when they differ"));
    }
    Baseline::read(&pending)
}

/// Makes `new` the baseline in `folder`, writes down why, and clears what awaited acceptance.
///
/// # Errors
///
/// When a file cannot be written.
pub fn establish(folder: &Path, new: &Baseline, entry: &Entry) -> Result<()> {
    let path = folder.join(HISTORY);
    let before = if path.is_file() { files::read_text(&path)? } else { String::new() };
    new.write(folder)?;
    files::write_atomic(&path, format!("{before}{}\n", entry.line()?).as_bytes(), None)?;
    withdraw(folder)
}

/// Clears what awaits acceptance.
///
/// # Errors
///
/// When a file cannot be removed.
pub fn withdraw(folder: &Path) -> Result<()> {
    let pending = pending(folder);
    for name in [VERDICT, SAMPLES, MANIFEST] {
        files::remove(&pending.join(name))?;
    }
    files::remove_empty_folder(&pending)
}

/// Every acceptance of the baseline in `folder`, oldest first.
///
/// # Errors
///
/// When the history is damaged.
pub fn history(folder: &Path) -> Result<Vec<Entry>> {
    let path = folder.join(HISTORY);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = files::read_text(&path)?;
    let parsed = text.lines().filter(|line| !line.trim().is_empty()).map(Entry::parse);
    parsed.collect::<Result<_>>().map_err(|error| error.context(format!("cannot read `{}`", path.display())))
}
