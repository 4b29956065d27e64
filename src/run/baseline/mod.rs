//! Baselines: what a future run is held to, as files that read well in a diff.
//!
//! ```text
//! results/baselines/quick/
//! ├── samples.csv       every value that is gated or required: one row per point, number and seed
//! ├── manifest.toml     terms, gate policy, the experiment, who approved it and why
//! └── history.jsonl     what was replaced, when and why; one line per acceptance
//! results/baselines/quick.pending/   what `baseline check` found, until it is accepted or rejected
//! ```
//!
//! An acceptance counts from the moment its manifest is in place. Its samples are written beside the old ones first (`samples.next.csv`), then its line of the
//! history: whoever reads after a crash finds the old baseline or the new one, and the next acceptance clears up.

mod history;
mod manifest;
mod origin;
mod samples;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::side;
use crate::error::{Error, Kind, Result};
use crate::experiment::{Experiment, GateSpec};
use crate::files;
use crate::gate::{Policy, Rules, Side};
use crate::measure::{MetricKey, Pillar};

pub(in crate::run) use history::iso;
pub use history::{Entry, now};
pub use manifest::{Approval, Environment, Manifest, Noise};
pub use origin::{Part, Refreshed};

const SAMPLES: &str = "samples.csv";
/// The samples of an acceptance under way.
const NEXT: &str = "samples.next.csv";
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
    /// The file whose hash the manifest states.
    samples: Vec<u8>,
}

/// The numbers that a baseline of `side` keeps: what is gated, and what `experiment` requires something of.
fn kept(side: &Side, experiment: &Experiment) -> Result<Vec<MetricKey>> {
    let mut keys: Vec<MetricKey> = side.gated.iter().map(|gated| gated.key.clone()).collect();
    let measured: BTreeSet<MetricKey> =
        side.points.iter().flat_map(|point| point.values.keys().cloned()).collect();
    let measured: Vec<MetricKey> = measured.into_iter().collect();
    for requirement in experiment.gate.requirements()? {
        let key = side::resolve(experiment, &requirement.metric, &measured)
            .map_err(|error| error.context(format!("cannot hold anything to `{requirement}`")))?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

impl Baseline {
    /// A baseline of `side`, measured by `experiment`; not approved yet.
    ///
    /// # Errors
    ///
    /// Where the experiment requires something of a number that is not measured.
    pub fn of(side: Side, experiment: &Experiment) -> Result<Self> {
        let samples = samples::write(&side, &kept(&side, experiment)?)?;
        let manifest = Manifest::of(&side, experiment, files::sha256(&samples))?;
        Ok(Self { side, manifest, samples })
    }

    fn kept(&self) -> Result<Vec<MetricKey>> {
        kept(&self.side, &self.manifest.experiment()?)
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
                .help("make one of a results folder: `equipoise baseline check RESULTS --baseline DIR`, then `equipoise baseline accept DIR --by NAME --reason TEXT`"));
        }
        let damaged = |error: Error| {
            error.context(format!("cannot use the baseline in `{}`", folder.display())).help(
                "restore the files from version control, or make the baseline anew with `baseline check` and `baseline accept`",
            )
        };
        let manifest = Manifest::parse(&files::read_text(&place)?).map_err(damaged)?;
        let samples = samples_of(folder, &manifest).map_err(damaged)?;
        let side = manifest.side(samples::read(&samples).map_err(damaged)?).map_err(damaged)?;
        Ok(Self { side, manifest, samples })
    }

    /// Writes samples and manifest into `folder`.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        files::write_atomic(&folder.join(SAMPLES), &self.samples, None)?;
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

/// The samples that `manifest` was written for: after a crash they may still lie where an acceptance put them first.
fn samples_of(folder: &Path, manifest: &Manifest) -> Result<Vec<u8>> {
    let next = folder.join(NEXT);
    if next.is_file() {
        let bytes = files::read(&next)?;
        if files::sha256(&bytes) == manifest.samples {
            return Ok(bytes);
        }
    }
    let bytes = files::read(&folder.join(SAMPLES))?;
    let hash = files::sha256(&bytes);
    if hash == manifest.samples {
        return Ok(bytes);
    }
    Err(Error::input(format!(
        "{SAMPLES} is not the file that {MANIFEST} was written for: its SHA-256 is {hash}, not {}",
        manifest.samples
    )))
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
    if !awaits(folder) {
        return Err(nothing_awaits(folder));
    }
    let hint = "throw it away with `equipoise baseline reject DIR`, and put it up again with `equipoise baseline check RESULTS --baseline DIR`";
    let pending = pending(folder);
    if !pending.join(MANIFEST).is_file() {
        let what = format!("what awaits acceptance is damaged: `{}` has no {MANIFEST}", pending.display());
        return Err(Error::input(what).help(hint));
    }
    Baseline::read(&pending).map_err(|error| error.help(hint))
}

/// That nothing awaits acceptance beside `folder`.
#[must_use]
pub fn nothing_awaits(folder: &Path) -> Error {
    Error::input(format!("nothing awaits acceptance: there is no `{}`", pending(folder).display()))
        .help("`equipoise baseline check RESULTS --baseline DIR` puts a run's numbers there when they differ")
}

/// Whether something awaits acceptance, whole or damaged.
#[must_use]
pub fn awaits(folder: &Path) -> bool {
    let pending = pending(folder);
    [VERDICT, SAMPLES, MANIFEST].iter().any(|name| pending.join(name).is_file())
}

/// Makes `new` the baseline in `folder`, writes down why, and clears what awaited acceptance.
///
/// # Errors
///
/// When a file cannot be written, or the history is damaged.
pub fn establish(folder: &Path, new: &Baseline, entry: &Entry) -> Result<()> {
    let mut lines: Vec<String> = history(folder)?.iter().map(Entry::line).collect::<Result<_>>()?;
    lines.push(entry.line()?);
    settle(folder)?;
    files::write_atomic(&folder.join(NEXT), &new.samples, None)?;
    files::write_atomic(&folder.join(HISTORY), format!("{}\n", lines.join("\n")).as_bytes(), None)?;
    // From here on the new one counts.
    files::write_atomic(&folder.join(MANIFEST), new.manifest.text()?.as_bytes(), None)?;
    settle(folder)?;
    withdraw(folder)
}

/// Brings the samples of an acceptance that counts to their place.
fn settle(folder: &Path) -> Result<()> {
    let next = folder.join(NEXT);
    if !next.is_file() {
        return Ok(());
    }
    let place = folder.join(MANIFEST);
    if place.is_file() {
        let bytes = files::read(&next)?;
        if files::sha256(&bytes) == Manifest::parse(&files::read_text(&place)?)?.samples {
            files::write_atomic(&folder.join(SAMPLES), &bytes, None)?;
        }
    }
    files::remove(&next)
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

/// Every acceptance of the baseline in `folder`, oldest first; without one that was interrupted before it counted.
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
    let context = |error: Error| error.context(format!("cannot read `{}`", path.display()));
    let mut entries: Vec<Entry> = parsed.collect::<Result<_>>().map_err(context)?;
    if folder.join(NEXT).is_file() {
        let place = folder.join(MANIFEST);
        let manifest =
            if place.is_file() { Some(Manifest::parse(&files::read_text(&place)?)?) } else { None };
        let counts = |entry: &Entry| manifest.as_ref().is_some_and(|manifest| entry.is_of(manifest));
        // Samples are there before their line is: the last one may be of the acceptance before.
        if entries.last().is_some_and(|entry| !counts(entry)) {
            entries.pop();
        }
    }
    Ok(entries)
}
