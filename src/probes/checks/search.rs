//! Whether search without gradients beats the gradient attacks.

use super::bench::{left_standing, logits, union};
use super::verdict::interval;
use super::{Bar, Bench, Check, Look, Sight};
use crate::attacks::{Member, Suite, ThreatModel, sample};
use crate::data::Rows;
use crate::error::Result;
use crate::evidence::EvasionFacts;
use crate::measure::Norm;
use crate::models::Access;
use crate::seed::Stream;
use crate::words::count;

/// Queries per row of our own random search.
const QUERIES: u32 = 200;

/// Random points per row.
const POINTS: u32 = 100;

/// Rows named in a message.
const NAMED: usize = 5;

pub(super) static BLACK_BOX: Check = Check {
    id: "black-box",
    number: 5,
    rule: "search by scores alone breaks no row that the gradient attacks leave standing",
    advice: "the gradient attacks miss rows: add a loss or restarts; where many fall, gradients are masked: attack a smooth stand-in for what hides them",
    source: "Carlini et al. 2019, arXiv 1902.06705; Croce and Hein 2020, arXiv 2003.01690",
    bar: Bar::Share(|settings| settings.black_box),
    look: Look::Model(black_box),
};

fn black_box(bench: &mut Bench<'_>) -> Result<Sight> {
    // What is recorded costs nothing, whatever else is left out.
    if let Some(sight) = recorded(bench) {
        return Ok(sight);
    }
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let (broken, n) = (random_search(bench)?, bench.sample.len());
    Ok(sight(&broken, n, &format!("random search with {QUERIES} queries")))
}

fn sight(broken: &[u32], n: usize, who: &str) -> Sight {
    let hits = broken.len();
    let named: Vec<String> = broken.iter().take(NAMED).map(u32::to_string).collect();
    let which = if named.is_empty() {
        String::new()
    } else {
        let numbers = if hits == 1 { "number" } else { "numbers" };
        format!(" (data-set {numbers} {}{})", named.join(", "), if hits > NAMED { ", …" } else { "" })
    };
    Sight::count(
        hits,
        n,
        format!(
            "{who} broke {} that the gradient attacks had left standing, of {n} looked at{which}",
            count(hits, "row")
        ),
    )
}

/// What the suite's own attacks without gradients have found beyond the others, where it has such attacks.
fn recorded(bench: &Bench<'_>) -> Option<Sight> {
    let (suite, all, epsilon) = (bench.subject.suite, bench.subject.facts, bench.subject.epsilon);
    let at = |name: &str| -> Option<&EvasionFacts> {
        all.iter().find(|facts| facts.attack == name && facts.epsilon.to_bits() == epsilon.to_bits())
    };
    let rows = bench.subject.rows;
    let mut by_gradient: Vec<bool> =
        rows.facts.labels.iter().zip(&bench.subject.clean.predictions).map(|(y, p)| y == p).collect();
    let mut broken = vec![false; rows.len()];
    let (mut names, mut n) = (Vec::new(), 0);
    for member in &suite.members {
        let facts = at(&member.name)?;
        if member.spec.build().access() == Access::Gradients {
            // In a cascade this counts what searches before it found as well: they are not held against it.
            by_gradient.iter_mut().zip(&facts.standing).for_each(|(stands, now)| *stands &= *now);
            continue;
        }
        names.push(format!("`{}`", member.name));
        n = n.max(member.sample.unwrap_or(rows.len()).min(rows.len()));
        broken.iter_mut().zip(&facts.standing).for_each(|(broken, stands)| *broken |= !*stands);
    }
    if names.is_empty() {
        return None;
    }
    let beyond = (0..rows.len()).filter(|row| by_gradient[*row] && broken[*row]);
    let beyond: Vec<u32> = beyond.map(|row| rows.facts.rows[row]).collect();
    let mut sight = sight(&beyond, n, &names.join(" and "));
    if let Some(estimate) = estimate(suite, rows, &left_standing(&bench.subject), all, epsilon) {
        sight.words = format!("{} ({estimate})", sight.words);
    }
    Some(sight)
}

/// What attacks on a sample of the rows say of the others, where the suite has such.
fn estimate(
    suite: &Suite,
    rows: &Rows,
    standing: &[bool],
    all: &[EvasionFacts],
    epsilon: f64,
) -> Option<String> {
    let sampled: Vec<&Member> = suite.members.iter().filter(|member| member.sample.is_some()).collect();
    let chosen = sample(&rows.facts.rows, sampled.iter().filter_map(|member| member.sample).min()?);
    let union = union(all, epsilon)?;
    let tried: Vec<usize> = (0..rows.len()).filter(|row| chosen[*row] && standing[*row]).collect();
    if tried.is_empty() {
        return None;
    }
    let fell = tried.iter().filter(|row| !union.standing[**row]).count();
    let (low, high) = interval(fell as u64, tried.len() as u64);
    let names: Vec<String> = sampled.iter().map(|member| format!("`{}`", member.name)).collect();
    Some(format!(
        "on a sample {} broke {fell} of {} left standing: of all such rows {} would break {:.1} % [{:.1}, {:.1}]",
        names.join(" and "),
        count(tried.len(), "row"),
        if names.len() == 1 { "it" } else { "they" },
        100.0 * fell as f64 / tried.len() as f64,
        100.0 * low,
        100.0 * high
    ))
}

/// Data-set rows that random search breaks among those of the sample that the suite left standing.
///
/// From a random point of the sphere on, a share of the features moves to that of another random point, half as many after
/// every quarter of the queries; what raises the margin loss is kept.
fn random_search(bench: &mut Bench<'_>) -> Result<Vec<u32>> {
    let threat = bench.threat(bench.subject.epsilon);
    let rows: Vec<usize> = (0..bench.sample.len()).filter(|row| bench.sample.standing[*row]).collect();
    let (d, classes) = (threat.features(), bench.sample.rows.facts.classes.len());
    let streams = bench.subject.seed.streams("check/black-box");
    let mut draws: Vec<Stream> =
        rows.iter().map(|row| streams.stream(bench.sample.rows.facts.rows[*row], 0)).collect();
    let mut best = vec![f32::NEG_INFINITY; rows.len()];
    let (mut x, mut candidates) = (vec![0.0; rows.len() * d], vec![0.0; rows.len() * d]);
    let mut fresh = vec![0.0; d];
    let mut fell = vec![false; rows.len()];
    for query in 0..QUERIES {
        if (bench.subject.stop)() {
            return Err(crate::attacks::stopped());
        }
        let share = 0.5_f32 / (1_u32 << (4 * query / QUERIES)) as f32;
        for (place, row) in rows.iter().enumerate() {
            let clean = bench.sample.rows.row(*row);
            let stream = &mut draws[place];
            on_sphere(&threat, clean, stream, &mut fresh);
            let candidate = &mut candidates[place * d..(place + 1) * d];
            if query > 0 {
                for (fresh, now) in fresh.iter_mut().zip(&x[place * d..(place + 1) * d]) {
                    if stream.uniform() >= share {
                        *fresh = *now;
                    }
                }
                pull_back(&threat, clean, &mut fresh);
            }
            candidate.copy_from_slice(&fresh);
            bench.make_valid(&threat, clean, candidate);
        }
        let said = logits(bench.subject.network, &candidates);
        for (place, row) in rows.iter().enumerate() {
            let label = usize::from(bench.sample.rows.facts.labels[*row]);
            let margin = margin(&said[place * classes..(place + 1) * classes], label);
            if margin > best[place] || query == 0 {
                best[place] = margin;
                x[place * d..(place + 1) * d].copy_from_slice(&candidates[place * d..(place + 1) * d]);
            }
            let (clean, candidate) = (bench.sample.rows.row(*row), &candidates[place * d..(place + 1) * d]);
            fell[place] |= margin > 0.0 && bench.counts(&threat, clean, candidate);
        }
    }
    let broken = rows.iter().zip(&fell).filter(|(_, fell)| **fell);
    Ok(broken.map(|(row, _)| bench.sample.rows.facts.rows[*row]).collect())
}

pub(super) static NOISE: Check = Check {
    id: "noise",
    number: 7,
    rule: "random points of the sphere break no row that the suite leaves standing",
    advice: "chance beats the attacks: add a loss, steps or restarts; where many fall, gradients are masked",
    source: "Carlini et al. 2019, arXiv 1902.06705",
    bar: Bar::Share(|settings| settings.noise),
    look: Look::Model(noise),
};

fn noise(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let threat = bench.threat(bench.subject.epsilon);
    let (d, classes) = (threat.features(), bench.sample.rows.facts.classes.len());
    let streams = bench.subject.seed.streams("check/noise");
    let (mut points, mut point) = (Vec::with_capacity(POINTS as usize * d), vec![0.0; d]);
    let mut hits = 0;
    for row in (0..bench.sample.len()).filter(|row| bench.sample.standing[*row]) {
        if (bench.subject.stop)() {
            return Err(crate::attacks::stopped());
        }
        let clean = bench.sample.rows.row(row);
        let mut stream = streams.stream(bench.sample.rows.facts.rows[row], 0);
        points.clear();
        for _ in 0..POINTS {
            on_sphere(&threat, clean, &mut stream, &mut point);
            bench.make_valid(&threat, clean, &mut point);
            points.extend_from_slice(&point);
        }
        let said = logits(bench.subject.network, &points);
        let label = usize::from(bench.sample.rows.facts.labels[row]);
        let inside = |place: usize| bench.counts(&threat, clean, &points[place * d..(place + 1) * d]);
        let wrong =
            said.chunks_exact(classes).enumerate().any(|(place, z)| margin(z, label) > 0.0 && inside(place));
        hits += usize::from(wrong);
    }
    let n = bench.sample.len();
    Ok(Sight::count(
        hits,
        n,
        format!(
            "{POINTS} random points each broke {} that the suite had left standing, of {n} looked at",
            count(hits, "row")
        ),
    ))
}

/// The largest other logit above the true one's.
pub(super) fn margin(logits: &[f32], label: usize) -> f32 {
    let others = logits.iter().enumerate().filter(|(class, _)| *class != label);
    others.map(|(_, z)| *z).fold(f32::NEG_INFINITY, f32::max) - logits[label]
}

/// A random point as far from `clean` as the radius allows, in the box: a corner of the ball in `L∞`, else a uniform direction.
fn on_sphere(threat: &ThreatModel, clean: &[f32], stream: &mut Stream, point: &mut [f32]) {
    for (feature, (point, x)) in point.iter_mut().zip(clean).enumerate() {
        let (lo, hi) = threat.window(feature, *x);
        *point = if threat.norm() == Norm::Linf {
            if stream.uniform() < 0.5 { lo } else { hi }
        } else if threat.mutable(feature) {
            x + stream.normal() as f32
        } else {
            *x
        };
    }
    if threat.norm() != Norm::Linf {
        let length = threat.distance(clean, point).max(f64::MIN_POSITIVE);
        let scale = threat.epsilon() * (1.0 - 1e-6) / length;
        for (feature, (point, x)) in point.iter_mut().zip(clean).enumerate() {
            let (lo, hi) = threat.bounds(feature, *x);
            *point = ((f64::from(*x) + (f64::from(*point) - f64::from(*x)) * scale) as f32).clamp(lo, hi);
        }
    }
}

/// Scales a point that lies outside the ball back into it.
fn pull_back(threat: &ThreatModel, clean: &[f32], point: &mut [f32]) {
    let length = threat.distance(clean, point);
    if threat.norm() == Norm::Linf || length <= threat.epsilon() {
        return;
    }
    let scale = threat.epsilon() * (1.0 - 1e-6) / length;
    for (point, x) in point.iter_mut().zip(clean) {
        *point = (f64::from(*x) + (f64::from(*point) - f64::from(*x)) * scale) as f32;
    }
}
