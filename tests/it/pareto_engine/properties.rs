//! Integer grids full of ties, duplicates and points on the border, in up to six dimensions, against the definitions.

#![allow(clippy::float_cmp, reason = "whole numbers are exact")]

use equipoise::measure::Direction;
use equipoise::pareto::Costs;
use equipoise::pareto::filter::{self, Ties};
use equipoise::pareto::indicators::{additive_epsilon, igd_plus, multiplicative_epsilon};
use equipoise::pareto::volume::{BUDGET, Fronts, contributions, hypervolume, outside};
use proptest::prelude::*;

use super::oracle;

/// The grid's reference: coordinates run from 0 to 5, so some points lie on it and some beyond.
const END: f64 = 4.0;

/// Up to `most` points of `axes` whole numbers from 0 to 5.
fn grid(axes: std::ops::RangeInclusive<usize>, most: usize) -> impl Strategy<Value = Costs<'static>> {
    (axes, 0..=most).prop_flat_map(|(axes, n)| {
        let values = proptest::collection::vec((0..=5_u8).prop_map(f64::from), axes * n);
        values.prop_map(move |values| Costs::new(values, axes).unwrap())
    })
}

fn volume(costs: &Costs<'_>) -> f64 {
    hypervolume(costs, &vec![END; costs.axes()], BUDGET).unwrap()
}

fn turned(costs: &Costs<'_>, of: impl Fn(usize, f64) -> f64) -> Costs<'static> {
    let values = costs.rows().flat_map(|row| row.iter().enumerate().map(|(axis, x)| of(axis, *x)));
    Costs::new(values.collect::<Vec<f64>>(), costs.axes()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn fronts_and_ranks_are_those_of_the_definition(costs in grid(1..=9, 40)) {
        let expected = oracle::nondominated(&costs);
        prop_assert_eq!(&filter::nondominated(&costs, Ties::Keep), &expected);
        let mut firsts = expected.clone();
        firsts.retain(|at| !expected.iter().any(|other| other < at && costs.row(*other) == costs.row(*at)));
        prop_assert_eq!(filter::nondominated(&costs, Ties::First), firsts);
        prop_assert_eq!(filter::ranks(&costs), oracle::ranks(&costs));
        let mut fronts = Fronts::new(costs.axes());
        costs.rows().for_each(|row| fronts.push(row));
        prop_assert_eq!(fronts.members(), expected.as_slice());
    }

    #[test]
    fn volumes_are_those_of_inclusion_and_exclusion(costs in grid(1..=6, 11)) {
        let reference = vec![END; costs.axes()];
        let expected = oracle::hypervolume(&costs, &reference);
        // Whole numbers are exact.
        prop_assert_eq!(volume(&costs), expected);
        let mut fronts = Fronts::new(costs.axes());
        costs.rows().for_each(|row| fronts.push(row));
        prop_assert_eq!(fronts.hypervolume(&reference), expected);
        let beyond = |row: &[f64]| row.iter().any(|x| *x >= END);
        let expected: Vec<usize> = (0..costs.len()).filter(|at| beyond(costs.row(*at))).collect();
        prop_assert_eq!(outside(&costs, &reference), expected);
    }

    #[test]
    fn contributions_are_what_is_lost(costs in grid(1..=5, 9)) {
        let reference = vec![END; costs.axes()];
        prop_assert_eq!(contributions(&costs, &reference, BUDGET).unwrap(), oracle::contributions(&costs, &reference));
    }

    /// Enough points for trees and blocks.
    #[test]
    fn many_points_have_the_volume_that_adds_up(costs in grid(2..=5, 250)) {
        // Adding point by point what each adds, by the definition of a contribution.
        let members = filter::nondominated(&costs, Ties::First);
        prop_assert_eq!(&filter::nondominated(&costs, Ties::Keep), &oracle::nondominated(&costs));
        prop_assert_eq!(filter::ranks(&costs), oracle::ranks(&costs));
        // Unit cells of the grid that somebody dominates.
        let axes = costs.axes();
        let cells = (0..4_usize.pow(axes as u32)).filter(|cell| {
            let corner: Vec<f64> = (0..axes).map(|axis| (cell / 4_usize.pow(axis as u32) % 4) as f64).collect();
            members.iter().any(|at| costs.row(*at).iter().zip(&corner).all(|(x, corner)| x <= corner))
        });
        prop_assert_eq!(volume(&costs), cells.count() as f64);
    }

    #[test]
    fn nothing_depends_on_the_order_of_rows(costs in grid(2..=6, 150), seed in any::<u64>()) {
        let mut order: Vec<usize> = (0..costs.len()).collect();
        let mut state = seed;
        for at in (1..order.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, (state >> 33) as usize % (at + 1));
        }
        // Thirds are not exact, so the order of additions shows.
        let thirds = turned(&costs, |axis, x| x / (3.0 + axis as f64));
        let mixed = thirds.select(&order);
        let reference = vec![1.0; costs.axes()];
        let of = |costs: &Costs<'_>| hypervolume(costs, &reference, BUDGET).unwrap().to_bits();
        prop_assert_eq!(of(&thirds), of(&mixed));
        let mut members: Vec<usize> = filter::nondominated(&mixed, Ties::Keep).into_iter().map(|at| order[at]).collect();
        members.sort_unstable();
        prop_assert_eq!(members, filter::nondominated(&thirds, Ties::Keep));
    }

    #[test]
    fn another_point_never_takes_volume_away(costs in grid(2..=6, 60)) {
        let mut last = 0.0;
        for n in 0..=costs.len() {
            let volume = volume(&costs.select(&(0..n).collect::<Vec<_>>()));
            prop_assert!(volume >= last);
            last = volume;
        }
    }

    #[test]
    fn volumes_scale_and_move_with_their_points(costs in grid(1..=6, 60), scale in 1..5_u8, shift in -9..9_i8) {
        // Powers of two and whole numbers, so that nothing rounds.
        let factor = f64::from(1_u16 << scale);
        let moved = turned(&costs, |_, x| factor * x + f64::from(shift));
        let reference = vec![factor * END + f64::from(shift); costs.axes()];
        let expected = volume(&costs) * (0..costs.axes()).fold(1.0, |power, _| power * factor);
        prop_assert_eq!(hypervolume(&moved, &reference, BUDGET).unwrap(), expected);
    }

    #[test]
    fn to_maximize_is_to_minimize_the_negative(costs in grid(1..=6, 60)) {
        let rows: Vec<Vec<f64>> = costs.rows().map(|row| row.iter().map(|x| -x).collect()).collect();
        let turned = Costs::of(&rows, &vec![Direction::Higher; costs.axes()]).unwrap();
        prop_assert_eq!(turned.rows().collect::<Vec<_>>(), costs.rows().collect::<Vec<_>>());
    }

    #[test]
    fn who_covers_a_row_is_the_first_that_does(of in grid(1..=9, 60), against in proptest::collection::vec(0..=5_u8, 9 * 40)) {
        let values: Vec<f64> = against.into_iter().map(f64::from).take(of.axes() * 40).collect();
        let rows = Costs::new(values, of.axes()).unwrap();
        let covers = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a <= b);
        let first = |row: &[f64]| of.rows().position(|point| covers(point, row));
        prop_assert_eq!(filter::covering(&of, &rows), rows.rows().map(first).collect::<Vec<_>>());
    }

    #[test]
    fn indicators_are_those_of_the_definition(of in grid(1..=8, 60), against in proptest::collection::vec(0..=5_u8, 8 * 40)) {
        prop_assume!(!of.is_empty());
        let values: Vec<f64> = against.into_iter().map(f64::from).take(of.axes() * 40).collect();
        let against = Costs::new(values, of.axes()).unwrap();
        prop_assert_eq!(additive_epsilon(&of, &against).unwrap(), oracle::epsilon(&of, &against, |a, r| a - r));
        let (near, far) = (igd_plus(&of, &against).unwrap(), oracle::igd_plus(&of, &against));
        prop_assert!((near - far).abs() <= 1e-12 * far, "{} {}", near, far);
        let plus_one = |costs: &Costs<'_>| turned(costs, |_, x| x + 1.0);
        let (of, against) = (plus_one(&of), plus_one(&against));
        let expected = oracle::epsilon(&of, &against, |a, r| a / r);
        prop_assert_eq!(multiplicative_epsilon(&of, &against).unwrap(), expected);
    }
}
