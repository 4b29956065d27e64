//! Looking behind gains in an upper bound: a broken attack looks like an improvement.
//!
//! The candidate's attack runs on the baseline's weights, and what it finds there is tried on the candidate's models: rows of the baseline that stand
//! now and fell then show an attack that got weaker, and rows that only the baseline's points break an attack that is not up to the new models.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::evidence_files::EvidenceFiles;
use super::pipeline;
use super::present::Present;
use super::record;
use super::{Found, encoding};
use crate::attacks::outputs;
use crate::data::{self, Dataset, Rows};
use crate::error::{Error, Kind, Result};
use crate::evidence::{EvasionFacts, Outputs, Split, UNION};
use crate::experiment::{Candidate, Experiment};
use crate::gate::{CrossCheck, Subject};
use crate::measure::AttackKey;
use crate::models::{self, Network};
use crate::probes;
use crate::seed::Seed;

/// Looks behind the `gains`: position and subject of each. Both folders hold the weights; `datasets` is where fetched data lie.
///
/// # Errors
///
/// Where the data cannot be loaded or are other data, a file is missing or damaged, or the flag stops it.
pub fn cross_check(
    candidate: &Found<'_>,
    baseline: &Found<'_>,
    datasets: &Path,
    gains: &[(usize, Subject)],
    cancel: &AtomicBool,
) -> Result<Vec<CrossCheck>> {
    let experiment = candidate.experiment();
    let dataset = data::load(&experiment.data, &experiment.split, datasets)
        .map_err(|error| error.context("cannot load the data for the cross-check"))?;
    for side in [candidate, baseline] {
        if side.results.sweep.data.fingerprint != dataset.fingerprint {
            return Err(Error::input(format!(
                "`{}` was measured on other data than are there now: nothing can be cross-checked",
                side.results.folder().display()
            ))
            .help("name the folder of the data with --datasets"));
        }
    }
    let check = Check { candidate, baseline, dataset: &dataset, cancel };
    let mut known: BTreeMap<(String, String, String), Shares> = BTreeMap::new();
    let mut checks = Vec::new();
    for (endpoint, subject) in gains {
        let Subject::Number { point, key } = subject else { continue };
        let Some(attack) = &key.attack else { continue };
        let name = (point.clone(), attack.norm.word().to_owned(), attack.epsilon.clone());
        let before = known.get(&name).copied();
        let found = before.map_or_else(|| check.point(point, attack), Ok)?;
        known.insert(name, found);
        checks.push(CrossCheck {
            endpoint: *endpoint,
            weaker: found.weaker,
            transferred: found.transferred,
            fallen: found.fallen,
        });
    }
    Ok(checks)
}

/// Shares of test rows.
#[derive(Debug, Clone, Copy, Default)]
struct Shares {
    weaker: f64,
    transferred: f64,
    fallen: f64,
}

struct Check<'a> {
    candidate: &'a Found<'a>,
    baseline: &'a Found<'a>,
    dataset: &'a Dataset,
    cancel: &'a AtomicBool,
}

/// One model of one cell, with what its attacks left.
struct Model<'a> {
    experiment: &'a Experiment,
    network: Box<dyn Network>,
    clean: Outputs,
    facts: Vec<EvasionFacts>,
}

impl Check<'_> {
    /// Means over the seeds of a point.
    fn point(&self, point: &str, attack: &AttackKey) -> Result<Shares> {
        let mut sum = Shares::default();
        let mut seeds = 0;
        for present in &self.candidate.cells {
            let Some((name, candidate)) = meant(present, point, self.candidate.experiment()) else {
                continue;
            };
            let base = self.baseline.cells.iter().find(|other| {
                other.cell.seed == present.cell.seed
                    && meant(other, point, self.baseline.experiment()).is_some_and(|(other, _)| other == name)
            });
            let Some(base) = base else { continue };
            let found = self.pair(present, base, candidate, attack)?;
            sum.weaker += found.weaker;
            sum.transferred += found.transferred;
            sum.fallen += found.fallen;
            seeds += 1;
        }
        if seeds == 0 {
            return Err(Error::new(
                Kind::NotComparable,
                format!(
                    "`{}` has no cell of {point}: nothing can be cross-checked",
                    self.baseline.results.folder().display()
                ),
            )
            .help("--base-results names the results folder that the baseline was made of"));
        }
        let n = f64::from(seeds);
        Ok(Shares { weaker: sum.weaker / n, transferred: sum.transferred / n, fallen: sum.fallen / n })
    }

    fn pair(
        &self,
        now: &Present<'_>,
        before: &Present<'_>,
        which: Candidate,
        attack: &AttackKey,
    ) -> Result<Shares> {
        let rows = self.dataset.rows(Split::Test);
        let mut now = self.model(self.candidate, now, which)?;
        let mut base = self.model(self.baseline, before, which)?;
        let recipe = pipeline::recipe(now.experiment, Split::Test);
        let constraints = now.experiment.threat.constraints(self.dataset)?;
        let epsilon = attack.epsilon();
        let stop = || self.cancel.load(Ordering::SeqCst);
        let question = probes::Question {
            network: base.network.as_mut(),
            rows,
            clean: &base.clean,
            features: &self.dataset.features,
            constraints: constraints.as_ref(),
            recipe: &recipe,
            seed: Seed(before.cell.seed),
            stop: &stop,
        };
        let (again, points) = question.ask(Some(epsilon))?;
        let points = points.expect("points are kept at the radius that was named");
        let then = standing(&base.facts, attack)?;
        let today = standing(&again, attack)?;
        let own = standing(&now.facts, attack)?;
        let moved = Rows { x: points.x, ..rows.clone() };
        let said = outputs(now.network.as_mut(), &moved)?;
        let labels = &rows.facts.labels;
        let n = rows.len() as f64;
        let count = |flags: &mut dyn Iterator<Item = bool>| flags.filter(|flag| *flag).count() as f64;
        let transferred = count(
            &mut (0..rows.len())
                .map(|row| own[row] && points.fell[row] && said.predictions[row] != labels[row]),
        );
        Ok(Shares {
            weaker: (count(&mut today.iter().copied()) - count(&mut then.iter().copied())) / n,
            transferred: transferred / n,
            fallen: count(&mut points.fell.iter().copied()) / n,
        })
    }

    fn model<'a>(&self, found: &'a Found<'_>, present: &Present<'_>, which: Candidate) -> Result<Model<'a>> {
        let sweep = &found.results.sweep;
        let store = &found.results.store;
        let experiment = &sweep.variants[present.cell.variant];
        let cell = present.cell;
        let epoch = present
            .record
            .epoch(which)
            .ok_or_else(|| Error::internal(format!("{} has no model `{}`", cell.name(), which.word())))?;
        let files =
            EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, Split::Test, sweep.chooses())?;
        let architecture = experiment.model.architecture(self.dataset.shape, self.dataset.classes.len())?;
        let file = record::weights_file(&cell.run, epoch);
        let parameters = store
            .read(&file)
            .and_then(|bytes| models::weights::from_safetensors(&bytes, &architecture))
            .map_err(|error| error.context(format!("cannot use `{}`", store.root().join(&file).display())))?;
        Ok(Model {
            experiment,
            network: models::build(experiment.engine.kind, &architecture, &parameters)?,
            clean: pipeline::read_clean(store, &files.clean)?,
            facts: pipeline::read(store, &files.evasion, encoding::decode_evasion)?,
        })
    }
}

/// The cell's point and model, where the label `point` means one of its models.
fn meant(present: &Present<'_>, point: &str, experiment: &Experiment) -> Option<(String, Candidate)> {
    let parts = present.cell.coordinates.iter().map(|(key, value)| format!("{key}={value}"));
    let name = parts.collect::<Vec<_>>().join(",");
    let front = experiment.front.models[0];
    let labeled = |(which, _): &(Candidate, usize)| {
        let label = if *which == front { name.clone() } else { format!("{name} ({})", which.word()) };
        (label == point).then_some(*which)
    };
    let which = present.record.candidates.iter().find_map(labeled)?;
    Some((name, which))
}

/// Rows that stand against all attacks at a radius.
fn standing<'a>(facts: &'a [EvasionFacts], attack: &AttackKey) -> Result<&'a [bool]> {
    let here = |facts: &&EvasionFacts| {
        facts.attack == UNION
            && facts.norm == attack.norm
            && facts.epsilon.to_bits() == attack.epsilon().to_bits()
    };
    facts
        .iter()
        .find(here)
        .map(|facts| facts.standing.as_slice())
        .ok_or_else(|| Error::internal(format!("no attack at radius {} was run", attack.epsilon)))
}
