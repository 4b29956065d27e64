//! Where the adversary may take a row.

use super::rounding::{around, double};
use crate::attacks::ThreatModel;
use crate::measure::Norm;

/// The points that a threat model allows around one row, and what affine functions may become on them.
///
/// Every feature lies in an interval (box, mask, and the radius, which bounds every feature's change in every norm); in L2 and L1 the
/// change as a whole is bounded as well. The radius is taken as a real number: what attacks keep away from it to be safe is included.
pub(super) struct Region<'a> {
    threat: &'a ThreatModel,
    order: &'a [usize],
    /// The row itself.
    pub(super) clean: Vec<f64>,
    /// The middle of each feature's interval.
    pub(super) center: Vec<f64>,
    /// How far a feature may be from it.
    pub(super) radius: Vec<f64>,
}

impl<'a> Region<'a> {
    /// `order`: the feature at each place.
    pub(super) fn new(threat: &'a ThreatModel, order: &'a [usize], row: &[f32]) -> Self {
        let epsilon = threat.epsilon();
        let clean: Vec<f64> = order.iter().map(|feature| f64::from(row[*feature])).collect();
        let interval = |(x, feature): (&f64, &usize)| {
            let (lower, upper) = threat.bounds(*feature, row[*feature]);
            let low = f64::from(lower).max((x - epsilon).next_down());
            let high = f64::from(upper).min((x + epsilon).next_up());
            around(low, high)
        };
        let (center, radius) = clean.iter().zip(order).map(interval).unzip();
        Self { threat, order, clean, center, radius }
    }

    /// Whether the norm says more than the intervals.
    pub(super) fn has_ball(&self) -> bool {
        self.threat.norm() != Norm::Linf
    }

    /// How much a function with these weights can change within the ball, whatever the intervals say; at least.
    pub(super) fn reach(&self, weights: &[f64]) -> f64 {
        let mutable = weights.iter().zip(self.order).filter(|(_, feature)| self.threat.mutable(**feature));
        let fold = |sum: f64, (w, _): (&f64, &usize)| dual(self.threat.norm(), sum, *w);
        self.length(mutable.fold(0.0, fold))
    }

    /// The change from what [`dual`] gathered.
    pub(super) fn length(&self, gathered: f64) -> f64 {
        let dual = if self.threat.norm() == Norm::L2 { gathered.sqrt() } else { gathered };
        self.threat.epsilon() * dual * (1.0 + double(self.order.len() + 8))
    }
}

/// Gathers the dual norm of weights: of squares (L2), the largest (L1), or their sum.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
pub(super) fn dual(norm: Norm, gathered: f64, weight: f64) -> f64 {
    match norm {
        Norm::L2 => gathered + weight * weight,
        Norm::L1 => gathered.max(weight.abs()),
        Norm::Linf => gathered + weight.abs(),
    }
}
