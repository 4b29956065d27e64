//! Whether points made on another model beat the attacks on this one.

use std::num::NonZeroU32;

use super::bench::logits;
use super::search::margin;
use super::{Bar, Bench, Check, Look, Sight, Subject};
use crate::attacks::{Found, Spec, Target, attempt, outputs};
use crate::bounded::constant;
use crate::error::Result;
use crate::evidence::Observation;
use crate::losses::Loss;
use crate::models::Network;
use crate::words::count;

/// Steps of the attack on the twin.
const STEPS: NonZeroU32 = NonZeroU32::new(20).expect("20 is not 0");

pub(super) static TRANSFER: Check = Check {
    id: "transfer",
    number: 6,
    rule: "points made on the undefended twin break no row that the suite leaves standing",
    advice: "points made elsewhere beat those made on the model itself: add a loss or restarts; where many fall, gradients are masked",
    source: "Carlini et al. 2019, arXiv 1902.06705; Tramer et al. 2020, arXiv 2002.08347",
    bar: Bar::Share(|settings| settings.transfer),
    look: Look::Elsewhere("there is no undefended twin of the same seed: add strength 0 to the sweep"),
};

/// Attacks `twin` (the same architecture and seed, trained without defense) on the sample's rows and asks the subject about the points of
/// the largest loss.
///
/// # Errors
///
/// A stop; a twin whose outputs are not finite.
pub fn transfer(subject: Subject<'_>, twin: &mut dyn Network) -> Result<Observation> {
    let mut bench = Bench::new(subject);
    Ok(sight(&mut bench, twin)?.of(&TRANSFER))
}

fn sight(bench: &mut Bench<'_>, twin: &mut dyn Network) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let (rows, n) = (&bench.sample.rows, bench.sample.len());
    let said = outputs(twin, rows)?;
    let threat = bench.threat(bench.subject.epsilon);
    let mut found = Found::new(&rows.x, &rows.facts.labels, &said);
    let spec = Spec::Pgd {
        steps: STEPS,
        step: constant!(Positive, 0.1),
        restarts: NonZeroU32::MIN,
        loss: Loss::CrossEntropy,
        random_start: true,
    };
    let mut target = Target {
        network: twin,
        rows,
        threat: &threat,
        constraints: bench.subject.constraints,
        warm: false,
        only: Some(&bench.sample.standing),
        seed: bench.subject.seed,
        name: "check/transfer",
        stop: bench.subject.stop,
    };
    attempt(spec.build().as_ref(), &said, &mut target, &mut found)?;
    let standing: Vec<usize> = (0..n).filter(|row| bench.sample.standing[*row]).collect();
    let x: Vec<f32> = standing.iter().flat_map(|row| found.max_loss(*row)).copied().collect();
    let classes = rows.facts.classes.len();
    let said = logits(bench.subject.network, &x);
    let fooled = |(row, z): &(&usize, &[f32])| margin(z, usize::from(rows.facts.labels[**row])) > 0.0;
    let hits = standing.iter().zip(said.chunks_exact(classes)).filter(fooled).count();
    Ok(Sight::count(
        hits,
        n,
        format!(
            "points made on the undefended twin broke {} that the suite had left standing, of {n} looked at",
            count(hits, "row")
        ),
    ))
}
