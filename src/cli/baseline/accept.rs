//! `baseline accept`: takes a proposal over, with a reason that stays.

use std::path::PathBuf;

use clap::Args;

use super::{Proposal, beside, refuse_in_ci};
use crate::cli::{exit, terminal};
use crate::error::{Error, Result};
use crate::gate::{Assessed, State, Word};
use crate::measure::Pillar;
use crate::run::baseline::{self as store, Approval, Baseline, Entry};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The baseline's folder.
    baseline: PathBuf,
    /// Why; it stays in the history.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who approves [default: the user's name].
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Take over only the points with this name (`defense=at,strength=0.1`); can be given several times.
    #[arg(long, value_name = "POINT")]
    only: Vec<String>,
    /// Accept that this security metric got worse; can be given several times.
    #[arg(long, value_name = "METRIC")]
    allow_regression: Vec<String>,
    /// Accept numbers that cannot be compared with the old ones: other data, attack, metrics, seeds.
    #[arg(long)]
    allow_incomparable: bool,
}

pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    refuse_in_ci("accepting a baseline")?;
    if arguments.reason.trim().is_empty() {
        return Err(
            Error::input("the reason is empty").help("say why these numbers are right: `--reason \"…\"`")
        );
    }
    let new = store::proposed(&arguments.baseline)?;
    let proposal = beside(&arguments.baseline, &new)?;
    let new = match (&proposal, arguments.only.is_empty()) {
        (_, true) => new,
        (Some(proposal), false) => partly(&proposal.old, new, &arguments.only)?,
        (None, false) => return Err(Error::input("--only needs a baseline to leave the other points in")),
    };
    // Of a part, only that part is judged.
    let proposal = if arguments.only.is_empty() { proposal } else { beside(&arguments.baseline, &new)? };
    let mut regressions = Vec::new();
    if let Some(Proposal { verdict, .. }) = &proposal {
        if verdict.word == Word::NotComparable && !arguments.allow_incomparable {
            return Err(Error::input(format!("the new numbers cannot be compared with the old ones: {}", verdict.reasons.join("; ")))
                .help("whether anything got worse cannot be told; if that is meant, add --allow-incomparable. `equipoise baseline refresh` moves to other seeds or machines with proof"));
        }
        let worse =
            verdict.examination.iter().flat_map(|e| &e.endpoints).filter(|one| one.state == State::Worse);
        for one in worse {
            permitted(one, &arguments.allow_regression)?;
            let subject = &one.endpoint.subject;
            regressions.push((format!("{} at {}", subject.metric(), subject.place()), one.worse));
        }
    }
    let by = arguments.by.clone().unwrap_or_else(user);
    let when = store::now();
    let previous = proposal.as_ref().map(|proposal| proposal.old.manifest.samples.clone());
    let mut approved = new;
    approved.manifest.approval = Some(Approval {
        when: when.clone(),
        by: by.clone(),
        reason: arguments.reason.trim().to_owned(),
        previous: previous.clone(),
    });
    let verdict = proposal.as_ref().map(|proposal| &proposal.verdict);
    let entry = Entry {
        when,
        by,
        reason: arguments.reason.trim().to_owned(),
        verdict: verdict.map_or("new", |verdict| verdict.word.word()).to_owned(),
        shape: verdict.and_then(|verdict| verdict.shape).map(|shape| shape.word().to_owned()),
        regressions,
        only: arguments.only.clone(),
        previous,
        samples: approved.manifest.samples.clone(),
    };
    store::establish(&arguments.baseline, &approved, &entry)?;
    if !quiet {
        terminal::talk(&format!("accepted: {} ({})", arguments.baseline.display(), entry.verdict));
    }
    Ok(exit::FINE)
}

/// A security metric may only get worse by name. An attack's gain is somebody's loss.
fn permitted(one: &Assessed, allowed: &[String]) -> Result<()> {
    let is_security = matches!(one.endpoint.pillar, Some(Pillar::Security | Pillar::Hybrid));
    let key = one.endpoint.subject.metric();
    let id = key.split(['@', '!']).next().unwrap_or(&key);
    if !is_security || allowed.iter().any(|name| *name == key || name == id) {
        return Ok(());
    }
    Err(Error::input(format!(
        "`{id}` got worse at {}: a security metric is not lowered in passing",
        one.endpoint.subject.place()
    ))
    .help(format!("if that is meant, add `--allow-regression {id}`")))
}

/// The old baseline with some points of the new one.
fn partly(old: &Baseline, new: Baseline, only: &[String]) -> Result<Baseline> {
    let known: Vec<&str> = new.side.points.iter().map(|point| point.name.as_str()).collect();
    for name in only {
        if !known.contains(&name.as_str()) {
            let hint = crate::error::did_you_mean(name, known.iter().copied());
            return Err(Error::input(format!("no point is called `{name}`{hint}"))
                .help(format!("there are {}", known.join("; "))));
        }
    }
    if old.side.seeds != new.side.seeds || old.side.gated.iter().any(|gated| !new.side.has(&gated.key)) {
        return Err(Error::input(
            "single points cannot be taken over: the two sides have other seeds or other numbers",
        ));
    }
    let mut points = old.side.points.clone();
    points.retain(|point| !only.contains(&point.name));
    points.extend(new.side.points.iter().filter(|point| only.contains(&point.name)).cloned());
    let mut side = new.side;
    side.points = points;
    side.gated.clone_from(&old.side.gated);
    let experiment = new.manifest.experiment()?;
    Baseline::of(side, &experiment)
}

fn user() -> String {
    let named = ["USER", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
