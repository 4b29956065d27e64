//! The definitions, word by word, for few points.

use equipoise::pareto::Costs;

/// Whether `a` is nowhere worse than `b`, and somewhere better.
pub(super) fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

pub(super) fn nondominated(costs: &Costs<'_>) -> Vec<usize> {
    let stands = |at: &usize| !costs.rows().any(|other| dominates(other, costs.row(*at)));
    (0..costs.len()).filter(stands).collect()
}

/// How many fronts have to go first.
pub(super) fn ranks(costs: &Costs<'_>) -> Vec<usize> {
    let mut ranks = vec![usize::MAX; costs.len()];
    for rank in 0..costs.len() {
        let left: Vec<usize> = (0..costs.len()).filter(|at| ranks[*at] == usize::MAX).collect();
        for at in nondominated(&costs.select(&left)) {
            ranks[left[at]] = rank;
        }
    }
    ranks
}

/// The volume of a union of boxes by inclusion and exclusion, over all subsets of the points.
pub(super) fn hypervolume(costs: &Costs<'_>, reference: &[f64]) -> f64 {
    assert!(costs.len() <= 12, "2ⁿ subsets");
    let mut sum = 0.0;
    for subset in 1_u32..1 << costs.len() {
        let mut corner = vec![f64::NEG_INFINITY; costs.axes()];
        for (_, row) in (0..).zip(costs.rows()).filter(|(at, _)| subset >> at & 1 == 1) {
            corner.iter_mut().zip(row).for_each(|(corner, x)| *corner = corner.max(*x));
        }
        let volume: f64 = corner.iter().zip(reference).map(|(x, end)| (end - x).max(0.0)).product();
        sum += if subset.count_ones() % 2 == 1 { volume } else { -volume };
    }
    sum
}

/// What is lost without each point.
pub(super) fn contributions(costs: &Costs<'_>, reference: &[f64]) -> Vec<f64> {
    let whole = hypervolume(costs, reference);
    let without = |gone: usize| (0..costs.len()).filter(|at| *at != gone).collect::<Vec<_>>();
    (0..costs.len()).map(|at| whole - hypervolume(&costs.select(&without(at)), reference)).collect()
}

/// max over r of min over a of max over j of `excess(aⱼ, rⱼ)`.
pub(super) fn epsilon(of: &Costs<'_>, against: &Costs<'_>, excess: impl Fn(f64, f64) -> f64) -> f64 {
    let worst =
        |a: &[f64], r: &[f64]| a.iter().zip(r).map(|(a, r)| excess(*a, *r)).fold(f64::NEG_INFINITY, f64::max);
    let nearest = |r| of.rows().map(|a| worst(a, r)).fold(f64::INFINITY, f64::min);
    against.rows().map(nearest).fold(f64::NEG_INFINITY, f64::max)
}

pub(super) fn igd_plus(of: &Costs<'_>, against: &Costs<'_>) -> f64 {
    let far = |a: &[f64], r: &[f64]| {
        a.iter().zip(r).map(|(a, r)| (a - r).max(0.0) * (a - r).max(0.0)).sum::<f64>().sqrt()
    };
    let nearest = |r| of.rows().map(|a| far(a, r)).fold(f64::INFINITY, f64::min);
    against.rows().map(nearest).sum::<f64>() / against.len() as f64
}
