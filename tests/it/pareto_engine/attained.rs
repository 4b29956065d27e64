//! Attainment surfaces by hand and by brute force.

use equipoise::pareto::Costs;
use equipoise::pareto::attainment::{counts, surfaces};
use proptest::prelude::*;

fn run(values: &[f64], axes: usize) -> Costs<'static> {
    Costs::new(values.to_vec(), axes).unwrap()
}

/// By hand: runs {(1, 3), (3, 1)}, {(2, 2)} and {(3, 3)}. Anybody attains (1, 3), (2, 2) and (3, 1); two of them (2, 3) and (3, 2), the joins of the first with
/// the second; all (3, 3).
#[test]
fn three_runs_by_hand() {
    let runs = [run(&[1.0, 3.0, 3.0, 1.0], 2), run(&[2.0, 2.0], 2), run(&[3.0, 3.0], 2)];
    let found = surfaces(&runs).unwrap();
    let rows = |level: usize| found[level].rows().map(<[f64]>::to_vec).collect::<Vec<_>>();
    assert_eq!(rows(0), [[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]);
    assert_eq!(rows(1), [[2.0, 3.0], [3.0, 2.0]]);
    assert_eq!(rows(2), [[3.0, 3.0]]);
    assert_eq!(counts(&runs, &run(&[2.5, 2.5, 3.0, 3.0, 0.0, 9.0], 2)).unwrap(), [1, 3, 0]);
}

#[test]
fn a_run_without_points_attains_nothing() {
    for axes in [2, 3] {
        let found = surfaces(&[run(&vec![1.0; axes], axes), run(&[], axes)]).unwrap();
        assert_eq!((found[0].len(), found[1].len()), (1, 0));
    }
    let error = surfaces(&[run(&[1.0; 4], 4)]).unwrap_err().to_string();
    assert!(error.contains("4 axes") && error.contains("count"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Every place of the grid: attained by at least k runs exactly where level k has a point that is nowhere worse; and no point of a level covers another.
    #[test]
    fn levels_are_what_so_many_runs_attain(
        axes in 2..=3_usize,
        runs in proptest::collection::vec(proptest::collection::vec(0..5_u8, 0..30), 1..6),
    ) {
        let runs: Vec<Costs<'static>> = runs
            .into_iter()
            .map(|values| {
                let whole = values.len() / axes * axes;
                Costs::new(values[..whole].iter().map(|x| f64::from(*x)).collect::<Vec<_>>(), axes).unwrap()
            })
            .collect();
        let places: Vec<f64> = (0..5_usize.pow(axes as u32))
            .flat_map(|place| (0..axes).map(move |axis| (place / 5_usize.pow(axis as u32) % 5) as f64))
            .collect();
        let places = Costs::new(places, axes).unwrap();
        let attained: Vec<usize> = places
            .rows()
            .map(|place| {
                let attains = |run: &&Costs<'static>| run.rows().any(|row| row.iter().zip(place).all(|(x, end)| x <= end));
                runs.iter().filter(attains).count()
            })
            .collect();
        prop_assert_eq!(&counts(&runs, &places).unwrap(), &attained);
        for (level, surface) in surfaces(&runs).unwrap().iter().enumerate() {
            let covers = |row: &[f64], place: &[f64]| row.iter().zip(place).all(|(x, end)| x <= end);
            for (place, attained) in places.rows().zip(&attained) {
                prop_assert_eq!(surface.rows().any(|row| covers(row, place)), *attained > level);
            }
            for (at, row) in surface.rows().enumerate() {
                prop_assert!(surface.rows().enumerate().all(|(other, rival)| other == at || !covers(rival, row)));
            }
        }
    }
}
