//! `equipoise baseline`: what future runs are held to; proposed, looked at, accepted with a reason.

mod accept;
mod beside;
mod check;
mod permission;
mod refresh;
mod review;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{exit, terminal};
use crate::error::{Error, Result};
use crate::run::baseline as store;

/// Arguments of `baseline`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Compare a results folder with a baseline; where values or the terms of the gate differ, put them up for acceptance in `DIR.pending`.
    Check(check::Arguments),
    /// Show what awaits acceptance beside the baseline, endpoint by endpoint; of a first baseline, its numbers.
    Review(review::Arguments),
    /// Make what awaits acceptance the baseline, and write down why. Refused in CI.
    Accept(accept::Arguments),
    /// Throw away what awaits acceptance.
    Reject {
        /// The baseline's folder.
        baseline: PathBuf,
    },
    /// Run the baseline's experiment again, at the old seeds and at new ones, and put the new numbers up for acceptance, with the proof.
    Refresh(refresh::Arguments),
    /// Show a baseline: its terms, who approved it and why, and its history.
    Show(show::Arguments),
}

/// Does it.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    match &arguments.what {
        What::Check(arguments) => check::execute(arguments, quiet),
        What::Review(arguments) => review::execute(arguments),
        What::Accept(arguments) => accept::execute(arguments, quiet),
        What::Reject { baseline } => {
            if !store::awaits(baseline) {
                return Err(store::nothing_awaits(baseline));
            }
            store::withdraw(baseline)?;
            if !quiet {
                terminal::talk("rejected: the baseline is as it was");
            }
            Ok(exit::FINE)
        }
        What::Refresh(arguments) => refresh::execute(arguments, quiet),
        What::Show(arguments) => show::execute(arguments),
    }
}

/// What services that run changes by themselves set.
const CI: [&str; 12] = [
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "BUILDKITE",
    "JENKINS_URL",
    "TF_BUILD",
    "CIRCLECI",
    "TRAVIS",
    "TEAMCITY_VERSION",
    "BITBUCKET_BUILD_NUMBER",
    "CODEBUILD_BUILD_ID",
    "DRONE",
];

/// Continuous integration never accepts by itself.
fn refuse_in_ci(what: &str) -> Result<()> {
    let is_set = |name: &&str| {
        let value = std::env::var(name).unwrap_or_default();
        !(value.is_empty() || value == "0" || value.eq_ignore_ascii_case("false"))
    };
    let Some(name) = CI.into_iter().find(|name| is_set(name)) else { return Ok(()) };
    Err(Error::input(format!("{what} is refused where {name} is set: a person accepts a baseline"))
        .help("run it on your own machine, and commit the baseline's files"))
}
