//! Groups of few rows in headlines, and which group fared worst: by hand.

use std::sync::Arc;

use equipoise::evidence::{Attribute, Evidence, Outputs, Split, SplitFacts};
use equipoise::measure::{AttackKey, Norm};
use equipoise::points::{CellEvidence, Options, Study, fared};

use crate::points::cell;

/// Rows of the groups `big`, `small` and `tiny`, and how many of each are positives.
const GROUPS: [(usize, usize); 3] = [(100, 50), (80, 25), (4, 2)];

fn facts() -> Arc<SplitFacts> {
    let (mut labels, mut codes) = (Vec::new(), Vec::new());
    for (code, (rows, positives)) in GROUPS.into_iter().enumerate() {
        for row in 0..rows {
            labels.push(u16::from(row < positives));
            codes.push(code as i16);
        }
    }
    let groups = ["big", "small", "tiny"].map(str::to_owned).to_vec();
    Arc::new(SplitFacts {
        split: Split::Test,
        rows: (0..labels.len() as u32).collect(),
        labels,
        classes: ["0", "1"].map(str::to_owned).to_vec(),
        positive: Some(1),
        attributes: vec![Attribute { name: "g".to_owned(), groups, codes }],
        units: None,
    })
}

/// A model that predicts what `says(group, row within it, label)` returns.
fn model(facts: &Arc<SplitFacts>, says: impl Fn(usize, usize, u16) -> u16) -> Arc<Evidence> {
    let starts = [0, GROUPS[0].0, GROUPS[0].0 + GROUPS[1].0];
    let predictions = (0..facts.len()).map(|row| {
        let group = facts.attributes[0].codes[row] as usize;
        says(group, row - starts[group], facts.labels[row])
    });
    let clean = Outputs { predictions: predictions.collect(), logits: Vec::new() };
    Arc::new(Evidence::of(facts.clone(), clean))
}

fn study(cells: &[CellEvidence]) -> Study {
    Study::new(cells, Options::default()).unwrap()
}

/// Of `big` 60, 62 and 58 of 100 rows are selected, of `small` 32 of 80, of `tiny` all 4, all 4 and none: gaps of .60, .60 and .58 over all, of .20, .22 and .18 without `tiny`.
#[test]
fn a_gap_is_stated_again_without_the_groups_of_few_rows() {
    let facts = facts();
    let selected = |seed: usize| [[60, 62, 58][seed], 32, [4, 4, 0][seed]];
    let cells: Vec<CellEvidence> = (0..3)
        .map(|seed| {
            let of = selected(seed as usize);
            cell(0.0, seed, Ok(model(&facts, |group, row, _| u16::from(row < of[group]))))
        })
        .collect();
    let study = study(&cells);
    let gap = &study.points[0].measures[&"demographic_parity_difference@g".parse().unwrap()];
    assert!((gap.estimate.value.get().unwrap() - 1.78 / 3.0).abs() < 1e-12);
    let sizable = gap.sizable.as_ref().unwrap();
    assert!((sizable.value.get().unwrap() - 0.2).abs() < 1e-12);
    assert_eq!(sizable.left_out, [("g=tiny".to_owned(), 4)]);
    // The rows alone: √(.6 · .4/100 + .4 · .6/80) = .0735, so at least 1.96 of it either way; the seeds add little.
    let (low, high) = sizable.interval.unwrap();
    assert!((0.03..0.06).contains(&low) && (0.34..0.37).contains(&high), "{low} {high}");
    // Two groups of 100 and 80 at a common rate of 92/180: 1.96 · √(.25 · (1/100 + 1/80)) = .147, up to the grid.
    let most = sizable.by_chance.unwrap().quantile_95;
    assert!((most - 0.147).abs() < 0.015, "{most}");
    assert!(gap.by_chance.unwrap().quantile_95 > 0.45, "four rows alone are far off by chance");
    // Of true positive rates `small` has 25 rows, too few as well: nothing is left to compare.
    let gap = &study.points[0].measures[&"equal_opportunity_difference@g".parse().unwrap()];
    let sizable = gap.sizable.as_ref().unwrap();
    assert_eq!(sizable.value.reason(), Some("fewer than two groups have 30 rows that it is over"));
    assert_eq!(sizable.left_out, [("g=small".to_owned(), 25), ("g=tiny".to_owned(), 2)]);
    // What compares no groups is not stated again.
    assert!(study.points[0].measures[&"accuracy".parse().unwrap()].sizable.is_none());
    assert!(study.points[0].measures[&"group_accuracy@g=tiny".parse().unwrap()].sizable.is_none());
}

/// From strength 0 to 1 `big` loses 10 of 90 right answers, `small` keeps its 60, `tiny` loses all: a difference of .10 between the two that count.
#[test]
fn who_fared_worst_is_told_with_an_interval_over_rows() {
    let facts = facts();
    let right = |of: [usize; 3]| {
        move |group: usize, row: usize, label: u16| if row < of[group] { label } else { 1 - label }
    };
    let cells: Vec<CellEvidence> = (0..3)
        .flat_map(|seed| {
            [
                cell(0.0, seed, Ok(model(&facts, right([90, 60, 4])))),
                cell(1.0, seed, Ok(model(&facts, right([80, 60, 0])))),
            ]
        })
        .collect();
    let study = study(&cells);
    let attack = AttackKey::new("none", Norm::Linf, 0.1);
    let found = fared(&study, &[(0, 1)], &["g".to_owned()], &attack);
    assert_eq!(found.len(), 1, "nobody attacked: {found:?}");
    let found = &found[0];
    assert_eq!((&*found.worse, &*found.better, &found.attack), ("g=big", "g=small", &None));
    assert!((found.difference - 0.1).abs() < 1e-12);
    // √(.1 · .9/100) = .03 by the rows of `big`; t(.975; 183) = 1.973; 1,000 resamples are off by some 2 %.
    let (low, high) = found.interval.unwrap();
    assert!((0.5 * (high - low) - 0.0592).abs() < 0.006 && (0.5 * (low + high) - 0.1).abs() < 1e-9);
    assert!(fared(&study, &[(0, 1)], &["nobody".to_owned()], &attack).is_empty());
}
