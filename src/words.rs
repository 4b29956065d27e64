//! Words that follow a number, and characters that no text may have.

use std::borrow::Cow;

/// Whether no text for people may have it: control characters, which steer terminals and which XML cannot hold, and those that turn what follows around (UAX #9, 2), so that it reads as
/// another text; line breaks and tabs are none.
#[must_use]
pub fn is_control(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// `text` with U+FFFD in the place of every control character.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(is_control) {
        Cow::Owned(text.replace(is_control, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What to say of the first control character in `text`; nothing where it has none.
#[must_use]
pub fn control_character(text: &str) -> Option<String> {
    let found = text.chars().find(|c| is_control(*c))?;
    Some(format!("the text has the control character U+{:04X}", u32::from(found)))
}

/// What to do about it.
pub const WITHOUT_CONTROL: &str = "write it without: it would steer terminals, and drawings cannot hold it";

/// Whether a spreadsheet that opens a table would take `text`, in a cell of its own, for a formula: what begins as one and is no number.
#[must_use]
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err()
}

/// What to say of such a text, and what to do about it.
pub const FORMULA: (&str, &str) = (
    "a spreadsheet would take it for a formula, and tables carry it",
    "let it begin with something else than `=`, `+`, `-` and `@`, or be a number",
);

/// `1 row`, `2 rows`: for nouns that end in `s` when there are several.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// `12 rows`, rounded up; numbers that no table can have are not spelled out.
#[must_use]
pub fn whole_rows(rows: f64) -> String {
    if rows < 1e9 {
        count(rows.ceil().max(1.0) as usize, "row")
    } else {
        "more than a billion rows".to_owned()
    }
}

/// `−0.0038`: a number with so many decimals, a real minus sign, and none before zero.
#[must_use]
pub fn decimal(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    let bare = text.trim_start_matches('-');
    if bare.chars().all(|c| c == '0' || c == '.') { bare.to_owned() } else { text.replace('-', "−") }
}

/// With how many decimals numbers that stand beside one another are written: two, and where the largest is smaller than 0.05 as many as show two of its digits.
#[must_use]
pub fn decimals(values: &[f64]) -> usize {
    let largest = values.iter().filter(|x| x.is_finite()).fold(0.0_f64, |most, x| most.max(x.abs()));
    if largest >= 0.05 || largest == 0.0 {
        return 2;
    }
    let (mut decimals, mut scaled) = (3, 100.0 * largest);
    while scaled < 1.0 && decimals < 9 {
        decimals += 1;
        scaled *= 10.0;
    }
    decimals
}

/// The same of numbers whose sides of 0 matter, such as the ends of an interval: see [`decimals_beside_zero`].
#[must_use]
pub fn telling_decimals(values: &[f64]) -> usize {
    decimals_beside_zero(values, decimals(values))
}

/// With how many decimals numbers are written where it matters on which side of 0 they lie: `usual` ones, and up to three more where one that is not 0 would be
/// written as 0. What is shown to lie on one side must not seem to touch it.
#[must_use]
pub fn decimals_beside_zero(values: &[f64], usual: usize) -> usize {
    const MORE: usize = 3;
    // Less than this is the rounding of sums.
    let is_none = |x: f64| !x.is_finite() || x.abs() < 1e-12;
    let hides = |x: f64, digits: usize| !is_none(x) && decimal(x, digits) == decimal(0.0, digits);
    let shows = |digits: &usize| values.iter().all(|x| !hides(*x, *digits));
    (usual..=usual + MORE).find(shows).unwrap_or(usual)
}

/// `66 %`: a share as a whole number of percent, halves up whatever their last binary digit says.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{} %", libm::floor(100.0 * share + 0.5 + 1e-9) + 0.0)
}

/// `12 positives`: the same of rows that have a name of their own, in the plural.
#[must_use]
pub fn whole_of(rows: f64, kind: &str) -> String {
    match kind {
        "rows" => whole_rows(rows),
        _ if rows < 1e9 => format!("{} {kind}", rows.ceil().max(1.0) as usize),
        _ => format!("more than a billion {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.125 and 0.375 are halves to the bit, 0.285 (of 200 resamples 57) is one but for rounding.
    #[test]
    fn halves_of_a_percent_go_up() {
        assert_eq!([0.125, 0.375, 0.285].map(percent), ["13 %", "38 %", "29 %"]);
        assert_eq!([0.0, 0.004, 0.9949, 1.0].map(percent), ["0 %", "0 %", "99 %", "100 %"]);
    }

    #[test]
    fn small_numbers_keep_two_digits() {
        let written = |x: f64| decimal(x, decimals(&[x]));
        assert_eq!(
            [1.234, 0.0823, 0.0384, -0.0038, 0.000_25].map(written),
            ["1.23", "0.08", "0.038", "−0.0038", "0.00025"]
        );
        assert_eq!([0.0, -0.0].map(written), ["0.00", "0.00"]);
        // What stands beside them decides as well.
        assert_eq!(decimal(0.004, decimals(&[0.004, -0.3, f64::INFINITY])), "0.00");
    }

    #[test]
    fn an_end_that_is_not_0_is_not_written_as_0() {
        let written = |values: [f64; 3]| {
            let digits = telling_decimals(&values);
            values.map(|x| decimal(x, digits))
        };
        assert_eq!(written([0.05, 0.002, 0.11]), ["0.050", "0.002", "0.110"]);
        assert_eq!(written([0.03, -0.0024, 0.06]), ["0.030", "−0.002", "0.060"]);
        assert_eq!(written([0.08, 0.05, 0.12]), ["0.08", "0.05", "0.12"]);
        // What is 0 may be written so, and what three decimals more would not show as well.
        assert_eq!(written([0.3, 0.0, 0.6]), ["0.30", "0.00", "0.60"]);
        assert_eq!(written([0.3, 1e-9, 0.6]), ["0.30", "0.00", "0.60"]);
    }

    #[test]
    fn rows_are_whole() {
        assert_eq!([0.2, 1.5, 1e12].map(whole_rows), ["1 row", "2 rows", "more than a billion rows"]);
    }

    #[test]
    fn rows_may_have_a_name() {
        assert_eq!(
            [(1.5, "rows"), (41.2, "positives"), (1e12, "positives")].map(|(n, kind)| whole_of(n, kind)),
            ["2 rows", "42 positives", "more than a billion positives"]
        );
    }

    /// OWASP, CSV Injection: cells that begin with one of these are formulas.
    #[test]
    fn formulas_are_told_from_numbers_and_words() {
        for text in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "-", "+10 years"] {
            assert!(is_formula(text), "{text}");
        }
        for text in ["-1", "+2.5", "-1e-3", "at", "a=1", "−1", ""] {
            assert!(!is_formula(text), "{text}");
        }
    }

    #[test]
    fn one_row_is_no_rows() {
        assert_eq!([0, 1, 2].map(|n| count(n, "row")), ["0 rows", "1 row", "2 rows"]);
    }

    /// The characters of XML 1.0, section 2.2, and the two sets of controls of ISO 6429.
    #[test]
    fn what_steers_a_terminal_or_breaks_a_drawing_is_replaced() {
        assert_eq!(printable("a\u{1}b\u{1b}[31m\u{7f}\u{9b}\u{ffff}"), "a�b�[31m���");
        assert_eq!(printable("line\r\n\tä 性别 −"), "line\r\n\tä 性别 −");
        assert_eq!(
            control_character("x\u{1b}[0m").as_deref(),
            Some("the text has the control character U+001B")
        );
        assert_eq!(control_character("x\ny"), None);
    }
}
