//! Published hypervolumes, and approximate ones beside exact ones.

use equipoise::pareto::Costs;
use equipoise::pareto::volume::{BUDGET, Fronts, contributions, estimate, hypervolume};
use equipoise::seed::Seed;

use super::generator::points;

fn volume(shape: &str, d: usize, n: usize) -> f64 {
    let costs = Costs::new(points(shape, d, n, 1000 + d as u64), d).unwrap();
    hypervolume(&costs, &vec![1.1; d], BUDGET).unwrap()
}

/// Those of 1,000 points by moocore 0.3.2, and of as many as it takes little time for.
#[test]
fn volumes_are_the_published_ones() {
    for (shape, d, n, expected) in [
        ("random", 2, 1000, 1.196_710_188_670),
        ("concave", 2, 1000, 0.423_374_512_337),
        ("convex", 2, 1000, 0.994_661_188_912),
        ("random", 3, 1000, 1.305_263_282_457),
        ("concave", 3, 1000, 0.778_309_276_647),
        ("convex", 3, 1000, 0.766_026_844_377),
        ("random", 4, 1000, 1.389_553_855_272),
        ("concave", 4, 1000, 1.056_431_409_178),
        ("convex", 4, 1000, 0.491_821_995_821),
        ("random", 5, 1000, 1.413_153_816_798),
        ("concave", 5, 1000, 1.264_946_011_403),
        ("convex", 5, 1000, 0.264_615_069_203),
        ("random", 6, 1000, 1.354_257_765_534),
        ("concave", 6, 1000, 1.439_027_593_049),
        ("convex", 6, 1000, 0.122_052_110_357),
        ("random", 2, 1_000_000, 1.209_983_859_966),
        ("concave", 2, 1_000_000, 0.424_600_750_435),
        ("convex", 2, 1_000_000, 0.995_397_378_671),
        ("random", 3, 1_000_000, 1.330_925_972_001),
        ("concave", 3, 1_000_000, 0.806_745_039_878),
        ("convex", 3, 1_000_000, 0.789_550_532_715),
        ("random", 4, 1_000_000, 1.463_643_975_050),
        ("concave", 4, 100_000, 1.142_841_186_909),
        ("convex", 4, 100_000, 0.554_667_694_121),
        ("concave", 5, 10_000, 1.379_061_152_332),
        ("convex", 5, 10_000, 0.317_117_676_138),
    ] {
        let found = volume(shape, d, n);
        assert!((found / expected - 1.0).abs() < 1e-9, "{shape} {d} {n}: {found} instead of {expected}");
    }
}

/// The same numbers however many points the small path takes on.
#[test]
fn small_fronts_have_the_volume_of_large_ones() {
    for d in 1..=6 {
        for n in [1, 2, 8, 30, 64, 65] {
            for shape in ["random", "concave", "convex"] {
                let costs = Costs::new(points(shape, d, n, 7), d).unwrap();
                let reference = vec![0.9; d];
                let mut fronts = Fronts::new(d);
                costs.rows().for_each(|row| fronts.push(row));
                let (small, large) =
                    (fronts.hypervolume(&reference), hypervolume(&costs, &reference, BUDGET).unwrap());
                assert!((small - large).abs() <= 1e-13, "{shape} {d} {n}: {small} {large}");
            }
        }
    }
}

/// The reported error is a 99 % interval: of 60 seeds at most 3 may miss (of as many, 4 and more have a probability of 0.0003).
#[test]
fn approximate_volumes_are_as_near_as_they_say() {
    for (shape, d) in [("concave", 3), ("convex", 5), ("random", 6)] {
        let costs = Costs::new(points(shape, d, 100, 11), d).unwrap();
        let reference = vec![1.1; d];
        let exact = hypervolume(&costs, &reference, BUDGET).unwrap();
        let mut missed = 0;
        for seed in 0..60 {
            let found = estimate(&costs, &reference, Seed(seed), 4096).unwrap();
            assert!(found.error > 0.0 && found.error < 0.03 * exact, "{shape} {d}: {found:?}");
            missed += usize::from((found.volume - exact).abs() > found.error);
        }
        assert!(missed <= 3, "{shape} {d}: {missed} of 60 intervals miss");
    }
    let costs = Costs::new(points("concave", 3, 100, 11), 3).unwrap();
    let of = |seed| estimate(&costs, &[1.1; 3], Seed(seed), 256).unwrap();
    assert_eq!(of(5), of(5));
    assert!(of(5) != of(6));
}

#[test]
fn what_takes_too_long_is_refused_with_an_estimate() {
    let costs = Costs::new(points("concave", 7, 1000, 1), 7).unwrap();
    let error = hypervolume(&costs, &[1.1; 7], 1_000_000).unwrap_err().to_string();
    for part in
        ["1000 points in 7 dimensions takes too long", "% of it used up", "the whole may take", "approximate"]
    {
        assert!(error.contains(part), "`{part}` is missing in: {error}");
    }
    assert!(contributions(&costs, &[1.1; 7], 1_000_000).is_err());
    let nine = Costs::new(vec![0.5; 18], 9).unwrap();
    let error = hypervolume(&nine, &[1.0; 9], BUDGET).unwrap_err().to_string();
    assert!(error.contains("9 dimensions is beyond reach"), "{error}");
    let found = estimate(&nine, &[1.0; 9], Seed(0), 1 << 16).unwrap();
    assert!((found.volume - libm::pow(0.5, 9.0)).abs() <= 1.5 * found.error, "{found:?}");
}

/// {(10¹⁶, 0), (0, 10¹⁶)} up to 10¹⁶ + 2: two strips of width 2 and length 10¹⁶ + 2 that share a square of 4; 4·10¹⁶ + 4 rounds to 4·10¹⁶.
#[test]
fn large_numbers_do_not_cancel() {
    let costs = Costs::new(vec![1e16, 0.0, 0.0, 1e16], 2).unwrap();
    let end = 1e16 + 2.0;
    assert_eq!(hypervolume(&costs, &[end, end], BUDGET).unwrap().to_bits(), 4e16_f64.to_bits());
}
