//! Rules over windows: every rule in every window, and what they amount to together.

use super::book::{Combine, Domain, Rule, RuleBook};
use super::history::History;
use super::kleene::{Truth, at_least};
use super::numbers::{self, Observation};
use super::questions::{Answers, Endpoint, Known};
use crate::error::{Error, Result, did_you_mean};
use crate::measure::Norm;

/// One question of a condition, answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The question, as written.
    pub text: String,
    /// The answer.
    pub truth: Truth,
    /// The numbers behind it, or why there are none.
    pub says: String,
}

/// A rule in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleState {
    /// Whether its condition holds in this window.
    pub condition: Truth,
    /// Whether it holds in as many of the last windows as it must.
    pub fires: Truth,
    /// Whether what must hold for it to end does; `None` where the rule names nothing.
    pub clear: Option<Truth>,
    /// Whether the rule is active.
    pub active: bool,
    /// The window since which it is active without a break.
    pub since: Option<usize>,
    /// Of the last windows that count, those in which the condition holds.
    pub held: Vec<usize>,
    /// Windows in a row, up to this one, in which the condition is unknown since a number is missing: not since there are too few windows yet, nor since the gate
    /// was not asked.
    pub unknown_for: usize,
    /// Whether that is too long.
    pub blind: bool,
    /// What its condition asks, answered.
    pub findings: Vec<Finding>,
    /// The same of what must hold for it to end.
    pub clearing: Vec<Finding>,
}

/// A combination in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct CombineState {
    /// Whether a rule is active in each of its domains.
    pub holds: Truth,
    /// The window since which it holds without a break.
    pub since: Option<usize>,
    /// The active rules that it is made of.
    pub made_of: Vec<usize>,
}

/// All rules in all windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// The rule file.
    pub book: RuleBook,
    /// Labels of the windows, the oldest first; never empty.
    pub windows: Vec<String>,
    /// The window that changes are seen from.
    pub baseline: usize,
    /// By signal, then by window.
    pub signals: Vec<Vec<Observation>>,
    /// By rule, then by window.
    pub rules: Vec<Vec<RuleState>>,
    /// By combination, then by window.
    pub combines: Vec<Vec<CombineState>>,
    /// By window: the highest level of anything active or blind.
    pub levels: Vec<Option<usize>>,
    /// What a reader should know besides, as fragments.
    pub remarks: Vec<String>,
}

/// Judges the rules over the windows of `history`. `threat`: the norm and radius at which numbers under attack are meant where their keys do not say so;
/// `endpoints`: what the gate found of the newest window.
///
/// # Errors
///
/// Where there is no window, or none that the rule file calls its baseline; where several numbers of a window could be a signal.
pub fn evaluate(
    book: &RuleBook,
    history: &History,
    threat: Option<(Norm, f64)>,
    endpoints: Option<&[Endpoint]>,
) -> Result<Course> {
    let windows = &history.windows;
    if windows.is_empty() {
        return Err(Error::input("the history has no window").help(
            "`equipoise report RESULTS --record LABEL` records the present results as one; anyone's rows `window,point,metric,value,low,high` do, too",
        ));
    }
    let baseline = match &book.baseline {
        None => 0,
        Some(label) => windows.iter().position(|window| window.label == *label).ok_or_else(|| {
            let labels = history.labels();
            let hint = did_you_mean(label, labels.iter().copied());
            Error::input(format!(
                "`baseline` in [escalation] names the window `{label}`, which is not there{hint}"
            ))
            .help(format!("there are {}", labels.join(", ")))
        })?,
    };
    let mut seen: Vec<Vec<Observation>> = Vec::with_capacity(windows.len());
    for window in windows {
        let signals = book.signals.iter();
        seen.push(signals.map(|signal| numbers::observe(signal, window, threat)).collect::<Result<_>>()?);
    }
    let mut rules: Vec<Vec<RuleState>> = vec![Vec::new(); book.rules.len()];
    let mut combines: Vec<Vec<CombineState>> = vec![Vec::new(); book.combines.len()];
    let mut levels = Vec::new();
    for now in 0..windows.len() {
        for &at in &book.order {
            let newest = now + 1 == windows.len();
            let known = Known {
                book,
                windows,
                seen: &seen,
                states: &rules,
                now,
                baseline,
                endpoints: endpoints.filter(|_| newest),
            };
            let state = next(&known, &book.rules[at], &rules[at]);
            rules[at].push(state);
        }
        for (combine, states) in book.combines.iter().zip(&mut combines) {
            let state = combined(combine, book, &rules, (states.last(), now));
            states.push(state);
        }
        let of_rules = book.rules.iter().zip(&rules).map(|(rule, states)| {
            let blind = states[now].blind.then_some(book.blind);
            blind.max(states[now].active.then_some(rule.level))
        });
        let of_combines = book.combines.iter().zip(&combines);
        let of_combines =
            of_combines.map(|(combine, states)| (states[now].holds == Truth::True).then_some(combine.to));
        levels.push(of_rules.chain(of_combines).max().flatten());
    }
    let remarks = remarks(book, history, &seen, baseline);
    let by_signal = |at: usize| seen.iter().map(|window| window[at].clone()).collect();
    Ok(Course {
        book: book.clone(),
        windows: windows.iter().map(|window| window.label.clone()).collect(),
        baseline,
        signals: (0..book.signals.len()).map(by_signal).collect(),
        rules,
        combines,
        levels,
        remarks,
    })
}

/// The state after `before`.
fn next(known: &Known<'_>, rule: &Rule, before: &[RuleState]) -> RuleState {
    let (mut answers, mut clearing) = (Answers::default(), Answers::default());
    let condition = known.judge(&rule.when, &mut answers);
    let clear = rule.clear.as_ref().map(|(clear, _)| known.judge(clear, &mut clearing));
    let last = before.last();
    let was_active = last.is_some_and(|state| state.active);
    // What held before the rule was last cleared has been dealt with.
    let (needed, of) = rule.lasting;
    let was_cleared = |pair: &[RuleState]| pair[0].active && pair[1].clear == Some(Truth::True);
    let ended = before.windows(2).rposition(was_cleared).map_or(0, |at| at + 2);
    let first = (before.len() + 1).saturating_sub(of).max(ended);
    let recent =
        || (first..before.len()).map(|at| (at, before[at].condition)).chain([(before.len(), condition)]);
    let fires = at_least(needed, recent().map(|(_, truth)| truth));
    let active = match (was_active, clear) {
        // Only what is known to be over is over.
        (_, Some(Truth::True)) => false,
        (true, Some(_)) => true,
        (true, None) => fires != Truth::False,
        (false, _) => fires == Truth::True,
    };
    let since = match (active, was_active) {
        (false, _) => None,
        (true, true) => last.and_then(|state| state.since),
        (true, false) => Some(before.len()),
    };
    // A history that is young, or a gate that was not asked, is nothing to be blind for.
    let unknown = condition == Truth::Unknown && answers.lacking;
    let unknown_for = if unknown { 1 + last.map_or(0, |state| state.unknown_for) } else { 0 };
    RuleState {
        condition,
        // Where both hold, that it ended counts.
        fires: if clear == Some(Truth::True) { Truth::False } else { fires },
        clear,
        active,
        since,
        held: recent().filter(|(_, truth)| *truth == Truth::True).map(|(at, _)| at).collect(),
        unknown_for,
        blind: unknown_for >= known.book.blind_after,
        findings: answers.findings,
        clearing: clearing.findings,
    }
}

fn combined(
    combine: &Combine,
    book: &RuleBook,
    rules: &[Vec<RuleState>],
    (before, now): (Option<&CombineState>, usize),
) -> CombineState {
    let of = |domain: Domain| {
        let each = book.rules.iter().zip(rules).enumerate();
        each.filter(move |(_, (rule, _))| rule.domain == Some(domain) && rule.level >= combine.from)
    };
    let mut made_of = Vec::new();
    let mut holds = Truth::True;
    for domain in &combine.domains {
        let mut here = Truth::False;
        for (at, (_, states)) in of(*domain) {
            let state = &states[now];
            here = here.or(if state.active { Truth::True } else { state.fires.min(Truth::Unknown) });
            made_of.extend(state.active.then_some(at));
        }
        holds = holds.and(here);
    }
    let since = before.and_then(|before| before.since).unwrap_or(now);
    CombineState { holds, since: (holds == Truth::True).then_some(since), made_of }
}

fn remarks(book: &RuleBook, history: &History, seen: &[Vec<Observation>], baseline: usize) -> Vec<String> {
    let windows = &history.windows;
    let mut remarks = Vec::new();
    for (at, signal) in book.signals.iter().enumerate() {
        if seen.iter().all(|window| window[at].metric.is_none()) {
            remarks.push(numbers::never_seen(signal, windows));
            continue;
        }
        let lacking = seen.iter().rev().take_while(|window| window[at].quantity.value.is_none()).count();
        if lacking > 0 {
            remarks.push(format!(
                "signal `{}` has no number in the last {}",
                signal.id,
                if lacking == 1 { "window".to_owned() } else { format!("{lacking} windows") }
            ));
        }
        let measured = seen.windows(2).zip(1..).filter(|(pair, _)| {
            let both = pair[0][at].metric.as_ref().zip(pair[1][at].metric.as_ref());
            both.is_some_and(|(before, after)| before != after)
        });
        for (pair, place) in measured {
            remarks.push(format!(
                "signal `{}` was measured otherwise before window `{}`: `{}`, then `{}`",
                signal.id,
                windows[place].label,
                pair[0][at].metric.as_deref().unwrap_or_default(),
                pair[1][at].metric.as_deref().unwrap_or_default()
            ));
        }
        let moved = seen.windows(2).zip(1..).filter(|(pair, _)| {
            let both = pair[0][at].metric.is_some() && pair[1][at].metric.is_some();
            both && !pair[0][at].is_where(&pair[1][at])
        });
        for (pair, place) in moved {
            remarks.push(format!(
                "signal `{}` was about another point before window `{}`: {}, then {}",
                signal.id,
                windows[place].label,
                pair[0][at].place(),
                pair[1][at].place()
            ));
        }
    }
    let asks_baseline = book.rules.iter().any(Rule::looks_at_baseline);
    if asks_baseline && baseline + 1 == windows.len() {
        remarks.push(format!(
            "window `{}` is its own baseline: changes against it are 0",
            windows[baseline].label
        ));
    }
    remarks
}

impl Course {
    /// The newest window.
    #[must_use]
    pub fn newest(&self) -> usize {
        self.windows.len() - 1
    }

    /// The level in the newest window; `None` where nothing is active or blind.
    #[must_use]
    pub fn level(&self) -> Option<usize> {
        self.levels.last().copied().flatten()
    }

    /// Whether something is active, or blind, at the level from which on that fails.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.level().is_some_and(|level| level >= self.book.fail)
    }

    /// Rules that are not active in the newest window and might be, were their numbers there.
    #[must_use]
    pub fn open(&self) -> Vec<usize> {
        let is_open = |states: &Vec<RuleState>| {
            states.last().is_some_and(|state| !state.active && state.fires == Truth::Unknown)
        };
        let each = self.rules.iter().enumerate();
        each.filter(|(_, states)| is_open(states)).map(|(at, _)| at).collect()
    }

    /// The newest window in a word: its level, `unknown` where a rule cannot be told and nothing is active, else `quiet`.
    #[must_use]
    pub fn word(&self) -> &str {
        match self.level() {
            Some(level) => &self.book.levels[level],
            None if self.open().is_empty() => "quiet",
            None => "unknown",
        }
    }
}
