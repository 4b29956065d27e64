//! What a parser says of a setting, in the words of those who write settings.
//!
//! The parser knows types of this language (`u32`, `sequence`, `variant`); whoever writes a configuration knows numbers, lists and keys.

use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result, did_you_mean};
use crate::words::{WITHOUT_CONTROL, control_character};

/// The parser's error with the place that it points at, its message in plain words.
#[must_use]
pub fn toml_error(error: &toml::de::Error) -> Error {
    let whole = error.to_string();
    let whole = whole.trim_end();
    let place = whole.strip_suffix(error.message().trim_end()).unwrap_or_default();
    let place = place.replace("TOML parse error at ", "at ");
    Error::input(format!("{place}{}", plain(error.message())))
}

/// # Errors
///
/// With line and column: a text of the file that has a control character, which can only be written as an escape. Texts are shown to people, and would
/// steer their terminals. What is not TOML is not judged.
pub fn check_texts(file: &str) -> Result<()> {
    let Ok(document) = DeTable::parse(file) else { return Ok(()) };
    let mut open: Vec<_> = document.get_ref().values().collect();
    // The first one in the file is the one to tell.
    let mut found: Vec<(usize, String)> = Vec::new();
    while let Some(value) = open.pop() {
        match value.get_ref() {
            DeValue::String(text) => {
                found.extend(control_character(text).map(|why| (value.span().start, why)));
            }
            DeValue::Array(list) => open.extend(list.iter()),
            DeValue::Table(table) => open.extend(table.values()),
            _ => {}
        }
    }
    let Some((at, why)) = found.into_iter().min() else { return Ok(()) };
    let before = &file[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    Err(Error::input(format!("at line {line}, column {column}: {why}")).help(WITHOUT_CONTROL))
}

/// The parser's `message` in plain words: `expected a nonzero u32` becomes `expected a whole number of at least 1`, and an unknown key or
/// word is followed by the nearest known one and by all of them.
#[must_use]
pub fn plain(message: &str) -> String {
    let message = message.trim();
    // Behind the first line stands where, in words that need no change.
    let (line, rest) = message.split_once('\n').map_or((message, ""), |(line, rest)| (line, rest));
    let told = unknown(line).or_else(|| unfit(line)).or_else(|| missing(line));
    let told = told.unwrap_or_else(|| line.to_owned());
    if rest.is_empty() { told } else { format!("{told}\n{rest}") }
}

/// ``unknown field `a`, expected `b` or `c` ``.
fn unknown(line: &str) -> Option<String> {
    let (what, rest) = [("unknown field `", "key"), ("unknown variant `", "word")]
        .into_iter()
        .find_map(|(start, what)| Some((what, line.strip_prefix(start)?)))?;
    let (name, known) = match rest.split_once("`, ") {
        Some((name, known)) => (name, quoted(known)),
        None => (rest.strip_suffix('`')?, Vec::new()),
    };
    let near = did_you_mean(name, known.iter().copied());
    let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Some(match (near.is_empty(), list.is_empty()) {
        (_, true) => format!("unknown {what} `{name}`: none is known here"),
        (true, false) => format!("unknown {what} `{name}`, expected one of {}", list.join(", ")),
        (false, false) => format!("unknown {what} `{name}`{near} Known here: {}", list.join(", ")),
    })
}

/// Every part of `text` between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// ``invalid type: string "a", expected u32``.
fn unfit(line: &str) -> Option<String> {
    let rest = ["invalid type: ", "invalid value: ", "invalid length "]
        .into_iter()
        .find_map(|start| line.strip_prefix(start))?;
    let (found, wanted) = rest.rsplit_once(", expected ")?;
    let mut wanted = kind(wanted);
    let number = found.strip_prefix("integer `").and_then(|rest| rest.strip_suffix('`'));
    let is_large = |most: &str| number.and_then(|n| n.parse::<i128>().ok()) > most.parse::<i128>().ok();
    if let Some(most) = largest(line).filter(|most| is_large(most)) {
        wanted = format!("a whole number of at most {most}");
    }
    Some(format!("expected {wanted}, got {}", thing(found)))
}

/// The largest number of the unsigned type that `line` ends with.
fn largest(line: &str) -> Option<&'static str> {
    let most = [("u8", "255"), ("u16", "65535"), ("u32", "4294967295"), ("u64", "18446744073709551615")];
    most.into_iter().find_map(|(name, most)| line.ends_with(name).then_some(most))
}

/// What was wanted.
fn kind(wanted: &str) -> String {
    let known = match wanted {
        "a nonzero u8" | "a nonzero u16" | "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => {
            "a whole number of at least 1"
        }
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of at least 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "a string" | "string or table" | "a character" => "text in quotes",
        "a map" => "a table of settings",
        other if ["struct", "internally tagged enum", "map"].iter().any(|start| other.starts_with(start)) => {
            "a table of settings, as in `{ kind = \"…\" }`"
        }
        other if other.starts_with("enum") => "text in quotes",
        other => other,
    };
    known.to_owned()
}

/// What was found instead.
fn thing(found: &str) -> String {
    for start in ["integer ", "floating point ", "boolean "] {
        if let Some(rest) = found.strip_prefix(start) {
            return rest.to_owned();
        }
    }
    if let Some(text) = found.strip_prefix("string ") {
        return format!("the text {text}");
    }
    match found {
        "map" => "a table".to_owned(),
        "sequence" => "a list".to_owned(),
        "unit value" => "nothing".to_owned(),
        other => other.to_owned(),
    }
}

/// ``missing field `epochs` ``.
fn missing(line: &str) -> Option<String> {
    let name = line.strip_prefix("missing field `")?.strip_suffix('`')?;
    Some(format!("the key `{name}` is missing"))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what the parser says of them is of interest")]
    struct Settings {
        epochs: NonZeroU32,
        #[serde(default)]
        batch: u64,
        #[serde(default)]
        lr: f64,
        #[serde(default)]
        names: Vec<String>,
        #[serde(default)]
        quick: bool,
        #[serde(default)]
        method: Option<Method>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only what the parser says of them is of interest")]
    enum Method {
        Trades { beta: f64 },
        FastAt {},
    }

    /// The left sides are what the parser really says, so that a new version of it that says otherwise is noticed.
    #[test]
    fn what_the_parser_says_is_said_in_plain_words() {
        for (text, expected) in [
            ("epochs = 0", "expected a whole number of at least 1, got `0`"),
            ("epochs = 5000000000", "expected a whole number of at most 4294967295, got `5000000000`"),
            ("epochs = 1.5", "expected a whole number of at least 1, got `1.5`"),
            ("epochs = \"a\"", "expected a whole number of at least 1, got the text \"a\""),
            ("epochs = 1\nbatch = -1", "expected a whole number of at least 0, got `-1`"),
            ("epochs = 1\nlr = \"a\"", "expected a number, got the text \"a\""),
            ("epochs = 1\nnames = 3", "expected a list, got `3`"),
            ("epochs = 1\nnames = [3]", "expected text in quotes, got `3`"),
            ("epochs = 1\nquick = 3", "expected `true` or `false`, got `3`"),
            ("epochs = 1\nlr = {}", "expected a number, got a table"),
            ("", "the key `epochs` is missing"),
            (
                "epocs = 1",
                "unknown key `epocs`, did you mean `epochs`? Known here: `epochs`, `batch`, `lr`, `names`, `quick`, `method`",
            ),
            (
                "epochs = 1\ncolour = 1",
                "unknown key `colour`, expected one of `epochs`, `batch`, `lr`, `names`, `quick`, `method`",
            ),
            (
                "epochs = 1\nmethod = { kind = \"tradess\", beta = 1.0 }",
                "unknown word `tradess`, did you mean `trades`? Known here: `trades`, `fast-at`",
            ),
            (
                "epochs = 1\nmethod = { kind = \"fast-at\", beta = 1.0 }",
                "unknown key `beta`: none is known here",
            ),
            ("epochs = 1\nmethod = { kind = \"trades\" }", "the key `beta` is missing"),
            ("epochs = 1\nmethod = 3", "expected a table of settings, as in `{ kind = \"…\" }`, got `3`"),
        ] {
            let error = toml::from_str::<Settings>(text).expect_err(text);
            assert_eq!(plain(error.message()), expected, "{text}: {}", error.message());
        }
    }

    #[test]
    fn texts_have_no_control_characters() {
        check_texts("a = \"tab\\t and\\nline\"\nb = [1, { c = \"ä\" }]\n").unwrap();
        check_texts("not toml").unwrap();
        let said = |text: &str| check_texts(text).unwrap_err().to_string();
        let text = "a = \"x\"\n[[r]]\nb = [\"y\", { c = \"z\\u001b[0m\" }]\nd = \"\\u0001\"\n";
        let place = "at line 3, column 17: the text has the control character U+001B\n";
        assert!(said(text).starts_with(place), "{}", said(text));
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for text in ["expected a finite number above 0, got `-1`", "seed 3 is listed twice", ""] {
            assert_eq!(plain(text), text);
        }
    }
}
