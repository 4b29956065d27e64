//! NaN, infinities, zeros of both signs, nothing at all: in every dimension, and none may hang.

use std::time::{Duration, Instant};

use equipoise::pareto::Costs;
use equipoise::pareto::attainment::surfaces;
use equipoise::pareto::filter::{self, Ties};
use equipoise::pareto::indicators::{additive_epsilon, igd_plus, r2_exact};
use equipoise::pareto::volume::{BUDGET, contributions, estimate, hypervolume, outside};
use equipoise::seed::Seed;

use super::generator::points;

/// Runs on a thread of its own, and fails when it does not end.
fn in_time(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::spawn(work);
    let start = Instant::now();
    while !thread.is_finished() {
        assert!(start.elapsed() < Duration::from_mins(1), "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    thread.join().unwrap();
}

#[test]
fn nan_and_infinitely_good_are_refused_with_row_and_column() {
    in_time(|| {
        for d in 1..=9 {
            for (bad, word) in [(f64::NAN, "NaN"), (-f64::NAN, "NaN"), (f64::NEG_INFINITY, "−∞")] {
                for n in [1, 10, 1000] {
                    for at in [0, n * d / 2, n * d - 1] {
                        let mut values = points("random", d, n, 3);
                        values[at] = bad;
                        let error = Costs::new(values, d).unwrap_err().to_string();
                        let place = format!("row {}, column {}: {word}", at / d, at % d);
                        assert!(error.contains(&place), "{error}");
                    }
                }
            }
        }
    });
}

#[test]
fn infinitely_bad_points_add_nothing_and_are_listed() {
    in_time(|| {
        for d in 1..=8 {
            for n in [6, 300] {
                let mut values = points("concave", d, n, 5);
                let plain = Costs::new(values.clone(), d).unwrap();
                let reference = vec![1.5; d];
                let expected = hypervolume(&plain, &reference, BUDGET).unwrap();
                // One more row with a single infinity, and one of nothing else.
                values.extend((0..d).map(|axis| if axis == 0 { f64::INFINITY } else { 0.0 }));
                values.extend(vec![f64::INFINITY; d]);
                let costs = Costs::new(values, d).unwrap();
                assert_eq!(hypervolume(&costs, &reference, BUDGET).unwrap().to_bits(), expected.to_bits());
                assert_eq!(outside(&costs, &reference), [n, n + 1]);
                assert!(estimate(&costs, &reference, Seed(0), 64).unwrap().volume.is_finite());
                let members = filter::nondominated(&costs, Ties::Keep);
                assert!(!members.contains(&(n + 1)));
                // In more than one dimension nobody is as good as 0 on the others.
                assert_eq!(members.contains(&n), d > 1, "{d}");
                assert_eq!(filter::ranks(&costs).len(), n + 2);
                if d < 8 {
                    assert!(
                        contributions(&costs, &reference, BUDGET).unwrap()[n..].iter().all(|x| *x <= 0.0)
                    );
                }
            }
        }
    });
}

#[test]
fn zeros_of_both_signs_are_equal() {
    for d in 1..=9 {
        let mut values = vec![0.0; d];
        values.extend(vec![-0.0; d]);
        let costs = Costs::new(values, d).unwrap();
        assert_eq!(filter::nondominated(&costs, Ties::Keep), [0, 1]);
        assert_eq!(filter::nondominated(&costs, Ties::First), [0]);
        assert_eq!(filter::ranks(&costs), [0, 0]);
        if d <= 8 {
            assert_eq!(hypervolume(&costs, &vec![1.0; d], BUDGET).unwrap().to_bits(), 1.0_f64.to_bits());
        }
        if d <= 7 {
            assert_eq!(
                contributions(&costs, &vec![1.0; d], BUDGET).unwrap(),
                [0.0, 0.0],
                "each stands for the other"
            );
        }
    }
}

#[test]
fn nothing_has_no_volume_and_no_indicator() {
    for d in 1..=9 {
        let nothing = Costs::new(Vec::new(), d).unwrap();
        assert!(filter::nondominated(&nothing, Ties::Keep).is_empty() && filter::ranks(&nothing).is_empty());
        assert!(estimate(&nothing, &vec![1.0; d], Seed(0), 64).unwrap().volume.abs() < 1e-300);
        if d <= 8 {
            assert!(hypervolume(&nothing, &vec![1.0; d], BUDGET).unwrap().abs() < 1e-300);
        }
        let one = Costs::new(vec![0.5; d], d).unwrap();
        for error in [additive_epsilon(&nothing, &one), igd_plus(&one, &nothing)] {
            assert!(error.unwrap_err().to_string().contains("empty"));
        }
    }
    assert!(r2_exact(&Costs::new(Vec::new(), 2).unwrap(), &[0.0, 0.0]).is_err());
    assert!(surfaces(&[]).is_err());
}

#[test]
fn a_point_on_the_reference_adds_nothing() {
    for d in 1..=8 {
        let mut values = vec![0.25; d];
        values[d - 1] = 1.0;
        let costs = Costs::new(values, d).unwrap();
        assert!(hypervolume(&costs, &vec![1.0; d], BUDGET).unwrap().abs() < 1e-300);
        assert_eq!(outside(&costs, &vec![1.0; d]), [0]);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(Costs::new(vec![1.0; 5], 2).is_err() && Costs::new(vec![1.0], 0).is_err());
    let costs = Costs::new(vec![1.0; 4], 2).unwrap();
    for reference in [&[2.0][..], &[2.0, f64::INFINITY], &[2.0, f64::NAN]] {
        assert!(hypervolume(&costs, reference, BUDGET).is_err());
    }
    let other = Costs::new(vec![1.0; 3], 3).unwrap();
    assert!(additive_epsilon(&costs, &other).is_err());
}

#[test]
fn a_volume_beyond_the_range_of_numbers_is_no_volume() {
    for d in 2..=7 {
        let mut values = vec![1e200; 2 * d];
        values[0] = 0.0;
        values[d + 1] = 0.0;
        let costs = Costs::new(values, d).unwrap();
        let reference = vec![2e200; d];
        let said = [
            hypervolume(&costs, &reference, BUDGET).map(|_| ()).unwrap_err(),
            contributions(&costs, &reference, BUDGET).map(|_| ()).unwrap_err(),
            estimate(&costs, &reference, Seed(0), 64).map(|_| ()).unwrap_err(),
        ];
        assert!(
            said.iter().all(|error| error.to_string().contains("beyond the range of numbers")),
            "{said:?}"
        );
    }
}

/// 200,000 points against 200,000: comparing all pairs takes minutes.
#[test]
fn who_covers_whom_is_found_without_comparing_all_pairs() {
    let start = Instant::now();
    for d in [2, 3] {
        let front = Costs::new(points("concave", d, 200_000, 7), d).unwrap();
        let behind: Vec<f64> = front.rows().flatten().map(|x| x + 1e-7).collect();
        let found = filter::covering(&front, &Costs::new(behind, d).unwrap());
        // Everybody is behind its own point at least; whoever is found first is no later.
        assert!(found.iter().enumerate().all(|(at, by)| by.is_some_and(|by| by <= at)));
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
