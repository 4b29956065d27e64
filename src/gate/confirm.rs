//! Asking alarms again on fresh seeds: what does not come back was noise.

use super::Rules;
use super::assess::Examination;
use super::compare::compare;
use super::endpoints::endpoints;
use super::side::Side;
use crate::seed::Seed;
use crate::stats::{self, Worlds};

/// What an alarm came to on fresh seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmed {
    /// Position in [`Examination::endpoints`].
    pub endpoint: usize,
    /// Mean difference on the fresh seeds, positive is worse; `None` where it could not be asked again.
    pub mean: Option<f64>,
    /// p value, adjusted for the alarms: worse by more than the margin.
    pub p: Option<f64>,
    /// Whether the alarm stands: it came back, or none of the alarms could be asked again.
    pub stands: bool,
}

/// The alarms on fresh seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmation {
    /// The fresh seeds.
    pub seeds: Vec<u64>,
    /// Whether both sides ran on them; else the candidate's fresh seeds stand against the baseline's old ones, unpaired.
    pub paired: bool,
    /// One per alarm.
    pub alarms: Vec<Confirmed>,
}

impl Confirmation {
    /// Whether any alarm stands.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.alarms.iter().any(|alarm| alarm.stands)
    }

    /// Whether the endpoint at this position alarmed and did not stand.
    #[must_use]
    pub fn clears(&self, endpoint: usize) -> bool {
        self.alarms.iter().any(|alarm| alarm.endpoint == endpoint && !alarm.stands)
    }
}

/// Asks the alarms of `first` again: of the candidate on fresh seeds against the baseline, on the same seeds where it was run again (`paired`), else on
/// its old ones.
#[must_use]
pub fn confirm(
    first: &Examination,
    baseline: &Side,
    candidate: &Side,
    paired: bool,
    rules: &Rules,
) -> Confirmation {
    // Of unpaired sides the seeds differ by design.
    let alike = Side { seeds: candidate.seeds.clone(), ..baseline.clone() };
    let comparison = compare(if paired { baseline } else { &alike }, candidate);
    let again = if paired || baseline.seeds.len() == candidate.seeds.len() {
        endpoints(if paired { baseline } else { &alike }, candidate, &comparison, rules).0
    } else {
        Vec::new()
    };
    let alarms = first.alarms();
    let find = |at: usize| {
        let subject = &first.endpoints[at].endpoint.subject;
        // Epsilon is between two fronts of one seed: unpaired there is none.
        let askable = paired || *subject != super::Subject::Epsilon;
        again.iter().find(|other| askable && other.is_about(subject))
    };
    let asked: Vec<_> = alarms.iter().filter_map(|at| Some((*at, find(*at)?))).collect();
    let floors: Vec<f64> = asked.iter().map(|(_, endpoint)| endpoint.floor()).collect();
    let tested = if paired {
        let beyond = |endpoint: &super::Endpoint| {
            endpoint.differences.iter().map(|d| d - endpoint.margin).collect::<Vec<f64>>()
        };
        let rows: Vec<Vec<f64>> = asked.iter().map(|(_, endpoint)| beyond(endpoint)).collect();
        stats::sign_flip(&rows, &floors, &Worlds::flips(candidate.seeds.len(), Seed(1)))
    } else {
        let costs = |values: &[f64], endpoint: &super::Endpoint, shift: f64| {
            values.iter().map(|x| endpoint.direction.as_cost(*x) + shift).collect::<Vec<f64>>()
        };
        let before: Vec<Vec<f64>> =
            asked.iter().map(|(_, one)| costs(&one.baseline, one, one.margin)).collect();
        let now: Vec<Vec<f64>> = asked.iter().map(|(_, one)| costs(&one.candidate, one, 0.0)).collect();
        let sizes = (baseline.seeds.len(), candidate.seeds.len());
        stats::label_permutation(&before, &now, &Worlds::labels(sizes.0, sizes.1, Seed(1)))
    };
    let confirmed = |at: usize| {
        let found = asked.iter().position(|(other, _)| *other == at);
        let p = found.map(|found| tested[found].adjusted);
        Confirmed {
            endpoint: at,
            mean: found.and_then(|found| stats::mean(&asked[found].1.differences)),
            p,
            // One that cannot be asked again says nothing beside those that can.
            stands: p.map_or(asked.is_empty(), |p| p <= rules.alpha),
        }
    };
    Confirmation {
        seeds: candidate.seeds.clone(),
        paired,
        alarms: alarms.into_iter().map(confirmed).collect(),
    }
}
