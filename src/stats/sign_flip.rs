//! Permutation tests of paired and of unpaired differences, many endpoints at once: max-T with step-down.
//!
//! Where nothing changed, the two sides of a pair could as well have come the other way round: every difference may change its sign, all
//! endpoints of a pair together. Every test here asks in how many of these equally probable worlds something at least as extreme would
//! have been seen; that is exact at any number of pairs and for any distribution (Fisher 1935; Westfall and Young 1993; Romano and Wolf
//! 2005 for the step-down; Phipson and Smyth 2010 for drawn worlds).
//!
//! The statistic is `u = Σ d / √Σ d²`. Under sign flips Σ d² does not change, so that the studentized mean `t = u √((n − 1) / (n − u²))` is an
//! increasing function of it: the order of worlds and of endpoints is that of t, and equal differences, whose t is infinite, need no
//! special case.

use crate::seed::Seed;

/// Worlds are enumerated up to this many, and drawn beyond.
pub const MOST_ENUMERATED: usize = 16_384;
/// Worlds drawn where they are not enumerated; the one that was seen comes on top.
pub const DRAWN: usize = 9_999;

/// Differences of sums within this of one another are equal: rounding, in units of `u`.
const TIE: f64 = 1e-10;

/// Equally probable worlds, the one that was seen first: `worlds` rows of `units` weights.
#[derive(Debug, Clone)]
pub struct Worlds {
    units: usize,
    weights: Vec<f64>,
    exact: bool,
}

impl Worlds {
    /// Signs for `pairs` ≥ 1 paired differences: all of them up to [`MOST_ENUMERATED`], else [`DRAWN`] and the one that was seen.
    #[must_use]
    pub fn flips(pairs: usize, seed: Seed) -> Self {
        let mut weights = vec![1.0; pairs];
        let exact = pairs < 64 && (1_u64 << pairs) <= MOST_ENUMERATED as u64;
        if exact {
            for world in 1..(1_u64 << pairs) {
                weights.extend((0..pairs).map(|pair| if world >> pair & 1 == 0 { 1.0 } else { -1.0 }));
            }
        } else {
            let mut stream = seed.stream("sign-flips");
            weights.extend((0..DRAWN * pairs).map(|_| f64::from(stream.sign())));
        }
        Self { units: pairs, weights, exact }
    }

    /// Assignments of `first + second` unpaired units to two sides of these sizes: 0 for the first, 1 for the second.
    #[must_use]
    pub fn labels(first: usize, second: usize, seed: Seed) -> Self {
        let units = first + second;
        let mut weights: Vec<f64> = (0..units).map(|unit| f64::from(u8::from(unit >= first))).collect();
        let exact = binomial(units, second) <= MOST_ENUMERATED as f64;
        if exact {
            let seen = weights.clone();
            let mut chosen: Vec<usize> = (0..second).collect();
            loop {
                let mut world = vec![0.0; units];
                for unit in &chosen {
                    world[*unit] = 1.0;
                }
                if world != seen {
                    weights.extend(world);
                }
                // The next combination in lexicographic order.
                let Some(turn) = (0..second).rev().find(|i| chosen[*i] < units - second + i) else { break };
                chosen[turn] += 1;
                for later in turn + 1..second {
                    chosen[later] = chosen[later - 1] + 1;
                }
            }
        } else {
            let mut stream = seed.stream("label-permutations");
            for _ in 0..DRAWN {
                let order = stream.permutation(units);
                weights.extend(order.into_iter().map(|unit| f64::from(u8::from(unit as usize >= first))));
            }
        }
        Self { units, weights, exact }
    }

    /// How many there are, the one that was seen included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weights.len() / self.units.max(1)
    }

    /// Never: the world that was seen is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Whether these are all worlds, each once.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.weights.chunks_exact(self.units)
    }
}

fn binomial(n: usize, k: usize) -> f64 {
    (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product::<f64>().round()
}

/// What a test says of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// The statistic `u` as seen, −√n to √n for paired differences.
    pub statistic: f64,
    /// Share of worlds in which this endpoint alone is at least as high.
    pub alone: f64,
    /// Adjusted for all endpoints by max-T with step-down: the family-wise level holds whatever their correlation.
    pub adjusted: f64,
}

/// Tests every endpoint one-sided, high values against none, from paired differences `[endpoint][pair]`. Differences within `floors[endpoint]` of 0
/// count as 0: what arithmetic leaves of equal numbers.
///
/// `worlds` are [`Worlds::flips`] of as many pairs.
#[must_use]
pub fn sign_flip(differences: &[Vec<f64>], floors: &[f64], worlds: &Worlds) -> Vec<Tested> {
    let scaled = |(differences, floor): (&Vec<f64>, &f64)| {
        let kept = differences.iter().map(|d| if d.abs() <= *floor { 0.0 } else { *d }).collect();
        unit_length(kept)
    };
    max_t(&differences.iter().zip(floors).map(scaled).collect::<Vec<_>>(), worlds)
}

/// Tests every endpoint one-sided, `second` above `first`, from unpaired values `[endpoint][unit]` of equally many units in every endpoint.
///
/// `worlds` are [`Worlds::labels`] of the two sizes.
#[must_use]
pub fn label_permutation(first: &[Vec<f64>], second: &[Vec<f64>], worlds: &Worlds) -> Vec<Tested> {
    let centered = |(first, second): (&Vec<f64>, &Vec<f64>)| {
        let all: Vec<f64> = first.iter().chain(second).copied().collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        // What rounding leaves of equal numbers is no difference.
        let floor = 1e-13 * all.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        unit_length(all.iter().map(|x| if (x - mean).abs() <= floor { 0.0 } else { x - mean }).collect())
    };
    max_t(&first.iter().zip(second).map(centered).collect::<Vec<_>>(), worlds)
}

/// `values` divided by their Euclidean length; zeros stay.
fn unit_length(values: Vec<f64>) -> Vec<f64> {
    // Scaled first, so that squares of tiny numbers do not vanish.
    let most = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if most <= 0.0 {
        return values;
    }
    let length = values.iter().map(|x| (x / most) * (x / most)).sum::<f64>().sqrt() * most;
    values.iter().map(|x| x / length).collect()
}

fn max_t(rows: &[Vec<f64>], worlds: &Worlds) -> Vec<Tested> {
    let endpoints = rows.len();
    let units = worlds.units;
    assert!(rows.iter().all(|row| row.len() == units), "as many units as the worlds have");
    // By unit, so that the inner loop runs over endpoints.
    let columns: Vec<f64> = (0..units).flat_map(|unit| rows.iter().map(move |row| row[unit])).collect();
    let statistics = |weights: &[f64], found: &mut [f64]| {
        found.fill(0.0);
        for (weight, column) in weights.iter().zip(columns.chunks_exact(endpoints)) {
            for (sum, value) in found.iter_mut().zip(column) {
                *sum += weight * value;
            }
        }
    };
    let mut seen = vec![0.0; endpoints];
    if endpoints == 0 {
        return Vec::new();
    }
    statistics(worlds.iter().next().expect("the world that was seen"), &mut seen);
    let mut order: Vec<usize> = (0..endpoints).collect();
    order.sort_by(|a, b| seen[*b].total_cmp(&seen[*a]).then(a.cmp(b)));
    let mut alone = vec![0_usize; endpoints];
    let mut joint = vec![0_usize; endpoints];
    let mut found = vec![0.0; endpoints];
    for weights in worlds.iter() {
        statistics(weights, &mut found);
        // The largest of this endpoint and of those behind it.
        let mut largest = f64::NEG_INFINITY;
        for &endpoint in order.iter().rev() {
            let least = seen[endpoint] - TIE;
            alone[endpoint] += usize::from(found[endpoint] >= least);
            largest = largest.max(found[endpoint]);
            joint[endpoint] += usize::from(largest >= least);
        }
    }
    let share = |count: usize| count as f64 / worlds.len() as f64;
    let mut before = 0.0;
    let mut tested = vec![Tested { statistic: 0.0, alone: 1.0, adjusted: 1.0 }; endpoints];
    for &endpoint in &order {
        before = share(joint[endpoint]).max(before);
        tested[endpoint] =
            Tested { statistic: seen[endpoint], alone: share(alone[endpoint]), adjusted: before };
    }
    tested
}

/// One-sided bounds of the center of symmetric differences, each at level 1 − `alpha`: what a sign-flip test of `alpha` does not reject.
/// `None` where there are too few differences for that level.
///
/// The test rejects a center θ from below where few of the means over subsets of the differences lie at or under it, so the bounds are order
/// statistics of these means (Hartigan 1969). `worlds` are [`Worlds::flips`] of as many.
#[must_use]
pub fn sign_flip_bounds(differences: &[f64], alpha: f64, worlds: &Worlds) -> Option<(f64, f64)> {
    assert_eq!(differences.len(), worlds.units, "as many differences as the worlds have");
    let mut means: Vec<f64> = worlds
        .iter()
        .filter_map(|signs| {
            let flipped = signs.iter().zip(differences).filter(|(sign, _)| **sign < 0.0);
            let (count, sum) = flipped.fold((0, 0.0), |(count, sum), (_, d)| (count + 1, sum + d));
            (count > 0).then(|| sum / f64::from(count))
        })
        .collect();
    let empty = worlds.len() - means.len();
    let rejected = (alpha * worlds.len() as f64 + 1e-9) as usize;
    let position = rejected.checked_sub(empty)?;
    means.sort_by(f64::total_cmp);
    Some((*means.get(position)?, *means.get(means.len().checked_sub(position + 1)?)?))
}

/// What the studentized mean of an endpoint must exceed for [`sign_flip`] to find it at `alpha` among all these endpoints, were nothing else the
/// matter: the differences are centered first, so that what was seen does not count. In standard errors; infinite where not even equal differences
/// would do, `None` where `alpha` is below what the worlds can show.
#[must_use]
pub fn critical_t(differences: &[Vec<f64>], floors: &[f64], worlds: &Worlds, alpha: f64) -> Option<f64> {
    let pairs = worlds.units as f64;
    let centered = |(differences, floor): (&Vec<f64>, &f64)| {
        let mean = differences.iter().sum::<f64>() / pairs;
        let kept = |d: &f64| if (d - mean).abs() <= *floor { 0.0 } else { d - mean };
        unit_length(differences.iter().map(kept).collect())
    };
    let rows: Vec<Vec<f64>> = differences.iter().zip(floors).map(centered).collect();
    let mut largest: Vec<f64> = worlds
        .iter()
        .map(|weights| {
            let statistic = |row: &Vec<f64>| row.iter().zip(weights).map(|(d, w)| d * w).sum::<f64>();
            rows.iter().map(statistic).fold(0.0, f64::max)
        })
        .collect();
    let rejected = (alpha * worlds.len() as f64 + 1e-9) as usize;
    let at = rejected.checked_sub(1)?;
    largest.sort_by(|a, b| b.total_cmp(a));
    let u = *largest.get(at)?;
    Some(if u * u >= pairs - 1e-9 { f64::INFINITY } else { u * ((pairs - 1.0) / (pairs - u * u)).sqrt() })
}

/// The fewest pairs with which a sign-flip test can reject at `alpha` at all: 2⁻ⁿ ≤ `alpha`.
#[must_use]
pub fn fewest_pairs(alpha: f64) -> usize {
    let mut pairs = 1;
    let mut least = 0.5;
    while least > alpha && pairs < 64 {
        pairs += 1;
        least *= 0.5;
    }
    pairs
}

/// The highest level at or below `alpha` that all sign flips of `pairs` differences attain.
#[must_use]
pub fn attainable(alpha: f64, pairs: usize) -> f64 {
    let all = libm::exp2(pairs as f64);
    let worlds = if all <= MOST_ENUMERATED as f64 { all } else { (DRAWN + 1) as f64 };
    libm::floor(alpha * worlds + 1e-9) / worlds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tested(differences: &[&[f64]]) -> Vec<Tested> {
        let rows: Vec<Vec<f64>> = differences.iter().map(|row| row.to_vec()).collect();
        let worlds = Worlds::flips(rows[0].len(), Seed(0));
        sign_flip(&rows, &vec![0.0; rows.len()], &worlds)
    }

    fn is(found: f64, exact: f64) {
        assert!((found - exact).abs() < 1e-12, "{found} is not {exact}");
    }

    #[test]
    fn p_values_of_one_endpoint_are_those_counted_by_hand() {
        // Sums of ±1 ±2 ±3: 6, 4, 2, 0, 0, −2, −4, −6.
        is(tested(&[&[1.0, 2.0, 3.0]])[0].adjusted, 1.0 / 8.0);
        is(tested(&[&[-1.0, 2.0, 3.0]])[0].adjusted, 2.0 / 8.0);
        is(tested(&[&[1.0, -2.0, 3.0]])[0].adjusted, 3.0 / 8.0);
        is(tested(&[&[1.0, 2.0, -3.0]])[0].adjusted, 5.0 / 8.0);
        is(tested(&[&[-1.0, -2.0, -3.0]])[0].adjusted, 1.0);
    }

    #[test]
    fn equal_differences_are_as_sure_as_the_pairs_allow_and_zeros_say_nothing() {
        is(tested(&[&[0.02; 7]])[0].adjusted, 1.0 / 128.0);
        is(tested(&[&[0.0; 7]])[0].adjusted, 1.0);
        let worlds = Worlds::flips(7, Seed(0));
        is(sign_flip(&[vec![1e-17; 7]], &[1e-15], &worlds)[0].adjusted, 1.0);
    }

    /// A simulation with numpy 2 (23 independent normal endpoints): what must be exceeded is so high that a loss of
    /// (critical + t(0.8)) standard errors alarms in 0.76 of 150 samples of 7 pairs, and in 0.79 of 10. Here by hand: one endpoint of
    /// differences ±1: u over the worlds of (1, −1) is 0, 2/√2, −2/√2, 0; half of four worlds may be at least as high, so the second largest, 0, decides.
    #[test]
    fn what_a_mean_must_exceed_by_hand() {
        let worlds = Worlds::flips(2, Seed(0));
        let rows = [vec![5.0, 3.0]];
        is(critical_t(&rows, &[0.0], &worlds, 0.5).unwrap(), 0.0);
        // A quarter of four worlds: the largest, 2/√2 = √2, and no finite t is above it.
        assert!(critical_t(&rows, &[0.0], &worlds, 0.25).unwrap().is_infinite());
        assert_eq!(critical_t(&rows, &[0.0], &worlds, 0.1), None);
    }

    /// The power at the loss that [`critical_t`] promises to be found in four of five samples.
    #[test]
    fn losses_of_the_promised_size_are_found() {
        let (pairs, endpoints, samples) = (7, 23, 200);
        let worlds = Worlds::flips(pairs, Seed(0));
        let floors = vec![0.0; endpoints];
        let mut stream = Seed(3).stream("power");
        let mut sample = || -> Vec<Vec<f64>> {
            (0..endpoints).map(|_| (0..pairs).map(|_| stream.normal()).collect()).collect()
        };
        let mut promised: Vec<f64> = (0..50)
            .map(|_| {
                critical_t(&sample(), &floors, &worlds, 0.05).unwrap()
                    + crate::stats::student_quantile(0.8, 6.0)
            })
            .collect();
        promised.sort_by(f64::total_cmp);
        let loss = promised[25] / (pairs as f64).sqrt();
        let found = (0..samples)
            .filter(|_| {
                let mut rows = sample();
                rows[0].iter_mut().for_each(|d| *d += loss);
                sign_flip(&rows, &floors, &worlds)[0].adjusted <= 0.05
            })
            .count();
        let power = found as f64 / f64::from(samples);
        assert!((0.65..0.95).contains(&power), "{power}");
    }

    /// Endpoints (1, 1) and (3, −1): u as seen 2/√2 = 1.414 and 2/√10 = 0.632; the four worlds (+,+), (−,+), (+,−), (−,−)
    /// give u₁ = 1.414, 0, 0, −1.414 and u₂ = 0.632, −1.265, 1.265, −0.632.
    /// First step: max(u₁, u₂) ≥ 1.414 in 1 of 4. Second, u₂ alone: ≥ 0.632 in 2 of 4. Single-step max-T would say for the second
    /// max ≥ 0.632: 1.414, 0, 1.265, −0.632: 2 of 4.
    #[test]
    fn step_down_by_hand() {
        let found = tested(&[&[1.0, 1.0], &[3.0, -1.0]]);
        is(found[0].adjusted, 0.25);
        is(found[1].adjusted, 0.5);
        is(found[1].alone, 0.5);
    }

    /// (2, 1, 1) and (1, −1, 2): u as seen 4/√6 = 1.633 and 2/√6 = 0.816. In the eight worlds √6·u is
    /// +++ (4, 2), −++ (0, 0), +−+ (2, 4), ++− (2, −2), and the negatives (−4, −2), (0, 0), (−2, −4), (−2, 2).
    /// First: max ≥ 4 in +++ and +−+: 2/8, though alone it is 1/8. Second, alone behind the first: ≥ 2 in 3 of 8.
    /// In single-step max-T the second would have max ≥ 2 in four of eight: +++, +−+, ++− and its negative.
    #[test]
    fn step_down_gains_on_single_step() {
        let found = tested(&[&[2.0, 1.0, 1.0], &[1.0, -1.0, 2.0]]);
        is(found[0].alone, 1.0 / 8.0);
        is(found[0].adjusted, 2.0 / 8.0);
        is(found[1].alone, 3.0 / 8.0);
        is(found[1].adjusted, 3.0 / 8.0);
    }

    #[test]
    fn adjusted_values_never_fall_along_the_order() {
        let found = tested(&[&[1.0, 2.0, 3.0, -0.5], &[0.9, 2.1, 2.0, -0.5], &[-1.0, 0.5, 0.2, 0.1]]);
        assert!(found.iter().all(|one| one.adjusted >= one.alone));
        let mut order = found.clone();
        order.sort_by(|a, b| b.statistic.total_cmp(&a.statistic));
        assert!(order.windows(2).all(|pair| pair[0].adjusted <= pair[1].adjusted));
    }

    #[test]
    fn many_pairs_are_drawn_and_the_seen_world_counts() {
        let worlds = Worlds::flips(15, Seed(0));
        assert!(!worlds.is_exact());
        assert_eq!(worlds.len(), DRAWN + 1);
        is(sign_flip(&[vec![1.0; 15]], &[0.0], &worlds)[0].adjusted, 1e-4);
        assert!(Worlds::flips(14, Seed(0)).is_exact());
    }

    /// Subset means of (1, 2, 6): 1, 1.5, 2, 3, 3.5, 4, 6. At alpha 1/8 the outermost, at 2/8 the next.
    #[test]
    fn bounds_are_order_statistics_of_subset_means() {
        let worlds = Worlds::flips(3, Seed(0));
        assert_eq!(sign_flip_bounds(&[1.0, 2.0, 6.0], 0.125, &worlds), Some((1.0, 6.0)));
        assert_eq!(sign_flip_bounds(&[1.0, 2.0, 6.0], 0.25, &worlds), Some((1.5, 4.0)));
        assert_eq!(sign_flip_bounds(&[1.0, 2.0, 6.0], 0.1, &worlds), None);
    }

    #[test]
    fn a_bound_is_where_the_test_turns() {
        let differences = [0.3, -0.1, 0.5, 0.2, 0.4, 0.05, 0.6];
        let worlds = Worlds::flips(7, Seed(0));
        let (low, _) = sign_flip_bounds(&differences, 0.05, &worlds).unwrap();
        let p = |center: f64| {
            let shifted = differences.iter().map(|d| d - center).collect();
            sign_flip(&[shifted], &[0.0], &worlds)[0].alone
        };
        assert!(p(low - 1e-6) <= 0.05 && p(low + 1e-6) > 0.05);
    }

    /// Of (1, 2) against (3, 5) the six assignments give sums of the second side 8, 7, 6, 5, 4, 3.
    #[test]
    fn unpaired_p_values_are_those_counted_by_hand() {
        let worlds = Worlds::labels(2, 2, Seed(0));
        assert_eq!((worlds.len(), worlds.is_exact()), (6, true));
        is(label_permutation(&[vec![1.0, 2.0]], &[vec![3.0, 5.0]], &worlds)[0].adjusted, 1.0 / 6.0);
        is(label_permutation(&[vec![1.0, 3.0]], &[vec![2.0, 5.0]], &worlds)[0].adjusted, 2.0 / 6.0);
        is(label_permutation(&[vec![0.1, 0.1]], &[vec![0.1, 0.1]], &worlds)[0].adjusted, 1.0);
        assert!(!Worlds::labels(10, 10, Seed(0)).is_exact());
    }

    /// The table of the reference sheet: α .05 needs 5 seeds, .01 7, .001 10, 10⁻⁴ 14; 5 seeds attain 1/32.
    #[test]
    fn the_fewest_pairs_for_a_level() {
        assert_eq!([0.05, 0.01, 0.001, 1e-4].map(fewest_pairs), [5, 7, 10, 14]);
        is(attainable(0.05, 5), 1.0 / 32.0);
        is(attainable(0.05, 7), 6.0 / 128.0);
        is(attainable(0.01, 20), 0.01);
    }
}
