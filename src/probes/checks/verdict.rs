//! From what a check saw to what it means.
//!
//! A share of rows is an estimate: by chance it lies above its threshold for a model that is within it. So a check on a share
//! fails only where an exact binomial test says that the true share is above the threshold, each test at [`Settings::alpha`] divided by
//! the number of such checks, and warns where the share is above it. A check on what may never happen needs no test.

use super::{CATALOG, Check, Look, Settings};
use crate::error::did_you_mean;
use crate::evidence::{Finding, Observation, Seen, Status};

/// A threshold out of the settings.
pub type Threshold = fn(&Settings) -> f64;

/// Where a check warns and fails.
#[derive(Debug, Clone, Copy)]
pub enum Bar {
    /// A single hit fails.
    Never,
    /// A share above this fails if the test says so, and else warns.
    Share(Threshold),
    /// A share above the first warns, and above the second fails if the test says so.
    Graded(Threshold, Threshold),
    /// A share above chance fails if the test says so, and else warns.
    Chance,
    /// A share or number above this warns; nothing fails.
    Warns(Threshold),
    /// A number above this fails.
    AtMost(Threshold),
    /// A number below this fails.
    AtLeast(Threshold),
}

impl Bar {
    fn is_tested(self) -> bool {
        matches!(self, Self::Share(_) | Self::Graded(..) | Self::Chance)
    }

    /// The threshold for people: `at most 0.01`.
    #[must_use]
    pub fn words(self, settings: &Settings) -> String {
        match self {
            Self::Never => "never".to_owned(),
            Self::Share(bar) => format!("share at most {}, tested", bar(settings)),
            Self::Graded(warn, fail) => {
                format!("share at most {} (else a warning), {} tested", warn(settings), fail(settings))
            }
            Self::Chance => "share at most chance, tested".to_owned(),
            Self::Warns(bar) => format!("at most {} (else a warning)", bar(settings)),
            Self::AtMost(bar) => format!("at most {}", bar(settings)),
            Self::AtLeast(bar) => format!("at least {}", bar(settings)),
        }
    }

    /// Status and threshold, for one of `among` observations of the same check.
    fn hold(self, seen: &Seen, settings: &Settings, among: usize) -> (Status, Option<f64>) {
        let over = |number: f64, bar: f64, bad: Status| if number > bar { bad } else { Status::Pass };
        let tested = |hits: u64, of: u64, bar: f64| tail(hits, of, bar) < level(settings) / among as f64;
        match (self, *seen) {
            (_, Seen::NotApplicable | Seen::Count { of: 0, .. }) => (Status::NotApplicable, None),
            (_, Seen::Broken) => (Status::Fail, None),
            (Self::Never, Seen::Count { hits, .. }) => (over(hits as f64, 0.0, Status::Fail), Some(0.0)),
            (Self::Never, Seen::Number(number)) => (over(number, 0.0, Status::Fail), Some(0.0)),
            (Self::Share(_) | Self::Chance | Self::Graded(..), Seen::Count { hits, of, chance }) => {
                let (warn, fail) = match self {
                    Self::Graded(warn, fail) => (warn(settings), fail(settings)),
                    Self::Share(bar) => (bar(settings), bar(settings)),
                    _ => (chance.unwrap_or(0.0), chance.unwrap_or(0.0)),
                };
                let warned = over(hits as f64 / of as f64, warn, Status::Warn);
                (if tested(hits, of, fail) { Status::Fail } else { warned }, Some(fail))
            }
            (Self::Warns(bar), Seen::Count { hits, of, .. }) => {
                (over(hits as f64 / of as f64, bar(settings), Status::Warn), Some(bar(settings)))
            }
            (Self::Warns(bar), Seen::Number(number)) => {
                (over(number, bar(settings), Status::Warn), Some(bar(settings)))
            }
            (Self::AtMost(bar) | Self::Share(bar) | Self::Graded(_, bar), seen) => {
                (over(share(&seen), bar(settings), Status::Fail), Some(bar(settings)))
            }
            (Self::Chance, seen) => (over(share(&seen), 0.0, Status::Fail), Some(0.0)),
            (Self::AtLeast(bar), seen) => {
                let bar = bar(settings);
                (if share(&seen) < bar { Status::Fail } else { Status::Pass }, Some(bar))
            }
        }
    }
}

/// Whether a number is there and at most `bar`.
pub(super) fn is_quiet(seen: &Seen, bar: f64) -> bool {
    matches!(seen, Seen::Number(number) if *number <= bar)
}

fn share(seen: &Seen) -> f64 {
    match *seen {
        Seen::Count { hits, of, .. } => hits as f64 / of as f64,
        Seen::Number(number) => number,
        Seen::NotApplicable | Seen::Broken => f64::NAN,
    }
}

/// The level of each test: the family's, divided among all that could be made.
fn level(settings: &Settings) -> f64 {
    let tests = CATALOG.iter().filter(|check| check.bar.is_tested()).count();
    settings.alpha / tests as f64
}

/// The probability of at least `hits` among `of` independent rows of which each is one with probability `share`.
#[must_use]
pub fn tail(hits: u64, of: u64, share: f64) -> f64 {
    if hits == 0 {
        return 1.0;
    }
    if hits > of || share <= 0.0 {
        return 0.0;
    }
    if share >= 1.0 {
        return 1.0;
    }
    let (n, odds) = (of as f64, share / (1.0 - share));
    let log_term = |k: u64| {
        let k = k as f64;
        libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
            + k * libm::log(share)
            + (n - k) * libm::log1p(-share)
    };
    // The sum of the shorter side, from its largest term outward.
    let below = (hits as f64) <= n * share;
    let (mut k, mut sum) = (if below { hits - 1 } else { hits }, 0.0);
    let mut term = libm::exp(log_term(k));
    loop {
        sum += term;
        if (below && k == 0) || (!below && k == of) || term <= sum * 1e-17 {
            break;
        }
        if below {
            term *= k as f64 / ((n - k as f64 + 1.0) * odds);
            k -= 1;
        } else {
            term *= (n - k as f64) * odds / (k as f64 + 1.0);
            k += 1;
        }
    }
    if below { 1.0 - sum } else { sum }
}

/// The shares of rows that `hits` of `of` leave plausible: the exact interval of Clopper and Pearson 1934 at 95 %.
pub(super) fn interval(hits: u64, of: u64) -> (f64, f64) {
    const SIDE: f64 = 0.025;
    // Both probabilities rise with the share.
    let root = |probability: &dyn Fn(f64) -> f64, aim: f64| {
        let (mut low, mut high) = (0.0_f64, 1.0_f64);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if probability(middle) < aim {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    };
    let low = if hits == 0 { 0.0 } else { root(&|share| tail(hits, of, share), SIDE) };
    let high = if hits >= of { 1.0 } else { root(&|share| tail(hits + 1, of, share), 1.0 - SIDE) };
    (low, high)
}

/// One check's verdict.
#[must_use]
pub fn finding(check: &Check, seen: &Seen, words: &str, settings: &Settings) -> Finding {
    finding_among(check, seen, words, settings, 1)
}

fn finding_among(check: &Check, seen: &Seen, words: &str, settings: &Settings, among: usize) -> Finding {
    let (status, threshold) = check.bar.hold(seen, settings, among);
    let measured = share(seen);
    let says = match status {
        Status::Pass | Status::NotApplicable => words.to_owned(),
        Status::Warn | Status::Fail => format!("{words}; {}", check.advice),
    };
    Finding {
        check: check.id.to_owned(),
        number: check.number,
        status,
        measured: measured.is_finite().then_some(measured),
        threshold,
        says,
        released: status == Status::Fail && settings.overrides.iter().any(|id| id == check.id),
    }
}

/// The verdicts of the whole catalog on one model; checks that look elsewhere are there as not applicable. Checks outside the catalog are there
/// where they saw something. Of several observations of one check the worst counts, each tested at the level divided by their number.
#[must_use]
pub fn judge(observations: &[Observation], settings: &Settings) -> Vec<Finding> {
    let of = |check: &Check| observations.iter().find(|observation| observation.check == check.id);
    let beside = super::all().skip(CATALOG.len()).filter_map(|check| worst(check, observations, settings));
    CATALOG
        .iter()
        .map(|check| {
            let observation = of(check);
            match (observation, &check.look) {
                (Some(observation), _) => finding(check, &observation.seen, &observation.words, settings),
                (None, Look::Elsewhere(words)) => finding(check, &Seen::NotApplicable, words, settings),
                (None, Look::Model(_)) => {
                    finding(check, &Seen::NotApplicable, "it was not looked at", settings)
                }
            }
        })
        .chain(beside)
        .collect()
}

/// The worst finding of all observations of `check`; the first of equals.
fn worst(check: &Check, observations: &[Observation], settings: &Settings) -> Option<Finding> {
    let own: Vec<&Observation> = observations.iter().filter(|one| one.check == check.id).collect();
    let note = |words: &str| match own.len() {
        1 => words.to_owned(),
        n => format!("{words} (the worst of {n}, each tested at 1/{n} of the level)"),
    };
    let findings =
        own.iter().map(|one| finding_among(check, &one.seen, &note(&one.words), settings, own.len()));
    findings.min_by(|a, b| {
        let excess = |finding: &Finding| {
            finding.measured.unwrap_or(f64::NEG_INFINITY) - finding.threshold.unwrap_or(0.0)
        };
        let rank = |finding: &Finding| match finding.status {
            Status::Fail => 0,
            Status::Warn => 1,
            Status::Pass => 2,
            Status::NotApplicable => 3,
        };
        rank(a).cmp(&rank(b)).then(excess(b).total_cmp(&excess(a)))
    })
}

/// The first override that names no check: its place, and the message.
#[must_use]
pub fn misspelled(settings: &Settings) -> Option<(usize, String)> {
    settings.overrides.iter().enumerate().find(|(_, id)| super::find(id).is_none()).map(|(index, id)| {
        let hint = did_you_mean(id, super::all().map(|check| check.id));
        (index, format!("unknown check `{id}`{hint}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17.1: `binomtest(k, n).proportion_ci(method="exact")`.
    #[test]
    fn exact_intervals_match_scipy() {
        for (hits, of, low, high) in
            [(0, 88, 0.0, 0.041_052_6), (1, 88, 0.000_287_7, 0.061_693_8), (10, 10, 0.691_502_9, 1.0)]
        {
            let got = interval(hits, of);
            assert!((got.0 - low).abs() < 1e-6 && (got.1 - high).abs() < 1e-6, "{hits} of {of}: {got:?}");
        }
    }
}
