//! Numbers and lists as people read them; machines get the shortest text that reads back.

use crate::measure::{Direction, Unit, Value};
use crate::pareto::exchange::Outcome;
use crate::points::Measured;
use crate::words::decimal;

/// Three decimals, a real minus sign, and no minus before zero: `0.974`, `−0.031`.
#[must_use]
pub(super) fn number(x: f64) -> String {
    decimal(x, 3)
}

/// `0.974 [0.962, 0.986]`, `0.974` without an interval, `undefined` where withheld, `—` where not measured.
#[must_use]
pub(super) fn estimate(measured: Option<&Measured>) -> String {
    let Some(measured) = measured else { return "—".to_owned() };
    match &measured.estimate.value {
        Value::Undefined(_) => "undefined".to_owned(),
        Value::Defined(x) => with_interval(*x, measured.estimate.interval),
    }
}

/// `0.512 [0.490, 0.531]`, or without brackets where there is no interval.
#[must_use]
pub(super) fn with_interval(x: f64, interval: Option<(f64, f64)>) -> String {
    match interval {
        Some((low, high)) => format!("{} [{}, {}]", number(x), number(low), number(high)),
        None => number(x),
    }
}

/// A change in words: `+47.2 points` for fractions, `+0.310` in the unit otherwise.
#[must_use]
pub(super) fn change(x: f64, unit: Unit) -> String {
    let (text, word) = match unit {
        Unit::Fraction => (format!("{:+.1}", 100.0 * x), " points"),
        Unit::Nats => (format!("{x:+.3}"), " nats"),
        Unit::SquaredNats => (format!("{x:+.3}"), " nats²"),
        Unit::Ratio | Unit::Distance => (format!("{x:+.3}"), ""),
    };
    let zero = text.chars().all(|c| matches!(c, '+' | '-' | '0' | '.'));
    let text = if zero { text.replace(['+', '-'], "±") } else { text.replace('-', "−") };
    format!("{text}{word}")
}

/// A change with its interval: `+47.2 points [44.0, 50.3]`.
#[must_use]
pub(super) fn change_interval((x, interval): (f64, Option<(f64, f64)>), unit: Unit) -> String {
    let factor = if unit == Unit::Fraction { 100.0 } else { 1.0 };
    let digits = usize::from(unit != Unit::Fraction) * 2 + 1;
    let text = change(x, unit);
    match interval {
        None => text,
        Some((low, high)) => {
            let end = |x: f64| decimal(x * factor, digits);
            format!("{text} [{}, {}]", end(low), end(high))
        }
    }
}

/// ` ↑`, ` ↓` (after a space that does not break), or nothing for descriptive numbers.
#[must_use]
pub(super) fn arrow(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::Higher) => "\u{a0}↑",
        Some(Direction::Lower) => "\u{a0}↓",
        None => "",
    }
}

/// `titles` as names of files have them: letters and digits, all else a hyphen; with a number behind where that would be another's name, or nothing is left of it.
#[must_use]
pub(super) fn file_parts<'a>(titles: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let mut parts: Vec<String> = Vec::new();
    for title in titles {
        let part: String = title.chars().map(safe).collect();
        let part = if part.chars().all(|c| c == '-') { "other".to_owned() } else { part };
        // Figures for dark pages end so, and the page has sections and titles of its own.
        let is_taken = |name: &String| {
            parts.contains(name) || name.ends_with("-dark") || ["section", "title"].contains(&name.as_str())
        };
        let numbered = (2..).map(|number| format!("{part}-{number}"));
        parts.extend(std::iter::once(part.clone()).chain(numbered).find(|name| !is_taken(name)));
    }
    parts
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

pub(super) use crate::words::count;

/// `is` or `are`.
#[must_use]
pub(super) fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// The first letter in upper case; names for machines, such as `defense=at,strength=0.1` or `robust_accuracy`, stay as they are.
#[must_use]
pub(super) fn capitalized(text: &str) -> String {
    if text.split(' ').next().is_some_and(|word| word.contains(['=', '@', '_'])) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// The word for machines.
#[must_use]
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Price => "price",
        Outcome::Reverse => "reverse",
        Outcome::WinWin => "win-win",
        Outcome::LoseLose => "lose-lose",
        Outcome::NoPrice => "no-measurable-price",
        Outcome::SecurityLost => "security-lost",
        Outcome::NoGain => "no-measurable-gain",
        Outcome::Unclear => "no-measurable-change",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_decimals_and_no_negative_zero() {
        assert_eq!(number(0.974), "0.974");
        assert_eq!(number(-0.0001), "0.000");
        assert_eq!(number(-0.03149), "−0.031");
    }

    #[test]
    fn changes_of_fractions_are_said_in_points() {
        assert_eq!(change(0.472, Unit::Fraction), "+47.2 points");
        assert_eq!(change(-0.0004, Unit::Fraction), "±0.0 points");
        assert_eq!(change(-0.25, Unit::Nats), "−0.250 nats");
        assert_eq!(
            change_interval((-0.1, Some((-0.15, -0.05))), Unit::Fraction),
            "−10.0 points [−15.0, −5.0]"
        );
        assert_eq!(
            change_interval((0.026, Some((-0.0002, 0.052))), Unit::Fraction),
            "+2.6 points [0.0, 5.2]"
        );
    }

    /// Names that a file system without regard to case, or without these letters, would take for one.
    #[test]
    fn every_title_has_a_name_of_its_own() {
        let titles =
            ["sex", "Sex", "age<40", "age>40", "性别", "人种", "a b", "a-b", "sex 2", "sex dark", "title"];
        let expected = [
            "sex",
            "sex-2",
            "age-40",
            "age-40-2",
            "other",
            "other-2",
            "a-b",
            "a-b-2",
            "sex-2-2",
            "sex-dark-2",
            "title-2",
        ];
        assert_eq!(file_parts(titles), expected);
    }

    #[test]
    fn lists_read_like_sentences() {
        let items = ["0.05", "0.1", "0.2"].map(str::to_owned);
        assert_eq!(list(&items[..1]), "0.05");
        assert_eq!(list(&items), "0.05, 0.1 and 0.2");
        assert_eq!(count(1, "seed"), "1 seed");
        assert_eq!(capitalized("εs of one"), "Εs of one");
        let named = "defense=at,strength=0.5: accuracy fell";
        assert_eq!(capitalized(named), named);
    }
}
