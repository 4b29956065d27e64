//! What one point of security costs in safety: arc rates within one defense, between predeclared strengths.
//!
//! The strengths order the points, never the measured values, and neighbors on the estimated front are never
//! compared: choosing points by their noise makes every such rate look like a price, even where there is none
//! (pareto sheet, 2.7).

use std::collections::{BTreeMap, BTreeSet};

use super::Objective;
use super::words;
use crate::measure::MetricKey;
use crate::numeric::normal_quantile;
use crate::points::Point;
use crate::stats::{self, Ratio, SEEDS_FOR_VARIANCE};
use crate::words::{decimal, decimals};

/// A ratio of two paired differences with its Fieller interval.
#[derive(Debug, Clone, PartialEq)]
pub enum Rate {
    /// The denominator is distinguishable from 0.
    Bounded {
        /// The ratio of the mean differences.
        rate: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Only one end is finite, or the interval is the outside of `(low, high)`: said in words.
    HalfLine {
        /// The ratio of the mean differences.
        rate: f64,
        /// Where the rate may lie: one or two stretches (from, to), the outer ends infinite.
        parts: Vec<(f64, f64)>,
        /// What can be said, of the cost: safety given up per unit of security gained, the rate with its sign turned.
        words: String,
    },
    /// The denominator is not distinguishable from 0, or there are too few seeds: said in words.
    NotMeasurable {
        /// Why.
        words: String,
    },
}

impl Rate {
    /// The same as a cost, safety given up per unit of security gained: positive where security has a price. Ends change places.
    #[must_use]
    pub fn cost(&self) -> Self {
        match self {
            Self::Bounded { rate, low, high } => Self::Bounded { rate: -rate, low: -high, high: -low },
            Self::HalfLine { rate, parts, words } => {
                let parts = parts.iter().rev().map(|(from, to)| (-to, -from)).collect();
                Self::HalfLine { rate: -rate, parts, words: words.clone() }
            }
            Self::NotMeasurable { words } => Self::NotMeasurable { words: words.clone() },
        }
    }
}

/// A change, positive = better: its mean over paired seeds, and its 95 % interval from 3 seeds on.
pub type Change = (f64, Option<(f64, f64)>);

/// Which way a change went, as far as it can be told from none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// The interval lies above 0; without an interval, the mean does.
    Better,
    /// The interval lies below 0; without an interval, the mean does.
    Worse,
    /// The interval contains 0; without an interval, the mean is 0.
    Unclear,
}

impl Course {
    /// The course of `change`.
    #[must_use]
    pub fn of((mean, interval): Change) -> Self {
        let (low, high) = interval.unwrap_or((mean, mean));
        match (low > 0.0, high < 0.0) {
            (true, _) => Self::Better,
            (_, true) => Self::Worse,
            _ => Self::Unclear,
        }
    }
}

/// Which way the two pillars went, as far as their changes can be told from none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Security rose and safety fell: a price was paid.
    Price,
    /// Security fell and safety rose: the trade ran backwards.
    Reverse,
    /// Both rose.
    WinWin,
    /// Both fell.
    LoseLose,
    /// One rose, and the other's change is not distinguishable from none.
    NoPrice,
    /// Security fell, and the change of safety is not distinguishable from none: nothing was bought that could have a price.
    SecurityLost,
    /// Safety fell, and the change of security is not distinguishable from none.
    NoGain,
    /// Neither change is distinguishable from none.
    Unclear,
}

impl Outcome {
    /// The outcome of two changes.
    #[must_use]
    pub fn of(security: Change, safety: Change) -> Self {
        use Course::{Better, Unclear, Worse};
        match (Course::of(security), Course::of(safety)) {
            (Better, Worse) => Self::Price,
            (Worse, Better) => Self::Reverse,
            (Better, Better) => Self::WinWin,
            (Worse, Worse) => Self::LoseLose,
            (Better, Unclear) | (Unclear, Better) => Self::NoPrice,
            (Worse, Unclear) => Self::SecurityLost,
            (Unclear, Worse) => Self::NoGain,
            (Unclear, Unclear) => Self::Unclear,
        }
    }
}

/// The step between two strengths of one defense.
#[derive(Debug, Clone, PartialEq)]
pub struct ArcRate {
    /// The defense.
    pub defense: String,
    /// Index of the point at the lower strength.
    pub from: usize,
    /// Index of the point at the higher strength.
    pub to: usize,
    /// The security axis (the denominator).
    pub security: MetricKey,
    /// The safety axis (the numerator).
    pub safety: MetricKey,
    /// Change of security.
    pub security_change: Change,
    /// Change of safety.
    pub safety_change: Change,
    /// Which way they went.
    pub outcome: Outcome,
    /// Safety change per unit of security change, in the metrics' units: negative where security has a price.
    pub rate: Rate,
    /// The same in probit units, for fractions strictly between 0 and 1.
    pub probit_rate: Rate,
    /// Seeds that both points have, the replicates behind the intervals.
    pub seeds: usize,
    /// One sentence for people, without capital and full stop: what one point of security cost, or that both improved, or that it cannot be measured.
    pub sentence: String,
}

impl ArcRate {
    /// The outcome in a few words, without capital and full stop. Nothing is said to have been free that noise may have hidden
    /// a price of, and without intervals the words are of these seeds.
    #[must_use]
    pub fn happened(&self) -> String {
        words::happened(self)
    }
}

/// The arc rates of every defense among the points for which `candidate` holds: from the lowest strength to
/// each other, and between consecutive strengths.
///
/// Points belong together when they differ in strength alone. Differences are paired by seed, intervals are Fieller's
/// at 95 % with t of S − 1 degrees of freedom: over seeds, for these test rows. Steps with an undefined value or
/// without a common seed are left out. Degenerate points take part, and the sentence says so.
#[must_use]
pub fn arcs(
    points: &[Point],
    candidate: impl Fn(&Point) -> bool,
    safety: &Objective,
    security: &Objective,
) -> Vec<ArcRate> {
    let mut arcs = Vec::new();
    for sweep in sweeps(points, candidate) {
        let from_first = sweep.iter().skip(1).map(|to| (sweep[0], *to));
        let consecutive = sweep.windows(2).map(|pair| (pair[0], pair[1]));
        let steps: BTreeSet<(usize, usize)> = from_first.chain(consecutive).collect();
        let place = |index: &usize| sweep.iter().position(|i| i == index);
        let mut steps: Vec<(usize, usize)> = steps.into_iter().collect();
        steps.sort_by_key(|(from, to)| (place(from), place(to)));
        arcs.extend(steps.into_iter().filter_map(|step| arc(points, step, safety, security)));
    }
    arcs
}

/// The points for which `candidate` holds, those together that differ in strength alone, by strength.
pub(super) fn sweeps(points: &[Point], candidate: impl Fn(&Point) -> bool) -> Vec<Vec<usize>> {
    let mut sweeps: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, point) in points.iter().enumerate().filter(|(_, point)| candidate(point)) {
        let mut rest = point.coordinates.clone();
        rest.remove("strength");
        sweeps.entry((&point.model, &point.defense, rest)).or_default().push(index);
    }
    let mut sweeps: Vec<Vec<usize>> = sweeps.into_values().collect();
    for sweep in &mut sweeps {
        sweep.sort_by(|a, b| points[*a].strength.total_cmp(&points[*b].strength));
    }
    sweeps
}

fn arc(
    points: &[Point],
    (from, to): (usize, usize),
    safety: &Objective,
    security: &Objective,
) -> Option<ArcRate> {
    let (a, b) = (&points[from], &points[to]);
    let seeds: Vec<u64> = a.seeds.iter().copied().filter(|seed| b.seeds.contains(seed)).collect();
    let values = |point: &Point, objective: &Objective| -> Option<Vec<f64>> {
        let measured = point.measures.get(&objective.key)?;
        seeds
            .iter()
            .map(|seed| measured.per_seed[point.seeds.iter().position(|s| s == seed)?].get())
            .collect()
    };
    let [safe_a, safe_b] = [values(a, safety)?, values(b, safety)?];
    let [secure_a, secure_b] = [values(a, security)?, values(b, security)?];
    let gain = |objective: &Objective, a: &[f64], b: &[f64]| -> Vec<f64> {
        let cost = |x: &f64| objective.direction.as_cost(*x);
        a.iter().zip(b).map(|(a, b)| cost(a) - cost(b)).collect()
    };
    let safe = gain(safety, &safe_a, &safe_b);
    let secure = gain(security, &secure_a, &secure_b);
    let safety_change = change(&safe)?;
    let security_change = change(&secure)?;
    let probit = |values: &[f64]| -> Option<Vec<f64>> {
        values.iter().map(|x| (*x > 0.0 && *x < 1.0).then(|| normal_quantile(*x))).collect()
    };
    let probits = (|| {
        let safe = gain(safety, &probit(&safe_a)?, &probit(&safe_b)?);
        Some((safe, gain(security, &probit(&secure_a)?, &probit(&secure_b)?)))
    })();
    let probit_rate = match probits {
        Some((safe, secure)) => rate(&safe, &secure, &security.key, (1.0, "")),
        None => Rate::NotMeasurable { words: "a share is 0 or 1 at some seed".to_owned() },
    };
    let counted = words::counted(&safety.key, &security.key);
    let said = (words::scale(&safety.key, &security.key), counted.as_str());
    let mut arc = ArcRate {
        defense: a.defense.clone(),
        from,
        to,
        security: security.key.clone(),
        safety: safety.key.clone(),
        security_change,
        safety_change,
        outcome: Outcome::of(security_change, safety_change),
        rate: rate(&safe, &secure, &security.key, said),
        probit_rate,
        seeds: seeds.len(),
        sentence: String::new(),
    };
    arc.sentence = words::sentence(&arc, a, b, safety, security);
    Some(arc)
}

/// The mean of paired differences with its t interval, from 3 seeds on.
fn change(differences: &[f64]) -> Option<Change> {
    stats::mean_interval(differences, 0.95)
}

/// The ratio of the means of paired differences; words say it times `scale`, in units that follow.
fn rate(safe: &[f64], secure: &[f64], security: &MetricKey, (scale, units): (f64, &str)) -> Rate {
    let n = safe.len();
    let (Some(a), Some(b)) = (stats::mean(safe), stats::mean(secure)) else {
        return Rate::NotMeasurable { words: "there is no common seed".to_owned() };
    };
    let ratio = a / b;
    let cost = |rate: f64| {
        let cost = -scale * rate;
        format!("{}{units}", decimal(cost, decimals(&[cost])))
    };
    let so_far = if ratio.is_finite() {
        format!("; the means alone say a cost of {}", cost(ratio))
    } else {
        String::new()
    };
    if n < SEEDS_FOR_VARIANCE {
        let seeds = if n == 1 { "1 seed" } else { "2 seeds" };
        return Rate::NotMeasurable { words: format!("{seeds}, seed variance unknown{so_far}") };
    }
    let of_mean = |x: &[f64], y: &[f64]| stats::covariance(x, y).unwrap_or(0.0) / n as f64;
    let covariance = [of_mean(safe, safe), of_mean(safe, secure), of_mean(secure, secure)];
    if covariance[0] <= 0.0 && covariance[2] <= 0.0 {
        return Rate::NotMeasurable {
            words: format!("the seeds do not differ, so there is no interval{so_far}"),
        };
    }
    let t = stats::student_quantile(0.975, (n - 1) as f64);
    let name = words::title(security);
    match stats::fieller(a, b, covariance, t) {
        Ratio::Between { low, high } => Rate::Bounded { rate: ratio, low, high },
        Ratio::AtLeast { low } => {
            let words = format!("the cost is at most {}", cost(low));
            Rate::HalfLine { rate: ratio, parts: vec![(low, f64::INFINITY)], words }
        }
        Ratio::AtMost { high } => {
            let words = format!("the cost is at least {}", cost(high));
            Rate::HalfLine { rate: ratio, parts: vec![(f64::NEG_INFINITY, high)], words }
        }
        Ratio::Outside { below, above } if ratio.is_finite() => Rate::HalfLine {
            rate: ratio,
            parts: vec![(f64::NEG_INFINITY, below), (above, f64::INFINITY)],
            words: format!(
                "the change in {name} is not distinguishable from 0; the cost lies below {} or above {}",
                cost(above),
                cost(below),
            ),
        },
        Ratio::Outside { .. } | Ratio::Anything => {
            Rate::NotMeasurable { words: format!("the change in {name} is not distinguishable from 0") }
        }
    }
}
