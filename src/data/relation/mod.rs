//! Relations between the columns of a table, in native units: what a row must obey to be a row at all.
//!
//! A relation is written as text, `` `capital-gain` = 0 or `capital-loss` = 0 ``, and parsed into a [`Formula`].
//! `datasets/README.md` describes the language. Every relation is a closed set (there is no `<`), so that
//! its violation is 0 exactly where it holds.

mod parse;

pub(crate) use parse::{Kind, parse};

/// A relation: a set of rows. `L` is how a set of levels is known: by name as written, as a [`Members`] once the levels are known.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula<L = Members> {
    /// All of these hold.
    All(Vec<Self>),
    /// At least one of these holds.
    Any(Vec<Self>),
    /// The term is at most 0.
    AtMost(Term),
    /// The term is 0.
    Equal(Term),
    /// The categorical column (its number among the columns) has one of these levels.
    Is(usize, L),
}

/// Levels as written: one of them, or with `not` none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// As in the file; `missing` where the field is.
    pub names: Vec<String>,
    /// Whether the column must have none of them.
    pub not: bool,
}

/// The members of a one-hot block that a relation allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// One flag per member.
    pub allowed: Vec<bool>,
    /// Whether a block of zeros (a level that training rows do not have) is allowed.
    pub none: bool,
}

/// Arithmetic on columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// A constant.
    Number(f64),
    /// A numeric column, by its number among the columns.
    Column(usize),
    /// `a + b`.
    Sum(Box<Term>, Box<Term>),
    /// `a − b`.
    Difference(Box<Term>, Box<Term>),
    /// `a · b`.
    Product(Box<Term>, Box<Term>),
    /// `a / b`.
    Ratio(Box<Term>, Box<Term>),
}

impl Members {
    /// Whether `member` (−1 for a block of zeros) is allowed.
    #[must_use]
    pub fn allows(&self, member: f64) -> bool {
        if member < 0.0 { self.none } else { self.allowed.get(member as usize).copied().unwrap_or(false) }
    }
}

impl<L> Formula<L> {
    /// The same with every set of levels put through `bind`, which is given the column.
    ///
    /// # Errors
    ///
    /// The first of `bind`.
    pub fn bind<M, E>(&self, bind: &mut dyn FnMut(usize, &L) -> Result<M, E>) -> Result<Formula<M>, E> {
        let each = |parts: &[Self], bind: &mut dyn FnMut(usize, &L) -> Result<M, E>| {
            parts.iter().map(|part| part.bind(bind)).collect::<Result<Vec<_>, E>>()
        };
        Ok(match self {
            Self::All(parts) => Formula::All(each(parts, bind)?),
            Self::Any(parts) => Formula::Any(each(parts, bind)?),
            Self::AtMost(term) => Formula::AtMost(term.clone()),
            Self::Equal(term) => Formula::Equal(term.clone()),
            Self::Is(column, levels) => Formula::Is(*column, bind(*column, levels)?),
        })
    }

    /// Tells `visit` of every mention of a column.
    pub fn columns(&self, visit: &mut dyn FnMut(usize)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.columns(visit)),
            Self::AtMost(term) | Self::Equal(term) => term.columns(visit),
            Self::Is(column, _) => visit(*column),
        }
    }
}

impl Formula {
    /// How far the row is from obeying, in the units of the relation; 0 exactly where it obeys.
    ///
    /// `row` has one number per column: native units, or the member of a one-hot block (−1 for a block of zeros). `slack` has
    /// what is not known of each number, since the model sees `f32`: a comparison holds where it could hold within it. A comparison
    /// is off by the difference of its sides, a category by 1; parts joined by `and` add up, of those joined by `or` the least counts.
    #[must_use]
    pub fn violation(&self, row: &[f64], slack: &[f64]) -> f64 {
        match self {
            Self::All(parts) => parts.iter().map(|part| part.violation(row, slack)).sum(),
            Self::Any(parts) => {
                parts.iter().map(|part| part.violation(row, slack)).fold(f64::INFINITY, f64::min)
            }
            Self::AtMost(term) => {
                let (value, slack) = term.value(row, slack);
                beyond(value, slack)
            }
            Self::Equal(term) => {
                let (value, slack) = term.value(row, slack);
                beyond(value.abs(), slack)
            }
            Self::Is(column, members) => f64::from(u8::from(!members.allows(row[*column]))),
        }
    }
}

/// What is not a number is no value that a relation could allow.
fn beyond(value: f64, slack: f64) -> f64 {
    if value <= slack {
        0.0
    } else if value.is_nan() {
        f64::INFINITY
    } else {
        value
    }
}

impl Term {
    /// The value, and how far from it the true one may lie: the slack of the columns carried through to first order, and the rounding of `f64`.
    /// An empty `slack` is none.
    #[must_use]
    pub fn value(&self, row: &[f64], slack: &[f64]) -> (f64, f64) {
        let (value, carried) = match self {
            Self::Number(number) => return (*number, 0.0),
            Self::Column(column) => return (row[*column], slack.get(*column).copied().unwrap_or(0.0)),
            Self::Sum(a, b) => {
                let ((a, s), (b, t)) = (a.value(row, slack), b.value(row, slack));
                (a + b, s + t)
            }
            Self::Difference(a, b) => {
                let ((a, s), (b, t)) = (a.value(row, slack), b.value(row, slack));
                (a - b, s + t + f64::EPSILON * (a.abs() + b.abs()))
            }
            Self::Product(a, b) => {
                let ((a, s), (b, t)) = (a.value(row, slack), b.value(row, slack));
                (a * b, s * b.abs() + t * a.abs())
            }
            Self::Ratio(a, b) => {
                let ((a, s), (b, t)) = (a.value(row, slack), b.value(row, slack));
                (a / b, (s + t * (a / b).abs()) / b.abs())
            }
        };
        let total = carried + f64::EPSILON * value.abs();
        (value, if total.is_finite() { total } else { 0.0 })
    }

    /// Adds `weight` times the derivative by each column to `into` (one number per column).
    pub fn slope(&self, row: &[f64], weight: f64, into: &mut [f64]) {
        let value = |term: &Self| term.value(row, &[]).0;
        match self {
            Self::Number(_) => {}
            Self::Column(column) => into[*column] += weight,
            Self::Sum(a, b) => {
                a.slope(row, weight, into);
                b.slope(row, weight, into);
            }
            Self::Difference(a, b) => {
                a.slope(row, weight, into);
                b.slope(row, -weight, into);
            }
            Self::Product(a, b) => {
                a.slope(row, weight * value(b), into);
                b.slope(row, weight * value(a), into);
            }
            Self::Ratio(a, b) => {
                let (above, below) = (value(a), value(b));
                a.slope(row, weight / below, into);
                b.slope(row, -weight * above / (below * below), into);
            }
        }
    }

    /// Tells `visit` of every mention of a column.
    pub fn columns(&self, visit: &mut dyn FnMut(usize)) {
        match self {
            Self::Number(_) => {}
            Self::Column(column) => visit(*column),
            Self::Sum(a, b) | Self::Difference(a, b) | Self::Product(a, b) | Self::Ratio(a, b) => {
                a.columns(visit);
                b.columns(visit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["a", "b", "c", "job"];

    fn formula(text: &str) -> Formula {
        let known = |name: &str| {
            let at = NAMES.iter().position(|known| *known == name)?;
            Some((at, if name == "job" { Kind::Category } else { Kind::Number }))
        };
        let levels = ["chef", "poet", "cook"];
        let mut bind = |_: usize, written: &Levels| -> Result<Members, ()> {
            let allowed = levels.map(|level| written.names.iter().any(|name| name == level) != written.not);
            Ok(Members { allowed: allowed.into(), none: written.not })
        };
        parse(text, &known).unwrap().bind(&mut bind).unwrap()
    }

    /// Worked by hand, every kind of relation, obeyed and not; the third number says by how much.
    #[test]
    fn violations_are_those_worked_by_hand() {
        for (text, row, expected) in [
            // Linear, comparisons both ways.
            ("2 * a + b <= 10", [3.0, 4.0, 0.0, 0.0], 0.0),
            ("2 * a + b <= 10", [4.0, 4.5, 0.0, 0.0], 2.5),
            ("a >= b - c", [1.0, 5.0, 3.0, 0.0], 1.0),
            ("a >= b - c", [2.0, 5.0, 3.0, 0.0], 0.0),
            // Sums and equality.
            ("a = b + c", [7.0, 4.0, 3.0, 0.0], 0.0),
            ("a = b + c", [6.0, 4.0, 3.0, 0.0], 1.0),
            ("a = b + c", [9.0, 4.0, 3.0, 0.0], 2.0),
            // Products and ratios.
            ("a * b <= c", [3.0, 4.0, 12.0, 0.0], 0.0),
            ("a * b <= c", [3.0, 4.0, 10.0, 0.0], 2.0),
            ("a / b >= 2", [5.0, 2.0, 0.0, 0.0], 0.0),
            ("a / b >= 2", [3.0, 2.0, 0.0, 0.0], 0.5),
            ("a / b >= 2", [3.0, 0.0, 0.0, 0.0], 0.0),
            ("-a <= 0", [-2.0, 0.0, 0.0, 0.0], 2.0),
            // Or: the least counts; and: they add up.
            ("a = 0 or b = 0", [3.0, 5.0, 0.0, 0.0], 3.0),
            ("a = 0 or b = 0", [3.0, 0.0, 0.0, 0.0], 0.0),
            ("a <= 1 and b <= 1", [3.0, 5.0, 0.0, 0.0], 6.0),
            ("(a <= 1 and b <= 1) or c = 1", [3.0, 5.0, 4.0, 0.0], 3.0),
            ("a <= 1 and b <= 1 or c = 1", [3.0, 5.0, 4.0, 0.0], 3.0),
            ("a <= 1 and (b <= 1 or c = 1)", [3.0, 5.0, 4.0, 0.0], 5.0),
            // Categories; −1 is a level that no member stands for.
            ("job = 'poet'", [0.0, 0.0, 0.0, 1.0], 0.0),
            ("job = 'poet'", [0.0, 0.0, 0.0, 0.0], 1.0),
            ("job = 'poet'", [0.0, 0.0, 0.0, -1.0], 1.0),
            ("job != 'poet'", [0.0, 0.0, 0.0, 1.0], 1.0),
            ("job != 'poet'", [0.0, 0.0, 0.0, -1.0], 0.0),
            ("job in ('poet', 'cook')", [0.0, 0.0, 0.0, 2.0], 0.0),
            ("job not in ('poet', 'cook')", [0.0, 0.0, 0.0, 2.0], 1.0),
            ("job != 'poet' or a >= 2.5e1", [20.0, 0.0, 0.0, 1.0], 1.0),
        ] {
            let violation = formula(text).violation(&row, &[0.0; 4]);
            assert!((violation - expected).abs() < 1e-12, "{text} {row:?}: {violation}");
        }
        assert!(formula("a / b <= 2").violation(&[0.0; 4], &[0.0; 4]).is_infinite(), "0 / 0 is no number");
    }

    #[test]
    fn slack_is_carried_through_every_operation() {
        let slack = [0.01, 0.02, 0.0, 0.0];
        for (text, row, most) in [
            ("a + b <= 10", [5.0, 5.0, 0.0, 0.0], 0.03),
            ("a - b <= 0", [5.0, 5.0, 0.0, 0.0], 0.03),
            ("a * b <= 12", [3.0, 4.0, 0.0, 0.0], 0.01 * 4.0 + 0.02 * 3.0),
            ("a / b <= 2", [4.0, 2.0, 0.0, 0.0], 0.01 / 2.0 + 0.02),
        ] {
            let formula = formula(text);
            let Formula::AtMost(term) = &formula else { panic!("{text} is a comparison") };
            assert!((term.value(&row, &slack).1 - most).abs() < 1e-12, "{text}");
            assert!(formula.violation(&row, &slack) <= 0.0);
        }
        let beyond = formula("a + b <= 10").violation(&[5.0, 5.031, 0.0, 0.0], &slack);
        assert!((beyond - 0.031).abs() < 1e-12);
        assert!(formula("a = b").violation(&[5.0, 5.02, 0.0, 0.0], &slack) <= 0.0);
        assert!(formula("a = b").violation(&[5.0, 5.04, 0.0, 0.0], &slack) > 0.0);
    }

    #[test]
    fn slopes_agree_with_finite_differences() {
        for text in ["2 * a + b - c <= 10", "a * b * c <= 1", "a / (b + c) <= 2", "a * a - b / c <= 0"] {
            let Formula::AtMost(term) = formula(text) else { panic!("{text} is a comparison") };
            let row = [1.3, 0.7, 2.1, 0.0];
            let mut slope = [0.0; 4];
            term.slope(&row, 1.0, &mut slope);
            for column in 0..3 {
                let at = |h: f64| {
                    let mut moved = row;
                    moved[column] += h;
                    term.value(&moved, &[0.0; 4]).0
                };
                let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((slope[column] - expected).abs() < 1e-8, "{text} {column}: {slope:?} {expected}");
            }
        }
    }
}
