//! Two sets that indicators are to say something of.

use crate::error::Result;
use crate::measure::Direction;
use crate::pareto::costs::Costs;
use crate::pareto::knees::on_bounds;

/// Two sets of costs on the same axes, and what indicators need to know of these.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The set that is measured.
    pub of: &'a Costs<'a>,
    /// The set that it is measured against.
    pub against: &'a Costs<'a>,
    /// Which way the values were better before signs were turned.
    pub directions: &'a [Direction],
    /// The reference of the hypervolume, in costs.
    pub reference: &'a [f64],
    /// Best and worst ends of the axes, in costs, where there are any. Differences on several axes are then in shares of these; otherwise in the axes' own units, which they mix.
    pub ends: Option<(&'a [f64], &'a [f64])>,
    /// Visits of points that a volume may take.
    pub budget: u64,
}

impl Pair<'_> {
    /// The same, the other way round.
    #[must_use]
    pub fn turned(self) -> Self {
        Self { of: self.against, against: self.of, ..self }
    }

    /// One of the sets as shares between the ends.
    pub(super) fn scaled<'b>(&self, costs: &'b Costs<'_>) -> Result<Costs<'b>> {
        match self.ends {
            Some((best, worst)) => on_bounds(costs, best, worst),
            None => Ok(costs.lent()),
        }
    }

    /// The best on every axis: of the scale, or of both sets.
    pub(super) fn utopian(&self) -> Vec<f64> {
        let axes = self.of.axes();
        if self.ends.is_some() {
            return vec![0.0; axes];
        }
        let rows = || self.of.rows().chain(self.against.rows());
        (0..axes).map(|axis| rows().map(|row| row[axis]).fold(f64::INFINITY, f64::min)).collect()
    }
}
