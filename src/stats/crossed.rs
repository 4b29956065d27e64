//! Two crossed factors, seeds and test rows: variance components and intervals.
//!
//! All seeds share the test rows, so the variance of a mean over S seeds is
//! seed/S + row + interaction/S; redrawing rows inside each seed would divide the shared row part
//! by S and cover far too little (metrics sheet, 3.8).

use super::student::{student_cdf, student_quantile};
use super::summary::{mean, quantile, variance};

/// What a mean over seeds owes to the seeds and to the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Components {
    /// Variance over seeds of the value at one seed (on the same rows).
    pub seed: f64,
    /// Variance from drawing the rows anew that all seeds share.
    pub row: f64,
    /// Variance of the mean from what single seeds make of single rows; the variance over seeds holds it.
    pub interaction: f64,
    /// Variance of the mean over the seeds.
    pub total: f64,
    /// Satterthwaite's degrees of freedom of `total`.
    pub degrees: f64,
}

/// The components from each seed's value on the rows as they are, `plain[s]`, and on row resamples,
/// `resampled[s][b]` (the same resample `b` for every seed).
///
/// For a statistic that is no mean over seeds, give its jackknife pseudo-values: they play the
/// same role. `rows` is the number of rows. `None` with fewer than 2 seeds or 2 resamples.
///
/// The resampled variance of the mean holds row + interaction/S, the variance over seeds holds
/// seed + interaction; so interaction/S, from the residuals of the resamples, is taken off once, as in
/// the analysis of variance of a two-way crossed layout (Searle, Casella and `McCulloch` 1992, 5.2).
/// Degrees of freedom after Satterthwaite 1946.
#[must_use]
pub fn components(plain: &[f64], resampled: &[Vec<f64>], rows: usize) -> Option<Components> {
    let seeds = plain.len();
    let resamples = resampled.first().map_or(0, Vec::len);
    if seeds < 2 || resamples < 2 {
        return None;
    }
    let s = seeds as f64;
    let centers: Vec<f64> = resampled.iter().map(|draws| mean(draws)).collect::<Option<_>>()?;
    let mut deviations = Vec::with_capacity(resamples);
    let mut residual = 0.0;
    for b in 0..resamples {
        let moved = || resampled.iter().zip(&centers).map(|(draws, center)| draws[b] - center);
        let average = moved().sum::<f64>() / s;
        residual += moved().map(|x| (x - average) * (x - average)).sum::<f64>();
        deviations.push(average);
    }
    let of_mean = variance(&deviations)?;
    let interaction = residual / ((s - 1.0) * (resamples - 1) as f64);
    let seed = variance(plain)?;
    let row = (of_mean - interaction / s).max(0.0);
    let total = seed / s + row;
    let found = Components { seed, row, interaction: interaction / s, total, degrees: s - 1.0 };
    let degrees = if row > 0.0 { found.satterthwaite(&[(seed / s, s - 1.0)], s, rows) } else { s - 1.0 };
    Some(Components { degrees, ..found })
}

/// What is known of a variance from elsewhere: the variance, and its degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Known {
    pub(super) variance: f64,
    pub(super) degrees: f64,
}

impl Components {
    /// Satterthwaite's degrees of freedom of `total`, at least 1: the variances of the mean that are due to the seeds, each with its degrees, beside what the rows add.
    fn satterthwaite(&self, of_seeds: &[(f64, f64)], seeds: f64, rows: usize) -> f64 {
        let rows = rows.saturating_sub(1).max(1) as f64;
        let square = |x: f64| x * x;
        let of_rows =
            square(self.row + self.interaction) / rows + square(self.interaction) / ((seeds - 1.0) * rows);
        let denominator =
            of_seeds.iter().map(|(part, degrees)| square(*part) / degrees).sum::<f64>() + of_rows;
        (square(self.total) / denominator).max(1.0)
    }

    /// The same where more is known: the variance over `seeds` seeds is at least that of `seeds_alike`, if any, and the rows' part at least `row`.
    ///
    /// Few seeds often seem to agree more than they do, and then the degrees of freedom come out too many as well. So the seeds' part is the pooled one, with its many degrees of
    /// freedom, and what the own variance is above it, with its few.
    pub(super) fn at_least(self, row: f64, seeds_alike: Option<Known>, seeds: usize, rows: usize) -> Self {
        let s = seeds as f64;
        let row = self.row.max(row);
        let Some(alike) = seeds_alike else {
            // The degrees stay: a floor under the rows' part does not make up for seeds that agree by chance.
            return Self { row, total: self.seed / s + row, ..self };
        };
        let seed = self.seed.max(alike.variance);
        let raised = Self { seed, row, total: seed / s + row, ..self };
        let parts = [(alike.variance / s, alike.degrees), ((seed - alike.variance) / s, s - 1.0)];
        Self {
            degrees: if raised.total > 0.0 { raised.satterthwaite(&parts, s, rows) } else { s - 1.0 },
            ..raised
        }
    }

    /// `center` ± t · √total at `level`.
    #[must_use]
    pub fn interval(&self, center: f64, level: f64) -> (f64, f64) {
        let half = student_quantile(0.5 + 0.5 * level, self.degrees) * self.total.sqrt();
        (center - half, center + half)
    }

    /// Whether `distance`, at least 0, is within half the width of the [`interval`](Self::interval) at `level`. Far from its end the tail probability alone says so, at a fiftieth
    /// of the quantile's price, and the answer is the same.
    pub(super) fn holds(&self, distance: f64, level: f64) -> bool {
        /// Many times the rounding of tail probabilities and quantiles, relative.
        const CLEAR: f64 = 1e-9;
        let tail = 1.0 - (0.5 + 0.5 * level);
        let beyond = student_cdf(-distance / self.total.sqrt(), self.degrees);
        if beyond > (1.0 + CLEAR) * tail {
            return true;
        }
        if beyond < (1.0 - CLEAR) * tail {
            return false;
        }
        let (low, high) = self.interval(0.0, level);
        distance <= 0.5 * (high - low)
    }
}

/// The percentile interval of crossed resamples; `None` without any.
#[must_use]
pub fn crossed_interval(draws: &[f64], level: f64) -> Option<(f64, f64)> {
    let mut sorted = draws.to_vec();
    sorted.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    Some((quantile(&sorted, tail)?, quantile(&sorted, 1.0 - tail)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::stats::{RowUnits, RowWeights};

    /// A linear statistic has the two-way analysis of variance as its closed form:
    /// (seed + row − interaction mean squares) / (S n).
    #[test]
    fn a_mean_gets_the_variance_of_the_two_way_layout() {
        let (seeds, rows) = (4, 60);
        let mut stream = Seed(5).stream("test");
        let row_effect: Vec<f64> = (0..rows).map(|_| stream.normal()).collect();
        let data: Vec<Vec<f64>> = (0..seeds)
            .map(|_| {
                let seed_effect = 0.4 * stream.normal();
                row_effect.iter().map(|r| r + seed_effect + 0.7 * stream.normal()).collect()
            })
            .collect();
        let (s, n) = (f64::from(seeds), rows as f64);
        let seed_means: Vec<f64> = data.iter().map(|row| mean(row).unwrap()).collect();
        let row_means: Vec<f64> =
            (0..rows).map(|j| data.iter().map(|values| values[j]).sum::<f64>() / s).collect();
        let grand = mean(&seed_means).unwrap();
        let ms_seed = n * variance(&seed_means).unwrap();
        let ms_row = s * variance(&row_means).unwrap();
        let mut ss_rest = 0.0;
        for (i, values) in data.iter().enumerate() {
            for (j, value) in values.iter().enumerate() {
                let rest = value - seed_means[i] - row_means[j] + grand;
                ss_rest += rest * rest;
            }
        }
        let ms_rest = ss_rest / ((s - 1.0) * (n - 1.0));
        let expected = (ms_seed + ms_row - ms_rest) / (s * n);

        let weights = RowWeights::draw(Seed(9), &RowUnits::single(rows), 20_000);
        let resampled: Vec<Vec<f64>> = data
            .iter()
            .map(|values| {
                (0..weights.len())
                    .map(|b| values.iter().zip(weights.of(b)).map(|(v, w)| v * f64::from(w)).sum::<f64>() / n)
                    .collect()
            })
            .collect();
        let found = components(&seed_means, &resampled, rows).unwrap();
        // A resample's variance is (n − 1)/n of the unbiased one, and 20,000 resamples leave about 1 % noise.
        assert!((found.total / expected - 1.0).abs() < 0.04, "{} instead of {expected}", found.total);
    }

    /// The promise of the sheet: about 95 % with 3 seeds, also where the shared rows dominate.
    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        for (seed_sd, row_sd) in [(0.02, 1.0), (0.3, 0.3)] {
            let (seeds, rows, replications) = (3, 50, 400);
            let mut covered = 0;
            for replication in 0..replications {
                let mut stream = Seed(replication).stream("coverage");
                let row_effect: Vec<f64> = (0..rows).map(|_| row_sd * stream.normal()).collect();
                let data: Vec<Vec<f64>> = (0..seeds)
                    .map(|_| {
                        let effect = seed_sd * stream.normal();
                        row_effect.iter().map(|r| r + effect + 0.5 * stream.normal()).collect()
                    })
                    .collect();
                let weights = RowWeights::draw(Seed(replication), &RowUnits::single(rows), 200);
                let plain: Vec<f64> = data.iter().map(|values| mean(values).unwrap()).collect();
                let resampled: Vec<Vec<f64>> = data
                    .iter()
                    .map(|values| {
                        (0..weights.len())
                            .map(|b| {
                                let pairs = values.iter().zip(weights.of(b));
                                pairs.map(|(v, w)| v * f64::from(w)).sum::<f64>() / rows as f64
                            })
                            .collect()
                    })
                    .collect();
                let (low, high) =
                    components(&plain, &resampled, rows).unwrap().interval(mean(&plain).unwrap(), 0.95);
                covered += usize::from(low <= 0.0 && 0.0 <= high);
            }
            let coverage = covered as f64 / replications as f64;
            // Three binomial standard errors of 400 replications are 3.3 points.
            assert!((0.915..=0.99).contains(&coverage), "coverage {coverage} at seed sd {seed_sd}");
        }
    }

    #[test]
    fn one_seed_has_no_components() {
        assert_eq!(components(&[0.5], &[vec![0.4, 0.6]], 10), None);
    }
}
