//! From the bytes of a CSV file to the columns that were asked for.

use std::collections::HashMap;

use super::super::sheet::Sheet;
use crate::error::{Error, Result};

/// The code of an empty cell.
pub(super) const MISSING: u32 = u32::MAX;
/// How far the probabilities of a row may be from 1 together; beyond it they are no probabilities, within it they stay as they are.
const SUM_TOLERANCE: f64 = 1e-6;

/// A column of texts, each distinct one stored once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// The column's name.
    pub(super) name: String,
    /// One per row: a place in `levels`, or [`MISSING`].
    pub(super) codes: Vec<u32>,
    /// Distinct texts in the order of appearance, each with the line where it appears first.
    pub(super) levels: Vec<(String, u64)>,
    index: HashMap<Vec<u8>, u32>,
    may_miss: bool,
    field: usize,
}

/// A column to read as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// The column's name.
    pub(super) name: &'a str,
    /// Whether cells may be empty.
    pub(super) may_miss: bool,
}

/// The columns that were asked for; `n` rows.
#[derive(Debug)]
pub(super) struct Columns {
    /// In the order asked for.
    pub(super) texts: Vec<Texts>,
    /// `n × columns` numbers from 0 to 1, row-major.
    pub(super) probabilities: Vec<f64>,
    /// `n`, at least 1.
    pub(super) rows: usize,
}

/// Reads the columns `texts` as text and the columns `probabilities` as numbers from 0 to 1; where there are several of these, they sum to 1.
///
/// # Errors
///
/// An empty file, a missing or doubly named column, a row with too few or too many fields, an empty cell where none may
/// be, a number that is no probability, probabilities that do not sum to 1 within 10⁻⁶, text that is not UTF-8.
pub(super) fn read(
    bytes: &[u8],
    separator: u8,
    texts: &[Text<'_>],
    probabilities: &[&str],
) -> Result<Columns> {
    let mut sheet = Sheet::open(bytes, separator, "score")?;
    let mut columns = Columns { texts: Vec::new(), probabilities: Vec::new(), rows: 0 };
    for Text { name, may_miss } in texts {
        let (name, field) = ((*name).to_owned(), sheet.find(name)?);
        columns.texts.push(Texts { name, may_miss: *may_miss, field, ..Texts::default() });
    }
    let fields: Vec<usize> = probabilities.iter().map(|name| sheet.find(name)).collect::<Result<_>>()?;
    while sheet.advance()? {
        let (record, line) = (sheet.record(), || sheet.line());
        for column in &mut columns.texts {
            column.push(&record[column.field], line)?;
        }
        let start = columns.probabilities.len();
        for (field, name) in fields.iter().zip(probabilities) {
            let value = probability(&record[*field]);
            columns.probabilities.push(value.map_err(|(problem, help)| {
                let text = String::from_utf8_lossy(&record[*field]);
                Error::input(format!("line {}, column `{name}`: `{text}` {problem}", line())).help(help)
            })?);
        }
        if fields.len() > 1 {
            let sum: f64 = columns.probabilities[start..].iter().sum();
            if (sum - 1.0).abs() > SUM_TOLERANCE + f64::EPSILON * fields.len() as f64 {
                let (first, last) = (probabilities[0], probabilities[probabilities.len() - 1]);
                return Err(Error::input(format!(
                    "line {}, columns `{first}` to `{last}`: the {} probabilities sum to {sum}, not to 1",
                    line(),
                    fields.len()
                ))
                .help(format!(
                    "name one column per class, all classes, and write the probabilities with enough digits to sum to 1 within {SUM_TOLERANCE}"
                )));
            }
        }
        columns.rows += 1;
    }
    if columns.rows == 0 {
        return Err(Error::input("the file has a header but no rows").help("add a row per prediction"));
    }
    Ok(columns)
}

impl Texts {
    fn push(&mut self, field: &[u8], line: impl Fn() -> u64) -> Result<()> {
        let at = |line: u64| format!("line {line}, column `{}`", self.name);
        if field.is_empty() {
            if !self.may_miss {
                return Err(Error::input(format!("{}: the cell is empty", at(line())))
                    .help("fill it in, or leave the row out"));
            }
            self.codes.push(MISSING);
            return Ok(());
        }
        let code = if let Some(code) = self.index.get(field) {
            *code
        } else {
            let line = line();
            let text = String::from_utf8(field.to_vec()).map_err(|_| {
                let text = String::from_utf8_lossy(field);
                Error::input(format!("{}: `{text}` is not UTF-8 text", at(line)))
                    .help("save the file as UTF-8")
            })?;
            let code = self.levels.len() as u32;
            self.levels.push((text, line));
            self.index.insert(field.to_vec(), code);
            code
        };
        self.codes.push(code);
        Ok(())
    }
}

type Problem = (&'static str, &'static str);

fn probability(field: &[u8]) -> std::result::Result<f64, Problem> {
    const HELP: &str =
        "a score is a probability from 0 to 1; turn logits and percentages into probabilities first";
    if field.is_empty() {
        return Err(("is no probability: the cell is empty", "fill it in, or leave the row out"));
    }
    let value: Option<f64> = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok());
    match value {
        None => Err(("is not a number", "write numbers with a decimal point, such as 0.25 or 2.5e-1")),
        Some(p) if !p.is_finite() => Err(("is not a finite number", HELP)),
        Some(p) if !(0.0..=1.0).contains(&p) => Err(("is outside 0 to 1", HELP)),
        // −0 is 0.
        Some(p) => Ok(p + 0.0),
    }
}
