//! Whether the attacks tried hard enough: what more steps and more starts find.

use super::{Bar, Bench, Check, Look, Sight};
use crate::attacks::{Member, Spec};
use crate::error::Result;
use crate::losses::Loss;
use crate::measure::Norm;
use crate::words::count;

/// Starts that check 9 gives the lead attack.
const STARTS: u64 = 5;

pub(super) static ONE_STEP: Check = Check {
    id: "one-step",
    number: 1,
    rule: "one gradient step breaks no row that the suite leaves standing",
    advice: "the suite is weaker than a single step: add an attack on the margin, steps or restarts; where that does not help, gradients are masked",
    source: "Carlini et al. 2019, arXiv 1902.06705",
    bar: Bar::Share(|settings| settings.one_step),
    look: Look::Model(one_step),
};

fn one_step(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    if bench.subject.norm == Norm::L1 {
        return Ok(Sight::nothing("there is no single gradient step in L1"));
    }
    let (standing, epsilon) = (bench.sample.standing.clone(), bench.subject.epsilon);
    let mut still = standing.clone();
    for loss in [Loss::CrossEntropy, Loss::Margin] {
        let found = bench.attack(&Spec::Fgsm { loss }, epsilon, &standing, "check/one-step")?;
        still.iter_mut().zip(found.standing()).for_each(|(still, stands)| *still &= *stands);
    }
    let hits = standing.iter().zip(&still).filter(|(before, after)| **before && !**after).count();
    let n = bench.sample.len();
    Ok(Sight::count(
        hits,
        n,
        format!(
            "one gradient step broke {} that the suite had left standing, of {n} looked at",
            count(hits, "row")
        ),
    ))
}

/// `member`'s settings with the number `key` changed, where it has one.
fn with(member: &Member, key: &str, change: impl Fn(u64) -> u64) -> Option<Spec> {
    // By name, so that every attack that has such a setting can be tried harder without being known here.
    let mut settings = serde_json::to_value(&member.spec).ok()?;
    let number = settings.get(key)?.as_u64()?;
    settings[key] = serde_json::json!(change(number));
    serde_json::from_value(settings).ok()
}

pub(super) static CONVERGENCE: Check = Check {
    id: "convergence",
    number: 8,
    rule: "twice the steps of the lead attack break no row more",
    advice: "the attack has not converged: give it more steps",
    source: "Carlini et al. 2019, arXiv 1902.06705; Pintor et al. 2022, arXiv 2106.09947",
    bar: Bar::Graded(|settings| settings.convergence, |settings| settings.convergence_fail),
    look: Look::Model(convergence),
};

fn convergence(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let attacks = bench.gradient_attacks();
    let doubled =
        attacks.into_iter().find_map(|member| Some((member, with(member, "steps", |steps| 2 * steps)?)));
    let Some((lead, doubled)) = doubled else {
        return Ok(Sight::nothing("no attack of the suite has steps"));
    };
    // Under the attack's own name it draws the same starts: what differs is the steps alone.
    let hits = bench.breaks(&doubled, &lead.name)?;
    let n = bench.sample.len();
    Ok(Sight::count(
        hits,
        n,
        format!(
            "`{}` with twice the steps broke {} that the suite had left standing, of {n} looked at",
            lead.name,
            count(hits, "row")
        ),
    ))
}

pub(super) static RESTARTS: Check = Check {
    id: "restarts",
    number: 9,
    rule: "five new starts of the lead attack break no row more",
    advice: "the result depends on the start: give the attack more restarts",
    source: "the MNIST challenge of Madry et al. 2018, where 50 restarts found 3 points more",
    bar: Bar::Warns(|settings| settings.restarts),
    look: Look::Model(restarts),
};

fn restarts(bench: &mut Bench<'_>) -> Result<Sight> {
    if let Some(why) = bench.idle() {
        return Ok(Sight::nothing(why));
    }
    let attacks = bench.gradient_attacks();
    let restarted =
        attacks.into_iter().find_map(|member| Some((member, with(member, "restarts", |_| STARTS)?)));
    let Some((lead, restarted)) = restarted else {
        return Ok(Sight::nothing("no attack of the suite has restarts"));
    };
    let hits = bench.breaks(&restarted, "check/restarts")?;
    let n = bench.sample.len();
    Ok(Sight::count(
        hits,
        n,
        format!(
            "{STARTS} new starts of `{}` broke {} that the suite had left standing, of {n} looked at",
            lead.name,
            count(hits, "row")
        ),
    ))
}
