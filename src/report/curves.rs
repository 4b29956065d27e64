//! Every defense along its strengths: monotone fits, wrong ways, mixtures; clean and boundary error; the same rates at other budgets.

use serde_json::{Value as Json, json};

use super::format;
use super::json::rate as rate_json;
use super::table::{Table, cost, numeric, words};
use super::view::View;
use crate::experiment::INTERPOLATED;
use crate::measure::{MetricKey, Unit};
use crate::pareto::exchange::ArcRate;
use crate::pareto::{Slope, StrengthCurve, WrongWay};
use crate::points::{Measured, Point};
use crate::run::Sensitivity;
use crate::words::percent;

/// Steps of more strength that cost security, where noise over seeds hardly explains it: the assumption of a trade is wrong there.
pub(super) fn surprises(view: &View) -> Vec<String> {
    let shown = |curve: &StrengthCurve| -> Vec<String> {
        let security = |wrong: &&WrongWay| wrong.key == curve.security && wrong.is_shown();
        let said = |wrong: &WrongWay| {
            format!(
                "{} got worse from {} to {}, by {} ({} over {} seeds, all steps together): more strength did not buy security there.",
                format::capitalized(&view.metric_title(&wrong.key)),
                view.long_label(wrong.from),
                view.plain_strength(wrong.to),
                size(view, &wrong.key, wrong.size),
                p_value(wrong.p_value),
                curve.seeds,
            )
        };
        curve.wrong_ways.iter().filter(security).map(said).collect()
    };
    let mut all: Vec<String> = view.given.curves.iter().flat_map(shown).collect();
    all.dedup();
    all
}

/// `1.2 points`, or the plain number of what is no share.
fn size(view: &View, key: &MetricKey, size: f64) -> String {
    match view.unit(key) {
        Unit::Fraction => format!("{:.1} points", 100.0 * size),
        _ => format::number(size),
    }
}

fn p_value(p: Option<f64>) -> String {
    match p {
        Some(p) if p < 0.001 => "p < 0.001".to_owned(),
        Some(p) => format!("p = {p:.3}"),
        None => "p unknown".to_owned(),
    }
}

/// Whether rates keep their sign at other budgets.
pub(super) fn sensitivity(view: &View) -> Vec<String> {
    const LISTED: usize = 3;
    let said = |found: &Sensitivity| {
        let turned: Vec<_> = found.rates.iter().filter(|recheck| recheck.turned).collect();
        let all = format::count(found.rates.len(), "exchange rate");
        let setting = View::quoted(&found.setting);
        if found.rates.is_empty() {
            return format!("With {setting} no exchange rate could be found again.");
        }
        if turned.is_empty() {
            return format!("With {setting} none of {all} changes its sign.");
        }
        let clear = turned.iter().filter(|recheck| recheck.clear).count();
        let step =
            |arc: &ArcRate| format!("{} to {}", view.long_label(arc.from), view.plain_strength(arc.to));
        let mut steps: Vec<String> = turned.iter().take(LISTED).map(|recheck| step(&recheck.again)).collect();
        if turned.len() > LISTED {
            steps.push(format!("{} more", turned.len() - LISTED));
        }
        format!(
            "With {setting} {} of {all} {} the sign: {}; {} of them where every change can be told from none at both budgets.",
            turned.len(),
            if turned.len() == 1 { "changes" } else { "change" },
            format::list(&steps),
            if clear == 0 { "none".to_owned() } else { clear.to_string() },
        )
    };
    view.given.sensitivity.iter().map(said).collect()
}

/// The same step at the other budget, marked where its sign is another; `—` where there is none.
pub(super) fn again(found: &Sensitivity, index: usize) -> String {
    let Some(recheck) = found.rates.iter().find(|recheck| recheck.rate == index) else {
        return "—".to_owned();
    };
    let text = cost(&recheck.again, &recheck.again.rate);
    if recheck.turned { format!("{text}; other sign") } else { text }
}

/// One row per point of every curve.
pub(super) fn table(view: &View) -> Option<Table> {
    let curves = &view.given.curves;
    let first = curves.first()?;
    let shared =
        |(name, _): &&(String, Vec<String>)| !matches!(name.as_str(), "strength" | "model" | INTERPOLATED);
    let mut head: Vec<_> =
        view.varying.iter().filter(shared).map(|(name, _)| words(view.column(name))).collect();
    head.push(words("strength"));
    let single = curves.iter().all(|curve| curve.security == first.security && curve.safety == first.safety);
    if single {
        head.extend([numeric(view.title(&first.security)), numeric(view.title(&first.safety))]);
    } else {
        head.extend([
            words("security"),
            words("safety"),
            numeric("security fitted"),
            numeric("safety fitted"),
        ]);
    }
    head.extend([numeric("cost in safety per security, to the next level"), words("remarks")]);
    let mut rows = Vec::new();
    for curve in curves {
        for (at, &point) in curve.points.iter().enumerate() {
            let mut row: Vec<String> =
                view.varying.iter().filter(shared).map(|(_, values)| values[point].clone()).collect();
            row.push(view.strength_label(point));
            if !single {
                row.extend([view.title(&curve.security), view.title(&curve.safety)]);
            }
            row.extend([
                format::number(curve.fitted_security[at]),
                format::number(curve.fitted_safety[at]),
                curve.slopes.iter().find(|slope| slope.from == point).map_or_else(String::new, slope),
                remarks(view, curve, point).join("; "),
            ]);
            rows.push(row);
        }
    }
    Some(Table {
        title: "Along the strengths",
        caption: "Seed means made monotone (isotonic regression: security never falls and safety never rises with strength; neighbors out of order share one value, the mean by the inverse of their variances over seeds and rows), and what the step to the next level costs, in brackets percentiles of resamples of seeds and rows. What speaks against the order stands under remarks, with p-values of sign flips over seeds, all steps together. Attainable by mixing: the upper convex hull of the means, which drawing one of two models by lot attains; of noisy means it is biased outward.".to_owned(),
        head,
        rows,
    })
}

fn slope(slope: &Slope) -> String {
    let Some(rate) = slope.rate else { return "safety lost, nothing bought".to_owned() };
    let flat = slope.flat.filter(|flat| *flat > 0.005);
    let flat = flat.map_or_else(String::new, |flat| format!("; nothing bought in {}", percent(flat)));
    // As a cost: positive where safety falls.
    format!("{}{flat}", format::beside_zero(-rate, slope.interval.map(|(low, high)| (-high, -low))))
}

fn remarks(view: &View, curve: &StrengthCurve, point: usize) -> Vec<String> {
    let mut remarks = Vec::new();
    let name = |point: usize| view.plain_strength(point);
    if let Some((_, to)) = curve.win_wins.iter().find(|(from, _)| *from == point) {
        remarks.push(format!("win-win up to {}: both improve, a dominated stretch", name(*to)));
    }
    for wrong in curve.wrong_ways.iter().filter(|wrong| wrong.from == point) {
        let way = if wrong.key == curve.security { "worse" } else { "better" };
        let p = wrong.p_value.map_or_else(String::new, |_| format!(" ({})", p_value(wrong.p_value)));
        remarks.push(format!(
            "{} {way} at {} by {}{p}",
            view.metric_title(&wrong.key),
            name(wrong.to),
            size(view, &wrong.key, wrong.size),
        ));
    }
    if let Some(mixture) = curve.mixtures.iter().find(|mixture| mixture.point == point) {
        remarks.push(format!(
            "mixing {} and {} ({}) gives {} more of {}",
            name(mixture.of.0),
            name(mixture.of.1),
            percent(mixture.share),
            size(view, &curve.safety, mixture.gain),
            view.metric_title(&curve.safety),
        ));
    }
    if curve.corners.contains(&point) {
        remarks.push("corner of what is attainable by mixing".to_owned());
    }
    remarks
}

/// Robust error is clean error plus boundary error.
pub(super) fn decomposition(view: &View) -> Option<Table> {
    let clean = MetricKey::plain("accuracy");
    let epsilon = view.given.threat.as_ref()?.epsilon;
    let key = |id: &str| view.attacked(id, None, epsilon);
    let (robust, boundary, given) =
        (key("robust_accuracy")?, key("boundary_error")?, key("robust_given_correct")?);
    let known: Vec<usize> =
        (0..view.given.points.len()).filter(|point| view.value(*point, &boundary).is_some()).collect();
    if known.is_empty() {
        return None;
    }
    let mut head: Vec<_> = view.columns().into_iter().map(words).collect();
    head.extend(["clean error", "boundary error", "robust error", "robust given correct"].map(numeric));
    let rows = known
        .into_iter()
        .map(|point| {
            let mut row: Vec<String> = view.varying.iter().map(|(_, values)| values[point].clone()).collect();
            row.extend([
                complement(view.measured(point, &clean)),
                format::estimate(view.measured(point, &boundary)),
                complement(view.measured(point, &robust)),
                format::estimate(view.measured(point, &given)),
            ]);
            row
        })
        .collect();
    Some(Table {
        title: "Clean error and boundary error",
        caption: "Robust accuracy contains clean accuracy, so a part of what it loses is lost without any attack: robust error is clean error plus boundary error, the share of rows that are right and fall (Zhang et al. 2019). Robust given correct: of the rows that are right, those that stand.".to_owned(),
        head,
        rows,
    })
}

/// 1 − what was measured.
fn complement(measured: Option<&Measured>) -> String {
    let turned = measured.map(|measured| {
        let mut turned = measured.clone();
        if let Some(value) = measured.estimate.value.get() {
            turned.estimate.value = crate::measure::Value::finite(1.0 - value);
        }
        turned.estimate.interval = measured.estimate.interval.map(|(low, high)| (1.0 - high, 1.0 - low));
        turned
    });
    format::estimate(turned.as_ref())
}

/// The curves in `report.json`.
pub(super) fn json(curve: &StrengthCurve) -> Json {
    json!({
        "defense": curve.defense,
        "security": curve.security.to_string(),
        "safety": curve.safety.to_string(),
        "seeds": curve.seeds,
        "points": curve.points,
        "isotonic": { "security": curve.fitted_security, "safety": curve.fitted_safety },
        "slopes": curve.slopes.iter().map(|slope| json!({
            "from": slope.from,
            "to": slope.to,
            "security_gain": slope.security,
            "safety_gain": slope.safety,
            "rate": slope.rate,
            "interval": slope.interval.map(|(low, high)| [low, high]),
            "flat": slope.flat,
        })).collect::<Vec<_>>(),
        "wrong_ways": curve.wrong_ways.iter().map(|wrong| json!({
            "from": wrong.from,
            "to": wrong.to,
            "key": wrong.key.to_string(),
            "size": wrong.size,
            "p_value": wrong.p_value,
            "shown": wrong.is_shown(),
        })).collect::<Vec<_>>(),
        "attainable_by_mixing": {
            "corners": curve.corners,
            "beaten": curve.mixtures.iter().map(|mixture| json!({
                "point": mixture.point,
                "of": [mixture.of.0, mixture.of.1],
                "share_of_second": mixture.share,
                "safety_gain": mixture.gain,
            })).collect::<Vec<_>>(),
        },
        "win_wins": curve.win_wins.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect::<Vec<_>>(),
    })
}

/// The reruns in `report.json`: objectives alone; everything measured of them is in the evidence.
pub(super) fn sensitivity_json(view: &View, found: &Sensitivity) -> Json {
    let point = |point: &Point| {
        let objectives = view.given.front.objectives.iter();
        json!({
            "name": point.name(),
            "seeds": point.seeds,
            "values": objectives.map(|o| (o.key.to_string(), json!(point.value(&o.key)))).collect::<serde_json::Map<_, _>>(),
        })
    };
    json!({
        "setting": found.setting,
        "points": found.points.iter().map(point).collect::<Vec<_>>(),
        "rates": found.rates.iter().map(|recheck| json!({
            "checks": recheck.rate,
            "sign_changes": recheck.turned,
            "clear": recheck.clear,
            "again": rate_json(&recheck.again),
        })).collect::<Vec<_>>(),
    })
}
