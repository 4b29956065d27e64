//! Exchange rates as sentences.

use super::Objective;
use super::exchange::{ArcRate, Change, Course, Outcome, Rate};
use crate::measure::{Direction, MetricKey, Unit};
use crate::metrics;
use crate::points::Point;

/// A number's name in a sentence.
pub(super) fn title(key: &MetricKey) -> String {
    metrics::describe(key)
}

/// What a value is multiplied by for people, and the noun that goes with it.
fn scale(key: &MetricKey) -> (f64, &'static str) {
    match metrics::find(&key.id).map(|metric| metric.unit) {
        Some(Unit::Fraction) => (100.0, "point"),
        _ => (1.0, "unit"),
    }
}

/// Two decimals and a real minus sign.
pub(super) fn decimal(x: f64) -> String {
    let text = format!("{x:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text.replace('-', "−") }
}

/// `clean accuracy fell by 1.2 points`, or that it cannot be told from no change.
fn movement(objective: &Objective, change: Change) -> String {
    let (scale, noun) = scale(&objective.key);
    let name = title(&objective.key);
    let is_higher_better = objective.direction == Direction::Higher;
    let difference = if is_higher_better { scale } else { -scale } * change.0;
    let by = format!("{:.1}", difference.abs());
    if difference == 0.0 && change.1.is_none_or(|(low, high)| low >= high) {
        return format!("{name} did not change");
    }
    if Course::of(change) == Course::Unclear {
        let sign = if by == "0.0" { "±" } else { ["−", "+"][usize::from(difference > 0.0)] };
        return format!("{name} changed by {sign}{by} {noun}s, not distinguishable from none");
    }
    if by == "0.0" {
        return format!("{name} hardly moved");
    }
    format!("{name} {} by {by} {noun}s", if difference > 0.0 { "rose" } else { "fell" })
}

/// What one unit of security is bought or sold for: `one point of robust accuracy cost 0.49 points of clean accuracy`.
fn price(safety: &Objective, security: &Objective, amount: &str, sold: bool) -> String {
    let (from, to) = (scale(&security.key).1, scale(&safety.key).1);
    let unit = match (security.direction, sold) {
        (Direction::Higher, false) => format!("one {from} of {}", title(&security.key)),
        (Direction::Lower, false) => format!("one {from} less of {}", title(&security.key)),
        (Direction::Higher, true) => format!("giving up one {from} of {}", title(&security.key)),
        (Direction::Lower, true) => format!("one {from} more of {}", title(&security.key)),
    };
    let effect = match (safety.direction, sold) {
        (Direction::Higher, false) => format!("cost {amount} {to}s of {}", title(&safety.key)),
        (Direction::Higher, true) => format!("gained {amount} {to}s of {}", title(&safety.key)),
        (Direction::Lower, false) => format!("raised {} by {amount} {to}s", title(&safety.key)),
        (Direction::Lower, true) => format!("lowered {} by {amount} {to}s", title(&safety.key)),
    };
    format!("{unit} {effect}")
}

/// What one unit of security may have cost, from the least to the most: `one point of robust accuracy cost from −0.17 (a gain) to 0.06 points of clean accuracy`.
fn span(safety: &Objective, security: &Objective, (least, most): (&str, &str)) -> String {
    let gain = if least.starts_with('−') { " (a gain)" } else { "" };
    let (from, to) = (scale(&security.key).1, scale(&safety.key).1);
    let less = if security.direction == Direction::Lower { " less" } else { "" };
    let unit = format!("one {from}{less} of {}", title(&security.key));
    let amount = format!("{least}{gain} to {most} {to}s");
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
            Outcome::NoGain => "no gain was measurable",
            Outcome::Unclear => "no change was measurable",
        }
        .to_owned();
    }
    let seen = match arc.outcome {
        Outcome::Price => "security was paid for",
        Outcome::Reverse => "safety was paid for",
        Outcome::WinWin | Outcome::NoPrice => "no price was seen",
        Outcome::LoseLose | Outcome::NoGain => "no gain was seen",
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
    let factor = -scale(&safety.key).0 / scale(&security.key).0;
    let turned = |rate: f64| decimal(rate * factor);
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
