//! `equipoise attack`: one model, trained or imported, under a suite; or somebody's adversarial rows, verified.

mod asked;
mod planting;
mod telling;
mod verifying;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::run::interruptible;
use super::{DatasetsFolder, exit, terminal};
use crate::attacks::{self, Preset, Suite};
use crate::data::{Source, SplitSpec};
use crate::error::{Error, Result};
use crate::experiment::{self, Experiment};
use crate::files;
use crate::measure::Norm;
use crate::models::EngineKind;
use crate::probes::checks::Settings;
use crate::run::attack::{Arsenal, Bounds, Evaluation, Recipe, RowsFrom, Subject, evaluate};
use crate::seed::Seed;

/// Arguments of `attack`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("rows-from").required(true).args(["rows", "data", "config"]))]
pub(super) struct Arguments {
    /// The weights, a safetensors file.
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The rows, a safetensors file: `x` (n, features), (n, h, w) or (n, c, h, w) and `y` (n).
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
    /// The test rows of a data set (`equipoise ls datasets`), with its bounds and mutable features.
    #[arg(long, value_name = "NAME")]
    data: Option<String>,
    /// The test rows, bounds, norm, radii, suite and engine of an experiment; what is given beside it counts instead.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A manifest of your own that describes the data set.
    #[arg(long, value_name = "FILE", requires = "data")]
    manifest: Option<PathBuf>,
    /// A threat model of the data set's manifest, under which only valid rows count; `unconstrained` is the ball alone.
    #[arg(long, value_name = "NAME", conflicts_with = "rows")]
    threat: Option<String>,
    /// The seed that divides the data set [default: 0].
    #[arg(long, value_name = "N", requires = "data")]
    split_seed: Option<u64>,
    /// Smallest and largest value of a feature in `--rows`, or `none` [default: 0,1].
    #[arg(long = "box", value_name = "LOW,HIGH", requires = "rows", allow_hyphen_values = true)]
    bounds: Option<Bounds>,
    /// How distance is measured: linf, l2, l1; one or several [default: linf].
    #[arg(long, value_name = "NORM", value_delimiter = ',', value_parser = asked::norm)]
    norm: Vec<Norm>,
    /// Radii; taken in ascending order, each once, each warm-started from the smaller ones. 0 is the row as it is.
    #[arg(
        long,
        value_name = "EPS",
        value_delimiter = ',',
        value_parser = asked::epsilon,
        allow_negative_numbers = true,
        required_unless_present_any = ["config", "verify"]
    )]
    eps: Vec<f64>,
    /// standard: each attack on the rows still standing; individual: each on every row; quick: a budgeted cascade [default: standard].
    #[arg(long, value_name = "NAME", value_parser = asked::preset, conflicts_with = "attack")]
    suite: Option<Preset>,
    /// An attack in place of a suite, as a configuration has it: `pgd`, or `kind = "pgd", steps = 100`; may be repeated.
    #[arg(long, value_name = "ATTACK", value_parser = asked::attack)]
    attack: Vec<attacks::Spec>,
    /// Seed of the attacks' draws.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The engine that does the arithmetic: fused or candle [default: fused].
    #[arg(long, value_name = "NAME", value_parser = asked::engine)]
    engine: Option<EngineKind>,
    /// Write the adversarial rows, flags, distances and predictions to this safetensors file.
    #[arg(long, value_name = "FILE", conflicts_with = "verify")]
    save: Option<PathBuf>,
    /// Attack nothing: verify the adversarial rows in this safetensors file (norm, box, constraints, misclassification); exits 1 when one does not hold.
    /// They are called `adversarial/<norm>/<eps>`, `adversarial` or `x_adv`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["suite", "attack"])]
    verify: Option<PathBuf>,
    /// Attack nothing that counts: plant adversarial points behind the model's own features and see whether the attacks find
    /// them (Zimmermann et al. 2022); exits 1 when they miss too many.
    #[arg(long, conflicts_with_all = ["save", "verify"])]
    selftest: bool,
    /// Rows that points are planted around.
    #[arg(long, value_name = "N", default_value_t = 50, requires = "selftest")]
    planted: usize,
    /// Leave out the sanity checks that attack anew; those of what the attacks recorded stay.
    #[arg(long)]
    no_checks: bool,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    datasets: DatasetsFolder,
}

impl Arguments {
    /// The experiment named, its sweep aside.
    fn experiment(&self) -> Result<Option<Experiment>> {
        let load = |path: &PathBuf| Ok(experiment::load(path, &[])?.experiment);
        self.config.as_ref().map(load).transpose()
    }

    fn subject(&self, experiment: Option<&Experiment>) -> Result<Subject> {
        let folder: &Path = &self.datasets.datasets;
        let engine = self.engine.or(experiment.map(|e| e.engine.kind)).unwrap_or_default();
        if let Some(path) = &self.rows {
            let bounds = self.bounds.unwrap_or(Bounds::UNIT);
            return Subject::load(&self.model, RowsFrom::File { path, bounds }, engine);
        }
        let named = || Source::Dataset {
            name: self.data.clone().unwrap_or_default(),
            manifest: self.manifest.clone(),
        };
        let source = experiment.map_or_else(named, |experiment| experiment.data.clone());
        let seeded = || SplitSpec { seed: self.split_seed.unwrap_or_default(), ..SplitSpec::default() };
        let split = experiment.map_or_else(seeded, |experiment| experiment.split.clone());
        let threat = self.threat.as_deref().or(experiment.and_then(|e| e.threat.model.as_deref()));
        Subject::load(&self.model, RowsFrom::Data { source: &source, split: &split, threat, folder }, engine)
    }

    fn recipe(&self, experiment: Option<&Experiment>) -> Recipe {
        let arsenal = match (self.suite, experiment) {
            (Some(preset), _) => Arsenal::Preset(preset),
            (None, _) if !self.attack.is_empty() => Arsenal::Suite(Suite::of(&self.attack)),
            (None, Some(Experiment { suite: None, attacks, .. })) => Arsenal::Suite(Suite::of(attacks)),
            (None, Some(Experiment { suite: Some(preset), .. })) => Arsenal::Preset(*preset),
            (None, None) => Arsenal::Preset(Preset::Standard),
        };
        let mut checks = experiment.map_or_else(Settings::default, |experiment| experiment.checks.clone());
        if self.no_checks {
            checks.rows = 0;
        }
        Recipe {
            arsenal,
            norms: self.norms(experiment),
            epsilons: self.epsilons(experiment),
            seed: Seed(self.seed),
            points: self.save.is_some(),
            checks,
        }
    }

    /// Each once, in the order given.
    fn norms(&self, experiment: Option<&Experiment>) -> Vec<Norm> {
        let fallback = experiment.map_or(Norm::Linf, |experiment| experiment.threat.norm);
        let given = if self.norm.is_empty() { &[fallback][..] } else { &self.norm };
        let mut norms: Vec<Norm> = Vec::new();
        for norm in given {
            if !norms.contains(norm) {
                norms.push(*norm);
            }
        }
        norms
    }

    /// Ascending, each once; none where nothing says them.
    fn epsilons(&self, experiment: Option<&Experiment>) -> Vec<f64> {
        let fallback = || experiment.map_or_else(Vec::new, |experiment| experiment.threat.epsilons());
        let mut epsilons = if self.eps.is_empty() { fallback() } else { self.eps.clone() };
        epsilons.sort_by(f64::total_cmp);
        epsilons.dedup();
        epsilons
    }

    /// Refuses to write where that cannot work, or would destroy what was read, before anything is attacked.
    fn check_target(&self) -> Result<()> {
        let Some(path) = &self.save else { return Ok(()) };
        let refuse = |what: &str| {
            Err(Error::input(format!("cannot write `{}`: {what}", path.display()))
                .help("name another file with --save"))
        };
        if path.is_dir() {
            return refuse("it is a directory");
        }
        if path.symlink_metadata().is_ok_and(|there| !there.file_type().is_file()) {
            return refuse("it is there already and no plain file");
        }
        let read = [Some(&self.model), self.rows.as_ref(), self.config.as_ref()];
        let same = |other: &PathBuf| match (path.canonicalize(), other.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => path == other,
        };
        if read.into_iter().flatten().any(same) {
            return refuse("it is read, too");
        }
        Ok(())
    }
}

/// Attacks or verifies, and says what came of it.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    arguments.check_target()?;
    let experiment = arguments.experiment()?;
    let mut subject = arguments.subject(experiment.as_ref())?;
    if let Some(path) = &arguments.verify {
        // Without radii of its own, those in the file.
        let (norms, epsilons) = (arguments.norms(experiment.as_ref()), arguments.epsilons(None));
        return verifying::execute(&mut subject, path, &norms, &epsilons, arguments.json);
    }
    let recipe = arguments.recipe(experiment.as_ref());
    if arguments.selftest {
        let engine = arguments.engine.or(experiment.as_ref().map(|e| e.engine.kind)).unwrap_or_default();
        return planting::execute(&subject, &recipe, engine, arguments.planted, arguments.json);
    }
    let evaluation = watched(&mut subject, &recipe, quiet)?;
    if let Some(path) = &arguments.save {
        files::write_atomic(path, &evaluation.to_safetensors(&subject, arguments.seed)?, None)?;
    }
    let text = if arguments.json {
        format!("{}\n", telling::json(&evaluation))
    } else {
        telling::text(&evaluation, &subject)
    };
    terminal::product(&text)?;
    if let (Some(path), false) = (&arguments.save, quiet) {
        terminal::talk(&format!("adversarial rows: {}", path.display()));
    }
    Ok(exit::FINE)
}

/// Evaluates with a bar on a terminal, until done or interrupted.
fn watched(subject: &mut Subject, recipe: &Recipe, quiet: bool) -> Result<Evaluation> {
    let cancel = interruptible()?;
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{msg:24} {bar:30} {pos}/{len} attacks · {elapsed}")
        .expect("the template is well formed")
        .progress_chars("━━╌");
    let bar = ProgressBar::with_draw_target(Some(recipe.bouts() as u64), target).with_style(style);
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let evaluation =
        evaluate(subject, recipe, &|| cancel.load(Ordering::SeqCst), &mut |norm, epsilon, attack| {
            bar.set_message(format!("{} {epsilon} {attack}", norm.sign()));
            bar.inc(1);
        });
    bar.finish_and_clear();
    evaluation
}
