//! The sharpest bend.

use super::{Knee, STRAIGHT, in_order, largest};
use crate::pareto::costs::Costs;

/// The member at which the front turns most, between the lines from its neighbor on the one side and to that on the other, in radians (Branke, Deb, Dierolf and Osswald, PPSN 2004). On two axes; the ends of the front
/// do not count. `None` where no turn towards the better side is sharper than 0.01.
#[must_use]
pub fn angle(front: &Costs<'_>) -> Option<Knee> {
    let points = in_order(front)?;
    let turns = points.windows(3).map(|three| {
        let ([a, b], [c, d], [e, f]) = (three[0].1, three[1].1, three[2].1);
        let (to, on) = ([c - a, d - b], [e - c, f - d]);
        let (cross, dot) = (to[0] * on[1] - to[1] * on[0], to[0] * on[0] + to[1] * on[1]);
        (three[1].0, libm::atan2(cross, dot))
    });
    largest(turns).filter(|knee| knee.size > STRAIGHT)
}
