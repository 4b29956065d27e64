//! Whether the adversarial points are what they are said to be.

use super::bench::{logits, union};
use super::search::margin;
use super::{Bar, Bench, Check, Look, Sight};
use crate::error::Result;

/// How far outside a point may lie, in `f64`: what rounding to `f32` explains.
const SLACK: f64 = 1e-6;

pub(super) static VERIFICATION: Check = Check {
    id: "verification",
    number: 19,
    rule: "every row that counts as fallen has a point that the model, asked again, misclassifies",
    advice: "the attack's bookkeeping or the model is not to be trusted: report it, unless the model is randomized",
    source: "Foolbox issue 674",
    bar: Bar::Never,
    look: Look::Model(verification),
};

fn verification(bench: &mut Bench<'_>) -> Result<Sight> {
    let Some(points) = bench.subject.points else {
        return Ok(Sight::nothing("no points were kept"));
    };
    let rows = bench.subject.rows;
    let labels = &rows.facts.labels;
    let classes = rows.facts.classes.len();
    let d = bench.subject.features.len();
    let union = union(bench.subject.facts, bench.subject.epsilon);
    // Exact arithmetic decides on a margin of 0, where f32 may say otherwise.
    let exact = union.is_some_and(|union| union.exact);
    let (mut hits, mut of) = (0, 0);
    for (row, label) in labels.iter().enumerate() {
        if bench.subject.clean.predictions[row] != *label {
            continue;
        }
        let claimed = union.map_or(points.fell[row], |union| !union.standing[row]);
        of += usize::from(claimed);
        hits += usize::from(claimed != points.fell[row]);
    }
    let fallen: Vec<usize> = (0..rows.len()).filter(|row| points.fell[*row]).collect();
    let x: Vec<f32> = fallen.iter().flat_map(|row| &points.x[row * d..(row + 1) * d]).copied().collect();
    let said = logits(bench.subject.network, &x);
    for (row, z) in fallen.iter().zip(said.chunks_exact(classes)) {
        let label = usize::from(labels[*row]);
        let size = z.iter().fold(1.0_f32, |most, z| most.max(z.abs()));
        let least = if exact { -1e-4 * size } else { 0.0 };
        // On a tie the lowest class is predicted.
        let first_on_tie = z[..label].contains(&z[label]);
        let margin = margin(z, label);
        hits += usize::from(!(margin > least || (margin >= 0.0 && first_on_tie)));
    }
    Ok(Sight::count(
        hits,
        of,
        format!("asked again, the model is right at {hits} of the {of} points that it was said to get wrong"),
    ))
}

pub(super) static CONSTRAINTS: Check = Check {
    id: "constraints",
    number: 20,
    rule: "every adversarial point lies in ball and box, in f64, changes only what may be changed, and is a valid row where the threat model asks for one",
    advice: "this is a defect of an attack: report it",
    source: "Simonetto et al. 2024, TabularBench, arXiv 2408.07579",
    bar: Bar::Never,
    look: Look::Model(constraints),
};

fn constraints(bench: &mut Bench<'_>) -> Result<Sight> {
    let Some(points) = bench.subject.points else {
        return Ok(Sight::nothing("no points were kept"));
    };
    let threat = bench.threat(points.epsilon);
    let d = threat.features();
    let fallen: Vec<usize> = (0..bench.subject.rows.len()).filter(|row| points.fell[*row]).collect();
    let is_outside = |row: &&usize| {
        let (clean, point) = (bench.subject.rows.row(**row), &points.x[**row * d..(**row + 1) * d]);
        if let Some(constraints) = bench.subject.constraints {
            return !constraints.violations(&threat, clean, point).is_empty();
        }
        let leaves = |feature: usize| {
            let (lo, hi) = threat.bounds(feature, clean[feature]);
            let allowed = f64::from(lo) - SLACK..=f64::from(hi) + SLACK;
            !allowed.contains(&f64::from(point[feature]))
                || (!threat.mutable(feature) && point[feature].to_bits() != clean[feature].to_bits())
        };
        // Not the other way round: what is no number is outside.
        let inside = threat.distance(clean, point) <= points.epsilon + SLACK;
        !inside || (0..d).any(leaves)
    };
    let hits = fallen.iter().filter(is_outside).count();
    let of = fallen.len();
    let what =
        if bench.subject.constraints.is_some() { "are no valid rows" } else { "leave ball, box or mask" };
    Ok(Sight::count(hits, of, format!("{hits} of {of} adversarial points {what}")))
}
