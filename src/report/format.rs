//! Numbers and lists as people read them; machines get the shortest text that reads back.

use crate::measure::{Direction, Unit, Value};
use crate::pareto::exchange::Outcome;
use crate::points::Measured;
use crate::words::{decimal, decimals_beside_zero};

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

/// `0.080 [0.052, 0.118]` of a number that its interval tells from 0, or not.
#[must_use]
pub(super) fn beside_zero(x: f64, interval: Option<(f64, f64)>) -> String {
    let Some((low, high)) = interval else { return number(x) };
    let decimals = decimals_beside_zero(&[low, high], 3);
    let [x, low, high] = [x, low, high].map(|x| decimal(x, decimals));
    format!("{x} [{low}, {high}]")
}

/// What a change is multiplied by for people, its usual decimals, and the word behind it.
fn told(unit: Unit) -> (f64, usize, &'static str) {
    match unit {
        Unit::Fraction => (100.0, 1, " points"),
        Unit::Nats => (1.0, 3, " nats"),
        Unit::SquaredNats => (1.0, 3, " nats²"),
        Unit::Ratio | Unit::Distance => (1.0, 3, ""),
    }
}

/// A change in words: `+47.2 points` for fractions, `+0.310` in the unit otherwise.
#[must_use]
pub(super) fn change(x: f64, unit: Unit) -> String {
    change_to(x, unit, told(unit).1)
}

fn change_to(x: f64, unit: Unit, decimals: usize) -> String {
    let (factor, _, word) = told(unit);
    let text = format!("{:+.decimals$}", factor * x);
    let zero = text.chars().all(|c| matches!(c, '+' | '-' | '0' | '.'));
    let text = if zero { text.replace(['+', '-'], "±") } else { text.replace('-', "−") };
    format!("{text}{word}")
}

/// A change with its interval: `+47.2 points [44.0, 50.3]`.
#[must_use]
pub(super) fn change_interval((x, interval): (f64, Option<(f64, f64)>), unit: Unit) -> String {
    let Some((low, high)) = interval else { return change(x, unit) };
    let (factor, usual, _) = told(unit);
    let (low, high) = (low * factor, high * factor);
    let decimals = decimals_beside_zero(&[low, high], usual);
    format!("{} [{}, {}]", change_to(x, unit, decimals), decimal(low, decimals), decimal(high, decimals))
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
        assert_eq!(change_interval((0.026, Some((0.0, 0.052))), Unit::Fraction), "+2.6 points [0.0, 5.2]");
    }

    /// An end beside 0 is on one side of it or the other; one that is 0, as far as sums tell, is 0.
    #[test]
    fn no_end_of_an_interval_is_rounded_to_a_zero_that_it_is_not() {
        let points = |x, low, high| change_interval((x, Some((low, high))), Unit::Fraction);
        assert_eq!(points(-0.0039, -0.0077, -0.0002), "−0.39 points [−0.77, −0.02]");
        assert_eq!(points(0.026, -0.0002, 0.052), "+2.60 points [−0.02, 5.20]");
        assert_eq!(points(0.026, -0.000_002, 0.052), "+2.6000 points [−0.0002, 5.2000]");
        assert_eq!(points(-0.01, -0.02, -1e-17), "−1.0 points [−2.0, 0.0]");
        assert_eq!(beside_zero(0.03, Some((0.0004, 0.06))), "0.0300 [0.0004, 0.0600]");
        assert_eq!(beside_zero(0.03, Some((0.001, 0.06))), "0.030 [0.001, 0.060]");
        assert_eq!(beside_zero(0.03, None), "0.030");
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
