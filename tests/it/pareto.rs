//! Fronts: laws on small integers full of ties, hypervolume against inclusion and exclusion, exchange rates.

use std::collections::BTreeMap;

use equipoise::measure::{Bound, Direction, Estimate, MetricKey, Value};
use equipoise::pareto::exchange::{self, Outcome, Rate};
use equipoise::pareto::{Objective, dominates, front, hypervolume, nondominated};
use equipoise::points::{Measured, Options, Point, Study, mark_degenerate};
use equipoise::seed::Seed;
use proptest::prelude::*;

use crate::points::{cell, facts, model, sweep};

fn key(text: &str) -> MetricKey {
    text.parse().unwrap()
}

pub(crate) fn axis(text: &str) -> Objective {
    Objective::of(&key(text)).unwrap()
}

/// Up to 9 points on a grid of 4 values per axis, so that ties really occur.
fn grid(axes: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let point = proptest::collection::vec((0_u8..5).prop_map(f64::from), axes);
    proptest::collection::vec(point, 0..9)
}

fn cloud() -> impl Strategy<Value = Vec<Vec<f64>>> {
    (1_usize..5).prop_flat_map(grid)
}

/// The volume of a union of boxes as a signed sum over all subsets.
fn by_inclusion_and_exclusion(costs: &[Vec<f64>], reference: &[f64]) -> f64 {
    let mut volume = 0.0;
    for subset in 1_u32..1 << costs.len() {
        let chosen: Vec<&Vec<f64>> =
            costs.iter().enumerate().filter(|(i, _)| subset >> i & 1 == 1).map(|(_, point)| point).collect();
        let shared: f64 = (0..reference.len())
            .map(|axis| {
                let corner = chosen.iter().map(|point| point[axis]).fold(f64::NEG_INFINITY, f64::max);
                (reference[axis] - corner).max(0.0)
            })
            .product();
        volume += if chosen.len() % 2 == 1 { shared } else { -shared };
    }
    volume
}

proptest! {
    #[test]
    fn everything_off_the_front_is_dominated_from_it(costs in cloud()) {
        let on = nondominated(&costs);
        for (i, point) in costs.iter().enumerate() {
            prop_assert_ne!(on.contains(&i), on.iter().any(|j| dominates(&costs[*j], point)));
        }
    }

    #[test]
    fn the_front_of_the_front_is_itself_and_duplicates_stay(costs in cloud()) {
        let on = nondominated(&costs);
        let members: Vec<Vec<f64>> = on.iter().map(|i| costs[*i].clone()).collect();
        prop_assert_eq!(nondominated(&members).len(), members.len());
        let twice: Vec<Vec<f64>> = costs.iter().chain(&costs).cloned().collect();
        prop_assert_eq!(nondominated(&twice).len(), 2 * on.len());
    }

    #[test]
    fn dominance_is_a_strict_order(costs in grid(3)) {
        for a in &costs {
            prop_assert!(!dominates(a, a));
            for b in &costs {
                prop_assert!(!(dominates(a, b) && dominates(b, a)));
                for c in &costs {
                    prop_assert!(!(dominates(a, b) && dominates(b, c)) || dominates(a, c));
                }
            }
        }
    }

    /// Integer coordinates: every volume is a whole number, so equality is exact.
    #[test]
    fn hypervolume_equals_inclusion_and_exclusion(costs in cloud()) {
        let axes = costs.first().map_or(2, Vec::len);
        let reference = vec![4.0; axes];
        let expected = by_inclusion_and_exclusion(&costs, &reference);
        prop_assert!((hypervolume(&costs, &reference) - expected).abs() < 1e-9);
    }

    #[test]
    fn hypervolume_ignores_order_and_dominated_points_and_never_falls(
        costs in grid(3),
        extra in proptest::collection::vec((0_u8..5).prop_map(f64::from), 3),
    ) {
        let reference = [4.0; 3];
        let volume = hypervolume(&costs, &reference);
        let backwards: Vec<Vec<f64>> = costs.iter().rev().cloned().collect();
        prop_assert_eq!(volume.to_bits(), hypervolume(&backwards, &reference).to_bits());
        let mut more = costs.clone();
        more.push(extra.clone());
        let grown = hypervolume(&more, &reference);
        prop_assert!(grown >= volume);
        let adds_nothing = costs.iter().any(|p| *p == extra || dominates(p, &extra)) || extra.contains(&4.0);
        prop_assert_eq!(adds_nothing, grown <= volume);
    }

    #[test]
    fn flipping_a_direction_and_a_sign_leaves_the_front(costs in grid(2)) {
        let as_costs = |direction: Direction, sign: f64| -> Vec<Vec<f64>> {
            costs.iter().map(|p| vec![direction.as_cost(sign * p[0]), p[1]]).collect()
        };
        prop_assert_eq!(
            nondominated(&as_costs(Direction::Lower, 1.0)),
            nondominated(&as_costs(Direction::Higher, -1.0))
        );
    }
}

/// Three points at (1, 3), (2, 2), (3, 1) up to (4, 4): a staircase of 3 + 2 + 1 unit squares.
#[test]
fn a_staircase_has_the_area_of_its_steps() {
    let stairs = vec![vec![1.0, 3.0], vec![2.0, 2.0], vec![3.0, 1.0]];
    assert!((hypervolume(&stairs, &[4.0, 4.0]) - 6.0).abs() < 1e-15);
    assert!(hypervolume(&[], &[4.0, 4.0]).abs() < 1e-15);
    assert!(
        hypervolume(&[vec![4.0, 0.0], vec![5.0, 0.0]], &[4.0, 4.0]).abs() < 1e-15,
        "on or beyond the reference"
    );
}

#[test]
fn a_metric_that_only_describes_is_no_objective() {
    let error = Objective::of(&key("selection_rate@sex=F")).unwrap_err();
    assert!(error.to_string().contains("describes and has no better side"), "{error}");
}

pub(crate) const ROBUST: &str = "robust_accuracy!suite:linf:0.2";

#[test]
fn the_front_of_a_sweep_names_members_dominators_and_what_was_left_out() {
    let facts = facts(400, 10);
    let mut cells = sweep(&facts, &[0.0, 0.2, 0.4], 3, &[0.2]);
    for seed in 0..3 {
        // Worse than strength 0.2 on both axes.
        cells.push(cell(0.9, seed, Ok(model(&facts, seed, 0.6, &[0.2], |_| 0.1))));
        let outcome = if seed == 1 {
            Err("the loss became NaN".to_owned())
        } else {
            Ok(model(&facts, seed, 0.99, &[0.2], |_| 0.99))
        };
        cells.push(cell(1.0, seed, outcome));
    }
    let mut study = Study::new(&cells, Options { resamples: 300, ..Options::default() }).unwrap();
    let axes = [axis("accuracy"), axis(ROBUST)];
    mark_degenerate(&mut study, &axes.clone().map(|axis| (axis.key, axis.direction)));
    let found = front(&study, &axes, |_| true);
    assert_eq!(found.members, [0, 1, 2]);
    assert_eq!(found.dominated.iter().map(|(point, _)| *point).collect::<Vec<_>>(), [3]);
    assert_eq!(found.excluded, [(4, "1 of 3 seeds failed (seed 1: the loss became NaN)".to_owned())]);
    assert_eq!(found.seeds, 3);
    // The area under the staircase of means, by hand.
    let mean = |point: usize, name: &str| study.points[point].value(&key(name)).unwrap();
    let steps: f64 = (0..3)
        .map(|i| {
            let next = if i == 2 { 0.0 } else { mean(i + 1, "accuracy") };
            (mean(i, "accuracy") - next) * mean(i, ROBUST)
        })
        .sum();
    assert!((found.hypervolume - steps).abs() < 1e-12, "{} {steps}", found.hypervolume);
    let (low, high) = found.hypervolume_interval.unwrap();
    assert!(low < steps && steps < high && high - low < 0.3, "{low} {high}");
    let share = |point: usize| found.stability[point].unwrap();
    assert!(share(0) > 0.9 && share(2) > 0.9, "{:?}", found.stability);
    assert!(share(3) < 0.05, "{:?}", found.stability);
    assert_eq!(found.stability[4], None, "what was left out has no share");
    let others = front(&study, &axes, |point| point.strength < 0.3);
    assert_eq!(others.stability[2..], [None; 3], "nor has what never competed");
    let single = Study::new(&cells, Options { resamples: 0, ..Options::default() }).unwrap();
    assert_eq!(front(&single, &axes, |_| true).stability, [None; 5], "nor has anything without resamples");
}

#[test]
fn an_undefined_objective_keeps_a_point_off_and_is_named() {
    let mut split = (*facts(60, 2)).clone();
    split.attributes[0].codes = vec![0; 60];
    let facts = std::sync::Arc::new(split);
    let study =
        Study::new(&sweep(&facts, &[0.0], 3, &[0.2]), Options { resamples: 20, ..Options::default() })
            .unwrap();
    let found = front(&study, &[axis("accuracy"), axis("accuracy_gap@sex")], |_| true);
    assert!(found.members.is_empty() && found.hypervolume.abs() < 1e-15);
    assert_eq!(found.hypervolume_interval, None);
    assert!(found.excluded[0].1.contains("fewer than two groups of `sex`"), "{:?}", found.excluded);
}

/// Points with given values per seed, as `(strength, safety, security)`.
pub(crate) fn points(values: &[(f64, Vec<f64>, Vec<f64>)]) -> Vec<Point> {
    let measured = |values: &[f64]| Measured {
        estimate: Estimate {
            value: Value::finite(values.iter().sum::<f64>() / values.len() as f64),
            interval: None,
            level: 0.95,
            method: String::new(),
            n: 100,
            bound: Bound::Exact,
        },
        per_seed: values.iter().map(|x| Value::Defined(*x)).collect(),
        sd_seed: None,
        sd_row: None,
        by_chance: None,
        sizable: None,
        notes: Vec::new(),
    };
    let point = |(strength, safety, security): &(f64, Vec<f64>, Vec<f64>)| Point {
        coordinates: BTreeMap::from([
            ("defense".into(), "at".into()),
            ("strength".into(), strength.to_string()),
        ]),
        defense: "at".into(),
        strength: *strength,
        model: "last".into(),
        seeds: (0..safety.len() as u64).collect(),
        failed: Vec::new(),
        measures: BTreeMap::from([
            (key("accuracy"), measured(safety)),
            (key("demographic_parity_difference@sex"), measured(safety)),
            (key(ROBUST), measured(security)),
        ]),
        degenerate: None,
    };
    values.iter().map(point).collect()
}

pub(crate) fn arcs(points: &[Point]) -> Vec<exchange::ArcRate> {
    exchange::arcs(points, |_| true, &axis("accuracy"), &axis(ROBUST))
}

/// Differences by seed: security .10 .12 .08, safety −.02 −.03 −.01, so means b = .10, a = −.02; of the means,
/// v₁₁ = v₁₂ = v₂₂ up to sign: var(security) = .0004/3, var(safety) = .0001/3, cov = −.0002/3; t(2) = 4.302653.
/// With b² − t²v₂₂ = .01 − 18.512821 · .000133333 = .007531624, ab − t²v₁₂ = −.002 + 18.512821 · .0000666667 =
/// −.000765812, a² − t²v₁₁ = .0004 − 18.512821 · .0000333333 = −.000217094:
/// (−.000765812 ± √(5.86468e−7 + 1.635071e−6)) / .007531624 = −.299577 and .096216.
#[test]
fn a_price_matches_the_hand_worked_fieller_interval() {
    let points = points(&[
        (0.1, vec![0.95, 0.96, 0.94], vec![0.50, 0.50, 0.50]),
        (0.15, vec![0.93, 0.93, 0.93], vec![0.60, 0.62, 0.58]),
    ]);
    let arcs = arcs(&points);
    assert_eq!(arcs.len(), 1);
    let Rate::Bounded { rate, low, high } = arcs[0].rate else { panic!("{:?}", arcs[0].rate) };
    assert!((rate + 0.2).abs() < 1e-12);
    assert!((low + 0.299_577).abs() < 2e-6 && (high - 0.096_216).abs() < 2e-6, "{low} {high}");
    assert_eq!(arcs[0].outcome, Outcome::NoPrice);
    insta::assert_snapshot!(arcs[0].sentence, @"from strength 0.1 to 0.15, no price was measurable: robust accuracy (L∞ 0.2) rose by 10.0 points; clean accuracy changed by −2.0 points, not distinguishable from none; one point of robust accuracy (L∞ 0.2) cost from −0.10 (a gain) to 0.30 points of clean accuracy (95 % interval; 3 seeds, these test rows)");
}

/// The interval was checked by testing a million ratios one by one (NumPy).
#[test]
fn steps_go_from_the_first_strength_to_each_and_between_neighbors_in_strength_never_on_the_front() {
    let points = points(&[
        (0.2, vec![0.9, 0.91, 0.89], vec![0.6, 0.61, 0.6]),
        (0.0, vec![0.97, 0.98, 0.97], vec![0.1, 0.12, 0.1]),
        (0.3, vec![0.8, 0.81, 0.82], vec![0.7, 0.7, 0.71]),
        (0.1, vec![0.95, 0.94, 0.96], vec![0.4, 0.41, 0.4]),
    ]);
    let found = arcs(&points);
    let steps: Vec<(usize, usize)> = found.iter().map(|arc| (arc.from, arc.to)).collect();
    assert_eq!(steps, [(1, 3), (1, 0), (1, 2), (3, 0), (0, 2)]);
    insta::assert_snapshot!(found[2].sentence, @"from strength 0 to 0.3, one point of robust accuracy (L∞ 0.2) cost 0.27 points of clean accuracy (95 % interval 0.21 to 0.34; 3 seeds, these test rows)");
    let mut collapsed = points;
    collapsed[2].degenerate = Some("nearly constant".to_owned());
    let found = arcs(&collapsed);
    assert!(found[2].sentence.ends_with("; strength 0.3 is degenerate"), "{}", found[2].sentence);
}

/// Robust accuracy rose by 10 points and the likelihood's loss by .038 nats: .0038 nats a point, and .38 per unit of both as stored.
#[test]
fn a_price_in_nats_is_counted_in_nats_and_keeps_its_digits() {
    let mut points = points(&[
        (0.0, vec![0.100, 0.101, 0.099], vec![0.50, 0.50, 0.50]),
        (0.1, vec![0.138, 0.140, 0.136], vec![0.60, 0.61, 0.59]),
        // Security may not have moved, so that its price is outside an interval; the loss moved by .0002 at every seed.
        (0.2, vec![0.1382, 0.1402, 0.1362], vec![0.60, 0.62, 0.60]),
    ]);
    for point in &mut points {
        let loss = point.measures[&key("accuracy")].clone();
        point.measures.insert(key("nll"), loss);
    }
    let found = exchange::arcs(&points, |_| true, &axis("nll"), &axis(ROBUST));
    let Rate::Bounded { rate, .. } = found[0].rate else { panic!("{:?}", found[0].rate) };
    assert!((rate + 0.38).abs() < 1e-12, "{rate}");
    let said = "from strength 0 to 0.1, one point of robust accuracy (L∞ 0.2) raised negative log-likelihood by 0.0038 nats (95 % interval 0.003";
    assert!(found[0].sentence.starts_with(said), "{}", found[0].sentence);
    let step = found.iter().find(|arc| (arc.from, arc.to) == (1, 2)).unwrap();
    let moved = "negative log-likelihood rose by 0.00020 nats";
    assert!(step.sentence.contains(moved), "{}", step.sentence);
    let Rate::HalfLine { words, .. } = &step.rate else { panic!("{:?}", step.rate) };
    assert_eq!(words.matches(" nats per point").count(), 2, "{words}");
}

#[test]
fn what_both_pillars_gain_or_lose_has_no_price() {
    let low = (0.0, vec![0.90, 0.91, 0.89], vec![0.10, 0.12, 0.11]);
    let high = (0.1, vec![0.93, 0.94, 0.93], vec![0.40, 0.41, 0.42]);
    let up = arcs(&points(&[low.clone(), high.clone()]));
    assert_eq!(up[0].outcome, Outcome::WinWin);
    insta::assert_snapshot!(up[0].sentence, @"from strength 0 to 0.1, nothing was paid: robust accuracy (L∞ 0.2) rose by 30.0 points; clean accuracy rose by 3.3 points (3 seeds, these test rows)");
    let down = arcs(&points(&[(0.0, high.1, high.2), (0.1, low.1, low.2)]));
    assert_eq!(down[0].outcome, Outcome::LoseLose);
    insta::assert_snapshot!(down[0].sentence, @"from strength 0 to 0.1, nothing was gained: robust accuracy (L∞ 0.2) fell by 30.0 points; clean accuracy fell by 3.3 points (3 seeds, these test rows)");
}

/// Safety by seed +.01 −.01 +.012: mean .004, standard error .00702, t(2) = 4.303, so [−.026, .034] contains 0. Turned
/// round, the same noise has a mean below 0; neither may decide what is said.
#[test]
fn noise_alone_makes_neither_a_win_win_nor_a_price() {
    let still = vec![0.90, 0.90, 0.90];
    let noisy = vec![0.91, 0.89, 0.912];
    let (low, high) = (vec![0.10, 0.12, 0.11], vec![0.40, 0.41, 0.42]);
    let up = arcs(&points(&[(0.0, still.clone(), low.clone()), (0.1, noisy.clone(), high.clone())]));
    let down = arcs(&points(&[(0.0, noisy.clone(), low.clone()), (0.1, still.clone(), high.clone())]));
    for found in [&up, &down] {
        let (least, most) = found[0].safety_change.1.unwrap();
        assert!(least < -0.02 && most > 0.02, "{least} {most}");
        assert_eq!(found[0].outcome, Outcome::NoPrice);
        assert_eq!(found[0].happened(), "no price was measurable");
    }
    insta::assert_snapshot!(up[0].sentence, @"from strength 0 to 0.1, no price was measurable: robust accuracy (L∞ 0.2) rose by 30.0 points; clean accuracy changed by +0.4 points, not distinguishable from none; one point of robust accuracy (L∞ 0.2) cost from −0.11 (a gain) to 0.09 points of clean accuracy (95 % interval; 3 seeds, these test rows)");
    insta::assert_snapshot!(down[0].sentence, @"from strength 0 to 0.1, no price was measurable: robust accuracy (L∞ 0.2) rose by 30.0 points; clean accuracy changed by −0.4 points, not distinguishable from none; one point of robust accuracy (L∞ 0.2) cost from −0.09 (a gain) to 0.11 points of clean accuracy (95 % interval; 3 seeds, these test rows)");
    let lost = arcs(&points(&[(0.0, still.clone(), high), (0.1, noisy.clone(), low.clone())]));
    assert_eq!(lost[0].outcome, Outcome::SecurityLost);
    insta::assert_snapshot!(lost[0].sentence, @"from strength 0 to 0.1, security was lost: robust accuracy (L∞ 0.2) fell by 30.0 points; clean accuracy changed by +0.4 points, not distinguishable from none (3 seeds, these test rows)");
    let nothing = arcs(&points(&[(0.0, still, low.clone()), (0.1, noisy, vec![0.11, 0.11, 0.11])]));
    assert_eq!(nothing[0].outcome, Outcome::Unclear);
    insta::assert_snapshot!(nothing[0].sentence, @"from strength 0 to 0.1, no change was measurable: robust accuracy (L∞ 0.2) changed by ±0.0 points, not distinguishable from none; clean accuracy changed by +0.4 points, not distinguishable from none (3 seeds, these test rows)");
}

#[test]
fn without_an_interval_everything_is_said_of_these_seeds() {
    let of = |seeds: usize, safety: f64| {
        let at = |x: f64| vec![x; seeds];
        arcs(&points(&[(0.0, at(0.9), at(0.1)), (0.1, at(safety), at(0.4))])).remove(0)
    };
    assert_eq!(of(2, 0.95).happened(), "no price was seen at these 2 seeds");
    assert_eq!(of(1, 0.9).happened(), "no price was seen at this one seed");
    assert_eq!(of(2, 0.8).happened(), "security was paid for at these 2 seeds");
    insta::assert_snapshot!(of(2, 0.95).sentence, @"from strength 0 to 0.1, no price was seen at these 2 seeds: robust accuracy (L∞ 0.2) rose by 30.0 points; clean accuracy rose by 5.0 points (these 2 seeds and test rows alone)");
    insta::assert_snapshot!(of(1, 0.9).sentence, @"from strength 0 to 0.1, no price was seen at this one seed: robust accuracy (L∞ 0.2) rose by 30.0 points; clean accuracy did not change (this seed and these test rows alone)");
}

/// By hand: an end that touches 0 contains it.
#[test]
fn an_outcome_follows_from_intervals_and_only_without_them_from_signs() {
    let (up, down) = ((0.1, Some((0.05, 0.15))), (-0.1, Some((-0.15, -0.05))));
    let (touching, crossing) = ((0.1, Some((0.0, 0.2))), (-0.1, Some((-0.3, 0.1))));
    let cases = [
        (up, down, Outcome::Price),
        (down, up, Outcome::Reverse),
        (up, up, Outcome::WinWin),
        (down, down, Outcome::LoseLose),
        (up, crossing, Outcome::NoPrice),
        (touching, up, Outcome::NoPrice),
        (down, touching, Outcome::SecurityLost),
        (crossing, down, Outcome::NoGain),
        (touching, crossing, Outcome::Unclear),
        ((0.1, None), (-0.1, None), Outcome::Price),
        ((0.1, None), (0.0, None), Outcome::NoPrice),
    ];
    for (security, safety, expected) in cases {
        assert_eq!(Outcome::of(security, safety), expected, "{security:?} {safety:?}");
    }
}

#[test]
fn a_price_over_nothing_bought_is_not_a_huge_ratio() {
    let unclear = points(&[
        (0.0, vec![0.95, 0.94, 0.95], vec![0.40, 0.45, 0.41]),
        (0.1, vec![0.80, 0.81, 0.80], vec![0.45, 0.41, 0.42]),
    ]);
    let found = arcs(&unclear);
    let Rate::HalfLine { words, parts, .. } = &found[0].rate else { panic!("{:?}", found[0].rate) };
    let ends: Vec<String> = parts.iter().map(|(from, to)| format!("{from:.2} {to:.2}")).collect();
    assert_eq!(ends, ["-inf -1.42", "1.11 inf"]);
    assert!(words.ends_with("the cost lies below −1.11 or above 1.42"), "{words}");
    insta::assert_snapshot!(found[0].sentence, @"from strength 0 to 0.1, no gain was measurable: robust accuracy (L∞ 0.2) changed by +0.7 points, not distinguishable from none; clean accuracy fell by 14.3 points (3 seeds, these test rows)");
    let two: Vec<Point> =
        points(&[(0.0, vec![0.95, 0.94], vec![0.40, 0.45]), (0.1, vec![0.80, 0.81], vec![0.45, 0.51])]);
    insta::assert_snapshot!(arcs(&two)[0].sentence, @"from strength 0 to 0.1, robust accuracy (L∞ 0.2) rose by 5.5 points; clean accuracy fell by 14.0 points; what one bought of the other is not measurable: 2 seeds, seed variance unknown; the means alone say a cost of 2.55 (these 2 seeds and test rows alone)");
    assert_eq!(arcs(&two)[0].security_change.1, None);
}

#[test]
fn a_metric_where_less_is_better_is_raised_not_cost() {
    let points = points(&[
        (0.0, vec![0.05, 0.06, 0.05], vec![0.40, 0.42, 0.41]),
        (0.1, vec![0.10, 0.11, 0.11], vec![0.50, 0.51, 0.52]),
    ]);
    let found = exchange::arcs(&points, |_| true, &axis("demographic_parity_difference@sex"), &axis(ROBUST));
    assert_eq!(found[0].outcome, Outcome::Price);
    insta::assert_snapshot!(found[0].sentence, @"from strength 0 to 0.1, one point of robust accuracy (L∞ 0.2) raised demographic parity difference (sex) by 0.53 points (95 % interval 0.46 to 0.61; 3 seeds, these test rows)");
}

#[test]
fn a_share_at_its_end_has_no_probit() {
    let found = arcs(&points(&[
        (0.0, vec![0.95, 1.0, 0.95], vec![0.40, 0.42, 0.41]),
        (0.1, vec![0.90, 0.91, 0.92], vec![0.50, 0.51, 0.52]),
    ]));
    assert!(matches!(&found[0].probit_rate, Rate::NotMeasurable { words } if words.contains("0 or 1")));
    assert!(matches!(found[0].rate, Rate::Bounded { .. }));
}

/// The front of the balanced isotropic Gaussian, μ = (1, .8, 20 × .15, .4), σ = 1, ε = .3, at t = .05 and .15: clean
/// .931682 → .909510, robust .718930 → .805100 (ground-truth sheet, 5.3). Shares of 2,000 drawn rows at each of 5
/// seeds; the Fieller intervals of the arc rate must contain the exact one about 95 times in 100, in both units.
#[test]
fn arc_rate_intervals_cover_the_closed_form_of_the_gaussian() {
    let probit = equipoise::numeric::normal_quantile;
    let (low, high) = ((0.931_682, 0.718_930), (0.909_510, 0.805_100));
    let truth = (high.0 - low.0) / (high.1 - low.1);
    let probit_truth = (probit(high.0) - probit(low.0)) / (probit(high.1) - probit(low.1));
    let (replications, mut covered, mut probit_covered) = (300, 0, 0);
    for replication in 0..replications {
        let mut stream = Seed(replication).stream("test/gaussian");
        let mut draw = |(clean, robust): (f64, f64)| -> (Vec<f64>, Vec<f64>) {
            (0..5)
                .map(|_| {
                    let (mut right, mut standing) = (0, 0);
                    for _ in 0..2000 {
                        // One margin per row: a row that stands is also right.
                        let margin = stream.uniform_f64();
                        right += u32::from(margin < clean);
                        standing += u32::from(margin < robust);
                    }
                    (f64::from(right) / 2000.0, f64::from(standing) / 2000.0)
                })
                .unzip()
        };
        let (a, b) = (draw(low), draw(high));
        let found = arcs(&points(&[(0.05, a.0, a.1), (0.15, b.0, b.1)]));
        let contains = |rate: &Rate, truth: f64| match rate {
            Rate::Bounded { low, high, .. } => *low <= truth && truth <= *high,
            other => panic!("the step is large: {other:?}"),
        };
        covered += usize::from(contains(&found[0].rate, truth));
        probit_covered += usize::from(contains(&found[0].probit_rate, probit_truth));
    }
    for covered in [covered, probit_covered] {
        let coverage = covered as f64 / replications as f64;
        // Three binomial standard errors of 300 replications are 3.8 points.
        assert!((0.912..=0.988).contains(&coverage), "coverage {coverage}");
    }
}
