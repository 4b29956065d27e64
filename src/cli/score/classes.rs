//! Which classes there are, in which order, and which one is positive.

use super::columns::Texts;
use crate::error::{Error, Result, did_you_mean};

/// Classes that a message names at most.
const NAMED: usize = 10;
/// More are values or identifiers; every class has numbers of its own.
const MOST: usize = 1000;
/// Words for the positive of two classes, in lower case.
const YES: [&str; 7] = ["true", "yes", "t", "y", "positive", "pos", "+"];

/// The classes and how their texts are compared.
#[derive(Debug)]
pub(super) struct Classes {
    /// In the order of their codes.
    pub(super) names: Vec<String>,
    /// Whether equal numbers are equal: `1` and `1.0`.
    numeric: bool,
    /// (text, code), in the order of [`compare`].
    sorted: Vec<(String, u16)>,
    /// Score columns were matched to classes by their places: their names do not tell.
    pub(super) by_place: bool,
}

/// A finite number.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|x: &f64| x.is_finite()).map(|x| x + 0.0)
}

/// By value: numerically where both are numbers and numbers are meant, else as text.
fn compare(a: &str, b: &str, numeric: bool) -> std::cmp::Ordering {
    match (numeric, number(a), number(b)) {
        (true, Some(x), Some(y)) => x.total_cmp(&y),
        _ => a.cmp(b),
    }
}

/// `texts` sorted by value, numerically where all are numbers; of equal numbers the shortest text stays where `merge` says so.
pub(super) fn sorted(mut texts: Vec<String>, merge: bool) -> Vec<String> {
    let numeric = texts.iter().all(|text| number(text).is_some());
    texts.sort_by(|a, b| compare(a, b, numeric).then(a.len().cmp(&b.len())).then(a.cmp(b)));
    texts.dedup_by(|a, b| if merge { compare(a, b, numeric).is_eq() } else { a == b });
    texts
}

impl Classes {
    fn new(names: Vec<String>, numeric: bool) -> Result<Self> {
        if names.len() > MOST {
            return Err(Error::input(format!(
                "there are {} classes, more than {MOST}: is --label a number or an id?",
                names.len()
            ))
            .help("name a column of classes with --label; make classes of numbers first"));
        }
        let mut sorted: Vec<(String, u16)> =
            names.iter().enumerate().map(|(code, name)| (name.clone(), code as u16)).collect();
        sorted.sort_by(|a, b| compare(&a.0, &b.0, numeric));
        Ok(Self { names, numeric, sorted, by_place: false })
    }

    /// Classes that the columns themselves name: the values of `columns`, sorted, and the `positive` one.
    ///
    /// A single class is completed to two where its opposite is known (0 and 1, true and false, yes and no).
    pub(super) fn of_values(columns: &[&Texts], positive: Option<&str>) -> Result<Self> {
        for column in columns {
            check_finite(column)?;
        }
        let texts = columns.iter().flat_map(|column| column.levels.iter().map(|(text, _)| text.clone()));
        let mut names = sorted(texts.collect(), true);
        if names.len() == 1 {
            match positive {
                Some(positive) if !same(&names[0], positive) => names.push(positive.to_owned()),
                _ => names.extend(opposite(&names[0])),
            }
            names = sorted(names, true);
        }
        let numeric = names.iter().all(|text| number(text).is_some());
        Self::new(names, numeric)
    }

    /// Classes in the order of their score columns: as `--classes` names them, as the columns are called, 0 to K − 1,
    /// or in the order of the labels' values.
    pub(super) fn of_scores(labels: &Texts, scores: &[String], given: &[String]) -> Result<Self> {
        check_finite(labels)?;
        let k = scores.len();
        let fits = |names: &[String]| {
            labels.levels.iter().all(|(label, _)| names.iter().any(|name| same(name, label)))
        };
        if !given.is_empty() {
            if given.len() != k {
                return Err(Error::input(format!(
                    "--classes names {} classes for {k} score columns",
                    given.len()
                ))
                .help("name the class of each score column, in the same order"));
            }
            if sorted(given.to_vec(), true).len() < k {
                return Err(Error::input("--classes names a class twice").help("name every class once"));
            }
            return Self::new(given.to_vec(), given.iter().all(|name| number(name).is_some()));
        }
        let stripped = without_common_start(scores);
        let counted: Vec<String> = (0..k).map(|class| class.to_string()).collect();
        let called = stripped.clone();
        for (names, by_place) in [(scores.to_vec(), false), (stripped, false), (counted, true)] {
            if fits(&names) && sorted(names.clone(), true).len() == k {
                let numeric = names.iter().all(|name| number(name).is_some());
                return Ok(Self { by_place, ..Self::new(names, numeric)? });
            }
        }
        let say = "say which class each score column is about: --classes A,B,…";
        let found = sorted(labels.levels.iter().map(|(text, _)| text.clone()).collect(), true);
        if found.len() != k {
            let (count, column) = (found.len(), &labels.name);
            return Err(Error::input(format!(
                "column `{column}` has {count} classes ({}), and --scores {k} columns that are not called after them",
                listed(&found)
            ))
            .help(say));
        }
        // Where one column is called after a class, the others are not taken by their places.
        let is_called = |label: &String| {
            number(label).is_none() && (called.iter().chain(scores).any(|name| same(name, label)))
        };
        let (with, without): (Vec<String>, Vec<String>) = found.iter().cloned().partition(is_called);
        if !with.is_empty() && !without.is_empty() {
            return Err(Error::input(format!(
                "score columns are called after {}, but none after {}",
                listed(&with),
                listed(&without)
            ))
            .help(say));
        }
        // A column that is called after one class must not be taken for another one.
        let mentions = |column: &str, label: &str| {
            number(label).is_none() && column.to_lowercase().contains(&label.to_lowercase())
        };
        for (at, column) in scores.iter().enumerate() {
            if found.iter().enumerate().any(|(other, label)| other != at && mentions(column, label)) {
                return Err(Error::input(format!(
                    "score column `{column}` is number {} and so belongs to class `{}`, but is called after another",
                    at + 1,
                    found[at]
                ))
                .help(say));
            }
        }
        let numeric = found.iter().all(|text| number(text).is_some());
        Ok(Self { by_place: true, ..Self::new(found, numeric)? })
    }

    /// The code of the class called `text`.
    pub(super) fn code(&self, text: &str) -> Option<u16> {
        let found = self.sorted.binary_search_by(|(name, _)| compare(name, text, self.numeric));
        found.ok().map(|at| self.sorted[at].1)
    }

    /// One class per row of `column`.
    ///
    /// # Errors
    ///
    /// A value that is no class; the message names the line.
    pub(super) fn codes(&self, column: &Texts) -> Result<Vec<u16>> {
        let known: Vec<u16> = column
            .levels
            .iter()
            .map(|(text, line)| {
                self.code(text).ok_or_else(|| {
                    let (column, near) =
                        (&column.name, did_you_mean(text, self.names.iter().map(String::as_str)));
                    Error::input(format!(
                        "line {line}, column `{column}`: `{text}` is none of the classes{near}"
                    ))
                    .help(format!("the classes are {}", listed(&self.names)))
                })
            })
            .collect::<Result<_>>()?;
        Ok(column.codes.iter().map(|code| known[*code as usize]).collect())
    }

    /// The positive class: the one `asked` for; of two classes the one called 1, true, yes or the like, else the larger.
    ///
    /// # Errors
    ///
    /// When no class is called as asked; when a column `score` is about the positive one of two texts, and neither is called yes or the like: the
    /// larger in the alphabet may be `approved` or `denied`.
    pub(super) fn positive(&self, asked: Option<&str>, score: Option<&str>) -> Result<Option<u16>> {
        if let Some(asked) = asked {
            let near = did_you_mean(asked, self.names.iter().map(String::as_str));
            return self.code(asked).map(Some).ok_or_else(|| {
                Error::input(format!("--positive: there is no class `{asked}`{near}"))
                    .help(format!("the classes are {}", listed(&self.names)))
            });
        }
        if self.names.len() != 2 {
            return Ok(None);
        }
        let yes = |name: &&(String, u16)| {
            number(&name.0) == Some(1.0) || YES.contains(&name.0.to_lowercase().as_str())
        };
        let said = self.sorted.iter().rev().find(yes);
        if let (None, Some(score), false) = (said, score, self.numeric) {
            let names = [0, 1].map(|at| self.sorted[at].0.as_str());
            return Err(Error::input(format!(
                "the classes are `{}` and `{}`, and whose probability column `{score}` is, nothing tells",
                names[0], names[1]
            ))
            .help(format!(
                "name the class it is about: --positive '{}' or --positive '{}'",
                names[0], names[1]
            )));
        }
        Ok(said.or(self.sorted.last()).map(|(_, code)| *code))
    }
}

/// Equal as text or as numbers.
fn same(a: &str, b: &str) -> bool {
    a == b || matches!((number(a), number(b)), (Some(x), Some(y)) if x.total_cmp(&y).is_eq())
}

/// The other class of a pair that everybody knows.
fn opposite(class: &str) -> Option<String> {
    const PAIRS: [(&str, &str); 8] = [
        ("0", "1"),
        ("0.0", "1.0"),
        ("false", "true"),
        ("False", "True"),
        ("FALSE", "TRUE"),
        ("no", "yes"),
        ("No", "Yes"),
        ("NO", "YES"),
    ];
    if class == "-1" {
        return Some("1".to_owned());
    }
    let other = PAIRS.iter().find_map(|(no, yes)| match class {
        _ if class == *no => Some(*yes),
        _ if class == *yes => Some(*no),
        _ => None,
    });
    other.map(str::to_owned)
}

/// NaN and infinity are no classes, whatever their spelling.
fn check_finite(column: &Texts) -> Result<()> {
    let bad = column.levels.iter().find(|(text, _)| text.parse::<f64>().is_ok_and(|x| !x.is_finite()));
    match bad {
        None => Ok(()),
        Some((text, line)) => {
            Err(Error::input(format!("line {line}, column `{}`: `{text}` is no class", column.name))
                .help("fill in the class, or leave the row out"))
        }
    }
}

/// Column names without what all of them begin with; digits at its end belong to the rest: `p10`, `p11` are about `10`, `11`.
fn without_common_start(names: &[String]) -> Vec<String> {
    let Some(first) = names.first() else { return Vec::new() };
    let mut start = first.as_str();
    while !names.iter().all(|name| name.starts_with(start)) {
        start = start.char_indices().last().map_or("", |(at, _)| &start[..at]);
    }
    let start = start.trim_end_matches(|c: char| c.is_ascii_digit());
    names.iter().map(|name| name[start.len()..].to_owned()).collect()
}

/// `` `a`, `b`, … ``
pub(super) fn listed(names: &[String]) -> String {
    let mut words: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    if names.len() > NAMED {
        words.push(format!("and {} more", names.len() - NAMED));
    }
    words.join(", ")
}
