//! Cells to points: intervals, anchors, degenerate models, and the time it takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use equipoise::evidence::{
    Attribute, Certificates, Effort, EvasionFacts, Evidence, Shift, Split, SplitFacts, UNION, Units,
};
use equipoise::measure::{Direction, MetricKey, Norm};
use equipoise::metrics::{self, Material};
use equipoise::points::{CellEvidence, Options, Study, anchors, mark_degenerate};
use equipoise::seed::Seed;

use crate::metrics::outputs;

/// A split of `n` rows with `classes` classes and, where there are two, an attribute of two groups.
pub(crate) fn facts(n: usize, classes: u64) -> Arc<SplitFacts> {
    let mut stream = Seed(1).stream("test/facts");
    let labels = (0..n).map(|_| stream.below(classes) as u16).collect();
    let attribute = Attribute {
        name: "sex".into(),
        groups: vec!["F".into(), "M".into()],
        codes: (0..n).map(|_| stream.below(2) as i16).collect(),
    };
    Arc::new(SplitFacts {
        split: Split::Test,
        rows: (0..n as u32).collect(),
        labels,
        classes: (0..classes).map(|class| class.to_string()).collect(),
        positive: (classes == 2).then_some(1),
        attributes: if classes == 2 { vec![attribute] } else { Vec::new() },
        units: None,
    })
}

/// A model that is right with probability `clean`, and of those rows keeps `kept(epsilon)` under attack.
pub(crate) fn model(
    facts: &Arc<SplitFacts>,
    seed: u64,
    clean: f64,
    epsilons: &[f64],
    kept: impl Fn(f64) -> f64,
) -> Arc<Evidence> {
    let classes = facts.classes.len() as u64;
    let mut stream = Seed(seed).stream("test/model");
    let wrong = |label: u16, stream: &mut equipoise::seed::Stream| {
        ((u64::from(label) + 1 + stream.below(classes - 1)) % classes) as u16
    };
    let mut predictions = Vec::new();
    let mut hardness = Vec::new();
    let mut fallen = Vec::new();
    for label in &facts.labels {
        let other = wrong(*label, &mut stream);
        predictions.push(if stream.uniform_f64() < clean { *label } else { other });
        hardness.push(stream.uniform_f64());
        fallen.push(wrong(*label, &mut stream));
    }
    let evasion = epsilons.iter().map(|epsilon| {
        let standing: Vec<bool> = (0..facts.len())
            .map(|i| predictions[i] == facts.labels[i] && hardness[i] < kept(*epsilon))
            .collect();
        let attacked: Vec<u16> = (0..facts.len())
            .map(|i| match (standing[i], predictions[i] == facts.labels[i]) {
                (false, true) => fallen[i],
                _ => predictions[i],
            })
            .collect();
        EvasionFacts {
            attack: UNION.into(),
            protocol: "suite".into(),
            norm: Norm::Linf,
            epsilon: *epsilon,
            exact: false,
            tried: vec![true; standing.len()],
            effort: Effort::default(),
            distance: standing.iter().map(|s| if *s { f32::INFINITY } else { 0.0 }).collect(),
            standing,
            first_success: outputs(&attacked),
            max_loss: outputs(&attacked),
        }
    });
    Arc::new(Evidence {
        facts: facts.clone(),
        clean: outputs(&predictions),
        evasion: evasion.collect(),
        certificates: Certificates::default(),
        explanations: None,
        shift: Shift::default(),
        checks: Vec::new(),
        probabilities: None,
        temperature: None,
    })
}

pub(crate) fn cell(strength: f64, seed: u64, outcome: Result<Arc<Evidence>, String>) -> CellEvidence {
    let coordinates =
        BTreeMap::from([("defense".into(), "at".into()), ("strength".into(), strength.to_string())]);
    CellEvidence { coordinates, defense: "at".into(), strength, model: "last".into(), seed, outcome }
}

/// Strengths × seeds; more strength is a little less clean and much more robust.
pub(crate) fn sweep(
    facts: &Arc<SplitFacts>,
    strengths: &[f64],
    seeds: u64,
    epsilons: &[f64],
) -> Vec<CellEvidence> {
    let mut cells = Vec::new();
    for seed in 0..seeds {
        for strength in strengths {
            let clean = 0.95 - 0.3 * strength;
            let kept = |epsilon: f64| (1.0 - epsilon * 4.0 * (1.0 - strength)).max(0.0);
            cells.push(cell(*strength, seed, Ok(model(facts, seed, clean, epsilons, kept))));
        }
    }
    cells
}

/// Every row four times, all four of one patient, is worth the row once: the same interval to the bit, and it is said.
#[test]
fn rows_of_one_unit_are_drawn_together() {
    let facts = facts(60, 2);
    // Twelve rows are wrong at all seeds, and one more at each.
    let is_wrong = |row: usize, seed: u64| row.is_multiple_of(5) || row as u64 == seed + 1;
    let said = |seed: u64| -> Vec<u16> {
        facts.labels.iter().enumerate().map(|(row, label)| label ^ u16::from(is_wrong(row, seed))).collect()
    };
    let single: Vec<CellEvidence> = (0..3)
        .map(|seed| cell(0.0, seed, Ok(Arc::new(Evidence::of(facts.clone(), outputs(&said(seed)))))))
        .collect();
    let fourfold = SplitFacts {
        rows: (0..240).collect(),
        labels: facts.labels.iter().flat_map(|label| [*label; 4]).collect(),
        attributes: Vec::new(),
        units: Some(Units { name: "patient".into(), codes: (0..240).map(|row| 900 - row / 4).collect() }),
        ..(*facts).clone()
    };
    let fourfold = Arc::new(fourfold);
    let repeated = |units: bool| -> Vec<CellEvidence> {
        let facts = if units {
            Arc::clone(&fourfold)
        } else {
            Arc::new(SplitFacts { units: None, ..(*fourfold).clone() })
        };
        let of = |one: &CellEvidence| {
            let said = &one.outcome.as_ref().unwrap().clean.predictions;
            let said: Vec<u16> = said.iter().flat_map(|said| [*said; 4]).collect();
            cell(0.0, one.seed, Ok(Arc::new(Evidence::of(Arc::clone(&facts), outputs(&said)))))
        };
        single.iter().map(of).collect()
    };
    let accuracy = |cells: &[CellEvidence]| {
        Study::new(cells, Options::default()).unwrap().points[0].measures[&key("accuracy")].clone()
    };
    let (once, together, apart) = (accuracy(&single), accuracy(&repeated(true)), accuracy(&repeated(false)));
    assert_eq!(together.estimate.interval, once.estimate.interval);
    assert_eq!(together.sd_row, once.sd_row);
    let method = &together.estimate.method;
    assert!(method.contains("240 rows, those of each of 60 `patient` drawn together"), "{method}");
    // As if they were independent, half the deviation.
    let ratio = once.sd_row.unwrap() / apart.sd_row.unwrap();
    assert!((1.6..2.4).contains(&ratio), "{ratio}");
}

fn key(text: &str) -> MetricKey {
    text.parse().unwrap()
}

#[test]
fn a_point_is_the_mean_of_its_seeds_and_its_interval_contains_it() {
    let facts = facts(400, 10);
    let study = Study::new(&sweep(&facts, &[0.0, 0.3], 3, &[0.1, 0.2]), Options::default()).unwrap();
    assert_eq!(study.points.iter().map(|p| p.strength).collect::<Vec<_>>(), [0.0, 0.3]);
    for point in &study.points {
        assert_eq!(point.seeds, [0, 1, 2]);
        let of_counts = |key: &MetricKey| metrics::find(&key.id).unwrap().needs.material == Material::Counts;
        for (key, measured) in point.measures.iter().filter(|(key, _)| of_counts(key)) {
            let values: Vec<f64> = measured.per_seed.iter().map(|v| v.get().unwrap()).collect();
            let mean = values.iter().sum::<f64>() / 3.0;
            let value = measured.estimate.value.get().unwrap();
            assert!((value - mean).abs() < 1e-15, "{key}");
            let (low, high) = measured.estimate.interval.unwrap_or_else(|| panic!("{key}: {measured:?}"));
            assert!(
                0.0 <= low && low <= value && value <= high && high <= 1.0,
                "{key}: {low} {value} {high}"
            );
        }
    }
}

/// With independent seeds and rows the sd from rows alone is near the binomial one of the mean of a share
/// whose rows vary alike: here every seed has the same predictions, so nothing is left but √(p(1 − p)/n).
#[test]
fn the_row_part_is_binomial_where_all_seeds_agree() {
    let facts = facts(500, 10);
    let evidence = model(&facts, 7, 0.8, &[0.2], |_| 0.5);
    let cells: Vec<_> = (0..3).map(|seed| cell(0.1, seed, Ok(evidence.clone()))).collect();
    let study = Study::new(&cells, Options { resamples: 4000, ..Options::default() }).unwrap();
    for name in ["accuracy", "robust_accuracy!suite:linf:0.2"] {
        let measured = &study.points[0].measures[&key(name)];
        let p = measured.estimate.value.get().unwrap();
        let binomial = (p * (1.0 - p) / 500.0).sqrt();
        assert!((measured.sd_row.unwrap() / binomial - 1.0).abs() < 0.05, "{name}");
        assert_eq!(measured.sd_seed, Some(0.0));
    }
}

#[test]
fn fewer_than_three_seeds_give_no_interval_and_say_so() {
    let facts = facts(100, 10);
    for (seeds, words) in [(1, "1 seed"), (2, "2 seeds")] {
        let study = Study::new(&sweep(&facts, &[0.1], seeds, &[0.2]), Options::default()).unwrap();
        let measured = &study.points[0].measures[&key("accuracy")];
        assert_eq!(measured.estimate.interval, None);
        assert!(measured.estimate.method.contains(words), "{}", measured.estimate.method);
        assert!(measured.estimate.method.contains("seed variance unknown"));
        assert!(measured.sd_row.unwrap() > 0.0);
        assert_eq!(measured.sd_seed, None);
    }
}

#[test]
fn from_thirty_seeds_the_interval_is_of_crossed_resamples() {
    let facts = facts(200, 10);
    let study = Study::new(&sweep(&facts, &[0.1], 30, &[0.2]), Options::default()).unwrap();
    let estimate = &study.points[0].measures[&key("accuracy")].estimate;
    assert!(estimate.method.starts_with("percentiles of 1000 crossed resamples"), "{}", estimate.method);
    let (low, high) = estimate.interval.unwrap();
    let value = estimate.value.get().unwrap();
    assert!(low < value && value < high);
}

/// 100 rows, all standing at every seed: Clopper and Pearson give [0.025^(1/100), 1].
#[test]
fn a_share_that_never_varied_still_has_an_interval() {
    let facts = facts(100, 10);
    let evidence = model(&facts, 7, 1.0, &[0.2], |_| 1.0);
    let cells: Vec<_> = (0..3).map(|seed| cell(0.1, seed, Ok(evidence.clone()))).collect();
    let study = Study::new(&cells, Options::default()).unwrap();
    let of = |name: &str| &study.points[0].measures[&key(name)].estimate;
    let (low, high) = of("robust_accuracy!suite:linf:0.2").interval.unwrap();
    assert!((low - libm::pow(0.025, 0.01)).abs() < 1e-12 && (high - 1.0).abs() < 1e-15, "{low} {high}");
    // Ten classes of ten rows each, all right: Agresti and Caffo still leave room for a distance.
    let (low, high) = of("class_disparity").interval.unwrap();
    let share: f64 = 11.0 / 12.0;
    let sd = (2.0 * share * (1.0 - share) / 12.0).sqrt();
    assert!(low <= 0.0 && high > 1.96 * sd && high < 6.0 * sd, "{high} at {sd}");
}

#[test]
fn failed_seeds_are_kept_with_their_reason() {
    let facts = facts(50, 10);
    let mut cells = sweep(&facts, &[0.1], 2, &[0.2]);
    cells.push(cell(0.1, 2, Err("the loss became NaN in epoch 3".into())));
    cells.push(cell(0.4, 0, Err("the loss became NaN in epoch 1".into())));
    let study = Study::new(&cells, Options::default()).unwrap();
    assert_eq!(study.points[0].failed, [(2, "the loss became NaN in epoch 3".to_owned())]);
    assert!(study.points[1].measures.is_empty());
}

#[test]
fn cells_of_other_rows_are_refused() {
    let cells = [
        cell(0.0, 0, Ok(model(&facts(50, 10), 0, 0.9, &[], |_| 1.0))),
        cell(0.1, 0, Ok(model(&facts(60, 10), 0, 0.9, &[], |_| 1.0))),
    ];
    let error = Study::new(&cells, Options::default()).unwrap_err();
    assert_eq!(error.kind(), equipoise::error::Kind::NotComparable);
}

#[test]
fn neither_the_order_of_cells_nor_the_number_of_threads_matters() {
    let facts = facts(120, 2);
    let mut cells = sweep(&facts, &[0.0, 0.2, 0.3], 3, &[0.1, 0.2]);
    let judge = |cells: &[CellEvidence], threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Study::new(cells, Options { resamples: 200, ..Options::default() }).unwrap().points)
    };
    let one = judge(&cells, 1);
    assert_eq!(one, judge(&cells, 3));
    cells.reverse();
    assert_eq!(one, judge(&cells, 2));
}

/// 60 rows of class 0 and 40 of class 1: always 0 scores .6 with and without attack; a coin scores one half.
#[test]
fn anchors_score_what_the_class_shares_say() {
    let mut shares = (*facts(100, 2)).clone();
    shares.labels = (0..100).map(|i| u16::from(i >= 60)).collect();
    let keys = Study::new(
        &[cell(0.0, 0, Ok(model(&Arc::new(shares.clone()), 0, 0.9, &[0.2], |_| 1.0)))],
        Options::default(),
    )
    .unwrap()
    .keys();
    let anchors = anchors(&shares, &keys);
    let labels: Vec<&str> = anchors.iter().map(|a| a.label.as_str()).collect();
    assert_eq!(labels, ["always `0` (the most frequent class)", "always `1`", "random guess"]);
    let value = |anchor: usize, name: &str| anchors[anchor].values[&key(name)].get().unwrap();
    for name in ["accuracy", "robust_accuracy!suite:linf:0.2"] {
        assert!((value(0, name) - 0.6).abs() < 1e-15);
        assert!((value(1, name) - 0.4).abs() < 1e-15);
        assert!((value(2, name) - 0.5).abs() < 1e-15);
    }
    assert!(value(0, "worst_class_accuracy").abs() < 1e-15);
    assert!((value(0, "class_disparity") - 1.0).abs() < 1e-15);
    assert!(value(0, "demographic_parity_difference@sex").abs() < 1e-15);
    assert!(value(2, "equalized_odds_difference_max@sex").abs() < 1e-15);
    assert!(keys.iter().all(|key| anchors.iter().all(|anchor| anchor.values.contains_key(key))));
}

#[test]
fn a_constant_predictor_is_degenerate_and_an_undefended_model_is_not() {
    let facts = facts(300, 10);
    let constant = |class: u16| {
        let standing: Vec<bool> = facts.labels.iter().map(|label| *label == class).collect();
        let mut evidence = (*model(&facts, 0, 0.9, &[0.2], |_| 0.0)).clone();
        evidence.clean = outputs(&vec![class; 300]);
        evidence.evasion[0].first_success = evidence.clean.clone();
        evidence.evasion[0].max_loss = evidence.clean.clone();
        evidence.evasion[0].standing = standing;
        Arc::new(evidence)
    };
    let mut cells = Vec::new();
    for seed in 0..3 {
        // Clean .97 and robust .002, as digits at strength 0: worse than a constant only under attack.
        cells.push(cell(0.0, seed, Ok(model(&facts, seed, 0.97, &[0.2], |_| 0.002))));
        cells.push(cell(0.3, seed, Ok(model(&facts, seed, 0.8, &[0.2], |_| 0.6))));
        cells.push(cell(0.4, seed, Ok(constant(seed as u16))));
        // Guesses: better spread than a constant, and as good as one nowhere.
        cells.push(cell(0.5, seed, Ok(model(&facts, seed, 0.02, &[0.2], |_| 0.5))));
    }
    let mut study = Study::new(&cells, Options { resamples: 50, ..Options::default() }).unwrap();
    let objectives =
        [(key("accuracy"), Direction::Higher), (key("robust_accuracy!suite:linf:0.2"), Direction::Higher)];
    mark_degenerate(&mut study, &objectives);
    let marks: Vec<Option<&str>> = study.points.iter().map(|p| p.degenerate.as_deref()).collect();
    assert_eq!(marks[..2], [None, None]);
    assert!(marks[2].unwrap().starts_with("nearly constant: 0.0 %"), "{marks:?}");
    assert!(marks[3].unwrap().starts_with("always answering `"), "{marks:?}");
}

/// The quick experiment's size: 21 cells of 500 rows, six radii, 1,000 resamples. Bounds are for one slow core.
#[test]
fn judging_the_quick_experiment_takes_moments() {
    let facts = facts(500, 10);
    let strengths = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3];
    let cells = sweep(&facts, &strengths, 3, &[0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let start = Instant::now();
    let study = pool.install(|| Study::new(&cells, Options::default()).unwrap());
    let seconds = start.elapsed().as_secs_f64();
    assert!(study.points.iter().all(|point| point.measures.len() > 100));
    assert!(seconds < 3.0, "{seconds:.2} s");
}

#[test]
#[ignore = "measures the time of the adult experiment's size; run with --ignored --nocapture"]
fn judging_the_adult_experiment_takes_seconds() {
    let facts = facts(16_281, 2);
    let cells = sweep(&facts, &[0.0, 0.1, 0.2, 0.3, 0.5, 1.0], 3, &[0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
    let start = Instant::now();
    let study = Study::new(&cells, Options::default()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(study.points.len(), 6);
    assert!(seconds < 20.0, "{seconds:.2} s");
}
