//! One cell: train, store the weights, let the probes interrogate the models, store each piece of evidence.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::ancestry::{self, Ancestor};
use super::events::{Event, Observer};
use super::evidence_files::EvidenceFiles;
use super::record::{self, CellRecord, weights_file};
use super::sweep::facts_file;
use super::{Options, Prepared, State, Store};
use super::{certification, encoding, explanation, shifting, twins};
use crate::data::Dataset;
use crate::error::{Kind, Result};
use crate::evidence::{Outputs, Split};
use crate::experiment::{Candidate, Cell, Experiment, Loaded, Origin};
use crate::files;
use crate::models::{self, Architecture, Network, Parameters};
use crate::probes::{self, checks};
use crate::seed::Seed;
use crate::training;

/// The splits that evidence is gathered on.
pub(super) const SPLITS: [Split; 2] = [Split::Validation, Split::Test];

/// What every worker needs.
pub(super) struct Work<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) prepared: &'a Prepared,
    pub(super) store: &'a Store,
    pub(super) options: &'a Options<'a>,
}

impl Work<'_> {
    pub(super) fn is_cancelled(&self) -> bool {
        self.options.cancel.load(Ordering::SeqCst)
    }
}

/// How a cell ended.
pub(super) enum Ended {
    Done,
    Failed(String),
}

/// Whether everything about the cell is there.
pub(super) fn state(root: &Path, loaded: &Loaded, dataset: &Dataset, cell: &Cell) -> Result<State> {
    let Some(record) = record::of(root, &cell.run)? else { return Ok(State::ToRun) };
    if record.failure.is_some() {
        return Ok(State::Failed);
    }
    let experiment = &loaded.variants[cell.variant].experiment;
    let chooses = loaded.chooses();
    for (split, epoch) in wanted(experiment, dataset, &record) {
        let files = EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, split, chooses)?;
        if files.all().any(|file| !root.join(file).is_file()) {
            return Ok(State::ToRun);
        }
    }
    Ok(State::Cached)
}

/// (file, what is wrong with it) of the cell's evidence that is there and cannot be read, on whatever split and of whatever epoch.
pub(super) fn damaged(root: &Path, prepared: &Prepared, cell: &Cell) -> Result<Vec<(String, String)>> {
    let Some(record) = record::of(root, &cell.run)? else { return Ok(Vec::new()) };
    let experiment = &prepared.loaded.variants[cell.variant].experiment;
    let chooses = prepared.loaded.chooses();
    let twin = twins::twin(cell, &prepared.plan.cells);
    let mut found = Vec::new();
    for (split, epoch) in wanted(experiment, &prepared.dataset, &record) {
        let files = EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, split, chooses)?;
        let twin = twin.filter(|_| split == Split::Test);
        let transfer = twin.map(|twin| twins::file(experiment, cell, epoch, twin)).transpose()?;
        for file in files.all().chain(&transfer) {
            found.extend(damage(root, file)?.map(|what| (file.clone(), what)));
        }
    }
    Ok(found)
}

/// What is wrong with a file of evidence; none where nothing is, or where it is not there.
pub(super) fn damage(root: &Path, file: &str) -> Result<Option<String>> {
    let path = root.join(file);
    if !path.is_file() {
        return Ok(None);
    }
    Ok(encoding::check(&files::read(&path)?).err().map(|error| error.chain().join(": ")))
}

/// Every (split, epoch) that evidence is wanted of; candidates that share an epoch share their evidence.
fn wanted(experiment: &Experiment, dataset: &Dataset, record: &CellRecord) -> Vec<(Split, usize)> {
    let mut epochs: Vec<usize> =
        experiment.models().into_iter().filter_map(|which| record.epoch(which)).collect();
    epochs.sort_unstable();
    epochs.dedup();
    let splits = SPLITS.into_iter().filter(|split| !dataset.rows(*split).is_empty());
    splits.flat_map(|split| epochs.iter().map(move |&epoch| (split, epoch))).collect()
}

/// Stores the facts of the splits that evidence is gathered on, where they are missing or damaged.
pub(super) fn write_facts(store: &Store, dataset: &Dataset, observer: &dyn Observer) -> Result<()> {
    for split in SPLITS.into_iter().filter(|split| !dataset.rows(*split).is_empty()) {
        let file = facts_file(&dataset.fingerprint, split);
        let damage = damage(store.root(), &file)?;
        if let Some(what) = &damage {
            observer.notice(&Event::Damaged(&store.root().join(&file), what));
        }
        if damage.is_some() || !store.has(&file) {
            store.write(&file, &encoding::encode_facts(&dataset.rows(split).facts)?)?;
        }
    }
    Ok(())
}

/// Does what is missing of one cell.
pub(super) fn cell(work: &Work<'_>, cell: &Cell) -> Result<Ended> {
    let experiment = &work.loaded.variants[cell.variant].experiment;
    let dataset = &work.prepared.dataset;
    let mut record = match record::of(work.store.root(), &cell.run)? {
        Some(record) => record,
        None => train(work, cell, experiment, dataset)?,
    };
    if let Some(reason) = record.failure {
        return Ok(Ended::Failed(reason));
    }
    let mut interrogation = Interrogation { work, cell, experiment, dataset, network: None };
    let mut contradiction = None;
    for (split, epoch) in wanted(experiment, dataset, &record) {
        match interrogation.ask(split, epoch) {
            Ok(found) => contradiction = contradiction.or(found),
            // A model whose outputs or gradients are not finite cannot be judged: that is a result, and the others go on.
            Err(error) if error.kind() == Kind::Diverged => {
                let reason = error.context("evaluation").chain().join(": ");
                record.failure = Some(reason.clone());
                record::write(work.store, &cell.run, &record)?;
                return Ok(Ended::Failed(reason));
            }
            Err(error) => return Err(error),
        }
    }
    // Not recorded: the evidence tells it whenever it is read, and no longer once a certificate or an attack was mended.
    Ok(contradiction.map_or(Ended::Done, Ended::Failed))
}

fn train(work: &Work<'_>, cell: &Cell, experiment: &Experiment, dataset: &Dataset) -> Result<CellRecord> {
    let architecture = experiment.model.architecture(dataset.shape, dataset.classes.len())?;
    let mut record = CellRecord {
        schema: record::SCHEMA,
        settings: cell.settings.clone(),
        failure: None,
        candidates: Vec::new(),
        convergence: Vec::new(),
    };
    let mut ancestors = Vec::new();
    for parent in cell.origin.parents() {
        match ancestry::last_weights(work, experiment, parent)? {
            Ancestor::Weights(parameters) => ancestors.push(parameters),
            Ancestor::Failed(reason) => {
                record.failure = Some(reason);
                record::write(work.store, &cell.run, &record)?;
                return Ok(record);
            }
        }
    }
    let initial = match (&work.prepared.weights[cell.variant], &cell.origin, ancestors.as_slice()) {
        (_, Origin::Between { t, .. }, [a, b]) => {
            let mixed = Parameters::between(a, b, *t);
            record.candidates.push((Candidate::Last, 0));
            work.store.write(&weights_file(&cell.run, 0), &models::weights::to_safetensors(&mixed))?;
            record::write(work.store, &cell.run, &record)?;
            return Ok(record);
        }
        (_, Origin::Continued { .. }, [parent]) => parent.clone(),
        (Some(bytes), ..) => models::weights::from_safetensors(bytes, &architecture)?,
        (None, ..) => Parameters::init(&architecture, Seed(cell.seed)),
    };
    let job = training::Job {
        spec: &experiment.training,
        defense: &cell.method,
        strength: cell.strength,
        norm: experiment.threat.norm,
        data: dataset,
        initial,
        seed: Seed(cell.seed),
        selection: experiment
            .selection()
            .map(|epsilon| training::Selection { norm: experiment.threat.norm, epsilon }),
    };
    let mut network = models::build(experiment.engine.kind, &architecture, &job.initial)?;
    let go_on = |_| !work.is_cancelled();
    match training::train(&job, network.as_mut(), &go_on) {
        Ok(trained) => {
            record.convergence = trained.convergence;
            // `epoch` counts from 0; the record says how many epochs the weights were trained for.
            let mut keep = |which, epochs: usize, parameters: &Parameters| {
                record.candidates.push((which, epochs));
                work.store
                    .write(&weights_file(&cell.run, epochs), &models::weights::to_safetensors(parameters))
            };
            keep(Candidate::Last, record.convergence.len(), &trained.last)?;
            for (epoch, parameters) in &trained.checkpoints {
                let epochs = *epoch + 1;
                // The last epoch is kept already, under its own word.
                if epochs as usize != record.convergence.len() {
                    keep(Candidate::Epoch(epochs), epochs as usize, parameters)?;
                }
            }
            for (which, best) in
                [(Candidate::BestClean, &trained.best_clean), (Candidate::BestRobust, &trained.best_robust)]
            {
                if let Some((epoch, parameters)) = best {
                    keep(which, *epoch as usize + 1, parameters)?;
                }
            }
        }
        Err(error) if error.kind() == Kind::Diverged => record.failure = Some(error.chain().join(": ")),
        Err(error) => return Err(error),
    }
    record::write(work.store, &cell.run, &record)?;
    Ok(record)
}

/// The questions to one cell's models; the network is built when the first piece of evidence is missing.
struct Interrogation<'a> {
    work: &'a Work<'a>,
    cell: &'a Cell,
    experiment: &'a Experiment,
    dataset: &'a Dataset,
    network: Option<(usize, Box<dyn Network>)>,
}

impl Interrogation<'_> {
    /// Gathers what is missing. Then: why it cannot all be true, where that is so.
    fn ask(&mut self, split: Split, epoch: usize) -> Result<Option<String>> {
        let Self { work, cell, experiment, dataset, .. } = *self;
        let chooses = work.loaded.chooses();
        let files = EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, split, chooses)?;
        self.attack(split, epoch, &files)?;
        explanation::Subject { work, cell, experiment, dataset, epoch, files: &files }.explain()?;
        self.shift(epoch, &files)?;
        if files.certificates.is_empty() {
            return Ok(None);
        }
        certification::Subject { work, cell, experiment, dataset, split, epoch, files: &files }.certify()
    }

    fn attack(&mut self, split: Split, epoch: usize, files: &EvidenceFiles) -> Result<()> {
        let store = self.work.store;
        let rows = self.dataset.rows(split);
        let clean = if store.has(&files.clean) {
            read_clean(store, &files.clean)?
        } else {
            let outputs = probes::clean(self.network(epoch)?, rows)?;
            store.write(&files.clean, &encoding::encode_clean(&outputs)?)?;
            outputs
        };
        let unchecked = files.checks.as_ref().filter(|file| !store.has(file));
        if store.has(&files.evasion) && unchecked.is_none() {
            return Ok(());
        }
        let recipe = recipe(self.experiment, split);
        let work = self.work;
        let stop = || work.is_cancelled();
        let seed = Seed(self.cell.seed);
        let features = &self.dataset.features;
        let constraints = self.experiment.threat.constraints(self.dataset)?;
        let constraints = constraints.as_ref();
        // Points are not stored: where checks are missing alone, the attacks find them again.
        let keep = unchecked.map(|_| self.experiment.threat.epsilon);
        let network = self.network(epoch)?;
        let question = probes::Question {
            network,
            rows,
            clean: &clean,
            features,
            constraints,
            recipe: &recipe,
            seed,
            stop: &stop,
        };
        let (observed, points) = question.ask(keep)?;
        if !store.has(&files.evasion) {
            store.write(&files.evasion, &encoding::encode_evasion(&observed)?)?;
        }
        let Some(file) = unchecked else { return Ok(()) };
        let settings = &self.experiment.checks;
        let subject = checks::Subject {
            network: self.network(epoch)?,
            rows,
            features,
            constraints,
            clean: &clean,
            suite: &recipe.suite,
            norm: recipe.norm,
            epsilon: points.as_ref().map_or(0.0, |points| points.epsilon),
            facts: &observed,
            points: points.as_ref(),
            seed,
            settings,
            stop: &stop,
        };
        store.write(file, &encoding::encode_checks(&checks::examine(subject)?)?)
    }

    fn shift(&mut self, epoch: usize, files: &EvidenceFiles) -> Result<()> {
        let store = self.work.store;
        if files.shift.iter().all(|file| store.has(file)) {
            return Ok(());
        }
        let (work, experiment) = (self.work, self.experiment);
        shifting::ask(work, experiment, files, self.network(epoch)?)
    }

    fn network(&mut self, epoch: usize) -> Result<&mut dyn Network> {
        if self.network.as_ref().is_none_or(|(of, _)| *of != epoch) {
            self.network = Some((epoch, network(self.work, self.experiment, &self.cell.run, epoch)?));
        }
        Ok(self.network.as_mut().expect("built above").1.as_mut())
    }
}

/// The model of `run` after `epoch`, from its stored weights.
pub(super) fn network(
    work: &Work<'_>,
    experiment: &Experiment,
    run: &str,
    epoch: usize,
) -> Result<Box<dyn Network>> {
    let (architecture, parameters) = stored(work, experiment, run, epoch)?;
    models::build(experiment.engine.kind, &architecture, &parameters)
}

/// The stored weights of `run` after `epoch`.
pub(super) fn stored(
    work: &Work<'_>,
    experiment: &Experiment,
    run: &str,
    epoch: usize,
) -> Result<(Architecture, Parameters)> {
    let dataset = &work.prepared.dataset;
    let architecture = experiment.model.architecture(dataset.shape, dataset.classes.len())?;
    let file = weights_file(run, epoch);
    let parameters = work
        .store
        .read(&file)
        .and_then(|bytes| models::weights::from_safetensors(&bytes, &architecture))
        .map_err(|error| {
            error
                .context(format!("cannot use `{}`", work.store.root().join(&file).display()))
                .help("remove the cell's folder and run the experiment again: only this cell is made anew")
        })?;
    Ok((architecture, parameters))
}

/// How the rows of `split` are attacked.
pub(super) fn recipe(experiment: &Experiment, split: Split) -> probes::Recipe {
    probes::Recipe {
        norm: experiment.threat.norm,
        epsilons: experiment.threat.epsilons_on(split),
        suite: experiment.suite(),
    }
}

/// Clean outputs from the store.
pub(super) fn read_clean(store: &Store, file: &str) -> Result<Outputs> {
    read(store, file, encoding::decode_clean)
}

/// Reads and decodes a file of the store, with its name in every error.
pub(super) fn read<T>(store: &Store, file: &str, decode: fn(&[u8]) -> Result<T>) -> Result<T> {
    store
        .read(file)
        .and_then(|bytes| decode(&bytes))
        .map_err(|error| error.context(format!("cannot use `{}`", store.root().join(file).display())))
}
