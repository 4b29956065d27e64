//! Reading relations: a small language with numbers, columns and levels.
//!
//! ```text
//! relation   = all { "or" all }
//! all        = part { "and" part }
//! part       = "(" relation ")" | comparison | category
//! comparison = sum ( "<=" | ">=" | "=" ) sum
//! sum        = product { ( "+" | "-" ) product }
//! product    = factor { ( "*" | "/" ) factor }
//! factor     = number | column | "-" factor | "(" sum ")"
//! category   = column ( "=" | "!=" ) level | column [ "not" ] "in" "(" level { "," level } ")"
//! column     = word | "`" any characters "`"
//! level      = "'" any characters "'"
//! ```

use super::{Formula, Levels, Term};
use crate::error::{Error, Result};

/// What a column holds, as far as relations care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Numbers.
    Number,
    /// Levels.
    Category,
}

/// Finds a column's number and kind by its name.
pub(crate) type Columns<'a> = dyn Fn(&str) -> Option<(usize, Kind)> + 'a;

/// Reads `text`.
///
/// # Errors
///
/// With the position (characters, from 1): what is not a relation, a column that is not known or of the wrong kind.
pub(crate) fn parse(text: &str, columns: &Columns<'_>) -> Result<Formula<Levels>> {
    let place = |Slip { at, message, help }: Slip| {
        let position = text[..at.min(text.len())].chars().count() + 1;
        let error = Error::input(format!("{message}, at character {position} of `{text}`"));
        if help.is_empty() { error } else { error.help(help) }
    };
    let tokens = tokens(text).map_err(place)?;
    let mut parser = Parser { tokens: &tokens, next: 0, end: text.len(), columns };
    let formula = parser.relation().map_err(place)?;
    match parser.tokens.get(parser.next) {
        None => Ok(formula),
        Some(token) => Err(place(slip(token.at, format!("{} is too much", token.what.words())))),
    }
}

/// What is wrong, at which byte.
struct Slip {
    at: usize,
    message: String,
    help: String,
}

fn slip(at: usize, message: impl Into<String>) -> Slip {
    Slip { at, message: message.into(), help: String::new() }
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Number(f64),
    /// A bare word: a column, or `and`, `or`, `in`, `not`.
    Word(String),
    /// A column in backquotes.
    Quoted(String),
    Level(String),
    Mark(&'static str),
}

impl What {
    fn words(&self) -> String {
        match self {
            Self::Number(number) => format!("the number {number}"),
            Self::Word(word) | Self::Quoted(word) => format!("`{word}`"),
            Self::Level(level) => format!("the level '{level}'"),
            Self::Mark(mark) => format!("`{mark}`"),
        }
    }
}

#[derive(Debug, Clone)]
struct Token {
    at: usize,
    what: What,
}

/// Longer marks before those that they begin with.
const MARKS: [&str; 13] = ["<=", ">=", "!=", "==", "<", ">", "=", "+", "-", "*", "/", "(", ")"];

fn tokens(text: &str) -> Result<Vec<Token>, Slip> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (what, length) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if first == '`' || first == '\'' {
            let Some(length) = rest[1..].find(first) else {
                return Err(slip(at, format!("there is no closing {first}")));
            };
            let inner = rest[1..=length].to_owned();
            (if first == '`' { What::Quoted(inner) } else { What::Level(inner) }, length + 2)
        } else if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            let number = rest[..length].parse().ok().filter(|number: &f64| number.is_finite());
            let Some(number) = number else {
                return Err(slip(at, format!("`{}` is no number", &rest[..length])));
            };
            (What::Number(number), length)
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (What::Word(rest[..end].to_owned()), end)
        } else if first == ',' {
            (What::Mark(","), 1)
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            if matches!(*mark, "<" | ">") {
                return Err(Slip {
                    at,
                    message: format!("`{mark}` has no nearest value on its edge"),
                    help: format!("write `{mark}=`; of whole numbers, `a < b` is `a + 1 <= b`"),
                });
            }
            (What::Mark(if *mark == "==" { "=" } else { mark }), mark.len())
        } else {
            return Err(slip(at, format!("`{first}` has no meaning here")));
        };
        tokens.push(Token { at, what });
        at += length;
    }
    Ok(tokens)
}

/// Digits, a point, and an exponent with its sign.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let signed = matches!(byte, b'+' | b'-') && length > 0 && matches!(bytes[length - 1], b'e' | b'E');
        if !(byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E') || signed) {
            break;
        }
        length += 1;
    }
    length
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    end: usize,
    columns: &'a Columns<'a>,
}

impl Parser<'_> {
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |token| token.at)
    }

    fn peek(&self) -> Option<&What> {
        self.tokens.get(self.next).map(|token| &token.what)
    }

    fn takes(&mut self, mark: &str) -> bool {
        let is = match self.peek() {
            Some(What::Mark(known)) => *known == mark,
            Some(What::Word(word)) => word == mark,
            _ => false,
        };
        self.next += usize::from(is);
        is
    }

    fn wants(&self, what: &str) -> Slip {
        let found = self.peek().map_or_else(|| "the end".to_owned(), What::words);
        slip(self.at(), format!("expected {what}, found {found}"))
    }

    fn relation(&mut self) -> Result<Formula<Levels>, Slip> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Formula::Any(parts) })
    }

    fn all(&mut self) -> Result<Formula<Levels>, Slip> {
        let mut parts = vec![self.part()?];
        while self.takes("and") {
            parts.push(self.part()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Formula::All(parts) })
    }

    /// A parenthesis may hold a relation or the beginning of a sum: the reading that gets further is meant.
    fn part(&mut self) -> Result<Formula<Levels>, Slip> {
        let begin = self.next;
        if !self.takes("(") {
            return self.comparison();
        }
        let inner = self
            .relation()
            .and_then(|formula| if self.takes(")") { Ok(formula) } else { Err(self.wants("`)`")) });
        let as_relation = match inner {
            Ok(formula) => return Ok(formula),
            Err(slip) => slip,
        };
        self.next = begin;
        self.comparison().map_err(|as_sum| if as_sum.at >= as_relation.at { as_sum } else { as_relation })
    }

    fn comparison(&mut self) -> Result<Formula<Levels>, Slip> {
        if let Some(What::Word(name) | What::Quoted(name)) = self.peek()
            && let Some((column, Kind::Category)) = (self.columns)(name)
        {
            self.next += 1;
            return self.category(column);
        }
        let left = Box::new(self.sum()?);
        let at = self.at();
        let comparison = ["<=", ">=", "="].into_iter().find(|mark| self.takes(mark));
        let Some(comparison) = comparison else {
            if matches!(self.peek(), Some(What::Mark("!="))) {
                return Err(Slip {
                    at,
                    message: "numbers are compared by `<=`, `>=` and `=`".to_owned(),
                    help: "of whole numbers, `a != b` is `a <= b - 1 or a >= b + 1`".to_owned(),
                });
            }
            return Err(self.wants("`<=`, `>=` or `=`"));
        };
        if let Some(What::Level(_)) = self.peek() {
            return Err(slip(self.at(), "a level is compared with a categorical column only"));
        }
        let right = Box::new(self.sum()?);
        Ok(match comparison {
            "<=" => Formula::AtMost(Term::Difference(left, right)),
            ">=" => Formula::AtMost(Term::Difference(right, left)),
            _ => Formula::Equal(Term::Difference(left, right)),
        })
    }

    fn category(&mut self, column: usize) -> Result<Formula<Levels>, Slip> {
        if self.takes("=") {
            return Ok(Formula::Is(column, Levels { names: vec![self.level()?], not: false }));
        }
        if self.takes("!=") {
            return Ok(Formula::Is(column, Levels { names: vec![self.level()?], not: true }));
        }
        let not = self.takes("not");
        if !self.takes("in") {
            return Err(self.wants("`=`, `!=`, `in` or `not in` after a categorical column"));
        }
        if !self.takes("(") {
            return Err(self.wants("`(`"));
        }
        let mut names = vec![self.level()?];
        while self.takes(",") {
            names.push(self.level()?);
        }
        if !self.takes(")") {
            return Err(self.wants("`,` or `)`"));
        }
        Ok(Formula::Is(column, Levels { names, not }))
    }

    fn level(&mut self) -> Result<String, Slip> {
        let Some(What::Level(level)) = self.peek().cloned() else {
            return Err(self.wants("a level in single quotes"));
        };
        self.next += 1;
        Ok(level)
    }

    fn sum(&mut self) -> Result<Term, Slip> {
        let mut left = self.product()?;
        loop {
            left = if self.takes("+") {
                Term::Sum(Box::new(left), Box::new(self.product()?))
            } else if self.takes("-") {
                Term::Difference(Box::new(left), Box::new(self.product()?))
            } else {
                return Ok(left);
            };
        }
    }

    fn product(&mut self) -> Result<Term, Slip> {
        let mut left = self.factor()?;
        loop {
            left = if self.takes("*") {
                Term::Product(Box::new(left), Box::new(self.factor()?))
            } else if self.takes("/") {
                Term::Ratio(Box::new(left), Box::new(self.factor()?))
            } else {
                return Ok(left);
            };
        }
    }

    fn factor(&mut self) -> Result<Term, Slip> {
        if self.takes("(") {
            let inner = self.sum()?;
            return if self.takes(")") { Ok(inner) } else { Err(self.wants("`)`")) };
        }
        if self.takes("-") {
            return Ok(match self.factor()? {
                Term::Number(number) => Term::Number(-number),
                term => Term::Difference(Box::new(Term::Number(0.0)), Box::new(term)),
            });
        }
        let at = self.at();
        let name = match self.peek() {
            Some(What::Number(number)) => {
                let number = *number;
                self.next += 1;
                return Ok(Term::Number(number));
            }
            Some(What::Word(word)) if ["and", "or", "in", "not"].contains(&word.as_str()) => {
                return Err(self.wants("a number or a column"));
            }
            Some(What::Word(name) | What::Quoted(name)) => name.clone(),
            _ => return Err(self.wants("a number or a column")),
        };
        self.next += 1;
        match (self.columns)(&name) {
            Some((column, Kind::Number)) => Ok(Term::Column(column)),
            Some((_, Kind::Category)) => {
                Err(slip(at, format!("`{name}` is categorical: there is nothing to calculate with")))
            }
            None => Err(Slip {
                at,
                message: format!("`{name}` is no column that a model sees"),
                help: "relations hold between columns of kind continuous, integer and categorical; names with other \
                       characters than letters, digits and `_` stand in backquotes"
                    .to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Formula<Levels>> {
        parse(text, &|name| match name {
            "a" => Some((0, Kind::Number)),
            "b-c" => Some((1, Kind::Number)),
            "job" => Some((2, Kind::Category)),
            _ => None,
        })
    }

    #[test]
    fn parentheses_may_hold_relations_and_sums() {
        for text in [
            "(a + 1) * 2 <= 3",
            "((a)) = 1",
            "(a = 1)",
            "((a + 1) <= 2 or a = 5) and `b-c` >= 1",
            "(a - 1) / (`b-c` + 2) <= .5",
            "(job = 'x' and (a) <= 1) or job in ('y')",
        ] {
            read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        let grouped = read("a - (1 - a) = 0").unwrap();
        let Formula::Equal(term) = grouped else { panic!("an equation") };
        assert!((term.value(&[3.0], &[0.0]).0 - 5.0).abs() < 1e-12, "3 − (1 − 3)");
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, words) in [
            ("a <= ", "expected a number or a column, found the end, at character 6"),
            ("a", "expected `<=`, `>=` or `=`, found the end"),
            ("ab <= 3", "`ab` is no column that a model sees, at character 1"),
            ("a <= b-c", "`b` is no column that a model sees, at character 6"),
            ("a < 3", "`<` has no nearest value on its edge, at character 3"),
            ("a != 3", "numbers are compared by `<=`, `>=` and `=`"),
            ("job = 3", "expected a level in single quotes, found the number 3"),
            ("job <= 'x'", "expected `=`, `!=`, `in` or `not in` after a categorical column"),
            ("job + 1 = 2", "expected `=`, `!=`, `in` or `not in` after a categorical column"),
            ("a + job = 2", "`job` is categorical: there is nothing to calculate with, at character 5"),
            ("a = 'x'", "a level is compared with a categorical column only"),
            ("job in 'x'", "expected `(`, found the level 'x'"),
            ("job in ('x' 'y')", "expected `,` or `)`, found the level 'y'"),
            ("job = 'x", "there is no closing '"),
            ("a <= 3 3", "the number 3 is too much, at character 8"),
            ("a <= 1.2.3", "`1.2.3` is no number"),
            ("a <= 3 or", "expected a number or a column, found the end"),
            ("a <= or", "expected a number or a column, found `or`"),
            ("(a <= 3", "expected `)`, found the end"),
            ("(a + 3 = 1", "expected `)`, found the end"),
            ("a § 3", "`§` has no meaning here, at character 3"),
            ("", "expected a number or a column, found the end, at character 1"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        assert!(read("a < 3").unwrap_err().help_text().unwrap().contains("a + 1 <= b"));
    }
}
