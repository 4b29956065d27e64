//! How wide words are in a drawing, and how they are made to fit: broken into lines, or cut.

use super::canvas::{SIZE_FACTOR, Type, UNITS, font, register};

/// Width of `text` in CSS pixels.
pub(super) fn width(text: &str, look: Type) -> f64 {
    register();
    let ((left, _), (right, _)) = font(look, false).layout_box(text).expect("the bundled font is registered");
    // The library measures with `size` as the line height (1.164 em in this font), and writes `size / 1.24` as the em.
    f64::from(right - left) / UNITS * (1.164 / SIZE_FACTOR)
}

/// Lines of at most `longest` CSS pixels, broken at spaces.
pub(super) fn wrapped(text: &str, look: Type, longest: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let joined = lines.last().map(|line| format!("{line} {word}"));
        match joined {
            Some(joined) if width(&joined, look) <= longest => {
                *lines.last_mut().expect("there is a line") = joined;
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `text` as drawings write it: names between backticks in quotation marks.
pub(super) fn spoken(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push(if i % 2 == 1 { '‘' } else { '’' });
        }
        out.push_str(part);
    }
    out
}

/// `text` in at most `most` lines of `longest` CSS pixels, the last of them, or a word that is longer, cut.
pub(super) fn lines(text: &str, look: Type, longest: f64, most: usize) -> Vec<String> {
    let mut lines = wrapped(text, look, longest);
    if lines.len() > most {
        let rest = lines.split_off(most.max(1) - 1).join(" ");
        lines.push(rest);
    }
    // A name in one word is told from others by its end as well.
    let fitted = |line: &String| {
        if line.contains(' ') { cut(line, look, longest) } else { shortened(line, look, longest) }
    };
    lines.iter().map(fitted).collect()
}

/// `text` cut with an ellipsis to at most `longest` CSS pixels.
pub(super) fn cut(text: &str, look: Type, longest: f64) -> String {
    if width(text, look) <= longest {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    (1..letters.len())
        .rev()
        .map(|n| letters[..n].iter().collect::<String>().trim_end().to_owned() + "…")
        .find(|short| width(short, look) <= longest)
        .unwrap_or_else(|| "…".to_owned())
}

/// A name cut in its middle to at most `longest` CSS pixels: names of one family begin alike, and are told apart by how they end.
pub(super) fn shortened(name: &str, look: Type, longest: f64) -> String {
    if width(name, look) <= longest {
        return name.to_owned();
    }
    let letters: Vec<char> = name.chars().collect();
    (2..letters.len())
        .rev()
        .map(|kept| {
            let begin: String = letters[..kept.div_ceil(2)].iter().collect();
            let end: String = letters[letters.len() - kept / 2..].iter().collect();
            format!("{}…{}", begin.trim_end(), end.trim_start())
        })
        .find(|short| width(short, look) <= longest)
        .unwrap_or_else(|| "…".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figure::canvas::BODY;

    #[test]
    fn names_are_quoted_and_a_lone_backtick_stays() {
        assert_eq!(spoken("with `at` 0.1 and `awp`"), "with ‘at’ 0.1 and ‘awp’");
        assert_eq!(spoken("an odd ` stays"), "an odd ` stays");
    }

    #[test]
    fn long_texts_end_on_the_last_line_they_may_have() {
        let all = lines("one two three four five six seven", BODY, 60.0, 2);
        assert_eq!(all.len(), 2);
        assert!(all[1].ends_with('…') && all.iter().all(|line| width(line, BODY) <= 60.0), "{all:?}");
        assert_eq!(lines("short", BODY, 60.0, 2), ["short"]);
    }

    #[test]
    fn names_that_begin_alike_stay_apart() {
        let names = [1, 2].map(|i| shortened(&format!("a-very-long-name-of-a-defense-{i}"), BODY, 90.0));
        assert!(names[0].starts_with("a-very") && names[0].ends_with("-1"), "{names:?}");
        assert!(names[0] != names[1] && names.iter().all(|name| width(name, BODY) <= 90.0), "{names:?}");
        assert_eq!(shortened("at", BODY, 90.0), "at");
    }
}
