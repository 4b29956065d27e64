//! `verdict.json`; `verdict.schema.json` beside this file says what is in it.

use serde_json::{Value as Json, json};

use super::Story;
use crate::error::Result;
use crate::gate::{Assessed, Confirmation, CrossCheck, Difference, Held, Shape};
use crate::measure::Pillar;
use crate::report::{csv, history};

/// Bumped when the layout changes.
const SCHEMA: u32 = 1;

/// The JSON Schema (draft 2020-12) of the file.
pub const SCHEMA_FILE: &str = include_str!("verdict.schema.json");

/// The file.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn json(story: &Story<'_>) -> Result<String> {
    let verdict = story.verdict;
    let examination = verdict.examination.as_ref();
    let file = json!({
        "schema": SCHEMA,
        "verdict": verdict.word.word(),
        "shape": verdict.shape.map(Shape::word),
        "code": story.code,
        "reasons": if verdict.reasons_in_full.is_empty() { &verdict.reasons } else { &verdict.reasons_in_full },
        "notes": verdict.notes,
        "experiment": story.name,
        "baseline_sha256": story.samples,
        "policy": story.policy,
        "alpha": story.alpha,
        "seeds": verdict.seeds,
        "points": verdict.points,
        "only_baseline": verdict.only_baseline,
        "only_here": verdict.only_candidate,
        "settings": verdict.settings.iter().map(setting).collect::<Vec<_>>(),
        "missing": verdict.missing.iter().map(|(what, why)| json!({ "what": what, "why": why })).collect::<Vec<_>>(),
        "exact": examination.map(|examination| examination.exact),
        "endpoints": examination.map(|examination| examination.endpoints.iter().map(endpoint).collect::<Vec<_>>()),
        "requirements": verdict.held.iter().map(held).collect::<Vec<_>>(),
        "cross_checks": verdict.cross_checks.as_ref().map(|checks| checks.iter().map(|check| cross_check(check, story)).collect::<Vec<_>>()),
        "confirmation": verdict.confirmation.as_ref().map(|confirmation| confirmed(confirmation, story)),
        "rules": verdict.rules.as_ref().map(|course| history::json::newest(course, story.rules)),
    });
    Ok(format!("{file:#}\n"))
}

fn setting(difference: &Difference) -> Json {
    json!({ "setting": difference.setting, "baseline": difference.baseline, "here": difference.candidate })
}

fn endpoint(one: &Assessed) -> Json {
    let endpoint = &one.endpoint;
    json!({
        "metric": endpoint.subject.metric(),
        "point": endpoint.subject.place(),
        "pillar": endpoint.pillar.map(Pillar::word),
        "bound": csv::bound(endpoint.bound),
        "state": one.state.word(),
        "baseline": endpoint.baseline,
        "here": endpoint.candidate,
        "worse_by": endpoint.differences,
        "mean": one.mean,
        "interval": one.interval.map(|(low, high)| [low, high]),
        "margin": endpoint.margin,
        "p_worse": one.worse,
        "p_better": one.better,
        "p_worse_at_all": one.worse_at_all,
        "p_better_at_all": one.better_at_all,
        "p_no_worse": one.no_worse,
        "spread": one.spread,
        "detectable": one.detectable,
        "resolution": one.resolution,
        "needed_seeds": one.needed,
        "correlation": one.correlation,
    })
}

fn held(held: &Held) -> Json {
    json!({
        "requirement": held.requirement,
        "metric": held.key.to_string(),
        "point": held.point,
        "mean": held.mean,
        "holds": held.holds.word(),
        "reason": held.reason,
    })
}

/// The metric and the point of the endpoint at this position.
fn named(position: usize, story: &Story<'_>) -> (Option<String>, Option<String>) {
    let found =
        story.verdict.examination.as_ref().and_then(|examination| examination.endpoints.get(position));
    let subject = found.map(|one| &one.endpoint.subject);
    (subject.map(crate::gate::Subject::metric), subject.map(|subject| subject.place().to_owned()))
}

fn cross_check(check: &CrossCheck, story: &Story<'_>) -> Json {
    let (metric, point) = named(check.endpoint, story);
    json!({
        "metric": metric,
        "point": point,
        "weaker": check.weaker,
        "transferred": check.transferred,
        "fallen": check.fallen,
    })
}

fn confirmed(confirmation: &Confirmation, story: &Story<'_>) -> Json {
    let alarm = |alarm: &crate::gate::Confirmed| {
        let (metric, point) = named(alarm.endpoint, story);
        json!({ "metric": metric, "point": point, "mean": alarm.mean, "p": alarm.p, "stands": alarm.stands })
    };
    json!({
        "seeds": confirmation.seeds,
        "paired": confirmation.paired,
        "alarms": confirmation.alarms.iter().map(alarm).collect::<Vec<_>>(),
    })
}
