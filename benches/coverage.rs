//! How often intervals contain the truth, by simulation: `cargo bench --bench coverage [-- REPLICATIONS]`.
//!
//! Nominal coverage is 95 %. Distances between groups: one predictor, rows drawn anew within groups of fixed size. Crossed: seeds and rows
//! drawn anew, as a sweep's points see them. BENCHMARKS.md has a table.

#![allow(clippy::print_stdout, reason = "its product is what it prints")]

use std::collections::BTreeMap;
use std::sync::Arc;

use equipoise::evidence::{Attribute, Evidence, Outputs, Split, SplitFacts};
use equipoise::numeric::normal_cdf;
use equipoise::pareto::{self, Objective, Verdict};
use equipoise::points::{CellEvidence, Options, Study};
use equipoise::seed::{Seed, Stream};
use equipoise::stats::{Joined, Rate, Scale, stratified_interval};
use rayon::prelude::*;

fn main() {
    let asked = std::env::args().filter_map(|word| word.parse().ok()).next_back();
    let replications: u64 = asked.unwrap_or(2000);
    let error = (0.95 * 0.05 / replications as f64).sqrt();
    println!(
        "{replications} replications, nominal 95 %, binomial standard error {:.2} points",
        100.0 * error
    );
    println!("\ndistance between groups, one predictor    truth   coverage %");
    // The five cases of the metrics sheet (3.1), then groups that do differ.
    let equal = |groups: usize, rows: f64| vec![(0.8, rows); groups];
    let cases: Vec<(&str, Vec<(f64, f64)>)> = vec![
        ("2 groups of 30, all .8", equal(2, 30.0)),
        ("5 groups of 30, all .8", equal(5, 30.0)),
        ("10 groups of 30, all .8", equal(10, 30.0)),
        ("2 groups of 500, all .8", equal(2, 500.0)),
        ("10 groups of 1000, all .8", equal(10, 1000.0)),
        ("2 groups of 30, .8 and .6", vec![(0.8, 30.0), (0.6, 30.0)]),
        ("2 groups of 20 and 200, .95 and .8", vec![(0.95, 20.0), (0.8, 200.0)]),
        ("5 groups of 200, .6 and four .8", {
            let mut groups = equal(5, 200.0);
            groups[0].0 = 0.6;
            groups
        }),
    ];
    for (name, groups) in cases {
        let rates = groups.iter().map(|(p, _)| *p);
        let truth = rates.clone().fold(0.0, f64::max) - rates.fold(1.0, f64::min);
        let covered = (0..replications).into_par_iter().filter(|&replication| {
            let mut stream = Seed(replication).stream("coverage/groups");
            let drawn: Vec<Rate> = groups.iter().map(|(p, rows)| binomial(&mut stream, *p, *rows)).collect();
            let how = (Joined::Largest, Scale::Difference);
            let interval = stratified_interval(&[drawn], how, 0.95, 500, &mut stream);
            interval.is_some_and(|(low, high)| low <= truth + 1e-12 && truth <= high + 1e-12)
        });
        println!("{name:40} {truth:6.3}   {:6.1}", 100.0 * covered.count() as f64 / replications as f64);
    }
    println!("\ncrossed seeds and 500 rows               seeds   accuracy %   distance of 2 groups %");
    for (name, spread) in [
        ("rows dominate", Spread { seed: 0.05, row: 1.0, rest: 0.3 }),
        ("seeds dominate", Spread { seed: 0.6, row: 0.3, rest: 1.0 }),
    ] {
        for seeds in [3, 5, 10] {
            let covered: Vec<(bool, bool)> = (0..replications)
                .into_par_iter()
                .map(|replication| spread.covers(replication, seeds))
                .collect();
            let share = |of: fn(&(bool, bool)) -> bool| {
                100.0 * covered.iter().filter(|pair| of(pair)).count() as f64 / replications as f64
            };
            println!("{name:40} {seeds:5}   {:10.1}   {:22.1}", share(|pair| pair.0), share(|pair| pair.1));
        }
        for seeds in [3, 7, 10, 30] {
            let found: Vec<(bool, Option<bool>, bool)> = (0..replications)
                .into_par_iter()
                .map(|replication| spread.front(replication, seeds))
                .collect();
            let share = |count: usize, of: usize| 100.0 * count as f64 / of.max(1) as f64;
            let stated: Vec<bool> = found.iter().filter_map(|found| found.1).collect();
            println!(
                "{name:40} {seeds:5}   front of 3: hypervolume {:.1}   depth of the bend {:.1} of {} stated   wrongly dominated {:.1}",
                share(found.iter().filter(|found| found.0).count(), found.len()),
                share(stated.iter().filter(|held| **held).count(), stated.len()),
                stated.len(),
                share(found.iter().filter(|found| found.2).count(), found.len()),
            );
        }
    }
}

fn binomial(stream: &mut Stream, p: f64, rows: f64) -> Rate {
    let hits = (0..rows as usize).filter(|_| stream.uniform_f64() < p).count();
    Rate { hits: hits as f64, rows }
}

/// A row is right where `shift + seed + row + rest > 0`, each part normal with its own deviation.
#[derive(Clone, Copy)]
struct Spread {
    seed: f64,
    row: f64,
    rest: f64,
}

/// Where the two groups are on the latent scale.
const SHIFTS: [f64; 2] = [1.2, 0.8];

impl Spread {
    /// One model per seed, moved by `shifts` of the two groups; all on the same `rows` rows.
    fn cells(
        self,
        stream: &mut Stream,
        facts: &Arc<SplitFacts>,
        of_rows: &[f64],
        (strength, shifts): (f64, [f64; 2]),
        seeds: u64,
    ) -> Vec<CellEvidence> {
        let codes = &facts.attributes[0].codes;
        (0..seeds)
            .map(|seed| {
                // Each seed moves the two groups apart as well as together.
                let moved = [self.seed * stream.normal(), self.seed * stream.normal()];
                let right = |row: usize, rest: f64| {
                    let group = usize::from(codes[row] == 1);
                    shifts[group] + moved[group] + of_rows[row] + rest > 0.0
                };
                let predictions =
                    (0..codes.len()).map(|row| u16::from(right(row, self.rest * stream.normal()))).collect();
                let evidence = Evidence::of(Arc::clone(facts), Outputs { predictions, logits: Vec::new() });
                CellEvidence {
                    coordinates: BTreeMap::from([("strength".into(), strength.to_string())]),
                    defense: "none".into(),
                    strength,
                    model: "last".into(),
                    seed,
                    outcome: Ok(Arc::new(evidence)),
                }
            })
            .collect()
    }

    fn truth(self, shifts: [f64; 2]) -> [f64; 2] {
        let total = (self.seed * self.seed + self.row * self.row + self.rest * self.rest).sqrt();
        shifts.map(|shift| normal_cdf(shift / total))
    }

    /// Whether the intervals of accuracy and of the distance contain the truth.
    fn covers(self, replication: u64, seeds: u64) -> (bool, bool) {
        let mut stream = Seed(replication).stream("coverage/crossed");
        let facts = facts();
        let of_rows: Vec<f64> = (0..facts.len()).map(|_| self.row * stream.normal()).collect();
        let cells = self.cells(&mut stream, &facts, &of_rows, (0.0, SHIFTS), seeds);
        let options = Options { resamples: 300, seed: Seed(replication), ..Options::default() };
        let study = Study::new(&cells, options).expect("cells on one split");
        let truth = self.truth(SHIFTS);
        let contains = |key: &str, truth: f64| {
            let key = key.parse().expect("a key");
            let interval = study.points[0].measures[&key].estimate.interval;
            interval.is_some_and(|(low, high)| low <= truth && truth <= high)
        };
        (contains("accuracy", 0.5 * (truth[0] + truth[1])), contains("accuracy_gap@g", truth[0] - truth[1]))
    }

    /// Of a front of three points between the accuracies of the two groups: whether the interval of its hypervolume contains the truth, and
    /// that of the depth of its bend where it is stated; and whether any verdict is wrong (all three are on the front).
    fn front(self, replication: u64, seeds: u64) -> (bool, Option<bool>, bool) {
        let mut stream = Seed(replication).stream("coverage/front");
        let facts = facts();
        let of_rows: Vec<f64> = (0..facts.len()).map(|_| self.row * stream.normal()).collect();
        let points = [(0.0, [1.6, 0.0]), (0.1, [1.0, 0.9]), (0.2, [0.2, 1.5])];
        let cells: Vec<CellEvidence> = points
            .iter()
            .flat_map(|point| self.cells(&mut stream, &facts, &of_rows, *point, seeds))
            .collect();
        let options = Options { resamples: 300, seed: Seed(replication), ..Options::default() };
        let study = Study::new(&cells, options).expect("cells on one split");
        let axes = ["group_accuracy@g=a", "group_accuracy@g=b"]
            .map(|key| Objective::of(&key.parse().expect("a key")).expect("an objective"));
        let front = pareto::front(&study, &axes, |_| true);
        let found = pareto::uncertainty(&study, &front).expect("two axes");
        let [a, b, c] = points.map(|(_, shifts)| self.truth(shifts));
        let volume = c[0] * c[1] + (b[0] - c[0]) * b[1] + (a[0] - b[0]) * a[1];
        let (dx, dy) = (c[0] - a[0], c[1] - a[1]);
        let depth = (dx * (b[1] - a[1]) - dy * (b[0] - a[0])).abs() / (dx * dx + dy * dy).sqrt();
        let contains = |interval: Option<(f64, f64)>, truth: f64| {
            interval.is_some_and(|(low, high)| low <= truth && truth <= high)
        };
        (
            contains(front.hypervolume_interval, volume),
            found.depth.map(|found| contains(found.interval, depth)),
            found.verdicts.iter().any(|verdict| matches!(verdict, Some(Verdict::DominatedBy(_)))),
        )
    }
}

/// 500 rows of two groups.
fn facts() -> Arc<SplitFacts> {
    let rows = 500;
    Arc::new(SplitFacts {
        split: Split::Test,
        rows: (0..rows as u32).collect(),
        labels: vec![1; rows],
        classes: vec!["no".into(), "yes".into()],
        positive: Some(1),
        attributes: vec![Attribute {
            name: "g".into(),
            groups: vec!["a".into(), "b".into()],
            codes: (0..rows).map(|row| (row % 2) as i16).collect(),
        }],
    })
}
