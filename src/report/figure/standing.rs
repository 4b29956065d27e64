//! What the security curve shows, as a sentence: who keeps most under attack, and who has most certified.

use crate::report::certificates;
use crate::report::format;
use crate::report::inputs::Curve;
use crate::report::leading::{self, Leading};
use crate::report::view::View;

/// Who keeps most at the radius of the front, against the lowest strength.
pub(super) fn title(view: &View, curve: &Curve) -> String {
    let fallback = || "What is left at every radius of the attack".to_owned();
    let Some(key) = view.given.threat.as_ref().and_then(|t| view.attacked(&curve.metric, None, t.epsilon))
    else {
        return fallback();
    };
    let known: Vec<usize> = (0..view.given.points.len())
        .filter(|&point| view.given.points[point].degenerate.is_none() && view.is_final(point))
        .filter(|&point| view.value(point, &key).is_some())
        .collect();
    let weakest = known
        .iter()
        .copied()
        .min_by(|a, b| view.given.points[*a].strength.total_cmp(&view.given.points[*b].strength));
    let (Some(best), Some(weakest)) = (leading::among(view, &key, &known), weakest) else {
        return fallback();
    };
    let left = |point: usize| view.value(point, &key).map_or_else(String::new, format::number);
    if let Some(both) = both_ends(view, curve, &known, &best, left) {
        return both;
    }
    let name = format::capitalized(&view.title(&key));
    let told = format!("{name} is best {}: {}", best.place(view), left(best.point));
    if best.point == weakest {
        return told;
    }
    format!("{told}, against {} {}", left(weakest), view.place(weakest))
}

/// Who has most certified at the radius of the front beside who keeps most under attack; none where there are no certificates.
fn both_ends(
    view: &View,
    curve: &Curve,
    known: &[usize],
    best: &Leading,
    left: impl Fn(usize) -> String,
) -> Option<String> {
    let threat = view.given.threat.as_ref().filter(|_| curve.metric == "robust_accuracy")?;
    let key = certificates::key(view, "certified_accuracy", threat.epsilon)?;
    let proven = |point: usize| view.value(point, &key);
    let all: Vec<usize> = known.iter().copied().filter(|&point| proven(point).is_some()).collect();
    let surest = leading::among(view, &key, &all)?;
    let certified =
        |point: usize| proven(point).map_or_else(|| "an unknown share".to_owned(), format::number);
    let at = format!("At {} ε = {}", threat.norm.sign(), threat.epsilon);
    if proven(surest.point)? <= 0.0 {
        return Some(format!(
            "{at} nothing is certified; attacks leave most {}: {}",
            best.place(view),
            left(best.point)
        ));
    }
    if surest.point == best.point {
        return Some(format!(
            "{at} most is certified {}: {}, of the {} that attacks leave, the most as well{}",
            surest.place(view),
            certified(surest.point),
            left(best.point),
            best.not_told(view).map_or_else(String::new, |level| format!(" ({level})")),
        ));
    }
    Some(format!(
        "{at} most is certified {}: {} of the {} that attacks leave; they leave most {}: {}, of which {} is certified",
        surest.place(view),
        certified(surest.point),
        left(surest.point),
        best.place(view),
        left(best.point),
        certified(best.point),
    ))
}
