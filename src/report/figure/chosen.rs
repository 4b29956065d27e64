//! The few points that figures with a panel for each show, and the one that their titles speak of.

use crate::measure::Pillar;
use crate::report::headline;
use crate::report::view::View;

/// The lowest strength, and the best point of every objective: at most four.
pub(super) fn chosen(view: &View) -> Vec<usize> {
    let works = |point: &usize| view.given.points[*point].degenerate.is_none() && view.is_final(*point);
    let lowest = (0..view.given.points.len())
        .filter(works)
        .min_by(|&a, &b| view.given.points[a].strength.total_cmp(&view.given.points[b].strength));
    let mut chosen: Vec<usize> = lowest.into_iter().collect();
    chosen.extend(
        view.given
            .front
            .objectives
            .iter()
            .filter_map(|o| headline::best_point(view, &o.key))
            .filter(|&point| view.is_final(point)),
    );
    chosen.sort_unstable();
    chosen.dedup();
    chosen.truncate(4);
    chosen
}

/// Of `points` the one that is best at the first objective about attacks. Strengths are each defense's own and cannot be compared between defenses; they decide only where
/// nothing else does.
pub(super) fn most_secure(view: &View, points: &[usize]) -> Option<usize> {
    let is_about_attacks = |pillar: Option<Pillar>| matches!(pillar, Some(Pillar::Security | Pillar::Hybrid));
    let asked = view.given.front.objectives.iter().find(|one| is_about_attacks(view.pillar(&one.key)));
    let cost = |point: usize| Some(asked?.cost(view.value(point, &asked?.key)?));
    let known = points.iter().filter_map(|&point| Some((cost(point)?, point)));
    let best = known.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, point)| point);
    let strength = |point: usize| view.given.points[point].strength;
    best.or_else(|| points.iter().copied().max_by(|&a, &b| strength(a).total_cmp(&strength(b))))
}
