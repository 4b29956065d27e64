//! Whether there are gradients to climb.

use super::bench::{climbed, gradients};
use super::{Bar, Bench, Check, Look, Sight};
use crate::error::Result;
use crate::losses::{Loss, PerLane};
use crate::models::LANES;

/// Log-odds below which `p_y` rounds to 1 in `f32`.
const SATURATED: f32 = -16.635_532;

pub(super) static ZERO_GRADIENT: Check = Check {
    id: "zero-gradient",
    number: 10,
    rule: "at the unchanged row there is a gradient to climb, of the cross-entropy and of the margin, and it is finite",
    advice: "gradient attacks are blind here: attack a smooth stand-in for what hides the gradient, or by scores alone",
    source: "Croce and Hein 2020, arXiv 2003.01690, checks of AutoAttack; Pintor et al. 2022, arXiv 2106.09947",
    bar: Bar::Share(|settings| settings.zero_gradient),
    look: Look::Model(zero_gradient),
};

fn zero_gradient(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let mutable: Vec<bool> = bench.subject.features.iter().map(|feature| feature.mutable).collect();
    let rows: Vec<usize> = (0..bench.sample.len()).filter(|row| bench.sample.correct[*row]).collect();
    let mut flat = vec![false; bench.sample.len()];
    let mut words = Vec::new();
    for loss in [Loss::CrossEntropy, Loss::Margin] {
        let all = climbed(bench.subject.network, &bench.sample.rows.x, &bench.sample.rows.facts.labels, loss);
        let of = |row: &usize| {
            let own = all[row * mutable.len()..(row + 1) * mutable.len()].iter().zip(&mutable);
            own.filter(|(_, mutable)| **mutable).map(|(g, _)| *g)
        };
        let broken = rows.iter().filter(|row| of(row).any(|g| !g.is_finite())).count();
        if broken > 0 {
            return Ok(Sight::number(
                f64::NAN,
                format!("the gradient of `{}` is not finite at {broken} of {} rows", loss.word(), rows.len()),
            ));
        }
        let zero: Vec<usize> = rows.iter().copied().filter(|row| of(row).all(|g| g == 0.0)).collect();
        for row in &zero {
            flat[*row] = true;
        }
        words.push(format!("that of `{}` at {}", loss.word(), zero.len()));
    }
    let hits = flat.iter().filter(|flat| **flat).count();
    Ok(Sight::count(
        hits,
        rows.len(),
        format!("of {} rows, the gradient is zero: {}", rows.len(), words.join(", ")),
    ))
}

pub(super) static SATURATION: Check = Check {
    id: "saturation",
    number: 11,
    rule: "where the margin has a gradient, the cross-entropy as the attacks climb it has one too",
    advice: "the cross-entropy is saturated: attack the margin or the DLR loss, or scale the logits down",
    source: "Croce and Hein 2020, arXiv 2003.01690, checks of AutoAttack",
    bar: Bar::Share(|settings| settings.saturation),
    look: Look::Model(saturation),
};

/// Our attacks climb log-odds, which go on where probabilities round to 1; the share where they do is told.
fn saturation(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let (x, labels) = (&bench.sample.rows.x, &bench.sample.rows.facts.labels);
    let d = bench.subject.features.len();
    let is_flat = |gradient: &[f32]| gradient.iter().all(|g| *g == 0.0);
    let mut odds: Vec<f32> = Vec::new();
    let mut values: PerLane = [0.0; LANES];
    let by_odds = gradients(bench.subject.network, x, labels, &mut |logits, labels, d_logits| {
        Loss::CrossEntropy.climb(logits, labels, &mut values, d_logits);
        odds.extend_from_slice(&values[..labels.len()]);
    });
    let by_margin = climbed(bench.subject.network, x, labels, Loss::Margin);
    let rows: Vec<usize> = (0..bench.sample.len()).filter(|row| bench.sample.correct[*row]).collect();
    let own = |all: &[f32], row: usize| is_flat(&all[row * d..(row + 1) * d]);
    let hits = rows.iter().filter(|row| own(&by_odds, **row) && !own(&by_margin, **row)).count();
    let rounded = rows.iter().filter(|row| odds[**row] < SATURATED).count();
    let n = rows.len();
    Ok(Sight::count(
        hits,
        n,
        format!(
            "the probability rounds to 1 at {rounded} of {n} rows, and the log-odds that are climbed there have no direction at {hits}"
        ),
    ))
}
