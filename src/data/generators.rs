//! Problems whose exact answer is known: the harness is measured against them.
//!
//! Row i is drawn from its own stream, so that the first rows of a larger set are those of a smaller one.

use super::raw::{Raw, Values};
use super::source::Source;
use super::split::Given;
use super::{Domain, Feature, Shape};
use crate::evidence::Attribute;
use crate::seed::{Seed, Stream};

/// Bumped when the same settings give other rows.
const VERSION: u32 = 1;

/// Draws the rows of a (checked) generator; `None` for sources that are no generators.
pub(crate) fn generate(source: &Source) -> Option<Raw> {
    let mut groups: Vec<i16> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let (x, labels) = match source {
        Source::Dataset { .. } | Source::Safetensors { .. } | Source::Imported { .. } => return None,
        Source::Gaussian { rows, mu, sigma, positive_share, seed } => {
            draw(*seed, "data/gaussian", *rows, *positive_share, |stream, y, row| {
                row.extend(mu.iter().map(|mu| (y * mu + sigma * stream.normal()) as f32));
            })
        }
        Source::Xu { rows, d, eta, sigma, k, seed } => {
            draw(*seed, "data/xu", *rows, 0.5, |stream, y, row| {
                let spread = if y > 0.0 { k * sigma } else { *sigma };
                row.extend((0..*d).map(|_| (y * eta + spread * stream.normal()) as f32));
            })
        }
        Source::Tsipras { rows, d, eta, p, seed } => {
            draw(*seed, "data/tsipras", *rows, 0.5, |stream, y, row| {
                row.push(if stream.uniform_f64() < *p { y as f32 } else { -y as f32 });
                row.extend((0..*d).map(|_| (y * eta + stream.normal()) as f32));
            })
        }
        Source::TwoBlock { rows, d, eta, r, q, seed } => {
            names = (0..r.len()).map(|g| format!("g{g}")).collect();
            draw(*seed, "data/two-block", *rows, 0.5, |stream, y, row| {
                let group = choose(q, stream.uniform_f64());
                groups.push(group as i16);
                row.push((y * r[group] + stream.normal()) as f32);
                row.extend((0..*d).map(|_| (y * eta + stream.normal()) as f32));
            })
        }
    };
    let n = labels.len();
    let d = x.len() / n;
    let attribute = Attribute { name: "group".to_owned(), groups: names, codes: groups };
    Some(Raw {
        name: source.name(),
        identity: format!("{VERSION} {}", serde_json::to_string(source).expect("a source is plain data")),
        values: Values::Dense { x, shape: Shape::Flat(d), features: (1..=d).map(unbounded).collect() },
        rows: (0..n as u32).collect(),
        labels,
        classes: vec!["negative".to_owned(), "positive".to_owned()],
        positive: Some(1),
        attributes: if attribute.codes.is_empty() { Vec::new() } else { vec![attribute] },
        given: Given::Nothing,
        units: None,
    })
}

/// `n` rows: the class first (y = ±1, positive with probability `share`), then its features.
fn draw(
    seed: u64,
    purpose: &str,
    n: usize,
    share: f64,
    mut features: impl FnMut(&mut Stream, f64, &mut Vec<f32>),
) -> (Vec<f32>, Vec<u16>) {
    let streams = Seed(seed).streams(purpose);
    let mut x = Vec::new();
    let mut labels = Vec::with_capacity(n);
    for row in 0..n {
        let mut stream = streams.stream(row as u32, 0);
        let positive = stream.uniform_f64() < share;
        labels.push(u16::from(positive));
        features(&mut stream, if positive { 1.0 } else { -1.0 }, &mut x);
        if row == 0 {
            x.reserve_exact(x.len() * (n - 1));
        }
    }
    (x, labels)
}

/// The first group whose cumulated share exceeds `u`.
fn choose(shares: &[f64], u: f64) -> usize {
    let mut sum = 0.0;
    shares
        .iter()
        .position(|share| {
            sum += share;
            u < sum
        })
        .unwrap_or(shares.len() - 1)
}

fn unbounded(number: usize) -> Feature {
    Feature {
        name: format!("x{number}"),
        domain: Domain::Continuous,
        mutable: true,
        lower: f32::NEG_INFINITY,
        upper: f32::INFINITY,
        offset: 0.0,
        scale: 1.0,
    }
}
