//! How often the gate alarms: a small version of `cargo bench --bench gate`, at fixed draws.

use equipoise::gate::DEFAULT_MARGIN;
use equipoise::stats;
use rayon::prelude::*;

use super::simulation::{Change, Simulation};

fn rate(simulation: Simulation, alpha: f64, replications: u64) -> f64 {
    let failed = (0..replications).into_par_iter().filter(|number| simulation.fails(*number, alpha)).count();
    failed as f64 / replications as f64
}

#[test]
fn unchanged_curves_alarm_as_often_as_the_level_says() {
    for (seeds, replications) in [(7, 400), (10, 300)] {
        for alpha in [0.05, 0.01] {
            let simulation = Simulation { seeds, correlation: 0.7, change: Change::None, margin: 0.0 };
            let attainable = stats::attainable(alpha, seeds);
            let error = (attainable * (1.0 - attainable) / replications as f64).sqrt();
            let found = rate(simulation, alpha, replications);
            assert!((found - attainable).abs() <= 3.0 * error, "{seeds} seeds, level {alpha}: {found}");
        }
    }
}

/// The sheet's max-T row at S = 10, r = 0.7, level 0.01: 0.998 and 1.00.
#[test]
fn changes_of_the_sheet_are_seen() {
    for (change, power) in [(Change::Everywhere(0.02), 0.998), (Change::OnePoint(0.04), 1.0)] {
        let found = rate(Simulation { seeds: 10, correlation: 0.7, change, margin: 0.0 }, 0.01, 100);
        assert!(found >= power - 0.01, "{change:?}: {found}");
    }
}

/// With the default margin of half a point, falls of 2 points everywhere and of 4 at one point are seen nearly always, and what did not change next to never alarms.
#[test]
fn the_default_margin_costs_little_power() {
    let at_margin = |change| Simulation { seeds: 10, correlation: 0.7, change, margin: DEFAULT_MARGIN };
    for change in [Change::Everywhere(0.02), Change::OnePoint(0.04)] {
        let (with, without) = (at_margin(change), Simulation { margin: 0.0, ..at_margin(change) });
        let (with, without) = (rate(with, 0.01, 60), rate(without, 0.01, 60));
        assert!(with >= 0.8 && with <= without, "{change:?}: {with}, and {without} without");
    }
    assert!(rate(at_margin(Change::None), 0.05, 100) <= 0.05);
}

/// ε(C, B) alone is not antisymmetric, and sign flips of it alarm nearly always (the sheet says 93 to 100 %); the difference of the two is.
#[test]
fn the_epsilon_endpoint_changes_its_sign_with_the_sides() {
    use equipoise::gate::{self, Policy, Rules, Subject};
    let simulation = Simulation { seeds: 7, correlation: 0.0, change: Change::None, margin: 0.0 };
    let (a, b) = simulation.draw(&mut equipoise::seed::Seed(3).stream("gate/simulation"));
    let rules = Rules {
        alpha: 0.05,
        policy: Policy::Detect,
        hypervolume_margin: 0.0,
        epsilon_margin: 0.0,
        claim: None,
    };
    let differences = |one, other| {
        let examination = gate::examine(one, other, &gate::compare(one, other), &rules);
        let found = examination.endpoints.into_iter().find(|e| e.endpoint.subject == Subject::Epsilon);
        found.unwrap().endpoint.differences
    };
    let (there, back) = (differences(&a, &b), differences(&b, &a));
    assert!(there.iter().zip(&back).all(|(x, y)| (x + y).abs() < 1e-15));
    assert!(there.iter().any(|x| *x > 0.0) && there.iter().any(|x| *x < 0.0), "{there:?}");
}
