//! The smallest of several shares: intervals that count every group, however small.
//!
//! The smallest share found is below the smallest true one by chance alone, and the more so the more groups there are; resamples repeat that and never undo it. So every
//! group has an interval, all together at the level asked for (Šidák 1967), and the smallest share lies between the smallest lower and the smallest upper end.

use super::crossed_gap::{SeededRate, of_kept};
use super::disparity::Rate;
use super::{clopper_pearson, student_quantile};

/// The level of each of `groups` intervals that hold together at `level` (Šidák 1967).
fn of_each(level: f64, groups: usize) -> f64 {
    libm::pow(level, 1.0 / groups as f64)
}

fn smallest(bounds: &[(f64, f64)]) -> Option<(f64, f64)> {
    bounds.iter().copied().reduce(|(low, high), bound| (bound.0.min(low), bound.1.min(high)))
}

/// The interval of the smallest share of one predictor at `level`, from exact binomial intervals of all groups (Clopper and Pearson 1934); groups without rows are left
/// out. `None` without any.
#[must_use]
pub fn smallest_interval(family: &[Rate], level: f64) -> Option<(f64, f64)> {
    let there: Vec<&Rate> = family.iter().filter(|rate| rate.rows > 0.0).collect();
    let each = of_each(level, there.len().max(1));
    let bounds: Vec<(f64, f64)> =
        there.iter().map(|rate| clopper_pearson(rate.hits, rate.rows, each)).collect();
    smallest(&bounds)
}

/// The interval of the smallest mean share over seeds and rows, crossed, at `level`: variance components with Student's t of every group's mean share. `rows` is the
/// number of rows of the split.
///
/// Where a share rests on few hits its rows' part is at least the exact binomial interval, and joins that of the seeds by squares (MOVER, Zou and Donner 2008). `None` with fewer
/// than two seeds or without groups.
#[must_use]
pub fn crossed_smallest_interval(family: &[SeededRate], rows: usize, level: f64) -> Option<(f64, f64)> {
    let each = of_each(level, family.len().max(1));
    let bounds: Option<Vec<(f64, f64)>> = family.iter().map(|one| bound(one, rows, each)).collect();
    smallest(&bounds?)
}

fn bound(one: &SeededRate, rows: usize, level: f64) -> Option<(f64, f64)> {
    let resamples = one.draws.first().map_or(0, Vec::len);
    let kept: Vec<usize> =
        (0..resamples).filter(|b| one.draws.iter().all(|draws| draws[*b].is_finite())).collect();
    let spread = of_kept(&one.plain, |seed, b| one.draws[seed][b], &kept, rows)?;
    let rate = one.rate();
    let center = rate.hits / rate.rows;
    let (mut low, mut high) = spread.interval(center, level);
    if one.is_of_few() {
        let seeds = one.plain.len() as f64;
        let of_seeds = student_quantile(0.5 + 0.5 * level, seeds - 1.0) * (spread.seed / seeds).sqrt();
        let exact = clopper_pearson(rate.hits, rate.rows, level);
        let together = |end: f64| ((end - center) * (end - center) + of_seeds * of_seeds).sqrt();
        low = low.min(center - together(exact.0));
        high = high.max(center + together(exact.1));
    }
    Some((low.clamp(0.0, 1.0), high.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: (f64, f64), expected: (f64, f64)) {
        assert!((found.0 - expected.0).abs() < 1e-9, "{found:?}, not {expected:?}");
        assert!((found.1 - expected.1).abs() < 1e-9, "{found:?}, not {expected:?}");
    }

    /// At the ends the exact interval is in closed form: of n hits among n from (α/2)^(1/n), of none up to 1 − (α/2)^(1/n). Two groups together at 95 %: each at √.95, α/2 =
    /// .012660283. One right row of one counts: from α/2. Of 100 right of 100 the lower end, .957255, is above that; upper ends 1.
    #[test]
    fn a_group_of_one_row_counts() {
        let half = 0.5 * (1.0 - 0.95_f64.sqrt());
        let one = Rate { hits: 1.0, rows: 1.0 };
        let many = Rate { hits: 100.0, rows: 100.0 };
        close(smallest_interval(&[one, many], 0.95).unwrap(), (half, 1.0));
        // None of 3 right beside all of 100: up to 1 − (α/2)^(1/3).
        let none = Rate { hits: 0.0, rows: 3.0 };
        close(smallest_interval(&[none, many], 0.95).unwrap(), (0.0, 1.0 - libm::cbrt(half)));
        // Alone it is the exact interval; a group without rows is no group.
        let empty = Rate { hits: 0.0, rows: 0.0 };
        close(smallest_interval(&[none, empty], 0.95).unwrap(), (0.0, 1.0 - libm::cbrt(0.025)));
        assert_eq!(smallest_interval(&[empty], 0.95), None);
    }

    /// Seeds that agree on all of two rows: nothing varies, so the exact interval is left: from (α/2)^(1/2).
    #[test]
    fn seeds_that_agree_leave_the_exact_interval() {
        let one = SeededRate { plain: vec![1.0; 3], draws: vec![vec![1.0, f64::NAN, 1.0]; 3], rows: 2.0 };
        close(crossed_smallest_interval(&[one], 10, 0.95).unwrap(), (0.025_f64.sqrt(), 1.0));
    }

    /// Rates .4, .5, .6 of 100 rows at three seeds, rows that say nothing: ± t(2) · sd/√3 = 4.30265273 · .1/√3 = .248413771 around .5 (hits .5 · 50 ≥ 5, not few).
    #[test]
    fn seeds_alone_have_students_interval() {
        let one = SeededRate { plain: vec![0.4, 0.5, 0.6], draws: vec![vec![0.0; 2]; 3], rows: 100.0 };
        let found = crossed_smallest_interval(&[one], 100, 0.95).unwrap();
        assert!((found.0 - (0.5 - 0.248_413_771)).abs() < 1e-6, "{found:?}");
        assert!((found.1 - (0.5 + 0.248_413_771)).abs() < 1e-6, "{found:?}");
    }
}
