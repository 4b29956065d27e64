//! How far apart groups are over seeds and rows, crossed: intervals by hand.

use equipoise::seed::Seed;
use equipoise::stats::{self, Joined, Rate, Scale};

use crate::disparity::near;

fn seeded(plain: [f64; 3], rows: f64, draws: &[f64]) -> stats::SeededRate {
    stats::SeededRate { plain: plain.to_vec(), draws: vec![draws.to_vec(); 3], rows }
}

/// Rates .2, .3, .4 and .8 thrice at three seeds, rows that say nothing: .3 − .8 ρ ± t(2) · .1/√3 = 4.302653 · .0577350 = .248414.
#[test]
fn crossed_ratios_and_signed_differences_match_students_t() {
    let families = [vec![seeded([0.2, 0.3, 0.4], 100.0, &[0.5; 4]), seeded([0.8; 3], 100.0, &[0.5; 4])]];
    let of = |scale| stats::crossed_gap_interval(&families, (Joined::Largest, scale), 500, 0.95);
    near(of(Scale::Difference), (0.251_586, 0.748_414));
    near(of(Scale::Quotient), (0.064_483, 0.685_517));
    let [first, second] = &families[0][..] else { panic!("two groups") };
    near(stats::crossed_signed_interval(first, second, 500, 0.95), (-0.748_414, -0.251_586));
}

/// A group of one row is missing in most resamples; the pairs without it keep theirs, and its own are as wide as Agresti and Caffo's.
#[test]
fn a_group_without_rows_in_most_resamples_costs_no_interval() {
    let families = [vec![
        seeded([0.5; 3], 100.0, &[0.45, 0.55, 0.5, 0.52]),
        seeded([0.5; 3], 100.0, &[0.55, 0.45, 0.5, 0.48]),
        seeded([1.0; 3], 1.0, &[1.0, f64::NAN, f64::NAN, f64::NAN]),
    ]];
    let how = (Joined::Largest, Scale::Difference);
    let (low, high) = stats::crossed_gap_interval(&families, how, 201, 0.95).unwrap();
    // At least Agresti and Caffo's interval of 51/102 against 2/3: 1/6 + 1.96 · √(.25/102 + 2/27) = .709.
    assert!(low <= 0.0 && high > 0.709, "{low} {high}");
}

/// Three groups of 100 rows, rates (.4, .5, .6), .5 and .5 at three seeds, rows that say nothing. Variances of the differences over seeds: .01, .01 and 0, .02 in all; binomial
/// ones .25/102 a group, 6 of them .0147059; ratio 1.36, so that pairs alike have 1.36 · .5/102 = .0066667 with 2 · 2 degrees of freedom. The widest pair has .01: .0066667 with 4 degrees
/// and .0033333 with 2, together (.01/3)² / ((.0066667/3)²/4 + (.0033333/3)²/2) = 6. t(6) · √(.01/3) = 2.446912 · .0577350 = .141273.
#[test]
fn seeds_are_pooled_over_pairs_as_in_tukeys_comparisons() {
    let draws = [0.5; 4];
    let family = vec![
        seeded([0.4, 0.5, 0.6], 100.0, &draws),
        seeded([0.5; 3], 100.0, &draws),
        seeded([0.5; 3], 100.0, &draws),
    ];
    let how = (Joined::Largest, Scale::Difference);
    near(stats::crossed_gap_interval(&[family], how, 500, 0.95), (0.0, 0.141_273));
}

/// Ten classes of 50 rows at seven seeds that err once or never: what seeds and resamples of so few errors say is next to nothing, and yet the interval is no wider than that of one
/// predictor that errs as often, whose rows all are its own.
#[test]
fn classes_that_hardly_err_are_no_further_apart_than_rows_allow() {
    let (rows, seeds) = (50.0, 7);
    let one = |class: usize| {
        let plain: Vec<f64> = (0..seeds)
            .map(|seed| if (class + seed).is_multiple_of(4) && class > 2 { 0.98 } else { 1.0 })
            .collect();
        let draw = |rate: f64, b: usize| 1.0 - (1.0 - rate) * [0.0, 0.0, 1.0, 1.0, 3.0][(b + class) % 5];
        let draws = plain.iter().map(|rate| (0..400).map(|b| draw(*rate, b)).collect()).collect();
        stats::SeededRate { plain, draws, rows }
    };
    let family: Vec<stats::SeededRate> = (0..10).map(one).collect();
    let mean = |one: &stats::SeededRate| Rate { hits: rows * stats::mean(&one.plain).unwrap(), rows };
    let alone: Vec<Rate> = family.iter().map(mean).collect();
    let how = (Joined::Largest, Scale::Difference);
    let (_, of_one) =
        stats::stratified_interval(&[alone], how, 0.95, 2000, &mut Seed(0).stream("test")).unwrap();
    let (low, high) = stats::crossed_gap_interval(&[family], how, 500, 0.95).unwrap();
    assert!(low <= 0.0 && high < 1.25 * of_one && high < 0.2, "{low} {high}, of one predictor {of_one}");
}
