//! The generators against their definitions and the closed forms of the ground-truth sheet (12-digit values, copied).

use std::path::Path;

use equipoise::data::{self, Dataset, Rows, Source, SplitSpec};

const N: usize = 40_000;

/// The rows of a generator, split into train and test.
fn draw(source: &Source) -> Dataset {
    data::load(
        source,
        &SplitSpec { validation: data::Amount::Rows(0), ..SplitSpec::default() },
        Path::new("x"),
    )
    .unwrap()
}

fn all(data: &Dataset) -> impl Iterator<Item = (&[f32], bool, usize)> {
    [&data.train, &data.test].into_iter().flat_map(|part: &Rows| {
        (0..part.len()).map(move |row| {
            let group = part.facts.attributes.first().map_or(0, |a| a.codes[row] as usize);
            (part.row(row), part.facts.labels[row] == 1, group)
        })
    })
}

/// Share of rows for which `right` holds, within five binomial standard errors of `exact`.
fn agrees(exact: f64, rows: impl Iterator<Item = bool>, what: &str) {
    let (mut hits, mut n) = (0.0, 0.0);
    for right in rows {
        hits += f64::from(u8::from(right));
        n += 1.0;
    }
    let error = (exact * (1.0 - exact) / n).sqrt();
    let share: f64 = hits / n;
    assert!((share - exact).abs() < 5.0 * error, "{what}: {share} of {n}, exact {exact}");
}

/// Mean and standard deviation of the numbers, within five standard errors of the exact ones (normal numbers).
fn has_moments(numbers: impl Iterator<Item = f32>, mean: f64, deviation: f64, what: &str) {
    let numbers: Vec<f64> = numbers.map(f64::from).collect();
    let n = numbers.len() as f64;
    let found = numbers.iter().sum::<f64>() / n;
    assert!((found - mean).abs() < 5.0 * deviation / n.sqrt(), "{what}: mean {found}, expected {mean}");
    let spread = (numbers.iter().map(|x| (x - found) * (x - found)).sum::<f64>() / n).sqrt();
    assert!(
        (spread - deviation).abs() < 5.0 * deviation / (2.0 * n).sqrt(),
        "{what}: deviation {spread}, expected {deviation}"
    );
}

fn dot(w: &[f64], x: &[f32]) -> f64 {
    w.iter().zip(x).map(|(w, x)| w * f64::from(*x)).sum()
}

#[test]
fn two_gaussians_have_their_moments_and_the_linear_rules_exact_accuracy() {
    let mu = vec![1.0, 0.5, 0.25, 0.1];
    let data = draw(&Source::Gaussian { rows: N, mu: mu.clone(), sigma: 1.0, positive_share: 0.4, seed: 3 });
    agrees(0.4, all(&data).map(|(_, positive, _)| positive), "positive share");
    for (at, mu) in mu.iter().enumerate() {
        for (class, sign) in [(true, 1.0), (false, -1.0)] {
            let column = all(&data).filter(|(_, y, _)| *y == class).map(|(x, _, _)| x[at]);
            has_moments(column, sign * mu, 1.0, &format!("feature {at} of class {class}"));
        }
    }
    let w = [1.0, 1.0, 0.0, -0.5];
    let right = |shift: f64| {
        all(&data).map(move |(x, positive, _)| {
            let y = if positive { 1.0 } else { -1.0 };
            y * (dot(&w, x) + 0.2) - shift > 0.0
        })
    };
    agrees(0.824_336_547_043, right(0.0), "clean");
    // L-infinity 0.2: the worst case shifts the score by ε‖w‖₁ = 0.5.
    agrees(0.726_221_531_347, right(0.5), "robust");
}

#[test]
fn the_unequal_variance_problem_has_the_class_errors_of_its_optimal_rules() {
    let data = draw(&Source::Xu { rows: N, d: 10, eta: 0.5, sigma: 1.0, k: 2.0, seed: 1 });
    agrees(0.5, all(&data).map(|(_, positive, _)| positive), "balance");
    for (class, mean, deviation) in [(true, 0.5, 2.0), (false, -0.5, 1.0)] {
        let numbers = all(&data).filter(|(_, y, _)| *y == class).flat_map(|(x, _, _)| x.iter().copied());
        has_moments(numbers, mean, deviation, &format!("class {class}"));
    }
    for (bias, negative, positive) in [
        (0.400_592_996_011, 0.072_909_379_827, 0.196_577_781_275),
        (-1.725_820_343_522, 0.016_714_564_519, 0.302_336_151_071),
    ] {
        let w = [1.0; 10];
        for (class, exact) in [(false, negative), (true, positive)] {
            let of = all(&data).filter(|(_, y, _)| *y == class);
            let wrong = of.map(|(x, y, _)| (dot(&w, x) + bias > 0.0) != y);
            agrees(exact, wrong, &format!("error of class {class} at bias {bias}"));
        }
    }
}

#[test]
fn the_robust_feature_problem_has_the_accuracy_of_every_weighting() {
    let data = draw(&Source::Tsipras { rows: N, d: 100, eta: 0.15, p: 0.95, seed: 2 });
    assert_eq!(data.features.len(), 101);
    agrees(0.95, all(&data).map(|(x, y, _)| (x[0] > 0.0) == y), "first feature");
    assert!(all(&data).all(|(x, _, _)| (x[0].abs() - 1.0).abs() < f32::EPSILON));
    for (a, exact) in
        [(0.0, 0.933_192_798_731), (0.981_479_659_722, 0.978_682_804_767), (2.0, 0.965_205_879_311)]
    {
        let mut w = vec![0.1; 101];
        w[0] = a;
        let right = all(&data).map(|(x, y, _)| (dot(&w, x) > 0.0) == y);
        agrees(exact, right, &format!("a = {a}"));
    }
}

#[test]
fn the_two_group_problem_has_the_accuracy_of_each_group() {
    let source =
        Source::TwoBlock { rows: N, d: 64, eta: 0.12, r: vec![1.6, 0.8], q: vec![0.7, 0.3], seed: 5 };
    let data = draw(&source);
    assert_eq!(data.test.facts.attributes[0].groups, ["g0", "g1"]);
    agrees(0.7, all(&data).map(|(_, _, group)| group == 0), "share of the first group");
    for (theta, exact) in [
        (0.0, [0.945_200_708_300, 0.788_144_601_416]),
        (0.4, [0.967_665_483_795, 0.866_649_182_899]),
        (0.683_437_86, [0.967_615_868_055, 0.890_000_189_911]),
    ] {
        let (sin, cos) = (libm::sin(theta), libm::cos(theta));
        let mut w = vec![sin / 8.0; 65];
        w[0] = cos;
        for (group, exact) in exact.into_iter().enumerate() {
            let of = all(&data).filter(|(_, _, g)| *g == group);
            agrees(exact, of.map(|(x, y, _)| (dot(&w, x) > 0.0) == y), &format!("group {group} at {theta}"));
        }
    }
}

#[test]
fn more_rows_begin_with_the_same_rows_and_another_seed_draws_others() {
    let source =
        |rows, seed| Source::Gaussian { rows, mu: vec![1.0; 3], sigma: 1.0, positive_share: 0.5, seed };
    let by_row = |data: &Dataset| {
        let rows = [&data.train, &data.test]
            .into_iter()
            .flat_map(|part| (0..part.len()).map(move |row| (part.facts.rows[row], part.row(row).to_vec())));
        rows.collect::<std::collections::BTreeMap<_, _>>()
    };
    let (few, many) = (by_row(&draw(&source(50, 0))), by_row(&draw(&source(80, 0))));
    assert!(few.iter().all(|(row, x)| many[row] == *x));
    assert_ne!(few, by_row(&draw(&source(50, 1))));
    assert_ne!(draw(&source(50, 0)).fingerprint, draw(&source(50, 1)).fingerprint);
}
