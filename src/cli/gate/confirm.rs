//! `gate --confirm`: a `run` on fresh seeds, of both sides where the program of the baseline is given, to be judged again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::progress::Progress;
use crate::cli::run::interruptible;
use crate::error::{Error, Kind, Result};
use crate::experiment::{self, INTERPOLATED};
use crate::files;
use crate::gate::{self, Confirmation, Examination, Rules, Side, Subject};
use crate::run::baseline::Baseline;
use crate::run::{self, Found, Options, Results};

/// How to run again.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct How<'a> {
    pub(in crate::cli) base_binary: Option<&'a Path>,
    pub(in crate::cli) jobs: Option<usize>,
    pub(in crate::cli) quiet: bool,
}

pub(super) struct Again<'a> {
    pub(super) how: &'a How<'a>,
    pub(super) found: &'a Found<'a>,
    pub(super) baseline: &'a Baseline,
    pub(super) examination: &'a Examination,
    pub(super) datasets: &'a Path,
}

impl Again<'_> {
    /// Runs what alarmed on as many fresh seeds as there are, in a folder beside `results`, and judges it.
    pub(super) fn confirm(&self, results: &Path, rules: &Rules) -> Result<Confirmation> {
        let folder = beside(results);
        let side = &self.baseline.side;
        let first = side.seeds.last().map_or(0, |last| last + 1);
        let seeds: Vec<u64> = (first..first + side.seeds.len() as u64).collect();
        let strengths = self.strengths();
        let own = fresh(self.found.experiment().table()?, &seeds, strengths.as_ref());
        let candidate = self.here(&folder, &own)?;
        let before = match self.how.base_binary {
            Some(binary) => {
                let table = fresh(self.baseline.manifest.experiment.clone(), &seeds, strengths.as_ref());
                Some(self.there(binary, &folder, &table)?)
            }
            None => None,
        };
        // What is gated, and by how much, is the baseline's word.
        let before = before.map(|fresh| Side {
            gated: side.gated.clone(),
            objectives: side.objectives.clone(),
            ..fresh
        });
        let paired = before.is_some();
        Ok(gate::confirm(self.examination, before.as_ref().unwrap_or(side), &candidate, paired, rules))
    }

    /// The strengths to run: those that alarmed, and 0, which other numbers may refer to. All where the front as a whole alarmed.
    fn strengths(&self) -> Option<BTreeSet<String>> {
        let chained = self
            .found
            .experiment()
            .training
            .supervised()
            .is_some_and(|it| it.continuation || it.interpolate.is_some());
        let mut strengths = BTreeSet::from(["0".to_owned()]);
        for alarm in self.examination.alarms() {
            let Subject::Number { point, .. } = &self.examination.endpoints[alarm].endpoint.subject else {
                return None;
            };
            let value = point.split(',').find_map(|part| part.trim().strip_prefix("strength="))?;
            strengths.insert(value.split(' ').next().unwrap_or(value).to_owned());
        }
        let between = self.baseline.side.points.iter().any(|point| point.name.contains(INTERPOLATED));
        (!chained && !between).then_some(strengths)
    }

    /// The candidate's side, run by this program.
    fn here(&self, folder: &Path, table: &toml::Table) -> Result<Side> {
        let config = write(folder, "candidate.toml", table)?;
        let loaded = experiment::load(&config, &[])
            .map_err(|error| error.context("cannot run the experiment again on fresh seeds"))?;
        let cancel = interruptible()?;
        let progress = Progress::new(self.how.quiet);
        let out = folder.join("candidate");
        let results = run::run(
            &loaded,
            &Options {
                out: &out,
                datasets: self.datasets,
                jobs: self.how.jobs,
                shard: None,
                observer: &progress,
                cancel: &cancel,
            },
        )?;
        whole(&results)
    }

    /// The baseline's side, run by the program that made it.
    fn there(&self, binary: &Path, folder: &Path, table: &toml::Table) -> Result<Side> {
        let config = write(folder, "baseline.toml", table)?;
        let out = folder.join("baseline");
        let mut command = Command::new(binary);
        command
            .arg("run")
            .arg(&config)
            .arg("--out")
            .arg(&out)
            .arg("--datasets")
            .arg(self.datasets)
            .arg("--quiet");
        if let Some(jobs) = self.how.jobs {
            command.args(["-j", &jobs.to_string()]);
        }
        let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).status().map_err(|error| {
            Error::io("start", binary, &error).help("--base-binary names the program that made the baseline")
        })?;
        if !ended.success() {
            return Err(Error::new(
                Kind::Incomplete,
                format!("`{}` could not run the baseline on fresh seeds ({ended})", binary.display()),
            )
            .help("run it by hand to see why: its configuration lies in the folder beside the results"));
        }
        whole(&Results::open(&out)?)
    }
}

/// `results/quick.confirm`.
fn beside(results: &Path) -> PathBuf {
    let mut name = results.file_name().unwrap_or_default().to_os_string();
    name.push(".confirm");
    results.with_file_name(name)
}

fn write(folder: &Path, name: &str, table: &toml::Table) -> Result<PathBuf> {
    let path = folder.join(name);
    let text = toml::to_string_pretty(table).map_err(|error| Error::internal(error.to_string()))?;
    files::write_atomic(&path, text.as_bytes(), None)?;
    Ok(path)
}

/// The experiment on other seeds, at these strengths alone.
pub(in crate::cli) fn fresh(
    mut table: toml::Table,
    seeds: &[u64],
    strengths: Option<&BTreeSet<String>>,
) -> toml::Table {
    let seeds = seeds.iter().map(|seed| toml::Value::Integer(*seed as i64)).collect();
    table.insert("seeds".to_owned(), toml::Value::Array(seeds));
    // What is required of points that are not run again would be required of nothing.
    if let Some(gate) = table.get_mut("gate").and_then(toml::Value::as_table_mut) {
        gate.remove("require");
    }
    let Some(strengths) = strengths else { return table };
    let number = |text: &str| text.parse::<f64>().map(f64::to_bits).ok();
    let wanted: BTreeSet<u64> = strengths.iter().filter_map(|text| number(text)).collect();
    let is_wanted = |value: &toml::Value| {
        let x = value.as_float().or_else(|| value.as_integer().map(|x| x as f64));
        x.is_some_and(|x| wanted.contains(&x.to_bits()))
    };
    if let Some(defenses) = table.get_mut("defense").and_then(toml::Value::as_array_mut) {
        for defense in defenses.iter_mut() {
            if let Some(list) = defense.get_mut("strengths").and_then(toml::Value::as_array_mut) {
                list.retain(|value| is_wanted(value));
            }
        }
        defenses.retain(|defense| {
            defense.get("strengths").and_then(toml::Value::as_array).is_some_and(|list| !list.is_empty())
        });
    }
    table
}

/// Everything that was to be run.
fn whole(results: &Results) -> Result<Side> {
    let found = results.look()?;
    if let Some((cell, why)) = found.absent().into_iter().next() {
        return Err(Error::new(Kind::Incomplete, format!("on fresh seeds {cell} is missing: {why}")));
    }
    found.side()
}
