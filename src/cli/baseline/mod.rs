//! `equipoise baseline`: what future runs are held to; proposed, looked at, accepted with a reason.

mod accept;
mod refresh;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::gate::{self, Question};
use super::{exit, terminal};
use crate::error::{Error, Result};
use crate::gate::Word;
use crate::report::gate as telling;
use crate::run::baseline::{self as store, Baseline};

/// Arguments of `baseline`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Compare a results folder with a baseline; where they differ, put its numbers up for acceptance in `DIR.pending`.
    Check(Check),
    /// Show what awaits acceptance beside the baseline, endpoint by endpoint.
    Review(Review),
    /// Make what awaits acceptance the baseline, and write down why. Refused in CI.
    Accept(accept::Arguments),
    /// Throw away what awaits acceptance.
    Reject {
        /// The baseline's folder.
        baseline: PathBuf,
    },
    /// Run the baseline's experiment again, at the old seeds and at new ones, and put the new numbers up for acceptance.
    Refresh(refresh::Arguments),
    /// Show a baseline: its terms, who approved it and why, and its history.
    Show(show::Arguments),
}

#[derive(Debug, Args)]
struct Check {
    /// A results folder that `run` made.
    results: PathBuf,
    /// The baseline's folder; it need not exist yet.
    #[arg(long, value_name = "DIR")]
    baseline: PathBuf,
}

#[derive(Debug, Args)]
struct Review {
    /// The baseline's folder.
    baseline: PathBuf,
    /// Print the verdict as JSON.
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    match &arguments.what {
        What::Check(check) => self::check(check, quiet),
        What::Review(review) => self::review(review),
        What::Accept(arguments) => accept::execute(arguments, quiet),
        What::Reject { baseline } => {
            store::proposed(baseline)?;
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

fn check(arguments: &Check, quiet: bool) -> Result<u8> {
    let judged = gate::judge(&Question {
        results: &arguments.results,
        baseline: &arguments.baseline,
        policy: None,
        alpha: None,
        claim: None,
        require: &[],
        base_results: None,
        datasets: Path::new("datasets"),
        confirm: None,
    })?;
    let code = gate::code(&judged.verdict, &[], judged.rules.policy);
    let (results, baseline) =
        (arguments.results.display().to_string(), arguments.baseline.display().to_string());
    let story = judged.story(&baseline, code);
    match &judged.baseline {
        Some(_) => terminal::product(&telling::terminal(&story, Some(&results)))?,
        None => terminal::product(&format!("{}: no baseline in {baseline} yet\n", judged.name))?,
    }
    let missing = judged.side.as_ref().is_none_or(|side| !side.missing.is_empty());
    if judged.verdict.word == Word::Identical || missing {
        return Ok(code);
    }
    let side = judged.side.clone().expect("looked at above");
    let new = Baseline::of(side, judged.results.look()?.experiment())?;
    store::propose(&arguments.baseline, &new, &telling::json(&story)?)?;
    if !quiet {
        let place = store::pending(&arguments.baseline);
        terminal::talk(&format!(
            "\nput up for acceptance in {}: `equipoise baseline review {baseline}`, then `accept {baseline} --reason TEXT` or `reject {baseline}`",
            place.display()
        ));
    }
    // A first baseline has nothing to differ from.
    Ok(if judged.baseline.is_none() { exit::FINE } else { code })
}

fn review(arguments: &Review) -> Result<u8> {
    let new = store::proposed(&arguments.baseline)?;
    let folder = arguments.baseline.display().to_string();
    let Some(judged) = beside(&arguments.baseline, &new)? else {
        terminal::product(&format!(
            "{}: a first baseline: {} points at {} seeds, {} numbers gated\n",
            new.side.name,
            new.side.points.len(),
            new.side.seeds.len(),
            new.side.gated.len()
        ))?;
        return Ok(exit::FINE);
    };
    let story = judged.story(&folder);
    terminal::product(&if arguments.json {
        telling::json(&story)?
    } else {
        telling::terminal(&story, None)
    })?;
    Ok(exit::FINE)
}

/// A proposed baseline judged against the one that it would replace.
struct Proposal {
    old: Baseline,
    rules: crate::gate::Rules,
    verdict: crate::gate::Verdict,
}

impl Proposal {
    fn story<'a>(&'a self, folder: &'a str) -> telling::Story<'a> {
        telling::Story {
            name: &self.old.side.name,
            baseline: Some(folder),
            rules: None,
            samples: Some(&self.old.manifest.samples),
            alpha: self.rules.alpha,
            policy: self.rules.policy.word(),
            code: gate::code(&self.verdict, &[], self.rules.policy),
            verdict: &self.verdict,
        }
    }
}

/// Judges `new` against the baseline in `folder`; none where there is no baseline yet.
fn beside(folder: &Path, new: &Baseline) -> Result<Option<Proposal>> {
    use crate::gate as judging;
    let old = match Baseline::read(folder) {
        Ok(old) => old,
        Err(error) if error.kind() == crate::error::Kind::NotComparable => return Ok(None),
        Err(error) => return Err(error),
    };
    let rules = old.rules(None, None, None);
    let comparison = judging::compare(&old.side, &new.side);
    let tests =
        comparison.obstacles.is_empty() && comparison.missing.is_empty() && !comparison.is_identical();
    let examination = tests.then(|| judging::examine(&old.side, &new.side, &comparison, &rules));
    let verdict = judging::conclude(&old.side, &comparison, examination, judging::Later::default(), &rules);
    Ok(Some(Proposal { old, rules, verdict }))
}

/// Continuous integration never accepts by itself.
fn refuse_in_ci(what: &str) -> Result<()> {
    let value = std::env::var("CI").unwrap_or_default();
    if value.is_empty() || value == "0" || value.eq_ignore_ascii_case("false") {
        return Ok(());
    }
    Err(Error::input(format!("{what} is refused where CI is set: a person accepts a baseline"))
        .help("run it on your own machine, and commit the baseline's files"))
}
