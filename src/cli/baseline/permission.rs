//! What is accepted only by name: losses, and what would be looked at no longer.

use std::collections::BTreeSet;

use clap::Args;

use super::beside::{self, Proposal};
use crate::error::{Error, Result, did_you_mean};
use crate::gate::{Assessed, Held, Word};
use crate::run::baseline::Baseline;

/// What is permitted.
#[derive(Debug, Args)]
pub(super) struct Permissions {
    /// Accept that this metric got worse; can be given several times.
    #[arg(long = "allow-regression", value_name = "METRIC")]
    regressions: Vec<String>,
    /// Accept that values which the baseline has are undefined now.
    #[arg(long = "allow-incomplete")]
    incomplete: bool,
    /// Accept that nothing is held to this point, number or requirement any longer; can be given several times.
    #[arg(long = "allow-dropped", value_name = "NAME")]
    dropped: Vec<String>,
    /// Accept that this requirement of `[gate]` is broken, as written there; can be given several times.
    #[arg(long = "allow-broken", value_name = "LIMIT")]
    broken: Vec<String>,
    /// Accept numbers that cannot be compared with the old ones: other data, attack, metrics, seeds.
    #[arg(long = "allow-incomparable")]
    incomparable: bool,
}

/// What was permitted, for the history.
#[derive(Debug, Default)]
pub(super) struct Granted {
    /// Endpoint and p value.
    pub(super) regressions: Vec<(String, f64)>,
    pub(super) dropped: Vec<String>,
    pub(super) undefined: Vec<String>,
    pub(super) broken: Vec<String>,
}

impl Permissions {
    /// Whether `new` may be accepted, beside what it would replace.
    pub(super) fn check(&self, new: &Baseline, proposal: Option<&Proposal>) -> Result<Granted> {
        let mut granted = Granted::default();
        self.known(new, proposal)?;
        if let Some(proposal) = proposal {
            self.comparable(proposal)?;
            granted.undefined = self.defined(proposal)?;
            granted.dropped = self.dropped(proposal)?;
            for one in proposal.worse() {
                self.worse(one)?;
                let subject = &one.endpoint.subject;
                granted.regressions.push((format!("{} at {}", subject.metric(), subject.place()), one.worse));
            }
        }
        granted.broken = self.broken(&beside::requirements(new)?)?;
        Ok(granted)
    }

    /// A misspelled name permits nothing, and would go unnoticed.
    fn known(&self, new: &Baseline, proposal: Option<&Proposal>) -> Result<()> {
        let gated = proposal.iter().flat_map(|proposal| &proposal.old.side.gated).chain(&new.side.gated);
        let mut names: BTreeSet<String> = BTreeSet::new();
        for one in gated {
            names.extend([one.key.id.clone(), one.key.to_string()]);
        }
        let about = |flag: &str, name: &str, names: &BTreeSet<String>, what: &str| {
            let hint = did_you_mean(name, names.iter().map(String::as_str));
            let all = names.iter().map(String::as_str).collect::<Vec<_>>().join("; ");
            Error::input(format!("{flag} `{name}`: {what}{hint}")).help(if all.is_empty() {
                "leave it out".to_owned()
            } else {
                format!("there are {all}")
            })
        };
        if let Some(name) = self.regressions.iter().find(|name| !names.contains(*name)) {
            return Err(about("--allow-regression", name, &names, "no such number is gated"));
        }
        let dropped: BTreeSet<String> =
            proposal.iter().flat_map(|proposal| proposal.dropped()).cloned().collect();
        if let Some(name) = self.dropped.iter().find(|name| !dropped.contains(*name)) {
            return Err(about("--allow-dropped", name, &dropped, "nothing of that name is dropped"));
        }
        let required: BTreeSet<String> =
            new.manifest.gate.requirements()?.iter().map(ToString::to_string).collect();
        match self.broken.iter().find(|name| !required.contains(*name)) {
            Some(name) => Err(about("--allow-broken", name, &required, "this is no requirement of `[gate]`")),
            None => Ok(()),
        }
    }

    fn comparable(&self, proposal: &Proposal) -> Result<()> {
        let verdict = &proposal.verdict;
        if verdict.word != Word::NotComparable || self.incomparable || proposal.refreshed {
            return Ok(());
        }
        Err(Error::input(format!("the new numbers cannot be compared with the old ones: {}", verdict.reasons.join("; ")))
            .help("whether anything got worse cannot be told; if that is meant, add --allow-incomparable. `equipoise baseline refresh` moves to other seeds with proof"))
    }

    fn defined(&self, proposal: &Proposal) -> Result<Vec<String>> {
        // Points that are gone are permitted one by one.
        let gone: Vec<String> =
            proposal.verdict.only_baseline.iter().map(|point| format!("point {point}")).collect();
        let missing: Vec<&(String, String)> =
            proposal.verdict.missing.iter().filter(|(what, _)| !gone.contains(what)).collect();
        let Some((what, why)) = missing.first() else { return Ok(Vec::new()) };
        if !self.incomplete {
            let more = missing.len() - 1;
            let more = if more == 0 { String::new() } else { format!(", and {more} more") };
            return Err(Error::input(format!("the new numbers are incomplete: {what}: {why}{more}"))
                .help("what is undefined in a baseline is tested no longer; if that is meant, add --allow-incomplete"));
        }
        Ok(missing.into_iter().map(|(what, why)| format!("{what}: {why}")).collect())
    }

    fn dropped(&self, proposal: &Proposal) -> Result<Vec<String>> {
        let allowed = |name: &String| self.dropped.contains(name);
        if let Some(first) = proposal.dropped().find(|name| !allowed(name)) {
            let flags: Vec<String> = proposal
                .dropped()
                .filter(|name| !allowed(name))
                .map(|name| format!("--allow-dropped '{name}'"))
                .collect();
            return Err(Error::input(format!(
                "`{first}` is held to the baseline that is there, and would be no longer"
            ))
            .help(format!("if that is meant, add {}", flags.join(" "))));
        }
        Ok(proposal.dropped().cloned().collect())
    }

    /// A number of either pillar may only get worse by name: what pays for the other is said, not taken over in passing.
    fn worse(&self, one: &Assessed) -> Result<()> {
        let key = one.endpoint.subject.metric();
        let id = key.split(['@', '!']).next().unwrap_or(&key);
        if one.endpoint.pillar.is_none() || self.regressions.iter().any(|name| *name == key || name == id) {
            return Ok(());
        }
        Err(Error::input(format!(
            "`{id}` got worse at {}: a loss is not taken over in passing",
            one.endpoint.subject.place()
        ))
        .help(format!("if that is meant, add `--allow-regression {id}`")))
    }

    fn broken(&self, held: &[Held]) -> Result<Vec<String>> {
        let open: Vec<Held> =
            held.iter().filter(|one| !self.broken.contains(&one.requirement)).cloned().collect();
        match beside::broken(&open).first() {
            Some(first) => Err(Error::input(format!("the new numbers break a requirement: {first}"))
                .help("every gate against such a baseline would be `violated`; if that is meant, add --allow-broken with the requirement as `[gate]` has it")),
            None => Ok(beside::broken(held)),
        }
    }
}
