//! What the gate says, in every format: one file each.

mod github;
mod json;
mod junit;
mod markdown;
mod terminal;

use super::format;
use crate::gate::{Assessed, Confirmation, Holds, State, Subject, Verdict, Word};
use crate::measure::Unit;
use crate::metrics;

pub use github::{MOST_ANNOTATIONS, annotations};
pub use json::{SCHEMA_FILE, json};
pub use junit::junit;
pub use markdown::{MARKER, markdown};
pub use terminal::terminal;

/// A verdict with what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Story<'a> {
    /// The experiment's name.
    pub name: &'a str,
    /// The results folder, as given.
    pub results: &'a str,
    /// The baseline's folder, as given.
    pub baseline: &'a str,
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
    fn reasons(&self) -> Vec<String> {
        self.verdict.reasons.iter().map(|reason| format!("{}.", format::capitalized(reason))).collect()
    }

    /// Endpoints, worst first.
    fn ranked(&self) -> Vec<&Assessed> {
        let mut all: Vec<&Assessed> =
            self.verdict.examination.iter().flat_map(|examination| &examination.endpoints).collect();
        let rank = |state| match state {
            State::Worse => 0,
            State::WorseWithin => 1,
            State::Undecided => 2,
            State::Unchanged => 3,
            State::BetterWithin => 4,
            State::Better => 5,
        };
        // By p value, then by how large the change is in margins, so that units do not matter.
        let size = |one: &Assessed| one.mean / one.endpoint.margin.max(1e-6);
        all.sort_by(|a, b| {
            rank(a.state)
                .cmp(&rank(b.state))
                .then(a.worse.total_cmp(&b.worse))
                .then(size(b).total_cmp(&size(a)))
        });
        all
    }

    /// The worst endpoints as rows: where, what, before → now, worse by, margin, p, state; and how many are left out.
    fn rows(&self) -> (Vec<[String; 7]>, usize) {
        let ranked = self.ranked();
        let left = ranked.len().saturating_sub(SHOWN);
        let shared = shared(&ranked);
        let row = |one: &Assessed| {
            let endpoint = &one.endpoint;
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            [
                short(endpoint.subject.place(), &shared),
                title(one),
                format!(
                    "{} → {}",
                    format::number(mean(&endpoint.baseline)),
                    format::number(mean(&endpoint.candidate))
                ),
                format::change_interval((one.mean, one.interval), endpoint.unit),
                margin(endpoint.margin, endpoint.unit),
                p_value(one.worse),
                one.state.word().to_owned(),
            ]
        };
        (ranked.into_iter().take(SHOWN).map(row).collect(), left)
    }

    const HEAD: [&'static str; 7] =
        ["point", "number", "baseline → here", "worse by", "margin", "p", "state"];

    /// How it was judged, what could have been seen, and what else a reader should know: one sentence each.
    fn remarks(&self) -> Vec<String> {
        let verdict = self.verdict;
        let mut lines = Vec::new();
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
            lines.push(
                "the p value is the probability of as much where nothing is worse by more than its margin; in brackets: interval of the change, by inverting the test".to_owned(),
            );
            lines.extend(sight(&examination.endpoints));
            lines.push(format!(
                "of 1,000 comparisons in which nothing changed but the noise, up to {:.0} alarm",
                1000.0 * self.alpha
            ));
        } else if verdict.points > 0 {
            lines.push(format!(
                "{} on both sides, {} ({})",
                format::count(verdict.points, "point"),
                format::count(verdict.seeds.len(), "seed"),
                seeds(&verdict.seeds)
            ));
        }
        for difference in &verdict.settings {
            let say = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
            lines.push(format!(
                "setting `{}` differs: {} in the baseline, {} here",
                difference.setting,
                say(&difference.baseline),
                say(&difference.candidate)
            ));
        }
        for (points, side) in [(&verdict.only_baseline, "baseline"), (&verdict.only_candidate, "run")] {
            if !points.is_empty() {
                lines.push(format!("only the {side} has {}", format::list(points)));
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
                lines.push(format!(
                    "cross-check of {} at {}: the baseline's models keep {:+.1} points more rows under the attack of today; adversarial rows of the baseline's models break {:.1} % of test rows there and {:.1} points more here than the own attack",
                    title(one),
                    one.endpoint.subject.place(),
                    100.0 * check.weaker,
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

    /// What to do next.
    fn advice(&self) -> Option<String> {
        match self.verdict.word {
            Word::Identical | Word::NotComparable | Word::Incomplete => None,
            _ => Some(format!(
                "To take these numbers over: `equipoise baseline check {} --baseline {}`, then `equipoise baseline accept {} --reason TEXT`.",
                self.results, self.baseline, self.baseline
            )),
        }
    }
}

/// Coordinates that all points share, and that tables need not repeat; none where no coordinate would be left.
fn shared(endpoints: &[&Assessed]) -> Vec<String> {
    let numbers = endpoints.iter().filter(|one| matches!(one.endpoint.subject, Subject::Number { .. }));
    let mut places = numbers.map(|one| one.endpoint.subject.place());
    let Some(first) = places.next() else { return Vec::new() };
    let mut shared: Vec<String> = first.split(',').map(str::to_owned).collect();
    for place in places {
        shared.retain(|part| place.split(',').any(|other| other == part));
    }
    if shared.len() == first.split(',').count() { Vec::new() } else { shared }
}

fn short(place: &str, shared: &[String]) -> String {
    let own: Vec<&str> = place.split(',').filter(|part| !shared.iter().any(|other| other == part)).collect();
    own.join(",")
}

/// What could have been seen: pairing, the coarsest endpoint, and the seeds that it needs.
fn sight(endpoints: &[Assessed]) -> Option<String> {
    let mut correlations: Vec<f64> = endpoints.iter().filter_map(|one| one.correlation).collect();
    correlations.sort_by(f64::total_cmp);
    let pairing = match correlations.get(correlations.len() / 2) {
        Some(median) => format!("correlation of the two sides over seeds {} (median)", signed(*median)),
        None => "no correlation of the two sides: they do not vary".to_owned(),
    };
    let ratio =
        |one: &Assessed| one.detectable.map_or(f64::INFINITY, |least| least / one.endpoint.margin.max(1e-12));
    let coarsest = endpoints.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
    let least = coarsest.detectable.map_or_else(
        || "nothing can be seen with so few seeds".to_owned(),
        |least| {
            format!(
                "a change of {} in {} at {} is seen with 80 % probability",
                margin(least, coarsest.endpoint.unit),
                title(coarsest),
                coarsest.endpoint.subject.place()
            )
        },
    );
    let needed = endpoints
        .iter()
        .map(|one| one.needed)
        .collect::<Option<Vec<_>>>()
        .and_then(|all| all.into_iter().max());
    let needed = needed.map_or_else(
        || "no number of seeds sees a change of the size of every margin".to_owned(),
        |seeds| {
            format!(
                "{} would see a change of the size of the margin everywhere",
                format::count(seeds, "seed")
            )
        },
    );
    Some(format!("{pairing}; {least}, the coarsest endpoint; {needed}"))
}

fn confirmed(confirmation: &Confirmation) -> String {
    let stand = confirmation.alarms.iter().filter(|alarm| alarm.stands).count();
    format!(
        "asked again on fresh seeds ({}), {}: {stand} of {} stand",
        seeds(&confirmation.seeds),
        if confirmation.paired { "both sides run anew" } else { "this side only" },
        format::count(confirmation.alarms.len(), "alarm")
    )
}

/// `0 to 6`, or a list.
fn seeds(seeds: &[u64]) -> String {
    match seeds {
        [first, .., last] if last - first + 1 == seeds.len() as u64 => format!("{first} to {last}"),
        _ => seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn title(one: &Assessed) -> String {
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
