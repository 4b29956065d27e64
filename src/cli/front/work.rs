//! From costs to everything that is said of them.

use super::asked::Asked;
use crate::error::{Error, Result};
use crate::measure::Direction;
use crate::pareto::Costs;
use crate::pareto::filter::{self, Ties};
use crate::pareto::indicators;
use crate::pareto::knees::{DEFINITIONS, Definition, Knee, on_bounds};
use crate::pareto::volume::{self, contributions, estimate, hypervolume};
use crate::seed::Seed;

/// Visits of points for one exact number: some ten seconds.
const BUDGET: u64 = 500_000_000;
/// Directions of an approximate volume.
const DIRECTIONS: usize = 1 << 17;

/// What there is to say of a set of rows.
#[derive(Debug)]
pub(super) struct Found {
    /// How many rows there are.
    pub(super) rows: usize,
    /// Rows on the front, ascending.
    pub(super) members: Vec<usize>,
    /// (row, the first member that dominates it), ascending.
    pub(super) dominated: Vec<(usize, usize)>,
    /// Rows equal to an earlier member, where only the first ones are kept; ascending.
    pub(super) repeated: Vec<usize>,
    /// In the objectives' own units.
    pub(super) reference: Vec<f64>,
    /// In the product of the objectives' units.
    pub(super) hypervolume: f64,
    /// Half the width of its 99 % interval, where it is approximate.
    pub(super) error: Option<f64>,
    /// The hypervolume as a share of the box between reference and best ends, where there are ends.
    pub(super) share: Option<f64>,
    /// Rows that are not better than the reference on every objective, ascending.
    pub(super) outside: Vec<usize>,
    /// What each member alone adds to the hypervolume, where that is not too much work.
    pub(super) contributions: Option<Vec<f64>>,
    /// For each definition the row that it calls a knee.
    pub(super) knees: Vec<(Definition, Option<Knee>)>,
    /// What each indicator says against another set.
    pub(super) against: Option<Against>,
}

/// What a set lacks to cover another.
#[derive(Debug)]
pub(super) struct Against {
    /// The other file.
    pub(super) name: String,
    pub(super) additive_epsilon: f64,
    /// Defined for positive costs.
    pub(super) multiplicative_epsilon: Option<f64>,
    pub(super) igd_plus: f64,
    /// The share of the other set that this one covers, and the other way round.
    pub(super) coverage: (f64, f64),
}

/// Works everything out; `approximate` holds the seed with which volumes that take too long may be approximated.
pub(super) fn found(
    rows: &Costs<'_>,
    other: Option<&(String, Costs<'_>)>,
    asked: &Asked,
    approximate: Option<Seed>,
) -> Result<Found> {
    let members = filter::nondominated(rows, asked.ties);
    let front = rows.select(&members);
    let (dominated, repeated) = fates(rows, &members, &front);
    let reference = match &asked.reference {
        Some(reference) => asked.costs(reference),
        None => exploratory(rows, &front),
    };
    let outside = volume::outside(rows, &reference);
    if outside.len() == rows.len() {
        let text: Vec<String> = asked
            .objectives
            .iter()
            .zip(asked.values(&reference))
            .map(|(objective, x)| format!("{}={x}", objective.name))
            .collect();
        return Err(Error::input(format!(
            "no row is better than the reference {} on every objective",
            text.join(", ")
        ))
        .help(worse(rows, &reference, asked)));
    }
    let (volume, error) = match (hypervolume(&front, &reference, BUDGET), approximate) {
        (Ok(volume), _) => (volume, None),
        (Err(_), Some(seed)) => {
            let estimated = estimate(&front, &reference, seed, DIRECTIONS)?;
            (estimated.volume, Some(estimated.error))
        }
        (Err(error), None) => return Err(error.help("pass --approx for an approximate one, with its error")),
    };
    let ends = asked.box_ends();
    let share = ends
        .as_ref()
        .map(|(best, _)| volume / reference.iter().zip(best).map(|(end, best)| end - best).product::<f64>());
    let knees = {
        let scale = ends.or_else(|| extent(&front));
        let scaled = scale.map(|(best, worst)| on_bounds(&front, &best, &worst)).transpose()?;
        let of = |definition: Definition| {
            let knee = scaled.as_ref().and_then(|front| (definition.find)(front));
            (definition, knee.map(|knee| Knee { member: members[knee.member], ..knee }))
        };
        DEFINITIONS.map(of).to_vec()
    };
    Ok(Found {
        rows: rows.len(),
        dominated,
        repeated,
        outside,
        hypervolume: volume,
        error,
        share,
        contributions: contributions(&front, &reference, BUDGET).ok(),
        knees,
        against: other.map(|(name, other)| against(name, &front, other)).transpose()?,
        reference: asked.values(&reference),
        members,
    })
}

/// Who dominates whom: the first member that does. Rows that are equal to a member that is not theirs are repeated.
fn fates(rows: &Costs<'_>, members: &[usize], front: &Costs<'_>) -> (Vec<(usize, usize)>, Vec<usize>) {
    let (mut dominated, mut repeated) = (Vec::new(), Vec::new());
    let mut on = members.iter().peekable();
    for (at, row) in rows.rows().enumerate() {
        if on.next_if_eq(&&at).is_some() {
            continue;
        }
        match front.rows().position(|member| filter::dominates(member, row)) {
            Some(by) => dominated.push((at, members[by])),
            None => repeated.push(at),
        }
    }
    (dominated, repeated)
}

/// A reference a little beyond the worst of the front: the extent of the front is made 1 / H longer, H being the number of divisions of as many evenly spread
/// points (Ishibuchi, Imada, Setoguchi and Nojima, GECCO 2017).
fn exploratory(rows: &Costs<'_>, front: &Costs<'_>) -> Vec<f64> {
    let axes = front.axes();
    let spread =
        |divisions: usize| (1..axes).fold(1.0, |count, axis| count * (divisions + axis) as f64 / axis as f64);
    let distinct = filter::nondominated(front, Ties::First).len() as f64;
    let mut divisions = 1;
    while spread(divisions + 1) <= distinct {
        divisions += 1;
    }
    let ends = |costs: &Costs<'_>, axis: usize| {
        let finite = costs.rows().map(|row| row[axis]).filter(|x| x.is_finite());
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| (least.min(x), most.max(x)))
    };
    let end = |axis: usize| {
        let (best, worst) = ends(front, axis);
        if !worst.is_finite() {
            return 1.0;
        }
        // Where the front has no extent, the rows have; where these have none, any step will do.
        let extents = [worst - best, ends(rows, axis).1 - best, worst.abs(), 1.0];
        let extent = extents.into_iter().find(|x| *x > 0.0).unwrap_or(1.0);
        rounded_up(worst + extent / divisions as f64, extent)
    };
    (0..axes).map(end).collect()
}

/// Up to the next multiple of a power of ten that is about a hundredth of `extent`: short to write down.
fn rounded_up(x: f64, extent: f64) -> f64 {
    let digits = 2.0 - libm::floor(libm::log10(extent));
    // By an integer power, so that a decimal is the nearest there is.
    let (factor, divisor) = (libm::pow(10.0, digits.max(0.0)), libm::pow(10.0, (-digits).max(0.0)));
    let rounded = libm::ceil(x * factor / divisor - 1e-6) / factor * divisor;
    if rounded.is_finite() { rounded + 0.0 } else { x }
}

/// Which objective's reference is at fault.
fn worse(rows: &Costs<'_>, reference: &[f64], asked: &Asked) -> String {
    for (axis, end) in reference.iter().enumerate() {
        let best = rows.rows().map(|row| row[axis]).fold(f64::INFINITY, f64::min);
        if best >= *end {
            let objective = &asked.objectives[axis];
            let (word, value) = match objective.direction {
                Direction::Higher => ("below", -best + 0.0),
                Direction::Lower => ("above", best),
            };
            return format!("the best `{}` is {value}: choose a reference {word} it", objective.name);
        }
    }
    "choose a reference that some row is better than on all objectives at once".to_owned()
}

/// The best and the worst of the front on each axis; `None` where they are the same on one.
fn extent(front: &Costs<'_>) -> Option<(Vec<f64>, Vec<f64>)> {
    let ends = |axis: usize| {
        let costs = front.rows().map(|row| row[axis]);
        let (least, most) =
            costs.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| (least.min(x), most.max(x)));
        (least < most && most.is_finite()).then_some((least, most))
    };
    (0..front.axes()).map(ends).collect::<Option<Vec<_>>>().map(|ends| ends.into_iter().unzip())
}

fn against(name: &str, front: &Costs<'_>, other: &Costs<'_>) -> Result<Against> {
    let work = || {
        Ok(Against {
            name: name.to_owned(),
            additive_epsilon: indicators::additive_epsilon(front, other)?,
            multiplicative_epsilon: indicators::multiplicative_epsilon(front, other).ok(),
            igd_plus: indicators::igd_plus(front, other)?,
            coverage: (indicators::coverage(front, other)?, indicators::coverage(other, front)?),
        })
    };
    work().map_err(|error: Error| error.context(format!("against `{name}`")))
}
