//! Exchange rates found again at another budget.

use super::exchange::{ArcRate, Course};
use crate::points::Point;

/// One rate, found again.
#[derive(Debug, Clone, PartialEq)]
pub struct Recheck {
    /// Index of the rate that was checked.
    pub rate: usize,
    /// The same step at the other budget; its ends are the points that were checked.
    pub again: ArcRate,
    /// Whether safety gained per security gained has the other sign.
    pub turned: bool,
    /// Whether all four changes can be told from none, so that noise over seeds hardly explains what is found.
    pub clear: bool,
}

/// Finds each of `rates`, which are about `points`, in `again`, which are about `other` points of the same coordinates and models. Those without a
/// counterpart are left out.
#[must_use]
pub fn recheck(rates: &[ArcRate], points: &[Point], again: &[ArcRate], other: &[Point]) -> Vec<Recheck> {
    let same = |a: usize, b: usize| {
        let (a, b) = (&points[a], &other[b]);
        a.coordinates == b.coordinates && a.model == b.model
    };
    let found = |(index, rate): (usize, &ArcRate)| {
        let twin = again.iter().find(|arc| {
            same(rate.from, arc.from)
                && same(rate.to, arc.to)
                && arc.security == rate.security
                && arc.safety == rate.safety
        })?;
        let sign = |arc: &ArcRate| {
            let ratio = arc.safety_change.0 / arc.security_change.0;
            (ratio.is_finite() && ratio.abs() > 0.0).then_some(ratio > 0.0)
        };
        let told = |arc: &ArcRate| {
            [arc.safety_change, arc.security_change]
                .into_iter()
                .all(|change| change.1.is_some() && Course::of(change) != Course::Unclear)
        };
        Some(Recheck {
            rate: index,
            again: ArcRate { from: rate.from, to: rate.to, ..twin.clone() },
            turned: matches!((sign(rate), sign(twin)), (Some(a), Some(b)) if a != b),
            clear: told(rate) && told(twin),
        })
    };
    rates.iter().enumerate().filter_map(found).collect()
}
