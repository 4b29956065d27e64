//! From costs to everything that is said of them.

use super::asked::Asked;
use super::read::Read;
use crate::error::Error;
use crate::measure::Direction;
use crate::pareto::Costs;
use crate::pareto::filter::{self, Ties};
use crate::pareto::indicators::{Indicator, Pair, TABLE};
use crate::pareto::knees::{DEFINITIONS, Definition, Knee, on_bounds};
use crate::pareto::volume::{self, contributions, estimate, hypervolume};
use crate::seed::Seed;

/// Visits of points for one exact number: some ten seconds.
const BUDGET: u64 = 500_000_000;
/// Directions of an approximate volume.
const DIRECTIONS: usize = 1 << 17;

/// What there is to say of a set of configurations, each named by its first row.
#[derive(Debug)]
pub(super) struct Found {
    /// How many rows there are.
    pub(super) rows: usize,
    /// How many configurations they are of.
    pub(super) configurations: usize,
    /// The first rows of those on the front, ascending.
    pub(super) members: Vec<usize>,
    /// The members' objectives, in their own units.
    pub(super) values: Vec<Vec<f64>>,
    /// How many rows each member has.
    pub(super) counts: Vec<usize>,
    /// The least and the largest number of rows that a configuration has.
    pub(super) replicates: (usize, usize),
    /// (row, the first member that dominates it), ascending.
    pub(super) dominated: Vec<(usize, usize)>,
    /// Rows equal to an earlier member, where only the first ones are kept; ascending.
    pub(super) repeated: Vec<usize>,
    /// In the objectives' own units.
    pub(super) reference: Vec<f64>,
    /// Where the reference comes from.
    pub(super) origin: Origin,
    /// In the product of the objectives' units.
    pub(super) hypervolume: f64,
    /// Half the width of its 99 % interval, where it is approximate.
    pub(super) error: Option<f64>,
    /// The hypervolume as a share of the box between reference and best ends, where there are ends.
    pub(super) share: Option<f64>,
    /// Rows that are not better than the reference on every objective, ascending.
    pub(super) outside: Vec<usize>,
    /// What is wrong with the reference, where nothing is better than it on every objective.
    pub(super) unreached: Option<String>,
    /// What each member alone adds to the hypervolume; why that is not told, where it is not.
    pub(super) contributions: Result<Vec<f64>, String>,
    /// For each definition the row that it calls a knee, or why it calls none.
    pub(super) knees: Vec<(Definition, Result<Knee, NoKnee>)>,
    /// What each indicator says of it and of another set.
    pub(super) against: Option<Against>,
}

/// Where a reference comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// From `--ref`.
    Given,
    /// The worst ends of `--bounds`.
    Bounds,
    /// Beyond the worst of the front, by the extent of the front divided by this.
    Front(usize),
}

/// Why a definition calls no row a knee.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NoKnee {
    /// Whether it could have: then none stands out. Else it says nothing of such a front.
    pub(super) defined: bool,
    pub(super) reason: String,
}

/// Two sets against one another.
#[derive(Debug)]
pub(super) struct Against {
    /// The other file.
    pub(super) name: String,
    /// Each indicator of this front against the other set, and the other way round; why not, where one has no value.
    pub(super) indicators: Vec<(Indicator, Said, Said)>,
}

/// A number, or why there is none.
pub(super) type Said = Result<f64, String>;

/// Works everything out; `approximate` holds the seed with which volumes that take too long may be approximated.
pub(super) fn found(
    read: &Read,
    other: Option<&(String, Read)>,
    asked: &Asked,
    approximate: Option<Seed>,
) -> crate::Result<Found> {
    let rows = &read.costs;
    let members = filter::nondominated(rows, asked.ties);
    let front = rows.select(&members);
    let (dominated, repeated) = fates(rows, &members, &front);
    let ends = asked.box_ends();
    let (reference, origin) = match (&asked.reference, &ends) {
        (Some(reference), _) => (asked.costs(reference), Origin::Given),
        (None, Some((_, worst))) => (worst.clone(), Origin::Bounds),
        (None, None) => exploratory(rows, &front),
    };
    if reference.iter().any(|end| !end.is_finite()) {
        return Err(Error::input("no reference beyond the worst of the front is a number")
            .help("measure the objectives in other units"));
    }
    let outside = volume::outside(rows, &reference);
    let unreached = (outside.len() == rows.len()).then(|| unreached(rows, &reference, asked));
    let (volume, error) = match (hypervolume(&front, &reference, BUDGET), approximate) {
        (Ok(volume), _) => (volume, None),
        (Err(_), Some(seed)) => {
            let estimated = estimate(&front, &reference, seed, DIRECTIONS)?;
            (estimated.volume, Some(estimated.error))
        }
        (Err(error), None) if room(&front, &reference).is_finite() => {
            return Err(error.help("pass --approx for an approximate one, with its error"));
        }
        (Err(error), None) => return Err(error),
    };
    let share = ends
        .as_ref()
        .map(|(best, _)| volume / reference.iter().zip(best).map(|(end, best)| end - best).product::<f64>());
    let row = |place: usize| read.first[place];
    let contributions = contributions(&front, &reference, BUDGET).map_err(|error| error.chain().join(": "));
    let knees = {
        let scale = ends.clone().or_else(|| extent(&front));
        let scaled = scale.map(|(best, worst)| on_bounds(&front, &best, &worst)).transpose()?;
        let of = |definition: Definition| {
            let knee = scaled.as_ref().and_then(|front| (definition.find)(front));
            let knee = knee.map(|knee| Knee { member: row(members[knee.member]), ..knee });
            let without = || no_knee(definition, &front, scaled.is_some(), &contributions, asked);
            (definition, knee.ok_or_else(without))
        };
        DEFINITIONS.map(of).to_vec()
    };
    let ends = ends.as_ref().map(|(best, worst)| (best.as_slice(), worst.as_slice()));
    let against = match other {
        None => None,
        Some((name, other)) => {
            let directions = asked.directions();
            let pair = Pair {
                of: &front,
                against: &other.costs,
                directions: &directions,
                reference: &reference,
                ends,
                budget: BUDGET,
            };
            let infinite =
                |costs: &Costs<'_>| costs.rows().position(|row| row.iter().any(|x| !x.is_finite()));
            let here = infinite(&front).map(|at| format!("row {}", read.first[members[at]]));
            let there = infinite(&other.costs).map(|at| format!("row {} of `{name}`", other.first[at]));
            if let Some(row) = here.or(there) {
                return Err(Error::input(format!("against `{name}`: {row} has an infinite value"))
                    .help("leave rows without a finite value out: nothing is near them"));
            }
            Some(against(name, pair))
        }
    };
    let extreme = |of: fn(usize, usize) -> usize| read.counts.iter().copied().reduce(of).unwrap_or(0);
    Ok(Found {
        rows: read.rows,
        configurations: rows.len(),
        values: members.iter().map(|member| asked.values(rows.row(*member))).collect(),
        counts: members.iter().map(|member| read.counts[*member]).collect(),
        replicates: (extreme(usize::min), extreme(usize::max)),
        dominated: dominated.into_iter().map(|(place, by)| (row(place), row(by))).collect(),
        repeated: repeated.into_iter().map(row).collect(),
        outside: outside.into_iter().map(row).collect(),
        unreached,
        hypervolume: volume,
        error,
        share,
        contributions,
        knees,
        against,
        reference: asked.values(&reference),
        origin,
        members: members.into_iter().map(row).collect(),
    })
}

/// The volume of the box between the reference and the best of the front.
fn room(front: &Costs<'_>, reference: &[f64]) -> f64 {
    let best = |axis: usize| front.rows().map(|row| row[axis]).fold(f64::INFINITY, f64::min);
    reference.iter().enumerate().map(|(axis, end)| end - best(axis)).product()
}

/// Who dominates whom: the first member that does. Rows that are equal to a member that is not theirs are repeated.
fn fates(rows: &Costs<'_>, members: &[usize], front: &Costs<'_>) -> (Vec<(usize, usize)>, Vec<usize>) {
    let mut on = members.iter().peekable();
    let off: Vec<usize> = (0..rows.len()).filter(|at| on.next_if_eq(&at).is_none()).collect();
    let (mut dominated, mut repeated) = (Vec::new(), Vec::new());
    for (at, by) in off.iter().zip(filter::covering(front, &rows.select(&off))) {
        // Whoever equals a member is dominated by none.
        match by.filter(|by| filter::dominates(front.row(*by), rows.row(*at))) {
            Some(by) => dominated.push((*at, members[by])),
            None => repeated.push(*at),
        }
    }
    (dominated, repeated)
}

/// Why `definition` calls no row of `front` a knee; `comparable` says whether its axes are.
fn no_knee(
    definition: Definition,
    front: &Costs<'_>,
    comparable: bool,
    contributions: &Result<Vec<f64>, String>,
    asked: &Asked,
) -> NoKnee {
    let undefined = |reason: String| NoKnee { defined: false, reason };
    let spread = |axis: &usize| front.rows().any(|row| row[*axis].total_cmp(&front.row(0)[*axis]).is_ne());
    let flat = (0..front.axes()).find(|axis| !spread(axis));
    if definition.planar && front.axes() > 2 {
        undefined("it is of two objectives only".to_owned())
    } else if front.rows().flatten().any(|x| !x.is_finite()) {
        undefined("a member has an infinite value".to_owned())
    } else if let (Some(axis), false) = (flat, comparable) {
        undefined(format!(
            "all members have the same `{}`, which has no extent without --bounds",
            asked.objectives[axis].name
        ))
    } else if filter::nondominated(front, Ties::First).len() < 3 {
        undefined("it takes three members that differ".to_owned())
    } else if let ("contribution", Err(reason)) = (definition.id, contributions) {
        undefined(reason.clone())
    } else {
        NoKnee { defined: true, reason: "none stands out".to_owned() }
    }
}

/// A reference a tenth of the front's extent beyond its worst is close enough for members to count for what they are, and not for how far it lies.
const CLOSE: usize = 10;

/// A reference a little beyond the worst of the front: the extent of the front is made 1 / H longer, H being the number of divisions of as many evenly spread
/// points (Ishibuchi, Imada, Setoguchi and Nojima, GECCO 2017), and by a tenth at most: for few points 1 / H would be the whole extent once more, and the ends of the front would count
/// for most of the volume.
fn exploratory(rows: &Costs<'_>, front: &Costs<'_>) -> (Vec<f64>, Origin) {
    let axes = front.axes();
    let spread =
        |divisions: usize| (1..axes).fold(1.0, |count, axis| count * (divisions + axis) as f64 / axis as f64);
    let distinct = filter::nondominated(front, Ties::First).len() as f64;
    let mut divisions = 1;
    while spread(divisions + 1) <= distinct {
        divisions += 1;
    }
    let divisions = divisions.max(CLOSE);
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
    ((0..axes).map(end).collect(), Origin::Front(divisions))
}

/// Up to the next multiple of a power of ten that is about a hundredth of `extent`: short to write down.
fn rounded_up(x: f64, extent: f64) -> f64 {
    let step = libm::floor(libm::log10(extent)) - 2.0;
    let rounded = if step < 0.0 {
        let factor = libm::pow(10.0, -step);
        libm::ceil(x * factor - 1e-6) / factor
    } else {
        let divisor = libm::pow(10.0, step);
        libm::ceil(x / divisor - 1e-6) * divisor
    };
    if !rounded.is_finite() {
        return x;
    }
    // The nearest number to the decimal: powers of ten are not exact.
    let digits = if rounded == 0.0 { 0.0 } else { libm::floor(libm::log10(rounded.abs())) - step };
    let decimal = format!("{rounded:.*e}", digits.clamp(0.0, 17.0) as usize);
    decimal.parse().unwrap_or(rounded) + 0.0
}

/// That nothing is better than the reference, and which objective's is at fault.
fn unreached(rows: &Costs<'_>, reference: &[f64], asked: &Asked) -> String {
    let text: Vec<String> = asked
        .objectives
        .iter()
        .zip(asked.values(reference))
        .map(|(objective, x)| format!("{}={x}", objective.name))
        .collect();
    let at_fault = (0..reference.len()).find_map(|axis| {
        let best = rows.rows().map(|row| row[axis]).fold(f64::INFINITY, f64::min);
        let objective = &asked.objectives[axis];
        let (word, value) = match objective.direction {
            Direction::Higher => ("below", -best + 0.0),
            Direction::Lower => ("above", best),
        };
        let said = format!("the best `{}` is {value}: choose a reference {word} it", objective.name);
        (best >= reference[axis]).then_some(said)
    });
    let help = at_fault.unwrap_or_else(|| {
        "choose a reference that some row is better than on all objectives at once".to_owned()
    });
    format!("no row is better than the reference {} on every objective; {help}", text.join(", "))
}

/// The best and the worst of the front on each axis; `None` where they are the same on one.
fn extent(front: &Costs<'_>) -> Option<(Vec<f64>, Vec<f64>)> {
    let ends = |axis: usize| {
        let costs = front.rows().map(|row| row[axis]);
        let (least, most) =
            costs.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| (least.min(x), most.max(x)));
        (least < most && (most - least).is_finite()).then_some((least, most))
    };
    (0..front.axes()).map(ends).collect::<Option<Vec<_>>>().map(|ends| ends.into_iter().unzip())
}

/// Every indicator, this way and the other.
fn against(name: &str, pair: Pair<'_>) -> Against {
    let of = |indicator: &Indicator| {
        let measured = |pair: &Pair<'_>| (indicator.measure)(pair).map_err(|error| error.chain().join(": "));
        (*indicator, measured(&pair), measured(&pair.turned()))
    };
    Against { name: name.to_owned(), indicators: TABLE.iter().map(of).collect() }
}
