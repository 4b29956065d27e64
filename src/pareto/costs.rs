//! The canonical form of a set of points: costs, less is better on every axis, row after row.

#![allow(clippy::needless_bitwise_bool, reason = "without branches loops become vectors")]

use std::borrow::Cow;

use super::ties;
use crate::error::{Error, Result};
use crate::measure::Direction;

/// `n × d` costs, row-major; less is better on every axis. None is NaN or −∞; +∞ is worse than any reference. −0 and 0 are equal
/// everywhere. The one thing that every algorithm of this module takes: what is checked here is checked nowhere else.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs<'a> {
    values: Cow<'a, [f64]>,
    axes: usize,
}

impl<'a> Costs<'a> {
    /// Costs that lie row after row already, `axes` of them to a row; nothing is copied.
    ///
    /// # Errors
    ///
    /// No axes, a part of a row at the end, more than 2³² − 1 rows, NaN or −∞; the message names row and column, from 0.
    pub fn new(values: impl Into<Cow<'a, [f64]>>, axes: usize) -> Result<Self> {
        let values = values.into();
        if axes == 0 {
            return Err(Error::input("points without any axis").help("name at least one objective"));
        }
        if values.len() % axes != 0 {
            return Err(Error::input(format!("{} numbers are no rows of {axes}", values.len())));
        }
        if values.len() / axes > u32::MAX as usize {
            return Err(Error::input(format!("{} points, more than {}", values.len() / axes, u32::MAX)));
        }
        // NaN fails every comparison, so one pass without branches finds both.
        let good = values.iter().fold(true, |good, cost| good & (*cost > f64::NEG_INFINITY));
        if !good {
            let at = values.iter().position(|cost| cost.is_nan() || *cost == f64::NEG_INFINITY).unwrap_or(0);
            let value = if values[at].is_nan() { "NaN" } else { "−∞ as a cost" };
            return Err(Error::input(format!("row {}, column {}: {value}", at / axes, at % axes))
                .help("leave rows with undefined numbers out; no front is defined with them"));
        }
        Ok(Self { values, axes })
    }

    /// The costs of `rows` whose numbers are better in the given `directions`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and a row with too few or too many numbers.
    pub fn of<R: AsRef<[f64]>>(rows: &[R], directions: &[Direction]) -> Result<Costs<'static>> {
        let mut values = Vec::with_capacity(rows.len() * directions.len());
        for (at, row) in rows.iter().enumerate() {
            let row = row.as_ref();
            if row.len() != directions.len() {
                return Err(Error::input(format!(
                    "row {at} has {} numbers for {} axes",
                    row.len(),
                    directions.len()
                )));
            }
            values.extend(row.iter().zip(directions).map(|(value, direction)| direction.as_cost(*value)));
        }
        Costs::new(values, directions.len())
    }

    /// The number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.axes
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The number of axes, at least 1.
    #[must_use]
    pub fn axes(&self) -> usize {
        self.axes
    }

    /// The costs of point `at`.
    #[must_use]
    pub fn row(&self, at: usize) -> &[f64] {
        &self.values[at * self.axes..][..self.axes]
    }

    /// All points in order.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> + Clone {
        self.values.chunks_exact(self.axes)
    }

    /// The points as arrays; for `D` axes.
    pub(super) fn arrays<const D: usize>(&self) -> &[[f64; D]] {
        debug_assert_eq!(self.axes, D);
        self.values.as_chunks().0
    }

    /// The same, not copied.
    pub(super) fn lent(&self) -> Costs<'_> {
        Costs { values: Cow::Borrowed(&self.values), axes: self.axes }
    }

    /// The chosen points, in the order of `indices`.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Costs<'static> {
        let values: Vec<f64> = indices.iter().flat_map(|at| self.row(*at)).copied().collect();
        Costs { values: values.into(), axes: self.axes }
    }

    /// The same with equal numbers where rounding alone makes a difference, as between means of the same values in another order: on each axis, costs that differ by no more than
    /// 10⁻¹² of its largest become the least of them.
    #[must_use]
    pub fn leveled(&self) -> Costs<'static> {
        let mut values = self.values.to_vec();
        let largest = |axis: usize| {
            let sizes = self.rows().map(|row| row[axis].abs()).filter(|size| size.is_finite());
            sizes.fold(0.0, f64::max)
        };
        ties::level_within(&mut values.chunks_exact_mut(self.axes).collect::<Vec<_>>(), |axis| {
            ties::ROUNDING * largest(axis)
        });
        Costs { values: values.into(), axes: self.axes }
    }

    /// Whether the axes are as many as the numbers of a `reference`, which are finite.
    ///
    /// # Errors
    ///
    /// When not; the message says which.
    pub(super) fn check_reference(&self, reference: &[f64]) -> Result<()> {
        if reference.len() != self.axes {
            return Err(Error::input(format!(
                "the reference has {} numbers for {} axes",
                reference.len(),
                self.axes
            )));
        }
        match reference.iter().position(|x| !x.is_finite()) {
            Some(axis) => Err(Error::input(format!("the reference is {} on axis {axis}", reference[axis]))),
            None => Ok(()),
        }
    }
}
