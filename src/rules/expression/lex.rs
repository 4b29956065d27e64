//! From text to words.

use std::ops::Range;

use super::Fault;

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    Name(String),
    Number(f64),
    Text(String),
    Relation(super::Relation),
    Open,
    Close,
    Comma,
    Dot,
}

/// A word and the bytes at which it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) at: Range<usize>,
}

/// The words of `text`.
pub(super) fn words(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    // The end of a run of characters that all are as wanted.
    let run = |start: usize, wanted: &dyn Fn(char) -> bool| {
        text[start..].char_indices().find(|(_, c)| !wanted(*c)).map_or(text.len(), |(at, _)| start + at)
    };
    while let Some((start, first)) = rest.next() {
        let follows = |wanted: &dyn Fn(char) -> bool| text[start + first.len_utf8()..].starts_with(wanted);
        let (word, end) = match first {
            ' ' | '\t' | '\n' | '\r' => continue,
            '(' => (Word::Open, start + 1),
            ')' => (Word::Close, start + 1),
            ',' => (Word::Comma, start + 1),
            '<' | '>' => {
                let or_equal = follows(&|c| c == '=');
                let relation = match (first, or_equal) {
                    ('<', false) => super::Relation::Less,
                    ('<', true) => super::Relation::AtMost,
                    (_, false) => super::Relation::More,
                    (_, true) => super::Relation::AtLeast,
                };
                (Word::Relation(relation), start + 1 + usize::from(or_equal))
            }
            '\'' | '"' => {
                let Some(length) = text[start + 1..].find(first) else {
                    return Err(Fault::new(start..text.len(), "the text in quotes does not end"));
                };
                let inner = start + 1..start + 1 + length;
                (Word::Text(text[inner.clone()].to_owned()), inner.end + 1)
            }
            c if c.is_ascii_digit()
                || (matches!(c, '-' | '.') && follows(&|c| c.is_ascii_digit() || c == '.')) =>
            {
                let end = number_end(text, start);
                let number = text[start..end].parse::<f64>().ok().filter(|x| x.is_finite());
                let Some(number) = number else {
                    return Err(Fault::new(start..end, format!("`{}` is not a number", &text[start..end])));
                };
                (Word::Number(number), end)
            }
            '.' => (Word::Dot, start + 1),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let end = run(start, &|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                (Word::Name(text[start..end].to_owned()), end)
            }
            '=' | '!' | '&' | '|' => {
                let end = run(start, &|c| matches!(c, '=' | '!' | '&' | '|'));
                return Err(Fault::new(start..end, format!("`{}` is not known here", &text[start..end]))
                    .help("compare with <, <=, >, >=; join with and, or, not"));
            }
            '+' | '*' | '/' | '-' => {
                return Err(Fault::new(start..start + 1, format!("there is no arithmetic here: `{first}`"))
                    .help("differences are delta(SIGNAL, baseline) or delta(SIGNAL, prev), quotients ratio(…), trends slope(SIGNAL, n)"));
            }
            other => {
                return Err(Fault::new(
                    start..start + other.len_utf8(),
                    format!("unexpected character `{other}`"),
                ));
            }
        };
        while rest.peek().is_some_and(|(at, _)| *at < end) {
            rest.next();
        }
        tokens.push(Token { word, at: start..end });
    }
    Ok(tokens)
}

/// Where the number that begins at `start` ends: letters belong to it, so that `0.8x` is a mistake and not two words.
fn number_end(text: &str, start: usize) -> usize {
    let mut before = ' ';
    for (at, c) in text[start..].char_indices() {
        let sign = matches!(c, '-' | '+');
        let belongs = if sign {
            at == 0 || matches!(before, 'e' | 'E')
        } else {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '_')
        };
        if !belongs {
            return start + at;
        }
        before = c;
    }
    text.len()
}
