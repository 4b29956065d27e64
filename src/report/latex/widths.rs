//! How wide a text is in Computer Modern, the type that papers are set in unless they say otherwise.

/// Widths of the characters from `!` to `~` in `cmr10`, in thousandths of its size (Knuth 1986, Computer Modern Typefaces; as its metrics file states them).
#[rustfmt::skip]
const ASCII: [u16; 94] = [
    278, 500, 833, 500, 833, 778, 278, 389, 389, 500, 778, 278, 333, 278, 500,
    500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 778, 778, 778, 472, 778,
    750, 708, 722, 764, 681, 653, 785, 750, 361, 514, 778, 625, 917, 750, 778, 681, 778, 736, 556, 722, 750, 750, 1028, 750, 750, 611,
    278, 500, 278, 500, 500, 500,
    500, 556, 444, 556, 444, 306, 500, 556, 278, 306, 528, 278, 833, 556, 500, 556, 528, 392, 394, 389, 556, 528, 722, 528, 528, 444,
    500, 278, 500, 500,
];
/// What the same is wider in bold, by the digits of `cmbx10`.
pub(super) const BOLD: f64 = 1.15;
/// Every letter of `cmtt10`.
const CODE: f64 = 0.525;

/// A size of type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Size {
    /// The command that sets it.
    pub(super) command: &'static str,
    /// Points per em of `cmr10`: its own size times what the smaller fonts are wider by design.
    pub(super) em: f64,
    /// Points on either side of a column.
    pub(super) gap: f64,
    /// Points from line to line (`size10.clo`).
    pub(super) line: f64,
}

/// The sizes that tables are set in, the largest first; of the smaller ones `cmr9`, `cmr8` and `cmr7` are at most 2.9 %, 6.3 % and 16.5 % wider than their size says.
pub(super) const SIZES: [Size; 3] = [
    Size { command: "\\small", em: 9.26, gap: 6.0, line: 11.0 },
    Size { command: "\\footnotesize", em: 8.51, gap: 4.0, line: 9.5 },
    Size { command: "\\scriptsize", em: 8.15, gap: 3.0, line: 8.0 },
];

/// The width of `text` as the report writes it, before it is escaped, in em.
pub(super) fn width(text: &str) -> f64 {
    let (mut all, mut in_code) = (0.0, false);
    let paired = text.matches('`').count().is_multiple_of(2);
    for letter in text.chars() {
        if letter == '`' && paired {
            in_code = !in_code;
            continue;
        }
        all += if in_code { CODE } else { of(letter) };
    }
    all
}

fn of(letter: char) -> f64 {
    match letter {
        '!'..='~' => f64::from(ASCII[letter as usize - '!' as usize]) / 1000.0,
        ' ' | '\u{a0}' => 0.334,
        'ε' => 0.467,
        'σ' => 0.572,
        '−' | '±' | '×' | '≤' | '≥' => 0.778,
        '↑' | '↓' | '‘' | '’' => 0.5,
        // Arrows, ∞, … and —, and what is not known: one em, which few letters exceed.
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Summed by hand from the metrics file: six digits; two stops, two brackets and a comma of 0.278; a space.
    #[test]
    fn widths_are_those_of_the_font() {
        assert!((width("[0.12, 0.22]") - (6.0 * 0.5 + 5.0 * 0.278 + 0.334)).abs() < 1e-9);
        assert!((width("Wm") - (1.028 + 0.833)).abs() < 1e-9);
        assert!((width("`at` 0.1") - (2.0 * 0.525 + 0.334 + 2.0 * 0.5 + 0.278)).abs() < 1e-9);
    }
}
