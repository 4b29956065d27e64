//! From words to conditions, by recursive descent.

use std::ops::Range;

use super::lex::{self, Token, Word};
use super::{Against, Expression, Fault, Question, Term};
use crate::error::did_you_mean;

/// Parentheses and `not` may be nested so deep; nobody writes more, and the stack has an end.
const DEEPEST: usize = 64;
/// The longest trend that is asked for.
const LONGEST: f64 = 1000.0;

/// The condition that `text` is, where `signals` and `rules` are the names that it may use.
///
/// # Errors
///
/// What is wrong and at which bytes of the text.
pub fn parse(text: &str, signals: &[&str], rules: &[&str]) -> Result<Expression, Fault> {
    let tokens = lex::words(text)?;
    let mut parser = Parser { text, tokens: &tokens, next: 0, signals, rules };
    let expression = parser.any(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => {
            let what = &text[token.at.clone()];
            let fault = Fault::new(token.at.clone(), format!("the condition should end before `{what}`"));
            Err(match &token.word {
                Word::Relation(_) => fault.help("join two comparisons with `and`"),
                Word::Close => fault.help("no parenthesis is open here"),
                _ => fault.help("join conditions with `and` or `or`"),
            })
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    next: usize,
    signals: &'a [&'a str],
    rules: &'a [&'a str],
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.next += usize::from(token.is_some());
        token
    }

    /// Whether the next word is the name `word`; takes it then.
    fn took(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token { word: Word::Name(name), .. }) if name == word);
        self.next += usize::from(is);
        is
    }

    /// Where the next word stands, or the end of the text.
    fn place(&self) -> Range<usize> {
        self.peek().map_or(self.text.len()..self.text.len(), |token| token.at.clone())
    }

    /// What is wrong where `wanted` should stand.
    fn instead_of(&self, wanted: &str) -> Fault {
        let found = match self.peek() {
            None => "the condition ends".to_owned(),
            Some(token) => format!("`{}` stands", &self.text[token.at.clone()]),
        };
        Fault::new(self.place(), format!("{found} where {wanted} should stand"))
    }

    fn expect(&mut self, word: &Word, wanted: &str) -> Result<Range<usize>, Fault> {
        match self.peek() {
            Some(token) if token.word == *word => {
                self.next += 1;
                Ok(token.at.clone())
            }
            _ => Err(self.instead_of(wanted)),
        }
    }

    fn any(&mut self, depth: usize) -> Result<Expression, Fault> {
        let mut parts = vec![self.all(depth)?];
        while self.took("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Expression, Fault> {
        let mut parts = vec![self.one(depth)?];
        while self.took("and") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Expression::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Expression, Fault> {
        if depth > DEEPEST {
            return Err(Fault::new(self.place(), format!("nested deeper than {DEEPEST}"))
                .help("give a part of it a rule of its own, and ask for RULE.active"));
        }
        if self.took("not") {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if matches!(self.peek(), Some(Token { word: Word::Open, .. })) {
            self.next += 1;
            let inner = self.any(depth + 1)?;
            self.expect(&Word::Close, "`)`")?;
            return Ok(inner);
        }
        let start = self.place().start;
        let question = self.question()?;
        let end = self.tokens[self.next - 1].at.end;
        Ok(Expression::Ask(question, self.text[start..end].to_owned()))
    }

    fn question(&mut self) -> Result<Question, Fault> {
        if self.took("regressed") {
            self.expect(&Word::Open, "`(`")?;
            let at = self.place();
            let Some(Token { word: Word::Text(pattern), .. }) = self.take() else {
                self.next = self.next.saturating_sub(1);
                return Err(Fault::new(at, "`regressed` wants a pattern in quotes")
                    .help("write regressed('security.*') or regressed('safety.accuracy')"));
            };
            if pattern.trim().is_empty() {
                return Err(
                    Fault::new(at, "the pattern is empty").help("write regressed('*') for everything")
                );
            }
            self.expect(&Word::Close, "`)`")?;
            return Ok(Question::Regressed(pattern.clone()));
        }
        // A name before a dot is a rule's.
        if let [Token { word: Word::Name(name), at }, Token { word: Word::Dot, .. }, ..] =
            &self.tokens[self.next..]
        {
            let rule = self.rules.iter().position(|rule| rule == name);
            let rule = rule.ok_or_else(|| self.unknown_rule(name, at.clone()))?;
            self.next += 2;
            if !self.took("active") {
                return Err(self
                    .instead_of("`active`")
                    .help(format!("of a rule one can ask `{name}.active`")));
            }
            return Ok(Question::Active(rule));
        }
        let left = self.term()?;
        let Some(Token { word: Word::Relation(relation), .. }) = self.peek() else {
            if let Term::Signal(signal) = left {
                return Ok(Question::Holds(signal));
            }
            return Err(self.instead_of("<, <=, > or >="));
        };
        self.next += 1;
        let right = self.term()?;
        if left.signal().is_none() && right.signal().is_none() {
            let before = &self.tokens[self.next - 3];
            let at = before.at.start..self.tokens[self.next - 1].at.end;
            return Err(Fault::new(at, "two constants are compared, and no signal"));
        }
        Ok(Question::Compare(left, *relation, right))
    }

    fn term(&mut self) -> Result<Term, Fault> {
        let at = self.place();
        let wanted = "a signal, a number, delta(…), ratio(…), slope(…), RULE.active or regressed('…')";
        let Some(token) = self.peek() else { return Err(self.instead_of(wanted)) };
        match &token.word {
            Word::Number(number) => {
                self.next += 1;
                Ok(Term::Number(*number))
            }
            Word::Name(name) => {
                let function = name.as_str();
                if !matches!(function, "delta" | "ratio" | "slope") {
                    if super::RESERVED.contains(&function) {
                        return Err(self.instead_of(wanted));
                    }
                    self.next += 1;
                    return self.signal(name, at).map(Term::Signal);
                }
                self.next += 1;
                self.expect(&Word::Open, "`(`")?;
                let place = self.place();
                let Some(Token { word: Word::Name(name), .. }) = self.peek() else {
                    return Err(self.instead_of("a signal"));
                };
                self.next += 1;
                let signal = self.signal(name, place)?;
                self.expect(&Word::Comma, "`,`")?;
                let term = match function {
                    "delta" => Term::Delta(signal, self.against()?),
                    "ratio" => Term::Ratio(signal, self.against()?),
                    _ => Term::Slope(signal, self.count()?),
                };
                self.expect(&Word::Close, "`)`")?;
                Ok(term)
            }
            _ => Err(self.instead_of(wanted)),
        }
    }

    fn against(&mut self) -> Result<Against, Fault> {
        if self.took("baseline") {
            Ok(Against::Baseline)
        } else if self.took("prev") {
            Ok(Against::Previous)
        } else {
            let hint = match self.peek() {
                Some(Token { word: Word::Name(name), .. }) => did_you_mean(name, ["baseline", "prev"]),
                _ => String::new(),
            };
            let fault = self.instead_of("`baseline` or `prev`");
            Err(Fault { message: format!("{}{hint}", fault.message), ..fault })
        }
    }

    fn count(&mut self) -> Result<usize, Fault> {
        match self.peek() {
            Some(Token { word: Word::Number(count), .. })
                if (2.0..=LONGEST).contains(count) && count.fract().abs() < f64::EPSILON =>
            {
                self.next += 1;
                Ok(*count as usize)
            }
            _ => Err(self.instead_of("a number of windows, from 2 to 1000,")),
        }
    }

    fn signal(&self, name: &str, at: Range<usize>) -> Result<usize, Fault> {
        if let Some(signal) = self.signals.iter().position(|signal| *signal == name) {
            return Ok(signal);
        }
        if self.rules.contains(&name) {
            return Err(Fault::new(at, format!("`{name}` is a rule")).help(format!("write `{name}.active`")));
        }
        let hint = did_you_mean(name, self.signals.iter().copied());
        let known = listed(self.signals);
        Err(Fault::new(at, format!("unknown signal `{name}`{hint}"))
            .help(format!("there are {known}; a [[signal]] with `id = \"{name}\"` would add it")))
    }

    fn unknown_rule(&self, name: &str, at: Range<usize>) -> Fault {
        let hint = did_you_mean(name, self.rules.iter().copied());
        Fault::new(at, format!("unknown rule `{name}`{hint}"))
            .help(format!("there are {}", listed(self.rules)))
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::Relation;
    use super::*;

    fn read(text: &str) -> Result<Expression, Fault> {
        parse(text, &["ood", "rate-2"], &["S1", "X1"])
    }

    fn ask(question: Question, text: &str) -> Expression {
        Expression::Ask(question, text.to_owned())
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        let low = || ask(Question::Compare(Term::Signal(0), Relation::Less, Term::Number(0.8)), "ood < 0.80");
        let s1 = || ask(Question::Active(0), "S1.active");
        assert_eq!(read("ood < 0.80").unwrap(), low());
        assert_eq!(
            read("not S1.active and ood < 0.80 or S1.active").unwrap(),
            Expression::Any(vec![Expression::All(vec![Expression::Not(Box::new(s1())), low()]), s1()])
        );
        assert_eq!(
            read("S1.active and (S1.active or ood < 0.80)").unwrap(),
            Expression::All(vec![s1(), Expression::Any(vec![s1(), low()])])
        );
    }

    #[test]
    fn terms_by_hand() {
        let compare = |text: &str| match read(text).unwrap() {
            Expression::Ask(Question::Compare(left, relation, right), _) => (left, relation, right),
            other => panic!("{other:?}"),
        };
        let number = Term::Number;
        assert_eq!(
            compare("delta(rate-2, baseline) >= -1e-3"),
            (Term::Delta(1, Against::Baseline), Relation::AtLeast, number(-0.001))
        );
        assert_eq!(
            compare("ratio(ood,prev)<.5"),
            (Term::Ratio(0, Against::Previous), Relation::Less, number(0.5))
        );
        assert_eq!(compare("0.1 <= slope(ood, 4)"), (number(0.1), Relation::AtMost, Term::Slope(0, 4)));
        assert_eq!(compare("ood > rate-2"), (Term::Signal(0), Relation::More, Term::Signal(1)));
        assert_eq!(read("rate-2").unwrap(), ask(Question::Holds(1), "rate-2"));
        assert_eq!(
            read("regressed( 'security.*' )").unwrap(),
            ask(Question::Regressed("security.*".to_owned()), "regressed( 'security.*' )")
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, at, expected) in [
            ("", 0..0, "the condition ends where a signal"),
            ("ood <", 5..5, "the condition ends where a signal"),
            ("oood < 1", 0..4, "unknown signal `oood`, did you mean `ood`?"),
            ("S2.active", 0..2, "unknown rule `S2`, did you mean `S1`?"),
            ("S1.activ", 3..8, "`activ` stands where `active` should stand"),
            ("S1 > 2", 0..2, "`S1` is a rule"),
            ("ood = 1", 4..5, "`=` is not known here"),
            ("ood && S1.active", 4..6, "`&&` is not known here"),
            ("ood - 1 > 0", 4..5, "there is no arithmetic here: `-`"),
            ("ood < 0.8x", 6..10, "`0.8x` is not a number"),
            ("ood < 1e999", 6..11, "`1e999` is not a number"),
            ("1 < 2", 0..5, "two constants are compared"),
            ("(ood < 1", 8..8, "the condition ends where `)` should stand"),
            ("ood < 1)", 7..8, "the condition should end before `)`"),
            ("0 < ood < 1", 8..9, "the condition should end before `<`"),
            ("ood < 1 S1.active", 8..10, "the condition should end before `S1`"),
            ("delta(ood)", 9..10, "`)` stands where `,` should stand"),
            (
                "delta(ood, basline) > 0",
                11..18,
                "`basline` stands where `baseline` or `prev` should stand, did you mean",
            ),
            ("delta(ood, prev)", 16..16, "the condition ends where <, <=, > or >= should stand"),
            ("slope(ood, 1) > 0", 11..12, "`1` stands where a number of windows"),
            ("slope(ood, 2.5) > 0", 11..14, "`2.5` stands where a number of windows"),
            ("regressed(ood)", 10..13, "`regressed` wants a pattern in quotes"),
            ("regressed('')", 10..12, "the pattern is empty"),
            ("regressed('a)", 10..13, "the text in quotes does not end"),
            ("ood < −1", 6..9, "unexpected character `−`"),
            ("and", 0..3, "`and` stands where a signal"),
        ] {
            let fault = read(text).expect_err(text);
            assert!(fault.message.starts_with(expected), "{text}: {}", fault.message);
            assert_eq!(fault.at, at, "{text}: {}", fault.message);
        }
        let deep = format!("{}ood{}", "(".repeat(500), ")".repeat(500));
        assert!(read(&deep).unwrap_err().message.contains("nested deeper"));
    }
}
