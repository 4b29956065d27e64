//! Radii at which every attack must succeed.

use super::{Bar, Bench, Check, Look, Sight};
use crate::attacks::Spec;
use crate::data::{Feature, Rows};
use crate::error::Result;
use crate::evidence::Seen;
use crate::losses::Loss;
use crate::measure::Norm;

pub(super) static LARGE_RADIUS: Check = Check {
    id: "large-radius",
    number: 3,
    rule: "where the ball reaches the center of the box from every row, no more rows stand than the most frequent class has",
    advice: "a point exists that takes the prediction from all but one class, and the attacks do not find it: gradients are masked",
    source: "Carlini et al. 2019, arXiv 1902.06705",
    bar: Bar::Chance,
    look: Look::Model(large_radius),
};

fn large_radius(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle().or_else(|| bench.no_ball()).or_else(|| immutable(bench.subject.features))
    {
        return Ok(Sight::nothing(why));
    }
    let radius = 0.5 * diameter(bench.subject.features, bench.subject.rows, bench.subject.norm);
    let standing = left_standing(bench, radius, "check/large-radius")?;
    let labels = &bench.sample.rows.facts.labels;
    let most = (0..bench.sample.rows.facts.classes.len())
        .map(|class| labels.iter().filter(|label| usize::from(**label) == class).count())
        .max()
        .unwrap_or(0);
    let (hits, n) = (standing.iter().filter(|stands| **stands).count(), bench.sample.len());
    let chance = most as f64 / n as f64;
    Ok(Sight {
        seen: Seen::Count { hits: hits as u64, of: n as u64, chance: Some(chance) },
        words: format!(
            "at radius {radius} stand {hits} of {n} rows, where one point for all would leave {most}"
        ),
    })
}

pub(super) static UNBOUNDED: Check = Check {
    id: "unbounded",
    number: 4,
    rule: "without a bound, every row falls",
    advice: "other rows of the data are adversarial points here, and the attacks do not find one: gradients are masked",
    source: "Carlini et al. 2019, arXiv 1902.06705; Pintor et al. 2022, arXiv 2106.09947",
    bar: Bar::Share(|settings| settings.unbounded),
    look: Look::Model(unbounded),
};

fn unbounded(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle().or_else(|| bench.no_ball()).or_else(|| immutable(bench.subject.features))
    {
        return Ok(Sight::nothing(why));
    }
    let radius = diameter(bench.subject.features, bench.subject.rows, bench.subject.norm);
    let standing = left_standing(bench, radius, "check/unbounded")?;
    let hits = standing.iter().filter(|stands| **stands).count();
    let n = bench.sample.correct.iter().filter(|correct| **correct).count();
    Ok(Sight::count(
        hits,
        n,
        format!(
            "at radius {radius}, which reaches everywhere, stand {hits} of {n} rows that are right as they are"
        ),
    ))
}

fn immutable(features: &[Feature]) -> Option<String> {
    let fixed = features.iter().filter(|feature| !feature.mutable).count();
    (fixed > 0).then(|| format!("the adversary may not change {fixed} of {} features, so that some rows rightly stand at every radius", features.len()))
}

/// The distance between opposite corners of the box; of a feature without bounds, between the extremes in the data.
fn diameter(features: &[Feature], rows: &Rows, norm: Norm) -> f64 {
    let side = |index: usize, feature: &Feature| {
        let width = f64::from(feature.upper) - f64::from(feature.lower);
        if width.is_finite() {
            return width;
        }
        let values = || (0..rows.len()).map(|row| f64::from(rows.row(row)[index]));
        values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
    };
    let sides = features.iter().enumerate().map(|(index, feature)| side(index, feature).max(0.0));
    match norm {
        Norm::Linf => sides.fold(0.0, f64::max),
        Norm::L2 => sides.map(|side| side * side).sum::<f64>().sqrt(),
        Norm::L1 => sides.sum(),
    }
}

/// What the suite's gradient attacks leave standing at `radius`, each on what the ones before left.
fn left_standing(bench: &mut Bench<'_>, radius: f64, name: &str) -> Result<Vec<bool>> {
    let members = bench.gradient_attacks();
    let mut specs: Vec<Spec> = members.into_iter().map(|member| member.spec.clone()).collect();
    if specs.is_empty() {
        specs.push(Spec::Fgsm { loss: Loss::Margin });
    }
    let mut standing = bench.sample.correct.clone();
    for (index, spec) in specs.iter().enumerate() {
        if !standing.contains(&true) {
            break;
        }
        let found = bench.attack(spec, radius, &standing, &format!("{name}/{index}"))?;
        standing.iter_mut().zip(found.standing()).for_each(|(standing, stands)| *standing &= *stands);
    }
    Ok(standing)
}
