//! `baseline accept`: takes a proposal over, with a reason that stays.

use std::path::PathBuf;

use clap::Args;

use super::beside::{self, beside};
use super::permission::Permissions;
use super::refuse_in_ci;
use crate::cli::{exit, terminal};
use crate::error::{Error, Result};
use crate::run::baseline::{self as store, Approval, Entry};

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
    /// Take over only the points with this name (`defense=at,strength=0.1`), and leave terms and settings as they are; can be given several times.
    #[arg(long, value_name = "POINT")]
    only: Vec<String>,
    #[command(flatten)]
    permissions: Permissions,
}

pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    refuse_in_ci("accepting a baseline")?;
    let reason = arguments.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(
            Error::input("the reason is empty").help("say why these numbers are right: `--reason \"…\"`")
        );
    }
    let by = who(arguments.by.as_deref())?;
    let proposed = store::proposed(&arguments.baseline)?;
    let run = proposed.manifest.samples.clone();
    let old = beside::existing(&arguments.baseline)?;
    // Of a part, only that part is judged.
    let new = match (&old, arguments.only.is_empty()) {
        (_, true) => proposed,
        (Some(old), false) => old.with_points(&proposed, &arguments.only)?,
        (None, false) => return Err(beside::nothing_there()),
    };
    let proposal = old.map(|old| beside(old, &new)).transpose()?;
    let granted = arguments.permissions.check(&new, proposal.as_ref())?;
    let when = store::now();
    let previous = proposal.as_ref().map(|proposal| proposal.old.manifest.samples.clone());
    let proof = proposal.as_ref().filter(|proposal| proposal.refreshed).and(new.manifest.refreshed.clone());
    let approved = new.approved(Approval {
        when: when.clone(),
        by: by.clone(),
        reason: reason.clone(),
        previous: previous.clone(),
    });
    let verdict = proposal.as_ref().map(|proposal| &proposal.verdict);
    let word = match &proof {
        Some(_) => "refreshed",
        None => verdict.map_or("new", |verdict| verdict.word.word()),
    };
    let entry = Entry {
        when,
        by,
        reason,
        verdict: word.to_owned(),
        shape: verdict.and_then(|verdict| verdict.shape).map(|shape| shape.word().to_owned()),
        regressions: granted.regressions,
        run: (!arguments.only.is_empty()).then_some(run),
        only: arguments.only.clone(),
        terms: proposal.as_ref().map_or_else(Vec::new, |proposal| beside::lines(&proposal.terms)),
        dropped: granted.dropped,
        undefined: granted.undefined,
        broken: granted.broken,
        proof,
        previous,
        samples: approved.manifest.samples.clone(),
    };
    store::establish(&arguments.baseline, &approved, &entry)?;
    if !quiet {
        terminal::talk(&format!("accepted: {} ({})", arguments.baseline.display(), entry.verdict));
        if !entry.terms.is_empty() {
            terminal::talk(&format!("the terms of the gate changed: {}", entry.terms.join("; ")));
        }
        if let Some(warning) = beside::blind(&approved) {
            terminal::talk(&warning);
        }
    }
    Ok(exit::FINE)
}

/// Who approves: whoever is named, else whoever the system says this is, else the author of version control.
fn who(by: Option<&str>) -> Result<String> {
    let named = || {
        let names = ["USER", "USERNAME", "GIT_AUTHOR_NAME"];
        names.into_iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.trim().is_empty()))
    };
    let name = by.map(str::to_owned).or_else(named).unwrap_or_default().trim().to_owned();
    if name.is_empty() {
        return Err(Error::input("who approves is not known")
            .help("a baseline has somebody's name on it: add `--by NAME`"));
    }
    Ok(name)
}
