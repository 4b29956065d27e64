//! What the crossed bootstrap of every metric costs on a sweep of the size of adult's: `cargo bench --bench resampling [-- ROWS]`.
//!
//! Six strengths, five seeds, 16,281 test rows, sex and race and their intersection, an attack at four radii with both iterates kept, 1,000
//! resamples: every number of every point with its interval. BENCHMARKS.md has the figures.

#![allow(clippy::print_stdout, reason = "its product is what it prints")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use equipoise::evidence::{Attribute, Effort, EvasionFacts, Evidence, Outputs, Split, SplitFacts, UNION};
use equipoise::measure::Norm;
use equipoise::points::{CellEvidence, Options, Study};
use equipoise::seed::{Seed, Stream};

const STRENGTHS: [f64; 6] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5];
const SEEDS: u64 = 5;
const RADII: [f64; 4] = [0.1, 0.2, 0.3, 0.5];

fn main() {
    let asked = std::env::args().filter_map(|word| word.parse().ok()).next_back();
    let rows: usize = asked.unwrap_or(16_281);
    let facts = Arc::new(facts(rows).with_intersections().expect("few groups"));
    let cells: Vec<CellEvidence> = STRENGTHS
        .iter()
        .flat_map(|strength| (0..SEEDS).map(move |seed| (*strength, seed)))
        .map(|(strength, seed)| cell(&facts, strength, seed))
        .collect();
    for resamples in [0, 1000] {
        let start = Instant::now();
        let study =
            Study::new(&cells, Options { resamples, ..Options::default() }).expect("cells on one split");
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{} models, {rows} rows, {} numbers per point, {resamples} resamples: {seconds:.2} s on {} threads",
            cells.len(),
            study.keys().len(),
            rayon::current_num_threads()
        );
    }
}

fn facts(rows: usize) -> SplitFacts {
    let mut stream = Seed(0).stream("bench/facts");
    let mut attribute = |name: &str, shares: &[f64]| {
        let mut draw = || {
            let u = stream.uniform_f64();
            let mut sum = 0.0;
            let place = shares.iter().position(|share| {
                sum += share;
                u < sum
            });
            place.unwrap_or(shares.len() - 1) as i16
        };
        let codes = (0..rows).map(|_| draw()).collect();
        let groups = (0..shares.len()).map(|group| format!("{name}{group}")).collect();
        Attribute { name: name.into(), groups, codes }
    };
    let attributes = vec![attribute("sex", &[0.33, 0.67]), attribute("race", &[0.85, 0.1, 0.03, 0.01, 0.01])];
    let labels = (0..rows).map(|_| u16::from(stream.uniform_f64() < 0.236)).collect();
    SplitFacts {
        split: Split::Test,
        rows: (0..rows as u32).collect(),
        labels,
        classes: vec!["<=50K".into(), ">50K".into()],
        positive: Some(1),
        attributes,
        units: None,
    }
}

/// Logits of a margin around ±1.5, moved to the other side by `moved`.
fn outputs(margins: &[f64], moved: f64, labels: &[u16]) -> Outputs {
    let at = |row: usize| if labels[row] == 1 { margins[row] - moved } else { moved - margins[row] };
    let logits: Vec<f32> = (0..labels.len()).flat_map(|row| [0.0, at(row) as f32]).collect();
    let predictions = logits.chunks_exact(2).map(|pair| u16::from(pair[1] > pair[0])).collect();
    Outputs { predictions, logits }
}

fn cell(facts: &Arc<SplitFacts>, strength: f64, seed: u64) -> CellEvidence {
    let mut stream: Stream = Seed(seed).stream("bench/margins");
    let margins: Vec<f64> = (0..facts.len()).map(|_| 1.5 + 1.3 * stream.normal()).collect();
    let clean = outputs(&margins, 0.0, &facts.labels);
    let evasion = RADII
        .iter()
        .map(|epsilon| {
            let attacked = outputs(&margins, epsilon * (3.0 - 3.0 * strength), &facts.labels);
            let standing: Vec<bool> =
                attacked.predictions.iter().zip(&facts.labels).map(|(said, label)| said == label).collect();
            EvasionFacts {
                attack: UNION.into(),
                protocol: "bench".into(),
                norm: Norm::Linf,
                epsilon: *epsilon,
                exact: false,
                tried: vec![true; facts.len()],
                effort: Effort::default(),
                distance: vec![0.0; facts.len()],
                standing,
                first_success: attacked.clone(),
                max_loss: attacked,
            }
        })
        .collect();
    let coordinates = BTreeMap::from([("strength".to_owned(), strength.to_string())]);
    CellEvidence {
        coordinates,
        defense: "at".into(),
        strength,
        model: "last".into(),
        seed,
        outcome: Ok(Arc::new(Evidence { evasion, ..Evidence::of(Arc::clone(facts), clean) })),
    }
}
