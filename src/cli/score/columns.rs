//! From the bytes of a CSV file to the columns that were asked for.

use std::collections::{BTreeMap, HashMap};

use super::super::sheet::Sheet;
use crate::error::{Error, Result};
use crate::words::count;

/// The code of an empty cell.
pub(super) const MISSING: u32 = u32::MAX;
/// How far the probabilities of a row may be from 1 together and stay as they are.
const SUM_TOLERANCE: f64 = 1e-6;
/// How far rounding may take them from 1 at most; beyond it they are no probabilities.
const MOST_ROUNDING: f64 = 1e-2;
/// What stands in files in the place of a group that nobody knows.
const UNKNOWN: [&str; 13] =
    ["NA", "N/A", "n/a", "na", "<NA>", "nan", "NaN", "NAN", "None", "null", "NULL", "Null", "?"];

/// A column of texts, each distinct one stored once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// The column's name.
    pub(super) name: String,
    /// One per row: a place in `levels`, or [`MISSING`].
    pub(super) codes: Vec<u32>,
    /// Distinct texts in the order of appearance, each with the line where it appears first.
    pub(super) levels: Vec<(String, u64)>,
    /// What stands in cells that count as missing, each with its rows; an empty cell is the empty text.
    pub(super) missing: BTreeMap<String, usize>,
    index: HashMap<Vec<u8>, u32>,
    may_miss: bool,
    field: usize,
}

/// A column to read as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// The column's name.
    pub(super) name: &'a str,
    /// Whether cells may be empty, or say that nothing is known.
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
    /// What was done to them: sentences.
    pub(super) notes: Vec<String>,
}

/// Rows whose probabilities do not sum to 1, and how finely the file's are printed.
#[derive(Debug, Default)]
struct Sums {
    /// Row, line and sum.
    off: Vec<(usize, u64, f64)>,
    /// Decimals of the largest probability of a row, the most of any row: 0.33 has two, and so has 0.5 beside it in a file.
    decimals: usize,
}

/// Reads the columns `texts` as text and the columns `probabilities` as numbers from 0 to 1; where there are several of these, they sum to 1.
///
/// Probabilities that sum to 1 only as rounded (half a unit of the last printed digit per class, 0.01 at most) are divided by their sum, and a note
/// says so.
///
/// # Errors
///
/// An empty file, a missing or doubly named column, a row with too few or too many fields, an empty cell where none may
/// be, a number that is no probability, probabilities that rounding alone does not keep from 1, text that is not UTF-8.
pub(super) fn read(
    bytes: &[u8],
    separator: u8,
    texts: &[Text<'_>],
    probabilities: &[&str],
) -> Result<Columns> {
    let mut sheet = Sheet::open(bytes, separator, "score")?;
    let mut columns = Columns { texts: Vec::new(), probabilities: Vec::new(), rows: 0, notes: Vec::new() };
    let mut sums = Sums::default();
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
            let given = &columns.probabilities[start..];
            let largest =
                (0..given.len()).fold(0, |best, at| if given[at] > given[best] { at } else { best });
            sums.decimals = sums.decimals.max(decimals(&record[fields[largest]]));
            let sum: f64 = given.iter().sum();
            if (sum - 1.0).abs() > SUM_TOLERANCE + f64::EPSILON * fields.len() as f64 {
                sums.off.push((columns.rows, line(), sum));
            }
        }
        columns.rows += 1;
    }
    sums.settle(&mut columns, probabilities)?;
    if columns.rows == 0 {
        return Err(Error::input("the file has a header but no rows").help("add a row per prediction"));
    }
    Ok(columns)
}

impl Sums {
    /// Divides rows by their sums where rounding explains them.
    fn settle(self, columns: &mut Columns, names: &[&str]) -> Result<()> {
        let Self { off, decimals } = self;
        let k = names.len();
        let unit = (0..decimals).fold(1.0, |unit, _| unit / 10.0);
        let tolerance = (0.5 * unit * k as f64).clamp(SUM_TOLERANCE, MOST_ROUNDING) + 1e-12;
        if let Some((_, line, sum)) = off.iter().find(|(.., sum)| (sum - 1.0).abs() > tolerance) {
            let (first, last) = (names[0], names[k - 1]);
            return Err(Error::input(format!(
                "line {line}, columns `{first}` to `{last}`: the {k} probabilities sum to {sum}, not to 1, and rounding to {} does not explain it",
                count(decimals, "decimal")
            ))
            .help("name one column per class, all classes; turn logits and percentages into probabilities first"));
        }
        for (row, _, sum) in &off {
            columns.probabilities[row * k..(row + 1) * k].iter_mut().for_each(|p| *p /= sum);
        }
        if !off.is_empty() {
            columns.notes.push(format!(
                "Probabilities are rounded to {}: those of {} do not sum to 1 and were divided by their sum.",
                count(decimals, "decimal"),
                count(off.len(), "row")
            ));
        }
        Ok(())
    }
}

/// Digits behind the point; none of a number with an exponent.
fn decimals(field: &[u8]) -> usize {
    if field.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return 0;
    }
    field.iter().position(|byte| *byte == b'.').map_or(0, |point| field.len() - point - 1)
}

impl Texts {
    /// What counts as missing, in a sentence; none where nothing does.
    pub(super) fn missing_note(&self) -> Option<String> {
        let rows: usize = self.missing.values().sum();
        let one = |(text, rows): (&String, &usize)| match text.as_str() {
            "" => format!("empty {rows}"),
            text => format!("`{text}` {rows}"),
        };
        let listed: Vec<String> = self.missing.iter().map(one).collect();
        (rows > 0).then(|| {
            format!(
                "Column {}: {} without a group ({}), left out of its numbers.",
                self.name,
                count(rows, "row"),
                listed.join(", ")
            )
        })
    }

    fn push(&mut self, field: &[u8], line: impl Fn() -> u64) -> Result<()> {
        let at = |line: u64| format!("line {line}, column `{}`", self.name);
        let unknown = UNKNOWN.iter().find(|text| self.may_miss && field == text.as_bytes());
        if field.is_empty() || unknown.is_some() {
            if !self.may_miss {
                return Err(Error::input(format!("{}: the cell is empty", at(line())))
                    .help("fill it in, or leave the row out"));
            }
            *self.missing.entry(unknown.map_or_else(String::new, |text| (*text).to_owned())).or_default() +=
                1;
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
