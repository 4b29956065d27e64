//! How far apart groups are over seeds and rows, crossed.
//!
//! What the interval is about is the distance between the groups' mean rates over the seeds.

use super::crossed::Known;
use super::disparity::{Joined, Less, Rate, Scale, folded, moments, pairs, quotient};
use super::{Components, components, mean, quantile, student_quantile, variance};
use crate::numeric::{normal_cdf, normal_quantile};

/// One group's rate at several seeds.
#[derive(Debug, Clone)]
pub struct SeededRate {
    /// Its value at each seed, on the rows as they are.
    pub plain: Vec<f64>,
    /// Its value at each seed on each resample of the rows; as many everywhere, not finite where the group has no rows.
    pub draws: Vec<Vec<f64>>,
    /// Rows that it rests on.
    pub rows: f64,
}

impl SeededRate {
    /// The mean over the seeds, as hits and rows.
    pub(super) fn rate(&self) -> Rate {
        Rate { hits: mean(&self.plain).unwrap_or(0.0) * self.rows, rows: self.rows }
    }

    /// Whether so few rows hit, or so few do not, that resamples know little of its spread.
    pub(super) fn is_of_few(&self) -> bool {
        let Rate { hits, rows } = self.rate();
        hits * (1.0 - hits / rows) < 5.0
    }
}

/// The components of `plain` over the resamples `kept`; where there are too few, of the seeds alone.
pub(super) fn of_kept(
    plain: &[f64],
    draw: impl Fn(usize, usize) -> f64,
    kept: &[usize],
    rows: usize,
) -> Option<Components> {
    let draws: Vec<Vec<f64>> = if kept.len() < 2 {
        vec![vec![0.0; 2]; plain.len()]
    } else {
        (0..plain.len()).map(|seed| kept.iter().map(|b| draw(seed, *b)).collect()).collect()
    };
    components(plain, &draws, rows)
}

/// How much the seeds move the rates of a family apart, all pairs of its groups taken together, in multiples of what the groups' rows alone would.
///
/// The variance over seeds of a pair of rates has `seeds − 1` degrees of freedom, too few to tell it; that of all pairs has about as many times more as there are groups.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Alike {
    /// Variance over seeds per binomial variance (Agresti and Caffo's) of the two rates.
    ratio: f64,
    degrees: f64,
}

impl Alike {
    /// `None` with fewer than three groups: a single pair is all there is.
    fn of(family: &[SeededRate]) -> Option<Self> {
        if family.len() < 3 {
            return None;
        }
        let binomial: Vec<f64> = family.iter().map(|one| moments(one.rate()).1).collect();
        let (mut moved, mut expected) = (0.0, 0.0);
        for (i, a) in family.iter().enumerate() {
            for (j, b) in family.iter().enumerate().skip(i + 1) {
                let apart: Vec<f64> = a.plain.iter().zip(&b.plain).map(|(x, y)| x - y).collect();
                moved += variance(&apart)?;
                expected += binomial[i] + binomial[j];
            }
        }
        // Groups of very different variance count as fewer.
        let (sum, squares) = binomial.iter().fold((0.0, 0.0), |(sum, squares), v| (sum + v, squares + v * v));
        let groups = (sum * sum / squares - 1.0).max(1.0);
        Some(Self { ratio: moved / expected, degrees: groups * (family[0].plain.len() - 1) as f64 })
    }
}

/// Two groups, and the resamples in which both have rows.
struct Pair<'a> {
    a: &'a SeededRate,
    b: &'a SeededRate,
    kept: Vec<usize>,
    alike: Option<Alike>,
}

impl<'a> Pair<'a> {
    fn new(a: &'a SeededRate, b: &'a SeededRate, alike: Option<Alike>) -> Self {
        let resamples = a.draws.first().map_or(0, Vec::len);
        let is_there = |b_: &usize| {
            a.draws.iter().chain(&b.draws).all(|draws| draws.get(*b_).is_some_and(|draw| draw.is_finite()))
        };
        let kept = (0..resamples).filter(is_there).collect();
        Self { a, b, kept, alike }
    }

    fn turned(&self) -> Self {
        Self { a: self.b, b: self.a, kept: self.kept.clone(), alike: self.alike }
    }

    /// The variance of the first minus `times` the second as rates of one predictor, after Agresti and Caffo.
    fn binomial(&self, times: f64) -> f64 {
        moments(self.a.rate()).1 + times * times * moments(self.b.rate()).1
    }

    /// The least that the rows' part of that variance can be; 0 where resamples tell it.
    fn least(&self, times: f64) -> f64 {
        if self.is_of_few() { self.binomial(times) } else { 0.0 }
    }

    /// Whether the rates are too close to their ends for resamples to tell how they vary.
    fn is_of_few(&self) -> bool {
        self.a.is_of_few() || self.b.is_of_few()
    }

    /// The first minus `times` the second, with its components; where a rate rests on few hits the rates are Agresti and Caffo's, and the variance over rows at
    /// least theirs. That over seeds is never below what all pairs together say.
    fn spread(&self, times: f64, rows: usize) -> Option<(f64, Components)> {
        let plain: Vec<f64> = self.a.plain.iter().zip(&self.b.plain).map(|(x, y)| x - times * y).collect();
        let draw = |seed: usize, b: usize| self.a.draws[seed][b] - times * self.b.draws[seed][b];
        let spread = of_kept(&plain, draw, &self.kept, rows)?;
        let alike = self
            .alike
            .map(|alike| Known { variance: alike.ratio * self.binomial(times), degrees: alike.degrees });
        let spread = match (self.least(times), alike) {
            (least, None) if least <= spread.row => spread,
            (least, alike) => spread.at_least(least, alike, plain.len(), rows),
        };
        Some((self.center(times), spread))
    }

    /// The first minus `times` the second, mean over seeds.
    fn center(&self, times: f64) -> f64 {
        if self.is_of_few() {
            return moments(self.a.rate()).0 - times * moments(self.b.rate()).0;
        }
        let plain: Vec<f64> = self.a.plain.iter().zip(&self.b.plain).map(|(x, y)| x - times * y).collect();
        mean(&plain).unwrap_or(0.0)
    }

    /// Whether the first minus `times` the second cannot be told from 0 at `level`.
    fn accepts(&self, times: f64, rows: usize, level: f64) -> bool {
        self.spread(times, rows).is_none_or(|(center, spread)| spread.holds(center.abs(), level))
    }

    /// The first minus `times` the second, and the half-width of its interval at `level`.
    fn test(&self, times: f64, rows: usize, level: f64) -> (f64, f64) {
        half_width(self.spread(times, rows).as_ref(), level)
    }
}

/// The center and the half-width of an interval at `level`; of what has none all there is.
fn half_width(spread: Option<&(f64, Components)>, level: f64) -> (f64, f64) {
    let Some((center, spread)) = spread else { return (0.0, f64::INFINITY) };
    let (low, high) = spread.interval(0.0, level);
    (*center, 0.5 * (high - low))
}

/// The interval of the distance between groups over seeds and rows, crossed, at `level`: for every pair of groups the signed difference of their mean rates with its
/// variance components and Student's t, simultaneous over the pairs through the resamples (never wider than Bonferroni's), folded at the end; of quotients what the same
/// tests do not reject.
///
/// Where there are three groups or more, a pair's variance over the seeds is at least what all pairs together say, with the degrees of freedom of all, as Tukey's comparisons pool
/// theirs (Tukey 1953, The problem of multiple comparisons); here the pooled variance goes with each pair's binomial one, and is a floor.
///
/// `rows` is the number of rows of the split. A pair is judged by the resamples in which both of its groups have rows.
/// `None` with fewer than two groups or seeds.
#[must_use]
pub fn crossed_gap_interval(
    families: &[Vec<SeededRate>],
    (joined, scale): (Joined, Scale),
    rows: usize,
    level: f64,
) -> Option<(f64, f64)> {
    Some(CrossedGaps::of(families, scale, rows, level)?.joined(joined))
}

/// The intervals of the distances within families, before these become one number: see [`crossed_gap_interval`].
#[derive(Debug, Clone, PartialEq)]
pub struct CrossedGaps {
    /// Of each family the largest lower and the largest upper bound of any pair; of quotients the smallest ones of all pairs.
    bounds: Vec<(f64, f64)>,
    scale: Scale,
}

impl CrossedGaps {
    /// Of `families` at `level`; `rows` is the number of rows of the split. `None` with fewer than two groups or seeds.
    #[must_use]
    pub fn of(families: &[Vec<SeededRate>], scale: Scale, rows: usize, level: f64) -> Option<Self> {
        let rates: Vec<Vec<Rate>> =
            families.iter().map(|family| family.iter().map(SeededRate::rate).collect()).collect();
        let places = pairs(&rates);
        let seeds = families.iter().flatten().next()?.plain.len();
        if places.is_empty() || seeds < 2 || families.iter().any(|family| family.len() < 2) {
            return None;
        }
        let alike: Vec<Option<Alike>> = families.iter().map(|family| Alike::of(family)).collect();
        let pairs: Vec<Pair<'_>> = places
            .iter()
            .map(|(f, i, j)| Pair::new(&families[*f][*i], &families[*f][*j], alike[*f]))
            .collect();
        let single = normal_quantile(0.5 + 0.5 * level);
        let bonferroni = normal_quantile(1.0 - 0.5 * (1.0 - level) / pairs.len() as f64);
        let critical = if pairs.len() == 1 {
            single
        } else {
            largest_deviation(&pairs, level)?.clamp(single, bonferroni)
        };
        // As wide as Student's t at the level that one pair would need.
        let of_one = 2.0 * normal_cdf(critical) - 1.0;
        let bounds = match scale {
            Scale::Difference => {
                let mut quantiles = Quantiles::new(of_one);
                let of_family = |f: usize| {
                    let own = places.iter().zip(&pairs).filter(|((of, ..), _)| *of == f);
                    let own: Vec<&Pair<'_>> = own.map(|(_, pair)| pair).collect();
                    furthest(&own, rows, &mut quantiles)
                };
                (0..families.len()).map(of_family).collect()
            }
            Scale::Quotient => {
                let of_pair = |pair: &Pair<'_>| {
                    let turned = pair.turned();
                    quotient(
                        &Less {
                            center: &|times| pair.center(times),
                            accepts: &|times| pair.accepts(times, rows, of_one),
                        },
                        &Less {
                            center: &|times| turned.center(times),
                            accepts: &|times| turned.accepts(times, rows, of_one),
                        },
                    )
                };
                let bounds = pairs.iter().map(of_pair);
                vec![bounds.fold((1.0, 1.0), |(low, high), bound| (bound.0.min(low), bound.1.min(high)))]
            }
        };
        Some(Self { bounds, scale })
    }

    /// The interval of the families' distances, `joined`; quotients are about the smallest, whatever that says.
    #[must_use]
    pub fn joined(&self, joined: Joined) -> (f64, f64) {
        if let (Scale::Quotient, Some(smallest)) = (self.scale, self.bounds.first()) {
            return *smallest;
        }
        let side = |of: fn(&(f64, f64)) -> f64| joined.join(self.bounds.iter().map(of));
        (side(|bound| bound.0), side(|bound| bound.1))
    }
}

/// With fewer pairs than this every quantile is worked out.
const MANY: usize = 8;

/// The largest lower and the largest upper bound of any of the `pairs`' folded intervals. Most of many pairs cannot have it, which quantiles of neighboring degrees of freedom
/// tell, or one tail probability beside what was found so far, so that few quantiles are worked out.
fn furthest(pairs: &[&Pair<'_>], rows: usize, quantiles: &mut Quantiles) -> (f64, f64) {
    // Far above the rounding of any of this.
    const SLACK: f64 = 1e-9;
    let level = quantiles.level;
    let spreads: Vec<Option<(f64, Components)>> = pairs.iter().map(|pair| pair.spread(1.0, rows)).collect();
    // Where each pair's half-width lies for certain.
    let around: Vec<(f64, f64, f64)> = spreads
        .iter()
        .map(|spread| match spread {
            Some((center, spread)) if pairs.len() >= MANY => {
                let (low, high) = quantiles.around(spread.degrees);
                let sd = spread.total.sqrt();
                (center.abs(), low * sd, high * sd)
            }
            Some((center, _)) => (center.abs(), 0.0, f64::INFINITY),
            None => (0.0, f64::INFINITY, f64::INFINITY),
        })
        .collect();
    let least_high = around.iter().map(|(center, low, _)| center + low).fold(0.0, f64::max);
    let least_low = around.iter().map(|(center, _, high)| center - high).fold(0.0, f64::max);
    // Those that reach far for certain come first: the others then need only be told to fall short of them.
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    let reach = |at: &usize| around[*at].0 + around[*at].1;
    order.sort_by(|a, b| reach(b).total_cmp(&reach(a)));
    let apart = |at: &usize| around[*at].0 - around[*at].2;
    let first = (0..pairs.len()).max_by(|a, b| apart(a).total_cmp(&apart(b)));
    let mut found = (0.0_f64, 0.0_f64);
    for at in first.into_iter().chain(order) {
        let (spread, (center, low, high)) = (&spreads[at], around[at]);
        if center + high < least_high - SLACK && center - low < least_low - SLACK {
            continue;
        }
        if let Some((_, spread)) = spread
            && pairs.len() >= MANY
            && spread.total > 0.0
        {
            let (beyond, within) = (found.1 - center, center - found.0);
            let is_higher = beyond <= 0.0 || spread.holds(beyond * (1.0 - SLACK), level);
            if !is_higher && (within <= 0.0 || spread.holds(within * (1.0 + SLACK), level)) {
                continue;
            }
        }
        let (center, half) = half_width(spread.as_ref(), level);
        let bound = folded((center, half));
        found = (found.0.max(bound.0), found.1.max(bound.1));
    }
    found
}

/// Student's t at one level, for degrees of freedom on a grid, each worked out when it is asked for.
struct Quantiles {
    level: f64,
    known: [Option<f64>; DEGREES.len()],
}

/// Degrees of freedom, ascending from the fewest that there are.
const DEGREES: [f64; 17] =
    [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 10.0, 13.0, 17.0, 25.0, 40.0, 100.0, 1000.0];

impl Quantiles {
    fn new(level: f64) -> Self {
        Self { level, known: [None; DEGREES.len()] }
    }

    fn at(&mut self, place: usize) -> f64 {
        let level = self.level;
        *self.known[place].get_or_insert_with(|| student_quantile(0.5 + 0.5 * level, DEGREES[place]))
    }

    /// Between which the quantile at `degrees` lies: it falls with them, to the normal distribution's.
    fn around(&mut self, degrees: f64) -> (f64, f64) {
        let above = DEGREES.iter().position(|known| *known >= degrees).unwrap_or(DEGREES.len());
        let low = if above < DEGREES.len() { self.at(above) } else { 0.0 };
        let high = if above > 0 { self.at(above - 1) } else { f64::INFINITY };
        (low, high)
    }
}

/// The quantile over resamples of the largest studentized deviation of any pair's difference, mean over seeds. A pair of few errors deviates by its floor: resamples of a handful of
/// errors are skewed, and would decide the quantile for all.
fn largest_deviation(pairs: &[Pair<'_>], level: f64) -> Option<f64> {
    let resamples = pairs.first()?.a.draws.first()?.len();
    let mut deviations = vec![0.0_f64; resamples];
    for pair in pairs {
        let Pair { a, b, kept, .. } = pair;
        let seeds = a.draws.len() as f64;
        let over_seeds: Vec<f64> = kept
            .iter()
            .map(|at| a.draws.iter().zip(&b.draws).map(|(a, b)| a[*at] - b[*at]).sum::<f64>() / seeds)
            .collect();
        let (Some(center), Some(found)) = (mean(&over_seeds), variance(&over_seeds)) else { continue };
        let sd = found.max(pair.least(1.0)).sqrt();
        if sd > 0.0 {
            for (at, x) in kept.iter().zip(&over_seeds) {
                deviations[*at] = deviations[*at].max((x - center).abs() / sd);
            }
        }
    }
    deviations.sort_by(f64::total_cmp);
    quantile(&deviations, level)
}

/// The interval of the first group's mean rate minus the second's over seeds and rows; that of the pair's distance is this one folded. `None` with fewer than two seeds.
#[must_use]
pub fn crossed_signed_interval(
    first: &SeededRate,
    second: &SeededRate,
    rows: usize,
    level: f64,
) -> Option<(f64, f64)> {
    if first.plain.len() < 2 {
        return None;
    }
    // The level that a single pair has above, to the bit.
    let of_one = 2.0 * normal_cdf(normal_quantile(0.5 + 0.5 * level)) - 1.0;
    let (center, half) = Pair::new(first, second, None).test(1.0, rows, of_one);
    Some((center - half, center + half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// Rates of `groups` groups at three seeds with 200 resamples, by lot.
    fn family(groups: usize, seed: u64) -> Vec<SeededRate> {
        let mut stream = Seed(seed).stream("test");
        (0..groups)
            .map(|_| {
                let (rate, rows) =
                    (0.2 + 0.6 * stream.uniform_f64(), 20.0 + (400.0 * stream.uniform_f64()).floor());
                let sd = (rate * (1.0 - rate) / rows).sqrt();
                let plain: Vec<f64> = (0..3).map(|_| rate + 0.02 * stream.normal()).collect();
                let draws =
                    plain.iter().map(|x| (0..200).map(|_| x + sd * stream.normal()).collect()).collect();
                SeededRate { plain, draws, rows }
            })
            .collect()
    }

    /// Most pairs are passed over by bounds on their quantiles; the answer is that of every pair worked out, to the bit.
    #[test]
    fn the_furthest_pair_is_found_without_working_all_out() {
        for (groups, seed) in [(3, 1), (5, 2), (9, 3), (14, 4)] {
            let family = family(groups, seed);
            let alike = Alike::of(&family);
            let mut pairs = Vec::new();
            for (i, a) in family.iter().enumerate() {
                pairs.extend(family[i + 1..].iter().map(|b| Pair::new(a, b, alike)));
            }
            for level in [0.95, 0.999] {
                let all = pairs.iter().map(|pair| folded(pair.test(1.0, 1000, level)));
                let expected =
                    all.fold((0.0_f64, 0.0_f64), |(low, high), bound| (low.max(bound.0), high.max(bound.1)));
                let found = furthest(&pairs.iter().collect::<Vec<_>>(), 1000, &mut Quantiles::new(level));
                assert_eq!(found, expected, "{groups} groups at {level}");
            }
        }
    }

    /// The test of a pair by its tail probability is that by its quantile, near the end as well.
    #[test]
    fn a_distance_is_held_where_the_interval_reaches_it() {
        let family = family(6, 7);
        for (i, a) in family.iter().enumerate() {
            for b in &family[i + 1..] {
                let (_, spread) = Pair::new(a, b, None).spread(1.0, 1000).unwrap();
                let (low, high) = spread.interval(0.0, 0.95);
                let half = 0.5 * (high - low);
                for times in [0.0, 0.5, 1.0 - 1e-8, 1.0 - 1e-12, 1.0, 1.0 + 1e-12, 1.0 + 1e-8, 2.0, 50.0] {
                    let distance = times * half;
                    assert_eq!(spread.holds(distance, 0.95), distance <= half, "{times} of {half}");
                }
            }
        }
    }
}
