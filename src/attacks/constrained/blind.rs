//! Attacks that know nothing of constraints, under a threat model that has some.

use super::Constraints;
use super::bench::Bench;
use super::room::{Point, Room};
use crate::attacks::{Attack, Found, Target};
use crate::error::Result;
use crate::evidence::Outputs;
use crate::losses::Loss;
use crate::models::LANES;

/// Lets `attack` work as it does anywhere, in ball, box and mutable numbers, and puts the valid row nearest at hand to each of its two points
/// (the first success, the largest loss) before the model: that row counts, never the point itself.
///
/// `clean` are the model's outputs on the clean rows. The attack starts afresh at every radius.
///
/// # Errors
///
/// Those of the attack; where the model's outputs are not finite.
pub(in crate::attacks) fn run(
    attack: &dyn Attack,
    constraints: &Constraints,
    clean: &Outputs,
    target: &mut Target<'_>,
    found: &mut Found,
) -> Result<()> {
    let mut own = Found::new(&target.rows.x, &target.rows.facts.labels, clean);
    // Which rows it takes on is up to the attack, and depends on which fell already.
    own.standing.copy_from_slice(&found.standing);
    let mut blind = Target { network: &mut *target.network, warm: false, constraints: None, ..*target };
    attack.run(&mut blind, &mut own)?;
    for (tried, own) in found.tried.iter_mut().zip(&own.tried) {
        *tried |= own;
    }
    found.effort.forwards += own.effort.forwards;
    found.effort.backwards += own.effort.backwards;
    let mut bench = Bench::new(found.features, found.classes);
    let (mut room, mut point, mut members) = (Room::default(), Point::default(), Vec::with_capacity(LANES));
    for row in (0..found.len()).filter(|row| own.tried[*row]) {
        room.enter(constraints, target.threat, target.rows.row(row));
        let fell = found.standing[row] && !own.standing[row];
        let first = own.first_success(row).filter(|_| fell);
        for wish in first.into_iter().chain([own.max_loss(row)]) {
            if members.len() == LANES {
                judge(&mut bench, &mut members, constraints, target, found)?;
            }
            if room.finish(constraints, target.threat, wish, &mut point) {
                bench.x.set_lane(members.len(), &point.x);
                members.push(row);
            }
        }
    }
    judge(&mut bench, &mut members, constraints, target, found)
}

fn judge(
    bench: &mut Bench,
    members: &mut Vec<usize>,
    constraints: &Constraints,
    target: &mut Target<'_>,
    found: &mut Found,
) -> Result<()> {
    if !members.is_empty() {
        bench.ask(Loss::CrossEntropy, members, target, found)?;
        bench.judge(members, constraints, target, found);
        members.clear();
    }
    Ok(())
}
