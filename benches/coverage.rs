//! How often intervals contain the truth, by simulation: `cargo bench --bench coverage [-- REPLICATIONS] [WORD …]`; of words, what has one of them in its name
//! (`crossed`, `"one never errs"`).
//!
//! Nominal coverage is 95 %. Distances between groups: one predictor, rows drawn anew within groups of fixed size. Crossed: seeds and rows
//! drawn anew, as a sweep's points see them. BENCHMARKS.md has a table.

#![allow(clippy::print_stdout, reason = "its product is what it prints")]

use std::collections::BTreeMap;
use std::sync::Arc;

use equipoise::evidence::{Attribute, Evidence, Outputs, Split, SplitFacts};
use equipoise::numeric::normal_cdf;
use equipoise::pareto::{self, Objective, Verdict};
use equipoise::points::{CellEvidence, Options, Study, alone};
use equipoise::seed::{Seed, Stream};
use equipoise::stats::{Joined, Rate, Scale, signed_interval, smallest_interval, stratified_interval};
use rayon::prelude::*;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let replications: u64 = words.iter().filter_map(|word| word.parse().ok()).next_back().unwrap_or(2000);
    let asked = Asked(words.into_iter().filter(|word| word.parse::<u64>().is_err()).collect());
    let error = (0.95 * 0.05 / replications as f64).sqrt();
    println!(
        "{replications} replications, nominal 95 %, binomial standard error {:.2} points",
        100.0 * error
    );
    of_one_predictor(replications, &asked);
    at_the_base_rate(replications, &asked);
    crossed(replications, &asked);
    fronts(replications, &asked);
}

/// What to simulate: everything, or what has one of these words in its name.
struct Asked(Vec<String>);

impl Asked {
    fn has(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|word| name.contains(word.as_str()))
    }
}

const SPREADS: [(&str, Spread); 2] = [
    ("rows dominate", Spread { seed: 0.05, row: 1.0, rest: 0.3 }),
    ("seeds dominate", Spread { seed: 0.6, row: 0.3, rest: 1.0 }),
];

/// Intervals of everything that compares groups, seeds and rows drawn anew.
fn crossed(replications: u64, asked: &Asked) {
    println!(
        "\ncrossed, 500 rows      groups                  seeds   accuracy   distance   ratio   smallest   signed   width of the distance"
    );
    let never = f64::INFINITY;
    let rarely =
        |groups: usize| (0..groups).map(|group| if group == 0 { never } else { 1.6 + 0.1 * group as f64 });
    let in_turn = |groups: usize| (0..groups).collect::<Vec<usize>>();
    let uneven: Vec<usize> = [(0, 50), (1, 25), (2, 15), (3, 6), (4, 4)]
        .iter()
        .flat_map(|(group, rows)| vec![*group; *rows])
        .collect();
    let cases: [(&str, Vec<f64>, Vec<usize>); 8] = [
        ("2 apart", SHIFTS.to_vec(), in_turn(2)),
        ("2 equal", vec![1.0; 2], in_turn(2)),
        ("5 equal", vec![1.0; 5], in_turn(5)),
        ("5 equal, 50 to 4 %", vec![1.0; 5], uneven),
        ("2, one never errs", vec![never, 1.2], in_turn(2)),
        ("5, one never errs", vec![never, 1.0, 1.0, 1.0, 1.0], in_turn(5)),
        ("10 that rarely err", rarely(10).collect(), in_turn(10)),
        ("10 equal", vec![1.0; 10], in_turn(10)),
    ];
    for (name, spread) in SPREADS {
        for (groups, shifts, turns) in &cases {
            if !asked.has(&format!("crossed {name} {groups}")) {
                continue;
            }
            for seeds in [3, 5, 7, 10, 20] {
                let found: Vec<([bool; 5], f64)> = (0..replications)
                    .into_par_iter()
                    .map(|replication| spread.covers(replication, (shifts, turns), seeds))
                    .collect();
                let share = |at: usize| {
                    let hits = found.iter().filter(|(covered, _)| covered[at]).count();
                    100.0 * hits as f64 / replications as f64
                };
                let mut widths: Vec<f64> = found.iter().map(|(_, width)| *width).collect();
                widths.sort_by(f64::total_cmp);
                println!(
                    "{name:22} {groups:23} {seeds:5}   {:8.1}   {:8.1}   {:5.1}   {:8.1}   {:6.1}   {:.3}",
                    share(0),
                    share(1),
                    share(2),
                    share(3),
                    share(4),
                    widths[widths.len() / 2]
                );
            }
        }
    }
}

/// The hypervolume of a front, the depth of its bend, and verdicts.
fn fronts(replications: u64, asked: &Asked) {
    println!();
    for (name, spread) in SPREADS {
        if !asked.has(&format!("front {name}")) {
            continue;
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

/// Groups of (rate, rows).
type Groups = Vec<(f64, f64)>;

/// Intervals of everything that compares groups, rows of one predictor drawn anew within groups.
fn of_one_predictor(replications: u64, asked: &Asked) {
    println!("\none predictor                            distance   ratio   smallest   signed");
    // The five cases of the metrics sheet (3.1), then groups that do differ.
    let equal = |groups: usize, rows: f64| vec![(0.8, rows); groups];
    let with_first = |first: (f64, f64), mut groups: Groups| {
        groups[0] = first;
        groups
    };
    let cases: Vec<(&str, Groups)> = vec![
        ("2 groups of 30, all .8", equal(2, 30.0)),
        ("5 groups of 30, all .8", equal(5, 30.0)),
        ("10 groups of 30, all .8", equal(10, 30.0)),
        ("10 groups of 100, all .8", equal(10, 100.0)),
        ("2 groups of 500, all .8", equal(2, 500.0)),
        ("10 groups of 1000, all .8", equal(10, 1000.0)),
        ("5 groups of 100, all .1", vec![(0.1, 100.0); 5]),
        ("1 row and 4 groups of 200, all .8", with_first((0.8, 1.0), equal(5, 200.0))),
        ("2 groups of 30, .8 and .6", vec![(0.8, 30.0), (0.6, 30.0)]),
        ("2 groups of 20 and 200, .95 and .8", vec![(0.95, 20.0), (0.8, 200.0)]),
        ("5 groups of 200, .6 and four .8", with_first((0.6, 200.0), equal(5, 200.0))),
    ];
    for (name, groups) in cases.into_iter().filter(|(name, _)| asked.has(&format!("predictor {name}"))) {
        let rates = || groups.iter().map(|(p, _)| *p);
        let (low, high) = (rates().fold(1.0, f64::min), rates().fold(0.0, f64::max));
        let truths = [high - low, low / high, low, groups[0].0 - groups[1].0];
        let covered: Vec<[bool; 4]> = (0..replications)
            .into_par_iter()
            .map(|replication| {
                let mut stream = Seed(replication).stream("coverage/groups");
                let drawn: Vec<Rate> =
                    groups.iter().map(|(p, rows)| binomial(&mut stream, *p, *rows)).collect();
                let families = [drawn.clone()];
                let mut of =
                    |scale| stratified_interval(&families, (Joined::Largest, scale), 0.95, 500, &mut stream);
                let found = [
                    of(Scale::Difference),
                    of(Scale::Quotient),
                    smallest_interval(&drawn, 0.95),
                    Some(signed_interval(drawn[0], drawn[1], 0.95)),
                ];
                std::array::from_fn(|at| contains(found[at], truths[at]))
            })
            .collect();
        let share =
            |at: usize| 100.0 * covered.iter().filter(|found| found[at]).count() as f64 / replications as f64;
        let [distance, ratio, smallest, signed] = std::array::from_fn(share);
        println!("{name:40} {distance:8.1}   {ratio:5.1}   {smallest:8.1}   {signed:6.1}");
    }
}

/// The selection rates of groups where as many rows are selected as are positive: probabilities rise with a normal score, labels are coin flips.
fn at_the_base_rate(replications: u64, asked: &Asked) {
    println!("\nselection at the base rate, one predictor   truth   coverage");
    for (name, shifts) in
        [("5 groups of 200, equal", vec![0.0; 5]), ("2 groups of 250, .3 up and down", vec![0.3, -0.3])]
    {
        if !asked.has(&format!("base rate {name}")) {
            continue;
        }
        let rows = if shifts.len() == 2 { 500 } else { 200 * shifts.len() };
        let truth = normal_cdf(shifts[0]) - normal_cdf(-shifts[0]);
        let key = "demographic_parity_difference_matched@g".parse().expect("a key");
        let covered = (0..replications).into_par_iter().filter(|&replication| {
            let mut stream = Seed(replication).stream("coverage/matched");
            let mut facts = (*facts(&(0..shifts.len()).collect::<Vec<usize>>(), rows)).clone();
            facts.labels = (0..rows).map(|_| u16::from(stream.uniform_f64() < 0.5)).collect();
            let scores: Vec<f64> =
                (0..rows).map(|row| normal_cdf(shifts[row % shifts.len()] + stream.normal())).collect();
            let predictions = scores.iter().map(|p| u16::from(*p >= 0.5)).collect();
            let clean = Outputs { predictions, logits: Vec::new() };
            let probabilities = Some(scores.iter().flat_map(|p| [1.0 - p, *p]).collect());
            let evidence = Evidence { probabilities, ..Evidence::of(Arc::new(facts), clean) };
            let options = Options { resamples: 200, seed: Seed(replication), ..Options::default() };
            contains(alone(&evidence, options)[&key].estimate.interval, truth)
        });
        println!("{name:42} {truth:6.3}   {:6.1}", 100.0 * covered.count() as f64 / replications as f64);
    }
}

fn contains(interval: Option<(f64, f64)>, truth: f64) -> bool {
    interval.is_some_and(|(low, high)| low <= truth + 1e-12 && truth <= high + 1e-12)
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

/// Where two groups are on the latent scale.
const SHIFTS: [f64; 2] = [1.2, 0.8];

impl Spread {
    /// One model per seed, moved by `shifts` of the groups; all on the same rows.
    fn cells(
        self,
        stream: &mut Stream,
        facts: &Arc<SplitFacts>,
        of_rows: &[f64],
        (strength, shifts): (f64, &[f64]),
        seeds: u64,
    ) -> Vec<CellEvidence> {
        let codes = &facts.attributes[0].codes;
        (0..seeds)
            .map(|seed| {
                // Each seed moves the groups apart as well as together.
                let moved: Vec<f64> = shifts.iter().map(|_| self.seed * stream.normal()).collect();
                let right = |row: usize, rest: f64| {
                    let group = codes[row] as usize;
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

    fn truth(self, shift: f64) -> f64 {
        normal_cdf(shift / (self.seed * self.seed + self.row * self.row + self.rest * self.rest).sqrt())
    }

    /// Whether the intervals contain the truth: of accuracy, the distance between groups, the ratio of selection rates (all labels are positive), the smallest
    /// accuracy, and the signed difference (of two groups); and how wide that of the distance is. `turns` has the group of every row, over and over.
    fn covers(self, replication: u64, (shifts, turns): (&[f64], &[usize]), seeds: u64) -> ([bool; 5], f64) {
        let mut stream = Seed(replication).stream("coverage/crossed");
        let facts = facts(turns, 500);
        let of_rows: Vec<f64> = (0..facts.len()).map(|_| self.row * stream.normal()).collect();
        let cells = self.cells(&mut stream, &facts, &of_rows, (0.0, shifts), seeds);
        let options = Options { resamples: 300, seed: Seed(replication), ..Options::default() };
        let study = Study::new(&cells, options).expect("cells on one split");
        let truths: Vec<f64> = shifts.iter().map(|shift| self.truth(*shift)).collect();
        let (low, high) =
            truths.iter().fold((1.0_f64, 0.0_f64), |(low, high), p| (low.min(*p), high.max(*p)));
        let overall = turns.iter().map(|group| truths[*group]).sum::<f64>() / turns.len() as f64;
        let gap = &study.points[0].measures[&"accuracy_gap@g".parse().expect("a key")];
        let width = gap.estimate.interval.map_or(1.0, |(low, high)| high - low);
        let of = |key: &str, truth: f64| {
            let key = key.parse().expect("a key");
            study.points[0].measures.get(&key).is_some_and(|found| contains(found.estimate.interval, truth))
        };
        let covered = [
            of("accuracy", overall),
            of("accuracy_gap@g", high - low),
            of("demographic_parity_ratio@g", low / high),
            of("worst_group_accuracy@g", low),
            of("group_accuracy_signed@g", truths[0] - truths[1]),
        ];
        (covered, width)
    }

    /// Of a front of three points between the accuracies of the two groups: whether the interval of its hypervolume contains the truth, and
    /// that of the depth of its bend where it is stated; and whether any verdict is wrong (all three are on the front).
    fn front(self, replication: u64, seeds: u64) -> (bool, Option<bool>, bool) {
        let mut stream = Seed(replication).stream("coverage/front");
        let facts = facts(&[0, 1], 500);
        let of_rows: Vec<f64> = (0..facts.len()).map(|_| self.row * stream.normal()).collect();
        let points = [(0.0, [1.6, 0.0]), (0.1, [1.0, 0.9]), (0.2, [0.2, 1.5])];
        let cells: Vec<CellEvidence> = points
            .iter()
            .flat_map(|(strength, shifts)| {
                self.cells(&mut stream, &facts, &of_rows, (*strength, shifts), seeds)
            })
            .collect();
        let options = Options { resamples: 300, seed: Seed(replication), ..Options::default() };
        let study = Study::new(&cells, options).expect("cells on one split");
        let axes = ["group_accuracy@g=a", "group_accuracy@g=b"]
            .map(|key| Objective::of(&key.parse().expect("a key")).expect("an objective"));
        let front = pareto::front(&study, &axes, |_| true);
        let found = pareto::uncertainty(&study, &front).expect("two axes");
        let [a, b, c] = points.map(|(_, shifts)| shifts.map(|shift| self.truth(shift)));
        let volume = c[0] * c[1] + (b[0] - c[0]) * b[1] + (a[0] - b[0]) * a[1];
        let (dx, dy) = (c[0] - a[0], c[1] - a[1]);
        let depth = (dx * (b[1] - a[1]) - dy * (b[0] - a[0])).abs() / (dx * dx + dy * dy).sqrt();
        (
            contains(front.hypervolume_interval, volume),
            found.depth.map(|found| contains(found.interval, depth)),
            found.verdicts.iter().any(|verdict| matches!(verdict, Some(Verdict::DominatedBy(_)))),
        )
    }
}

/// Rows whose groups are these over and over, all positive.
fn facts(turns: &[usize], rows: usize) -> Arc<SplitFacts> {
    let groups = turns.iter().max().map_or(0, |last| last + 1);
    Arc::new(SplitFacts {
        split: Split::Test,
        rows: (0..rows as u32).collect(),
        labels: vec![1; rows],
        classes: vec!["no".into(), "yes".into()],
        positive: Some(1),
        attributes: vec![Attribute {
            name: "g".into(),
            groups: (b'a'..).take(groups).map(|letter| char::from(letter).to_string()).collect(),
            codes: (0..rows).map(|row| turns[row % turns.len()] as i16).collect(),
        }],
        units: None,
    })
}
