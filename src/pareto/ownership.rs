//! Which defense owns which stretch of the joint front: who gives the most safety at a required level of security.

use std::collections::BTreeMap;

use super::{Front, Objective, ties};
use crate::points::Study;

/// A stretch of levels of security over which the same defense gives the best safety.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// The security level at which it begins, the weaker end, in the metric's own units; not itself part of the stretch.
    pub from: f64,
    /// The strongest level in it.
    pub to: f64,
    /// The defenses whose point it is; several where they share a model (plain training at strength 0).
    pub owners: Vec<String>,
    /// Points of the joint front in it, ascending.
    pub members: Vec<usize>,
    /// Over the resamples, the mean share of the stretch at which one of the owners is the best; none without resamples.
    pub probability: Option<f64>,
    /// The other defense with the largest such share, where any has one.
    pub runner_up: Option<(String, f64)>,
    /// The mean share of the stretch that no resampled point reaches.
    pub unreached: Option<f64>,
}

/// Part of a staircase: up to `to` from the piece before, the points `best` are equally good and better than all others.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Where it begins; not part of it.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Positions of the best points, ascending.
    pub best: Vec<usize>,
}

/// The staircase of `points` (security, safety), more is better on both: for each required level above `floor`, the points with the best
/// safety among those that reach it. Pieces follow one another upward and end where no point reaches. Among equals in safety the
/// higher security counts.
#[must_use]
pub fn staircase(points: &[(f64, f64)], floor: f64) -> Vec<Piece> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        points[b].1.total_cmp(&points[a].1).then(points[b].0.total_cmp(&points[a].0)).then(a.cmp(&b))
    });
    let mut pieces: Vec<Piece> = Vec::new();
    let mut from = floor;
    for index in order {
        let (security, safety) = points[index];
        if security > from {
            pieces.push(Piece { from, to: security, best: vec![index] });
            from = security;
        } else if let Some(piece) = pieces.last_mut() {
            let (x, y) = points[piece.best[0]];
            if x.to_bits() == security.to_bits() && y.to_bits() == safety.to_bits() {
                piece.best.push(index);
            }
        }
    }
    pieces
}

/// With equal numbers where rounding alone makes a difference.
fn leveled(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut rows: Vec<[f64; 2]> = points.into_iter().map(<[f64; 2]>::from).collect();
    ties::level(&mut rows.iter_mut().map(<[f64; 2]>::as_mut_slice).collect::<Vec<_>>());
    rows.into_iter().map(<(f64, f64)>::from).collect()
}

/// The stretches of the front on the plane of two of its objectives, upward in security, with the probability over the study's crossed resamples of
/// seeds and rows that the owner is the best there.
///
/// Levels count from the worst end of the security metric's range; where that is unbounded, from the worst competing point. Empty
/// where fewer than two defenses compete.
#[must_use]
pub fn ownership(study: &Study, front: &Front, security: &Objective, safety: &Objective) -> Vec<Stretch> {
    let mut kept: Vec<usize> =
        front.members.iter().copied().chain(front.dominated.iter().map(|(point, _)| *point)).collect();
    kept.sort_unstable();
    let defense = |position: usize| study.points[kept[position]].defense.as_str();
    if kept.is_empty() || (0..kept.len()).all(|position| defense(position) == defense(0)) {
        return Vec::new();
    }
    // More is better on both axes from here on.
    let gain = |objective: &Objective, value: f64| -objective.direction.as_cost(value);
    let value = |position: usize, objective: &Objective| {
        Some(gain(objective, study.points[kept[position]].value(&objective.key)?))
    };
    let points: Option<Vec<(f64, f64)>> = (0..kept.len())
        .map(|position| Some((value(position, security)?, value(position, safety)?)))
        .collect();
    let Some(points) = points.map(leveled) else { return Vec::new() };
    let lowest = points.iter().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let floor = Some(gain(security, security.reference)).filter(|end| end.is_finite()).unwrap_or(lowest);

    let owners = |best: &[usize]| {
        let mut names: Vec<&str> = best.iter().map(|&position| defense(position)).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let mut stretches: Vec<(Piece, Vec<&str>)> = Vec::new();
    for piece in staircase(&points, floor) {
        let names = owners(&piece.best);
        match stretches.last_mut() {
            Some((last, same)) if *same == names => {
                last.to = piece.to;
                last.best.extend(piece.best);
            }
            _ => stretches.push((piece, names)),
        }
    }

    let keys = [security.key.clone(), safety.key.clone()];
    let draws = study.draws(&kept, &keys);
    let mut shares: Vec<BTreeMap<&str, f64>> = vec![BTreeMap::new(); stretches.len()];
    let mut owned = vec![0.0; stretches.len()];
    let mut reached = vec![0.0; stretches.len()];
    for b in 0..draws.resamples {
        let drawn = |position: usize, key: usize, objective: &Objective| {
            draws.crossed(position, key, b).map_or(f64::NEG_INFINITY, |value| gain(objective, value))
        };
        let resampled: Vec<(f64, f64)> =
            leveled((0..kept.len()).map(|p| (drawn(p, 0, security), drawn(p, 1, safety))).collect());
        for piece in staircase(&resampled, floor) {
            let names = owners(&piece.best);
            for (index, (stretch, own)) in stretches.iter().enumerate() {
                let length = piece.to.min(stretch.to) - piece.from.max(stretch.from);
                if length <= 0.0 {
                    continue;
                }
                let share = length / (stretch.to - stretch.from);
                reached[index] += share;
                if names.iter().any(|name| own.contains(name)) {
                    owned[index] += share;
                }
                for name in &names {
                    *shares[index].entry(name).or_default() += share;
                }
            }
        }
    }
    let n = draws.resamples as f64;
    let mean = |sum: f64| (draws.resamples > 0).then(|| (sum / n).clamp(0.0, 1.0));
    stretches
        .iter()
        .enumerate()
        .map(|(index, (stretch, own))| {
            let mut runner_up: Option<(&str, f64)> = None;
            for (name, sum) in &shares[index] {
                if !own.contains(name) && runner_up.is_none_or(|(_, most)| *sum > most) {
                    runner_up = Some((name, *sum));
                }
            }
            let mut members: Vec<usize> = stretch.best.iter().map(|&position| kept[position]).collect();
            members.sort_unstable();
            let native = |level: f64| security.direction.as_cost(-level) + 0.0;
            Stretch {
                from: native(stretch.from),
                to: native(stretch.to),
                owners: own.iter().map(|name| (*name).to_owned()).collect(),
                members,
                probability: mean(owned[index]),
                runner_up: runner_up.and_then(|(name, sum)| Some((name.to_owned(), mean(sum)?))),
                unreached: mean(n - reached[index]),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(from: f64, to: f64, best: &[usize]) -> Piece {
        Piece { from, to, best: best.to_vec() }
    }

    /// By hand: whoever needs at most 0.2 takes point 1 (0.9 safe), up to 0.5 point 0 (0.8), up to 0.6 point 3 (0.3);
    /// point 2 is dominated by point 0.
    #[test]
    fn each_level_belongs_to_the_safest_point_that_reaches_it() {
        let points = [(0.5, 0.8), (0.2, 0.9), (0.4, 0.7), (0.6, 0.3)];
        let expected = [piece(0.0, 0.2, &[1]), piece(0.2, 0.5, &[0]), piece(0.5, 0.6, &[3])];
        assert_eq!(staircase(&points, 0.0), expected);
    }

    #[test]
    fn equal_points_share_and_points_at_the_floor_own_nothing() {
        let points = [(0.3, 0.9), (0.0, 0.95), (0.3, 0.9), (0.3, 0.8), (0.1, 0.9)];
        assert_eq!(staircase(&points, 0.0), [piece(0.0, 0.3, &[0, 2])]);
        assert_eq!(staircase(&[], 0.0), []);
        assert_eq!(staircase(&[(f64::NEG_INFINITY, f64::NEG_INFINITY)], 0.0), []);
    }
}
