//! `baseline refresh`: the baseline's experiment again, at the old seeds as proof and at new ones as the new baseline.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use super::beside::{self, beside};
use crate::cli::gate::fresh;
use crate::cli::{DatasetsFolder, exit, terminal};
use crate::error::{Error, Kind, Result};
use crate::experiment::Experiment;
use crate::files;
use crate::gate::{self, Side};
use crate::report::gate as telling;
use crate::run::Results;
use crate::run::baseline::{self as store, Baseline, Noise, Refreshed};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The baseline's folder.
    baseline: PathBuf,
    /// The program that made the baseline [default: this one].
    #[arg(long, value_name = "PATH")]
    base_binary: Option<PathBuf>,
    /// How many new seeds [default: as many as now].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    seeds: Option<u16>,
    /// Where to run [default: DIR.refresh].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    datasets: DatasetsFolder,
}

pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let old = Baseline::read(&arguments.baseline)?;
    repeatable(&old)?;
    let out = arguments.out.clone().unwrap_or_else(|| {
        let mut name = arguments.baseline.file_name().unwrap_or_default().to_os_string();
        name.push(".refresh");
        arguments.baseline.with_file_name(name)
    });
    let binary = match &arguments.base_binary {
        Some(binary) => binary.clone(),
        None => std::env::current_exe()
            .map_err(|error| Error::internal(format!("cannot find this program: {error}")))?,
    };
    let side = &old.side;
    let first = side.seeds.last().map_or(0, |last| last + 1);
    let count = arguments.seeds.map_or(side.seeds.len() as u64, u64::from);
    let new: Vec<u64> = (first..first + count).collect();
    let runs = Runs { binary: &binary, out: &out, datasets: &arguments.datasets.datasets, quiet };
    // The same code at the same seeds: what differs is the machine.
    let (again, _) = runs.run("old-seeds", &old, &side.seeds)?;
    let comparison = gate::compare(side, &again);
    if let Some(obstacle) = comparison.obstacles.first() {
        return Err(Error::new(
            Kind::NotComparable,
            format!("the experiment cannot be repeated: {obstacle}"),
        )
        .help("--base-binary names the program that made the baseline"));
    }
    let rules = old.rules(None, None, None);
    let noise = if comparison.is_identical() {
        Vec::new()
    } else {
        let examination = gate::examine(side, &again, &comparison, &rules);
        if let Some(alarm) = examination.alarms().first() {
            let subject = &examination.endpoints[*alarm].endpoint.subject;
            return Err(Error::new(
                Kind::CheckFailed,
                format!("this is no repetition: at the old seeds {} at {} is worse than in the baseline", subject.metric(), subject.place()),
            )
            .help("--base-binary names the program that made the baseline; a change of the code is for `baseline check` and `accept`"));
        }
        examination.endpoints.iter().map(Noise::of).collect()
    };
    let (side, experiment) = runs.run("new-seeds", &old, &new)?;
    let experiment = Experiment { gate: old.manifest.gate.clone(), ..experiment };
    let mut proposal = Baseline::of(Side { gated: old.side.gated.clone(), ..side }, &experiment)?;
    let found = if noise.is_empty() { "identical" } else { "no-worse" };
    proposal.manifest.noise = noise;
    proposal.manifest.refreshed = Some(Refreshed {
        samples: old.manifest.samples.clone(),
        seeds: old.side.seeds.clone(),
        found: found.to_owned(),
    });
    let name = old.side.name.clone();
    let judged = beside(old, &proposal)?;
    let folder = arguments.baseline.display().to_string();
    let pending = store::pending(&arguments.baseline).display().to_string();
    store::propose(&arguments.baseline, &proposal, &telling::json(&judged.story(&folder))?)?;
    terminal::product(&format!(
        "{name}: at the old seeds {found}; {count} new seeds await acceptance in {pending}\n"
    ))?;
    if !quiet {
        if let Some(warning) = beside::blind(&proposal) {
            terminal::talk(&warning);
        }
        terminal::talk(&format!(
            "accept them with `equipoise baseline accept {folder} --by NAME --reason TEXT`: other seeds are not compared, and the proof stands in their place"
        ));
    }
    Ok(exit::FINE)
}

/// # Errors
///
/// Where the baseline is of no single experiment that can be run.
fn repeatable(old: &Baseline) -> Result<()> {
    if old.manifest.is_imported() {
        return Err(Error::input("the baseline is of imported models, which cannot be run again").help(
            "import their numbers at other seeds, and use `baseline check` and `accept --allow-incomparable`",
        ));
    }
    match old.manifest.parts.first() {
        Some(part) => Err(Error::input(format!("the baseline is of several runs: {}", part.words()))
            .help("make it of one run first, with `baseline check` and `baseline accept`")),
        None => Ok(()),
    }
}

struct Runs<'a> {
    binary: &'a Path,
    out: &'a Path,
    datasets: &'a Path,
    quiet: bool,
}

impl Runs<'_> {
    /// Runs the baseline's experiment at `seeds`.
    fn run(&self, name: &str, old: &Baseline, seeds: &[u64]) -> Result<(Side, Experiment)> {
        let table = fresh(old.manifest.experiment.clone(), seeds, None);
        let text = toml::to_string_pretty(&table).map_err(|error| Error::internal(error.to_string()))?;
        let config = self.out.join(format!("{name}.toml"));
        files::write_atomic(&config, text.as_bytes(), None)?;
        let out = self.out.join(name);
        let mut command = Command::new(self.binary);
        command.arg("run").arg(&config).arg("--out").arg(&out).arg("--datasets").arg(self.datasets);
        if self.quiet {
            command.arg("--quiet");
        }
        let ended = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(|error| Error::io("start", self.binary, &error))?;
        if !ended.success() {
            return Err(Error::new(
                Kind::Incomplete,
                format!("the baseline's experiment did not run through ({ended})"),
            ));
        }
        let results = Results::open(&out)?;
        let found = results.look()?;
        if let Some((cell, why)) = found.absent().into_iter().next() {
            return Err(Error::new(Kind::Incomplete, format!("{cell} is missing: {why}")));
        }
        Ok((found.side()?, found.experiment().clone()))
    }
}
