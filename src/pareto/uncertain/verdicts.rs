//! On the front, dominated, or undecided: what can be said of every point over seeds and rows, of all points together.

use rayon::prelude::*;

use crate::numeric::normal_cdf;
use crate::pareto::resampled::Resampled;
use crate::pareto::ties::ROUNDING;
use crate::stats::{self, SEEDS_FOR_A_VERDICT};

/// What is known of a point's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every other point is worse on some axis.
    OnFront,
    /// This one is better on every axis, or equal on some and better on another.
    DominatedBy(usize),
    /// Neither is shown.
    Undecided,
}

/// How the costs of two points differ on one axis: the first minus the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// At each seed, on the rows as they are.
    pub plain: Vec<f64>,
    /// At each seed, on every resample of the rows.
    pub rows: Vec<Vec<f64>>,
    /// The mean over seeds, on every resample of seeds and rows together.
    pub crossed: Vec<f64>,
}

/// What is known of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// The first is worse.
    Above,
    /// The second is worse.
    Below,
    /// The same at every seed, on all rows.
    Equal,
    Unclear,
}

/// The verdicts over `points` points; `gaps(i, j)` is asked once for every pair i < j, one gap per axis, always as many. `test_rows` is the number of rows.
///
/// Bounds on all gaps of all pairs hold together with probability `level`: their critical value is the quantile of the largest standardized deviation over
/// the joint resamples (max-T). Standard errors are those of the crossed variance components, and the critical value is carried over to Student's t with their degrees of
/// freedom, since resamples of few seeds vary too little and know nothing of t. So all verdicts hold together, too.
#[must_use]
pub fn verdicts(
    points: usize,
    test_rows: usize,
    level: f64,
    gaps: impl Fn(usize, usize) -> Vec<Gap> + Sync,
) -> Vec<Verdict> {
    let pairs: Vec<(usize, usize)> = (0..points).flat_map(|i| (i + 1..points).map(move |j| (i, j))).collect();
    // Gaps of many points are many numbers: what is known of each is kept, and the largest deviations.
    let part = |pairs: &[(usize, usize)]| {
        let (mut known, mut largest) = (Vec::new(), Vec::new());
        for gap in pairs.iter().flat_map(|(i, j)| gaps(*i, *j)) {
            join(&mut largest, &deviations(&gap));
            known.push(Known::of(&gap, test_rows));
        }
        (known, largest)
    };
    let parts: Vec<(Vec<Known>, Vec<f64>)> = pairs.par_chunks(CHUNK).map(part).collect();
    let mut largest = Vec::new();
    for (_, own) in &parts {
        join(&mut largest, own);
    }
    largest.sort_by(f64::total_cmp);
    let tail = stats::quantile(&largest, level).map_or(0.0, |critical| normal_cdf(-critical));
    let signs: Vec<Sign> = parts.iter().flat_map(|(known, _)| known).map(|known| known.sign(tail)).collect();
    let axes = signs.len() / pairs.len().max(1);
    // Of (i, j) on every axis; the other way round for j < i.
    let between = |i: usize, j: usize| -> Vec<Sign> {
        let (low, high) = (i.min(j), i.max(j));
        let pair = low * points - low * (low + 1) / 2 + high - low - 1;
        let turned = |sign: Sign| match sign {
            Sign::Above => Sign::Below,
            Sign::Below => Sign::Above,
            other => other,
        };
        let found = &signs[pair * axes..(pair + 1) * axes];
        found.iter().map(|sign| if i < j { *sign } else { turned(*sign) }).collect()
    };
    let one = |i: usize| {
        let others: Vec<(usize, Vec<Sign>)> =
            (0..points).filter(|j| *j != i).map(|j| (j, between(i, j))).collect();
        let beats = |signs: &[Sign]| {
            signs.contains(&Sign::Above) && signs.iter().all(|sign| matches!(sign, Sign::Above | Sign::Equal))
        };
        let holds =
            |signs: &[Sign]| signs.contains(&Sign::Below) || signs.iter().all(|sign| *sign == Sign::Equal);
        let mut beating = others.iter().filter(|(_, signs)| beats(signs)).map(|(j, _)| *j);
        if let Some(first) = beating.next() {
            // The one that no other of them is shown to beat, where there is one: the first of those.
            let all: Vec<usize> = std::iter::once(first).chain(beating).collect();
            let is_best = |j: &&usize| !all.iter().any(|k| k != *j && beats(&between(**j, *k)));
            return Verdict::DominatedBy(all.iter().find(is_best).copied().unwrap_or(first));
        }
        if others.iter().all(|(_, signs)| holds(signs)) { Verdict::OnFront } else { Verdict::Undecided }
    };
    (0..points).map(one).collect()
}

/// Pairs worked on together.
const CHUNK: usize = 32;

/// Takes over what is larger.
fn join(largest: &mut Vec<f64>, deviations: &[f64]) {
    if largest.len() < deviations.len() {
        largest.resize(deviations.len(), 0.0);
    }
    largest.iter_mut().zip(deviations).for_each(|(most, deviation)| *most = most.max(*deviation));
}

/// How far the resampled means lie from their own mean, in standard deviations; nothing where they do not vary.
fn deviations(gap: &Gap) -> Vec<f64> {
    match (stats::mean(&gap.crossed), stats::standard_deviation(&gap.crossed)) {
        (Some(center), Some(deviation)) if deviation > ROUNDING => {
            gap.crossed.iter().map(|x| (x - center).abs() / deviation).collect()
        }
        _ => Vec::new(),
    }
}

/// What is kept of a gap.
enum Known {
    /// It does not vary, or nothing is known.
    Fixed(Sign),
    /// Its mean, and how likely one as far out would be if there were none, on one side.
    Varying(f64, f64),
}

impl Known {
    fn of(gap: &Gap, test_rows: usize) -> Self {
        let (Some(mean), Some(components)) =
            (stats::mean(&gap.plain), stats::components(&gap.plain, &gap.rows, test_rows))
        else {
            return Self::Fixed(Sign::Unclear);
        };
        let error = components.total.sqrt();
        if error > ROUNDING {
            return Self::Varying(mean, stats::student_cdf(-mean.abs() / error, components.degrees));
        }
        let is_equal = gap.plain.iter().all(|x| x.abs() <= ROUNDING);
        Self::Fixed(match (is_equal, mean > 0.0) {
            (true, _) => Sign::Equal,
            (false, true) => Sign::Above,
            (false, false) => Sign::Below,
        })
    }

    fn sign(&self, tail: f64) -> Sign {
        match self {
            Self::Fixed(sign) => *sign,
            Self::Varying(_, beyond) if *beyond >= tail => Sign::Unclear,
            Self::Varying(mean, _) if *mean > 0.0 => Sign::Above,
            Self::Varying(..) => Sign::Below,
        }
    }
}

/// One verdict per competing point, with indices of the study's points; `None` below 7 seeds, and where too few resamples are defined.
pub(super) fn of(resampled: &Resampled<'_>, level: f64) -> Option<Vec<Verdict>> {
    let draws = &resampled.draws;
    let (points, seeds) = (resampled.kept.len(), draws.seeds.len());
    if seeds < SEEDS_FOR_A_VERDICT || draws.resamples == 0 {
        return None;
    }
    let axes = resampled.objectives.len();
    // `[seed][point][axis]`, flat.
    let at = |b: Option<usize>| -> Option<Vec<f64>> {
        let mut all = Vec::with_capacity(seeds * points * axes);
        for seed in 0..seeds {
            for point in 0..points {
                all.extend(resampled.costs(point, &|point, axis| draws.at_seed(point, axis, seed, b))?);
            }
        }
        Some(all)
    };
    let plain = at(None)?;
    // Of the resamples in which everything is defined, the costs at each seed and the means.
    let whole = |b: usize| Some((at(Some(b))?, resampled.all(&resampled.crossed(b))?));
    let drawn: Vec<(Vec<f64>, Vec<Vec<f64>>)> =
        (0..draws.resamples).into_par_iter().filter_map(whole).collect();
    if 2 * drawn.len() < draws.resamples {
        return None;
    }
    let gaps = |i: usize, j: usize| -> Vec<Gap> {
        let gap = |axis: usize| {
            let place = |seed: usize, point: usize| (seed * points + point) * axes + axis;
            let between = |costs: &[f64], seed: usize| costs[place(seed, i)] - costs[place(seed, j)];
            Gap {
                plain: (0..seeds).map(|seed| between(&plain, seed)).collect(),
                rows: (0..seeds)
                    .map(|seed| drawn.iter().map(|(costs, _)| between(costs, seed)).collect())
                    .collect(),
                crossed: drawn.iter().map(|(_, means)| means[i][axis] - means[j][axis]).collect(),
            }
        };
        (0..axes).map(gap).collect()
    };
    let named = |verdict| match verdict {
        Verdict::DominatedBy(by) => Verdict::DominatedBy(resampled.kept[by]),
        other => other,
    };
    Some(verdicts(points, draws.units, level, gaps).into_iter().map(named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::stats::{RowUnits, RowWeights, SeedWeights};

    const SEEDS: usize = 7;
    const ROWS: usize = 60;
    const RESAMPLES: usize = 200;

    /// A mean on the rows as they are, and on every resample.
    type Mean = (f64, Vec<f64>);

    /// Costs `[point][axis]` with deviations over seeds, over the rows that all seeds share, and of single rows: seeds and rows as a sweep has them.
    fn judged(costs: &[[f64; 2]], deviations: [f64; 3], replication: u64) -> Vec<Verdict> {
        let mut stream = Seed(replication).stream("test/verdicts");
        let rows = RowWeights::draw(Seed(replication), &RowUnits::single(ROWS), RESAMPLES);
        let seeds = SeedWeights::draw(Seed(replication), SEEDS, RESAMPLES);
        // Per point, axis and seed: the mean on the rows as they are, and on every resample.
        let mut drawn: Vec<Vec<Vec<Mean>>> = Vec::new();
        for center in costs {
            let mut axes = Vec::new();
            for center in center {
                let shared: Vec<f64> = (0..ROWS).map(|_| deviations[1] * stream.normal()).collect();
                let mut all = Vec::new();
                for _ in 0..SEEDS {
                    let effect = center + deviations[0] * stream.normal();
                    let values: Vec<f64> =
                        shared.iter().map(|row| effect + row + deviations[2] * stream.normal()).collect();
                    let resampled = (0..RESAMPLES).map(|b| {
                        let weighted = values.iter().zip(rows.of(b));
                        weighted.map(|(value, weight)| value * f64::from(weight)).sum::<f64>() / ROWS as f64
                    });
                    all.push((stats::mean(&values).unwrap(), resampled.collect()));
                }
                axes.push(all);
            }
            drawn.push(axes);
        }
        let gaps = |i: usize, j: usize| -> Vec<Gap> {
            let gap = |axis: usize| {
                let (a, b) = (&drawn[i][axis], &drawn[j][axis]);
                let rows: Vec<Vec<f64>> = a
                    .iter()
                    .zip(b)
                    .map(|(a, b)| a.1.iter().zip(&b.1).map(|(a, b)| a - b).collect())
                    .collect();
                let crossed = (0..RESAMPLES).map(|b| {
                    let weighted = rows.iter().zip(seeds.of(b));
                    weighted.map(|(row, weight)| row[b] * f64::from(*weight)).sum::<f64>() / SEEDS as f64
                });
                Gap {
                    plain: a.iter().zip(b).map(|(a, b)| a.0 - b.0).collect(),
                    crossed: crossed.collect(),
                    rows,
                }
            };
            vec![gap(0), gap(1)]
        };
        verdicts(costs.len(), ROWS, 0.95, gaps)
    }

    #[test]
    fn far_apart_points_are_told_apart_and_near_ones_are_not() {
        let noise = [0.01, 0.01, 0.01];
        // The second is worse than the first everywhere, the third and the first trade.
        let found = judged(&[[0.2, 0.5], [0.4, 0.7], [0.6, 0.2]], noise, 1);
        assert_eq!(found, [Verdict::OnFront, Verdict::DominatedBy(0), Verdict::OnFront]);
        // Of two that beat it the one that beats the other.
        let found = judged(&[[0.6, 0.6], [0.4, 0.4], [0.2, 0.2]], noise, 2);
        assert_eq!(found, [Verdict::DominatedBy(2), Verdict::DominatedBy(2), Verdict::OnFront]);
        // Noise hides everything about the first two; the third is beaten by neither for sure on the second axis.
        let found = judged(&[[0.2, 0.5], [0.2, 0.5], [0.5, 0.5]], [0.05, 0.05, 0.05], 3);
        assert_eq!(found, [Verdict::Undecided; 3]);
    }

    #[test]
    fn what_does_not_vary_is_sure_and_equal_points_share_their_place() {
        let found = judged(&[[0.2, 0.5], [0.2, 0.5], [0.2, 0.6], [0.1, 0.9]], [0.0; 3], 1);
        let dominated = Verdict::DominatedBy(0);
        assert_eq!(found, [Verdict::OnFront, Verdict::OnFront, dominated, Verdict::OnFront]);
        assert_eq!(judged(&[[0.2, 0.5]], [0.0; 3], 1), [Verdict::OnFront], "alone");
        assert!(judged(&[], [0.0; 3], 1).is_empty());
    }

    /// Points that are equal in truth, and ones at the edge of dominance: better on one axis, equal on the other. Any verdict is wrong for the former, "dominated" for the
    /// latter, and all of a front together may be wrong in 5 of 100.
    #[test]
    fn wrong_verdicts_are_as_rare_as_promised() {
        let replications = 400;
        for noise in [[0.03, 0.002, 0.03], [0.003, 0.05, 0.03]] {
            let (mut equal, mut edge) = (0, 0);
            for replication in 0..replications {
                let found = judged(&[[0.5, 0.5]; 3], noise, replication);
                equal += usize::from(found.iter().any(|verdict| *verdict != Verdict::Undecided));
                let found = judged(&[[0.1, 0.5], [0.5, 0.5], [0.9, 0.5]], noise, replication);
                edge += usize::from(found.iter().any(|verdict| matches!(verdict, Verdict::DominatedBy(_))));
            }
            for wrong in [equal, edge] {
                let share = wrong as f64 / replications as f64;
                // Three binomial standard errors of 400 replications are 3.3 points.
                assert!(share <= 0.083, "{share} wrong at {noise:?}");
            }
        }
    }
}
