//! Doing: cells to evidence, evidence to a report, in a store that survives anything.

mod ancestry;
pub mod attack;
pub mod baseline;
mod certification;
mod checked;
mod confidence;
mod choosing;
mod details;
mod crosscheck;
mod encoding;
mod events;
mod evidence_files;
mod explanation;
mod gathering;
pub mod history;
pub mod import;
mod judge;
mod ledger;
mod machine;
mod pipeline;
mod present;
mod record;
pub mod selftest;
mod sensitivity;
mod shifting;
mod side;
mod store;
mod sweep;
mod twins;
mod workers;

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::{self, Dataset, Rows, UNCONSTRAINED};
use crate::error::{Error, Kind, Result};
use crate::experiment::{self, Cell, Experiment, Loaded, Plan};
use crate::files;
use crate::models;

pub use certification::CertifiedShare;
pub use checked::Checked;
pub use choosing::{Asked, Cells, Recommendation};
pub use confidence::{Confidence, ConfidenceBin, Risk};
pub use crosscheck::cross_check;
pub use details::{Abstention, Ending, Standing, Temperature};
pub use events::{Event, Observer, Silent};
pub use judge::Judgement;
pub use sensitivity::Sensitivity;
pub use side::resolve;
pub use store::{Claim, Store};
pub use sweep::DataRecord;
use sweep::Sweep;

/// How to run; none of it changes a result.
pub struct Options<'a> {
    /// The results folder.
    pub out: &'a Path,
    /// Where fetched data sets lie.
    pub datasets: &'a Path,
    /// Cells at once; `None`: as many as there are cores.
    pub jobs: Option<usize>,
    /// Only this part of the cells.
    pub shard: Option<Shard>,
    /// Whoever wants to know.
    pub observer: &'a dyn Observer,
    /// Set from outside to stop soon.
    pub cancel: &'a AtomicBool,
}

/// Part `index` (from 1) of `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub index: u64,
    /// How many parts.
    pub count: u64,
}

impl Shard {
    /// Whether a cell belongs to this part: by its id, so that adding cells moves no other; where cells start from one another,
    /// by that of their chain, so that no part waits for another: what two chains have in common, two parts may both make.
    fn holds(self, cell: &Cell) -> bool {
        let id = cell.chain.as_ref().unwrap_or(&cell.run);
        let number = u64::from_str_radix(id, 16).expect("a run id is hexadecimal");
        number % self.count == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || {
            Error::input(format!("`{text}` is not a shard"))
                .help("write i/N with 1 ≤ i ≤ N, as in `--shard 1/4`")
        };
        let (index, count) = text.split_once('/').ok_or_else(bad)?;
        let shard =
            Self { index: index.parse().map_err(|_| bad())?, count: count.parse().map_err(|_| bad())? };
        if shard.index < 1 || shard.index > shard.count { Err(bad()) } else { Ok(shard) }
    }
}

/// Whether a cell's results are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All are there.
    Cached,
    /// Its training or its evaluation failed, and would fail again.
    Failed,
    /// Some or all are missing.
    ToRun,
}

impl State {
    /// The word shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Failed => "failed",
            Self::ToRun => "to run",
        }
    }
}

/// Everything needed to work on the cells of an experiment.
struct Prepared {
    /// The experiment, fitted to the data.
    loaded: Loaded,
    dataset: Dataset,
    /// Rows without a class, by the name of their set.
    unfamiliar: BTreeMap<String, Rows>,
    /// Rows of other tables, by name.
    tables: BTreeMap<String, Rows>,
    /// Corrupted test rows, for all models.
    shifted: shifting::Shifted,
    /// One per variant, where weights are imported.
    weights: Vec<Option<Vec<u8>>>,
    plan: Plan,
}

/// Loads the data, checks the experiment against it, and plans.
fn prepare(loaded: &Loaded, folder: &Path) -> Result<Prepared> {
    let whole = &loaded.experiment;
    let dataset = data::load(&whole.data, &whole.split, folder)
        .map_err(|error| error.context(format!("cannot load the data of `{}`", loaded.path.display())))?;
    let mut weights = Vec::new();
    for variant in &loaded.variants {
        experiment::check::with_data(loaded, &variant.experiment, &dataset)
            .map_err(|error| error.context(format!("cannot run `{}`", loaded.path.display())))?;
        let experiment = &variant.experiment;
        let read = |path: &Path| {
            let bytes = files::read(path)?;
            let architecture = experiment.model.architecture(dataset.shape, dataset.classes.len())?;
            models::weights::from_safetensors(&bytes, &architecture)
                .map_err(|error| error.context(format!("cannot use the weights in `{}`", path.display())))?;
            Ok(bytes)
        };
        weights.push(experiment.model.weights().map(read).transpose()?);
    }
    experiment::gated_with_data(loaded, &dataset)
        .map_err(|error| error.context(format!("cannot run `{}`", loaded.path.display())))?;
    let hashes: Vec<Option<String>> =
        weights.iter().map(|bytes| bytes.as_deref().map(files::sha256)).collect();
    let tables = shifting::tables(loaded, folder)
        .map_err(|error| error.context(format!("cannot run `{}`", loaded.path.display())))?;
    let contents = tables.iter().map(|(name, (_, hash))| (name.clone(), hash.clone())).collect();
    let tables = tables.into_iter().map(|(name, (rows, _))| (name, rows)).collect();
    let loaded = loaded.fitted(&dataset, &contents);
    let plan = experiment::plan(&loaded, &dataset.fingerprint, &hashes)?;
    let unfamiliar = shifting::unfamiliar(&loaded.experiment, &dataset, folder)
        .map_err(|error| error.context(format!("cannot run `{}`", loaded.path.display())))?;
    let shifted = shifting::Shifted::default();
    Ok(Prepared { loaded, dataset, unfamiliar, tables, shifted, weights, plan })
}

/// The cells of an experiment and whether their results are in `out`.
///
/// # Errors
///
/// As [`run`], before anything is trained.
pub fn survey(loaded: &Loaded, folder: &Path, out: &Path) -> Result<Vec<(Cell, State)>> {
    let prepared = prepare(loaded, folder)?;
    prepared
        .plan
        .cells
        .iter()
        .map(|cell| {
            let state = match pipeline::state(out, &prepared.loaded, &prepared.dataset, cell)? {
                // What cannot be read is made anew.
                State::Cached if !pipeline::damaged(out, &prepared, cell)?.is_empty() => State::ToRun,
                state => state,
            };
            Ok((cell.clone(), state))
        })
        .collect()
}

/// Does what is missing of the experiment's cells.
///
/// # Errors
///
/// [`Kind::Input`] for what is refused before training; [`Kind::Incomplete`] when interrupted. Cells whose training
/// diverges are no error here: they are recorded, and listed by [`Found::failed`].
pub fn run(loaded: &Loaded, options: &Options<'_>) -> Result<Results> {
    let started = std::time::Instant::now();
    let prepared = prepare(loaded, options.datasets)?;
    let loaded = &prepared.loaded;
    let whole = &loaded.experiment;
    let store = Store::open(options.out)?;
    let sweep = Sweep::new(loaded, &prepared.dataset, options.datasets, &prepared.plan)?;
    let description = sweep.to_bytes()?;
    let before = if store.has(sweep::FILE) { Some(store.read(sweep::FILE)?) } else { None };
    if before.is_some() && Sweep::read(&store).is_ok_and(|sweep| sweep.experiment.imported.is_some()) {
        return Err(Error::input(format!(
            "`{}` holds imported results, among which nothing is trained",
            store.root().display()
        ))
        .help("choose another folder with --out; `equipoise report` judges imported results"));
    }
    if before.as_ref() != Some(&description) {
        if before.is_some() {
            options.observer.notice(&Event::OtherSettings(store.root()));
        }
        store.write(sweep::FILE, &description)?;
    }
    pipeline::write_facts(&store, &prepared.dataset, options.observer)?;
    tell_of_broken_relations(whole, &prepared.dataset, options);
    let cells = &prepared.plan.cells;
    let mine: Vec<&Cell> =
        cells.iter().filter(|cell| options.shard.is_none_or(|shard| shard.holds(cell))).collect();
    let mut waiting = Vec::new();
    clear_damage(&store, &prepared, &mine, options.observer)?;
    for &cell in &mine {
        if pipeline::state(store.root(), loaded, &prepared.dataset, cell)? == State::ToRun {
            waiting.push(cell);
        }
    }
    options.observer.notice(&Event::Planned { cells: mine.len(), cached: mine.len() - waiting.len() });
    let jobs = options.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let work = pipeline::Work { loaded, prepared: &prepared, store: &store, options };
    let trained = workers::all(&work, &waiting, jobs)?;
    twins::all(&work)?;
    if trained > 0 {
        store.write("run.json", &workers::run_record(&work, trained, jobs, started.elapsed()))?;
    }
    if options.cancel.load(Ordering::SeqCst) {
        let done = mine.len() - waiting.len() + trained;
        return Err(Error::new(
            Kind::Incomplete,
            format!("interrupted: {done} of {} cells are done", mine.len()),
        )
        .help("run the same command again to go on; `equipoise report` shows what is there"));
    }
    Ok(Results { store, sweep })
}

/// Removes evidence that cannot be read, so that it is missing and made anew, and says so.
fn clear_damage(store: &Store, prepared: &Prepared, cells: &[&Cell], observer: &dyn Observer) -> Result<()> {
    let mut found = BTreeMap::new();
    for cell in cells {
        found.extend(pipeline::damaged(store.root(), prepared, cell)?);
    }
    for (file, what) in found {
        observer.notice(&Event::Damaged(&store.root().join(&file), &what));
        store.remove(&file)?;
    }
    Ok(())
}

/// A relation that clean rows break is told of where relations matter: it may be wrong.
fn tell_of_broken_relations(experiment: &Experiment, dataset: &Dataset, options: &Options<'_>) {
    if experiment.threat.model.as_deref().is_none_or(|name| name == UNCONSTRAINED) {
        return;
    }
    let rows = &dataset.test;
    let counts = dataset.rules.broken(&dataset.features, (0..rows.len()).map(|row| rows.row(row)));
    for (rule, count) in dataset.rules.relations.iter().zip(counts).filter(|(_, count)| *count > 0) {
        options.observer.notice(&Event::Broken(&rule.text, count, rows.len()));
    }
}

/// A results folder, to be judged and reported on.
#[derive(Debug)]
pub struct Results {
    store: Store,
    sweep: Sweep,
}

impl Results {
    /// Whether `folder` holds results, of whatever version.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(sweep::FILE).is_file()
    }

    /// Opens a folder that [`run`] made, whole or not. It need not be writable, unless something is to be published in it.
    ///
    /// # Errors
    ///
    /// When it is no results folder, or its description is damaged.
    pub fn open(folder: &Path) -> Result<Self> {
        if !Self::is_in(folder) {
            return Err(Error::input(format!(
                "`{}` is no results folder: it has no {}",
                folder.display(),
                sweep::FILE
            ))
            .help("name a folder that `equipoise run` made, such as results/quick"));
        }
        let store = Store::open_to_read(folder);
        let sweep = Sweep::read(&store)?;
        Ok(Self { store, sweep })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.store.root()
    }

    /// Cells of the whole plan.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.sweep.cells.len()
    }

    /// Publishes `relative` in the folder.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, relative: &str, bytes: &[u8]) -> Result<()> {
        self.store.write(relative, bytes)
    }

    /// What is there by now, to be looked at as it is at this moment.
    ///
    /// # Errors
    ///
    /// When a cell's record is damaged.
    pub fn look(&self) -> Result<Found<'_>> {
        Ok(Found { results: self, cells: present::present(&self.store, &self.sweep)? })
    }
}

/// The cells of a results folder that are done.
pub struct Found<'a> {
    results: &'a Results,
    cells: Vec<present::Present<'a>>,
}

impl Found<'_> {
    /// Cells that are done, the failed ones included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.cells.len()
    }

    /// (cell, reason) of those that failed.
    #[must_use]
    pub fn failed(&self) -> Vec<(String, String)> {
        let failed = self.cells.iter();
        failed.filter_map(|present| Some((present.cell.name(), present.failure()?.to_owned()))).collect()
    }

    /// Names everything that a report of these cells depends on.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn digest(&self) -> Result<String> {
        ledger::inputs(&self.results.store, &self.results.sweep, &self.cells)
    }

    /// Judges them.
    ///
    /// # Errors
    ///
    /// When none is done, all failed, or a file is damaged.
    pub fn judge(&self) -> Result<Judgement> {
        self.some_cell()?;
        judge::judge(&self.results.store, &self.results.sweep, &self.cells)
    }

    fn some_cell(&self) -> Result<()> {
        if self.cells.is_empty() {
            return Err(Error::input(format!(
                "`{}` holds no finished cell",
                self.results.folder().display()
            ))
            .help("run the experiment first: `equipoise run`"));
        }
        Ok(())
    }

    /// Chooses a configuration among them.
    ///
    /// # Errors
    ///
    /// When none is done or all failed, when `asked` names a number that is not measured or cannot be as required, or a file is damaged.
    pub fn choose(&self, asked: &Asked) -> Result<Recommendation> {
        self.some_cell()?;
        choosing::choose(&self.results.store, &self.results.sweep, &self.cells, asked)
    }

    /// The files of a report made of the same `digest` before, if all are still as they were written.
    ///
    /// # Errors
    ///
    /// When `wanted`, a file of that report, cannot be read.
    pub fn made_before(&self, digest: &str, wanted: &[&str]) -> Result<Option<Vec<Vec<u8>>>> {
        let store = &self.results.store;
        if !ledger::is_current(store, digest) {
            return Ok(None);
        }
        wanted.iter().map(|file| store.read(file)).collect::<Result<_>>().map(Some)
    }

    /// Publishes the files (path, content) of a report made of `digest`; returns those of an earlier report that are removed, since this one has no such.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    pub fn publish(&self, digest: String, outputs: &[(String, Vec<u8>)]) -> Result<Vec<String>> {
        ledger::publish(&self.results.store, digest, outputs)
    }
}
