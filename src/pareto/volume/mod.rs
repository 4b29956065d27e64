//! The volume that points dominate up to a reference: of the union of the boxes between each of them and it.

mod contributions;
mod estimate;
mod exclusive;
mod plane;
mod small;
mod space;
mod sweep;

pub use contributions::contributions;
pub use estimate::{Estimated, estimate};
pub use small::Fronts;

use self::exclusive::Work;
use super::costs::Costs;
use crate::error::{Error, Result};

/// Visits of points that an exact volume may take, some minutes; beyond it, it is refused.
pub const BUDGET: u64 = 20_000_000_000;
/// Exact volumes are for this many axes at most.
pub const MOST_AXES: usize = 8;
/// Visits of points in a second, about: from 2 · 10⁸ in four dimensions to 4 · 10⁷ in seven, where each is worth more.
const PACE: f64 = 5e7;

/// The volume that the points dominate up to `reference`, exact up to rounding. A point that is not better than the reference on every axis adds
/// nothing; nor does an empty set.
///
/// The terms are positive, added in the order of a sweep with compensation (Neumaier 1974): the result depends neither on the order of the rows nor on
/// the number of threads. One axis: a difference. Two: a sorted sweep. Three: a sweep over a staircase, `O(n log n)` (Beume, Fonseca, López-Ibáñez, Paquete and Vahrenhold,
/// *TEVC* 13(5), 2009). From four on a sweep along the last axis that adds what each point alone dominates on the others
/// (Guerreiro and Fonseca, *TEVC* 22(3), 2018; While, Bradstreet and Barone, *TEVC* 16(1), 2012), looking only at those points that reach
/// into the box between it and its nearest rivals, which a k-d tree finds; on fronts `O(n log n)` points are looked at in four dimensions where they were
/// `O(n²)`, and the time is exponential in the number of axes.
///
/// # Errors
///
/// A reference of other axes or not finite; a volume beyond the range of numbers; more than [`MOST_AXES`] axes, or more than `budget` visits of points ([`BUDGET`] is one to take): the message says how far it came.
pub fn hypervolume(costs: &Costs<'_>, reference: &[f64], budget: u64) -> Result<f64> {
    costs.check_reference(reference)?;
    let mut work = Work::new(budget);
    let volume = match costs.axes() {
        1 => Some(costs.rows().map(|row| reference[0] - row[0]).fold(0.0, f64::max)),
        2 => Some(plane::volume(costs.arrays(), array(reference))),
        3 => Some(space::volume(costs.arrays(), array(reference))),
        4 => sweep::volume_4(costs.arrays(), &array(reference), &mut work),
        5 => sweep::volume_5(costs.arrays(), &array(reference), &mut work),
        6 => sweep::volume_6(costs.arrays(), &array(reference), &mut work),
        7 => sweep::volume_7(costs.arrays(), &array(reference), &mut work),
        8 => sweep::volume_8(costs.arrays(), &array(reference), &mut work),
        axes => {
            return Err(Error::input(format!(
                "an exact hypervolume in {axes} dimensions is beyond reach; {MOST_AXES} are the most"
            ))
            .help("ask for an approximate one"));
        }
    };
    let volume = volume.ok_or_else(|| too_long(costs, &work))?;
    if volume.is_finite() { Ok(volume) } else { Err(beyond_numbers()) }
}

/// Of finite costs, a volume need not be finite.
fn beyond_numbers() -> Error {
    Error::input("the hypervolume is beyond the range of numbers")
        .help("measure the objectives in other units")
}

fn too_long(costs: &Costs<'_>, work: &Work) -> Error {
    let (n, axes) = (costs.len(), costs.axes());
    let seconds = work.most as f64 / PACE / work.progress.max(1.0 / n as f64);
    Error::input(format!(
        "the exact hypervolume of {n} points in {axes} dimensions takes too long: {:.1} % of it used up {} visits of points; the whole may take {}",
        100.0 * work.progress,
        work.most,
        duration(seconds)
    ))
    .help("ask for an approximate one, or for fewer points or objectives")
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} seconds"),
        s if s < 5400.0 => format!("{:.0} minutes", s / 60.0),
        s if s < 129_600.0 => format!("{:.0} hours", s / 3600.0),
        s => format!("{:.0} days", s / 86400.0),
    }
}

/// Indices of points that add nothing because they are not better than the reference on every axis, ascending.
#[must_use]
pub fn outside(costs: &Costs<'_>, reference: &[f64]) -> Vec<usize> {
    let reaches = |row: &[f64]| row.iter().zip(reference).all(|(x, end)| x < end);
    costs.rows().enumerate().filter(|(_, row)| !reaches(row)).map(|(at, _)| at).collect()
}

/// Of a length that was checked.
fn array<const D: usize>(reference: &[f64]) -> [f64; D] {
    std::array::from_fn(|axis| reference[axis])
}

/// How far each point lies before the reference, axis by axis as a share of the farthest, and that farthest; points outside left out.
fn array_of_gaps(costs: &Costs<'_>, reference: &[f64]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut gaps: Vec<Vec<f64>> = vec![Vec::new(); reference.len()];
    for row in costs.rows().filter(|row| row.iter().zip(reference).all(|(x, end)| x < end)) {
        for ((gaps, x), end) in gaps.iter_mut().zip(row).zip(reference) {
            gaps.push(end - x);
        }
    }
    let scale: Vec<f64> = gaps.iter().map(|gaps| gaps.iter().copied().fold(0.0, f64::max)).collect();
    for (gaps, scale) in gaps.iter_mut().zip(&scale) {
        for gap in gaps.iter_mut() {
            *gap /= scale;
        }
    }
    (gaps, scale)
}
