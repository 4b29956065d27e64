//! From the bytes of a CSV file to the columns that were asked for.
//!
//! Lines are counted as an editor counts them, from 1 with the header, quoted line breaks included.

use std::collections::HashMap;

use crate::error::{Error, Result, did_you_mean};

/// The code of an empty cell.
pub(super) const MISSING: u32 = u32::MAX;
/// How far the probabilities of a row may be from 1 together; beyond it they are no probabilities, within it they stay as they are.
const SUM_TOLERANCE: f64 = 1e-6;
/// Columns that a message names at most.
const NAMED: usize = 30;

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
    let bytes = plain_text(bytes)?;
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut next = |record: &mut csv::ByteRecord| {
        csv.read_byte_record(record).map_err(|source| Error::input(source.to_string()))
    };
    if !next(&mut record)? {
        return Err(Error::input("the file is empty").help("its first line names the columns"));
    }
    let names: Vec<String> = record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    let mut columns = Columns { texts: Vec::new(), probabilities: Vec::new(), rows: 0 };
    for Text { name, may_miss } in texts {
        let (name, field) = ((*name).to_owned(), find(&names, name, separator)?);
        columns.texts.push(Texts { name, may_miss: *may_miss, field, ..Texts::default() });
    }
    let fields: Vec<usize> =
        probabilities.iter().map(|name| find(&names, name, separator)).collect::<Result<_>>()?;
    let mut last = 0;
    while next(&mut record)? {
        let line = || line(bytes, record.position());
        last = record.position().map_or(0, |position| position.byte() as usize);
        if record.len() != names.len() {
            let (has, expected) = (record.len(), names.len());
            return Err(Error::input(format!(
                "line {} has {has} fields, but the header has {expected} columns",
                line()
            ))
            .help("quote fields that hold a separator or a line break, and close every quote"));
        }
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
    if let Some(line) = unclosed(bytes, last, separator) {
        return Err(Error::input(format!("line {line}: a quote is opened and never closed"))
            .help("close it; inside quotes, write a quote twice"));
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

/// The bytes without a byte-order mark.
fn plain_text(bytes: &[u8]) -> Result<&[u8]> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(
            Error::input("the file is compressed").help("pipe it in: gunzip -c FILE | equipoise score - …")
        );
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Error::input("the file is UTF-16 text").help("save it as UTF-8"));
    }
    Ok(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

/// The place of the one column called `name`.
fn find(names: &[String], name: &str, separator: u8) -> Result<usize> {
    let mut places = names.iter().enumerate().filter(|(_, known)| *known == name).map(|(place, _)| place);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(first), Some(second)) => Err(Error::input(format!(
            "line 1, column `{name}`: columns {} and {} are both called that",
            first + 1,
            second + 1
        ))
        .help("rename or remove one of them")),
        (None, _) => {
            let alike = names.iter().find(|known| known.to_lowercase() == name.to_lowercase());
            let near = alike.map_or_else(
                || did_you_mean(name, names.iter().map(String::as_str)),
                |alike| format!(", did you mean `{alike}`?"),
            );
            let error = Error::input(format!("line 1: there is no column `{name}`{near}"));
            let other = [(b',', ","), (b';', ";"), (b'\t', "\\t"), (b'|', "|")]
                .into_iter()
                .find(|(byte, _)| *byte != separator && names[0].as_bytes().contains(byte));
            if let ([_], Some((_, shown))) = (names, other) {
                return Err(error
                    .help(format!("the header is one column, `{}`: pass --separator '{shown}'", names[0])));
            }
            let mut known: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
            if names.len() > NAMED {
                known.push(format!("and {} more", names.len() - NAMED));
            }
            Err(error.help(format!("the columns are {}", known.join(", "))))
        }
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

/// The line of a quote that the last record, which starts at byte `last`, opens and does not close: it would have swallowed all rows below it.
fn unclosed(bytes: &[u8], last: usize, separator: u8) -> Option<usize> {
    let mut opened = None;
    let mut rest = bytes[last..].iter().enumerate().peekable();
    let mut starts_field = true;
    while let Some((at, byte)) = rest.next() {
        match (opened, *byte) {
            (None, b'"') if starts_field => opened = Some(last + at),
            // Twice inside quotes, it stands for itself.
            (Some(_), b'"') if rest.next_if(|(_, next)| **next == b'"').is_none() => opened = None,
            _ => {}
        }
        starts_field = *byte == separator || matches!(byte, b'\n' | b'\r');
    }
    opened.map(|at| bytes[..at].split(|byte| *byte == b'\n').count())
}

/// The line of a record. Its position is where the previous one ended: line ends and empty lines may lie between.
fn line(bytes: &[u8], position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 0 };
    let blank = bytes[position.byte() as usize..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    position.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}
