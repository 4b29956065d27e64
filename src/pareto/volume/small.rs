//! Many small fronts, one after the other, without a single allocation in between.

#![allow(clippy::needless_bitwise_bool, reason = "without branches loops become vectors")]

use super::super::costs::Costs;
use super::super::filter::{self, Ties, dominates};
use super::{BUDGET, hypervolume};

/// Up to this many points all pairs are compared and volumes are taken apart point by point; beyond it the algorithms for many take over.
const FEW: usize = 64;

/// A front that is filled, asked and emptied again and again, as in a bootstrap. Keeps its memory.
#[derive(Debug, Clone, Default)]
pub struct Fronts {
    axes: usize,
    costs: Vec<f64>,
    members: Vec<usize>,
    plane: Vec<[f64; 2]>,
    /// One for each depth of points limited to others.
    levels: Vec<Vec<f64>>,
}

impl Fronts {
    /// An empty front of `axes` costs per point.
    #[must_use]
    pub fn new(axes: usize) -> Self {
        assert!(axes > 0, "points without any axis");
        Self { axes, ..Self::default() }
    }

    /// Removes all points.
    pub fn clear(&mut self) {
        self.costs.clear();
    }

    /// Adds a point: its costs, which are neither NaN nor −∞.
    pub fn push(&mut self, costs: &[f64]) {
        assert_eq!(costs.len(), self.axes, "a cost for each axis");
        debug_assert!(
            costs.iter().all(|cost| *cost > f64::NEG_INFINITY),
            "undefined numbers are left out before"
        );
        self.costs.extend_from_slice(costs);
    }

    /// The number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.costs.len() / self.axes
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.costs.is_empty()
    }

    /// Positions of the points that no other dominates, ascending; of equal points all.
    pub fn members(&mut self) -> &[usize] {
        self.members.clear();
        if self.len() > FEW {
            let costs = Costs::new(&self.costs[..], self.axes).unwrap_or_else(|error| panic!("{error}"));
            self.members = filter::nondominated(&costs, Ties::Keep);
            return &self.members;
        }
        let rows = || self.costs.chunks_exact(self.axes);
        let stands = |row: &[f64]| !rows().any(|other| dominates(other, row));
        self.members.extend(rows().enumerate().filter(|(_, row)| stands(row)).map(|(at, _)| at));
        &self.members
    }

    /// The volume that the points dominate up to `reference`; 0 for an empty front. Points that are not better than the reference on every axis add nothing.
    ///
    /// Up to 64 points by a plain sum in lexicographic order, exact up to rounding: two axes by a sweep, more by the exclusive volumes of the points one by one
    /// (While, Bradstreet and Barone, *TEVC* 16(1), 2012). Beyond, as [`hypervolume`]; what would take too long is a panic, not a wrong number.
    pub fn hypervolume(&mut self, reference: &[f64]) -> f64 {
        assert_eq!(reference.len(), self.axes, "costs on the axes of the reference");
        if let &[end_x, end_y] = reference
            && self.len() <= FEW
        {
            return self.area(end_x, end_y);
        }
        if self.len() > FEW {
            let costs = Costs::new(&self.costs[..], self.axes);
            let volume = costs.and_then(|costs| hypervolume(&costs, reference, BUDGET));
            return volume.unwrap_or_else(|error| panic!("{error}"));
        }
        let mut levels = std::mem::take(&mut self.levels);
        let volume = by_exclusion(&self.costs, reference, &mut levels);
        self.levels = levels;
        volume
    }

    fn area(&mut self, end_x: f64, end_y: f64) -> f64 {
        let (points, _) = self.costs.as_chunks::<2>();
        self.plane.clear();
        self.plane.resize(points.len(), [f64::INFINITY; 2]);
        // A point's place in lexicographic order is the number of points before it: no branch depends on the data.
        for (at, [x, y]) in points.iter().enumerate() {
            let mut place = 0;
            for (other, [a, b]) in points.iter().enumerate() {
                place += usize::from((a < x) | ((a <= x) & ((b < y) | ((b <= y) & (other < at)))));
            }
            self.plane[place] = [*x, *y];
        }
        let (mut bottom, mut sum) = (end_y, 0.0);
        for [x, y] in &self.plane {
            if *y < bottom && *x < end_x {
                sum += (end_x - x) * (bottom - y);
                bottom = *y;
            }
        }
        sum
    }
}

/// Point by point in lexicographic order: its box less what later points dominate of it.
fn by_exclusion(costs: &[f64], reference: &[f64], levels: &mut Vec<Vec<f64>>) -> f64 {
    let axes = reference.len();
    let mut own = levels.pop().unwrap_or_default();
    own.clear();
    let rows = || costs.chunks_exact(axes);
    let inside = |row: &[f64]| row.iter().zip(reference).all(|(cost, end)| cost < end);
    let stands = |row: &[f64]| !rows().any(|other| dominates(other, row));
    let compare = |a: &[f64], b: &[f64]| {
        let orders = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    for row in rows().filter(|row| inside(row) && stands(row)) {
        let place = own.chunks_exact(axes).position(|other| compare(other, row).is_ge());
        let at = place.map_or(own.len(), |place| place * axes);
        if own.get(at..at + axes) == Some(row) {
            continue;
        }
        own.extend_from_slice(row);
        own[at..].rotate_right(axes);
    }
    let volume = if axes == 1 {
        own.first().map_or(0.0, |least| reference[0] - least)
    } else {
        let mut limited = levels.pop().unwrap_or_default();
        let mut sum = 0.0;
        for (at, row) in own.chunks_exact(axes).enumerate() {
            let whole: f64 = row.iter().zip(reference).map(|(cost, end)| end - cost).product();
            limited.clear();
            for other in own.chunks_exact(axes).skip(at + 1) {
                limited.extend(other.iter().zip(row).map(|(a, b)| a.max(*b)));
            }
            let shared = if limited.is_empty() { 0.0 } else { by_exclusion(&limited, reference, levels) };
            sum += whole - shared;
        }
        levels.push(limited);
        sum
    };
    levels.push(own);
    volume
}
