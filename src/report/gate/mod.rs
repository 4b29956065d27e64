//! What the gate says, in every format: one file each.

mod github;
mod json;
mod junit;
mod markdown;
mod rules;
mod terminal;

use super::format;
use crate::gate::{Assessed, Confirmation, Holds, State, Subject, Verdict, Word};
use crate::measure::Unit;
use crate::metrics;

pub use github::{MOST_ANNOTATIONS, annotations};
pub use json::{SCHEMA_FILE, json};
pub use junit::junit;
pub use markdown::{MARKER, markdown};
pub use terminal::{review, terminal};

/// A verdict with what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Story<'a> {
    /// The experiment's name.
    pub name: &'a str,
    /// The baseline's folder, as given; `None` where nothing was compared with one.
    pub baseline: Option<&'a str>,
    /// The name of the file of escalation rules, where there is one.
    pub rules: Option<&'a str>,
    /// SHA-256 of the baseline's samples, where there is one.
    pub samples: Option<&'a str>,
    /// Level of the tests.
    pub alpha: f64,
    /// Policy, in a word.
    pub policy: &'a str,
    /// The exit code.
    pub code: u8,
    /// The verdict.
    pub verdict: &'a Verdict,
}

/// Endpoints in a table for people.
const SHOWN: usize = 10;
/// Settings that differ, and points that only one side has, in remarks for people.
const NAMED: usize = 5;

impl Story<'_> {
    /// `regressed (bent)`.
    #[must_use]
    pub fn word(&self) -> String {
        let word = self.verdict.word.word();
        match self.verdict.shape {
            Some(shape) if shape.word() != word && self.verdict.word != Word::Identical => {
                format!("{word} ({})", shape.word())
            }
            _ => word.to_owned(),
        }
    }

    /// One sentence each: why, most important first.
    pub(in crate::report) fn reasons(&self) -> Vec<String> {
        self.verdict.reasons.iter().map(|reason| format!("{}.", format::capitalized(reason))).collect()
    }

    /// Endpoints, worst first; where the verdict is a gain, the gains first.
    pub(in crate::report) fn ranked(&self) -> Vec<&Assessed> {
        let mut all: Vec<(usize, &Assessed)> = self
            .verdict
            .examination
            .iter()
            .flat_map(|examination| examination.endpoints.iter().enumerate())
            .collect();
        let improved = self.verdict.word == Word::Improved;
        let rank = |at: usize, state| match state {
            State::Worse if self.is_cleared(at) => 1,
            State::Worse => 0,
            State::WorseWithin => 2,
            State::Undecided => 3,
            State::NoWorse => 4,
            State::BetterWithin => 5,
            State::Better if improved => 0,
            State::Better => 6,
        };
        all.sort_by(|(i, a), (j, b)| {
            let by_loss = if a.state == State::Better && b.state == State::Better {
                a.better.total_cmp(&b.better).then(a.mean.total_cmp(&b.mean))
            } else {
                a.compare_losses(b)
            };
            rank(*i, a.state).cmp(&rank(*j, b.state)).then(by_loss)
        });
        all.into_iter().map(|(_, one)| one).collect()
    }

    /// Whether the alarm at this position did not come back on fresh seeds.
    fn is_cleared(&self, at: usize) -> bool {
        self.verdict.confirmation.as_ref().is_some_and(|confirmation| confirmation.clears(at))
    }

    /// The state in words, with what fresh seeds said of an alarm.
    fn state(&self, one: &Assessed) -> String {
        let endpoints = self.verdict.examination.as_ref().map(|examination| &examination.endpoints);
        let at = endpoints.and_then(|all| all.iter().position(|other| std::ptr::eq(other, one)));
        let word = one.state.word();
        if at.is_some_and(|at| self.is_cleared(at)) {
            format!("{word}, not confirmed")
        } else {
            word.to_owned()
        }
    }

    /// The worst endpoints as rows: where, what, before → now, worse by, margin, p, state; and how many are left out.
    fn rows(&self) -> (Vec<[String; 7]>, usize) {
        let ranked = self.ranked();
        let left = ranked.len().saturating_sub(SHOWN);
        let shared = shared(&ranked);
        let row = |one: &Assessed| {
            let endpoint = &one.endpoint;
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            // Epsilon is between two fronts; neither has one of its own.
            let values = if endpoint.subject == Subject::Epsilon {
                "—".to_owned()
            } else {
                let (before, now) = (mean(&endpoint.baseline), mean(&endpoint.candidate));
                format!("{} → {}", format::number(before), format::number(now))
            };
            [
                short(endpoint.subject.place(), &shared),
                title(one),
                values,
                format::change_interval((one.mean, one.interval), endpoint.unit),
                margin(endpoint.margin, endpoint.unit),
                match one.state {
                    State::Better => p_value(one.better),
                    State::BetterWithin => p_value(one.better_at_all),
                    State::WorseWithin => p_value(one.worse_at_all),
                    State::Worse | State::NoWorse | State::Undecided => p_value(one.worse),
                },
                self.state(one),
            ]
        };
        (ranked.into_iter().take(SHOWN).map(row).collect(), left)
    }

    const HEAD: [&'static str; 7] =
        ["point", "number", "baseline → here", "worse by", "margin", "p", "state"];

    /// How it was judged, what could have been seen, and what else a reader should know: one sentence each. `whole` is where everything stands.
    fn remarks(&self, whole: &str) -> Vec<String> {
        let verdict = self.verdict;
        let mut lines = Vec::new();
        lines.extend(verdict.rules.as_ref().map(|course| rules::remark(self, course)));
        if let Some(examination) = &verdict.examination {
            let worlds = if examination.exact { "all sign flips" } else { "9,999 drawn sign flips" };
            lines.push(format!(
                "{} on both sides, {} ({}), {} endpoints; policy {}, level {} over all endpoints together (sign-flip max-T with step-down, {worlds})",
                format::count(verdict.points, "point"),
                format::count(examination.seeds, "seed"),
                seeds(&verdict.seeds),
                examination.endpoints.len(),
                self.policy,
                self.alpha
            ));
            lines.push(format!(
                "p: how often chance alone shows as much at any number, where none is worse by more than its margin (of a gain, better by more; of a change within the margin, changed at all); in brackets: {} % interval of the change of each number by itself, which does not count how many there are",
                format::number(100.0 * (1.0 - self.alpha)).trim_end_matches('0').trim_end_matches('.')
            ));
            lines.push("`no-worse`: shown to be no worse than its margin; `undecided`: neither that nor a change is shown".to_owned());
            if examination.endpoints.iter().any(|one| one.endpoint.subject == Subject::Epsilon) {
                lines.push("the front: hypervolume is that of each seed's own points, then averaged; epsilon is how much farther this front must move to cover the baseline's than the other way round, halved, in shares of the axes".to_owned());
            }
            lines.extend(sight(&examination.endpoints));
            if verdict.confirmation.is_none() {
                lines.push(format!(
                    "of 1,000 comparisons in which nothing changed but the noise, up to {:.0} alarm",
                    1000.0 * self.alpha
                ));
            }
        } else if verdict.points > 0 && !matches!(verdict.word, Word::NotComparable | Word::Incomplete) {
            lines.push(format!(
                "{} on both sides, {} ({})",
                format::count(verdict.points, "point"),
                format::count(verdict.seeds.len(), "seed"),
                seeds(&verdict.seeds)
            ));
        }
        for difference in verdict.settings.iter().take(NAMED) {
            let say = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
            lines.push(format!(
                "setting `{}` differs: {} in the baseline, {} here",
                difference.setting,
                say(&difference.baseline),
                say(&difference.candidate)
            ));
        }
        let more = verdict.settings.len().saturating_sub(NAMED);
        if more > 0 {
            let verb = if more == 1 { "differs" } else { "differ" };
            lines.push(format!("{} {verb}; {whole} has all", format::count(more, "more setting")));
        }
        for (points, side) in [(&verdict.only_baseline, "baseline"), (&verdict.only_candidate, "run")] {
            if !points.is_empty() {
                let more = points.len().saturating_sub(NAMED);
                let mut named = points[..points.len() - more].to_vec();
                named.extend((more > 0).then(|| format!("{more} more ({whole} has all)")));
                lines.push(format!("only the {side} has {}", format::list(&named)));
            }
        }
        if let Some(confirmation) = &verdict.confirmation {
            lines.push(confirmed(confirmation));
        }
        if let Some(checks) = &verdict.cross_checks {
            for check in checks {
                let Some(one) = verdict.examination.as_ref().and_then(|e| e.endpoints.get(check.endpoint))
                else {
                    continue;
                };
                // Those of the front as a whole are those of its points again.
                if matches!(one.endpoint.subject, Subject::Hypervolume | Subject::Epsilon) {
                    continue;
                }
                lines.push(format!(
                    "cross-check of {} at {}: under the attack of today {:+.1} points of the baseline's models' rows stand beyond what the baseline recorded (more would mean a weaker attack); adversarial rows made for the baseline's models, which break {:.1} % of rows there, break {:.1} points here of what the own attack left standing (more would mean one that misses)",
                    title(one),
                    one.endpoint.subject.place(),
                    100.0 * check.weaker + 0.0,
                    100.0 * check.fallen,
                    100.0 * check.transferred
                ));
            }
        }
        for held in &verdict.held {
            let mean = held.mean.map_or_else(|| "undefined".to_owned(), format::number);
            let word = match held.holds {
                Holds::Shown => "kept",
                Holds::OnAverage => "kept on average, not shown over seeds",
                Holds::No => "broken",
                Holds::Undefined => "not judged",
            };
            lines.push(format!("requirement `{}` at {}: {word} ({mean})", held.requirement, held.point));
        }
        lines.extend(verdict.notes.iter().cloned());
        lines.into_iter().map(|line| format!("{}.", format::capitalized(&line))).collect()
    }

    /// What to do next, for the results in `folder`; nothing where the numbers are those of the baseline.
    fn advice(&self, folder: Option<&str>) -> Option<String> {
        let (folder, baseline) = (folder?, self.baseline?);
        match self.verdict.word {
            Word::NotComparable if self.samples.is_some() => Some(format!(
                "To hold what comes next to these numbers instead: `equipoise baseline check {folder} --baseline {baseline}`, then `equipoise baseline accept {baseline} --allow-incomparable --by NAME --reason TEXT`."
            )),
            Word::Identical | Word::NotComparable | Word::Incomplete | Word::Error => None,
            _ if self.verdict.examination.is_none() => None,
            _ => Some(format!(
                "To take these numbers over: `equipoise baseline check {folder} --baseline {baseline}`, then `equipoise baseline accept {baseline} --by NAME --reason TEXT`."
            )),
        }
    }
}

/// Coordinates that all points share, and that tables need not repeat; none where no coordinate would be left.
fn shared(endpoints: &[&Assessed]) -> Vec<String> {
    let numbers = endpoints.iter().filter(|one| matches!(one.endpoint.subject, Subject::Number { .. }));
    shared_parts(numbers.map(|one| one.endpoint.subject.place()))
}

pub(in crate::report) fn shared_parts<'a>(mut places: impl Iterator<Item = &'a str>) -> Vec<String> {
    let Some(first) = places.next() else { return Vec::new() };
    let mut shared: Vec<String> = first.split(',').map(str::to_owned).collect();
    for place in places {
        shared.retain(|part| place.split(',').any(|other| other == part));
    }
    if shared.len() == first.split(',').count() { Vec::new() } else { shared }
}

pub(in crate::report) fn short(place: &str, shared: &[String]) -> String {
    let own: Vec<&str> = place.split(',').filter(|part| !shared.iter().any(|other| other == part)).collect();
    own.join(",")
}

/// What could have been seen: pairing, the coarsest endpoint, and the seeds that it needs.
fn sight(endpoints: &[Assessed]) -> Vec<String> {
    let mut correlations: Vec<f64> = endpoints.iter().filter_map(|one| one.correlation).collect();
    correlations.sort_by(f64::total_cmp);
    let mut lines = vec![match correlations.get(correlations.len() / 2) {
        Some(median) => format!("correlation of the two sides over seeds {} (median)", signed(*median)),
        None => "no correlation of the two sides: they do not vary".to_owned(),
    }];
    let ratio =
        |one: &Assessed| one.detectable.map_or(f64::INFINITY, |least| least / one.endpoint.margin.max(1e-12));
    let Some(coarsest) = endpoints.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b))) else { return lines };
    lines.push(coarsest.detectable.map_or_else(
        || "with so few seeds no loss alarms for sure, however large".to_owned(),
        |least| {
            format!(
                "a loss of {} in {} at {}, the coarsest number, alarms with 80 % probability (margin {})",
                margin(least, coarsest.endpoint.unit),
                title(coarsest),
                coarsest.endpoint.subject.place(),
                margin(coarsest.endpoint.margin, coarsest.endpoint.unit)
            )
        },
    ));
    let needed = endpoints
        .iter()
        .map(|one| one.needed)
        .collect::<Option<Vec<_>>>()
        .and_then(|all| all.into_iter().max());
    lines.push(needed.map_or_else(
        || "no number of seeds shows every number to be no worse than its margin".to_owned(),
        |seeds| {
            format!(
                "where nothing changed, it takes {} to show each number to be no worse than its margin, with 80 % probability",
                format::count(seeds, "seed")
            )
        },
    ));
    lines
}

fn confirmed(confirmation: &Confirmation) -> String {
    let stand = confirmation.alarms.iter().filter(|alarm| alarm.stands).count();
    format!(
        "asked again on fresh seeds ({}), {}: {stand} of {} {}",
        seeds(&confirmation.seeds),
        if confirmation.paired { "both sides run anew" } else { "this side only" },
        format::count(confirmation.alarms.len(), "alarm"),
        if confirmation.alarms.len() == 1 { "stands" } else { "stand" }
    )
}

/// `0 to 6`, or a list.
fn seeds(seeds: &[u64]) -> String {
    match seeds {
        [first, .., last] if last - first + 1 == seeds.len() as u64 => format!("{first} to {last}"),
        _ => seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

pub(in crate::report) fn title(one: &Assessed) -> String {
    match &one.endpoint.subject {
        Subject::Number { key, .. } => metrics::describe(key),
        Subject::Hypervolume => "hypervolume".to_owned(),
        Subject::Epsilon => "epsilon".to_owned(),
    }
}

/// A margin, without a sign.
fn margin(margin: f64, unit: Unit) -> String {
    format::change(margin, unit).trim_start_matches(['+', '±']).to_owned()
}

/// Two decimals, a real minus sign, and no minus before zero.
fn signed(x: f64) -> String {
    let text = format!("{x:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text.replace('-', "−") }
}

fn p_value(p: f64) -> String {
    if p < 0.0001 { "< 0.0001".to_owned() } else { format!("{p:.4}") }
}
