//! The same numbers as moocore; `tests/fixtures/pareto/make.py` wrote them.

use equipoise::pareto::Costs;
use equipoise::pareto::attainment::{counts, surfaces};
use equipoise::pareto::filter::{self, Ties};
use equipoise::pareto::indicators::{
    additive_epsilon, igd_plus, multiplicative_epsilon, r2_discrete, r2_exact,
};
use equipoise::pareto::volume::{BUDGET, contributions};
use serde_json::Value;

use super::generator::points;

fn reference() -> Value {
    serde_json::from_str(include_str!("../../fixtures/pareto/reference.json")).unwrap()
}

fn near(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (found - expected).abs() <= 1e-12 * expected.abs().max(1e-3),
        "{what}: {found} instead of {expected}"
    );
}

#[test]
fn indicators_ranks_and_contributions_agree() {
    for set in reference()["sets"].as_array().unwrap() {
        let (shape, d) = (set["shape"].as_str().unwrap(), set["axes"].as_u64().unwrap() as usize);
        let n = set["points"].as_u64().unwrap() as usize;
        let what = format!("{shape} {d}");
        let (a, b) = (points(shape, d, n, 1000 + d as u64), points(shape, d, n, 1077 + d as u64));
        let up = |values: &[f64]| Costs::new(values.iter().map(|x| x + 0.5).collect::<Vec<_>>(), d).unwrap();
        let factor = multiplicative_epsilon(&up(&a), &up(&b)).unwrap();
        let (a, b) = (Costs::new(a, d).unwrap(), Costs::new(b, d).unwrap());
        near(factor, &set["epsilon_multiplicative"], &what);
        near(additive_epsilon(&a, &b).unwrap(), &set["epsilon_additive"], &what);
        near(igd_plus(&a, &b).unwrap(), &set["igd_plus"], &what);
        let ranks: Vec<u64> = filter::ranks(&a).into_iter().map(|rank| rank as u64).collect();
        let expected: Vec<u64> =
            set["ranks"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect();
        assert_eq!(ranks, expected, "{what}");
        if let Some(expected) = set.get("contributions") {
            let front = a.select(&filter::nondominated(&a, Ties::Keep));
            let found = contributions(&front, &vec![1.1; d], BUDGET).unwrap();
            let expected = expected.as_array().unwrap();
            assert_eq!(found.len(), expected.len(), "{what}");
            // moocore takes small differences of large volumes.
            found
                .iter()
                .zip(expected)
                .for_each(|(x, y)| assert!((x - y.as_f64().unwrap()).abs() < 1e-13, "{what}"));
        }
        if d == 2 {
            let exact = r2_exact(&a, &[0.0, 0.0]).unwrap();
            near(exact, &set["r2"], &what);
            // Many weights come near the integral over all of them.
            assert!((r2_discrete(&a, &[0.0, 0.0], 100_000).unwrap() - exact).abs() < 1e-5, "{what}");
        }
    }
}

#[test]
fn attainment_surfaces_agree() {
    for set in reference()["surfaces"].as_array().unwrap() {
        let (shape, d) = (set["shape"].as_str().unwrap(), set["axes"].as_u64().unwrap() as usize);
        let runs: Vec<Costs<'static>> =
            (1..=5).map(|run| Costs::new(points(shape, d, 30, 1000 * run + d as u64), d).unwrap()).collect();
        let found = surfaces(&runs).unwrap();
        let levels = set["levels"].as_array().unwrap();
        assert_eq!(found.len(), levels.len());
        for (level, (surface, expected)) in found.iter().zip(levels).enumerate() {
            let mut rows: Vec<Vec<f64>> = surface.rows().map(<[f64]>::to_vec).collect();
            rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
            let expected: Vec<Vec<f64>> = serde_json::from_value(expected.clone()).unwrap();
            assert_eq!(rows, expected, "{shape} {d} level {}", level + 1);
            assert!(counts(&runs, surface).unwrap().iter().all(|count| *count > level));
        }
    }
}
