//! The tests: every endpoint for worse and for better, beyond its margin and at all, jointly; what could have been seen, and at what price.

use std::cmp::Ordering;

use super::compare::Comparison;
use super::endpoints::{Endpoint, Subject, endpoints};
use super::side::Side;
use super::{POWER, Policy, Rules};
use crate::measure::{Bound, Direction};
use crate::seed::Seed;
use crate::stats::{self, Worlds};

/// What is known of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Shown to be worse by more than its margin.
    Worse,
    /// Shown to be better by more than its margin.
    Better,
    /// Shown to be worse, and shown to be so by less than its margin.
    WorseWithin,
    /// Shown to be better; not by more than its margin.
    BetterWithin,
    /// Shown to be no worse than its margin; no change is shown.
    NoWorse,
    /// None of these: too few seeds for so much noise.
    Undecided,
}

impl State {
    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::WorseWithin => "worse-within-margin",
            Self::BetterWithin => "better-within-margin",
            Self::NoWorse => "no-worse",
            Self::Undecided => "undecided",
        }
    }
}

/// One endpoint with its tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessed {
    /// What was tested.
    pub endpoint: Endpoint,
    /// What came of it.
    pub state: State,
    /// Mean difference over seeds; positive is worse.
    pub mean: f64,
    /// Interval of the mean difference at level 1 − alpha, by inverting the sign-flip test; `None` below the seeds it needs.
    pub interval: Option<(f64, f64)>,
    /// p value, adjusted for all endpoints: worse by more than the margin.
    pub worse: f64,
    /// p value, adjusted: better by more than the margin.
    pub better: f64,
    /// p value, adjusted: worse at all.
    pub worse_at_all: f64,
    /// p value, adjusted: better at all.
    pub better_at_all: f64,
    /// p value of this endpoint alone: no worse than the margin. Not adjusted: all must hold (Berger 1982).
    pub no_worse: f64,
    /// Standard deviation of the differences over seeds; `None` with one seed.
    pub spread: Option<f64>,
    /// The smallest loss that alarms with [`POWER`], with all endpoints tested together and its margin on top; `None` where none does with so
    /// few seeds.
    pub detectable: Option<f64>,
    /// The smallest margin that an endpoint of this noise that did not change is shown to keep, with [`POWER`]; `None` where none is with so few
    /// seeds.
    pub resolution: Option<f64>,
    /// Seeds with which its own margin is; `None` where no number of them is known.
    pub needed: Option<usize>,
    /// Correlation of the two sides over seeds, what pairing gains by; `None` where a side does not vary.
    pub correlation: Option<f64>,
}

impl Assessed {
    /// Whether it is shown to be no worse than its margin.
    #[must_use]
    pub fn is_no_worse(&self, alpha: f64) -> bool {
        self.no_worse <= alpha
    }

    /// Order of losses, the worst first: by p value, then by size.
    #[must_use]
    pub fn compare_losses(&self, other: &Self) -> Ordering {
        self.worse.total_cmp(&other.worse).then(other.mean.total_cmp(&self.mean))
    }

    /// Whether so few seeds may well fail to show that it keeps its margin though nothing changed.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.resolution.is_none_or(|least| least > self.endpoint.margin)
    }

    /// Whether a gain is one that a broken attack would look like: of a number that errs on the flattering side, or on an unknown one under attack.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        let attacked = match &self.endpoint.subject {
            Subject::Number { key, .. } => key.attack.is_some(),
            Subject::Hypervolume | Subject::Epsilon => false,
        };
        matches!(
            (self.endpoint.bound, self.endpoint.direction),
            (Bound::Upper, Direction::Higher) | (Bound::Lower, Direction::Lower)
        ) || (attacked && self.endpoint.bound == Bound::Neither)
    }
}

/// All endpoints with their tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// In the order of points and keys; the front as a whole last.
    pub endpoints: Vec<Assessed>,
    /// Points and numbers that could not be tested.
    pub remarks: Vec<String>,
    /// Pairs of runs behind every test.
    pub seeds: usize,
    /// Whether every sign vector was looked at, or many drawn.
    pub exact: bool,
    /// Level at which everything was tested.
    pub alpha: f64,
    /// What must be shown.
    pub policy: Policy,
}

impl Examination {
    /// Positions of the endpoints that are shown to be worse beyond their margin.
    #[must_use]
    pub fn alarms(&self) -> Vec<usize> {
        self.positions(|one| one.state == State::Worse)
    }

    /// Gains that a broken attack would look like: the position of each, and the subjects to look behind; of the front as a whole the doubtful
    /// numbers on its axes, at every point.
    #[must_use]
    pub fn doubtful_gains(&self) -> Vec<(usize, Subject)> {
        let gained = |one: &Assessed| matches!(one.state, State::Better | State::BetterWithin);
        let on_axes = || {
            let each = self.endpoints.iter().filter(|one| one.endpoint.is_axis && one.is_doubtful());
            each.map(|one| one.endpoint.subject.clone())
        };
        let mut gains = Vec::new();
        for (at, one) in self.endpoints.iter().enumerate().filter(|(_, one)| gained(one)) {
            match &one.endpoint.subject {
                Subject::Number { .. } if one.is_doubtful() => gains.push((at, one.endpoint.subject.clone())),
                Subject::Number { .. } => {}
                Subject::Hypervolume | Subject::Epsilon => {
                    gains.extend(on_axes().map(|subject| (at, subject)));
                }
            }
        }
        gains
    }

    pub(super) fn positions(&self, wanted: impl Fn(&Assessed) -> bool) -> Vec<usize> {
        let each = self.endpoints.iter().enumerate();
        each.filter(|(_, one)| wanted(one)).map(|(at, _)| at).collect()
    }
}

/// Draws of sign vectors, where there are too many for all.
const STREAM: Seed = Seed(0);

/// Tests everything that is gated. The two sides are comparable, and nothing is missing.
///
/// Where nothing changed, baseline and candidate are exchangeable within a seed, and the tests are exact; a margin above 0 asks in addition that
/// differences be symmetric about their center.
#[must_use]
pub fn examine(baseline: &Side, candidate: &Side, comparison: &Comparison, rules: &Rules) -> Examination {
    let (endpoints, remarks) = endpoints(baseline, candidate, comparison, rules);
    let seeds = baseline.seeds.len();
    let worlds = Worlds::flips(seeds, STREAM);
    let endpoints = assess(endpoints, rules.alpha, &worlds);
    Examination {
        endpoints,
        remarks,
        seeds,
        exact: worlds.is_exact(),
        alpha: rules.alpha,
        policy: rules.policy,
    }
}

pub(super) fn assess(endpoints: Vec<Endpoint>, alpha: f64, worlds: &Worlds) -> Vec<Assessed> {
    let floors: Vec<f64> = endpoints.iter().map(Endpoint::floor).collect();
    let tested = |sign: f64, margin: f64| {
        let shifted = |endpoint: &Endpoint| {
            endpoint.differences.iter().map(|d| sign * d - margin * endpoint.margin).collect()
        };
        stats::sign_flip(&endpoints.iter().map(shifted).collect::<Vec<Vec<f64>>>(), &floors, worlds)
    };
    let (worse, better) = (tested(1.0, 1.0), tested(-1.0, 1.0));
    let (worse_at_all, better_at_all) = (tested(1.0, 0.0), tested(-1.0, 0.0));
    // No worse than the margin: the margin less the difference is above 0.
    let no_worse = tested(-1.0, -1.0);
    let rows: Vec<Vec<f64>> = endpoints.iter().map(|endpoint| endpoint.differences.clone()).collect();
    let critical = stats::critical_t(&rows, &floors, worlds, alpha).filter(|t| t.is_finite());
    let mut assessed = Vec::with_capacity(endpoints.len());
    for (at, endpoint) in endpoints.into_iter().enumerate() {
        let differences = &endpoint.differences;
        let mean = stats::mean(differences).unwrap_or(0.0);
        let spread = stats::standard_deviation(differences).map(|sd| if sd <= floors[at] { 0.0 } else { sd });
        let mut one = Assessed {
            state: State::Undecided,
            mean,
            interval: stats::sign_flip_bounds(differences, 0.5 * alpha, worlds),
            worse: worse[at].adjusted,
            better: better[at].adjusted,
            worse_at_all: worse_at_all[at].adjusted,
            better_at_all: better_at_all[at].adjusted,
            no_worse: no_worse[at].alone,
            spread,
            detectable: spread
                .zip(critical)
                .and_then(|(sd, critical)| Some(endpoint.margin + beyond(critical, sd, differences.len())?)),
            resolution: spread.and_then(|sd| resolution(sd, differences.len(), alpha)),
            needed: spread.and_then(|sd| needed(sd, endpoint.margin, alpha)),
            correlation: correlation(&endpoint.baseline, &endpoint.candidate),
            endpoint,
        };
        one.state = state(&one, alpha);
        assessed.push(one);
    }
    assessed
}

fn state(one: &Assessed, alpha: f64) -> State {
    let no_worse = one.is_no_worse(alpha);
    if one.worse <= alpha {
        State::Worse
    } else if one.better <= alpha {
        State::Better
    } else if one.worse_at_all <= alpha {
        if no_worse { State::WorseWithin } else { State::Undecided }
    } else if one.better_at_all <= alpha {
        State::BetterWithin
    } else if no_worse {
        State::NoWorse
    } else {
        State::Undecided
    }
}

/// `(critical + t(power)) σ / √n`, with `critical` in standard errors.
fn beyond(critical: f64, spread: f64, seeds: usize) -> Option<f64> {
    let degrees = (seeds as f64 - 1.0 > 0.0).then_some(seeds as f64 - 1.0)?;
    Some((critical + stats::student_quantile(POWER, degrees)) * spread / (seeds as f64).sqrt())
}

/// `(t(1 − alpha) + t(power)) σ / √n`: the smallest margin that a paired test of one endpoint alone, over `n` seeds, shows to be kept with [`POWER`]
/// where nothing changed.
fn resolution(spread: f64, seeds: usize, alpha: f64) -> Option<f64> {
    if seeds < stats::fewest_pairs(alpha).max(2) {
        return None;
    }
    beyond(stats::student_quantile(1.0 - alpha, seeds as f64 - 1.0), spread, seeds)
}

/// More seeds than this are nobody's plan.
const MOST_SEEDS: usize = 100_000;

/// The fewest seeds with which an endpoint that did not change is shown to keep `margin`.
fn needed(spread: f64, margin: f64, alpha: f64) -> Option<usize> {
    let enough = |seeds: usize| resolution(spread, seeds, alpha).is_some_and(|least| least <= margin);
    let mut high = stats::fewest_pairs(alpha).max(2);
    let mut low = high - 1;
    while !enough(high) {
        if high > MOST_SEEDS {
            return None;
        }
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let shared = stats::covariance(a, b)?;
    let (a, b) = (stats::standard_deviation(a)?, stats::standard_deviation(b)?);
    // A side that varies by rounding alone does not vary.
    (a > 1e-12 && b > 1e-12).then(|| (shared / (a * b)).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// t quantiles with 6 degrees of freedom: 1.943 at 0.95 and 0.906 at 0.8 (any table); (1.943 + 0.906) · 0.01 / √7 = 0.01077.
    #[test]
    fn the_smallest_margin_that_can_be_shown_by_hand() {
        let found = resolution(0.01, 7, 0.05).unwrap();
        assert!((found - 0.010_77).abs() < 5e-5, "{found}");
        assert_eq!(resolution(0.01, 4, 0.05), None, "four seeds show nothing at 5 %");
        assert_eq!(resolution(0.0, 7, 0.05), Some(0.0));
    }

    #[test]
    fn the_seeds_needed_are_the_fewest() {
        let seeds = needed(0.01, 0.005, 0.05).unwrap();
        assert!(resolution(0.01, seeds, 0.05).unwrap() <= 0.005);
        assert!(resolution(0.01, seeds - 1, 0.05).unwrap() > 0.005);
        assert_eq!(needed(0.0, 0.005, 0.05), Some(5));
        assert_eq!(needed(0.01, 0.0, 0.05), None);
    }

    #[test]
    fn correlation_by_hand() {
        assert!((correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).unwrap() - 1.0).abs() < 1e-12);
        // Deviations (−1, 0, 1) and (−1, 1, 0): 1 / 2.
        assert!((correlation(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
    }
}
