//! From findings to a word.

use super::assess::{Assessed, Examination, State};
use super::compare::Comparison;
use super::confirm::Confirmation;
use super::endpoints::Subject;
use super::require::{Held, Holds};
use super::side::Side;
use super::verdict::{CrossCheck, Shape, Verdict, Word};
use super::{Policy, Rules};
use crate::measure::Pillar;
use crate::stats;

/// What was found out after the tests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Later {
    /// Requirements, point by point.
    pub held: Vec<Held>,
    /// Gains that a broken attack would look like, looked behind; `None` where the baseline's results are not at hand.
    pub cross_checks: Option<Vec<CrossCheck>>,
    /// Why gains in an upper bound cannot be looked behind at all, in a clause.
    pub unchecked: Option<String>,
    /// The alarms on fresh seeds, where they were asked again.
    pub confirmation: Option<Confirmation>,
    /// What else a reader should know: what could not be found out, and why.
    pub notes: Vec<String>,
}

/// The verdict where there is nothing to compare with.
#[must_use]
pub fn not_comparable(reasons: Vec<String>) -> Verdict {
    Verdict { reasons, ..Verdict::of(Word::NotComparable) }
}

/// The verdict where nothing was measured at all.
#[must_use]
pub fn incomplete(reasons: Vec<String>) -> Verdict {
    Verdict { reasons, ..Verdict::of(Word::Incomplete) }
}

/// The verdict where nothing could be judged.
#[must_use]
pub fn error(reasons: Vec<String>) -> Verdict {
    Verdict { reasons, ..Verdict::of(Word::Error) }
}

/// Says the word. `examination` is there where the sides are comparable, whole, and not identical.
#[must_use]
pub fn conclude(
    baseline: &Side,
    comparison: &Comparison,
    examination: Option<Examination>,
    later: Later,
    rules: &Rules,
) -> Verdict {
    let unchecked = later.unchecked;
    let mut verdict = Verdict {
        seeds: baseline.seeds.clone(),
        points: comparison.pairs.len(),
        only_baseline: comparison.only_baseline.clone(),
        only_candidate: comparison.only_candidate.clone(),
        settings: comparison.settings.clone(),
        missing: comparison.missing.clone(),
        held: later.held,
        cross_checks: later.cross_checks,
        confirmation: later.confirmation,
        notes: later.notes,
        ..Verdict::of(Word::Identical)
    };
    if !comparison.obstacles.is_empty() {
        verdict.word = Word::NotComparable;
        verdict.reasons.clone_from(&comparison.obstacles);
        verdict.reasons_in_full.clone_from(&comparison.obstacles_in_full);
        return verdict;
    }
    if !comparison.missing.is_empty() {
        verdict.word = Word::Incomplete;
        let all: Vec<String> =
            comparison.missing.iter().map(|(what, why)| format!("{what}: {why}")).collect();
        verdict.reasons.push(format!("not all is there: {}", few(&all, 1)));
        if comparison.missing.len() == comparison.only_baseline.len() {
            verdict.notes.push(
                "a sweep that lacks points of the baseline cannot be held to them; where they are meant to be gone, take this run over as the baseline".to_owned(),
            );
        }
        return verdict;
    }
    if let Some(held) = verdict.held.iter().find(|held| held.holds == Holds::Undefined) {
        verdict.word = Word::Incomplete;
        let reason = held.reason.as_deref().unwrap_or("it is undefined");
        verdict.reasons.push(format!("`{}` at {} cannot be judged: {reason}", held.requirement, held.point));
        return verdict;
    }
    if !comparison.only_candidate.is_empty() {
        verdict.notes.push(
            "the baseline does not have all points of this run: what is said is about those that both have"
                .to_owned(),
        );
    }
    if !comparison.untested.is_empty() {
        let all: Vec<String> =
            comparison.untested.iter().map(|(what, why)| format!("{what} ({why})")).collect();
        verdict.notes.push(format!("not tested, for it is undefined on some seed: {}", few(&all, 1)));
    }
    let (word, reasons) = match &examination {
        None => (Word::Identical, vec!["every gated value is the same, bit for bit".to_owned()]),
        Some(examination) => {
            verdict.shape = shape(examination, &verdict, rules);
            weigh(examination, &verdict, comparison, rules)
        }
    };
    verdict.word = word;
    verdict.reasons = reasons;
    if rules.policy == Policy::Certify
        && !comparison.untested.is_empty()
        && !matches!(verdict.word, Word::Regressed | Word::Suspect)
    {
        verdict.word = Word::NotCertified;
        let count = comparison.untested.len();
        verdict.reasons.insert(
            0,
            format!("{count} of the gated numbers cannot be tested, and so are not shown to be no worse"),
        );
    }
    if let (Word::Identical, Some(pillar)) = (verdict.word, rules.claim) {
        verdict.word = Word::Inconclusive;
        verdict
            .reasons
            .insert(0, format!("the change claims to improve {}, and changes nothing", pillar.word()));
    }
    if let Some(examination) = &examination {
        remark(examination, &mut verdict, rules, unchecked.as_deref());
    }
    verdict.examination = examination;
    constrain(&mut verdict, rules);
    verdict
}

/// How the curve moved.
fn shape(examination: &Examination, verdict: &Verdict, rules: &Rules) -> Option<Shape> {
    let worse = examination.alarms().into_iter().any(|at| !is_cleared(verdict, at));
    let better = !examination.positions(|one| one.state == State::Better).is_empty();
    let volume = examination.endpoints.iter().find(|one| one.endpoint.subject == Subject::Hypervolume);
    let within = volume.is_some_and(|one| one.mean.abs() <= rules.hypervolume_margin + one.endpoint.floor());
    match (worse, better, within) {
        (false, false, _) => None,
        (false, true, _) => Some(Shape::Improved),
        (true, false, true) => Some(Shape::Bent),
        (true, false, false) => Some(Shape::Regressed),
        (true, true, true) => Some(Shape::Slide),
        (true, true, false) => Some(Shape::Mixed),
    }
}

/// Whether the alarm at this position did not come back on fresh seeds.
fn is_cleared(verdict: &Verdict, at: usize) -> bool {
    verdict.confirmation.as_ref().is_some_and(|confirmation| confirmation.clears(at))
}

fn name(one: &Assessed) -> String {
    let subject = &one.endpoint.subject;
    match subject {
        Subject::Number { point, key } => format!("{} at {point}", crate::metrics::describe(key)),
        Subject::Hypervolume => "the front's hypervolume".to_owned(),
        Subject::Epsilon => "the front's epsilon".to_owned(),
    }
}

/// The first `most`, and how many more there are.
fn few(all: &[String], most: usize) -> String {
    let more = all.len().saturating_sub(most);
    let shown = all[..all.len() - more].join("; ");
    if more == 0 { shown } else { format!("{shown}; and {more} more") }
}

/// At most three names.
fn names<'a>(some: impl Iterator<Item = &'a Assessed>) -> String {
    few(&some.map(name).collect::<Vec<_>>(), 3)
}

fn weigh(
    examination: &Examination,
    verdict: &Verdict,
    comparison: &Comparison,
    rules: &Rules,
) -> (Word, Vec<String>) {
    let alpha = rules.alpha;
    let all = &examination.endpoints;
    let in_state = |state| all.iter().filter(move |one| one.state == state);
    let (cleared, mut alarms): (Vec<usize>, Vec<usize>) =
        examination.alarms().into_iter().partition(|at| is_cleared(verdict, *at));
    alarms.sort_by(|a, b| all[*a].compare_losses(&all[*b]));
    if !alarms.is_empty() {
        let reason =
            format!("shown to be worse beyond the margin: {}", names(alarms.into_iter().map(|at| &all[at])));
        return (Word::Regressed, vec![reason]);
    }
    let mut suspicions: Vec<(usize, String)> = Vec::new();
    for check in verdict.cross_checks.iter().flatten() {
        let one = &all[check.endpoint];
        // Of the front as a whole the first of its points will do.
        let new = suspicions.iter().all(|(endpoint, _)| *endpoint != check.endpoint);
        if let (true, Some(why)) = (new, check.suspicion(one.endpoint.margin)) {
            suspicions.push((check.endpoint, format!("the gain of {} is not believed: {why}", name(one))));
        }
    }
    if !suspicions.is_empty() {
        return (Word::Suspect, suspicions.into_iter().map(|(_, why)| why).collect());
    }
    if !cleared.is_empty() {
        let reason = format!(
            "an alarm did not come back on fresh seeds: {}. One of the two samples was luck; more seeds tell",
            names(cleared.into_iter().map(|at| &all[at]))
        );
        return (Word::Inconclusive, vec![reason]);
    }
    if rules.policy == Policy::Certify {
        let open = || all.iter().filter(|one| !one.is_no_worse(alpha));
        if open().next().is_some() {
            let blind = open().all(Assessed::is_blind);
            let reason = format!("not shown to be no worse than the margin: {}", names(open()));
            let word = if blind { Word::Inconclusive } else { Word::NotCertified };
            return (word, vec![reason]);
        }
    }
    if let Some(pillar) = rules.claim
        && !in_state(State::Better).any(|one| one.endpoint.pillar == Some(pillar))
    {
        let reason = format!(
            "the change claims to improve {}, and no gain in it is shown beyond its margin",
            pillar.word()
        );
        return (Word::Inconclusive, vec![reason]);
    }
    if in_state(State::Better).next().is_some() {
        let open: Vec<&Assessed> = all.iter().filter(|one| is_owed(one, examination, rules)).collect();
        if open.is_empty() {
            let reason = format!("shown to be better beyond the margin: {}", names(in_state(State::Better)));
            return (Word::Improved, vec![reason]);
        }
        let reason = format!(
            "shown to be better beyond the margin: {}; but not that the rest is no worse than its margin: {}",
            names(in_state(State::Better)),
            names(open.into_iter())
        );
        return (Word::Inconclusive, vec![reason]);
    }
    if in_state(State::Undecided).next().is_some() {
        let reason = format!(
            "{} seeds do not show that every number is no worse than its margin: {} of {} are undecided",
            examination.seeds,
            in_state(State::Undecided).count(),
            all.len()
        );
        return (Word::Inconclusive, vec![reason]);
    }
    let moved = || all.iter().filter(|one| matches!(one.state, State::WorseWithin | State::BetterWithin));
    if moved().next().is_some() {
        let reason = format!("changed, within the margin: {}", names(moved()));
        return (Word::ChangedWithinMargin, vec![reason]);
    }
    let reason = if comparison.first_difference.is_none() {
        "every gated value that both sides have is the same, bit for bit"
    } else {
        "values differ; no change is shown, and every number is shown to be no worse than its margin"
    };
    (Word::NoChange, vec![reason.to_owned()])
}

/// Whether a gain owes it to this endpoint to be shown no worse, and has not: endpoints of any pillar but the gain's own; of all pillars where
/// more than one gained, or only the front as a whole.
fn is_owed(one: &Assessed, examination: &Examination, rules: &Rules) -> bool {
    if one.endpoint.pillar.is_none() || one.is_no_worse(rules.alpha) {
        return false;
    }
    let mut gained: Vec<Pillar> = examination
        .endpoints
        .iter()
        .filter(|other| other.state == State::Better)
        .filter_map(|other| other.endpoint.pillar)
        .chain(rules.claim)
        .collect();
    gained.sort_unstable();
    gained.dedup();
    match gained.as_slice() {
        [only] => one.endpoint.pillar != Some(*only),
        _ => true,
    }
}

/// Adds what a reader should know of the tests.
fn remark(examination: &Examination, verdict: &mut Verdict, rules: &Rules, unchecked: Option<&str>) {
    verdict.notes.extend(examination.remarks.iter().cloned());
    let needed = stats::fewest_pairs(rules.alpha);
    if examination.seeds < needed {
        verdict.notes.push(format!(
            "{} seeds can never show a change at level {}: at least {needed} are needed",
            examination.seeds, rules.alpha
        ));
    }
    if verdict.cross_checks.is_none() && !examination.doubtful_gains().is_empty() {
        let why = unchecked.unwrap_or("the baseline's results folder is not at hand (--base-results DIR)");
        verdict.notes.push(format!(
            "gains in numbers that an attack bounds were not cross-checked: {why}. A weaker attack would look the same"
        ));
    }
    if let Some(confirmation) = &verdict.confirmation
        && !confirmation.paired
    {
        verdict.notes.push(
            "the baseline was not run again on the fresh seeds (--base-binary PATH), so the confirmation is unpaired, and a baseline that was lucky is not found out"
                .to_owned(),
        );
    }
}

/// Requirements come on top of everything that passes.
fn constrain(verdict: &mut Verdict, rules: &Rules) {
    let broken = |held: &&Held| held.holds == Holds::No;
    let unshown = |held: &&Held| held.holds == Holds::OnAverage && rules.policy == Policy::Certify;
    let say = |held: &Held| {
        let mean = held.mean.map_or_else(String::new, |mean| format!(" (mean {mean:.4})"));
        format!("`{}` at {}{mean}", held.requirement, held.point)
    };
    let list = |some: Vec<&Held>| few(&some.into_iter().map(say).collect::<Vec<_>>(), 3);
    let no: Vec<&Held> = verdict.held.iter().filter(broken).collect();
    let open: Vec<&Held> = verdict.held.iter().filter(unshown).collect();
    let found = match (no.is_empty(), open.is_empty()) {
        (false, _) => (Word::Violated, format!("broken requirements: {}", list(no))),
        (true, false) => (Word::NotCertified, format!("kept on average, and not shown: {}", list(open))),
        (true, true) => return,
    };
    match verdict.word {
        // Graver already; the requirement is said after it.
        Word::Regressed | Word::Suspect | Word::NotComparable | Word::Incomplete | Word::Error => {
            verdict.reasons.push(found.1);
        }
        Word::NotCertified if found.0 == Word::NotCertified => verdict.reasons.push(found.1),
        _ => {
            verdict.word = found.0;
            verdict.reasons.insert(0, found.1);
        }
    }
}
