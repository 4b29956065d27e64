//! Exchange rates as sentences.

use super::Objective;
use super::exchange::{ArcRate, Change, Course, Outcome, Rate};
use crate::measure::{Direction, MetricKey, Unit};
use crate::metrics;
use crate::points::Point;
use crate::words::{decimal, decimals, telling_decimals};

/// A number's name in a sentence.
pub(super) fn title(key: &MetricKey) -> String {
    metrics::describe(key)
}

/// What a value is measured in; of metrics that nobody knows a unit of its own.
fn unit(key: &MetricKey) -> Unit {
    metrics::find(&key.id).map_or(Unit::Ratio, |metric| metric.unit)
}

/// What people count it in: one, and several.
fn nouns(key: &MetricKey) -> (&'static str, &'static str) {
    let (_, one, several) = unit(key).counted();
    (one, several)
}

/// What a rate, as stored, is multiplied by so that it is of what people count.
pub(super) fn scale(safety: &MetricKey, security: &MetricKey) -> f64 {
    unit(safety).per(unit(security))
}

/// ` nats per point` where a cost is not of points per point, which goes without saying.
pub(super) fn counted(safety: &MetricKey, security: &MetricKey) -> String {
    if [safety, security].into_iter().all(|key| unit(key) == Unit::Fraction) {
        String::new()
    } else {
        format!(" {} per {}", nouns(safety).1, nouns(security).0)
    }
}

/// `clean accuracy fell by 1.2 points`, or that it cannot be told from no change.
fn movement(objective: &Objective, change: Change) -> String {
    let (scale, _, nouns) = unit(&objective.key).counted();
    let name = title(&objective.key);
    let is_higher_better = objective.direction == Direction::Higher;
    let difference = if is_higher_better { scale } else { -scale } * change.0;
    let usual = if unit(&objective.key) == Unit::Fraction { 1 } else { 3 };
    if difference == 0.0 && change.1.is_none_or(|(low, high)| low >= high) {
        return format!("{name} did not change");
    }
    if Course::of(change) == Course::Unclear {
        let by = format!("{:.usual$}", difference.abs());
        let is_none = by.chars().all(|c| matches!(c, '0' | '.'));
        let sign = if is_none { "±" } else { ["−", "+"][usize::from(difference > 0.0)] };
        return format!("{name} changed by {sign}{by} {nouns}, not distinguishable from none");
    }
    // A change that is one is never written as 0.
    let digits = if difference.abs() < 0.05 { decimals(&[difference]).max(usual) } else { usual };
    let by = decimal(difference.abs(), digits);
    format!("{name} {} by {by} {nouns}", if difference > 0.0 { "rose" } else { "fell" })
}

/// What one unit of security is bought or sold for: `one point of robust accuracy cost 0.49 points of clean accuracy`.
fn price(safety: &Objective, security: &Objective, amount: &str, sold: bool) -> String {
    let (from, to) = (nouns(&security.key).0, nouns(&safety.key).1);
    let unit = match (security.direction, sold) {
        (Direction::Higher, false) => format!("one {from} of {}", title(&security.key)),
        (Direction::Lower, false) => format!("one {from} less of {}", title(&security.key)),
        (Direction::Higher, true) => format!("giving up one {from} of {}", title(&security.key)),
        (Direction::Lower, true) => format!("one {from} more of {}", title(&security.key)),
    };
    let effect = match (safety.direction, sold) {
        (Direction::Higher, false) => format!("cost {amount} {to} of {}", title(&safety.key)),
        (Direction::Higher, true) => format!("gained {amount} {to} of {}", title(&safety.key)),
        (Direction::Lower, false) => format!("raised {} by {amount} {to}", title(&safety.key)),
        (Direction::Lower, true) => format!("lowered {} by {amount} {to}", title(&safety.key)),
    };
    format!("{unit} {effect}")
}

/// What one unit of security may have cost, from the least to the most: `one point of robust accuracy cost from −0.17 (a gain) to 0.06 points of clean accuracy`.
fn span(safety: &Objective, security: &Objective, (least, most): (&str, &str)) -> String {
    let gain = if least.starts_with('−') { " (a gain)" } else { "" };
    let (from, to) = (nouns(&security.key).0, nouns(&safety.key).1);
    let less = if security.direction == Direction::Lower { " less" } else { "" };
    let unit = format!("one {from}{less} of {}", title(&security.key));
    let amount = format!("{least}{gain} to {most} {to}");
    match safety.direction {
        Direction::Higher => format!("{unit} cost from {amount} of {}", title(&safety.key)),
        Direction::Lower => format!("{unit} raised {} by {amount}", title(&safety.key)),
    }
}

fn has_intervals(arc: &ArcRate) -> bool {
    arc.safety_change.1.is_some() && arc.security_change.1.is_some()
}

/// What came of a step, in a few words.
pub(super) fn happened(arc: &ArcRate) -> String {
    if has_intervals(arc) {
        return match arc.outcome {
            Outcome::Price => "security was paid for",
            Outcome::Reverse => "safety was paid for",
            Outcome::WinWin => "nothing was paid",
            Outcome::LoseLose => "nothing was gained",
            Outcome::NoPrice => "no price was measurable",
            Outcome::SecurityLost => "security was lost",
            Outcome::NoGain => "no gain was measurable",
            Outcome::Unclear => "no change was measurable",
        }
        .to_owned();
    }
    let seen = match arc.outcome {
        Outcome::Price => "security was paid for",
        Outcome::Reverse => "safety was paid for",
        Outcome::WinWin | Outcome::NoPrice => "no price was seen",
        Outcome::LoseLose | Outcome::SecurityLost | Outcome::NoGain => "no gain was seen",
        Outcome::Unclear => "no change was seen",
    };
    match arc.seeds {
        1 => format!("{seen} at this one seed"),
        seeds => format!("{seen} at these {seeds} seeds"),
    }
}

/// The whole statement about one step.
pub(super) fn sentence(
    arc: &ArcRate,
    from: &Point,
    to: &Point,
    safety: &Objective,
    security: &Objective,
) -> String {
    let start = format!("from strength {} to {}", from.strength, to.strength);
    let basis = match (arc.seeds, has_intervals(arc)) {
        (1, _) => "this seed and these test rows alone".to_owned(),
        (seeds, false) => format!("these {seeds} seeds and test rows alone"),
        (seeds, true) => format!("{seeds} seeds, these test rows"),
    };
    let moved =
        format!("{}; {}", movement(security, arc.security_change), movement(safety, arc.safety_change));
    // Turned so that a price is positive, and so is what is gained where the trade ran backwards.
    let factor = -scale(&safety.key, &security.key);
    let digits = match arc.rate {
        Rate::Bounded { rate, low, high } => telling_decimals(&[rate, low, high].map(|rate| rate * factor)),
        _ => 2,
    };
    let turned = |rate: f64| decimal(rate * factor, digits);
    let happened = happened(arc);
    let body = match (arc.outcome, &arc.rate) {
        (Outcome::Price | Outcome::Reverse, Rate::Bounded { rate, low, high }) => {
            let price = price(safety, security, &turned(*rate), arc.outcome == Outcome::Reverse);
            format!("{price} (95 % interval {} to {}; {basis})", turned(*high), turned(*low))
        }
        (Outcome::Price | Outcome::Reverse, Rate::HalfLine { words, .. } | Rate::NotMeasurable { words }) => {
            format!("{moved}; what one bought of the other is not measurable: {words} ({basis})")
        }
        // What no price could be told from has a largest one that it may still be.
        (Outcome::NoPrice, Rate::Bounded { low, high, .. }) => {
            let price = span(safety, security, (&turned(*high), &turned(*low)));
            format!("{happened}: {moved}; {price} (95 % interval; {basis})")
        }
        _ => format!("{happened}: {moved} ({basis})"),
    };
    let degenerate: Vec<String> = [from, to]
        .into_iter()
        .filter(|point| point.degenerate.is_some())
        .map(|point| format!("; strength {} is degenerate", point.strength))
        .collect();
    format!("{start}, {body}{}", degenerate.concat())
}
