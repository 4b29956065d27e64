//! What is proven beside what attacks found: the sandwich, always of one predictor.

use serde_json::{Value as Json, json};

use crate::measure::{AttackKey, Direction, MetricKey, Norm};
use crate::words::percent;

use super::format;
use super::headline;
use super::inputs::{Certified, Smoothing};
use super::remarks::seeds;
use super::table::{Column, Table, numeric, words};
use super::view::View;

/// The tables, the model's own first; none where there are no certificates. `brief`: intervals at both ends of the sandwich only.
pub(super) fn tables(view: &View, brief: bool) -> Vec<Table> {
    let Some(certified) = &view.given.certified else { return Vec::new() };
    let mut tables: Vec<Table> = sandwich(view, certified).into_iter().collect();
    tables.extend(smoothed(view, certified, brief));
    tables
}

/// The number of a certificate at the radius `epsilon` of the threat.
pub(super) fn key(view: &View, id: &str, epsilon: f64) -> Option<MetricKey> {
    let protocol = view.given.certified.as_ref()?.protocol.as_ref()?;
    let threat = view.given.threat.as_ref()?;
    Some(under(id, protocol, threat.norm, epsilon))
}

fn under(id: &str, protocol: &str, norm: Norm, epsilon: f64) -> MetricKey {
    MetricKey { attack: Some(AttackKey::new(protocol, norm, epsilon)), ..MetricKey::plain(id) }
}

fn better(name: &str, direction: Direction) -> Column {
    numeric(format!("{name}{}", format::arrow(Some(direction))))
}

/// At least, at most: the model itself, at the radius of the threat.
fn sandwich(view: &View, certified: &Certified) -> Option<Table> {
    let threat = view.given.threat.as_ref()?;
    let lower = key(view, "certified_accuracy", threat.epsilon)?;
    let upper = view.attacked("robust_accuracy", None, threat.epsilon)?;
    let singles: &[String] = if certified.names.len() > 1 { &certified.names } else { &[] };
    let mut head: Vec<Column> = view.columns().into_iter().map(words).collect();
    head.extend([better("certified", Direction::Higher), better("under attack", Direction::Higher)]);
    head.extend(singles.iter().map(|name| numeric(format!("by {name}"))));
    let share = |point: usize, name: &String| {
        let row = certified.rows.iter().find(|row| {
            row.point == point
                && row.certificate == *name
                && row.epsilon.to_bits() == threat.epsilon.to_bits()
        });
        row.map_or_else(|| "—".to_owned(), |row| format::number(row.certified))
    };
    let rows = (0..view.given.points.len())
        .map(|point| {
            let mut row: Vec<String> = view.varying.iter().map(|(_, values)| values[point].clone()).collect();
            row.extend([&lower, &upper].map(|key| format::estimate(view.measured(point, key))));
            row.extend(singles.iter().map(|name| share(point, name)));
            row
        })
        .collect();
    let names: Vec<String> = certified.names.iter().map(|name| format!("`{name}`")).collect();
    let any = if names.len() > 1 { "; a row counts if any of them certifies it" } else { "" };
    Some(Table {
        title: "Certified and under attack",
        caption: format!(
            "Between what is proven and what the attacks left, at {} ε = {}: of every model, at least the certified share of the test rows stands against whatever adversary (certified by {}{any}; protocol {}), and at most the share under attack. Means over {}.",
            threat.norm.sign(),
            threat.epsilon,
            format::list(&names),
            certified.protocol.as_deref().unwrap_or_default(),
            seeds(view),
        ),
        head,
        rows,
    })
}

/// The same of the majority vote under noise.
fn smoothed(view: &View, certified: &Certified, brief: bool) -> Option<Table> {
    let threat = view.given.threat.as_ref()?;
    let first = certified.smoothed.first()?;
    let several = certified.smoothed.len() > 1;
    let mut head: Vec<Column> = view.columns().into_iter().map(words).collect();
    if several {
        head.push(numeric("noise σ"));
    }
    head.extend([
        better("without attack", Direction::Higher),
        better("abstains", Direction::Lower),
        better("certified", Direction::Higher),
        better("under attack", Direction::Higher),
    ]);
    let cells = |point: usize, smoothing: &Smoothing| {
        let at = |id, epsilon| under(id, &smoothing.protocol, Norm::L2, epsilon);
        let ends = [
            at("smoothed_certified_accuracy", threat.epsilon),
            at("smoothed_robust_accuracy", threat.epsilon),
        ];
        let cell = |key: &MetricKey| match view.value(point, key) {
            Some(value) if brief && !ends.contains(key) => format::number(value),
            _ => format::estimate(view.measured(point, key)),
        };
        [&at("smoothed_accuracy", 0.0), &at("smoothed_abstention", 0.0), &ends[0], &ends[1]].map(cell)
    };
    let mut rows = Vec::new();
    for point in 0..view.given.points.len() {
        for smoothing in &certified.smoothed {
            let mut row: Vec<String> = view.varying.iter().map(|(_, values)| values[point].clone()).collect();
            row.extend(several.then(|| smoothing.sigma.to_string()));
            row.extend(cells(point, smoothing));
            rows.push(row);
        }
    }
    let noise = if several { String::new() } else { format!(" (σ = {})", first.sigma) };
    let votes: Vec<String> = certified
        .smoothed
        .iter()
        .map(|one| {
            let sigma = if several { format!(" at σ = {}", one.sigma) } else { String::new() };
            format!(
                "{}{sigma} ({} votes a row; no row beyond {}; protocol {})",
                1.0 - one.alpha,
                one.samples,
                format::number(one.reach),
                one.protocol
            )
        })
        .collect();
    Some(Table {
        title: "Smoothed classifier",
        caption: format!(
            "The majority vote of the model under Gaussian noise{noise}, another predictor than the model itself. Its vote is certified at L2 ε = {}, each row's with probability {}, and attacked at the same radius. An abstention counts as wrong, without attack and under it: these are shares of the vote as it was counted, and the majority of endless votes may be right on more rows. Means over {}.",
            threat.epsilon,
            format::list(&votes),
            seeds(view),
        ),
        head,
        rows,
    })
}

/// How much is proven, beside how much the attacks left, and of which method: of the model itself, then of every vote under noise.
pub(super) fn answers(view: &View) -> Vec<String> {
    let (Some(certified), Some(threat)) = (&view.given.certified, &view.given.threat) else {
        return Vec::new();
    };
    let at = format!("{} ε = {}", threat.norm.sign(), threat.epsilon);
    let ends = || {
        let lower = key(view, "certified_accuracy", threat.epsilon)?;
        Some((lower, view.attacked("robust_accuracy", None, threat.epsilon)?))
    };
    let own = ends().and_then(|(lower, upper)| answer(view, (&lower, &upper), &at, None));
    let mut all: Vec<String> = own.into_iter().collect();
    for smoothing in &certified.smoothed {
        let end = |id| under(id, &smoothing.protocol, Norm::L2, threat.epsilon);
        let (lower, upper) = (end("smoothed_certified_accuracy"), end("smoothed_robust_accuracy"));
        all.extend(answer(view, (&lower, &upper), &at, Some(smoothing)));
    }
    all
}

/// More defenses than this are not listed one by one.
const LISTED: usize = 4;

/// Who has most certified between the `ends` of a sandwich, and what the other defenses come to at their best.
fn answer(
    view: &View,
    (lower, upper): (&MetricKey, &MetricKey),
    at: &str,
    vote: Option<&Smoothing>,
) -> Option<String> {
    let ends = |point: usize| Some((view.value(point, lower)?, view.value(point, upper)?));
    let mut best: Vec<(usize, (f64, f64))> = Vec::new();
    for defense in &view.defenses {
        let own = (0..view.given.points.len()).filter(|&point| {
            let given = &view.given.points[point];
            given.defense == *defense && given.degenerate.is_none() && view.competes(point)
        });
        let known = own.filter_map(|point| Some((point, ends(point)?)));
        let better = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
        best.extend(known.max_by(|a, b| better(&a.1, &b.1).then(b.0.cmp(&a.0))));
    }
    best.sort_by(|(_, a), (_, b)| b.0.total_cmp(&a.0));
    let (&(first, (proven, standing)), others) = best.split_first()?;
    let of = |(point, (proven, standing)): &(usize, (f64, f64))| {
        format!("{} of {} {}", format::number(*proven), format::number(*standing), view.place(*point))
    };
    let subject = vote.map(|vote| format!("Of the vote under noise (σ = {}) ", vote.sigma));
    let subject = |word: &str| match &subject {
        Some(subject) => format!("{subject}{word}"),
        None => format::capitalized(word),
    };
    if proven <= 0.0 {
        return Some(format!(
            "{} is certified at {at}: of the {} of the test rows that the attacks leave standing {}, none is proven.",
            subject("nothing"),
            format::number(standing),
            view.place(first)
        ));
    }
    let share = if standing > 0.0 {
        format!(", of which {} are proven", percent(proven / standing))
    } else {
        String::new()
    };
    let rest = match others.len() {
        0 => String::new(),
        n if n > LISTED => format!(" The best of the {n} other defenses: {}.", of(&others[0])),
        _ => format!(
            " Of the others at their best: {}.",
            format::list(&others.iter().map(of).collect::<Vec<_>>())
        ),
    };
    let sure = vote.map_or_else(String::new, |vote| format!(" (each with probability {})", 1.0 - vote.alpha));
    Some(format!(
        "{} is certified at {at} {}: {} of the test rows are right whatever the adversary does{sure}, and the attacks leave {} standing{share}.{rest}",
        subject("most"),
        view.place(first),
        format::estimate(view.measured(first, lower)),
        format::estimate(view.measured(first, upper)),
    ))
}

/// Which dominated points are so beyond any attack: said only where there are certificates.
pub(super) fn dominance(view: &View) -> Option<String> {
    let proven = view.given.certified.as_ref()?.proven.as_ref()?;
    let dominated = view.given.front.dominated.len();
    if dominated == 0 {
        return None;
    }
    let protocol = &view.given.threat.as_ref()?.protocol;
    let of = format::count(dominated, "dominated point");
    let points: Vec<usize> = proven.iter().map(|(point, _)| *point).collect();
    Some(match (points.len(), dominated) {
        (0, 1) => {
            format!("The one dominated point is so under protocol {protocol}: no certificate proves it.")
        }
        (0, _) => format!("The {of} are so under protocol {protocol}: no certificate proves one of them."),
        (1, 1) => "The one dominated point is proven to be so: another point's certified value reaches its value under attack.".to_owned(),
        (some, all) if some == all => format!(
            "Of {of}, all are proven: another point's certified value reaches their value under attack."
        ),
        (some, all) => format!(
            "Of {of}, {some} {} proven ({}): another point's certified value reaches the value under attack; the {} under protocol {protocol}.",
            if some == 1 { "is" } else { "are" },
            headline::point_list(view, &points),
            if all - some == 1 { "other is so".to_owned() } else { format!("other {} are so", all - some) },
        ),
    })
}

/// For machines.
pub(super) fn json(certified: &Certified) -> Json {
    json!({
        "protocol": certified.protocol,
        "names": certified.names,
        "shares": certified.rows.iter().map(|row| json!({
            "point": row.point,
            "certificate": row.certificate,
            "norm": row.norm,
            "epsilon": row.epsilon,
            "certified": row.certified,
        })).collect::<Vec<_>>(),
        "smoothed": certified.smoothed.iter().map(|smoothing| json!({
            "protocol": smoothing.protocol,
            "sigma": smoothing.sigma,
            "samples": smoothing.samples,
            "alpha": smoothing.alpha,
            "reach": smoothing.reach,
        })).collect::<Vec<_>>(),
        "proven_dominance": certified.proven.as_ref().map(|proven| {
            proven.iter().map(|(point, by)| json!({ "point": point, "by": by })).collect::<Vec<_>>()
        }),
    })
}
