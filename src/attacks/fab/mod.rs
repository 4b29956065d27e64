//! FAB, the fast adaptive boundary attack (Croce and Hein 2020, arXiv 1907.02044): looks for the nearest misclassified point,
//! so that one search gives the whole security curve.
//!
//! Each step takes the model for linear at the point, projects the point and the clean row onto the plane where the target
//! class draws level (in the box, in the norm), and goes a little beyond between the two. A misclassified point is noted, and the search goes
//! on from nearer to the clean row.
//!
//! At the end the nearest success is brought to the boundary itself (see `straight` and `halving`).
//!
//! The search knows no radius. It runs at the first radius it is asked about, where a row leaves as soon as a point inside the
//! ball is found; larger radii take over what was found then.

mod boundary;
mod halving;
mod plane;
mod straight;

use super::lanes::{Keep, Lanes, Run};
use super::{Attack, Found, Target};
use crate::error::{Error, Result};
use crate::losses::{Goal, Loss};
use crate::measure::Norm;
use boundary::Boundary;
use halving::Halving;
use straight::Straight;

/// FAB with its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fab {
    /// Steps per run.
    pub steps: u32,
    /// Classes to aim at one after the other; none means the nearest class at every step.
    pub targets: Option<u32>,
    /// Runs per row and class; all but the first start at random, half as far away as the nearest success so far (at most the radius).
    pub restarts: u32,
    /// The largest share of the clean row's projection in a step (`α_max`).
    pub bias: f64,
    /// How far beyond the plane a step goes (`η`).
    pub overshoot: f64,
    /// What is kept of the way from the clean row after a success (`β`).
    pub retreat: f64,
}

impl Attack for Fab {
    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()> {
        if target.threat.norm() == Norm::L1 {
            return Err(super::spec::not_in_l1("fab"));
        }
        let epsilon = target.threat.epsilon();
        found.take_near(target.name, &target.rows.facts.labels, epsilon, target.only);
        let mut queue = found.queue(false, target);
        queue.retain(|row| !found.searched(target.name, *row as usize));
        // What was found at a smaller radius is taken over, not tried again.
        found.take_on(&queue);
        if queue.is_empty() {
            return Ok(());
        }
        let (rivals, classes) = match self.targets {
            Some(most) => found.rivals(&target.rows.facts.labels, most),
            None => (Vec::new(), 1),
        };
        // Restarts are the outer loop: every class once, then every class again.
        let rounds = classes * self.restarts;
        let targets: Vec<u16> = rivals
            .chunks_exact(classes.max(1) as usize)
            .flat_map(|classes| classes.iter().cycle().take(rounds as usize).copied())
            .collect();
        let streams = target.seed.streams(&format!("attack/{}", target.name));
        let flat = target.seed.streams(&format!("attack/{}/flat", target.name));
        let name = target.name;
        let (ids, room) = (target.rows.facts.clone(), target.threat.without_ball());
        let run = Run {
            queue: &queue.clone(),
            rounds,
            steps: self.steps,
            goal: Goal::MarginTo,
            targets: &targets,
            room: &room,
            leave: true,
            keep: Keep::Nearest,
            restart: 0,
            flat: &flat,
        };
        found.search(target.name, &queue);
        let mut rule = Boundary::new(self, target.threat.norm(), found.features, self.targets.is_none());
        let mut around = target.threat.clone();
        let mut lanes = Lanes::new(found.features, found.classes);
        lanes.run(&run, &mut rule, target, found, &mut |row, round, clean, found, start| {
            if round < classes {
                start.copy_from_slice(clean);
            } else {
                around.set_epsilon(0.5 * found.nearest_of(name, row).min(epsilon));
                around.draw_edge(clean, &mut streams.stream(ids.rows[row], round), start);
            }
        })?;
        // Rows that fell already need no shorter way.
        queue
            .retain(|row| found.standing[*row as usize] && found.nearest_of(name, *row as usize).is_finite());
        let toward: Vec<u16> = found.nearest_classes(name);
        let (norm, features) = (target.threat.norm(), found.features);
        let last = Run { queue: &queue, rounds: 1, targets: &toward, ..run };
        let straight = Run { steps: straight::LOOKS - 1, ..last };
        lanes.run(
            &straight,
            &mut Straight::new(norm, features),
            target,
            found,
            &mut |row, _, _, found, start| {
                start.copy_from_slice(found.nearest_point(name, row));
            },
        )?;
        let halving = Run { steps: halving::LOOKS - 1, goal: Goal::Away(Loss::Margin), targets: &[], ..last };
        lanes.run(&halving, &mut Halving::new(features), target, found, &mut |row, _, clean, found, start| {
            let near = found.nearest_point(name, row);
            for ((start, clean), near) in start.iter_mut().zip(clean).zip(near) {
                *start = clean + halving::FIRST * (near - clean);
            }
        })
    }
}

/// # Errors
///
/// Where a setting is out of its range.
pub(super) fn check(bias: f64, overshoot: f64, retreat: f64) -> Result<()> {
    let refuse = |name: &str, range: &str, value: f64| {
        Err(Error::input(format!("`{name}` of the attack `fab` must be {range}, got `{value}`")))
    };
    if !(0.0..=1.0).contains(&bias) {
        return refuse("bias", "from 0 to 1", bias);
    }
    if !(overshoot.is_finite() && overshoot >= 1.0) {
        return refuse("overshoot", "finite and at least 1", overshoot);
    }
    if !(retreat > 0.0 && retreat < 1.0) {
        return refuse("retreat", "between 0 and 1", retreat);
    }
    Ok(())
}
