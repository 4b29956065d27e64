//! From numbers to words: every verdict and shape.

use equipoise::gate::{
    self, CrossCheck, Later, Policy, Rules, Sampled, Shape, Side, State, Subject, Verdict, Word,
};
use equipoise::measure::{Pillar, Value};

use super::simulation::{keys, side};

const SEEDS: usize = 7;

/// Curves of three points; the candidate's costs rise by `worse[point][metric]` at every seed, plus `noise` with alternating sign.
fn pair(worse: [[f64; 2]; 3], noise: f64) -> (Side, Side) {
    let curve = [[0.95, 0.10], [0.90, 0.40], [0.80, 0.55]];
    let values = |change: &dyn Fn(usize, usize, usize) -> f64| {
        (0..3)
            .map(|point| {
                (0..2)
                    .map(|metric| {
                        (0..SEEDS)
                            .map(|seed| {
                                curve[point][metric] + 0.003 * seed as f64 - change(point, metric, seed)
                            })
                            .collect()
                    })
                    .collect()
            })
            .collect()
    };
    let sign = |seed: usize| if seed.is_multiple_of(2) { 1.0 } else { -1.0 };
    let mut sides = (
        side(values(&|_, _, _| 0.0), SEEDS),
        side(values(&|point, metric, seed| worse[point][metric] + noise * sign(seed)), SEEDS),
    );
    for gated in &mut sides.0.gated {
        gated.margin = 0.005;
    }
    sides
}

fn rules(policy: Policy) -> Rules {
    Rules { alpha: 0.05, policy, hypervolume_margin: 0.005, epsilon_margin: 0.005, claim: None }
}

fn judged((baseline, candidate): &(Side, Side), rules: &Rules, later: Later) -> Verdict {
    let comparison = gate::compare(baseline, candidate);
    let tests =
        comparison.obstacles.is_empty() && comparison.missing.is_empty() && !comparison.is_identical();
    let examination = tests.then(|| gate::examine(baseline, candidate, &comparison, rules));
    gate::conclude(baseline, &comparison, examination, later, rules)
}

fn word(pair: &(Side, Side)) -> (Word, Option<Shape>) {
    let verdict = judged(pair, &rules(Policy::Detect), Later::default());
    (verdict.word, verdict.shape)
}

const NONE: [[f64; 2]; 3] = [[0.0; 2]; 3];

#[test]
fn every_word_has_its_numbers() {
    assert_eq!(word(&pair(NONE, 0.0)), (Word::Identical, None));
    assert_eq!(word(&pair(NONE, 0.001)), (Word::NoChange, None));
    assert_eq!(word(&pair([[0.002; 2]; 3], 0.0)), (Word::ChangedWithinMargin, None));
    assert_eq!(word(&pair(NONE, 0.02)).0, Word::Inconclusive, "a deviation of 2 points hides half a point");
    assert_eq!(word(&pair([[0.02; 2]; 3], 0.0)), (Word::Regressed, Some(Shape::Regressed)));
    assert_eq!(word(&pair([[-0.02; 2]; 3], 0.0)), (Word::Improved, Some(Shape::Improved)));
}

#[test]
fn shapes_say_how_the_curve_moved() {
    // A point far inside the front loses: the hypervolume does not move. The first point's security is worth little volume.
    assert_eq!(word(&pair([[0.02, 0.0], [0.0; 2], [0.0; 2]], 0.0)).1, Some(Shape::Bent));
    // Along the curve: security up, safety down, in the middle, at about equal volume.
    assert_eq!(word(&pair([[0.0; 2], [0.02, -0.02], [0.0; 2]], 0.0)).1, Some(Shape::Slide));
    // The same with a loss that the gain does not make up for.
    assert_eq!(word(&pair([[0.0; 2], [0.2, -0.01], [0.2, 0.0]], 0.0)).1, Some(Shape::Mixed));
}

#[test]
fn one_constant_loss_is_found_among_many_numbers_and_named() {
    let mut worse = NONE;
    worse[1][1] = 0.02;
    let verdict = judged(&pair(worse, 0.0), &rules(Policy::Detect), Later::default());
    assert_eq!(verdict.word, Word::Regressed);
    assert!(verdict.reasons[0].contains("robust accuracy (L∞ 0.1) at strength=1"), "{:?}", verdict.reasons);
    let examination = verdict.examination.unwrap();
    let found = &examination.endpoints[examination.alarms()[0]];
    assert_eq!(found.state, State::Worse);
    assert!((found.mean - 0.02).abs() < 1e-12);
    // Alone it would be 2^-7. The numbers that did not change are 0.5 points below their margins at every seed, so that the world with all
    // signs turned holds something as extreme as what was seen.
    assert!((found.worse - 2.0 / 128.0).abs() < 1e-12, "{}", found.worse);
    assert!((found.worse_at_all - 1.0 / 128.0).abs() < 1e-12, "{}", found.worse_at_all);
    let (low, high) = found.interval.unwrap();
    assert!((low - 0.02).abs() < 1e-12 && (high - 0.02).abs() < 1e-12);
}

#[test]
fn a_loss_below_the_margin_is_no_alarm_and_one_above_is() {
    for (loss, expected) in [(0.0049, Word::ChangedWithinMargin), (0.0051, Word::Regressed)] {
        // In one number: the hypervolume, a product, would lose half as much again were it both.
        assert_eq!(word(&pair([[0.0, loss]; 3], 0.0)).0, expected, "{loss}");
    }
}

#[test]
fn four_seeds_show_nothing_at_five_percent() {
    let mut sides = pair([[0.2; 2]; 3], 0.0);
    for side in [&mut sides.0, &mut sides.1] {
        side.seeds.truncate(4);
        for values in side.points.iter_mut().flat_map(|point| point.values.values_mut()) {
            values.truncate(4);
        }
    }
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!(verdict.word, Word::Inconclusive);
    assert!(verdict.notes.iter().any(|note| note.contains("at least 5 are needed")), "{:?}", verdict.notes);
}

#[test]
fn certify_wants_every_endpoint_shown_to_be_no_worse() {
    let certify = |pair: &(Side, Side)| judged(pair, &rules(Policy::Certify), Later::default()).word;
    assert_eq!(certify(&pair(NONE, 0.001)), Word::NoChange);
    assert_eq!(certify(&pair([[0.002; 2]; 3], 0.0)), Word::ChangedWithinMargin);
    assert_eq!(certify(&pair(NONE, 0.02)), Word::Inconclusive);
    // Worse by about the margin, with little noise: a change of the size of the margin would be seen, and no worse is not shown.
    assert_eq!(certify(&pair([[0.0, 0.005]; 3], 0.001)), Word::NotCertified);
    assert_eq!(certify(&pair([[0.02; 2]; 3], 0.0)), Word::Regressed);
}

/// Security gains 2 points; safety has noise of 2 points, so that it may have lost one.
#[test]
fn a_gain_in_one_pillar_owes_the_other_to_be_no_worse() {
    let mut sides = pair([[0.0, -0.02], [0.0, -0.02], [0.0, -0.02]], 0.0);
    assert_eq!(word(&sides).0, Word::Improved);
    for point in &mut sides.1.points {
        for (seed, value) in point.values.get_mut(&keys()[0]).unwrap().iter_mut().enumerate() {
            let sign = if seed.is_multiple_of(2) { 1.0 } else { -1.0 };
            *value = Value::Defined(value.get().unwrap() + 0.02 * sign);
        }
    }
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!(verdict.word, Word::Inconclusive);
    assert!(
        verdict.reasons[0].contains("but not that the rest is no worse than its margin: clean accuracy"),
        "{:?}",
        verdict.reasons
    );
}

#[test]
fn a_claim_that_is_not_shown_is_inconclusive() {
    let claims = |pillar| Rules { claim: Some(pillar), ..rules(Policy::Detect) };
    let sides = pair([[0.0, -0.02], [0.0, -0.02], [0.0, -0.02]], 0.0);
    assert_eq!(judged(&sides, &claims(Pillar::Security), Later::default()).word, Word::Improved);
    assert_eq!(judged(&sides, &claims(Pillar::Safety), Later::default()).word, Word::Inconclusive);
    let same = judged(&pair(NONE, 0.0), &claims(Pillar::Security), Later::default());
    assert_eq!(same.word, Word::Inconclusive);
    assert!(same.reasons[0].contains("changes nothing"), "{:?}", same.reasons);
}

#[test]
fn gains_under_attack_are_said_to_be_unchecked_and_unexplained_ones_fail() {
    let sides = pair([[0.0, -0.02], [0.0; 2], [0.0; 2]], 0.0);
    let unchecked = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!(unchecked.word, Word::Improved);
    assert!(unchecked.notes.iter().any(|note| note.contains("not cross-checked")), "{:?}", unchecked.notes);
    let examination = unchecked.examination.unwrap();
    let gains = examination.doubtful_gains();
    let of_numbers: Vec<_> = gains
        .iter()
        .filter(|(at, _)| matches!(examination.endpoints[*at].endpoint.subject, Subject::Number { .. }))
        .collect();
    let [(gain, Subject::Number { key, .. })] = of_numbers.as_slice() else { panic!("{of_numbers:?}") };
    assert_eq!(*key, keys()[1]);
    // The front gained with it, and what stands behind is looked for at each of its three points.
    let front: Vec<_> = gains.iter().filter(|(at, _)| at != gain).collect();
    assert!(!front.is_empty() && front.len().is_multiple_of(3), "{front:?}");
    for (weaker, transferred, expected) in
        [(0.0, 0.0, Word::Improved), (0.02, 0.0, Word::Suspect), (0.0, 0.02, Word::Suspect)]
    {
        let checks = vec![CrossCheck { endpoint: *gain, weaker, transferred, fallen: 0.5 }];
        let later = Later { cross_checks: Some(checks), ..Later::default() };
        let verdict = judged(&sides, &rules(Policy::Detect), later);
        assert_eq!(verdict.word, expected);
        assert!(!verdict.notes.iter().any(|note| note.contains("not cross-checked")));
    }
}

#[test]
fn requirements_come_on_top() {
    let sides = pair(NONE, 0.0);
    let held = |limit: &str| {
        let point: &Sampled = &sides.1.points[1];
        gate::hold(&limit.parse().unwrap(), &keys()[0], &point.name, &point.values[&keys()[0]], 0.05)
    };
    for (limit, expected) in [("accuracy>=0.85", Word::Identical), ("accuracy>=0.95", Word::Violated)] {
        let later = Later { held: vec![held(limit)], ..Later::default() };
        assert_eq!(judged(&sides, &rules(Policy::Detect), later).word, expected, "{limit}");
    }
    // 0.90 to 0.918: above 0.905 on average, not at every seed.
    for (policy, expected) in [(Policy::Detect, Word::Identical), (Policy::Certify, Word::NotCertified)] {
        let later = Later { held: vec![held("accuracy>=0.908")], ..Later::default() };
        assert_eq!(judged(&sides, &rules(policy), later).word, expected);
    }
}

#[test]
fn sides_that_were_not_measured_alike_are_not_compared() {
    let change = |change: &dyn Fn(&mut Side)| {
        let mut sides = pair(NONE, 0.0);
        change(&mut sides.1);
        let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
        assert_eq!(verdict.word, Word::NotComparable);
        verdict.reasons.join("; ")
    };
    assert!(change(&|side| side.fingerprint = "1".repeat(64)).contains("the data or their split differ"));
    assert!(change(&|side| side.definitions = 2).contains("metrics are defined differently"));
    assert!(change(&|side| side.seeds[6] = 9).contains("the seeds differ"));
    assert!(change(&|side| side.objectives.swap(0, 1)).contains("other axes"));
    assert!(change(&|side| side.objectives[0].reference = 0.5).contains("other axes"));
    assert!(change(&|side| side.front_model = "best-clean".to_owned()).contains("another model"));
    assert!(
        change(&|side| side.points.iter_mut().for_each(|p| p.name.push('x')))
            .contains("no point of the baseline")
    );
    let other = change(&|side| {
        for point in &mut side.points {
            let values = point.values.remove(&keys()[1]).unwrap();
            point.values.insert("robust_accuracy!other:linf:0.1".parse().unwrap(), values);
        }
    });
    assert!(other.contains("the attack or the threat differs") && other.contains("!other:"), "{other}");
}

/// A sweep of many radii under another attack: one sentence names a few, and the whole list is kept.
#[test]
fn many_differences_are_told_in_few_words() {
    let mut sides = pair(NONE, 0.0);
    let radii: Vec<String> = (1..=9).map(|at| format!("robust_accuracy!other:linf:0.{at}")).collect();
    for point in &mut sides.1.points {
        let values = point.values.remove(&keys()[1]).unwrap();
        for radius in &radii {
            point.values.insert(radius.parse().unwrap(), values.clone());
        }
    }
    sides.1.seeds = (100..140).collect();
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!(verdict.word, Word::NotComparable);
    let (brief, full) = (verdict.reasons.join("; "), verdict.reasons_in_full.join("; "));
    assert_eq!(brief.matches("!other:").count(), 3, "{brief}");
    assert!(brief.contains("and 6 more here") && brief.contains("109 and 30 more here"), "{brief}");
    assert!(
        radii.iter().all(|radius| full.contains(radius.as_str())) && full.contains(", 139 here"),
        "{full}"
    );
}

#[test]
fn what_is_missing_or_undefined_is_incomplete_and_other_points_are_named() {
    let mut sides = pair(NONE, 0.0);
    sides.1.missing.push(("strength=1,seed=3".to_owned(), "training diverged".to_owned()));
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!(verdict.word, Word::Incomplete);
    assert!(verdict.reasons[0].contains("training diverged"));

    let mut sides = pair(NONE, 0.0);
    sides.1.points[0].values.get_mut(&keys()[1]).unwrap()[2] = Value::undefined("a check failed");
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!(verdict.word, Word::Incomplete);
    assert!(verdict.reasons[0].contains("strength=0, seed 2: a check failed"), "{:?}", verdict.reasons);

    // A sweep that lost a point is not held to it: its loss must not pass for no change.
    let mut sides = pair(NONE, 0.0);
    sides.1.points.remove(2);
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!((verdict.word, verdict.points), (Word::Incomplete, 2));
    assert_eq!(verdict.only_baseline, ["strength=2"]);
    assert!(
        verdict.reasons[0].contains("point strength=2: only the baseline has it"),
        "{:?}",
        verdict.reasons
    );

    // One that gained a point is judged on the others.
    let mut sides = pair(NONE, 0.0);
    sides.0.points.remove(2);
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!((verdict.word, verdict.points), (Word::NoChange, 2));
    assert!(verdict.reasons[0].contains("both sides have is the same, bit for bit"), "{:?}", verdict.reasons);
    assert!(verdict.notes[0].contains("does not have all points"), "{:?}", verdict.notes);
}

/// Undefines `points` of a number on both sides, at one seed.
fn undefined(sides: &mut (Side, Side), metric: usize, points: std::ops::Range<usize>) {
    for side in [&mut sides.0, &mut sides.1] {
        for point in &mut side.points[points.clone()] {
            point.values.get_mut(&keys()[metric]).unwrap()[0] = Value::undefined("withheld");
        }
    }
}

#[test]
fn a_number_that_no_point_has_is_incomplete_and_never_a_success() {
    for policy in [Policy::Detect, Policy::Certify] {
        for changed in [NONE, [[-0.02; 2]; 3]] {
            let mut sides = pair(changed, 0.0);
            undefined(&mut sides, 1, 0..3);
            let verdict = judged(&sides, &rules(policy), Later::default());
            assert_eq!(verdict.word, Word::Incomplete);
            assert!(
                verdict.reasons[0].contains("undefined at every point: withheld"),
                "{:?}",
                verdict.reasons
            );
        }
    }
}

#[test]
fn what_cannot_be_tested_is_not_certified() {
    let mut sides = pair(NONE, 0.0);
    undefined(&mut sides, 1, 0..1);
    let word = |policy| judged(&sides, &rules(policy), Later::default()).word;
    assert_eq!((word(Policy::Detect), word(Policy::Certify)), (Word::Identical, Word::NotCertified));
    let notes = judged(&sides, &rules(Policy::Detect), Later::default()).notes;
    assert!(notes.iter().any(|note| note.contains("not tested")), "{notes:?}");
}

/// Unpaired, epsilon cannot be asked again; that must not keep alive what every number that can be asked takes back.
#[test]
fn alarms_that_cannot_be_asked_again_fall_with_the_others() {
    let sides = pair([[0.02; 2]; 3], 0.0);
    let comparison = gate::compare(&sides.0, &sides.1);
    let rules = rules(Policy::Detect);
    let first = gate::examine(&sides.0, &sides.1, &comparison, &rules);
    let mut fresh = sides.0.clone();
    fresh.seeds = (7..14).collect();
    let confirmation = gate::confirm(&first, &sides.0, &fresh, false, &rules);
    assert!(confirmation.alarms.iter().any(|alarm| alarm.p.is_none()), "epsilon");
    assert!(!confirmation.stands(), "{confirmation:?}");
    let later = Later { confirmation: Some(confirmation), ..Later::default() };
    let verdict = gate::conclude(&sides.0, &comparison, Some(first), later, &rules);
    assert_eq!((verdict.word, verdict.shape), (Word::Inconclusive, None));
}

#[test]
fn only_alarms_that_stand_are_named() {
    let mut worse = NONE;
    (worse[0][0], worse[2][0]) = (0.03, 0.02);
    let sides = pair(worse, 0.0);
    let comparison = gate::compare(&sides.0, &sides.1);
    let rules = rules(Policy::Detect);
    let examination = gate::examine(&sides.0, &sides.1, &comparison, &rules);
    let at = |endpoint: usize| match &examination.endpoints[endpoint].endpoint.subject {
        Subject::Number { point, .. } => point.clone(),
        Subject::Hypervolume | Subject::Epsilon => String::new(),
    };
    let alarms = examination.alarms();
    let asked = |endpoint: &usize| gate::Confirmed {
        endpoint: *endpoint,
        mean: Some(0.0),
        p: Some(0.5),
        stands: at(*endpoint) == "strength=2",
    };
    let alarms = alarms.iter().map(asked).collect();
    let confirmation = gate::Confirmation { seeds: (7..14).collect(), paired: true, alarms };
    let later = Later { confirmation: Some(confirmation), ..Later::default() };
    let verdict = gate::conclude(&sides.0, &comparison, Some(examination.clone()), later, &rules);
    assert_eq!(verdict.word, Word::Regressed);
    assert!(verdict.reasons[0].ends_with("clean accuracy at strength=2"), "{:?}", verdict.reasons);
}

/// An error rate that an attack bounds from below flatters as much as an accuracy that it bounds from above.
#[test]
fn gains_on_the_flattering_side_of_any_bound_are_doubtful() {
    let mut sides = pair([[0.0, 0.02], [0.0; 2], [0.0; 2]], 0.0);
    for side in [&mut sides.0, &mut sides.1] {
        side.gated[1].direction = equipoise::measure::Direction::Lower;
        side.gated[1].bound = equipoise::measure::Bound::Lower;
        side.objectives[1].direction = equipoise::measure::Direction::Lower;
    }
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    let gains = verdict.examination.as_ref().unwrap().doubtful_gains();
    assert!(
        gains
            .iter()
            .any(|(_, subject)| matches!(subject, Subject::Number { point, .. } if point == "strength=0"))
    );
    assert!(verdict.notes.iter().any(|note| note.contains("not cross-checked")), "{:?}", verdict.notes);
}

#[test]
fn undefined_on_both_sides_is_left_out_and_said() {
    let mut sides = pair([[0.02; 2]; 3], 0.0);
    for side in [&mut sides.0, &mut sides.1] {
        side.points[0].values.get_mut(&keys()[1]).unwrap()[0] = Value::undefined("withheld");
    }
    let verdict = judged(&sides, &rules(Policy::Detect), Later::default());
    assert_eq!(verdict.word, Word::Regressed);
    assert!(
        verdict
            .notes
            .iter()
            .any(|note| note.contains("not tested") && note.contains("at strength=0 (withheld)")),
        "{:?}",
        verdict.notes
    );
    assert_eq!(verdict.examination.unwrap().endpoints.len(), 5 + 2);
}

/// The curve of three points, the middle one moved below the first by 0.5 in accuracy: it leaves the front.
#[test]
fn both_sides_lie_on_one_plane() {
    let (baseline, candidate) = pair([[0.0, 0.0], [0.5, 0.35], [0.0, 0.0]], 0.0);
    let overlay = gate::overlay(&baseline, &candidate).unwrap();
    assert_eq!(overlay.points.len(), 3);
    // Means over seeds: 0.003 × 3 above the values at seed 0. The second metric is the one of security.
    let near = |found: Option<(f64, f64)>, expected: (f64, f64)| {
        let (x, y) = found.unwrap();
        assert!((x - expected.0).abs() < 1e-12 && (y - expected.1).abs() < 1e-12, "{x} {y}");
    };
    near(overlay.points[0].baseline, (0.109, 0.959));
    near(overlay.points[1].candidate, (0.059, 0.409));
    assert_eq!(overlay.fronts, [vec![0, 1, 2], vec![0, 2]]);
    let mut fewer = candidate.clone();
    fewer.points.truncate(2);
    let overlay = gate::overlay(&baseline, &fewer).unwrap();
    assert_eq!((overlay.points.len(), overlay.points[2].candidate), (3, None));
}
