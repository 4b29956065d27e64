//! How sure one can be of a front: verdicts on its points, its knees, and what single seeds attain.

mod bands;
mod knees;
mod verdicts;

pub use bands::Band;
pub use knees::{Bend, Depth};
pub use verdicts::{Gap, Verdict, verdicts};

use super::Front;
use super::resampled::Resampled;
use crate::error::Result;
use crate::points::Study;

/// What the study's resamples of seeds and rows say of a front.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Uncertainty {
    /// For each of the study's points its verdict; `None` for those that did not compete, and for all below 7 seeds: then the front is one of these seeds.
    pub verdicts: Vec<Option<Verdict>>,
    /// The knees, one per definition; empty where nothing competes.
    pub knees: Vec<Bend>,
    /// How deep the front bends at the knee farthest from its chord; on two objectives with three members and more.
    pub depth: Option<Depth>,
    /// Attainment bands over seeds, from the best to the worst; empty below 2 seeds and on more than three objectives.
    pub bands: Vec<Band>,
    /// For each of the study's points, how many seeds' own points attain its mean.
    pub attained: Vec<Option<usize>>,
}

/// How sure one can be of `front`, found in `study`.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn uncertainty(study: &Study, front: &Front) -> Result<Uncertainty> {
    let mut kept: Vec<usize> =
        front.members.iter().copied().chain(front.dominated.iter().map(|(point, _)| *point)).collect();
    kept.sort_unstable();
    let resampled = Resampled::new(study, &front.objectives, kept);
    let level = study.options().level;
    let placed = |kept: &[usize]| {
        let mut all = vec![None; study.points.len()];
        kept.iter().enumerate().for_each(|(position, point)| all[*point] = Some(position));
        all
    };
    let places: Vec<Option<usize>> = placed(&resampled.kept);
    let found = verdicts::of(&resampled, level);
    let (knees, depth) = knees::of(&resampled, level);
    let (bands, attained) = bands::of(&resampled)?;
    Ok(Uncertainty {
        verdicts: places.iter().map(|place| Some(found.as_ref()?[(*place)?])).collect(),
        knees,
        depth,
        bands,
        attained: places.iter().map(|place| attained.get((*place)?).copied()).collect(),
    })
}
