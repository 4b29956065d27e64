//! From two folders to a verdict; shared by `gate` and `baseline`.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::confirm::{self, How};
use crate::error::{Error, Kind, Result};
use crate::experiment::{self, Experiment};
use crate::gate::{
    self, DEFAULT_ALPHA, DEFAULT_MARGIN, Held, Later, Policy, Requirement, Rules, Side, Verdict,
};
use crate::measure::{MetricKey, Pillar};
use crate::run::baseline::{Baseline, Part};
use crate::run::{self, Found, Results};

/// What is to be judged, and how.
pub(in crate::cli) struct Question<'a> {
    pub(in crate::cli) results: &'a Path,
    pub(in crate::cli) baseline: &'a Path,
    pub(in crate::cli) policy: Option<Policy>,
    pub(in crate::cli) alpha: Option<f64>,
    pub(in crate::cli) claim: Option<Pillar>,
    pub(in crate::cli) require: &'a [Requirement],
    pub(in crate::cli) base_results: Option<&'a Path>,
    pub(in crate::cli) datasets: &'a Path,
    pub(in crate::cli) confirm: Option<How<'a>>,
}

impl Question<'_> {
    /// The rules where no baseline sets any.
    pub(super) fn own_rules(&self) -> Rules {
        Rules {
            alpha: self.alpha.unwrap_or(DEFAULT_ALPHA),
            policy: self.policy.unwrap_or(Policy::Detect),
            hypervolume_margin: DEFAULT_MARGIN,
            epsilon_margin: DEFAULT_MARGIN,
            claim: self.claim,
        }
    }
}

/// The answer.
pub(in crate::cli) struct Judged {
    pub(in crate::cli) name: String,
    pub(in crate::cli) results: Results,
    /// None where there is none.
    pub(in crate::cli) baseline: Option<Baseline>,
    /// What the results hold; none where no cell is finished.
    pub(in crate::cli) side: Option<Side>,
    pub(in crate::cli) rules: Rules,
    pub(in crate::cli) verdict: Verdict,
}

/// Judges a results folder. A missing baseline and missing cells are verdicts; bad usage and damaged files are errors.
pub(in crate::cli) fn judge(question: &Question<'_>) -> Result<Judged> {
    let results = Results::open(question.results)?;
    let (name, baseline, side, rules, verdict) = {
        let found = results.look()?;
        let name = found.experiment().name.clone();
        let baseline = match Baseline::read(question.baseline) {
            Ok(baseline) => Ok(baseline),
            Err(error) if error.kind() == Kind::NotComparable => Err(error),
            Err(error) => return Err(error),
        };
        let rules = match &baseline {
            Ok(baseline) => baseline.rules(question.policy, question.alpha, question.claim),
            Err(_) => question.own_rules(),
        };
        let side = match found.side() {
            Ok(side) => Ok(side),
            Err(error) if error.kind() == Kind::Incomplete => Err(error),
            Err(error) => return Err(error),
        };
        let verdict = match (&baseline, &side) {
            (Err(error), _) => gate::not_comparable(said(error)),
            (_, Err(error)) => gate::Verdict { missing: found.absent(), ..gate::incomplete(said(error)) },
            (Ok(baseline), Ok(side)) => weigh(question, &found, (baseline, side), &rules)?,
        };
        (name, baseline.ok(), side.ok(), rules, verdict)
    };
    Ok(Judged { name, results, baseline, side, rules, verdict })
}

/// The error and what to do about it, a sentence each.
pub(super) fn said(error: &Error) -> Vec<String> {
    let help = error.help_text().map(str::to_owned);
    std::iter::once(error.chain().join(": ")).chain(help).collect()
}

fn weigh(
    question: &Question<'_>,
    found: &Found<'_>,
    (baseline, side): (&Baseline, &Side),
    rules: &Rules,
) -> Result<Verdict> {
    let mut required = baseline.manifest.gate.requirements()?;
    required.extend(question.require.iter().cloned());
    let comparison = gate::compare(&baseline.side, side);
    let whole = comparison.obstacles.is_empty() && comparison.missing.is_empty();
    // Of a side that is not whole, requirements say nothing.
    let mut later = Later {
        held: if whole { held(&required, found.experiment(), side, rules.alpha)? } else { Vec::new() },
        ..Later::default()
    };
    let is_imported = found.experiment().imported.is_some();
    // Looked at even where nothing is to be cross-checked: a wrong folder should not show on the day it is needed.
    let base_results = question.base_results.map(|folder| base_folder(folder, &baseline.side)).transpose()?;
    let tests = whole && !comparison.is_identical();
    let examination = tests.then(|| gate::examine(&baseline.side, side, &comparison, rules));
    if let Some(examination) = &examination {
        let gains = examination.doubtful_gains();
        // What fails from here on takes nothing back that is known already.
        if is_imported {
            later.unchecked = Some("imported models cannot be attacked here".to_owned());
        } else if let (Some(base), false) = (&base_results, gains.is_empty()) {
            let checks = base.look().and_then(|base| {
                run::cross_check(found, &base, question.datasets, &gains, &AtomicBool::new(false))
            });
            match checks {
                Ok(checks) => later.cross_checks = Some(checks),
                Err(error) => {
                    later
                        .notes
                        .push(format!("gains could not be cross-checked: {}", said(&error).join(". ")));
                }
            }
        }
        if let Some(how) = &question.confirm
            && !is_imported
            && !examination.alarms().is_empty()
        {
            let again = confirm::Again { how, found, baseline, examination, datasets: question.datasets };
            match again.confirm(question.results, rules) {
                Ok(confirmation) => later.confirmation = Some(confirmation),
                Err(error) => {
                    later.notes.push(format!(
                        "the alarms could not be asked again on fresh seeds, and stand as they are: {}",
                        said(&error).join(". ")
                    ));
                }
            }
        }
    }
    let mut verdict = gate::conclude(&baseline.side, &comparison, examination, later, rules);
    verdict.notes.extend(loud(baseline, &verdict));
    verdict.notes.extend(told(question, baseline, found));
    Ok(verdict)
}

/// What of the two sides a verdict on numbers does not show.
fn told(question: &Question<'_>, baseline: &Baseline, found: &Found<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if question.confirm.is_some() && found.experiment().imported.is_some() {
        notes.push("nothing was asked again on fresh seeds: imported models cannot be run again".to_owned());
    }
    let say = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
    let terms: Vec<String> = baseline
        .manifest
        .gate
        .differences(&found.experiment().gate)
        .iter()
        .map(|one| format!("{}: {} there, {} here", one.setting, say(&one.baseline), say(&one.candidate)))
        .collect();
    if !terms.is_empty() {
        notes.push(format!(
            "the experiment's [gate] differs from the baseline's, which rules until `baseline check` and `accept` take it over: {}",
            terms.join("; ")
        ));
    }
    if !baseline.manifest.parts.is_empty() {
        let parts: Vec<String> = baseline.manifest.parts.iter().map(Part::words).collect();
        notes.push(format!("the baseline is of several runs: {}", parts.join("; and ")));
    }
    notes
}

/// Margins below what the same code at the same seeds differed by, where that is known: alarms there may be the machine's.
fn loud(baseline: &Baseline, verdict: &Verdict) -> Option<String> {
    let endpoints = &verdict.examination.as_ref()?.endpoints;
    let root = (baseline.side.seeds.len() as f64).sqrt();
    let is_loud = |noise: &&crate::run::baseline::Noise| {
        let subject = |one: &&gate::Assessed| {
            one.endpoint.subject.metric() == noise.metric && one.endpoint.subject.place() == noise.point
        };
        let margin = endpoints.iter().find(subject).map(|one| one.endpoint.margin);
        margin.is_some_and(|margin| noise.spread.is_some_and(|spread| spread / root > margin))
    };
    let count = baseline.manifest.noise.iter().filter(is_loud).count();
    (count > 0).then(|| {
        format!("at {count} endpoints the margin is below the noise of repeating the baseline with the same code and seeds")
    })
}

/// The results folder that the baseline was made of, or an error where it is another.
fn base_folder(folder: &Path, baseline: &Side) -> Result<Results> {
    let results = Results::open(folder)?;
    {
        // What the baseline holds must be what this folder says, or its weights are those of something else.
        let same = gate::compare(baseline, &results.look()?.side()?);
        let lacks = same.missing.first().map(|(what, why)| format!("{what}: {why}"));
        if let Some(what) = same.obstacles.first().or(same.first_difference.as_ref()).or(lacks.as_ref()) {
            return Err(Error::input(format!("`{}` is not the folder that the baseline was made of: {what}", folder.display()))
                .help("run the baseline's experiment with the baseline's version into that folder, or leave --base-results out"));
        }
    }
    Ok(results)
}

/// Every requirement at every point that it is about.
pub(in crate::cli) fn held(
    required: &[Requirement],
    experiment: &Experiment,
    side: &Side,
    alpha: f64,
) -> Result<Vec<Held>> {
    let keys: Vec<MetricKey> = {
        let all = side.points.iter().flat_map(|point| point.values.keys().cloned());
        all.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    };
    let mut all = Vec::new();
    for requirement in required {
        let context = |error: Error| error.context(format!("cannot judge the requirement `{requirement}`"));
        let key = run::resolve(experiment, &requirement.metric, &keys).map_err(context)?;
        let points = side.points.iter().filter(|point| point.model == side.front_model);
        experiment::concerned(requirement, points.clone().map(|point| &point.coordinates))
            .map_err(context)?;
        for point in points.filter(|point| requirement.concerns(&point.coordinates)) {
            let values = point.values.get(&key).map(Vec::as_slice).unwrap_or_default();
            all.push(gate::hold(requirement, &key, &point.label(&side.front_model), values, alpha));
        }
    }
    Ok(all)
}
