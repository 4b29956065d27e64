//! Whether the loss around a row is one that gradients describe.

use super::bench::{gradients, logits};
use super::{Bar, Bench, Check, Look, Sight};
use crate::error::Result;
use crate::losses::log_odds_against;
use crate::measure::Norm;
use crate::models::{Block, LANES};

/// Directions per row for finite differences.
const DIRECTIONS: usize = 8;

/// Random points per row around it.
const DRAWS: u32 = 20;

/// How far they lie: four gray levels of 256, as a share of a feature's range. Of a wider range than 1 (columns of tables are scaled to
/// a deviation of 1, and few rows lie at the ends) as a share of 1.
const NEAR: f32 = 4.0 / 255.0;

pub(super) static FINITE_DIFFERENCE: Check = Check {
    id: "finite-difference",
    number: 12,
    rule: "over a tenth of the radius, the loss changes as its gradient says",
    advice: "something on the way to the logits is not differentiable or shatters gradients: attack a smooth stand-in for it, or by scores alone",
    source: "Athalye et al. 2018, arXiv 1802.00420",
    bar: Bar::AtLeast(|settings| settings.finite_difference),
    look: Look::Model(finite_difference),
};

/// The median over rows of the cosine between what the gradient predicts along random directions and central differences.
fn finite_difference(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let (n, d) = (bench.sample.len(), bench.subject.features.len());
    let classes = bench.sample.rows.facts.classes.len();
    let mutable: Vec<bool> = bench.subject.features.iter().map(|feature| feature.mutable).collect();
    let many = mutable.iter().filter(|mutable| **mutable).count() as f64;
    // Every mutable feature moves by so much; below a few ten-thousandths, differences of f32 logits are noise.
    let epsilon = bench.subject.epsilon;
    let step = if bench.subject.norm == Norm::Linf { 0.1 * epsilon } else { 0.1 * epsilon / many.sqrt() };
    let step = step.max(2e-4) as f32;
    // The strongest rival at the row stays the rival, so that the function has no kink of its own.
    let rivals: Vec<(usize, usize)> = (0..n)
        .map(|row| {
            let own = usize::from(bench.sample.rows.facts.labels[row]);
            let z = &bench.sample.clean.logits[row * classes..(row + 1) * classes];
            let others = (0..classes).filter(|class| *class != own);
            (
                own,
                others
                    .fold(usize::from(own == 0), |best, class| if z[class] > z[best] { class } else { best }),
            )
        })
        .collect();
    let mut first = 0;
    let slopes = gradients(
        bench.subject.network,
        &bench.sample.rows.x,
        &bench.sample.rows.facts.labels,
        &mut |_, labels, d_logits| {
            d_logits.data_mut().fill(0.0);
            for (lane, (own, rival)) in rivals[first..first + labels.len()].iter().enumerate() {
                d_logits.data_mut()[rival * LANES + lane] = 1.0;
                d_logits.data_mut()[own * LANES + lane] = -1.0;
            }
            first += labels.len();
        },
    );
    let streams = bench.subject.seed.streams("check/finite-difference");
    // Products of predicted and found, of each with itself.
    let mut products = vec![(0.0_f64, 0.0_f64, 0.0_f64); n];
    let (mut ahead, mut behind) = (bench.sample.rows.x.clone(), bench.sample.rows.x.clone());
    for direction in 0..DIRECTIONS {
        let mut predicted = vec![0.0_f64; n];
        for (row, predicted) in predicted.iter_mut().enumerate() {
            let mut stream = streams.stream(bench.sample.rows.facts.rows[row], direction as u32);
            for (feature, mutable) in mutable.iter().enumerate() {
                let sign = if stream.uniform() < 0.5 { -step } else { step };
                let change = if *mutable { sign } else { 0.0 };
                let (at, x) = (row * d + feature, bench.sample.rows.x[row * d + feature]);
                (ahead[at], behind[at]) = (x + change, x - change);
                // The change as rounded.
                *predicted += f64::from(slopes[at]) * (f64::from(ahead[at]) - f64::from(behind[at]));
            }
        }
        let (up, down) = (logits(bench.subject.network, &ahead), logits(bench.subject.network, &behind));
        for (row, (own, rival)) in rivals.iter().enumerate() {
            let margin = |z: &[f32]| f64::from(z[row * classes + rival]) - f64::from(z[row * classes + own]);
            let (found, told) = (margin(&up) - margin(&down), predicted[row]);
            let (cross, a, b) = products[row];
            products[row] = (cross + found * told, a + found * found, b + told * told);
        }
    }
    // Neither moves: a flat spot, on which they agree; check 10 tells of it.
    let cosine = |(cross, a, b): &(f64, f64, f64)| match (*a > 0.0, *b > 0.0) {
        (true, true) => cross / (a * b).sqrt(),
        (false, false) => 1.0,
        _ => 0.0,
    };
    let mut cosines: Vec<f64> = products.iter().map(cosine).collect();
    if cosines.iter().any(|cosine| !cosine.is_finite()) {
        return Ok(Sight::number(f64::NAN, "logits or gradients around the rows are not finite"));
    }
    cosines.sort_by(f64::total_cmp);
    let median = cosines[n / 2];
    Ok(Sight::number(
        median,
        format!(
            "gradients and finite differences over {DIRECTIONS} directions have a median cosine of {median:.3} over {n} rows"
        ),
    ))
}

pub(super) static LANDSCAPE: Check = Check {
    id: "landscape",
    number: 13,
    rule: "within four gray levels the loss changes little, as a share of itself",
    advice: "the loss is too noisy for its gradient to lead anywhere: attack its average over noise, or by scores alone",
    source: "Pintor et al. 2022, arXiv 2106.09947, indicator 2",
    bar: Bar::AtMost(|settings| settings.landscape),
    look: Look::Model(landscape),
};

/// Mean change of the log-odds over mean log-odds: sums over rows, as a single row next to the boundary has almost none.
fn landscape(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let rows = &bench.sample.rows;
    let d = bench.subject.features.len();
    let threat = bench.threat(1.0);
    let labels = &rows.facts.labels;
    let clean = odds(&bench.sample.clean.logits, labels, rows.facts.classes.len());
    let streams = bench.subject.seed.streams("check/landscape");
    let mut x = rows.x.clone();
    let mut change = 0.0_f64;
    for draw in 0..DRAWS {
        for row in 0..rows.len() {
            let mut stream = streams.stream(rows.facts.rows[row], draw);
            for (feature, bounds) in bench.subject.features.iter().enumerate() {
                let width = bounds.upper - bounds.lower;
                let near = NEAR * width.min(1.0);
                let clean = rows.x[row * d + feature];
                let (lo, hi) = threat.bounds(feature, clean);
                x[row * d + feature] = (clean + stream.uniform_in(-near, near)).clamp(lo, hi);
            }
        }
        let said = logits(bench.subject.network, &x);
        let now = odds(&said, labels, rows.facts.classes.len());
        change += clean.iter().zip(&now).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).sum::<f64>();
    }
    let size: f64 = clean.iter().map(|odds| f64::from(*odds).abs()).sum::<f64>() * f64::from(DRAWS);
    let share = if size > 0.0 { change / size } else { f64::from(u8::from(change > 0.0)) };
    let words = if share.is_finite() {
        format!("within four gray levels the loss changes by {:.1} % of itself on average", 100.0 * share)
    } else {
        "within four gray levels the loss is not finite".to_owned()
    };
    Ok(Sight::number(share, words))
}

/// Log-odds against the true class.
fn odds(logits: &[f32], labels: &[u16], classes: usize) -> Vec<f32> {
    let (mut block, mut scratch, mut values) = (Block::new(classes), Block::new(classes), [0.0; LANES]);
    let mut all = Vec::with_capacity(labels.len());
    for (labels, logits) in labels.chunks(LANES).zip(logits.chunks(LANES * classes)) {
        block.gather(logits.chunks_exact(classes));
        log_odds_against(&block, labels, &mut values, &mut scratch);
        all.extend_from_slice(&values[..labels.len()]);
    }
    all
}
