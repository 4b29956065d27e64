//! Whether certificates and attacks agree.

use super::bench::union;
use super::{Bar, Bench, Check, Look, Sight};
use crate::attacks::{Found, Spec, Target, ThreatModel};
use crate::error::Result;

/// Distances this near to the radius, as a share of it, are rounding's to decide.
const TIE: f64 = 1e-5;

pub(super) static SANDWICH: Check = Check {
    id: "sandwich",
    number: 28,
    rule: "no attack breaks a row that is proven to stand",
    advice: "the proof or the attack is wrong: report it",
    source: "Carlini et al. 2019, arXiv 1902.06705; Cohen et al. 2019, arXiv 1902.02918",
    bar: Bar::Never,
    look: Look::Model(sandwich),
};

/// The exact worst case of a linear model is the certificate.
fn sandwich(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.no_ball() {
        return Ok(Sight::nothing(why));
    }
    let epsilon = bench.subject.epsilon;
    let subject = &mut bench.subject;
    let exact = Spec::Exact {};
    if exact.check(subject.network.architecture(), subject.norm).is_err() {
        return Ok(Sight::nothing("there is no certificate of this model"));
    }
    let Some(union) = union(subject.facts, epsilon) else {
        return Ok(Sight::nothing("nothing was attacked at this radius"));
    };
    // A hair beyond the radius, so that what stands there stands for certain.
    let threat = ThreatModel::new(subject.norm, epsilon * (1.0 + TIE), subject.features);
    let mut found = Found::new(&subject.rows.x, &subject.rows.facts.labels, subject.clean);
    let mut target = Target {
        network: &mut *subject.network,
        rows: subject.rows,
        threat: &threat,
        constraints: None,
        warm: false,
        only: None,
        seed: subject.seed,
        name: "check/sandwich",
        stop: subject.stop,
    };
    exact.build().run(&mut target, &mut found)?;
    let proven = found.standing().iter().filter(|stands| **stands).count();
    let hits =
        found.standing().iter().zip(&union.standing).filter(|(proven, stands)| **proven && !**stands).count();
    Ok(Sight::count(hits, proven, format!("attacks broke {hits} of {proven} rows that are proven to stand")))
}
