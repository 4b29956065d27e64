//! A proposed baseline judged against the one that it would replace.

use std::path::Path;

use crate::cli::gate as judged;
use crate::error::{Error, Kind, Result};
use crate::gate::{self, Assessed, Difference, Examination, Held, Later, Rules, Side, Verdict};
use crate::report::gate as telling;
use crate::requirement::Requirement;
use crate::run::baseline::Baseline;
use crate::stats;
use crate::words::count;

/// What is proposed, beside what is there.
pub(super) struct Proposal {
    pub(super) old: Baseline,
    rules: Rules,
    pub(super) verdict: Verdict,
    /// The tests, also where undefined values make the verdict `incomplete`.
    examination: Option<Examination>,
    /// Terms of the gate that would change.
    pub(super) terms: Vec<Difference>,
    /// Numbers and requirements that nothing would be held to any longer.
    pub(super) let_go: Vec<String>,
    /// Whether `refresh` made it of the baseline that is there.
    pub(super) refreshed: bool,
}

impl Proposal {
    pub(super) fn story<'a>(&'a self, folder: &'a str) -> telling::Story<'a> {
        telling::Story {
            name: &self.old.side.name,
            baseline: Some(folder),
            rules: None,
            samples: Some(&self.old.manifest.samples),
            alpha: self.rules.alpha,
            policy: self.rules.policy.word(),
            code: judged::code(&self.verdict, &[], self.rules.policy),
            verdict: &self.verdict,
        }
    }

    /// Endpoints that got worse beyond their margins.
    pub(super) fn worse(&self) -> impl Iterator<Item = &Assessed> {
        let all = self.examination.iter().flat_map(|examination| &examination.endpoints);
        all.filter(|one| one.state == gate::State::Worse)
    }

    /// Points and numbers that would be gated no longer, and requirements that would be held no longer.
    pub(super) fn dropped(&self) -> impl Iterator<Item = &String> {
        self.verdict.only_baseline.iter().chain(&self.let_go)
    }
}

/// The baseline in `folder`; none where there is none yet.
pub(super) fn existing(folder: &Path) -> Result<Option<Baseline>> {
    match Baseline::read(folder) {
        Ok(old) => Ok(Some(old)),
        Err(error) if error.kind() == Kind::NotComparable => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the terms of `new` require, point by point.
pub(super) fn requirements(new: &Baseline) -> Result<Vec<Held>> {
    let required = new.manifest.gate.requirements()?;
    judged::held(&required, &new.manifest.experiment()?, &new.side, new.manifest.gate.alpha)
}

/// Judges `new` against `old`.
pub(super) fn beside(old: Baseline, new: &Baseline) -> Result<Proposal> {
    let rules = old.rules(None, None, None);
    let (ungated, kept): (Vec<_>, Vec<_>) =
        old.side.gated.iter().cloned().partition(|one| is_ungated(&old.side, &one.key, &new.side));
    let mut let_go: Vec<String> = ungated.into_iter().map(|one| one.key.to_string()).collect();
    let_go.extend(dropped_requirements(&old, new)?);
    let before = Side { gated: kept, ..old.side.clone() };
    let comparison = gate::compare(&before, &new.side);
    let refreshed = new.succeeds(&old);
    let tests = comparison.obstacles.is_empty() && !comparison.is_identical();
    let examination = tests.then(|| gate::examine(&before, &new.side, &comparison, &rules));
    let later = Later { held: requirements(new)?, ..Later::default() };
    let shown = examination.clone().filter(|_| comparison.missing.is_empty());
    let mut verdict = gate::conclude(&before, &comparison, shown, later, &rules);
    let terms = old.manifest.gate.differences(&new.manifest.gate);
    if !terms.is_empty() {
        verdict.notes.push(format!("the terms of the gate change: {}", said(&terms)));
    }
    if !let_go.is_empty() {
        verdict.notes.push(format!("nothing is held to {} any longer", let_go.join("; ")));
    }
    if let (true, Some(proof)) = (refreshed, &new.manifest.refreshed) {
        verdict.notes.push(format!(
            "refreshed: the same experiment, run again at {} of the baseline, was {}; new seeds are not compared",
            count(proof.seeds.len(), "seed"),
            proof.found
        ));
    }
    Ok(Proposal { old, rules, verdict, examination, terms, let_go, refreshed })
}

/// Whether `new` does not gate `key` any more: under another attack it is the same number, measured differently, and without an axis the front is another one.
fn is_ungated(old: &Side, key: &crate::measure::MetricKey, new: &Side) -> bool {
    let same = |other: &gate::Gated| other.key.id == key.id && other.key.group == key.group;
    !new.gated.iter().any(same) && !old.objectives.iter().any(|axis| axis.key == *key)
}

/// Requirements of `old` that no requirement of `new` implies.
fn dropped_requirements(old: &Baseline, new: &Baseline) -> Result<Vec<String>> {
    let now = new.manifest.gate.requirements()?;
    let implies = |new: &Requirement, old: &Requirement| {
        *old == Requirement { limit: old.limit, ..new.clone() } && new.spare(old.limit) <= 0.0
    };
    let dropped = old.manifest.gate.requirements()?.into_iter();
    Ok(dropped.filter(|one| !now.iter().any(|new| implies(new, one))).map(|one| one.to_string()).collect())
}

/// Terms in a clause.
pub(super) fn said(terms: &[Difference]) -> String {
    lines(terms).join("; ")
}

/// Terms, one each: `gate.alpha: 0.05, now 0.01`.
pub(super) fn lines(terms: &[Difference]) -> Vec<String> {
    let say = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
    terms
        .iter()
        .map(|one| format!("{}: {}, now {}", one.setting, say(&one.baseline), say(&one.candidate)))
        .collect()
}

/// That a baseline can never alarm, where it has too few seeds for its level.
pub(super) fn blind(new: &Baseline) -> Option<String> {
    let (seeds, alpha) = (new.side.seeds.len(), new.manifest.gate.alpha);
    let needed = stats::fewest_pairs(alpha);
    (seeds < needed).then(|| {
        format!(
            "warning: with {} nothing can ever be shown at level {alpha}, so that the gate never alarms: at least {needed} are needed",
            count(seeds, "seed")
        )
    })
}

/// Requirements that do not hold, in a clause each.
pub(super) fn broken(held: &[Held]) -> Vec<String> {
    let is_broken = |held: &&Held| matches!(held.holds, gate::Holds::No | gate::Holds::Undefined);
    let say = |held: &Held| {
        let found = match (held.mean, &held.reason) {
            (Some(mean), _) => format!("mean {mean:.4}"),
            (None, reason) => reason.clone().unwrap_or_else(|| "undefined".to_owned()),
        };
        format!("{} at {} ({found})", held.requirement, held.point)
    };
    held.iter().filter(is_broken).map(say).collect()
}

/// That something is proposed without a baseline to leave the rest in.
pub(super) fn nothing_there() -> Error {
    Error::input("--only needs a baseline to leave the other points in")
}
