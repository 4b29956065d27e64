//! `report.json`: everything the report knows, machine-readable; undefined is `null` beside its reason. `report.schema.json` beside this file says what
//! is in it.

use serde_json::{Map, Value as Json, json};

use crate::error::{Error, Result};
use crate::measure::{MetricKey, Value};
use crate::pareto::exchange::{ArcRate, Change, Rate};
use crate::pareto::{Choice, Stretch};
use crate::points::{ByChance, Fared, Measured, Point};

use super::abstention;
use super::certificates;
use super::confidence;
use super::curves;
use super::explanations;
use super::format;
use super::inputs::Described;
use super::pairs;
use super::temperatures;
use super::uncertain;
use super::view::View;

/// Raised whenever a reader of the older file would misread the newer one.
pub const SCHEMA: u32 = 1;

/// The JSON Schema (draft 2020-12) of the file.
pub const SCHEMA_FILE: &str = include_str!("report.schema.json");

/// The file.
pub(super) fn file(view: &View) -> Result<Vec<u8>> {
    let given = &view.given;
    let data = &given.data;
    let mut whole = json!({
        "schema": SCHEMA,
        "version": given.version,
        "name": given.name,
        "question": given.question,
        "headlines": view.headlines,
        "data": {
            "name": data.name,
            "description": data.description,
            "rows": { "train": data.train, "validation": data.validation, "test": data.test },
            "classes": data.classes,
            "attributes": data.attributes.iter().map(|(name, groups)| json!({ "name": name, "groups": groups })).collect::<Vec<_>>(),
            "citation": data.citation,
            "license": data.license,
            "fingerprint": data.fingerprint,
        },
        "settings": given.settings.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect::<Vec<_>>(),
        "threat": given.threat.as_ref().map(|threat| json!({
            "norm": threat.norm,
            "epsilon": threat.epsilon,
            "protocol": threat.protocol,
            "attacks": threat.words,
        })),
        "metrics": given.metrics.iter().map(described).collect::<Vec<_>>(),
        "points": given.points.iter().enumerate().map(|(i, point)| self::point(view, i, point)).collect::<Vec<_>>(),
        "front": front(view),
        "defense_fronts": given.defense_fronts.iter().map(|(defense, members)| json!({ "defense": defense, "members": members })).collect::<Vec<_>>(),
        "uncertainty": uncertain::json(view),
        "rates": given.rates.iter().map(rate).collect::<Vec<_>>(),
        "curves": given.curves.iter().map(curves::json).collect::<Vec<_>>(),
        "anchors": given.anchors.iter().map(|anchor| json!({
            "label": anchor.label,
            "values": anchor.values.iter().map(|(key, value)| (key.to_string(), self::value(value))).collect::<Map<_, _>>(),
        })).collect::<Vec<_>>(),
        "curve": given.curve.as_ref().map(|curve| json!({
            "metric": curve.metric,
            "clean": curve.clean.as_ref().map(MetricKey::to_string),
            "epsilons": curve.epsilons,
        })),
        "attacks": given.attacks.iter().map(|row| json!({
            "point": row.point,
            "attack": row.attack,
            "norm": row.norm,
            "epsilon": row.epsilon,
            "standing": row.standing,
            "exact": row.exact,
        })).collect::<Vec<_>>(),
        "convergence": given.convergence.iter().map(|row| json!({
            "point": row.point,
            "seed": row.seed,
            "loss": row.loss,
            "accuracy": row.accuracy,
            "loss_trend": row.loss_trend,
            "settled": row.settled,
        })).collect::<Vec<_>>(),
        "checks": given.checks.iter().map(|row| json!({
            "point": row.point,
            "seed": row.seed,
            "check": row.finding.check,
            "number": row.finding.number,
            "status": row.finding.status.word(),
            "measured": row.finding.measured,
            "threshold": row.finding.threshold,
            "says": row.finding.says,
            "overridden": row.finding.released,
        })).collect::<Vec<_>>(),
        "notes": given.notes,
    });
    if let Some(positive) = &data.positive {
        whole["data"]["positive"] = json!(positive);
    }
    if !given.ownership.is_empty() {
        whole["ownership"] = given.ownership.iter().map(stretch).collect();
    }
    if !given.sensitivity.is_empty() {
        let reruns = given.sensitivity.iter();
        whole["sensitivity"] = reruns.map(|found| curves::sensitivity_json(view, found)).collect();
    }
    if let Some(choice) = &given.choice {
        whole["choice"] = self::choice(choice);
    }
    if let Some(certified) = &given.certified {
        whole["certificates"] = certificates::json(certified);
    }
    if let Some(explained) = &given.explanations {
        whole["explanations"] = explanations::json(explained);
    }
    if !given.temperatures.is_empty() {
        whole["temperatures"] = temperatures::json(&given.temperatures);
    }
    if !given.abstentions.is_empty() {
        whole["abstention"] = abstention::json(view);
    }
    if !given.confidences.is_empty() {
        whole["confidences"] = confidence::json(&given.confidences);
    }
    if !given.pairs.is_empty() {
        whole["pairs"] = pairs::json(&given.pairs);
    }
    if !given.fared.is_empty() {
        whole["fared"] = given.fared.iter().map(fared).collect();
    }
    let mut bytes = serde_json::to_vec_pretty(&whole)
        .map_err(|error| Error::internal(error.to_string()).context("cannot write JSON"))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn stretch(stretch: &Stretch) -> Json {
    json!({
        "from": stretch.from,
        "to": stretch.to,
        "defenses": stretch.owners,
        "members": stretch.members,
        "probability": stretch.probability,
        "runner_up": stretch.runner_up.as_ref().map(|(defense, share)| json!({ "defense": defense, "probability": share })),
        "unreached": stretch.unreached,
    })
}

fn choice(choice: &Choice) -> Json {
    json!({
        "candidates": choice.candidates,
        "chosen": choice.chosen,
        "copies": choice.copies,
        "excluded": choice.excluded.iter().map(|(point, reason)| json!({ "point": point, "reason": reason })).collect::<Vec<_>>(),
        "optimism": choice.optimism.iter().map(|row| json!({
            "key": row.key.to_string(),
            "direction": row.direction,
            "validation": row.validation,
            "test": row.test,
            "difference": row.difference(),
            "difference_of_all": row.all,
        })).collect::<Vec<_>>(),
    })
}

fn described(metric: &Described) -> Json {
    json!({
        "id": metric.id,
        "title": metric.title,
        "meaning": metric.meaning,
        "pillar": metric.pillar,
        "direction": metric.direction,
        "unit": metric.unit,
        // An unbounded end has no JSON number: `null`.
        "range": [finite(metric.range.0), finite(metric.range.1)],
        "chance": metric.chance,
        "undefined": metric.undefined,
        "bound": metric.bound,
        "source": metric.source,
    })
}

fn point(view: &View, index: usize, point: &Point) -> Json {
    json!({
        "name": point.name(),
        "label": view.labels[index],
        "coordinates": point.coordinates,
        "defense": point.defense,
        "strength": point.strength,
        "model": point.model,
        "seeds": point.seeds,
        "failed": point.failed.iter().map(|(seed, reason)| json!({ "seed": seed, "reason": reason })).collect::<Vec<_>>(),
        "degenerate": point.degenerate,
        "measures": point.measures.iter().map(|(key, measured)| (key.to_string(), self::measured(measured))).collect::<Map<_, _>>(),
    })
}

fn measured(measured: &Measured) -> Json {
    let estimate = &measured.estimate;
    let chance = |chance: ByChance| {
        json!({
            "expected": chance.expected,
            "quantile_95": chance.quantile_95,
            "rows_to_see": chance.rows_to_see,
        })
    };
    let mut number = json!({
        "value": estimate.value.get(),
        "reason": estimate.value.reason(),
        "interval": estimate.interval.map(|(low, high)| [low, high]),
        "level": estimate.level,
        "method": estimate.method,
        "n": estimate.n,
        "bound": estimate.bound,
        "per_seed": measured.per_seed.iter().map(value).collect::<Vec<_>>(),
        "sd_seed": measured.sd_seed,
        "sd_row": measured.sd_row,
        "by_chance": measured.by_chance.map(chance),
        "notes": measured.notes,
    });
    if let Some(sizable) = &measured.sizable {
        number["without_small_groups"] = json!({
            "value": sizable.value.get(),
            "reason": sizable.value.reason(),
            "interval": sizable.interval.map(|(low, high)| [low, high]),
            "by_chance": sizable.by_chance.map(chance),
            "left_out": sizable.left_out.iter().map(|(group, rows)| json!({ "group": group, "rows": rows })).collect::<Vec<_>>(),
        });
    }
    number
}

fn fared(fared: &Fared) -> Json {
    json!({
        "from": fared.from,
        "to": fared.to,
        "attribute": fared.attribute,
        "attack": fared.attack.as_ref().map(|attack| json!({ "protocol": attack.protocol, "norm": attack.norm, "epsilon": attack.epsilon() })),
        "worse": fared.worse,
        "better": fared.better,
        "difference": fared.difference,
        "interval": fared.interval.map(|(low, high)| [low, high]),
    })
}

fn value(value: &Value) -> Json {
    match value {
        Value::Defined(x) => json!({ "value": x }),
        Value::Undefined(reason) => json!({ "value": null, "reason": reason }),
    }
}

fn front(view: &View) -> Json {
    let front = &view.given.front;
    json!({
        "objectives": front.objectives.iter().map(|objective| json!({
            "key": objective.key.to_string(),
            "title": view.title(&objective.key),
            "direction": objective.direction,
            "reference": finite(objective.reference),
            "ideal": finite(objective.ideal),
        })).collect::<Vec<_>>(),
        "members": front.members,
        "dominated": front.dominated.iter().map(|(point, by)| json!({ "point": point, "by": by })).collect::<Vec<_>>(),
        "excluded": front.excluded.iter().map(|(point, reason)| json!({ "point": point, "reason": reason })).collect::<Vec<_>>(),
        "hypervolume": front.hypervolume,
        "hypervolume_interval": front.hypervolume_interval.map(|(low, high)| [low, high]),
        "stability": front.stability,
        "seeds": front.seeds,
    })
}

pub(super) fn rate(arc: &ArcRate) -> Json {
    let change = |(mean, interval): Change| json!({ "mean": mean, "interval": interval.map(|(low, high)| [low, high]) });
    json!({
        "defense": arc.defense,
        "from": arc.from,
        "to": arc.to,
        "security": arc.security.to_string(),
        "safety": arc.safety.to_string(),
        "security_change": change(arc.security_change),
        "safety_change": change(arc.safety_change),
        "outcome": format::outcome(arc.outcome),
        "seeds": arc.seeds,
        "rate": quotient(&arc.rate),
        "probit_rate": quotient(&arc.probit_rate),
        "sentence": arc.sentence,
    })
}

fn quotient(rate: &Rate) -> Json {
    match rate {
        Rate::Bounded { rate, low, high } => {
            json!({ "kind": "bounded", "rate": rate, "interval": [low, high] })
        }
        Rate::HalfLine { rate, parts, words } => {
            // What is not finite has no number in JSON.
            let end = |end: f64| end.is_finite().then_some(end);
            let parts: Vec<_> = parts.iter().map(|(from, to)| [end(*from), end(*to)]).collect();
            json!({ "kind": "half-line", "rate": rate, "parts": parts, "reason": words })
        }
        Rate::NotMeasurable { words } => json!({ "kind": "not-measurable", "rate": null, "reason": words }),
    }
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}
