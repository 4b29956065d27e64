//! Security and safety along the strengths of one defense: monotone curves, where they go the wrong way, and what mixing attains.

use super::Objective;
use super::exchange::{ArcRate, Outcome, sweeps};
use super::mixing::{self, Mixture};
use crate::measure::MetricKey;
use crate::metrics::{self, Form, Support};
use crate::points::{Draws, Point, Study};
use crate::seed::Seed;
use crate::stats::{self, Order, SEEDS_FOR_A_VERDICT, Worlds};

/// A wrong way counts as shown at this family-wise level.
const ALPHA: f64 = 0.05;

/// One defense along its strengths, on one security and one safety axis.
///
/// The assumption behind the fit is that of a trade: security never falls and safety never rises with strength. What speaks against it
/// is told beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct StrengthCurve {
    /// The defense.
    pub defense: String,
    /// Indices of its points by strength; degenerate ones and those that lack seeds are left out.
    pub points: Vec<usize>,
    /// The security axis.
    pub security: MetricKey,
    /// The safety axis.
    pub safety: MetricKey,
    /// Seeds that all its points have.
    pub seeds: usize,
    /// The isotonic fit of security, one value per point, in the metric's unit.
    pub fitted_security: Vec<f64>,
    /// The same of safety.
    pub fitted_safety: Vec<f64>,
    /// From each level of the fit to the next, a level being points that share both values.
    pub slopes: Vec<Slope>,
    /// Steps between neighbors in strength that go the wrong way, in the means.
    pub wrong_ways: Vec<WrongWay>,
    /// The points that the hull "attainable by mixing" has as corners, security rising; empty where mixing has no meaning for a metric.
    pub corners: Vec<usize>,
    /// Points that no other of the curve beats, but a mixture of two does.
    pub mixtures: Vec<Mixture>,
    /// (from, to): the longest stretches along which every step improved both.
    pub win_wins: Vec<(usize, usize)>,
}

/// What the fit says between two levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The last point of the lower level.
    pub from: usize,
    /// The first point of the higher level.
    pub to: usize,
    /// Gain of fitted security, at least 0.
    pub security: f64,
    /// Gain of fitted safety, at most 0.
    pub safety: f64,
    /// Safety gained per unit of security gained, at most 0; `None` where fitted security does not move: safety is lost for nothing.
    pub rate: Option<f64>,
    /// Its 95 % interval, percentiles of crossed resamples, from 7 seeds on and where security moves in all but few resamples.
    pub interval: Option<(f64, f64)>,
    /// The share of resamples in which fitted security does not move here; without resamples none.
    pub flat: Option<f64>,
}

/// A step against the assumed direction.
#[derive(Debug, Clone, PartialEq)]
pub struct WrongWay {
    /// The point at the lower strength.
    pub from: usize,
    /// The point at the higher strength.
    pub to: usize,
    /// The axis.
    pub key: MetricKey,
    /// How far the mean went the wrong way, above 0, in the metric's unit.
    pub size: f64,
    /// The sign-flip p-value over paired seeds, adjusted by max-T for all steps of the curve on both axes; for these test rows. `None` below 7 seeds.
    pub p_value: Option<f64>,
}

impl WrongWay {
    /// Whether noise over seeds hardly explains it.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.p_value.is_some_and(|p| p <= ALPHA)
    }
}

/// The curve of every defense with at least two points for which `candidate` holds; `arcs` are their exchange rates on the same axes.
#[must_use]
pub fn curves(
    study: &Study,
    candidate: impl Fn(&Point) -> bool,
    arcs: &[ArcRate],
    safety: &Objective,
    security: &Objective,
) -> Vec<StrengthCurve> {
    let points = &study.points;
    let sweeps = sweeps(points, |point| candidate(point) && point.degenerate.is_none());
    let all = |sweep: Vec<usize>| {
        let most = sweep.iter().map(|index| points[*index].seeds.len()).max()?;
        let is_whole = |index: &usize| {
            let point = &points[*index];
            let has = |objective: &Objective| point.value(&objective.key).is_some();
            point.seeds.len() == most && point.failed.is_empty() && has(safety) && has(security)
        };
        let kept: Vec<usize> = sweep.into_iter().filter(is_whole).collect();
        let same = kept.iter().all(|index| points[*index].seeds == points[kept[0]].seeds);
        (kept.len() > 1 && same).then(|| curve(study, kept, arcs, safety, security))
    };
    sweeps.into_iter().filter_map(all).collect()
}

/// More is better.
fn gain(objective: &Objective, value: f64) -> f64 {
    -objective.direction.as_cost(value)
}

fn curve(
    study: &Study,
    kept: Vec<usize>,
    arcs: &[ArcRate],
    safety: &Objective,
    security: &Objective,
) -> StrengthCurve {
    let points = &study.points;
    let gains = |objective: &Objective| -> Vec<f64> {
        let value = |index: &usize| points[*index].value(&objective.key).unwrap_or(f64::NAN);
        kept.iter().map(|index| gain(objective, value(index))).collect()
    };
    let axes = [security, safety];
    let means = axes.map(gains);
    let weights = axes.map(|objective| weights(points, &kept, &objective.key));
    let fitted = fit(&means, &weights);
    let keys = axes.map(|objective| objective.key.clone());
    let draws = study.draws(&kept, &keys);
    let native = |axis: usize| -> Vec<f64> {
        fitted[axis].iter().map(|gain| axes[axis].direction.as_cost(-gain) + 0.0).collect()
    };
    let places: Vec<(f64, f64)> = means[0].iter().copied().zip(means[1].iter().copied()).collect();
    let corners = if keys.iter().all(mixes) { mixing::hull(&places) } else { Vec::new() };
    let mixtures = mixing::beaten(&places, &corners);
    let named = |mixture: Mixture| Mixture {
        point: kept[mixture.point],
        of: (kept[mixture.of.0], kept[mixture.of.1]),
        ..mixture
    };
    let first = &points[kept[0]];
    StrengthCurve {
        defense: first.defense.clone(),
        seeds: first.seeds.len(),
        fitted_security: native(0),
        fitted_safety: native(1),
        slopes: slopes(&kept, &fitted, &weights, &draws, axes),
        wrong_ways: wrong_ways(points, &kept, axes),
        corners: corners.into_iter().map(|at| kept[at]).collect(),
        mixtures: mixtures.into_iter().map(named).collect(),
        win_wins: win_wins(&kept, arcs, safety, security),
        security: security.key.clone(),
        safety: safety.key.clone(),
        points: kept,
    }
}

/// Security rising, safety falling.
fn fit(means: &[Vec<f64>; 2], weights: &[Vec<f64>; 2]) -> [Vec<f64>; 2] {
    let of = |axis: usize, order| stats::spread(&stats::isotonic(&means[axis], &weights[axis], order));
    [of(0, Order::Rising), of(1, Order::Falling)]
}

/// 1 / variance of each point's mean: over seeds, and from the rows that they share. Where a variance is 0 or not known the least of the others stands in; all are 1
/// where none is known.
fn weights(points: &[Point], kept: &[usize], key: &MetricKey) -> Vec<f64> {
    let variance = |index: &usize| {
        let point = &points[*index];
        let measured = point.measures.get(key)?;
        let square = |deviation: Option<f64>| deviation.map_or(0.0, |sd| sd * sd);
        let total = square(measured.sd_seed) / point.seeds.len() as f64 + square(measured.sd_row);
        (total > 0.0).then_some(total)
    };
    let known: Vec<Option<f64>> = kept.iter().map(variance).collect();
    let least = known.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let of = |known: &Option<f64>| match known {
        Some(variance) => 1.0 / variance,
        None if least.is_finite() => 1.0 / least,
        None => 1.0,
    };
    known.iter().map(of).collect()
}

/// Whether the number of a model drawn by lot is at least as good as the mean of the models' numbers: a share of rows that do not depend on the model, the least or
/// the mean of such, or a distance between such.
fn mixes(key: &MetricKey) -> bool {
    let Some(metric) = metrics::find(&key.id) else { return false };
    // At the base rate, which rows are selected depends on all of the model's probabilities.
    let fixed = !matches!(metric.support, Support::Correct | Support::Explained)
        && metric.needs.material != metrics::Material::Ranks;
    fixed && matches!(metric.form, Form::Share | Form::Shares | Form::Smallest(_) | Form::Gap(..))
}

/// More resamples than this in which security does not move, and the rate has no interval.
const TAIL: f64 = 0.025;

fn slopes(
    kept: &[usize],
    fitted: &[Vec<f64>; 2],
    weights: &[Vec<f64>; 2],
    draws: &Draws,
    axes: [&Objective; 2],
) -> Vec<Slope> {
    let between =
        |fitted: &[Vec<f64>; 2], at: usize| [0, 1].map(|axis: usize| fitted[axis][at + 1] - fitted[axis][at]);
    let steps: Vec<usize> =
        (0..kept.len() - 1).filter(|at| between(fitted, *at).iter().any(|gain| gain.abs() > 0.0)).collect();
    let rate = |[security, safety]: [f64; 2]| (security > 0.0).then(|| safety / security + 0.0);
    // Of each step, its rate in every resample that is defined.
    let mut drawn: Vec<Vec<Option<f64>>> = vec![Vec::new(); steps.len()];
    for b in 0..draws.resamples {
        let mean = |axis: usize, point: usize| draws.crossed(point, axis, b).map(|x| gain(axes[axis], x));
        let of = |axis: usize| (0..kept.len()).map(|point| mean(axis, point)).collect::<Option<Vec<f64>>>();
        let (Some(security), Some(safety)) = (of(0), of(1)) else { continue };
        let fitted = fit(&[security, safety], weights);
        for (drawn, at) in drawn.iter_mut().zip(&steps) {
            drawn.push(rate(between(&fitted, *at)));
        }
    }
    let slope = |(at, drawn): (&usize, &Vec<Option<f64>>)| {
        let [security, safety] = between(fitted, *at);
        let moved: Vec<f64> = drawn.iter().flatten().copied().collect();
        let flat = (!drawn.is_empty()).then(|| 1.0 - moved.len() as f64 / drawn.len() as f64);
        let rate = rate([security, safety]);
        let tells = draws.seeds.len() >= SEEDS_FOR_A_VERDICT && flat.is_some_and(|flat| flat <= TAIL);
        Slope {
            from: kept[*at],
            to: kept[at + 1],
            security,
            safety,
            rate,
            interval: if tells && rate.is_some() { stats::crossed_interval(&moved, 0.95) } else { None },
            flat,
        }
    };
    steps.iter().zip(&drawn).map(slope).collect()
}

/// Steps between neighbors that go the wrong way in the means, tested together: steps that go the right way belong to the family.
fn wrong_ways(points: &[Point], kept: &[usize], axes: [&Objective; 2]) -> Vec<WrongWay> {
    let seeds = points[kept[0]].seeds.len();
    let values = |index: usize, objective: &Objective| -> Option<Vec<f64>> {
        let per_seed = &points[index].measures.get(&objective.key)?.per_seed;
        per_seed.iter().map(|value| Some(gain(objective, value.get()?))).collect()
    };
    let mut family: Vec<(usize, usize, &Objective, Vec<f64>)> = Vec::new();
    for (objective, wrong) in axes.into_iter().zip([-1.0, 1.0]) {
        for pair in kept.windows(2) {
            let (Some(a), Some(b)) = (values(pair[0], objective), values(pair[1], objective)) else {
                continue;
            };
            let differences = a.iter().zip(&b).map(|(a, b)| wrong * (b - a)).collect();
            family.push((pair[0], pair[1], objective, differences));
        }
    }
    let p_values: Vec<Option<f64>> = if seeds >= SEEDS_FOR_A_VERDICT {
        let rows: Vec<Vec<f64>> = family.iter().map(|(.., differences)| differences.clone()).collect();
        // What subtraction leaves of equal numbers.
        let floors = vec![1e-12; rows.len()];
        let tested = stats::sign_flip(&rows, &floors, &Worlds::flips(seeds, Seed(0)));
        tested.into_iter().map(|tested| Some(tested.adjusted)).collect()
    } else {
        vec![None; family.len()]
    };
    let wrong = |((from, to, objective, differences), p_value): ((usize, usize, &Objective, Vec<f64>), _)| {
        let size = stats::mean(&differences)?;
        (size > 1e-12).then(|| WrongWay { from, to, key: objective.key.clone(), size, p_value })
    };
    family.into_iter().zip(p_values).filter_map(wrong).collect()
}

/// Runs of neighboring steps that each improved both: told from none, from 3 seeds on; in the means, below.
fn win_wins(
    kept: &[usize],
    arcs: &[ArcRate],
    safety: &Objective,
    security: &Objective,
) -> Vec<(usize, usize)> {
    let is_win = |pair: &[usize]| {
        arcs.iter().any(|arc| {
            (arc.from, arc.to) == (pair[0], pair[1])
                && arc.security == security.key
                && arc.safety == safety.key
                && arc.outcome == Outcome::WinWin
        })
    };
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for pair in kept.windows(2).filter(|pair| is_win(pair)) {
        match stretches.last_mut() {
            Some((_, to)) if *to == pair[0] => *to = pair[1],
            _ => stretches.push((pair[0], pair[1])),
        }
    }
    stretches
}
