//! How far a relaxed point is from obeying, as a function that gradient steps can follow.

use super::Constraints;
use super::room::{Point, Room};
use crate::data::{Formula, Members, Term};

/// The sum over the live relations of about the distance, in model input space, to where each holds; adds `−weight` times its
/// gradient to `gradient` (one number per feature).
///
/// A comparison counts what it is off by, over the length of its gradient: for linear relations that is the distance itself. Of parts joined by
/// `or` the nearest counts. A category is off by the lead of a member that is not allowed. What the clean row breaks by itself, and
/// what cannot be mended, does not count.
pub(super) fn penalize(
    room: &Room,
    constraints: &Constraints,
    point: &Point,
    weight: f64,
    gradient: &mut [f32],
) -> f64 {
    let mut total = 0.0;
    for &index in &constraints.live {
        let formula = &constraints.relations[index].formula;
        if room.base[index] > 0.0 {
            continue;
        }
        let penalty = size(room, constraints, formula, point);
        if penalty > 0.0 && penalty.is_finite() {
            total += penalty;
            push(room, constraints, formula, point, weight, gradient);
        }
    }
    total
}

fn size(room: &Room, constraints: &Constraints, formula: &Formula, point: &Point) -> f64 {
    let each = |part| size(room, constraints, part, point);
    match formula {
        Formula::All(parts) => parts.iter().map(each).sum(),
        Formula::Any(parts) => parts.iter().map(each).fold(f64::INFINITY, f64::min),
        Formula::AtMost(_) | Formula::Equal(_) => room.effort(constraints, formula, point),
        Formula::Is(number, members) => match leaders(room, constraints, *number, members, point) {
            Some((wrong, right)) => f64::from((point.x[wrong] - point.x[right]).max(0.0)),
            None => room.effort(constraints, formula, point),
        },
    }
}

/// The features of the leading members of a free block, of those not allowed and of those allowed, where there are both.
fn leaders(
    room: &Room,
    constraints: &Constraints,
    number: usize,
    members: &Members,
    point: &Point,
) -> Option<(usize, usize)> {
    room.free.binary_search(&number).ok()?;
    let column = &constraints.columns[number];
    let leader = |allowed: bool| {
        let candidates = (0..column.count).filter(|member| members.allowed[*member] == allowed);
        candidates
            .map(|member| column.first + member)
            .reduce(|best, feature| if point.x[feature] > point.x[best] { feature } else { best })
    };
    Some((leader(false)?, leader(true)?))
}

fn push(
    room: &Room,
    constraints: &Constraints,
    formula: &Formula,
    point: &Point,
    weight: f64,
    gradient: &mut [f32],
) {
    match formula {
        Formula::All(parts) => {
            for part in parts {
                push(room, constraints, part, point, weight, gradient);
            }
        }
        Formula::Any(parts) => {
            let nearest = parts
                .iter()
                .map(|part| (size(room, constraints, part, point), part))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((_, part)) = nearest {
                push(room, constraints, part, point, weight, gradient);
            }
        }
        Formula::AtMost(term) => push_term(room, constraints, term, point, weight, gradient),
        Formula::Equal(term) => {
            let weight = if term.value(&point.native, &[]).0 < 0.0 { -weight } else { weight };
            push_term(room, constraints, term, point, weight, gradient);
        }
        Formula::Is(number, members) => {
            if let Some((wrong, right)) = leaders(room, constraints, *number, members, point)
                && point.x[wrong] > point.x[right]
            {
                gradient[wrong] -= weight as f32;
                gradient[right] += weight as f32;
            }
        }
    }
}

fn push_term(
    room: &Room,
    constraints: &Constraints,
    term: &Term,
    point: &Point,
    weight: f64,
    gradient: &mut [f32],
) {
    let (value, slack) = term.value(&point.native, &point.slack);
    if value.abs() <= slack || (weight > 0.0 && value <= 0.0) {
        return;
    }
    let slope = room.slope(constraints, term, point);
    let length = slope.iter().map(|s| s * s).sum::<f64>().sqrt();
    if length <= 0.0 {
        return;
    }
    for (number, slope) in slope.iter().enumerate().filter(|(_, slope)| **slope != 0.0) {
        gradient[constraints.columns[number].first] -= (weight * slope / length) as f32;
    }
}
