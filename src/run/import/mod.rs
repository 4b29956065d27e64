//! Models that were made and attacked elsewhere: what somebody states of them becomes evidence in a results folder like any other.
//!
//! A folder holds `import.json` (`schema.json` beside this file describes it) and the arrays it names. Everything is read and checked before
//! anything is written; then it is read once more, model by model, so that no more than one model is in memory.

mod arrays;
mod attacks;
mod description;
mod facts;
mod model;
mod place;
pub mod robustbench;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use self::description::Description;
use self::model::Stated;
use self::place::Place;
use super::evidence_files::EvidenceFiles;
use super::record::{self, CellRecord};
use super::sweep::{self, DataRecord, Sweep, facts_file};
use super::{Store, encoding};
use crate::error::{Error, Result};
use crate::evidence::{Evidence, Split, SplitFacts};
use crate::experiment::{Cell, Experiment, Imported, Origin};
use crate::files;
use crate::metrics;
use crate::pareto::Objective;
use crate::training::defenses;

/// The JSON schema of `import.json`.
pub const SCHEMA_FILE: &str = include_str!("schema.json");

/// The description's name in its folder.
const FILE: &str = "import.json";

/// Of so many models the first problem is told; the rest is likely the same.
const PROBLEMS: usize = 10;

/// Fewer resamples than this give intervals that jump from run to run.
const FEWEST_RESAMPLES: usize = 100;

/// The SHA-256 of what is stated of a model, and what that is, split by split.
type Cited = (String, Vec<(Split, Stated)>);

/// A folder that was read and found to be in order.
#[derive(Debug)]
pub struct Import {
    folder: PathBuf,
    description: Description,
    experiment: Experiment,
    facts: BTreeMap<Split, Arc<SplitFacts>>,
    /// By cell: where it stands, and the SHA-256 of what is stated of it.
    cells: Vec<(Place, String)>,
}

impl Import {
    /// Reads and checks the folder (or the `import.json` in it) at `path`.
    ///
    /// # Errors
    ///
    /// What is wrong, where, and what to do: of several files each its first problem, up to ten.
    pub fn read(path: &Path) -> std::result::Result<Self, Vec<Error>> {
        let context = |error: Error| error.context(format!("cannot import `{}`", path.display()));
        let mut problems = Vec::new();
        match Self::new(path, &mut problems) {
            Ok(import) if problems.is_empty() => return Ok(import),
            Ok(_) => {}
            Err(error) => problems.push(error),
        }
        problems.truncate(PROBLEMS);
        Err(problems.into_iter().map(context).collect())
    }

    fn new(path: &Path, problems: &mut Vec<Error>) -> Result<Self> {
        let file = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
        let folder = file.parent().map_or_else(PathBuf::new, Path::to_owned);
        let text = files::read_text(&file).map_err(|error| {
            error.help(format!(
                "name a folder with `{FILE}`; `equipoise import --schema` prints what it holds"
            ))
        })?;
        let within = |error: Error| error.context(format!("`{}`", file.display()));
        let description = Description::parse(&text).map_err(within)?;
        let imported = description.imported();
        let threat = description.threat(&imported).map_err(within)?;
        description.validation().map_err(within)?;
        let mut facts = BTreeMap::new();
        for (split, file) in description.facts_files() {
            match facts::read(&description.data, split, &folder.join(file)) {
                Ok(read) => {
                    facts.insert(split, Arc::new(read));
                }
                // What models say of these rows cannot be read; of the others it can.
                Err(error) => problems.push(error),
            }
        }
        let places = description.places()?;
        let mut import = Self {
            folder,
            experiment: experiment(&description, &imported, threat)?,
            description,
            facts,
            cells: Vec::new(),
        };
        let mut remarks = Vec::new();
        let mut first: Option<Stated> = None;
        for (index, place) in places.into_iter().enumerate() {
            match import.cell(index, &imported) {
                Ok((sha256, stated)) => {
                    let seed = import.description.cells[index].seed;
                    for (_, stated) in &stated {
                        remarks.extend(stated.remarks.iter().map(|text| (place.name(seed), text.clone())));
                    }
                    first = first.or_else(|| {
                        stated.into_iter().find(|(split, _)| *split == Split::Test).map(|(_, s)| s)
                    });
                    import.cells.push((place, sha256));
                }
                Err(found) => {
                    let seed = import.description.cells[index].seed;
                    problems.extend(found.into_iter().map(|error| error.context(place.name(seed))));
                }
            }
            if problems.len() >= PROBLEMS {
                break;
            }
        }
        match first {
            Some(first) => import.objectives(first, &imported).map_err(within)?,
            None if problems.is_empty() => {
                return Err(within(Error::input("every model failed, so there is nothing to judge")));
            }
            None => {}
        }
        if let Some(kept) = &mut import.experiment.imported {
            kept.remarks = told(&remarks);
            kept.remarks.extend(twice(&import.cells, &import.description));
        }
        Ok(import)
    }

    /// What is stated of cell number `index`, split by split, and its SHA-256; else the first problem of each of its files.
    fn cell(&self, index: usize, imported: &Imported) -> Result<Cited, Vec<Error>> {
        let stated = &self.description.cells[index];
        let mut all = Vec::new();
        let mut content = Vec::new();
        let mut problems = Vec::new();
        for (split, file) in [(Split::Validation, &stated.validation), (Split::Test, &stated.test)] {
            if let (Some(file), Some(facts)) = (file, self.facts.get(&split)) {
                let read = Stated::read(&self.folder.join(file), facts, imported);
                match read.and_then(|one| Ok((one.encode()?, one))) {
                    Ok((encoded, one)) => {
                        content.extend(encoded.iter().map(|bytes| files::sha256(bytes)));
                        all.push((split, one));
                    }
                    Err(error) => problems.push(error),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if let Some(reason) = &stated.failed {
            content.push(reason.clone());
        }
        Ok((files::sha256(content.join("\n").as_bytes()), all))
    }

    /// The front's axes are measured here and have a better side.
    fn objectives(&self, first: Stated, imported: &Imported) -> Result<()> {
        let front = &self.experiment.front;
        let about = |error: Error| error.context("`front`");
        if front.objectives.len() < 2 {
            return Err(about(Error::input(format!(
                "a front needs at least 2 objectives, got {}",
                front.objectives.len()
            ))));
        }
        if front.resamples < FEWEST_RESAMPLES {
            return Err(about(Error::input(format!(
                "`resamples` must be at least {FEWEST_RESAMPLES}, got {}",
                front.resamples
            ))));
        }
        let facts = (*self.facts[&Split::Test]).clone().with_intersections()?;
        let evidence = first.into_evidence(Arc::new(facts));
        let keys: Vec<_> = metrics::tasks(&evidence).into_iter().map(|task| task.key).collect();
        let threat = &self.experiment.threat;
        for name in &front.objectives {
            let primary = (threat.norm, threat.epsilon);
            let key = metrics::resolve(name, &keys, Some(primary)).map_err(|error| {
                if imported.attacks.is_empty() && name.starts_with("robust_") {
                    error.help("nothing was attacked: list other metrics in \"objectives\" of \"front\", such as \"worst_class_accuracy\" and \"accuracy\"")
                } else {
                    error
                }
            });
            let axis = Objective::of(&key.map_err(about)?).map_err(about)?;
            if !(axis.reference.is_finite() && axis.ideal.is_finite()) {
                return Err(about(Error::input(format!(
                    "`{name}` cannot be an objective: it has no worst or no best value"
                ))));
            }
        }
        Ok(())
    }

    /// What a reader should know of the numbers, whole sentences.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        self.experiment.imported.as_ref().map_or(&[], |imported| &imported.remarks)
    }

    /// Names the results.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.experiment.name
    }

    /// Models, those that failed included.
    #[must_use]
    pub fn models(&self) -> usize {
        self.cells.len()
    }

    /// Models that failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.description.cells.iter().filter(|cell| cell.failed.is_some()).count()
    }

    /// Rows of `split`.
    #[must_use]
    pub fn rows(&self, split: Split) -> usize {
        self.facts.get(&split).map_or(0, |facts| facts.len())
    }

    /// Writes all of it into the results folder `out`. Again into the same folder: nothing changes.
    ///
    /// # Errors
    ///
    /// When `out` holds other results or cannot be written, or the arrays have changed since they were read.
    pub fn write(&self, out: &Path) -> Result<()> {
        let store = Store::open(out)?;
        let encoded: BTreeMap<Split, Vec<u8>> = self
            .facts
            .iter()
            .map(|(split, facts)| Ok((*split, encoding::encode_facts(facts)?)))
            .collect::<Result<_>>()?;
        let hashes: Vec<String> = encoded.values().map(|bytes| files::sha256(bytes)).collect();
        let fingerprint = files::sha256(hashes.join("\n").as_bytes());
        let mut cells: Vec<(usize, Cell)> = Vec::new();
        for (index, (place, sha256)) in self.cells.iter().enumerate() {
            cells.push((index, self.planned(index, place, sha256, &fingerprint)));
        }
        cells.sort_by_key(|(_, cell)| cell.seed);
        let planned = cells.iter().map(|(_, cell)| cell.clone()).collect();
        let sweep = Sweep::imported(self.experiment.clone(), self.data(&fingerprint), planned);
        let bytes = sweep.to_bytes()?;
        if store.has(sweep::FILE) && store.read(sweep::FILE)? != bytes {
            return Err(Error::input(format!("`{}` holds other results", out.display()))
                .help("choose another folder with --out, or remove that one"));
        }
        for (split, bytes) in &encoded {
            store.write(&facts_file(&fingerprint, *split), bytes)?;
        }
        let imported = self.description.imported();
        for (index, cell) in &cells {
            let (sha256, stated) = self.cell(*index, &imported).map_err(|mut found| found.swap_remove(0))?;
            if sha256 != self.cells[*index].1 {
                return Err(Error::input(format!(
                    "the arrays of {} change while they are read",
                    cell.name()
                ))
                .help("import again when they are written"));
            }
            for (split, one) in stated {
                let files = EvidenceFiles::new(&self.experiment, &cell.run, cell.seed, 0, split, false)?;
                let [clean, evasion] = one.encode()?;
                store.write(&files.clean, &clean)?;
                store.write(&files.evasion, &evasion)?;
                if let Some(file) = &files.checks {
                    store.write(file, &encoding::encode_checks(&[])?)?;
                }
            }
            let failure = self.description.cells[*index].failed.clone();
            record::write(&store, &cell.run, &CellRecord::imported(cell.settings.clone(), failure))?;
        }
        store.write(sweep::FILE, &bytes)
    }

    fn planned(&self, index: usize, place: &Place, sha256: &str, fingerprint: &str) -> Cell {
        let stated = &self.description.cells[index];
        let mut settings = json!({ "imported": sha256, "data": fingerprint, "seed": stated.seed });
        if let Some(weights) = &stated.model_sha256 {
            settings["model"] = json!(weights);
        }
        if stated.failed.is_some() {
            // Nothing else tells two failures apart.
            settings["coordinates"] = json!(place.coordinates);
        }
        Cell {
            variant: 0,
            defense: place.defense.clone(),
            method: defenses::Spec::None {},
            strength: place.strength,
            seed: stated.seed,
            coordinates: place.coordinates.clone(),
            run: files::sha256(settings.to_string().as_bytes())[..16].to_owned(),
            settings,
            origin: Origin::Imported { sha256: sha256.to_owned() },
            chain: None,
        }
    }

    fn data(&self, fingerprint: &str) -> DataRecord {
        let data = &self.description.data;
        DataRecord {
            name: data.name.clone(),
            fingerprint: fingerprint.to_owned(),
            description: data.description.clone(),
            citation: data.citation.clone(),
            license: data.license.clone(),
            classes: data.classes.clone(),
            attributes: data.attributes.iter().map(|one| (one.name.clone(), one.groups.clone())).collect(),
            features: 0,
            mutable: 0,
            train: data.train_rows,
            validation: self.rows(Split::Validation),
            test: self.rows(Split::Test),
        }
    }
}

/// What stands in the place of a configuration.
fn experiment(
    description: &Description,
    imported: &Imported,
    (norm, epsilon): (crate::measure::Norm, f64),
) -> Result<Experiment> {
    let curve: Vec<f64> = imported
        .radii()
        .into_iter()
        .filter(|(other, radius)| *other == norm && radius.to_bits() != epsilon.to_bits())
        .map(|(_, radius)| radius)
        .collect();
    let mut front = json!({});
    if let Some(objectives) = &description.front.objectives {
        front["objectives"] = json!(objectives);
    }
    if let Some(resamples) = description.front.resamples {
        front["resamples"] = json!(resamples);
    }
    let mut seeds: Vec<u64> = description.cells.iter().map(|cell| cell.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    // All other settings are those of a configuration that does not name them.
    let settings = json!({
        "name": description.name,
        "question": description.question,
        "seeds": seeds,
        "data": { "kind": "imported", "name": description.data.name },
        "model": { "kind": "imported" },
        "training": { "kind": "none" },
        "threat": { "norm": norm, "epsilon": epsilon, "curve": curve },
        "front": front,
        "imported": imported,
    });
    serde_json::from_value(settings).map_err(|error| Error::input(error.to_string()))
}

/// The first remark of each kind with how many models it concerns.
fn told(remarks: &[(String, String)]) -> Vec<String> {
    let mut models: Vec<&str> = remarks.iter().map(|(cell, _)| cell.as_str()).collect();
    models.dedup();
    let Some((cell, text)) = remarks.first() else { return Vec::new() };
    let others = match models.len() {
        1 => String::new(),
        n => format!(" (and something like it of {} more models)", n - 1),
    };
    vec![format!("Of {cell}: {text}{others}.")]
}

/// Models of which the same is stated.
fn twice(cells: &[(Place, String)], description: &Description) -> Option<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (index, (_, sha256)) in cells.iter().enumerate() {
        if description.cells[index].failed.is_some() {
            continue;
        }
        if let Some(first) = seen.get(sha256.as_str()) {
            pairs.push((*first, index));
        } else {
            seen.insert(sha256, index);
        }
    }
    let (first, second) = pairs.first()?;
    let name = |index: usize| cells[index].0.name(description.cells[index].seed);
    let others = match pairs.len() {
        1 => String::new(),
        n => format!(" (and {} more pairs)", n - 1),
    };
    Some(format!(
        "Of {} and {} exactly the same is stated{others}: if that is one model twice, seeds vary less than they should.",
        name(*first),
        name(*second)
    ))
}

impl Stated {
    fn into_evidence(self, facts: Arc<SplitFacts>) -> Evidence {
        let Self { clean, evasion, probabilities, .. } = self;
        Evidence { probabilities, evasion, ..Evidence::of(facts, clean) }
    }
}
