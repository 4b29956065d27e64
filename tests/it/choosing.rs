//! Choosing on validation rows and owning stretches of a front, against numbers worked out by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use equipoise::evidence::{Certificates, Effort, EvasionFacts, Evidence, Shift, Split, SplitFacts, UNION};
use equipoise::measure::Norm;
use equipoise::pareto::{Objective, choose, front, ownership};
use equipoise::points::{CellEvidence, Options, Study};
use equipoise::seed::Seed;

use crate::metrics::outputs;

pub(crate) const ROBUST: &str = "robust_accuracy!suite:linf:0.2";

pub(crate) fn facts(split: Split, n: usize) -> Arc<SplitFacts> {
    Arc::new(SplitFacts {
        split,
        rows: (0..n as u32).collect(),
        labels: (0..n).map(|row| (row % 2) as u16).collect(),
        classes: vec!["a".into(), "b".into()],
        positive: Some(1),
        attributes: Vec::new(),
        units: None,
    })
}

/// A model that is right on the first `right` rows, of which the first `standing` withstand the attack.
pub(crate) fn exact(facts: &Arc<SplitFacts>, right: usize, standing: usize) -> Arc<Evidence> {
    let predictions: Vec<u16> = facts
        .labels
        .iter()
        .enumerate()
        .map(|(row, label)| if row < right { *label } else { 1 - label })
        .collect();
    let attacked: Vec<u16> = facts
        .labels
        .iter()
        .enumerate()
        .map(|(row, label)| if row < standing { *label } else { 1 - label })
        .collect();
    let standing: Vec<bool> = (0..facts.len()).map(|row| row < standing).collect();
    Arc::new(Evidence {
        certificates: Certificates::default(),
        explanations: None,
        shift: Shift::default(),
        facts: facts.clone(),
        clean: outputs(&predictions),
        evasion: vec![EvasionFacts {
            attack: UNION.into(),
            protocol: "suite".into(),
            norm: Norm::Linf,
            epsilon: 0.2,
            exact: false,
            tried: vec![true; facts.len()],
            effort: Effort::default(),
            distance: standing.iter().map(|s| if *s { f32::INFINITY } else { 0.0 }).collect(),
            standing,
            first_success: outputs(&attacked),
            max_loss: outputs(&attacked),
        }],
        checks: Vec::new(),
        probabilities: None,
        temperature: None,
    })
}

pub(crate) fn cell(
    defense: &str,
    strength: f64,
    model: &str,
    seed: u64,
    evidence: Arc<Evidence>,
) -> CellEvidence {
    let coordinates = BTreeMap::from([
        ("defense".to_owned(), defense.to_owned()),
        ("strength".to_owned(), strength.to_string()),
    ]);
    CellEvidence {
        coordinates,
        defense: defense.into(),
        strength,
        model: model.into(),
        seed,
        outcome: Ok(evidence),
    }
}

fn axes() -> [Objective; 2] {
    [ROBUST, "accuracy"].map(|key| Objective::of(&key.parse().unwrap()).unwrap())
}

/// Four configurations as (right, standing) of 10 validation and of 20 test rows. On validation rows the third is dominated by
/// the second, though on test rows it is the best of all; the fourth is dominated there by the second.
#[test]
fn validation_chooses_and_test_states_the_optimism() {
    let on_validation = [(9, 3), (8, 5), (8, 4), (7, 6)];
    let on_test = [(17, 5), (15, 10), (18, 12), (14, 9)];
    let names = [(0.1, "last"), (0.1, "epoch-2"), (0.2, "last"), (0.2, "epoch-2")];
    let study = |split, n, counts: [(usize, usize); 4]| {
        let facts = facts(split, n);
        let cells: Vec<CellEvidence> = names
            .iter()
            .zip(counts)
            .map(|((strength, model), (right, standing))| {
                cell("at", *strength, model, 0, exact(&facts, right, standing))
            })
            .collect();
        Study::new(&cells, Options { resamples: 0, ..Options::default() }).unwrap()
    };
    let validation = study(Split::Validation, 10, on_validation);
    let test = study(Split::Test, 20, on_test);
    let index = |strength: f64, model: &str| {
        let own = |point: &equipoise::points::Point| {
            point.strength.to_bits() == strength.to_bits() && point.model == model
        };
        test.points.iter().position(own).unwrap()
    };
    let [first, second, third, fourth] = names.map(|(strength, model)| index(strength, model));
    let choice = choose(&validation, &axes(), &test.points, &axes(), |_| true, |_, _| false);
    let sorted = |mut list: Vec<usize>| {
        list.sort_unstable();
        list
    };
    assert_eq!(choice.chosen, sorted(vec![first, second, fourth]));
    assert_eq!(choice.candidates, [0, 1, 2, 3]);
    assert!(choice.excluded.is_empty());
    // Robust: (.3 + .5 + .6)/3 against (.25 + .5 + .45)/3. Clean: (.9 + .8 + .7)/3 against (.85 + .75 + .7)/3. Over all four the means
    // agree on both kinds of rows.
    for (row, (on_validation, on_test)) in
        choice.optimism.iter().zip([(1.4 / 3.0, 1.2 / 3.0), (2.4 / 3.0, 2.3 / 3.0)])
    {
        assert!(
            (row.validation - on_validation).abs() < 1e-12 && (row.test - on_test).abs() < 1e-12,
            "{row:?}"
        );
        assert!(
            (row.difference() - (on_validation - on_test)).abs() < 1e-12 && row.all.abs() < 1e-12,
            "{row:?}"
        );
    }
    // Where the fourth is the same model as the second, both stand for it, and it is counted once: means of the first and second alone.
    let model =
        |point: &equipoise::points::Point| [second, fourth].contains(&index(point.strength, &point.model));
    let same = |a: &equipoise::points::Point, b: &equipoise::points::Point| model(a) && model(b);
    let with = choose(&validation, &axes(), &test.points, &axes(), |_| true, same);
    assert_eq!((&with.chosen, &with.candidates), (&choice.chosen, &choice.candidates));
    assert_eq!(with.copies, [second.max(fourth)]);
    assert_eq!(with.distinct(with.chosen.iter().copied()), 2);
    assert_eq!(with.distinct(with.candidates.iter().copied()), 3);
    let other = [first, second.min(fourth)].map(|i| test.points[i].value(&axes()[0].key).unwrap());
    assert!((with.optimism[0].test - f64::midpoint(other[0], other[1])).abs() < 1e-12, "{:?}", with.optimism);
    let chosen =
        [first, second, fourth].map(|i| (test.points[i].strength.to_bits(), test.points[i].model.clone()));
    let judged =
        front(&test, &axes(), |point| chosen.contains(&(point.strength.to_bits(), point.model.clone())));
    assert_eq!(judged.members, sorted(vec![first, second]));
    assert_eq!(judged.dominated, [(fourth, second)]);
    assert!(judged.excluded.is_empty() && !judged.members.contains(&third));
}

/// Three seeds; every row of a model fares alike, so that resampled rows change nothing and only the multinomial weights (w0, w1, w2) of the
/// seeds count. P is right everywhere and stands at seed 0 alone: (w0/3, 1). Q is right and stands at seeds 0 and 1: both (w0 + w1)/3.
///
/// As they are, P = (1/3, 1) owns the levels up to 1/3 and Q = (2/3, 2/3) those up to 2/3. Over the 27 equally likely draws:
/// P owns the first stretch where w0, w2 ≥ 1 (12) and shares it at w0 = 3 (1); Q has it at w2 = 0 (8) and at w0 = 0 < w1, w2 (6);
/// nobody at w2 = 3 (1). Q owns the second at w2 = 0 (8) and w2 = 1, w0 ≤ 1 (9); P at w0 = 2, w2 = 1 (3) and with Q at w0 = 3 (1);
/// w2 ≥ 2 leaves it unreached (7).
#[test]
fn owners_have_the_probability_of_the_multinomial() {
    let facts = facts(Split::Test, 6);
    let all = |yes: bool| if yes { 6 } else { 0 };
    let mut cells = Vec::new();
    for seed in 0..3 {
        cells.push(cell("p", 0.1, "last", seed, exact(&facts, 6, all(seed == 0))));
        cells.push(cell("q", 0.1, "last", seed, exact(&facts, all(seed < 2), all(seed < 2))));
    }
    let resamples = 20_000;
    let study = Study::new(&cells, Options { resamples, seed: Seed(3), level: 0.95 }).unwrap();
    let [security, safety] = axes();
    let joint = front(&study, &axes(), |_| true);
    assert_eq!(joint.members, [0, 1]);
    let stretches = ownership(&study, &joint, &security, &safety);
    let third = 1.0 / 3.0;
    let expected =
        [("p", (0.0, third), 13.0, ("q", 14.0), 1.0), ("q", (third, 2.0 * third), 17.0, ("p", 4.0), 7.0)];
    assert_eq!(stretches.len(), 2);
    // Four standard errors of a share of 20,000 draws.
    let near = |found: f64, of_27: f64| {
        (found - of_27 / 27.0).abs() < 4.0 * (0.25 / f64::from(resamples as u32)).sqrt()
    };
    for (stretch, (owner, (from, to), own, (runner, most), unreached)) in stretches.iter().zip(expected) {
        assert_eq!(stretch.owners, [owner]);
        assert!((stretch.from - from).abs() < 1e-12 && (stretch.to - to).abs() < 1e-12, "{stretch:?}");
        assert!(near(stretch.probability.unwrap(), own), "{stretch:?}");
        let (name, share) = stretch.runner_up.as_ref().unwrap();
        assert!(name == runner && near(*share, most), "{stretch:?}");
        assert!(near(stretch.unreached.unwrap(), unreached), "{stretch:?}");
    }
}

/// P is right on seven of ten rows at each of three seeds and stands on five; Q is right on eight, seven and six, and stands on four. Both have an accuracy of 0.7, which comes out as 0.6999999999999998 and
/// 0.7000000000000001: P dominates Q, and owns the front.
///
/// In a resample with seed weights (w0, w1, w2) and r4, r6, r7 copies of the rows on which they differ, Q is more accurate where w0 r7 > w2 r6, and the two are equal where w0 r7 = w2 r6 and r4 = 0; else P
/// dominates it. P is dominated where Q is more accurate and r4 = 0.
#[test]
fn rounding_puts_nobody_on_the_front() {
    let facts = facts(Split::Test, 10);
    let mut cells = Vec::new();
    for (seed, right) in [8, 7, 6].into_iter().enumerate() {
        cells.push(cell("p", 0.1, "last", seed as u64, exact(&facts, 7, 5)));
        cells.push(cell("q", 0.1, "last", seed as u64, exact(&facts, right, 4)));
    }
    let resamples = 20_000;
    let study = Study::new(&cells, Options { resamples, seed: Seed(3), level: 0.95 }).unwrap();
    let means: Vec<f64> = study.points.iter().map(|point| point.value(&axes()[1].key).unwrap()).collect();
    assert!(means[0] < means[1] && means[1] - means[0] < 1e-12, "what this is about: {means:?}");
    let found = front(&study, &axes(), |_| true);
    assert_eq!((found.members.as_slice(), found.dominated.as_slice()), (&[0][..], &[(1, 0)][..]));
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    let (mut p, mut q) = (0.0, 0.0);
    for (w0, w2) in (0..=3_u32).flat_map(|w0| (0..=3 - w0).map(move |w2| (w0, w2))) {
        let seeds = 6.0 / (factorial(w0) * factorial(w2) * factorial(3 - w0 - w2)) / 27.0;
        for r4 in 0..=10_u32 {
            for (r6, r7) in (0..=10 - r4).flat_map(|r6| (0..=10 - r4 - r6).map(move |r7| (r6, r7))) {
                let rest = 10 - r4 - r6 - r7;
                let ways = factorial(10) / (factorial(r4) * factorial(r6) * factorial(r7) * factorial(rest));
                let chance =
                    seeds * ways * libm::pow(0.1, f64::from(r4 + r6 + r7)) * libm::pow(0.7, f64::from(rest));
                let (more, equal) = (w0 * r7 > w2 * r6, w0 * r7 == w2 * r6);
                q += if more || (equal && r4 == 0) { chance } else { 0.0 };
                p += if more && r4 == 0 { 0.0 } else { chance };
            }
        }
    }
    // Four standard errors of a share of 20,000 draws.
    for (found, expected) in found.stability.iter().zip([p, q]) {
        let error = 4.0 * (0.25 / resamples as f64).sqrt();
        assert!((found.unwrap() - expected).abs() < error, "{found:?}, not {expected}");
    }
    let [security, safety] = axes();
    let stretches = ownership(&study, &found, &security, &safety);
    assert_eq!(stretches.len(), 1);
    assert_eq!(
        (stretches[0].owners.as_slice(), stretches[0].members.as_slice()),
        (&["p".to_owned()][..], &[0][..])
    );
}

#[test]
fn shared_models_are_owned_together_and_one_defense_owns_nothing() {
    let facts = facts(Split::Test, 10);
    let [security, safety] = axes();
    let study =
        |cells: &[CellEvidence]| Study::new(cells, Options { resamples: 100, ..Options::default() }).unwrap();
    let plain = exact(&facts, 10, 2);
    let both = [
        cell("p", 0.0, "last", 0, plain.clone()),
        cell("q", 0.0, "last", 0, plain.clone()),
        cell("q", 0.1, "last", 0, exact(&facts, 9, 4)),
    ];
    let shared = study(&both);
    let stretches = ownership(&shared, &front(&shared, &axes(), |_| true), &security, &safety);
    let owners: Vec<_> = stretches.iter().map(|stretch| stretch.owners.clone()).collect();
    assert_eq!(owners, [vec!["p", "q"], vec!["q"]]);
    assert_eq!(stretches[0].members, [0, 1]);
    let alone = study(&both[1..]);
    assert!(ownership(&alone, &front(&alone, &axes(), |_| true), &security, &safety).is_empty());
}
