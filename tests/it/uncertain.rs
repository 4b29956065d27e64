//! How sure one can be of a front, and what its rates come to along the strengths.

use equipoise::measure::MetricKey;
use equipoise::pareto::exchange::{self, Outcome};
use equipoise::pareto::uncertain::Verdict;
use equipoise::pareto::{self, Uncertainty, curves, front, recheck, uncertainty};
use equipoise::points::{CellEvidence, Options, Study};

use crate::pareto::{ROBUST, arcs, axis, points};
use crate::points::{cell, facts, model};

const ROWS: usize = 600;

/// One configuration: strength, clean accuracy, robust accuracy.
type Given = (f64, f64, f64);

/// Models whose rows are right and stand with these probabilities.
fn study(given: &[Given], seeds: u64) -> Study {
    let facts = facts(ROWS, 10);
    let one = |seed: u64, (strength, clean, robust): &Given| -> CellEvidence {
        cell(*strength, seed, Ok(model(&facts, seed, *clean, &[0.2], |_| robust / clean)))
    };
    let cells: Vec<CellEvidence> = (0..seeds)
        .flat_map(|seed| given.iter().map(move |given| (seed, given)))
        .map(|(s, g)| one(s, g))
        .collect();
    Study::new(&cells, Options { resamples: 300, ..Options::default() }).unwrap()
}

fn judged(study: &Study) -> (pareto::Front, Uncertainty) {
    let found = front(study, &[axis(ROBUST), axis("accuracy")], |_| true);
    let uncertainty = uncertainty(study, &found).unwrap();
    (found, uncertainty)
}

fn value(study: &Study, point: usize, key: &str) -> f64 {
    study.points[point].value(&key.parse::<MetricKey>().unwrap()).unwrap()
}

#[test]
fn verdicts_need_seven_seeds_and_name_who_dominates() {
    let given = [(0.0, 0.95, 0.1), (0.1, 0.85, 0.6), (0.2, 0.7, 0.4)];
    let (front, found) = judged(&study(&given, 8));
    let expected = [Verdict::OnFront, Verdict::OnFront, Verdict::DominatedBy(1)];
    assert_eq!(found.verdicts, expected.map(Some));
    assert_eq!(front.dominated, [(2, 1)]);
    let (_, few) = judged(&study(&given, 6));
    assert_eq!(few.verdicts, [None; 3]);
    // A point in all but its name the same: nobody can tell which of the two is on the front.
    let (_, near) = judged(&study(&[(0.0, 0.8, 0.5), (0.1, 0.797, 0.503), (0.2, 0.5, 0.1)], 8));
    assert_eq!(near.verdicts[..2], [Some(Verdict::Undecided); 2]);
    assert!(matches!(near.verdicts[2], Some(Verdict::DominatedBy(0 | 1))), "{:?}", near.verdicts);
}

#[test]
fn a_bend_is_a_knee_and_a_straight_front_has_none() {
    let bent = study(&[(0.0, 0.97, 0.1), (0.1, 0.92, 0.75), (0.2, 0.9, 0.76), (0.3, 0.82, 0.8)], 8);
    let (_, found) = judged(&bent);
    let chord = &found.knees[0];
    assert_eq!((chord.definition, chord.point), ("chord", Some(1)), "{:?}", found.knees);
    let depth = found.depth.unwrap();
    // By hand: the distance of the second mean from the line through the first and the last.
    let place = |point: usize| (value(&bent, point, ROBUST), value(&bent, point, "accuracy"));
    let ((a, b), (c, d), (x, y)) = (place(0), place(3), place(1));
    let expected = ((c - a) * (y - b) - (d - b) * (x - a)).abs() / ((c - a).powi(2) + (d - b).powi(2)).sqrt();
    assert!((depth.distance - expected).abs() < 1e-12, "{depth:?} {expected}");
    assert_eq!(depth.is_shown(), Some(true));
    for bend in &found.knees {
        let all: f64 = bend.frequency.iter().map(|(_, share)| share).sum::<f64>() + bend.none.unwrap();
        assert!((all - 1.0).abs() < 1e-12, "{bend:?}");
        assert!(bend.frequency.windows(2).all(|pair| pair[0].1 >= pair[1].1), "most frequent first");
    }
    assert!(chord.frequency[0].0 == 1 && chord.frequency[0].1 > 0.6, "{:?}", chord.frequency);
    let (_, straight) = judged(&study(&[(0.0, 0.9, 0.3), (0.1, 0.8, 0.4), (0.2, 0.7, 0.5)], 8));
    assert_ne!(straight.depth.and_then(|depth| depth.is_shown()), Some(true), "{:?}", straight.depth);
    let (_, single) = judged(&study(&[(0.0, 0.9, 0.3), (0.1, 0.85, 0.6), (0.2, 0.7, 0.65)], 1));
    assert_eq!(single.depth.unwrap().interval, None, "one seed knows no interval");
}

#[test]
fn bands_lie_in_one_another_and_have_the_levels_that_seeds_allow() {
    let study = study(&[(0.0, 0.95, 0.1), (0.1, 0.85, 0.6), (0.2, 0.6, 0.62)], 5);
    let (_, found) = judged(&study);
    let levels: Vec<(&str, usize)> = found.bands.iter().map(|band| (band.name, band.seeds)).collect();
    assert_eq!(levels, [("best", 1), ("25 %", 2), ("50 %", 3), ("75 %", 4), ("worst", 5)]);
    let keys = [ROBUST, "accuracy"].map(|key| key.parse::<MetricKey>().unwrap());
    let at = |point: usize, seed: usize| {
        [0, 1].map(|axis: usize| study.points[point].measures[&keys[axis]].per_seed[seed].get().unwrap())
    };
    let attained = |place: &[f64]| {
        let reaches = |seed: &usize| {
            (0..3).any(|point| at(point, *seed).iter().zip(place).all(|(value, place)| value >= place))
        };
        (0..5).filter(reaches).count()
    };
    for band in &found.bands {
        assert!(!band.corners.is_empty());
        for corner in &band.corners {
            assert!(attained(corner) >= band.seeds, "{band:?}");
            // A corner: a hair better on either axis and fewer attain it.
            let beyond = |axis: usize| {
                let mut place = corner.clone();
                place[axis] += 1e-9;
                attained(&place)
            };
            assert!(beyond(0) < band.seeds && beyond(1) < band.seeds, "{band:?}");
        }
    }
    for point in 0..3 {
        let mean = [value(&study, point, ROBUST), value(&study, point, "accuracy")];
        assert_eq!(found.attained[point], Some(attained(&mean)));
    }
}

#[test]
fn robust_error_is_clean_error_plus_boundary_error() {
    let study = study(&[(0.0, 0.95, 0.1), (0.1, 0.85, 0.6), (0.2, 0.6, 0.55)], 3);
    for point in 0..3 {
        let attacked = |id: &str| value(&study, point, &ROBUST.replace("robust_accuracy", id));
        let (clean, robust) = (value(&study, point, "accuracy"), value(&study, point, ROBUST));
        assert!(((1.0 - clean) + attacked("boundary_error") - (1.0 - robust)).abs() < 1e-12);
        let measures = &study.points[point].measures;
        let per_seed = |key: &str| measures[&key.parse::<MetricKey>().unwrap()].per_seed.clone();
        let given = per_seed(&ROBUST.replace("robust_accuracy", "robust_given_correct"));
        let shares = per_seed(ROBUST).into_iter().zip(per_seed("accuracy"));
        for (given, (robust, clean)) in given.iter().zip(shares) {
            assert!((given.get().unwrap() - robust.get().unwrap() / clean.get().unwrap()).abs() < 1e-12);
        }
    }
}

/// Robust accuracy falls at the last step: the two share the mean weighted by 1 / variance, and the fall is told with its p-value.
#[test]
fn a_curve_is_monotone_and_says_where_the_models_are_not() {
    let study = study(&[(0.0, 0.9, 0.2), (0.1, 0.93, 0.5), (0.2, 0.8, 0.7), (0.3, 0.75, 0.6)], 8);
    let (safety, security) = (axis("accuracy"), axis(ROBUST));
    let rates = exchange::arcs(&study.points, |_| true, &safety, &security);
    let found = curves(&study, |_| true, &rates, &safety, &security);
    let [curve] = found.as_slice() else { panic!("one sweep: {found:?}") };
    assert_eq!(curve.points, [0, 1, 2, 3]);
    let pooled = |key: &str, a: usize, b: usize| {
        let weight = |point: usize| {
            let measured = &study.points[point].measures[&key.parse::<MetricKey>().unwrap()];
            1.0 / (measured.sd_seed.unwrap().powi(2) / 8.0 + measured.sd_row.unwrap().powi(2))
        };
        (weight(a) * value(&study, a, key) + weight(b) * value(&study, b, key)) / (weight(a) + weight(b))
    };
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    let expected = pooled(ROBUST, 2, 3);
    near(curve.fitted_security[2], expected);
    near(curve.fitted_security[3], expected);
    near(curve.fitted_security[1], value(&study, 1, ROBUST));
    // Clean accuracy rises at the first step, against the assumption that safety never does.
    near(curve.fitted_safety[0], pooled("accuracy", 0, 1));
    near(curve.fitted_safety[1], pooled("accuracy", 0, 1));
    let wrong: Vec<(usize, &str, bool)> =
        curve.wrong_ways.iter().map(|w| (w.from, w.key.id.as_str(), w.is_shown())).collect();
    assert_eq!(wrong, [(2, "robust_accuracy", true), (0, "accuracy", true)]);
    assert_eq!(curve.win_wins, [(0, 1)]);
    // 0 → 1: security bought for nothing; 1 → 2: at a price; 2 → 3: safety lost, nothing bought.
    let slopes: Vec<Option<f64>> = curve.slopes.iter().map(|slope| slope.rate).collect();
    assert_eq!(slopes.len(), 3);
    near(slopes[0].unwrap(), 0.0);
    let gain =
        (value(&study, 2, "accuracy") - curve.fitted_safety[1]) / (expected - value(&study, 1, ROBUST));
    near(slopes[1].unwrap(), gain);
    let (low, high) = curve.slopes[1].interval.unwrap();
    assert!(low < gain && gain < high && high < 0.0, "{low} {gain} {high}");
    assert_eq!(slopes[2], None);
    assert_eq!(curve.corners, [1, 2]);
    // Six seeds say nothing in general.
    let few = self::study(&[(0.0, 0.9, 0.2), (0.1, 0.93, 0.5), (0.2, 0.8, 0.7), (0.3, 0.75, 0.6)], 6);
    let few = curves(&few, |_| true, &[], &safety, &security);
    assert!(few[0].wrong_ways.iter().all(|wrong| wrong.p_value.is_none()));
    assert!(few[0].slopes.iter().all(|slope| slope.interval.is_none()));
}

#[test]
fn a_rate_whose_sign_turns_is_flagged_and_a_clear_one_is_called_so() {
    let at = |safety: [f64; 3]| {
        points(&[
            (0.0, vec![0.9, 0.91, 0.9], vec![0.2, 0.21, 0.19]),
            (0.1, safety.to_vec(), vec![0.5, 0.5, 0.52]),
        ])
    };
    let paid = at([0.85, 0.85, 0.86]);
    let gained = at([0.95, 0.95, 0.96]);
    let hardly = at([0.9, 0.915, 0.899]);
    let check = |other: &[equipoise::points::Point]| {
        let found = recheck(&arcs(&paid), &paid, &arcs(other), other);
        assert_eq!(found.len(), 1);
        found[0].clone()
    };
    let same = check(&paid);
    assert!(!same.turned && same.clear && same.again == arcs(&paid)[0]);
    let turned = check(&gained);
    assert!(turned.turned && turned.clear);
    assert_eq!(turned.again.outcome, Outcome::WinWin);
    let noisy = check(&hardly);
    assert!(noisy.turned && !noisy.clear, "{noisy:?}");
    // Points of other coordinates are no counterparts.
    let mut elsewhere = gained.clone();
    elsewhere[1].coordinates.insert("strength".into(), "0.3".into());
    assert!(recheck(&arcs(&paid), &paid, &arcs(&elsewhere), &elsewhere).is_empty());
}
